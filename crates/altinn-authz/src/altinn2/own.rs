//! What one holds oneself, for a party.

use http::Method;

use crate::Error;
use crate::altinn2::client::Client;
use crate::altinn2::delegations::{APP_RIGHTS_GONE, app_right, number};
use crate::altinn2::models::{AppRight, Right, RightId, Role, RoleId, RuleId};
use crate::altinn2::odata::{Filter, Query};
use crate::altinn2::pages::Pages;
use crate::altinn2::problem::Removed;
use crate::altinn2::who::Who;

const GIVING_UP_GONE: Removed = Removed {
    release: "23.5",
    instead: "ask the access manager (tilgangsstyrer) of the party to take it back, or give it up in Altinn's web pages",
};

impl Client {
    /// The roles that one holds for a party. `GET {who}/authorization/roles`.
    ///
    /// What *others* hold from the party is [`roles`](Self::roles).
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn own_roles(
        &self,
        who: impl Into<Who>,
        filter: Option<&Filter<Role>>,
    ) -> Result<Vec<Role>, Error> {
        const OPERATION: &str = "list one's own roles";
        let address = self.authorization_of(OPERATION, &who.into())?;
        self.api
            .list(OPERATION, address.segment("roles"), filter)
            .await
    }

    /// The rights that one holds for a party, to the end of the list.
    /// `GET {who}/authorization/rights`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn own_rights(
        &self,
        who: impl Into<Who>,
        filter: Option<&Filter<Right>>,
    ) -> Result<Vec<Right>, Error> {
        let query = match filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        self.own_rights_pages(who, &query)?.all().await
    }

    /// As [`own_rights`](Self::own_rights), page by page: there can be tens of thousands.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a party that cannot stand in a path.
    pub fn own_rights_pages(
        &self,
        who: impl Into<Who>,
        query: &Query<Right>,
    ) -> Result<Pages<Right>, Error> {
        const OPERATION: &str = "list one's own rights";
        let address = self.authorization_of(OPERATION, &who.into())?;
        Ok(self.api.pages(OPERATION, address.segment("rights"), query))
    }

    /// The rights on apps that one holds for a party. `GET {who}/authorization/apprights`, releases
    /// 22.3 to 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn own_app_rights(
        &self,
        who: impl Into<Who>,
        filter: Option<&Filter<AppRight>>,
    ) -> Result<Vec<AppRight>, Error> {
        const OPERATION: &str = "list one's own rights on apps";
        let address = self.authorization_of(OPERATION, &who.into())?;
        let address = address.segment("apprights");
        APP_RIGHTS_GONE.told(self.api.list(OPERATION, address, filter).await)
    }

    /// Gives a role up that one holds for a party. `DELETE {who}/authorization/roles/{roleId}`, until
    /// release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn give_up_role(&self, who: impl Into<Who>, role: &RoleId) -> Result<(), Error> {
        const OPERATION: &str = "give a role up";
        let address = self
            .authorization_of(OPERATION, &who.into())?
            .segment("roles")
            .segment(number(OPERATION, role.as_str())?);
        let address = self.api.spoken(address);
        GIVING_UP_GONE.told(self.api.change(OPERATION, Method::DELETE, &address).await)
    }

    /// Gives a right up that one holds for a party. `DELETE {who}/authorization/rights/{rightId}`,
    /// until release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn give_up_right(&self, who: impl Into<Who>, right: &RightId) -> Result<(), Error> {
        const OPERATION: &str = "give a right up";
        let address = self
            .authorization_of(OPERATION, &who.into())?
            .segment("rights")
            .segment(number(OPERATION, right.as_str())?);
        let address = self.api.spoken(address);
        GIVING_UP_GONE.told(self.api.change(OPERATION, Method::DELETE, &address).await)
    }

    /// Gives a right on an app (`org/app`) up that one holds for a party.
    /// `DELETE {who}/authorization/apprights/{org}/{app}/{ruleGuid}`, until release 23.5: Altinn took
    /// it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn give_up_app_right(
        &self,
        who: impl Into<Who>,
        app: &str,
        rule: &RuleId,
    ) -> Result<(), Error> {
        const OPERATION: &str = "give a right on an app up";
        let (owner, app) = app_right(OPERATION, app, rule)?;
        let address = self
            .authorization_of(OPERATION, &who.into())?
            .segment("apprights")
            .segment(owner)
            .segment(app)
            .segment(rule);
        let address = self.api.spoken(address);
        GIVING_UP_GONE.told(self.api.change(OPERATION, Method::DELETE, &address).await)
    }
}
