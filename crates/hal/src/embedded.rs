use std::fmt;

use serde::de::{DeserializeOwned, IntoDeserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::list::List;
use crate::pointer;
use crate::tracked;

/// The embedded resources (`_embedded`) of a [`Resource`](crate::Resource), by relation, read into a
/// type when you ask.
///
/// Where you know the relations beforehand, a struct of your own in its place is faster; see
/// [`Resource`](crate::Resource). `Debug` shows relations and counts, not the contents.
///
/// ```
/// use hal::Embedded;
///
/// let embedded: Embedded = serde_json::from_str(r#"{"author":{"name":"Ada"},"tags":["a","b"]}"#)?;
/// #[derive(serde::Deserialize)]
/// struct Author { name: String }
/// let author: Option<Author> = embedded.get("author")?;
/// assert_eq!(author.map(|a| a.name).as_deref(), Some("Ada"));
/// assert_eq!(embedded.list::<String>("tags")?.len(), 2);
/// assert!(embedded.get::<Author>("editor")?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Embedded {
    // Boxed: most resources have none. Never there without something in it.
    #[expect(clippy::box_collection, reason = "a word for what is seldom there")]
    relations: Option<Box<Vec<(String, Json)>>>,
}

impl Embedded {
    /// Nothing embedded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is embedded under a relation: a resource, or a list of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unwritable`] when the value has no form in JSON.
    pub fn insert<V: Serialize + ?Sized>(
        &mut self,
        relation: impl Into<String>,
        value: &V,
    ) -> Result<(), Error> {
        // Through text, not through serde_json's tree: that one sorts the members.
        let unwritable =
            |_| Error::new(ErrorKind::Unwritable, "a value with a form in JSON", "none");
        let text = serde_json::to_vec(value).map_err(unwritable)?;
        let json: Json = serde_json::from_slice(&text).map_err(unwritable)?;
        let relation = relation.into();
        let relations = self.relations.get_or_insert_default();
        match relations.iter_mut().find(|(known, _)| *known == relation) {
            Some((_, old)) => *old = json,
            None => relations.push((relation, json)),
        }
        Ok(())
    }

    /// Reads what is embedded under a relation as one value; `None` if the relation is not there.
    ///
    /// # Errors
    ///
    /// When it is there and does not fit the type; the pointer begins at the resource.
    pub fn get<T: DeserializeOwned>(&self, relation: &str) -> Result<Option<T>, Error> {
        let Some((name, json)) = self.all().iter().find(|(known, _)| known == relation) else {
            return Ok(None);
        };
        let json = IntoDeserializer::<tracked::Raised>::into_deserializer(json.clone());
        tracked::read(json).map(Some).map_err(|raised| {
            let mut parent = String::from("/_embedded");
            pointer::push(&mut parent, name);
            let unexpected =
                || Error::new(ErrorKind::Shape, "a value that fits its type", "another");
            raised
                .into_error()
                .unwrap_or_else(unexpected)
                .below(&parent)
        })
    }

    /// Reads what is embedded under a relation as a list, be it an array, a single resource or not
    /// there at all.
    ///
    /// # Errors
    ///
    /// When an item does not fit the type; the pointer begins at the resource.
    pub fn list<T: DeserializeOwned>(&self, relation: &str) -> Result<List<T>, Error> {
        Ok(self.get(relation)?.unwrap_or_default())
    }

    /// The relations in their order, each with the count of its resources, and whether they stand in an
    /// array.
    pub fn relations(&self) -> impl Iterator<Item = (&str, usize, bool)> {
        self.all().iter().map(|(relation, json)| match json {
            Json::Array(items) => (relation.as_str(), items.len(), true),
            Json::Null => (relation.as_str(), 0, false),
            _ => (relation.as_str(), 1, false),
        })
    }

    fn all(&self) -> &[(String, Json)] {
        self.relations.as_ref().map_or(&[], |relations| relations)
    }

    /// Whether nothing is embedded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relations.is_none()
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded ")?;
        f.debug_map()
            .entries(
                self.relations()
                    .map(|(relation, count, _)| (relation, count)),
            )
            .finish()
    }
}

impl<'de> Deserialize<'de> for Embedded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EmbeddedVisitor;

        impl<'de> Visitor<'de> for EmbeddedVisitor {
            type Value = Embedded;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of embedded resources")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Embedded, A::Error> {
                let mut relations = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    relations.push(entry);
                }
                let relations = (!relations.is_empty()).then(|| Box::new(relations));
                Ok(Embedded { relations })
            }

            fn visit_unit<E>(self) -> Result<Embedded, E> {
                Ok(Embedded::default())
            }
        }

        deserializer.deserialize_any(EmbeddedVisitor)
    }
}

impl Serialize for Embedded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.all().len()))?;
        for (relation, json) in self.all() {
            map.serialize_entry(relation, json)?;
        }
        map.end()
    }
}
