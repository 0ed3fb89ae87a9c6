//! `{who}/authorization/…`: what others hold from a party, and what the caller holds for it (wire
//! facts, Altinn 2 §8.3 and §8.4).

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::answer::{Json, Link, Object, Refusal, Shape, with_phrase};
use super::odata::{Kind, ListOptions, Model};
use super::parties::Party;
use super::reportees::{organisation_named, person_named, same_name};
use super::{Call, Outcome, integer, phrase_no_such_number, phrase_other_name, stored_time, text};
use crate::rights::altinn2::{HeldRight, HeldRole, NotRevoked};
use crate::world::{RoleDefinition, RoleKind, Service};

const RIGHT_HOLDER: Model = Model {
    name: "RightHolder",
    properties: &[
        ("RightHolderId", Kind::Text),
        ("Name", Kind::Text),
        ("LastName", Kind::Text),
        ("SocialSecurityNumber", Kind::Text),
        ("OrganizationNumber", Kind::Text),
        ("UserName", Kind::Text),
    ],
};

const ROLE: Model = Model {
    name: "Role",
    properties: &[
        ("RoleId", Kind::Integer),
        ("RoleType", Kind::Text),
        ("RoleDefinitionId", Kind::Integer),
        ("RoleName", Kind::Text),
        ("RoleDescription", Kind::Text),
        ("Delegator", Kind::Text),
        ("DelegatedTime", Kind::Date),
        ("RoleDefinitionCode", Kind::Text),
    ],
};

const RIGHT: Model = Model {
    name: "Right",
    properties: &[
        ("RightID", Kind::Integer),
        ("RightType", Kind::Text),
        ("SystemResourceID", Kind::Text),
        ("ServiceCode", Kind::Text),
        ("ServiceEditionCode", Kind::Integer),
        ("ServiceOwner", Kind::Text),
        ("ServiceOwnerCode", Kind::Text),
        ("MessageID", Kind::Text),
        ("Delegator", Kind::Text),
        ("DelegatedTime", Kind::Date),
        ("Action", Kind::Text),
        ("RightSourceType", Kind::Text),
        ("IsDelegatable", Kind::Boolean),
        ("ValidToDate", Kind::Date),
    ],
};

/// Roles that accountants and auditors give on for their clients; not over REST since 18.12.
const CLIENT_ROLES: [&str; 5] = ["A0237", "A0238", "A0239", "A0240", "A0241"];
/// Roles that let their holder administer access.
const MANAGING_ROLES: [&str; 4] = ["ADMAI", "HADM", "DAGL", "PRIV"];
/// Roles that let their holder give on what it does not hold itself.
const COMPREHENSIVE_ROLES: [&str; 3] = ["HADM", "DAGL", "PRIV"];

// ---- whose delegations ------------------------------------------------------------------------

/// The party that `{who}` stands for.
fn who<'w>(call: &Call<'w>, path: &[&str]) -> Result<Party<'w>, Refusal> {
    let party = match path.first() {
        Some(&"my") => Some(call.user.my),
        Some(id) => Party::by_id(call.world, id),
        None => None,
    };
    // a party that does not exist looks like one that is closed to the caller
    party
        .filter(|party| !matches!(party, Party::EnterpriseUser(_)))
        .ok_or_else(|| Refusal::forbidden("Forbidden"))
}

/// The same, for those who administer the party's access.
fn managed<'w>(call: &Call<'w>, path: &[&str]) -> Result<Party<'w>, Refusal> {
    let party = who(call, path)?;
    if has_role(call, party.uuid(), &MANAGING_ROLES) {
        Ok(party)
    } else {
        Err(Refusal::forbidden("Forbidden"))
    }
}

fn has_role(call: &Call<'_>, party: Uuid, codes: &[&str]) -> bool {
    let held = call
        .held
        .altinn2
        .roles_of(call.world, party, call.user.holder.uuid());
    held.iter()
        .any(|role| codes.contains(&role.definition.code.as_str()))
}

