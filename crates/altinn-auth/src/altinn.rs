//! One client for each environment and key, from which sessions are made.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http_transport::{
    Diagnosis, ExposeSecret, Remedy, RetryPolicy, Retrying, SecretString, Transport, Who,
};
use maskinporten::{ClientId, Signer};
use norwegian_ids::OrganisationNumber;
use token_cache::TokenCache;

use crate::cookie::{Cookie, Tickets};
use crate::kind::{
    BrowserUser, Certificate, CertificateUser, EnterpriseUser, EnterpriseUserCredentials,
    Organisation, PasswordCredentials, PasswordUser, SystemUser,
};
use crate::{BuildError, Environment, Error, ErrorKind, SecurityLevel, Session};

/// Altinn, as one client of one environment with one signing key.
///
/// It is cheap to clone, and holds the connections, the settings and the token cache. Who one is, is a
/// [`Session`]: a value for each call, of which a vendor has one for each customer.
#[derive(Clone)]
pub struct Altinn(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) environment: Environment,
    pub(crate) maskinporten: Option<maskinporten::Client>,
    pub(crate) transport: Arc<dyn Transport>,
    /// Shows the enterprise certificate.
    pub(crate) with_certificate: Option<Arc<dyn Transport>>,
    pub(crate) cache: TokenCache,
    pub(crate) api_key: Option<HeaderValue>,
    pub(crate) subscription_key: Option<HeaderValue>,
    pub(crate) product_keys: Vec<(String, HeaderValue)>,
    #[cfg(feature = "openssl")]
    pub(crate) keys: Option<crate::verify::AltinnKeys>,
}

impl Inner {
    pub(crate) fn maskinporten(&self) -> Result<&maskinporten::Client, Error> {
        self.maskinporten.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::NoMaskinporten,
                Diagnosis::new("get a token")
                    .with_message("this way in goes through Maskinporten")
                    .with_remedy(Remedy::new(
                        Who::You,
                        "give a Maskinporten client and its key (MASKINPORTEN_CLIENT_ID, and MASKINPORTEN_PKCS12, MASKINPORTEN_PEM or MASKINPORTEN_CLIENT_JWK)",
                    )),
            )
        })
    }

    pub(crate) fn with_certificate(
        &self,
        operation: &'static str,
    ) -> Result<&Arc<dyn Transport>, Error> {
        self.with_certificate.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::CertificateMissing,
                Diagnosis::new(operation)
                    .with_message("this way in shows an enterprise certificate in TLS")
                    .with_remedy(Remedy::new(
                        Who::You,
                        "give the enterprise certificate (virksomhetssertifikat) as a PKCS#12 file (MASKINPORTEN_PKCS12)",
                    )),
            )
        })
    }
}

impl fmt::Debug for Altinn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Altinn")
            .field("environment", &self.0.environment)
            .field("maskinporten", &self.0.maskinporten)
            .finish_non_exhaustive()
    }
}

impl Altinn {
    /// A builder for the client `client_id`, registered in the Maskinporten of `environment`, whose
    /// grants `signer` signs.
    pub fn builder(environment: Environment, client_id: ClientId, signer: Signer) -> AltinnBuilder {
        AltinnBuilder::new(environment, Some((client_id, signer)))
    }

    /// A builder without Maskinporten, for those who come in as a person, with a password, a cookie or an
    /// enterprise certificate.
    ///
    /// ```no_run
    /// use altinn_auth::{Altinn, Environment, PasswordCredentials};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let altinn = Altinn::without_maskinporten(Environment::tt02())
    ///     .api_key("my-key".into())
    ///     .build()?;
    /// let me = altinn.password_user(PasswordCredentials::new("user", "password".into())?);
    /// let request = http::Request::get("https://tt02.altinn.no/api/my/messages").body(bytes::Bytes::new())?;
    /// let answer = me.call("read the message box", request).await?; // logs in before
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn without_maskinporten(environment: Environment) -> AltinnBuilder {
        AltinnBuilder::new(environment, None)
    }

    /// One's own organisation: as a service owner (tjenesteeier), a vendor, or a supplier.
    #[must_use]
    pub fn organisation(&self) -> Session<Organisation> {
        Session::new(self.clone(), Organisation::default())
    }

    /// A customer's system user (systembruker); `owner` is the customer.
    #[must_use]
    pub fn system_user(&self, owner: OrganisationNumber) -> Session<SystemUser> {
        Session::new(
            self.clone(),
            SystemUser {
                owner,
                external_ref: None,
            },
        )
    }

    /// An enterprise user (virksomhetsbruker) of Altinn 2. Since 2026-06-26 the answer is that this way
    /// is closed.
    #[must_use]
    pub fn enterprise_user(
        &self,
        credentials: EnterpriseUserCredentials,
    ) -> Session<EnterpriseUser> {
        Session::new(self.clone(), EnterpriseUser { credentials })
    }

