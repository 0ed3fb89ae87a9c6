//! The engine under a model checker: the very code that runs, on primitives that let shuttle choose
//! who goes on at every step. A lost wake-up is a deadlock, which shuttle reports.
//!
//! Ordinary tests try some thousand schedules of each scenario. For more:
//! `TOKEN_CACHE_MODEL_SCHEDULES=1000000 cargo test --release -p token-cache --lib model`.

use std::cell::Cell;
use std::future::Future;
use std::ops::DerefMut;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_transport::{BoxFuture, Diagnosis, SecretString};
use shuttle::rand::Rng;

use super::{Core, RawHandle, TokenCacheBuilder};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::key::{TokenHash, TokenKey};
use crate::policy::{FailureClass, Limits};
use crate::primitives::{Bell, Lock, Primitives};
use crate::source::{Attempt, Fetched, Source, SourceError};
use crate::store::{Lease, LeaseId, MemoryStore, Store, StoreError, StoredToken};
use crate::token::Token;

struct Shuttle;

thread_local! {
    /// How many tasks may still be dropped in mid-flight, as when their runtime goes away. Shuttle
    /// runs all its threads on one.
    static DEATHS: Cell<u32> = const { Cell::new(0) };
}

impl Primitives for Shuttle {
    type Lock<T: Send> = shuttle::sync::Mutex<T>;
    type Bell = ModelBell;
    type Instant = ();

    fn step() {
        // any access to what shuttle watches lets others come in between
        shuttle::sync::atomic::AtomicBool::new(false).load(Ordering::SeqCst);
    }

    fn instant() {}

    fn elapsed((): ()) -> Duration {
        Duration::ZERO
    }

    fn can_wait() -> bool {
        true
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        shuttle::future::spawn(Mortal(Some(Box::pin(task))));
        Ok(())
    }

    fn sleep(_time: Duration) -> impl Future<Output = ()> + Send {
        shuttle::future::yield_now()
    }

    async fn timeout<F: Future + Send>(_limit: Duration, future: F) -> Option<F::Output> {
        // no time passes: who waits for nothing waits for ever, and shuttle says so
        Some(future.await)
    }
}

/// A task that may be dropped whenever it is about to go on.
struct Mortal(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for Mortal {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if DEATHS.get() > 0 && shuttle::rand::thread_rng().gen_bool(0.2) {
            DEATHS.set(DEATHS.get() - 1);
            self.0 = None;
        }
        match &mut self.0 {
            Some(task) => task.as_mut().poll(context),
            None => Poll::Ready(()),
        }
    }
}

impl<T: Send> Lock<T> for shuttle::sync::Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> impl DerefMut<Target = T> {
        self.lock().unwrap()
    }

    fn try_lock(&self) -> Option<impl DerefMut<Target = T>> {
        self.try_lock().ok()
    }
}

/// As tokio's `Notify` with `notify_waiters`: it remembers nothing for those who come later.
#[derive(Default)]
struct ModelBell(shuttle::sync::Mutex<(u64, Vec<Waker>)>);

impl Bell for ModelBell {
    fn listen(&self) -> impl Future<Output = ()> + Send {
        let heard = self.0.lock().unwrap().0;
        std::future::poll_fn(move |context| {
            let mut bell = self.0.lock().unwrap();
            if bell.0 > heard {
                return Poll::Ready(());
            }
            bell.1.push(context.waker().clone());
            Poll::Pending
        })
    }

    fn ring(&self) {
        let waiting = {
            let mut bell = self.0.lock().unwrap();
            bell.0 += 1;
            std::mem::take(&mut bell.1)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Stands still until it is moved.
#[derive(Debug, Default)]
struct Still(AtomicU64);

impl Still {
    fn pass(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for Still {
    fn now_monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn now_wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_268_800) + self.now_monotonic()
    }
}

/// Counts, and is never asked twice at a time. Its n-th token lives 100 + n seconds.
#[derive(Debug, Default)]
struct Service {
    calls: AtomicU64,
    at_work: AtomicU64,
    most_at_work: AtomicU64,
    failures: AtomicU64,
}

struct AtWork<'a>(&'a Service);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Source for Service {
    fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_work.fetch_max(at_work, Ordering::SeqCst);
            let _leaves = AtWork(self);
            shuttle::future::yield_now().await;
            shuttle::future::yield_now().await;
            let failures = self.failures.load(Ordering::SeqCst);
            if failures > 0 {
                self.failures.store(failures - 1, Ordering::SeqCst);
                let diagnosis = Diagnosis::new("get a token");
                return Err(SourceError::new(FailureClass::Refused, diagnosis));
            }
            let lifetime = Duration::from_secs(100 + number);
            Ok(Fetched::new(
                SecretString::from(number.to_string()),
                lifetime,
            ))
        })
    }
}

