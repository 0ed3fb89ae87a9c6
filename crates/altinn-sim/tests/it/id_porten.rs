//! ID-porten: from a pushed request over the page to tokens, their renewal and their end.

use altinn_sim::{LoginFlaw, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use openssl::sha::sha256;
use serde_json::{Value, json};

use crate::client::{Answer, Grant, claims, decoded, key_of_jwk, object, started};
use crate::maskinporten::verified;

const REDIRECT: &str = "http://localhost:8788/callback";
const VERIFIER: &str = "xyo94uhy3zKvgB0NJwLms86SwcjtWviEOpkBnGgaLlo";

type Fields = Vec<(&'static str, String)>;

fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().http1_only().no_proxy();
    builder
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

fn url(sim: &Simulator, path: &str) -> String {
    format!("{}{path}", sim.id_porten_issuer())
}

fn with(fields: &Fields, name: &'static str, value: &str) -> Fields {
    let others = fields.iter().filter(|(n, _)| *n != name).cloned();
    others.chain([(name, value.to_owned())]).collect()
}

fn without(fields: &Fields, name: &str) -> Fields {
    fields.iter().filter(|(n, _)| *n != name).cloned().collect()
}

fn request(client: &str, scope: &str) -> Fields {
    let challenge = URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes()));
    assert_eq!(challenge, "b7elB7ZyxIXgFyvBznKvxl7wOB-H17Pz0a3B62NIMFI");
    [
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", scope),
        ("state", "min state&="),
        ("nonce", "min-nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("acr_values", "idporten-loa-high"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// The client's proof of itself, signed with its registered key.
fn assertion(sim: &Simulator, client: &str) -> Grant {
    let jwk: Value = serde_json::from_str(sim.client_jwk(client).unwrap().expose()).unwrap();
    let now = sim.clock().now().as_second();
    Grant {
        header: object(json!({"alg": "RS256", "kid": jwk["kid"]})),
        claims: object(json!({
            "iss": client, "sub": client, "aud": sim.id_porten_issuer(),
            "iat": now, "exp": now + 60, "jti": uuid::Uuid::new_v4(),
        })),
        key: key_of_jwk(&jwk),
    }
}

fn proof(assertion: &Grant) -> Fields {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    vec![
        ("client_assertion_type", kind.to_owned()),
        ("client_assertion", assertion.assertion()),
    ]
}

struct Desk {
    sim: Simulator,
    client: String,
}

impl Desk {
    async fn open() -> Self {
        let sim = started().await;
        let client = sim.cast().login_client;
        Self { sim, client }
    }

    /// A form with the client's proof.
    async fn post(&self, path: &str, fields: &Fields) -> Answer {
        let id = vec![("client_id", self.client.clone())];
        let proof = proof(&assertion(&self.sim, &self.client));
        let form: Fields = [id, without(fields, "client_id"), proof].concat();
        Answer::of(http().post(url(&self.sim, path)).form(&form)).await
    }

    async fn authorize(&self, fields: &Fields) -> Answer {
        Answer::of(http().get(url(&self.sim, "/authorize")).query(fields)).await
    }

    /// Presses a button on the page; answers where that leads.
    async fn press(&self, page: &Answer, button: &str) -> Answer {
        assert_eq!(page.status, 200, "{}", page.text);
        let after = |text: &str, mark: &str| text.split_once(mark).unwrap().1.to_owned();
        let transaction = after(&page.text, "name=\"transaction\" value=\"");
        let manager = self.sim.cast().manager;
        let person = self
            .sim
            .world()
            .person(manager.expose())
            .unwrap()
            .party_uuid;
        assert!(
            page.text.contains("LILLA TIGER (178464*****)"),
            "{}",
            page.text
        );
        let form = [
            (
                "transaction",
                transaction.split('"').next().unwrap().to_owned(),
            ),
            ("person", person.to_string()),
            ("answer", button.to_owned()),
        ];
        Answer::of(http().post(url(&self.sim, "/login")).form(&form)).await
    }

    /// The whole way to a code.
    async fn code(&self, scope: &str) -> String {
        let page = self.authorize(&request(&self.client, scope)).await;
        let back = self.press(&page, "log_in").await;
        field(&back, "code")
    }

    async fn redeem(&self, code: &str) -> Answer {
        self.post("/token", &redemption(code)).await
    }

    async fn refresh(&self, token: &str) -> Answer {
        let fields = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.to_owned()),
        ];
        self.post("/token", &fields).await
    }

    async fn is_active(&self, token: &str) -> bool {
        let fields = vec![("token", token.to_owned())];
        let answer = self.post("/token/introspect", &fields).await;
        answer.json()["active"].as_bool().unwrap()
    }
}

fn redemption(code: &str) -> Fields {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// A field of the address that an answer redirects to.
fn field(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let url = reqwest::Url::parse(answer.header("location")).unwrap();
    assert!(url.as_str().starts_with(REDIRECT), "{url}");
    let mut pairs = url.query_pairs();
    pairs
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.into_owned())
        .unwrap_or_default()
}

fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (status, &json!(error)),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_person_logs_in_and_the_client_gets_tokens_that_check_out() {
    let desk = Desk::open().await;
    let sim = &desk.sim;
    let discovery = url(sim, "/.well-known/openid-configuration");
    let metadata = Answer::of(http().get(discovery)).await.json();
    assert_eq!(metadata["issuer"], sim.id_porten_issuer());
    let pushed = desk
        .post("/par", &request(&desk.client, "openid altinn:reportees"))
        .await;
    assert_eq!(
        (pushed.status, &pushed.json()["expires_in"]),
        (201, &json!(120))
    );
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let short = vec![("client_id", desk.client.clone()), ("request_uri", uri)];
    let page = desk.authorize(&short).await;
    let back = desk.press(&page, "log_in").await;
    assert_eq!(field(&back, "state"), "min state&=");
    assert_eq!(field(&back, "iss"), sim.id_porten_issuer());

    let answer = desk.redeem(&field(&back, "code")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["expires_in"], 599);
    let jwks = metadata["jwks_uri"].as_str().unwrap();
    let jwks = Answer::of(http().get(jwks)).await.json();
    let manager = sim.cast().manager;
    let id_token = answer["id_token"].as_str().unwrap();
    assert!(verified(id_token, &jwks));
    let said = claims(id_token);
    for (claim, value) in [
        ("iss", sim.id_porten_issuer()),
        ("aud", &desk.client),
        ("nonce", "min-nonce"),
        ("acr", "idporten-loa-high"),
        ("pid", manager.expose()),
    ] {
        assert_eq!(said[claim], value, "{claim}");
    }
    assert_eq!(said["amr"], json!(["TestID"]));
    assert!(said["sid"].is_string() && said["sub"] != said["pid"]);

    let access = answer["access_token"].as_str().unwrap();
    assert!(verified(access, &jwks));
    let (header, said) = decoded(access);
    assert_eq!(header.as_object().unwrap().len(), 2);
    assert_eq!(
        said["consumer"]["ID"],
        format!("0192:{}", sim.cast().vendor)
    );
    assert!(said.get("aud").is_none() && said.get("token_type").is_none());
    // And Altinn takes it.
    let exchange = format!(
        "{}/authentication/api/v1/exchange/id-porten",
        sim.platform_url()
    );
    let exchanged = Answer::of(http().get(exchange).bearer_auth(access)).await;
    assert_eq!(exchanged.status, 200);
    let info = Answer::of(http().get(url(sim, "/userinfo")).bearer_auth(access)).await;
    assert_eq!(info.json()["pid"], manager.expose());
}

#[tokio::test]
async fn a_pushed_request_is_for_one_use_by_its_client_within_two_minutes() {
    let desk = Desk::open().await;
    let push = async || {
        let pushed = desk.post("/par", &request(&desk.client, "openid")).await;
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        vec![("client_id", desk.client.clone()), ("request_uri", uri)]
    };
    let used = push().await;
    assert_eq!(desk.authorize(&used).await.status, 200);
    assert_eq!(desk.authorize(&used).await.status, 400);
    let other = with(
        &push().await,
        "client_id",
        "5b1f0f4a-5f43-4c5c-9a8e-6b0a2c6d1e22",
    );
    assert_eq!(desk.authorize(&other).await.status, 400);
    let late = push().await;
    desk.sim.clock().advance(SignedDuration::from_secs(120));
    assert_eq!(desk.authorize(&late).await.status, 400);
    let wrong = with(
        &request(&desk.client, "openid"),
        "redirect_uri",
        "https://a.no",
    );
    assert_refused(&desk.post("/par", &wrong).await, 400, "invalid_request");
    let wrong = request(&desk.client, "finnes:ikke");
    assert_refused(&desk.post("/par", &wrong).await, 400, "invalid_scope");
}

#[tokio::test]
async fn a_wrong_request_is_sent_back_but_never_to_an_unknown_address() {
    let desk = Desk::open().await;
    let right = request(&desk.client, "openid");
    for wrong in [
        with(&right, "redirect_uri", "http://localhost:8788/callback/"),
        with(&right, "redirect_uri", "https://evil.example.com"),
        without(&right, "redirect_uri"),
        with(&right, "client_id", "ukjent"),
        with(&right, "client_id", &desk.sim.cast().client),
        with(&right, "request_uri", "urn:idporten:x"),
    ] {
        let answer = desk.authorize(&wrong).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, ""),
            "{wrong:?}"
        );
    }
    for (wrong, error) in [
        (
            with(&right, "response_type", "token"),
            "unsupported_response_type",
        ),
        (
            with(&right, "scope", "openid skattefugl:lukket"),
            "invalid_scope",
        ),
        (without(&right, "scope"), "invalid_scope"),
        (without(&right, "code_challenge"), "invalid_request"),
        (
            with(&right, "code_challenge_method", "plain"),
            "invalid_request",
        ),
        (with(&right, "acr_values", "Level4"), "invalid_request"),
        (with(&right, "response_mode", "fragment"), "invalid_request"),
        (with(&right, "request", "x.y.z"), "request_not_supported"),
        (with(&right, "prompt", "none"), "login_required"),
    ] {
        let answer = desk.authorize(&wrong).await;
        assert_eq!(field(&answer, "error"), error, "{wrong:?}");
        assert_eq!(field(&answer, "state"), "min state&=");
        assert_eq!(field(&answer, "iss"), desk.sim.id_porten_issuer());
    }
    let page = desk.authorize(&right).await;
    let back = desk.press(&page, "cancel").await;
    assert_eq!(field(&back, "error"), "access_denied");
    let form = desk
        .authorize(&with(&right, "response_mode", "form_post"))
        .await;
    let form = desk.press(&form, "log_in").await;
    let sent = "name=\"state\" value=\"min state&amp;=\"";
    assert!(
        form.status == 200 && form.text.contains(sent),
        "{}",
        form.text
    );
}

