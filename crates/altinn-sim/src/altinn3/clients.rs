//! Client delegation (*klientdelegering*), v1 and v2 (wire facts, Altinn 3 §2.9): a provider lets an
//! agent, a person or an agent system user, act for its clients with what it holds for them.
//!
//! Open until somebody has seen the real thing: revoking answers as delegating does, with `changed`;
//! leaving a provider takes all that came from it; a client without packages is none; an agent may be
//! a person or the provider's own agent system user, and nobody else (`AM.VLD-00008`).

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Reason, Role, package};
use super::holdings::{Holding, holdings};
use super::problem::{Problem, Refusal};
use super::{Call, Outcome, body_members, ok, paginated, status};
use crate::rights::altinn3::{Agent, ClientDelegation};
use crate::world::{AccessPackage, Resource};

/// How the two versions name the same thing.
const fn client_parameter(v2: bool) -> &'static str {
    if v2 { "client" } else { "from" }
}

const fn agent_parameter(v2: bool) -> &'static str {
    if v2 { "agent" } else { "to" }
}

fn refused(code: &'static str, text: &'static str, path: String) -> Refusal {
    Refusal::Validation(code, text, vec![path])
}

/// What is shown of an access: packages, resources, or both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Packages,
    Resources,
    Both,
}

type Accesses<'w> = BTreeMap<String, (Role, Vec<&'w AccessPackage>, Vec<&'w Resource>)>;

fn access(accesses: &Accesses<'_>, shown: Shown) -> Vec<Value> {
    accesses
        .values()
        .map(|(role, packages, resources)| {
            let mut one = json!({ "role": role.compact() });
            if shown != Shown::Resources {
                one["packages"] = packages.iter().map(|p| package(p)).collect();
            }
            if shown != Shown::Packages {
                one["resources"] = resources
                    .iter()
                    .map(|r| json!({ "id": r.uuid, "refId": r.id }))
                    .collect();
            }
            one
        })
        .collect()
}

/// What the provider holds for a client, or for all.
pub(super) fn held<'w>(call: &Call<'w>, provider: Uuid, client: Option<Uuid>) -> Vec<Holding<'w>> {
    holdings(call.world, &call.held.altinn3, client, Some(provider))
        .into_iter()
        .filter(|h| h.reason == Reason::Direct && h.via.is_none())
        .collect()
}

fn accesses_of_holdings<'w>(call: &Call<'w>, held: &[&Holding<'w>]) -> Accesses<'w> {
    let mut found = Accesses::new();
    for h in held {
        let resources = h.rights.keys().filter_map(|id| call.world.resource(id));
        let resources: Vec<&Resource> = resources.collect();
        if h.packages.is_empty() && resources.is_empty() {
            continue;
        }
        found.insert(
            h.role.code.clone(),
            (h.role.clone(), h.packages.clone(), resources),
        );
    }
    found
}

fn accesses_of<'w>(call: &Call<'w>, given: &[&ClientDelegation]) -> Accesses<'w> {
    let mut found = Accesses::new();
    for d in given {
        let Some(role) = Role::named(call.world, &d.role) else {
            continue;
        };
        let entry = found
            .entry(d.role.clone())
            .or_insert_with(|| (role, Vec::new(), Vec::new()));
        for p in d
            .packages
            .iter()
            .filter_map(|c| call.world.access_package(c))
        {
            if entry.1.iter().all(|q| q.id != p.id) {
                entry.1.push(p);
            }
        }
        for r in d.resources.iter().filter_map(|id| call.world.resource(id)) {
            if entry.2.iter().all(|q| q.uuid != r.uuid) {
                entry.2.push(r);
            }
        }
    }
    found
}

fn compact(call: &Call<'_>, id: Uuid) -> Option<Value> {
    Entity::find(call.world, id).map(|e| e.compact(call.world))
}

fn shown(v2: bool) -> Shown {
    if v2 { Shown::Both } else { Shown::Packages }
}

