//! Private keys as JSON: a JWK or a JWKS (RFC 7517), bare or wrapped in base64.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_transport::{Remedy, Who};
use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::RsaPrivateKeyBuilder;
use openssl::sign::{Signer, Verifier};
use openssl::x509::X509;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use zeroize::Zeroizing;

use super::{crypto, unwrapped};
use crate::{Algorithm, BuildError, BuildErrorKind, KeyId};

/// What a JWK says of a key.
pub(super) struct Read {
    pub(super) key: PKey<Private>,
    pub(super) certificates: Vec<X509>,
    pub(super) kid: Option<KeyId>,
    pub(super) algorithm: Option<Algorithm>,
    /// Digdir's administration API writes it beside registered keys.
    pub(super) expires_at: Option<SystemTime>,
}

/// Reads the one private signing key; of several, the one with this `kid`.
pub(super) fn read(text: &[u8], kid: Option<&KeyId>) -> Result<Read, BuildError> {
    let wrapped;
    let mut json = text.trim_ascii();
    if !json.starts_with(b"{") {
        wrapped = unwrapped(json).ok_or_else(|| not_a_jwk("it is neither JSON nor base64"))?;
        json = wrapped.trim_ascii();
    }
    if !json.starts_with(b"{") {
        return Err(not_a_jwk("what the base64 holds is no JSON object"));
    }
    // serde's messages quote the text: a place in it is all that is said
    let torn = |error: serde_json::Error| {
        not_a_jwk(&format!(
            "it cannot be read from line {}, column {} on",
            error.line(),
            error.column()
        ))
    };
    let keys = match serde_json::from_slice::<Document>(json).map_err(torn)? {
        Document {
            keys: Some(keys), ..
        } => keys,
        Document { keys: None, .. } => vec![serde_json::from_slice(json).map_err(torn)?],
    };
    choose(keys, kid)?.key()
}

#[derive(Deserialize)]
struct Document {
    keys: Option<Vec<Jwk>>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(default)]
    x5c: Vec<String>,
    exp: Option<serde_json::Value>,
    n: Option<Number>,
    e: Option<Number>,
    d: Option<Number>,
    p: Option<Number>,
    q: Option<Number>,
    dp: Option<Number>,
    dq: Option<Number>,
    qi: Option<Number>,
    /// More than two primes (RFC 7518 §6.3.2.7), which nobody uses.
    oth: Option<serde::de::IgnoredAny>,
}

impl Jwk {
    fn signs(&self) -> bool {
        self.d.is_some() && self.is_rsa() && self.usage.as_deref() != Some("enc")
    }

    fn is_rsa(&self) -> bool {
        self.kty.as_deref() == Some("RSA")
    }

    fn key(self) -> Result<Read, BuildError> {
        let algorithm = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(Algorithm::named(name).ok_or_else(|| {
                BuildError::new(
                    BuildErrorKind::UnsupportedKey,
                    "the JWK is for another algorithm than RS256, RS384 and RS512",
                )
                .with_remedy(Remedy::new(
                    Who::You,
                    "make a key for RS256; Maskinporten takes RS256, RS384 and RS512 only",
                ))
            })?),
        };
        let kid = self
            .kid
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| not_a_jwk("its kid is empty or has spaces in it"))?;
        let certificates = self
            .x5c
            .iter()
            .map(|text| {
                let der = STANDARD
                    .decode(text)
                    .map_err(|_| not_a_jwk("its x5c is not base64"))?;
                X509::from_der(&der)
                    .map_err(|error| crypto("a certificate in the JWK cannot be read", error))
            })
            .collect::<Result<_, _>>()?;
        let expires_at = self
            .exp
            .as_ref()
            .and_then(serde_json::Value::as_u64)
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        let key = self
            .rsa()
            .map_err(|error| crypto("the numbers of the JWK make no RSA key", error))?
            .ok_or_else(|| not_a_jwk("one of its numbers n, e, d is missing"))?;
        if !matches(&key) {
            return Err(not_a_jwk(
                "its private numbers do not belong to its public ones",
            ));
        }
        Ok(Read {
            key,
            certificates,
            kid,
            algorithm,
            expires_at,
        })
    }

    fn rsa(self) -> Result<Option<PKey<Private>>, ErrorStack> {
        let (Some(n), Some(e), Some(d), None) = (self.n, self.e, self.d, self.oth) else {
            return Ok(None);
        };
        let (n, e, d) = (n.big()?, e.big()?, d.big()?);
        let builder = RsaPrivateKeyBuilder::new(n, e, d.to_owned()?)?;
        // without its primes a key signs too, if slower (RFC 7518 §6.3.2: they "should" be there)
        let rsa = match (self.p, self.q) {
            (Some(p), Some(q)) => {
                let (p, q) = (p.big()?, q.big()?);
                let (dp, dq, qi) = match (self.dp, self.dq, self.qi) {
                    (Some(dp), Some(dq), Some(qi)) => (dp.big()?, dq.big()?, qi.big()?),
                    _ => crt(&d, &p, &q)?,
                };
                builder.set_factors(p, q)?.set_crt_params(dp, dq, qi)?
            }
            _ => builder,
        };
        PKey::from_rsa(rsa.build()).map(Some)
    }
}