/// A store that others come in between of.
#[derive(Debug)]
struct Slow(MemoryStore);

fn slowly<'a, T: Send + 'a>(future: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
    Box::pin(async {
        shuttle::future::yield_now().await;
        let done = future.await;
        shuttle::future::yield_now().await;
        done
    })
}

impl Store for Slow {
    fn get<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        slowly(Box::pin(async { self.0.get(key).await }))
    }

    fn put<'a>(
        &'a self,
        key: &'a TokenKey,
        token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        slowly(Box::pin(async { self.0.put(key, token).await }))
    }

    fn remove<'a>(
        &'a self,
        key: &'a TokenKey,
        hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        slowly(Box::pin(async move { self.0.remove(key, hash).await }))
    }

    fn lease<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
        time: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        slowly(Box::pin(async move { self.0.lease(key, id, time).await }))
    }

    fn release<'a>(
        &'a self,
        key: &'a TokenKey,
        id: LeaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        slowly(Box::pin(async move { self.0.release(key, id).await }))
    }
}

struct World {
    clock: Arc<Still>,
    service: Arc<Service>,
    core: Arc<Core<Shuttle>>,
}

impl World {
    fn new() -> Self {
        Self::with(|builder, _| builder)
    }

    fn with(set: impl FnOnce(TokenCacheBuilder, &Arc<Still>) -> TokenCacheBuilder) -> Self {
        DEATHS.set(0);
        let clock = Arc::new(Still::default());
        let builder = TokenCacheBuilder::default().clock(clock.clone());
        Self {
            core: Arc::new(set(builder, &clock).core()),
            clock,
            service: Arc::default(),
        }
    }

    fn handle(&self, name: &str) -> RawHandle<Shuttle> {
        let key = TokenKey::builder("model").part("name", name).build();
        let service: Arc<Service> = Arc::clone(&self.service);
        RawHandle::open(&self.core, key, service)
    }

    /// Never two fetches of one key at a time, whatever dies.
    fn no_double_fetch(&self) {
        assert!(self.service.most_at_work.load(Ordering::SeqCst) <= 1);
    }
}

async fn token(handle: &RawHandle<Shuttle>) -> Result<Token, Error> {
    match handle.try_token() {
        Some(token) => Ok(Token::lent(token)),
        None => handle.wait_for_token(Duration::from_secs(60)).await,
    }
}

/// All of it belongs together: text, header, hash and limits. Its number.
fn whole(token: &Token) -> u64 {
    let number: u64 = token.expose().parse().unwrap();
    assert_eq!(token.header_value(), &format!("Bearer {number}"));
    assert_eq!(token.hash(), TokenHash::of(token.expose()));
    let limits: Limits = token.limits();
    let life = limits.expiry().monotonic - limits.hard().monotonic;
    assert_eq!(life, Duration::from_secs(100 + number) / 60);
    number
}

