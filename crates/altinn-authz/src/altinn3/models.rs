// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest.toml instead.

//! What Altinn 3's access management answers: authorized parties, connections, access
//! packages, resource rights and problems.
//!
//! Everyone is named by a party UUID. Only identities are required; everything else is an
//! `Option` (Altinn writes nulls) and a list that is absent or null reads as empty.

use std::collections::BTreeMap;

use norwegian_ids::{ReceivedOrganisationNumber, ReceivedPersonNumber};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{self, Date, IntOrText, Message, OpenEnum, PartyUuid, Timestamp};

/// Someone one may act for (avgiver), with what one holds for them.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizedParty {
    /// The identity that every other call asks for.
    ///
    /// `partyUuid` on the wire; always there (Altinn 3 §2.4.3).
    #[serde(alias = "PartyUuid")]
    pub party_uuid: PartyUuid,
    /// The registered name.
    ///
    /// `name` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Organisations only.
    ///
    /// `organizationNumber` on the wire; in 7 of 8 samples.
    #[serde(
        rename = "organizationNumber",
        alias = "OrganizationNumber",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// People only.
    ///
    /// `personId` on the wire; in 6 of 8 samples.
    #[serde(
        rename = "personId",
        alias = "PersonId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// Users who log in with an e-mail address.
    ///
    /// `emailId` on the wire; in 3 of 8 samples.
    #[serde(
        alias = "EmailId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub email_id: Option<String>,
    /// People only.
    ///
    /// `dateOfBirth` on the wire; in 2 of 8 samples.
    #[serde(
        alias = "DateOfBirth",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub date_of_birth: Option<Date>,
    /// The main unit of a sub unit.
    ///
    /// `parentId` on the wire; in 3 of 8 samples.
    #[serde(
        rename = "parentId",
        alias = "ParentId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub parent: Option<PartyUuid>,
    /// Altinn's older number for the party; the digits of Altinn 2's `r…`.
    ///
    /// `partyId` on the wire; in 8 of 8 samples.
    #[serde(alias = "PartyId", skip_serializing_if = "Option::is_none")]
    pub party_id: Option<i64>,
    /// Person, organisation or self-identified user.
    ///
    /// `type` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<PartyType>,
    /// The form of organisation (`AS`, `BEDR`, …).
    ///
    /// `unitType` on the wire; in 7 of 8 samples.
    #[serde(
        alias = "UnitType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub unit_type: Option<String>,
    /// Whether the party is deleted in its register.
    ///
    /// `isDeleted` on the wire; in 8 of 8 samples.
    #[serde(alias = "IsDeleted", skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// True for a main unit that is listed only because a sub unit is accessible: one may do
    /// nothing for it.
    ///
    /// `onlyHierarchyElementWithNoAccess` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "OnlyHierarchyElementWithNoAccess",
        skip_serializing_if = "Option::is_none"
    )]
    pub only_hierarchy_element_with_no_access: Option<bool>,
    /// Access packages, as codes or URNs: compare without the URN's prefix.
    ///
    /// `authorizedAccessPackages` on the wire; in 5 of 8 samples.
    #[serde(
        alias = "AuthorizedAccessPackages",
        default,
        deserialize_with = "wire::list"
    )]
    pub authorized_access_packages: Vec<String>,
    /// Resources on which single rights are held.
    ///
    /// `authorizedResources` on the wire; in 6 of 8 samples.
    #[serde(
        alias = "AuthorizedResources",
        default,
        deserialize_with = "wire::list"
    )]
    pub authorized_resources: Vec<ResourceId>,
    /// Roles, as new and old codes in any case, or URNs.
    ///
    /// `authorizedRoles` on the wire; in 7 of 8 samples.
    #[serde(alias = "AuthorizedRoles", default, deserialize_with = "wire::list")]
    pub authorized_roles: Vec<String>,
    /// Instances on which single rights are held.
    ///
    /// `authorizedInstances` on the wire; in 4 of 8 samples.
    #[serde(
        alias = "AuthorizedInstances",
        default,
        deserialize_with = "wire::list"
    )]
    pub authorized_instances: Vec<AuthorizedInstance>,
    /// Sub units; one level in practice.
    ///
    /// `subunits` on the wire; in 7 of 8 samples.
    #[serde(alias = "Subunits", default, deserialize_with = "wire::list")]
    pub subunits: Vec<AuthorizedParty>,
}

/// A single instance (one form, one message) of a resource.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizedInstance {
    /// The resource.
    ///
    /// `resourceId` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ResourceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_id: Option<ResourceId>,
    /// The instance, as the resource names it.
    ///
    /// `instanceId` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "InstanceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub instance_id: Option<String>,
    /// The instance as a URN.
    ///
    /// `instanceRef` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "InstanceRef",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub instance_ref: Option<String>,
}

/// A relation between two parties, with what it carries. The one named is the other side: who
/// has access, or from whom.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The other side.
    ///
    /// `party` on the wire; in 8 of 8 samples.
    #[serde(alias = "Party", skip_serializing_if = "Option::is_none")]
    pub party: Option<CompactEntity>,
    /// The roles of the relation; `rettighetshaver` is the one that a granted connection has.
    ///
    /// `roles` on the wire; in 8 of 8 samples.
    #[serde(alias = "Roles", default, deserialize_with = "wire::list")]
    pub roles: Vec<CompactRole>,
    /// Access packages granted on it, when they were asked for.
    ///
    /// `packages` on the wire; in 8 of 8 samples.
    #[serde(alias = "Packages", default, deserialize_with = "wire::list")]
    pub packages: Vec<AccessPackage>,
    /// Resources with rights granted on it, when they were asked for.
    ///
    /// `resources` on the wire; in 8 of 8 samples.
    #[serde(alias = "Resources", default, deserialize_with = "wire::list")]
    pub resources: Vec<Resource>,
    /// Instances with rights granted on it, when they were asked for.
    ///
    /// `instances` on the wire; in 7 of 8 samples.
    #[serde(alias = "Instances", default, deserialize_with = "wire::list")]
    pub instances: Vec<InstanceRef>,
    /// Those who have access through the other side: sub units, holders of key roles.
    ///
    /// `connections` on the wire; in 7 of 8 samples.
    #[serde(alias = "Connections", default, deserialize_with = "wire::list")]
    pub connections: Vec<Connection>,
}

