use crate::OrganisationNumber;

/// The only authority in use: participant identifiers by ISO 6523
/// (<https://docs.digdir.no/docs/Maskinporten/maskinporten_func_wellknown>).
const AUTHORITY: &str = "iso6523-actorid-upis";

/// The code of Enhetsregisteret in ISO 6523, and the one it had before.
const ENHETSREGISTERET: &str = "0192";
const ENHETSREGISTERET_BEFORE: &str = "9908";

/// An identifier with the authority that gives it meaning, as Maskinporten's tokens name
/// organisations: `{"authority":"iso6523-actorid-upis","ID":"0192:310702641"}`.
///
/// The texts are kept as they arrived, because both may grow: further elements after the number
/// (sub-units), other authorities (European eSeals). [`organisation_number`](Self::organisation_number)
/// gives the Norwegian number where there is one.
///
/// ```
/// use norwegian_ids::ActorId;
///
/// let consumer = ActorId::norwegian(&"310702641".parse()?);
/// assert_eq!(consumer.id(), "0192:310702641");
///
/// let unit = ActorId::new("iso6523-actorid-upis", "0192:310702641:ER//371781498:1");
/// assert_eq!(unit.organisation_number(), consumer.organisation_number());
///
/// let foreign = ActorId::new("etsi_en_119_612", "NTRSE-5560360793");
/// assert_eq!(foreign.organisation_number(), None);
/// # Ok::<(), norwegian_ids::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ActorId {
    authority: String,
    #[cfg_attr(feature = "serde", serde(rename = "ID", alias = "id", alias = "Id"))]
    id: String,
}

impl ActorId {
    /// An identifier of any authority. Nothing is checked.
    #[must_use]
    pub fn new(authority: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            authority: authority.into(),
            id: id.into(),
        }
    }

    /// The identifier of a Norwegian organisation: `0192:` and the number.
    #[must_use]
    pub fn norwegian(number: &OrganisationNumber) -> Self {
        Self::new(AUTHORITY, format!("{ENHETSREGISTERET}:{number}"))
    }

    /// Who gives the identifier its meaning, as it arrived.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The identifier, as it arrived.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The Norwegian organisation number in it: the second element of an ISO 6523 identifier whose
    /// first is `0192` (or `9908`, its predecessor). `None` for another authority, another register,
    /// or a number whose check digit is wrong; see [`parts`](Self::parts) then.
    #[must_use]
    pub fn organisation_number(&self) -> Option<OrganisationNumber> {
        let (register, rest) = self.parts()?;
        let number = rest.split(':').next()?;
        [ENHETSREGISTERET, ENHETSREGISTERET_BEFORE]
            .contains(&register)
            .then(|| OrganisationNumber::parse(number))
            .and_then(Result::ok)
    }

    /// The register's code and what follows its colon, of an ISO 6523 identifier.
    #[must_use]
    pub fn parts(&self) -> Option<(&str, &str)> {
        if self.authority.eq_ignore_ascii_case(AUTHORITY) {
            self.id.split_once(':')
        } else {
            None
        }
    }
}

impl From<OrganisationNumber> for ActorId {
    fn from(number: OrganisationNumber) -> Self {
        Self::norwegian(&number)
    }
}
