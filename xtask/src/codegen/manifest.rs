//! `fixtures/manifest.toml`: the names and documents that no fixture can give.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) generation: Vec<Generation>,
}

impl Manifest {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}

/// One family of APIs, which becomes one model file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generation {
    /// The folder under `fixtures/`.
    pub(crate) name: String,
    /// The file to write.
    pub(crate) output: String,
    /// The document of the module.
    pub(crate) doc: String,
    /// How most members are spelt on the wire.
    pub(crate) case: Case,
    /// Whole numbers arrive as texts, too; all of them are read from both.
    #[serde(default)]
    pub(crate) quoted_numbers: bool,
    /// Identifiers that are text and get a type of their own.
    #[serde(default)]
    pub(crate) id: Vec<Id>,
    #[serde(default, rename = "enum")]
    pub(crate) enums: Vec<Enum>,
    #[serde(default, rename = "type")]
    pub(crate) types: Vec<Type>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Case {
    #[serde(rename = "camelCase")]
    Camel,
    #[serde(rename = "PascalCase")]
    Pascal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Id {
    pub(crate) name: String,
    pub(crate) doc: String,
}

/// An open enum: values that are not listed survive as `Other`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) values: Vec<EnumValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnumValue {
    /// What is sent.
    pub(crate) wire: String,
    /// The variant's name when it is not the wire's in upper camel case.
    pub(crate) name: Option<String>,
    /// Other spellings that are read as the same.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) doc: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) doc: String,
    /// Where its samples are: `operation#pointer`, a JSON pointer into the bodies of the answers
    /// (`operation!pointer`: of the refusals), in which `*` stands for every element and `[]` for
    /// the items of a list however it is wrapped (a bare array, an array embedded in HAL, one
    /// object). `*` as the operation stands for all of them. A type that is only the `model` of
    /// members needs none.
    #[serde(default)]
    pub(crate) from: Vec<String>,
    #[serde(default)]
    pub(crate) members: Vec<Member>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    /// The member's name on the wire.
    pub(crate) wire: String,
    /// The field's name when it is not the wire's in snake case.
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
    /// The section that says the member is always there.
    pub(crate) required: Option<String>,
    /// Other spellings on the wire.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// The type of a value that is text or a number: an `[[id]]`, an `[[enum]]` or a path.
    #[serde(rename = "type")]
    pub(crate) scalar: Option<String>,
    /// The type of an object, or of the objects in an array or a HAL list.
    pub(crate) model: Option<String>,
    /// The object is a map: its keys are data.
    #[serde(default)]
    pub(crate) map: bool,
}
