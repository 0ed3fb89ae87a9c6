//! What is given and taken back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::altinn2::models::{Right, RightAction, RightSource, RuleId};
use crate::wire::OpenEnum as _;

/// What can be given: a role, single rights on an edition of a service, or a right on an app.
///
/// ```
/// use altinn_authz::altinn2::Delegation;
///
/// assert_eq!(Delegation::role(3).to_string(), "role:3");
/// let two_rights = Delegation::rights("5123", 1, ["Read", "Write"]);
/// assert_eq!(two_rights.to_string(), "service:5123/1#Read,Write");
/// assert_eq!("service:5123/1#read,write".parse::<Delegation>()?, two_rights);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delegation {
    /// A role, by the id of its definition (`RoleDefinitionId`). The ids differ between TT02 and
    /// production. Only roles of Altinn and local ones can be given.
    Role(i64),
    /// All single rights on a service that were given directly: for taking back. To give, name the
    /// actions.
    Service(Service),
    /// Some rights on a service.
    Rights {
        /// The service.
        service: Service,
        /// What they allow.
        actions: Vec<RightAction>,
    },
    /// A right on an app that was given directly, by its rule (releases 22.3 to 23.5).
    AppRight {
        /// The app: `org/app`.
        app: String,
        /// The rule.
        rule: RuleId,
    },
}

/// An edition of a service (tjenesteutgave).
///
/// ```
/// use altinn_authz::altinn2::Service;
///
/// let service: Service = "AppId:64/2".parse()?;
/// assert_eq!((service.code(), service.edition()), ("AppId:64", 2));
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    code: Box<str>,
    edition: i64,
}

impl Service {
    /// A service by code (`5123`, `AppId:64`) and edition code.
    #[must_use]
    pub fn new(code: impl AsRef<str>, edition: i64) -> Self {
        Self {
            code: code.as_ref().trim().into(),
            edition,
        }
    }

    /// The service code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The service edition code.
    #[must_use]
    pub fn edition(&self) -> i64 {
        self.edition
    }
}

impl Delegation {
    /// A role, by the id of its definition.
    #[must_use]
    pub fn role(definition: i64) -> Self {
        Self::Role(definition)
    }

    /// All single rights on a service; to take back.
    #[must_use]
    pub fn service(code: impl AsRef<str>, edition: i64) -> Self {
        Self::Service(Service::new(code, edition))
    }

    /// Some rights on a service, by action (`Read`, `Write`, `Sign`, `ArchiveRead`, `ArchiveDelete`,
    /// `Access`; case does not matter).
    #[must_use]
    pub fn rights<A: AsRef<str>>(
        code: impl AsRef<str>,
        edition: i64,
        actions: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::Rights {
            service: Service::new(code, edition),
            actions: actions
                .into_iter()
                .map(|action| action_of(action.as_ref()))
                .collect(),
        }
    }

    /// A right on an app (`org/app`) that was given directly, by its rule's guid.
    #[must_use]
    pub fn app_right(app: impl Into<String>, rule: impl Into<RuleId>) -> Self {
        Self::AppRight {
            app: app.into(),
            rule: rule.into(),
        }
    }

    /// Whether there is anything in it at all.
    pub(crate) fn check(&self, operation: &'static str) -> Result<(), Error> {
        let (what, action) = match self {
            Self::Role(definition) if *definition < 0 => (
                "the role has no id that a role can have",
                "give the role's RoleDefinitionId, a whole number",
            ),
            Self::Role(0) => (
                "role 0 (Single Rights) only stands for single rights; it is no role",
                "name the rights: service:CODE/EDITION#ACTION,ACTION",
            ),
            Self::Service(service) | Self::Rights { service, .. } if service.code.is_empty() => (
                "the service has no code",
                "give the service's code and edition, such as 5123/1",
            ),
            Self::Rights { actions, .. } if actions.is_empty() => (
                "no right on the service is named",
                "name the actions, such as Read and Write",
            ),
            Self::Rights { actions, .. } if actions.iter().any(|a| a.as_wire().is_empty()) => (
                "an action is empty",
                "name the actions, such as Read and Write",
            ),
            Self::AppRight { app, rule } if app_parts(app).is_none() || !is_rule(rule) => (
                "this names no right on an app",
                "give the app as ORG/APP and the right's RuleGuid: app:ORG/APP#GUID",
            ),
            _ => return Ok(()),
        };
        Err(Error::input(operation, what, action))
    }

    /// Whether a right that is held is one of these.
    pub(crate) fn means(&self, right: &Right) -> bool {
        let is_on = |service: &Service| {
            right
                .service_code
                .as_deref()
                .is_some_and(|code| code.trim().eq_ignore_ascii_case(service.code()))
                && right
                    .service_edition_code
                    .as_ref()
                    .is_none_or(|edition| edition.as_i64() == Some(service.edition))
        };
        match self {
            Self::Role(_) | Self::AppRight { .. } => false,
            Self::Service(service) => is_on(service),
            Self::Rights { service, actions } => {
                is_on(service) && right.action.as_ref().is_some_and(|a| actions.contains(a))
            }
        }
    }
}

