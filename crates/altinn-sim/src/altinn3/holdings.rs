//! Who holds what of whom, and who may give it on: the questions behind every operation.

use std::collections::{BTreeMap, BTreeSet};

use openssl::sha::sha256;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::{Entity, Reason, Role};
use crate::rights::altinn3::{Connections, Instance};
use crate::world::{AccessPackage, Resource, World};

/// The package of an access manager: the name that the code uses, not the documentation's
/// `tilgangsstyring` (wire facts, Altinn 3 §2.2).
const ACCESS_MANAGER: &str = "tilgangsstyrer";
const MAIN_ADMINISTRATOR: &str = "hovedadministrator";
const CLIENT_ADMINISTRATOR: &str = "klientadministrator";
const INSTANCE_MANAGER: &str = "tilgangsstyring-enkeltinstanser";

/// What somebody may do for a party (the PDP resources of wire facts, Altinn 3 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// `altinn_access_management`
    Access,
    /// `altinn_instance_delegation`
    Instances,
    /// `altinn_client_administration`
    Clients,
    /// `altinn_maskinporten_scope_delegation`. Which package opens it is not among the wire facts.
    Scopes,
}

/// One relation between two parties and what comes with it.
#[derive(Clone, Debug)]
pub(super) struct Holding<'w> {
    pub(super) from: Entity<'w>,
    pub(super) to: Entity<'w>,
    pub(super) role: Role,
    pub(super) reason: Reason,
    /// The provider through whom an agent has it.
    pub(super) via: Option<Entity<'w>>,
    pub(super) packages: Vec<&'w AccessPackage>,
    /// Single rights: per resource the actions.
    pub(super) rights: BTreeMap<String, BTreeSet<String>>,
    /// The same of single instances.
    pub(super) instances: BTreeMap<Instance, BTreeSet<String>>,
}

impl<'w> Holding<'w> {
    pub(super) fn bare(from: Entity<'w>, to: Entity<'w>, role: Role) -> Self {
        Self {
            from,
            to,
            role,
            reason: Reason::Direct,
            via: None,
            packages: Vec::new(),
            rights: BTreeMap::new(),
            instances: BTreeMap::new(),
        }
    }

    /// PermissionDto.
    pub(super) fn permission(&self, world: &'w World) -> Value {
        json!({
            "from": self.from.compact(world),
            "to": self.to.compact(world),
            "via": self.via.map(|provider| provider.compact(world)),
            "role": self.role.compact(),
            "viaRole": self.via.map(|_| Role::agent().compact()),
            "reason": self.reason.dto(),
        })
    }

    /// How a package of this relation is held.
    pub(super) fn package_reason(&self) -> Reason {
        let by_role = self.role.legacy_code.is_some() && self.via.is_none();
        if by_role && self.reason == Reason::Direct {
            Reason::RoleMap
        } else {
            self.reason
        }
    }

    pub(super) fn has_package(&self, code: &str) -> bool {
        self.packages.iter().any(|package| package.code == code)
    }

    /// Whether a package or a role of this relation opens the resource.
    pub(super) fn opens(&self, resource: &Resource) -> bool {
        self.role.holds_everything() || resource.packages.iter().any(|code| self.has_package(code))
    }
}

/// The relations between `from` and `to`; without one of them, to or from everyone.
pub(super) fn holdings<'w>(
    world: &'w World,
    connections: &Connections,
    from: Option<Uuid>,
    to: Option<Uuid>,
) -> Vec<Holding<'w>> {
    let side = |id: Option<Uuid>| -> Vec<Entity<'w>> {
        match id {
            Some(id) => Entity::find(world, id).into_iter().collect(),
            None => Entity::all(world).collect(),
        }
    };
    let (givers, receivers) = (side(from), side(to));
    givers
        .iter()
        .flat_map(|from| receivers.iter().map(move |to| (*from, *to)))
        .filter(|(from, to)| from.id() != to.id())
        .flat_map(|(from, to)| between(world, connections, from, to))
        .collect()
}

