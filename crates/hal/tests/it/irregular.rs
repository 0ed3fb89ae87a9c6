use hal::IrregularityKind::{
    DocumentNotObject, EmbeddedNotObject, EmbeddedNotResource, InvalidTemplate, LinkIsText,
    LinkNotObject, LinkWithoutHref, LinksInArray, LinksNotObject, OtherSpelling, Repeated,
    UnmarkedTemplate, WrongType,
};
use hal::{ErrorKind, IrregularityKind, Reader, Resource, inspect};
use serde_json::{Value, json};

/// Each irregularity, alone: the document, what is said about it where, and the links of the root that
/// a lenient reading finds (relation and target).
const IRREGULAR: &[(&str, &[(IrregularityKind, &str)], &[(&str, &str)])] = &[
    (
        r#"{"_links":{"find":{"href":"/{id}","isTemplated":true}}}"#,
        &[(OtherSpelling, "/_links/find/isTemplated")],
        &[("find", "/{id}")],
    ),
    (
        r#"{"_links":[{"Rel":"self","Href":"/1"},{"Rel":"item","Href":"/2"},{"Rel":"item","Href":"/3"}]}"#,
        &[
            (LinksInArray, "/_links"),
            (OtherSpelling, "/_links/0/Href"),
            (OtherSpelling, "/_links/1/Href"),
            (OtherSpelling, "/_links/2/Href"),
        ],
        &[("self", "/1"), ("item", "/2"), ("item", "/3")],
    ),
    (
        r#"{"_links":[{"Href":"/1"},7,{"rel":"self","href":"/2"}]}"#,
        &[
            (LinksInArray, "/_links"),
            (LinksNotObject, "/_links/0"),
            (LinksNotObject, "/_links/1"),
        ],
        &[("self", "/2")],
    ),
    (r#"{"_links":null}"#, &[(LinksNotObject, "/_links")], &[]),
    (
        r#"{"_links":{"self":"/1"}}"#,
        &[(LinkIsText, "/_links/self")],
        &[("self", "/1")],
    ),
    (
        r#"{"_links":{"a/b":["/1",{"href":"/2"},null]}}"#,
        &[
            (LinkIsText, "/_links/a~1b/0"),
            (LinkNotObject, "/_links/a~1b/2"),
        ],
        &[("a/b", "/1"), ("a/b", "/2")],
    ),
    (
        r#"{"_links":{"a":7,"b":true,"c":null,"d":1.5,"e":-1,"f":[[{"href":"/"}]]}}"#,
        &[
            (LinkNotObject, "/_links/a"),
            (LinkNotObject, "/_links/b"),
            (LinkNotObject, "/_links/c"),
            (LinkNotObject, "/_links/d"),
            (LinkNotObject, "/_links/e"),
            (LinkNotObject, "/_links/f/0"),
        ],
        &[],
    ),
    (
        r#"{"_links":{"self":{"title":"x"},"next":{"href":null}}}"#,
        &[
            (LinkWithoutHref, "/_links/self"),
            (WrongType, "/_links/next/href"),
            (LinkWithoutHref, "/_links/next"),
        ],
        &[],
    ),
    (
        r#"{"_links":{"self":{"href":"/","title":null,"templated":"yes"}}}"#,
        &[
            (WrongType, "/_links/self/title"),
            (WrongType, "/_links/self/templated"),
        ],
        &[("self", "/")],
    ),
    (
        r#"{"_links":{"self":{"href":"/{","templated":true}}}"#,
        &[(InvalidTemplate, "/_links/self")],
        &[("self", "/{")],
    ),
    (
        r#"{"_links":{"self":{"href":"/1"},"self":{"href":"/2"}},"_links":{"self":{"href":"/3"}}}"#,
        &[(Repeated, "/_links/self"), (Repeated, "/_links")],
        &[("self", "/1"), ("self", "/2"), ("self", "/3")],
    ),
    (
        r#"{"_embedded":null}"#,
        &[(EmbeddedNotObject, "/_embedded")],
        &[],
    ),
    (
        r#"{"_embedded":{"x":[1]}}"#,
        &[(EmbeddedNotResource, "/_embedded/x/0")],
        &[],
    ),
    (
        r#"{"x":[{"_embedded":{"y":{"_links":{"self":"/"}}}}]}"#,
        &[(LinkIsText, "/x/0/_embedded/y/_links/self")],
        &[],
    ),
];

#[test]
fn each_irregularity_is_reported_read_and_refused() {
    for (json, irregularities, links) in IRREGULAR {
        let (read, reported) = Reader::new(hal::Lenient)
            .read_reporting::<Resource<Value>>(json.as_bytes())
            .unwrap();
        let reported: Vec<_> = reported.iter().map(|i| (i.kind(), i.pointer())).collect();
        assert_eq!(reported, *irregularities, "{json}");
        let found: Vec<_> = read
            .links
            .iter()
            .map(|(r, link)| (r, link.href.as_str()))
            .collect();
        assert_eq!(found, *links, "{json}");

        let error = Reader::new(hal::Strict)
            .read::<Resource<Value>>(json.as_bytes())
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.pointer()),
            (ErrorKind::NotHal, irregularities[0].1),
            "{json}"
        );

        // what is written is regular
        let written = serde_json::to_vec(&read).unwrap();
        let left = inspect(&written).unwrap().irregularities().to_vec();
        assert!(
            left.iter().all(
                |i| [InvalidTemplate, WrongType, EmbeddedNotResource, LinkIsText]
                    .contains(&i.kind())
            ),
            "{json} {left:?}"
        );
    }
}

