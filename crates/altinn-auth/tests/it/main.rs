//! Sessions against a closure that stands in for Maskinporten and Altinn.

#![allow(clippy::unwrap_used, reason = "a test binary")]

#[cfg(feature = "openssl")]
mod agents;
mod endings;
#[cfg(feature = "openssl")]
mod hostile;
#[cfg(feature = "openssl")]
mod login;
mod many;
mod script;
#[cfg(feature = "openssl")]
mod server;
#[cfg(feature = "openssl")]
mod sim;
#[cfg(feature = "openssl")]
mod tls;

use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, EnterpriseUserCredentials, Environment, ErrorKind};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::{BoxFuture, SecretString, from_fn};
use maskinporten::{Algorithm, KeyReference, Sign, SignError, Signer};

/// The servers below look at no signature.
#[derive(Debug)]
pub(crate) struct AnyKey;

impl Sign for AnyKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }
    fn key_reference(&self) -> Option<KeyReference> {
        Some(KeyReference::KeyId("test-key".parse().unwrap()))
    }
    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async { Ok(vec![7; 256]) })
    }
}

pub(crate) type Log = Arc<Mutex<Vec<http::Request<Bytes>>>>;
type Answer = http::Response<Bytes>;

fn token(name: &str, lifetime: i64) -> String {
    let payload = format!(
        r#"{{"jti":"{name}","iat":1000,"exp":{},"urn:altinn:authenticatemethod":"maskinporten"}}"#,
        1000 + lifetime
    );
    format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl",
        URL_SAFE_NO_PAD.encode(payload)
    )
}

fn ok(body: impl Into<Bytes>) -> Answer {
    http::Response::new(body.into())
}

fn status(code: u16, body: &'static str) -> Answer {
    http::Response::builder()
        .status(code)
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

/// An Altinn whose Maskinporten numbers its tokens, and whose other answers are the test's: it gets
/// the request and how many the host had before.
fn altinn(
    answer: impl Fn(&http::Request<Bytes>, usize) -> Answer + Send + Sync + 'static,
) -> (Altinn, Log) {
    let log = Log::default();
    let seen = log.clone();
    let answer = Arc::new(answer);
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let mut seen = seen.lock().unwrap();
            let before = seen
                .iter()
                .filter(|other| other.uri().path() == request.uri().path())
                .count();
            let reply = if request.uri().path() == "/token" {
                ok(format!(
                    r#"{{"access_token":"maskinporten-{before}","token_type":"Bearer","expires_in":119}}"#
                ))
            } else {
                answer(&request, before)
            };
            seen.push(request);
            Ok(reply)
        }
    });
    let signer = Signer::new(AnyKey).unwrap();
    let altinn = Altinn::builder(Environment::tt02(), "test-client".parse().unwrap(), signer)
        .transport(Arc::new(transport))
        .build()
        .unwrap();
    (altinn, log)
}

fn paths(log: &Log) -> Vec<String> {
    log.lock()
        .unwrap()
        .iter()
        .map(|request| request.uri().path().to_owned())
        .collect()
}

pub(crate) fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

const EXCHANGE: &str = "/authentication/api/v1/exchange/maskinporten";

#[tokio::test]
async fn a_bare_and_a_quoted_token_are_the_same_token() {
    for quoted in [false, true] {
        let (altinn, log) = altinn(move |_, _| {
            let token = token("altinn", 1800);
            ok(if quoted {
                format!("\"{token}\"")
            } else {
                token
            })
        });
        let session = altinn.organisation().scopes(["altinn:serviceowner"]);
        let got = session.token().await.unwrap();
        assert_eq!(got.expose(), token("altinn", 1800));
        // the Altinn token's own life, not the 119 s of the Maskinporten token
        let seconds = got.expires_in().as_secs();
        assert!((1790..=1800).contains(&seconds), "{seconds}");
        session.clone().token().await.unwrap();
        let handle = session.token_handle().unwrap();
        assert_eq!(handle.token().await.unwrap().expose(), got.expose());
        assert_eq!(
            paths(&log),
            ["/token", EXCHANGE],
            "the second is from the cache"
        );
    }
}

/// The failure catalogue's row of this name: the Altinn token's own `exp` decides, whichever of the
/// two lives longer.
#[tokio::test]
async fn exchange_lifetime_copied_from_the_maskinporten_token() {
    for own in [1800, 40] {
        let (altinn, _) = altinn(move |_, _| ok(token("altinn", own)));
        let session = altinn.organisation().scopes(["altinn:serviceowner"]);
        let left = i64::try_from(session.token().await.unwrap().expires_in().as_secs()).unwrap();
        assert!((own - 10..=own).contains(&left), "{left} of {own}");
    }
}

#[tokio::test]
async fn a_401_from_the_exchange_is_answered_by_one_newer_maskinporten_token() {
    let (altinn, log) = altinn(|_, _| status(401, ""));
    let error = altinn
        .organisation()
        .scopes(["altinn:serviceowner"])
        .token()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExchangeRefused);
    assert_eq!(paths(&log), ["/token", EXCHANGE, "/token", EXCHANGE]);
    let log = log.lock().unwrap();
    assert_ne!(
        log[1].headers()["authorization"],
        log[3].headers()["authorization"]
    );
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(
        remedy.contains("test.maskinporten.no") && remedy.contains("tt02"),
        "{remedy}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_sent_once() {
    let (altinn, log) = altinn(|_, _| {
        status(
            401,
            "The user either does not exist or the password is incorrect.",
        )
    });
    let credentials = EnterpriseUserCredentials::new("bruker", SecretString::from("p:w")).unwrap();
    let session = altinn
        .enterprise_user(credentials)
        .scopes(["altinn:enduser"]);
    let error = session.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongCredentials);
    assert_eq!(paths(&log), ["/token", EXCHANGE]);
    let sent = &log.lock().unwrap()[1];
    let header = &sent.headers()["x-altinn-enterpriseuser-authentication"];
    assert_eq!(header, "YnJ1a2VyOnA6dw=="); // base64 of bruker:p:w
    assert!(header.is_sensitive());
}

