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

use self::models::{PolicyRight, PolicySubject, RegisteredResource, SubjectResources};
use crate::address::Address;
use crate::altinn3::api::Api;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::ResourceId;
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

    fn address(&self, path: &str) -> Address {
        self.api
            .address(&format!("resourceregistry/api/v1/resource/{path}"))
    }

    fn of(&self, operation: &'static str, resource: &ResourceId) -> Result<Address, Error> {
        let id = resource.as_str().trim();
        if id.is_empty() || id.bytes().all(|byte| byte == b'.') {
            return Err(Error::input(
                operation,
                "the resource has no name",
                "give the resource's id in the resource registry",
            ));
        }
        Ok(self.address("").segment(id))
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
        let address = self.of(OPERATION, resource)?;
        self.api.get(OPERATION, &address).await
    }

    /// Every right that a resource's policy has, with whom it gives it to. `GET resource/{id}/policy/rights`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound), and as Altinn refuses.
    pub async fn policy_rights(&self, resource: &ResourceId) -> Result<Vec<PolicyRight>, Error> {
        const OPERATION: &str = "read the rights of a resource's policy";
        let address = self.of(OPERATION, resource)?.segment("policy");
        self.api.list(OPERATION, &address.segment("rights")).await
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
        let address = self.of(OPERATION, resource)?.segment("policy");
        self.api.list(OPERATION, &address.segment("subjects")).await
    }

    /// The resources that roles or access packages give rights on, by URN
    /// (`urn:altinn:rolecode:dagl`, `urn:altinn:accesspackage:skattegrunnlag`). `POST resource/bysubjects`.
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
        let address = self.address("bysubjects");
        let page: Listing<SubjectResources> = self
            .api
            .exchange(OPERATION, Method::POST, &address, &subjects)
            .await?;
        Ok(page.items)
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
