//! The log-in's hard parts: what is left out, who proves itself how, and refresh tokens that work once.
//!
//! The provider is the simulator's; what stands between it and the client counts, and changes answers
//! where the simulator has no such fault.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use altinn_auth::id_porten::{
    ClientAuthentication, FileStore, IdPorten, IdPortenBuilder, Login, LoginRequest, LoginStore,
    StoreError, StoredLogin,
};
use altinn_auth::{Altinn, ErrorKind, Provider, SecurityLevel, Session};
use bytes::Bytes;
use http_transport::{BoxFuture, ReqwestTransport, Transport, from_fn};
use jiff::SignedDuration;
use serde_json::Value;
use token_cache::{Clock, SystemClock};
use tokio::sync::Semaphore;

use crate::sim::{REDIRECT, World, request, secret, signer_of_jwk};

type Log = Arc<Mutex<Vec<String>>>;

/// A transport that changes JSON answers, and lists what was asked: the path, and of a token request its
/// grant.
fn between(edit: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> (Arc<dyn Transport>, Log) {
    let inner = ReqwestTransport::builder().build().unwrap();
    let (log, edit) = (Log::default(), Arc::new(edit));
    let seen = log.clone();
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let (inner, edit, seen) = (inner.clone(), edit.clone(), seen.clone());
        async move {
            let path = request.uri().path().to_owned();
            let form = String::from_utf8_lossy(request.body()).into_owned();
            let grant = form
                .split('&')
                .find_map(|pair| pair.strip_prefix("grant_type="));
            seen.lock()
                .unwrap()
                .push(format!("{path} {}", grant.unwrap_or_default()));
            let answer = inner.send(request).await?;
            let (parts, mut body) = answer.into_parts();
            if let Ok(mut json) = serde_json::from_slice(&body) {
                edit(&path, &mut json);
                body = json.to_string().into();
            }
            Ok(http::Response::from_parts(parts, body))
        }
    });
    (Arc::new(transport), log)
}

fn renewals(log: &Log) -> usize {
    let log = log.lock().unwrap();
    log.iter()
        .filter(|line| line.ends_with("refresh_token"))
        .count()
}

/// The simulator's time.
#[derive(Clone, Debug)]
struct SimClock(altinn_sim::Clock, Arc<SystemClock>, SystemTime);

impl SimClock {
    fn of(world: &World) -> Arc<Self> {
        let clock = world.sim.clock().clone();
        let start = clock.now().into();
        Arc::new(Self(clock, Arc::new(SystemClock::new()), start))
    }
}

impl Clock for SimClock {
    fn now_monotonic(&self) -> Duration {
        let moved = self.now_wall().duration_since(self.2);
        self.1.now_monotonic().max(moved.unwrap_or_default())
    }
    fn now_wall(&self) -> SystemTime {
        self.0.now().into()
    }
}

impl World {
    fn client(&self) -> IdPortenBuilder {
        let client = self.sim.cast().login_client;
        self.sim.change_world(|world| {
            let known = world
                .clients
                .iter_mut()
                .find(|known| known.client_id == client);
            known.unwrap().access_token_lifetime = 120;
        });
        let jwk = self.sim.client_jwk(&client).unwrap();
        IdPorten::of(&self.environment, client.parse().unwrap())
            .clock(SimClock::of(self))
            .authentication(ClientAuthentication::PrivateKeyJwt(signer_of_jwk(
                jwk.expose(),
            )))
    }

    /// A program of its own, with a cache of its own.
    fn process(&self, login: &Arc<Login>) -> Session<altinn_auth::Person> {
        Altinn::without_maskinporten(self.environment.clone())
            .build()
            .unwrap()
            .person(login.clone())
            .direct()
    }

    /// The access token has run out, the refresh token has not.
    fn let_run_out(&self) {
        self.sim.clock().advance(SignedDuration::from_secs(150));
    }
}

#[tokio::test]
async fn a_scope_that_is_left_out_is_what_was_asked_for_and_one_that_is_named_is_what_there_is() {
    let world = World::start().await;
    for (named, has) in [(None, true), (Some("openid"), false)] {
        let (transport, _) = between(move |path, json| {
            if path == "/token" {
                match named {
                    None => drop(json.as_object_mut().unwrap().remove("scope")),
                    Some(scopes) => json["scope"] = scopes.into(),
                }
            }
        });
        let id_porten = world.client().transport(transport).build().unwrap();
        let login = world.login(&id_porten, SecurityLevel::THREE).await.unwrap();
        assert!(login.has_scope("openid"));
        assert_eq!(login.has_scope("altinn:reportees"), has, "{login:?}");
        // and that is what the session goes by
        assert_eq!(
            world.process(&login).has_scope("altinn:reportees"),
            has,
            "{named:?}"
        );
        assert!(!login.has_scope("altinn:rolesandrights.read"));
    }
}

