use std::collections::HashMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::Json;
use crate::link::{Link, LinkVisitor, ReadLink};

/// The links of a resource (`_links`): relations in their order, each with one link or many.
///
/// ```
/// use hal::Links;
///
/// let links: Links = serde_json::from_str(
///     r#"{"self":{"href":"/orders"},"item":[{"href":"/orders/1"},{"href":"/orders/2"}]}"#,
/// )?;
/// assert_eq!(links.get("self").map(|link| link.href.as_str()), Some("/orders"));
/// assert_eq!(links.all("item").len(), 2);
/// assert!(links.get("next").is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Read leniently: besides the draft's object also an array whose members name their relation
/// (`[{"Rel":"self","Href":"/orders"}]`), null, and links as [`Link`] tells. A link without a target
/// is left out. It is written as the draft's object; whether a relation was written as one link or as
/// an array is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    relations: Vec<(String, Relation)>,
}

/// What stands under one relation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Relation {
    /// One link, written as an object.
    One(Link),
    /// An array of links, be it of one or none.
    Many(Vec<Link>),
}

impl Relation {
    /// The links, one or many.
    #[must_use]
    pub fn as_slice(&self) -> &[Link] {
        match self {
            Self::One(link) => std::slice::from_ref(link),
            Self::Many(links) => links,
        }
    }

    fn into_vec(self) -> Vec<Link> {
        match self {
            Self::One(link) => vec![link],
            Self::Many(links) => links,
        }
    }
}

impl Links {
    /// No links.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These links and one more relation with one link. A relation that is there already is replaced.
    ///
    /// ```
    /// use hal::{Link, Links};
    ///
    /// let links = Links::new().with("self", Link::new("/orders/1"));
    /// assert_eq!(serde_json::to_string(&links)?, r#"{"self":{"href":"/orders/1"}}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn with(mut self, relation: impl Into<String>, link: Link) -> Self {
        self.insert(relation, Relation::One(link));
        self
    }

    /// These links and one more relation with an array of links.
    #[must_use]
    pub fn with_many(
        mut self,
        relation: impl Into<String>,
        links: impl IntoIterator<Item = Link>,
    ) -> Self {
        self.insert(relation, Relation::Many(links.into_iter().collect()));
        self
    }

    /// Sets what stands under a relation; gives back what stood there.
    pub fn insert(&mut self, relation: impl Into<String>, links: Relation) -> Option<Relation> {
        let relation = relation.into();
        match self
            .relations
            .iter_mut()
            .find(|(known, _)| *known == relation)
        {
            Some((_, old)) => Some(std::mem::replace(old, links)),
            None => {
                self.relations.push((relation, links));
                None
            }
        }
    }

    /// The first link of a relation.
    #[must_use]
    pub fn get(&self, relation: &str) -> Option<&Link> {
        self.all(relation).first()
    }

    /// All links of a relation; none if it is not there.
    #[must_use]
    pub fn all(&self, relation: &str) -> &[Link] {
        self.relation(relation).map_or(&[], Relation::as_slice)
    }

    /// What stands under a relation.
    #[must_use]
    pub fn relation(&self, relation: &str) -> Option<&Relation> {
        self.relations
            .iter()
            .find(|(known, _)| known == relation)
            .map(|(_, links)| links)
    }

    /// The relations in their order.
    pub fn relations(&self) -> impl Iterator<Item = (&str, &Relation)> {
        self.relations
            .iter()
            .map(|(relation, links)| (relation.as_str(), links))
    }

    /// Every link with its relation, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Link)> {
        self.relations()
            .flat_map(|(relation, links)| links.as_slice().iter().map(move |link| (relation, link)))
    }

    /// How many relations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.relations.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.relations.is_empty()
    }

    /// Adds the links of the same resource that stood in a second `_links`.
    pub(crate) fn merge(&mut self, other: Self) {
        let mut all = Collected::from(std::mem::take(self));
        for (relation, links) in other.relations {
            all.add(relation, links);
        }
        *self = all.links;
    }
}

/// Collects relations that may come twice, in a time that stays linear however many there are.
#[derive(Default)]
struct Collected {
    links: Links,
    places: HashMap<String, usize>,
}

/// Up to here looking through is faster than hashing.
const FEW: usize = 16;

