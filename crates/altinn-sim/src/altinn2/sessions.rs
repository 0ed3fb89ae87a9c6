//! Logging in with user name and password, and the `.ASPXAUTH` cookie that comes of it (wire facts,
//! Altinn 2 §2.2 and §8.1).
//!
//! Open until somebody has seen the real thing: the cookie's life (here ASP.NET's own default, half an
//! hour, renewed by a use in its second half) and the phrase of a wrong password.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::answer::{Refusal, with_phrase};
use super::{members, release, text};
use crate::platform::CallerKind;
use crate::state::Shared;
use crate::world::World;

const COOKIE: &str = ".ASPXAUTH";
const LIFE: SignedDuration = SignedDuration::from_mins(30);
const RENEWED_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// The sessions that are open.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

#[derive(Clone, Debug)]
struct Session {
    who: CallerKind,
    begun: Timestamp,
}

impl Sessions {
    /// Begins one; answers the cookie's value.
    fn begin(&self, who: CallerKind, now: Timestamp) -> String {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.is_open(now));
        let random = || Uuid::new_v4().simple().to_string().to_uppercase();
        let value = [random(), random(), random()].concat();
        sessions.insert(value.clone(), Session { who, begun: now });
        value
    }

    fn find(&self, value: &str, now: Timestamp) -> Option<Session> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(value).filter(|s| s.is_open(now)).cloned()
    }
}

impl Session {
    fn is_open(&self, now: Timestamp) -> bool {
        now.duration_since(self.begun) < LIFE
    }
}

/// Who a request's cookie stands for, and the new cookie if it is time for one. The old one keeps its
/// own end, as tickets that only the cookie holds do.
pub(super) fn user_of_cookie(
    sim: &Shared,
    headers: &HeaderMap,
) -> Option<(CallerKind, Option<HeaderValue>)> {
    let now = sim.clock.now();
    let session = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, value)| sim.sessions.find(value, now))?;
    let due = now.duration_since(session.begun) >= RENEWED_AFTER
        && sim.quirks.altinn2_release >= release::RENEWED_COOKIES;
    let renewed = due.then(|| cookie(sim, &sim.sessions.begin(session.who.clone(), now)));
    Some((session.who, renewed.flatten()))
}

fn cookie(sim: &Shared, value: &str) -> Option<HeaderValue> {
    let host = sim.urls.altinn2.split("://").nth(1).unwrap_or_default();
    let domain = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let attributes = "path=/; secure; HttpOnly; SameSite=None";
    HeaderValue::try_from(format!("{COOKIE}={value}; domain={domain}; {attributes}")).ok()
}

/// `POST authentication/authenticatewithpassword`. `certified`: the organisation of the enterprise
/// certificate, when the caller showed one and asked for it to be looked at.
pub(super) fn log_in(
    sim: &Shared,
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
    certified: Option<Result<String, Refusal>>,
) -> Result<Response, Refusal> {
    let members = members(headers, body)?;
    let (name, password) = text(&members, "username")
        .zip(text(&members, "userpassword"))
        .ok_or_else(|| Refusal::bad_request("UserName and UserPassword must be specified"))?;
    let wrong = || {
        let status = if sim.quirks.wrong_password_is_forbidden {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNAUTHORIZED
        };
        Refusal::new(status, "Invalid username or password")
    };
    let who = match certified {
        // With a certificate it is the enterprise user of that organisation who logs in.
        Some(organisation) => {
            let organisation = organisation?;
            let user = world.enterprise_user(&name);
            let user = user
                .filter(|u| u.organisation == organisation && u.password.expose() == password)
                .ok_or_else(wrong)?;
            CallerKind::EnterpriseUser {
                user_name: user.user_name.clone(),
            }
        }
        None => {
            let known = |known: &str| known.eq_ignore_ascii_case(&name);
            let person = world.persons.iter().find(|person| {
                known(person.number.expose()) || person.user_name.as_deref().is_some_and(known)
            });
            let person = person
                .filter(|person| person.password.expose() == password)
                .ok_or_else(wrong)?;
            CallerKind::Person {
                party_uuid: person.party_uuid,
                user_id: person.user_id,
            }
        }
    };
    let value = sim.sessions.begin(who, sim.clock.now());
    let mut response: Response<Body> = with_phrase(StatusCode::OK, "OK");
    let headers = response.headers_mut();
    // The real answer sets others as well, which mean nothing.
    let other = format!(
        "ASP.NET_SessionId={}; path=/; HttpOnly",
        Uuid::new_v4().simple()
    );
    let cookies = [HeaderValue::try_from(other).ok(), cookie(sim, &value)];
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
