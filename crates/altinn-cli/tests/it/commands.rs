//! Every command, against a simulator in another process.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{SimProcess, Terminal};

const CUSTOMER: &str = "310753831";
const CUSTOMERS_UUID: &str = "8e81973e-0bec-47b0-b898-d190f9ebdacc";
/// Nobody's receiver yet.
const PERSON: &str = "24878123375";

#[test]
fn a_token_is_kept_for_the_next_command_where_nobody_else_reads_it() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let token = |more: &[&str]| {
        let command = [&["token", "--scope", "altinn:instances.read"], more].concat();
        terminal.run(&command).ends_with(0).out
    };
    let first = token(&[]);
    assert_eq!(token(&[]), first);
    let anew = token(&["--no-cache"]);
    assert_ne!(anew, first);
    assert_eq!(token(&[]), first, "what was asked for anew was not kept");

    let folder = terminal.folder.path().join(".cache/altinn");
    let kept: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!kept.is_empty());
    #[cfg(unix)]
    for file in kept.iter().chain([&folder]) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?} {mode:o}");
    }
    // damaged, it is as if there were none
    for file in kept {
        std::fs::write(file, "torn").unwrap();
    }
    assert_ne!(token(&[]), first);
}

#[test]
fn tokens_assertions_and_exchanges() {
    let (sim, terminal) = SimProcess::start(&[]);
    let token = terminal
        .run(&["token", "--scope", "altinn:instances.read"])
        .ends_with(0);
    assert_eq!(token.out.trim().split('.').count(), 3, "{token:#?}");
    assert!(token.err.is_empty(), "{token:#?}");

    // all scopes that are set
    let json = terminal.run(&["token", "--json"]).ends_with(0).json();
    assert!(json["expires_in"].as_u64().unwrap() > 60);
    assert!(
        json["scope"]
            .as_str()
            .unwrap()
            .contains("altinn:delegations.write")
    );
    assert_eq!(json["claims"]["consumer"]["ID"], "0192:310742104");

    let json = terminal
        .run(&[
            "assertion",
            "--json",
            "--scope",
            "altinn:instances.read",
            "--system-user",
            CUSTOMER,
        ])
        .ends_with(0)
        .json();
    assert_eq!(json["header"]["alg"], "RS256");
    assert_eq!(
        json["claims"]["aud"],
        terminal.settings["MASKINPORTEN_ISSUER"].as_str()
    );
    assert_eq!(
        json["claims"]["authorization_details"][0]["systemuser_org"]["ID"],
        format!("0192:{CUSTOMER}")
    );
    assert_eq!(json["assertion"].as_str().unwrap().split('.').count(), 3);

    let scope = ["--scope", "altinn:instances.read"];
    let as_organisation = ["token", "--exchange", "--json"];
    let json = terminal
        .run(&[&as_organisation[..], &scope].concat())
        .ends_with(0)
        .json();
    assert_eq!(json["claims"]["urn:altinn:orgNumber"], "310742104");
    let as_user = ["token", "--exchange", "--enterprise-user", "--json"];
    let json = terminal
        .run(&[&as_user[..], &scope].concat())
        .ends_with(0)
        .json();
    assert_eq!(json["claims"]["urn:altinn:username"], "sneglebruker");
    let as_system = ["token", "--exchange", "--system-user", CUSTOMER, "--json"];
    let json = terminal
        .run(&[&as_system[..], &scope].concat())
        .ends_with(0)
        .json();
    assert!(
        json["claims"]["authorization_details"]
            .to_string()
            .contains("310742104_snegleregnskap")
    );

    // a token for one person, with the number masked in what is shown
    let said = terminal.run(&["token", "--json", "--pid", PERSON, scope[0], scope[1]]);
    assert!(
        !said.err.contains(PERSON) && !said.out.contains(PERSON),
        "{said:#?}"
    );

    assert_eq!(sim.interrupt().code(), Some(130));
}