/// `d mod (p − 1)`, `d mod (q − 1)`, `q⁻¹ mod p` (RFC 8017 §3.2).
fn crt(d: &BigNum, p: &BigNum, q: &BigNum) -> Result<(BigNum, BigNum, BigNum), ErrorStack> {
    let mut context = BigNumContext::new_secure()?;
    let mut reduced = |prime: &BigNum| {
        let mut less = (**prime).to_owned()?;
        less.sub_word(1)?;
        let mut rest = BigNum::new_secure()?;
        rest.nnmod(d, &less, &mut context)?;
        Ok::<_, ErrorStack>(rest)
    };
    let (dp, dq) = (reduced(p)?, reduced(q)?);
    let mut qi = BigNum::new_secure()?;
    qi.mod_inverse(q, p, &mut context)?;
    Ok((dp, dq, qi))
}

/// Whether both halves belong together: one signature, verified.
fn matches(key: &PKey<Private>) -> bool {
    let message = b"maskinporten";
    let sign = || {
        let signature = Signer::new(MessageDigest::sha256(), key)?.sign_oneshot_to_vec(message)?;
        Verifier::new(MessageDigest::sha256(), key)?.verify_oneshot(&signature, message)
    };
    sign().unwrap_or_else(|error: ErrorStack| {
        drop(error);
        false
    })
}

fn choose(keys: Vec<Jwk>, kid: Option<&KeyId>) -> Result<Jwk, BuildError> {
    let some = |is: fn(&Jwk) -> bool| keys.iter().any(is);
    let (private, rsa) = (some(|key| key.d.is_some()), some(Jwk::is_rsa));
    let mut usable: Vec<Jwk> = keys.into_iter().filter(Jwk::signs).collect();
    let names = |keys: &[Jwk]| {
        let names: Vec<&str> = keys
            .iter()
            .map(|key| key.kid.as_deref().unwrap_or("(without a kid)"))
            .collect();
        http_transport::redact::text(&names.join(", "))
    };
    match (usable.len(), kid) {
        (0, _) if !private => Err(BuildError::new(
            BuildErrorKind::NoKey,
            "there is no private key in the JWK",
        )
        .with_remedy(Remedy::new(
            Who::You,
            "give the private JWK, the one with a member d; the public half is for Digdir",
        ))),
        (0, _) if rsa => Err(BuildError::new(
            BuildErrorKind::EncryptionOnly,
            "the JWK is for encryption (use: enc)",
        )
        .with_remedy(Remedy::new(Who::You, "give a key for signing (use: sig)"))),
        (0, _) => Err(BuildError::new(
            BuildErrorKind::UnsupportedKey,
            "the JWK is not an RSA key",
        )
        .with_remedy(Remedy::new(
            Who::You,
            "use an RSA key of at least 2048 bits; Maskinporten takes RS256, RS384 and RS512 only",
        ))),
        // one key: a kid that was given is how it is registered, whatever the file calls it
        (1, _) => Ok(usable.swap_remove(0)),
        (several, None) => Err(BuildError::new(
            BuildErrorKind::SeveralKeys,
            format!("there are {several} private keys in the JWKS: {}", names(&usable)),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "choose one by its kid (MASKINPORTEN_KID)",
        ))),
        (_, Some(kid)) => {
            let wanted = |key: &Jwk| key.kid.as_deref() == Some(kid.as_str());
            match usable.iter().position(wanted) {
                Some(index) => Ok(usable.swap_remove(index)),
                None => Err(BuildError::new(
                    BuildErrorKind::UnknownAlias,
                    format!("no key in the JWKS has this kid; there are: {}", names(&usable)),
                )
                .with_remedy(Remedy::new(Who::You, "use one of the kids in the JWKS"))),
            }
        }
    }
}

fn not_a_jwk(why: &str) -> BuildError {
    BuildError::new(
        BuildErrorKind::NotAKeyFile,
        format!("the text is not a JWK: {why}"),
    )
    .with_remedy(Remedy::new(
        Who::You,
        "give a private JWK or JWKS (RFC 7517), as JSON or that JSON in base64",
    ))
}

/// A number as a JWK writes it, base64url (RFC 7518 §2), wiped when it is dropped.
struct Number(Zeroizing<Vec<u8>>);

impl Number {
    fn big(&self) -> Result<BigNum, ErrorStack> {
        let mut number = BigNum::new_secure()?;
        number.copy_from_slice(&self.0)?;
        Ok(number)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number in base64url")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                URL_SAFE_NO_PAD
                    .decode(text.trim_end_matches('='))
                    .map(|bytes| Number(Zeroizing::new(bytes)))
                    .map_err(|_| E::custom("not base64url"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
