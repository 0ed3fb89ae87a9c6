//! The population and the registrations: who exists, who owns what, who may do what.
//!
//! A [`World`] is read from the standard population (`src/world/standard.toml` in the source, which is
//! also the documentation of the format) and any number of seeds over it. It holds facts that come
//! from registers; what is granted while the simulator runs is kept by the servers.
//!
//! ```
//! use altinn_sim::world::{Seed, World};
//!
//! let seed = Seed::from_toml(r#"
//!     [[organisations]]
//!     number = "310753831"             # exists: only its name changes
//!     name = "MODIG STILLE GAUPE AS"
//! "#)?;
//! let world = World::with_seeds([seed])?;
//! assert_eq!(world.organisation("310753831").map(|o| o.name.as_str()), Some("MODIG STILLE GAUPE AS"));
//! # Ok::<(), altinn_sim::world::SeedError>(())
//! ```

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use norwegian_ids::{OrganisationNumber, PersonNumber};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

const STANDARD: &str = include_str!("world/standard.toml");

/// Each list of a world, and the members that tell its entries apart.
const LISTS: &[(&str, &[&str])] = &[
    ("organisations", &["number"]),
    ("persons", &["number"]),
    ("register_roles", &["organisation", "person", "role"]),
    ("connections", &["from", "to"]),
    ("scopes", &["name"]),
    ("clients", &["client_id"]),
    ("delegations", &["consumer", "supplier", "scope"]),
    ("systems", &["id"]),
    ("system_users", &["id"]),
    ("enterprise_users", &["user_name"]),
    ("api_keys", &["name"]),
    ("service_owners", &["organisation"]),
    ("access_packages", &["code"]),
    ("resources", &["id"]),
    ("access_lists", &["owner", "identifier"]),
    ("subscription_keys", &["name"]),
    ("client_roles", &["code"]),
    ("client_relations", &["client", "provider", "role"]),
    ("role_definitions", &["id"]),
    ("services", &["code", "edition"]),
    ("apps", &["id"]),
    ("code_lists", &["name", "version", "language"]),
];

/// A text that must not be shown: a password, an API key or a person number.
///
/// `Debug` prints no part of it, there is no `Display`, and it cannot be serialised.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn random_password() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    fn random_key() -> Self {
        Self(Uuid::new_v4().to_string())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Everything that is registered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct World {
    /// Who stands where in the demonstrations.
    pub cast: Cast,
    /// Organisations and their sub-units (Enhetsregisteret).
    pub organisations: Vec<Organisation>,
    /// Synthetic people (Folkeregisteret).
    pub persons: Vec<Person>,
    /// Roles that come from a register, such as general manager (daglig leder).
    pub register_roles: Vec<RegisterRole>,
    /// What is delegated from the start.
    pub connections: Vec<Connection>,
    /// Maskinporten scopes.
    pub scopes: Vec<Scope>,
    /// Maskinporten clients.
    pub clients: Vec<Client>,
    /// Delegations of scopes from a consumer to a supplier (API-delegering).
    pub delegations: Vec<Delegation>,
    /// The system register.
    pub systems: Vec<System>,
    /// System users (systembrukere).
    pub system_users: Vec<SystemUser>,
    /// Enterprise users (virksomhetsbrukere).
    pub enterprise_users: Vec<EnterpriseUser>,
    /// Altinn 2 API keys.
    pub api_keys: Vec<ApiKey>,
    /// Service owners (tjenesteeiere).
    pub service_owners: Vec<ServiceOwner>,
    /// Altinn 3 access packages (tilgangspakker).
    pub access_packages: Vec<AccessPackage>,
    /// Altinn 3 resources.
    pub resources: Vec<Resource>,
    /// Altinn 3: access lists (tilgangslister).
    pub access_lists: Vec<AccessList>,
    /// Subscriptions to Altinn 3's APIs.
    pub subscription_keys: Vec<SubscriptionKey>,
    /// Altinn 3 roles that a provider has for its clients (klientforhold).
    pub client_roles: Vec<ClientRole>,
    /// Who is whose client, by register.
    pub client_relations: Vec<ClientRelation>,
    /// Altinn 2 role definitions, register roles included.
    pub role_definitions: Vec<RoleDefinition>,
    /// Altinn 2 services.
    pub services: Vec<Service>,
    /// Apps of Altinn 3 as Altinn 2 sees them.
    pub apps: Vec<App>,
    /// Altinn 2 code lists (kodelister).
    pub code_lists: Vec<CodeList>,
}

/// Who stands where in the demonstrations: organisation and person numbers and client ids of the
/// world, by the part they play.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cast {
    /// The vendor of an end-user system (sluttbrukersystem); owns `client` and `key_client`.
    pub vendor: String,
    /// A client of the vendor without registered keys; authenticates by the vendor's certificate.
    pub client: String,
    /// A client of the vendor with a registered key.
    pub key_client: String,
    /// A client of the vendor for logging people in, with a registered key.
    pub login_client: String,
    /// The vendor's customer: owns a system user.
    pub customer: String,
    /// An organisation that the customer may give rights to.
    pub receiving_organisation: String,
    /// A service owner (tjenesteeier).
    pub service_owner: String,
    /// An organisation with a certificate to which nothing is granted.
    pub outsider: String,
    /// An organisation that has delegated a scope to the vendor.
    pub delegator: String,
    /// A person who already holds something from the customer.
    pub connected_person: Hidden,
    /// A person whom nothing connects to the customer.
    pub new_person: Hidden,
    /// The customer's general manager (daglig leder).
    pub manager: Hidden,
    /// User name of the vendor's enterprise user, who is main administrator for the customer.
    pub enterprise_user: String,
    /// Name of the vendor's API key.
    pub api_key: String,
}

