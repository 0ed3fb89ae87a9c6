//! Which failures a second try can help, and when to make it.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::{BoxFuture, Error, Transport};

/// What the outcome of one try means for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The answer is a success or a redirect.
    Done,
    /// The same request will fail again.
    Final,
    /// The same request may succeed.
    Again {
        /// How long the server asked to be left alone (`Retry-After`, RFC 9110 §10.2.3).
        after: Option<Duration>,
    },
}

/// The table: 408, 429 and 5xx may be tried again, as may connections that failed, broke or took too
/// long. Another 4xx never, nor a body that is too large, a host that is not trusted, or a
/// certificate that is refused.
///
/// ```
/// use bytes::Bytes;
/// use http_transport::retry::{Verdict, verdict};
///
/// let busy = http::Response::builder().status(429).header("retry-after", "7").body(Bytes::new())?;
/// assert_eq!(verdict(&Ok(busy)), Verdict::Again { after: Some(std::time::Duration::from_secs(7)) });
/// let refused = http::Response::builder().status(403).body(Bytes::new())?;
/// assert_eq!(verdict(&Ok(refused)), Verdict::Final);
/// # Ok::<(), http::Error>(())
/// ```
#[must_use]
pub fn verdict(outcome: &Result<http::Response<Bytes>, Error>) -> Verdict {
    match outcome {
        Ok(response) => {
            let status = response.status();
            if matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
            ) || status.is_server_error()
            {
                Verdict::Again {
                    after: retry_after(response, SystemTime::now()),
                }
            } else if status.is_client_error() {
                Verdict::Final
            } else {
                Verdict::Done
            }
        }
        Err(error) if error.is_retryable() => Verdict::Again { after: None },
        Err(_) => Verdict::Final,
    }
}

/// The time that `Retry-After` names, in seconds or as a date.
#[must_use]
pub fn retry_after(response: &http::Response<Bytes>, now: SystemTime) -> Option<Duration> {
    let text = response
        .headers()
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// How often and how patiently to try again.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    attempts: usize,
    base: Duration,
    cap: Duration,
    total: Duration,
}

impl Default for RetryPolicy {
    /// Three tries, from 200 ms doubling to at most 5 s with jitter, all within 30 s.
    ///
    /// Own choice: short enough that a person still waits, long enough for a restart behind a load
    /// balancer.
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(200),
            cap: Duration::from_secs(5),
            total: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// One try only.
    #[must_use]
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// How many tries in all, the first included; at least 1.
    #[must_use]
    pub fn with_attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The first wait; each later one is about twice as long, up to `cap`.
    #[must_use]
    pub fn with_delays(mut self, base: Duration, cap: Duration) -> Self {
        (self.base, self.cap) = (base, cap);
        self
    }

    /// No try begins later than this after the first one began.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.base)
            .with_max_delay(self.cap)
            .with_max_times(self.attempts.saturating_sub(1))
            .with_jitter()
            .build()
    }
}

/// A transport that tries again where the table allows it.
///
/// Only requests that change nothing (GET, HEAD, OPTIONS) are sent again after an answer or a broken
/// connection; any request is when no connection was made at all, since it was never sent. A signed
/// grant is never sent twice: who sends one wraps the signing in its own retry.
#[derive(Clone, Debug)]
pub struct Retrying<T> {
    inner: T,
    policy: RetryPolicy,
}

impl<T> Retrying<T> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: T, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }
}

