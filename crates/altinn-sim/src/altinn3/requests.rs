//! Requests for access: `enduser/request` and `serviceowner/delegationrequests` (wire facts, Altinn 3
//! §2.6 and §2.7).
//!
//! `from` asks, `to` grants. Open until somebody has seen the real thing: asking again while the same
//! waits answers the one that waits; approving gives what may be given on only, or `AM.VLD-00040`;
//! which state `AM.VLD-00041` wants, so it is not caused.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::Entity;
use super::holdings::{Authority, right_key};
use super::problem::{Problem, Refusal};
use super::resources::{named, objection};
use super::{Call, Outcome, body_members, ok, packages, paginated, text_member};
use crate::rights::altinn3::{AccessRequest, RequestStatus, Requested};
use crate::world::Resource;

fn refused<T>(code: &'static str, text: &'static str, path: &str) -> Result<T, Refusal> {
    Err(Refusal::Validation(code, text, vec![path.to_owned()]))
}

fn kind(what: &Requested) -> &'static str {
    match what {
        Requested::Resource { .. } => "resource",
        Requested::Package(_) => "package",
    }
}

/// RequestDto.
fn dto(call: &Call<'_>, request: &AccessRequest) -> Value {
    let world = call.world;
    let party = |id: Uuid| {
        let entity = Entity::find(world, id)?;
        let compact = entity.compact(world);
        let member = |name: &str| compact[name].clone();
        Some(json!({
            "id": id, "name": entity.name(), "type": member("type"), "variant": member("variant"),
            "organizationIdentifier": member("organizationIdentifier"),
            "personIdentifier": member("personIdentifier"),
        }))
    };
    let base = &call.sim.urls.platform;
    let (resource, package) = match &request.what {
        Requested::Resource { id, .. } => (
            Some(json!({ "id": world.resource(id).map(|r| r.uuid), "referenceId": id })),
            None,
        ),
        Requested::Package(code) => (
            None,
            world
                .access_package(code)
                .map(|p| json!({ "id": p.id, "referenceId": p.urn() })),
        ),
    };
    json!({
        "id": request.id,
        "status": request.status.name(),
        "type": kind(&request.what),
        "lastUpdated": request.updated,
        "lastUpdatedBy": request.updated_by,
        "resource": resource,
        "package": package,
        "links": {
            "detailsLink": format!("{base}/accessmanagement/ui/request?id={}", request.id),
            "statusLink": format!(
                "{base}/accessmanagement/api/v1/serviceowner/delegationrequests/{}/status",
                request.id
            ),
        },
        "from": party(request.from),
        "to": party(request.to),
        "by": party(request.by),
    })
}

fn find<'c>(call: &'c Call<'_>) -> Result<&'c AccessRequest, Refusal> {
    let id = call.query.required_id("id")?;
    let mut requests = call.held.altinn3.requests.iter();
    requests
        .find(|r| r.id == id)
        .ok_or_else(|| Problem::RequestNotFound.into())
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let party = call.party()?;
    let request = find(call)?;
    if request.from != party && request.to != party {
        return Err(Problem::RequestNotFound.into());
    }
    ok(&dto(call, request))
}

/// Only for the portal, which shows a draft to the one who is to confirm it.
pub(super) fn draft(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let request = find(call)?;
    if request.status != RequestStatus::Draft {
        return Err(Problem::RequestNotFound.into());
    }
    ok(&dto(call, request))
}

fn listed<'c>(call: &'c Call<'_>, sent: bool) -> Result<Vec<&'c AccessRequest>, Refusal> {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let party = call.party()?;
    let other = call.query.id(if sent { "to" } else { "from" })?;
    let states = call
        .query
        .all("status")
        .map(|text| RequestStatus::of(text).ok_or_else(|| Refusal::not_valid("status", text)))
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = call.query.text("type");
    Ok(call
        .held
        .altinn3
        .requests
        .iter()
        .filter(|r| {
            let (own, others) = if sent { (r.from, r.to) } else { (r.to, r.from) };
            // what nobody has confirmed has not been received
            let arrived = sent || r.status != RequestStatus::Draft;
            own == party
                && arrived
                && other.is_none_or(|id| id == others)
                && (states.is_empty() || states.contains(&r.status))
                && wanted.is_none_or(|w| w.eq_ignore_ascii_case(kind(&r.what)))
        })
        .collect())
}

