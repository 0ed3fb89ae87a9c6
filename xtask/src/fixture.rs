//! Reads `fixtures/<generation>/<operation>/<case>.json`; `fixtures/README.md` has the format.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// One exchange: what was asked, what was answered, and how we know.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    /// Where it comes from.
    pub(crate) provenance: Provenance,
    /// What the client sends.
    pub(crate) request: Request,
    /// What the server answers.
    pub(crate) response: Response,
    /// The folder it lies in.
    #[serde(skip)]
    pub(crate) operation: String,
    /// Its file, from the root of the checkout.
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provenance {
    pub(crate) source: Source,
    /// The section of the wire facts; every fixture of source `spec` names one.
    pub(crate) section: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
    /// Which rows of the list of irregularities (Altinn 2 §10) show in it.
    #[serde(default)]
    pub(crate) irregularities: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// Recorded from a real environment, with synthetic values put in.
    Live,
    /// Written from the documented wire facts.
    Spec,
    /// Recorded from the simulator: never a source of models.
    Sim,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they are sent.
    pub(crate) path: String,
    #[serde(rename = "headers")]
    _headers: BTreeMap<String, String>,
    pub(crate) body: Option<Value>,
    pub(crate) text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The phrase of the status line.
    pub(crate) reason: String,
    #[serde(rename = "headers")]
    _headers: BTreeMap<String, String>,
    pub(crate) body: Option<Value>,
    pub(crate) text: Option<String>,
}

/// All fixtures of a generation, in the order of their paths.
pub(crate) fn load(root: &Path, generation: &str) -> Result<Vec<Fixture>> {
    let mut fixtures = Vec::new();
    for folder in sorted(&root.join("fixtures").join(generation))? {
        let operation = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        ensure!(
            folder.is_dir(),
            "{} is not in the folder of an operation",
            folder.display()
        );
        for file in sorted(&folder)? {
            let path = file.strip_prefix(root).unwrap_or(&file).to_path_buf();
            let fixture =
                read(&file, &operation, path).with_context(|| file.display().to_string())?;
            fixtures.push(fixture);
        }
    }
    ensure!(!fixtures.is_empty(), "no fixtures for {generation}");
    Ok(fixtures)
}

fn read(file: &Path, operation: &str, path: PathBuf) -> Result<Fixture> {
    let fixture = parse(&fs::read_to_string(file)?)?;
    Ok(Fixture {
        operation: operation.to_owned(),
        path,
        ..fixture
    })
}

/// Reads the text of a fixture and checks its form.
pub(crate) fn parse(text: &str) -> Result<Fixture> {
    let fixture: Fixture = serde_json::from_str(text)?;
    if fixture.provenance.source == Source::Spec && fixture.provenance.section.is_none() {
        bail!("provenance `spec` needs the section it was written from");
    }
    ensure!(
        !fixture.response.reason.is_empty(),
        "the reason phrase is missing"
    );
    ensure!(
        (100..600).contains(&fixture.response.status),
        "no HTTP status"
    );
    ensure!(
        fixture.request.path.starts_with('/') && !fixture.request.method.is_empty(),
        "a request has a method and a path that begins with a slash"
    );
    ensure!(
        (fixture.request.body.is_none() || fixture.request.text.is_none())
            && (fixture.response.body.is_none() || fixture.response.text.is_none()),
        "a message has a `body` (JSON) or a `text`, not both"
    );
    Ok(fixture)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .with_context(|| folder.display().to_string())
        .map(|paths: Vec<PathBuf>| paths)?;
    entries.sort();
    Ok(entries)
}
