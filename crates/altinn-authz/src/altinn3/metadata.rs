//! What roles, access packages and areas there are: open to everybody.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use altinn_auth::Environment;
//! use altinn_authz::altinn3::metadata::{Metadata, PackageSearch};
//!
//! # async fn run(transport: Arc<dyn http_transport::Transport>) -> Result<(), altinn_authz::Error> {
//! let metadata = Metadata::open(&Environment::tt02(), transport);
//! for package in metadata.search_packages(&PackageSearch::new("skatt")).await? {
//!     println!("{} ({})", package.name.unwrap_or_default(), package.urn.unwrap_or_default());
//! }
//! // everything, as the areas that Altinn's own pages show
//! for group in metadata.export().await? {
//!     for area in group.areas {
//!         println!("{:?}: {} packages", area.name, area.packages.len());
//!     }
//! }
//! # Ok(()) }
//! ```

pub mod models;

use std::sync::Arc;

use altinn_auth::Environment;
use http_transport::Transport;

use self::models::{Area, AreaGroup, OrganisationForm, Package, SearchHit};
use crate::address::Address;
use crate::altinn3::api::Api;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::models::{PackageId, Resource, Role, RoleUuid};
use crate::caller::Open;
use crate::{Caller, Error, Language};

/// What roles, access packages (tilgangspakker) and areas there are on Altinn 3. It is open: no key, no
/// login. Names and descriptions are in the [language](Self::with_language) asked for.
#[derive(Debug, Clone)]
pub struct Metadata {
    api: Api,
}

const PACKAGES: &str = "accesspackages";

impl Metadata {
    /// That of an environment, read without any login.
    #[must_use]
    pub fn open(environment: &Environment, transport: Arc<dyn Transport>) -> Self {
        Self::with_caller(Open::new(environment, transport))
    }

