//! Maskinporten: metadata, its own keys, and the token endpoint.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use openssl::error::ErrorStack;
use openssl::sha::sha256;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::jws::{self, Jws};
use crate::pki::SigningKey;
use crate::state::{Shared, Sim};

mod details;
mod grant;
mod refusal;

pub(crate) use grant::is_signed_by_client;
use refusal::Refusal;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const FORM: &str = "application/x-www-form-urlencoded";

/// Maskinporten's own state.
pub(crate) struct Server {
    /// The first signs; all are published.
    keys: RwLock<Vec<(String, SigningKey)>>,
    /// Grants that were used, and until when they could be used again if they were not remembered.
    used: Mutex<HashMap<String, i64>>,
}

impl Server {
    pub(crate) fn new(key: SigningKey) -> Self {
        Self {
            keys: RwLock::new(vec![(random_id(), key)]),
            used: Mutex::default(),
        }
    }

    /// Signs with `key` from now on; the old ones stay published if `keep`.
    pub(crate) fn rotate(&self, key: SigningKey, keep: bool) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            keys.clear();
        }
        keys.insert(0, (random_id(), key));
    }

    /// Whether this is a token of this Maskinporten with a right signature; its age is not looked at.
    pub(crate) fn issued(&self, sim: &Shared, token: &Jws) -> bool {
        token.text("iss") == Some(issuer(sim).as_str())
            && self
                .keys()
                .iter()
                .any(|(kid, k)| token.header_text("kid") == Some(kid) && token.is_signed_by(&k.key))
    }

    fn keys(&self) -> Vec<(String, SigningKey)> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers a grant; false if it was used before.
    fn use_up(&self, grant: String, until: i64, now: i64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until >= now);
        used.insert(grant, until).is_none()
    }

    fn sign(&self, token: &AccessToken) -> Option<String> {
        #[derive(Serialize)]
        struct Header<'a> {
            kid: &'a str,
            alg: &'static str,
        }
        let (kid, key) = self.keys().into_iter().next()?;
        jws::sign(
            &Header {
                kid: &kid,
                alg: "RS256",
            },
            token,
            &key.key,
        )
        .ok()
    }
}

/// The claims of an access token, in the order of real ones.
#[derive(Serialize)]
struct AccessToken {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<[details::Granted; 1]>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Actor>,
    iss: String,
    client_amr: &'static str,
    token_type: &'static str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_source: Option<&'static str>,
    iat: i64,
    client_id: String,
    jti: String,
    consumer: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_orgno: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<String>,
}

#[derive(Serialize)]
struct Actor {
    authority: &'static str,
    #[serde(rename = "ID")]
    id: String,
}

impl Actor {
    fn organisation(number: &str) -> Self {
        Self {
            authority: "iso6523-actorid-upis",
            id: format!("0192:{number}"),
        }
    }
}

/// The issuer, with its trailing slash.
pub(crate) fn issuer(sim: &Shared) -> String {
    format!("{}/", sim.urls.maskinporten)
}

pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/jwk", get(jwk))
        .route("/token", post(token))
        .with_state(sim)
}

async fn metadata(State(sim): State<Sim>) -> Response {
    let base = &sim.urls.maskinporten;
    axum::Json(json!({
        "authorization_details_types_supported": ["urn:altinn:systemuser", "urn:altinn:consent"],
        "grant_types_supported": [GRANT_TYPE],
        "issuer": issuer(&sim),
        "jwks_uri": format!("{base}/jwk"),
        "token_endpoint": format!("{base}/token"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512"],
    }))
    .into_response()
}

async fn jwk(State(sim): State<Sim>) -> Response {
    let keys: Result<Vec<Value>, ErrorStack> = sim
        .maskinporten
        .keys()
        .iter()
        .map(|(kid, key)| {
            let rsa = key.key.rsa()?;
            Ok(json!({
                "kty": "RSA",
                "e": URL_SAFE_NO_PAD.encode(rsa.e().to_vec()),
                "use": "sig",
                "kid": kid,
                "alg": "RS256",
                "n": URL_SAFE_NO_PAD.encode(rsa.n().to_vec()),
            }))
        })
        .collect();
    match keys {
        Ok(keys) => axum::Json(json!({"keys": keys})).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn token(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(FORM) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match issue(&sim, &headers, body).await {
        Ok(answer) => {
            let no_store = [(CACHE_CONTROL, "no-store")];
            (no_store, axum::Json(answer)).into_response()
        }
        Err(refusal) => refusal.into_response(&issuer(&sim), sim.quirks.correlation_ids),
    }
}

#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_member: Option<Value>,
}

async fn issue(sim: &Shared, headers: &HeaderMap, body: Bytes) -> Result<Answer, Refusal> {
    let form = form(headers, body).await.ok_or(Refusal::INVALID_FORM)?;
    let field = |name: &str| {
        let mut values = form
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str());
        let value = values.next();
        if values.next().is_some() { None } else { value }
    };
    match field("grant_type") {
        None | Some("") => return Err(Refusal::INVALID_FORM),
        Some(GRANT_TYPE) => {}
        Some(_) => return Err(Refusal::UNSUPPORTED_GRANT_TYPE),
    }
    let assertion = field("assertion")
        .filter(|a| !a.is_empty())
        .ok_or(Refusal::INVALID_FORM)?;
    let token = grant::check(sim, assertion)?;
    Ok(Answer {
        access_token: sim.maskinporten.sign(&token).ok_or(Refusal::SERVER_ERROR)?,
        token_type: "Bearer",
        // Real answers count the second that passed while the token was made.
        expires_in: token.exp.saturating_sub(token.iat).saturating_sub(1),
        scope: token.scope,
        unknown_member: sim
            .quirks
            .unknown_members
            .then(|| json!({"new": [1, null]})),
    })
}

/// A form body, in order.
pub(crate) async fn form(headers: &HeaderMap, body: Bytes) -> Option<Vec<(String, String)>> {
    use axum::extract::{Form, FromRequest as _};
    let mut request = http::Request::post("/token")
        .body(axum::body::Body::from(body))
        .ok()?;
    *request.headers_mut() = headers.clone();
    Form::from_request(request, &())
        .await
        .ok()
        .map(|Form(fields)| fields)
}

/// 32 random bytes, base64url: 43 characters, as real key ids and `jti`s have.
fn random_id() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    URL_SAFE_NO_PAD.encode(sha256(&[a.into_bytes(), b.into_bytes()].concat()))
}
