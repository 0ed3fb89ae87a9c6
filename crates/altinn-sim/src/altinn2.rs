//! Altinn 2: reportees, the conversion of numbers to reportee ids, and the delegations of a party, over
//! HAL+JSON.
//!
//! Checks come in the order of the phrases: API key, its resources, who calls, scope, parameters, and
//! then what is asked for. A refusal has an empty body and says why in the HTTP/1.1 reason phrase.
//!
//! Decisions where the wire facts are silent, open until somebody has seen the real thing: a right
//! holder without roles and rights is answered with empty lists, not 404; an id that nothing has is a
//! 404; phrases of 403 on what may not be delegated.

mod answer;
mod delegations;
mod enterprise_users;
mod forms;
mod odata;
mod parties;
mod reportees;
mod sessions;

use std::borrow::Cow;

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
pub use self::forms::HalForms;
use self::parties::User;
pub(crate) use self::sessions::Sessions;
use crate::Era;
use crate::platform::{self, AuthFailure, Caller, CallerKind};
use crate::rights::Held;
use crate::server::{ClientCertificate, Scheme};
use crate::state::{Shared, Sim};
use crate::world::{ApiKey, World};

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

const REPORTEES: Access = Access {
    key: "Organization.read",
    scope: "altinn:reportees",
};
const CONVERSION: Access = Access {
    key: "Authorization.read",
    scope: "altinn:reportees",
};
const OWN_RIGHTS: Access = Access {
    key: "Authorization.read",
    scope: "altinn:rolesandrights.read",
};
const DELEGATIONS_READ: Access = Access {
    key: "Authorization.read",
    scope: "altinn:delegations.read",
};
const DELEGATIONS_WRITE: Access = Access {
    key: "Authorization.write",
    scope: "altinn:delegations.write",
};

/// Scopes that open every end-user operation of this part.
const ALL_SCOPES: [&str; 2] = ["altinn:enduser", "altinn:endusernoconsent"];

/// One call that is on its way.
struct Call<'a> {
    sim: &'a Shared,
    world: &'a World,
    held: &'a mut Held,
    user: User<'a>,
    shape: Shape,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
    /// What hrefs begin with: scheme, host and `/api`.
    base: String,
}

