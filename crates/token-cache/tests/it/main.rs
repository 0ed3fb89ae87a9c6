//! The cache from outside, in virtual time.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may fail as the test does"
)]

mod authorized;
mod engine;
mod failure_catalogue;
#[cfg(all(feature = "tower", feature = "reqwest-middleware"))]
mod layers;
#[cfg(feature = "metrics")]
mod numbers;
mod policy;
#[cfg(feature = "redis")]
mod redis_store;
mod server;
mod stores;
