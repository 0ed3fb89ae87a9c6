//! What servers vary in an answer is read all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::altinn3::contract::perform;
use crate::contract::{Fixture, Player};

type Members = Map<String, Value>;

/// Members that hold a table: its keys are data, and not spelt otherwise.
const TABLES: [&str; 8] = [
    "description",
    "identifiers",
    "metadata",
    "rightDescription",
    "title",
    "Title",
    "name",
    "requestMessage",
];

/// Every object of `value` that is no table, changed by `change`, the innermost first.
fn objects(value: &Value, change: &dyn Fn(&Members) -> Members) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| objects(item, change)).collect(),
        Value::Object(members) => {
            let members: Members = members
                .iter()
                .map(|(name, value)| {
                    let is_table = TABLES.contains(&name.as_str()) && value.is_object();
                    let value = if is_table {
                        value.clone()
                    } else {
                        objects(value, change)
                    };
                    (name.clone(), value)
                })
                .collect();
            Value::Object(change(&members))
        }
        other => other.clone(),
    }
}

fn pascal(members: &Members) -> Members {
    let upper = |name: &String| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    };
    members
        .iter()
        .map(|(name, value)| (upper(name), value.clone()))
        .collect()
}

fn with_unknown(members: &Members) -> Members {
    let mut members = members.clone();
    members.insert(
        "somethingNewOfTheServer".to_owned(),
        json!({ "a": [1, null, "b"] }),
    );
    members
}

/// `legacyurn ` without its space, and the other way round.
fn other_urn(members: &Members) -> Members {
    let other = |name: &String| match name.as_str() {
        "legacyurn " => "legacyurn".to_owned(),
        "legacyurn" => "legacyurn ".to_owned(),
        _ => name.clone(),
    };
    members
        .iter()
        .map(|(name, value)| (other(name), value.clone()))
        .collect()
}

/// The first place where two answers are not the same.
fn different(one: &Value, other: &Value) -> String {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<_> = a.keys().chain(b.keys()).collect();
            names.sort();
            let name = names.into_iter().find(|name| a.get(*name) != b.get(*name));
            name.map_or_else(String::new, |name| {
                format!("/{name}{}", different(&one[name], &other[name]))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = (0..a.len()).find(|at| a[*at] != b[*at]);
            at.map_or_else(String::new, |at| {
                format!("/{at}{}", different(&a[at], &b[at]))
            })
        }
        _ => format!(": {one} and {other}"),
    }
}

/// The names of members, anywhere.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.insert(name.clone());
                names(value, found);
            }
        }
        _ => (),
    }
}

#[tokio::test]
async fn what_servers_vary_in_an_answer_is_read() {
    let mut unread = BTreeMap::new();
    for fixture in Fixture::all("altinn3") {
        let Some(body @ (Value::Object(_) | Value::Array(_))) = &fixture.response.body else {
            continue;
        };
        if fixture.response.status >= 300 {
            continue;
        }
        let read = async |body: Value| {
            let mut changed = fixture.clone();
            changed.response.body = Some(body);
            let player = Player::play(&changed).await;
            perform(&player, &changed).await
        };
        let whole = read(body.clone()).await;
        let mut variants = vec![
            ("unknown members", objects(body, &with_unknown)),
            ("PascalCase", objects(body, &pascal)),
            ("the other legacyurn", objects(body, &other_urn)),
        ];
        if fixture.operation() == "authorizedparties" {
            let deeper = match body {
                Value::Array(items) => json!([items]),
                other => {
                    let mut other = other.clone();
                    other["data"] = json!([other["data"]]);
                    other
                }
            };
            variants.push(("one array deeper", deeper));
        }
        for (what, variant) in variants {
            let result = read(variant).await;
            if result != whole {
                unread.insert(
                    format!("{} with {what}", fixture.name),
                    different(&whole, &result),
                );
            }
        }
        // without a member, or with null there: read, or an error that says what was wrong
        let mut all = BTreeSet::new();
        names(body, &mut all);
        for name in all {
            let null = objects(body, &|members| {
                let mut members = members.clone();
                members
                    .entry(name.clone())
                    .and_modify(|value| *value = Value::Null);
                members
            });
            let absent = objects(body, &|members| {
                let mut members = members.clone();
                members.remove(&name);
                members
            });
            let (null, absent) = (read(null).await, read(absent).await);
            let kind = &null["error"]["kind"];
            if !kind.is_null() && kind != "Unreadable" && kind != "Indeterminate" {
                unread.insert(format!("{} without {name}", fixture.name), null.to_string());
            }
            // a page whose `data` is null has nothing; one without it is no page
            if name != "data"
                && null != absent
                && (kind.is_null() || *kind != absent["error"]["kind"])
            {
                let seen = different(&null, &absent);
                unread.insert(format!("{} null or no {name}", fixture.name), seen);
            }
        }
    }
    assert!(unread.is_empty(), "{unread:#?}");
}
