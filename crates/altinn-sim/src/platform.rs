//! The Altinn platform: token exchange, its metadata and keys, and who an Altinn token speaks for.

use std::sync::{PoisonError, RwLock};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Era;
use crate::jws::{self, Jws};
use crate::pki::SigningKey;
use crate::state::{Shared, Sim};
use crate::world::World;

/// `JwtValidityMinutes` of the platform.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// Skew that the exchange allows an incoming token.
const SKEW: i64 = 10;
const ENTERPRISE_USER_HEADER: &str = "x-altinn-enterpriseuser-authentication";
const PARTNER_SCOPES: &[&str] = &[
    "skatteetaten:formueinntekt/skattemelding",
    "skatteetaten:mvameldinginnsending",
    "skatteetaten:mvameldingvalidering",
];

/// Whom a bearer token speaks for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) kind: CallerKind,
    /// Scopes of the token, as Maskinporten or ID-porten gave them.
    pub(crate) scopes: Vec<String>,
}

impl Caller {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
    }
}

/// The kinds of caller and what identifies each.
#[derive(Clone, Debug)]
pub(crate) enum CallerKind {
    /// An organisation by its certificate or key.
    Organisation { number: String },
    /// A system user.
    SystemUser { id: Uuid },
    /// An enterprise user of an organisation.
    EnterpriseUser { user_name: String },
    /// A person who logged in with ID-porten.
    Person { party_uuid: Uuid, user_id: i64 },
}

/// Why a request is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// No `Authorization` header.
    Missing,
    /// Not a bearer token, not a JWT, not signed here, or of an issuer that is not accepted.
    Invalid,
    /// The token is too old.
    Expired { valid_to: Timestamp, now: Timestamp },
}

/// Finds out who calls an API of the platform, which takes exchanged tokens only.
pub(crate) fn authenticate(sim: &Shared, headers: &HeaderMap) -> Result<Caller, AuthFailure> {
    let token = bearer(headers)?;
    sim.platform.caller(sim, &token)
}

/// Finds out who calls Altinn 2, which takes exchanged tokens, Maskinporten's own and ID-porten's own.
pub(crate) fn authenticate_altinn2(
    sim: &Shared,
    world: &World,
    headers: &HeaderMap,
) -> Result<Caller, AuthFailure> {
    let token = bearer(headers)?;
    if sim.id_porten.issued(sim, &token) {
        not_expired(sim, &token, 0)?;
        let person = token.text("pid").and_then(|pid| world.person(pid));
        let person = person.ok_or(AuthFailure::Invalid)?;
        return Ok(Caller {
            kind: CallerKind::Person {
                party_uuid: person.party_uuid,
                user_id: person.user_id,
            },
            scopes: scopes(&token),
        });
    }
    if !sim.maskinporten.issued(sim, &token) {
        return sim.platform.caller(sim, &token);
    }
    let consumer = token.claims.get("consumer").and_then(organisation_of);
    not_expired(sim, &token, 0)?;
    Ok(Caller {
        kind: CallerKind::Organisation {
            number: consumer.ok_or(AuthFailure::Invalid)?,
        },
        scopes: scopes(&token),
    })
}

/// Finds out who calls the APIs for vendors, which take exchanged tokens and Maskinporten's own.
pub(crate) fn authenticate_vendor(
    sim: &Shared,
    world: &World,
    headers: &HeaderMap,
) -> Result<Caller, AuthFailure> {
    if sim.id_porten.issued(sim, &bearer(headers)?) {
        return Err(AuthFailure::Invalid);
    }
    authenticate_altinn2(sim, world, headers)
}

/// As [`organisation_of`], of a document whose names are in lower case.
pub(crate) fn organisation_of_lower(actor: &Value) -> Option<String> {
    organisation_of(&json!({ "authority": actor.get("authority")?, "ID": actor.get("id")? }))
}

/// The platform's own state: its signing keys, the first of which signs.
pub(crate) struct Server {
    keys: RwLock<Vec<SigningKey>>,
}