fn receiver<'w>(call: &Call<'w>, id: Option<&str>) -> Result<Party<'w>, Refusal> {
    id.and_then(|id| Party::by_id(call.world, id))
        .ok_or_else(Refusal::not_found)
}

/// `…/api/{who}/authorization`, with `{who}` as it was asked for.
fn authorization(call: &Call<'_>, path: &[&str]) -> String {
    format!(
        "{}/{}/authorization",
        call.base,
        path.first().unwrap_or(&"my")
    )
}

// ---- the items --------------------------------------------------------------------------------

fn role_item(shape: Shape, authorization: &str, role: &HeldRole<'_>) -> Object {
    let definition = role.definition;
    let kind = match definition.kind {
        RoleKind::Altinn => "Altinn",
        RoleKind::External => "External",
        RoleKind::Local => "Local",
    };
    let code = (definition.kind != RoleKind::Local).then_some(definition.code.as_str());
    let object = Object::new()
        .with_some("RoleId", role.id)
        .with("RoleType", kind)
        .with("RoleDefinitionId", definition.id)
        .with("RoleName", definition.name.as_str())
        .with("RoleDescription", definition.description.as_str())
        .with_some(
            "Delegator",
            role.delegated
                .as_ref()
                .map(|(delegator, _)| delegator.as_str()),
        )
        .with_some(
            "DelegatedTime",
            role.delegated.as_ref().map(|(_, at)| stored_time(*at)),
        )
        .with_some("RoleDefinitionCode", code);
    shape.item(object, vec![definition_link(authorization, definition.id)])
}

fn definition_link(authorization: &str, id: i64) -> Link {
    Link::new(
        "roledefinition",
        format!("{authorization}/roledefinitions/{id}"),
    )
}

/// The pseudo role of those who hold single rights.
fn single_rights(call: &Call<'_>, authorization: &str) -> Object {
    let (name, description) = match call.parameter("language") {
        Some("1033") => ("Single Rights", "Collection of single rights"),
        Some("2068") => ("Enkeltrettar", "Samling av enkeltrettar"),
        _ => ("Enkeltrettigheter", "Samling av enkeltrettigheter"),
    };
    let object = Object::new()
        .with("RoleType", "Local")
        .with("RoleDefinitionId", 0)
        .with("RoleName", name)
        .with("RoleDescription", description);
    call.shape
        .item(object, vec![definition_link(authorization, 0)])
}

fn right_item(right: &HeldRight<'_>) -> Object {
    let source = if right.direct {
        "DirectlyDelegatedRights"
    } else {
        "RoleTypeRights"
    };
    Object::new()
        .with("RightID", right.id)
        .with("RightType", "Service")
        .with("ServiceCode", right.service.code.as_str())
        .with("ServiceEditionCode", right.service.edition)
        .with("Action", right.action.as_str())
        .with("RightSourceType", source)
        .with("IsDelegatable", right.service.delegable)
}

fn role_items(call: &Call<'_>, path: &[&str], from: Uuid, to: Uuid) -> Vec<Object> {
    let authorization = authorization(call, path);
    let held = call.held.altinn2.roles_of(call.world, from, to);
    let mut items: Vec<Object> = held
        .iter()
        .map(|role| role_item(call.shape, &authorization, role))
        .collect();
    if call.held.altinn2.has_single_rights(from, to) {
        items.push(single_rights(call, &authorization));
    }
    items
}

fn right_items(call: &Call<'_>, from: Uuid, to: Uuid) -> Vec<Object> {
    call.held
        .altinn2
        .rights_of(call.world, from, to)
        .iter()
        .map(right_item)
        .collect()
}

// ---- reading ----------------------------------------------------------------------------------

