//! The transport of programs, over reqwest.

use std::error::Error as _;
use std::fmt;

use bytes::{Bytes, BytesMut};
use http::Uri;

use crate::transport::{ReasonPhrase, is_loopback};
use crate::{BoxFuture, Error, ErrorKind, ExposeSecret, Limits, SecretString, Transport};

/// How many bytes are set aside for an answer that announces as many or more.
const ROOM: u64 = 1 << 20;

/// HTTP/1.1 over reqwest and the platform's TLS.
///
/// - HTTP/1.1 only, because HTTP/2 has no reason phrase.
/// - No redirect is followed and no cookie is kept: both would carry credentials elsewhere.
/// - Plain http goes to this machine only, and then past any proxy.
/// - The usual proxy variables (`HTTPS_PROXY`, `NO_PROXY`) hold for everything else.
///
/// ```no_run
/// use http_transport::{Limits, ReqwestTransport};
///
/// let transport = ReqwestTransport::builder()
///     .limits(Limits::default())
///     .trust_pem(&std::fs::read("ca.pem")?)?
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ReqwestTransport {
    through_proxies: reqwest::Client,
    direct: reqwest::Client,
    limits: Limits,
}

/// Makes a [`ReqwestTransport`].
#[derive(Clone, Default)]
pub struct ReqwestTransportBuilder {
    limits: Limits,
    trusted: Vec<reqwest::Certificate>,
    identity: Option<reqwest::Identity>,
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder")
            .field("limits", &self.limits)
            .field("trusted", &self.trusted.len())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

impl ReqwestTransportBuilder {
    /// Limits on time and size.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Trusts the certificate authorities in a PEM file, beside those of the system.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] when the text holds no certificate or one that cannot be read.
    pub fn trust_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        let unreadable = || {
            Error::new(ErrorKind::Tls, "read the certificates to trust")
                .with_detail("the file is not PEM with certificates")
        };
        let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| unreadable())?;
        if found.is_empty() {
            return Err(unreadable());
        }
        self.trusted.extend(found);
        Ok(self)
    }

    /// Shows this certificate to servers that ask for one (mutual TLS): PEM, leaf first, and its private
    /// key as PKCS#8 PEM. A server that refuses it, or that wants one and gets none, gives
    /// [`ErrorKind::ClientCertificate`] (over TLS 1.2, for none, [`ErrorKind::HandshakeRefused`]), and not
    /// what a broken connection gives.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] when they cannot be read, or do not belong together.
    pub fn client_identity(
        mut self,
        certificates: &[u8],
        key: &SecretString,
    ) -> Result<Self, Error> {
        let identity =
            reqwest::Identity::from_pkcs8_pem(certificates, key.expose_secret().as_bytes())
                .map_err(|error| {
                    Error::new(ErrorKind::Tls, "read the client certificate")
                        .with_detail("certificate and key are not PEM, or do not belong together")
                        .with_source(error.without_url())
                })?;
        self.identity = Some(identity);
        Ok(self)
    }

    /// Makes the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] when the platform's TLS cannot be set up.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let client = |direct: bool| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("http-transport/", env!("CARGO_PKG_VERSION")))
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .connect_timeout(self.limits.connect())
                .timeout(self.limits.total())
                .tls_certs_merge(self.trusted.iter().cloned());
            if let Some(identity) = &self.identity {
                builder = builder.identity(identity.clone());
            }
            if direct {
                builder = builder.no_proxy();
            }
            builder.build().map_err(|error| {
                Error::new(ErrorKind::Tls, "set up TLS").with_source(error.without_url())
            })
        };
        Ok(ReqwestTransport {
            through_proxies: client(false)?,
            direct: client(true)?,
            limits: self.limits,
        })
    }
}

