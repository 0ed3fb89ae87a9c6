//! Private keys as JSON.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use maskinporten::{Algorithm, BuildError, BuildErrorKind, KeyReference, Signer};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Verifier;
use serde_json::{Value, json};

use crate::keys::made::{Leaf, PASSWORD, Pki, key, p12};
use crate::keys::{chain, signed};
use crate::support::parts;

pub(crate) fn jwk(key: &PKey<Private>) -> Value {
    let rsa = key.rsa().unwrap();
    let number = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    json!({
        "kty": "RSA", "use": "sig", "kid": "ours-2026", "alg": "RS256",
        "n": number(rsa.n()), "e": number(rsa.e()), "d": number(rsa.d()),
        "p": number(rsa.p().unwrap()), "q": number(rsa.q().unwrap()),
        "dp": number(rsa.dmp1().unwrap()), "dq": number(rsa.dmq1().unwrap()), "qi": number(rsa.iqmp().unwrap()),
    })
}

fn without(mut jwk: Value, members: &[&str]) -> Value {
    for member in members {
        jwk.as_object_mut().unwrap().remove(*member).unwrap();
    }
    jwk
}

fn with(mut jwk: Value, member: &str, value: Value) -> Value {
    jwk[member] = value;
    jwk
}

fn kid(signer: &Signer) -> String {
    match signer.key_reference() {
        Some(KeyReference::KeyId(kid)) => kid.to_string(),
        other => panic!("{other:?}"),
    }
}

fn verify(jws: &str, key: &PKey<Private>, digest: MessageDigest) {
    let (_, _, signature) = parts(jws);
    let (message, _) = jws.rsplit_once('.').unwrap();
    let mut verifier = Verifier::new(digest, key).unwrap();
    assert!(
        verifier
            .verify_oneshot(&signature, message.as_bytes())
            .unwrap()
    );
}

#[test]
fn a_jwk_signs_by_its_kid_and_alg() {
    let key = key(2048);
    let jwk = jwk(&key);
    let signer = Signer::from_jwk(jwk.to_string()).unwrap();
    assert_eq!(kid(&signer), "ours-2026");
    assert_eq!(signer.organisation(), None);
    let jws = signed(signer);
    assert_eq!(parts(&jws).0, br#"{"alg":"RS256","kid":"ours-2026"}"#);
    verify(&jws, &key, MessageDigest::sha256());

    let rs512 = with(jwk.clone(), "alg", "RS512".into()).to_string();
    let signer = Signer::from_jwk(&rs512).unwrap();
    assert_eq!(signer.algorithm(), Algorithm::Rs512);
    verify(&signed(signer), &key, MessageDigest::sha512());
    // what the caller says goes before what the file says
    let signer = Signer::loader()
        .algorithm(Algorithm::Rs384)
        .kid("another".parse().unwrap())
        .jwk(&rs512)
        .unwrap();
    assert_eq!(kid(&signer), "another");
    verify(&signed(signer), &key, MessageDigest::sha384());

    // the numbers that only make it faster may be missing
    for missing in [
        &["dp", "dq", "qi"][..],
        &["p", "q", "dp", "dq", "qi"],
        &["alg", "use"],
    ] {
        let signer = Signer::from_jwk(without(jwk.clone(), missing).to_string()).unwrap();
        verify(&signed(signer), &key, MessageDigest::sha256());
    }
}

#[test]
fn platforms_wrap_it_in_base64_and_in_a_set() {
    let (one, two) = (key(2048), key(2048));
    let (one_jwk, two_jwk) = (jwk(&one), with(jwk(&two), "kid", "second".into()));
    let public = without(
        with(jwk(&two), "kid", "public".into()),
        &["d", "p", "q", "dp", "dq", "qi"],
    );
    let set = json!({ "keys": [public, one_jwk] }).to_string();
    let padded = STANDARD.encode(&set);
    let lines: String = padded
        .as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", std::str::from_utf8(line).unwrap()))
        .collect();
    for text in [
        set.clone(),
        format!("\n {set}\n"),
        padded,
        lines,
        URL_SAFE_NO_PAD.encode(&set),
        STANDARD.encode(format!("{set}\n")),
    ] {
        let signer = Signer::from_jwk(&text).unwrap();
        assert_eq!(kid(&signer), "ours-2026");
        verify(&signed(signer), &one, MessageDigest::sha256());
    }

    let both = json!({ "keys": [one_jwk, two_jwk] }).to_string();
    let error = Signer::from_jwk(&both).unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::SeveralKeys);
    assert!(error.to_string().contains("ours-2026, second"), "{error}");
    let choose = |kid: &str| Signer::loader().kid(kid.parse().unwrap()).jwk(&both);
    verify(
        &signed(choose("second").unwrap()),
        &two,
        MessageDigest::sha256(),
    );
    assert_eq!(
        choose("third").unwrap_err().kind(),
        BuildErrorKind::UnknownAlias
    );
}

