//! Altinn 2: every fixture through the wire, and what the calls of several steps do.

mod area;
mod contract;
mod steps;
