//! Asking for access, and client delegation: what a person does with others.

use std::io::{BufRead as _, BufReader};

use altinn_sim::{Builder, Quirks, Simulator};

use crate::people::{Browser, Waiting, simulator_of};
use crate::support::Terminal;

const CUSTOMER: &str = "310753831";
const PERSON: &str = "24878123375";
const PROVIDER: &str = "310779253";
const CLIENT: &str = "310749745";

async fn log_in(simulator: &Simulator, terminal: &Terminal, number: &str) {
    log_in_for(simulator, terminal, number, &SCOPES).await;
}

const SCOPES: [&str; 8] = [
    "altinn:accessmanagement/authorizedparties",
    "altinn:accessmanagement/enduser:connections:fromothers.read",
    "altinn:accessmanagement/enduser:requests.read",
    "altinn:accessmanagement/enduser:requests.write",
    "altinn:clientdelegations.read",
    "altinn:clientdelegations.write",
    "altinn:clientdelegations/myclients.read",
    "altinn:clientdelegations/myclients.write",
];

async fn log_in_for(simulator: &Simulator, terminal: &Terminal, number: &str, scopes: &[&str]) {
    let mut args = vec!["--no-browser"];
    for scope in scopes {
        args.extend(["--scope", scope]);
    }
    let waiting = Waiting::start(terminal, &args, None);
    let party = simulator.world().person(number).unwrap().party_uuid;
    let (status, page) = Browser::new()
        .log_in_as(simulator, &waiting.url, &party.to_string(), "log_in")
        .await;
    assert_eq!(status, 200, "{page}");
    waiting.ended().ends_with(0);
}

