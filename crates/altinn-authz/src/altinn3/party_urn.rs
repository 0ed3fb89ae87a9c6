//! Parties by URN: how those calls name somebody that need no party UUID.

use std::fmt;
use std::str::FromStr;

use norwegian_ids::{OrganisationNumber, PersonNumber};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::altinn3::parties::{Found, Identity, Party};
use crate::wire::PartyUuid;

pub(crate) const PERSON: &str = "urn:altinn:person:identifier-no";
pub(crate) const ORGANISATION: &str = "urn:altinn:organization:identifier-no";
pub(crate) const PARTY_UUID: &str = "urn:altinn:party:uuid";
pub(crate) const PARTY_ID: &str = "urn:altinn:partyid";
/// Other spellings that Altinn reads and writes (wire facts, Altinn 3 §2.4.2, §2.11, §3.1).
const UUID_ALIASES: [&str; 2] = ["urn:altinn:person:uuid", "urn:altinn:organization:uuid"];
const PARTY_ID_ALIAS: &str = "urn:altinn:party:id";
const ORGANISATION_ALIAS: &str = "urn:altinn:organizationnumber";

/// A party by a URN: an organisation or a person by number, or anyone by party UUID or older party id.
///
/// `Debug` and `Display` mask the number of a person; [`expose`](Self::expose) gives the URN, and so
/// does serialising it: what is to be seen by people goes through [`to_masked_json`](crate::to_masked_json).
///
/// ```
/// use altinn_authz::altinn3::PartyUrn;
///
/// let company: PartyUrn = "310702641".parse()?; // or a person's number, a party UUID, a URN
/// assert_eq!(company.expose(), "urn:altinn:organization:identifier-no:310702641");
/// let anna: PartyUrn = "urn:altinn:person:identifier-no:26899299344".parse()?;
/// assert_eq!(anna.to_string(), "urn:altinn:person:identifier-no:268992*****");
/// assert!(anna.person().is_some());
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PartyUrn(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Person(Box<str>),
    Organisation(Box<str>),
    Uuid(PartyUuid),
    Id(Box<str>),
    /// A URN of an answer that this version does not know.
    Other(Box<str>),
}

impl PartyUrn {
    /// A person, by national identity number.
    #[must_use]
    pub fn of_person(number: &PersonNumber) -> Self {
        Self(Inner::Person(number.expose().into()))
    }

    /// An organisation, by organisation number.
    #[must_use]
    pub fn of_organisation(number: OrganisationNumber) -> Self {
        Self(Inner::Organisation(number.as_str().into()))
    }

    /// Anyone, by party UUID.
    #[must_use]
    pub fn of_party(party: impl AsRef<PartyUuid>) -> Self {
        Self(Inner::Uuid(party.as_ref().clone()))
    }

    /// Anyone, by Altinn's older number for a party (`partyId`).
    #[must_use]
    pub fn of_party_id(id: u64) -> Self {
        Self(Inner::Id(id.to_string().into()))
    }

    /// The person's number, where it is one with the right check digits.
    #[must_use]
    pub fn person(&self) -> Option<PersonNumber> {
        match &self.0 {
            Inner::Person(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The organisation's number, where it is one with the right check digit.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        match &self.0 {
            Inner::Organisation(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The party UUID, where that is what it names.
    #[must_use]
    pub fn party(&self) -> Option<&PartyUuid> {
        match &self.0 {
            Inner::Uuid(party) => Some(party),
            _ => None,
        }
    }

    /// The URN, which may hold the number of a person: not for logs.
    #[must_use]
    pub fn expose(&self) -> String {
        match self.pair() {
            ("", text) => text.to_owned(),
            (kind, value) => format!("{kind}:{value}"),
        }
    }

    /// What kind of name it is, and the name.
    pub(crate) fn pair(&self) -> (&'static str, &str) {
        match &self.0 {
            Inner::Person(number) => (PERSON, number),
            Inner::Organisation(number) => (ORGANISATION, number),
            Inner::Uuid(party) => (PARTY_UUID, party.as_str()),
            Inner::Id(id) => (PARTY_ID, id),
            Inner::Other(text) => ("", text),
        }
    }

    /// A number as people give it, for messages: masked if it is a person's.
    pub(crate) fn shown(&self) -> String {
        let (_, value) = self.pair();
        match self.0 {
            Inner::Person(_) => masked(value),
            _ => http_transport::redact::text(value),
        }
    }

    fn read(text: &str) -> Self {
        let text = text.trim();
        let (kind, value) = text.rsplit_once(':').unwrap_or(("", text));
        let kind = kind.to_ascii_lowercase();
        let inner = match kind.as_str() {
            PERSON => Inner::Person(value.into()),
            ORGANISATION | ORGANISATION_ALIAS => Inner::Organisation(value.into()),
            PARTY_ID | PARTY_ID_ALIAS => Inner::Id(value.into()),
            kind if kind == PARTY_UUID || UUID_ALIASES.contains(&kind) => match value.parse() {
                Ok(party) => Inner::Uuid(party),
                Err(_) => Inner::Other(text.into()),
            },
            _ => Inner::Other(text.into()),
        };
        Self(inner)
    }
}

fn masked(number: &str) -> String {
    match PersonNumber::parse_format_only(number) {
        Ok(number) => number.masked().to_string(),
        Err(_) => http_transport::redact::text(number),
    }
}

impl FromStr for PartyUrn {
    type Err = Error;

    /// Reads a URN, a party UUID, or the number of an organisation or a person.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(party) = text.parse::<PartyUuid>() {
            return Ok(party.into());
        }
        if !text.trim().starts_with("urn:") {
            return Ok(text.parse::<Identity>()?.into());
        }
        let read = Self::read(text);
        let is_sound = match &read.0 {
            Inner::Person(_) => read.person().is_some(),
            Inner::Organisation(_) => read.organisation().is_some(),
            Inner::Uuid(_) => true,
            Inner::Id(id) => id.parse::<u64>().is_ok(),
            Inner::Other(_) => false,
        };
        if is_sound {
            return Ok(read);
        }
        Err(Error::input(
            "read a party",
            "this URN names no party",
            "give an organisation number, a person number, a party UUID, or one of these as a URN (urn:altinn:organization:identifier-no:…, urn:altinn:person:identifier-no:…, urn:altinn:party:uuid:…, urn:altinn:partyid:…)",
        ))
    }
}

impl fmt::Display for PartyUrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pair() {
            ("", text) => f.write_str(&http_transport::redact::text(text)),
            (kind, _) => write!(f, "{kind}:{}", self.shown()),
        }
    }
}

