//! What a service owner sees: who may do what, and how organisations are reached.

use std::fmt;

use altinn_auth::{Organisation, Session};
use norwegian_ids::{OrganisationNumber, PersonNumber};

use crate::address::Address;
use crate::altinn2::api::Api;
use crate::altinn2::delegation::Service;
use crate::altinn2::models::{
    OfficialContact, Organization, PersonalContact, Reportee, ReporteeId, Right, Role,
    RoleDefinition, SoAppRights, SoRights,
};
use crate::altinn2::odata::{Filter, Query};
use crate::altinn2::pages::{Listed, Pages};
use crate::altinn2::problem::Removed;
use crate::altinn2::reportees::{Identity, Number, ReporteesQuery};
use crate::altinn2::who::is_party_id;
use crate::{Caller, Error, Language};

/// Altinn 2 as a service owner (tjenesteeier) sees it: an organisation that has services there, and
/// may ask about their users. Results are limited to its own services.
///
/// The number of the person that is asked about stands in the address, as Altinn wants it here; errors
/// and logs mask it.
///
/// ```no_run
/// use altinn_authz::altinn2::{Service, ServiceOwner, scopes};
///
/// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
/// let us = altinn.organisation().scopes([scopes::SERVICE_OWNER_RIGHTS]);
/// let owner = ServiceOwner::new(&us);
/// let anna = "26899299344".parse()?;
/// let company = "310702641".parse()?;
/// for right in owner.rights(&anna, &company, None).await?.rights {
///     println!("{:?} on {:?}", right.action, right.service_code);
/// }
/// # Ok(()) }
/// ```
///
/// A user's session does not compile here:
///
/// ```compile_fail
/// fn wrong(session: altinn_auth::Session<altinn_auth::EnterpriseUser>) {
///     altinn_authz::altinn2::ServiceOwner::new(&session);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ServiceOwner {
    api: Api,
}

const APP_RIGHTS_GONE: Removed = Removed {
    release: "23.5",
    instead: "ask Altinn 3's authorization (PDP) about rights on apps",
};
const ROLES_GONE: Removed = Removed {
    release: "23.5",
    instead: "read the roles from metadata: Metadata::role_definitions",
};
/// Lists of organisations have at most so many (wire facts, Altinn 2 §4).
const ORGANISATIONS: usize = 1_000;

impl ServiceOwner {
    /// As the organisation whose session it is.
    #[must_use]
    pub fn new(session: &Session<Organisation>) -> Self {
        Self::with_caller(session.clone())
    }

