//! Which Maskinporten: issuer, token endpoint, metadata.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http_transport::{Origin, Remedy, Transport, Who, decode_json};
use serde::Deserialize;
use url::Url;

use crate::{BuildError, BuildErrorKind};

/// One Maskinporten: its issuer, where it hands out tokens, where it describes itself.
///
/// ```
/// use maskinporten::Environment;
///
/// let test = Environment::test();
/// assert_eq!(test.issuer(), "https://test.maskinporten.no/"); // with the slash: it is the grant's `aud`
/// assert_eq!(test.token_endpoint().as_str(), "https://test.maskinporten.no/token");
///
/// let local = Environment::custom("http://127.0.0.1:8080/", "http://127.0.0.1:8080/token")?;
/// assert!(Environment::custom("http://10.0.0.1/", "http://10.0.0.1/token").is_err()); // not over plain http
/// # Ok::<(), maskinporten::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    issuer: String,
    token_endpoint: Url,
    metadata: Url,
    jwks: Url,
}

impl Environment {
    /// Production, `https://maskinporten.no/`.
    #[must_use]
    pub fn prod() -> Self {
        Self::known("https://maskinporten.no/")
    }

    /// Test, `https://test.maskinporten.no/`, which goes with Altinn's TT02.
    #[must_use]
    pub fn test() -> Self {
        Self::known("https://test.maskinporten.no/")
    }

    fn known(issuer: &str) -> Self {
        let url = |path: &str| Url::parse(&format!("{issuer}{path}")).expect("a constant URL");
        Self {
            issuer: issuer.into(),
            token_endpoint: url("token"),
            metadata: url(".well-known/oauth-authorization-server"),
            jwks: url("jwk"),
        }
    }

    /// Any other environment, such as a simulator.
    ///
    /// The issuer is the grant's `aud` and is used to the letter, but for Maskinporten's own hosts,
    /// whose rule is known: `https://test.maskinporten.no` gets the slash that belongs to it,
    /// Skyporten's issuers (`https://sky.maskinporten.no`) lose one that does not.
    ///
    /// # Errors
    ///
    /// When a URL is not absolute, or uses plain http to another machine than this.
    pub fn custom(issuer: &str, token_endpoint: &str) -> Result<Self, BuildError> {
        let issuer_url = secure_url("issuer", issuer)?;
        let token_endpoint = secure_url("token endpoint", token_endpoint)?;
        let issuer = canonical_issuer(issuer.trim(), &issuer_url);
        let metadata = secure_url("issuer", &metadata_url(&issuer, &issuer_url))?;
        let jwks = secure_url("issuer", &jwks_url(&issuer))?;
        Ok(Self {
            issuer,
            token_endpoint,
            metadata,
            jwks,
        })
    }

    /// The environment that a metadata document (RFC 8414) describes, fetched from `metadata`.
    ///
    /// # Errors
    ///
    /// When the document is of another issuer than the host it came from, or sends grants to an
    /// endpoint that does not belong to its issuer: such a document would send credentials to
    /// somebody else.
    pub fn from_metadata(metadata: &str, document: &Metadata) -> Result<Self, BuildError> {
        let metadata = secure_url("metadata URL", metadata)?;
        let issuer_url = secure_url("issuer", &document.issuer)?;
        let token_endpoint = secure_url("token endpoint", &document.token_endpoint)?;
        if issuer_url.origin() != metadata.origin() {
            return Err(foreign(format!(
                "the metadata at {} is of another issuer, {}",
                host(&metadata),
                host(&issuer_url)
            )));
        }
        let below = issuer_url.path().trim_end_matches('/');
        let belongs = token_endpoint.origin() == issuer_url.origin()
            && token_endpoint
                .path()
                .strip_prefix(below)
                .is_some_and(|rest| rest.starts_with('/'));
        if !belongs {
            return Err(foreign(format!(
                "the metadata's token endpoint at {} does not belong to its issuer {}",
                host(&token_endpoint),
                document.issuer
            )));
        }
        let jwks = match &document.jwks_uri {
            Some(jwks) => secure_url("address of the issuer's keys", jwks)?,
            None => secure_url("issuer", &jwks_url(&document.issuer))?,
        };
        if jwks.origin() != issuer_url.origin() {
            return Err(foreign(format!(
                "the metadata's keys at {} do not belong to its issuer {}",
                host(&jwks),
                document.issuer
            )));
        }
        Ok(Self {
            issuer: document.issuer.clone(),
            token_endpoint,
            metadata,
            jwks,
        })
    }

    /// Fetches the metadata document and takes the environment from it. [`Discovery`](crate::Discovery)
    /// keeps it for a day and looks again then.
    ///
    /// # Errors
    ///
    /// When it cannot be fetched or read, and as [`from_metadata`](Self::from_metadata).
    pub async fn discover(metadata: &str, transport: &dyn Transport) -> Result<Self, BuildError> {
        let (environment, _) = Self::discover_document(metadata, transport).await?;
        Ok(environment)
    }

