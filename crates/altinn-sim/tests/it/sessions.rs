//! Becoming someone at Altinn 2 without Maskinporten: password and cookie, enterprise certificate in
//! TLS, ID-porten's own token.

use altinn_sim::pki::{Flaw, Profile, Shape};
use altinn_sim::{Era, Host, Quirks, Simulator, WithoutUser};
use jiff::SignedDuration;
use reqwest::{Client, Identity, Method};
use serde_json::{Value, json};

use crate::altinn::{Altinn, Answer, send};

const LOGIN: &str = "/api/authentication/authenticatewithpassword";
const HAL: &str = "application/hal+json";

async fn log_in(altinn: &Altinn, name: &str, password: &str) -> Answer {
    let request = altinn
        .altinn2(Method::POST, LOGIN)
        .header("ApiKey", altinn.api_key("vendor"));
    send(request.json(&json!({"UserName": name, "UserPassword": password}))).await
}

/// `.ASPXAUTH=…`, without its attributes.
fn cookie(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|c| c.to_str().unwrap().to_owned());
    let found = cookies.find(|c| c.starts_with(".ASPXAUTH="))?;
    for attribute in [
        "domain=127.0.0.1",
        "path=/",
        "secure",
        "HttpOnly",
        "SameSite=None",
    ] {
        assert!(found.contains(attribute), "{found}");
    }
    Some(found.split(';').next().unwrap().to_owned())
}

async fn reportees(altinn: &Altinn, cookie: &str) -> Answer {
    let request = altinn.altinn2(Method::GET, "/api/reportees");
    let request = request.header("ApiKey", altinn.api_key("vendor"));
    let request = request.header("Accept", HAL);
    // Other cookies stand around it.
    send(request.header("Cookie", format!("a=b; {cookie}; c=d"))).await
}

fn manager_password(altinn: &Altinn) -> String {
    let world = altinn.sim.world();
    let manager = world.person(world.cast.manager.expose()).unwrap();
    manager.password.expose().to_owned()
}

async fn quirky(change: impl FnOnce(&mut Quirks)) -> Altinn {
    let mut quirks = Quirks::default();
    change(&mut quirks);
    Altinn::start_with(Simulator::builder().quirks(quirks)).await
}

#[tokio::test]
async fn a_person_logs_in_by_user_name_or_number_and_is_known_by_the_cookie() {
    let altinn = Altinn::start().await;
    let password = manager_password(&altinn);
    let number = altinn.sim.cast().manager;
    for name in ["lillatiger", "LILLATIGER", number.expose()] {
        let answer = log_in(&altinn, name, &password).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        let others = answer.headers.get_all("set-cookie").iter().count();
        assert_eq!(others, 2, "another cookie, which means nothing");
        let list = reportees(&altinn, &cookie(&answer).unwrap()).await;
        assert_eq!(list.status, 200, "{list:?}");
        assert_eq!(cookie(&list), None, "it is too early for a new one");
        let items = list.json()["_embedded"]["reportees"].clone();
        let own = |item: &Value| item["SocialSecurityNumber"] == number.expose();
        assert!(items.as_array().unwrap().iter().any(own), "{items}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_the_reason_phrase() {
    let altinn = Altinn::start().await;
    let password = manager_password(&altinn);
    let vendor = altinn.sim.world();
    let enterprise = vendor.enterprise_user("sneglebruker").unwrap();
    for (name, password) in [
        ("lillatiger", "feil"),
        ("ukjent", password.as_str()),
        // Only with a certificate.
        ("sneglebruker", enterprise.password.expose()),
    ] {
        let answer = log_in(&altinn, name, password).await;
        let phrase = answer.phrase.as_deref();
        assert_eq!(
            (answer.status, phrase),
            (401, Some("Invalid username or password"))
        );
        assert_eq!(cookie(&answer), None);
    }
    let request = altinn.altinn2(Method::POST, LOGIN).json(&json!({}));
    let answer = send(request).await;
    let phrase = answer.phrase.as_deref();
    assert_eq!(phrase, Some("Required header 'ApiKey' is missing."));
    let answer = log_in(&altinn, "lillatiger", "").await;
    assert_eq!(answer.status, 400);

    altinn.sim.set_era(Era::Altinn2Closed);
    assert_eq!(log_in(&altinn, "lillatiger", &password).await.status, 404);

    let altinn = quirky(|quirks| quirks.wrong_password_is_forbidden = true).await;
    assert_eq!(log_in(&altinn, "lillatiger", "feil").await.status, 403);
}

#[tokio::test]
async fn a_cookie_is_renewed_by_its_use_and_ends_by_itself() {
    let altinn = Altinn::start().await;
    let first = log_in(&altinn, "lillatiger", &manager_password(&altinn)).await;
    let first = cookie(&first).unwrap();
    altinn.sim.clock().advance(SignedDuration::from_mins(16));
    let second = reportees(&altinn, &first).await;
    assert_eq!(second.status, 200);
    let second = cookie(&second).expect("a new one in its second half");
    assert_ne!(first, second);
    altinn.sim.clock().advance(SignedDuration::from_mins(13));
    assert_eq!(reportees(&altinn, &first).await.status, 200, "not yet");
    altinn.sim.clock().advance(SignedDuration::from_mins(2));
    let ended = reportees(&altinn, &first).await;
    assert_eq!(ended.status, 302, "{ended:?}");
    assert_eq!(reportees(&altinn, &second).await.status, 200);
    assert_eq!(reportees(&altinn, ".ASPXAUTH=00").await.status, 302);

    for (quirk, status, content_type) in [
        (WithoutUser::Page, 200, "text/html; charset=utf-8"),
        (WithoutUser::Unauthorized, 401, ""),
    ] {
        let altinn = quirky(|quirks| quirks.altinn2_without_user = quirk).await;
        let answer = reportees(&altinn, &first).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), content_type);
    }
}

