//! What a token looks like where others may read: names are keyed hashes, values are encrypted.
//!
//! A value is: version (1 byte), tag of the token (16), nonce (24), ciphertext. The plaintext is the
//! token's lifetime in milliseconds (8 bytes, big endian) and its text. The version, the tag and the
//! name under which the value stands are authenticated, so no value can be moved to another name.

use std::fmt;
use std::time::Duration;

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoredToken;
use crate::key::{TokenHash, TokenKey};

const VERSION: u8 = 1;
const TAG: usize = 16;
const NONCE: usize = 24;
/// Version and tag: enough to tell one token from another without the key.
pub(crate) const HEAD: usize = 1 + TAG;

/// The key that tokens in a shared store are encrypted with: 32 bytes of chance, the same for all
/// processes that share the store, and kept like any other secret.
///
/// ```
/// use token_cache::EncryptionKey;
///
/// // openssl rand -hex 32
/// let key: EncryptionKey =
///     "3f9c1b0e5a7d2846c8e1f0a9b3d5c7e92a4b6c8d0e1f3a5b7c9d1e3f5a7b9c0d".parse()?;
/// assert_eq!(format!("{key:?}"), "EncryptionKey([REDACTED])");
/// # Ok::<(), token_cache::StoreError>(())
/// ```
#[derive(Clone)]
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
    /// A key of these bytes, which chance must have chosen: a password is no key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl std::str::FromStr for EncryptionKey {
    type Err = super::StoreError;

    /// From 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            super::StoreError::new(
                "the encryption key must be 64 hexadecimal digits: openssl rand -hex 32",
            )
        };
        let digits: Option<Zeroizing<Vec<u8>>> = text
            .trim()
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect::<Option<Vec<u8>>>()
            .map(Zeroizing::new);
        let digits = digits
            .filter(|digits| digits.len() == 64)
            .ok_or_else(wrong)?;
        let mut bytes = Zeroizing::new([0; 32]);
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey([REDACTED])")
    }
}

/// Names, tags, and what is sealed under them.
#[derive(Clone)]
pub(crate) struct Sealer {
    /// For names and tags; another than that of the cipher.
    names: Hmac<Sha256>,
    cipher: XChaCha20Poly1305,
}

/// The name of a key where others may read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name([u8; 32]);

