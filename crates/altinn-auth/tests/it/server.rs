//! Servers of the tests' own: one that remembers what it gets, and a small Altinn, Maskinporten and
//! ID-porten in one, which can be told to misbehave in one place.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use altinn_auth::id_porten::{ClientAuthentication, IdPorten, IdPortenBuilder};
use altinn_auth::{Altinn, AltinnBuilder, Environment, Provider};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use maskinporten::Signer;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::AnyKey;

pub(crate) type Seen = Arc<Mutex<Vec<http::Request<Bytes>>>>;

/// What a server does with a request.
pub(crate) enum Reply {
    Answer(http::Response<Bytes>),
    /// A byte each second, and no end.
    ByteASecond,
}

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> http::Response<Bytes> {
    let mut answer = http::Response::new(body.into());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

/// Listens on a port of its own; gives the URL, and what came.
pub(crate) async fn listen(
    reply: impl Fn(&http::Request<Bytes>) -> Reply + Send + Sync + 'static,
) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, reply) = (Seen::default(), Arc::new(reply));
    let log = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (log, reply) = (log.clone(), reply.clone());
            tokio::spawn(async move { serve(stream, &log, &*reply).await });
        }
    });
    (url, seen)
}

/// Somebody else's server: nothing of this client's is to come here, not even a connection.
pub(crate) async fn stranger() -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let visits = Arc::new(Mutex::new(0));
    let count = visits.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            *count.lock().unwrap() += 1;
        }
    });
    (url, visits)
}

pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<http::Request<Bytes>>>,
    reply: &(dyn Fn(&http::Request<Bytes>) -> Reply + Send + Sync),
) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let reply = reply(&request);
    seen.lock().unwrap().push(request);
    match reply {
        Reply::Answer(answer) => {
            let mut text = format!("HTTP/1.1 {}\r\n", answer.status());
            for (name, value) in answer.headers() {
                text += &format!("{name}: {}\r\n", value.to_str().unwrap());
            }
            text += &format!(
                "content-length: {}\r\nconnection: close\r\n\r\n",
                answer.body().len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.write_all(answer.body()).await;
            let _ = stream.shutdown().await;
        }
        Reply::ByteASecond => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
            let endless = head.bytes().chain(std::iter::repeat(b' '));
            for byte in endless {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// One request; nothing when the connection ends before.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<http::Request<Bytes>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut body = bytes.split_off(end + 4);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let mut request = http::Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    let mut length = 0;
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        request = request.header(name, value.trim());
    }
    while body.len() < length {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&buffer[..count]),
        }
    }
    request.body(Bytes::from(body)).ok()
}

/// Maskinporten, ID-porten and both Altinns, on one host or on four.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Inner>);

struct Inner {
    key: PKey<Private>,
    /// Where Altinn's platform and ID-porten are, as their own documents say.
    hosts: Mutex<[String; 2]>,
    nonce: Mutex<String>,
    /// The path that misbehaves, and how.
    wrong: Mutex<Option<(String, Wrong)>>,
}

type Wrong = Arc<dyn Fn() -> Reply + Send + Sync>;

