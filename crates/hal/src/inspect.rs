use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind};
use crate::json::Json;
use crate::link::Member;
use crate::pointer;
use crate::reader::{Reader, Tolerance};
use crate::state::{EMBEDDED, LINKS};
use crate::template::UriTemplate;

/// Looks at any JSON document as HAL: its links, its embedded lists and what is irregular, at every
/// depth. An object anywhere counts as a resource if it has `_links` or `_embedded`.
///
/// ```
/// let document = hal::inspect(br#"{
///     "_links": {"self": {"href": "/rights"}},
///     "_embedded": {"rights": [{"id": 1, "_links": [{"Rel": "self", "Href": "/rights/1"}]}]}
/// }"#)?;
/// assert_eq!(document.links()[0].relation(), "self");
/// assert_eq!(document.links()[1].pointer(), "/_embedded/rights/0/_links/0");
/// assert_eq!((document.embedded()[0].relation(), document.embedded()[0].count()), ("rights", 1));
/// assert_eq!(
///     document.irregularities()[0].to_string(),
///     "links stand in an array, not in an object at /_embedded/rights/0/_links",
/// );
/// # Ok::<(), hal::Error>(())
/// ```
///
/// # Errors
///
/// What is no JSON, or beyond the default [`Limits`](crate::Limits). Irregular HAL is no error.
pub fn inspect(json: &[u8]) -> Result<Inspection, Error> {
    Reader::new(Tolerance::Lenient).inspect(json)
}

/// What [`inspect`] found, in the order of the document.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    links: Vec<FoundLink>,
    embedded: Vec<FoundEmbedded>,
    irregularities: Vec<Irregularity>,
}

impl Inspection {
    /// Every link.
    #[must_use]
    pub fn links(&self) -> &[FoundLink] {
        &self.links
    }

    /// Every relation of every `_embedded`.
    #[must_use]
    pub fn embedded(&self) -> &[FoundEmbedded] {
        &self.embedded
    }

    /// What is not as the draft says or recommends.
    #[must_use]
    pub fn irregularities(&self) -> &[Irregularity] {
        &self.irregularities
    }

    pub(crate) fn into_irregularities(self) -> Vec<Irregularity> {
        self.irregularities
    }
}

/// A link, found by [`inspect`].
#[derive(Clone, Debug)]
pub struct FoundLink {
    pointer: String,
    relation: String,
    href: String,
    templated: bool,
}

impl FoundLink {
    /// Where it stands, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Its relation.
    #[must_use]
    pub fn relation(&self) -> &str {
        &self.relation
    }

    /// Where it leads, as it is written.
    #[must_use]
    pub fn href(&self) -> &str {
        &self.href
    }

    /// Whether it is marked as a template, in any spelling.
    #[must_use]
    pub fn is_templated(&self) -> bool {
        self.templated
    }
}

/// What is embedded under one relation, found by [`inspect`].
#[derive(Clone, Debug)]
pub struct FoundEmbedded {
    pointer: String,
    relation: String,
    count: usize,
    is_list: bool,
}

impl FoundEmbedded {
    /// Where it stands, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Its relation: the key in `_embedded`.
    #[must_use]
    pub fn relation(&self) -> &str {
        &self.relation
    }

    /// How many resources there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they stand in an array.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.is_list
    }
}

/// One thing that is not as
/// [draft-kelly-json-hal-11](https://datatracker.ietf.org/doc/html/draft-kelly-json-hal-11) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irregularity {
    pointer: String,
    kind: IrregularityKind,
}

impl Irregularity {
    /// Where, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What.
    #[must_use]
    pub fn kind(&self) -> IrregularityKind {
        self.kind
    }

    /// Whether the draft forbids it, so that [`Strict`](crate::Strict) refuses it; otherwise it only
    /// recommends against it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.kind != IrregularityKind::UnmarkedTemplate
    }

    pub(crate) fn below(self, parent: &str) -> Self {
        Self {
            pointer: format!("{parent}{}", self.pointer),
            ..self
        }
    }

    pub(crate) fn into_error(self) -> Error {
        let (expected, found) = self.kind.expected_and_found();
        Error::new(ErrorKind::NotHal, expected, found).at(self.pointer)
    }
}

