use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{
    self, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::link::Link;
use crate::links::{Collected, Links};
use crate::reader::{Reader, Tolerance};
use crate::state::{self, EMBEDDED, LINKS};

/// How a [`List`] is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// A HAL list: an object whose `_embedded` has one relation. `None` where it has none, which is how
    /// some servers write an empty list.
    Embedded(Option<String>),
    /// A bare array.
    Array,
    /// One item that stands alone where a list could.
    Single,
    /// Null, or not there at all.
    #[default]
    Absent,
}

/// A list in whichever wrapping it comes: a HAL list, a bare array, a single object, or null.
///
/// ```
/// # #[derive(serde::Deserialize)]
/// # struct Right { id: u32 }
/// use hal::{Form, List};
///
/// let hal = br#"{
///     "_links": {"next": {"href": "/rights?page=2"}},
///     "_embedded": {"rights": [{"id": 1}, {"id": 2}]},
///     "continuationtoken": "2"
/// }"#;
/// let list: List<Right> = List::from_slice(hal, &hal::Lenient)?;
/// assert_eq!(list.form(), &Form::Embedded(Some("rights".into())));
/// assert_eq!(list.next_link().map(|next| next.href.as_str()), Some("/rights?page=2"));
/// assert_eq!(list.continuation_token(), Some("2"));
/// for right in list {
///     assert!(right.id > 0);
/// }
///
/// let bare: List<Right> = List::from_slice(br#"[{"id": 1}]"#, &hal::Lenient)?;
/// assert_eq!(bare.form(), &Form::Array);
/// let single: List<Right> = List::from_slice(br#"{"id": 1}"#, &hal::Lenient)?;
/// assert_eq!((single.form(), single.len()), (&Form::Single, 1));
/// # Ok::<(), hal::Error>(())
/// ```
///
/// It is the type of a member, too, where a server writes a nested HAL list at one time and an array at
/// another:
///
/// ```
/// use hal::List;
///
/// #[derive(serde::Deserialize)]
/// struct Holder {
///     #[serde(default)]
///     roles: List<String>,
/// }
/// for json in [r#"{"roles":{"_embedded":{"roles":["a"]}}}"#, r#"{"roles":["a"]}"#] {
///     let holder: Holder = serde_json::from_str(json)?;
///     assert_eq!(holder.roles.items(), ["a"]);
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// An object without `_embedded` is a single item; one with nothing but `_links` is an empty HAL list.
/// Several relations in `_embedded` are an error: which one is the list is for you to say, with a
/// [`Resource`](crate::Resource). It is written in the form it has; [`From<Vec<T>>`](Self::from) gives an
/// array.
#[derive(Clone, PartialEq)]
pub struct List<T> {
    items: Vec<T>,
    form: Form,
    links: Links,
    rest: Vec<(String, Json)>,
}

impl<T> List<T> {
    /// A HAL list of these items under a relation.
    #[must_use]
    pub fn embedded(relation: impl Into<String>, items: Vec<T>) -> Self {
        Self {
            items,
            form: Form::Embedded(Some(relation.into())),
            ..Self::default()
        }
    }

    /// The same list with one more link.
    #[must_use]
    pub fn with_link(mut self, relation: impl Into<String>, link: Link) -> Self {
        self.links = self.links.with(relation, link);
        self
    }

