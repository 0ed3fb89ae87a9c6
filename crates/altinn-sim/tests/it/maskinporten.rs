//! Every row of Maskinporten's code table, each by a grant or a state that is wrong in exactly that way,
//! and the order in which they are found.

use altinn_sim::pki::{Flaw, Profile, Shape, Usage};
use altinn_sim::{AudienceRule, Quirks, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde_json::{Value, json};

use crate::client::{
    Answer, GRANT_TYPE, Grant, PLAIN_SCOPE, claims, decoded, http, key_of, send_assertion, started,
    x5c,
};

const AUTHENTICATION: &str = "Invalid assertion. Client authentication failed.";

fn assert_client_refused(answer: &Answer, text: &str, code: Option<&str>) {
    answer.assert_refused(
        400,
        "invalid_grant",
        &format!("{AUTHENTICATION} {text}"),
        code,
    );
}

fn assert_invalid_value(answer: &Answer) {
    let text = "Invalid assertion. Invalid parameter value.";
    answer.assert_refused(400, "invalid_request", text, Some("MP-011"));
}

fn sent_with(sim: &Simulator, flaw: Flaw) -> Grant {
    Grant::with(sim, &Profile::new(Shape::CommfidesSeid2).with_flaw(flaw))
}

#[tokio::test]
async fn metadata_and_keys_are_enough_to_check_a_token() {
    let sim = started().await;
    let url = format!(
        "{}.well-known/oauth-authorization-server",
        sim.maskinporten_issuer()
    );
    let metadata = Answer::of(http().get(url)).await.json();
    assert_eq!(metadata["issuer"], sim.maskinporten_issuer());
    assert_eq!(metadata["token_endpoint"], sim.token_endpoint());
    assert_eq!(metadata["grant_types_supported"], json!([GRANT_TYPE]));
    assert!(metadata.get("authorization_endpoint").is_none());

    let old = Grant::by_certificate(&sim).token(&sim).await;
    sim.rotate_maskinporten_key(true).unwrap();
    let new = Grant::by_certificate(&sim).token(&sim).await;
    let jwks = Answer::of(http().get(metadata["jwks_uri"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
    for token in [old, new] {
        assert!(verified(&token, &jwks));
    }
    sim.rotate_maskinporten_key(false).unwrap();
    let jwks = Answer::of(http().get(metadata["jwks_uri"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
}

pub(crate) fn verified(token: &str, jwks: &Value) -> bool {
    let (header, _) = decoded(token);
    let key = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["kid"] == header["kid"])
        .unwrap();
    let number = |name: &str| {
        BigNum::from_slice(&URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap()).unwrap()
    };
    let rsa = Rsa::from_public_components(number("n"), number("e")).unwrap();
    let key = PKey::from_rsa(rsa).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier
        .verify_oneshot(&signature, signed.as_bytes())
        .unwrap()
}

#[tokio::test]
async fn a_token_says_what_real_ones_say_in_their_order() {
    let sim = started().await;
    let answer = Grant::by_certificate(&sim).send(&sim).await;
    let body = answer.json();
    assert_eq!(
        (body["token_type"].as_str(), body["scope"].as_str()),
        (Some("Bearer"), Some(PLAIN_SCOPE))
    );
    assert_eq!(
        body["expires_in"], 3599,
        "the scope's at_max_age, less the second"
    );
    assert!(body.get("refresh_token").is_none());
    let token = body["access_token"].as_str().unwrap();
    let (header, claims) = decoded(token);
    assert_eq!(
        header.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["alg", "kid"]
    );
    assert_eq!(claims["iss"], sim.maskinporten_issuer());
    assert_eq!(claims["client_amr"], "QCForESeal");
    assert_eq!(
        claims["consumer"]["ID"],
        format!("0192:{}", sim.cast().vendor)
    );
    assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
    for absent in [
        "aud",
        "sub",
        "nbf",
        "pid",
        "supplier",
        "authorization_details",
    ] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let payload = String::from_utf8(payload).unwrap();
    let places: Vec<_> = [
        "scope",
        "iss",
        "client_amr",
        "token_type",
        "exp",
        "iat",
        "client_id",
        "jti",
        "consumer",
    ]
    .iter()
    .map(|claim| payload.find(&format!("\"{claim}\":")).unwrap())
    .collect();
    assert!(places.is_sorted(), "{payload}");
}

#[tokio::test]
async fn lifetime_follows_the_lowest_scope_then_the_client_then_the_default() {
    let sim = started().await;
    let both = format!("{PLAIN_SCOPE} skattefugl:grunnlag");
    sim.change_world(|world| {
        world
            .scope_mut("skattefugl:grunnlag")
            .unwrap()
            .accessible_for_all = true;
    });
    let key_client = sim.cast().key_client;
    let expires_in = async |scope: &str| {
        let answer = Grant::by_key(&sim, &key_client)
            .scope(scope)
            .send(&sim)
            .await;
        answer.json()["expires_in"].as_i64().unwrap()
    };
    assert_eq!(expires_in(&both).await, 119);
    assert_eq!(expires_in(PLAIN_SCOPE).await, 3599);
    let unlimited = "altinn:accessmanagement/authorizedparties";
    assert_eq!(expires_in(unlimited).await, 119);
    sim.change_world(|world| world.client_mut(&key_client).unwrap().access_token_lifetime = 600);
    assert_eq!(expires_in(unlimited).await, 599);
}

#[tokio::test]
async fn each_kind_of_certificate_is_taken_whole_or_alone_and_named_in_the_token() {
    let sim = started().await;
    for (shape, usage, amr) in [
        (Shape::CommfidesSeid2, Usage::Authentication, "QCForESeal"),
        (Shape::BuypassSeid2, Usage::Authentication, "CForESeal"),
        (Shape::BuypassSeid2, Usage::Signing, "CForESeal"),
        (Shape::Seid1, Usage::Authentication, "virksomhetssertifikat"),
    ] {
        let whole = Grant::with(&sim, &Profile::new(shape).with_usage(usage));
        let leaf = whole.header["x5c"][0].clone();
        assert_eq!(claims(&whole.token(&sim).await)["client_amr"], amr);
        let alone = whole.header("x5c", json!([leaf])).claim("jti", "alone");
        let answer = alone
            .claim("jti", uuid::Uuid::new_v4().to_string())
            .send(&sim)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_registered_key_is_named_so_and_decides_beside_a_certificate() {
    let sim = started().await;
    let client = sim.cast().key_client;
    let token = Grant::by_key(&sim, &client).token(&sim).await;
    assert_eq!(claims(&token)["client_amr"], "private_key_jwt");

    let outsider = sim.cast().outsider;
    let other = sim
        .issue_certificate(&outsider, &Profile::new(Shape::Seid1))
        .unwrap();
    let both = Grant::by_key(&sim, &client).header("x5c", json!(x5c(&other)));
    assert_eq!(both.send(&sim).await.status, 200);

    let unregistered = Grant::by_certificate(&sim).header("kid", "ukjent");
    assert_client_refused(
        &unregistered.send(&sim).await,
        "Unknown key identifier (kid) for client.",
        None,
    );
}

#[tokio::test]
async fn all_three_algorithms_are_taken() {
    let sim = started().await;
    for alg in ["RS256", "RS384", "RS512"] {
        let answer = Grant::by_certificate(&sim)
            .header("alg", alg)
            .send(&sim)
            .await;
        assert_eq!(answer.status, 200, "{alg}: {}", answer.text);
    }
}

#[tokio::test]
async fn resource_pid_and_undocumented_but_accepted_claims() {
    let sim = started().await;
    let person = sim.cast().manager;
    let grant = Grant::by_certificate(&sim)
        .claim("resource", "https://api.example.no/")
        .claim("pid", person.expose())
        .claim("nbf", 1)
        .claim("sub", "x")
        .header("typ", "JWT");
    let token = claims(&grant.token(&sim).await);
    assert_eq!(token["aud"], "https://api.example.no/");
    assert_eq!(token["pid"], person.expose());
    let list = Grant::by_certificate(&sim).claim("resource", json!(["urn:a", "https://b.no"]));
    assert_eq!(
        claims(&list.token(&sim).await)["aud"],
        json!(["urn:a", "https://b.no"])
    );
}

#[tokio::test]
async fn the_form_must_be_one() {
    let sim = started().await;
    let post = || http().post(sim.token_endpoint());
    let assertion = Grant::by_certificate(&sim).assertion();
    let wrong = Answer::of(post().form(&[("grant_type", "password"), ("assertion", "x")])).await;
    wrong.assert_refused(
        400,
        "unsupported_grant_type",
        "Unsupported grant type.",
        None,
    );
    for form in [
        vec![("assertion", assertion.as_str())],
        vec![("grant_type", GRANT_TYPE)],
        vec![
            ("grant_type", GRANT_TYPE),
            ("assertion", "a"),
            ("assertion", "b"),
        ],
    ] {
        let answer = Answer::of(post().form(&form)).await;
        answer.assert_refused(
            400,
            "invalid_request",
            "Missing or repeated parameter.",
            None,
        );
    }
    let json = Answer::of(post().json(&json!({"grant_type": GRANT_TYPE}))).await;
    assert_eq!(json.status, 415);
    assert_eq!(
        Answer::of(http().get(sim.token_endpoint())).await.status,
        405
    );
}

// ---- the code table ----------------------------------------------------------------------------

#[tokio::test]
async fn mp_011_broken_grant() {
    let sim = started().await;
    let right = Grant::by_certificate(&sim).assertion();
    let broken = format!("{}\n{}", &right[..40], &right[40..]);
    for wrong in [
        broken.as_str(),
        "x",
        "a.b.c",
        "..",
        &format!("{right}="),
        &format!(" {right}"),
    ] {
        assert_invalid_value(&send_assertion(&sim, wrong).await);
    }
}

#[tokio::test]
async fn mp_011_unknown_claims_and_wrong_values() {
    let sim = started().await;
    let grant = || Grant::by_certificate(&sim);
    let own = format!("0192:{}", sim.cast().delegator);
    for wrong in [
        grant().claim("consumer_orgno", "310749745"),
        grant().claim("azp", "x"),
        grant().claim("iss_onbehalfof", "x"),
        grant().claim("consumer_org", own),
        grant().claim("consumer_org", "31074974"),
        grant().claim("consumer_org", "31074974X"),
        grant().claim("consumer_org", 310_749_745),
        grant().claim("pid", "12345678901"),
        grant().claim("resource", "not a uri"),
        grant().claim("scope", 3),
        grant().claim("jti", 3),
        grant().claim("authorization_details", "x"),
        grant().without("iat"),
        grant().without("exp"),
    ] {
        assert_invalid_value(&wrong.send(&sim).await);
    }
}

#[tokio::test]
async fn mp_012_used_before() {
    let sim = started().await;
    let text = "Grant is used before.";
    let with_id = Grant::by_certificate(&sim);
    assert_eq!(with_id.send(&sim).await.status, 200);
    with_id
        .send(&sim)
        .await
        .assert_refused(400, "invalid_grant", text, Some("MP-012"));
    let same_id = with_id.clone().scope("altinn:reportees");
    same_id
        .send(&sim)
        .await
        .assert_refused(400, "invalid_grant", text, Some("MP-012"));

    let without_id = Grant::by_certificate(&sim).without("jti");
    assert_eq!(without_id.send(&sim).await.status, 200);
    without_id
        .send(&sim)
        .await
        .assert_refused(400, "invalid_grant", text, Some("MP-012"));

    // A grant that was refused further down is used up all the same.
    let refused = Grant::by_certificate(&sim).scope("finnes:ikke");
    assert_eq!(refused.send(&sim).await.json()["error"], "invalid_scope");
    let again = Grant {
        claims: refused.claims.clone(),
        ..Grant::by_certificate(&sim)
    };
    let answer = again.scope(PLAIN_SCOPE).send(&sim).await;
    answer.assert_refused(400, "invalid_grant", text, Some("MP-012"));
}

#[tokio::test]
async fn mp_100_client_not_found() {
    let sim = started().await;
    let unknown = Grant::by_certificate(&sim).claim("iss", "ukjent");
    assert_client_refused(
        &unknown.send(&sim).await,
        "Client not found.",
        Some("MP-100"),
    );
    let missing = Grant::by_certificate(&sim).without("iss");
    assert_client_refused(
        &missing.send(&sim).await,
        "Client not found.",
        Some("MP-100"),
    );
    let client = sim.cast().client;
    sim.change_world(|world| world.client_mut(&client).unwrap().active = false);
    let inactive = Grant::by_certificate(&sim);
    assert_client_refused(
        &inactive.send(&sim).await,
        "Client not found.",
        Some("MP-100"),
    );
}

#[tokio::test]
async fn mp_110_audience() {
    let sim = started().await;
    let issuer = sim.maskinporten_issuer();
    let without_slash = issuer.trim_end_matches('/');
    for wrong in [
        json!("https://maskinporten.no/"),
        json!(without_slash),
        json!([issuer]),
        json!(sim.token_endpoint()),
        json!(7),
    ] {
        let answer = Grant::by_certificate(&sim)
            .claim("aud", wrong)
            .send(&sim)
            .await;
        assert_client_refused(&answer, "Invalid JWT claim aud.", Some("MP-110"));
    }
    let answer = Grant::by_certificate(&sim).without("aud").send(&sim).await;
    assert_client_refused(&answer, "Invalid JWT claim aud.", Some("MP-110"));
}

#[tokio::test]
async fn a_lenient_audience_is_a_switch() {
    let mut quirks = Quirks::default();
    quirks.audience = AudienceRule::Lenient;
    let sim = Simulator::builder().quirks(quirks).start().await.unwrap();
    let issuer = sim.maskinporten_issuer();
    for aud in [
        json!(issuer.trim_end_matches('/')),
        json!([issuer]),
        json!(sim.token_endpoint()),
    ] {
        assert_eq!(
            Grant::by_certificate(&sim)
                .claim("aud", aud)
                .send(&sim)
                .await
                .status,
            200
        );
    }
    let other = Grant::by_certificate(&sim).claim("aud", "https://maskinporten.no/");
    assert_eq!(other.send(&sim).await.status, 400);
}

#[tokio::test]
async fn mp_120_certificate() {
    let sim = started().await;
    let text = "The JWT is signed with an invalid certificate.";
    for flaw in [
        Flaw::Expired,
        Flaw::NotYetValid,
        Flaw::ForeignAuthority,
        Flaw::Production,
        Flaw::Revoked,
    ] {
        let answer = sent_with(&sim, flaw).send(&sim).await;
        assert_client_refused(&answer, text, Some("MP-120"));
    }
    let encryption = Profile::new(Shape::BuypassSeid2).with_usage(Usage::Encryption);
    let answer = Grant::with(&sim, &encryption).send(&sim).await;
    assert_client_refused(&answer, text, Some("MP-120"));

    // Another simulator's authority has the same names and other keys.
    let stranger = started().await;
    let foreign = Grant::by_certificate(&stranger).claim("aud", sim.maskinporten_issuer());
    assert_client_refused(&foreign.send(&sim).await, text, Some("MP-120"));

    // The same certificate expires when the clock passes its end.
    let later = Grant::by_certificate(&sim);
    sim.clock()
        .advance(SignedDuration::from_hours(4 * 365 * 24));
    let answer = later.issued_at(&sim, 0, 60).send(&sim).await;
    assert_client_refused(&answer, text, Some("MP-120"));
}

#[tokio::test]
async fn mp_121_key_older_than_a_year() {
    let sim = started().await;
    let client = sim.cast().key_client;
    sim.clock().advance(SignedDuration::from_hours(366 * 24));
    let answer = Grant::by_key(&sim, &client).send(&sim).await;
    assert_client_refused(&answer, "Expired key.", Some("MP-121"));
    // The same key may be posted again.
    let exp = sim.clock().now().as_second() + 100;
    sim.change_world(|world| world.client_mut(&client).unwrap().keys[0].exp = Some(exp));
    assert_eq!(Grant::by_key(&sim, &client).send(&sim).await.status, 200);
}

#[tokio::test]
async fn mp_122_certificate_of_another_organisation() {
    let sim = started().await;
    let text =
        "Invalid JWT. Invalid organization number for client. Does not match certificate orgno.";
    for shape in [Shape::CommfidesSeid2, Shape::BuypassSeid2, Shape::Seid1] {
        let other = sim
            .issue_certificate(&sim.cast().outsider, &Profile::new(shape))
            .unwrap();
        let grant = Grant::by_certificate(&sim).header("x5c", json!(x5c(&other)));
        let answer = Grant {
            key: key_of(&other),
            ..grant.clone()
        }
        .send(&sim)
        .await;
        assert_client_refused(&answer, text, Some("MP-122"));
        let answer = grant.signed_by_a_stranger().send(&sim).await;
        assert_client_refused(&answer, text, Some("MP-122"));
    }
}

#[tokio::test]
async fn mp_123_x5c() {
    let sim = started().await;
    let leaf = Grant::by_certificate(&sim).header["x5c"][0].clone();
    let pem = format!("-----BEGIN CERTIFICATE-----{}", leaf.as_str().unwrap());
    let url_safe = leaf.as_str().unwrap().replace('+', "-").replace('/', "_");
    for wrong in [
        leaf,
        json!([]),
        json!([pem]),
        json!(["AAAA"]),
        json!([7]),
        json!([url_safe]),
    ] {
        let answer = Grant::by_certificate(&sim)
            .header("x5c", wrong)
            .send(&sim)
            .await;
        assert_client_refused(&answer, "Invalid JWT header x5c.", Some("MP-123"));
    }
    let neither = Grant::by_certificate(&sim)
        .without_header("x5c")
        .send(&sim)
        .await;
    assert_client_refused(&neither, "Invalid JWT header x5c.", Some("MP-123"));
}

#[tokio::test]
async fn mp_124_signature() {
    let sim = started().await;
    let client = sim.cast().key_client;
    for wrong in [
        Grant::by_certificate(&sim).signed_by_a_stranger(),
        Grant::by_key(&sim, &client).signed_by_a_stranger(),
        Grant::by_certificate(&sim).header("alg", "HS256"),
        Grant::by_certificate(&sim).header("alg", "PS256"),
        Grant::by_certificate(&sim).header("alg", "none"),
        Grant::by_certificate(&sim)
            .without_header("alg")
            .header("alg", Value::Null),
    ] {
        let answer = wrong.send(&sim).await;
        assert_client_refused(&answer, "Invalid JWT signature.", Some("MP-124"));
    }
}

/// A certificate alone does not do: its key must have signed.
#[tokio::test]
async fn mp_124_key_of_another_certificate() {
    let sim = started().await;
    let outsider = sim.cast().outsider;
    let other = sim
        .issue_certificate(&outsider, &Profile::new(Shape::CommfidesSeid2))
        .unwrap();
    let grant = Grant {
        key: key_of(&other),
        ..Grant::by_certificate(&sim)
    };
    assert_client_refused(
        &grant.send(&sim).await,
        "Invalid JWT signature.",
        Some("MP-124"),
    );
}

#[tokio::test]
async fn mp_130_and_the_clock() {
    let sim = started().await;
    let expired = |answer: Answer| {
        let text = "Invalid assertion. JWT is expired.";
        answer.assert_refused(400, "invalid_grant", text, Some("MP-130"));
    };
    sim.clock().stop();
    let grant = || Grant::by_certificate(&sim);
    expired(grant().issued_at(&sim, -60, 30).send(&sim).await);
    expired(grant().issued_at(&sim, -11, 120).send(&sim).await);
    expired(grant().issued_at(&sim, -10, 10).send(&sim).await);
    for seconds in [-10, 10] {
        let edge = grant().issued_at(&sim, seconds, 120).send(&sim).await;
        assert_eq!(edge.status, 200, "{seconds}: {}", edge.text);
    }

    let waited = grant();
    sim.clock().advance(SignedDuration::from_secs(20));
    expired(waited.send(&sim).await);
}

#[tokio::test]
async fn issue_time_after_now_has_no_code() {
    let sim = started().await;
    sim.clock().stop();
    let ahead = Grant::by_certificate(&sim)
        .issued_at(&sim, 11, 60)
        .send(&sim)
        .await;
    let text = "Invalid assertion. Issue time is after now.";
    ahead.assert_refused(400, "invalid_grant", text, None);
    let early = Grant::by_certificate(&sim);
    sim.clock().advance(SignedDuration::from_secs(-20));
    early
        .send(&sim)
        .await
        .assert_refused(400, "invalid_grant", text, None);
    let date = jiff::fmt::rfc2822::parse(early.send(&sim).await.header("date")).unwrap();
    let now = sim.clock().now();
    assert_eq!(
        date.timestamp().as_second(),
        now.as_second(),
        "Date follows the clock"
    );
}

#[tokio::test]
async fn a_grant_lives_120_seconds_at_most() {
    let sim = started().await;
    assert_eq!(
        Grant::by_certificate(&sim)
            .issued_at(&sim, 0, 120)
            .send(&sim)
            .await
            .status,
        200
    );
    let long = Grant::by_certificate(&sim)
        .issued_at(&sim, 0, 121)
        .send(&sim)
        .await;
    let text = "Invalid assertion. JWT lifetime is too long.";
    long.assert_refused(400, "invalid_grant", text, None);
}

#[tokio::test]
async fn unknown_kid_has_no_code() {
    let sim = started().await;
    let grant = Grant::by_key(&sim, &sim.cast().key_client);
    for kid in [json!("ukjent"), json!(""), json!(7)] {
        let answer = grant.clone().header("kid", kid).send(&sim).await;
        assert_client_refused(&answer, "Unknown key identifier (kid) for client.", None);
    }
}

/// In reality it takes up to a quarter of an hour until a new key is known everywhere.
#[tokio::test]
async fn a_new_key_is_unknown_until_it_has_spread() {
    let sim = started().await;
    let client = sim.cast().key_client;
    let from = sim.clock().now().as_second() + 900;
    sim.change_world(|world| world.client_mut(&client).unwrap().keys[0].known_from = Some(from));
    let answer = Grant::by_key(&sim, &client).send(&sim).await;
    assert_client_refused(&answer, "Unknown key identifier (kid) for client.", None);
    sim.clock().advance(SignedDuration::from_mins(15));
    assert_eq!(Grant::by_key(&sim, &client).send(&sim).await.status, 200);
}

#[tokio::test]
async fn older_and_newer_wire_forms_are_switches() {
    let mut quirks = Quirks::default();
    quirks.correlation_ids = true;
    quirks.legacy_claims = true;
    quirks.external_ref_left_out = true;
    quirks.unknown_members = true;
    let sim = Simulator::builder().quirks(quirks).start().await.unwrap();
    let cast = sim.cast();
    let grant = Grant::by_certificate(&sim).system_user(&cast.customer, None);
    let answer = grant.send(&sim).await.json();
    assert!(answer.as_object().unwrap().len() == 5, "{answer}");
    let token = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(token["aud"], "unspecified");
    assert_eq!(token["client_orgno"], cast.vendor);
    let details = token["authorization_details"][0].as_object().unwrap();
    assert!(!details.contains_key("externalRef"), "{details:?}");
    let refused = Grant::by_certificate(&sim).claim("iss", "ukjent");
    let text = refused.send(&sim).await.json();
    let text = text["error_description"].as_str().unwrap();
    let id = text.split_once(" (correlation id: ").unwrap().1;
    assert!(uuid::Uuid::parse_str(&id[..36]).is_ok(), "{text}");
}

#[tokio::test]
async fn a_certificate_does_not_do_for_a_client_with_keys() {
    let sim = started().await;
    let grant = Grant::by_certificate(&sim).claim("iss", sim.cast().key_client);
    assert_client_refused(
        &grant.send(&sim).await,
        "Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided.",
        None,
    );
}

#[tokio::test]
async fn consumer_org_of_oneself_has_no_code() {
    let sim = started().await;
    let cast = sim.cast();
    let grant = Grant::by_key(&sim, &cast.key_client)
        .scope("skattefugl:grunnlag")
        .claim("consumer_org", cast.vendor);
    let text = "Validation of JWT claim failed: The combination consumer_org in claim and delegation \
                scope on client is invalid.";
    grant
        .send(&sim)
        .await
        .assert_refused(400, "invalid_request", text, None);
}

#[tokio::test]
async fn mp_200_scope_not_on_the_client() {
    let sim = started().await;
    let refused = async |grant: Grant, text: &str| {
        let answer = grant.send(&sim).await;
        answer.assert_refused(400, "invalid_scope", text, Some("MP-200"));
    };
    let grant = || Grant::by_certificate(&sim);
    let text = "Token request contains invalid scopes for client";
    refused(grant().without("scope"), text).await;
    refused(grant().scope(" "), text).await;
    refused(
        grant().scope("finnes:ikke"),
        &format!("{text}, finnes:ikke"),
    )
    .await;
    let mixed = grant().scope(&format!("{PLAIN_SCOPE} altinn:serviceowner"));
    refused(mixed, &format!("{text}, altinn:serviceowner")).await;
}

#[tokio::test]
async fn mp_201_scope_for_logging_in() {
    let sim = started().await;
    let grant = Grant::by_key(&sim, &sim.cast().key_client).scope("skattefugl:innlogging");
    let text = "Token request contains scopes not allowed for maskinporten.";
    grant
        .send(&sim)
        .await
        .assert_refused(400, "invalid_scope", text, Some("MP-201"));
}

#[tokio::test]
async fn mp_250_not_granted() {
    let sim = started().await;
    let cast = sim.cast();
    let text = |scope: &str| format!("Consumer has not been granted access to the scope {scope}.");
    let closed = Grant::by_key(&sim, &cast.key_client).scope("skattefugl:lukket");
    closed.send(&sim).await.assert_refused(
        403,
        "forbidden",
        &text("skattefugl:lukket"),
        Some("MP-250"),
    );
    // The API owner grants it to the consumer, never to the supplier: `consumer_org` was forgotten.
    let delegated = Grant::by_key(&sim, &cast.key_client).scope("skattefugl:grunnlag");
    delegated.send(&sim).await.assert_refused(
        403,
        "forbidden",
        &text("skattefugl:grunnlag"),
        Some("MP-250"),
    );
    // Nor has an organisation that does not exist been given anything.
    for consumer in [cast.outsider.as_str(), "310749746"] {
        let grant = delegated.clone().claim("consumer_org", consumer);
        let answer = grant.claim("jti", consumer).send(&sim).await;
        let text = text("skattefugl:grunnlag");
        answer.assert_refused(403, "forbidden", &text, Some("MP-250"));
    }
}

#[tokio::test]
async fn mp_251_not_delegated_and_what_a_delegation_gives() {
    let sim = started().await;
    let cast = sim.cast();
    let grant = || {
        let grant = Grant::by_key(&sim, &cast.key_client).scope("skattefugl:grunnlag");
        grant.claim("consumer_org", cast.delegator.clone())
    };
    let token = claims(&grant().token(&sim).await);
    assert_eq!(token["consumer"]["ID"], format!("0192:{}", cast.delegator));
    assert_eq!(token["supplier"]["ID"], format!("0192:{}", cast.vendor));
    assert_eq!(token["delegation_source"], "https://tt02.altinn.no/");

    sim.change_world(|world| world.delegations.clear());
    let text = format!(
        "Consumer {} has not delegated access to the scope skattefugl:grunnlag to supplier {}.",
        cast.delegator, cast.vendor
    );
    grant()
        .send(&sim)
        .await
        .assert_refused(403, "forbidden", &text, Some("MP-251"));
}

#[tokio::test]
async fn mp_301_type_of_authorization_details() {
    let sim = started().await;
    for details in [
        json!([{"type": "urn:altinn:noe"}]),
        json!([{"systemuser_org": {}}]),
    ] {
        let grant = Grant::by_certificate(&sim).claim("authorization_details", details);
        grant.send(&sim).await.assert_refused(
            400,
            "invalid_authorization_details",
            "Unknown authorization details type.",
            Some("MP-301"),
        );
    }
}

#[tokio::test]
async fn mp_302_members_of_authorization_details() {
    let sim = started().await;
    let customer = sim.cast().customer;
    let mut grant = Grant::by_certificate(&sim).system_user(&customer, None);
    grant.claims["authorization_details"][0]["external_ref"] = "x".into();
    grant.send(&sim).await.assert_refused(
        400,
        "invalid_authorization_details",
        "Unknown fields in the authorization details.",
        Some("MP-302"),
    );
}

#[tokio::test]
async fn mp_303_no_such_system_user_for_each_known_cause() {
    let sim = started().await;
    let cast = sim.cast();
    let refused = |answer: Answer, organisation: &str| {
        let text = format!(
            "Invalid authorization details values: no system user of 0192:{organisation} for this \
             client."
        );
        let error = "invalid_altinn_customer_configuration";
        answer.assert_refused(400, error, &text, Some("MP-303"));
    };
    let grant = || Grant::by_certificate(&sim);
    let found = grant().system_user(&cast.customer, None).send(&sim).await;
    assert_eq!(found.status, 200, "{}", found.text);

    // Not the owner; not approved; a reference that is not there.
    refused(
        grant().system_user(&cast.outsider, None).send(&sim).await,
        &cast.outsider,
    );
    let pending = &cast.receiving_organisation;
    refused(grant().system_user(pending, None).send(&sim).await, pending);
    let wrong_reference = grant().system_user(&cast.customer, Some("feil"));
    refused(wrong_reference.send(&sim).await, &cast.customer);
    // The system lacks the client.
    sim.change_world(|world| world.systems[0].client_ids.retain(|id| *id != cast.client));
    refused(
        grant().system_user(&cast.customer, None).send(&sim).await,
        &cast.customer,
    );
    let by_key = Grant::by_key(&sim, &cast.key_client).system_user(&cast.customer, None);
    assert_eq!(by_key.send(&sim).await.status, 200);
    // Deleted.
    sim.change_world(|world| world.system_users[0].deleted = true);
    let deleted = Grant::by_key(&sim, &cast.key_client).system_user(&cast.customer, None);
    refused(deleted.send(&sim).await, &cast.customer);
    // A value that is not one.
    let bad = grant().system_user("12", None).send(&sim).await;
    bad.assert_refused(
        400,
        "invalid_altinn_customer_configuration",
        "Invalid authorization details values: systemuser_org.",
        Some("MP-303"),
    );
}

#[tokio::test]
async fn a_system_user_is_named_as_in_real_tokens() {
    let sim = started().await;
    let cast = sim.cast();
    let grant = Grant::by_certificate(&sim).system_user(&cast.customer, Some("avdeling-bergen"));
    let token = claims(&grant.token(&sim).await);
    assert_eq!(
        token["authorization_details"],
        json!([{
            "type": "urn:altinn:systemuser",
            "systemuser_org":
                {"authority": "iso6523-actorid-upis", "ID": format!("0192:{}", cast.customer)},
            "systemuser_id": ["57ee05cd-e009-42c7-bebf-f20686734721"],
            "system_id": "310742104_snegleregnskap",
            "externalRef": "avdeling-bergen",
        }])
    );
    assert_eq!(token["consumer"]["ID"], format!("0192:{}", cast.vendor));
}

// ---- the order ---------------------------------------------------------------------------------

/// Each grant is wrong in this way and in all later ones; taking the first away shows the next.
#[tokio::test]
async fn the_first_thing_wrong_gives_the_answer() {
    let sim = started().await;
    let cast = sim.cast();
    let outsider = sim
        .issue_certificate(&cast.outsider, &Profile::new(Shape::Seid1))
        .unwrap();
    let own = Grant::by_certificate(&sim);
    let own_x5c = own.header["x5c"].clone();
    let own_key = own.key.clone();
    let used = own.claims["jti"].clone();
    assert_eq!(own.send(&sim).await.status, 200);

    let mut grant = own
        .signed_by_a_stranger()
        .header("alg", "HS256")
        .header("x5c", "a bare string")
        .claim("iss", "ukjent")
        .claim("aud", "https://maskinporten.no/")
        .issued_at(&sim, 60, 600)
        .claim("jti", used)
        .claim("azp", "x")
        .scope("finnes:ikke")
        .claim("authorization_details", json!([{"type": "x"}]));
    let code = async |grant: &Grant| {
        let body = grant.send(&sim).await.json();
        let uri = body.get("error_uri").and_then(Value::as_str);
        let text = body["error_description"].as_str().unwrap();
        let text = text
            .split_once(" (")
            .unwrap()
            .0
            .rsplit_once(". ")
            .map_or("", |t| t.1);
        uri.map_or(text, |u| u.rsplit_once('/').unwrap().1)
            .to_owned()
    };
    assert_eq!(code(&grant).await, "MP-124", "alg");
    grant = grant.header("alg", "RS256");
    assert_eq!(code(&grant).await, "MP-100");
    grant = grant.claim("iss", cast.client.clone());
    assert_eq!(code(&grant).await, "MP-123");
    grant = grant.header("x5c", json!(x5c(&outsider)));
    assert_eq!(code(&grant).await, "MP-122", "before the signature");
    grant = grant.header("x5c", own_x5c);
    assert_eq!(code(&grant).await, "MP-124", "signature");
    grant.key = own_key;
    assert_eq!(code(&grant).await, "MP-110");
    grant = grant.claim("aud", sim.maskinporten_issuer());
    assert_eq!(code(&grant).await, "Issue time is after now.");
    grant = grant.issued_at(&sim, -60, 600);
    assert_eq!(code(&grant).await, "MP-130");
    grant = grant.issued_at(&sim, 0, 600);
    assert_eq!(code(&grant).await, "JWT lifetime is too long.");
    grant = grant.issued_at(&sim, 0, 60);
    assert_eq!(code(&grant).await, "MP-012");
    let mut fresh = || {
        grant
            .claims
            .insert("jti".into(), uuid::Uuid::new_v4().to_string().into())
    };
    fresh();
    assert_eq!(code(&grant).await, "MP-011");
    let mut grant = grant.without("azp").claim("jti", "order-1");
    assert_eq!(code(&grant).await, "MP-200");
    grant = grant.scope("altinn:reportees").claim("jti", "order-2");
    sim.change_world(|world| {
        world
            .scope_mut("altinn:reportees")
            .unwrap()
            .granted_to
            .clear()
    });
    assert_eq!(code(&grant).await, "MP-250");
    grant = grant.scope(PLAIN_SCOPE).claim("jti", "order-3");
    assert_eq!(code(&grant).await, "MP-301");
}
