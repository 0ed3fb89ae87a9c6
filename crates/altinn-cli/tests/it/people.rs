//! A person: `altinn login` and what comes after it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use altinn_sim::{LoginFlaw, Simulator};
use bytes::Bytes;
use http_transport::{ReqwestTransport, Transport as _};

use crate::support::{Said, Terminal};

const CUSTOMER: &str = "310753831";
const PERSON: &str = "24878123375";

/// A simulator whose login client may come back to a port of this test's own.
pub(crate) async fn simulator() -> (Simulator, Terminal) {
    simulator_of(Simulator::builder()).await
}

pub(crate) async fn simulator_of(builder: altinn_sim::Builder) -> (Simulator, Terminal) {
    let simulator = builder.start().await.unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let client = simulator.cast().login_client;
    simulator.change_world(|world| {
        let client = world
            .clients
            .iter_mut()
            .find(|known| known.client_id == client)
            .unwrap();
        client.redirect_uris = vec![redirect];
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.env");
    simulator.write_env(&file).unwrap();
    (simulator, Terminal::with(folder, &file))
}

/// `altinn login` that waits for its browser.
pub(crate) struct Waiting {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    pub(crate) url: String,
}

impl Waiting {
    pub(crate) fn start(terminal: &Terminal, args: &[&str], browser: Option<&str>) -> Self {
        let mut command = terminal.command(&[&["login"], args].concat());
        if let Some(browser) = browser {
            command.env("BROWSER", browser);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Log in here: ");
        let url = url.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, err, url }
    }

    pub(crate) fn ended(mut self) -> Said {
        let (mut out, mut err) = (String::new(), String::new());
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        self.err.read_to_string(&mut err).unwrap();
        Said {
            code: self.child.wait().unwrap().code(),
            out,
            err,
        }
    }
}

/// What a browser does without a screen: reads the page, chooses the person, presses the button.
pub(crate) struct Browser(ReqwestTransport);

impl Browser {
    pub(crate) fn new() -> Self {
        Self(ReqwestTransport::builder().build().unwrap())
    }

    async fn get(&self, url: &str) -> http::Response<Bytes> {
        let request = http::Request::get(url).body(Bytes::new()).unwrap();
        self.0.send(request).await.unwrap()
    }

    /// Where the log-in page sends the browser.
    async fn answer(&self, simulator: &Simulator, url: &str, button: &str) -> String {
        self.answer_as(simulator, url, &manager(simulator), button)
            .await
    }

    async fn answer_as(
        &self,
        simulator: &Simulator,
        url: &str,
        person: &str,
        button: &str,
    ) -> String {
        let page = self.get(url).await;
        let page = String::from_utf8(page.body().to_vec()).unwrap();
        let after = page.split_once("name=\"transaction\" value=\"");
        let transaction = after
            .unwrap_or_else(|| panic!("{page}"))
            .1
            .split('"')
            .next()
            .unwrap();
        let form = format!("transaction={transaction}&person={person}&answer={button}");
        let request = http::Request::post(format!("{}/login", simulator.id_porten_issuer()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let answer = self.0.send(request).await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// The whole log-in, up to the page that the command shows.
    async fn log_in(&self, simulator: &Simulator, url: &str, button: &str) -> (u16, String) {
        self.log_in_as(simulator, url, &manager(simulator), button)
            .await
    }

    /// The same, as another person.
    pub(crate) async fn log_in_as(
        &self,
        simulator: &Simulator,
        url: &str,
        person: &str,
        button: &str,
    ) -> (u16, String) {
        let back = self.answer_as(simulator, url, person, button).await;
        let page = self.get(&back).await;
        let text = String::from_utf8(page.body().to_vec()).unwrap();
        (page.status().as_u16(), text)
    }
}

/// The person who runs the customer.
pub(crate) fn manager(simulator: &Simulator) -> String {
    let world = simulator.world();
    let person = world.person(world.cast.manager.expose()).unwrap();
    person.party_uuid.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_six_steps_as_a_person_who_logged_in() {
    let (simulator, terminal) = simulator().await;
    terminal
        .run(&["parties", "--person"])
        .ends_with(2)
        .says("nobody is logged in")
        .says("altinn login");
    let waiting = Waiting::start(&terminal, &["--no-browser", "--level", "3"], None);
    let (status, page) = Browser::new()
        .log_in(&simulator, &waiting.url, "log_in")
        .await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("You are logged in"), "{page}");
    waiting
        .ended()
        .ends_with(0)
        .says("level 3")
        .says("renewed when it is used");

    // kept where nobody else reads it
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = terminal.folder.path().join(".local/state/altinn");
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert_eq!(files.len(), 1);
        for path in [folder, files[0].as_ref().unwrap().path()] {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{path:?} {mode:o}");
        }
    }
    let who = terminal.run(&["whoami", "--json"]).ends_with(0).json();
    assert_eq!(who["level"], 3);
    assert_eq!(who["renewable"], true);

    // 1 and 2
    let own = terminal.run(&["token", "--person", "--json"]).ends_with(0);
    assert_eq!(
        own.json()["claims"]["iss"],
        simulator.id_porten_issuer(),
        "{own:#?}"
    );
    let exchanged = terminal.run(&["token", "--person", "--exchange", "--json"]);
    let exchanged = exchanged.ends_with(0).json();
    assert_eq!(
        exchanged["claims"]["urn:altinn:authlevel"]
            .to_string()
            .trim_matches('"'),
        "3"
    );
    terminal
        .run(&["token", "--person", "--scope", "altinn:reportees"])
        .ends_with(2)
        .says("altinn login --scope");

    // 3 to 6
    terminal
        .run(&["parties", "--person"])
        .ends_with(0)
        .says(CUSTOMER);
    let as_person = terminal.but(&[("ALTINN_AS", "person")]);
    for file in [".local", ".cache"] {
        let to = as_person.folder.path().join(file);
        std::os::unix::fs::symlink(terminal.folder.path().join(file), to).unwrap();
    }
    as_person.run(&["party", CUSTOMER]).ends_with(0);
    let change = |verb: &'static str, more: &[&'static str]| {
        let change = ["rights", verb, "--from", CUSTOMER, "--to", PERSON];
        [
            &change[..],
            &["--package", "skattegrunnlag", "--person"],
            more,
        ]
        .concat()
    };
    terminal
        .run(&change("grant", &["--last-name", "GRANITT"]))
        .ends_with(0);
    let list = ["rights", "list", "--from", CUSTOMER];
    as_person.run(&list).ends_with(0).says("KREATIV GRANITT");
    terminal.run(&change("revoke", &[])).ends_with(0);
    let list = as_person
        .run(&[&list[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    let theirs = list["held"].as_array().unwrap().iter();
    let theirs = theirs.filter(|holder| holder["name"] == "KREATIV GRANITT");
    assert!(
        theirs
            .clone()
            .all(|holder| holder["packages"].as_array().unwrap().is_empty())
    );
    // any other call
    let path = "/accessmanagement/api/v1/enduser/authorizedparties";
    terminal
        .run(&["api", "GET", path, "--as", "person"])
        .ends_with(0)
        .says(CUSTOMER);

    // the token is renewed with a refresh token that works once, command after command
    for _ in 0..3 {
        simulator
            .clock()
            .advance(jiff::SignedDuration::from_mins(5));
        terminal
            .run(&["token", "--person", "--no-cache"])
            .ends_with(0);
    }

    terminal
        .run(&["logout", "--no-browser"])
        .ends_with(0)
        .says("Logged out");
    terminal.run(&["whoami"]).ends_with(2);
    terminal
        .run(&["logout", "--json"])
        .ends_with(0)
        .says("\"loggedOut\": false");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_goes_wrong_says_how_on_both_sides() {
    let (simulator, terminal) = simulator().await;
    let browser = Browser::new();
    let attempt = async |flaw: Option<LoginFlaw>, button: &str| {
        if let Some(flaw) = flaw {
            simulator.faults().spoil_next_login(flaw);
        }
        let waiting = Waiting::start(&terminal, &["--no-browser", "--level", "4"], None);
        let (status, page) = browser.log_in(&simulator, &waiting.url, button).await;
        assert_eq!(status, 400, "{page}");
        assert!(page.contains("The log-in failed"), "{page}");
        waiting.ended()
    };
    let said = attempt(None, "cancel").await;
    said.ends_with(1).says("what to do");
    let mut sentences = BTreeMap::new();
    for (flaw, code, word) in [
        (LoginFlaw::OtherState, 4, "state"),
        (LoginFlaw::OtherNonce, 4, "nonce"),
        (LoginFlaw::OtherIssuer, 4, "idporten.example.no"),
        (LoginFlaw::OtherAudience, 4, "id_token"),
        (LoginFlaw::LowLevel, 4, "level 4"),
    ] {
        let said = attempt(Some(flaw), "log_in").await;
        let said = said.ends_with(code).says(word).says("what to do");
        let first = said.err.lines().next().unwrap().to_owned();
        assert_eq!(sentences.insert(first, flaw), None);
    }
    // none of them left a log-in
    terminal.run(&["whoami"]).ends_with(2);

    // an address that is not registered, before any browser
    terminal
        .but(&[("IDPORTEN_REDIRECT_URI", "http://127.0.0.1:1/other")])
        .run(&["login", "--no-browser"])
        .ends_with(1)
        .says("redirect");
    terminal
        .but(&[("IDPORTEN_REDIRECT_URI", "http://login.example.no:80/")])
        .run(&["login", "--no-browser"])
        .ends_with(4)
        .says("not on this machine");
    terminal
        .but(&[("IDPORTEN_CLIENT_ID", "")])
        .run(&["login"])
        .ends_with(2)
        .says("IDPORTEN_CLIENT_ID is missing");
    terminal
        .but(&[("IDPORTEN_CLIENT_SECRET", "hemmelig")])
        .run(&["login"])
        .ends_with(2)
        .says("IDPORTEN_CLIENT_JWK and IDPORTEN_CLIENT_SECRET");
    terminal.run(&["login", "--level", "5"]).ends_with(2);
    terminal
        .but(&[("IDPORTEN_LEVELS", "høy")])
        .run(&["login"])
        .ends_with(2)
        .says("Level3=3");
    // nobody comes
    terminal
        .run(&["login", "--no-browser", "--wait", "1"])
        .ends_with(3)
        .says("nobody came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_was_sent_is_listened_to() {
    let (simulator, terminal) = simulator().await;
    let browser = Browser::new();
    let waiting = Waiting::start(&terminal, &["--no-browser"], None);
    let back = browser.answer(&simulator, &waiting.url, "log_in").await;
    let origin = back.split_once("/callback").unwrap().0;
    let other = browser.get(&format!("{origin}/favicon.ico")).await;
    assert_eq!(other.status(), 404);
    // under another name, as a page that has rebound its name would
    let request = http::Request::get(&back)
        .header("host", "evil.example.no")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(browser.0.send(request).await.unwrap().status(), 421);
    // what is no answer at all does not end the waiting
    let bare = browser.get(&format!("{origin}/callback")).await;
    assert_eq!(bare.status(), 400);
    let head = http::Request::head(&back).body(Bytes::new()).unwrap();
    assert_eq!(browser.0.send(head).await.unwrap().status(), 405);
    assert_eq!(browser.get(&back).await.status(), 200);
    waiting.ended().ends_with(0);
    // a port that is taken is said before anybody logs in
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    terminal
        .but(&[(
            "IDPORTEN_REDIRECT_URI",
            &format!("http://127.0.0.1:{port}/callback"),
        )])
        .run(&["login"])
        .ends_with(2)
        .says("cannot listen");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_answer_says_is_shown_as_text_and_without_numbers() {
    let (simulator, terminal) = simulator().await;
    let browser = Browser::new();
    let waiting = Waiting::start(&terminal, &["--no-browser"], None);
    let back = browser.answer(&simulator, &waiting.url, "log_in").await;
    let mut back: url::Url = back.parse().unwrap();
    let kept: Vec<_> = back
        .query_pairs()
        .filter(|(name, _)| name != "code")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    back.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .append_pair("error", "server_error")
        .append_pair(
            "error_description",
            &format!("<script>alert(1)</script>\u{1b}[31m {PERSON}"),
        );
    let page = browser.get(back.as_str()).await;
    assert_eq!(page.status(), 400);
    let headers = page.headers().clone();
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"));
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    let said = waiting.ended();
    assert!(page.contains("Innloggingen lyktes ikke"), "{page}");
    assert!(!page.contains("<script"), "{page}");
    for text in [&page, &said.err, &said.out] {
        assert!(!text.contains(PERSON), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    assert!([1, 3].contains(&said.code.unwrap()), "{said:#?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_is_interrupted_leaves_nothing() {
    let (_simulator, terminal) = simulator().await;
    let waiting = Waiting::start(&terminal, &["--no-browser"], None);
    let port = {
        let redirect: url::Url = terminal.settings["IDPORTEN_REDIRECT_URI"].parse().unwrap();
        redirect.port().unwrap()
    };
    let sent = std::process::Command::new("kill")
        .args(["-INT", &waiting.child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    waiting.ended().ends_with(130);
    assert!(!terminal.folder.path().join(".local/state/altinn").exists());
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_log_in_that_others_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let (simulator, terminal) = simulator().await;
    let waiting = Waiting::start(&terminal, &["--no-browser"], None);
    Browser::new()
        .log_in(&simulator, &waiting.url, "log_in")
        .await;
    waiting.ended().ends_with(0);
    let folder = terminal.folder.path().join(".local/state/altinn");
    let file = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|file| file.extension().is_some_and(|end| end == "json"))
        .unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    for args in [&["whoami"][..], &["parties", "--person"], &["logout"]] {
        let said = terminal.run(args).says("for yourself alone");
        assert_ne!(said.code, Some(0), "{said:#?}");
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    terminal.run(&["whoami"]).ends_with(0);
    // another client's settings do not take it
    terminal
        .but(&[("IDPORTEN_CLIENT_ID", "en-annen")])
        .run(&["whoami"])
        .ends_with(2)
        .says("nobody is logged in");
    std::fs::write(&file, "{").unwrap();
    let said = terminal.run(&["whoami"]).says("log in again");
    assert_ne!(said.code, Some(0), "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn system_users_are_asked_for_and_followed() {
    let (simulator, terminal) = simulator().await;
    let which = [
        "--system",
        "310742104_snegleregnskap",
        "--customer",
        "310779253",
        "--external-ref",
        "avd-2",
    ];
    let status = [&["system-user", "status"], &which[..]].concat();
    terminal
        .run(&status)
        .ends_with(1)
        .says("has not been asked");
    let request = [
        &["system-user", "request"],
        &which[..],
        &["--package", "skattegrunnlag"],
    ]
    .concat();
    let first = terminal
        .run(&[&request[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    assert_eq!(
        (&first["new"], &first["status"]),
        (&true.into(), &"New".into())
    );
    let again = terminal
        .run(&[&request[..], &["--json"]].concat())
        .ends_with(0)
        .json();
    assert_eq!(again["new"], false);
    assert_eq!(again["id"], first["id"]);
    let said = terminal.run(&status).ends_with(5).says("Missing");
    assert!(
        said.out.contains(first["confirmUrl"].as_str().unwrap()),
        "{said:#?}"
    );
    terminal
        .run(&[
            "system-user",
            "list",
            "--system",
            "310742104_snegleregnskap",
        ])
        .ends_with(0)
        .says("avd-2");

    // a command that waits sees the answer
    let mut waiting = terminal
        .command(&[&request[..], &["--wait", "--json"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(waiting.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.contains("asked before"), "{line}");
    let id = first["id"].as_str().unwrap().parse().unwrap();
    simulator.answer_system_user_request(id, true).unwrap();
    let output = waiting.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");
    assert!(out.contains("\"ready\": true"), "{out}");
    terminal
        .run(&status)
        .ends_with(0)
        .says("altinn token --system-user");
    terminal
        .run(&[
            "token",
            "--system-user",
            "310779253",
            "--external-ref",
            "avd-2",
        ])
        .ends_with(0);
    terminal
        .run(&[
            "system-user",
            "list",
            "--system",
            "310742104_snegleregnskap",
            "--users",
        ])
        .ends_with(0)
        .says("avd-2");

    // mistakes
    let wrong = [
        "system-user",
        "status",
        "--system",
        "x",
        "--customer",
        "310779254",
    ];
    terminal.run(&wrong).ends_with(2).says("--customer");
    let agent = [
        &["system-user", "request", "--agent", "--resource", "x"],
        &which[..],
    ]
    .concat();
    terminal
        .run(&agent)
        .ends_with(2)
        .says("access packages only");
    let unknown = ["system-user", "list", "--system", "310742104_nothing"];
    terminal.run(&unknown).ends_with(1).says("what to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_call_by_any_way_in() {
    let (simulator, terminal) = simulator().await;
    let reportees = ["api", "GET", "/api/reportees?$top=1"];
    let tls = terminal.but(&[(
        "ALTINN_API_URL",
        simulator.tls_url(altinn_sim::Host::Altinn2),
    )]);
    let scopes = ["--scope", "altinn:reportees"];
    terminal
        .run(&[&reportees[..], &scopes].concat())
        .ends_with(0);
    let person = {
        let world = simulator.world();
        let person = world.person(world.cast.manager.expose()).unwrap();
        terminal.but(&[
            ("ALTINN_USERNAME", person.user_name.as_deref().unwrap()),
            ("ALTINN_PASSWORD", person.password.expose()),
        ])
    };
    person
        .run(&[&reportees[..], &["--as", "password"]].concat())
        .ends_with(0);
    terminal
        .but(&[("ALTINN_PASSWORD", "feil")])
        .run(&[&reportees[..], &["--as", "password"]].concat())
        .ends_with(1)
        .says("password");
    tls.run(&[&reportees[..], &["--as", "certificate-user"]].concat())
        .ends_with(0);
    terminal
        .but(&[("ALTINN_COOKIE", "stale")])
        .run(&[&reportees[..], &["--as", "cookie"]].concat())
        .ends_with(1);
    terminal
        .run(&[&reportees[..], &["--as", "cookie"]].concat())
        .ends_with(2)
        .says("ALTINN_COOKIE is missing");
    // what does not go together
    terminal
        .run(&[&reportees[..], &["--as", "password", "--direct"]].concat())
        .ends_with(2)
        .says("--direct");
    terminal
        .run(
            &[
                &reportees[..],
                &["--as", "person", "--consumer-org", CUSTOMER],
            ]
            .concat(),
        )
        .ends_with(2)
        .says("--consumer-org");
}

/// A platform that keeps what comes, and answers an exchange with a token of an hour.
async fn platform() -> (
    String,
    std::sync::Arc<std::sync::Mutex<Vec<http::Request<()>>>>,
) {
    use base64::Engine as _;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = seen.clone();
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let (parts, _) = request.into_parts();
        let exchange = parts.uri.path().contains("/exchange/");
        kept.lock()
            .unwrap()
            .push(http::Request::from_parts(parts, ()));
        let part = |value: serde_json::Value| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let until = jiff::Timestamp::now().as_second() + 3600;
        let token = format!(
            "{}.{}.c2ln",
            part(serde_json::json!({"alg": "RS256"})),
            part(serde_json::json!({"exp": until, "urn:altinn:authlevel": 3}))
        );
        async move {
            match exchange {
                true => token,
                false => "{}".to_owned(),
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn products_have_their_own_keys_and_suppliers_their_consumers() {
    use base64::Engine as _;
    let (simulator, terminal) = simulator().await;
    let (url, seen) = platform().await;
    let other = terminal.but(&[
        ("ALTINN_PLATFORM_URL", &url),
        ("ALTINN_SUBSCRIPTION_KEY", "for-all"),
        ("ALTINN_SUBSCRIPTION_KEY_STORAGE", "for-storage"),
        ("ALTINN_SUBSCRIPTION_KEY_CORRESPONDENCE", "for-letters"),
        ("ALTINN_SYSTEM_USER", ""),
    ]);
    let scope = ["--scope", "altinn:instances.read"];
    for (path, key) in [
        ("/storage/api/v1/instances", "for-storage"),
        ("/correspondence/api/v1/correspondence", "for-letters"),
        ("/broker/api/v1/filetransfer", "for-all"),
    ] {
        let said = other.run(&[&["api", "GET", path], &scope[..]].concat());
        let said = said.ends_with(0);
        let seen = seen.lock().unwrap();
        let last = seen.last().unwrap();
        assert_eq!(last.uri().path(), path);
        assert_eq!(last.headers()["ocp-apim-subscription-key"], key, "{path}");
        assert!(!said.out.contains(key) && !said.err.contains(key));
    }
    // as a supplier, with the token as Maskinporten gave it
    let path = "/storage/api/v1/instances";
    let supplier = [
        "--consumer-org",
        "310749745",
        "--scope",
        "skattefugl:grunnlag",
    ];
    let direct = [&["api", "GET", path, "--direct"], &supplier[..]].concat();
    other.run(&direct).ends_with(0);
    {
        let seen = seen.lock().unwrap();
        let bearer = seen.last().unwrap().headers()["authorization"]
            .to_str()
            .unwrap();
        let claims = bearer.split('.').nth(1).unwrap();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(claims)
            .unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], simulator.maskinporten_issuer());
        assert_eq!(claims["consumer"]["ID"], "0192:310749745");
        assert_eq!(claims["supplier"]["ID"], "0192:310742104");
    }
    let undelegated = ["--consumer-org", CUSTOMER, "--scope", "skattefugl:grunnlag"];
    other
        .run(&[&["api", "GET", path], &undelegated[..]].concat())
        .ends_with(1)
        .says("what to do");
    // as the test organisation, by the exchange alone
    other
        .run(&[&["api", "GET", path, "--test-organisation"], &scope[..]].concat())
        .ends_with(0);
    let seen = seen.lock().unwrap();
    let exchanges = seen
        .iter()
        .filter(|request| request.uri().path().contains("/exchange/maskinporten"));
    let queries: Vec<_> = exchanges.map(|request| request.uri().query()).collect();
    assert_eq!(queries.last(), Some(&Some("test=true")), "{queries:?}");
    assert!(queries.contains(&None), "{queries:?}");
}