impl fmt::Display for Irregularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.pointer.is_empty() {
            write!(f, " at {}", self.pointer)?;
        }
        Ok(())
    }
}

/// The kinds of [`Irregularity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IrregularityKind {
    /// The document is an array, or a bare value, not a resource object (draft §4).
    DocumentNotObject,
    /// `_links` is an array of objects that name their relation (draft §4.1.1).
    LinksInArray,
    /// `_links` is neither an object nor an array, or holds items that are no links (draft §4.1.1).
    LinksNotObject,
    /// A link is a bare string (draft §5).
    LinkIsText,
    /// A link is neither an object nor a string (draft §5).
    LinkNotObject,
    /// A link has no target, or none that is a string; it is left out (draft §5.1).
    LinkWithoutHref,
    /// A member of a link is spelled differently: `isTemplated`, `Href` (draft §5).
    OtherSpelling,
    /// A member of a link has another type than the draft says (draft §5).
    WrongType,
    /// A link has `templated`, but its target is no valid template (draft §5.1, RFC 6570).
    InvalidTemplate,
    /// A target looks like a template and is not marked as one (draft §5.1: "SHOULD").
    UnmarkedTemplate,
    /// `_embedded` is no object (draft §4.1.2).
    EmbeddedNotObject,
    /// What is embedded is no resource: a bare value (draft §4.1.2).
    EmbeddedNotResource,
    /// `_links`, `_embedded` or a relation in them comes twice (RFC 8259 §4).
    Repeated,
}

impl IrregularityKind {
    fn expected_and_found(self) -> (&'static str, &'static str) {
        match self {
            Self::DocumentNotObject => ("a resource object", "something else"),
            Self::LinksInArray => ("an object of links", "an array"),
            Self::LinksNotObject => ("an object of links", "something else"),
            Self::LinkIsText => ("a link object", "a string"),
            Self::LinkNotObject => ("a link object", "something else"),
            Self::LinkWithoutHref => ("a link with a text href", "none"),
            Self::OtherSpelling => ("the draft's spelling of a member", "another"),
            Self::WrongType => ("the draft's type of a member", "another"),
            Self::InvalidTemplate => ("a URI template", "an invalid one"),
            Self::UnmarkedTemplate => ("a template to be marked", "no mark"),
            Self::EmbeddedNotObject => ("an object of embedded resources", "something else"),
            Self::EmbeddedNotResource => ("a resource object", "something else"),
            Self::Repeated => ("a member once", "it twice"),
        }
    }
}

impl fmt::Display for IrregularityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DocumentNotObject => "the document is no object",
            Self::LinksInArray => "links stand in an array, not in an object",
            Self::LinksNotObject => "links do not stand in an object",
            Self::LinkIsText => "a link is a bare string",
            Self::LinkNotObject => "a link is no object",
            Self::LinkWithoutHref => "a link has no href",
            Self::OtherSpelling => "a member of a link is not spelled as in the format",
            Self::WrongType => "a member of a link has the wrong type",
            Self::InvalidTemplate => "the template of a link is not valid",
            Self::UnmarkedTemplate => "a link looks like a template and is not marked as one",
            Self::EmbeddedNotObject => "embedded resources do not stand in an object",
            Self::EmbeddedNotResource => "something embedded is no object",
            Self::Repeated => "a member comes twice",
        })
    }
}

/// What a value is, by its place.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// The document as a whole.
    Document,
    /// Something that is embedded: an item of a list.
    Item,
    /// All that is embedded under a relation, by its number among those found.
    Relation(usize),
    /// `_embedded`.
    Embedded,
    /// Anything else.
    Elsewhere,
}

