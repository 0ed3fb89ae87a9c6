//! The engine's side of a handle: everything that does not need to know whose primitives it runs on.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::Guard;

use super::Core;
use super::flight::launch;
use super::slot::Slot;
use crate::clock::Moment;
use crate::error::Error;
use crate::key::{TokenHash, TokenKey};
use crate::measure;
use crate::policy::{Answer, Flight, Phase, Renewal};
use crate::primitives::{Bell, Primitives};
use crate::source::Source;
use crate::token::{Snapshot, Token};

pub(crate) struct RawHandle<P: Primitives> {
    pub(crate) core: Arc<Core<P>>,
    pub(crate) slot: Arc<Slot<P>>,
    pub(crate) source: Arc<dyn Source>,
}

impl<P: Primitives> Clone for RawHandle<P> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            slot: Arc::clone(&self.slot),
            source: Arc::clone(&self.source),
        }
    }
}

impl<P: Primitives> RawHandle<P> {
    /// After so many flights without a result a caller no longer takes over.
    const ABANDONED_MOST: u64 = 3;

    pub(crate) fn open(core: &Arc<Core<P>>, key: TokenKey, source: Arc<dyn Source>) -> Self {
        let handle = Self {
            core: Arc::clone(core),
            slot: core.slot(key),
            source,
        };
        if let Some(credential) = handle.source.credential() {
            let changed = handle.slot.note_credential(credential)
                && handle.slot.change(core, |machine| {
                    machine.use_credential(credential, core.clock.now())
                });
            if changed {
                tracing::debug!(%key, "the signing key has changed; the token is due for refresh");
                handle.slot.ring();
            }
        }
        handle
    }

    #[inline]
    pub(crate) fn try_token(&self) -> Option<Guard<Arc<Snapshot>>> {
        let current = self.slot.current();
        let now = self.core.clock.now_at_least();
        match current.limits.phase(now) {
            Phase::Fresh => {}
            Phase::Due => self.refresh_if_wanted(now),
            Phase::Over => return None,
        }
        self.slot.count_hit();
        Some(current)
    }

    pub(crate) fn invalidate(&self, hash: TokenHash) {
        self.slot
            .change(&self.core, |machine| machine.invalidate(hash));
        self.slot.ring();
        tracing::debug!(key = %self.slot.key, ?hash, "a token was invalidated");
        if self.core.keep.is_some() {
            let (core, key) = (Arc::clone(&self.core), self.slot.key);
            // without a runtime the store keeps it; it is not read back all the same
            let _ = P::spawn(async move {
                if let Some(keep) = &core.keep {
                    keep.remove(&*core.clock, &key, hash).await;
                }
            });
        }
    }

    pub(crate) async fn newer_than(&self, hash: TokenHash) -> Result<Option<Token>, Error> {
        let (core, slot) = (&self.core, &self.slot);
        if !P::can_wait() {
            return Err(Error::no_runtime());
        }
        let since = P::instant();
        let mut waits_for: Option<Flight> = None;
        loop {
            let changed = slot.changed.listen();
            let now = core.clock.now();
            let renewal = slot.change(core, |machine| match waits_for {
                None => machine.renew(&core.policy, hash, now),
                Some(flight) => machine.resume_renewal(&core.policy, hash, flight, now),
            });
            let patience = match renewal {
                Renewal::Newer(newer) => return Ok(Some(Token::owned(newer))),
                Renewal::Keep => return Ok(None),
                Renewal::Fetch(flight) => {
                    launch(core, slot, &self.source, flight)?;
                    waits_for = Some(flight);
                    core.wait
                }
                Renewal::Wait { flight, at_most } => {
                    waits_for = Some(flight);
                    at_most
                }
            };
            wait::<P>(since, core.wait, patience, changed).await?;
        }
    }

    pub(crate) fn credential_changed(&self) {
        let now = self.core.clock.now();
        match self.source.credential() {
            Some(credential) => {
                self.slot.change(&self.core, |machine| {
                    machine.use_credential(credential, now)
                });
            }
            None => self
                .slot
                .change(&self.core, |machine| machine.credential_changed(now)),
        }
        self.slot.ring();
    }

    fn refresh_if_wanted(&self, now: Moment) {
        if self.slot.is_quiet(now.monotonic) {
            return;
        }
        let now = self.core.clock.now();
        // when somebody else is deciding, there is nothing left to decide here
        let answer = self
            .slot
            .try_change(&self.core, |machine| machine.ask(&self.core.policy, now));
        if let Some(
            Answer::Serve {
                refresh: Some(flight),
                ..
            }
            | Answer::Fetch(flight),
        ) = answer
        {
            self.launch_in_background(flight);
        }
    }

    /// A refresh that cannot start is put off; the token at hand is still good.
    pub(crate) fn launch_in_background(&self, flight: Flight) {
        if let Err(error) = launch(&self.core, &self.slot, &self.source, flight) {
            tracing::debug!(key = %self.slot.key, %error, "cannot refresh a token");
        }
    }

    pub(crate) async fn wait_for_token(&self, limit: Duration) -> Result<Token, Error> {
        let (core, slot) = (&self.core, &self.slot);
        if !P::can_wait() {
            return Err(Error::no_runtime());
        }
        measure::wait(&slot.key);
        let since = P::instant();
        let mut waits_for: Option<Flight> = None;
        let mut abandoned_before: Option<u64> = None;
        loop {
            // before looking, so that no change between looking and waiting is missed
            let changed = slot.changed.listen();
            let now = core.clock.now();
            let (answer, abandoned) = slot.change(core, |machine| {
                let abandoned = machine.abandonments();
                let answer = match waits_for {
                    None => machine.ask(&core.policy, now),
                    Some(flight) => machine.resume(&core.policy, flight, now),
                };
                (answer, abandoned)
            });
            let abandoned = abandoned - *abandoned_before.get_or_insert(abandoned);
            let patience = match answer {
                Answer::Serve { token, refresh } => {
                    if let Some(flight) = refresh {
                        self.launch_in_background(flight);
                    }
                    return Ok(Token::owned(token));
                }
                Answer::Fail(error) => return Err(error),
                Answer::Fetch(flight) => {
                    if abandoned >= Self::ABANDONED_MOST {
                        slot.change(core, |machine| machine.abandoned(flight, now));
                        slot.ring();
                        return Err(Error::abandoned());
                    }
                    launch(core, slot, &self.source, flight)?;
                    waits_for = Some(flight);
                    limit
                }
                Answer::Wait { flight, at_most } => {
                    waits_for = Some(flight);
                    at_most
                }
            };
            wait::<P>(since, limit, patience, changed).await?;
        }
    }
}

/// Until the bell rings or this round's patience ends; an error when the caller's own time is up.
async fn wait<P: Primitives>(
    since: P::Instant,
    limit: Duration,
    patience: Duration,
    changed: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let left = limit.saturating_sub(P::elapsed(since));
    let rang = P::timeout(left.min(patience), changed).await.is_some();
    if rang || patience < left {
        Ok(())
    } else {
        Err(Error::waited_too_long(limit))
    }
}
