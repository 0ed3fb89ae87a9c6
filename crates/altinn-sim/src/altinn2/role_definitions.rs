//! `{who}/authorization/roledefinitions`: the roles that there are for a party, and those that an
//! organisation makes for itself (wire facts, Altinn 2 §8.5).

use http::{StatusCode, header};
use serde_json::Value;

use super::answer::{Json, Link, Object, Refusal, with_phrase};
use super::delegations::{
    COMPREHENSIVE_ROLES, canonical_action, code, definitions, has_role, kind, managed,
};
use super::odata::{Kind, Limits, ListOptions, Model};
use super::parties::Party;
use super::{Asked, Call, Outcome, integer, text};
use crate::rights::altinn2::rules;
use crate::world::{RoleDefinition, RoleKind, ServiceRight};

pub(super) const MODEL: Model = Model {
    name: "RoleDefinition",
    properties: &[
        ("RoleType", Kind::Text),
        ("RoleDefinitionId", Kind::Integer),
        ("RoleName", Kind::Text),
        ("RoleDescription", Kind::Text),
        ("RoleDefinitionCode", Kind::Text),
    ],
};

/// A definition as the metadata have it, with its code and without what it gives.
pub(super) fn item(asked: &Asked<'_>, definition: &RoleDefinition) -> Object {
    plain(asked, definition).with_some("RoleDefinitionCode", code(definition))
}

fn plain(asked: &Asked<'_>, definition: &RoleDefinition) -> Object {
    Object::new()
        .with("RoleType", kind(definition))
        .with("RoleDefinitionId", definition.id)
        .with("RoleName", asked.language().name(definition))
        .with("RoleDescription", definition.description.as_str())
}

/// Whether a party sees it: another's local role is not there.
fn seen_by(definition: &RoleDefinition, party: Party<'_>) -> bool {
    match (&definition.owner, party) {
        (None, _) => true,
        (Some(owner), Party::Organisation(o)) => *owner == o.number,
        (Some(_), _) => false,
    }
}

/// A bare array without codes and links, as documented; a wrapper by switch.
pub(super) fn list(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let party = managed(call, path)?;
    let options = ListOptions::within(&call.query, &MODEL, Limits::WHOLE)?;
    let wrapped = call.sim.quirks.hal_forms.wrapped_role_definitions;
    let place = definitions(call, path);
    let seen = call.world.role_definitions.iter();
    let items = seen.filter(|definition| seen_by(definition, party));
    let items = items.map(|definition| {
        if wrapped {
            let itself = Link::new("self", format!("{place}/{}", definition.id));
            call.shape.item(item(call, definition), vec![itself])
        } else {
            plain(call, definition)
        }
    });
    let items = options.apply(items.collect(), Object::properties);
    if wrapped {
        let links = vec![Link::new("self", place)];
        return Ok(call
            .shape
            .ok(call.shape.list("roledefinitions", links, items)));
    }
    let items: Vec<Json> = items.into_iter().map(Json::from).collect();
    Ok(call.shape.ok(items))
}

pub(super) fn one(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let party = managed(call, path)?;
    let definition = wanted(call, path, party)?;
    let place = format!("{}/{}", definitions(call, path), definition.id);
    let rights: Vec<Object> = rules(call.world, definition)
        .map(|(id, service, action)| {
            Object::new()
                .with("RightID", id)
                .with("RightType", "Service")
                .with("ServiceCode", service.code.as_str())
                .with("ServiceEditionCode", service.edition)
                .with("Action", action)
                .with("RightSourceType", "RoleTypeRights")
                .with("IsDelegatable", service.delegable)
        })
        .collect();
    let rights: Json = if call.sim.quirks.hal_forms.wrapped_role_definitions {
        let itself = Link::new("self", format!("{place}/rights"));
        call.shape.list("rights", vec![itself], rights)
    } else {
        rights
            .into_iter()
            .map(Json::from)
            .collect::<Vec<_>>()
            .into()
    };
    let object = item(call, definition).with("Rights", rights);
    let links = vec![Link::new("self", place)];
    Ok(call.shape.ok(call.shape.item(object, links)))
}

fn wanted<'w>(
    call: &Call<'w>,
    path: &[&str],
    party: Party<'w>,
) -> Result<&'w RoleDefinition, Refusal> {
    path.get(3)
        .and_then(|id| id.parse().ok())
        .and_then(|id| call.world.role_definition(id))
        .filter(|definition| seen_by(definition, party))
        .ok_or_else(Refusal::not_found)
}

