//! Every operation of the wire facts has a fixture with an answer, or a reason why no client calls it.

use std::collections::BTreeSet;

use crate::contract::Fixture;

/// Method, path and reason; typed off the wire facts, not off the client.
const FACTS: &str = include_str!("../../data/operations.tsv");

#[test]
fn every_operation_of_the_wire_facts_is_answered_in_a_fixture_or_left_out_for_a_reason() {
    if std::env::var_os("ALTINN_FIXTURES").is_some() {
        return; // someone's own recordings, which need not be of everything
    }
    let facts: Vec<Vec<&str>> = FACTS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut answered = BTreeSet::new();
    for fixture in Fixture::all("altinn3") {
        if fixture.response.status >= 400 {
            continue;
        }
        let path = fixture.request.path.split('?').next().unwrap();
        let path = path.trim_end_matches('/');
        // `resource/updated` is no resource: the pattern with the most literal segments has it
        let operation = facts
            .iter()
            .filter(|fact| fact[0] == fixture.request.method && same_path(fact[1], path))
            .min_by_key(|fact| fact[1].matches("{}").count());
        let operation = operation
            .unwrap_or_else(|| panic!("{} is no operation of the wire facts", fixture.name));
        answered.insert((operation[0], operation[1]));
    }
    let (mut with, mut without, mut wrong) = (0, 0, Vec::new());
    for fact in facts {
        let (method, path) = (fact[0], fact[1]);
        match (answered.contains(&(method, path)), fact.get(2)) {
            (true, None) => with += 1,
            (false, Some(_)) => without += 1,
            (false, None) => wrong.push(format!("{method} {path}: no fixture")),
            (true, Some(reason)) => wrong.push(format!("{method} {path}: called, but {reason}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(with > 110 && without > 5, "{with} and {without}");
}

/// `{}` stands for any one segment.
fn same_path(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(one, other)| one == other || *one == "{}")
}
