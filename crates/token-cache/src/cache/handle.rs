//! The way to one token.

use std::fmt;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::raw::RawHandle;
use crate::error::Error;
use crate::key::TokenKey;
use crate::policy::Answer;
use crate::primitives::Tokio;
use crate::token::Token;

/// The way to the token of one key. Cheap to clone, and made to be kept.
#[derive(Clone)]
pub struct Handle(pub(crate) RawHandle<Tokio>);

impl Handle {
    /// What the token is kept under.
    #[must_use]
    pub fn key(&self) -> TokenKey {
        self.0.slot.key
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
        match self.0.try_token() {
            Some(token) => Ok(Token::lent(token)),
            // boxed, so that a hit does not carry the room for the waiting
            None => Box::pin(self.0.wait_for_token(self.0.core.wait)).await,
        }
    }

    /// The token, with this caller's own limit to the waiting.
    ///
    /// # Errors
    ///
    /// As [`Handle::token`].
    pub async fn token_within(&self, limit: Duration) -> Result<Token, Error> {
        match self.0.try_token() {
            Some(token) => Ok(Token::lent(token)),
            None => Box::pin(self.0.wait_for_token(limit)).await,
        }
    }

    /// The token, when there is one that can be served now. Starts a refresh when it is due.
    #[must_use]
    pub fn try_token(&self) -> Option<Token> {
        self.0.try_token().map(Token::lent)
    }

    /// Has this token, and no other, forgotten: here at once, in the store soon, and it is not read
    /// back from there. For a token that is known to be worthless; to follow a 401, see
    /// [`Handle::newer_than`].
    pub fn invalidate(&self, token: &Token) {
        self.0.invalidate(token.hash());
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
        self.0.newer_than(token.hash()).await
    }

    /// Says that the source signs with another key from now on: remembered refusals are cleared and
    /// the token is due for refresh, while the old one is served.
    pub fn credential_changed(&self) {
        self.0.credential_changed();
    }

    /// Refreshes the token by timer, so that it is fresh even after hours without a call, until
    /// the guard is dropped. Call it within a tokio runtime; outside one, and when that runtime
    /// ends, nothing is kept warm.
    #[must_use = "the token is kept warm until the guard is dropped"]
    pub fn keep_warm(&self) -> KeepWarm {
        let task = match tokio::runtime::Handle::try_current() {
            Ok(runtime) => Some(
                runtime
                    .spawn(refresh_by_timer(self.0.clone()))
                    .abort_handle(),
            ),
            Err(_) => {
                tracing::warn!(key = %self.key(), "no tokio runtime to keep a token warm on");
                None
            }
        };
        KeepWarm {
            key: self.key(),
            task,
        }
    }
}

async fn refresh_by_timer(handle: RawHandle<Tokio>) {
    /// Timers do not see the wall clock step, nor the machine sleep.
    const LOOK_AGAIN: Duration = Duration::from_secs(30);
    const SHORTEST: Duration = Duration::from_millis(10);
    let (core, slot) = (&handle.core, &handle.slot);
    loop {
        let changed = slot.changed.notified();
        let now = core.clock.now();
        let (answer, next) = slot.change(core, |machine| {
            let answer = machine.ask(&core.policy, now);
            (answer, machine.ask_in(&core.policy, now))
        });
        if let Answer::Serve {
            refresh: Some(flight),
            ..
        }
        | Answer::Fetch(flight) = answer
        {
            handle.launch_in_background(flight);
        }
        let next = next.clamp(SHORTEST, LOOK_AGAIN);
        // either reason to look again is as good
        let _ = tokio::time::timeout(next, changed).await;
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("key", &self.key())
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
