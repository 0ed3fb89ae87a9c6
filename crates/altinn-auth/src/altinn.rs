//! One client for each environment and key, from which sessions are made.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http_transport::{ExposeSecret, RetryPolicy, Retrying, SecretString, Transport};
use maskinporten::{ClientId, Signer};
use norwegian_ids::OrganisationNumber;
use token_cache::TokenCache;

use crate::kind::{EnterpriseUser, EnterpriseUserCredentials, Organisation, SystemUser};
use crate::{BuildError, Environment, Session};

/// Altinn, as one client of one environment with one signing key.
///
/// It is cheap to clone, and holds the connections, the settings and the token cache. Who one is, is a
/// [`Session`]: a value for each call, of which a vendor has one for each customer.
#[derive(Clone)]
pub struct Altinn(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) environment: Environment,
    pub(crate) maskinporten: maskinporten::Client,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) cache: TokenCache,
    pub(crate) api_key: Option<HeaderValue>,
    pub(crate) subscription_key: Option<HeaderValue>,
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
        AltinnBuilder {
            environment,
            client_id,
            owner: None,
            signer,
            transport: None,
            cache: None,
            api_key: None,
            subscription_key: None,
        }
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

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The Maskinporten client below, for tokens that are not for Altinn.
    #[must_use]
    pub fn maskinporten(&self) -> &maskinporten::Client {
        &self.0.maskinporten
    }
}

/// Makes an [`Altinn`].
pub struct AltinnBuilder {
    environment: Environment,
    client_id: ClientId,
    owner: Option<OrganisationNumber>,
    signer: Signer,
    transport: Option<Arc<dyn Transport>>,
    cache: Option<TokenCache>,
    api_key: Option<SecretString>,
    subscription_key: Option<SecretString>,
}

impl fmt::Debug for AltinnBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AltinnBuilder")
            .field("environment", &self.environment)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl AltinnBuilder {
    /// The organisation that owns the client, where it is known: errors name it beside the
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

    /// The subscription key of the platform's gateway, which some APIs want (PDP).
    #[must_use]
    pub fn subscription_key(mut self, key: SecretString) -> Self {
        self.subscription_key = Some(key);
        self
    }

    /// The transport; without the feature `reqwest` one is needed.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The cache of tokens; one in memory unless another is given.
    #[must_use]
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When a key holds characters that no header can carry, or the transport cannot be set up.
    pub fn build(self) -> Result<Altinn, BuildError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let cache = self.cache.unwrap_or_default();
        let mut maskinporten = maskinporten::Client::builder(
            self.environment.maskinporten().clone(),
            self.client_id,
            self.signer,
        )
        .transport(transport.clone())
        .cache(cache.clone());
        if let Some(owner) = self.owner {
            maskinporten = maskinporten.owner(owner);
        }
        let maskinporten = maskinporten.build()?;
        Ok(Altinn(Arc::new(Inner {
            environment: self.environment,
            maskinporten,
            transport: Arc::new(Retrying::new(transport, RetryPolicy::default())),
            cache,
            api_key: self
                .api_key
                .map(|key| header_value(&key, "the API key"))
                .transpose()?,
            subscription_key: self
                .subscription_key
                .map(|key| header_value(&key, "the subscription key"))
                .transpose()?,
        })))
    }
}

fn header_value(secret: &SecretString, what: &str) -> Result<HeaderValue, BuildError> {
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
fn default_transport() -> Result<Arc<dyn Transport>, BuildError> {
    Ok(Arc::new(
        http_transport::ReqwestTransport::builder().build()?,
    ))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn Transport>, BuildError> {
    Err(BuildError::transport(
        "no transport: give one, or build with the feature `reqwest`",
    ))
}
