//! One fetch on behalf of everybody who waits for it.

use std::sync::Arc;
use std::time::Duration;

use http_transport::{Diagnosis, Remedy, Retry, Who};

use super::Core;
use super::slot::Slot;
use crate::error::Error;
use crate::policy::{Consequence, Failure, FailureClass, Flight, Landing};
use crate::source::{Attempt, Fetched, Source, SourceError};
use crate::store::StoredToken;
use crate::token::Snapshot;

/// Starts `flight` on the caller's runtime, detached: no caller's cancellation ends it.
pub(crate) fn launch(
    core: &Arc<Core>,
    slot: &Arc<Slot>,
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
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::no_runtime())?;
    runtime.spawn(fly(seat, Arc::clone(source)));
    Ok(())
}

struct Seat {
    core: Arc<Core>,
    slot: Arc<Slot>,
    flight: Flight,
    landed: bool,
}

impl Seat {
    fn land(mut self) {
        self.landed = true;
        self.slot.changed.notify_waiters();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.landed {
            let now = self.core.clock.now();
            self.slot
                .change(&self.core, |machine| machine.abandoned(self.flight, now));
            self.slot.changed.notify_waiters();
        }
    }
}

async fn fly(seat: Seat, source: Arc<dyn Source>) {
    let key = seat.slot.key;
    if seat.load().await {
        tracing::debug!(%key, "took the token from the store");
        return seat.land();
    }
    let took_off = seat.core.clock.now();
    let mut attempt = Attempt::first();
    loop {
        let error = match seat.attempt(&*source, attempt, took_off.monotonic).await {
            Ok(Landing::Installed) => {
                tracing::debug!(%key, attempt = attempt.number(), "fetched a token");
                return seat.land();
            }
            Ok(Landing::Superseded) => return seat.land(),
            Ok(Landing::Unfit) => came_too_late(),
            Err(error) => error,
        };
        let (class, now, jitter) = (error.class(), seat.core.clock.now(), Core::jitter());
        let diagnosis = error.diagnosis().clone();
        let failure = Failure::new(Error::from(error.clone()), class, error.retry_after());
        let consequence = seat.slot.change(&seat.core, |machine| {
            machine.failed(&seat.core.policy, seat.flight, now, failure, jitter)
        });
        match consequence {
            Consequence::Again(after) => {
                tracing::debug!(%key, attempt = attempt.number(), ?class, ?after, %diagnosis, "trying again");
                tokio::time::sleep(after).await;
                attempt = attempt.after(class);
            }
            Consequence::GiveUp(_) => {
                tracing::warn!(%key, attempts = attempt.number(), ?class, %diagnosis, "no token");
                return seat.land();
            }
            Consequence::Superseded => return seat.land(),
        }
    }
}

impl Seat {
    /// Whether the store had a token that is good enough.
    async fn load(&self) -> bool {
        let (core, slot) = (&self.core, &self.slot);
        let Some(keep) = &core.keep else { return false };
        let Some(stored) = keep.get(&*core.clock, &slot.key).await else {
            return false;
        };
        let now = core.clock.now();
        let age = stored.lifetime().saturating_sub(stored.remaining());
        let limits = core
            .policy
            .limits(now, stored.lifetime(), age, Core::jitter());
        let secret = stored.token().clone();
        let Some(snapshot) = Snapshot::new(secret, limits, Arc::clone(&core.clock)) else {
            return false;
        };
        let hash = stored.hash();
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
        let Fetched { token, lifetime } = tokio::time::timeout(limit, source.fetch(attempt))
            .await
            .map_err(|_| took_too_long(limit))??;
        let limits = core
            .policy
            .limits(asked_at, lifetime, Duration::ZERO, Core::jitter());
        let clock = Arc::clone(&core.clock);
        let snapshot =
            Arc::new(Snapshot::new(token.clone(), limits, clock).ok_or_else(no_header_value)?);
        // written before it is handed out, so that a program may end as soon as it has its token
        if let Some(keep) = &core.keep {
            let remaining = core.clock.now().until(limits.expiry());
            let stored = StoredToken::new(token, lifetime, remaining);
            if !remaining.is_zero() {
                keep.put(&*core.clock, &slot.key, stored).await;
            }
        }
        let now = core.clock.now();
        Ok(slot.change(core, |machine| machine.fetched(self.flight, now, snapshot)))
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
