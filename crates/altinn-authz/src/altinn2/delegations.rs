//! What others hold from a party: the single operations.

use http::Method;
use http_transport::{Diagnosis, Remedy, Who as Whose};
use serde::Serialize;

use crate::altinn2::client::{Client, holder};
use crate::altinn2::delegation::{Delegation, Service, app_parts, is_rule};
use crate::altinn2::models::{
    AppRight, Reportee, Right, RightAction, RightHolder, RightHolderId, RightId, Role, RoleId,
    RuleId,
};
use crate::altinn2::odata::{Filter, Query};
use crate::altinn2::pages::Pages;
use crate::altinn2::problem::Removed;
use crate::altinn2::receiver::{Inner, Receiver};
use crate::altinn2::who::Who;
use crate::{Error, ErrorKind};

impl Client {
    /// Who holds something from a party (rettighetshavere), to the end of the list; without roles
    /// and rights. `GET {who}/authorization/Delegations`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses: 403 to those who do not manage the party's access.
    pub async fn delegations(&self, who: impl Into<Who>) -> Result<Vec<RightHolder>, Error> {
        self.delegations_with(who, &DelegationsQuery::new()).await
    }

    /// As [`delegations`](Self::delegations), fewer of them.
    ///
    /// # Errors
    ///
    /// As [`delegations`](Self::delegations).
    pub async fn delegations_with(
        &self,
        who: impl Into<Who>,
        query: &DelegationsQuery,
    ) -> Result<Vec<RightHolder>, Error> {
        self.delegations_pages(who, query)?.all().await
    }

    /// As [`delegations_with`](Self::delegations_with), page by page.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a party that cannot stand in a path.
    pub fn delegations_pages(
        &self,
        who: impl Into<Who>,
        query: &DelegationsQuery,
    ) -> Result<Pages<RightHolder>, Error> {
        const OPERATION: &str = "list who holds rights";
        let mut address = self.delegations_of(OPERATION, &who.into())?;
        if let Some(service) = &query.service {
            address = address
                .query("serviceCode", service.code())
                .query("serviceEdition", service.edition());
        }
        address = address.query_if("app", query.app.as_deref());
        let query = match &query.filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        Ok(self.api.pages(OPERATION, address, &query))
    }