type Outcome = Result<Response, Refusal>;
type Operation = for<'a, 'b, 'c> fn(&'a mut Call<'b>, &'c [&'c str]) -> Outcome;

/// The operation at a path (segments after `/api`, lower case), or the methods that there are.
fn route(method: &Method, path: &[&str]) -> Result<(Access, Operation), StatusCode> {
    let post = method == Method::POST;
    let delete = method == Method::DELETE;
    let found: &[(&str, Access, Operation)] = match path {
        ["reportees"] => &[("GET", REPORTEES, reportees::list)],
        ["reportees", "reporteeconversion"] => &[("POST", CONVERSION, reportees::convert)],
        ["reportees", _] => &[("GET", REPORTEES, reportees::one)],
        [_, "authorization", "roles"] => &[("GET", OWN_RIGHTS, delegations::own_roles)],
        [_, "authorization", "rights"] => &[("GET", OWN_RIGHTS, delegations::own_rights)],
        [_, "authorization", "delegations"] => &[
            ("GET", DELEGATIONS_READ, delegations::list),
            ("POST", DELEGATIONS_WRITE, delegations::create),
            ("DELETE", DELEGATIONS_WRITE, delegations::remove_by_query),
        ],
        [_, "authorization", "delegations", _] => &[("GET", DELEGATIONS_READ, delegations::one)],
        [_, "authorization", "delegations", _, "roles"] => {
            &[("GET", DELEGATIONS_READ, delegations::roles)]
        }
        [_, "authorization", "delegations", _, "rights"] => {
            &[("GET", DELEGATIONS_READ, delegations::rights)]
        }
        [_, "authorization", "delegations", _, "roles", _] => {
            &[("DELETE", DELEGATIONS_WRITE, delegations::remove_role)]
        }
        [_, "authorization", "delegations", _, "rights", _] => {
            &[("DELETE", DELEGATIONS_WRITE, delegations::remove_right)]
        }
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let wanted = if post {
        "POST"
    } else if delete {
        "DELETE"
    } else {
        method.as_str()
    };
    found
        .iter()
        .find(|(name, ..)| *name == wanted)
        .map(|(_, access, operation)| (*access, *operation))
        .ok_or(StatusCode::METHOD_NOT_ALLOWED)
}

async fn handle(State(sim): State<Sim>, request: Request) -> Response {
    let forms = sim.quirks.hal_forms;
    forms::rewritten(forms, handled(sim, request).await).await
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
    let [api, path @ ..] = segments.as_slice() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if *api != "api" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let world = sim.world();
    let query: Vec<(String, String)> = Query::try_from_uri(&parts.uri)
        .map(|Query(pairs)| pairs)
        .unwrap_or_default();
    let certified = certified(&sim, &parts.extensions, &query);
    match path {
        ["authentication", "authenticatewithpassword"] => {
            if parts.method != Method::POST {
                return StatusCode::METHOD_NOT_ALLOWED.into_response();
            }
            return with_api_key(&world, &parts.headers, None)
                .and_then(|_| sessions::log_in(&sim, &world, &parts.headers, &body, certified))
                .unwrap_or_else(IntoResponse::into_response);
        }
        ["enterpriseusers", rest @ ..] if rest.len() < 2 => {
            if parts.method != Method::GET {
                return StatusCode::METHOD_NOT_ALLOWED.into_response();
            }
            return admitted_organisation(&sim, &world, &parts.headers, certified)
                .and_then(|organisation| {
                    let shape = Shape::wanted(&parts.headers)?;
                    let name = rest.first().copied();
                    enterprise_users::read(&sim, &world, shape, &organisation, name)
                })
                .unwrap_or_else(IntoResponse::into_response);
        }
        _ => {}
    }
    let (access, operation) = match route(&parts.method, path) {
        Ok(found) => found,
        Err(status) => return status.into_response(),
    };
    let Admitted { user, renewed } = match admitted(&sim, &world, &parts.headers, access, certified)
    {
        Ok(admitted) => admitted,
        Err(NotAdmitted::Refused(refusal)) => return refusal.into_response(),
        Err(NotAdmitted::TakenForABrowser) => return sim.quirks.altinn2_without_user.answer(&sim),
    };
    let scheme = parts.extensions.get::<Scheme>().map_or("http", |s| s.0);
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let base = match host.filter(|host| host.parse::<http::uri::Authority>().is_ok()) {
        Some(host) => format!("{scheme}://{host}/api"),
        None => format!("{}/api", sim.urls.altinn2),
    };
    let outcome = Shape::wanted(&parts.headers).and_then(|shape| {
        let mut held = sim.rights.lock();
        let mut call = Call {
            sim: &sim,
            world: &world,
            held: &mut held,
            user,
            shape,
            query,
            headers: parts.headers,
            body,
            base,
        };
        operation(&mut call, path)
    });
    let mut response = outcome.unwrap_or_else(IntoResponse::into_response);
    if let Some(cookie) = renewed {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
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
            (None, Some(organisation)) => {
                Err(organisation.map_or_else(|e| e, |_| needs_user()).into())
            }
            (None, None) => Err(NotAdmitted::TakenForABrowser),
        };
    }
    let caller = bearer(sim, world, headers)?;
    let user = User::of(world, &caller.kind).ok_or_else(needs_user)?;
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
            if !caller.has_scope("altinn:enterpriseusers.read") {
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

impl Call<'_> {
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

/// A time as the database gives it back: Norwegian local time without an offset, to 1/300 of a second,
/// without trailing zeros (wire facts, Altinn 2 §6 and §9).
fn stored_time(at: Timestamp) -> String {
    let ticks = (at.as_millisecond() * 3 + 5).div_euclid(10);
    let at = Timestamp::from_millisecond((ticks * 10 + 1).div_euclid(3)).unwrap_or(at);
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
    let local = at.to_zoned(zone);
    let text = local.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
