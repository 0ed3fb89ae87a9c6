//! 10 000 rights in pages of 500, through this client and with reqwest and plain serde on the same
//! bytes, in the same run: how much CPU time each of them takes. The server is the simulator, in a
//! process of its own, so that its work is not counted. And 1 000 grants: over how many connections;
//! there the server is this program again, which counts them.
//!
//! `cargo bench -p altinn-authz --bench altinn2` (Linux)

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench")]

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, EnterpriseUserCredentials, Environment};
use altinn_authz::altinn2::odata::Query;
use altinn_authz::altinn2::{Client, Delegation, Receiver, Who, scopes};
use altinn_authz::batch::Batch;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_transport::{BoxFuture, ReqwestTransport, SecretString, Transport as _, from_fn};
use maskinporten::{Algorithm, KeyReference, Sign, SignError, Signer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const RIGHTS: usize = 10_000;
const PAGE: usize = 500;
const ROUNDS: usize = 9;
const TURNS: usize = 5;
const GRANTS: usize = 1_000;
const PARALLEL: usize = 8;

fn main() {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if has("--server") {
        return serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if has("--simulator") {
        return runtime.block_on(simulate());
    }
    if has("--list") || has("--list-plainly") {
        return runtime.block_on(list(has("--list-plainly")));
    }
    let (simulator, first) = Process::start("--simulator");
    // the rivals are told where it is
    let told = [("ALTINN_BENCH_SIMULATOR", first.as_str())];
    println!("{RIGHTS} rights in pages of {PAGE}, CPU time of the client's process:");
    compare("glibc as it is", &told);
    // what is freed goes back to the system at once, and is faulted in again for the next page: that
    // depends on the sizes more than on what is done
    compare(
        "an allocator that keeps what is freed",
        &[
            told[0],
            ("MALLOC_TRIM_THRESHOLD_", "268435456"),
            ("MALLOC_MMAP_THRESHOLD_", "268435456"),
        ],
    );
    drop(simulator);
    runtime.block_on(grant(&Server::start()));
}

/// The rivals by turns, each in processes of its own, so that neither finds what the other has done to
/// the allocator.
fn compare(name: &str, settings: &[(&str, &str)]) {
    let run = |argument: &str| -> f64 {
        let output = Command::new(std::env::current_exe().unwrap())
            .arg(argument)
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().parse().unwrap()
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(run("--list"));
        theirs.push(run("--list-plainly"));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours / theirs;
    println!("  {name}:");
    println!("    this client            {:7.2} ms", ours / 1e6);
    println!("    reqwest + plain serde  {:7.2} ms", theirs / 1e6);
    println!(
        "    ratio                  {ratio:7.3} (at most 1.15: {})",
        if ratio <= 1.15 { "yes" } else { "NO" }
    );
}

// --- the two rivals

#[derive(Deserialize)]
struct PlainPage {
    #[serde(rename = "_embedded")]
    embedded: PlainRights,
}

#[derive(Deserialize)]
struct PlainRights {
    rights: Vec<PlainRight>,
}

/// As one would write it by hand, for these bytes and no others.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "read and not used")]
struct PlainRight {
    #[serde(rename = "RightID")]
    id: i64,
    right_type: String,
    service_code: String,
    service_edition_code: i64,
    action: String,
    right_source_type: String,
    is_delegatable: bool,
    delegator: Option<String>,
    delegated_time: Option<String>,
}

/// One of the rivals, in a process of its own: nanoseconds for one round.
async fn list(plainly: bool) {
    let told: Told =
        serde_json::from_str(&std::env::var("ALTINN_BENCH_SIMULATOR").unwrap()).unwrap();
    let session = told.session();
    let client = Client::new(&session).with_page(PAGE);
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = format!("Bearer {}", session.token().await.unwrap().expose());
    let mut times = Vec::new();
    // the first round fills caches and pools and is not counted
    for round in 0..=ROUNDS {
        let start = cpu();
        let read = if plainly {
            listed_plainly(&plain, &told, &token).await
        } else {
            listed_by_client(&client, &told).await
        };
        let time = cpu() - start;
        assert_eq!(read, RIGHTS);
        if round > 0 {
            times.push(time);
        }
    }
    println!("{}", median(&mut times));
}

async fn listed_by_client(client: &Client, told: &Told) -> usize {
    let who: Who = told.customer.parse().unwrap();
    let mut pages = client.own_rights_pages(who, &Query::new()).unwrap();
    let mut read = 0;
    while let Some(page) = pages.next_page().await.unwrap() {
        read += page.len();
    }
    read
}

async fn listed_plainly(client: &reqwest::Client, told: &Told, token: &str) -> usize {
    let (url, who) = (told.altinn2.trim_end_matches('/'), &told.customer);
    let mut read = 0;
    loop {
        let url =
            format!("{url}/api/{who}/authorization/rights?language=1044&$top={PAGE}&$skip={read}");
        let answer = client
            .get(url)
            .header("accept", "application/hal+json")
            .header("apikey", &told.api_key)
            .header("authorization", token)
            .send()
            .await
            .unwrap();
        let body = answer.error_for_status().unwrap().bytes().await.unwrap();
        let page: PlainPage = serde_json::from_slice(&body).unwrap();
        if page.embedded.rights.is_empty() {
            return read;
        }
        read += page.embedded.rights.len();
    }
}

async fn grant(server: &Server) {
    let client = Client::new(&session(server));
    let folder = tempfile::tempdir().unwrap();
    let labels = (0..GRANTS).map(|row| format!("role:3 to r{}", row + 1));
    let batch = Batch::open(folder.path().join("journal"), labels).unwrap();
    let before = server.connections().await;
    let summary = batch
        .parallel(PARALLEL)
        .run(
            |row| {
                let receiver = Receiver::id(format!("r{}", row + 1));
                client.grant(Who::my(), receiver, [Delegation::role(3)])
            },
            |_| {},
        )
        .await
        .unwrap();
    assert_eq!(summary.done, GRANTS, "{summary}");
    // the one that asks is one of them
    let opened = server.connections().await - before - 1;
    println!("{GRANTS} grants, {PARALLEL} at a time: {opened} connections");
}

// --- who one is

#[derive(Debug)]
struct AnyKey;

impl Sign for AnyKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }
    fn key_reference(&self) -> Option<KeyReference> {
        Some(KeyReference::KeyId("test-key".parse().unwrap()))
    }
    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async { Ok(vec![7; 256]) })
    }
}