/// An organisation or a sub-unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Organisation {
    /// Nine digits.
    pub number: String,
    /// Name, in capitals as the register has it.
    pub name: String,
    /// Organisation form: `AS`, `BEDR`, `ORGL`, …
    pub form: String,
    /// Altinn 3's identity.
    pub party_uuid: Uuid,
    /// Altinn's number of the party.
    pub party_id: i64,
    /// The main unit, on a sub-unit.
    #[serde(default)]
    pub parent: Option<String>,
    /// Whether it is deleted in the register (`Status` `Inactive` in Altinn 2).
    #[serde(default)]
    pub inactive: bool,
    /// Altinn 2: addresses of the organisation itself.
    #[serde(default)]
    pub official_contacts: Vec<Contact>,
    /// Altinn 2: addresses that people have given for their part in it.
    #[serde(default)]
    pub personal_contacts: Vec<Contact>,
}

/// Where somebody is reached for an organisation; often by one of the two ways only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Contact {
    /// Whose it is, on a personal contact.
    #[serde(default)]
    pub person: Option<Hidden>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// When it was last changed, `2020-01-01T00:00:00`.
    #[serde(default)]
    pub email_changed: Option<String>,
    /// Mobile number.
    #[serde(default)]
    pub mobile: Option<String>,
    /// When it was last changed.
    #[serde(default)]
    pub mobile_changed: Option<String>,
}

impl Organisation {
    /// Altinn 2's identity: `r` and the party id.
    pub fn reportee_id(&self) -> String {
        format!("r{}", self.party_id)
    }
}

/// A synthetic person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Person {
    /// Eleven digits, month + 80.
    pub number: Hidden,
    /// First name, in capitals.
    pub first_name: String,
    /// Last name, in capitals.
    pub last_name: String,
    /// Altinn 3's identity.
    pub party_uuid: Uuid,
    /// Altinn's number of the party.
    pub party_id: i64,
    /// Altinn's number of the user.
    pub user_id: i64,
    /// A user name, if the person has chosen one.
    #[serde(default)]
    pub user_name: Option<String>,
    /// The password at Altinn 2, with the user name or the number.
    #[serde(default = "Hidden::random_password")]
    pub password: Hidden,
    /// Whether the person has never logged in to Altinn, and so has no user profile there.
    #[serde(default)]
    pub without_profile: bool,
}

impl Person {
    /// Altinn 2's identity: `r` and the party id.
    pub fn reportee_id(&self) -> String {
        format!("r{}", self.party_id)
    }

    /// `020958*****`.
    pub fn masked(&self) -> String {
        format!("{}*****", self.number.expose().get(..6).unwrap_or_default())
    }
}

/// A role that a register gives a person in an organisation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RegisterRole {
    /// In which organisation.
    pub organisation: String,
    /// Who.
    pub person: Hidden,
    /// Code of the role definition, `DAGL`.
    pub role: String,
}

/// What one party has delegated to another before the simulator starts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Connection {
    /// The giving organisation.
    pub from: String,
    /// The receiving person's or organisation's number.
    pub to: Hidden,
    /// Altinn 3: codes of access packages.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Altinn 2: codes of role definitions.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A Maskinporten scope.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scope {
    /// `prefix:name`.
    pub name: String,
    /// The organisation whose API it is.
    pub owner: String,
    /// Longest life of a token with it, in seconds; 0 leaves it to the client.
    #[serde(default)]
    pub at_max_age: i64,
    /// Whether every organisation has it without being on the access list.
    #[serde(default)]
    pub accessible_for_all: bool,
    /// Integration types of clients that may use it.
    #[serde(default = "maskinporten_only")]
    pub integration_types: Vec<String>,
    /// Whether it can be delegated in Altinn.
    #[serde(default)]
    pub delegation_source: bool,
    /// Organisations on the access list.
    #[serde(default)]
    pub granted_to: Vec<String>,
}

fn maskinporten_only() -> Vec<String> {
    vec!["maskinporten".to_owned()]
}

/// A Maskinporten client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Client {
    /// Usually a UUID.
    pub client_id: String,
    /// What its owner calls it.
    pub name: String,
    /// The owning organisation (`client_orgno`).
    pub owner: String,
    /// Scopes registered on it.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Registered public keys.
    #[serde(default)]
    pub keys: Vec<Jwk>,
    /// Whether the simulator makes a key pair at start and registers the public half.
    #[serde(default)]
    pub registered_key: bool,
    /// `maskinporten`, `idporten`, …
    #[serde(default = "maskinporten")]
    pub integration_type: String,
    /// False once deactivated in self-service.
    #[serde(default = "yes")]
    pub active: bool,
    /// Life of its tokens in seconds where no scope decides; 0 means the default: 120, and 600 for
    /// people's.
    #[serde(default)]
    pub access_token_lifetime: i64,
    /// ID-porten: where people may be sent back, exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// ID-porten: where people may be sent after logging out, exactly.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// ID-porten: `private_key_jwt`, `client_secret_basic`, `client_secret_post` or `none`.
    #[serde(default = "private_key_jwt")]
    pub token_endpoint_auth_method: String,
    /// ID-porten: the secret, where the method is one with a secret.
    #[serde(default = "Hidden::random_key")]
    pub client_secret: Hidden,
    /// ID-porten: whether it gets refresh tokens.
    #[serde(default)]
    pub refresh_tokens: bool,
    /// ID-porten: whether its people log in by themselves, apart from other services.
    #[serde(default)]
    pub sso_disabled: bool,
    /// ID-porten: whether id tokens carry `sid` (`frontchannel_logout_session_required`).
    #[serde(default)]
    pub session_in_id_token: bool,
}

fn private_key_jwt() -> String {
    "private_key_jwt".to_owned()
}

fn maskinporten() -> String {
    "maskinporten".to_owned()
}

fn yes() -> bool {
    true
}

/// A public RSA key registered on a client.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// Key id, chosen by the customer.
    pub kid: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
    /// When it stops being accepted, in seconds since 1970; one year after posting in reality.
    #[serde(default)]
    pub exp: Option<i64>,
    /// From when the token endpoint knows it, in seconds since 1970; in reality up to 15 minutes after
    /// posting. None: at once.
    #[serde(default)]
    pub known_from: Option<i64>,
}

