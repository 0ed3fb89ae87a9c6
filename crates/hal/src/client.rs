//! Following links through any HTTP client (feature `client`).
//!
//! A [`Client`] is a start, an [`Http`] that carries requests, and rules: which origins get the credentials, which may
//! be visited at all, how far to go. It knows no HTTP library; a closure over `http::Request` will do.
//!
//! ```
//! use hal::List;
//! use hal::client::Client;
//! # use http::{Request, Response};
//! # async fn send(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, std::io::Error> {
//! #     assert_eq!(request.headers()["authorization"], "Bearer secret");
//! #     let body = match request.uri().path_and_query().unwrap().as_str() {
//! #         "/" => r#"{"_links":{"orders":{"href":"/orders{?status}","templated":true}}}"#,
//! #         "/orders?status=open" => r#"{"_links":{"next":{"href":"?page=2"}},"_embedded":{"orders":[{"id":1},{"id":2}]}}"#,
//! #         _ => r#"{"_embedded":{"orders":[{"id":3}]}}"#,
//! #     };
//! #     Ok(Response::new(body.into()))
//! # }
//! # pollster::block_on(async {
//!
//! #[derive(serde::Deserialize)]
//! struct Order { id: u32 }
//!
//! let client = Client::new(send, "https://shop.example/")?    // async fn(http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, _>
//!     .with_credentials("Bearer secret".parse()?);            // for https://shop.example, and nowhere else
//!
//! let page = client.root().follow("orders").with("status", "open").await?;
//! let orders: List<Order> = page.read()?;
//! assert_eq!(orders.len(), 2);
//!
//! use futures_util::TryStreamExt;
//! let all: Vec<Order> = page.items().try_collect().await?;    // this page and all that follow
//! assert_eq!(all.len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # Security
//!
//! A link is written by a server, and may lead anywhere. Credentials go to the origin (scheme, host, port) of the
//! start, and to those named with [`with_trusted_origin`](Client::with_trusted_origin). A link to any other is refused,
//! or followed without credentials if [`Elsewhere`] says so. A link with a user name or password in it is refused. A
//! redirect is an error and not followed: tell the HTTP library to follow none either, for it would take the
//! credentials along.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::{Origin, Url};

use crate::error::Error;
use crate::link::Link;
use crate::links::Links;
use crate::list::List;
use crate::reader::Reader;
use crate::resource::Resource;
use crate::template::Variable;

/// How many pages [`Page::pages`] reads at most, unless told otherwise.
const PAGES: usize = 1000;

/// How many links may be followed from one start, unless told otherwise.
const HOPS: usize = 1000;

/// Carries a request to its server and brings the answer: any HTTP library.
///
/// An async function or closure from `http::Request<Vec<u8>>` to `Result<http::Response<Vec<u8>>, _>` is one.
/// Redirects must not be followed; a status is no error here.
///
/// ```
/// use hal::client::Http;
/// use http::{Request, Response};
///
/// struct MyClient; // reqwest, hyper, …
///
/// impl Http for MyClient {
///     type Error = std::io::Error;
///
///     async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Self::Error> {
///         let (parts, body) = request.into_parts();
///         # let _ = (parts, body);
///         // …
///         Ok(Response::new(Vec::new()))
///     }
/// }
/// ```
pub trait Http: Send + Sync {
    /// Why there is no answer.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Sends the request and reads the whole answer.
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Self::Error>> + Send;
}

impl<F, A, E> Http for F
where
    F: Fn(Request<Vec<u8>>) -> A + Send + Sync,
    A: Future<Output = Result<Response<Vec<u8>>, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Error = E;

    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, E>> + Send {
        self(request)
    }
}

/// What to do with a link to an origin that the caller has not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Elsewhere {
    /// Do not follow it.
    #[default]
    Refuse,
    /// Follow it, without credentials.
    WithoutCredentials,
}

/// Follows links from a start. See [the module](self).
pub struct Client<H> {
    http: H,
    start: Url,
    credentials: Vec<(HeaderName, HeaderValue)>,
    headers: HeaderMap,
    trusted: Vec<Origin>,
    elsewhere: Elsewhere,
    reader: Reader,
    pages: usize,
    hops: usize,
}

