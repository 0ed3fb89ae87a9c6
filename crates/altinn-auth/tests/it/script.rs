//! A Maskinporten and an Altinn in a closure, for what takes no socket.

use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, Environment};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::from_fn;
use maskinporten::Signer;
use serde_json::{Value, json};
use token_cache::{TestClock, TokenCache};

use crate::{AnyKey, Log};

pub(crate) const LOG_IN: &str = "/api/authentication/authenticatewithpassword";

/// An Altinn of this script, which knows all requests before; and the clock of its cache.
pub(crate) fn altinn(
    reply: impl Fn(&http::Request<Bytes>, &[http::Request<Bytes>]) -> http::Response<Bytes>
    + Send
    + Sync
    + 'static,
) -> (Altinn, Log, Arc<TestClock>) {
    let (log, reply) = (Log::default(), Arc::new(reply));
    let seen = log.clone();
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let (seen, reply) = (seen.clone(), reply.clone());
        async move {
            let mut seen = seen.lock().unwrap();
            let answer = reply(&request, &seen);
            seen.push(request);
            Ok(answer)
        }
    });
    let clock = Arc::new(TestClock::new());
    let signer = Signer::new(AnyKey).unwrap();
    let transport = Arc::new(transport);
    let altinn = Altinn::builder(Environment::tt02(), "test-client".parse().unwrap(), signer)
        .transport(transport.clone())
        .certificate_transport(transport)
        .cache(TokenCache::builder().clock(clock.clone()).build())
        .api_key("api-key".into())
        .subscription_key("for-all".into())
        .product_key("storage", "for-storage".into())
        .product_key("/Events/", "for-events".into())
        .build()
        .unwrap();
    (altinn, log, clock)
}

/// The answer of Maskinporten, whose token names itself.
pub(crate) fn maskinporten(name: &str, seconds: u64) -> http::Response<Bytes> {
    let body = json!({"access_token": name, "token_type": "Bearer", "expires_in": seconds});
    http::Response::new(Bytes::from(body.to_string()))
}

/// The answer of the exchange; its token names itself and holds these claims.
pub(crate) fn exchanged(name: &str, seconds: u64, claims: Value) -> http::Response<Bytes> {
    let mut payload = json!({"jti": name, "iat": 1000, "exp": 1000 + seconds});
    for (claim, value) in claims.as_object().into_iter().flatten() {
        payload[claim] = value.clone();
    }
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    http::Response::new(Bytes::from(format!("e30.{payload}.c2ln")))
}

/// The name of the token that a request carries.
pub(crate) fn token_of(request: &http::Request<Bytes>) -> String {
    let header = request.headers()["authorization"].to_str().unwrap();
    let token = header.strip_prefix("Bearer ").unwrap();
    let Some(payload) = token.split('.').nth(1) else {
        return token.to_owned();
    };
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    payload["jti"].as_str().unwrap().to_owned()
}

/// The claims of the grant in a token request.
pub(crate) fn grant_of(request: &http::Request<Bytes>) -> Value {
    let form = std::str::from_utf8(request.body()).unwrap();
    let assertion = form.split("assertion=").nth(1).unwrap();
    let payload = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(crate) fn text(status: u16, kind: &'static str, body: &str) -> http::Response<Bytes> {
    http::Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn cookie(value: &str) -> http::Response<Bytes> {
    http::Response::builder()
        .header("set-cookie", "ASP.NET_SessionId=other; path=/")
        .header(
            "set-cookie",
            format!(".ASPXAUTH={value}; path=/; secure; HttpOnly"),
        )
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

pub(crate) fn count(log: &Mutex<Vec<http::Request<Bytes>>>, path: &str) -> usize {
    let log = log.lock().unwrap();
    log.iter()
        .filter(|request| request.uri().path() == path)
        .count()
}