impl Jwk {
    /// A key as it would be posted.
    pub fn new(kid: impl Into<String>, n: impl Into<String>, e: impl Into<String>) -> Self {
        Self {
            kid: kid.into(),
            n: n.into(),
            e: e.into(),
            exp: None,
            known_from: None,
        }
    }
}

/// A delegation of a scope (API-delegering).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delegation {
    /// Who delegates.
    pub consumer: String,
    /// Who may act.
    pub supplier: String,
    /// Which scope.
    pub scope: String,
}

impl Delegation {
    /// That `consumer` lets `supplier` use `scope`.
    pub fn new(
        consumer: impl Into<String>,
        supplier: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        Self {
            consumer: consumer.into(),
            supplier: supplier.into(),
            scope: scope.into(),
        }
    }
}

/// A system in the system register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct System {
    /// `<vendor's number>_<name>`.
    pub id: String,
    /// The vendor.
    pub vendor: String,
    /// Name for people.
    pub name: String,
    /// Maskinporten clients that may act for it.
    pub client_ids: Vec<String>,
    /// What it is, for people.
    #[serde(default)]
    pub description: String,
    /// Codes of the access packages that its system users may ask for.
    #[serde(default)]
    pub access_packages: Vec<String>,
    /// Ids of the resources to which its system users may ask for rights.
    #[serde(default)]
    pub rights: Vec<String>,
    /// Where a customer may be sent after answering a request.
    #[serde(default)]
    pub redirect_urls: Vec<String>,
    /// Whether customers find it in Altinn by themselves.
    #[serde(default = "yes")]
    pub visible: bool,
    /// True once deleted by its vendor.
    #[serde(default)]
    pub deleted: bool,
    /// The register's own id of it.
    #[serde(default = "Uuid::new_v4")]
    pub internal_id: Uuid,
    /// What its vendor has done to it, as the change log shows it.
    #[serde(skip)]
    pub(crate) changes: Vec<Value>,
}

/// A system user (systembruker).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SystemUser {
    /// Its identity; also its party UUID in Altinn 3.
    pub id: Uuid,
    /// The customer that owns it.
    pub owner: String,
    /// Id of its system.
    pub system: String,
    /// What the customer sees.
    pub title: String,
    /// Tells several system users of one system and owner apart.
    #[serde(default)]
    pub external_ref: Option<String>,
    /// False until the customer has approved the request.
    #[serde(default = "yes")]
    pub approved: bool,
    /// True once removed.
    #[serde(default)]
    pub deleted: bool,
    /// Codes of the access packages it holds for its owner.
    #[serde(default)]
    pub access_packages: Vec<String>,
    /// Whether it serves its owner's clients (klientforhold) and not the owner itself.
    #[serde(default)]
    pub agent: bool,
}

impl SystemUser {
    /// The reference that finds it: its own, or the owner's number.
    pub fn reference(&self) -> &str {
        self.external_ref.as_deref().unwrap_or(&self.owner)
    }
}

/// An enterprise user (virksomhetsbruker).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EnterpriseUser {
    /// Unique across Altinn.
    pub user_name: String,
    /// The organisation it belongs to.
    pub organisation: String,
    /// Its password.
    #[serde(default = "Hidden::random_password")]
    pub password: Hidden,
    /// Altinn 3's identity.
    pub party_uuid: Uuid,
    /// Altinn's number of the party.
    pub party_id: i64,
    /// Altinn's number of the user.
    pub user_id: i64,
    /// The Altinn 2 roles it holds, for its own organisation and for others.
    #[serde(default)]
    pub roles: Vec<HeldRole>,
    /// When it was made, if that was while the simulator ran.
    #[serde(skip)]
    pub(crate) created: Option<Timestamp>,
    /// When it was last renamed or given a new secret.
    #[serde(skip)]
    pub(crate) changed: Option<Timestamp>,
}

/// An Altinn 2 role that an enterprise user holds for an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldRole {
    /// For which organisation.
    pub organisation: String,
    /// Code of the role definition.
    pub role: String,
}

/// An Altinn 2 API key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiKey {
    /// What the seed calls it.
    pub name: String,
    /// The GUID that is sent.
    #[serde(default = "Hidden::random_key")]
    pub key: Hidden,
    /// The organisation it was issued to.
    pub organisation: String,
    /// `Authorization.read`, `Organization.read`, …
    pub resources: Vec<String>,
    /// Origins of browsers that may use it.
    #[serde(default)]
    pub origins: Vec<String>,
}

/// A service owner (tjenesteeier).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServiceOwner {
    /// Organisation number.
    pub organisation: String,
    /// Altinn's short code, lower case.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Altinn 3: codes of the access packages that it may give between others.
    #[serde(default)]
    pub may_give: Vec<String>,
}

/// An Altinn 3 access package (tilgangspakke).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AccessPackage {
    /// Last part of the URN.
    pub code: String,
    /// Its UUID.
    pub id: Uuid,
    /// Name in bokmål.
    pub name: String,
    /// Description in bokmål.
    pub description: String,
    /// Code of the area it belongs to.
    pub area: String,
    /// Name of the area.
    pub area_name: String,
    /// UUID of the area.
    pub area_id: Uuid,
    /// Whether it can be given on.
    #[serde(default = "yes")]
    pub delegable: bool,
    /// Whether only people can hold it.
    #[serde(default)]
    pub held_by_people: bool,
    /// Whether it belongs to people (innbyggere) and not to organisations.
    #[serde(default)]
    pub for_people: bool,
    /// Whether it is for client relations (klientforhold), and so for agents only.
    #[serde(default)]
    pub for_clients: bool,
}

