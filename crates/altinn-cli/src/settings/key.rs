//! The key that signs grants: a PKCS#12 file, a PEM file, or a JWK.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_transport::{ExposeSecret as _, SecretString};
use maskinporten::{BuildErrorKind, Signer, SignerLoader};
use openssl::bn::BigNum;
use openssl::rsa::RsaPrivateKeyBuilder;
use serde::Deserialize;

use super::{
    CLIENT_JWK, KEY_ALIAS, KID, Layer, PEM, PKCS12, PKCS12_PASSWORD, Settings, missing,
    others_may_read, prompt, read, readable_by_others,
};
use crate::console::Console;
use crate::failure::Failure;

pub(super) fn signer(settings: &Settings, console: &Console) -> Result<Signer, Failure> {
    let mut found: Vec<(&'static str, String, Layer)> = Vec::new();
    for name in [PKCS12, PEM, CLIENT_JWK] {
        if let Some(value) = settings.find(name)? {
            found.push((name, value.text, value.layer));
        }
    }
    // a key on the command line is meant, whatever the environment holds
    let nearest = found.iter().map(|(_, _, layer)| *layer).min();
    found.retain(|(_, _, layer)| Some(*layer) == nearest);
    let mut found = found.into_iter();
    let Some((name, value, _)) = found.next() else {
        return Err(missing(&[PKCS12]).note(format!(
            "other keys than a PKCS#12 file: {PEM} (a PEM file), {CLIENT_JWK} (a registered key)"
        )));
    };
    if let Some((other, _, _)) = found.next() {
        return Err(
            Failure::usage(format!("two keys are given at once: {name} and {other}"))
                .todo(format!("give one of them: unset {name} or {other}")),
        );
    }
    let mut loader = Signer::loader();
    if let Some(kid) = settings.text(KID)? {
        loader = loader.kid(kid.parse().map_err(|error| super::invalid(KID, error))?);
    }
    match name {
        PKCS12 => pkcs12(settings, console, loader, Path::new(value.trim())),
        PEM => pem(settings, console, loader, Path::new(value.trim())),
        _ => jwk(settings, loader, &SecretString::from(value)),
    }
}

fn pkcs12(
    settings: &Settings,
    console: &Console,
    mut loader: SignerLoader,
    path: &Path,
) -> Result<Signer, Failure> {
    let bytes = read(PKCS12, path)?;
    if others_may_read(path) {
        console.warning(&format!(
            "{0} may be read by others, who then need only its password (chmod 600 {0})",
            path.display()
        ));
    }
    if let Some(alias) = settings.text(KEY_ALIAS)? {
        loader = loader.alias(alias);
    }
    let given = settings.secret(PKCS12_PASSWORD)?;
    let was_given = given.is_some();
    let password = given.or_else(|| prompt(console, &format!("Password of {}", path.display())));
    let is_missing = password.is_none();
    // some files have the empty password
    let password = password.unwrap_or_default();
    loader.pkcs12(&bytes, &password).map_err(|error| {
        let kind = error.kind();
        let failure = Failure::from(error).while_doing(path.display());
        match kind {
            BuildErrorKind::WrongPassword if is_missing => missing(&[PKCS12_PASSWORD]).note(
                format!("{} does not open without its password", path.display()),
            ),
            BuildErrorKind::WrongPassword if was_given => failure.todo(format!(
                "correct {PKCS12_PASSWORD}: it is the password of this file"
            )),
            BuildErrorKind::SeveralKeys | BuildErrorKind::UnknownAlias => {
                failure.note(format!("a key is chosen with --key-alias or {KEY_ALIAS}"))
            }
            _ => failure,
        }
    })
}

fn pem(
    settings: &Settings,
    console: &Console,
    loader: SignerLoader,
    path: &Path,
) -> Result<Signer, Failure> {
    let bytes = read(PEM, path)?;
    let text = String::from_utf8_lossy(&bytes);
    let encrypted = text.contains("ENCRYPTED");
    if others_may_read(path) {
        if !encrypted && text.contains("PRIVATE KEY") {
            return Err(readable_by_others(path, "a private key"));
        }
        console.warning(&format!("{} may be read by others", path.display()));
    }
    let mut password = settings.secret(PKCS12_PASSWORD)?;
    if encrypted && password.is_none() {
        password = prompt(console, &format!("Password of {}", path.display()));
        if password.is_none() {
            return Err(missing(&[PKCS12_PASSWORD])
                .note(format!("the key in {} is encrypted", path.display())));
        }
    }
    let password = password.filter(|_| encrypted);
    loader
        .pem(&bytes, password.as_ref())
        .map_err(|error| Failure::from(error).while_doing(path.display()))
}

/// The members of an RSA private key (RFC 7518 §6.3) that are needed here. No `Debug`.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

fn jwk(
    settings: &Settings,
    mut loader: SignerLoader,
    text: &SecretString,
) -> Result<Signer, Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("{CLIENT_JWK} {why}")).todo(
            "give the private key that is registered on the client, as a JWK: a JSON object with kty RSA, kid, n, e, d, p, q, dp, dq and qi",
        )
    };
    // serde's message could quote the key
    let jwk: Jwk =
        serde_json::from_str(text.expose_secret()).map_err(|_| wrong("is not a JSON web key"))?;
    if jwk.kty != "RSA" {
        return Err(wrong("is not an RSA key, and Maskinporten takes no other"));
    }
    if settings.text(KID)?.is_none() {
        let kid = jwk
            .kid
            .as_deref()
            .ok_or_else(|| wrong("has no kid").todo(format!("add its kid, or give it as {KID}")))?;
        loader = loader.kid(
            kid.parse()
                .map_err(|error| super::invalid(CLIENT_JWK, error))?,
        );
    }
    let number = |member: &Option<String>, name: &str| {
        let text = member
            .as_deref()
            .ok_or_else(|| wrong(&format!("has no {name}")))?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| wrong(&format!("has a {name} that is not base64url")))?;
        BigNum::from_slice(&bytes).map_err(|_| wrong(&format!("has no usable {name}")))
    };
    let unusable = |_| wrong("holds numbers that are no RSA key");
    let (n, e, d) = (
        number(&jwk.n, "n")?,
        number(&jwk.e, "e")?,
        number(&jwk.d, "d")?,
    );
    let (p, q) = (number(&jwk.p, "p")?, number(&jwk.q, "q")?);
    let (dp, dq, qi) = (
        number(&jwk.dp, "dp")?,
        number(&jwk.dq, "dq")?,
        number(&jwk.qi, "qi")?,
    );
    let key = RsaPrivateKeyBuilder::new(n, e, d)
        .and_then(|key| key.set_factors(p, q))
        .and_then(|key| key.set_crt_params(dp, dq, qi))
        .map_err(unusable)?
        .build();
    if !key.check_key().unwrap_or(false) {
        return Err(wrong("holds numbers that are no RSA key"));
    }
    let pem = key.private_key_to_pem().map_err(unusable)?;
    // the text wipes itself when it is dropped
    let pem = SecretString::from(String::from_utf8(pem).unwrap_or_default());
    Ok(loader.pem(pem.expose_secret().as_bytes(), None)?)
}
