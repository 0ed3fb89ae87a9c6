//! What signs a grant: a key here, or one that never leaves its vault.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_transport::BoxFuture;
use norwegian_ids::OrganisationNumber;

use crate::{BuildError, BuildErrorKind, KeyId};

/// The algorithms that Maskinporten takes (docs.digdir.no, "JWT grant"): RSA with PKCS#1 v1.5
/// padding, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// With SHA-256, which every server of this kind takes.
    #[default]
    Rs256,
    /// With SHA-384.
    Rs384,
    /// With SHA-512.
    Rs512,
}

impl Algorithm {
    /// The name in a JOSE header (RFC 7518 §3.1).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// The algorithm of this name.
    ///
    /// ```
    /// assert_eq!(maskinporten::Algorithm::named("RS256"), Some(maskinporten::Algorithm::Rs256));
    /// assert_eq!(maskinporten::Algorithm::named("none"), None);
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Rs384, Self::Rs512]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the server finds the public key: exactly one way, because a `kid` beside an `x5c` decides
/// alone and hides mistakes in the other.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyReference {
    /// By the id of a key that is registered on the client (`kid`).
    KeyId(KeyId),
    /// By the certificate itself and its issuers, in DER, leaf first (`x5c`).
    Chain(Vec<Vec<u8>>),
}

impl KeyReference {
    /// The JOSE header: two members, no `typ`.
    fn header(&self, algorithm: Algorithm) -> Result<String, BuildError> {
        let alg = algorithm.as_str();
        let json = match self {
            Self::KeyId(kid) => serde_json::json!({ "alg": alg, "kid": kid.as_str() }).to_string(),
            Self::Chain(chain) if chain.is_empty() => {
                return Err(BuildError::new(
                    BuildErrorKind::NoCertificate,
                    "the certificate chain is empty",
                ));
            }
            Self::Chain(chain) => {
                // standard base64 of the DER, neither url-safe nor PEM (RFC 7515 §4.1.6)
                let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
                serde_json::json!({ "alg": alg, "x5c": x5c }).to_string()
            }
        };
        Ok(URL_SAFE_NO_PAD.encode(json))
    }
}

impl fmt::Debug for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyId(kid) => f.debug_tuple("KeyId").field(kid).finish(),
            Self::Chain(chain) => write!(f, "Chain({} certificates)", chain.len()),
        }
    }
}

/// A key that can sign. Implement it for a key that lives in an HSM, a key vault or another
/// process; the keys of files come with [`Signer`]'s constructors.
///
/// ```
/// use http_transport::BoxFuture;
/// use maskinporten::{Algorithm, KeyReference, Sign, SignError, Signer};
///
/// #[derive(Debug)]
/// struct Vault { key: String }
///
/// impl Sign for Vault {
///     fn algorithm(&self) -> Algorithm { Algorithm::Rs256 }
///     fn key_reference(&self) -> Option<KeyReference> {
///         self.key.parse().ok().map(KeyReference::KeyId)
///     }
///     fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
///         Box::pin(async move {
///             // here the vault is asked over the network
///             Err(SignError::new("the vault is sealed").may_pass())
///         })
///     }
/// }
///
/// let signer = Signer::new(Vault { key: "our-key-2026".into() })?;
/// # Ok::<(), maskinporten::BuildError>(())
/// ```
pub trait Sign: Send + Sync + fmt::Debug {
    /// The algorithm of the signatures it makes.
    fn algorithm(&self) -> Algorithm;

    /// How the server finds the public key. `None` for a key with neither certificate nor id, which
    /// needs [`Signer::with_kid`].
    fn key_reference(&self) -> Option<KeyReference>;

    /// What is known of the certificate that goes with the key.
    fn certificate(&self) -> Option<&Certificate> {
        None
    }

    /// Signs the message: an RSASSA-PKCS1-v1_5 signature over its digest.
    ///
    /// # Errors
    ///
    /// When the key cannot be used now, or not at all: see [`SignError::may_pass`].
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>>;
}

/// Why a signature could not be made.
#[derive(Clone, Debug)]
pub struct SignError {
    message: String,
    may_pass: bool,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl SignError {
    /// What went wrong, in a short phrase without secrets.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            may_pass: false,
            source: None,
        }
    }

    /// Says that the same key may well sign in a moment: a vault that did not answer in time.
    #[must_use]
    pub fn may_pass(mut self) -> Self {
        self.may_pass = true;
        self
    }

    /// Adds the error below.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Whether a second try can help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.may_pass
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SignError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What is known of a business certificate (virksomhetssertifikat).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    subject: String,
    not_before: SystemTime,
    not_after: SystemTime,
    organisation: Option<OrganisationNumber>,
}

impl Certificate {
    /// A certificate of this subject, valid between these times.
    #[must_use]
    pub fn new(subject: impl Into<String>, not_before: SystemTime, not_after: SystemTime) -> Self {
        Self {
            subject: subject.into(),
            not_before,
            not_after,
            organisation: None,
        }
    }

    /// The organisation that the certificate was issued to.
    #[must_use]
    pub fn with_organisation(mut self, organisation: OrganisationNumber) -> Self {
        self.organisation = Some(organisation);
        self
    }

    /// The subject, for people to recognise it by.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The organisation that the certificate was issued to, as far as it says. It must be the one
    /// that owns the client (MP-122).
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        self.organisation
    }

    /// From when it is valid.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// Until when it is valid.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// How long it remains valid, zero when it has expired.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }

    /// How many whole days it remains valid; negative when it has expired.
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> i64 {
        days_until(self.not_after, now)
    }
}