impl Collected {
    fn add(&mut self, relation: String, links: Relation) {
        let relations = &mut self.links.relations;
        let place = if relations.len() <= FEW {
            relations.iter().position(|(known, _)| *known == relation)
        } else {
            if self.places.is_empty() {
                self.places = relations
                    .iter()
                    .enumerate()
                    .map(|(at, (name, _))| (name.clone(), at))
                    .collect();
            }
            self.places.get(&relation).copied()
        };
        match place {
            Some(place) => {
                let known = &mut relations[place].1;
                let mut both = std::mem::replace(known, Relation::Many(Vec::new())).into_vec();
                both.extend(links.into_vec());
                *known = Relation::Many(both);
            }
            None => {
                if !self.places.is_empty() {
                    self.places.insert(relation.clone(), relations.len());
                }
                relations.push((relation, links));
            }
        }
    }
}

impl From<Links> for Collected {
    fn from(links: Links) -> Self {
        Self {
            links,
            places: HashMap::new(),
        }
    }
}

impl FromIterator<(String, Relation)> for Links {
    fn from_iter<I: IntoIterator<Item = (String, Relation)>>(relations: I) -> Self {
        let mut all = Collected::default();
        for (relation, links) in relations {
            all.add(relation, links);
        }
        all.links
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LinksVisitor;

        impl<'de> Visitor<'de> for LinksVisitor {
            type Value = Links;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of links")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Links, A::Error> {
                let mut all = Collected::default();
                while let Some(relation) = map.next_key::<String>()? {
                    if let ReadRelation(Some(links)) = map.next_value()? {
                        all.add(relation, links);
                    }
                }
                Ok(all.links)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Links, A::Error> {
                let mut all = Collected::default();
                while let Some(read) = seq.next_element::<ReadLink>()? {
                    if let (Some((_, Json::Text(relation))), Some(link)) =
                        (read.relation, read.link)
                    {
                        all.add(relation, Relation::One(link));
                    }
                }
                Ok(all.links)
            }

            fn visit_unit<E>(self) -> Result<Links, E> {
                Ok(Links::default())
            }

            fn visit_none<E>(self) -> Result<Links, E> {
                Ok(Links::default())
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Links, D::Error> {
                inner.deserialize_any(self)
            }
        }

        deserializer.deserialize_any(LinksVisitor)
    }
}

/// One link, an array of them, or nothing of use.
struct ReadRelation(Option<Relation>);

impl<'de> Deserialize<'de> for ReadRelation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RelationVisitor;

        macro_rules! one {
            ($($method:ident $type:ty),*) => { $(
                fn $method<E: serde::de::Error>(self, value: $type) -> Result<ReadRelation, E> {
                    Ok(LinkVisitor.$method(value)?.into())
                }
            )* };
        }

        impl<'de> Visitor<'de> for RelationVisitor {
            type Value = ReadRelation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a link or an array of links")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReadRelation, A::Error> {
                Ok(LinkVisitor.visit_map(map)?.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ReadRelation, A::Error> {
                let mut links = Vec::new();
                while let Some(read) = seq.next_element::<ReadLink>()? {
                    links.extend(read.into_link());
                }
                Ok(ReadRelation(Some(Relation::Many(links))))
            }

            fn visit_unit<E>(self) -> Result<ReadRelation, E> {
                Ok(ReadRelation(None))
            }

            fn visit_none<E>(self) -> Result<ReadRelation, E> {
                Ok(ReadRelation(None))
            }

            one!(visit_str &str, visit_string String, visit_bool bool);
            one!(visit_u64 u64, visit_i64 i64, visit_f64 f64);
        }

        deserializer.deserialize_any(RelationVisitor)
    }
}

impl From<ReadLink> for ReadRelation {
    fn from(read: ReadLink) -> Self {
        Self(read.into_link().map(Relation::One))
    }
}

impl Serialize for Relation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(link) => link.serialize(serializer),
            Self::Many(links) => links.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Relation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadRelation(links) = ReadRelation::deserialize(deserializer)?;
        links.ok_or_else(|| D::Error::missing_field("href"))
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.relations.len()))?;
        for (relation, links) in &self.relations {
            map.serialize_entry(relation, links)?;
        }
        map.end()
    }
}
