//! The keys of a client: one set, replaced whole, at most five.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Admin, Call, Error, ErrorKind, client_path, scope};
use crate::{Algorithm, BuildError, BuildErrorKind, ClientId, KeyId};

/// So many keys may a client have.
const AT_MOST: usize = 5;
/// So often is a change tried when others change the set at the same time.
const TRIES: usize = 3;

/// A client's registered keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<RegisteredKey>,
    /// When the set was last changed, ISO 8601.
    pub last_updated: Option<String>,
}

impl KeySet {
    /// The key with this id.
    #[must_use]
    pub fn find(&self, kid: &KeyId) -> Option<&RegisteredKey> {
        self.keys
            .iter()
            .find(|key| key.kid.as_deref() == Some(kid.as_str()))
    }
}

/// A public key as it is registered.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RegisteredKey {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `RSA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kty: Option<String>,
    /// `RS256`, `RS384` or `RS512`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `sig`, which the server demands since 2025-05-22, also of keys that were registered before.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The modulus, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// Until when it may be used, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
    /// Members that are not known here: `x5c`, …
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RegisteredKey {
    /// Until when it may be used: one year from the day it was posted, if not said otherwise.
    /// What [`Signer::with_key_expiry`](crate::Signer::with_key_expiry) takes.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.exp?))
    }

    /// How many whole days it may still be used; negative when it has expired.
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> Option<i64> {
        Some(crate::sign::days_until(self.expires_at()?, now))
    }

    fn is_same_key(&self, other: &Self) -> bool {
        self.n.is_some() && self.n == other.n && self.e == other.e
    }

    /// Fit to be posted again: what the server demands of new keys is added to old ones.
    fn echoed(mut self) -> Self {
        self.usage.get_or_insert_with(|| "sig".into());
        self.kty.get_or_insert_with(|| "RSA".into());
        self
    }
}

/// A public key to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKey(RegisteredKey);

impl NewKey {
    /// An RSA key of this modulus and exponent, both big-endian bytes.
    ///
    /// The `kid` must be unique within the client; older documentation says among all clients, so
    /// begin it with a name of yours.
    ///
    /// # Errors
    ///
    /// When the `kid` has other characters than letters, digits and `.` `_` `-`, or the key is shorter
    /// than 2048 bits.
    pub fn rsa(kid: &KeyId, modulus: &[u8], exponent: &[u8]) -> Result<Self, BuildError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !kid.as_str().bytes().all(fits) {
            return Err(BuildError::new(
                BuildErrorKind::Value,
                "a key id that is registered may have letters, digits and . _ - only",
            ));
        }
        let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
        if modulus.len() < 256 {
            return Err(BuildError::new(
                BuildErrorKind::UnsupportedKey,
                "the key has fewer than 2048 bits",
            ));
        }
        Ok(Self(RegisteredKey {
            kid: Some(kid.to_string()),
            kty: Some("RSA".into()),
            alg: Some(Algorithm::Rs256.as_str().into()),
            usage: Some("sig".into()),
            n: Some(URL_SAFE_NO_PAD.encode(modulus)),
            e: Some(URL_SAFE_NO_PAD.encode(exponent)),
            exp: None,
            other: Map::new(),
        }))
    }

    /// The public half of a key in PEM: a public key, a certificate, or a private key, of which the
    /// public half is taken.
    ///
    /// # Errors
    ///
    /// When it is none of these, or not RSA, and as [`rsa`](Self::rsa).
    #[cfg(feature = "openssl")]
    pub fn from_pem(kid: &KeyId, pem: &[u8]) -> Result<Self, BuildError> {
        use openssl::pkey::PKey;
        use openssl::x509::X509;

        let no_key = || {
            BuildError::new(
                BuildErrorKind::NotAKeyFile,
                "the text holds no RSA key in PEM",
            )
        };
        let public = PKey::public_key_from_pem(pem)
            .or_else(|_| X509::from_pem(pem)?.public_key())
            .or_else(|_| {
                // with a callback: without one OpenSSL asks on the terminal
                let private = PKey::private_key_from_pem_callback(pem, |_| Ok(0))?;
                PKey::public_key_from_der(&private.public_key_to_der()?)
            })
            .map_err(|_| no_key())?;
        let rsa = public.rsa().map_err(|_| no_key())?;
        Self::rsa(kid, &rsa.n().to_vec(), &rsa.e().to_vec())
    }

    /// Registers it for another algorithm than RS256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.0.alg = Some(algorithm.as_str().into());
        self
    }

    /// Lets it expire before the year is over.
    #[must_use]
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.0.exp = time
            .duration_since(UNIX_EPOCH)
            .ok()
            .map(|since| since.as_secs());
        self
    }
}

#[derive(Serialize)]
struct Body {
    keys: Vec<RegisteredKey>,
}

/// What a change makes of the set.
enum Change {
    /// It is as it should be.
    Nothing,
    Write(Vec<RegisteredKey>),
    /// The server takes no empty set.
    DeleteAll,
}

