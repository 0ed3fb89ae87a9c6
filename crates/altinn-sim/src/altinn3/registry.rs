//! The resource registry: resources, what their policies give, and access lists (wire facts, Altinn 3
//! §2.13). Its problems have the newer form (shape A).
//!
//! Not among the wire facts, and so only as much as is needed: the members of a resource, and the bodies
//! of access lists. Policies as XACML, the RDF export, and the feeds of changes are not here.

use http::StatusCode;
use serde_json::{Value, json};

use super::entity::Role;
use super::holdings::{right, right_key};
use super::problem::Refusal;
use super::{Call, Outcome, body_members, ok, paginated, status, text_member};
use crate::world::{AccessList, Resource, World};

/// Members of a list in one call.
const MANY: usize = 100;
const NUMBER: &str = "urn:altinn:organization:identifier-no:";
const NOT_FOUND: Refusal = Refusal::Bare(StatusCode::NOT_FOUND);

fn registered(world: &World, resource: &Resource) -> Value {
    let owner = world
        .service_owners
        .iter()
        .find(|o| o.code == resource.owner);
    json!({
        "identifier": resource.id,
        "title": { "nb": resource.name, "nn": resource.name, "en": resource.name },
        "description": { "nb": resource.description },
        "hasCompetentAuthority": {
            "name": owner.map(|o| json!({ "nb": o.name })),
            "organization": owner.map(|o| o.organisation.as_str()),
            "orgcode": resource.owner,
        },
        "resourceType": resource.resource_type,
        "delegable": resource.delegable,
    })
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let all = call.world.resources.iter();
    ok(&all.map(|r| registered(call.world, r)).collect())
}

/// Every parameter must fit: part of the id or the title, the type, the owner.
pub(super) fn search(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let part = |name: &str, text: &str| {
        let text = text.to_lowercase();
        query
            .text(name)
            .is_none_or(|wanted| text.contains(&wanted.to_lowercase()))
    };
    let all = call.world.resources.iter();
    let found = all.filter(|r| {
        part("id", &r.id)
            && part("title", &r.name)
            && part("description", &r.description)
            && part("resourceType", &r.resource_type)
            && part("orgCode", &r.owner)
    });
    ok(&found.map(|r| registered(call.world, r)).collect())
}

fn named<'w>(call: &Call<'w>) -> Result<&'w Resource, Refusal> {
    let id = call.query.required_text("id")?;
    call.world.resource(id).ok_or(NOT_FOUND)
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    ok(&registered(call.world, named(call)?))
}

/// Who has a resource by its policy: URNs of packages and of roles.
fn subjects(world: &World, resource: &Resource) -> Vec<String> {
    let packages = resource
        .packages
        .iter()
        .filter_map(|c| world.access_package(c));
    let mut urns: Vec<String> = packages.map(|p| p.urn()).collect();
    urns.extend(
        ["DAGL", "PRIV"]
            .into_iter()
            .filter_map(|code| Role::of_register(world, code))
            .map(|role| role.urn()),
    );
    urns
}

fn subject(urn: &str) -> Value {
    let (kind, value) = urn.rsplit_once(':').unwrap_or(("", urn));
    json!({ "type": kind, "value": value, "urn": urn })
}

pub(super) fn policy_subjects(call: &mut Call<'_>) -> Outcome {
    let subjects = subjects(call.world, named(call)?);
    paginated(subjects.iter().map(|urn| subject(urn)).collect())
}

pub(super) fn policy_rights(call: &mut Call<'_>) -> Outcome {
    let resource = named(call)?;
    let subjects = subjects(call.world, resource);
    let mut kinds: Vec<&str> = Vec::new();
    for (kind, _) in subjects.iter().filter_map(|urn| urn.rsplit_once(':')) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let one = |action: &String| {
        json!({
            "action": right(resource, action)["action"],
            "resource": right(resource, action)["resource"],
            "subjects": subjects
                .iter()
                .map(|urn| json!({ "subjectAttributes": [subject(urn)] }))
                .collect::<Vec<_>>(),
            "rightKey": right_key(resource, action),
            "subjectTypes": kinds,
        })
    };
    ok(&resource.actions.iter().map(one).collect())
}

