//! PKCS#12 (RFC 7292), new and old.

use std::sync::{Mutex, PoisonError};

use http_transport::{ExposeSecret, Remedy, SecretString, Who};
use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::pkey::{PKey, Private};
use openssl::provider::Provider;
use openssl::x509::X509;

use super::safe_bags::{self, KeyBag};
use super::{crypto, mac, unwrapped};
use crate::{BuildError, BuildErrorKind};

/// Which providers are loaded is a matter of the whole process: one at a time.
static LEGACY: Mutex<()> = Mutex::new(());

pub(super) fn read(
    bytes: &[u8],
    password: &SecretString,
    alias: Option<&str>,
) -> Result<(PKey<Private>, Vec<X509>), BuildError> {
    let parsed = Pkcs12::from_der(bytes).or_else(|error| {
        // platforms inject files in base64
        match unwrapped(bytes) {
            Some(der) if der.first() == Some(&0x30) => Pkcs12::from_der(&der),
            _ => Err(error),
        }
    });
    let file = parsed.map_err(|error| {
        let remedy = if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            "the file is PEM: read it as PEM"
        } else {
            "check that the file is a .p12 or .pfx file, and whole"
        };
        BuildError::new(BuildErrorKind::NotAKeyFile, "the file is not PKCS#12")
            .with_remedy(Remedy::new(Who::You, remedy))
            .with_source(error)
    })?;
    // the openssl crate cannot pass it on, and no file was made with it
    if password.expose_secret().contains('\0') {
        return Err(wrong_password());
    }
    // written anew as DER: some programs write BER
    let der = file
        .to_der()
        .map_err(|error| crypto("the file cannot be encoded", error))?;
    let bags = safe_bags::keys(&der).unwrap_or_default();
    let choice = choose(&bags, alias)?;
    let with_mac = match safe_bags::without_mac(&der) {
        Some((auth_safe, content)) => mac::add(auth_safe, content, password.expose_secret())
            .and_then(|file| Pkcs12::from_der(&file))
            .map(Some)
            .map_err(|error| crypto("the file cannot be given a MAC", error))?,
        None => None,
    };
    let open = || {
        let opened = open_file(&file, choice, password.expose_secret());
        match &with_mac {
            Some(with_mac) if opened.is_err() => {
                open_file(with_mac, choice, password.expose_secret())
            }
            _ => opened,
        }
    };
    match open() {
        Err(error) if is_unsupported(&error) => {
            let _one_at_a_time = LEGACY.lock().unwrap_or_else(PoisonError::into_inner);
            // keeping the default provider: `load` alone would switch it off for the whole process
            let legacy = Provider::try_load(None, "legacy", true).map_err(no_legacy)?;
            let opened = open();
            drop(legacy);
            opened.map_err(|errors| refused(errors, with_mac.is_some()))
        }
        opened => opened.map_err(|errors| refused(errors, with_mac.is_some())),
    }?
    .ok_or_else(|| {
        BuildError::new(BuildErrorKind::NoKey, "there is no private key in the file").with_remedy(
            Remedy::new(
                Who::You,
                "export the certificate again, together with its private key",
            ),
        )
    })
}

