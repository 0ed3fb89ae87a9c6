//! What the client makes of the server's answers.

use http_transport::{Retry, Who};
use maskinporten::{Claims, ErrorKind, Signer, SystemUser, TokenRequest, codes};
use norwegian_ids::synthetic;
use serde_json::{Value, json};

use crate::support::{
    CUSTOMER, OWN, answer, client, jwt, server, token_answer, with_certificate, with_kid,
};

fn plain() -> TokenRequest {
    TokenRequest::scopes(["difitest:test1".parse().unwrap()])
}

/// The error of a fetch that is always answered so, without any waiting.
fn error_of(
    signer: Signer,
    request: &TokenRequest,
    status: u16,
    body: &str,
) -> maskinporten::Error {
    let body = body.to_owned();
    let (transport, _) = server(move |_| answer(status, body.clone()));
    let client = client(signer, transport);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime
        .block_on(client.token(request))
        .expect_err("an error")
}

fn contains(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted} is not in: {text}");
    }
}

fn refusal(error: &str, description: &str, code: Option<&str>) -> String {
    let mut body = json!({"error": error, "error_description": description});
    if let Some(code) = code {
        body["error_uri"] = format!("https://test.maskinporten.no/errors/{code}").into();
    }
    body.to_string()
}

#[test]
fn the_captured_refusals_are_understood() {
    let trace = "356666143081bbec11d293753e9702ca";
    let correlation = "2d4fa134-eacb-eae8-63f4-eeb2ea408979";
    let failed = "Invalid assertion. Client authentication failed.";
    for (status, error, text, code, id, kind) in [
        (
            400,
            "invalid_grant",
            format!("{failed} Expired key. (trace_id: {trace})"),
            Some("MP-121"),
            "MP-121",
            ErrorKind::Key,
        ),
        (
            400,
            "invalid_scope",
            format!(
                "Token request contains invalid scopes for client, altinn:serviceowners/read (trace_id: {trace})"
            ),
            Some("MP-200"),
            "MP-200",
            ErrorKind::Scope,
        ),
        (
            403,
            "forbidden",
            format!(
                "Consumer has not been granted access to the scope folkeregister:deling/offentligutenhjemmel. (correlation id: {correlation})"
            ),
            None,
            "MP-250",
            ErrorKind::AccessNotGranted,
        ),
        (
            403,
            "forbidden",
            format!(
                "Consumer 958935420 has not delegated access to the scope folkeregister:deling/offentligutenhjemmel to supplier 920204368. (correlation id: {correlation})"
            ),
            None,
            "MP-251",
            ErrorKind::NotDelegated,
        ),
        (
            400,
            "invalid_grant",
            format!("{failed} Unknown key identifier (kid) for client. (trace_id: {trace})"),
            None,
            "unknown-kid",
            ErrorKind::Key,
        ),
        (
            400,
            "invalid_grant",
            format!(
                "{failed} Unknown key identifier (kid) for client. (correlation id: {correlation})"
            ),
            None,
            "unknown-kid",
            ErrorKind::Key,
        ),
        (
            400,
            "invalid_grant",
            format!("{failed} Invalid JWT signature. (trace_id: {trace})"),
            None,
            "MP-124",
            ErrorKind::Signature,
        ),
        (
            400,
            "invalid_grant",
            format!("{failed} Invalid JWT claim aud. (trace_id: {trace})"),
            None,
            "MP-110",
            ErrorKind::Audience,
        ),
        (
            400,
            "invalid_grant",
            format!(
                "{failed} Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided (trace_id: {trace})"
            ),
            None,
            "kid-required",
            ErrorKind::Key,
        ),
        (
            400,
            "invalid_altinn_customer_configuration",
            format!("System user not found (trace_id: {trace})"),
            Some("MP-303"),
            "MP-303",
            ErrorKind::CustomerSetup,
        ),
    ] {
        let found = error_of(with_kid(), &plain(), status, &refusal(error, &text, code));
        assert_eq!(found.code().map(|code| code.id), Some(id), "{text}");
        assert_eq!(found.kind(), kind, "{text}");
        assert_eq!(found.status(), Some(status));
        assert!(
            [Some(trace), Some(correlation)].contains(&found.trace_id()),
            "{text}"
        );
        let diagnosis = found.diagnosis();
        let message = diagnosis.message().unwrap();
        assert!(
            !message.contains("trace") && !message.contains("correlation"),
            "{message}"
        );
        assert!(text.starts_with(message), "{message}");
        assert!(diagnosis.remedy().is_some(), "{text}");
        assert!(found.is_refusal() && !found.is_retryable());
    }
}

