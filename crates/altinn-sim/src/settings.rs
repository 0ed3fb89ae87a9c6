//! The settings file that points the `altinn` command, or any shell, at a simulator.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::simulator::Simulator;
use crate::state::Shared;

pub(crate) fn write(simulator: &Simulator, sim: &Shared, file: &Path) -> Result<(), Error> {
    let failed = |path: &Path, e: io::Error| {
        Error::new(ErrorKind::File, format!("cannot write {}", path.display())).because(e)
    };
    let file = std::path::absolute(file).map_err(|e| failed(file, e))?;
    let pkcs12_file = beside(&file, ".p12");
    let ca_file = beside(&file, ".ca.pem");

    let cast = simulator.cast();
    let (pkcs12, pkcs12_password) = simulator.pkcs12(&cast.client)?;
    let ca = simulator.ca_pem()?;
    replace(&pkcs12_file, &pkcs12).map_err(|e| failed(&pkcs12_file, e))?;
    replace(&ca_file, &ca).map_err(|e| failed(&ca_file, e))?;

    let (scopes, api_key, subscription_key, user, redirect_uri, login_scopes) = {
        let world = sim.world();
        let client = world.client(&cast.client);
        let key = world.api_keys.iter().find(|k| k.name == cast.api_key);
        let user = world.enterprise_user(&cast.enterprise_user);
        let user = user.map(|u| (u.user_name.clone(), u.password.clone()));
        let login = world.client(&cast.login_client);
        (
            client.map(|c| c.scopes.join(" ")).unwrap_or_default(),
            key.map(|k| k.key.clone()),
            world.subscription_keys.first().map(|k| k.key.clone()),
            user,
            login.and_then(|c| c.redirect_uris.first().cloned()),
            login.map(|c| c.scopes.join(" ")).unwrap_or_default(),
        )
    };
    let path = |path: &Path| path.display().to_string();
    let mut settings = vec![
        ("MASKINPORTEN_CLIENT_ID", cast.client),
        ("MASKINPORTEN_ORGANISATION", cast.vendor),
        ("MASKINPORTEN_ISSUER", simulator.maskinporten_issuer()),
        ("MASKINPORTEN_TOKEN_ENDPOINT", simulator.token_endpoint()),
        ("MASKINPORTEN_SCOPES", scopes),
        ("MASKINPORTEN_PKCS12", path(&pkcs12_file)),
        (
            "MASKINPORTEN_PKCS12_PASSWORD",
            pkcs12_password.expose().to_owned(),
        ),
        ("ALTINN_PLATFORM_URL", simulator.platform_url().to_owned()),
        ("ALTINN_API_URL", simulator.altinn2_url().to_owned()),
        ("ALTINN_CA_FILE", path(&ca_file)),
    ];
    settings.extend([
        ("IDPORTEN_CLIENT_ID", cast.login_client.clone()),
        (
            "IDPORTEN_WELL_KNOWN_URL",
            format!(
                "{}/.well-known/openid-configuration",
                simulator.id_porten_issuer()
            ),
        ),
    ]);
    if let Ok(jwk) = simulator.client_jwk(&cast.login_client) {
        settings.push(("IDPORTEN_CLIENT_JWK", jwk.expose().to_owned()));
    }
    settings.push(("IDPORTEN_SCOPES", login_scopes));
    if let Some(uri) = redirect_uri {
        settings.push(("IDPORTEN_REDIRECT_URI", uri));
    }
    if let Some(key) = subscription_key {
        settings.push(("ALTINN_SUBSCRIPTION_KEY", key.expose().to_owned()));
    }
    if let Some(key) = api_key {
        settings.push(("ALTINN_API_KEY", key.expose().to_owned()));
    }
    if let Some((user_name, password)) = user {
        settings.push(("ALTINN_USERNAME", user_name));
        settings.push(("ALTINN_PASSWORD", password.expose().to_owned()));
    }
    let lines: String = settings
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect();
    replace(&file, lines.as_bytes()).map_err(|e| failed(&file, e))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// For a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let partial = beside(file, &format!(".{unique}.part"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options
        .open(&partial)
        .and_then(|mut out| {
            out.write_all(content)?;
            out.sync_all()
        })
        .and_then(|()| fs::rename(&partial, file));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(quoted("http://127.0.0.1:8400/"), "http://127.0.0.1:8400/");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