#[tokio::test]
async fn a_client_proves_itself_as_it_is_registered_with_par_and_without() {
    let world = World::start().await;
    let client = world.sim.cast().login_client;
    let given = world.sim.change_world(|world| {
        let registered = world
            .clients
            .iter_mut()
            .find(|known| known.client_id == client);
        let registered = registered.unwrap();
        // what has to be encoded, in the header and in the form
        registered.client_secret = altinn_sim::world::Hidden::new("p+s:w rd/%");
        secret(&registered.client_secret)
    });
    let jwk = world.sim.client_jwk(&client).unwrap();
    let ways = [
        (
            "private_key_jwt",
            ClientAuthentication::PrivateKeyJwt(signer_of_jwk(jwk.expose())),
        ),
        (
            "client_secret_basic",
            ClientAuthentication::SecretBasic(given.clone()),
        ),
        (
            "client_secret_post",
            ClientAuthentication::SecretPost(given),
        ),
        ("none", ClientAuthentication::None),
    ];
    for (registered, right) in &ways {
        world.sim.change_world(|world| {
            let known = world
                .clients
                .iter_mut()
                .find(|known| known.client_id == client);
            known.unwrap().token_endpoint_auth_method = (*registered).to_owned();
        });
        for (name, way) in &ways {
            let (transport, log) = between(|_, _| {});
            let id_porten = IdPorten::of(&world.environment, client.parse().unwrap())
                .clock(SimClock::of(&world))
                .authentication(way.clone())
                .transport(transport)
                .build()
                .unwrap();
            if name != registered {
                let error = id_porten
                    .begin(request(SecurityLevel::THREE))
                    .await
                    .unwrap_err();
                assert_eq!(
                    error.kind(),
                    ErrorKind::ClientRefused,
                    "{name} {registered}"
                );
                continue;
            }
            // with PAR
            let login = world.login(&id_porten, SecurityLevel::THREE).await.unwrap();
            // without
            let pending = id_porten
                .begin(request(SecurityLevel::THREE).not_pushed())
                .await
                .unwrap();
            assert!(pending.url().as_str().contains("code_challenge="));
            let callback = world.log_in(pending.url().as_str(), "log_in").await;
            pending.finish(&callback).await.unwrap();
            let asked = log.lock().unwrap().clone();
            let pushed = asked.iter().filter(|line| line.starts_with("/par")).count();
            assert_eq!(pushed, 1, "{asked:?}");
            // and every other call of a client's
            assert!(login.introspect().await.unwrap().active, "{right:?}");
            let token = world.process(&login).token().await.unwrap();
            let ended = login.end().await.unwrap();
            assert!(ended.revoked, "{name}");
            assert_eq!(ended.url.unwrap().path(), "/logout");
            drop(token);
        }
    }
}

#[tokio::test]
async fn what_a_provider_does_not_have_is_done_without() {
    let world = World::start().await;
    let (transport, log) = between(|path, json| {
        if path.ends_with("/openid-configuration") {
            let metadata = json.as_object_mut().unwrap();
            for endpoint in [
                "pushed_authorization_request_endpoint",
                "introspection_endpoint",
                "revocation_endpoint",
                "end_session_endpoint",
            ] {
                metadata.remove(endpoint).unwrap();
            }
        }
    });
    let id_porten = world.client().transport(transport).build().unwrap();
    let login = world.login(&id_porten, SecurityLevel::THREE).await.unwrap();
    assert!(
        !log.lock()
            .unwrap()
            .iter()
            .any(|line| line.starts_with("/par"))
    );
    let error = login.introspect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let ended = login.end().await.unwrap();
    assert!(!ended.revoked && ended.url.is_none(), "{ended:?}");
    // what was forgotten is no session
    let error = world.process(&login).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired);
}

