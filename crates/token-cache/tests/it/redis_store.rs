//! The cache over a real Redis (or Valkey) server, which the tests start on a socket of their own.
//!
//! Without a server on the machine they say that they were skipped; with `ALTINN_REQUIRE_REDIS` set
//! they fail instead.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http_transport::{BoxFuture, ExposeSecret, SecretString};
use token_cache::{
    Attempt, EncryptionKey, Fetched, Lease, LeaseId, RedisStore, Source, SourceError, Store,
    StoredToken, TokenCache, TokenHash,
};

use crate::server::{LIFETIME, Server, key};

struct Redis {
    server: &'static str,
    process: Child,
    folder: tempfile::TempDir,
}

impl Redis {
    fn start() -> Option<Self> {
        let server = ["redis-server", "valkey-server"].into_iter().find(|name| {
            let version = Command::new(name).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        });
        if server.is_none() {
            let required = std::env::var_os("ALTINN_REQUIRE_REDIS").is_some();
            assert!(
                !required,
                "ALTINN_REQUIRE_REDIS is set: apt-get install redis-server"
            );
            #[allow(
                clippy::print_stderr,
                reason = "who reads the tests' output is to know"
            )]
            {
                eprintln!("SKIPPED: there is no redis-server on this machine");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let server = server?;
        let process = Self::run(server, &folder.path().join("socket"));
        Some(Self {
            server,
            process,
            folder,
        })
    }

    fn run(server: &str, socket: &std::path::Path) -> Child {
        let mut process = Command::new(server)
            .args(["--port", "0", "--save", "", "--appendonly", "no"])
            .args(["--unixsocket".as_ref(), socket.as_os_str()])
            .current_dir(socket.parent().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = says.any(|line| line.unwrap().contains("accept connections"));
        assert!(ready, "{server} ended");
        // whatever else it says, somebody must read it
        std::thread::spawn(move || says.for_each(drop));
        process
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn store(&self) -> RedisStore {
        store(&self.socket().display().to_string())
    }

    async fn raw<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let client = redis::Client::open(format!("unix://{}", self.socket().display())).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut ask = redis::cmd(command[0]);
        for argument in &command[1..] {
            ask.arg(*argument);
        }
        ask.query_async(&mut connection).await.unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // it may have been killed by its test already
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn store(socket: &str) -> RedisStore {
    RedisStore::new(&format!("unix://{socket}"), &EncryptionKey::new([7; 32])).unwrap()
}

/// With time enough for a machine that has much else to do.
fn cache(store: RedisStore, lease: Duration) -> TokenCache {
    TokenCache::builder()
        .store(store)
        .store_limit(Duration::from_secs(20))
        .lease(lease)
        .build()
}

fn stored(text: &str, remaining: u64) -> StoredToken {
    StoredToken::new(
        SecretString::from(text),
        LIFETIME,
        Duration::from_secs(remaining),
    )
}

async fn text(store: &RedisStore, name: &str) -> Option<String> {
    let found = store.get(&key(name)).await.unwrap()?;
    Some(found.token().expose_secret().to_owned())
}

#[tokio::test]
async fn what_is_put_is_sealed_and_read_by_the_servers_clock() {
    let Some(redis) = Redis::start() else { return };
    let store = redis.store();
    assert_eq!(text(&store, "a").await, None);
    store
        .put(&key("a"), stored("the token", 100))
        .await
        .unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("the token"));

    // hashed and encrypted
    let names: Vec<String> = redis.raw(&["KEYS", "*"]).await;
    let [name] = &names[..] else {
        panic!("{names:?}")
    };
    let digits = name.strip_prefix("token-cache:").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let hash: String = key("a")
        .hash()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_ne!(
        digits, hash,
        "nor the plain hash, which one could find by trying"
    );
    let value: Vec<u8> = redis.raw(&["GET", name]).await;
    assert!(!String::from_utf8_lossy(&value).contains("token"));

    // what is left of it is for the server to say
    let _: i64 = redis.raw(&["PEXPIRE", name, "60000"]).await;
    let found = store.get(&key("a")).await.unwrap().unwrap();
    assert!(found.remaining() <= Duration::from_secs(60) && !found.remaining().is_zero());
    assert_eq!(found.lifetime(), LIFETIME);

    // a later expiry is never overwritten by an earlier one
    store.put(&key("a"), stored("earlier", 50)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("the token"));
    store.put(&key("a"), stored("later", 110)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("later"));

    // only the token that is named is removed
    store
        .remove(&key("a"), TokenHash::of("the token"))
        .await
        .unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("later"));
    store
        .remove(&key("a"), TokenHash::of("later"))
        .await
        .unwrap();
    assert_eq!(text(&store, "a").await, None);
    assert_eq!(redis.raw::<i64>(&["DBSIZE"]).await, 0);
}

#[tokio::test]
async fn what_was_not_sealed_here_is_a_miss_and_goes() {
    let Some(redis) = Redis::start() else { return };
    let store = redis.store();
    store.put(&key("a"), stored("one", 100)).await.unwrap();
    let names: Vec<String> = redis.raw(&["KEYS", "*"]).await;
    let _: () = redis
        .raw(&["SET", &names[0], "something else", "PX", "900000"])
        .await;
    assert_eq!(text(&store, "a").await, None);
    // it would have outlived the next one, and kept it out
    store.put(&key("a"), stored("two", 100)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("two"));
    let _: i64 = redis.raw(&["PERSIST", &names[0]]).await;
    assert_eq!(
        text(&store, "a").await,
        None,
        "without an end it is not ours"
    );

    // another key: other names, and nothing to read
    let url = format!("unix://{}", redis.socket().display());
    let other = RedisStore::new(&url, &EncryptionKey::new([8; 32])).unwrap();
    assert_eq!(text(&other, "a").await, None);
}

#[tokio::test]
async fn a_lease_is_its_holders_alone() {
    let Some(redis) = Redis::start() else { return };
    let store = redis.store();
    let (one, two) = (LeaseId::random(), LeaseId::random());
    let minute = Duration::from_secs(60);
    let key = key("a");
    assert_eq!(
        store.lease(&key, one, minute).await.unwrap(),
        Lease::Granted
    );
    assert_eq!(
        store.lease(&key, one, minute).await.unwrap(),
        Lease::Granted,
        "sent again"
    );
    let held = store.lease(&key, two, minute).await.unwrap();
    assert!(
        matches!(held, Lease::Held { remaining } if remaining <= minute),
        "{held:?}"
    );
    assert!(!store.renew(&key, two, minute).await.unwrap());
    store.release(&key, two).await.unwrap();
    assert!(matches!(
        store.lease(&key, two, minute).await.unwrap(),
        Lease::Held { .. }
    ));
    assert!(store.renew(&key, one, 2 * minute).await.unwrap());
    store.release(&key, one).await.unwrap();
    assert_eq!(
        store.lease(&key, two, minute).await.unwrap(),
        Lease::Granted
    );
}

#[tokio::test]
async fn of_a_fleet_one_fetches() {
    let Some(redis) = Redis::start() else { return };
    let server = Server::new();
    let asking: Vec<_> = (0..20)
        .map(|_| {
            // each with a connection of its own, as processes have
            let cache = cache(redis.store(), Duration::from_secs(60));
            let handle = cache.handle(key("a"), server.clone());
            tokio::spawn(async move { handle.token().await.map(|token| token.expose().to_owned()) })
        })
        .collect();
    for one in asking {
        assert_eq!(one.await.unwrap().unwrap(), "token-1");
    }
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn a_server_that_goes_down_is_a_miss_and_one_that_comes_back_is_used() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let server = Server::new();
    let down = cache(redis.store(), Duration::from_secs(60));
    down.handle(key("a"), server.clone()).token().await.unwrap();
    let store = redis.store();
    assert!(text(&store, "a").await.is_some());

    redis.process.kill().unwrap();
    redis.process.wait().unwrap();
    let token = down.handle(key("b"), server.clone()).token().await.unwrap();
    assert_eq!(token.expose(), "token-2");
    assert!(store.get(&key("a")).await.is_err());

    std::fs::remove_file(redis.socket()).unwrap();
    redis.process = Redis::run(redis.server, &redis.socket());
    // the same connection finds its way back; what it was told first is that it had gone
    let mut tries = 0..100;
    while store.put(&key("c"), stored("three", 100)).await.is_err() {
        tries.next().unwrap();
    }
    assert_eq!(text(&store, "c").await.as_deref(), Some("three"));
}

const CHILD: &str = "TOKEN_CACHE_TEST_REDIS_CHILD";

/// Says when it is asked, and answers when it is told to.
#[derive(Debug)]
struct Prompted;

impl Source for Prompted {
    fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async {
            let mut error = std::io::stderr();
            writeln!(error, "fetching").unwrap();
            let line = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).map(|_| line)
            });
            let line = line.await.unwrap().unwrap();
            Ok(Fetched::new(SecretString::from(line.trim()), LIFETIME))
        })
    }
}

