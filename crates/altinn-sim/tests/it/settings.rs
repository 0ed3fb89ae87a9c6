//! The settings file: its names, its files, who can read them, and that they work.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use openssl::pkcs12::Pkcs12;

use crate::client::{Grant, started};

#[tokio::test]
async fn the_settings_are_complete_private_and_work() {
    let sim = started().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("it's.env");
    sim.write_env(&file).unwrap();
    sim.write_env(&file).unwrap();

    let script = format!(
        "set -a; . '{}'; env -0",
        file.display().to_string().replace('\'', r"'\''")
    );
    let out = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    let settings: HashMap<&str, &str> = out
        .split('\0')
        .filter_map(|line| line.split_once('='))
        .collect();

    let cast = sim.cast();
    assert_eq!(settings["MASKINPORTEN_CLIENT_ID"], cast.client);
    assert_eq!(settings["MASKINPORTEN_ISSUER"], sim.maskinporten_issuer());
    assert_eq!(
        settings["MASKINPORTEN_TOKEN_ENDPOINT"],
        sim.token_endpoint()
    );
    assert_eq!(settings["ALTINN_PLATFORM_URL"], sim.platform_url());
    assert_eq!(settings["ALTINN_API_URL"], sim.altinn2_url());
    let world = sim.world();
    let key = world.api_key(settings["ALTINN_API_KEY"]).unwrap();
    assert_eq!(key.organisation, cast.vendor);
    let user = world.enterprise_user(settings["ALTINN_USERNAME"]).unwrap();
    assert_eq!(settings["ALTINN_PASSWORD"], user.password.expose());

    assert_eq!(settings["IDPORTEN_CLIENT_ID"], cast.login_client);
    assert!(settings["IDPORTEN_WELL_KNOWN_URL"].starts_with(sim.id_porten_issuer()));
    let jwk = sim.client_jwk(&cast.login_client).unwrap();
    assert_eq!(settings["IDPORTEN_CLIENT_JWK"], jwk.expose());
    let client = world.client(&cast.login_client).unwrap();
    assert_eq!(settings["IDPORTEN_REDIRECT_URI"], client.redirect_uris[0]);

    let p12 = std::fs::read(settings["MASKINPORTEN_PKCS12"]).unwrap();
    let p12 = Pkcs12::from_der(&p12).unwrap();
    let p12 = p12
        .parse2(settings["MASKINPORTEN_PKCS12_PASSWORD"])
        .unwrap();
    assert!(p12.pkey.is_some() && p12.cert.is_some() && p12.ca.unwrap().len() == 2);
    // All the scopes at once, as a plain organisation.
    let all = Grant::by_certificate(&sim)
        .scope(settings["MASKINPORTEN_SCOPES"])
        .send(&sim)
        .await;
    assert_eq!(all.status, 200, "{}", all.text);

    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
            entry.file_name().into_string().unwrap()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["it's.env", "it's.env.ca.pem", "it's.env.p12"]);
    for path in ["MASKINPORTEN_PKCS12", "ALTINN_CA_FILE"] {
        assert!(Path::new(settings[path]).is_absolute());
    }
    let missing = directory.path().join("finnes/ikke/fil");
    assert!(
        sim.write_env(&missing)
            .unwrap_err()
            .to_string()
            .contains("finnes/ikke/fil")
    );
}
