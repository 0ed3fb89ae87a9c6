//! Where a log-in outlives the process.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_transport::{BoxFuture, ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// A log-in as it is stored: with its tokens, so it is a secret whole.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredLogin {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) id: String,
    /// How often it was renewed: of two, the newer one counts more.
    #[serde(default)]
    pub(super) renewals: u64,
    pub(super) level: Option<u8>,
    pub(super) scopes: Vec<String>,
    pub(super) access_token: String,
    /// Seconds since 1970.
    pub(super) expires_at: u64,
    pub(super) refresh_token: Option<String>,
    pub(super) id_token: Option<String>,
}

impl StoredLogin {
    /// The provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether it has a refresh token, and so can outlive its access token.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.refresh_token.is_some()
    }

    /// As JSON, for a store.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// From the JSON of [`to_json`](Self::to_json).
    ///
    /// # Errors
    ///
    /// When it is not that.
    pub fn from_json(json: &SecretString) -> Result<Self, StoreError> {
        // without the parser's words, which may quote
        serde_json::from_str(json.expose_secret())
            .map_err(|_| StoreError::new("what is stored is not a log-in of this version"))
    }
}

impl fmt::Debug for StoredLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLogin")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

/// Keeps one log-in.
///
/// Refresh tokens work once. When one is used, the new log-in is [saved](Self::save) before the old one is
/// forgotten, so `save` must replace the old by the new in one step: whoever looks finds one or the other
/// whole. Where several processes share a store, [`lock`](Self::lock) lets one of them at a time renew.
pub trait LoginStore: Send + Sync + fmt::Debug {
    /// The log-in, if there is one.
    fn load(&self) -> BoxFuture<'_, Result<Option<StoredLogin>, StoreError>>;

    /// Puts this log-in in the place of the one before.
    fn save<'a>(&'a self, login: &'a StoredLogin) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Forgets the log-in.
    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Waits until no other process renews this log-in, and keeps the others out until the lock is
    /// dropped. Without one of its own, a store keeps nobody out: then of two processes that renew at the
    /// same moment one is refused, and takes what the other has stored.
    fn lock(&self) -> BoxFuture<'_, Result<StoreLock, StoreError>> {
        Box::pin(async { Ok(StoreLock::new(())) })
    }
}

/// Keeps others out while it lives: from [`LoginStore::lock`].
pub struct StoreLock {
    _guard: Box<dyn std::any::Any + Send + Sync>,
}

impl StoreLock {
    /// Whatever lets the next one in when it is dropped.
    pub fn new(guard: impl std::any::Any + Send + Sync) -> Self {
        Self {
            _guard: Box::new(guard),
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug)]
pub struct StoreError(String);

impl StoreError {
    /// What happened, without any secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

/// Own choice: longer than a renewal takes, which ends after the transport's 30 s.
const LOCK_PATIENCE: Duration = Duration::from_secs(45);
const LOCK_LOOK: Duration = Duration::from_millis(20);

/// A file for its owner alone: made 0600, replaced in one step, and refused when others may read it. An
/// advisory lock on a file beside it (`.lock`) keeps processes from renewing at the same time; on systems
/// other than Unix there is none.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// The file at this path; its folder is made when it is needed.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, what: &str, error: &std::io::Error) -> StoreError {
        StoreError(format!("{}: {what}: {error}", self.path.display()))
    }

    fn read(&self) -> Result<Option<StoredLogin>, StoreError> {
        let mut file = match std::fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("cannot be opened", &error)),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file
                .metadata()
                .map_err(|error| self.failed("cannot be looked at", &error))?
                .permissions()
                .mode();
            if mode & 0o077 != 0 {
                return Err(StoreError(format!(
                    "{}: others may read it (mode {:o}): chmod 600, and log in again",
                    self.path.display(),
                    mode & 0o777
                )));
            }
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| self.failed("cannot be read", &error))?;
        StoredLogin::from_json(&SecretString::from(text)).map(Some)
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        let folder = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        if let Some(folder) = folder {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .create(folder)
                .map_err(|error| self.failed("its folder cannot be made", &error))?;
        }
        Ok(())
    }

    #[cfg(unix)]
    fn try_lock(&self) -> std::io::Result<Option<std::fs::File>> {
        use rustix::fs::{FlockOperation, flock};
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(PathBuf::from(name))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(unix))]
    fn try_lock(&self) -> std::io::Result<Option<()>> {
        Ok(Some(()))
    }

    fn write(&self, login: &StoredLogin) -> Result<(), StoreError> {
        self.make_folder()?;
        // beside it, for a rename within one file system; under a name of its own, for two at a time
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", uuid::Uuid::new_v4()));
        let temporary = PathBuf::from(name);
        let written = (|| {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&temporary)?;
            file.write_all(login.to_json().expose_secret().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&temporary, &self.path)
        })();
        written.map_err(|error| {
            let _ = std::fs::remove_file(&temporary);
            self.failed("cannot be written", &error)
        })
    }
}

/// The file is small and local: read and written in place.
impl LoginStore for FileStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<StoredLogin>, StoreError>> {
        Box::pin(async { self.read() })
    }

    fn save<'a>(&'a self, login: &'a StoredLogin) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.write(login) })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(self.failed("cannot be removed", &error))
                }
                _ => Ok(()),
            }
        })
    }

    fn lock(&self) -> BoxFuture<'_, Result<StoreLock, StoreError>> {
        Box::pin(async {
            self.make_folder()?;
            let end = tokio::time::Instant::now() + LOCK_PATIENCE;
            loop {
                let locked = self
                    .try_lock()
                    .map_err(|error| self.failed("cannot be locked", &error))?;
                if let Some(file) = locked {
                    return Ok(StoreLock::new(file));
                }
                if tokio::time::Instant::now() >= end {
                    return Err(StoreError(format!(
                        "{}: another process has held it locked for {} s",
                        self.path.display(),
                        LOCK_PATIENCE.as_secs()
                    )));
                }
                tokio::time::sleep(LOCK_LOOK).await;
            }
        })
    }
}