#[test]
fn a_jwk_may_bring_its_certificate() {
    let pki = Pki::new();
    let issued = pki.issue(&Leaf::default());
    // in any order, as everywhere
    let x5c: Vec<String> = [&pki.root, &issued.certificate, &pki.intermediate]
        .map(|one| STANDARD.encode(one.to_der().unwrap()))
        .into();
    let with_both = with(jwk(&issued.key), "x5c", json!(x5c));
    let signer = Signer::from_jwk(with_both.to_string()).unwrap();
    assert_eq!(kid(&signer), "ours-2026"); // exactly one of both, and the registered key is it
    let signer = Signer::from_jwk(without(with_both, &["kid"]).to_string()).unwrap();
    assert_eq!(chain(&signer).len(), 3);
    assert_eq!(chain(&signer)[0], issued.certificate.to_der().unwrap());
    assert_eq!(signer.organisation().unwrap().to_string(), "991825827");
}

#[test]
fn each_unusable_jwk_has_its_own_reason() {
    let key = key(2048);
    let jwk = jwk(&key);
    let secret = jwk["d"].as_str().unwrap().to_owned();
    let kind = |text: &str| {
        let error: BuildError = Signer::from_jwk(text).unwrap_err();
        let mut said = format!("{error} {error:?} {:?}", error.diagnosis());
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            said += &error.to_string();
            source = error.source();
        }
        assert!(!said.contains(&secret[..20]), "{said}");
        error.kind()
    };
    let of = |jwk: Value| kind(&jwk.to_string());
    assert_eq!(kind(""), BuildErrorKind::NotAKeyFile);
    assert_eq!(kind("{"), BuildErrorKind::NotAKeyFile);
    assert_eq!(kind("[]"), BuildErrorKind::NotAKeyFile);
    assert_eq!(kind("not a key"), BuildErrorKind::NotAKeyFile);
    assert_eq!(kind("AAAA"), BuildErrorKind::NotAKeyFile);
    assert_eq!(kind(r#"{"keys":[]}"#), BuildErrorKind::NoKey);
    assert_eq!(kind(&jwk.to_string()[..400]), BuildErrorKind::NotAKeyFile);
    let private = ["d", "p", "q", "dp", "dq", "qi"];
    assert_eq!(of(without(jwk.clone(), &private)), BuildErrorKind::NoKey);
    assert_eq!(
        of(with(jwk.clone(), "use", "enc".into())),
        BuildErrorKind::EncryptionOnly
    );
    for alg in ["ES256", "PS256", "none", "RSA-OAEP"] {
        assert_eq!(
            of(with(jwk.clone(), "alg", alg.into())),
            BuildErrorKind::UnsupportedKey
        );
    }
    assert_eq!(
        kind(r#"{"kty":"EC","crv":"P-256","d":"AQAB"}"#),
        BuildErrorKind::UnsupportedKey
    );
    assert_eq!(
        of(without(jwk.clone(), &["n"])),
        BuildErrorKind::NotAKeyFile
    );
    assert_eq!(
        of(with(jwk.clone(), "d", "!".into())),
        BuildErrorKind::NotAKeyFile
    );
    // another key's modulus: found here, not by the server
    let other = self::jwk(&crate::keys::made::key(2048));
    assert!(matches!(
        of(with(jwk.clone(), "n", other["n"].clone())),
        BuildErrorKind::NotAKeyFile | BuildErrorKind::Crypto
    ));
    let short = self::jwk(&crate::keys::made::key(1024));
    assert_eq!(of(short), BuildErrorKind::UnsupportedKey);
}

#[test]
fn a_pkcs12_file_may_be_wrapped_in_base64_too() {
    let issued = Pki::new().issue(&Leaf::default());
    let file = STANDARD.encode(p12(&issued.key, &issued.certificate, &[]));
    let signer = Signer::from_pkcs12(file.as_bytes(), &PASSWORD.into()).unwrap();
    assert_eq!(chain(&signer)[0], issued.certificate.to_der().unwrap());
}
