//! Who gets something.

use std::fmt;

use norwegian_ids::{OrganisationNumber, PersonNumber};

use crate::altinn2::models::{ReporteeId, RightHolder, RightHolderId};

/// Who gets something, or has it.
///
/// Altinn 2 wants number and name together when something is given, so that nobody gives by a slip
/// of the finger; what it knows already has an id.
///
/// ```
/// use altinn_authz::altinn2::Receiver;
///
/// let person = Receiver::person("26899299344".parse()?, "HEIS");
/// assert_eq!(person.to_string(), "268992***** HEIS");
/// let organisation = Receiver::organisation("310702641".parse()?, "LILLA TIGER AS");
/// let user = Receiver::enterprise_user("lilla-lonn", "310702641".parse()?);
/// // one who holds something already
/// let known = Receiver::id("r50170466");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Receiver(pub(crate) Inner);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Inner {
    Id(RightHolderId),
    Person {
        number: PersonNumber,
        last_name: String,
    },
    Organisation {
        number: OrganisationNumber,
        name: String,
    },
    KnownOrganisation(OrganisationNumber),
    User {
        user_name: String,
        last_name: String,
    },
    EnterpriseUser {
        user_name: String,
        organisation: OrganisationNumber,
    },
}

impl Receiver {
    /// One who holds something from the giver already, by id (`r50170466`, `u20012345`).
    ///
    /// To give such a one more, the identity is read first. Altinn masks the numbers of people, so a
    /// person must be named by number and last name all the same.
    #[must_use]
    pub fn id(id: impl Into<RightHolderId>) -> Self {
        Self(Inner::Id(id.into()))
    }

    /// A person, by national identity number and last name.
    #[must_use]
    pub fn person(number: PersonNumber, last_name: impl Into<String>) -> Self {
        Self(Inner::Person {
            number,
            last_name: last_name.into().trim().to_owned(),
        })
    }

    /// An organisation, by number and registered name.
    #[must_use]
    pub fn organisation(number: OrganisationNumber, name: impl Into<String>) -> Self {
        Self(Inner::Organisation {
            number,
            name: name.into().trim().to_owned(),
        })
    }

    /// An organisation that holds something from the giver already, by number alone: it is looked for
    /// among those who do. One that holds nothing is named with its name.
    #[must_use]
    pub fn known_organisation(number: OrganisationNumber) -> Self {
        Self(Inner::KnownOrganisation(number))
    }

    /// A person with a user name at Altinn, by that and last name.
    #[must_use]
    pub fn user(user_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        Self(Inner::User {
            user_name: user_name.into().trim().to_owned(),
            last_name: last_name.into().trim().to_owned(),
        })
    }

    /// An enterprise user (virksomhetsbruker) of this organisation.
    #[must_use]
    pub fn enterprise_user(user_name: impl Into<String>, organisation: OrganisationNumber) -> Self {
        Self(Inner::EnterpriseUser {
            user_name: user_name.into().trim().to_owned(),
            organisation,
        })
    }
}

impl From<&Self> for Receiver {
    fn from(receiver: &Self) -> Self {
        receiver.clone()
    }
}

impl From<RightHolderId> for Receiver {
    fn from(id: RightHolderId) -> Self {
        Self::id(id)
    }
}

impl From<&RightHolderId> for Receiver {
    fn from(id: &RightHolderId) -> Self {
        Self::id(id.clone())
    }
}

impl From<&RightHolder> for Receiver {
    fn from(holder: &RightHolder) -> Self {
        Self::id(holder.id.clone())
    }
}

impl From<&ReporteeId> for Receiver {
    fn from(id: &ReporteeId) -> Self {
        Self::id(id.as_str())
    }
}

impl fmt::Debug for Receiver {
    /// As `Display`, which masks: a user name can be the number of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({self})")
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Id(id) => write!(f, "{id}"),
            Inner::Person { number, last_name } => write!(f, "{} {last_name}", number.masked()),
            Inner::Organisation { number, name } => write!(f, "{number} {name}"),
            Inner::KnownOrganisation(number) => write!(f, "{number}"),
            // a user name can be the number of a person
            Inner::User {
                user_name,
                last_name,
            } => f.write_str(&http_transport::redact::text(&format!(
                "{user_name} {last_name}"
            ))),
            Inner::EnterpriseUser {
                user_name,
                organisation,
            } => f.write_str(&http_transport::redact::text(&format!(
                "{user_name} of {organisation}"
            ))),
        }
    }
}
