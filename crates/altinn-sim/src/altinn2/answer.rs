//! How Altinn 2 answers: HAL or plain JSON, and refusals that say why in the HTTP/1.1 reason phrase.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::ext::ReasonPhrase;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// A refusal: an empty body, and the message in the reason phrase (wire facts, Altinn 2 §5).
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    phrase: Cow<'static, str>,
    /// The code of a newer operation, which says why in its body.
    code: Option<i64>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, phrase: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            phrase: phrase.into(),
            code: None,
        }
    }

    /// Of an operation that answers errors as JSON.
    pub(crate) fn with_code(self, code: i64) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    pub(crate) fn bad_request(phrase: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, phrase)
    }

    pub(crate) fn unauthorized(phrase: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, phrase)
    }

    pub(crate) fn forbidden(phrase: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, phrase)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    #[cfg(test)]
    pub(crate) fn phrase(&self) -> &str {
        &self.phrase
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Some(code) = self.code else {
            return with_phrase(self.status, &self.phrase);
        };
        let error = Object::new()
            .with("ErrorCode", code)
            .with("ErrorMessage", self.phrase.into_owned());
        let mut response = Shape::Plain.ok(error);
        *response.status_mut() = self.status;
        response
    }
}

/// An empty answer with this reason phrase. Bytes that may not stand in a status line become `?`.
pub(crate) fn with_phrase(status: StatusCode, phrase: &str) -> Response {
    let bytes: Vec<u8> = phrase
        .bytes()
        .map(|byte| {
            if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
                byte
            } else {
                b'?'
            }
        })
        .collect();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Ok(reason) = ReasonPhrase::try_from(bytes) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// Which of the two JSON shapes the caller gets (wire facts, Altinn 2 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Hal,
    Plain,
}

impl Shape {
    /// HAL only for `application/hal+json` alone; plain JSON as soon as anything else JSON-like is
    /// welcome. XML was offered by the real service and is not here.
    pub(crate) fn wanted(headers: &HeaderMap) -> Result<Self, Refusal> {
        let accepted: Vec<String> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|range| {
                range
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_ascii_lowercase()
            })
            .filter(|range| !range.is_empty())
            .collect();
        if !accepted.is_empty() && accepted.iter().all(|range| range == "application/hal+json") {
            return Ok(Self::Hal);
        }
        let plain = |range: &String| {
            matches!(
                range.as_str(),
                "application/json"
                    | "text/json"
                    | "text/html"
                    | "application/hal+json"
                    | "*/*"
                    | "application/*"
            )
        };
        if accepted.is_empty() || accepted.iter().any(plain) {
            Ok(Self::Plain)
        } else {
            Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "Not Acceptable"))
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hal => "application/hal+json; charset=utf-8",
            Self::Plain => "application/json; charset=utf-8",
        })
    }
}

/// JSON whose members keep the order in which they were added; HAL puts `_links` first on wrappers
/// and last on items.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Leaf(Value),
    Object(Object),
    List(Vec<Json>),
}

/// An object under construction: members that have no value are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object(Vec<(Cow<'static, str>, Json)>);

impl Object {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Json>,
    ) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// A member that is written as `null` when it has no value.
    pub(crate) fn with_null(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self.with(name, Json::Leaf(Value::Null)),
        }
    }

    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With the members of another after its own.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(member, _)| member != name);
        self
    }

    /// The leaf members, as OData sees them.
    pub(crate) fn properties(&self) -> Value {
        self.0
            .iter()
            .filter_map(|(name, json)| match json {
                Json::Leaf(value) => Some((name.to_string(), value.clone())),
                _ => None,
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Json>> for Json {
    fn from(list: Vec<Json>) -> Self {
        Self::List(list)
    }
}

macro_rules! leaf {
    ($($type:ty),*) => {$(
        impl From<$type> for Json {
            fn from(value: $type) -> Self {
                Self::Leaf(value.into())
            }
        }
    )*};
}
leaf!(&str, String, i64, bool);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::Object(Object(members)) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
        }
    }
}

/// A link as the server knows it, before it takes the shape that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) rel: &'static str,
    pub(crate) href: String,
    pub(crate) templated: bool,
    /// Tells several links of one relation apart.
    pub(crate) name: Option<&'static str>,
}

impl Link {
    pub(crate) fn new(rel: &'static str, href: impl Into<String>) -> Self {
        Self {
            rel,
            href: href.into(),
            templated: false,
            name: None,
        }
    }

    pub(crate) fn templated(rel: &'static str, href: impl Into<String>) -> Self {
        Self {
            rel,
            href: href.into(),
            templated: true,
            name: None,
        }
    }
}

impl Link {
    /// One of several of its relation.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }
}

impl Shape {
    /// An item with its links last: an object in HAL, an array of filled-in members in plain JSON,
    /// where `self` is left out (wire facts, Altinn 2 §3.3).
    pub(crate) fn item(self, object: Object, links: Vec<Link>) -> Object {
        let links: Vec<Link> = match self {
            Self::Hal => links,
            Self::Plain => links
                .into_iter()
                .filter(|link| link.rel != "self")
                .collect(),
        };
        if links.is_empty() {
            object
        } else {
            object.with("_links", self.links(links))
        }
    }

    /// A list: a wrapper with `_links` and one embedded key in HAL, the bare array in plain JSON.
    pub(crate) fn list(self, key: &'static str, links: Vec<Link>, items: Vec<Object>) -> Json {
        let items: Json = items
            .into_iter()
            .map(Json::Object)
            .collect::<Vec<_>>()
            .into();
        match self {
            Self::Hal => Object::new()
                .with("_links", self.links(links))
                .with("_embedded", Object::new().with(key, items))
                .into(),
            Self::Plain => items,
        }
    }

    fn links(self, links: Vec<Link>) -> Json {
        match self {
            Self::Hal => {
                // several links of one relation stand in an array
                let mut relations: Vec<(&'static str, Vec<Json>)> = Vec::new();
                for link in links {
                    let target = Object::new().with("href", link.href);
                    let target = if link.templated {
                        target.with("isTemplated", true)
                    } else {
                        target
                    };
                    let target = target.with_some("name", link.name);
                    match relations.iter_mut().find(|(rel, _)| *rel == link.rel) {
                        Some((_, targets)) => targets.push(target.into()),
                        None => relations.push((link.rel, vec![target.into()])),
                    }
                }
                let relations = relations.into_iter();
                relations
                    .fold(Object::new(), |object, (rel, mut targets)| {
                        match targets.pop() {
                            Some(only) if targets.is_empty() => object.with(rel, only),
                            last => {
                                targets.extend(last);
                                object.with(rel, targets)
                            }
                        }
                    })
                    .into()
            }
            Self::Plain => links
                .into_iter()
                .map(|link| {
                    Object::new()
                        .with("Rel", link.rel)
                        .with("Href", link.href)
                        .with_null("Title", link.name)
                        .with("FileNameWithExtension", Json::Leaf(Value::Null))
                        .with("MimeType", Json::Leaf(Value::Null))
                        .with("IsTemplated", link.templated)
                        .with("Encrypted", false)
                        .with("SigningLocked", false)
                        .with("SignedByDefault", false)
                        .with("FileSize", 0_i64)
                        .into()
                })
                .collect::<Vec<Json>>()
                .into(),
        }
    }

    /// `200 OK` with this document.
    pub(crate) fn ok(self, json: impl Into<Json>) -> Response {
        match serde_json::to_vec(&json.into()) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, self.content_type());
                response
            }
            // every member is a JSON value already; a failure here would be a bug of the simulator
            Err(_) => with_phrase(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }
}