/// An instance on which rights were granted.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRef {
    /// The resource.
    ///
    /// `resourceRefId` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "resourceRefId",
        alias = "ResourceRefId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_id: Option<ResourceId>,
    /// The instance as a URN.
    ///
    /// `instanceId` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "InstanceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub instance_id: Option<String>,
}

/// A party in a connection: a person, an organisation, a system user.
///
/// Seen in 49 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompactEntity {
    /// The party UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: PartyUuid,
    /// The registered name.
    ///
    /// `name` on the wire; in 49 of 49 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What kind of party it is.
    ///
    /// `type` on the wire; in 49 of 49 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<EntityType>,
    /// The form of organisation (`AS`, `BEDR`, …), or the kind of person.
    ///
    /// `variant` on the wire; in 49 of 49 samples.
    #[serde(
        alias = "Variant",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub variant: Option<String>,
    /// The main unit of a sub unit.
    ///
    /// `parent` on the wire; in 25 of 49 samples.
    #[serde(alias = "Parent", skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<CompactEntity>>,
    /// Sub units.
    ///
    /// `children` on the wire; in 25 of 49 samples.
    #[serde(alias = "Children", default, deserialize_with = "wire::list")]
    pub children: Vec<CompactEntity>,
    /// Altinn's older number for the party.
    ///
    /// `partyid` on the wire; in 25 of 49 samples.
    #[serde(
        rename = "partyid",
        alias = "Partyid",
        skip_serializing_if = "Option::is_none"
    )]
    pub party_id: Option<i64>,
    /// Altinn's older number for a person's user.
    ///
    /// `userId` on the wire; in 25 of 49 samples.
    #[serde(alias = "UserId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// A user's name, for those who have one.
    ///
    /// `username` on the wire; in 25 of 49 samples.
    #[serde(
        alias = "Username",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub username: Option<String>,
    /// Organisations only.
    ///
    /// `organizationIdentifier` on the wire; in 25 of 49 samples.
    #[serde(
        rename = "organizationIdentifier",
        alias = "OrganizationIdentifier",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// People only.
    ///
    /// `personIdentifier` on the wire; in 25 of 49 samples.
    #[serde(
        rename = "personIdentifier",
        alias = "PersonIdentifier",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
    /// People only.
    ///
    /// `dateOfBirth` on the wire; in 25 of 49 samples.
    #[serde(
        alias = "DateOfBirth",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub date_of_birth: Option<Date>,
    /// People only.
    ///
    /// `dateOfDeath` on the wire; in 25 of 49 samples.
    #[serde(
        alias = "DateOfDeath",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub date_of_death: Option<Date>,
    /// Whether the party is deleted in its register.
    ///
    /// `isDeleted` on the wire; in 25 of 49 samples.
    #[serde(alias = "IsDeleted", skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// When it was deleted.
    ///
    /// `deletedAt` on the wire; in 25 of 49 samples.
    #[serde(
        alias = "DeletedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_at: Option<Timestamp>,
}

/// A role in a connection.
///
/// Seen in 33 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompactRole {
    /// The role's UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: RoleUuid,
    /// The role's code (`rettighetshaver`, `daglig-leder`).
    ///
    /// `code` on the wire; in 33 of 33 samples.
    #[serde(
        alias = "Code",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// The role's URN.
    ///
    /// `urn` on the wire; in 33 of 33 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// The role's URN on Altinn 2. The server's key ends in a blank.
    ///
    /// `legacyUrn` on the wire (also `legacyurn `, `legacyurn`); in 31 of 33 samples.
    #[serde(
        alias = "legacyurn ",
        alias = "legacyurn",
        alias = "LegacyUrn",
        alias = "Legacyurn ",
        alias = "Legacyurn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub legacy_urn: Option<String>,
    /// Roles it includes.
    ///
    /// `children` on the wire; in 31 of 33 samples.
    #[serde(alias = "Children", default, deserialize_with = "wire::list")]
    pub children: Vec<CompactRole>,
}

/// An access package (tilgangspakke): a named set of rights that is granted as a whole.
///
/// Seen in 18 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPackage {
    /// The package's UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: PackageId,
    /// The package's URN (`urn:altinn:accesspackage:skattegrunnlag`).
    ///
    /// `urn` on the wire; in 18 of 18 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// The area it belongs to.
    ///
    /// `areaId` on the wire; in 16 of 18 samples.
    #[serde(
        alias = "AreaId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub area_id: Option<String>,
}

/// Something one can have rights on: a service, an app, an API.
///
/// Seen in 12 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Access management's UUID for it.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: ResourceUuid,
    /// The resource registry's id, which requests use.
    ///
    /// `refId` on the wire; in 12 of 12 samples.
    #[serde(
        alias = "RefId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub ref_id: Option<ResourceId>,
    /// Its name in the language asked for.
    ///
    /// `name` on the wire; in 11 of 12 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What it is.
    ///
    /// `description` on the wire; in 6 of 12 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// The UUID of the one who offers it.
    ///
    /// `providerId` on the wire; in 6 of 12 samples.
    #[serde(
        alias = "ProviderId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub provider_id: Option<String>,
    /// The one who offers it.
    ///
    /// `provider` on the wire; in 6 of 12 samples.
    #[serde(alias = "Provider", skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The UUID of its kind.
    ///
    /// `typeId` on the wire; in 6 of 12 samples.
    #[serde(
        alias = "TypeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub type_id: Option<String>,
    /// Its kind.
    ///
    /// `type` on the wire; in 6 of 12 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<NamedType>,
}

/// Who stands behind a role or a resource: a service owner, a register, Altinn.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The provider's UUID.
    ///
    /// `id` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// Its name.
    ///
    /// `name` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its id elsewhere.
    ///
    /// `refId` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "RefId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub ref_id: Option<String>,
    /// Where its logo is.
    ///
    /// `logoUrl` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "LogoUrl",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub logo_url: Option<String>,
    /// Its code (`ttd`, `sys-ccr`).
    ///
    /// `code` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "Code",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// What kind of provider it is.
    ///
    /// `type` on the wire; in 8 of 8 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<NamedType>,
}

