// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest/altinn3-registry.toml instead.

//! What the resource registry (ressursregisteret) answers.
//!
//! Titles and descriptions are in all languages, by `nb`, `nn` and `en`.

use std::collections::BTreeMap;

use norwegian_ids::ReceivedOrganisationNumber;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::altinn3::PartyUrn;
use crate::altinn3::models::ResourceId;
use crate::wire::{self, IntOrText, Timestamp};

/// Organisations that a service owner lets use resources of its own.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessList {
    /// Its URN.
    ///
    /// `urn` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// Its identifier, unique among the owner's.
    ///
    /// `identifier` on the wire; always there (AccessListInfoDto.cs).
    #[serde(rename = "identifier", alias = "Identifier")]
    pub id: AccessListId,
    /// Its name.
    ///
    /// `name` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What it is for.
    ///
    /// `description` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// When it was made.
    ///
    /// `createdAt` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "CreatedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    ///
    /// `updatedAt` on the wire; in 5 of 5 samples.
    #[serde(
        alias = "UpdatedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub updated_at: Option<Timestamp>,
    /// The resources it is connected to, when these were asked for.
    ///
    /// `resourceConnections` on the wire; in 2 of 5 samples.
    #[serde(
        rename = "resourceConnections",
        alias = "ResourceConnections",
        default,
        deserialize_with = "wire::list"
    )]
    pub resources: Vec<AccessListResource>,
}

/// An organisation on an access list.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessListMember {
    /// Who it is, by party UUID.
    ///
    /// `id` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "id",
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub party: Option<PartyUrn>,
    /// Since when.
    ///
    /// `since` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Since",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Timestamp>,
    /// Its other names, by the kind of URN.
    ///
    /// `identifiers` on the wire; in 1 of 2 samples.
    #[serde(
        alias = "Identifiers",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub identifiers: Option<BTreeMap<String, String>>,
}

/// A resource that the members of an access list may use.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessListResource {
    /// The resource.
    ///
    /// `resourceIdentifier` on the wire; always there (AccessListResourceConnectionDto.cs).
    #[serde(rename = "resourceIdentifier", alias = "ResourceIdentifier")]
    pub resource: ResourceId,
    /// The actions that they may; none means all.
    ///
    /// `actionFilters` on the wire; in 3 of 4 samples.
    #[serde(
        rename = "actionFilters",
        alias = "ActionFilters",
        default,
        deserialize_with = "wire::list"
    )]
    pub actions: Vec<String>,
    /// When it was connected.
    ///
    /// `createdAt` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "CreatedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_at: Option<Timestamp>,
    /// When that last changed.
    ///
    /// `updatedAt` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "UpdatedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub updated_at: Option<Timestamp>,
}

/// A rule of a resource's policy, flattened: one subject may do one thing.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRule {
    /// Who may: all of these must be so.
    ///
    /// `subject` on the wire; in 2 of 2 samples.
    #[serde(alias = "Subject", default, deserialize_with = "wire::list")]
    pub subject: Vec<Attribute>,
    /// The action.
    ///
    /// `action` on the wire; in 2 of 2 samples.
    #[serde(alias = "Action", skip_serializing_if = "Option::is_none")]
    pub action: Option<Attribute>,
    /// With what exactly: the resource, or a part of it.
    ///
    /// `resource` on the wire; in 2 of 2 samples.
    #[serde(alias = "Resource", default, deserialize_with = "wire::list")]
    pub resource: Vec<Attribute>,
}

/// That a resource began, or ceased, to give rights to a role or an access package.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectChange {
    /// The role or the package.
    ///
    /// `subjectUrn` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "subjectUrn",
        alias = "SubjectUrn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub subject: Option<String>,
    /// The resource, as a URN.
    ///
    /// `resourceUrn` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "resourceUrn",
        alias = "ResourceUrn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource: Option<String>,
    /// When.
    ///
    /// `updatedAt` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "UpdatedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub updated_at: Option<Timestamp>,
    /// Whether it ceased.
    ///
    /// `deleted` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "deleted",
        alias = "Deleted",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_gone: Option<bool>,
}

/// That a resource, or its policy, was changed.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// The resource.
    ///
    /// `resourceId` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "resourceId",
        alias = "ResourceId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource: Option<ResourceId>,
    /// When it last was.
    ///
    /// `changedAt` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "ChangedAt",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub changed_at: Option<Timestamp>,
}

