//! Altinn 2: reportees and the conversion of numbers to reportee ids, a party's delegations, role
//! definitions, enterprise users, metadata, and what a service owner may ask, over HAL+JSON.
//!
//! Checks come in the order of the phrases: API key, its resources, who calls, scope, parameters, and
//! then what is asked for. A refusal has an empty body and says why in the HTTP/1.1 reason phrase.
//!
//! Decisions where the wire facts are silent, open until somebody has seen the real thing: a right
//! holder without roles and rights is answered with empty lists, not 404; an id that nothing has is a
//! 404; phrases of 403 on what may not be delegated; the numbers of `ErrorCode`s but for 40332; what
//! `organizations` of an end user shows.

mod answer;
mod delegations;
mod enterprise_users;
mod forms;
mod metadata;
mod odata;
mod parties;
mod release;
mod reportees;
mod role_definitions;
mod service_owner;
mod sessions;

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

pub(crate) use self::answer::with_phrase;
use self::answer::{Refusal, Shape};
pub use self::forms::{ActionForm, DateForm, ErrorForm, HalForms};
use self::parties::User;
pub use self::release::Altinn2Release;
pub(crate) use self::sessions::Sessions;
use crate::Era;
use crate::platform::{self, AuthFailure, Caller, CallerKind};
use crate::rights::Held;
use crate::server::{ClientCertificate, Scheme};
use crate::state::{Shared, Sim};
use crate::world::{ApiKey, RoleDefinition, ServiceOwner, World};

const MAX_BODY: usize = 1 << 20;

pub(crate) fn router(sim: Sim) -> Router {
    Router::new().fallback(handle).with_state(sim)
}

/// What an API key and a token must allow (wire facts, Altinn 2 §2.3 and §2.4).
#[derive(Clone, Copy, Debug)]
struct Access {
    key: &'static str,
    scope: &'static str,
}

const fn access(key: &'static str, scope: &'static str) -> Access {
    Access { key, scope }
}

const REPORTEES: Access = access("Organization.read", "altinn:reportees");
const CONVERSION: Access = access("Authorization.read", "altinn:reportees");
const OWN_READ: Access = access("Authorization.read", "altinn:rolesandrights.read");
const OWN_WRITE: Access = access("Authorization.write", "altinn:rolesandrights.write");
const DELEGATIONS_READ: Access = access("Authorization.read", "altinn:delegations.read");
const DELEGATIONS_WRITE: Access = access("Authorization.write", "altinn:delegations.write");
const ROLES_READ: Access = access("Authorization.read", "altinn:roledefinitions.read");
const ROLES_WRITE: Access = access("Authorization.write", "altinn:roledefinitions.write");

/// Scopes that open every end-user operation of this part.
const ALL_SCOPES: [&str; 2] = ["altinn:enduser", "altinn:endusernoconsent"];

/// What is asked for, by whomever.
struct Asked<'a> {
    sim: &'a Shared,
    world: &'a World,
    held: &'a mut Held,
    shape: Shape,
    query: Vec<(String, String)>,
    /// The query as it was sent.
    raw_query: String,
    headers: HeaderMap,
    body: Bytes,
    /// What hrefs begin with: scheme, host and `/api`.
    base: String,
    /// What is to be changed in the registers once nobody reads them.
    changes: Vec<Change>,
}

type Change = Box<dyn FnOnce(&mut World) + Send>;

/// One call of a user's that is on its way.
struct Call<'a> {
    asked: Asked<'a>,
    user: User<'a>,
}

impl<'a> Deref for Call<'a> {
    type Target = Asked<'a>;

    fn deref(&self) -> &Asked<'a> {
        &self.asked
    }
}

impl<'a> DerefMut for Call<'a> {
    fn deref_mut(&mut self) -> &mut Asked<'a> {
        &mut self.asked
    }
}

type Outcome = Result<Response, Refusal>;

