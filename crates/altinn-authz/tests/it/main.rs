//! The clients against recorded exchanges and scripted servers.

#![allow(clippy::unwrap_used, reason = "a test binary")]

#[cfg(feature = "altinn2")]
mod altinn2;
#[cfg(feature = "altinn3")]
mod altinn3;
#[cfg(any(feature = "altinn2", feature = "altinn3"))]
#[cfg_attr(
    not(all(feature = "altinn2", feature = "altinn3")),
    allow(dead_code, reason = "each generation uses its part")
)]
mod contract;
