//! `systemregister/vendor`: a vendor's systems (wire facts, Altinn 3 §1.6).

use std::collections::HashSet;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::Refusal;
use super::{Call, Outcome, ok, packages, packages_json, resources, rights_json, succeeded, text};
use crate::platform::organisation_of_lower;
use crate::world::System;

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let system = read(call, None)?;
    if call.world.system(&system.id).is_some() {
        let text = format!("The System already exist: {}", system.id);
        return Err(Refusal::Text(StatusCode::CONFLICT, text));
    }
    let id = system.internal_id;
    let mut system = system;
    log(call, &mut system, "create");
    call.world.systems.push(system);
    ok(StatusCode::OK, &json!(id))
}

pub(super) fn changes(call: &mut Call<'_>) -> Outcome {
    call.path.pop();
    let system = call.system(call.segment(0))?;
    ok(StatusCode::OK, &Value::Array(system.changes.clone()))
}

/// Notes a change; its data have the names of the server's own code.
fn log(call: &Call<'_>, system: &mut System, kind: &str) {
    system.changes.push(json!({
        "systemInternalId": system.internal_id,
        "changedByOrgNumber": call.vendor,
        "changeType": kind,
        "changedData": {
            "Id": system.id,
            "Name": { "Nb": system.name, "Nn": system.name, "En": system.name },
            "Rights": system.rights,
            "AccessPackages": system.access_packages,
            "ClientId": system.client_ids,
            "IsVisible": system.visible,
            "IsDeleted": system.deleted,
        },
        "clientId": call.client,
        "created": call.now.to_string(),
    }));
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let own = call.world.systems.iter();
    let own = own.filter(|s| s.vendor == call.vendor && !s.deleted);
    let name = call
        .world
        .organisation(&call.vendor)
        .map(|o| o.name.as_str());
    let items: Vec<Value> = own
        .map(|system| {
            json!({
                "systemId": system.id,
                "systemVendorOrgNumber": system.vendor,
                "systemVendorOrgName": name.unwrap_or_default(),
                "name": words(&system.name),
                "description": words(&system.description),
                "rights": rights_json(&system.rights),
                "accessPackages": packages_json(&system.access_packages),
                "isVisible": system.visible,
            })
        })
        .collect();
    ok(StatusCode::OK, &Value::Array(items))
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    let system = call.system(call.segment(0))?;
    ok(
        StatusCode::OK,
        &json!({
            "internalId": system.internal_id,
            "id": system.id,
            "vendor": { "authority": "iso6523-actorid-upis", "ID": format!("0192:{}", system.vendor) },
            "name": words(&system.name),
            "description": words(&system.description),
            "rights": rights_json(&system.rights),
            "accessPackages": packages_json(&system.access_packages),
            "isDeleted": system.deleted,
            "clientId": system.client_ids,
            "isVisible": system.visible,
            "allowedRedirectUrls": system.redirect_urls,
        }),
    )
}

fn words(text: &str) -> Value {
    json!({ "nb": text, "nn": text, "en": text })
}

pub(super) fn replace(call: &mut Call<'_>) -> Outcome {
    let id = existing(call)?;
    let system = read(call, Some(&id))?;
    change(call, &id, "update", |old| {
        *old = System {
            internal_id: old.internal_id,
            changes: std::mem::take(&mut old.changes),
            ..system
        };
    })
}

pub(super) fn replace_rights(call: &mut Call<'_>) -> Outcome {
    call.path.pop();
    let id = existing(call)?;
    let rights = resources(Some(&call.json()?))?;
    let errors = wrong_rights(call, &rights);
    refused(errors)?;
    change(call, &id, "rightsupdate", |system| system.rights = rights)
}

pub(super) fn replace_packages(call: &mut Call<'_>) -> Outcome {
    call.path.pop();
    let id = existing(call)?;
    let codes = packages(Some(&call.json()?))?;
    let visible = call.system(&id)?.visible;
    let errors = wrong_packages(call, &codes, visible);
    refused(errors)?;
    change(call, &id, "accesspackageupdate", |system| {
        system.access_packages = codes;
    })
}

pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = existing(call)?;
    change(call, &id, "delete", |system| system.deleted = true)
}

/// The id of the system in the path; here a text says that it is not there.
fn existing(call: &Call<'_>) -> Result<String, Refusal> {
    let id = call.segment(0);
    match call.system(id) {
        Ok(system) => Ok(system.id.clone()),
        Err(Refusal::Problem(..)) => Err(Refusal::Text(
            StatusCode::NOT_FOUND,
            format!("System with ID '{id}' not found."),
        )),
        Err(other) => Err(other),
    }
}

fn change(call: &mut Call<'_>, id: &str, kind: &str, change: impl FnOnce(&mut System)) -> Outcome {
    let at = call.world.systems.iter().position(|s| s.id == id);
    if let Some(at) = at {
        let mut system = call.world.systems[at].clone();
        change(&mut system);
        log(call, &mut system, kind);
        call.world.systems[at] = system;
    }
    succeeded()
}