impl ReqwestTransport {
    /// A builder with the default [`Limits`].
    #[must_use]
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let host = display_host(request.uri());
        let loopback = request.uri().host().is_some_and(is_loopback);
        if request.uri().scheme_str() != Some("https") && !loopback {
            return Err(Error::new(ErrorKind::Insecure, "send a request").with_detail(host));
        }
        let client = if loopback {
            &self.direct
        } else {
            &self.through_proxies
        };
        let request = reqwest::Request::try_from(request).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "send a request").with_source(error.without_url())
        })?;
        let mut answer = client
            .execute(request)
            .await
            .map_err(|error| classify(error, &host, false))?;

        let too_large = || {
            Error::new(ErrorKind::BodyTooLarge, "read an answer")
                .with_detail(format!("{host}, limit {} bytes", self.limits.body()))
        };
        if answer
            .content_length()
            .is_some_and(|length| length > self.limits.body() as u64)
        {
            return Err(too_large());
        }
        // what comes in one piece is not copied; for more, room is made at once, but no more than ROOM
        // on an answer's mere word
        let announced = answer.content_length().unwrap_or(0).min(ROOM);
        let announced = usize::try_from(announced).unwrap_or(0);
        let (mut first, mut body) = (Bytes::new(), BytesMut::new());
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| classify(error, &host, true))?
        {
            if first.len() + body.len() + chunk.len() > self.limits.body() {
                return Err(too_large());
            }
            if first.is_empty() && body.is_empty() {
                first = chunk;
                continue;
            }
            if body.is_empty() {
                body.reserve(announced.max(first.len() + chunk.len()));
                body.extend_from_slice(&std::mem::take(&mut first));
            }
            body.extend_from_slice(&chunk);
        }
        let body = if body.is_empty() {
            first
        } else {
            body.freeze()
        };

        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        if let Some(phrase) = answer
            .extensions()
            .get::<hyper::ext::ReasonPhrase>()
            .and_then(|phrase| std::str::from_utf8(phrase.as_bytes()).ok())
            .and_then(ReasonPhrase::new)
        {
            response.extensions_mut().insert(phrase);
        }
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move {
            let method = request.method().clone();
            let url = crate::redact::url(&request.uri().to_string());
            let outcome = self.exchange(request).await;
            match &outcome {
                Ok(response) => {
                    tracing::debug!(%method, url, status = response.status().as_u16(), "answered");
                }
                Err(error) => tracing::debug!(%method, url, %error, "no answer"),
            }
            outcome
        })
    }
}

fn display_host(uri: &Uri) -> String {
    match (uri.host(), uri.port_u16()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "no host".to_owned(),
    }
}

fn classify(error: reqwest::Error, host: &str, in_body: bool) -> Error {
    let error = error.without_url();
    let kind = if error.is_timeout() {
        ErrorKind::TimedOut
    } else if let Some(kind) = tls_kind(&error) {
        kind
    } else if error.is_builder() {
        ErrorKind::InvalidRequest
    } else if error.is_connect() {
        ErrorKind::Connect
    } else if in_body {
        ErrorKind::TruncatedBody
    } else {
        ErrorKind::Interrupted
    };
    let mut detail = host.to_owned();
    if let Some(reason) = system_reason(&error) {
        detail = format!("{detail}: {reason}");
    }
    Error::new(kind, "send a request")
        .with_detail(detail)
        .with_source(error)
}

/// TLS 1.3 tells of a missing client certificate only after the handshake, as what looks like a
/// broken connection: the reason stands in OpenSSL's error code (RFC 8446 §6.2, alerts 42 to 51 and
/// 116, which OpenSSL numbers from 1000).
fn tls_kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        let codes = cause
            .downcast_ref::<openssl::error::ErrorStack>()
            .map(|stack| stack.errors());
        if let Some(codes) = codes.filter(|codes| !codes.is_empty()) {
            let alert =
                |alerts: fn(i32) -> bool| codes.iter().any(|code| alerts(code.reason_code()));
            return Some(
                if alert(|code| matches!(code, 1116 | 1042..=1046 | 1048 | 1049 | 1051)) {
                    ErrorKind::ClientCertificate
                } else if alert(|code| code == 1040) {
                    ErrorKind::HandshakeRefused
                } else {
                    ErrorKind::Tls
                },
            );
        }
        source = cause.source();
    }
    None
}

/// The operating system's own words ("Connection refused"), or the resolver's.
fn system_reason(error: &reqwest::Error) -> Option<String> {
    let mut source = error.source();
    let mut last = None;
    while let Some(cause) = source {
        last = Some(cause.to_string());
        source = cause.source();
    }
    last
}
