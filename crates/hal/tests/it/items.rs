use std::error::Error as _;
use std::io::{self, Cursor, Read};

use hal::{ErrorKind, Form, IrregularityKind, Items, Limits, List, Reader};
use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

/// Gives so many bytes at a time, whatever is asked for, and now and then has to be asked again.
struct Dribble<'a> {
    bytes: &'a [u8],
    step: usize,
    interrupted: bool,
}

impl Read for Dribble<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.step.min(self.bytes.len()).min(to.len());
        let (now, later) = self.bytes.split_at(count);
        to[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

fn dribbled(json: &[u8], step: usize, reader: Reader) -> Items<Value, Dribble<'_>> {
    reader.items(Dribble {
        bytes: json,
        step,
        interrupted: false,
    })
}

#[cfg(feature = "stream")]
fn streamed(
    json: &[u8],
    step: usize,
    reader: Reader,
) -> Result<(Vec<Value>, List<Value>), hal::Error> {
    use futures_util::{StreamExt, stream};

    pollster::block_on(async {
        let pieces = json.chunks(step).map(Ok::<_, io::Error>);
        let mut items = reader.item_stream::<Value, _, _, _>(stream::iter(pieces));
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.push(item?);
        }
        assert!(items.next().await.is_none());
        let list: List<Value> = reader.read(json)?;
        assert_eq!((items.form(), items.links()), (list.form(), list.links()));
        Ok((all, list))
    })
}

const LISTS: &[&str] = &[
    r#"{"_links":{"self":{"href":"/"},"next":{"href":"/2"}},"_embedded":{"rights":[{"a":"}]\"{\\"},{"b":[1,{"c":null}]},3,"x\\\"",true]},"continuationtoken":"t"}"#,
    r#" { "count" : 2 , "_embedded" : { "rights" : [ { "a" : 1 } , { "b" : 2 } ] } , "_links" : [ { "Rel" : "next" , "Href" : "/2" } ] } "#,
    r#"{"_embedded":{"rights":[]}}"#,
    r#"{"_embedded":{"rights":{"a":1}}}"#,
    r#"{"_embedded":{"rights":null}}"#,
    r#"{"_embedded":{}}"#,
    r#"{"_embedded":null}"#,
    r#"{"_links":{"self":{"href":"/"}}}"#,
    r#"{"_embedded":{"a\u00e6\"/b":[1]},"_embedded":{"c":[2,3]}}"#,
    "[]",
    "\u{feff}[{\"a\":1},{},[],\"x\",-1.5e3]",
    r#"{"a":1,"_links":{"self":{"href":"/"}},"b":{"_embedded":{"c":[]}}}"#,
    "{}",
    "null",
    " null ",
];

#[test]
fn items_are_those_of_the_list_however_the_bytes_come() {
    for json in LISTS {
        let list: List<Value> = List::from_slice(json.as_bytes(), &hal::Lenient).unwrap();
        for step in [1, 2, 3, 7, 1000] {
            let mut items = dribbled(json.as_bytes(), step, Reader::default());
            let all: Vec<Value> = items.by_ref().collect::<Result<_, _>>().unwrap();
            assert_eq!(all, list.items(), "{json} by {step}");
            assert_eq!(items.form(), list.form(), "{json}");
            assert_eq!(items.links(), list.links(), "{json}");
            assert_eq!(items.next_link(), list.next_link(), "{json}");
            assert_eq!(
                items.continuation_token(),
                list.continuation_token(),
                "{json}"
            );
            assert_eq!(items.member("count"), list.member("count"), "{json}");
            assert!(items.next().is_none());
            #[cfg(feature = "stream")]
            assert_eq!(
                streamed(json.as_bytes(), step, Reader::default())
                    .unwrap()
                    .0,
                list.items(),
                "{json} by {step}"
            );
        }
    }
}

#[test]
fn what_is_wrong_is_told_as_for_a_list() {
    for json in [
        "",
        " \n",
        "\u{feff}",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "[1] 2",
        "{}{}",
        "<html>",
        "7",
        "\"text\"",
        "nul",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,}"#,
        r#"{a:1}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a" 1}"#,
        r#"{"a"::1}"#,
        r#"{"_embedded":7}"#,
        r#"{"_embedded":[]}"#,
        r#"{"_embedded":{"a":7}}"#,
        r#"{"_embedded":{"a":"x"}}"#,
        r#"{"_embedded":{"a":[],"b":[]}}"#,
        r#"{"_embedded":{"a":[1,,2]}}"#,
        r#"{"_embedded":{"a":[1}}"#,
        r#"{"_embedded":{"a":[{]}]}}"#,
        r#"{"_embedded":{"a":[tru]}}"#,
        r#"{"_embedded":{"a":["\ud800"]}}"#,
        r#"{"_embedded":{"a":[1e999]}}"#,
        r#"{"_embedded":{"a":[01]}}"#,
        r#"{"_links":7}"#,
        r#"{"_links":{"a":{"href":"/"}},"_embedded":{"a":[1]}"#,
        r#"{"x":{"y":[1,]},"_embedded":{"a":[]}}"#,
        r#"{"_embedded":{"a":[{"b":1}]},"_links":"x"}"#,
    ] {
        let expected = List::<Value>::from_slice(json.as_bytes(), &hal::Lenient).expect_err(json);
        for step in [1, 5, 1000] {
            let error = dribbled(json.as_bytes(), step, Reader::default())
                .find_map(Result::err)
                .expect(json);
            // where several things are wrong, each may find another first
            assert_eq!(
                error.is_not_json(),
                expected.is_not_json(),
                "{json} by {step}: {error} / {expected}"
            );
            assert_eq!(
                error.kind() == ErrorKind::Truncated,
                expected.kind() == ErrorKind::Truncated,
                "{json}: {error} / {expected}"
            );
            #[cfg(feature = "stream")]
            assert!(
                streamed(json.as_bytes(), step, Reader::default()).is_err(),
                "{json}"
            );
        }
    }
}

