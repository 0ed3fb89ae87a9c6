//! What of Altinn 2 corresponds to what of Altinn 3: a table with a source for each row.
//!
//! Nothing is guessed. What no row names has no known counterpart, and [`Finding`] says why. Rows of
//! one's own, such as a service owner's word that a resource replaces a service, are added with
//! [`Table::with`], and need a source like the others.
//!
//! ```
//! use altinn_authz::correspondence::{Becomes, Old, Table};
//!
//! let table = Table::standard();
//! let row = table.find(&"role:HADM".parse()?).ok_or("no row")?;
//! let Becomes::Given(what) = row.becomes() else { return Err("it is not given".into()) };
//! assert_eq!(what[0].to_string(), "altinn3:package:hovedadministrator");
//! assert!(row.source().starts_with("https://github.com/Altinn/"));
//! // Altinn spread this role over many packages, and says to choose
//! assert!(table.find(&"role:UTINN".parse::<Old>()?).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::Error;
use crate::rights::Entitlement;

/// Where Altinn's own import of delegated roles says what they become. Of the six for administration:
const ADMIN: &str = "https://github.com/Altinn/altinn-authorization-tmp/blob/9021a1e8050e086306f29e141a67615885a8cea2/src/apps/Altinn.AccessManagement/src/Altinn.AccessMgmt.Core/HostedServices/Services/AltinnAdminRoleSyncService.cs";
/// and of those for clients of accountants and auditors.
const CLIENTS: &str = "https://github.com/Altinn/altinn-authorization-tmp/blob/4fbe338f96eb3fb89b456c1abe55dce01b7cdafb/src/apps/Altinn.AccessManagement/src/Altinn.AccessMgmt.Core/HostedServices/Services/AltinnClientRoleSyncService.cs";
/// "Powers of attorney that were previously part of a role are now distributed across multiple access
/// packages."
const SPREAD: &str = "https://info.altinn.no/en/help/access-managment/access-packages/";
/// Single services are named by their owners' resources; the registry has no general rule for ids.
const REGISTRY: &str =
    "https://docs.altinn.studio/nb/authorization/what-do-you-get/resourceregistry";
/// Roles of registers are Altinn 3's, too, and are read from there.
const REGISTERS: &str = "https://docs.altinn.studio/altinn-studio/reference/configuration/authorization/guidelines_authorization/roles_and_rights";
/// Altinn 3's metadata of roles can be read and not written.
const READ_ONLY: &str = "https://github.com/Altinn/altinn-authorization-tmp";

const CLIENT_WAY: &str = "it is given to the firm's own people and systems by client delegation (klientdelegering), not directly; Altinn turned what was delegated to such packages itself";

/// The rows that are checked in: role code, packages, whether they are given directly, source.
const ROLES: [(&str, &[&str], bool, &str); 11] = [
    ("ADMAI", &["tilgangsstyrer"], true, ADMIN),
    (
        "APIADM",
        &["maskinporten-administrator", "maskinporten-scopes"],
        true,
        ADMIN,
    ),
    (
        "APIADMNUF",
        &["maskinporten-administrator", "maskinporten-scopes-nuf"],
        true,
        ADMIN,
    ),
    ("BOADM", &["konkursbo-tilgangsstyrer"], true, ADMIN),
    ("HADM", &["hovedadministrator"], true, ADMIN),
    ("KLADM", &["klientadministrator"], true, ADMIN),
    ("A0237", &["ansvarlig-revisor"], false, CLIENTS),
    ("A0238", &["revisormedarbeider"], false, CLIENTS),
    (
        "A0239",
        &["regnskapsforer-med-signeringsrettighet"],
        false,
        CLIENTS,
    ),
    (
        "A0240",
        &["regnskapsforer-uten-signeringsrettighet"],
        false,
        CLIENTS,
    ),
    ("A0241", &["regnskapsforer-lonn"], false, CLIENTS),
];

/// What corresponds to what.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    old: Old,
    becomes: Becomes,
    source: String,
}

/// Something of Altinn 2, in terms that are the same in every environment: `role:HADM` (the code; the
/// ids differ between TT02 and production), `service:4936/1`, or one right on it, `service:4936/1#Read`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Old {
    /// A role, by its code.
    Role(String),
    /// A service, by code and edition.
    Service(String),
    /// One right on a service, by code, edition and action.
    Right(String, String),
}

