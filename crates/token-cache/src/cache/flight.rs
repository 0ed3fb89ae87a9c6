//! One fetch on behalf of everybody who waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_transport::{Diagnosis, Remedy, Retry, Who};
use tracing::Instrument;

use super::Core;
use super::slot::Slot;
use crate::error::Error;
use crate::key::TokenKey;
use crate::measure;
use crate::policy::{Consequence, Failure, FailureClass, Flight, Landing};
use crate::primitives::Primitives;
use crate::source::{Attempt, Fetched, Source, SourceError};
use crate::store::{Lease, LeaseId, StoredToken};
use crate::token::Snapshot;

/// Starts `flight` where the caller's tasks run, detached: no caller's cancellation ends it.
pub(crate) fn launch<P: Primitives>(
    core: &Arc<Core<P>>,
    slot: &Arc<Slot<P>>,
    source: &Arc<dyn Source>,
    flight: Flight,
) -> Result<(), Error> {
    // whatever becomes of the task, the seat reports it when it is dropped
    let seat = Seat {
        core: Arc::clone(core),
        slot: Arc::clone(slot),
        flight,
        landed: false,
    };
    // of its own, since it may outlive the caller that it follows
    let span = tracing::debug_span!(parent: None, "fetch a token", key = %slot.key);
    span.follows_from(tracing::Span::current());
    P::spawn(fly(seat, Arc::clone(source)).instrument(span))
}

struct Seat<P: Primitives> {
    core: Arc<Core<P>>,
    slot: Arc<Slot<P>>,
    flight: Flight,
    landed: bool,
}

impl<P: Primitives> Seat<P> {
    fn land(mut self, result: measure::Outcome) {
        self.landed = true;
        measure::fetched(&self.slot.key, result);
        self.slot.ring();
    }
}

impl<P: Primitives> Drop for Seat<P> {
    fn drop(&mut self) {
        self.slot.report_hits();
        if !self.landed {
            let now = self.core.clock.now();
            self.slot
                .change(&self.core, |machine| machine.abandoned(self.flight, now));
            measure::fetched(&self.slot.key, "abandoned");
            self.slot.ring();
        }
    }
}

async fn fly<P: Primitives>(seat: Seat<P>, source: Arc<dyn Source>) {
    let key = seat.slot.key;
    let took_off = seat.core.clock.now();
    // released when it is dropped, on whatever way from here
    let _lease = match seat.prepare().await {
        Ready::Landed => {
            tracing::debug!("took the token from the store");
            return seat.land("stored");
        }
        Ready::Fetch(lease) => lease,
    };
    let mut attempt = Attempt::first();
    loop {
        let error = match seat.attempt(&*source, attempt, took_off.monotonic).await {
            Ok(Landing::Installed) => {
                tracing::debug!(%key, attempt = attempt.number(), "fetched a token");
                return seat.land("fetched");
            }
            Ok(Landing::Superseded) => return seat.land("superseded"),
            Ok(Landing::Unfit) => came_too_late(),
            Err(error) => error,
        };
        let (class, now) = (error.class(), seat.core.clock.now());
        let jitter = Core::<P>::jitter();
        let diagnosis = error.diagnosis().clone();
        let failure = Failure::new(Error::from(error.clone()), class, error.retry_after());
        let consequence = seat.slot.change(&seat.core, |machine| {
            machine.failed(&seat.core.policy, seat.flight, now, failure, jitter)
        });
        match consequence {
            Consequence::Again(after) => {
                tracing::debug!(%key, attempt = attempt.number(), ?class, ?after, %diagnosis, "trying again");
                P::sleep(after).await;
                attempt = attempt.after(class);
            }
            Consequence::GiveUp(error) => {
                tracing::warn!(%key, attempts = attempt.number(), ?class, %diagnosis, "no token");
                return seat.land(if error.is_refusal() {
                    "refused"
                } else {
                    "failed"
                });
            }
            Consequence::Superseded => return seat.land("superseded"),
        }
    }
}

/// What the store says before the fetch.
enum Ready<P: Primitives> {
    /// It had a token.
    Landed,
    /// Go and fetch, as the only one of the fleet when there is a lease.
    Fetch(Option<HeldLease<P>>),
}

impl<P: Primitives> Seat<P> {
    /// Looks into the store. Where the store keeps leases, one process of the fleet gets it and
    /// fetches; the others look again until its token is there, or until they have waited for as
    /// long as a lease lasts.
    async fn prepare(&self) -> Ready<P> {
        const LOOK_AGAIN: Duration = Duration::from_millis(20);
        const SELDOM: Duration = Duration::from_millis(160);
        let (core, key) = (&self.core, &self.slot.key);
        let Some(keep) = &core.keep else {
            return Ready::Fetch(None);
        };
        let began = P::instant();
        let mut pause = LOOK_AGAIN;
        let id = LeaseId::random();
        loop {
            if self.load().await {
                return Ready::Landed;
            }
            let held_for = match keep.lease(&*core.clock, key, id).await {
                Lease::Granted => {
                    let lease = HeldLease::new(core, *key, id);
                    // another may have fetched between the look and the lease
                    if self.load().await {
                        return Ready::Landed;
                    }
                    return Ready::Fetch(Some(lease));
                }
                Lease::NotKept => return Ready::Fetch(None),
                Lease::Held { remaining } => remaining,
            };
            let left = keep.lease_time().saturating_sub(P::elapsed(began));
            if left.is_zero() {
                tracing::debug!(%key, "another process fetches for too long; fetching as well");
                return Ready::Fetch(None);
            }
            // a little more than its end, lest the last look comes a millisecond early
            let next = held_for.saturating_add(Duration::from_millis(1));
            P::sleep(pause.min(next).min(left)).await;
            pause = (pause * 2).min(SELDOM);
        }
    }

