//! What a token is kept under, and what it is compared by.

use std::fmt;

use sha2::{Digest, Sha256};

/// Everything that changes what token one gets, as one normalised value.
///
/// Two keys are equal when their kinds and all their parts are, whatever order they were given in.
/// Only a SHA-256 hash is kept, so that no claim (a person number, say) stands in memory, logs or
/// the names in a store.
///
/// ```
/// use token_cache::TokenKey;
///
/// let key = |scopes: &[&str]| {
///     TokenKey::builder("maskinporten")
///         .part("issuer", "https://maskinporten.no/")
///         .part("client_id", "f4811e18-05aa-4a50-b5d5-8490da78aace")
///         .optional_part("consumer_org", Some("310702641"))
///         .scopes(scopes)
///         .build()
/// };
/// assert_eq!(key(&["a:read", "b:write"]), key(&["b:write a:read", "a:read"]));
/// assert_ne!(key(&["a:read"]), key(&["a:read", "b:write"]));
/// assert!(format!("{:?}", key(&["a:read"])).starts_with("TokenKey(maskinporten:"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenKey {
    kind: &'static str,
    hash: [u8; 32],
}

impl TokenKey {
    /// Begins a key of a kind of token, such as `"maskinporten"`.
    #[must_use]
    pub fn builder(kind: &'static str) -> TokenKeyBuilder {
        TokenKeyBuilder {
            kind,
            parts: Vec::new(),
        }
    }

    /// The kind of token.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The hash of the kind and all parts.
    ///
    /// # Security
    ///
    /// Who knows all parts but a person number can find that number by trying them all. A store
    /// that others can read should key this hash with a secret (HMAC) before it uses it as a name.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// By the first bytes of its own hash, which chance cannot better.
impl std::hash::Hash for TokenKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(first_eight(&self.hash));
    }
}

/// Takes the number that a [`TokenKey`] hashes to as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsItIs(u64);

impl std::hash::Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

pub(crate) type ByKey<V> =
    std::collections::HashMap<TokenKey, V, std::hash::BuildHasherDefault<AsItIs>>;

fn first_eight(hash: &[u8; 32]) -> u64 {
    hash[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({self})")
    }
}

/// The kind and the first bytes of the hash: enough to follow a key through a log.
impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind)?;
        hex(f, &self.hash[..6])
    }
}

/// Collects the parts of a [`TokenKey`].
pub struct TokenKeyBuilder {
    kind: &'static str,
    parts: Vec<(&'static str, String)>,
}

impl TokenKeyBuilder {
    /// Adds a named value. A name may be given several times; the order does not count.
    #[must_use]
    pub fn part(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parts.push((name, value.into()));
        self
    }

    /// Adds a named value when there is one. An empty value is not the same as none.
    #[must_use]
    pub fn optional_part(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.part(name, value),
            None => self,
        }
    }

    /// Adds scopes, each alone or several in one text with spaces between.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        for scopes in scopes {
            for scope in scopes.as_ref().split_whitespace() {
                self.parts.push(("scope", scope.to_owned()));
            }
        }
        self
    }

    /// The key.
    #[must_use]
    pub fn build(mut self) -> TokenKey {
        self.parts.sort_unstable();
        self.parts.dedup();
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            // with its length before it, no text can pass for two
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(self.kind);
        for (name, value) in &self.parts {
            add(name);
            add(value);
        }
        TokenKey {
            kind: self.kind,
            hash: hash.finalize().into(),
        }
    }
}

impl fmt::Debug for TokenKeyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parts.iter().map(|(name, _)| name).collect();
        f.debug_struct("TokenKeyBuilder")
            .field("kind", &self.kind)
            .field("parts", &names)
            .finish()
    }
}

/// The SHA-256 hash of a token or of a signing key's public part: what they are compared by, in
/// memory and in stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// A hash that was computed before, read back from a store.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Enough to tell two of them apart in memory.
    pub(crate) fn tag(self) -> u64 {
        first_eight(&self.0)
    }

    /// The hash's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(")?;
        hex(f, &self.0[..4])?;
        f.write_str(")")
    }
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ways_of_cutting_a_text_give_the_same_key() {
        let one = TokenKey::builder("k").part("a", "bc").build();
        for other in [
            TokenKey::builder("k").part("ab", "c").build(),
            TokenKey::builder("ka").part("b", "c").build(),
            TokenKey::builder("k").part("a", "bc").part("a", "").build(),
            TokenKey::builder("k").part("a", "b").part("a", "c").build(),
            TokenKey::builder("k").scopes(["a bc"]).build(),
        ] {
            assert_ne!(one, other);
        }
        let builder = TokenKey::builder("k").part("pid", "02895812345");
        assert!(!format!("{builder:?}{:?}", builder).contains("02895812345"));
    }
}