fn token() -> String {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"iat":1000,"exp":2800}"#);
    format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmF0dXJl")
}

/// Tokens are given out here, everything else goes over the wire.
fn session(server: &Server) -> altinn_auth::Session<altinn_auth::EnterpriseUser> {
    let wire = Arc::new(ReqwestTransport::builder().build().unwrap());
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let wire = wire.clone();
        async move {
            match request.uri().path() {
                "/token" => Ok(http::Response::new(Bytes::from_static(
                    br#"{"access_token":"maskinporten","token_type":"Bearer","expires_in":119}"#,
                ))),
                "/authentication/api/v1/exchange/maskinporten" => {
                    Ok(http::Response::new(token().into()))
                }
                _ => wire.send(request).await,
            }
        }
    });
    let url = server.url.as_str();
    let maskinporten = maskinporten::Environment::custom(url, &format!("{url}/token")).unwrap();
    let environment = Environment::custom("loopback", url, Some(url), maskinporten).unwrap();
    let altinn = Altinn::builder(
        environment,
        "bench-client".parse().unwrap(),
        Signer::new(AnyKey).unwrap(),
    )
    .transport(Arc::new(transport))
    .api_key(SecretString::from("5b4a0c52-0000-4000-8000-000000000000"))
    .build()
    .unwrap();
    let user = EnterpriseUserCredentials::new("bench", SecretString::from("bench")).unwrap();
    altinn.enterprise_user(user).scopes(["altinn:enduser"])
}

/// Nanoseconds that this thread has been on a processor; all of a round happens on it.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    (time.tv_sec * 1_000_000_000 + time.tv_nsec) as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

// --- the simulator

/// Where the simulator is, and who one is there.
#[derive(Serialize, Deserialize)]
struct Told {
    platform: String,
    altinn2: String,
    issuer: String,
    token_endpoint: String,
    client: String,
    pkcs12: String,
    password: String,
    api_key: String,
    user: String,
    user_password: String,
    customer: String,
}

impl Told {
    fn session(&self) -> altinn_auth::Session<altinn_auth::EnterpriseUser> {
        let maskinporten =
            maskinporten::Environment::custom(&self.issuer, &self.token_endpoint).unwrap();
        let environment = Environment::custom(
            "simulator",
            &self.platform,
            Some(&self.altinn2),
            maskinporten,
        )
        .unwrap();
        let pkcs12 = URL_SAFE_NO_PAD.decode(&self.pkcs12).unwrap();
        let key = Signer::from_pkcs12(&pkcs12, &self.password.as_str().into()).unwrap();
        let altinn = Altinn::builder(environment, self.client.parse().unwrap(), key)
            .api_key(self.api_key.as_str().into())
            .build()
            .unwrap();
        let secret = SecretString::from(self.user_password.as_str());
        let user = EnterpriseUserCredentials::new(&self.user, secret).unwrap();
        altinn.enterprise_user(user).scopes([scopes::RIGHTS_READ])
    }
}

