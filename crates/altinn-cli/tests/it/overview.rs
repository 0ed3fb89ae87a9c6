//! What one sees before one changes anything: whom one may act for, who holds what.

use std::collections::BTreeSet;

use altinn_sim::{Fault, Host, Simulator};
use serde_json::Value;

use crate::support::{Said, SimProcess, Terminal};

const CUSTOMER: &str = "310753831";
const PERSON: &str = "24878123375";

#[test]
fn parties_and_exports() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let parties = ["parties", "--system-user", CUSTOMER];
    let table = terminal.run(&parties).ends_with(0).says(CUSTOMER);
    assert!(!table.out.contains("HOLDS"), "{table:#?}");
    let details = [&parties[..], &["--details"]].concat();
    terminal
        .run(&details)
        .ends_with(0)
        .says("package tilgangsstyrer")
        .out
        .lines()
        // a line for each thing held
        .for_each(|line| {
            let things = line.matches("package ").count() + line.matches("role ").count();
            assert!(things <= 1, "{line}");
        });
    let json = terminal
        .run(&[&details[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    assert_eq!(json["parties"][0]["organisationNumber"], CUSTOMER);
    // nothing is held on a resource that nobody knows
    let none = terminal
        .run(&[&parties[..], &["--resource", "no-such-resource"]].concat())
        .ends_with(0);
    assert_eq!(none.out, "Nobody.\n");
    terminal
        .run(&["parties"])
        .ends_with(2)
        .says("--system-user");

    for what in [
        &["--package", "skattegrunnlag"][..],
        &["--resource", "skf-skattemelding", "--right", "read"],
    ] {
        let grant = [
            "rights",
            "grant",
            "--from",
            CUSTOMER,
            "--to",
            PERSON,
            "--last-name",
            "GRANITT",
        ];
        terminal.run(&[&grant[..], what].concat()).ends_with(0);
    }
    let export = ["rights", "export", "--from", CUSTOMER];
    let csv = terminal.run(&export).ends_with(0).out;
    let mut lines = csv.lines();
    let names: Vec<_> = lines.next().unwrap().split(',').collect();
    assert_eq!(names[..3], ["readAt", "source", "giver"]);
    let theirs: Vec<_> = lines
        .filter(|line| line.contains("KREATIV GRANITT"))
        .collect();
    assert!(theirs.iter().any(|line| {
        line.contains(",package,urn:altinn:accesspackage:skattegrunnlag,Skattegrunnlag,")
            && line.ends_with(",given directly,true")
    }));
    assert!(
        theirs
            .iter()
            .any(|line| line.contains(",resource,skf-skattemelding,")
                && line.contains(",read,")
                && line.ends_with(",true"))
    );
    assert!(csv.contains("248781*****") && !csv.contains(PERSON));

    let json = terminal
        .run(&[&export[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), csv.lines().count() - 1);
    for row in rows {
        assert!(
            row["source"]
                .as_str()
                .unwrap()
                .starts_with("Altinn 3, http://127.0.0.1")
        );
        assert!(row["readAt"].as_str().unwrap().ends_with('Z'));
        assert_eq!(row["giverNumber"], CUSTOMER);
        let columns: BTreeSet<_> = row
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(columns, names.iter().copied().collect());
    }

    let file = terminal.folder.path().join("rights.csv");
    let to_file = [
        &export[..],
        &["--excel", "--output", file.to_str().unwrap()],
    ]
    .concat();
    terminal.run(&to_file).ends_with(0).says("receivers");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.starts_with("\u{feff}readAt;source;giver;"),
        "{written}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    terminal
        .run(&[&export[..], &["--output", "no/such/folder.csv"]].concat())
        .ends_with(2)
        .says("no/such/folder.csv");

    let altinn2 = [&export[..], &["--api", "altinn2", "--json"]].concat();
    let json = terminal.run(&altinn2).ends_with(0).json();
    let rows = json["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["kind"] == "role" && row["name"] != "")
    );
    assert!(
        rows[0]["source"]
            .as_str()
            .unwrap()
            .starts_with("Altinn 2, http://127.0.0.1")
    );
}

#[test]
fn whether_somebody_may_is_asked_of_the_decision_point() {
    let seed = Terminal::empty().seed(
        "[[resources]]\nid = \"skf-nivaa\"\nuuid = \"8f1f6f8b-3f0d-4a64-8d5c-0e9b5f2f4aff\"\nname = \"Med nivå\"\ndescription = \"For den som har logget inn sikkert\"\nowner = \"skf\"\nactions = [\"read\", \"write\"]\npackages = [\"skattegrunnlag\"]\nlevel = 3\n",
    );
    let (_sim, terminal) = SimProcess::start(&["--seed", seed.path()]);
    let manager = "17846430091";
    let may = |words: &[&'static str]| {
        let command = [&["may"], words].concat();
        terminal.run(&command)
    };
    let ask = [manager, "read", "skf-nivaa", "for", CUSTOMER];
    let said = may(&ask);
    assert!(!said.out.contains(manager) && !said.err.contains(manager));
    said.ends_with(1).says("Only if").says("--level");
    let at_level = may(&[&ask[..], &["--level", "4", "--json"]].concat());
    let json = at_level.ends_with(0).json();
    assert_eq!(json["may"], true);
    assert_eq!(json["answers"][0]["action"], "read");
    assert!(json["who"].as_str().unwrap().contains("178464*****"));
    // a person whom nothing connects to the customer
    let other = [
        PERSON,
        "read,write",
        "skf-skattemelding",
        CUSTOMER,
        "--level",
        "4",
    ];
    may(&other).ends_with(1).says("write").says("no");
    // what Altinn does not know is an error, and no answer
    let unknown = [manager, "read", "no-such-resource", "for", CUSTOMER];
    may(&unknown).ends_with(3).says("no decision");
    for wrong in [
        &["17846430092", "read", "skf-skattemelding", "for", CUSTOMER][..],
        &[manager, ",", "skf-skattemelding", "for", CUSTOMER],
        &[manager, "read", "skf-skattemelding", "for"],
        &[
            "system-user:x",
            "read",
            "skf-skattemelding",
            "for",
            CUSTOMER,
        ],
        &["org:ttd", "read", "skf-skattemelding"],
    ] {
        may(wrong).ends_with(2).says("what to do");
    }
}

#[test]
fn packages_and_resources_are_found_without_a_login() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let open = terminal.but(&[("MASKINPORTEN_PKCS12", "")]);
    open.run(&["packages", "search", "skatt"])
        .ends_with(0)
        .says("skattegrunnlag");
    open.run(&["packages", "search", "no-such-thing-at-all"])
        .ends_with(0)
        .says("No access packages");
    open.run(&["packages", "list"])
        .ends_with(0)
        .says("tilgangsstyrer");
    let shown = open.run(&["packages", "show", "skattegrunnlag", "--json"]);
    let shown = shown.ends_with(0).json();
    assert_eq!(
        shown["package"]["urn"],
        "urn:altinn:accesspackage:skattegrunnlag"
    );
    open.run(&["packages", "show", "no-such-package"])
        .ends_with(1)
        .says("altinn packages search");
    open.run(&["packages", "resources", "skattemelding"])
        .ends_with(0)
        .says("skf-skattemelding");
}

#[test]
fn packages_and_resources_are_given_by_the_names_people_know() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let grant = [
        "rights",
        "grant",
        "--from",
        CUSTOMER,
        "--to",
        PERSON,
        "--last-name",
        "GRANITT",
    ];
    let by_name = |what: &[&str]| terminal.run(&[&grant[..], what].concat());
    by_name(&["--package", "POST og  telekommunikasjon"])
        .ends_with(0)
        .says("package:post-og-telekommunikasjon");
    by_name(&["--resource", "Skattemelding", "--right", "read"])
        .ends_with(0)
        .says("resource:skf-skattemelding#read");
    by_name(&["--package", "post og"])
        .ends_with(2)
        .says("no access package is called \"post og\"")
        .says("perhaps post-og-telekommunikasjon (Post og telekommunikasjon)");
    let check = [
        "rights",
        "check",
        "--from",
        CUSTOMER,
        "--resource",
        "Innsyn på slump",
    ];
    terminal
        .run(&check)
        .ends_with(2)
        .says("no resource is called");

    let list = terminal.file(
        "list.csv",
        "to,package\n24878123375,Post og telekommunikasjon\n24878123375,Post og\n",
    );
    let list = list.to_str().unwrap();
    let many = [
        "rights",
        "grant",
        "--from",
        CUSTOMER,
        "--file",
        list,
        "--dry-run",
    ];
    terminal
        .run(&many)
        .ends_with(2)
        .says("line 3: no access package is called \"Post og\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_shown_by_the_names_that_people_know() {
    let simulator = Simulator::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    let terminal = Terminal::with(folder, &file);
    let list = |more: &[&str]| {
        let list = ["rights", "list", "--from", CUSTOMER];
        terminal.run(&[&list, more].concat()).ends_with(0)
    };
    let row = |said: &Said, parts: &[&str]| {
        let mut lines = said.out.lines();
        assert!(
            lines.any(|line| parts.iter().all(|part| line.contains(part))),
            "{parts:?}: {said:#?}"
        );
    };
    let said = list(&[]);
    row(&said, &["HOLDS", "NAME", "HOW"]);
    row(&said, &["role daglig-leder", "Daglig leder"]);
    let code = "post-og-telekommunikasjon";
    row(
        &said,
        &[&format!("package {code}"), "Post og telekommunikasjon"],
    );
    assert!(said.err.is_empty(), "{said:#?}");

    let held = list(&["--json"]).json();
    let all = |kind: &str| -> Vec<Value> {
        let holders = held["held"].as_array().unwrap().iter();
        let of = |one: &Value| one[kind].as_array().unwrap().clone();
        holders.flat_map(of).collect()
    };
    let urn = format!("urn:altinn:accesspackage:{code}");
    let mut package = all("packages").into_iter();
    let package = package.rfind(|one| one["package"] == urn).unwrap();
    assert_eq!(package["name"], "Post og telekommunikasjon");
    assert!(package["how"].is_array());
    let mut role = all("roles").into_iter();
    let role = role.rfind(|one| one["role"] == "daglig-leder").unwrap();
    assert_eq!(role["name"], "Daglig leder");

    // names are for the eye: without them the codes stand there, and it is said why
    let metadata = "/accessmanagement/api/v1/meta/info/";
    let fails = || {
        let fault = Fault::Status {
            status: 404,
            phrase: "Not Found".to_owned(),
        };
        for nth in 1..=2 {
            let (faults, fault) = (simulator.faults(), fault.clone());
            faults.on_call(Host::Platform, metadata, nth, fault);
        }
    };
    fails();
    let said = list(&[])
        .says("warning: the names of access packages could not be read, so codes are shown")
        .says("warning: the names of roles could not be read, so codes are shown");
    row(&said, &[&format!("package {code}")]);
    row(&said, &["role daglig-leder"]);
    assert!(!said.out.contains("Daglig leder"), "{said:#?}");
    simulator.faults().clear();
    fails();
    let export = ["rights", "export", "--from", CUSTOMER];
    let said = terminal.run(&export).ends_with(0).says("warning: ");
    row(&said, &[&format!(",package,{urn},,")]);
    simulator.faults().clear();
    let said = terminal.run(&export).ends_with(0);
    row(
        &said,
        &[&format!(",package,{urn},Post og telekommunikasjon,")],
    );
    row(&said, &[",role,daglig-leder,Daglig leder,"]);
}
