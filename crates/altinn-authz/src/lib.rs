//! Altinn's rights API: who may do what for whom, on Altinn 3 (access management) and Altinn 2 (HAL+JSON).
//!
//! ```no_run
//! use altinn_authz::altinn3::{self, Entitlement, Receiver};
//!
//! # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
//! let me = altinn.system_user("310702641".parse()?).scopes(altinn3::scopes::GIVER);
//! let rights = altinn3::Client::new(&me);
//!
//! // number → party UUID, among those one acts for
//! let party = rights.resolve(&"310702641".parse()?).await?;
//! // give: check, connect, give, read again, in one call
//! let anna = Receiver::person("26899299344".parse()?, "HEIS");
//! let report = rights.grant(&party, &anna, [Entitlement::package("skattegrunnlag")]).await?;
//! println!("{report}");
//! // who holds what
//! let held = rights.held(&party, report.receiver()).await?;
//! // take back
//! if let Some(anna) = report.receiver() {
//!     rights.revoke(&party, anna, [Entitlement::package("skattegrunnlag")]).await?;
//! }
//! # Ok(()) }
//! ```
//!
//! # What is here
//!
//! - [`altinn3`]: [`Client`](altinn3::Client), [`Entitlement`](altinn3::Entitlement),
//!   [`Receiver`](altinn3::Receiver), [`Held`](altinn3::Held). What answers today.
//! - [`altinn2`]: [`Client`](altinn2::Client), [`Delegation`](altinn2::Delegation),
//!   [`Who`](altinn2::Who). Altinn 2 closed on 2026-06-19; the errors of a closed
//!   host say which way is open.
//! - [`batch`]: many grants from a list, with a file from which a run that was killed goes on.
//! - [`rights`]: one small trait over both generations: look, plan, apply.
//! - [`correspondence`]: what of Altinn 2 corresponds to what of Altinn 3, with sources.
//! - [`Error`]: kind, code, trace id, and what to do about it; [`codes`]: all codes as data.
//! - [`wire`]: the tolerant values that the generated models are made of.
//! - [`Caller`]: the seam to `altinn-auth`, and to your own tests.
//!
//! Person numbers are masked in errors, in `Debug`, and in what results serialise to
//! ([`to_masked_json`] for the models of the wire).
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `altinn3` | yes | the access management of Altinn 3 |
//! | `altinn2` | yes | the HAL+JSON API of Altinn 2 |

// What the generations share is looked over for dead code when both are there.
#![cfg_attr(
    not(all(feature = "altinn2", feature = "altinn3")),
    allow(dead_code, unused_imports, unused_macros)
)]

mod address;
#[cfg(feature = "altinn2")]
pub mod altinn2;
#[cfg(feature = "altinn3")]
pub mod altinn3;
pub mod batch;
mod caller;
pub mod codes;
pub mod correspondence;
mod error;
mod language;
mod masked;
mod report;
pub mod rights;
pub mod wire;

pub use crate::caller::Caller;
pub use crate::error::{Error, ErrorKind};
pub use crate::language::Language;
pub use crate::masked::to_masked_json;
pub use crate::report::{Outcome, Report, Step, What};

#[cfg(all(doctest, feature = "altinn2", feature = "altinn3"))]
#[doc = include_str!("../README.md")]
struct Readme;
