// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest.toml instead.

//! What Altinn 2's rights API answers: reportees, right holders, roles and rights.
//!
//! Only what identifies a resource is required; everything else is an `Option`, because
//! releases differ in what they leave out. Identities of people and organisations keep the
//! text they came with (`020958*****` and padded ones do occur) and offer the checked value
//! beside it. Missing, null and empty all read as `None`.

use hal::{Links, List};
use norwegian_ids::{ReceivedOrganisationNumber, ReceivedPersonNumber};
use serde::{Deserialize, Serialize};

use crate::wire::{self, IntOrText, Message, OpenEnum, PartyUuid, Timestamp};

/// Someone one may act for (avgiver): a person or an organisation, with the identity that
/// Altinn 2's rights API speaks of.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reportee {
    /// What stands for this party in paths; absent in answers to service owners.
    ///
    /// `ReporteeId` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "ReporteeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<ReporteeId>,
    /// The same party's identity on Altinn 3; absent in older answers.
    ///
    /// `PartyUUID` on the wire; in 2 of 8 samples.
    #[serde(
        rename = "PartyUUID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub party_uuid: Option<PartyUuid>,
    /// The registered name, last name first or last; may be padded with blanks.
    ///
    /// `Name` on the wire; always there (Altinn 2 §7.1).
    pub name: String,
    /// Person, main unit or sub unit.
    ///
    /// `Type` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ReporteeType>,
    /// The person's number (fødselsnummer or D-nummer), unmasked; people only.
    ///
    /// `SocialSecurityNumber` on the wire; in 5 of 8 samples.
    #[serde(
        rename = "SocialSecurityNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// The organisation's number; organisations only.
    ///
    /// `OrganizationNumber` on the wire; in 6 of 8 samples.
    #[serde(
        rename = "OrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// The main unit of a sub unit.
    ///
    /// `ParentOrganizationNumber` on the wire; in 3 of 8 samples.
    #[serde(
        rename = "ParentOrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub parent_organisation_number: Option<ReceivedOrganisationNumber>,
    /// The register's code for the form of organisation (`AS`, `BEDR`, `ENK`, …).
    ///
    /// `OrganizationForm` on the wire; in 6 of 8 samples.
    #[serde(
        rename = "OrganizationForm",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_form: Option<String>,
    /// Whether the organisation is active; people have none.
    ///
    /// `Status` on the wire; in 6 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<ReporteeStatus>,
    /// `self` and `messages`.
    ///
    /// `_links` on the wire; in 4 of 8 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// Someone who holds roles or rights from another (rettighetshaver). In a list, `roles` and
/// `rights` are absent; asked for alone, a right holder has both.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RightHolder {
    /// What stands for the right holder in paths.
    ///
    /// `RightHolderId` on the wire; always there (Altinn 2 §7.2).
    #[serde(rename = "RightHolderId")]
    pub id: RightHolderId,
    /// The registered name; may be padded with blanks.
    ///
    /// `Name` on the wire; in 8 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// A person's last name.
    ///
    /// `LastName` on the wire; in 3 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_name: Option<String>,
    /// Masked by Altinn, whoever asks: six digits and five stars.
    ///
    /// `SocialSecurityNumber` on the wire; in 3 of 8 samples.
    #[serde(
        rename = "SocialSecurityNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// The organisation's number; for an enterprise user, its owner's.
    ///
    /// `OrganizationNumber` on the wire; in 6 of 8 samples.
    #[serde(
        rename = "OrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// The name of an enterprise user (virksomhetsbruker).
    ///
    /// `UserName` on the wire; in 3 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_name: Option<String>,
    /// Not sent any more since release 19.9.
    ///
    /// `Email` on the wire; in 2 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<String>,
    /// In what capacity the rights are held.
    ///
    /// `DelegationContext` on the wire; in 2 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegation_context: Option<String>,
    /// The roles held; absent in lists.
    ///
    /// `Roles` on the wire; in 3 of 8 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<List<Role>>,
    /// The rights held, those that come from roles included; absent in lists.
    ///
    /// `Rights` on the wire; in 3 of 8 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<List<Right>>,
    /// `self`, `rights`, `roles`, `apprights`.
    ///
    /// `_links` on the wire; in 5 of 8 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A role that someone holds.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// What to take back; only roles held directly have it (of these, register roles still cannot
    /// be deleted).
    ///
    /// `RoleId` on the wire; in 3 of 8 samples.
    #[serde(
        rename = "RoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<RoleId>,
    /// Where the role comes from.
    ///
    /// `RoleType` on the wire; in 8 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_type: Option<RoleType>,
    /// Which role it is. Differs between TT02 and production, the code does not. 0 is the pseudo
    /// role `Single Rights`.
    ///
    /// `RoleDefinitionId` on the wire; always there (Altinn 2 §7.3).
    pub role_definition_id: IntOrText,
    /// The role's name in the language asked for.
    ///
    /// `RoleName` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "RoleName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What the role is for; may end in a line break.
    ///
    /// `RoleDescription` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "RoleDescription",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Who gave it.
    ///
    /// `Delegator` on the wire; in 5 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegator: Option<String>,
    /// When it was given.
    ///
    /// `DelegatedTime` on the wire; in 6 of 8 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegated_time: Option<Timestamp>,
    /// The role's code (`DAGL`, `UTINN`, …); local roles have none, nor do answers before release
    /// 22.3.
    ///
    /// `RoleDefinitionCode` on the wire; in 5 of 8 samples.
    #[serde(
        rename = "RoleDefinitionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// `roledefinition`.
    ///
    /// `_links` on the wire; in 5 of 8 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A right that someone holds: one action on one service, message or part of Altinn.
