//! The administration API: what it takes and refuses, and that the token server learns of it later.

use altinn_sim::Simulator;
use altinn_sim::pki::{Profile, Shape};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use crate::client::{Answer, Grant, http, key_of, started, x5c};

const VENDOR_ADMIN: &str = "3f0a4c52-7c0d-4d5e-9a0e-6f2b1f3f5a77";
const OWNER_ADMIN: &str = "7d1e9a10-2c55-4b8e-8f57-0b6f6f0f9c21";
const VENDOR: &str = "310742104";
const OWNER: &str = "310799564";
/// Of [`OWNER`], granted to nobody.
const CLOSED: &str = "skattefugl:lukket";
/// The vendor's client with a registered key.
const KEY_CLIENT: &str = "90c192cf-d3ac-44af-8f21-ddb66cad4a26";

/// A grant of this client, signed with its owner's certificate.
fn grant(sim: &Simulator, client: &str, owner: &str, scope: &str) -> Grant {
    let certificate = sim
        .issue_certificate(owner, &Profile::new(Shape::CommfidesSeid2))
        .unwrap();
    let mut grant = Grant::by_certificate(sim)
        .claim("iss", client)
        .scope(scope)
        .header("x5c", x5c(&certificate));
    grant.key = key_of(&certificate);
    grant
}

async fn token(sim: &Simulator, client: &str, owner: &str, scope: &str) -> String {
    grant(sim, client, owner, scope).token(sim).await
}

struct Admin<'a> {
    sim: &'a Simulator,
    token: String,
}

impl<'a> Admin<'a> {
    async fn of(sim: &'a Simulator, scope: &str) -> Self {
        let token = token(sim, VENDOR_ADMIN, VENDOR, scope).await;
        Self { sim, token }
    }

    async fn owner(sim: &'a Simulator) -> Self {
        let token = token(sim, OWNER_ADMIN, OWNER, "idporten:scopes.write").await;
        Self { sim, token }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}{path}", self.sim.self_service_url());
        let mut request = http()
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }
}

fn new_client(scopes: &[&str]) -> Value {
    json!({"client_name": "payroll", "description": "payroll#1", "scopes": scopes,
        "token_endpoint_auth_method": "private_key_jwt", "integration_type": "maskinporten",
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "application_type": "web"})
}

fn jwk(key: &PKey<Private>, kid: &str) -> Value {
    let rsa = key.rsa().unwrap();
    let number = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": number(rsa.n()), "e": number(rsa.e())})
}

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn two_minutes(sim: &Simulator) {
    sim.clock().advance(SignedDuration::from_secs(121));
}

