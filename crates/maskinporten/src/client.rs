//! The client: one per environment, client id and key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http_transport::{BoxFuture, Diagnosis, Remedy, Retry, SecretString, Transport, Who};
use norwegian_ids::OrganisationNumber;
use token_cache::{
    Attempt, FailureClass, Fetched, Handle, Source, SourceError, Token, TokenCache, TokenHash,
    TokenKey,
};
use tracing::Instrument;
use url::Url;

use crate::answer::{Answer, Asked};
use crate::codes::RetryClass;
use crate::expiry::ExpiryWatch;
use crate::rotation::Turn;
use crate::{
    Assertion, BuildError, BuildErrorKind, Claims, ClientId, Discovery, Environment, Error,
    ErrorKind, GrantLifetime, Keys, Signer, TokenRequest, grant,
};

/// What every diagnosis of this crate is about.
pub(crate) const OPERATION: &str = "get a Maskinporten token";

/// Gets access tokens for one client id of one environment. Cheap to clone; clones share the cache.
///
/// ```
/// # use maskinporten::{Client, Environment, Signer, TokenRequest};
/// # async fn get(p12: &[u8], password: &http_transport::SecretString) -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(all(feature = "openssl", feature = "reqwest"))] {
/// let signer = Signer::from_pkcs12(p12, password)?;
/// let client = Client::builder(Environment::test(), "our-client-id".parse()?, signer).build()?;
/// let token = client.token(&TokenRequest::scopes(["difitest:test1".parse()?])).await?;
/// let request = http::Request::get("https://api.example.no/").header("authorization", token.header_value());
/// # drop(request); }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    environment: Environment,
    client_id: ClientId,
    owner: Option<OrganisationNumber>,
    keys: Keys,
    lifetime: GrantLifetime,
    transport: Arc<dyn Transport>,
    cache: TokenCache,
    discovery: Option<Discovery>,
    expiry: ExpiryWatch,
}

impl Client {
    /// Begins a client of this environment, with its id and what it signs with: a [`Signer`], or
    /// [`Keys`] that change while the program runs.
    pub fn builder(
        environment: Environment,
        client_id: ClientId,
        keys: impl Into<Keys>,
    ) -> ClientBuilder {
        ClientBuilder {
            environment,
            client_id,
            owner: None,
            keys: keys.into(),
            lifetime: GrantLifetime::default(),
            transport: None,
            cache: None,
            discovery: None,
        }
    }

    /// A token for what is asked: from the cache, or fetched. Callers who ask for the same at the
    /// same time share one request.
    ///
    /// The token is compared with what was asked for: scopes, resource, organisations, system user,
    /// consent, person.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`]. A refusal comes with the row of the server's code table that it is, and
    /// with what to do, who must, and where.
    pub async fn token(&self, request: &TokenRequest) -> Result<AccessToken, Error> {
        let me = Arc::as_ptr(&self.inner).addr();
        if let Some(handle) = request.kept.of(me) {
            let token = handle.token().await;
            return token
                .map(AccessToken)
                .map_err(|error| Error::from_cache(&error));
        }
        let handle = self.handle(request)?;
        let token = handle.token().await;
        request.kept.keep(me, handle);
        token
            .map(AccessToken)
            .map_err(|error| Error::from_cache(&error))
    }

    /// The way to this request's token, to be kept: for [`keep_warm`](Handle::keep_warm), for a
    /// newer token after a 401, for [`Authorized`](token_cache::Authorized).
    ///
    /// # Errors
    ///
    /// When the request is one that the server is known to refuse.
    pub fn handle(&self, request: &TokenRequest) -> Result<Handle, Error> {
        grant::check(request, &self.inner.keys.current())?;
        Ok(self
            .inner
            .cache
            .handle(self.token_key(request), self.source(request)))
    }

    /// Signs a grant for what is asked, and sends nothing.
    ///
    /// # Errors
    ///
    /// When the request is one that the server is known to refuse, or the key does not sign.
    pub async fn assertion(&self, request: &TokenRequest) -> Result<Assertion, Error> {
        self.inner.sign(&self.inner.keys.current(), request).await
    }