/// What answers at a path, and who may call it.
#[derive(Clone, Copy)]
enum Operation {
    /// A user.
    User(
        Access,
        for<'a, 'b, 'c> fn(&'a mut Call<'b>, &'c [&'c str]) -> Outcome,
    ),
    /// An organisation, with a key of its own, and this scope.
    Organisation(&'static str, enterprise_users::Operation),
    /// A service owner, with a scope of this ending; without one no scope is needed.
    Owner(
        Option<&'static str>,
        for<'a, 'b, 'c> fn(&'a Asked<'b>, &'c ServiceOwner, &'c [&'c str]) -> Outcome,
    ),
    /// Anybody, without a key.
    Open(for<'a, 'b, 'c> fn(&'a Asked<'b>, &'c [&'c str]) -> Outcome),
}

/// An operation and the releases it came and went with.
struct Entry {
    method: &'static str,
    operation: Operation,
    since: Option<Altinn2Release>,
    removed: Option<Altinn2Release>,
}

impl Entry {
    fn new(method: &'static str, operation: Operation) -> Self {
        Self {
            method,
            operation,
            since: None,
            removed: None,
        }
    }

    fn since(self, release: Altinn2Release) -> Self {
        Self {
            since: Some(release),
            ..self
        }
    }

    fn removed(self, release: Altinn2Release) -> Self {
        Self {
            removed: Some(release),
            ..self
        }
    }
}

/// What there is at a path (segments after `/api`, lower case).
fn entries(path: &[&str]) -> Vec<Entry> {
    use Operation::{Open, Organisation, Owner, User};
    use release::{
        APP_RIGHTS, CONVERSION as CONVERSION_SINCE, ENTERPRISE_USERS, METADATA_ROLES, MUCH_REMOVED,
        ROLE_REQUIREMENTS,
    };
    let get = |operation| Entry::new("GET", operation);
    let post = |operation| Entry::new("POST", operation);
    let put = |operation| Entry::new("PUT", operation);
    let delete = |operation| Entry::new("DELETE", operation);
    match path {
        ["reportees"] => vec![get(User(REPORTEES, reportees::list))],
        ["reportees", "reporteeconversion"] => {
            vec![post(User(CONVERSION, reportees::convert)).since(CONVERSION_SINCE)]
        }
        ["reportees", _] => vec![get(User(REPORTEES, reportees::one))],
        ["organizations"] => vec![get(User(REPORTEES, reportees::organizations))],
        ["organizations", _] => vec![get(User(REPORTEES, reportees::organization))],
        ["enterpriseusers"] => vec![
            get(Organisation(".read", enterprise_users::read)).since(ENTERPRISE_USERS),
            post(Organisation(".write", enterprise_users::create)).since(ENTERPRISE_USERS),
        ],
        ["enterpriseusers", _] => vec![
            get(Organisation(".read", enterprise_users::read)).since(ENTERPRISE_USERS),
            put(Organisation(".write", enterprise_users::rename)).since(ENTERPRISE_USERS),
            delete(Organisation(".write", enterprise_users::remove)).since(ENTERPRISE_USERS),
        ],
        ["enterpriseusers", _, "rotatesecret"] => {
            vec![post(Organisation(".write", enterprise_users::rotate)).since(ENTERPRISE_USERS)]
        }
        ["metadata"] => vec![get(Open(metadata::services))],
        ["metadata", "roledefinitions"] => {
            vec![get(Open(metadata::role_definitions)).since(METADATA_ROLES)]
        }
        ["metadata", "roledefinitions", _] => {
            vec![get(Open(metadata::role_definition)).since(METADATA_ROLES)]
        }
        ["metadata", "rolerequirements"] => {
            vec![get(Open(metadata::role_requirements)).since(ROLE_REQUIREMENTS)]
        }
        ["metadata", "codelists"] => vec![get(Open(metadata::code_lists))],
        ["metadata", "codelists", _] | ["metadata", "codelists", _, _] => {
            vec![get(Open(metadata::code_list))]
        }
        ["metadata", "jwk"] => vec![get(Open(metadata::jwk))],
        ["metadata", "well-known"] => vec![get(Open(metadata::well_known))],
        ["metadata", "formtask" | "correspondence" | "lookup", _, _] => {
            vec![get(Open(metadata::service))]
        }
        ["metadata", "formtask", _, _, "forms", _, _, "xsd"] => {
            vec![get(Open(metadata::form_schema))]
        }
        ["metadata", "formtask", _, _, "attachmentrules", _, "xsd"] => {
            vec![get(Open(metadata::attachment_schema))]
        }
        [
            "metadata",
            "lookup",
            _,
            _,
            "schemas",
            "requestschema" | "responseschema",
        ] => {
            vec![get(Open(metadata::lookup_schema))]
        }
        ["serviceowner", "reportees"] => {
            vec![get(Owner(Some("/reportees"), service_owner::reportees))]
        }
        ["serviceowner", "authorization", "rights"] => {
            vec![get(Owner(Some("/rolesandrights"), service_owner::rights))]
        }
        ["serviceowner", "authorization", "apprights"] => vec![
            get(Owner(Some("/rolesandrights"), service_owner::app_rights))
                .since(APP_RIGHTS)
                .removed(MUCH_REMOVED),
        ],
        ["serviceowner", "authorization", "roles"] => {
            vec![get(Owner(Some("/rolesandrights"), service_owner::roles))]
        }
        ["serviceowner", "roledefinitions"] => {
            vec![get(Owner(None, service_owner::role_definitions)).removed(MUCH_REMOVED)]
        }
        ["serviceowner", "roledefinitions", _] => {
            vec![get(Owner(None, service_owner::role_definition)).removed(MUCH_REMOVED)]
        }
        ["serviceowner", "organizations"] => {
            vec![get(Owner(
                Some("/organizations"),
                service_owner::organizations,
            ))]
        }
        ["serviceowner", "organizations", _] => {
            vec![get(Owner(
                Some("/organizations"),
                service_owner::organization,
            ))]
        }
        ["serviceowner", "organizations", _, "officialcontacts"] => vec![get(Owner(
            Some("/organizations"),
            service_owner::official_contacts,
        ))],
        ["serviceowner", "organizations", _, "personalcontacts"] => vec![get(Owner(
            Some("/organizations"),
            service_owner::personal_contacts,
        ))],
        [
            "serviceowner",
            "organizations",
            _,
            "personalcontacts",
            _,
            "roles",
        ] => vec![get(Owner(
            Some("/organizations"),
            service_owner::contact_roles,
        ))],
        [_, "authorization", rest @ ..] => authorization(rest),
        _ => Vec::new(),
    }
}

/// What there is under `{who}/authorization`.
fn authorization(rest: &[&str]) -> Vec<Entry> {
    use Operation::User;
    use release::{APP_RIGHTS, MUCH_REMOVED};
    let get = |access, operation| Entry::new("GET", User(access, operation));
    let post = |access, operation| Entry::new("POST", User(access, operation));
    let put = |access, operation| Entry::new("PUT", User(access, operation));
    let delete = |access, operation| Entry::new("DELETE", User(access, operation));
    match rest {
        ["reportee", _] => vec![get(DELEGATIONS_READ, delegations::reportee)],
        ["roles"] => vec![get(OWN_READ, delegations::own_roles)],
        ["roles", _] => {
            vec![delete(OWN_WRITE, delegations::remove_own_role).removed(MUCH_REMOVED)]
        }
        ["rights"] => vec![get(OWN_READ, delegations::own_rights)],
        ["rights", _] => {
            vec![delete(OWN_WRITE, delegations::remove_own_right).removed(MUCH_REMOVED)]
        }
        ["apprights"] => vec![
            get(OWN_READ, delegations::own_app_rights)
                .since(APP_RIGHTS)
                .removed(MUCH_REMOVED),
        ],
        ["apprights", _, _, _] => vec![
            delete(OWN_WRITE, delegations::remove_own_app_right)
                .since(APP_RIGHTS)
                .removed(MUCH_REMOVED),
        ],
        ["delegations"] => vec![
            get(DELEGATIONS_READ, delegations::list),
            post(DELEGATIONS_WRITE, delegations::create),
            delete(DELEGATIONS_WRITE, delegations::remove_by_query),
        ],
        ["delegations", _] => vec![get(DELEGATIONS_READ, delegations::one)],
        ["delegations", _, "roles"] => vec![get(DELEGATIONS_READ, delegations::roles)],
        ["delegations", _, "rights"] => vec![get(DELEGATIONS_READ, delegations::rights)],
        ["delegations", _, "apprights"] => vec![
            get(DELEGATIONS_READ, delegations::app_rights)
                .since(APP_RIGHTS)
                .removed(MUCH_REMOVED),
        ],
        ["delegations", _, "roles", _] => {
            vec![delete(DELEGATIONS_WRITE, delegations::remove_role)]
        }
        ["delegations", _, "rights", _] => {
            vec![delete(DELEGATIONS_WRITE, delegations::remove_right)]
        }
        ["delegations", _, "apprights", _, _, _] => vec![
            delete(DELEGATIONS_WRITE, delegations::remove_app_right)
                .since(APP_RIGHTS)
                .removed(MUCH_REMOVED),
        ],
        ["roledefinitions"] => vec![
            get(ROLES_READ, role_definitions::list),
            post(ROLES_WRITE, role_definitions::create).removed(MUCH_REMOVED),
        ],
        ["roledefinitions", _] => vec![
            get(ROLES_READ, role_definitions::one),
            put(ROLES_WRITE, role_definitions::update).removed(MUCH_REMOVED),
            delete(ROLES_WRITE, role_definitions::remove).removed(MUCH_REMOVED),
        ],
        _ => Vec::new(),
    }
}

/// The operation that answers, or the answer when none does in this release.
fn route(sim: &Shared, method: &Method, path: &[&str]) -> Result<Operation, Refusal> {
    let now = sim.quirks.altinn2_release;
    let there = |entry: &Entry| entry.since.is_none_or(|since| since <= now);
    let gone = |entry: &Entry| entry.removed.is_some_and(|removed| removed <= now);
    let entries: Vec<Entry> = entries(path).into_iter().filter(there).collect();
    match entries.iter().find(|entry| entry.method == method.as_str()) {
        Some(entry) if gone(entry) => Err(if sim.quirks.altinn2_removed_is_forbidden {
            Refusal::forbidden("Forbidden")
        } else {
            Refusal::not_found()
        }),
        Some(entry) => Ok(entry.operation),
        None if entries.iter().all(gone) => Err(Refusal::not_found()),
        None => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Err(Refusal::new(status, "Method Not Allowed"))
        }
    }
}

async fn handle(State(sim): State<Sim>, request: Request) -> Response {
    let forms = sim.quirks.hal_forms;
    let limited = request
        .uri()
        .query()
        .is_some_and(|query| query.to_ascii_lowercase().contains("top="));
    forms::rewritten(forms, limited, handled(sim, request).await).await
}

async fn handled(sim: Sim, request: Request) -> Response {
    if sim.era() == Era::Altinn2Closed {
        return sim.quirks.altinn2_closed.answer();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    // paths know no case, and one slash too many at the end does no harm
    let path = parts.uri.path().to_ascii_lowercase();
    let path = path.strip_suffix('/').unwrap_or(&path);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let path = match segments.as_slice() {
        ["api", path @ ..] => path,
        [".well-known", "oauth-authorization-server"] => &["metadata", "well-known"],
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let query: Vec<(String, String)> = Query::try_from_uri(&parts.uri)
        .map(|Query(pairs)| pairs)
        .unwrap_or_default();
    let origin = parts.headers.get(header::ORIGIN).cloned();
    let key = parts.headers.get("apikey").cloned();
    let anybody = path.first() == Some(&"metadata");
    let mut response = answered(&sim, parts, body, path, query);
    let allowed = if anybody {
        Some(HeaderValue::from_static("*"))
    } else {
        origin.filter(|origin| registered(&sim, key.as_ref(), origin))
    };
    if let Some(allowed) = allowed {
        let name = header::ACCESS_CONTROL_ALLOW_ORIGIN;
        response.headers_mut().insert(name, allowed);
    }
    response
}

/// Whether the key may be used from this origin.
fn registered(sim: &Shared, key: Option<&HeaderValue>, origin: &HeaderValue) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(|text| text.trim().to_owned());
    let (Some(key), Some(origin)) = (key.and_then(text), text(origin)) else {
        return false;
    };
    let world = sim.world();
    let key = world.api_key(&key);
    key.is_some_and(|key| key.origins.contains(&origin))
}

fn answered(
    sim: &Sim,
    parts: http::request::Parts,
    body: Bytes,
    path: &[&str],
    query: Vec<(String, String)>,
) -> Response {
    let certified = certified(sim, &parts.extensions, &query);
    if path == ["authentication", "authenticatewithpassword"] {
        if parts.method != Method::POST {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let world = sim.world();
        return with_api_key(&world, &parts.headers, None)
            .and_then(|_| sessions::log_in(sim, &world, &parts.headers, &body, certified))
            .unwrap_or_else(IntoResponse::into_response);
    }
    let operation = match route(sim, &parts.method, path) {
        Ok(operation) => operation,
        Err(refusal) => return refusal.into_response(),
    };
    if let Operation::Organisation(scope, operation) = operation {
        // It changes the registers itself.
        let world = sim.world();
        let organisation = admitted_organisation(sim, &world, &parts.headers, certified, scope);
        drop(world);
        return organisation
            .and_then(|organisation| {
                let request = enterprise_users::Request {
                    sim,
                    shape: Shape::wanted(&parts.headers)?,
                    organisation,
                    name: path.get(1).copied(),
                    headers: &parts.headers,
                    body: &body,
                };
                operation(&request)
            })
            .unwrap_or_else(IntoResponse::into_response);
    }
    let scheme = parts.extensions.get::<Scheme>().map_or("http", |s| s.0);
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let base = match host.filter(|host| host.parse::<http::uri::Authority>().is_ok()) {
        Some(host) => format!("{scheme}://{host}/api"),
        None => format!("{}/api", sim.urls.altinn2),
    };
    let world = sim.world();
    let mut renewed = None;
    let admission = match operation {
        Operation::User(access, operation) => {
            match admitted(sim, &world, &parts.headers, access, certified) {
                Ok(admitted) => {
                    renewed = admitted.renewed;
                    Admission::User(admitted.user, operation)
                }
                Err(NotAdmitted::Refused(refusal)) => return refusal.into_response(),
                Err(NotAdmitted::TakenForABrowser) => {
                    return sim.quirks.altinn2_without_user.answer(sim);
                }
            }
        }
        Operation::Owner(scope, operation) => {
            match admitted_owner(sim, &world, &parts.headers, certified, scope) {
                Ok(owner) => Admission::Owner(owner, operation),
                Err(refusal) => return refusal.into_response(),
            }
        }
        Operation::Open(operation) => Admission::Open(operation),
        Operation::Organisation(..) => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut changes = Vec::new();
    let outcome = Shape::wanted(&parts.headers).and_then(|shape| {
        let mut held = sim.rights.lock();
        let asked = Asked {
            sim,
            world: &world,
            held: &mut held,
            shape,
            query,
            raw_query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            base,
            changes: Vec::new(),
        };
        match admission {
            Admission::User(user, operation) => {
                let mut call = Call { asked, user };
                let outcome = operation(&mut call, path);
                changes = call.asked.changes;
                outcome
            }
            Admission::Owner(owner, operation) => operation(&asked, owner, path),
            Admission::Open(operation) => operation(&asked, path),
        }
    });
    drop(world);
    if !changes.is_empty() {
        let mut world = sim.world_mut();
        for change in changes {
            change(&mut world);
        }
    }
    let mut response = outcome.unwrap_or_else(IntoResponse::into_response);
    if let Some(cookie) = renewed {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Who was let in to what.
enum Admission<'w> {
    User(
        User<'w>,
        for<'a, 'b, 'c> fn(&'a mut Call<'b>, &'c [&'c str]) -> Outcome,
    ),
    Owner(
        &'w ServiceOwner,
        for<'a, 'b, 'c> fn(&'a Asked<'b>, &'c ServiceOwner, &'c [&'c str]) -> Outcome,
    ),
    Open(for<'a, 'b, 'c> fn(&'a Asked<'b>, &'c [&'c str]) -> Outcome),
}

/// The organisation of the client certificate, if the query asks for it to be looked at
/// (`ForceEIAuthentication`, with any value or none).
fn certified(
    sim: &Shared,
    extensions: &http::Extensions,
    query: &[(String, String)],
) -> Option<Result<String, Refusal>> {
    query
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("ForceEIAuthentication"))?;
    let shown = extensions.get::<ClientCertificate>();
    let der = shown.and_then(|certificate| certificate.0.to_der().ok());
    let trusted = der.and_then(|der| sim.pki.check(&[der], sim.clock.now()).ok());
    Some(trusted.map(|t| t.organisation).ok_or_else(no_organisation))
}

fn no_organisation() -> Refusal {
    Refusal::unauthorized(
        "Authorization failed: There is no authenticated organization number set on this request.",
    )
}

/// What the Altinn 2 host answers after its last day.
///
/// Nobody outside can see what the real one does (redirect, 410, no DNS at all), so this is a choice.
/// The simulator's port stays open in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClosedHost {
    /// 404 with an empty body, as a host without routes.
    #[default]
    NotFound,
    /// 410 with an empty body.
    Gone,
    /// 200 with a page for people.
    Page,
}

impl ClosedHost {
    pub(crate) fn answer(self) -> Response {
        match self {
            Self::NotFound => with_phrase(StatusCode::NOT_FOUND, "Not Found"),
            Self::Gone => with_phrase(StatusCode::GONE, "Gone"),
            Self::Page => Html(
                "<!DOCTYPE html>\n<html><head><title>Altinn</title></head><body><h1>Altinn</h1>\
                 </body></html>\n",
            )
            .into_response(),
        }
    }
}

/// What Altinn 2 answers to a call of a user's that has no user, such as one with a cookie that ran out:
/// it looks like a browser (wire facts, Altinn 2 §2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithoutUser {
    /// 302 to a page where one logs in.
    #[default]
    Redirect,
    /// 200 with that page.
    Page,
    /// 401 with an empty body.
    Unauthorized,
}

impl WithoutUser {
    fn answer(self, sim: &Shared) -> Response {
        match self {
            Self::Redirect => {
                let place = format!("{}/ui/Authentication", sim.urls.altinn2);
                (StatusCode::FOUND, [(header::LOCATION, place)]).into_response()
            }
            Self::Page => Html(
                "<!DOCTYPE html>\n<html><head><title>Altinn</title></head><body><h1>Logg inn</h1>\
                 </body></html>\n",
            )
            .into_response(),
            Self::Unauthorized => with_phrase(StatusCode::UNAUTHORIZED, "Unauthorized"),
        }
    }
}

/// A user, and the new cookie that the answer is to bring, if it is time for one.
struct Admitted<'w> {
    user: User<'w>,
    renewed: Option<HeaderValue>,
}

enum NotAdmitted {
    Refused(Refusal),
    TakenForABrowser,
}

impl From<Refusal> for NotAdmitted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn admitted<'w>(
    sim: &Shared,
    world: &'w World,
    headers: &HeaderMap,
    access: Access,
    certified: Option<Result<String, Refusal>>,
) -> Result<Admitted<'w>, NotAdmitted> {
    let needs_user =
        || Refusal::forbidden("Forbidden - The operation requires an authenticated user");
    with_api_key(world, headers, Some(access.key))?;
    if !headers.contains_key(header::AUTHORIZATION) {
        let session = sessions::user_of_cookie(sim, headers);
        return match (session, certified) {
            (Some((who, renewed)), _) => {
                let user = User::of(world, &who).ok_or_else(needs_user)?;
                Ok(Admitted { user, renewed })
            }
            // An organisation alone, since 21.7.
            (None, Some(Ok(_))) if sim.quirks.altinn2_release < release::NO_REDIRECT => {
                Err(NotAdmitted::TakenForABrowser)
            }
            (None, Some(organisation)) => {
                Err(organisation.map_or_else(|e| e, |_| needs_user()).into())
            }
            (None, None) => Err(NotAdmitted::TakenForABrowser),
        };
    }
    let caller = bearer(sim, world, headers)?;
    let Some(user) = User::of(world, &caller.kind) else {
        return Err(if sim.quirks.altinn2_release < release::NO_REDIRECT {
            NotAdmitted::TakenForABrowser
        } else {
            needs_user().into()
        });
    };
    if !caller.has_scope(access.scope) && !ALL_SCOPES.iter().any(|scope| caller.has_scope(scope)) {
        return Err(missing_scope().into());
    }
    Ok(Admitted {
        user,
        renewed: None,
    })
}

