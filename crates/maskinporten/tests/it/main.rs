//! Tests of the whole crate from outside.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test's helpers may fail as the test does, and say what they skipped"
)]

mod answers;
mod flow;
mod grants;
#[cfg(feature = "openssl")]
mod keys;
mod support;
