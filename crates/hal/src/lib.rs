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
//! - [`Resource`]: state, links, embedded. [`List`]: a list in any wrapping, and which it was. [`Related`]: embedded, or
//!   only linked.
//! - [`Links`], [`Link`], [`Embedded`]: the parts.
//! - [`Items`]: a list of any length, item by item.
//! - [`Reader`]: tolerance ([`Strict`], [`Lenient`]), [`Limits`], errors that say where.
//! - [`inspect()`]: any document, without types: links, lists, irregularities.
//! - [`template`]: URI templates (RFC 6570).
//! - [`Error`]: place, expectation and finding, never a value of the document.
//!
//! The types implement serde's traits, so they work as members of your structs and with
//! `serde_json::from_slice`; they read leniently there. [`Reader`] adds limits, the strict reading and
//! errors with a place.
//!
//! # Features
//!
//! There is no I/O here, and none is brought by a feature. By default all are off.
//!
//! - `derive`: `HalDeserialize` and `HalSerialize`, for structs whose fields are links and embedded resources.
//! - `stream`: `ItemStream`, the items of a list while its bytes arrive.
//! - `client`: the module `client`, which follows links through any HTTP client behind a small trait.
//! - `float_roundtrip`: floats are read to their last binary digit, as with serde_json's feature of that name.

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

/// Reads a struct from a resource: serde's `Deserialize`, for fields that are links and embedded resources, too
/// (feature `derive`).
///
/// A field without `#[hal(…)]` is a member of the resource, with all that `#[serde(…)]` can say about it; do not derive serde's
/// own trait beside this one.
///
/// ```
/// use hal::{HalDeserialize, HalSerialize, Link, Links, List, Related};
///
/// #[derive(HalDeserialize, HalSerialize)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// struct Order {
///     order_id: u32,
///     #[serde(default, skip_serializing_if = "Option::is_none")]
///     note: Option<String>,
///
///     #[hal(link = "self")]          // must be there
///     itself: Link,
///     #[hal(link = "invoice")]       // only its target
///     invoice: Option<String>,
///     #[hal(link = "item")]          // one or many
///     items: Vec<Link>,
///     #[hal(links)]                  // all others
///     links: Links,
///
///     #[hal(embedded = "lines")]     // one or many, or none
///     lines: Vec<Line>,
///     #[hal(embedded = "payments")]  // in any wrapping
///     payments: List<Payment>,
///     #[hal(link = "customer", embedded = "customer")]
///     customer: Related<Customer>,   // embedded, or only linked
/// }
/// # #[derive(HalDeserialize, HalSerialize)]
/// # struct Line { product: String }
/// # #[derive(HalDeserialize, HalSerialize)]
/// # struct Payment {}
/// # #[derive(HalDeserialize, HalSerialize)]
/// # struct Customer { name: String }
///
/// let json = r#"{"_links":{"self":{"href":"/7"},"customer":{"href":"/c"}},"orderId":7,"_embedded":{"lines":[{"product":"tea"}]}}"#;
/// let order: Order = serde_json::from_str(json)?;
/// assert_eq!((order.itself.href.as_str(), order.lines[0].product.as_str()), ("/7", "tea"));
/// assert_eq!(order.customer.link().map(|link| link.href.as_str()), Some("/c"));
/// assert_eq!(serde_json::to_string(&order)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// - `link = "…"` takes a [`Link`] or a `String`, an `Option` of these, a `Vec<Link>` or a [`Relation`]; `links` a
///   [`Links`] with all that have no field. Links without a field are left out otherwise.
/// - `embedded = "…"` takes any type; `Vec`, `List` and `Option` may be missing, others with `#[serde(default)]`. A `Vec` also
///   takes a single resource. `embedded` alone takes an [`Embedded`] with all that have no field (through serde's
///   `flatten`, which buffers them).
/// - On the struct, `#[hal(crate = "path")]` says where this library is, if not at `::hal`. Serde's `default`,
///   `bound`, `from` and the like cannot be used there.
/// - What comes twice among the members is an error, as with serde's derive; relations that come twice are
///   joined.
///
/// A type that cannot hold a link is told at the field:
///
/// ```compile_fail,E0277
/// #[derive(hal::HalDeserialize)]
/// struct Order {
///     #[hal(link = "self")]
///     itself: u64,
/// }
/// ```
#[cfg(feature = "derive")]
#[doc(inline)]
pub use hal_derive::HalDeserialize;

/// Writes a struct as a resource: serde's `Serialize`, for fields that are links and embedded resources, too (feature
/// `derive`).
///
/// ```
/// use hal::{HalSerialize, Link};
///
/// #[derive(HalSerialize)]
/// struct Receiver<'a> {
///     name: &'a str,
///     #[hal(link = "self")]
///     itself: Option<Link>,
///     #[hal(embedded = "Rights")]
///     rights: &'a [u32],
/// }
/// let body = Receiver { name: "TEA SHOP", itself: None, rights: &[103, 104] };
/// assert_eq!(serde_json::to_string(&body)?, r#"{"name":"TEA SHOP","_embedded":{"Rights":[103,104]}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `_links` come first and `_embedded` last, each only if there is something in it. The attributes are those of
#[cfg_attr(feature = "derive", doc = "[`HalDeserialize`](macro@HalDeserialize).")]
#[cfg(feature = "derive")]
#[doc(inline)]
pub use hal_derive::HalSerialize;

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

#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../README.md")]
struct Readme;