    /// Who one that holds something is, by its id. `GET {who}/authorization/Reportee/{receiverId}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn reportee_of(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
    ) -> Result<Reportee, Error> {
        const OPERATION: &str = "read who holds rights";
        let address = self
            .authorization_of(OPERATION, &who.into())?
            .segment("Reportee")
            .segment(holder(OPERATION, receiver)?);
        self.api.get(OPERATION, address).await
    }

    /// One who holds something, with roles and rights. `GET …/Delegations/{receiverId}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn right_holder(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
    ) -> Result<RightHolder, Error> {
        const OPERATION: &str = "read one who holds rights";
        let address = self.delegations_to(OPERATION, &who.into(), receiver)?;
        self.api.get(OPERATION, address).await
    }

    /// Everyone who holds something, with roles and rights: one call for the list, and one for each.
    ///
    /// # Errors
    ///
    /// As [`delegations`](Self::delegations) and [`right_holder`](Self::right_holder).
    pub async fn held(&self, who: impl Into<Who>) -> Result<Vec<RightHolder>, Error> {
        let who = who.into();
        let mut holders = Vec::new();
        for holder in self.delegations(&who).await? {
            holders.push(self.right_holder(&who, &holder.id).await?);
        }
        Ok(holders)
    }

    /// The roles that one holds, inherited ones too. `GET …/Delegations/{receiverId}/roles`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn roles(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
    ) -> Result<Vec<Role>, Error> {
        const OPERATION: &str = "list the roles that are held";
        let address = self
            .delegations_to(OPERATION, &who.into(), receiver)?
            .segment("roles");
        self.api.list(OPERATION, address, None).await
    }

    /// The single rights that one holds, those that come from roles included unless they are
    /// filtered out. `GET …/Delegations/{receiverId}/rights`.
    ///
    /// ```
    /// # use altinn_authz::altinn2::{odata::right, models::RightSource};
    /// let not_from_roles = right::SOURCE.ne(RightSource::Role);
    /// ```
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn rights(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        filter: Option<&Filter<Right>>,
    ) -> Result<Vec<Right>, Error> {
        const OPERATION: &str = "list the rights that are held";
        let address = self
            .delegations_to(OPERATION, &who.into(), receiver)?
            .segment("rights");
        self.api.list(OPERATION, address, filter).await
    }

    /// As [`rights`](Self::rights), page by page.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what cannot stand in a path.
    pub fn rights_pages(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        query: &Query<Right>,
    ) -> Result<Pages<Right>, Error> {
        const OPERATION: &str = "list the rights that are held";
        let address = self
            .delegations_to(OPERATION, &who.into(), receiver)?
            .segment("rights");
        Ok(self.api.pages(OPERATION, address, query))
    }

    /// The rights on apps of Altinn Studio. `GET …/Delegations/{receiverId}/apprights`, releases
    /// 22.3 to 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn app_rights(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        filter: Option<&Filter<AppRight>>,
    ) -> Result<Vec<AppRight>, Error> {
        const OPERATION: &str = "list the rights on apps that are held";
        let address = self
            .delegations_to(OPERATION, &who.into(), receiver)?
            .segment("apprights");
        APP_RIGHTS_GONE.told(self.api.list(OPERATION, address, filter).await)
    }

    /// Gives, in one request, without looking before or after: [`grant`](Self::grant) does.
    /// `POST {who}/authorization/Delegations`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses. [`InvalidInput`](crate::ErrorKind::InvalidInput) for a receiver that is
    /// named by id and is a person: Altinn masks their numbers.
    pub async fn delegate(
        &self,
        who: impl Into<Who>,
        receiver: impl Into<Receiver>,
        what: impl IntoIterator<Item = Delegation>,
    ) -> Result<(), Error> {
        const OPERATION: &str = "give rights";
        let (who, receiver) = (who.into(), receiver.into());
        let mut body = NewRightHolder::default();
        for delegation in what {
            delegation.check(OPERATION)?;
            body.embedded.add(OPERATION, delegation)?;
        }
        if body.embedded.is_empty() {
            return Err(nothing_named(OPERATION));
        }
        let receiver = match &receiver.0 {
            Inner::Id(id) => identified(OPERATION, &self.right_holder(&who, id).await?)?,
            Inner::KnownOrganisation(_) => {
                let found = self.holder(&who, &receiver).await?;
                identified(
                    OPERATION,
                    &found.ok_or_else(|| not_on_the_list(OPERATION, &receiver))?,
                )?
            }
            _ => receiver,
        };
        body.name(OPERATION, receiver)?;
        let address = self.api.spoken(self.delegations_of(OPERATION, &who)?);
        let given = self
            .api
            .send(OPERATION, Method::POST, &address, Some(&body))
            .await
            .map(drop);
        if body.embedded.apprights.is_empty() {
            given
        } else {
            APP_RIGHTS_GONE.told(given)
        }
    }

    /// Takes a role back that was given directly. `DELETE …/Delegations/{receiverId}/roles/{roleId}`.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::ErrorKind::Forbidden) for roles of the company register and inherited
    /// ones; else as Altinn refuses.
    pub async fn remove_role(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        role: &RoleId,
    ) -> Result<(), Error> {
        self.remove(
            "take a role back",
            &who.into(),
            receiver,
            "roles",
            role.as_str(),
        )
        .await
    }

    /// Takes a right back that was given directly.
    /// `DELETE …/Delegations/{receiverId}/rights/{rightId}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn remove_right(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        right: &RightId,
    ) -> Result<(), Error> {
        self.remove(
            "take a right back",
            &who.into(),
            receiver,
            "rights",
            right.as_str(),
        )
        .await
    }

    /// Takes a right on an app back that was given directly.
    /// `DELETE …/Delegations/{receiverId}/apprights/{org}/{app}/{ruleGuid}`, until release 23.5:
    /// Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn remove_app_right(
        &self,
        who: impl Into<Who>,
        receiver: &RightHolderId,
        app: &str,
        rule: &RuleId,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take a right on an app back";
        let (owner, app) = app_right(OPERATION, app, rule)?;
        let who = who.into();
        let address = if self.removes_by_query {
            self.delegations_of(OPERATION, &who)?
                .query("receiverId", holder(OPERATION, receiver)?)
                .query("org", owner)
                .query("app", app)
                .query("ruleGuid", rule)
        } else {
            self.delegations_to(OPERATION, &who, receiver)?
                .segment("apprights")
                .segment(owner)
                .segment(app)
                .segment(rule)
        };
        let address = self.api.spoken(address);
        APP_RIGHTS_GONE.told(self.api.change(OPERATION, Method::DELETE, &address).await)
    }

    async fn remove(
        &self,
        operation: &'static str,
        who: &Who,
        receiver: &RightHolderId,
        what: &str,
        id: &str,
    ) -> Result<(), Error> {
        let id = number(operation, id)?;
        let address = if self.removes_by_query {
            let name = if what == "roles" {
                "roleId"
            } else {
                "authzRuleId"
            };
            self.delegations_of(operation, who)?
                .query("receiverId", holder(operation, receiver)?)
                .query(name, id)
        } else {
            self.delegations_to(operation, who, receiver)?
                .segment(what)
                .segment(id)
        };
        let address = self.api.spoken(address);
        self.api.change(operation, Method::DELETE, &address).await
    }
}

