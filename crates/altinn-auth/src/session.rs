//! Being someone: a token of one's own, and calls made with it.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_transport::{BoxFuture, Diagnosis, Origin, Remedy, SecretString, Transport, Who};
use maskinporten::{AccessToken, Resource, Scope, TokenRequest};
use norwegian_ids::OrganisationNumber;
use token_cache::{Authorized, Handle, Token, TokenKey};

use crate::altinn::{Altinn, header_value};
use crate::cookie::{Host, with_flag};
use crate::exchange::{Exchange, Of};
use crate::kind::{ByMaskinporten, ByToken, Kind, Organisation, SystemUser, Way};
use crate::{BuildError, Claims, Environment, Error, ErrorKind, SecurityLevel};

/// Someone at Altinn, of a [`Kind`]. Cheap to make and to clone: a vendor has one for each customer and
/// call, and they share the tokens that are the same.
///
/// ```no_run
/// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
/// let me = altinn
///     .system_user("310702641".parse()?)
///     .scopes(["altinn:accessmanagement/authorizedparties"]);
/// let request = http::Request::get(format!(
///     "{}accessmanagement/api/v1/enduser/authorizedparties",
///     me.environment().platform(),
/// ))
/// .body(bytes::Bytes::new())?;
/// let answer = me.call("list the parties I act for", request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Session<K: Kind> {
    altinn: Altinn,
    kind: K,
    scopes: Vec<String>,
    resources: Vec<Resource>,
    tokens: OnceLock<Result<Authorized<Arc<dyn Transport>>, Error>>,
}

impl<K: Kind> fmt::Debug for Session<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("kind", &self.kind)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl<K: Kind> Session<K> {
    pub(crate) fn new(altinn: Altinn, kind: K) -> Self {
        Self {
            altinn,
            kind,
            scopes: Vec::new(),
            resources: Vec::new(),
            tokens: OnceLock::new(),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut K)) -> Self {
        change(&mut self.kind);
        self.tokens = OnceLock::new();
        self
    }