    /// As this [`Caller`], which adds the API key.
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller),
        }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// How many items of a list are asked for at a time: 1 to 10 000 (Altinn's limit), 500 without
    /// this. Of organisations never more than 1 000.
    #[must_use]
    pub fn with_page(mut self, items: usize) -> Self {
        self.api.set_page(items);
        self
    }

    /// Those a person may act for (avgivere), to the end of the list; without ids.
    /// `GET serviceowner/reportees?subject`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses. For a person who never logged in it is a refusal that
    /// [`lacks_user_profile`](Error::lacks_user_profile): they may act for nobody but themselves.
    pub async fn reportees(
        &self,
        subject: &PersonNumber,
        query: &ReporteesQuery,
    ) -> Result<Vec<Reportee>, Error> {
        self.reportees_pages(subject, query)?.all().await
    }

    /// As [`reportees`](Self::reportees), page by page.
    ///
    /// # Errors
    ///
    /// [`Altinn2Closed`](crate::ErrorKind::Altinn2Closed) where there is no Altinn 2.
    pub fn reportees_pages(
        &self,
        subject: &PersonNumber,
        query: &ReporteesQuery,
    ) -> Result<Pages<Reportee>, Error> {
        const OPERATION: &str = "list those a person may act for";
        let address = self
            .address(OPERATION)?
            .segment("reportees")
            .query("subject", subject.expose());
        let address = query.narrow(address);
        let query = match &query.filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        Ok(self.api.pages(OPERATION, address, &query))
    }

    /// What rights a person has for another, an organisation or a person, on one's own services.
    /// `GET serviceowner/authorization/rights?subject&reportee`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses; see [`reportees`](Self::reportees).
    pub async fn rights(
        &self,
        subject: &PersonNumber,
        reportee: &Identity,
        filter: Option<&Filter<Right>>,
    ) -> Result<SoRights, Error> {
        const OPERATION: &str = "read the rights of a person for a party";
        let address = self
            .about(OPERATION, "rights", subject, reportee)?
            .query_if("$filter", filter);
        self.api.get(OPERATION, address).await
    }

    /// What rights on apps a person has for another. `GET serviceowner/authorization/apprights`, until
    /// release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses; see [`reportees`](Self::reportees).
    pub async fn app_rights(
        &self,
        subject: &PersonNumber,
        reportee: &Identity,
    ) -> Result<SoAppRights, Error> {
        const OPERATION: &str = "read the rights of a person on a party's apps";
        let address = self.about(OPERATION, "apprights", subject, reportee)?;
        APP_RIGHTS_GONE.told(self.api.get(OPERATION, address).await)
    }

    /// What roles a person has for another. `GET serviceowner/authorization/roles?subject&reportee`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses; see [`reportees`](Self::reportees).
    pub async fn roles(
        &self,
        subject: &PersonNumber,
        reportee: &Identity,
        filter: Option<&Filter<Role>>,
    ) -> Result<Vec<Role>, Error> {
        const OPERATION: &str = "list the roles of a person for a party";
        let address = self.about(OPERATION, "roles", subject, reportee)?;
        self.api.list(OPERATION, address, filter).await
    }

    /// The roles of Altinn and of registers. `GET serviceowner/roledefinitions`, until release 23.5:
    /// Altinn took it away; [`Metadata`](crate::altinn2::Metadata) has them.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definitions(&self) -> Result<Vec<RoleDefinition>, Error> {
        const OPERATION: &str = "list the roles there are";
        let address = self.address(OPERATION)?.segment("roledefinitions");
        ROLES_GONE.told(self.api.list(OPERATION, address, None).await)
    }

    /// One of them. `GET serviceowner/roledefinitions/{id}`, until release 23.5: Altinn took it away.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definition(&self, id: i64) -> Result<RoleDefinition, Error> {
        const OPERATION: &str = "read a role";
        let address = self
            .address(OPERATION)?
            .segment("roledefinitions")
            .segment(id);
        ROLES_GONE.told(self.api.get(OPERATION, address).await)
    }

    /// Organisations and the way to their contacts, to the end of the list.
    /// `GET serviceowner/organizations`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn organisations(
        &self,
        query: &OrganisationsQuery,
    ) -> Result<Vec<Organization>, Error> {
        self.organisations_pages(query)?.all().await
    }

    /// As [`organisations`](Self::organisations), page by page: there are more than a million.
    ///
    /// # Errors
    ///
    /// [`Altinn2Closed`](crate::ErrorKind::Altinn2Closed) where there is no Altinn 2.
    pub fn organisations_pages(
        &self,
        query: &OrganisationsQuery,
    ) -> Result<Pages<Organization>, Error> {
        const OPERATION: &str = "list organisations";
        let address = self
            .address(OPERATION)?
            .segment("organizations")
            .query_if("email", query.email.as_deref())
            .query_if("phoneNumber", query.phone_number.as_deref())
            .query_if("$expand", query.with_contacts.then_some("OfficialContacts"));
        let mut api = self.api.clone();
        api.set_page(api.page().min(ORGANISATIONS));
        Ok(api.pages(OPERATION, address, &query.query))
    }

    /// One organisation. `GET serviceowner/organizations/{orgno}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn organisation(&self, number: OrganisationNumber) -> Result<Organization, Error> {
        const OPERATION: &str = "read an organisation";
        self.api
            .get(OPERATION, self.organisation_at(OPERATION, number)?)
            .await
    }

    /// How an organisation wants to be reached (varslingsadresser).
    /// `GET serviceowner/organizations/{orgno}/officialcontacts`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn official_contacts(
        &self,
        number: OrganisationNumber,
    ) -> Result<Vec<OfficialContact>, Error> {
        const OPERATION: &str = "list the contacts of an organisation";
        let address = self
            .organisation_at(OPERATION, number)?
            .segment("officialcontacts");
        self.api.list(OPERATION, address, None).await
    }

    /// The people who want to be reached for an organisation.
    /// `GET serviceowner/organizations/{orgno}/personalcontacts`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn personal_contacts(
        &self,
        number: OrganisationNumber,
        query: &ContactsQuery,
    ) -> Result<Vec<PersonalContact>, Error> {
        const OPERATION: &str = "list the people to reach for an organisation";
        let mut address = self
            .organisation_at(OPERATION, number)?
            .segment("personalcontacts")
            .query_if("roleDefinitionCode", query.role_code.as_deref());
        if let Some(service) = &query.service {
            address = address
                .query("serviceCode", service.code())
                .query("serviceEdition", service.edition());
        }
        self.api.list(OPERATION, address, None).await
    }

    /// The roles that one of these people has for the organisation.
    /// `GET serviceowner/organizations/{orgno}/personalcontacts/{personalContactId}/roles`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn personal_contact_roles(
        &self,
        number: OrganisationNumber,
        contact: &ReporteeId,
    ) -> Result<Vec<Role>, Error> {
        const OPERATION: &str = "list the roles of a person to reach";
        if !is_party_id(contact.as_str()) {
            return Err(Error::input(
                OPERATION,
                "this is not the id of a person to reach",
                "use the PersonalContactId of an answer: r and digits",
            ));
        }
        let address = self
            .organisation_at(OPERATION, number)?
            .segment("personalcontacts")
            .segment(contact)
            .segment("roles");
        self.api.list(OPERATION, address, None).await
    }

    /// Any other list of the service owner API, page by page: consents, delegation requests.
    ///
    /// `path` is path and query below `/api/serviceowner/`, escaped; see
    /// [`Client::pages`](crate::altinn2::Client::pages).
    ///
    /// ```no_run
    /// # use altinn_authz::altinn2::{ServiceOwner, odata::Query};
    /// # async fn run(owner: ServiceOwner) -> Result<(), altinn_authz::Error> {
    /// // in pages by continuation token
    /// let active = "consents?serviceCode=5123&serviceEdition=1&status[0]=Active";
    /// let consents = owner.pages::<serde_json::Value>(active, &Query::new())?.all().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a path that leads out of the API.
    pub fn pages<T: Listed>(&self, path: &str, query: &Query<T>) -> Result<Pages<T>, Error> {
        let path = format!("serviceowner/{}", path.trim().trim_start_matches('/'));
        self.api.pages_at(&path, query)
    }

    fn address(&self, operation: &'static str) -> Result<Address, Error> {
        Ok(self.api.address(operation)?.segment("serviceowner"))
    }

    fn organisation_at(
        &self,
        operation: &'static str,
        number: OrganisationNumber,
    ) -> Result<Address, Error> {
        Ok(self
            .address(operation)?
            .segment("organizations")
            .segment(number.as_str()))
    }

    fn about(
        &self,
        operation: &'static str,
        what: &str,
        subject: &PersonNumber,
        reportee: &Identity,
    ) -> Result<Address, Error> {
        let reportee = match &reportee.number {
            Number::Organisation(number) => number.as_str(),
            Number::Person(number) => number.expose(),
        };
        Ok(self
            .address(operation)?
            .segment("authorization")
            .segment(what)
            .query("subject", subject.expose())
            .query("reportee", reportee))
    }
}