/// What it is on Altinn 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "as", content = "what")]
#[non_exhaustive]
pub enum Becomes {
    /// These, which can be given.
    Given(Vec<Entitlement>),
    /// These, which come about in another way.
    Otherwise {
        /// What it is.
        what: Vec<Entitlement>,
        /// How it comes about.
        how: String,
    },
    /// Nothing, or nothing that is known.
    Nothing {
        /// Why.
        why: String,
    },
}

impl Table {
    /// The rows that are checked in, each from Altinn's own import of what was delegated.
    #[must_use]
    pub fn standard() -> Self {
        let row = |(code, packages, direct, source): &(&str, &[&str], bool, &str)| {
            let what: Vec<Entitlement> = packages
                .iter()
                .map(|package| {
                    let text = format!("package:{package}");
                    Entitlement::of(crate::rights::Generation::Altinn3, &text)
                })
                .collect();
            Row {
                old: Old::Role((*code).to_owned()),
                becomes: match direct {
                    true => Becomes::Given(what),
                    false => Becomes::Otherwise {
                        what,
                        how: CLIENT_WAY.to_owned(),
                    },
                },
                source: (*source).to_owned(),
            }
        };
        Self {
            rows: ROLES.iter().map(row).collect(),
        }
    }

    /// With these rows besides; they come before those that were there.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        let mut all: Vec<Row> = rows.into_iter().collect();
        all.append(&mut self.rows);
        Self { rows: all }
    }

    /// The row for this. A right for which there is none has its service's.
    #[must_use]
    pub fn find(&self, old: &Old) -> Option<&Row> {
        let exact = self.rows.iter().find(|row| row.old == *old);
        match (exact, old) {
            (None, Old::Right(service, _)) => {
                let service = Old::Service(service.clone());
                self.rows.iter().find(|row| row.old == service)
            }
            (exact, _) => exact,
        }
    }

    /// All of them.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Row {
    /// A row of one's own: what gives what, and who says so.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) without a source, without anything that it becomes, or when that is not
    /// Altinn 3's.
    pub fn new(
        old: Old,
        becomes: impl IntoIterator<Item = Entitlement>,
        source: impl Into<String>,
    ) -> Result<Self, Error> {
        let (becomes, source): (Vec<Entitlement>, String) =
            (becomes.into_iter().collect(), source.into());
        let source = source.trim().to_owned();
        if source.is_empty() {
            return Err(unusable(
                "the row has no source",
                "say who says so: an address, or the service owner's letter",
            ));
        }
        let is_new = |one: &Entitlement| one.generation() == crate::rights::Generation::Altinn3;
        if becomes.is_empty() || !becomes.iter().all(is_new) {
            return Err(unusable(
                "the row does not say what it becomes on Altinn 3",
                "write altinn3:package:CODE or altinn3:resource:ID#ACTION",
            ));
        }
        Ok(Self {
            old,
            becomes: Becomes::Given(becomes),
            source,
        })
    }

    /// What it was.
    #[must_use]
    pub fn old(&self) -> &Old {
        &self.old
    }

    /// What it becomes.
    #[must_use]
    pub fn becomes(&self) -> &Becomes {
        &self.becomes
    }

    /// Who says so.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

fn unusable(what: &'static str, action: &'static str) -> Error {
    Error::input("read what corresponds to what", what, action)
}

impl fmt::Display for Old {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(code) => write!(f, "role:{code}"),
            Self::Service(service) => write!(f, "service:{service}"),
            Self::Right(service, action) => write!(f, "service:{service}#{action}"),
        }
    }
}

impl FromStr for Old {
    type Err = Error;

    /// Reads what `Display` writes, in any case; `altinn2:` may stand before it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let text = text.strip_prefix("altinn2:").unwrap_or(text);
        let is_service = |service: &str| {
            service
                .rsplit_once('/')
                .is_some_and(|(code, edition)| !code.is_empty() && edition.parse::<i64>().is_ok())
        };
        let read = match text.split_once(':') {
            Some(("role", code)) if !code.trim().is_empty() && code.parse::<i64>().is_err() => {
                Some(Self::Role(code.trim().to_ascii_uppercase()))
            }
            Some(("service", rest)) => match rest.trim().split_once('#') {
                Some((service, action)) if is_service(service) && !action.is_empty() => {
                    Some(Self::Right(service.to_owned(), action.to_ascii_lowercase()))
                }
                None if is_service(rest.trim()) => Some(Self::Service(rest.trim().to_owned())),
                _ => None,
            },
            _ => None,
        };
        read.ok_or_else(|| {
            unusable(
                "this names nothing of Altinn 2",
                "write role:CODE (the code, not the number, which differs between environments), service:CODE/EDITION or service:CODE/EDITION#ACTION",
            )
        })
    }
}

