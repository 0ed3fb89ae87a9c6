//! The roles there are for a party, and those that it made for itself.

use http::Method;
use http::header::LOCATION;
use serde::Serialize;

use crate::Error;
use crate::altinn2::client::Client;
use crate::altinn2::delegation::Delegation;
use crate::altinn2::delegations::{NewRight, actions_needed};
use crate::altinn2::models::{RightAction, RoleDefinition};
use crate::altinn2::problem::Removed;
use crate::altinn2::who::Who;

const LOCAL_ROLES_GONE: Removed = Removed {
    release: "23.5",
    instead: "change the party's local roles in Altinn's web pages, or give single rights in their place",
};

impl Client {
    /// The roles there are for a party: Altinn's, those of registers, and its own (lokale roller).
    /// `GET {who}/authorization/RoleDefinitions`. It has no codes; [`Metadata`](crate::altinn2::Metadata)
    /// does, but not the local ones.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definitions(
        &self,
        who: impl Into<Who>,
    ) -> Result<Vec<RoleDefinition>, Error> {
        const OPERATION: &str = "list the roles there are";
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = address.segment("roledefinitions");
        self.api.list(OPERATION, address, None).await
    }

    /// One of them, with the rights that are in it. `GET {who}/authorization/RoleDefinitions/{id}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definition(
        &self,
        who: impl Into<Who>,
        id: i64,
    ) -> Result<RoleDefinition, Error> {
        const OPERATION: &str = "read a role";
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = address.segment("roledefinitions").segment(id);
        self.api.get(OPERATION, address).await
    }

    /// Makes a local role (lokal rolle); its id, when the answer says it.
    /// `POST {who}/authorization/RoleDefinitions`, until release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn create_role(
        &self,
        who: impl Into<Who>,
        role: &NewRole,
    ) -> Result<Option<i64>, Error> {
        const OPERATION: &str = "make a local role";
        let body = role.body(OPERATION)?;
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = self.api.spoken(address.segment("RoleDefinitions"));
        let answer = self
            .api
            .send(OPERATION, Method::POST, &address, Some(&body))
            .await;
        let answer = LOCAL_ROLES_GONE.told(answer)?;
        // the address may have any host, so it is read and never followed
        let location = answer.headers().get(LOCATION);
        Ok(location
            .and_then(|location| location.to_str().ok())
            .and_then(|location| location.split(['?', '#']).next())
            .and_then(|path| path.trim_end_matches('/').rsplit('/').next())
            .and_then(|id| id.parse().ok()))
    }

    /// Changes a local role: its name, description and rights are replaced.
    /// `PUT {who}/authorization/RoleDefinitions/{id}`, until release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::ErrorKind::Forbidden) when one does not hold all its rights oneself.
    pub async fn update_role(
        &self,
        who: impl Into<Who>,
        id: i64,
        role: &NewRole,
    ) -> Result<(), Error> {
        const OPERATION: &str = "change a local role";
        let body = role.body(OPERATION)?;
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = self
            .api
            .spoken(address.segment("RoleDefinitions").segment(id));
        let answer = self
            .api
            .send(OPERATION, Method::PUT, &address, Some(&body))
            .await;
        LOCAL_ROLES_GONE.told(answer.map(drop))
    }

    /// Removes a local role. `DELETE {who}/authorization/RoleDefinitions/{id}`, until release 23.5:
    /// Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn delete_role(&self, who: impl Into<Who>, id: i64) -> Result<(), Error> {
        const OPERATION: &str = "remove a local role";
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = self
            .api
            .spoken(address.segment("RoleDefinitions").segment(id));
        LOCAL_ROLES_GONE.told(self.api.change(OPERATION, Method::DELETE, &address).await)
    }
}

/// A local role (lokal rolle) as it is to be.
///
/// ```
/// use altinn_authz::altinn2::NewRole;
///
/// let reporting = NewRole::new("Rapportering", "Alt som skal rapporteres")
///     .with(["service:5123/1#Read,Write".parse()?]);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRole {
    name: String,
    description: String,
    rights: Vec<Delegation>,
}

impl NewRole {
    /// A role without rights yet.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            rights: Vec::new(),
        }
    }

    /// With these rights on services, which one must hold oneself.
    #[must_use]
    pub fn with(mut self, rights: impl IntoIterator<Item = Delegation>) -> Self {
        self.rights.extend(rights);
        self
    }

    fn body(&self, operation: &'static str) -> Result<Body<'_>, Error> {
        if self.name.trim().is_empty() {
            return Err(Error::input(
                operation,
                "the role has no name",
                "give the role a name",
            ));
        }
        let mut rights: Vec<NewRight> = Vec::new();
        for right in &self.rights {
            right.check(operation)?;
            let Delegation::Rights { service, actions } = right else {
                return Err(match right {
                    Delegation::Service(_) => actions_needed(operation),
                    _ => Error::input(
                        operation,
                        "a role holds rights on services only",
                        "name the rights: service:CODE/EDITION#ACTION,ACTION",
                    ),
                });
            };
            for action in actions {
                let right = new_right(service.code(), service.edition(), action);
                if !rights.contains(&right) {
                    rights.push(right);
                }
            }
        }
        Ok(Body {
            name: &self.name,
            description: &self.description,
            embedded: Embedded { rights },
        })
    }
}

fn new_right(code: &str, edition: i64, action: &RightAction) -> NewRight {
    NewRight {
        service_code: code.to_owned(),
        service_edition_code: edition,
        action: action.clone(),
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "RoleName")]
    name: &'a str,
    #[serde(rename = "RoleDescription")]
    description: &'a str,
    #[serde(rename = "_embedded")]
    embedded: Embedded,
}

#[derive(Serialize)]
struct Embedded {
    #[serde(rename = "Rights")]
    rights: Vec<NewRight>,
}