impl fmt::Debug for PartyUrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for PartyUrn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose())
    }
}

impl<'de> Deserialize<'de> for PartyUrn {
    /// Reads whatever an answer has.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::read(&text))
    }
}

impl From<&Self> for PartyUrn {
    fn from(party: &Self) -> Self {
        party.clone()
    }
}

impl From<OrganisationNumber> for PartyUrn {
    fn from(number: OrganisationNumber) -> Self {
        Self::of_organisation(number)
    }
}

impl From<PersonNumber> for PartyUrn {
    fn from(number: PersonNumber) -> Self {
        Self::of_person(&number)
    }
}

impl From<&PersonNumber> for PartyUrn {
    fn from(number: &PersonNumber) -> Self {
        Self::of_person(number)
    }
}

impl From<Identity> for PartyUrn {
    fn from(identity: Identity) -> Self {
        match identity {
            Identity::Organisation(number) => number.into(),
            Identity::Person(number) => number.into(),
        }
    }
}

impl From<PartyUuid> for PartyUrn {
    fn from(party: PartyUuid) -> Self {
        Self(Inner::Uuid(party))
    }
}

impl From<&PartyUuid> for PartyUrn {
    fn from(party: &PartyUuid) -> Self {
        party.clone().into()
    }
}

impl From<&Party> for PartyUrn {
    fn from(party: &Party) -> Self {
        Self::of_party(party)
    }
}

impl From<&Found> for PartyUrn {
    fn from(party: &Found) -> Self {
        Self::of_party(party)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_party_is_read_and_people_are_masked() {
        for (text, urn) in [
            (
                "310702641",
                "urn:altinn:organization:identifier-no:310702641",
            ),
            (
                "urn:altinn:organizationnumber:310702641",
                "urn:altinn:organization:identifier-no:310702641",
            ),
            ("26899299344", "urn:altinn:person:identifier-no:26899299344"),
            (
                "5F0C1E7A-3B52-4D6E-9A41-000000000002",
                "urn:altinn:party:uuid:5f0c1e7a-3b52-4d6e-9a41-000000000002",
            ),
            (
                "urn:altinn:organization:uuid:5f0c1e7a-3b52-4d6e-9a41-000000000002",
                "urn:altinn:party:uuid:5f0c1e7a-3b52-4d6e-9a41-000000000002",
            ),
            (
                "urn:altinn:party:id:50170462",
                "urn:altinn:partyid:50170462",
            ),
        ] {
            let party: PartyUrn = text.parse().unwrap();
            assert_eq!(party.expose(), urn, "{text}");
            let said = format!("{party} {party:?} {}", party.shown());
            assert!(!said.contains("26899299344"), "{said}");
        }
        for wrong in [
            "",
            "310702642",
            "urn:altinn:person:identifier-no:26899299345",
            "urn:altinn:party:uuid:x",
            "urn:altinn:partyid:x",
            "urn:altinn:userid:7",
        ] {
            let error = wrong.parse::<PartyUrn>().unwrap_err();
            assert!(error.is_input(), "{wrong}");
        }
        // an answer may hold what this version does not know, and a number that fails its check digits
        let other: PartyUrn = serde_json::from_str(r#""urn:altinn:x:26899299344""#).unwrap();
        assert_eq!(format!("{other:?}"), "urn:altinn:x:268992*****");
        assert_eq!(other.expose(), "urn:altinn:x:26899299344");
        let wrong: PartyUrn =
            serde_json::from_str(r#""urn:altinn:person:identifier-no:26899299345""#).unwrap();
        assert!(wrong.person().is_none());
        assert!(!format!("{wrong:?}").contains("99345"), "{wrong:?}");
    }
}
