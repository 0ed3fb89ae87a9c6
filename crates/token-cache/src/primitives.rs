//! What the engine needs of its surroundings: a lock, a bell, timers, tasks.
//!
//! The engine is generic over them, so that a model checker can run the very engine with its own
//! and try the orders in which threads may meet (`cache/model.rs`).

use std::future::Future;
use std::ops::DerefMut;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::error::Error;

/// A set of primitives.
pub(crate) trait Primitives: Sized + Send + Sync + 'static {
    /// A lock that is never held across an await.
    type Lock<T: Send>: Lock<T>;

    /// Rings for those who wait for a flight.
    type Bell: Bell;

    /// A reading of the clock that timers go by.
    type Instant: Copy + Send + Sync;

    /// Another thread may come in between here. Stands beside each access to what is shared without
    /// a lock.
    fn step();

    fn instant() -> Self::Instant;

    fn elapsed(since: Self::Instant) -> Duration;

    /// Whether a task here can wait.
    fn can_wait() -> bool;

    /// Starts a detached task. Where the surroundings go away, the task is dropped.
    fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Result<(), Error>;

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// `None` when the time was up first.
    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;
}

pub(crate) trait Lock<T>: Send + Sync {
    fn new(value: T) -> Self;

    fn lock(&self) -> impl DerefMut<Target = T>;

    /// `None` when somebody else holds it.
    fn try_lock(&self) -> Option<impl DerefMut<Target = T>>;
}

pub(crate) trait Bell: Default + Send + Sync {
    /// Ends when the bell rings next, counted from this call and not from the first poll.
    fn listen(&self) -> impl Future<Output = ()> + Send;

    fn ring(&self);
}

/// Threads, tokio's timers and tasks.
#[derive(Debug)]
pub(crate) struct Tokio;

impl Primitives for Tokio {
    type Lock<T: Send> = Mutex<T>;
    type Bell = tokio::sync::Notify;
    type Instant = tokio::time::Instant;

    #[inline(always)]
    fn step() {}

    fn instant() -> Self::Instant {
        tokio::time::Instant::now()
    }

    fn elapsed(since: Self::Instant) -> Duration {
        since.elapsed()
    }

    fn can_wait() -> bool {
        tokio::runtime::Handle::try_current().is_ok()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::no_runtime())?;
        runtime.spawn(task);
        Ok(())
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(limit, future).await.ok()
    }
}

impl<T: Send> Lock<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> impl DerefMut<Target = T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<impl DerefMut<Target = T>> {
        let guard: MutexGuard<'_, T> = match self.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(guard)
    }
}

impl Bell for tokio::sync::Notify {
    fn listen(&self) -> impl Future<Output = ()> + Send {
        // tokio's promise: woken by every `notify_waiters` from here on, polled or not
        self.notified()
    }

    fn ring(&self) {
        self.notify_waiters();
    }
}
