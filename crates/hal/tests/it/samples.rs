use std::path::Path;

use hal::{List, Reader, Resource, inspect};
use serde_json::Value;

/// Reads every document of a directory (`HAL_SAMPLES`): those under `invalid/` must be refused with a
/// place, the others read in both ways, and as resources written back without loss.
#[test]
fn a_directory_of_samples() {
    let Some(directory) = std::env::var_os("HAL_SAMPLES") else {
        println!("skipped: HAL_SAMPLES names no directory");
        return;
    };
    let directory = Path::new(&directory);
    assert!(
        read_all(directory, true) > 0,
        "there are samples in {}",
        directory.display()
    );
    if directory.join("invalid").is_dir() {
        assert!(read_all(&directory.join("invalid"), false) > 0);
    }
}

fn read_all(directory: &Path, valid: bool) -> usize {
    let mut count = 0;
    for entry in directory.read_dir().expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let json = std::fs::read(&path).expect("a file");
        let shown = path.display();
        if !valid {
            let error = inspect(&json).expect_err("not JSON");
            assert!(
                error.is_not_json() && error.line_and_column().0 > 0,
                "{shown}: {error}"
            );
            println!("{shown}: {error}");
            continue;
        }
        let reader = Reader::new(hal::Lenient);
        let original: Value = serde_json::from_slice(&json).expect("JSON");
        if original.is_string() {
            continue;
        }
        let list: List<Resource<Value>> = reader
            .read(&json)
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        if original.is_object() {
            let resource: Resource<Value> = reader
                .read(&json)
                .unwrap_or_else(|error| panic!("{shown}: {error}"));
            let written = serde_json::to_string(&resource).expect("JSON");
            let spelled = original
                .to_string()
                .replace("\"isTemplated\":", "\"templated\":");
            let written: Value = serde_json::from_str(&written).expect("JSON");
            let spelled: Value = serde_json::from_str(&spelled).expect("JSON");
            assert_eq!(written, spelled, "{shown}");
        } else {
            assert_eq!(
                serde_json::to_value(&list).expect("JSON"),
                original,
                "{shown}"
            );
        }
    }
    count
}
