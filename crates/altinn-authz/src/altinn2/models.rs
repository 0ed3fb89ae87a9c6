// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest.toml instead.

//! What Altinn 2's API answers: reportees, right holders, roles and rights, enterprise users,
//! metadata, and what a service owner sees.
//!
//! Only what identifies a resource is required; everything else is an `Option`, because
//! releases differ in what they leave out. Identities of people and organisations keep the
//! text they came with (`020958*****` and padded ones do occur) and offer the checked value
//! beside it. Missing, null and empty all read as `None`.

use std::collections::BTreeMap;

use hal::{Links, List};
use norwegian_ids::{ReceivedOrganisationNumber, ReceivedPersonNumber};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{
    self, IntOrText, Message, OneOrMany, OpenEnum, PartyNumber, PartyUuid, Secret, Timestamp,
};

/// Someone one may act for (avgiver): a person or an organisation, with the identity that
/// Altinn 2's rights API speaks of.
///
/// Seen in 21 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reportee {
    /// What stands for this party in paths; absent in answers to service owners.
    ///
    /// `ReporteeId` on the wire; in 10 of 21 samples.
    #[serde(
        rename = "ReporteeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<ReporteeId>,
    /// The same party's identity on Altinn 3; absent in older answers.
    ///
    /// `PartyUUID` on the wire; in 2 of 21 samples.
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
    /// `Type` on the wire; in 21 of 21 samples.
    #[serde(
        rename = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ReporteeType>,
    /// The person's number (fødselsnummer or D-nummer), unmasked; people only.
    ///
    /// `SocialSecurityNumber` on the wire; in 12 of 21 samples.
    #[serde(
        rename = "SocialSecurityNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// The organisation's number; organisations only.
    ///
    /// `OrganizationNumber` on the wire; in 12 of 21 samples.
    #[serde(
        rename = "OrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// The main unit of a sub unit.
    ///
    /// `ParentOrganizationNumber` on the wire; in 3 of 21 samples.
    #[serde(
        rename = "ParentOrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub parent_organisation_number: Option<ReceivedOrganisationNumber>,
    /// The register's code for the form of organisation (`AS`, `BEDR`, `ENK`, …).
    ///
    /// `OrganizationForm` on the wire; in 10 of 21 samples.
    #[serde(
        rename = "OrganizationForm",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_form: Option<String>,
    /// Whether the organisation is active; people have none.
    ///
    /// `Status` on the wire; in 12 of 21 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<ReporteeStatus>,
    /// `self` and `messages`.
    ///
    /// `_links` on the wire; in 5 of 21 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// Someone who holds roles or rights from another (rettighetshaver). In a list, `roles` and
/// `rights` are absent; asked for alone, a right holder has both.
///
/// Seen in 9 samples.
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
    /// `Name` on the wire; in 9 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// A person's last name.
    ///
    /// `LastName` on the wire; in 4 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_name: Option<String>,
    /// Masked by Altinn, whoever asks: six digits and five stars.
    ///
    /// `SocialSecurityNumber` on the wire; in 4 of 9 samples.
    #[serde(
        rename = "SocialSecurityNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// The organisation's number; for an enterprise user, its owner's.
    ///
    /// `OrganizationNumber` on the wire; in 6 of 9 samples.
    #[serde(
        rename = "OrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// The name of an enterprise user (virksomhetsbruker).
    ///
    /// `UserName` on the wire; in 3 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_name: Option<String>,
    /// Not sent any more since release 19.9.
    ///
    /// `Email` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<String>,
    /// In what capacity the rights are held.
    ///
    /// `DelegationContext` on the wire; in 2 of 9 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegation_context: Option<String>,
    /// The roles held; absent in lists.
    ///
    /// `Roles` on the wire; in 3 of 9 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<List<Role>>,
    /// The rights held, those that come from roles included; absent in lists.
    ///
    /// `Rights` on the wire; in 3 of 9 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<List<Right>>,
    /// `self`, `rights`, `roles`, `apprights`.
    ///
    /// `_links` on the wire; in 5 of 9 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A role that someone holds.
///
/// Seen in 12 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// What to take back; only roles held directly have it (of these, register roles still cannot
    /// be deleted).
    ///
    /// `RoleId` on the wire; in 4 of 12 samples.
    #[serde(
        rename = "RoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<RoleId>,
    /// Where the role comes from.
    ///
    /// `RoleType` on the wire; in 12 of 12 samples.
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
    /// `RoleName` on the wire; in 12 of 12 samples.
    #[serde(
        rename = "RoleName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What the role is for; may end in a line break.
    ///
    /// `RoleDescription` on the wire; in 12 of 12 samples.
    #[serde(
        rename = "RoleDescription",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Who gave it.
    ///
    /// `Delegator` on the wire; in 6 of 12 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegator: Option<String>,
    /// When it was given.
    ///
    /// `DelegatedTime` on the wire; in 7 of 12 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegated_time: Option<Timestamp>,
    /// The role's code (`DAGL`, `UTINN`, …); local roles have none, nor do answers before release
    /// 22.3.
    ///
    /// `RoleDefinitionCode` on the wire; in 9 of 12 samples.
    #[serde(
        rename = "RoleDefinitionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// `roledefinition`.
    ///
    /// `_links` on the wire; in 9 of 12 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A right that someone holds: one action on one service, message or part of Altinn.