///
/// Seen in 9 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Right {
    /// What to take back.
    ///
    /// `RightID` on the wire (also `RightId`); always there (Altinn 2 §7.4).
    #[serde(rename = "RightID", alias = "RightId")]
    pub id: RightId,
    /// What it is a right to.
    ///
    /// `RightType` on the wire; in 9 of 9 samples.
    #[serde(
        rename = "RightType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<RightType>,
    /// Which part of Altinn, for rights to one.
    ///
    /// `SystemResourceID` on the wire; in 1 of 9 samples.
    #[serde(
        rename = "SystemResourceID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub system_resource_id: Option<String>,
    /// Which service (`5123`, `AppId:64`).
    ///
    /// `ServiceCode` on the wire; in 9 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_code: Option<String>,
    /// Which edition of the service.
    ///
    /// `ServiceEditionCode` on the wire; in 9 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_edition_code: Option<IntOrText>,
    /// The service owner's name.
    ///
    /// `ServiceOwner` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_owner: Option<String>,
    /// The service owner's code (`SKD`).
    ///
    /// `ServiceOwnerCode` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_owner_code: Option<String>,
    /// Which message, for rights to one.
    ///
    /// `MessageID` on the wire; in 2 of 9 samples.
    #[serde(
        rename = "MessageID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_id: Option<IntOrText>,
    /// Who gave it.
    ///
    /// `Delegator` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegator: Option<String>,
    /// When it was given.
    ///
    /// `DelegatedTime` on the wire; in 5 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegated_time: Option<Timestamp>,
    /// What it allows.
    ///
    /// `Action` on the wire; in 9 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub action: Option<RightAction>,
    /// How it came to be held.
    ///
    /// `RightSourceType` on the wire; in 9 of 9 samples.
    #[serde(
        rename = "RightSourceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<RightSource>,
    /// Whether the one who asks may give it on.
    ///
    /// `IsDelegatable` on the wire; in 9 of 9 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delegatable: Option<bool>,
    /// When it ends.
    ///
    /// `ValidToDate` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to_date: Option<Timestamp>,
    /// Whether it stems from a consent (samtykke).
    ///
    /// `IsConsentDelegation` on the wire; in 1 of 9 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_consent_delegation: Option<bool>,
}

/// A right in an app made with Altinn Studio (releases 22.3 to 23.5).
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppRight {
    /// What to take back; absent when the right comes from a role.
    ///
    /// `RuleGuid` on the wire; in 2 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub rule_guid: Option<String>,
    /// The app: `org/app`.
    ///
    /// `AltinnAppId` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "AltinnAppId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub app: Option<String>,
    /// Which kind of part of the app (`urn:altinn:task`, `urn:altinn:end-event`).
    ///
    /// `ResourceId` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_id: Option<String>,
    /// Which part (`Task_1`).
    ///
    /// `ResourceValue` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_value: Option<String>,
    /// What it allows; written in lower case here.
    ///
    /// `Action` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub action: Option<RightAction>,
    /// How it came to be held.
    ///
    /// `RightSourceType` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "RightSourceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<AppRightSource>,
    /// Whether the one who asks may give it on.
    ///
    /// `IsDelegatable` on the wire; in 3 of 3 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delegatable: Option<bool>,
    /// `delete`, on a right that was delegated directly.
    ///
    /// `_links` on the wire; in 1 of 3 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// The JSON body of an error, where there is one: most errors of Altinn 2 are an empty body
/// and a reason phrase. Consent requests answer with an array of these.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorBody {
    /// Altinn's code.
    ///
    /// `ErrorCode` on the wire (also `errorCode`); in 3 of 3 samples.
    #[serde(
        rename = "ErrorCode",
        alias = "errorCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<IntOrText>,
    /// What Altinn says.
    ///
    /// `ErrorMessage` on the wire (also `errorMessage`, `errorDescription`); in 3 of 3 samples.
    #[serde(
        rename = "ErrorMessage",
        alias = "errorMessage",
        alias = "errorDescription",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<Message>,
}

