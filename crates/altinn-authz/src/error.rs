//! Why a call about rights did not do what it was for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_transport::{Diagnosis, Remedy, Retry, Who};

#[cfg(feature = "altinn3")]
use crate::altinn3::Problem;

/// What is open today, for every error that says that Altinn 2 is not.
pub(crate) const OPEN_WAY: &str =
    "use Altinn 3, as a system user or as a person through ID-porten (--api altinn3)";

/// Why a call about rights did not do what it was for.
///
/// `Display` is one short phrase; [`diagnosis`](Self::diagnosis) has the operation, the status, the
/// server's code, and what to do about it. Person numbers and tokens are masked in all of it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    summary: Cow<'static, str>,
    diagnosis: Diagnosis,
    #[cfg(feature = "altinn3")]
    problem: Option<Problem>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The Altinn 2 host does not answer as an API. It closed on 2026-06-19.
    Altinn2Closed,
    /// No token could be had, or the server did not take it (401).
    Authentication,
    /// A list that does not end: a page that leads back to itself, or more pages than the limit.
    EndlessList,
    /// 403: the caller may not, or the server does not say that it asks for something else.
    Forbidden,
    /// A link of an answer leads to another host; it was not followed.
    ForeignLink,
    /// The decision point came to no decision: it does not know the resource, or the question makes no
    /// sense to it. Neither a permit nor a refusal.
    Indeterminate,
    /// What was given cannot be right; nothing was sent.
    InvalidInput,
    /// The file that a [batch](crate::batch) keeps its results in cannot be read or written, or is
    /// another list's.
    Journal,
    /// A web page came, or a way to one, where Altinn 2's answer was due: Altinn 2 takes a call
    /// without a user for a browser, and since 2026-06-19 there is nothing but pages.
    LoginPage,
    /// The token does not have the scope that the call needs; nothing was sent.
    MissingScope,
    /// The receiver must be connected to the giver first (AM-00022).
    NotConnected,
    /// The server does not know what was named, or does not have this operation switched on.
    NotFound,
    /// Too many wrong names: looking persons up is locked for an hour (AM-00026).
    PersonLookupLocked,
    /// A person who is not connected yet is named by number and last name, not by UUID (AM-00024).
    PersonNameNeeded,
    /// Any other refusal (4xx).
    Refused,
    /// The server failed (5xx).
    Server,
    /// 429: too much in a short time.
    TooManyRequests,
    /// The number belongs to none of the parties that the caller can see.
    UnknownParty,
    /// No answer came.
    Unreachable,
    /// An answer came that is not what it should be: HTML, empty, torn, or of another shape.
    Unreadable,
    /// The number and the last name may not belong to the same person. It must not be tried again as it
    /// is: a second failed look-up locks for an hour.
    WrongName,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        summary: impl Into<Cow<'static, str>>,
        diagnosis: Diagnosis,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            summary: redacted(summary.into()),
            diagnosis,
            #[cfg(feature = "altinn3")]
            problem: None,
            source: None,
        }))
    }

    #[cfg(feature = "altinn3")]
    pub(crate) fn with_problem(self, problem: Problem) -> Self {
        self.change(|inner| inner.problem = Some(problem))
    }

    pub(crate) fn with_source(
        self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.change(|inner| inner.source = Some(Box::new(source)))
    }

    pub(crate) fn with_remedy(self, remedy: Remedy) -> Self {
        self.change(|inner| inner.diagnosis = inner.diagnosis.clone().with_remedy(remedy))
    }

    #[cfg(feature = "altinn3")]
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        self.change(|inner| inner.kind = kind)
    }

    /// Only on an error that nobody else holds yet.
    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    /// What was given cannot be right.
    pub(crate) fn input(
        operation: &'static str,
        what: &'static str,
        action: impl Into<Cow<'static, str>>,
    ) -> Self {
        let diagnosis = Diagnosis::new(operation)
            .with_message(what)
            .with_remedy(Remedy::new(Who::You, action));
        Self::new(ErrorKind::InvalidInput, what, diagnosis)
    }

    /// What was given cannot be right, in words of its own.
    #[cfg(feature = "altinn2")]
    pub(crate) fn input_said(
        operation: &'static str,
        what: String,
        action: impl Into<Cow<'static, str>>,
    ) -> Self {
        let diagnosis = Diagnosis::new(operation)
            .with_message(&what)
            .with_remedy(Remedy::new(Who::You, action));
        Self::new(ErrorKind::InvalidInput, what, diagnosis)
    }

    /// The same error, with more in its phrase.
    #[cfg(feature = "altinn2")]
    pub(crate) fn with_addition(self, addition: &str) -> Self {
        self.change(|inner| {
            let summary = format!("{}; {addition}", inner.summary);
            inner.summary = redacted(Cow::Owned(summary));
        })
    }

    pub(crate) fn missing_scope(operation: &'static str, scope: &'static str) -> Self {
        let summary = format!("the token does not have the scope {scope}");
        let diagnosis = Diagnosis::new(operation).with_message(&summary).with_remedy(Remedy::new(
            Who::You,
            format!(
                "ask for the scope {scope} in the session, or for a person at the log-in; if Maskinporten then refuses it (MP-250), the API owner must grant it to the client's organisation"
            ),
        ));
        Self::new(ErrorKind::MissingScope, summary, diagnosis)
    }

    pub(crate) fn foreign_link(operation: &'static str) -> Self {
        let summary = "the answer's link to the next page leads to another host";
        let diagnosis = Diagnosis::new(operation)
            .with_message(summary)
            .with_remedy(Remedy::new(
                Who::Operator,
                "answer with links to the host that was asked; the token was not sent there",
            ));
        Self::new(ErrorKind::ForeignLink, summary, diagnosis)
    }

    pub(crate) fn endless(operation: &'static str, summary: &'static str) -> Self {
        let diagnosis = Diagnosis::new(operation)
            .with_message(summary)
            .with_remedy(Remedy::new(
                Who::Operator,
                "answer with pages that come to an end",
            ));
        Self::new(ErrorKind::EndlessList, summary, diagnosis)
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> &Diagnosis {
        &self.0.diagnosis
    }

    /// What Altinn 3 answered, when it refused.
    #[cfg(feature = "altinn3")]
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.0.problem.as_ref()
    }

    /// The server's own code, such as `AM-00022`; of an invalid request the code of the first thing that is
    /// wrong with it, such as `AM.VLD-00036`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.diagnosis.code()
    }

    /// Whether the server answered and said no (4xx).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.0
            .diagnosis
            .status()
            .is_some_and(|status| (400..500).contains(&status))
            && self.0.kind != ErrorKind::Altinn2Closed
    }

    /// Whether Altinn 2 says that the person never logged in and so has no user profile. As an answer
    /// about whom the person may act for, it means nobody else.
    #[cfg(feature = "altinn2")]
    #[must_use]
    pub fn lacks_user_profile(&self) -> bool {
        let message = self.0.diagnosis.message().unwrap_or_default();
        self.0.kind == ErrorKind::Refused
            && message
                .get(..12)
                .is_some_and(|start| start.eq_ignore_ascii_case("User profile"))
    }

    /// Whether what the caller gave or set up is wrong; nothing was sent.
    #[must_use]
    pub fn is_input(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::InvalidInput | ErrorKind::MissingScope
        )
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.diagnosis.retry() != Retry::No
    }
}