impl AccessPackage {
    /// `urn:altinn:accesspackage:<code>`.
    pub fn urn(&self) -> String {
        format!("urn:altinn:accesspackage:{}", self.code)
    }
}

/// A list of organisations to which a service owner limits resources (tilgangsliste).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AccessList {
    /// Code of the service owner.
    pub owner: String,
    /// What the owner calls it in addresses.
    pub identifier: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Numbers of the organisations on it.
    #[serde(default)]
    pub members: Vec<String>,
    /// Ids of the resources that it limits.
    #[serde(default)]
    pub resources: Vec<String>,
}

/// A subscription to Altinn's APIs, which the policy decision point asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SubscriptionKey {
    /// What the seed calls it.
    pub name: String,
    /// The organisation it was issued to.
    pub organisation: String,
    /// The key that is sent.
    #[serde(default = "Hidden::random_password")]
    pub key: Hidden,
}

/// An Altinn 3 resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Resource {
    /// Id in the resource registry (`refId`).
    pub id: String,
    /// Its UUID.
    pub uuid: Uuid,
    /// Name in bokmål.
    pub name: String,
    /// Description in bokmål.
    pub description: String,
    /// Code of the service owner.
    pub owner: String,
    /// Actions, lower case.
    pub actions: Vec<String>,
    /// Codes of the access packages that give it.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Whether it can be given on.
    #[serde(default = "yes")]
    pub delegable: bool,
    /// `GenericAccessResource`, `MaskinportenSchema` or `Consent`.
    #[serde(default = "generic_access_resource")]
    pub resource_type: String,
    /// Of a `MaskinportenSchema`: the scopes that are delegated with it.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Lowest authentication level, 1 to 4, that a permit is good for; 0 asks for none.
    #[serde(default)]
    pub level: u8,
    /// Whether only those on an access list of its owner have it.
    #[serde(default)]
    pub access_list: bool,
    /// Of a `Consent`: what must be said about it in a request.
    #[serde(default)]
    pub consent_metadata: Vec<String>,
    /// Of a `Consent`: the template; one request has one.
    #[serde(default)]
    pub consent_template: String,
}

impl Resource {
    pub(crate) fn is_maskinporten_schema(&self) -> bool {
        self.resource_type == "MaskinportenSchema"
    }
}

fn generic_access_resource() -> String {
    "GenericAccessResource".to_owned()
}

/// An Altinn 3 role that a provider has for its clients (klientforhold), such as accountant
/// (regnskapsfører).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientRole {
    /// Last part of the URN.
    pub code: String,
    /// Its UUID.
    pub id: Uuid,
    /// Altinn 2's code of the same role.
    pub legacy_code: String,
    /// Name in bokmål.
    pub name: String,
    /// Description in bokmål.
    pub description: String,
    /// Codes of the access packages that come with it.
    #[serde(default)]
    pub packages: Vec<String>,
}

/// That one organisation is another's client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientRelation {
    /// Number of the client.
    pub client: String,
    /// Number of the provider.
    pub provider: String,
    /// Code of the provider's client role.
    pub role: String,
}

/// Where an Altinn 2 role definition comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum RoleKind {
    /// Defined by Altinn; can be delegated.
    Altinn,
    /// From a register; cannot be delegated or deleted.
    External,
    /// Defined by an organisation for itself.
    Local,
}

/// An Altinn 2 role definition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RoleDefinition {
    /// `RoleDefinitionId`.
    pub id: i64,
    /// `RoleDefinitionCode`; local ones have none.
    #[serde(default)]
    pub code: String,
    /// Where it comes from.
    pub kind: RoleKind,
    /// Name in bokmål.
    pub name: String,
    /// Description in bokmål.
    pub description: String,
    /// Altinn 3's code of the same role.
    #[serde(default)]
    pub altinn3_code: Option<String>,
    /// Altinn 3's id of the same role.
    #[serde(default)]
    pub altinn3_id: Option<Uuid>,
    /// Name in English, if it differs.
    #[serde(default)]
    pub name_en: Option<String>,
    /// Name in nynorsk, if it differs.
    #[serde(default)]
    pub name_nn: Option<String>,
    /// Ids of the roles that include it.
    #[serde(default)]
    pub parents: Vec<i64>,
    /// Of a local one: the number of the organisation that defined it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Of a local one: what it gives.
    #[serde(default)]
    pub rights: Vec<ServiceRight>,
}

/// One action of one service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServiceRight {
    /// Service code.
    pub service: String,
    /// Edition code.
    pub edition: i64,
    /// `Read`, `Write`, …
    pub action: String,
}

impl ServiceRight {
    /// The right to `action` of a service.
    pub fn new(service: impl Into<String>, edition: i64, action: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            edition,
            action: action.into(),
        }
    }
}

impl RoleDefinition {
    /// A local role of an organisation.
    pub(crate) fn local(id: i64, owner: String) -> Self {
        Self {
            id,
            code: String::new(),
            kind: RoleKind::Local,
            name: String::new(),
            description: String::new(),
            altinn3_code: None,
            altinn3_id: None,
            name_en: None,
            name_nn: None,
            parents: Vec::new(),
            owner: Some(owner),
            rights: Vec::new(),
        }
    }
}

/// An Altinn 2 service edition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Service {
    /// Service code.
    pub code: String,
    /// Edition code.
    pub edition: i64,
    /// Name in bokmål.
    pub name: String,
    /// The service owner's organisation number.
    pub owner: String,
    /// The service owner's code, upper case.
    pub owner_code: String,
    /// The service owner's name.
    pub owner_name: String,
    /// `Read`, `Write`, …
    pub actions: Vec<String>,
    /// Codes of the role definitions that give it.
    pub roles: Vec<String>,
    /// Whether rights to it can be given on.
    #[serde(default = "yes")]
    pub delegable: bool,
    /// `FormTask`, `Correspondence`, `Lookup`, `Broker`, `Link`, …
    #[serde(default = "form_task")]
    pub service_type: String,
    /// The edition's name, if it has one.
    #[serde(default)]
    pub edition_name: Option<String>,
    /// From when it can be used.
    #[serde(default = "long_ago")]
    pub valid_from: String,
    /// Until when.
    #[serde(default = "no_end")]
    pub valid_to: String,
    /// Whether enterprise users may use it.
    #[serde(default = "yes")]
    pub enterprise_users: bool,
    /// The forms of a `FormTask`.
    #[serde(default)]
    pub forms: Vec<ServiceForm>,
    /// What may be attached to it.
    #[serde(default)]
    pub attachments: Vec<AttachmentRule>,
    /// The steps of a `FormTask`.
    #[serde(default)]
    pub steps: Vec<ProcessStep>,
}