    /// Fetches anew at every call, for those who cache by themselves.
    #[must_use]
    pub fn source(&self, request: &TokenRequest) -> GrantSource {
        GrantSource {
            inner: Arc::clone(&self.inner),
            request: request.clone(),
        }
    }

    /// What this request's token is cached under: everything that changes the token. The signing
    /// key does not.
    #[must_use]
    pub fn token_key(&self, request: &TokenRequest) -> TokenKey {
        let Inner {
            environment,
            client_id,
            ..
        } = &*self.inner;
        let mut key = TokenKey::builder("maskinporten")
            .part("issuer", environment.issuer())
            .part("token_endpoint", environment.token_endpoint().as_str())
            .part("client_id", client_id.as_str())
            .scopes(request.scopes.iter().map(crate::Scope::as_str))
            .optional_part(
                "consumer_org",
                request.consumer_org.as_ref().map(|org| org.as_str()),
            )
            .optional_part("pid", request.pid.as_ref().map(|person| person.expose()));
        for resource in &request.resources {
            key = key.part("resource", resource.as_str());
        }
        if let Some(user) = &request.system_user {
            key = key
                .part("systemuser_org", user.organisation.as_str())
                .optional_part("external_ref", user.external_ref.as_deref());
        }
        if let Some(consent) = &request.consent {
            key = key
                .part("consent_id", consent.id.to_string())
                .part("consent_from", consent.from.urn());
        }
        key.build()
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// The client's id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.inner.client_id
    }

    /// What it signs with now.
    #[must_use]
    pub fn signer(&self) -> Signer {
        self.inner.keys.current()
    }

    /// What it signs with, now and later.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// How many whole days are left of what it signs with now, the certificate or the registered
    /// key; negative when that has expired, `None` when it is not known: see [`Signer::days_left`].
    ///
    /// From 30 days on, every day on which a grant is signed brings a warning event of `tracing`.
    /// With feature `metrics` the gauge `maskinporten_key_days_left` shows it.
    #[must_use]
    pub fn key_days_left(&self) -> Option<i64> {
        let now = self.inner.cache.clock().now_wall();
        self.inner.keys.current().days_left(now)
    }

    /// The cache, for those who keep tokens made from these in it.
    #[must_use]
    pub fn cache(&self) -> &TokenCache {
        &self.inner.cache
    }

    /// What requests go through.
    #[must_use]
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.inner.transport
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("environment", &self.inner.environment)
            .field("client_id", &self.inner.client_id)
            .field("keys", &self.inner.keys)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "nothing is built before `build`"]
pub struct ClientBuilder {
    environment: Environment,
    client_id: ClientId,
    owner: Option<OrganisationNumber>,
    keys: Keys,
    lifetime: GrantLifetime,
    transport: Option<Arc<dyn Transport>>,
    cache: Option<TokenCache>,
    discovery: Option<Discovery>,
}

impl ClientBuilder {
    /// Another transport than the default of feature `reqwest`. A grant is never sent twice, so
    /// retries are the cache's business, not the transport's.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// A cache that is shared with others, or has other settings; its clock is the one that grants
    /// are dated by.
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// The metadata document that the environment is from: it is looked at again every day, so that
    /// a token endpoint that moves within its issuer is followed, and a request that the document
    /// rules out is refused without being sent.
    pub fn discovery(mut self, discovery: Discovery) -> Self {
        self.discovery = Some(discovery);
        self
    }

    /// The organisation that owns the client, where it is known.
    ///
    /// Maskinporten does not tell it when it refuses another organisation's certificate (MP-122);
    /// with it, the error names both organisations. Nothing else depends on it.
    pub fn owner(mut self, owner: OrganisationNumber) -> Self {
        self.owner = Some(owner);
        self
    }