/// A kind of provider or resource.
///
/// Seen in 13 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedType {
    /// Its UUID.
    ///
    /// `id` on the wire; in 13 of 13 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// Its name.
    ///
    /// `name` on the wire; in 13 of 13 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
}

/// That one party has access from another, and how it came about.
///
/// Seen in 11 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Who gave.
    ///
    /// `from` on the wire; in 11 of 11 samples.
    #[serde(alias = "From", skip_serializing_if = "Option::is_none")]
    pub from: Option<CompactEntity>,
    /// Who has.
    ///
    /// `to` on the wire; in 11 of 11 samples.
    #[serde(alias = "To", skip_serializing_if = "Option::is_none")]
    pub to: Option<CompactEntity>,
    /// Through whom, when it is not direct.
    ///
    /// `via` on the wire; in 11 of 11 samples.
    #[serde(alias = "Via", skip_serializing_if = "Option::is_none")]
    pub via: Option<CompactEntity>,
    /// In which role.
    ///
    /// `role` on the wire; in 11 of 11 samples.
    #[serde(alias = "Role", skip_serializing_if = "Option::is_none")]
    pub role: Option<CompactRole>,
    /// In which role the one between has it.
    ///
    /// `viaRole` on the wire; in 11 of 11 samples.
    #[serde(alias = "ViaRole", skip_serializing_if = "Option::is_none")]
    pub via_role: Option<CompactRole>,
    /// How it came about.
    ///
    /// `reason` on the wire; in 11 of 11 samples.
    #[serde(alias = "Reason", skip_serializing_if = "Option::is_none")]
    pub reason: Option<AccessReason>,
}

/// How access came about; several ways at once are possible.
///
/// Seen in 13 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessReason {
    /// The ways as bits: 1 direct, 2 client delegation, 4 key role, 8 role map, 16 parent.
    ///
    /// `flag` on the wire; in 13 of 13 samples.
    #[serde(alias = "Flag", skip_serializing_if = "Option::is_none")]
    pub flag: Option<i64>,
    /// The same ways, by name.
    ///
    /// `items` on the wire; in 13 of 13 samples.
    #[serde(alias = "Items", default, deserialize_with = "wire::list")]
    pub items: Vec<AccessReasonItem>,
}

/// One of the ways in an [`AccessReason`].
///
/// Seen in 14 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessReasonItem {
    /// Which way.
    ///
    /// `name` on the wire; in 14 of 14 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<AccessReasonName>,
    /// The way in words.
    ///
    /// `description` on the wire; in 14 of 14 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
}

/// An access package and who has it from whom.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackagePermission {
    /// The package.
    ///
    /// `package` on the wire; in 2 of 2 samples.
    #[serde(alias = "Package", skip_serializing_if = "Option::is_none")]
    pub package: Option<AccessPackage>,
    /// Who has it, from whom.
    ///
    /// `permissions` on the wire; in 2 of 2 samples.
    #[serde(alias = "Permissions", default, deserialize_with = "wire::list")]
    pub permissions: Vec<Permission>,
}

/// A resource and who has rights on it from whom.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePermission {
    /// The resource.
    ///
    /// `resource` on the wire; in 2 of 2 samples.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Who has rights on it, from whom.
    ///
    /// `permissions` on the wire; in 2 of 2 samples.
    #[serde(alias = "Permissions", default, deserialize_with = "wire::list")]
    pub permissions: Vec<Permission>,
}

/// A role and who holds it from whom.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolePermission {
    /// The role.
    ///
    /// `role` on the wire; in 2 of 2 samples.
    #[serde(alias = "Role", skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who holds it, from whom.
    ///
    /// `permissions` on the wire; in 2 of 2 samples.
    #[serde(alias = "Permissions", default, deserialize_with = "wire::list")]
    pub permissions: Vec<Permission>,
}

/// A role in full. Roles come from registers and from Altinn 2; Altinn 3 grants access
/// packages instead.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// The role's UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: RoleUuid,
    /// Its name in the language asked for.
    ///
    /// `name` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its code (`daglig-leder`).
    ///
    /// `code` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Code",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// What it is for.
    ///
    /// `description` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Whether its holder has what the organisation itself has received (nøkkelrolle).
    ///
    /// `isKeyRole` on the wire; in 2 of 2 samples.
    #[serde(alias = "IsKeyRole", skip_serializing_if = "Option::is_none")]
    pub is_key_role: Option<bool>,
    /// Its URN.
    ///
    /// `urn` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// Its code on Altinn 2 (`DAGL`).
    ///
    /// `legacyRoleCode` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "LegacyRoleCode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub legacy_role_code: Option<String>,
    /// Its URN on Altinn 2.
    ///
    /// `legacyUrn` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "LegacyUrn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub legacy_urn: Option<String>,
    /// Whether resources can give rights to it.
    ///
    /// `isResourcePolicyAvailable` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "IsResourcePolicyAvailable",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_resource_policy_available: Option<bool>,
    /// The register or system it comes from.
    ///
    /// `provider` on the wire; in 2 of 2 samples.
    #[serde(alias = "Provider", skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Whether it can be taken back.
    ///
    /// `isRevocable` on the wire; in 1 of 2 samples.
    #[serde(alias = "IsRevocable", skip_serializing_if = "Option::is_none")]
    pub is_revocable: Option<bool>,
}

/// One right on a resource: an action, with the key that grants name it by.
///
/// Seen in 8 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Right {
    /// What a grant names.
    ///
    /// `key` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Key")]
    pub key: RightKey,
    /// The action in words.
    ///
    /// `name` on the wire; in 8 of 8 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What exactly it is a right to.
    ///
    /// `resource` on the wire; in 7 of 8 samples.
    #[serde(alias = "Resource", default, deserialize_with = "wire::list")]
    pub resource: Vec<Attribute>,
    /// The action (`read`, `write`, `sign`, …).
    ///
    /// `action` on the wire; in 8 of 8 samples.
    #[serde(alias = "Action", skip_serializing_if = "Option::is_none")]
    pub action: Option<Attribute>,
}

/// A typed value, as XACML has them.
///
/// Seen in 15 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// The URN of its type.
    ///
    /// `type` on the wire; in 15 of 15 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// The value.
    ///
    /// `value` on the wire; in 15 of 15 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
}

