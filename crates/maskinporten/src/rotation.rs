//! Keys that change while the program runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http_transport::{BoxFuture, Remedy, Who};

use crate::{BuildError, BuildErrorKind, Error, ErrorKind, Signer};

/// What a [`Client`](crate::Client) signs with: one key, or one that is exchanged while the program
/// runs. Clones share the key.
///
/// A new key is tried with the next grant, and the old one is kept until the server has accepted the
/// new one once: a key that was registered minutes ago, or a certificate of the wrong delivery,
/// costs one refused grant a minute and no caller a token.
///
/// ```
/// use maskinporten::{KeyFile, Keys, Signer};
///
/// # #[cfg(feature = "openssl")]
/// # async fn load() -> Result<(), maskinporten::BuildError> {
/// // read again when the file changes; looked at when a grant is due, every ten seconds at most
/// let keys = Keys::reloading(KeyFile::new("/run/secrets/key.jwk", |text| Signer::from_jwk(text))).await?;
/// # drop(keys); Ok(()) }
/// ```
#[derive(Clone)]
pub struct Keys {
    state: Arc<Mutex<State>>,
    source: Option<Arc<dyn KeySource>>,
    interval: Duration,
}

struct State {
    current: Signer,
    /// Loaded, and not accepted yet.
    candidate: Option<Signer>,
    /// When the candidate is tried (again), and the source looked at, by the monotonic clock.
    try_at: Duration,
    look_at: Duration,
}

/// Where keys come from: see [`Keys::reloading`].
pub trait KeySource: Send + Sync + fmt::Debug {
    /// The key, if it is another than the one that was answered last; `None` otherwise.
    ///
    /// # Errors
    ///
    /// When there is a key that cannot be used. It is asked again later; the key in use stays.
    fn load(&self) -> BoxFuture<'_, Result<Option<Signer>, BuildError>>;
}

/// The key for one grant.
pub(crate) struct Turn {
    pub(crate) signer: Signer,
    /// The key that is known to work, while a new one is tried.
    pub(crate) fallback: Option<Signer>,
}

impl Keys {
    /// How often a source is asked at most; see [`check_every`](Self::check_every).
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// After a refusal, a new key is tried again after this long: a registered key is known within
    /// 15 minutes, and mostly within two (docs.digdir.no, "API for selvbetjening").
    pub const RETRY_AFTER: Duration = Duration::from_secs(60);