impl<T: Transport> Transport for Retrying<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move {
            let deadline = tokio::time::Instant::now() + self.policy.total;
            let changes_nothing = matches!(
                *request.method(),
                Method::GET | Method::HEAD | Method::OPTIONS
            );
            let mut delays = self.policy.delays();
            loop {
                let outcome = self.inner.send(request.clone()).await;
                let Verdict::Again { after } = verdict(&outcome) else {
                    return outcome;
                };
                let never_sent = outcome
                    .as_ref()
                    .is_err_and(|error| error.kind() == crate::ErrorKind::Connect);
                if !changes_nothing && !never_sent {
                    return outcome;
                }
                let Some(delay) = delays.next() else {
                    return outcome;
                };
                let delay = after.unwrap_or(delay);
                if tokio::time::Instant::now() + delay > deadline {
                    return outcome;
                }
                tracing::debug!(delay_ms = delay.as_millis() as u64, "trying again");
                tokio::time::sleep(delay).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, from_fn};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn the_table() {
        let status = |code: u16| {
            verdict(&Ok(http::Response::builder()
                .status(code)
                .body(Bytes::new())
                .unwrap()))
        };
        for code in [408, 429, 500, 502, 503, 504] {
            assert_eq!(status(code), Verdict::Again { after: None }, "{code}");
        }
        for code in [400, 401, 403, 404, 409, 410, 422] {
            assert_eq!(status(code), Verdict::Final, "{code}");
        }
        for code in [200, 201, 204, 302] {
            assert_eq!(status(code), Verdict::Done, "{code}");
        }
        for kind in [
            ErrorKind::Connect,
            ErrorKind::Interrupted,
            ErrorKind::TimedOut,
            ErrorKind::TruncatedBody,
        ] {
            assert_eq!(
                verdict(&Err(Error::new(kind, "t"))),
                Verdict::Again { after: None }
            );
        }
        for kind in [
            ErrorKind::BodyTooLarge,
            ErrorKind::ClientCertificate,
            ErrorKind::ForeignHost,
            ErrorKind::HandshakeRefused,
            ErrorKind::Insecure,
            ErrorKind::InvalidRequest,
            ErrorKind::Tls,
        ] {
            assert_eq!(verdict(&Err(Error::new(kind, "t"))), Verdict::Final);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let wait = |value: &str| {
            let response = http::Response::builder()
                .header("retry-after", value)
                .body(Bytes::new())
                .unwrap();
            retry_after(&response, now)
        };
        assert_eq!(wait("12"), Some(Duration::from_secs(12)));
        assert_eq!(
            wait("Sun, 09 Sep 2001 01:47:00 GMT"),
            Some(Duration::from_secs(20))
        );
        assert_eq!(wait("Sun, 09 Sep 2001 01:46:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }

    /// Answers 503 and counts.
    fn always_busy(count: Arc<AtomicUsize>) -> impl Transport {
        from_fn(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                Ok(http::Response::builder()
                    .status(503)
                    .body(Bytes::new())
                    .unwrap())
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_changes_nothing_is_sent_again() {
        for (method, expected) in [(Method::GET, 3), (Method::POST, 1), (Method::DELETE, 1)] {
            let count = Arc::new(AtomicUsize::new(0));
            let transport = Retrying::new(always_busy(count.clone()), RetryPolicy::default());
            let request = http::Request::builder()
                .method(method)
                .body(Bytes::new())
                .unwrap();
            let answer = transport.send(request).await.unwrap();
            assert_eq!(answer.status(), 503);
            assert_eq!(count.load(Ordering::Relaxed), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_never_stood_is_tried_again_for_any_method() {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = count.clone();
        let transport = Retrying::new(
            from_fn(move |_| {
                seen.fetch_add(1, Ordering::Relaxed);
                async { Err(Error::new(ErrorKind::Connect, "t")) }
            }),
            RetryPolicy::default(),
        );
        let request = http::Request::post("http://127.0.0.1/")
            .body(Bytes::new())
            .unwrap();
        assert_eq!(
            transport.send(request).await.unwrap_err().kind(),
            ErrorKind::Connect
        );
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_beyond_the_total_ends_it() {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = count.clone();
        let transport = Retrying::new(
            from_fn(move |_| {
                seen.fetch_add(1, Ordering::Relaxed);
                async {
                    Ok(http::Response::builder()
                        .status(429)
                        .header("retry-after", "3600")
                        .body(Bytes::new())
                        .unwrap())
                }
            }),
            RetryPolicy::default(),
        );
        let request = http::Request::get("http://127.0.0.1/")
            .body(Bytes::new())
            .unwrap();
        assert_eq!(transport.send(request).await.unwrap().status(), 429);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