pub(super) fn clients<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let party = provider::<V2>(call)?;
    let all = held(call, party, None);
    let mut by_client: BTreeMap<Uuid, Vec<&Holding<'_>>> = BTreeMap::new();
    for h in &all {
        by_client.entry(h.from.id()).or_default().push(h);
    }
    let wants = |name: &'static str| call.query.all(name).collect::<Vec<_>>();
    let (roles, packages, resources) = (wants("roles"), wants("packages"), wants("resources"));
    let data = by_client
        .into_iter()
        .filter_map(|(client, held)| {
            let mut found = accesses_of_holdings(call, &held);
            found.retain(|code, (_, held_packages, held_resources)| {
                let has_package = |name: &&str| {
                    let wanted = call.world.access_package(name);
                    wanted.is_some_and(|w| held_packages.iter().any(|p| p.id == w.id))
                };
                let has_resource = |id: &&str| held_resources.iter().any(|r| r.id == **id);
                (roles.is_empty() || roles.iter().any(|r| r.eq_ignore_ascii_case(code)))
                    && (packages.is_empty() || packages.iter().any(has_package))
                    && (!V2 || resources.is_empty() || resources.iter().any(has_resource))
            });
            (!found.is_empty()).then_some(())?;
            Some(json!({
                "client": compact(call, client)?, "access": access(&found, shown(V2)),
            }))
        })
        .collect();
    paginated(data)
}

fn gate<const V2: bool>(call: &Call<'_>) -> Result<(), Refusal> {
    call.gate(V2 && call.sim.quirks.switched_off.client_delegation_v2)
}

fn provider<const V2: bool>(call: &Call<'_>) -> Result<Uuid, Refusal> {
    gate::<V2>(call)?;
    call.party()
}

fn agent_dto(call: &Call<'_>, agent: &Agent, found: &Accesses<'_>, shown: Shown) -> Option<Value> {
    Some(json!({
        "agent": compact(call, agent.agent)?,
        "agentAddedAt": agent.added,
        "access": access(found, shown),
    }))
}

pub(super) fn agents<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let party = provider::<V2>(call)?;
    let store = &call.held.altinn3;
    let data = store
        .agents
        .iter()
        .filter(|a| a.provider == party)
        .filter_map(|agent| {
            let given = store.client_delegations.iter();
            let given: Vec<_> = given
                .filter(|d| d.provider == party && d.agent == agent.agent)
                .collect();
            agent_dto(call, agent, &accesses_of(call, &given), shown(V2))
        })
        .collect();
    paginated(data)
}

pub(super) fn add_agent<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let party = provider::<V2>(call)?;
    let input = call.person_input()?;
    let named_by_uuid = input.is_none();
    let name = agent_parameter(V2);
    let agent = call.receiver_in(name, party, input)?;
    let store = &call.held.altinn3;
    let connected = !holdings(call.world, store, Some(party), Some(agent)).is_empty();
    match Entity::find(call.world, agent) {
        Some(Entity::Person(_)) if named_by_uuid && !connected => {
            return Err(Problem::PersonInputRequired.into());
        }
        Some(Entity::Person(_)) => {}
        Some(Entity::SystemUser(user))
            if user.agent
                && call
                    .world
                    .organisation(&user.owner)
                    .is_some_and(|o| o.party_uuid == party) => {}
        _ => {
            let text = "This entity type is not allowed here.";
            return Err(refused("AM.VLD-00008", text, format!("QUERY/{name}")));
        }
    }
    let now = call.sim.clock.now();
    let id = call.held.altinn3.add_agent(party, agent, now);
    ok(&json!({
        "id": id, "roleId": Role::agent().id, "fromId": party, "toId": agent,
    }))
}

pub(super) fn remove_agent<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let party = provider::<V2>(call)?;
    let agent = call.query.required_id(agent_parameter(V2))?;
    let cascade = call.query.flag("cascade", false)?;
    let store = &mut call.held.altinn3;
    let mut given = store.client_delegations.iter();
    if !cascade && given.any(|d| d.provider == party && d.agent == agent) {
        return Err(Problem::AgentHasDelegations.into());
    }
    store.remove_agent(party, agent);
    status(StatusCode::NO_CONTENT)
}