/// What became of rights on apps.
pub(crate) const APP_RIGHTS_GONE: Removed = Removed {
    release: "23.5",
    instead: "give and take rights on apps through Altinn 3's resources (--api altinn3)",
};

/// The id of a role or of a right, if it is one.
pub(crate) fn number<'i>(operation: &'static str, id: &'i str) -> Result<&'i str, Error> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::input(
            operation,
            "this is not the id of anything that is held",
            "use the RoleId or RightID of an answer, a whole number",
        ));
    }
    Ok(id)
}

/// Service owner and name of an app on which a right was given directly.
pub(crate) fn app_right<'a>(
    operation: &'static str,
    app: &'a str,
    rule: &RuleId,
) -> Result<(&'a str, &'a str), Error> {
    app_parts(app).filter(|_| is_rule(rule)).ok_or_else(|| {
        Error::input(
            operation,
            "this names no right on an app",
            "give the app as org/app, and the RuleGuid of an answer; a right from a role has none",
        )
    })
}

pub(crate) fn nothing_named(operation: &'static str) -> Error {
    Error::input(
        operation,
        "nothing was named",
        "name a role or rights on a service",
    )
}

/// One who is looked for among those who hold something, and is not there.
pub(crate) fn not_on_the_list(operation: &'static str, receiver: &Receiver) -> Error {
    let summary = format!("{receiver} is not among those who hold something, by that name");
    let action = match receiver.0 {
        Inner::KnownOrganisation(_) => {
            "give the organisation's registered name too, beside the number"
        }
        _ => "name the receiver by id (r or u, and digits), which altinn rights list shows",
    };
    let diagnosis = Diagnosis::new(operation)
        .with_message(&summary)
        .with_remedy(Remedy::new(Whose::You, action));
    Error::new(ErrorKind::UnknownParty, summary, diagnosis)
}

/// How one who holds something already is named when something is given.
fn identified(operation: &'static str, holder: &RightHolder) -> Result<Receiver, Error> {
    let organisation = holder
        .organisation_number
        .as_ref()
        .and_then(|number| number.checked().ok());
    match (organisation, &holder.user_name, &holder.name) {
        (Some(number), Some(user_name), _) => Ok(Receiver::enterprise_user(user_name, number)),
        (Some(number), None, Some(name)) => Ok(Receiver::organisation(number, name)),
        _ => Err(Error::input(
            operation,
            "Altinn does not give away the number of this one, which it wants when something is given",
            "name the receiver by number and last name (altinn rights grant --to NUMBER --last-name NAME)",
        )),
    }
}