impl<H: Http> Client<H> {
    /// A client that starts at this URL. Its origin is trusted.
    ///
    /// # Errors
    ///
    /// [`ClientErrorKind::Url`] for what is no URL of http or https, or has a user name in it.
    pub fn new(http: H, start: &str) -> Result<Self, ClientError> {
        let start = Url::parse(start).map_err(|_| ClientErrorKind::Url)?;
        check(&start)?;
        Ok(Self {
            http,
            trusted: vec![start.origin()],
            start,
            credentials: Vec::new(),
            headers: HeaderMap::from_iter([(
                ACCEPT,
                HeaderValue::from_static("application/hal+json"),
            )]),
            elsewhere: Elsewhere::Refuse,
            reader: Reader::default(),
            pages: PAGES,
            hops: HOPS,
        })
    }

    /// The value of `Authorization` for trusted origins.
    #[must_use]
    pub fn with_credentials(self, authorization: HeaderValue) -> Self {
        self.with_secret_header(AUTHORIZATION, authorization)
    }

    /// Another header that goes to trusted origins only, such as an API key.
    #[must_use]
    pub fn with_secret_header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.credentials.retain(|(known, _)| *known != name);
        self.credentials.push((name, value));
        self
    }

    /// The value of `Accept`: `application/hal+json` unless told otherwise. It goes everywhere.
    #[must_use]
    pub fn with_accept(mut self, accept: HeaderValue) -> Self {
        self.headers.insert(ACCEPT, accept);
        self
    }

    /// Lets the credentials go to this origin, too.
    ///
    /// # Errors
    ///
    /// [`ClientErrorKind::Url`] as for [`new`](Self::new).
    pub fn with_trusted_origin(mut self, origin: &str) -> Result<Self, ClientError> {
        let url = Url::parse(origin).map_err(|_| ClientErrorKind::Url)?;
        check(&url)?;
        self.trusted.push(url.origin());
        Ok(self)
    }

    /// What to do with links to other origins.
    #[must_use]
    pub fn with_elsewhere(self, elsewhere: Elsewhere) -> Self {
        Self { elsewhere, ..self }
    }

    /// How answers are read: tolerance and limits.
    #[must_use]
    pub fn with_reader(self, reader: Reader) -> Self {
        Self { reader, ..self }
    }

    /// How many pages one list may have: 1000 unless told otherwise.
    #[must_use]
    pub fn with_max_pages(self, pages: usize) -> Self {
        Self { pages, ..self }
    }

    /// How many links may be followed one after the other: 1000 unless told otherwise.
    #[must_use]
    pub fn with_max_hops(self, hops: usize) -> Self {
        Self { hops, ..self }
    }

    /// The start, to be awaited or to be followed on from.
    pub fn root(&self) -> Follow<'_, H> {
        Follow::from(self, Ok(self.start.clone()), 0)
    }

    /// Another place, relative to the start. The rules for links hold for it, too.
    pub fn get(&self, reference: &str) -> Follow<'_, H> {
        Follow::from(self, resolve(&self.start, reference), 0)
    }

    async fn fetch(&self, url: Url, hops: usize) -> Result<Page<'_, H>, ClientError> {
        if hops > self.hops {
            return Err(ClientErrorKind::TooManyHops.into());
        }
        let mut request = Request::get(url.as_str())
            .body(Vec::new())
            .map_err(|_| ClientErrorKind::Url)?;
        if self.trusted.contains(&url.origin()) {
            let secrets = self
                .credentials
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()));
            request.headers_mut().extend(secrets);
        } else if self.elsewhere == Elsewhere::Refuse {
            return Err(ClientError {
                origin: Some(url.origin().ascii_serialization()),
                ..ClientErrorKind::Origin.into()
            });
        }
        for (name, value) in &self.headers {
            request
                .headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
        let response = self.http.send(request).await.map_err(|error| ClientError {
            source: Some(error.into()),
            ..ClientErrorKind::Transport.into()
        })?;
        let (parts, body) = response.into_parts();
        if !parts.status.is_success() {
            let kind = if parts.status.is_redirection() {
                ClientErrorKind::Redirect
            } else {
                ClientErrorKind::Status
            };
            return Err(ClientError {
                status: Some(parts.status),
                body,
                ..kind.into()
            });
        }
        let links = if body.iter().all(u8::is_ascii_whitespace) {
            Links::new()
        } else {
            let JustLinks(links) = self.reader.read(&body)?;
            links
        };
        Ok(Page {
            client: self,
            url,
            headers: parts.headers,
            status: parts.status,
            body,
            links,
            hops,
        })
    }
}

