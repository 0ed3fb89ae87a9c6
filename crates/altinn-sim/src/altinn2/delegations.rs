//! `{who}/authorization/…`: what others hold from a party, and what the caller holds for it (wire
//! facts, Altinn 2 §8.3 and §8.4).

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::answer::{Json, Link, Object, Refusal, Shape, with_phrase};
use super::odata::{Kind, ListOptions, Model};
use super::parties::Party;
use super::reportees::{organisation_named, person_named, same_name};
use super::{
    Asked, Call, Language, Outcome, integer, phrase_no_such_number, phrase_other_name, release,
    stored_time, text,
};
use crate::rights::altinn2::{HeldAppRight, HeldRight, HeldRole, NotRevoked};
use crate::world::{App, AppRule, RoleDefinition, RoleKind, Service};

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

pub(super) const ROLE: Model = Model {
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

pub(super) const RIGHT: Model = Model {
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

pub(super) const APP_RIGHT: Model = Model {
    name: "AppRight",
    properties: &[
        ("RuleGuid", Kind::Text),
        ("AltinnAppId", Kind::Text),
        ("ResourceId", Kind::Text),
        ("ResourceValue", Kind::Text),
        ("Action", Kind::Text),
        ("RightSourceType", Kind::Text),
        ("IsDelegatable", Kind::Boolean),
    ],
};

/// Roles that accountants and auditors give on for their clients; not over REST since 18.12.
const CLIENT_ROLES: [&str; 5] = ["A0237", "A0238", "A0239", "A0240", "A0241"];
/// Roles that let their holder administer access.
const MANAGING_ROLES: [&str; 4] = ["ADMAI", "HADM", "DAGL", "PRIV"];
/// Roles that let their holder give on what it does not hold itself.
pub(super) const COMPREHENSIVE_ROLES: [&str; 3] = ["HADM", "DAGL", "PRIV"];

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
pub(super) fn managed<'w>(call: &Call<'w>, path: &[&str]) -> Result<Party<'w>, Refusal> {
    let party = who(call, path)?;
    let unmanaged = call.release() < release::PRIVATE_MANAGED
        && matches!(party, Party::Person(_))
        && call
            .held
            .altinn2
            .holds_anything(call.world, party.uuid(), call.user.holder.uuid());
    if unmanaged || has_role(call, party.uuid(), &MANAGING_ROLES) {
        Ok(party)
    } else {
        Err(Refusal::forbidden("Forbidden"))
    }
}

pub(super) fn has_role(call: &Call<'_>, party: Uuid, codes: &[&str]) -> bool {
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
pub(super) fn authorization(call: &Call<'_>, path: &[&str]) -> String {
    format!(
        "{}/{}/authorization",
        call.base,
        path.first().unwrap_or(&"my")
    )
}

// ---- the items --------------------------------------------------------------------------------

/// A role; `definitions` is where its definition is found.
pub(super) fn role_item(asked: &Asked<'_>, definitions: &str, role: &HeldRole<'_>) -> Object {
    let definition = role.definition;
    let delegated = role.delegated.as_ref();
    let object = Object::new()
        .with_some("RoleId", role.id)
        .with("RoleType", kind(definition))
        .with("RoleDefinitionId", definition.id)
        .with("RoleName", asked.language().name(definition))
        .with("RoleDescription", definition.description.as_str())
        .with_some(
            "Delegator",
            delegated.map(|(delegator, _)| delegator.as_str()),
        )
        .with_some("DelegatedTime", delegated.map(|(_, at)| stored_time(*at)))
        .with_some(
            "RoleDefinitionCode",
            code(definition).filter(|_| has_codes(asked)),
        );
    let link = definition_link(definitions, definition.id);
    asked.shape.item(object, vec![link])
}

/// Roles have codes since 22.3.
fn has_codes(asked: &Asked<'_>) -> bool {
    asked.release() >= release::APP_RIGHTS
}

pub(super) fn kind(definition: &RoleDefinition) -> &'static str {
    match definition.kind {
        RoleKind::Altinn => "Altinn",
        RoleKind::External => "External",
        RoleKind::Local => "Local",
    }
}