/// What kind of party a reportee is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReporteeType {
    /// A person; self-identified users have been seen as this too.
    ///
    /// `Person` on the wire.
    Person,
    /// A main unit (hovedenhet).
    ///
    /// `Enterprise` on the wire.
    Enterprise,
    /// A sub unit (underenhet; forms `BEDR` and `AAFY`).
    ///
    /// `Business` on the wire.
    Business,
    /// An organisation, in older answers.
    ///
    /// `Foretak` on the wire.
    Organisation,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ReporteeType {
    fn from_wire(text: &str) -> Self {
        match text {
            "Person" => Self::Person,
            "Enterprise" => Self::Enterprise,
            "Business" => Self::Business,
            "Foretak" => Self::Organisation,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Person => "Person",
            Self::Enterprise => "Enterprise",
            Self::Business => "Business",
            Self::Organisation => "Foretak",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ReporteeType);

/// Whether an organisation is active in the register. People have no status.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReporteeStatus {
    /// Active.
    ///
    /// `Active` on the wire (also `active`).
    Active,
    /// Deleted or dormant in the register.
    ///
    /// `Inactive` on the wire (also `inactive`).
    Inactive,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ReporteeStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "Active" | "active" => Self::Active,
            "Inactive" | "inactive" => Self::Inactive,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ReporteeStatus);

/// Where a role comes from, which decides whether it can be delegated.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleType {
    /// A role of Altinn itself. Can be delegated.
    ///
    /// `Altinn` on the wire.
    Altinn,
    /// A role from a register (Enhetsregisteret), such as managing director. Cannot be delegated
    /// or deleted.
    ///
    /// `External` on the wire.
    External,
    /// A role the organisation made for itself, and the pseudo role `Single Rights`. Can be
    /// delegated.
    ///
    /// `Local` on the wire.
    Local,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RoleType {
    fn from_wire(text: &str) -> Self {
        match text {
            "Altinn" => Self::Altinn,
            "External" => Self::External,
            "Local" => Self::Local,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Altinn => "Altinn",
            Self::External => "External",
            Self::Local => "Local",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RoleType);

/// What a right is a right to.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightType {
    /// A service (`ServiceCode` and `ServiceEditionCode`).
    ///
    /// `Service` on the wire.
    Service,
    /// One message (`MessageID`).
    ///
    /// `Message` on the wire.
    Message,
    /// A part of Altinn itself (`SystemResourceID`).
    ///
    /// `SystemResource` on the wire.
    SystemResource,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RightType {
    fn from_wire(text: &str) -> Self {
        match text {
            "Service" => Self::Service,
            "Message" => Self::Message,
            "SystemResource" => Self::SystemResource,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Service => "Service",
            Self::Message => "Message",
            Self::SystemResource => "SystemResource",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RightType);

/// What a right allows. Altinn spells the archive actions in three ways; all are read, the
/// first is sent.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightAction {
    /// Open and read.
    ///
    /// `Read` on the wire (also `read`).
    Read,
    /// Fill in and send.
    ///
    /// `Write` on the wire (also `write`).
    Write,
    /// Sign.
    ///
    /// `Sign` on the wire (also `sign`).
    Sign,
    /// Read what is archived.
    ///
    /// `ArchiveRead` on the wire (also `ReadArchive`, `Archive-Read`, `archiveread`).
    ArchiveRead,
    /// Delete from the archive.
    ///
    /// `ArchiveDelete` on the wire (also `DeleteArchive`, `Archive-Delete`, `archivedelete`).
    ArchiveDelete,
    /// Use a service that knows one action only (links, delegation schemes).
    ///
    /// `Access` on the wire (also `access`).
    Access,
    /// Delete.
    ///
    /// `Delete` on the wire (also `delete`).
    Delete,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RightAction {
    fn from_wire(text: &str) -> Self {
        match text {
            "Read" | "read" => Self::Read,
            "Write" | "write" => Self::Write,
            "Sign" | "sign" => Self::Sign,
            "ArchiveRead" | "ReadArchive" | "Archive-Read" | "archiveread" => Self::ArchiveRead,
            "ArchiveDelete" | "DeleteArchive" | "Archive-Delete" | "archivedelete" => {
                Self::ArchiveDelete
            }
            "Access" | "access" => Self::Access,
            "Delete" | "delete" => Self::Delete,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Sign => "Sign",
            Self::ArchiveRead => "ArchiveRead",
            Self::ArchiveDelete => "ArchiveDelete",
            Self::Access => "Access",
            Self::Delete => "Delete",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RightAction);

/// How someone came to hold a right. Only a direct delegation can be taken back.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightSource {
    /// Given as this very right.
    ///
    /// `DirectlyDelegatedRights` on the wire (also `DirectlyDelegated`).
    DirectlyDelegated,
    /// Through a role. (App rights write it without the last `s`: [`AppRightSource`].)
    ///
    /// `RoleTypeRights` on the wire.
    Role,
    /// Through being the party itself.
    ///
    /// `PartyRights` on the wire.
    Party,
    /// To a single element of the party's archive.
    ///
    /// `ReporteeElementRights` on the wire.
    ReporteeElement,
    /// Through a key role in an organisation that holds it.
    ///
    /// `InheritedViaKeyRole` on the wire.
    InheritedViaKeyRole,
    /// As a sub unit of the one who holds it.
    ///
    /// `InheritedAsSubunit` on the wire.
    InheritedAsSubunit,
    /// Through a key role in a sub unit of the one who holds it.
    ///
    /// `InheritedAsSubunitViaKeyRole` on the wire.
    InheritedAsSubunitViaKeyRole,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RightSource {
    fn from_wire(text: &str) -> Self {
        match text {
            "DirectlyDelegatedRights" | "DirectlyDelegated" => Self::DirectlyDelegated,
            "RoleTypeRights" => Self::Role,
            "PartyRights" => Self::Party,
            "ReporteeElementRights" => Self::ReporteeElement,
            "InheritedViaKeyRole" => Self::InheritedViaKeyRole,
            "InheritedAsSubunit" => Self::InheritedAsSubunit,
            "InheritedAsSubunitViaKeyRole" => Self::InheritedAsSubunitViaKeyRole,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::DirectlyDelegated => "DirectlyDelegatedRights",
            Self::Role => "RoleTypeRights",
            Self::Party => "PartyRights",
            Self::ReporteeElement => "ReporteeElementRights",
            Self::InheritedViaKeyRole => "InheritedViaKeyRole",
            Self::InheritedAsSubunit => "InheritedAsSubunit",
            Self::InheritedAsSubunitViaKeyRole => "InheritedAsSubunitViaKeyRole",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RightSource);

/// How someone came to hold a right in an app: the same as [`RightSource`], in other words. A
/// filter must use these.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppRightSource {
    /// Given as this very right.
    ///
    /// `DirectlyDelegated` on the wire.
    DirectlyDelegated,
    /// Through a role.
    ///
    /// `RoleTypeRight` on the wire.
    Role,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for AppRightSource {
    fn from_wire(text: &str) -> Self {
        match text {
            "DirectlyDelegated" => Self::DirectlyDelegated,
            "RoleTypeRight" => Self::Role,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::DirectlyDelegated => "DirectlyDelegated",
            Self::Role => "RoleTypeRight",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(AppRightSource);

/// Altinn 2's name for someone one may act for: `r` and digits (`r50170460`). It stands in
/// paths where `{who}` or a receiver is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReporteeId(IntOrText);

wire::text_id!(ReporteeId);

/// Altinn 2's name for someone who holds rights: `r` and digits for people and organisations,
/// `u` and digits for enterprise users (virksomhetsbruker) and self-identified users.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RightHolderId(IntOrText);

wire::text_id!(RightHolderId);

/// One granted role, for taking it back. Inherited roles have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleId(IntOrText);

wire::text_id!(RoleId);

/// One right (the rule's id), for taking it back. Only directly delegated rights can be taken
/// back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RightId(IntOrText);

wire::text_id!(RightId);
