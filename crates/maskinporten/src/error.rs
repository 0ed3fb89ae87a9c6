//! What can go wrong: while building, and in use.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http_transport::{Diagnosis, Remedy, Retry};

use crate::codes::Code;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a setting or a key cannot be used. Cheap to clone; holds no secret.
#[derive(Clone)]
pub struct BuildError(Arc<BuildInner>);

#[derive(Clone)]
struct BuildInner {
    kind: BuildErrorKind,
    message: Cow<'static, str>,
    remedy: Option<Remedy>,
    retry: Retry,
    source: Option<Source>,
}

/// What kind of [`BuildError`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// Key and certificate do not belong together.
    CertificateMismatch,
    /// The cryptographic library refused for a reason of its own.
    Crypto,
    /// The certificate is for encryption only.
    EncryptionOnly,
    /// An issuer or an endpoint is no usable URL, or an environment's name is unknown.
    Environment,
    /// The certificate has expired.
    Expired,
    /// The file is encrypted with a cipher that only OpenSSL's legacy module reads, and that
    /// module is not there.
    LegacyCipher,
    /// The metadata document cannot be had, or is not to be trusted.
    Metadata,
    /// There is a key but no certificate.
    NoCertificate,
    /// There is no private key.
    NoKey,
    /// The key has neither a certificate nor a key id, so the server could not find its public half.
    NoKeyReference,
    /// The bytes are not a key file of the kind that was expected.
    NotAKeyFile,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The key is encrypted and no password was given.
    PasswordNeeded,
    /// There are several private keys, and none was chosen.
    SeveralKeys,
    /// The transport could not be set up.
    Transport,
    /// No key in the file has this alias.
    UnknownAlias,
    /// The key is not RSA, or shorter than 2048 bits.
    UnsupportedKey,
    /// A value is malformed: a client id, a scope, a resource, a lifetime.
    Value,
    /// The password does not open the file.
    WrongPassword,
}

impl BuildError {
    pub(crate) fn new(kind: BuildErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(BuildInner {
            kind,
            message: message.into(),
            remedy: None,
            retry: Retry::No,
            source: None,
        }))
    }

    pub(crate) fn with_remedy(mut self, remedy: Remedy) -> Self {
        Arc::make_mut(&mut self.0).remedy = Some(remedy);
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(source));
        self
    }

    pub(crate) fn with_transport(mut self, error: &http_transport::Error) -> Self {
        let diagnosis = error.diagnosis();
        let inner = Arc::make_mut(&mut self.0);
        inner.remedy = diagnosis.remedy().cloned();
        inner.retry = diagnosis.retry();
        inner.source = Some(Arc::new(error.clone()));
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> BuildErrorKind {
        self.0.kind
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        let mut diagnosis = Diagnosis::new("set up the Maskinporten client")
            .with_message(&*self.0.message)
            .with_retry(self.0.retry);
        if let Some(remedy) = &self.0.remedy {
            diagnosis = diagnosis.with_remedy(remedy.clone());
        }
        diagnosis
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Why there is no token. Cheap to clone; holds no secret, and person numbers in the server's
/// words are masked.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    phrase: Cow<'static, str>,
    diagnosis: Diagnosis,
    code: Option<&'static Code>,
    source: Option<Source>,
}

/// What kind of [`Error`] it is. Those the server answers with follow its code table, which is
/// [`codes`](crate::codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API owner has not given the consumer access to the scope (MP-250).
    AccessNotGranted,
    /// The grant names another environment as its receiver (MP-110).
    Audience,
    /// The `authorization_details` have an unknown type or member (MP-301, MP-302).
    AuthorizationDetails,
    /// The certificate is not accepted (MP-120, MP-123).
    Certificate,
    /// The clocks differ too much (MP-130, or the grant was "issued after now").
    Clock,
    /// The customer's side at Altinn is not set up: no matching system user or consent (MP-303).
    CustomerSetup,
    /// The server found the grant malformed (MP-011).
    Grant,
    /// The answer is a success, but not one that can be used: no lifetime, no bearer token.
    InvalidAnswer,
    /// The request was refused here, before the network.
    InvalidRequest,
    /// The registered key is unknown, has expired, or is missing (MP-121 and two without a number).
    Key,
    /// The token is not what was asked for: a scope is missing, or it is for somebody else.
    Mismatch,
    /// The customer has not delegated the scope to the supplier (MP-251).
    NotDelegated,
    /// `consumer_org` is the client's own organisation.
    OwnOrganisation,
    /// The server refused for a reason that is not in its published table.
    Refused,
    /// The grant was used before (MP-012).
    Replayed,
    /// There is no tokio runtime here that could fetch.
    Runtime,
    /// A scope is not registered on the client, or not meant for this kind of client (MP-200, MP-201).
    Scope,
    /// The key did not sign.
    Signing,
    /// The signature does not fit the key that the server knows (MP-124).
    Signature,
    /// No usable answer came: the kind says whether it was the network, TLS, HTML in place of
    /// JSON, an empty or a torn body.
    Transport(http_transport::ErrorKind),
    /// The server is down or overloaded (5xx, 408, 429).
    Unavailable,
    /// The server does not know the client (MP-100).
    UnknownClient,
    /// The certificate is of another organisation than the client (MP-122).
    WrongOrganisation,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        phrase: impl Into<Cow<'static, str>>,
        diagnosis: Diagnosis,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            phrase: phrase.into(),
            diagnosis,
            code: None,
            source: None,
        }))
    }

    /// An error that the caller made: the phrase is the diagnosis.
    pub(crate) fn refused_here(
        kind: ErrorKind,
        phrase: impl Into<Cow<'static, str>>,
        remedy: Remedy,
    ) -> Self {
        let phrase = phrase.into();
        let diagnosis = Diagnosis::new(crate::client::OPERATION)
            .with_message(&phrase)
            .with_remedy(remedy);
        Self::new(kind, phrase, diagnosis)
    }

    pub(crate) fn transport(error: &http_transport::Error, retry: Option<Retry>) -> Self {
        let mut diagnosis = error.diagnosis().with_operation(crate::client::OPERATION);
        if let Some(retry) = retry {
            diagnosis = diagnosis.with_retry(retry);
        }
        Self::new(
            ErrorKind::Transport(error.kind()),
            "no usable answer from Maskinporten",
            diagnosis,
        )
        .with_source(error.clone())
    }

    pub(crate) fn with_code(mut self, code: &'static Code) -> Self {
        Arc::make_mut(&mut self.0).code = Some(code);
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(source));
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The row of the server's code table that this is, when it is one of them.
    #[must_use]
    pub fn code(&self) -> Option<&'static Code> {
        self.0.code
    }

    /// The HTTP status of the answer, when one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.diagnosis.status()
    }

    /// The id by which Digdir's people find the exchange in their logs.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.diagnosis.trace_id()
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.diagnosis.retry() != Retry::No
    }

    /// Whether the server answered and said no (4xx).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !self.is_retryable()
            && self
                .status()
                .is_some_and(|status| (400..500).contains(&status))
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        self.0.diagnosis.clone()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.phrase)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("phrase", &self.0.phrase)
            .field("diagnosis", &self.0.diagnosis)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