/// Local ones have none.
pub(super) fn code(definition: &RoleDefinition) -> Option<&str> {
    (definition.kind != RoleKind::Local).then_some(definition.code.as_str())
}

fn definition_link(definitions: &str, id: i64) -> Link {
    Link::new("roledefinition", format!("{definitions}/{id}"))
}

/// The pseudo role of those who hold single rights.
fn single_rights(asked: &Asked<'_>, definitions: &str) -> Object {
    let (name, description) = match asked.language() {
        Language::English => ("Single Rights", "Collection of single rights"),
        Language::Nynorsk => ("Enkeltrettar", "Samling av enkeltrettar"),
        Language::Bokmal => ("Enkeltrettigheter", "Samling av enkeltrettigheter"),
    };
    let object = Object::new()
        .with("RoleType", "Local")
        .with("RoleDefinitionId", 0)
        .with("RoleName", name)
        .with("RoleDescription", description);
    let link = definition_link(definitions, 0);
    asked.shape.item(object, vec![link])
}

pub(super) fn right_item(right: &HeldRight<'_>) -> Object {
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

/// A right to an app. `place` is where those that were given as such are deleted.
pub(super) fn app_right_item(
    shape: Shape,
    place: Option<&str>,
    right: &HeldAppRight<'_>,
) -> Object {
    let (guid, source) = match right.guid {
        Some(guid) => (guid.to_string(), "DirectlyDelegated"),
        None => (String::new(), "RoleTypeRight"),
    };
    let links = match (place, right.guid) {
        (Some(place), Some(guid)) => {
            let href = format!("{place}/{}/{guid}", right.app.name);
            vec![Link::new("delete", href)]
        }
        _ => Vec::new(),
    };
    let object = Object::new()
        .with("RuleGuid", guid)
        .with("AltinnAppId", right.app.name.as_str())
        .with("ResourceId", right.rule.resource_id.as_str())
        .with("ResourceValue", right.rule.resource_value.as_str())
        .with("Action", right.rule.action.as_str())
        .with("RightSourceType", source)
        .with("IsDelegatable", right.app.delegable);
    shape.item(object, links)
}

/// The roles that `to` holds for `from`.
pub(super) fn role_items(
    asked: &Asked<'_>,
    definitions: &str,
    from: Uuid,
    to: Uuid,
) -> Vec<Object> {
    let held = asked.held.altinn2.roles_of(asked.world, from, to);
    let mut items: Vec<Object> = held
        .iter()
        .map(|role| role_item(asked, definitions, role))
        .collect();
    if asked.held.altinn2.has_single_rights(from, to) {
        items.push(single_rights(asked, definitions));
    }
    items
}

fn right_items(call: &Asked<'_>, from: Uuid, to: Uuid) -> Vec<Object> {
    call.held
        .altinn2
        .rights_of(call.world, from, to)
        .iter()
        .map(right_item)
        .collect()
}

/// Where `{who}` finds role definitions.
pub(super) fn definitions(call: &Call<'_>, path: &[&str]) -> String {
    format!("{}/roledefinitions", authorization(call, path))
}

// ---- reading ----------------------------------------------------------------------------------

pub(super) fn list(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let options = ListOptions::parse(&call.query, &RIGHT_HOLDER)?;
    let service = call.service_parameters()?;
    let app = call.parameter("app").map(str::to_owned);
    if service.is_some() && app.is_some() {
        return Err(Refusal::bad_request(
            "Service and app can not both be specified",
        ));
    }
    let held = &call.held.altinn2;
    let mut holders = held.holders(call.world, from.uuid());
    if call.release() >= release::KEY_ROLES {
        holders.extend(held.key_role_holders(call.world, from.uuid()));
    }
    if call.release() >= release::ALL_ENTERPRISE_USERS
        && let Party::Organisation(organisation) = from
    {
        let users = call.world.enterprise_users.iter();
        let own = users.filter(|u| u.organisation == organisation.number);
        holders.extend(own.map(|u| u.party_uuid));
    }
    let mut seen = Vec::new();
    holders.retain(|to| {
        let new = !seen.contains(to);
        seen.push(*to);
        new
    });
    let parties: Vec<Party<'_>> = holders
        .into_iter()
        .filter(|to| {
            let by_service = service.as_ref().is_none_or(|(code, edition)| {
                held.rights_of(call.world, from.uuid(), *to)
                    .iter()
                    .any(|r| r.service.code == *code && r.service.edition == *edition)
            });
            let by_app = app.as_ref().is_none_or(|app| {
                held.app_rights_of(call.world, from.uuid(), *to)
                    .iter()
                    .any(|r| r.app.name.eq_ignore_ascii_case(app))
            });
            by_service && by_app
        })
        .filter_map(|to| Party::find(call.world, to))
        .collect();
    let place = format!("{}/delegations", authorization(call, path));
    let masked = call.release() >= release::MASKED;
    let items = options
        .apply(parties, |party| party.right_holder(masked).properties())
        .into_iter()
        .map(|party| {
            let links = holder_links(call, &place, party);
            call.shape.item(party.right_holder(masked), links)
        })
        .collect();
    let links = vec![
        Link::templated("find", format!("{place}/{{receiverId}}")),
        Link::new("self", place),
    ];
    Ok(call.shape.ok(call.shape.list("rightholders", links, items)))
}

fn holder_links(asked: &Asked<'_>, place: &str, party: Party<'_>) -> Vec<Link> {
    let own = format!("{place}/{}", party.id());
    let mut links = vec![
        Link::new("self", own.as_str()),
        Link::new("rights", format!("{own}/rights")),
        Link::new("roles", format!("{own}/roles")),
    ];
    if (release::APP_RIGHTS..release::MUCH_REMOVED).contains(&asked.release()) {
        links.push(Link::new("apprights", format!("{own}/apprights")));
    }
    links
}

pub(super) fn one(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let place = format!("{}/delegations", authorization(call, path));
    let nested = |key: &'static str, items: Vec<Object>| -> Json {
        let itself = Link::new("self", format!("{place}/{}/{key}", to.id()));
        call.shape.list(key, vec![itself], items)
    };
    let definitions = definitions(call, path);
    let roles = role_items(call, &definitions, from.uuid(), to.uuid());
    let holder = to
        .right_holder(call.release() >= release::MASKED)
        .with("Roles", nested("roles", roles))
        .with(
            "Rights",
            nested("rights", right_items(call, from.uuid(), to.uuid())),
        );
    let links = if call.release() >= release::APP_RIGHTS {
        holder_links(call, &place, to)
    } else {
        Vec::new()
    };
    Ok(call.shape.ok(call.shape.item(holder, links)))
}

