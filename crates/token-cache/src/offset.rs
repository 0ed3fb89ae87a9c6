//! How far the machine's clock is from a server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far a server's clock is ahead of this machine's, measured from its `Date` headers.
///
/// A grant with a life of seconds is refused by a server whose clock differs; the offset corrects
/// the time that one writes into it. One per issuer, see [`TokenCache::clock_offset`]; clones share
/// the measurement.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use token_cache::ClockOffset;
///
/// let offset = ClockOffset::new();
/// let mut headers = http::HeaderMap::new();
/// headers.insert("date", "Wed, 21 Oct 2026 07:28:40 GMT".parse()?);
/// let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_792_567_680); // 07:28:00 here
/// offset.observe(&headers, sent, sent + Duration::from_millis(200));
/// assert_eq!(offset.correct(sent), sent + Duration::from_secs(40));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`TokenCache::clock_offset`]: crate::TokenCache::clock_offset
#[derive(Clone, Debug, Default)]
pub struct ClockOffset(Arc<AtomicI64>);

impl ClockOffset {
    /// Differences up to this are left alone: `Date` counts whole seconds, and the way takes time.
    pub const NOISE: Duration = Duration::from_secs(2);

    /// No correction is larger than this: a wrong hour can be corrected, a wrong day is a machine
    /// to repair.
    pub const BOUND: Duration = Duration::from_secs(3660);

    /// An answer that took longer than this says too little about the time.
    const SLOWEST: Duration = Duration::from_secs(10);

    /// No difference known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures from the `Date` header of an answer, of whatever status, to a request sent at
    /// `sent` whose answer came at `received`, both by this machine's wall clock.
    ///
    /// Without a readable `Date`, or when the answer took more than ten seconds, nothing changes.
    pub fn observe(&self, headers: &http::HeaderMap, sent: SystemTime, received: SystemTime) {
        let date = headers
            .get(http::header::DATE)
            .and_then(|date| date.to_str().ok());
        let Some(Ok(date)) = date.map(httpdate::parse_http_date) else {
            return;
        };
        let Ok(took) = received.duration_since(sent) else {
            return;
        };
        if took > Self::SLOWEST {
            return;
        }
        // the header was cut down to its second somewhere on the way
        let server = milliseconds(date).saturating_add(500);
        let here = milliseconds(sent + took / 2);
        let offset = server.saturating_sub(here);
        let bound = i64::try_from(Self::BOUND.as_millis()).unwrap_or(i64::MAX);
        let noise = Self::NOISE.as_millis();
        let offset = if u128::from(offset.unsigned_abs()) <= noise {
            0
        } else {
            offset
        };
        self.0.store(offset.clamp(-bound, bound), Ordering::Relaxed);
    }

    /// The time that the server's clock shows when this machine's shows `here`, to the second.
    #[must_use]
    pub fn correct(&self, here: SystemTime) -> SystemTime {
        let offset = self.whole_seconds();
        let by = Duration::from_secs(offset.unsigned_abs());
        let corrected = if offset < 0 {
            here.checked_sub(by)
        } else {
            here.checked_add(by)
        };
        corrected.unwrap_or(here)
    }

    /// How many whole seconds the server's clock is ahead; negative when it is behind.
    #[must_use]
    pub fn whole_seconds(&self) -> i64 {
        let offset = self.0.load(Ordering::Relaxed);
        (offset + offset.signum() * 500) / 1000
    }
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(date: &str, took: Duration) -> i64 {
        let offset = ClockOffset::new();
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::DATE, date.parse().unwrap());
        let sent = UNIX_EPOCH + Duration::from_secs(1_792_567_680);
        offset.observe(&headers, sent, sent + took);
        offset.whole_seconds()
    }

    #[test]
    fn only_a_believable_difference_corrects() {
        let quick = Duration::from_millis(100);
        assert_eq!(measured("Wed, 21 Oct 2026 07:27:30 GMT", quick), -30);
        assert_eq!(measured("Wed, 21 Oct 2026 07:28:01 GMT", quick), 0, "noise");
        assert_eq!(
            measured("Wed, 21 Oct 2026 07:28:30 GMT", Duration::from_secs(11)),
            0,
            "slow"
        );
        assert_eq!(measured("yesterday", quick), 0, "unreadable");
        assert_eq!(
            measured("Wed, 21 Oct 2099 07:28:01 GMT", quick),
            3660,
            "bounded"
        );
    }
}