pub(super) fn list(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let options = ListOptions::parse(&call.query, &RIGHT_HOLDER)?;
    let service = call.service_parameters()?;
    let app = call.parameter("app").is_some();
    if service.is_some() && app {
        return Err(Refusal::bad_request(
            "Service and app can not both be specified",
        ));
    }
    let held = &call.held.altinn2;
    let parties: Vec<Party<'_>> = held
        .holders(call.world, from.uuid())
        .into_iter()
        .filter(|to| {
            let rights = || held.rights_of(call.world, from.uuid(), *to);
            // no app of Altinn 3 is simulated, so nobody has rights to one
            !app && service.as_ref().is_none_or(|(code, edition)| {
                rights()
                    .iter()
                    .any(|r| r.service.code == *code && r.service.edition == *edition)
            })
        })
        .filter_map(|to| Party::find(call.world, to))
        .collect();
    let place = format!("{}/delegations", authorization(call, path));
    let items = options
        .apply(parties, |party| party.right_holder().properties())
        .into_iter()
        .map(|party| {
            call.shape
                .item(party.right_holder(), holder_links(&place, party))
        })
        .collect();
    let links = vec![
        Link::templated("find", format!("{place}/{{receiverId}}")),
        Link::new("self", place),
    ];
    Ok(call.shape.ok(call.shape.list("rightholders", links, items)))
}

fn holder_links(place: &str, party: Party<'_>) -> Vec<Link> {
    let own = format!("{place}/{}", party.id());
    vec![
        Link::new("self", own.as_str()),
        Link::new("rights", format!("{own}/rights")),
        Link::new("roles", format!("{own}/roles")),
    ]
}

pub(super) fn one(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let place = format!("{}/delegations", authorization(call, path));
    let nested = |key: &'static str, items: Vec<Object>| -> Json {
        let itself = Link::new("self", format!("{place}/{}/{key}", to.id()));
        call.shape.list(key, vec![itself], items)
    };
    let holder = to
        .right_holder()
        .with(
            "Roles",
            nested("roles", role_items(call, path, from.uuid(), to.uuid())),
        )
        .with(
            "Rights",
            nested("rights", right_items(call, from.uuid(), to.uuid())),
        );
    Ok(call
        .shape
        .ok(call.shape.item(holder, holder_links(&place, to))))
}

pub(super) fn roles(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let place = format!(
        "{}/delegations/{}/roles",
        authorization(call, path),
        to.id()
    );
    role_list(call, path, from.uuid(), to.uuid(), place)
}

pub(super) fn rights(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let place = format!(
        "{}/delegations/{}/rights",
        authorization(call, path),
        to.id()
    );
    right_list(call, from.uuid(), to.uuid(), place)
}

pub(super) fn own_roles(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    let place = format!("{}/roles", authorization(call, path));
    role_list(call, path, from.uuid(), call.user.holder.uuid(), place)
}

pub(super) fn own_rights(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    let place = format!("{}/rights", authorization(call, path));
    right_list(call, from.uuid(), call.user.holder.uuid(), place)
}

fn role_list(call: &Call<'_>, path: &[&str], from: Uuid, to: Uuid, place: String) -> Outcome {
    let options = ListOptions::parse(&call.query, &ROLE)?;
    let items = options.apply(role_items(call, path, from, to), Object::properties);
    Ok(call.shape.ok(call
        .shape
        .list("roles", vec![Link::new("self", place)], items)))
}

fn right_list(call: &Call<'_>, from: Uuid, to: Uuid, place: String) -> Outcome {
    let options = ListOptions::parse(&call.query, &RIGHT)?;
    let items = options.apply(right_items(call, from, to), Object::properties);
    Ok(call.shape.ok(call
        .shape
        .list("rights", vec![Link::new("self", place)], items)))
}

// ---- giving -----------------------------------------------------------------------------------