#[test]
fn every_row_of_the_table_is_known_by_its_code_and_by_its_words() {
    for code in codes::ALL {
        // "a / b" in a text are two texts
        for text in code.text.split(" / ") {
            let by_words = error_of(
                with_kid(),
                &plain(),
                code.status,
                &refusal(code.error, text, None),
            );
            assert_eq!(by_words.code().map(|code| code.id), Some(code.id), "{text}");
            assert_eq!(by_words.kind(), code.kind);
            if code.is_numbered() {
                let body = refusal("whatever", "New words for the same thing", Some(code.id));
                let by_code = error_of(with_kid(), &plain(), code.status, &body);
                assert_eq!(by_code.code().map(|code| code.id), Some(code.id));
            }
        }
        assert!(codes::find(code.id).is_some_and(|found| found.id == code.id));
        assert!(!code.cause.is_empty() && !code.action.ends_with('.'));
    }
    let numbered: Vec<&str> = codes::ALL
        .iter()
        .filter(|code| code.is_numbered())
        .map(|code| code.id)
        .collect();
    assert_eq!(
        numbered.join(" "),
        "MP-011 MP-012 MP-100 MP-110 MP-120 MP-121 MP-122 MP-123 MP-124 MP-130 MP-200 MP-201 MP-250 MP-251 MP-301 MP-302 MP-303"
    );
}

#[test]
fn a_code_that_nobody_knows_yet_is_passed_on() {
    let body = refusal("invalid_request", "Something new", Some("MP-999"));
    let error = error_of(with_kid(), &plain(), 400, &body);
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.code().is_none());
    assert_eq!(error.diagnosis().code(), Some("MP-999"));
    assert_eq!(error.diagnosis().message(), Some("Something new"));
}

#[test]
fn a_colleague_can_act_on_the_text_alone() {
    let text = |signer: Signer, request: &TokenRequest, code: &str| {
        let row = codes::find(code).unwrap();
        let error = error_of(
            signer,
            request,
            row.status,
            &refusal(row.error, row.text, Some(code)),
        );
        let remedy = error.diagnosis().remedy().cloned().unwrap();
        (remedy.who(), format!("{error}. {remedy}"))
    };
    let id = crate::support::CLIENT_ID;

    let (who, said) = text(with_certificate(), &plain(), "MP-200");
    assert_eq!(who, Who::You);
    contains(
        &said,
        &[
            id,
            "difitest:test1",
            "https://sjolvbetjening.test.samarbeid.digdir.no",
        ],
    );

    let (who, said) = text(with_certificate(), &plain(), "MP-250");
    assert_eq!(who, Who::ApiOwner);
    contains(
        &said,
        &[
            OWN,
            "difitest:test1",
            "consumer_org",
            "https://test.maskinporten.no/",
        ],
    );

    let supplier = plain().consumer_org(CUSTOMER.parse().unwrap());
    let (who, said) = text(with_certificate(), &supplier, "MP-251");
    assert_eq!(who, Who::Customer);
    contains(
        &said,
        &[OWN, CUSTOMER, "difitest:test1", "https://tt02.altinn.no"],
    );

    let user =
        plain().system_user(SystemUser::of(CUSTOMER.parse().unwrap()).external_ref("payroll"));
    let (who, said) = text(with_certificate(), &user, "MP-303");
    assert_eq!(who, Who::Customer);
    contains(&said, &[CUSTOMER, id, "payroll", "https://tt02.altinn.no"]);

    let (who, said) = text(with_certificate(), &plain(), "MP-122");
    assert_eq!(who, Who::You);
    contains(&said, &[OWN, id, "self-service"]);
}

