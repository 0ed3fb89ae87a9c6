//! What every layer can say of a failure.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What happened, why, and what to do about it: the same shape from every layer.
///
/// ```
/// use http_transport::{Diagnosis, Remedy, Retry, Who};
///
/// let diagnosis = Diagnosis::new("get an access token")
///     .with_status(403)
///     .with_code("MP-250")
///     .with_message("Consumer has not been granted access to the scope difitest:test1")
///     .with_remedy(Remedy::new(Who::ApiOwner, "grant the scope to the organisation").at("Samarbeidsportalen"));
///
/// assert_eq!(diagnosis.to_string(), "get an access token: 403, MP-250: Consumer has not been granted access to the scope difitest:test1");
/// assert_eq!(diagnosis.remedy().map(|remedy| remedy.to_string()).as_deref(), Some("the API owner must grant the scope to the organisation (Samarbeidsportalen)"));
/// assert_eq!(diagnosis.retry(), Retry::No);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    operation: Cow<'static, str>,
    status: Option<u16>,
    code: Option<Cow<'static, str>>,
    message: Option<String>,
    trace_id: Option<String>,
    retry: Retry,
    remedy: Option<Remedy>,
}

impl Diagnosis {
    /// A diagnosis of the operation that failed, named as its caller thinks of it.
    #[must_use]
    pub fn new(operation: impl Into<Cow<'static, str>>) -> Self {
        Self {
            operation: operation.into(),
            status: None,
            code: None,
            message: None,
            trace_id: None,
            retry: Retry::No,
            remedy: None,
        }
    }

    /// Names the operation anew, as a higher layer knows it.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.operation = operation.into();
        self
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The server's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// What the server said; secrets and person numbers are taken out here.
    #[must_use]
    pub fn with_message(mut self, message: impl AsRef<str>) -> Self {
        let message = crate::redact::text(message.as_ref().trim());
        self.message = (!message.is_empty()).then_some(message);
        self
    }

    /// The id that the server's operators can find the exchange by.
    #[must_use]
    pub fn with_trace_id(mut self, trace_id: impl Into<String>) -> Self {
        self.trace_id = Some(trace_id.into());
        self
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The HTTP status, when an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The server's own code, when it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What the server said, redacted.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The id that the server's operators can find the exchange by.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&Remedy> {
        self.remedy.as_ref()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        let mut separator = ": ";
        if let Some(status) = self.status {
            write!(f, "{separator}{status}")?;
            separator = ", ";
        }
        if let Some(code) = &self.code {
            write!(f, "{separator}{code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

/// Whether the same call may succeed when it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// Not with the same input.
    No,
    /// It may.
    Yes,
    /// It may, after this time.
    After(Duration),
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// Whoever runs this software.
    You,
    /// The organisation that owns the API or scope.
    ApiOwner,
    /// The organisation on whose behalf one acts.
    Customer,
    /// Those who run the service that answered.
    Operator,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::You => "you",
            Self::ApiOwner => "the API owner",
            Self::Customer => "the customer",
            Self::Operator => "the operator of the service",
        })
    }
}

/// What to do about a failure, who must do it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    action: Cow<'static, str>,
    who: Who,
    place: Option<Cow<'static, str>>,
}

impl Remedy {
    /// `action` is a verb phrase: it reads on after "the API owner must".
    #[must_use]
    pub fn new(who: Who, action: impl Into<Cow<'static, str>>) -> Self {
        Self {
            action: action.into(),
            who,
            place: None,
        }
    }

    /// The portal, setting or command where it is done.
    #[must_use]
    pub fn at(mut self, place: impl Into<Cow<'static, str>>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// What to do, a verb phrase.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Who must do it.
    #[must_use]
    pub fn who(&self) -> Who {
        self.who
    }

    /// Where it is done.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Who::You => write!(f, "{}", self.action)?,
            who => write!(f, "{who} must {}", self.action)?,
        }
        self.place
            .as_ref()
            .map_or(Ok(()), |place| write!(f, " ({place})"))
    }
}
