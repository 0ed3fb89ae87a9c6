//! The resource registry (ressursregisteret): what resources there are, and whom their policies give
//! rights. Open to everybody.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use altinn_auth::Environment;
//! use altinn_authz::altinn3::registry::Registry;
//!
//! # async fn run(transport: Arc<dyn http_transport::Transport>) -> Result<(), altinn_authz::Error> {
//! let registry = Registry::open(&Environment::tt02(), transport);
//! for resource in registry.find("skattemelding").await? {
//!     println!("{}: {}", resource.identifier, resource.title(Default::default()).unwrap_or("-"));
//! }
//! for right in registry.policy_rights(&"skd-skattemelding".into()).await? {
//!     println!("{:?} for {:?}", right.action, right.subject_types);
//! }
//! # Ok(()) }
//! ```

pub mod models;

use std::sync::Arc;

use altinn_auth::Environment;
use http::Method;
use http_transport::Transport;
use jiff::Timestamp;

use self::models::{
    PolicyRight, PolicyRule, PolicySubject, RegisteredResource, ResourceChange, SubjectChange,
    SubjectResources,
};
use crate::address::Address;
use crate::altinn3::api::Api;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::{ResourceId, Right};
use crate::altinn3::pages::{PageToken, Pages};
use crate::caller::Open;
use crate::{Caller, Error, Language};

/// The resource registry. It is open: no key, no login.
#[derive(Debug, Clone)]
pub struct Registry {
    api: Api,
}

impl Registry {
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

    /// The language of the names of [rights](Self::rights); bokmål without this. Resources have their
    /// titles in all languages.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    fn address(&self, path: &str) -> Address {
        self.api
            .address(&format!("resourceregistry/api/v1/resource/{path}"))
    }

    fn of(&self, resource: &ResourceId) -> Address {
        self.address("").segment(resource.as_str().trim())
    }

    /// All resources, in one answer. `GET resource/resourcelist`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn resources(&self) -> Result<Vec<RegisteredResource>, Error> {
        self.api
            .list(
                "list the resources there are",
                &self.address("resourcelist"),
            )
            .await
    }

    /// The resources whose id, title or keywords in any language have these words, each of them: read
    /// from the whole list, and looked through here.
    ///
    /// # Errors
    ///
    /// As [`resources`](Self::resources).
    pub async fn find(&self, words: &str) -> Result<Vec<RegisteredResource>, Error> {
        let mut resources = self.resources().await?;
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        resources.retain(|resource| {
            let titles = resource.title.iter().flatten().map(|(_, title)| title);
            let keywords = resource
                .keywords
                .iter()
                .filter_map(|word| word.word.as_ref());
            let text = titles
                .chain(keywords)
                .fold(resource.identifier.to_string(), |all, text| {
                    format!("{all} {text}")
                })
                .to_lowercase();
            words.iter().all(|word| text.contains(word))
        });
        Ok(resources)
    }

    /// One resource. `GET resource/{id}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn resource(&self, resource: &ResourceId) -> Result<RegisteredResource, Error> {
        const OPERATION: &str = "look a resource up";
        let address = self.of(resource);
        self.api.get(OPERATION, &address).await
    }

    /// Every right that a resource's policy has, with whom it gives it to. `GET resource/{id}/policy/rights`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn policy_rights(&self, resource: &ResourceId) -> Result<Vec<PolicyRight>, Error> {
        const OPERATION: &str = "read the rights of a resource's policy";
        let address = self.of(resource).segment("policy");
        self.api.list(OPERATION, &address.segment("rights")).await
    }

    /// A resource's policy, as XACML 3.0. `GET resource/{id}/policy`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn policy(&self, resource: &ResourceId) -> Result<String, Error> {
        const OPERATION: &str = "read a resource's policy";
        let address = self.of(resource).segment("policy");
        let answer = self
            .api
            .send(OPERATION, Method::GET, address.as_str(), None::<&()>)
            .await?;
        String::from_utf8(answer.body().to_vec()).map_err(|_| {
            http_transport::Error::new(http_transport::ErrorKind::UnexpectedShape, OPERATION).into()
        })
    }

    /// A resource's policy, flattened: who may do what, a rule for each.
    /// `GET resource/{id}/policy/rules`.
    ///
    /// # Errors
    ///
    /// As [`policy`](Self::policy).
    pub async fn policy_rules(&self, resource: &ResourceId) -> Result<Vec<PolicyRule>, Error> {
        const OPERATION: &str = "read the rules of a resource's policy";
        let address = self.of(resource).segment("policy");
        self.api.list(OPERATION, &address.segment("rules")).await
    }

    /// The rights on a resource with the keys that grants name them by, in the client's
    /// [language](Self::with_language). `GET v2/resource/{id}/policy/rights`.
    ///
    /// # Errors
    ///
    /// As [`policy`](Self::policy).
    pub async fn rights(
        &self,
        resource: &ResourceId,
        whose: RightsOf,
    ) -> Result<Vec<Right>, Error> {
        const OPERATION: &str = "list the rights on a resource";
        let address = self
            .api
            .address("resourceregistry/api/v2/resource")
            .segment(resource.as_str().trim())
            .segment("policy")
            .segment("rights")
            .query_if(
                "includeServiceOwnerRights",
                whose.service_owner.then_some(true),
            )
            .query_if("includeAppRights", whose.app.then_some(true));
        self.api.list(OPERATION, &address).await
    }

    /// Searches on Altinn's side. `GET resource/search`. What is given must all fit.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn search(&self, search: &ResourceSearch) -> Result<Vec<RegisteredResource>, Error> {
        let address = search
            .parameters
            .iter()
            .fold(self.address("search"), |address, (name, value)| {
                address.query(name, value)
            });
        self.api.list("search for resources", &address).await
    }

    /// Which resources began or ceased to give rights to which roles and access packages, since then
    /// (inclusive), oldest first. `GET resource/updated`.
    ///
    /// To go on another day, begin with the time of the last change that was read.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a page of none or of more than 1 000.
    pub fn updated(
        &self,
        since: Timestamp,
        page: Option<usize>,
    ) -> Result<Pages<SubjectChange>, Error> {
        const OPERATION: &str = "list what resources give rights to, since then";
        let address = self.address("updated").query("since", since);
        Ok(self
            .api
            .pages(OPERATION, &limited(OPERATION, address, page)?))
    }

    /// Which resources were changed, they or their policies, each once and by its last change, oldest
    /// first. `GET resource/changes`.
    ///
    /// To go on another day, keep the last [place](Pages::position) there was, and give it as `from`:
    /// the page that begins there is read again, and what came after it.
    ///
    /// # Errors
    ///
    /// As [`updated`](Self::updated).
    pub fn changes(
        &self,
        from: Option<&PageToken>,
        page: Option<usize>,
    ) -> Result<Pages<ResourceChange>, Error> {
        const OPERATION: &str = "list changed resources";
        let address = self.address("changes").query_if("token", from);
        Ok(self
            .api
            .pages(OPERATION, &limited(OPERATION, address, page)?))
    }

    /// Whom a resource's policy gives rights to: roles, access packages. `GET resource/{id}/policy/subjects`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn policy_subjects(
        &self,
        resource: &ResourceId,
    ) -> Result<Vec<PolicySubject>, Error> {
        const OPERATION: &str = "read whom a resource's policy gives rights to";
        let address = self.of(resource).segment("policy");
        self.api.list(OPERATION, &address.segment("subjects")).await
    }

    /// The resources that roles or access packages give rights on, by URN
    /// (`urn:altinn:rolecode:dagl`, `urn:altinn:accesspackage:skattegrunnlag`). `POST resource/bysubjects/`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn resources_of_subjects<S: Into<String>>(
        &self,
        subjects: impl IntoIterator<Item = S> + Send,
    ) -> Result<Vec<SubjectResources>, Error> {
        const OPERATION: &str = "list the resources that roles and packages give";
        let subjects: Vec<String> = subjects.into_iter().map(Into::into).collect();
        let address = self.address("bysubjects").slash();
        let page: Listing<SubjectResources> = self
            .api
            .exchange(OPERATION, Method::POST, &address, &subjects)
            .await?;
        Ok(page.items)
    }
}

