//! From Altinn 2 to Altinn 3 with the command: listed while the one answers, given on the other.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::batch;
use crate::support::{SimProcess, Terminal};

const CUSTOMER: &str = "310753831";
const PERSON: &str = "24878123375";

#[test]
fn a_saved_listing_becomes_rights_on_altinn_3() {
    let (_sim, mut terminal) = SimProcess::start(&[]);
    let run = |terminal: &Terminal, args: &[&str]| terminal.run(args);

    // the setting says which generation; a flag wins
    terminal.set("ALTINN_GENERATION", "altinn2");
    let to = ["--from", CUSTOMER, "--to", PERSON, "--last-name", "GRANITT"];
    let what = ["--role", "4", "--service", "4936/1", "--right", "Access"];
    let dry = [&["rights", "grant", "--dry-run"], &to[..], &what].concat();
    run(&terminal, &dry)
        .ends_with(0)
        .says("give altinn2:role:4: will be tried")
        .says("Nothing was changed");
    run(&terminal, &[&["rights", "grant"], &to[..], &what].concat()).ends_with(0);
    run(&terminal, &dry).ends_with(0).says("is so already");
    let saved = run(&terminal, &["rights", "list", "--from", CUSTOMER, "--json"]).ends_with(0);
    let json = saved.json();
    assert_eq!(json["api"], "altinn2");
    assert!(!saved.out.contains(PERSON));
    let held = json["held"].as_array().unwrap();
    let holder = held
        .iter()
        .find(|one| one["SocialSecurityNumber"] == "248781*****")
        .unwrap();
    let id = holder["RightHolderId"].as_str().unwrap();
    let check = ["rights", "check", "--from", CUSTOMER, "--role", "195"];
    run(&terminal, &check)
        .ends_with(1)
        .says("a role of a register");
    terminal.set("ALTINN_GENERATION", "altinn3");
    let listing = terminal.file("old.json", &saved.out);
    let listing = listing.to_str().unwrap();

    // without a network: what corresponds, and who says so
    let migrate = ["rights", "migrate", "--from-file", listing];
    run(&Terminal::empty(), &migrate)
        .ends_with(0)
        .says("altinn3:package:tilgangsstyrer")
        .says("AltinnAdminRoleSyncService")
        .says("spread over several access packages")
        .says("no row says which resource replaces the service")
        .says("Nothing was changed");

    // a masked number is nobody, and that is said before anything is given
    let apply = [&migrate[..], &["--from", CUSTOMER, "--apply"]].concat();
    run(&terminal, &apply)
        .ends_with(2)
        .says("masked in the listing")
        .says("--receivers");

    // a number that is another person's is not given to
    let wrong = format!("id,to,lastName\n{id},09907240530,ELV\n");
    let wrong = terminal.file("wrong.csv", wrong);
    let with = |file: &std::path::Path| -> Vec<String> {
        let file = file.to_str().unwrap().to_owned();
        apply
            .iter()
            .map(|arg| (*arg).to_owned())
            .chain(["--receivers".to_owned(), file])
            .collect()
    };
    let call = |args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        terminal.run(&args)
    };
    call(&with(&wrong)).ends_with(4).says("nothing was given");

    // a plan, with rows of one's own; it changes nothing
    let people = terminal.file(
        "people.csv",
        format!("id,to,lastName\n{id},{PERSON},GRANITT\n"),
    );
    let table = terminal.file(
        "table.csv",
        "altinn2,altinn3,source\nservice:4936/1,altinn3:resource:skf-postlogg#read,letter of 2026-03-02\n",
    );
    let table = ["--table".to_owned(), table.to_str().unwrap().to_owned()];
    let all = [with(&people), table.to_vec()].concat();
    let plan: Vec<String> = all
        .iter()
        .filter(|arg| *arg != "--apply")
        .cloned()
        .collect();
    call(&plan)
        .ends_with(0)
        .says("connect: will be done")
        .says("give altinn3:package:tilgangsstyrer: will be done");
    let listed = ["rights", "list", "--from", CUSTOMER];
    let before = terminal.run(&listed).ends_with(0);
    assert!(!before.out.contains("GRANITT"), "{before:#?}");

    // given, and nothing is given twice
    let done = call(&[&all[..], &["--json".to_owned()]].concat()).ends_with(0);
    assert!(!done.out.contains(PERSON), "{done:#?}");
    assert!(done.out.contains("letter of 2026-03-02"), "{done:#?}");
    let after = terminal.run(&listed).ends_with(0);
    for held in ["tilgangsstyrer", "skf-postlogg"] {
        let row = |line: &&str| line.contains("GRANITT") && line.contains(held);
        assert!(after.out.lines().any(|line| row(&line)), "{after:#?}");
    }
    let again = call(&all).ends_with(0).says("already in an earlier run");
    assert!(!again.out.contains(": done"), "{again:#?}");
    let results = format!("{listing}.migrate-results.jsonl");
    let written = std::fs::read_to_string(&results).unwrap();
    assert!(!written.contains(PERSON), "{written}");
    // without what was written down all is looked at anew
    std::fs::remove_file(&results).unwrap();
    let again = call(&all).ends_with(0).says("already");
    assert!(!again.out.contains(": done"), "{again:#?}");
}