/// A right holder as a reportee.
pub(super) fn reportee(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let held = &call.held.altinn2;
    if !held.holds_anything(call.world, from.uuid(), to.uuid()) {
        return Err(Refusal::not_found());
    }
    let reportee = to.linked_reportee(call.shape, &call.base);
    Ok(call.shape.ok(reportee.ok_or_else(Refusal::not_found)?))
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

pub(super) fn own_app_rights(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    let place = format!("{}/apprights", authorization(call, path));
    app_right_list(call, from.uuid(), call.user.holder.uuid(), &place)
}

pub(super) fn app_rights(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let place = format!(
        "{}/delegations/{}/apprights",
        authorization(call, path),
        to.id()
    );
    app_right_list(call, from.uuid(), to.uuid(), &place)
}

fn app_right_list(call: &Asked<'_>, from: Uuid, to: Uuid, place: &str) -> Outcome {
    let options = ListOptions::parse(&call.query, &APP_RIGHT)?;
    let held = call.held.altinn2.app_rights_of(call.world, from, to);
    let items = held
        .iter()
        .map(|right| app_right_item(call.shape, Some(place), right))
        .collect();
    let items = options.apply(items, Object::properties);
    let links = vec![Link::new("self", place)];
    Ok(call.shape.ok(call.shape.list("apprights", links, items)))
}

fn role_list(call: &Call<'_>, path: &[&str], from: Uuid, to: Uuid, place: String) -> Outcome {
    let options = ListOptions::parse(&call.query, &ROLE)?;
    let definitions = definitions(call, path);
    let items = role_items(call, &definitions, from, to);
    let items = options.apply(items, Object::properties);
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
    let to = named_receiver(call, from, &members)?;
    if to.uuid() == from.uuid() {
        return Err(Refusal::bad_request("A party cannot delegate to itself"));
    }
    let entries = |name: &str| -> Vec<Value> {
        let list = members
            .get("_embedded")
            .and_then(|embedded| embedded.get(name));
        list.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    if !entries("apprights").is_empty() && !has_app_rights(call) {
        return Err(Refusal::bad_request(
            "App rights can no longer be delegated here",
        ));
    }
    let everything = has_role(call, from.uuid(), &COMPREHENSIVE_ROLES);
    let roles: Vec<&RoleDefinition> = entries("roles")
        .iter()
        .map(|entry| delegable_role(call, from, entry, everything))
        .collect::<Result<_, _>>()?;
    let app_rights: Vec<(&App, AppRule)> = entries("apprights")
        .iter()
        .map(|entry| delegable_app_right(call, from.uuid(), entry, everything))
        .collect::<Result<_, _>>()?;
    let rights: Vec<(&Service, &'static str)> = entries("rights")
        .iter()
        .map(|entry| delegable_right(call, from.uuid(), entry, everything))
        .collect::<Result<_, _>>()?;
    if roles.is_empty() && rights.is_empty() && app_rights.is_empty() {
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
        for (app, rule) in app_rights {
            held.give_app_right(from.uuid(), to.uuid(), app.id, rule);
        }
    }
    Ok(with_phrase(StatusCode::CREATED, "Created"))
}

/// The receiver that the identity in the body names, and only under the right name (wire facts,
/// Altinn 2 §7.2).
fn named_receiver<'w>(
    call: &Call<'w>,
    from: Party<'w>,
    members: &Value,
) -> Result<Party<'w>, Refusal> {
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
            .filter(|_| {
                let own = matches!(from, Party::Organisation(o) if o.number == number);
                own || call.release() >= release::OTHERS_ENTERPRISE_USERS
            })
            .map(Party::EnterpriseUser)
            .ok_or_else(|| Refusal::bad_request(phrase_no_such_number(&number))),
        _ => Err(Refusal::bad_request("The right holder is not identified")),
    }
}