#[tokio::test]
async fn a_code_is_for_one_use_with_its_verifier() {
    let desk = Desk::open().await;
    let sim = &desk.sim;
    let code = desk.code("openid").await;
    let first = desk.redeem(&code).await.json();
    let access = first["access_token"].as_str().unwrap();
    assert!(desk.is_active(access).await);
    assert_refused(&desk.redeem(&code).await, 400, "invalid_grant");
    assert!(
        !desk.is_active(access).await,
        "a code used twice takes back what it gave"
    );

    for (name, value) in [
        (
            "code_verifier",
            "another-verifier-another-verifier-another-ver",
        ),
        ("code_verifier", ""),
        ("redirect_uri", "http://127.0.0.1:8788/callback"),
        ("code", "ukjent"),
    ] {
        let fields = with(&redemption(&desk.code("openid").await), name, value);
        assert_refused(&desk.post("/token", &fields).await, 400, "invalid_grant");
    }
    let code = desk.code("openid").await;
    sim.clock().advance(SignedDuration::from_secs(61));
    assert_refused(&desk.redeem(&code).await, 400, "invalid_grant");
    let fields = vec![("grant_type", "password".to_owned())];
    assert_refused(
        &desk.post("/token", &fields).await,
        400,
        "unsupported_grant_type",
    );
}

