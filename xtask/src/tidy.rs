//! The house rules that no compiler knows.
//!
//! * Every crate has a README, a CHANGELOG with an `Unreleased` section, and a description.
//! * Versions stand in the root manifest only.
//! * Dependencies point down ([`LAYERS`]).
//! * No doctest is ignored, and no test.
//! * No person number that could be a real one's stands in a tracked file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use norwegian_ids::PersonNumber;
use toml::{Table, Value};

/// From the bottom up: each crate and which of ours it may depend on.
///
/// The simulator stands apart. It is written from the wire facts and shares no model with the
/// clients, so that a misreading cannot cancel out.
const LAYERS: &[(&str, &[&str])] = &[
    ("norwegian-ids", &[]),
    ("hal-derive", &[]),
    ("hal-json", &["hal-derive"]),
    ("http-transport", &["norwegian-ids"]),
    ("token-cache", &["http-transport"]),
    (
        "maskinporten",
        &["token-cache", "http-transport", "norwegian-ids"],
    ),
    (
        "altinn-auth",
        &[
            "maskinporten",
            "token-cache",
            "http-transport",
            "norwegian-ids",
        ],
    ),
    (
        "altinn-authz",
        &[
            "altinn-auth",
            "maskinporten",
            "token-cache",
            "http-transport",
            "hal-json",
            "norwegian-ids",
        ],
    ),
    ("altinn-sim", &["norwegian-ids"]),
    (
        "altinn-cli",
        &[
            "altinn-sim",
            "altinn-authz",
            "altinn-auth",
            "maskinporten",
            "token-cache",
            "http-transport",
            "hal-json",
            "norwegian-ids",
        ],
    ),
    ("xtask", &["norwegian-ids"]),
];

/// Crates that do no I/O, and all of the world that they may use: always, and as a feature.
const PURE: &[(&str, &[&str], &[&str])] = &[
    ("norwegian-ids", &["serde"], &[]),
    (
        "hal-json",
        &["serde", "serde_json", "thiserror"],
        &["futures-core", "http", "url"],
    ),
];

/// Tests may start the simulator from any layer but its own.
const FOR_TESTS: &str = "altinn-sim";

/// Checks every rule and reports all that is broken.
pub(crate) fn check() -> Result<()> {
    let root = crate::root();
    let mut broken = Vec::new();
    for folder in crates(&root)? {
        broken.extend(member(&root, &folder)?);
    }
    for path in tracked(&root)? {
        // What is no text, or was just deleted, has no lines.
        if let Ok(text) = fs::read_to_string(root.join(&path)) {
            broken.extend(lines(&path, &text));
        }
    }
    ensure!(
        broken.is_empty(),
        "house rules are broken:\n  {}",
        broken.join("\n  ")
    );
    Ok(())
}

