//! Digdir's self-service (administration) API: clients, their keys, scopes and access to them
//! (spec/maskinporten.md §6.2, §7).
//!
//! It answers with what was written at once; the token server learns of it after the propagation delay.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::jws::Jws;
use crate::state::{Shared, Sim};
use crate::world::{Client, Jwk, Scope, World};

/// How long the token server does not know of a change: "0–2 minutes" say Digdir's pages.
const PROPAGATION: SignedDuration = SignedDuration::from_mins(2);
/// A key lives one year from posting.
const YEAR: i64 = 365 * 24 * 60 * 60;
/// A client has five keys at most.
const KEYS: usize = 5;
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const READ: &[&str] = &[
    "idporten:dcr.read",
    "idporten:dcr.modify",
    "idporten:dcr.write",
];
const MODIFY: &[&str] = &["idporten:dcr.modify", "idporten:dcr.write"];
const WRITE: &[&str] = &["idporten:dcr.write"];
const SCOPES: &[&str] = &["idporten:scopes.write"];

type Change = Arc<dyn Fn(&mut World) + Send + Sync>;
type Parameters = Query<HashMap<String, String>>;

/// What the administration API knows beside the registers.
pub(crate) struct Registry {
    state: Mutex<Kept>,
    /// In milliseconds.
    delay: AtomicI64,
}

#[derive(Default)]
struct Kept {
    /// Written, and not known to the token server yet: from when, in milliseconds since 1970.
    pending: Vec<(i64, Change)>,
    clients: HashMap<String, Document>,
    key_sets: HashMap<String, (Timestamp, Timestamp)>,
    scopes: HashMap<String, Document>,
    /// Scopes that are not active any longer; the registers have the others only.
    inactive_scopes: HashMap<String, Scope>,
    /// Access that was changed here, by scope and consumer.
    access: HashMap<(String, String), (&'static str, Timestamp, Timestamp)>,
}

/// What was written of an object, with the members that the registers do not have.
#[derive(Clone)]
struct Document {
    members: Map<String, Value>,
    created: Timestamp,
    updated: Timestamp,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            delay: AtomicI64::new(milliseconds(PROPAGATION)),
        }
    }
}

impl Registry {
    pub(crate) fn set_delay(&self, delay: SignedDuration) {
        self.delay.store(milliseconds(delay), Ordering::Relaxed);
    }

    /// Lets the token server learn of what is due.
    pub(crate) fn settle(&self, sim: &Shared) {
        drop(self.kept(sim));
    }

    /// The registers as they were written, whether the token server knows it or not.
    fn view(&self, sim: &Shared) -> World {
        let kept = self.kept(sim);
        let mut world = sim.world().clone();
        for (_, change) in &kept.pending {
            change(&mut world);
        }
        world
    }

    fn change(&self, sim: &Shared, change: impl Fn(&mut World) + Send + Sync + 'static) {
        let due = sim.clock.now().as_millisecond() + self.delay.load(Ordering::Relaxed);
        let mut kept = self.kept(sim);
        kept.pending.push((due, Arc::new(change)));
        drop(kept);
        self.settle(sim);
    }

    fn kept(&self, sim: &Shared) -> MutexGuard<'_, Kept> {
        let mut kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = sim.clock.now().as_millisecond();
        if kept.pending.iter().any(|(due, _)| *due <= now) {
            let mut world = sim.world_mut();
            // in the order in which they were written
            kept.pending.retain(|(due, change)| {
                let is_due = *due <= now;
                if is_due {
                    change(&mut world);
                }
                !is_due
            });
        }
        kept
    }
}

