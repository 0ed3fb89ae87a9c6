// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest/altinn3-consent.toml instead.

//! What Altinn 3 answers about consents (samtykke).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::altinn3::PartyUrn;
use crate::altinn3::models::Attribute;
use crate::wire::{self, Message, OpenEnum, Timestamp};

/// A consent request as it stands.
///
/// Seen in 3 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentRequestDetails {
    /// Its id, which the one who asks has made.
    ///
    /// `id` on the wire; always there (Altinn 3 §2.11).
    #[serde(alias = "Id")]
    pub id: Uuid,
    /// Who is asked.
    ///
    /// `from` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "From",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<PartyUrn>,
    /// Who asks.
    ///
    /// `to` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "To",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub to: Option<PartyUrn>,
    /// Who must give it on the party's behalf.
    ///
    /// `requiredDelegator` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "RequiredDelegator",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub required_delegator: Option<PartyUrn>,
    /// The supplier that acts for the one who asks.
    ///
    /// `handledBy` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "HandledBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub handled_by: Option<PartyUrn>,
    /// Until when the consent holds.
    ///
    /// `validTo` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "ValidTo",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub valid_to: Option<Timestamp>,
    /// What it is for.
    ///
    /// `consentRights` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "consentRights",
        alias = "ConsentRights",
        default,
        deserialize_with = "wire::list"
    )]
    pub rights: Vec<ConsentedRight>,
    /// What was said to the one who is asked, by language.
    ///
    /// `requestMessage` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "requestMessage",
        alias = "RequestMessage",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<BTreeMap<String, String>>,
    /// How far it is.
    ///
    /// `status` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Status",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub status: Option<ConsentStatus>,
    /// When it was given.
    ///
    /// `consented` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "Consented",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub consented: Option<Timestamp>,
    /// Where the one who is asked comes back to.
    ///
    /// `redirectUrl` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "RedirectUrl",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub redirect_url: Option<String>,
    /// What happened to it.
    ///
    /// `consentRequestEvents` on the wire; in 3 of 3 samples.
    #[serde(
        rename = "consentRequestEvents",
        alias = "ConsentRequestEvents",
        default,
        deserialize_with = "wire::list"
    )]
    pub events: Vec<ConsentRequestEvent>,
    /// Where the one who is asked answers.
    ///
    /// `viewUri` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "ViewUri",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub view_uri: Option<String>,
    /// Whether it shows among the party's requests.
    ///
    /// `portalViewMode` on the wire; in 3 of 3 samples.
    #[serde(
        alias = "PortalViewMode",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub portal_view_mode: Option<PortalViewMode>,
}

/// One thing that a consent is for.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentedRight {
    /// What may be done.
    ///
    /// `action` on the wire; in 2 of 2 samples.
    #[serde(alias = "Action", default, deserialize_with = "wire::list")]
    pub action: Vec<String>,
    /// With what.
    ///
    /// `resource` on the wire; in 2 of 2 samples.
    #[serde(alias = "Resource", default, deserialize_with = "wire::list")]
    pub resource: Vec<Attribute>,
    /// What it is narrowed to, by the resource's names.
    ///
    /// `metadata` on the wire (also `metaData`); in 2 of 2 samples.
    #[serde(
        alias = "metaData",
        alias = "Metadata",
        alias = "MetaData",
        default,
        deserialize_with = "wire::table",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<BTreeMap<String, Message>>,
}

/// Something that happened to a consent request, in its own list.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentRequestEvent {
    /// The event's UUID.
    ///
    /// `consentEventID` on the wire (also `consentEventId`); in 4 of 4 samples.
    #[serde(
        rename = "consentEventID",
        alias = "consentEventId",
        alias = "ConsentEventID",
        alias = "ConsentEventId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// When it was.
    ///
    /// `created` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "Created",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub created: Option<Timestamp>,
    /// Who did it.
    ///
    /// `performedBy` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "PerformedBy",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub performed_by: Option<PartyUrn>,
    /// What it was.
    ///
    /// `eventType` on the wire; in 4 of 4 samples.
    #[serde(
        rename = "eventType",
        alias = "EventType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ConsentEventKind>,
    /// The request.
    ///
    /// `consentRequestID` on the wire (also `consentRequestId`); in 4 of 4 samples.
    #[serde(
        rename = "consentRequestID",
        alias = "consentRequestId",
        alias = "ConsentRequestID",
        alias = "ConsentRequestId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub request_id: Option<String>,
}