impl Admin {
    /// The registered keys of a client; an empty set when it has none.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub async fn keys(&self, id: &ClientId) -> Result<KeySet, Error> {
        let call = Call::get("read a client's keys", keys_path(id), scope::READ);
        match self.read(call).await {
            // a client that never had keys may be without a set
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.client(id).await.map(|_| KeySet::default())
            }
            outcome => outcome,
        }
    }

    /// Registers a key beside those that are there. One that is there already, under the same id,
    /// stays as it is: see [`renew_key`](Self::renew_key).
    ///
    /// The API only replaces the whole set. So the set is read, written back with the key and with
    /// the others as they are (each with its own expiry, which posting it again would move), and read
    /// again: if the key is not there, or another one is gone that was, because somebody else wrote
    /// meanwhile, it is done again, three times at most. Changes by this `Admin` and its clones wait
    /// for each other. What cannot be seen is a key of others that was written between reading and
    /// writing; let one program change a client's keys.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when there are five keys, or another key of this id;
    /// [`ErrorKind::Interfered`], and as [`client`](Self::client).
    pub async fn add_key(&self, id: &ClientId, key: NewKey) -> Result<KeySet, Error> {
        const OPERATION: &str = "register a key";
        let NewKey(key) = key;
        let is_there = |set: &KeySet| {
            set.keys
                .iter()
                .any(|one| one.kid == key.kid && one.is_same_key(&key))
        };
        let change = |set: &KeySet| {
            if is_there(set) {
                return Ok(Change::Nothing);
            }
            if set.keys.iter().any(|one| one.kid == key.kid) {
                return Err(Error::refused_here(
                    OPERATION,
                    "the client has another key with this id; take another id, for a key must not change under its id",
                ));
            }
            if set.keys.len() >= AT_MOST {
                let kids: Vec<&str> = set
                    .keys
                    .iter()
                    .filter_map(|key| key.kid.as_deref())
                    .collect();
                return Err(Error::refused_here(
                    OPERATION,
                    format!(
                        "the client has {AT_MOST} keys, which is all it may have: {}; remove one that is not used any longer",
                        kids.join(", ")
                    ),
                ));
            }
            let mut keys = set.keys.clone();
            keys.push(key.clone());
            Ok(Change::Write(keys))
        };
        self.change_keys(OPERATION, id, change, is_there).await
    }

    /// Posts a key again, so that it lives another year from today. The others keep their time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is no such key, and as [`add_key`](Self::add_key).
    pub async fn renew_key(&self, id: &ClientId, kid: &KeyId) -> Result<KeySet, Error> {
        const OPERATION: &str = "renew a key";
        let mut written = false;
        let change = |set: &KeySet| {
            let mut keys = set.keys.clone();
            let Some(key) = keys
                .iter_mut()
                .find(|key| key.kid.as_deref() == Some(kid.as_str()))
            else {
                return Err(no_such_key(OPERATION, kid));
            };
            if written {
                return Ok(Change::Nothing);
            }
            written = true;
            key.exp = None;
            Ok(Change::Write(keys))
        };
        self.change_keys(OPERATION, id, change, |set| set.find(kid).is_some())
            .await
    }

    /// Removes a key. The last one is removed with the set, and then the client signs with its
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is no such key, and as [`add_key`](Self::add_key).
    pub async fn remove_key(&self, id: &ClientId, kid: &KeyId) -> Result<KeySet, Error> {
        const OPERATION: &str = "remove a key";
        let mut seen = false;
        let change = |set: &KeySet| {
            let mut keys = set.keys.clone();
            keys.retain(|key| key.kid.as_deref() != Some(kid.as_str()));
            if keys.len() == set.keys.len() {
                return if seen {
                    Ok(Change::Nothing)
                } else {
                    Err(no_such_key(OPERATION, kid))
                };
            }
            seen = true;
            Ok(if keys.is_empty() {
                Change::DeleteAll
            } else {
                Change::Write(keys)
            })
        };
        self.change_keys(OPERATION, id, change, |set| set.find(kid).is_none())
            .await
    }

    /// Removes all keys of a client.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub async fn delete_keys(&self, id: &ClientId) -> Result<(), Error> {
        let lock = self.lock_of(id);
        let _alone = lock.lock().await;
        self.delete_set("remove all keys", id).await
    }

    async fn delete_set(&self, operation: &'static str, id: &ClientId) -> Result<(), Error> {
        let call = Call::get(operation, keys_path(id), scope::WRITE);
        self.send(call.method(Method::DELETE)).await.map(drop)
    }

    async fn change_keys(
        &self,
        operation: &'static str,
        id: &ClientId,
        mut change: impl FnMut(&KeySet) -> Result<Change, Error>,
        is_done: impl Fn(&KeySet) -> bool,
    ) -> Result<KeySet, Error> {
        let lock = self.lock_of(id);
        let _alone = lock.lock().await;
        let mut set = self.keys(id).await?;
        for _ in 0..TRIES {
            let wanted: Vec<RegisteredKey> = match change(&set)? {
                Change::Nothing => return Ok(set),
                Change::DeleteAll => {
                    self.delete_set(operation, id).await?;
                    Vec::new()
                }
                Change::Write(keys) => {
                    let keys: Vec<RegisteredKey> =
                        keys.into_iter().map(RegisteredKey::echoed).collect();
                    let call = Call::get(operation, keys_path(id), scope::WRITE);
                    let body = Body { keys: keys.clone() };
                    self.send(call.method(Method::POST).body(&body)?).await?;
                    keys
                }
            };
            let after = self.keys(id).await?;
            let is_whole = wanted.iter().all(|key| {
                after
                    .keys
                    .iter()
                    .any(|one| one.kid == key.kid && one.is_same_key(key))
            });
            if is_whole && is_done(&after) {
                tracing::info!(client_id = %id, operation, keys = after.keys.len(), "changed a client's keys");
                return Ok(after);
            }
            tracing::warn!(client_id = %id, operation, "somebody else changed the client's keys meanwhile");
            // what they removed is theirs to remove; what is missing of ours is written again
            set = after;
        }
        Err(Error::interfered(operation))
    }
}

fn keys_path(id: &ClientId) -> String {
    format!("{}/jwks", client_path(id))
}

fn no_such_key(operation: &'static str, kid: &KeyId) -> Error {
    Error::not_found(
        operation,
        format!("the client has no key with the id {kid}"),
    )
}