/// Runs until it is killed. A role of the enterprise user's gives five rights on each of so many
/// services.
async fn simulate() {
    let services: String = (0..RIGHTS / 5).map(|nth| format!(
        "[[services]]\ncode = \"{}\"\nedition = {}\nname = \"Tjeneste {nth}\"\nowner = \"310799564\"\nowner_code = \"SKF\"\nowner_name = \"Blid Skattefugl etat\"\nactions = [\"Read\", \"Write\", \"Sign\", \"ArchiveRead\", \"ArchiveDelete\"]\nroles = [\"HADM\"]\n\n",
        10_000 + nth,
        130_000 + nth % 7,
    )).collect();
    let seed = altinn_sim::world::Seed::from_toml(&services).unwrap();
    let simulator = altinn_sim::Simulator::builder()
        .seed(seed)
        .start()
        .await
        .unwrap();
    let cast = simulator.cast();
    let (pkcs12, password) = simulator.pkcs12(&cast.client).unwrap();
    let told = {
        let world = simulator.world();
        let key = world.api_keys.iter().find(|key| key.name == cast.api_key);
        let user = world.enterprise_user(&cast.enterprise_user).unwrap();
        Told {
            platform: simulator.platform_url().to_owned(),
            altinn2: simulator.altinn2_url().to_owned(),
            issuer: simulator.maskinporten_issuer(),
            token_endpoint: simulator.token_endpoint(),
            client: cast.client,
            pkcs12: URL_SAFE_NO_PAD.encode(pkcs12),
            password: password.expose().to_owned(),
            api_key: key.unwrap().key.expose().to_owned(),
            user: cast.enterprise_user,
            user_password: user.password.expose().to_owned(),
            customer: cast.customer,
        }
    };
    println!("{}", serde_json::to_string(&told).unwrap());
    std::future::pending::<()>().await;
}

/// This program again, in another part.
struct Process(Child);

impl Process {
    /// Starts it, and waits for its first line.
    fn start(part: &str) -> (Self, String) {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(part)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        (Self(process), line.trim().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// --- the server that counts connections

struct Server {
    url: String,
    _process: Process,
}

impl Server {
    fn start() -> Self {
        let (process, url) = Process::start("--server");
        Self {
            url,
            _process: process,
        }
    }

    /// How many connections were opened since it runs, this one counted.
    async fn connections(&self) -> usize {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("{}/connections", self.url)).send().await;
        answer.unwrap().text().await.unwrap().parse().unwrap()
    }
}

#[derive(Default)]
struct State {
    connections: AtomicUsize,
    holders: Mutex<HashSet<String>>,
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let state = Arc::new(State::default());
    for stream in listener.incoming() {
        state.connections.fetch_add(1, Ordering::SeqCst);
        let state = state.clone();
        std::thread::spawn(move || connection(stream.unwrap(), &state));
    }
}

fn connection(mut stream: TcpStream, state: &State) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap().to_owned());
        let method = method.to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, answer) = answer(&method, &target, &body, state);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/hal+json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if stream
            .write_all(&[head.as_bytes(), &answer].concat())
            .is_err()
        {
            return;
        }
    }
}

fn answer(method: &str, target: &str, body: &[u8], state: &State) -> (&'static str, Bytes) {
    let path = target.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let json = |value: Value| ("200 OK", Bytes::from(value.to_string()));
    match (method, segments.as_slice()) {
        ("GET", ["connections"]) => {
            let count = state.connections.load(Ordering::SeqCst);
            ("200 OK", Bytes::from(count.to_string()))
        }
        ("GET", [.., "Delegations", holder]) => json(json!({
            "RightHolderId": holder, "Name": holder, "OrganizationNumber": "310702641",
        })),
        ("GET", [.., holder, "roles"]) => {
            let has = state.holders.lock().unwrap().contains(*holder);
            let roles = if has {
                json!([{"RoleId": 1, "RoleDefinitionId": 3}])
            } else {
                json!([])
            };
            json(json!({"_links": {}, "_embedded": {"roles": roles}}))
        }
        ("POST", [.., "Delegations"]) => {
            let body: Value = serde_json::from_slice(body).unwrap();
            let name = body["Name"].as_str().unwrap().to_owned();
            state.holders.lock().unwrap().insert(name);
            ("201 Created", Bytes::new())
        }
        _ => ("404 Not Found", Bytes::new()),
    }
}