fn between<'w>(
    world: &'w World,
    connections: &Connections,
    from: Entity<'w>,
    to: Entity<'w>,
) -> Vec<Holding<'w>> {
    let parent = from.parent(world);
    let mut found = Vec::new();
    if let (Entity::Organisation(organisation), Entity::Person(person)) = (from, to) {
        for entry in world
            .register_roles
            .iter()
            .filter(|entry| entry.person == person.number)
        {
            let reason = if entry.organisation == organisation.number {
                Reason::Direct
            } else if organisation.parent.as_ref() == Some(&entry.organisation) {
                Reason::Parent
            } else {
                continue;
            };
            if let Some(role) = Role::of_register(world, &entry.role) {
                let packages = if role.holds_everything() {
                    let all = world.access_packages.iter();
                    all.filter(|package| !package.for_people).collect()
                } else {
                    Vec::new()
                };
                found.push(Holding {
                    from,
                    to,
                    role,
                    reason,
                    via: None,
                    packages,
                    rights: BTreeMap::new(),
                    instances: BTreeMap::new(),
                });
            }
        }
    }
    let givers = [
        (Some(from.id()), Reason::Direct),
        (parent.map(|o| o.party_uuid), Reason::Parent),
    ];
    for (giver, reason) in givers {
        let Some(giver) = giver else { continue };
        let connection = connections.find(giver, to.id());
        let mut codes: BTreeSet<&str> = connection
            .map(|c| c.packages.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let owned = match to {
            Entity::SystemUser(user) => world
                .organisation(&user.owner)
                .is_some_and(|owner| owner.party_uuid == giver),
            _ => false,
        };
        if let (true, Entity::SystemUser(user)) = (owned, to) {
            codes.extend(user.access_packages.iter().map(String::as_str));
        }
        if connection.is_some() || owned {
            found.push(Holding {
                from,
                to,
                role: Role::rightholder(),
                reason,
                via: None,
                packages: codes
                    .iter()
                    .filter_map(|code| world.access_package(code))
                    .collect(),
                rights: connection.map(|c| c.rights.clone()).unwrap_or_default(),
                instances: connection.map(|c| c.instances.clone()).unwrap_or_default(),
            });
        }
    }
    found.extend(by_register(world, from, to));
    if connections.is_agent(from.id(), to.id()) {
        found.push(Holding::bare(from, to, Role::agent()));
    }
    found.extend(for_clients(world, connections, from, to));
    found
}

/// What a provider holds for its client because a register says so.
fn by_register<'w>(world: &'w World, from: Entity<'w>, to: Entity<'w>) -> Vec<Holding<'w>> {
    let (Entity::Organisation(client), Entity::Organisation(provider)) = (from, to) else {
        return Vec::new();
    };
    world
        .client_relations
        .iter()
        .filter(|r| r.client == client.number && r.provider == provider.number)
        .filter_map(|r| world.client_roles.iter().find(|role| role.code == r.role))
        .map(|role| Holding {
            packages: role
                .packages
                .iter()
                .filter_map(|code| world.access_package(code))
                .collect(),
            ..Holding::bare(from, to, Role::of_client(role))
        })
        .collect()
}

/// What an agent may do for a client, as long as its provider holds it.
fn for_clients<'w>(
    world: &'w World,
    connections: &Connections,
    client: Entity<'w>,
    agent: Entity<'w>,
) -> Vec<Holding<'w>> {
    if matches!(agent, Entity::Organisation(_)) {
        return Vec::new();
    }
    connections
        .client_delegations
        .iter()
        .filter(|d| d.client == client.id() && d.agent == agent.id())
        .filter_map(|d| {
            let provider = Entity::find(world, d.provider)?;
            let held = between(world, connections, client, provider);
            let held = held.into_iter().find(|h| h.role.code == d.role)?;
            let resources = d.resources.iter().filter_map(|id| world.resource(id));
            let rights = resources
                .filter(|r| held.opens(r) || held.rights.contains_key(&r.id))
                .map(|r| {
                    let given = held.rights.get(&r.id).filter(|_| !held.opens(r)).cloned();
                    let all = || r.actions.iter().cloned().collect();
                    (r.id.clone(), given.unwrap_or_else(all))
                })
                .collect();
            let mut packages = held.packages;
            packages.retain(|p| d.packages.contains(&p.code));
            Some(Holding {
                reason: Reason::ClientDelegation,
                via: Some(provider),
                packages,
                rights,
                ..Holding::bare(client, agent, held.role)
            })
        })
        .collect()
}

