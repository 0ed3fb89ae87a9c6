//! Tokens as an API receives them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_transport::{Error as TransportError, ErrorKind as TransportKind};
use maskinporten::Environment;
use maskinporten::validate::{ValidationErrorKind as Kind, Validator, ValidatorBuilder};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use serde_json::{Value, json};
use token_cache::{Clock, TestClock};

use crate::keys::made::key;
use crate::support::answer;

/// An issuer: its keys, and how often they were fetched.
#[derive(Clone)]
struct Issuer {
    keys: Arc<Mutex<BTreeMap<String, PKey<Private>>>>,
    clock: Arc<TestClock>,
    fetches: Arc<Mutex<usize>>,
    is_down: Arc<Mutex<bool>>,
}

impl Issuer {
    fn new() -> Self {
        let issuer = Self {
            keys: Arc::default(),
            clock: Arc::new(TestClock::new()),
            fetches: Arc::default(),
            is_down: Arc::default(),
        };
        issuer.add("first");
        issuer
    }

    fn add(&self, kid: &str) {
        self.keys.lock().unwrap().insert(kid.into(), key(2048));
    }

    fn remove(&self, kid: &str) {
        self.keys.lock().unwrap().remove(kid);
    }

    fn fetches(&self) -> usize {
        *self.fetches.lock().unwrap()
    }

    fn builder(&self) -> ValidatorBuilder {
        let issuer = self.clone();
        let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
            assert_eq!(request.uri(), "https://test.maskinporten.no/jwk");
            let issuer = issuer.clone();
            async move {
                // others may come while this one is on its way
                tokio::task::yield_now().await;
                *issuer.fetches.lock().unwrap() += 1;
                if *issuer.is_down.lock().unwrap() {
                    return Err(TransportError::new(TransportKind::Connect, "test"));
                }
                answer(200, issuer.jwks().to_string())
            }
        });
        Validator::builder(Environment::test())
            .transport(Arc::new(transport))
            .clock(self.clock.clone())
    }

    fn jwks(&self) -> Value {
        let mut keys: Vec<Value> = self
            .keys
            .lock()
            .unwrap()
            .iter()
            .map(|(kid, key)| {
                let rsa = key.rsa().unwrap();
                json!({"kty": "RSA", "use": "sig", "kid": kid, "alg": "RS256",
                    "n": URL_SAFE_NO_PAD.encode(rsa.n().to_vec()), "e": URL_SAFE_NO_PAD.encode(rsa.e().to_vec())})
            })
            .collect();
        keys.push(json!({"kty": "EC", "kid": "elliptic", "crv": "P-256", "x": "", "y": ""}));
        keys.push(json!({"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"}));
        keys.push(json!("nonsense"));
        json!({ "keys": keys })
    }

    fn now(&self) -> i64 {
        let now = self.clock.now_wall().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_secs()).unwrap()
    }

    /// As a real one, of December 2025.
    fn claims(&self) -> Value {
        json!({"scope": "dgm:police dgm:fire", "iss": "https://test.maskinporten.no/", "client_amr": "private_key_jwt",
            "token_type": "Bearer", "exp": self.now() + 120, "iat": self.now(),
            "client_id": "f4811e18-05aa-4a50-b5d5-8490da78aace", "jti": "MBK46NOatlzVWUv83gEQjPlMT6gEibX3ib9_uZYTpAQ",
            "consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"}})
    }

    fn sign(&self, kid: &str, claims: &Value) -> String {
        let header = json!({"kid": kid, "alg": "RS256"});
        let key = self.keys.lock().unwrap().get(kid).cloned();
        let key = key.unwrap_or_else(|| self.keys.lock().unwrap()["first"].clone());
        signed(&header, claims, &key, MessageDigest::sha256())
    }

    fn token(&self) -> String {
        self.sign("first", &self.claims())
    }
}

fn signed(header: &Value, claims: &Value, key: &PKey<Private>, digest: MessageDigest) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = Signer::new(digest, key)
        .unwrap()
        .sign_oneshot_to_vec(message.as_bytes())
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

async fn kind(validator: &Validator, token: &str) -> Kind {
    let error = validator.validate(token).await.expect_err("an error");
    let said = format!(
        "{error} {error:?} {:?} {}",
        error.diagnosis(),
        error.www_authenticate()
    );
    let payload = token.split('.').nth(1).unwrap_or("nothing");
    assert!(payload.len() < 10 || !said.contains(payload), "{said}");
    assert!(error.diagnosis().remedy().is_some(), "{said}");
    error.kind()
}