fn missing_scope() -> Refusal {
    Refusal::unauthorized("Claims Authorization failed: Missing required scope")
}

/// The organisation that calls, by certificate or by token, which must be the API key's own.
fn admitted_organisation(
    sim: &Shared,
    world: &World,
    headers: &HeaderMap,
    certified: Option<Result<String, Refusal>>,
    scope: &str,
) -> Result<String, Refusal> {
    let key = with_api_key(world, headers, None)?;
    let organisation = match certified {
        Some(organisation) => organisation?,
        None if !headers.contains_key(header::AUTHORIZATION) => return Err(no_organisation()),
        None => {
            let caller = bearer(sim, world, headers)?;
            let CallerKind::Organisation { number } = &caller.kind else {
                return Err(no_organisation());
            };
            if !caller.has_scope(&format!("altinn:enterpriseusers{scope}")) {
                return Err(missing_scope());
            }
            number.clone()
        }
    };
    if key.organisation == organisation {
        Ok(organisation)
    } else {
        Err(Refusal::forbidden(
            "Forbidden - The API key does not belong to the authenticated organization",
        ))
    }
}

/// The service owner that calls, by certificate or by token.
fn admitted_owner<'w>(
    sim: &Shared,
    world: &'w World,
    headers: &HeaderMap,
    certified: Option<Result<String, Refusal>>,
    scope: Option<&str>,
) -> Result<&'w ServiceOwner, Refusal> {
    with_api_key(world, headers, Some("ServiceOwner.read"))?;
    let organisation = match certified {
        Some(organisation) => organisation?,
        None if !headers.contains_key(header::AUTHORIZATION) => return Err(no_organisation()),
        None => {
            let caller = bearer(sim, world, headers)?;
            let CallerKind::Organisation { number } = &caller.kind else {
                return Err(no_organisation());
            };
            let enough = scope.is_none_or(|ending| {
                caller.has_scope("altinn:serviceowner")
                    || caller.has_scope(&format!("altinn:serviceowner{ending}"))
            });
            if !enough {
                return Err(missing_scope());
            }
            number.clone()
        }
    };
    let owner = world.service_owner(&organisation);
    owner.ok_or_else(|| {
        Refusal::forbidden("Forbidden - The authenticated organization is not a service owner")
    })
}