///
/// Seen in 16 samples.
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
    /// `RightType` on the wire; in 16 of 16 samples.
    #[serde(
        rename = "RightType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<RightType>,
    /// Which part of Altinn, for rights to one.
    ///
    /// `SystemResourceID` on the wire; in 2 of 16 samples.
    #[serde(
        rename = "SystemResourceID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub system_resource_id: Option<Box<str>>,
    /// Which service (`5123`, `AppId:64`).
    ///
    /// `ServiceCode` on the wire; in 15 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_code: Option<Box<str>>,
    /// Which edition of the service.
    ///
    /// `ServiceEditionCode` on the wire; in 15 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_edition_code: Option<IntOrText>,
    /// The service owner's name.
    ///
    /// `ServiceOwner` on the wire; in 2 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_owner: Option<Box<str>>,
    /// The service owner's code (`SKD`).
    ///
    /// `ServiceOwnerCode` on the wire; in 2 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_owner_code: Option<Box<str>>,
    /// Which message, for rights to one.
    ///
    /// `MessageID` on the wire; in 3 of 16 samples.
    #[serde(
        rename = "MessageID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_id: Option<IntOrText>,
    /// Who gave it.
    ///
    /// `Delegator` on the wire; in 2 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegator: Option<Box<str>>,
    /// When it was given.
    ///
    /// `DelegatedTime` on the wire; in 5 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegated_time: Option<Timestamp>,
    /// What it allows.
    ///
    /// `Action` on the wire; in 16 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub action: Option<RightAction>,
    /// How it came to be held.
    ///
    /// `RightSourceType` on the wire; in 16 of 16 samples.
    #[serde(
        rename = "RightSourceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<RightSource>,
    /// Whether the one who asks may give it on.
    ///
    /// `IsDelegatable` on the wire; in 16 of 16 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delegatable: Option<bool>,
    /// When it ends.
    ///
    /// `ValidToDate` on the wire; in 4 of 16 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to_date: Option<Timestamp>,
    /// Whether it stems from a consent (samtykke).
    ///
    /// `IsConsentDelegation` on the wire; in 1 of 16 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_consent_delegation: Option<bool>,
}

/// A right in an app made with Altinn Studio (releases 22.3 to 23.5).
///
/// Seen in 6 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppRight {
    /// What to take back or to give on; absent when the right comes from a role.
    ///
    /// `RuleGuid` on the wire; in 4 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub rule_guid: Option<RuleId>,
    /// The app: `org/app`.
    ///
    /// `AltinnAppId` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "AltinnAppId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub app: Option<String>,
    /// Which kind of part of the app (`urn:altinn:task`, `urn:altinn:end-event`).
    ///
    /// `ResourceId` on the wire; in 6 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_id: Option<String>,
    /// Which part (`Task_1`).
    ///
    /// `ResourceValue` on the wire; in 6 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_value: Option<String>,
    /// What it allows; written in lower case here.
    ///
    /// `Action` on the wire; in 6 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub action: Option<RightAction>,
    /// How it came to be held.
    ///
    /// `RightSourceType` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "RightSourceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<AppRightSource>,
    /// Whether the one who asks may give it on.
    ///
    /// `IsDelegatable` on the wire; in 6 of 6 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delegatable: Option<bool>,
    /// `delete`, on a right that was delegated directly.
    ///
    /// `_links` on the wire; in 3 of 6 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// What a role is: its name, where it comes from, what it holds. Ids differ between TT02 and
