//! What is given and taken back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::altinn3::held::HeldRight;
use crate::altinn3::instances::InstanceUrn;
use crate::altinn3::models::{ResourceId, Right, RightKey};
use crate::altinn3::on::On;
use crate::altinn3::parties::role_code;

/// What can be held: an access package (tilgangspakke), rights on a resource or on a single instance
/// of one, or a role, which can be taken back and not given.
///
/// ```
/// use altinn_authz::altinn3::Entitlement;
///
/// let package = Entitlement::package("urn:altinn:accesspackage:skattegrunnlag");
/// assert_eq!(package.to_string(), "package:skattegrunnlag");
/// let two_rights = Entitlement::rights("skd-skattemelding", ["read", "write"]);
/// assert_eq!(two_rights.to_string(), "resource:skd-skattemelding#read,write");
/// assert_eq!("resource:skd-skattemelding#read,write".parse::<Entitlement>()?, two_rights);
///
/// let dialogue = "urn:altinn:dialog-id:0191e2a4-7c1b-7b6e-9d6a-2f3a4b5c6d7e".parse()?;
/// let reading_it = Entitlement::instance_rights("skd-skattemelding", dialogue, ["read"]);
/// assert_eq!(
///     reading_it.to_string(),
///     "instance:skd-skattemelding@urn:altinn:dialog-id:0191e2a4-7c1b-7b6e-9d6a-2f3a4b5c6d7e#read"
/// );
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
    /// Rights on a single instance of a resource: one form, one message, one dialogue.
    Instance {
        /// The resource that it is an instance of.
        resource: ResourceId,
        /// The instance.
        instance: InstanceUrn,
        /// Which rights; with none, all: when given, those that the giver may give.
        rights: Vec<RightName>,
    },
    /// A role. Altinn 3 gives none any more; those that came from Altinn 2 can be taken back.
    Role(RoleCode),
}