#[tokio::test]
async fn the_closed_way_in_names_the_one_that_is_open() {
    let (altinn, _) = altinn(|_, _| {
        status(
            410,
            r#"{"title":"Virksomhetsbruker is no longer available","status":410,"detail":"Gone."}"#,
        )
    });
    let credentials = EnterpriseUserCredentials::new("bruker", SecretString::from("x")).unwrap();
    let session = altinn
        .enterprise_user(credentials)
        .scopes(["altinn:enduser"]);
    let error = session.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EnterpriseUserClosed);
    let diagnosis = error.diagnosis();
    assert_eq!(diagnosis.status(), Some(410));
    assert_eq!(diagnosis.message(), Some("Gone."));
    assert!(
        diagnosis
            .remedy()
            .unwrap()
            .to_string()
            .contains("systembruker")
    );
}

#[tokio::test]
async fn what_is_no_token_is_said_so() {
    let cases = [
        (
            "<html>down for maintenance</html>",
            ErrorKind::Transport(http_transport::ErrorKind::Html),
        ),
        ("", ErrorKind::InvalidAnswer),
        ("null", ErrorKind::InvalidAnswer),
        ("opaque", ErrorKind::InvalidAnswer),
    ];
    for (body, kind) in cases {
        let (altinn, _) = altinn(move |_, _| status(200, body));
        let session = altinn.organisation().scopes(["altinn:serviceowner"]);
        assert_eq!(session.token().await.unwrap_err().kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn a_call_carries_the_keys_that_its_host_wants_and_goes_nowhere_else() {
    let (altinn, log) = altinn(|request, _| match request.uri().path() {
        EXCHANGE => ok(token("altinn", 1800)),
        _ => ok("{}"),
    });
    let session = altinn
        .system_user("310702641".parse().unwrap())
        .scopes(["altinn:x"]);
    for url in [
        "https://platform.altinn.no/x", // production, with a token of TT02
        "https://platform.tt02.altinn.no.evil.test/", // a look-alike
        "http://platform.tt02.altinn.no/x", // not over TLS
        "/relative",
    ] {
        let error = session.call("test", get(url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignHost, "{url}");
    }
    let error = session
        .call("test", get("https://tt02.altinn.no/api/reportees"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApiKeyMissing);
    assert!(
        paths(&log).is_empty(),
        "nothing was sent, not even for a token"
    );

    session
        .call("test", get("https://platform.tt02.altinn.no/x"))
        .await
        .unwrap();
    let log = log.lock().unwrap();
    let sent = log.last().unwrap();
    let bearer = format!("Bearer {}", token("altinn", 1800));
    assert_eq!(sent.headers()["authorization"], bearer.as_str());
    assert!(!sent.headers().contains_key("apikey"));
}

#[tokio::test]
async fn a_401_of_a_call_is_answered_by_at_most_one_newer_token() {
    let (altinn, log) = altinn(|request, before| match request.uri().path() {
        EXCHANGE => ok(token(&format!("altinn-{before}"), 1800)),
        _ => status(401, "Unknown user type"),
    });
    let session = altinn
        .system_user("310702641".parse().unwrap())
        .scopes(["altinn:x"]);
    for _ in 0..3 {
        let answer = session
            .call("test", get("https://platform.tt02.altinn.no/x"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
    }
    let count = |path: &str| paths(&log).iter().filter(|other| *other == path).count();
    assert_eq!(
        count(EXCHANGE),
        2,
        "one token, and one newer: a business 401 is no reason for more"
    );
    assert_eq!(count("/x"), 4);
}

#[tokio::test]
async fn sessions_that_differ_share_no_token() {
    let (altinn, log) = altinn(|_, before| ok(token(&format!("altinn-{before}"), 1800)));
    let owner = "310702641".parse().unwrap();
    let read = altinn.system_user(owner).scopes(["altinn:read"]);
    let write = altinn.system_user(owner).scopes(["altinn:write"]);
    let other = altinn
        .system_user(owner)
        .scopes(["altinn:read"])
        .external_ref("other");
    let organisation = altinn.organisation().scopes(["altinn:read"]);
    let mut seen = Vec::new();
    for token in [
        read.token().await.unwrap(),
        write.token().await.unwrap(),
        other.token().await.unwrap(),
        organisation.token().await.unwrap(),
    ] {
        seen.push(token.expose().to_owned());
    }
    seen.dedup();
    assert_eq!(seen.len(), 4);
    // the order in which scopes are named is no difference
    let exchanges = paths(&log).len();
    altinn
        .organisation()
        .scopes(["altinn:read", "altinn:read"])
        .token()
        .await
        .unwrap();
    assert_eq!(paths(&log).len(), exchanges);
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let (altinn, _) = altinn(|_, _| ok(token("altinn", 1800)));
    let credentials =
        EnterpriseUserCredentials::new("26899299344", SecretString::from("hemmelig")).unwrap();
    let session = altinn.enterprise_user(credentials).scopes(["altinn:x"]);
    let token = session.token().await.unwrap();
    let said = format!(
        "{altinn:?} {session:?} {token:?} {:?}",
        session.claims().await.unwrap()
    );
    for secret in ["hemmelig", "26899299344", "maskinporten-0", token.expose()] {
        assert!(!said.contains(secret), "{said}");
    }
}
