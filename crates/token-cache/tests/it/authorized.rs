//! Which requests get the token, and what follows a 401.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_transport::{ErrorKind, Origin, Transport};
use token_cache::{Authorized, FailureClass};

use crate::server::{Bench, Reply, bench, pass};

/// What was sent: URL, `Authorization`, body.
type Sent = Arc<Mutex<Vec<(String, Option<String>, Bytes)>>>;

fn api(bench: &Bench, refuse: &'static [&'static str]) -> (Authorized<impl Transport>, Sent) {
    let sent = Sent::default();
    let transport = http_transport::from_fn({
        let sent = Arc::clone(&sent);
        move |request: http::Request<Bytes>| {
            let value = request.headers().get("authorization");
            let value = value.map(|value| value.to_str().unwrap().to_owned());
            let refused = value
                .as_deref()
                .is_some_and(|value| refuse.contains(&value));
            sent.lock()
                .unwrap()
                .push((request.uri().to_string(), value, request.into_body()));
            let status = if refused { 401 } else { 200 };
            async move {
                Ok(http::Response::builder()
                    .status(status)
                    .body(Bytes::new())
                    .unwrap())
            }
        }
    });
    let api = Authorized::new(transport, bench.handle.clone())
        .origin("https://api.example.no".parse().unwrap())
        .unwrap()
        .origin("http://127.0.0.1:8080".parse().unwrap())
        .unwrap();
    (api, sent)
}

fn post(url: &str) -> http::Request<Bytes> {
    http::Request::post(url)
        .body(Bytes::from_static(b"a letter"))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn only_named_origins_get_the_token() {
    let bench = bench();
    let (api, sent) = api(&bench, &[]);
    for (url, attached) in [
        ("https://api.example.no/letters", true),
        ("http://127.0.0.1:8080/letters", true),
        ("http://api.example.no/letters", false),
        ("https://api.example.no:8443/letters", false),
        ("https://api.example.no.evil.test/letters", false),
        ("https://evil.test/https://api.example.no/", false),
    ] {
        api.send(post(url)).await.unwrap();
        let (_, value, _) = sent.lock().unwrap().pop().unwrap();
        assert_eq!(
            value,
            attached.then(|| "Bearer token-1".to_owned()),
            "{url}"
        );
    }
    let mut own = post("https://api.example.no/");
    own.headers_mut()
        .insert("authorization", "Basic own".parse().unwrap());
    api.send(own).await.unwrap();
    assert_eq!(
        sent.lock().unwrap().pop().unwrap().1.as_deref(),
        Some("Basic own")
    );

    let plain: Origin = "http://api.example.no".parse().unwrap();
    assert_eq!(api.origin(plain).unwrap_err().kind(), ErrorKind::Insecure);
}

#[tokio::test(start_paused = true)]
async fn one_retry_after_401_with_a_newer_token_and_the_same_body() {
    let bench = bench();
    let (api, sent) = api(&bench, &["Bearer token-1"]);
    let response = api
        .send(post("https://api.example.no/letters"))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].1.as_deref(), Some("Bearer token-2"));
    assert_eq!(sent[0].2, sent[1].2);
    assert_eq!(bench.handle.token().await.unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn no_retry_without_an_actually_newer_token() {
    // the renewal fails: the 401 stands, and others keep the token
    let bench = bench();
    let (api, sent) = api(&bench, &["Bearer token-1"]);
    bench.handle.token().await.unwrap();
    bench.server.always(Reply::Fail(FailureClass::Refused));
    assert_eq!(
        api.send(post("https://api.example.no/"))
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(sent.lock().unwrap().len(), 1);
    assert_eq!(bench.handle.try_token().unwrap().expose(), "token-1");

    // the service gives the same token once more
    pass(31.0).await;
    bench.server.always(Reply::The("token-1"));
    assert_eq!(
        api.send(post("https://api.example.no/"))
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!((sent.lock().unwrap().len(), bench.server.calls()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent_and_the_error_says_why() {
    let bench = bench();
    let (api, sent) = api(&bench, &[]);
    bench.server.always(Reply::Fail(FailureClass::Curable));
    let error = api.send(post("https://api.example.no/")).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let why = source.downcast_ref::<token_cache::Error>().unwrap();
    assert_eq!(why.diagnosis().code(), Some("MP-250"));
    assert!(sent.lock().unwrap().is_empty());
}