    /// How long a grant lives.
    pub fn grant_lifetime(mut self, lifetime: GrantLifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// When the signer has neither a certificate nor a key id, or the default transport cannot be
    /// set up.
    pub fn build(self) -> Result<Client, BuildError> {
        if self.keys.current().key_reference().is_none() {
            return Err(BuildError::new(
                BuildErrorKind::NoKeyReference,
                "the key has neither a certificate nor a key id",
            )
            .with_remedy(Remedy::new(
                Who::You,
                "name the id under which the key is registered on the client (MASKINPORTEN_KID), or add the certificate to the key's file",
            )));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(Client {
            inner: Arc::new(Inner {
                environment: self.environment,
                client_id: self.client_id,
                owner: self.owner,
                keys: self.keys,
                lifetime: self.lifetime,
                transport,
                cache: self.cache.unwrap_or_default(),
                discovery: self.discovery,
                expiry: ExpiryWatch::default(),
            }),
        })
    }
}

#[cfg(feature = "reqwest")]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, BuildError> {
    let transport = http_transport::ReqwestTransport::builder()
        .build()
        .map_err(|error| {
            BuildError::new(
                BuildErrorKind::Transport,
                "the HTTP transport could not be set up",
            )
            .with_transport(&error)
        })?;
    Ok(Arc::new(transport))
}

#[cfg(not(feature = "reqwest"))]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, BuildError> {
    Err(
        BuildError::new(BuildErrorKind::Transport, "there is no HTTP transport").with_remedy(
            Remedy::new(
                Who::You,
                "give one when the client is built, or turn on the feature `reqwest`",
            ),
        ),
    )
}

impl Inner {
    async fn sign(&self, signer: &Signer, request: &TokenRequest) -> Result<Assertion, Error> {
        let offset = self.cache.clock_offset(self.environment.issuer());
        let now = offset.correct(self.cache.clock().now_wall());
        self.expiry.look(&self.client_id, signer, now);
        grant::sign(
            &self.environment,
            &self.client_id,
            signer,
            self.lifetime,
            request,
            now,
        )
        .await
    }

