use std::path::{Path, PathBuf};

use hal::{Items, List, Reader, Resource, inspect};
use serde_json::{Map, Value};

/// The crate's own documents, and every document of a directory (`HAL_SAMPLES`): those under `invalid/` must be refused
/// with a place, the others read in every way, and as resources written back without loss.
#[test]
fn documents_of_directories() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let given = std::env::var_os("HAL_SAMPLES").map(|directory| {
        let directory = PathBuf::from(directory);
        // the tests run in the crate's folder, but people name it from the workspace's
        if directory.is_dir() {
            directory
        } else {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(directory)
        }
    });
    for directory in [Some(own), given].into_iter().flatten() {
        let shown = directory.display();
        assert!(each(&directory, valid) > 0, "there are samples in {shown}");
        let invalid = directory.join("invalid");
        if invalid.is_dir() {
            assert!(
                each(&invalid, refused) > 0,
                "there are samples in {}",
                invalid.display()
            );
        }
    }
}

fn each(directory: &Path, check: fn(&str, &[u8])) -> usize {
    let mut count = 0;
    for entry in directory.read_dir().expect("a directory") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            check(
                &path.display().to_string(),
                &std::fs::read(&path).expect("a file"),
            );
            count += 1;
        }
    }
    count
}

fn refused(shown: &str, json: &[u8]) {
    let error = inspect(json).expect_err(shown);
    assert!(
        error.is_not_json() && error.line_and_column().0 > 0,
        "{shown}: {error}"
    );
    let items: Result<Vec<Value>, _> = Items::new(json).collect();
    assert!(items.expect_err(shown).is_not_json(), "{shown}");
    println!("{shown}: {error}");
}

fn valid(shown: &str, json: &[u8]) {
    let reader = Reader::new(hal::Lenient);
    let text = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let original: Value = serde_json::from_slice(text).expect("JSON");
    let (_, irregularities) = reader.read_reporting::<Value>(json).expect(shown);
    let refused = Reader::new(hal::Strict).read::<Value>(json).err();
    let forbidden = irregularities
        .iter()
        .find(|irregularity| irregularity.is_forbidden());
    assert_eq!(
        refused.as_ref().map(|error| error.pointer()),
        forbidden.map(|irregularity| irregularity.pointer()),
        "{shown}"
    );
    let name = shown.rsplit('/').next().unwrap_or(shown);
    if name.starts_with("draft-") || name.starts_with("strict-") {
        assert!(refused.is_none(), "{shown}: {refused:?}");
    }
    if original.is_string() {
        return;
    }
    let list: List<Resource<Value>> = reader
        .read(json)
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let items: Result<Vec<Resource<Value>>, _> = Items::new(json).collect();
    assert_eq!(
        items.unwrap_or_else(|error| panic!("{shown}: {error}")),
        list.items(),
        "{shown}"
    );
    if !original.is_object() {
        let written = serde_json::to_value(&list).expect("JSON");
        assert_eq!(as_written(&written), as_written(&original), "{shown}");
        return;
    }
    let resource: Resource<Value> = reader
        .read(json)
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let written = serde_json::to_value(&resource).expect("JSON");
    let repeats = irregularities
        .iter()
        .any(|found| found.kind() == hal::IrregularityKind::Repeated);
    if !repeats {
        assert_eq!(as_written(&written), as_written(&original), "{shown}");
    }
    // through text: a tree of serde_json's sorts the members
    let again = serde_json::to_string(&resource).expect("JSON");
    let again: Resource<Value> = serde_json::from_str(&again).expect("JSON");
    assert_eq!(again, resource, "{shown}");
}

/// The document as this crate writes it: regular links, nothing where nothing was. What stands in an embedded resource
/// is kept as it is.
fn as_written(document: &Value) -> Value {
    let Value::Object(members) = document else {
        let Value::Array(items) = document else {
            return document.clone();
        };
        return items.iter().map(as_written).collect();
    };
    let mut written = members.clone();
    let links = match written.remove("_links") {
        Some(Value::Array(links)) => {
            let named = links
                .iter()
                .filter_map(|link| Some((link.get("Rel")?.as_str()?.to_owned(), link)));
            named
                .map(|(relation, link)| (relation, regular(link)))
                .collect()
        }
        Some(Value::Object(relations)) => relations
            .iter()
            .map(|(relation, links)| {
                let links = match links {
                    Value::Array(links) => links.iter().map(regular).collect(),
                    link => regular(link),
                };
                (relation.clone(), links)
            })
            .collect(),
        _ => Map::new(),
    };
    if !links.is_empty() {
        written.insert("_links".into(), links.into());
    }
    if written.get("_embedded").is_some_and(Value::is_null) {
        written.remove("_embedded");
    }
    written.into()
}

fn regular(link: &Value) -> Value {
    let Value::Object(members) = link else {
        return serde_json::json!({"href": link});
    };
    let known = [
        "href",
        "templated",
        "type",
        "name",
        "title",
        "hreflang",
        "deprecation",
        "profile",
    ];
    let members = members.iter().filter_map(|(name, value)| {
        let lower = name.to_lowercase().replace("istemplated", "templated");
        match known.contains(&lower.as_str()) {
            _ if lower == "rel" => None,
            true if value.is_null() => None,
            true => Some((lower, value.clone())),
            false => Some((name.clone(), value.clone())),
        }
    });
    Value::Object(members.collect())
}