#[test]
fn errors_say_where_in_the_document() {
    #[derive(Debug, serde::Deserialize)]
    struct Right {
        id: u32,
    }
    let json = "{\n \"_embedded\": {\"rights\": [{\"id\":1},\n  {\"id\":\"x\"}, {\"id\":3}]},\n \"_links\":{}}";
    let read: Vec<_> = Items::<Right, _>::new(json.as_bytes()).collect();
    assert_eq!(read.len(), 3);
    let error = read[1].as_ref().unwrap_err();
    assert_eq!(
        (error.pointer(), error.expected()),
        ("/_embedded/rights/1/id", "u32")
    );
    assert_eq!(read[2].as_ref().unwrap().id, 3, "the next one follows");

    for (json, pointer, place) in [
        (
            "{\n \"_embedded\": {\"rights\": [{\"id\":1},\n  {\"id\":tru}]}}",
            "/_embedded/rights/1/id",
            (3, 12),
        ),
        (
            "[{\"id\":1},\n {\"id\":1},\n\n {\"id\"\n:1,}]",
            "/2",
            (5, 4),
        ),
        (
            "{\"_embedded\":{\"a/b\":[{\"id\":1}",
            "/_embedded/a~1b/0",
            (1, 30),
        ),
        ("{\"a\":1,\n\"b\":x}", "/b", (2, 5)),
        ("{\"_embedded\":{\"a\":[]},\n,", "", (2, 1)),
    ] {
        for step in [1, 4, 100] {
            let error = dribbled(json.as_bytes(), step, Reader::default())
                .find_map(Result::err)
                .unwrap();
            assert_eq!(
                (error.pointer(), error.line_and_column()),
                (pointer, place),
                "{json} by {step}: {error}"
            );
        }
    }
    let single = Items::<Right, _>::new(&br#"{"id":"x"}"#[..])
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(single.pointer(), "/id");
}

#[test]
fn a_relation_can_be_chosen() {
    let json =
        br#"{"_embedded":{"notes":[{"n":1},{"n":2}],"rights":[{"r":1}],"last":{"l":1}},"x":1}"#;
    let mut items = Items::<Value, _>::new(&json[..]).under("rights");
    assert_eq!(items.next().unwrap().unwrap(), json!({"r": 1}));
    assert!(items.next().is_none());
    assert_eq!(items.form(), &Form::Embedded(Some("rights".into())));
    assert_eq!(items.member("x"), Some(1.into()));
    assert_eq!(Items::<Value, _>::new(&json[..]).under("last").count(), 1);
    assert_eq!(Items::<Value, _>::new(&json[..]).under("none").count(), 0);
    // what is skipped is JSON, too
    let torn = br#"{"_embedded":{"notes":[{"n":1,}],"rights":[]}}"#;
    let error = Items::<Value, _>::new(&torn[..])
        .under("rights")
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.pointer()),
        (ErrorKind::NotJson, "/_embedded/notes/0")
    );
}

