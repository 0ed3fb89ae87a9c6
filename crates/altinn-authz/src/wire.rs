//! What the generated models are made of: values that keep the text they arrived with.
//!
//! Altinn writes the same thing in several ways (a number or a string, a date with or without an
//! offset, an identity that fails its own check digit), and a client that insists on one of them
//! fails on the next release. These types accept what is sent, keep it, and offer the checked or
//! parsed value beside it:
//!
//! | type | on the wire | gives |
//! |---|---|---|
//! | [`Timestamp`] | date and time in any of Altinn's formats | [`instant`](Timestamp::instant), [`civil`](Timestamp::civil), the text |
//! | [`Date`] | `YYYY-MM-DD` | [`civil`](Date::civil), the text |
//! | [`IntOrText`] | `4` or `"4"` | [`as_i64`](IntOrText::as_i64), the text |
//! | [`PartyUuid`] | a UUID | [`uuid`](PartyUuid::uuid), canonical text |
//! | [`Message`] | what the server says to a person | the text, person numbers masked where it is printed |
//! | [`PartyNumber`] | the number of a person or an organisation | either, checked; the text, masked where it is printed |
//! | [`Secret`] | a password that an answer holds | the text, which nothing else prints |
//! | [`OneOrMany`] | an object or an array | a slice |
//! | [`Page`] | `{"links":{"next":…},"data":[…]}` | items and the next page's address |
//!
//! Open enums ([`OpenEnum`]) keep a value that this version does not know.
//!
//! ```
//! use altinn_authz::wire::{IntOrText, Timestamp};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let edition: IntOrText = serde_json::from_str(r#""130429""#)?;
//! assert_eq!(edition.as_i64(), Some(130_429));
//! assert_eq!(serde_json::to_string(&edition)?, r#""130429""#);
//!
//! let since: Timestamp = serde_json::from_str(r#""2014-11-05T08:39:00.157""#)?;
//! assert_eq!(since.as_str(), "2014-11-05T08:39:00.157");
//! assert_eq!(since.instant().ok_or("a date")?.to_string(), "2014-11-05T07:39:00.157Z");
//! # Ok(())
//! # }
//! ```

use std::{collections::BTreeMap, fmt, slice, str::FromStr};

use http_transport::ExposeSecret as _;
use jiff::{civil, tz::TimeZone};
use norwegian_ids::mask_person_numbers;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An enum of the wire that stays open: values of a later release survive as they were sent.
pub trait OpenEnum: Sized {
    /// The variant for a text of the wire; the unknown variant, with the text, when there is none.
    fn from_wire(text: &str) -> Self;

    /// The text that goes on the wire. For an unknown value it is the text that arrived.
    fn as_wire(&self) -> &str;

    /// Whether this version knows the value.
    fn is_known(&self) -> bool;
}

/// Serde, `Display` and conversions for an [`OpenEnum`]; the generator writes one call per enum.
macro_rules! open_enum {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::wire::OpenEnum::as_wire(self))
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                $crate::wire::OpenEnum::from_wire(text)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                $crate::wire::open(d)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str($crate::wire::OpenEnum::as_wire(self))
            }
        }
    };
}

/// Accessor, conversions and serde for an identifier that is opaque text, or a number that goes back
/// as one. The generator writes one call per identifier.
macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The identifier as it stands in paths and queries.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<T> ::std::convert::From<T> for $name
        where
            $crate::wire::IntOrText: ::std::convert::From<T>,
        {
            fn from(value: T) -> Self {
                Self(value.into())
            }
        }
    };
}

pub(crate) use open_enum;
pub(crate) use text_id;

/// A whole number that may arrive as a JSON number or as a string.
///
/// Altinn 2 sends `RoleDefinitionId` as `4` and as `"4"`, `ServiceEditionCode` as `130429` and as
/// `"130429"`. The value is written back in the form it came in; two values are equal when their
/// digits are.
///
/// ```
/// use altinn_authz::wire::IntOrText;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let number: IntOrText = serde_json::from_str("4")?;
/// let text: IntOrText = serde_json::from_str(r#""4""#)?;
/// assert_eq!(number, text);
/// assert_eq!(number, IntOrText::from(4));
/// assert_eq!(text.to_string(), "4");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct IntOrText(Repr);