#[tokio::test]
async fn of_many_that_renew_at_once_one_uses_the_refresh_token() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.json");
    let (transport, log) = between(|_, _| {});
    let client = || {
        world
            .client()
            .transport(transport.clone())
            .store(FileStore::at(&file))
            .build()
            .unwrap()
    };
    let login = world.login(&client(), SecurityLevel::THREE).await.unwrap();
    world.let_run_out();

    // within a process: two sessions of one log-in
    let me = world.process(&login);
    let other = me.altinn().person(login.clone()).direct();
    let (one, other) = tokio::join!(me.token(), other.token());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(renewals(&log), 1);
    assert_eq!(one.hash(), other.hash());

    // and processes that share the file
    world.let_run_out();
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(client().resume().await.unwrap().unwrap());
    }
    let sessions: Vec<_> = processes.iter().map(|login| world.process(login)).collect();
    let (a, b, c, d) = tokio::join!(
        sessions[0].token(),
        sessions[1].token(),
        sessions[2].token(),
        sessions[3].token()
    );
    let hashes: Vec<_> = [a, b, c, d].map(|token| token.unwrap().hash()).into();
    assert_eq!(
        renewals(&log),
        2,
        "the others took what the first had stored"
    );
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    // the process that was there first follows, and ends what the others have now
    world.let_run_out();
    world.process(&processes[0]).token().await.unwrap();
    assert!(login.end().await.unwrap().revoked);
    world.let_run_out();
    let error = world.process(&processes[0]).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired, "{error:?}");
    assert!(!file.exists());
}

/// A store whose saving a test can hold up or let fail.
#[derive(Clone, Debug)]
struct Fragile {
    held: Arc<Mutex<Option<StoredLogin>>>,
    fails: Arc<AtomicBool>,
    /// One for each time that something may be saved.
    turns: Arc<Semaphore>,
    saving: Arc<Semaphore>,
}

impl Fragile {
    fn new() -> Self {
        Self {
            held: Arc::default(),
            fails: Arc::default(),
            turns: Arc::new(Semaphore::new(1000)),
            saving: Arc::new(Semaphore::new(0)),
        }
    }
    fn json(&self) -> Value {
        use http_transport::ExposeSecret as _;
        let held = self.held.lock().unwrap();
        serde_json::from_str(held.as_ref().unwrap().to_json().expose_secret()).unwrap()
    }
}

impl LoginStore for Fragile {
    fn load(&self) -> BoxFuture<'_, Result<Option<StoredLogin>, StoreError>> {
        Box::pin(async { Ok(self.held.lock().unwrap().clone()) })
    }
    fn save<'a>(&'a self, login: &'a StoredLogin) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.saving.add_permits(1);
            self.turns.acquire().await.unwrap().forget();
            if self.fails.load(Ordering::Relaxed) {
                return Err(StoreError::new("the disk is full"));
            }
            *self.held.lock().unwrap() = Some(login.clone());
            Ok(())
        })
    }
    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            *self.held.lock().unwrap() = None;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_store_that_fails_loses_nothing_while_the_process_lives() {
    let world = World::start().await;
    let store = Fragile::new();
    let (transport, log) = between(|_, _| {});
    let client = || {
        let client = world.client().transport(transport.clone());
        client.store(store.clone()).build().unwrap()
    };
    let login = world.login(&client(), SecurityLevel::THREE).await.unwrap();
    let first = store.json();
    store.fails.store(true, Ordering::Relaxed);
    for nth in 1..=2 {
        world.let_run_out();
        let token = world.process(&login).token().await.unwrap();
        assert_ne!(token.expose(), first["access_token"]);
        assert_eq!(
            renewals(&log),
            nth,
            "the new refresh token was used, not the stored one"
        );
    }
    assert_eq!(
        store.json(),
        first,
        "the old one is whole until the new one is there"
    );
    // the store is there again: the next renewal saves, without anybody logging in
    store.fails.store(false, Ordering::Relaxed);
    world.let_run_out();
    let token = world.process(&login).token().await.unwrap();
    assert_eq!(store.json()["access_token"], token.expose());
    let resumed = client().resume().await.unwrap().unwrap();
    world.let_run_out();
    world.process(&resumed).token().await.unwrap();
}

