use std::fmt;
use std::io::{ErrorKind as IoErrorKind, Read};
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{Error, ErrorKind};
use crate::inspect::Irregularity;
use crate::link::Link;
use crate::links::Links;
use crate::list::{Form, List};
use crate::reader::{Limits, Reader};
use crate::scanner::{Found, Scanner};

/// The largest item, and the most that is kept of the list beside its items, unless told otherwise.
const ITEM: usize = 1 << 20;

/// The items of a list, one after the other, while it is read: in the memory of one item, however long
/// the list is.
///
/// It takes what [`List`] takes: a HAL list, a bare array, a single object or null. An item is given as soon as
/// its last byte has been read.
///
/// ```
/// use hal::Items;
///
/// #[derive(serde::Deserialize)]
/// struct Right { id: u32 }
///
/// # let file: &[u8] = br#"{"_embedded":{"rights":[{"id":1},{"id":2}]},"_links":{"next":{"href":"/?page=2"}}}"#;
/// let mut rights: Items<Right, _> = Items::new(file); // any std::io::Read
/// for right in &mut rights {
///     println!("{}", right?.id);
/// }
/// assert_eq!(rights.next_link().map(|next| next.href.as_str()), Some("/?page=2"));
/// # Ok::<(), hal::Error>(())
/// ```
///
/// An item that does not fit `T` is an error in its place, and the next one follows. Every other error is the last: of
/// the source, of the text, of a limit. The pointers begin at the document: `/_embedded/rights/2/id`. What came before
/// has been given already; who needs all or nothing reads a [`List`].
///
/// Of the [`Limits`], [`bytes`](Limits::bytes) is the largest item here and the most that is kept of the list beside
/// its items, 1 MiB unless told otherwise; the document may be of any length. A few words are kept beside that. The
/// source is read in pieces of 16 KiB; it needs no buffer of its own.
pub struct Items<T, R> {
    list: Parts<T>,
    source: R,
}

impl<T: DeserializeOwned, R: Read> Items<T, R> {
    /// The items of the list that this source gives, read leniently. [`Reader::items`] has more to choose.
    #[must_use]
    pub fn new(source: R) -> Self {
        let reader = Reader::default().with_limits(Limits::default().with_bytes(ITEM));
        reader.items(source)
    }

    /// Takes the items from under this relation, and skips all others. Without it, a list with several
    /// relations in `_embedded` is an error. What has no `_embedded` is taken as it is.
    #[must_use]
    pub fn under(mut self, relation: impl Into<String>) -> Self {
        self.list.scanner.choose(relation.into());
        self
    }

    /// Reports irregularities: see [`take_irregularities`](Self::take_irregularities). It costs the time of
    /// a second reading.
    #[must_use]
    pub fn reporting(mut self) -> Self {
        self.list.scanner.report();
        self
    }
}

impl<T: DeserializeOwned, R: Read> Iterator for Items<T, R> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        loop {
            match self.list.step() {
                Step::Item(item) => return Some(item),
                Step::End => return None,
                Step::More => {}
            }
            let (scanner, source) = (&mut self.list.scanner, &mut self.source);
            match scanner.fill(|space| source.read(space)) {
                Ok(_) => {}
                Err(error) if error.kind() == IoErrorKind::Interrupted => {}
                Err(error) => return Some(Err(self.list.failed(error))),
            }
        }
    }
}

macro_rules! around_the_items {
    ($($generics:tt)*) => {
        impl<$($generics)*> {
            /// How the list was written, as far as has been read; complete after the last item.
            #[must_use]
            pub fn form(&self) -> &Form {
                self.list.around.form()
            }

            /// The links of the list itself: complete after the last item.
            #[must_use]
            pub fn links(&self) -> &Links {
                self.list.around.links()
            }

            /// The link to the next page: known after the last item.
            #[must_use]
            pub fn next_link(&self) -> Option<&Link> {
                self.list.around.next_link()
            }

            /// The token that asks for the next page, as [`List::continuation_token`](crate::List::continuation_token): known after the last
            /// item.
            #[must_use]
            pub fn continuation_token(&self) -> Option<&str> {
                self.list.around.continuation_token()
            }

            /// Another member of the list itself: known after the last item.
            #[must_use]
            pub fn member(&self, name: &str) -> Option<serde_json::Value> {
                self.list.around.member(name)
            }

            /// The irregularities found since this was last asked, if reporting was asked for.
            #[must_use]
            pub fn take_irregularities(&mut self) -> Vec<Irregularity> {
                self.list.scanner.take_irregularities()
            }
        }
    };
}

around_the_items!(T, R> Items<T, R);

impl<T, R> fmt::Debug for Items<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.debug("Items", f)
    }
}

impl Reader {
    /// The items of the list that this source gives, one after the other: see [`Items`].
    ///
    /// [`Limits::bytes`] is the largest item here. [`Strict`](crate::Strict) refuses a list that is not in the HAL
    /// form and an irregular item when it comes to it: what came before has been given.
    #[must_use]
    pub fn items<T: DeserializeOwned, R: Read>(&self, source: R) -> Items<T, R> {
        Items {
            list: Parts::new(self),
            source,
        }
    }

