//! People: the log-in at ID-porten and its siblings (feature `openssl`).
//!
//! An authorization code flow with everything that guards it: PKCE (S256), `state`, `nonce`, the issuer in
//! the answer (RFC 9207), pushed requests (PAR, RFC 9126), a client that proves itself with a key
//! (`private_key_jwt`), and an id_token that is validated before anybody is believed to be anybody.
//!
//! ```no_run
//! use std::sync::Arc;
//! use altinn_auth::id_porten::{ClientAuthentication, FileStore, IdPorten, LoginRequest};
//! use altinn_auth::{Altinn, Environment, Provider, SecurityLevel};
//! use maskinporten::Signer;
//!
//! # async fn run(signer: Signer) -> Result<(), Box<dyn std::error::Error>> {
//! let id_porten = IdPorten::builder(Provider::id_porten_test(), "my-client".parse()?)
//!     .authentication(ClientAuthentication::PrivateKeyJwt(signer))
//!     .store(FileStore::at("/home/me/.config/altinn/login.json"))
//!     .build()?;
//!
//! // send the person's browser to the URL; the answer comes to the redirect address
//! let pending = id_porten
//!     .begin(
//!         LoginRequest::new("https://my.example.no/back")
//!             .scopes(["openid", "altinn:instances.read"])
//!             .level(SecurityLevel::THREE),
//!     )
//!     .await?;
//! println!("{}", pending.url());
//! # let callback = "";
//! let login = pending.finish(callback).await?;
//!
//! // from here on, a session like any other
//! let altinn = Altinn::without_maskinporten(Environment::tt02()).api_key("my-key".into()).build()?;
//! let me = altinn.person(Arc::clone(&login)); // exchanged; `.direct()` uses ID-porten's token as it is
//! let token = me.token().await?;
//!
//! // and the end: tokens revoked, the store emptied, and where the browser goes to end its session
//! let logged_out = login.end().await?;
//! # Ok(()) }
//! ```
//!
//! Source: <https://docs.digdir.no/docs/idporten/oidc/oidc_guide_idporten>.

mod login;
mod store;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, RetryPolicy, Retrying, SecretString, Transport, Who};
use maskinporten::{ClientId, Signer};
use serde_json::Value;
use token_cache::{Clock, SystemClock};
use tokio::sync::Mutex;
use url::Url;

pub use self::login::{Introspection, LoggedOut, Login};
pub use self::store::{FileStore, LoginStore, StoreError, StoreLock, StoredLogin};
use self::wire::{Form, Known, Metadata, random};
use crate::{BuildError, Environment, Error, ErrorKind, Provider, SecurityLevel};

/// How the client proves itself to the provider. It must be the method that is registered: no other is
/// taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// A signed assertion (`private_key_jwt`), with a registered key or a business certificate.
    PrivateKeyJwt(Signer),
    /// A secret, as HTTP basic authentication (`client_secret_basic`).
    SecretBasic(SecretString),
    /// A secret, in the form (`client_secret_post`).
    SecretPost(SecretString),
    /// None: a public client, which has PKCE alone.
    None,
}

/// A client of ID-porten or a sibling. Cheap to clone.
#[derive(Clone)]
pub struct IdPorten(pub(crate) Arc<Client>);

pub(crate) struct Client {
    provider: Provider,
    client_id: ClientId,
    authentication: ClientAuthentication,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn LoginStore>>,
    known: Mutex<Option<(Duration, Arc<Known>)>>,
}

impl fmt::Debug for IdPorten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdPorten")
            .field("provider", &self.0.provider)
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}

/// Makes an [`IdPorten`].
pub struct IdPortenBuilder {
    provider: Provider,
    client_id: ClientId,
    authentication: ClientAuthentication,
    transport: Option<Arc<dyn Transport>>,
    trusted: Vec<Vec<u8>>,
    clock: Option<Arc<dyn Clock>>,
    store: Option<Arc<dyn LoginStore>>,
}

impl fmt::Debug for IdPortenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdPortenBuilder")
            .field("provider", &self.provider)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl IdPortenBuilder {
    /// How the client proves itself; [`None`](ClientAuthentication::None) unless said.
    #[must_use]
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Where log-ins outlive the process.
    #[must_use]
    pub fn store(mut self, store: impl LoginStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The transport; without the feature `reqwest` one is needed.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Trusts the certificate authorities in this PEM text beside the system's, on the connections that
    /// the client makes itself. A [transport](Self::transport) that is given knows its own.
    #[must_use]
    pub fn trust_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trusted.push(pem.into());
        self
    }

    /// Another clock than the machine's, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When there is no transport, or it cannot be set up, such as for a PEM text that holds no
    /// certificate.
    pub fn build(self) -> Result<IdPorten, BuildError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => crate::altinn::default_transport(&self.trusted, None)?,
        };
        Ok(IdPorten(Arc::new(Client {
            provider: self.provider,
            client_id: self.client_id,
            authentication: self.authentication,
            // only what changes nothing is sent twice: a code and a refresh token work once
            transport: Arc::new(Retrying::new(transport, RetryPolicy::default())),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            store: self.store,
            known: Mutex::default(),
        })))
    }
}