fn refused() -> Refusal {
    Refusal::forbidden(
        "Role definition cannot be updated, verify that you have access to the supplied rights",
    )
}

/// What the body says: the definition, which the caller must be able to give.
fn read(call: &Call<'_>, party: Party<'_>, id: i64) -> Result<RoleDefinition, Refusal> {
    let Party::Organisation(organisation) = party else {
        return Err(refused());
    };
    let members = call.members()?;
    let name = text(&members, "rolename");
    let name = name.ok_or_else(|| Refusal::bad_request("RoleName must be specified"))?;
    // a number, in Altinn's own samples
    let description = text(&members, "roledescription")
        .or_else(|| integer(&members, "roledescription").map(|n| n.to_string()))
        .unwrap_or_default();
    let everything = has_role(call, party.uuid(), &COMPREHENSIVE_ROLES);
    let holder = call.user.holder.uuid();
    let held = call
        .held
        .altinn2
        .rights_of(call.world, party.uuid(), holder);
    let entries = members.get("_embedded").and_then(|e| e.get("rights"));
    let entries = entries.or_else(|| members.get("rights"));
    let entries = entries.and_then(Value::as_array);
    let mut definition = RoleDefinition::local(id, organisation.number.clone());
    definition.name = name;
    definition.description = description;
    for entry in entries.into_iter().flatten() {
        let service = text(entry, "servicecode")
            .zip(integer(entry, "serviceeditioncode"))
            .and_then(|(code, edition)| call.world.service(&code, edition))
            .ok_or_else(refused)?;
        let action = text(entry, "action")
            .and_then(|action| canonical_action(&action))
            .filter(|action| service.actions.iter().any(|known| known == action))
            .ok_or_else(refused)?;
        let holds = held.iter().any(|right| {
            right.service.code == service.code
                && right.service.edition == service.edition
                && right.action == action
        });
        if !(service.delegable && (everything || holds)) {
            return Err(refused());
        }
        let right = ServiceRight::new(&service.code, service.edition, action);
        if !definition.rights.contains(&right) {
            definition.rights.push(right);
        }
    }
    Ok(definition)
}

/// An empty answer that says where the definition is.
fn placed(call: &Call<'_>, path: &[&str], id: i64, status: StatusCode, phrase: &str) -> Outcome {
    let mut place = format!("{}/{id}", definitions(call, path));
    if call.sim.quirks.hal_forms.relative_location {
        let host = call.base.strip_suffix("/api").unwrap_or(&call.base);
        place = place.strip_prefix(host).unwrap_or(&place).to_owned();
    }
    let mut response = with_phrase(status, phrase);
    let place = place.parse().map_err(|_| Refusal::not_found())?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(super) fn create(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let party = managed(call, path)?;
    let definition = read(call, party, 0)?;
    let world = call.world;
    let id = call.held.altinn2.next_role_definition(world);
    let definition = RoleDefinition { id, ..definition };
    call.changes
        .push(Box::new(|world| world.role_definitions.push(definition)));
    placed(call, path, id, StatusCode::CREATED, "Created")
}

/// The party's own role that the path names; Altinn's and the registers' cannot be changed.
fn own<'w>(call: &Call<'w>, path: &[&str], party: Party<'w>) -> Result<i64, Refusal> {
    let definition = wanted(call, path, party)?;
    if definition.kind == RoleKind::Local {
        Ok(definition.id)
    } else {
        Err(refused())
    }
}

pub(super) fn update(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let party = managed(call, path)?;
    let id = own(call, path, party)?;
    let definition = read(call, party, id)?;
    call.changes.push(Box::new(move |world| {
        let known = world.role_definitions.iter_mut().find(|r| r.id == id);
        if let Some(known) = known {
            *known = definition;
        }
    }));
    placed(call, path, id, StatusCode::NO_CONTENT, "No Content")
}

/// Whoever had the role has it no more.
pub(super) fn remove(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let party = managed(call, path)?;
    let id = own(call, path, party)?;
    call.held.altinn2.forget_role_definition(id);
    call.changes.push(Box::new(move |world| {
        world.role_definitions.retain(|r| r.id != id)
    }));
    Ok(with_phrase(StatusCode::NO_CONTENT, "No Content"))
}