/// Which organisations are wanted.
///
/// ```
/// use altinn_authz::altinn2::odata::{Query, organisation};
/// use altinn_authz::altinn2::OrganisationsQuery;
///
/// let those_with_this_address = OrganisationsQuery::new().email("post@fjordkraftverk.example");
/// let sole_proprietors = OrganisationsQuery::new()
///     .matching(Query::from(organisation::FORM.eq("ENK")).order_by(organisation::NAME.ascending()))
///     .with_official_contacts();
/// ```
#[derive(Clone, Default)]
pub struct OrganisationsQuery {
    email: Option<String>,
    phone_number: Option<String>,
    with_contacts: bool,
    query: Query<Organization>,
}

impl OrganisationsQuery {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that are reached by this e-mail address.
    #[must_use]
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.email = Some(address.into());
        self
    }

    /// Those that are reached by this mobile number.
    #[must_use]
    pub fn phone_number(mut self, number: impl Into<String>) -> Self {
        self.phone_number = Some(number.into());
        self
    }

    /// Those that fit, in an order, so many.
    #[must_use]
    pub fn matching(mut self, query: Query<Organization>) -> Self {
        self.query = query;
        self
    }

    /// With their official contacts (`$expand`), which saves a call for each.
    #[must_use]
    pub fn with_official_contacts(mut self) -> Self {
        self.with_contacts = true;
        self
    }
}

impl fmt::Debug for OrganisationsQuery {
    /// Without addresses of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrganisationsQuery")
            .field("with_contacts", &self.with_contacts)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

/// Which people to reach for an organisation are wanted.
#[derive(Debug, Clone, Default)]
pub struct ContactsQuery {
    role_code: Option<String>,
    service: Option<Service>,
}

impl ContactsQuery {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those with this role, by its code (`DAGL`).
    #[must_use]
    pub fn with_role(mut self, code: impl Into<String>) -> Self {
        self.role_code = Some(code.into());
        self
    }

    /// Those who have rights on this service.
    #[must_use]
    pub fn with_rights_on(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }
}
