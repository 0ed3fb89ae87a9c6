//! ID-porten and its siblings, as data.

use std::fmt;

use url::Url;

use crate::{BuildError, SecurityLevel};

/// An OpenID provider in which people log in: ID-porten, or one that is like it.
///
/// What makes a provider is data: its issuer, the words in which it names levels (`acr`), and the kinds
/// of `authorization_details` that it takes. Its endpoints are read from its metadata.
///
/// ```
/// use altinn_auth::{Provider, SecurityLevel};
///
/// let id_porten = Provider::id_porten_test();
/// assert_eq!(id_porten.issuer(), "https://test.idporten.no");
/// assert_eq!(id_porten.level_of("idporten-loa-high"), Some(SecurityLevel::FOUR));
/// assert_eq!(id_porten.acr_of(SecurityLevel::THREE), Some("idporten-loa-substantial"));
///
/// // a sibling is a setting
/// let own = Provider::custom("https://login.example.no/realms/x")?
///     .with_levels([("low", SecurityLevel::ONE), ("high", SecurityLevel::FOUR)]);
/// assert_eq!(own.metadata().as_str(), "https://login.example.no/realms/x/.well-known/openid-configuration");
/// # Ok::<(), altinn_auth::BuildError>(())
/// ```
///
/// Sources: <https://docs.digdir.no/docs/idporten/oidc/oidc_func_wellknown>,
/// <https://docs.digdir.no/docs/idporten/oidc/oidc_protocol_id_token>.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    issuer: String,
    metadata: Url,
    levels: Vec<(String, SecurityLevel)>,
    details: Vec<String>,
}

/// The levels as ID-porten names them, and what Altinn's exchange makes of them.
const ID_PORTEN: [(&str, SecurityLevel); 3] = [
    ("idporten-loa-low", SecurityLevel::ZERO),
    ("idporten-loa-substantial", SecurityLevel::THREE),
    ("idporten-loa-high", SecurityLevel::FOUR),
];

impl Provider {
    /// ID-porten in production, `https://idporten.no`.
    #[must_use]
    pub fn id_porten() -> Self {
        Self::known("https://idporten.no", &ID_PORTEN, "idporten:fullmakt")
    }

    /// ID-porten for tests, `https://test.idporten.no`, which goes with TT02.
    #[must_use]
    pub fn id_porten_test() -> Self {
        Self::known("https://test.idporten.no", &ID_PORTEN, "idporten:fullmakt")
    }

    /// Ansattporten in production: people who log in as employees. Its words for levels are not
    /// published as a list: give those of its metadata (`acr_values_supported`) with
    /// [`with_levels`](Self::with_levels), or no level can be asked for.
    #[must_use]
    pub fn ansattporten() -> Self {
        Self::known(
            "https://ansattporten.no",
            &[],
            "ansattporten:altinn:service",
        )
    }

    /// Ansattporten for tests: see [`ansattporten`](Self::ansattporten).
    #[must_use]
    pub fn ansattporten_test() -> Self {
        Self::known(
            "https://test.ansattporten.no",
            &[],
            "ansattporten:altinn:service",
        )
    }

    /// The ID-porten before 2024, `https://oidc-ver2.difi.no/idporten-oidc-provider/` and its likes: an
    /// issuer that ends with a slash, levels `Level3` and `Level4`. Production was shut down on
    /// 2024-02-23.
    ///
    /// # Errors
    ///
    /// As [`custom`](Self::custom).
    pub fn old_id_porten(issuer: &str) -> Result<Self, BuildError> {
        Ok(Self::custom(issuer)?.with_levels([
            ("Level3", SecurityLevel::THREE),
            ("Level4", SecurityLevel::FOUR),
        ]))
    }

    /// Any other, by its issuer, which is used to the letter. Its metadata is where OpenID Connect
    /// Discovery has it.
    ///
    /// # Errors
    ///
    /// When the issuer is not an absolute URL, or uses plain http to another machine than this.
    pub fn custom(issuer: &str) -> Result<Self, BuildError> {
        crate::environment::base(issuer, "the provider's issuer")?;
        let metadata = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let metadata = Url::parse(&metadata)
            .map_err(|_| BuildError::environment("the provider's issuer is not a URL"))?;
        Ok(Self {
            issuer: issuer.to_owned(),
            metadata,
            levels: Vec::new(),
            details: Vec::new(),
        })
    }

    /// Like ID-porten in everything but the issuer, such as a simulator of it.
    ///
    /// # Errors
    ///
    /// As [`custom`](Self::custom).
    pub fn like_id_porten(issuer: &str) -> Result<Self, BuildError> {
        Ok(Self::custom(issuer)?
            .with_levels(ID_PORTEN)
            .with_authorization_details(["idporten:fullmakt"]))
    }

    fn known(issuer: &str, levels: &[(&str, SecurityLevel)], details: &str) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the issuers above are URLs, and a test reads them all"
        )]
        let provider = Self::custom(issuer).expect("a known issuer");
        provider
            .with_levels(levels.iter().copied())
            .with_authorization_details([details])
    }

    /// Its words for levels (`acr`), in the place of those known.
    #[must_use]
    pub fn with_levels<A: Into<String>>(
        mut self,
        levels: impl IntoIterator<Item = (A, SecurityLevel)>,
    ) -> Self {
        self.levels = levels
            .into_iter()
            .map(|(acr, level)| (acr.into(), level))
            .collect();
        self.levels.sort_by_key(|(_, level)| *level);
        self
    }

    /// The types of `authorization_details` that it takes (RFC 9396), in the place of those known.
    #[must_use]
    pub fn with_authorization_details<T: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = T>,
    ) -> Self {
        self.details = types.into_iter().map(Into::into).collect();
        self
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where its metadata is.
    #[must_use]
    pub fn metadata(&self) -> &Url {
        &self.metadata
    }

    /// The level that an `acr` means; `None` for a word that is not known.
    #[must_use]
    pub fn level_of(&self, acr: &str) -> Option<SecurityLevel> {
        self.levels
            .iter()
            .find(|(known, _)| known == acr)
            .map(|(_, level)| *level)
    }

    /// The `acr` to ask for: that of the lowest level which is enough.
    #[must_use]
    pub fn acr_of(&self, level: SecurityLevel) -> Option<&str> {
        self.levels
            .iter()
            .find(|(_, known)| *known >= level)
            .map(|(acr, _)| acr.as_str())
    }

    /// Whether it takes `authorization_details` of this type.
    #[must_use]
    pub fn takes_details(&self, kind: &str) -> bool {
        self.details.iter().any(|known| known == kind)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_kept_to_the_letter() {
        let old =
            Provider::old_id_porten("https://oidc-ver2.difi.no/idporten-oidc-provider/").unwrap();
        assert_eq!(
            old.issuer(),
            "https://oidc-ver2.difi.no/idporten-oidc-provider/"
        );
        assert_eq!(
            old.metadata().as_str(),
            "https://oidc-ver2.difi.no/idporten-oidc-provider/.well-known/openid-configuration"
        );
        assert_eq!(old.acr_of(SecurityLevel::FOUR), Some("Level4"));
        for provider in [
            Provider::id_porten(),
            Provider::id_porten_test(),
            Provider::ansattporten(),
            Provider::ansattporten_test(),
        ] {
            assert!(!provider.issuer().ends_with('/'), "{provider:?}");
        }
        assert!(Provider::custom("http://idporten.example").is_err());
        // without a vocabulary there is no level to ask for
        assert_eq!(Provider::ansattporten().acr_of(SecurityLevel::THREE), None);
    }
}
