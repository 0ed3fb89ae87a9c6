//! HTTP/1.1 and TLS around the routers: what the network does, no rule of any service.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Sleep;
use tokio_openssl::SslStream;
use tower_service::Service as _;

use crate::altinn2::with_phrase;
use crate::pki::SigningKey;
use crate::state::Sim;
use crate::{Fault, Host};

const HANDSHAKE: Duration = Duration::from_secs(10);
const GATEWAY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head>\
    <body><h1>Service Unavailable</h1><p>The service is temporarily unavailable.</p></body></html>\n";
const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Logg inn</title></head><body>\
    <h1>Logg inn</h1></body></html>\n";

/// The certificate that a TLS client showed; in the request's extensions, not verified.
#[derive(Clone, Debug)]
pub(crate) struct ClientCertificate(pub(crate) X509);

/// How a request came; in its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme(pub(crate) &'static str);

/// One request and what became of it, with nothing secret in it: no header, no body, and person
/// numbers in the path masked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestLine {
    /// Who was asked.
    pub host: Host,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The status; none when the connection ended without an answer.
    pub status: Option<u16>,
    /// The reason phrase, when it is not the usual one.
    pub reason: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host, method, path, ..
        } = self;
        write!(f, "{host} {method} {path} -> ")?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("no answer")?,
        }
        if let Some(reason) = &self.reason {
            write!(f, " {reason}")?;
        }
        write!(f, " ({} ms)", self.elapsed.as_millis())
    }
}

/// Called once for each request.
pub(crate) type RequestLog = Arc<dyn Fn(&RequestLine) + Send + Sync>;

/// What every listener of one host needs.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) host: Host,
    pub(crate) router: Router,
    pub(crate) sim: Sim,
    pub(crate) log: Option<RequestLog>,
}

/// A TLS acceptor that asks for a client certificate and does without. `strict`: one that is shown must
/// lead to the root, or the handshake fails.
pub(crate) fn tls(
    key: &SigningKey,
    issuing: X509,
    root: X509,
    strict: bool,
) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls())?;
    builder.set_private_key(&key.key)?;
    builder.set_certificate(&key.certificate)?;
    builder.add_extra_chain_cert(issuing)?;
    builder.set_session_id_context(b"altinn-sim")?;
    let store = builder.cert_store_mut();
    store.add_cert(root)?;
    // Which certificates count is otherwise the business of the services, not of the connection.
    builder.set_verify_callback(SslVerifyMode::PEER, move |trusted, _| {
        // What the check left in this thread's queue would be taken for an error of the connection.
        drop(ErrorStack::get());
        trusted || !strict
    });
    Ok(builder.build())
}