fn form_task() -> String {
    "FormTask".to_owned()
}

fn long_ago() -> String {
    "2014-01-01T00:00:00".to_owned()
}

fn no_end() -> String {
    "9999-12-31T23:59:59.997".to_owned()
}

/// A form of an Altinn 2 service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServiceForm {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Id of the data format.
    pub data_format_id: String,
    /// Version of the data format.
    pub data_format_version: i64,
    /// `MainForm` or `SubForm`.
    pub form_type: String,
}

/// What may be attached to a form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AttachmentRule {
    /// Its number.
    pub id: i64,
    /// What kind of attachment.
    pub name: String,
    /// Endings of file names, separated by commas.
    pub file_types: String,
    /// How many there must be.
    #[serde(default)]
    pub min: i64,
    /// How many there may be.
    pub max: i64,
    /// Largest size of one, in kilobytes.
    pub max_size: i64,
    /// Whether it must follow an XML schema, which then can be had.
    #[serde(default)]
    pub xsd: bool,
}

/// A step on a form's way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProcessStep {
    /// `FormFilling`, `Signing`, …
    pub name: String,
    /// Which one of several.
    #[serde(default)]
    pub sequence: Option<i64>,
    /// The authentication level it asks for.
    pub level: i64,
}

/// An app of Altinn 3, as Altinn 2's lists and rights show it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// The number in its service code, `AppId:64`.
    pub id: i64,
    /// `org/app`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// The service owner's organisation number.
    pub owner: String,
    /// The service owner's code, upper case.
    pub owner_code: String,
    /// The service owner's name.
    pub owner_name: String,
    /// What can be done with it.
    pub rules: Vec<AppRule>,
    /// Codes of the role definitions that give it.
    pub roles: Vec<String>,
    /// Whether rights to it can be given on.
    #[serde(default = "yes")]
    pub delegable: bool,
}

/// One action on one part of an app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AppRule {
    /// `urn:altinn:task` or `urn:altinn:end-event`.
    pub resource_id: String,
    /// `Task_1`, …
    pub resource_value: String,
    /// `read`, `write`, …
    pub action: String,
}

/// A code list (kodeliste).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CodeList {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i64,
    /// `1044`, `2068` or `1033`.
    pub language: i64,
    /// The codes.
    pub codes: Vec<Code>,
}

/// A code of a code list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Code {
    /// The code itself.
    pub code: String,
    /// First value.
    #[serde(default)]
    pub value1: String,
    /// Second value.
    #[serde(default)]
    pub value2: String,
    /// Third value.
    #[serde(default)]
    pub value3: String,
}

/// What a seed file changes or adds.
///
/// Members are those of [`World`]; all may be left out.
#[derive(Clone, Debug)]
pub struct Seed(Value);

impl Seed {
    /// Reads a seed written as TOML.
    ///
    /// # Errors
    /// When it is not TOML, with the line; the content is checked by [`World::with_seeds`].
    pub fn from_toml(text: &str) -> Result<Self, SeedError> {
        toml::from_str(text).map(Self).map_err(|e| {
            let line = e
                .span()
                .map(|s| text.get(..s.start).unwrap_or_default().lines().count());
            SeedError::new(match line {
                Some(line) => format!("not valid TOML near line {}: {}", line.max(1), e.message()),
                None => format!("not valid TOML: {}", e.message()),
            })
        })
    }

    /// Reads a seed written as JSON.
    ///
    /// # Errors
    /// When it is not JSON, with line and column.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|e| SeedError::new(format!("not valid JSON: {e}")))
    }
}

/// A seed that cannot be used, with the reason.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the seed cannot be used: {reason}")]
pub struct SeedError {
    reason: String,
}

impl SeedError {
    fn new(reason: impl Into<String>) -> Self {
        let reason: String = reason.into();
        Self {
            reason: norwegian_ids::mask_person_numbers(&reason).into_owned(),
        }
    }
}

impl World {
    /// The standard population.
    ///
    /// # Errors
    /// Never in a released version; a test reads it.
    pub fn standard() -> Result<Self, SeedError> {
        Self::with_seeds([])
    }

    /// The standard population with `seeds` laid over it, in order.
    ///
    /// # Errors
    /// When a seed names a member that does not exist, leaves a new entry incomplete, has a number
    /// whose check digits are wrong, or refers to an organisation or a person that is not there.
    pub fn with_seeds(seeds: impl IntoIterator<Item = Seed>) -> Result<Self, SeedError> {
        let Seed(mut document) = Seed::from_toml(STANDARD)?;
        for Seed(seed) in seeds {
            merge(&mut document, seed)?;
        }
        read_one_by_one(&document)?;
        let world: Self =
            serde_json::from_value(document).map_err(|e| SeedError::new(e.to_string()))?;
        world.check()?;
        Ok(world)
    }