impl fmt::Display for Certificate {
    /// Subject and organisation number, for people to recognise it by.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        match self.organisation {
            Some(organisation) => write!(f, " (organisation {organisation})"),
            None => f.write_str(" (no organisation number)"),
        }
    }
}

/// Whole days from `now` to `then`, rounded down: -1 from the moment it has passed.
pub(crate) fn days_until(then: SystemTime, now: SystemTime) -> i64 {
    const DAY: u64 = 24 * 60 * 60;
    let days = |time: Duration| i64::try_from(time.as_secs() / DAY).unwrap_or(i64::MAX);
    match then.duration_since(now) {
        Ok(left) => days(left),
        Err(over) => -1 - days(over.duration()),
    }
}

/// A key with its ready JOSE header: what a [`Client`](crate::Client) signs grants with. Cheap to
/// clone.
///
/// With feature `openssl`: `from_pkcs12`, `from_pem`, `from_jwk`, and `loader` for more choices.
#[derive(Clone)]
pub struct Signer {
    key: Arc<dyn Sign>,
    reference: Option<Arc<Reference>>,
    key_expiry: Option<SystemTime>,
}

struct Reference {
    by: KeyReference,
    /// Encoded once: an `x5c` of three certificates is some 8 KiB of base64.
    header: String,
}

impl Signer {
    /// A signer of any key.
    ///
    /// # Errors
    ///
    /// When its certificate chain is empty.
    pub fn new(key: impl Sign + 'static) -> Result<Self, BuildError> {
        let algorithm = key.algorithm();
        let reference = key
            .key_reference()
            .map(|by| Reference::new(by, algorithm))
            .transpose()?
            .map(Arc::new);
        Ok(Self {
            key: Arc::new(key),
            reference,
            key_expiry: None,
        })
    }

    /// Refers to the key by the id under which it is registered on the client, and sends no
    /// certificate. A client that has registered keys takes nothing else.
    #[must_use]
    pub fn with_kid(mut self, kid: KeyId) -> Self {
        // a kid is always encodable: only an empty chain is not
        self.reference = Reference::new(KeyReference::KeyId(kid), self.key.algorithm())
            .ok()
            .map(Arc::new);
        self
    }

    /// Says until when the registered key may be used, as the administration API tells it: a key
    /// lives one year from the day it was posted. It counts where the key is sent by its id.
    #[must_use]
    pub fn with_key_expiry(mut self, time: SystemTime) -> Self {
        self.key_expiry = Some(time);
        self
    }

    /// Until when the server takes this signer's grants: until its certificate expires, or its
    /// registered key where that is sent. `None` when that is not known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        match self.key_reference()? {
            KeyReference::KeyId(_) => self.key_expiry,
            KeyReference::Chain(_) => Some(self.certificate()?.not_after()),
        }
    }

    /// How many whole days are left until [`expires_at`](Self::expires_at); negative when that has
    /// passed.
    ///
    /// ```
    /// # use maskinporten::*;
    /// # use std::time::{Duration, SystemTime};
    /// # fn show(signer: Signer) {
    /// let now = SystemTime::now();
    /// let signer = signer.with_kid("our-key-2026".parse().unwrap());
    /// assert_eq!(signer.days_left(now), None); // nobody has said
    /// let signer = signer.with_key_expiry(now + Duration::from_secs(10 * 86_400 + 1));
    /// assert_eq!(signer.days_left(now), Some(10));
    /// # }
    /// ```
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> Option<i64> {
        Some(days_until(self.expires_at()?, now))
    }

    #[cfg(feature = "openssl")]
    pub(crate) fn is_by_kid(&self) -> bool {
        matches!(self.key_reference(), Some(KeyReference::KeyId(_)))
    }

    /// Whether both are one key, and not two that may be equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key) && self.header() == other.header()
    }

    /// The algorithm of its signatures.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// How the server finds the public key; `None` until [`with_kid`](Self::with_kid) when the key
    /// came without a certificate.
    #[must_use]
    pub fn key_reference(&self) -> Option<&KeyReference> {
        self.reference.as_ref().map(|reference| &reference.by)
    }

    /// What is known of the certificate that goes with the key, whether it is sent or not.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.key.certificate()
    }

    /// The organisation that the server will see: the certificate's, when the certificate is what
    /// is sent.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        match self.key_reference() {
            Some(KeyReference::Chain(_)) => self.certificate()?.organisation(),
            _ => None,
        }
    }

    /// The encoded header, which names the key: what changes when the key does.
    pub(crate) fn header(&self) -> Option<&str> {
        self.reference.as_ref().map(|reference| &*reference.header)
    }

    /// A compact JWS (RFC 7515 §3.1) over the claims.
    pub(crate) async fn jws(&self, claims: &[u8]) -> Result<String, SignError> {
        let reference = self
            .reference
            .as_ref()
            .ok_or_else(|| SignError::new("the key has neither a certificate nor a key id"))?;
        let header = &*reference.header;
        let mut jws = String::with_capacity(header.len() + claims.len() * 4 / 3 + 700);
        jws.push_str(header);
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut jws);
        let signature = self.key.sign(jws.as_bytes()).await?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        Ok(jws)
    }
}

impl Reference {
    fn new(by: KeyReference, algorithm: Algorithm) -> Result<Self, BuildError> {
        let header = by.header(algorithm)?;
        Ok(Self { by, header })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("algorithm", &self.algorithm())
            .field("key_reference", &self.key_reference())
            .field("certificate", &self.certificate())
            .finish_non_exhaustive()
    }
}