#[tokio::test]
async fn a_token_of_the_issuer_is_taken_and_typed() {
    let issuer = Issuer::new();
    let validator = issuer
        .builder()
        .require_scope("dgm:police".parse().unwrap())
        .build()
        .unwrap();
    let token = validator
        .authorize(&format!("Bearer {}", issuer.token()))
        .await
        .unwrap();
    let number = token.consumer().organisation_number().unwrap();
    assert_eq!(number.to_string(), "991825827");
    assert!(token.supplier().is_none() && token.system_user().is_none());
    assert_eq!(
        token.claims().client_amr.as_deref(),
        Some("private_key_jwt")
    );
    assert!(token.require_scope(&"dgm:fire".parse().unwrap()).is_ok());
    let error = token
        .require_scope(&"dgm:army".parse().unwrap())
        .unwrap_err();
    assert_eq!((error.kind(), error.status().as_u16()), (Kind::Scope, 403));
    assert_eq!(
        error.www_authenticate(),
        r#"Bearer error="insufficient_scope", scope="dgm:army""#
    );
    // one fetch for all
    for _ in 0..10 {
        validator.validate(&issuer.token()).await.unwrap();
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn every_kind_of_caller_is_typed_and_unknown_authorities_are_kept() {
    let issuer = Issuer::new();
    let validator = issuer.builder().build().unwrap();
    let check = async |claims: Value| validator.validate(&issuer.sign("first", &claims)).await;

    let supplied = with(
        issuer.claims(),
        "supplier",
        json!({"authority": "iso6523-actorid-upis", "ID": "0192:310702641"}),
    );
    let token = check(supplied).await.unwrap();
    assert_eq!(token.supplier().unwrap().id(), "0192:310702641");

    let system_user = json!([{"type": "urn:altinn:systemuser",
        "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "0192:310702641"},
        "systemuser_id": ["f950ddae-06c3-4b57-b940-702417a90df0"], "system_id": "991825827_smartcloud"}]);
    let token = check(with(issuer.claims(), "authorization_details", system_user))
        .await
        .unwrap();
    let user = token.system_user().unwrap();
    assert_eq!(user.systemuser_org.id(), "0192:310702641");
    assert_eq!(user.system_id.as_deref(), Some("991825827_smartcloud"));

    let eseal = json!({"authority": "etsi_en_119_612", "ID": "VATDE-123456789"});
    let token = check(with(issuer.claims(), "consumer", eseal))
        .await
        .unwrap();
    assert_eq!(token.consumer().authority(), "etsi_en_119_612");
    assert_eq!(token.consumer().id(), "VATDE-123456789");
    assert!(token.consumer().organisation_number().is_none());
}

#[tokio::test]
async fn a_consent_must_be_the_consumers_and_still_hold() {
    let issuer = Issuer::new();
    let validator = issuer.builder().build().unwrap();
    let check = async |to: &str, until: &str| {
        let consent = json!([{"type": "urn:altinn:consent", "id": "0a7d59f8-8c62-4312-9fb4-62456664c96f",
            "from": "urn:altinn:organization:identifier-no:310702641",
            "to": {"authority": "iso6523-actorid-upis", "ID": to},
            "consented": "2025-11-14T10:48:55.759557+00:00", "validTo": until,
            "consentRights": [{"action": ["consent"], "metadata": {"simpletag": "test samtykke"},
                "resource": [{"type": "urn:altinn:resource", "value": "enkelt-samtykke"}]}]}]);
        let claims = with(issuer.claims(), "authorization_details", consent);
        validator.validate(&issuer.sign("first", &claims)).await
    };
    let token = check("0192:991825827", "2099-01-01T14:30:00+00:00")
        .await
        .unwrap();
    let right = &token.consent().unwrap().rights[0];
    assert_eq!(right.action, ["consent"]);
    assert_eq!(right.resource[0].value.as_deref(), Some("enkelt-samtykke"));
    for (to, until) in [
        ("0192:310702641", "2099-01-01T14:30:00+00:00"),
        ("0192:991825827", "2020-01-01T14:30:00+00:00"),
        ("0192:991825827", "some day"),
    ] {
        assert_eq!(check(to, until).await.unwrap_err().kind(), Kind::Consent);
    }
}

#[tokio::test]
async fn each_wrong_token_has_its_own_reason() {
    let issuer = Issuer::new();
    let validator = issuer
        .builder()
        .require_scope("dgm:police".parse().unwrap())
        .build()
        .unwrap();
    let of = async |claims: Value| kind(&validator, &issuer.sign("first", &claims)).await;
    let claims = || issuer.claims();
    let now = issuer.now();

    assert_eq!(
        of(with(claims(), "iss", "https://test.maskinporten.no".into())).await,
        Kind::Issuer
    );
    assert_eq!(
        of(with(claims(), "iss", "https://maskinporten.no/".into())).await,
        Kind::Issuer
    );
    assert_eq!(
        of(with(claims(), "exp", json!(now - 10))).await,
        Kind::Expired
    );
    assert_eq!(
        of(with(claims(), "exp", Value::Null)).await,
        Kind::NotAToken
    );
    assert_eq!(
        of(with(claims(), "exp", "tomorrow".into())).await,
        Kind::NotAToken
    );
    assert_eq!(
        of(with(claims(), "iat", json!(now + 12))).await,
        Kind::NotYetValid
    );
    assert_eq!(
        of(with(claims(), "nbf", json!(now + 12))).await,
        Kind::NotYetValid
    );
    assert_eq!(
        of(with(claims(), "scope", "dgm:policeman".into())).await,
        Kind::Scope
    );
    assert_eq!(
        of(with(claims(), "aud", "https://other.example.no".into())).await,
        Kind::Audience
    );
    assert_eq!(
        of(with(claims(), "consumer", Value::Null)).await,
        Kind::NotAToken
    );
    assert_eq!(of(json!(["no", "object"])).await, Kind::NotAToken);
    // clocks may differ by ten seconds
    for (name, value) in [("exp", now - 9), ("iat", now + 9)] {
        let token = issuer.sign("first", &with(claims(), name, json!(value)));
        assert!(validator.validate(&token).await.is_ok(), "{name}");
    }

    let first = issuer.keys.lock().unwrap()["first"].clone();
    let sha256 = MessageDigest::sha256();
    for (header, expected) in [
        (json!({"kid": "first", "alg": "none"}), Kind::Algorithm),
        (json!({"kid": "first", "alg": "HS256"}), Kind::Algorithm),
        (json!({"kid": "first", "alg": "PS256"}), Kind::Algorithm),
        // pinned to what the key is for
        (json!({"kid": "first", "alg": "RS512"}), Kind::Algorithm),
        (
            json!({"kid": "first", "alg": "RS256", "crit": ["exp"]}),
            Kind::NotAToken,
        ),
        (json!({"alg": "RS256"}), Kind::NotAToken),
        (json!({"kid": "elliptic", "alg": "RS256"}), Kind::UnknownKey),
        (json!({"kid": "broken", "alg": "RS256"}), Kind::UnknownKey),
    ] {
        let token = signed(&header, &claims(), &first, sha256);
        assert_eq!(kind(&validator, &token).await, expected, "{header}");
    }
    let forged = signed(
        &json!({"kid": "first", "alg": "RS256"}),
        &claims(),
        &key(2048),
        sha256,
    );
    assert_eq!(kind(&validator, &forged).await, Kind::Signature);

    let token = issuer.token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(
        kind(&validator, &format!("{signed}.")).await,
        Kind::Signature
    );
    for torn in [
        "",
        "...",
        "a.b.c",
        "a",
        signed,
        &format!("{token}.x"),
        &"x".repeat(70_000),
    ] {
        assert_eq!(kind(&validator, torn).await, Kind::NotAToken, "{torn}");
    }
    for header in [&token[..], "Basic abc", "Bearer"] {
        let error = validator.authorize(header).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status().as_u16()),
            (Kind::NotAToken, 401)
        );
    }
}