impl Server {
    pub(crate) fn new(key: SigningKey) -> Self {
        Self {
            keys: RwLock::new(vec![key]),
        }
    }

    /// Signs with `key` from now on; the old ones stay published until `keep` is false.
    pub(crate) fn rotate(&self, key: SigningKey, keep: bool) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            keys.clear();
        }
        keys.insert(0, key);
    }

    fn keys(&self) -> Vec<SigningKey> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn caller(&self, sim: &Shared, token: &Jws) -> Result<Caller, AuthFailure> {
        let kid = token.header_text("kid").ok_or(AuthFailure::Invalid)?;
        let key = self
            .keys()
            .into_iter()
            .find(|k| thumbprint(k).is_ok_and(|t| t == kid));
        let key = key.ok_or(AuthFailure::Invalid)?;
        let right_issuer = token.text("iss") == Some(issuer(sim).as_str());
        if !right_issuer || !token.is_signed_by(&key.key) {
            return Err(AuthFailure::Invalid);
        }
        not_expired(sim, token, 0)?;
        Ok(Caller {
            kind: caller_kind(token).ok_or(AuthFailure::Invalid)?,
            scopes: scopes(token),
        })
    }

    fn sign(&self, claims: &Map<String, Value>) -> Option<String> {
        let key = self.keys().into_iter().next()?;
        let header = json!({"alg": "RS256", "kid": thumbprint(&key).ok()?, "typ": "JWT"});
        jws::sign(&header, claims, &key.key).ok()
    }
}

fn caller_kind(token: &Jws) -> Option<CallerKind> {
    if token.claims.contains_key("pid") && token.claims.contains_key("acr") {
        return Some(CallerKind::Person {
            party_uuid: token.text("urn:altinn:party:uuid")?.parse().ok()?,
            user_id: token.claims.get("urn:altinn:userid")?.as_i64()?,
        });
    }
    if token.text("urn:altinn:authenticatemethod") == Some("virksomhetsbruker") {
        return Some(CallerKind::EnterpriseUser {
            user_name: token.text("urn:altinn:username")?.to_owned(),
        });
    }
    if let Some(details) = token.claims.get("authorization_details") {
        let detail = details.get(0).unwrap_or(details);
        if detail.get("type").and_then(Value::as_str) == Some("urn:altinn:systemuser") {
            let id = detail.get("systemuser_id")?.get(0)?.as_str()?;
            return Some(CallerKind::SystemUser {
                id: id.parse().ok()?,
            });
        }
    }
    Some(CallerKind::Organisation {
        number: token.claims.get("consumer").and_then(organisation_of)?,
    })
}

/// The issuer of Altinn tokens, with its trailing slash.
pub(crate) fn issuer(sim: &Shared) -> String {
    format!("{}/authentication/api/v1/openid/", sim.urls.platform)
}

fn bearer(headers: &HeaderMap) -> Result<Jws, AuthFailure> {
    let value = headers.get(AUTHORIZATION).ok_or(AuthFailure::Missing)?;
    let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer "));
    token
        .and_then(|t| Jws::parse(t.trim()))
        .ok_or(AuthFailure::Invalid)
}

fn not_expired(sim: &Shared, token: &Jws, skew: i64) -> Result<Timestamp, AuthFailure> {
    let exp = token.seconds("exp").ok_or(AuthFailure::Invalid)?;
    let valid_to = Timestamp::from_second(exp).map_err(|_| AuthFailure::Invalid)?;
    let now = sim.clock.now();
    if valid_to.as_second().saturating_add(skew) < now.as_second() {
        return Err(AuthFailure::Expired { valid_to, now });
    }
    Ok(valid_to)
}

fn scopes(token: &Jws) -> Vec<String> {
    let scopes = token.text("scope").unwrap_or_default();
    scopes.split_ascii_whitespace().map(str::to_owned).collect()
}