fn milliseconds(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// The API below `/api/v1`, and below nothing, as scripts from before know it.
pub(crate) fn router(sim: Sim) -> Router {
    let calls = Router::new()
        .route("/clients", get(list_clients).post(create_client))
        .route(
            "/clients/{id}",
            get(read_client).put(update_client).delete(delete_client),
        )
        .route(
            "/clients/{id}/jwks",
            get(read_keys)
                .post(write_keys)
                .put(write_keys)
                .delete(delete_keys),
        )
        .route("/scopes/all", get(all_scopes))
        .route(
            "/scopes",
            get(read_scopes)
                .post(create_scope)
                .put(update_scope)
                .delete(delete_scope),
        )
        .route("/scopes/access", get(read_access))
        .route("/scopes/access/", get(read_access))
        .route("/scopes/access/all", get(granted_to_us))
        .route(
            "/scopes/access/{consumer}",
            axum::routing::put(change_access).delete(change_access),
        )
        .route("/delegationsources", get(delegation_sources))
        .with_state(sim);
    Router::new().nest("/api/v1", calls.clone()).merge(calls)
}

/// The organisation that calls: the consumer of a token of this Maskinporten with one of the scopes,
/// which a client with the business certificate must have fetched.
fn caller(sim: &Shared, headers: &HeaderMap, scopes: &[&str]) -> Result<String, Refusal> {
    let refused = || Refusal::from(StatusCode::UNAUTHORIZED);
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(Jws::parse)
        .filter(|token| sim.maskinporten.issued(sim, token))
        .ok_or_else(refused)?;
    let is_fresh = token
        .seconds("exp")
        .is_some_and(|exp| exp > sim.clock.now().as_second());
    let has_scope = token
        .text("scope")
        .is_some_and(|held| held.split(' ').any(|scope| scopes.contains(&scope)));
    let by_certificate = token.text("client_amr") != Some("private_key_jwt");
    let consumer = token
        .claims
        .get("consumer")
        .and_then(|consumer| consumer["ID"].as_str()?.strip_prefix("0192:"));
    match consumer {
        Some(consumer) if is_fresh && has_scope && by_certificate => Ok(consumer.to_owned()),
        _ => Err(refused()),
    }
}

/// An answer that is none of success; in a box, for it is large.
struct Refusal(Box<Response>);

impl From<StatusCode> for Refusal {
    fn from(status: StatusCode) -> Self {
        Self(Box::new(status.into_response()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

fn answer(body: &Value) -> Response {
    let json = [(CONTENT_TYPE, "application/json;charset=UTF-8")];
    (json, body.to_string()).into_response()
}

/// 400 as since 2025: `error` is a text and no OAuth code.
fn wrong(object: &str, field: &str, text: &str) -> Refusal {
    let body = json!({
        "status": 400,
        "timestamp": Timestamp::now().to_string(),
        "correlation_id": Uuid::new_v4().simple().to_string(),
        "errors": [{"errorMessage": text, "isFieldError": true, "objectName": object, "fieldIdentifier": field}],
        "error": format!(", {text}"),
        "error_description": format!(", {text}"),
    });
    Refusal(Box::new(
        (StatusCode::BAD_REQUEST, answer(&body)).into_response(),
    ))
}

fn object(body: &Bytes, name: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|_| wrong(name, "", "the body cannot be read"))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

fn wants_inactive(parameters: &HashMap<String, String>) -> bool {
    parameters
        .get("inactive")
        .is_some_and(|value| value == "true")
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

fn texts(members: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let list = members.get(name)?.as_array()?;
    list.iter()
        .map(|one| one.as_str().map(str::to_owned))
        .collect()
}

// clients

fn client_json(sim: &Shared, client: &Client) -> Value {
    let kept = sim.admin.kept(sim);
    let document = kept.clients.get(&client.client_id).cloned();
    drop(kept);
    let (mut members, created, updated) = match document {
        Some(document) => (document.members, document.created, document.updated),
        None => (Map::new(), sim.started, sim.started),
    };
    let mut default = |name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    default("description", client.name.clone().into());
    default("authorization_lifetime", 0.into());
    default("refresh_token_lifetime", 0.into());
    default("refresh_token_usage", "ONETIME".into());
    default("frontchannel_logout_session_required", false.into());
    default("token_endpoint_auth_method", "private_key_jwt".into());
    default("grant_types", json!([JWT_BEARER]));
    default("application_type", "web".into());
    members.insert("client_id".into(), client.client_id.clone().into());
    members.insert("client_name".into(), client.name.clone().into());
    members.insert("client_orgno".into(), client.owner.clone().into());
    members.insert("scopes".into(), json!(client.scopes));
    members.insert(
        "integration_type".into(),
        client.integration_type.clone().into(),
    );
    members.insert(
        "access_token_lifetime".into(),
        client.access_token_lifetime.into(),
    );
    members.insert("active".into(), client.active.into());
    members.insert("created".into(), time(created).into());
    members.insert("last_updated".into(), time(updated).into());
    members.into()
}

/// The caller's own client of this id.
fn own(world: &World, owner: &str, id: &str) -> Result<Client, Refusal> {
    let client = world.clients.iter().find(|client| client.client_id == id);
    match client {
        None => Err(StatusCode::NOT_FOUND.into()),
        Some(client) if client.owner != owner => Err(StatusCode::FORBIDDEN.into()),
        Some(client) => Ok(client.clone()),
    }
}

fn keep_client(sim: &Shared, id: &str, mut members: Map<String, Value>) {
    // what is never written
    for name in ["created", "last_updated", "client_secret"] {
        members.remove(name);
    }
    let now = sim.clock.now();
    let mut kept = sim.admin.kept(sim);
    let created = kept
        .clients
        .get(id)
        .map_or(now, |document| document.created);
    let document = Document {
        members,
        created,
        updated: now,
    };
    kept.clients.insert(id.to_owned(), document);
}

/// The members of a client that the registers have, checked.
fn client_of(
    world: &World,
    owner: &str,
    id: &str,
    members: &Map<String, Value>,
) -> Result<Client, Refusal> {
    let is_wrong = |field: &str, text: &str| Err(wrong("Client", field, text));
    let Some(name) = text(members, "client_name").filter(|name| !name.is_empty()) else {
        return is_wrong("client_name", "client_name must be set");
    };
    let kind = text(members, "integration_type").unwrap_or_default();
    if kind != "maskinporten" {
        return is_wrong("integration_type", "integration_type is not supported here");
    }
    // the one combination that is allowed for Maskinporten
    let grants = texts(members, "grant_types").unwrap_or_default();
    if !matches!(&grants[..], [one] if one == JWT_BEARER || one == "jwt_bearer_token") {
        return is_wrong("grant_types", "invalid grant_types for integration_type");
    }
    if text(members, "token_endpoint_auth_method") != Some("private_key_jwt") {
        return is_wrong(
            "token_endpoint_auth_method",
            "invalid token_endpoint_auth_method for integration_type",
        );
    }
    if text(members, "application_type").is_some_and(|kind| kind != "web") {
        return is_wrong(
            "application_type",
            "invalid application_type for integration_type",
        );
    }
    let Some(scopes) = texts(members, "scopes") else {
        return is_wrong("scopes", "scopes must be a list");
    };
    for scope in &scopes {
        let may = world.scope(scope).is_some_and(|scope| {
            scope.accessible_for_all
                || scope.delegation_source
                || scope.owner == owner
                || scope.granted_to.iter().any(|granted| granted == owner)
        });
        if !may {
            return is_wrong("scopes", &format!("no access to scope {scope}"));
        }
    }
    let whole = json!({
        "client_id": id,
        "name": name,
        "owner": owner,
        "scopes": scopes,
        "integration_type": kind,
        "active": members.get("active").and_then(Value::as_bool).unwrap_or(true),
        "access_token_lifetime": members
            .get("access_token_lifetime")
            .and_then(Value::as_i64)
            .unwrap_or(0),
    });
    serde_json::from_value(whole).map_err(|_| wrong("Client", "", "the client cannot be read"))
}

async fn list_clients(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, READ)?;
    let inactive = wants_inactive(&parameters);
    let world = sim.admin.view(&sim);
    let clients: Vec<Value> = world
        .clients
        .iter()
        .filter(|client| client.owner == owner && client.active != inactive)
        .map(|client| client_json(&sim, client))
        .collect();
    Ok(answer(&clients.into()))
}

async fn create_client(
    State(sim): State<Sim>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, WRITE)?;
    let members = object(&body, "Client")?;
    let id = Uuid::new_v4().to_string();
    let client = client_of(&sim.admin.view(&sim), &owner, &id, &members)?;
    keep_client(&sim, &id, members);
    let body = client_json(&sim, &client);
    sim.admin
        .change(&sim, move |world| world.clients.push(client.clone()));
    Ok(answer(&body))
}

async fn read_client(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, READ)?;
    let client = own(&sim.admin.view(&sim), &owner, &id)?;
    if !client.active && !wants_inactive(&parameters) {
        return Err(StatusCode::NOT_FOUND.into());
    }
    Ok(answer(&client_json(&sim, &client)))
}

/// The whole object. That `"active": true` revives is inferred: the documentation says only that
/// creating again does not.
async fn update_client(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, MODIFY)?;
    let world = sim.admin.view(&sim);
    let before = own(&world, &owner, &id)?;
    let members = object(&body, "Client")?;
    if text(&members, "integration_type") != Some(before.integration_type.as_str()) {
        return Err(wrong(
            "Client",
            "integration_type",
            "integration_type cannot be changed",
        ));
    }
    let client = client_of(&world, &owner, &id, &members)?;
    keep_client(&sim, &id, members);
    let body = client_json(&sim, &client);
    sim.admin.change(&sim, move |world| {
        for known in world
            .clients
            .iter_mut()
            .filter(|known| known.client_id == id)
        {
            // the keys are a set of their own
            let (keys, registered_key) = (std::mem::take(&mut known.keys), known.registered_key);
            *known = Client {
                keys,
                registered_key,
                ..client.clone()
            };
        }
    });
    Ok(answer(&body))
}

async fn delete_client(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, WRITE)?;
    let client = own(&sim.admin.view(&sim), &owner, &id)?;
    if !client.active {
        return Err(StatusCode::NOT_FOUND.into());
    }
    sim.admin.change(&sim, move |world| {
        for client in world
            .clients
            .iter_mut()
            .filter(|client| client.client_id == id)
        {
            client.active = false;
        }
    });
    Ok(StatusCode::OK.into_response())
}

// keys

fn keys_json(sim: &Shared, client: &Client) -> Value {
    let kept = sim.admin.kept(sim);
    let (created, updated) = kept
        .key_sets
        .get(&client.client_id)
        .copied()
        .unwrap_or((sim.started, sim.started));
    let keys: Vec<Value> = client
        .keys
        .iter()
        .map(|key| {
            json!({"kid": key.kid, "alg": "RS256", "use": "sig", "n": key.n, "e": key.e,
                "kty": "RSA", "exp": key.exp})
        })
        .collect();
    json!({"keys": keys, "last_updated": time(updated), "created": time(created)})
}

/// A client without a set is answered with 404; that is not documented, and the less kind reading.
async fn read_keys(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, READ)?;
    let client = own(&sim.admin.view(&sim), &owner, &id)?;
    if client.keys.is_empty() {
        return Err(StatusCode::NOT_FOUND.into());
    }
    Ok(answer(&keys_json(&sim, &client)))
}

