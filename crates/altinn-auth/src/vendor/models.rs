//! What is sent and received. Every member of an answer may be missing.

use std::fmt;

use maskinporten::ClientId;
use norwegian_ids::{OrganisationNumber, ReceivedOrganisationNumber};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a system or a system user may do: a single right (enkeltrettighet) or an access package
/// (tilgangspakke).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// A resource (tjeneste), whole or with one action.
    Resource {
        /// Its id in the resource registry.
        resource: String,
        /// One action, such as `read`; all without.
        action: Option<String>,
    },
    /// An access package, by its URN.
    Package(String),
}

impl Access {
    /// All rights on a resource.
    pub fn resource(resource: impl Into<String>) -> Self {
        Self::Resource {
            resource: resource.into(),
            action: None,
        }
    }

    /// An access package, by its name or its URN (`urn:altinn:accesspackage:…`).
    pub fn package(package: impl Into<String>) -> Self {
        let package = package.into();
        Self::Package(if package.starts_with("urn:") {
            package
        } else {
            format!("urn:altinn:accesspackage:{package}")
        })
    }
}

/// Rights and packages, as the server wants them: apart.
pub(super) fn split(access: impl IntoIterator<Item = Access>) -> (Vec<Right>, Vec<Package>) {
    let (mut rights, mut packages) = (Vec::new(), Vec::new());
    for access in access {
        match access {
            Access::Resource { resource, action } => rights.push(Right {
                action,
                resource: vec![Attribute {
                    id: "urn:altinn:resource".to_owned(),
                    value: resource,
                }],
            }),
            Access::Package(urn) => packages.push(Package { urn }),
        }
    }
    (rights, packages)
}

fn join(rights: Option<Vec<Right>>, packages: Option<Vec<Package>>) -> Vec<Access> {
    let rights = rights.into_iter().flatten().flat_map(|right| {
        let action = right.action;
        right
            .resource
            .into_iter()
            .map(move |attribute| Access::Resource {
                resource: attribute.value,
                action: action.clone(),
            })
    });
    let packages = packages
        .into_iter()
        .flatten()
        .map(|package| Access::Package(package.urn));
    rights.chain(packages).collect()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Right {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(default)]
    resource: Vec<Attribute>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attribute {
    #[serde(default)]
    id: String,
    #[serde(default)]
    value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Package {
    #[serde(default)]
    urn: String,
}

/// A text in Bokmål, Nynorsk and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Text {
    /// Bokmål.
    #[serde(default)]
    pub nb: String,
    /// Nynorsk.
    #[serde(default)]
    pub nn: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// One text in all three, until there are translations.
    pub fn same(text: impl Into<String>) -> Self {
        let nb = text.into();
        Self {
            nn: nb.clone(),
            en: nb.clone(),
            nb,
        }
    }

    /// Three texts.
    pub fn new(nb: impl Into<String>, nn: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            nb: nb.into(),
            nn: nn.into(),
            en: en.into(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::same(text)
    }
}

/// A system, as it is registered.
#[derive(Clone, Debug)]
pub struct System {
    id: String,
    vendor: OrganisationNumber,
    name: Text,
    description: Text,
    clients: Vec<String>,
    access: Vec<Access>,
    redirect_urls: Vec<String>,
    visible: bool,
}

impl System {
    /// A system of this vendor. Its id is `{vendor's organisation number}_{name}`, without blanks.
    /// The name is its description too, until it gets one.
    pub fn new(id: impl Into<String>, vendor: OrganisationNumber, name: impl Into<Text>) -> Self {
        let name = name.into();
        Self {
            id: id.into(),
            vendor,
            description: name.clone(),
            name,
            clients: Vec::new(),
            access: Vec::new(),
            redirect_urls: Vec::new(),
            visible: true,
        }
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.description = description.into();
        self
    }

    /// A Maskinporten client that acts for it. Only tokens of these clients become its system users.
    #[must_use]
    pub fn client_id(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into());
        self
    }

    /// Something that it may ask customers for.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access.push(access);
        self
    }

    /// An https URL to which a request may send the customer back.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_urls.push(url.into());
        self
    }

    /// Not for customers to choose by themselves. Access packages for client relations want this.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.visible = false;
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (rights, packages) = split(self.access.iter().cloned());
        json!({
            "id": self.id,
            "vendor": {
                "authority": "iso6523-actorid-upis",
                "ID": format!("0192:{}", self.vendor),
            },
            "name": self.name,
            "description": self.description,
            "rights": rights,
            "accessPackages": packages,
            "clientId": self.clients,
            "isVisible": self.visible,
            "allowedRedirectUrls": self.redirect_urls,
        })
        .serialize(serializer)
    }
}

