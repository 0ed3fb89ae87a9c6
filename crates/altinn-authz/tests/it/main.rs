//! The clients against recorded exchanges and scripted servers.

#![allow(clippy::unwrap_used, reason = "a test binary")]

#[cfg(feature = "altinn2")]
mod altinn2;
mod contract;
