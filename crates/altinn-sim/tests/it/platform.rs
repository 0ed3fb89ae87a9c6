//! The token exchange: its check order and outcomes, and what the issued tokens hold.

use altinn_sim::{Era, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde_json::json;

use crate::client::{Answer, Grant, claims, decoded, exchange_url, get, http, started};

const HEADER: &str = "X-Altinn-EnterpriseUser-Authentication";

async fn exchanged(sim: &Simulator, token: &str) -> Answer {
    Answer::of(get(&exchange_url(sim), token)).await
}

fn assert_unauthorized(answer: &Answer) {
    assert_eq!(answer.status, 401, "{}", answer.text);
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["title"]),
        (&json!(401), &json!("Unauthorized"))
    );
    assert!(
        answer
            .header("content-type")
            .starts_with("application/problem+json")
    );
    assert!(body.get("detail").is_none(), "it does not say why");
}

#[tokio::test]
async fn an_organisation_gets_thirty_minutes_of_its_own() {
    let sim = started().await;
    let outer = Grant::by_certificate(&sim)
        .scope("altinn:reportees")
        .token(&sim)
        .await;
    let (outer_claims, answer) = (claims(&outer), exchanged(&sim, &outer).await);
    assert_eq!(answer.status, 200);
    let token = claims(&answer.text);
    assert_eq!(
        outer_claims["exp"].as_i64().unwrap() - outer_claims["iat"].as_i64().unwrap(),
        120
    );
    assert_eq!(
        token["exp"].as_i64().unwrap() - token["iat"].as_i64().unwrap(),
        1800
    );
    assert_eq!(
        token["iss"],
        format!("{}/authentication/api/v1/openid/", sim.platform_url())
    );
    assert_eq!(token["urn:altinn:orgNumber"], sim.cast().vendor);
    assert_eq!(token["urn:altinn:authenticatemethod"], "maskinporten");
    assert_eq!(token["urn:altinn:authlevel"], 3);
    for copied in ["scope", "client_id", "consumer", "token_type"] {
        assert_eq!(token[copied], outer_claims[copied], "{copied}");
    }
    assert_ne!(token["jti"], outer_claims["jti"]);
    for absent in ["aud", "client_amr", "urn:altinn:org"] {
        assert!(token.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn the_body_is_text_or_a_json_string() {
    let sim = started().await;
    let token = Grant::by_certificate(&sim).token(&sim).await;
    for (accept, content_type, quoted) in [
        ("*/*", "text/plain; charset=utf-8", false),
        ("text/plain", "text/plain; charset=utf-8", false),
        ("application/json", "application/json; charset=utf-8", true),
        ("text/json", "text/json", true),
        (
            "application/json, */*;q=0.1",
            "text/plain; charset=utf-8",
            false,
        ),
    ] {
        let answer = Answer::of(get(&exchange_url(&sim), &token).header("Accept", accept)).await;
        assert_eq!(answer.header("content-type"), content_type, "{accept}");
        assert_eq!(
            answer.text.starts_with('"') && answer.text.ends_with('"'),
            quoted,
            "{accept}"
        );
    }
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let sim = started().await;
    let base = format!("{}/authentication/api/v1/exchange", sim.platform_url());
    let token = Grant::by_certificate(&sim).token(&sim).await;

    // 1: `test`, before the missing token and the unknown provider.
    let answer = Answer::of(http().get(format!("{base}/dev?test=kanskje"))).await;
    assert_eq!(
        (answer.status, &answer.json()["errors"]["test"]),
        (400, &json!(["The value 'kanskje' is not valid."]))
    );
    // 2 and 3: no token, another scheme, an empty one, one that is no JWT; before the provider.
    for authorization in [
        None,
        Some("Basic eDp5"),
        Some("Bearer "),
        Some("Bearer x.y.z"),
    ] {
        let mut request = http().get(format!("{base}/dev"));
        if let Some(value) = authorization {
            request = request.header("Authorization", value);
        }
        assert_unauthorized(&Answer::of(request).await);
    }
    // 4: the provider.
    let answer = Answer::of(get(&format!("{base}/dev"), &token)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.text,
        "Invalid token provider: dev. Trusted token providers are 'Maskinporten', 'Id-porten' and \
         'AltinnStudio'."
    );
    for provider in ["altinnstudio", "id-porten"] {
        assert_unauthorized(&Answer::of(get(&format!("{base}/{provider}"), &token)).await);
    }
    let known = Answer::of(get(&format!("{base}/MaskinPorten?test=TRUE"), &token)).await;
    assert_eq!(known.status, 200, "names know no case");
}

#[tokio::test]
async fn what_maskinporten_did_not_issue_is_refused_without_a_reason() {
    let sim = started().await;
    let other = started().await;
    let foreign = Grant::by_certificate(&other).token(&other).await;
    assert_unauthorized(&exchanged(&sim, &foreign).await);

    let token = Grant::by_certificate(&sim)
        .scope("altinn:reportees")
        .token(&sim)
        .await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_unauthorized(&exchanged(&sim, &format!("{signed}.AAAA")).await);
    assert_unauthorized(&exchanged(&sim, &format!("{signed}.")).await);
    // The grant itself is no token.
    assert_unauthorized(&exchanged(&sim, &Grant::by_certificate(&sim).assertion()).await);

    // Ten seconds of skew after its two minutes, and no more.
    sim.clock().advance(SignedDuration::from_secs(125));
    assert_eq!(exchanged(&sim, &token).await.status, 200);
    sim.clock().advance(SignedDuration::from_secs(10));
    assert_unauthorized(&exchanged(&sim, &token).await);

    let token = Grant::by_certificate(&sim).token(&sim).await;
    sim.rotate_maskinporten_key(false).unwrap();
    assert_unauthorized(&exchanged(&sim, &token).await);
}

#[tokio::test]
async fn a_system_user_is_an_object_after_the_exchange() {
    let sim = started().await;
    let customer = sim.cast().customer;
    let grant = Grant::by_certificate(&sim).system_user(&customer, None);
    let token = claims(&exchanged(&sim, &grant.token(&sim).await).await.text);
    let detail = &token["authorization_details"];
    assert_eq!(detail["systemuser_org"]["ID"], format!("0192:{customer}"));
    assert_eq!(
        detail["systemuser_id"],
        json!(["c7a2ea20-b2f1-4c94-ae05-319acb5c7427"])
    );
}

#[tokio::test]
async fn a_service_owner_is_named_by_its_code() {
    let sim = started().await;
    let client = sim
        .world()
        .clients
        .iter()
        .find(|c| c.name == "adstadig-forvaltning")
        .unwrap()
        .client_id
        .clone();
    let code = async |scope: &str, query: &str| {
        let token = Grant::by_key(&sim, &client).scope(scope).token(&sim).await;
        let url = format!("{}{query}", exchange_url(&sim));
        claims(&Answer::of(get(&url, &token)).await.text)["urn:altinn:org"].clone()
    };
    assert_eq!(code("altinn:serviceowner", "").await, "digdir");
    assert_eq!(code("altinn:serviceowner", "?test=true").await, "ttd");
    assert_eq!(code("altinn:serviceowner", "?test=false").await, "digdir");
    assert_eq!(code("altinn:instances.read", "").await, json!(null));
}

#[tokio::test]
async fn an_enterprise_user_in_both_eras() {
    let sim = started().await;
    let cast = sim.cast();
    let user = sim
        .world()
        .enterprise_user(&cast.enterprise_user)
        .unwrap()
        .clone();
    let encoded = |text: &str| STANDARD.encode(text);
    let right = encoded(&format!("{}:{}", user.user_name, user.password.expose()));
    let exchange = async |header: &str| {
        let token = Grant::by_certificate(&sim).token(&sim).await;
        Answer::of(get(&exchange_url(&sim), &token).header(HEADER, header)).await
    };
    let token = claims(&exchange(&right).await.text);
    assert_eq!(token["urn:altinn:authenticatemethod"], "virksomhetsbruker");
    assert_eq!(token["urn:altinn:username"], user.user_name);
    assert_eq!(token["urn:altinn:userid"], user.user_id);
    assert_eq!(token["urn:altinn:partyid"], user.party_id);
    assert_eq!(token["urn:altinn:orgNumber"], cast.vendor);

    let incorrect = "The user either does not exist or the password is incorrect.";
    for wrong in [
        encoded(&format!("{}:feil", user.user_name)),
        encoded("ukjent:x:y"),
    ] {
        let answer = exchange(&wrong).await;
        assert_eq!((answer.status, answer.text.as_str()), (401, incorrect));
    }
    for malformed in ["***".to_owned(), encoded("uten-kolon")] {
        assert_eq!(exchange(&malformed).await.status, 400);
    }
    assert!(
        claims(&exchange("").await.text)["urn:altinn:username"].is_null(),
        "empty is absent"
    );

    // A user of another organisation than the token's.
    let other = sim.cast().customer;
    sim.change_world(|world| world.enterprise_users[0].organisation = other);
    assert_eq!(exchange(&right).await.status, 401);

    sim.set_era(Era::Altinn2Closed);
    let gone = exchange(&right).await;
    assert_eq!(
        (gone.status, &gone.json()["title"]),
        (410, &json!("Virksomhetsbruker is no longer available"))
    );
    assert_eq!(
        exchange("***").await.status,
        410,
        "before the content of the header"
    );
    let bad_token = get(&exchange_url(&sim), "a.b.c").header(HEADER, right);
    assert_unauthorized(&Answer::of(bad_token).await);
}

#[tokio::test]
async fn a_person_keeps_the_time_of_id_porten() {
    let sim = started().await;
    let url = exchange_url(&sim).replace("maskinporten", "id-porten");
    let person = sim.cast().manager;
    let outer = sim
        .id_porten_token(&person, "openid altinn:instances.read")
        .unwrap();
    let answer = Answer::of(get(&url, outer.expose())).await;
    let token = claims(&answer.text);
    assert_eq!(token["exp"], claims(outer.expose())["exp"]);
    assert_eq!(
        (&token["pid"], &token["urn:altinn:authlevel"]),
        (&json!(person.expose()), &json!(4))
    );
    assert_eq!(
        token["urn:altinn:party:uuid"],
        "907a70c3-1012-4037-b64c-e4228c38fb29"
    );
    assert!(token.get("sub").is_none());

    let login_only = sim.id_porten_token(&person, "openid profile").unwrap();
    let refused = Answer::of(get(&url, login_only.expose())).await;
    assert_eq!((refused.status, refused.text.as_str()), (403, ""));
}

#[tokio::test]
async fn discovery_leads_to_keys_that_check_the_token() {
    let sim = started().await;
    let issuer = format!("{}/authentication/api/v1/openid/", sim.platform_url());
    let url = format!("{issuer}.well-known/openid-configuration");
    let metadata = Answer::of(http().get(url)).await.json();
    assert_eq!(metadata["issuer"], issuer);
    let outer = Grant::by_certificate(&sim).token(&sim).await;
    let token = exchanged(&sim, &outer).await.text;
    let (header, _) = decoded(&token);
    let jwks = Answer::of(http().get(metadata["jwks_uri"].as_str().unwrap()))
        .await
        .json();
    let [key] = jwks["keys"].as_array().unwrap().as_slice() else {
        panic!("one key")
    };
    assert_eq!(key["kid"], header["kid"]);
    assert!(key.get("alg").is_none());
    let number = |name: &str| {
        let text = key[name].as_str().unwrap();
        BigNum::from_slice(&STANDARD.decode(text).expect("standard base64")).unwrap()
    };
    let by_numbers = PKey::from_rsa(Rsa::from_public_components(number("n"), number("e")).unwrap());
    let der = STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap();
    let by_certificate = X509::from_der(&der).unwrap().public_key();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let signature = engine.decode(signature).unwrap();
    for key in [by_numbers.unwrap(), by_certificate.unwrap()] {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        assert!(
            verifier
                .verify_oneshot(&signature, signed.as_bytes())
                .unwrap()
        );
    }
}