/// Takes one client from one agent.
fn drop_client(
    call: &mut Call<'_>,
    provider: Uuid,
    client: Uuid,
    agent: Uuid,
) -> Result<(), Refusal> {
    let cascade = call.query.flag("cascade", false)?;
    let store = &mut call.held.altinn3;
    let this =
        |d: &ClientDelegation| d.provider == provider && d.client == client && d.agent == agent;
    if !cascade && store.client_delegations.iter().any(this) {
        return Err(refused(
            "AM.VLD-00031",
            "The delegation has one or more active access packages associated with it. Set cascade \
             to true to remove the delegation and its active access packages.",
            "QUERY/cascade".to_owned(),
        ));
    }
    store.client_delegations.retain(|d| !this(d));
    Ok(())
}

pub(super) fn remove_client<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let party = provider::<V2>(call)?;
    let client = call.query.required_id(client_parameter(V2))?;
    let agent = call.query.required_id(agent_parameter(V2))?;
    drop_client(call, party, client, agent)?;
    status(StatusCode::NO_CONTENT)
}

/// Per client, what one agent has been given.
fn per_agent<const V2: bool>(call: &mut Call<'_>, shown: Shown) -> Outcome {
    let party = provider::<V2>(call)?;
    let agent = call.query.required_id(agent_parameter(V2))?;
    let mut by_client: BTreeMap<Uuid, Vec<&ClientDelegation>> = BTreeMap::new();
    for d in &call.held.altinn3.client_delegations {
        if d.provider == party && d.agent == agent {
            by_client.entry(d.client).or_default().push(d);
        }
    }
    let data = by_client
        .into_iter()
        .filter_map(|(client, given)| {
            Some(json!({
                "client": compact(call, client)?,
                "access": access(&accesses_of(call, &given), shown),
            }))
        })
        .collect();
    paginated(data)
}

/// Per agent, what has been given of one client.
fn per_client<const V2: bool>(call: &mut Call<'_>, shown: Shown) -> Outcome {
    let party = provider::<V2>(call)?;
    let client = call.query.required_id(client_parameter(V2))?;
    let store = &call.held.altinn3;
    let data = store
        .agents
        .iter()
        .filter(|a| a.provider == party)
        .filter_map(|agent| {
            let given = store.client_delegations.iter();
            let given: Vec<_> = given
                .filter(|d| (d.provider, d.client, d.agent) == (party, client, agent.agent))
                .collect();
            (!given.is_empty()).then_some(())?;
            agent_dto(call, agent, &accesses_of(call, &given), shown)
        })
        .collect();
    paginated(data)
}

pub(super) fn agent_packages<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    per_agent::<V2>(call, Shown::Packages)
}

pub(super) fn client_packages<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    per_client::<V2>(call, Shown::Packages)
}

pub(super) fn agent_resources(call: &mut Call<'_>) -> Outcome {
    per_agent::<true>(call, Shown::Resources)
}

pub(super) fn client_resources(call: &mut Call<'_>) -> Outcome {
    per_client::<true>(call, Shown::Resources)
}

/// One line of a body: a role, and what of it.
struct Line {
    role: String,
    items: Vec<String>,
}

fn lines(call: &Call<'_>, list: &str) -> Result<Vec<Line>, Refusal> {
    let bad = |path: &str| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding(path.to_owned(), text)
    };
    let members = body_members(&call.body)?.ok_or_else(|| {
        let text = "A non-empty request body is required.".to_owned();
        Refusal::Binding(String::new(), text)
    })?;
    let values = members["values"]
        .as_array()
        .ok_or_else(|| bad("$.values"))?;
    values
        .iter()
        .map(|line| {
            let role = line["role"].as_str().ok_or_else(|| bad("$.values"))?;
            let items = serde_json::from_value(line[list].clone()).map_err(|_| bad("$.values"))?;
            Ok(Line {
                role: role.to_owned(),
                items,
            })
        })
        .collect()
}

