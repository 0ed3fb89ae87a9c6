//! No input from the wire panics: right requests of every kind, broken in thousands of ways. The way
//! is the same in each run.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::altinn::{ALL_ALTINN2, ALL_CONNECTIONS, Altinn, CONNECTIONS, PARTIES, send};
use crate::client::Grant;

const ROUNDS: usize = 40;

/// What tends to break readers.
const ODD: &[&str] = &[
    "",
    "%",
    "%00",
    "%ff%fe",
    "9223372036854775808",
    "-9223372036854775808",
    "null",
    "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
    "'''",
    "DateTime'9999-99-99T99:99:99'",
    "r99999999999999999999",
    "\u{c3}\u{a6}\u{1f680}",
    "..%2f..",
    "{}",
    "[[[[",
    "\"\\ud800\"",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "01234567890",
];

/// Counts the panics of this thread, which runs the servers of this test as well.
fn panics_of_this_thread() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, this) = (Arc::clone(&count), std::thread::current().id());
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        before(info);
    }));
    count
}

fn json_value(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth > 2 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(*rng.choice(&[i64::MIN, -1, 0, i64::MAX]).unwrap()),
        3 => json!(u64::MAX),
        4 => json!(1e300),
        5 => json!(*rng.choice(ODD).unwrap()),
        6 => (0..rng.usize(..3))
            .map(|_| json_value(rng, depth + 1))
            .collect(),
        _ => {
            let names = ["type", "ID", "systemuser_org", "x", ""];
            let name = rng.choice(names).unwrap();
            json!({ name: json_value(rng, depth + 1) })
        }
    }
}

/// Puts odd values in place of some of the document's.
fn broken_json(rng: &mut Rng, value: &Value) -> Value {
    if rng.u8(..4) == 0 {
        return json_value(rng, 0);
    }
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), broken_json(rng, value)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| broken_json(rng, item)).collect(),
        other => other.clone(),
    }
}

fn broken_bytes(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(..4) {
            0 => bytes[at] = rng.u8(..),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, rng.u8(..)),
            _ => {
                let odd = rng.choice(ODD).unwrap().bytes();
                bytes.splice(at..at, odd).for_each(drop);
            }
        }
    }
}