pub(super) fn policy_rights_v2(call: &mut Call<'_>) -> Outcome {
    let resource = named(call)?;
    call.query.flag("includeServiceOwnerRights", false)?;
    call.query.flag("includeAppRights", false)?;
    ok(&resource
        .actions
        .iter()
        .map(|a| right(resource, a))
        .collect())
}

pub(super) fn by_subjects(call: &mut Call<'_>) -> Outcome {
    let wanted: Vec<String> = serde_json::from_slice(&call.body).map_err(|_| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding("$".to_owned(), text)
    })?;
    let world = call.world;
    let data = wanted
        .iter()
        .filter_map(|urn| {
            let all = world.resources.iter();
            let found: Vec<Value> = all
                .filter(|r| subjects(world, r).contains(urn))
                .map(|r| subject(&format!("urn:altinn:resource:{}", r.id)))
                .collect();
            let any = !found.is_empty();
            any.then(|| json!({ "subject": subject(urn), "resources": found }))
        })
        .collect();
    paginated(data)
}

/// The owner in the address, who must be the caller.
fn owner(call: &Call<'_>) -> Result<String, Refusal> {
    let code = call.query.required_text("owner")?;
    let Some(owner) = call.world.service_owners.iter().find(|o| o.code == code) else {
        return Err(Refusal::RegistryValidation(
            "RR.VLD-00010",
            "Access list owner must be a valid and registered org-code.",
            "/$PATH/owner",
        ));
    };
    let own = call.world.organisation_by_uuid(call.actor.id);
    if own.is_none_or(|o| o.number != owner.organisation) {
        return Err(Refusal::FORBIDDEN);
    }
    Ok(code.to_owned())
}

fn info(list: &AccessList) -> Value {
    json!({
        "urn": format!("urn:altinn:access-list:{}:{}", list.owner, list.identifier),
        "identifier": list.identifier,
        "name": list.name,
        "description": list.description,
    })
}

pub(super) fn lists(call: &mut Call<'_>) -> Outcome {
    let owner = owner(call)?;
    let only = call.query.text("resource");
    let with_resources = call.query.text("include") == Some("resource-connections");
    if with_resources && only.is_none() {
        return Err(Refusal::RegistryValidation(
            "RR.VLD-00002",
            "Resource identifier is required when including resource connections.",
            "/$QUERY/resource",
        ));
    }
    if call.query.text("include") == Some("members") {
        return Err(Refusal::Registry(
            501,
            "RR-00000",
            "Members are not supported as an include",
        ));
    }
    let lists = call.held.altinn3.access_lists.iter();
    let lists = lists.filter(|l| l.owner == owner);
    let lists = lists.filter(|l| only.is_none_or(|id| l.resources.iter().any(|r| r == id)));
    paginated(lists.map(info).collect())
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut AccessList, Refusal> {
    let owner = owner(call)?;
    let identifier = call.query.required_text("identifier")?.to_owned();
    let mut lists = call.held.altinn3.access_lists.iter_mut();
    lists
        .find(|l| l.owner == owner && l.identifier == identifier)
        .ok_or(NOT_FOUND)
}

pub(super) fn one_list(call: &mut Call<'_>) -> Outcome {
    ok(&info(find(call)?))
}

pub(super) fn put_list(call: &mut Call<'_>) -> Outcome {
    let owner = owner(call)?;
    let identifier = call.query.required_text("identifier")?.to_owned();
    let members = body_members(&call.body)?.unwrap_or_default();
    let name = text_member(&members, "name")?;
    let name = name.ok_or_else(|| Refusal::required("name"))?;
    let description = text_member(&members, "description")?.unwrap_or_default();
    let known = find(call);
    let list = match known {
        Ok(list) => {
            list.name = name;
            list.description = description;
            list.clone()
        }
        Err(_) => {
            let list = AccessList::new(owner, identifier, name, description);
            call.held.altinn3.access_lists.push(list.clone());
            list
        }
    };
    ok(&info(&list))
}

pub(super) fn delete_list(call: &mut Call<'_>) -> Outcome {
    let (owner, identifier) = match find(call) {
        Ok(list) => (list.owner.clone(), list.identifier.clone()),
        Err(Refusal::Bare(StatusCode::NOT_FOUND)) => return status(StatusCode::NO_CONTENT),
        Err(refusal) => return Err(refusal),
    };
    let lists = &mut call.held.altinn3.access_lists;
    lists.retain(|l| !(l.owner == owner && l.identifier == identifier));
    status(StatusCode::NO_CONTENT)
}

fn member_page(list: &AccessList) -> Outcome {
    let members = list.members.iter();
    let data = members.map(
        |number| json!({ "identifiers": { "urn:altinn:organization:identifier-no": number } }),
    );
    paginated(data.collect())
}

pub(super) fn members(call: &mut Call<'_>) -> Outcome {
    member_page(find(call)?)
}

/// The organisations in the body, `{"data": [urn, …]}`.
fn numbers(
    call: &Call<'_>,
    too_many: (&'static str, &'static str),
) -> Result<Vec<String>, Refusal> {
    let members = body_members(&call.body)?.unwrap_or_default();
    let urns: Vec<String> = serde_json::from_value(members["data"].clone()).map_err(|_| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding("$.data".to_owned(), text)
    })?;
    if urns.len() > MANY {
        return Err(Refusal::RegistryValidation(too_many.0, too_many.1, "/data"));
    }
    urns.iter()
        .map(|urn| {
            let Some(number) = urn.strip_prefix(NUMBER) else {
                let text = "Invalid party URN.";
                return Err(Refusal::RegistryValidation("RR.VLD-00004", text, "/data"));
            };
            match call.world.organisation(number) {
                Some(organisation) => Ok(organisation.number.clone()),
                None => Err(Refusal::Registry(
                    400,
                    "RR-00001",
                    "One or more party references were not found",
                )),
            }
        })
        .collect()
}