/// Accepts connections until `stop` changes, then lets the open ones finish.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Service,
    tls: Option<SslAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(accept(stream, service.clone(), tls.clone(), stop.clone()));
                }
                // Out of file descriptors, mostly: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(
    stream: TcpStream,
    service: Service,
    tls: Option<SslAcceptor>,
    stop: watch::Receiver<bool>,
) {
    let Some(acceptor) = tls else {
        return connection(stream, service, Scheme("http"), None, stop).await;
    };
    let Ok(mut stream) = Ssl::new(acceptor.context()).and_then(|ssl| SslStream::new(ssl, stream))
    else {
        return;
    };
    let handshake = tokio::time::timeout(HANDSHAKE, Pin::new(&mut stream).accept()).await;
    if let Ok(Ok(())) = handshake {
        let certificate = stream.ssl().peer_certificate().map(ClientCertificate);
        connection(stream, service, Scheme("https"), certificate, stop).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Service,
    scheme: Scheme,
    certificate: Option<ClientCertificate>,
    mut stop: watch::Receiver<bool>,
) {
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(scheme);
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        let service = service.clone();
        async move { service.answer(request.map(Body::new)).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // `Date` follows the simulator's clock.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    // An error here is the client's going away, or a fault that was asked for.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault that was put into the simulator")]
struct Cut;

impl Service {
    async fn answer(&self, request: Request<Body>) -> Result<Response, Cut> {
        let started = Instant::now();
        let method = request.method().to_string();
        let path = request
            .uri()
            .path_and_query()
            .map(|p| p.as_str())
            .unwrap_or("/");
        let path = norwegian_ids::mask_person_numbers(path).into_owned();
        let fault = self.sim.faults.take(self.host, request.uri().path());
        let outcome = self.under(fault, request).await;
        let line = RequestLine {
            host: self.host,
            method,
            path,
            status: outcome.as_ref().ok().map(|r| r.status().as_u16()),
            reason: outcome.as_ref().ok().and_then(|r| {
                let phrase = r.extensions().get::<ReasonPhrase>()?.as_bytes();
                let phrase = String::from_utf8_lossy(phrase);
                Some(norwegian_ids::mask_person_numbers(&phrase).into_owned())
            }),
            elapsed: started.elapsed(),
        };
        tracing::debug!(target: "altinn_sim", "{line}");
        if let Some(log) = &self.log {
            log(&line);
        }
        let mut response = outcome?;
        let now = self.sim.clock.now();
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            response.headers_mut().insert(DATE, date);
        }
        Ok(response)
    }

    async fn under(&self, fault: Option<Fault>, request: Request<Body>) -> Result<Response, Cut> {
        let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
        match fault {
            None => Ok(self.handled(request).await),
            Some(Fault::Unavailable) => {
                Ok((StatusCode::SERVICE_UNAVAILABLE, html, GATEWAY_PAGE).into_response())
            }
            Some(Fault::Status { status, phrase }) => {
                let status = StatusCode::from_u16(status).ok();
                let status = status.filter(|s| s.is_client_error() || s.is_server_error());
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Ok(with_phrase(status, &phrase))
            }
            Some(Fault::HtmlInstead) => Ok((html, LOGIN_PAGE).into_response()),
            Some(Fault::TooManyRequests { retry_after }) => {
                let after = [(RETRY_AFTER, retry_after.as_secs())];
                Ok((StatusCode::TOO_MANY_REQUESTS, after).into_response())
            }
            Some(Fault::Reset) => Err(Cut),
            Some(Fault::ResetAfterHandling) => {
                self.handled(request).await;
                Err(Cut)
            }
            Some(Fault::TornBody) => {
                let (mut parts, body) = collected(self.handled(request).await).await;
                if body.is_empty() {
                    return Err(Cut);
                }
                parts.headers.insert(CONTENT_LENGTH, body.len().into());
                let half = body.slice(..body.len() / 2);
                Ok(Response::from_parts(
                    parts,
                    Body::new(Pieces::new([half], None, End::Torn { flushed: false })),
                ))
            }
            Some(Fault::SlowBody { pause }) => {
                let (mut parts, body) = collected(self.handled(request).await).await;
                parts.headers.insert(CONTENT_LENGTH, body.len().into());
                let size = body.len().div_ceil(8).max(1);
                let pieces = body.chunks(size).map(Bytes::copy_from_slice);
                Ok(Response::from_parts(
                    parts,
                    Body::new(Pieces::new(pieces, Some(pause), End::Whole)),
                ))
            }
        }
    }

    async fn handled(&self, request: Request<Body>) -> Response {
        let answer: Result<Response, Infallible> = self.router.clone().call(request).await;
        match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

async fn collected(response: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // A handler's body is in memory; it cannot fail.
    let body = body
        .collect()
        .await
        .map(|b| b.to_bytes())
        .unwrap_or_default();
    (parts, body)
}

/// A body in pieces, with pauses, and perhaps without its end.
struct Pieces {
    pieces: VecDeque<Bytes>,
    pause: Option<Duration>,
    waiting: Option<Pin<Box<Sleep>>>,
    end: End,
}

/// How a body ends.
enum End {
    Whole,
    Torn { flushed: bool },
}

impl Pieces {
    fn new(pieces: impl IntoIterator<Item = Bytes>, pause: Option<Duration>, end: End) -> Self {
        let mut this = Self {
            pieces: pieces.into_iter().collect(),
            pause,
            waiting: None,
            end,
        };
        this.wait();
        this
    }

    fn wait(&mut self) {
        self.waiting = self.pause.map(|pause| Box::pin(tokio::time::sleep(pause)));
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(waiting) = &mut self.waiting
            && waiting.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        match self.pieces.pop_front() {
            Some(piece) => {
                self.wait();
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            None => match std::mem::replace(&mut self.end, End::Whole) {
                End::Whole => Poll::Ready(None),
                // Idle once, so that what is there leaves before the connection ends.
                End::Torn { flushed: false } => {
                    self.end = End::Torn { flushed: true };
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                End::Torn { flushed: true } => Poll::Ready(Some(Err(Cut))),
            },
        }
    }
}
