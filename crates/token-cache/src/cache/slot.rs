//! The place of one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use super::{Core, SlotMachine};
use crate::key::{TokenHash, TokenKey};
use crate::measure::Hits;
use crate::primitives::{Bell, Lock, Primitives};
use crate::token::Snapshot;

/// What hits read stands beside the machine and is written only while its lock is held.
pub(crate) struct Slot<P: Primitives> {
    pub(crate) key: TokenKey,
    current: ArcSwap<Snapshot>,
    /// Until then a token that is due needs nobody's attention; nanoseconds, monotonic.
    quiet_until: AtomicU64,
    /// The first bytes of the last signing key's hash: most handles come with the same.
    credential: AtomicU64,
    machine: P::Lock<SlotMachine>,
    hits: Hits,
    /// Rings when a flight has ended, or the token is gone.
    pub(crate) changed: P::Bell,
}

impl<P: Primitives> Slot<P> {
    pub(crate) fn new(key: TokenKey, none: Arc<Snapshot>) -> Self {
        Self {
            key,
            current: ArcSwap::new(none),
            quiet_until: AtomicU64::new(0),
            credential: AtomicU64::new(0),
            machine: P::Lock::new(SlotMachine::default()),
            hits: Hits::default(),
            changed: P::Bell::default(),
        }
    }

    /// The snapshot to read: no lock.
    pub(crate) fn current(&self) -> Guard<Arc<Snapshot>> {
        P::step();
        self.current.load()
    }

    pub(crate) fn is_quiet(&self, monotonic: Duration) -> bool {
        P::step();
        nanoseconds(monotonic) < self.quiet_until.load(Ordering::Acquire)
    }

    /// Whether it is another than the last one, and so for the machine to look at.
    pub(crate) fn note_credential(&self, credential: TokenHash) -> bool {
        let tag = credential.tag();
        P::step();
        self.credential.load(Ordering::Acquire) != tag
            && self.credential.swap(tag, Ordering::AcqRel) != tag
    }

    /// Lets the machine decide, and shows readers the outcome.
    pub(crate) fn change<R>(&self, core: &Core<P>, event: impl FnOnce(&mut SlotMachine) -> R) -> R {
        self.change_locked(core, &mut self.machine.lock(), event)
    }

    /// The same, unless somebody else is about it.
    pub(crate) fn try_change<R>(
        &self,
        core: &Core<P>,
        event: impl FnOnce(&mut SlotMachine) -> R,
    ) -> Option<R> {
        let mut machine = self.machine.try_lock()?;
        Some(self.change_locked(core, &mut machine, event))
    }

    #[inline]
    pub(crate) fn count_hit(&self) {
        self.hits.count(&self.key);
    }

    pub(crate) fn report_hits(&self) {
        self.hits.report(&self.key);
    }

    /// For everybody who waits to look again.
    pub(crate) fn ring(&self) {
        self.changed.ring();
    }

    fn change_locked<R>(
        &self,
        core: &Core<P>,
        machine: &mut SlotMachine,
        event: impl FnOnce(&mut SlotMachine) -> R,
    ) -> R {
        let outcome = event(machine);
        let token = machine.token().unwrap_or(&core.none);
        P::step();
        if !Arc::ptr_eq(token, &self.current.load()) {
            self.current.store(Arc::clone(token));
        }
        P::step();
        let quiet_until = nanoseconds(machine.quiet_until(&core.policy));
        self.quiet_until.store(quiet_until, Ordering::Release);
        outcome
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
