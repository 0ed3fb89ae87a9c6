use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::json::{Json, Tree};
use crate::template::{TemplateError, UriTemplate, Variable};

/// One link: where it leads, and what is said about it
/// ([draft-kelly-json-hal-11](https://datatracker.ietf.org/doc/html/draft-kelly-json-hal-11) §5).
///
/// ```
/// use hal::Link;
///
/// let link: Link = serde_json::from_str(r#"{"href":"/orders{?page}","templated":true}"#)?;
/// assert!(link.is_templated());
/// assert_eq!(link.expand([("page", "2")])?, "/orders?page=2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Read leniently: `isTemplated` and other spellings of the members (`Href`, `Title`) count as them; a
/// bare string is a link with that target; a member of the wrong type stays in
/// [`extra`](Self::extra), a null is absent. It is written in the draft's spelling.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// The target: a URI reference, or a URI template. As it arrived, with any blanks in it.
    pub href: String,
    // Most links have nothing else, and there are many links: never there without something in it.
    more: Option<Box<More>>,
}

/// What few links have.
#[derive(Clone, Debug, Default, PartialEq)]
struct More {
    templated: Option<bool>,
    media_type: Option<String>,
    deprecation: Option<String>,
    name: Option<String>,
    profile: Option<String>,
    title: Option<String>,
    hreflang: Option<String>,
    extra: Vec<(String, Value)>,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $member:ident, $(#[$with_doc:meta])* $with:ident;)*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $member(&self) -> Option<&str> {
            self.more.as_ref()?.$member.as_deref()
        }

        $(#[$with_doc])*
        #[must_use]
        pub fn $with(mut self, text: impl Into<String>) -> Self {
            self.more_mut().$member = Some(text.into());
            self
        }
    )* };
}

impl Link {
    /// A link to this target, and nothing said about it.
    #[must_use]
    pub fn new(href: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            ..Self::default()
        }
    }

    /// A link whose target is a URI template.
    #[must_use]
    pub fn template(href: impl Into<String>) -> Self {
        Self::new(href).with_templated(true)
    }

    /// The same link, said to be a URI template or not to be one.
    #[must_use]
    pub fn with_templated(mut self, templated: bool) -> Self {
        self.more_mut().templated = Some(templated);
        self
    }

    /// `templated`: whether the target is said to be a URI template (RFC 6570), if anything is said.
    #[must_use]
    pub fn templated(&self) -> Option<bool> {
        self.more.as_ref()?.templated
    }

    texts! {
        /// `type`: the media type to expect there.
        media_type,
        /// The same link with a media type.
        with_media_type;
        /// A URL that tells about the link's end of life. Present means deprecated.
        deprecation,
        /// The same link, deprecated; the URL tells more about it.
        with_deprecation;
        /// A second key, to tell links of one relation apart.
        name,
        /// The same link with a name.
        with_name;
        /// A URI that hints at the profile of the target.
        profile,
        /// The same link with a profile.
        with_profile;
        /// A label for people.
        title,
        /// The same link with a title.
        with_title;
        /// The language of the target.
        hreflang,
        /// The same link with a language.
        with_hreflang;
    }

    /// Every other member, in its order.
    #[must_use]
    pub fn extra(&self) -> &[(String, Value)] {
        self.more.as_ref().map_or(&[], |more| &more.extra)
    }

    /// The same link with one more member.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.push_extra(name.into(), value.into());
        self
    }

    fn push_extra(&mut self, name: String, value: Value) {
        self.more_mut().extra.push((name, value));
    }

    fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Whether the target is marked as a URI template. Some servers forget the mark; a literal `{` in
    /// the target is no valid URI, so [`expand`](Self::expand) works without it.
    #[must_use]
    pub fn is_templated(&self) -> bool {
        self.templated().unwrap_or(false)
    }

    /// A member that the format does not define.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.extra()
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The target with the variables of its template filled in; a variable that is not given expands
    /// to nothing, as RFC 6570 says. See [`UriTemplate`].
    ///
    /// # Errors
    ///
    /// When the target is no valid template, or too long.
    pub fn expand<'v, N, V>(
        &self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<String, TemplateError>
    where
        N: Into<std::borrow::Cow<'v, str>>,
        V: Into<Variable>,
    {
        UriTemplate::parse(&self.href)?.expand(variables)
    }
}

