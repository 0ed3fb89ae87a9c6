//! Where tokens come from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_transport::{BoxFuture, Diagnosis, Retry};
use secrecy::SecretString;

use crate::key::TokenHash;
pub use crate::policy::FailureClass;

/// Gets tokens of one key: signs a grant and sends it, exchanges a token, asks a sidecar.
///
/// The cache calls it once per attempt and never twice at a time for one key. Each call must make
/// a new grant with a new `jti`: the server may have consumed the one before without the answer
/// coming back.
///
/// ```
/// use std::time::Duration;
/// use http_transport::{BoxFuture, SecretString};
/// use token_cache::{Attempt, Fetched, Source, SourceError};
///
/// #[derive(Debug)]
/// struct Sidecar;
///
/// impl Source for Sidecar {
///     fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
///         Box::pin(async {
///             // ask for the token here
///             Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119)))
///         })
///     }
/// }
/// ```
pub trait Source: Send + Sync + fmt::Debug {
    /// Gets a token.
    fn fetch(&self, attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>>;

    /// Which signing key (or secret) is used now, as a hash of its public part.
    ///
    /// It is no part of the [`TokenKey`](crate::TokenKey). When [`TokenCache::handle`] is given a
    /// source with one that the slot has not seen, remembered refusals are cleared and the token is
    /// due for refresh, while the old one is served. A source that changes its key while it is in
    /// use says so with [`Handle::credential_changed`].
    ///
    /// [`TokenCache::handle`]: crate::TokenCache::handle
    /// [`Handle::credential_changed`]: crate::Handle::credential_changed
    fn credential(&self) -> Option<TokenHash> {
        None
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn fetch(&self, attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        (**self).fetch(attempt)
    }

    fn credential(&self) -> Option<TokenHash> {
        (**self).credential()
    }
}

/// A source from a function, mostly for tests.
pub fn from_fn<F, Answer>(fetch: F) -> FromFn<F>
where
    F: Fn(Attempt) -> Answer + Send + Sync,
    Answer: Future<Output = Result<Fetched, SourceError>> + Send + 'static,
{
    FromFn(fetch)
}

/// A source made by [`from_fn`].
pub struct FromFn<F>(F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F, Answer> Source for FromFn<F>
where
    F: Fn(Attempt) -> Answer + Send + Sync,
    Answer: Future<Output = Result<Fetched, SourceError>> + Send + 'static,
{
    fn fetch(&self, attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin((self.0)(attempt))
    }
}

/// Which attempt of a flight this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: u32,
    previous: Option<FailureClass>,
}

impl Attempt {
    /// The first attempt of a flight, for those who call a [`Source`] without a cache.
    #[must_use]
    pub fn first() -> Self {
        Self {
            number: 1,
            previous: None,
        }
    }

    /// The attempt after one that failed so.
    #[must_use]
    pub fn after(self, previous: FailureClass) -> Self {
        Self {
            number: self.number.saturating_add(1),
            previous: Some(previous),
        }
    }

    /// Counted from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// How the attempt before this one failed.
    #[must_use]
    pub fn previous(self) -> Option<FailureClass> {
        self.previous
    }
}

/// A token, as it came.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub(crate) token: SecretString,
    pub(crate) lifetime: Duration,
}

impl Fetched {
    /// A token and how long it lives (`expires_in`, or `exp` less the server's time of issue).
    ///
    /// The cache counts the lifetime from before it called [`Source::fetch`].
    #[must_use]
    pub fn new(token: SecretString, lifetime: Duration) -> Self {
        Self { token, lifetime }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// How long it lives, counted from before the request.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

/// Why a source has no token to give. Cheap to clone: everybody who waited gets one.
#[derive(Clone, Debug)]
pub struct SourceError {
    class: FailureClass,
    retry_after: Option<Duration>,
    details: Arc<Details>,
}

#[derive(Clone, Debug)]
struct Details {
    diagnosis: Diagnosis,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl SourceError {
    /// A failure of this class. A time to wait in the diagnosis ([`Retry::After`]) is taken over.
    #[must_use]
    pub fn new(class: FailureClass, diagnosis: Diagnosis) -> Self {
        let retry_after = match diagnosis.retry() {
            Retry::After(time) => Some(time),
            _ => None,
        };
        Self {
            class,
            retry_after,
            details: Arc::new(Details {
                diagnosis,
                source: None,
            }),
        }
    }

    /// The time that the server asked to be left alone for (`Retry-After`).
    #[must_use]
    pub fn with_retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    /// The source's own error, for the chain and for [`Error::cause`](crate::Error::cause). Its text
    /// must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.details).source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it was; decides about further attempts and how long it is remembered.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        self.class
    }

    /// The time that the server asked to be left alone for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> &Diagnosis {
        &self.details.diagnosis
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.class {
            FailureClass::Transient => "the token service did not give an answer",
            FailureClass::Refused => "the token was refused",
            FailureClass::Curable => "the token was refused for lack of access",
            FailureClass::Clock => "the token was refused for the time in the grant",
            FailureClass::UsedBefore => "the grant was used before",
        })
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.details.source.as_deref().map(|source| source as _)
    }
}