#[test]
fn recommendations_are_reported_and_not_refused() {
    let json = br#"{"_links":{"self":{"href":"/rights?subject={subject}"}}}"#;
    let (_, reported) = Reader::new(hal::Strict)
        .read_reporting::<Resource<()>>(json)
        .unwrap();
    assert_eq!(reported.len(), 1);
    assert_eq!(reported[0].kind(), UnmarkedTemplate);
    assert!(!reported[0].is_forbidden());
}

#[test]
fn members_of_links_survive() {
    let json = json!({"attachment": [{
        "href": "/a b ", "templated": false, "type": "text/plain", "deprecation": "/d", "name": "n",
        "profile": "/p", "title": "t", "hreflang": "nb", "mime-type": "x", "filesize": 16027,
        "encrypted": null, "more": {"deep": [1]},
    }]});
    let links: hal::Links = serde_json::from_value(json.clone()).unwrap();
    let link = &links.all("attachment")[0];
    assert_eq!(link.member("filesize"), Some(&json!(16027)));
    assert_eq!((link.href.as_str(), link.hreflang()), ("/a b ", Some("nb")));
    assert_eq!(serde_json::to_value(&links).unwrap(), json);

    // members of the plain form with nothing in them: null is absent where the format has the member
    let plain = json!([{"Rel": "role", "Href": "/", "Title": null, "MimeType": null, "IsTemplated": false, "FileSize": 0}]);
    let links: hal::Links = serde_json::from_value(plain).unwrap();
    assert_eq!(
        serde_json::to_value(&links).unwrap(),
        json!({"role": {"href": "/", "templated": false, "MimeType": null, "FileSize": 0}}),
    );
}

#[test]
fn inspection_finds_everything_at_any_depth() {
    let document = inspect(
        br#"[{"Roles":{"_links":{"self":{"href":"/r"}},"_embedded":{"roles":[
            {"_links":{"delete":[{"href":"/{x}","templated":true}]}},{}]}}}]"#,
    )
    .unwrap();
    let links: Vec<_> = document
        .links()
        .iter()
        .map(|link| {
            (
                link.pointer(),
                link.relation(),
                link.href(),
                link.is_templated(),
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            ("/0/Roles/_links/self", "self", "/r", false),
            (
                "/0/Roles/_embedded/roles/0/_links/delete/0",
                "delete",
                "/{x}",
                true
            ),
        ]
    );
    let embedded = &document.embedded()[0];
    assert_eq!(
        (
            embedded.pointer(),
            embedded.relation(),
            embedded.count(),
            embedded.is_list()
        ),
        ("/0/Roles/_embedded/roles", "roles", 2, true)
    );
    assert_eq!(document.irregularities()[0].kind(), DocumentNotObject);
    assert_eq!(document.irregularities().len(), 1);
}
