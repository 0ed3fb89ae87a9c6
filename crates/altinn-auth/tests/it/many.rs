//! Who one is, as the wire shows it: consumers, test organisations, product keys, levels, and hundreds of
//! customers at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, ErrorKind, PasswordCredentials, SecurityLevel, Session, SystemUser};
use http_transport::{SecretString, Transport as _};
use norwegian_ids::OrganisationNumber;
use serde_json::{Value, json};

use crate::script::{altinn, count, exchanged, grant_of, maskinporten, text, token_of};
use crate::{Log, get};

const EXCHANGE: &str = "/authentication/api/v1/exchange/maskinporten";
const PLATFORM: &str = "https://platform.tt02.altinn.no";

/// Tokens that say whose they are.
fn faithful() -> (Altinn, Log, Arc<token_cache::TestClock>) {
    altinn(|request, before| match request.uri().path() {
        "/token" => {
            let grant = grant_of(request);
            let owner = &grant["authorization_details"][0]["systemuser_org"]["ID"];
            let consumer = &grant["consumer_org"];
            let name = [owner, consumer].into_iter().find_map(Value::as_str);
            maskinporten(name.unwrap_or("self"), 3600)
        }
        EXCHANGE => {
            let test = request.uri().query().unwrap_or_default();
            exchanged(&format!("{}{test}", token_of(request)), 1800, json!({}))
        }
        _ => text(200, "application/json", &format!("[{}]", before.len())),
    })
}

#[tokio::test(start_paused = true)]
async fn a_consumers_delegation_is_used_as_it_is_or_exchanged() {
    let consumer: OrganisationNumber = "310749745".parse().unwrap();
    let (altinn, log, _) = faithful();
    let me = altinn
        .organisation()
        .scopes(["altinn:x"])
        .on_behalf_of(consumer);
    let direct = me.clone().direct();
    let call = async |me: &Session<_>| me.call("test", get(&format!("{PLATFORM}/x"))).await;
    call(&direct).await.unwrap();
    assert_eq!(count(&log, EXCHANGE), 0, "as it is");
    call(&me).await.unwrap();
    assert_eq!(count(&log, EXCHANGE), 1);
    // one's own organisation and the consumer's share nothing
    let own = altinn.organisation().scopes(["altinn:x"]);
    call(&own.clone().direct()).await.unwrap();
    call(&own).await.unwrap();
    let log = log.lock().unwrap();
    let calls = log.iter().filter(|request| request.uri().path() == "/x");
    let tokens: Vec<_> = calls.map(token_of).collect();
    assert_eq!(tokens, ["310749745", "310749745", "self", "self"]);
    let grants: Vec<_> = log
        .iter()
        .filter(|request| request.uri().path() == "/token")
        .map(|request| grant_of(request)["consumer_org"].clone())
        .collect();
    assert_eq!(grants, [json!("310749745"), Value::Null]);
}

