//! What a service owner (tjenesteeier) does itself: whom somebody may act for, and access packages that
//! it gives between others.

use altinn_auth::{Organisation, Session};
use http::Method;
use http_transport::decode_json;
use serde::Serialize;

use crate::altinn3::api::Api;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::{AssignmentPackage, AuthorizedParty, ResourceId};
use crate::altinn3::parties::Parties;
use crate::altinn3::party_urn::PartyUrn;
use crate::altinn3::scopes;
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
/// for party in &owner.authorized_parties(&anna, &[]).await? {
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

#[derive(Serialize)]
struct Subject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
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
    /// on the service owner's own resources. `POST serviceowner/authorizedparties`.
    ///
    /// With `resources`, only parties for which something is held on one of these. The scope is
    /// [`AUTHORIZED_PARTIES_OWNER`](scopes::AUTHORIZED_PARTIES_OWNER), or
    /// [`AUTHORIZED_PARTIES_ADMIN`](scopes::AUTHORIZED_PARTIES_ADMIN) for everything.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn authorized_parties(
        &self,
        of: &PartyUrn,
        resources: &[ResourceId],
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
        for resource in resources {
            address = address.query("anyOfResourceIds", resource);
        }
        let (kind, value) = of.pair();
        let list: Listing<AuthorizedParty> = self
            .api
            .exchange(OPERATION, Method::POST, &address, &Subject { kind, value })
            .await?;
        Ok(Parties::of(list.items))
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