fn page(call: &Call<'_>, sent: bool) -> Outcome {
    let found = listed(call, sent)?;
    paginated(found.into_iter().map(|r| dto(call, r)).collect())
}

pub(super) fn sent(call: &mut Call<'_>) -> Outcome {
    page(call, true)
}

pub(super) fn received(call: &mut Call<'_>) -> Outcome {
    page(call, false)
}

pub(super) fn count_sent(call: &mut Call<'_>) -> Outcome {
    ok(&listed(call, true)?.len().into())
}

pub(super) fn count_received(call: &mut Call<'_>) -> Outcome {
    ok(&listed(call, false)?.len().into())
}

/// Right keys in a bare array, or nothing.
fn keys(body: &[u8]) -> Result<Vec<String>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    serde_json::from_slice::<Option<Vec<String>>>(body)
        .map(Option::unwrap_or_default)
        .map_err(|_| {
            let text = "The JSON value could not be converted.".to_owned();
            Refusal::Binding("$".to_owned(), text)
        })
}

/// The actions behind the keys; without keys, all.
fn actions(resource: &Resource, keys: &[String]) -> Result<BTreeSet<String>, Refusal> {
    if keys.is_empty() {
        return Ok(resource.actions.iter().cloned().collect());
    }
    let action_of = |key: &String| {
        let mut actions = resource.actions.iter();
        actions.find(|a| right_key(resource, a) == *key).cloned()
    };
    let actions: Option<BTreeSet<String>> = keys.iter().map(action_of).collect();
    actions.ok_or_else(|| Problem::InvalidRightKey.into())
}

fn add(
    call: &mut Call<'_>,
    from: Uuid,
    to: Uuid,
    what: Requested,
    status: RequestStatus,
) -> AccessRequest {
    let by = call.actor.id;
    let own = status == RequestStatus::Pending;
    let open = |r: &&AccessRequest| {
        let waits = matches!(r.status, RequestStatus::Draft | RequestStatus::Pending);
        (r.from, r.to) == (from, to) && r.what == what && waits && (own || r.by == by)
    };
    let requests = &mut call.held.altinn3.requests;
    if let Some(same) = requests.iter().find(open) {
        return same.clone();
    }
    let request = AccessRequest {
        id: Uuid::now_v7(),
        from,
        to,
        by: if own { from } else { by },
        what,
        status,
        updated: call.sim.clock.now(),
        updated_by: own.then_some(by),
    };
    requests.push(request.clone());
    request
}

fn parties(call: &Call<'_>) -> Result<(Uuid, Uuid), Refusal> {
    let (from, to) = (call.party()?, call.query.required_id("to")?);
    if from == to {
        let text = "Self-targeted requests are not allowed.";
        return refused("AM.VLD-00045", text, "QUERY/to");
    }
    Entity::find(call.world, to).ok_or(Problem::PartyNotFound)?;
    Ok((from, to))
}

pub(super) fn ask_resource(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let (from, to) = parties(call)?;
    let resource = named(call)?;
    if !resource.delegable {
        return Err(Problem::ResourceNotDelegable.into());
    }
    let what = Requested::Resource {
        id: resource.id.clone(),
        actions: actions(resource, &keys(&call.body)?)?,
    };
    let request = add(call, from, to, what, RequestStatus::Pending);
    ok(&dto(call, &request))
}

pub(super) fn ask_package(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let (from, to) = parties(call)?;
    call.query.required_text("package")?;
    let package = packages::named(call)?;
    if !packages::belongs_to(package, Entity::find(call.world, to)) {
        return Err(Problem::InvalidPackageForParty.into());
    }
    let what = Requested::Package(package.code.clone());
    let request = add(call, from, to, what, RequestStatus::Pending);
    ok(&dto(call, &request))
}

