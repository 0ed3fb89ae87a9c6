//! ID-porten: people log in on a plain page, and clients get their tokens (wire facts, Maskinporten §8).
//!
//! The page stands for every way to log in; whoever sits at it chooses a synthetic person. A browser that
//! has logged in is known by a cookie and not asked again for half an hour, two hours at most
//! (single sign-on, §8.5); the cookie's name is the simulator's own.

mod authorize;
mod client;
mod token;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use openssl::error::ErrorStack;
use openssl::sha::sha256;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::jws::{self, Jws, SignError};
use crate::pki::SigningKey;
use crate::state::{Shared, Sim};
use crate::world::{Client, Person};

/// Lifetime of an access token seen in the test environment, where the client sets none.
const ACCESS: i64 = 600;
const ID_TOKEN: i64 = 120;
/// A refresh token dies when it is not used for so long.
const REFRESH: SignedDuration = SignedDuration::from_secs(600);
/// However often it is refreshed.
const AUTHORIZATION: SignedDuration = SignedDuration::from_secs(7200);
const PAR: SignedDuration = SignedDuration::from_secs(120);
/// The life of a code is not documented; RFC 6749 §4.1.2 wants it short.
const CODE: SignedDuration = SignedDuration::from_secs(60);
/// A single sign-on session ends when it is not used for so long.
const SSO: SignedDuration = SignedDuration::from_mins(30);
/// However often it is used.
const LONGEST_SSO: SignedDuration = SignedDuration::from_mins(120);
/// Levels, the lowest first.
const LEVELS: [&str; 3] = [
    "idporten-loa-low",
    "idporten-loa-substantial",
    "idporten-loa-high",
];

type Parameters = Vec<(String, String)>;

/// ID-porten's own state.
pub(crate) struct Server {
    /// The first signs; all are published.
    keys: RwLock<Vec<(String, SigningKey)>>,
    state: Mutex<Memory>,
}

/// What is under way. Nothing here outlives the simulator.
#[derive(Default)]
struct Memory {
    pushed: HashMap<String, (Parameters, Timestamp)>,
    /// Login pages that are shown.
    logins: HashMap<Uuid, authorize::Login>,
    codes: HashMap<String, (token::Grant, Timestamp)>,
    /// Codes that were used, with the grant they gave.
    spent: HashMap<String, Uuid>,
    refresh: HashMap<String, (token::Grant, Timestamp)>,
    /// Access tokens by their `jti`, with the grant each is of.
    access: HashMap<String, Uuid>,
    /// By the `jti` of the id token.
    sessions: HashMap<String, token::Session>,
    /// Browsers that have logged in, by their cookie.
    browsers: HashMap<String, authorize::Browser>,
    revoked: HashSet<Uuid>,
    /// Client assertions that were used.
    assertions: HashSet<String>,
}

/// Something wrong with one login, for a client to notice; see
/// [`Faults::spoil_next_login`](crate::Faults::spoil_next_login).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFlaw {
    /// The redirect brings another `state`, as a forged one does.
    OtherState,
    /// The redirect brings another `iss`.
    OtherIssuer,
    /// The id token has another `nonce`.
    OtherNonce,
    /// The id token is for another client.
    OtherAudience,
    /// The id token has expired.
    Expired,
    /// The id token's level is the lowest, whatever was asked for.
    LowLevel,
    /// The id token is signed with a key that is not published.
    ForeignKey,
}

impl Server {
    pub(crate) fn new(key: SigningKey) -> Self {
        let kid = "altinn-sim--cert0".to_owned();
        Self {
            keys: RwLock::new(vec![(kid, key)]),
            state: Mutex::default(),
        }
    }

