//! Digdir's administration API ("API for selvbetjening"): clients, their keys, scopes, and who has
//! access to them (feature `admin`).
//!
//! ```
//! use maskinporten::admin::{Admin, AdminUrl, NewClient, NewKey};
//!
//! # async fn provision(client: maskinporten::Client, key: NewKey) -> Result<(), Box<dyn std::error::Error>> {
//! // `client` is an administration client: it has the idporten:dcr scopes and signs with the business certificate
//! let admin = Admin::new(AdminUrl::test(), client);
//! let made = admin
//!     .create_client(&NewClient::maskinporten("payroll", "payroll#1", ["difitest:test1".parse()?]))
//!     .await?;
//! let id = made.client_id.ok_or("no id")?;
//! admin.add_key(&id, key).await?; // beside those that are there
//! for key in admin.keys(&id).await?.keys {
//!     println!("{:?}: {:?} days left", key.kid, key.days_left(std::time::SystemTime::now()));
//! }
//! # Ok(()) }
//! ```
//!
//! # What to know of it
//!
//! - A change is known to the token server within 15 minutes, mostly within two.
//! - Nothing is ever removed: what is deleted is inactive, hidden unless asked for, and cannot be created
//!   again (409). Setting `active` to true again is what the server is expected to take for a revival.
//! - The keys of a client are one set that is replaced whole; see [`Admin::add_key`].
//! - A registered key lives one year from the day it was posted.
//!
//! # Scopes
//!
//! Each call asks for the token with the scope that it needs (`idporten:dcr.read`, …); a client that has
//! others says so once, with [`Admin::with_scopes`].

mod error;
mod keys;
mod models;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_transport::{
    Origin, Remedy, RetryPolicy, Retrying, SecretString, Transport, Who, decode_json,
};
use norwegian_ids::OrganisationNumber;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use token_cache::Authorized;
use tracing::Instrument;
use url::Url;

pub use self::error::{Error, ErrorKind, FieldError};
pub use self::keys::{KeySet, NewKey, RegisteredKey};
pub use self::models::{
    Access, AccessState, DelegationSource, NewClient, NewScope, RegisteredClient, RegisteredScope,
};
use crate::{BuildError, BuildErrorKind, Client, ClientId, Scope, Scopes, TokenRequest};

/// Where the administration API is.
///
/// ```
/// use maskinporten::admin::AdminUrl;
///
/// assert_eq!(AdminUrl::test().as_str(), "https://api.test.samarbeid.digdir.no/api/v1");
/// assert_eq!(AdminUrl::test().without_prefix().as_str(), "https://api.test.samarbeid.digdir.no");
/// let here = AdminUrl::custom("http://127.0.0.1:8080/api/v1/")?;
/// assert_eq!(here.as_str(), "http://127.0.0.1:8080/api/v1");
/// # Ok::<(), maskinporten::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdminUrl(Arc<str>);

impl AdminUrl {
    const PREFIX: &str = "/api/v1";

    /// Production.
    #[must_use]
    pub fn prod() -> Self {
        Self("https://api.samarbeid.digdir.no/api/v1".into())
    }

    /// Test.
    #[must_use]
    pub fn test() -> Self {
        Self("https://api.test.samarbeid.digdir.no/api/v1".into())
    }

    /// The host of before, production (`integrasjon.difi.no`).
    #[must_use]
    pub fn legacy_prod() -> Self {
        Self("https://integrasjon.difi.no".into())
    }

    /// The host of before, test (`integrasjon-ver2.difi.no`).
    #[must_use]
    pub fn legacy_test() -> Self {
        Self("https://integrasjon-ver2.difi.no".into())
    }