    /// Whether the session has this scope, as far as one knows here: whether it asks for it, or for a
    /// person whether the log-in gave it. Cookies and certificates know no scopes, and have all.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        match self.kind.describe() {
            #[cfg(feature = "openssl")]
            Way::Person { login, .. } => login.has_scope(scope),
            Way::Cookie(_) | Way::Certificate => true,
            _ => self.scopes.iter().any(|known| known == scope),
        }
    }

    /// The security level (sikkerhetsnivå) that this way in gives.
    #[must_use]
    pub fn level(&self) -> SecurityLevel {
        self.kind.level()
    }

    /// Refuses when this way in gives less than `needed`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LevelTooLow`], with a sentence that says what gives more.
    pub fn require_level(&self, needed: SecurityLevel) -> Result<(), Error> {
        self.level()
            .check(needed, "be who the call needs", self.kind.describe().name())
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        self.altinn.environment()
    }

    /// The client that this session was made from.
    #[must_use]
    pub fn altinn(&self) -> &Altinn {
        &self.altinn
    }

    fn grant(&self) -> Result<TokenRequest, Error> {
        let scopes: Vec<Scope> = self
            .scopes
            .iter()
            .map(|scope| scope.parse())
            .collect::<Result<_, _>>()
            .map_err(|error: maskinporten::BuildError| {
                Error::new(
                    ErrorKind::InvalidScope,
                    Diagnosis::new("ask for a token")
                        .with_message(error.to_string())
                        .with_remedy(Remedy::new(
                            Who::You,
                            "give scopes one by one, each without blanks",
                        )),
                )
            })?;
        let request = self
            .resources
            .iter()
            .cloned()
            .fold(TokenRequest::scopes(scopes), TokenRequest::resource);
        Ok(match self.kind.describe() {
            Way::Organisation {
                on_behalf_of: Some(consumer),
                ..
            } => request.consumer_org(consumer),
            Way::SystemUser {
                owner,
                external_ref,
            } => {
                let mut system_user = maskinporten::SystemUser::of(owner);
                if let Some(reference) = external_ref {
                    system_user = system_user.external_ref(reference);
                }
                request.system_user(system_user)
            }
            _ => request,
        })
    }

    /// The tokens of a way in that has some.
    fn tokens(&self) -> Result<&Authorized<Arc<dyn Transport>>, Error> {
        let tokens = self.tokens.get_or_init(|| self.begin_tokens());
        tokens.as_ref().map_err(Clone::clone)
    }

    fn begin_tokens(&self) -> Result<Authorized<Arc<dyn Transport>>, Error> {
        let altinn = self.altinn.0.clone();
        let mut tokens = Authorized::new(altinn.transport.clone(), self.handle()?);
        for url in [
            Some(altinn.environment.platform()),
            altinn.environment.altinn2(),
        ] {
            let Some(origin) = url.and_then(|url| url.as_str().parse().ok()) else {
                continue;
            };
            tokens = tokens
                .origin(origin)
                .map_err(|error| Error::transport("attach a token to requests", error))?;
        }
        Ok(tokens)
    }

    fn handle(&self) -> Result<Handle, Error> {
        let altinn = self.altinn.0.clone();
        let mut key =
            TokenKey::builder("altinn").part("platform", altinn.environment.platform().as_str());
        let way = self.kind.describe();
        #[cfg(feature = "openssl")]
        if let Way::Person { login, direct } = way {
            login.check_environment(&altinn.environment)?;
            let own = altinn.cache.handle(login.key(), login.clone());
            if direct {
                return Ok(own);
            }
            let key = key.part("way", "person").part("login", login.id()).build();
            let exchange = Exchange {
                altinn: altinn.clone(),
                of: Of::Person(own),
                test: false,
                enterprise_user: None,
            };
            return Ok(altinn.cache.handle(key, exchange));
        }
        let client = altinn.maskinporten()?.clone();
        let request = self.grant()?;
        if let Way::Organisation { direct: true, .. } = way {
            return client.handle(&request).map_err(Error::maskinporten);
        }
        key = key
            .part("issuer", altinn.environment.maskinporten().issuer())
            .part("client_id", client.client_id().as_str())
            .scopes(&self.scopes);
        for resource in &self.resources {
            key = key.part("resource", resource.as_str());
        }
        let mut exchange = Exchange {
            altinn: altinn.clone(),
            of: Of::Grant(client, request),
            test: false,
            enterprise_user: None,
        };
        match way {
            Way::Organisation {
                on_behalf_of, test, ..
            } => {
                key = key
                    .part("way", "organisation")
                    .optional_part("consumer_org", on_behalf_of.map(|org| org.to_string()))
                    .part("test", test.to_string());
                exchange.test = test;
            }
            Way::SystemUser {
                owner,
                external_ref,
            } => {
                key = key
                    .part("way", "system user")
                    .part("owner", owner.to_string())
                    .optional_part("external_ref", external_ref);
            }
            Way::EnterpriseUser(credentials) => {
                key = key
                    .part("way", "enterprise user")
                    .part("user_name", credentials.user_name());
                exchange.enterprise_user = Some(credentials.clone());
            }
            _ => {}
        }
        Ok(altinn.cache.handle(key.build(), exchange))
    }

    /// Makes a call as this session: with its token, cookie or certificate, on the Altinn 2 host with the
    /// API key, on the platform with the product's subscription key where there is one.
    ///
    /// Any status is an `Ok`. A 401 is answered by one new token and one more try, no more; a cookie
    /// session that has run out is renewed once, and the call repeated if it is a GET, HEAD or OPTIONS.
    /// A [`SecurityLevel`] in the request's extensions is the least that it needs.
    ///
    /// # Errors
    ///
    /// When there is no token, when the request is for another host than the environment's
    /// ([`ErrorKind::ForeignHost`]), when it needs a higher level, or when no usable answer came.
    pub async fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let (mut parts, body) = request.into_parts();
        self.check_level(operation, &parts)?;
        self.add_keys(operation, &mut parts, None)?;
        let request = http::Request::from_parts(parts, body);
        let way = self.kind.describe();
        match way {
            Way::Certificate => self
                .altinn
                .0
                .with_certificate(operation)?
                .send(with_flag(operation, request)?)
                .await
                .map_err(|error| Error::transport(operation, error))
                .map_err(Error::over_certificate),
            Way::Cookie(tickets) => {
                let inner = &self.altinn.0;
                let transport = if tickets.is_forced() {
                    inner.with_certificate(operation)?
                } else {
                    &inner.transport
                };
                let host = Host {
                    base: inner
                        .environment
                        .altinn2()
                        .ok_or_else(|| self.foreign(operation, request.uri()))?,
                    api_key: inner
                        .api_key
                        .as_ref()
                        .ok_or_else(|| api_key_missing(operation))?,
                    transport: &**transport,
                    clock: inner.cache.clock(),
                };
                let outcome = tickets.call(operation, &host, request).await;
                if tickets.is_forced() {
                    outcome.map_err(Error::over_certificate)
                } else {
                    outcome
                }
            }
            _ => self.send(operation, self.tokens()?, request).await,
        }
    }

    async fn send(
        &self,
        operation: &'static str,
        tokens: &Authorized<Arc<dyn Transport>>,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        // first the token by itself, so that its own error is what the caller sees
        tokens
            .handle()
            .token()
            .await
            .map_err(|error| token_error(&error))?;
        tokens.send(request).await.map_err(|error| {
            match error.source().and_then(|source| source.downcast_ref()) {
                Some(no_token) => token_error(no_token),
                None => Error::transport(operation, error),
            }
        })
    }

    fn check_level(
        &self,
        operation: &'static str,
        parts: &http::request::Parts,
    ) -> Result<(), Error> {
        let needed = parts.extensions.get::<SecurityLevel>();
        needed.map_or(Ok(()), |needed| {
            self.level()
                .check(*needed, operation, self.kind.describe().name())
        })
    }

    /// Refuses what is for another host, and adds the keys that the host wants.
    fn add_keys(
        &self,
        operation: &'static str,
        parts: &mut http::request::Parts,
        api: Option<&Api<K>>,
    ) -> Result<(), Error> {
        let environment = self.environment();
        let inner = &self.altinn.0;
        let only_altinn2 = matches!(self.kind.describe(), Way::Cookie(_) | Way::Certificate);
        if environment
            .altinn2()
            .is_some_and(|url| same_origin(url.as_str(), &parts.uri))
        {
            let key = inner
                .api_key
                .as_ref()
                .ok_or_else(|| api_key_missing(operation))?;
            parts.headers.insert("apikey", key.clone());
            // a simulator may have both on one host
            if !same_origin(environment.platform().as_str(), &parts.uri) {
                return Ok(());
            }
        } else if only_altinn2 {
            return Err(self.foreign(operation, &parts.uri));
        }
        let key = if same_origin(environment.platform().as_str(), &parts.uri) {
            let product = parts.uri.path().trim_start_matches('/').split('/').next();
            let own = inner
                .product_keys
                .iter()
                .find(|(name, _)| product.is_some_and(|product| product.eq_ignore_ascii_case(name)))
                .map(|(_, key)| key);
            own.or(inner.subscription_key.as_ref())
        } else if let Some(api) =
            api.filter(|api| api.origins.iter().any(|origin| origin.contains(&parts.uri)))
        {
            api.subscription_key.as_ref()
        } else {
            return Err(self.foreign(operation, &parts.uri));
        };
        if let Some(key) = key {
            parts
                .headers
                .insert("ocp-apim-subscription-key", key.clone());
        }
        Ok(())
    }

    fn foreign(&self, operation: &'static str, uri: &Uri) -> Error {
        let environment = self.environment();
        let host = uri.host().unwrap_or("a relative URL");
        let message = environment.mix_up_with(host).unwrap_or_else(|| {
            match self.kind.describe() {
                Way::Cookie(_) | Way::Certificate => format!(
                    "{host} is not the Altinn 2 host of the environment {}, and this way in is of Altinn 2 alone",
                    environment.name()
                ),
                _ => format!("{host} is not a host of the environment {}", environment.name()),
            }
        });
        Error::new(
            ErrorKind::ForeignHost,
            Diagnosis::new(operation)
                .with_message(message)
                .with_remedy(Remedy::new(
                    Who::You,
                    "call the environment's own hosts, name the API's host beside them, or name the environment that the host is of (ALTINN_ENVIRONMENT)",
                )),
        )
    }
}

