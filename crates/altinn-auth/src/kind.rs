//! Who one is. Each way in is a type of its own, so that a call that needs a person or a system user
//! cannot be given an organisation's token.

use std::fmt;

use http_transport::{ExposeSecret, SecretString};
use norwegian_ids::OrganisationNumber;

use crate::BuildError;

mod sealed {
    pub trait Sealed {}
}

/// A way of being someone at Altinn. The ways are those of this module.
pub trait Kind: sealed::Sealed + Clone + Send + Sync + fmt::Debug + 'static {
    #[doc(hidden)]
    fn describe(&self) -> Way<'_>;
}

/// What a session of a kind adds to the grant and to the exchange.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub enum Way<'a> {
    Organisation {
        on_behalf_of: Option<OrganisationNumber>,
        test: bool,
    },
    SystemUser {
        owner: OrganisationNumber,
        external_ref: Option<&'a str>,
    },
    EnterpriseUser(&'a EnterpriseUserCredentials),
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

impl sealed::Sealed for Organisation {}
impl sealed::Sealed for SystemUser {}
impl sealed::Sealed for EnterpriseUser {}

impl Kind for Organisation {
    fn describe(&self) -> Way<'_> {
        Way::Organisation {
            on_behalf_of: self.on_behalf_of,
            test: self.test,
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

impl EndUser for SystemUser {}
impl Altinn2User for EnterpriseUser {}

/// The user name and password of an enterprise user (virksomhetsbruker).
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