impl Link {
    /// Reads the members to their places; says whether there is a target.
    #[inline]
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        relation: &mut Option<Box<(String, Json)>>,
        mut map: A,
    ) -> Result<bool, A::Error> {
        let link = self;
        let mut has_target = false;
        // the name of a member that is not spelled as in the format
        let mut name = None;
        while let Some(member) = map.next_key_seed(MemberSeed(&mut name))? {
            if member == Some(Member::Href) && name.is_none() {
                match map.next_value_seed(TextSeed(&mut link.href))? {
                    None => has_target = true,
                    Some(Json::Null) => {}
                    Some(other) => {
                        link.push_extra(Member::Href.name().to_owned(), other.into());
                    }
                }
                continue;
            }
            let name = name.take();
            let value: Json = map.next_value()?;
            let text = match (member, value) {
                (Some(_), Json::Null) => continue,
                (Some(Member::Templated), Json::Bool(templated)) => {
                    link.more_mut().templated = Some(templated);
                    continue;
                }
                (Some(Member::Templated), value) | (None, value) => {
                    let name = name.unwrap_or_else(|| Member::Templated.name().to_owned());
                    if relation.is_none() && name.eq_ignore_ascii_case("rel") {
                        *relation = Some(Box::new((name, value)));
                    } else {
                        link.push_extra(name, value.into());
                    }
                    continue;
                }
                (Some(_), Json::Text(text)) => text,
                (Some(member), value) => {
                    let name = name.unwrap_or_else(|| member.name().to_owned());
                    link.push_extra(name, value.into());
                    continue;
                }
            };
            match member {
                Some(Member::Href) => {
                    link.href = text;
                    has_target = true;
                }
                Some(Member::Type) => link.more_mut().media_type = Some(text),
                Some(Member::Deprecation) => link.more_mut().deprecation = Some(text),
                Some(Member::Name) => link.more_mut().name = Some(text),
                Some(Member::Profile) => link.more_mut().profile = Some(text),
                Some(Member::Title) => link.more_mut().title = Some(text),
                Some(Member::Hreflang) => link.more_mut().hreflang = Some(text),
                Some(Member::Templated) | None => {}
            }
        }
        Ok(has_target)
    }

    /// A link out of the object that it is, if it has a target. The relation inside is just another
    /// member then.
    #[inline]
    pub(crate) fn of_object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        let mut link = Self::default();
        let mut relation = None;
        if !link.read(&mut relation, map)? {
            return Ok(None);
        }
        if let Some(relation) = relation {
            let (name, value) = *relation;
            link.push_extra(name, value.into());
        }
        Ok(Some(link))
    }
}

/// A member of the format, in the spelling of the draft or of others.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Member {
    Href,
    Templated,
    Type,
    Deprecation,
    Name,
    Profile,
    Title,
    Hreflang,
}

impl Member {
    const ALL: [(&'static str, Self); 9] = [
        ("href", Self::Href),
        ("templated", Self::Templated),
        ("type", Self::Type),
        ("name", Self::Name),
        ("title", Self::Title),
        ("hreflang", Self::Hreflang),
        ("deprecation", Self::Deprecation),
        ("profile", Self::Profile),
        ("isTemplated", Self::Templated),
    ];

    /// The member of this name, whatever its case.
    #[inline]
    pub(crate) fn of(name: &str) -> Option<Self> {
        if name == "href" {
            return Some(Self::Href);
        }
        let exact = Self::ALL.iter().find(|(known, _)| *known == name);
        let found = exact.or_else(|| {
            Self::ALL
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
        });
        found.map(|(_, member)| *member)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, member)| *member == self)
            .map_or("href", |(name, _)| name)
    }
}