    /// Signs with `key` from now on; the old ones stay published if `keep`.
    pub(crate) fn rotate(&self, key: SigningKey, keep: bool) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            keys.clear();
        }
        let kid = format!("altinn-sim--{}", Uuid::new_v4().simple());
        keys.insert(0, (kid, key));
    }

    /// Whether this is an access token of this ID-porten with a right signature; its age is not looked
    /// at, and whether it was revoked cannot be seen from it.
    pub(crate) fn issued(&self, sim: &Shared, token: &Jws) -> bool {
        token.text("iss") == Some(issuer(sim))
            && token.claims.contains_key("client_amr")
            && self.signed(token)
    }

    fn signed(&self, token: &Jws) -> bool {
        let kid = token.header_text("kid");
        let keys = self.keys();
        let mut keys = keys.iter();
        keys.any(|(known, key)| kid == Some(known) && token.is_signed_by(&key.key))
    }

    fn keys(&self) -> Vec<(String, SigningKey)> {
        let keys = self.keys.read();
        keys.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn sign(&self, claims: &Value) -> Result<String, SignError> {
        let keys = self.keys();
        let (kid, key) = keys.first().ok_or_else(ErrorStack::get)?;
        jws::sign(&json!({ "kid": kid, "alg": "RS256" }), claims, &key.key)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The access token of a person who has logged in, by way of the library.
    pub(crate) fn access_token(
        &self,
        sim: &Shared,
        person: &Person,
        scopes: &str,
    ) -> Result<String, SignError> {
        let now = sim.clock.now().as_second();
        let vendor = &sim.world().cast.vendor;
        self.sign(&json!({
            "sub": person.number.expose(),
            "acr": "idporten-loa-high",
            "scope": scopes,
            "iss": issuer(sim),
            "client_amr": "private_key_jwt",
            "pid": person.number.expose(),
            "exp": now + ACCESS,
            "iat": now,
            "jti": short_id(),
            "client_id": "altinn-sim",
            "consumer": {"authority": "iso6523-actorid-upis", "ID": format!("0192:{vendor}")},
        }))
    }
}

/// The issuer, without a trailing slash.
fn issuer(sim: &Shared) -> &str {
    &sim.urls.id_porten
}

/// As `jti` in real tokens: eleven characters.
fn short_id() -> String {
    let mut id = random();
    id.truncate(11);
    id
}

fn random() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    URL_SAFE_NO_PAD.encode(sha256(&[a.into_bytes(), b.into_bytes()].concat()))
}

/// The first value of a parameter, if it is not empty.
fn parameter<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    let mut all = parameters.iter();
    let found = all.find(|(n, v)| n == name && !v.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// `error` and `error_description`, as OAuth has them.
#[derive(Clone, Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    text: String,
}

fn refusal(error: &'static str, text: impl Into<String>) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        error,
        text: text.into(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let trace = Uuid::new_v4().simple();
        let text = format!("{} (trace_id: {trace})", self.text);
        let body = json!({ "error": self.error, "error_description": text });
        (
            self.status,
            [(header::CACHE_CONTROL, "no-store")],
            axum::Json(body),
        )
            .into_response()
    }
}

pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks.json", get(jwks))
        .route("/par", post(authorize::push))
        .route("/authorize", get(authorize::begin))
        .route("/login", post(authorize::log_in))
        .route("/logout", get(authorize::log_out).post(authorize::log_out))
        .route("/token", post(token::issue))
        .route("/token/introspect", post(token::introspect))
        .route("/token/revoke", post(token::revoke))
        .route("/userinfo", get(token::userinfo))
        .with_state(sim)
}

async fn metadata(State(sim): State<Sim>) -> Response {
    let issuer = issuer(&sim);
    let at = |path: &str| format!("{issuer}{path}");
    axum::Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "pushed_authorization_request_endpoint": at("/par"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks.json"),
        "userinfo_endpoint": at("/userinfo"),
        "introspection_endpoint": at("/token/introspect"),
        "revocation_endpoint": at("/token/revoke"),
        "end_session_endpoint": at("/logout"),
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["openid", "profile"],
        "acr_values_supported": LEVELS,
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "response_modes_supported": ["query", "form_post"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "ui_locales_supported": ["en", "nb", "nn", "se"],
        "prompt_values_supported": ["consent", "login", "none"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

async fn jwks(State(sim): State<Sim>) -> Response {
    let keys = sim.id_porten.keys();
    let keys: Result<Vec<Value>, ErrorStack> = keys
        .iter()
        .map(|(kid, key)| {
            let rsa = key.key.rsa()?;
            let number = |n: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(n.to_vec());
            Ok(json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
                "n": number(rsa.n()), "e": number(rsa.e()),
            }))
        })
        .collect();
    match keys {
        Ok(keys) => axum::Json(json!({ "keys": keys })).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A subject that differs between the owners of clients, and does not tell who it is.
fn pairwise(client: &Client, person: &Person) -> String {
    let text = format!("{} {}", client.owner, person.party_uuid);
    URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()))
}