/// A right that is held, and how.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RightPermission {
    /// The right.
    ///
    /// `right` on the wire; in 3 of 3 samples.
    #[serde(alias = "Right", skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// How it came about.
    ///
    /// `reason` on the wire; in 3 of 3 samples.
    #[serde(alias = "Reason", skip_serializing_if = "Option::is_none")]
    pub reason: Option<AccessReason>,
    /// Who has it, from whom.
    ///
    /// `permissions` on the wire; in 3 of 3 samples.
    #[serde(alias = "Permissions", default, deserialize_with = "wire::list")]
    pub permissions: Vec<Permission>,
}

/// Which rights one party has on a resource from another.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalResourceRight {
    /// The resource.
    ///
    /// `resource` on the wire; in 2 of 2 samples.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Rights granted as such: these are what `PUT` replaces.
    ///
    /// `directRights` on the wire; in 2 of 2 samples.
    #[serde(alias = "DirectRights", default, deserialize_with = "wire::list")]
    pub direct_rights: Vec<RightPermission>,
    /// Rights that roles or access packages carry.
    ///
    /// `indirectRights` on the wire; in 2 of 2 samples.
    #[serde(alias = "IndirectRights", default, deserialize_with = "wire::list")]
    pub indirect_rights: Vec<RightPermission>,
}

/// Whether the caller may give an access package on, and why.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPackageCheck {
    /// The package.
    ///
    /// `package` on the wire; in 3 of 3 samples.
    #[serde(alias = "Package", skip_serializing_if = "Option::is_none")]
    pub package: Option<AccessPackage>,
    /// Whether it may be given.
    ///
    /// `result` on the wire; in 3 of 3 samples.
    #[serde(alias = "Result", skip_serializing_if = "Option::is_none")]
    pub result: Option<bool>,
    /// Why.
    ///
    /// `reasons` on the wire; in 3 of 3 samples.
    #[serde(alias = "Reasons", default, deserialize_with = "wire::list")]
    pub reasons: Vec<AccessPackageReason>,
}

/// Why an access package can, or cannot, be given on.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPackageReason {
    /// The reason in words.
    ///
    /// `description` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// The role that gives it.
    ///
    /// `roleId` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "RoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_id: Option<RoleUuid>,
    /// The URN of that role.
    ///
    /// `roleUrn` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "RoleUrn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_urn: Option<String>,
    /// From whom.
    ///
    /// `fromId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "fromId",
        alias = "FromId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<PartyUuid>,
    /// The name of that party.
    ///
    /// `fromName` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "FromName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub from_name: Option<String>,
    /// To whom.
    ///
    /// `toId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "toId",
        alias = "ToId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub to: Option<PartyUuid>,
    /// The name of that party.
    ///
    /// `toName` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ToName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub to_name: Option<String>,
    /// Through whom.
    ///
    /// `viaId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "viaId",
        alias = "ViaId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub via: Option<PartyUuid>,
    /// The name of that party.
    ///
    /// `viaName` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ViaName",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub via_name: Option<String>,
    /// The role of the one between.
    ///
    /// `viaRoleId` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ViaRoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub via_role_id: Option<RoleUuid>,
    /// The URN of that role.
    ///
    /// `viaRoleUrn` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ViaRoleUrn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub via_role_urn: Option<String>,
}

/// Which rights on a resource the caller may give on.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCheck {
    /// The resource.
    ///
    /// `resource` on the wire; in 2 of 2 samples.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Every right of the resource's policy.
    ///
    /// `rights` on the wire; in 2 of 2 samples.
    #[serde(alias = "Rights", default, deserialize_with = "wire::list")]
    pub rights: Vec<RightCheck>,
}

/// Whether the caller may give one right on, and why.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RightCheck {
    /// The right.
    ///
    /// `right` on the wire; in 5 of 5 samples.
    #[serde(alias = "Right", skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// Whether it may be given.
    ///
    /// `result` on the wire; in 5 of 5 samples.
    #[serde(alias = "Result", skip_serializing_if = "Option::is_none")]
    pub result: Option<bool>,
    /// Why.
    ///
    /// `reasonCodes` on the wire; in 5 of 5 samples.
    #[serde(alias = "ReasonCodes", default, deserialize_with = "wire::list")]
    pub reason_codes: Vec<ReasonCode>,
}

/// A connection that was made, or was there already: making one twice gives the same.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// The connection's UUID.
    ///
    /// `id` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<AssignmentId>,
    /// The role it has: `rettighetshaver`.
    ///
    /// `roleId` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "RoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_id: Option<RoleUuid>,
    /// Who gives.
    ///
    /// `fromId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "fromId",
        alias = "FromId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<PartyUuid>,
    /// Who receives: also the party UUID of a person who was named by number and last name.
    ///
    /// `toId` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "toId",
        alias = "ToId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub to: Option<PartyUuid>,
}

/// An access package that was granted on a connection.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentPackage {
    /// The grant's UUID.
    ///
    /// `id` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<AssignmentId>,
    /// The connection it was granted on.
    ///
    /// `assignmentId` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "AssignmentId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub assignment_id: Option<AssignmentId>,
    /// The package.
    ///
    /// `packageId` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "PackageId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub package_id: Option<PackageId>,
}

