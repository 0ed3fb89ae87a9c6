//! The metadata document, fetched once and kept for a day.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_transport::{Remedy, Transport, Who};
use token_cache::{Clock, SystemClock};

use crate::{BuildError, Environment, Error, ErrorKind, Metadata, Signer, TokenRequest};

/// Digdir's advice for the metadata document ("about 24 hours").
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure it is tried again so much later; what is known goes on being used.
const AGAIN_AFTER: Duration = Duration::from_secs(5 * 60);

/// An environment by its metadata document (RFC 8414): fetched once, kept for a day, and checked.
/// Clones share the document.
///
/// ```
/// use std::sync::Arc;
/// use maskinporten::{Client, Discovery};
///
/// # async fn get(transport: Arc<dyn http_transport::Transport>, signer: maskinporten::Signer) -> Result<(), Box<dyn std::error::Error>> {
/// let url = "https://test.maskinporten.no/.well-known/oauth-authorization-server"; // MASKINPORTEN_WELL_KNOWN_URL
/// let discovery = Discovery::new(url, Arc::clone(&transport));
/// let client = Client::builder(discovery.environment().await?, "our-client-id".parse()?, signer)
///     .discovery(discovery) // a token endpoint that moves is followed
///     .transport(transport)
///     .build()?;
/// # drop(client); Ok(()) }
/// ```
#[derive(Clone)]
pub struct Discovery {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    found: Option<Found>,
    /// When to look again, by the monotonic clock.
    due: Duration,
}

#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) environment: Environment,
    pub(crate) metadata: Metadata,
}

impl Discovery {
    /// The document at this URL; nothing is fetched yet.
    pub fn new(metadata: impl Into<String>, transport: Arc<dyn Transport>) -> Self {
        Self::with_clock(metadata, transport, Arc::new(SystemClock::new()))
    }

    /// As [`new`](Self::new), with another clock than the machine's, for tests.
    pub fn with_clock(
        metadata: impl Into<String>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                url: metadata.into(),
                transport,
                clock,
                state: Mutex::default(),
                flight: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// The environment that the document describes: fetched if it was not within a day. A document
    /// that cannot be had again is used on.
    ///
    /// # Errors
    ///
    /// When there is none yet and it cannot be fetched, read or trusted: see
    /// [`Environment::from_metadata`].
    pub async fn environment(&self) -> Result<Environment, BuildError> {
        self.found().await.map(|found| found.environment)
    }

    /// The document itself; as [`environment`](Self::environment).
    ///
    /// # Errors
    ///
    /// As [`environment`](Self::environment).
    pub async fn metadata(&self) -> Result<Metadata, BuildError> {
        self.found().await.map(|found| found.metadata)
    }

    pub(crate) async fn found(&self) -> Result<Found, BuildError> {
        if let Some(found) = self.fresh() {
            return Ok(found);
        }
        // one fetches; those who come meanwhile wait for it
        let _flight = self.inner.flight.lock().await;
        if let Some(found) = self.fresh() {
            return Ok(found);
        }
        let fetched = Environment::discover_document(&self.inner.url, &*self.inner.transport).await;
        let now = self.inner.clock.now_monotonic();
        let mut state = self.lock();
        match (fetched, &state.found) {
            (Ok((environment, metadata)), Some(known))
                if environment.issuer() != known.environment.issuer() =>
            {
                tracing::warn!(
                    url = self.inner.url,
                    issuer = environment.issuer(),
                    known = known.environment.issuer(),
                    "the metadata is of another issuer than before; the old one is used on"
                );
                drop(metadata);
            }
            (Ok((environment, metadata)), _) => {
                let found = Found {
                    environment,
                    metadata,
                };
                state.found = Some(found.clone());
                state.due = now.saturating_add(FRESH);
                return Ok(found);
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) => tracing::warn!(
                url = self.inner.url,
                %error,
                "the metadata cannot be had; what was known is used on"
            ),
        }
        state.due = now.saturating_add(AGAIN_AFTER);
        match &state.found {
            Some(found) => Ok(found.clone()),
            None => Err(BuildError::new(
                crate::BuildErrorKind::Metadata,
                "there is no metadata",
            )),
        }
    }

    fn fresh(&self) -> Option<Found> {
        let now = self.inner.clock.now_monotonic();
        let state = self.lock();
        state.found.clone().filter(|_| now < state.due)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("url", &self.inner.url)
            .finish_non_exhaustive()
    }
}

impl Found {
    /// Refuses what the document says that the server does not understand.
    pub(crate) fn check(&self, request: &TokenRequest, signer: &Signer) -> Result<(), Error> {
        let algorithms = &self
            .metadata
            .token_endpoint_auth_signing_alg_values_supported;
        let ours = signer.algorithm().as_str();
        if !algorithms.is_empty() && !algorithms.iter().any(|name| name == ours) {
            return Err(Error::refused_here(
                ErrorKind::InvalidRequest,
                format!("this environment does not take grants that are signed with {ours}"),
                Remedy::new(
                    Who::You,
                    format!("sign with one of {}", algorithms.join(", ")),
                ),
            ));
        }
        let types = &self.metadata.authorization_details_types_supported;
        let unknown = request
            .detail_types()
            .find(|asked| !types.is_empty() && !types.iter().any(|known| known == asked));
        if let Some(unknown) = unknown {
            return Err(Error::refused_here(
                ErrorKind::AuthorizationDetails,
                format!("this environment does not know authorization details of type {unknown}"),
                Remedy::new(Who::You, format!("use one of {}", types.join(", "))),
            ));
        }
        Ok(())
    }
}