/// The API key of a request, which must allow this.
fn with_api_key<'w>(
    world: &'w World,
    headers: &HeaderMap,
    resource: Option<&str>,
) -> Result<&'w ApiKey, Refusal> {
    let key = headers.get("apikey").and_then(|value| value.to_str().ok());
    let key = key.map(str::trim).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Refusal::bad_request("Required header 'ApiKey' is missing."))?;
    let allowed = |key: &ApiKey, wanted: &str| {
        let mut resources = key.resources.iter();
        resources.any(|resource| resource.eq_ignore_ascii_case(wanted))
    };
    world
        .api_key(key)
        .filter(|key| resource.is_none_or(|wanted| allowed(key, wanted)))
        .ok_or_else(|| {
            Refusal::forbidden("Forbidden - The API key is not authorized for this operation")
        })
}

fn bearer(sim: &Shared, world: &World, headers: &HeaderMap) -> Result<Caller, Refusal> {
    platform::authenticate_altinn2(sim, world, headers).map_err(|failure| match failure {
        AuthFailure::Missing | AuthFailure::Invalid => Refusal::unauthorized("Unauthorized"),
        AuthFailure::Expired { valid_to, now } => {
            let time = |at: Timestamp| at.strftime("%m/%d/%Y %H:%M:%S").to_string();
            Refusal::unauthorized(format!(
                "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '{}', \
                 Current time: '{}'.",
                time(valid_to),
                time(now)
            ))
        }
    })
}

