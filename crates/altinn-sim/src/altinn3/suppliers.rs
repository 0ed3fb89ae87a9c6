//! Maskinporten suppliers and consumers, and the delegations that Maskinporten itself asks for (wire
//! facts, Altinn 3 §2.10).
//!
//! What is delegated here is what Maskinporten's `consumer_org` check finds: the delegation of a
//! resource is that of its scopes. The role of a supplier, and which package besides the main
//! administrator's opens this, are not among the wire facts.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Reason, Role, resource};
use super::holdings::{Power, right};
use super::problem::{Problem, Refusal};
use super::{ALL_DELEGATIONS_SCOPE, Call, Outcome, ok, status};
use crate::world::{Delegation, Organisation, Resource, World};

/// One organisation, and what it lets another use of Maskinporten.
struct Pair<'w> {
    consumer: &'w Organisation,
    supplier: &'w Organisation,
    resources: Vec<&'w Resource>,
}

fn delegated(world: &World, consumer: &str, supplier: &str, resource: &Resource) -> bool {
    !resource.scopes.is_empty()
        && resource.scopes.iter().all(|scope| {
            world.delegations.iter().any(|d| {
                (d.consumer.as_str(), d.supplier.as_str(), &d.scope) == (consumer, supplier, scope)
            })
        })
}

/// Who supplies whom, by relation or by a delegation that is there from the start.
fn pairs<'w>(call: &Call<'w>) -> Vec<Pair<'w>> {
    let world = call.world;
    let mut found: BTreeMap<(Uuid, Uuid), Pair<'w>> = BTreeMap::new();
    let related = call.held.altinn3.suppliers.keys().filter_map(|(c, s)| {
        Some((
            world.organisation_by_uuid(*c)?,
            world.organisation_by_uuid(*s)?,
        ))
    });
    let seeded = world.delegations.iter().filter_map(|d| {
        Some((
            world.organisation(&d.consumer)?,
            world.organisation(&d.supplier)?,
        ))
    });
    for (consumer, supplier) in related.chain(seeded) {
        let resources = world.resources.iter();
        let resources = resources
            .filter(|r| delegated(world, &consumer.number, &supplier.number, r))
            .collect();
        found.insert(
            (consumer.party_uuid, supplier.party_uuid),
            Pair {
                consumer,
                supplier,
                resources,
            },
        );
    }
    found.into_values().collect()
}

/// The party's pairs; it is the consumer in `maskinportensuppliers`, the supplier in the other.
fn wanted<'w, const CONSUMERS: bool>(call: &Call<'w>) -> Result<Vec<Pair<'w>>, Refusal> {
    call.gate(call.sim.quirks.switched_off.suppliers)?;
    let party = call.party()?;
    let other = call
        .query
        .id(if CONSUMERS { "consumer" } else { "supplier" })?;
    let mut found = pairs(call);
    found.retain(|pair| {
        let (own, others) = if CONSUMERS {
            (pair.supplier, pair.consumer)
        } else {
            (pair.consumer, pair.supplier)
        };
        own.party_uuid == party && other.is_none_or(|id| id == others.party_uuid)
    });
    Ok(found)
}

/// A bare array of ConnectionDto.
pub(super) fn list<const CONSUMERS: bool>(call: &mut Call<'_>) -> Outcome {
    let world = call.world;
    let data = wanted::<CONSUMERS>(call)?
        .into_iter()
        .map(|pair| {
            let other = if CONSUMERS {
                pair.consumer
            } else {
                pair.supplier
            };
            let resources = pair.resources.iter().map(|r| resource(world, r));
            json!({
                "party": Entity::Organisation(other).compact(world),
                "roles": [Role::supplier().compact()],
                "packages": [],
                "resources": resources.collect::<Vec<_>>(),
                "instances": [],
                "connections": [],
            })
        })
        .collect();
    ok(&Value::Array(data))
}