fn redacted(text: Cow<'static, str>) -> Cow<'static, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text),
        Cow::Owned(text) => Cow::Owned(http_transport::redact::text(&text)),
    }
}

impl From<http_transport::Error> for Error {
    fn from(error: http_transport::Error) -> Self {
        let kind = kind_of(&error);
        Self::new(kind, error.to_string(), error.diagnosis()).with_source(error)
    }
}

impl From<altinn_auth::Error> for Error {
    fn from(error: altinn_auth::Error) -> Self {
        use altinn_auth::ErrorKind as Auth;
        let kind = match error.kind() {
            Auth::EnterpriseUserClosed => ErrorKind::Altinn2Closed,
            Auth::ApiKeyMissing | Auth::InvalidScope => ErrorKind::InvalidInput,
            Auth::ForeignHost => ErrorKind::ForeignLink,
            _ => transport_cause(&error).map_or(ErrorKind::Authentication, kind_of),
        };
        Self::new(kind, error.to_string(), error.diagnosis()).with_source(error)
    }
}

/// The transport's error in the chain below, if that is where it went wrong.
pub(crate) fn transport_cause<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a http_transport::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(transport) = error.downcast_ref::<http_transport::Error>() {
            return Some(transport);
        }
        next = error.source();
    }
    None
}

