//! How existing clients fail, one test for each row that touches the cache.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_transport::{SecretString, Transport};
use token_cache::{Authorized, ErrorKind, FailureClass, Fetched, SourceError, TokenKey, source};

use crate::server::{FETCH, LIFETIME, Reply, bench, callers, failure, key, pass, timed};

#[tokio::test(start_paused = true)]
async fn global_convoy() {
    let bench = bench();
    let warm = bench.cache.handle(key("warm"), bench.server.clone());
    warm.token().await.unwrap();
    bench.server.always(Reply::Never);

    let stuck = tokio::spawn({
        let cold = bench.handle.clone();
        async move { cold.token().await.map(drop) }
    });
    pass(61.0).await; // the warm key is due for refresh, and its fetch hangs as well
    for _ in 0..100 {
        let (time, token) = timed(warm.token()).await;
        assert_eq!((time, token.unwrap().expose()), (Duration::ZERO, "token-1"));
        pass(0.01).await;
    }
    assert!(
        bench.server.calls() >= 3,
        "a refresh must hang while hits are served"
    );
    stuck.abort();
}

#[tokio::test(start_paused = true)]
async fn failure_convoy() {
    let bench = bench();
    bench.server.always(Reply::Fail(FailureClass::Refused));
    let (time, answers) = timed(callers(100, &bench.handle)).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_err_and(|error| error.is_refusal()))
    );
    assert_eq!(bench.server.calls(), 1);
    assert!(time < FETCH * 6 / 5, "{time:?}");

    // with 503: the attempts of one flight
    pass(60.0).await;
    bench.server.always(Reply::Fail(FailureClass::Transient));
    let answers = callers(100, &bench.handle).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_err_and(|error| error.is_transient()))
    );
    assert_eq!(bench.server.attempts(), [1, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn poisoned_flight() {
    let bench = bench();
    bench.server.then([Reply::Fail(FailureClass::Refused)]);
    assert!(bench.handle.token().await.is_err());
    let (time, remembered) = timed(bench.handle.token()).await;
    assert!(
        remembered.is_err() && time.is_zero(),
        "within the window nobody asks again"
    );
    assert_eq!(bench.server.calls(), 1);

    pass(1.0).await;
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn poisoned_flight_by_a_panic() {
    let bench = bench();
    bench.server.then([Reply::Panic]);
    assert_eq!(
        bench.handle.token().await.unwrap().expose(),
        "token-2",
        "a waiter takes over"
    );

    let other = bench.cache.handle(key("b"), bench.server.clone());
    bench.server.always(Reply::Panic);
    assert_eq!(
        other.token().await.unwrap_err().kind(),
        ErrorKind::Abandoned
    );
    bench.server.always(Reply::Token);
    assert!(other.token().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn first_callers_cancellation() {
    let bench = bench();
    let first = tokio::spawn({
        let handle = bench.handle.clone();
        async move { handle.token().await.map(drop) }
    });
    pass(0.01).await;
    let second = tokio::spawn({
        let handle = bench.handle.clone();
        async move { handle.token().await.map(|token| token.expose().to_owned()) }
    });
    pass(0.01).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(second.await.unwrap().unwrap(), "token-1");
    assert_eq!(bench.server.calls(), 1);

    // nobody left to wait: the token is there all the same
    let other = bench.cache.handle(key("b"), bench.server.clone());
    let gone = other
        .token_within(Duration::from_millis(1))
        .await
        .unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::WaitedTooLong);
    pass(0.1).await;
    assert_eq!(other.try_token().unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn valid_token_thrown_away() {
    let bench = bench();
    bench.handle.token().await.unwrap();
    bench.server.always(Reply::Fail(FailureClass::Refused));
    // the hard limit is at 118 s, counted from before the fetch
    for _ in 0..1179 - 10 {
        pass(0.1).await;
        let (time, token) = timed(bench.handle.token()).await;
        assert_eq!((time, token.unwrap().expose()), (Duration::ZERO, "token-1"));
    }
    let refreshes = bench.server.calls() - 1;
    assert!((3..20).contains(&refreshes), "{refreshes} refreshes failed");
    pass(1.5).await;
    assert!(bench.handle.token().await.unwrap_err().is_refusal());
}

#[tokio::test(start_paused = true)]
async fn expired_token_served() {
    let bench = bench();
    let token = bench.handle.token().await.unwrap().clone();
    assert!(
        token.expires_in() < LIFETIME,
        "counted from before the request"
    );
    pass(118.0 - FETCH.as_secs_f64() - 0.001).await;
    bench.server.always(Reply::Never);
    assert_eq!(bench.handle.try_token().unwrap().hash(), token.hash());
    pass(0.001).await;
    assert!(
        bench.handle.try_token().is_none(),
        "the hard limit, two seconds before the expiry"
    );

    // the wall clock alone: the machine slept, the monotonic clock stood still
    let bench = crate::server::bench();
    bench.handle.token().await.unwrap();
    bench.clock.step_wall_forward(Duration::from_secs(118));
    assert!(bench.handle.try_token().is_none());
    // the monotonic clock alone: the wall clock was set back
    bench.handle.token().await.unwrap();
    bench.clock.step_wall_back(Duration::from_secs(3600));
    assert!(bench.handle.try_token().is_some());
    pass(118.0).await;
    assert!(bench.handle.try_token().is_none());
}

#[tokio::test(start_paused = true)]
async fn expired_on_arrival() {
    let bench = bench();
    bench.server.lifetime(Duration::ZERO);
    let error = bench.handle.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        bench.server.calls(),
        3,
        "the attempts of one flight, not one for every caller"
    );
}

/// Ten requests a second for an hour; the service is down for 30 s every 20 minutes.
#[tokio::test(start_paused = true)]
async fn never_cached() {
    let bench = bench();
    bench.handle.token().await.unwrap();
    for tenth in 1..36_000_u32 {
        pass(0.1).await;
        let down = tenth % 12_000 > 11_700;
        bench.server.always(if down {
            Reply::Fail(FailureClass::Transient)
        } else {
            Reply::Token
        });
        let (time, token) = timed(bench.handle.token()).await;
        assert!(
            time.is_zero() && token.is_ok(),
            "blocked or failed at {tenth}"
        );
    }
    let calls = bench.server.calls();
    // sixty and what the outages add: their pauses are random, and 103 has been seen
    assert!(
        (55..=150).contains(&calls),
        "about once a minute, not {calls}"
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_tenants_token() {
    let bench = bench();
    let key = |customer: &str, scopes: &[&str]| {
        TokenKey::builder("maskinporten")
            .part("issuer", "https://maskinporten.no/")
            .part("consumer_org", customer)
            .scopes(scopes)
            .build()
    };
    let token = async |key| {
        let handle = bench.cache.handle(key, bench.server.clone());
        handle.token().await.unwrap().expose().to_owned()
    };
    let one = token(key("310702641", &["a:read", "b:write"])).await;
    assert_eq!(
        one,
        token(key("310702641", &["b:write", "a:read"])).await,
        "order is no difference"
    );
    assert_ne!(one, token(key("313588270", &["a:read", "b:write"])).await);
    assert_ne!(one, token(key("310702641", &["a:read"])).await);
}

#[tokio::test(start_paused = true)]
async fn clock_skew_kills_grants() {
    let bench = bench();
    // the server's clock is 40 s ahead of ours, and its refusal says so in its Date header
    let issuer = "https://test.maskinporten.no/";
    let (clock, offset) = (
        Arc::clone(bench.cache.clock()),
        bench.cache.clock_offset(issuer),
    );
    let grants = source::from_fn(move |_attempt| {
        let (clock, offset) = (Arc::clone(&clock), offset.clone());
        async move {
            let here = clock.now_wall();
            let server = here + Duration::from_secs(40);
            let iat = offset.correct(here);
            if server.duration_since(iat).unwrap_or_default() > Duration::from_secs(10) {
                let mut headers = http::HeaderMap::new();
                let date = "Thu, 01 Jan 2026 12:00:40 GMT".parse().unwrap();
                headers.insert(http::header::DATE, date);
                offset.observe(&headers, here, here + Duration::from_millis(200));
                return Err(failure(FailureClass::Clock));
            }
            Ok(Fetched::new(SecretString::from("t0ken"), LIFETIME))
        }
    });
    let handle = bench.cache.handle(key("skewed"), grants);
    assert_eq!(handle.token().await.unwrap().expose(), "t0ken");
    assert_eq!(bench.cache.clock_offset(issuer).whole_seconds(), 40);

    // one more attempt, not many
    bench.server.always(Reply::Fail(FailureClass::Clock));
    assert_eq!(
        bench.handle.token().await.unwrap_err().kind(),
        ErrorKind::Clock
    );
    assert_eq!(bench.server.attempts(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn retry_re_sends_the_used_grant() {
    let bench = bench();
    // the first attempt arrived, but its answer did not
    bench.server.then([
        Reply::Fail(FailureClass::Transient),
        Reply::Fail(FailureClass::UsedBefore),
    ]);
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-3");
    assert_eq!(
        bench.server.attempts(),
        [1, 2, 3],
        "every attempt makes a grant of its own"
    );

    let other = bench.cache.handle(key("b"), bench.server.clone());
    bench.server.then([Reply::Fail(FailureClass::Transient)]);
    bench.server.always(Reply::Fail(FailureClass::UsedBefore));
    let error = other.token().await.unwrap_err();
    assert_eq!(
        error.diagnosis().status(),
        Some(503),
        "MP-012 must not hide the first error"
    );
    assert_eq!(bench.server.attempts()[3..], [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn retry_storm_on_401() {
    let bench = bench();
    let requests = Arc::new(Mutex::new(0));
    let refusing = http_transport::from_fn({
        let requests = Arc::clone(&requests);
        move |_request| {
            *requests.lock().unwrap() += 1;
            async {
                Ok(http::Response::builder()
                    .status(401)
                    .body(bytes::Bytes::new())
                    .unwrap())
            }
        }
    });
    let api = Authorized::new(refusing, bench.handle.clone())
        .origin("https://api.example.no".parse().unwrap())
        .unwrap();
    for _ in 0..100 {
        let request = http::Request::get("https://api.example.no/").body(bytes::Bytes::new());
        let response = api.send(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 401);
    }
    // the 401 has nothing to do with the token: one renewal finds out, for half a minute
    assert_eq!(*requests.lock().unwrap(), 101);
    assert_eq!(bench.server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn secret_in_logs() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let secret = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl";
    let person = "02895812345";
    let scenario = async || {
        let bench = crate::server::bench_with(|builder, clock| {
            builder.store(token_cache::MemoryStore::with_clock(clock.clone()))
        });
        bench.server.always(Reply::The(secret));
        let key = TokenKey::builder("maskinporten")
            .part("pid", person)
            .build();
        let handle = bench.cache.handle(key, bench.server.clone());
        let token = handle.token().await.unwrap();
        handle.invalidate(&token);
        bench.server.then([
            Reply::Fail(FailureClass::Transient),
            Reply::Fail(FailureClass::Curable),
        ]);
        let error = handle.token().await.unwrap_err();
        assert!(token.header_value().is_sensitive());
        format!(
            "{token:?} {handle:?} {key:?} {key} {error:?} {error} {:?}",
            bench.cache
        )
    };
    // once before, so that every log statement is known when the subscriber comes: other tests run
    // at the same time without one
    scenario().await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();

    let shown = scenario().await + &String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        shown.contains("fetched a token") && shown.contains("no token"),
        "{shown}"
    );
    for part in [secret, "c2VjcmV0", "eyJ", person] {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn national_id_in_logs_and_cache_keys() {
    let person = "02895812345";
    let key = TokenKey::builder("maskinporten")
        .part("pid", person)
        .build();
    let name = key
        .hash()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    assert!(!format!("{key:?}{key}{name}").contains(person));
    assert_ne!(
        key,
        TokenKey::builder("maskinporten")
            .part("pid", "02895812346")
            .build()
    );
}

#[tokio::test(start_paused = true)]
async fn exception_hides_the_cause() {
    let bench = bench();
    bench.server.always(Reply::Fail(FailureClass::Curable));
    for error in callers(3, &bench.handle)
        .await
        .into_iter()
        .map(Result::unwrap_err)
    {
        assert_eq!(error.kind(), ErrorKind::LacksAccess);
        let diagnosis = error.diagnosis();
        assert_eq!(
            (diagnosis.status(), diagnosis.code()),
            (Some(403), Some("MP-250"))
        );
        assert_eq!(
            diagnosis.trace_id(),
            Some("b2d8c3f6a1e94f7c8d0e5a6b7c8d9e0f")
        );
        assert!(diagnosis.remedy().is_some());
        assert!(
            error.cause::<std::fmt::Error>().is_some(),
            "the source's own error"
        );
        assert!(error.cause::<SourceError>().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn key_rotation_needs_a_restart() {
    let bench = bench();
    bench
        .server
        .sign_with("old key")
        .always(Reply::Fail(FailureClass::Refused));
    let handle = bench.cache.handle(key("rotated"), bench.server.clone());
    assert!(handle.token().await.is_err());

    // a new key clears the refusal
    bench.server.sign_with("new key").always(Reply::Token);
    handle.credential_changed();
    let first = handle.token().await.unwrap().expose().to_owned();

    // another new one makes the token due; the old one is served meanwhile
    bench.server.sign_with("newest key");
    let again = bench.cache.handle(key("rotated"), bench.server.clone());
    assert_eq!(again.token().await.unwrap().expose(), first);
    pass(0.1).await;
    let second = again.token().await.unwrap().expose().to_owned();
    assert_ne!(first, second);

    // a key that was seen before is nothing new: two clients do not chase each other
    bench.server.sign_with("new key");
    bench
        .cache
        .handle(key("rotated"), bench.server.clone())
        .token()
        .await
        .unwrap();
    pass(0.1).await;
    assert_eq!(again.token().await.unwrap().expose(), second);
}
