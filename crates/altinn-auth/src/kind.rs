//! Who one is. Each way in is a type of its own, so that a call that needs a person or a system user
//! cannot be given an organisation's token.

use std::fmt;
use std::sync::Arc;

use http_transport::{ExposeSecret, SecretString};
use norwegian_ids::OrganisationNumber;

use crate::cookie::Tickets;
#[cfg(feature = "openssl")]
use crate::id_porten::Login;
use crate::{BuildError, SecurityLevel};

mod sealed {
    pub trait Sealed {}
}

/// A way of being someone at Altinn. The ways are those of this module.
pub trait Kind: sealed::Sealed + Clone + Send + Sync + fmt::Debug + 'static {
    #[doc(hidden)]
    fn describe(&self) -> Way<'_>;

    /// The security level (sikkerhetsnivå) that this way in gives.
    fn level(&self) -> SecurityLevel {
        SecurityLevel::THREE
    }
}

/// The ways in that end in a token, and not in a cookie or a TLS connection.
pub trait ByToken: Kind {}

/// The ways in that begin with a grant of one's own at Maskinporten, for scopes that one names.
pub trait ByMaskinporten: ByToken {}

/// What a session of a kind adds to the grant and to the exchange.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub enum Way<'a> {
    Organisation {
        on_behalf_of: Option<OrganisationNumber>,
        test: bool,
        direct: bool,
    },
    SystemUser {
        owner: OrganisationNumber,
        external_ref: Option<&'a str>,
    },
    EnterpriseUser(&'a EnterpriseUserCredentials),
    #[cfg(feature = "openssl")]
    Person {
        login: &'a Arc<Login>,
        direct: bool,
    },
    Cookie(&'a Arc<Tickets>),
    Certificate,
}

/// Those who may call Altinn 3's end-user endpoints: people and system users. An organisation's token
/// gets an empty 403 there.
pub trait EndUser: Kind {}

/// Those who were somebody on Altinn 2's `{who}` endpoints: people and enterprise users.
pub trait Altinn2User: Kind {}

/// An organisation by itself: a service owner (tjenesteeier), a vendor, or a supplier acting for a
/// consumer that delegated the scope.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Organisation {
    pub(crate) on_behalf_of: Option<OrganisationNumber>,
    pub(crate) test: bool,
    pub(crate) direct: bool,
}

/// A system user (systembruker): a vendor's system in the name of its customer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SystemUser {
    pub(crate) owner: OrganisationNumber,
    pub(crate) external_ref: Option<String>,
}

/// An enterprise user (virksomhetsbruker) of Altinn 2. The way in was closed on 2026-06-26.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnterpriseUser {
    pub(crate) credentials: EnterpriseUserCredentials,
}

/// A person who logged in at ID-porten or a sibling: see [`IdPorten`](crate::id_porten::IdPorten).
#[cfg(feature = "openssl")]
#[derive(Clone)]
#[non_exhaustive]
pub struct Person {
    pub(crate) login: Arc<Login>,
    pub(crate) direct: bool,
}

#[cfg(feature = "openssl")]
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("login", &self.login)
            .field("direct", &self.direct)
            .finish()
    }
}

/// A person who came in at Altinn 2 with user name and password, level 1. Altinn 2 closed on 2026-06-19.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasswordUser {
    pub(crate) tickets: Arc<Tickets>,
}

/// Somebody whose `.ASPXAUTH` cookie the caller got: the older log-in through a browser and ID-porten.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrowserUser {
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) level: SecurityLevel,
}

/// An organisation by its enterprise certificate (virksomhetssertifikat) in TLS, at Altinn 2, for the
/// calls that need no user.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Certificate {}

/// An enterprise user (virksomhetsbruker) that comes in with its password over the enterprise
/// certificate's TLS.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificateUser {
    pub(crate) tickets: Arc<Tickets>,
}

impl sealed::Sealed for Organisation {}
#[cfg(feature = "openssl")]
impl sealed::Sealed for Person {}
impl sealed::Sealed for PasswordUser {}
impl sealed::Sealed for BrowserUser {}
impl sealed::Sealed for Certificate {}
impl sealed::Sealed for CertificateUser {}
impl sealed::Sealed for SystemUser {}
impl sealed::Sealed for EnterpriseUser {}

