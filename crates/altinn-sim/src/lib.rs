//! A faithful simulator of Maskinporten and Altinn on loopback, for tests and for learning.

mod altinn2;
mod altinn3;
mod clock;
mod error;
mod faults;
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
pub mod world;

pub use altinn2::ClosedHost;
pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use faults::{Fault, Faults};
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
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Maskinporten => "maskinporten",
            Self::Platform => "platform",
            Self::Altinn2 => "altinn2",
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
    /// What the Altinn 2 host answers in the closed era.
    pub altinn2_closed: ClosedHost,
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
