//! What the command says about itself, and how it prints.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::support::{ALTINN, Terminal};

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["sim"],
    &["assertion"],
    &["token"],
    &["login"],
    &["logout"],
    &["whoami"],
    &["system-user"],
    &["system-user", "request"],
    &["system-user", "status"],
    &["system-user", "list"],
    &["system-user", "change"],
    &["system-user", "withdraw"],
    &["system-user", "clients"],
    &["system-user", "systems"],
    &["system-user", "register"],
    &["system-user", "unregister"],
    &["party"],
    &["may"],
    &["packages"],
    &["roles"],
    &["enterprise-users"],
    &["metadata"],
    &["service-owner"],
    &["service-owner", "parties"],
    &["service-owner", "draft"],
    &["service-owner", "status"],
    &["service-owner", "withdraw"],
    &["service-owner", "give-package"],
    &["service-owner", "take-package"],
    &["service-owner", "scope-delegations"],
    &["parties"],
    &["rights"],
    &["rights", "list"],
    &["rights", "grant"],
    &["rights", "revoke"],
    &["rights", "export"],
    &["rights", "mine"],
    &["rights", "check"],
    &["rights", "migrate"],
    &["rights", "request"],
    &["clients"],
    &["consent"],
    &["consent", "ask"],
    &["consent", "events"],
    &["api"],
    &["explain"],
];

#[test]
fn every_command_teaches_with_examples() {
    let terminal = Terminal::empty();
    for command in COMMANDS.iter().copied().chain([&["hal"][..]]) {
        let help = terminal.run(&[command, &["--help"]].concat()).ends_with(0);
        assert!(help.err.is_empty(), "{help:#?}");
        assert!(help.out.contains("altinn "), "{help:#?}");
        if ![&["rights"][..], &["system-user"], &["consent"]].contains(&command) {
            assert!(help.out.contains("Example"), "{help:#?}");
        }
        let short = terminal.run(&[command, &["-h"]].concat()).ends_with(0);
        assert!(short.out.len() <= help.out.len());
    }
    let map = terminal.run(&["--help"]).out;
    for word in [
        "altinn demo",
        "altinn sim",
        "rights grant",
        "MASKINPORTEN_PKCS12",
        "Exit codes",
    ] {
        assert!(map.contains(word), "{word}");
    }
    assert!(
        terminal
            .run(&["--version"])
            .ends_with(0)
            .out
            .starts_with("altinn ")
    );
}

#[test]
fn a_wrong_command_line_says_so_once_and_as_json_when_asked() {
    let terminal = Terminal::empty();
    terminal.run(&[]).ends_with(2).says("Usage: altinn");
    terminal
        .run(&["tokn"])
        .ends_with(2)
        .says("tokn")
        .says("token");
    terminal.run(&["party"]).ends_with(2).says("NUMBER");
    terminal
        .run(&["rights", "grant", "--to", "310779253"])
        .ends_with(2)
        .says("--from");
    let said = terminal.run(&["--json", "party"]).ends_with(2);
    let error: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(error["error"]["exit"], 2, "{said:#?}");
    assert!(said.out.is_empty());
    // a number of a person on the command line is not repeated
    let said = terminal.run(&["token", "26899299344"]).ends_with(2);
    assert!(!said.err.contains("26899299344"), "{said:#?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let terminal = Terminal::empty();
    let mut child = terminal
        .command(&["demo", "--api", "altinn3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert!(err.is_empty(), "{err}");
}

/// A terminal of its own for the command, if the system has `script` (util-linux).
fn on_a_terminal(terminal: &Terminal, no_colour: bool) -> Option<String> {
    let mut command = Command::new("script");
    command
        .args(["-qec", &format!("'{ALTINN}' --help"), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .current_dir(terminal.folder.path())
        .stdin(Stdio::null());
    if no_colour {
        command.env("NO_COLOR", "1");
    }
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn colour_is_for_terminals_and_no_color_turns_it_off() {
    let terminal = Terminal::empty();
    assert!(!terminal.run(&["demo", "--help"]).out.contains('\u{1b}'));
    let Some(coloured) = on_a_terminal(&terminal, false) else {
        assert!(std::env::var_os("CI").is_none(), "CI has script(1)");
        eprintln!("skipped: there is no script(1) on this system");
        return;
    };
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let plain = on_a_terminal(&terminal, true).unwrap();
    assert!(
        plain.contains("Usage:") && !plain.contains('\u{1b}'),
        "{plain}"
    );
}
