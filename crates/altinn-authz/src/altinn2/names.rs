//! From the names that people use to the ids that requests need, and back.

use std::collections::BTreeSet;

use crate::Error;
use crate::altinn2::client::Client;
use crate::altinn2::delegation::{Delegation, Service};
use crate::altinn2::metadata::Metadata;
use crate::altinn2::models::{RoleDefinition, ServiceMetaData};
use crate::altinn2::who::Who;

/// Roles, to look up by code, name or id. Names are in the language that they were read in.
///
/// ```no_run
/// # async fn run(metadata: altinn_authz::altinn2::Metadata) -> Result<(), altinn_authz::Error> {
/// let roles = metadata.roles().await?;
/// let accountant = roles.find("REGNA")?; // or find("Regnskapsmedarbeider"), or find("3")
/// assert_eq!(roles.name(3), accountant.name.as_deref());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: Vec<RoleDefinition>,
}

/// Services, to look up by name or code.
#[derive(Debug, Clone, Default)]
pub struct Services {
    services: Vec<ServiceMetaData>,
}

const FIND_ROLE: &str = "look a role up";
const FIND_SERVICE: &str = "look a service up";
/// How many similar names an error suggests.
const SUGGESTIONS: usize = 5;

impl Roles {
    /// The role with this code, id or name. Case and outer blanks do not matter; a code comes before a
    /// name.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when there is none, or more than one by that
    /// name; similar ones are suggested.
    pub fn find(&self, text: &str) -> Result<&RoleDefinition, Error> {
        let text = text.trim();
        let by_code =
            |role: &&RoleDefinition| role.code.as_deref().is_some_and(|code| is_same(code, text));
        if let Some(role) = self.roles.iter().find(by_code) {
            return Ok(role);
        }
        if let Ok(id) = text.parse()
            && let Some(role) = self.by_id(id)
        {
            return Ok(role);
        }
        let by_name =
            |role: &&RoleDefinition| role.name.as_deref().is_some_and(|name| is_same(name, text));
        let found: Vec<_> = self.roles.iter().filter(by_name).collect();
        match found.as_slice() {
            [role] => Ok(role),
            [] => {
                let names = self.roles.iter().flat_map(|role| {
                    role.code
                        .iter()
                        .chain(&role.name)
                        .map(|name| name.trim().to_owned())
                });
                Err(unknown(FIND_ROLE, "role", text, names))
            }
            several => {
                let ids: Vec<_> = several
                    .iter()
                    .map(|role| match &role.code {
                        Some(code) => format!("{} ({code})", role.id),
                        None => role.id.to_string(),
                    })
                    .collect();
                Err(ambiguous(FIND_ROLE, "role", text, &ids))
            }
        }
    }

    /// The role with this id.
    #[must_use]
    pub fn by_id(&self, id: i64) -> Option<&RoleDefinition> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The name of the role with this id, in the language that the roles were read in.
    #[must_use]
    pub fn name(&self, id: i64) -> Option<&str> {
        self.by_id(id)?.name.as_deref().map(str::trim)
    }

    /// All of them, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = &RoleDefinition> {
        self.roles.iter()
    }

    /// Those of `other` too, where they are not known yet: local roles beside Altinn's.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        for role in other.into().roles {
            if !self.roles.iter().any(|known| known.id == role.id) {
                self.roles.push(role);
            }
        }
        self
    }
}

impl From<Vec<RoleDefinition>> for Roles {
    fn from(roles: Vec<RoleDefinition>) -> Self {
        Self { roles }
    }
}

impl Services {
    /// The service with this name (of the service, the edition or the app) or code. Case and outer
    /// blanks do not matter.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when there is none, or more than one edition by
    /// that name; similar ones are suggested.
    pub fn find(&self, text: &str) -> Result<&ServiceMetaData, Error> {
        let text = text.trim();
        if let Ok(service) = text.parse::<Service>()
            && let Some(found) = self.by_code(&service)
        {
            return Ok(found);
        }
        let is_it = |service: &&ServiceMetaData| {
            names_of(service)
                .into_iter()
                .chain([service.code.as_str()])
                .any(|name| is_same(name, text))
        };
        let found: Vec<_> = self.services.iter().filter(is_it).collect();
        match found.as_slice() {
            [service] => Ok(service),
            [] => {
                let names = self.services.iter().flat_map(|service| {
                    names_of(service)
                        .into_iter()
                        .map(|name| name.trim().to_owned())
                });
                Err(unknown(FIND_SERVICE, "service", text, names))
            }
            several => {
                let codes: Vec<_> = several.iter().map(|service| code_of(service)).collect();
                Err(ambiguous(FIND_SERVICE, "service", text, &codes))
            }
        }
    }