/// A short text, as nearly every number is, needs no memory of its own: lists of rights have tens of
/// thousands of them.
#[derive(Clone)]
enum Repr {
    Inline {
        quoted: bool,
        length: u8,
        bytes: [u8; SHORT],
    },
    /// A box of its own, so that the others stay small.
    Heap(Box<(bool, Box<str>)>),
}

/// Ids have fewer digits; what is longer is kept elsewhere.
const SHORT: usize = 13;
/// The sign and the digits of any number within 64 bits.
const DIGITS: usize = 21;

impl Repr {
    fn of(text: &str, quoted: bool) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Self::Inline {
                    quoted,
                    length,
                    bytes,
                }
            }
            _ => Self::Heap(Box::new((quoted, text.into()))),
        }
    }

    fn of_number(is_negative: bool, mut rest: u64) -> Self {
        let mut digits = [b'0'; DIGITS];
        let mut at = digits.len();
        while at > 1 {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if is_negative {
            at -= 1;
            digits[at] = b'-';
        }
        Self::of(
            std::str::from_utf8(&digits[at..]).unwrap_or_default(),
            false,
        )
    }
}

impl IntOrText {
    /// The number, or `None` when the text is not a whole number within 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_str().trim().parse().ok()
    }

    /// The value as text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // it was copied from a text, whole
            Repr::Inline { length, bytes, .. } => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default()
            }
            Repr::Heap(long) => &long.1,
        }
    }

    fn is_quoted(&self) -> bool {
        match &self.0 {
            Repr::Inline { quoted, .. } => *quoted,
            Repr::Heap(long) => long.0,
        }
    }
}

impl PartialEq for IntOrText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for IntOrText {}

impl std::hash::Hash for IntOrText {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for IntOrText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for IntOrText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq<i64> for IntOrText {
    fn eq(&self, other: &i64) -> bool {
        self.as_i64() == Some(*other)
    }
}

impl fmt::Debug for IntOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_quoted() {
            write!(f, "{:?}", self.as_str())
        } else {
            f.write_str(self.as_str())
        }
    }
}

impl fmt::Display for IntOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<i64> for IntOrText {
    fn from(number: i64) -> Self {
        Self(Repr::of_number(number < 0, number.unsigned_abs()))
    }
}

impl From<String> for IntOrText {
    fn from(text: String) -> Self {
        Self(Repr::of(&text, true))
    }
}

impl From<&str> for IntOrText {
    fn from(text: &str) -> Self {
        Self(Repr::of(text, true))
    }
}

impl<'de> Deserialize<'de> for IntOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = IntOrText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a string")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrText, E> {
                Ok(number.into())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrText, E> {
                Ok(IntOrText(Repr::of_number(false, number)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrText, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for IntOrText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_quoted() {
            return serializer.serialize_str(self.as_str());
        }
        match (self.as_str().parse::<i64>(), self.as_str().parse::<u64>()) {
            (Ok(number), _) => serializer.serialize_i64(number),
            (_, Ok(number)) => serializer.serialize_u64(number),
            _ => serializer.serialize_str(self.as_str()),
        }
    }
}

/// A date and time in any of Altinn's formats, with the text as it arrived.
///
/// Altinn 2 writes local Norwegian time without an offset when the value comes from its database,
/// with an offset and up to seven fractional digits when it was just created, and sometimes
/// without seconds. Altinn 3 writes RFC 3339. `0001-01-01T00:00:00` means "not set" and year 9999
/// means "no end".
///
/// ```
/// use altinn_authz::wire::Timestamp;
///
/// // summer in Norway is two hours ahead of UTC
/// let local = Timestamp::from("2021-06-14T14:48:48.63");
/// let fresh = Timestamp::from("2021-06-14T14:48:48.6300000+02:00");
/// assert_eq!(local.instant(), fresh.instant());
/// assert!(Timestamp::from("0001-01-01T00:00:00").is_unset());
/// assert!(Timestamp::from("9999-12-31T23:59:59.997").is_endless());
/// assert_eq!(Timestamp::from("yesterday").instant(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// The text as it arrived.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment in time: by its offset when the text has one, as Norwegian time when it has none.
    ///
    /// `None` when the text is no date, and for the two values that are no moments
    /// ([`is_unset`](Self::is_unset), [`is_endless`](Self::is_endless)). A local time that occurs
    /// twice (the hour when summer time ends) is taken as the first.
    #[must_use]
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        if self.is_unset() || self.is_endless() {
            return None;
        }
        // The offset must be looked for first: jiff's civil parser accepts one and drops it.
        if let Ok(instant) = self.0.parse::<jiff::Timestamp>() {
            return Some(instant);
        }
        let local = self.civil()?;
        // The rule of Europe/Oslo since 1996, spelt out so that no time zone database is needed.
        let norway = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").ok()?;
        norway.to_timestamp(local).ok()
    }

    /// What the text says, whatever its offset: the reading of the sender's clock.
    #[must_use]
    pub fn civil(&self) -> Option<civil::DateTime> {
        self.0.parse().ok()
    }

    /// Whether this is .NET's smallest date, which Altinn sends for "not set".
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.0.starts_with("0001-01-01T00:00:00")
    }

    /// Whether this is .NET's largest date, which Altinn sends for "no end".
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.0.starts_with("9999-12-31")
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A calendar date (`YYYY-MM-DD`), with the text as it arrived.
///
/// ```
/// use altinn_authz::wire::Date;
///
/// assert_eq!(Date::from("1958-09-02").civil().map(|date| date.year()), Some(1958));
/// assert_eq!(Date::from("02.09.1958").civil(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(Box<str>);

