//! Whoever answers may be anybody: no credential goes to a host that was not named, and no answer is
//! waited for without an end.

use std::sync::Arc;
use std::time::Duration;

use altinn_auth::id_porten::{Login, LoginRequest};
use altinn_auth::vendor::{Access, SystemUserRequest, UserType};
use altinn_auth::{
    Altinn, Cookie, EnterpriseUserCredentials, Environment, Error, ErrorKind, PasswordCredentials,
    SecurityLevel,
};
use bytes::Bytes;
use http_transport::{ReqwestTransport, Transport};
use serde_json::json;

use crate::get;
use crate::server::{self, Fake, Reply, answer, builder, environment, id_porten, stranger};

/// Everybody that one can be, at one host.
struct Everybody {
    fake: Fake,
    url: String,
    environment: Environment,
    /// The programs' own, made once: reading the system's authorities takes its time.
    transport: Arc<dyn Transport>,
}

/// The ways in, and the path of theirs that comes first.
const WAYS: [(&str, &str); 9] = [
    ("maskinporten", "/token"),
    (
        "organisation",
        "/authentication/api/v1/exchange/maskinporten",
    ),
    (
        "system user",
        "/authentication/api/v1/exchange/maskinporten",
    ),
    (
        "enterprise user",
        "/authentication/api/v1/exchange/maskinporten",
    ),
    ("person", "/authentication/api/v1/exchange/id-porten"),
    ("password", "/api/authentication/authenticatewithpassword"),
    (
        "certificate user",
        "/api/authentication/authenticatewithpassword",
    ),
    ("cookie", "/api/messages"),
    ("certificate", "/api/messages"),
];

/// What ID-porten is asked, in the order in which a log-in does.
const OF_LOG_IN: [&str; 6] = [
    "/idp/.well-known/openid-configuration",
    "/idp/par",
    "/idp/token",
    "/idp/jwks",
    "/idp/introspect",
    "/idp/revoke",
];

impl Everybody {
    async fn new() -> (Self, server::Seen) {
        let (fake, url, seen) = Fake::start().await;
        let environment = environment(&url, &url, &url, &url);
        let everybody = Self {
            fake,
            url,
            environment,
            transport: Arc::new(ReqwestTransport::builder().build().unwrap()),
        };
        (everybody, seen)
    }

    fn altinn(&self) -> Altinn {
        builder(&self.environment)
            .transport(self.transport.clone())
            .certificate_transport(self.transport.clone())
            .build()
            .unwrap()
    }

    async fn login(&self) -> Result<Arc<Login>, Error> {
        let client = id_porten(&self.environment);
        let client = client.transport(self.transport.clone()).build().unwrap();
        let request = LoginRequest::new("http://localhost/back").level(SecurityLevel::FOUR);
        let pending = client.begin(request.not_pushed()).await?;
        let callback = self.fake.callback(pending.url());
        pending.finish(&callback).await
    }

    /// Everything that is asked of ID-porten.
    async fn log_in_and_out(&self) -> Result<(), Error> {
        let client = id_porten(&self.environment);
        let client = client.transport(self.transport.clone()).build().unwrap();
        client
            .begin(LoginRequest::new("http://localhost/back"))
            .await?;
        let login = self.login().await?;
        login.introspect().await?;
        // what can be forgotten is forgotten, whatever the provider answers
        assert!(!login.end().await?.revoked);
        Ok(())
    }

    /// Comes in this way, and makes a call.
    async fn call(&self, way: &str, url: &str) -> Result<http::Response<Bytes>, Error> {
        let altinn = self.altinn();
        let credentials = || EnterpriseUserCredentials::new("user", "passw0rd".into()).unwrap();
        let scopes = ["altinn:reportees"];
        const OPERATION: &str = "test";
        match way {
            "maskinporten" => {
                let me = altinn.organisation().scopes(scopes).direct();
                me.call(OPERATION, get(url)).await
            }
            "organisation" => {
                let me = altinn.organisation().scopes(scopes);
                me.call(OPERATION, get(url)).await
            }
            "system user" => {
                let me = altinn.system_user("310702641".parse().unwrap());
                me.scopes(scopes).call(OPERATION, get(url)).await
            }
            "enterprise user" => {
                let me = altinn.enterprise_user(credentials()).scopes(scopes);
                me.call(OPERATION, get(url)).await
            }
            "person" => {
                let me = altinn.person(self.login().await?);
                me.call(OPERATION, get(url)).await
            }
            "password" => {
                let me = PasswordCredentials::new("user", "passw0rd".into()).unwrap();
                altinn.password_user(me).call(OPERATION, get(url)).await
            }
            "certificate user" => {
                let me = altinn.certificate_user(credentials());
                me.call(OPERATION, get(url)).await
            }
            "cookie" => {
                let cookie = Cookie::new(&"C00KIE".into()).unwrap();
                let me = altinn.browser_user(cookie, SecurityLevel::THREE);
                me.call(OPERATION, get(url)).await
            }
            _ => altinn.certificate().call(OPERATION, get(url)).await,
        }
    }
}

