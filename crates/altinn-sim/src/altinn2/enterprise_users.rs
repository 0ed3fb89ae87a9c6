//! `enterpriseusers`: an organisation keeps its own enterprise users (virksomhetsbrukere), by its
//! certificate or its token and without any user (wire facts, Altinn 2 §8.6).
//!
//! Nobody has published what a name that is taken gives; here it is a 400 with a body, as newer
//! operations answer errors.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use openssl::rand::rand_bytes;
use uuid::Uuid;

use super::answer::{Json, Object, Refusal, Shape, with_phrase};
use super::{Outcome, fresh_time, members, stored_time, text};
use crate::state::Shared;
use crate::world::{EnterpriseUser, Hidden, World};

/// So long is a secret (wire facts, Altinn 2 §9).
const SECRET: usize = 50;

/// One call of an organisation's.
pub(super) struct Request<'a> {
    pub(super) sim: &'a Shared,
    pub(super) shape: Shape,
    pub(super) organisation: String,
    /// The user name in the path.
    pub(super) name: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

pub(super) type Operation = for<'a, 'b> fn(&'a Request<'b>) -> Outcome;

impl Request<'_> {
    /// The index of the organisation's own user that the path names.
    fn index(&self, world: &World) -> Result<usize, Refusal> {
        let name = self.name.unwrap_or_default();
        let own = |u: &EnterpriseUser| {
            u.organisation == self.organisation && u.user_name.eq_ignore_ascii_case(name)
        };
        let found = world.enterprise_users.iter().position(own);
        found.ok_or_else(Refusal::not_found)
    }

    /// The user name in the body, which nobody has yet.
    fn new_name(&self, world: &World) -> Result<String, Refusal> {
        let name = text(&members(self.headers, self.body)?, "username");
        let name = name
            .ok_or_else(|| Refusal::bad_request("UserName must be specified").with_code(40_001))?;
        let taken = |known: &str| known.eq_ignore_ascii_case(&name);
        let mut people = world.persons.iter().filter_map(|p| p.user_name.as_deref());
        if people.any(taken) || world.enterprise_user(&name).is_some() {
            let refusal = Refusal::bad_request("The user name is already in use");
            return Err(refusal.with_code(40_002));
        }
        Ok(name)
    }

    /// A user, alone in a list, in both shapes; as an object by switch.
    fn answer(&self, status: StatusCode, user: Object) -> Outcome {
        let mut response = if self.sim.quirks.hal_forms.enterprise_user_objects {
            self.shape.ok(user)
        } else {
            self.shape.ok(vec![Json::from(user)])
        };
        *response.status_mut() = status;
        Ok(response)
    }

    fn item(&self, user: &EnterpriseUser) -> Object {
        item(user, stored_time(user.created.unwrap_or(self.sim.started)))
    }
}

fn item(user: &EnterpriseUser, created: String) -> Object {
    Object::new()
        .with("UserName", user.user_name.as_str())
        .with("Created", created)
        .with_some("LastChanged", user.changed.map(stored_time))
        .with("OwnerOrgNo", user.organisation.as_str())
}

/// The only time that it is shown.
fn with_secret(item: Object, user: &EnterpriseUser) -> Object {
    item.with("Secret", user.password.expose())
}

/// Printable ASCII, without the blank.
fn secret() -> Result<Hidden, Refusal> {
    let mut secret = String::new();
    while secret.len() < SECRET {
        let mut bytes = [0; 64];
        rand_bytes(&mut bytes).map_err(|_| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        })?;
        // the highest bit does not count, so that each of the 94 is as likely as the others
        let printable = bytes
            .iter()
            .map(|byte| byte & 0x7f)
            .filter(u8::is_ascii_graphic);
        secret.extend(printable.map(char::from));
    }
    secret.truncate(SECRET);
    Ok(Hidden::new(secret))
}

pub(super) fn read(request: &Request<'_>) -> Outcome {
    let world = request.sim.world();
    if request.name.is_some() {
        let index = request.index(&world)?;
        let user = world.enterprise_users.get(index);
        let user = user.ok_or_else(Refusal::not_found)?;
        return request.answer(StatusCode::OK, request.item(user));
    }
    let own = world
        .enterprise_users
        .iter()
        .filter(|user| user.organisation == request.organisation);
    let items: Vec<Json> = own.map(|user| request.item(user).into()).collect();
    Ok(request.shape.ok(items))
}

pub(super) fn create(request: &Request<'_>) -> Outcome {
    let mut world = request.sim.world_mut();
    let user_name = request.new_name(&world)?;
    let now = request.sim.clock.now();
    let next = |ids: &mut dyn Iterator<Item = i64>| ids.max().unwrap_or(0) + 1;
    let user = EnterpriseUser {
        user_name,
        organisation: request.organisation.clone(),
        password: secret()?,
        party_uuid: Uuid::new_v4(),
        party_id: next(
            &mut (world.organisations.iter().map(|o| o.party_id))
                .chain(world.persons.iter().map(|p| p.party_id))
                .chain(world.enterprise_users.iter().map(|u| u.party_id)),
        ),
        user_id: next(
            &mut (world.persons.iter().map(|p| p.user_id))
                .chain(world.enterprise_users.iter().map(|u| u.user_id)),
        ),
        roles: Vec::new(),
        created: Some(now),
        changed: None,
    };
    let answer = with_secret(item(&user, fresh_time(now)), &user);
    world.enterprise_users.push(user);
    request.answer(StatusCode::CREATED, answer)
}

/// Changes the user that the path names; answers it as it is then.
fn changed(
    request: &Request<'_>,
    change: impl FnOnce(&mut EnterpriseUser, Timestamp),
) -> Result<EnterpriseUser, Refusal> {
    let mut world = request.sim.world_mut();
    let index = request.index(&world)?;
    let user = world.enterprise_users.get_mut(index);
    let user = user.ok_or_else(Refusal::not_found)?;
    let now = request.sim.clock.now();
    user.changed = Some(now);
    change(user, now);
    Ok(user.clone())
}

pub(super) fn rename(request: &Request<'_>) -> Outcome {
    let name = {
        let world = request.sim.world();
        request.index(&world)?;
        request.new_name(&world)?
    };
    let user = changed(request, |user, _| user.user_name = name)?;
    request.answer(StatusCode::OK, request.item(&user))
}

pub(super) fn rotate(request: &Request<'_>) -> Outcome {
    let secret = secret()?;
    let user = changed(request, |user, _| user.password = secret)?;
    request.answer(StatusCode::OK, with_secret(request.item(&user), &user))
}

pub(super) fn remove(request: &Request<'_>) -> Outcome {
    let mut world = request.sim.world_mut();
    let index = request.index(&world)?;
    let user = world.enterprise_users.remove(index);
    let mut held = request.sim.rights.lock();
    held.altinn2.forget_party(user.party_uuid);
    Ok(with_phrase(StatusCode::NO_CONTENT, "No Content"))
}