const TOO_MANY_CHANGES: (&str, &str) = (
    "RR.VLD-00001",
    "Cannot add or remove more than 100 members at a time.",
);

pub(super) fn replace_members(call: &mut Call<'_>) -> Outcome {
    let text =
        "Cannot replace more than 100 members at a time. Use POST and DELETE methods instead.";
    find(call)?;
    let numbers = numbers(call, ("RR.VLD-00000", text))?;
    let list = find(call)?;
    list.members = numbers;
    member_page(list)
}

pub(super) fn add_members(call: &mut Call<'_>) -> Outcome {
    find(call)?;
    let numbers = numbers(call, TOO_MANY_CHANGES)?;
    let list = find(call)?;
    for number in numbers {
        if !list.members.contains(&number) {
            list.members.push(number);
        }
    }
    member_page(list)
}

pub(super) fn remove_members(call: &mut Call<'_>) -> Outcome {
    find(call)?;
    let numbers = numbers(call, TOO_MANY_CHANGES)?;
    let list = find(call)?;
    list.members.retain(|m| !numbers.contains(m));
    member_page(list)
}

pub(super) fn list_resources(call: &mut Call<'_>) -> Outcome {
    let resources = find(call)?.resources.iter();
    let data = resources.map(|id| json!({ "resourceIdentifier": id }));
    paginated(data.collect())
}

fn own_resource(call: &mut Call<'_>) -> Result<String, Refusal> {
    let owner = find(call)?.owner.clone();
    let id = call.query.required_text("resource")?;
    match call.world.resource(id) {
        None => Err(Refusal::Registry(
            400,
            "RR-00002",
            "One or more resource references were not found",
        )),
        Some(resource) if resource.owner != owner => Err(Refusal::Registry(
            403,
            "RR-00004",
            "The resource is owned by another service owner",
        )),
        Some(resource) => Ok(resource.id.clone()),
    }
}

pub(super) fn add_resource(call: &mut Call<'_>) -> Outcome {
    let id = own_resource(call)?;
    let list = find(call)?;
    if !list.resources.contains(&id) {
        list.resources.push(id.clone());
    }
    ok(&json!({ "resourceIdentifier": id }))
}

pub(super) fn remove_resource(call: &mut Call<'_>) -> Outcome {
    let id = own_resource(call)?;
    find(call)?.resources.retain(|r| *r != id);
    status(StatusCode::NO_CONTENT)
}
