//! One engine for every kind of access token: snapshots, single flights, background refresh,
//! stores. It knows no issuer; a [`Source`] gets the tokens.
//!
//! ```
//! use std::time::Duration;
//! use http_transport::{BoxFuture, SecretString};
//! use token_cache::{Attempt, Fetched, Source, SourceError, TokenCache, TokenKey};
//!
//! /// However tokens are got.
//! #[derive(Debug)]
//! struct Grants;
//!
//! impl Source for Grants {
//!     fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
//!         // a new grant with a new `jti`, sent to the token endpoint
//!         Box::pin(async { Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119))) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), token_cache::Error> {
//! let cache = TokenCache::new();
//! let key = TokenKey::builder("maskinporten")
//!     .part("issuer", "https://test.maskinporten.no/")
//!     .part("client_id", "f4811e18-05aa-4a50-b5d5-8490da78aace")
//!     .scopes(["altinn:correspondence.read"])
//!     .build();
//! let handle = cache.handle(key, Grants);
//!
//! let token = handle.token().await?;
//! let request = http::Request::get("https://api.example.no/")
//!     .header("authorization", token.header_value());
//! # drop(request);
//! let _warm = handle.keep_warm(); // refresh by timer, as long as this lives
//! # Ok(()) }
//! ```
//!
//! # What it does
//!
//! - A hit never waits, whatever is in flight: one immutable snapshot, no lock, no allocation.
//! - From about half of its life on a token is refreshed in the background, one fetch per key,
//!   while callers keep the old one. Shortly before its expiry (2 s for a token of 120 s) it is no
//!   longer served.
//! - Callers without a token share one detached flight; each waits as long as it likes, and its
//!   cancellation hurts nobody. They share its error too, and a short memory of it answers those
//!   who come next.
//! - A valid token is never thrown away before a newer one is in hand.
//!
//! # Main types
//!
//! - [`TokenCache`], [`TokenKey`], [`Handle`], [`Token`]: the way from a key to a header value.
//! - [`Source`], [`Fetched`], [`SourceError`]: where tokens come from, and why they do not.
//! - [`Authorized`]: a transport that attaches a token to the origins that one names. For others'
//!   clients `AuthorizeLayer` (feature `tower`) and `AuthorizeMiddleware` (`reqwest-middleware`).
//! - [`Store`]: where tokens outlive the process. A store that is down is a miss. `FileStore`
//!   (feature `file`) for commands, `RedisStore` (`redis`) for fleets that fetch once.
//! - [`policy`]: every decision, as a state machine without I/O.
//! - [`Clock`], [`TestClock`], [`ClockOffset`]: the time, here and at the server.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `file` | `FileStore`: tokens in a file, 0600, replaced by rename, shared by processes |
//! | `redis` | `RedisStore`: tokens in Redis or Valkey, encrypted; one process of a fleet fetches |
//! | `redis-tls` | the same over TLS (`rediss://`), the platform's (OpenSSL on Linux) |
//! | `tower` | `AuthorizeLayer`: attaches a token to the requests of a tower service |
//! | `reqwest-middleware` | `AuthorizeMiddleware`: the same for a reqwest client |
//! | `metrics` | numbers for the `metrics` crate, see below |
//!
//! # Numbers and spans
//!
//! Each flight is a `tracing` span, `fetch a token`, that follows from its caller's. With feature
//! `metrics`, each labelled with the `kind` of key:
//!
//! | metric | what |
//! |---|---|
//! | `token_cache_hits_total` | tokens served without waiting; reported in bundles of 256 and with each fetch |
//! | `token_cache_waits_total` | callers who had to wait |
//! | `token_cache_fetches_total` | flights by `result`: `fetched`, `stored` (found in the store), `refused`, `failed`, `abandoned`, `superseded` |
//! | `token_cache_token_age_seconds` | a histogram: how old a token was when it was replaced |
//! | `token_cache_store_failures_total` | by `operation` (without `kind`): the store failed or was too slow |

mod attach;
mod authorized;
mod cache;
mod clock;
mod error;
#[cfg(all(feature = "file", feature = "redis", any(test, feature = "__fuzzing")))]
#[doc(hidden)]
pub mod fuzzing;
mod key;
mod measure;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod offset;
pub mod policy;
mod primitives;
#[cfg(feature = "tower")]
mod service;
pub mod source;
mod store;
mod token;

pub use crate::authorized::Authorized;
pub use crate::cache::{Handle, KeepWarm, TokenCache, TokenCacheBuilder};
pub use crate::clock::{Clock, Moment, SystemClock, TestClock};
pub use crate::error::{Error, ErrorKind};
pub use crate::key::{TokenHash, TokenKey, TokenKeyBuilder};
#[cfg(feature = "reqwest-middleware")]
pub use crate::middleware::AuthorizeMiddleware;
pub use crate::offset::ClockOffset;
pub use crate::policy::FailureClass;
#[cfg(feature = "tower")]
pub use crate::service::{Authorize, AuthorizeLayer, CloneBody, NoReplay, Replay};
pub use crate::source::{Attempt, Fetched, Source, SourceError};
#[cfg(feature = "file")]
pub use crate::store::FileStore;
#[cfg(feature = "redis")]
pub use crate::store::{EncryptionKey, RedisStore};
pub use crate::store::{Lease, LeaseId, MemoryStore, Store, StoreError, StoredToken};
pub use crate::token::Token;
