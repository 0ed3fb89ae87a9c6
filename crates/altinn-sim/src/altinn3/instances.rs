//! `connections/resources/instances`: rights to single instances of a resource (*enkeltinstanser*).
//!
//! Which instances there are is known by the apps and not by access management: any id of the right
//! form is taken. A person named by number and last name is connected in the same call; open until
//! somebody has seen the real thing.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::connections::relations;
use super::entity::{Entity, resource};
use super::holdings::{Holding, holdings};
use super::problem::{Problem, Refusal};
use super::resources::{checked, delegable_actions, held_rights, named, right_keys};
use super::{Call, Outcome, PersonInput, body_members, ok, paginated, status};
use crate::rights::altinn3::Instance;
use crate::world::Resource;

const KINDS: &[(&str, &str)] = &[
    ("urn:altinn:instance-id:", "Instance"),
    ("urn:altinn:correspondence-id:", "Correspondence"),
    ("urn:altinn:dialog-id:", "Dialog"),
];

fn kind(id: &str) -> Option<&'static str> {
    let mut kinds = KINDS.iter();
    let found = kinds.find(|(prefix, _)| id.len() > prefix.len() && id.starts_with(prefix));
    found.map(|(_, name)| *name)
}

fn valid(id: &str) -> Result<(), Refusal> {
    if kind(id).is_some() {
        return Ok(());
    }
    Err(Refusal::Validation(
        "AM.VLD-00029",
        "Instance must use a valid URN format: 'urn:altinn:instance-id:', \
         'urn:altinn:correspondence-id:', or 'urn:altinn:dialog-id:'.",
        vec!["QUERY/instance".to_owned()],
    ))
}

/// The instance that the query names, and its resource.
fn wanted<'w>(call: &Call<'w>) -> Result<(&'w Resource, Instance), Refusal> {
    let id = call.query.required_text("instance")?.to_owned();
    call.query.required_text("resource")?;
    valid(&id)?;
    let resource = named(call)?;
    let instance = Instance {
        resource: resource.id.clone(),
        id,
    };
    Ok((resource, instance))
}

fn dto(id: &str) -> Value {
    json!({ "refId": id, "type": { "id": null, "name": kind(id) } })
}

/// A bare array of InstancePermissionDto.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let only = call.query.text("instance");
    only.map(valid).transpose()?;
    let only_resource = match call.query.text("resource") {
        Some(_) => Some(named(call)?.id.as_str()),
        None => None,
    };
    let (held, _) = relations(call)?;
    let mut found: BTreeMap<&Instance, Vec<Value>> = BTreeMap::new();
    for holding in &held {
        for (instance, actions) in &holding.instances {
            let asked = only.is_none_or(|id| instance.id == id)
                && only_resource.is_none_or(|id| instance.resource == id);
            if asked && !actions.is_empty() {
                let permission = holding.permission(call.world);
                found.entry(instance).or_default().push(permission);
            }
        }
    }
    let data: Vec<Value> = found
        .into_iter()
        .filter_map(|(instance, permissions)| {
            let of = call.world.resource(&instance.resource)?;
            Some(json!({
                "resource": resource(call.world, of),
                "instance": dto(&instance.id),
                "permissions": permissions,
            }))
        })
        .collect();
    ok(&Value::Array(data))
}

/// ExtInstanceRightDto.
pub(super) fn rights(call: &mut Call<'_>) -> Outcome {
    call.query.required_id("from")?;
    call.query.required_id("to")?;
    let (of, instance) = wanted(call)?;
    let (held, _) = relations(call)?;
    let given = |h: &Holding<'_>| h.instances.get(&instance).cloned();
    let (direct, indirect) = held_rights(call.world, &held, of, given);
    ok(&json!({
        "resource": resource(call.world, of), "instance": dto(&instance.id),
        "directRights": direct, "indirectRights": indirect,
    }))
}

pub(super) fn take(call: &mut Call<'_>) -> Outcome {
    let (from, to) = (
        call.query.required_id("from")?,
        call.query.required_id("to")?,
    );
    let (_, instance) = wanted(call)?;
    call.held.altinn3.take_instance(from, to, &instance);
    status(StatusCode::NO_CONTENT)
}

pub(super) fn check(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let (of, instance) = wanted(call)?;
    let rights = checked(&call.authority(party), of);
    ok(&json!({
        "resource": resource(call.world, of), "instance": dto(&instance.id), "rights": rights,
    }))
}

/// Who holds the instance directly.
pub(super) fn users(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let (_, instance) = wanted(call)?;
    let held = holdings(call.world, &call.held.altinn3, Some(party), None);
    let data = held
        .iter()
        .filter(|h| h.instances.get(&instance).is_some_and(|a| !a.is_empty()))
        .map(|h| h.to.simplified())
        .collect();
    paginated(data)
}

pub(super) fn add_rights(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let keys = right_keys(&call.body)?;
    let (of, instance) = wanted(call)?;
    let members = body_members(&call.body)?.unwrap_or_default();
    let input = match &members["to"] {
        Value::Null => None,
        person => Some(PersonInput::of(person)?),
    };
    let named_by_uuid = input.is_none();
    let actions = delegable_actions(&call.authority(party), of, &keys)?;
    let to = call.receiver_by(party, input)?;
    let connected = !holdings(call.world, &call.held.altinn3, Some(party), Some(to)).is_empty();
    let receiver = Entity::find(call.world, to).ok_or(Problem::PartyNotFound)?;
    match receiver {
        Entity::Person(_) if named_by_uuid && !connected => {
            return Err(Problem::PersonInputRequired.into());
        }
        Entity::Organisation(_) if !connected => return Err(Problem::MissingConnection.into()),
        _ => {}
    }
    call.held.altinn3.connect(party, to);
    if call.sticks() {
        call.held
            .altinn3
            .give_instance(party, to, instance, actions, false);
    }
    status(StatusCode::CREATED)
}

pub(super) fn replace_rights(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let to = call.query.required_id("to")?;
    let keys = right_keys(&call.body)?;
    let (of, instance) = wanted(call)?;
    Entity::find(call.world, to).ok_or(Problem::PartyNotFound)?;
    let actions = delegable_actions(&call.authority(party), of, &keys)?;
    if call.held.altinn3.find(party, to).is_none() {
        return Err(Problem::MissingConnection.into());
    }
    if call.sticks() {
        call.held
            .altinn3
            .give_instance(party, to, instance, actions, true);
    }
    status(StatusCode::OK)
}