/// POST and PUT alike replace the whole set.
async fn write_keys(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, WRITE)?;
    let mut client = own(&sim.admin.view(&sim), &owner, &id)?;
    let members = object(&body, "Jwks")?;
    let empty = Vec::new();
    let list = members
        .get("keys")
        .and_then(Value::as_array)
        .unwrap_or(&empty);
    if list.is_empty() || list.len() > KEYS {
        return Err(wrong("Jwks", "keys", "there must be from 1 to 5 keys"));
    }
    let now = sim.clock.now();
    let keys = list
        .iter()
        .map(|key| posted(key, now))
        .collect::<Result<Vec<Jwk>, Refusal>>()?;
    let mut kids: Vec<&str> = keys.iter().map(|key| key.kid.as_str()).collect();
    kids.sort_unstable();
    kids.dedup();
    if kids.len() != keys.len() {
        return Err(wrong("Jwks", "kid", "kid must be unique"));
    }
    let mut kept = sim.admin.kept(&sim);
    let created = kept.key_sets.get(&id).map_or(now, |(created, _)| *created);
    kept.key_sets.insert(id.clone(), (created, now));
    drop(kept);
    client.keys = keys.clone();
    sim.admin.change(&sim, move |world| {
        for client in world
            .clients
            .iter_mut()
            .filter(|client| client.client_id == id)
        {
            client.keys = keys.clone();
        }
    });
    Ok(answer(&keys_json(&sim, &client)))
}