impl Fake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            key: PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
            hosts: Mutex::default(),
            nonce: Mutex::default(),
            wrong: Mutex::default(),
        }))
    }

    /// On one host of this machine.
    pub(crate) async fn start() -> (Self, String, Seen) {
        let fake = Self::new();
        let own = fake.clone();
        let (url, seen) = listen(move |request| own.reply(request)).await;
        fake.at(&url, &url);
        (fake, url, seen)
    }

    pub(crate) fn at(&self, platform: &str, id_porten: &str) {
        *self.0.hosts.lock().unwrap() = [platform.to_owned(), id_porten.to_owned()];
    }

    /// From now on this path, and what is under it, is answered so.
    pub(crate) fn misbehave(&self, path: &str, how: impl Fn() -> Reply + Send + Sync + 'static) {
        *self.0.wrong.lock().unwrap() = Some((path.to_owned(), Arc::new(how)));
    }

    pub(crate) fn behave(&self) {
        *self.0.wrong.lock().unwrap() = None;
    }

    /// The person has logged in: what the browser brings back.
    pub(crate) fn callback(&self, url: &url::Url) -> String {
        let part = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs.find(|pair| pair.0 == name).unwrap().1.into_owned()
        };
        *self.0.nonce.lock().unwrap() = part("nonce");
        format!(
            "?code=c0de&state={}&iss={}/idp",
            part("state"),
            self.hosts()[1]
        )
    }

    fn hosts(&self) -> [String; 2] {
        self.0.hosts.lock().unwrap().clone()
    }

    fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "RS256", "kid": "test"});
        let message = format!("{}.{}", part(&header), part(claims));
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &self.0.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn keys(&self) -> Value {
        let rsa = self.0.key.rsa().unwrap();
        let number = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "kid": "test",
            "n": number(rsa.n().to_vec()), "e": number(rsa.e().to_vec()),
        }]})
    }

    pub(crate) fn reply(&self, request: &http::Request<Bytes>) -> Reply {
        let path = request.uri().path();
        let wrong = self.0.wrong.lock().unwrap().clone();
        if let Some((place, how)) = wrong
            && path.starts_with(&place)
        {
            return how();
        }
        // from a process that cannot say it in another way
        if let Some(nonce) = request
            .uri()
            .query()
            .and_then(|query| query.strip_prefix("nonce="))
        {
            nonce.clone_into(&mut self.0.nonce.lock().unwrap());
        }
        Reply::Answer(self.answer(path))
    }

    fn answer(&self, path: &str) -> http::Response<Bytes> {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let [platform, id_porten] = self.hosts();
        let issuer = format!("{id_porten}/idp");
        let body = match path {
            "/token" => json!({
                "access_token": "maskinporten-t0ken", "token_type": "Bearer", "expires_in": 119,
            }),
            "/authentication/api/v1/openid/.well-known/openid-configuration/jwks" | "/idp/jwks" => {
                self.keys()
            }
            "/idp/.well-known/openid-configuration" => json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "pushed_authorization_request_endpoint": format!("{issuer}/par"),
                "introspection_endpoint": format!("{issuer}/introspect"),
                "revocation_endpoint": format!("{issuer}/revoke"),
                "end_session_endpoint": format!("{issuer}/logout"),
            }),
            "/idp/par" => json!({"request_uri": "urn:test:1", "expires_in": 120}),
            "/idp/token" => json!({
                "access_token": "id-porten-t0ken", "token_type": "Bearer", "expires_in": 600,
                "scope": "openid altinn:reportees",
                "refresh_token": "refresh-t0ken",
                "id_token": self.sign(&json!({
                    "iss": issuer, "aud": "test-client", "sub": "somebody",
                    "nonce": *self.0.nonce.lock().unwrap(), "acr": "idporten-loa-high",
                    "iat": now, "exp": now + 120,
                })),
            }),
            "/idp/introspect" => json!({"active": true}),
            "/idp/revoke" => Value::Null,
            "/api/authentication/authenticatewithpassword" => {
                let mut answer = answer(200, "");
                let cookie = ".ASPXAUTH=C00KIE; path=/; secure; HttpOnly";
                answer
                    .headers_mut()
                    .insert("set-cookie", cookie.parse().unwrap());
                return answer;
            }
            path if path.starts_with("/authentication/api/v1/exchange/") => {
                return answer(
                    200,
                    self.sign(&json!({
                        "iss": format!("{platform}/authentication/api/v1/openid/"),
                        "urn:altinn:authlevel": 3, "iat": now, "exp": now + 1800,
                    })),
                );
            }
            _ => json!({}),
        };
        let mut answer = answer(200, body.to_string());
        answer
            .headers_mut()
            .insert("content-type", "application/json".parse().unwrap());
        answer
    }
}

/// The environment in which everything is at one URL, or at four.
pub(crate) fn environment(
    maskinporten: &str,
    platform: &str,
    altinn2: &str,
    id_porten: &str,
) -> Environment {
    let maskinporten = maskinporten::Environment::custom(
        &format!("{maskinporten}/"),
        &format!("{maskinporten}/token"),
    )
    .unwrap();
    Environment::custom("test", platform, Some(altinn2), maskinporten)
        .unwrap()
        .with_id_porten(Provider::like_id_porten(&format!("{id_porten}/idp")).unwrap())
}

pub(crate) fn builder(environment: &Environment) -> AltinnBuilder {
    let signer = Signer::new(AnyKey).unwrap();
    Altinn::builder(environment.clone(), "test-client".parse().unwrap(), signer)
        .api_key("API-K3Y".into())
        .subscription_key("SUBSCR1PTION".into())
}

pub(crate) fn id_porten(environment: &Environment) -> IdPortenBuilder {
    IdPorten::of(environment, "test-client".parse().unwrap())
        .authentication(ClientAuthentication::SecretPost("cl1ent-s3cret".into()))
}
