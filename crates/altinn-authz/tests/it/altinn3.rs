//! Altinn 3: every fixture through the wire, and what the calls of several steps do.

mod asking;
mod codes;
pub(crate) mod contract;
mod coverage;
mod end_user;
mod house;
mod model;
mod more;
mod operations;
mod owners;
mod simulated;
mod steps;
mod tolerance;