/// Replaces values of the path's segments and of its query.
fn broken_path(rng: &mut Rng, path: &str) -> String {
    let ends = ['/', '=', '&', '?'];
    path.split_inclusive(ends)
        .map(|piece| {
            let (word, end) = piece.split_at(piece.trim_end_matches(ends).len());
            if !word.is_empty() && rng.u8(..5) == 0 {
                format!("{}{end}", rng.choice(ODD).unwrap())
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// Sends bytes as they are and reads what comes, if anything.
async fn send_raw(base: &str, bytes: &[u8]) -> Vec<u8> {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may hang up before it has read all of this.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

struct Sample {
    base: String,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Sample {
    fn bytes(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let Self { method, .. } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        [head.as_bytes(), body].concat()
    }
}

async fn samples(altinn: &Altinn) -> Vec<Sample> {
    let customer = altinn.customer();
    let parties = format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}");
    let system_user = format!("Bearer {}", altinn.system_user(&parties).await);
    let user = altinn.enterprise_user("sneglebruker", ALL_ALTINN2).await;
    let user = format!("Bearer {user}");
    let key = altinn.api_key("vendor");
    let organisation = Grant::by_certificate(&altinn.sim).token(&altinn.sim).await;
    let person = altinn.sim.cast().new_person;
    let receiver = altinn.party(&altinn.sim.cast().receiving_organisation);
    let platform = |method, path: String, body| Sample {
        base: altinn.sim.platform_url().to_owned(),
        method,
        path,
        headers: vec![
            ("authorization", system_user.clone()),
            ("content-type", "application/json".to_owned()),
        ],
        body,
    };
    let altinn2 = |method, path: &str, body| Sample {
        base: altinn.sim.altinn2_url().to_owned(),
        method,
        path: path.to_owned(),
        headers: vec![
            ("authorization", user.clone()),
            ("apikey", key.clone()),
            ("accept", "application/hal+json".to_owned()),
            ("content-type", "application/hal+json".to_owned()),
        ],
        body,
    };
    let c = CONNECTIONS;
    let sides = format!("party={customer}&from={customer}&to={receiver}");
    let input = json!({"personIdentifier": person.expose(), "lastName": "GRANITT"});
    let keys = json!({"directRightKeys": ["01ab"]});
    let right = "resource=skf-skattemelding";
    let holder = json!({
        "SocialSecurityNumber": person.expose(), "LastName": "GRANITT",
        "_embedded": {
            "Roles": [{"RoleDefinitionId": 11}],
            "Rights": [{"ServiceCode": "1051", "ServiceEditionCode": 140619, "Action": "Read"}],
        },
    });
    let conversion = json!({"SocialSecurityNumber": person.expose(), "LastName": "GRANITT"});
    let delegations = "/api/my/authorization/Delegations";
    let exchange = "/authentication/api/v1/exchange/maskinporten?test=true";
    let mut all = vec![
        platform(
            "GET",
            format!("{PARTIES}?includeRoles=true&partyFilter={customer}"),
            None,
        ),
        platform(
            "GET",
            format!("{c}?{sides}&includeAccessPackages=true"),
            None,
        ),
        platform("POST", format!("{c}?party={customer}"), Some(input)),
        platform(
            "POST",
            format!("{c}/accesspackages?{sides}&package=skattegrunnlag"),
            None,
        ),
        platform(
            "GET",
            format!("{c}/accesspackages/delegationcheck?{sides}&packages=x"),
            None,
        ),
        platform(
            "DELETE",
            format!("{c}/accesspackages?{sides}&package=x"),
            None,
        ),
        platform("GET", format!("{c}/resources/rights?{sides}&{right}"), None),
        platform(
            "POST",
            format!("{c}/resources/rights?{sides}&{right}"),
            Some(keys.clone()),
        ),
        platform(
            "PUT",
            format!("{c}/resources/rights?{sides}&{right}"),
            Some(keys),
        ),
        platform("DELETE", format!("{c}?{sides}&cascade=false"), None),
        altinn2(
            "GET",
            "/api/reportees?$filter=Type%20eq%20'Person'&$top=5&$skip=1",
            None,
        ),
        altinn2(
            "GET",
            "/api/reportees?$orderby=Name%20desc&serviceCode=1&serviceEdition=2",
            None,
        ),
        altinn2(
            "POST",
            "/api/reportees/ReporteeConversion",
            Some(conversion),
        ),
        altinn2("POST", delegations, Some(holder)),
        altinn2("GET", delegations, None),
        altinn2(
            "GET",
            "/api/my/authorization/Delegations/u20700301/rights?language=1044",
            None,
        ),
        altinn2(
            "DELETE",
            "/api/my/authorization/Delegations/r51600202/roles/60000001",
            None,
        ),
        altinn2(
            "DELETE",
            "/api/my/authorization/Delegations?receiverId=r1&roleId=2",
            None,
        ),
    ];
    let vendor = "altinn:authentication/systemregister.write \
        altinn:authentication/systemuser.request.read altinn:authentication/systemuser.request.write";
    let vendor = format!("Bearer {}", altinn.organisation(vendor).await);
    let systems = |method, path: &str, body| Sample {
        headers: vec![
            ("authorization", vendor.clone()),
            ("content-type", "application/json".to_owned()),
        ],
        ..platform(method, format!("/authentication/api/v1/{path}"), body)
    };
    let asked = json!({
        "systemId": "310742104_snegleregnskap", "partyOrgNo": "310749745", "externalRef": "x",
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "skf-postlogg"}]}],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
    });
    let registered = json!({
        "id": "310742104_ny", "clientId": ["a"], "isVisible": true,
        "vendor": {"authority": "iso6523-actorid-upis", "ID": "0192:310742104"},
        "name": {"nb": "a", "nn": "b", "en": "c"}, "description": {"nb": "d"},
        "rights": [], "accessPackages": [], "allowedRedirectUrls": ["https://a.no"],
    });
    let change = "systemuser/changerequest/vendor?correlation-id=2e7e4f0c-7b0a-4a0f-9f8e-1d1f6a1b2c3d\
        &system-user-id=c7a2ea20-b2f1-4c94-ae05-319acb5c7427";
    let unwanted = json!({"unwantedAccessPackages": [{"urn": "x"}], "requiredRights": []});
    let list = "systemuser/request/vendor/bysystem/310742104_snegleregnskap?token=ZnJvbTow";
    all.extend([
        systems("POST", "systemuser/request/vendor", Some(asked)),
        systems("POST", "systemregister/vendor", Some(registered)),
        systems("POST", change, Some(unwanted)),
        systems("GET", list, None),
        systems(
            "GET",
            "systemuser/vendor/byquery?system-id=a&orgno=b&external-ref=c",
            None,
        ),
    ]);
    let password = json!({"UserName": "lillatiger", "UserPassword": "x"});
    let login = "/api/authentication/authenticatewithpassword?ForceEIAuthentication=true";
    all.push(altinn2("POST", login, Some(password)));
    all.push(Sample {
        headers: vec![
            ("apikey", key.clone()),
            ("cookie", "a=b; .ASPXAUTH=00; c".to_owned()),
        ],
        ..altinn2("GET", "/api/reportees", None)
    });
    let login_client = altinn.sim.cast().login_client;
    let authorize = format!(
        "/authorize?client_id={login_client}&response_type=code&redirect_uri=http://localhost:8788/callback\
         &scope=openid&state=a&nonce=b&code_challenge_method=S256&acr_values=idporten-loa-high\
         &code_challenge=b7elB7ZyxIXgFyvBznKvxl7wOB-H17Pz0a3B62NIMFI"
    );
    for (method, path) in [
        ("GET", authorize.as_str()),
        (
            "GET",
            "/logout?id_token_hint=a.b.c&post_logout_redirect_uri=d&state=e",
        ),
        ("POST", "/login?x=y"),
        ("POST", "/token?x=y"),
    ] {
        all.push(Sample {
            base: altinn.sim.id_porten_issuer().to_owned(),
            method,
            path: path.to_owned(),
            headers: vec![
                ("authorization", "Basic YTpi".to_owned()),
                (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
            ],
            body: (method == "POST").then(|| json!("grant_type=refresh_token&client_id=x")),
        });
    }
    all.push(Sample {
        base: altinn.sim.platform_url().to_owned(),
        method: "GET",
        path: exchange.to_owned(),
        headers: vec![
            ("authorization", format!("Bearer {organisation}")),
            ("x-altinn-enterpriseuser-authentication", "YTpi".to_owned()),
        ],
        body: None,
    });
    all
}

#[tokio::test]
async fn no_request_panics() {
    let panics = panics_of_this_thread();
    let altinn = Altinn::start().await;
    let mut rng = Rng::with_seed(20260619);
    for sample in samples(&altinn).await {
        let written = sample
            .body
            .as_ref()
            .map(Value::to_string)
            .unwrap_or_default();
        let right = send_raw(
            &sample.base,
            &sample.bytes(&sample.path, written.as_bytes()),
        )
        .await;
        assert!(right.starts_with(b"HTTP/1.1 "), "{}", sample.path);
        for _ in 0..ROUNDS {
            let path = broken_path(&mut rng, &sample.path);
            let body = sample.body.as_ref().map(|body| broken_json(&mut rng, body));
            let mut body = body.map(|b| b.to_string()).unwrap_or_default().into_bytes();
            if rng.u8(..3) == 0 {
                broken_bytes(&mut rng, &mut body);
            }
            let mut bytes = sample.bytes(&path, &body);
            if rng.u8(..4) == 0 {
                broken_bytes(&mut rng, &mut bytes);
            }
            send_raw(&sample.base, &bytes).await;
            assert_eq!(
                panics.load(Ordering::Relaxed),
                0,
                "{}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    let alive = altinn.platform(
        Method::GET,
        "/authentication/api/v1/openid/.well-known/openid-configuration",
    );
    assert_eq!(send(alive).await.status, 200);
}

#[tokio::test]
async fn no_grant_panics() {
    let panics = panics_of_this_thread();
    let altinn = Altinn::start().await;
    let sim = &altinn.sim;
    let cast = sim.cast();
    let right = Grant::by_certificate(sim)
        .system_user(&cast.customer, None)
        .claim("resource", "https://a.no")
        .claim("consumer_org", cast.delegator.clone())
        .claim("pid", cast.manager.expose());
    let mut rng = Rng::with_seed(20260626);
    for round in 0..ROUNDS * 15 {
        let mut grant = right.clone().claim("jti", format!("round {round}"));
        for _ in 0..rng.usize(1..3) {
            let in_header = rng.u8(..4) == 0;
            let part = if in_header {
                &mut grant.header
            } else {
                &mut grant.claims
            };
            let names: Vec<String> = part.keys().cloned().collect();
            let name = rng.choice(&names).unwrap().clone();
            let value = broken_json(&mut rng, &part[&name]);
            part.insert(name, value);
        }
        let mut assertion = grant.assertion().into_bytes();
        if rng.u8(..5) == 0 {
            broken_bytes(&mut rng, &mut assertion);
        }
        let assertion = String::from_utf8_lossy(&assertion).into_owned();
        let answer = crate::client::send_assertion(sim, &assertion).await;
        assert_eq!(panics.load(Ordering::Relaxed), 0, "{:?}", grant.claims);
        assert!(
            (200..500).contains(&answer.status),
            "{:?}: {}",
            grant.claims,
            answer.text
        );
    }
}