impl Asked<'_> {
    /// A query parameter, its name without regard to case.
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self
            .query
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The language asked for; bokmål if it is none of the three.
    fn language(&self) -> Language {
        match self.parameter("language") {
            Some("1033") => Language::English,
            Some("2068") => Language::Nynorsk,
            _ => Language::Bokmal,
        }
    }

    fn release(&self) -> Altinn2Release {
        self.sim.quirks.altinn2_release
    }

    /// The service that `serviceCode` and its edition name, if they do.
    fn service_parameters(&self) -> Result<Option<(String, i64)>, Refusal> {
        let edition = self
            .parameter("serviceEdition")
            .or(self.parameter("serviceEditionCode"));
        match (self.parameter("serviceCode"), edition) {
            (None, None) => Ok(None),
            (Some(code), Some(edition)) => {
                let edition = edition
                    .parse()
                    .map_err(|_| Refusal::bad_request("Invalid service edition code"))?;
                Ok(Some((code.to_owned(), edition)))
            }
            _ => Err(Refusal::bad_request(
                "Both service code and service edition code must be specified",
            )),
        }
    }

    /// The body's members, names without regard to case at every level.
    fn members(&self) -> Result<Value, Refusal> {
        members(&self.headers, &self.body)
    }
}

/// The languages of names (wire facts, Altinn 2 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Bokmal,
    Nynorsk,
    English,
}

