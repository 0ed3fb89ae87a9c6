//! Compact JWS with RSA signatures: parsing, checking, signing. Nothing here knows a claim.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::sign::{Signer, Verifier};
use serde::Serialize;
use serde_json::{Map, Value};

/// A compact JWS taken apart. Its signature is not checked yet.
pub(crate) struct Jws {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// `None` when it is not three parts of unpadded base64url, or not two JSON objects.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    pub(crate) fn seconds(&self, claim: &str) -> Option<i64> {
        self.claims.get(claim)?.as_i64()
    }

    /// The digest of `alg`, for the three algorithms that Maskinporten knows.
    pub(crate) fn digest(&self) -> Option<MessageDigest> {
        match self.header_text("alg")? {
            "RS256" => Some(MessageDigest::sha256()),
            "RS384" => Some(MessageDigest::sha384()),
            "RS512" => Some(MessageDigest::sha512()),
            _ => None,
        }
    }

    pub(crate) fn is_signed_by<T: HasPublic>(&self, key: &PKeyRef<T>) -> bool {
        let check = || -> Result<bool, ErrorStack> {
            let Some(digest) = self.digest() else {
                return Ok(false);
            };
            let mut verifier = Verifier::new(digest, key)?;
            verifier.verify_oneshot(&self.signature, self.signed.as_bytes())
        };
        check().unwrap_or(false)
    }
}

/// Signs `claims` with RS256.
pub(crate) fn sign(
    header: &impl Serialize,
    claims: &impl Serialize,
    key: &PKey<Private>,
) -> Result<String, SignError> {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!(
        "{}.{}",
        part(&serde_json::to_vec(header)?),
        part(&serde_json::to_vec(claims)?)
    );
    let mut signer = Signer::new(MessageDigest::sha256(), key)?;
    let signature = signer.sign_oneshot_to_vec(signed.as_bytes())?;
    Ok(format!("{signed}.{}", part(&signature)))
}

/// A token could not be signed; nothing a client does causes it.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token")]
pub(crate) enum SignError {
    Json(#[from] serde_json::Error),
    OpenSsl(#[from] ErrorStack),
}