#[tokio::test]
async fn a_redirect_is_followed_by_nobody_on_any_way_in() {
    let (everybody, seen) = Everybody::new().await;
    let (elsewhere, visits) = stranger().await;
    let home = format!("{}/api/messages", everybody.url);
    for (way, path) in WAYS {
        everybody.fake.behave();
        let fine = everybody.call(way, &home).await.unwrap();
        assert_eq!(fine.status(), 200, "{way}");
        for status in [301, 302, 303, 307, 308] {
            let to = format!("{elsewhere}{path}");
            let redirect = move || {
                let mut answer = answer(status, "");
                answer.headers_mut().insert("location", to.parse().unwrap());
                Reply::Answer(answer)
            };
            // on the way in
            everybody.fake.misbehave(path, redirect.clone());
            let outcome = everybody.call(way, &home).await;
            match (way, outcome) {
                // a certificate has no way in but the call, which gives what came
                ("certificate", Ok(answer)) => assert_eq!(answer.status(), status),
                (_, Err(error)) => assert!(error.diagnosis().remedy().is_some(), "{error:?}"),
                (way, Ok(answer)) => panic!("{way} {status}: {answer:?}"),
            }
            // and on the call
            everybody.fake.misbehave("/api/messages", redirect);
            let outcome = everybody.call(way, &home).await;
            match outcome {
                Ok(answer) => assert_eq!(answer.status(), status, "{way}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::SessionExpired, "{way}"),
            }
        }
    }
    for path in OF_LOG_IN {
        everybody.fake.behave();
        let to = format!("{elsewhere}{path}");
        everybody.fake.misbehave(path, move || {
            let mut answer = answer(307, "");
            answer.headers_mut().insert("location", to.parse().unwrap());
            Reply::Answer(answer)
        });
        let outcome = everybody.log_in_and_out().await;
        assert_eq!(outcome.is_ok(), path == "/idp/revoke", "{path} {outcome:?}");
    }
    assert_eq!(*visits.lock().unwrap(), 0, "nobody went there");
    // and at home they were, with everything that was not to go astray
    let seen = seen.lock().unwrap();
    for header in [
        "authorization",
        "apikey",
        "ocp-apim-subscription-key",
        "cookie",
        "x-altinn-enterpriseuser-authentication",
    ] {
        assert!(
            seen.iter()
                .any(|request| request.headers().contains_key(header)),
            "{header}"
        );
    }
}

#[tokio::test]
async fn an_address_elsewhere_gets_nothing_however_it_is_written() {
    let (everybody, _) = Everybody::new().await;
    let (elsewhere, visits) = stranger().await;
    let (host, at_home) = (
        elsewhere.trim_start_matches("http://"),
        everybody.url.trim_start_matches("http://"),
    );
    for (way, _) in WAYS {
        for url in [
            format!("{elsewhere}/api/messages"),
            // the host is what stands after the `@`
            format!("http://{at_home}@{host}/api/messages"),
            format!("https://{host}/api/messages"),
        ] {
            let error = everybody.call(way, &url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignHost, "{way} {url}");
        }
    }
    // a client for an API goes to the API and home
    let (api, seen) = server::listen(|_| Reply::Answer(answer(200, "{}"))).await;
    let me = everybody.altinn().organisation().scopes(["altinn:x"]);
    let client = me.api([api.as_str()]).unwrap();
    client.call("test", get(&format!("{api}/a"))).await.unwrap();
    let request = get(&format!("{elsewhere}/a"));
    let error = client.call("test", request.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHost);
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind(), http_transport::ErrorKind::ForeignHost);
    // and it takes no key of another host's along
    let headers = seen.lock().unwrap()[0].headers().clone();
    assert!(headers.contains_key("authorization"));
    assert!(!headers.contains_key("apikey") && !headers.contains_key("ocp-apim-subscription-key"));
    assert_eq!(*visits.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_vendors_lists_and_answers_lead_nowhere_else() {
    let (everybody, _) = Everybody::new().await;
    let (elsewhere, visits) = stranger().await;
    let vendor = everybody.altinn().vendor();
    let next = format!("{elsewhere}/authentication/api/v1/systemuser/page?token=2");
    everybody
        .fake
        .misbehave("/authentication/api/v1/systemuser", move || {
            let page = json!({"links": {"next": next}, "data": []});
            Reply::Answer(answer(200, page.to_string()))
        });
    let errors = [
        vendor.requests(UserType::Standard, "x").await.map(drop),
        vendor.requests(UserType::Agent, "x").await.map(drop),
        vendor.change_requests("x").await.map(drop),
        vendor.system_users("x").await.map(drop),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::ForeignHost, "{error:?}");
    }
    // a list that leads back to itself ends too
    let again = format!("{}/authentication/api/v1/systemuser/page", everybody.url);
    everybody
        .fake
        .misbehave("/authentication/api/v1/systemuser", move || {
            let page = json!({"links": {"next": again}, "data": []});
            Reply::Answer(answer(200, page.to_string()))
        });
    let error = vendor.system_users("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAnswer);
    // where the new request is, the server says itself: nobody looks there
    let location = format!("{elsewhere}/authentication/api/v1/systemuser/request/1");
    everybody
        .fake
        .misbehave("/authentication/api/v1/systemuser/request", move || {
            let mut answer = answer(201, r#"{"status":"New"}"#);
            let headers = answer.headers_mut();
            headers.insert("location", location.parse().unwrap());
            headers.insert("content-type", "application/json".parse().unwrap());
            Reply::Answer(answer)
        });
    let ask = SystemUserRequest::new("x", "310702641".parse().unwrap());
    let asked = vendor.request(&ask.access(Access::package("p"))).await;
    assert!(asked.unwrap().is_new());
    assert_eq!(*visits.lock().unwrap(), 0);
}

#[tokio::test]
async fn metadata_cannot_have_a_clients_secret_go_elsewhere() {
    let (everybody, _) = Everybody::new().await;
    let (elsewhere, visits) = stranger().await;
    for endpoint in [
        "token_endpoint",
        "jwks_uri",
        "pushed_authorization_request_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
    ] {
        let issuer = format!("{}/idp", everybody.url);
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
        });
        metadata[endpoint] = format!("{elsewhere}/x").into();
        everybody.fake.misbehave("/idp/.well-known", move || {
            let mut answer = answer(200, metadata.to_string());
            let json = "application/json".parse().unwrap();
            answer.headers_mut().insert("content-type", json);
            Reply::Answer(answer)
        });
        let error = everybody.log_in_and_out().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerMismatch, "{endpoint}");
        let said = error.diagnosis().message().unwrap().to_owned();
        assert!(said.contains("127.0.0.1"), "{said}");
    }
    assert_eq!(*visits.lock().unwrap(), 0);
}

