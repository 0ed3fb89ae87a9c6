//! Tokens in a file.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_transport::BoxFuture;
use zeroize::Zeroizing;

use super::format::{self, Entry};
use super::{Store, StoreError, StoredToken};
use crate::clock::{Clock, SystemClock};
use crate::key::{TokenHash, TokenKey};

/// Keeps tokens in one file, which several processes may share: for commands, whose next run
/// finds the token of the last one.
///
/// - The file is created with mode 0600. One that others may read or write, that belongs to another
///   user, or that is no plain file, is refused with an error, and left as it is.
/// - It is replaced as a whole by rename, so no reader ever sees half of it. Writers take turns by
///   an advisory lock on a file beside it (`<path>.lock`); a process that is killed drops the lock.
/// - One that is damaged or of another version counts as empty, and the next token replaces it.
/// - Only expired tokens leave it, but for those that are [invalidated](crate::Handle::invalidate).
///
/// The remaining life is reckoned by the wall clock. When that has been set back to before a token
/// was written, the token's age cannot be known, and it counts as not there.
///
/// ```
/// use token_cache::{FileStore, TokenCache};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let state = directory.path();
/// let cache = TokenCache::builder().store(FileStore::new(state.join("tokens"))).build();
/// # drop(cache);
/// # Ok(()) }
/// ```
///
/// # Security
///
/// The tokens stand in the file as they are; the file's mode protects them, as it does an SSH key.
/// The names beside them are hashes, but see [`TokenKey::hash`]. On Windows the folder's access
/// list decides who may read it: choose one of the user's own.
#[derive(Clone)]
pub struct FileStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    #[cfg(test)]
    before_rename: Option<fn()>,
}

impl FileStore {
    /// A file of more than this is not ours.
    const LARGEST: u64 = 16 * 1024 * 1024;

    /// Tokens in the file at `path`, which need not be there yet; its folder must be, or is made
    /// with mode 0700 when the first token is written.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with_clock(path, Arc::new(SystemClock::new()))
    }

    /// The same, on this clock.
    #[must_use]
    pub fn with_clock(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            path: path.into(),
            clock,
            #[cfg(test)]
            before_rename: None,
        }))
    }

    /// Where the tokens are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Files are read where waiting for a disk holds nobody up.
    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Refusal> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let runtime = tokio::runtime::Handle::try_current().map_err(StoreError::new)?;
            let done = runtime.spawn_blocking(move || work(&inner)).await;
            done.map_err(StoreError::new)?.map_err(StoreError::new)
        })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

