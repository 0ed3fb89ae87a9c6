//! The checks of a JWT grant, in Maskinporten's order: who signed, is it fresh, may it have the scopes,
//! and for whom. The first one that fails gives the answer.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Uri;
use norwegian_ids::PersonNumber;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use serde_json::Value;

use super::refusal::Refusal;
use super::{AccessToken, Actor, details, issuer, random_id};
use crate::AudienceRule;
use crate::jws::Jws;
use crate::pki::Refused;
use crate::state::Shared;
use crate::world::{Client, Jwk, Scope, World};

/// How far `iat` may be from this clock, in seconds.
const SKEW: i64 = 10;
/// The longest a grant may live, in seconds.
const LONGEST: i64 = 120;
/// What a token lives, in seconds, when neither scope nor client says.
const DEFAULT_LIFETIME: i64 = 120;
const CLAIMS: &[&str] = &[
    "aud",
    "iss",
    "scope",
    "iat",
    "exp",
    "jti",
    "resource",
    "pid",
    "consumer_org",
    "iss_onbehalfof",
    "authorization_details",
    "nbf",
    "sub",
];

/// Checks a grant and says what its token shall hold.
pub(super) fn check(sim: &Shared, assertion: &str) -> Result<AccessToken, Refusal> {
    let grant = Jws::parse(assertion).ok_or(Refusal::INVALID_VALUE)?;
    if grant.digest().is_none() {
        return Err(Refusal::SIGNATURE);
    }
    let world = sim.world();
    let client = grant
        .text("iss")
        .and_then(|id| world.client(id))
        .filter(|c| c.active);
    let client = client.ok_or(Refusal::UNKNOWN_CLIENT)?;
    let (key, client_amr) = key(sim, &grant, client)?;
    if !grant.is_signed_by(&key) {
        return Err(Refusal::SIGNATURE);
    }
    fresh(sim, &grant, client, assertion)?;
    if grant
        .claims
        .keys()
        .any(|claim| !CLAIMS.contains(&claim.as_str()))
    {
        return Err(Refusal::INVALID_VALUE);
    }
    // Sub-clients (onbehalfof) are being removed from Maskinporten; none is registered here.
    if grant.claims.contains_key("iss_onbehalfof") {
        return Err(Refusal::INVALID_VALUE);
    }
    let consumer_org = optional(&grant, "consumer_org", |number| {
        // Nine digits is what is documented; one that nobody has is an organisation that delegated nothing.
        let number = number.as_str()?;
        let nine = number.len() == 9 && number.bytes().all(|b| b.is_ascii_digit());
        nine.then(|| number.to_owned())
    })?;
    let pid = optional(&grant, "pid", |pid| {
        let pid = pid.as_str()?;
        pid.parse::<PersonNumber>().ok().map(|_| pid.to_owned())
    })?;
    let aud = optional(&grant, "resource", resource)?;
    let scopes = scopes(&world, &grant, client, consumer_org.as_deref())?;
    allowed(&world, client, &scopes, consumer_org.as_deref())?;
    let authorization_details = match grant.claims.get("authorization_details") {
        None => None,
        Some(value) => {
            let mut granted = details::check(&world, client, value)?;
            if sim.quirks.external_ref_left_out {
                granted.leave_out_external_ref();
            }
            Some([granted])
        }
    };
    let iat = sim.clock.now().as_second();
    let legacy = sim.quirks.legacy_claims;
    let supplier = consumer_org
        .as_ref()
        .map(|_| Actor::organisation(&client.owner));
    Ok(AccessToken {
        authorization_details,
        scope: scopes
            .iter()
            .map(|s| s.name.as_str())
            .collect::<Vec<_>>()
            .join(" "),
        delegation_source: supplier.is_some().then_some("https://tt02.altinn.no/"),
        supplier,
        iss: issuer(sim),
        client_amr,
        token_type: "Bearer",
        exp: iat.saturating_add(lifetime(sim, client, &scopes)),
        iat,
        client_id: client.client_id.clone(),
        jti: random_id(),
        consumer: Actor::organisation(consumer_org.as_deref().unwrap_or(&client.owner)),
        aud: aud.or_else(|| legacy.then(|| "unspecified".into())),
        client_orgno: legacy.then(|| client.owner.clone()),
        pid,
    })
}

