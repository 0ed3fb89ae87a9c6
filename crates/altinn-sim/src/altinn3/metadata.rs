//! `meta/*`: roles, packages and areas, for everybody (wire facts, Altinn 3 §2.13).
//!
//! How a search is scored is not among the wire facts: here a hit in the name is worth more than one in
//! the description, and that more than one in a resource.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Role, resource};
use super::problem::Refusal;
use super::{Call, Outcome, ok};
use crate::world::{AccessPackage, World};

const NOT_FOUND: Refusal = Refusal::Bare(StatusCode::NOT_FOUND);
const FOR_ORGANISATIONS: Uuid = uuid::uuid!("b9a1f3d0-6a3e-4d0e-8e63-9c8f7b6a5d41");
const FOR_PEOPLE: Uuid = uuid::uuid!("1f7e2c5b-3d4a-4b69-a0c8-2e1d0f9b8a73");
const PACKAGE_TYPE: Uuid = uuid::uuid!("6a5e4d3c-2b1a-4f0e-9d8c-7b6a5f4e3d2c");

fn all_roles(world: &World) -> Vec<Role> {
    let of_registers = world.role_definitions.iter();
    let mut roles: Vec<Role> = of_registers
        .filter_map(|r| Role::of_register(world, &r.code))
        .collect();
    roles.extend(world.client_roles.iter().map(Role::of_client));
    roles.push(Role::rightholder());
    roles
}

/// The role that the call names by id, code or URN.
fn role(call: &Call<'_>) -> Result<Role, Refusal> {
    let name = match call.query.text("id") {
        Some(id) => id,
        None => call.query.required_text("role")?,
    };
    let code = name.strip_prefix("urn:altinn:role:").unwrap_or(name);
    let mut roles = all_roles(call.world).into_iter();
    roles
        .find(|r| r.code.eq_ignore_ascii_case(code) || r.id.to_string() == code)
        .ok_or(NOT_FOUND)
}

pub(super) fn roles(call: &mut Call<'_>) -> Outcome {
    let roles = all_roles(call.world);
    ok(&roles.iter().map(Role::full).collect())
}

pub(super) fn one_role(call: &mut Call<'_>) -> Outcome {
    ok(&role(call)?.full())
}

fn packages_of<'w>(world: &'w World, role: &Role) -> Vec<&'w AccessPackage> {
    let all = world.access_packages.iter();
    match role.legacy_code.as_deref() {
        Some("PRIV") => all.filter(|p| p.for_people).collect(),
        _ if role.holds_everything() => all.filter(|p| !p.for_people).collect(),
        _ => {
            let mut roles = world.client_roles.iter();
            let own = roles.find(|r| r.code == role.code);
            all.filter(|p| own.is_some_and(|r| r.packages.contains(&p.code)))
                .collect()
        }
    }
}

pub(super) fn role_packages(call: &mut Call<'_>) -> Outcome {
    let with_resources = call.query.flag("includeResources", false)?;
    let packages = packages_of(call.world, &role(call)?);
    let packages = packages.into_iter();
    ok(&packages
        .map(|p| package(call.world, p, with_resources))
        .collect())
}

pub(super) fn role_resources(call: &mut Call<'_>) -> Outcome {
    let world = call.world;
    let role = role(call)?;
    call.query.flag("includePackageResources", false)?;
    let packages = packages_of(world, &role);
    let all = world.resources.iter();
    let opened = all.filter(|r| packages.iter().any(|p| r.packages.contains(&p.code)));
    ok(&opened.map(|r| resource(world, r)).collect())
}

/// PackageDto.
fn package(world: &World, package: &AccessPackage, with_resources: bool) -> Value {
    let resources = world
        .resources
        .iter()
        .filter(|r| r.packages.contains(&package.code));
    let resources = resources.filter(|_| with_resources);
    json!({
        "id": package.id,
        "name": package.name,
        "urn": package.urn(),
        "description": package.description,
        "isDelegable": package.delegable,
        "isAssignable": !package.for_clients,
        "isResourcePolicyAvailable": true,
        "area": bare_area(package),
        "type": { "id": PACKAGE_TYPE, "name": if package.for_people { "Person" } else { "Organisasjon" } },
        "resources": resources.map(|r| resource(world, r)).collect::<Vec<_>>(),
    })
}

fn bare_area(package: &AccessPackage) -> Value {
    json!({
        "id": package.area_id,
        "name": package.area_name,
        "urn": format!("urn:altinn:accesspackage:area:{}", package.area),
        "description": package.area_name,
        "iconUrl": null,
        "packages": [],
        "group": null,
    })
}

/// AreaDto with its packages.
fn area(world: &World, id: Uuid) -> Option<Value> {
    let mut packages = world
        .access_packages
        .iter()
        .filter(|p| p.area_id == id)
        .peekable();
    let mut area = bare_area(packages.peek()?);
    area["packages"] = packages.map(|p| package(world, p, false)).collect();
    Some(area)
}

fn areas(world: &World, group: Uuid) -> Vec<Value> {
    let people = group == FOR_PEOPLE;
    let mut ids: Vec<Uuid> = Vec::new();
    for p in world
        .access_packages
        .iter()
        .filter(|p| p.for_people == people)
    {
        if !ids.contains(&p.area_id) {
            ids.push(p.area_id);
        }
    }
    ids.into_iter().filter_map(|id| area(world, id)).collect()
}

