//! Keys from files, signed with OpenSSL (feature `openssl`).

mod chain;
mod jwk;
mod mac;
mod pem;
mod pkcs12;
mod safe_bags;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use ::openssl::error::ErrorStack;
use ::openssl::md::Md;
use ::openssl::pkey::{Id, PKey, Private};
use ::openssl::pkey_ctx::PkeyCtx;
use ::openssl::rsa::Padding;
use ::openssl::sha::{sha256, sha384, sha512};
use ::openssl::x509::X509;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http_transport::{BoxFuture, Remedy, SecretString, Who};
use zeroize::Zeroizing;

use crate::clock::day;
use crate::{
    Algorithm, BuildError, BuildErrorKind, Certificate, KeyId, KeyReference, Sign, SignError,
    Signer,
};

/// Fewer bits are refused here: the smallest that certificate issuers and Maskinporten use.
const LEAST_BITS: u32 = 2048;

impl Signer {
    /// The key and certificate chain of a PKCS#12 file (`.p12`, `.pfx`): the usual form of a
    /// business certificate (virksomhetssertifikat).
    ///
    /// Modern files and old ones (RC2, 3DES) are read, with and without a MAC; for RC2 OpenSSL needs
    /// its legacy module. The file may be wrapped in base64, as platforms inject it.
    ///
    /// ```
    /// use maskinporten::{BuildErrorKind, Signer};
    ///
    /// let error = Signer::from_pkcs12(b"not a key file", &"password".into()).unwrap_err();
    /// assert_eq!(error.kind(), BuildErrorKind::NotAKeyFile);
    /// ```
    ///
    /// # Errors
    ///
    /// A wrong password, no key, several keys (choose with
    /// [`from_pkcs12_alias`](Self::from_pkcs12_alias)), a certificate that has expired, is not valid
    /// yet, is for encryption only or does not fit the key, a key that is not RSA of 2048 bits or more:
    /// each is a [`BuildErrorKind`] of its own. [`loader`](Self::loader) can be told to take a
    /// certificate that is out of date.
    pub fn from_pkcs12(bytes: &[u8], password: &SecretString) -> Result<Self, BuildError> {
        Self::loader().pkcs12(bytes, password)
    }

    /// As [`from_pkcs12`](Self::from_pkcs12), the key with this alias (its `friendlyName`, in any
    /// case) of a file that holds several.
    ///
    /// # Errors
    ///
    /// As [`from_pkcs12`](Self::from_pkcs12); an alias that is not there is answered with those that
    /// are.
    pub fn from_pkcs12_alias(
        bytes: &[u8],
        password: &SecretString,
        alias: &str,
    ) -> Result<Self, BuildError> {
        Self::loader().alias(alias).pkcs12(bytes, password)
    }

    /// The key in a PEM text (PKCS#1 or PKCS#8), with the certificates that stand in it, in any
    /// order. Without a certificate the key needs [`with_kid`](Self::with_kid).
    ///
    /// # Errors
    ///
    /// As [`from_pkcs12`](Self::from_pkcs12), and when the key is encrypted.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BuildError> {
        Self::loader().pem(pem, None)
    }

    /// As [`from_pem`](Self::from_pem), with the password of an encrypted key.
    ///
    /// # Errors
    ///
    /// As [`from_pkcs12`](Self::from_pkcs12).
    pub fn from_encrypted_pem(pem: &[u8], password: &SecretString) -> Result<Self, BuildError> {
        Self::loader().pem(pem, Some(password))
    }

    /// The key of a private JWK (RFC 7517), or the one key of a JWKS, as JSON or that JSON in base64,
    /// as platforms inject it (`MASKINPORTEN_CLIENT_JWK`).
    ///
    /// A key with a `kid` is sent by it, another by its `x5c`; one with neither needs
    /// [`with_kid`](Self::with_kid). It signs with its `alg`, RS256 where that is not said.
    ///
    /// ```
    /// use maskinporten::{BuildErrorKind, Signer};
    ///
    /// let error = Signer::from_jwk(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#).unwrap_err();
    /// assert_eq!(error.kind(), BuildErrorKind::NoKey); // a public one
    /// ```
    ///
    /// # Errors
    ///
    /// Text that is no JWK, no private key, several (choose by [`SignerLoader::kid`]), a key that is
    /// not RSA of 2048 bits or more, or for encryption, and as [`from_pkcs12`](Self::from_pkcs12).
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        Self::loader().jwk(text)
    }

    /// Loads a key with more choices.
    #[must_use]
    pub fn loader() -> SignerLoader {
        SignerLoader::default()
    }
}