/// Service owner and name of an app, if it is one.
pub(crate) fn app_parts(app: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    app.trim()
        .split_once('/')
        .filter(|(owner, app)| is_name(owner) && is_name(app))
}

/// Whether it is the guid of a rule: an inherited right has an empty one.
pub(crate) fn is_rule(rule: &RuleId) -> bool {
    uuid::Uuid::parse_str(rule.as_str()).is_ok()
}

/// Whether a right was given as this very right, so that it can be taken back.
pub(crate) fn is_direct(right: &Right) -> bool {
    right.source == Some(RightSource::DirectlyDelegated)
}

/// The action of a text, in any case.
fn action_of(text: &str) -> RightAction {
    let text = text.trim();
    let exact = RightAction::from(text);
    if exact.is_known() {
        return exact;
    }
    let plain = RightAction::from(text.to_ascii_lowercase().replace('-', "").as_str());
    match plain {
        RightAction::Other(ref lower) => match &**lower {
            "readarchive" => RightAction::ArchiveRead,
            "deletearchive" => RightAction::ArchiveDelete,
            _ => exact,
        },
        known => known,
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code, self.edition)
    }
}

impl FromStr for Service {
    type Err = Error;

    /// Reads `CODE/EDITION`.
    fn from_str(text: &str) -> Result<Self, Error> {
        text.trim()
            .rsplit_once('/')
            .and_then(|(code, edition)| Some(Self::new(code, edition.trim().parse().ok()?)))
            .filter(|service| !service.code.is_empty())
            .ok_or_else(|| {
                Error::input(
                    "read a service",
                    "this is no edition of a service",
                    "write CODE/EDITION, such as 5123/1",
                )
            })
    }
}

impl fmt::Display for Delegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(definition) => write!(f, "role:{definition}"),
            Self::Service(service) => write!(f, "service:{service}"),
            Self::Rights { service, actions } => {
                write!(f, "service:{service}")?;
                for (at, action) in actions.iter().enumerate() {
                    write!(f, "{}{action}", if at == 0 { '#' } else { ',' })?;
                }
                Ok(())
            }
            Self::AppRight { app, rule } => write!(f, "app:{app}#{rule}"),
        }
    }
}

impl FromStr for Delegation {
    type Err = Error;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Error> {
        const OPERATION: &str = "read a delegation";
        let read = match text.trim().split_once(':') {
            Some(("role", definition)) => definition.trim().parse().ok().map(Self::Role),
            Some(("service", rest)) => match rest.split_once('#') {
                None => rest.parse().ok().map(Self::Service),
                Some((service, actions)) => {
                    service.parse::<Service>().ok().map(|service| Self::Rights {
                        service,
                        actions: actions.split(',').map(action_of).collect(),
                    })
                }
            },
            Some(("app", rest)) => rest
                .split_once('#')
                .map(|(app, rule)| Self::app_right(app.trim(), rule.trim())),
            _ => None,
        };
        let read = read.ok_or_else(|| {
            Error::input(
                OPERATION,
                "what is to be given is neither a role nor rights on a service",
                "write role:DEFINITION, service:CODE/EDITION#ACTION,ACTION, or app:ORG/APP#GUID",
            )
        })?;
        read.check(OPERATION)?;
        Ok(read)
    }
}

impl Serialize for Delegation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delegation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        for written in [
            "role:3",
            "service:5123/1",
            "service:AppId:64/2#Access",
            "service:5123/130429#Read,ArchiveRead,Godkjenn",
            "app:ttd/fjordskjema#d1a5c2de-0f6b-4f6e-8a55-2f4f0c5b9a01",
        ] {
            assert_eq!(written.parse::<Delegation>().unwrap().to_string(), written);
        }
        for nonsense in [
            "",
            "role:UTINN",
            "role:0",
            "role:-1",
            "service:5123",
            "service:/1",
            "service:5123/x#Read",
            "service:5123/1#",
            "service:5123/1#Read,",
            "package:skatt",
            "app:ttd/fjordskjema",
            "app:ttd/fjordskjema#1",
            "app:ttd#d1a5c2de-0f6b-4f6e-8a55-2f4f0c5b9a01",
            "app:../x#d1a5c2de-0f6b-4f6e-8a55-2f4f0c5b9a01",
        ] {
            let error = nonsense.parse::<Delegation>().unwrap_err();
            assert!(error.is_input(), "{nonsense}");
        }
    }

    #[test]
    fn actions_are_the_same_in_every_spelling() {
        for text in ["ReadArchive", "archiveread", "Archive-Read", "READARCHIVE"] {
            assert_eq!(action_of(text), RightAction::ArchiveRead, "{text}");
        }
        assert_eq!(action_of("sIgN"), RightAction::Sign);
        assert_eq!(action_of("Godkjenn").to_string(), "Godkjenn");
    }
}
