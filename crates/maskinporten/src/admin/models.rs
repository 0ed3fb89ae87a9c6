//! Clients, scopes and access as the API has them. Every member is optional, and those that are not
//! known here are kept, because what is written back is the whole object.

use std::fmt;

use http_transport::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientId, Scope};

/// What a machine asks Maskinporten with.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A client (integrasjon) to be created.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NewClient {
    /// Its name, for people.
    pub client_name: String,
    /// What it is for. Give it a text that a program can find it by: names need not be unique.
    pub description: String,
    /// The scopes that it may ask for.
    pub scopes: Vec<Scope>,
    /// How it proves itself: `private_key_jwt` with a key or a certificate.
    pub token_endpoint_auth_method: String,
    /// What it asks with.
    pub grant_types: Vec<String>,
    /// `maskinporten`, `krr`, `idporten`, `api_klient`, …
    pub integration_type: String,
    /// `web`, `browser` or `native`.
    pub application_type: String,
    /// How long its tokens live, in seconds; 0 for the server's default of 120. A scope may set less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u64>,
    /// Other members.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl NewClient {
    /// A client for Maskinporten: the one combination that is allowed for it (web, `private_key_jwt`,
    /// JWT grants).
    pub fn maskinporten(
        name: impl Into<String>,
        description: impl Into<String>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Self {
        Self {
            client_name: name.into(),
            description: description.into(),
            scopes: scopes.into_iter().collect(),
            token_endpoint_auth_method: "private_key_jwt".into(),
            grant_types: vec![JWT_BEARER.into()],
            integration_type: "maskinporten".into(),
            application_type: "web".into(),
            access_token_lifetime: None,
            other: Map::new(),
        }
    }
}

/// A client (integrasjon) as it is registered.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Its name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_orgno: Option<String>,
    /// Who made it for the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier_orgno: Option<String>,
    /// The scopes that it may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// How it proves itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// What it asks with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// `maskinporten`, `krr`, `idporten`, `api_klient`, … Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_type: Option<String>,
    /// `web`, `browser` or `native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// How long its tokens live, in seconds; 0 for the server's default of 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u64>,
    /// Whether it is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Its secret, in the answer that makes one. Never written.
    #[serde(skip_serializing, deserialize_with = "super::secret")]
    pub client_secret: Option<SecretString>,
    /// When it was made, ISO 8601. Never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was changed, ISO 8601. Never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<String>,
    /// Members that are not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RegisteredClient {
    pub(super) fn to_write(&self) -> Self {
        Self {
            created: None,
            last_updated: None,
            ..self.clone()
        }
    }
}

impl fmt::Debug for RegisteredClient {
    /// Without the secret, and without members that are not known here: one may be another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("client_id", &self.client_id)
            .field("client_name", &self.client_name)
            .field("client_orgno", &self.client_orgno)
            .field("integration_type", &self.integration_type)
            .field("scopes", &self.scopes)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// A scope to be created: `prefix:subscope`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NewScope {
    /// The organisation's prefix, which Digdir assigns.
    pub prefix: String,
    /// What stands after the colon.
    pub subscope: String,
    /// What it gives access to.
    pub description: String,
    /// Other members: see [`RegisteredScope`].
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl NewScope {
    /// A scope with the members that it needs.
    pub fn new(
        prefix: impl Into<String>,
        subscope: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            prefix: prefix.into(),
            subscope: subscope.into(),
            description: description.into(),
            other: Map::new(),
        }
    }

    /// Adds a member, named as the API does.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(name.into(), value.into());
        self
    }
}

/// A scope as it is registered.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RegisteredScope {
    /// Its whole name. Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Before the colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// After the colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscope: Option<String>,
    /// What it gives access to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_orgno: Option<String>,
    /// Whether it is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `PUBLIC`, `PRIVATE`, `INTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// `SELF_CONTAINED`, `OPAQUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// The kinds of client that may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_integration_types: Option<Vec<String>>,
    /// Where delegations of it are looked up: Altinn's issuer, where it can be delegated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegation_source: Option<String>,
    /// How long tokens with it live at most, in seconds; 0 for what the client says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_max_age: Option<u64>,
    /// Whether everybody may have it without a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessible_for_all: Option<bool>,
    /// When it was made, ISO 8601. Never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was changed, ISO 8601. Never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<String>,
    /// Members that are not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RegisteredScope {
    pub(super) fn to_write(&self) -> Self {
        Self {
            created: None,
            last_updated: None,
            ..self.clone()
        }
    }
}

/// One organisation's access to one scope.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Access {
    /// The scope.
    pub scope: Option<String>,
    /// Whether it is given.
    pub state: Option<AccessState>,
    /// Who has it.
    pub consumer_orgno: Option<String>,
    /// Who gave it.
    pub owner_orgno: Option<String>,
    /// When it was made, ISO 8601.
    pub created: Option<String>,
    /// When it was changed, ISO 8601.
    pub last_updated: Option<String>,
}

/// Whether access is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum AccessState {
    /// Asked for, not decided.
    Requested,
    /// Given.
    Approved,
    /// Refused, or withdrawn.
    Denied,
    /// Any other.
    Other(String),
}

impl From<String> for AccessState {
    fn from(text: String) -> Self {
        match text.as_str() {
            "REQUESTED" => Self::Requested,
            "APPROVED" => Self::Approved,
            "DENIED" => Self::Denied,
            _ => Self::Other(text),
        }
    }
}

/// Where delegations are looked up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DelegationSource {
    /// `altinn`.
    pub name: Option<String>,
    /// Its issuer: `delegation_source` of scopes and tokens.
    pub issuer: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_keeps_what_is_not_known_and_hides_its_secret() {
        let client: RegisteredClient = serde_json::from_str(
            r#"{"client_id":"c","client_secret":"hush-hush","refresh_token_usage":"ONETIME","created":"then"}"#,
        )
        .unwrap();
        assert!(super::super::is_secret(
            client.client_secret.as_ref(),
            "hush-hush"
        ));
        assert!(!format!("{client:?}").contains("hush"));
        let written = serde_json::to_value(client.to_write()).unwrap();
        assert_eq!(
            written,
            serde_json::json!({"client_id": "c", "refresh_token_usage": "ONETIME"})
        );
    }
}