impl Store for FileStore {
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        let name = *key.hash();
        self.work(move |inner| {
            let now = inner.clock.now().wall;
            let entries = inner.read()?;
            let found = entries.into_iter().find(|entry| entry.name == name);
            Ok(found.and_then(|entry| entry.at(now)))
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let name = *key.hash();
        self.work(move |inner| {
            let _lock = inner.lock()?;
            let now = inner.clock.now().wall;
            let mut entries = inner.read()?;
            entries.retain(|entry| entry.remaining(now).is_some());
            let later = entries
                .iter()
                .find(|entry| entry.name == name)
                .and_then(|entry| entry.remaining(now))
                .is_some_and(|left| left > token.remaining());
            if later {
                return Ok(());
            }
            entries.retain(|entry| entry.name != name);
            entries.push(Entry::new(name, now, &token));
            inner.write(&entries)
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let name = *key.hash();
        self.work(move |inner| {
            if !inner.path.exists() {
                return Ok(());
            }
            let _lock = inner.lock()?;
            let mut entries = inner.read()?;
            let before = entries.len();
            entries.retain(|entry| entry.name != name || entry.hash() != hash);
            if entries.len() == before {
                return Ok(());
            }
            inner.write(&entries)
        })
    }
}

/// Why a file is not used.
#[derive(Debug)]
enum Refusal {
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    NotOurs {
        path: PathBuf,
        why: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, .. } => write!(f, "cannot {doing} {}", path.display()),
            Self::NotOurs { path, why } => write!(
                f,
                "{} {why}; remove it, or name another file for the tokens",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::NotOurs { .. } => None,
        }
    }
}

impl Inner {
    /// What the file holds; nothing when it is not there or damaged.
    fn read(&self) -> Result<Vec<Entry>, Refusal> {
        let mut file = match open_to_read(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("open", &self.path)(error)),
        };
        self.check(&file, &self.path)?;
        let size = file.metadata().map_or(0, |about| about.len());
        if size > FileStore::LARGEST {
            return Ok(Vec::new());
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
        let read = Read::by_ref(&mut file).take(FileStore::LARGEST + 1);
        { read }
            .read_to_end(&mut bytes)
            .map_err(failed("read", &self.path))?;
        Ok(format::parse(&bytes).unwrap_or_else(|damage| {
            tracing::warn!(path = %self.path.display(), %damage, "the token file counts as empty");
            Vec::new()
        }))
    }

    /// Replaces the file. Called with the lock held, so the name beside it is free.
    fn write(&self, entries: &[Entry]) -> Result<(), Refusal> {
        let beside = self.beside(".new");
        // left by a process that was killed before its rename
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &beside)(error));
            }
            _ => {}
        }
        let bytes = format::print(entries);
        let mut file = private()
            .write(true)
            .create_new(true)
            .open(&beside)
            .map_err(failed("create", &beside))?;
        // not synced: what a power cut tears counts as empty
        file.write_all(&bytes).map_err(failed("write", &beside))?;
        drop(file);
        #[cfg(test)]
        if let Some(hook) = self.before_rename {
            hook();
        }
        fs::rename(&beside, &self.path).map_err(failed("replace", &self.path))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    }

    /// Held until the file is closed, by the end of the process too.
    fn lock(&self) -> Result<File, Refusal> {
        /// Less than a cache waits for its store.
        const PATIENCE: Duration = Duration::from_millis(400);
        let path = self.beside(".lock");
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            private_folder(folder).map_err(failed("create the folder", folder))?;
        }
        let began = Instant::now();
        loop {
            match try_lock(&path) {
                Ok(file) => {
                    self.check(&file, &path)?;
                    return Ok(file);
                }
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock && began.elapsed() < PATIENCE =>
                {
                    // a thread of its own, for blocking work
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(error) => return Err(failed("lock", &path)(error)),
            }
        }
    }

    /// A plain file of this user's, closed to others.
    #[cfg(unix)]
    fn check(&self, file: &File, path: &Path) -> Result<(), Refusal> {
        use std::os::unix::fs::MetadataExt;
        let about = file.metadata().map_err(failed("look at", path))?;
        let why = if !about.is_file() {
            "is not a plain file"
        } else if about.uid() != rustix::process::geteuid().as_raw() {
            "belongs to another user"
        } else if about.mode() & 0o077 != 0 {
            "may be read or written by others"
        } else {
            return Ok(());
        };
        Err(Refusal::NotOurs {
            path: path.to_owned(),
            why,
        })
    }

    #[cfg(not(unix))]
    fn check(&self, file: &File, path: &Path) -> Result<(), Refusal> {
        let about = file.metadata().map_err(failed("look at", path))?;
        if about.is_file() {
            return Ok(());
        }
        Err(Refusal::NotOurs {
            path: path.to_owned(),
            why: "is not a plain file",
        })
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Refusal {
    let path = path.to_owned();
    move |source| Refusal::Io {
        doing,
        path,
        source,
    }
}

/// Closed to others from the first moment, and never through a link.
#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options
        .mode(0o600)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

fn open_to_read(path: &Path) -> io::Result<File> {
    private().read(true).open(path)
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn try_lock(path: &Path) -> io::Result<File> {
    use rustix::fs::{FlockOperation, flock};
    let file = private()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Shared with nobody while it is open.
#[cfg(windows)]
fn try_lock(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const SHARING_VIOLATION: i32 = 32;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .share_mode(0)
        .open(path);
    opened.map_err(|error| match error.raw_os_error() {
        Some(SHARING_VIOLATION) => io::ErrorKind::WouldBlock.into(),
        _ => error,
    })
}

#[cfg(not(any(unix, windows)))]
fn try_lock(_path: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests;