/// A resource: a service, an app, an API.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredResource {
    /// Its id, which grants and questions name it by.
    ///
    /// `identifier` on the wire; always there (Altinn 3 §2.13).
    #[serde(alias = "Identifier")]
    pub identifier: ResourceId,
    /// Its title, by language.
    ///
    /// `title` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Title",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<BTreeMap<String, String>>,
    /// What it is, by language.
    ///
    /// `description` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<BTreeMap<String, String>>,
    /// What one gets who gets rights on it, by language.
    ///
    /// `rightDescription` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "RightDescription",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub right_description: Option<BTreeMap<String, String>>,
    /// Where it is.
    ///
    /// `homepage` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Homepage",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub homepage: Option<String>,
    /// Whether it is in use.
    ///
    /// `status` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Status",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<String>,
    /// What it is a part of.
    ///
    /// `isPartOf` on the wire; in 3 of 3 samples.
    #[serde(alias = "IsPartOf", skip_serializing_if = "Option::is_none")]
    pub is_part_of: Option<Value>,
    /// Whether rights on it can be given.
    ///
    /// `delegable` on the wire; in 3 of 3 samples.
    #[serde(alias = "Delegable", skip_serializing_if = "Option::is_none")]
    pub delegable: Option<bool>,
    /// Whether lists show it.
    ///
    /// `visible` on the wire; in 3 of 3 samples.
    #[serde(alias = "Visible", skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// The service owner (tjenesteeier).
    ///
    /// `hasCompetentAuthority` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "hasCompetentAuthority",
        alias = "HasCompetentAuthority",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner: Option<Owner>,
    /// What it is found by.
    ///
    /// `keywords` on the wire; in 3 of 3 samples.
    #[serde(alias = "Keywords", default, deserialize_with = "wire::list")]
    pub keywords: Vec<Keyword>,
    /// What kind of resource it is.
    ///
    /// `resourceType` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "resourceType",
        alias = "ResourceType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
}

/// The service owner (tjenesteeier) of a resource.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Its name, by language.
    ///
    /// `name` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<BTreeMap<String, String>>,
    /// Its organisation number.
    ///
    /// `organization` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "organization",
        alias = "Organization",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub organisation_number: Option<ReceivedOrganisationNumber>,
    /// Its code (`skd`).
    ///
    /// `orgcode` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "orgcode",
        alias = "Orgcode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
}

/// A word that a resource is found by.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyword {
    /// The word.
    ///
    /// `word` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Word",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub word: Option<String>,
    /// Its language.
    ///
    /// `language` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "Language",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub language: Option<String>,
}

/// A right of a resource's policy, and whom it is given to.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRight {
    /// The action (`read`).
    ///
    /// `action` on the wire; in 1 of 1 sample.
    #[serde(alias = "Action", skip_serializing_if = "Option::is_none")]
    pub action: Option<Attribute>,
    /// With what exactly: the resource, or a part of it.
    ///
    /// `resource` on the wire; in 1 of 1 sample.
    #[serde(alias = "Resource", default, deserialize_with = "wire::list")]
    pub resource: Vec<Attribute>,
    /// Those who have it.
    ///
    /// `subjects` on the wire; in 1 of 1 sample.
    #[serde(alias = "Subjects", default, deserialize_with = "wire::list")]
    pub subjects: Vec<PolicyRightSubject>,
    /// The policy's own name for it. A grant needs the key of a delegation check.
    ///
    /// `rightKey` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "RightKey",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub right_key: Option<String>,
    /// What kinds of subjects there are (`urn:altinn:rolecode`).
    ///
    /// `subjectTypes` on the wire; in 1 of 1 sample.
    #[serde(alias = "SubjectTypes", default, deserialize_with = "wire::list")]
    pub subject_types: Vec<String>,
}

/// One who has a right by a policy: all of these must be so.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRightSubject {
    /// A role, an access package, …
    ///
    /// `subjectAttributes` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "subjectAttributes",
        alias = "SubjectAttributes",
        default,
        deserialize_with = "wire::list"
    )]
    pub attributes: Vec<Attribute>,
}

/// A typed value, also as one URN.
///
/// Seen in 12 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// What it is.
    ///
    /// `type` on the wire; in 12 of 12 samples.
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
    /// `value` on the wire; in 12 of 12 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
    /// Both in one.
    ///
    /// `urn` on the wire; in 5 of 12 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
}

/// Whom a policy gives rights to: a role, an access package, …
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySubject {
    /// What it is (`urn:altinn:rolecode`).
    ///
    /// `type` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Which (`dagl`).
    ///
    /// `value` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
    /// Both in one.
    ///
    /// `urn` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
}

/// The resources that a role or an access package gives rights on.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectResources {
    /// The role or the package.
    ///
    /// `subject` on the wire; in 1 of 1 sample.
    #[serde(alias = "Subject", skip_serializing_if = "Option::is_none")]
    pub subject: Option<PolicySubject>,
    /// The resources.
    ///
    /// `resources` on the wire; in 1 of 1 sample.
    #[serde(alias = "Resources", default, deserialize_with = "wire::list")]
    pub resources: Vec<Attribute>,
}

/// A service owner's own name for one of its access lists (`godkjente-banker`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessListId(IntOrText);

wire::text_id!(AccessListId);