/// One thing of the provider's that goes to the agent or comes back.
struct Item {
    role: Role,
    /// Code of the package or id of the resource.
    name: String,
    id: Uuid,
}

fn items(
    call: &Call<'_>,
    provider: Uuid,
    client: Uuid,
    packages: bool,
    giving: bool,
) -> Result<Vec<Item>, Refusal> {
    let held = held(call, provider, Some(client));
    let mut found = Vec::new();
    let list = if packages { "packages" } else { "resources" };
    for (i, line) in lines(call, list)?.into_iter().enumerate() {
        let path = format!("/values/{i}/role");
        let role = Role::named(call.world, &line.role)
            .ok_or_else(|| refused("AM.VLD-00029", "Invalid Role.", path.clone()))?;
        let holding = held.iter().find(|h| h.role.code == role.code);
        if giving && holding.is_none() {
            let text = "Assignment of role do not exist.";
            return Err(refused("AM.VLD-00032", text, path));
        }
        for (j, name) in line.items.iter().enumerate() {
            let path = format!("/values/{i}/{list}/{j}");
            let (id, name, may) = if packages {
                let package = call
                    .world
                    .access_package(name)
                    .ok_or_else(|| refused("AM.VLD-00030", "Invalid Package.", path.clone()))?;
                let may = holding.is_some_and(|h| h.has_package(&package.code));
                (package.id, package.code.clone(), may)
            } else {
                let text = "Resource does not exist.";
                let resource = call
                    .world
                    .resource(name)
                    .ok_or_else(|| refused("AM.VLD-00012", text, path.clone()))?;
                let may = holding
                    .is_some_and(|h| h.opens(resource) || h.rights.contains_key(&resource.id));
                (
                    resource.uuid,
                    resource.id.clone(),
                    may && resource.delegable,
                )
            };
            if giving && !may {
                return Err(if packages {
                    refused("AM.VLD-00033", "Package is not delegable.", path)
                } else {
                    let text = "One or more resources is not delegable.";
                    refused("AM.VLD-00049", text, path)
                });
            }
            found.push(Item {
                role: role.clone(),
                name,
                id,
            });
        }
    }
    Ok(found)
}

fn change(
    call: &mut Call<'_>,
    (provider, client, agent): (Uuid, Uuid, Uuid),
    packages: bool,
    giving: bool,
) -> Outcome {
    let items = items(call, provider, client, packages, giving)?;
    let sticks = call.sticks();
    let store = &mut call.held.altinn3;
    let member = if packages { "packageId" } else { "resourceId" };
    let mut answer = Vec::new();
    for item in items {
        let of = store.client_delegation(provider, client, agent, &item.role.code);
        let set: &mut BTreeSet<String> = if packages {
            &mut of.packages
        } else {
            &mut of.resources
        };
        let changed = match (giving, sticks) {
            (true, true) => set.insert(item.name),
            (true, false) => !set.contains(&item.name),
            (false, _) => set.remove(&item.name),
        };
        answer.push(json!({
            "roleId": item.role.id, (member): item.id, "viaId": provider, "fromId": client,
            "toId": agent, "changed": changed,
        }));
    }
    store.forget_empty();
    ok(&Value::Array(answer))
}

fn three<const V2: bool>(call: &Call<'_>) -> Result<(Uuid, Uuid, Uuid), Refusal> {
    let party = provider::<V2>(call)?;
    Ok((
        party,
        call.query.required_id(client_parameter(V2))?,
        call.query.required_id(agent_parameter(V2))?,
    ))
}

fn give<const V2: bool>(call: &mut Call<'_>, packages: bool) -> Outcome {
    let three = three::<V2>(call)?;
    let (provider, _, agent) = three;
    if !call.held.altinn3.is_agent(provider, agent) {
        let path = format!("QUERY/{}", agent_parameter(V2));
        return Err(refused(
            "AM.VLD-00032",
            "Assignment of role do not exist.",
            path,
        ));
    }
    change(call, three, packages, true)
}

