//! Bad input: one clear sentence, what to do, the right exit code.

use altinn_sim::pki::{Flaw, Profile, Shape};
use altinn_sim::{Fault, Host, Simulator};
use base64::Engine as _;
use openssl::asn1::Asn1OctetString;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::x509::X509;

use crate::support::Terminal;

const PASSWORD: &str = "hemmelig-passord";
const SCOPE: [&str; 2] = ["--scope", "altinn:instances.read"];

async fn simulator() -> (Simulator, Terminal) {
    let simulator = Simulator::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    (simulator, Terminal::with(folder, &file))
}

fn with_key(terminal: &Terminal, p12: &[u8]) -> Terminal {
    let mut other = terminal.but(&[("MASKINPORTEN_PKCS12_PASSWORD", PASSWORD)]);
    let file = other.file("key.p12", p12);
    other.set("MASKINPORTEN_PKCS12", file.to_str().unwrap());
    other
}

fn token() -> Vec<&'static str> {
    [&["token"][..], &SCOPE].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    let (simulator, terminal) = simulator().await;
    terminal.run(&token()).ends_with(0);
    let cast = simulator.cast();

    let said = terminal
        .but(&[("MASKINPORTEN_PKCS12_PASSWORD", "feil-passord")])
        .run(&token());
    let said = said
        .ends_with(2)
        .says("password")
        .says("MASKINPORTEN_PKCS12_PASSWORD")
        .says("what to do");
    assert!(!said.err.contains("feil-passord"), "{said:#?}");
    terminal
        .but(&[("MASKINPORTEN_PKCS12_PASSWORD", "")])
        .run(&token())
        .ends_with(2)
        .says("MASKINPORTEN_PKCS12_PASSWORD is missing");

    let issued = simulator
        .issue_certificate(&cast.vendor, &Profile::new(Shape::CommfidesSeid2))
        .unwrap();
    let p12 = issued.pkcs12(PASSWORD).unwrap();
    let parsed = Pkcs12::from_der(&p12).unwrap().parse2(PASSWORD).unwrap();
    let certificate = parsed.cert.unwrap();
    with_key(&terminal, &without_key(&certificate))
        .run(&token())
        .ends_with(2)
        .says("key")
        .says("what to do");

    let one = named(&p12, "gammel");
    let two = named(
        &p12_of(
            &simulator,
            &cast.vendor,
            &Profile::new(Shape::CommfidesSeid2),
        ),
        "ny",
    );
    let several = with_key(&terminal, &of_two(&one, &two));
    several
        .run(&token())
        .ends_with(2)
        .says("2 private keys")
        .says("gammel")
        .says("--key-alias");
    several
        .run(&[token(), vec!["--key-alias", "ny"]].concat())
        .ends_with(0);
    several
        .run(&[token(), vec!["--key-alias", "borte"]].concat())
        .ends_with(2)
        .says("there are: gammel, ny");

    let expired = Profile::new(Shape::CommfidesSeid2).with_flaw(Flaw::Expired);
    let expired = p12_of(&simulator, &cast.vendor, &expired);
    with_key(&terminal, &expired)
        .run(&token())
        .ends_with(2)
        .says("expired")
        .says("what to do");

    with_key(&terminal, b"no p12 at all")
        .run(&token())
        .ends_with(2)
        .says("key.p12")
        .says("what to do");
    terminal
        .but(&[("MASKINPORTEN_PKCS12", "/nowhere/key.p12")])
        .run(&token())
        .ends_with(2)
        .says("/nowhere/key.p12")
        .says("no such file");
    let jwk = simulator.client_jwk(&cast.key_client).unwrap();
    terminal
        .but(&[("MASKINPORTEN_CLIENT_JWK", jwk.expose())])
        .run(&token())
        .ends_with(2)
        .says("MASKINPORTEN_PKCS12 and MASKINPORTEN_CLIENT_JWK");
    let by_key = terminal.but(&[
        ("MASKINPORTEN_CLIENT_JWK", jwk.expose()),
        ("MASKINPORTEN_PKCS12", ""),
        ("MASKINPORTEN_CLIENT_ID", &cast.key_client),
    ]);
    by_key.run(&token()).ends_with(0);
    // as platforms inject it: a set, wrapped in base64
    let set = format!("{{\"keys\":[{}]}}", jwk.expose());
    let wrapped = base64::engine::general_purpose::STANDARD.encode(set);
    by_key
        .but(&[("MASKINPORTEN_CLIENT_JWK", &wrapped)])
        .run(&token())
        .ends_with(0);
    let said = by_key
        .but(&[("MASKINPORTEN_CLIENT_JWK", "{\"d\":\"hemmelig\"")])
        .run(&token());
    let said = said.ends_with(2).says("MASKINPORTEN_CLIENT_JWK");
    assert!(!said.err.contains("hemmelig"), "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_organisation_names_both_numbers() {
    let (simulator, terminal) = simulator().await;
    let cast = simulator.cast();
    let p12 = p12_of(
        &simulator,
        &cast.outsider,
        &Profile::new(Shape::CommfidesSeid2),
    );
    with_key(&terminal, &p12)
        .run(&token())
        .ends_with(1)
        .says("MP-122")
        .says(&cast.outsider)
        .says(&cast.vendor)
        .says(&cast.client)
        .says("what to do");
}

