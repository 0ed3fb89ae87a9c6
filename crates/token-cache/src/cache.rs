//! The engine: runs the machine of [`policy`](crate::policy) on tokio.

use std::collections::HashMap;
use std::fmt;
use std::ops::DerefMut;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::key::{ByKey, TokenKey};
use crate::offset::ClockOffset;
use crate::policy::{Jitter, Machine, Policy};
use crate::primitives::{Lock, Primitives, Tokio};
use crate::source::Source;
use crate::store::Store;
use crate::token::Snapshot;

mod flight;
mod handle;
mod keep;
#[cfg(test)]
mod model;
mod raw;
mod slot;

pub use self::handle::{Handle, KeepWarm};
use self::keep::Keep;
use self::raw::RawHandle;
use self::slot::Slot;

/// Tokens of any kind and number, one slot per [`TokenKey`]. Cheap to clone; clones are one cache.
///
/// ```
/// use std::time::Duration;
/// use http_transport::SecretString;
/// use token_cache::{Fetched, TokenCache, TokenKey, source};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), token_cache::Error> {
/// let cache = TokenCache::builder().build();
/// let key = TokenKey::builder("maskinporten")
///     .part("issuer", "https://maskinporten.no/")
///     .part("client_id", "f4811e18-05aa-4a50-b5d5-8490da78aace")
///     .scopes(["altinn:correspondence.read"])
///     .build();
/// let handle = cache.handle(key, source::from_fn(|_attempt| async {
///     Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119)))
/// }));
///
/// let token = handle.token().await?;
/// assert_eq!(token.header_value(), "Bearer t0ken");
/// assert!(token.expires_in() > Duration::from_secs(100));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TokenCache {
    core: Arc<Core<Tokio>>,
}

impl TokenCache {
    /// A cache with other settings than the defaults.
    #[must_use]
    pub fn builder() -> TokenCacheBuilder {
        TokenCacheBuilder::default()
    }

    /// A cache with the defaults: tokens in memory only, the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// The way to the token of `key`, which `source` gets when there is none.
    ///
    /// Cheap enough for every call, but a handle that one keeps is faster: it finds its slot
    /// without looking. As long as one lives, its token is not evicted.
    pub fn handle(&self, key: TokenKey, source: impl Source + 'static) -> Handle {
        Handle(RawHandle::open(&self.core, key, Arc::new(source)))
    }

    /// How far this issuer's clock is from the machine's, as measured by those who ask it for
    /// tokens. The same value for every caller with the same `issuer`.
    #[must_use]
    pub fn clock_offset(&self, issuer: &str) -> ClockOffset {
        let mut offsets = self
            .core
            .offsets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match offsets.get(issuer) {
            Some(offset) => offset.clone(),
            None => offsets.entry(issuer.to_owned()).or_default().clone(),
        }
    }

    /// The clock that the cache reads.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }

    /// How many keys the cache holds now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.slots().by_key.len()
    }

    /// Whether the cache holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`TokenCache`].
#[derive(Clone, Debug)]
pub struct TokenCacheBuilder {
    policy: Policy,
    clock: Option<Arc<dyn Clock>>,
    store: Option<Arc<dyn Store>>,
    store_limit: Duration,
    lease: Duration,
    capacity: usize,
    wait: Duration,
}

impl Default for TokenCacheBuilder {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            clock: None,
            store: None,
            store_limit: Duration::from_millis(500),
            lease: Duration::from_secs(5),
            capacity: 10_000,
            wait: Duration::from_secs(60),
        }
    }
}

impl TokenCacheBuilder {
    /// Other numbers for refresh, attempts and remembered failures.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// A store that outlives this process or is shared with others; none by default.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// How long the store may take for one answer before it counts as empty; 0.5 s by default.
    #[must_use]
    pub fn store_limit(mut self, limit: Duration) -> Self {
        self.store_limit = limit;
        self
    }