/// The body of a `POST`.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewRightHolder {
    #[serde(
        rename = "SocialSecurityNumber",
        skip_serializing_if = "Option::is_none"
    )]
    person_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(rename = "OrganizationNumber", skip_serializing_if = "Option::is_none")]
    organisation_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "_embedded")]
    embedded: NewDelegations,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewDelegations {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<NewRole>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rights: Vec<NewRight>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    apprights: Vec<NewAppRight>,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewAppRight {
    rule_guid: RuleId,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewRole {
    role_definition_id: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewRight {
    pub(crate) service_code: String,
    pub(crate) service_edition_code: i64,
    pub(crate) action: RightAction,
}

impl NewDelegations {
    fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.rights.is_empty() && self.apprights.is_empty()
    }

    fn add(&mut self, operation: &'static str, delegation: Delegation) -> Result<(), Error> {
        match delegation {
            Delegation::Role(role_definition_id) => {
                let role = NewRole { role_definition_id };
                if !self.roles.contains(&role) {
                    self.roles.push(role);
                }
            }
            Delegation::Service(_) => return Err(actions_needed(operation)),
            Delegation::AppRight { rule, .. } => {
                let right = NewAppRight { rule_guid: rule };
                if !self.apprights.contains(&right) {
                    self.apprights.push(right);
                }
            }
            Delegation::Rights { service, actions } => {
                for action in actions {
                    let right = NewRight {
                        service_code: service.code().to_owned(),
                        service_edition_code: service.edition(),
                        action,
                    };
                    if !self.rights.contains(&right) {
                        self.rights.push(right);
                    }
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn actions_needed(operation: &'static str) -> Error {
    Error::input(
        operation,
        "to give rights on a service, its actions must be named",
        "write service:CODE/EDITION#ACTION,ACTION, usually Read,Write,ArchiveRead,ArchiveDelete (and Sign), or Access",
    )
}

impl NewRightHolder {
    fn name(&mut self, operation: &'static str, receiver: Receiver) -> Result<(), Error> {
        match receiver.0 {
            // read before: see `delegate`
            Inner::Id(_) | Inner::KnownOrganisation(_) => {}
            Inner::Person { number, last_name } => {
                self.person_number = Some(number.expose().to_owned());
                self.last_name = Some(last_name);
            }
            Inner::Organisation { number, name } => {
                self.organisation_number = Some(number.as_str().to_owned());
                self.name = Some(name);
            }
            Inner::User {
                user_name,
                last_name,
            } => {
                self.user_name = Some(user_name);
                self.last_name = Some(last_name);
            }
            Inner::EnterpriseUser {
                user_name,
                organisation,
            } => {
                self.user_name = Some(user_name);
                self.organisation_number = Some(organisation.as_str().to_owned());
            }
        }
        let is_empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
        if [&self.user_name, &self.last_name, &self.name]
            .into_iter()
            .any(is_empty)
        {
            return Err(Error::input(
                operation,
                "the receiver's name is empty",
                "give a person's last name, an organisation's registered name, or the user name",
            ));
        }
        Ok(())
    }
}

/// Which of those who hold something are wanted.
#[derive(Debug, Clone, Default)]
pub struct DelegationsQuery {
    filter: Option<Filter<RightHolder>>,
    service: Option<Service>,
    app: Option<String>,
}

impl DelegationsQuery {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that fit this filter.
    #[must_use]
    pub fn filter(mut self, filter: Filter<RightHolder>) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Those with rights on this service. (Not together with [`on_app`](Self::on_app).)
    #[must_use]
    pub fn with_rights_on(mut self, service: Service) -> Self {
        (self.service, self.app) = (Some(service), None);
        self
    }

    /// Those with rights on this app (`org/app`).
    #[must_use]
    pub fn on_app(mut self, app: impl Into<String>) -> Self {
        (self.service, self.app) = (None, Some(app.into()));
        self
    }
}
