//! What all servers of one simulator share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::pki::{Pki, SigningKey};
use crate::rights::Rights;
use crate::world::World;
use crate::{Era, Quirks, admin, altinn2, id_porten, maskinporten, platform, systems};

/// The shared state; handlers get it as `State<Sim>`.
pub(crate) type Sim = Arc<Shared>;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) started: Timestamp,
    pub(crate) sessions: altinn2::Sessions,
    /// What Altinn 2 signed consent tokens with, once somebody has asked for it.
    pub(crate) altinn2_key: OnceLock<SigningKey>,
    pub(crate) requests: systems::Requests,
    pub(crate) faults: Faults,
    pub(crate) quirks: Quirks,
    pub(crate) pki: Pki,
    pub(crate) urls: Urls,
    pub(crate) maskinporten: maskinporten::Server,
    pub(crate) platform: platform::Server,
    pub(crate) id_porten: id_porten::Server,
    pub(crate) admin: admin::Registry,
    /// Locks are taken in this order: the administration's, world, rights, requests.
    pub(crate) world: RwLock<World>,
    pub(crate) rights: Rights,
    pub(crate) altinn2_open: AtomicBool,
}

/// Where each host answers: `http://127.0.0.1:<port>`, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    pub(crate) maskinporten: String,
    pub(crate) platform: String,
    pub(crate) altinn2: String,
    pub(crate) id_porten: String,
    pub(crate) self_service: String,
}

impl Shared {
    /// The registers, to read. Do not hold it over an await.
    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registers, to change.
    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn era(&self) -> Era {
        if self.altinn2_open.load(Ordering::Relaxed) {
            Era::Altinn2Open
        } else {
            Era::Altinn2Closed
        }
    }

    pub(crate) fn set_era(&self, era: Era) {
        self.altinn2_open
            .store(era == Era::Altinn2Open, Ordering::Relaxed);
    }
}