/// The folders of all members.
fn crates(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![root.join("xtask")];
    for entry in fs::read_dir(root.join("crates"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    Ok(folders)
}

fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()?;
    ensure!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8_lossy(&output.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

fn member(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let shown = path
        .strip_prefix(root)
        .unwrap_or(&path)
        .display()
        .to_string();
    let table: Table = text.parse().with_context(|| shown.clone())?;
    let mut broken = manifest(&table);
    let published = table["package"].get("publish").and_then(Value::as_bool) != Some(false);
    if published {
        let log = fs::read_to_string(folder.join("CHANGELOG.md")).unwrap_or_default();
        if !log.lines().any(|line| line.trim() == "## Unreleased") {
            broken.push("CHANGELOG.md with a `## Unreleased` section is missing".to_owned());
        }
        if !folder.join("README.md").is_file() {
            broken.push("README.md is missing".to_owned());
        }
    }
    Ok(broken
        .into_iter()
        .map(|rule| format!("{shown}: {rule}"))
        .collect())
}

/// What a member's manifest gets wrong.
fn manifest(table: &Table) -> Vec<String> {
    let mut broken = Vec::new();
    let package = table.get("package").and_then(Value::as_table);
    let text = |key| {
        package
            .and_then(|package| package.get(key))
            .and_then(Value::as_str)
    };
    let name = text("name").unwrap_or_default();
    if text("description").is_none_or(str::is_empty) {
        broken.push("the package has no description".to_owned());
    }
    for key in ["version", "edition", "rust-version", "license", "authors"] {
        if !package
            .and_then(|package| package.get(key))
            .is_some_and(inherited)
        {
            broken.push(format!("write `{key}.workspace = true`"));
        }
    }
    let Some((_, below)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        broken.push(format!(
            "{name} has no place among the layers (xtask/src/tidy.rs)"
        ));
        return broken;
    };
    let world = PURE
        .iter()
        .find(|(pure, ..)| *pure == name)
        .map(|(_, always, as_feature)| (*always, *as_feature));
    for (kind, dependency, value) in dependencies(table) {
        // A crate may turn its own features on for its tests: by path, for with a version it could not be published.
        if kind == "dev-dependencies" && dependency == name && value.get("version").is_none() {
            continue;
        }
        if !inherited(value) {
            broken.push(format!(
                "{dependency}: versions stand in the root manifest; write `{dependency}.workspace = true`"
            ));
        }
        let ours = LAYERS.iter().any(|(layer, _)| *layer == dependency);
        let for_tests = kind == "dev-dependencies";
        let allowed = if ours {
            below.contains(&dependency) || (for_tests && dependency == FOR_TESTS)
        } else {
            let optional = value.get("optional").and_then(Value::as_bool) == Some(true);
            for_tests
                || world.is_none_or(|(always, as_feature)| {
                    always.contains(&dependency) || (optional && as_feature.contains(&dependency))
                })
        };
        if !allowed {
            broken.push(format!("{name} must not depend on {dependency}"));
        }
    }
    broken
}

fn inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Every dependency of every kind, for every target: the section, the name, the entry.
fn dependencies(table: &Table) -> Vec<(&'static str, &str, &Value)> {
    let targets = table.get("target").and_then(Value::as_table);
    let per_target = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let mut found = Vec::new();
    for part in std::iter::once(table).chain(per_target) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let section = part
                .get(kind)
                .and_then(Value::as_table)
                .into_iter()
                .flatten();
            found.extend(section.map(|(name, value)| (kind, name.as_str(), value)));
        }
    }
    found
}

/// What the lines of a tracked file get wrong.
fn lines(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let is_code = path.ends_with(".rs");
    for (i, line) in text.lines().enumerate() {
        let mut report = |rule: &str| broken.push(format!("{path}:{}: {rule}", i + 1));
        if is_code || path.ends_with(".md") {
            let fence = line
                .trim_start_matches([' ', '/', '!', '*'])
                .strip_prefix("```");
            let mut words = fence.unwrap_or_default().split([',', ' ']);
            if words.any(|word| word == concat!("ig", "nore")) {
                report("a doctest that is ignored; make it run, or `no_run`, or `text`");
            }
        }
        if is_code && line.trim_start().starts_with(concat!("#[ig", "nore")) {
            report("a test that is ignored");
        }
        if person_numbers(line).any(|number| could_be_someones(&number)) {
            report("a person number that could be a real one's; use a synthetic one (month + 80)");
        }
    }
    broken
}

/// Runs of eleven digits, a blank after the first six allowed, that are no part of a longer word.
fn person_numbers(line: &str) -> impl Iterator<Item = String> + '_ {
    let bytes = line.as_bytes();
    let digits = |from: usize, n: usize| {
        bytes
            .get(from..from + n)
            .filter(|part| part.iter().all(u8::is_ascii_digit))
    };
    let word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    (0..bytes.len()).filter_map(move |start| {
        let date = digits(start, 6)?;
        let gap = usize::from(bytes.get(start + 6) == Some(&b' '));
        let rest = digits(start + 6 + gap, 5)?;
        if word(start.checked_sub(1)) || word(Some(start + 11 + gap)) {
            return None;
        }
        Some(String::from_utf8_lossy(&[date, rest].concat()).into_owned())
    })
}

