//! What a Maskinporten token says, read leniently.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use norwegian_ids::{ActorId, ReceivedPersonNumber};
use serde::Deserialize;
use serde_json::Value;

use crate::Scopes;

/// The claims of an access token, as far as they are there. Nothing is verified: whoever receives
/// a token must check its signature; whoever fetched it may look.
///
/// Unknown claims are ignored, a claim of another type than expected is as if absent, and the
/// organisations keep their text.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Claims {
    /// Who issued it.
    pub issuer: Option<String>,
    /// The client that fetched it.
    pub client_id: Option<String>,
    /// How the client proved itself: `private_key_jwt`, `virksomhetssertifikat`, `QCForESeal`, …
    pub client_amr: Option<String>,
    /// The organisation that the token is for: the client's owner, or the customer who delegated.
    pub consumer: Option<ActorId>,
    /// The client's owner, when it acts for a customer (leverandør).
    pub supplier: Option<ActorId>,
    /// Where the delegation was looked up.
    pub delegation_source: Option<String>,
    /// The scopes.
    pub scopes: Scopes,
    /// The resources that were asked for; none otherwise.
    pub audience: Vec<String>,
    /// The person that the token is restricted to.
    pub pid: Option<ReceivedPersonNumber>,
    /// The system user, the consent.
    pub authorization_details: Vec<AuthorizationDetail>,
    /// When it was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// When it expires, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Its id.
    pub id: Option<String>,
}

impl Claims {
    /// Reads the payload of a JWT; `None` when the token is none, which a token may be.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        Self::of_payload(serde_json::from_slice(&payload).ok()?)
    }

    pub(crate) fn of_payload(payload: Value) -> Option<Self> {
        let Value::Object(mut claims) = payload else {
            return None;
        };
        let mut take = |name: &str| claims.remove(name).unwrap_or(Value::Null);
        Some(Self {
            issuer: read(take("iss")),
            client_id: read(take("client_id")),
            client_amr: read(take("client_amr")),
            consumer: read(take("consumer")),
            supplier: read(take("supplier")),
            delegation_source: read(take("delegation_source")),
            scopes: Scopes::lenient(take("scope").as_str().unwrap_or_default()),
            audience: one_or_many(take("aud")).filter_map(read).collect(),
            pid: read(take("pid")),
            authorization_details: one_or_many(take("authorization_details"))
                .map(AuthorizationDetail::from)
                .collect(),
            issued_at: take("iat").as_i64(),
            expires_at: take("exp").as_i64(),
            id: read(take("jti")),
        })
    }

    /// The system user that the token is for.
    #[must_use]
    pub fn system_user(&self) -> Option<&SystemUserDetail> {
        self.authorization_details
            .iter()
            .find_map(|detail| match detail {
                AuthorizationDetail::SystemUser(user) => Some(user),
                _ => None,
            })
    }

    /// The consent that the token is by.
    #[must_use]
    pub fn consent(&self) -> Option<&ConsentDetail> {
        self.authorization_details
            .iter()
            .find_map(|detail| match detail {
                AuthorizationDetail::Consent(consent) => Some(consent),
                _ => None,
            })
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("consumer", &self.consumer)
            .field("supplier", &self.supplier)
            .field("scopes", &self.scopes)
            .field("audience", &self.audience)
            .field("pid", &self.pid)
            .field("authorization_details", &self.authorization_details)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// One element of a token's `authorization_details` (RFC 9396).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthorizationDetail {
    /// `urn:altinn:systemuser`
    SystemUser(SystemUserDetail),
    /// `urn:altinn:consent`
    Consent(ConsentDetail),
    /// Any other type, or one of these in a shape that is not known.
    Other(OtherDetail),
}

/// A system user (systembruker), as a token names it.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SystemUserDetail {
    /// The organisation that owns it.
    pub systemuser_org: ActorId,
    /// Its id; a list of one.
    #[serde(default, deserialize_with = "texts")]
    pub systemuser_id: Vec<String>,
    /// The system in the system register, `<vendor>_<name>`.
    #[serde(default)]
    pub system_id: Option<String>,
    /// The reference it was created with.
    #[serde(default, rename = "externalRef", alias = "external_ref")]
    pub external_ref: Option<String>,
}

/// A consent (samtykke), as a token names it.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct ConsentDetail {
    /// The consent's id.
    pub id: String,
    /// Who gave it: a URN with a person or organisation number.
    pub from: String,
    /// Whom it was given to.
    #[serde(default)]
    pub to: Option<ActorId>,
    /// When it was given, ISO 8601.
    #[serde(default)]
    pub consented: Option<String>,
    /// Until when it holds, ISO 8601.
    #[serde(default, rename = "validTo")]
    pub valid_to: Option<String>,
    /// What it covers.
    #[serde(default, rename = "consentRights", alias = "consentrights")]
    pub rights: Vec<ConsentRight>,
}

/// One thing that a consent covers.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct ConsentRight {
    /// What may be done: `consent`, …
    #[serde(default, deserialize_with = "texts")]
    pub action: Vec<String>,
    /// With what.
    #[serde(default)]
    pub resource: Vec<ConsentResource>,
    /// What the consent was narrowed to, by the names that the resource has for it.
    #[serde(default, alias = "metaData")]
    pub metadata: Option<std::collections::BTreeMap<String, Value>>,
}

impl fmt::Debug for ConsentRight {
    /// Without the metadata, which may be about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRight")
            .field("action", &self.action)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// A resource that a consent covers.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ConsentResource {
    /// What `value` is: `urn:altinn:resource`, …
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Its id in Altinn's resource registry.
    #[serde(default)]
    pub value: Option<String>,
}

impl fmt::Debug for ConsentDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentDetail")
            .field("id", &self.id)
            .field("from", &norwegian_ids::mask_person_numbers(&self.from))
            .field("to", &self.to)
            .field("valid_to", &self.valid_to)
            .finish_non_exhaustive()
    }
}

/// An authorization detail of a type that is not known here.
#[derive(Clone)]
pub struct OtherDetail(Value);

impl OtherDetail {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.0.get("type")?.as_str()
    }

    /// The element as it arrived.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for OtherDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtherDetail")
            .field("type", &self.kind())
            .finish_non_exhaustive()
    }
}

impl From<Value> for AuthorizationDetail {
    fn from(value: Value) -> Self {
        let known = match value.get("type").and_then(Value::as_str) {
            Some("urn:altinn:systemuser") => SystemUserDetail::deserialize(&value)
                .ok()
                .map(Self::SystemUser),
            Some("urn:altinn:consent") => {
                ConsentDetail::deserialize(&value).ok().map(Self::Consent)
            }
            _ => None,
        };
        known.unwrap_or(Self::Other(OtherDetail(value)))
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

/// A list, or the one element that some servers write without one.
fn one_or_many(value: Value) -> impl Iterator<Item = Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        one => vec![one],
    }
    .into_iter()
}

fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(one_or_many(Value::deserialize(deserializer)?)
        .filter_map(read)
        .collect())
}