/// The JSON body of an error, in any of the shapes that Altinn's services and the gateway
/// before them use. What to show a user, in this order: the titles or details of the
/// validation errors, `detail`, `title`, `message`.
///
/// Seen in 35 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URN with the code, or a link to the HTTP specification.
    ///
    /// `type` on the wire; in 32 of 35 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// The message, or only the phrase of the HTTP status.
    ///
    /// `title` on the wire; in 33 of 35 samples.
    #[serde(
        alias = "Title",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<Message>,
    /// The HTTP status.
    ///
    /// `status` on the wire; in 33 of 35 samples.
    #[serde(alias = "Status", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The message, where `title` is only the phrase.
    ///
    /// `detail` on the wire; in 22 of 35 samples.
    #[serde(
        alias = "Detail",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub detail: Option<Message>,
    /// The error code (`AM-00026`, `STD-00000`). Codes of validation errors collide between
    /// services: never branch on one alone.
    ///
    /// `code` on the wire; in 29 of 35 samples.
    #[serde(
        alias = "Code",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// What Altinn's support asks for.
    ///
    /// `traceId` on the wire; in 4 of 35 samples.
    #[serde(
        alias = "TraceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub trace_id: Option<String>,
    /// The phrase of the HTTP status.
    ///
    /// `statusDescription` on the wire; in 7 of 35 samples.
    #[serde(
        alias = "StatusDescription",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status_description: Option<String>,
    /// The problem behind this one.
    ///
    /// `source` on the wire; in 1 of 35 samples.
    #[serde(alias = "Source", skip_serializing_if = "Option::is_none")]
    pub source: Option<Box<Problem>>,
    /// What is wrong with the request.
    ///
    /// `validationErrors` on the wire; in 10 of 35 samples.
    #[serde(alias = "ValidationErrors", default, deserialize_with = "wire::list")]
    pub validation_errors: Vec<ValidationError>,
    /// Several problems at once (`STD-00001`).
    ///
    /// `problems` on the wire; in 1 of 35 samples.
    #[serde(alias = "Problems", default, deserialize_with = "wire::list")]
    pub problems: Vec<Problem>,
    /// What is wrong with the request, by field, when it never got past model binding.
    ///
    /// `errors` on the wire; in 1 of 35 samples.
    #[serde(
        alias = "Errors",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub errors: Option<BTreeMap<String, Vec<Message>>>,
    /// The HTTP status, in answers of the gateway.
    ///
    /// `statusCode` on the wire; in 2 of 35 samples.
    #[serde(alias = "StatusCode", skip_serializing_if = "Option::is_none")]
    pub status_code: Option<i64>,
    /// The message, in answers of the gateway.
    ///
    /// `message` on the wire; in 2 of 35 samples.
    #[serde(
        alias = "Message",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<Message>,
}

/// One thing that is wrong with a request.
///
/// Seen in 10 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationError {
    /// The error code; the same number can mean different things.
    ///
    /// `code` on the wire; in 10 of 10 samples.
    #[serde(
        alias = "Code",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// The message, in newer services.
    ///
    /// `title` on the wire; in 3 of 10 samples.
    #[serde(
        alias = "Title",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<Message>,
    /// The message, in access management.
    ///
    /// `detail` on the wire; in 8 of 10 samples.
    #[serde(
        alias = "Detail",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub detail: Option<Message>,
    /// Where: JSON pointers into the body, `$QUERY/party`, or a field's name.
    ///
    /// `paths` on the wire; in 10 of 10 samples.
    #[serde(alias = "Paths", default, deserialize_with = "wire::list")]
    pub paths: Vec<String>,
    /// `ext1` on the wire; in 1 of 10 samples.
    #[serde(
        alias = "Ext1",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub ext1: Option<String>,
    /// `ext2` on the wire; in 1 of 10 samples.
    #[serde(
        alias = "Ext2",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub ext2: Option<String>,
    /// `packages` on the wire; in 1 of 10 samples.
    #[serde(
        alias = "Packages",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub packages: Option<String>,
}

/// A single instance: one form, one message, one dialogue.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// The instance as a URN (`urn:altinn:instance-id:…`).
    ///
    /// `refId` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "refId",
        alias = "RefId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// Its kind.
    ///
    /// `type` on the wire; in 5 of 5 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<NamedType>,
}

/// An instance and who has rights on it from whom.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstancePermission {
    /// The resource that it is an instance of.
    ///
    /// `resource` on the wire; in 4 of 4 samples.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The instance.
    ///
    /// `instance` on the wire; in 4 of 4 samples.
    #[serde(alias = "Instance", skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
    /// Who has rights on it, from whom.
    ///
    /// `permissions` on the wire; in 4 of 4 samples.
    #[serde(alias = "Permissions", default, deserialize_with = "wire::list")]
    pub permissions: Vec<Permission>,
}

/// Which rights one party has on an instance from another.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRights {
    /// The resource that it is an instance of.
    ///
    /// `resource` on the wire; in 1 of 1 sample.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The instance.
    ///
    /// `instance` on the wire; in 1 of 1 sample.
    #[serde(alias = "Instance", skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
    /// Rights granted as such: these are what `PUT` replaces.
    ///
    /// `directRights` on the wire; in 1 of 1 sample.
    #[serde(alias = "DirectRights", default, deserialize_with = "wire::list")]
    pub direct_rights: Vec<RightPermission>,
    /// Rights that come by the resource, a role or an access package.
    ///
    /// `indirectRights` on the wire; in 1 of 1 sample.
    #[serde(alias = "IndirectRights", default, deserialize_with = "wire::list")]
    pub indirect_rights: Vec<RightPermission>,
}

/// Which rights on an instance the caller may give on.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceCheck {
    /// The resource that it is an instance of.
    ///
    /// `resource` on the wire; in 1 of 1 sample.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The instance.
    ///
    /// `instance` on the wire; in 1 of 1 sample.
    #[serde(alias = "Instance", skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
    /// Every right of the resource's policy.
    ///
    /// `rights` on the wire; in 1 of 1 sample.
    #[serde(alias = "Rights", default, deserialize_with = "wire::list")]
    pub rights: Vec<RightCheck>,
}

/// A party in few words.
///
/// Seen in 7 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimplifiedParty {
    /// The party UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: PartyUuid,
    /// The registered name.
    ///
    /// `name` on the wire; in 7 of 7 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What kind of party it is.
    ///
    /// `type` on the wire; in 7 of 7 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<EntityType>,
    /// The form of organisation, or the kind of person.
    ///
    /// `variant` on the wire; in 7 of 7 samples.
    #[serde(
        alias = "Variant",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub variant: Option<String>,
    /// Organisations only.
    ///
    /// `organizationIdentifier` on the wire; in 7 of 7 samples.
    #[serde(
        rename = "organizationIdentifier",
        alias = "OrganizationIdentifier",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// Whether the party is deleted in its register.
    ///
    /// `isDeleted` on the wire; in 7 of 7 samples.
    #[serde(alias = "IsDeleted", skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// When it was deleted.
    ///
    /// `deletedAt` on the wire; in 7 of 7 samples.
    #[serde(
        alias = "DeletedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_at: Option<Timestamp>,
}

