use hal::{ErrorKind, Limits, Links, List, Reader, Resource, inspect};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

/// Reads a document in every way there is; only the absence of panics and hangs counts.
fn read_in_every_way(json: &[u8]) {
    for reader in [Reader::new(hal::Lenient), Reader::new(hal::Strict)] {
        let _ = reader.read::<Resource<Value>>(json);
        let _ = reader.read::<Resource<(), List<Resource<Value>>>>(json);
        let _ = reader.read::<List<Resource<Value>>>(json);
        let _ = reader.read::<List<u32>>(json);
        let _ = reader.read::<Links>(json);
        let _ = reader.items::<Resource<Value>, _>(json).count();
        let _ = reader
            .items::<Value, _>(json)
            .under("x")
            .reporting()
            .count();
    }
    let _ = inspect(json);
}

fn failure(json: &[u8]) -> hal::Error {
    Resource::<Value>::from_slice(json, &hal::Lenient).unwrap_err()
}

#[test]
fn what_is_no_json_is_told_apart() {
    for (json, kind, pointer, found) in [
        ("", ErrorKind::Empty, "", "nothing"),
        (" \r\n\t", ErrorKind::Empty, "", "nothing"),
        ("\u{feff}", ErrorKind::Empty, "", "nothing"),
        (
            r#"{"a":{"b":[1,"#,
            ErrorKind::Truncated,
            "/a/b/1",
            "its end",
        ),
        (r#"{"a":"text"#, ErrorKind::Truncated, "/a", "its end"),
        ("  <html>", ErrorKind::NotJson, "", "markup such as HTML"),
        (
            r#"{"a":[1,2,]}"#,
            ErrorKind::NotJson,
            "/a/2",
            "a closing bracket, perhaps after a comma too many",
        ),
        (
            r#"{"a":1, // why"#,
            ErrorKind::NotJson,
            "",
            "a slash, perhaps of a comment",
        ),
        (
            r#"{"a":1,"b":'x'}"#,
            ErrorKind::NotJson,
            "/b",
            "a single quote",
        ),
        (
            r#"{"a":"b""c":1}"#,
            ErrorKind::NotJson,
            "/a",
            "a string where none can be, perhaps after a missing comma",
        ),
        ("{a:1}", ErrorKind::NotJson, "", "text without quotes"),
        (
            r#"{"a":NaN}"#,
            ErrorKind::NotJson,
            "/a",
            "text without quotes",
        ),
    ] {
        let error = failure(json.as_bytes());
        assert_eq!(
            (error.kind(), error.pointer(), error.found()),
            (kind, pointer, found),
            "{json}"
        );
        assert!(error.is_not_json());
    }
    assert_eq!(failure(b"{\"a\":\"\xff\"}").kind(), ErrorKind::NotJson);
    assert_eq!(failure(br#"{"a":"\ud800"}"#).kind(), ErrorKind::NotJson);
    assert_eq!(failure(br#"{"a":1e999}"#).kind(), ErrorKind::NotJson);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let json = b"\xef\xbb\xbf {\"_links\":{\"self\":{\"href\":\"\\/a\"}}}";
    let read: Resource<()> = Resource::from_slice(json, &hal::Lenient).unwrap();
    assert_eq!(read.links.get("self").unwrap().href, "/a");
}

#[test]
fn limits_hold() {
    let reader =
        Reader::new(hal::Lenient).with_limits(Limits::default().with_bytes(64).with_depth(3));
    let fits = br#"{"a":{"b":[1,"[[[[{{{{"]},"c":[[]]}"#;
    assert!(reader.read::<Value>(fits).is_ok());
    let deep = reader.read::<Value>(br#"{"a":{"b":[1,[]]}}"#).unwrap_err();
    assert_eq!(
        (deep.kind(), deep.pointer()),
        (ErrorKind::TooDeep, "/a/b/1")
    );
    let large = reader.read::<Value>(&[b' '; 65]).unwrap_err();
    assert_eq!(large.kind(), ErrorKind::TooLarge);
    assert!(deep.is_limit() && large.is_limit());

    let levels = |count: usize| "[".repeat(count) + &"]".repeat(count);
    assert!(inspect(levels(127).as_bytes()).is_ok());
    assert_eq!(
        inspect(levels(128).as_bytes()).unwrap_err().kind(),
        ErrorKind::TooDeep
    );
    // whatever stands at the bottom, and whichever way it is read
    for nested in [
        "{\"_embedded\":{\"x\":",
        "{\"_links\":{\"x\":",
        "{\"a\":",
        "[",
        "[{\"_links\":[",
    ] {
        read_in_every_way(nested.repeat(100_000).as_bytes());
    }
}

#[test]
fn many_relations_are_no_trap() {
    // in a time that grows with the square this would take minutes

    let mut json = String::from("{\"_links\":{");
    for index in 0..200_000 {
        json.push_str(&format!("\"r{index}\":{{\"href\":\"/\"}},"));
    }
    json.push_str("\"r7\":{\"href\":\"/again\"}}}");
    let read: Resource<()> = Resource::from_slice(json.as_bytes(), &hal::Lenient).unwrap();
    assert_eq!((read.links.len(), read.links.all("r7").len()), (200_000, 2));
}

#[test]
fn wrong_types_at_every_level_are_no_panic() {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!([]),
        json!({}),
        json!([[]]),
        json!([{}]),
        json!({"": {}}),
    ];
    for value in &values {
        for document in [
            json!({"_links": value, "_embedded": value}),
            json!({"_links": {"a": value}, "_embedded": {"a": value}}),
            json!({"_links": [value], "_embedded": {"a": [value]}}),
            json!({"_links": {"a": [value]}, "_embedded": {"a": {"_links": value}}}),
            json!({"_links": {"a": {"href": value, "templated": value, "name": value}}}),
            json!([{"_links": [{"Rel": value, "Href": value}]}]),
            value.clone(),
        ] {
            read_in_every_way(document.to_string().as_bytes());
        }
    }
}

/// JSON-like noise: words of the format, brackets and rubbish.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just("{".to_owned()),
        Just("}".into()),
        Just("[".into()),
        Just("]".into()),
        Just(",".into()),
        Just(":".into()),
        Just("\"_links\"".into()),
        Just("\"_embedded\"".into()),
        Just("\"href\"".into()),
        Just("\"a\"".into()),
        Just("{\"_links\":{".into()),
        Just("null".into()),
        Just("1e9".into()),
        Just("\"\\ud83d".into()),
        ".{0,3}",
    ];
    vec(word, 0..40).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #[test]
    fn noise_is_no_panic(json in noise(), bytes in vec(any::<u8>(), 0..60)) {
        read_in_every_way(&json);
        read_in_every_way(&bytes);
    }

    #[test]
    fn torn_documents_are_no_panic(cut in 0..400usize, flip in 0..400usize, to in any::<u8>()) {
        let mut json = br#"{"_links":{"self":{"href":"/\u00f8"},"item":[{"href":"/1","x":[1,{"y":null}]}]},
            "_embedded":{"list":[{"a":1.5e3,"_links":[{"Rel":"b","Href":"/c"}]},{"a":-0}]},"z":"\\"}"#.to_vec();
        read_in_every_way(&json[..cut.min(json.len())]);
        if let Some(byte) = json.get_mut(flip) {
            *byte = to;
        }
        read_in_every_way(&json);
    }
}
