//! The cache over a store, good and bad.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http_transport::{BoxFuture, SecretString};
use token_cache::{
    FailureClass, MemoryStore, Store, StoreError, StoredToken, TestClock, TokenCache, TokenHash,
    TokenKey,
};

use crate::server::{FETCH, LIFETIME, Reply, Server, bench_with, key, pass, timed};

/// Two caches over one store, as two processes would have them.
fn two() -> (TokenCache, TokenCache, Arc<MemoryStore>, Server) {
    let clock = Arc::new(TestClock::new());
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let cache = || {
        TokenCache::builder()
            .clock(clock.clone())
            .store(store.clone())
            .build()
    };
    (cache(), cache(), store, Server::new())
}

#[tokio::test(start_paused = true)]
async fn what_one_cache_fetched_the_other_reads_with_its_age() {
    let (one, two, _, server) = two();
    one.handle(key("a"), server.clone()).token().await.unwrap();
    pass(30.0).await;
    let token = two.handle(key("a"), server.clone()).token().await.unwrap();
    assert_eq!(token.expose(), "token-1");
    assert_eq!(
        token.expires_in(),
        LIFETIME - FETCH - Duration::from_secs(30)
    );
    assert_eq!(server.calls(), 1);

    // a token that is due is better than none
    pass(50.0).await;
    let three = one.handle(key("a"), server.clone());
    assert_eq!(three.token().await.unwrap().expose(), "token-1");
    pass(1.0).await;
    // the refresh of one is found by the other, whose own was due
    let other = two.handle(key("a"), server.clone());
    other.token().await.unwrap();
    pass(1.0).await;
    assert_eq!(other.token().await.unwrap().expose(), "token-2");
    assert_eq!(server.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_invalidated_token_is_removed_from_the_store_and_not_read_back() {
    let (one, two, store, server) = two();
    let handle = one.handle(key("a"), server.clone());
    let token = handle.token().await.unwrap();
    handle.invalidate(&token);
    pass(0.01).await;
    assert!(store.get(&key("a")).await.unwrap().is_none());
    // another process that knew nothing of it writes it once more
    let bad = StoredToken::new(token.secret().clone(), LIFETIME, Duration::from_secs(100));
    store.put(&key("a"), bad).await.unwrap();
    assert_eq!(handle.token().await.unwrap().expose(), "token-2");
    let seen = two.handle(key("a"), server.clone()).token().await.unwrap();
    assert_eq!(seen.expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_later_expiry_is_never_overwritten_by_an_earlier_one() {
    let store = MemoryStore::with_clock(Arc::new(TestClock::new()));
    let stored = |text: &str, remaining| {
        let remaining = Duration::from_secs(remaining);
        StoredToken::new(SecretString::from(text), LIFETIME, remaining)
    };
    store.put(&key("a"), stored("later", 100)).await.unwrap();
    store.put(&key("a"), stored("earlier", 90)).await.unwrap();
    let kept = store.get(&key("a")).await.unwrap().unwrap();
    assert_eq!(kept.hash(), TokenHash::of("later"));
    store
        .remove(&key("a"), TokenHash::of("earlier"))
        .await
        .unwrap();
    assert!(
        store.get(&key("a")).await.unwrap().is_some(),
        "only the token that was named"
    );
    pass(100.0).await;
    assert!(store.get(&key("a")).await.unwrap().is_none(), "expired");
}

/// A store that is down: errors at once, or never answers.
#[derive(Debug)]
struct Down {
    hangs: bool,
    calls: Arc<AtomicU32>,
}

impl Down {
    fn answer<'a, T: Send + 'a>(&self) -> BoxFuture<'a, Result<T, StoreError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(Err(StoreError::new(
            "connection refused",
        ))))
    }
}

impl Store for Down {
    fn get<'a>(
        &'a self,
        _key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        self.answer()
    }
    fn put<'a>(
        &'a self,
        _key: &'a TokenKey,
        _token: StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer()
    }
    fn remove<'a>(
        &'a self,
        _key: &'a TokenKey,
        _hash: TokenHash,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer()
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_a_miss_and_never_an_outage() {
    for hangs in [false, true] {
        let calls = Arc::new(AtomicU32::new(0));
        let bench = bench_with(|builder, _| {
            builder.store(Down {
                hangs,
                calls: calls.clone(),
            })
        });
        let limit = if hangs {
            Duration::from_millis(500)
        } else {
            Duration::ZERO
        };
        let (time, token) = timed(bench.handle.token()).await;
        assert_eq!((time, token.unwrap().expose()), (limit + FETCH, "token-1"));
        assert_eq!(
            calls.load(Ordering::SeqCst),
            1,
            "after the get it is left alone"
        );

        // for a while
        let other = bench.cache.handle(key("b"), bench.server.clone());
        assert_eq!(timed(other.token()).await.0, FETCH);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        pass(6.0).await;
        let third = bench.cache.handle(key("c"), bench.server.clone());
        assert!(third.token().await.is_ok());
        assert_eq!(calls.load(Ordering::SeqCst), 2, "then it is asked again");
    }
}

#[tokio::test(start_paused = true)]
async fn others_wait_for_the_holder_of_the_lease_but_not_for_ever() {
    let (one, two, _, server) = two();
    server.then([Reply::Never]);
    let slow = tokio::spawn({
        let handle = one.handle(key("a"), server.clone());
        async move { handle.token().await.map(|token| token.expose().to_owned()) }
    });
    // past the lease's own end: it is renewed as long as the fetch goes on
    pass(7.0).await;
    let (time, token) = timed(two.handle(key("a"), server.clone()).token()).await;
    let token = token.unwrap().expose().to_owned();
    assert_eq!((time, &*token), (Duration::from_secs(5) + FETCH, "token-2"));
    // and the holder's next attempt brings its own
    assert_eq!(slow.await.unwrap().unwrap(), "token-3");

    // a holder that fails gives the lease back at once
    server.then([Reply::Fail(FailureClass::Refused)]);
    let refused = one.handle(key("b"), server.clone());
    assert!(refused.token().await.is_err());
    let (time, token) = timed(two.handle(key("b"), server.clone()).token()).await;
    assert!(
        token.is_ok() && time < Duration::from_millis(100),
        "{time:?}"
    );
}