    /// One key, until [`offer`](Self::offer) brings another.
    #[must_use]
    pub fn new(signer: Signer) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                current: signer,
                candidate: None,
                try_at: Duration::ZERO,
                look_at: Duration::ZERO,
            })),
            source: None,
            interval: Self::INTERVAL,
        }
    }

    /// The key that the source has now, and those it has later.
    ///
    /// # Errors
    ///
    /// When the source has no key to begin with, or one that cannot be used.
    pub async fn reloading(source: impl KeySource + 'static) -> Result<Self, BuildError> {
        let Some(signer) = source.load().await? else {
            return Err(
                BuildError::new(BuildErrorKind::NoKey, "the source of keys has none").with_remedy(
                    Remedy::new(
                        Who::You,
                        "see that a key is there before the program starts",
                    ),
                ),
            );
        };
        Ok(Self {
            source: Some(Arc::new(source)),
            ..Self::new(signer)
        })
    }

    /// Asks the source when a grant is due, but not more often than this; 10 s unless said otherwise.
    #[must_use]
    pub fn check_every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// The key in use: the last one that was accepted, or the first.
    #[must_use]
    pub fn current(&self) -> Signer {
        self.lock().current.clone()
    }

    /// The new key that has not been accepted yet.
    #[must_use]
    pub fn candidate(&self) -> Option<Signer> {
        self.lock().candidate.clone()
    }

    /// Brings a new key, for those who are told of one: it is tried with the next grant. It replaces
    /// one that was brought before and has not been accepted yet.
    pub fn offer(&self, signer: Signer) {
        let mut state = self.lock();
        state.candidate = Some(signer);
        state.try_at = Duration::ZERO;
    }

    /// Which key is to sign now; `now` is of the monotonic clock.
    pub(crate) async fn turn(&self, now: Duration) -> Turn {
        if let Some(source) = &self.source {
            let is_due = {
                let mut state = self.lock();
                let is_due = now >= state.look_at;
                if is_due {
                    state.look_at = now.saturating_add(self.interval);
                }
                is_due
            };
            if is_due {
                match source.load().await {
                    Ok(Some(signer)) => {
                        tracing::info!(?signer, "a new signing key was loaded");
                        self.offer(signer);
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(
                        kind = ?error.kind(),
                        %error,
                        "the new signing key cannot be used; the old one stays"
                    ),
                }
            }
        }
        let state = self.lock();
        match &state.candidate {
            Some(candidate) if now >= state.try_at => Turn {
                signer: candidate.clone(),
                fallback: Some(state.current.clone()),
            },
            _ => Turn {
                signer: state.current.clone(),
                fallback: None,
            },
        }
    }

    /// The server took a grant that this key had signed.
    pub(crate) fn accepted(&self, signer: &Signer) {
        let mut state = self.lock();
        if state
            .candidate
            .as_ref()
            .is_some_and(|new| new.is_same(signer))
        {
            state.current = signer.clone();
            state.candidate = None;
            tracing::info!("the new signing key was accepted; the old one is given up");
        }
    }

    /// The server did not take it, or it did not sign.
    pub(crate) fn refused(&self, signer: &Signer, now: Duration, error: &Error) {
        let mut state = self.lock();
        if state
            .candidate
            .as_ref()
            .is_some_and(|new| new.is_same(signer))
        {
            state.try_at = now.saturating_add(Self::RETRY_AFTER);
            tracing::warn!(
                kind = ?error.kind(),
                code = error.code().map(|code| code.id),
                retry_after_s = Self::RETRY_AFTER.as_secs(),
                "the new signing key was not accepted; the old one stays in use"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Signer> for Keys {
    fn from(signer: Signer) -> Self {
        Self::new(signer)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("current", &self.current())
            .field("candidate", &self.candidate())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Error {
    /// Whether another key of the same client might have been taken.
    pub(crate) fn is_about_the_key(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Certificate
                | ErrorKind::Key
                | ErrorKind::Signature
                | ErrorKind::Signing
                | ErrorKind::UnknownClient
                | ErrorKind::WrongOrganisation
        )
    }
}

/// A key file that is read again when it has changed: another time, size or, where the system has
/// them, file number, so that the exchange of a symbolic link is seen too, as Kubernetes does it.
///
/// A file that cannot be read is tried again at the next look.
pub struct KeyFile {
    path: PathBuf,
    read: Box<ReadKey>,
    seen: Mutex<Option<Stamp>>,
}

type ReadKey = dyn Fn(&[u8]) -> Result<Signer, BuildError> + Send + Sync;

/// Time, length, file number.
type Stamp = (Option<SystemTime>, u64, u64);

impl KeyFile {
    /// The file at `path`, and what makes a key of its bytes: one of [`Signer`]'s constructors.
    pub fn new(
        path: impl Into<PathBuf>,
        read: impl Fn(&[u8]) -> Result<Signer, BuildError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            path: path.into(),
            read: Box::new(read),
            seen: Mutex::new(None),
        }
    }

    fn load_if_new(&self) -> Result<Option<Signer>, BuildError> {
        let unreadable = |error: std::io::Error| {
            BuildError::new(
                BuildErrorKind::NotAKeyFile,
                format!("the key file {} cannot be read", self.path.display()),
            )
            .with_remedy(Remedy::new(
                Who::You,
                "check the path, and that this program may read the file",
            ))
            .with_source(error)
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path).map_err(unreadable)?;
        if *seen == Some(now) {
            return Ok(None);
        }
        let bytes = zeroize::Zeroizing::new(std::fs::read(&self.path).map_err(unreadable)?);
        let signer = (self.read)(&bytes)?;
        *seen = Some(now);
        Ok(Some(signer))
    }
}

impl KeySource for KeyFile {
    /// In place: a look at the file takes microseconds, reading one milliseconds, and callers with a
    /// valid token do not wait for it.
    fn load(&self) -> BoxFuture<'_, Result<Option<Signer>, BuildError>> {
        Box::pin(async move { self.load_if_new() })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Ok((metadata.modified().ok(), metadata.len(), number))
}

/// Keys from a function: one that asks a secret store, say.
///
/// ```
/// # #[cfg(feature = "openssl")] mod example {
/// use maskinporten::{Keys, Signer, keys_from_fn};
///
/// # async fn ask_the_vault_for_a_newer_one() -> Option<String> { None }
/// # async fn load() -> Result<(), maskinporten::BuildError> {
/// let keys = Keys::reloading(keys_from_fn(|| async {
///     let Some(jwk) = ask_the_vault_for_a_newer_one().await else { return Ok(None) };
///     Signer::from_jwk(jwk).map(Some)
/// })).await?;
/// # drop(keys); Ok(()) }
/// # }
/// ```
pub fn keys_from_fn<F, Answer>(load: F) -> KeysFromFn<F>
where
    F: Fn() -> Answer + Send + Sync,
    Answer: Future<Output = Result<Option<Signer>, BuildError>> + Send + 'static,
{
    KeysFromFn(load)
}

/// See [`keys_from_fn`].
#[derive(Clone)]
pub struct KeysFromFn<F>(F);

impl<F, Answer> KeySource for KeysFromFn<F>
where
    F: Fn() -> Answer + Send + Sync,
    Answer: Future<Output = Result<Option<Signer>, BuildError>> + Send + 'static,
{
    fn load(&self) -> BoxFuture<'_, Result<Option<Signer>, BuildError>> {
        Box::pin((self.0)())
    }
}

impl<F> fmt::Debug for KeysFromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeysFromFn")
    }
}
