//! HAL+JSON ([draft-kelly-json-hal](https://datatracker.ietf.org/doc/html/draft-kelly-json-hal-11)) for
//! serde: typed resources, links and embedded resources, read in one pass, written back without loss,
//! and tolerant where the world is irregular.
//!
//! ```
//! use hal::{Link, List, Resource};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Order {
//!     id: u32,
//!     total: f64,
//! }
//!
//! // a list, in whatever wrapping the server chose today
//! let body = br#"{
//!     "_links": {"self": {"href": "/orders"}, "find": {"href": "/orders{?id}", "templated": true}},
//!     "_embedded": {"orders": [{"id": 1, "total": 9.5}, {"id": 2, "total": 12}]}
//! }"#;
//! let orders: List<Order> = List::from_slice(body, &hal::Lenient)?;
//! if let Some(find) = orders.links().get("find") {
//!     assert_eq!(find.expand([("id", "2")])?, "/orders?id=2");
//! }
//! for order in orders {
//!     println!("{} {}", order.id, order.total);
//! }
//!
//! // a resource, and how it is written
//! let order = Resource::new(Order { id: 3, total: 1.0 }).with_link("self", Link::new("/orders/3"));
//! assert_eq!(
//!     serde_json::to_string(&order)?,
//!     r#"{"_links":{"self":{"href":"/orders/3"}},"id":3,"total":1.0}"#,
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Resource`]: state, links, embedded. [`List`]: a list in any wrapping, and which it was.
//! - [`Links`], [`Link`], [`Embedded`]: the parts.
//! - [`Reader`]: tolerance ([`Strict`], [`Lenient`]), [`Limits`], errors that say where.
//! - [`inspect()`]: any document, without types: links, lists, irregularities.
//! - [`template`]: URI templates (RFC 6570).
//! - [`Error`]: place, expectation and finding, never a value of the document.
//!
//! The types implement serde's traits, so they work as members of your structs and with
//! `serde_json::from_slice`; they read leniently there. [`Reader`] adds limits, the strict reading and
//! errors with a place.
//!
//! There is no I/O here, and no feature to choose.

#[cfg(feature = "derive")]
#[doc(hidden)]
#[path = "derive.rs"]
pub mod __private;
#[cfg(feature = "client")]
pub mod client;
mod embedded;
mod error;
mod inspect;
mod items;
mod json;
mod link;
mod links;
mod list;
mod pointer;
mod reader;
mod related;
mod resource;
mod scanner;
mod state;
pub mod template;
mod tracked;

#[cfg(feature = "derive")]
pub use hal_derive::{HalDeserialize, HalSerialize};

pub use embedded::Embedded;
pub use error::{Error, ErrorKind};
pub use inspect::{FoundEmbedded, FoundLink, Inspection, Irregularity, IrregularityKind, inspect};
#[cfg(feature = "stream")]
pub use items::ItemStream;
pub use items::Items;
pub use link::Link;
pub use links::{Links, Relation};
pub use list::{Form, List};
pub use reader::Tolerance::{Lenient, Strict};
pub use reader::{Limits, Reader, Tolerance};
pub use related::Related;
#[cfg(feature = "derive")]
pub use related::{LinkField, RelatedField, Written};
pub use resource::Resource;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