pub(super) fn create(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let members = call.members()?;
    let to = named_receiver(call, &members)?;
    if to.uuid() == from.uuid() {
        return Err(Refusal::bad_request("A party cannot delegate to itself"));
    }
    let entries = |name: &str| -> Vec<Value> {
        let list = members
            .get("_embedded")
            .and_then(|embedded| embedded.get(name));
        list.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    if !entries("apprights").is_empty() {
        return Err(Refusal::bad_request(
            "App rights can no longer be delegated here",
        ));
    }
    let everything = has_role(call, from.uuid(), &COMPREHENSIVE_ROLES);
    let roles: Vec<&RoleDefinition> = entries("roles")
        .iter()
        .map(|entry| delegable_role(call, from.uuid(), entry, everything))
        .collect::<Result<_, _>>()?;
    let rights: Vec<(&Service, &'static str)> = entries("rights")
        .iter()
        .map(|entry| delegable_right(call, from.uuid(), entry, everything))
        .collect::<Result<_, _>>()?;
    if roles.is_empty() && rights.is_empty() {
        return Err(Refusal::bad_request("No roles or rights to delegate"));
    }
    if !call.sim.faults.right_does_not_stick() {
        let (delegator, now) = (call.user.holder.name(), call.sim.clock.now());
        let held = &mut call.held.altinn2;
        for role in roles {
            held.give_role(from.uuid(), to.uuid(), role.id, &delegator, now);
        }
        for (service, action) in rights {
            held.give_right(from.uuid(), to.uuid(), service, action);
        }
    }
    Ok(with_phrase(StatusCode::CREATED, "Created"))
}

/// The receiver that the identity in the body names, and only under the right name (wire facts,
/// Altinn 2 §7.2).
fn named_receiver<'w>(call: &Call<'w>, members: &Value) -> Result<Party<'w>, Refusal> {
    let member = |name: &str| text(members, name);
    let world = call.world;
    match (
        member("socialsecuritynumber"),
        member("username"),
        member("organizationnumber"),
    ) {
        (Some(number), None, None) => {
            person_named(call, &number, &member("lastname").unwrap_or_default())
        }
        (None, None, Some(number)) => {
            organisation_named(call, &number, &member("name").unwrap_or_default())
        }
        (None, Some(user_name), None) => {
            let last_name = member("lastname").unwrap_or_default();
            let mut people = world.persons.iter();
            people
                .find(|person| {
                    let known = person.user_name.as_deref();
                    known.is_some_and(|known| known.eq_ignore_ascii_case(&user_name))
                        && same_name(&person.last_name, &last_name)
                })
                .map(Party::Person)
                .ok_or_else(|| Refusal::bad_request(phrase_other_name(&user_name, &last_name)))
        }
        (None, Some(user_name), Some(number)) => world
            .enterprise_user(&user_name)
            .filter(|user| user.organisation == number)
            .map(Party::EnterpriseUser)
            .ok_or_else(|| Refusal::bad_request(phrase_no_such_number(&number))),
        _ => Err(Refusal::bad_request("The right holder is not identified")),
    }
}

fn delegable_role<'w>(
    call: &Call<'w>,
    from: Uuid,
    entry: &Value,
    everything: bool,
) -> Result<&'w RoleDefinition, Refusal> {
    let definition = integer(entry, "roledefinitionid")
        .and_then(|id| call.world.role_definition(id))
        .ok_or_else(|| Refusal::bad_request("The role definition does not exist"))?;
    if CLIENT_ROLES.contains(&definition.code.as_str()) {
        return Err(Refusal::forbidden(
            "Client roles can only be delegated by the client administration in the portal",
        ));
    }
    if definition.kind == RoleKind::External {
        return Err(Refusal::forbidden("The role cannot be delegated."));
    }
    let holder = call.user.holder.uuid();
    let held = call.held.altinn2.roles_of(call.world, from, holder);
    if everything || held.iter().any(|role| role.definition.id == definition.id) {
        Ok(definition)
    } else {
        Err(Refusal::forbidden("The role cannot be delegated."))
    }
}

