//! For those who receive Maskinporten tokens: an API checks what its callers send (feature
//! `validate`).
//!
//! ```
//! use maskinporten::Environment;
//! use maskinporten::validate::Validator;
//!
//! # async fn check(header: &str) -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "reqwest")] {
//! // once, when the program starts
//! let validator = Validator::builder(Environment::prod())
//!     .require_scope("skatt:tall.read".parse()?)
//!     .build()?;
//! // for every request
//! match validator.authorize(header).await {
//!     Ok(token) => println!("{} calls", token.consumer().id()),
//!     Err(error) => println!("{} {}", error.status(), error.www_authenticate()),
//! }
//! # } Ok(()) }
//! ```
//!
//! # What is checked
//!
//! In this order: the form (a compact JWS of at most 64 KiB), the algorithm (RS256, RS384 or RS512, and
//! the one that the key is for), the key (by its `kid`, from the issuer's JWKS), the signature, the
//! issuer (to the letter), the time (`exp`, `nbf`, `iat`, with 10 s for clocks that differ), the
//! audience, the scopes, that there is a consumer, and of a consent that it was given to the consumer
//! and still holds.
//!
//! # The keys
//!
//! They are fetched when they are first needed and then once a day, which is what Digdir advises. A token
//! with a key that is not known makes them be fetched anew, so that a rotation of the issuer's key goes
//! unnoticed: but not more often than every 30 s whatever comes in, and for a key that is still not
//! there, not again for five minutes. While the issuer cannot be reached, the keys of the last two days
//! go on being used.
//!
//! # Why OpenSSL, and no JWT library
//!
//! What Maskinporten signs with is RSA with PKCS#1 v1.5 and SHA-2, verified by one call of a library that
//! this crate signs with already. The usual JWT libraries would add a second implementation of RSA, or
//! want a cryptographic provider installed for the whole process, which is not a library's to decide.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, Retry, Transport, Who, decode_json};
use norwegian_ids::ActorId;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde::Deserialize;
use serde_json::Value;
use token_cache::{Clock, SystemClock};
use url::Url;

use crate::{
    Algorithm, BuildError, Claims, ConsentDetail, Environment, Scope, Scopes, SystemUserDetail,
};

const OPERATION: &str = "validate a Maskinporten token";

/// Digdir's advice for keys and metadata ("about 24 hours").
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// So long are keys used while the issuer cannot be reached.
const STALE: Duration = Duration::from_secs(48 * 60 * 60);
/// The least time between two fetches for keys that are not known.
const BETWEEN: Duration = Duration::from_secs(30);
/// The same after a fetch that failed.
const BETWEEN_FAILURES: Duration = Duration::from_secs(5);
/// So long is a key that is not there not asked for again.
const UNKNOWN_FOR: Duration = Duration::from_secs(5 * 60);
/// So many of those are remembered: whoever sends more of them finds the bound above.
const UNKNOWN_AT_MOST: usize = 128;
/// Digdir allows clocks to differ by this much.
const LEEWAY: Duration = Duration::from_secs(10);
/// A token is a kilobyte; one with many consents a few.
const LONGEST: usize = 64 * 1024;

/// Checks tokens of one issuer for one API. Cheap to clone; clones share the issuer's keys.
#[derive(Clone)]
pub struct Validator {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    jwks: Url,
    audience: Audience,
    scopes: Scopes,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    /// Held by the one who fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
enum Audience {
    /// A token that names an audience is not for this API.
    None,
    One(String),
    Any,
}

#[derive(Default)]
struct State {
    keys: Arc<HashMap<String, PublicKey>>,
    /// When `keys` came, by the monotonic clock.
    fetched: Option<Duration>,
    /// When it was last tried, and why it failed if it did.
    tried: Option<(Duration, Option<ValidationError>)>,
    unknown: HashMap<String, Duration>,
}

#[derive(Clone)]
struct PublicKey {
    key: PKey<Public>,
    algorithm: Option<Algorithm>,
}

impl Validator {
    /// Begins a validator of this environment's tokens. Its keys are at
    /// [`Environment::jwks_url`].
    pub fn builder(environment: Environment) -> ValidatorBuilder {
        ValidatorBuilder {
            environment,
            audience: Audience::None,
            scopes: Scopes::default(),
            transport: None,
            clock: None,
        }
    }

