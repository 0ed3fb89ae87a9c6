//! Lists, page by page.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::Method;
use http_transport::{BoxFuture, decode_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Error;
use crate::address::{Address, same_host};
use crate::altinn3::api::Api;
use crate::altinn3::listing::Listing;

/// How many pages of one list are read before it is taken to be without end.
const PAGES: usize = 1_000;
/// The parameters that a link to the next page has its place in (wire facts, Altinn 3 §0.4, §2.11, §2.13).
const PLACES: [&str; 2] = ["continuationToken", "token"];

/// What a list can be of.
pub trait Listed: DeserializeOwned + Send + 'static {}

impl<T: DeserializeOwned + Send + 'static> Listed for T {}

/// A place in a list that goes on: opaque, and only good for the list that it came from.
///
/// ```
/// use altinn_authz::altinn3::PageToken;
///
/// let place: PageToken = "eyJpZCI6NDJ9".parse()?;
/// assert_eq!(place.as_str(), "eyJpZCI6NDJ9");
/// assert!("".parse::<PageToken>().is_err());
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageToken(Box<str>);

impl PageToken {
    /// The text, to keep it until the list is read on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The place that a link to a next page leads to.
    fn of_link(link: &str) -> Option<Self> {
        let link = Url::parse(link).ok()?;
        link.query_pairs()
            .find(|(name, value)| {
                !value.is_empty() && PLACES.iter().any(|place| name.eq_ignore_ascii_case(place))
            })
            .map(|(_, value)| Self(value.into()))
    }
}

impl FromStr for PageToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::input(
                "go on with a list",
                "the place to go on from is empty",
                "give the token that was kept, or begin anew without one",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A list, page by page: a stream of its items, or of its pages.
///
/// The link to the next page is followed as it came, and only on the host that was asked. A list that
/// leads back to itself is an [`EndlessList`](crate::ErrorKind::EndlessList).
#[must_use = "nothing is read until a page is asked for"]
pub struct Pages<T> {
    walk: Option<Walk>,
    flight: Option<Flight<T>>,
    items: VecDeque<T>,
    position: Option<PageToken>,
}

type Flight<T> = BoxFuture<'static, (Walk, Result<Option<Vec<T>>, Error>)>;

/// Where a list is being read.
struct Walk {
    api: Api,
    operation: &'static str,
    next: Option<String>,
    seen: HashSet<String>,
}

impl<T: Listed> Pages<T> {
    pub(crate) fn new(api: Api, operation: &'static str, address: &Address) -> Self {
        Self {
            walk: Some(Walk {
                api,
                operation,
                next: Some(address.as_str().to_owned()),
                seen: HashSet::new(),
            }),
            flight: None,
            items: VecDeque::new(),
            position: None,
        }
    }

    /// The next page's items, which may be none; `None` after the last page.
    ///
    /// # Errors
    ///
    /// As the server refuses. After an error the list is at its end.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        if !self.items.is_empty() {
            return Ok(Some(self.items.drain(..).collect()));
        }
        std::future::poll_fn(|context| self.poll_page(context)).await
    }

    /// All items that are left.
    ///
    /// # Errors
    ///
    /// As the server refuses.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next_page().await? {
            items.extend(page);
        }
        Ok(items)
    }

    /// Where the page begins that has not been read yet; `None` before the first and after the last.
    #[must_use]
    pub fn position(&self) -> Option<&PageToken> {
        self.position.as_ref()
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Vec<T>>, Error>> {
        // a page that was asked for and not waited for is waited for now: nothing is read twice
        let mut flight = match (self.flight.take(), self.walk.take()) {
            (Some(flight), _) => flight,
            (None, Some(walk)) => Box::pin(walk.step()),
            (None, None) => return Poll::Ready(Ok(None)),
        };
        match flight.as_mut().poll(context) {
            Poll::Pending => {
                self.flight = Some(flight);
                Poll::Pending
            }
            Poll::Ready((walk, page)) => {
                if page.is_ok() {
                    self.position = walk.next.as_deref().and_then(PageToken::of_link);
                }
                self.walk = matches!(page, Ok(Some(_))).then_some(walk);
                Poll::Ready(page)
            }
        }
    }
}

impl<T: Listed + Unpin> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match std::task::ready!(self.poll_page(context)) {
                Ok(Some(page)) => self.items = page.into(),
                Ok(None) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Walk {
    async fn step<T: Listed>(mut self) -> (Self, Result<Option<Vec<T>>, Error>) {
        let page = self.page().await;
        (self, page)
    }

    async fn page<T: Listed>(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(address) = self.next.take() else {
            return Ok(None);
        };
        if self.seen.len() >= PAGES {
            return Err(Error::endless(
                self.operation,
                "the list has more pages than anyone needs",
            ));
        }
        let answer = self
            .api
            .send(self.operation, Method::GET, &address, None::<&()>)
            .await?;
        let page: Listing<T> = decode_json(self.operation, &answer)?;
        self.seen.insert(address);
        if let Some(link) = page.next {
            let link = same_host(self.operation, self.api.platform(), &link)?;
            if self.seen.contains(&link) {
                return Err(Error::endless(
                    self.operation,
                    "the list's next page is one that was read",
                ));
            }
            self.next = Some(link);
        }
        Ok(Some(page.items))
    }
}