/// Moves a request of the party's side from one state to another.
fn turn(
    call: &mut Call<'_>,
    receiver: bool,
    before: RequestStatus,
    after: RequestStatus,
    then: impl FnOnce(&mut Call<'_>, &mut AccessRequest) -> Result<(), Refusal>,
) -> Outcome {
    call.gate(call.sim.quirks.switched_off.requests)?;
    let party = call.party()?;
    let mut request = find(call)?.clone();
    let (own, others) = if receiver {
        (request.to, request.from)
    } else {
        (request.from, request.to)
    };
    if party != own {
        if party != others {
            return Err(Problem::RequestNotFound.into());
        }
        let text = "Party cannot perform this status change.";
        return refused("AM.VLD-00044", text, "QUERY/party");
    }
    if request.status == after {
        return ok(&dto(call, &request));
    }
    if request.status != before {
        let text = "Request does not support this status update.";
        return refused("AM.VLD-00036", text, "QUERY/id");
    }
    then(call, &mut request)?;
    request.status = after;
    request.updated = call.sim.clock.now();
    request.updated_by = Some(call.actor.id);
    let requests = &mut call.held.altinn3.requests;
    if let Some(kept) = requests.iter_mut().find(|r| r.id == request.id) {
        *kept = request.clone();
    }
    ok(&dto(call, &request))
}

pub(super) fn withdraw(call: &mut Call<'_>) -> Outcome {
    let before = match find(call).map(|r| r.status) {
        Ok(RequestStatus::Draft) => RequestStatus::Draft,
        _ => RequestStatus::Pending,
    };
    turn(call, false, before, RequestStatus::Withdrawn, |_, _| Ok(()))
}

pub(super) fn confirm(call: &mut Call<'_>) -> Outcome {
    let (draft, pending) = (RequestStatus::Draft, RequestStatus::Pending);
    turn(call, false, draft, pending, |_, _| Ok(()))
}

pub(super) fn reject(call: &mut Call<'_>) -> Outcome {
    let (pending, rejected) = (RequestStatus::Pending, RequestStatus::Rejected);
    turn(call, true, pending, rejected, |_, _| Ok(()))
}

pub(super) fn approve(call: &mut Call<'_>) -> Outcome {
    let (pending, approved) = (RequestStatus::Pending, RequestStatus::Approved);
    let keys = keys(&call.body)?;
    turn(call, true, pending, approved, |call, request| {
        let failed = || refused("AM.VLD-00040", "Failed to approve request.", "QUERY/id");
        let world = call.world;
        let authority: Authority<'_> = call.authority(request.to);
        match &mut request.what {
            Requested::Resource {
                id,
                actions: wanted,
            } => {
                let Some(resource) = world.resource(id) else {
                    return failed();
                };
                if !keys.is_empty() {
                    *wanted = actions(resource, &keys)?;
                }
                let mut actions = wanted.iter();
                if actions.any(|a| objection(&authority, resource, a).is_some()) {
                    return failed();
                }
            }
            Requested::Package(code) => {
                let package = world.access_package(code);
                let from = Entity::find(world, request.to);
                if package.is_none_or(|p| packages::objection(from, &authority, p).is_some()) {
                    return failed();
                }
            }
        }
        let sticks = call.sticks();
        let store = &mut call.held.altinn3;
        let (giver, receiver) = (request.to, request.from);
        store.connect(giver, receiver);
        match &request.what {
            Requested::Resource { id, actions } if sticks => {
                store.give_rights(giver, receiver, id, actions.clone(), false);
            }
            Requested::Package(code) if sticks => {
                store.give_package(giver, receiver, code);
            }
            _ => {}
        }
        Ok(())
    })
}

/// Forms of party that a service owner may name.
const PARTY_URNS: &[&str] = &[
    "urn:altinn:person:identifier-no",
    "urn:altinn:organization:identifier-no",
];

pub(super) fn party_urns(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.service_owner_requests)?;
    ok(&json!(PARTY_URNS))
}

/// The party behind a URN in the body.
fn party_of(call: &Call<'_>, members: &Value, name: &str) -> Result<Uuid, Refusal> {
    let path = format!("/{name}");
    let urn = text_member(members, name)?.unwrap_or_default();
    let found = match urn.rsplit_once(':') {
        Some(("urn:altinn:person:identifier-no", number)) => {
            call.world.person(number).map(|p| p.party_uuid)
        }
        Some(("urn:altinn:organization:identifier-no", number)) => {
            call.world.organisation(number).map(|o| o.party_uuid)
        }
        _ => return refused("AMSO.VLD-00001", "Invalid URN", &path),
    };
    match found {
        Some(id) => Ok(id),
        None => refused("AMSO.VLD-00002", "Object not found", &path),
    }
}

