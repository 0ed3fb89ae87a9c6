//! Looking again and again, less and less often, for what somebody else is to do.

use std::time::Duration;

use tokio::time::Instant;

/// Pauses that grow from a second to a quarter of a minute, until the time is over.
pub(crate) struct Pauses {
    begun: Instant,
    time: Duration,
    next: Duration,
}

impl Pauses {
    pub(crate) fn at_most(time: Duration) -> Self {
        Self {
            begun: Instant::now(),
            time,
            next: Duration::from_secs(1),
        }
    }

    /// Waits, or says that the time is over.
    pub(crate) async fn pause(&mut self) -> bool {
        let left = self.time.saturating_sub(self.begun.elapsed());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next.min(left)).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(15));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_end_when_the_time_is_over_however_long_it_is() {
        let mut pauses = Pauses::at_most(Duration::from_secs(3));
        assert!(pauses.pause().await && pauses.pause().await && pauses.pause().await);
        assert!(!pauses.pause().await);
        assert!(Pauses::at_most(Duration::MAX).pause().await);
    }
}