impl<H> fmt::Debug for Client<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("start", &self.start.origin().ascii_serialization())
            .field("elsewhere", &self.elsewhere)
            .finish_non_exhaustive()
    }
}

/// The links of a document, if it is an object.
struct JustLinks(Links);

impl<'de> Deserialize<'de> for JustLinks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> serde::de::Visitor<'de> for Any {
            type Value = JustLinks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a resource object or an array")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<JustLinks, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                Resource::<(), Option<IgnoredAny>>::deserialize(map)
                    .map(|resource| JustLinks(resource.links))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<JustLinks, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(JustLinks(Links::new()))
            }

            fn visit_unit<E>(self) -> Result<JustLinks, E> {
                Ok(JustLinks(Links::new()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// A URL that may be asked for.
fn check(url: &Url) -> Result<(), ClientErrorKind> {
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_web && url.username().is_empty() && url.password().is_none() {
        Ok(())
    } else {
        Err(ClientErrorKind::Url)
    }
}

fn resolve(base: &Url, reference: &str) -> Result<Url, ClientError> {
    let mut url = base.join(reference).map_err(|_| ClientErrorKind::Url)?;
    url.set_fragment(None);
    check(&url)?;
    Ok(url)
}

/// A way to go: await it.
///
/// Each [`follow`](Self::follow) is a request; [`with`](Self::with) and [`named`](Self::named) belong to the last.
#[must_use = "nothing is sent until it is awaited"]
pub struct Follow<'c, H> {
    client: &'c Client<H>,
    start: Result<Url, ClientError>,
    /// Of a page that is there already.
    links: Option<Links>,
    hops: usize,
    steps: Vec<Hop>,
}

struct Hop {
    relation: String,
    name: Option<String>,
    variables: Vec<(String, Variable)>,
}

impl<'c, H: Http> Follow<'c, H> {
    fn from(client: &'c Client<H>, start: Result<Url, ClientError>, hops: usize) -> Self {
        Self {
            client,
            start,
            links: None,
            hops,
            steps: Vec::new(),
        }
    }

    /// And from there along this relation.
    pub fn follow(mut self, relation: impl Into<String>) -> Self {
        self.steps.push(Hop {
            relation: relation.into(),
            name: None,
            variables: Vec::new(),
        });
        self
    }

    /// A variable of the link's URI template.
    pub fn with(mut self, variable: impl Into<String>, value: impl Into<Variable>) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.variables.push((variable.into(), value.into()));
        }
        self
    }

    /// The link of this name, of several under the relation.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.name = Some(name.into());
        }
        self
    }

    async fn go(self) -> Result<Page<'c, H>, ClientError> {
        let Self {
            client,
            start,
            links,
            mut hops,
            steps,
        } = self;
        let mut url = start?;
        let mut page = None;
        let mut links = links;
        if links.is_none() {
            page = Some(client.fetch(url.clone(), hops).await?);
        }
        for step in steps {
            let known = page
                .as_ref()
                .map(|page: &Page<'c, H>| &page.links)
                .or(links.as_ref());
            url = step.target(&url, known)?;
            hops += 1;
            page = Some(client.fetch(url.clone(), hops).await?);
            links = None;
        }
        page.ok_or_else(|| ClientErrorKind::Link.into())
    }
}

impl Hop {
    fn target(&self, base: &Url, links: Option<&Links>) -> Result<Url, ClientError> {
        let missing = || ClientError {
            relation: Some(self.relation.clone()),
            ..ClientErrorKind::Link.into()
        };
        let link = links
            .map_or(&[][..], |links| links.all(&self.relation))
            .iter()
            .find(|link| {
                self.name
                    .as_deref()
                    .is_none_or(|name| link.name() == Some(name))
            })
            .ok_or_else(missing)?;
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        target(base, link, variables).map_err(|error| ClientError {
            relation: Some(self.relation.clone()),
            ..error
        })
    }
}

fn target<'v>(
    base: &Url,
    link: &Link,
    variables: impl IntoIterator<Item = (&'v str, Variable)>,
) -> Result<Url, ClientError> {
    if !link.is_templated() && !link.href.contains('{') {
        return resolve(base, &link.href);
    }
    let reference = link.expand(variables).map_err(|error| ClientError {
        source: Some(error.into()),
        ..ClientErrorKind::Template.into()
    })?;
    resolve(base, &reference)
}