#[tokio::test]
async fn a_client_is_made_and_known_to_the_token_server_two_minutes_later() {
    let sim = started().await;
    let admin = Admin::of(&sim, "idporten:dcr.write").await;
    let made = admin
        .call(
            "POST",
            "/clients",
            Some(new_client(&["altinn:instances.read"])),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(
        made.header("content-type"),
        "application/json;charset=UTF-8"
    );
    let made = made.json();
    let id = made["client_id"].as_str().unwrap().to_owned();
    assert_eq!(made["client_orgno"], VENDOR);
    assert_eq!(made["access_token_lifetime"], 0);
    assert_eq!(made["active"], true);
    // at once in the registers, both below /api/v1 and below nothing
    assert_eq!(
        admin.get(&format!("/clients/{id}")).await.json()["description"],
        "payroll#1"
    );
    let bare = sim.self_service_url().replace("/api/v1", "");
    let bare = http()
        .get(format!("{bare}/clients/{id}"))
        .bearer_auth(&admin.token);
    assert_eq!(Answer::of(bare).await.status, 200);

    let grant = || grant(&sim, &id, VENDOR, "altinn:instances.read");
    let early = grant().send(&sim).await;
    assert_eq!(early.status, 400);
    assert!(early.text.contains("MP-100"), "{}", early.text);
    two_minutes(&sim);
    grant().token(&sim).await;

    // taken out of use: hidden, known to the token server for a while, and not made anew
    let admin = Admin::of(&sim, "idporten:dcr.write").await;
    assert_eq!(
        admin
            .call("DELETE", &format!("/clients/{id}"), None)
            .await
            .status,
        200
    );
    assert_eq!(admin.get(&format!("/clients/{id}")).await.status, 404);
    let listed = |answer: &Answer| {
        answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .any(|client| client["client_id"] == id.as_str())
    };
    assert!(!listed(&admin.get("/clients").await));
    assert!(listed(&admin.get("/clients?inactive=true").await));
    grant().token(&sim).await;
    two_minutes(&sim);
    assert_eq!(grant().send(&sim).await.status, 400);
}

#[tokio::test]
async fn the_key_set_is_replaced_whole_and_spreads_late() {
    let sim = started().await;
    let admin = Admin::of(&sim, "idporten:dcr.write").await;
    let made = admin
        .call(
            "POST",
            "/clients",
            Some(new_client(&["altinn:instances.read"])),
        )
        .await
        .json();
    let path = format!("/clients/{}/jwks", made["client_id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.status, 404);
    let (one, two) = (rsa(), rsa());
    let post = async |keys: Value| {
        admin
            .call("POST", &path, Some(json!({ "keys": keys })))
            .await
    };

    let answer = post(json!([jwk(&one, "one")])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let year = answer.json()["keys"][0]["exp"].as_i64().unwrap() - sim.clock().now().as_second();
    assert!((year - 365 * 86_400).abs() < 10, "{year}");
    let sooner = sim.clock().now().as_second() + 1000;
    let mut short = jwk(&two, "two");
    short["exp"] = sooner.into();
    assert_eq!(post(json!([short])).await.json()["keys"][0]["exp"], sooner);
    // only the second is left
    let kids: Vec<Value> = admin.get(&path).await.json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].clone())
        .collect();
    assert_eq!(kids, ["two"]);

    let mut without_use = jwk(&one, "a");
    without_use.as_object_mut().unwrap().remove("use");
    let mut private = jwk(&one, "a");
    private["d"] = "AQAB".into();
    let six: Vec<Value> = (0..6)
        .map(|number| jwk(&one, &format!("k{number}")))
        .collect();
    for wrong in [
        json!([]),
        json!([without_use]),
        json!([private]),
        json!([jwk(&one, "a/b")]),
        json!([jwk(&one, "a"), jwk(&two, "a")]),
        json!(six),
    ] {
        let answer = post(wrong).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let body = answer.json();
        assert!(
            body["errors"][0]["errorMessage"].is_string() && body["correlation_id"].is_string(),
            "{body}"
        );
    }

    // the token server: unknown kid first, then known
    let mut grant = Grant::by_key(&sim, KEY_CLIENT)
        .claim("iss", made["client_id"].clone())
        .header("kid", "two");
    grant.key = two;
    let early = grant.clone().send(&sim).await;
    assert!(
        early.text.contains("Client not found") || early.status == 400,
        "{}",
        early.text
    );
    two_minutes(&sim);
    grant
        .issued_at(&sim, 0, 60)
        .claim("jti", "later")
        .token(&sim)
        .await;
    // without a set the certificate is taken again
    let admin = Admin::of(&sim, "idporten:dcr.write").await;
    assert_eq!(admin.call("DELETE", &path, None).await.status, 200);
    assert_eq!(admin.get(&path).await.status, 404);
}

#[tokio::test]
async fn access_to_a_scope_is_what_mp_250_asks_for() {
    let sim = started().await;
    let owner = Admin::owner(&sim).await;
    sim.change_world(|world| {
        let client = world
            .clients
            .iter_mut()
            .find(|client| client.client_id == world.cast.client);
        client.unwrap().scopes.push(CLOSED.to_owned());
    });
    let grant = || Grant::by_certificate(&sim).scope(CLOSED);
    let refused = grant().send(&sim).await;
    assert_eq!(refused.status, 403, "{}", refused.text);

    let path = format!("/scopes/access/{VENDOR}?scope={CLOSED}");
    let given = owner.call("PUT", &path, None).await;
    assert_eq!(given.json()["state"], "APPROVED", "{}", given.text);
    let list = owner
        .get(&format!("/scopes/access?scope={CLOSED}"))
        .await
        .json();
    assert_eq!(list[0]["consumer_orgno"], VENDOR);
    let of_one = owner
        .get(&format!("/scopes/access/?consumer_orgno={VENDOR}"))
        .await
        .json();
    assert!(
        of_one
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["scope"] == CLOSED)
    );
    let vendor = Admin::of(&sim, "idporten:dcr.read").await;
    let ours = vendor.get("/scopes/access/all").await.json();
    assert!(
        ours.as_array()
            .unwrap()
            .iter()
            .any(|one| one["scope"] == CLOSED),
        "{ours}"
    );

    assert_eq!(grant().send(&sim).await.status, 403, "not known yet");
    two_minutes(&sim);
    grant().token(&sim).await;

    let owner = Admin::owner(&sim).await;
    let taken = owner.call("DELETE", &path, None).await;
    assert_eq!(taken.json()["state"], "DENIED");
    assert_eq!(owner.call("DELETE", &path, None).await.status, 404);
    two_minutes(&sim);
    assert_eq!(grant().send(&sim).await.status, 403);
    // somebody else's scope
    let vendor = Admin::of(&sim, "idporten:scopes.write").await;
    assert_eq!(vendor.call("PUT", &path, None).await.status, 403);
}

#[tokio::test]
async fn a_scope_is_never_removed() {
    let sim = started().await;
    sim.set_propagation_delay(SignedDuration::ZERO);
    let owner = Admin::owner(&sim).await;
    let scope = json!({"prefix": "skattefugl", "subscope": "nytt/noe", "description": "new"});
    let made = owner.call("POST", "/scopes", Some(scope.clone())).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(made.json()["name"], "skattefugl:nytt/noe");
    assert_eq!(
        owner
            .call("POST", "/scopes", Some(scope.clone()))
            .await
            .status,
        409
    );
    let path = "/scopes?scope=skattefugl:nytt/noe";
    let all = Answer::of(http().get(format!("{}/scopes/all", sim.self_service_url())))
        .await
        .json();
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .any(|scope| scope["name"] == "skattefugl:nytt/noe")
    );

    let gone = owner.call("DELETE", path, None).await;
    assert_eq!(gone.json()["active"], false);
    assert_eq!(owner.get(path).await.status, 404);
    assert_eq!(
        owner
            .call("POST", "/scopes", Some(scope.clone()))
            .await
            .status,
        409,
        "not made anew"
    );
    let mut back = owner.get(&format!("{path}&inactive=true")).await.json();
    back["active"] = true.into();
    back["at_max_age"] = 300.into();
    assert_eq!(
        owner.call("PUT", path, Some(back)).await.json()["active"],
        true
    );
    assert_eq!(owner.get(path).await.json()["at_max_age"], 300);

    for wrong in [
        json!({"prefix": "altinn", "subscope": "x", "description": "not ours"}),
        json!({"prefix": "skattefugl", "subscope": "X Y", "description": "x"}),
        json!({"prefix": "skattefugl", "subscope": "x"}),
    ] {
        assert_eq!(owner.call("POST", "/scopes", Some(wrong)).await.status, 400);
    }
}

