use std::collections::BTreeMap;

use hal::{Embedded, HalDeserialize, HalSerialize, Link, Links, List, Reader, Related, Relation};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, HalDeserialize, HalSerialize)]
struct Line {
    product: String,
    #[hal(link = "product")]
    itself: Option<String>,
}

#[derive(Clone, Debug, PartialEq, HalDeserialize, HalSerialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    #[serde(rename = "orderID")]
    id: u64,
    is_paid: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[hal(link = "self")]
    itself: Link,
    #[hal(link = "item")]
    items: Vec<Link>,
    #[hal(links)]
    links: Links,
    #[hal(embedded = "lines")]
    lines: Vec<Line>,
    #[hal(embedded = "gift")]
    gift: Option<Line>,
    #[hal(link = "customer", embedded = "customer")]
    customer: Related<BTreeMap<String, u8>>,
}

const ORDER: &str = r#"{"_links":{"self":{"href":"/7"},"item":[{"href":"/7/1"}],"customer":{"href":"/c"},"find":{"href":"/{id}","templated":true}},"orderID":7,"isPaid":true,"_embedded":{"lines":[{"_links":{"product":{"href":"/tea"}},"product":"tea"},{"product":"milk"}],"customer":{"Ada":1}}}"#;

#[test]
fn both_directions() {
    let order: Order = Reader::new(hal::Strict).read(ORDER.as_bytes()).unwrap();
    assert_eq!((order.id, order.is_paid, &order.note), (7, true, &None));
    assert_eq!(order.itself, Link::new("/7"));
    assert_eq!(order.items, [Link::new("/7/1")]);
    assert_eq!(
        order.links,
        Links::new().with("find", Link::template("/{id}"))
    );
    assert_eq!(order.lines[0].itself.as_deref(), Some("/tea"));
    assert_eq!(order.lines[1].itself, None);
    assert_eq!(order.customer.embedded().unwrap()["Ada"], 1);
    assert_eq!(order.customer.link().unwrap().href, "/c");
    assert_eq!(serde_json::to_string(&order).unwrap(), ORDER);
}

#[test]
fn what_is_irregular_is_read_as_elsewhere() {
    let json = json!({
        "orderID": 1, "isPaid": false,
        "_links": [{"Rel": "self", "Href": "/1"}, {"Rel": "item", "Href": "/a"}, {"Rel": "item", "Href": "/b"},
                   {"Rel": "other", "Href": "/c"}, {"Href": "/no relation"}, 7],
        "_embedded": {"lines": {"product": "tea"}, "unknown": 1},
    });
    let order: Order = serde_json::from_value(json).unwrap();
    assert_eq!((order.itself.href.as_str(), order.items.len()), ("/1", 2));
    assert_eq!(order.links.get("other"), Some(&Link::new("/c")));
    assert_eq!(order.lines.len(), 1);
    assert!(order.customer.is_absent());

    let texts = r#"{"orderID":1,"isPaid":false,"_links":{"self":"/1","self":{"href":"/2"},"item":null},"_embedded":null}"#;
    let order: Order = serde_json::from_str(texts).unwrap();
    assert_eq!((order.itself.href.as_str(), order.items.len()), ("/1", 0));
}