impl<'c, H: Http> IntoFuture for Follow<'c, H> {
    type Output = Result<Page<'c, H>, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.go())
    }
}

impl<H> fmt::Debug for Follow<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<&str> = self
            .steps
            .iter()
            .map(|step| step.relation.as_str())
            .collect();
        f.debug_struct("Follow")
            .field("relations", &steps)
            .finish_non_exhaustive()
    }
}

/// An answer: its document, and where one can go from it.
pub struct Page<'c, H> {
    client: &'c Client<H>,
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    links: Links,
    hops: usize,
}

impl<'c, H: Http> Page<'c, H> {
    /// The document as a type: a [`List`], a [`Resource`], a struct of yours.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub fn read<'p, T: Deserialize<'p>>(&'p self) -> Result<T, Error> {
        self.client.reader.read(&self.body)
    }

    /// Another resource: read from this document if it is embedded, else from where its link leads. `None` if it is
    /// neither.
    ///
    /// # Errors
    ///
    /// When what is embedded does not fit the type, and as for following.
    pub async fn load<T: DeserializeOwned>(
        &self,
        relation: &str,
    ) -> Result<Option<T>, ClientError> {
        let resource: Resource<()> = self.read()?;
        if let Some(embedded) = resource.embedded.get(relation)? {
            return Ok(Some(embedded));
        }
        if self.links.get(relation).is_none() {
            return Ok(None);
        }
        Ok(Some(self.follow(relation).await?.read()?))
    }

    /// Along this relation; relative links are relative to this page.
    pub fn follow(&self, relation: impl Into<String>) -> Follow<'c, H> {
        let mut follow = Follow::from(self.client, Ok(self.url.clone()), self.hops);
        follow.links = Some(self.links.clone());
        follow.follow(relation)
    }

    /// This page and all that its `next` links lead to, until there is none.
    ///
    /// A page that comes a second time is an error, as is one more than
    /// [`with_max_pages`](Client::with_max_pages) allows. After an error the stream ends.
    #[must_use]
    pub fn pages(self) -> Pages<'c, H> {
        Pages {
            seen: HashSet::from([self.url.to_string()]),
            state: State::Page(Box::new(self)),
        }
    }

    /// The items of this list and of all pages that follow, as [`pages`](Self::pages).
    #[must_use]
    pub fn items<T: DeserializeOwned>(self) -> PageItems<'c, H, T> {
        PageItems {
            pages: self.pages(),
            items: Vec::new().into_iter(),
        }
    }

    /// Its links.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Where it comes from.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The status: a success.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The document as text.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl<H> fmt::Debug for Page<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("origin", &self.url.origin().ascii_serialization())
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

type Fetching<'c, H> = Pin<Box<dyn Future<Output = Result<Page<'c, H>, ClientError>> + Send + 'c>>;

enum State<'c, H> {
    Page(Box<Page<'c, H>>),
    Next(&'c Client<H>, Url, usize),
    Fetching(Fetching<'c, H>),
    Failed(ClientError),
    Done,
}

/// Pages, one after the other: see [`Page::pages`].
pub struct Pages<'c, H> {
    seen: HashSet<String>,
    state: State<'c, H>,
}

impl<'c, H: Http> Pages<'c, H> {
    /// Where to go after this page.
    fn after(&mut self, page: &Page<'c, H>) -> State<'c, H> {
        let Some(next) = page.links.get("next") else {
            return State::Done;
        };
        let url = match target(&page.url, next, []) {
            Ok(url) => url,
            Err(error) => {
                return State::Failed(ClientError {
                    relation: Some("next".to_owned()),
                    ..error
                });
            }
        };
        if self.seen.len() >= page.client.pages {
            return State::Failed(ClientErrorKind::TooManyPages.into());
        }
        if !self.seen.insert(url.to_string()) {
            return State::Failed(ClientErrorKind::Loop.into());
        }
        State::Next(page.client, url, page.hops + 1)
    }
}

impl<'c, H: Http> Stream for Pages<'c, H> {
    type Item = Result<Page<'c, H>, ClientError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.state, State::Done) {
                State::Page(page) => {
                    this.state = this.after(&page);
                    return Poll::Ready(Some(Ok(*page)));
                }
                State::Next(client, url, hops) => {
                    this.state = State::Fetching(Box::pin(client.fetch(url, hops)));
                }
                State::Fetching(mut fetching) => match fetching.as_mut().poll(context) {
                    Poll::Pending => {
                        this.state = State::Fetching(fetching);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(page)) => this.state = State::Page(Box::new(page)),
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                },
                State::Failed(error) => return Poll::Ready(Some(Err(error))),
                State::Done => return Poll::Ready(None),
            }
        }
    }
}