impl Serialize for Old {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that was held on Altinn 2, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    was: String,
    name: Option<String>,
    becomes: Becomes,
    source: Option<String>,
}

impl Finding {
    /// What was held, such as `role:HADM` or `service:4936/1#Access`.
    #[must_use]
    pub fn was(&self) -> &str {
        &self.was
    }

    /// What people called it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What it becomes, or why there is nothing to give.
    #[must_use]
    pub fn becomes(&self) -> &Becomes {
        &self.becomes
    }

    /// Who says so; `None` where the saved listing itself says it.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    fn nothing(
        was: String,
        name: Option<String>,
        why: impl Into<String>,
        source: Option<&str>,
    ) -> Self {
        Self {
            was,
            name,
            becomes: Becomes::Nothing { why: why.into() },
            source: source.map(str::to_owned),
        }
    }

    fn from_row(was: String, name: Option<String>, row: &Row) -> Self {
        Self {
            was,
            name,
            becomes: row.becomes.clone(),
            source: Some(row.source.clone()),
        }
    }
}

#[cfg(feature = "altinn2")]
mod of_altinn2 {
    use super::{Finding, Old, READ_ONLY, REGISTERS, REGISTRY, SPREAD, Table};
    use crate::altinn2::models::{Right, RightHolder, RightSource, Role, RoleType};
    use crate::wire::OpenEnum as _;

    impl Table {
        /// What became of everything that one held on Altinn 2, as a saved listing has it
        /// ([`altinn2::read_right_holders`](crate::altinn2::read_right_holders)).
        #[must_use]
        pub fn findings(&self, holder: &RightHolder) -> Vec<Finding> {
            let roles = holder.roles.iter().flat_map(|roles| roles.items());
            let roles = roles
                // role 0 only stands for the single rights
                .filter(|role| role.role_definition_id.as_i64() != Some(0))
                .map(|role| self.role(role));
            let rights = holder.rights.iter().flat_map(|rights| rights.items());
            roles.chain(rights.map(|right| self.right(right))).collect()
        }

        fn role(&self, role: &Role) -> Finding {
            let code = role.code.as_deref().map(str::trim).unwrap_or_default();
            let was = match code {
                "" => format!("role:{}", role.role_definition_id),
                code => format!("role:{code}"),
            };
            let name = role.name.as_deref().map(|name| name.trim().to_owned());
            let nothing =
                |why: &str, source| Finding::nothing(was.clone(), name.clone(), why, source);
            match (&role.role_type, &role.id) {
                (Some(RoleType::External), _) => {
                    return nothing(
                        "a role of a register: Altinn 3 reads it from there, nothing is to be given",
                        Some(REGISTERS),
                    );
                }
                (_, None) => {
                    return nothing(
                        "inherited, not given directly: it goes with what it is inherited from",
                        None,
                    );
                }
                (Some(RoleType::Local), _) => {
                    return nothing(
                        "a role that the organisation made for itself: Altinn 3 has none; give the packages and resources that its rights were for",
                        Some(READ_ONLY),
                    );
                }
                _ => {}
            }
            let row = match code.is_empty() {
                true => None,
                false => self.find(&Old::Role(code.to_ascii_uppercase())),
            };
            match row {
                Some(row) => Finding::from_row(was.clone(), name.clone(), row),
                None if code.is_empty() => nothing(
                    "the listing has no code for this role (releases before 22.3), and its number differs between environments",
                    None,
                ),
                None => nothing(
                    "what was in the role is spread over several access packages: choose those that the receiver needs (altinn rights check shows what can be given)",
                    Some(SPREAD),
                ),
            }
        }