#[tokio::test]
async fn a_client_proves_itself_in_the_registered_way_only() {
    let desk = Desk::open().await;
    let (sim, client) = (&desk.sim, &desk.client);
    let send = async |fields: &Fields| {
        let form: Fields = [redemption("x"), fields.clone()].concat();
        Answer::of(http().post(url(sim, "/token")).form(&form)).await
    };
    let id = ("client_id", client.clone());
    let grant = || assertion(sim, client);
    let right = grant();
    let with_id = |proof: Fields| [vec![id.clone()], proof].concat();
    // It is known, so the code is looked at; a second time the proof is used.
    assert_refused(&send(&with_id(proof(&right))).await, 400, "invalid_grant");
    assert_refused(&send(&with_id(proof(&right))).await, 401, "invalid_client");
    let secret = sim.world().client(client).unwrap().client_secret.clone();
    let now = sim.clock().now().as_second();
    for wrong in [
        vec![],
        vec![("client_secret", secret.expose().to_owned())],
        proof(&grant().claim("aud", "https://idporten.no")),
        proof(&grant().claim("iss", "x")),
        proof(&grant().claim("sub", "x")),
        proof(&grant().claim("exp", now + 200)),
        proof(&grant().claim("exp", now - 1)),
        proof(&grant().without("jti")),
        proof(&grant().header("kid", "x")),
        proof(&grant().header("alg", "RS512")),
        proof(&grant().signed_by_a_stranger()),
    ] {
        assert_refused(&send(&with_id(wrong)).await, 401, "invalid_client");
    }
    // Secrets, for those that have them.
    for (method, in_form) in [("client_secret_post", true), ("client_secret_basic", false)] {
        sim.change_world(|world| {
            world.client_mut(client).unwrap().token_endpoint_auth_method = method.to_owned();
        });
        for (secret, in_form, right) in [
            (secret.expose(), in_form, true),
            (secret.expose(), !in_form, false),
            ("feil", in_form, false),
        ] {
            let post = http().post(url(sim, "/token"));
            let form = redemption("x");
            let answer = if in_form {
                let own = vec![id.clone(), ("client_secret", secret.to_owned())];
                Answer::of(post.form(&[form, own].concat())).await
            } else {
                Answer::of(post.basic_auth(client, Some(secret)).form(&form)).await
            };
            let (status, error) = if right {
                (400, "invalid_grant")
            } else {
                (401, "invalid_client")
            };
            assert_refused(&answer, status, error);
        }
    }
}