impl Language {
    /// A role's name; in bokmål where it has no other.
    fn name(self, role: &RoleDefinition) -> &str {
        let other = match self {
            Self::Bokmal => None,
            Self::Nynorsk => role.name_nn.as_deref(),
            Self::English => role.name_en.as_deref(),
        };
        other.unwrap_or(&role.name)
    }

    fn of<'t>(self, bokmal: &'t str, nynorsk: &'t str, english: &'t str) -> &'t str {
        match self {
            Self::Bokmal => bokmal,
            Self::Nynorsk => nynorsk,
            Self::English => english,
        }
    }

    fn number(self) -> i64 {
        match self {
            Self::Bokmal => 1044,
            Self::Nynorsk => 2068,
            Self::English => 1033,
        }
    }
}

fn members(headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    if !["application/hal+json", "application/json"]
        .iter()
        .any(|known| content_type.eq_ignore_ascii_case(known))
    {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "Unsupported Media Type"));
    }
    let value = serde_json::from_slice(body).ok().map(lower_case_names);
    value
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::bad_request("The request body could not be read"))
}

pub(crate) fn lower_case_names(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), lower_case_names(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(lower_case_names).collect(),
        other => other,
    }
}

/// A text member that is there and not empty.
fn text(members: &Value, name: &str) -> Option<String> {
    let text = members.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A number, also when it stands in quotes.
fn integer(members: &Value, name: &str) -> Option<i64> {
    match members.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn norwegian_time() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}

/// A time as the database gives it back: Norwegian local time without an offset, to 1/300 of a second,
/// without trailing zeros (wire facts, Altinn 2 §6 and §9).
fn stored_time(at: Timestamp) -> String {
    let ticks = (at.as_millisecond() * 3 + 5).div_euclid(10);
    let at = Timestamp::from_millisecond((ticks * 10 + 1).div_euclid(3)).unwrap_or(at);
    let local = at.to_zoned(norwegian_time());
    let text = local.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time as the call that made the thing answers it: seven digits and the offset (wire facts, Altinn 2
/// §9).
fn fresh_time(at: Timestamp) -> String {
    let local = at.to_zoned(norwegian_time());
    let ticks = at.subsec_nanosecond().rem_euclid(1_000_000_000) / 100;
    format!(
        "{}.{ticks:07}{}",
        local.strftime("%Y-%m-%dT%H:%M:%S"),
        local.strftime("%:z")
    )
}

fn phrase_no_such_number(number: &str) -> Cow<'static, str> {
    format!("{number} is not a valid organization number or social security number.").into()
}

/// The words are those of consent requests, where they are known (wire facts, Altinn 2 §5).
fn phrase_other_name(number: &str, name: &str) -> Cow<'static, str> {
    format!(
        "{number} is either not a valid organization number or social security number, or the \
         provided name; {name} does not match the person or organizations registered name."
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_times_are_local_and_rounded_as_the_database_does() {
        for (at, stored) in [
            ("2021-06-14T12:48:48.6370797Z", "2021-06-14T14:48:48.637"),
            ("2014-11-05T23:00:00.001Z", "2014-11-06T00:00:00"),
            ("2020-01-01T13:17:11.229Z", "2020-01-01T14:17:11.23"),
            ("2020-01-01T13:17:11.305Z", "2020-01-01T14:17:11.307"),
        ] {
            assert_eq!(stored_time(at.parse().unwrap()), stored, "{at}");
        }
    }
}
