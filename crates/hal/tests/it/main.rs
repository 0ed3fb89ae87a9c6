//! Tests over the public API. All documents are made up; no names or numbers are anybody's.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::type_complexity,
    reason = "helpers of tests, and tables of cases"
)]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "derive")]
mod derive;
mod fuzz;
mod hostile;
mod irregular;
mod items;
mod list;
mod resource;
mod samples;
mod targets;
mod template;