#[test]
fn errors_say_where() {
    for (json, pointer, expected, found) in [
        (
            r#"{"orderID":1,"isPaid":true}"#,
            "",
            "a member _links/self",
            "none",
        ),
        (
            r#"{"orderID":1,"isPaid":true,"_links":{"self":{}}}"#,
            "",
            "a member _links/self",
            "none",
        ),
        (r#"{"orderID":"1"}"#, "/orderID", "u64", "a string"),
        (
            r#"{"orderID":1,"x":1}"#,
            "/x",
            "only the members orderID, isPaid, note, _links, _embedded",
            "another member",
        ),
        (
            r#"{"_links":7}"#,
            "/_links",
            "an object of links",
            "a number",
        ),
        (
            r#"{"_embedded":{"lines":[{"product":"a"},{"product":1}]}}"#,
            "/_embedded/lines/1/product",
            "a string",
            "a number",
        ),
        (
            r#"{"_embedded":{"lines":7}}"#,
            "/_embedded/lines",
            "an array or an object",
            "a number",
        ),
    ] {
        let error = Reader::new(hal::Lenient)
            .read::<Order>(json.as_bytes())
            .unwrap_err();
        assert_eq!(
            (error.pointer(), error.expected(), error.found()),
            (pointer, expected, found),
            "{json}"
        );
    }
}

#[test]
fn generics_lifetimes_and_attributes_of_serdes() {
    fn shout<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text.to_uppercase())
    }
    mod cents {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(
            cents: &u64,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&format!("{}.{:02}", cents / 100, cents % 100))
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<u64, D::Error> {
            let text = String::deserialize(deserializer)?;
            text.replace('.', "")
                .parse()
                .map_err(serde::de::Error::custom)
        }
    }
    #[derive(Debug, PartialEq, HalDeserialize, HalSerialize)]
    struct Page<'a, T, const N: usize>
    where
        T: Clone,
    {
        title: &'a str,
        #[serde(with = "cents")]
        price: u64,
        #[serde(serialize_with = "shout")]
        mood: String,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
        #[serde(skip)]
        seen: std::marker::PhantomData<[u8; N]>,
        #[hal(embedded = "parts")]
        parts: List<T>,
        #[hal(embedded = "best")]
        #[serde(default)]
        best: T,
        #[hal(embedded)]
        others: Embedded,
        #[hal(link = "up")]
        up: Option<Relation>,
    }
    let json = r#"{"title":"a","price":"1.05","mood":"Fine","more":[1],"_embedded":{"best":3,"parts":[1,2],"x":{"y":1}},"_links":{"up":[{"href":"/"}]}}"#;
    let page: Page<'_, u8, 0> = serde_json::from_str(json).unwrap();
    assert_eq!(
        (page.title, page.price, page.best, page.parts.len()),
        ("a", 105, 3, 2)
    );
    assert_eq!(page.rest["more"], json!([1]));
    let written = r#"{"_links":{"up":[{"href":"/"}]},"title":"a","price":"1.05","mood":"FINE","more":[1],"_embedded":{"parts":[1,2],"best":3,"x":{"y":1}}}"#;
    assert_eq!(serde_json::to_string(&page).unwrap(), written);

    #[derive(Debug, HalDeserialize, HalSerialize)]
    struct Nothing {}
    let nothing: Nothing = serde_json::from_str(r#"{"_links":{"a":{"href":"/"}}}"#).unwrap();
    assert_eq!(serde_json::to_string(&nothing).unwrap(), "{}");
}

/// A crate that has the library under another name, and fields with names that are words of the language.
mod elsewhere {
    use hal as renamed;

    #[derive(Debug, PartialEq, renamed::HalDeserialize, renamed::HalSerialize)]
    #[hal(crate = "renamed")]
    pub(crate) struct Elsewhere<T = u8> {
        pub(crate) r#type: T,
        #[hal(link = "type")]
        pub(crate) r#struct: Option<String>,
        #[hal(embedded = "some")]
        pub(crate) some: Vec<T>,
        #[hal(link = "one", embedded = "one")]
        pub(crate) one: renamed::Related<T>,
    }
}

#[test]
fn the_library_may_have_another_name() {
    let json = r#"{"_links":{"type":{"href":"/"}},"type":1,"_embedded":{"some":[2,3],"one":4}}"#;
    let read: elsewhere::Elsewhere = serde_json::from_str(json).unwrap();
    assert_eq!(
        (read.r#type, read.some.as_slice(), read.one.embedded()),
        (1, &[2, 3][..], Some(&4))
    );
    assert_eq!(read.r#struct.as_deref(), Some("/"));
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
}

#[test]
fn derived_structs_work_wherever_serde_does() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(untagged)]
    enum Either {
        Order(Box<Order>),
        Other(Value),
    }
    let list: List<Order> =
        serde_json::from_str(&format!(r#"{{"_embedded":{{"orders":[{ORDER}]}}}}"#)).unwrap();
    assert_eq!(list[0].id, 7);
    match serde_json::from_str(ORDER).unwrap() {
        Either::Order(order) => assert_eq!(order, list[0].clone().into()),
        Either::Other(other) => panic!("{other}"),
    }
}

fn order() -> impl Strategy<Value = Order> {
    let line = || {
        (".{0,5}", proptest::option::of(".{0,5}"))
            .prop_map(|(product, itself)| Line { product, itself })
    };
    (
        any::<u64>(),
        any::<bool>(),
        proptest::option::of(".{0,5}"),
        vec(".{0,9}", 0..3),
        vec(line(), 0..3),
        proptest::option::of(line()),
    )
        .prop_map(|(id, is_paid, note, targets, lines, gift)| Order {
            id,
            is_paid,
            note,
            itself: Link::new(format!("/{id}")).with_title("\u{1F375}"),
            items: targets.iter().map(Link::new).collect(),
            links: targets
                .iter()
                .map(|t| (format!("x{t}"), Relation::One(Link::new(t))))
                .collect(),
            lines,
            gift,
            customer: if is_paid {
                Related::linked(Link::new("/c"))
            } else {
                Related::new(BTreeMap::from([("a".into(), 1)]))
            },
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read(order in order()) {
        let json = serde_json::to_vec(&order).unwrap();
        let read: Order = Reader::new(hal::Lenient).read(&json).unwrap();
        prop_assert_eq!(&read, &order);
        prop_assert_eq!(serde_json::to_vec(&read).unwrap(), json);
    }
}