#[test]
fn numbers() {
    let terminal = Terminal::empty();
    // wrong check digits, too short, letters: before any setting is looked at
    for number in ["310753832", "26899299345", "1234", "31075383A", ""] {
        for api in ["altinn2", "altinn3"] {
            let said = terminal
                .run(&["party", number, "--api", api])
                .ends_with(2)
                .says("what to do");
            assert!(!said.err.contains("26899299345"), "{said:#?}");
        }
    }
    let what = ["--package", "skattegrunnlag"];
    for (from, to) in [
        ("310753832", "310779253"),
        ("310753831", "310779254"),
        ("310753831", "26899299345"),
    ] {
        let grant = ["rights", "grant", "--from", from, "--to", to];
        let said = terminal
            .run(&[&grant[..], &what].concat())
            .ends_with(2)
            .says("number");
        assert!(!said.err.contains("26899299345"), "{said:#?}");
        let what = ["--role", "11", "--api", "altinn2", "--last-name", "HEIS"];
        terminal
            .run(&[&grant[..], &what].concat())
            .ends_with(2)
            .says("number");
    }
    terminal
        .run(&["token", "--consumer-org", "310753832", SCOPE[0], SCOPE[1]])
        .ends_with(2)
        .says("--consumer-org");
    terminal
        .run(&["token", "--pid", "26899299345", SCOPE[0], SCOPE[1]])
        .ends_with(2)
        .says("--pid");
    let said = terminal.run(&["token", "--system-user", "310753832", SCOPE[0], SCOPE[1]]);
    said.ends_with(2)
        .says("ALTINN_SYSTEM_USER")
        .says("what to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings() {
    let (_simulator, terminal) = simulator().await;
    for name in [
        "MASKINPORTEN_CLIENT_ID",
        "MASKINPORTEN_TOKEN_ENDPOINT",
        "MASKINPORTEN_ISSUER",
        "MASKINPORTEN_PKCS12",
        "MASKINPORTEN_SCOPES",
    ] {
        let said = terminal.but(&[(name, "")]).run(&["token"]).ends_with(2);
        said.says(name)
            .says("is missing")
            .says("what to do")
            .says("altinn.toml");
    }
    let exchange = ["token", "--exchange"];
    let as_user = ["token", "--exchange", "--enterprise-user"];
    terminal
        .but(&[("ALTINN_PLATFORM_URL", "")])
        .run(&exchange)
        .ends_with(2)
        .says("ALTINN_ENVIRONMENT");
    terminal
        .but(&[("ALTINN_PASSWORD", "")])
        .run(&as_user)
        .ends_with(2)
        .says("ALTINN_PASSWORD");
    let party = ["party", "310753831", "--api", "altinn2"];
    terminal
        .but(&[("ALTINN_API_KEY", "")])
        .run(&party)
        .ends_with(2)
        .says("ALTINN_API_KEY");

    let said = terminal
        .but(&[("ALTINN_ENVIRONMENT", "tt03")])
        .run(&exchange)
        .ends_with(2);
    said.says("tt03").says("tt02");
    let said = terminal
        .run(&["token", "--environment", "tt03"])
        .ends_with(2);
    said.says("tt03").says("what to do");

    let said = terminal
        .but(&[("ALTINN_PLATFORM_URL", "http://altinn.example")])
        .run(&exchange);
    said.ends_with(4).says("plain http");
    terminal
        .but(&[("ALTINN_LOG", "nonsense=loud")])
        .run(&["token"])
        .ends_with(2)
        .says("ALTINN_LOG");
    terminal
        .but(&[("ALTINN_CA_FILE", "/nowhere.pem")])
        .run(&["token"])
        .ends_with(2)
        .says("/nowhere.pem");
    let json = terminal
        .but(&[("MASKINPORTEN_CLIENT_ID", "")])
        .run(&["token", "--json"])
        .ends_with(2);
    let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    assert_eq!(error["error"]["exit"], 2);
    assert!(
        error["error"]["remedy"]["action"]
            .as_str()
            .unwrap()
            .contains("MASKINPORTEN_CLIENT_ID")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers() {
    let (simulator, terminal) = simulator().await;
    // a port that was free a moment ago
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("http://{free}");
    let said = terminal
        .but(&[("MASKINPORTEN_TOKEN_ENDPOINT", &nobody)])
        .run(&token());
    said.ends_with(3)
        .says("could not connect")
        .says("what to do");
    let party = ["party", "310753831"];
    terminal
        .but(&[("ALTINN_PLATFORM_URL", &nobody)])
        .run(&party)
        .ends_with(3)
        .says("could not connect");

    // HTML where JSON was due, on each host, and as often as it is asked again
    let faults = simulator.faults();
    for nth in 1..10 {
        faults.on_call(Host::Maskinporten, "/token", nth, Fault::HtmlInstead);
    }
    terminal
        .run(&token())
        .ends_with(3)
        .says("HTML")
        .says("what to do");
    faults.clear();
    let parties = "/accessmanagement/api/v1/enduser/authorizedparties";
    faults.on_call(Host::Platform, parties, 1, Fault::HtmlInstead);
    terminal
        .run(&party)
        .ends_with(3)
        .says("HTML")
        .says("what to do");
    faults.on_call(Host::Altinn2, "/api", 1, Fault::HtmlInstead);
    let altinn2 = [
        "party",
        "310753831",
        "--api",
        "altinn2",
        "--name",
        "SNILL OPPRINNELIG ELG AS",
    ];
    terminal
        .run(&altinn2)
        .ends_with(3)
        .says("web page")
        .says("what to do");
    for nth in 1..10 {
        faults.on_call(Host::Platform, parties, nth, Fault::TornBody);
    }
    terminal.run(&party).ends_with(3).says("what to do");
    faults.clear();

    // what the server refuses
    terminal
        .run(&["token", "--scope", "skattefugl:lukket"])
        .ends_with(1)
        .says("what to do")
        .says("who");
    terminal
        .but(&[("MASKINPORTEN_CLIENT_ID", "nobody")])
        .run(&token())
        .ends_with(1)
        .says("nobody");
}

fn p12_of(simulator: &Simulator, organisation: &str, profile: &Profile) -> Vec<u8> {
    simulator
        .issue_certificate(organisation, profile)
        .unwrap()
        .pkcs12(PASSWORD)
        .unwrap()
}

fn without_key(certificate: &X509) -> Vec<u8> {
    let mut stack = Stack::new().unwrap();
    stack.push(certificate.to_owned()).unwrap();
    let mut builder = Pkcs12::builder();
    builder.ca(stack);
    builder.build2(PASSWORD).unwrap().to_der().unwrap()
}

/// The same key and certificate under a name (friendlyName).
fn named(p12: &[u8], name: &str) -> Vec<u8> {
    let parsed = Pkcs12::from_der(p12).unwrap().parse2(PASSWORD).unwrap();
    let (key, certificate) = (parsed.pkey.unwrap(), parsed.cert.unwrap());
    let mut builder = Pkcs12::builder();
    builder.name(name).pkey(&key).cert(&certificate);
    if let Some(ca) = parsed.ca {
        builder.ca(ca);
    }
    builder.build2(PASSWORD).unwrap().to_der().unwrap()
}

/// A file with two keys, which no builder makes: the safes of two files in one frame (RFC 7292 §4),
/// without a MAC.
fn of_two(one: &[u8], two: &[u8]) -> Vec<u8> {
    // PFX, version, authSafe: data, [0], OCTET STRING, SEQUENCE
    let safes = |file: &[u8]| {
        let auth_safe = content(after(content(file)));
        content(content(content(after(auth_safe)))).to_vec()
    };
    let data = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01,
    ];
    let both = element(0x30, &[safes(one), safes(two)].concat());
    let octets = Asn1OctetString::new_from_bytes(&both).unwrap();
    let octets = element(0xA0, &element(0x04, octets.as_slice()));
    let info = element(0x30, &[&data[..], &octets].concat());
    element(0x30, &[&[0x02, 0x01, 0x03][..], &info].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

/// Where the content of the first element begins, and how long it is.
fn bounds(der: &[u8]) -> (usize, usize) {
    match der[1] {
        length @ 0..=0x7F => (2, usize::from(length)),
        more => {
            let digits = usize::from(more & 0x7F);
            let length = der[2..2 + digits]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (2 + digits, length)
        }
    }
}

fn content(der: &[u8]) -> &[u8] {
    let (start, length) = bounds(der);
    &der[start..start + length]
}

fn after(der: &[u8]) -> &[u8] {
    let (start, length) = bounds(der);
    &der[start + length..]
}

#[test]
fn nothing_to_give_and_an_unknown_environment_are_said_first() {
    let terminal = Terminal::empty();
    let grant = [
        "rights",
        "grant",
        "--from",
        "310753831",
        "--to",
        "310779253",
    ];
    terminal.run(&grant).ends_with(2).says("--package CODE");
    let altinn2 = ["--name", "X AS", "--api", "altinn2"];
    terminal
        .run(&[&grant[..], &altinn2].concat())
        .ends_with(2)
        .says("--role ROLE");
    terminal
        .run(&["party", "310753831", "--environment", "tt03"])
        .ends_with(2)
        .says("tt03");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut terminal = Terminal::empty();
    let key = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    let file = terminal.file("key.pem", key.private_key_to_pem_pkcs8().unwrap());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    terminal.set(
        "MASKINPORTEN_CLIENT_ID",
        "8d116ece-1738-47d9-bd9c-172411e20b8f",
    );
    terminal.set("ALTINN_ENVIRONMENT", "tt02");
    terminal.set("MASKINPORTEN_PEM", file.to_str().unwrap());
    terminal
        .run(&["assertion", SCOPE[0], SCOPE[1]])
        .ends_with(4)
        .says("chmod 600");
}