fn limited(
    operation: &'static str,
    address: Address,
    page: Option<usize>,
) -> Result<Address, Error> {
    if page.is_some_and(|page| !(1..=1_000).contains(&page)) {
        return Err(Error::input(
            operation,
            "a page has 1 to 1 000 of them",
            "ask for pages of at most 1 000, or leave it to Altinn",
        ));
    }
    Ok(address.query_if("limit", page))
}

/// Whose rights on a resource are listed: those of end users, and these besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RightsOf {
    service_owner: bool,
    app: bool,
}

impl RightsOf {
    /// Those of end users alone.
    #[must_use]
    pub fn end_users() -> Self {
        Self::default()
    }

    /// The service owner's, too.
    #[must_use]
    pub fn and_service_owner(mut self) -> Self {
        self.service_owner = true;
        self
    }

    /// The app's own, too.
    #[must_use]
    pub fn and_app(mut self) -> Self {
        self.app = true;
        self
    }
}

/// What to search for.
///
/// ```
/// use altinn_authz::altinn3::registry::ResourceSearch;
///
/// let search = ResourceSearch::new().title("skatt").kind("GenericAccessResource");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceSearch {
    parameters: Vec<(&'static str, String)>,
}

impl ResourceSearch {
    /// Everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Words of the id.
    #[must_use]
    pub fn id(self, text: impl Into<String>) -> Self {
        self.with("id", text)
    }

    /// Words of the title.
    #[must_use]
    pub fn title(self, text: impl Into<String>) -> Self {
        self.with("title", text)
    }

    /// Words of the description.
    #[must_use]
    pub fn description(self, text: impl Into<String>) -> Self {
        self.with("description", text)
    }

    /// The kind of resource (`GenericAccessResource`, `MaskinportenSchema`, `AltinnApp`, …).
    #[must_use]
    pub fn kind(self, name: impl Into<String>) -> Self {
        self.with("resourceType", name)
    }

    /// A keyword.
    #[must_use]
    pub fn keyword(self, word: impl Into<String>) -> Self {
        self.with("keyword", word)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        self.parameters.push((name, value.into()));
        self
    }
}

impl RegisteredResource {
    /// The title in a language, or in the first that there is.
    #[must_use]
    pub fn title(&self, language: Language) -> Option<&str> {
        text(self.title.as_ref()?, language)
    }

    /// The description in a language, or in the first that there is.
    #[must_use]
    pub fn description(&self, language: Language) -> Option<&str> {
        text(self.description.as_ref()?, language)
    }
}

fn text(texts: &std::collections::BTreeMap<String, String>, language: Language) -> Option<&str> {
    texts
        .get(language.tag())
        .or_else(|| texts.get("nb"))
        .or_else(|| texts.values().next())
        .map(String::as_str)
}
