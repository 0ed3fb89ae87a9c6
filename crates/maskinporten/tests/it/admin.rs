//! The administration API, against a small server of the documented behaviour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response};
use maskinporten::admin::{AccessState, Admin, AdminUrl, ErrorKind, NewClient, NewKey, NewScope};
use maskinporten::{BuildErrorKind, Client, ClientId, Environment, KeyId, Scope};
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, CUSTOMER, OWN, answer, token_answer, with_certificate};

/// A year, in seconds.
const YEAR: u64 = 365 * 86_400;
/// The server's clock.
const NOW: u64 = 1_800_000_000;

type Meanwhile = Box<dyn FnMut(&mut BTreeMap<String, Vec<Value>>) + Send>;

#[derive(Clone, Default)]
struct Side {
    /// Method, path with query, body.
    asked: Arc<Mutex<Vec<(Method, String, Value)>>>,
    /// The key sets of clients.
    keys: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    /// Answers instead of the server, first to last.
    scripted: Arc<Mutex<Vec<(u16, String)>>>,
    /// Happens after each write: what others do.
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Side {
    fn admin(&self) -> Admin {
        self.admin_at(AdminUrl::test())
    }

    fn admin_at(&self, url: AdminUrl) -> Admin {
        let side = self.clone();
        let transport = http_transport::from_fn(move |request: Request<Bytes>| {
            let side = side.clone();
            async move {
                // others may come meanwhile
                tokio::task::yield_now().await;
                side.answer(&request)
            }
        });
        let client = Client::builder(
            Environment::test(),
            CLIENT_ID.parse().unwrap(),
            with_certificate(),
        )
        .transport(Arc::new(transport))
        .build()
        .unwrap();
        Admin::new(url, client)
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, http_transport::Error> {
        let uri = request.uri();
        if uri.path() == "/token" {
            let form = String::from_utf8(request.body().to_vec()).unwrap();
            let scope = crate::support::claims_in(&form)["scope"]
                .as_str()
                .unwrap()
                .to_owned();
            self.tokens.lock().unwrap().push(scope);
            let number = self.tokens.lock().unwrap().len();
            return token_answer(&format!("t0ken-{number}"));
        }
        let open = ["/scopes/all", "/delegationsources"]
            .iter()
            .any(|open| uri.path().ends_with(open));
        assert_eq!(
            request.headers().contains_key("authorization"),
            !open,
            "{uri}"
        );
        let path = uri.to_string().split_once(".no").unwrap().1.to_owned();
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        self.asked
            .lock()
            .unwrap()
            .push((request.method().clone(), path.clone(), body.clone()));
        let mut scripted = self.scripted.lock().unwrap();
        if !scripted.is_empty() {
            let (status, body) = scripted.remove(0);
            return answer(status, body);
        }
        if let Some(id) = path
            .strip_prefix("/api/v1/clients/")
            .and_then(|path| path.strip_suffix("/jwks"))
        {
            return self.jwks(request.method(), id, body);
        }
        answer(200, "{}")
    }

    /// As documented: the whole set, at most five, `use` on each, a year from posting.
    fn jwks(
        &self,
        method: &Method,
        id: &str,
        body: Value,
    ) -> Result<Response<Bytes>, http_transport::Error> {
        let mut all = self.keys.lock().unwrap();
        if method == Method::POST {
            let mut keys: Vec<Value> = serde_json::from_value(body["keys"].clone()).unwrap();
            let wrong = |text: &str| {
                answer(400, json!({"status": 400, "correlation_id": "b496e785cbd430eee802c1eaafa76f46",
                    "errors": [{"errorMessage": text, "isFieldError": true, "objectName": "Jwks", "fieldIdentifier": "keys"}],
                    "error": format!(", {text}"), "error_description": format!(", {text}")}).to_string())
            };
            if keys.is_empty() || keys.len() > 5 {
                return wrong("between 1 and 5 keys");
            }
            if keys
                .iter()
                .any(|key| key["use"] != "sig" || key["kty"] != "RSA" || key["n"].is_null())
            {
                return wrong("use must be sig");
            }
            for key in &mut keys {
                if key["exp"].is_null() {
                    key["exp"] = json!(NOW + YEAR);
                }
            }
            all.insert(id.into(), keys);
            if let Some(meanwhile) = &mut *self.meanwhile.lock().unwrap() {
                meanwhile(&mut all);
            }
        } else if method == Method::DELETE {
            all.remove(id);
            return answer(200, "");
        }
        let keys = all.get(id).cloned().unwrap_or_default();
        answer(
            200,
            json!({"keys": keys, "last_updated": "2026-09-16T12:34:17.099+02:00"}).to_string(),
        )
    }

    fn asked(&self) -> Vec<(Method, String, Value)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn script(&self, status: u16, body: impl ToString) {
        self.scripted
            .lock()
            .unwrap()
            .push((status, body.to_string()));
    }

    fn kids(&self) -> Vec<String> {
        let keys = self.keys.lock().unwrap();
        let mut kids: Vec<String> = keys
            .get(CLIENT_ID)
            .into_iter()
            .flatten()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect();
        kids.sort();
        kids
    }
}

fn id() -> ClientId {
    CLIENT_ID.parse().unwrap()
}

fn kid(text: &str) -> KeyId {
    text.parse().unwrap()
}

fn new_key(name: &str, first: u8) -> NewKey {
    NewKey::rsa(&kid(name), &[first; 256], &[1, 0, 1]).unwrap()
}

fn scope() -> Scope {
    "difi:api/three".parse().unwrap()
}

#[tokio::test]
async fn each_call_is_as_documented_on_both_generations_of_hosts() {
    let side = Side::default();
    let org = CUSTOMER.parse().unwrap();
    for (url, prefix) in [
        (AdminUrl::test(), "/api/v1"),
        (AdminUrl::test().without_prefix(), ""),
        (AdminUrl::legacy_test(), ""),
    ] {
        let admin = side.admin_at(url);
        let calls: [(&str, &str); 9] = [
            ("GET", "/clients/238259d7-f0ab-4bd5-b253-0f0159375096"),
            ("DELETE", "/clients/238259d7-f0ab-4bd5-b253-0f0159375096"),
            ("GET", "/scopes?scope=difi%3Aapi%2Fthree"),
            ("DELETE", "/scopes?scope=difi%3Aapi%2Fthree"),
            ("PUT", "/scopes/access/310702641?scope=difi%3Aapi%2Fthree"),
            (
                "DELETE",
                "/scopes/access/310702641?scope=difi%3Aapi%2Fthree",
            ),
            ("POST", "/clients"),
            ("POST", "/scopes"),
            (
                "DELETE",
                "/clients/238259d7-f0ab-4bd5-b253-0f0159375096/jwks",
            ),
        ];
        admin.client(&id()).await.unwrap();
        admin.delete_client(&id()).await.unwrap();
        admin.scope(&scope()).await.unwrap();
        admin.delete_scope(&scope()).await.unwrap();
        admin.grant_access(&scope(), org).await.unwrap();
        admin.withdraw_access(&scope(), org).await.unwrap();
        let new = NewClient::maskinporten("payroll", "payroll#1", [scope()]);
        admin.create_client(&new).await.unwrap();
        admin
            .create_scope(&NewScope::new("difi", "api/three", "three"))
            .await
            .unwrap();
        admin.delete_keys(&id()).await.unwrap();
        let asked = side.asked();
        let seen: Vec<(&str, &str)> = asked
            .iter()
            .map(|(method, path, _)| (method.as_str(), path.as_str()))
            .collect();
        let expected: Vec<(&str, String)> = calls
            .iter()
            .map(|(method, path)| (*method, format!("{prefix}{path}")))
            .collect();
        let expected: Vec<(&str, &str)> = expected
            .iter()
            .map(|(method, path)| (*method, path.as_str()))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!(
            asked[6].2,
            json!({"client_name": "payroll", "description": "payroll#1", "scopes": ["difi:api/three"],
                "token_endpoint_auth_method": "private_key_jwt", "integration_type": "maskinporten",
                "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "application_type": "web"})
        );
        assert_eq!(
            asked[7].2,
            json!({"prefix": "difi", "subscope": "api/three", "description": "three"})
        );
    }
    // a token for each scope that a call needs, once
    let tokens = side.tokens.lock().unwrap().clone();
    assert_eq!(
        tokens[..3],
        [
            "idporten:dcr.read",
            "idporten:dcr.write",
            "idporten:scopes.write"
        ]
    );

    let admin = side.admin();
    for (body, path) in [
        (r#"[{"name":"a:b","at_max_age":120}]"#, "/scopes/all"),
        ("[]", "/scopes/access/all"),
    ] {
        side.script(200, body);
        if path == "/scopes/all" {
            let scopes = admin.all_scopes().await.unwrap();
            assert_eq!(scopes[0].at_max_age, Some(120));
        } else {
            admin.granted_to_us().await.unwrap();
        }
        assert_eq!(side.asked()[0].1, format!("/api/v1{path}"));
    }
    side.script(200, r#"[{"scope":"difi:api3","state":"APPROVED","prefix":null,"consumer_orgno":"310702641"},{"state":"NEW"}]"#);
    let access = admin.access(&scope()).await.unwrap();
    assert_eq!(access[0].state, Some(AccessState::Approved));
    assert_eq!(access[1].state, Some(AccessState::Other("NEW".into())));
    side.script(
        200,
        r#"[{"name":"altinn","issuer":"https://tt02.altinn.no/"}]"#,
    );
    assert_eq!(
        admin.delegation_sources().await.unwrap()[0].name.as_deref(),
        Some("altinn")
    );
}

#[tokio::test]
async fn a_key_is_added_beside_the_others_and_they_keep_their_time() {
    let side = Side::default();
    let admin = side.admin();
    // an old one, from before `use` was demanded, and with a member that is not known here
    side.keys.lock().unwrap().insert(
        CLIENT_ID.into(),
        vec![json!({"kid": "old", "kty": "RSA", "alg": "RS256", "n": "b2xk", "e": "AQAB", "exp": NOW + 86_400, "x5t": "kept"})],
    );
    let set = admin.add_key(&id(), new_key("new", 0x81)).await.unwrap();
    assert_eq!(side.kids(), ["new", "old"]);
    let old = set.find(&kid("old")).unwrap();
    assert_eq!(
        (old.exp, old.usage.as_deref()),
        (Some(NOW + 86_400), Some("sig"))
    );
    assert_eq!(old.other["x5t"], "kept");
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(old.days_left(now), Some(1));
    assert_eq!(set.find(&kid("new")).unwrap().days_left(now), Some(365));

    // what is there already is not written again
    side.asked();
    admin.add_key(&id(), new_key("new", 0x81)).await.unwrap();
    assert!(
        side.asked()
            .iter()
            .all(|(method, ..)| method == Method::GET)
    );
    // renewed: that one only
    let set = admin.renew_key(&id(), &kid("old")).await.unwrap();
    assert_eq!(set.find(&kid("old")).unwrap().exp, Some(NOW + YEAR));

    let taken = admin
        .add_key(&id(), new_key("old", 0x82))
        .await
        .unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::InvalidRequest);
    for number in 3..=5 {
        admin
            .add_key(&id(), new_key(&format!("key-{number}"), 0x80 + number))
            .await
            .unwrap();
    }
    let sixth = admin
        .add_key(&id(), new_key("sixth", 0x99))
        .await
        .unwrap_err();
    let said = format!("{:?}", sixth.diagnosis());
    assert!(
        said.contains("key-3") && said.contains("remove one"),
        "{said}"
    );
    assert_eq!(side.kids().len(), 5);
}

#[tokio::test]
async fn the_last_key_is_removed_with_the_set() {
    let side = Side::default();
    let admin = side.admin();
    assert!(admin.keys(&id()).await.unwrap().keys.is_empty());
    admin.add_key(&id(), new_key("one", 0x81)).await.unwrap();
    admin.add_key(&id(), new_key("two", 0x82)).await.unwrap();
    admin.remove_key(&id(), &kid("one")).await.unwrap();
    assert_eq!(side.kids(), ["two"]);
    side.asked();
    assert!(
        admin
            .remove_key(&id(), &kid("two"))
            .await
            .unwrap()
            .keys
            .is_empty()
    );
    let deleted = side
        .asked()
        .iter()
        .any(|(method, ..)| method == Method::DELETE);
    assert!(deleted && side.kids().is_empty());
    let error = admin.remove_key(&id(), &kid("two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn changes_of_one_program_wait_for_each_other_and_those_of_others_are_seen() {
    let side = Side::default();
    let admin = side.admin();
    let together: Vec<_> = (0..5)
        .map(|number| {
            let admin = admin.clone();
            tokio::spawn(async move {
                admin
                    .add_key(&id(), new_key(&format!("key-{number}"), 0x81 + number))
                    .await
            })
        })
        .collect();
    for one in together {
        one.await.unwrap().unwrap();
    }
    assert_eq!(side.kids().len(), 5);

    // somebody else writes their own set over ours, once
    let side = Side::default();
    let admin = side.admin();
    let mut once = true;
    *side.meanwhile.lock().unwrap() = Some(Box::new(move |all| {
        if std::mem::take(&mut once) {
            all.insert(
                CLIENT_ID.into(),
                vec![json!({"kid": "theirs", "kty": "RSA", "use": "sig", "n": "dGhlaXJz", "e": "AQAB", "exp": NOW})],
            );
        }
    }));
    admin.add_key(&id(), new_key("ours", 0x81)).await.unwrap();
    assert_eq!(side.kids(), ["ours", "theirs"]);
    // and again and again
    *side.meanwhile.lock().unwrap() = Some(Box::new(|all| {
        all.remove(CLIENT_ID);
    }));
    let error = admin
        .add_key(&id(), new_key("another", 0x82))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interfered);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_client_is_changed_whole_and_keeps_what_is_not_known() {
    let side = Side::default();
    let admin = side.admin();
    let stored = json!({"client_id": CLIENT_ID, "client_name": "a", "client_orgno": OWN, "integration_type": "maskinporten",
        "scopes": ["a:b"], "refresh_token_usage": "ONETIME", "sso_disabled": false, "new_member": {"x": 1},
        "created": "2021-09-15T10:20:43.354+02:00", "last_updated": "2021-09-15T10:20:43.354+02:00", "active": true});
    side.script(200, &stored);
    side.script(200, &stored);
    admin
        .update_client(&id(), |client| {
            client.scopes = Some(vec!["a:b".into(), "c:d".into()])
        })
        .await
        .unwrap();
    let mut expected = stored.clone();
    expected["scopes"] = json!(["a:b", "c:d"]);
    for member in ["created", "last_updated"] {
        expected.as_object_mut().unwrap().remove(member);
    }
    let (method, _, body) = side.asked().pop().unwrap();
    assert_eq!((method, body), (Method::PUT, expected));

    side.script(200, &stored);
    let error = admin
        .update_client(&id(), |client| client.integration_type = Some("krr".into()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    side.script(200, r#"{"name":"a:b","prefix":"a","subscope":"b"}"#);
    let error = admin
        .update_scope(&"a:b".parse().unwrap(), |scope| {
            scope.subscope = Some("c".into())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_says_what_to_do() {
    let side = Side::default();
    let admin = side.admin();
    side.script(400, r#"{"status":400,"timestamp":"2025-07-02T08:30:00.000000000Z","correlation_id":"b496e785cbd430eee802c1eaafa76f46","errors":[{"errorMessage":"error 1","isFieldError":true,"objectName":"Client","fieldIdentifier":"field_1"}],"error":", error 1","error_description":", error 1"}"#);
    let new = NewClient::maskinporten("a", "a", [scope()]);
    let error = admin.create_client(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.fields()[0].field.as_deref(), Some("field_1"));
    let diagnosis = error.diagnosis();
    assert_eq!(diagnosis.message(), Some("field_1: error 1"));
    assert_eq!(
        diagnosis.trace_id(),
        Some("b496e785cbd430eee802c1eaafa76f46")
    );

    for (status, expected) in [
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (418, ErrorKind::Unexpected),
    ] {
        side.script(status, "");
        let error = admin.create_client(&new).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert!(error.diagnosis().remedy().is_some() && !error.is_retryable());
    }
    side.script(503, "<html>down</html>");
    let error = admin.create_client(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.is_retryable());
    assert_eq!(side.asked().len(), 6, "writing is not tried again");

    // a 401 is tried once with a newer token, when there is one
    side.script(401, "");
    admin.create_client(&new).await.unwrap();
    assert_eq!(side.asked().len(), 2);
    side.script(401, "");
    side.script(401, "");
    let error = admin.create_client(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    // reading is tried again
    side.script(503, "");
    side.script(200, "{}");
    admin.client(&id()).await.unwrap();
    side.script(200, "<html>");
    let error = admin.client(&id()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error:?}");
}

#[test]
fn addresses_and_keys_are_checked() {
    for bad in [
        "",
        "api.samarbeid.digdir.no",
        "http://10.0.0.1/api/v1",
        "https://a.no/?x=1",
    ] {
        assert_eq!(
            AdminUrl::custom(bad).unwrap_err().kind(),
            BuildErrorKind::Environment
        );
    }
    let short = NewKey::rsa(&kid("a"), &[0x81; 255], &[1, 0, 1]).unwrap_err();
    assert_eq!(short.kind(), BuildErrorKind::UnsupportedKey);
    let odd = NewKey::rsa(&kid("a/b"), &[0x81; 256], &[1, 0, 1]).unwrap_err();
    assert_eq!(odd.kind(), BuildErrorKind::Value);
    let early = new_key("a", 0x81).expires_at(SystemTime::now());
    assert_ne!(early, new_key("a", 0x81));
}

#[cfg(feature = "openssl")]
#[test]
fn a_key_is_made_of_any_pem_that_shows_its_public_half() {
    use crate::keys::made::{Leaf, Pki};

    let issued = Pki::new().issue(&Leaf::default());
    let of = |pem: &[u8]| NewKey::from_pem(&kid("a"), pem).unwrap();
    let public = of(&issued.key.public_key_to_pem().unwrap());
    assert_eq!(of(&issued.certificate.to_pem().unwrap()), public);
    let private = issued.key.private_key_to_pem_pkcs8().unwrap();
    assert_eq!(of(&private), public);
    assert!(!format!("{public:?}").contains("\"d\""));
    assert!(NewKey::from_pem(&kid("a"), b"nothing").is_err());
}