impl Name {
    pub(crate) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A value that this key did not seal under this name, or that was changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl Sealer {
    pub(crate) fn new(key: &EncryptionKey) -> Self {
        let derive = |what: &[u8]| {
            let mut derived = Zeroizing::new([0; 32]);
            derived.copy_from_slice(&mac(&hmac(&key.0), &[what]));
            derived
        };
        Self {
            names: hmac(&derive(b"token-cache names 1")),
            cipher: XChaCha20Poly1305::new(&Key::from(*derive(b"token-cache values 1"))),
        }
    }

    pub(crate) fn name(&self, key: &TokenKey) -> Name {
        Name(mac(&self.names, &[b"key", key.hash()]))
    }

    /// Version and tag, as they stand before the value of the token with this hash.
    pub(crate) fn head(&self, hash: TokenHash) -> [u8; HEAD] {
        let mut head = [VERSION; HEAD];
        let tag = mac(&self.names, &[b"tag", hash.as_bytes()]);
        head[1..].copy_from_slice(&tag[..TAG]);
        head
    }

    /// `None` when the machine has no chance to give.
    pub(crate) fn seal(&self, name: Name, token: &StoredToken) -> Option<Vec<u8>> {
        let lifetime = u64::try_from(token.lifetime().as_millis()).unwrap_or(u64::MAX);
        let text = token.token().expose_secret();
        let mut plain = Zeroizing::new(Vec::with_capacity(8 + text.len()));
        plain.extend_from_slice(&lifetime.to_be_bytes());
        plain.extend_from_slice(text.as_bytes());
        self.seal_bytes(name, self.head(token.hash()), &plain)
    }

    pub(crate) fn seal_bytes(&self, name: Name, head: [u8; HEAD], plain: &[u8]) -> Option<Vec<u8>> {
        let nonce = XNonce::try_generate().ok()?;
        let payload = Payload {
            msg: plain,
            aad: &authenticated(&head, name),
        };
        let sealed = self.cipher.encrypt(&nonce, payload).ok()?;
        Some([&head, nonce.as_slice(), &sealed].concat())
    }

    /// The token that was sealed under this name, of whose life so much is left.
    pub(crate) fn open(
        &self,
        name: Name,
        value: &[u8],
        remaining: Duration,
    ) -> Result<StoredToken, NotOurs> {
        let (head, rest) = value.split_at_checked(HEAD).ok_or(NotOurs)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or(NotOurs)?;
        if head[0] != VERSION {
            return Err(NotOurs);
        }
        let payload = Payload {
            msg: sealed,
            aad: &authenticated(head, name),
        };
        let nonce = XNonce::try_from(nonce).map_err(|_| NotOurs)?;
        let plain = self.cipher.decrypt(&nonce, payload).map_err(|_| NotOurs)?;
        let plain = Zeroizing::new(plain);
        let (lifetime, text) = plain.split_first_chunk::<8>().ok_or(NotOurs)?;
        let text = std::str::from_utf8(text).map_err(|_| NotOurs)?;
        Ok(StoredToken::new(
            SecretString::from(text),
            Duration::from_millis(u64::from_be_bytes(*lifetime)),
            remaining,
        ))
    }
}

fn authenticated(head: &[u8], name: Name) -> Vec<u8> {
    [head, &name.0].concat()
}

fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    // shorter than a block, so it is used as it is
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::new(&(*block).into())
}

fn mac(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> StoredToken {
        let (lifetime, left) = (Duration::from_secs(120), Duration::from_secs(100));
        StoredToken::new(SecretString::from("the token"), lifetime, left)
    }

    fn key(name: &str) -> TokenKey {
        TokenKey::builder("test").part("name", name).build()
    }

    #[test]
    fn only_what_was_sealed_under_this_name_with_this_key_opens() {
        let sealer = Sealer::new(&EncryptionKey::new([7; 32]));
        let name = sealer.name(&key("a"));
        let left = Duration::from_secs(90);
        let value = sealer.seal(name, &token()).unwrap();
        assert!(!String::from_utf8_lossy(&value).contains("the token"));
        let opened = sealer.open(name, &value, left).unwrap();
        assert_eq!(opened.hash(), TokenHash::of("the token"));
        assert_eq!(
            (opened.lifetime(), opened.remaining()),
            (Duration::from_secs(120), left)
        );
        assert_eq!(value[..HEAD], sealer.head(opened.hash()));
        assert_ne!(
            value,
            sealer.seal(name, &token()).unwrap(),
            "never twice the same"
        );

        let other = Sealer::new(&EncryptionKey::new([8; 32]));
        assert!(other.open(name, &value, left).is_err());
        assert!(other.name(&key("a")) != name);
        assert!(sealer.open(sealer.name(&key("b")), &value, left).is_err());
        for index in 0..value.len() {
            let mut changed = value.clone();
            changed[index] ^= 1;
            assert!(sealer.open(name, &changed, left).is_err(), "byte {index}");
            assert!(
                sealer.open(name, &value[..index], left).is_err(),
                "cut to {index}"
            );
        }
    }

    #[test]
    fn a_key_is_64_digits() {
        let digits = "00".repeat(31) + "ff";
        let key: EncryptionKey = digits.parse().unwrap();
        assert_eq!(key.0[31], 255);
        for wrong in ["", "00", "password", &"0".repeat(63), &"g".repeat(64)] {
            assert!(wrong.parse::<EncryptionKey>().is_err());
        }
    }
}
