//! From the call to the token: attempts, cache, clock, metadata, logs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_transport::{Error as TransportError, ErrorKind as TransportKind, ExposeSecret};
use maskinporten::{BuildErrorKind, Consent, Environment, ErrorKind, Metadata, TokenRequest};
use norwegian_ids::synthetic;
use serde_json::json;
use token_cache::{Clock, TestClock, TokenCache};

use crate::support::{
    Log, answer, claims_in, client, client_with_cache, jwt, server, token_answer, with_certificate,
    with_kid,
};

fn plain() -> TokenRequest {
    TokenRequest::scopes(["difitest:test1".parse().unwrap()])
}

#[tokio::test(start_paused = true)]
async fn every_attempt_signs_a_new_grant() {
    let (transport, seen) = server(|number| match number {
        0 => Err(TransportError::new(TransportKind::Interrupted, "test")),
        1 => answer(503, "<html>down</html>"),
        _ => token_answer("t0ken"),
    });
    let token = client(with_kid(), transport).token(&plain()).await.unwrap();
    assert_eq!(token.secret().expose_secret(), "t0ken");
    let seen = seen.lock().unwrap();
    let ids: std::collections::BTreeSet<String> = seen
        .iter()
        .map(|form| claims_in(form)["jti"].to_string())
        .collect();
    assert_eq!((seen.len(), ids.len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_used_grant_is_replaced_once_and_a_refusal_is_not_repeated() {
    let used = r#"{"error":"invalid_grant","error_description":"Grant is used before"}"#;
    let (transport, seen) = server(move |number| match number {
        0 => answer(400, used),
        _ => token_answer("t0ken"),
    });
    assert!(client(with_kid(), transport).token(&plain()).await.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 2);

    let refused = r#"{"error":"invalid_scope","error_description":"Token request contains invalid scopes for client"}"#;
    let (transport, seen) = server(move |_| answer(400, refused));
    let client = client(with_kid(), transport);
    for _ in 0..5 {
        assert_eq!(
            client.token(&plain()).await.unwrap_err().kind(),
            ErrorKind::Scope
        );
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_request() {
    let (transport, seen) = server(|_| token_answer("t0ken"));
    let client = client(with_kid(), transport);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.token(&plain()).await.is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_remembers_its_own_clients_token_only() {
    let request = plain();
    let (transport, seen) = server(|_| token_answer("f1rst"));
    let first = client(with_kid(), transport);
    let (transport, _) = server(|_| token_answer("s3cond"));
    let second = client(with_kid(), transport);
    for _ in 0..2 {
        let (one, two) = (first.token(&request).await, second.token(&request).await);
        assert_eq!(one.unwrap().secret().expose_secret(), "f1rst");
        assert_eq!(two.unwrap().secret().expose_secret(), "s3cond");
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
    // what is changed is another request
    let changed = request.consumer_org(synthetic::organisation_number(1));
    first.token(&changed).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_measured_and_corrected() {
    let clock = Arc::new(TestClock::new());
    // the server is 45 s ahead, and says so in its refusal
    let server_now = clock.now_wall() + Duration::from_secs(45);
    let date = httpdate(server_now);
    let (transport, seen) = server(move |number| {
        let mut response = match number {
            0 => answer(
                400,
                r#"{"error":"invalid_grant","error_description":"JWT is expired"}"#,
            ),
            _ => token_answer("t0ken"),
        }?;
        response.headers_mut().insert("date", date.parse().unwrap());
        Ok(response)
    });
    let cache = TokenCache::builder().clock(clock.clone()).build();
    let client = client_with_cache(with_kid(), transport, cache);
    assert!(client.token(&plain()).await.is_ok());
    let iat: Vec<i64> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|form| claims_in(form)["iat"].as_i64().unwrap())
        .collect();
    assert_eq!(iat.len(), 2);
    assert!((44..=47).contains(&(iat[1] - iat[0])), "{iat:?}");
}

fn httpdate(time: std::time::SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_so() {
    let (transport, _) = server(|_| Err(TransportError::new(TransportKind::Tls, "test")));
    let error = client(with_kid(), transport)
        .token(&plain())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport(TransportKind::Tls));
    assert!(!error.is_retryable() && error.diagnosis().remedy().is_some());
}

#[tokio::test]
async fn a_metadata_document_must_be_of_the_host_it_came_from() {
    let url = "https://test.maskinporten.no/.well-known/oauth-authorization-server";
    let discover = async |issuer: &str, endpoint: &str| {
        let body = json!({
            "issuer": issuer, "token_endpoint": endpoint, "jwks_uri": "https://test.maskinporten.no/jwk",
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512"], "new_member": {}
        })
        .to_string();
        let transport = http_transport::from_fn(move |request: http::Request<Bytes>| {
            assert_eq!(request.method(), http::Method::GET);
            let answer = answer(200, body.clone());
            async move { answer }
        });
        Environment::discover(url, &transport)
            .await
            .map_err(|error| error.kind())
    };
    let issuer = "https://test.maskinporten.no/";
    assert_eq!(
        discover(issuer, "https://test.maskinporten.no/token").await,
        Ok(Environment::test())
    );
    let refused = Err(BuildErrorKind::Metadata);
    assert_eq!(
        discover(issuer, "https://evil.example/token").await,
        refused
    );
    assert_eq!(
        discover(issuer, "https://test.maskinporten.no.evil.example/token").await,
        refused
    );
    assert_eq!(
        discover("https://evil.example/", "https://evil.example/token").await,
        refused
    );

    let below = Metadata::new(
        "https://oidc.example.no/provider/",
        "https://oidc.example.no/other/token",
    );
    assert!(Environment::from_metadata("https://oidc.example.no/meta", &below).is_err());
    let below = Metadata::new(
        "https://oidc.example.no/provider/",
        "https://oidc.example.no/provider/token",
    );
    assert!(Environment::from_metadata("https://oidc.example.no/meta", &below).is_ok());
}

#[test]
fn the_issuers_slash_is_the_right_one() {
    let issuer = |text: &str| {
        let environment = Environment::custom(text, "https://example.no/token").unwrap();
        (
            environment.issuer().to_owned(),
            environment.metadata_url().path().to_owned(),
        )
    };
    let well_known = "/.well-known/oauth-authorization-server";
    for (given, expected) in [
        ("https://maskinporten.no", "https://maskinporten.no/"),
        (
            "https://test.maskinporten.no/",
            "https://test.maskinporten.no/",
        ),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("https://mock.example.no", "https://mock.example.no"),
    ] {
        assert_eq!(issuer(given), (expected.into(), well_known.into()));
    }
    let skyporten = (
        "https://sky.maskinporten.no".to_owned(),
        "/.well-known/openid-configuration".to_owned(),
    );
    assert_eq!(issuer("https://sky.maskinporten.no/"), skyporten);
    assert!(Environment::custom("maskinporten.no", "https://maskinporten.no/token").is_err());
    assert!("tt02".parse::<Environment>().is_err());
}

#[test]
fn neither_logs_nor_debug_texts_hold_a_secret_or_a_person_number() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();

    let person = synthetic::person_number((1990, 5, 17), 1).unwrap();
    let consent_id = uuid::Uuid::from_u128(7);
    let consent_from = format!("urn:altinn:person:identifier-no:{}", person.expose());
    let token = jwt(&json!({
        "scope": "difitest:test1", "pid": person.expose(), "consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"},
        "authorization_details": [{"type": "urn:altinn:consent", "id": consent_id.to_string(), "from": consent_from},
            {"type": "urn:new", "from": consent_from}]
    }));
    let served = token.clone();
    let refusal = format!(
        r#"{{"error":"invalid_request","error_description":"No consent from {} for {token}"}}"#,
        person.expose()
    );
    let (transport, seen) = server(move |number| match number {
        0 => answer(503, "{}"),
        1 => token_answer(&served),
        _ => answer(400, refusal.clone()),
    });
    let client = client(with_certificate(), transport);
    let request = plain()
        .pid(person.clone())
        .consent(Consent::of_person(consent_id, person.clone()));
    let mut said = String::new();
    runtime.block_on(async {
        let token = client.token(&request).await.unwrap();
        let assertion = client.assertion(&request).await.unwrap();
        let other = request.clone().resource("https://api.example.no".parse().unwrap());
        let error = client.token(&other).await.unwrap_err();
        said = format!(
            "{token:?} {:?} {assertion:?} {:?} {client:?} {request:?} {:?} {error} {error:?} {:?} {}",
            token.claims(),
            assertion.secret(),
            client.source(&request),
            error.diagnosis(),
            error.diagnosis(),
        );
    });
    let logged = log.text();
    assert!(
        logged.contains("maskinporten_token") && logged.contains("got a token"),
        "{logged}"
    );
    let assertions: Vec<String> = seen.lock().unwrap().clone();
    assert_eq!(assertions.len(), 3);
    for text in [&said, &logged] {
        assert!(!text.contains(person.expose()), "{text}");
        for secret in assertions
            .iter()
            .filter_map(|form| form.split("assertion=").nth(1))
            .chain([token.as_str()])
        {
            let payload = secret.split('.').nth(1).unwrap();
            assert!(!text.contains(payload), "{text}");
        }
    }
}
