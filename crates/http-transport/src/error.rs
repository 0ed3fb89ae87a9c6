//! Why no usable answer arrived.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::diagnosis::{Diagnosis, Remedy, Retry, Who};

/// Why no usable answer arrived, or why the one that did cannot be read.
///
/// A status in the 4xx or 5xx range is not an error here: only the layer above knows what it means.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    status: Option<u16>,
    detail: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The body is larger than [`Limits::body`](crate::Limits::body).
    BodyTooLarge,
    /// The server asked for a client certificate and got none, or refused the one it got.
    ClientCertificate,
    /// No connection could be made: no such host, nothing listening, no route.
    Connect,
    /// The answer has no body where one was due.
    EmptyBody,
    /// The request would have taken credentials to a host that they may not go to.
    ForeignHost,
    /// The server ended the TLS handshake without a reason (alert 40): over TLS 1.2 that is how it says
    /// that a client certificate is missing (RFC 5246 §7.4.6), and that the two have no cipher in common.
    HandshakeRefused,
    /// The answer is an HTML page where JSON was due: a gateway, a proxy, or a log-in page.
    Html,
    /// Plain http to a host that is not this machine.
    Insecure,
    /// The connection broke before an answer began.
    Interrupted,
    /// The request could not be built.
    InvalidRequest,
    /// The body is not JSON.
    NotJson,
    /// The answer did not come within [`Limits`](crate::Limits).
    TimedOut,
    /// TLS could not be agreed, mostly because the server's certificate is not trusted.
    Tls,
    /// The body ended in the middle.
    TruncatedBody,
    /// The body is JSON, but not of the shape that was due.
    UnexpectedShape,
}

impl Error {
    /// An error of this kind, for transports and decoders outside this crate.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            operation: operation.into(),
            status: None,
            detail: None,
            source: None,
        }))
    }

    /// Adds what more is known. It is redacted.
    #[must_use]
    pub fn with_detail(self, detail: impl AsRef<str>) -> Self {
        let detail = crate::redact::text(detail.as_ref());
        self.change(|inner| inner.detail = Some(detail))
    }

    /// Adds the status of the answer that could not be used.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// Adds the error below. Its text must hold no secret and no URL with a query.
    #[must_use]
    pub fn with_source(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Box::new(source)))
    }

    /// Only builders call this, on an error that nobody else holds yet; a shared one stays as it is.
    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What more is known, redacted: the host, the system's reason, the place in the document.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The status of the answer that could not be used, when one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether the same request may succeed when it is sent again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Connect
                | ErrorKind::Interrupted
                | ErrorKind::TimedOut
                | ErrorKind::TruncatedBody
        )
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        let retry = if self.is_retryable() {
            Retry::Yes
        } else {
            Retry::No
        };
        let mut diagnosis = Diagnosis::new(self.0.operation.clone())
            .with_message(self.to_string())
            .with_retry(retry)
            .with_remedy(remedy(self.0.kind));
        if let Some(status) = self.0.status {
            diagnosis = diagnosis.with_status(status);
        }
        diagnosis
    }
}

fn remedy(kind: ErrorKind) -> Remedy {
    match kind {
        ErrorKind::Connect => Remedy::new(
            Who::You,
            "check the host name, the network and the proxy settings (HTTPS_PROXY, NO_PROXY), and that the server is running",
        ),
        ErrorKind::TimedOut | ErrorKind::Interrupted | ErrorKind::TruncatedBody => Remedy::new(
            Who::You,
            "try again; if it goes on, look at the service's status page",
        ),
        ErrorKind::Tls => Remedy::new(
            Who::You,
            "trust the certificate authority that issued the server's certificate, or check that the host is the right one",
        ),
        ErrorKind::HandshakeRefused => Remedy::new(
            Who::You,
            "give a client certificate (virksomhetssertifikat) if the server wants one; otherwise look whether it speaks TLS 1.2 or newer",
        ),
        ErrorKind::ClientCertificate => Remedy::new(
            Who::You,
            "give a client certificate that the server accepts (virksomhetssertifikat)",
        ),
        ErrorKind::Html => Remedy::new(
            Who::You,
            "check that the URL is the API's and not a web site's; a gateway or a proxy also answers so when the service is down",
        ),
        ErrorKind::BodyTooLarge => Remedy::new(
            Who::You,
            "ask for less at a time, or raise the limit on the body's size",
        ),
        ErrorKind::ForeignHost => Remedy::new(
            Who::You,
            "name the host in the settings if it may have the credentials; otherwise the link is not to be followed",
        ),
        ErrorKind::Insecure => {
            Remedy::new(Who::You, "use https; plain http is for this machine only")
        }
        ErrorKind::InvalidRequest => Remedy::new(Who::You, "check the URL and the headers"),
        ErrorKind::EmptyBody | ErrorKind::NotJson | ErrorKind::UnexpectedShape => Remedy::new(
            Who::Operator,
            "say why the answer is not what its documentation promises; if the documentation has changed, this software must follow",
        ),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            ErrorKind::BodyTooLarge => "the answer is larger than the limit",
            ErrorKind::ClientCertificate => "the server wants a client certificate that it accepts",
            ErrorKind::Connect => "could not connect",
            ErrorKind::EmptyBody => "the answer has no body where JSON was due",
            ErrorKind::ForeignHost => {
                "refused to send credentials to a host that is not configured"
            }
            ErrorKind::HandshakeRefused => "the server ended the TLS handshake without a reason",
            ErrorKind::Html => "the answer is an HTML page where JSON was due",
            ErrorKind::Insecure => "refused to use plain http to a host that is not this machine",
            ErrorKind::Interrupted => "the connection broke before an answer came",
            ErrorKind::InvalidRequest => "the request could not be built",
            ErrorKind::NotJson => "the answer is not JSON",
            ErrorKind::TimedOut => "no answer within the time limit",
            ErrorKind::Tls => "could not agree on TLS with the server",
            ErrorKind::TruncatedBody => "the answer ended in the middle",
            ErrorKind::UnexpectedShape => "the answer is JSON of another shape than was due",
        })?;
        self.0
            .detail
            .as_ref()
            .map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("status", &self.0.status)
            .field("detail", &self.0.detail)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
