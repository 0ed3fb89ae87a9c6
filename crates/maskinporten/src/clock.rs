//! Days, as messages about certificates name them.

use std::time::SystemTime;

/// A day as people write it.
pub(crate) fn day(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(
        |_| "an unknown day".into(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}
