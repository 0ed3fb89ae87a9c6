//! What a struct says about itself, with everything that is wrong in it found at once.

use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, Generics, Ident, LitStr, Path, Type,
    meta::ParseNestedMeta,
};

pub(crate) struct Model<'i> {
    pub(crate) name: &'i Ident,
    pub(crate) generics: &'i Generics,
    /// Where the library is found.
    pub(crate) hal: Path,
    /// serde's attributes of the struct.
    pub(crate) serde: Vec<&'i Attribute>,
    pub(crate) fields: Vec<Member<'i>>,
}

pub(crate) struct Member<'i> {
    pub(crate) field: &'i Field,
    pub(crate) name: &'i Ident,
    /// serde's attributes of the field.
    pub(crate) serde: Vec<&'i Attribute>,
    pub(crate) place: Place,
}

/// Where a field stands in the document.
pub(crate) enum Place {
    /// Among the resource's own members.
    State,
    /// Under a relation in `_links`.
    Link(LitStr),
    /// All other relations in `_links`.
    Links,
    /// Under a relation in `_embedded`.
    Embedded(LitStr),
    /// All other relations in `_embedded`.
    OtherEmbedded,
    /// Embedded, or linked, or both, under the same relation.
    Related(LitStr),
}

#[derive(Default)]
struct Said {
    link: Option<LitStr>,
    embedded: Option<LitStr>,
    links: bool,
    other_embedded: bool,
}

impl<'i> Model<'i> {
    pub(crate) fn of(input: &'i DeriveInput) -> Result<Self, Error> {
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                other => {
                    let at = if matches!(other, Fields::Unit) {
                        input.ident.span()
                    } else {
                        other.span()
                    };
                    return Err(Error::new(
                        at,
                        "a resource is an object: the struct needs named fields",
                    ));
                }
            },
            Data::Enum(data) => {
                return Err(Error::new(
                    data.enum_token.span,
                    "a resource is a struct with named fields, not an enum",
                ));
            }
            Data::Union(data) => {
                return Err(Error::new(
                    data.union_token.span,
                    "a resource is a struct with named fields, not a union",
                ));
            }
        };
        let mut errors = Errors::default();
        let mut hal: Path = syn::parse_quote!(::hal);
        for attribute in attributes(&input.attrs, "hal") {
            errors.take(attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("crate") {
                    return Err(meta.error("on a struct there is only `crate = \"…\"`; `link` and `embedded` belong to fields"));
                }
                hal = meta.value()?.parse::<LitStr>()?.parse()?;
                Ok(())
            }));
        }
        let serde: Vec<_> = attributes(&input.attrs, "serde").collect();
        for attribute in &serde {
            errors.take(check_container(attribute));
        }
        let mut members: Vec<Member<'i>> = Vec::new();
        for field in fields {
            let Some(name) = &field.ident else { continue };
            let Some(place) = errors.take(place(field)) else {
                continue;
            };
            for known in &members {
                errors.take(differ(&known.place, &place, name));
            }
            let member = Member {
                field,
                name,
                serde: attributes(&field.attrs, "serde").collect(),
                place,
            };
            if matches!(member.place, Place::Related(_))
                && member.outer_type().as_deref() != Some("Related")
            {
                let message = "what is linked or embedded is a `hal::Related<…>`";
                errors.push(Error::new_spanned(&field.ty, message));
            }
            members.push(member);
        }
        for member in &members {
            if let (Place::Link(_) | Place::Links, Some(first)) =
                (&member.place, member.serde.first())
            {
                errors.push(Error::new_spanned(
                    first,
                    "serde's attributes have no effect on links; what can be missing is an `Option` or a `Vec`",
                ));
            }
        }
        errors.into_result(Self {
            name: &input.ident,
            generics: &input.generics,
            hal,
            serde,
            fields: members,
        })
    }

    pub(crate) fn state(&self) -> impl Iterator<Item = &Member<'i>> {
        self.fields
            .iter()
            .filter(|member| matches!(member.place, Place::State))
    }
}

impl Member<'_> {
    /// The last part of the type's name: `Vec` of `std::vec::Vec<T>`.
    pub(crate) fn outer_type(&self) -> Option<String> {
        let mut ty = &self.field.ty;
        while let Type::Group(group) = ty {
            ty = &group.elem;
        }
        let Type::Path(path) = ty else { return None };
        path.path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
    }

    /// Whether one of serde's attributes of the field has one of these words.
    pub(crate) fn serde_says(&self, words: &[&str]) -> bool {
        let mut says = false;
        for attribute in &self.serde {
            // what serde's derive will refuse is for it to refuse
            let _ = attribute.parse_nested_meta(|meta| {
                says |= words.iter().any(|word| meta.path.is_ident(word));
                skip_value(&meta)
            });
        }
        says
    }
}