    /// The items of the list that these bytes make, one after the other: see [`ItemStream`].
    ///
    /// [`Limits::bytes`] is the largest item here.
    #[cfg(feature = "stream")]
    #[must_use]
    pub fn item_stream<T, S, B, E>(&self, source: S) -> ItemStream<T, S>
    where
        T: DeserializeOwned,
        S: futures_core::Stream<Item = Result<B, E>>,
        B: AsRef<[u8]>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        ItemStream {
            list: Parts::new(self),
            source: Box::pin(source),
        }
    }
}

/// What does not care where the bytes come from.
struct Parts<T> {
    scanner: Scanner,
    around: List<IgnoredAny>,
    done: bool,
    item: PhantomData<fn() -> T>,
}

enum Step<T> {
    Item(Result<T, Error>),
    More,
    End,
}

impl<T: DeserializeOwned> Parts<T> {
    fn new(reader: &Reader) -> Self {
        Self {
            scanner: Scanner::new(reader),
            around: List::default(),
            done: false,
            item: PhantomData,
        }
    }

    fn step(&mut self) -> Step<T> {
        while !self.done {
            match self.scanner.advance::<T>() {
                Ok(Found::Item(item)) => return Step::Item(item),
                Ok(Found::Single(item)) => {
                    self.around = List::around_single();
                    return Step::Item(item);
                }
                Ok(Found::Around(around)) => self.around = around,
                Ok(Found::More) => return Step::More,
                Ok(Found::End) => self.done = true,
                Err(error) => {
                    self.done = true;
                    return Step::Item(Err(error));
                }
            }
        }
        Step::End
    }

    /// The error of a source that has none to give any more.
    fn failed(&mut self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.done = true;
        Error::new(
            ErrorKind::Unreadable,
            "the rest of the document",
            "a failure of its source",
        )
        .at(self.scanner.pointer())
        .caused_by(error.into())
    }
}

impl<T> Parts<T> {
    fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("form", self.around.form())
            .field("at", &self.scanner.pointer())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "stream")]
pub use stream::ItemStream;

#[cfg(feature = "stream")]
mod stream {
    use std::error::Error as StdError;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use futures_core::Stream;

    use super::{
        DeserializeOwned, Error, Form, Irregularity, Link, Links, Parts, Reader, Step, fmt,
    };
    use crate::reader::Limits;

    /// The items of a list while its bytes arrive: [`Items`](crate::Items) for a stream of bytes, such as the body of an
    /// HTTP response (feature `stream`).
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use hal::ItemStream;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Right { id: u32 }
    ///
    /// # pollster::block_on(async {
    /// # let pieces: [Result<&[u8], std::io::Error>; 2] = [Ok(br#"{"_embedded":{"rights":[{"id":"#), Ok(b"1},{\"id\":2}]}}")];
    /// # let body = stream::iter(pieces);
    /// let mut rights: ItemStream<Right, _> = ItemStream::new(body); // Stream<Item = Result<Bytes, _>>
    /// while let Some(right) = rights.next().await {
    ///     println!("{}", right?.id);
    /// }
    /// assert!(rights.next_link().is_none());
    /// # Ok::<(), hal::Error>(()) }).unwrap();
    /// ```
    ///
    /// Nothing is spawned: the bytes are asked for when the next item is. `Unpin` whatever the source is.
    pub struct ItemStream<T, S> {
        pub(super) list: Parts<T>,
        pub(super) source: Pin<Box<S>>,
    }

    impl<T, S, B, E> ItemStream<T, S>
    where
        T: DeserializeOwned,
        S: Stream<Item = Result<B, E>>,
        B: AsRef<[u8]>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        /// The items of the list that these bytes make, read leniently. [`Reader::item_stream`] has more to choose.
        #[must_use]
        pub fn new(source: S) -> Self {
            let reader = Reader::default().with_limits(Limits::default().with_bytes(super::ITEM));
            reader.item_stream(source)
        }

        /// As [`Items::under`](crate::Items::under).
        #[must_use]
        pub fn under(mut self, relation: impl Into<String>) -> Self {
            self.list.scanner.choose(relation.into());
            self
        }

        /// As [`Items::reporting`](crate::Items::reporting).
        #[must_use]
        pub fn reporting(mut self) -> Self {
            self.list.scanner.report();
            self
        }
    }

    impl<T, S, B, E> Stream for ItemStream<T, S>
    where
        T: DeserializeOwned,
        S: Stream<Item = Result<B, E>>,
        B: AsRef<[u8]>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        type Item = Result<T, Error>;

        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let this = self.get_mut();
            loop {
                match this.list.step() {
                    Step::Item(item) => return Poll::Ready(Some(item)),
                    Step::End => return Poll::Ready(None),
                    Step::More => {}
                }
                match ready!(this.source.as_mut().poll_next(context)) {
                    Some(Ok(bytes)) => this.list.scanner.push(bytes.as_ref()),
                    Some(Err(error)) => return Poll::Ready(Some(Err(this.list.failed(error)))),
                    None => this.list.scanner.end(),
                }
            }
        }
    }

    around_the_items!(T, S> ItemStream<T, S);

    impl<T, S> fmt::Debug for ItemStream<T, S> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.list.debug("ItemStream", f)
        }
    }
}