/// Not a test by itself: what the other process of the tests below does.
#[test]
fn child() {
    let Ok(socket) = std::env::var(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // short: it is renewed as long as this process lives
        let cache = cache(store(&socket), Duration::from_millis(900));
        let handle = cache.handle(key("a"), Prompted);
        assert!(handle.token().await.is_ok());
    });
}

/// A process that holds the lease and waits for its token service.
fn holder(redis: &Redis) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "redis_store::child", "--nocapture"])
        .env(CHILD, redis.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut says = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(says.any(|line| line.unwrap() == "fetching"));
    std::thread::spawn(move || says.for_each(drop));
    child
}

async fn leases(redis: &Redis) -> usize {
    let names: Vec<String> = redis.raw(&["KEYS", "*:lease"]).await;
    names.len()
}

#[tokio::test]
async fn a_process_waits_for_the_one_that_fetches_and_reads_its_token() {
    let Some(redis) = Redis::start() else { return };
    let mut child = holder(&redis);
    assert_eq!(leases(&redis).await, 1);
    let server = Server::new();
    let cache = cache(redis.store(), Duration::from_secs(60));
    let handle = cache.handle(key("a"), server.clone());
    let waiting = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.token().await.map(|token| token.expose().to_owned()) })
    };
    let hasty = handle.token_within(Duration::from_millis(200)).await;
    assert!(hasty.is_err(), "nobody has the token yet");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"token-of-the-other\n")
        .unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), "token-of-the-other");
    assert_eq!(server.calls(), 0);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn one_killed_while_it_holds_the_lease_delays_nobody_beyond_it() {
    let Some(redis) = Redis::start() else { return };
    let mut child = holder(&redis);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(leases(&redis).await, 1, "it had no time to give it back");
    let server = Server::new();
    // had its lease no end, one would wait here for an hour
    let cache = cache(redis.store(), Duration::from_secs(3600));
    let handle = cache.handle(key("a"), server.clone());
    assert_eq!(handle.token().await.unwrap().expose(), "token-1");
    assert_eq!(server.calls(), 1);
    let stored = redis.store().get(&key("a")).await.unwrap().unwrap();
    assert_eq!(stored.hash(), TokenHash::of("token-1"));
}
