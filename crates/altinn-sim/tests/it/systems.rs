//! The system register and system users, from a vendor's request to the first token.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_CONNECTIONS, Altinn, Answer, CONNECTIONS, send};
use crate::client::{Grant, claims};

const SCOPES: &str = "altinn:authentication/systemregister.write \
    altinn:authentication/systemuser.request.read altinn:authentication/systemuser.request.write";
const SYSTEM: &str = "310742104_snegleregnskap";
const AGENCY: &str = "310742104_sneglebyraa";

struct Vendor {
    altinn: Altinn,
    token: String,
}

impl Vendor {
    async fn start() -> Self {
        let altinn = Altinn::start().await;
        let token = altinn.organisation(SCOPES).await;
        Self { altinn, token }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/authentication/api/v1/{path}");
        let request = self.altinn.platform(method, &path).bearer_auth(&self.token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Asks a customer for a system user with the tax package and a right.
    async fn ask(&self, customer: &str, reference: &str) -> Answer {
        let body = json!({
            "systemId": SYSTEM, "partyOrgNo": customer, "externalRef": reference,
            "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
            "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "skf-postlogg"}]}],
        });
        self.post("systemuser/request/vendor", body).await
    }

    fn answer(&self, request: &Value, approve: bool) {
        let id = request["id"].as_str().unwrap().parse().unwrap();
        self.altinn
            .sim
            .answer_system_user_request(id, approve)
            .unwrap();
    }
}

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["code"]),
        (status, &json!(code)),
        "{body}"
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(body["type"], format!("urn:altinn:error:{code}"));
}

/// The codes of the validation errors.
fn invalid(answer: &Answer) -> Vec<String> {
    assert_problem(answer, 400, "STD-00000");
    let errors = answer.json()["validationErrors"].clone();
    let codes = errors.as_array().unwrap().iter();
    codes
        .map(|e| e["code"].as_str().unwrap().to_owned())
        .collect()
}

fn system(id: &str) -> Value {
    json!({
        "id": id,
        "vendor": {"authority": "iso6523-actorid-upis", "ID": "0192:310742104"},
        "name": {"nb": "Ny", "nn": "Ny", "en": "New"},
        "description": {"nb": "Noe nytt"},
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "skf-postlogg"}]}],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
        "clientId": [format!("client-of-{id}")],
        "allowedredirecturls": ["https://ny.example.no/ferdig"],
        "softDeleted": false,
    })
}