    /// A person at Altinn 2, by user name and password: level 1. The first call logs in; clones of the
    /// session share the log-in.
    #[must_use]
    pub fn password_user(&self, credentials: PasswordCredentials) -> Session<PasswordUser> {
        Session::new(
            self.clone(),
            PasswordUser {
                tickets: Arc::new(Tickets::of_password(credentials, false)),
            },
        )
    }

    /// Somebody who logged in at Altinn 2 through a browser, and whose `.ASPXAUTH` cookie the caller got.
    /// `level` is that of the log-in. What the session does not get back by itself is a new log-in.
    #[must_use]
    pub fn browser_user(&self, cookie: Cookie, level: SecurityLevel) -> Session<BrowserUser> {
        Session::new(
            self.clone(),
            BrowserUser {
                tickets: Arc::new(Tickets::of_cookie(cookie)),
                level,
            },
        )
    }

    /// One's own organisation at Altinn 2, by its enterprise certificate (virksomhetssertifikat): for the
    /// calls that need no user.
    #[must_use]
    pub fn certificate(&self) -> Session<Certificate> {
        Session::new(self.clone(), Certificate::default())
    }

    /// An enterprise user (virksomhetsbruker) at Altinn 2, by its password over the enterprise
    /// certificate.
    #[must_use]
    pub fn certificate_user(
        &self,
        credentials: EnterpriseUserCredentials,
    ) -> Session<CertificateUser> {
        Session::new(
            self.clone(),
            CertificateUser {
                tickets: Arc::new(Tickets::of_password(credentials, true)),
            },
        )
    }

    /// A person who logged in at ID-porten or a sibling; the session exchanges the log-in's token.
    /// With [`direct`](Session::direct) it is used as it is.
    #[cfg(feature = "openssl")]
    #[must_use]
    pub fn person(&self, login: Arc<crate::id_porten::Login>) -> Session<crate::Person> {
        Session::new(
            self.clone(),
            crate::Person {
                login,
                direct: false,
            },
        )
    }

    /// What a vendor of systems does: the system register and the system users of its customers.
    #[must_use]
    pub fn vendor(&self) -> crate::vendor::Vendor {
        crate::vendor::Vendor::new(self.clone())
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The Maskinporten client below, for tokens that are not for Altinn; `None` when it was built
    /// [without](Self::without_maskinporten).
    #[must_use]
    pub fn maskinporten(&self) -> Option<&maskinporten::Client> {
        self.0.maskinporten.as_ref()
    }
}

/// Makes an [`Altinn`].
pub struct AltinnBuilder {
    environment: Environment,
    maskinporten: Option<(ClientId, Signer)>,
    owner: Option<OrganisationNumber>,
    transport: Option<Arc<dyn Transport>>,
    trusted: Vec<Vec<u8>>,
    with_certificate: Option<Arc<dyn Transport>>,
    identity: Option<(Vec<u8>, SecretString)>,
    cache: Option<TokenCache>,
    api_key: Option<SecretString>,
    subscription_key: Option<SecretString>,
    product_keys: Vec<(String, SecretString)>,
    #[cfg(feature = "openssl")]
    verify: bool,
}

impl fmt::Debug for AltinnBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AltinnBuilder")
            .field("environment", &self.environment)
            .field("client_id", &self.maskinporten.as_ref().map(|(id, _)| id))
            .finish_non_exhaustive()
    }
}

impl AltinnBuilder {
    fn new(environment: Environment, maskinporten: Option<(ClientId, Signer)>) -> Self {
        Self {
            environment,
            maskinporten,
            owner: None,
            transport: None,
            trusted: Vec::new(),
            with_certificate: None,
            identity: None,
            cache: None,
            api_key: None,
            subscription_key: None,
            product_keys: Vec::new(),
            #[cfg(feature = "openssl")]
            verify: false,
        }
    }

    /// The organisation that owns the Maskinporten client, where it is known: errors name it beside the
    /// certificate's.
    #[must_use]
    pub fn owner(mut self, owner: OrganisationNumber) -> Self {
        self.owner = Some(owner);
        self
    }

    /// The API key (API-nøkkel) that Altinn 2 wants on every call.
    #[must_use]
    pub fn api_key(mut self, key: SecretString) -> Self {
        self.api_key = Some(key);
        self
    }

    /// The subscription key of the platform's gateway, for every product that has none of its own.
    #[must_use]
    pub fn subscription_key(mut self, key: SecretString) -> Self {
        self.subscription_key = Some(key);
        self
    }

