//! The simulator's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
const LAST: Timestamp = Timestamp::constant(100_000_000_000, 0);

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
        let offset = SignedDuration::from_millis(self.0.load(Ordering::Relaxed));
        let moved = Timestamp::now().checked_add(offset);
        let end = if offset.is_negative() { FIRST } else { LAST };
        // Short of the ends of the calendar, so that a token's life can be added.
        moved.unwrap_or(end).clamp(FIRST, LAST)
    }

    /// Moves the clock by `by`, which may be negative. Milliseconds count; what is finer is cut off. It
    /// stops at 1970 and at the year 5138.
    pub fn advance(&self, by: SignedDuration) {
        let end = if by.is_negative() { i64::MIN } else { i64::MAX };
        let by = i64::try_from(by.as_millis()).unwrap_or(end);
        let moved = |offset: i64| Some(offset.saturating_add(by));
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }

    /// Goes back to the machine's time.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_at_its_ends() {
        let clock = Clock::default();
        for _ in 0..2 {
            clock.advance(SignedDuration::MAX);
            assert_eq!(clock.now(), LAST);
        }
        clock.reset();
        clock.advance(SignedDuration::MIN);
        assert_eq!(clock.now(), FIRST);
    }
}