/// `{"authority":"iso6523-actorid-upis","ID":"0192:<nine digits>"}` → the nine digits.
pub(crate) fn organisation_of(actor: &Value) -> Option<String> {
    if actor.get("authority")?.as_str()? != "iso6523-actorid-upis" {
        return None;
    }
    let number = actor.get("ID")?.as_str()?.strip_prefix("0192:")?;
    (number.len() == 9 && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.to_owned())
}

pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/authentication/api/v1/exchange/{provider}", get(exchange))
        .route(
            "/authentication/api/v1/openid/.well-known/openid-configuration",
            get(metadata),
        )
        .route(
            "/authentication/api/v1/openid/.well-known/openid-configuration/jwks",
            get(jwks),
        )
        .with_state(sim)
}

async fn exchange(
    State(sim): State<Sim>,
    Path(provider): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let outcome = exchanged(&sim, &provider, &query, &headers);
    match outcome {
        Ok(token) => text_answer(StatusCode::OK, &token, &headers),
        Err(Refusal::Text(status, text)) => text_answer(status, &text, &headers),
        Err(Refusal::Test(value)) => problem(
            StatusCode::BAD_REQUEST,
            json!({
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": {"test": [format!("The value '{value}' is not valid.")]},
                "traceId": trace_id(),
            }),
        ),
        Err(Refusal::Unauthorized) => problem(
            StatusCode::UNAUTHORIZED,
            json!({
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.2",
                "title": "Unauthorized",
                "status": 401,
                "traceId": trace_id(),
            }),
        ),
        Err(Refusal::Forbidden) => StatusCode::FORBIDDEN.into_response(),
        Err(Refusal::Gone) => problem(
            StatusCode::GONE,
            json!({
                "type": "https://docs.altinn.studio",
                "title": "Virksomhetsbruker is no longer available",
                "status": 410,
                "detail": "Virksomhetsbruker (enterprise user) is no longer available. It has been \
                    replaced by Systembruker (system user) or ID-porten, depending on the use case. \
                    See https://docs.altinn.studio for migration guidance.",
            }),
        ),
    }
}

enum Refusal {
    Test(String),
    Unauthorized,
    Forbidden,
    Gone,
    Text(StatusCode, String),
}

/// Whatever goes wrong inside a provider's path is a 401 that does not say why.
impl From<AuthFailure> for Refusal {
    fn from(_: AuthFailure) -> Self {
        Self::Unauthorized
    }
}

fn exchanged(
    sim: &Shared,
    provider: &str,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Result<String, Refusal> {
    let test = match query
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("test"))
    {
        None => false,
        Some((_, value)) if value.eq_ignore_ascii_case("true") => true,
        Some((_, value)) if value.eq_ignore_ascii_case("false") => false,
        Some((_, value)) => return Err(Refusal::Test(value.clone())),
    };
    let token = bearer(headers)?;
    let claims = match provider.to_ascii_lowercase().as_str() {
        "maskinporten" => from_maskinporten(sim, &token, test, headers)?,
        "id-porten" => from_id_porten(sim, &token)?,
        // Only Altinn Studio's own issuers are accepted there, and none of them is simulated.
        "altinnstudio" => return Err(Refusal::Unauthorized),
        _ => {
            return Err(Refusal::Text(
                StatusCode::BAD_REQUEST,
                format!(
                    "Invalid token provider: {provider}. Trusted token providers are \
                     'Maskinporten', 'Id-porten' and 'AltinnStudio'."
                ),
            ));
        }
    };
    sim.platform.sign(&claims).ok_or(Refusal::Unauthorized)
}

