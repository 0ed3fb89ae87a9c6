//! Tests of the whole crate from outside.

mod answers;
mod flow;
mod grants;
#[cfg(feature = "openssl")]
mod keys;
mod support;
