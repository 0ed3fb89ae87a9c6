//! Where tokens outlive the process, or are shared with others.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_transport::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "file")]
pub use self::file::FileStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "redis")]
pub use self::sealed::EncryptionKey;
use crate::clock::{Clock, Moment, SystemClock};
use crate::key::{TokenHash, TokenKey};

#[cfg(feature = "file")]
mod file;
#[cfg(feature = "file")]
pub(crate) mod format;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
pub(crate) mod sealed;

/// Keeps tokens beyond the cache's own memory: in a file, in Redis, between caches.
///
/// A flight looks here before it fetches, and writes here before it hands out what it fetched. A
/// store that fails or is slow counts as empty and is then left alone for a while; it is never the
/// reason why a caller gets no token. So an implementation reports its errors and does not retry.
pub trait Store: Send + Sync + fmt::Debug {
    /// The token under this key that expires last, with what is left of its life by the store's
    /// own clock.
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>>;

    /// Keeps a token until it expires. One that expires later is not overwritten.
    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Removes the token with this hash, and no other.
    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Asks to be the only process that fetches this key's token, for `time`.
    ///
    /// Whoever is granted the lease fetches, and renews it meanwhile; the others look into the
    /// store now and then, until the token is there or the lease is at its end. A store that is
    /// not shared, or cannot do this, keeps the default: everybody fetches.
    fn lease<'a>(
        &'a self,
        _key: &'a TokenKey,
        _id: LeaseId,
        _time: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(std::future::ready(Ok(Lease::NotKept)))
    }

    /// Has the lease last for `time` from now. Whether it was still this one's.
    fn renew<'a>(
        &'a self,
        _key: &'a TokenKey,
        _id: LeaseId,
        _time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Gives the lease back, unless it has become another's.
    fn release<'a>(
        &'a self,
        _key: &'a TokenKey,
        _id: LeaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        (**self).get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).put(key, token)
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).remove(key, hash)
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        (**self).lease(key, id, time)
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        (**self).renew(key, id, time)
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).release(key, id)
    }
}

/// What came of asking for a [lease](Store::lease).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lease {
    /// It is this one's.
    Granted,
    /// It is another's, for so long unless that one renews it.
    Held {
        /// What is left of it now.
        remaining: Duration,
    },
    /// The store keeps no leases.
    NotKept,
}

/// Tells one holder of a lease from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseId(u128);

impl LeaseId {
    /// One that nobody else has.
    #[must_use]
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({:032x})", self.0)
    }
}

/// A token on its way to or from a [`Store`].
#[derive(Clone, Debug)]
pub struct StoredToken {
    token: SecretString,
    lifetime: Duration,
    remaining: Duration,
}

impl StoredToken {
    /// A token that lives `lifetime` in all, of which `remaining` is left.
    #[must_use]
    pub fn new(token: SecretString, lifetime: Duration, remaining: Duration) -> Self {
        Self {
            token,
            lifetime,
            remaining: remaining.min(lifetime),
        }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// What the token is compared by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.token.expose_secret())
    }

    /// How long the token lives in all.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// What is left of it now.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.remaining
    }
}

/// A store did not do what it was asked.
#[derive(Clone, Debug)]
pub struct StoreError(Arc<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// The store's own error. Its text must hold no token.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token store failed")
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// A store in this process's memory: shares tokens, and leases, between several caches.
///
/// One cache alone needs none, its tokens are in memory anyway.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tokens: Mutex<HashMap<TokenKey, Kept>>,
    leases: Mutex<HashMap<TokenKey, (LeaseId, Duration)>>,
}

#[derive(Debug)]
struct Kept {
    token: SecretString,
    hash: TokenHash,
    lifetime: Duration,
    expiry: Moment,
}

impl MemoryStore {
    /// How many tokens are kept before expired ones are swept out.
    const SWEEP: usize = 1024;

    /// An empty store on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// An empty store on this clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            tokens: Mutex::default(),
            leases: Mutex::default(),
        }
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, HashMap<TokenKey, Kept>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leases(&self) -> std::sync::MutexGuard<'_, HashMap<TokenKey, (LeaseId, Duration)>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        let now = self.clock.now();
        let found = self.tokens().get(key).and_then(|kept| {
            let remaining = now.until(kept.expiry);
            (!remaining.is_zero())
                .then(|| StoredToken::new(kept.token.clone(), kept.lifetime, remaining))
        });
        Box::pin(std::future::ready(Ok(found)))
    }

    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let now = self.clock.now();
        let expiry = now.after(token.remaining);
        let mut tokens = self.tokens();
        if tokens.len() >= Self::SWEEP && tokens.len().is_power_of_two() {
            tokens.retain(|_, kept| !now.has_reached(kept.expiry));
        }
        let later = tokens
            .get(key)
            .is_some_and(|kept| now.until(kept.expiry) > token.remaining);
        if !later {
            let (hash, lifetime) = (token.hash(), token.lifetime);
            tokens.insert(
                *key,
                Kept {
                    token: token.token,
                    hash,
                    lifetime,
                    expiry,
                },
            );
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut tokens = self.tokens();
        if tokens.get(key).is_some_and(|kept| kept.hash == hash) {
            tokens.remove(key);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        let now = self.clock.now_monotonic();
        let mut leases = self.leases();
        let lease = match leases.get(key) {
            Some((holder, until)) if *holder != id && now < *until => Lease::Held {
                remaining: *until - now,
            },
            _ => {
                leases.insert(*key, (id, now.saturating_add(time)));
                Lease::Granted
            }
        };
        Box::pin(std::future::ready(Ok(lease)))
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let until = self.clock.now_monotonic().saturating_add(time);
        let mut leases = self.leases();
        let own = leases.get_mut(key).filter(|(holder, _)| *holder == id);
        let renewed = own.map(|lease| lease.1 = until).is_some();
        Box::pin(std::future::ready(Ok(renewed)))
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut leases = self.leases();
        if leases.get(key).is_some_and(|(holder, _)| *holder == id) {
            leases.remove(key);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