fn from_maskinporten(
    sim: &Shared,
    token: &Jws,
    test: bool,
    headers: &HeaderMap,
) -> Result<Map<String, Value>, Refusal> {
    if !sim.maskinporten.issued(sim, token) {
        return Err(Refusal::Unauthorized);
    }
    not_expired(sim, token, SKEW)?;
    let number = token.claims.get("consumer").and_then(organisation_of);
    let number = number.ok_or(Refusal::Unauthorized)?;
    let enterprise_user = headers
        .get(ENTERPRISE_USER_HEADER)
        .filter(|value| !value.is_empty());
    let world = sim.world();
    let mut claims = copied(token, &["aud", "iss", "client_amr", "sid"]);
    if let Some(credentials) = enterprise_user {
        if sim.era() == Era::Altinn2Closed {
            return Err(Refusal::Gone);
        }
        let user = enterprise_user_claims(&world, credentials.as_bytes(), &number)?;
        claims.extend(user);
    } else {
        claims.insert(
            "urn:altinn:authenticatemethod".into(),
            "maskinporten".into(),
        );
    }
    let scope = token.text("scope").unwrap_or_default();
    let owner = world.service_owner(&number);
    if let Some(owner) = owner.filter(|_| scope.contains("altinn:serviceowner")) {
        let code = if test && owner.code == "digdir" {
            "ttd"
        } else {
            owner.code.as_str()
        };
        claims.insert("urn:altinn:org".into(), code.into());
    }
    claims.insert("urn:altinn:orgNumber".into(), number.into());
    claims.insert("urn:altinn:authlevel".into(), 3.into());
    claims.insert("jti".into(), Uuid::new_v4().to_string().into());
    // Microsoft's token library writes an array of one as the one.
    if let Some(Value::Array(details)) = claims.get_mut("authorization_details")
        && let [_] = details.as_slice()
    {
        let one = details.swap_remove(0);
        claims.insert("authorization_details".into(), one);
    }
    let now = sim.clock.now();
    stamp(sim, &mut claims, now, (now + LIFETIME).as_second());
    Ok(claims)
}

fn enterprise_user_claims(
    world: &World,
    credentials: &[u8],
    organisation: &str,
) -> Result<Map<String, Value>, Refusal> {
    let text = STANDARD
        .decode(credentials)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((name, password)) = text.as_deref().and_then(|text| text.split_once(':')) else {
        let text = "Invalid enterprise user header.".to_owned();
        return Err(Refusal::Text(StatusCode::BAD_REQUEST, text));
    };
    let user = world
        .enterprise_user(name)
        .filter(|u| u.password.expose() == password && u.organisation == organisation);
    let Some(user) = user else {
        let text = "The user either does not exist or the password is incorrect.".to_owned();
        return Err(Refusal::Text(StatusCode::UNAUTHORIZED, text));
    };
    let claims = json!({
        "urn:altinn:authenticatemethod": "virksomhetsbruker",
        "urn:altinn:userid": user.user_id,
        "urn:altinn:username": user.user_name,
        "urn:altinn:partyid": user.party_id,
    });
    match claims {
        Value::Object(claims) => Ok(claims),
        _ => Err(Refusal::Unauthorized),
    }
}

fn from_id_porten(sim: &Shared, token: &Jws) -> Result<Map<String, Value>, Refusal> {
    if !sim.id_porten.issued(sim, token) {
        return Err(Refusal::Unauthorized);
    }
    not_expired(sim, token, SKEW)?;
    let scopes = scopes(token);
    let accepted = |s: &String| s.starts_with("altinn:") || PARTNER_SCOPES.contains(&s.as_str());
    if !scopes.iter().any(accepted) {
        return Err(Refusal::Forbidden);
    }
    let pid = token.text("pid").ok_or(Refusal::Unauthorized)?;
    let level = match token.text("acr").ok_or(Refusal::Unauthorized)? {
        "idporten-loa-low" => 0,
        "idporten-loa-substantial" => 3,
        "idporten-loa-high" => 4,
        other => other
            .chars()
            .last()
            .and_then(|c| c.to_digit(10))
            .ok_or(Refusal::Unauthorized)?,
    };
    let world = sim.world();
    let person = world.person(pid).ok_or(Refusal::Unauthorized)?;
    let mut claims = copied(token, &["aud", "iss", "at_hash", "sid", "sub"]);
    claims.insert("nameid".into(), person.user_id.to_string().into());
    claims.insert("urn:altinn:userid".into(), person.user_id.into());
    if let Some(user_name) = &person.user_name {
        claims.insert("urn:altinn:username".into(), user_name.clone().into());
    }
    claims.insert("urn:altinn:partyid".into(), person.party_id.into());
    claims.insert(
        "urn:altinn:party:uuid".into(),
        person.party_uuid.to_string().into(),
    );
    claims.insert("urn:altinn:authenticatemethod".into(), "NotDefined".into());
    claims.insert("urn:altinn:authlevel".into(), level.into());
    let exp = token.seconds("exp").ok_or(Refusal::Unauthorized)?;
    stamp(sim, &mut claims, sim.clock.now(), exp);
    Ok(claims)
}

