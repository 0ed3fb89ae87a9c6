//! Two clocks, read together.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One reading of both clocks.
///
/// The monotonic clock never steps but may stand still while the machine sleeps; the wall clock
/// goes on through sleep but may step. What must end in time ends by whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moment {
    /// Since some fixed point in the past of the clock that was read.
    pub monotonic: Duration,
    /// Since 1970-01-01T00:00:00Z.
    pub wall: Duration,
}

impl Moment {
    /// A moment of these two readings.
    #[must_use]
    pub fn new(monotonic: Duration, wall: Duration) -> Self {
        Self { monotonic, wall }
    }

    /// This much later on both clocks; saturates.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self {
            monotonic: self.monotonic.saturating_add(time),
            wall: self.wall.saturating_add(time),
        }
    }

    /// Whether either clock has come to `moment`.
    #[must_use]
    pub fn has_reached(self, moment: Self) -> bool {
        self.monotonic >= moment.monotonic || self.wall >= moment.wall
    }

    /// How long until either clock comes to `moment`; zero when one has.
    #[must_use]
    pub fn until(self, moment: Self) -> Duration {
        let monotonic = moment.monotonic.saturating_sub(self.monotonic);
        monotonic.min(moment.wall.saturating_sub(self.wall))
    }
}

/// Where the cache reads the time. Timers are tokio's.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time since a fixed point in this clock's past; never steps.
    fn now_monotonic(&self) -> Duration;

    /// The time of day, as the machine believes it to be.
    fn now_wall(&self) -> SystemTime;

    /// Both, read together.
    fn now(&self) -> Moment {
        let wall = self
            .now_wall()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Moment {
            monotonic: self.now_monotonic(),
            wall,
        }
    }

    /// Both, read as cheaply as the machine can: what a hit reads. It may be ahead of
    /// [`Clock::now`] by a few milliseconds, never behind it, so that nothing lives longer for it.
    fn now_at_least(&self) -> Moment {
        self.now()
    }
}

/// The machine's clocks.
///
/// On Linux a hit reads the kernel's coarse clocks, which stand in memory and cost a quarter of
/// the exact ones. They are up to a tick old (10 ms at 100 Hz), which is added to them.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
    #[cfg(target_os = "linux")]
    coarse_origin: Duration,
}

impl SystemClock {
    /// The longest time between two ticks of a kernel, of which a coarse clock may be old.
    #[cfg(target_os = "linux")]
    const TICK: Duration = Duration::from_millis(10);

    /// The machine's clocks, the monotonic one counted from now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            // read first: the coarse clock is not ahead of it then
            #[cfg(target_os = "linux")]
            coarse_origin: coarse(rustix::time::ClockId::MonotonicCoarse),
            origin: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn now_wall(&self) -> SystemTime {
        SystemTime::now()
    }

    #[cfg(target_os = "linux")]
    fn now_at_least(&self) -> Moment {
        use rustix::time::ClockId;
        let monotonic = coarse(ClockId::MonotonicCoarse).saturating_sub(self.coarse_origin);
        Moment {
            monotonic: monotonic.saturating_add(Self::TICK),
            wall: coarse(ClockId::RealtimeCoarse).saturating_add(Self::TICK),
        }
    }
}

#[cfg(target_os = "linux")]
fn coarse(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    // before 1970 there were no tokens
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}

/// A clock for tests: it follows tokio's time, which a test can pause, and can be moved by hand.
///
/// ```
/// use std::time::Duration;
/// use token_cache::{Clock, TestClock};
///
/// let clock = TestClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert!(clock.now().monotonic >= before.monotonic + Duration::from_secs(60));
/// clock.step_wall_back(Duration::from_secs(3600)); // as when NTP corrects the machine
/// assert!(clock.now().wall < before.wall);
/// ```
#[derive(Debug)]
pub struct TestClock {
    origin: tokio::time::Instant,
    moved: Mutex<Moved>,
}

#[derive(Debug)]
struct Moved {
    advanced: Duration,
    wall_at_origin: SystemTime,
}

impl TestClock {
    /// A clock that stands at 2026-01-01T12:00:00Z now.
    #[must_use]
    pub fn new() -> Self {
        let wall_at_origin = UNIX_EPOCH + Duration::from_secs(1_767_268_800);
        Self {
            origin: tokio::time::Instant::now(),
            moved: Mutex::new(Moved {
                advanced: Duration::ZERO,
                wall_at_origin,
            }),
        }
    }

    /// Moves both clocks on, without waking timers.
    pub fn advance(&self, time: Duration) {
        self.moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .advanced += time;
    }

    /// Steps the wall clock forward.
    pub fn step_wall_forward(&self, time: Duration) {
        self.moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wall_at_origin += time;
    }

    /// Steps the wall clock back.
    pub fn step_wall_back(&self, time: Duration) {
        self.moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wall_at_origin -= time;
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now_monotonic(&self) -> Duration {
        let advanced = self
            .moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .advanced;
        self.origin.elapsed() + advanced
    }

    fn now_wall(&self) -> SystemTime {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.wall_at_origin + moved.advanced + self.origin.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheap_reading_is_never_behind_and_little_ahead() {
        let clock = SystemClock::new();
        for _ in 0..100_000 {
            let exact = clock.now();
            let cheap = clock.now_at_least();
            assert!(cheap.monotonic >= exact.monotonic);
            // the wall clock may be set meanwhile, by at most a slew of the time between
            assert!(cheap.wall + Duration::from_millis(1) >= exact.wall);
        }
    }
}
