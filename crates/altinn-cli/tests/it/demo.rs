//! `altinn demo`: what it shows, its JSON, and that it fails when it should.

use std::io::Write;
use std::sync::{Arc, Mutex};

use altinn_cli::{Console, DemoApi, Exit, Failure, demo_with};
use altinn_sim::{Fault, Host, Simulator};
use serde_json::Value;

use crate::support::Terminal;

#[test]
fn it_shows_six_steps_of_each_generation() {
    let terminal = Terminal::empty();
    let said = terminal.run(&["demo"]).ends_with(0);
    assert!(said.err.is_empty(), "{said:#?}");
    for part in [
        "1. A Maskinporten access token",
        "2. Exchanged",
        "3. From an organisation number",
        "4. Who may do what",
        "5. Give a person",
        "6. Take it back",
        "$ altinn token --scope",
        "$ altinn rights revoke",
        "> POST /token",
        "> apikey: [secret]",
        "> authorization: Bearer [secret]",
        "< 200 OK",
        "claims urn:altinn:orgNumber",
        "= the list has it",
        "= it is gone from the list",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert_eq!(said.out.matches("1. A Maskinporten").count(), 2);
    assert_eq!(said.out.matches("  $ altinn rights list").count(), 6);
    // one can read it on an ordinary terminal: only tables and commands are wider
    let wide = |line: &&str| line.starts_with("   > ") || line.starts_with("   < ");
    for line in said.out.lines().filter(wide) {
        assert!(line.chars().count() <= 160, "{line}");
    }
    // nothing is left in the temporary folder's place
    assert_eq!(
        std::fs::read_dir(terminal.folder.path()).unwrap().count(),
        0
    );
}

#[test]
fn its_json_has_six_steps_of_each_generation_and_nothing_else() {
    let terminal = Terminal::empty();
    let json = terminal.run(&["demo", "--json"]).ends_with(0).json();
    let generations = json.as_array().unwrap();
    assert_eq!(generations.len(), 2);
    for (generation, api) in generations.iter().zip(["altinn2", "altinn3"]) {
        assert_eq!(names(generation), ["api", "steps"]);
        assert_eq!(generation["api"], api);
        let steps = generation["steps"].as_array().unwrap();
        let expected = ["token", "exchange", "party", "list", "grant", "revoke"];
        assert_eq!(steps.len(), expected.len());
        for (step, name) in steps.iter().zip(expected) {
            assert_eq!(names(step), ["name", "request", "response", "result"]);
            assert_eq!(step["name"], name);
            let command = step["request"]["command"].as_str().unwrap();
            assert!(command.starts_with("altinn "), "{command}");
            let status = step["response"]["status"].as_u64().unwrap();
            assert!((200..300).contains(&status), "{step:#}");
            assert!(
                step["request"]["url"]
                    .as_str()
                    .unwrap()
                    .starts_with("http://127.0.0.1:")
            );
            assert!(step["result"]["summary"].is_string());
        }
        assert_eq!(steps[0]["request"]["grant"]["header"]["alg"], "RS256");
        assert_eq!(steps[4]["result"]["listed"], true);
        assert_eq!(steps[5]["result"]["listed"], false);
        let text = generation.to_string();
        let (given, taken) = (
            steps[4]["result"]["list"].to_string(),
            steps[5]["result"]["list"].to_string(),
        );
        let what = if api == "altinn2" {
            "DirectlyDelegated"
        } else {
            "248781*****\",\"resources"
        };
        assert_ne!(given, taken);
        assert!(given.contains(what), "{given}");
        assert!(!text.contains("eyJ"), "a token in {text}");
    }
    let one = terminal
        .run(&["demo", "--json", "--api", "altinn3"])
        .ends_with(0)
        .json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["api"], "altinn3");
}

/// In the order of the document; `serde_json` sorts.
fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn demo_on(simulator: &Simulator, api: DemoApi) -> (Result<(), Failure>, String) {
    let (out, folder) = (Buffer::default(), tempfile::tempdir().unwrap());
    let console = Console::new(out.clone(), std::io::sink(), false);
    let ended = demo_with(&console, simulator, api, folder.path()).await;
    (ended, out.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_does_not_stick_makes_it_fail_on_either_generation() {
    let simulator = Simulator::builder().start().await.unwrap();
    for api in [DemoApi::Altinn2, DemoApi::Altinn3] {
        simulator.faults().set_right_does_not_stick(true);
        let (ended, out) = demo_on(&simulator, api).await;
        let failure = ended.unwrap_err();
        assert_ne!(failure.exit(), Exit::Done);
        let said = failure.sentence();
        assert!(said.contains("was given and is not in the list"), "{said}");
        assert!(said.contains("KREATIV GRANITT"), "{said}");
        assert!(!out.contains("the list has it"), "{out}");
        simulator.faults().set_right_does_not_stick(false);
        let (ended, out) = demo_on(&simulator, api).await;
        ended.unwrap();
        assert!(out.contains("the list has it"), "{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_ends_it_and_is_named() {
    let simulator = Simulator::builder().start().await.unwrap();
    let path = "/accessmanagement/api/v1/enduser/authorizedparties";
    simulator
        .faults()
        .on_call(Host::Platform, path, 1, Fault::HtmlInstead);
    let (ended, out) = demo_on(&simulator, DemoApi::Altinn3).await;
    let failure = ended.unwrap_err();
    assert_eq!(failure.exit(), Exit::Unreachable, "{failure}");
    assert!(failure.sentence().contains("step 3 (party)"), "{failure}");
    assert!(
        out.contains("= an Altinn token of a system user") && !out.contains("4. Who"),
        "{out}"
    );
}
