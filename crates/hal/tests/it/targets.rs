//! What is fuzzed, and what must hold whatever comes in.
#![allow(dead_code, reason = "each target uses one")]

use hal::template::{UriTemplate, Variable};
use hal::{Link, Links, List, Reader, Resource, inspect};
use serde_json::Value;

/// Reading: no panic; the ways agree with each other; what was read is read again when it is written.
pub(crate) fn decode(json: &[u8]) {
    let lenient = Reader::new(hal::Lenient);
    let strict = Reader::new(hal::Strict);
    let value = lenient.read::<Value>(json);
    let inspected = inspect(json);
    assert_eq!(value.is_ok(), inspected.is_ok(), "both read any JSON");
    if let Ok(inspected) = &inspected {
        let forbidden = inspected
            .irregularities()
            .iter()
            .any(|found| found.is_forbidden());
        assert_eq!(
            strict.read::<Value>(json).is_err(),
            forbidden,
            "strict refuses what is irregular"
        );
    }
    if let Ok(resource) = lenient.read::<Resource<Value>>(json) {
        let written = serde_json::to_vec(&resource).expect("it has a form in JSON");
        let again: Resource<Value> = lenient.read(&written).expect("it is read again");
        same(&serde_json::to_vec(&again).expect("JSON"), &written);
    }
    let list = lenient.read::<List<Value>>(json);
    let items: Result<Vec<Value>, _> = lenient.items::<Value, _>(json).collect();
    match (list, items) {
        (Ok(list), Ok(items)) => assert_eq!(list.items(), items),
        (list, items) => assert_eq!(
            list.is_ok(),
            items.is_ok(),
            "a list is one, however it is read"
        ),
    }
    let _ = lenient.read::<Resource<(), List<Resource<Value>>>>(json);
    let _ = lenient.read::<List<Link>>(json);
    let _ = strict.read::<Links>(json);
    let _ = strict.items::<Resource<Value>, _>(json).count();
    #[cfg(feature = "derive")]
    derived(&lenient, json);
}

/// The same documents, but for the last digit of floats: serde_json reads it only with `float_roundtrip`.
fn same(a: &[u8], b: &[u8]) {
    fn exact(value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => *value = Value::Null,
            Value::Array(items) => items.iter_mut().for_each(exact),
            Value::Object(members) => members.values_mut().for_each(exact),
            _ => {}
        }
    }
    let [a, b] = [a, b].map(|json| {
        let mut value: Value = serde_json::from_slice(json).expect("JSON");
        exact(&mut value);
        value
    });
    assert_eq!(a, b);
}

#[cfg(feature = "derive")]
fn derived(reader: &Reader, json: &[u8]) {
    #[derive(hal::HalDeserialize, hal::HalSerialize)]
    struct Any {
        #[serde(flatten)]
        state: std::collections::BTreeMap<String, Value>,
        #[hal(link = "self")]
        itself: Option<Link>,
        #[hal(links)]
        links: Links,
        #[hal(link = "x", embedded = "x")]
        x: hal::Related<Value>,
    }
    if let Ok(any) = reader.read::<Any>(json) {
        let written = serde_json::to_vec(&any).expect("it has a form in JSON");
        let again: Any = reader.read(&written).expect("it is read again");
        same(&serde_json::to_vec(&again).expect("JSON"), &written);
    }
}

/// Expansion: no panic; nothing but what a URI may hold. The template is the first line, values are the others.
pub(crate) fn template(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split('\n');
    let Ok(template) = UriTemplate::parse(lines.next().unwrap_or_default()) else {
        return;
    };
    let values: Vec<&str> = lines.collect();
    let names: Vec<&str> = template.variables().collect();
    let variables = names.iter().enumerate().map(|(at, name)| {
        let value = values.get(at).copied().unwrap_or("v\u{e6}rdi");
        let value = match at % 3 {
            0 => Variable::from(value),
            1 => values
                .iter()
                .copied()
                .map(str::to_owned)
                .collect::<Vec<_>>()
                .into(),
            _ => [(value, "1"), ("b", value)].into(),
        };
        (*name, value)
    });
    if let Ok(uri) = template.expand(variables) {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
        assert!(uri.bytes().all(allowed), "{uri}");
    }
}