/// A party that is connected, in few words.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimplifiedConnection {
    /// Who it is.
    ///
    /// `party` on the wire; in 3 of 3 samples.
    #[serde(alias = "Party", skip_serializing_if = "Option::is_none")]
    pub party: Option<SimplifiedParty>,
    /// Those who are connected through it.
    ///
    /// `connections` on the wire; in 3 of 3 samples.
    #[serde(alias = "Connections", default, deserialize_with = "wire::list")]
    pub connections: Vec<SimplifiedConnection>,
}

/// One organisation's leave for another to use scopes of Maskinporten on its behalf
/// (API-delegering).
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeDelegation {
    /// Who gave it, by organisation number.
    ///
    /// `consumer_org` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "consumer_org",
        alias = "Consumer_org",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub consumer: Option<ReceivedOrganisationNumber>,
    /// Who may use it, by organisation number.
    ///
    /// `supplier_org` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "supplier_org",
        alias = "Supplier_org",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub supplier: Option<ReceivedOrganisationNumber>,
    /// The delegation scheme that the scopes are in.
    ///
    /// `delegation_scheme_Id` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "delegation_scheme_Id",
        alias = "Delegation_scheme_Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub scheme: Option<ResourceUuid>,
    /// The scopes.
    ///
    /// `scopes` on the wire; in 2 of 2 samples.
    #[serde(alias = "Scopes", default, deserialize_with = "wire::list")]
    pub scopes: Vec<String>,
    /// When it was given.
    ///
    /// `created` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Created",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
}

/// A request for access. The asker is `from`, and the one who can approve it is `to`: the
/// other way round than in what is then given.
///
/// Seen in 10 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequest {
    /// Its UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.6).
    #[serde(alias = "Id")]
    pub id: RequestId,
    /// How far it has come.
    ///
    /// `status` on the wire; in 10 of 10 samples.
    #[serde(
        alias = "Status",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<RequestStatus>,
    /// What it is about.
    ///
    /// `type` on the wire; in 10 of 10 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<RequestKind>,
    /// When it last changed.
    ///
    /// `lastUpdated` on the wire; in 10 of 10 samples.
    #[serde(
        alias = "LastUpdated",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_updated: Option<Timestamp>,
    /// Who changed it last.
    ///
    /// `lastUpdatedBy` on the wire; in 10 of 10 samples.
    #[serde(
        alias = "LastUpdatedBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_updated_by: Option<PartyUuid>,
    /// The resource that is asked for.
    ///
    /// `resource` on the wire; in 10 of 10 samples.
    #[serde(alias = "Resource", skip_serializing_if = "Option::is_none")]
    pub resource: Option<RequestTarget>,
    /// The access package that is asked for.
    ///
    /// `package` on the wire; in 10 of 10 samples.
    #[serde(alias = "Package", skip_serializing_if = "Option::is_none")]
    pub package: Option<RequestTarget>,
    /// Where it can be seen.
    ///
    /// `links` on the wire; in 10 of 10 samples.
    #[serde(alias = "Links", skip_serializing_if = "Option::is_none")]
    pub links: Option<RequestLinks>,
    /// Who asks.
    ///
    /// `from` on the wire; in 10 of 10 samples.
    #[serde(
        rename = "from",
        alias = "From",
        skip_serializing_if = "Option::is_none"
    )]
    pub asker: Option<RequestParty>,
    /// Who is asked.
    ///
    /// `to` on the wire; in 10 of 10 samples.
    #[serde(rename = "to", alias = "To", skip_serializing_if = "Option::is_none")]
    pub grantor: Option<RequestParty>,
    /// Who made it.
    ///
    /// `by` on the wire; in 10 of 10 samples.
    #[serde(alias = "By", skip_serializing_if = "Option::is_none")]
    pub by: Option<RequestParty>,
}

/// What is asked for.
///
/// Seen in 9 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestTarget {
    /// Its UUID.
    ///
    /// `id` on the wire; in 9 of 9 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// A resource's id, or a package's URN.
    ///
    /// `referenceId` on the wire; in 9 of 9 samples.
    #[serde(
        alias = "ReferenceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub reference_id: Option<String>,
}

/// Where a request for access can be seen.
///
/// Seen in 9 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLinks {
    /// The page on which a person answers or confirms it.
    ///
    /// `detailsLink` on the wire; in 9 of 9 samples.
    #[serde(
        rename = "detailsLink",
        alias = "DetailsLink",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub details: Option<String>,
    /// Where its status is read.
    ///
    /// `statusLink` on the wire; in 9 of 9 samples.
    #[serde(
        rename = "statusLink",
        alias = "StatusLink",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<String>,
}

/// A party to a request for access.
///
/// Seen in 27 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestParty {
    /// The party UUID.
    ///
    /// `id` on the wire; in 27 of 27 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<PartyUuid>,
    /// The registered name.
    ///
    /// `name` on the wire; in 27 of 27 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What kind of party it is.
    ///
    /// `type` on the wire; in 27 of 27 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<EntityType>,
    /// The form of organisation, or the kind of person.
    ///
    /// `variant` on the wire; in 27 of 27 samples.
    #[serde(
        alias = "Variant",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub variant: Option<String>,
    /// Organisations only.
    ///
    /// `organizationIdentifier` on the wire; in 27 of 27 samples.
    #[serde(
        rename = "organizationIdentifier",
        alias = "OrganizationIdentifier",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// People only.
    ///
    /// `personIdentifier` on the wire; in 27 of 27 samples.
    #[serde(
        rename = "personIdentifier",
        alias = "PersonIdentifier",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub person_number: Option<ReceivedPersonNumber>,
}

/// A client (klient), and what is held for it: by the provider, or by one of the provider's
/// agents.
///
/// Seen in 7 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServedClient {
    /// The client.
    ///
    /// `client` on the wire; in 7 of 7 samples.
    #[serde(alias = "Client", skip_serializing_if = "Option::is_none")]
    pub client: Option<CompactEntity>,
    /// What is held, by role.
    ///
    /// `access` on the wire; in 7 of 7 samples.
    #[serde(alias = "Access", default, deserialize_with = "wire::list")]
    pub access: Vec<AccessInRole>,
}

