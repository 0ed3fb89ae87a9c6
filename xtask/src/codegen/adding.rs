//! Does what `CONTRIBUTING.md` says about adding an operation, with its very lines, in a copy of the
//! tree: so the page is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::generate_in;

/// A code block of the section, by its language and place.
fn block(page: &str, language: &str, place: usize) -> String {
    let section = page
        .split("## Adding an operation of Altinn's")
        .nth(1)
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let fence = format!("   ```{language}\n");
    let block = section.split(&fence).nth(place + 1).unwrap();
    let lines = block.split("   ```").next().unwrap().lines();
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix("   ").unwrap_or(line))
        .collect();
    lines.join("\n") + "\n"
}

/// Every file below, by its path from the root; without what is built.
fn files(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                files(root, &path, found);
            }
        } else {
            let inner = path.strip_prefix(root).unwrap().to_path_buf();
            found.insert(inner, fs::read(&path).unwrap());
        }
    }
}

fn edit(tree: &mut BTreeMap<PathBuf, Vec<u8>>, file: &str, before: &str, new: &str) {
    let text = tree.get_mut(Path::new(file)).unwrap();
    let old = String::from_utf8(text.clone()).unwrap();
    let at = old.find(before).unwrap();
    *text = format!("{}{new}{}", &old[..at], &old[at..]).into_bytes();
}

#[test]
fn adding_an_operation_is_what_the_page_says() {
    let root = crate::root();
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let fixture = block(&page, "json", 0);
    let authz = "crates/altinn-authz";

    let mut tree = BTreeMap::new();
    files(&root, &root, &mut tree);
    let add = |tree: &mut BTreeMap<_, _>, file: &str, text: String| {
        assert!(page.contains(file), "the page does not name {file}");
        tree.insert(PathBuf::from(file), text.into_bytes());
    };
    add(
        &mut tree,
        "fixtures/altinn2/profile-organisation/hal.json",
        fixture.clone(),
    );
    add(
        &mut tree,
        "crates/altinn-authz/src/altinn2/profile.rs",
        block(&page, "rust", 0),
    );
    let manifest = block(&page, "toml", 0) + "\n";
    let next = "[[generation]]\nname = \"altinn3\"";
    edit(&mut tree, "fixtures/manifest.toml", next, &manifest);
    let modules = format!("{authz}/src/altinn2.rs");
    edit(&mut tree, &modules, "mod receiver;", "mod profile;\n");
    let suite = format!("{authz}/tests/it/altinn2/contract.rs");
    edit(
        &mut tree,
        &suite,
        "\"reportee-one\" =>",
        &block(&page, "rust", 1),
    );

    // Cargo tells packages of two trees apart by version only: what is built here must never be taken
    // for the real one, and the world's crates need not be built again
    let workspace = tree.get_mut(Path::new("Cargo.toml")).unwrap();
    let text = String::from_utf8(workspace.clone()).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("version = "))
        .unwrap();
    let other = line.replace(".0\"", ".999\"");
    assert_ne!(line, other);
    *workspace = text
        .replacen(&format!("\n{line}\n"), &format!("\n{other}\n"), 1)
        .into_bytes();

    // without OpenSSL's headers on the machine, the one that the workspace's programs build in
    let headers = Command::new("pkg-config")
        .args(["--exists", "openssl"])
        .status();
    if !headers.is_ok_and(|found| found.success()) && std::env::var_os("OPENSSL_DIR").is_none() {
        let section = "[dev-dependencies]\n";
        let vendored =
            format!("{section}openssl = {{ workspace = true, features = [\"vendored\"] }}\n");
        let manifest = tree.get_mut(&Path::new(authz).join("Cargo.toml")).unwrap();
        let text = String::from_utf8(manifest.clone()).unwrap();
        *manifest = text.replacen(section, &vendored, 1).into_bytes();
    }

    // always the same place, so that the second time little is built
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap();
    let copy = target.join("adding-an-operation");
    fs::create_dir_all(&copy).unwrap();
    let mut there = BTreeMap::new();
    files(&copy, &copy, &mut there);
    for file in there.keys().filter(|file| !tree.contains_key(*file)) {
        fs::remove_file(copy.join(file)).unwrap();
    }
    for (file, text) in &tree {
        if there.get(file) != Some(text) {
            let file = copy.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    // the model is there, and is what the fixtures give
    assert!(generate_in(&copy, true).is_err(), "it was there before");
    generate_in(&copy, false).unwrap();
    generate_in(&copy, true).unwrap();
    let models = fs::read_to_string(copy.join(authz).join("src/altinn2/models.rs")).unwrap();
    assert!(models.contains("pub struct OrganizationProfile"));
    let overview = fs::read_to_string(copy.join("fixtures/README.md")).unwrap();
    assert!(overview.contains("[profile-organisation/hal]"));

    // the method sends what was written down, and reads it
    let ours = copy.join("ours/altinn2/profile-organisation");
    fs::create_dir_all(&ours).unwrap();
    fs::write(ours.join("hal.json"), fixture).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet", "--package", "altinn-authz"])
        .args(["--no-default-features", "--features", "altinn2"])
        .args(["--test", "it", "altinn2::contract"])
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", target)
        .env("ALTINN_FIXTURES", copy.join("ours"))
        .env("INSTA_UPDATE", "always")
        .env("INSTA_FORCE_PASS", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let snapshot = copy.join("ours/snapshots/altinn2/profile-organisation__hal.snap");
    let snapshot = fs::read_to_string(snapshot).unwrap();
    for part in [
        "\"path\": \"/api/310702617/profile?language=1044\"",
        "\"ok\": {",
        "\"MobileNumber\": 99001001",
    ] {
        assert!(snapshot.contains(part), "{part}\n{snapshot}");
    }
}
