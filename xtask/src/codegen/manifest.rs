//! `fixtures/manifest.toml` and `fixtures/manifest/*.toml`: the names and documents that no fixture can
//! give.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) generation: Vec<Generation>,
}

impl Manifest {
    /// Reads the manifest below this root: the file with the core of each generation, and the folder
    /// beside it with a file for each further area.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let folder = root.join("fixtures/manifest");
        let mut areas = Vec::new();
        if folder.is_dir() {
            for entry in fs::read_dir(&folder).context("fixtures/manifest")? {
                areas.push(entry?.path());
            }
        }
        areas.sort();
        areas.insert(0, root.join("fixtures/manifest.toml"));
        let mut all = Self {
            generation: Vec::new(),
        };
        for path in areas {
            let written = path.strip_prefix(root).unwrap_or(&path);
            let written = written.display().to_string().replace('\\', "/");
            let text = fs::read_to_string(&path).with_context(|| written.clone())?;
            let read: Self = toml::from_str(&text).with_context(|| written.clone())?;
            all.generation
                .extend(read.generation.into_iter().map(|generation| Generation {
                    file: written.clone(),
                    ..generation
                }));
        }
        let mut outputs = BTreeSet::new();
        for generation in &all.generation {
            ensure!(
                outputs.insert(PathBuf::from(&generation.output)),
                "{}: {} is written by another generation, too",
                generation.file,
                generation.output
            );
        }
        Ok(all)
    }
}

/// One family of APIs, or one area of it, which becomes one model file. Several may share a folder of
/// fixtures: each takes the samples that its types name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generation {
    /// The manifest that it stands in.
    #[serde(skip)]
    pub(crate) file: String,
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
    /// Members are read in camelCase and in PascalCase, and the samples may have either. For
    /// generations in camelCase.
    #[serde(default)]
    pub(crate) any_case: bool,
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
    /// Lists have tens of thousands of them: texts take no more room than they need (`Box<str>`).
    #[serde(default)]
    pub(crate) compact: bool,
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
    /// The type of an object, or of the objects in an array or a HAL list: a `[[type]]`, or the path
    /// of one that another generation writes and that gathers its samples there.
    pub(crate) model: Option<String>,
    /// The object is a map: its keys are data.
    #[serde(default)]
    pub(crate) map: bool,
}
