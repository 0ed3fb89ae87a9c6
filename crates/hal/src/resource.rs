use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::embedded::Embedded;
use crate::error::Error;
use crate::link::Link;
use crate::links::{Collected, Links};
use crate::reader::{Reader, Tolerance};
use crate::related::Related;
use crate::state::{EMBEDDED, Envelope, LINKS, Members, State, has_members};

/// A resource: its own members as a type of yours, its links, and what is embedded in it.
///
/// `T` is any type that serde reads from an object; `_links` and `_embedded` are taken out on the way,
/// so it may have `#[serde(deny_unknown_fields)]` and needs no `#[serde(flatten)]`. `E` is the type of
/// `_embedded`: [`Embedded`] keeps any relation and reads it when asked; a struct of yours whose fields
/// are the relations is read at once.
///
/// ```
/// use hal::{List, Resource};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order { id: u32 }
/// #[derive(Deserialize)]
/// struct Line { product: String }
///
/// let json = br#"{
///     "_links": {"self": {"href": "/orders/7"}},
///     "id": 7,
///     "_embedded": {"lines": [{"product": "tea"}, {"product": "milk"}]}
/// }"#;
/// let order: Resource<Order> = Resource::from_slice(json, &hal::Lenient)?;
/// assert_eq!(order.state.id, 7);
/// assert_eq!(order.links.get("self").map(|link| link.href.as_str()), Some("/orders/7"));
/// let lines: List<Line> = order.embedded.list("lines")?;
/// assert_eq!(lines[1].product, "milk");
///
/// // or all in one go
/// #[derive(Deserialize, Default)]
/// struct Parts { lines: List<Line> }
/// let order: Resource<Order, Parts> = Resource::from_slice(json, &hal::Lenient)?;
/// assert_eq!(order.embedded.lines.len(), 2);
/// # Ok::<(), hal::Error>(())
/// ```
///
/// Written, `_links` come first and `_embedded` last, and each only if there is something in it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Resource<T, E = Embedded> {
    /// The resource's own members.
    pub state: T,
    /// Its links.
    pub links: Links,
    /// The resources embedded in it.
    pub embedded: E,
}

impl<T> Resource<T> {
    /// A resource with nothing but its own members.
    #[must_use]
    pub fn new(state: T) -> Self {
        Self {
            state,
            links: Links::new(),
            embedded: Embedded::new(),
        }
    }

    /// The same resource with one more embedded relation, of anything that serde can write.
    ///
    /// ```
    /// use hal::Resource;
    /// use serde_json::json;
    ///
    /// let body = Resource::new(json!({"Name": "TEA SHOP"}))
    ///     .with_embedded("Rights", &[json!({"Action": "Read"})])?;
    /// assert_eq!(
    ///     serde_json::to_string(&body)?,
    ///     r#"{"Name":"TEA SHOP","_embedded":{"Rights":[{"Action":"Read"}]}}"#,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unwritable`](crate::ErrorKind::Unwritable) when the value has no form in JSON.
    pub fn with_embedded<V: Serialize + ?Sized>(
        mut self,
        relation: impl Into<String>,
        value: &V,
    ) -> Result<Self, Error> {
        self.embedded.insert(relation, value)?;
        Ok(self)
    }
}

impl<T> Resource<T> {
    /// Another resource, be it embedded or linked.
    ///
    /// # Errors
    ///
    /// When it is embedded and does not fit the type; the pointer begins at this resource.
    pub fn related<R: DeserializeOwned>(&self, relation: &str) -> Result<Related<R>, Error> {
        let links = self.links.relation(relation).cloned();
        Ok(Related::of(self.embedded.get(relation)?, links))
    }
}

impl<T, E> Resource<T, E> {
    /// A resource with embedded resources of your own type.
    #[must_use]
    pub fn with_parts(state: T, embedded: E) -> Self {
        Self {
            state,
            links: Links::new(),
            embedded,
        }
    }

    /// The same resource with one more link.
    #[must_use]
    pub fn with_link(mut self, relation: impl Into<String>, link: Link) -> Self {
        self.links = self.links.with(relation, link);
        self
    }

    /// Reads a resource from a document, with the default limits. [`Reader`] has more to choose.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub fn from_slice<'de>(json: &'de [u8], tolerance: &Tolerance) -> Result<Self, Error>
    where
        T: Deserialize<'de>,
        E: Deserialize<'de> + Default,
    {
        Reader::new(*tolerance).read(json)
    }
}

impl<'de, T, E> Deserialize<'de> for Resource<T, E>
where
    T: Deserialize<'de>,
    E: Deserialize<'de> + Default,
{
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ResourceVisitor<T, E>(PhantomData<(T, E)>);

        impl<'de, T, E> Visitor<'de> for ResourceVisitor<T, E>
        where
            T: Deserialize<'de>,
            E: Deserialize<'de> + Default,
        {
            type Value = Resource<T, E>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a resource object")
            }

            #[inline]
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Resource<T, E>, A::Error> {
                let mut envelope = Envelope {
                    links: Collected::default(),
                    embedded: None,
                };
                let state = State::read(map, &mut envelope)?;
                let embedded = envelope.embedded.unwrap_or_default();
                Ok(Resource {
                    state,
                    links: envelope.links.links,
                    embedded,
                })
            }
        }

        deserializer.deserialize_map(ResourceVisitor(PhantomData))
    }
}

impl<T: Serialize, E: Serialize> Serialize for Resource<T, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.links.is_empty() {
            map.serialize_entry(LINKS, &self.links)?;
        }
        self.state.serialize(Members(&mut map))?;
        if has_members(&self.embedded) {
            map.serialize_entry(EMBEDDED, &self.embedded)?;
        }
        map.end()
    }
}