fn could_be_someones(number: &str) -> bool {
    number
        .parse::<PersonNumber>()
        .is_ok_and(|number| !number.is_synthetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_in_order() {
        // Layers and versions of the tree as it is; READMEs and the like are `cargo xtask tidy`.
        for folder in crates(&crate::root()).unwrap() {
            let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            assert_eq!(
                manifest(&text.parse().unwrap()),
                Vec::<String>::new(),
                "{folder:?}"
            );
        }
    }

    fn broken(dependencies: &str) -> String {
        let text = format!(
            "[package]\nname = \"hal-json\"\ndescription = \"x\"\nversion.workspace = true\n\
             edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
             authors.workspace = true\n{dependencies}"
        );
        manifest(&text.parse().unwrap()).join("; ")
    }

    #[test]
    fn layers_point_down_and_versions_stand_in_the_root() {
        assert_eq!(broken("[dependencies]\nserde.workspace = true"), "");
        assert_eq!(
            broken("[dependencies]\naltinn-auth.workspace = true"),
            "hal-json must not depend on altinn-auth"
        );
        assert_eq!(
            broken("[dependencies]\nurl = { workspace = true, optional = true }"),
            ""
        );
        assert_eq!(
            broken("[dependencies]\nurl.workspace = true"),
            "hal-json must not depend on url"
        );
        assert_eq!(
            broken("[target.'cfg(unix)'.dependencies]\ntokio.workspace = true"),
            "hal-json must not depend on tokio"
        );
        assert!(broken("[dependencies]\nserde = \"1\"").contains("serde.workspace = true"));
        assert_eq!(
            broken("[dev-dependencies]\naltinn-sim.workspace = true"),
            ""
        );
        assert_eq!(
            broken("[dev-dependencies]\nhal-json = { path = \".\", features = [\"derive\"] }"),
            ""
        );
        assert!(broken("[dev-dependencies]\nproptest = { version = \"1\" }").contains("root"));
    }

    /// The digits with the date's month lowered by `less`, and the check digits made right again.
    fn number(date: &str, individual: &str) -> String {
        let check = |digits: &str, weights: &[u32]| {
            let sum: u32 = digits
                .bytes()
                .zip(weights)
                .map(|(d, w)| u32::from(d - b'0') * w)
                .sum();
            (11 - sum % 11) % 11
        };
        let nine = format!("{date}{individual}");
        let ten = format!("{nine}{}", check(&nine, &[3, 7, 6, 1, 8, 9, 4, 5, 2]));
        format!("{ten}{}", check(&ten, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]))
    }

    #[test]
    fn a_real_looking_person_number_is_found_wherever_it_stands() {
        let real = number("020958", "310");
        assert_eq!(real.len(), 11, "choose another individual number");
        let spaced = format!("{} {}", &real[..6], &real[6..]);
        for line in [
            real.clone(),
            format!("\"pid\": \"{real}\","),
            spaced,
            format!("?s={real}&x"),
        ] {
            assert_eq!(lines("a.json", &line).len(), 1, "{line}");
        }
        let synthetic = number("028958", "310");
        for line in [
            synthetic,
            format!("{real}0"),
            format!("a{real}"),
            "02095812345".into(),
        ] {
            assert_eq!(lines("a.json", &line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn ignored_tests_are_found() {
        let fence = concat!("/// ```rust,ig", "nore");
        assert_eq!(lines("a.rs", fence).len(), 1);
        assert_eq!(lines("a.rs", concat!("    #[ig", "nore]")).len(), 1);
        assert_eq!(lines("a.rs", "/// ```no_run\n/// ```").len(), 0);
    }
}
