//! Contract tests: every exchange of `fixtures/` is played by a server on loopback, and what the
//! client sends and makes of the answer is written down.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, Environment};
use altinn_authz::{Error, to_masked_json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::{BoxFuture, ReqwestTransport, SecretString, Transport as _, from_fn, redact};
use maskinporten::{Algorithm, KeyReference, Sign, SignError, Signer};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One exchange of `fixtures/`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fixture {
    /// `altinn2/delegations-list/hal`
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) request: FixtureRequest,
    pub(crate) response: FixtureResponse,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FixtureRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FixtureResponse {
    pub(crate) status: u16,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Option<Value>,
    pub(crate) text: Option<String>,
}

impl Fixture {
    /// All fixtures of a generation, sorted by name: ours, or those of the folder that
    /// `ALTINN_FIXTURES` names.
    pub(crate) fn all(generation: &str) -> Vec<Self> {
        let own = own_recordings();
        let root = match &own {
            Some(folder) => folder.clone(),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"),
        };
        let root = root.join(generation);
        if own.is_some() && !root.is_dir() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for folder in root.read_dir().unwrap() {
            let folder = folder.unwrap().path();
            for file in folder.read_dir().unwrap() {
                let file = file.unwrap().path();
                let text = std::fs::read_to_string(&file).unwrap();
                let mut fixture: Self = serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let operation = folder.file_name().unwrap().to_str().unwrap();
                let case = file.file_stem().unwrap().to_str().unwrap();
                fixture.name = format!("{generation}/{operation}/{case}");
                found.push(fixture);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(!found.is_empty(), "no fixtures of {generation}");
        found
    }

    /// The folder: `delegations-list`.
    pub(crate) fn operation(&self) -> &str {
        self.name.split('/').nth(1).unwrap()
    }

    /// The segments of the request's path.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let path = self.request.path.split('?').next().unwrap();
        path.split('/').skip(1).collect()
    }

    /// A parameter of the request's query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&format!("http://x{}", self.request.path)).unwrap();
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.into_owned())
    }

    /// Where the snapshot of this fixture goes, and how it is written: without the expression, which
    /// could hold what is masked in the value.
    pub(crate) fn snapshot(&self, value: &Value) {
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        let (generation, name) = self.name.split_once('/').unwrap();
        // what others recorded, they keep
        settings.set_snapshot_path(match own_recordings() {
            Some(folder) => folder.join("snapshots").join(generation),
            None => PathBuf::from(format!("snapshots/{generation}")),
        });
        settings.bind(|| insta::assert_json_snapshot!(name.replace('/', "__"), value));
    }
}