#[tokio::test]
async fn an_owner_that_is_known_is_named() {
    let refused = refusal(
        "invalid_grant",
        "Invalid organization number for client",
        Some("MP-122"),
    );
    let (transport, _) = server(move |_| answer(400, refused.clone()));
    let client = |transport| {
        maskinporten::Client::builder(
            maskinporten::Environment::test(),
            "our-client-id".parse().unwrap(),
            with_certificate(),
        )
        .transport(transport)
        .owner(CUSTOMER.parse().unwrap())
        .build()
        .unwrap()
    };
    let error = client(transport).token(&plain()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongOrganisation);
    contains(&error.to_string(), &[OWN, CUSTOMER, "our-client-id"]);
    contains(
        &error.diagnosis().remedy().unwrap().to_string(),
        &[OWN, CUSTOMER],
    );
}

#[test]
fn gateway_answers_have_kinds_of_their_own() {
    use http_transport::ErrorKind as Transport;
    for (status, body, kind) in [
        (
            503,
            "<html><body>Service unavailable</body></html>",
            Transport::Html,
        ),
        (200, "<!DOCTYPE html><html></html>", Transport::Html),
        (404, "<html></html>", Transport::Html),
        (200, "", Transport::EmptyBody),
        (502, "", Transport::EmptyBody),
        (
            200,
            r#"{"access_token":"abc","expi"#,
            Transport::TruncatedBody,
        ),
        (200, "token=abc", Transport::NotJson),
        (200, "[]", Transport::UnexpectedShape),
        (400, r#"{"message":"no"}"#, Transport::UnexpectedShape),
    ] {
        let error = error_of(with_kid(), &plain(), status, body);
        assert_eq!(error.kind(), ErrorKind::Transport(kind), "{status} {body}");
        assert_eq!(error.status(), Some(status));
        assert_eq!(
            error.is_retryable(),
            status >= 500 || kind == Transport::TruncatedBody,
            "{status} {body}"
        );
    }
    let error = error_of(with_kid(), &plain(), 503, r#"{"error":"server_error"}"#);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.diagnosis().retry(), Retry::Yes);
}

#[test]
fn a_success_without_a_lifetime_or_a_token_is_an_error() {
    for body in [
        r#"{"access_token":"abc","token_type":"Bearer"}"#,
        r#"{"access_token":"abc","token_type":"Bearer","expires_in":0}"#,
        r#"{"access_token":"abc","token_type":"Bearer","expires_in":-1}"#,
        r#"{"access_token":"abc","token_type":"Bearer","expires_in":"soon"}"#,
        r#"{"access_token":"abc","token_type":"Bearer","expires_in":1e400}"#,
        r#"{"access_token":"","token_type":"Bearer","expires_in":119}"#,
        r#"{"access_token":"a\nb","token_type":"Bearer","expires_in":119}"#,
        r#"{"token_type":"Bearer","expires_in":119}"#,
        r#"{"access_token":"abc","token_type":"DPoP","expires_in":119}"#,
    ] {
        let error = error_of(with_kid(), &plain(), 200, body);
        let kinds = [
            ErrorKind::InvalidAnswer,
            ErrorKind::Transport(http_transport::ErrorKind::NotJson),
        ];
        assert!(kinds.contains(&error.kind()), "{body}: {error:?}");
    }
}

fn base() -> Value {
    json!({
        "scope": "difitest:test1", "iss": "https://test.maskinporten.no/", "client_amr": "virksomhetssertifikat",
        "token_type": "Bearer", "exp": 1764627201, "iat": 1764627081, "client_id": crate::support::CLIENT_ID,
        "jti": "MBK46NOatlzVWUv83gEQjPlMT6gEibX3ib9_uZYTpAQ", "consumer": actor(OWN)
    })
}

fn actor(number: &str) -> Value {
    json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{number}")})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = base();
    claims[name] = value;
    claims
}

#[test]
fn another_token_than_the_one_asked_for_is_an_error() {
    let customer = || CUSTOMER.parse().unwrap();
    let user = |owner: &str| {
        json!([{"type": "urn:altinn:systemuser", "systemuser_org": actor(owner), "systemuser_id": ["f950ddae-06c3-4b57-b940-702417a90df0"],
            "system_id": "991825827_smartcloud", "externalRef": "payroll"}])
    };
    let supplier = || {
        let mut claims = with("consumer", actor(CUSTOMER));
        claims["supplier"] = actor(OWN);
        claims
    };
    let delegated = plain().consumer_org(customer());
    let of_user = plain().system_user(SystemUser::of(customer()));
    let person = synthetic::person_number((1990, 5, 17), 1).unwrap();
    let for_person = plain().pid(person.clone());
    let for_api = plain().resource("https://api.example.no".parse().unwrap());

    let check = |request: &TokenRequest, claims: &Value| {
        let token = jwt(claims);
        let (transport, _) = server(move |_| token_answer(&token));
        let client = client(with_certificate(), transport);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(client.token(request))
            .map(drop)
            .map_err(|error| error.kind())
    };
    let mismatch = Err(ErrorKind::Mismatch);

    assert_eq!(check(&plain(), &base()), Ok(()));
    assert_eq!(
        check(&plain(), &with("scope", json!("other:scope"))),
        mismatch
    );
    assert_eq!(
        check(&plain(), &with("scope", json!("more difitest:test1"))),
        Ok(())
    );
    assert_eq!(
        check(&plain(), &supplier()),
        mismatch,
        "delegated, and nobody asked"
    );
    assert_eq!(
        check(&plain(), &with("consumer", actor(CUSTOMER))),
        mismatch,
        "somebody else's"
    );

    assert_eq!(check(&delegated, &supplier()), Ok(()));
    assert_eq!(check(&delegated, &base()), mismatch, "undelegated");

    let fits = with("authorization_details", user(CUSTOMER));
    assert_eq!(check(&of_user, &fits), Ok(()));
    let object = with("authorization_details", user(CUSTOMER)[0].clone());
    assert_eq!(
        check(&of_user, &object),
        Ok(()),
        "an object in place of the list"
    );
    assert_eq!(
        check(&of_user, &with("authorization_details", user(OWN))),
        mismatch
    );
    assert_eq!(check(&of_user, &base()), mismatch, "no system user");
    let named = |name: &str| plain().system_user(SystemUser::of(customer()).external_ref(name));
    assert_eq!(check(&named("payroll"), &fits), Ok(()));
    assert_eq!(check(&named("other"), &fits), mismatch);

    assert_eq!(
        check(&for_person, &with("pid", json!(person.expose()))),
        Ok(())
    );
    assert_eq!(check(&for_person, &base()), mismatch);
    assert_eq!(
        check(&for_api, &with("aud", json!("https://api.example.no"))),
        Ok(())
    );
    assert_eq!(
        check(&for_api, &with("aud", json!(["https://api.example.no"]))),
        Ok(())
    );
    assert_eq!(
        check(&for_api, &with("aud", json!("unspecified"))),
        mismatch
    );
}

#[test]
fn a_token_that_is_no_jwt_is_taken_as_it_is() {
    let (transport, _) = server(|_| token_answer("2YotnFZFEjr1zCsicMWpAA"));
    let client = client(with_certificate(), transport);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let token = runtime.block_on(client.token(&plain())).unwrap();
    assert!(token.claims().is_none());
    assert_eq!(token.header_value(), "Bearer 2YotnFZFEjr1zCsicMWpAA");
    assert!(token.header_value().is_sensitive());
}

#[test]
fn claims_are_read_leniently() {
    let mut claims = with("aud", json!(["a", 7, "b"]));
    claims["consumer"] = json!({"authority": "etsi_en_119_612", "ID": "NTRSE-5560360793"});
    claims["authorization_details"] = json!([
        {"type": "urn:altinn:consent", "id": "x", "from": "urn:altinn:organization:identifier-no:310702641"},
        {"type": "urn:new:thing", "more": 1},
        {"type": "urn:altinn:systemuser", "systemuser_org": "a text"},
        "neither"
    ]);
    claims["iat"] = json!("yesterday");
    let claims = Claims::of_token(&jwt(&claims)).unwrap();
    assert_eq!(claims.audience, ["a", "b"]);
    assert_eq!(claims.consumer.as_ref().unwrap().id(), "NTRSE-5560360793");
    assert_eq!(claims.authorization_details.len(), 4);
    assert!(claims.consent().is_some() && claims.system_user().is_none());
    assert_eq!(
        (claims.issued_at, claims.expires_at),
        (None, Some(1764627201))
    );
    for token in ["", "a.b", "a.b.c.d", "a.!!!.c", "a.bnVsbA.c"] {
        assert!(Claims::of_token(token).is_none(), "{token}");
    }
}
