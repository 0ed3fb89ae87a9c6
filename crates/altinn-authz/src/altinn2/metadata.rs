//! What services, roles and codes there are: open to everybody.

use std::sync::Arc;

use altinn_auth::Environment;
use http_transport::Transport;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::altinn2::api::Api;
use crate::altinn2::delegation::{Service, app_parts};
use crate::altinn2::models::{
    AuthorizationServerMetadata, Codelist, JwkSet, RoleDefinition, RoleRequirement,
    ServiceMetaData, ServiceType,
};
use crate::altinn2::names::{Roles, Services};
use crate::altinn2::odata::{Filter, Query};
use crate::altinn2::pages::Pages;
use crate::caller::Open;
use crate::{Caller, Error, Language};

/// What services, roles and codes there are on Altinn 2. It is open: no key, no login.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use altinn_auth::Environment;
/// use altinn_authz::altinn2::{Metadata, Service};
///
/// # async fn run(transport: Arc<dyn http_transport::Transport>) -> Result<(), altinn_authz::Error> {
/// let metadata = Metadata::open(&Environment::tt02(), transport);
/// // which role is it?
/// let roles = metadata.roles().await?;
/// println!("{:?}", roles.find("Regnskapsmedarbeider")?.code);
/// // which roles give access to a service, and to what of it?
/// for role in metadata.role_requirements(&Service::new("5123", 1)).await? {
///     println!("{:?}: {:?}", role.name, role.operations);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Metadata {
    api: Api,
}

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

    pub(crate) fn with_api(api: Api) -> Self {
        Self { api }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// How many items of a list are asked for at a time: 1 to 10 000 (Altinn's limit), 500 without
    /// this.
    #[must_use]
    pub fn with_page(mut self, items: usize) -> Self {
        self.api.set_page(items);
        self
    }

    /// The services there are, to the end of the list. `GET metadata`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn services(
        &self,
        filter: Option<&Filter<ServiceMetaData>>,
    ) -> Result<Vec<ServiceMetaData>, Error> {
        let query = match filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        self.services_pages(&query)?.all().await
    }

    /// As [`services`](Self::services), page by page.
    ///
    /// # Errors
    ///
    /// [`Altinn2Closed`](crate::ErrorKind::Altinn2Closed) where there is no Altinn 2.
    pub fn services_pages(
        &self,
        query: &Query<ServiceMetaData>,
    ) -> Result<Pages<ServiceMetaData>, Error> {
        const OPERATION: &str = "list the services there are";
        Ok(self.api.pages(OPERATION, self.address(OPERATION)?, query))
    }

    /// One service, with its forms, steps and attachments.
    /// `GET metadata/{formtask|correspondence|lookup}/{serviceCode}/{serviceEditionCode}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses; [`InvalidInput`](crate::ErrorKind::InvalidInput) for a kind of service that
    /// has no such page.
    pub async fn service(
        &self,
        kind: &ServiceType,
        service: &Service,
    ) -> Result<ServiceMetaData, Error> {
        const OPERATION: &str = "read a service";
        let kind = match kind {
            ServiceType::FormTask => "formtask",
            ServiceType::Correspondence => "correspondence",
            ServiceType::Lookup => "lookup",
            _ => {
                return Err(Error::input(
                    OPERATION,
                    "Altinn shows single services of three kinds only",
                    "ask for a form task, a correspondence or a lookup; the others are in the list of all",
                ));
            }
        };
        let address = self.service_at(OPERATION, kind, service)?;
        self.api.get(OPERATION, address).await
    }

    /// The XML schema of a form's data.
    /// `GET metadata/formtask/{sc}/{sec}/forms/{dataFormatId}/{dataFormatVersion}/xsd`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn form_schema(
        &self,
        service: &Service,
        data_format: &str,
        version: &str,
    ) -> Result<String, Error> {
        const OPERATION: &str = "read the schema of a form";
        let address = self
            .service_at(OPERATION, "formtask", service)?
            .segment("forms")
            .segment(word(OPERATION, data_format)?)
            .segment(word(OPERATION, version)?)
            .segment("xsd");
        self.api.text(OPERATION, address).await
    }

    /// The XML schema of an attachment.
    /// `GET metadata/formtask/{sc}/{sec}/attachmentrules/{ruleId}/xsd`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn attachment_schema(&self, service: &Service, rule: i64) -> Result<String, Error> {
        const OPERATION: &str = "read the schema of an attachment";
        let address = self
            .service_at(OPERATION, "formtask", service)?
            .segment("attachmentrules")
            .segment(rule)
            .segment("xsd");
        self.api.text(OPERATION, address).await
    }

    /// The schema of a lookup's question or answer.
    /// `GET metadata/lookup/{sc}/{sec}/schemas/{RequestSchema|ResponseSchema}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn lookup_schema(
        &self,
        service: &Service,
        schema: LookupSchema,
    ) -> Result<String, Error> {
        const OPERATION: &str = "read the schema of a lookup";
        let schema = match schema {
            LookupSchema::Request => "RequestSchema",
            LookupSchema::Response => "ResponseSchema",
        };
        let address = self
            .service_at(OPERATION, "lookup", service)?
            .segment("schemas")
            .segment(schema);
        self.api.text(OPERATION, address).await
    }

    /// The code lists there are, without their codes. `GET metadata/codelists`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn codelists(
        &self,
        filter: Option<&Filter<Codelist>>,
    ) -> Result<Vec<Codelist>, Error> {
        const OPERATION: &str = "list the code lists there are";
        let address = self.address(OPERATION)?.segment("codelists");
        self.api.list(OPERATION, address, filter).await
    }

    /// One code list, the latest version when none is named. `GET metadata/codelists/{name}/{version}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for one that there is not.
    pub async fn codelist(&self, name: &str, version: Option<i64>) -> Result<Codelist, Error> {
        const OPERATION: &str = "read a code list";
        let address = self
            .address(OPERATION)?
            .segment("codelists")
            .segment(word(OPERATION, name)?);
        let address = match version {
            Some(version) => address.segment(version),
            None => address.slash(),
        };
        self.api.get(OPERATION, address).await
    }

    /// The roles of Altinn and of registers. `GET metadata/roledefinitions`, since release 20.12.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definitions(&self) -> Result<Vec<RoleDefinition>, Error> {
        const OPERATION: &str = "list the roles of Altinn";
        let address = self.address(OPERATION)?.segment("roledefinitions");
        self.api.list(OPERATION, address, None).await
    }

    /// One of them. `GET metadata/roledefinitions/{id}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn role_definition(&self, id: i64) -> Result<RoleDefinition, Error> {
        const OPERATION: &str = "read a role of Altinn";
        let address = self.address(OPERATION)?.segment("roledefinitions");
        self.api.get(OPERATION, address.segment(id)).await
    }

    /// The same roles as [`role_definitions`](Self::role_definitions), to look codes and names up in.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn roles(&self) -> Result<Roles, Error> {
        Ok(self.role_definitions().await?.into())
    }

    /// The same services as [`services`](Self::services), to look names up in.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn services_by_name(&self) -> Result<Services, Error> {
        Ok(self.services(None).await?.into())
    }

    /// The roles that give access to a service, and to what of it.
    /// `GET metadata/rolerequirements?serviceCode&serviceEditionCode`, since release 21.6.
    ///
    /// A code of the form `AppId:64` is an app's; of an app, the edition is not sent.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for a service that there is not.
    pub async fn role_requirements(
        &self,
        service: &Service,
    ) -> Result<Vec<RoleRequirement>, Error> {
        let address = self.requirements()?.query("serviceCode", service.code());
        let is_app = service
            .code()
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("appid:"));
        let address = match is_app {
            true => address,
            false => address.query("serviceEditionCode", service.edition()),
        };
        self.api.list(REQUIREMENTS, address, None).await
    }

    /// The roles that give access to an app (`org/app`), and to what of it.
    /// `GET metadata/rolerequirements?app`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for an app that there is not.
    pub async fn app_role_requirements(&self, app: &str) -> Result<Vec<RoleRequirement>, Error> {
        if app_parts(app).is_none() {
            return Err(Error::input(
                REQUIREMENTS,
                "this is not the name of an app",
                "give it as ORG/APP, such as ttd/fjordskjema",
            ));
        }
        let address = self.requirements()?.query("app", app.trim());
        self.api.list(REQUIREMENTS, address, None).await
    }

    /// The keys that consent tokens are signed with. `GET metadata/jwk`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn keys(&self) -> Result<JwkSet, Error> {
        self.document("read the keys of consent tokens", "jwk")
            .await
    }

    /// Where those keys are. `GET metadata/well-known`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn well_known(&self) -> Result<AuthorizationServerMetadata, Error> {
        self.document("read where the keys are", "well-known").await
    }

    async fn document<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        name: &str,
    ) -> Result<T, Error> {
        let address = self.address(operation)?.segment(name);
        self.api.get(operation, address).await
    }

    fn address(&self, operation: &'static str) -> Result<Address, Error> {
        Ok(self.api.address(operation)?.segment("metadata"))
    }

    fn requirements(&self) -> Result<Address, Error> {
        Ok(self.address(REQUIREMENTS)?.segment("rolerequirements"))
    }

    fn service_at(
        &self,
        operation: &'static str,
        kind: &str,
        service: &Service,
    ) -> Result<Address, Error> {
        Ok(self
            .address(operation)?
            .segment(kind)
            .segment(word(operation, service.code())?)
            .segment(service.edition()))
    }
}

const REQUIREMENTS: &str = "list the roles that give access to a service";

/// Which schema of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupSchema {
    /// That of the question.
    Request,
    /// That of the answer.
    Response,
}

/// What stands in a path and was given by a caller.
fn word<'w>(operation: &'static str, word: &'w str) -> Result<&'w str, Error> {
    let word = word.trim();
    if word.is_empty() || word.bytes().all(|byte| byte == b'.') || word.contains(['/', '\\']) {
        return Err(Error::input(
            operation,
            "this names nothing that metadata has",
            "use the codes and names of the list",
        ));
    }
    Ok(word)
}
