//! The client: one call, its answer read tolerantly, its refusal read whole.

use std::fmt::Display;
use std::sync::Arc;

use altinn_auth::{Altinn2User, Session};
use bytes::Bytes;
use hal::{List, Reader};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_transport::{Diagnosis, Remedy, Who as Whose};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::altinn2::filter::Filter;
use crate::altinn2::problem;
use crate::altinn2::who::{Who, is_party_id};
use crate::error::OPEN_WAY;
use crate::{Caller, Error, ErrorKind, Language};

/// The only media type that is asked for. With plain JSON beside it, plain JSON comes.
const HAL: HeaderValue = HeaderValue::from_static("application/hal+json");
/// How many items are asked for at a time, as others do who list much (wire facts, Altinn 2 §4); at
/// most 10 000 are allowed.
const PAGE: usize = 500;
/// A list holds this many items when the server does not heed `$top`
/// (<https://altinn.github.io/docs/api/rest/>); what is shorter is the end.
const SERVERS_PAGE: usize = 50;
/// How many pages of one list are read before it is taken to be without end.
const PAGES: usize = 1_000;
/// Says that the database cut the list before the filter saw it.
const LIMIT_REACHED: &str = "x-warning-limitreached";

/// The rights API of Altinn 2, as somebody who may call it.
///
/// Cheap to clone. What one call means is in the [module's documentation](crate::altinn2).
#[derive(Debug, Clone)]
pub struct Client {
    caller: Arc<dyn Caller>,
    language: Language,
}

impl Client {
    /// The rights that this session can see and change.
    ///
    /// An organisation's session does not compile here: these operations want a user.
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

    /// The address of the API.
    pub(crate) fn address(&self, operation: &'static str) -> Result<Address, Error> {
        let host = self.caller.altinn2().ok_or_else(|| {
            let what = "this environment has no Altinn 2";
            let diagnosis = Diagnosis::new(operation)
                .with_message(what)
                .with_remedy(Remedy::new(Whose::You, OPEN_WAY));
            Error::new(ErrorKind::Altinn2Closed, what, diagnosis)
        })?;
        Ok(Address::new(host, "api"))
    }

    /// The address of what others hold from a party.
    pub(crate) fn delegations_of(
        &self,
        operation: &'static str,
        who: &Who,
    ) -> Result<Address, Error> {
        let who = who.segment(operation)?;
        Ok(self
            .address(operation)?
            .segment(who)
            .segment("authorization")
            .segment("Delegations"))
    }

    /// The same, of one receiver.
    pub(crate) fn delegations_to(
        &self,
        operation: &'static str,
        who: &Who,
        receiver: &impl Display,
    ) -> Result<Address, Error> {
        let receiver = receiver.to_string();
        if !is_party_id(&receiver) {
            return Err(Error::input(
                operation,
                "this is not the id of one who holds rights",
                "use the id of an answer: r or u, and digits",
            ));
        }
        Ok(self.delegations_of(operation, who)?.segment(receiver))
    }

    /// The address with the language that names are wanted in: it is always said, because the
    /// defaults differ from operation to operation.
    pub(crate) fn spoken(&self, address: Address) -> Address {
        address.query("language", self.language.altinn2_code())
    }

    /// Sends, and turns every answer that is no success into an error.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        address: &Address,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<http::Response<Bytes>, Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(address.as_str())
            .header(ACCEPT, HAL);
        let body = match body {
            None => Bytes::new(),
            Some(body) => {
                request = request.header(CONTENT_TYPE, HAL);
                Bytes::from(serde_json::to_vec(body).map_err(|_| unsendable(operation))?)
            }
        };
        let request = request.body(body).map_err(|_| unsendable(operation))?;
        let answer = self
            .caller
            .call(operation, request)
            .await
            .map_err(problem::unanswered)?;
        if problem::is_login_page(&answer) {
            return Err(problem::login_page(operation, &answer));
        }
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
        address: Address,
    ) -> Result<T, Error> {
        let address = self.spoken(address);
        let answer = self
            .send(operation, Method::GET, &address, None::<&()>)
            .await?;
        read(operation, &answer)
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: DeserializeOwned + PartialEq>(
        &self,
        operation: &'static str,
        address: Address,
        filter: Option<&Filter>,
    ) -> Result<Vec<T>, Error> {
        let address = self
            .spoken(address)
            .query_if("$filter", filter)
            .query("$top", PAGE);
        let mut items: Vec<T> = Vec::new();
        let mut last_page = 0;
        for _ in 0..PAGES {
            let page = match items.len() {
                0 => address.clone(),
                read => address.clone().query("$skip", read),
            };
            let answer = self
                .send(operation, Method::GET, &page, None::<&()>)
                .await?;
            if answer.headers().contains_key(LIMIT_REACHED) {
                tracing::warn!(operation, "Altinn cut the list before it was filtered");
            }
            let found = read::<List<T>>(operation, &answer)?.into_items();
            // a server that does not heed $skip sends the same page for ever
            if last_page > 0 && items[items.len() - last_page..] == found[..] {
                return Err(Error::endless(
                    operation,
                    "the list's next page is the one that was read",
                ));
            }
            last_page = found.len();
            items.extend(found);
            if last_page < SERVERS_PAGE {
                return Ok(items);
            }
        }
        Err(Error::endless(
            operation,
            "the list has more pages than anyone needs",
        ))
    }
}

/// Reads a body that should be JSON, in whichever wrapping.
pub(crate) fn read<T: DeserializeOwned>(
    operation: &'static str,
    answer: &http::Response<Bytes>,
) -> Result<T, Error> {
    use http_transport::ErrorKind as Transport;
    let fail = |kind, detail: Option<String>| {
        let error =
            http_transport::Error::new(kind, operation).with_status(answer.status().as_u16());
        let error = match detail {
            Some(detail) => error.with_detail(detail),
            None => error,
        };
        problem::unanswered(Error::from(error))
    };
    let media_type = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    if let Some(media_type) = media_type
        && !media_type.to_ascii_lowercase().ends_with("json")
        && !answer.body().is_empty()
    {
        return Err(fail(
            Transport::NotJson,
            Some(format!("it is {media_type}")),
        ));
    }
    Reader::new(hal::Lenient)
        .read(answer.body())
        .map_err(|error| {
            let kind = match error.kind() {
                hal::ErrorKind::Empty => Transport::EmptyBody,
                hal::ErrorKind::TooLarge => Transport::BodyTooLarge,
                hal::ErrorKind::Truncated => Transport::TruncatedBody,
                hal::ErrorKind::NotJson => Transport::NotJson,
                _ => Transport::UnexpectedShape,
            };
            fail(kind, Some(error.to_string()))
        })
}

fn unsendable(operation: &'static str) -> Error {
    Error::from(http_transport::Error::new(
        http_transport::ErrorKind::InvalidRequest,
        operation,
    ))
}

/// Whether it is worth reading before writing again: the answer was lost, not given.
pub(crate) fn answer_was_lost(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unreachable => error.is_retryable(),
        ErrorKind::Server => true,
        _ => false,
    }
}
