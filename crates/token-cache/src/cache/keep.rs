//! The store, as a flight sees it: never the reason for a failure, and never slow for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_transport::BoxFuture;

use crate::clock::Clock;
use crate::key::{TokenHash, TokenKey};
use crate::store::{Store, StoreError, StoredToken};

pub(crate) struct Keep {
    store: Arc<dyn Store>,
    limit: Duration,
    /// A store that failed is left alone until then; milliseconds, monotonic.
    resting_until: AtomicU64,
}

impl Keep {
    const REST: Duration = Duration::from_secs(5);

    pub(crate) fn new(store: Arc<dyn Store>, limit: Duration) -> Self {
        Self {
            store,
            limit,
            resting_until: AtomicU64::new(0),
        }
    }

    pub(crate) async fn get(&self, clock: &dyn Clock, key: &TokenKey) -> Option<StoredToken> {
        self.within_limit(clock, key, "get", || self.store.get(key))
            .await
            .flatten()
    }

    pub(crate) async fn put(&self, clock: &dyn Clock, key: &TokenKey, token: StoredToken) {
        self.within_limit(clock, key, "put", || self.store.put(key, token))
            .await;
    }

    pub(crate) async fn remove(&self, clock: &dyn Clock, key: &TokenKey, hash: TokenHash) {
        self.within_limit(clock, key, "remove", || self.store.remove(key, hash))
            .await;
    }

    async fn within_limit<'a, T>(
        &self,
        clock: &dyn Clock,
        key: &TokenKey,
        operation: &'static str,
        begin: impl FnOnce() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Option<T> {
        if milliseconds(clock.now_monotonic()) < self.resting_until.load(Ordering::Relaxed) {
            return None;
        }
        match tokio::time::timeout(self.limit, begin()).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(%key, operation, error, "the token store failed; going on without");
            }
            Err(_) => {
                tracing::warn!(%key, operation, "the token store is slow; going on without");
            }
        }
        let rest = milliseconds(clock.now_monotonic().saturating_add(Self::REST));
        self.resting_until.store(rest, Ordering::Relaxed);
        None
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
