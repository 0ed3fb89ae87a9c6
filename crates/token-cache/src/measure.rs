//! What the cache does, in numbers: feature `metrics`. Without it nothing is counted.

use std::time::Duration;

use crate::key::TokenKey;

/// How a flight ended, as the label `result` says it.
pub(crate) type Outcome = &'static str;

#[cfg(feature = "metrics")]
pub(crate) use self::counted::*;
#[cfg(not(feature = "metrics"))]
pub(crate) use self::uncounted::*;

#[cfg(feature = "metrics")]
mod counted {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Duration, Outcome, TokenKey};

    /// Hits of one key, reported in bundles: a recorder allocates, and a hit must not.
    #[derive(Debug, Default)]
    pub(crate) struct Hits(AtomicU64);

    impl Hits {
        const BUNDLE: u64 = 256;

        pub(crate) fn count(&self, key: &TokenKey) {
            if self.0.fetch_add(1, Ordering::Relaxed) + 1 >= Self::BUNDLE {
                self.report(key);
            }
        }

        pub(crate) fn report(&self, key: &TokenKey) {
            let hits = self.0.swap(0, Ordering::Relaxed);
            if hits > 0 {
                metrics::counter!("token_cache_hits_total", "kind" => key.kind()).increment(hits);
            }
        }
    }

    pub(crate) fn wait(key: &TokenKey) {
        metrics::counter!("token_cache_waits_total", "kind" => key.kind()).increment(1);
    }

    pub(crate) fn fetched(key: &TokenKey, result: Outcome) {
        metrics::counter!("token_cache_fetches_total", "kind" => key.kind(), "result" => result)
            .increment(1);
    }

    pub(crate) fn replaced(key: &TokenKey, age: Duration) {
        metrics::histogram!("token_cache_token_age_seconds", "kind" => key.kind())
            .record(age.as_secs_f64());
    }

    pub(crate) fn store_failed(operation: &'static str) {
        metrics::counter!("token_cache_store_failures_total", "operation" => operation)
            .increment(1);
    }
}

#[cfg(not(feature = "metrics"))]
mod uncounted {
    use super::{Duration, Outcome, TokenKey};

    #[derive(Debug, Default)]
    pub(crate) struct Hits {}

    impl Hits {
        #[inline(always)]
        pub(crate) fn count(&self, _key: &TokenKey) {}
        pub(crate) fn report(&self, _key: &TokenKey) {}
    }

    pub(crate) fn wait(_key: &TokenKey) {}
    pub(crate) fn fetched(_key: &TokenKey, _result: Outcome) {}
    pub(crate) fn replaced(_key: &TokenKey, _age: Duration) {}
    pub(crate) fn store_failed(_operation: &'static str) {}
}
