//! A token as callers see it.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::Guard;
use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::clock::{Clock, Moment};
use crate::key::TokenHash;
use crate::policy::{Held, Limits};

/// A token, lent by the cache: one immutable snapshot of the text, the ready header value and the
/// limits.
///
/// It is lent without a lock, a count or an allocation. Use it for a request and drop it; a clone
/// is for keeping.
///
/// # Security
///
/// `Debug` shows a hash. The text is kept once, inside the header value, and is wiped from memory
/// when the snapshot and the last clone of the header value are gone. The header value is marked
/// sensitive. What the layers below make of it (the buffers of HTTP and TLS) is not wiped.
pub struct Token(Guard<Arc<Snapshot>>);

impl Token {
    pub(crate) fn lent(snapshot: Guard<Arc<Snapshot>>) -> Self {
        Self(snapshot)
    }

    pub(crate) fn owned(snapshot: Arc<Snapshot>) -> Self {
        Self(Guard::from_inner(snapshot))
    }

    /// The value of an `Authorization` header: `Bearer` and the token, marked sensitive.
    #[must_use]
    pub fn header_value(&self) -> &HeaderValue {
        &self.0.header
    }

    /// The token's text, for the one place where it goes on the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.text()
    }

    /// The token's text, wrapped: a copy of its own that the snapshot keeps from the first call on.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        self.0
            .secret
            .get_or_init(|| SecretString::from(self.0.text()))
    }

    /// What the token is compared by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        self.0.hash
    }

    /// What is left of its life, counted from before it was asked for; zero when it is over.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.0.clock.now().until(self.0.limits.expiry())
    }

    /// When it expires, by this machine's wall clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        let wall = self.0.limits.expiry().wall;
        UNIX_EPOCH.checked_add(wall).unwrap_or(UNIX_EPOCH)
    }

    /// Until when the cache serves it, and from when it is due for refresh.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        Self::owned(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("hash", &self.0.hash)
            .field("expires_in", &self.expires_in())
            .finish_non_exhaustive()
    }
}

/// What a [`Token`] lends. Never changed, only replaced as a whole.
pub(crate) struct Snapshot {
    /// `Bearer ` and the text, in a buffer that wipes itself.
    header: HeaderValue,
    /// For those who want it so; made when it is asked for.
    secret: OnceLock<SecretString>,
    hash: TokenHash,
    lifetime: Duration,
    pub(crate) limits: Limits,
    clock: Arc<dyn Clock>,
}

impl Snapshot {
    const SCHEME: &'static [u8] = b"Bearer ";

    /// `None` when the token cannot stand in a header.
    pub(crate) fn new(
        secret: &SecretString,
        lifetime: Duration,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let text = secret.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return None;
        }
        let mut line = Vec::with_capacity(Self::SCHEME.len() + text.len());
        line.extend_from_slice(Self::SCHEME);
        line.extend_from_slice(text.as_bytes());
        let line = Bytes::from_owner(Zeroizing::new(line));
        let mut header = HeaderValue::from_maybe_shared(line).ok()?;
        header.set_sensitive(true);
        Some(Self {
            header,
            secret: OnceLock::new(),
            hash: TokenHash::of(text),
            lifetime,
            limits,
            clock,
        })
    }

    /// Stands where there is no token: its life is over before it begins.
    pub(crate) fn none(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self {
            header: HeaderValue::from_static(""),
            secret: OnceLock::new(),
            hash: TokenHash::of(""),
            lifetime: Duration::ZERO,
            limits,
            clock,
        }
    }

    fn text(&self) -> &str {
        let text = self.header.to_str().unwrap_or_default();
        text.get(Self::SCHEME.len()..).unwrap_or_default()
    }

    /// How long the token lives in all; zero where there is none.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Held for Arc<Snapshot> {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn hash(&self) -> TokenHash {
        self.hash
    }

    fn due_from(&self, now: Moment) -> Self {
        Self::new(Snapshot {
            header: self.header.clone(),
            secret: OnceLock::new(),
            hash: self.hash,
            lifetime: self.lifetime,
            limits: self.limits.due_from(now),
            clock: Arc::clone(&self.clock),
        })
    }
}