/// What an [`Entitlement`] is to the calls that give it and take it back.
pub(crate) enum Kind<'a> {
    Package(&'a PackageUrn),
    /// With the rights that are named; `None` is all of them.
    Rights(On, Option<&'a [RightName]>),
    Role(&'a RoleCode),
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

    /// A single instance of a resource, with all rights on it.
    #[must_use]
    pub fn instance(resource: impl Into<ResourceId>, instance: InstanceUrn) -> Self {
        Self::instance_rights(resource, instance, [] as [RightName; 0])
    }

    /// Some rights on a single instance of a resource, by action (`read`) or key.
    #[must_use]
    pub fn instance_rights<R: Into<RightName>>(
        resource: impl Into<ResourceId>,
        instance: InstanceUrn,
        rights: impl IntoIterator<Item = R>,
    ) -> Self {
        Self::Instance {
            resource: resource.into(),
            instance,
            rights: rights.into_iter().map(Into::into).collect(),
        }
    }

    /// A role by its code (`utinn`), to be taken back.
    #[must_use]
    pub fn role(code: impl Into<RoleCode>) -> Self {
        Self::Role(code.into())
    }

    pub(crate) fn kind(&self) -> Kind<'_> {
        let on = |resource: &ResourceId, instance: Option<&InstanceUrn>| On {
            resource: resource.clone(),
            instance: instance.cloned(),
        };
        match self {
            Self::Package(package) => Kind::Package(package),
            Self::Resource(resource) => Kind::Rights(on(resource, None), None),
            Self::Rights { resource, rights } => Kind::Rights(on(resource, None), Some(rights)),
            Self::Instance {
                resource,
                instance,
                rights,
            } => {
                let rights = (!rights.is_empty()).then_some(rights.as_slice());
                Kind::Rights(on(resource, Some(instance)), rights)
            }
            Self::Role(code) => Kind::Role(code),
        }
    }

    /// Whether there is anything in it at all.
    pub(crate) fn check(&self, operation: &'static str) -> Result<(), Error> {
        let (what, action) = match self {
            Self::Package(package) if package.code().is_empty() => (
                "the access package has no name",
                "give the package's code or URN",
            ),
            Self::Resource(resource)
            | Self::Rights { resource, .. }
            | Self::Instance { resource, .. }
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
            Self::Role(code) if code.as_str().is_empty() => (
                "the role has no code",
                "give the code that the list of roles shows",
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

impl RightName {
    pub(crate) fn means_held(&self, right: &HeldRight) -> bool {
        match self {
            Self::Key(key) => right.key() == key,
            Self::Action(action) => right
                .action()
                .is_some_and(|found| found.eq_ignore_ascii_case(action)),
        }
    }
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
                named(f, rights)
            }
            Self::Instance {
                resource,
                instance,
                rights,
            } => {
                write!(f, "instance:{resource}@{instance}")?;
                named(f, rights)
            }
            Self::Role(code) => write!(f, "role:{code}"),
        }
    }
}

fn named(f: &mut fmt::Formatter<'_>, rights: &[RightName]) -> fmt::Result {
    for (at, right) in rights.iter().enumerate() {
        write!(f, "{}{right}", if at == 0 { '#' } else { ',' })?;
    }
    Ok(())
}

fn read_named(rights: &str) -> impl Iterator<Item = RightName> + '_ {
    let rights = rights.split(',');
    rights.map(|right| match right.trim().strip_prefix("key=") {
        Some(key) => RightName::Key(key.into()),
        None => RightName::from(right),
    })
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
            Some(("role", code)) => Some(Self::role(code)),
            Some(("resource", rest)) => Some(match rest.split_once('#') {
                None => Self::resource(rest),
                Some((resource, rights)) => Self::rights(resource, read_named(rights)),
            }),
            Some(("instance", rest)) => match rest.split_once('@') {
                Some((resource, rest)) => {
                    let (instance, rights) = match rest.split_once('#') {
                        Some((instance, rights)) => (instance, read_named(rights).collect()),
                        None => (rest, Vec::new()),
                    };
                    Some(Self::instance_rights(resource, instance.parse()?, rights))
                }
                None => None,
            },
            _ => None,
        };
        let read = read.ok_or_else(|| {
            Error::input(
                OPERATION,
                "what is meant is no package, resource, instance or role",
                "write package:CODE, resource:ID, resource:ID#ACTION,ACTION, instance:ID@URN or role:CODE",
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

/// The code of a role. Code or URN, in any case: it is the same role.
///
/// ```
/// use altinn_authz::altinn3::RoleCode;
///
/// assert_eq!(RoleCode::from("urn:altinn:rolecode:UTINN"), RoleCode::from("utinn"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleCode(Box<str>);

impl RoleCode {
    /// The code, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RoleCode {
    fn from(text: &str) -> Self {
        Self(role_code(text).into())
    }
}

impl From<String> for RoleCode {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for RoleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RoleCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        for written in [
            "package:skattegrunnlag",
            "resource:app_ttd_fjordskjema",
            "resource:app_ttd_fjordskjema#read,key=01ab",
            "role:utinn",
            "instance:app_ttd_fjordskjema@urn:altinn:instance-id:51500103/7f150524-34b9-45df-9e77-69b10f4205b4",
            "instance:skd-x@urn:altinn:dialog-id:0191e2a4-7c1b-7b6e-9d6a-2f3a4b5c6d7e#read,key=01ab",
        ] {
            assert_eq!(written.parse::<Entitlement>().unwrap().to_string(), written);
        }
        for nonsense in [
            "",
            "skattegrunnlag",
            "package:",
            "resource: #read",
            "role:",
            "instance:skd-x",
            "instance:@urn:altinn:dialog-id:1",
            "instance:skd-x@51500103/7f150524",
            "urn:x:y",
        ] {
            let error = nonsense.parse::<Entitlement>().unwrap_err();
            assert!(error.is_input(), "{nonsense}");
        }
    }

    fn any_entitlement() -> impl Strategy<Value = Entitlement> {
        let id = "[a-z0-9][a-z0-9_.-]{0,20}";
        let instance =
            "urn:altinn:(instance|correspondence|dialog)-id:[a-z0-9][a-z0-9/:@,=-]{0,30}";
        let rights = proptest::collection::vec("(key=[0-9a-f]{1,8}|[a-z][a-z_:-]{0,8})", 0..4);
        let names = |rights: Vec<String>| -> Vec<RightName> {
            let read = |right: String| match right.strip_prefix("key=") {
                Some(key) => RightName::Key(key.into()),
                None => RightName::from(right),
            };
            rights.into_iter().map(read).collect()
        };
        (0..5, id, instance, rights).prop_map(move |(kind, id, instance, rights)| {
            match (kind, rights.is_empty()) {
                (0, _) => Entitlement::package(id),
                (1, _) => Entitlement::role(id),
                (2, false) => Entitlement::rights(id, names(rights)),
                (2 | 3, _) => Entitlement::resource(id),
                _ => Entitlement::instance_rights(id, instance.parse().unwrap(), names(rights)),
            }
        })
    }

    proptest! {
        #[test]
        fn any_that_is_written_down_is_read_back(entitlement in any_entitlement()) {
            let written = entitlement.to_string();
            prop_assert_eq!(written.parse::<Entitlement>().unwrap(), entitlement);
        }

        #[test]
        fn no_text_is_read_otherwise_than_it_is_written(text in "(package|resource|role|instance|urn):.{0,40}") {
            if let Ok(entitlement) = text.parse::<Entitlement>() {
                prop_assert_eq!(entitlement.to_string().parse::<Entitlement>().unwrap(), entitlement);
            }
        }
    }
}