    /// One attempt: a new grant, sent once; while a new key is tried and the server does not take
    /// it, a second one by the old key.
    async fn fetch(&self, request: &TokenRequest) -> Result<Answer, Error> {
        let now = self.cache.clock().now_monotonic();
        let Turn { signer, fallback } = self.keys.turn(now).await;
        let found;
        let endpoint = match &self.discovery {
            // what the client was built with counts until the document can be had
            Some(discovery) => match discovery.found().await {
                Ok(document) if document.environment.issuer() == self.environment.issuer() => {
                    document.check(request, &signer)?;
                    found = document.environment;
                    found.token_endpoint()
                }
                _ => self.environment.token_endpoint(),
            },
            None => self.environment.token_endpoint(),
        };
        let outcome = self.fetch_by(&signer, request, endpoint).await;
        match (outcome, fallback) {
            (Ok(answer), _) => {
                self.keys.accepted(&signer);
                Ok(answer)
            }
            (Err(error), Some(old)) if error.is_about_the_key() => {
                self.keys.refused(&signer, now, &error);
                match self.fetch_by(&old, request, endpoint).await {
                    // neither is taken: the new one is what has to be put right
                    Err(both) if both.is_about_the_key() => Err(error),
                    outcome => outcome,
                }
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch_by(
        &self,
        signer: &Signer,
        request: &TokenRequest,
        endpoint: &Url,
    ) -> Result<Answer, Error> {
        let assertion = self.sign(signer, request).await?;
        let clock = self.cache.clock();
        let sent = clock.now_wall();
        let response = self
            .transport
            .send(form(endpoint, &assertion)?)
            .await
            .map_err(|error| Error::transport(&error, None))?;
        let offset = self.cache.clock_offset(self.environment.issuer());
        offset.observe(response.headers(), sent, clock.now_wall());
        let asked = Asked {
            environment: &self.environment,
            client_id: &self.client_id,
            owner: self.owner,
            signer,
            request,
            server_ahead: offset.whole_seconds(),
        };
        asked.read(&response)
    }
}

fn form(endpoint: &Url, assertion: &Assertion) -> Result<http::Request<Bytes>, Error> {
    const GRANT: &str =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    // a compact JWS is base64url and dots: it needs no escapes
    let body = [GRANT, assertion.expose()].concat();
    http::Request::post(endpoint.as_str())
        .header(
            http::header::CONTENT_TYPE,
            "application/x-www-form-urlencoded",
        )
        .header(http::header::ACCEPT, "application/json")
        .body(Bytes::from(body))
        .map_err(|_| {
            Error::refused_here(
                ErrorKind::InvalidRequest,
                "the token endpoint is no URL that a request can be sent to",
                Remedy::new(Who::You, "check the environment's token endpoint"),
            )
        })
}

/// Fetches the tokens of one request: each attempt signs a new grant with a new `jti`.
#[derive(Clone)]
pub struct GrantSource {
    inner: Arc<Inner>,
    request: TokenRequest,
}

impl Source for GrantSource {
    fn fetch(&self, attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        let span = tracing::debug_span!(
            "maskinporten_token",
            issuer = self.inner.environment.issuer(),
            client_id = %self.inner.client_id,
            scopes = %self.request.scopes,
            attempt = attempt.number(),
        );
        Box::pin(
            async move {
                match self.inner.fetch(&self.request).await {
                    Ok(Answer { token, lifetime }) => {
                        tracing::debug!(lifetime_s = lifetime.as_secs(), "got a token");
                        Ok(Fetched::new(token, lifetime))
                    }
                    Err(error) => {
                        tracing::debug!(
                            kind = ?error.kind(),
                            status = error.status(),
                            code = error.code().map(|code| code.id),
                            trace_id = error.trace_id(),
                            "got no token"
                        );
                        Err(error.into_source_error())
                    }
                }
            }
            .instrument(span),
        )
    }

    fn credential(&self) -> Option<TokenHash> {
        self.inner.keys.current().header().map(TokenHash::of)
    }
}

impl fmt::Debug for GrantSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantSource")
            .field("client_id", &self.inner.client_id)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl Error {
    fn into_source_error(self) -> SourceError {
        SourceError::new(self.class(), self.diagnosis()).with_source(self)
    }

    fn class(&self) -> FailureClass {
        if self.is_retryable() {
            return FailureClass::Transient;
        }
        match (self.code().map(|code| code.retry), self.kind()) {
            (Some(RetryClass::OnceCured), _) => FailureClass::Curable,
            (Some(RetryClass::FreshGrant), _) => FailureClass::UsedBefore,
            (Some(RetryClass::CorrectedClock), _) => FailureClass::Clock,
            // a success that cannot be read is a gateway's doing, and may be gone at once
            (None, ErrorKind::Transport(_)) if self.status().is_some_and(|status| status < 300) => {
                FailureClass::Transient
            }
            _ => FailureClass::Refused,
        }
    }

    /// The error of a fetch as it was; the cache's own reasons otherwise.
    fn from_cache(error: &token_cache::Error) -> Self {
        if let Some(own) = error.cause::<Self>() {
            return own.clone();
        }
        let diagnosis: Diagnosis = error.diagnosis().into_owned().with_operation(OPERATION);
        let kind = match diagnosis.retry() {
            Retry::No => ErrorKind::Runtime,
            _ => ErrorKind::Unavailable,
        };
        Self::new(kind, error.to_string(), diagnosis)
    }
}

/// An access token, lent by the cache. To be used at once: ask the client again for the next
/// request, which costs next to nothing.
#[derive(Clone)]
pub struct AccessToken(Token);

impl AccessToken {
    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        self.0.secret()
    }

    /// `Bearer …`, ready for the `Authorization` header and marked as sensitive.
    #[must_use]
    pub fn header_value(&self) -> &HeaderValue {
        self.0.header_value()
    }

    /// How much longer it lives; zero when it has expired.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.0.expires_in()
    }

    /// What it says, unverified; `None` when it is no JWT.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        Claims::of_token(self.0.expose())
    }

    /// The token as the cache lends it.
    #[must_use]
    pub fn as_cached(&self) -> &Token {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccessToken").field(&self.0).finish()
    }
}
