//! Tests of the whole crate from outside.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test's helpers may fail as the test does, and say what they skipped"
)]

#[cfg(feature = "admin")]
mod admin;
mod answers;
mod discovery;
mod failure_catalogue;
mod flow;
mod grants;
#[cfg(feature = "openssl")]
mod jwk;
#[cfg(feature = "openssl")]
mod keys;
mod outside_bytes;
mod rotation;
mod support;
#[cfg(feature = "validate")]
mod validate;