    /// The organisation with this number.
    pub fn organisation(&self, number: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|o| o.number == number)
    }

    /// The organisation with this party UUID.
    pub fn organisation_by_uuid(&self, uuid: Uuid) -> Option<&Organisation> {
        self.organisations.iter().find(|o| o.party_uuid == uuid)
    }

    /// The person with this number.
    pub fn person(&self, number: &str) -> Option<&Person> {
        self.persons.iter().find(|p| p.number.expose() == number)
    }

    /// The person with this party UUID.
    pub fn person_by_uuid(&self, uuid: Uuid) -> Option<&Person> {
        self.persons.iter().find(|p| p.party_uuid == uuid)
    }

    /// The client with this id.
    pub fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|c| c.client_id == client_id)
    }

    /// The client with this id, to change it.
    pub fn client_mut(&mut self, client_id: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|c| c.client_id == client_id)
    }

    /// The scope with this name.
    pub fn scope(&self, name: &str) -> Option<&Scope> {
        self.scopes.iter().find(|s| s.name == name)
    }

    /// The scope with this name, to change it.
    pub fn scope_mut(&mut self, name: &str) -> Option<&mut Scope> {
        self.scopes.iter_mut().find(|s| s.name == name)
    }

    /// The system with this id.
    pub fn system(&self, id: &str) -> Option<&System> {
        self.systems.iter().find(|s| s.id == id)
    }

    /// The system user with this id.
    pub fn system_user(&self, id: Uuid) -> Option<&SystemUser> {
        self.system_users.iter().find(|s| s.id == id)
    }

    /// The enterprise user with this name; user names know no case.
    pub fn enterprise_user(&self, user_name: &str) -> Option<&EnterpriseUser> {
        self.enterprise_users
            .iter()
            .find(|u| u.user_name.eq_ignore_ascii_case(user_name))
    }

    /// The API key that is sent as `key`.
    pub fn api_key(&self, key: &str) -> Option<&ApiKey> {
        self.api_keys
            .iter()
            .find(|k| k.key.expose().eq_ignore_ascii_case(key))
    }

    /// The service owner of this organisation number.
    pub fn service_owner(&self, organisation: &str) -> Option<&ServiceOwner> {
        self.service_owners
            .iter()
            .find(|s| s.organisation == organisation)
    }

    /// The access package with this code or URN.
    pub fn access_package(&self, code_or_urn: &str) -> Option<&AccessPackage> {
        let code = code_or_urn
            .strip_prefix("urn:altinn:accesspackage:")
            .unwrap_or(code_or_urn);
        self.access_packages.iter().find(|p| p.code == code)
    }

    /// The resource with this registry id.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.id == id)
    }

    /// The role definition with this id.
    pub fn role_definition(&self, id: i64) -> Option<&RoleDefinition> {
        self.role_definitions.iter().find(|r| r.id == id)
    }

    /// The role definition with this code.
    pub fn role_definition_by_code(&self, code: &str) -> Option<&RoleDefinition> {
        self.role_definitions
            .iter()
            .find(|r| r.code == code && r.kind != RoleKind::Local)
    }

    /// The app with this name, `org/app`.
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// The service with this code and edition.
    pub fn service(&self, code: &str, edition: i64) -> Option<&Service> {
        self.services
            .iter()
            .find(|s| s.code == code && s.edition == edition)
    }

    /// Numbers must have right check digits and references must lead somewhere, or a test that uses
    /// the seed fails far from its cause.
    fn check(&self) -> Result<(), SeedError> {
        self.check_parties()?;
        self.check_cast()?;
        self.check_maskinporten()?;
        self.check_altinn3()?;
        self.check_altinn2()
    }

    fn check_parties(&self) -> Result<(), SeedError> {
        for o in &self.organisations {
            OrganisationNumber::try_from(o.number.as_str()).map_err(|e| {
                let name = &o.name;
                SeedError::new(format!("organisations: the number of {name} is wrong: {e}"))
            })?;
            if let Some(parent) = &o.parent {
                self.need_organisation("organisations", parent)?;
            }
        }
        for p in &self.persons {
            p.number.expose().parse::<PersonNumber>().map_err(|e| {
                let name = format!("{} {}", p.first_name, p.last_name);
                SeedError::new(format!("persons: the number of {name} is wrong: {e}"))
            })?;
        }
        let organisations = self
            .organisations
            .iter()
            .map(|o| (o.party_uuid, o.party_id));
        let persons = self.persons.iter().map(|p| (p.party_uuid, p.party_id));
        let users = self.enterprise_users.iter();
        let users = users.map(|u| (u.party_uuid, u.party_id));
        let (mut uuids, mut ids) = (HashSet::new(), HashSet::new());
        for (uuid, id) in organisations.chain(persons).chain(users) {
            if !uuids.insert(uuid) {
                return Err(SeedError::new(format!(
                    "two parties have party_uuid {uuid}"
                )));
            }
            if !ids.insert(id) {
                return Err(SeedError::new(format!("two parties have party_id {id}")));
            }
        }
        for r in &self.register_roles {
            self.need_organisation("register_roles", &r.organisation)?;
            self.need_person("register_roles", &r.person)?;
            self.need_role("register_roles", &r.role)?;
        }
        for c in &self.connections {
            self.need_organisation("connections", &c.from)?;
            if self.organisation(c.to.expose()).is_none() {
                self.need_person("connections", &c.to)?;
            }
            for package in &c.packages {
                self.need_package("connections", package)?;
            }
            for role in &c.roles {
                self.need_role("connections", role)?;
            }
        }
        Ok(())
    }

    fn check_cast(&self) -> Result<(), SeedError> {
        let cast = &self.cast;
        for number in [
            &cast.vendor,
            &cast.customer,
            &cast.receiving_organisation,
            &cast.service_owner,
            &cast.outsider,
            &cast.delegator,
        ] {
            self.need_organisation("cast", number)?;
        }
        for person in [&cast.connected_person, &cast.new_person, &cast.manager] {
            self.need_person("cast", person)?;
        }
        for client in [&cast.client, &cast.key_client, &cast.login_client] {
            need("cast", "client", client, self.client(client).is_some())?;
        }
        let user = &cast.enterprise_user;
        let known = self.enterprise_user(user).is_some();
        need("cast", "enterprise user", user, known)?;
        let known = self.api_keys.iter().any(|k| k.name == cast.api_key);
        need("cast", "API key", &cast.api_key, known)
    }

    fn check_maskinporten(&self) -> Result<(), SeedError> {
        for s in &self.scopes {
            seconds("scopes: at_max_age", s.at_max_age)?;
        }
        for c in &self.clients {
            self.need_organisation("clients", &c.owner)?;
            seconds("clients: access_token_lifetime", c.access_token_lifetime)?;
            for scope in &c.scopes {
                need("clients", "scope", scope, self.scope(scope).is_some())?;
            }
        }
        for d in &self.delegations {
            self.need_organisation("delegations", &d.consumer)?;
            self.need_organisation("delegations", &d.supplier)?;
            let known = self.scope(&d.scope).is_some();
            need("delegations", "scope", &d.scope, known)?;
        }
        Ok(())
    }

    fn check_altinn3(&self) -> Result<(), SeedError> {
        for s in &self.systems {
            self.need_organisation("systems", &s.vendor)?;
            for package in &s.access_packages {
                self.need_package("systems", package)?;
            }
            for right in &s.rights {
                let known = self.resource(right).is_some();
                need("systems", "resource", right, known)?;
            }
        }
        for u in &self.system_users {
            self.need_organisation("system_users", &u.owner)?;
            let known = self.system(&u.system).is_some();
            need("system_users", "system", &u.system, known)?;
            for package in &u.access_packages {
                self.need_package("system_users", package)?;
            }
        }
        for o in &self.service_owners {
            self.need_organisation("service_owners", &o.organisation)?;
            for package in &o.may_give {
                self.need_package("service_owners", package)?;
            }
        }
        for list in &self.access_lists {
            for member in &list.members {
                self.need_organisation("access_lists", member)?;
            }
            for id in &list.resources {
                let known = self.resource(id).is_some();
                need("access_lists", "resource", id, known)?;
            }
        }
        for key in &self.subscription_keys {
            self.need_organisation("subscription_keys", &key.organisation)?;
        }
        for r in &self.client_roles {
            for package in &r.packages {
                self.need_package("client_roles", package)?;
            }
        }
        for r in &self.client_relations {
            self.need_organisation("client_relations", &r.client)?;
            self.need_organisation("client_relations", &r.provider)?;
            let known = self.client_roles.iter().any(|role| role.code == r.role);
            need("client_relations", "client role", &r.role, known)?;
        }
        for r in &self.resources {
            let known = self.service_owners.iter().any(|o| o.code == r.owner);
            need("resources", "service owner", &r.owner, known)?;
            for package in &r.packages {
                self.need_package("resources", package)?;
            }
            for scope in &r.scopes {
                need("resources", "scope", scope, self.scope(scope).is_some())?;
            }
        }
        Ok(())
    }

    fn check_altinn2(&self) -> Result<(), SeedError> {
        for u in &self.enterprise_users {
            self.need_organisation("enterprise_users", &u.organisation)?;
            for held in &u.roles {
                self.need_organisation("enterprise_users", &held.organisation)?;
                self.need_role("enterprise_users", &held.role)?;
            }
        }
        for k in &self.api_keys {
            self.need_organisation("api_keys", &k.organisation)?;
        }
        for r in &self.role_definitions {
            if !(1..=LARGEST_ID).contains(&r.id) {
                let text = format!(
                    "role_definitions: id must be 1 to {LARGEST_ID}, not {}",
                    r.id
                );
                return Err(SeedError::new(text));
            }
        }
        for r in &self.role_definitions {
            if r.kind == RoleKind::Local {
                let owner = r.owner.as_deref().unwrap_or("(no owner)");
                self.need_organisation("role_definitions", owner)?;
            }
            for right in &r.rights {
                let known = self.service(&right.service, right.edition).is_some();
                need("role_definitions", "service", &right.service, known)?;
            }
        }
        for s in &self.services {
            for role in &s.roles {
                self.need_role("services", role)?;
            }
        }
        for a in &self.apps {
            for role in &a.roles {
                self.need_role("apps", role)?;
            }
        }
        for contact in self.organisations.iter().flat_map(|o| &o.personal_contacts) {
            if let Some(person) = &contact.person {
                self.need_person("organisations: personal_contacts", person)?;
            }
        }
        Ok(())
    }

    fn need_organisation(&self, list: &str, number: &str) -> Result<(), SeedError> {
        need(
            list,
            "organisation",
            number,
            self.organisation(number).is_some(),
        )
    }

    /// Does not name who is missing: it may be a person number in any form.
    fn need_person(&self, list: &str, number: &Hidden) -> Result<(), SeedError> {
        if self.person(number.expose()).is_some() {
            return Ok(());
        }
        let text = format!("{list}: a person who is not in persons");
        Err(SeedError::new(text))
    }

    fn need_package(&self, list: &str, code: &str) -> Result<(), SeedError> {
        let known = self.access_packages.iter().any(|p| p.code == code);
        need(list, "access package", code, known)
    }

    fn need_role(&self, list: &str, code: &str) -> Result<(), SeedError> {
        let known = self.role_definition_by_code(code).is_some();
        need(list, "role definition", code, known)
    }
}

