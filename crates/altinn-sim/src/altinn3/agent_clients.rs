//! The clients of an agent system user (*agentsystembruker*), for end-user systems: a person of the
//! provider assigns them (wire facts, Altinn 3 §1.10). What is assigned is a client delegation as any
//! other, and shows in that API too.
//!
//! Open until somebody has seen the real thing: whether a client that is assigned already is available
//! (here yes), and what taking away one that is not assigned gives (here `AUTH-00079`).

use serde_json::{Value, json};
use uuid::Uuid;

use super::clients::held;
use super::holdings::{Authority, Power};
use super::problem::Refusal;
use super::{Call, Outcome, ok};
use crate::systems::system_user_json;
use crate::world::{Organisation, SystemUser};

const CLIENT_NOT_FOUND: Refusal = Refusal::Registry(400, "AUTH-00079", "Client not found.");
const MISSING_PACKAGES: Refusal = Refusal::Registry(
    400,
    "AUTH-00080",
    "Client does not have the accesspackages the agent system user requires",
);

/// People only, who may administer the clients of the provider.
fn authorize(call: &Call<'_>, provider: &Organisation) -> Result<(), Refusal> {
    let (world, store) = (call.world, &call.held.altinn3);
    let person = world.person_by_uuid(call.actor.id);
    let authority = Authority::of(world, store, call.actor.id, provider.party_uuid);
    if person.is_some() && authority.has(Power::Clients) {
        Ok(())
    } else {
        Err(Refusal::FORBIDDEN)
    }
}

/// The agent that the query names, and the provider that owns it.
fn agent<'w>(call: &Call<'w>) -> Result<(&'w SystemUser, &'w Organisation), Refusal> {
    let refused = |code, text| Refusal::RegistryValidation(code, text, &["?agent"]);
    let id = call
        .query
        .text("agent")
        .and_then(|id| Uuid::parse_str(id).ok());
    let text = "The agent query parameter is missing or invalid";
    let id = id.ok_or_else(|| refused("AUTH.VLD-00014", text))?;
    let user = call
        .world
        .system_user(id)
        .filter(|u| u.approved && !u.deleted);
    let user = user.ok_or_else(|| refused("AUTH.VLD-00014", "System user not found"))?;
    if !user.agent {
        let text = "SystemUser is not a valid system user of type agent";
        return Err(refused("AUTH.VLD-00015", text));
    }
    let owner = call.world.organisation(&user.owner);
    let owner = owner.ok_or(Refusal::Missing("System Owner not Found"))?;
    authorize(call, owner)?;
    Ok((user, owner))
}

fn client(call: &Call<'_>) -> Result<Uuid, Refusal> {
    let id = call
        .query
        .text("client")
        .and_then(|id| Uuid::parse_str(id).ok());
    let text = "The client query parameter is missing or invalid";
    id.ok_or(Refusal::RegistryValidation(
        "AUTH.VLD-00016",
        text,
        &["?client"],
    ))
}

/// By which role the provider holds each package that the agent needs; nothing when one is missing.
fn needed(
    call: &Call<'_>,
    agent: &SystemUser,
    provider: Uuid,
    client: Uuid,
) -> Option<Vec<(String, String)>> {
    let held = held(call, provider, Some(client));
    let by_role = |code: &String| {
        let holding = held.iter().find(|h| h.has_package(code))?;
        Some((holding.role.code.clone(), code.clone()))
    };
    agent.access_packages.iter().map(by_role).collect()
}

/// The provider's clients, in the register's order.
fn clients_of<'w>(call: &Call<'w>, provider: Uuid) -> Vec<&'w Organisation> {
    let all: Vec<Uuid> = held(call, provider, None)
        .iter()
        .map(|h| h.from.id())
        .collect();
    let organisations = call.world.organisations.iter();
    organisations
        .filter(|o| all.contains(&o.party_uuid))
        .collect()
}

fn envelope(agent: &SystemUser, clients: Vec<&Organisation>) -> Outcome {
    let data: Vec<Value> = clients
        .into_iter()
        .map(|o| {
            json!({
                "clientId": o.party_uuid,
                "clientOrganizationNumber": o.number,
                "clientOrganizationName": o.name,
            })
        })
        .collect();
    ok(&json!({
        "links": {},
        "systemUserInformation": {
            "systemUserId": agent.id, "systemUserOwnerOrg": agent.owner,
        },
        "data": data,
    }))
}

/// The agents of an organisation, which is named by its number.
pub(super) fn agents(call: &mut Call<'_>) -> Outcome {
    let number = call.query.text("party").unwrap_or_default();
    let party = call.world.organisation(number);
    let party = party.ok_or(Refusal::Missing("Party not found"))?;
    authorize(call, party)?;
    let users = call.world.system_users.iter();
    let agents = users.filter(|u| u.agent && u.approved && !u.deleted && u.owner == party.number);
    let agents = agents.map(|user| system_user_json(call.sim, call.world, user));
    ok(&agents.collect())
}

/// The clients of whom the provider holds what the agent needs.
pub(super) fn available(call: &mut Call<'_>) -> Outcome {
    let (agent, provider) = agent(call)?;
    let provider = provider.party_uuid;
    let mut clients = clients_of(call, provider);
    clients.retain(|o| needed(call, agent, provider, o.party_uuid).is_some());
    envelope(agent, clients)
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let (agent, provider) = agent(call)?;
    let given = &call.held.altinn3.client_delegations;
    let assigned = |client: Uuid| {
        let this = (provider.party_uuid, client, agent.id);
        given
            .iter()
            .any(|d| (d.provider, d.client, d.agent) == this)
    };
    let organisations = call.world.organisations.iter();
    let clients = organisations.filter(|o| assigned(o.party_uuid)).collect();
    envelope(agent, clients)
}

fn both(agent: &SystemUser, client: Uuid) -> Outcome {
    ok(&json!({ "agent": agent.id, "client": client }))
}

/// Gives the agent what it needs for the client; one that has it already keeps it.
pub(super) fn assign(call: &mut Call<'_>) -> Outcome {
    let (agent, provider) = agent(call)?;
    let provider = provider.party_uuid;
    let client = client(call)?;
    let known = clients_of(call, provider);
    if !known.iter().any(|o| o.party_uuid == client) {
        return Err(CLIENT_NOT_FOUND);
    }
    let needed = needed(call, agent, provider, client).ok_or(MISSING_PACKAGES)?;
    if needed.is_empty() {
        return Err(MISSING_PACKAGES);
    }
    if call.sticks() {
        let now = call.sim.clock.now();
        let store = &mut call.held.altinn3;
        store.add_agent(provider, agent.id, now);
        for (role, package) in needed {
            let given = store.client_delegation(provider, client, agent.id, &role);
            given.packages.insert(package);
        }
    }
    both(agent, client)
}

pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let (agent, provider) = agent(call)?;
    let client = client(call)?;
    let this = (provider.party_uuid, client, agent.id);
    let store = &mut call.held.altinn3;
    let count = store.client_delegations.len();
    store
        .client_delegations
        .retain(|d| (d.provider, d.client, d.agent) != this);
    if store.client_delegations.len() == count {
        return Err(CLIENT_NOT_FOUND);
    }
    both(agent, client)
}
