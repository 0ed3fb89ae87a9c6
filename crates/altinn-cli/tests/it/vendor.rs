//! A vendor (systemleverandør): its systems, what it asks customers for, and whom agents act for.

use altinn_sim::Simulator;
use altinn_sim::world::Seed;

use crate::people::{Browser, Waiting, simulator, simulator_of};
use crate::support::Terminal;

const CUSTOMER: &str = "310779253";
const SYSTEM: &str = "310742104_snilsystem";

fn list(terminal: &Terminal, more: &[&str]) -> serde_json::Value {
    let list = ["system-user", "list", "--system", SYSTEM, "--json"];
    terminal
        .run(&[&list[..], more].concat())
        .ends_with(0)
        .json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_from_its_registration_to_its_end() {
    let (simulator, terminal) = simulator().await;
    let register = [
        "system-user",
        "register",
        "--system",
        SYSTEM,
        "--name",
        "Snilsystem",
        "--resource",
        "skf-skattemelding",
        "--json",
    ];
    // a client acts for one system at most, so the settings' own is free for this one
    simulator.change_world(|world| {
        for system in &mut world.systems {
            system.client_ids.clear();
        }
    });
    let packages = ["--package", "skattegrunnlag"];
    let made = terminal
        .run(&[&register[..], &packages].concat())
        .ends_with(0)
        .json();
    assert_eq!(made["outcome"], "registered");
    assert_eq!(
        made["clients"][0],
        terminal.settings["MASKINPORTEN_CLIENT_ID"].as_str()
    );
    // twice is refused, and replacing is another thing
    terminal
        .run(&[&register[..], &packages].concat())
        .ends_with(1)
        .says("already exist");
    let replaced = [
        &register[..],
        &packages,
        &["--package", "tilgangsstyrer", "--replace"],
    ];
    let replaced = terminal.run(&replaced.concat()).ends_with(0).json();
    assert_eq!(replaced["outcome"], "replaced");
    let systems = terminal
        .run(&["system-user", "systems", "--json"])
        .ends_with(0)
        .json();
    let systems = systems["systems"].as_array().unwrap().clone();
    let own = systems
        .iter()
        .find(|system| system["id"] == SYSTEM)
        .unwrap();
    assert_eq!(
        (&own["name"], &own["vendor"]),
        (&"Snilsystem".into(), &"310742104".into())
    );
    terminal
        .run(&["system-user", "systems"])
        .ends_with(0)
        .says("Snilsystem")
        .says("tilgangsstyrer");

    // a customer's system user, and a change of it
    let which = ["--system", SYSTEM, "--customer", CUSTOMER];
    let request = [&["system-user", "request", "--json"], &which[..], &packages].concat();
    let asked = terminal.run(&request).ends_with(0).json();
    let withdraw = [&["system-user", "withdraw", "--json"], &which[..]].concat();
    let gone = terminal.run(&withdraw).ends_with(0).json();
    assert_eq!(
        (&gone["outcome"], &gone["id"]),
        (&"withdrawn".into(), &asked["id"])
    );
    assert!(
        list(&terminal, &[])["requests"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    terminal
        .run(&withdraw)
        .ends_with(1)
        .says("has not been asked");
    let change = [
        &["system-user", "change"],
        &which[..],
        &["--resource", "skf-skattemelding"],
    ]
    .concat();
    terminal
        .run(&change)
        .ends_with(1)
        .says("has no such system user");

    let asked = terminal.run(&request).ends_with(0).json();
    let id = asked["id"].as_str().unwrap().parse().unwrap();
    simulator.answer_system_user_request(id, true).unwrap();
    let own = "7f2c8f9e-2c43-4a5e-8d4b-3a6f5d1c9b20";
    let named = [&change[..], &["--id", own, "--json"]].concat();
    let first = terminal.run(&named).ends_with(0).json();
    assert_eq!(
        (&first["new"], &first["id"], &first["status"]),
        (&true.into(), &own.into(), &"New".into())
    );
    let again = terminal.run(&named).ends_with(0).json();
    assert_eq!((&again["new"], &again["id"]), (&false.into(), &own.into()));
    terminal
        .run(&[&change[..], &["--id", own]].concat())
        .ends_with(0)
        .says("asked before")
        .says(first["confirmUrl"].as_str().unwrap());
    let same = [&["system-user", "change"], &which[..], &packages].concat();
    terminal.run(&same).ends_with(0).says("Nothing to change");
    let take = ["system-user", "withdraw", "--change", own];
    terminal.run(&take).ends_with(0).says("Taken back");
    terminal.run(&take).ends_with(1);

    // for good, so only when it is said
    let unregister = ["system-user", "unregister", "--system", SYSTEM];
    terminal
        .run(&unregister)
        .ends_with(4)
        .says("for good")
        .says("--yes");
    terminal
        .run(&[&unregister[..], &["--yes"]].concat())
        .ends_with(0)
        .says("is deleted");
    let status = [&["system-user", "status"], &which[..]].concat();
    assert_ne!(terminal.run(&status).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_about_systems_is_one_sentence() {
    let (_simulator, terminal) = simulator().await;
    let which = [
        "--system",
        "310742104_snegleregnskap",
        "--customer",
        CUSTOMER,
    ];
    let change = [&["system-user", "change"], &which[..]].concat();
    let register =
        |system: &'static str| vec!["system-user", "register", "--name", "X", "--system", system];
    let system = "310742104_x";
    for (args, exit, word) in [
        (change.clone(), 2, "no change is named"),
        (
            [&change[..], &["--agent", "--package", "x"]].concat(),
            2,
            "cannot be changed",
        ),
        (
            [&change[..], &["--id", "7", "--package", "x"]].concat(),
            2,
            "--id",
        ),
        (register("snegleregnskap"), 2, "no system's id"),
        (register("310742104_to ord"), 2, "no system's id"),
        (register("310742105_feil"), 2, "--system"),
        (
            [
                &register(system)[..],
                &["--redirect-url", "http://snegl.example.no"],
            ]
            .concat(),
            2,
            "https",
        ),
        (vec!["system-user", "withdraw"], 2, "--system"),
        (
            vec![
                "system-user",
                "withdraw",
                "--system",
                system,
                "--customer",
                "12",
            ],
            2,
            "--customer",
        ),
        (
            vec!["system-user", "clients", "--of", "310779254"],
            2,
            "--of",
        ),
        (
            vec![
                "system-user",
                "clients",
                "--of",
                CUSTOMER,
                "--add",
                CUSTOMER,
            ],
            2,
            "--agent",
        ),
        (
            vec!["system-user", "clients", "--of", CUSTOMER],
            2,
            "nobody is logged in",
        ),
        (
            vec![
                "system-user",
                "unregister",
                "--system",
                "310742104_nothing",
                "--yes",
            ],
            1,
            "what to do",
        ),
    ] {
        let said = terminal.run(&args).ends_with(exit).says(word);
        assert!(said.out.is_empty(), "{said:#?}");
    }
}

const AGENT: &str = "3a0d5a3b-8a0e-4d0d-9d0a-1c5a1c3b7e10";
const CLIENT: &str = "310749745";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_picks_the_clients_that_an_agent_acts_for() {
    let seed = format!(
        r#"
        [[system_users]]
        id = "{AGENT}"
        owner = "{CUSTOMER}"
        system = "310742104_sneglebyraa"
        title = "Sneglebyrå"
        agent = true
        access_packages = ["regnskapsforer-lonn"]
        "#
    );
    let builder = Simulator::builder().seed(Seed::from_toml(&seed).unwrap());
    let (simulator, terminal) = simulator_of(builder).await;
    let administrator = {
        let world = simulator.world();
        let person = world.person("11826942136").unwrap();
        person.party_uuid.to_string()
    };
    let scopes = [
        "altinn:clientdelegations.read",
        "altinn:clientdelegations.write",
    ];
    let login = ["--no-browser", "--scope", scopes[0], "--scope", scopes[1]];
    let waiting = Waiting::start(&terminal, &login, None);
    let browser = Browser::new();
    let (status, page) = browser
        .log_in_as(&simulator, &waiting.url, &administrator, "log_in")
        .await;
    assert_eq!(status, 200, "{page}");
    waiting.ended().ends_with(0);

    let clients = |more: &[&str]| {
        let clients = ["system-user", "clients", "--of", CUSTOMER, "--json"];
        terminal.run(&[&clients[..], more].concat())
    };
    let numbers = |said: &serde_json::Value| -> Vec<String> {
        let clients = said["agents"][0]["clients"].as_array().unwrap().iter();
        clients
            .map(|client| client["number"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = clients(&[]).ends_with(0).json();
    assert_eq!(before["agents"][0]["agent"], AGENT);
    assert!(numbers(&before).is_empty());
    let could = clients(&["--agent", AGENT, "--available"])
        .ends_with(0)
        .json();
    assert!(
        numbers(&could).iter().any(|number| number == CLIENT),
        "{could}"
    );
    let after = clients(&["--agent", AGENT, "--add", CLIENT])
        .ends_with(0)
        .json();
    assert_eq!(numbers(&after), [CLIENT]);
    let back = clients(&["--agent", AGENT, "--remove", CLIENT])
        .ends_with(0)
        .json();
    assert!(numbers(&back).is_empty());
    clients(&["--agent", AGENT, "--remove", CLIENT])
        .ends_with(1)
        .says("no client that this agent");
    let other = "3a0d5a3b-8a0e-4d0d-9d0a-1c5a1c3b7e11";
    clients(&["--agent", other])
        .ends_with(1)
        .says("has no agent");
}