pub(super) fn give_packages<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    give::<V2>(call, true)
}

pub(super) fn give_resources(call: &mut Call<'_>) -> Outcome {
    give::<true>(call, false)
}

pub(super) fn take_packages<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let three = three::<V2>(call)?;
    change(call, three, true, false)
}

pub(super) fn take_resources(call: &mut Call<'_>) -> Outcome {
    let three = three::<true>(call)?;
    change(call, three, false, false)
}

/// What the caller has been given, by provider.
pub(super) fn my_clients<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    gate::<V2>(call)?;
    let wanted = call.query.ids("provider")?;
    let mut tree: BTreeMap<Uuid, BTreeMap<Uuid, Vec<&ClientDelegation>>> = BTreeMap::new();
    for d in &call.held.altinn3.client_delegations {
        if d.agent == call.actor.id && (wanted.is_empty() || wanted.contains(&d.provider)) {
            let clients = tree.entry(d.provider).or_default();
            clients.entry(d.client).or_default().push(d);
        }
    }
    let data = tree
        .into_iter()
        .map(|(provider, clients)| {
            let clients: Vec<Value> = clients
                .into_iter()
                .map(|(client, given)| {
                    json!({
                        "client": compact(call, client),
                        "access": access(&accesses_of(call, &given), shown(V2)),
                    })
                })
                .collect();
            json!({ "provider": compact(call, provider), "clients": clients })
        })
        .collect();
    paginated(data)
}

pub(super) fn my_providers<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    gate::<V2>(call)?;
    let agents = call.held.altinn3.agents.iter();
    let data = agents
        .filter(|a| a.agent == call.actor.id)
        .map(|a| {
            let provider = compact(call, a.provider);
            if V2 {
                json!({ "provider": provider, "providerAddedAt": a.added })
            } else {
                json!({ "agent": provider, "agentAddedAt": a.added, "access": [] })
            }
        })
        .collect();
    paginated(data)
}

pub(super) fn leave_provider<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    gate::<V2>(call)?;
    let provider = call.query.required_id("provider")?;
    let agent = call.actor.id;
    call.held.altinn3.remove_agent(provider, agent);
    status(StatusCode::NO_CONTENT)
}

fn mine<const V2: bool>(call: &Call<'_>) -> Result<(Uuid, Uuid, Uuid), Refusal> {
    gate::<V2>(call)?;
    Ok((
        call.query.required_id("provider")?,
        call.query.required_id(client_parameter(V2))?,
        call.actor.id,
    ))
}

pub(super) fn drop_my_client(call: &mut Call<'_>) -> Outcome {
    let (provider, client, agent) = mine::<true>(call)?;
    drop_client(call, provider, client, agent)?;
    status(StatusCode::NO_CONTENT)
}

/// The older form: the body says what, and an empty one means all.
pub(super) fn drop_my_client_by_body(call: &mut Call<'_>) -> Outcome {
    let three = mine::<false>(call)?;
    if body_members(&call.body)?.is_some() {
        return change(call, three, true, false);
    }
    let (provider, client, agent) = three;
    let mut answer = Vec::new();
    for d in &call.held.altinn3.client_delegations {
        let role = Role::named(call.world, &d.role).map(|r| r.id);
        if (d.provider, d.client, d.agent) == three {
            let packages = d.packages.iter();
            answer.extend(
                packages
                    .filter_map(|c| call.world.access_package(c))
                    .map(|p| {
                        json!({
                            "roleId": role, "packageId": p.id, "viaId": provider, "fromId": client,
                            "toId": agent, "changed": true,
                        })
                    }),
            );
        }
    }
    drop_client(call, provider, client, agent)?;
    ok(&Value::Array(answer))
}

pub(super) fn drop_my_packages<const V2: bool>(call: &mut Call<'_>) -> Outcome {
    let three = mine::<V2>(call)?;
    change(call, three, true, false)
}

pub(super) fn drop_my_resources(call: &mut Call<'_>) -> Outcome {
    let three = mine::<true>(call)?;
    change(call, three, false, false)
}