/// Choices for loading a key: see [`Signer::loader`].
///
/// ```
/// use maskinporten::{Algorithm, Signer};
///
/// # fn load(bytes: &[u8], password: &http_transport::SecretString) -> Result<(), maskinporten::BuildError> {
/// let signer = Signer::loader()
///     .algorithm(Algorithm::Rs512)
///     .kid("our-key-2026".parse()?) // a registered key, kept in a PKCS#12 file
///     .pkcs12(bytes, password)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct SignerLoader {
    algorithm: Option<Algorithm>,
    alias: Option<String>,
    kid: Option<KeyId>,
    any_dates: bool,
    now: Option<SystemTime>,
}

impl SignerLoader {
    /// Signs with this algorithm; with RS256 otherwise, or with the `alg` of a JWK.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Takes the key with this alias from a PKCS#12 file.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Sends this id of a registered key, and no certificate. What the certificate says of its
    /// validity and its use does not count then. Of the keys of a JWKS it chooses the one with this
    /// `kid`.
    #[must_use]
    pub fn kid(mut self, kid: KeyId) -> Self {
        self.kid = Some(kid);
        self
    }

    /// Takes a certificate that has expired or is not valid yet: the server is the judge, and a
    /// test may want its verdict.
    #[must_use]
    pub fn accept_any_dates(mut self) -> Self {
        self.any_dates = true;
        self
    }

    /// Judges the certificate's dates as of this time rather than now.
    #[must_use]
    pub fn at(mut self, now: SystemTime) -> Self {
        self.now = Some(now);
        self
    }

    /// Loads from a PKCS#12 file.
    ///
    /// # Errors
    ///
    /// As [`Signer::from_pkcs12`].
    pub fn pkcs12(self, bytes: &[u8], password: &SecretString) -> Result<Signer, BuildError> {
        let (key, certificates) = pkcs12::read(bytes, password, self.alias.as_deref())?;
        self.assemble(key, certificates)
    }

    /// Loads from a PEM text; the password is for an encrypted key.
    ///
    /// # Errors
    ///
    /// As [`Signer::from_pem`].
    pub fn pem(self, pem: &[u8], password: Option<&SecretString>) -> Result<Signer, BuildError> {
        let (key, certificates) = pem::read(pem, password)?;
        self.assemble(key, certificates)
    }

    /// Loads from a private JWK or JWKS.
    ///
    /// # Errors
    ///
    /// As [`Signer::from_jwk`].
    pub fn jwk(mut self, text: impl AsRef<[u8]>) -> Result<Signer, BuildError> {
        let read = jwk::read(text.as_ref(), self.kid.as_ref())?;
        self.kid = self.kid.or(read.kid);
        self.algorithm = self.algorithm.or(read.algorithm);
        let signer = self.assemble(read.key, read.certificates)?;
        Ok(match read.expires_at {
            Some(time) if signer.is_by_kid() => signer.with_key_expiry(time),
            _ => signer,
        })
    }

    fn assemble(self, key: PKey<Private>, certificates: Vec<X509>) -> Result<Signer, BuildError> {
        check_key(&key)?;
        let now = self.now.unwrap_or_else(SystemTime::now);
        let chain = chain::of_key(&key, certificates, now)?;
        let certificate = chain
            .first()
            .map(|leaf| chain::describe(leaf))
            .transpose()?;
        // a registered key is judged by its registration, not by a certificate that is not sent
        if self.kid.is_none()
            && let (Some(leaf), Some(certificate)) = (chain.first(), &certificate)
        {
            chain::check_usage(leaf, certificate)?;
            if !self.any_dates {
                check_dates(certificate, now)?;
            }
        }
        let chain = chain
            .iter()
            .map(|certificate| certificate.to_der())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| crypto("the certificate cannot be encoded", error))?;
        let signer = Signer::new(FileKey {
            key,
            algorithm: self.algorithm.unwrap_or_default(),
            chain,
            certificate,
            ready: Mutex::new(None),
        })?;
        Ok(match self.kid {
            Some(kid) => signer.with_kid(kid),
            None => signer,
        })
    }
}