/// production, codes do not.
///
/// Seen in 13 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleDefinition {
    /// Where the role comes from; only roles of Altinn and local ones can be given.
    ///
    /// `RoleType` on the wire; in 13 of 13 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_type: Option<RoleType>,
    /// What the role is called in requests.
    ///
    /// `RoleDefinitionId` on the wire; always there (Altinn 2 §7.6).
    #[serde(rename = "RoleDefinitionId")]
    pub id: IntOrText,
    /// Its name in the language asked for.
    ///
    /// `RoleName` on the wire; in 13 of 13 samples.
    #[serde(
        rename = "RoleName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What it is for; may end in a line break.
    ///
    /// `RoleDescription` on the wire; in 13 of 13 samples.
    #[serde(
        rename = "RoleDescription",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Its code (`DAGL`, `UTINN`, …). Local roles have none, nor have those of
    /// `{who}/authorization/roledefinitions`.
    ///
    /// `RoleDefinitionCode` on the wire; in 7 of 13 samples.
    #[serde(
        rename = "RoleDefinitionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// The roles that include it.
    ///
    /// `ParentRoleDefinitionIds` on the wire; in 2 of 13 samples.
    #[serde(
        rename = "ParentRoleDefinitionIds",
        default,
        deserialize_with = "wire::list"
    )]
    pub parents: Vec<i64>,
    /// The roles that it includes.
    ///
    /// `ChildRoleDefinitionIds` on the wire; in 1 of 13 samples.
    #[serde(
        rename = "ChildRoleDefinitionIds",
        default,
        deserialize_with = "wire::list"
    )]
    pub children: Vec<i64>,
    /// What it holds; asked for alone only.
    ///
    /// `Rights` on the wire; in 2 of 13 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<List<Right>>,
    /// `self`.
    ///
    /// `_links` on the wire; in 8 of 13 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A role that gives access to a service, and to what of it.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleRequirement {
    /// Which role.
    ///
    /// `RoleDefinitionId` on the wire; always there (Altinn 2 §7.7).
    #[serde(rename = "RoleDefinitionId")]
    pub id: IntOrText,
    /// Its code.
    ///
    /// `RoleDefinitionCode` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "RoleDefinitionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// Its name in the language asked for.
    ///
    /// `LocalizedRoleName` on the wire (also `LocalizedRoleTypeName`); in 2 of 2 samples.
    #[serde(
        rename = "LocalizedRoleName",
        alias = "LocalizedRoleTypeName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The roles that include it.
    ///
    /// `ParentRoleDefinitionIds` on the wire (also `ParentRoleDefinitionId`); in 2 of 2 samples.
    #[serde(
        rename = "ParentRoleDefinitionIds",
        alias = "ParentRoleDefinitionId",
        default,
        deserialize_with = "wire::list"
    )]
    pub parents: Vec<i64>,
    /// The codes of those, in the OpenAPI draft.
    ///
    /// `Parents` on the wire; in 1 of 2 samples.
    #[serde(rename = "Parents", default, deserialize_with = "wire::list")]
    pub parent_codes: Vec<String>,
    /// Whether the role can be given.
    ///
    /// `IsDelegable` on the wire (also `IsDelegatable`); in 2 of 2 samples.
    #[serde(alias = "IsDelegatable", skip_serializing_if = "Option::is_none")]
    pub is_delegable: Option<bool>,
    /// What it gives access to.
    ///
    /// `Operations` on the wire; in 2 of 2 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub operations: Vec<RequiredOperation>,
    /// `roledefinition`.
    ///
    /// `_links` on the wire; in 2 of 2 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// What a role allows on a service. Apps and delegation schemes know only `Access`.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequiredOperation {
    /// The action.
    ///
    /// `Name` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<RightAction>,
    /// The action in words, in the language asked for.
    ///
    /// `LocalizedFriendlyName` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "LocalizedFriendlyName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub friendly_name: Option<String>,
    /// In which steps of the service; in all of them when it is empty.
    ///
    /// `AppliesTo` on the wire; in 2 of 3 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub applies_to: Vec<ProcessStep>,
}

/// A step of a service, and how surely one must have logged in for it (sikkerhetsnivå, 1 to
/// 4).
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessStep {
    /// Its name (`Default`, `FormFilling`, `SendIn`, `Signing`, `Payment`, or the service owner's
    /// own).
    ///
    /// `Name` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Where in the row it stands.
    ///
    /// `SequenceNumber` on the wire; in 2 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub sequence_number: Option<i64>,
    /// The lowest security level that will do.
    ///
    /// `SecurityLevel` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub security_level: Option<IntOrText>,
    /// Its kind.
    ///
    /// `Type` on the wire; in 1 of 5 samples.
    #[serde(
        rename = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
}

