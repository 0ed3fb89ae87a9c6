use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
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
#[derive(Clone, Default, PartialEq)]
pub struct Links {
    entries: Entries,
}

/// Many a resource has only `self`: one relation needs no allocation.
#[derive(Clone, Default, PartialEq)]
enum Entries {
    #[default]
    None,
    One((Name, Relation)),
    /// Two at least.
    Many(Vec<(Name, Relation)>),
}

impl Entries {
    #[inline]
    fn as_slice(&self) -> &[(Name, Relation)] {
        match self {
            Self::None => &[],
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Many(entries) => entries,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [(Name, Relation)] {
        match self {
            Self::None => &mut [],
            Self::One(entry) => std::slice::from_mut(entry),
            Self::Many(entries) => entries,
        }
    }

    fn push(&mut self, entry: (Name, Relation)) {
        if let Self::Many(entries) = self {
            entries.push(entry);
            return;
        }
        *self = match std::mem::take(self) {
            Self::One(first) => Self::Many(vec![first, entry]),
            _ => Self::One(entry),
        };
    }
}

/// A relation's name; the most frequent ones are not allocated.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Frequent(u8),
    Other(Box<str>),
}

const FREQUENT: [&str; 8] = [
    "self", "next", "prev", "first", "last", "item", "find", "curies",
];

impl Name {
    #[inline]
    fn frequent(relation: &str) -> Option<Self> {
        let at = FREQUENT.iter().position(|frequent| *frequent == relation)?;
        u8::try_from(at).ok().map(Self::Frequent)
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            Self::Frequent(at) => FREQUENT[usize::from(*at)],
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Name {
    #[inline]
    fn from(relation: &str) -> Self {
        Self::frequent(relation).unwrap_or_else(|| Self::Other(relation.into()))
    }
}

impl From<String> for Name {
    fn from(relation: String) -> Self {
        Self::frequent(&relation).unwrap_or_else(|| Self::Other(relation.into()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
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

    pub(crate) fn into_vec(self) -> Vec<Link> {
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
        let relation = Name::from(relation.into());
        let mut entries = self.entries.as_mut_slice().iter_mut();
        let known = entries.find(|(known, _)| *known == relation);
        match known {
            Some((_, old)) => Some(std::mem::replace(old, links)),
            None => {
                self.entries.push((relation, links));
                None
            }
        }
    }

    fn entries(&self) -> std::slice::Iter<'_, (Name, Relation)> {
        self.entries.as_slice().iter()
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

    /// What stands under a relation. Its name is compared as it is; if that finds nothing, without regard to
    /// case (RFC 8288 §2.1); and then as what a CURIE stands for, which may be in the document or asked for:
    /// `acme:widgets` and `https://docs.acme.example/widgets` are one relation.
    ///
    /// ```
    /// use hal::Links;
    ///
    /// let links: Links = serde_json::from_str(r#"{
    ///     "curies": [{"name": "acme", "href": "https://docs.acme.example/{rel}", "templated": true}],
    ///     "acme:widgets": {"href": "/widgets"}
    /// }"#)?;
    /// assert!(links.get("acme:widgets").is_some());
    /// assert!(links.get("https://docs.acme.example/widgets").is_some());
    /// assert_eq!(links.expand_curie("acme:widgets").as_deref(), Some("https://docs.acme.example/widgets"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn relation(&self, relation: &str) -> Option<&Relation> {
        self.entries()
            .find(|(known, _)| known.as_str() == relation)
            .or_else(|| {
                self.entries()
                    .find(|(known, _)| known.as_str().eq_ignore_ascii_case(relation))
            })
            .or_else(|| self.of_curie(relation))
            .map(|(_, links)| links)
    }

    fn of_curie(&self, relation: &str) -> Option<&(Name, Relation)> {
        if !relation.contains(':') || self.curies().is_empty() {
            return None;
        }
        let asked = self.expand_curie(relation);
        let asked = asked.as_deref().unwrap_or(relation);
        self.entries().find(|(known, _)| {
            let known = known.as_str();
            known == asked || self.expand_curie(known).is_some_and(|known| known == asked)
        })
    }

    fn curies(&self) -> &[Link] {
        self.entries()
            .find(|(known, _)| known.as_str() == "curies")
            .map_or(&[], |(_, links)| links.as_slice())
    }

    /// The URI that a compact relation (`acme:widgets`) stands for, by the link of this name under `curies`
    /// (draft §8.2). `None` if there is no such link.
    #[must_use]
    pub fn expand_curie(&self, relation: &str) -> Option<String> {
        let (prefix, rest) = relation.split_once(':')?;
        let curie = self
            .curies()
            .iter()
            .find(|link| link.name() == Some(prefix))?;
        curie.expand([("rel", rest)]).ok()
    }

    /// The link of this name among those of a relation.
    #[must_use]
    pub fn named(&self, relation: &str, name: &str) -> Option<&Link> {
        self.all(relation)
            .iter()
            .find(|link| link.name() == Some(name))
    }

    /// The relations in their order.
    pub fn relations(&self) -> impl Iterator<Item = (&str, &Relation)> {
        self.entries()
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
        self.entries.as_slice().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.entries, Entries::None)
    }

    /// Adds links of a relation that may be there already.
    #[cfg(feature = "derive")]
    pub(crate) fn add(&mut self, relation: String, links: Relation) {
        let mut all = Collected::from(std::mem::take(self));
        all.add(relation.into(), links);
        *self = all.links;
    }
}

/// Collects relations that may come twice, in a time that stays linear however many there are.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) links: Links,
    /// Where each stands, once there are many.
    #[expect(clippy::box_collection, reason = "a word for what is seldom there")]
    places: Option<Box<HashMap<Name, usize>>>,
}

/// Up to here looking through is faster than hashing.
const FEW: usize = 16;

impl Collected {
    #[inline]
    fn add(&mut self, relation: Name, links: Relation) {
        if self.links.is_empty() {
            self.links.entries = Entries::One((relation, links));
        } else {
            self.add_another(relation, links);
        }
    }

    fn add_another(&mut self, relation: Name, links: Relation) {
        let entries = self.links.entries.as_mut_slice();
        let known = if entries.len() <= FEW {
            entries.iter_mut().find(|(known, _)| *known == relation)
        } else {
            let places = self.places.get_or_insert_with(|| {
                let names = entries.iter().map(|(name, _)| name.clone());
                Box::new(names.enumerate().map(|(at, name)| (name, at)).collect())
            });
            match places.get(&relation) {
                Some(at) => entries.get_mut(*at),
                None => {
                    places.insert(relation.clone(), entries.len());
                    None
                }
            }
        };
        match known {
            Some((_, known)) => merge(known, links),
            None => self.links.entries.push((relation, links)),
        }
    }
}

/// Adds the links of the same relation that came a second time.
pub(crate) fn merge(known: &mut Relation, links: Relation) {
    let mut both = std::mem::replace(known, Relation::Many(Vec::new())).into_vec();
    both.extend(links.into_vec());
    *known = Relation::Many(both);
}

impl<'de> DeserializeSeed<'de> for &mut Collected {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(feature = "derive")]
impl From<Links> for Collected {
    fn from(links: Links) -> Self {
        Self {
            links,
            places: None,
        }
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links ")?;
        f.debug_map().entries(self.relations()).finish()
    }
}

impl FromIterator<(String, Relation)> for Links {
    fn from_iter<I: IntoIterator<Item = (String, Relation)>>(relations: I) -> Self {
        let mut all = Collected::default();
        for (relation, links) in relations {
            all.add(relation.into(), links);
        }
        all.links
    }
}

impl<'de> Deserialize<'de> for Links {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Collected::default();
        deserializer.deserialize_any(&mut all)?;
        Ok(all.links)
    }
}

impl<'de> Visitor<'de> for &mut Collected {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of links")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(ReadName(relation)) = map.next_key()? {
            let mut links = None;
            map.next_value_seed(RelationSeed(&mut links))?;
            if let Some(links) = links {
                self.add(relation, links);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(read) = seq.next_element::<ReadLink>()? {
            let relation = read.relation.map(|relation| relation.1);
            if let (Some(Json::Text(relation)), Some(link)) = (relation, read.link) {
                self.add(relation.into(), Relation::One(link));
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

struct ReadName(Name);

impl<'de> Deserialize<'de> for ReadName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl Visitor<'_> for NameVisitor {
            type Value = ReadName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a relation's name")
            }

            #[inline]
            fn visit_str<E>(self, relation: &str) -> Result<ReadName, E> {
                Ok(ReadName(Name::from(relation)))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Reads one link, an array of them, or nothing of use, to its place.
pub(crate) struct RelationSeed<'r>(pub(crate) &'r mut Option<Relation>);

impl<'de> DeserializeSeed<'de> for RelationSeed<'_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! one {
    ($($method:ident $type:ty),*) => { $(
        fn $method<E: serde::de::Error>(self, value: $type) -> Result<(), E> {
            *self.0 = LinkVisitor.$method(value)?.into_link().map(Relation::One);
            Ok(())
        }
    )* };
}

impl<'de> Visitor<'de> for RelationSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link or an array of links")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        *self.0 = Link::of_object(map)?.map(Relation::One);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut links = Vec::new();
        while let Some(read) = seq.next_element::<ReadLink>()? {
            links.extend(read.into_link());
        }
        *self.0 = Some(Relation::Many(links));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    one!(visit_str &str, visit_string String, visit_bool bool);
    one!(visit_u64 u64, visit_i64 i64, visit_f64 f64);
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
        let mut links = None;
        RelationSeed(&mut links).deserialize(deserializer)?;
        links.ok_or_else(|| D::Error::missing_field("href"))
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (relation, links) in self.entries() {
            map.serialize_entry(relation.as_str(), links)?;
        }
        map.end()
    }
}