/// What a token's failure was below: this crate's own, or Maskinporten's.
fn token_error(error: &token_cache::Error) -> Error {
    match error.cause::<maskinporten::Error>() {
        Some(below) => Error::maskinporten(below.clone()),
        None => Error::from_cache(error),
    }
}

impl<K: ByToken> Session<K> {
    /// The token: from the cache, or got now. It is the Altinn token, or where the session is direct the
    /// token below as it is.
    ///
    /// # Errors
    ///
    /// When Maskinporten, ID-porten or Altinn gives none: [`ErrorKind`] says why.
    pub async fn token(&self) -> Result<Token, Error> {
        self.tokens()?
            .handle()
            .token()
            .await
            .map_err(|error| token_error(&error))
    }

    /// The way to the token, for those who attach it themselves: `token_cache`'s layer for `tower`
    /// services and its middleware for `reqwest` clients (features `tower` and `reqwest-middleware`
    /// there) take it, send the token to the hosts that you name and to no other, and answer a 401 once.
    ///
    /// ```no_run
    /// # fn run(me: altinn_auth::Session<altinn_auth::SystemUser>) -> Result<(), altinn_auth::Error> {
    /// let handle = me.token_handle()?; // keep it: asking it again looks nothing up
    /// let warm = handle.keep_warm(); // renewed by timer until this is dropped
    /// # drop(warm);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the session cannot ask for a token at all, such as for want of a Maskinporten client.
    pub fn token_handle(&self) -> Result<Handle, Error> {
        Ok(self.tokens()?.handle().clone())
    }