/// A service of Altinn: one edition of it, or an app.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceMetaData {
    /// The service owner's code (`SKD`).
    ///
    /// `ServiceOwnerCode` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "ServiceOwnerCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner_code: Option<String>,
    /// The service owner's name.
    ///
    /// `ServiceOwnerName` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "ServiceOwnerName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner_name: Option<String>,
    /// The service's name in the language asked for.
    ///
    /// `ServiceName` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "ServiceName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its code (`5123`, `AppId:64`).
    ///
    /// `ServiceCode` on the wire; always there (Altinn 2 §7.8).
    #[serde(rename = "ServiceCode")]
    pub code: String,
    /// The edition's name; since release 21.3.
    ///
    /// `ServiceEditionName` on the wire; in 1 of 5 samples.
    #[serde(
        rename = "ServiceEditionName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub edition_name: Option<String>,
    /// The app: `org/app`.
    ///
    /// `AltinnAppId` on the wire; in 1 of 5 samples.
    #[serde(
        rename = "AltinnAppId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub app: Option<String>,
    /// The edition's code; apps have none.
    ///
    /// `ServiceEditionCode` on the wire; in 4 of 5 samples.
    #[serde(
        rename = "ServiceEditionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub edition_code: Option<IntOrText>,
    /// Since when it is there.
    ///
    /// `ValidFrom` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_from: Option<Timestamp>,
    /// Until when it is there.
    ///
    /// `ValidTo` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to: Option<Timestamp>,
    /// What kind of service it is.
    ///
    /// `ServiceType` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "ServiceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ServiceType>,
    /// Whether it can be used over REST; asked for alone only.
    ///
    /// `RestEnabled` on the wire; in 2 of 5 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_enabled: Option<bool>,
    /// Whether end-user systems (sluttbrukersystemer) can use it; asked for alone only.
    ///
    /// `EUSEnabled` on the wire; in 2 of 5 samples.
    #[serde(rename = "EUSEnabled", skip_serializing_if = "Option::is_none")]
    pub end_user_systems_enabled: Option<bool>,
    /// Whether enterprise users (virksomhetsbrukere) can use it; asked for alone only.
    ///
    /// `EnterpriseUserEnabled` on the wire; in 1 of 5 samples.
    #[serde(
        rename = "EnterpriseUserEnabled",
        skip_serializing_if = "Option::is_none"
    )]
    pub enterprise_users_enabled: Option<bool>,
    /// What may be attached.
    ///
    /// `AttachmentRules` on the wire; in 2 of 5 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub attachment_rules: Vec<AttachmentRule>,
    /// Its forms.
    ///
    /// `FormsMetaData` on the wire; in 1 of 5 samples.
    #[serde(rename = "FormsMetaData", default, deserialize_with = "wire::list")]
    pub forms: Vec<FormMetaData>,
    /// Its steps.
    ///
    /// `ProcessSteps` on the wire; in 1 of 5 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub process_steps: Vec<ProcessStep>,
    /// `self` (not of apps), `rolerequirements`, and the schemas of a lookup.
    ///
    /// `_links` on the wire; in 5 of 5 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// What may be attached to a form.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachmentRule {
    /// Which rule.
    ///
    /// `AttachmentRuleId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "AttachmentRuleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<IntOrText>,
    /// The endings that are allowed, with commas.
    ///
    /// `AllowedFileTypes` on the wire; in 1 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub allowed_file_types: Option<String>,
    /// What kind of attachment.
    ///
    /// `AttachmentTypeName` on the wire; in 1 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub attachment_type_name: Option<String>,
    /// The same, in the language asked for.
    ///
    /// `AttachmentTypeNameLanguage` on the wire; in 1 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub attachment_type_name_language: Option<String>,
    /// Whether a checksum can be sent along.
    ///
    /// `IsCheckSumAllowed` on the wire; in 1 of 2 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_check_sum_allowed: Option<bool>,
    /// Whether it is held against a schema.
    ///
    /// `IsXsdValidationRequired` on the wire (also `IsXSDValidationRequired`); in 2 of 2 samples.
    #[serde(
        alias = "IsXSDValidationRequired",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_xsd_validation_required: Option<bool>,
    /// How many there may be.
    ///
    /// `MaxAttachmentCount` on the wire; in 1 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_attachment_count: Option<i64>,
    /// How large one may be, in the service owner's unit.
    ///
    /// `MaxFileSize` on the wire; in 2 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_file_size: Option<IntOrText>,
    /// How many there must be.
    ///
    /// `MinAttachmentCount` on the wire; in 1 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_attachment_count: Option<i64>,
    /// `schema`.
    ///
    /// `_links` on the wire; in 1 of 2 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A form of a service.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FormMetaData {
    /// Which form.
    ///
    /// `FormID` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "FormID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<IntOrText>,
    /// Its name.
    ///
    /// `FormName` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "FormName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Who keeps its data format (`Seres`).
    ///
    /// `DataFormatProviderType` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_format_provider_type: Option<String>,
    /// Its data format.
    ///
    /// `DataFormatID` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "DataFormatID",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_format_id: Option<IntOrText>,
    /// The data format's version.
    ///
    /// `DataFormatVersion` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_format_version: Option<IntOrText>,
    /// Whether nothing but the schema checks it.
    ///
    /// `IsOnlyXsdValidation` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_only_xsd_validation: Option<bool>,
    /// Its kind (`MainForm`).
    ///
    /// `FormType` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "FormType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// `schema`.
    ///
    /// `_links` on the wire; in 1 of 1 sample.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A list of codes (kodeliste). In the list of lists without its codes.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Codelist {
    /// Its name.
    ///
    /// `Name` on the wire; always there (Altinn 2 §7.8).
    pub name: String,
    /// Its version.
    ///
    /// `Version` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<IntOrText>,
    /// Its language (1044, 2068, 1033).
    ///
    /// `Language` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub language: Option<IntOrText>,
    /// The codes; the first may be empty.
    ///
    /// `Codes` on the wire; in 1 of 3 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub codes: Vec<CodelistCode>,
    /// `self`.
    ///
    /// `_links` on the wire; in 3 of 3 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A code and what it stands for.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodelistCode {
    /// The code.
    ///
    /// `Code` on the wire; in 2 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// What it stands for.
    ///
    /// `Value1` on the wire; in 2 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value1: Option<String>,
    /// A second value.
    ///
    /// `Value2` on the wire; in 2 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value2: Option<String>,
    /// A third value.
    ///
    /// `Value3` on the wire; in 2 of 2 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value3: Option<String>,
}

/// The keys that Altinn signs consent tokens with.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JwkSet {
    /// The keys.
    ///
    /// `keys` on the wire; in 1 of 1 sample.
    #[serde(rename = "keys", default, deserialize_with = "wire::list")]
    pub keys: Vec<Jwk>,
}

