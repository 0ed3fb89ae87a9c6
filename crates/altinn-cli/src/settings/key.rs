//! The key that signs grants: a PKCS#12 file, a PEM file, or a JWK.

use std::path::Path;

use http_transport::{ExposeSecret as _, SecretString};
use maskinporten::{BuildErrorKind, Signer, SignerLoader};

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
        _ => jwk(loader, &SecretString::from(value)),
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

fn jwk(loader: SignerLoader, text: &SecretString) -> Result<Signer, Failure> {
    loader
        .jwk(text.expose_secret())
        .map_err(|error| Failure::from(error).while_doing(CLIENT_JWK))
}