/// What a log-in asks for.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    redirect_uri: String,
    scopes: Vec<String>,
    level: Option<SecurityLevel>,
    language: Option<String>,
    prompt: Option<String>,
    resource: Option<String>,
    on_behalf_of: Option<String>,
    details: Vec<Value>,
    pushed: bool,
}

impl LoginRequest {
    /// A log-in (`openid`) whose answer comes to this address, exactly as it is registered.
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self {
            redirect_uri: redirect_uri.into(),
            scopes: vec!["openid".to_owned()],
            level: None,
            language: None,
            prompt: None,
            resource: None,
            on_behalf_of: None,
            details: Vec::new(),
            pushed: true,
        }
    }

    /// Asks for these scopes. `openid` is always among them.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        if !self.scopes.iter().any(|scope| scope == "openid") {
            self.scopes.insert(0, "openid".to_owned());
        }
        self
    }

    /// Asks for at least this level, and takes nothing less.
    #[must_use]
    pub fn level(mut self, level: SecurityLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// The language of the pages: `nb`, `nn`, `en` or `se`. What the person chose before wins.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// `login` makes the person log in anew, `none` shows no page, `consent` asks for consent.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// The API that the token is for; it gets an audience.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// The organisation on whose behalf a supplier logs people in (`onbehalfof`).
    #[must_use]
    pub fn on_behalf_of(mut self, customer: impl Into<String>) -> Self {
        self.on_behalf_of = Some(customer.into());
        self
    }

    /// An element of `authorization_details` (RFC 9396), of a type that the provider takes.
    #[must_use]
    pub fn authorization_details(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    /// Puts everything in the URL, also where the provider takes pushed requests (PAR).
    #[must_use]
    pub fn not_pushed(mut self) -> Self {
        self.pushed = false;
        self
    }
}

impl IdPorten {
    /// A builder for the client `client_id` of this provider.
    #[must_use]
    pub fn builder(provider: Provider, client_id: ClientId) -> IdPortenBuilder {
        IdPortenBuilder {
            provider,
            client_id,
            authentication: ClientAuthentication::None,
            transport: None,
            trusted: Vec::new(),
            clock: None,
            store: None,
        }
    }

    /// A builder for the ID-porten of an environment.
    #[must_use]
    pub fn of(environment: &Environment, client_id: ClientId) -> IdPortenBuilder {
        Self::builder(environment.id_porten().clone(), client_id)
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Begins a log-in. The person's browser goes to its [`url`](PendingLogin::url).
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached, does not know the client or the redirect address (where it
    /// takes pushed requests; else its own page says so), or has no words for what is asked.
    pub async fn begin(&self, request: LoginRequest) -> Result<PendingLogin, Error> {
        const OPERATION: &str = "begin a log-in";
        let known = self.0.known().await?;
        let pending = Pending {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            scopes: request.scopes.clone(),
            level: request.level,
            redirect_uri: request.redirect_uri.clone(),
        };
        let mut form = self.0.parameters(OPERATION, &request, &pending)?;
        let pushed = known
            .metadata
            .pushed_authorization_request_endpoint
            .as_ref();
        if let Some(endpoint) = pushed.filter(|_| request.pushed) {
            let answer: wire::Pushed = self.0.post(OPERATION, endpoint, form, false).await?;
            form = Form::new();
            form.add("client_id", self.0.client_id.as_str());
            form.add("request_uri", &answer.request_uri);
        }
        let mut url = known.metadata.authorization_endpoint.clone();
        url.query_pairs_mut().extend_pairs(form.pairs());
        Ok(PendingLogin {
            client: self.clone(),
            url,
            pending,
        })
    }

    /// The log-in in the store, if there is one.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or what is in it is of another provider or client: the message names
    /// both.
    pub async fn resume(&self) -> Result<Option<Arc<Login>>, Error> {
        const OPERATION: &str = "read the stored log-in";
        let Some(store) = &self.0.store else {
            return Ok(None);
        };
        let stored = store
            .load()
            .await
            .map_err(|error| store_failed(OPERATION, &error))?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let (issuer, client_id) = (self.0.provider.issuer(), self.0.client_id.as_str());
        if stored.issuer() != issuer || stored.client_id() != client_id {
            return Err(Error::new(
                ErrorKind::IssuerMismatch,
                Diagnosis::new(OPERATION)
                    .with_message(format!(
                        "the stored log-in is of {} (client {}), and the settings name {issuer} (client {client_id})",
                        stored.issuer(),
                        stored.client_id(),
                    ))
                    .with_remedy(Remedy::new(
                        Who::You,
                        "log in again, or use the settings that the log-in was made with",
                    )),
            ));
        }
        Ok(Some(Arc::new(Login::of_stored(self.clone(), stored))))
    }
}

fn store_failed(operation: &'static str, error: &StoreError) -> Error {
    Error::new(
        ErrorKind::NoToken,
        Diagnosis::new(operation)
            .with_message(error.to_string())
            .with_remedy(Remedy::new(
                Who::You,
                "make the file readable and writable for yourself alone, or remove it and log in again",
            )),
    )
}

/// What must be remembered between the two halves of a log-in.
struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    scopes: Vec<String>,
    level: Option<SecurityLevel>,
    redirect_uri: String,
}

/// A log-in that was begun: from [`IdPorten::begin`]. It is good for one answer.
///
/// A server keeps it until the browser comes back, under its [`state`](Self::state) and bound to the
/// browser's own session.
pub struct PendingLogin {
    client: IdPorten,
    url: Url,
    pending: Pending,
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl PendingLogin {
    /// Where the person's browser goes.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What the answer is recognised by.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.pending.state
    }

    /// Ends the log-in with the answer that came to the redirect address: its whole URL, or its query.
    ///
    /// # Errors
    ///
    /// Each with its own [`ErrorKind`]: a `state` that is not this log-in's, an issuer that is not the
    /// provider, a person who broke off, a code that was used before, an id_token that is not to be
    /// trusted, has another `nonce`, or a lower level than was asked for.
    pub async fn finish(self, callback: &str) -> Result<Arc<Login>, Error> {
        self.client
            .0
            .finish(&self.client, self.pending, callback)
            .await
    }
}

impl Client {
    fn parameters(
        &self,
        operation: &'static str,
        request: &LoginRequest,
        pending: &Pending,
    ) -> Result<Form, Error> {
        let refused = |kind, message: String| {
            Error::new(
                kind,
                Diagnosis::new(operation)
                    .with_message(message)
                    .with_remedy(Remedy::new(
                        Who::You,
                        "ask for what the provider has (acr_values_supported and authorization_details_types_supported of its metadata), or add it to what is set for the provider (IDPORTEN_LEVELS, IDPORTEN_AUTHORIZATION_DETAILS)",
                    )),
            )
        };
        let mut form = Form::new();
        form.add("response_type", "code");
        form.add("client_id", self.client_id.as_str());
        form.add("redirect_uri", &request.redirect_uri);
        form.add("scope", &request.scopes.join(" "));
        form.add("state", &pending.state);
        form.add("nonce", &pending.nonce);
        form.add("code_challenge", &wire::challenge(&pending.verifier));
        form.add("code_challenge_method", "S256");
        if let Some(level) = request.level {
            let acr = self.provider.acr_of(level).ok_or_else(|| {
                refused(
                    ErrorKind::LevelTooLow,
                    format!(
                        "{} has no acr that is known to give level {level}",
                        self.provider.issuer()
                    ),
                )
            })?;
            form.add("acr_values", acr);
        }
        for (name, value) in [
            ("ui_locales", &request.language),
            ("prompt", &request.prompt),
            ("resource", &request.resource),
            ("onbehalfof", &request.on_behalf_of),
        ] {
            if let Some(value) = value {
                form.add(name, value);
            }
        }
        for detail in &request.details {
            let kind = detail["type"].as_str().unwrap_or_default();
            if !self.provider.takes_details(kind) {
                return Err(refused(
                    ErrorKind::LoginRefused,
                    format!(
                        "{} takes no authorization_details of type {kind:?}",
                        self.provider.issuer()
                    ),
                ));
            }
        }
        if !request.details.is_empty() {
            form.add(
                "authorization_details",
                &Value::from(request.details.clone()).to_string(),
            );
        }
        Ok(form)
    }

    async fn finish(
        &self,
        client: &IdPorten,
        pending: Pending,
        callback: &str,
    ) -> Result<Arc<Login>, Error> {
        const OPERATION: &str = "finish a log-in";
        let known = self.known().await?;
        let answer = wire::Callback::parse(callback);
        let fail = |kind, message: String, remedy: &'static str| {
            Error::new(
                kind,
                Diagnosis::new(OPERATION)
                    .with_message(message)
                    .with_remedy(Remedy::new(Who::You, remedy)),
            )
        };
        if !answer
            .state
            .as_deref()
            .is_some_and(|state| wire::equal(state, &pending.state))
        {
            return Err(fail(
                ErrorKind::StateMismatch,
                "the answer's state is not the one that this log-in was begun with".to_owned(),
                "begin the log-in anew; if nobody followed a strange link, look at where the redirect address leads",
            ));
        }
        match &answer.issuer {
            Some(issuer) if issuer != self.provider.issuer() => {
                return Err(fail(
                    ErrorKind::IssuerMismatch,
                    format!(
                        "the answer says that it is of {issuer}, and {} was asked",
                        self.provider.issuer()
                    ),
                    "begin the log-in anew; do not use this answer anywhere",
                ));
            }
            None if known
                .metadata
                .authorization_response_iss_parameter_supported =>
            {
                return Err(fail(
                    ErrorKind::IssuerMismatch,
                    format!(
                        "the answer names no issuer, and {} always does",
                        self.provider.issuer()
                    ),
                    "begin the log-in anew; do not use this answer anywhere",
                ));
            }
            _ => {}
        }
        if let Some(error) = answer.error {
            return Err(wire::refusal(
                OPERATION,
                None,
                &error,
                answer.error_description.as_deref(),
                false,
            ));
        }
        let code = answer.code.ok_or_else(|| {
            fail(
                ErrorKind::LoginRefused,
                "the answer holds neither a code nor an error".to_owned(),
                "begin the log-in anew",
            )
        })?;
        let mut form = Form::new();
        form.add("grant_type", "authorization_code");
        form.add("code", &code);
        form.add("redirect_uri", &pending.redirect_uri);
        form.add("code_verifier", &pending.verifier);
        form.add("client_id", self.client_id.as_str());
        let asked = self.clock.now();
        let tokens: wire::Tokens = self
            .post(OPERATION, &known.metadata.token_endpoint, form, false)
            .await?;
        let id_token = tokens.id_token.as_deref().ok_or_else(|| {
            fail(
                ErrorKind::InvalidIdToken,
                "the provider gave no id_token".to_owned(),
                "ask for the scope openid",
            )
        })?;
        let who = self.validate(&known, id_token).await?;
        if !who
            .nonce
            .as_deref()
            .is_some_and(|nonce| wire::equal(nonce, &pending.nonce))
        {
            return Err(fail(
                ErrorKind::NonceMismatch,
                "the id_token's nonce is not the one that this log-in was begun with".to_owned(),
                "begin the log-in anew; do not use this answer anywhere",
            ));
        }
        let level = who
            .acr
            .as_deref()
            .and_then(|acr| self.provider.level_of(acr));
        if let Some(needed) = pending.level
            && level.is_none_or(|level| level < needed)
        {
            return Err(fail(
                ErrorKind::LevelTooLow,
                format!(
                    "level {needed} was asked for, and the log-in gave {}",
                    level.map_or_else(
                        || format!("an unknown one ({})", who.acr.as_deref().unwrap_or("none")),
                        |level| level.to_string()
                    )
                ),
                "log in with something that gives more: BankID, Buypass or Commfides for level 4",
            ));
        }
        let login = Login::new(client.clone(), tokens, pending.scopes, asked, level)?;
        if let Some(store) = &self.store {
            let stored = login.stored().await;
            store
                .save(&stored)
                .await
                .map_err(|error| store_failed("store the log-in", &error))?;
        }
        Ok(Arc::new(login))
    }

    /// The metadata, read anew once a day (Digdir's advice).
    async fn known(&self) -> Result<Arc<Known>, Error> {
        const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
        const OPERATION: &str = "read the log-in provider's metadata";
        let now = self.clock.now_monotonic();
        let mut held = self.known.lock().await;
        if let Some((since, known)) = &*held
            && now.saturating_sub(*since) < FRESH
        {
            return Ok(known.clone());
        }
        let request = http::Request::get(self.provider.metadata().as_str())
            .header(http::header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| wire::invalid(OPERATION, error))?;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|error| Error::transport(OPERATION, error))?;
        let metadata: Metadata = wire::read(OPERATION, &answer, false)?;
        metadata.check(OPERATION, &self.provider)?;
        let known = Arc::new(Known::new(metadata));
        *held = Some((now, known.clone()));
        Ok(known)
    }
}
