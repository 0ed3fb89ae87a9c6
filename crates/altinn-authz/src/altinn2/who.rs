//! Whose rights a call is about.

use std::fmt;
use std::str::FromStr;

use norwegian_ids::{OrganisationNumber, PersonNumber};

use crate::Error;
use crate::altinn2::models::{Reportee, ReporteeId, RightHolderId};

/// Whose rights a call is about: the party that gives (`{who}` in Altinn's paths).
///
/// ```
/// use altinn_authz::altinn2::Who;
///
/// assert_eq!("my".parse::<Who>()?, Who::my());
/// assert_eq!("310702641".parse::<Who>()?, Who::from("310702641".parse::<norwegian_ids::OrganisationNumber>()?));
/// assert_eq!("r50170462".parse::<Who>()?.to_string(), "r50170462");
/// // a person is named by reportee id: numbers of people do not go into addresses
/// assert!("26899299344".parse::<Who>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// The party that is logged in; for an enterprise user (virksomhetsbruker), its organisation.
    My,
    /// An organisation, by number.
    Organisation(OrganisationNumber),
    /// Anyone on one's list of reportees, by id (`r50170462`).
    Reportee(ReporteeId),
    /// A user, by user name; some operations only.
    UserName(String),
}

impl Who {
    /// The party that is logged in.
    #[must_use]
    pub fn my() -> Self {
        Self::My
    }

    /// A user, by user name.
    #[must_use]
    pub fn user_name(name: impl Into<String>) -> Self {
        Self::UserName(name.into().trim().to_owned())
    }

    /// The segment of a path, if it can be one and means what it says there.
    pub(crate) fn segment(&self, operation: &'static str) -> Result<String, Error> {
        let is_sound = match self {
            Self::My | Self::Organisation(_) => true,
            Self::Reportee(id) => is_party_id(id.as_str()),
            Self::UserName(name) => is_user_name(name),
        };
        if is_sound {
            Ok(self.to_string())
        } else {
            Err(not_who(operation))
        }
    }
}

const OPERATION: &str = "name a party";

fn not_who(operation: &'static str) -> Error {
    Error::input(
        operation,
        "this does not name a party whose rights can be looked at",
        "write my, an organisation number, a reportee id (r and digits) or a user name; a person is named by reportee id, which altinn party NUMBER --last-name NAME finds",
    )
}

/// `r` or `u`, and digits.
pub(crate) fn is_party_id(text: &str) -> bool {
    let digits = text.strip_prefix(['r', 'u', 'R', 'U']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Not what would mean something else in a path, and not the number of a person.
pub(crate) fn is_user_name(name: &str) -> bool {
    !name.is_empty()
        && !name.eq_ignore_ascii_case("my")
        && !name.bytes().all(|byte| byte == b'.')
        && !name.contains(['/', '\\'])
        && !name.contains(char::is_control)
        && PersonNumber::parse_format_only(name).is_err()
}

impl From<&Self> for Who {
    fn from(who: &Self) -> Self {
        who.clone()
    }
}

impl From<OrganisationNumber> for Who {
    fn from(number: OrganisationNumber) -> Self {
        Self::Organisation(number)
    }
}

impl From<ReporteeId> for Who {
    fn from(id: ReporteeId) -> Self {
        Self::Reportee(id)
    }
}

impl From<&ReporteeId> for Who {
    fn from(id: &ReporteeId) -> Self {
        Self::Reportee(id.clone())
    }
}

impl From<RightHolderId> for Who {
    fn from(id: RightHolderId) -> Self {
        Self::Reportee(ReporteeId::from(id.as_str()))
    }
}

impl TryFrom<&Reportee> for Who {
    type Error = Error;

    /// By its id, else by its organisation number.
    fn try_from(reportee: &Reportee) -> Result<Self, Error> {
        let number = || reportee.organisation_number.as_ref()?.checked().ok();
        match (&reportee.id, number()) {
            (Some(id), _) => Ok(id.into()),
            (None, Some(number)) => Ok(number.into()),
            (None, None) => Err(not_who(OPERATION)),
        }
    }
}

impl fmt::Debug for Who {
    /// Masked: a number of a person is no user name, but it may have been given as one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Who({})",
            http_transport::redact::text(&self.to_string())
        )
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::My => f.write_str("my"),
            Self::Organisation(number) => write!(f, "{}", number.as_str()),
            Self::Reportee(id) => write!(f, "{id}"),
            Self::UserName(name) => f.write_str(name),
        }
    }
}

impl FromStr for Who {
    type Err = Error;

    /// Reads what `Display` writes. What is none of the others is a user name, but for digits alone:
    /// those are a number with a mistake in it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let who = if text.eq_ignore_ascii_case("my") {
            Self::My
        } else if is_party_id(text) {
            Self::Reportee(text.into())
        } else if let Ok(number) = text.parse() {
            Self::Organisation(number)
        } else if text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b' ')
        {
            return Err(not_who(OPERATION));
        } else {
            Self::user_name(text)
        };
        who.segment(OPERATION)?;
        Ok(who)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_party_is_refused_before_it_is_in_an_address() {
        for who in [
            Who::user_name(""),
            Who::user_name(".."),
            Who::user_name("MY"),
            Who::user_name("a/b"),
            Who::user_name("26899299344"),
            Who::Reportee("r1/../r2".into()),
            Who::Reportee("r".into()),
            Who::Reportee("50170462".into()),
        ] {
            let error = who.segment("test").unwrap_err();
            assert!(error.is_input(), "{who:?}");
            assert!(!format!("{error:?} {who:?}").contains("26899299344"));
        }
    }

    #[test]
    fn a_mistyped_number_is_no_user_name() {
        for text in [
            "310702642",
            "31070264",
            "26899299344",
            "268992 99345",
            "",
            "  ",
        ] {
            assert!(text.parse::<Who>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "my",
            "310702641",
            "r50170462",
            "u20012345",
            "fjordkraft-lonn",
        ] {
            assert_eq!(text.parse::<Who>().unwrap().to_string(), text);
        }
    }
}
