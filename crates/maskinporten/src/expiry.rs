//! Tells in time that a certificate or a registered key runs out.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use crate::{ClientId, KeyReference, Signer};

/// A certificate takes days to order and a key minutes to register: a month is early enough to plan.
const WARN_FROM_DAYS: i64 = 30;

/// Warns once a day.
#[derive(Debug)]
pub(crate) struct ExpiryWatch {
    /// The day of the last warning, in days since 1970.
    warned_on: AtomicI64,
}

impl Default for ExpiryWatch {
    fn default() -> Self {
        Self {
            warned_on: AtomicI64::new(i64::MIN),
        }
    }
}

impl ExpiryWatch {
    pub(crate) fn look(&self, client_id: &ClientId, signer: &Signer, now: SystemTime) {
        let Some(days) = signer.days_left(now) else {
            return;
        };
        let what = match signer.key_reference() {
            Some(KeyReference::KeyId(_)) => "registered key",
            _ => "certificate",
        };
        #[cfg(feature = "metrics")]
        #[expect(clippy::cast_precision_loss, reason = "days fit")]
        metrics::gauge!(
            "maskinporten_key_days_left",
            "client_id" => client_id.to_string(),
            "kind" => what,
        )
        .set(days as f64);
        if days >= WARN_FROM_DAYS {
            return;
        }
        let today = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_secs() / (24 * 60 * 60)).unwrap_or(i64::MAX)
            });
        if self.warned_on.swap(today, Ordering::Relaxed) == today {
            return;
        }
        let organisation = signer.organisation();
        if days < 0 {
            tracing::warn!(%client_id, what, days_left = days, ?organisation, "what grants are signed with has expired");
        } else {
            tracing::warn!(%client_id, what, days_left = days, ?organisation, "what grants are signed with expires soon");
        }
    }
}