impl Kind for Organisation {
    fn describe(&self) -> Way<'_> {
        Way::Organisation {
            on_behalf_of: self.on_behalf_of,
            test: self.test,
            direct: self.direct,
        }
    }
}

impl Kind for SystemUser {
    fn describe(&self) -> Way<'_> {
        Way::SystemUser {
            owner: self.owner,
            external_ref: self.external_ref.as_deref(),
        }
    }
}

impl Kind for EnterpriseUser {
    fn describe(&self) -> Way<'_> {
        Way::EnterpriseUser(&self.credentials)
    }
}

#[cfg(feature = "openssl")]
impl Kind for Person {
    fn describe(&self) -> Way<'_> {
        Way::Person {
            login: &self.login,
            direct: self.direct,
        }
    }

    fn level(&self) -> SecurityLevel {
        self.login.level()
    }
}

impl Kind for PasswordUser {
    fn describe(&self) -> Way<'_> {
        Way::Cookie(&self.tickets)
    }

    fn level(&self) -> SecurityLevel {
        SecurityLevel::ONE
    }
}

impl Kind for BrowserUser {
    fn describe(&self) -> Way<'_> {
        Way::Cookie(&self.tickets)
    }

    fn level(&self) -> SecurityLevel {
        self.level
    }
}

impl Kind for Certificate {
    fn describe(&self) -> Way<'_> {
        Way::Certificate
    }
}

impl Kind for CertificateUser {
    fn describe(&self) -> Way<'_> {
        Way::Cookie(&self.tickets)
    }
}

impl ByToken for Organisation {}
impl ByToken for SystemUser {}
impl ByToken for EnterpriseUser {}
impl ByMaskinporten for Organisation {}
impl ByMaskinporten for SystemUser {}
impl ByMaskinporten for EnterpriseUser {}
impl EndUser for SystemUser {}
impl Altinn2User for EnterpriseUser {}
impl Altinn2User for PasswordUser {}
impl Altinn2User for BrowserUser {}
impl Altinn2User for CertificateUser {}
#[cfg(feature = "openssl")]
impl ByToken for Person {}
#[cfg(feature = "openssl")]
impl EndUser for Person {}
#[cfg(feature = "openssl")]
impl Altinn2User for Person {}

impl Way<'_> {
    /// The way in, as a sentence names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Organisation { .. } => "Maskinporten",
            Self::SystemUser { .. } => "a system user",
            Self::EnterpriseUser(_) => "an enterprise user",
            #[cfg(feature = "openssl")]
            Self::Person { .. } => "this log-in",
            Self::Cookie(tickets) if tickets.has_password() => "a password",
            Self::Cookie(_) => "this cookie",
            Self::Certificate => "an enterprise certificate",
        }
    }
}

/// The user name and password of a person at Altinn 2. A user name can be a person number.
pub type PasswordCredentials = EnterpriseUserCredentials;

/// The user name and password of an enterprise user (virksomhetsbruker), or of a person at Altinn 2.
#[derive(Clone)]
pub struct EnterpriseUserCredentials {
    user_name: String,
    password: SecretString,
}

impl EnterpriseUserCredentials {
    /// A user name and its password.
    ///
    /// # Errors
    ///
    /// When the user name is empty or holds a colon, at which the server would split it.
    pub fn new(user_name: impl Into<String>, password: SecretString) -> Result<Self, BuildError> {
        let user_name = user_name.into();
        if user_name.is_empty() || user_name.contains(':') {
            return Err(BuildError::credentials(
                "the user name is empty or holds a colon, which ends it on the wire",
            ));
        }
        Ok(Self {
            user_name,
            password,
        })
    }

    /// The user name.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    pub(crate) fn password(&self) -> &SecretString {
        &self.password
    }

    /// `user:password`, as the exchange's header wants it before base64.
    pub(crate) fn pair(&self) -> SecretString {
        SecretString::from(format!(
            "{}:{}",
            self.user_name,
            self.password.expose_secret()
        ))
    }
}

impl fmt::Debug for EnterpriseUserCredentials {
    /// Without either: a user name can be a person number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterpriseUserCredentials")
            .finish_non_exhaustive()
    }
}
