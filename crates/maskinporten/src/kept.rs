//! Where a request remembers the way to its token, so that asking again looks nothing up.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use token_cache::Handle;

/// The handle that a client found for a request. No part of what is asked: it is neither compared nor
/// cloned, and a request that is changed forgets it.
#[derive(Default)]
pub(crate) struct Kept(OnceLock<(usize, Handle)>);

impl Kept {
    /// The handle that this client left here. Clients are told apart by address: a handle keeps its
    /// client alive, so no other can have the same one.
    pub(crate) fn of(&self, client: usize) -> Option<&Handle> {
        let (owner, handle) = self.0.get()?;
        (*owner == client).then_some(handle)
    }

    /// Leaves a handle, unless another client was here first.
    pub(crate) fn keep(&self, client: usize, handle: Handle) {
        let _ = self.0.set((client, handle));
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