/// A client that trusts the simulator and may show a certificate of this organisation.
fn tls_client(altinn: &Altinn, organisation: Option<(&str, &Profile)>) -> Client {
    let root = reqwest::Certificate::from_pem(&altinn.sim.ca_pem().unwrap()).unwrap();
    let builder = Client::builder()
        .no_proxy()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([root]);
    let builder = match organisation {
        Some((number, profile)) => {
            let certificate = altinn.sim.issue_certificate(number, profile).unwrap();
            let p12 = certificate.pkcs12("p").unwrap();
            builder.identity(Identity::from_pkcs12_der(&p12, "p").unwrap())
        }
        None => builder,
    };
    builder.build().unwrap()
}

async fn tls(altinn: &Altinn, client: &Client, path: &str) -> Answer {
    let url = format!("{}{path}", altinn.sim.tls_url(Host::Altinn2));
    let request = client.get(url).header("ApiKey", altinn.api_key("vendor"));
    send(request.header("Accept", HAL)).await
}

const NO_ORGANISATION: &str =
    "Authorization failed: There is no authenticated organization number set on this request.";

#[tokio::test]
async fn an_enterprise_user_logs_in_with_its_organisations_certificate() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let profile = Profile::new(Shape::CommfidesSeid2);
    let own = tls_client(&altinn, Some((&cast.vendor, &profile)));
    let other = tls_client(&altinn, Some((&cast.outsider, &profile)));
    let none = tls_client(&altinn, None);
    let world = altinn.sim.world();
    let user = world.enterprise_user("sneglebruker").unwrap();
    let body = json!({"UserName": user.user_name, "UserPassword": user.password.expose()});
    let log_in = async |client: &Client, query: &str| {
        let url = format!("{}{LOGIN}{query}", altinn.sim.tls_url(Host::Altinn2));
        let request = client.post(url).header("ApiKey", altinn.api_key("vendor"));
        send(request.json(&body)).await
    };
    for query in [
        "?ForceEIAuthentication",
        "?forceeiauthentication=",
        "?a=b&ForceEIAuthentication=true&c=d",
    ] {
        let answer = log_in(&own, query).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let url = format!(
            "{}/api/my/authorization/roles",
            altinn.sim.tls_url(Host::Altinn2)
        );
        let request = own.get(url).header("ApiKey", altinn.api_key("vendor"));
        let request = request.header("Accept", HAL);
        let roles = send(request.header("Cookie", cookie(&answer).unwrap())).await;
        assert_eq!(roles.status, 200, "{roles:?}");
        let itself = roles.json()["_links"]["self"]["href"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            itself.starts_with(altinn.sim.tls_url(Host::Altinn2)),
            "{itself}"
        );
    }
    // Without the flag the certificate is not looked at.
    assert_eq!(log_in(&own, "").await.status, 401);
    let phrase = log_in(&none, "?ForceEIAuthentication").await.phrase;
    assert_eq!(phrase.as_deref(), Some(NO_ORGANISATION));
    assert_eq!(log_in(&other, "?ForceEIAuthentication").await.status, 401);
}