/// The clock is tokio's, and stands still unless everybody waits; the pulse lets it go on in small steps, so
/// that what goes over a socket is not overtaken by it.
#[tokio::test(start_paused = true)]
async fn a_server_that_answers_a_byte_a_second_is_left_on_every_way_in() {
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let (everybody, _) = Everybody::new().await;
    let home = format!("{}/api/messages", everybody.url);
    let an_hour = Duration::from_secs(3600);
    for (way, path) in WAYS {
        for slow in [path, "/api/messages"] {
            everybody.fake.misbehave(slow, || Reply::ByteASecond);
            let outcome = tokio::time::timeout(an_hour, everybody.call(way, &home)).await;
            let error = outcome.expect("somebody waits for ever").unwrap_err();
            assert!(is_timeout(&error), "{way} {slow}: {error:?}");
        }
    }
    for path in OF_LOG_IN {
        everybody.fake.misbehave(path, || Reply::ByteASecond);
        let outcome = tokio::time::timeout(an_hour, everybody.log_in_and_out()).await;
        match outcome.expect("somebody waits for ever") {
            Ok(()) => assert_eq!(path, "/idp/revoke"),
            Err(error) => assert!(is_timeout(&error), "{path}: {error:?}"),
        }
    }
    everybody.fake.behave();
    everybody.call("person", &home).await.unwrap();
}

/// A request's limit, or that of all tries for a token together.
fn is_timeout(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport(kind) => kind == http_transport::ErrorKind::TimedOut,
        ErrorKind::Maskinporten(kind) => {
            kind == maskinporten::ErrorKind::Transport(http_transport::ErrorKind::TimedOut)
        }
        ErrorKind::NoToken => {
            let said = error.diagnosis();
            said.message()
                .is_some_and(|said| said.starts_with("no token within"))
        }
        _ => false,
    }
}