#[tokio::test]
async fn only_a_certificate_token_with_the_scope_is_taken() {
    let sim = started().await;
    let read = Admin::of(&sim, "idporten:dcr.read").await;
    assert_eq!(read.get("/clients").await.status, 200);
    assert_eq!(
        read.call("POST", "/clients", Some(new_client(&[])))
            .await
            .status,
        401
    );
    assert_eq!(read.get("/scopes").await.status, 401);
    // another organisation's client, one that is not there, a scope that the vendor may not have
    let others = "a170b338-3926-4059-b28c-105d1fb17c23";
    assert_eq!(read.get(&format!("/clients/{others}")).await.status, 403);
    assert_eq!(read.get("/clients/nobody").await.status, 404);
    let write = Admin::of(&sim, "idporten:dcr.write").await;
    let refused = write
        .call("POST", "/clients", Some(new_client(&[CLOSED])))
        .await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    // the integration type stays
    let mut client = write.get(&format!("/clients/{KEY_CLIENT}")).await.json();
    client["integration_type"] = "krr".into();
    assert_eq!(
        write
            .call("PUT", &format!("/clients/{KEY_CLIENT}"), Some(client))
            .await
            .status,
        400
    );
    // no token, a torn one, an expired one, one that was fetched with a registered key
    let url = format!("{}/clients", sim.self_service_url());
    assert_eq!(Answer::of(http().get(&url)).await.status, 401);
    assert_eq!(
        Answer::of(http().get(&url).bearer_auth("torn"))
            .await
            .status,
        401
    );
    sim.change_world(|world| {
        let client = world
            .clients
            .iter_mut()
            .find(|client| client.client_id == KEY_CLIENT);
        client.unwrap().scopes.push("idporten:dcr.read".to_owned());
    });
    let by_key = Grant::by_key(&sim, KEY_CLIENT)
        .scope("idporten:dcr.read")
        .token(&sim)
        .await;
    assert_eq!(
        Answer::of(http().get(&url).bearer_auth(by_key))
            .await
            .status,
        401
    );
    sim.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(
        Answer::of(http().get(&url).bearer_auth(&read.token))
            .await
            .status,
        401
    );
}
