//! The security level (sikkerhetsnivå).

use std::fmt;

use crate::{Error, ErrorKind};
use http_transport::{Diagnosis, Remedy, Who};

/// How surely Altinn knows who one is: 0 to 4.
///
/// | level | ways in |
/// |---|---|
/// | 1 | user name and password |
/// | 3 | Maskinporten, system user, enterprise certificate, ID-porten at `idporten-loa-substantial` |
/// | 4 | ID-porten at `idporten-loa-high` |
///
/// The levels are those of <https://altinn.github.io/docs/api/rest/kom-i-gang/>; ID-porten's, as Altinn
/// translates them, those of its exchange.
///
/// A request that needs a level carries it, and a session that has less refuses the request before it
/// is sent:
///
/// ```
/// use altinn_auth::SecurityLevel;
///
/// let mut request = http::Request::get("https://tt02.altinn.no/api/my/messages").body(bytes::Bytes::new())?;
/// request.extensions_mut().insert(SecurityLevel::THREE); // needs at least this
/// assert!(SecurityLevel::ONE < SecurityLevel::THREE);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// Nobody has checked.
    pub const ZERO: Self = Self(0);
    /// A password.
    pub const ONE: Self = Self(1);
    /// Two: a pin code from a letter, which Altinn no longer sends.
    pub const TWO: Self = Self(2);
    /// Substantial: MinID, a business certificate, Maskinporten.
    pub const THREE: Self = Self(3);
    /// High: BankID, Buypass, Commfides.
    pub const FOUR: Self = Self(4);

    /// The level of this number, or `None` beyond 4.
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        (level <= 4).then_some(Self(level))
    }

    /// 0 to 4.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Refuses `needed` when it is above this.
    pub(crate) fn check(
        self,
        needed: Self,
        operation: &'static str,
        way: &'static str,
    ) -> Result<(), Error> {
        if self >= needed {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::LevelTooLow,
            Diagnosis::new(operation)
                .with_message(format!(
                    "the call needs security level {needed}, and {way} gives {self}"
                ))
                .with_remedy(Remedy::new(
                    Who::You,
                    format!("come in another way: {}", ways_to(needed)),
                )),
        ))
    }
}

fn ways_to(level: SecurityLevel) -> &'static str {
    match level.0 {
        0 | 1 => "a password, or any other",
        2 | 3 => {
            "ID-porten at idporten-loa-substantial or higher, a system user, or an enterprise certificate"
        }
        _ => "ID-porten at idporten-loa-high (BankID, Buypass, Commfides)",
    }
}

impl fmt::Display for SecurityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
