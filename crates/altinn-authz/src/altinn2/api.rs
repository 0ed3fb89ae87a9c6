//! What all clients of this generation share: one call, its answer read tolerantly, its refusal read
//! whole.

use std::sync::Arc;

use bytes::Bytes;
use hal::{List, Reader};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use http_transport::{Diagnosis, Remedy, Who as Whose};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::altinn2::odata::{Filter, Query};
use crate::altinn2::pages::{Listed, Pages};
use crate::altinn2::problem;
use crate::error::OPEN_WAY;
use crate::{Caller, Error, ErrorKind, Language};

/// The only media type that is asked for. With plain JSON beside it, plain JSON comes.
const HAL: HeaderValue = HeaderValue::from_static("application/hal+json");
/// How many items are asked for at a time, as others do who list much (wire facts, Altinn 2 §4).
const PAGE: usize = 500;

/// Who calls, in which language, and how much at a time.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    caller: Arc<dyn Caller>,
    language: Language,
    page: usize,
}

impl Api {
    pub(crate) fn new(caller: impl Caller + 'static) -> Self {
        Self {
            caller: Arc::new(caller),
            language: Language::default(),
            page: PAGE,
        }
    }

    pub(crate) fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// At most 10 000 are allowed (wire facts, Altinn 2 §4 and §5).
    pub(crate) fn set_page(&mut self, items: usize) {
        self.page = items.clamp(1, 10_000);
    }

    pub(crate) fn page(&self) -> usize {
        self.page
    }

    /// The base of the host that is called.
    pub(crate) fn host(&self, operation: &'static str) -> Result<&url::Url, Error> {
        self.caller.altinn2().ok_or_else(|| {
            let what = "this environment has no Altinn 2";
            let diagnosis = Diagnosis::new(operation)
                .with_message(what)
                .with_remedy(Remedy::new(Whose::You, OPEN_WAY));
            Error::new(ErrorKind::Altinn2Closed, what, diagnosis)
        })
    }

    /// The address of the API.
    pub(crate) fn address(&self, operation: &'static str) -> Result<Address, Error> {
        Ok(Address::new(self.host(operation)?, "api"))
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
        self.send_to(operation, method, address.as_str(), body)
            .await
    }

    /// As [`send`](Self::send), to an address that an answer gave; its host was looked at.
    pub(crate) async fn send_to(
        &self,
        operation: &'static str,
        method: Method,
        address: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<http::Response<Bytes>, Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(address)
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

    /// Reads a text that is no JSON, such as an XML schema.
    pub(crate) async fn text(
        &self,
        operation: &'static str,
        address: Address,
    ) -> Result<String, Error> {
        let address = self.spoken(address);
        let answer = self
            .send(operation, Method::GET, &address, None::<&()>)
            .await?;
        let text = std::str::from_utf8(answer.body()).map_err(|_| {
            let kind = http_transport::ErrorKind::UnexpectedShape;
            let error = http_transport::Error::new(kind, operation)
                .with_status(answer.status().as_u16())
                .with_detail("it is no text in UTF-8");
            problem::unanswered(Error::from(error))
        })?;
        Ok(text.trim_start_matches('\u{feff}').to_owned())
    }

    /// Sends a change whose answer does not matter.
    pub(crate) async fn change(
        &self,
        operation: &'static str,
        method: Method,
        address: &Address,
    ) -> Result<(), Error> {
        self.send(operation, method, address, None::<&()>)
            .await
            .map(drop)
    }

    /// A list, page by page.
    pub(crate) fn pages<T: Listed>(
        &self,
        operation: &'static str,
        address: Address,
        query: &Query<T>,
    ) -> Pages<T> {
        Pages::new(self.clone(), operation, self.spoken(address), query)
    }

    /// A list that no operation here is for.
    pub(crate) fn pages_at<T: Listed>(
        &self,
        path: &str,
        query: &Query<T>,
    ) -> Result<Pages<T>, Error> {
        const OPERATION: &str = "read a list";
        Ok(self.pages(OPERATION, self.address_at(OPERATION, path)?, query))
    }

    /// An address that a caller gives: path and query below the API's own, escaped.
    pub(crate) fn address_at(&self, operation: &'static str, path: &str) -> Result<Address, Error> {
        let path = path.trim().trim_start_matches('/');
        let (path, parameters) = match path.split_once('?') {
            Some((path, parameters)) => (path, parameters),
            None => (path, ""),
        };
        let is_sound = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        };
        let leads_out = |segment: &str| {
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            segment.is_empty() || plain == "." || plain == ".." || plain.contains('\\')
        };
        if path.split('/').any(leads_out) || !is_sound(path) || !is_sound(parameters) {
            return Err(Error::input(
                operation,
                "this is no path below /api/",
                "give path and query, escaped, such as serviceowner/consents?serviceCode=4629",
            ));
        }
        let address = Address::new(self.host(operation)?, &format!("api/{path}"));
        Ok(address.with_query(parameters))
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: Listed>(
        &self,
        operation: &'static str,
        address: Address,
        filter: Option<&Filter<T>>,
    ) -> Result<Vec<T>, Error> {
        let query = match filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        self.pages(operation, address, &query).all().await
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

/// Reads one object that may stand alone in an array, as Altinn's documents show it.
pub(crate) fn read_one<T: DeserializeOwned>(
    operation: &'static str,
    answer: &http::Response<Bytes>,
) -> Result<T, Error> {
    let mut items = read::<List<T>>(operation, answer)?.into_items();
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => Ok(item),
        (item, _) => {
            let found = items.len() + usize::from(item.is_some());
            let kind = http_transport::ErrorKind::UnexpectedShape;
            let error = http_transport::Error::new(kind, operation)
                .with_status(answer.status().as_u16())
                .with_detail(format!("one was due, but {found} came"));
            Err(problem::unanswered(Error::from(error)))
        }
    }
}