fn optional<T>(
    grant: &Jws,
    claim: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    grant
        .claims
        .get(claim)
        .map(|value| read(value).ok_or(Refusal::INVALID_VALUE))
        .transpose()
}

/// Whether a client has signed this, by the rules for grants; ID-porten's clients sign so, too.
pub(crate) fn is_signed_by_client(sim: &Shared, text: &Jws, client: &Client) -> bool {
    key(sim, text, client).is_ok_and(|(key, _)| text.is_signed_by(&key))
}

/// The key that must have signed. A `kid` decides, whether or not there is an `x5c`.
fn key(
    sim: &Shared,
    grant: &Jws,
    client: &Client,
) -> Result<(PKey<Public>, &'static str), Refusal> {
    if let Some(kid) = grant.header.get("kid") {
        let now = sim.clock.now().as_second();
        let registered = kid
            .as_str()
            .and_then(|kid| client.keys.iter().find(|k| k.kid == kid))
            .filter(|key| key.known_from.is_none_or(|from| from <= now));
        let registered = registered.ok_or(Refusal::UNKNOWN_KID)?;
        if registered.exp.is_some_and(|exp| exp <= now) {
            return Err(Refusal::EXPIRED_KEY);
        }
        let key = public_key(registered).ok_or(Refusal::SIGNATURE)?;
        return Ok((key, "private_key_jwt"));
    }
    if !client.keys.is_empty() {
        return Err(Refusal::KEY_REQUIRED);
    }
    let chain = grant
        .header
        .get("x5c")
        .and_then(chain)
        .ok_or(Refusal::X5C)?;
    let trusted = sim
        .pki
        .check(&chain, sim.clock.now())
        .map_err(|refused| match refused {
            Refused::Unreadable => Refusal::X5C,
            Refused::Invalid => Refusal::CERTIFICATE,
        })?;
    if trusted.organisation != client.owner {
        return Err(Refusal::ORGANISATION);
    }
    Ok((trusted.key, trusted.client_amr))
}

fn chain(x5c: &Value) -> Option<Vec<Vec<u8>>> {
    let certificates = x5c.as_array().filter(|list| !list.is_empty())?;
    certificates
        .iter()
        .map(|c| STANDARD.decode(c.as_str()?).ok())
        .collect()
}

fn public_key(jwk: &Jwk) -> Option<PKey<Public>> {
    let number = |text: &str| -> Option<BigNum> {
        BigNum::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    };
    let (n, e) = (number(&jwk.n)?, number(&jwk.e)?);
    let key = || -> Result<_, ErrorStack> { PKey::from_rsa(Rsa::from_public_components(n, e)?) };
    key().ok()
}

fn fresh(sim: &Shared, grant: &Jws, client: &Client, assertion: &str) -> Result<(), Refusal> {
    let audience = grant.claims.get("aud").ok_or(Refusal::AUDIENCE)?;
    if !right_audience(sim, audience) {
        return Err(Refusal::AUDIENCE);
    }
    let (Some(iat), Some(exp)) = (grant.seconds("iat"), grant.seconds("exp")) else {
        return Err(Refusal::INVALID_VALUE);
    };
    let now = sim.clock.now().as_second();
    if iat > now.saturating_add(SKEW) {
        return Err(Refusal::TOO_EARLY);
    }
    if exp <= now || iat < now.saturating_sub(SKEW) {
        return Err(Refusal::EXPIRED);
    }
    if exp.saturating_sub(iat) > LONGEST {
        return Err(Refusal::TOO_LONG);
    }
    let identity = match grant.claims.get("jti") {
        Some(Value::String(jti)) => format!("{} {jti}", client.client_id),
        Some(_) => return Err(Refusal::INVALID_VALUE),
        None => URL_SAFE_NO_PAD.encode(sha256(assertion.as_bytes())),
    };
    // Past `exp` it is refused for its age, so it need not be remembered longer.
    if !sim.maskinporten.use_up(identity, exp, now) {
        return Err(Refusal::USED_BEFORE);
    }
    Ok(())
}