fn posted(key: &Value, now: Timestamp) -> Result<Jwk, Refusal> {
    let is_wrong = |field: &str, text: &str| wrong("Jwk", field, text);
    let member = |name: &str| key[name].as_str().filter(|text| !text.is_empty());
    if member("kty") != Some("RSA") {
        return Err(is_wrong("kty", "kty must be RSA"));
    }
    // enforced since 2025-05-22, also for keys that were there before
    if member("use") != Some("sig") {
        return Err(is_wrong("use", "use must be sig"));
    }
    if !matches!(member("alg"), Some("RS256" | "RS384" | "RS512")) {
        return Err(is_wrong("alg", "alg must be RS256, RS384 or RS512"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let Some(kid) = member("kid").filter(|kid| kid.bytes().all(fits)) else {
        return Err(is_wrong("kid", "kid has characters that are not allowed"));
    };
    if ["d", "p", "q", "dp", "dq", "qi"]
        .iter()
        .any(|name| !key[*name].is_null())
    {
        return Err(is_wrong("d", "the key must be public"));
    }
    let (Some(n), Some(e)) = (member("n"), member("e")) else {
        return Err(is_wrong("n", "n and e must be set"));
    };
    let latest = now.as_second().saturating_add(YEAR);
    let exp = key["exp"]
        .as_i64()
        .map_or(latest, |asked| asked.min(latest));
    Ok(Jwk {
        exp: Some(exp),
        ..Jwk::new(kid, n, e)
    })
}

async fn delete_keys(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, WRITE)?;
    own(&sim.admin.view(&sim), &owner, &id)?;
    sim.admin.change(&sim, move |world| {
        for client in world
            .clients
            .iter_mut()
            .filter(|client| client.client_id == id)
        {
            client.keys.clear();
        }
    });
    Ok(StatusCode::OK.into_response())
}

// scopes

fn scope_json(sim: &Shared, scope: &Scope, active: bool) -> Value {
    let kept = sim.admin.kept(sim);
    let document = kept.scopes.get(&scope.name).cloned();
    drop(kept);
    let (mut members, created, updated) = match document {
        Some(document) => (document.members, document.created, document.updated),
        None => (Map::new(), sim.started, sim.started),
    };
    let (prefix, subscope) = scope.name.split_once(':').unwrap_or((&scope.name, ""));
    let mut default = |name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    default("description", scope.name.clone().into());
    default("long_description", Value::Null);
    default("token_type", "SELF_CONTAINED".into());
    default("visibility", "PUBLIC".into());
    default("requires_user_consent", false.into());
    default("requires_user_authentication", false.into());
    default("requires_pseudonymous_tokens", false.into());
    default("authorization_max_lifetime", 0.into());
    default("enforced_aud_for_access_token", Value::Null);
    default("protected", false.into());
    default("supports_european_businesses", false.into());
    members.insert("name".into(), scope.name.clone().into());
    members.insert("prefix".into(), prefix.into());
    members.insert("subscope".into(), subscope.into());
    members.insert("owner_orgno".into(), scope.owner.clone().into());
    members.insert(
        "allowed_integration_types".into(),
        json!(scope.integration_types),
    );
    members.insert(
        "delegation_source".into(),
        if scope.delegation_source {
            DELEGATION_SOURCE.into()
        } else {
            Value::Null
        },
    );
    members.insert("at_max_age".into(), scope.at_max_age.into());
    members.insert("accessible_for_all".into(), scope.accessible_for_all.into());
    members.insert("active".into(), active.into());
    members.insert("created".into(), time(created).into());
    members.insert("last_updated".into(), time(updated).into());
    members.into()
}

const DELEGATION_SOURCE: &str = "https://tt02.altinn.no/";

fn keep_scope(sim: &Shared, name: &str, members: Map<String, Value>) {
    let now = sim.clock.now();
    let mut kept = sim.admin.kept(sim);
    let created = kept
        .scopes
        .get(name)
        .map_or(now, |document| document.created);
    let document = Document {
        members,
        created,
        updated: now,
    };
    kept.scopes.insert(name.to_owned(), document);
}

fn scope_of(
    owner: &str,
    name: &str,
    members: &Map<String, Value>,
    granted_to: Vec<String>,
) -> Scope {
    let flag = |name: &str| members.get(name).and_then(Value::as_bool).unwrap_or(false);
    Scope {
        name: name.to_owned(),
        owner: owner.to_owned(),
        at_max_age: members
            .get("at_max_age")
            .and_then(Value::as_i64)
            .unwrap_or(0),
        accessible_for_all: flag("accessible_for_all"),
        integration_types: texts(members, "allowed_integration_types")
            .unwrap_or_else(|| vec!["maskinporten".to_owned()]),
        delegation_source: text(members, "delegation_source") == Some(DELEGATION_SOURCE),
        granted_to,
    }
}

/// Open to everybody.
async fn all_scopes(State(sim): State<Sim>, Query(parameters): Parameters) -> Response {
    let only_for_all = parameters
        .get("accessible_for_all")
        .is_some_and(|value| value == "true");
    let world = sim.admin.view(&sim);
    let scopes: Vec<Value> = world
        .scopes
        .iter()
        .filter(|scope| scope.accessible_for_all || !only_for_all)
        .map(|scope| scope_json(&sim, scope, true))
        .filter(|scope| scope["visibility"] == "PUBLIC")
        .collect();
    answer(&scopes.into())
}

/// One by its name, or all of one's own.
async fn read_scopes(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let inactive = wants_inactive(&parameters);
    if let Some(name) = parameters.get("scope") {
        let (scope, active) = own_scope(&sim, &owner, name)?;
        if !active && !inactive {
            return Err(StatusCode::NOT_FOUND.into());
        }
        return Ok(answer(&scope_json(&sim, &scope, active)));
    }
    let scopes: Vec<Scope> = if inactive {
        let kept = sim.admin.kept(&sim);
        kept.inactive_scopes.values().cloned().collect()
    } else {
        sim.admin.view(&sim).scopes
    };
    let scopes: Vec<Value> = scopes
        .iter()
        .filter(|scope| scope.owner == owner)
        .map(|scope| scope_json(&sim, scope, !inactive))
        .collect();
    Ok(answer(&scopes.into()))
}

/// One's own scope, and whether it is active.
fn own_scope(sim: &Shared, owner: &str, name: &str) -> Result<(Scope, bool), Refusal> {
    let active = sim.admin.view(sim).scope(name).cloned();
    let inactive = || {
        let kept = sim.admin.kept(sim);
        kept.inactive_scopes.get(name).cloned()
    };
    let found = match active {
        Some(scope) => Some((scope, true)),
        None => inactive().map(|scope| (scope, false)),
    };
    match found {
        None => Err(StatusCode::NOT_FOUND.into()),
        Some((scope, _)) if scope.owner != owner => Err(StatusCode::FORBIDDEN.into()),
        Some(found) => Ok(found),
    }
}

async fn create_scope(
    State(sim): State<Sim>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let members = object(&body, "Scope")?;
    let part = |name: &str| {
        let text = text(&members, name).unwrap_or_default();
        let fits = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'/' | b'.' | b'_' | b'-')
        };
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(wrong("Scope", name, &format!("{name} is not valid")));
        }
        Ok(text.to_owned())
    };
    let (prefix, subscope) = (part("prefix")?, part("subscope")?);
    if text(&members, "description").is_none_or(str::is_empty) {
        return Err(wrong("Scope", "description", "description must be set"));
    }
    let world = sim.admin.view(&sim);
    // Digdir assigns prefixes; here an organisation has those of the scopes it owns
    let of_owner = |scope: &Scope| {
        scope.owner == owner
            && scope
                .name
                .split_once(':')
                .is_some_and(|(known, _)| known == prefix)
    };
    if !world.scopes.iter().any(of_owner) {
        return Err(wrong(
            "Scope",
            "prefix",
            "the prefix is not assigned to the organisation",
        ));
    }
    let name = format!("{prefix}:{subscope}");
    let was_there = sim.admin.kept(&sim).inactive_scopes.contains_key(&name);
    if was_there || world.scope(&name).is_some() {
        return Err(StatusCode::CONFLICT.into());
    }
    let scope = scope_of(&owner, &name, &members, Vec::new());
    keep_scope(&sim, &name, members);
    let body = scope_json(&sim, &scope, true);
    sim.admin
        .change(&sim, move |world| world.scopes.push(scope.clone()));
    Ok(answer(&body))
}

