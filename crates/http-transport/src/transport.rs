//! The seam: one request in, one response out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::Error;

/// A boxed future, as the object-safe traits of these crates return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Anything that answers an HTTP request.
///
/// An implementation answers with whatever the server said, whatever its status: a status is not
/// an [`Error`]. It follows no redirects, keeps no cookies, and puts the server's own HTTP/1.1
/// reason phrase into the response's extensions as a [`ReasonPhrase`].
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and reads its whole answer.
    ///
    /// # Errors
    ///
    /// When no whole answer arrived: see [`ErrorKind`](crate::ErrorKind).
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        (**self).send(request)
    }
}

/// A transport made of a closure: see [`from_fn`].
pub struct FromFn<F>(F);

/// Makes a transport of an async closure, which is how a test stands in for a server.
pub fn from_fn<F, Fut>(answer: F) -> FromFn<F>
where
    F: Fn(http::Request<Bytes>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<http::Response<Bytes>, Error>> + Send + 'static,
{
    FromFn(answer)
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F, Fut> Transport for FromFn<F>
where
    F: Fn(http::Request<Bytes>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<http::Response<Bytes>, Error>> + Send + 'static,
{
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin((self.0)(request))
    }
}

/// The words a server itself wrote after the status code (HTTP/1.1 only, RFC 9112 §4).
///
/// Some servers put their whole message there and leave the body empty. A standard phrase
/// (`404 Not Found`) is not kept, nor is one in letters beyond ASCII, which the HTTP parser drops.
#[derive(Clone, PartialEq, Eq)]
pub struct ReasonPhrase(Box<str>);

impl ReasonPhrase {
    /// Keeps `phrase` unless it is empty.
    #[must_use]
    pub fn new(phrase: &str) -> Option<Self> {
        let phrase = phrase.trim();
        (!phrase.is_empty()).then(|| Self(phrase.into()))
    }

    /// The phrase as the server wrote it. It may hold a person number: see [`redact`](crate::redact).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ReasonPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", crate::redact::text(&self.0))
    }
}

/// The server's own reason phrase, when it sent one that could be read.
#[must_use]
pub fn reason_phrase(response: &http::Response<Bytes>) -> Option<&str> {
    response
        .extensions()
        .get::<ReasonPhrase>()
        .map(ReasonPhrase::as_str)
}

/// Whether a host name is this machine: `localhost`, `127.0.0.0/8` or `::1`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
