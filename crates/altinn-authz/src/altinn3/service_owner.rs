//! What a service owner (tjenesteeier) does itself: whom somebody may act for, requests for access that it
//! drafts for somebody, access packages that it gives between others, and who may use its scopes.
//!
//! Source: `Altinn.AccessManagement.Api.ServiceOwner` of
//! <https://github.com/Altinn/altinn-authorization-tmp>.

use std::fmt;

use altinn_auth::{Organisation, Session};
use http::Method;
use http_transport::decode_json;
use norwegian_ids::OrganisationNumber;
use serde::Serialize;

use crate::altinn3::api::Api;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::{
    AccessRequest, AssignmentPackage, AuthorizedParty, RequestId, RequestStatus, ResourceId,
    RightKey, ScopeDelegation,
};
use crate::altinn3::parties::Parties;
use crate::altinn3::party_urn::PartyUrn;
use crate::altinn3::scopes;
use crate::wire::PartyUuid;
use crate::{Caller, Error, Language};

/// Altinn 3 as a service owner (tjenesteeier).
///
/// ```no_run
/// use altinn_authz::altinn3::{PartyUrn, ServiceOwner, scopes};
///
/// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
/// let us = altinn.organisation().scopes([scopes::AUTHORIZED_PARTIES_OWNER]);
/// let owner = ServiceOwner::new(&us);
/// let anna: PartyUrn = "26899299344".parse()?;
/// for party in &owner.authorized_parties(&anna).await? {
///     println!("{} may be acted for", party.name());
/// }
/// # Ok(()) }
/// ```
///
/// An end user's session does not compile here:
///
/// ```compile_fail
/// fn wrong(session: altinn_auth::Session<altinn_auth::SystemUser>) {
///     altinn_authz::altinn3::ServiceOwner::new(&session);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ServiceOwner {
    api: Api,
}

/// Whom a service owner asks about: a party, or a user of any kind.
///
/// ```
/// use altinn_authz::altinn3::{PartyUrn, Subject};
///
/// let anna: Subject = "26899299344".parse::<PartyUrn>()?.into();
/// assert_eq!(anna.to_string(), "urn:altinn:person:identifier-no:268992*****");
/// let by_email = Subject::email("anna@example.no");
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    kind: &'static str,
    value: String,
}

/// What a service owner wants told, and of which parties. Roles, resources and instances are told, and
/// parties through key roles, sub-units and inactive parties are listed, unless it says otherwise.
///
/// ```
/// use altinn_authz::altinn3::{OwnerPartiesQuery, PartyUrn};
///
/// let company: PartyUrn = "310702641".parse()?;
/// let query = OwnerPartiesQuery::new().only(&company).packages(true).instances(false);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct OwnerPartiesQuery {
    switches: Vec<(&'static str, bool)>,
    only: Vec<Subject>,
    resources: Vec<ResourceId>,
    owner: Option<String>,
}

/// Which delegations of scopes are meant: of the scope, and of these organisations where they are named.
#[derive(Debug, Clone)]
pub struct ScopeDelegationQuery {
    scope: String,
    supplier: Option<OrganisationNumber>,
    consumer: Option<OrganisationNumber>,
}

#[derive(Serialize)]
struct Typed<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asking<'a> {
    #[serde(flatten)]
    of: Typed<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    party_filter: Vec<Typed<'a>>,
}

/// The asker is `from` and the one who is asked is `to`: the other way round than in what is then given.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Drafting<'a> {
    from: &'a PartyUrn,
    to: &'a PartyUrn,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a ResourceId>,
    #[serde(skip_serializing_if = "<[RightKey]>::is_empty")]
    right_keys: &'a [RightKey],
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Giving<'a> {
    from: &'a PartyUrn,
    to: &'a PartyUrn,
    package_urn: &'a PackageUrn,
}

impl ServiceOwner {
    /// As the organisation whose session it is.
    #[must_use]
    pub fn new(session: &Session<Organisation>) -> Self {
        Self::with_caller(session.clone())
    }

