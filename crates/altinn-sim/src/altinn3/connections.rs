//! `enduser/connections` and `connections/roles`: who is connected to whom, in what role.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Role, package, resource};
use super::holdings::{Holding, holdings};
use super::problem::{Problem, Refusal};
use super::{Call, Outcome, ok, paginated, status};
use crate::world::RoleDefinition;

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let with_clients = call.query.flag("includeClientDelegations", true)?;
    let with_agents = call.query.flag("includeAgentConnections", true)?;
    let with_instances = call.query.flag("includeInstances", false)?;
    let with_packages = call.query.flag("includeAccessPackages", false)?;
    let with_resources = call.query.flag("includeResources", false)?;
    let (held, giving) = relations(call)?;

    let world = call.world;
    let mut others: BTreeMap<Uuid, Vec<&Holding<'_>>> = BTreeMap::new();
    let agent = Role::agent();
    for holding in &held {
        if holding.via.is_some() && !with_clients || holding.role == agent && !with_agents {
            continue;
        }
        let other = if giving { holding.to } else { holding.from };
        others.entry(other.id()).or_default().push(holding);
    }
    let data = others
        .into_values()
        .filter_map(|held| {
            let other = held.first().map(|h| if giving { h.to } else { h.from })?;
            let packages = held.iter().flat_map(|h| &h.packages).map(|p| package(p));
            let resources = held
                .iter()
                .flat_map(|h| h.rights.iter().filter(|(_, actions)| !actions.is_empty()))
                .filter_map(|(id, _)| world.resource(id))
                .map(|r| resource(world, r));
            let instances = held
                .iter()
                .flat_map(|h| {
                    h.instances
                        .iter()
                        .filter(|(_, actions)| !actions.is_empty())
                })
                .map(|(i, _)| json!({ "resourceRefId": i.resource, "instanceId": i.id }));
            Some(json!({
                "party": other.compact(world),
                "roles": unique(held.iter().map(|h| h.role.compact())),
                "packages": unique(packages.filter(|_| with_packages)),
                "resources": unique(resources.filter(|_| with_resources)),
                "instances": unique(instances.filter(|_| with_instances)),
                "connections": [],
            }))
        })
        .collect();
    paginated(data)
}

/// Whom single instances may be given to: those who are connected already.
pub(super) fn users(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let held = holdings(call.world, &call.held.altinn3, Some(party), None);
    let others: BTreeMap<Uuid, Entity<'_>> = held.iter().map(|h| (h.to.id(), h.to)).collect();
    paginated(
        others
            .into_values()
            .map(|other| json!({ "party": other.simplified(), "connections": [] }))
            .collect(),
    )
}

/// The relations that the query asks for, and whether the party is the one who gives.
pub(super) fn relations<'w>(call: &Call<'w>) -> Result<(Vec<Holding<'w>>, bool), Refusal> {
    let party = call.party()?;
    let (from, to) = (call.query.id("from")?, call.query.id("to")?);
    Ok((
        holdings(call.world, &call.held.altinn3, from, to),
        from == Some(party),
    ))
}

fn unique(values: impl Iterator<Item = Value>) -> Vec<Value> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let party = call.party()?;
    let named_by_uuid = call.person_input()?.is_none();
    let to = call.receiver(party)?;
    let person = matches!(Entity::find(call.world, to), Some(Entity::Person(_)));
    let connected = || !holdings(call.world, &call.held.altinn3, Some(party), Some(to)).is_empty();
    if person && named_by_uuid && !connected() {
        return Err(Problem::PersonInputRequired.into());
    }
    let id = call.held.altinn3.connect(party, to);
    ok(&json!({
        "id": id, "roleId": Role::rightholder().id, "fromId": party, "toId": to,
    }))
}

pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let (from, to) = (
        call.query.required_id("from")?,
        call.query.required_id("to")?,
    );
    let cascade = call.query.flag("cascade", false)?;
    call.held
        .altinn3
        .disconnect(from, to, cascade)
        .map_err(|_| {
            Refusal::Validation(
                "AM.VLD-00010",
                "Assignment is active in one or more connections.",
                vec!["QUERY/cascade".to_owned()],
            )
        })?;
    status(StatusCode::NO_CONTENT)
}

pub(super) fn roles(call: &mut Call<'_>) -> Outcome {
    let (mut held, _) = relations(call)?;
    let given = from_altinn2(call)?;
    // Directly given, with Altinn 2 as provider (`RoleDto.IsRevocable`; the codes of `ProviderConstants.cs`,
    // https://github.com/Altinn/altinn-authorization-tmp). Who provides the others is not in the world.
    let of_altinn2: Vec<Role> = given.iter().map(|holding| holding.role.clone()).collect();
    held.extend(given);
    let full = |role: &Role| {
        let mut full = role.full();
        if of_altinn2.contains(role) {
            full["isRevocable"] = json!(true);
            full["provider"] = json!({ "name": "Altinn 2", "refId": "", "code": "sys-altinn2" });
        }
        full
    };
    let mut by_role: Vec<(&Role, Vec<Value>)> = Vec::new();
    for holding in &held {
        let permission = holding.permission(call.world);
        match by_role.iter_mut().find(|(role, _)| *role == &holding.role) {
            Some((_, permissions)) => permissions.push(permission),
            None => by_role.push((&holding.role, vec![permission])),
        }
    }
    let data = by_role.into_iter();
    paginated(
        data.map(|(role, p)| json!({ "role": full(role), "permissions": p }))
            .collect(),
    )
}

/// Roles that were delegated in Altinn 2, where Altinn 3 knows them.
fn from_altinn2<'w>(call: &Call<'w>) -> Result<Vec<Holding<'w>>, Refusal> {
    let world = call.world;
    let side = |id: Option<Uuid>| -> Vec<Entity<'w>> {
        match id {
            Some(id) => Entity::find(world, id).into_iter().collect(),
            None => Entity::all(world).collect(),
        }
    };
    let (givers, receivers) = (side(call.query.id("from")?), side(call.query.id("to")?));
    let mut found = Vec::new();
    for from in &givers {
        for to in &receivers {
            let roles = call.held.altinn2.roles_of(world, from.id(), to.id());
            let delegated = roles.iter().filter(|r| r.delegated.is_some());
            let roles = delegated.filter_map(|r| Role::of_register(world, &r.definition.code));
            found.extend(roles.map(|role| Holding::bare(*from, *to, role)));
        }
    }
    Ok(found)
}

/// Takes back only roles that came from Altinn 2's delegations; roles cannot be granted here.
pub(super) fn remove_role(call: &mut Call<'_>) -> Outcome {
    let (from, to) = (
        call.query.required_id("from")?,
        call.query.required_id("to")?,
    );
    let code = call.query.required_text("rolecode")?;
    let is_it = |role: &RoleDefinition| {
        role.code.eq_ignore_ascii_case(code)
            || role
                .altinn3_code
                .as_ref()
                .is_some_and(|c| c.eq_ignore_ascii_case(code))
    };
    let world = call.world;
    let held = call.held.altinn2.roles_of(world, from, to);
    let delegated = held
        .iter()
        .find(|r| r.delegated.is_some() && r.definition.altinn3_id.is_some() && is_it(r.definition))
        .and_then(|r| r.id);
    if let Some(id) = delegated {
        let revoked = call.held.altinn2.revoke_role(world, from, to, id);
        revoked.map_err(|_| Problem::RoleNotRevocable)?;
        return status(StatusCode::NO_CONTENT);
    }
    let known = Role::named(world, code).is_some() || world.role_definitions.iter().any(is_it);
    let problem = if known {
        Problem::RoleNotRevocable
    } else {
        Problem::InvalidRoleCode
    };
    Err(problem.into())
}