    pub(crate) async fn discover_document(
        metadata: &str,
        transport: &dyn Transport,
    ) -> Result<(Self, Metadata), BuildError> {
        const OPERATION: &str = "read Maskinporten's metadata";
        let url = secure_url("metadata URL", metadata)?;
        let request = http::Request::get(url.as_str())
            .header(http::header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| invalid_url("metadata URL"))?;
        let unusable = |error: http_transport::Error| {
            BuildError::new(
                BuildErrorKind::Metadata,
                "could not read Maskinporten's metadata",
            )
            .with_transport(&error)
        };
        let response = transport.send(request).await.map_err(unusable)?;
        if !response.status().is_success() {
            return Err(BuildError::new(
                BuildErrorKind::Metadata,
                format!(
                    "Maskinporten's metadata could not be had: HTTP {}",
                    response.status().as_u16()
                ),
            )
            .with_remedy(Remedy::new(Who::You, "check the metadata URL")));
        }
        let document: Metadata = decode_json(OPERATION, &response).map_err(unusable)?;
        let environment = Self::from_metadata(metadata, &document)?;
        Ok((environment, document))
    }

    /// The issuer, to the letter: the grant's `aud`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where grants are exchanged for tokens.
    #[must_use]
    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    /// Where the keys are that its tokens are signed with: as its metadata says, else `/jwk` below
    /// the issuer, which is Maskinporten's own place for them.
    #[must_use]
    pub fn jwks_url(&self) -> &Url {
        &self.jwks
    }

    /// Where the metadata document is.
    #[must_use]
    pub fn metadata_url(&self) -> &Url {
        &self.metadata
    }

    /// Where a client's owner administers it: Digdir's self-service for this environment.
    #[must_use]
    pub fn self_service(&self) -> &'static str {
        match self.issuer.as_str() {
            "https://maskinporten.no/" => "https://sjolvbetjening.samarbeid.digdir.no",
            "https://test.maskinporten.no/" => "https://sjolvbetjening.test.samarbeid.digdir.no",
            _ => "Digdir's self-service (Samarbeidsportalen) of this environment",
        }
    }
}

impl FromStr for Environment {
    type Err = BuildError;

    /// `prod` or `test`.
    fn from_str(name: &str) -> Result<Self, BuildError> {
        match name.trim().to_ascii_lowercase().as_str() {
            "prod" | "production" => Ok(Self::prod()),
            "test" => Ok(Self::test()),
            _ => Err(BuildError::new(
                BuildErrorKind::Environment,
                "no Maskinporten environment has this name",
            )
            .with_remedy(Remedy::new(
                Who::You,
                "say prod or test, or give the issuer and the token endpoint of another environment",
            ))),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("issuer", &self.issuer)
            .field("token_endpoint", &self.token_endpoint.as_str())
            .finish_non_exhaustive()
    }
}

/// The metadata document of an authorization server (RFC 8414), as far as it is used here.
/// Members that are not known are ignored.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Metadata {
    /// Who issues the tokens: `iss` of a token and `aud` of a grant.
    pub issuer: String,
    /// Where grants are exchanged for tokens.
    pub token_endpoint: String,
    /// Where the keys are that tokens are signed with.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// The algorithms that a grant may be signed with.
    #[serde(default)]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// The types of `authorization_details` (RFC 9396) that are understood.
    #[serde(default)]
    pub authorization_details_types_supported: Vec<String>,
}

impl Metadata {
    /// A document with the members that every one has.
    #[must_use]
    pub fn new(issuer: impl Into<String>, token_endpoint: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            token_endpoint: token_endpoint.into(),
            jwks_uri: None,
            token_endpoint_auth_signing_alg_values_supported: Vec::new(),
            authorization_details_types_supported: Vec::new(),
        }
    }
}

fn is_skyporten(url: &Url) -> bool {
    matches!(
        url.host_str(),
        Some("sky.maskinporten.no" | "test.sky.maskinporten.no")
    )
}

fn canonical_issuer(text: &str, url: &Url) -> String {
    let ours = url.host_str().is_some_and(|host| {
        host == "maskinporten.no"
            || host == "maskinporten.dev"
            || host.ends_with(".maskinporten.no")
    });
    match (ours && url.path() == "/", is_skyporten(url)) {
        (true, true) => text.trim_end_matches('/').into(),
        (true, false) => format!("{}/", text.trim_end_matches('/')),
        _ => text.into(),
    }
}

fn jwks_url(issuer: &str) -> String {
    format!("{}/jwk", issuer.trim_end_matches('/'))
}

fn metadata_url(issuer: &str, url: &Url) -> String {
    let document = if is_skyporten(url) {
        "openid-configuration"
    } else {
        "oauth-authorization-server"
    };
    // the issuer may or may not end in a slash: never two of them
    format!("{}/.well-known/{document}", issuer.trim_end_matches('/'))
}

fn host(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn invalid_url(what: &str) -> BuildError {
    BuildError::new(
        BuildErrorKind::Environment,
        format!("the {what} is not an absolute URL, such as https://test.maskinporten.no/"),
    )
}

fn foreign(message: String) -> BuildError {
    BuildError::new(BuildErrorKind::Metadata, message).with_remedy(Remedy::new(
        Who::You,
        "check the metadata URL; if it is right, whoever runs that server must correct the document",
    ))
}

fn secure_url(what: &str, text: &str) -> Result<Url, BuildError> {
    let url = Url::parse(text.trim()).map_err(|_| invalid_url(what))?;
    let origin: Origin = url.as_str().parse().map_err(|_| invalid_url(what))?;
    if !origin.is_secure_or_loopback() {
        return Err(BuildError::new(
            BuildErrorKind::Environment,
            format!("the {what} uses plain http to another machine"),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "use https; plain http is for this machine only",
        )));
    }
    Ok(url)
}
