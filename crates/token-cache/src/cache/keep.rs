//! The store, as a flight sees it: never the reason for a failure, and never slow for long.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_transport::BoxFuture;

use crate::clock::Clock;
use crate::key::{TokenHash, TokenKey};
use crate::measure;
use crate::primitives::Primitives;
use crate::store::{Lease, LeaseId, Store, StoreError, StoredToken};

pub(crate) struct Keep<P> {
    primitives: PhantomData<fn() -> P>,
    store: Arc<dyn Store>,
    limit: Duration,
    lease: Duration,
    /// A store that failed is left alone until then; milliseconds, monotonic.
    resting_until: AtomicU64,
}

impl<P: Primitives> Keep<P> {
    const REST: Duration = Duration::from_secs(5);

    pub(crate) fn new(store: Arc<dyn Store>, limit: Duration, lease: Duration) -> Self {
        Self {
            primitives: PhantomData,
            store,
            limit,
            lease,
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

    /// How long a lease lasts, and so how long one waits for another process.
    pub(crate) fn lease_time(&self) -> Duration {
        self.lease
    }

    /// Whether one may fetch. A store that does not answer keeps no leases.
    pub(crate) async fn lease(&self, clock: &dyn Clock, key: &TokenKey, id: LeaseId) -> Lease {
        self.within_limit(clock, key, "lease", || {
            self.store.lease(key, id, self.lease)
        })
        .await
        .unwrap_or(Lease::NotKept)
    }

    /// Whether the lease is still one's own.
    pub(crate) async fn renew(&self, clock: &dyn Clock, key: &TokenKey, id: LeaseId) -> bool {
        self.within_limit(clock, key, "renew", || {
            self.store.renew(key, id, self.lease)
        })
        .await
        .unwrap_or(false)
    }

    pub(crate) async fn release(&self, clock: &dyn Clock, key: &TokenKey, id: LeaseId) {
        self.within_limit(clock, key, "release", || self.store.release(key, id))
            .await;
    }

    async fn within_limit<'a, T: Send>(
        &self,
        clock: &dyn Clock,
        key: &TokenKey,
        operation: &'static str,
        begin: impl FnOnce() -> BoxFuture<'a, Result<T, StoreError>> + Send,
    ) -> Option<T> {
        if milliseconds(clock.now_monotonic()) < self.resting_until.load(Ordering::Relaxed) {
            return None;
        }
        match P::timeout(self.limit, begin()).await {
            Some(Ok(done)) => return Some(done),
            Some(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(%key, operation, error, "the token store failed; going on without");
            }
            None => {
                tracing::warn!(%key, operation, "the token store is slow; going on without");
            }
        }
        measure::store_failed(operation);
        let rest = milliseconds(clock.now_monotonic().saturating_add(Self::REST));
        self.resting_until.store(rest, Ordering::Relaxed);
        None
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
