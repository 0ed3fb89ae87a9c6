//! Faults that a test or an operator puts into the simulator through the library, never by request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Host, LoginFlaw};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 503 with an HTML page, as a gateway in front answers; the call is not handled.
    Unavailable,
    /// 429 with `Retry-After` in whole seconds; the call is not handled.
    TooManyRequests {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The connection ends before an answer; the call is not handled.
    Reset,
    /// The call is handled (a grant is used up, a right is stored), then the connection ends without
    /// an answer.
    ResetAfterHandling,
    /// The answer's body ends half-way, against its `Content-Length`.
    TornBody,
    /// The answer's body comes in small pieces with this pause between them.
    SlowBody {
        /// The pause before each piece.
        pause: Duration,
    },
    /// The answer is 200 with an HTML page; the call is not handled.
    HtmlInstead,
    /// This status with an empty body and, over HTTP/1.1, this reason phrase; the call is not handled.
    Status {
        /// 400 to 599; another number is answered as 500.
        status: u16,
        /// What the status line says. Characters that may not stand there become `?`.
        phrase: String,
    },
}

#[derive(Clone, Debug)]
struct Planned {
    host: Host,
    path: String,
    calls_before: u32,
    fault: Fault,
}

/// The faults of one simulator. Cheap to clone; all clones are the same set.
///
/// ```
/// use altinn_sim::{Fault, Faults, Host};
///
/// let faults = Faults::default();
/// faults.on_call(Host::Maskinporten, "/token", 2, Fault::Unavailable);   // the second call from now
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    planned: Arc<Mutex<Vec<Planned>>>,
    right_does_not_stick: Arc<AtomicBool>,
    login_flaw: Arc<Mutex<Option<LoginFlaw>>>,
}

impl Faults {
    /// Plans `fault` for the `nth` call from now (1 is the next) to a path of `host` that begins with
    /// `path`. It happens once.
    pub fn on_call(&self, host: Host, path: impl Into<String>, nth: u32, fault: Fault) {
        let calls_before = nth.saturating_sub(1);
        self.lock().push(Planned {
            host,
            path: path.into(),
            calls_before,
            fault,
        });
    }

    /// Whether a granted right is answered with success and then not stored, on either generation.
    pub fn set_right_does_not_stick(&self, on: bool) {
        self.right_does_not_stick.store(on, Ordering::Relaxed);
    }

    /// Whether a granted right is to be forgotten at once.
    pub fn right_does_not_stick(&self) -> bool {
        self.right_does_not_stick.load(Ordering::Relaxed)
    }

    /// Makes the next login at ID-porten wrong in this way, once.
    pub fn spoil_next_login(&self, flaw: LoginFlaw) {
        *self.login_flaw() = Some(flaw);
    }

    pub(crate) fn take_login_flaw(&self) -> Option<LoginFlaw> {
        self.login_flaw().take()
    }

    fn login_flaw(&self) -> std::sync::MutexGuard<'_, Option<LoginFlaw>> {
        self.login_flaw
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything planned.
    pub fn clear(&self) {
        self.lock().clear();
        self.set_right_does_not_stick(false);
        self.take_login_flaw();
    }

    /// The fault for this call, if it is one's turn; counts the call.
    pub(crate) fn take(&self, host: Host, path: &str) -> Option<Fault> {
        let mut planned = self.lock();
        let mut due = None;
        for (index, plan) in planned.iter_mut().enumerate() {
            if plan.host != host || !path.starts_with(plan.path.as_str()) {
                continue;
            }
            if plan.calls_before > 0 {
                plan.calls_before -= 1;
            } else if due.is_none() {
                due = Some(index);
            }
        }
        due.map(|index| planned.remove(index).fault)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Planned>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_once_on_its_turn_and_on_its_path_only() {
        let faults = Faults::default();
        faults.on_call(Host::Maskinporten, "/token", 2, Fault::TornBody);
        assert_eq!(faults.take(Host::Maskinporten, "/jwk"), None);
        assert_eq!(faults.take(Host::Platform, "/token"), None);
        assert_eq!(faults.take(Host::Maskinporten, "/token"), None);
        assert_eq!(
            faults.take(Host::Maskinporten, "/token"),
            Some(Fault::TornBody)
        );
        assert_eq!(faults.take(Host::Maskinporten, "/token"), None);
    }
}