fn copied(token: &Jws, without: &[&str]) -> Map<String, Value> {
    let mut claims = token.claims.clone();
    claims.retain(|name, _| !without.contains(&name.as_str()));
    claims
}

fn stamp(sim: &Shared, claims: &mut Map<String, Value>, now: Timestamp, exp: i64) {
    claims.insert("iss".into(), issuer(sim).into());
    claims.insert("sid".into(), Uuid::new_v4().to_string().into());
    claims.insert("iat".into(), now.as_second().into());
    claims.insert("nbf".into(), now.as_second().into());
    claims.insert("exp".into(), exp.into());
}

async fn metadata(State(sim): State<Sim>) -> Response {
    let issuer = issuer(&sim);
    let base = format!("{}/authentication/api/v1", sim.urls.platform);
    axum::Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{issuer}.well-known/openid-configuration/jwks"),
        "end_session_endpoint": format!("{base}/logout"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

async fn jwks(State(sim): State<Sim>) -> Response {
    let keys: Result<Vec<Value>, ErrorStack> = sim.platform.keys().iter().map(jwk).collect();
    match keys {
        Ok(keys) => axum::Json(json!({"keys": keys})).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `n` and `e` in standard base64, with padding, and no `alg`: so the platform writes them.
fn jwk(key: &SigningKey) -> Result<Value, ErrorStack> {
    let rsa = key.key.rsa()?;
    Ok(json!({
        "kty": "RSA",
        "use": "sig",
        "kid": thumbprint(key)?,
        "e": STANDARD.encode(rsa.e().to_vec()),
        "n": STANDARD.encode(rsa.n().to_vec()),
        "x5c": [STANDARD.encode(key.certificate.to_der()?)],
    }))
}

/// SHA-1 of the certificate in capital hexadecimal, as .NET names certificates.
fn thumbprint(key: &SigningKey) -> Result<String, ErrorStack> {
    let digest = key.certificate.digest(MessageDigest::sha1())?;
    Ok(digest.iter().map(|byte| format!("{byte:02X}")).collect())
}

/// ASP.NET's choice for a string: plain text unless JSON is asked for and nothing else would do.
fn text_answer(status: StatusCode, text: &str, headers: &HeaderMap) -> Response {
    let accept = headers
        .get(ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("*/*");
    let mut wanted = accept
        .split(',')
        .map(|part| part.split(';').next().unwrap_or("").trim());
    let wanted = if accept.contains("*/*") {
        None
    } else {
        wanted.find(|t| ["text/plain", "application/json", "text/json"].contains(t))
    };
    let (content_type, body) = match wanted {
        Some(json @ "application/json") => (
            format!("{json}; charset=utf-8"),
            Value::from(text).to_string(),
        ),
        Some("text/json") => ("text/json".to_owned(), Value::from(text).to_string()),
        _ => ("text/plain; charset=utf-8".to_owned(), text.to_owned()),
    };
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}

fn problem(status: StatusCode, body: Value) -> Response {
    let content_type = "application/problem+json; charset=utf-8";
    (status, [(CONTENT_TYPE, content_type)], body.to_string()).into_response()
}

/// `00-<32 hex>-<16 hex>-00`, as ASP.NET writes it.
fn trace_id() -> String {
    let span = Uuid::new_v4().simple().to_string();
    format!(
        "00-{}-{}-00",
        Uuid::new_v4().simple(),
        span.get(..16).unwrap_or_default()
    )
}
