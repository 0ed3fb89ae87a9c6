//! `systemuser`: look-ups of system users (wire facts, Altinn 3 §1.9), and what an approval makes.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::Refusal;
use super::{Asked, Call, Kind, Outcome, ok};
use crate::rights::Held;
use crate::state::Shared;
use crate::world::{SystemUser, World};

/// SystemUserExternalDTO.
pub(crate) fn written(sim: &Shared, world: &World, user: &SystemUser) -> Value {
    let system = world.system(&user.system);
    let vendor = system.map(|s| s.vendor.as_str()).unwrap_or_default();
    let name = world.organisation(vendor).map(|o| o.name.as_str());
    json!({
        "id": user.id,
        "integrationTitle": user.title,
        "systemId": user.system,
        "productName": user.system,
        "reporteeOrgNo": user.owner,
        "created": sim.started.to_string(),
        "isDeleted": user.deleted,
        "supplierName": name.unwrap_or_default(),
        "supplierOrgno": vendor,
        "externalRef": user.reference(),
        "userType": if user.agent { "agent" } else { "standard" },
    })
}

fn in_use(user: &&SystemUser) -> bool {
    user.approved && !user.deleted
}

pub(super) fn by_query(call: &mut Call<'_>) -> Outcome {
    let id = call.parameter("system-id").unwrap_or_default();
    let owner = call.parameter("orgno").unwrap_or_default();
    let reference = call.parameter("external-ref").unwrap_or(owner);
    let system = call.system(id)?;
    let mut users = call.world.system_users.iter().filter(in_use);
    let user = users
        .find(|u| u.system == system.id && u.owner == owner && u.reference() == reference)
        .ok_or(Refusal::USER_NOT_FOUND)?;
    ok(StatusCode::OK, &written(call.sim, call.world, user))
}

pub(super) fn by_system(call: &mut Call<'_>) -> Outcome {
    let system = call.system(call.segment(0))?.id.clone();
    let users = call.world.system_users.iter().filter(in_use);
    let items: Vec<Value> = users
        .filter(|user| user.system == system)
        .map(|user| written(call.sim, call.world, user))
        .collect();
    call.paged(&items)
}

/// Maskinporten's own question: who acts for this owner by this client?
pub(super) fn by_external_id(call: &mut Call<'_>) -> Outcome {
    let client = call.parameter("clientId");
    let vendor = call.parameter("systemProviderOrgNo");
    let owner = call.parameter("systemUserOwnerOrgNo");
    let (Some(client), Some(vendor), Some(owner)) = (client, vendor, owner) else {
        return Err(Refusal::Bare(StatusCode::BAD_REQUEST));
    };
    let reference = call.parameter("externalRef").unwrap_or(owner);
    let mut users = call.world.system_users.iter().filter(in_use);
    let user = users.find(|user| {
        let system = call.world.system(&user.system);
        user.owner == owner
            && user.reference() == reference
            && system.is_some_and(|s| {
                !s.deleted && s.vendor == vendor && s.client_ids.iter().any(|c| c == client)
            })
    });
    match user {
        Some(user) => ok(StatusCode::OK, &written(call.sim, call.world, user)),
        None => Err(Refusal::Bare(StatusCode::NOT_FOUND)),
    }
}

/// Makes or changes the system user that was asked for.
pub(super) fn approve(world: &mut World, held: &mut Held, asked: &Asked) -> bool {
    let Some(owner) = world.organisation(&asked.customer).map(|o| o.party_uuid) else {
        return false;
    };
    let id = match asked.kind {
        Kind::Change(user) => user,
        Kind::Standard | Kind::Agent => match world.system_user(asked.id) {
            Some(waiting) => waiting.id,
            None => {
                let id = Uuid::new_v4();
                let title = asked.title.clone().unwrap_or_else(|| asked.system.clone());
                world.system_users.push(SystemUser {
                    id,
                    owner: asked.customer.clone(),
                    system: asked.system.clone(),
                    title,
                    external_ref: asked.external_ref.clone(),
                    approved: true,
                    deleted: false,
                    access_packages: Vec::new(),
                    agent: asked.kind == Kind::Agent,
                });
                id
            }
        },
    };
    let Some(user) = world.system_users.iter_mut().find(|user| user.id == id) else {
        return false;
    };
    user.approved = true;
    user.access_packages
        .retain(|code| !asked.unwanted_packages.contains(code));
    for code in &asked.packages {
        if !user.access_packages.contains(code) {
            user.access_packages.push(code.clone());
        }
    }
    for resource in &asked.unwanted_rights {
        held.altinn3.take_resource(owner, id, resource);
    }
    for resource in &asked.rights {
        let actions = world.resource(resource).map(|r| r.actions.clone());
        let actions: BTreeSet<String> = actions.unwrap_or_default().into_iter().collect();
        held.altinn3.connect(owner, id);
        held.altinn3
            .give_rights(owner, id, resource, actions, false);
    }
    true
}
