//! What goes into a grant.

use std::collections::BTreeSet;
use std::time::Duration;

use http_transport::ExposeSecret;
use maskinporten::{
    Consent, ErrorKind, GrantLifetime, Scope, SignError, Signer, SystemUser, TokenRequest,
};
use norwegian_ids::synthetic;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, CUSTOMER, FakeKey, OWN, claims_of, client, parts, server, token_answer,
    with_certificate, with_kid,
};

fn assertion_claims(signer: Signer, request: &TokenRequest) -> Result<Value, maskinporten::Error> {
    let (transport, _) = server(|_| token_answer("t0ken"));
    let client = client(signer, transport);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(client.assertion(request))
        .map(|assertion| claims_of(&assertion))
}

fn plain() -> TokenRequest {
    TokenRequest::scopes(["difitest:test1".parse().unwrap()])
}

#[test]
fn the_header_has_exactly_two_members() {
    let (transport, _) = server(|_| token_answer("t0ken"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let header = |signer: Signer| {
        let client = client(signer, transport.clone());
        let assertion = runtime.block_on(client.assertion(&plain())).unwrap();
        String::from_utf8(parts(assertion.secret().expose_secret()).0).unwrap()
    };
    assert_eq!(
        header(with_certificate()),
        r#"{"alg":"RS256","x5c":["MAE=","MAI="]}"#
    );
    assert_eq!(header(with_kid()), r#"{"alg":"RS256","kid":"test-key"}"#);
    let kid = with_certificate().with_kid("registered".parse().unwrap());
    assert_eq!(header(kid), r#"{"alg":"RS256","kid":"registered"}"#);
}

#[test]
fn every_claim_is_spelled_as_documented() {
    let person = synthetic::person_number((1990, 5, 17), 1).unwrap();
    let consent = "0a7d59f8-8c62-4312-9fb4-62456664c96f".parse().unwrap();
    let request = TokenRequest::scopes([
        "b:two".parse().unwrap(),
        "a:one".parse().unwrap(),
        "b:two".parse().unwrap(),
    ])
    .resource("https://api.example.no".parse().unwrap())
    .consumer_org(CUSTOMER.parse().unwrap())
    .pid(person.clone())
    .system_user(SystemUser::of(CUSTOMER.parse().unwrap()).external_ref("systembruker #1"))
    .consent(Consent::of_person(consent, person.clone()));
    let mut claims = assertion_claims(with_certificate(), &request).unwrap();
    let claims = claims.as_object_mut().unwrap();
    let (iat, exp) = (claims.remove("iat").unwrap(), claims.remove("exp").unwrap());
    assert_eq!(exp.as_u64().unwrap() - iat.as_u64().unwrap(), 60);
    assert_eq!(claims.remove("jti").unwrap().as_str().unwrap().len(), 36);
    let expected = json!({
        "aud": "https://test.maskinporten.no/",
        "iss": CLIENT_ID,
        "scope": "a:one b:two",
        "resource": ["https://api.example.no"],
        "consumer_org": CUSTOMER,
        "pid": person.expose(),
        "authorization_details": [
            {
                "type": "urn:altinn:systemuser",
                "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": format!("0192:{CUSTOMER}")},
                "externalRef": "systembruker #1"
            },
            {
                "type": "urn:altinn:consent",
                "id": "0a7d59f8-8c62-4312-9fb4-62456664c96f",
                "from": format!("urn:altinn:person:identifier-no:{}", person.expose())
            }
        ]
    });
    assert_eq!(Value::Object(claims.clone()), expected);
}

#[test]
fn what_the_server_is_known_to_refuse_is_refused_before_signing() {
    let own = plain().consumer_org(OWN.parse().unwrap());
    let error = assertion_claims(with_certificate(), &own).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OwnOrganisation);
    assert!(error.to_string().contains(OWN));
    assert!(error.diagnosis().remedy().is_some());
    // with a registered key nobody here knows whose client it is
    assert!(assertion_claims(with_kid(), &own).is_ok());

    let none = TokenRequest::scopes([]);
    assert_eq!(
        assertion_claims(with_kid(), &none).unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    let empty = plain().system_user(SystemUser::of(CUSTOMER.parse().unwrap()).external_ref(" "));
    assert_eq!(
        assertion_claims(with_kid(), &empty).unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
}

#[test]
fn a_key_that_does_not_sign_is_an_error_of_its_own() {
    let sealed = SignError::new("the vault is sealed").may_pass();
    let signer = Signer::new(FakeKey {
        certificate: None,
        fails: Some(sealed),
    })
    .unwrap();
    let error = assertion_claims(signer, &plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signing);
    assert!(error.is_retryable());
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the vault is sealed");
}

#[test]
fn a_lifetime_is_from_1_to_120_seconds() {
    let seconds =
        |seconds| GrantLifetime::new(Duration::from_secs(seconds)).map(GrantLifetime::as_secs);
    assert!(seconds(0).is_err());
    assert_eq!(seconds(1).unwrap(), 1);
    assert_eq!(seconds(120).unwrap(), 120);
    assert!(seconds(121).is_err());
    assert!(seconds(376).is_err(), "not 120 by wrapping around");
}

fn request() -> impl Strategy<Value = TokenRequest> {
    let scopes = proptest::collection::vec("[!#-\\[\\]-~]{1,20}", 1..6);
    let resources = proptest::collection::vec("https://[a-z]{1,8}\\.no/[a-zæøå ?#%]{0,8}", 0..3);
    let number = || proptest::option::of((0u64..1000).prop_map(synthetic::organisation_number));
    let reference = proptest::option::of("[^ ]\\PC{0,10}");
    (scopes, resources, number(), number(), reference).prop_map(
        |(scopes, resources, consumer, owner, reference)| {
            let mut request =
                TokenRequest::scopes(scopes.iter().map(|scope| scope.parse().unwrap()));
            for resource in resources {
                if let Ok(resource) = resource.parse() {
                    request = request.resource(resource);
                }
            }
            if let Some(consumer) = consumer {
                request = request.consumer_org(consumer);
            }
            if let Some(owner) = owner {
                let user = SystemUser::of(owner);
                request =
                    request.system_user(match reference.filter(|text| !text.trim().is_empty()) {
                        Some(reference) => user.external_ref(reference),
                        None => user,
                    });
            }
            request
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_grant_holds_what_was_asked_and_nothing_that_is_not_documented(request in request()) {
        let claims = assertion_claims(with_kid(), &request).unwrap();
        let known: BTreeSet<&str> = [
            "aud", "iss", "scope", "iat", "exp", "jti", "resource", "consumer_org", "pid",
            "authorization_details",
        ].into();
        let given: BTreeSet<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        prop_assert!(given.is_subset(&known), "{given:?}");
        prop_assert_eq!(&claims["aud"], "https://test.maskinporten.no/");
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        prop_assert!((1..=120).contains(&life));
        let scopes: Vec<Scope> = claims["scope"].as_str().unwrap().split(' ').map(|s| s.parse().unwrap()).collect();
        prop_assert!(scopes.is_sorted());
        prop_assert!(scopes.iter().all(|scope| request.asked_scopes().contains(scope)));
        prop_assert_eq!(scopes.len(), request.asked_scopes().len());
        if let Some(consumer) = claims.get("consumer_org") {
            let text = consumer.as_str().unwrap();
            prop_assert!(text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit()));
        }
        if let Some(resources) = claims.get("resource") {
            prop_assert!(!resources.as_array().unwrap().is_empty());
        }
    }

    #[test]
    fn the_order_of_scopes_and_resources_does_not_change_the_key(
        scopes in proptest::collection::vec("[a-z]{1,5}:[a-z]{1,5}", 1..5), turn in 0usize..5,
    ) {
        let (transport, _) = server(|_| token_answer("t0ken"));
        let client = client(with_kid(), transport);
        let key = |scopes: &[String]| {
            let mut request = TokenRequest::scopes(scopes.iter().map(|scope| scope.parse().unwrap()));
            for scope in scopes {
                request = request.resource(format!("https://api.example.no/{scope}").parse().unwrap());
            }
            client.token_key(&request)
        };
        let mut turned = scopes.clone();
        turned.rotate_left(turn % scopes.len());
        turned.extend(scopes.first().cloned());
        prop_assert_eq!(key(&scopes), key(&turned));
    }
}

#[test]
fn everything_that_changes_the_token_changes_the_key() {
    let (transport, _) = server(|_| token_answer("t0ken"));
    let client = client(with_kid(), transport);
    let customer = || CUSTOMER.parse().unwrap();
    let consent = |id: u128| Consent::of_organisation(uuid::Uuid::from_u128(id), customer());
    let requests = [
        plain(),
        TokenRequest::scopes(["difitest:test2".parse().unwrap()]),
        plain().resource("https://api.example.no/".parse().unwrap()),
        plain().resource("https://api.example.no".parse().unwrap()),
        plain().consumer_org(customer()),
        plain().pid(synthetic::person_number((1990, 5, 17), 1).unwrap()),
        plain().pid(synthetic::person_number((1990, 5, 17), 2).unwrap()),
        plain().system_user(SystemUser::of(customer())),
        plain().system_user(SystemUser::of(customer()).external_ref("a")),
        plain().system_user(SystemUser::of(OWN.parse().unwrap())),
        plain().consent(consent(1)),
        plain().consent(consent(2)),
    ];
    let keys: BTreeSet<_> = requests
        .iter()
        .map(|request| client.token_key(request))
        .collect();
    assert_eq!(keys.len(), requests.len());

    // the signing key does not
    let (transport, _) = server(|_| token_answer("t0ken"));
    let other_key = crate::support::client(with_certificate(), transport);
    assert_eq!(client.token_key(&plain()), other_key.token_key(&plain()));
}
