// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest/altinn3-metadata.toml instead.

//! What Altinn 3 says of its access packages and areas.
//!
//! Names and descriptions are in the language that was asked for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::altinn3::models::{NamedType, PackageId, Resource};
use crate::wire::{self, IntOrText};

/// A group of areas, such as all that are for organisations.
///
/// Seen in 6 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AreaGroup {
    /// Its UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: AreaId,
    /// Its name.
    ///
    /// `name` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its URN.
    ///
    /// `urn` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// What is in it.
    ///
    /// `description` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// What kind of group it is.
    ///
    /// `type` on the wire; in 6 of 6 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<Value>,
    /// Its areas.
    ///
    /// `areas` on the wire; in 6 of 6 samples.
    #[serde(alias = "Areas", default, deserialize_with = "wire::list")]
    pub areas: Vec<Area>,
}

/// An area of access packages (fullmaktsområde).
///
/// Seen in 13 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Area {
    /// Its UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: AreaId,
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
    /// Its URN.
    ///
    /// `urn` on the wire; in 13 of 13 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// What its packages are for.
    ///
    /// `description` on the wire; in 13 of 13 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Where its icon is.
    ///
    /// `iconUrl` on the wire; in 13 of 13 samples.
    #[serde(
        alias = "IconUrl",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub icon_url: Option<String>,
    /// Its access packages.
    ///
    /// `packages` on the wire; in 13 of 13 samples.
    #[serde(alias = "Packages", default, deserialize_with = "wire::list")]
    pub packages: Vec<Package>,
    /// The group it belongs to.
    ///
    /// `group` on the wire; in 13 of 13 samples.
    #[serde(alias = "Group", skip_serializing_if = "Option::is_none")]
    pub group: Option<AreaGroup>,
}

/// An access package (tilgangspakke) in full.
///
/// Seen in 12 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its UUID.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.3).
    #[serde(alias = "Id")]
    pub id: PackageId,
    /// Its name.
    ///
    /// `name` on the wire; in 12 of 12 samples.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its URN (`urn:altinn:accesspackage:skattegrunnlag`).
    ///
    /// `urn` on the wire; in 12 of 12 samples.
    #[serde(
        alias = "Urn",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub urn: Option<String>,
    /// What it gives access to.
    ///
    /// `description` on the wire; in 11 of 12 samples.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Whether it can be given on.
    ///
    /// `isDelegable` on the wire; in 11 of 12 samples.
    #[serde(alias = "IsDelegable", skip_serializing_if = "Option::is_none")]
    pub is_delegable: Option<bool>,
    /// Whether it can be given at all.
    ///
    /// `isAssignable` on the wire; in 11 of 12 samples.
    #[serde(alias = "IsAssignable", skip_serializing_if = "Option::is_none")]
    pub is_assignable: Option<bool>,
    /// Whether resources can give rights to it.
    ///
    /// `isResourcePolicyAvailable` on the wire; in 11 of 12 samples.
    #[serde(
        alias = "IsResourcePolicyAvailable",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_resource_policy_available: Option<bool>,
    /// The area it belongs to.
    ///
    /// `area` on the wire; in 12 of 12 samples.
    #[serde(alias = "Area", skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// For whom it is.
    ///
    /// `type` on the wire; in 11 of 12 samples.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<NamedType>,
    /// The resources that it gives rights on.
    ///
    /// `resources` on the wire; in 12 of 12 samples.
    #[serde(alias = "Resources", default, deserialize_with = "wire::list")]
    pub resources: Vec<Resource>,
}

/// An access package that a search found.
///
/// Seen in 5 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The package.
    ///
    /// `object` on the wire; in 5 of 5 samples.
    #[serde(alias = "Object", skip_serializing_if = "Option::is_none")]
    pub object: Option<Package>,
    /// How well it fits: more is better.
    ///
    /// `score` on the wire; in 5 of 5 samples.
    #[serde(alias = "Score", skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// A form of organisation, or another subtype of parties.
///
/// Seen in 1 sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationForm {
    /// Its UUID.
    ///
    /// `id` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// The UUID of what it is a subtype of.
    ///
    /// `typeId` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "TypeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub type_id: Option<String>,
    /// Its name (`AS`).
    ///
    /// `name` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "Name",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its name in words.
    ///
    /// `description` on the wire; in 1 of 1 sample.
    #[serde(
        alias = "Description",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// What it is a subtype of.
    ///
    /// `type` on the wire; in 1 of 1 sample.
    #[serde(
        rename = "type",
        alias = "Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<NamedType>,
}

/// The UUID of an area, or of a group of areas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AreaId(IntOrText);

wire::text_id!(AreaId);
