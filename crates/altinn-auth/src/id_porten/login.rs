//! A person's log-in: tokens that are renewed, until it ends.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_transport::{BoxFuture, Diagnosis, ExposeSecret, Remedy, SecretString, Who};
use serde::Deserialize;
use token_cache::{Attempt, Fetched, Moment, Source, SourceError, TokenKey};
use tokio::sync::Mutex;
use url::Url;

use super::wire::{self, Form};
use super::{IdPorten, StoredLogin};
use crate::{Environment, Error, ErrorKind, SecurityLevel};

/// A person who is logged in. Sessions share it: [`Altinn::person`](crate::Altinn::person).
///
/// Its access token lives some minutes, and is renewed with the refresh token where the client has one.
/// A refresh token works once: the new one is [stored](super::LoginStore) before the old one is forgotten.
pub struct Login {
    client: IdPorten,
    id: String,
    level: SecurityLevel,
    scopes: Vec<String>,
    tokens: Mutex<Held>,
}

struct Held {
    access: SecretString,
    until: Moment,
    lifetime: Duration,
    /// Whether a cache has it already: who asks again wants a newer one.
    given: bool,
    refresh: Option<SecretString>,
    id_token: Option<SecretString>,
    /// How often it was renewed.
    renewals: u64,
    /// A store that failed is tried again.
    unsaved: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("provider", &self.client.0.provider)
            .field("level", &self.level)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// What introspection says of the access token (RFC 7662).
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it is good now.
    #[serde(default)]
    pub active: bool,
    /// Its scopes, with blanks between.
    pub scope: Option<String>,
    /// The client that it was issued to.
    pub client_id: Option<String>,
    /// Seconds that are left.
    pub expires_in: Option<i64>,
}

/// What is left to do after [`Login::end`].
#[derive(Debug)]
#[non_exhaustive]
pub struct LoggedOut {
    /// Where the browser goes to end the person's session with the provider, which all services share.
    /// It holds the id_token: do not log it.
    pub url: Option<Url>,
    /// Whether the provider confirmed that the tokens are revoked; it may have no such service.
    pub revoked: bool,
}

/// A lifetime that the provider did not tell: ID-porten's default for access tokens.
const DEFAULT_LIFETIME: u64 = 120;

impl Login {
    pub(super) fn new(
        client: IdPorten,
        tokens: wire::Tokens,
        asked_scopes: Vec<String>,
        asked: Moment,
        level: Option<SecurityLevel>,
    ) -> Result<Self, Error> {
        // left out, it is what was asked for (RFC 6749 §5.1)
        let scopes = match &tokens.scope {
            Some(scope) => scope.split_whitespace().map(str::to_owned).collect(),
            None => asked_scopes,
        };
        Ok(Self {
            client,
            id: uuid::Uuid::new_v4().to_string(),
            level: level.unwrap_or(SecurityLevel::ZERO),
            scopes,
            tokens: Mutex::new(Held::of(tokens, asked, None)),
        })
    }

    pub(super) fn of_stored(client: IdPorten, stored: StoredLogin) -> Self {
        let now = client.0.clock.now();
        Self {
            id: stored.id.clone(),
            level: stored
                .level
                .and_then(SecurityLevel::new)
                .unwrap_or(SecurityLevel::ZERO),
            scopes: stored.scopes.clone(),
            tokens: Mutex::new(Held::of_stored(stored, now)),
            client,
        }
    }

    /// The level of the log-in.
    #[must_use]
    pub fn level(&self) -> SecurityLevel {
        self.level
    }

    /// The scopes that it got.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether it got this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &IdPorten {
        &self.client
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn key(&self) -> TokenKey {
        TokenKey::builder("id-porten")
            .part("issuer", self.client.0.provider.issuer())
            .part("client_id", self.client.0.client_id.as_str())
            .part("login", &self.id)
            .build()
    }

    /// Refuses a log-in of another environment's provider.
    pub(crate) fn check_environment(&self, environment: &Environment) -> Result<(), Error> {
        let issuer = self.client.0.provider.issuer();
        let host = Url::parse(issuer).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
        match environment.mix_up_with(host) {
            Some(sentence) => Err(Error::new(
                ErrorKind::ForeignHost,
                Diagnosis::new("use the log-in at Altinn")
                    .with_message(sentence)
                    .with_remedy(Remedy::new(
                        Who::You,
                        format!(
                            "log in at {}, which belongs to {}",
                            environment.id_porten().issuer(),
                            environment.name()
                        ),
                    )),
            )),
            None => Ok(()),
        }
    }

    /// The log-in as it is now, for a store. It holds the tokens.
    pub async fn stored(&self) -> StoredLogin {
        let held = self.tokens.lock().await;
        self.stored_of(&held)
    }

    fn stored_of(&self, held: &Held) -> StoredLogin {
        StoredLogin {
            issuer: self.client.0.provider.issuer().to_owned(),
            client_id: self.client.0.client_id.as_str().to_owned(),
            id: self.id.clone(),
            renewals: held.renewals,
            level: Some(self.level.number()),
            scopes: self.scopes.clone(),
            access_token: held.access.expose_secret().to_owned(),
            expires_at: held.until.wall.as_secs(),
            refresh_token: held
                .refresh
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
            id_token: held
                .id_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
        }
    }

