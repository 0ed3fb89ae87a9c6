//! The simulator's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The clock that every part of one simulator reads: the machine's, moved by an offset.
///
/// Cheap to clone; all clones are the same clock. `Date` headers, token times and every check follow it,
/// so a test can let a token expire without waiting.
///
/// ```
/// use altinn_sim::Clock;
/// use jiff::{SignedDuration, Timestamp};
///
/// let clock = Clock::default();
/// clock.advance(SignedDuration::from_mins(31));
/// assert!(clock.now() > Timestamp::now() + SignedDuration::from_mins(30));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// Moves the clock by `by`, which may be negative. Milliseconds count; what is finer is cut off.
    pub fn advance(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(0);
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Goes back to the machine's time.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