/// Looks at a text while it is read; nothing of it is kept but what is found.
pub(crate) fn of_text(json: &[u8], place: Place) -> Result<Inspection, serde_json::Error> {
    let mut walk = Walk::default();
    let mut text = serde_json::Deserializer::from_slice(json);
    walk.look(place).deserialize(&mut text)?;
    text.end()?;
    Ok(walk.found)
}

/// Looks at a document that is there already.
pub(crate) fn of_tree(tree: Json) -> Inspection {
    let mut walk = Walk::default();
    // A look takes everything, so there is no error.
    let _ = walk.look(Place::Document).deserialize(
        IntoDeserializer::<de::value::Error>::into_deserializer(tree),
    );
    walk.found
}

#[derive(Default)]
struct Walk {
    found: Inspection,
    pointer: String,
}

impl Walk {
    fn irregular(&mut self, kind: IrregularityKind) {
        let pointer = self.pointer.clone();
        self.found
            .irregularities
            .push(Irregularity { pointer, kind });
    }

    fn look(&mut self, place: Place) -> Look<'_> {
        Look { walk: self, place }
    }

    /// Goes down to a member or item, and back up.
    fn within<T>(&mut self, token: &str, then: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        pointer::push(&mut self.pointer, token);
        let done = then(self);
        self.pointer.truncate(length);
        done
    }

    fn items(&mut self, items: &[Json], mut then: impl FnMut(&mut Self, &Json)) {
        for (index, item) in items.iter().enumerate() {
            self.within(&index.to_string(), |walk| then(walk, item));
        }
    }

    fn repeated(&mut self, members: &[(String, Json)]) {
        let mut seen = HashSet::new();
        for (name, _) in members {
            if !seen.insert(name) {
                self.within(name, |walk| walk.irregular(IrregularityKind::Repeated));
            }
        }
    }

    fn links(&mut self, links: &Json) {
        match links {
            Json::Object(relations) => {
                self.repeated(relations);
                for (relation, links) in relations {
                    self.within(relation, |walk| match links {
                        Json::Array(links) => {
                            walk.items(links, |walk, link| walk.link(relation, link));
                        }
                        link => walk.link(relation, link),
                    });
                }
            }
            Json::Array(links) => {
                self.irregular(IrregularityKind::LinksInArray);
                self.items(links, |walk, link| match relation_inside(link) {
                    Some(relation) => walk.link(relation, link),
                    None => walk.irregular(IrregularityKind::LinksNotObject),
                });
            }
            _ => self.irregular(IrregularityKind::LinksNotObject),
        }
    }

    fn link(&mut self, relation: &str, link: &Json) {
        let mut href = None;
        let mut templated = false;
        match link {
            Json::Text(text) => {
                self.irregular(IrregularityKind::LinkIsText);
                href = Some(text.as_str());
            }
            Json::Object(members) => {
                for (name, value) in members {
                    let Some(member) = Member::of(name) else {
                        continue;
                    };
                    self.within(name, |walk| match (member, value) {
                        (Member::Href, Json::Text(text)) => href = Some(text),
                        (Member::Templated, Json::Bool(is)) => templated = *is,
                        (Member::Href | Member::Templated, _) => {
                            walk.irregular(IrregularityKind::WrongType);
                        }
                        (_, Json::Text(_)) => {}
                        _ => walk.irregular(IrregularityKind::WrongType),
                    });
                    if member.name() != name {
                        self.within(name, |walk| walk.irregular(IrregularityKind::OtherSpelling));
                    }
                }
            }
            _ => return self.irregular(IrregularityKind::LinkNotObject),
        }
        let Some(href) = href else {
            return self.irregular(IrregularityKind::LinkWithoutHref);
        };
        if templated && UriTemplate::parse(href).is_err() {
            self.irregular(IrregularityKind::InvalidTemplate);
        }
        if !templated && href.contains('{') {
            self.irregular(IrregularityKind::UnmarkedTemplate);
        }
        self.found.links.push(FoundLink {
            pointer: self.pointer.clone(),
            relation: relation.to_owned(),
            href: href.to_owned(),
            templated,
        });
    }
}