    /// The service with this code and edition.
    #[must_use]
    pub fn by_code(&self, service: &Service) -> Option<&ServiceMetaData> {
        self.services.iter().find(|known| {
            is_same(&known.code, service.code())
                && known
                    .edition_code
                    .as_ref()
                    .is_none_or(|edition| *edition == service.edition())
        })
    }

    /// The name of the service with this code and edition, in the language that they were read in.
    #[must_use]
    pub fn name(&self, service: &Service) -> Option<&str> {
        self.by_code(service)?.name.as_deref().map(str::trim)
    }

    /// All of them, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = &ServiceMetaData> {
        self.services.iter()
    }
}

impl From<Vec<ServiceMetaData>> for Services {
    fn from(services: Vec<ServiceMetaData>) -> Self {
        Self { services }
    }
}

impl Client {
    /// What these words say is to be given, with roles by code or name and services by name:
    /// `role:REGNA`, `role:Regnskapsmedarbeider`, `service:Fjordskjema#Read,Write`. What is written in
    /// ids is not looked up.
    ///
    /// Roles are looked for in Altinn's metadata, in this client's language, and then among the local
    /// ones of `who`. To read many, look them up in [`Roles`] and [`Services`] instead.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a name that is nobody's, with what is
    /// similar; else as Altinn refuses.
    pub async fn delegation(&self, who: impl Into<Who>, text: &str) -> Result<Delegation, Error> {
        let error = match text.parse::<Delegation>() {
            Ok(delegation) => return Ok(delegation),
            Err(error) => error,
        };
        match text.trim().split_once(':') {
            // a number is no name: what is wrong with it has been said
            Some(("role", name)) if !name.trim().is_empty() && !is_number(name) => {
                let roles = self.metadata().roles().await?;
                let role = match roles.find(name) {
                    Ok(role) => role.id.clone(),
                    Err(_) => {
                        let all = roles.and(self.role_definitions(who).await?);
                        all.find(name)?.id.clone()
                    }
                };
                role.as_i64().map(Delegation::role).ok_or(error)
            }
            Some(("service", rest)) => {
                let (name, actions) = match rest.split_once('#') {
                    Some((name, actions)) => (name, Some(actions)),
                    None => (rest, None),
                };
                if name.trim().is_empty() || name.parse::<Service>().is_ok() {
                    return Err(error);
                }
                let services = self.metadata().services_by_name().await?;
                let code = code_of(services.find(name)?);
                match actions {
                    Some(actions) => format!("service:{code}#{actions}").parse(),
                    None => format!("service:{code}").parse(),
                }
            }
            _ => Err(error),
        }
    }

    /// What services and roles there are, in this client's language.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata::with_api(self.api.clone())
    }
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<i64>().is_ok()
}

/// In Norwegian letters too.
fn is_same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn names_of(service: &ServiceMetaData) -> Vec<&str> {
    [&service.name, &service.edition_name, &service.app]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect()
}

/// Code and edition; an app has none and is given in its first.
fn code_of(service: &ServiceMetaData) -> String {
    let edition = service.edition_code.as_ref().and_then(|code| code.as_i64());
    Service::new(&service.code, edition.unwrap_or(1)).to_string()
}

fn unknown(
    operation: &'static str,
    what: &str,
    text: &str,
    names: impl Iterator<Item = String>,
) -> Error {
    let wanted = text.to_lowercase();
    let mut similar: Vec<(usize, String)> = names
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter_map(|name| Some((distance(&wanted, &name.to_lowercase())?, name)))
        .collect();
    similar.sort();
    let similar: Vec<String> = similar
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, name)| name)
        .collect();
    let action = if similar.is_empty() {
        format!("look among the {what}s that metadata lists")
    } else {
        format!("perhaps it is {}", similar.join(", "))
    };
    Error::input_said(
        operation,
        format!("no {what} has the code or the name {text}"),
        action,
    )
}