fn named(parameters: &HashMap<String, String>) -> Result<&str, Refusal> {
    parameters
        .get("scope")
        .map(String::as_str)
        .ok_or_else(|| wrong("Scope", "scope", "scope must be set"))
}

async fn update_scope(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let name = named(&parameters)?.to_owned();
    let (before, was_active) = own_scope(&sim, &owner, &name)?;
    let members = object(&body, "Scope")?;
    let given = (text(&members, "prefix"), text(&members, "subscope"));
    if let (Some(prefix), Some(subscope)) = given
        && format!("{prefix}:{subscope}") != name
    {
        return Err(wrong("Scope", "name", "the name cannot be changed"));
    }
    let active = members
        .get("active")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let scope = scope_of(&owner, &name, &members, before.granted_to);
    keep_scope(&sim, &name, members);
    let body = scope_json(&sim, &scope, active);
    put_scope(&sim, scope, was_active, active);
    Ok(answer(&body))
}

fn put_scope(sim: &Shared, scope: Scope, was_active: bool, active: bool) {
    let mut kept = sim.admin.kept(sim);
    if active {
        kept.inactive_scopes.remove(&scope.name);
    } else {
        kept.inactive_scopes
            .insert(scope.name.clone(), scope.clone());
    }
    drop(kept);
    sim.admin.change(sim, move |world| {
        if was_active {
            world.scopes.retain(|known| known.name != scope.name);
        }
        if active {
            world.scopes.push(scope.clone());
        }
    });
}

