//! The system register, and system users from a vendor's request through the customer's approval
//! (wire facts, Altinn 3 §1.6 to §1.9).
//!
//! The customer answers on a page, as in reality, or through the library; the API for it is the
//! portal's own.
//!
//! Open until somebody has seen the real thing: the answer about a system or a request of another
//! vendor (here a 403 without a body, or "not found"), and whether a rejected request can be made
//! again without deleting it (here not).

mod page;
mod problem;
mod register;
mod requests;
mod users;

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::problem::Refusal;
pub(crate) use self::users::written as system_user_json;
use crate::altinn2::lower_case_names;
use crate::platform::{self, CallerKind};
use crate::rights::Held;
use crate::state::{Shared, Sim};
use crate::world::{System, World};

const BASE: &str = "/authentication/api/v1";
const REGISTER: &str = "altinn:authentication/systemregister.write";
const REQUEST_READ: &str = "altinn:authentication/systemuser.request.read";
const REQUEST_WRITE: &str = "altinn:authentication/systemuser.request.write";
const MASKINPORTEN: &str = "altinn:maskinporten/systemuser.read";
const PAGE: usize = 50;
const TIME_LIMIT: SignedDuration = SignedDuration::from_hours(180 * 24);
const MAX_BODY: usize = 1 << 20;

