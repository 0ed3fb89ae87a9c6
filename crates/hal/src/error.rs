use std::fmt;
use std::sync::Arc;

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is nothing but blanks.
    Empty,
    /// The document is larger than the limit; it was not read.
    TooLarge,
    /// Objects and arrays stand in each other deeper than the limit.
    TooDeep,
    /// The document ends in the middle.
    Truncated,
    /// This is not JSON.
    NotJson,
    /// It is JSON, but not what the type asked for.
    Shape,
    /// It is JSON that the HAL format does not allow, and the reading was [`Strict`](crate::Strict).
    NotHal,
    /// A value could not be written as JSON.
    Unwritable,
    /// The source of the document's bytes failed; `source()` of the error says why.
    Unreadable,
}

/// Why a document could not be read (or written): where, what was expected, what was found.
///
/// It names places by JSON pointer (RFC 6901) and shapes ("a string", "an object"), never a value of
/// the document; so it may be logged. Messages of a type's own `Deserialize` are left out for the
/// same reason: they tend to quote the value.
///
/// ```
/// # #[derive(Debug, serde::Deserialize)]
/// # struct Right { id: u64 }
/// let json = br#"{"_embedded":{"rights":[{"id":1},{"id":"two"}]}}"#;
/// let error = hal::List::<Right>::from_slice(json, &hal::Lenient).unwrap_err();
/// assert_eq!(error.pointer(), "/_embedded/rights/1/id");
/// assert_eq!(error.to_string(), "expected u64, found a string at /_embedded/rights/1/id");
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    pointer: String,
    expected: String,
    found: String,
    line: usize,
    column: usize,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            pointer: String::new(),
            expected: expected.into(),
            found: found.into(),
            line: 0,
            column: 0,
            source: None,
        }
    }

    pub(crate) fn at(self, pointer: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            ..self
        }
    }

    pub(crate) fn below(self, parent: &str) -> Self {
        let pointer = format!("{parent}{}", self.pointer);
        self.at(pointer)
    }

    pub(crate) fn line_column(self, line: usize, column: usize) -> Self {
        Self {
            line,
            column,
            ..self
        }
    }

    /// The same error of a text that begins at this line and column.
    pub(crate) fn after(self, line: usize, column: usize) -> Self {
        match self.line {
            0 => self,
            1 => {
                let column = column + self.column.saturating_sub(1);
                self.line_column(line, column)
            }
            below => {
                let column = self.column;
                self.line_column(line + below - 1, column)
            }
        }
    }

    /// The same error of a text that was put together.
    pub(crate) fn without_place(self) -> Self {
        self.line_column(0, 0)
    }

    pub(crate) fn caused_by(self, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where in the document, as a JSON pointer. Empty for the document as a whole.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What should have stood there.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What stood there instead: a shape, never the value.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Line (from 1) and column in bytes, where the text as such is at fault; 0 otherwise.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    /// Whether this is no JSON at all: empty, cut off, or something else such as HTML.
    #[must_use]
    pub fn is_not_json(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Empty | ErrorKind::Truncated | ErrorKind::NotJson
        )
    }

    /// Whether a limit of the reading stopped it.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.kind, ErrorKind::TooLarge | ErrorKind::TooDeep)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        if !self.pointer.is_empty() {
            write!(f, " at {}", self.pointer)?;
        }
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
