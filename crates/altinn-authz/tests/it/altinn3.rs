//! Altinn 3: every fixture through the wire, and what the calls of several steps do.

mod contract;
mod steps;
