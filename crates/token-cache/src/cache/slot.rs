//! The place of one key.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Notify;

use super::{Core, SlotMachine};
use crate::key::TokenKey;
use crate::token::Snapshot;

/// What hits read stands beside the machine and is written only while its lock is held.
pub(crate) struct Slot {
    pub(crate) key: TokenKey,
    current: ArcSwap<Snapshot>,
    /// Until then a token that is due needs nobody's attention; nanoseconds, monotonic.
    quiet_until: AtomicU64,
    machine: Mutex<SlotMachine>,
    /// A flight has ended, or the token is gone.
    pub(crate) changed: Notify,
}

impl Slot {
    pub(crate) fn new(key: TokenKey, none: Arc<Snapshot>) -> Self {
        Self {
            key,
            current: ArcSwap::new(none),
            quiet_until: AtomicU64::new(0),
            machine: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// The snapshot to read: no lock.
    pub(crate) fn current(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    pub(crate) fn is_quiet(&self, monotonic: Duration) -> bool {
        nanoseconds(monotonic) < self.quiet_until.load(Ordering::Acquire)
    }

    /// Lets the machine decide, and shows readers the outcome.
    pub(crate) fn change<R>(&self, core: &Core, event: impl FnOnce(&mut SlotMachine) -> R) -> R {
        let machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        self.change_locked(core, machine, event)
    }

    /// The same, unless somebody else is about it.
    pub(crate) fn try_change<R>(
        &self,
        core: &Core,
        event: impl FnOnce(&mut SlotMachine) -> R,
    ) -> Option<R> {
        let machine = match self.machine.try_lock() {
            Ok(machine) => machine,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(self.change_locked(core, machine, event))
    }

    fn change_locked<R>(
        &self,
        core: &Core,
        mut machine: MutexGuard<'_, SlotMachine>,
        event: impl FnOnce(&mut SlotMachine) -> R,
    ) -> R {
        let outcome = event(&mut machine);
        let token = machine.token().unwrap_or(&core.none);
        if !Arc::ptr_eq(token, &self.current.load()) {
            self.current.store(Arc::clone(token));
        }
        let quiet_until = nanoseconds(machine.quiet_until(&core.policy));
        self.quiet_until.store(quiet_until, Ordering::Release);
        outcome
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