/// Answers the deactivated object.
async fn delete_scope(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let (scope, active) = own_scope(&sim, &owner, named(&parameters)?)?;
    if !active {
        return Err(StatusCode::NOT_FOUND.into());
    }
    let body = scope_json(&sim, &scope, false);
    put_scope(&sim, scope, true, false);
    Ok(answer(&body))
}

// access

fn access_json(sim: &Shared, scope: &Scope, consumer: &str) -> Value {
    let kept = sim.admin.kept(sim);
    let key = (scope.name.clone(), consumer.to_owned());
    let (state, created, updated) =
        kept.access
            .get(&key)
            .copied()
            .unwrap_or(("APPROVED", sim.started, sim.started));
    json!({"scope": scope.name, "state": state, "prefix": null, "created": time(created),
        "consumer_orgno": consumer, "last_updated": time(updated), "owner_orgno": scope.owner})
}

async fn read_access(
    State(sim): State<Sim>,
    headers: HeaderMap,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let (name, consumer) = (parameters.get("scope"), parameters.get("consumer_orgno"));
    let scopes: Vec<Scope> = match name {
        Some(name) => vec![own_scope(&sim, &owner, name)?.0],
        None if consumer.is_some() => {
            let mut scopes = sim.admin.view(&sim).scopes;
            scopes.retain(|scope| scope.owner == owner);
            scopes
        }
        None => return Err(wrong("ScopeAccess", "scope", "scope must be set")),
    };
    let access: Vec<Value> = scopes
        .iter()
        .flat_map(|scope| scope.granted_to.iter().map(move |granted| (scope, granted)))
        .filter(|(_, granted)| consumer.is_none_or(|consumer| consumer == *granted))
        .map(|(scope, granted)| access_json(&sim, scope, granted))
        .collect();
    Ok(answer(&access.into()))
}

