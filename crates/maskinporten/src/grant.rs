//! The JWT grant (RFC 7523): claims, lifetime, signature.

use std::fmt;
use std::time::{Duration, SystemTime};

use http_transport::{Diagnosis, ExposeSecret, Remedy, Retry, SecretString, Who};
use norwegian_ids::OrganisationNumber;
use serde::Serialize;
use uuid::Uuid;

use crate::request::Detail;
use crate::{
    ClientId, Environment, Error, ErrorKind, GrantLifetime, Resource, Signer, TokenRequest,
};

/// A signed grant (assertion): whoever holds it can fetch the token, once, for a minute. So it is
/// as secret as the token.
#[derive(Clone)]
pub struct Assertion {
    jws: SecretString,
    jti: Uuid,
    expires_at: SystemTime,
}

impl Assertion {
    /// The compact JWS, to be sent as the form field `assertion`.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.jws
    }

    /// The grant's id (`jti`), new for each. It is no secret.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.jti
    }

    /// When it expires, by the server's clock as far as that is known.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    pub(crate) fn expose(&self) -> &str {
        self.jws.expose_secret()
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("jti", &self.jti)
            .finish_non_exhaustive()
    }
}

/// The claims, exactly those that Maskinporten documents and in the order of its samples; another
/// one is refused since 2025. Holds person numbers: no `Debug`.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a ClientId,
    scope: String,
    iat: u64,
    exp: u64,
    jti: Uuid,
    // an array also for one: "currently only array supported"
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    resource: &'a [Resource],
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_org: Option<&'a OrganisationNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<Detail<'a>>,
}

/// Refuses what the server is known to refuse, before anything is signed.
pub(crate) fn check(request: &TokenRequest, signer: &Signer) -> Result<(), Error> {
    if request.scopes.is_empty() {
        return Err(Error::refused_here(
            ErrorKind::InvalidRequest,
            "a token needs at least one scope",
            Remedy::new(Who::You, "name the scope that the API asks for"),
        ));
    }
    if let (Some(consumer), Some(own)) = (request.consumer_org, signer.organisation())
        && consumer == own
    {
        return Err(Error::refused_here(
            ErrorKind::OwnOrganisation,
            format!("the customer organisation {consumer} is the certificate's own"),
            Remedy::new(
                Who::You,
                "leave the customer organisation (consumer_org) out: it is for acting on behalf of another",
            ),
        ));
    }
    if let Some(reference) = request
        .system_user
        .as_ref()
        .and_then(|user| user.external_ref.as_ref())
        && reference.trim().is_empty()
    {
        return Err(Error::refused_here(
            ErrorKind::InvalidRequest,
            "the system user's external reference is empty",
            Remedy::new(
                Who::You,
                "leave it out, or give the one the system user was created with",
            ),
        ));
    }
    Ok(())
}

/// Signs a grant as of `now`, with a new `jti`.
pub(crate) async fn sign(
    environment: &Environment,
    client_id: &ClientId,
    signer: &Signer,
    lifetime: GrantLifetime,
    request: &TokenRequest,
    now: SystemTime,
) -> Result<Assertion, Error> {
    check(request, signer)?;
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| {
        Error::refused_here(
            ErrorKind::InvalidRequest,
            "the clock shows a time before 1970",
            Remedy::new(Who::You, "set this machine's clock"),
        )
    })?;
    let iat = since_1970.as_secs();
    let jti = Uuid::new_v4();
    let claims = Claims {
        aud: environment.issuer(),
        iss: client_id,
        scope: request.scopes.to_string(),
        iat,
        exp: iat.saturating_add(lifetime.as_secs()),
        jti,
        resource: &request.resources,
        consumer_org: request.consumer_org.as_ref(),
        pid: request.pid.as_ref().map(|person| person.expose()),
        authorization_details: request.authorization_details(),
    };
    let claims = zeroize::Zeroizing::new(serde_json::to_vec(&claims).map_err(|_| {
        Error::refused_here(
            ErrorKind::InvalidRequest,
            "the claims cannot be written as JSON",
            Remedy::new(Who::You, "report this to the developers"),
        )
    })?);
    let jws = signer.jws(&claims).await.map_err(|error| {
        let retry = if error.is_retryable() {
            Retry::Yes
        } else {
            Retry::No
        };
        let diagnosis = Diagnosis::new(crate::client::OPERATION)
            .with_message(format!("the key did not sign: {error}"))
            .with_retry(retry)
            .with_remedy(Remedy::new(
                Who::You,
                "check the key, or the service that keeps it",
            ));
        Error::new(
            ErrorKind::Signing,
            "the grant could not be signed",
            diagnosis,
        )
        .with_source(error)
    })?;
    Ok(Assertion {
        jws: jws.into(),
        jti,
        expires_at: now
            .checked_add(Duration::from_secs(lifetime.as_secs()))
            .unwrap_or(now),
    })
}