/// Something that happened to one of an organisation's consent requests.
///
/// Seen in 2 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentEvent {
    /// The request.
    ///
    /// `consentRequestId` on the wire; always there (Altinn 3 §2.11).
    #[serde(rename = "consentRequestId", alias = "ConsentRequestId")]
    pub request_id: Uuid,
    /// What happened.
    ///
    /// `eventType` on the wire; in 2 of 2 samples.
    #[serde(
        rename = "eventType",
        alias = "EventType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ConsentEventKind>,
    /// When.
    ///
    /// `changedDate` on the wire; in 2 of 2 samples.
    #[serde(
        alias = "ChangedDate",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub changed_date: Option<Timestamp>,
}

/// How far a consent request is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentStatus {
    /// Nobody has answered it.
    ///
    /// `created` on the wire (also `Created`).
    Created,
    /// The consent was given.
    ///
    /// `accepted` on the wire (also `Accepted`).
    Accepted,
    /// It was refused.
    ///
    /// `rejected` on the wire (also `Rejected`).
    Rejected,
    /// It was given, and taken back.
    ///
    /// `revoked` on the wire (also `Revoked`).
    Revoked,
    /// It was deleted.
    ///
    /// `deleted` on the wire (also `Deleted`).
    Deleted,
    /// Its time is over.
    ///
    /// `expired` on the wire (also `Expired`).
    Expired,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ConsentStatus {
    fn from_wire(text: &str) -> Self {
        match text {
            "created" | "Created" => Self::Created,
            "accepted" | "Accepted" => Self::Accepted,
            "rejected" | "Rejected" => Self::Rejected,
            "revoked" | "Revoked" => Self::Revoked,
            "deleted" | "Deleted" => Self::Deleted,
            "expired" | "Expired" => Self::Expired,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ConsentStatus);

/// What happened to a consent request.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentEventKind {
    /// It was made.
    ///
    /// `created` on the wire (also `Created`).
    Created,
    /// The consent was given.
    ///
    /// `accepted` on the wire (also `Accepted`).
    Accepted,
    /// It was refused.
    ///
    /// `rejected` on the wire (also `Rejected`).
    Rejected,
    /// The consent was taken back.
    ///
    /// `revoked` on the wire (also `Revoked`).
    Revoked,
    /// It was deleted.
    ///
    /// `deleted` on the wire (also `Deleted`).
    Deleted,
    /// Its time ran out.
    ///
    /// `expired` on the wire (also `Expired`).
    Expired,
    /// A token was given out by it.
    ///
    /// `used` on the wire (also `Used`).
    Used,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for ConsentEventKind {
    fn from_wire(text: &str) -> Self {
        match text {
            "created" | "Created" => Self::Created,
            "accepted" | "Accepted" => Self::Accepted,
            "rejected" | "Rejected" => Self::Rejected,
            "revoked" | "Revoked" => Self::Revoked,
            "deleted" | "Deleted" => Self::Deleted,
            "expired" | "Expired" => Self::Expired,
            "used" | "Used" => Self::Used,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(ConsentEventKind);

/// Whether a request shows among the party's requests in Altinn.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortalViewMode {
    /// It shows.
    ///
    /// `Show` on the wire (also `show`).
    Show,
    /// It does not.
    ///
    /// `Hide` on the wire (also `hide`).
    Hide,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for PortalViewMode {
    fn from_wire(text: &str) -> Self {
        match text {
            "Show" | "show" => Self::Show,
            "Hide" | "hide" => Self::Hide,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Show => "Show",
            Self::Hide => "Hide",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(PortalViewMode);