        fn right(&self, right: &Right) -> Finding {
            let action = right.action.as_ref().map(ToString::to_string);
            let edition = right.service_edition_code.as_ref();
            let service = right
                .service_code
                .as_deref()
                .zip(edition.and_then(|edition| edition.as_i64()))
                .map(|(code, edition)| format!("{}/{edition}", code.trim()));
            let was = match (&service, &action) {
                (Some(service), Some(action)) => format!("service:{service}#{action}"),
                (Some(service), None) => format!("service:{service}"),
                (None, _) => format!("right:{}", right.id),
            };
            let nothing = |why: String, source| Finding::nothing(was.clone(), None, why, source);
            match &right.source {
                Some(RightSource::DirectlyDelegated) => {}
                Some(source) => {
                    return nothing(
                        format!(
                            "not given directly ({}): it goes with what it comes from",
                            source.as_wire()
                        ),
                        None,
                    );
                }
                None => {
                    return nothing(
                        "the listing does not say that it was given directly".to_owned(),
                        None,
                    );
                }
            }
            let Some(service) = service else {
                return nothing(
                    "a right to a part of Altinn itself or to a single element, not to a service"
                        .to_owned(),
                    None,
                );
            };
            let old = match &action {
                Some(action) => Old::Right(service, action.to_ascii_lowercase()),
                None => Old::Service(service),
            };
            match self.find(&old) {
                Some(row) => Finding::from_row(was.clone(), None, row),
                None => nothing(
                    "no row says which resource replaces the service: its owner knows; add the row to a table of your own (--table)".to_owned(),
                    Some(REGISTRY),
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_source_and_is_there_once() {
        let table = Table::standard();
        for row in table.rows() {
            assert!(row.source().starts_with("https://"), "{row:?}");
            assert_eq!(table.rows().iter().filter(|r| r.old == row.old).count(), 1);
            assert_eq!(row.old.to_string().parse::<Old>().unwrap(), row.old);
            assert_eq!(table.find(&row.old), Some(row));
        }
    }

    #[cfg(feature = "altinn3")]
    #[test]
    fn what_it_becomes_is_read_by_altinn_3() {
        for row in Table::standard().rows() {
            let (Becomes::Given(what) | Becomes::Otherwise { what, .. }) = row.becomes() else {
                panic!("{row:?}");
            };
            assert!(!what.is_empty());
            for one in what {
                let typed = crate::altinn3::Entitlement::try_from(one).unwrap();
                assert_eq!(Entitlement::from(typed), *one);
            }
        }
    }

    #[test]
    fn a_right_has_its_services_row_unless_it_has_its_own() {
        let row = |old: &str, new: &str| {
            let new: Entitlement = new.parse().unwrap();
            Row::new(old.parse().unwrap(), [new], "the owner's letter").unwrap()
        };
        let table = Table::standard().with([
            row("service:4936/1", "altinn3:resource:skf-postlogg#read"),
            row(
                "service:4936/1#Write",
                "altinn3:resource:skf-postlogg#write",
            ),
        ]);
        let found = |old: &str| {
            let row = table.find(&old.parse().unwrap())?;
            match row.becomes() {
                Becomes::Given(what) => Some(what[0].to_string()),
                _ => None,
            }
        };
        let read = Some("altinn3:resource:skf-postlogg#read".to_owned());
        assert_eq!(found("altinn2:service:4936/1#Access"), read);
        assert_eq!(
            found("service:4936/1#wRITE").as_deref(),
            Some("altinn3:resource:skf-postlogg#write")
        );
        assert_eq!(found("service:4936/2"), None);
    }

    #[test]
    fn a_row_without_a_source_or_an_end_is_refused() {
        let package: Entitlement = "altinn3:package:skattegrunnlag".parse().unwrap();
        let old: Old = "role:UTINN".parse().unwrap();
        assert!(Row::new(old.clone(), [package], "  ").is_err());
        assert!(Row::new(old.clone(), [], "a letter").is_err());
        let role: Entitlement = "altinn2:role:11".parse().unwrap();
        assert!(Row::new(old, [role], "a letter").is_err());
        for nonsense in [
            "",
            "role:",
            "role:11",
            "service:4936",
            "service:/1",
            "service:4936/1#",
            "app:x",
        ] {
            assert!(
                nonsense.parse::<Old>().unwrap_err().is_input(),
                "{nonsense}"
            );
        }
    }
}
