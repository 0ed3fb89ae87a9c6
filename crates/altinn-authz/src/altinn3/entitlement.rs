//! What is given and taken back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::altinn3::models::{ResourceId, Right, RightKey};

/// What can be given: an access package (tilgangspakke), or rights on a resource.
///
/// ```
/// use altinn_authz::altinn3::Entitlement;
///
/// let package = Entitlement::package("urn:altinn:accesspackage:skattegrunnlag");
/// assert_eq!(package.to_string(), "package:skattegrunnlag");
/// let two_rights = Entitlement::rights("skd-skattemelding", ["read", "write"]);
/// assert_eq!(two_rights.to_string(), "resource:skd-skattemelding#read,write");
/// assert_eq!("resource:skd-skattemelding#read,write".parse::<Entitlement>()?, two_rights);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Entitlement {
    /// A whole access package.
    Package(PackageUrn),
    /// All rights on a resource: when given, those that the giver may give.
    Resource(ResourceId),
    /// Some of the rights on a resource.
    Rights {
        /// The resource.
        resource: ResourceId,
        /// Which rights.
        rights: Vec<RightName>,
    },
}

/// One right on a resource, by its action (`read`) or by its opaque key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RightName {
    /// The action; every right of the resource with this action is meant.
    Action(String),
    /// The key, as it was read from an answer.
    Key(RightKey),
}

impl Entitlement {
    /// An access package, by code (`skattegrunnlag`) or URN.
    #[must_use]
    pub fn package(package: impl Into<PackageUrn>) -> Self {
        Self::Package(package.into())
    }

    /// A resource, by its id in the resource registry (`skd-skattemelding`).
    #[must_use]
    pub fn resource(resource: impl Into<ResourceId>) -> Self {
        Self::Resource(resource.into())
    }

    /// Some rights on a resource, by action (`read`) or key.
    #[must_use]
    pub fn rights<R: Into<RightName>>(
        resource: impl Into<ResourceId>,
        rights: impl IntoIterator<Item = R>,
    ) -> Self {
        let rights = rights.into_iter().map(Into::into).collect();
        Self::Rights {
            resource: resource.into(),
            rights,
        }
    }

    /// Whether there is anything in it at all.
    pub(crate) fn check(&self, operation: &'static str) -> Result<(), Error> {
        let (what, action) = match self {
            Self::Package(package) if package.code().is_empty() => (
                "the access package has no name",
                "give the package's code or URN",
            ),
            Self::Resource(resource) | Self::Rights { resource, .. }
                if resource.as_str().trim().is_empty() =>
            {
                (
                    "the resource has no name",
                    "give the resource's id in the resource registry",
                )
            }
            Self::Rights { rights, .. } if rights.is_empty() => (
                "no right on the resource is named",
                "name the rights, or give the whole resource",
            ),
            _ => return Ok(()),
        };
        Err(Error::input(operation, what, action))
    }
}

impl RightName {
    pub(crate) fn means(&self, right: &Right) -> bool {
        match self {
            Self::Key(key) => right.key == *key,
            Self::Action(action) => {
                action_of(right).is_some_and(|a| a.eq_ignore_ascii_case(action))
            }
        }
    }
}

pub(crate) fn action_of(right: &Right) -> Option<&str> {
    right.action.as_ref()?.value.as_deref()
}

impl From<&str> for RightName {
    fn from(action: &str) -> Self {
        Self::Action(action.trim().to_owned())
    }
}

impl From<String> for RightName {
    fn from(action: String) -> Self {
        Self::from(action.as_str())
    }
}

impl From<RightKey> for RightName {
    fn from(key: RightKey) -> Self {
        Self::Key(key)
    }
}

impl fmt::Display for RightName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => f.write_str(action),
            Self::Key(key) => write!(f, "key={key}"),
        }
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(package) => write!(f, "package:{}", package.code()),
            Self::Resource(resource) => write!(f, "resource:{resource}"),
            Self::Rights { resource, rights } => {
                write!(f, "resource:{resource}")?;
                for (at, right) in rights.iter().enumerate() {
                    write!(f, "{}{right}", if at == 0 { '#' } else { ',' })?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Entitlement {
    type Err = Error;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Error> {
        const OPERATION: &str = "read an entitlement";
        let read = match text.trim().split_once(':') {
            Some(("package", package)) => Some(Self::package(package)),
            Some(("urn", _)) if text.trim().starts_with(PackageUrn::PREFIX) => {
                Some(Self::package(text))
            }
            Some(("resource", rest)) => Some(match rest.split_once('#') {
                None => Self::resource(rest),
                Some((resource, rights)) => Self::rights(
                    resource,
                    rights
                        .split(',')
                        .map(|right| match right.trim().strip_prefix("key=") {
                            Some(key) => RightName::Key(key.into()),
                            None => RightName::from(right),
                        }),
                ),
            }),
            _ => None,
        };
        let read = read.ok_or_else(|| {
            Error::input(
                OPERATION,
                "what is to be given is neither a package nor a resource",
                "write package:CODE, resource:ID, or resource:ID#ACTION,ACTION",
            )
        })?;
        read.check(OPERATION)?;
        Ok(read)
    }
}

impl Serialize for Entitlement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Entitlement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The name of an access package. Code or URN, in any case: it is the same package.
///
/// ```
/// use altinn_authz::altinn3::PackageUrn;
///
/// let by_code = PackageUrn::from("Skattegrunnlag");
/// assert_eq!(by_code, PackageUrn::from("urn:altinn:accesspackage:skattegrunnlag"));
/// assert_eq!(by_code.code(), "skattegrunnlag");
/// assert_eq!(by_code.to_string(), "urn:altinn:accesspackage:skattegrunnlag");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageUrn(Box<str>);

impl PackageUrn {
    pub(crate) const PREFIX: &'static str = "urn:altinn:accesspackage:";

    /// The code, the last part of the URN.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PackageUrn {
    fn from(text: &str) -> Self {
        let text = text.trim().to_ascii_lowercase();
        Self(text.strip_prefix(Self::PREFIX).unwrap_or(&text).into())
    }
}

impl From<String> for PackageUrn {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Self> for PackageUrn {
    fn from(package: &Self) -> Self {
        package.clone()
    }
}

impl fmt::Display for PackageUrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

impl Serialize for PackageUrn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        for written in [
            "package:skattegrunnlag",
            "resource:app_ttd_fjordskjema",
            "resource:app_ttd_fjordskjema#read,key=01ab",
        ] {
            assert_eq!(written.parse::<Entitlement>().unwrap().to_string(), written);
        }
        for nonsense in [
            "",
            "skattegrunnlag",
            "package:",
            "resource: #read",
            "role:dagl",
            "urn:x:y",
        ] {
            let error = nonsense.parse::<Entitlement>().unwrap_err();
            assert!(error.is_input(), "{nonsense}");
        }
    }
}