#[tokio::test]
async fn a_refresh_token_is_for_one_time_and_ends_in_its_own_time() {
    let desk = Desk::open().await;
    let clock = desk.sim.clock();
    let tokens = desk
        .redeem(&desk.code("openid altinn:reportees").await)
        .await
        .json();
    let first = tokens["refresh_token"].as_str().unwrap();
    clock.advance(SignedDuration::from_secs(300));
    let renewed = desk.refresh(first).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let renewed = renewed.json();
    let second = renewed["refresh_token"].as_str().unwrap();
    assert_ne!(first, second);
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    assert_refused(&desk.refresh(first).await, 400, "invalid_grant");
    clock.advance(SignedDuration::from_secs(601));
    assert_refused(&desk.refresh(second).await, 400, "invalid_grant");

    // However busy: two hours after the login it is over.
    let tokens = desk.redeem(&desk.code("openid").await).await.json();
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..14 {
        clock.advance(SignedDuration::from_secs(500));
        let renewed = desk.refresh(&token).await.json();
        token = renewed["refresh_token"].as_str().unwrap().to_owned();
    }
    clock.advance(SignedDuration::from_secs(500));
    assert_refused(&desk.refresh(&token).await, 400, "invalid_grant");
}

#[tokio::test]
async fn revoking_and_logging_out_end_what_they_should() {
    let desk = Desk::open().await;
    let sim = &desk.sim;
    let revoke = async |token: &str| {
        let fields = vec![("token", token.to_owned())];
        assert_eq!(desk.post("/token/revoke", &fields).await.status, 200);
    };
    for which in ["access_token", "refresh_token"] {
        let tokens = desk.redeem(&desk.code("openid").await).await.json();
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        revoke(&token(which)).await;
        assert!(!desk.is_active(&token("access_token")).await, "{which}");
        assert_refused(
            &desk.refresh(&token("refresh_token")).await,
            400,
            "invalid_grant",
        );
        let info = http()
            .get(url(sim, "/userinfo"))
            .bearer_auth(token("access_token"));
        assert_eq!(Answer::of(info).await.status, 401);
    }
    revoke("ukjent").await;

    let log_out =
        async |fields: &Fields| Answer::of(http().get(url(sim, "/logout")).query(fields)).await;
    for (scope, lives) in [("openid profile", false), ("openid altinn:reportees", true)] {
        let tokens = desk.redeem(&desk.code(scope).await).await.json();
        let hint = tokens["id_token"].as_str().unwrap().to_owned();
        let fields = vec![
            ("id_token_hint", hint),
            (
                "post_logout_redirect_uri",
                "http://localhost:8788/logged-out".to_owned(),
            ),
            ("state", "s".to_owned()),
        ];
        let answer = log_out(&fields).await;
        let place = "http://localhost:8788/logged-out?state=s";
        assert_eq!((answer.status, answer.header("location")), (302, place));
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(desk.is_active(access).await, lives, "{scope}");
        let elsewhere = with(
            &fields,
            "post_logout_redirect_uri",
            "https://evil.example.com",
        );
        let answer = log_out(&elsewhere).await;
        assert_eq!((answer.status, answer.header("location")), (200, ""));
    }
}

