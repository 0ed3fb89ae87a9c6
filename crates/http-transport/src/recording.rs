//! Shows each exchange to an observer, redacted.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::transport::reason_phrase;
use crate::{BoxFuture, Error, Transport, redact};

/// One request and what came of it, with every secret and person number already taken out.
#[derive(Clone, Debug)]
pub struct Exchange {
    method: http::Method,
    url: String,
    request: Message,
    status: Option<http::StatusCode>,
    reason: Option<String>,
    response: Message,
    error: Option<Error>,
    elapsed: Duration,
}

/// The headers and body of one side of an [`Exchange`].
#[derive(Clone, Debug, Default)]
pub struct Message {
    headers: Vec<(String, String)>,
    body: String,
}

impl Message {
    fn of(headers: &http::HeaderMap, body: &[u8]) -> Self {
        let content_type = headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        Self {
            headers: redact::headers(headers),
            body: redact::body(content_type, body),
        }
    }

    /// Names and values, in order.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The value of the first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl Exchange {
    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &http::Method {
        &self.method
    }

    /// The request's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was sent.
    #[must_use]
    pub fn request(&self) -> &Message {
        &self.request
    }

    /// The answer's status, when one came.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        self.status
    }

    /// The server's own reason phrase, when it sent one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What came back; empty when nothing did.
    #[must_use]
    pub fn response(&self) -> &Message {
        &self.response
    }

    /// Why no answer came.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// From the first byte sent to the last one read.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// A transport that hands each exchange to an observer once it has ended.
#[derive(Clone)]
pub struct Recording<T> {
    inner: T,
    observer: Arc<dyn Fn(&Exchange) + Send + Sync>,
}

impl<T> Recording<T> {
    /// Wraps `inner`. The observer is called on the task that made the request: it should be quick.
    pub fn new(inner: T, observer: Arc<dyn Fn(&Exchange) + Send + Sync>) -> Self {
        Self { inner, observer }
    }
}

impl<T: fmt::Debug> fmt::Debug for Recording<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<T: Transport> Transport for Recording<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move {
            let method = request.method().clone();
            let url = redact::url(&request.uri().to_string());
            let sent = Message::of(request.headers(), request.body());
            let begun = Instant::now();
            let outcome = self.inner.send(request).await;
            let elapsed = begun.elapsed();
            let exchange = match &outcome {
                Ok(response) => Exchange {
                    method,
                    url,
                    request: sent,
                    status: Some(response.status()),
                    reason: reason_phrase(response).map(redact::text),
                    response: Message::of(response.headers(), response.body()),
                    error: None,
                    elapsed,
                },
                Err(error) => Exchange {
                    method,
                    url,
                    request: sent,
                    status: None,
                    reason: None,
                    response: Message::default(),
                    error: Some(error.clone()),
                    elapsed,
                },
            };
            (self.observer)(&exchange);
            outcome
        })
    }
}