/// A walk on its way through a value. The recursion ends where that of the parser ends.
struct Look<'w> {
    walk: &'w mut Walk,
    place: Place,
}

impl Look<'_> {
    /// Something that is neither an array nor an object.
    fn scalar<E>(mut self) -> Result<(), E> {
        match self.place {
            Place::Document => self.walk.irregular(IrregularityKind::DocumentNotObject),
            Place::Item => self.walk.irregular(IrregularityKind::EmbeddedNotResource),
            Place::Embedded => self.walk.irregular(IrregularityKind::EmbeddedNotObject),
            Place::Relation(_) => {
                self.count(1, false);
                self.walk.irregular(IrregularityKind::EmbeddedNotResource);
            }
            Place::Elsewhere => {}
        }
        Ok(())
    }

    fn count(&mut self, count: usize, is_list: bool) {
        if let Place::Relation(at) = self.place
            && let Some(found) = self.walk.found.embedded.get_mut(at)
        {
            (found.count, found.is_list) = (count, is_list);
        }
    }

    fn relations<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(relation) = map.next_key::<String>()? {
            self.walk.within(&relation, |walk| {
                if seen.contains(&relation) {
                    walk.irregular(IrregularityKind::Repeated);
                }
                let at = walk.found.embedded.len();
                walk.found.embedded.push(FoundEmbedded {
                    pointer: walk.pointer.clone(),
                    relation: relation.clone(),
                    count: 0,
                    is_list: false,
                });
                map.next_value_seed(walk.look(Place::Relation(at)))
            })?;
            seen.insert(relation);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty),*) => { $(
        fn $method<E: de::Error>(self, _: $type) -> Result<(), E> {
            self.scalar()
        }
    )* };
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    scalars!(visit_bool bool, visit_u64 u64, visit_i64 i64, visit_f64 f64, visit_str &str);

    fn visit_unit<E: de::Error>(mut self) -> Result<(), E> {
        if let Place::Relation(_) = self.place {
            self.count(0, false);
            self.walk.irregular(IrregularityKind::EmbeddedNotResource);
            return Ok(());
        }
        self.scalar()
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<(), D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let within = match self.place {
            Place::Relation(_) => Place::Item,
            Place::Elsewhere => Place::Elsewhere,
            Place::Document | Place::Item | Place::Embedded => {
                Look {
                    walk: &mut *self.walk,
                    place: self.place,
                }
                .scalar()?;
                Place::Elsewhere
            }
        };
        let mut index = 0;
        loop {
            let item = self.walk.within(&index.to_string(), |walk| {
                seq.next_element_seed(walk.look(within))
            })?;
            if item.is_none() {
                break;
            }
            index += 1;
        }
        self.count(index, true);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if self.place == Place::Embedded {
            return self.relations(map);
        }
        self.count(1, false);
        let (mut has_links, mut has_embedded) = (false, false);
        while let Some(name) = map.next_key::<String>()? {
            self.walk.within(&name, |walk| {
                let has = match name.as_str() {
                    LINKS => &mut has_links,
                    EMBEDDED => &mut has_embedded,
                    _ => return map.next_value_seed(walk.look(Place::Elsewhere)),
                };
                if std::mem::replace(has, true) {
                    walk.irregular(IrregularityKind::Repeated);
                }
                if name == LINKS {
                    map.next_value::<Json>().map(|links| walk.links(&links))
                } else {
                    map.next_value_seed(walk.look(Place::Embedded))
                }
            })?;
        }
        Ok(())
    }
}

fn relation_inside(link: &Json) -> Option<&str> {
    let Json::Object(members) = link else {
        return None;
    };
    members.iter().find_map(|(name, value)| match value {
        Json::Text(relation) if name.eq_ignore_ascii_case("rel") => Some(relation.as_str()),
        _ => None,
    })
}
