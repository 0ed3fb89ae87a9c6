//! `connections/resources`: single rights to resources, named by the right keys that the server
//! computes.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use super::connections::relations;
use super::entity::{Entity, Reason, resource};
use super::holdings::{Authority, Holding, right, right_key};
use super::problem::{Problem, Refusal};
use super::{Call, Outcome, body_members, ok, status};
use crate::world::{Resource, World};

pub(super) fn named<'w>(call: &Call<'w>) -> Result<&'w Resource, Refusal> {
    let id = call.query.required_text("resource")?;
    call.world
        .resource(id)
        .ok_or_else(|| Problem::InvalidResource.into())
}

/// A bare array, unlike its neighbours; only what is given directly, not what a package opens.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let only = match call.query.text("resource") {
        Some(_) => Some(named(call)?.id.as_str()),
        None => None,
    };
    let (held, _) = relations(call)?;
    let world = call.world;
    let data: Vec<Value> = world
        .resources
        .iter()
        .filter(|r| only.is_none_or(|id| r.id == id))
        .filter_map(|r| {
            let permissions: Vec<Value> = held
                .iter()
                .filter(|h| {
                    h.rights
                        .get(&r.id)
                        .is_some_and(|actions| !actions.is_empty())
                })
                .map(|h| h.permission(world))
                .collect();
            (!permissions.is_empty())
                .then(|| json!({ "resource": resource(world, r), "permissions": permissions }))
        })
        .collect();
    ok(&Value::Array(data))
}

pub(super) fn take(call: &mut Call<'_>) -> Outcome {
    let (from, to) = (
        call.query.required_id("from")?,
        call.query.required_id("to")?,
    );
    let wanted = named(call)?;
    call.held.altinn3.take_resource(from, to, &wanted.id);
    status(StatusCode::NO_CONTENT)
}

pub(super) fn check(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let wanted = named(call)?;
    let authority = call.authority(party);
    let rights = checked(&authority, wanted);
    ok(&json!({ "resource": resource(call.world, wanted), "rights": rights }))
}

/// What of a resource may be given on, action by action.
pub(super) fn checked(authority: &Authority<'_>, wanted: &Resource) -> Vec<Value> {
    wanted
        .actions
        .iter()
        .map(|action| {
            let codes: &[&str] = match objection(authority, wanted, action) {
                None => &[],
                Some(_) if wanted.is_maskinporten_schema() => &["ResourceIsMaskinPortenSchema"],
                Some(Problem::ResourceNotDelegable) => &["ResourceNotDelegable"],
                Some(_) => &[
                    "MissingPackageAccess",
                    "MissingRoleAccess",
                    "MissingDelegationAccess",
                ],
            };
            json!({
                "right": right(wanted, action), "result": codes.is_empty(), "reasonCodes": codes,
            })
        })
        .collect()
}

pub(super) fn objection(
    authority: &Authority<'_>,
    resource: &Resource,
    action: &str,
) -> Option<Problem> {
    if !resource.delegable || resource.is_maskinporten_schema() {
        Some(Problem::ResourceNotDelegable)
    } else if !authority.covers_right(resource, action) {
        Some(Problem::NotAuthorizedForDelegation)
    } else {
        None
    }
}

/// ExternalResourceRightDto: what is given directly, and what follows from packages and roles.
pub(super) fn rights(call: &mut Call<'_>) -> Outcome {
    call.query.required_id("from")?;
    call.query.required_id("to")?;
    let wanted = named(call)?;
    let (held, _) = relations(call)?;
    let world = call.world;
    let given = |h: &Holding<'_>| h.rights.get(&wanted.id).cloned();
    let (direct, indirect) = held_rights(world, &held, wanted, given);
    ok(&json!({
        "resource": resource(world, wanted), "directRights": direct, "indirectRights": indirect,
    }))
}

/// RightPermission lists: what is given directly (as `given` finds it), and what follows.
pub(super) fn held_rights(
    world: &World,
    held: &[Holding<'_>],
    wanted: &Resource,
    given: impl Fn(&Holding<'_>) -> Option<BTreeSet<String>>,
) -> (Vec<Value>, Vec<Value>) {
    let mut direct = Vec::new();
    let mut indirect = Vec::new();
    for action in &wanted.actions {
        let list = |reason: Option<Reason>, permissions: Vec<Value>, into: &mut Vec<Value>| {
            if let (Some(reason), false) = (reason, permissions.is_empty()) {
                into.push(json!({
                    "right": right(wanted, action),
                    "reason": reason.dto(),
                    "permissions": permissions,
                }));
            }
        };
        let directly: Vec<_> = held
            .iter()
            .filter(|h| given(h).is_some_and(|actions| actions.contains(action)))
            .collect();
        let opened: Vec<_> = held.iter().filter(|h| h.opens(wanted)).collect();
        let permissions = directly.iter().map(|h| h.permission(world)).collect();
        list(directly.first().map(|h| h.reason), permissions, &mut direct);
        let permissions = opened.iter().map(|h| h.permission(world)).collect();
        list(
            opened.first().map(|h| h.package_reason()),
            permissions,
            &mut indirect,
        );
    }
    (direct, indirect)
}

pub(super) fn add_rights(call: &mut Call<'_>) -> Outcome {
    give(call, false)?;
    status(StatusCode::CREATED)
}

pub(super) fn replace_rights(call: &mut Call<'_>) -> Outcome {
    give(call, true)?;
    status(StatusCode::OK)
}

fn give(call: &mut Call<'_>, replace: bool) -> Result<(), Refusal> {
    let party = call.party()?;
    let to = call.query.required_id("to")?;
    let keys = right_keys(&call.body)?;
    let wanted = named(call)?;
    let receiver = Entity::find(call.world, to).ok_or(Problem::PartyNotFound)?;
    let actions = delegable_actions(&call.authority(party), wanted, &keys)?;
    // only a system user needs no connection first
    if matches!(receiver, Entity::SystemUser(_)) {
        call.held.altinn3.connect(party, to);
    }
    if call.held.altinn3.find(party, to).is_none() {
        return Err(Problem::MissingConnection.into());
    }
    if call.sticks() {
        call.held
            .altinn3
            .give_rights(party, to, &wanted.id, actions, replace);
    }
    Ok(())
}

/// The actions behind the keys, if the caller may give them all on.
pub(super) fn delegable_actions(
    authority: &Authority<'_>,
    resource: &Resource,
    keys: &[String],
) -> Result<BTreeSet<String>, Refusal> {
    if keys.is_empty() {
        return Err(Problem::MissingRightKey.into());
    }
    let action_of = |key: &String| {
        resource
            .actions
            .iter()
            .find(|action| right_key(resource, action) == *key)
            .cloned()
    };
    let actions: Option<BTreeSet<String>> = keys.iter().map(action_of).collect();
    let actions = actions.ok_or(Problem::InvalidRightKey)?;
    match actions
        .iter()
        .find_map(|a| objection(authority, resource, a))
    {
        Some(problem) => Err(problem.into()),
        None => Ok(actions),
    }
}

pub(super) fn right_keys(body: &[u8]) -> Result<Vec<String>, Refusal> {
    let members = body_members(body)?.ok_or_else(|| {
        Refusal::Binding(
            String::new(),
            "A non-empty request body is required.".to_owned(),
        )
    })?;
    match &members["directrightkeys"] {
        Value::Null => Ok(Vec::new()),
        keys => serde_json::from_value(keys.clone()).map_err(|_| {
            Refusal::Binding(
                "$.directRightKeys".to_owned(),
                "The JSON value could not be converted.".to_owned(),
            )
        }),
    }
}