impl Date {
    /// The text as it arrived.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The date, or `None` when the text is none.
    #[must_use]
    pub fn civil(&self) -> Option<civil::Date> {
        self.0.parse().ok()
    }
}

impl From<&str> for Date {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The UUID of a party (a person, an organisation, a system user): how Altinn 3 names everyone.
///
/// Altinn 3 compares party UUIDs as strings, so this one is always written in the canonical form:
/// lower case, with hyphens. What is no UUID is kept as it arrived and has no
/// [`uuid`](Self::uuid); from a caller's text ([`FromStr`]) it is refused.
///
/// ```
/// use altinn_authz::wire::PartyUuid;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let party: PartyUuid = "4A06214D-B261-4695-B33A-0771A995B503".parse()?;
/// assert_eq!(party.as_str(), "4a06214d-b261-4695-b33a-0771a995b503");
/// assert!("310702641".parse::<PartyUuid>().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PartyUuid(Box<str>);

impl PartyUuid {
    /// The UUID in the form that goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The UUID as a value; `None` when a server sent something else.
    #[must_use]
    pub fn uuid(&self) -> Option<uuid::Uuid> {
        uuid::Uuid::parse_str(&self.0).ok()
    }
}

impl From<uuid::Uuid> for PartyUuid {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string().into())
    }
}

impl FromStr for PartyUuid {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        uuid::Uuid::parse_str(text.trim())
            .map(Self::from)
            .map_err(|_| NotAUuid)
    }
}

impl<'de> Deserialize<'de> for PartyUuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or(Self(text)))
    }
}

impl fmt::Display for PartyUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text given for a party UUID is not a UUID. It does not repeat the text: people give person
/// numbers where a UUID is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAUuid;

impl fmt::Display for NotAUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a party UUID (they look like 4a06214d-b261-4695-b33a-0771a995b503)")
    }
}

impl std::error::Error for NotAUuid {}

/// What a server says to a person, in an error.
///
/// Altinn repeats the person number it was asked about, so `Debug`, `Display` and serialising mask
/// every person number in it. [`expose`](Self::expose) gives the text as it arrived.
///
/// ```
/// use altinn_authz::wire::Message;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let message: Message = serde_json::from_str(r#""26899299344 is not a valid person""#)?;
/// assert_eq!(message.to_string(), "268992***** is not a valid person");
/// assert!(!format!("{message:?}").contains("26899299344"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Message(Box<str>);

impl Message {
    /// The text as it arrived, which may hold a person number: not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", mask_person_numbers(&self.0))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_person_numbers(&self.0))
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&mask_person_numbers(&self.0))
    }
}

/// The number of a party that may be a person or an organisation, as it arrived.
///
/// `Debug` and `Display` mask a person's; [`expose`](Self::expose) gives the text.
///
/// ```
/// use altinn_authz::wire::PartyNumber;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let person: PartyNumber = serde_json::from_str(r#""26899299344""#)?;
/// assert_eq!(person.to_string(), "268992*****");
/// assert!(person.as_person().is_some() && person.as_organisation().is_none());
/// let company: PartyNumber = serde_json::from_str("310702641")?;
/// assert_eq!(company.to_string(), "310702641");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartyNumber(IntOrText);