fn skip_value(meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|meta| skip_value(&meta))?;
    }
    Ok(())
}

fn attributes<'a>(all: &'a [Attribute], name: &'static str) -> impl Iterator<Item = &'a Attribute> {
    all.iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

/// serde's attributes of a struct that cannot work on one that is taken apart.
fn check_container(attribute: &Attribute) -> Result<(), Error> {
    attribute.parse_nested_meta(|meta| {
        for word in [
            "default",
            "from",
            "try_from",
            "into",
            "transparent",
            "remote",
            "untagged",
            "bound",
            "crate",
        ] {
            if meta.path.is_ident(word) {
                let instead = if word == "default" {
                    "; put it on the fields"
                } else {
                    ""
                };
                return Err(meta.error(format!(
                    "`{word}` cannot be used together with links and embedded resources{instead}"
                )));
            }
        }
        skip_value(&meta)
    })
}

fn place(field: &Field) -> Result<Place, Error> {
    let mut said = Said::default();
    let mut last = None;
    for attribute in attributes(&field.attrs, "hal") {
        last = Some(attribute);
        attribute.parse_nested_meta(|meta| {
            let relation = |known: &Option<LitStr>| {
                let relation: LitStr = meta.value()?.parse()?;
                if relation.value().is_empty() {
                    return Err(Error::new(relation.span(), "a relation has a name"));
                }
                match known {
                    Some(_) => Err(meta.error("said twice")),
                    None => Ok(Some(relation)),
                }
            };
            if meta.path.is_ident("link") {
                said.link = relation(&said.link)?;
            } else if meta.path.is_ident("embedded") && meta.input.peek(syn::Token![=]) {
                said.embedded = relation(&said.embedded)?;
            } else if meta.path.is_ident("embedded") {
                said.other_embedded = true;
            } else if meta.path.is_ident("links") {
                said.links = true;
            } else {
                return Err(meta
                    .error("expected `link = \"…\"`, `embedded = \"…\"`, `links` or `embedded`"));
            }
            Ok(())
        })?;
    }
    Ok(match said {
        Said {
            link: None,
            embedded: None,
            links: false,
            other_embedded: false,
        } => {
            let Some(attribute) = last else {
                return Ok(Place::State);
            };
            return Err(Error::new_spanned(
                attribute,
                "expected `link = \"…\"`, `embedded = \"…\"`, `links` or `embedded`",
            ));
        }
        Said {
            link: Some(link),
            embedded: None,
            links: false,
            other_embedded: false,
        } => Place::Link(link),
        Said {
            link: None,
            embedded: Some(embedded),
            links: false,
            other_embedded: false,
        } => Place::Embedded(embedded),
        Said {
            link: None,
            embedded: None,
            links: true,
            other_embedded: false,
        } => Place::Links,
        Said {
            link: None,
            embedded: None,
            links: false,
            other_embedded: true,
        } => Place::OtherEmbedded,
        Said {
            link: Some(link),
            embedded: Some(embedded),
            links: false,
            other_embedded: false,
        } => {
            if link.value() != embedded.value() {
                return Err(Error::new(
                    embedded.span(),
                    "what is linked or embedded (`hal::Related`) has one relation, the same in both",
                ));
            }
            Place::Related(link)
        }
        _ => return Err(Error::new_spanned(last, "a field has one place")),
    })
}

/// Two fields cannot have the same place.
fn differ(known: &Place, new: &Place, at: &Ident) -> Result<(), Error> {
    let relation = |place: &Place, embedded: bool| match place {
        Place::Related(relation) => Some(relation.clone()),
        Place::Link(relation) if !embedded => Some(relation.clone()),
        Place::Embedded(relation) if embedded => Some(relation.clone()),
        _ => None,
    };
    for embedded in [false, true] {
        if let (Some(known), Some(new)) = (relation(known, embedded), relation(new, embedded))
            && known.value() == new.value()
        {
            return Err(Error::new(new.span(), "another field has this relation"));
        }
    }
    match (known, new) {
        (Place::Links, Place::Links) | (Place::OtherEmbedded, Place::OtherEmbedded) => Err(
            Error::new(at.span(), "another field has the other relations"),
        ),
        _ => Ok(()),
    }
}

/// All errors, so that one compilation shows them.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    fn into_result<T>(self, value: T) -> Result<T, Error> {
        self.0.map_or(Ok(value), Err)
    }
}
