//! What the network does: faults, TLS, the log, the start and the stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use altinn_sim::pki::{Flaw, Profile, Shape};
use altinn_sim::world::Seed;
use altinn_sim::{ErrorKind, Fault, Host, Simulator};

use crate::client::{Answer, Grant, exchange_url, get, http, key_of, send_assertion, started, x5c};

#[tokio::test]
async fn a_gateway_answers_html_and_leaves_the_grant_unused() {
    let sim = started().await;
    sim.faults()
        .on_call(Host::Maskinporten, "/token", 2, Fault::Unavailable);
    assert_eq!(Grant::by_certificate(&sim).send(&sim).await.status, 200);
    let grant = Grant::by_certificate(&sim);
    let answer = grant.send(&sim).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (503, "text/html; charset=utf-8")
    );
    assert_eq!(grant.send(&sim).await.status, 200);
}

#[tokio::test]
async fn a_reset_after_handling_has_used_up_the_grant() {
    let sim = started().await;
    for (fault, then) in [(Fault::ResetAfterHandling, 400), (Fault::Reset, 200)] {
        sim.faults().on_call(Host::Maskinporten, "/token", 1, fault);
        let grant = Grant::by_certificate(&sim);
        let form = [
            ("grant_type", crate::client::GRANT_TYPE),
            ("assertion", &grant.assertion()),
        ];
        let broken = http().post(sim.token_endpoint()).form(&form).send().await;
        assert!(broken.is_err());
        let again = grant.send(&sim).await;
        assert_eq!(again.status, then, "{}", again.text);
    }
}

#[tokio::test]
async fn other_faults_of_answers() {
    let sim = started().await;
    let jwk = || http().get(format!("{}jwk", sim.maskinporten_issuer()));
    let plan = |fault| sim.faults().on_call(Host::Maskinporten, "/jwk", 1, fault);

    plan(Fault::TooManyRequests {
        retry_after: Duration::from_secs(7),
    });
    let answer = Answer::of(jwk()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));

    plan(Fault::HtmlInstead);
    let answer = Answer::of(jwk()).await;
    assert!(answer.status == 200 && answer.text.contains("<html>"));

    plan(Fault::TornBody);
    let torn = jwk().send().await.unwrap();
    assert!(torn.status() == 200 && torn.text().await.is_err());

    plan(Fault::SlowBody {
        pause: Duration::from_millis(20),
    });
    let mut slow = jwk().send().await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = slow.chunk().await.unwrap() {
        pieces.push(piece);
    }
    assert!(pieces.len() > 4, "in small pieces: {}", pieces.len());
    let whole: serde_json::Value = serde_json::from_slice(&pieces.concat()).unwrap();
    assert_eq!(whole["keys"][0]["kty"], "RSA");

    plan(Fault::Unavailable);
    sim.faults().clear();
    assert_eq!(Answer::of(jwk()).await.status, 200);
}

#[tokio::test]
async fn the_same_services_answer_over_tls() {
    let sim = started().await;
    let root = reqwest::Certificate::from_pem(&sim.ca_pem().unwrap()).unwrap();
    let (p12, password) = sim.pkcs12(&sim.cast().client).unwrap();
    let identity = reqwest::Identity::from_pkcs12_der(&p12, password.expose()).unwrap();
    let trusting = || {
        reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .tls_certs_only([root.clone()])
    };
    for client in [trusting(), trusting().identity(identity)] {
        let url = format!("{}/jwk", sim.tls_url(Host::Maskinporten));
        let answer = Answer::of(client.build().unwrap().get(url)).await;
        assert_eq!(answer.status, 200);
    }
    // A refused certificate does the connection no harm.
    let client = trusting().build().unwrap();
    let profile = Profile::new(Shape::Seid1).with_flaw(Flaw::ForeignAuthority);
    for _ in 0..3 {
        let assertion = Grant::with(&sim, &profile).assertion();
        let form = [
            ("grant_type", crate::client::GRANT_TYPE),
            ("assertion", &assertion),
        ];
        let url = format!("{}/token", sim.tls_url(Host::Maskinporten));
        let answer = Answer::of(client.post(url).form(&form)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    let url = format!("{}/jwk", sim.tls_url(Host::Maskinporten));
    assert!(
        http().get(url).send().await.is_err(),
        "nobody else trusts it"
    );
}

#[tokio::test]
async fn the_log_shows_each_request_and_no_person_number() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    let sim = Simulator::builder()
        .on_request(move |line| seen.lock().unwrap().push(line.to_string()))
        .start()
        .await
        .unwrap();
    let person = sim.cast().new_person;
    let url = format!(
        "{}/finnes/ikke?subject={}",
        sim.platform_url(),
        person.expose()
    );
    assert_eq!(Answer::of(http().get(url)).await.status, 404);
    send_assertion(&sim, "hemmelig").await;
    let lines = lines.lock().unwrap().clone();
    assert!(
        lines[0].starts_with("platform GET /finnes/ikke?subject=248781***** -> 404 ("),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("maskinporten POST /token -> 400 ("),
        "{lines:?}"
    );
    assert!(!format!("{lines:?}{sim:?}").contains("hemmelig"));
}

#[tokio::test]
async fn it_stays_on_loopback_and_stops_when_asked_or_dropped() {
    let sim = started().await;
    assert!(sim.platform_url().starts_with("http://127.0.0.1:"));
    let url = sim.maskinporten_issuer();
    sim.shutdown().await;
    assert!(http().get(&url).send().await.unwrap_err().is_connect());

    let sim = started().await;
    let address: SocketAddr = sim
        .platform_url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    drop(sim);
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpListener::bind(address).is_err() {
        assert!(Instant::now() < deadline, "the port is still taken");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let sim = started().await;
    let taken: SocketAddr = sim
        .platform_url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let error = Simulator::builder()
        .listen(taken)
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Listen);
    let seed = Seed::from_toml("[[tull]]\nx = 1").unwrap();
    let error = Simulator::builder().seed(seed).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Seed);
    assert_eq!(
        error.to_string(),
        "the seed cannot be used: there is no list tull"
    );
}

#[tokio::test]
async fn simulators_of_one_process_share_keys_and_no_trust() {
    let (one, other) = (started().await, started().await);
    let client = one.cast().key_client;
    let keys = [&one, &other].map(|sim| sim.client_jwk(&client).unwrap());
    assert_eq!(keys[0], keys[1], "made once for both");
    assert_ne!(one.ca_pem().unwrap(), other.ca_pem().unwrap());
    // a certificate that one has issued, in a grant that is otherwise right at the other
    let certificate = |sim: &Simulator| {
        let profile = Profile::new(Shape::CommfidesSeid2);
        sim.issue_certificate(&sim.cast().vendor, &profile).unwrap()
    };
    for (issuer, status) in [(&other, 200), (&one, 400)] {
        let certificate = certificate(issuer);
        let grant = Grant::by_certificate(&other).header("x5c", x5c(&certificate));
        let grant = Grant {
            key: key_of(&certificate),
            ..grant
        };
        let answer = grant.send(&other).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    // a token of one, at the other
    let token = Grant::by_certificate(&one).token(&one).await;
    let exchange = |sim: &Simulator| get(&exchange_url(sim), &token);
    assert_eq!(Answer::of(exchange(&one)).await.status, 200);
    assert_eq!(Answer::of(exchange(&other)).await.status, 401);
}