#[tokio::test]
async fn a_system_is_registered_read_changed_and_deleted() {
    let vendor = Vendor::start().await;
    let base = "systemregister/vendor";
    let new = "310742104_ny";
    let made = vendor.post(base, system(new)).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert!(uuid::Uuid::parse_str(made.json().as_str().unwrap()).is_ok());
    let again = vendor.post(base, system(new)).await;
    let text = "The System already exist: 310742104_ny";
    assert_eq!((again.status, again.body.as_str()), (409, text));

    let one = format!("{base}/{new}");
    let read = vendor.get(&one).await.json();
    assert_eq!(
        read["allowedRedirectUrls"],
        json!(["https://ny.example.no/ferdig"])
    );
    assert_eq!(read["vendor"]["ID"], "0192:310742104");
    let list = vendor.get(base).await.json();
    let mine = |s: &Value| s["systemId"] == new && s["isVisible"] == true;
    assert!(list.as_array().unwrap().iter().any(mine), "{list}");

    let put = async |path: &str, body: Value| vendor.call(Method::PUT, path, Some(body)).await;
    let succeeded = json!({"succeeded": true});
    let mut changed = system(new);
    changed["name"]["nb"] = "Nyere".into();
    assert_eq!(put(&one, changed).await.json(), succeeded);
    assert_eq!(
        put(&format!("{one}/rights"), json!([])).await.json(),
        succeeded
    );
    let packages = json!([{"urn": "urn:altinn:accesspackage:post-og-telekommunikasjon"}]);
    let path = format!("{one}/accesspackages");
    assert_eq!(put(&path, packages.clone()).await.json(), succeeded);
    let read = vendor.get(&one).await.json();
    assert_eq!(read["name"]["nb"], "Nyere");
    assert_eq!(
        (&read["rights"], &read["accessPackages"]),
        (&json!([]), &packages)
    );
    assert_eq!(
        invalid(&put(&one, system("310742104_annet")).await),
        ["AUTH.VLD-00012"]
    );

    assert_eq!(
        vendor.call(Method::DELETE, &one, None).await.json(),
        succeeded
    );
    assert_problem(&vendor.get(&one).await, 404, "AUTH-00011");
    let gone = put(&one, system(new)).await;
    assert_eq!(
        (gone.status, gone.header("content-type")),
        (404, "text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn a_wrong_registration_says_all_that_is_wrong() {
    let vendor = Vendor::start().await;
    let sent = async |change: &dyn Fn(&mut Value)| {
        let mut body = system("310742104_ny");
        change(&mut body);
        vendor.post("systemregister/vendor", body).await
    };
    let package = |code: &str| json!([{"urn": format!("urn:altinn:accesspackage:{code}")}]);
    let right = |id: &str| json!([{"resource": [{"id": "urn:altinn:resource", "value": id}]}]);
    let cases: Vec<(&str, Value, &[&str])> = vec![
        ("id", json!("310742104 ny"), &["AUTH.VLD-00013"]),
        ("id", json!("999_ny"), &["AUTH.VLD-00001"]),
        (
            "vendor",
            json!({"authority": "x", "ID": "1"}),
            &["AUTH.VLD-00000"],
        ),
        ("clientId", json!(["a", "a"]), &["AUTH.VLD-00011"]),
        (
            "clientId",
            json!(["8d116ece-1738-47d9-bd9c-172411e20b8f"]),
            &["AUTH.VLD-00004"],
        ),
        (
            "allowedredirecturls",
            json!(["http://a.no"]),
            &["AUTH.VLD-00005"],
        ),
        ("rights", right("finnes-ikke"), &["AUTH.VLD-00003"]),
        ("rights", right("skf-lukket-innsyn"), &["AUTH.VLD-00017"]),
        (
            "rights",
            json!([{"resource": [{"id": "x", "value": "y"}]}]),
            &["AUTH.VLD-00009"],
        ),
        (
            "accessPackages",
            package("finnes-ikke"),
            &["AUTH.VLD-00008"],
        ),
        (
            "accessPackages",
            package("regnskapsforer-lonn"),
            &["AUTH.VLD-00018"],
        ),
    ];
    for (member, value, codes) in cases {
        let answer = sent(&|body| body[member] = value.clone()).await;
        assert_eq!(invalid(&answer), codes, "{member} {value}");
    }
    let both = sent(&|body| {
        body["id"] = "x".into();
        body["clientId"] = json!(["a", "a"]);
    });
    assert_eq!(invalid(&both.await), ["AUTH.VLD-00001", "AUTH.VLD-00011"]);
    let missing = sent(&|body| body["clientId"] = json!([])).await;
    let errors = missing.json()["errors"].clone();
    assert_eq!(errors["ClientId"][0], "The ClientId field is required.");
    let foreign = sent(&|body| body["vendor"]["ID"] = "0192:310811548".into()).await;
    assert_eq!((foreign.status, foreign.body.as_str()), (403, ""));
}

#[tokio::test]
async fn a_request_becomes_a_system_user_when_the_customer_approves() {
    let vendor = Vendor::start().await;
    let altinn = &vendor.altinn;
    let customer = altinn.sim.cast().delegator;
    let asked = vendor.ask(&customer, "bergen").await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let first = asked.json();
    assert_eq!(
        (&first["status"], &first["timedOut"]),
        (&json!("New"), &json!(false))
    );
    let id = first["id"].as_str().unwrap();
    let place = format!(
        "{}/authentication/api/v1/systemuser/request/{id}",
        altinn.sim.platform_url()
    );
    assert_eq!(asked.header("location"), place);
    // The same again is the one that waits.
    let again = vendor.ask(&customer, "bergen").await;
    assert_eq!((again.status, again.json()), (200, first.clone()));
    assert_eq!(vendor.ask(&customer, "oslo").await.status, 201);

    let token = async |reference: &str| {
        let grant = Grant::by_certificate(&altinn.sim)
            .scope("altinn:accessmanagement/authorizedparties")
            .system_user(&customer, Some(reference));
        grant.send(&altinn.sim).await
    };
    assert_eq!(token("bergen").await.status, 400, "not yet");
    vendor.answer(&first, true);
    let read = vendor
        .get(&format!("systemuser/request/vendor/{id}"))
        .await
        .json();
    assert_eq!(read["status"], "Accepted");
    let answer = token("bergen").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let details = claims(answer.json()["access_token"].as_str().unwrap());
    let user = details["authorization_details"][0]["systemuser_id"][0].clone();
    let path = format!(
        "systemuser/vendor/byquery?system-id={SYSTEM}&orgno={customer}&external-ref=bergen"
    );
    let found = vendor.get(&path).await.json();
    assert_eq!(
        (&found["id"], &found["userType"]),
        (&user, &json!("standard"))
    );
    assert_problem(&vendor.ask(&customer, "bergen").await, 400, "AUTH-00006");

    // What was asked for is held.
    let world = altinn.sim.world();
    let id = user.as_str().unwrap().parse().unwrap();
    assert_eq!(
        world.system_user(id).unwrap().access_packages,
        ["skattegrunnlag"]
    );
    // A second answer has nothing to answer.
    let id = first["id"].as_str().unwrap().parse().unwrap();
    assert!(altinn.sim.answer_system_user_request(id, true).is_err());
}

#[tokio::test]
async fn rights_of_a_request_show_in_the_customers_connections() {
    let vendor = Vendor::start().await;
    let altinn = &vendor.altinn;
    let customer = altinn.sim.cast().customer;
    let asked = vendor.ask(&customer, "ny").await.json();
    vendor.answer(&asked, true);
    let token = altinn.system_user(ALL_CONNECTIONS).await;
    let party = altinn.customer();
    let path = format!("{CONNECTIONS}/resources?party={party}&from={party}&resource=skf-postlogg");
    let list = send(altinn.platform(Method::GET, &path).bearer_auth(&token)).await;
    let list = list.json();
    let to = &list[0]["permissions"][0]["to"];
    assert_eq!(to["type"], "Systembruker", "{list}");
}

#[tokio::test]
async fn what_cannot_be_asked_for_has_its_code() {
    let vendor = Vendor::start().await;
    let customer = vendor.altinn.sim.cast().delegator;
    let package = |code: &str| json!([{"urn": format!("urn:altinn:accesspackage:{code}")}]);
    let right = |id: &str| json!([{"resource": [{"id": "urn:altinn:resource", "value": id}]}]);
    let ask = |system: &str, packages: Value, rights: Value| {
        json!({
            "systemId": system, "partyOrgNo": customer,
            "accessPackages": packages, "rights": rights,
        })
    };
    let none = || json!([]);
    let standard = "systemuser/request/vendor";
    let agent = "systemuser/request/vendor/agent";
    for (path, body, status, code) in [
        (
            standard,
            ask("finnes_ikke", package("skattegrunnlag"), none()),
            404,
            "AUTH-00011",
        ),
        (standard, ask(SYSTEM, none(), none()), 400, "AUTH-00059"),
        (
            standard,
            ask(SYSTEM, none(), right("skf-lukket-innsyn")),
            400,
            "AUTH-00001",
        ),
        (
            standard,
            ask(SYSTEM, package("hovedadministrator"), none()),
            400,
            "AUTH-00063",
        ),
        (
            standard,
            ask(AGENCY, package("regnskapsforer-lonn"), none()),
            400,
            "AUTH-00064",
        ),
        (
            agent,
            ask(SYSTEM, package("skattegrunnlag"), none()),
            400,
            "AUTH-00065",
        ),
        (agent, ask(AGENCY, none(), none()), 400, "AUTH-00058"),
    ] {
        assert_problem(&vendor.post(path, body).await, status, code);
    }
    let mut body = ask(SYSTEM, package("skattegrunnlag"), none());
    body["redirectUrl"] = "https://annet.example.no".into();
    assert_problem(
        &vendor.post(standard, body.clone()).await,
        400,
        "AUTH-00021",
    );
    body["redirectUrl"] = "https://snegl.example.no/ferdig".into();
    assert_eq!(vendor.post(standard, body).await.status, 201);
    let mut body = ask(AGENCY, package("regnskapsforer-lonn"), none());
    body["redirectUrl"] = "https://annet.example.no".into();
    assert_problem(&vendor.post(agent, body).await, 400, "AUTH-00026");
    let mut body = ask(SYSTEM, package("skattegrunnlag"), none());
    body["partyOrgNo"] = "123".into();
    assert_eq!(vendor.post(standard, body).await.status, 400);

    let unknown = uuid::Uuid::new_v4();
    assert_problem(
        &vendor.get(&format!("{standard}/{unknown}")).await,
        404,
        "AUTH-00010",
    );
    assert_problem(
        &vendor.get(&format!("{agent}/{unknown}")).await,
        404,
        "AUTH-00030",
    );
    let odd = vendor.get(&format!("{standard}/17")).await;
    assert_eq!(odd.status, 400);
    assert!(odd.json()["errors"].is_object(), "{odd:?}");
}

#[tokio::test]
async fn a_rejected_request_stands_until_it_is_deleted_and_an_old_one_times_out() {
    let vendor = Vendor::start().await;
    let customer = vendor.altinn.sim.cast().delegator;
    let asked = vendor.ask(&customer, "r").await.json();
    vendor.answer(&asked, false);
    assert_problem(&vendor.ask(&customer, "r").await, 400, "AUTH-00009");
    let path = format!(
        "systemuser/request/vendor/{}",
        asked["id"].as_str().unwrap()
    );
    assert_eq!(vendor.get(&path).await.json()["status"], "Rejected");
    assert_eq!(vendor.call(Method::DELETE, &path, None).await.status, 202);
    assert_problem(&vendor.get(&path).await, 404, "AUTH-00010");
    let asked = vendor.ask(&customer, "r").await;
    assert_eq!(asked.status, 201);

    let clock = vendor.altinn.sim.clock().clone();
    clock.advance(SignedDuration::from_hours(180 * 24));
    let token = vendor.altinn.organisation(SCOPES).await;
    let vendor = Vendor { token, ..vendor };
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let old = vendor
        .get(&format!("systemuser/request/vendor/{id}"))
        .await
        .json();
    assert_eq!(
        (&old["status"], &old["timedOut"]),
        (&json!("Timedout"), &json!(true))
    );
    let sim = &vendor.altinn.sim;
    assert!(
        sim.answer_system_user_request(id.parse().unwrap(), true)
            .is_err()
    );
    assert_eq!(vendor.ask(&customer, "r").await.status, 201, "a new one");
}

#[tokio::test]
async fn an_agent_is_asked_for_on_its_own_path() {
    let vendor = Vendor::start().await;
    let customer = vendor.altinn.sim.cast().receiving_organisation;
    let body = json!({
        "systemId": AGENCY, "partyOrgNo": customer, "integrationTitle": "Byrå",
        "accessPackages": [{"urn": "urn:altinn:accesspackage:regnskapsforer-lonn"}],
    });
    let asked = vendor.post("systemuser/request/vendor/agent", body).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let asked = asked.json();
    assert_eq!(
        (&asked["userType"], asked.get("rights")),
        (&json!("agent"), None)
    );
    assert!(
        asked["confirmUrl"]
            .as_str()
            .unwrap()
            .contains("/agentrequest?id=")
    );
    let id = asked["id"].as_str().unwrap();
    let family = "systemuser/request/vendor";
    assert_eq!(
        vendor.get(&format!("{family}/agent/{id}")).await.status,
        200
    );
    assert_problem(
        &vendor.get(&format!("{family}/{id}")).await,
        404,
        "AUTH-00010",
    );
    let path = format!("{family}/agent/byexternalref/{AGENCY}/{customer}/{customer}");
    assert_eq!(vendor.get(&path).await.json()["id"], id);
    vendor.answer(&asked, true);
    let users = vendor
        .get(&format!("systemuser/vendor/bysystem/{AGENCY}"))
        .await
        .json();
    assert_eq!(users["links"], json!({}));
    assert_eq!(users["data"][0]["userType"], "agent");
    assert_eq!(users["data"][0]["integrationTitle"], "Byrå");
}

#[tokio::test]
async fn long_lists_come_fifty_at_a_time() {
    let vendor = Vendor::start().await;
    let customer = vendor.altinn.sim.cast().delegator;
    for n in 0..101 {
        assert_eq!(vendor.ask(&customer, &format!("ref {n}")).await.status, 201);
    }
    let base = vendor.altinn.sim.platform_url().to_owned();
    let mut path = format!("systemuser/request/vendor/bysystem/{SYSTEM}");
    let mut sizes = Vec::new();
    loop {
        let page = vendor.get(&path).await.json();
        sizes.push(page["data"].as_array().unwrap().len());
        let Some(next) = page["links"]["next"].as_str() else {
            break;
        };
        let rest = next.strip_prefix(&format!("{base}/authentication/api/v1/"));
        path = rest.unwrap().to_owned();
    }
    // One was waiting from the start.
    assert_eq!(sizes, [50, 50, 2]);
    let odd = vendor
        .get(&format!(
            "systemuser/request/vendor/bysystem/{SYSTEM}?token=x"
        ))
        .await;
    assert_eq!(odd.status, 400);
    let path = format!("systemuser/request/vendor/byexternalref/{SYSTEM}/{customer}/ref%207");
    assert_eq!(vendor.get(&path).await.json()["externalRef"], "ref 7");
}

#[tokio::test]
async fn a_change_request_takes_effect_when_approved() {
    let vendor = Vendor::start().await;
    let world = vendor.altinn.sim.world();
    let user = &world.system_users[0];
    let ask = async |correlation: &str, body: Value| {
        let path = format!(
            "systemuser/changerequest/vendor?correlation-id={correlation}&system-user-id={}",
            user.id
        );
        vendor.post(&path, body).await
    };
    let id = uuid::Uuid::new_v4().to_string();
    let package = |code: &str| json!([{"urn": format!("urn:altinn:accesspackage:{code}")}]);
    let none = ask(
        &id,
        json!({"requiredAccessPackages": package("skattegrunnlag")}),
    )
    .await;
    assert_eq!(none.json()["status"], "NoChangeNeeded");
    assert_eq!(none.status, 200);

    let body = json!({
        "unwantedAccessPackages": package("skattegrunnlag"),
        "requiredRights": [{"resource": [{"id": "urn:altinn:resource", "value": "skf-postlogg"}]}],
    });
    let asked = ask(&id, body.clone()).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let asked = asked.json();
    assert_eq!(
        (&asked["id"], &asked["systemUserId"]),
        (&json!(id), &json!(user.id))
    );
    assert_eq!(asked["requiredAccessPackages"], json!([]));
    assert_eq!(ask(&id, body.clone()).await.status, 200);
    vendor.answer(&asked, true);
    assert_problem(&ask(&id, body).await, 409, "AUTH-00061");
    let changed = vendor.altinn.sim.world();
    let packages = &changed.system_user(user.id).unwrap().access_packages;
    assert!(
        !packages.contains(&"skattegrunnlag".to_owned()),
        "{packages:?}"
    );
    let path = format!("systemuser/changerequest/vendor/{id}");
    assert_eq!(vendor.get(&path).await.json()["status"], "Accepted");
    assert_eq!(vendor.call(Method::DELETE, &path, None).await.status, 202);

    let missing = vendor
        .post("systemuser/changerequest/vendor", json!({}))
        .await;
    assert_eq!(
        (missing.status, missing.header("content-type")),
        (400, "text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn only_the_vendor_itself_with_the_scope_may_ask() {
    let vendor = Vendor::start().await;
    let altinn = &vendor.altinn;
    let path = "/authentication/api/v1/systemregister/vendor";
    let call = async |token: Option<&str>| {
        let request = altinn.platform(Method::GET, path);
        let request = token.iter().fold(request, |r, token| r.bearer_auth(token));
        let answer = send(request).await;
        (answer.status, answer.body)
    };
    assert_eq!(call(None).await, (401, String::new()));
    let other = altinn.organisation("altinn:reportees").await;
    assert_eq!(call(Some(&other)).await, (403, String::new()));
    let user = altinn.system_user(SCOPES).await;
    assert_eq!(call(Some(&user)).await.0, 401);
    // Maskinporten's own token will do here.
    let client = altinn.sim.cast().key_client;
    let raw = Grant::by_key(&altinn.sim, &client).scope(SCOPES);
    assert_eq!(call(Some(&raw.token(&altinn.sim).await)).await.0, 200);

    // Another vendor's system is none of its business.
    let outsider = altinn.sim.cast().outsider;
    altinn
        .sim
        .change_world(|world| world.systems[0].vendor = outsider);
    let answer = vendor.ask(&altinn.sim.cast().delegator, "x").await;
    assert_eq!((answer.status, answer.body.as_str()), (403, ""));
}

#[tokio::test]
async fn the_customer_answers_on_the_page() {
    let vendor = Vendor::start().await;
    let body = json!({
        "systemId": SYSTEM, "partyOrgNo": vendor.altinn.sim.cast().delegator,
        "redirectUrl": "https://snegl.example.no/ferdig",
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
    });
    let asked = vendor.post("systemuser/request/vendor", body).await.json();
    let url = asked["confirmUrl"].as_str().unwrap();
    let path = url.strip_prefix(vendor.altinn.sim.platform_url()).unwrap();
    let page = send(vendor.altinn.platform(Method::GET, path)).await;
    assert!(page.body.contains("SPRETTEN GUL KATT AS"), "{page:?}");
    assert!(page.body.contains("Godkjenn") && page.body.contains("skattegrunnlag"));
    let press = vendor.altinn.platform(Method::POST, path);
    let answer = send(press.form(&[("answer", "approve")])).await;
    assert_eq!(answer.header("location"), "https://snegl.example.no/ferdig");
    let path = format!(
        "systemuser/request/vendor/{}",
        asked["id"].as_str().unwrap()
    );
    assert_eq!(vendor.get(&path).await.json()["status"], "Accepted");
    let twice = vendor.altinn.platform(
        Method::POST,
        url.strip_prefix(vendor.altinn.sim.platform_url()).unwrap(),
    );
    assert_eq!(send(twice.form(&[("answer", "approve")])).await.status, 409);
}