fn check_key(key: &PKey<Private>) -> Result<(), BuildError> {
    let use_rsa = || {
        Remedy::new(
            Who::You,
            "use an RSA key of at least 2048 bits; Maskinporten takes RS256, RS384 and RS512 only",
        )
    };
    if key.id() != Id::RSA {
        return Err(
            BuildError::new(BuildErrorKind::UnsupportedKey, "the key is not an RSA key")
                .with_remedy(use_rsa()),
        );
    }
    if key.bits() < LEAST_BITS {
        return Err(BuildError::new(
            BuildErrorKind::UnsupportedKey,
            format!(
                "the key has {} bits, and {LEAST_BITS} is the least",
                key.bits()
            ),
        )
        .with_remedy(use_rsa()));
    }
    Ok(())
}

fn check_dates(certificate: &Certificate, now: SystemTime) -> Result<(), BuildError> {
    if certificate.not_after() < now {
        return Err(BuildError::new(
            BuildErrorKind::Expired,
            format!(
                "the certificate expired on {}: {certificate}",
                day(certificate.not_after()),
            ),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "use the renewed certificate, or order one (Buypass, Commfides)",
        )));
    }
    if certificate.not_before() > now {
        return Err(BuildError::new(
            BuildErrorKind::NotYetValid,
            format!(
                "the certificate is not valid before {}: {certificate}",
                day(certificate.not_before()),
            ),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "use the one before it until then; if the day has come, set this machine's clock",
        )));
    }
    Ok(())
}

/// What a text in base64 holds: of either alphabet, with or without padding and line breaks.
fn unwrapped(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect(),
    );
    LENIENT.decode(&*text).ok().map(Zeroizing::new)
}

fn crypto(message: &'static str, error: ErrorStack) -> BuildError {
    BuildError::new(BuildErrorKind::Crypto, message).with_source(error)
}

/// A key that was read from a file: parsed once, used for every signature.
struct FileKey {
    key: PKey<Private>,
    algorithm: Algorithm,
    chain: Vec<Vec<u8>>,
    certificate: Option<Certificate>,
    /// Set up for the key and the algorithm, which costs some of what a signature does. In use by
    /// one signature at a time; a second one at the same time sets up its own.
    ready: Mutex<Option<PkeyCtx<Private>>>,
}

impl FileKey {
    fn context(&self) -> Result<PkeyCtx<Private>, ErrorStack> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = ready.take() {
            return Ok(context);
        }
        drop(ready);
        let mut context = PkeyCtx::new(&self.key)?;
        context.sign_init()?;
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(match self.algorithm {
            Algorithm::Rs256 => Md::sha256(),
            Algorithm::Rs384 => Md::sha384(),
            Algorithm::Rs512 => Md::sha512(),
        })?;
        Ok(context)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut context = self.context()?;
        let mut signature = vec![0; self.key.size()];
        let length = match self.algorithm {
            Algorithm::Rs256 => context.sign(&sha256(message), Some(&mut signature)),
            Algorithm::Rs384 => context.sign(&sha384(message), Some(&mut signature)),
            Algorithm::Rs512 => context.sign(&sha512(message), Some(&mut signature)),
        }?;
        signature.truncate(length);
        // one that failed is not used again
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(context);
        Ok(signature)
    }
}

impl Sign for FileKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_reference(&self) -> Option<KeyReference> {
        (!self.chain.is_empty()).then(|| KeyReference::Chain(self.chain.clone()))
    }

    fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// In place: 0.7 ms for 2048 bits, which is less than handing it to another thread is worth.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async move {
            self.signature(message)
                .map_err(|error| SignError::new("OpenSSL did not sign").with_source(error))
        })
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKey")
            .field("algorithm", &self.algorithm)
            .field("bits", &self.key.bits())
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}
