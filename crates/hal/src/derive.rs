//! What the code that the derive macros write is made of. Not for use by hand.

pub use std::default::Default;
pub use std::marker::PhantomData;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Ok};

pub use serde;

use std::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::Json;
use crate::link::{Link, ReadLink};
pub use crate::links::Links;
use crate::links::{Relation, RelationSeed, merge};
use crate::list::ItemsVisitor;
use crate::related::Related;
pub use crate::related::{LinkField, RelatedField, Written};
use crate::state::{EMBEDDED, LINKS, Members, has_members};

/// Which relations a struct has fields for.
pub trait Relations {
    /// Whether there is a field for all others.
    const KEEPS_OTHERS: bool;

    /// `Links` if there is, else nothing.
    type Others: Others;

    /// The number of a relation's field.
    fn place(relation: &str) -> Option<usize>;
}

/// Takes the relations that no field is for.
pub trait Others: Default + fmt::Debug {
    fn add(&mut self, name: String, links: Relation);
}

impl Others for () {
    fn add(&mut self, _: String, _: Relation) {}
}

impl Others for Links {
    fn add(&mut self, name: String, links: Relation) {
        Links::add(self, name, links);
    }
}

/// The links of a struct's fields, by number, and the others.
pub struct ReadLinks<R: Relations, const N: usize> {
    fields: [Option<Relation>; N],
    pub others: R::Others,
}

impl<R: Relations, const N: usize> Default for ReadLinks<R, N> {
    fn default() -> Self {
        Self {
            fields: [const { None }; N],
            others: R::Others::default(),
        }
    }
}

impl<R: Relations, const N: usize> ReadLinks<R, N> {
    #[inline]
    pub fn take(&mut self, place: usize) -> Option<Relation> {
        self.fields.get_mut(place)?.take()
    }

    #[inline]
    fn add(&mut self, place: Option<usize>, name: Option<String>, links: Relation) {
        if let Some(field) = place.and_then(|place| self.fields.get_mut(place)) {
            match field {
                None => *field = Some(links),
                Some(known) => merge(known, links),
            }
        } else if let Some(name) = name {
            self.others.add(name, links);
        }
    }
}

impl<R: Relations, const N: usize> fmt::Debug for ReadLinks<R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}

impl<'de, R: Relations, const N: usize> Deserialize<'de> for ReadLinks<R, N> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Self::default();
        deserializer.deserialize_any(ReadLinksVisitor(&mut all))?;
        Ok(all)
    }
}

struct ReadLinksVisitor<'l, R: Relations, const N: usize>(&'l mut ReadLinks<R, N>);

impl<'de, R: Relations, const N: usize> Visitor<'de> for ReadLinksVisitor<'_, R, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of links")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut name = None;
        while let Some(place) = map.next_key_seed(PlaceSeed::<R>(&mut name, PhantomData))? {
            if let Some(field @ None) = place.and_then(|place| self.0.fields.get_mut(place)) {
                map.next_value_seed(RelationSeed(field))?;
            } else if place.is_none() && name.is_none() {
                map.next_value::<de::IgnoredAny>()?;
            } else {
                let mut links = None;
                map.next_value_seed(RelationSeed(&mut links))?;
                if let Some(links) = links {
                    self.0.add(place, name.take(), links);
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(ReadLink { relation, link }) = seq.next_element()? {
            let relation = relation.map(|relation| relation.1);
            if let (Some(Json::Text(relation)), Some(link)) = (relation, link) {
                let place = R::place(&relation);
                self.0.add(
                    place,
                    R::KEEPS_OTHERS.then_some(relation),
                    Relation::One(link),
                );
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<(), D::Error> {
        inner.deserialize_any(self)
    }
}

/// Which field a relation belongs to; its name comes out beside, if it belongs to none and is kept.
struct PlaceSeed<'n, R>(&'n mut Option<String>, PhantomData<R>);

impl<'de, R: Relations> DeserializeSeed<'de> for PlaceSeed<'_, R> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<R: Relations> Visitor<'_> for PlaceSeed<'_, R> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a relation's name")
    }

    #[inline]
    fn visit_str<E>(self, relation: &str) -> Result<Option<usize>, E> {
        let place = R::place(relation);
        if place.is_none() && R::KEEPS_OTHERS {
            *self.0 = Some(relation.to_owned());
        }
        Ok(place)
    }
}

/// What serde's derive would say of a member that is not there.
pub fn missing<T, E: de::Error>(member: &'static str) -> Result<T, E> {
    Err(E::missing_field(member))
}

/// The embedded resources of a document that has none.
pub fn nothing<'de, T: Deserialize<'de>, E: de::Error>() -> Result<T, E> {
    T::deserialize(MapDeserializer::new(std::iter::empty::<(&str, ())>()))
}

/// For `default`, where the type has no `Default`.
pub fn none<T>() -> Option<T> {
    None
}

/// An array, or one that stands alone.
pub fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    ItemsVisitor(PhantomData).deserialize(deserializer)
}

