//! What is logged at the finest level holds no secret and no number of a person.

use std::sync::LazyLock;

use altinn_cli::{Console, DemoApi, demo_with};
use altinn_sim::Simulator;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::pkcs12::Pkcs12;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::demo::Buffer;
use crate::support::Terminal;

/// Everything that any test of this process logs, as it was logged: without the command's own
/// redaction.
static LOG: LazyLock<Buffer> = LazyLock::new(|| {
    let buffer = Buffer::default();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(ToBuffer(buffer.clone()))
        .init();
    buffer
});

struct ToBuffer(Buffer);

impl<'a> MakeWriter<'a> for ToBuffer {
    type Writer = Buffer;

    fn make_writer(&'a self) -> Buffer {
        self.0.clone()
    }
}

/// Every secret of a simulator and of the settings that it wrote, with what it is.
fn secrets(simulator: &Simulator, terminal: &Terminal) -> Vec<(String, String)> {
    let world = simulator.world();
    let mut all = Vec::new();
    let mut add = |what: &str, secret: &str| all.push((what.to_owned(), secret.to_owned()));
    for key in &world.api_keys {
        add("an API key", key.key.expose());
    }
    for user in &world.enterprise_users {
        add("a password", user.password.expose());
        let basic = format!("{}:{}", user.user_name, user.password.expose());
        add(
            "basic credentials",
            STANDARD.encode(&basic).trim_end_matches('='),
        );
        add("basic credentials", &URL_SAFE_NO_PAD.encode(&basic));
    }
    for person in &world.persons {
        add("a person number", person.number.expose());
    }
    let password = &terminal.settings["MASKINPORTEN_PKCS12_PASSWORD"];
    add("the password of the key file", password);
    let p12 = std::fs::read(&terminal.settings["MASKINPORTEN_PKCS12"]).unwrap();
    let key = Pkcs12::from_der(&p12)
        .unwrap()
        .parse2(password)
        .unwrap()
        .pkey
        .unwrap();
    let der = key.private_key_to_der().unwrap();
    add("the private key", &STANDARD.encode(&der[40..100]));
    let exponent = key.rsa().unwrap().d().to_vec();
    let hex: String = exponent
        .iter()
        .take(24)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    add("the private key", &hex);
    add("the private key", &URL_SAFE_NO_PAD.encode(&exponent[..24]));
    add("key material", "PRIVATE KEY");
    // every token and assertion is a JWT, and `{"` in base64url begins like this
    add("a token", "eyJ");
    all
}

#[track_caller]
fn holds_none(place: &str, text: &str, secrets: &[(String, String)]) {
    for (what, secret) in secrets {
        assert!(!secret.is_empty());
        if let Some(at) = text.find(secret.as_str()) {
            // the line, without the secret itself
            let line = text[..at].lines().last().unwrap_or_default();
            panic!("{place} holds {what}, after: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_demonstration_at_trace_level() {
    let log = LOG.clone();
    let simulator = Simulator::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (Buffer::default(), Buffer::default());
    for json in [false, true] {
        let console = Console::new(out.clone(), err.clone(), json);
        demo_with(&console, &simulator, DemoApi::Both, folder.path())
            .await
            .unwrap();
    }
    let file = folder.path().join("sim.env");
    let terminal = Terminal::with(folder, &file);
    let secrets = secrets(&simulator, &terminal);
    assert!(secrets.len() > 12);
    let log = log.text();
    // it is the log of this very thing
    for part in [
        "TRACE",
        "DEBUG",
        "maskinporten",
        "/token",
        "authorizedparties",
        "Delegations",
    ] {
        assert!(log.contains(part), "{part} is not in the log");
    }
    holds_none("the log", &log, &secrets);
    holds_none("standard output", &out.text(), &secrets);
    holds_none("standard error", &err.text(), &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_at_its_most_talkative() {
    let simulator = Simulator::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    let terminal = Terminal::with(folder, &file);
    let secrets = secrets(&simulator, &terminal);
    let person = simulator.cast().new_person;
    let customer = simulator.cast().customer;
    let grant = [
        "rights",
        "grant",
        "--from",
        &customer,
        "--to",
        person.expose(),
    ];
    for (args, code) in [
        (vec!["token", "--exchange", "--enterprise-user"], 0),
        (
            [
                &grant[..],
                &["--last-name", "GRANITT", "--package", "skattegrunnlag"],
            ]
            .concat(),
            0,
        ),
        (
            [
                &grant[..],
                &["--last-name", "FEIL", "--package", "skattegrunnlag"],
            ]
            .concat(),
            1,
        ),
        (
            [
                &grant[..],
                &["--last-name", "FEIL", "--role", "11", "--api", "altinn2"],
            ]
            .concat(),
            1,
        ),
        (vec!["party", person.expose()], 2),
    ] {
        let said = terminal
            .run(&[&["-vvv", "--no-cache"], &args[..]].concat())
            .ends_with(code);
        holds_none("standard error", &said.err, &secrets);
        if args[0] != "token" {
            holds_none("standard output", &said.out, &secrets);
        }
        if code != 2 {
            assert!(
                said.err.contains("TRACE") || said.err.contains("DEBUG"),
                "{said:#?}"
            );
        }
    }
    // -v alone says what we do, and not what the libraries below us do
    let said = terminal.run(&["-v", "token", "--no-cache"]).ends_with(0);
    assert!(
        said.err.contains("got a token") && !said.err.contains("TRACE"),
        "{said:#?}"
    );
}