/// A public key. Mind that Altinn writes `n` in standard base64 (`+`, `/`, `=`), not in the
/// form that JWK asks for.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Jwk {
    /// `RSA`.
    ///
    /// `kty` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "kty",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_type: Option<String>,
    /// The exponent.
    ///
    /// `e` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "e",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub e: Option<String>,
    /// `sig`.
    ///
    /// `use` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "use",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub usage: Option<String>,
    /// The key's id.
    ///
    /// `kid` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "kid",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_id: Option<String>,
    /// The thumbprint of its certificate.
    ///
    /// `x5t` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "x5t",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub x5t: Option<String>,
    /// Its certificate.
    ///
    /// `x5c` on the wire; in 1 of 1 sample.
    #[serde(rename = "x5c", default, deserialize_with = "wire::list")]
    pub x5c: Vec<String>,
    /// The modulus, in standard base64.
    ///
    /// `n` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "n",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub n: Option<String>,
}

/// Where the keys of consent tokens are.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizationServerMetadata {
    /// Who signs.
    ///
    /// `issuer` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "issuer",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub issuer: Option<String>,
    /// Where the keys are.
    ///
    /// `jwks_uri` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "jwks_uri",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub jwks_uri: Option<String>,
    /// `code`.
    ///
    /// `response_types_supported` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "response_types_supported",
        default,
        deserialize_with = "wire::list"
    )]
    pub response_types_supported: Vec<String>,
}

/// A user that belongs to an organisation (virksomhetsbruker), for its systems.
///
/// Seen in 7 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnterpriseUser {
    /// Its name, of which there is only one in all of Altinn.
    ///
    /// `UserName` on the wire; always there (Altinn 2 §7.13).
    pub user_name: String,
    /// Its password: only in the answer that made it. It cannot be had again.
    ///
    /// `Secret` on the wire; in 2 of 7 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret: Option<Secret>,
    /// When it was made.
    ///
    /// `Created` on the wire; in 7 of 7 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    ///
    /// `LastChanged` on the wire; in 2 of 7 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_changed: Option<Timestamp>,
    /// The organisation that it belongs to.
    ///
    /// `OwnerOrgNo` on the wire; in 7 of 7 samples.
    #[serde(
        rename = "OwnerOrgNo",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner: Option<ReceivedOrganisationNumber>,
}

/// What rights a subject has for a reportee, on the services of the service owner who asks.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SoRights {
    /// Who has them; without a reportee id.
    ///
    /// `Subject` on the wire; in 2 of 2 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Reportee>,
    /// For whom; without a reportee id.
    ///
    /// `Reportee` on the wire; in 2 of 2 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reportee: Option<Reportee>,
    /// The rights.
    ///
    /// `Rights` on the wire; in 2 of 2 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub rights: Vec<Right>,
    /// `self`.
    ///
    /// `_links` on the wire; in 1 of 2 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// What rights on apps a subject has for a reportee (until release 23.5).
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SoAppRights {
    /// Who has them; without a reportee id.
    ///
    /// `Subject` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Reportee>,
    /// For whom; without a reportee id.
    ///
    /// `Reportee` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reportee: Option<Reportee>,
    /// The rights.
    ///
    /// `AppRights` on the wire; in 1 of 1 sample.
    #[serde(default, deserialize_with = "wire::list")]
    pub app_rights: Vec<AppRight>,
    /// `self`.
    ///
    /// `_links` on the wire; in 1 of 1 sample.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// An organisation, with the way to its contacts.
///
/// Seen in 6 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Organization {
    /// The registered name; may be padded with blanks.
    ///
    /// `Name` on the wire; in 6 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its number; may be padded with blanks, or be none.
    ///
    /// `OrganizationNumber` on the wire; always there (Altinn 2 §7.9).
    #[serde(rename = "OrganizationNumber")]
    pub number: ReceivedOrganisationNumber,
    /// The register's code for its form (`AS`, `ENK`); in small letters, too.
    ///
    /// `Type` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub form: Option<String>,
    /// When its contacts were last changed.
    ///
    /// `LastChanged` on the wire; in 4 of 6 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_changed: Option<Timestamp>,
    /// When they were last confirmed.
    ///
    /// `LastConfirmed` on the wire; in 4 of 6 samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_confirmed: Option<Value>,
    /// Its official contacts, when they were asked for along.
    ///
    /// `OfficialContacts` on the wire; in 1 of 6 samples.
    #[serde(default, deserialize_with = "wire::list")]
    pub official_contacts: Vec<OfficialContact>,
    /// `self`, `personalcontacts`, `officialcontacts`.
    ///
    /// `_links` on the wire; in 6 of 6 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// How an organisation wants to be reached (varslingsadresse). One contact often has one of
/// the two only.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfficialContact {
    /// The mobile number, with or without country code.
    ///
    /// `MobileNumber` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub mobile_number: Option<IntOrText>,
    /// When it was last changed.
    ///
    /// `MobileNumberChanged` on the wire; in 5 of 5 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub mobile_number_changed: Option<Timestamp>,
    /// The e-mail address.
    ///
    /// `EMailAddress` on the wire; in 4 of 5 samples.
    #[serde(
        rename = "EMailAddress",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<String>,
    /// When it was last changed.
    ///
    /// `EMailAddressChanged` on the wire; in 4 of 5 samples.
    #[serde(
        rename = "EMailAddressChanged",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email_changed: Option<Timestamp>,
}

