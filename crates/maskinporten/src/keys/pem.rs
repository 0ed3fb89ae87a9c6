//! PEM: a key, encrypted or not, and certificates around it.

use http_transport::{ExposeSecret, Remedy, SecretString, Who};
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::chain;
use crate::{BuildError, BuildErrorKind};

pub(super) fn read(
    pem: &[u8],
    password: Option<&SecretString>,
) -> Result<(PKey<Private>, Vec<X509>), BuildError> {
    let labels = labels(pem);
    if labels.is_empty() {
        return Err(
            BuildError::new(BuildErrorKind::NotAKeyFile, "the file is not PEM").with_remedy(
                Remedy::new(
                    Who::You,
                    "give a text with -----BEGIN PRIVATE KEY-----, or read the file as PKCS#12",
                ),
            ),
        );
    }
    let keys = labels
        .iter()
        .filter(|label| label.ends_with("PRIVATE KEY"))
        .count();
    match keys {
        0 => {
            return Err(BuildError::new(
                BuildErrorKind::NoKey,
                "there is no private key in the file",
            )
            .with_remedy(Remedy::new(
                Who::You,
                "add the private key to the file, not only the certificate",
            )));
        }
        1 => {}
        several => {
            return Err(BuildError::new(
                BuildErrorKind::SeveralKeys,
                format!("there are {several} private keys in the file"),
            )
            .with_remedy(Remedy::new(
                Who::You,
                "leave one key in the file, with its certificates",
            )));
        }
    }
    let mut asked = false;
    // always with a callback: without one OpenSSL asks on the terminal
    let key = PKey::private_key_from_pem_callback(pem, |buffer| {
        asked = true;
        let Some(password) = password else {
            return Ok(0);
        };
        let password = password.expose_secret().as_bytes();
        let Some(room) = buffer.get_mut(..password.len()) else {
            return Ok(0);
        };
        room.copy_from_slice(password);
        Ok(password.len())
    });
    let key = key.map_err(|error| match (asked, password) {
        (true, None) => BuildError::new(
            BuildErrorKind::PasswordNeeded,
            "the private key is encrypted",
        )
        .with_remedy(Remedy::new(Who::You, "give its password")),
        (true, Some(_)) => BuildError::new(
            BuildErrorKind::WrongPassword,
            "the password does not open the private key",
        )
        .with_remedy(Remedy::new(Who::You, "check the password")),
        (false, _) => BuildError::new(
            BuildErrorKind::NotAKeyFile,
            "the private key in the file cannot be read",
        )
        .with_remedy(Remedy::new(Who::You, "check that the file is whole"))
        .with_source(error),
    })?;
    let certificates = if labels.iter().any(|label| label.ends_with("CERTIFICATE")) {
        chain::from_pem(pem)?
    } else {
        Vec::new()
    };
    Ok((key, certificates))
}

/// The labels of the PEM blocks.
fn labels(pem: &[u8]) -> Vec<&str> {
    pem.split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter_map(|line| {
            line.trim()
                .strip_prefix("-----BEGIN ")?
                .strip_suffix("-----")
        })
        .collect()
}