/// What is held for a client in one role.
///
/// Seen in 12 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessInRole {
    /// The role that the provider has for the client (`regnskapsforer`).
    ///
    /// `role` on the wire; in 12 of 12 samples.
    #[serde(alias = "Role", skip_serializing_if = "Option::is_none")]
    pub role: Option<CompactRole>,
    /// Access packages.
    ///
    /// `packages` on the wire; in 10 of 12 samples.
    #[serde(alias = "Packages", default, deserialize_with = "wire::list")]
    pub packages: Vec<AccessPackage>,
    /// Resources; the second version only.
    ///
    /// `resources` on the wire; in 5 of 12 samples.
    #[serde(alias = "Resources", default, deserialize_with = "wire::list")]
    pub resources: Vec<ClientResource>,
}

/// A resource in client delegation.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientResource {
    /// Access management's UUID for it.
    ///
    /// `id` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<ResourceUuid>,
    /// The resource registry's id, which requests use.
    ///
    /// `refId` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "RefId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub ref_id: Option<ResourceId>,
}

/// One who works for a provider: an employee, or an agent system user.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The agent.
    ///
    /// `agent` on the wire; in 5 of 5 samples.
    #[serde(alias = "Agent", skip_serializing_if = "Option::is_none")]
    pub agent: Option<CompactEntity>,
    /// Since when.
    ///
    /// `agentAddedAt` on the wire; in 4 of 5 samples.
    #[serde(
        rename = "agentAddedAt",
        alias = "AgentAddedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub added_at: Option<Timestamp>,
    /// What the agent holds, by role.
    ///
    /// `access` on the wire; in 5 of 5 samples.
    #[serde(alias = "Access", default, deserialize_with = "wire::list")]
    pub access: Vec<AccessInRole>,
}

/// The clients that one serves for a provider.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MyClients {
    /// The provider that one is an agent of.
    ///
    /// `provider` on the wire; in 2 of 2 samples.
    #[serde(alias = "Provider", skip_serializing_if = "Option::is_none")]
    pub provider: Option<CompactEntity>,
    /// The clients.
    ///
    /// `clients` on the wire; in 2 of 2 samples.
    #[serde(alias = "Clients", default, deserialize_with = "wire::list")]
    pub clients: Vec<ServedClient>,
}

/// A provider that one is an agent of. The first version calls it the agent.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MyProvider {
    /// The provider.
    ///
    /// `provider` on the wire (also `agent`); in 2 of 2 samples.
    #[serde(
        alias = "agent",
        alias = "Provider",
        alias = "Agent",
        skip_serializing_if = "Option::is_none"
    )]
    pub provider: Option<CompactEntity>,
    /// Since when.
    ///
    /// `providerAddedAt` on the wire (also `agentAddedAt`); in 2 of 2 samples.
    #[serde(
        rename = "providerAddedAt",
        alias = "agentAddedAt",
        alias = "ProviderAddedAt",
        alias = "AgentAddedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub added_at: Option<Timestamp>,
    /// `access` on the wire; in 1 of 2 samples.
    #[serde(alias = "Access", default, deserialize_with = "wire::list")]
    pub access: Vec<Value>,
}

/// One thing that was given to an agent for a client, or taken back.
///
/// Seen in 6 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientDelegation {
    /// The role that the provider has for the client.
    ///
    /// `roleId` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "RoleId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_id: Option<RoleUuid>,
    /// The access package.
    ///
    /// `packageId` on the wire; in 5 of 6 samples.
    #[serde(
        alias = "PackageId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub package_id: Option<PackageId>,
    /// The resource.
    ///
    /// `resourceId` on the wire; in 1 of 6 samples.
    #[serde(
        alias = "ResourceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_id: Option<ResourceUuid>,
    /// The provider.
    ///
    /// `viaId` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "viaId",
        alias = "ViaId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub provider: Option<PartyUuid>,
    /// The client.
    ///
    /// `fromId` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "fromId",
        alias = "FromId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub client: Option<PartyUuid>,
    /// The agent.
    ///
    /// `toId` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "toId",
        alias = "ToId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub agent: Option<PartyUuid>,
    /// Whether something changed; false when it was so already.
    ///
    /// `changed` on the wire; in 6 of 6 samples.
    #[serde(alias = "Changed", skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
}

/// How far a request for access has come.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestStatus {
    /// Not said.
    ///
    /// `None` on the wire.
    Unspecified,
    /// Made by somebody else for the asker, who has not confirmed it yet.
    ///
    /// `Draft` on the wire.
    Draft,
    /// Waits for the one who is asked.
    ///
    /// `Pending` on the wire.
    Pending,
    /// Approved, and with it given.
    ///
    /// `Approved` on the wire.
    Approved,
    /// Refused by the one who was asked.
    ///
    /// `Rejected` on the wire.
    Rejected,
    /// Taken back by the asker.
    ///
    /// `Withdrawn` on the wire.
    Withdrawn,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RequestStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "None" => Self::Unspecified,
            "Draft" => Self::Draft,
            "Pending" => Self::Pending,
            "Approved" => Self::Approved,
            "Rejected" => Self::Rejected,
            "Withdrawn" => Self::Withdrawn,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Unspecified => "None",
            Self::Draft => "Draft",
            Self::Pending => "Pending",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
            Self::Withdrawn => "Withdrawn",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RequestStatus);