    /// The claims of the token.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub async fn claims(&self) -> Result<Claims, Error> {
        let token = self.token().await?;
        Ok(Claims::of_token(token.expose()).unwrap_or_default())
    }

    /// A client for the API at these URLs, of which only the hosts count: apps and others that are not on
    /// the environment's own hosts. It attaches this session's token there, and nowhere else.
    ///
    /// ```no_run
    /// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
    /// let me = altinn.organisation().scopes(["altinn:serviceowner/instances.read"]);
    /// let app = me.api(["https://ttd.apps.tt02.altinn.no"])?;
    /// let request = http::Request::get("https://ttd.apps.tt02.altinn.no/ttd/app/instances/1/2")
    ///     .body(bytes::Bytes::new())?;
    /// let answer = app.call("read an instance", request).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ForeignHost`] when a URL is none, is not over TLS, or is known to be of another
    /// environment.
    pub fn api<'u>(&self, urls: impl IntoIterator<Item = &'u str>) -> Result<Api<K>, Error> {
        const OPERATION: &str = "name an API's hosts";
        let mut tokens = self.tokens()?.clone();
        let mut origins = Vec::new();
        for url in urls {
            let uri: Uri = url.parse().unwrap_or_default();
            let origin = Origin::of(&uri).map_err(|_| self.foreign(OPERATION, &uri))?;
            if self.environment().mix_up_with(origin.host()).is_some() {
                return Err(self.foreign(OPERATION, &uri));
            }
            tokens = tokens
                .origin(origin.clone())
                .map_err(|error| Error::transport(OPERATION, error))?;
            origins.push(origin);
        }
        Ok(Api {
            session: self.clone(),
            tokens,
            origins,
            subscription_key: None,
        })
    }
}

impl<K: ByMaskinporten> Session<K> {
    /// Asks for these scopes, in the place of those asked for before.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self.scopes.sort();
        self.scopes.dedup();
        self.tokens = OnceLock::new();
        self
    }

    /// Asks Maskinporten for a token that is for this API (`resource`, which becomes its `aud`), beside
    /// those named before. Service owners' calls to Altinn 2 name its host, such as
    /// `https://tt02.altinn.no/`; what is exchanged needs none.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self.tokens = OnceLock::new();
        self
    }

    /// The Maskinporten token below, for the APIs that take it as it is.
    ///
    /// # Errors
    ///
    /// When Maskinporten gives none.
    pub async fn maskinporten_token(&self) -> Result<AccessToken, Error> {
        let request = self.token_request()?;
        self.altinn
            .0
            .maskinporten()?
            .token(&request)
            .await
            .map_err(Error::maskinporten)
    }

    /// What Maskinporten is asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidScope`].
    pub fn token_request(&self) -> Result<TokenRequest, Error> {
        self.grant()
    }
}

