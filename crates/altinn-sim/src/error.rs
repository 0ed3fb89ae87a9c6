//! Why the simulator cannot do what its owner asks.

use std::sync::Arc;

use crate::pki::PkiError;
use crate::world::SeedError;

/// What went wrong while starting, or while asking the simulator for something.
///
/// This is about the simulator itself; what its servers answer is in their answers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    kind: ErrorKind,
    text: String,
    #[source]
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The seed file.
    Seed,
    /// Keys or certificates could not be made.
    Keys,
    /// A port could not be opened.
    Listen,
    /// A file could not be written.
    File,
    /// A client, a person or an organisation that is not in the world.
    NotFound,
}

impl Error {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            source: None,
        }
    }

    pub(crate) fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..self
        }
    }
}

impl From<SeedError> for Error {
    fn from(error: SeedError) -> Self {
        Self::new(ErrorKind::Seed, error.to_string())
    }
}

impl From<PkiError> for Error {
    fn from(error: PkiError) -> Self {
        Self::new(ErrorKind::Keys, error.to_string()).because(error)
    }
}
