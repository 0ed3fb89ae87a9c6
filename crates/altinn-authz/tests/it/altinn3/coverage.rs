//! Nothing is left out of the contract: every operation and every shape of a refusal has a fixture.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::altinn3::contract::perform;
use crate::contract::{Fixture, Player};

/// What no fixture plays by itself, and why.
const COMPOSED: &[(&str, &str)] = &[
    ("grant.rs::grant", "several calls; steps.rs"),
    ("grant.rs::may_give", "the delegation checks; steps.rs"),
    ("held.rs::held", "several lists; steps.rs"),
    ("held.rs::held_in", "several lists; steps.rs"),
    ("held.rs::held_between", "several lists; steps.rs"),
    ("held.rs::with_rights", "rights per resource; steps.rs"),
    ("revoke.rs::revoke", "several calls; steps.rs"),
    ("revoke.rs::revoke_between", "several calls; steps.rs"),
    ("clients.rs::grant", "several calls; asking.rs"),
    ("clients.rs::revoke", "several calls; asking.rs"),
    ("access_lists.rs::set_members", "members, then changes"),
    ("pages.rs::next_page", "a page of any operation"),
    ("pages.rs::all", "all pages of any operation"),
    ("parties.rs::parties", "parties_with, asking for nothing"),
    ("parties.rs::resolve", "parties_with, looked through"),
    ("metadata.rs::search_packages", "scored, without scores"),
    ("service_owner.rs::authorized_parties", "with no options"),
    (
        "service_owner.rs::draft_package_request",
        "draft names the operation",
    ),
    (
        "service_owner.rs::draft_resource_request",
        "draft names the operation",
    ),
    ("registry.rs::find", "search, with words of the title"),
    (
        "rights.rs::held",
        "the trait over both generations; model.rs",
    ),
    (
        "rights.rs::may_give",
        "the trait over both generations; model.rs",
    ),
    ("entitlement.rs::from_str", "reads a text, sends nothing"),
];

/// A function of the client's source.
struct Method {
    /// `connections.rs::add_package`
    id: String,
    name: String,
    public: bool,
    body: String,
}

/// The public asynchronous functions, and all others that name an operation.
fn methods() -> Vec<Method> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/altinn3");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let file = file.strip_prefix(&root).unwrap().display().to_string();
        let mut open: Option<Method> = None;
        for line in text.lines() {
            let head = line.trim_start();
            if head.starts_with("//") {
                continue;
            }
            let words = head.strip_prefix("pub ").unwrap_or(head);
            let words = words.strip_prefix("pub(crate) ").unwrap_or(words);
            let words = words.strip_prefix("pub(super) ").unwrap_or(words);
            let is_async = words.starts_with("async fn ");
            let words = words.strip_prefix("async ").unwrap_or(words);
            if let Some(rest) = words.strip_prefix("fn ") {
                found.extend(open.take());
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                open = Some(Method {
                    id: format!("{file}::{name}"),
                    name,
                    public: is_async && head.starts_with("pub async"),
                    body: String::new(),
                });
            } else if let Some(method) = &mut open {
                method.body.push_str(line);
                method.body.push('\n');
            }
        }
        found.extend(open);
    }
    found.retain(|method| method.public || method.body.contains("OPERATION: &str"));
    found
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

#[tokio::test]
async fn every_operation_is_played_by_a_fixture() {
    // each call is refused, and its error says which operation it was
    let mut seen = BTreeSet::new();
    for mut fixture in Fixture::all("altinn3") {
        fixture.response.status = 400;
        fixture.response.reason = "Bad Request".to_owned();
        fixture.response.body = None;
        fixture.response.text = Some("refused".to_owned());
        let player = Player::play(&fixture).await;
        let result = perform(&player, &fixture).await;
        let operation = result["error"]["operation"].as_str();
        seen.insert(
            operation
                .unwrap_or_else(|| panic!("{}: {result}", fixture.name))
                .to_owned(),
        );
    }
    let calls = [
        include_str!("contract.rs"),
        include_str!("end_user.rs"),
        include_str!("more.rs"),
    ]
    .concat();

    let methods = methods();
    assert!(methods.len() > 100, "the source was not read");
    let mut missing = Vec::new();
    for method in &methods {
        if COMPOSED.iter().any(|(id, _)| *id == method.id) {
            continue;
        }
        let played = method
            .body
            .split('"')
            .skip(1)
            .step_by(2)
            .any(|text| seen.contains(text));
        let called = !method.public || calls.contains(&format!(".{}(", method.name));
        // what only passes on to a function that names the operation itself
        if !(called && (played || !method.body.contains(" \"") && !method.body.contains("(\""))) {
            missing.push(&method.id);
        }
    }
    assert!(
        missing.is_empty(),
        "no fixture plays {missing:#?}\nseen: {seen:#?}"
    );
    for (id, why) in COMPOSED {
        assert!(
            methods.iter().any(|method| method.id == *id),
            "{id} ({why}) is gone"
        );
    }
}

#[tokio::test]
async fn every_shape_of_a_refusal_has_a_fixture() {
    let source = include_str!("../../../src/altinn3/problem.rs");
    let (_, rest) = source.split_once("pub enum Shape {").unwrap();
    let (variants, _) = rest.split_once('}').unwrap();
    let variants: BTreeSet<String> = variants
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//") && !line.is_empty())
        .map(|line| {
            let name = line.trim_end_matches(',');
            let (first, rest) = name.split_at(1);
            first.to_ascii_lowercase() + rest
        })
        .collect();
    assert!(variants.len() >= 8);

    let (mut shapes, mut members) = (BTreeSet::new(), BTreeSet::new());
    for fixture in Fixture::all("altinn3") {
        let status = fixture.response.status;
        if status < 400 {
            continue;
        }
        match &fixture.response.body {
            Some(Value::Object(body)) => members.extend(body.keys().cloned()),
            Some(Value::String(_)) => {
                members.insert("a JSON string".to_owned());
            }
            _ => (),
        }
        if status < 500 {
            let player = Player::play(&fixture).await;
            let result = perform(&player, &fixture).await;
            if let Some(shape) = result["error"]["problem"]["shape"].as_str() {
                shapes.insert(shape.to_owned());
            }
        }
    }
    let missing: Vec<_> = variants.difference(&shapes).collect();
    assert!(missing.is_empty(), "no 4xx fixture of {missing:?}");
    for member in [
        "a JSON string",
        "source",
        "problems",
        "validationErrors",
        "errors",
    ] {
        assert!(members.contains(member), "no refusal with {member}");
    }
}
