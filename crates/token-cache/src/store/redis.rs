//! Tokens in Redis or Valkey.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_transport::BoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Script, ScriptInvocation};

use super::sealed::{EncryptionKey, Sealer};
use super::{Lease, LeaseId, Store, StoreError, StoredToken};
use crate::key::{TokenHash, TokenKey};

/// Keeps tokens in Redis or Valkey, for a fleet: one process fetches, all have the token.
///
/// - Tokens are encrypted (XChaCha20-Poly1305) with the key you supply. They stand under keyed
///   hashes, so that nobody without that key can tell whose they are, or try numbers until one fits.
/// - One process at a time holds the lease of a key (`SET NX PX`) and fetches; the others look again
///   for as long as a lease lasts ([`TokenCacheBuilder::lease`](crate::TokenCacheBuilder::lease)).
///   A holder that dies delays nobody for longer. A lease is renewed while its fetch goes on, and
///   only its holder can renew it or give it back.
/// - A token that expires later is never overwritten by one that expires earlier, and what is left
///   of a token's life is what the server's clock says, not the machines'.
/// - A server that is down or slow is a miss, as with every [`Store`].
///
/// ```
/// use token_cache::{EncryptionKey, RedisStore, TokenCache};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key: EncryptionKey = // from the platform's secrets
/// #   "3f9c1b0e5a7d2846c8e1f0a9b3d5c7e92a4b6c8d0e1f3a5b7c9d1e3f5a7b9c0d".parse()?;
/// let store = RedisStore::new("redis://127.0.0.1:6379/0", &key)?;
/// let cache = TokenCache::builder().store(store).build();
/// # drop(cache);
/// # Ok(()) }
/// ```
///
/// # Security
///
/// The server's password, should it need one, goes to it as the URL says: name `rediss://` (feature
/// `redis-tls`) for a server on another machine. Whoever can write to the server can remove tokens,
/// and keep you from fetching together, but cannot make you use a token that was not sealed with
/// your key under that name.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    client: Client,
    sealer: Sealer,
    prefix: String,
    /// With the runtime that its tasks run on.
    connection: Mutex<Option<(tokio::runtime::Id, ConnectionManager)>>,
    scripts: Scripts,
}

/// Each works on one key, so they run on a cluster too, and each may be sent again.
struct Scripts {
    put: Script,
    remove: Script,
    discard: Script,
    lease: Script,
    renew: Script,
    release: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            put: Script::new(
                "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then \
                 redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end return 0",
            ),
            remove: Script::new(
                "if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then \
                 redis.call('DEL', KEYS[1]) end return 0",
            ),
            discard: Script::new(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0",
            ),
            lease: Script::new(
                "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return -1 end \
                 if redis.call('GET', KEYS[1]) == ARGV[1] then return -1 end \
                 return math.max(redis.call('PTTL', KEYS[1]), 0)",
            ),
            renew: Script::new(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then \
                 return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0",
            ),
            release: Script::new(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0",
            ),
        }
    }
}

impl RedisStore {
    /// Tokens in the database that the URL names (`redis://[user:password@]host[:port][/database]`,
    /// `rediss://…` with feature `redis-tls`, `unix:///path`), encrypted with this key. Connects
    /// when it is first used.
    ///
    /// # Errors
    ///
    /// When the URL makes no sense, or is one of TLS without the feature.
    pub fn new(url: &str, key: &EncryptionKey) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Inner {
            client: Client::open(url).map_err(StoreError::new)?,
            sealer: Sealer::new(key),
            prefix: "token-cache:".to_owned(),
            connection: Mutex::default(),
            scripts: Scripts::new(),
        })))
    }

    /// Begins the names of all keys with this; `token-cache:` by default.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        let inner = &*self.0;
        Self(Arc::new(Inner {
            client: inner.client.clone(),
            sealer: inner.sealer.clone(),
            prefix: prefix.into(),
            connection: Mutex::default(),
            scripts: Scripts::new(),
        }))
    }
}