impl PartyNumber {
    /// The text as it arrived, which may be the number of a person: not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// The number of a person, if it is one with the right check digits.
    #[must_use]
    pub fn as_person(&self) -> Option<norwegian_ids::PersonNumber> {
        self.expose().parse().ok()
    }

    /// The number of an organisation, if it is one with the right check digit.
    #[must_use]
    pub fn as_organisation(&self) -> Option<norwegian_ids::OrganisationNumber> {
        self.expose().parse().ok()
    }
}

impl fmt::Display for PartyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.expose();
        match norwegian_ids::PersonNumber::parse_format_only(text) {
            Ok(number) => write!(f, "{}", number.masked()),
            Err(_) => f.write_str(&mask_person_numbers(text)),
        }
    }
}

impl fmt::Debug for PartyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// A password or a key that an answer holds.
///
/// `Debug` and serialising do not show it, so what is printed or kept of an answer is without it;
/// [`expose`](Self::expose) gives it to the one who must keep it. It is wiped from memory when it is
/// dropped; the copy that was in the answer's body is not.
///
/// ```
/// use altinn_authz::wire::Secret;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let secret: Secret = serde_json::from_str(r#""correct horse""#)?;
/// assert_eq!(secret.expose(), "correct horse");
/// assert_eq!(format!("{secret:?}"), "{secret}");
/// assert_eq!(serde_json::to_string(&secret)?, r#""{secret}""#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Secret(http_transport::SecretString);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(http_transport::SecretString::from(text))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{secret}")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("{secret}")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from(&*text))
    }
}

/// Something that arrives as one object or as an array of them.
///
/// ```
/// use altinn_authz::wire::OneOrMany;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let one: OneOrMany<u8> = serde_json::from_str("1")?;
/// let many: OneOrMany<u8> = serde_json::from_str("[1, 2]")?;
/// assert_eq!(one.as_slice(), [1]);
/// assert_eq!(many.iter().sum::<u8>(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum OneOrMany<T> {
    /// An array.
    Many(Vec<T>),
    /// A value without an array around it.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The values, however they were sent.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(values) => values,
            Self::One(value) => slice::from_ref(value),
        }
    }

    /// Iterates over the values, however they were sent.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.as_slice().iter()
    }
}

impl<'a, T> IntoIterator for &'a OneOrMany<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The list envelope of Altinn 3: `{"links":{"next":…},"data":[…]}`.
///
/// `links` may be empty or missing; most lists return everything and a `next` of null.
///
/// ```
/// use altinn_authz::wire::Page;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let page: Page<u8> = serde_json::from_str(r#"{"links":{},"data":[1]}"#)?;
/// assert_eq!(page.next(), None);
/// assert_eq!(page.data, [1]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// Where to go on.
    #[serde(default = "PageLinks::none", deserialize_with = "links")]
    pub links: PageLinks,
    /// The items of this page.
    pub data: Vec<T>,
}

impl<T> Page<T> {
    /// The absolute address of the next page. Check its host before a token goes there.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.links.next.as_deref()
    }
}

/// The `links` member of a [`Page`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageLinks {
    /// The absolute address of the next page; absent or null on the last one.
    #[serde(alias = "Next")]
    pub next: Option<String>,
}

impl PageLinks {
    fn none() -> Self {
        Self { next: None }
    }
}

fn links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PageLinks, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(PageLinks::none))
}

/// Reads an open enum without making a text of it first.
pub(crate) fn open<'de, D: Deserializer<'de>, E: OpenEnum>(deserializer: D) -> Result<E, D::Error> {
    struct Visitor<E>(std::marker::PhantomData<E>);

    impl<E: OpenEnum> de::Visitor<'_> for Visitor<E> {
        type Value = E;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<X: de::Error>(self, text: &str) -> Result<E, X> {
            Ok(E::from_wire(text))
        }
    }

    deserializer.deserialize_str(Visitor(std::marker::PhantomData))
}