type Outcome = Result<Response, Refusal>;
type Operation = fn(&mut Call<'_>) -> Outcome;

/// What vendors have asked of customers.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<Vec<Asked>>);

/// What a vendor has asked of a customer.
#[derive(Clone, Debug)]
struct Asked {
    id: Uuid,
    kind: Kind,
    title: Option<String>,
    external_ref: Option<String>,
    system: String,
    customer: String,
    rights: Vec<String>,
    packages: Vec<String>,
    unwanted_rights: Vec<String>,
    unwanted_packages: Vec<String>,
    redirect_url: Option<String>,
    status: Status,
    created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Standard,
    Agent,
    /// A change of this system user.
    Change(Uuid),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    New,
    Accepted,
    Rejected,
}

impl Requests {
    /// What the population has asked for and not been answered.
    pub(crate) fn of(world: &World, now: Timestamp) -> Self {
        let waiting = world
            .system_users
            .iter()
            .filter(|u| !u.approved && !u.deleted);
        let asked = waiting.map(|user| Asked {
            id: user.id,
            kind: if user.agent {
                Kind::Agent
            } else {
                Kind::Standard
            },
            title: Some(user.title.clone()),
            external_ref: user.external_ref.clone(),
            system: user.system.clone(),
            customer: user.owner.clone(),
            rights: Vec::new(),
            packages: user.access_packages.clone(),
            unwanted_rights: Vec::new(),
            unwanted_packages: Vec::new(),
            redirect_url: None,
            status: Status::New,
            created: now,
        });
        Self(Mutex::new(asked.collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn timed_out(&self, now: Timestamp) -> bool {
        self.status == Status::New && now.duration_since(self.created) >= TIME_LIMIT
    }

    fn status(&self, now: Timestamp) -> &'static str {
        match self.status {
            _ if self.timed_out(now) => "Timedout",
            Status::New => "New",
            Status::Accepted => "Accepted",
            Status::Rejected => "Rejected",
        }
    }

    fn reference(&self) -> &str {
        self.external_ref.as_deref().unwrap_or(&self.customer)
    }
}

/// The customer's answer. False when nothing is waiting under this id, or the customer is no
/// organisation of the world.
pub(crate) fn answer(sim: &Shared, id: Uuid, approve: bool) -> bool {
    let mut world = sim.world_mut();
    let mut held = sim.rights.lock();
    let mut requests = sim.requests.lock();
    let now = sim.clock.now();
    let waiting = requests
        .iter_mut()
        .find(|r| r.id == id && r.status == Status::New && !r.timed_out(now));
    let Some(asked) = waiting else { return false };
    if !approve {
        asked.status = Status::Rejected;
        return true;
    }
    if !users::approve(&mut world, &mut held, asked) {
        return false;
    }
    asked.status = Status::Accepted;
    true
}

pub(crate) fn router(sim: Sim) -> Router {
    let path = |rest: &str| format!("{BASE}/{rest}");
    let mut router = Router::new()
        .route(
            &path("systemregister/vendor"),
            post(operation(&[REGISTER], register::create))
                .get(operation(&[REGISTER], register::list)),
        )
        .route(
            &path("systemregister/vendor/{system}"),
            get(operation(&[REGISTER], register::one))
                .put(operation(&[REGISTER], register::replace))
                .delete(operation(&[REGISTER], register::remove)),
        )
        .route(
            &path("systemregister/vendor/{system}/changelog"),
            get(operation(&[REGISTER], register::changes)),
        )
        .route(
            &path("systemregister/vendor/{system}/rights"),
            put(operation(&[REGISTER], register::replace_rights)),
        )
        .route(
            &path("systemregister/vendor/{system}/accesspackages"),
            put(operation(&[REGISTER], register::replace_packages)),
        )
        .route(
            &path("systemuser/vendor/byquery"),
            get(operation(&[REQUEST_WRITE], users::by_query)),
        )
        .route(
            &path("systemuser/vendor/bysystem/{system}"),
            get(operation(&[REGISTER], users::by_system)),
        )
        .route(
            &path("systemuser/byExternalId"),
            get(operation(&[MASKINPORTEN], users::by_external_id)),
        );
    for kind in [
        "request/vendor",
        "request/vendor/agent",
        "changerequest/vendor",
    ] {
        let create = if kind.starts_with("change") {
            requests::change
        } else {
            requests::create
        };
        let under = |rest: &str| path(&format!("systemuser/{kind}{rest}"));
        router = router
            .route(&under(""), post(operation(&[REQUEST_WRITE], create)))
            .route(
                &under("/byexternalref/{system}/{customer}/{reference}"),
                get(operation(&[REQUEST_READ], requests::by_reference)),
            )
            .route(
                &under("/bysystem/{system}"),
                get(operation(&[REQUEST_READ], requests::by_system)),
            );
        let one = get(operation(&[REQUEST_READ], requests::one));
        let remove = delete(operation(&[REQUEST_WRITE], requests::remove));
        let agent = kind.ends_with("agent");
        let methods = if agent { one } else { one.merge(remove) };
        router = router.route(&under("/{id}"), methods);
    }
    router
        .route(
            "/accessmanagement/ui/systemuser/{kind}",
            get(page::show).post(page::answer),
        )
        .with_state(sim)
}

/// One call of a vendor's.
struct Call<'a> {
    sim: &'a Shared,
    world: &'a mut World,
    held: &'a mut Held,
    requests: &'a mut Vec<Asked>,
    /// Path after the base, split.
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Bytes,
    /// The vendor.
    vendor: String,
    /// Its Maskinporten client.
    client: Option<String>,
    now: Timestamp,
}

fn operation(
    scopes: &'static [&'static str],
    run: Operation,
) -> impl Fn(State<Sim>, Request) -> std::pin::Pin<Box<dyn Future<Output = Response> + Send>>
+ Clone
+ Send
+ Sync
+ 'static {
    move |State(sim), request| {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, MAX_BODY).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            let vendor = match vendor(&sim, &parts.headers, scopes) {
                Ok(vendor) => vendor,
                Err(refusal) => return refusal.into_response(),
            };
            let path = parts.uri.path().strip_prefix(BASE).unwrap_or_default();
            let mut world = sim.world_mut();
            let mut held = sim.rights.lock();
            let mut requests = sim.requests.lock();
            let mut call = Call {
                sim: &sim,
                world: &mut world,
                held: &mut held,
                requests: &mut requests,
                path: path.split('/').skip(1).map(decoded).collect(),
                query: Query::try_from_uri(&parts.uri)
                    .map(|Query(pairs)| pairs)
                    .unwrap_or_default(),
                body,
                vendor,
                client: client(&parts.headers),
                now: sim.clock.now(),
            };
            run(&mut call).unwrap_or_else(IntoResponse::into_response)
        })
    }
}

/// A path segment without its percent signs.
fn decoded(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B"));
    let uri = http::Uri::try_from(format!("/?{pair}"));
    let pairs = uri.ok().and_then(|uri| {
        Query::<Vec<(String, String)>>::try_from_uri(&uri)
            .ok()
            .map(|Query(pairs)| pairs)
    });
    pairs
        .and_then(|pairs| pairs.into_iter().next())
        .map_or_else(|| segment.to_owned(), |(_, value)| value)
}

/// The client that a token, which has been checked, was given to.
fn client(headers: &HeaderMap) -> Option<String> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("client_id")?.as_str()?.to_owned())
}