    /// Asks the provider whether the access token is good. The client needs the scope
    /// `idporten:token.introspection`.
    ///
    /// # Errors
    ///
    /// When the provider has no such service, does not answer, or refuses the client.
    pub async fn introspect(&self) -> Result<Introspection, Error> {
        const OPERATION: &str = "introspect the access token";
        let client = &self.client.0;
        let known = client.known().await?;
        let endpoint = known
            .metadata
            .introspection_endpoint
            .as_ref()
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    Diagnosis::new(OPERATION).with_message("the provider has no introspection"),
                )
            })?;
        let mut form = Form::new();
        let held = self.tokens.lock().await;
        form.add("token", held.access.expose_secret());
        drop(held);
        client.post(OPERATION, endpoint, form, false).await
    }

    /// Ends the log-in: revokes its tokens, empties the store, and says where the browser goes to end the
    /// session that it shares with other services. What can be forgotten here is forgotten, whatever the
    /// provider answers.
    ///
    /// # Errors
    ///
    /// When the store cannot be emptied: then the file is still there.
    pub async fn end(&self) -> Result<LoggedOut, Error> {
        self.end_at(None).await
    }

    /// The same, and the browser comes back to this address, which is registered for that.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end).
    pub async fn end_at(&self, post_logout_redirect: Option<&str>) -> Result<LoggedOut, Error> {
        const OPERATION: &str = "end the log-in";
        let client = &self.client.0;
        let mut held = self.tokens.lock().await;
        // another process may have renewed it: then this one's refresh token means nothing any more
        self.take_newer(&mut held).await;
        let refresh = held.refresh.take();
        let access = std::mem::take(&mut held.access);
        let id_token = held.id_token.take();
        held.until = Moment::default();
        held.unsaved = false;
        drop(held);
        let known = client.known().await.ok();
        let mut revoked = false;
        if let Some(endpoint) = known
            .as_ref()
            .and_then(|known| known.metadata.revocation_endpoint.as_ref())
        {
            let mut form = Form::new();
            // one of a grant's tokens takes the others with it
            form.add("token", refresh.as_ref().unwrap_or(&access).expose_secret());
            let answer = client.post_raw(OPERATION, endpoint, form).await;
            revoked = answer.is_ok_and(|answer| answer.status().is_success());
        }
        let url = known
            .as_ref()
            .and_then(|known| known.metadata.end_session_endpoint.clone())
            .map(|mut url| {
                let mut query = url.query_pairs_mut();
                query.append_pair("client_id", client.client_id.as_str());
                if let Some(token) = &id_token {
                    query.append_pair("id_token_hint", token.expose_secret());
                }
                if let Some(address) = post_logout_redirect {
                    query.append_pair("post_logout_redirect_uri", address);
                }
                drop(query);
                url
            });
        if let Some(store) = &client.store {
            store
                .clear()
                .await
                .map_err(|error| super::store_failed(OPERATION, &error))?;
        }
        Ok(LoggedOut { url, revoked })
    }

    async fn fetch_token(&self) -> Result<Fetched, Error> {
        let mut held = self.tokens.lock().await;
        let now = self.client.0.clock.now();
        if held.unsaved {
            self.save(&mut held).await;
        }
        let left = now.until(held.until);
        if !left.is_zero() && (!held.given || held.refresh.is_none()) {
            held.given = true;
            return Ok(held.fetched(left));
        }
        if held.refresh.is_none() {
            return Err(expired(
                "its token has run out, and the client gets no refresh tokens",
            ));
        }
        // a refresh token works once: of many processes one uses it, and the others find what it stored
        let _lock = match &self.client.0.store {
            Some(store) => store
                .lock()
                .await
                .inspect_err(|error| tracing::warn!(%error, "renewing without a lock"))
                .ok(),
            None => None,
        };
        if let Some(fetched) = self.adopt(&mut held).await {
            return Ok(fetched);
        }
        match self.refresh(&mut held).await {
            // a store without a lock: another process may have been first after all
            Err(error) if error.kind() == ErrorKind::LoginExpired => {
                if !self.take_newer(&mut held).await {
                    return Err(error);
                }
                let left = self.client.0.clock.now().until(held.until);
                if left.is_zero() {
                    return self.refresh(&mut held).await;
                }
                held.given = true;
                Ok(held.fetched(left))
            }
            outcome => outcome,
        }
    }

    async fn refresh(&self, held: &mut Held) -> Result<Fetched, Error> {
        const OPERATION: &str = "renew the log-in's token";
        let client = &self.client.0;
        let Some(refresh) = held.refresh.clone() else {
            return Err(expired("there is no refresh token"));
        };
        let known = client.known().await?;
        let mut form = Form::new();
        form.add("grant_type", "refresh_token");
        form.add("refresh_token", refresh.expose_secret());
        form.add("client_id", client.client_id.as_str());
        let asked = client.clock.now();
        let mut tokens: wire::Tokens = client
            .post(OPERATION, &known.metadata.token_endpoint, form, true)
            .await?;
        let id_token = tokens.id_token.take();
        // from here on the old refresh token is worthless: first of all the new one is kept
        let mut newer = Held::of(tokens, asked, Some(&*held));
        newer.given = true;
        self.save(&mut newer).await;
        *held = newer;
        if let Some(id_token) = id_token {
            self.take_id_token(held, &known, id_token).await?;
        }
        Ok(held.fetched(held.lifetime))
    }

    /// A renewed id_token must be of the same person (OpenID Connect Core §12.2). One that is not ends the
    /// log-in; one that cannot be checked now leaves the old one in its place.
    async fn take_id_token(
        &self,
        held: &mut Held,
        known: &wire::Known,
        id_token: String,
    ) -> Result<(), Error> {
        let who = match self.client.0.validate(known, &id_token).await {
            Ok(who) => Some(who.sub),
            Err(error) if error.kind() == ErrorKind::InvalidIdToken => None,
            Err(_) => return Ok(()),
        };
        let before = held
            .id_token
            .as_ref()
            .map(|token| wire::subject(token.expose_secret()));
        if who.is_none() || before.is_some_and(|before| who != Some(before)) {
            (held.access, held.until) = (SecretString::default(), Moment::default());
            (held.refresh, held.id_token) = (None, None);
            if let Some(store) = &self.client.0.store
                && let Err(error) = store.clear().await
            {
                tracing::warn!(%error, "the log-in is still stored");
            }
            return Err(Error::new(
                ErrorKind::InvalidIdToken,
                Diagnosis::new("renew the log-in's token")
                    .with_message("the renewed id_token is not of the person who logged in")
                    .with_remedy(Remedy::new(Who::You, "log in again (`altinn login`)")),
            ));
        }
        held.id_token = Some(id_token.into());
        self.save(held).await;
        Ok(())
    }

    /// A store that fails does not lose the log-in for this process: it is tried again.
    async fn save(&self, held: &mut Held) {
        let Some(store) = &self.client.0.store else {
            return;
        };
        let saved = store.save(&self.stored_of(held)).await;
        held.unsaved = saved.is_err();
        if let Err(error) = saved {
            tracing::warn!(%error, "the renewed log-in is not stored yet");
        }
    }

    /// The token that another process has got and stored, if it is good.
    async fn adopt(&self, held: &mut Held) -> Option<Fetched> {
        if !self.take_newer(held).await {
            return None;
        }
        let left = self.client.0.clock.now().until(held.until);
        held.given = !left.is_zero();
        held.given.then(|| held.fetched(left))
    }

    /// Takes what another process has stored, if it is newer than what is held.
    async fn take_newer(&self, held: &mut Held) -> bool {
        let Some(store) = &self.client.0.store else {
            return false;
        };
        let Ok(Some(stored)) = store.load().await else {
            return false;
        };
        if stored.id != self.id || stored.renewals <= held.renewals {
            return false;
        }
        *held = Held::of_stored(stored, self.client.0.clock.now());
        true
    }
}