    /// The subscription key of one product. A product is named by the first segment of its paths on the
    /// platform: `authorization` (PDP), `storage`, `events`, `correspondence`, `broker`, ….
    #[must_use]
    pub fn product_key(mut self, product: impl Into<String>, key: SecretString) -> Self {
        self.product_keys.push((product.into(), key));
        self
    }

    /// The transport; without the feature `reqwest` one is needed.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Trusts the certificate authorities in this PEM text beside the system's, on every connection
    /// that the client makes itself, to whichever host.
    #[must_use]
    pub fn trust_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trusted.push(pem.into());
        self
    }

    /// The enterprise certificate (virksomhetssertifikat) to show in TLS to Altinn 2, straight from its
    /// PKCS#12 file, old ones included.
    ///
    /// # Errors
    ///
    /// When the file cannot be read; see [`maskinporten::Signer::from_pkcs12`].
    #[cfg(feature = "openssl")]
    pub fn client_certificate(
        mut self,
        pkcs12: &[u8],
        password: &SecretString,
    ) -> Result<Self, BuildError> {
        self.identity = Some(Signer::loader().tls_identity(pkcs12, password)?);
        Ok(self)
    }

    /// A transport that shows the enterprise certificate, in the place of the one that the client makes
    /// of [`client_certificate`](Self::client_certificate).
    #[must_use]
    pub fn certificate_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.with_certificate = Some(transport);
        self
    }

    /// The cache of tokens; one in memory unless another is given.
    #[must_use]
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Verifies every token that Altinn gives against Altinn's own keys (JWKS) before it is used.
    #[cfg(feature = "openssl")]
    #[must_use]
    pub fn verify_tokens(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the environment's parts are of different environments, a key holds characters that no header
    /// can carry, or the transport cannot be set up.
    pub fn build(self) -> Result<Altinn, BuildError> {
        self.environment.check()?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&self.trusted, None)?,
        };
        let with_certificate = match (self.with_certificate, &self.identity) {
            (None, Some(identity)) => Some(default_transport(&self.trusted, Some(identity))?),
            (given, _) => given,
        };
        let retrying = |transport| -> Arc<dyn Transport> {
            Arc::new(Retrying::new(transport, RetryPolicy::default()))
        };
        let cache = self.cache.unwrap_or_default();
        let maskinporten = self
            .maskinporten
            .map(|(client_id, signer)| {
                let mut builder = maskinporten::Client::builder(
                    self.environment.maskinporten().clone(),
                    client_id,
                    signer,
                )
                .transport(transport.clone())
                .cache(cache.clone());
                if let Some(owner) = self.owner {
                    builder = builder.owner(owner);
                }
                builder.build()
            })
            .transpose()?;
        #[cfg(feature = "openssl")]
        let keys = self
            .verify
            .then(|| crate::verify::AltinnKeys::of(&self.environment));
        Ok(Altinn(Arc::new(Inner {
            environment: self.environment,
            maskinporten,
            transport: retrying(transport),
            with_certificate: with_certificate.map(retrying),
            cache,
            api_key: self
                .api_key
                .map(|key| header_value(&key, "the API key"))
                .transpose()?,
            subscription_key: self
                .subscription_key
                .map(|key| header_value(&key, "the subscription key"))
                .transpose()?,
            product_keys: self
                .product_keys
                .into_iter()
                .map(|(product, key)| {
                    let key = header_value(&key, "a product's subscription key")?;
                    Ok((product.trim_matches('/').to_ascii_lowercase(), key))
                })
                .collect::<Result<_, BuildError>>()?,
            #[cfg(feature = "openssl")]
            keys,
        })))
    }
}

pub(crate) fn header_value(secret: &SecretString, what: &str) -> Result<HeaderValue, BuildError> {
    let mut value = HeaderValue::from_str(secret.expose_secret().trim())
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            BuildError::key(format!(
                "{what} is empty or holds characters that no header can carry"
            ))
        })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(feature = "reqwest")]
pub(crate) fn default_transport(
    trusted: &[Vec<u8>],
    identity: Option<&(Vec<u8>, SecretString)>,
) -> Result<Arc<dyn Transport>, BuildError> {
    let mut builder = http_transport::ReqwestTransport::builder();
    for pem in trusted {
        builder = builder.trust_pem(pem)?;
    }
    if let Some((certificates, key)) = identity {
        builder = builder.client_identity(certificates, key)?;
    }
    Ok(Arc::new(builder.build()?))
}

#[cfg(not(feature = "reqwest"))]
pub(crate) fn default_transport(
    _trusted: &[Vec<u8>],
    _identity: Option<&(Vec<u8>, SecretString)>,
) -> Result<Arc<dyn Transport>, BuildError> {
    Err(BuildError::transport(
        "no transport: give one, or build with the feature `reqwest`",
    ))
}