impl Inner {
    /// One connection for all, which comes back by itself. Another where the runtime is another.
    fn connection(&self) -> Result<ConnectionManager, StoreError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(StoreError::new)?;
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*connection {
            Some((id, connected)) if *id == runtime.id() => Ok(connected.clone()),
            _ => {
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(1)
                    .set_connection_timeout(Some(Duration::from_secs(2)))
                    .set_response_timeout(Some(Duration::from_secs(2)));
                let connected =
                    ConnectionManager::new_lazy_with_config(self.client.clone(), config)
                        .map_err(StoreError::new)?;
                *connection = Some((runtime.id(), connected.clone()));
                Ok(connected)
            }
        }
    }

    fn name(&self, key: &TokenKey) -> (super::sealed::Name, String) {
        let name = self.sealer.name(key);
        (name, format!("{}{}", self.prefix, name.hex()))
    }

    fn lease_name(&self, key: &TokenKey) -> String {
        self.name(key).1 + ":lease"
    }

    /// Once more when the connection turns out to be gone: that is how one learns of it.
    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection()?;
        match script.invoke_async(&mut connection).await {
            Err(error) if error.is_io_error() || error.is_connection_dropped() => script
                .invoke_async(&mut connection)
                .await
                .map_err(StoreError::new),
            outcome => outcome.map_err(StoreError::new),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

fn milliseconds(time: Duration) -> u64 {
    // the server takes signed ones
    u64::try_from(time.as_millis()).map_or(u64::MAX >> 2, |time| time.min(u64::MAX >> 2))
}

impl Store for RedisStore {
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let (name, text) = inner.name(key);
            let mut connection = inner.connection()?;
            let mut both = redis::pipe();
            both.atomic().get(&text).pttl(&text);
            let asked = both.query_async::<(Option<Vec<u8>>, i64)>(&mut connection);
            let (value, left) = match asked.await {
                Err(error) if error.is_io_error() || error.is_connection_dropped() => {
                    both.query_async(&mut connection).await
                }
                outcome => outcome,
            }
            .map_err(StoreError::new)?;
            // one without an end is not ours
            let left = u64::try_from(left).ok().filter(|left| *left > 0);
            let (Some(value), Some(left)) = (value, left) else {
                return Ok(None);
            };
            let opened = inner.sealer.open(name, &value, Duration::from_millis(left));
            if opened.is_err() {
                tracing::warn!(%key, "a stored token was not sealed with this key; it is removed");
                let script = &inner.scripts.discard;
                inner
                    .run::<()>(script.key(&text).arg(value.as_slice()))
                    .await?;
            }
            Ok(opened.ok())
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let (name, text) = inner.name(key);
            let left = milliseconds(token.remaining());
            if left == 0 {
                return Ok(());
            }
            let sealed = inner.sealer.seal(name, &token);
            let value = sealed
                .ok_or_else(|| StoreError::new("the machine has no random numbers to give"))?;
            let mut script = inner.scripts.put.key(text);
            inner.run(script.arg(value.as_slice()).arg(left)).await
        })
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let head = inner.sealer.head(hash);
            let mut script = inner.scripts.remove.key(inner.name(key).1);
            inner.run(script.arg(head.as_slice())).await
        })
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let mut script = inner.scripts.lease.key(inner.lease_name(key));
            let script = script
                .arg(&id.to_bytes()[..])
                .arg(milliseconds(time).max(1));
            let held: i64 = inner.run(script).await?;
            Ok(
                u64::try_from(held).map_or(Lease::Granted, |left| Lease::Held {
                    remaining: Duration::from_millis(left),
                }),
            )
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let mut script = inner.scripts.renew.key(inner.lease_name(key));
            let script = script
                .arg(&id.to_bytes()[..])
                .arg(milliseconds(time).max(1));
            inner.run(script).await
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let inner = &*self.0;
            let mut script = inner.scripts.release.key(inner.lease_name(key));
            inner.run(script.arg(&id.to_bytes()[..])).await
        })
    }
}