async fn granted_to_us(State(sim): State<Sim>, headers: HeaderMap) -> Result<Response, Refusal> {
    let consumer = caller(&sim, &headers, READ)?;
    let world = sim.admin.view(&sim);
    let access: Vec<Value> = world
        .scopes
        .iter()
        .filter(|scope| scope.granted_to.contains(&consumer))
        .map(|scope| access_json(&sim, scope, &consumer))
        .collect();
    Ok(answer(&access.into()))
}

/// PUT gives, DELETE takes back.
async fn change_access(
    State(sim): State<Sim>,
    method: Method,
    headers: HeaderMap,
    Path(consumer): Path<String>,
    Query(parameters): Parameters,
) -> Result<Response, Refusal> {
    let owner = caller(&sim, &headers, SCOPES)?;
    let (scope, active) = own_scope(&sim, &owner, named(&parameters)?)?;
    if !active {
        return Err(StatusCode::NOT_FOUND.into());
    }
    let is_number = consumer.len() == 9 && consumer.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(wrong(
            "ScopeAccess",
            "consumer_orgno",
            "not an organisation number",
        ));
    }
    let gives = method == Method::PUT;
    if !gives && !scope.granted_to.contains(&consumer) {
        return Err(StatusCode::NOT_FOUND.into());
    }
    let now = sim.clock.now();
    let key = (scope.name.clone(), consumer.clone());
    let mut kept = sim.admin.kept(&sim);
    let created = kept
        .access
        .get(&key)
        .map_or(now, |(_, created, _)| *created);
    let state = if gives { "APPROVED" } else { "DENIED" };
    kept.access.insert(key, (state, created, now));
    drop(kept);
    let body = access_json(&sim, &scope, &consumer);
    sim.admin.change(&sim, move |world| {
        for known in world
            .scopes
            .iter_mut()
            .filter(|known| known.name == scope.name)
        {
            known.granted_to.retain(|granted| *granted != consumer);
            if gives {
                known.granted_to.push(consumer.clone());
            }
        }
    });
    Ok(answer(&body))
}

/// Open to everybody.
async fn delegation_sources(State(sim): State<Sim>) -> Response {
    let then = time(sim.started);
    answer(
        &json!([{"name": "altinn", "issuer": DELEGATION_SOURCE, "last_updated": then, "created": then}]),
    )
}
