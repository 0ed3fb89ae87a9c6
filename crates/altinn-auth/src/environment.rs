//! Where Altinn is.

use std::fmt;
use std::str::FromStr;

use http_transport::Origin;
use url::Url;

use crate::{BuildError, Provider};

/// One Altinn with the Maskinporten and the ID-porten that belong to it.
///
/// A token of one environment is worth nothing at another, and a credential that goes astray is worse.
/// So nothing of one is ever sent to another's hosts, and settings that mix two are refused when the
/// client is built, in words that name both.
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
    id_porten: Provider,
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
        // a custom name for production is still production
        let prod = maskinporten::Environment::prod();
        let id_porten = if maskinporten.issuer() == prod.issuer() {
            Provider::id_porten()
        } else {
            Provider::id_porten_test()
        };
        Ok(Self {
            name: name.into(),
            platform: base(platform, "the platform's URL")?,
            altinn2: altinn2
                .map(|url| base(url, "the Altinn 2 URL"))
                .transpose()?,
            maskinporten,
            id_porten,
        })
    }

    /// The same Altinn, with another ID-porten.
    #[must_use]
    pub fn with_id_porten(mut self, id_porten: Provider) -> Self {
        self.id_porten = id_porten;
        self
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
            id_porten: match name {
                "prod" => Provider::id_porten(),
                _ => Provider::id_porten_test(),
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

    /// Its ID-porten: where people log in. A custom environment has the one of its
    /// Maskinporten unless told otherwise: test, but for production's.
    #[must_use]
    pub fn id_porten(&self) -> &Provider {
        &self.id_porten
    }

    /// Refuses parts that are known to be of different environments.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let own = self.platform.host_str().unwrap_or_default();
        let others = [
            ("Altinn 2 host", self.altinn2.as_ref().map(Url::as_str)),
            ("Maskinporten", Some(self.maskinporten.issuer())),
            ("ID-porten", Some(self.id_porten.issuer())),
        ];
        for (what, url) in others {
            let host = url.and_then(|url| Url::parse(url).ok());
            let Some(host) = host.as_ref().and_then(Url::host_str) else {
                continue;
            };
            if let Some(sentence) = mix_up(own, host) {
                return Err(BuildError::environment(format!(
                    "the platform and the {what} are of different environments: {sentence}"
                )));
            }
        }
        Ok(())
    }

    /// Whether this host is known to be of another environment than this one: then the sentence that
    /// names both.
    pub(crate) fn mix_up_with(&self, host: &str) -> Option<String> {
        let known = environment_of(host)?;
        let own = environment_of(self.platform.host_str().unwrap_or_default());
        match own {
            Some(own) if own.agrees_with(known) => None,
            // on one's own machine ID-porten's and Maskinporten's test environments are at home
            None if known == Of::Test => None,
            _ => Some(format!(
                "{host} is of {known}, and this session is of {}",
                self.name
            )),
        }
    }
}

/// Which environment a public host is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// An Altinn, by its name.
    Altinn(&'static str),
    /// A Maskinporten or ID-porten that all of Altinn's test environments share.
    Test,
}

impl Of {
    fn agrees_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Altinn(one), Self::Altinn(other)) => one == other,
            (Self::Test, Self::Altinn(name)) | (Self::Altinn(name), Self::Test) => name != "prod",
            (Self::Test, Self::Test) => true,
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altinn(name) => name,
            Self::Test => "the test environments",
        })
    }
}

fn environment_of(host: &str) -> Option<Of> {
    let host = host.to_ascii_lowercase();
    // the first that fits: the more special before the more general
    [
        ("tt02.altinn.no", Of::Altinn("tt02")),
        ("tt02.altinn.basefarm.net", Of::Altinn("tt02")),
        ("at22.altinn.cloud", Of::Altinn("at22")),
        ("at23.altinn.cloud", Of::Altinn("at23")),
        ("at24.altinn.cloud", Of::Altinn("at24")),
        ("yt01.altinn.cloud", Of::Altinn("yt01")),
        ("altinn.no", Of::Altinn("prod")),
        ("test.maskinporten.no", Of::Test),
        ("maskinporten.no", Of::Altinn("prod")),
        ("test.idporten.no", Of::Test),
        ("idporten.no", Of::Altinn("prod")),
        ("test.ansattporten.no", Of::Test),
        ("ansattporten.no", Of::Altinn("prod")),
    ]
    .into_iter()
    .find(|(suffix, _)| {
        host.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
    .map(|(_, of)| of)
}

/// The sentence that names both, when two hosts are known to be of different environments.
fn mix_up(one: &str, other: &str) -> Option<String> {
    let (of_one, of_other) = (environment_of(one)?, environment_of(other)?);
    (!of_one.agrees_with(of_other))
        .then(|| format!("{one} is of {of_one}, and {other} is of {of_other}"))
}

pub(crate) fn base(text: &str, what: &'static str) -> Result<Url, BuildError> {
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
            .field("id_porten", &self.id_porten)
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
    fn every_environment_is_of_one_piece_and_a_mix_up_names_both() {
        for name in NAMES {
            let environment: Environment = name.parse().unwrap();
            environment.check().unwrap();
            for other in NAMES {
                let other: Environment = other.parse().unwrap();
                let host = other.platform().host_str().unwrap();
                let mix_up = environment.mix_up_with(host);
                assert_eq!(mix_up.is_some(), other.name() != name, "{name} {host}");
            }
        }
        let mixed = Environment::prod().with_maskinporten(maskinporten::Environment::test());
        let said = mixed.check().unwrap_err().to_string();
        assert!(
            said.contains("platform.altinn.no is of prod")
                && said.contains("test.maskinporten.no is of the test environments"),
            "{said}"
        );
        let mixed = Environment::tt02().with_id_porten(Provider::id_porten());
        let said = mixed.check().unwrap_err().to_string();
        assert!(said.contains("tt02") && said.contains("prod"), "{said}");
        let mixed = Environment::custom(
            "own",
            "https://platform.tt02.altinn.no",
            Some("https://www.altinn.no"),
            maskinporten::Environment::test(),
        )
        .unwrap();
        assert!(mixed.check().is_err());
        // hosts that nobody knows mix with all: a simulator, a proxy
        let own = Environment::custom(
            "own",
            "http://127.0.0.1:1",
            None,
            maskinporten::Environment::test(),
        )
        .unwrap();
        own.check().unwrap();
        assert!(own.mix_up_with("platform.altinn.no").is_some());
        assert!(
            own.mix_up_with("noaltinn.no").is_none(),
            "a look-alike is no known host"
        );
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
