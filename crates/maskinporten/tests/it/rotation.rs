//! Keys that change while the program runs, and keys that run out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http_transport::{BoxFuture, ExposeSecret};
use maskinporten::{
    Algorithm, BuildError, BuildErrorKind, Certificate, Client, Environment, ErrorKind,
    KeyReference, KeySource, Keys, Sign, SignError, Signer, TokenRequest,
};
use token_cache::{Clock, TestClock, TokenCache};

use crate::support::{CLIENT_ID, Seen, answer, kid_in, server, token_answer};

#[derive(Debug)]
struct Named(&'static str);

impl Sign for Named {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn key_reference(&self) -> Option<KeyReference> {
        Some(KeyReference::KeyId(self.0.parse().unwrap()))
    }

    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async { Ok(vec![7; 256]) })
    }
}

fn named(name: &'static str) -> Signer {
    Signer::new(Named(name)).unwrap()
}

/// Brings what is put into it.
#[derive(Clone, Debug, Default)]
struct Shelf(Arc<Mutex<Vec<Result<Signer, BuildError>>>>);

impl Shelf {
    fn put(&self, key: Result<Signer, BuildError>) {
        self.0.lock().unwrap().push(key);
    }
}

impl KeySource for Shelf {
    fn load(&self) -> BoxFuture<'_, Result<Option<Signer>, BuildError>> {
        Box::pin(async { self.0.lock().unwrap().pop().transpose() })
    }
}

struct Scene {
    client: Client,
    clock: Arc<TestClock>,
    seen: Seen,
}

const UNKNOWN_KID: &str = r#"{"error":"invalid_grant","error_description":"Invalid assertion. Client authentication failed. Unknown key identifier (kid) for client. (trace_id: 493f1671fdc2eef443fd443a88e052ea)"}"#;

/// A server that knows the old key, and the new one once it has been told.
fn scene(keys: Keys, knows_new: &Arc<AtomicBool>, knows_old: bool) -> Scene {
    let knows_new = Arc::clone(knows_new);
    let seen = Seen::default();
    let record = Arc::clone(&seen);
    let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        let known = match kid_in(&form).as_str() {
            "old" => knows_old,
            _ => knows_new.load(Ordering::SeqCst),
        };
        record.lock().unwrap().push(form);
        async move {
            if known {
                token_answer("t0ken")
            } else {
                answer(400, UNKNOWN_KID)
            }
        }
    });
    let clock = Arc::new(TestClock::new());
    let client = Client::builder(Environment::test(), CLIENT_ID.parse().unwrap(), keys)
        .transport(Arc::new(transport))
        .cache(TokenCache::builder().clock(clock.clone()).build())
        .build()
        .unwrap();
    Scene {
        client,
        clock,
        seen,
    }
}

impl Scene {
    /// A new token, past the one that is cached; the kids that signed for it.
    async fn fetch(&self) -> Result<Vec<String>, maskinporten::Error> {
        self.clock.advance(Duration::from_secs(200));
        tokio::time::advance(Duration::from_secs(200)).await;
        self.seen.lock().unwrap().clear();
        let token = self.client.token(&plain()).await?;
        assert_eq!(token.secret().expose_secret(), "t0ken");
        Ok(self
            .seen
            .lock()
            .unwrap()
            .iter()
            .map(|form| kid_in(form))
            .collect())
    }
}

fn plain() -> TokenRequest {
    TokenRequest::scopes(["difitest:test1".parse().unwrap()])
}

