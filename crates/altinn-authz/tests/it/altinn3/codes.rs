//! Every code of the wire facts is known, with what the facts say of it.

use std::collections::BTreeSet;

use altinn_authz::codes;

/// Code, status, name and message: the tables of the wire facts (Altinn 3 §6.4 to §6.6), typed off.
const FACTS: &str = include_str!("../../data/codes.tsv");

#[test]
fn every_code_of_the_wire_facts_is_known_as_they_have_it() {
    let mut seen = BTreeSet::new();
    for line in FACTS.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let &[code, status, name, message] = cells.as_slice() else {
            panic!("{line}")
        };
        let known = codes::explain(code);
        let status = (!status.is_empty()).then(|| status.parse().unwrap());
        let found = known.iter().find(|entry| {
            entry.id() == code
                && entry.status() == status
                && (name.is_empty() || entry.name() == name)
                && (message.is_empty() || entry.message() == message)
        });
        let found = found.unwrap_or_else(|| panic!("{line}\n{known:#?}"));
        let remedy = found.remedy().to_string();
        assert!(remedy.len() > 8, "{code}: {remedy}");
        seen.insert(code);
    }
    assert!(seen.len() > 200);
    // where a number has two meanings, both are told
    assert_eq!(codes::explain("AM.VLD-00007").len(), 2);
    assert_eq!(codes::explain("AUTH.VLD-00014").len(), 2);
}

#[test]
fn what_says_nothing_or_says_little_can_be_acted_on_by_its_text_alone() {
    for (code, says) in [
        ("401", "exchanged token of a person or of a system user"),
        ("403", "tilgangsstyrer"),
        ("404", "not switched on"),
        ("AM-00022", "make the connection first"),
        ("AM-00024", "last name"),
        ("AM-00026", "wait an hour"),
    ] {
        let [entry] = codes::explain(code)[..] else {
            panic!("{code} has not one meaning")
        };
        assert!(
            entry.remedy().to_string().contains(says),
            "{code}: {}",
            entry.remedy()
        );
    }
}