    /// That which this [`Caller`] sees, such as a session that there is anyway.
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller),
        }
    }

    /// The language of names and descriptions; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    fn info(&self, path: &str) -> Address {
        self.api
            .address(&format!("accessmanagement/api/v1/meta/info/{path}"))
    }

    /// All roles. `GET meta/info/roles`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn roles(&self) -> Result<Vec<Role>, Error> {
        self.api
            .list("list the roles there are", &self.info("roles"))
            .await
    }

    /// One role. `GET meta/info/roles/{id}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn role(&self, id: &RoleUuid) -> Result<Role, Error> {
        let address = self.info("roles").segment(id);
        self.api.get("look a role up", &address).await
    }

    /// The access packages that a role holds (`daglig-leder`). `GET meta/info/roles/packages`.
    ///
    /// `form` is the form of the organisation (`AS`, `ENK`, …): not every role holds the same in all.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn packages_of_role(
        &self,
        role: &str,
        form: Option<&str>,
    ) -> Result<Vec<Package>, Error> {
        let address = self
            .info("roles/packages")
            .query("role", role)
            .query_if("variant", form);
        self.api
            .list("list the access packages of a role", &address)
            .await
    }

    /// The resources that a role gives rights on. `GET meta/info/roles/resources`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn resources_of_role(
        &self,
        role: &str,
        form: Option<&str>,
    ) -> Result<Vec<Resource>, Error> {
        let address = self
            .info("roles/resources")
            .query("role", role)
            .query_if("variant", form);
        self.api
            .list("list the resources of a role", &address)
            .await
    }

    /// Looks for access packages by words, the best first. `GET meta/info/accesspackages/search`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn search_packages(&self, search: &PackageSearch) -> Result<Vec<Package>, Error> {
        let hits = self.search_packages_scored(search).await?;
        Ok(hits.into_iter().filter_map(|hit| hit.object).collect())
    }

    /// As [`search_packages`](Self::search_packages), with how well each fits.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn search_packages_scored(
        &self,
        search: &PackageSearch,
    ) -> Result<Vec<SearchHit>, Error> {
        let mut address = self
            .info(PACKAGES)
            .segment("search")
            .query("term", &search.term);
        for provider in &search.providers {
            address = address.query("resourceProviderCode", provider);
        }
        if search.in_resources {
            address = address.query("searchInResources", true);
        }
        address = address
            .query_if("typeName", search.kind.as_ref())
            .query_if("simpleSearch", search.simple.then_some(true))
            .query_if("strict", search.strict.then_some(true));
        self.api.list("search the access packages", &address).await
    }

    /// Every access package, in its area and group of areas. `GET meta/info/accesspackages/export`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn export(&self) -> Result<Vec<AreaGroup>, Error> {
        let address = self.info(PACKAGES).segment("export");
        let groups: crate::wire::OneOrMany<AreaGroup> =
            self.api.get("read all access packages", &address).await?;
        Ok(groups.iter().cloned().collect())
    }

    /// The groups of areas. `GET meta/info/accesspackages/group/`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn area_groups(&self) -> Result<Vec<AreaGroup>, Error> {
        let address = self.info(PACKAGES).segment("group").slash();
        self.api.list("list the groups of areas", &address).await
    }

    /// One group of areas. `GET meta/info/accesspackages/group/{id}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn area_group(&self, id: &models::AreaId) -> Result<AreaGroup, Error> {
        let address = self.info(PACKAGES).segment("group").segment(id);
        self.api.get("look a group of areas up", &address).await
    }

    /// The areas of a group. `GET meta/info/accesspackages/group/{id}/areas`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn areas_of_group(&self, id: &models::AreaId) -> Result<Vec<Area>, Error> {
        let address = self.info(PACKAGES).segment("group").segment(id);
        self.api
            .list("list the areas of a group", &address.segment("areas"))
            .await
    }

    /// One area. `GET meta/info/accesspackages/area/{id}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn area(&self, id: &models::AreaId) -> Result<Area, Error> {
        let address = self.info(PACKAGES).segment("area").segment(id);
        self.api.get("look an area up", &address).await
    }

    /// The access packages of an area. `GET meta/info/accesspackages/area/{id}/packages`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn packages_of_area(&self, id: &models::AreaId) -> Result<Vec<Package>, Error> {
        let address = self.info(PACKAGES).segment("area").segment(id);
        self.api
            .list(
                "list the access packages of an area",
                &address.segment("packages"),
            )
            .await
    }

    /// One access package, by code or URN. `GET meta/info/accesspackages/package/urn/{urn}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn package(&self, package: impl Into<PackageUrn> + Send) -> Result<Package, Error> {
        let address = self.info(PACKAGES).segment("package").segment("urn");
        let address = address.segment(package.into());
        self.api.get("look an access package up", &address).await
    }

    /// One access package, by UUID. `GET meta/info/accesspackages/package/{id}`.
    ///
    /// # Errors
    ///
    /// As [`package`](Self::package).
    pub async fn package_by_id(&self, id: &PackageId) -> Result<Package, Error> {
        let address = self.info(PACKAGES).segment("package").segment(id);
        self.api.get("look an access package up", &address).await
    }

    /// The access packages that a role holds, with the resources in each: as
    /// [`packages_of_role`](Self::packages_of_role).
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn packages_of_role_with_resources(
        &self,
        role: &str,
        form: Option<&str>,
    ) -> Result<Vec<Package>, Error> {
        let address = self
            .info("roles/packages")
            .query("role", role)
            .query_if("variant", form)
            .query("includeResources", true);
        self.api
            .list("list the access packages of a role", &address)
            .await
    }

    /// The resources that a role gives rights on, itself or by its access packages: as
    /// [`resources_of_role`](Self::resources_of_role).
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn resources_of_role_and_packages(
        &self,
        role: &str,
        form: Option<&str>,
    ) -> Result<Vec<Resource>, Error> {
        let address = self
            .info("roles/resources")
            .query("role", role)
            .query_if("variant", form)
            .query("includePackageResources", true);
        self.api
            .list("list the resources of a role", &address)
            .await
    }

    /// The resources that an access package gives rights on.
    /// `GET meta/info/accesspackages/package/{id}/resources`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn resources_of_package(&self, id: &PackageId) -> Result<Vec<Resource>, Error> {
        let address = self.info(PACKAGES).segment("package").segment(id);
        self.api
            .list(
                "list the resources of an access package",
                &address.segment("resources"),
            )
            .await
    }

    /// The forms of organisation that there are. `GET meta/types/organization/subtypes`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn organisation_forms(&self) -> Result<Vec<OrganisationForm>, Error> {
        let address = self
            .api
            .address("accessmanagement/api/v1/meta/types/organization/subtypes");
        self.api
            .list("list the forms of organisation", &address)
            .await
    }
}

/// What to look for among the access packages.
#[derive(Debug, Clone)]
pub struct PackageSearch {
    term: String,
    providers: Vec<String>,
    in_resources: bool,
    kind: Option<String>,
    simple: bool,
    strict: bool,
}

impl PackageSearch {
    /// Packages that these words fit.
    #[must_use]
    pub fn new(term: impl Into<String>) -> Self {
        Self {
            term: term.into(),
            providers: Vec::new(),
            in_resources: false,
            kind: None,
            simple: false,
            strict: false,
        }
    }

    /// Only those with resources of this provider, by its code (`skd`); given again, that one's too.
    #[must_use]
    pub fn of_provider(mut self, code: impl Into<String>) -> Self {
        self.providers.push(code.into());
        self
    }

    /// Looks at the names of the packages' resources as well.
    #[must_use]
    pub fn in_resources(mut self) -> Self {
        self.in_resources = true;
        self
    }

    /// By Altinn's simpler way of searching (`simpleSearch`; what it leaves out is not documented).
    #[must_use]
    pub fn simple(mut self) -> Self {
        self.simple = true;
        self
    }

    /// Only what fits strictly (`strict`; how is not documented).
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Only packages of this type, by its name.
    #[must_use]
    pub fn of_type(mut self, name: impl Into<String>) -> Self {
        self.kind = Some(name.into());
        self
    }
}
