//! Consents: asking, following the answer, and the token that comes of it.

use altinn_sim::Simulator;

use crate::support::Terminal;

const TAX: &str = "310799564";
const PERSON: &str = "24878123375";

async fn desk() -> (Simulator, Terminal) {
    let simulator = Simulator::builder().start().await.unwrap();
    let terminal = desk_of(&simulator);
    (simulator, terminal)
}

/// As the service owner whose client has a registered key.
pub(crate) fn desk_of(simulator: &Simulator) -> Terminal {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    let mut terminal = Terminal::with(folder, &file);
    let world = simulator.world();
    let client = world.clients.iter().find(|client| client.owner == TAX);
    let client = client.unwrap().client_id.clone();
    let key = simulator.client_jwk(&client).unwrap().expose().to_owned();
    terminal.settings.remove("MASKINPORTEN_PKCS12");
    terminal.settings.remove("MASKINPORTEN_PKCS12_PASSWORD");
    terminal.settings.remove("MASKINPORTEN_SCOPES");
    terminal.set("MASKINPORTEN_CLIENT_ID", client);
    terminal.set("MASKINPORTEN_CLIENT_JWK", key);
    terminal.set("MASKINPORTEN_ORGANISATION", TAX);
    terminal
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_asked_for_followed_and_used() {
    let (simulator, terminal) = desk().await;
    let ask = |more: &[&str]| {
        let asked = [
            "consent",
            "ask",
            "--from",
            PERSON,
            "--resource",
            "skf-inntekt-samtykke",
            "--valid-to",
            "30d",
            "--redirect-url",
            "https://skattefugl.example.no/ferdig",
            "--message",
            "Vi vil se inntekten din",
        ];
        terminal.run(&[&asked[..], more].concat())
    };
    // what the resource wants to be told
    ask(&[]).ends_with(1).says("AM-0000").says("what to do");
    ask(&["--metadata", "inntektsaar"])
        .ends_with(2)
        .says("no = in it");
    let year = ["--metadata", "inntektsaar=2025"];
    let asked = ask(&[&year[..], &["--json"]].concat()).ends_with(0);
    assert!(!asked.out.contains(PERSON) && !asked.err.contains(PERSON));
    let id = asked.json()["request"]["id"].as_str().unwrap().to_owned();
    let said = format!("asking as {id}");
    let asked = asked.says(&said);
    assert!(asked.json()["request"]["viewUri"].is_string());
    // the same id is the same request
    let again = ask(&[&year[..], &["--id", &id, "--wait", "0"]].concat());
    again
        .ends_with(5)
        .says("created")
        .says("They answer here: http");

    let uuid = id.parse().unwrap();
    simulator.answer_consent_request(uuid, true).unwrap();
    terminal
        .run(&["consent", "show", &id, "--wait"])
        .ends_with(0)
        .says("accepted")
        .says(&format!("--consent {id}"));
    terminal
        .run(&["consent", "show", "5f0c1e7a-3b52-4d6e-9a41-000000000001"])
        .ends_with(1)
        .says("AM-00001");
    simulator.revoke_consent(uuid).unwrap();
    terminal
        .run(&["consent", "show", &id, "--wait"])
        .ends_with(1)
        .says("revoked");

    let events = |more: &[&str]| terminal.run(&[&["consent", "events"], more].concat());
    events(&["--since", "2020-01-01", "--json"])
        .ends_with(0)
        .says("accepted");
    events(&["--kind", "revoked", "--about", &id])
        .ends_with(0)
        .says("revoked");
    events(&["--kind", "deleted"])
        .ends_with(0)
        .says("Nothing happened");
    events(&["--since", "yesterday"])
        .ends_with(2)
        .says("no time");
    events(&["--go-on-from", ""]).ends_with(2);
    let open = ask(&["--metadata", "inntektsaar=2025", "--to", PERSON]);
    open.ends_with(1).says("altinn:consentrequests.org");
}
