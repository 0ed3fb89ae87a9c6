//! Looking again and again, less and less often, for what somebody else is to do.

use std::time::Duration;

use tokio::time::Instant;

/// Pauses that grow from a second to a quarter of a minute, until the time is over.
pub(crate) struct Pauses {
    end: Instant,
    next: Duration,
}

impl Pauses {
    pub(crate) fn at_most(time: Duration) -> Self {
        Self {
            end: Instant::now() + time,
            next: Duration::from_secs(1),
        }
    }

    /// Waits, or says that the time is over.
    pub(crate) async fn pause(&mut self) -> bool {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next.min(left)).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(15));
        true
    }
}
