//! Lists, page by page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use hal::List;
use http::Method;
use http_transport::BoxFuture;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::address::{Address, same_host};
use crate::altinn2::api::{Api, read};
use crate::altinn2::odata::Query;

/// A list holds this many items when the server does not heed `$top`
/// (<https://altinn.github.io/docs/api/rest/>); what is shorter is the end.
const SERVERS_PAGE: usize = 50;
/// How many pages of one list are read before it is taken to be without end.
const PAGES: usize = 1_000;
/// Says that the database cut the list before the filter saw it.
const LIMIT_REACHED: &str = "x-warning-limitreached";

/// What a list can be of.
pub trait Listed: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {}

impl<T: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static> Listed for T {}

/// A list, page by page: a stream of its items, or of its pages.
///
/// Altinn pages in two ways, and which of them is seen from the answer: by counting (`$skip` and
/// `$top`), or by a continuation token. A list that leads back to itself is an
/// [`EndlessList`](crate::ErrorKind::EndlessList).
///
/// ```no_run
/// # use altinn_authz::altinn2::{Client, RightHolderId, Who, odata::{Query, right}, models::RightSource};
/// # async fn run(rights: Client, holder: RightHolderId) -> Result<(), altinn_authz::Error> {
/// let wanted = Query::from(right::SOURCE.ne(RightSource::Role));
/// let mut pages = rights.rights_pages(Who::my(), &holder, &wanted)?;
/// while let Some(page) = pages.next_page().await? {
///     println!("{} more", page.len());
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is read until a page is asked for"]
pub struct Pages<T> {
    walk: Option<Walk<T>>,
    flight: Option<Flight<T>>,
    items: VecDeque<T>,
}

type Flight<T> = BoxFuture<'static, (Walk<T>, Result<Option<Vec<T>>, Error>)>;

/// Where a list is being read.
struct Walk<T> {
    api: Api,
    operation: &'static str,
    address: Address,
    next: Option<Next>,
    top: usize,
    left: Option<usize>,
    read: usize,
    pages: usize,
    last: Option<(usize, T, T)>,
}

/// How the next page is asked for.
#[derive(Clone, PartialEq)]
enum Next {
    Skip(usize),
    Continue(String),
    Link(String),
}

impl<T: Listed> Pages<T> {
    pub(crate) fn new(
        api: Api,
        operation: &'static str,
        address: Address,
        query: &Query<T>,
    ) -> Self {
        let left = query.limit;
        let top = left.map_or(api.page(), |left| left.clamp(1, api.page()));
        let address = address
            .query_if("$filter", query.filter.as_ref())
            .query_if("$orderby", query.order_by.as_deref())
            .query("$top", top);
        Self {
            walk: Some(Walk {
                api,
                operation,
                address,
                next: (left != Some(0)).then_some(Next::Skip(query.skip)),
                top,
                left,
                read: query.skip,
                pages: 0,
                last: None,
            }),
            flight: None,
            items: VecDeque::new(),
        }
    }

    /// The next page's items; `None` after the last.
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
    /// Without the address, which may hold the number of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<T: Listed> Walk<T> {
    async fn step(mut self) -> (Self, Result<Option<Vec<T>>, Error>) {
        let page = self.page().await;
        (self, page)
    }

    async fn page(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(next) = self.next.take() else {
            return Ok(None);
        };
        self.pages += 1;
        if self.pages > PAGES {
            return Err(Error::endless(
                self.operation,
                "the list has more pages than anyone needs",
            ));
        }
        let address = match &next {
            Next::Skip(0) => self.address.as_str().to_owned(),
            Next::Skip(skip) => self
                .address
                .clone()
                .query("$skip", skip)
                .as_str()
                .to_owned(),
            Next::Continue(token) => self
                .address
                .clone()
                .query("continuation", token)
                .as_str()
                .to_owned(),
            Next::Link(link) => same_host(self.operation, self.api.host(self.operation)?, link)?,
        };
        let answer = self
            .api
            .send_to(self.operation, Method::GET, &address, None::<&()>)
            .await?;
        if answer.headers().contains_key(LIMIT_REACHED) {
            tracing::warn!(
                operation = self.operation,
                "Altinn cut the list before it was filtered"
            );
        }
        let list = read::<List<T>>(self.operation, &answer)?;
        self.next = self.after(&next, &list);
        let mut items = list.into_items();
        if self.next == Some(next) || self.is_the_last_again(&items) {
            return Err(Error::endless(
                self.operation,
                "the list's next page is the one that was read",
            ));
        }
        if let Some(left) = &mut self.left {
            items.truncate(*left);
            *left -= items.len();
            if *left == 0 {
                self.next = None;
            }
        }
        Ok((!items.is_empty()).then_some(items))
    }

    /// How to go on after a page. A token comes with every page that is not empty, also with the last:
    /// there it leads to an empty one.
    fn after(&mut self, asked: &Next, list: &List<T>) -> Option<Next> {
        let found = list.items().len();
        self.read += found;
        if found == 0 {
            None
        } else if let Some(token) = list.continuation_token() {
            Some(Next::Continue(token.to_owned()))
        } else if let Some(link) = list.next_link() {
            Some(Next::Link(link.href.clone()))
        } else if !matches!(asked, Next::Skip(_)) || found < SERVERS_PAGE.min(self.top) {
            None
        } else {
            Some(Next::Skip(self.read))
        }
    }

    /// A server that does not heed `$skip` sends the same page for ever.
    fn is_the_last_again(&mut self, items: &[T]) -> bool {
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            return false;
        };
        let is_again = self
            .last
            .as_ref()
            .is_some_and(|(count, was_first, was_last)| {
                *count == items.len() && was_first == first && was_last == last
            });
        self.last = Some((items.len(), first.clone(), last.clone()));
        is_again
    }
}