/// What a request for access is about.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// Rights on a resource.
    ///
    /// `resource` on the wire.
    Resource,
    /// An access package.
    ///
    /// `package` on the wire.
    Package,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for RequestKind {
    fn from_wire(text: &str) -> Self {
        match text {
            "resource" => Self::Resource,
            "package" => Self::Package,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Resource => "resource",
            Self::Package => "package",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(RequestKind);

/// What kind of party an authorized party is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyType {
    /// Not said.
    ///
    /// `None` on the wire.
    Unspecified,
    /// A person.
    ///
    /// `Person` on the wire.
    Person,
    /// An organisation, main unit or sub unit.
    ///
    /// `Organization` on the wire.
    Organisation,
    /// A user who logs in with an e-mail address or a user name, without a person number.
    ///
    /// `SelfIdentified` on the wire.
    SelfIdentified,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for PartyType {
    fn from_wire(text: &str) -> Self {
        match text {
            "None" => Self::Unspecified,
            "Person" => Self::Person,
            "Organization" => Self::Organisation,
            "SelfIdentified" => Self::SelfIdentified,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Unspecified => "None",
            Self::Person => "Person",
            Self::Organisation => "Organization",
            Self::SelfIdentified => "SelfIdentified",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(PartyType);

/// What kind of party stands in a connection. Altinn sends the Norwegian words.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityType {
    /// An organisation.
    ///
    /// `Organisasjon` on the wire.
    Organisation,
    /// A person.
    ///
    /// `Person` on the wire.
    Person,
    /// A system user.
    ///
    /// `Systembruker` on the wire.
    SystemUser,
    /// A user without a person number.
    ///
    /// `Selvidentifisert` on the wire.
    SelfIdentified,
    /// An enterprise user of Altinn 2; the missing s is Altinn's.
    ///
    /// `Virksomhetbruker` on the wire (also `Virksomhetsbruker`).
    EnterpriseUser,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for EntityType {
    fn from_wire(text: &str) -> Self {
        match text {
            "Organisasjon" => Self::Organisation,
            "Person" => Self::Person,
            "Systembruker" => Self::SystemUser,
            "Selvidentifisert" => Self::SelfIdentified,
            "Virksomhetbruker" | "Virksomhetsbruker" => Self::EnterpriseUser,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Organisation => "Organisasjon",
            Self::Person => "Person",
            Self::SystemUser => "Systembruker",
            Self::SelfIdentified => "Selvidentifisert",
            Self::EnterpriseUser => "Virksomhetbruker",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(EntityType);

/// One way in which someone came to have access.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessReasonName {
    /// Given directly.
    ///
    /// `direct` on the wire.
    Direct,
    /// As the agent of one whom the party serves (klientdelegering).
    ///
    /// `client-delegation` on the wire.
    ClientDelegation,
    /// Through a key role in an organisation that has it.
    ///
    /// `keyrole` on the wire.
    KeyRole,
    /// A role carries it.
    ///
    /// `rolemap` on the wire.
    RoleMap,
    /// From the main unit.
    ///
    /// `parent` on the wire.
    Parent,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for AccessReasonName {
    fn from_wire(text: &str) -> Self {
        match text {
            "direct" => Self::Direct,
            "client-delegation" => Self::ClientDelegation,
            "keyrole" => Self::KeyRole,
            "rolemap" => Self::RoleMap,
            "parent" => Self::Parent,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Direct => "direct",
            Self::ClientDelegation => "client-delegation",
            Self::KeyRole => "keyrole",
            Self::RoleMap => "rolemap",
            Self::Parent => "parent",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(AccessReasonName);

/// Why a right can, or cannot, be given on.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCode {
    /// Not said.
    ///
    /// `Unknown` on the wire.
    Unknown,
    /// A role gives the right.
    ///
    /// `RoleAccess` on the wire.
    RoleAccess,
    /// The right was delegated.
    ///
    /// `DelegationAccess` on the wire.
    DelegationAccess,
    /// No role that gives it.
    ///
    /// `MissingRoleAccess` on the wire.
    MissingRoleAccess,
    /// No delegation that gives it.
    ///
    /// `MissingDelegationAccess` on the wire.
    MissingDelegationAccess,
    /// The resource's access list does not admit the party.
    ///
    /// `AccessListValidationFail` on the wire.
    AccessListValidationFail,
    /// An access package gives the right.
    ///
    /// `PackageAccess` on the wire.
    PackageAccess,
    /// No access package that gives it.
    ///
    /// `MissingPackageAccess` on the wire.
    MissingPackageAccess,
    /// The resource cannot be delegated at all.
    ///
    /// `ResourceNotDelegable` on the wire.
    ResourceNotDelegable,
    /// A Maskinporten schema, which is delegated elsewhere.
    ///
    /// `ResourceIsMaskinPortenSchema` on the wire.
    ResourceIsMaskinportenSchema,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ReasonCode {
    fn from_wire(text: &str) -> Self {
        match text {
            "Unknown" => Self::Unknown,
            "RoleAccess" => Self::RoleAccess,
            "DelegationAccess" => Self::DelegationAccess,
            "MissingRoleAccess" => Self::MissingRoleAccess,
            "MissingDelegationAccess" => Self::MissingDelegationAccess,
            "AccessListValidationFail" => Self::AccessListValidationFail,
            "PackageAccess" => Self::PackageAccess,
            "MissingPackageAccess" => Self::MissingPackageAccess,
            "ResourceNotDelegable" => Self::ResourceNotDelegable,
            "ResourceIsMaskinPortenSchema" => Self::ResourceIsMaskinportenSchema,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::RoleAccess => "RoleAccess",
            Self::DelegationAccess => "DelegationAccess",
            Self::MissingRoleAccess => "MissingRoleAccess",
            Self::MissingDelegationAccess => "MissingDelegationAccess",
            Self::AccessListValidationFail => "AccessListValidationFail",
            Self::PackageAccess => "PackageAccess",
            Self::MissingPackageAccess => "MissingPackageAccess",
            Self::ResourceNotDelegable => "ResourceNotDelegable",
            Self::ResourceIsMaskinportenSchema => "ResourceIsMaskinPortenSchema",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ReasonCode);

/// The UUID of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleUuid(IntOrText);

wire::text_id!(RoleUuid);

/// The UUID of an access package (tilgangspakke). Requests may name the package by this or by
/// its URN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(IntOrText);

wire::text_id!(PackageId);

/// Access management's own UUID for a resource. Requests name the resource by its
/// [`ResourceId`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceUuid(IntOrText);

wire::text_id!(ResourceUuid);

/// The resource registry's id for a resource (`app_ttd_fjordskjema`), which requests use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(IntOrText);

wire::text_id!(ResourceId);

/// The UUID of a connection that was made, or of something granted on one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssignmentId(IntOrText);

wire::text_id!(AssignmentId);

/// One right on a resource, as an opaque text. It is read from a delegation check and never
/// built: the documentation's `read` and `write` do not work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RightKey(IntOrText);

wire::text_id!(RightKey);

/// The UUID of a request for access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(IntOrText);

wire::text_id!(RequestId);