#[tokio::test]
async fn a_certificate_alone_is_an_organisation_on_every_call_that_says_so() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let profile = Profile::new(Shape::Seid1);
    let own = tls_client(&altinn, Some((&cast.vendor, &profile)));
    let users = tls(&altinn, &own, "/api/enterpriseusers?ForceEIAuthentication").await;
    assert_eq!(users.status, 200, "{users:?}");
    let users = users.json();
    let names = users
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["UserName"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["sneglebruker", "snegllaerling"]);
    let one = "/api/enterpriseusers/sneglebruker?ForceEIAuthentication=true";
    assert_eq!(
        tls(&altinn, &own, one)
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let refused = async |client: &Client, path: &str| {
        let answer = tls(&altinn, client, path).await;
        (answer.status, answer.phrase.unwrap_or_default())
    };
    // Not a user.
    let (status, phrase) = refused(&own, "/api/reportees?ForceEIAuthentication").await;
    let needs_user = "Forbidden - The operation requires an authenticated user";
    assert_eq!((status, phrase.as_str()), (403, needs_user));
    // Not said, not shown, not trusted, not the key's.
    let path = "/api/enterpriseusers?ForceEIAuthentication";
    let none = tls_client(&altinn, None);
    let foreign = profile.clone().with_flaw(Flaw::ForeignAuthority);
    let foreign = tls_client(&altinn, Some((&cast.vendor, &foreign)));
    for (client, path) in [
        (&own, "/api/enterpriseusers"),
        (&none, path),
        (&foreign, path),
    ] {
        let (status, phrase) = refused(client, path).await;
        assert_eq!((status, phrase.as_str()), (401, NO_ORGANISATION));
    }
    let other = tls_client(&altinn, Some((&cast.outsider, &profile)));
    assert_eq!(refused(&other, path).await.0, 403);
    assert_eq!(tls(&altinn, &own, "/api/reportees").await.status, 302);
}

#[tokio::test]
async fn a_handshake_may_refuse_a_certificate_that_nobody_trusts() {
    let altinn = quirky(|quirks| quirks.client_certificates_checked_in_handshake = true).await;
    let vendor = altinn.sim.cast().vendor;
    let profile = Profile::new(Shape::Seid1);
    let own = tls_client(&altinn, Some((&vendor, &profile)));
    let path = "/api/enterpriseusers?ForceEIAuthentication";
    assert_eq!(tls(&altinn, &own, path).await.status, 200);
    let foreign = profile.with_flaw(Flaw::ForeignAuthority);
    let foreign = tls_client(&altinn, Some((&vendor, &foreign)));
    let url = format!("{}{path}", altinn.sim.tls_url(Host::Altinn2));
    assert!(foreign.get(url).send().await.is_err());
}

#[tokio::test]
async fn id_portens_own_token_will_do_with_an_api_key() {
    let altinn = Altinn::start().await;
    let manager = altinn.sim.cast().manager;
    for (scopes, status) in [("openid altinn:reportees", 200), ("openid", 401)] {
        let token = altinn.sim.id_porten_token(&manager, scopes).unwrap();
        let request = altinn.altinn2(Method::GET, "/api/reportees");
        let request = request.header("ApiKey", altinn.api_key("vendor"));
        let answer = send(request.bearer_auth(token.expose())).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}