fn right_audience(sim: &Shared, audience: &Value) -> bool {
    let issuer = issuer(sim);
    match (sim.quirks.audience, audience) {
        (AudienceRule::Exact, Value::String(audience)) => *audience == issuer,
        (AudienceRule::Exact, _) => false,
        (AudienceRule::Lenient, Value::String(audience)) => {
            *audience == issuer
                || *audience == sim.urls.maskinporten
                || *audience == format!("{issuer}token")
        }
        (AudienceRule::Lenient, Value::Array(list)) => match list.as_slice() {
            [one @ Value::String(_)] => right_audience(sim, one),
            _ => false,
        },
        (AudienceRule::Lenient, _) => false,
    }
}

/// `resource`: a URI or a list of them; it becomes the token's `aud` as it is.
fn resource(value: &Value) -> Option<Value> {
    let is_uri = |v: &Value| {
        v.as_str().is_some_and(|text| {
            text.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some()) || text.starts_with("urn:")
        })
    };
    let valid = match value {
        Value::Array(list) => !list.is_empty() && list.iter().all(is_uri),
        other => is_uri(other),
    };
    valid.then(|| value.clone())
}

fn scopes<'w>(
    world: &'w World,
    grant: &Jws,
    client: &Client,
    consumer_org: Option<&str>,
) -> Result<Vec<&'w Scope>, Refusal> {
    let wanted = optional(grant, "scope", |scope| scope.as_str().map(str::to_owned))?;
    let wanted = wanted.unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_ascii_whitespace().collect();
    if wanted.is_empty() {
        return Err(Refusal::scopes_of_client(&[]));
    }
    // A delegated scope need not be registered on the supplier's client.
    let delegable = |s: &Scope| consumer_org.is_some() && s.delegation_source;
    let usable = |name: &str| {
        let scope = world.scope(name)?;
        (client.scopes.iter().any(|s| s == name) || delegable(scope)).then_some(scope)
    };
    let unknown: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|n| usable(n).is_none())
        .collect();
    if !unknown.is_empty() {
        return Err(Refusal::scopes_of_client(&unknown));
    }
    let scopes: Vec<&Scope> = wanted.into_iter().filter_map(usable).collect();
    if client.integration_type != "maskinporten"
        || scopes
            .iter()
            .any(|s| !s.integration_types.contains(&client.integration_type))
    {
        return Err(Refusal::INTEGRATION_TYPE);
    }
    Ok(scopes)
}

fn allowed(
    world: &World,
    client: &Client,
    scopes: &[&Scope],
    consumer_org: Option<&str>,
) -> Result<(), Refusal> {
    if consumer_org == Some(client.owner.as_str()) {
        return Err(Refusal::OWN_ORGANISATION);
    }
    let consumer = consumer_org.unwrap_or(&client.owner);
    for scope in scopes {
        if !scope.accessible_for_all && !scope.granted_to.iter().any(|o| o == consumer) {
            return Err(Refusal::not_granted(&scope.name));
        }
    }
    if consumer_org.is_none() {
        return Ok(());
    }
    for scope in scopes {
        let delegated = scope.delegation_source
            && world.delegations.iter().any(|d| {
                d.consumer == consumer && d.supplier == client.owner && d.scope == scope.name
            });
        if !delegated {
            return Err(Refusal::not_delegated(consumer, &scope.name, &client.owner));
        }
    }
    Ok(())
}

/// A scope's `at_max_age` decides, the lowest of several; else the client's setting; else the default.
fn lifetime(sim: &Shared, client: &Client, scopes: &[&Scope]) -> i64 {
    let of_scopes = scopes
        .iter()
        .map(|s| s.at_max_age)
        .filter(|age| *age > 0)
        .min();
    let of_client = match client.access_token_lifetime {
        0 => DEFAULT_LIFETIME,
        seconds => seconds,
    };
    match of_scopes {
        None => of_client,
        Some(age) if sim.quirks.at_max_age_only_caps => age.min(of_client),
        Some(age) => age,
    }
}