#[tokio::test]
async fn the_new_refresh_token_is_stored_before_anybody_gets_the_token() {
    let world = World::start().await;
    let store = Fragile::new();
    let (transport, log) = between(|_, _| {});
    let client = || {
        let client = world.client().transport(transport.clone());
        client.store(store.clone()).build().unwrap()
    };
    let login = world.login(&client(), SecurityLevel::THREE).await.unwrap();
    let before = store.json();
    world.let_run_out();
    // the store takes its time
    store.turns.forget_permits(1000);
    store.saving.forget_permits(1000);
    let me = world.process(&login);
    let waiting = me.clone();
    let asked = tokio::spawn(async move { waiting.token().await });
    store.saving.acquire().await.unwrap().forget();
    assert_eq!(renewals(&log), 1);
    assert!(!asked.is_finished(), "nobody has the token yet");
    assert_eq!(store.json(), before);
    // who waited goes away: the saving goes on all the same
    asked.abort();
    store.turns.add_permits(1000);
    let token = me.token().await.unwrap();
    assert_ne!(store.json()["refresh_token"], before["refresh_token"]);
    assert_eq!(store.json()["access_token"], token.expose());
    assert_eq!(renewals(&log), 1);

    // a process that dies between the answer and the store has used the stored token up: the next one
    // says that one must log in, and nothing else
    *store.held.lock().unwrap() = Some(StoredLogin::from_json(&before.to_string().into()).unwrap());
    let resumed = client().resume().await.unwrap().unwrap();
    let error = world.process(&resumed).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired);
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(remedy.contains("log in again"), "{remedy}");
}

#[tokio::test]
async fn a_log_in_that_was_idle_for_too_long_or_is_of_another_provider_says_so() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.json");
    let client = || world.client().store(FileStore::at(&file)).build().unwrap();
    let login = world.login(&client(), SecurityLevel::THREE).await.unwrap();
    let other = IdPorten::builder(
        Provider::like_id_porten("https://login.example.no").unwrap(),
        world.sim.cast().login_client.parse().unwrap(),
    );
    let other = other.store(FileStore::at(&file)).build().unwrap();
    let error = other.resume().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuerMismatch);
    let said = error.diagnosis().message().unwrap().to_owned();
    assert!(
        said.contains("https://login.example.no") && said.contains(world.sim.id_porten_issuer()),
        "{said}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o640);
        let error = client().resume().await.unwrap_err();
        assert!(error.diagnosis().message().unwrap().contains("chmod 600"));
        mode(0o600);
    }
    world.sim.clock().advance(SignedDuration::from_mins(11));
    let error = world.process(&login).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired, "{error:?}");
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(remedy.contains("log in again"), "{remedy}");
    // a browser whose answer was changed on the way, or said twice
    let pending = client()
        .begin(LoginRequest::new(REDIRECT).level(SecurityLevel::THREE))
        .await
        .unwrap();
    let callback = world.log_in(pending.url().as_str(), "log_in").await;
    let error = pending.finish(&format!("{callback}&state=x")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::StateMismatch);
}

#[tokio::test]
async fn a_persons_session_outlives_its_tokens_in_the_middle_of_a_list() {
    let world = World::start().await;
    let (transport, log) = between(|_, _| {});
    let id_porten = world.client().transport(transport).build().unwrap();
    let login = world.login(&id_porten, SecurityLevel::FOUR).await.unwrap();
    let cache = token_cache::TokenCache::builder().clock(SimClock::of(&world));
    let altinn = Altinn::without_maskinporten(world.environment.clone())
        .api_key(world.api_key())
        .cache(cache.build())
        .build()
        .unwrap();
    let me = altinn.person(login);
    for (session, request) in [
        (me.clone(), world.parties()),
        (me.direct(), world.altinn2("api/reportees")),
    ] {
        let mut bodies = Vec::new();
        for _ in 0..4 {
            let answer = session.call("list", request.clone()).await.unwrap();
            assert_eq!(answer.status(), 200, "{answer:?}");
            bodies.push(answer.body().clone());
            // the token, and what it was exchanged for, has the provider's own end
            world.let_run_out();
        }
        assert!(
            bodies.iter().all(|body| *body == bodies[0]),
            "nothing is lost"
        );
    }
    assert!(renewals(&log) >= 6, "{}", renewals(&log));
}

#[tokio::test]
async fn an_answer_without_the_issuer_that_the_provider_always_names_is_not_taken() {
    let world = World::start().await;
    let pending = world
        .client()
        .build()
        .unwrap()
        .begin(request(SecurityLevel::THREE))
        .await
        .unwrap();
    let callback = world.log_in(pending.url().as_str(), "log_in").await;
    let (_, query) = callback.split_once('?').unwrap();
    let pairs = query.split('&').filter(|pair| !pair.starts_with("iss="));
    let without = pairs.collect::<Vec<_>>().join("&");
    assert_ne!(without, query);
    let error = pending.finish(&without).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuerMismatch);
    assert!(
        error
            .diagnosis()
            .message()
            .unwrap()
            .contains("names no issuer")
    );
}
