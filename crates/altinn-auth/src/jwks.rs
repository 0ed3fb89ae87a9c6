//! An issuer's public keys (JWKS, RFC 7517), for Altinn's tokens and for id_tokens.
//!
//! Altinn writes `n` and `e` in standard base64, which RFC 7518 does not allow; both alphabets are read.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::ACCEPT;
use http_transport::{Transport, decode_json};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde::Deserialize;
use serde_json::Value;
use token_cache::Clock;
use tokio::sync::Mutex;

/// Digdir's advice for keys and metadata; Altinn publishes a new key 48 h before it is used.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// Keys that are not known make them be fetched at most so often.
const BETWEEN: Duration = Duration::from_secs(30);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const EITHER: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Why a signature is not trusted.
#[derive(Debug)]
pub(crate) enum Untrusted {
    /// Not a compact JWS with RS256, RS384 or RS512; `none` is of this kind.
    NotSigned,
    UnknownKey,
    Signature,
    /// It is not the token's fault.
    KeysUnavailable(http_transport::Error),
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSigned => "it is not a JSON web token signed with RSA and SHA-2",
            Self::UnknownKey => "it is signed with a key that its issuer does not have",
            Self::Signature => "its signature is not its issuer's",
            Self::KeysUnavailable(_) => "its issuer's keys could not be fetched",
        })
    }
}

/// The keys at one URL.
pub(crate) struct Keys {
    url: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, PKey<Public>>,
    fetched: Option<Duration>,
    tried: Option<Duration>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Keys {
    pub(crate) fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            state: Mutex::default(),
        }
    }

    /// Verifies a compact JWS and gives its payload.
    pub(crate) async fn payload(
        &self,
        token: &str,
        transport: &dyn Transport,
        clock: &dyn Clock,
    ) -> Result<Value, Untrusted> {
        let (message, signature) = token.rsplit_once('.').ok_or(Untrusted::NotSigned)?;
        let (header, payload) = message.split_once('.').ok_or(Untrusted::NotSigned)?;
        let bytes = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| Untrusted::NotSigned)
        };
        let header: Value =
            serde_json::from_slice(&bytes(header)?).map_err(|_| Untrusted::NotSigned)?;
        let digest = match header["alg"].as_str() {
            Some("RS256") => MessageDigest::sha256(),
            Some("RS384") => MessageDigest::sha384(),
            Some("RS512") => MessageDigest::sha512(),
            _ => return Err(Untrusted::NotSigned),
        };
        let kid = header["kid"].as_str().ok_or(Untrusted::UnknownKey)?;
        let key = self.key(kid, transport, clock).await?;
        let signature = bytes(signature)?;
        let holds = Verifier::new(digest, &key)
            .and_then(|mut verifier| verifier.verify_oneshot(&signature, message.as_bytes()))
            .unwrap_or(false);
        if !holds {
            return Err(Untrusted::Signature);
        }
        serde_json::from_slice(&bytes(payload)?).map_err(|_| Untrusted::NotSigned)
    }

    async fn key(
        &self,
        kid: &str,
        transport: &dyn Transport,
        clock: &dyn Clock,
    ) -> Result<PKey<Public>, Untrusted> {
        let now = clock.now_monotonic();
        let since = |then: Option<Duration>| then.map(|then| now.saturating_sub(then));
        // held while fetching: the others wait for the same answer
        let mut state = self.state.lock().await;
        let fresh = since(state.fetched).is_some_and(|age| age < FRESH);
        if let Some(key) = state.keys.get(kid).filter(|_| fresh) {
            return Ok(key.clone());
        }
        if since(state.tried).is_none_or(|age| age >= BETWEEN) {
            state.tried = Some(now);
            match self.fetch(transport).await {
                Ok(keys) => {
                    state.keys = keys;
                    state.fetched = Some(now);
                }
                // the old keys are better than none
                Err(error) if state.keys.contains_key(kid) => {
                    tracing::debug!(url = self.url, %error, "keys not renewed");
                }
                Err(error) => {
                    // the next caller may try at once: nothing was learnt about this key
                    state.tried = None;
                    return Err(Untrusted::KeysUnavailable(error));
                }
            }
        }
        state.keys.get(kid).cloned().ok_or(Untrusted::UnknownKey)
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
    ) -> Result<HashMap<String, PKey<Public>>, http_transport::Error> {
        const OPERATION: &str = "fetch an issuer's keys";
        let request = http::Request::get(&self.url)
            .header(ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| {
                http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, OPERATION)
                    .with_source(error)
            })?;
        let answer = transport.send(request).await?;
        let document: Document = decode_json(OPERATION, &answer)?;
        Ok(document
            .keys
            .iter()
            // keys of other kinds are not ours to judge
            .filter_map(|key| Some((key["kid"].as_str()?.to_owned(), public_key(key)?)))
            .collect())
    }
}

fn public_key(key: &Value) -> Option<PKey<Public>> {
    if key["kty"] != "RSA" || key["use"].as_str().is_some_and(|usage| usage != "sig") {
        return None;
    }
    let number = |member: &str| {
        let text = key[member].as_str()?.replace('+', "-").replace('/', "_");
        BigNum::from_slice(&EITHER.decode(text).ok()?).ok()
    };
    let rsa = Rsa::from_public_components(number("n")?, number("e")?).ok()?;
    PKey::from_rsa(rsa).ok()
}