pub(crate) async fn as_(builder: Builder, number: &str) -> (Simulator, Terminal, String) {
    let (simulator, terminal) = simulator_of(builder).await;
    log_in(&simulator, &terminal, number).await;
    let own = simulator.world().person(number).unwrap().party_uuid;
    (simulator, terminal, own.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_asked_for_and_given_or_refused() {
    let (simulator, terminal, asker) = as_(Simulator::builder(), PERSON).await;
    let customer = simulator.world().organisation(CUSTOMER).unwrap().party_uuid;
    let customer = customer.to_string();
    let ask = |what: &[&str]| {
        let to = ["rights", "request", "ask", "--person", "--to", &asker];
        terminal.run(&[&to[..], &["--from", &customer], what].concat())
    };
    // by the name that people know; the same question twice is one
    let asked = ask(&["--package", "SKATTEGRUNNLAG", "--json"]).ends_with(0);
    let id = asked.json()["request"]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked.json()["request"]["status"], "Pending");
    let again = ask(&["--package", "skattegrunnlag", "--json"]).ends_with(0);
    assert_eq!(again.json()["request"]["id"], id);

    let as_customer = |args: &[&str]| {
        terminal.run(&[&["rights", "request"], args, &["--from", CUSTOMER]].concat())
    };
    as_customer(&["list", "--status", "pending"])
        .ends_with(0)
        .says(&id)
        .says("KREATIV GRANITT")
        .says("package skattegrunnlag");
    assert_eq!(as_customer(&["list", "--count"]).ends_with(0).out, "1\n");
    as_customer(&["list", "--kind", "resource"])
        .ends_with(0)
        .says("No requests.");
    // an access package is given whole
    as_customer(&["approve", &id, "--right", "read"])
        .ends_with(2)
        .says("given whole");
    as_customer(&["approve", &id])
        .ends_with(0)
        .says("approved")
        .says("five minutes");
    let held = ["rights", "list", "--from", CUSTOMER, "--to", PERSON];
    terminal
        .run(&held)
        .ends_with(0)
        .says("package skattegrunnlag");
    // answered otherwise already
    as_customer(&["reject", &id])
        .ends_with(1)
        .says("AM.VLD-00036");

    // one right of a resource, and an answer that is waited for
    let wrong = ask(&["--resource", "skf-skattemelding", "--right", "fly"]);
    wrong.ends_with(2).says("has no right fly").says("read");
    let resource = ["--resource", "Skattemelding", "--right", "read"];
    let asked = ask(&[&resource[..], &["--json"]].concat()).ends_with(0);
    let id = asked.json()["request"]["id"].as_str().unwrap().to_owned();
    as_customer(&["reject", &id]).ends_with(0).says("rejected");
    let asked = ask(&[&resource[..], &["--json"]].concat()).ends_with(0);
    let id = asked.json()["request"]["id"].as_str().unwrap().to_owned();
    as_customer(&["approve", &id, "--right", "read"]).ends_with(0);
    let waited = ask(&[&["--package", "skattegrunnlag"][..], &["--wait", "0"]].concat());
    waited.ends_with(5).says("pending");

    // the asker takes it back
    let mine = ["rights", "request", "list", "--person", "--to", &asker];
    let mine = [&mine[..], &["--status", "pending", "--json"]].concat();
    let listed = terminal.run(&mine).ends_with(0).json();
    let id = listed["requests"][0]["id"].as_str().unwrap().to_owned();
    let one =
        |verb: &str| terminal.run(&["rights", "request", verb, &id, "--person", "--to", &asker]);
    one("withdraw").ends_with(0).says("withdrawn");
    one("show").ends_with(0).says("withdrawn");
    as_customer(&["show", "5f0c1e7a-3b52-4d6e-9a41-000000000001"])
        .ends_with(1)
        .says("AM-00031");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_switched_off_are_not_found() {
    let mut quirks = Quirks::default();
    quirks.switched_off.requests = true;
    let (simulator, terminal, asker) = as_(Simulator::builder().quirks(quirks), PERSON).await;
    let customer = simulator.world().organisation(CUSTOMER).unwrap().party_uuid;
    let ask = ["rights", "request", "ask", "--person", "--to", &asker];
    let what = [
        "--from",
        &customer.to_string(),
        "--package",
        "skattegrunnlag",
    ];
    terminal
        .run(&[&ask[..], &what].concat())
        .ends_with(1)
        .says("404")
        .says("not switched on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_lets_its_people_act_for_its_clients() {
    let (simulator, terminal, _) = as_(Simulator::builder(), "11826942136").await;
    let of = |args: &[&str]| {
        let (verb, rest) = args.split_first().unwrap();
        let head = ["clients", verb, "--person", "--provider", PROVIDER];
        terminal.run(&[&head[..], rest].concat())
    };
    of(&["list"])
        .ends_with(0)
        .says(CLIENT)
        .says("regnskapsforer-lonn");
    of(&["list", "--role", "revisor"])
        .ends_with(0)
        .says("No clients.");
    of(&["agents"]).ends_with(0);
    let package = [
        "--client",
        CLIENT,
        "--to",
        PERSON,
        "--package",
        "Regnskapsfører lønn",
    ];
    let give = |more: &[&str]| of(&[&["grant"], &package[..], more].concat());
    give(&["--dry-run"]).ends_with(0).says("yes");
    // who is no agent yet needs a name
    give(&[]).ends_with(1).says("no agent").says("--last-name");
    let given = give(&["--last-name", "GRANITT"]).ends_with(0);
    assert!(
        given.out.contains("give package:regnskapsforer-lonn: done"),
        "{given:#?}"
    );
    assert!(given.out.contains("five minutes"), "{given:#?}");
    give(&[]).ends_with(0).says("already");
    of(&["agents"]).ends_with(0).says("KREATIV GRANITT");
    of(&["show", "--client", CLIENT])
        .ends_with(0)
        .says("KREATIV GRANITT")
        .says("package regnskapsforer-lonn");
    of(&["show", "--agent", PERSON]).ends_with(0).says(CLIENT);
    // what the provider does not have of the client
    let other = [
        "grant",
        "--client",
        CLIENT,
        "--to",
        PERSON,
        "--package",
        "skattegrunnlag",
    ];
    of(&other)
        .ends_with(1)
        .says("does not have it of this client");
    of(&[&other[..], &["--dry-run"]].concat())
        .ends_with(1)
        .says("no");
    of(&[
        "grant",
        "--client",
        CUSTOMER,
        "--to",
        PERSON,
        "--package",
        "x",
    ])
    .ends_with(1)
    .says("no client of the provider");
    // it hangs on something
    of(&["remove-agent", "--to", PERSON])
        .ends_with(1)
        .says("cascade");

    // the agent's own view, in another terminal
    let file = terminal.folder.path().join("agent.env");
    simulator.write_env(&file).unwrap();
    let agent = Terminal::with(tempfile::tempdir().unwrap(), &file);
    log_in(&simulator, &agent, PERSON).await;
    agent
        .run(&["clients", "mine", "--person"])
        .ends_with(0)
        .says(CLIENT)
        .says("package regnskapsforer-lonn");
    let leave = ["clients", "leave", "--person", "--provider", PROVIDER];
    agent
        .run(&[&leave[..], &["--client", CLIENT]].concat())
        .ends_with(0);
    agent.run(&["clients", "mine", "--person"]).ends_with(0);
    give(&[]).ends_with(0);
    let revoke = ["revoke", "--client", CLIENT, "--to", PERSON];
    of(&[&revoke[..], &["--package", "regnskapsforer-lonn"]].concat())
        .ends_with(0)
        .says("read again package:regnskapsforer-lonn: done");
    give(&[]).ends_with(0);
    of(&[&revoke[..], &["--everything"]].concat()).ends_with(0);
    agent.run(&leave).ends_with(0);
    of(&["remove-agent", "--to", PERSON])
        .ends_with(1)
        .says("no agent");
    of(&["add-agent", "--to", PERSON, "--last-name", "GRANITT"]).ends_with(0);
    of(&["remove-agent", "--to", PERSON]).ends_with(0);
}

/// Whoever waits for the answer hears it, and how it went is the exit code.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_waited_for_and_a_draft_confirmed() {
    let (simulator, terminal, asker) = as_(Simulator::builder(), PERSON).await;
    let customer = simulator.world().organisation(CUSTOMER).unwrap().party_uuid;
    let customer = customer.to_string();
    let as_customer = |args: &[&str]| {
        terminal.run(&[&["rights", "request"], args, &["--from", CUSTOMER]].concat())
    };
    let ask = ["rights", "request", "ask", "--person", "--to", &asker];
    let ask = [&ask[..], &["--from", &customer, "--wait", "60"]].concat();
    for (what, verb, code) in [
        (["--package", "skattegrunnlag"], "approve", 0),
        (["--resource", "skf-skattemelding"], "reject", 1),
    ] {
        let mut waiting = terminal.command(&[&ask[..], &what].concat());
        let mut waiting = waiting
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // it says the id before it waits, so that it can be asked about later
        let mut err = BufReader::new(waiting.stderr.take().unwrap());
        let mut said = String::new();
        let id = loop {
            let before = said.len();
            assert_ne!(err.read_line(&mut said).unwrap(), 0, "{said}");
            if let Some((_, id)) = said[before..].split_once("asked, as ") {
                break id.split(';').next().unwrap().to_owned();
            }
        };
        as_customer(&[verb, &id]).ends_with(0);
        // it must not stop at a full pipe
        std::io::copy(&mut err, &mut std::io::sink()).unwrap();
        assert_eq!(waiting.wait().unwrap().code(), Some(code), "{what:?}");
    }

    // what a service owner drafted: the giver sees it once it is confirmed
    let owner = crate::consent::desk_of(&simulator);
    let draft = ["service-owner", "draft", "--from", CUSTOMER, "--to", PERSON];
    let draft = [&draft[..], &["--resource", "skf-postlogg", "--json"]].concat();
    let drafted = owner.run(&draft).ends_with(0).json();
    let id = drafted["request"]["id"].as_str().unwrap();
    let pending = ["list", "--status", "pending"];
    as_customer(&pending).ends_with(0).says("No requests.");
    let confirm = [
        "rights", "request", "confirm", id, "--person", "--to", &asker,
    ];
    terminal.run(&confirm).ends_with(0).says("pending");
    as_customer(&pending)
        .ends_with(0)
        .says(id)
        .says("resource skf-postlogg");
    as_customer(&["approve", id, "--right", "read"]).ends_with(0);
    terminal.run(&confirm).ends_with(1).says("AM.VLD-00036");
}

/// What a provider can do wrong, and what it hears.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_client_delegation_say_what_to_do() {
    let mut quirks = Quirks::default();
    quirks.switched_off.client_delegation_v2 = true;
    let manager = "11826942136";
    let (simulator, terminal, _) = as_(Simulator::builder().quirks(quirks), manager).await;
    let of = |terminal: &Terminal, args: &[&str]| {
        let (verb, rest) = args.split_first().unwrap();
        let head = ["clients", verb, "--person", "--provider", PROVIDER];
        terminal.run(&[&head[..], rest].concat())
    };
    // the second version is not there everywhere; the first is
    of(&terminal, &["list"])
        .ends_with(1)
        .says("404")
        .says("not switched on");
    let v1 = ["--api-version", "v1"];
    let first = |args: &[&str]| of(&terminal, &[args, &v1].concat());
    first(&["list"]).ends_with(0).says(CLIENT);
    let pair = ["grant", "--client", CLIENT, "--to", PERSON];
    let give = |more: &[&str]| first(&[&pair[..], more].concat());
    let lonn = ["--package", "regnskapsforer-lonn"];
    let resource = ["--resource", "skf-skattemelding"];
    give(&[&resource[..], &["--last-name", "GRANITT"]].concat()).says("access packages only");
    give(&[]).ends_with(2).says("--package CODE");
    give(&["--package", "Finnes ikke her"])
        .ends_with(2)
        .says("Finnes ikke her");
    first(&["agents"]).ends_with(0).says("No agents.");

    // a wrong name is sent once, and the person's number is not repeated
    let wrong = give(&[&lonn[..], &["--last-name", "FEILNAVN"]].concat()).ends_with(1);
    assert!(!wrong.err.contains(PERSON), "{wrong:#?}");
    wrong.says("name");
    first(&["agents"]).ends_with(0).says("No agents.");
    // a number that is none, and another's party
    first(&["show", "--agent", "12345678901"]).ends_with(2);
    let stranger = ["clients", "list", "--person", "--provider", CUSTOMER];
    terminal.run(&[&stranger[..], &v1].concat()).ends_with(1);

    // without the scope nothing is sent, and it is said how to get it
    let file = terminal.folder.path().join("unscoped.env");
    simulator.write_env(&file).unwrap();
    let unscoped = Terminal::with(tempfile::tempdir().unwrap(), &file);
    log_in_for(&simulator, &unscoped, manager, &SCOPES[..1]).await;
    of(&unscoped, &[&["list"][..], &v1].concat())
        .ends_with(2)
        .says("altinn:clientdelegations.read");
}