/// RegisterSystemRequest, with everything that is wrong said at once.
fn read(call: &Call<'_>, id_in_path: Option<&str>) -> Result<System, Refusal> {
    let members = call.members()?;
    let required = |field: &str| {
        let message = format!("The {field} field is required.");
        Refusal::binding(field, &message)
    };
    let id = text(&members, "id").ok_or_else(|| required("Id"))?;
    let vendor = members.get("vendor").ok_or_else(|| required("Vendor"))?;
    let name = |member: &str, language: &str| {
        let words = members.get(member)?.as_object()?;
        text(words, language)
    };
    for language in ["nb", "nn", "en"] {
        name("name", language).ok_or_else(|| required("Name"))?;
    }
    let description = name("description", "nb").ok_or_else(|| required("Description"))?;
    let texts = |member: &str| -> Result<Vec<String>, Refusal> {
        let list = members.get(member).cloned().unwrap_or(Value::Null);
        serde_json::from_value::<Option<Vec<String>>>(list)
            .map(Option::unwrap_or_default)
            .map_err(|_| Refusal::binding(member, "The JSON value could not be converted."))
    };
    let client_ids = texts("clientid")?;
    if client_ids.is_empty() {
        return Err(required("ClientId"));
    }
    let vendor = organisation_of_lower(vendor)
        .ok_or_else(|| Refusal::validation("AUTH.VLD-00000", "/registersystemrequest/vendor/id"))?;
    if vendor != call.vendor {
        return Err(Refusal::Bare(StatusCode::FORBIDDEN));
    }
    let mut errors = Vec::new();
    if id_in_path.is_some_and(|in_path| in_path != id) {
        errors.push(("AUTH.VLD-00012", "/registersystemrequest/systemid"));
    }
    if id.contains(char::is_whitespace) {
        errors.push(("AUTH.VLD-00013", "/registersystemrequest/systemid"));
    } else if !id
        .strip_prefix(&vendor)
        .is_some_and(|rest| rest.len() > 1 && rest.starts_with('_'))
    {
        errors.push(("AUTH.VLD-00001", "/registersystemrequest/systemid"));
    }
    let distinct: HashSet<&String> = client_ids.iter().collect();
    if distinct.len() < client_ids.len() {
        errors.push(("AUTH.VLD-00011", "/registersystemrequest/clientid"));
    }
    let mut others = call
        .world
        .systems
        .iter()
        .filter(|s| s.id != id && !s.deleted);
    if others.any(|s| s.client_ids.iter().any(|c| client_ids.contains(c))) {
        errors.push(("AUTH.VLD-00004", "/registersystemrequest/clientid"));
    }
    let redirect_urls = texts("allowedredirecturls")?;
    let is_url = |url: &String| {
        let uri = url.parse::<http::Uri>();
        uri.is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some())
    };
    if !redirect_urls.iter().all(is_url) {
        errors.push((
            "AUTH.VLD-00005",
            "/registersystemrequest/allowedredirecturls",
        ));
    }
    let rights = resources(members.get("rights"))?;
    errors.extend(wrong_rights(call, &rights));
    let access_packages = packages(members.get("accesspackages"))?;
    let visible = members.get("isvisible").and_then(Value::as_bool);
    let visible = visible.unwrap_or(true);
    errors.extend(wrong_packages(call, &access_packages, visible));
    refused(errors)?;
    Ok(System {
        name: name("name", "nb").unwrap_or_default(),
        id,
        vendor,
        client_ids,
        description,
        access_packages,
        rights,
        redirect_urls,
        visible,
        deleted: false,
        internal_id: Uuid::new_v4(),
        changes: Vec::new(),
    })
}

fn refused(errors: Vec<(&'static str, &'static str)>) -> Result<(), Refusal> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Validation(errors))
    }
}

fn wrong_rights(call: &Call<'_>, rights: &[String]) -> Vec<(&'static str, &'static str)> {
    let path = "/registersystemrequest/rights/resource";
    let distinct: HashSet<&String> = rights.iter().collect();
    let found: Option<Vec<_>> = rights.iter().map(|id| call.world.resource(id)).collect();
    let mut errors = Vec::new();
    if distinct.len() < rights.len() {
        errors.push(("AUTH.VLD-00006", path));
    }
    match found {
        None => errors.push(("AUTH.VLD-00003", path)),
        Some(found) if found.iter().any(|r| !r.delegable) => errors.push(("AUTH.VLD-00017", path)),
        Some(_) => {}
    }
    errors
}

fn wrong_packages(
    call: &Call<'_>,
    codes: &[String],
    visible: bool,
) -> Vec<(&'static str, &'static str)> {
    let path = "/registersystemrequest/accesspackages";
    let distinct: HashSet<&String> = codes.iter().collect();
    let found = codes.iter().map(|code| call.world.access_package(code));
    let found: Vec<_> = found.collect();
    let mut errors = Vec::new();
    if distinct.len() < codes.len() {
        errors.push(("AUTH.VLD-00007", path));
    }
    let usable = |p: &&crate::world::AccessPackage| p.delegable || p.for_clients;
    if found.iter().any(|p| p.filter(usable).is_none()) {
        errors.push(("AUTH.VLD-00008", path));
    }
    if visible && found.iter().flatten().any(|p| p.for_clients) {
        errors.push(("AUTH.VLD-00018", path));
    }
    errors
}
