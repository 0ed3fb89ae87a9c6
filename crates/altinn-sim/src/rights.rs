//! Who holds what: the state that grants and revocations change, one store per generation.
//!
//! What comes from registers (a general manager, a system user's packages) stays in the
//! [`World`] and is read there each time; here is kept what somebody gave somebody.

pub(crate) mod altinn2;
pub(crate) mod altinn3;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::world::{self, World};

/// Everything that is held by delegation. Take the lock after the world's, and never over an await.
#[derive(Debug)]
pub(crate) struct Rights(Mutex<Held>);

/// The two stores.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) altinn2: altinn2::Delegations,
    pub(crate) altinn3: altinn3::Connections,
}

impl Rights {
    /// What the population has delegated before the simulator starts.
    pub(crate) fn of(world: &World, now: Timestamp) -> Self {
        let mut held = Held {
            altinn2: altinn2::Delegations::new(),
            altinn3: altinn3::Connections::default(),
        };
        let lists = world.access_lists.iter();
        held.altinn3.access_lists = lists.map(|list| listed(world, list, now)).collect();
        for connection in &world.connections {
            let from = world.organisation(&connection.from).map(|o| o.party_uuid);
            let to = party_of_number(world, connection.to.expose());
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            held.altinn3.connect(from, to);
            for package in &connection.packages {
                held.altinn3.give_package(from, to, package);
            }
            held.altinn2
                .give_role_codes(world, from, to, &connection.roles, now);
        }
        for user in &world.enterprise_users {
            for held_role in &user.roles {
                if let Some(organisation) = world.organisation(&held_role.organisation) {
                    let (from, to) = (organisation.party_uuid, user.party_uuid);
                    let codes = std::slice::from_ref(&held_role.role);
                    held.altinn2.give_role_codes(world, from, to, codes, now);
                }
            }
        }
        Self(Mutex::new(held))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the population says of an access list; each connection gives every action.
fn listed(world: &World, seed: &world::AccessList, now: Timestamp) -> altinn3::AccessList {
    let mut list = altinn3::AccessList::new(
        seed.owner.clone(),
        seed.identifier.clone(),
        seed.name.clone(),
        seed.description.clone(),
        now,
    );
    let members = seed.members.iter();
    list.members = members
        .filter_map(|number| world.organisation(number))
        .map(|o| (o.party_uuid, now))
        .collect();
    let resources = seed.resources.iter();
    list.resources = resources
        .map(|id| {
            let connection = altinn3::ListedResource {
                actions: BTreeSet::new(),
                created: now,
                updated: now,
            };
            (id.clone(), connection)
        })
        .collect();
    list
}

fn party_of_number(world: &World, number: &str) -> Option<Uuid> {
    let organisation = world.organisation(number).map(|o| o.party_uuid);
    organisation.or_else(|| world.person(number).map(|p| p.party_uuid))
}