/// A system in the register.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RegisteredSystem {
    /// Its id.
    pub id: Option<String>,
    /// Its vendor.
    pub vendor: Option<ReceivedOrganisationNumber>,
    /// Its name.
    pub name: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// The Maskinporten clients that act for it; empty where the answer does not tell.
    pub client_ids: Vec<String>,
    /// What it may ask customers for.
    pub access: Vec<Access>,
    /// Whether customers can choose it by themselves.
    pub is_visible: Option<bool>,
}

impl RegisteredSystem {
    /// Whether this client acts for it; `None` where the answer does not tell.
    #[must_use]
    pub fn names_client(&self, client: &ClientId) -> Option<bool> {
        (!self.client_ids.is_empty()).then(|| {
            self.client_ids
                .iter()
                .any(|known| known.eq_ignore_ascii_case(client.as_str()))
        })
    }
}

impl<'de> Deserialize<'de> for RegisteredSystem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: Option<String>,
            system_id: Option<String>,
            vendor: Option<Value>,
            system_vendor_org_number: Option<ReceivedOrganisationNumber>,
            name: Option<Text>,
            description: Option<Text>,
            client_id: Option<Vec<String>>,
            rights: Option<Vec<Right>>,
            access_packages: Option<Vec<Package>>,
            is_visible: Option<bool>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let vendor = wire.vendor.and_then(|vendor| {
            let id = vendor.get("ID").or_else(|| vendor.get("id"))?.as_str()?;
            let number = id.rsplit(':').next()?;
            serde_json::from_value(number.into()).ok()
        });
        Ok(Self {
            id: wire.system_id.or(wire.id),
            vendor: wire.system_vendor_org_number.or(vendor),
            name: wire.name,
            description: wire.description,
            client_ids: wire.client_id.unwrap_or_default(),
            access: join(wire.rights, wire.access_packages),
            is_visible: wire.is_visible,
        })
    }
}

/// A change of a system's registration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SystemChange {
    /// Who changed it.
    pub changed_by_org_number: Option<ReceivedOrganisationNumber>,
    /// `create`, `update`, `rightsupdate`, `accesspackageupdate`, `delete`, `unknown`.
    pub change_type: Option<String>,
    /// What it became, with members as the server's own code names them.
    pub changed_data: Option<Value>,
    /// The client that changed it.
    pub client_id: Option<String>,
    /// When, RFC 3339.
    pub created: Option<String>,
}

/// For whom a system user acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserType {
    /// For its owner.
    #[default]
    Standard,
    /// For its owner's clients: accountants, auditors, managers (klientforhold).
    Agent,
}

impl UserType {
    pub(super) fn segment(self) -> Option<&'static str> {
        match self {
            Self::Standard => None,
            Self::Agent => Some("agent"),
        }
    }
}

/// A request to a customer for a system user.
#[derive(Clone, Debug)]
pub struct SystemUserRequest {
    pub(super) system: String,
    pub(super) customer: OrganisationNumber,
    pub(super) reference: Option<String>,
    title: Option<String>,
    access: Vec<Access>,
    redirect_url: Option<String>,
    user_type: UserType,
}

impl SystemUserRequest {
    /// For a standard system user, which acts for the customer itself.
    pub fn new(system: impl Into<String>, customer: OrganisationNumber) -> Self {
        Self {
            system: system.into(),
            customer,
            reference: None,
            title: None,
            access: Vec::new(),
            redirect_url: None,
            user_type: UserType::Standard,
        }
    }

    /// For an agent system user, which acts for the customer's clients. It takes access packages only.
    pub fn agent(system: impl Into<String>, customer: OrganisationNumber) -> Self {
        Self {
            user_type: UserType::Agent,
            ..Self::new(system, customer)
        }
    }

    /// The vendor's own reference, which tells several system users of a customer apart. The customer's
    /// number without.
    #[must_use]
    pub fn external_ref(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// A title that the customer sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Something that it is to be allowed; the system must have it too.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access.push(access);
        self
    }

