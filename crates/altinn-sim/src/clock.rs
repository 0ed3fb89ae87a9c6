//! The simulator's clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
const LAST: Timestamp = Timestamp::constant(100_000_000_000, 0);

/// The clock that every part of one simulator reads: the machine's, moved by an offset, or stopped.
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
///
/// clock.stop();                       // for tests at the edge of a limit
/// let before = clock.now();
/// clock.advance(SignedDuration::from_secs(10));
/// assert_eq!(clock.now().duration_since(before), SignedDuration::from_secs(10));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Reading>>);

#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    offset: SignedDuration,
    stopped_at: Option<Timestamp>,
}

impl Reading {
    fn now(self) -> Timestamp {
        let machine = self.stopped_at.unwrap_or_else(Timestamp::now);
        let end = if self.offset.is_negative() {
            FIRST
        } else {
            LAST
        };
        // Short of the ends of the calendar, so that a token's life can be added.
        machine
            .checked_add(self.offset)
            .unwrap_or(end)
            .clamp(FIRST, LAST)
    }
}

impl Clock {
    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.lock().now()
    }

    /// Moves the clock by `by`, which may be negative. It ends at 1970 and at the year 5138.
    pub fn advance(&self, by: SignedDuration) {
        let mut reading = self.lock();
        reading.offset = reading.offset.saturating_add(by);
    }

    /// Stops it where it is; from now on only [`advance`](Self::advance) moves it.
    pub fn stop(&self) {
        let mut reading = self.lock();
        reading.stopped_at = Some(reading.stopped_at.unwrap_or_else(Timestamp::now));
    }

    /// Goes back to the machine's time, and on.
    pub fn reset(&self) {
        *self.lock() = Reading::default();
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_at_its_ends() {
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
