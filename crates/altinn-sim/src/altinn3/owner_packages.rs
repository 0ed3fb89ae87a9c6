//! `serviceowner/connections/accesspackages`: packages given between others by a service owner that is
//! on the list for it (wire facts, Altinn 3 §2.8).

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::Entity;
use super::packages;
use super::problem::{Problem, Refusal};
use super::{Call, Outcome, body_members, ok, status, text_member};
use crate::world::{AccessPackage, World};

/// The party behind a URN; `None` when it is not one.
pub(super) fn party_of_urn(world: &World, urn: &str) -> Option<Option<Uuid>> {
    let (kind, value) = urn.rsplit_once(':')?;
    let uuid = || Uuid::parse_str(value).ok();
    Some(match kind {
        "urn:altinn:person:identifier-no" => world.person(value).map(|p| p.party_uuid),
        "urn:altinn:organization:identifier-no" => world.organisation(value).map(|o| o.party_uuid),
        "urn:altinn:party:uuid" | "urn:altinn:person:uuid" | "urn:altinn:organization:uuid" => {
            uuid().filter(|id| Entity::find(world, *id).is_some())
        }
        "urn:altinn:party:id" | "urn:altinn:partyid" => {
            let id = value.parse().ok();
            let people = world.persons.iter().map(|p| (p.party_id, p.party_uuid));
            let all = world
                .organisations
                .iter()
                .map(|o| (o.party_id, o.party_uuid));
            people
                .chain(all)
                .find(|(i, _)| Some(*i) == id)
                .map(|(_, uuid)| uuid)
        }
        _ => return None,
    })
}

fn asked<'w>(call: &Call<'w>) -> Result<(Uuid, Uuid, &'w AccessPackage), Refusal> {
    let members = body_members(&call.body)?.unwrap_or(Value::Null);
    let party = |name: &str, path: &str| {
        let urn = text_member(&members, name)?.unwrap_or_default();
        let found = party_of_urn(call.world, &urn).ok_or_else(|| {
            Refusal::Validation("AM.VLD-00001", "Invalid party URN.", vec![path.to_owned()])
        })?;
        found.ok_or_else(|| Refusal::from(Problem::PartyNotFound))
    };
    let (from, to) = (party("from", "From")?, party("to", "To")?);
    let name = text_member(&members, "packageurn")?.unwrap_or_default();
    let package = call
        .world
        .access_package(&name)
        .ok_or(Problem::PackageNotFound)?;
    let listed = call
        .world
        .organisation_by_uuid(call.actor.id)
        .and_then(|o| call.world.service_owner(&o.number))
        .is_some_and(|owner| owner.may_give.contains(&package.code));
    if !listed {
        return Err(Problem::PackageDelegationNotAuthorized.into());
    }
    Ok((from, to, package))
}

pub(super) fn give(call: &mut Call<'_>) -> Outcome {
    let (from, to, package) = asked(call)?;
    if !packages::belongs_to(package, Entity::find(call.world, from)) {
        return Err(Problem::PackageNotAvailableForEntity.into());
    }
    let (owner, sticks) = (call.actor.id, call.sticks());
    let store = &mut call.held.altinn3;
    let connection = store.connect(from, to);
    let key = (from, to, package.code.clone());
    let had = store
        .find(from, to)
        .is_some_and(|c| c.packages.contains_key(&package.code));
    let id = if sticks {
        let given = store.give_package(from, to, &package.code);
        if !had {
            store.given_by_owner.insert(key, owner);
        }
        given.map(|(id, _)| id)
    } else {
        Some(Uuid::now_v7())
    };
    ok(&json!({ "id": id, "assignmentId": connection, "packageId": package.id }))
}

pub(super) fn revoke(call: &mut Call<'_>) -> Outcome {
    let (from, to, package) = asked(call)?;
    let owner = call.actor.id;
    let store = &mut call.held.altinn3;
    let held = store
        .find(from, to)
        .is_some_and(|c| c.packages.contains_key(&package.code));
    let key = (from, to, package.code.clone());
    if held && store.given_by_owner.get(&key) != Some(&owner) {
        return Err(Problem::PackageNotRevocable.into());
    }
    store.given_by_owner.remove(&key);
    store.take_package(from, to, &package.code);
    status(StatusCode::NO_CONTENT)
}