pub(super) fn resources<const CONSUMERS: bool>(call: &mut Call<'_>) -> Outcome {
    let world = call.world;
    let only = match call.query.text("resource") {
        Some(_) => Some(scheme(call)?.uuid),
        None => None,
    };
    let mut by_resource: BTreeMap<&str, (&Resource, Vec<Value>)> = BTreeMap::new();
    for pair in wanted::<CONSUMERS>(call)? {
        for r in pair.resources {
            if only.is_some_and(|id| id != r.uuid) {
                continue;
            }
            let permission = json!({
                "from": Entity::Organisation(pair.consumer).compact(world),
                "to": Entity::Organisation(pair.supplier).compact(world),
                "via": null,
                "role": Role::supplier().compact(),
                "viaRole": null,
                "reason": Reason::Direct.dto(),
            });
            let entry = by_resource.entry(&r.id).or_insert_with(|| (r, Vec::new()));
            entry.1.push(permission);
        }
    }
    let data = by_resource
        .into_values()
        .map(|(r, permissions)| {
            json!({ "resource": resource(world, r), "permissions": permissions })
        })
        .collect();
    ok(&Value::Array(data))
}

/// The resource that the query names, which must be one for Maskinporten.
fn scheme<'w>(call: &Call<'w>) -> Result<&'w Resource, Refusal> {
    let resource = super::resources::named(call)?;
    if resource.is_maskinporten_schema() {
        return Ok(resource);
    }
    Err(Refusal::Validation(
        "AM.VLD-00032",
        "Invalid resource type.",
        vec!["QUERY/resource".to_owned()],
    ))
}

/// The two organisations of a change, consumer first.
fn two<'w, const CONSUMERS: bool>(
    call: &Call<'w>,
) -> Result<(&'w Organisation, &'w Organisation), Refusal> {
    call.gate(call.sim.quirks.switched_off.suppliers)?;
    let name = if CONSUMERS { "consumer" } else { "supplier" };
    let (party, other) = (call.party()?, call.query.required_id(name)?);
    let organisation = |id: Uuid| match Entity::find(call.world, id) {
        Some(Entity::Organisation(organisation)) => Ok(organisation),
        Some(_) => Err(Refusal::Validation(
            "AM.VLD-00008",
            "This entity type is not allowed here.",
            vec![format!("QUERY/{name}")],
        )),
        None => Err(Problem::PartyNotFound.into()),
    };
    let (party, other) = (organisation(party)?, organisation(other)?);
    if party.party_uuid == other.party_uuid {
        return Err(Refusal::query_parameter(name));
    }
    Ok(if CONSUMERS {
        (other, party)
    } else {
        (party, other)
    })
}

pub(super) fn add(call: &mut Call<'_>) -> Outcome {
    let (consumer, supplier) = two::<false>(call)?;
    let (from, to) = (consumer.party_uuid, supplier.party_uuid);
    let suppliers = &mut call.held.altinn3.suppliers;
    let id = *suppliers.entry((from, to)).or_insert_with(Uuid::now_v7);
    ok(&json!({ "id": id, "roleId": Role::supplier().id, "fromId": from, "toId": to }))
}

pub(super) fn remove<const CONSUMERS: bool>(call: &mut Call<'_>) -> Outcome {
    let (consumer, supplier) = two::<CONSUMERS>(call)?;
    let cascade = call.query.flag("cascade", false)?;
    let (from, to) = (consumer.number.clone(), supplier.number.clone());
    let delegations = &call.world.delegations;
    if !cascade
        && delegations
            .iter()
            .any(|d| d.consumer == from && d.supplier == to)
    {
        return Err(Refusal::Validation(
            "AM.VLD-00010",
            "Assignment is active in one or more connections.",
            vec!["QUERY/cascade".to_owned()],
        ));
    }
    let pair = (consumer.party_uuid, supplier.party_uuid);
    call.held.altinn3.suppliers.remove(&pair);
    call.change_world(move |world| {
        world
            .delegations
            .retain(|d| !(d.consumer == from && d.supplier == to));
    });
    status(StatusCode::NO_CONTENT)
}

pub(super) fn check(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.suppliers)?;
    let party = call.party()?;
    let of = scheme(call)?;
    let authority = call.authority(party);
    let codes: &[&str] = match (of.delegable, authority.has(Power::Scopes)) {
        (false, _) => &["ResourceNotDelegable"],
        (true, false) => &["MissingRoleAccess"],
        (true, true) => &["RoleAccess"],
    };
    let result = of.delegable && authority.has(Power::Scopes);
    let rights: Vec<Value> = of
        .actions
        .iter()
        .map(|a| json!({ "right": right(of, a), "result": result, "reasonCodes": codes }))
        .collect();
    ok(&json!({ "resource": resource(call.world, of), "rights": rights }))
}