    /// As this [`Caller`].
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller).when_forbidden(
                "call as a service owner, with a token that has the scope of the operation; Digitaliseringsdirektoratet gives it",
            ),
        }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// The parties that somebody may act for, sub-units among them; with roles, and with single rights
    /// and instances on the service owner's own resources. `POST serviceowner/authorizedparties`.
    ///
    /// The scope is [`AUTHORIZED_PARTIES_OWNER`](scopes::AUTHORIZED_PARTIES_OWNER), or
    /// [`AUTHORIZED_PARTIES_ADMIN`](scopes::AUTHORIZED_PARTIES_ADMIN) for everything.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn authorized_parties(&self, of: impl Into<Subject>) -> Result<Parties, Error> {
        self.authorized_parties_with(of, &OwnerPartiesQuery::new())
            .await
    }

    /// As [`authorized_parties`](Self::authorized_parties), with more or less told, or of fewer parties.
    ///
    /// # Errors
    ///
    /// As [`authorized_parties`](Self::authorized_parties); and refused for another service owner's code.
    pub async fn authorized_parties_with(
        &self,
        of: impl Into<Subject>,
        query: &OwnerPartiesQuery,
    ) -> Result<Parties, Error> {
        const OPERATION: &str = "list the parties somebody may act for";
        self.api.require_one_of(
            OPERATION,
            &[
                scopes::AUTHORIZED_PARTIES_OWNER,
                scopes::AUTHORIZED_PARTIES_ADMIN,
            ],
        )?;
        let mut address = self
            .api
            .address("accessmanagement/api/v1/serviceowner/authorizedparties");
        for (name, wanted) in &query.switches {
            address = address.query(name, wanted);
        }
        for resource in &query.resources {
            address = address.query("anyOfResourceIds", resource);
        }
        address = address.query_if("orgCode", query.owner.as_ref());
        let of = of.into();
        let body = Asking {
            of: of.typed(),
            party_filter: query.only.iter().map(Subject::typed).collect(),
        };
        let list: Listing<AuthorizedParty> = self
            .api
            .exchange(OPERATION, Method::POST, &address, &body)
            .await?;
        Ok(Parties::of(list.items))
    }

    /// Drafts a request for an access package: the requester asks the grantor. It is a draft until the
    /// requester has confirmed it, at the address in [`AccessRequest::links`] or with
    /// [`Client::confirm_request`](crate::altinn3::Client::confirm_request); the grantor sees it after
    /// that. `POST serviceowner/delegationrequests/package`.
    ///
    /// The scope is [`OWNER_REQUESTS_WRITE`](scopes::OWNER_REQUESTS_WRITE).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when a party is not named by the number of a
    /// person or an organisation; `AMSO.VLD-00002` when there is none with that number,
    /// `AMSO.VLD-00004` for an unknown package. [`NotFound`](crate::ErrorKind::NotFound) without a code:
    /// it may not be switched on in this environment.
    pub async fn draft_package_request(
        &self,
        requester: &PartyUrn,
        grantor: &PartyUrn,
        package: &PackageUrn,
    ) -> Result<AccessRequest, Error> {
        let body = Drafting {
            from: requester,
            to: grantor,
            resource: None,
            right_keys: &[],
            package: Some(package.code()),
        };
        self.draft("package", &body).await
    }

    /// Drafts a request for rights on one of the service owner's resources: those with these keys, or
    /// without keys the resource. As [`draft_package_request`](Self::draft_package_request).
    /// `POST serviceowner/delegationrequests/resource`.
    ///
    /// # Errors
    ///
    /// As [`draft_package_request`](Self::draft_package_request); `AMSO.VLD-00003` for an unknown resource
    /// and `AMSO.VLD-00006` for another service owner's.
    pub async fn draft_resource_request(
        &self,
        requester: &PartyUrn,
        grantor: &PartyUrn,
        resource: &ResourceId,
        keys: &[RightKey],
    ) -> Result<AccessRequest, Error> {
        let body = Drafting {
            from: requester,
            to: grantor,
            resource: Some(resource),
            right_keys: keys,
            package: None,
        };
        self.draft("resource", &body).await
    }

    /// How far a request that the service owner drafted has come.
    /// `GET serviceowner/delegationrequests/{id}/status`.
    ///
    /// The scope is [`OWNER_REQUESTS_READ`](scopes::OWNER_REQUESTS_READ).
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound): with the code `AM-00031` there is no such request.
    pub async fn request_status(&self, id: &RequestId) -> Result<RequestStatus, Error> {
        const OPERATION: &str = "see how far a drafted request is";
        self.api.require(OPERATION, scopes::OWNER_REQUESTS_READ)?;
        let address = self.requests("").segment(id).segment("status");
        self.api.get(OPERATION, &address).await
    }

    /// Withdraws a request that the service owner drafted, and gives what it is after that.
    /// `PUT serviceowner/delegationrequests/{id}/withdraw`.
    ///
    /// The scope is [`OWNER_REQUESTS_WRITE`](scopes::OWNER_REQUESTS_WRITE).
    ///
    /// # Errors
    ///
    /// As [`request_status`](Self::request_status); and refused when it has been answered.
    pub async fn withdraw_request(&self, id: &RequestId) -> Result<RequestStatus, Error> {
        const OPERATION: &str = "withdraw a drafted request";
        self.api.require(OPERATION, scopes::OWNER_REQUESTS_WRITE)?;
        let address = self.requests("").segment(id).segment("withdraw");
        let answer = self
            .api
            .send(OPERATION, Method::PUT, address.as_str(), None::<&()>)
            .await?;
        Ok(decode_json(OPERATION, &answer)?)
    }

    /// By which kinds of URN a request may name its parties.
    /// `GET serviceowner/delegationrequests/_meta/urns/party`.
    ///
    /// # Errors
    ///
    /// As the server refuses.
    pub async fn request_party_urns(&self) -> Result<Vec<String>, Error> {
        let address = self.requests("/_meta/urns/party");
        self.api
            .list("see how requests name their parties", &address)
            .await
    }

    /// Who has given whom the use of a scope (API-delegering), as the owner of the scope.
    /// `GET maskinporten/delegations`.
    ///
    /// The scope is [`SCOPE_DELEGATIONS`](scopes::SCOPE_DELEGATIONS), or
    /// [`SCOPE_DELEGATIONS_ADMIN`](scopes::SCOPE_DELEGATIONS_ADMIN) for the scopes of all.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::ErrorKind::Forbidden) for another owner's scope.
    pub async fn scope_delegations(
        &self,
        query: &ScopeDelegationQuery,
    ) -> Result<Vec<ScopeDelegation>, Error> {
        const OPERATION: &str = "list who may use a scope";
        self.api.require_one_of(
            OPERATION,
            &[scopes::SCOPE_DELEGATIONS, scopes::SCOPE_DELEGATIONS_ADMIN],
        )?;
        let address = self
            .api
            .address("accessmanagement/api/v1/maskinporten/delegations")
            .query_if("supplierOrg", query.supplier)
            .query_if("consumerOrg", query.consumer)
            .query("scope", &query.scope);
        self.api.list(OPERATION, &address).await
    }

    fn requests(&self, path: &str) -> crate::address::Address {
        self.api.address(&format!(
            "accessmanagement/api/v1/serviceowner/delegationrequests{path}"
        ))
    }

    async fn draft(&self, what: &str, body: &Drafting<'_>) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "draft a request for access";
        self.api.require(OPERATION, scopes::OWNER_REQUESTS_WRITE)?;
        for party in [body.from, body.to] {
            if party.person().is_none() && party.organisation().is_none() {
                return Err(Error::input(
                    OPERATION,
                    "a request names its parties by the number of a person or an organisation",
                    "give the requester and the grantor by number",
                ));
            }
        }
        let address = self.requests(&format!("/{what}"));
        self.api
            .exchange(OPERATION, Method::POST, &address, body)
            .await
    }

    /// Gives an access package from one party to another, where Altinn has put the service owner on the
    /// list for this package. `POST serviceowner/connections/accesspackages`.
    ///
    /// The scope is [`OWNER_PACKAGES_WRITE`](scopes::OWNER_PACKAGES_WRITE). PDP may lag five minutes.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::ErrorKind::Forbidden) with AM-00034 when the service owner is not on the
    /// list for the package.
    pub async fn give_package(
        &self,
        from: &PartyUrn,
        to: &PartyUrn,
        package: &PackageUrn,
    ) -> Result<AssignmentPackage, Error> {
        const OPERATION: &str = "give an access package as a service owner";
        let answer = self
            .packages(OPERATION, "accesspackages", from, to, package)
            .await?;
        Ok(decode_json(OPERATION, &answer)?)
    }

    /// Takes back an access package that the service owner gave.
    /// `POST serviceowner/connections/accesspackages/revoke`.
    ///
    /// # Errors
    ///
    /// A refusal with AM-00038 for what another has given.
    pub async fn take_package_back(
        &self,
        from: &PartyUrn,
        to: &PartyUrn,
        package: &PackageUrn,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take an access package back as a service owner";
        self.packages(OPERATION, "accesspackages/revoke", from, to, package)
            .await
            .map(drop)
    }

    async fn packages(
        &self,
        operation: &'static str,
        path: &str,
        from: &PartyUrn,
        to: &PartyUrn,
        package_urn: &PackageUrn,
    ) -> Result<http::Response<bytes::Bytes>, Error> {
        self.api.require(operation, scopes::OWNER_PACKAGES_WRITE)?;
        let address = self.api.address(&format!(
            "accessmanagement/api/v1/serviceowner/connections/{path}"
        ));
        let body = Giving {
            from,
            to,
            package_urn,
        };
        self.api
            .send(operation, Method::POST, address.as_str(), Some(&body))
            .await
    }
}

