// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or fixtures/manifest/altinn3-pdp.toml instead.

//! What Altinn 3's decision point (PDP) answers: XACML in JSON.
//!
//! The server writes camelCase and its documentation PascalCase; both are read. Everything but
//! the decision is an `Option`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{self, Message, OpenEnum};

/// The answers to a request.
///
/// Seen in 9 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// One for each question, in their order.
    ///
    /// `response` on the wire; in 9 of 9 samples.
    #[serde(alias = "Response", default, deserialize_with = "wire::list")]
    pub response: Vec<DecisionResult>,
}

/// The answer to one question.
///
/// Seen in 10 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionResult {
    /// The decision.
    ///
    /// `decision` on the wire; always there (Altinn 3 §3.2).
    #[serde(alias = "Decision")]
    pub decision: Verdict,
    /// How it went.
    ///
    /// `status` on the wire; in 10 of 10 samples.
    #[serde(alias = "Status", skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What must be so before a permit is one.
    ///
    /// `obligations` on the wire; in 9 of 10 samples.
    #[serde(alias = "Obligations", default, deserialize_with = "wire::list")]
    pub obligations: Vec<Obligation>,
    /// Advice of the policy, which binds nobody.
    ///
    /// `associateAdvice` on the wire; in 8 of 10 samples.
    #[serde(
        rename = "associateAdvice",
        alias = "AssociateAdvice",
        skip_serializing_if = "Option::is_none"
    )]
    pub advice: Option<Value>,
    /// What was asked to be repeated of the question.
    ///
    /// `category` on the wire; in 9 of 10 samples.
    #[serde(alias = "Category", default, deserialize_with = "wire::list")]
    pub category: Vec<Category>,
    /// The policies that were looked at.
    ///
    /// `policyIdentifierList` on the wire; in 8 of 10 samples.
    #[serde(
        alias = "PolicyIdentifierList",
        skip_serializing_if = "Option::is_none"
    )]
    pub policy_identifier_list: Option<Value>,
}

/// How a decision came about.
///
/// Seen in 10 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// In words: why there is no decision, or why an access list says no.
    ///
    /// `statusMessage` on the wire; in 8 of 10 samples.
    #[serde(
        rename = "statusMessage",
        alias = "StatusMessage",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<Message>,
    /// More of it.
    ///
    /// `statusDetails` on the wire; in 8 of 10 samples.
    #[serde(
        rename = "statusDetails",
        alias = "StatusDetails",
        skip_serializing_if = "Option::is_none"
    )]
    pub details: Option<Value>,
    /// As a code.
    ///
    /// `statusCode` on the wire; in 10 of 10 samples.
    #[serde(
        rename = "statusCode",
        alias = "StatusCode",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<StatusCode>,
}

/// A code of XACML's: `…:status:ok`, `…:status:processing-error`, `…:status:syntax-error`.
///
/// Seen in 10 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusCode {
    /// The code, a URN.
    ///
    /// `value` on the wire; in 10 of 10 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
    /// A code within the code.
    ///
    /// `statusCode` on the wire; in 8 of 10 samples.
    #[serde(
        rename = "statusCode",
        alias = "StatusCode",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<Box<StatusCode>>,
}

/// Something that must be so before a permit is one.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Obligation {
    /// Which obligation.
    ///
    /// `id` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "Id",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// What it asks for.
    ///
    /// `attributeAssignment` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "AttributeAssignment",
        default,
        deserialize_with = "wire::list"
    )]
    pub attribute_assignment: Vec<AttributeAssignment>,
}

/// What an obligation asks for.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeAssignment {
    /// Its name.
    ///
    /// `attributeId` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "AttributeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub attribute_id: Option<String>,
    /// What it must be.
    ///
    /// `value` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Message>,
    /// What it is about (`urn:altinn:minimum-authenticationlevel`).
    ///
    /// `category` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "Category",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub category: Option<String>,
    /// How the value is to be read.
    ///
    /// `dataType` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "DataType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_type: Option<String>,
    /// Who says so.
    ///
    /// `issuer` on the wire; in 4 of 4 samples.
    #[serde(alias = "Issuer", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Value>,
}

/// A part of the question, repeated: the one who acts, the action, or the resource.
///
/// Seen in 4 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Which part.
    ///
    /// `categoryId` on the wire; in 4 of 4 samples.
    #[serde(
        alias = "CategoryId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub category_id: Option<String>,
    /// What it said.
    ///
    /// `attribute` on the wire; in 4 of 4 samples.
    #[serde(alias = "Attribute", default, deserialize_with = "wire::list")]
    pub attribute: Vec<Attribute>,
    /// `content` on the wire; in 2 of 4 samples.
    #[serde(alias = "Content", skip_serializing_if = "Option::is_none")]
    pub content: Option<Value>,
    /// `id` on the wire; in 2 of 4 samples.
    #[serde(alias = "Id", skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
}

/// One thing that the question said.
///
/// Seen in 6 samples.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// What it is.
    ///
    /// `attributeId` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "AttributeId",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub attribute_id: Option<String>,
    /// What it was. It may be the number of a person.
    ///
    /// `value` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "Value",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Message>,
    /// How the value is to be read.
    ///
    /// `dataType` on the wire; in 6 of 6 samples.
    #[serde(
        alias = "DataType",
        default,
        deserialize_with = "wire::set",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_type: Option<String>,
    /// `includeInResult` on the wire; in 3 of 6 samples.
    #[serde(alias = "IncludeInResult", skip_serializing_if = "Option::is_none")]
    pub include_in_result: Option<bool>,
    /// `issuer` on the wire; in 3 of 6 samples.
    #[serde(alias = "Issuer", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Value>,
}

/// What the decision point says, before obligations are looked at.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The policy permits, if the obligations are met.
    ///
    /// `Permit` on the wire.
    Permit,
    /// The policy denies.
    ///
    /// `Deny` on the wire.
    Deny,
    /// No rule of the policy says anything.
    ///
    /// `NotApplicable` on the wire.
    NotApplicable,
    /// There is no decision.
    ///
    /// `Indeterminate` on the wire.
    Indeterminate,
    /// A value this version does not know, as it arrived.
    Other(Box<str>),
}

impl OpenEnum for Verdict {
    fn from_wire(text: &str) -> Self {
        match text {
            "Permit" => Self::Permit,
            "Deny" => Self::Deny,
            "NotApplicable" => Self::NotApplicable,
            "Indeterminate" => Self::Indeterminate,
            _ => Self::Other(text.into()),
        }
    }
    fn as_wire(&self) -> &str {
        match self {
            Self::Permit => "Permit",
            Self::Deny => "Deny",
            Self::NotApplicable => "NotApplicable",
            Self::Indeterminate => "Indeterminate",
            Self::Other(text) => text,
        }
    }
    fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

wire::open_enum!(Verdict);