    /// Checks the value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate), and when it is not `Bearer` and a token.
    pub async fn authorize(&self, header: &str) -> Result<ValidToken, ValidationError> {
        let token = header
            .trim()
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| {
                refused(
                    ValidationErrorKind::NotAToken,
                    "the Authorization header holds no bearer token",
                )
            })?;
        self.validate(token).await
    }

    /// Checks a token.
    ///
    /// # Errors
    ///
    /// See [`ValidationErrorKind`]. The texts hold nothing of the token.
    pub async fn validate(&self, token: &str) -> Result<ValidToken, ValidationError> {
        let jws = Jws::parse(token)?;
        let key = self.inner.key(&jws.kid).await?;
        if key.algorithm.is_some_and(|of_key| of_key != jws.algorithm) {
            return Err(refused(
                ValidationErrorKind::Algorithm,
                "the token is signed with another algorithm than its key is for",
            ));
        }
        if !jws.is_signed_by(&key.key) {
            return Err(refused(
                ValidationErrorKind::Signature,
                "the token's signature is not its issuer's",
            ));
        }
        self.inner.check(&jws.payload)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator")
            .field("issuer", &self.inner.issuer)
            .field("audience", &self.inner.audience)
            .field("scopes", &self.inner.scopes)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Validator`].
#[derive(Clone, Debug)]
#[must_use = "nothing is built before `build`"]
pub struct ValidatorBuilder {
    environment: Environment,
    audience: Audience,
    scopes: Scopes,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
}

impl ValidatorBuilder {
    /// Demands this scope, and all others that were demanded before. For scopes that differ by
    /// request see [`ValidToken::require_scope`].
    pub fn require_scope(mut self, scope: Scope) -> Self {
        self.scopes.insert(scope);
        self
    }

    /// Demands that the token names this API (`aud`, which callers ask for as `resource`).
    ///
    /// Without it, a token that names any audience is refused, for then it is another API's
    /// (RFC 7519 §4.1.3); one that names none, as most do, is taken.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Audience::One(audience.into());
        self
    }

    /// Takes tokens whatever audience they name.
    pub fn any_audience(mut self) -> Self {
        self.audience = Audience::Any;
        self
    }

    /// Another transport than the default of feature `reqwest`.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Another clock than the machine's, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The validator. Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// When there is no transport, or the default one cannot be set up.
    pub fn build(self) -> Result<Validator, BuildError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => crate::client::default_transport()?,
        };
        Ok(Validator {
            inner: Arc::new(Inner {
                issuer: self.environment.issuer().into(),
                jwks: self.environment.jwks_url().clone(),
                audience: self.audience,
                scopes: self.scopes,
                transport,
                clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
                state: RwLock::default(),
                flight: tokio::sync::Mutex::default(),
            }),
        })
    }
}

/// A token whose signature, issuer, time, audience and scopes were checked.
#[derive(Clone, Debug)]
pub struct ValidToken {
    claims: Claims,
    consumer: ActorId,
}

impl ValidToken {
    /// Everything it says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The organisation that the token is for: the caller, or the customer on whose behalf a
    /// [`supplier`](Self::supplier) calls. Today a Norwegian organisation
    /// ([`ActorId::organisation_number`]); other authorities are kept as they are.
    #[must_use]
    pub fn consumer(&self) -> &ActorId {
        &self.consumer
    }

    /// The caller, when it acts for the consumer (leverandør).
    #[must_use]
    pub fn supplier(&self) -> Option<&ActorId> {
        self.claims.supplier.as_ref()
    }

    /// The system user (systembruker) that calls.
    #[must_use]
    pub fn system_user(&self) -> Option<&SystemUserDetail> {
        self.claims.system_user()
    }

    /// The consent (samtykke) by which it calls: given to the consumer, and valid. Whether it covers
    /// what is asked for is the API's to check.
    #[must_use]
    pub fn consent(&self) -> Option<&ConsentDetail> {
        self.claims.consent()
    }

    /// The scopes.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.claims.scopes
    }

    /// Demands a scope for this one request.
    ///
    /// # Errors
    ///
    /// [`ValidationErrorKind::Scope`], when the token lacks it.
    pub fn require_scope(&self, scope: &Scope) -> Result<(), ValidationError> {
        if self.claims.scopes.contains(scope) {
            return Ok(());
        }
        Err(lacks(&[scope.clone()].into_iter().collect()))
    }
}

/// What kind of [`ValidationError`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValidationErrorKind {
    /// Not signed with RS256, RS384 or RS512, or not as its key is meant to.
    Algorithm,
    /// For another API.
    Audience,
    /// The consent was given to somebody else, or holds no longer.
    Consent,
    /// The token has expired.
    Expired,
    /// Of another issuer.
    Issuer,
    /// The issuer's keys cannot be had: it is not the token's fault.
    KeysUnavailable,
    /// Not a signed JWT, or one that does not say whom it is for.
    NotAToken,
    /// Issued in the future: clocks differ.
    NotYetValid,
    /// A scope is missing.
    Scope,
    /// The signature is wrong.
    Signature,
    /// Signed with a key that its issuer does not have.
    UnknownKey,
}

/// Why a token is not taken. Cheap to clone; holds nothing of the token.
#[derive(Clone)]
pub struct ValidationError(Arc<ErrorInner>);

struct ErrorInner {
    kind: ValidationErrorKind,
    diagnosis: Diagnosis,
    missing: Scopes,
    source: Option<http_transport::Error>,
}

impl ValidationError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ValidationErrorKind {
        self.0.kind
    }

    /// The HTTP status to answer with: 401, 403 for a missing scope, 503 when it is not the token's
    /// fault.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        match self.0.kind {
            ValidationErrorKind::Scope => http::StatusCode::FORBIDDEN,
            ValidationErrorKind::KeysUnavailable => http::StatusCode::SERVICE_UNAVAILABLE,
            _ => http::StatusCode::UNAUTHORIZED,
        }
    }

    /// The value for the answer's `WWW-Authenticate` header (RFC 6750 §3).
    #[must_use]
    pub fn www_authenticate(&self) -> String {
        match self.0.kind {
            ValidationErrorKind::Scope => format!(
                r#"Bearer error="insufficient_scope", scope="{}""#,
                self.0.missing
            ),
            ValidationErrorKind::KeysUnavailable => "Bearer".into(),
            _ => format!(r#"Bearer error="invalid_token", error_description="{self}""#),
        }
    }

    /// What happened, and what to do about it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        self.0.diagnosis.clone()
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .diagnosis
                .message()
                .unwrap_or("the token is not valid"),
        )
    }
}

impl fmt::Debug for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidationError")
            .field("kind", &self.0.kind)
            .field("diagnosis", &self.0.diagnosis)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ValidationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

fn error(
    kind: ValidationErrorKind,
    diagnosis: Diagnosis,
    missing: Scopes,
    source: Option<http_transport::Error>,
) -> ValidationError {
    ValidationError(Arc::new(ErrorInner {
        kind,
        diagnosis,
        missing,
        source,
    }))
}

fn refused(kind: ValidationErrorKind, message: impl AsRef<str>) -> ValidationError {
    let diagnosis = Diagnosis::new(OPERATION)
        .with_message(message)
        .with_remedy(Remedy::new(
            Who::Customer,
            "send a fresh token of this environment's Maskinporten, asked for this API",
        ));
    error(kind, diagnosis, Scopes::default(), None)
}

fn lacks(missing: &Scopes) -> ValidationError {
    let diagnosis = Diagnosis::new(OPERATION)
        .with_message(format!("the token lacks scopes: {missing}"))
        .with_remedy(Remedy::new(
            Who::Customer,
            format!("ask Maskinporten for a token with {missing}"),
        ));
    error(ValidationErrorKind::Scope, diagnosis, missing.clone(), None)
}

/// A compact JWS (RFC 7515 §3.1), taken apart.
struct Jws<'a> {
    algorithm: Algorithm,
    kid: String,
    /// Header and payload as they came: what was signed.
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 §4.1.11): none is.
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Jws<'a> {
    fn parse(token: &'a str) -> Result<Self, ValidationError> {
        let no_token = |why: &str| {
            refused(
                ValidationErrorKind::NotAToken,
                format!("the token is no signed JWT: {why}"),
            )
        };
        if token.len() > LONGEST {
            return Err(no_token("it is too long"));
        }
        let (signed, signature) = token
            .rsplit_once('.')
            .ok_or_else(|| no_token("it has no parts"))?;
        let (header, payload) = signed
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or_else(|| no_token("it has not three parts"))?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| no_token("a part of it is not base64url"))
        };
        let header: Header = serde_json::from_slice(&decode(header)?)
            .map_err(|_| no_token("its header cannot be read"))?;
        let algorithm = Algorithm::named(&header.alg).ok_or_else(|| {
            refused(
                ValidationErrorKind::Algorithm,
                "the token is not signed with RS256, RS384 or RS512",
            )
        })?;
        if header.crit.is_some() {
            return Err(no_token("it uses extensions that are not understood"));
        }
        let kid = header
            .kid
            .filter(|kid| !kid.is_empty() && kid.len() <= 255)
            .ok_or_else(|| no_token("it does not name its key"))?;
        Ok(Self {
            algorithm,
            kid,
            signed,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    fn is_signed_by(&self, key: &PKey<Public>) -> bool {
        let digest = match self.algorithm {
            Algorithm::Rs256 => MessageDigest::sha256(),
            Algorithm::Rs384 => MessageDigest::sha384(),
            Algorithm::Rs512 => MessageDigest::sha512(),
        };
        // an error is a signature of the wrong length, say: as wrong as any other
        Verifier::new(digest, key)
            .and_then(|mut verifier| {
                verifier.verify_oneshot(&self.signature, self.signed.as_bytes())
            })
            .unwrap_or(false)
    }
}

impl Inner {
    fn check(&self, payload: &[u8]) -> Result<ValidToken, ValidationError> {
        use ValidationErrorKind as Kind;

        let payload: Value = serde_json::from_slice(payload)
            .map_err(|_| refused(Kind::NotAToken, "the token's payload is not JSON"))?;
        let moment = |name: &str| payload.get(name).and_then(Value::as_f64);
        let (expires, from, issued) = (moment("exp"), moment("nbf"), moment("iat"));
        let claims = Claims::of_payload(payload)
            .ok_or_else(|| refused(Kind::NotAToken, "the token's payload is no object"))?;
        if claims.issuer.as_deref() != Some(self.issuer.as_str()) {
            return Err(refused(
                Kind::Issuer,
                format!("the token is not of the issuer {}", self.issuer),
            ));
        }
        let now = self.clock.now_wall();
        let seconds = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs_f64();
        let leeway = LEEWAY.as_secs_f64();
        match expires {
            None => return Err(refused(Kind::NotAToken, "the token does not expire")),
            Some(expires) if expires + leeway <= seconds => {
                return Err(refused(Kind::Expired, "the token has expired"));
            }
            Some(_) => {}
        }
        if [from, issued]
            .into_iter()
            .flatten()
            .any(|time| time > seconds + leeway)
        {
            return Err(refused(
                Kind::NotYetValid,
                "the token is of a time that has not come; this machine's clock may be behind",
            ));
        }
        let is_for_us = match &self.audience {
            Audience::Any => true,
            Audience::One(ours) => claims.audience.contains(ours),
            // "unspecified" stood in tokens without an audience until 2020
            Audience::None => claims.audience.iter().all(|named| named == "unspecified"),
        };
        if !is_for_us {
            return Err(refused(Kind::Audience, "the token is for another API"));
        }
        let missing = self.scopes.without(&claims.scopes);
        if !missing.is_empty() {
            return Err(lacks(&missing));
        }
        let Some(consumer) = claims.consumer.clone() else {
            return Err(refused(
                Kind::NotAToken,
                "the token does not say which organisation it is for",
            ));
        };
        if let Some(consent) = claims.consent() {
            check_consent(consent, &consumer, now)?;
        }
        Ok(ValidToken { claims, consumer })
    }

    async fn key(&self, kid: &str) -> Result<PublicKey, ValidationError> {
        let now = self.clock.now_monotonic();
        match self.look(kid, now) {
            Look::Here(key) => return Ok(key),
            Look::Old(key) => {
                // one caller fetches, once a day; the others go on with what there is
                if let Ok(_flight) = self.flight.try_lock()
                    && self.may_fetch(now)
                {
                    self.fetch(now).await;
                    return match self.look(kid, now) {
                        Look::Here(key) | Look::Old(key) => Ok(key),
                        Look::Missing | Look::TooOld => Err(unknown_key()),
                    };
                }
                return Ok(key);
            }
            Look::Missing | Look::TooOld => {}
        }
        if self.is_known_to_be_unknown(kid, now) {
            return Err(unknown_key());
        }
        let _flight = self.flight.lock().await;
        // whoever had the lock before may have brought it
        let now = self.clock.now_monotonic();
        if let Look::Here(key) | Look::Old(key) = self.look(kid, now) {
            return Ok(key);
        }
        if self.may_fetch(now) {
            self.fetch(now).await;
            if let Look::Here(key) | Look::Old(key) = self.look(kid, now) {
                return Ok(key);
            }
            self.remember_unknown(kid, now);
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Err(match &state.tried {
            Some((_, Some(error))) => error.clone(),
            _ => unknown_key(),
        })
    }

    fn look(&self, kid: &str, now: Duration) -> Look {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let age = state
            .fetched
            .map_or(Duration::MAX, |then| now.saturating_sub(then));
        match state.keys.get(kid) {
            Some(key) if age < FRESH => Look::Here(key.clone()),
            Some(key) if age < STALE => Look::Old(key.clone()),
            Some(_) => Look::TooOld,
            None => Look::Missing,
        }
    }

    fn may_fetch(&self, now: Duration) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &state.tried {
            None => true,
            Some((then, failure)) => {
                let between = if failure.is_some() {
                    BETWEEN_FAILURES
                } else {
                    BETWEEN
                };
                now.saturating_sub(*then) >= between
            }
        }
    }

    fn is_known_to_be_unknown(&self, kid: &str, now: Duration) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state
            .unknown
            .get(kid)
            .is_some_and(|then| now.saturating_sub(*then) < UNKNOWN_FOR)
    }

    fn remember_unknown(&self, kid: &str, now: Duration) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // a set that could not be fetched says nothing of the key
        if matches!(state.tried, Some((_, Some(_)))) {
            return;
        }
        state
            .unknown
            .retain(|_, then| now.saturating_sub(*then) < UNKNOWN_FOR);
        if state.unknown.len() < UNKNOWN_AT_MOST {
            state.unknown.insert(kid.into(), now);
        }
    }

    /// Fetches the keys; the state says how it went.
    async fn fetch(&self, now: Duration) {
        let outcome = self.fetch_keys().await;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(keys) => {
                tracing::debug!(
                    keys = keys.len(),
                    issuer = self.issuer,
                    "fetched the issuer's keys"
                );
                state.unknown.retain(|kid, _| !keys.contains_key(kid));
                state.keys = Arc::new(keys);
                state.fetched = Some(now);
                state.tried = Some((now, None));
            }
            Err(error) => {
                tracing::warn!(issuer = self.issuer, %error, "could not fetch the issuer's keys");
                state.tried = Some((now, Some(error)));
            }
        }
    }

    async fn fetch_keys(&self) -> Result<HashMap<String, PublicKey>, ValidationError> {
        let unavailable = |transport: http_transport::Error| {
            let diagnosis = transport
                .diagnosis()
                .with_operation(OPERATION)
                .with_message("the keys of the tokens' issuer cannot be had");
            error(
                ValidationErrorKind::KeysUnavailable,
                diagnosis,
                Scopes::default(),
                Some(transport),
            )
        };
        let unusable = |message: String| {
            let diagnosis = Diagnosis::new(OPERATION)
                .with_message(message)
                .with_retry(Retry::Yes)
                .with_remedy(Remedy::new(
                    Who::Operator,
                    format!("look at {}: it should be a JWKS with RSA keys", self.jwks),
                ));
            error(
                ValidationErrorKind::KeysUnavailable,
                diagnosis,
                Scopes::default(),
                None,
            )
        };
        let request = http::Request::get(self.jwks.as_str())
            .header(http::header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| unusable("the address of the issuer's keys is no URL".into()))?;
        let response = self.transport.send(request).await.map_err(unavailable)?;
        if !response.status().is_success() {
            return Err(unusable(format!(
                "the keys of the tokens' issuer cannot be had: HTTP {}",
                response.status().as_u16()
            )));
        }
        let set: KeySet = decode_json(OPERATION, &response).map_err(unavailable)?;
        let keys: HashMap<String, PublicKey> =
            set.keys.into_iter().filter_map(public_key).collect();
        if keys.is_empty() {
            return Err(unusable(
                "the tokens' issuer shows no key that could be used".into(),
            ));
        }
        Ok(keys)
    }
}

enum Look {
    Here(PublicKey),
    /// Due to be fetched again.
    Old(PublicKey),
    TooOld,
    Missing,
}

fn unknown_key() -> ValidationError {
    refused(
        ValidationErrorKind::UnknownKey,
        "the token is signed with a key that its issuer does not show",
    )
}

fn check_consent(
    consent: &ConsentDetail,
    consumer: &ActorId,
    now: SystemTime,
) -> Result<(), ValidationError> {
    if let Some(to) = &consent.to
        && to.id() != consumer.id()
    {
        return Err(refused(
            ValidationErrorKind::Consent,
            "the consent was given to another organisation than the token is for",
        ));
    }
    let Some(until) = &consent.valid_to else {
        return Ok(());
    };
    let holds = until
        .parse::<jiff::Timestamp>()
        .is_ok_and(|until| SystemTime::from(until) > now);
    if holds {
        return Ok(());
    }
    Err(refused(
        ValidationErrorKind::Consent,
        "the consent does not hold any longer",
    ))
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
}

/// A key of the set, if it is one that may sign tokens; others are none of ours.
fn public_key(value: Value) -> Option<(String, PublicKey)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.kty != "RSA" || jwk.usage.is_some_and(|usage| usage != "sig") {
        return None;
    }
    let algorithm = match jwk.alg {
        Some(name) => Some(Algorithm::named(&name)?),
        None => None,
    };
    let number = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        // more than 16384 bits is no key but a way to keep this machine busy
        (bytes.len() <= 2048).then(|| BigNum::from_slice(&bytes).ok())?
    };
    let rsa = Rsa::from_public_components(number(&jwk.n)?, number(&jwk.e)?).ok()?;
    let key = PKey::from_rsa(rsa).ok()?;
    (key.bits() >= 2048).then_some((jwk.kid, PublicKey { key, algorithm }))
}