impl<H> fmt::Debug for Pages<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("seen", &self.seen.len())
            .finish_non_exhaustive()
    }
}

/// Items of all pages: see [`Page::items`].
pub struct PageItems<'c, H, T> {
    pages: Pages<'c, H>,
    items: std::vec::IntoIter<T>,
}

// Nothing in it is pinned: items are moved out as they are.
impl<H, T> Unpin for PageItems<'_, H, T> {}

impl<H: Http, T: DeserializeOwned> Stream for PageItems<'_, H, T> {
    type Item = Result<T, ClientError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(page) = ready!(Pin::new(&mut this.pages).poll_next(context)) else {
                return Poll::Ready(None);
            };
            match page.and_then(|page| Ok(page.read::<List<T>>()?)) {
                Ok(list) => this.items = list.into_items().into_iter(),
                Err(error) => {
                    this.pages.state = State::Done;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<H, T> fmt::Debug for PageItems<'_, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pages.fmt(f)
    }
}

/// Why a link was not followed to its end.
///
/// It names the relation and the origin at most: a URL may hold what is nobody's business.
pub struct ClientError {
    kind: ClientErrorKind,
    relation: Option<String>,
    origin: Option<String>,
    status: Option<StatusCode>,
    body: Vec<u8>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`ClientError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientErrorKind {
    /// The document has no link of this relation (and name).
    Link,
    /// The link is no valid URI template, or its expansion is too long.
    Template,
    /// The link is no URL of http or https, or has a user name in it.
    Url,
    /// The link leads to an origin that the caller has not named. See
    /// [`with_trusted_origin`](Client::with_trusted_origin) and [`Elsewhere`].
    Origin,
    /// A page of the list came a second time.
    Loop,
    /// The list has more pages than allowed.
    TooManyPages,
    /// More links were followed, one after the other, than allowed.
    TooManyHops,
    /// The [`Http`] had no answer; `source()` says why.
    Transport,
    /// The server answered with an error status.
    Status,
    /// The server answered with a redirect, which is not followed.
    Redirect,
    /// The answer is no document that fits; `source()` says where and why.
    Document,
}

impl ClientError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ClientErrorKind {
        self.kind
    }

    /// The status, if the server answered with an error.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// What came with an error status; `Debug` and `Display` do not show it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientError")
            .field("kind", &self.kind)
            .field("relation", &self.relation)
            .field("origin", &self.origin)
            .field("status", &self.status)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl From<ClientErrorKind> for ClientError {
    fn from(kind: ClientErrorKind) -> Self {
        Self {
            kind,
            relation: None,
            origin: None,
            status: None,
            body: Vec::new(),
            source: None,
        }
    }
}

impl From<Error> for ClientError {
    fn from(error: Error) -> Self {
        Self {
            source: Some(error.into()),
            ..ClientErrorKind::Document.into()
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ClientErrorKind::Link => "the document has no such link",
            ClientErrorKind::Template => "the link is a template that cannot be expanded",
            ClientErrorKind::Url => "no URL of http or https without a user name",
            ClientErrorKind::Origin => {
                "the link leads to an origin that is not trusted; name it to follow it"
            }
            ClientErrorKind::Loop => "the pages of the list lead back to one that has been read",
            ClientErrorKind::TooManyPages => "the list has more pages than allowed",
            ClientErrorKind::TooManyHops => "more links were followed than allowed",
            ClientErrorKind::Transport => "the server could not be asked",
            ClientErrorKind::Status => "the server answered with an error",
            ClientErrorKind::Redirect => {
                "the server answered with a redirect, which is not followed"
            }
            ClientErrorKind::Document => "the answer is not the document that was expected",
        })?;
        if let Some(relation) = &self.relation {
            write!(f, " (relation {relation})")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " ({origin})")?;
        }
        if let Some(status) = self.status {
            write!(f, " ({})", status.as_u16())?;
        }
        Ok(())
    }
}

impl StdError for ClientError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
