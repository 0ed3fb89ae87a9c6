//! Why the administration API did not do it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, Retry, Who, is_html, redact};
use serde::Deserialize;

/// Why a call of the administration API failed. Cheap to clone; holds no secret.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    diagnosis: Diagnosis,
    fields: Vec<FieldError>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What kind of [`Error`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is one already, or there was and it is inactive (409).
    Conflict,
    /// Not this client's, or the token's scope does not allow it (403).
    Forbidden,
    /// Somebody else changed the same key set again and again meanwhile.
    Interfered,
    /// The server found members wrong (400): [`Error::fields`] names them.
    Invalid,
    /// It was refused here, before the network.
    InvalidRequest,
    /// There is none (404).
    NotFound,
    /// There is no token to call with; the error's source says why.
    Token(crate::ErrorKind),
    /// No usable answer came.
    Transport(http_transport::ErrorKind),
    /// The token was not taken (401).
    Unauthorized,
    /// The server is down or overloaded (5xx, 408, 429).
    Unavailable,
    /// An answer that fits none of these.
    Unexpected,
}

/// One member that the server found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// Of what: `Client`, …
    pub object: Option<String>,
    /// Which member.
    pub field: Option<String>,
    /// What is wrong with it, in the server's words.
    pub message: String,
}

/// As recorded since 2025. `error` in it is a text, and no OAuth code.
#[derive(Default, Deserialize)]
struct Body {
    correlation_id: Option<String>,
    #[serde(default)]
    errors: Vec<Item>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    error_message: Option<String>,
    object_name: Option<String>,
    field_identifier: Option<String>,
}

impl Error {
    fn new(kind: ErrorKind, diagnosis: Diagnosis) -> Self {
        Self(Arc::new(Inner {
            kind,
            diagnosis,
            fields: Vec::new(),
            source: None,
        }))
    }

    pub(super) fn refused_here(operation: &'static str, message: impl AsRef<str>) -> Self {
        let message = message.as_ref();
        let (message, action) = message
            .split_once("; ")
            .unwrap_or((message, "correct the call"));
        Self::new(
            ErrorKind::InvalidRequest,
            Diagnosis::new(operation)
                .with_message(message)
                .with_remedy(Remedy::new(Who::You, action.to_owned())),
        )
    }

    pub(super) fn unreadable(operation: &'static str, message: &str) -> Self {
        Self::new(
            ErrorKind::Unexpected,
            Diagnosis::new(operation)
                .with_message(message)
                .with_remedy(Remedy::new(
                    Who::Operator,
                    "say why the answer is not what the documentation promises",
                )),
        )
    }

    pub(super) fn not_found(operation: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(
            ErrorKind::NotFound,
            Diagnosis::new(operation)
                .with_message(message)
                .with_remedy(Remedy::new(Who::You, "list what there is")),
        )
    }

    pub(super) fn interfered(operation: &'static str) -> Self {
        Self::new(
            ErrorKind::Interfered,
            Diagnosis::new(operation)
                .with_message("somebody else changes the client's keys at the same time")
                .with_retry(Retry::Yes)
                .with_remedy(Remedy::new(
                    Who::You,
                    "let one program at a time change the keys of a client, and look at the set before the next try",
                )),
        )
    }

    pub(super) fn token(operation: &'static str, error: crate::Error) -> Self {
        Self(Arc::new(Inner {
            kind: ErrorKind::Token(error.kind()),
            diagnosis: error.diagnosis().with_operation(operation),
            fields: Vec::new(),
            source: Some(Arc::new(error)),
        }))
    }

    pub(super) fn transport(operation: &'static str, error: &http_transport::Error) -> Self {
        Self(Arc::new(Inner {
            kind: ErrorKind::Transport(error.kind()),
            diagnosis: error.diagnosis().with_operation(operation),
            fields: Vec::new(),
            source: Some(Arc::new(error.clone())),
        }))
    }

    pub(super) fn refusal(operation: &'static str, response: &http::Response<Bytes>) -> Self {
        let status = response.status().as_u16();
        let body: Body = if is_html(response) {
            Body::default()
        } else {
            serde_json::from_slice(response.body()).unwrap_or_default()
        };
        let (kind, action, who) = match status {
            400 | 422 => (
                ErrorKind::Invalid,
                "correct what the message names",
                Who::You,
            ),
            401 => (
                ErrorKind::Unauthorized,
                "use a client of this environment with the idporten:dcr or idporten:scopes scopes that the call needs, signing with the business certificate",
                Who::You,
            ),
            403 => (
                ErrorKind::Forbidden,
                "ask with a client of the organisation that owns it, and with the scope that the call needs",
                Who::You,
            ),
            404 => (
                ErrorKind::NotFound,
                "check the id or name, and the environment",
                Who::You,
            ),
            409 => (
                ErrorKind::Conflict,
                "use the one that is there; an inactive one is listed with inactive=true, is not created anew, and is brought back by setting active to true",
                Who::You,
            ),
            408 | 429 | 500..=599 => (
                ErrorKind::Unavailable,
                "try again; if it goes on, look at https://status.digdir.no",
                Who::You,
            ),
            _ => (
                ErrorKind::Unexpected,
                "report it to servicedesk@digdir.no with the id",
                Who::You,
            ),
        };
        let fields: Vec<FieldError> = body
            .errors
            .into_iter()
            .map(|item| FieldError {
                object: item.object_name.map(|text| redact::text(&text)),
                field: item.field_identifier.map(|text| redact::text(&text)),
                message: redact::text(&item.error_message.unwrap_or_default()),
            })
            .collect();
        let message = if fields.is_empty() {
            body.error_description
                .or(body.error)
                .map(|text| redact::text(text.trim_start_matches([',', ' '])))
        } else {
            let named = fields.iter().map(|one| match &one.field {
                Some(field) => format!("{field}: {}", one.message),
                None => one.message.clone(),
            });
            Some(named.collect::<Vec<_>>().join("; "))
        };
        let message = message
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| format!("HTTP {status} without a reason"));
        let mut diagnosis = Diagnosis::new(operation)
            .with_status(status)
            .with_message(message)
            .with_remedy(Remedy::new(who, action));
        if kind == ErrorKind::Unavailable {
            let after = http_transport::retry::retry_after(response, std::time::SystemTime::now());
            diagnosis = diagnosis.with_retry(after.map_or(Retry::Yes, Retry::After));
        }
        if let Some(id) = body.correlation_id.filter(|id| {
            id.len() <= 64
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }) {
            diagnosis = diagnosis.with_trace_id(id);
        }
        Self(Arc::new(Inner {
            kind,
            diagnosis,
            fields,
            source: None,
        }))
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The members that the server found wrong.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.diagnosis.retry() != Retry::No
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        self.0.diagnosis.clone()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.0.diagnosis.operation())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("diagnosis", &self.0.diagnosis)
            .field("fields", &self.0.fields)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