#[tokio::test]
async fn an_audience_is_checked_as_it_is_asked_for() {
    let issuer = Issuer::new();
    let api = "https://api.example.no";
    let ours = issuer.sign(
        "first",
        &with(issuer.claims(), "aud", json!([api, "urn:other"])),
    );
    let none = issuer.token();
    let old = issuer.sign("first", &with(issuer.claims(), "aud", "unspecified".into()));

    let strict = issuer.builder().audience(api).build().unwrap();
    assert!(strict.validate(&ours).await.is_ok());
    assert_eq!(kind(&strict, &none).await, Kind::Audience);
    assert_eq!(kind(&strict, &old).await, Kind::Audience);
    let plain = issuer.builder().build().unwrap();
    assert!(plain.validate(&none).await.is_ok() && plain.validate(&old).await.is_ok());
    assert_eq!(kind(&plain, &ours).await, Kind::Audience);
    assert!(
        issuer
            .builder()
            .any_audience()
            .build()
            .unwrap()
            .validate(&ours)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_rotation_of_the_issuers_key_goes_unnoticed() {
    let issuer = Issuer::new();
    let validator = issuer.builder().build().unwrap();
    validator.validate(&issuer.token()).await.unwrap();
    issuer.clock.advance(Duration::from_secs(3600));
    issuer.add("second");
    let second = || issuer.sign("second", &issuer.claims());
    validator.validate(&second()).await.unwrap();
    assert_eq!(issuer.fetches(), 2);

    // the old key is withdrawn: within a day nobody takes its tokens any longer
    let first = issuer.keys.lock().unwrap()["first"].clone();
    issuer.remove("first");
    issuer.clock.advance(Duration::from_secs(25 * 3600));
    validator.validate(&second()).await.unwrap();
    assert_eq!(issuer.fetches(), 3);
    let header = json!({"kid": "first", "alg": "RS256"});
    let late = signed(&header, &issuer.claims(), &first, MessageDigest::sha256());
    assert_eq!(kind(&validator, &late).await, Kind::UnknownKey);
}

/// A row of the failure catalogue: unknown kids cannot make it storm the issuer.
#[tokio::test]
async fn jwks_refresh_as_denial_of_service() {
    let issuer = Issuer::new();
    let validator = issuer.builder().build().unwrap();
    validator.validate(&issuer.token()).await.unwrap();
    issuer.clock.advance(Duration::from_secs(60));
    let forged = |kid: usize| issuer.sign(&format!("kid-{kid}"), &issuer.claims());
    let together: Vec<_> = (0..50)
        .map(|kid| {
            let (validator, token) = (validator.clone(), forged(kid));
            tokio::spawn(async move { validator.validate(&token).await.unwrap_err().kind() })
        })
        .collect();
    for one in together {
        assert_eq!(one.await.unwrap(), Kind::UnknownKey);
    }
    assert_eq!(issuer.fetches(), 2, "one for all of them");
    for second in 0..300 {
        issuer.clock.advance(Duration::from_secs(1));
        let _ = validator.validate(&forged(1000 + second)).await;
    }
    assert!(
        issuer.fetches() <= 2 + 10,
        "one in 30 s: {}",
        issuer.fetches()
    );
    // the same one again is not even a reason to look
    let before = issuer.fetches();
    issuer.clock.advance(Duration::from_secs(31));
    let same = issuer.sign("once-more", &issuer.claims());
    let _ = validator.validate(&same).await;
    issuer.clock.advance(Duration::from_secs(31));
    let _ = validator.validate(&same).await;
    assert_eq!(issuer.fetches(), before + 1);
    // and those who are known never notice
    validator.validate(&issuer.token()).await.unwrap();
}

#[tokio::test]
async fn while_the_issuer_is_down_its_keys_are_used_for_two_days() {
    let issuer = Issuer::new();
    *issuer.is_down.lock().unwrap() = true;
    let validator = issuer.builder().build().unwrap();
    let error = validator.validate(&issuer.token()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().as_u16()),
        (Kind::KeysUnavailable, 503)
    );
    // not asked again for each call
    let _ = validator.validate(&issuer.token()).await;
    assert_eq!(issuer.fetches(), 1);

    *issuer.is_down.lock().unwrap() = false;
    issuer.clock.advance(Duration::from_secs(6));
    validator.validate(&issuer.token()).await.unwrap();
    *issuer.is_down.lock().unwrap() = true;
    issuer.clock.advance(Duration::from_secs(47 * 3600));
    validator.validate(&issuer.token()).await.unwrap();
    issuer.clock.advance(Duration::from_secs(2 * 3600));
    assert_eq!(
        kind(&validator, &issuer.token()).await,
        Kind::KeysUnavailable
    );
}

#[tokio::test]
async fn a_set_without_usable_keys_is_no_set() {
    for body in [
        "{}",
        "[]",
        "<html>",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"RSA","kid":"first"}]}"#,
    ] {
        let transport = http_transport::from_fn(move |_: http::Request<bytes::Bytes>| async move {
            answer(200, body)
        });
        let validator = Validator::builder(Environment::test())
            .transport(Arc::new(transport))
            .build()
            .unwrap();
        let token = Issuer::new().token();
        assert_eq!(
            kind(&validator, &token).await,
            Kind::KeysUnavailable,
            "{body}"
        );
    }
}
