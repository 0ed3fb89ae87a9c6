//! The client: one call, with its scope checked before and its refusal read after.

use altinn_auth::{EndUser, Session};
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::altinn3::api::Api;
use crate::altinn3::pages::Listed;
use crate::{Caller, Error, ErrorKind, Language};

/// The rights API of Altinn 3, as somebody who may call it: a system user, or a person.
///
/// Cheap to clone. What one call means, and why there are no roles to give, is in the
/// [module's documentation](crate::altinn3).
///
/// # After a change
///
/// Altinn's decision point (PDP) may lag up to five minutes behind what was given or taken back;
/// the lists here do not.
#[derive(Debug, Clone)]
pub struct Client {
    api: Api,
}

impl Client {
    /// The rights that this session can see and change.
    ///
    /// An organisation's session does not compile here: its token has no party, and Altinn answers
    /// it with an empty 403.
    ///
    /// ```compile_fail
    /// fn wrong(session: altinn_auth::Session<altinn_auth::Organisation>) {
    ///     altinn_authz::altinn3::Client::new(&session);
    /// }
    /// ```
    #[must_use]
    pub fn new<K: EndUser>(session: &Session<K>) -> Self {
        Self::with_caller(session.clone())
    }

    /// The rights that this [`Caller`] can see and change.
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller),
        }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// The platform that is asked, such as `https://platform.tt02.altinn.no`.
    #[must_use]
    pub fn platform(&self) -> &url::Url {
        self.api.platform()
    }

    /// Refuses, before anything is sent, what the server would refuse with an empty 403.
    pub(crate) fn require(
        &self,
        operation: &'static str,
        scope: &'static str,
    ) -> Result<(), Error> {
        self.api.require(operation, scope)
    }

    /// Whether the token has the scope.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.api.may(scope)
    }

    /// An address under the end-user API of access management.
    pub(crate) fn address(&self, path: &str) -> Address {
        self.api
            .address(&format!("accessmanagement/api/v1/enduser/{path}"))
    }

    /// An address of client delegation, of this version of the API.
    pub(crate) fn clients_address(&self, version: u8, path: &str) -> Address {
        self.api.address(&format!(
            "accessmanagement/api/v{version}/enduser/clientdelegations/{path}"
        ))
    }

    /// Sends, and turns every answer that is no success into an error.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        address: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<http::Response<Bytes>, Error> {
        self.api.send(operation, method, address, body).await
    }

    /// Reads one object.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        address: &Address,
    ) -> Result<T, Error> {
        self.api.get(operation, address).await
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: Listed>(
        &self,
        operation: &'static str,
        address: &Address,
    ) -> Result<Vec<T>, Error> {
        self.api.list(operation, address).await
    }
}

/// Whether it is worth reading before writing again: what was asked for may have been done, and the
/// answer that says so was lost, torn, or came from something in between.
pub(crate) fn answer_was_lost(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unreachable => error.is_retryable(),
        ErrorKind::Server => true,
        ErrorKind::Unreadable => !error.is_refusal(),
        _ => false,
    }
}