/// The folder of recordings that are not ours; `fixtures/README.md` says how it is used.
fn own_recordings() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("ALTINN_FIXTURES")?);
    let folder = folder
        .canonicalize()
        .unwrap_or_else(|error| panic!("ALTINN_FIXTURES={}: {error}", folder.display()));
    Some(folder)
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    /// For a snapshot: secrets and person numbers taken out, and what the HTTP library adds.
    pub(crate) fn shown(&self) -> Value {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                ![
                    "host",
                    "content-length",
                    "accept-encoding",
                    "user-agent",
                    "connection",
                ]
                .contains(&name.as_str())
            })
            .map(|(name, value)| match name.as_str() {
                "authorization" => format!("{name}: {}", redact::text(value)),
                "apikey" => format!("{name}: {{api-key}}"),
                _ => format!("{name}: {value}"),
            })
            .collect();
        headers.sort();
        let body = match self.body.as_slice() {
            [] => Value::Null,
            body => to_masked_json(&self.json(body)).unwrap(),
        };
        json!({
            "method": self.method,
            "path": redact::text(&self.path),
            "headers": headers,
            "body": body,
        })
    }

    fn json(&self, body: &[u8]) -> Value {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| json!(String::from_utf8_lossy(body).into_owned()))
    }

    /// The body as JSON, nothing taken out.
    pub(crate) fn body(&self) -> Option<Value> {
        (!self.body.is_empty()).then(|| self.json(&self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Plays one fixture's answer, whatever it is asked.
///
/// wiremock cannot send a reason phrase of its own; where one is due, a small server does it.
pub(crate) enum Player {
    Standard(wiremock::MockServer),
    Phrase {
        url: Url,
        log: Arc<Mutex<Vec<Sent>>>,
    },
}

impl Player {
    pub(crate) async fn play(fixture: &Fixture) -> Self {
        let answer = &fixture.response;
        let status = http::StatusCode::from_u16(answer.status).unwrap();
        let body = match (&answer.body, &answer.text) {
            (Some(body), _) => serde_json::to_vec(body).unwrap(),
            (None, Some(text)) => text.clone().into_bytes(),
            (None, None) => Vec::new(),
        };
        let headers: Vec<(String, String)> = answer
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        if status.canonical_reason() == Some(&answer.reason) {
            let mut template = wiremock::ResponseTemplate::new(answer.status);
            if !body.is_empty() {
                template = template.set_body_bytes(body);
            }
            for (name, value) in &headers {
                template = template.insert_header(name.as_str(), value.as_str());
            }
            let server = wiremock::MockServer::start().await;
            wiremock::Mock::given(wiremock::matchers::any())
                .respond_with(template)
                .mount(&server)
                .await;
            return Self::Standard(server);
        }
        let mut wire = format!("HTTP/1.1 {} {}\r\n", answer.status, answer.reason);
        for (name, value) in &headers {
            wire.push_str(&format!("{name}: {value}\r\n"));
        }
        wire.push_str(&format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        ));
        let mut wire = wire.into_bytes();
        wire.extend(body);

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let seen = log.clone();
        // ends with the test's runtime
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(sent) = read_request(&mut stream).await {
                    seen.lock().unwrap().push(sent);
                    let _ = stream.write_all(&wire).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        let url = url.parse().unwrap();
        Self::Phrase { url, log }
    }

    pub(crate) fn url(&self) -> Url {
        match self {
            Self::Standard(server) => server.uri().parse().unwrap(),
            Self::Phrase { url, .. } => url.clone(),
        }
    }

    /// What came, in order.
    pub(crate) async fn sent(&self) -> Vec<Sent> {
        match self {
            Self::Standard(server) => server
                .received_requests()
                .await
                .unwrap()
                .into_iter()
                .map(|request| Sent {
                    method: request.method.to_string(),
                    path: request.url[url::Position::BeforePath..].to_owned(),
                    headers: request
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                        .collect(),
                    body: request.body,
                })
                .collect(),
            Self::Phrase { log, .. } => log.lock().unwrap().clone(),
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Sent> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    };
    let text = String::from_utf8(read[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = read[head + 4..].to_vec();
    while body.len() < length {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&buffer[..count]),
        }
    }
    Some(Sent {
        method,
        path,
        headers,
        body,
    })
}

/// The servers here look at no signature.
#[derive(Debug)]
struct AnyKey;

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

/// One for each test: a client of its own for every exchange would cost more than the exchange.
pub(crate) fn wire() -> Arc<ReqwestTransport> {
    thread_local! {
        static WIRE: Arc<ReqwestTransport> =
            Arc::new(ReqwestTransport::builder().build().unwrap());
    }
    WIRE.with(Arc::clone)
}

/// An Altinn at this address: tokens are given out here, everything else goes over the wire.
///
/// `altinn2`: whether the address is the Altinn 2 host too, and so gets the API key.
pub(crate) fn altinn(url: &Url, altinn2: bool) -> Altinn {
    let wire = wire();
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let wire = wire.clone();
        async move {
            match request.uri().path() {
                "/token" => Ok(http::Response::new(Bytes::from_static(
                    br#"{"access_token":"maskinporten","token_type":"Bearer","expires_in":119}"#,
                ))),
                "/authentication/api/v1/exchange/maskinporten" => {
                    let payload = URL_SAFE_NO_PAD.encode(r#"{"iat":1000,"exp":2800}"#);
                    let token = format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmF0dXJl");
                    Ok(http::Response::new(token.into()))
                }
                _ => wire.send(request).await,
            }
        }
    });
    let endpoint = url.join("/token").unwrap();
    let maskinporten = maskinporten::Environment::custom(url.as_str(), endpoint.as_str()).unwrap();
    let environment = Environment::custom(
        "loopback",
        url.as_str(),
        altinn2.then(|| url.as_str()),
        maskinporten,
    )
    .unwrap();
    let signer = Signer::new(AnyKey).unwrap();
    Altinn::builder(environment, "test-client".parse().unwrap(), signer)
        .transport(Arc::new(transport))
        .api_key(SecretString::from("5b4a0c52-0000-4000-8000-000000000000"))
        .build()
        .unwrap()
}

/// An outcome for a snapshot: person numbers masked, the diagnosis whole.
pub(crate) fn outcome<T: serde::Serialize>(outcome: &Result<T, Error>) -> Value {
    match outcome {
        Ok(value) => json!({ "ok": to_masked_json(value).unwrap() }),
        Err(error) => {
            let diagnosis = error.diagnosis();
            json!({
                "error": {
                    "kind": format!("{:?}", error.kind()),
                    "display": error.to_string(),
                    "operation": diagnosis.operation(),
                    "status": diagnosis.status(),
                    "code": diagnosis.code(),
                    "message": diagnosis.message(),
                    "retry": format!("{:?}", diagnosis.retry()),
                    "remedy": diagnosis.remedy().map(ToString::to_string),
                }
            })
        }
    }
}

/// Person numbers that stand in a text without a mask.
pub(crate) fn unmasked(text: &str) -> bool {
    norwegian_ids::mask_person_numbers(text) != text
}
