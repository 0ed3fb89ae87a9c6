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
/// Keys that are not known make them be fetched at most so often; fetches for other reasons do not
/// count, so that a key which is new just after one is found.
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
    /// When old keys were last tried to be renewed.
    tried: Option<Duration>,
    /// When a key that was not known last made them be fetched.
    asked_for_unknown: Option<Duration>,
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
        let last = if fresh {
            &mut state.asked_for_unknown
        } else {
            &mut state.tried
        };
        if since(*last).is_none_or(|age| age >= BETWEEN) {
            let before = last.replace(now);
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
                    let last = if fresh {
                        &mut state.asked_for_unknown
                    } else {
                        &mut state.tried
                    };
                    *last = before;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use base64::engine::general_purpose::STANDARD;
    use http_transport::from_fn;
    use openssl::pkey::Private;
    use openssl::sign::Signer;
    use serde_json::json;
    use token_cache::TestClock;

    use super::*;

    fn token(kid: &str, key: &PKey<Private>) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!(
            "{}.{}",
            part(json!({"alg": "RS256", "kid": kid})),
            part(json!({"sub": kid}))
        );
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// As Altinn writes it: standard base64, padded.
    fn published(kid: &str, key: &PKey<Private>) -> Value {
        let rsa = key.rsa().unwrap();
        let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
        json!({"kty": "RSA", "use": "sig", "kid": kid, "n": STANDARD.encode(n), "e": STANDARD.encode(e)})
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_key_is_found_at_once_and_unknown_ones_do_not_make_the_issuer_busy() {
        let key = || PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let (old, new) = (key(), key());
        let documents = [
            json!({"keys": [published("old", &old)]}),
            json!({"keys": [published("old", &old), published("new", &new)]}),
        ];
        let fetched = std::sync::Arc::new(AtomicUsize::new(0));
        let count = fetched.clone();
        let transport = from_fn(move |_| {
            let nth = count.fetch_add(1, Ordering::Relaxed);
            let body = documents[nth.min(1)].to_string();
            async move { Ok(http::Response::new(Bytes::from(body))) }
        });
        let (keys, clock) = (Keys::at("https://issuer.example/jwks"), TestClock::new());
        let check = async |token: String| keys.payload(&token, &transport, &clock).await;
        let fetches = || fetched.load(Ordering::Relaxed);

        check(token("old", &old)).await.unwrap();
        assert_eq!(fetches(), 1);
        // a moment later the issuer signs with a new one
        check(token("new", &new)).await.unwrap();
        assert_eq!(fetches(), 2);
        for kid in ["a", "b", "c"] {
            let refused = check(token(kid, &new)).await;
            assert!(matches!(refused, Err(Untrusted::UnknownKey)), "{refused:?}");
        }
        assert_eq!(fetches(), 2, "not more often than every 30 s");
        clock.advance(BETWEEN);
        check(token("a", &new)).await.unwrap_err();
        assert_eq!(fetches(), 3);
        // the one that is known is of no account for that
        check(token("old", &old)).await.unwrap();
        assert_eq!(fetches(), 3);
        let forged = check(token("old", &new)).await;
        assert!(matches!(forged, Err(Untrusted::Signature)), "{forged:?}");
    }
}
