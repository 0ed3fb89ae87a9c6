//! `GET enduser/authorizedparties`: whom one may act for, and the same for service owners about
//! somebody else (wire facts, Altinn 3 §2.4).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Role, date_of_birth};
use super::holdings::{Holding, holdings};
use super::problem::Refusal;
use super::{ALL_PARTIES_SCOPE, Call, Outcome, body_members, ok, paginated, text_member};
use crate::rights::altinn3::Instance;
use crate::world::{Organisation, Person, World};

struct Wanted {
    roles: bool,
    packages: bool,
    resources: bool,
    key_roles: bool,
    sub_parties: bool,
    instances: bool,
    resource_ids: Vec<String>,
    /// Only resources of this service owner are shown.
    owner: Option<String>,
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let wanted = Wanted {
        roles: query.flag("includeRoles", false)?,
        packages: query.flag("includeAccessPackages", false)?,
        resources: query.flag("includeResources", false)?,
        instances: query.flag("includeInstances", false)?,
        owner: None,
        key_roles: three_way(call, "includePartiesViaKeyRoles")?,
        sub_parties: three_way(call, "includeSubParties")?,
        resource_ids: query.all("anyOfResourceIds").map(str::to_owned).collect(),
    };
    // there are no inactive parties in the population; the switch must still bind
    three_way(call, "includeInactiveParties")?;
    let filter = query.ids("partyFilter")?;

    paginated(found(call, &wanted, &filter))
}

/// A subject's kind and how its value is read.
fn subject(world: &World, kind: &str, value: &str) -> Option<Option<Uuid>> {
    let number = |n: Option<&Organisation>| n.map(|o| o.party_uuid);
    let uuid = || Uuid::parse_str(value).ok();
    let int = value.parse::<i64>().ok();
    let person =
        |is: &dyn Fn(&Person) -> bool| world.persons.iter().find(|p| is(p)).map(|p| p.party_uuid);
    Some(match kind {
        "urn:altinn:person:identifier-no" => world.person(value).map(|p| p.party_uuid),
        "urn:altinn:organization:identifier-no" => number(world.organisation(value)),
        "urn:altinn:party:uuid" => uuid().filter(|id| Entity::find(world, *id).is_some()),
        "urn:altinn:person:uuid" => uuid().filter(|id| world.person_by_uuid(*id).is_some()),
        "urn:altinn:organization:uuid" => {
            uuid().filter(|id| world.organisation_by_uuid(*id).is_some())
        }
        "urn:altinn:systemuser:uuid" => {
            uuid().filter(|id| matches!(Entity::find(world, *id), Some(Entity::SystemUser(_))))
        }
        "urn:altinn:partyid" => person(&|p| Some(p.party_id) == int)
            .or_else(|| number(world.organisations.iter().find(|o| Some(o.party_id) == int))),
        "urn:altinn:userid" => person(&|p| Some(p.user_id) == int),
        // known kinds of which nobody here is one
        "urn:altinn:enterpriseuser:username"
        | "urn:altinn:enterpriseuser:uuid"
        | "urn:altinn:person:idporten-email" => None,
        _ => return None,
    })
}

/// `POST serviceowner/authorizedparties`: the same of somebody else, for a service owner; a bare array.
pub(super) fn of_subject(call: &mut Call<'_>) -> Outcome {
    call.gate(call.sim.quirks.switched_off.service_owner_parties)?;
    let members = body_members(&call.body)?.ok_or_else(|| {
        Refusal::Binding(
            String::new(),
            "A non-empty request body is required.".to_owned(),
        )
    })?;
    let named = |members: &Value, path: &str| -> Result<Option<Uuid>, Refusal> {
        let part = |name: &str| text_member(members, name)?.ok_or_else(|| Refusal::required(name));
        let (kind, value) = (part("type")?, part("value")?);
        subject(call.world, &kind, &value).ok_or_else(|| {
            Refusal::Binding(
                path.to_owned(),
                format!("Unsupported attribute type: {kind}"),
            )
        })
    };
    let who = named(&members, "type")?;
    let filter: Vec<Uuid> = members["partyfilter"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| Ok(named(one, "partyFilter")?.unwrap_or_default()))
        .collect::<Result<_, Refusal>>()?;
    let world = call.world;
    let own = world
        .organisation_by_uuid(call.actor.id)
        .and_then(|o| world.service_owner(&o.number))
        .map(|owner| owner.code.as_str());
    let admin = call.actor.has_scope(ALL_PARTIES_SCOPE);
    let code = call.query.text("orgCode");
    if !admin && (own.is_none() || code.is_some_and(|code| own != Some(code))) {
        let text = "The organisation code does not belong to the caller.".to_owned();
        return Err(Refusal::Binding("orgCode".to_owned(), text));
    }
    let query = &call.query;
    let wanted = Wanted {
        roles: query.flag("includeRoles", true)?,
        packages: query.flag("includeAccessPackages", false)?,
        resources: query.flag("includeResources", true)?,
        instances: query.flag("includeInstances", true)?,
        key_roles: three_way(call, "includePartiesViaKeyRoles")?,
        sub_parties: three_way(call, "includeSubParties")?,
        resource_ids: query.all("anyOfResourceIds").map(str::to_owned).collect(),
        owner: code.or(own.filter(|_| !admin)).map(str::to_owned),
    };
    three_way(call, "includeInactiveParties")?;
    let Some(who) = who else {
        return ok(&json!([]));
    };
    call.actor.id = who;
    ok(&Value::Array(found(call, &wanted, &filter)))
}

fn found(call: &Call<'_>, wanted: &Wanted, filter: &[Uuid]) -> Vec<Value> {
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
            .filter_map(|unit| entry(call, wanted, filter, &held, unit, Vec::new()))
            .collect();
        data.extend(entry(call, wanted, filter, &held, party, subunits));
    }
    data
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
    let shown = |id: &str| {
        let owner = wanted.owner.as_deref();
        owner.is_none_or(|owner| world.resource(id).is_some_and(|r| r.owner == owner))
    };
    let resources: BTreeSet<&str> = own
        .iter()
        .filter(|_| wanted.resources)
        .flat_map(|h| h.rights.iter().filter(|(_, actions)| !actions.is_empty()))
        .map(|(id, _)| id.as_str())
        .filter(|id| shown(id))
        .collect();
    let instances: BTreeSet<&Instance> = own
        .iter()
        .filter(|_| wanted.instances)
        .flat_map(|h| {
            h.instances
                .iter()
                .filter(|(_, actions)| !actions.is_empty())
        })
        .map(|(instance, _)| instance)
        .filter(|instance| shown(&instance.resource))
        .collect();
    let instances: Vec<Value> = instances
        .into_iter()
        .map(|i| {
            json!({
                "resourceId": i.resource,
                "instanceId": i.id.rsplit(':').next(),
                "instanceRef": i.id,
            })
        })
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
        "authorizedInstances": instances,
        "subunits": subunits,
    }))
}
