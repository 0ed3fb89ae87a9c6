//! Who gets something.

use std::fmt;

use norwegian_ids::PersonNumber;

use crate::wire::PartyUuid;

/// Who gets something.
///
/// ```
/// use altinn_authz::altinn3::{PartyUuid, Receiver};
///
/// // an organisation, or a person who is connected already
/// let uuid: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000005".parse()?;
/// let known = Receiver::party(&uuid);
/// // a person who is not: number and last name must belong together
/// let new = Receiver::person("26899299344".parse()?, "HEIS");
/// assert_eq!(new.to_string(), "268992***** HEIS");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver(pub(crate) Inner);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inner {
    Party(PartyUuid),
    SystemUser(PartyUuid),
    Person {
        number: PersonNumber,
        last_name: String,
    },
}

impl Receiver {
    /// An organisation, or a person who is connected to the giver already.
    #[must_use]
    pub fn party(party: impl AsRef<PartyUuid>) -> Self {
        Self(Inner::Party(party.as_ref().clone()))
    }

    /// A system user (systembruker), the only receiver that needs no connection.
    #[must_use]
    pub fn system_user(party: impl AsRef<PartyUuid>) -> Self {
        Self(Inner::SystemUser(party.as_ref().clone()))
    }

    /// A person, by national identity number and last name.
    ///
    /// Altinn looks the person up once. Two failed look-ups lock the caller out for an hour, so a
    /// name that is refused is never tried again here.
    #[must_use]
    pub fn person(number: PersonNumber, last_name: impl Into<String>) -> Self {
        Self(Inner::Person {
            number,
            last_name: last_name.into().trim().to_owned(),
        })
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Party(party) | Inner::SystemUser(party) => write!(f, "{party}"),
            Inner::Person { number, last_name } => write!(f, "{} {last_name}", number.masked()),
        }
    }
}