impl Held {
    fn of(tokens: wire::Tokens, asked: Moment, before: Option<&Self>) -> Self {
        let lifetime = Duration::from_secs(tokens.expires_in.unwrap_or(DEFAULT_LIFETIME));
        Self {
            access: tokens.access_token.into(),
            until: asked.after(lifetime),
            lifetime,
            given: false,
            // a provider that gives no new one lets the old one go on
            refresh: tokens
                .refresh_token
                .map(Into::into)
                .or_else(|| before?.refresh.clone()),
            id_token: tokens
                .id_token
                .map(Into::into)
                .or_else(|| before?.id_token.clone()),
            renewals: before.map_or(0, |before| before.renewals + 1),
            unsaved: false,
        }
    }

    fn of_stored(stored: StoredLogin, now: Moment) -> Self {
        let end = Duration::from_secs(stored.expires_at);
        let left = end.saturating_sub(now.wall);
        Self {
            access: stored.access_token.into(),
            until: now.after(left),
            lifetime: left,
            given: false,
            refresh: stored.refresh_token.map(Into::into),
            id_token: stored.id_token.map(Into::into),
            renewals: stored.renewals,
            unsaved: false,
        }
    }

    fn fetched(&self, left: Duration) -> Fetched {
        Fetched::new(self.access.clone(), left)
    }
}

fn expired(message: &str) -> Error {
    Error::new(
        ErrorKind::LoginExpired,
        Diagnosis::new("renew the log-in's token")
            .with_message(message)
            .with_remedy(Remedy::new(Who::You, "log in again (`altinn login`)")),
    )
}

impl Source for Login {
    fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async move {
            self.fetch_token()
                .await
                .map_err(crate::exchange::source_error)
        })
    }
}

/// When a log-in that is stored runs out, as far as its access token goes.
impl StoredLogin {
    /// Until when the access token is good.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH
            .checked_add(Duration::from_secs(self.expires_at))
            .unwrap_or(UNIX_EPOCH)
    }
}
