//! The client of those who are somebody: what they hold, and what others hold from them.

use std::fmt::Display;

use altinn_auth::{Altinn2User, Session};
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::altinn2::api::Api;
use crate::altinn2::odata::Query;
use crate::altinn2::pages::{Listed, Pages};
use crate::altinn2::who::{Who, is_party_id};
use crate::{Caller, Error, ErrorKind, Language};

/// The rights API of Altinn 2, as somebody who may call it.
///
/// Cheap to clone. What one call means is in the [module's documentation](crate::altinn2).
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) removes_by_query: bool,
}

impl Client {
    /// The rights that this session can see and change.
    ///
    /// An organisation's session does not compile here: these operations want a user. What an
    /// organisation can do is in [`ServiceOwner`](crate::altinn2::ServiceOwner) and
    /// [`EnterpriseUsers`](crate::altinn2::EnterpriseUsers).
    ///
    /// ```compile_fail
    /// fn wrong(session: altinn_auth::Session<altinn_auth::Organisation>) {
    ///     altinn_authz::altinn2::Client::new(&session);
    /// }
    /// ```
    #[must_use]
    pub fn new<K: Altinn2User>(session: &Session<K>) -> Self {
        Self::with_caller(session.clone())
    }

    /// The rights that this [`Caller`] can see and change. The caller adds the API key.
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller),
            removes_by_query: false,
        }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// How many items of a list are asked for at a time: 1 to 10 000 (Altinn's limit), 500 without
    /// this.
    #[must_use]
    pub fn with_page(mut self, items: usize) -> Self {
        self.api.set_page(items);
        self
    }

    /// What is taken back is named in the query
    /// (`DELETE …/Delegations?receiverId=r50170466&roleId=8412345`) and not in the path, as Altinn's
    /// OpenAPI drafts have it.
    #[must_use]
    pub fn removing_by_query(mut self) -> Self {
        self.removes_by_query = true;
        self
    }

    /// Any other list of the API, page by page: consents, requests, what a later release brought.
    ///
    /// `path` is path and query below `/api/`, escaped; `$top` and the way from page to page are
    /// added, by count or by continuation token, as the answer has it.
    ///
    /// ```no_run
    /// # use altinn_authz::altinn2::{Client, odata::Query};
    /// # async fn run(client: Client) -> Result<(), altinn_authz::Error> {
    /// let messages = client.pages::<serde_json::Value>("my/messages", &Query::new())?;
    /// println!("{} messages", messages.all().await?.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a path that leads out of the API.
    pub fn pages<T: Listed>(&self, path: &str, query: &Query<T>) -> Result<Pages<T>, Error> {
        self.api.pages_at(path, query)
    }

    /// Any other document of the API: `path` is as with [`pages`](Self::pages).
    ///
    /// ```no_run
    /// # use altinn_authz::altinn2::{Client, models::ConsentRequest};
    /// # async fn run(client: Client) -> Result<(), altinn_authz::Error> {
    /// let code = "7c0e6f52-0d5b-4b7e-9c3a-0000000000a1";
    /// let request: ConsentRequest = client.read(&format!("consentRequests/{code}")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a path that leads out of the API; else as
    /// Altinn refuses.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        const OPERATION: &str = "read a document";
        self.api
            .get(OPERATION, self.api.address_at(OPERATION, path)?)
            .await
    }

    /// The address of what a party's rights are.
    pub(crate) fn authorization_of(
        &self,
        operation: &'static str,
        who: &Who,
    ) -> Result<Address, Error> {
        let who = who.segment(operation)?;
        Ok(self
            .api
            .address(operation)?
            .segment(who)
            .segment("authorization"))
    }

    /// The address of what others hold from a party.
    pub(crate) fn delegations_of(
        &self,
        operation: &'static str,
        who: &Who,
    ) -> Result<Address, Error> {
        Ok(self
            .authorization_of(operation, who)?
            .segment("Delegations"))
    }

    /// The same, of one receiver.
    pub(crate) fn delegations_to(
        &self,
        operation: &'static str,
        who: &Who,
        receiver: &impl Display,
    ) -> Result<Address, Error> {
        let receiver = holder(operation, receiver)?;
        Ok(self.delegations_of(operation, who)?.segment(receiver))
    }
}

/// The id of one who holds something, if it is one.
pub(crate) fn holder(operation: &'static str, id: &impl Display) -> Result<String, Error> {
    let id = id.to_string();
    if is_party_id(&id) {
        Ok(id)
    } else {
        Err(Error::input(
            operation,
            "this is not the id of one who holds rights",
            "use the id of an answer: r or u, and digits",
        ))
    }
}

/// Whether it is worth reading before writing again: the answer was lost, not given.
pub(crate) fn answer_was_lost(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unreachable => error.is_retryable(),
        ErrorKind::Server => true,
        _ => false,
    }
}
