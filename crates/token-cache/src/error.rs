//! Why there is no token.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http_transport::{Diagnosis, Remedy, Retry, Who};

use crate::policy::FailureClass;
use crate::source::SourceError;

/// Why there is no token. Cheap to clone.
#[derive(Clone)]
pub struct Error(Repr);

#[derive(Clone)]
enum Repr {
    Source(SourceError),
    WaitedTooLong(Duration),
    NoRuntime,
    Abandoned,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The token was refused, and the same request will be refused again.
    Refused,
    /// The token was refused, and others can cure it: a scope, a delegation, a registration.
    LacksAccess,
    /// The token was refused because the machine's clock is wrong.
    Clock,
    /// No answer, or none that could be used, after all attempts.
    Unavailable,
    /// The caller's own time was up; the fetch goes on for others.
    WaitedTooLong,
    /// A fetch needs a tokio runtime with timers, and there is none here.
    NoRuntime,
    /// Several fetches ended without a result: their runtimes went away, or the source panicked.
    Abandoned,
}

impl Error {
    pub(crate) fn waited_too_long(limit: Duration) -> Self {
        Self(Repr::WaitedTooLong(limit))
    }

    pub(crate) fn no_runtime() -> Self {
        Self(Repr::NoRuntime)
    }

    pub(crate) fn abandoned() -> Self {
        Self(Repr::Abandoned)
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Repr::Source(error) => match error.class() {
                FailureClass::Transient => ErrorKind::Unavailable,
                FailureClass::Refused | FailureClass::UsedBefore => ErrorKind::Refused,
                FailureClass::Curable => ErrorKind::LacksAccess,
                FailureClass::Clock => ErrorKind::Clock,
            },
            Repr::WaitedTooLong(_) => ErrorKind::WaitedTooLong,
            Repr::NoRuntime => ErrorKind::NoRuntime,
            Repr::Abandoned => ErrorKind::Abandoned,
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Unavailable | ErrorKind::WaitedTooLong
        )
    }

    /// Whether the server said no.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Refused | ErrorKind::LacksAccess | ErrorKind::Clock
        )
    }

    /// What the source said, when the failure is the source's.
    #[must_use]
    pub fn source_error(&self) -> Option<&SourceError> {
        match &self.0 {
            Repr::Source(error) => Some(error),
            _ => None,
        }
    }

    /// The source's own error, when it is an `E`: the way back to the type of the layer below.
    #[must_use]
    pub fn cause<E: std::error::Error + 'static>(&self) -> Option<&E> {
        std::error::Error::source(self)?.downcast_ref()
    }

    /// What happened, and what to do about it: the source's own diagnosis where there is one.
    #[must_use]
    pub fn diagnosis(&self) -> Cow<'_, Diagnosis> {
        let operation = "get a token";
        Cow::Owned(match &self.0 {
            Repr::Source(error) => return Cow::Borrowed(error.diagnosis()),
            Repr::WaitedTooLong(_) => Diagnosis::new(operation)
                .with_message(self.to_string())
                .with_retry(Retry::Yes)
                .with_remedy(Remedy::new(
                    Who::You,
                    "try again; if it goes on, look at the token service's status page",
                )),
            Repr::NoRuntime => Diagnosis::new(operation)
                .with_message(self.to_string())
                .with_remedy(Remedy::new(Who::You, "call this from within a tokio runtime")),
            Repr::Abandoned => Diagnosis::new(operation)
                .with_message(self.to_string())
                .with_retry(Retry::Yes)
                .with_remedy(Remedy::new(
                    Who::You,
                    "keep the runtime alive until the token is there, and look for a panic in the log",
                )),
        })
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        Self(Repr::Source(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Source(error) => error.fmt(f),
            Repr::WaitedTooLong(limit) => {
                write!(f, "no token within {:.1} s", limit.as_secs_f64())
            }
            Repr::NoRuntime => f.write_str("no tokio runtime to fetch a token on"),
            Repr::Abandoned => f.write_str("the fetch of the token ended without a result"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("diagnosis", &self.diagnosis())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Repr::Source(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}
