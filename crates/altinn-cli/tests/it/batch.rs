//! Many grants from a file, by a process that is killed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use altinn_sim::world::Seed;
use altinn_sim::{Fault, Host, Simulator};
use norwegian_ids::synthetic;

use crate::support::{Said, Terminal};

const CUSTOMER: &str = "310753831";
const PACKAGES: [&str; 2] = ["skattegrunnlag", "post-og-telekommunikasjon"];

/// What the simulator was asked, and when it kills who asks.
#[derive(Default)]
pub(crate) struct Watch {
    /// POST and DELETE by path and query.
    writes: Mutex<BTreeMap<String, usize>>,
    asked: AtomicU64,
    /// Times that somebody was to be connected, refused ones too.
    pub(crate) connects: AtomicU64,
    /// Kill at this request, or at this change when `at_changes`.
    kill_at: AtomicU64,
    pub(crate) at_changes: AtomicBool,
    process: AtomicU64,
}

impl Watch {
    fn hear(&self, line: &altinn_sim::RequestLine) {
        let is_change = matches!(line.method.as_str(), "POST" | "PUT" | "DELETE")
            && line.path.contains("/enduser/");
        if is_change && line.path.contains("/enduser/connections?") {
            self.connects.fetch_add(1, Ordering::SeqCst);
        }
        // a refusal changes nothing
        if is_change && line.status.is_none_or(|status| status < 400) {
            *self
                .writes
                .lock()
                .unwrap()
                .entry(format!("{} {}", line.method, line.path))
                .or_default() += 1;
        }
        if self.at_changes.load(Ordering::SeqCst) && !is_change {
            return;
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let process = self.process.load(Ordering::SeqCst);
        if process != 0 && asked == self.kill_at.load(Ordering::SeqCst) {
            // the change is made, and its answer never leaves
            let killed = Command::new("kill")
                .args(["-9", &process.to_string()])
                .status();
            assert!(killed.unwrap().success());
        }
    }

    /// Every change was made once.
    #[track_caller]
    pub(crate) fn nothing_was_done_twice(&self) {
        let writes = self.writes.lock().unwrap();
        let twice: Vec<_> = writes.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{twice:#?}");
    }

    pub(crate) fn changes(&self, part: &str) -> usize {
        let writes = self.writes.lock().unwrap();
        let of = writes.iter().filter(|(path, _)| path.contains(part));
        of.map(|(_, times)| times).sum()
    }
}

/// Organisations that nobody is connected to.
fn organisations(count: u64) -> (Seed, Vec<String>) {
    let mut seed = String::new();
    let mut uuids = Vec::new();
    for nth in 0..count {
        let uuid = format!("5f0c1e7a-3b52-4d6e-9a41-{nth:012}");
        let number = synthetic::organisation_number(500 + nth);
        writeln!(
            seed,
            "[[organisations]]\nnumber = \"{number}\"\nname = \"MOTTAKER {nth} AS\"\nform = \"AS\"\nparty_uuid = \"{uuid}\"\nparty_id = {}\n",
            59_000_000 + nth
        )
        .unwrap();
        uuids.push(uuid);
    }
    (Seed::from_toml(&seed).unwrap(), uuids)
}

pub(crate) async fn simulator(receivers: u64) -> (Simulator, Terminal, Arc<Watch>, Vec<String>) {
    let watch = Arc::new(Watch::default());
    let heard = Arc::clone(&watch);
    let (seed, uuids) = organisations(receivers);
    let simulator = Simulator::builder()
        .seed(seed)
        .on_request(move |line| heard.hear(line))
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    (simulator, Terminal::with(folder, &file), watch, uuids)
}

fn list(terminal: &Terminal, uuids: &[String]) -> String {
    let mut text = String::from("from,to,package\n");
    for uuid in uuids {
        for package in PACKAGES {
            writeln!(text, "{CUSTOMER},{uuid},{package}").unwrap();
        }
    }
    let path = terminal.file("list.csv", text);
    path.to_str().unwrap().to_owned()
}

pub(crate) fn run(terminal: &Terminal, watch: &Watch, args: &[&str], kill_at: u64) -> Said {
    watch.asked.store(0, Ordering::SeqCst);
    watch.kill_at.store(kill_at, Ordering::SeqCst);
    let child = terminal
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    watch.process.store(child.id().into(), Ordering::SeqCst);
    let output = child.wait_with_output().unwrap();
    watch.process.store(0, Ordering::SeqCst);
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_it_goes_on_and_does_nothing_twice() {
    let (_simulator, terminal, watch, uuids) = simulator(16).await;
    let file = list(&terminal, &uuids[..15]);
    let grant = ["rights", "grant", "--file", &file, "--parallel", "3"];
    terminal
        .run(&[&grant[..], &["--dry-run"]].concat())
        .ends_with(0)
        .says("would give")
        .says("Nothing was changed");
    assert_eq!(watch.changes(""), 0);

    // at the n-th request, whatever it is
    let mut killed = 0;
    for kill_at in (9..).step_by(8) {
        let said = run(&terminal, &watch, &grant, kill_at);
        match said.code {
            None => killed += 1,
            _ => {
                let said = said.ends_with(0);
                assert!(
                    said.out.contains("30 done") || said.out.contains("found done"),
                    "{said:#?}"
                );
                break;
            }
        }
    }
    assert!(killed >= 5, "{killed}");
    watch.nothing_was_done_twice();
    assert_eq!(
        watch.changes("POST /accessmanagement/api/v1/enduser/connections/accesspackages"),
        30
    );
    // it is all there, and a run more has nothing to do
    let again = terminal
        .run(&[&grant[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    let summary = &again["summary"];
    let so = ["done", "found", "already"].map(|state| summary[state].as_u64().unwrap());
    assert_eq!(so.iter().sum::<u64>(), 30);
    assert!(again["rows"].as_array().unwrap().is_empty());
    let held = terminal
        .run(&["rights", "list", "--from", CUSTOMER])
        .ends_with(0);
    for nth in 0..15 {
        assert!(
            held.out.contains(&format!("MOTTAKER {nth} AS")),
            "{held:#?}"
        );
    }
    // a row that was edited is noticed, an added one is welcome
    let text = std::fs::read_to_string(&file).unwrap();
    let edited = text.replacen("skattegrunnlag", "tilgangsstyrer", 1);
    terminal.file("list.csv", edited);
    terminal.run(&grant).ends_with(2).says("another list");
    terminal.file(
        "list.csv",
        format!("{text}{CUSTOMER},{},skattegrunnlag\n", uuids[15]),
    );
    terminal.run(&grant).ends_with(0).says("1 of 1");

    // and back again, killed between the change and its answer, each time
    let results = terminal.folder.path().join("back.jsonl");
    let revoke = [
        "rights",
        "revoke",
        "--file",
        &file,
        "--results",
        results.to_str().unwrap(),
    ];
    watch.at_changes.store(true, Ordering::SeqCst);
    let mut killed = 0;
    loop {
        let said = run(&terminal, &watch, &revoke, 7);
        if said.code.is_some() {
            said.ends_with(0);
            break;
        }
        killed += 1;
    }
    assert!(killed >= 3, "{killed}");
    watch.nothing_was_done_twice();
    assert_eq!(watch.changes("DELETE"), 31);
    let text = std::fs::read_to_string(&results).unwrap();
    assert!(
        text.contains("\"found\""),
        "what a killed run did is told apart: {text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_grants_are_made_once_by_a_process_that_is_killed_again_and_again() {
    let (_simulator, terminal, watch, uuids) = simulator(500).await;
    let file = list(&terminal, &uuids);
    let grant = ["rights", "grant", "--file", &file];
    for kill_at in [700, 1_600, 1_100] {
        assert_eq!(run(&terminal, &watch, &grant, kill_at).code, None);
    }
    terminal.run(&grant).ends_with(0).says("Going on");
    watch.nothing_was_done_twice();
    let path = "POST /accessmanagement/api/v1/enduser/connections/accesspackages";
    assert_eq!(watch.changes(path), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_named_one_at_a_time_and_a_wrong_name_stops_all() {
    let (simulator, terminal, watch, uuids) = simulator(12).await;
    let people = [("24878123375", "GRANITT"), ("30885515084", "FEIL")];
    let mut text = String::from("to;lastName;package\n");
    for (number, name) in people {
        writeln!(text, "{number};{name};skattegrunnlag").unwrap();
    }
    for uuid in &uuids {
        writeln!(text, "{uuid};;skattegrunnlag").unwrap();
    }
    let file = terminal.file("people.csv", &text);
    let grant = [
        "rights",
        "grant",
        "--from",
        CUSTOMER,
        "--file",
        file.to_str().unwrap(),
        "--parallel",
        "2",
    ];
    let said = terminal
        .run(&grant)
        .ends_with(5)
        .says("308855*****")
        .says("FEIL");
    assert!(!said.out.contains("30885515084") && !said.err.contains("30885515084"));
    assert!(said.out.contains("left"), "{said:#?}");
    let results = terminal
        .folder
        .path()
        .join("people.csv.grant-results.jsonl");
    let written = std::fs::read_to_string(&results).unwrap();
    assert!(
        !written.contains("30885515084") && written.contains("308855*****"),
        "{written}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&results).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    // the name is not tried again; the others are done
    let asked = |watch: &Watch| watch.changes("POST /accessmanagement/api/v1/enduser/connections?");
    let before = asked(&watch);
    let said = terminal
        .run(&grant)
        .ends_with(5)
        .says("refused in an earlier run");
    assert!(said.out.contains("13 done, 1 refused"), "{said:#?}");
    assert!(asked(&watch) > before);
    // what is done may not change; what was refused is corrected where it stands
    terminal.file("people.csv", text.replace("GRANITT", "GRUS"));
    terminal.run(&grant).ends_with(2).says("another list");
    terminal.file("people.csv", text.replace("FEIL", "LAMPE"));
    let said = terminal.run(&grant).ends_with(0);
    assert!(said.out.contains("14 done"), "{said:#?}");
    terminal
        .run(&grant)
        .ends_with(0)
        .says("seen to in an earlier run");
    drop(simulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_not_looked_up_again_by_a_run_that_was_killed_at_its_answer() {
    let (_simulator, terminal, watch, _) = simulator(1).await;
    watch.at_changes.store(true, Ordering::SeqCst);
    let rows = |name: &str| format!("to,lastName,package\n30885515084,{name},skattegrunnlag\n");
    for (file, name) in [("wrong.csv", "FEIL"), ("right.csv", "LAMPE")] {
        let file = terminal.file(file, rows(name));
        let grant = ["rights", "grant", "--from", CUSTOMER, "--file"];
        let grant = [&grant[..], &[file.to_str().unwrap()]].concat();
        // the answer, yes or no, never leaves
        assert_eq!(run(&terminal, &watch, &grant, 1).code, None);
        let asked = watch.connects.load(Ordering::SeqCst);
        let said = terminal.run(&grant);
        match name {
            "FEIL" => said.ends_with(1).says("was not tried again"),
            _ => said.ends_with(0).says("1 done"),
        };
        assert_eq!(watch.connects.load(Ordering::SeqCst), asked, "{name}");
    }
    watch.nothing_was_done_twice();
}

/// Passes everything on, and counts who connects.
fn counting(to: u16) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    };
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { break };
            counted.fetch_add(1, Ordering::SeqCst);
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            copy(client.try_clone().unwrap(), server.try_clone().unwrap());
            copy(server, client);
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_and_another_environment_is_noticed() {
    let (simulator, mut terminal, watch, uuids) = simulator(20).await;
    let url = simulator.platform_url().to_owned();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let (counted, connections) = counting(port.parse().unwrap());
    let there = url.replace(port, &counted.to_string());
    let file = list(&terminal, &uuids);
    let grant = ["rights", "grant", "--file", &file, "--parallel", "4"];
    terminal.set("ALTINN_PLATFORM_URL", there);
    terminal.run(&grant).ends_with(0).says("40 done");
    assert_eq!(
        watch.changes("POST /accessmanagement/api/v1/enduser/connections/accesspackages"),
        40
    );
    let connections = connections.load(Ordering::SeqCst);
    // some two hundred requests; a call may begin before the connection of the last one is back in the
    // pool, and then another is opened and kept
    assert!((2..=12).contains(&connections), "{connections}");
    // what was done there was not done here
    terminal.set("ALTINN_PLATFORM_URL", url);
    terminal.run(&grant).ends_with(2).says("same environment");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_run_and_nothing_is_lost() {
    let (_simulator, terminal, watch, uuids) = simulator(15).await;
    let file = list(&terminal, &uuids);
    let grant = ["rights", "grant", "--file", &file, "--parallel", "2"];
    // tokens are kept, so that there is room for them
    terminal
        .run(&[&grant[..], &["--dry-run"]].concat())
        .ends_with(0);
    // no file may grow beyond 8 KiB, as on a disk that is full
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    let asked = terminal.command(&grant);
    command
        .args(["-c", script, crate::support::ALTINN])
        .args(grant)
        .env_clear()
        .envs(
            asked
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(terminal.folder.path())
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    said.ends_with(5)
        .says("the journal cannot be used")
        .says("of 30 rows were called and written down")
        .says("the space on the disk");
    assert!(watch.changes("POST") > 0);
    terminal.run(&grant).ends_with(0).says("Going on");
    watch.nothing_was_done_twice();
    assert_eq!(
        watch.changes("POST /accessmanagement/api/v1/enduser/connections/accesspackages"),
        30
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_for_and_a_server_that_is_down_is_left_in_peace() {
    let (simulator, terminal, watch, uuids) = simulator(8).await;
    let path = "/accessmanagement/api/v1/enduser/connections/accesspackages";
    for nth in [1, 3] {
        simulator
            .faults()
            .on_call(Host::Platform, path, nth, Fault::ResetAfterHandling);
    }
    let file = list(&terminal, &uuids[..3]);
    let grant = ["rights", "grant", "--file", &file, "--parallel", "1"];
    terminal.run(&grant).ends_with(0).says("6 done");
    watch.nothing_was_done_twice();
    let held = terminal.run(&["rights", "list", "--from", CUSTOMER, "--json"]);
    let held = held.ends_with(0).json();
    let theirs = held["held"].as_array().unwrap().iter();
    let theirs = theirs.filter(|holder| holder["name"].as_str().unwrap().starts_with("MOTTAKER"));
    assert_eq!(theirs.count(), 3);

    // what cannot be written down is not called
    let full = [
        "rights",
        "grant",
        "--file",
        &file,
        "--results",
        "no/such/folder.jsonl",
    ];
    terminal
        .run(&full)
        .ends_with(2)
        .says("no/such/folder.jsonl");
    let nobody = ["rights", "grant", "--file", "nowhere.csv"];
    terminal.run(&nobody).ends_with(2).says("no such file");
    let both = [&grant[..], &["--package", "skattegrunnlag"]].concat();
    terminal.run(&both).ends_with(2);
    let wrong = terminal.file(
        "wrong.csv",
        "from,to,package\n310753832,310779253,x\n310753831,1,x\n",
    );
    let wrong = ["rights", "grant", "--file", wrong.to_str().unwrap()];
    terminal
        .run(&wrong)
        .ends_with(2)
        .says("2 of 2 rows")
        .says("line 2")
        .says("line 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_on_altinn_2() {
    let (_simulator, terminal, _watch, _) = simulator(1).await;
    let list = r#"[
        {"to":"24878123375","lastName":"GRANITT","role":"utinn"},
        {"to":"310779253","name":"FEIL NAVN AS","role":11}
    ]"#;
    let file = terminal.file("list.json", list);
    let grant = [
        "rights",
        "grant",
        "--api",
        "altinn2",
        "--from",
        CUSTOMER,
        "--file",
        file.to_str().unwrap(),
    ];
    terminal
        .run(&[&grant[..], &["--dry-run"]].concat())
        .ends_with(0)
        .says("would give");
    let said = terminal.run(&grant).ends_with(5);
    assert!(said.out.contains("1 done, 1 refused"), "{said:#?}");
    let revoke: Vec<&str> = grant
        .iter()
        .map(|word| if *word == "grant" { "revoke" } else { word })
        .collect();
    let list = r#"{"to":"24878123375","lastName":"GRANITT","role":"11"}"#;
    let file = terminal.file("back.jsonl", list);
    let revoke = [&revoke[..7], &[file.to_str().unwrap()]].concat();
    terminal.run(&revoke).ends_with(0).says("1 done");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_waits_for_what_is_under_way_and_says_how_to_go_on() {
    let (simulator, terminal, watch, uuids) = simulator(10).await;
    let file = list(&terminal, &uuids);
    let child = terminal
        .command(&["rights", "grant", "--file", &file, "--parallel", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    // when the first is given
    let mut seen = false;
    while !seen {
        seen = watch.changes("accesspackages") > 0;
        tokio::task::yield_now().await;
    }
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("Run the same command again"), "{out}");
    assert!(!out.contains("begun"), "{out}");
    terminal
        .run(&["rights", "grant", "--file", &file])
        .ends_with(0)
        .says("20 done");
    watch.nothing_was_done_twice();
    drop(simulator);
}
