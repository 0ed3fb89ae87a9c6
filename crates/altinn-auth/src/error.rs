//! What can go wrong: while building, and in use.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_transport::{Diagnosis, Remedy, Retry, Who};

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a setting cannot be used. Cheap to clone; holds no secret.
#[derive(Clone)]
pub struct BuildError {
    kind: BuildErrorKind,
    message: Cow<'static, str>,
    source: Option<Source>,
}

/// What kind of [`BuildError`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// An environment's name or one of its URLs.
    Environment,
    /// A user name or password.
    Credentials,
    /// The API key or a subscription key.
    Key,
    /// The client for Maskinporten could not be made; see the source.
    Maskinporten,
    /// The transport could not be set up; see the source.
    Transport,
}

impl BuildError {
    fn new(kind: BuildErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn environment(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BuildErrorKind::Environment, message)
    }

    pub(crate) fn credentials(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BuildErrorKind::Credentials, message)
    }

    pub(crate) fn key(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BuildErrorKind::Key, message)
    }

    #[cfg(not(feature = "reqwest"))]
    pub(crate) fn transport(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BuildErrorKind::Transport, message)
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> BuildErrorKind {
        self.kind
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        if let Some(error) = self
            .source
            .as_deref()
            .and_then(|source| source.downcast_ref::<maskinporten::BuildError>())
        {
            return error.diagnosis();
        }
        Diagnosis::new("set up the Altinn client")
            .with_message(&self.message)
            .with_remedy(Remedy::new(Who::You, "correct the setting"))
    }
}

impl From<maskinporten::BuildError> for BuildError {
    fn from(error: maskinporten::BuildError) -> Self {
        Self {
            kind: BuildErrorKind::Maskinporten,
            message: "the Maskinporten client cannot be set up".into(),
            source: Some(Arc::new(error)),
        }
    }
}

impl From<http_transport::Error> for BuildError {
    fn from(error: http_transport::Error) -> Self {
        Self {
            kind: BuildErrorKind::Transport,
            message: "the HTTP transport cannot be set up".into(),
            source: Some(Arc::new(error)),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why one could not become someone, or why a call as someone was not made. Cheap to clone; holds no
/// secret.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    diagnosis: Diagnosis,
    source: Option<Source>,
}

/// What kind of [`Error`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Altinn 2 needs an API key, and none was given.
    ApiKeyMissing,
    /// This way in needs an enterprise certificate's TLS, and the client was built without one.
    CertificateMissing,
    /// The provider does not know the client, or not this way for it to prove itself.
    ClientRefused,
    /// The authorization code was used before, is too old, or was issued to somebody else.
    CodeRefused,
    /// The enterprise user's way in is closed (410).
    EnterpriseUserClosed,
    /// Altinn did not take the Maskinporten token (401 or 403, mostly without a word).
    ExchangeRefused,
    /// The request is for another host than the environment's.
    ForeignHost,
    /// The exchange answered with something that is no token.
    InvalidAnswer,
    /// The id_token is not the provider's, not for this client, or out of date.
    InvalidIdToken,
    /// The token that Altinn gave is not signed with Altinn's keys, or not of this Altinn.
    InvalidToken,
    /// A scope that was asked for is no scope.
    InvalidScope,
    /// The log-in answered with another issuer than the one that was asked (RFC 9207).
    IssuerMismatch,
    /// The call needs a higher security level than this way in gives, or the log-in gave a lower one
    /// than was asked for.
    LevelTooLow,
    /// The log-in is over: its refresh token was used, revoked or has run out.
    LoginExpired,
    /// The person or the provider broke the log-in off; the diagnosis has the provider's code.
    LoginRefused,
    /// Maskinporten gave no token; see the source.
    Maskinporten(maskinporten::ErrorKind),
    /// This way in goes through Maskinporten, and the client was built without one.
    NoMaskinporten,
    /// The id_token was made for another log-in than this one.
    NonceMismatch,
    /// No token in time, or nowhere to fetch it; see the source.
    NoToken,
    /// Nothing is there by this name: no such system, request or system user.
    NotFound,
    /// Altinn 2's password log-in is gone.
    PasswordLoginClosed,
    /// The redirect address is not registered for the client.
    RedirectRefused,
    /// Altinn refused the request; the diagnosis has its code and words.
    Refused,
    /// The session ran out, and was not or could not be renewed for this call.
    SessionExpired,
    /// The answer to the log-in does not belong to a log-in that was begun here: a forged `state`.
    StateMismatch,
    /// No usable answer came from Altinn; see the source.
    Transport(http_transport::ErrorKind),
    /// Altinn is down or overloaded (5xx, 408, 429).
    Unavailable,
    /// The user does not exist, or the password is wrong.
    WrongCredentials,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, diagnosis: Diagnosis) -> Self {
        Self(Arc::new(Inner {
            kind,
            diagnosis,
            source: None,
        }))
    }

    fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(source));
        self
    }

    pub(crate) fn maskinporten(error: maskinporten::Error) -> Self {
        Self::new(ErrorKind::Maskinporten(error.kind()), error.diagnosis()).with_source(error)
    }

    pub(crate) fn transport(operation: &'static str, error: http_transport::Error) -> Self {
        let diagnosis = error.diagnosis().with_operation(operation);
        Self::new(ErrorKind::Transport(error.kind()), diagnosis).with_source(error)
    }

    /// The same, on a connection on which an enterprise certificate is shown: a server that does not take
    /// it, and closes before its alert is read, leaves a broken connection.
    pub(crate) fn over_certificate(self) -> Self {
        if self.kind() != ErrorKind::Transport(http_transport::ErrorKind::Interrupted) {
            return self;
        }
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.diagnosis = inner.diagnosis.with_remedy(Remedy::new(
            Who::You,
            "try again; if it goes on, look at the service's status page, and at the enterprise certificate (virksomhetssertifikat): some servers end the connection so when they do not take it",
        ));
        Self(Arc::new(inner))
    }

    /// The error that a fetch through the cache ended in: this crate's own where it is one.
    pub(crate) fn from_cache(error: &token_cache::Error) -> Self {
        error.cause::<Self>().cloned().unwrap_or_else(|| {
            Self::new(ErrorKind::NoToken, error.diagnosis().into_owned()).with_source(error.clone())
        })
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer, when one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.diagnosis.status()
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.diagnosis.retry() != Retry::No
    }

    /// How long the server asked to be left alone for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.diagnosis.retry() {
            Retry::After(time) => Some(time),
            _ => None,
        }
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        self.0.diagnosis.clone()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            ErrorKind::ApiKeyMissing => "Altinn 2 needs an API key (API-nøkkel)",
            ErrorKind::CertificateMissing => "an enterprise certificate for TLS is missing",
            ErrorKind::ClientRefused => "the provider did not take the client",
            ErrorKind::CodeRefused => "the log-in's code was not taken",
            ErrorKind::InvalidIdToken => "the id_token cannot be trusted",
            ErrorKind::InvalidToken => "the token is not this Altinn's",
            ErrorKind::IssuerMismatch => "the log-in was answered by another issuer",
            ErrorKind::LevelTooLow => "the security level (sikkerhetsnivå) is too low",
            ErrorKind::LoginExpired => "the log-in has run out",
            ErrorKind::LoginRefused => "the log-in was refused",
            ErrorKind::NoMaskinporten => "no Maskinporten client was given",
            ErrorKind::NonceMismatch => "the id_token is of another log-in",
            ErrorKind::NotFound => "there is no such thing at Altinn",
            ErrorKind::PasswordLoginClosed => "the password log-in of Altinn 2 is closed",
            ErrorKind::RedirectRefused => "the redirect address is not registered",
            ErrorKind::Refused => "Altinn refused the request",
            ErrorKind::SessionExpired => "the session has run out",
            ErrorKind::StateMismatch => "the log-in's answer is not of a log-in begun here",
            ErrorKind::EnterpriseUserClosed => {
                "the way in with an enterprise user (virksomhetsbruker) is closed"
            }
            ErrorKind::ExchangeRefused => "Altinn did not take the Maskinporten token",
            ErrorKind::ForeignHost => "the request is for a host outside the environment",
            ErrorKind::InvalidAnswer => "the exchange did not answer with a token",
            ErrorKind::InvalidScope => "a scope that was asked for is not one",
            ErrorKind::Maskinporten(_) => "Maskinporten gave no token",
            ErrorKind::NoToken => "no token",
            ErrorKind::Transport(_) => "no usable answer came",
            ErrorKind::Unavailable => "the server is not available",
            ErrorKind::WrongCredentials => "the user does not exist, or the password is wrong",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("diagnosis", &self.0.diagnosis)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
