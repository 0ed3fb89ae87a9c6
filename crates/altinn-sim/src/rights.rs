//! Who holds what: the state that grants and revocations change, one store per generation.
//!
//! What comes from registers (a general manager, a system user's packages) stays in the
//! [`World`] and is read there each time; here is kept what somebody gave somebody.

pub(crate) mod altinn2;
pub(crate) mod altinn3;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::world::World;

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
        held.altinn3.access_lists.clone_from(&world.access_lists);
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

fn party_of_number(world: &World, number: &str) -> Option<Uuid> {
    let organisation = world.organisation(number).map(|o| o.party_uuid);
    organisation.or_else(|| world.person(number).map(|p| p.party_uuid))
}
