//! A faithful simulator of Maskinporten and Altinn on loopback, for tests and for learning.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let sim = altinn_sim::Simulator::builder().start().await?;      // stops when it is dropped
//! let (pkcs12, password) = sim.pkcs12(&sim.cast().client)?;       // a certificate that a client signs with
//! assert!(sim.maskinporten_issuer().starts_with("http://127.0.0.1:"));
//! # let _ = (pkcs12, password);
//! # Ok::<(), altinn_sim::Error>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is a server and not a mock: nothing is prepared for a test, the registers of the [`world`] decide,
//! and what is granted shows in the next list. It is written from the documented wire facts, apart from
//! the clients it stands in for, so that a misreading cannot cancel out.
//!
//! - [`Simulator`]: start and steer one; [`Builder`] has what can be chosen.
//! - [`world`]: who exists and what is registered, and seeds that change it.
//! - [`pki`]: its certificate authority, and enterprise certificates, right ones and wrong ones.
//! - [`Faults`] and [`Clock`]: what goes wrong, and when it is.
//! - [`Era`] and [`Quirks`]: before or after Altinn 2's last day; readings of what is not published.
//! - [`not_offered`]: what the real side lacks, and this one too.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod admin;
mod altinn2;
mod altinn3;
mod clock;
mod error;
mod faults;
mod html;
mod id_porten;
mod jws;
mod maskinporten;
pub mod not_offered;
pub mod pki;
mod platform;
mod rights;
mod server;
mod settings;
mod simulator;
mod state;
mod systems;
pub mod world;

pub use altinn2::{
    ActionForm, Altinn2Release, ClosedHost, DateForm, ErrorForm, HalForms, WithoutUser,
};
pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use faults::{Fault, Faults};
pub use id_porten::LoginFlaw;
pub use server::RequestLine;
pub use simulator::{Builder, Simulator};

/// Which host a request is sent to. Each has a port of its own, as each has a name in reality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Maskinporten.
    Maskinporten,
    /// `platform.*`: token exchange and Altinn 3.
    Platform,
    /// Altinn 2.
    Altinn2,
    /// ID-porten.
    IdPorten,
    /// Digdir's self-service: the administration API.
    SelfService,
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Maskinporten => "maskinporten",
            Self::Platform => "platform",
            Self::Altinn2 => "altinn2",
            Self::IdPorten => "idporten",
            Self::SelfService => "self-service",
        })
    }
}

/// Before or after Altinn 2's last day, 2026-06-19.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Era {
    /// Altinn 2 answers, and enterprise users can be exchanged.
    Altinn2Open,
    /// Altinn 2 is gone; the enterprise user header gives 410.
    Altinn2Closed,
}

/// Readings of what the real side does not publish. The default is never the kinder one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Quirks {
    /// Which `aud` of a grant Maskinporten takes.
    pub audience: AudienceRule,
    /// A scope's `at_max_age` only shortens the client's lifetime and does not set it.
    pub at_max_age_only_caps: bool,
    /// Errors of Maskinporten end in `(correlation id: <uuid>)`, as before 2024, and not in
    /// `(trace_id: <32 hex>)`.
    pub correlation_ids: bool,
    /// Tokens carry `"aud":"unspecified"` and `client_orgno`, as until 2020.
    pub legacy_claims: bool,
    /// Tokens for system users leave `externalRef` out, as the documentation says.
    pub external_ref_left_out: bool,
    /// The token answer has members that nobody has seen yet, as any JSON may have tomorrow.
    pub unknown_members: bool,
    /// What the Altinn 2 host answers in the closed era.
    pub altinn2_closed: ClosedHost,
    /// Which release of Altinn 2 it is: what came later is not there yet, what went is there still.
    pub altinn2_release: Altinn2Release,
    /// What was removed in a release of Altinn 2 is a 403 and not a 404; neither has been published.
    pub altinn2_removed_is_forbidden: bool,
    /// The irregular forms that Altinn 2's answers have.
    pub hal_forms: HalForms,
    /// What Altinn 2 answers when nobody has logged in, or the session ran out.
    pub altinn2_without_user: WithoutUser,
    /// A wrong password at Altinn 2 is a 403 and not a 401.
    pub wrong_password_is_forbidden: bool,
    /// A client certificate that nobody trusts fails the TLS handshake; otherwise the service answers
    /// it, where it looks at the certificate at all.
    pub client_certificates_checked_in_handshake: bool,
    /// The policy decision point sees a delegation at once, and not up to five minutes later.
    pub pdp_without_cache: bool,
    /// The policy decision point does without a subscription key.
    pub pdp_without_subscription_key: bool,
    /// Parts of Altinn 3 that are behind a switch of the real side; which are on is not published.
    pub switched_off: SwitchedOff,
}

/// Parts of Altinn 3 that the real side can switch off: 404 without a body. All are on by default, for
/// they could not be learnt otherwise.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SwitchedOff {
    /// Requests for access by end users.
    pub requests: bool,
    /// Requests for access by service owners.
    pub service_owner_requests: bool,
    /// Maskinporten suppliers and consumers.
    pub suppliers: bool,
    /// Authorized parties for service owners.
    pub service_owner_parties: bool,
    /// Client delegation v2.
    pub client_delegation_v2: bool,
}

/// Which `aud` of a grant Maskinporten takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudienceRule {
    /// The issuer as a string, exactly.
    #[default]
    Exact,
    /// Also without its slash, the token endpoint, or a list of one; some clients are known to get
    /// tokens that way.
    Lenient,
}