/// A person who wants to be reached for an organisation.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PersonalContact {
    /// What stands for the person in paths.
    ///
    /// `PersonalContactId` on the wire; always there (Altinn 2 §7.9).
    #[serde(rename = "PersonalContactId")]
    pub id: ReporteeId,
    /// The person's name; may be padded with blanks.
    ///
    /// `Name` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The person's number, unmasked.
    ///
    /// `SocialSecurityNumber` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "SocialSecurityNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// The mobile number, with or without country code.
    ///
    /// `MobileNumber` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub mobile_number: Option<IntOrText>,
    /// When it was last changed.
    ///
    /// `MobileNumberChanged` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub mobile_number_changed: Option<Timestamp>,
    /// The e-mail address.
    ///
    /// `EMailAddress` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "EMailAddress",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<String>,
    /// When it was last changed.
    ///
    /// `EMailAddressChanged` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "EMailAddressChanged",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email_changed: Option<Timestamp>,
    /// `roles`.
    ///
    /// `_links` on the wire; in 1 of 1 sample.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// A consent (samtykke) as a service owner sees it. Here the parties are objects.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Consent {
    /// Which consent.
    ///
    /// `ConsentId` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "ConsentId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<IntOrText>,
    /// The code that its token is had by.
    ///
    /// `AuthorizationCode` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub authorization_code: Option<String>,
    /// Whether it is in force.
    ///
    /// `Status` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<ConsentStatus>,
    /// Who consented.
    ///
    /// `OfferedBy` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_by: Option<Reportee>,
    /// Who may use it.
    ///
    /// `CoveredBy` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<Reportee>,
    /// Their supplier.
    ///
    /// `HandledBy` on the wire; in 1 of 1 sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handled_by: Option<Reportee>,
    /// When it was given.
    ///
    /// `Created` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
    /// Until when it is in force.
    ///
    /// `ValidTo` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to: Option<Timestamp>,
    /// When it was last changed.
    ///
    /// `LastChanged` on the wire; in 1 of 1 sample.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_changed: Option<Timestamp>,
}

/// A request for a consent (samtykkeforespørsel). Here the parties are texts, and the members
/// come in Pascal, camel or mixed case.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentRequest {
    /// The request's code.
    ///
    /// `AuthorizationCode` on the wire (also `authorizationCode`); in 3 of 3 samples.
    #[serde(
        alias = "authorizationCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub authorization_code: Option<String>,
    /// How far it is.
    ///
    /// `RequestStatus` on the wire (also `requestStatus`); in 2 of 3 samples.
    #[serde(
        rename = "RequestStatus",
        alias = "requestStatus",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<RequestStatus>,
    /// When it was made.
    ///
    /// `Created` on the wire (also `created`); in 2 of 3 samples.
    #[serde(
        alias = "created",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    ///
    /// `LastChanged` on the wire (also `lastChanged`); in 2 of 3 samples.
    #[serde(
        alias = "lastChanged",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_changed: Option<Timestamp>,
    /// Who asks.
    ///
    /// `CoveredBy` on the wire (also `coveredBy`); in 3 of 3 samples.
    #[serde(
        alias = "coveredBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub covered_by: Option<PartyNumber>,
    /// Who is asked.
    ///
    /// `OfferedBy` on the wire (also `offeredBy`); in 3 of 3 samples.
    #[serde(
        alias = "offeredBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub offered_by: Option<PartyNumber>,
    /// The name of who is asked.
    ///
    /// `OfferedByName` on the wire (also `offeredByName`); in 1 of 3 samples.
    #[serde(
        alias = "offeredByName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub offered_by_name: Option<String>,
    /// The supplier of who asks.
    ///
    /// `HandledBy` on the wire (also `handledBy`); in 2 of 3 samples.
    #[serde(
        alias = "handledBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub handled_by: Option<PartyNumber>,
    /// The person who must answer for an organisation.
    ///
    /// `RequiredDelegator` on the wire (also `requiredDelegator`); in 2 of 3 samples.
    #[serde(
        alias = "requiredDelegator",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub required_delegator: Option<PartyNumber>,
    /// That person's name.
    ///
    /// `RequiredDelegatorName` on the wire (also `requiredDelegatorName`); in 1 of 3 samples.
    #[serde(
        alias = "requiredDelegatorName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub required_delegator_name: Option<String>,
    /// Until when the consent would be in force.
    ///
    /// `ValidTo` on the wire (also `validTo`); in 3 of 3 samples.
    #[serde(
        alias = "validTo",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to: Option<Timestamp>,
    /// Where the browser goes afterwards.
    ///
    /// `RedirectUrl` on the wire (also `redirectUrl`); in 3 of 3 samples.
    #[serde(
        alias = "redirectUrl",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub redirect_url: Option<String>,
    /// What is asked for.
    ///
    /// `RequestResources` on the wire (also `requestResources`, `requestServices`,
    /// `RequestServices`); in 3 of 3 samples.
    #[serde(
        rename = "RequestResources",
        alias = "requestResources",
        alias = "requestServices",
        alias = "RequestServices",
        default,
        deserialize_with = "wire::list"
    )]
    pub resources: Vec<RequestResource>,
    /// What is said to who is asked, by language (`no-nb`, `no-nn`, `en`).
    ///
    /// `RequestMessage` on the wire (also `requestMessage`); in 3 of 3 samples.
    #[serde(
        rename = "RequestMessage",
        alias = "requestMessage",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<BTreeMap<String, String>>,
    /// Whether it shows in Altinn's inbox (`Show`, `Hide`).
    ///
    /// `PortalViewMode` on the wire (also `portalViewMode`); in 3 of 3 samples.
    #[serde(
        alias = "portalViewMode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub portal_view_mode: Option<String>,
    /// What is wrong with it.
    ///
    /// `Errors` on the wire (also `errors`); in 1 of 3 samples.
    #[serde(alias = "errors", default, deserialize_with = "wire::list")]
    pub errors: Vec<ErrorBody>,
    /// `self`, `gui`.
    ///
    /// `_links` on the wire; in 1 of 3 samples.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// What a request asks for: a service, and what of it.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestResource {
    /// The service's code.
    ///
    /// `ServiceCode` on the wire (also `serviceCode`); in 5 of 5 samples.
    #[serde(
        alias = "serviceCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_code: Option<String>,
    /// The edition's code.
    ///
    /// `ServiceEditionCode` on the wire (also `serviceEditionCode`); in 5 of 5 samples.
    #[serde(
        alias = "serviceEditionCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_edition_code: Option<IntOrText>,
    /// The app: `org/app`.
    ///
    /// `AltinnAppId` on the wire (also `altinnAppId`); in 2 of 5 samples.
    #[serde(
        rename = "AltinnAppId",
        alias = "altinnAppId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub app: Option<String>,
    /// What of it.
    ///
    /// `Operations` on the wire (also `operations`); in 3 of 5 samples.
    #[serde(alias = "operations", default, deserialize_with = "wire::list")]
    pub operations: Vec<RightAction>,
    /// What the service asks for besides, by name.
    ///
    /// `Metadata` on the wire (also `metadata`); in 2 of 5 samples.
    #[serde(
        alias = "metadata",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<BTreeMap<String, IntOrText>>,
}