/// For `deserialize_with`: null and the empty string both mean "not set".
pub(crate) fn set<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Visitor<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text, a whole number or null")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
            if text.is_empty() {
                return Ok(None);
            }
            T::deserialize(de::value::StrDeserializer::new(text)).map(Some)
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<T>, E> {
            T::deserialize(de::value::I64Deserializer::new(number)).map(Some)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<T>, E> {
            T::deserialize(de::value::U64Deserializer::new(number)).map(Some)
        }
    }

    deserializer.deserialize_any(Visitor(std::marker::PhantomData))
}

/// For `deserialize_with`: a whole number that may arrive as a text; null and the empty one mean
/// "not set".
#[cfg(any(feature = "altinn2", test))]
pub(crate) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = set::<D, IntOrText>(deserializer)? else {
        return Ok(None);
    };
    let found = number.as_i64();
    found
        .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Other("a text"), &"a whole number"))
        .map(Some)
}

/// For `deserialize_with`: an entry that is null is none, such as a text that nobody has translated.
pub(crate) fn table<'de, D, T>(deserializer: D) -> Result<Option<BTreeMap<String, T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let entries: Option<BTreeMap<String, Option<T>>> = Option::deserialize(deserializer)?;
    Ok(entries.map(|entries| {
        let set = entries
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        set.collect()
    }))
}

/// For `deserialize_with`: null means an empty list.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_of_every_documented_format_have_an_instant() {
        for (text, instant) in [
            ("2014-11-05T00:00:00", "2014-11-04T23:00:00Z"),
            ("2019-07-01T14:17:11.23", "2019-07-01T12:17:11.23Z"),
            (
                "2021-06-14T14:48:48.6370797+02:00",
                "2021-06-14T12:48:48.6370797Z",
            ),
            ("2018-02-10T09:30Z", "2018-02-10T09:30:00Z"),
            ("2024-11-15T09:36:50.451886Z", "2024-11-15T09:36:50.451886Z"),
            // twice on the clock: the first, summer time
            ("2021-10-31T02:30:00", "2021-10-31T00:30:00Z"),
        ] {
            let read = Timestamp::from(text)
                .instant()
                .map(|found| found.to_string());
            assert_eq!(read.as_deref(), Some(instant), "{text}");
        }
        for text in [
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.997",
            "",
            "08:39",
        ] {
            assert_eq!(Timestamp::from(text).instant(), None, "{text}");
        }
    }

    #[test]
    fn a_number_keeps_the_form_it_came_in() {
        assert_eq!(size_of::<IntOrText>(), 16);
        for json in [
            "0",
            "4",
            r#""4""#,
            r#""0042""#,
            "-1",
            "-9223372036854775808",
            "12345678901234",
            "123456789012345",
            "18446744073709551615",
            r#""æøå""#,
            r#""a text that is longer than a number""#,
        ] {
            let value: IntOrText = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
        assert_eq!(IntOrText::from("many").as_i64(), None);
        assert!(serde_json::from_str::<IntOrText>("true").is_err());
    }

    #[test]
    fn null_and_empty_text_are_not_set() {
        #[derive(Deserialize)]
        struct Sample {
            #[serde(default, deserialize_with = "int")]
            count: Option<i64>,
            #[serde(default, deserialize_with = "set")]
            when: Option<Timestamp>,
            #[serde(default, deserialize_with = "set")]
            number: Option<IntOrText>,
            #[serde(default, deserialize_with = "list")]
            names: Vec<String>,
        }
        for json in ["{}", r#"{"count":"","when":null,"number":"","names":null}"#] {
            let sample: Sample = serde_json::from_str(json).unwrap();
            assert_eq!(sample.count, None);
            assert!(sample.when.is_none() && sample.number.is_none() && sample.names.is_empty());
        }
        for json in [r#"{"count":7}"#, r#"{"count":"7"}"#] {
            assert_eq!(serde_json::from_str::<Sample>(json).unwrap().count, Some(7));
        }
        assert!(serde_json::from_str::<Sample>(r#"{"count":"many"}"#).is_err());
        let sample: Sample = serde_json::from_str(r#"{"when":"2020-01-01","number":7}"#).unwrap();
        assert_eq!(sample.when, Some("2020-01-01".into()));
        assert_eq!(sample.number, Some(7.into()));
    }

    #[test]
    fn a_page_may_lack_its_links() {
        for json in [r#"{"data":[]}"#, r#"{"links":null,"data":[]}"#] {
            let page: Page<u8> = serde_json::from_str(json).unwrap();
            assert_eq!(page.next(), None);
        }
    }
}
