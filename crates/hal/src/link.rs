use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::json::Json;
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
    /// Whether [`href`](Self::href) is said to be a URI template (RFC 6570).
    pub templated: Option<bool>,
    /// `type`: the media type to expect there.
    pub media_type: Option<String>,
    /// A URL that tells about the link's end of life. Present means deprecated.
    pub deprecation: Option<String>,
    /// A second key, to tell links of one relation apart.
    pub name: Option<String>,
    /// A URI that hints at the profile of the target.
    pub profile: Option<String>,
    /// A label for people.
    pub title: Option<String>,
    /// The language of the target.
    pub hreflang: Option<String>,
    /// Every other member, in its order.
    pub extra: Vec<(String, Value)>,
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
        Self {
            templated: Some(true),
            ..Self::new(href)
        }
    }

    /// The same link with a name.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// The same link with a title.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self {
            title: Some(title.into()),
            ..self
        }
    }

    /// The same link with a media type.
    #[must_use]
    pub fn with_media_type(self, media_type: impl Into<String>) -> Self {
        Self {
            media_type: Some(media_type.into()),
            ..self
        }
    }

    /// The same link with one more member.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Whether the target is marked as a URI template. Some servers forget the mark; a literal `{` in
    /// the target is no valid URI, so [`expand`](Self::expand) works without it.
    #[must_use]
    pub fn is_templated(&self) -> bool {
        self.templated.unwrap_or(false)
    }

    /// A member that the format does not define.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.extra
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
    pub(crate) fn of(name: &str) -> Option<Self> {
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
    pub(crate) relation: Option<(String, Json)>,
    pub(crate) link: Option<Link>,
}

impl ReadLink {
    /// The link, if it has a target. The relation inside is just another member then.
    pub(crate) fn into_link(self) -> Option<Link> {
        let mut link = self.link?;
        if let Some((name, value)) = self.relation {
            link.extra.push((name, value.into()));
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

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadLink, A::Error> {
        let mut link = Link::default();
        let mut has_target = false;
        let mut relation = None;
        while let Some(key) = map.next_key::<LinkKey>()? {
            let (member, name) = match key {
                LinkKey::Known(member) => (Some(member), None),
                LinkKey::OtherSpelling(member, name) => (Some(member), Some(name)),
                LinkKey::Other(name) => (None, Some(name)),
            };
            let value: Json = map.next_value()?;
            let text = match (member, value) {
                (Some(_), Json::Null) => continue,
                (Some(Member::Templated), Json::Bool(templated)) => {
                    link.templated = Some(templated);
                    continue;
                }
                (Some(Member::Templated), value) | (None, value) => {
                    let name = name.unwrap_or_else(|| Member::Templated.name().to_owned());
                    if relation.is_none() && name.eq_ignore_ascii_case("rel") {
                        relation = Some((name, value));
                    } else {
                        link.extra.push((name, value.into()));
                    }
                    continue;
                }
                (Some(_), Json::Text(text)) => text,
                (Some(member), value) => {
                    let name = name.unwrap_or_else(|| member.name().to_owned());
                    link.extra.push((name, value.into()));
                    continue;
                }
            };
            match member {
                Some(Member::Href) => {
                    link.href = text;
                    has_target = true;
                }
                Some(Member::Type) => link.media_type = Some(text),
                Some(Member::Deprecation) => link.deprecation = Some(text),
                Some(Member::Name) => link.name = Some(text),
                Some(Member::Profile) => link.profile = Some(text),
                Some(Member::Title) => link.title = Some(text),
                Some(Member::Hreflang) => link.hreflang = Some(text),
                Some(Member::Templated) | None => {}
            }
        }
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

enum LinkKey {
    Known(Member),
    OtherSpelling(Member, String),
    Other(String),
}

impl<'de> Deserialize<'de> for LinkKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = LinkKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<LinkKey, E> {
                Ok(match Member::of(name) {
                    Some(member) if member.name() == name => LinkKey::Known(member),
                    Some(member) => LinkKey::OtherSpelling(member, name.to_owned()),
                    None => LinkKey::Other(name.to_owned()),
                })
            }
        }

        deserializer.deserialize_str(Name)
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
        if let Some(templated) = self.templated {
            map.serialize_entry("templated", &templated)?;
        }
        let texts = [
            (Member::Type, &self.media_type),
            (Member::Deprecation, &self.deprecation),
            (Member::Name, &self.name),
            (Member::Profile, &self.profile),
            (Member::Title, &self.title),
            (Member::Hreflang, &self.hreflang),
        ];
        for (member, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(member.name(), text)?;
            }
        }
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