/// A row of the failure catalogue: it does not, and the old key is kept until the new one was
/// accepted once.
#[tokio::test(start_paused = true)]
async fn key_rotation_needs_a_restart() {
    let shelf = Shelf::default();
    shelf.put(Ok(named("old")));
    let keys = Keys::reloading(shelf.clone()).await.unwrap();
    let knows_new = Arc::new(AtomicBool::new(false));
    let scene = scene(keys.clone(), &knows_new, true);
    assert_eq!(scene.fetch().await.unwrap(), ["old"]);

    // a key that is not registered yet costs a grant, and nobody a token
    shelf.put(Ok(named("new")));
    assert_eq!(scene.fetch().await.unwrap(), ["new", "old"]);
    assert_eq!(scene.fetch().await.unwrap(), ["new", "old"]);
    assert_eq!(keys.current().key_reference(), named("old").key_reference());
    assert!(keys.candidate().is_some());

    knows_new.store(true, Ordering::SeqCst);
    assert_eq!(scene.fetch().await.unwrap(), ["new"]);
    assert!(keys.candidate().is_none());
    // from now on the old one is gone
    knows_new.store(false, Ordering::SeqCst);
    assert_eq!(scene.fetch().await.unwrap_err().kind(), ErrorKind::Key);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_not_tried_with_every_grant_and_both_refused_is_the_new_ones_error() {
    let keys = Keys::new(named("old"));
    let scene = scene(keys.clone(), &Arc::default(), true);
    keys.offer(named("new"));
    assert_eq!(scene.fetch().await.unwrap(), ["new", "old"]);
    // within a minute of the refusal, for another token
    scene.seen.lock().unwrap().clear();
    let other = TokenRequest::scopes(["difitest:test2".parse().unwrap()]);
    // that one lacks the scope in the answer's text only; the token is no JWT
    assert!(scene.client.token(&other).await.is_ok());
    let kids: Vec<String> = scene
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|form| kid_in(form))
        .collect();
    assert_eq!(kids, ["old"]);

    let keys = Keys::new(named("old"));
    let scene = self::scene(keys.clone(), &Arc::default(), false);
    keys.offer(named("new"));
    let error = scene.fetch().await.unwrap_err();
    assert!(error.to_string().contains("new"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_read_changes_nothing() {
    let broken = || "two words".parse::<maskinporten::KeyId>().unwrap_err();
    let shelf = Shelf::default();
    shelf.put(Ok(named("old")));
    let keys = Keys::reloading(shelf.clone()).await.unwrap();
    let scene = scene(keys, &Arc::default(), true);
    shelf.put(Err(broken()));
    assert_eq!(scene.fetch().await.unwrap(), ["old"]);

    assert_eq!(
        Keys::reloading(Shelf::default()).await.unwrap_err().kind(),
        BuildErrorKind::NoKey
    );
    let shelf = Shelf::default();
    shelf.put(Err(broken()));
    assert_eq!(
        Keys::reloading(shelf).await.unwrap_err().kind(),
        BuildErrorKind::Value
    );
}

#[cfg(feature = "openssl")]
#[tokio::test(start_paused = true)]
async fn a_key_file_is_read_again_when_it_changes() {
    use maskinporten::KeyFile;

    use crate::jwk::jwk;
    use crate::keys::made::key;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.jwk");
    let write = |kid: &str| {
        let mut jwk = jwk(&key(2048));
        jwk["kid"] = kid.into();
        // as it should be done, and as Kubernetes does it: at once
        let new = folder.path().join("new");
        std::fs::write(&new, jwk.to_string()).unwrap();
        std::fs::rename(new, &path).unwrap();
    };
    let file = || KeyFile::new(&path, |text| Signer::from_jwk(text));
    assert_eq!(
        Keys::reloading(file()).await.unwrap_err().kind(),
        BuildErrorKind::NotAKeyFile
    );

    write("old");
    let keys = Keys::reloading(file()).await.unwrap();
    let knows_new = Arc::new(AtomicBool::new(true));
    let scene = scene(keys, &knows_new, true);
    assert_eq!(scene.fetch().await.unwrap(), ["old"]);
    assert_eq!(scene.fetch().await.unwrap(), ["old"]);
    write("new");
    assert_eq!(scene.fetch().await.unwrap(), ["new"]);
    std::fs::write(&path, "torn").unwrap();
    assert_eq!(scene.fetch().await.unwrap(), ["new"]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(scene.fetch().await.unwrap(), ["new"]);
}

/// A certificate that is valid this many days more.
#[derive(Debug)]
struct Certified(Certificate);

impl Sign for Certified {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn key_reference(&self) -> Option<KeyReference> {
        Some(KeyReference::Chain(vec![vec![0x30]]))
    }

    fn certificate(&self) -> Option<&Certificate> {
        Some(&self.0)
    }

    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async { Ok(vec![7; 256]) })
    }
}

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn days_left_are_whole_days() {
    let now = SystemTime::UNIX_EPOCH + 20_000 * DAY;
    let certificate = Certificate::new("O=TEST", now - DAY, now + 10 * DAY);
    for (at, days) in [
        (now, 10),
        (now + Duration::from_secs(1), 9),
        (now + 10 * DAY, 0),
        (now + 10 * DAY + Duration::from_secs(1), -1),
        (now + 12 * DAY, -3),
    ] {
        assert_eq!(certificate.days_left(at), days, "{at:?}");
    }
    let signer = Signer::new(Certified(certificate)).unwrap();
    assert_eq!(signer.days_left(now), Some(10));
    // a registered key has a time of its own, which the certificate does not know
    let signer = signer.with_kid("ours".parse().unwrap());
    assert_eq!(signer.days_left(now), None);
    assert_eq!(
        signer.with_key_expiry(now + 3 * DAY).days_left(now),
        Some(3)
    );
}

#[test]
fn days_left_are_a_value_a_metric_and_a_warning_event() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let clock = Arc::new(TestClock::new());
    let until = clock.now_wall() + 29 * DAY + DAY / 2;
    let certificate = Certificate::new("O=TEST", SystemTime::UNIX_EPOCH, until);
    let (transport, _) = server(|_| token_answer("t0ken"));
    let client = Client::builder(
        Environment::test(),
        CLIENT_ID.parse().unwrap(),
        Signer::new(Certified(certificate)).unwrap(),
    )
    .transport(transport)
    .cache(TokenCache::builder().clock(clock.clone()).build())
    .build()
    .unwrap();
    assert_eq!(client.key_days_left(), Some(29));

    let log = crate::support::Log::default();
    let sign = || {
        let subscriber = log.subscriber();
        let request = plain();
        tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(client.assertion(&request)).unwrap();
        });
    };
    let gauge = gauge::record(sign);
    sign();
    let warnings = || log.text().matches("expires soon").count();
    assert_eq!(warnings(), 1, "{}", log.text());
    assert!(log.text().contains("days_left=29"), "{}", log.text());
    clock.advance(DAY);
    sign();
    assert_eq!(warnings(), 2, "once a day: {}", log.text());
    clock.advance(40 * DAY);
    sign();
    assert!(log.text().contains("has expired"), "{}", log.text());
    if cfg!(feature = "metrics") {
        assert_eq!(gauge, Some(29.0));
    }
}

#[cfg(not(feature = "metrics"))]
mod gauge {
    pub(super) fn record(work: impl Fn()) -> Option<f64> {
        work();
        None
    }
}

#[cfg(feature = "metrics")]
mod gauge {
    use std::sync::{Arc, Mutex};

    use metrics::{
        Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    #[derive(Default)]
    struct Last(Arc<Value>);

    #[derive(Default)]
    struct Value(Mutex<Option<f64>>);

    impl GaugeFn for Value {
        fn increment(&self, _: f64) {}
        fn decrement(&self, _: f64) {}
        fn set(&self, value: f64) {
            *self.0.lock().unwrap() = Some(value);
        }
    }

    impl Recorder for Last {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            assert_eq!(key.name(), "maskinporten_key_days_left");
            Gauge::from_arc(Arc::clone(&self.0))
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    pub(super) fn record(work: impl Fn()) -> Option<f64> {
        let recorder = Last::default();
        metrics::with_local_recorder(&recorder, work);
        *recorder.0.0.lock().unwrap()
    }
}