/// A client for an API that is not on the environment's own hosts: see [`Session::api`]. It is a
/// [`Transport`] too, for the clients that others made.
#[derive(Clone)]
pub struct Api<K: Kind> {
    session: Session<K>,
    tokens: Authorized<Arc<dyn Transport>>,
    origins: Vec<Origin>,
    subscription_key: Option<HeaderValue>,
}

impl<K: Kind> Api<K> {
    /// The subscription key that goes to the named hosts.
    ///
    /// # Errors
    ///
    /// When it holds characters that no header can carry.
    pub fn subscription_key(mut self, key: &SecretString) -> Result<Self, BuildError> {
        self.subscription_key = Some(header_value(key, "the subscription key")?);
        Ok(self)
    }

    /// Makes a call, to the named hosts or the environment's own.
    ///
    /// # Errors
    ///
    /// As [`Session::call`].
    pub async fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let (mut parts, body) = request.into_parts();
        self.session.check_level(operation, &parts)?;
        self.session.add_keys(operation, &mut parts, Some(self))?;
        let request = http::Request::from_parts(parts, body);
        self.session.send(operation, &self.tokens, request).await
    }
}

impl<K: Kind> Transport for Api<K> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, http_transport::Error>> {
        const OPERATION: &str = "call an API";
        Box::pin(async move {
            self.call(OPERATION, request).await.map_err(|error| {
                let kind = match error.kind() {
                    ErrorKind::Transport(kind) => kind,
                    ErrorKind::ForeignHost => http_transport::ErrorKind::ForeignHost,
                    _ => http_transport::ErrorKind::InvalidRequest,
                };
                http_transport::Error::new(kind, OPERATION)
                    .with_detail(error.to_string())
                    .with_source(error)
            })
        })
    }
}

impl<K: Kind> fmt::Debug for Api<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("session", &self.session)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

fn same_origin(base: &str, uri: &Uri) -> bool {
    base.parse::<Origin>()
        .is_ok_and(|origin| origin.contains(uri) && origin.is_secure_or_loopback())
}

fn api_key_missing(operation: &'static str) -> Error {
    Error::new(
        ErrorKind::ApiKeyMissing,
        Diagnosis::new(operation)
            .with_message("Altinn 2 needs an API key on every call")
            .with_remedy(
                Remedy::new(
                    Who::You,
                    "give the API key that Altinn issued (ALTINN_API_KEY)",
                )
                .at("https://altinn.github.io/docs/api/rest/kom-i-gang/"),
            ),
    )
}

impl Session<Organisation> {
    /// Acts as the supplier (leverandør) of this consumer, who has delegated the scopes.
    #[must_use]
    pub fn on_behalf_of(self, consumer: OrganisationNumber) -> Self {
        self.change(|organisation| organisation.on_behalf_of = Some(consumer))
    }

    /// Uses the Maskinporten token as it is, without an exchange, where an API takes it: the system
    /// register and system users' vendor calls, and Altinn 2 (with the API key).
    #[must_use]
    pub fn direct(self) -> Self {
        self.change(|organisation| organisation.direct = true)
    }

    /// As the test organisation: Digdir's own code becomes `ttd` (test environments only).
    #[must_use]
    pub fn as_test_organisation(self) -> Self {
        self.change(|organisation| organisation.test = true)
    }
}

impl Session<SystemUser> {
    /// The reference that the system user was created with, where the customer has several or it is
    /// not the customer's own number.
    #[must_use]
    pub fn external_ref(self, reference: impl Into<String>) -> Self {
        self.change(|system_user| system_user.external_ref = Some(reference.into()))
    }
}

#[cfg(feature = "openssl")]
impl Session<crate::Person> {
    /// Uses ID-porten's token as it is, without an exchange, where an API takes it: Altinn 2, with the
    /// API key.
    #[must_use]
    pub fn direct(self) -> Self {
        self.change(|person| person.direct = true)
    }

    /// The log-in below.
    #[must_use]
    pub fn login(&self) -> &Arc<crate::id_porten::Login> {
        &self.kind.login
    }
}