/// Ids of role definitions in the simulator's answers are made from these.
const LARGEST_ID: i64 = 1_000_000_000;
/// A year, and more than any token lives.
const LONGEST_LIFE: i64 = 366 * 24 * 3600;

fn need(list: &str, what: &str, which: &str, there: bool) -> Result<(), SeedError> {
    if there {
        return Ok(());
    }
    Err(SeedError::new(format!(
        "{list}: there is no {what} {which}"
    )))
}

fn seconds(what: &str, value: i64) -> Result<(), SeedError> {
    if (0..=LONGEST_LIFE).contains(&value) {
        return Ok(());
    }
    let text = format!("{what} must be 0 to {LONGEST_LIFE} seconds, not {value}");
    Err(SeedError::new(text))
}

/// Reads each entry alone first, so that an error says which one it is in.
fn read_one_by_one(document: &Value) -> Result<(), SeedError> {
    for (list, key) in LISTS {
        let entries = document.get(*list).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let read = match *list {
                "organisations" => Organisation::deserialize(entry).map(drop),
                "persons" => Person::deserialize(entry).map(drop),
                "register_roles" => RegisterRole::deserialize(entry).map(drop),
                "connections" => Connection::deserialize(entry).map(drop),
                "scopes" => Scope::deserialize(entry).map(drop),
                "clients" => Client::deserialize(entry).map(drop),
                "delegations" => Delegation::deserialize(entry).map(drop),
                "systems" => System::deserialize(entry).map(drop),
                "system_users" => SystemUser::deserialize(entry).map(drop),
                "enterprise_users" => EnterpriseUser::deserialize(entry).map(drop),
                "api_keys" => ApiKey::deserialize(entry).map(drop),
                "service_owners" => ServiceOwner::deserialize(entry).map(drop),
                "access_packages" => AccessPackage::deserialize(entry).map(drop),
                "resources" => Resource::deserialize(entry).map(drop),
                "access_lists" => AccessList::deserialize(entry).map(drop),
                "subscription_keys" => SubscriptionKey::deserialize(entry).map(drop),
                "client_roles" => ClientRole::deserialize(entry).map(drop),
                "client_relations" => ClientRelation::deserialize(entry).map(drop),
                "role_definitions" => RoleDefinition::deserialize(entry).map(drop),
                "services" => Service::deserialize(entry).map(drop),
                "apps" => App::deserialize(entry).map(drop),
                "code_lists" => CodeList::deserialize(entry).map(drop),
                _ => Ok(()),
            };
            read.map_err(|e| {
                let names = key.iter().filter_map(|member| {
                    let value = entry.get(*member)?;
                    Some(format!("{member} = {value}"))
                });
                let which = names.collect::<Vec<_>>().join(", ");
                SeedError::new(format!("{list}: in the entry with {which}: {e}"))
            })?;
        }
    }
    Ok(())
}