/// How far somebody may dispose of what a party has.
#[derive(Clone, Debug)]
pub(super) struct Authority<'w> {
    everything: bool,
    holdings: Vec<Holding<'w>>,
}

impl<'w> Authority<'w> {
    pub(super) fn of(world: &'w World, connections: &Connections, who: Uuid, party: Uuid) -> Self {
        let oneself = who == party && world.person_by_uuid(who).is_some();
        let mut holdings = holdings(world, connections, Some(party), Some(who));
        // what one does for a client through a provider is not one's own to give
        holdings.retain(|h| h.via.is_none());
        let everything = oneself
            || holdings
                .iter()
                .any(|h| h.role.holds_everything() || h.has_package(MAIN_ADMINISTRATOR));
        Self {
            everything,
            holdings,
        }
    }

    pub(super) fn has(&self, power: Power) -> bool {
        let package = match power {
            Power::Access => ACCESS_MANAGER,
            Power::Instances => INSTANCE_MANAGER,
            Power::Clients => CLIENT_ADMINISTRATOR,
            Power::Scopes => return self.everything,
        };
        self.everything || self.holdings.iter().any(|h| h.has_package(package))
    }

    /// May give this package on.
    pub(super) fn covers_package(&self, package: &AccessPackage) -> bool {
        self.everything || self.holdings.iter().any(|h| h.has_package(&package.code))
    }

    /// May give the right to do this on.
    pub(super) fn covers_right(&self, resource: &Resource, action: &str) -> bool {
        self.everything
            || self.holdings.iter().any(|h| {
                h.opens(resource)
                    || h.rights
                        .get(&resource.id)
                        .is_some_and(|actions| actions.contains(action))
            })
    }
}

/// The key of the right to do `action` on a resource: `01` and the SHA-256 of the attributes and the
/// action (wire facts, Altinn 3 §2.3). Opaque to clients.
pub(super) fn right_key(resource: &Resource, action: &str) -> String {
    key_of(&[("urn:altinn:resource", resource.id.as_str())], action)
}

fn key_of(attributes: &[(&str, &str)], action: &str) -> String {
    let mut pairs: Vec<String> = attributes
        .iter()
        .map(|(id, value)| format!("{id}:{value}").to_lowercase())
        .collect();
    pairs.sort();
    let hash = sha256(format!("{}:{action}", pairs.concat()).as_bytes());
    hash.iter()
        .fold("01".to_owned(), |key, byte| format!("{key}{byte:02x}"))
}

/// RightDto.
pub(super) fn right(resource: &Resource, action: &str) -> Value {
    let name = match action {
        "read" => "Les",
        "write" => "Skriv",
        "sign" => "Signer",
        other => other,
    };
    json!({
        "key": right_key(resource, action),
        "name": name,
        "resource": [{ "type": "urn:altinn:resource", "value": resource.id }],
        "action": { "type": "urn:oasis:names:tc:xacml:1.0:action:action-id", "value": action },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_keys_are_hashes_of_sorted_attributes_and_action() {
        // printf 'urn:altinn:resource:skd-skattemelding:read' | sha256sum
        assert_eq!(
            key_of(&[("urn:altinn:resource", "SKD-skattemelding")], "read"),
            "01c4ab77455aa7ec85a0ac8fb8fa7fd35225151654e6b0834e10a4e3217db5e892"
        );
        assert_eq!(
            key_of(&[("urn:b", "X"), ("urn:a", "Y")], "read"),
            key_of(&[("urn:a", "y"), ("urn:b", "x")], "read"),
        );
    }
}
