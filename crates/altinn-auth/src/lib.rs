//! Becoming someone at Altinn.
//!
//! Altinn takes no Maskinporten token as it is: it is exchanged for a token of Altinn's own, which says
//! who one is there. This crate does that, for each way in, and makes calls with the result.
//!
//! ```no_run
//! use altinn_auth::{Altinn, Environment};
//! use maskinporten::Signer;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let signer = Signer::from_pkcs12(&std::fs::read("virksomhetssertifikat.p12")?, &"password".into())?;
//! let altinn = Altinn::builder(Environment::tt02(), "238259d7-f0ab-4bd5-b253-0f0159375096".parse()?, signer)
//!     .build()?;
//!
//! // one client, and a cheap session for each customer that has approved the system
//! let me = altinn
//!     .system_user("310702641".parse()?)
//!     .scopes(["altinn:accessmanagement/authorizedparties"]);
//! let token = me.token().await?; // cached; renewed in the background while it is in use
//! println!("good for {} s", token.expires_in().as_secs());
//! # Ok(()) }
//! ```
//!
//! # The ways in
//!
//! | session | who | in force |
//! |---|---|---|
//! | [`Altinn::organisation`] | an organisation: service owner (tjenesteeier), vendor, supplier | yes |
//! | [`Altinn::system_user`] | a customer's system user (systembruker) | yes |
//! | `Altinn::person` (feature `openssl`) | a person who logged in through ID-porten (`id_porten`) | yes |
//! | [`Altinn::vendor`] | a vendor's [register of systems](vendor) and its customers' system users | yes |
//! | [`Altinn::enterprise_user`] | an enterprise user (virksomhetsbruker) of Altinn 2 | closed 2026-06-26 |
//! | [`Altinn::password_user`] | a person, with user name and password, at Altinn 2 | closed 2026-06-19 |
//! | [`Altinn::browser_user`] | a person, with the cookie of a browser, at Altinn 2 | closed 2026-06-19 |
//! | [`Altinn::certificate`], [`Altinn::certificate_user`] | an organisation by its enterprise certificate (virksomhetssertifikat) in TLS, alone or with an enterprise user, at Altinn 2 | closed 2026-06-19 |
//!
//! Each is a [`Session`] of its own [kind](Kind), and a call that needs a person or a system user does
//! not compile with an organisation's.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `openssl` | yes | keys from PKCS#12 and PEM, ID-porten, checking Altinn's tokens |
//! | `reqwest` | yes | the HTTP transport of programs |

mod altinn;
mod claims;
mod cookie;
mod environment;
mod error;
mod exchange;
#[cfg(feature = "openssl")]
pub mod id_porten;
#[cfg(feature = "openssl")]
mod jwks;
mod kind;
mod level;
mod provider;
mod session;
pub mod vendor;
#[cfg(feature = "openssl")]
mod verify;

pub use crate::altinn::{Altinn, AltinnBuilder};
pub use crate::claims::Claims;
pub use crate::cookie::Cookie;
#[doc(hidden)]
pub use crate::cookie::Tickets;
pub use crate::environment::Environment;
pub use crate::error::{BuildError, BuildErrorKind, Error, ErrorKind};
#[cfg(feature = "openssl")]
pub use crate::kind::Person;
#[doc(hidden)]
pub use crate::kind::Way;
pub use crate::kind::{
    Altinn2User, BrowserUser, ByMaskinporten, ByToken, Certificate, CertificateUser, EndUser,
    EnterpriseUser, EnterpriseUserCredentials, Kind, Organisation, PasswordCredentials,
    PasswordUser, SystemUser,
};
pub use crate::level::SecurityLevel;
pub use crate::provider::Provider;
pub use crate::session::{Api, Session};
