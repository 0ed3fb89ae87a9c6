//! Flights, runtimes, deadlines, eviction.

use std::time::Duration;

use token_cache::{ErrorKind, FailureClass, Handle, KeepWarm, Token, TokenCache};

use crate::server::{FETCH, Reply, Server, bench, bench_with, callers, key, pass, timed};

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_on_a_cold_key_are_one_flight() {
    let bench = bench();
    let (time, answers) = timed(callers(10_000, &bench.handle)).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_deref().is_ok_and(|token| token == "token-1"))
    );
    assert_eq!(bench.server.calls(), 1);
    assert!(time <= FETCH * 6 / 5, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_background_refresh_is_one_flight_and_blocks_nobody() {
    let bench = bench();
    bench.handle.token().await.unwrap();
    pass(70.0).await;
    let (time, answers) = timed(callers(1000, &bench.handle)).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_deref().is_ok_and(|token| token == "token-1"))
    );
    assert!(time.is_zero());
    pass(0.1).await;
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-2");
    assert_eq!(bench.server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn every_caller_has_its_own_deadline() {
    let bench = bench();
    bench.server.always(Reply::Never);
    let patient = bench.handle.clone();
    let patient = tokio::spawn(async move { timed(patient.token()).await.1.map(drop) });
    let (time, hasty) = timed(bench.handle.token_within(Duration::from_secs(2))).await;
    assert_eq!(hasty.unwrap_err().kind(), ErrorKind::WaitedTooLong);
    assert_eq!(time, Duration::from_secs(2));
    // the flight's own limits end it: two attempts of 20 s and the rest of 45 s
    let error = patient.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(bench.server.attempts(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn one_may_wait_without_end() {
    let bench = bench();
    let token = bench.handle.token_within(Duration::MAX).await.unwrap();
    assert_eq!(token.expose(), "token-1");
}

#[test]
fn a_flight_whose_runtime_goes_away_is_taken_over() {
    let cache = TokenCache::new();
    let server = Server::new();
    server.then([Reply::Never]);
    let handle = cache.handle(key("a"), server.clone());

    let first = runtime();
    first.block_on(async {
        let gone = handle.token_within(Duration::ZERO).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::WaitedTooLong);
        tokio::task::yield_now().await; // the flight has begun
    });
    let second = runtime();
    let waiter = {
        let handle = handle.clone();
        second.spawn(async move { handle.token().await.map(|token| token.expose().to_owned()) })
    };
    second.block_on(tokio::task::yield_now()); // the waiter waits for the first runtime's flight
    assert_eq!(server.calls(), 1);
    drop(first);
    assert_eq!(second.block_on(waiter).unwrap().unwrap(), "token-2");
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let cache = TokenCache::new();
    let handle = cache.handle(key("a"), Server::new());
    let mut token = std::pin::pin!(handle.token());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = token.as_mut().poll(&mut context) else {
        panic!("neither a token nor a runtime to wait on")
    };
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
    assert!(!handle.keep_warm().is_running());

    // and later, with a runtime, all is well
    assert!(runtime().block_on(handle.token()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn retry_after_wins_in_and_after_a_flight() {
    let bench = bench();
    // short enough to wait for within the flight
    let short = Duration::from_secs(3);
    bench
        .server
        .then([Reply::FailFor(FailureClass::Transient, short)]);
    let (time, token) = timed(bench.handle.token()).await;
    assert_eq!(
        (time, token.unwrap().expose()),
        (short + FETCH * 2, "token-2")
    );

    // too long for callers to wait: they are told, and nobody asks before the time is up
    let other = bench.cache.handle(key("b"), bench.server.clone());
    bench.server.then([Reply::FailFor(
        FailureClass::Transient,
        Duration::from_secs(20),
    )]);
    assert!(other.token().await.is_err());
    for _ in 0..19 {
        pass(1.0).await;
        assert!(other.token().await.is_err());
    }
    assert_eq!(bench.server.calls(), 3);
    pass(1.0).await;
    assert!(other.token().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_failures_grows_and_others_cures_are_seen_within_30_s() {
    let bench = bench();
    bench.server.always(Reply::Fail(FailureClass::Curable));
    let mut seen = Vec::new();
    for _ in 0..2400 {
        let before = bench.server.calls();
        assert!(bench.handle.token().await.is_err());
        if bench.server.calls() > before {
            seen.push(tokio::time::Instant::now());
        }
        pass(0.1).await;
    }
    let gaps: Vec<_> = seen.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        gaps.len() > 8 && gaps[0] < Duration::from_millis(1200),
        "{gaps:?}"
    );
    assert!(gaps[3] > gaps[0] * 4, "{gaps:?}");
    assert!(
        gaps.iter().all(|gap| *gap <= Duration::from_millis(30_300)),
        "{gaps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn invalidate_is_for_that_token_only() {
    let bench = bench();
    let old = bench.handle.token().await.unwrap();
    bench.handle.invalidate(&old);
    assert!(bench.handle.try_token().is_none());
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-2");
    bench.handle.invalidate(&old); // a late caller with the old one
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-2");
    assert_eq!(bench.server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn keep_warm_refreshes_by_timer_until_it_is_dropped() {
    let bench = bench();
    let warm = bench.handle.keep_warm();
    assert!(warm.is_running());
    pass(3600.0).await; // nobody calls
    assert!(bench.handle.try_token().is_some());
    let calls = bench.server.calls();
    assert!((55..75).contains(&calls), "{calls}");

    // an outage: the windows keep it from storming, and it recovers by itself
    bench.server.always(Reply::Fail(FailureClass::Transient));
    pass(600.0).await;
    let during = bench.server.calls() - calls;
    assert!((50..400).contains(&during), "{during}");
    bench.server.always(Reply::Token);
    pass(11.0).await;
    assert!(bench.handle.try_token().is_some());

    drop(warm);
    pass(1.0).await;
    let calls = bench.server.calls();
    pass(600.0).await;
    assert_eq!(bench.server.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn the_capacity_bound_never_evicts_what_a_handle_holds() {
    let bench = bench_with(|builder, _| builder.capacity(8));
    let held = bench.handle.token().await.unwrap().clone();
    for number in 0..100 {
        let passing = bench
            .cache
            .handle(key(&number.to_string()), bench.server.clone());
        passing.token().await.unwrap();
    }
    assert!(bench.cache.len() <= 8, "{}", bench.cache.len());
    let again = bench.cache.handle(key("a"), bench.server.clone());
    assert_eq!(again.try_token().unwrap().hash(), held.hash());
    let newest = bench.cache.handle(key("99"), bench.server.clone());
    assert!(
        newest.try_token().is_some(),
        "the one looked up longest ago goes first"
    );

    // held ones may exceed the bound; their tokens are all there
    let many: Vec<_> = (0..50)
        .map(|number| {
            bench
                .cache
                .handle(key(&format!("held {number}")), bench.server.clone())
        })
        .collect();
    for handle in &many {
        handle.token().await.unwrap();
    }
    assert!(many.iter().all(|handle| handle.try_token().is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_never_see_a_token_that_was_invalidated_before_they_looked() {
    let cache = TokenCache::new();
    let number = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let source = token_cache::source::from_fn(move |_| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let token = http_transport::SecretString::from(number.to_string());
        async { Ok(token_cache::Fetched::new(token, Duration::from_secs(120))) }
    });
    let handle = cache.handle(key("a"), source);
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move {
                let mut last = 0;
                for _ in 0..500 {
                    let token = handle.token().await.unwrap();
                    let number: u64 = token.expose().parse().unwrap();
                    assert!(number >= last, "{number} after {last}");
                    assert_eq!(token.header_value(), &format!("Bearer {number}"));
                    handle.invalidate(&token);
                    last = number + 1;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn what_a_user_holds_can_cross_threads() {
    fn check<T: Send + Sync + Clone>() {}
    fn check_future(_: impl Future + Send) {}
    check::<Handle>();
    check::<Token>();
    check::<TokenCache>();
    check::<token_cache::Error>();
    fn check_guard<T: Send + Sync>() {}
    check_guard::<KeepWarm>();
    let handle = TokenCache::new().handle(key("a"), Server::new());
    check_future(handle.token());
    assert!(
        size_of_val(&handle.token()) <= 256,
        "a hit moves this much: {}",
        size_of_val(&handle.token())
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

#[test]
fn a_hit_allocates_nothing() {
    let handle = TokenCache::new().handle(key("a"), Server::new());
    let runtime = runtime();
    runtime.block_on(handle.token()).unwrap();
    let hit = || {
        let lent = handle.try_token().unwrap();
        let mut awaited = std::pin::pin!(handle.token());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Ok(awaited)) = awaited.as_mut().poll(&mut context) else {
            panic!("a hit that waits")
        };
        assert_eq!(lent.header_value(), awaited.header_value());
    };
    hit(); // a thread's first use of arc_swap sets it up
    assert_eq!(allocation_counter::measure(hit).count_total, 0);
}