/// A request to be given rights (releases 20.12 to 23.4).
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DelegationRequest {
    /// Which request.
    ///
    /// `Guid` on the wire (also `guid`); in 1 of 1 sample.
    #[serde(
        rename = "Guid",
        alias = "guid",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// How far it is.
    ///
    /// `RequestStatus` on the wire (also `requestStatus`); in 1 of 1 sample.
    #[serde(
        rename = "RequestStatus",
        alias = "requestStatus",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<RequestStatus>,
    /// Who asks.
    ///
    /// `CoveredBy` on the wire (also `coveredBy`); in 1 of 1 sample.
    #[serde(
        alias = "coveredBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub covered_by: Option<PartyNumber>,
    /// Who is asked.
    ///
    /// `OfferedBy` on the wire (also `offeredBy`); in 1 of 1 sample.
    #[serde(
        alias = "offeredBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub offered_by: Option<PartyNumber>,
    /// Where the browser goes afterwards.
    ///
    /// `RedirectUrl` on the wire (also `redirectUrl`); in 1 of 1 sample.
    #[serde(
        alias = "redirectUrl",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub redirect_url: Option<String>,
    /// What is said to who is asked: one text, not one for each language.
    ///
    /// `RequestMessage` on the wire (also `requestMessage`); in 1 of 1 sample.
    #[serde(
        rename = "RequestMessage",
        alias = "requestMessage",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<String>,
    /// Whether the user stays logged in.
    ///
    /// `KeepSessionAlive` on the wire (also `keepSessionAlive`); in 1 of 1 sample.
    #[serde(alias = "keepSessionAlive", skip_serializing_if = "Option::is_none")]
    pub keep_session_alive: Option<bool>,
    /// When it was made.
    ///
    /// `Created` on the wire (also `created`); in 1 of 1 sample.
    #[serde(
        alias = "created",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    ///
    /// `LastChanged` on the wire (also `lastChanged`); in 1 of 1 sample.
    #[serde(
        alias = "lastChanged",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_changed: Option<Timestamp>,
    /// What is asked for.
    ///
    /// `RequestResources` on the wire (also `requestResources`, `requestServices`); in 1 of 1
    /// sample.
    #[serde(
        rename = "RequestResources",
        alias = "requestResources",
        alias = "requestServices",
        default,
        deserialize_with = "wire::list"
    )]
    pub resources: Vec<RequestResource>,
    /// `self`, `sendRequest`.
    ///
    /// `_links` on the wire; in 1 of 1 sample.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// The claims of a consent token.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentToken {
    /// What is consented to: `CODE_EDITION` or `CODE_EDITION_NAME=VALUE` each; in older tokens all
    /// in one text, with commas.
    ///
    /// `Services` on the wire (also `ServiceCodes`); in 3 of 3 samples.
    #[serde(alias = "ServiceCodes", skip_serializing_if = "Option::is_none")]
    pub services: Option<OneOrMany<String>>,
    /// The consent's code.
    ///
    /// `AuthorizationCode` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub authorization_code: Option<String>,
    /// Who consented.
    ///
    /// `OfferedBy` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub offered_by: Option<PartyNumber>,
    /// Who may use it.
    ///
    /// `CoveredBy` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub covered_by: Option<PartyNumber>,
    /// Their supplier.
    ///
    /// `HandledBy` on the wire; in 1 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub handled_by: Option<PartyNumber>,
    /// The person who answered for an organisation.
    ///
    /// `RequiredDelegator` on the wire; in 1 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub required_delegator: Option<PartyNumber>,
    /// When the consent was given: seconds since 1970, or a date in older tokens.
    ///
    /// `DelegatedDate` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub delegated_date: Option<IntOrText>,
    /// When it ends, likewise.
    ///
    /// `ValidToDate` on the wire; in 3 of 3 samples.
    #[serde(
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to_date: Option<IntOrText>,
    /// `altinn.no`.
    ///
    /// `iss` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "iss",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub issuer: Option<String>,
    /// When the token begins, in seconds since 1970.
    ///
    /// `nbf` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "nbf",
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<i64>,
    /// When the token ends: 30 s after it begins.
    ///
    /// `exp` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "exp",
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires: Option<i64>,
    /// When it was issued.
    ///
    /// `iat` on the wire; in 1 of 3 samples.
    #[serde(
        rename = "iat",
        default,
        deserialize_with = "wire::int",
        skip_serializing_if = "Option::is_none"
    )]
    pub issued_at: Option<i64>,
}