    /// Where the customer goes afterwards: one of the system's registered URLs.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// Standard or agent.
    #[must_use]
    pub fn user_type(&self) -> UserType {
        self.user_type
    }
}

impl Serialize for SystemUserRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            integration_title: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            external_ref: Option<&'a str>,
            system_id: &'a str,
            party_org_no: OrganisationNumber,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            rights: Vec<Right>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            access_packages: Vec<Package>,
            #[serde(skip_serializing_if = "Option::is_none")]
            redirect_url: Option<&'a str>,
        }
        let (rights, access_packages) = split(self.access.iter().cloned());
        Wire {
            integration_title: self.title.as_deref(),
            external_ref: self.reference.as_deref(),
            system_id: &self.system,
            party_org_no: self.customer,
            rights,
            access_packages,
            redirect_url: self.redirect_url.as_deref(),
        }
        .serialize(serializer)
    }
}

/// What asking led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "201 or 200")]
pub enum Asked<T> {
    /// A new request (201).
    New(T),
    /// The request that was there already (200).
    Existing(T),
}

impl<T> Asked<T> {
    /// The request, either way.
    pub fn into_inner(self) -> T {
        match self {
            Self::New(request) | Self::Existing(request) => request,
        }
    }

    /// Whether it is new.
    #[must_use]
    pub fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestStatus {
    /// The customer has not answered.
    New,
    /// Approved.
    Accepted,
    /// The customer said no.
    Rejected,
    /// Refused by Altinn or the customer's own rules.
    Denied,
    /// The customer did not answer within 180 days.
    TimedOut,
    /// Nothing to change (change requests only).
    NoChangeNeeded,
    /// A status that is newer than this crate.
    Other(String),
}

impl<'de> Deserialize<'de> for RequestStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.to_ascii_lowercase().as_str() {
            "new" => Self::New,
            "accepted" => Self::Accepted,
            "rejected" => Self::Rejected,
            "denied" => Self::Denied,
            "timedout" => Self::TimedOut,
            "nochangeneeded" => Self::NoChangeNeeded,
            _ => Self::Other(text),
        })
    }
}

impl fmt::Display for RequestStatus {
    /// As Altinn writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "New",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Denied => "Denied",
            Self::TimedOut => "Timedout",
            Self::NoChangeNeeded => "NoChangeNeeded",
            Self::Other(text) => text,
        })
    }
}

/// A request, as Altinn has it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SystemUserRequested {
    /// Its id.
    pub id: Option<Uuid>,
    /// The vendor's reference.
    pub external_ref: Option<String>,
    /// The system.
    pub system_id: Option<String>,
    /// The customer.
    pub customer: Option<ReceivedOrganisationNumber>,
    /// What was asked for.
    pub access: Vec<Access>,
    /// How it stands.
    pub status: Option<RequestStatus>,
    /// Where the customer approves it.
    pub confirm_url: Option<String>,
    /// Where the customer goes afterwards.
    pub redirect_url: Option<String>,
    /// Whether it was passed on to somebody in the customer's organisation who may approve it.
    pub escalated: Option<bool>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
}

impl<'de> Deserialize<'de> for SystemUserRequested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: Option<Uuid>,
            external_ref: Option<String>,
            system_id: Option<String>,
            party_org_no: Option<ReceivedOrganisationNumber>,
            rights: Option<Vec<Right>>,
            access_packages: Option<Vec<Package>>,
            status: Option<RequestStatus>,
            #[serde(default)]
            timed_out: Option<bool>,
            confirm_url: Option<String>,
            redirect_url: Option<String>,
            escalated: Option<bool>,
            created: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        // a request can be timed out while its status still says that it is new
        let status = match (wire.timed_out, wire.status) {
            (Some(true), None | Some(RequestStatus::New)) => Some(RequestStatus::TimedOut),
            (_, status) => status,
        };
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            id: wire.id,
            external_ref: wire.external_ref,
            system_id: wire.system_id,
            customer: wire.party_org_no,
            access: join(wire.rights, wire.access_packages),
            status,
            confirm_url: filled(wire.confirm_url),
            redirect_url: filled(wire.redirect_url),
            escalated: wire.escalated,
            created: wire.created,
        })
    }
}

/// What a system user is to get and to lose.
#[derive(Clone, Debug, Default)]
pub struct Change {
    required: Vec<Access>,
    unwanted: Vec<Access>,
    redirect_url: Option<String>,
}