fn has_app_rights(call: &Call<'_>) -> bool {
    (release::APP_RIGHTS..release::MUCH_REMOVED).contains(&call.release())
}

/// A rule by its guid, or by what it says.
fn delegable_app_right<'w>(
    call: &Call<'w>,
    from: Uuid,
    entry: &Value,
    everything: bool,
) -> Result<(&'w App, AppRule), Refusal> {
    let unknown = || Refusal::bad_request("The app right does not exist");
    let held = call
        .held
        .altinn2
        .app_rights_of(call.world, from, call.user.holder.uuid());
    if let Some(guid) = text(entry, "ruleguid") {
        let guid: Uuid = guid.parse().map_err(|_| unknown())?;
        let rule = held.into_iter().find(|right| right.guid == Some(guid));
        return rule
            .map(|right| (right.app, right.rule))
            .ok_or_else(unknown);
    }
    let app = text(entry, "altinnappid").and_then(|name| call.world.app(&name));
    let app = app.ok_or_else(unknown)?;
    let same = |member: &str, wanted: &str| text(entry, member).is_some_and(|v| v == wanted);
    let rule = app
        .rules
        .iter()
        .find(|rule| {
            same("resourceid", &rule.resource_id)
                && same("resourcevalue", &rule.resource_value)
                && text(entry, "action").is_some_and(|a| a.eq_ignore_ascii_case(&rule.action))
        })
        .ok_or_else(unknown)?;
    let holds = held
        .iter()
        .any(|right| right.app.id == app.id && right.rule == *rule);
    if app.delegable && (everything || holds) {
        Ok((app, rule.clone()))
    } else {
        Err(Refusal::forbidden("The right cannot be delegated."))
    }
}