fn delegable_right<'w>(
    call: &Call<'w>,
    from: Uuid,
    entry: &Value,
    everything: bool,
) -> Result<(&'w Service, &'static str), Refusal> {
    let service = text(entry, "servicecode")
        .zip(integer(entry, "serviceeditioncode"))
        .and_then(|(code, edition)| call.world.service(&code, edition))
        .ok_or_else(|| Refusal::bad_request("The service does not exist"))?;
    let action = text(entry, "action")
        .and_then(|action| canonical_action(&action))
        .filter(|action| service.actions.iter().any(|known| known == action))
        .ok_or_else(|| Refusal::bad_request("The service does not have the operation"))?;
    let holder = call.user.holder.uuid();
    let held = call.held.altinn2.rights_of(call.world, from, holder);
    let holds = held.iter().any(|right| {
        right.service.code == service.code
            && right.service.edition == service.edition
            && right.action == action
    });
    if service.delegable && (everything || holds) {
        Ok((service, action))
    } else {
        Err(Refusal::forbidden("The right cannot be delegated."))
    }
}

/// The action under the name of the answers; several spellings are accepted (wire facts, Altinn 2
/// §7.4).
fn canonical_action(action: &str) -> Option<&'static str> {
    let plain = action.replace('-', "").to_ascii_lowercase();
    Some(match plain.as_str() {
        "read" => "Read",
        "write" => "Write",
        "sign" => "Sign",
        "archiveread" | "readarchive" => "ArchiveRead",
        "archivedelete" | "deletearchive" => "ArchiveDelete",
        "access" => "Access",
        "delete" => "Delete",
        _ => return None,
    })
}

// ---- taking back ------------------------------------------------------------------------------

pub(super) fn remove_role(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    take_role(call, from, to, path.get(5).copied())
}

pub(super) fn remove_right(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    take_right(call, from, to, path.get(5).copied())
}

/// The form of the swagger draft: `?receiverId=&roleId=` or `&authzRuleId=`.
pub(super) fn remove_by_query(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let id = call.parameter("receiverId").map(str::to_ascii_lowercase);
    let to = receiver(call, id.as_deref())?;
    let role = call.parameter("roleId").map(str::to_owned);
    let right = call.parameter("authzRuleId").map(str::to_owned);
    match (role, right) {
        (Some(role), None) => take_role(call, from, to, Some(&role)),
        (None, Some(right)) => take_right(call, from, to, Some(&right)),
        _ => Err(Refusal::bad_request(
            "Either roleId or authzRuleId must be specified",
        )),
    }
}

fn take_role(call: &mut Call<'_>, from: Party<'_>, to: Party<'_>, id: Option<&str>) -> Outcome {
    let id = id
        .and_then(|id| id.parse().ok())
        .ok_or_else(Refusal::not_found)?;
    let taken = call
        .held
        .altinn2
        .revoke_role(call.world, from.uuid(), to.uuid(), id);
    removed(taken, "The role cannot be deleted.")
}

fn take_right(call: &mut Call<'_>, from: Party<'_>, to: Party<'_>, id: Option<&str>) -> Outcome {
    let id = id
        .and_then(|id| id.parse().ok())
        .ok_or_else(Refusal::not_found)?;
    let taken = call
        .held
        .altinn2
        .revoke_right(call.world, from.uuid(), to.uuid(), id);
    removed(taken, "The right cannot be deleted.")
}

fn removed(taken: Result<(), NotRevoked>, not_delegated: &'static str) -> Outcome {
    match taken {
        Ok(()) => Ok(with_phrase(StatusCode::NO_CONTENT, "No Content")),
        Err(NotRevoked::Unknown) => Err(Refusal::not_found()),
        Err(NotRevoked::NotDelegated) => Err(Refusal::forbidden(not_delegated)),
    }
}