/// AreaGroupDto.
fn group(world: &World, id: Uuid) -> Option<Value> {
    let (name, kind) = match id {
        FOR_ORGANISATIONS => ("Virksomhet", "Organisasjon"),
        FOR_PEOPLE => ("Innbygger", "Person"),
        _ => return None,
    };
    Some(json!({
        "id": id,
        "name": name,
        "urn": format!("urn:altinn:accesspackage:group:{}", name.to_lowercase()),
        "description": name,
        "type": kind,
        "areas": areas(world, id),
    }))
}

pub(super) fn groups(call: &mut Call<'_>) -> Outcome {
    let all = [FOR_ORGANISATIONS, FOR_PEOPLE].into_iter();
    ok(&all.filter_map(|id| group(call.world, id)).collect())
}

pub(super) fn one_group(call: &mut Call<'_>) -> Outcome {
    ok(&group(call.world, call.query.required_id("id")?).ok_or(NOT_FOUND)?)
}

pub(super) fn group_areas(call: &mut Call<'_>) -> Outcome {
    let id = call.query.required_id("id")?;
    group(call.world, id).ok_or(NOT_FOUND)?;
    ok(&areas(call.world, id).into())
}

pub(super) fn one_area(call: &mut Call<'_>) -> Outcome {
    ok(&area(call.world, call.query.required_id("id")?).ok_or(NOT_FOUND)?)
}

pub(super) fn area_packages(call: &mut Call<'_>) -> Outcome {
    let area = area(call.world, call.query.required_id("id")?).ok_or(NOT_FOUND)?;
    ok(&area["packages"])
}

fn wanted<'w>(call: &Call<'w>) -> Result<&'w AccessPackage, Refusal> {
    let mut all = call.world.access_packages.iter();
    match call.query.text("urn") {
        Some(urn) => call.world.access_package(urn),
        None => {
            let id = call.query.required_id("id")?;
            all.find(|p| p.id == id)
        }
    }
    .ok_or(NOT_FOUND)
}

pub(super) fn one_package(call: &mut Call<'_>) -> Outcome {
    ok(&package(call.world, wanted(call)?, true))
}

pub(super) fn package_resources(call: &mut Call<'_>) -> Outcome {
    ok(&package(call.world, wanted(call)?, true)["resources"])
}

/// An array of SearchObject, the best first.
pub(super) fn search(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let in_resources = query.flag("searchInResources", false)?;
    let strict = query.flag("strict", false)?;
    query.flag("simpleSearch", false)?;
    let term = query.text("term").unwrap_or_default().to_lowercase();
    let words: Vec<&str> = term.split_whitespace().collect();
    let providers: Vec<&str> = query.all("resourceProviderCode").collect();
    let kind = query.text("typeName");
    let world = call.world;
    let hits = |text: &str| {
        let text = text.to_lowercase();
        let hit = words.iter().filter(|w| text.contains(**w)).count();
        if strict && hit < words.len() { 0 } else { hit }
    };
    let mut found: Vec<(usize, Value)> = Vec::new();
    for p in &world.access_packages {
        let resources = || {
            world
                .resources
                .iter()
                .filter(|r| r.packages.contains(&p.code))
        };
        let right_kind = kind.is_none_or(|kind| {
            kind.eq_ignore_ascii_case(if p.for_people {
                "Person"
            } else {
                "Organisasjon"
            })
        });
        let provided = providers.is_empty()
            || resources().any(|r| providers.iter().any(|c| c.eq_ignore_ascii_case(&r.owner)));
        if !right_kind || !provided {
            continue;
        }
        let mut fields = Vec::new();
        let mut score = 0;
        let mut add = |field: &str, value: &str, weight: usize| {
            let points = hits(value) * weight;
            if points > 0 {
                score += points;
                fields.push(json!({ "field": field, "value": value, "score": points }));
            }
        };
        add("name", &p.name, 4);
        add("description", &p.description, 2);
        for r in resources().filter(|_| in_resources) {
            add("resource.name", &r.name, 1);
        }
        if score > 0 || words.is_empty() {
            let object = package(world, p, in_resources);
            found.push((
                score,
                json!({ "object": object, "score": score, "fields": fields }),
            ));
        }
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    ok(&found.into_iter().map(|(_, one)| one).collect())
}

pub(super) fn organisation_forms(call: &mut Call<'_>) -> Outcome {
    let mut forms: Vec<&str> = Vec::new();
    for o in &call.world.organisations {
        if !forms.contains(&o.form.as_str()) {
            forms.push(&o.form);
        }
    }
    let kind = json!({ "id": FOR_ORGANISATIONS, "name": "Organisasjon" });
    ok(&forms
        .into_iter()
        .map(|form| {
            json!({
                "id": Uuid::from_u128(form.bytes().fold(0, |n, b| n << 8 | u128::from(b))),
                "typeId": FOR_ORGANISATIONS, "name": form, "description": form, "type": kind,
            })
        })
        .collect())
}