/// Which of the file's keys is meant; `None` when the file holds one, or does not show its keys.
fn choose<'a, 'b>(
    bags: &'a [KeyBag<'b>],
    alias: Option<&str>,
) -> Result<Option<&'a KeyBag<'b>>, BuildError> {
    let names = || {
        let names: Vec<&str> = bags
            .iter()
            .map(|bag| bag.alias.as_deref().unwrap_or("(without a name)"))
            .collect();
        names.join(", ")
    };
    let Some(alias) = alias else {
        if bags.len() < 2 {
            return Ok(None);
        }
        return Err(BuildError::new(
            BuildErrorKind::SeveralKeys,
            format!("there are {} private keys in the file: {}", bags.len(), names()),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "choose one by its alias (MASKINPORTEN_KEY_ALIAS): the one for authentication, not the one for encryption; or export it into a file of its own",
        )));
    };
    let alias = alias.trim().to_lowercase();
    let mut named = bags.iter().filter(|bag| {
        bag.alias
            .as_ref()
            .is_some_and(|name| name.trim().to_lowercase() == alias)
    });
    match (named.next(), named.next()) {
        (Some(bag), None) => Ok(Some(bag)),
        (None, _) => Err(BuildError::new(
            BuildErrorKind::UnknownAlias,
            if bags.is_empty() {
                "the file does not show the names of its keys".to_owned()
            } else {
                format!("no key in the file has this alias; there are: {}", names())
            },
        )
        .with_remedy(Remedy::new(
            Who::You,
            "use one of the names in the file, or export the key into a file of its own",
        ))),
        (Some(_), Some(_)) => Err(BuildError::new(
            BuildErrorKind::SeveralKeys,
            format!("several keys in the file have this alias: {}", names()),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "export the key into a file of its own",
        ))),
    }
}

type Opened = Option<(PKey<Private>, Vec<X509>)>;

fn open_file(
    file: &Pkcs12,
    choice: Option<&KeyBag<'_>>,
    password: &str,
) -> Result<Opened, ErrorStack> {
    // checks the MAC, so a wrong password ends here
    let ParsedPkcs12_2 { pkey, cert, ca } = file.parse2(password)?;
    let key = match choice {
        Some(bag) if bag.is_encrypted => Some(PKey::private_key_from_pkcs8_passphrase(
            bag.der,
            password.as_bytes(),
        )?),
        Some(bag) => Some(PKey::private_key_from_pkcs8(bag.der)?),
        None => pkey,
    };
    let certificates = cert.into_iter().chain(ca.into_iter().flatten()).collect();
    Ok(key.map(|key| (key, certificates)))
}

/// `ERR_R_UNSUPPORTED`, which every library of OpenSSL 3 may raise: an algorithm that no loaded
/// provider has.
fn is_unsupported(errors: &ErrorStack) -> bool {
    errors
        .errors()
        .iter()
        .any(|error| error.code() & 0x7F_FFFF == 0x8_010C)
}

fn refused(errors: ErrorStack, is_without_mac: bool) -> BuildError {
    // mac verify failure; without a MAC the decryption fails (PKCS#12 cipher final, EVP bad decrypt)
    let wrong = |code| matches!(code, 0x1180_0071 | 0x1180_0074 | 0x0300_0064);
    if errors.errors().iter().any(|error| wrong(error.code())) {
        return wrong_password();
    }
    if is_unsupported(&errors) {
        return BuildError::new(
            BuildErrorKind::LegacyCipher,
            "the file is encrypted with a cipher that this OpenSSL does not have",
        )
        .with_remedy(convert())
        .with_source(errors);
    }
    // nothing but the MAC tells a wrong password from a damaged file: what it decrypts to is noise,
    // which fails in many ways
    if is_without_mac {
        return wrong_password();
    }
    BuildError::new(
        BuildErrorKind::NotAKeyFile,
        "the file cannot be read as PKCS#12",
    )
    .with_remedy(Remedy::new(Who::You, "check that the file is whole"))
    .with_source(errors)
}

fn wrong_password() -> BuildError {
    BuildError::new(
        BuildErrorKind::WrongPassword,
        "the password does not open the PKCS#12 file",
    )
    .with_remedy(Remedy::new(
        Who::You,
        "check the password (MASKINPORTEN_PKCS12_PASSWORD)",
    ))
}

fn no_legacy(errors: ErrorStack) -> BuildError {
    BuildError::new(
        BuildErrorKind::LegacyCipher,
        "the file is encrypted with an old cipher (RC2), and OpenSSL's module for those (legacy.so) is not there",
    )
    .with_remedy(convert())
    .with_source(errors)
}

fn convert() -> Remedy {
    Remedy::new(
        Who::You,
        "install OpenSSL's legacy provider module (legacy.so), or convert the file where it is: openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12",
    )
}