fn each(number: usize, doing: impl Fn(usize) + Send + Sync + 'static) {
    let doing = Arc::new(doing);
    let threads: Vec<_> = (0..number)
        .map(|index| {
            let doing = Arc::clone(&doing);
            shuttle::thread::spawn(move || doing(index))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Half of the schedules by chance alone, half with few but hard preemptions.
fn explore(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    let schedules = std::env::var("TOKEN_CACHE_MODEL_SCHEDULES");
    let schedules = schedules.map_or(2000, |number| number.parse().unwrap());
    shuttle::check_random(scenario.clone(), schedules / 2);
    shuttle::check_pct(scenario, schedules / 2, 3);
}

#[test]
fn callers_on_a_cold_key_share_one_fetch() {
    explore(|| {
        let world = World::new();
        let handle = world.handle("a");
        each(3, {
            let handle = handle.clone();
            move |_| {
                let token = shuttle::future::block_on(token(&handle)).unwrap();
                assert_eq!(whole(&token), 1);
            }
        });
        assert_eq!(world.service.calls(), 1);
    });
}

#[test]
fn a_failure_is_told_to_all_and_poisons_nothing() {
    explore(|| {
        let world = World::new();
        world.service.failures.store(1, Ordering::SeqCst);
        let handle = world.handle("a");
        each(3, {
            let handle = handle.clone();
            move |_| {
                let error = shuttle::future::block_on(token(&handle)).unwrap_err();
                assert!(error.is_refusal());
            }
        });
        assert_eq!(world.service.calls(), 1);
        world.clock.pass(Duration::from_secs(2));
        let token = shuttle::future::block_on(token(&handle)).unwrap();
        assert_eq!(whole(&token), 2);
    });
}

#[test]
fn a_flight_that_dies_is_taken_over() {
    explore(|| {
        let world = World::new();
        DEATHS.set(2);
        let handle = world.handle("a");
        each(3, {
            let handle = handle.clone();
            // nobody waits for ever, which is what shuttle would report
            move |_| match shuttle::future::block_on(token(&handle)) {
                Ok(token) => drop(whole(&token)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Abandoned),
            }
        });
        world.no_double_fetch();
        DEATHS.set(0);
        assert!(shuttle::future::block_on(token(&handle)).is_ok());
    });
}

#[test]
fn a_refresh_is_one_fetch_and_no_reader_sees_half_of_it() {
    explore(|| {
        let world = World::new();
        let handle = world.handle("a");
        shuttle::future::block_on(token(&handle)).unwrap();
        world.clock.pass(Duration::from_secs(60)); // due
        each(3, {
            let handle = handle.clone();
            move |_| {
                let mut last = 0;
                for _ in 0..3 {
                    // at once: a hit never waits
                    let token = Token::lent(handle.try_token().unwrap());
                    let number = whole(&token);
                    assert!(number >= last, "the old one after the new one");
                    last = number;
                }
            }
        });
        // the background fetch goes on; whoever waits for a newer one gets it
        let old = TokenHash::of("1");
        let newer = shuttle::future::block_on(handle.newer_than(old)).unwrap();
        assert_eq!(newer.map(|token| whole(&token)), Some(2));
        assert_eq!(world.service.calls(), 2);
    });
}

#[test]
fn an_invalidated_token_never_comes_back_from_the_store() {
    explore(|| {
        let world = World::with(|builder, clock| {
            builder.store(Slow(MemoryStore::with_clock(clock.clone())))
        });
        let handle = world.handle("a");
        each(3, {
            let handle = handle.clone();
            move |_| {
                let first = shuttle::future::block_on(token(&handle)).unwrap();
                handle.invalidate(first.hash());
                let second = shuttle::future::block_on(token(&handle)).unwrap();
                assert!(whole(&second) > whole(&first));
            }
        });
        world.no_double_fetch();
    });
}

#[test]
fn a_slot_with_a_live_handle_is_never_evicted() {
    explore(|| {
        let world = Arc::new(World::with(|builder, _| builder.capacity(1)));
        let held = world.handle("held");
        shuttle::future::block_on(token(&held)).unwrap();
        each(3, {
            let (world, held) = (Arc::clone(&world), held.clone());
            move |index| {
                for round in 0..2 {
                    let passing = world.handle(&format!("{index} {round}"));
                    drop(passing);
                    let again = world.handle("held");
                    assert!(Arc::ptr_eq(&again.slot, &held.slot));
                    assert_eq!(whole(&Token::lent(again.try_token().unwrap())), 1);
                }
            }
        });
        // and what nobody holds goes
        world.handle("last");
        assert!(world.core.slots().by_key.len() <= 3);
    });
}

#[test]
fn of_two_caches_over_one_store_one_fetches() {
    explore(|| {
        let clock = Arc::new(Still::default());
        let store = Arc::new(Slow(MemoryStore::with_clock(clock.clone())));
        let one = World::with(|builder, _| builder.clock(clock.clone()).store(Arc::clone(&store)));
        let mut two =
            World::with(|builder, _| builder.clock(clock.clone()).store(Arc::clone(&store)));
        two.service = Arc::clone(&one.service);
        let handles = [one.handle("a"), two.handle("a")];
        each(2, move |index| {
            let token = shuttle::future::block_on(token(&handles[index])).unwrap();
            assert_eq!(whole(&token), 1);
        });
        assert_eq!(one.service.calls(), 1);
    });
}

#[test]
fn a_new_signing_key_under_a_flight_clears_what_the_old_one_is_refused_for() {
    explore(|| {
        let world = World::new();
        world.service.failures.store(1, Ordering::SeqCst);
        let handle = world.handle("a");
        each(2, {
            let handle = handle.clone();
            move |index| {
                if index == 0 {
                    // the old key's refusal, or what came after it
                    drop(shuttle::future::block_on(token(&handle)));
                } else {
                    handle.credential_changed();
                }
            }
        });
        handle.credential_changed();
        let token = shuttle::future::block_on(token(&handle));
        assert!(token.is_ok(), "a refusal outlived its key");
        world.no_double_fetch();
    });
}
