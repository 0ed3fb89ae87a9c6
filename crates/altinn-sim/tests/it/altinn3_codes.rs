//! Every code of Altinn 3 is caused by state in a test, or there is a reason why no client can.

use std::path::Path;

/// Code, the names of its meanings and the reason: typed off the wire facts (§6.4, §6.6).
const CODES: &str = include_str!("../data/altinn3_codes.tsv");

/// The Rust files of a folder without their comments.
fn code_of(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut text = String::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let file = std::fs::read_to_string(path).unwrap();
            let lines = file
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            text.extend(lines.flat_map(|line| [line, "\n"]));
        }
    }
    text
}

#[test]
fn every_code_is_caused_in_a_test_or_cannot_be() {
    let (tests, simulator) = (code_of("tests/it"), code_of("src/altinn3"));
    let (mut caused, mut not, mut wrong) = (0, 0, Vec::new());
    for line in CODES.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let code = cells[0];
        let given = simulator.contains(&format!("\"{code}\""));
        match cells.get(2) {
            None if given && tests.contains(code) => caused += 1,
            None => wrong.push(format!("{code} is not caused in a test, and has no reason")),
            Some(_) if !given => not += 1,
            Some(reason) => wrong.push(format!("{code} is given, and yet: {reason}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(caused > 65 && not > 40, "{caused} and {not}");
    // and the simulator makes none up
    for piece in simulator.split('"').skip(1).step_by(2) {
        let is_code = ["AM-", "AM.VLD-", "AMSO.VLD-", "RR-", "RR.VLD-"]
            .iter()
            .any(|start| {
                piece
                    .strip_prefix(start)
                    .is_some_and(|rest| rest.len() == 5)
            });
        assert!(
            !is_code
                || CODES
                    .lines()
                    .any(|line| line.split('\t').next() == Some(piece)),
            "{piece} is no code of the wire facts"
        );
    }
}