#[test]
fn irregularities_are_reported_or_refused_where_they_stand() {
    let json = br#"{"_links":{"self":"/"},"_links":{},"_embedded":{"x":[{"_links":{"a":{"href":"/{b}","isTemplated":true}}},7]},"_embedded":null}"#;
    let mut items = Reader::default().items::<Value, _>(&json[..]).reporting();
    assert_eq!(items.by_ref().count(), 2);
    let found = items.take_irregularities();
    let found: Vec<_> = found.iter().map(|i| (i.kind(), i.pointer())).collect();
    assert_eq!(
        found,
        [
            (IrregularityKind::LinkIsText, "/_links/self"),
            (IrregularityKind::Repeated, "/_links"),
            (
                IrregularityKind::OtherSpelling,
                "/_embedded/x/0/_links/a/isTemplated"
            ),
            (IrregularityKind::EmbeddedNotResource, "/_embedded/x/1"),
            (IrregularityKind::Repeated, "/_embedded"),
            (IrregularityKind::EmbeddedNotObject, "/_embedded"),
        ]
    );
    assert!(items.take_irregularities().is_empty());

    let strict = Reader::new(hal::Strict);
    for (json, pointer) in [
        (
            r#"{"_embedded":{"x":[{"a":1},{"_links":{"a":"/"}}]}}"#,
            "/_embedded/x/1/_links/a",
        ),
        (r#"{"_links":[],"_embedded":{"x":[]}}"#, "/_links"),
        ("[]", ""),
        ("null", ""),
        (r#"{"a":1}"#, ""),
        (r#"{"_embedded":{"x":[7]}}"#, "/_embedded/x/0"),
    ] {
        let error = strict
            .items::<Value, _>(json.as_bytes())
            .find_map(Result::err)
            .expect(json);
        assert_eq!(
            (error.kind(), error.pointer()),
            (ErrorKind::NotHal, pointer),
            "{json}"
        );
    }
    let regular =
        br#"{"_links":{"self":{"href":"/"}},"_embedded":{"x":[{"_links":{"a":{"href":"/"}}}]}}"#;
    assert_eq!(
        strict
            .items::<Value, _>(&regular[..])
            .filter_map(Result::ok)
            .count(),
        1
    );
}

#[test]
fn limits_hold() {
    let reader = Reader::default().with_limits(Limits::default().with_bytes(40).with_depth(4));
    let many = format!("[{}]", vec!["{\"a\":1}"; 10_000].join(","));
    assert_eq!(
        reader
            .items::<Value, _>(many.as_bytes())
            .filter_map(Result::ok)
            .count(),
        10_000
    );
    for (json, kind, pointer) in [
        (
            format!("[1,\"{}\"]", "x".repeat(50)),
            ErrorKind::TooLarge,
            "/1",
        ),
        (
            format!("{{\"a\":\"{}\"}}", "x".repeat(50)),
            ErrorKind::TooLarge,
            "/a",
        ),
        (
            format!("{{\"{}\":1}}", "x".repeat(50)),
            ErrorKind::TooLarge,
            "",
        ),
        (
            format!(
                "{{{}}}",
                (0..9)
                    .map(|n| format!("\"{n}\":123456"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            ErrorKind::TooLarge,
            "/4",
        ),
        ("[[[[1]]]]".into(), ErrorKind::TooDeep, ""),
        ("[[[[[1]]]]]".into(), ErrorKind::TooDeep, "/0/0/0/0"),
    ] {
        let error = reader
            .items::<Value, _>(json.as_bytes())
            .find_map(Result::err);
        if kind == ErrorKind::TooDeep && pointer.is_empty() {
            assert!(error.is_none(), "{json}: {error:?}");
            continue;
        }
        let error = error.unwrap();
        assert_eq!((error.kind(), error.pointer()), (kind, pointer), "{json}");
    }
    // an endless item ends
    let endless = Cursor::new(b"[\"").chain(io::repeat(b'x'));
    assert_eq!(
        Items::<Value, _>::new(endless)
            .next()
            .unwrap()
            .unwrap_err()
            .kind(),
        ErrorKind::TooLarge
    );
    // as does an endless depth
    let deep = Cursor::new(b"[1").chain(Cursor::new(b",[[[[[[[[[[[[".repeat(20)));
    let error = Items::<Value, _>::new(deep).find_map(Result::err).unwrap();
    assert!(
        matches!(error.kind(), ErrorKind::TooDeep | ErrorKind::Truncated),
        "{error}"
    );
}

#[test]
fn a_source_that_fails_is_told() {
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the line is cut"))
        }
    }
    let mut items = Items::<Value, _>::new(Cursor::new(b"[1,2").chain(Broken));
    assert_eq!(items.next().unwrap().unwrap(), 1);
    let error = items.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.pointer()),
        (ErrorKind::Unreadable, "/1")
    );
    assert_eq!(error.source().unwrap().to_string(), "the line is cut");
    assert!(
        !error.to_string().contains("line is cut"),
        "the chain is for the printer"
    );
    assert!(items.next().is_none());
}

proptest! {
    #[test]
    fn torn_and_flipped_documents_are_no_panic(which in 0..LISTS.len(), cut in 0..200usize, flip in 0..200usize, to in any::<u8>(), step in 1..9usize) {
        let mut json = LISTS[which].as_bytes().to_vec();
        json.truncate(cut);
        if let Some(byte) = json.get_mut(flip) {
            *byte = to;
        }
        let read: Result<Vec<Value>, _> = dribbled(&json, step, Reader::default()).collect();
        let list = List::<Value>::from_slice(&json, &hal::Lenient);
        prop_assert_eq!(read.is_ok(), list.is_ok(), "{:?} {:?}", read, list);
        if let (Ok(read), Ok(list)) = (read, list) {
            prop_assert_eq!(read, list.into_items());
        }
    }
}