impl Change {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It is to have this.
    #[must_use]
    pub fn require(mut self, access: Access) -> Self {
        self.required.push(access);
        self
    }

    /// It is not to have this.
    #[must_use]
    pub fn drop(mut self, access: Access) -> Self {
        self.unwanted.push(access);
        self
    }

    /// Where the customer goes afterwards.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (required_rights, required_packages) = split(self.required.iter().cloned());
        let (unwanted_rights, unwanted_packages) = split(self.unwanted.iter().cloned());
        let mut body = json!({
            "requiredRights": required_rights,
            "unwantedRights": unwanted_rights,
            "requiredAccessPackages": required_packages,
            "unwantedAccessPackages": unwanted_packages,
        });
        if let Some(url) = &self.redirect_url {
            body["redirectUrl"] = url.as_str().into();
        }
        body.serialize(serializer)
    }
}

/// A change request, as Altinn has it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChangeRequest {
    /// Its id, which is the caller's own.
    pub id: Option<Uuid>,
    /// The vendor's reference of the system user.
    pub external_ref: Option<String>,
    /// The system.
    pub system_id: Option<String>,
    /// The system user.
    pub system_user_id: Option<Uuid>,
    /// The customer.
    pub customer: Option<ReceivedOrganisationNumber>,
    /// What it is to have.
    pub required: Vec<Access>,
    /// What it is to lose.
    pub unwanted: Vec<Access>,
    /// How it stands.
    pub status: Option<RequestStatus>,
    /// Where the customer approves it.
    pub confirm_url: Option<String>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
}

impl<'de> Deserialize<'de> for ChangeRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: Option<Uuid>,
            external_ref: Option<String>,
            system_id: Option<String>,
            system_user_id: Option<Uuid>,
            party_org_no: Option<ReceivedOrganisationNumber>,
            required_rights: Option<Vec<Right>>,
            unwanted_rights: Option<Vec<Right>>,
            required_access_packages: Option<Vec<Package>>,
            unwanted_access_packages: Option<Vec<Package>>,
            status: Option<RequestStatus>,
            timed_out: Option<bool>,
            confirm_url: Option<String>,
            created: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let status = match (wire.timed_out, wire.status) {
            (Some(true), None | Some(RequestStatus::New)) => Some(RequestStatus::TimedOut),
            (_, status) => status,
        };
        Ok(Self {
            id: wire.id,
            external_ref: wire.external_ref,
            system_id: wire.system_id,
            system_user_id: wire.system_user_id,
            customer: wire.party_org_no,
            required: join(wire.required_rights, wire.required_access_packages),
            unwanted: join(wire.unwanted_rights, wire.unwanted_access_packages),
            status,
            confirm_url: wire.confirm_url.filter(|url| !url.is_empty()),
            created: wire.created,
        })
    }
}

/// A customer's system user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SystemUser {
    /// Its id.
    pub id: Option<Uuid>,
    /// The title that the customer sees.
    pub integration_title: Option<String>,
    /// The system.
    pub system_id: Option<String>,
    /// The customer.
    #[serde(rename = "reporteeOrgNo")]
    pub customer: Option<ReceivedOrganisationNumber>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Whether the customer deleted it.
    pub is_deleted: Option<bool>,
    /// The vendor's name.
    pub supplier_name: Option<String>,
    /// The vendor.
    pub supplier_orgno: Option<ReceivedOrganisationNumber>,
    /// The vendor's reference.
    pub external_ref: Option<String>,
    /// `standard` or `agent`.
    pub user_type: Option<String>,
    /// Its access packages, where the answer shows them.
    #[serde(deserialize_with = "packages")]
    pub access_packages: Vec<Access>,
}

fn packages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Access>, D::Error> {
    Option::<Vec<Package>>::deserialize(deserializer).map(|packages| join(None, packages))
}

#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) links: Option<Links>,
    /// Of whom the list is, where it is an agent's.
    #[cfg(feature = "openssl")]
    #[serde(rename = "systemUserInformation")]
    pub(super) information: Option<Information>,
    #[serde(default = "Vec::new")]
    pub(super) data: Vec<T>,
}

#[cfg(feature = "openssl")]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Information {
    pub(super) system_user_id: Option<Uuid>,
    pub(super) system_user_owner_org: Option<ReceivedOrganisationNumber>,
}

#[derive(Deserialize)]
pub(super) struct Links {
    pub(super) next: Option<String>,
}
