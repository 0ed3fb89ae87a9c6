//! Being someone: a token of one's own, and calls made with it.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_transport::{Diagnosis, Origin, Remedy, Transport, Who};
use maskinporten::{AccessToken, Scope, TokenRequest};
use norwegian_ids::OrganisationNumber;
use token_cache::{Authorized, Token, TokenKey};

use crate::altinn::Altinn;
use crate::exchange::Exchange;
use crate::kind::{Kind, Organisation, SystemUser, Way};
use crate::{Claims, Environment, Error, ErrorKind};

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
            tokens: OnceLock::new(),
        }
    }

    /// Asks for these scopes, in the place of those asked for before.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self.scopes.sort();
        self.scopes.dedup();
        self.tokens = OnceLock::new();
        self
    }

    fn change(mut self, change: impl FnOnce(&mut K)) -> Self {
        change(&mut self.kind);
        self.tokens = OnceLock::new();
        self
    }

    /// Whether the session asks for this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
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

    /// The Altinn token: from the cache, or exchanged now.
    ///
    /// # Errors
    ///
    /// When Maskinporten or Altinn gives none: [`ErrorKind`] says why.
    pub async fn token(&self) -> Result<Token, Error> {
        self.tokens()?
            .handle()
            .token()
            .await
            .map_err(|error| Error::from_cache(&error))
    }

    /// The claims of the Altinn token.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub async fn claims(&self) -> Result<Claims, Error> {
        let token = self.token().await?;
        Ok(Claims::of_token(token.expose()).unwrap_or_default())
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
            .maskinporten
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
        let request = TokenRequest::scopes(scopes);
        Ok(match self.kind.describe() {
            Way::Organisation {
                on_behalf_of: Some(consumer),
                ..
            } => request.consumer_org(consumer),
            Way::Organisation { .. } | Way::EnterpriseUser(_) => request,
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
        })
    }

    fn tokens(&self) -> Result<&Authorized<Arc<dyn Transport>>, Error> {
        let tokens = self.tokens.get_or_init(|| {
            let request = self.token_request()?;
            let altinn = self.altinn.0.clone();
            let mut key = TokenKey::builder("altinn")
                .part("platform", altinn.environment.platform().as_str())
                .part("issuer", altinn.environment.maskinporten().issuer())
                .part("client_id", altinn.maskinporten.client_id().as_str())
                .scopes(&self.scopes);
            let mut exchange = Exchange {
                altinn: altinn.clone(),
                request,
                test: false,
                enterprise_user: None,
            };
            match self.kind.describe() {
                Way::Organisation { on_behalf_of, test } => {
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
            }
            let handle = altinn.cache.handle(key.build(), exchange);
            let mut tokens = Authorized::new(altinn.transport.clone(), handle);
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
        });
        tokens.as_ref().map_err(Clone::clone)
    }

    /// Makes a call as this session: with its token, on the Altinn 2 host with the API key, on the
    /// platform with the subscription key where there is one.
    ///
    /// Any status is an `Ok`. A 401 is answered by one new token and one more try, no more.
    ///
    /// # Errors
    ///
    /// When there is no token, when the request is for another host than the environment's
    /// ([`ErrorKind::ForeignHost`]), or when no usable answer came.
    pub async fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let (mut parts, body) = request.into_parts();
        self.add_keys(operation, &mut parts)?;
        // first the token by itself, so that its own error is what the caller sees
        self.token().await?;
        let request = http::Request::from_parts(parts, body);
        self.tokens()?.send(request).await.map_err(|error| {
            match error.source().and_then(|source| source.downcast_ref()) {
                Some(no_token) => Error::from_cache(no_token),
                None => Error::transport(operation, error),
            }
        })
    }

    /// Refuses what is for another host, and adds the keys that the host wants.
    fn add_keys(
        &self,
        operation: &'static str,
        parts: &mut http::request::Parts,
    ) -> Result<(), Error> {
        let environment = self.environment();
        let (is_platform, is_altinn2) = (
            same_origin(environment.platform().as_str(), &parts.uri),
            environment
                .altinn2()
                .is_some_and(|url| same_origin(url.as_str(), &parts.uri)),
        );
        let mut key = |name: &'static str, value: &HeaderValue| {
            parts.headers.insert(name, value.clone());
        };
        let inner = &self.altinn.0;
        if is_altinn2 {
            key(
                "apikey",
                inner
                    .api_key
                    .as_ref()
                    .ok_or_else(|| api_key_missing(operation))?,
            );
        } else if is_platform {
            if let Some(value) = &inner.subscription_key {
                key("ocp-apim-subscription-key", value);
            }
        } else {
            return Err(Error::new(
                ErrorKind::ForeignHost,
                Diagnosis::new(operation)
                    .with_message(format!(
                        "{} is not a host of the environment {}",
                        parts.uri.host().unwrap_or("a relative URL"),
                        environment.name(),
                    ))
                    .with_remedy(Remedy::new(
                        Who::You,
                        "call the environment's own hosts, or name the environment that the host is of",
                    )),
            ));
        }
        Ok(())
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