pub(super) fn give(call: &mut Call<'_>) -> Outcome {
    let (consumer, supplier) = two::<false>(call)?;
    let of = scheme(call)?;
    if !of.delegable {
        return Err(Problem::ResourceNotDelegable.into());
    }
    let pair = (consumer.party_uuid, supplier.party_uuid);
    let seeded = |d: &Delegation| d.consumer == consumer.number && d.supplier == supplier.number;
    let store = &mut call.held.altinn3;
    if !store.suppliers.contains_key(&pair) && !call.world.delegations.iter().any(seeded) {
        return Err(Problem::MissingConnection.into());
    }
    if !call.sticks() {
        return ok(&true.into());
    }
    let now = call.sim.clock.now();
    let key = (pair.0, pair.1, of.id.clone());
    call.held.altinn3.delegated_at.entry(key).or_insert(now);
    let (from, to) = (consumer.number.clone(), supplier.number.clone());
    let scopes = of.scopes.clone();
    call.change_world(move |world| {
        for scope in scopes {
            let delegation = Delegation::new(&from, &to, scope);
            if !world.delegations.contains(&delegation) {
                world.delegations.push(delegation);
            }
        }
    });
    ok(&true.into())
}

pub(super) fn take<const CONSUMERS: bool>(call: &mut Call<'_>) -> Outcome {
    let (consumer, supplier) = two::<CONSUMERS>(call)?;
    let of = scheme(call)?;
    let key = (consumer.party_uuid, supplier.party_uuid, of.id.clone());
    call.held.altinn3.delegated_at.remove(&key);
    // the relation stays, also one that only the delegation told of
    let pair = (consumer.party_uuid, supplier.party_uuid);
    let suppliers = &mut call.held.altinn3.suppliers;
    suppliers.entry(pair).or_insert_with(Uuid::now_v7);
    let (from, to) = (consumer.number.clone(), supplier.number.clone());
    let scopes = of.scopes.clone();
    call.change_world(move |world| {
        world
            .delegations
            .retain(|d| !(d.consumer == from && d.supplier == to && scopes.contains(&d.scope)));
    });
    status(StatusCode::NO_CONTENT)
}

/// `GET maskinporten/delegations`: for the owner of a scope, and for Maskinporten, who may see all.
pub(super) fn for_maskinporten(call: &mut Call<'_>) -> Outcome {
    let world = call.world;
    let query = &call.query;
    let number = |name: &str| match query.text(name) {
        None => Ok(None),
        Some(n) if n.len() == 9 && n.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(n)),
        Some(n) => Err(Refusal::not_valid(name, n)),
    };
    let (supplier, consumer) = (number("supplierOrg")?, number("consumerOrg")?);
    let scope = query.text("scope");
    let own = world.organisation_by_uuid(call.actor.id).map(|o| &o.number);
    let owns = |name: &str| world.scope(name).map(|s| &s.owner) == own;
    if !call.actor.has_scope(ALL_DELEGATIONS_SCOPE) && !scope.is_some_and(owns) {
        return Err(Refusal::FORBIDDEN);
    }
    let started: Timestamp = call.sim.started;
    let mut data = Vec::new();
    for pair in pairs(call) {
        if supplier.is_some_and(|n| n != pair.supplier.number)
            || consumer.is_some_and(|n| n != pair.consumer.number)
        {
            continue;
        }
        for r in &pair.resources {
            if scope.is_some_and(|s| !r.scopes.iter().any(|own| own == s)) {
                continue;
            }
            let key = (
                pair.consumer.party_uuid,
                pair.supplier.party_uuid,
                r.id.clone(),
            );
            let created = call.held.altinn3.delegated_at.get(&key);
            data.push(json!({
                "consumer_org": pair.consumer.number,
                "supplier_org": pair.supplier.number,
                "delegation_scheme_Id": r.uuid,
                "scopes": r.scopes,
                "created": created.unwrap_or(&started),
            }));
        }
    }
    ok(&Value::Array(data))
}