fn merge(document: &mut Value, seed: Value) -> Result<(), SeedError> {
    let (Value::Object(document), Value::Object(seed)) = (document, seed) else {
        return Err(SeedError::new("it must be an object of lists"));
    };
    for (name, value) in seed {
        if name == "cast" {
            let (Some(Value::Object(cast)), Value::Object(changes)) =
                (document.get_mut("cast"), value)
            else {
                return Err(SeedError::new("cast must be an object"));
            };
            cast.extend(changes);
            continue;
        }
        let Some((_, key)) = LISTS.iter().find(|(list, _)| *list == name) else {
            return Err(SeedError::new(format!("there is no list {name}")));
        };
        let (Some(Value::Array(list)), Value::Array(entries)) = (document.get_mut(&name), value)
        else {
            return Err(SeedError::new(format!("{name} must be a list")));
        };
        for entry in entries {
            let Value::Object(entry) = entry else {
                return Err(SeedError::new(format!(
                    "{name}: an entry must be an object"
                )));
            };
            if let Some(missing) = key.iter().find(|k| !entry.contains_key(**k)) {
                return Err(SeedError::new(format!(
                    "{name}: an entry without {missing}"
                )));
            }
            let same = list
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .find(|existing| key.iter().all(|k| existing.get(*k) == entry.get(*k)));
            match same {
                Some(existing) => existing.extend(entry),
                None => list.push(Value::Object(entry)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(toml: &str) -> Result<World, SeedError> {
        World::with_seeds([Seed::from_toml(toml)?])
    }

    #[test]
    fn every_person_is_synthetic_and_every_reference_leads_somewhere() {
        let world = World::standard().unwrap();
        for p in &world.persons {
            assert!(
                p.number
                    .expose()
                    .parse::<PersonNumber>()
                    .unwrap()
                    .is_synthetic()
            );
        }
        for c in &world.clients {
            for s in &c.scopes {
                assert!(world.scope(s).is_some(), "{s}");
            }
        }
        for r in &world.resources {
            for p in &r.packages {
                assert!(world.access_package(p).is_some(), "{p}");
            }
        }
    }

    #[test]
    fn a_seed_changes_what_it_names_and_adds_the_rest() {
        let world = seeded(
            r#"
            [[clients]]
            client_id = "8d116ece-1738-47d9-bd9c-172411e20b8f"
            active = false
            [[clients]]
            client_id = "ny"
            name = "ny"
            owner = "310742104"
            "#,
        )
        .unwrap();
        let changed = world
            .client("8d116ece-1738-47d9-bd9c-172411e20b8f")
            .unwrap();
        assert!(!changed.active && changed.name == "rettvis-snegl");
        assert!(world.client("ny").unwrap().active);
    }

    #[test]
    fn a_seed_that_cannot_work_says_why_and_shows_no_person_number() {
        let reason = |toml| seeded(toml).unwrap_err().to_string();
        assert!(reason("[[organisation]]").contains("no list organisation"));
        assert!(reason("[[clients]]\nname = \"x\"").contains("without client_id"));
        assert!(reason("clients = 3").contains("clients must be a list"));
        assert!(reason("[[systems]]\nid = \"x\"").contains("missing field"));
        assert!(reason("x = [").contains("line 1"));
        let wrong = reason(
            "[[organisations]]\nnumber=\"310742105\"\nname=\"X\"\nform=\"AS\"\nparty_id=1\n\
             party_uuid=\"0fd630f1-f29d-4da9-953f-48f1a09f76b5\"",
        );
        assert!(wrong.contains("number of X"), "{wrong}");
        let person = reason("[[persons]]\nnumber = \"24878123375\"\nuser_id = \"24878123375\"");
        assert!(!person.contains("24878123375"), "{person}");
        assert!(!format!("{:?}", World::standard().unwrap()).contains("24878123375"));
    }
}