fn delegable_role<'w>(
    call: &Call<'w>,
    from: Party<'w>,
    entry: &Value,
    everything: bool,
) -> Result<&'w RoleDefinition, Refusal> {
    let definition = integer(entry, "roledefinitionid")
        .and_then(|id| call.world.role_definition(id))
        .filter(|definition| match (&definition.owner, from) {
            // another organisation's local role is not there
            (Some(owner), Party::Organisation(from)) => *owner == from.number,
            (Some(_), _) => false,
            (None, _) => true,
        })
        .ok_or_else(|| Refusal::bad_request("The role definition does not exist"))?;
    if call.release() >= release::CLIENT_ROLES_REFUSED
        && CLIENT_ROLES.contains(&definition.code.as_str())
    {
        return Err(Refusal::forbidden(
            "Client roles can only be delegated by the client administration in the portal",
        ));
    }
    if definition.kind == RoleKind::External {
        return Err(Refusal::forbidden("The role cannot be delegated."));
    }
    let holder = call.user.holder.uuid();
    let held = call.held.altinn2.roles_of(call.world, from.uuid(), holder);
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
pub(super) fn canonical_action(action: &str) -> Option<&'static str> {
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
    let rule = call.parameter("ruleGuid").map(str::to_owned);
    match (role, right, rule) {
        (Some(role), None, None) => take_role(call, from, to, Some(&role)),
        (None, Some(right), None) => take_right(call, from, to, Some(&right)),
        (None, None, Some(rule)) if has_app_rights(call) => {
            let org = call.parameter("org").unwrap_or_default();
            let app = format!("{org}/{}", call.parameter("app").unwrap_or_default());
            take_app_right(call, from, to, &app, &rule)
        }
        _ => Err(Refusal::bad_request(
            "Either roleId or authzRuleId must be specified",
        )),
    }
}

pub(super) fn remove_app_right(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = managed(call, path)?;
    let to = receiver(call, path.get(3).copied())?;
    let [.., org, app, guid] = path else {
        return Err(Refusal::not_found());
    };
    take_app_right(call, from, to, &format!("{org}/{app}"), guid)
}

pub(super) fn remove_own_role(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    take_role(call, from, call.user.holder, path.get(3).copied())
}

pub(super) fn remove_own_right(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    take_right(call, from, call.user.holder, path.get(3).copied())
}

pub(super) fn remove_own_app_right(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let from = who(call, path)?;
    let [.., org, app, guid] = path else {
        return Err(Refusal::not_found());
    };
    take_app_right(call, from, call.user.holder, &format!("{org}/{app}"), guid)
}

fn take_app_right(
    call: &mut Call<'_>,
    from: Party<'_>,
    to: Party<'_>,
    app: &str,
    guid: &str,
) -> Outcome {
    let app = call.world.app(app).ok_or_else(Refusal::not_found)?.id;
    let guid = guid.parse().map_err(|_| Refusal::not_found())?;
    let held = &mut call.held.altinn2;
    let taken = held.revoke_app_right(from.uuid(), to.uuid(), app, guid);
    removed(taken, "The right cannot be deleted.")
}

fn take_role(call: &mut Call<'_>, from: Party<'_>, to: Party<'_>, id: Option<&str>) -> Outcome {
    let id = id
        .and_then(|id| id.parse().ok())
        .ok_or_else(Refusal::not_found)?;
    let world = call.world;
    let held = &mut call.held.altinn2;
    let taken = held.revoke_role(world, from.uuid(), to.uuid(), id);
    removed(taken, "The role cannot be deleted.")
}

fn take_right(call: &mut Call<'_>, from: Party<'_>, to: Party<'_>, id: Option<&str>) -> Outcome {
    let id = id
        .and_then(|id| id.parse().ok())
        .ok_or_else(Refusal::not_found)?;
    let world = call.world;
    let held = &mut call.held.altinn2;
    let taken = held.revoke_right(world, from.uuid(), to.uuid(), id);
    removed(taken, "The right cannot be deleted.")
}

fn removed(taken: Result<(), NotRevoked>, not_delegated: &'static str) -> Outcome {
    match taken {
        Ok(()) => Ok(with_phrase(StatusCode::NO_CONTENT, "No Content")),
        Err(NotRevoked::Unknown) => Err(Refusal::not_found()),
        Err(NotRevoked::NotDelegated) => Err(Refusal::forbidden(not_delegated)),
    }
}
