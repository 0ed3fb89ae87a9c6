//! The client: one call, with its scope checked before and its refusal read after.

use std::collections::HashSet;
use std::sync::Arc;

use altinn_auth::{EndUser, Session};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_transport::decode_json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::address::{Address, same_host};
use crate::altinn3::listing::Listing;
use crate::altinn3::{problem, scopes};
use crate::{Caller, Error, ErrorKind, Language};

/// How many pages of one list are read before it is taken to be without end.
const PAGES: usize = 1_000;

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
    caller: Arc<dyn Caller>,
    language: Language,
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
            caller: Arc::new(caller),
            language: Language::default(),
        }
    }

    /// The language of the names in answers; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// The platform that is asked, such as `https://platform.tt02.altinn.no`.
    #[must_use]
    pub fn platform(&self) -> &Url {
        self.caller.platform()
    }

    /// Refuses, before anything is sent, what the server would refuse with an empty 403.
    pub(crate) fn require(
        &self,
        operation: &'static str,
        scope: &'static str,
    ) -> Result<(), Error> {
        if self.may(scope) {
            Ok(())
        } else {
            Err(Error::missing_scope(operation, scope))
        }
    }

    /// Whether the token has the scope.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.caller.has_scope(scope) || self.caller.has_scope(scopes::PORTAL)
    }

    /// An address under the end-user API of access management.
    pub(crate) fn address(&self, path: &str) -> Address {
        let path = format!("accessmanagement/api/v1/enduser/{path}");
        Address::new(self.caller.platform(), path.trim_end_matches('/'))
    }

    /// Sends, and turns every answer that is no success into an error.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        address: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<http::Response<Bytes>, Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(address)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(
                ACCEPT_LANGUAGE,
                HeaderValue::from_static(self.language.tag()),
            );
        // Without a body there must be none, not an empty document.
        let body = match body {
            None => Bytes::new(),
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(serde_json::to_vec(body).map_err(|_| unsendable(operation))?)
            }
        };
        let request = request.body(body).map_err(|_| unsendable(operation))?;
        let answer = self.caller.call(operation, request).await?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(problem::refusal(operation, &answer))
        }
    }

    /// Reads one object.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        address: &Address,
    ) -> Result<T, Error> {
        let answer = self
            .send(operation, Method::GET, address.as_str(), None::<&()>)
            .await?;
        Ok(decode_json(operation, &answer)?)
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        address: &Address,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut next = address.as_str().to_owned();
        for _ in 0..PAGES {
            let answer = self
                .send(operation, Method::GET, &next, None::<&()>)
                .await?;
            let page: Listing<T> = decode_json(operation, &answer)?;
            items.extend(page.items);
            let Some(link) = page.next else {
                return Ok(items);
            };
            let link = same_host(operation, self.caller.platform(), &link)?;
            seen.insert(std::mem::replace(&mut next, link));
            if seen.contains(&next) {
                return Err(Error::endless(
                    operation,
                    "the list's next page is one that was read",
                ));
            }
        }
        Err(Error::endless(
            operation,
            "the list has more pages than anyone needs",
        ))
    }
}

fn unsendable(operation: &'static str) -> Error {
    Error::from(http_transport::Error::new(
        http_transport::ErrorKind::InvalidRequest,
        operation,
    ))
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