pub fn related<T>(embedded: Option<T>, links: Option<Relation>) -> Related<T> {
    Related::of(embedded, links)
}

pub fn is_not_embedded<T>(related: &Related<T>) -> bool {
    related.embedded().is_none()
}

pub fn write_related<T: Serialize, S: Serializer>(
    related: &Related<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    related.embedded().serialize(serializer)
}

/// Writes `_links`, if there are any.
pub fn write_links<M: SerializeMap>(
    map: &mut M,
    fields: &[(&'static str, Option<Written<'_>>)],
    others: Option<&Links>,
) -> Result<(), M::Error> {
    if fields.iter().any(|(_, links)| links.is_some())
        || others.is_some_and(|links| !links.is_empty())
    {
        map.serialize_entry(LINKS, &WrittenLinks { fields, others })?;
    }
    Ok(())
}

struct WrittenLinks<'w> {
    fields: &'w [(&'static str, Option<Written<'w>>)],
    others: Option<&'w Links>,
}

impl Serialize for WrittenLinks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (relation, links) in self.fields {
            if let Some(links) = links {
                map.serialize_entry(relation, links)?;
            }
        }
        for (relation, links) in self.others.into_iter().flat_map(Links::relations) {
            map.serialize_entry(relation, links)?;
        }
        map.end()
    }
}

/// Writes the members of the resource itself.
pub fn write_state<M: SerializeMap, T: Serialize>(map: &mut M, state: &T) -> Result<(), M::Error> {
    state.serialize(Members(map))
}

/// Writes `_embedded`, if there is anything in it.
pub fn write_embedded<M: SerializeMap, T: Serialize>(
    map: &mut M,
    embedded: &T,
) -> Result<(), M::Error> {
    if has_members(embedded) {
        map.serialize_entry(EMBEDDED, embedded)?;
    }
    Ok(())
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(link) => link.serialize(serializer),
            Self::Many(links) => links.serialize(serializer),
            Self::Target(href) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("href", href)?;
                map.end()
            }
        }
    }
}

impl LinkField for Link {
    #[inline]
    fn read(links: Option<Relation>) -> Option<Self> {
        match links? {
            Relation::One(link) => Some(link),
            Relation::Many(links) => links.into_iter().next(),
        }
    }

    fn write(&self) -> Option<Written<'_>> {
        Some(Written::One(self))
    }
}

impl LinkField for String {
    fn read(links: Option<Relation>) -> Option<Self> {
        Link::read(links).map(|link| link.href)
    }

    fn write(&self) -> Option<Written<'_>> {
        Some(Written::Target(self))
    }
}

impl LinkField for Relation {
    fn read(links: Option<Relation>) -> Option<Self> {
        links
    }

    fn write(&self) -> Option<Written<'_>> {
        Some(match self {
            Relation::One(link) => Written::One(link),
            Relation::Many(links) => Written::Many(links),
        })
    }
}

impl LinkField for Vec<Link> {
    fn read(links: Option<Relation>) -> Option<Self> {
        Some(links.map_or_else(Vec::new, Relation::into_vec))
    }

    fn write(&self) -> Option<Written<'_>> {
        (!self.is_empty()).then_some(Written::Many(self))
    }
}

impl<T: LinkField> LinkField for Option<T> {
    fn read(links: Option<Relation>) -> Option<Self> {
        Some(links.and_then(|links| T::read(Some(links))))
    }

    fn write(&self) -> Option<Written<'_>> {
        self.as_ref().and_then(T::write)
    }
}