    /// Reads a list from a document, with the default limits. [`Reader`] has more to choose.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`]; [`Strict`](crate::Strict) takes the HAL form only.
    pub fn from_slice<'de>(json: &'de [u8], tolerance: &Tolerance) -> Result<Self, Error>
    where
        T: Deserialize<'de>,
    {
        let list: Self = Reader::new(*tolerance).read(json)?;
        let found = match list.form {
            Form::Embedded(_) => return Ok(list),
            Form::Array => "an array",
            Form::Single => "an object without it",
            Form::Absent => "null",
        };
        match tolerance {
            Tolerance::Lenient => Ok(list),
            Tolerance::Strict => Err(Error::new(
                ErrorKind::NotHal,
                "an object with _embedded",
                found,
            )),
        }
    }

    /// What is around one item that stands alone: nothing.
    pub(crate) fn around_single() -> Self {
        Self {
            form: Form::Single,
            ..Self::default()
        }
    }

    /// The same HAL list, of this relation.
    pub(crate) fn with_relation(self, relation: Option<String>) -> Self {
        Self {
            form: Form::Embedded(relation),
            ..self
        }
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items, without the wrapping.
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// How the list was written.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Whether there was nothing in its place. For
    /// `#[serde(default, skip_serializing_if = "List::is_absent")]`.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.form == Form::Absent
    }

    /// The links of the list itself; none unless it is a HAL list.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The link to the next page.
    #[must_use]
    pub fn next_link(&self) -> Option<&Link> {
        self.links.get("next")
    }

    /// The token that asks for the next page: a text member `continuationToken` of the list, in any case
    /// and with or without `_`.
    #[must_use]
    pub fn continuation_token(&self) -> Option<&str> {
        let is_token = |name: &str| {
            let name = name
                .bytes()
                .filter(|b| *b != b'_')
                .map(|b| b.to_ascii_lowercase());
            name.eq("continuationtoken".bytes())
        };
        self.rest.iter().find_map(|(name, value)| match value {
            Json::Text(token) if is_token(name) && !token.is_empty() => Some(token.as_str()),
            _ => None,
        })
    }

    /// Another member of the list itself, beside `_links` and `_embedded`: a count, a date.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Value> {
        self.rest
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone().into())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            form: Form::Absent,
            links: Links::new(),
            rest: Vec::new(),
        }
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            items,
            form: Form::Array,
            ..Self::default()
        }
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'l, T> IntoIterator for &'l List<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            items,
            form,
            links,
            rest: _,
        } = self;
        f.debug_struct("List")
            .field("items", items)
            .field("form", form)
            .field("links", links)
            .finish_non_exhaustive()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list: a HAL list, an array or an object")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_none<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<List<T>, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<List<T>, A::Error> {
        ItemsVisitor(PhantomData).visit_seq(seq).map(List::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
        // Which of the two it is shows only when `_embedded` comes, and that may be last. What comes
        // before is kept: of a HAL list that is little, of a single item all of it.
        let mut before: Vec<(String, Json)> = Vec::new();
        let mut embedded = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == EMBEDDED {
                let Relations { relation, items } = map.next_value()?;
                match &mut embedded {
                    None => embedded = Some((relation, items)),
                    Some((_, all)) => all.extend(items),
                }
            } else {
                before.push((name, map.next_value()?));
            }
        }
        let only_links = !before.is_empty() && before.iter().all(|(name, _)| name == LINKS);
        if embedded.is_none() && !only_links {
            let item = T::deserialize(Json::Object(before).into_deserializer())?;
            return Ok(List {
                items: vec![item],
                form: Form::Single,
                ..List::default()
            });
        }
        let (relation, items) = embedded.unwrap_or_default();
        let mut links = Collected::default();
        let mut rest = Vec::new();
        for (name, value) in before {
            if name == LINKS {
                links.deserialize(value.into_deserializer())?;
            } else {
                rest.push((name, value));
            }
        }
        Ok(List {
            items,
            form: Form::Embedded(relation),
            links: links.links,
            rest,
        })
    }
}

/// The one relation of `_embedded`.
struct Relations<T> {
    relation: Option<String>,
    items: Vec<T>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Relations<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RelationsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for RelationsVisitor<T> {
            type Value = Relations<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one embedded relation")
            }

            fn visit_unit<E>(self) -> Result<Relations<T>, E> {
                Ok(Relations {
                    relation: None,
                    items: Vec::new(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Relations<T>, A::Error> {
                let Some(relation) = map.next_key()? else {
                    return self.visit_unit();
                };
                let items = map.next_value_seed(ItemsVisitor(PhantomData))?;
                if map.next_key::<IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_length(2, &self));
                }
                Ok(Relations {
                    relation: Some(relation),
                    items,
                })
            }
        }

        deserializer.deserialize_any(RelationsVisitor(PhantomData))
    }
}

/// The items under a relation: an array, one object, or null.
pub(crate) struct ItemsVisitor<T>(pub(crate) PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ItemsVisitor<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        // A long list is copied less often while it grows: at each doubling that would be a twentieth of the
        // whole reading. What was too much is given back.
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == items.capacity() && items.len() >= 1024 {
                items.reserve_exact(items.len() * 3);
            }
            items.push(item);
        }
        if items.capacity() / 2 > items.len() {
            items.shrink_to_fit();
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
        state::from_object(map).map(|item| vec![item])
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let relation = match (&self.form, self.items.as_slice()) {
            (Form::Absent, []) => return serializer.serialize_unit(),
            (Form::Single, [item]) => return item.serialize(serializer),
            (Form::Embedded(relation), _) => relation,
            (_, items) => return items.serialize(serializer),
        };
        let mut map = serializer.serialize_map(None)?;
        if !self.links.is_empty() {
            map.serialize_entry(LINKS, &self.links)?;
        }
        if let Some(relation) = relation {
            map.serialize_entry(EMBEDDED, &One(relation, &self.items))?;
        }
        for (name, value) in &self.rest {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// An object with one member.
struct One<'l, T>(&'l str, &'l [T]);

impl<T: Serialize> Serialize for One<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}
