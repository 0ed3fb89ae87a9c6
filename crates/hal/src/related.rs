use crate::link::Link;
use crate::links::Relation;

/// Another resource, embedded, or linked, or both: a server embeds today what it only links tomorrow.
///
/// Got from [`Resource::related`](crate::Resource::related), or as a field of a struct with
/// `#[hal(link = "author", embedded = "author")]`. The feature `client` has `Page::load`, which follows the link
/// if nothing is embedded.
///
/// ```
/// use hal::Resource;
///
/// #[derive(serde::Deserialize)]
/// struct Author { name: String }
/// let post: Resource<()> = serde_json::from_str(r#"{
///     "_links": {"author": {"href": "/people/1"}, "editor": {"href": "/people/2"}},
///     "_embedded": {"author": {"name": "Ada"}}
/// }"#)?;
/// let author = post.related::<Author>("author")?;
/// assert_eq!(author.embedded().map(|a| a.name.as_str()), Some("Ada"));
/// assert_eq!(author.link().map(|link| link.href.as_str()), Some("/people/1"));
/// let editor = post.related::<Author>("editor")?;
/// assert!(editor.embedded().is_none() && editor.link().is_some());
/// assert!(post.related::<Author>("printer")?.is_absent());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Related<T> {
    embedded: Option<T>,
    links: Option<Relation>,
}

impl<T> Related<T> {
    /// Neither embedded nor linked.
    #[must_use]
    pub fn absent() -> Self {
        Self::of(None, None)
    }

    /// Embedded, and not linked.
    #[must_use]
    pub fn new(resource: T) -> Self {
        Self::of(Some(resource), None)
    }

    /// Linked, and not embedded.
    #[must_use]
    pub fn linked(link: Link) -> Self {
        Self::of(None, Some(Relation::One(link)))
    }

    /// The same, with a link beside what may be embedded.
    #[must_use]
    pub fn with_link(self, link: Link) -> Self {
        Self::of(self.embedded, Some(Relation::One(link)))
    }

    pub(crate) fn of(embedded: Option<T>, links: Option<Relation>) -> Self {
        Self { embedded, links }
    }

    /// What is embedded.
    #[must_use]
    pub fn embedded(&self) -> Option<&T> {
        self.embedded.as_ref()
    }

    /// What is embedded, for good.
    #[must_use]
    pub fn into_embedded(self) -> Option<T> {
        self.embedded
    }

    /// The first link.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        self.links().first()
    }

    /// All links.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        self.links.as_ref().map_or(&[], Relation::as_slice)
    }

    /// Whether there is neither.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.embedded.is_none() && self.links().is_empty()
    }
}

impl<T> Default for Related<T> {
    fn default() -> Self {
        Self::absent()
    }
}

/// The type of a field with `#[hal(link = "…")]`: [`Link`] or `String` (its target), an `Option` of these, a
/// `Vec<Link>`, or a [`Relation`].
#[cfg(feature = "derive")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a link",
    label = "a link is a `hal::Link` or a `String`",
    note = "what may be missing is an `Option` of these; several links are a `Vec<hal::Link>`"
)]
pub trait LinkField: Sized {
    /// The field, of what stands under the relation; `None` if that does not do.
    fn read(links: Option<Relation>) -> Option<Self>;

    /// What to write under the relation, if anything.
    fn write(&self) -> Option<Written<'_>>;
}

/// The links of a [`LinkField`].
#[cfg(feature = "derive")]
#[derive(Debug)]
#[non_exhaustive]
pub enum Written<'f> {
    /// One link.
    One(&'f Link),
    /// An array of links.
    Many(&'f [Link]),
    /// One link with nothing but this target.
    Target(&'f str),
}

/// The type of a field with both `link` and `embedded`: [`Related`].
#[cfg(feature = "derive")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold what is linked or embedded",
    label = "what is linked or embedded is a `hal::Related<…>`"
)]
pub trait RelatedField {
    /// What may be embedded.
    type Resource;

    /// What to write under the relation in `_links`.
    fn write_links(&self) -> Option<Written<'_>>;
}

#[cfg(feature = "derive")]
impl<T> RelatedField for Related<T> {
    type Resource = T;

    fn write_links(&self) -> Option<Written<'_>> {
        self.links.as_ref().map(|links| match links {
            Relation::One(link) => Written::One(link),
            Relation::Many(links) => Written::Many(links),
        })
    }
}