/// The JSON body of an error, where there is one: most errors of Altinn 2 are an empty body
/// and a reason phrase. Consent requests answer with an array of these.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorBody {
    /// Altinn's code.
    ///
    /// `ErrorCode` on the wire (also `errorCode`); in 4 of 4 samples.
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
    /// `ErrorMessage` on the wire (also `errorMessage`, `errorDescription`); in 4 of 4 samples.
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

/// What kind of service it is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceType {
    /// A form that is filled in and sent (innsending).
    ///
    /// `FormTask` on the wire.
    FormTask,
    /// Messages to users (melding).
    ///
    /// `Correspondence` on the wire.
    Correspondence,
    /// A question with an answer (innsyn).
    ///
    /// `Lookup` on the wire.
    Lookup,
    /// Files between parties (formidling).
    ///
    /// `Broker` on the wire.
    Broker,
    /// A link to something elsewhere (lenketjeneste).
    ///
    /// `Link` on the wire.
    Link,
    /// Work of several parties together (samhandling).
    ///
    /// `Collaboration` on the wire.
    Collaboration,
    /// Access to an API through Maskinporten that is given on (delegeringsskjema).
    ///
    /// `DelegationScheme` on the wire.
    DelegationScheme,
    /// An app made with Altinn Studio.
    ///
    /// `AltinnApp` on the wire.
    AltinnApp,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ServiceType {
    fn from_wire(text: &str) -> Self {
        match text {
            "FormTask" => Self::FormTask,
            "Correspondence" => Self::Correspondence,
            "Lookup" => Self::Lookup,
            "Broker" => Self::Broker,
            "Link" => Self::Link,
            "Collaboration" => Self::Collaboration,
            "DelegationScheme" => Self::DelegationScheme,
            "AltinnApp" => Self::AltinnApp,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::FormTask => "FormTask",
            Self::Correspondence => "Correspondence",
            Self::Lookup => "Lookup",
            Self::Broker => "Broker",
            Self::Link => "Link",
            Self::Collaboration => "Collaboration",
            Self::DelegationScheme => "DelegationScheme",
            Self::AltinnApp => "AltinnApp",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ServiceType);

/// Whether a consent is in force.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentStatus {
    /// In force.
    ///
    /// `Active` on the wire (also `active`).
    Active,
    /// Taken back, or used up.
    ///
    /// `Revoked` on the wire (also `revoked`).
    Revoked,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ConsentStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "Active" | "active" => Self::Active,
            "Revoked" | "revoked" => Self::Revoked,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Active => "Active",
            Self::Revoked => "Revoked",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ConsentStatus);

/// How far a request for a consent or for rights is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestStatus {
    /// Made, and not sent yet; its maker sees it only.
    ///
    /// `Created` on the wire.
    Created,
    /// Sent.
    ///
    /// `Unopened` on the wire.
    Unopened,
    /// Looked at.
    ///
    /// `Opened` on the wire.
    Opened,
    /// Answered with yes.
    ///
    /// `Accepted` on the wire.
    Accepted,
    /// Answered with no.
    ///
    /// `Rejected` on the wire.
    Rejected,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RequestStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "Created" => Self::Created,
            "Unopened" => Self::Unopened,
            "Opened" => Self::Opened,
            "Accepted" => Self::Accepted,
            "Rejected" => Self::Rejected,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Created => "Created",
            Self::Unopened => "Unopened",
            Self::Opened => "Opened",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RequestStatus);

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

/// One right on an app that was given directly (the rule's guid), for taking it back or giving
/// it on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(IntOrText);

wire::text_id!(RuleId);