impl Subject {
    /// A user of Altinn by the user id.
    #[must_use]
    pub fn user(id: u64) -> Self {
        Self::of("urn:altinn:userid", id)
    }

    /// A system user (systembruker).
    #[must_use]
    pub fn system_user(uuid: impl AsRef<PartyUuid>) -> Self {
        Self::of("urn:altinn:systemuser:uuid", uuid.as_ref())
    }

    /// An enterprise user (virksomhetsbruker) by its user name.
    #[must_use]
    pub fn enterprise_user(name: impl Into<String>) -> Self {
        Self::of("urn:altinn:enterpriseuser:username", name.into())
    }

    /// An enterprise user (virksomhetsbruker) by its UUID.
    #[must_use]
    pub fn enterprise_user_uuid(uuid: impl AsRef<PartyUuid>) -> Self {
        Self::of("urn:altinn:enterpriseuser:uuid", uuid.as_ref())
    }

    /// A person who logs in to ID-porten by e-mail address.
    #[must_use]
    pub fn email(address: impl Into<String>) -> Self {
        Self::of("urn:altinn:person:idporten-email", address.into())
    }

    fn of(kind: &'static str, value: impl fmt::Display) -> Self {
        Self {
            kind,
            value: value.to_string(),
        }
    }

    fn typed(&self) -> Typed<'_> {
        Typed {
            kind: self.kind,
            value: &self.value,
        }
    }
}

