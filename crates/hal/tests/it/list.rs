use hal::{ErrorKind, Form, Link, Links, List, Reader, Resource};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(rename = "_links", default, skip_serializing_if = "Links::is_empty")]
    links: Links,
}

fn read(json: &str) -> List<Role> {
    List::from_slice(json.as_bytes(), &hal::Lenient).unwrap()
}

fn names(list: &List<Role>) -> Vec<&str> {
    list.iter().map(|role| role.name.as_str()).collect()
}

#[test]
fn every_wrapping_is_read_and_written_back() {
    for (json, form, expected) in [
        (
            r#"{"_links":{"self":{"href":"/"}},"_embedded":{"roles":[{"Name":"a"},{"Name":"b"}]}}"#,
            Form::Embedded(Some("roles".into())),
            &["a", "b"][..],
        ),
        (
            r#"{"_embedded":{"sample string 32":[{"Name":"a"}]},"total":9,"ContinuationToken":"x"}"#,
            Form::Embedded(Some("sample string 32".into())),
            &["a"],
        ),
        (
            r#"{"_embedded":{"roles":[]}}"#,
            Form::Embedded(Some("roles".into())),
            &[],
        ),
        (
            r#"{"_links":{"self":{"href":"/"}}}"#,
            Form::Embedded(None),
            &[],
        ),
        (
            r#"[{"Name":"a"},{"Name":"b","Id":4}]"#,
            Form::Array,
            &["a", "b"],
        ),
        ("[]", Form::Array, &[]),
        (
            r#"{"Name":"a","_links":{"self":{"href":"/a"}}}"#,
            Form::Single,
            &["a"],
        ),
        ("null", Form::Absent, &[]),
    ] {
        let list = read(json);
        assert_eq!(
            (list.form(), names(&list).as_slice()),
            (&form, expected),
            "{json}"
        );
        assert_eq!(serde_json::to_string(&list).unwrap(), json);
    }
    // not written back letter by letter, but read
    assert_eq!(
        names(&read(r#"{"_embedded":{"role":{"Name":"a"}}}"#)),
        ["a"]
    );
    assert_eq!(names(&read(r#"{"_embedded":{"roles":null}}"#)), [""; 0]);
    assert_eq!(read(r#"{"_embedded":{}}"#).form(), &Form::Embedded(None));
    assert_eq!(read(r#"{"_embedded":null}"#).form(), &Form::Embedded(None));
}

#[test]
fn paging_is_at_hand() {
    let list = read(
        r#"{"continuationtoken":"2020-09-14T13:30:49.737_8724",
            "_embedded":{"roles":[{"Name":"a"}]},"count":1,
            "_links":{"self":{"href":"/?p=1"},"next":{"href":"/?p=2"}}}"#,
    );
    assert_eq!(
        list.continuation_token(),
        Some("2020-09-14T13:30:49.737_8724")
    );
    assert_eq!(list.next_link().unwrap().href, "/?p=2");
    assert_eq!(list.member("count"), Some(1.into()));
    assert_eq!(list.links().len(), 2);

    let empty = read(r#"{"_embedded":{"roles":[]}}"#);
    assert!(empty.continuation_token().is_none() && empty.next_link().is_none());
}

#[test]
fn nested_lists_are_one_line_in_a_struct() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Holder {
        name: String,
        #[serde(default, skip_serializing_if = "List::is_absent")]
        roles: List<Resource<Role>>,
        #[serde(default, skip_serializing_if = "List::is_absent")]
        rights: List<u32>,
    }
    for json in [
        r#"{"Name":"x","Roles":{"_links":{"self":{"href":"/r"}},"_embedded":{"roles":[{"_links":{"delete":{"href":"/r/1"}},"Name":"a"}]}},"Rights":[1,2]}"#,
        r#"{"Name":"x","Roles":[{"_links":{"delete":{"href":"/r/1"}},"Name":"a"}],"Rights":[1,2]}"#,
        r#"{"Name":"x"}"#,
    ] {
        let holder: Holder = Reader::new(hal::Lenient).read(json.as_bytes()).unwrap();
        assert_eq!(holder.rights.len(), holder.roles.len() * 2);
        for role in &holder.roles {
            assert_eq!(role.links.get("delete").unwrap().href, "/r/1");
        }
        assert_eq!(serde_json::to_string(&holder).unwrap(), json);
    }
    let null: Holder = serde_json::from_str(r#"{"Name":"x","Roles":null}"#).unwrap();
    assert!(null.roles.is_absent());
}

#[test]
fn strict_takes_the_hal_form_only() {
    let hal = List::embedded(
        "roles",
        vec![Role {
            name: "a".into(),
            id: None,
            links: Links::new(),
        }],
    )
    .with_link("self", Link::new("/roles"));
    let json = serde_json::to_vec(&hal).unwrap();
    assert_eq!(List::<Role>::from_slice(&json, &hal::Strict).unwrap(), hal);
    for json in [r#"[{"Name":"a"}]"#, r#"{"Name":"a"}"#, "null"] {
        let error = List::<Role>::from_slice(json.as_bytes(), &hal::Strict).unwrap_err();
        assert_eq!(
            (error.kind(), error.pointer()),
            (ErrorKind::NotHal, ""),
            "{json}"
        );
    }
}

#[test]
fn what_cannot_be_a_list_is_refused_where_it_stands() {
    for (json, pointer, expected) in [
        ("7", "", "a list: a HAL list, an array or an object"),
        (
            r#"{"_embedded":{"a":[],"b":[]}}"#,
            "/_embedded",
            "an object with one embedded relation",
        ),
        (
            r#"{"_embedded":{"a":7}}"#,
            "/_embedded/a",
            "an array or an object",
        ),
        (
            r#"{"_embedded":[]}"#,
            "/_embedded",
            "an object with one embedded relation",
        ),
        (r#"{"error":"no"}"#, "", "a member Name"),
        (r#"{}"#, "", "a member Name"),
        (r#"[{"Name":"a"},7]"#, "/1", "struct Role"),
    ] {
        let error = List::<Role>::from_slice(json.as_bytes(), &hal::Lenient).unwrap_err();
        assert_eq!(
            (error.pointer(), error.expected()),
            (pointer, expected),
            "{json}"
        );
    }
}