/// A link as it is read: the relation may stand inside (plain arrays), the target may be missing.
pub(crate) struct ReadLink {
    pub(crate) relation: Option<Box<(String, Json)>>,
    pub(crate) link: Option<Link>,
}

impl ReadLink {
    /// The link, if it has a target. The relation inside is just another member then.
    #[inline]
    pub(crate) fn into_link(self) -> Option<Link> {
        let mut link = self.link?;
        if let Some(relation) = self.relation {
            let (name, value) = *relation;
            link.push_extra(name, value.into());
        }
        Some(link)
    }
}

impl<'de> Deserialize<'de> for ReadLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinkVisitor)
    }
}

pub(crate) struct LinkVisitor;

impl<'de> Visitor<'de> for LinkVisitor {
    type Value = ReadLink;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReadLink, A::Error> {
        let mut link = Link::default();
        let mut relation = None;
        let has_target = link.read(&mut relation, map)?;
        Ok(ReadLink {
            relation,
            link: has_target.then_some(link),
        })
    }

    fn visit_str<E>(self, href: &str) -> Result<ReadLink, E> {
        Ok(ReadLink {
            relation: None,
            link: Some(Link::new(href)),
        })
    }

    fn visit_string<E>(self, href: String) -> Result<ReadLink, E> {
        Ok(ReadLink {
            relation: None,
            link: Some(Link::new(href)),
        })
    }

    fn visit_unit<E>(self) -> Result<ReadLink, E> {
        Ok(ReadLink {
            relation: None,
            link: None,
        })
    }

    fn visit_none<E: de::Error>(self) -> Result<ReadLink, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<ReadLink, E> {
        self.visit_unit()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<ReadLink, E> {
        self.visit_unit()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<ReadLink, E> {
        self.visit_unit()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<ReadLink, E> {
        self.visit_unit()
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<ReadLink, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.visit_unit()
    }
}

/// Which member a name means. What is not spelled as in the format comes out beside it.
struct MemberSeed<'n>(&'n mut Option<String>);

impl<'de> DeserializeSeed<'de> for MemberSeed<'_> {
    type Value = Option<Member>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberSeed<'_> {
    type Value = Option<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Option<Member>, E> {
        if name == "href" {
            return Ok(Some(Member::Href));
        }
        let member = Member::of(name);
        if member.is_none_or(|member| member.name() != name) {
            *self.0 = Some(name.to_owned());
        }
        Ok(member)
    }
}

/// Reads a text to its place; gives back what is none.
struct TextSeed<'t>(&'t mut String);

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Option<Json>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = Option<Json>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<Option<Json>, E> {
        *self.0 = text.to_owned();
        Ok(None)
    }

    #[inline]
    fn visit_string<E>(self, text: String) -> Result<Option<Json>, E> {
        *self.0 = text;
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<Json>, E> {
        Tree.visit_unit().map(Some)
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<Json>, E> {
        Tree.visit_none().map(Some)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Option<Json>, E> {
        Tree.visit_bool(value).map(Some)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Option<Json>, E> {
        Tree.visit_u64(value).map(Some)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<Json>, E> {
        Tree.visit_i64(value).map(Some)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Option<Json>, E> {
        Tree.visit_f64(value).map(Some)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Option<Json>, A::Error> {
        Tree.visit_seq(seq).map(Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Json>, A::Error> {
        Tree.visit_map(map).map(Some)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadLink::deserialize(deserializer)?;
        read.into_link()
            .ok_or_else(|| de::Error::missing_field("href"))
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("href", &self.href)?;
        if let Some(more) = &self.more {
            if let Some(templated) = more.templated {
                map.serialize_entry("templated", &templated)?;
            }
            let texts = [
                (Member::Type, &more.media_type),
                (Member::Deprecation, &more.deprecation),
                (Member::Name, &more.name),
                (Member::Profile, &more.profile),
                (Member::Title, &more.title),
                (Member::Hreflang, &more.hreflang),
            ];
            for (member, text) in texts {
                if let Some(text) = text {
                    map.serialize_entry(member.name(), text)?;
                }
            }
            for (name, value) in &more.extra {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