impl<P: Into<PartyUrn>> From<P> for Subject {
    fn from(party: P) -> Self {
        let party = party.into();
        let (kind, value) = party.pair();
        Self::of(kind, value)
    }
}

impl fmt::Display for Subject {
    /// Masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = http_transport::redact::text(&self.value);
        match self.kind {
            "urn:altinn:person:idporten-email" => write!(f, "{}:*****", self.kind),
            kind => write!(f, "{kind}:{value}"),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl OwnerPartiesQuery {
    /// What is told by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the roles that are held for each party are told.
    #[must_use]
    pub fn roles(self, wanted: bool) -> Self {
        self.switch("includeRoles", wanted)
    }

    /// Whether the access packages that are held for each party are told.
    #[must_use]
    pub fn packages(self, wanted: bool) -> Self {
        self.switch("includeAccessPackages", wanted)
    }

    /// Whether the resources on which single rights are held are told.
    #[must_use]
    pub fn resources(self, wanted: bool) -> Self {
        self.switch("includeResources", wanted)
    }

    /// Whether the instances on which single rights are held are told.
    #[must_use]
    pub fn instances(self, wanted: bool) -> Self {
        self.switch("includeInstances", wanted)
    }

    /// Whether parties that come through a key role in another organisation are listed.
    #[must_use]
    pub fn via_key_roles(self, wanted: bool) -> Self {
        self.switch("includePartiesViaKeyRoles", wanted)
    }

    /// Whether sub-units are listed.
    #[must_use]
    pub fn sub_units(self, wanted: bool) -> Self {
        self.switch("includeSubParties", wanted)
    }

    /// Whether deleted and inactive parties are listed.
    #[must_use]
    pub fn inactive(self, wanted: bool) -> Self {
        self.switch("includeInactiveParties", wanted)
    }

    /// This party only; more calls add more.
    #[must_use]
    pub fn only(mut self, party: impl Into<PartyUrn>) -> Self {
        self.only.push(Subject::from(party));
        self
    }

    /// Only parties for whom something is held on this resource; with more calls, on any of them.
    #[must_use]
    pub fn on_resource(mut self, resource: impl Into<ResourceId>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// As the service owner with this code (`skd`), where the caller is more than one.
    #[must_use]
    pub fn as_owner(mut self, code: impl Into<String>) -> Self {
        self.owner = Some(code.into());
        self
    }

    fn switch(mut self, name: &'static str, wanted: bool) -> Self {
        self.switches.retain(|(known, _)| *known != name);
        self.switches.push((name, wanted));
        self
    }
}

impl ScopeDelegationQuery {
    /// All delegations of a scope (`skatteetaten:inntekt`).
    #[must_use]
    pub fn of_scope(scope: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            supplier: None,
            consumer: None,
        }
    }

    /// To this supplier only.
    #[must_use]
    pub fn to_supplier(mut self, supplier: OrganisationNumber) -> Self {
        self.supplier = Some(supplier);
        self
    }

    /// From this consumer only.
    #[must_use]
    pub fn from_consumer(mut self, consumer: OrganisationNumber) -> Self {
        self.consumer = Some(consumer);
        self
    }
}