#[tokio::test(start_paused = true)]
async fn a_token_for_one_api_names_it_and_is_no_token_for_another() {
    let (altinn, log, _) = faithful();
    let me = altinn.organisation().scopes(["altinn:serviceowner"]);
    let altinn2 = || "https://tt02.altinn.no/".parse().unwrap();
    for me in [me.clone(), me.direct()] {
        me.token().await.unwrap();
        me.clone().resource(altinn2()).token().await.unwrap();
        me.clone().resource(altinn2()).token().await.unwrap();
    }
    let log = log.lock().unwrap();
    let grants = log
        .iter()
        .filter(|request| request.uri().path() == "/token");
    let named: Vec<_> = grants
        .map(|request| grant_of(request)["resource"].clone())
        .collect();
    // what is used as it is and what is exchanged are the same at Maskinporten
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].is_null());
    assert!(named[1].to_string().contains("https://tt02.altinn.no/"));
    let exchanges = log
        .iter()
        .filter(|request| request.uri().path() == EXCHANGE);
    assert_eq!(exchanges.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_owner_is_its_test_organisation_when_it_says_so() {
    let (altinn, log, _) = faithful();
    let me = altinn.organisation().scopes(["altinn:serviceowner"]);
    assert!(me.token().await.unwrap().expose().len() > 10);
    me.clone().as_test_organisation().token().await.unwrap();
    // they are not the same token
    assert_eq!(count(&log, EXCHANGE), 2);
    let log = log.lock().unwrap();
    let queries: Vec<_> = log
        .iter()
        .filter(|request| request.uri().path() == EXCHANGE)
        .map(|request| request.uri().query())
        .collect();
    assert_eq!(queries, [None, Some("test=true")]);
}

#[tokio::test(start_paused = true)]
async fn each_product_gets_its_own_subscription_key_and_the_others_the_common_one() {
    let (altinn, log, _) = faithful();
    let me = altinn.organisation().scopes(["altinn:x"]);
    for (path, key) in [
        ("/storage/api/v1/instances", "for-storage"),
        ("/Storage/api/v1/instances", "for-storage"),
        ("/events/api/v1/app", "for-events"),
        ("/correspondence/api/v1/correspondence", "for-all"),
        ("/storages/api/v1/instances", "for-all"),
    ] {
        me.call("test", get(&format!("{PLATFORM}{path}")))
            .await
            .unwrap();
        let log = log.lock().unwrap();
        let headers = log.last().unwrap().headers();
        assert_eq!(headers["ocp-apim-subscription-key"], key, "{path}");
        assert!(headers["ocp-apim-subscription-key"].is_sensitive());
        assert!(!headers.contains_key("apikey"), "{path}");
    }
    // an API elsewhere gets the key that is meant for it, or none
    let app = "https://ttd.apps.tt02.altinn.no";
    let client = me.api([app]).unwrap();
    let key = SecretString::from("for-the-app");
    for client in [client.clone(), client.subscription_key(&key).unwrap()] {
        client
            .call("test", get(&format!("{app}/ttd/app")))
            .await
            .unwrap();
        client.send(get(&format!("{app}/ttd/app"))).await.unwrap();
    }
    let log = log.lock().unwrap();
    let keys: Vec<_> = log
        .iter()
        .filter(|request| request.uri().path() == "/ttd/app")
        .map(|request| request.headers().get("ocp-apim-subscription-key").cloned())
        .collect();
    assert_eq!(keys[..2], [None, None]);
    assert!(
        keys[2..]
            .iter()
            .all(|key| key.as_ref().unwrap() == "for-the-app")
    );
    // an app of another environment is none of this one's
    let error = me.api(["https://ttd.apps.altinn.no"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHost);
    let said = error.diagnosis().message().unwrap().to_owned();
    assert!(said.contains("prod") && said.contains("tt02"), "{said}");
}

/// 300 numbers whose check digit is right, none of them anybody's.
fn customers() -> Vec<OrganisationNumber> {
    (310_000_000..)
        .filter_map(|number: u32| number.to_string().parse().ok())
        .take(300)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn three_hundred_customers_at_a_time_cost_a_token_each_and_do_not_mix() {
    let (altinn, log, _) = faithful();
    let seen = Arc::new(Mutex::new(BTreeMap::<String, BTreeSet<String>>::new()));
    let mut calls = tokio::task::JoinSet::new();
    for customer in customers() {
        for _ in 0..3 {
            let (altinn, seen) = (altinn.clone(), seen.clone());
            calls.spawn(async move {
                let me: Session<SystemUser> = altinn.system_user(customer).scopes(["altinn:x"]);
                let url = format!("{PLATFORM}/x/{customer}");
                me.call("test", get(&url)).await.unwrap();
                let token = me.token().await.unwrap();
                let name = altinn_auth::Claims::of_token(token.expose()).unwrap();
                let name = name.maskinporten.id.unwrap_or_default();
                seen.lock()
                    .unwrap()
                    .entry(customer.to_string())
                    .or_default()
                    .insert(name);
            });
        }
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    assert_eq!(count(&log, "/token"), 300);
    assert_eq!(count(&log, EXCHANGE), 300);
    for request in log.lock().unwrap().iter() {
        if let Some(customer) = request.uri().path().strip_prefix("/x/") {
            assert_eq!(token_of(request), format!("0192:{customer}"));
        }
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 300);
    for (customer, tokens) in seen.iter() {
        assert_eq!(tokens, &BTreeSet::from([format!("0192:{customer}")]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_needs_a_higher_level_says_so_before_anything_is_sent() {
    let (altinn, log, _) = faithful();
    let needs = |level: SecurityLevel| {
        let mut request = get("https://tt02.altinn.no/api/my/messages");
        request.extensions_mut().insert(level);
        request
    };
    let credentials = || PasswordCredentials::new("user", "hemmelig".into()).unwrap();
    let (password, system) = (
        altinn.password_user(credentials()),
        altinn
            .system_user("310702641".parse().unwrap())
            .scopes(["altinn:x"]),
    );
    let refused = [
        password
            .call("read a message", needs(SecurityLevel::THREE))
            .await,
        system
            .call("read a message", needs(SecurityLevel::FOUR))
            .await,
        system
            .api(["https://ttd.apps.tt02.altinn.no"])
            .unwrap()
            .call("read a message", needs(SecurityLevel::FOUR))
            .await,
    ];
    for (outcome, sentence) in refused.into_iter().zip([
        "the call needs security level 3, and a password gives 1",
        "the call needs security level 4, and a system user gives 3",
        "the call needs security level 4, and a system user gives 3",
    ]) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LevelTooLow);
        assert_eq!(error.diagnosis().message(), Some(sentence));
        let remedy = error.diagnosis().remedy().unwrap().to_string();
        assert!(remedy.contains("ID-porten"), "{remedy}");
    }
    assert!(password.require_level(SecurityLevel::TWO).is_err());
    assert!(log.lock().unwrap().is_empty(), "not even for a token");
    system
        .call("read a message", needs(SecurityLevel::THREE))
        .await
        .unwrap();
}
