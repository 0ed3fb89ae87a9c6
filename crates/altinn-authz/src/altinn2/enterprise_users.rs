//! Enterprise users: the users of an organisation's systems.

use altinn_auth::{Organisation, Session};
use http::Method;
use serde::Serialize;

use crate::address::Address;
use crate::altinn2::api::{Api, read_one};
use crate::altinn2::models::EnterpriseUser;
use crate::altinn2::who::is_user_name;
use crate::{Caller, Error};

/// The enterprise users (virksomhetsbrukere) of the organisation that calls.
///
/// It is the organisation itself that calls here, without a user, and the API key must be its own.
/// Scopes: [`ENTERPRISE_USERS_READ`](crate::altinn2::scopes::ENTERPRISE_USERS_READ) and
/// [`ENTERPRISE_USERS_WRITE`](crate::altinn2::scopes::ENTERPRISE_USERS_WRITE). Since release 21.8.
///
/// ```no_run
/// use altinn_authz::altinn2::{EnterpriseUsers, scopes};
///
/// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
/// let us = altinn.organisation().scopes([scopes::ENTERPRISE_USERS_WRITE]);
/// let users = EnterpriseUsers::new(&us);
/// let user = users.create("fjordkraft-lonn").await?;
/// // its password is in this answer and never again
/// let secret = user.secret.ok_or("no secret came")?;
/// keep(secret.expose());
/// # Ok(()) }
/// # fn keep(_: &str) {}
/// ```
#[derive(Debug, Clone)]
pub struct EnterpriseUsers {
    api: Api,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Name<'a> {
    user_name: &'a str,
}

impl EnterpriseUsers {
    /// Those of the organisation whose session it is.
    #[must_use]
    pub fn new(session: &Session<Organisation>) -> Self {
        Self::with_caller(session.clone())
    }

    /// Those of the organisation that this [`Caller`] is.
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller),
        }
    }

    /// All of them. `GET enterpriseusers`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn list(&self) -> Result<Vec<EnterpriseUser>, Error> {
        const OPERATION: &str = "list enterprise users";
        let address = self.api.address(OPERATION)?.segment("enterpriseusers");
        let address = self.api.spoken(address);
        let answer = self
            .api
            .send(OPERATION, Method::GET, &address, None::<&()>)
            .await?;
        Ok(crate::altinn2::api::read::<hal::List<_>>(OPERATION, &answer)?.into_items())
    }

    /// One of them. `GET enterpriseusers/{userName}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn get(&self, user_name: &str) -> Result<EnterpriseUser, Error> {
        const OPERATION: &str = "read an enterprise user";
        let address = self.one(OPERATION, user_name)?;
        self.answered(OPERATION, Method::GET, address, None).await
    }

    /// Makes one; its password is in the answer ([`EnterpriseUser::secret`]), and only there.
    /// `POST enterpriseusers`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses: a name that anybody in Altinn has already is taken. When the answer is lost,
    /// the user may have been made; its password is had by [`rotate_secret`](Self::rotate_secret).
    pub async fn create(&self, user_name: &str) -> Result<EnterpriseUser, Error> {
        const OPERATION: &str = "make an enterprise user";
        let name = Name {
            user_name: sound(OPERATION, user_name)?,
        };
        let address = self.api.address(OPERATION)?.segment("enterpriseusers");
        self.answered(OPERATION, Method::POST, address, Some(&name))
            .await
    }

    /// Gives one another name; the password stays. `PUT enterpriseusers/{userName}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn rename(&self, user_name: &str, new: &str) -> Result<EnterpriseUser, Error> {
        const OPERATION: &str = "rename an enterprise user";
        let name = Name {
            user_name: sound(OPERATION, new)?,
        };
        let address = self.one(OPERATION, user_name)?;
        self.answered(OPERATION, Method::PUT, address, Some(&name))
            .await
    }

    /// Gives one a new password, which is in the answer ([`EnterpriseUser::secret`]), and only there;
    /// the old one is at an end. `POST enterpriseusers/{userName}/rotatesecret`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses. When the answer is lost, the old password may be at an end all the same:
    /// call again.
    pub async fn rotate_secret(&self, user_name: &str) -> Result<EnterpriseUser, Error> {
        const OPERATION: &str = "give an enterprise user a new password";
        let address = self.one(OPERATION, user_name)?.segment("rotatesecret");
        self.answered(OPERATION, Method::POST, address, None).await
    }

    /// Removes one, with all that it holds. `DELETE enterpriseusers/{userName}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn delete(&self, user_name: &str) -> Result<(), Error> {
        const OPERATION: &str = "remove an enterprise user";
        let address = self.api.spoken(self.one(OPERATION, user_name)?);
        self.api.change(OPERATION, Method::DELETE, &address).await
    }

    fn one(&self, operation: &'static str, user_name: &str) -> Result<Address, Error> {
        let user_name = sound(operation, user_name)?;
        Ok(self
            .api
            .address(operation)?
            .segment("enterpriseusers")
            .segment(user_name))
    }

    async fn answered(
        &self,
        operation: &'static str,
        method: Method,
        address: Address,
        body: Option<&Name<'_>>,
    ) -> Result<EnterpriseUser, Error> {
        let address = self.api.spoken(address);
        let answer = self.api.send(operation, method, &address, body).await?;
        read_one(operation, &answer)
    }
}

fn sound<'n>(operation: &'static str, name: &'n str) -> Result<&'n str, Error> {
    let name = name.trim();
    // a colon ends the name where it is sent with the password
    if is_user_name(name) && !name.contains(':') {
        Ok(name)
    } else {
        Err(Error::input(
            operation,
            "this cannot be the name of an enterprise user",
            "give a name without slashes and colons; the number of a person is none",
        ))
    }
}
