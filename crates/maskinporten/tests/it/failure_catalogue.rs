//! How existing clients fail, one test for each row that touches grants, keys and answers. Those of
//! the cache are in token-cache; `jwks_refresh_as_denial_of_service` is in `validate.rs`, and
//! `key_rotation_needs_a_restart` in `rotation.rs`.

use std::sync::Arc;
use std::time::Duration;

use http_transport::{Error as TransportError, ErrorKind as TransportKind};
use maskinporten::{Client, Environment, ErrorKind, SystemUser, TokenRequest};
use norwegian_ids::synthetic;
use serde_json::{Value, json};
use token_cache::{Clock, TestClock, TokenCache};

use crate::support::{
    CLIENT_ID, CUSTOMER, Log, OWN, answer, claims_in, client, client_with_cache, jwt, server,
    token_answer, with_certificate, with_kid,
};

fn plain() -> TokenRequest {
    TokenRequest::scopes(["difitest:test1".parse().unwrap()])
}

const REFUSED: &str = r#"{"error":"forbidden","error_description":"Consumer has not been granted access to the scope difitest:test1. (trace_id: 356666143081bbec11d293753e9702ca)","error_uri":"https://test.maskinporten.no/errors/MP-250"}"#;

#[tokio::test(start_paused = true)]
async fn failure_convoy() {
    let (transport, seen) = server(|_| answer(403, REFUSED));
    let client = client(with_kid(), transport);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.token(&plain()).await.unwrap_err().kind() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), ErrorKind::AccessNotGranted);
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn never_cached() {
    let (transport, seen) = server(|_| token_answer("t0ken"));
    let cache = TokenCache::builder()
        .clock(Arc::new(TestClock::new()))
        .build();
    let client = client_with_cache(with_kid(), transport, cache);
    // 119 seconds of life, ten minutes of use
    for _ in 0..600 {
        client.token(&plain()).await.unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        // a refresh in the background has its turn
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
    let fetches = seen.lock().unwrap().len();
    assert!((5..=14).contains(&fetches), "about one a minute: {fetches}");
}

#[tokio::test(start_paused = true)]
async fn wrong_tenants_token() {
    // the token says for whom it was asked
    let transport = http_transport::from_fn(|request: http::Request<bytes::Bytes>| {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        let claims = claims_in(&form);
        let named = [
            &claims["iss"],
            &claims["consumer_org"],
            &claims["resource"][0],
        ]
        .map(|claim| claim.as_str().unwrap_or("-").to_owned())
        .join("/");
        let token = format!("{}/{named}", request.uri().host().unwrap_or_default());
        async move { token_answer(&token) }
    });
    let transport: Arc<dyn http_transport::Transport> = Arc::new(transport);
    let cache = TokenCache::new();
    let of = |environment: Environment, id: &str| {
        Client::builder(environment, id.parse().unwrap(), with_kid())
            .transport(Arc::clone(&transport))
            .cache(cache.clone())
            .build()
            .unwrap()
    };
    let clients = [
        of(Environment::test(), "one"),
        of(Environment::test(), "two"),
        of(Environment::prod(), "one"),
    ];
    let requests = [
        plain(),
        plain().consumer_org(CUSTOMER.parse().unwrap()),
        plain().resource("https://api.example.no".parse().unwrap()),
    ];
    let mut tokens = std::collections::BTreeSet::new();
    for _ in 0..2 {
        for client in &clients {
            for request in &requests {
                let token = client.token(request).await.unwrap();
                let text = http_transport::ExposeSecret::expose_secret(token.secret()).to_owned();
                let host = client.environment().token_endpoint().host_str().unwrap();
                assert!(
                    text.starts_with(&format!("{host}/{}/", client.client_id())),
                    "{text}"
                );
                tokens.insert(text);
            }
        }
    }
    assert_eq!(tokens.len(), 9);
    // the order of scopes does not make another
    let two = |a: &str, b: &str| TokenRequest::scopes([a.parse().unwrap(), b.parse().unwrap()]);
    assert_eq!(
        clients[0].token_key(&two("a:a", "b:b")),
        clients[0].token_key(&two("b:b", "a:a"))
    );
}

#[tokio::test(start_paused = true)]
async fn undelegated_token_issued_silently() {
    let consumer =
        |number: &str| json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{number}")});
    let request = plain().consumer_org(CUSTOMER.parse().unwrap());
    for (claims, expected) in [
        // delegated: the consumer is the customer, the supplier is us
        (
            json!({"consumer": consumer(CUSTOMER), "supplier": consumer(OWN)}),
            None,
        ),
        // not delegated, and issued all the same
        (
            json!({"consumer": consumer(OWN)}),
            Some(ErrorKind::Mismatch),
        ),
        (
            json!({"consumer": consumer("889640782"), "supplier": consumer(OWN)}),
            Some(ErrorKind::Mismatch),
        ),
        (
            json!({"consumer": consumer(CUSTOMER), "supplier": consumer("889640782")}),
            Some(ErrorKind::Mismatch),
        ),
    ] {
        let mut claims: Value = claims;
        claims["scope"] = "difitest:test1".into();
        let token = jwt(&claims);
        let (transport, seen) = server(move |_| token_answer(&token));
        let outcome = client(with_certificate(), transport).token(&request).await;
        assert_eq!(
            outcome.err().map(|error| error.kind()),
            expected,
            "{claims}"
        );
        // under its own name, as nine digits, in the grant
        assert_eq!(
            claims_in(&seen.lock().unwrap()[0])["consumer_org"],
            CUSTOMER
        );
    }
    // the same for a system user
    let request = plain().system_user(SystemUser::of(CUSTOMER.parse().unwrap()));
    let token = jwt(
        &json!({"scope": "difitest:test1", "consumer": consumer(OWN), "authorization_details":
        [{"type": "urn:altinn:systemuser", "systemuser_org": consumer("889640782"), "systemuser_id": ["x"]}]}),
    );
    let (transport, _) = server(move |_| token_answer(&token));
    let error = client(with_certificate(), transport)
        .token(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[tokio::test(start_paused = true)]
async fn clock_skew_kills_grants() {
    for ahead in [-40_i64, 40] {
        let clock = Arc::new(TestClock::new());
        let server_clock = clock.clone();
        let shift = Duration::from_secs(ahead.unsigned_abs());
        let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
            let here = server_clock.now_wall();
            let now = if ahead > 0 {
                here + shift
            } else {
                here - shift
            };
            let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let form = String::from_utf8(request.body().to_vec()).unwrap();
            let iat = claims_in(&form)["iat"].as_u64().unwrap();
            // the server's rule: ten seconds
            let answered = if iat.abs_diff(now) < 10 {
                token_answer("t0ken")
            } else {
                answer(
                    400,
                    r#"{"error":"invalid_grant","error_description":"JWT is expired"}"#,
                )
            };
            let date = jiff::Timestamp::from_second(i64::try_from(now).unwrap()).unwrap();
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            async move {
                let mut response = answered?;
                response.headers_mut().insert("date", date.parse().unwrap());
                Ok(response)
            }
        });
        let cache = TokenCache::builder().clock(clock).build();
        let client = client_with_cache(with_kid(), Arc::new(transport), cache);
        assert!(client.token(&plain()).await.is_ok(), "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_re_sends_the_used_grant() {
    // the first grant is used up, and its answer is lost
    let used = std::sync::Mutex::new(std::collections::HashSet::new());
    let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        let jti = claims_in(&form)["jti"].to_string();
        let mut used = used.lock().unwrap();
        let first = used.is_empty();
        let is_new = used.insert(jti);
        async move {
            match (first, is_new) {
                (true, _) => Err(TransportError::new(TransportKind::Interrupted, "test")),
                (_, true) => token_answer("t0ken"),
                (_, false) => answer(
                    400,
                    r#"{"error":"invalid_grant","error_description":"Grant is used before","error_uri":"https://test.maskinporten.no/errors/MP-012"}"#,
                ),
            }
        }
    });
    assert!(
        client(with_kid(), Arc::new(transport))
            .token(&plain())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn exception_hides_the_cause() {
    let (transport, _) = server(|_| answer(403, REFUSED));
    let error = client(with_kid(), transport)
        .token(&plain())
        .await
        .unwrap_err();
    let diagnosis = error.diagnosis();
    assert_eq!(error.status(), Some(403));
    assert_eq!(error.code().map(|code| code.id), Some("MP-250"));
    assert_eq!(error.trace_id(), Some("356666143081bbec11d293753e9702ca"));
    assert_eq!(
        diagnosis.message(),
        Some("Consumer has not been granted access to the scope difitest:test1.")
    );
    // what went wrong below is there to be asked
    let (transport, _) = server(|_| Err(TransportError::new(TransportKind::Tls, "test")));
    let error = client(with_kid(), transport)
        .token(&plain())
        .await
        .unwrap_err();
    let below = std::error::Error::source(&error).expect("a source");
    assert!(below.downcast_ref::<TransportError>().is_some());
}

/// The whole flow at trace level: a lost answer, a refusal, a new key, a token.
#[test]
fn secret_in_logs_and_national_id_in_logs_and_cache_keys() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let person = synthetic::person_number((1985, 3, 9), 4).unwrap();
    let token = jwt(&json!({"scope": "difitest:test1", "pid": person.expose()}));
    let served = token.clone();
    let (transport, seen) = server(move |number| match number {
        0 => Err(TransportError::new(TransportKind::Interrupted, "test")),
        1 => answer(
            400,
            r#"{"error":"invalid_grant","error_description":"Unknown key identifier (kid) for client."}"#,
        ),
        _ => token_answer(&served),
    });
    let client = client(with_kid(), transport);
    client
        .keys()
        .offer(with_kid().with_kid("newer".parse().unwrap()));
    let request = plain().pid(person.clone());
    let said = runtime.block_on(async {
        let token = client.token(&request).await.unwrap();
        format!(
            "{token:?} {client:?} {:?} {}",
            client.token_key(&request),
            client.token_key(&request)
        )
    });
    let texts = format!("{said}{}", log.text());
    assert!(
        texts.contains("new signing key was not accepted"),
        "{texts}"
    );
    assert!(!texts.contains(person.expose()), "{texts}");
    for form in seen.lock().unwrap().iter() {
        let grant = form.split("assertion=").nth(1).unwrap();
        for part in grant
            .split('.')
            .chain(token.split('.'))
            .filter(|part| part.len() > 30)
        {
            assert!(!texts.contains(part), "{texts}");
        }
    }
    assert!(
        !texts.contains(&CLIENT_ID.replace('-', "")),
        "the id is written as it is"
    );
}
