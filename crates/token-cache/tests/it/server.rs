//! A token service of which a test decides how it answers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_transport::{BoxFuture, Diagnosis, Remedy, SecretString, Who};
use token_cache::{
    Attempt, FailureClass, Fetched, Handle, Source, SourceError, TestClock, TokenCache,
    TokenCacheBuilder, TokenHash, TokenKey,
};

pub(crate) const FETCH: Duration = Duration::from_millis(50);
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A token that no call got before.
    Token,
    /// This token.
    The(&'static str),
    Fail(FailureClass),
    FailFor(FailureClass, Duration),
    Never,
    Panic,
}

#[derive(Clone, Debug)]
pub(crate) struct Server(Arc<State>);

#[derive(Debug)]
struct State {
    calls: AtomicU32,
    attempts: Mutex<Vec<u32>>,
    next: Mutex<VecDeque<Reply>>,
    always: Mutex<Reply>,
    lifetime: Mutex<Duration>,
    credential: Mutex<Option<TokenHash>>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            calls: AtomicU32::new(0),
            attempts: Mutex::default(),
            next: Mutex::default(),
            always: Mutex::new(Reply::Token),
            lifetime: Mutex::new(LIFETIME),
            credential: Mutex::default(),
        }))
    }

    /// The replies to the next calls, in order.
    pub(crate) fn then(&self, replies: impl IntoIterator<Item = Reply>) -> &Self {
        self.0.next.lock().unwrap().extend(replies);
        self
    }

    /// The reply to all calls after those.
    pub(crate) fn always(&self, reply: Reply) -> &Self {
        *self.0.always.lock().unwrap() = reply;
        self
    }

    pub(crate) fn lifetime(&self, lifetime: Duration) -> &Self {
        *self.0.lifetime.lock().unwrap() = lifetime;
        self
    }

    pub(crate) fn sign_with(&self, key: &str) -> &Self {
        *self.0.credential.lock().unwrap() = Some(TokenHash::of(key));
        self
    }

    pub(crate) fn calls(&self) -> u32 {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// The attempt numbers that the calls came with.
    pub(crate) fn attempts(&self) -> Vec<u32> {
        self.0.attempts.lock().unwrap().clone()
    }
}

impl Source for Server {
    fn fetch(&self, attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.attempts.lock().unwrap().push(attempt.number());
        let reply = self.0.next.lock().unwrap().pop_front();
        let reply = reply.unwrap_or_else(|| self.0.always.lock().unwrap().clone());
        let lifetime = *self.0.lifetime.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(FETCH).await;
            let token = |text: String| Ok(Fetched::new(SecretString::from(text), lifetime));
            match reply {
                Reply::Token => token(format!("token-{call}")),
                Reply::The(text) => token(text.to_owned()),
                Reply::Fail(class) => Err(failure(class)),
                Reply::FailFor(class, time) => Err(failure(class).with_retry_after(time)),
                Reply::Never => std::future::pending().await,
                Reply::Panic => panic!("the source panics, as the test wants it to"),
            }
        })
    }

    fn credential(&self) -> Option<TokenHash> {
        *self.0.credential.lock().unwrap()
    }
}

/// Looks like the refusal of a real service.
pub(crate) fn failure(class: FailureClass) -> SourceError {
    let (status, code) = match class {
        FailureClass::Transient => (503, "none"),
        FailureClass::Curable => (403, "MP-250"),
        FailureClass::Clock => (400, "MP-130"),
        FailureClass::UsedBefore => (400, "MP-012"),
        _ => (400, "MP-100"),
    };
    let diagnosis = Diagnosis::new("get a Maskinporten token")
        .with_status(status)
        .with_code(code)
        .with_trace_id("b2d8c3f6a1e94f7c8d0e5a6b7c8d9e0f")
        .with_remedy(Remedy::new(Who::ApiOwner, "grant the scope"));
    SourceError::new(class, diagnosis).with_source(std::fmt::Error)
}

pub(crate) fn key(name: &str) -> TokenKey {
    TokenKey::builder("test").part("name", name).build()
}

/// A cache on a test clock, its server, and the handle of one key.
pub(crate) struct Bench {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) cache: TokenCache,
    pub(crate) server: Server,
    pub(crate) handle: Handle,
}

pub(crate) fn bench() -> Bench {
    bench_with(|builder, _| builder)
}

pub(crate) fn bench_with(
    set: impl FnOnce(TokenCacheBuilder, &Arc<TestClock>) -> TokenCacheBuilder,
) -> Bench {
    let clock = Arc::new(TestClock::new());
    let cache = set(TokenCache::builder().clock(clock.clone()), &clock).build();
    let server = Server::new();
    let handle = cache.handle(key("a"), server.clone());
    Bench {
        clock,
        cache,
        server,
        handle,
    }
}

/// Lets `seconds` of virtual time go by, and everything in them happen.
pub(crate) async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// How much virtual time `doing` takes, and what comes of it.
pub(crate) async fn timed<T>(doing: impl Future<Output = T>) -> (Duration, T) {
    let start = tokio::time::Instant::now();
    let outcome = doing.await;
    (start.elapsed(), outcome)
}

/// `number` callers at once, each a task.
pub(crate) async fn callers(
    number: usize,
    handle: &Handle,
) -> Vec<Result<String, token_cache::Error>> {
    let tasks: Vec<_> = (0..number)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.token().await.map(|token| token.expose().to_owned()) })
        })
        .collect();
    let mut answers = Vec::with_capacity(number);
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