fn service_owner_asks(
    call: &mut Call<'_>,
    members: &Value,
    from: Uuid,
    to: Uuid,
    resource: Option<String>,
    package: Option<String>,
) -> Outcome {
    let world = call.world;
    let what = match (resource, package) {
        (Some(id), None) => {
            let Some(resource) = world.resource(&id) else {
                let text = "Requested resource was not found";
                return refused("AMSO.VLD-00003", text, "/resource");
            };
            let own = world
                .organisation_by_uuid(call.actor.id)
                .and_then(|o| world.service_owner(&o.number));
            if own.is_none_or(|owner| owner.code != resource.owner) {
                let text = "Requested resource is not owned by serviceowner";
                return refused("AMSO.VLD-00006", text, "/resource");
            }
            let keys: Vec<String> =
                serde_json::from_value(members["rightkeys"].clone()).unwrap_or_default();
            Requested::Resource {
                id,
                actions: actions(resource, &keys)?,
            }
        }
        (None, Some(name)) => match world.access_package(&name) {
            Some(package) => Requested::Package(package.code.clone()),
            None => {
                let text = "Requested package was not found";
                return refused("AMSO.VLD-00004", text, "/package");
            }
        },
        _ => {
            let text = "Request can only contain package or resource";
            return refused("AMSO.VLD-00005", text, "/resource");
        }
    };
    if from == to {
        let text = "Self-targeted requests are not allowed.";
        return refused("AM.VLD-00045", text, "/to");
    }
    let request = add(call, from, to, what, RequestStatus::Draft);
    let mut response = ok(&dto(call, &request))?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

fn required_body(call: &Call<'_>) -> Result<Value, Refusal> {
    body_members(&call.body)?.ok_or_else(|| {
        let text = "A non-empty request body is required.".to_owned();
        Refusal::Binding(String::new(), text)
    })
}

pub(super) fn owner_asks_resource(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.service_owner_requests)?;
    let members = required_body(call)?;
    let (from, to) = (
        party_of(call, &members, "from")?,
        party_of(call, &members, "to")?,
    );
    let resource = text_member(&members, "resource")?;
    service_owner_asks(call, &members, from, to, resource, None)
}

pub(super) fn owner_asks_package(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.service_owner_requests)?;
    let members = required_body(call)?;
    let (from, to) = (
        party_of(call, &members, "from")?,
        party_of(call, &members, "to")?,
    );
    let package = text_member(&members, "package")?;
    service_owner_asks(call, &members, from, to, None, package)
}

/// The older form, whose `from` is the one who grants.
pub(super) fn owner_asks_inverted(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.service_owner_requests)?;
    let members = required_body(call)?;
    let (to, from) = (
        party_of(call, &members, "from")?,
        party_of(call, &members, "to")?,
    );
    let reference = |name: &str| match &members[name] {
        Value::Null => Ok(None),
        reference => text_member(reference, "referenceid"),
    };
    let (resource, package) = (reference("resource")?, reference("package")?);
    service_owner_asks(call, &members, from, to, resource, package)
}

fn own<'c>(call: &'c mut Call<'_>) -> Result<&'c mut AccessRequest, Refusal> {
    call.gate(call.sim.quirks.switched_off.service_owner_requests)?;
    let id = call.query.required_id("id")?;
    let by = call.actor.id;
    let mut requests = call.held.altinn3.requests.iter_mut();
    requests
        .find(|r| r.id == id && r.by == by)
        .ok_or_else(|| Problem::RequestNotFound.into())
}

pub(super) fn owner_status(call: &mut Call<'_>) -> Outcome {
    ok(&own(call)?.status.name().into())
}

pub(super) fn owner_withdraw(call: &mut Call<'_>) -> Outcome {
    let (now, actor) = (call.sim.clock.now(), call.actor.id);
    let request = own(call)?;
    match request.status {
        RequestStatus::Withdrawn => {}
        RequestStatus::Draft | RequestStatus::Pending => {
            request.status = RequestStatus::Withdrawn;
            request.updated = now;
            request.updated_by = Some(actor);
        }
        _ => {
            let text = "Request does not support this status update.";
            return refused("AM.VLD-00036", text, "/id");
        }
    }
    ok(&request.status.name().into())
}