    /// Whether the store had a token that is good enough.
    async fn load(&self) -> bool {
        let (core, slot) = (&self.core, &self.slot);
        let Some(keep) = &core.keep else { return false };
        // the age is as of the answer at the latest
        let now = core.clock.now();
        let Some(stored) = keep.get(&*core.clock, &slot.key).await else {
            return false;
        };
        let age = stored.lifetime().saturating_sub(stored.remaining());
        let limits = core
            .policy
            .limits(now, stored.lifetime(), age, Core::<P>::jitter());
        let clock = Arc::clone(&core.clock);
        let snapshot = Snapshot::new(stored.token(), stored.lifetime(), limits, clock);
        let Some(snapshot) = snapshot else {
            return false;
        };
        let (hash, now) = (stored.hash(), core.clock.now());
        let (landing, rejected) = slot.change(core, |machine| {
            let landing = machine.loaded(self.flight, now, Arc::new(snapshot));
            (landing, machine.is_rejected(hash))
        });
        if rejected {
            keep.remove(&*core.clock, &slot.key, hash).await;
        }
        landing == Landing::Installed
    }

    async fn attempt(
        &self,
        source: &dyn Source,
        attempt: Attempt,
        took_off: Duration,
    ) -> Result<Landing, SourceError> {
        let (core, slot) = (&self.core, &self.slot);
        let asked_at = core.clock.now();
        let flown = asked_at.monotonic.saturating_sub(took_off);
        let limit = core.policy.attempt_limit(flown);
        let Fetched { token, lifetime } = P::timeout(limit, source.fetch(attempt))
            .await
            .ok_or_else(|| took_too_long(limit))??;
        let jitter = Core::<P>::jitter();
        let limits = core
            .policy
            .limits(asked_at, lifetime, Duration::ZERO, jitter);
        let clock = Arc::clone(&core.clock);
        let snapshot =
            Snapshot::new(&token, lifetime, limits, clock).ok_or_else(no_header_value)?;
        // written before it is handed out, so that a program may end as soon as it has its token
        if let Some(keep) = &core.keep {
            let remaining = core.clock.now().until(limits.expiry());
            let stored = StoredToken::new(token, lifetime, remaining);
            if !remaining.is_zero() {
                keep.put(&*core.clock, &slot.key, stored).await;
            }
        }
        let now = core.clock.now();
        let old = slot.current();
        let landing = slot.change(core, |machine| {
            machine.fetched(self.flight, now, Arc::new(snapshot))
        });
        if landing == Landing::Installed && !old.lifetime().is_zero() {
            let left = now.until(old.limits.expiry());
            measure::replaced(&slot.key, old.lifetime().saturating_sub(left));
        }
        Ok(landing)
    }
}

/// A lease in hand: renewed while this lives, and given back when it is dropped.
struct HeldLease<P: Primitives> {
    core: Arc<Core<P>>,
    key: TokenKey,
    id: LeaseId,
    over: Arc<AtomicBool>,
}

impl<P: Primitives> HeldLease<P> {
    fn new(core: &Arc<Core<P>>, key: TokenKey, id: LeaseId) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (renewing, stop) = (Arc::clone(core), Arc::clone(&over));
        // should it not start, the lease ends by itself, and somebody may fetch besides
        let _ = P::spawn(async move {
            let Some(keep) = &renewing.keep else { return };
            loop {
                P::sleep(keep.lease_time() / 3).await;
                if stop.load(Ordering::Acquire) || !keep.renew(&*renewing.clock, &key, id).await {
                    return;
                }
            }
        });
        Self {
            core: Arc::clone(core),
            key,
            id,
            over,
        }
    }
}

impl<P: Primitives> Drop for HeldLease<P> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        let (core, key, id) = (Arc::clone(&self.core), self.key, self.id);
        let _ = P::spawn(async move {
            if let Some(keep) = &core.keep {
                keep.release(&*core.clock, &key, id).await;
            }
        });
    }
}

fn took_too_long(limit: Duration) -> SourceError {
    let diagnosis = Diagnosis::new("get a token")
        .with_message(format!("no answer within {:.1} s", limit.as_secs_f64()))
        .with_retry(Retry::Yes)
        .with_remedy(Remedy::new(
            Who::You,
            "try again; if it goes on, look at the token service's status page",
        ));
    SourceError::new(FailureClass::Transient, diagnosis)
}

fn came_too_late() -> SourceError {
    let diagnosis = Diagnosis::new("get a token")
        .with_message("the token had expired, or nearly so, when it came")
        .with_retry(Retry::Yes)
        .with_remedy(Remedy::new(
            Who::Operator,
            "answer sooner, or give tokens a longer life (expires_in)",
        ));
    SourceError::new(FailureClass::Transient, diagnosis)
}

fn no_header_value() -> SourceError {
    let diagnosis = Diagnosis::new("get a token")
        .with_message("the token is empty or holds characters that no HTTP header may hold")
        .with_remedy(Remedy::new(
            Who::Operator,
            "send a token that fits into a header",
        ));
    SourceError::new(FailureClass::Refused, diagnosis)
}