#[tokio::test]
async fn introspection_is_for_those_who_have_the_scope() {
    let desk = Desk::open().await;
    desk.sim.clock().stop();
    let tokens = desk.redeem(&desk.code("openid").await).await.json();
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let said = desk
        .post("/token/introspect", &vec![("token", access.clone())])
        .await
        .json();
    assert_eq!(said["client_id"], desk.client);
    assert_eq!(said["expires_in"], 600, "{said}");
    assert!(!desk.is_active("ukjent").await);
    desk.sim.clock().advance(SignedDuration::from_secs(601));
    assert!(!desk.is_active(&access).await);
    desk.sim.change_world(|world| {
        let client = world.client_mut(&desk.client).unwrap();
        client
            .scopes
            .retain(|s| s != "idporten:token.introspection");
    });
    let answer = desk
        .post("/token/introspect", &vec![("token", access)])
        .await;
    assert_refused(&answer, 403, "access_denied");
}

#[tokio::test]
async fn a_public_client_needs_state_and_nonce_and_no_secret() {
    let desk = Desk::open().await;
    let public = "5b1f0f4a-5f43-4c5c-9a8e-6b0a2c6d1e22";
    let right = request(public, "openid");
    for missing in ["state", "nonce"] {
        let answer = desk.authorize(&without(&right, missing)).await;
        assert_eq!(field(&answer, "error"), "invalid_request");
    }
    let page = desk.authorize(&right).await;
    let back = desk.press(&page, "log_in").await;
    let form = with(&redemption(&field(&back, "code")), "client_id", public);
    let answer = Answer::of(http().post(url(&desk.sim, "/token")).form(&form)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn a_login_can_be_spoilt_once_for_the_client_to_notice() {
    let desk = Desk::open().await;
    let sim = &desk.sim;
    let jwks = Answer::of(http().get(url(sim, "/jwks.json"))).await.json();
    let log_in = async || {
        let page = desk.authorize(&request(&desk.client, "openid")).await;
        desk.press(&page, "log_in").await
    };
    let id_token = async || {
        let tokens = desk.redeem(&field(&log_in().await, "code")).await.json();
        tokens["id_token"].as_str().unwrap().to_owned()
    };
    sim.faults().spoil_next_login(LoginFlaw::OtherState);
    assert_ne!(field(&log_in().await, "state"), "min state&=");
    sim.faults().spoil_next_login(LoginFlaw::OtherIssuer);
    assert_ne!(field(&log_in().await, "iss"), sim.id_porten_issuer());
    let right = claims(&id_token().await);
    for (flaw, claim) in [
        (LoginFlaw::OtherNonce, "nonce"),
        (LoginFlaw::OtherAudience, "aud"),
        (LoginFlaw::LowLevel, "acr"),
    ] {
        sim.faults().spoil_next_login(flaw);
        assert_ne!(claims(&id_token().await)[claim], right[claim], "{flaw:?}");
        assert_eq!(claims(&id_token().await)[claim], right[claim], "once");
    }
    sim.faults().spoil_next_login(LoginFlaw::Expired);
    let exp = claims(&id_token().await)["exp"].as_i64().unwrap();
    assert!(exp < sim.clock().now().as_second());
    sim.faults().spoil_next_login(LoginFlaw::ForeignKey);
    assert!(!verified(&id_token().await, &jwks));

    sim.rotate_id_porten_key(false).unwrap();
    let new = Answer::of(http().get(url(sim, "/jwks.json"))).await.json();
    assert_ne!(new, jwks);
    assert!(verified(&id_token().await, &new));
}

/// A request of a browser with this cookie.
async fn authorize_as(desk: &Desk, cookie: &str, fields: &Fields) -> Answer {
    let request = http().get(url(&desk.sim, "/authorize")).query(fields);
    Answer::of(request.header("Cookie", format!("a=b; {cookie}"))).await
}

fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    assert!(set.contains("HttpOnly"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_logged_in_is_not_asked_again_until_the_session_ends() {
    let desk = Desk::open().await;
    let right = request(&desk.client, "openid");
    let low = with(&right, "acr_values", "idporten-loa-substantial");
    let none = |fields: &Fields| with(fields, "prompt", "none");
    let login_required = async |cookie: &str, fields: &Fields| {
        let back = authorize_as(&desk, cookie, &none(fields)).await;
        assert_eq!(back.status, 302, "{}", back.text);
        back.header("location").contains("error=login_required")
    };
    let page = desk.authorize(&low).await;
    let first = desk.press(&page, "log_in").await;
    let session = cookie(&first);
    let first = desk.redeem(&field(&first, "code")).await.json();
    let id = claims(first["id_token"].as_str().unwrap());

    // the same service, and another one, without a page
    desk.sim.clock().advance(SignedDuration::from_mins(20));
    for fields in [low.clone(), none(&low)] {
        let back = authorize_as(&desk, &session, &fields).await;
        assert_eq!(back.status, 302, "{}", back.text);
        let again = desk.redeem(&field(&back, "code")).await.json();
        let again = claims(again["id_token"].as_str().unwrap());
        for claim in ["sid", "auth_time", "pid", "acr"] {
            assert_eq!(again[claim], id[claim], "{claim}");
        }
        assert_ne!(again["jti"], id["jti"]);
    }
    // a higher level than was used, a wish to log in anew, another browser
    assert!(login_required(&session, &right).await);
    assert_eq!(
        authorize_as(&desk, &session, &right).await.status,
        200,
        "the page"
    );
    assert_eq!(
        authorize_as(&desk, &session, &with(&low, "prompt", "login"))
            .await
            .status,
        200
    );
    assert!(login_required("altinn-sim-idporten=x", &low).await);
    // a service that stands apart
    desk.sim
        .change_world(|world| world.client_mut(&desk.client).unwrap().sso_disabled = true);
    assert!(login_required(&session, &low).await);
    desk.sim
        .change_world(|world| world.client_mut(&desk.client).unwrap().sso_disabled = false);

    // half an hour from its last use, two hours in all
    for minutes in [25, 25, 25, 20] {
        desk.sim.clock().advance(SignedDuration::from_mins(minutes));
        assert!(!login_required(&session, &low).await, "{minutes}");
    }
    desk.sim.clock().advance(SignedDuration::from_mins(6));
    assert!(login_required(&session, &low).await, "two hours");
    let page = desk.authorize(&low).await;
    let session = cookie(&desk.press(&page, "log_in").await);
    desk.sim.clock().advance(SignedDuration::from_mins(31));
    assert!(
        login_required(&session, &low).await,
        "not used for too long"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_for_all_services() {
    let desk = Desk::open().await;
    let fields = request(&desk.client, "openid");
    let none = with(&fields, "prompt", "none");
    for by_cookie in [true, false] {
        let page = desk.authorize(&fields).await;
        let first = desk.press(&page, "log_in").await;
        let session = cookie(&first);
        let first = desk.redeem(&field(&first, "code")).await.json();
        let second = authorize_as(&desk, &session, &none).await;
        let second = desk.redeem(&field(&second, "code")).await.json();
        let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        assert!(desk.is_active(&text(&second, "access_token")).await);
        let request = http().get(url(&desk.sim, "/logout"));
        let request = if by_cookie {
            request.header("Cookie", &session)
        } else {
            request.query(&[("id_token_hint", text(&first, "id_token"))])
        };
        assert_eq!(Answer::of(request).await.status, 200);
        let back = authorize_as(&desk, &session, &none).await;
        assert!(back.header("location").contains("login_required"));
        for tokens in [&first, &second] {
            assert!(
                !desk.is_active(&text(tokens, "access_token")).await,
                "for logging in only"
            );
        }
    }
}