    /// Any other, with its prefix if it has one.
    ///
    /// # Errors
    ///
    /// When it is no absolute URL, or plain http to another machine.
    pub fn custom(base: &str) -> Result<Self, BuildError> {
        let wrong = |why: &'static str| {
            BuildError::new(BuildErrorKind::Environment, why).with_remedy(Remedy::new(
                Who::You,
                "give an address such as https://api.test.samarbeid.digdir.no/api/v1",
            ))
        };
        let url = Url::parse(base.trim())
            .map_err(|_| wrong("the administration API's address is no URL"))?;
        let origin: Origin = url
            .as_str()
            .parse()
            .map_err(|_| wrong("the administration API's address is no URL"))?;
        if !origin.is_secure_or_loopback() {
            return Err(wrong(
                "the administration API's address uses plain http to another machine",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("the administration API's address has a query"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').into()))
    }

    /// Without `/api/v1`, as the documentation of 2024 and scripts from then have it.
    #[must_use]
    pub fn without_prefix(&self) -> Self {
        Self(self.0.strip_suffix(Self::PREFIX).unwrap_or(&self.0).into())
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The administration API, as one administration client may use it. Cheap to clone; clones share the
/// locks that keep their changes of the same client apart.
#[derive(Clone)]
pub struct Admin {
    inner: Arc<Inner>,
    scopes: Option<Scopes>,
}

struct Inner {
    url: AdminUrl,
    client: Client,
    /// One change at a time for each client.
    locks: Mutex<HashMap<ClientId, Arc<tokio::sync::Mutex<()>>>>,
}

/// The scopes that the calls need (docs.digdir.no, "API for selvbetjening").
mod scope {
    pub(super) const READ: &str = "idporten:dcr.read";
    pub(super) const MODIFY: &str = "idporten:dcr.modify";
    pub(super) const WRITE: &str = "idporten:dcr.write";
    pub(super) const SCOPES: &str = "idporten:scopes.write";
}

/// One request.
struct Call<'a> {
    operation: &'static str,
    method: Method,
    path: String,
    query: &'a [(&'a str, &'a str)],
    body: Option<Vec<u8>>,
    /// None: the call is open to all.
    scope: Option<&'static str>,
}

impl<'a> Call<'a> {
    fn get(operation: &'static str, path: impl Into<String>, scope: &'static str) -> Self {
        Self {
            operation,
            method: Method::GET,
            path: path.into(),
            query: &[],
            body: None,
            scope: Some(scope),
        }
    }

    fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    fn query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    fn body(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::refused_here(self.operation, "it cannot be written as JSON"))?;
        self.body = Some(body);
        Ok(self)
    }
}

impl Admin {
    /// The administration API at `url`, as this client of Maskinporten may use it: one that has the
    /// scopes, belongs to the same environment, and signs with the business certificate.
    #[must_use]
    pub fn new(url: AdminUrl, client: Client) -> Self {
        Self {
            inner: Arc::new(Inner {
                url,
                client,
                locks: Mutex::default(),
            }),
            scopes: None,
        }
    }

    /// Asks for tokens with these scopes, whatever the call.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = Some(scopes.into_iter().collect());
        self
    }

    // clients

    /// The organisation's active clients.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`]; so for all calls.
    pub async fn clients(&self) -> Result<Vec<RegisteredClient>, Error> {
        self.read(Call::get("list clients", "/clients", scope::READ))
            .await
    }

    /// The clients that are not active any longer.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn inactive_clients(&self) -> Result<Vec<RegisteredClient>, Error> {
        let call = Call::get("list inactive clients", "/clients", scope::READ);
        self.read(call.query(&[("inactive", "true")])).await
    }

    /// One client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as [`clients`](Self::clients).
    pub async fn client(&self, id: &ClientId) -> Result<RegisteredClient, Error> {
        self.read(Call::get("read a client", client_path(id), scope::READ))
            .await
    }

    /// Creates a client. The answer has its id, and its secret where it authenticates with one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] names the members that are wrong, and as [`clients`](Self::clients).
    pub async fn create_client(&self, client: &NewClient) -> Result<RegisteredClient, Error> {
        let call = Call::get("create a client", "/clients", scope::WRITE);
        self.read(call.method(Method::POST).body(client)?).await
    }

    /// Changes a client: reads it, lets `change` have it, and writes it back whole, with the members
    /// that are not known here as they were. Changes by this `Admin` wait for each other.
    ///
    /// Another way of authenticating deletes the client's secret. The integration type cannot be
    /// changed, and such a change is refused here.
    ///
    /// # Errors
    ///
    /// As [`create_client`](Self::create_client) and [`client`](Self::client).
    pub async fn update_client(
        &self,
        id: &ClientId,
        change: impl FnOnce(&mut RegisteredClient),
    ) -> Result<RegisteredClient, Error> {
        const OPERATION: &str = "change a client";
        let lock = self.lock_of(id);
        let _alone = lock.lock().await;
        let mut client = self.client(id).await?;
        let kind = client.integration_type.clone();
        change(&mut client);
        if client.integration_type != kind {
            return Err(Error::refused_here(
                OPERATION,
                "a client's integration type cannot be changed; create another client",
            ));
        }
        let call = Call::get(OPERATION, client_path(id), scope::MODIFY);
        self.read(call.method(Method::PUT).body(&client.to_write())?)
            .await
    }

    /// Takes a client out of use. It cannot be created again.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub async fn delete_client(&self, id: &ClientId) -> Result<(), Error> {
        let call = Call::get("delete a client", client_path(id), scope::WRITE);
        self.send(call.method(Method::DELETE)).await.map(drop)
    }