fn ambiguous(operation: &'static str, what: &str, text: &str, ids: &[String]) -> Error {
    Error::input_said(
        operation,
        format!("{} {what}s are called {text}", ids.len()),
        format!("name one of them by its code or id: {}", ids.join(", ")),
    )
}

/// How many letters must change (Levenshtein), when it is few; 0 when the one is in the other.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    if wanted.chars().count() >= 3 && name.contains(wanted) {
        return Some(0);
    }
    let wanted: Vec<char> = wanted.chars().collect();
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (at, letter) in name.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, expected) in wanted.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    let distance = *row.last()?;
    (distance <= wanted.len() / 3).then_some(distance)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles() -> Roles {
        let roles: Vec<RoleDefinition> = serde_json::from_value(json!([
            {"RoleDefinitionId": 3, "RoleDefinitionCode": "REGNA", "RoleName": "Regnskapsmedarbeider "},
            {"RoleDefinitionId": 4, "RoleDefinitionCode": "UTINN", "RoleName": "Utfyller/Innsender"},
            {"RoleDefinitionId": "5", "RoleDefinitionCode": "TO", "RoleName": "Ærend"},
            {"RoleDefinitionId": 6, "RoleName": "ærend"},
        ]))
        .unwrap();
        roles.into()
    }

    #[test]
    fn a_role_is_found_by_code_name_and_id() {
        let roles = roles();
        for text in ["REGNA", "regna", " regnskapsMEDARBEIDER", "3"] {
            assert_eq!(roles.find(text).unwrap().id, 3, "{text}");
        }
        assert_eq!(roles.name(5), Some("Ærend"));
        assert_eq!(roles.name(9), None);
    }

    #[test]
    fn a_name_that_is_nobodys_or_two_peoples_is_said_with_what_to_do() {
        let roles = roles();
        let said = |text: &str| {
            let error = roles.find(text).unwrap_err();
            assert!(error.is_input());
            format!("{error}: {}", error.diagnosis().remedy().unwrap())
        };
        assert!(
            said("REGNE").contains("perhaps it is REGNA"),
            "{}",
            said("REGNE")
        );
        assert!(said("medarb").contains("Regnskapsmedarbeider"));
        assert!(said("zzzzzz").contains("metadata lists"));
        assert!(said("ÆREND").contains("5 (TO), 6"), "{}", said("ÆREND"));
        assert!(said("").contains("no role"));
    }

    #[test]
    fn local_roles_stand_beside_those_of_altinn() {
        let local: Vec<RoleDefinition> = serde_json::from_value(json!([
            {"RoleDefinitionId": 70123, "RoleName": "Rapportering"},
            {"RoleDefinitionId": 3, "RoleName": "Without a code here"},
        ]))
        .unwrap();
        let all = roles().and(local);
        assert_eq!(all.find("rapportering").unwrap().id, 70123);
        assert_eq!(all.find("3").unwrap().code.as_deref(), Some("REGNA"));
        assert_eq!(all.iter().count(), 5);
    }

    #[test]
    fn a_service_is_found_by_name_app_and_code() {
        let services: Vec<ServiceMetaData> = serde_json::from_value(json!([
            {"ServiceCode": "5123", "ServiceEditionCode": "1", "ServiceName": "Fjordskjema"},
            {"ServiceCode": "5123", "ServiceEditionCode": 2, "ServiceName": "Fjordskjema", "ServiceEditionName": "Fjordskjema 2021"},
            {"ServiceCode": "AppId:64", "AltinnAppId": "ttd/fjord", "ServiceName": "Fjord"},
        ]))
        .unwrap();
        let services = Services::from(services);
        for (text, code) in [
            ("fjordskjema 2021", "5123/2"),
            ("5123/1", "5123/1"),
            ("ttd/fjord", "AppId:64/1"),
            ("appid:64", "AppId:64/1"),
        ] {
            assert_eq!(code_of(services.find(text).unwrap()), code, "{text}");
        }
        let error = services.find("Fjordskjema").unwrap_err();
        let remedy = error.diagnosis().remedy().unwrap().to_string();
        assert!(remedy.contains("5123/1, 5123/2"), "{remedy}");
    }
}
