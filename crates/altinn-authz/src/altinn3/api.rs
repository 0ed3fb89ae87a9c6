//! What all clients of this generation share: one call, with its scope checked before and its refusal
//! read after.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_transport::{Remedy, Who, decode_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::address::Address;
use crate::altinn3::pages::{Listed, Pages};
use crate::altinn3::{problem, scopes};
use crate::{Caller, Error, ErrorKind, Language};

/// Who calls, and in which language names are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    caller: Arc<dyn Caller>,
    language: Language,
    /// What a 403 without a word means here, where it is another thing than for end users.
    forbidden: Option<&'static str>,
}

impl Api {
    pub(crate) fn new(caller: impl Caller + 'static) -> Self {
        Self {
            caller: Arc::new(caller),
            language: Language::default(),
            forbidden: None,
        }
    }

    /// Says what you are to do about a 403 without a word.
    pub(crate) fn when_forbidden(mut self, action: &'static str) -> Self {
        self.forbidden = Some(action);
        self
    }

    pub(crate) fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// Refuses, before anything is sent, what the server would refuse with an empty 403.
    pub(crate) fn require(
        &self,
        operation: &'static str,
        scope: &'static str,
    ) -> Result<(), Error> {
        self.require_one_of(operation, &[scope])
    }

    /// As [`require`](Self::require), where several scopes will do: the error names the first.
    pub(crate) fn require_one_of(
        &self,
        operation: &'static str,
        scopes: &[&'static str],
    ) -> Result<(), Error> {
        if scopes.is_empty() || scopes.iter().any(|scope| self.may(scope)) {
            Ok(())
        } else {
            Err(Error::missing_scope(operation, scopes[0]))
        }
    }

    /// Whether the token has the scope.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.caller.has_scope(scope) || self.caller.has_scope(scopes::PORTAL)
    }

    /// The base of the platform.
    pub(crate) fn platform(&self) -> &Url {
        self.caller.platform()
    }

    /// An address on the platform.
    pub(crate) fn address(&self, path: &str) -> Address {
        Address::new(self.platform(), path.trim_end_matches('/'))
    }

    /// Sends, and turns every answer that is no success into an error.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        address: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<http::Response<Bytes>, Error> {
        if address.is_empty() {
            return Err(Error::input(
                operation,
                "an id or a name is empty, or nothing but dots",
                "give it as Altinn lists it",
            ));
        }
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
            let error = problem::refusal(operation, &answer);
            let is_silent = error.kind() == ErrorKind::Forbidden && answer.body().is_empty();
            Err(match self.forbidden.filter(|_| is_silent) {
                Some(action) => error.with_remedy(Remedy::new(Who::You, action)),
                None => error,
            })
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

    /// Sends a document and reads the one that comes back.
    pub(crate) async fn exchange<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        address: &Address,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Error> {
        let answer = self
            .send(operation, method, address.as_str(), Some(body))
            .await?;
        Ok(decode_json(operation, &answer)?)
    }

    /// A list, page by page.
    pub(crate) fn pages<T: Listed>(&self, operation: &'static str, address: &Address) -> Pages<T> {
        Pages::new(self.clone(), operation, address)
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: Listed>(
        &self,
        operation: &'static str,
        address: &Address,
    ) -> Result<Vec<T>, Error> {
        self.pages(operation, address).all().await
    }
}

fn unsendable(operation: &'static str) -> Error {
    Error::from(http_transport::Error::new(
        http_transport::ErrorKind::InvalidRequest,
        operation,
    ))
}
