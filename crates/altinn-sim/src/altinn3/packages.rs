//! `connections/accesspackages`: access packages (*tilgangspakker*) listed, checked, given, taken.

use http::StatusCode;
use serde_json::{Value, json};

use super::connections::relations;
use super::entity::{Entity, package};
use super::holdings::{Authority, Holding};
use super::problem::{Problem, Refusal};
use super::{Call, Outcome, ok, paginated, status};
use crate::world::AccessPackage;

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let (held, _) = relations(call)?;
    let data = call
        .world
        .access_packages
        .iter()
        .filter_map(|wanted| {
            let permissions: Vec<Value> = held
                .iter()
                .filter(|h| h.has_package(&wanted.code))
                .map(|h| {
                    Holding {
                        reason: h.package_reason(),
                        ..h.clone()
                    }
                    .permission(call.world)
                })
                .collect();
            (!permissions.is_empty())
                .then(|| json!({ "package": package(wanted), "permissions": permissions }))
        })
        .collect();
    paginated(data)
}

/// The package that the query names by id, URN or code.
pub(super) fn named<'w>(call: &Call<'w>) -> Result<&'w AccessPackage, Refusal> {
    let world = call.world;
    match (call.query.id("packageId")?, call.query.text("package")) {
        (Some(id), _) => world
            .access_packages
            .iter()
            .find(|p| p.id == id)
            .ok_or_else(|| {
                Refusal::Validation(
                    "AM.VLD-00011",
                    "Package do not exists.",
                    vec!["QUERY/packageId".to_owned()],
                )
            }),
        (None, Some(name)) => world
            .access_package(name)
            .ok_or_else(|| Problem::PackageNotFound.into()),
        (None, None) => Err(Refusal::query_parameter("package")),
    }
}

/// Whether a party of this kind has the package to give.
pub(super) fn belongs_to(package: &AccessPackage, from: Option<Entity<'_>>) -> bool {
    match from {
        Some(Entity::Organisation(_)) => !package.for_people,
        Some(Entity::Person(_)) => package.for_people,
        _ => false,
    }
}

/// Why the caller may not give the package on, if so.
pub(super) fn objection(
    from: Option<Entity<'_>>,
    authority: &Authority<'_>,
    package: &AccessPackage,
) -> Option<Problem> {
    if !belongs_to(package, from) || !package.delegable {
        Some(Problem::InvalidPackageForParty)
    } else if !authority.covers_package(package) {
        Some(Problem::NotAuthorizedForDelegation)
    } else {
        None
    }
}

pub(super) fn give(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let to = call.receiver(party)?;
    let wanted = named(call)?;
    let from = Entity::find(call.world, party);
    if let Some(problem) = objection(from, &call.authority(party), wanted) {
        return Err(problem.into());
    }
    let receiver = Entity::find(call.world, to);
    if wanted.held_by_people && !matches!(receiver, Some(Entity::Person(_))) {
        return Err(Refusal::Validation(
            "AM.VLD-00033",
            "Package is not assignable to the recipient entity type.",
            vec!["QUERY/package".to_owned()],
        ));
    }
    // only a system user needs no connection first
    if matches!(receiver, Some(Entity::SystemUser(_))) {
        call.held.altinn3.connect(party, to);
    }
    let connection = call
        .held
        .altinn3
        .find(party, to)
        .map(|c| c.id)
        .ok_or(Problem::MissingConnection)?;
    let (id, assignment) = if call.sticks() {
        let given = call.held.altinn3.give_package(party, to, &wanted.code);
        given.ok_or(Problem::MissingConnection)?
    } else {
        (uuid::Uuid::now_v7(), connection)
    };
    ok(&json!({ "id": id, "assignmentId": assignment, "packageId": wanted.id }))
}

pub(super) fn take(call: &mut Call<'_>) -> Outcome {
    let (from, to) = (
        call.query.required_id("from")?,
        call.query.required_id("to")?,
    );
    let wanted = named(call)?;
    call.held.altinn3.take_package(from, to, &wanted.code);
    status(StatusCode::NO_CONTENT)
}

pub(super) fn check(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let ids = call.query.ids("packageIds")?;
    let names: Vec<&str> = call.query.all("packages").collect();
    let world = call.world;
    if names
        .iter()
        .any(|name| world.access_package(name).is_none())
    {
        return Err(Problem::PackageNotFound.into());
    }
    if ids
        .iter()
        .any(|id| world.access_packages.iter().all(|p| p.id != *id))
    {
        return Err(Refusal::Validation(
            "AM.VLD-00011",
            "Package do not exists.",
            vec!["QUERY/packageIds".to_owned()],
        ));
    }
    let everything = ids.is_empty() && names.is_empty();
    let wanted = |p: &&AccessPackage| {
        let named = names
            .iter()
            .filter_map(|name| world.access_package(name))
            .any(|n| n.id == p.id);
        everything || named || ids.contains(&p.id)
    };
    let authority = call.authority(party);
    let from = Entity::find(world, party);
    let data = world
        .access_packages
        .iter()
        .filter(wanted)
        .map(|p| {
            let reasons: Vec<Value> = match objection(from, &authority, p) {
                None => Vec::new(),
                Some(Problem::InvalidPackageForParty) => {
                    vec![reason("The package is not delegable for this party")]
                }
                Some(_) => vec![reason("The caller does not hold the package")],
            };
            json!({ "package": package(p), "result": reasons.is_empty(), "reasons": reasons })
        })
        .collect();
    paginated(data)
}

fn reason(description: &str) -> Value {
    json!({
        "description": description,
        "roleId": null, "roleUrn": null, "fromId": null, "fromName": null, "toId": null,
        "toName": null, "viaId": null, "viaName": null, "viaRoleId": null, "viaRoleUrn": null,
    })
}