fn kind_of(error: &http_transport::Error) -> ErrorKind {
    use http_transport::ErrorKind as Transport;
    match error.kind() {
        Transport::EmptyBody
        | Transport::Html
        | Transport::NotJson
        | Transport::TruncatedBody
        | Transport::BodyTooLarge
        | Transport::UnexpectedShape => ErrorKind::Unreadable,
        Transport::ForeignHost => ErrorKind::ForeignLink,
        Transport::InvalidRequest | Transport::Insecure => ErrorKind::InvalidInput,
        _ => ErrorKind::Unreachable,
    }
}

/// What every status means that has no code of its own.
pub(crate) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::TooManyRequests,
        500.. => ErrorKind::Server,
        _ => ErrorKind::Refused,
    }
}

/// Whether a status is worth a second try, after what the server asked for.
pub(crate) fn retry_of(response: &http::Response<bytes::Bytes>) -> Retry {
    let after: Option<Duration> =
        http_transport::retry::retry_after(response, std::time::SystemTime::now());
    match (response.status().as_u16(), after) {
        (408 | 429 | 500.., Some(after)) => Retry::After(after),
        (408 | 429 | 500.., None) => Retry::Yes,
        _ => Retry::No,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.summary)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("summary", &self.0.summary)
            .field("diagnosis", &self.0.diagnosis)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl serde::Serialize for Error {
    /// For reports: kind, phrase, status, code, trace id and remedy; everything is masked.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let diagnosis = &self.0.diagnosis;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", &format!("{:?}", self.0.kind))?;
        map.serialize_entry("error", &self.0.summary)?;
        map.serialize_entry("operation", diagnosis.operation())?;
        if let Some(status) = diagnosis.status() {
            map.serialize_entry("status", &status)?;
        }
        for (name, value) in [
            ("code", diagnosis.code()),
            ("traceId", diagnosis.trace_id()),
        ] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(remedy) = diagnosis.remedy() {
            map.serialize_entry("remedy", &remedy.to_string())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_never_shows_a_person_number() {
        let error = Error::new(
            ErrorKind::Refused,
            "26899299344 does not match".to_owned(),
            Diagnosis::new("test").with_message("26899299344 does not match"),
        );
        let said = format!(
            "{error} {error:?} {} {}",
            error.diagnosis(),
            serde_json::to_string(&error).unwrap()
        );
        assert!(!said.contains("26899299344"), "{said}");
        assert!(error.to_string().starts_with("268992*****"), "{said}");
    }

    #[test]
    fn the_transports_failures_keep_their_meaning() {
        use http_transport::ErrorKind as Transport;
        for (below, here) in [
            (Transport::Html, ErrorKind::Unreadable),
            (Transport::Connect, ErrorKind::Unreachable),
            (Transport::TimedOut, ErrorKind::Unreachable),
            (Transport::ForeignHost, ErrorKind::ForeignLink),
            (Transport::Insecure, ErrorKind::InvalidInput),
        ] {
            let error = Error::from(http_transport::Error::new(below, "test"));
            assert_eq!(error.kind(), here);
            assert!(transport_cause(&error).is_some());
        }
    }
}