/// The organisation that calls: by Maskinporten's token or an exchanged one (§1.5).
fn vendor(sim: &Shared, headers: &HeaderMap, scopes: &[&str]) -> Result<String, Refusal> {
    let world = sim.world();
    let caller = platform::authenticate_vendor(sim, &world, headers)
        .map_err(|_| Refusal::Bare(StatusCode::UNAUTHORIZED))?;
    if !scopes.iter().any(|scope| caller.has_scope(scope)) {
        return Err(Refusal::Bare(StatusCode::FORBIDDEN));
    }
    match caller.kind {
        CallerKind::Organisation { number } => Ok(number),
        _ => Err(Refusal::VENDOR_NOT_FOUND),
    }
}

impl Call<'_> {
    /// A query parameter; names know no case.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let found = pairs.find(|(n, v)| n.eq_ignore_ascii_case(name) && !v.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn segment(&self, from_end: usize) -> &str {
        self.path
            .iter()
            .rev()
            .nth(from_end)
            .map_or("", String::as_str)
    }

    /// A JSON body, its names in lower case.
    fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body)
            .map(lower_case_names)
            .map_err(|_| Refusal::binding("$", "The JSON value could not be converted."))
    }

    fn members(&self) -> Result<Map<String, Value>, Refusal> {
        match self.json()? {
            Value::Object(members) => Ok(members),
            _ => Err(Refusal::binding(
                "$",
                "The JSON value could not be converted.",
            )),
        }
    }

    /// A system of this vendor's that is not deleted.
    fn system(&self, id: &str) -> Result<&System, Refusal> {
        let system = self.world.system(id).filter(|s| !s.deleted);
        let system = system.ok_or(Refusal::SYSTEM_NOT_FOUND)?;
        if system.vendor == self.vendor {
            Ok(system)
        } else {
            Err(Refusal::Bare(StatusCode::FORBIDDEN))
        }
    }

    /// `{"links":{…},"data":[…]}`, fifty at a time; the next page is named by an opaque token.
    fn paged(&self, items: &[Value]) -> Outcome {
        let start = match self.parameter("token") {
            None => 0,
            Some(token) => URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|text| text.strip_prefix("from:")?.parse::<usize>().ok())
                .ok_or_else(|| {
                    Refusal::binding("token", &format!("The value '{token}' is not valid."))
                })?,
        };
        let rest = items.get(start..).unwrap_or_default();
        let end = start.saturating_add(PAGE);
        let next = (rest.len() > PAGE).then(|| {
            let token = URL_SAFE_NO_PAD.encode(format!("from:{end}"));
            let place = format!("{}{BASE}/{}", self.sim.urls.platform, self.path.join("/"));
            format!("{place}?token={token}")
        });
        let links = next.map_or_else(|| json!({}), |next| json!({ "next": next }));
        let data: Vec<&Value> = rest.iter().take(PAGE).collect();
        ok(StatusCode::OK, &json!({ "links": links, "data": data }))
    }
}

fn ok(status: StatusCode, body: &Value) -> Outcome {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    Ok(response)
}

fn succeeded() -> Outcome {
    ok(StatusCode::OK, &json!({ "succeeded": true }))
}

/// A text member that is there and not empty.
fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    let text = members.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Resource ids of `[{"resource":[{"id":"urn:altinn:resource","value":…}]}]`, names in lower case.
fn resources(value: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let one = |right: &Value| {
        let attribute = right.get("resource")?.get(0)?;
        let id = attribute.get("id")?.as_str()?;
        let value = attribute.get("value")?.as_str()?;
        (id == "urn:altinn:resource").then(|| value.to_owned())
    };
    let wrong = || Refusal::validation("AUTH.VLD-00009", "/registersystemrequest/rights/resource");
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(rights)) => rights
            .iter()
            .map(one)
            .collect::<Option<_>>()
            .ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}

/// Codes of `[{"urn":"urn:altinn:accesspackage:…"}]`; one that is no such URN stays as it is, and is
/// found nowhere.
fn packages(value: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let one = |package: &Value| {
        let urn = package.get("urn")?.as_str()?;
        let code = urn.strip_prefix("urn:altinn:accesspackage:");
        Some(code.unwrap_or(urn).to_owned())
    };
    let wrong = || Refusal::binding("$.accessPackages", "The JSON value could not be converted.");
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .iter()
            .map(one)
            .collect::<Option<_>>()
            .ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}

fn rights_json(resources: &[String]) -> Value {
    let right = |id: &String| json!({ "resource": [{ "id": "urn:altinn:resource", "value": id }] });
    resources.iter().map(right).collect()
}

fn packages_json(codes: &[String]) -> Value {
    let package = |code: &String| json!({ "urn": format!("urn:altinn:accesspackage:{code}") });
    codes.iter().map(package).collect()
}
