//! Where Altinn is.

use std::fmt;
use std::str::FromStr;

use http_transport::Origin;
use url::Url;

use crate::BuildError;

/// One Altinn with the Maskinporten that belongs to it.
///
/// ```
/// use altinn_auth::Environment;
///
/// let tt02 = Environment::tt02();
/// assert_eq!(tt02.platform().as_str(), "https://platform.tt02.altinn.no/");
/// assert_eq!(tt02.maskinporten().issuer(), "https://test.maskinporten.no/");
/// assert!("tt03".parse::<Environment>().is_err());
/// # Ok::<(), altinn_auth::BuildError>(())
/// ```
///
/// Only `tt02` and `prod` are open to others than Altinn's own developers. The hosts are those of
/// <https://docs.altinn.studio/api/> and <https://docs.digdir.no/docs/Maskinporten/maskinporten_func_wellknown>.
#[derive(Clone)]
pub struct Environment {
    name: String,
    platform: Url,
    altinn2: Option<Url>,
    maskinporten: maskinporten::Environment,
}

/// The names that [`Environment`] knows.
const NAMES: [&str; 6] = ["prod", "tt02", "at22", "at23", "at24", "yt01"];

impl Environment {
    /// Production.
    #[must_use]
    pub fn prod() -> Self {
        Self::known("prod", "platform.altinn.no", Some("www.altinn.no"))
    }

    /// TT02, the test environment for everybody.
    #[must_use]
    pub fn tt02() -> Self {
        Self::known("tt02", "platform.tt02.altinn.no", Some("tt02.altinn.no"))
    }

    /// AT22, Altinn's own.
    #[must_use]
    pub fn at22() -> Self {
        Self::known(
            "at22",
            "platform.at22.altinn.cloud",
            Some("at22.altinn.cloud"),
        )
    }

    /// AT23, Altinn's own.
    #[must_use]
    pub fn at23() -> Self {
        Self::known(
            "at23",
            "platform.at23.altinn.cloud",
            Some("at23.altinn.cloud"),
        )
    }

    /// AT24, Altinn's own.
    #[must_use]
    pub fn at24() -> Self {
        Self::known(
            "at24",
            "platform.at24.altinn.cloud",
            Some("at24.altinn.cloud"),
        )
    }

    /// YT01, Altinn's own for load tests. It has no Altinn 2.
    #[must_use]
    pub fn yt01() -> Self {
        Self::known("yt01", "platform.yt01.altinn.cloud", None)
    }

    /// Any other, such as a simulator. Without `altinn2` its calls are refused here.
    ///
    /// # Errors
    ///
    /// When a URL is not absolute, or uses plain http to another machine than this.
    pub fn custom(
        name: impl Into<String>,
        platform: &str,
        altinn2: Option<&str>,
        maskinporten: maskinporten::Environment,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            name: name.into(),
            platform: base(platform, "the platform's URL")?,
            altinn2: altinn2
                .map(|url| base(url, "the Altinn 2 URL"))
                .transpose()?,
            maskinporten,
        })
    }

    /// The same Altinn, with another Maskinporten.
    #[must_use]
    pub fn with_maskinporten(mut self, maskinporten: maskinporten::Environment) -> Self {
        self.maskinporten = maskinporten;
        self
    }

    fn known(name: &str, platform: &str, altinn2: Option<&str>) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the hosts above are URLs, and a test reads them all"
        )]
        let url = |host: &str| Url::parse(&format!("https://{host}/")).expect("a known host");
        Self {
            name: name.to_owned(),
            platform: url(platform),
            altinn2: altinn2.map(url),
            maskinporten: match name {
                "prod" => maskinporten::Environment::prod(),
                _ => maskinporten::Environment::test(),
            },
        }
    }

    /// Its name, as `ALTINN_ENVIRONMENT` has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The platform's base URL: token exchange, access management and every other Altinn 3 API.
    #[must_use]
    pub fn platform(&self) -> &Url {
        &self.platform
    }

    /// The base URL of Altinn 2, which closed on 2026-06-19. Paths begin with `/api`.
    #[must_use]
    pub fn altinn2(&self) -> Option<&Url> {
        self.altinn2.as_ref()
    }

    /// Its Maskinporten.
    #[must_use]
    pub fn maskinporten(&self) -> &maskinporten::Environment {
        &self.maskinporten
    }
}

fn base(text: &str, what: &'static str) -> Result<Url, BuildError> {
    let refused = |why: &str| BuildError::environment(format!("{what} {why}: {text}"));
    let mut url = Url::parse(text).map_err(|_| refused("is not an absolute URL"))?;
    let origin: Origin = text
        .parse()
        .map_err(|_| refused("is not an http(s) URL with a host"))?;
    if !origin.is_secure_or_loopback() {
        return Err(refused("uses plain http to another machine than this"));
    }
    // a base without its slash would lose its last segment when a path is joined to it
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

impl FromStr for Environment {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        match name.trim().to_ascii_lowercase().as_str() {
            "prod" | "production" => Ok(Self::prod()),
            "tt02" => Ok(Self::tt02()),
            "at22" => Ok(Self::at22()),
            "at23" => Ok(Self::at23()),
            "at24" => Ok(Self::at24()),
            "yt01" => Ok(Self::yt01()),
            other => Err(BuildError::environment(format!(
                "there is no environment {other:?}; it is one of {}",
                NAMES.join(", ")
            ))),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("name", &self.name)
            .field("platform", &self.platform.as_str())
            .field("altinn2", &self.altinn2.as_ref().map(Url::as_str))
            .field("maskinporten", &self.maskinporten.issuer())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_environment_has_its_own_hosts() {
        let mut hosts = Vec::new();
        for name in NAMES {
            let environment: Environment = name.parse().unwrap();
            assert_eq!(environment.name(), name);
            let issuer = environment.maskinporten().issuer();
            assert_eq!(
                issuer == "https://maskinporten.no/",
                name == "prod",
                "{name}"
            );
            hosts.push(environment.platform().clone());
        }
        hosts.sort();
        hosts.dedup();
        assert_eq!(hosts.len(), NAMES.len());
    }

    #[test]
    fn a_custom_one_is_over_tls_or_on_this_machine() {
        let custom = |url| Environment::custom("own", url, None, maskinporten::Environment::test());
        assert_eq!(
            custom("http://127.0.0.1:1/x").unwrap().platform().path(),
            "/x/"
        );
        let error = custom("http://altinn.example/").unwrap_err();
        assert!(error.to_string().contains("plain http"), "{error}");
        assert!(custom("altinn.example").is_err());
    }
}