    /// Gives a client that authenticates with a secret a new one; the old one is gone.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub async fn new_secret(&self, id: &ClientId) -> Result<SecretString, Error> {
        const OPERATION: &str = "make a new client secret";
        let call = Call::get(
            OPERATION,
            format!("{}/secret", client_path(id)),
            scope::WRITE,
        );
        let client: RegisteredClient = self.read(call.method(Method::POST)).await?;
        client
            .client_secret
            .ok_or_else(|| Error::unreadable(OPERATION, "the answer has no secret"))
    }

    // scopes

    /// Every public scope of everybody; needs no token.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn all_scopes(&self) -> Result<Vec<RegisteredScope>, Error> {
        let mut call = Call::get("list all scopes", "/scopes/all", scope::SCOPES);
        call.scope = None;
        self.read(call).await
    }

    /// The organisation's own active scopes.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn scopes(&self) -> Result<Vec<RegisteredScope>, Error> {
        self.read(Call::get("list scopes", "/scopes", scope::SCOPES))
            .await
    }

    /// Those that are not active any longer.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn inactive_scopes(&self) -> Result<Vec<RegisteredScope>, Error> {
        let call = Call::get("list inactive scopes", "/scopes", scope::SCOPES);
        self.read(call.query(&[("inactive", "true")])).await
    }

    /// One of the organisation's own scopes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as [`clients`](Self::clients).
    pub async fn scope(&self, name: &Scope) -> Result<RegisteredScope, Error> {
        let call = Call::get("read a scope", "/scopes", scope::SCOPES);
        self.read(call.query(&[("scope", name.as_str())])).await
    }

    /// Creates a scope.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] when there is or was one of this name, and as
    /// [`create_client`](Self::create_client).
    pub async fn create_scope(&self, scope: &NewScope) -> Result<RegisteredScope, Error> {
        let call = Call::get("create a scope", "/scopes", scope::SCOPES);
        self.read(call.method(Method::POST).body(scope)?).await
    }

    /// Changes a scope, as [`update_client`](Self::update_client) does a client. Its name cannot be
    /// changed, and such a change is refused here.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope) and [`create_client`](Self::create_client).
    pub async fn update_scope(
        &self,
        name: &Scope,
        change: impl FnOnce(&mut RegisteredScope),
    ) -> Result<RegisteredScope, Error> {
        const OPERATION: &str = "change a scope";
        let mut scope = self.scope(name).await?;
        let of = |scope: &RegisteredScope| {
            (
                scope.name.clone(),
                scope.prefix.clone(),
                scope.subscope.clone(),
            )
        };
        let before = of(&scope);
        change(&mut scope);
        if of(&scope) != before {
            return Err(Error::refused_here(
                OPERATION,
                "a scope's name cannot be changed; create another scope",
            ));
        }
        let call = Call::get(OPERATION, "/scopes", scope::SCOPES);
        let query = [("scope", name.as_str())];
        self.read(
            call.method(Method::PUT)
                .query(&query)
                .body(&scope.to_write())?,
        )
        .await
    }

    /// Takes a scope out of use.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub async fn delete_scope(&self, name: &Scope) -> Result<(), Error> {
        let call = Call::get("delete a scope", "/scopes", scope::SCOPES);
        let query = [("scope", name.as_str())];
        self.send(call.method(Method::DELETE).query(&query))
            .await
            .map(drop)
    }

    // access

    /// Who has access to one of the organisation's own scopes.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub async fn access(&self, scope: &Scope) -> Result<Vec<Access>, Error> {
        let call = Call::get("list access to a scope", "/scopes/access", scope::SCOPES);
        self.read(call.query(&[("scope", scope.as_str())])).await
    }

    /// To which of the organisation's own scopes this consumer has access.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn access_of(&self, consumer: OrganisationNumber) -> Result<Vec<Access>, Error> {
        let call = Call::get("list a consumer's access", "/scopes/access", scope::SCOPES);
        self.read(call.query(&[("consumer_orgno", consumer.as_str())]))
            .await
    }

    /// Which scopes of others the organisation has access to.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn granted_to_us(&self) -> Result<Vec<Access>, Error> {
        self.read(Call::get(
            "list our own access",
            "/scopes/access/all",
            scope::READ,
        ))
        .await
    }

    /// Gives an organisation access to one of the own scopes: what MP-250 asks of the API's owner.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub async fn grant_access(
        &self,
        scope: &Scope,
        consumer: OrganisationNumber,
    ) -> Result<Access, Error> {
        self.change_access("give access to a scope", Method::PUT, scope, consumer)
            .await
    }

    /// Takes it back.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub async fn withdraw_access(
        &self,
        scope: &Scope,
        consumer: OrganisationNumber,
    ) -> Result<Access, Error> {
        let operation = "withdraw access to a scope";
        self.change_access(operation, Method::DELETE, scope, consumer)
            .await
    }

    async fn change_access(
        &self,
        operation: &'static str,
        method: Method,
        scope: &Scope,
        consumer: OrganisationNumber,
    ) -> Result<Access, Error> {
        let path = format!("/scopes/access/{consumer}");
        let call = Call::get(operation, path, scope::SCOPES).method(method);
        self.read(call.query(&[("scope", scope.as_str())])).await
    }

    /// Where delegations can be looked up; needs no token.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn delegation_sources(&self) -> Result<Vec<DelegationSource>, Error> {
        let mut call = Call::get(
            "list delegation sources",
            "/delegationsources",
            scope::SCOPES,
        );
        call.scope = None;
        self.read(call).await
    }

    fn lock_of(&self, id: &ClientId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self
            .inner
            .locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // those that nobody holds are of no use
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(id.clone()).or_default())
    }

    async fn read<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let operation = call.operation;
        let response = self.send(call).await?;
        decode_json(operation, &response).map_err(|error| Error::transport(operation, &error))
    }

    async fn send(&self, call: Call<'_>) -> Result<Response<Bytes>, Error> {
        let span = tracing::debug_span!(
            "maskinporten_admin",
            operation = call.operation,
            method = %call.method,
            path = call.path,
        );
        async {
            let outcome = self.send_once(call).await;
            if let Err(error) = &outcome {
                tracing::debug!(kind = ?error.kind(), status = error.diagnosis().status(), "refused");
            }
            outcome
        }
        .instrument(span)
        .await
    }

    async fn send_once(&self, call: Call<'_>) -> Result<Response<Bytes>, Error> {
        let operation = call.operation;
        let invalid = || Error::refused_here(operation, "the request's address is no URL");
        let mut url = Url::parse(&format!("{}{}", self.inner.url.as_str(), call.path))
            .map_err(|_| invalid())?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut request = Request::builder()
            .method(call.method)
            .uri(url.as_str())
            .header(http::header::ACCEPT, "application/json");
        if call.body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Bytes::from(call.body.unwrap_or_default()))
            .map_err(|_| invalid())?;
        // reading is tried again; writing is not, but where no connection came about
        let transport = Retrying::new(
            Arc::clone(self.inner.client.transport()),
            RetryPolicy::default(),
        );
        let answer = match call.scope {
            None => transport.send(request).await,
            Some(scope) => {
                let scopes = match &self.scopes {
                    Some(scopes) => scopes.iter().cloned().collect(),
                    None => vec![scope.parse::<Scope>().map_err(|_| invalid())?],
                };
                let asked = TokenRequest::scopes(scopes);
                let token = |error| Error::token(operation, error);
                self.inner.client.token(&asked).await.map_err(token)?;
                let handle = self.inner.client.handle(&asked).map_err(token)?;
                let origin: Origin = url.as_str().parse().map_err(|_| invalid())?;
                Authorized::new(transport, handle)
                    .origin(origin)
                    .map_err(|error| Error::transport(operation, &error))?
                    .send(request)
                    .await
            }
        };
        let response = answer.map_err(|error| Error::transport(operation, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Error::refusal(operation, &response))
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("url", &self.inner.url)
            .field("client", &self.inner.client)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// `/clients/{id}`, the id escaped: old ones are names.
fn client_path(id: &ClientId) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    format!("/clients/{escaped}")
}

/// A secret that arrives in JSON.
fn secret<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Whether two secrets are the same; only tests ask.
#[cfg(test)]
fn is_secret(secret: Option<&SecretString>, text: &str) -> bool {
    secret.is_some_and(|secret| http_transport::ExposeSecret::expose_secret(secret) == text)
}