    /// How long the others of a fleet wait for the one that fetches, when the store keeps leases
    /// ([`Store::lease`]); 5 s by default. One that died holding the lease delays nobody for longer.
    #[must_use]
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }

    /// How many keys are kept; 10 000 by default. Keys with a living handle stay beyond it.
    #[must_use]
    pub fn capacity(mut self, keys: usize) -> Self {
        self.capacity = keys.max(1);
        self
    }

    /// How long [`Handle::token`] waits for somebody's fetch; 60 s by default, which is longer than
    /// all attempts may take.
    #[must_use]
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// The cache.
    #[must_use]
    pub fn build(self) -> TokenCache {
        TokenCache {
            core: Arc::new(self.core()),
        }
    }

    pub(crate) fn core<P: Primitives>(self) -> Core<P> {
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let never = self.policy.limits(
            crate::Moment::default(),
            Duration::ZERO,
            Duration::ZERO,
            Jitter::NONE,
        );
        Core {
            none: Arc::new(Snapshot::none(never, Arc::clone(&clock))),
            keep: self
                .store
                .map(|store| Keep::new(store, self.store_limit, self.lease)),
            policy: self.policy,
            clock,
            wait: self.wait,
            slots: P::Lock::new(Slots {
                by_key: ByKey::default(),
                capacity: self.capacity,
                sweep_at: self.capacity,
                uses: 0,
            }),
            offsets: Mutex::default(),
        }
    }
}

/// What all handles of a cache share.
pub(crate) struct Core<P: Primitives> {
    policy: Policy,
    clock: Arc<dyn Clock>,
    keep: Option<Keep<P>>,
    wait: Duration,
    none: Arc<Snapshot>,
    slots: P::Lock<Slots<P>>,
    offsets: Mutex<HashMap<String, ClockOffset>>,
}

impl<P: Primitives> Core<P> {
    fn slots(&self) -> impl DerefMut<Target = Slots<P>> {
        self.slots.lock()
    }

    fn slot(&self, key: TokenKey) -> Arc<Slot<P>> {
        self.slots().slot(key, &self.none)
    }

    fn jitter() -> Jitter {
        Jitter::new(fastrand::f64())
    }
}

pub(crate) struct Slots<P: Primitives> {
    by_key: ByKey<(Arc<Slot<P>>, u64)>,
    capacity: usize,
    sweep_at: usize,
    uses: u64,
}

impl<P: Primitives> Slots<P> {
    fn slot(&mut self, key: TokenKey, none: &Arc<Snapshot>) -> Arc<Slot<P>> {
        self.uses += 1;
        if let Some((slot, used)) = self.by_key.get_mut(&key) {
            *used = self.uses;
            return Arc::clone(slot);
        }
        if self.by_key.len() >= self.sweep_at {
            self.sweep();
        }
        let slot = Arc::new(Slot::new(key, Arc::clone(none)));
        self.by_key.insert(key, (Arc::clone(&slot), self.uses));
        slot
    }

    /// Drops the slots that were looked up longest ago, an eighth at a time so that the next ones
    /// come cheap. Nobody can take hold of a slot meanwhile: that takes the lock held here. A slot
    /// that anybody holds, a flight too, is not only in this map.
    fn sweep(&mut self) {
        let mut idle: Vec<(u64, TokenKey)> = self
            .by_key
            .iter()
            .filter(|(_, (slot, _))| Arc::strong_count(slot) == 1)
            .map(|(key, (_, used))| (*used, *key))
            .collect();
        idle.sort_unstable();
        let room = (self.capacity / 8).max(1);
        let excess = (self.by_key.len() + room).saturating_sub(self.capacity);
        for (_, key) in idle.iter().take(excess) {
            self.by_key.remove(key);
        }
        let left = self.by_key.len();
        self.sweep_at = if left < self.capacity {
            self.capacity
        } else {
            left + (left / 8).max(1)
        };
    }
}

pub(crate) type SlotMachine = Machine<Arc<Snapshot>, Error>;