#[test]
fn rights_on_altinn_3_come_and_go() {
    let (sim, terminal) = SimProcess::start(&[]);
    let party = terminal.run(&["party", CUSTOMER]).ends_with(0);
    assert!(party.out.contains(CUSTOMERS_UUID), "{party:#?}");
    let json = terminal
        .run(&["party", CUSTOMER, "--json"])
        .ends_with(0)
        .json();
    assert_eq!(
        (json["uuid"].as_str(), json["api"].as_str()),
        (Some(CUSTOMERS_UUID), Some("altinn3"))
    );
    // a connection of the customer's
    let json = terminal
        .run(&["party", "09907240530", "--system-user", CUSTOMER, "--json"])
        .ends_with(0)
        .json();
    assert_eq!(json["connectedTo"], CUSTOMERS_UUID);
    assert_eq!(json["number"], "099072*****");
    // nobody's connection: refused, with the way that there is
    terminal
        .run(&["party", PERSON, "--system-user", CUSTOMER])
        .ends_with(1)
        .says("248781*****")
        .says("--last-name");

    let list = ["rights", "list", "--from", CUSTOMER];
    let before = terminal.run(&list).ends_with(0);
    assert!(!before.out.contains("KREATIV GRANITT"), "{before:#?}");

    let grant = |more: &[&str]| {
        let start = ["rights", "grant", "--from", CUSTOMER, "--to", PERSON];
        terminal.run(&[&start, more].concat())
    };
    let package = ["--package", "skattegrunnlag"];
    grant(&package).ends_with(1).says("--last-name");
    grant(&[&package[..], &["--last-name", "GRANITT"]].concat())
        .ends_with(0)
        .says("done");
    let json = grant(&[&package[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    assert!(json["steps"].to_string().contains("already"), "{json:#}");

    // of two, one may not be given
    let partly = [
        "--resource",
        "skf-skattemelding",
        "--resource",
        "skf-lukket-innsyn",
        "--right",
        "read",
    ];
    grant(&partly).ends_with(5).says("skf-lukket-innsyn");
    grant(&partly[2..])
        .ends_with(1)
        .says("ResourceNotDelegable");

    let to = terminal
        .run(&[&list[..], &["--to", PERSON, "--json"]].concat())
        .ends_with(0)
        .json();
    let held = &to["held"][0];
    assert_eq!(held["personNumber"], "248781*****");
    assert!(held["packages"].to_string().contains("skattegrunnlag"));
    assert!(
        held["resources"]
            .to_string()
            .contains("\"action\":\"read\""),
        "{held:#}"
    );

    let revoke = |more: &[&str]| {
        let start = ["rights", "revoke", "--from", CUSTOMER, "--to", PERSON];
        terminal.run(&[&start, more].concat())
    };
    revoke(&package).ends_with(0).says("done");
    revoke(&["--resource", "skf-skattemelding", "--right", "read"]).ends_with(0);
    let after = terminal
        .run(&[&list[..], &["--to", PERSON]].concat())
        .ends_with(0);
    assert!(!after.out.contains("skattegrunnlag"), "{after:#?}");
    // from a role of the register: not to be taken back here
    let manager = [
        "rights",
        "revoke",
        "--from",
        CUSTOMER,
        "--to",
        "17846430091",
    ];
    terminal
        .run(&[&manager[..], &package].concat())
        .ends_with(1)
        .says("daglig-leder");
    drop(sim);
}

#[test]
fn an_empty_connection_is_removed_when_told_to_and_no_other() {
    let (sim, terminal) = SimProcess::start(&[]);
    let change = |verb: &str, more: &[&str]| {
        let start = ["rights", verb, "--from", CUSTOMER, "--to", PERSON];
        terminal.run(&[&start, more].concat())
    };
    let package = ["--package", "skattegrunnlag"];
    let resource = ["--resource", "skf-postlogg"];
    let all = [&package[..], &resource, &["--last-name", "GRANITT"]].concat();
    let remove = "--remove-connection";
    let list = ["rights", "list", "--from", CUSTOMER, "--to", PERSON];

    change("grant", &all).ends_with(0);
    change("revoke", &[remove])
        .ends_with(1)
        .says("AM.VLD-00010")
        .says("what to do");
    let json = change("revoke", &[&package[..], &[remove, "--json"]].concat())
        .ends_with(0)
        .json();
    assert_eq!(json["connectionRemoved"], false, "{json:#}");
    terminal.run(&list).ends_with(0).says("skf-postlogg");
    change("revoke", &[&resource[..], &[remove]].concat())
        .ends_with(0)
        .says("then the connection was removed");
    terminal.run(&list).ends_with(1);

    change("grant", &all).ends_with(0);
    change("revoke", &[&package[..], &resource].concat())
        .ends_with(0)
        .says("--remove-connection");
    let json = change("revoke", &[remove, "--json"]).ends_with(0).json();
    assert_eq!(json["connectionRemoved"], true, "{json:#}");
    terminal.run(&list).ends_with(1);
    change("revoke", &[remove, "--api", "altinn2"])
        .ends_with(2)
        .says("goes by itself");
    drop(sim);
}

#[test]
fn rights_on_altinn_2_come_and_go() {
    let (sim, terminal) = SimProcess::start(&[]);
    let api = ["--api", "altinn2"];
    let party = ["party", CUSTOMER, "--name", "SNILL OPPRINNELIG ELG AS"];
    terminal
        .run(&[&party[..], &api].concat())
        .ends_with(0)
        .says("r51500103");
    let person = ["party", PERSON, "--last-name", "GRANITT", "--json"];
    let json = terminal
        .run(&[&person[..], &api].concat())
        .ends_with(0)
        .json();
    assert_eq!(
        (json["id"].as_str(), json["number"].as_str()),
        (Some("r51600203"), Some("248781*****"))
    );
    terminal
        .run(&["party", PERSON, "--last-name", "FEIL", "--api", "altinn2"])
        .ends_with(1)
        .says("what to do");

    let list = ["rights", "list", "--from", CUSTOMER, "--api", "altinn2"];
    terminal
        .run(&list)
        .ends_with(0)
        .says("UTINN")
        .says("from a register");
    let change = |verb: &str, more: &[&str]| {
        let start = [
            "rights",
            verb,
            "--from",
            CUSTOMER,
            "--to",
            PERSON,
            "--last-name",
            "GRANITT",
        ];
        terminal.run(&[&start, &api[..], more].concat())
    };
    change("grant", &["--role", "11"]).ends_with(0).says("done");
    change(
        "grant",
        &[
            "--service",
            "1051/140619",
            "--right",
            "read",
            "--right",
            "Write",
        ],
    )
    .ends_with(0);
    change("grant", &["--service", "1051/140619"])
        .ends_with(2)
        .says("actions");
    change("grant", &["--role", "INGENSLIK"])
        .ends_with(2)
        .says("INGENSLIK");
    change("grant", &["--package", "skattegrunnlag"])
        .ends_with(2)
        .says("--role");
    change("grant", &["--role", "195"]).ends_with(1);

    let one = [&list[..], &["--to", "r51600203"]].concat();
    let said = terminal.run(&one).ends_with(0);
    assert!(said.out.contains("role 11 UTINN"), "{said:#?}");
    let direct = "service 1051/140619 Merverdiavgift (Read, Write)";
    assert!(said.out.contains(direct), "{said:#?}");
    change("revoke", &["--service", "1051/140619", "--right", "Write"]).ends_with(0);
    let said = terminal.run(&one).ends_with(0);
    assert!(
        !said.out.contains(direct) && said.out.contains("1051/140619 Merverdiavgift (Read)"),
        "{said:#?}"
    );
    change("revoke", &["--role", "11", "--service", "1051/140619"]).ends_with(0);
    let said = terminal.run(&list).ends_with(0);
    assert!(!said.out.contains("GRANITT"), "{said:#?}");
    drop(sim);
}

#[test]
fn after_altinn_2_closed_the_error_names_the_way_that_is_open() {
    let (_sim, terminal) = SimProcess::start(&["--era", "closed"]);
    let said = terminal.run(&[
        "token",
        "--exchange",
        "--enterprise-user",
        "--scope",
        "altinn:reportees",
    ]);
    said.ends_with(1).says("410").says("system user");
}

#[test]
fn any_other_call() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let parties = "/accessmanagement/api/v1/enduser/authorizedparties";
    let scope = ["--scope", "altinn:accessmanagement/authorizedparties"];
    let said = terminal
        .run(&[
            "api",
            "get",
            parties,
            "--system-user",
            CUSTOMER,
            scope[0],
            scope[1],
        ])
        .ends_with(0);
    assert!(
        said.out.starts_with("200 OK\n") && said.out.contains(CUSTOMERS_UUID),
        "{said:#?}"
    );
    let said = terminal
        .run(&[
            "api",
            "GET",
            parties,
            "--as",
            "organisation",
            scope[0],
            scope[1],
            "--json",
        ])
        .ends_with(1);
    assert_eq!(said.json()["status"], 401);

    let body = terminal.file(
        "party.json",
        r#"{"OrganizationNumber":"310753831","OrganizationName":"SNILL OPPRINNELIG ELG AS"}"#,
    );
    let convert = [
        "api",
        "POST",
        "/api/reportees/ReporteeConversion",
        "--scope",
        "altinn:reportees",
    ];
    let json = terminal
        .run(&[&convert[..], &["--json", "--body", body.to_str().unwrap()]].concat())
        .ends_with(0)
        .json();
    assert_eq!(json["body"]["ReporteeId"], "r51500103");
    // the reason phrase is where Altinn 2 says why
    terminal
        .run(&[
            "api",
            "GET",
            "/api/reportees",
            "--scope",
            "altinn:instances.read",
        ])
        .ends_with(1)
        .says("Missing required scope");

    // no token for anybody else
    terminal
        .run(&["api", "GET", "https://example.com/", scope[0], scope[1]])
        .ends_with(4)
        .says("example.com");
    terminal
        .run(&["api", "GET", "authorizedparties", scope[0], scope[1]])
        .ends_with(2)
        .says("begin with /");
    terminal
        .run(&["api", "G T", parties, scope[0], scope[1]])
        .ends_with(2)
        .says("no HTTP method");
    terminal
        .run(&[
            "api",
            "POST",
            parties,
            "--body",
            "nowhere.json",
            scope[0],
            scope[1],
        ])
        .ends_with(2)
        .says("nowhere.json");
}

#[test]
fn a_profile_does_what_the_environment_does_and_loses_to_it() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let fresh = Terminal::empty();
    let lines: Vec<String> = terminal
        .settings
        .iter()
        .map(|(name, value)| format!("{name} = '{value}'"))
        .collect();
    fresh.file(
        "altinn.toml",
        format!("[profile.sim]\n{}\n", lines.join("\n")),
    );
    let token = [
        "token",
        "--profile",
        "sim",
        "--scope",
        "altinn:instances.read",
    ];
    fresh.run(&token).ends_with(0);
    fresh
        .run(&["token", "--profile", "other"])
        .ends_with(2)
        .says("no profile other")
        .says("sim");
    let wrong = fresh.but(&[("MASKINPORTEN_CLIENT_ID", "no-such-client")]);
    let config = fresh.folder.path().join("altinn.toml");
    let config = ["--config", config.to_str().unwrap()];
    wrong
        .run(&[&token[..], &config].concat())
        .ends_with(1)
        .says("no-such-client");
    let flag = ["--client-id", &terminal.settings["MASKINPORTEN_CLIENT_ID"]];
    wrong
        .run(&[&token[..], &config, &flag].concat())
        .ends_with(0);
}

#[test]
fn ctrl_c_ends_the_simulator_and_leaves_whole_files() {
    let (sim, terminal) = SimProcess::start(&[]);
    assert_eq!(sim.interrupt().code(), Some(130));
    let mut names: Vec<String> = std::fs::read_dir(terminal.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["sim.env", "sim.env.ca.pem", "sim.env.p12"]);
    // and nobody is there any more
    terminal
        .run(&["token"])
        .ends_with(3)
        .says("could not connect");
}

#[test]
fn ctrl_c_interrupts_a_command_that_waits() {
    // takes connections and never answers
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (_sim, terminal) = SimProcess::start(&[]);
    let waiting = terminal.but(&[("MASKINPORTEN_TOKEN_ENDPOINT", &address)]);
    let mut child = waiting
        .command(&["token"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (connection, _) = listener.accept().unwrap();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert!(out.is_empty() && err.contains("interrupted"), "{out}{err}");
    drop(connection);
}

#[test]
fn ctrl_c_in_the_demonstration_leaves_no_key_behind() {
    let mut terminal = Terminal::empty();
    let folder = tempfile::tempdir().unwrap();
    terminal.set("TMPDIR", folder.path().to_str().unwrap());
    let mut child = terminal
        .command(&["demo"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    // its settings and its key file are written before the first line
    std::io::BufRead::read_line(&mut out, &mut String::new()).unwrap();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    out.read_to_string(&mut String::new()).unwrap();
    // it may have been done already
    let code = child.wait().unwrap().code();
    assert!(code == Some(130) || code == Some(0), "{code:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_switch_makes_the_simulator_otherwise_and_an_unknown_one_gives_the_list() {
    let nobody = Terminal::empty();
    nobody
        .run(&["sim", "--help"])
        .ends_with(0)
        .says("pdp-at-once: ")
        .says("altinn2-23.4: ");
    nobody
        .run(&["sim", "--switch", "no-such"])
        .ends_with(2)
        .says("no-such")
        .says("right-does-not-stick");

    let may = ["may", PERSON, "read", "skf-skattemelding", CUSTOMER];
    let without_key = [("ALTINN_SUBSCRIPTION_KEY", "not-a-key")];
    let grant = [
        "rights",
        "grant",
        "--from",
        CUSTOMER,
        "--to",
        PERSON,
        "--last-name",
        "GRANITT",
        "--package",
        "skattegrunnlag",
    ];
    let (_sim, terminal) = SimProcess::start(&[]);
    let refused = terminal.but(&without_key).run(&may);
    assert!(refused.err.contains("401"), "{refused:#?}");
    terminal.run(&grant).ends_with(0);
    let switches = ["pdp-without-key", "right-does-not-stick"];
    let switches: Vec<&str> = switches.iter().flat_map(|s| ["--switch", s]).collect();
    let (_other, terminal) = SimProcess::start(&switches);
    let answered = terminal.but(&without_key).run(&may);
    assert!(!answered.err.contains("401"), "{answered:#?}");
    let lost = terminal.run(&grant);
    assert_ne!(lost.code, Some(0), "{lost:#?}");
}
