//! `GET enduser/authorizedparties`: whom one may act for (wire facts, Altinn 3 §2.4).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Role, date_of_birth};
use super::holdings::{Holding, holdings};
use super::problem::Refusal;
use super::{Call, Outcome, paginated};

struct Wanted {
    roles: bool,
    packages: bool,
    resources: bool,
    key_roles: bool,
    sub_parties: bool,
    resource_ids: Vec<String>,
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let wanted = Wanted {
        roles: query.flag("includeRoles", false)?,
        packages: query.flag("includeAccessPackages", false)?,
        resources: query.flag("includeResources", false)?,
        key_roles: three_way(call, "includePartiesViaKeyRoles")?,
        sub_parties: three_way(call, "includeSubParties")?,
        resource_ids: query.all("anyOfResourceIds").map(str::to_owned).collect(),
    };
    // there are no inactive parties and no instances in the population; the switches must still bind
    query.flag("includeInstances", false)?;
    three_way(call, "includeInactiveParties")?;
    let filter = query.ids("partyFilter")?;

    let who = call.actor.id;
    let mut held = holdings(call.world, &call.held.altinn3, None, Some(who));
    if wanted.key_roles {
        let organisations: Vec<Uuid> = held
            .iter()
            .filter(|h| h.role.holds_everything())
            .map(|h| h.from.id())
            .collect();
        for organisation in organisations {
            held.extend(holdings(
                call.world,
                &call.held.altinn3,
                None,
                Some(organisation),
            ));
        }
    }

    let mut data = Vec::new();
    for party in Entity::all(call.world) {
        if party.parent(call.world).is_some() {
            continue; // shown under its main unit
        }
        let subunits: Vec<Value> = sub_units(call, party)
            .filter_map(|unit| entry(call, &wanted, &filter, &held, unit, Vec::new()))
            .collect();
        data.extend(entry(call, &wanted, &filter, &held, party, subunits));
    }
    paginated(data)
}

/// `true`, `false` or `auto`; for those without a profile `auto` means `true`.
fn three_way(call: &Call<'_>, name: &str) -> Result<bool, Refusal> {
    match call.query.text(name) {
        Some(text) if text.eq_ignore_ascii_case("auto") => Ok(true),
        _ => call.query.flag(name, true),
    }
}

fn sub_units<'a>(call: &'a Call<'_>, main: Entity<'a>) -> impl Iterator<Item = Entity<'a>> {
    let number = match main {
        Entity::Organisation(organisation) => Some(&organisation.number),
        _ => None,
    };
    call.world
        .organisations
        .iter()
        .filter(move |unit| number.is_some() && unit.parent.as_ref() == number)
        .map(Entity::Organisation)
}

/// AuthorizedPartyDto, or nothing for a party of no interest.
fn entry(
    call: &Call<'_>,
    wanted: &Wanted,
    filter: &[Uuid],
    held: &[Holding<'_>],
    party: Entity<'_>,
    subunits: Vec<Value>,
) -> Option<Value> {
    let world = call.world;
    let is_sub_unit = party.parent(world).is_some();
    let oneself = party.id() == call.actor.id;
    let selected = filter.is_empty() || filter.contains(&party.id());
    let mut own: Vec<&Holding<'_>> = held
        .iter()
        .filter(|h| h.from.id() == party.id())
        .filter(|h| wanted.sub_parties || !is_sub_unit || h.reason != super::entity::Reason::Parent)
        .collect();
    if !wanted.resource_ids.is_empty() {
        own.retain(|h| {
            wanted.resource_ids.iter().any(|id| {
                h.rights.get(id).is_some_and(|actions| !actions.is_empty())
                    || world.resource(id).is_some_and(|resource| h.opens(resource))
            })
        });
    }
    let has_access = selected && (!own.is_empty() || oneself && wanted.resource_ids.is_empty());
    if (!has_access && subunits.is_empty()) || matches!(party, Entity::SystemUser(_)) {
        return None;
    }
    if !has_access {
        own.clear();
    }

    let mut roles = BTreeSet::new();
    let own_role = if oneself {
        Role::of_register(world, "PRIV")
    } else {
        None
    };
    for role in own
        .iter()
        .map(|h| &h.role)
        .chain(own_role.iter())
        .filter(|_| wanted.roles)
    {
        roles.insert(role.code.clone());
        roles.extend(role.legacy_code.as_ref().map(|code| code.to_lowercase()));
    }
    let packages: BTreeSet<&str> = own
        .iter()
        .filter(|_| wanted.packages)
        .flat_map(|h| h.packages.iter().map(|package| package.code.as_str()))
        .collect();
    let resources: BTreeSet<&str> = own
        .iter()
        .filter(|_| wanted.resources)
        .flat_map(|h| h.rights.iter().filter(|(_, actions)| !actions.is_empty()))
        .map(|(id, _)| id.as_str())
        .collect();

    let person = if let Entity::Person(person) = party {
        Some(person)
    } else {
        None
    };
    let organisation = if let Entity::Organisation(organisation) = party {
        Some(organisation)
    } else {
        None
    };
    Some(json!({
        "partyUuid": party.id(),
        "name": party.name(),
        "organizationNumber": organisation.map(|o| o.number.as_str()),
        "personId": person.map(|p| p.number.expose()),
        "emailId": null,
        "unitType": organisation.map(|o| o.form.as_str()),
        "parentId": party.parent(world).map(|o| o.party_uuid),
        "dateOfBirth": person.and_then(date_of_birth),
        "partyId": person.map(|p| p.party_id).or(organisation.map(|o| o.party_id)),
        "type": if person.is_some() { "Person" } else { "Organization" },
        "isDeleted": false,
        "onlyHierarchyElementWithNoAccess": !has_access,
        "authorizedAccessPackages": packages,
        "authorizedResources": resources,
        "authorizedRoles": roles,
        "authorizedInstances": [],
        "subunits": subunits,
    }))
}
