//! The way to one token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Core;
use super::flight::launch;
use super::slot::Slot;
use crate::clock::Moment;
use crate::error::Error;
use crate::key::TokenKey;
use crate::policy::{Answer, Flight, Phase, Renewal};
use crate::source::Source;
use crate::token::Token;

/// The way to the token of one key. Cheap to clone, and made to be kept.
#[derive(Clone)]
pub struct Handle {
    core: Arc<Core>,
    slot: Arc<Slot>,
    source: Arc<dyn Source>,
}

impl Handle {
    /// After so many flights without a result a caller no longer takes over.
    const ABANDONED_MOST: u64 = 3;

    pub(crate) fn new(core: Arc<Core>, slot: Arc<Slot>, source: Arc<dyn Source>) -> Self {
        Self { core, slot, source }
    }

    /// What the token is kept under.
    #[must_use]
    pub fn key(&self) -> TokenKey {
        self.slot.key
    }

    /// The token; waits for a fetch only when there is none that can be served, and then for the
    /// cache's wait limit at most.
    ///
    /// A hit takes no lock and allocates nothing. Dropping the future hurts nobody: the fetch goes
    /// on for others.
    ///
    /// # Errors
    ///
    /// What the fetch said, also when it failed a short while ago; or that the time is up, or that
    /// there is no tokio runtime here.
    pub async fn token(&self) -> Result<Token, Error> {
        self.token_within(self.core.wait).await
    }

    /// The token, with this caller's own limit to the waiting.
    ///
    /// # Errors
    ///
    /// As [`Handle::token`].
    pub async fn token_within(&self, limit: Duration) -> Result<Token, Error> {
        match self.try_token() {
            Some(token) => Ok(token),
            // boxed, so that a hit does not carry the room for the waiting
            None => Box::pin(self.wait_for_token(limit)).await,
        }
    }

    /// The token, when there is one that can be served now. Starts a refresh when it is due.
    #[must_use]
    pub fn try_token(&self) -> Option<Token> {
        let current = self.slot.current();
        let now = self.core.clock.now();
        match current.limits.phase(now) {
            Phase::Fresh => Some(Token::lent(current)),
            Phase::Due => {
                self.refresh_if_wanted(now);
                Some(Token::lent(current))
            }
            Phase::Over => None,
        }
    }

    /// Has this token, and no other, forgotten: here at once, in the store soon, and it is not read
    /// back from there. For a token that is known to be worthless; to follow a 401, see
    /// [`Handle::newer_than`].
    pub fn invalidate(&self, token: &Token) {
        let hash = token.hash();
        self.slot
            .change(&self.core, |machine| machine.invalidate(hash));
        self.slot.changed.notify_waiters();
        tracing::debug!(key = %self.slot.key, ?hash, "a token was invalidated");
        if self.core.keep.is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (core, key) = (Arc::clone(&self.core), self.slot.key);
            runtime.spawn(async move {
                if let Some(keep) = &core.keep {
                    keep.remove(&*core.clock, &key, hash).await;
                }
            });
        }
    }

    /// After a server has refused this token with 401: an actually newer one, fetched if need be,
    /// or `None` when the refusal should stand.
    ///
    /// The refused token is served to others until the newer one is in hand, because a 401 may well
    /// have another reason than the token. For the same reason a key's token is renewed in this way
    /// at most once in 30 s.
    ///
    /// # Errors
    ///
    /// That the time is up, or that there is no tokio runtime here. A failed fetch is no error but
    /// `None`: what the caller has to report is the 401.
    pub async fn newer_than(&self, token: &Token) -> Result<Option<Token>, Error> {
        let (core, slot, hash) = (&self.core, &self.slot, token.hash());
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::no_runtime());
        }
        let deadline = Instant::now() + core.wait;
        let mut waits_for: Option<Flight> = None;
        loop {
            let mut changed = std::pin::pin!(slot.changed.notified());
            changed.as_mut().enable();
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
            let until = deadline.min(Instant::now() + patience);
            if tokio::time::timeout_at(until, changed).await.is_err() && until == deadline {
                return Err(Error::waited_too_long(core.wait));
            }
        }
    }

    /// Says that the source signs with another key from now on: remembered refusals are cleared and
    /// the token is due for refresh, while the old one is served.
    pub fn credential_changed(&self) {
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
        self.slot.changed.notify_waiters();
    }

    /// Refreshes the token by timer, so that it is fresh even after hours without a call, until
    /// the guard is dropped. Call it within a tokio runtime; outside one, and when that runtime
    /// ends, nothing is kept warm.
    #[must_use = "the token is kept warm until the guard is dropped"]
    pub fn keep_warm(&self) -> KeepWarm {
        let task = match tokio::runtime::Handle::try_current() {
            Ok(runtime) => Some(
                runtime
                    .spawn(self.clone().refresh_by_timer())
                    .abort_handle(),
            ),
            Err(_) => {
                tracing::warn!(key = %self.slot.key, "no tokio runtime to keep a token warm on");
                None
            }
        };
        KeepWarm {
            key: self.slot.key,
            task,
        }
    }

    fn refresh_if_wanted(&self, now: Moment) {
        if self.slot.is_quiet(now.monotonic) {
            return;
        }
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
    fn launch_in_background(&self, flight: Flight) {
        if let Err(error) = launch(&self.core, &self.slot, &self.source, flight) {
            tracing::debug!(key = %self.slot.key, %error, "cannot refresh a token");
        }
    }

    async fn wait_for_token(&self, limit: Duration) -> Result<Token, Error> {
        let (core, slot) = (&self.core, &self.slot);
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::no_runtime());
        }
        let deadline = Instant::now() + limit;
        let mut waits_for: Option<Flight> = None;
        let mut abandoned_before: Option<u64> = None;
        loop {
            // before looking, so that no change between looking and waiting is missed
            let mut changed = std::pin::pin!(slot.changed.notified());
            changed.as_mut().enable();
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
                        slot.changed.notify_waiters();
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
            let until = deadline.min(Instant::now() + patience);
            if tokio::time::timeout_at(until, changed).await.is_err() && until == deadline {
                return Err(Error::waited_too_long(limit));
            }
        }
    }

    async fn refresh_by_timer(self) {
        /// Timers do not see the wall clock step, nor the machine sleep.
        const LOOK_AGAIN: Duration = Duration::from_secs(30);
        const SHORTEST: Duration = Duration::from_millis(10);
        loop {
            let mut changed = std::pin::pin!(self.slot.changed.notified());
            changed.as_mut().enable();
            let now = self.core.clock.now();
            let (answer, next) = self.slot.change(&self.core, |machine| {
                let answer = machine.ask(&self.core.policy, now);
                (answer, machine.ask_in(&self.core.policy, now))
            });
            if let Answer::Serve {
                refresh: Some(flight),
                ..
            }
            | Answer::Fetch(flight) = answer
            {
                self.launch_in_background(flight);
            }
            let next = next.clamp(SHORTEST, LOOK_AGAIN);
            // either reason to look again is as good
            let _ = tokio::time::timeout(next, changed).await;
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("key", &self.slot.key)
            .finish_non_exhaustive()
    }
}

/// Keeps a token fresh until it is dropped; from [`Handle::keep_warm`].
#[derive(Debug)]
pub struct KeepWarm {
    key: TokenKey,
    task: Option<AbortHandle>,
}

impl KeepWarm {
    /// Whether the token is being kept warm.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Whose token it is.
    #[must_use]
    pub fn key(&self) -> TokenKey {
        self.key
    }
}

impl Drop for KeepWarm {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
