//! A key that signs nothing worth, a server made of a closure, and what both saw.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::{BoxFuture, Error as TransportError, ExposeSecret, Transport};
use maskinporten::{
    Algorithm, Assertion, Certificate, Client, Environment, KeyReference, Sign, SignError, Signer,
};
use serde_json::Value;
use token_cache::TokenCache;

pub(crate) const CLIENT_ID: &str = "238259d7-f0ab-4bd5-b253-0f0159375096";
/// The organisation of [`FakeKey`]'s certificate.
pub(crate) const OWN: &str = "991825827";
/// A customer.
pub(crate) const CUSTOMER: &str = "310702641";

/// Signs with a constant, for tests that do not look at the signature.
#[derive(Debug)]
pub(crate) struct FakeKey {
    pub(crate) certificate: Option<Certificate>,
    pub(crate) fails: Option<SignError>,
}

impl Sign for FakeKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn key_reference(&self) -> Option<KeyReference> {
        Some(match &self.certificate {
            Some(_) => KeyReference::Chain(vec![vec![0x30, 0x01], vec![0x30, 0x02]]),
            None => KeyReference::KeyId("test-key".parse().unwrap()),
        })
    }

    fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async move { self.fails.clone().map_or_else(|| Ok(vec![7; 256]), Err) })
    }
}

/// A signer that sends a certificate of [`OWN`].
pub(crate) fn with_certificate() -> Signer {
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    let certificate =
        Certificate::new("O=TEST", epoch, epoch).with_organisation(OWN.parse().unwrap());
    Signer::new(FakeKey {
        certificate: Some(certificate),
        fails: None,
    })
    .unwrap()
}

/// A signer that sends the id of a registered key.
pub(crate) fn with_kid() -> Signer {
    Signer::new(FakeKey {
        certificate: None,
        fails: None,
    })
    .unwrap()
}

/// Every request's form body.
pub(crate) type Seen = Arc<Mutex<Vec<String>>>;

/// Answers the n-th request (from 0) with what `answer` makes of n.
pub(crate) fn server<F>(answer: F) -> (Arc<dyn Transport>, Seen)
where
    F: Fn(usize) -> Result<http::Response<Bytes>, TransportError> + Send + Sync + 'static,
{
    let seen = Seen::default();
    let record = Arc::clone(&seen);
    let transport = http_transport::from_fn(move |request: http::Request<Bytes>| {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri(), "https://test.maskinporten.no/token");
        assert_eq!(
            request.headers()["content-type"],
            "application/x-www-form-urlencoded"
        );
        let mut seen = record.lock().unwrap();
        let answer = answer(seen.len());
        seen.push(String::from_utf8(request.body().to_vec()).unwrap());
        async move { answer }
    });
    (Arc::new(transport), seen)
}

pub(crate) fn client(signer: Signer, transport: Arc<dyn Transport>) -> Client {
    Client::builder(Environment::test(), CLIENT_ID.parse().unwrap(), signer)
        .transport(transport)
        .build()
        .unwrap()
}

pub(crate) fn client_with_cache(
    signer: Signer,
    transport: Arc<dyn Transport>,
    cache: TokenCache,
) -> Client {
    Client::builder(Environment::test(), CLIENT_ID.parse().unwrap(), signer)
        .transport(transport)
        .cache(cache)
        .build()
        .unwrap()
}

pub(crate) fn answer(
    status: u16,
    body: impl Into<String>,
) -> Result<http::Response<Bytes>, TransportError> {
    Ok(http::Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Bytes::from(body.into()))
        .unwrap())
}

/// A success with this token.
pub(crate) fn token_answer(token: &str) -> Result<http::Response<Bytes>, TransportError> {
    answer(
        200,
        serde_json::json!({
            "access_token": token, "token_type": "Bearer", "expires_in": 119, "scope": "difitest:test1"
        })
        .to_string(),
    )
}

/// A token with these claims, signed with nothing.
pub(crate) fn jwt(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!(
        "{}.{}.c2lnbmF0dXJl",
        part(&serde_json::json!({"kid":"k","alg":"RS256"})),
        part(claims)
    )
}

/// The three parts of a compact JWS, decoded.
pub(crate) fn parts(jws: &str) -> (Vec<u8>, Value, Vec<u8>) {
    let mut parts = jws
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
    assert!(parts.next().is_none());
    (
        header.unwrap(),
        serde_json::from_slice(&claims.unwrap()).unwrap(),
        signature.unwrap(),
    )
}

pub(crate) fn claims_of(assertion: &Assertion) -> Value {
    parts(assertion.secret().expose_secret()).1
}

/// The claims of the grant in a form body.
pub(crate) fn claims_in(form: &str) -> Value {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    parts(form.strip_prefix(grant).expect("the documented form")).1
}

/// The key id in the header of the grant in a form body.
pub(crate) fn kid_in(form: &str) -> String {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let header = parts(form.strip_prefix(grant).expect("the documented form")).0;
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Everything that is logged, at trace level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