/// A listing in which everybody with these ids holds the role that became `tilgangsstyrer`.
fn listing(ids: &[String]) -> String {
    let holder = |id: &String| {
        json!({
            "RightHolderId": id,
            "Name": format!("MOTTAKER {id}"),
            "SocialSecurityNumber": "",
            "Roles": [{
                "RoleType": "Altinn",
                "RoleDefinitionId": 4,
                "RoleDefinitionCode": "ADMAI",
                "RoleName": "Access manager",
                "RoleId": 17,
                "Delegator": "SOMEBODY",
            }],
        })
    };
    json!(ids.iter().map(holder).collect::<Vec<_>>()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_killed_goes_on_and_gives_nothing_twice() {
    let (_simulator, terminal, watch, uuids) = batch::simulator(6).await;
    let mut ids: Vec<String> = (0..6).map(|nth| format!("r{nth}")).collect();
    let mut people = "id,to,lastName\n".to_owned();
    for (id, uuid) in ids.iter().zip(&uuids) {
        people.push_str(&format!("{id},{uuid},\n"));
    }
    // one who is not named yet keeps nobody waiting
    ids.insert(2, "r70".to_owned());
    let old = terminal.file("old.json", listing(&ids));
    let file = terminal.file("people.csv", &people);
    let (old, file) = (old.to_str().unwrap(), file.to_str().unwrap());
    let migrate = ["rights", "migrate", "--from-file", old, "--from", CUSTOMER];
    let apply = [&migrate[..], &["--receivers", file, "--apply"]].concat();

    // at every third request, whatever it is
    let mut killed = 0;
    for kill_at in (5..).step_by(3) {
        let said = batch::run(&terminal, &watch, &apply, kill_at);
        match said.code {
            None => killed += 1,
            _ => {
                said.ends_with(5)
                    .says("r70 MOTTAKER r70: not given")
                    .says("--receivers")
                    .says("6 are there now");
                break;
            }
        }
    }
    assert!(killed >= 4, "{killed}");
    watch.nothing_was_done_twice();
    let gives = "POST /accessmanagement/api/v1/enduser/connections/accesspackages";
    assert_eq!(watch.changes(gives), 6);

    // once it is known who it is, it is given; a name that may have been refused is not looked up again
    watch.at_changes.store(true, Ordering::SeqCst);
    let with = |name: &str| {
        let people = format!("{people}r70,30885515084,{name}\n");
        terminal.file("people.csv", people);
    };
    with("FEIL");
    let before = watch.connects.load(Ordering::SeqCst);
    assert_eq!(batch::run(&terminal, &watch, &apply, 1).code, None);
    for _ in 0..2 {
        let said = terminal.run(&apply).ends_with(5).says("not tried again");
        assert!(!said.out.contains("30885515084") && !said.err.contains("30885515084"));
        assert_eq!(watch.connects.load(Ordering::SeqCst), before + 1);
    }
    with("LAMPE");
    terminal.run(&apply).ends_with(0).says("7 are there now");
    watch.nothing_was_done_twice();
    assert_eq!(watch.changes(gives), 7);

    // another table is another run
    let table = "altinn2,altinn3,source\nrole:ADMAI,altinn3:package:skattegrunnlag,letter\n";
    let table = terminal.file("table.csv", table);
    let more = [&apply[..], &["--table", table.to_str().unwrap()]].concat();
    terminal.run(&more).ends_with(2).says("journal");
}

#[test]
fn what_can_be_given_is_asked_on_either_generation() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let check = ["rights", "check", "--from", CUSTOMER];
    let ask = |more: &[&str]| terminal.run(&[&check, more].concat());
    ask(&[
        "--package",
        "skattegrunnlag",
        "--resource",
        "skf-skattemelding",
    ])
    .ends_with(0)
    .says("yes");
    let json = ask(&["--resource", "skf-lukket-innsyn", "--json"])
        .ends_with(1)
        .json();
    assert_eq!(json["checked"][0]["mayGive"], "no");
    ask(&["--role", "REGNA", "--api", "altinn2"])
        .ends_with(0)
        .says("perhaps");
    // a single change, before it is made
    let dry = [
        "rights",
        "revoke",
        "--dry-run",
        "--from",
        CUSTOMER,
        "--to",
        "09907240530",
    ];
    terminal
        .run(&[&dry[..], &["--package", "post-og-telekommunikasjon"]].concat())
        .ends_with(0)
        .says("take back altinn3:package:post-og-telekommunikasjon: will be done")
        .says("left behind: the connection");
}

#[test]
fn mistakes_are_said_before_anything_is_sent() {
    let terminal = Terminal::empty();
    let file = |content: &str| {
        let path = terminal.file("listing.json", content);
        path.to_str().unwrap().to_owned()
    };
    let good = r#"[{"RightHolderId":"r1","Name":"A","Roles":[]}]"#;
    for wrong in [
        "",
        "{}",
        r#"{"api":"altinn3","held":[]}"#,
        r#"[{"RightHolderId":"r1","Name":"A"}]"#,
    ] {
        let path = file(wrong);
        terminal
            .run(&["rights", "migrate", "--from-file", &path])
            .ends_with(2);
    }
    let path = file(good);
    let migrate = ["rights", "migrate", "--from-file", &path];
    let run = |more: &[&str]| terminal.run(&[&migrate, more].concat());
    run(&["--apply"]).ends_with(2).says("--from");
    let with = |flag: &str, content: &str| {
        let path = terminal.file("rows.csv", content);
        run(&[flag, path.to_str().unwrap()])
    };
    with("--receivers", "id,to,lastName\nr2,310753831,\n")
        .ends_with(2)
        .says("r2");
    let twice = "id,to,lastName\nr1,310753831,\nr1,310753831,\n";
    with("--receivers", twice).ends_with(2).says("twice");
    let mistyped = with("--receivers", "id,to,lastName\nr1,24878123376,X\n").ends_with(2);
    assert!(!mistyped.err.contains("24878123376"), "{mistyped:#?}");
    with("--receivers", "id\nr1\n").ends_with(2).says("line 2");
    with(
        "--table",
        "altinn2,altinn3,source\nrole:UTINN,altinn3:package:x,\n",
    )
    .ends_with(2)
    .says("source");
    with(
        "--table",
        "altinn2,altinn3,source\nrole:UTINN,altinn2:role:1,letter\n",
    )
    .ends_with(2);
    let terminal = terminal.but(&[("ALTINN_GENERATION", "altinn4")]);
    terminal
        .run(&["rights", "list", "--from", CUSTOMER])
        .ends_with(2)
        .says("ALTINN_GENERATION");
}
