//! The code that is written.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Lifetime, LitStr, parse_quote, parse_quote_spanned};

use crate::model::{Member, Model, Place};

/// `use ::hal::__private as _hal;`, under a name that no field's code uses.
fn private(model: &Model<'_>) -> TokenStream {
    let hal = &model.hal;
    quote!(use #hal::__private as __hal;)
}

/// serde's attribute that names serde, as it is reached through the library.
fn serde_crate(model: &Model<'_>) -> TokenStream {
    let hal = &model.hal;
    let path = quote!(#hal::__private::serde).to_string().replace(' ', "");
    quote!(#[serde(crate = #path)])
}

fn path_in(model: &Model<'_>, item: &str) -> LitStr {
    let hal = &model.hal;
    let path = quote!(#hal).to_string().replace(' ', "");
    LitStr::new(&format!("{path}::{item}"), Span::call_site())
}

/// A member that uses every parameter, for a struct that has only some of the fields.
fn phantom(generics: &Generics) -> Option<TokenStream> {
    if generics.params.is_empty() {
        return None;
    }
    let used = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => {
            let name = &param.ident;
            Some(quote!(__hal::PhantomData<#name>))
        }
        GenericParam::Lifetime(param) => {
            let name = &param.lifetime;
            Some(quote!(&#name ()))
        }
        _ => None,
    });
    Some(quote! {
        #[serde(skip)]
        __hal_parameters: __hal::PhantomData<(#(#used,)*)>,
    })
}

/// The generics with a trait asked of every type, as serde's derive does it.
fn bounded(generics: &Generics, bound: &TokenStream) -> Generics {
    let mut generics = generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#bound));
    }
    generics
}

/// Whether a type has a parameter somewhere in it.
fn mentions(tokens: TokenStream, param: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *param,
        TokenTree::Group(group) => mentions(group.stream(), param),
        _ => false,
    })
}

fn relation_fields<'m>(model: &'m Model<'_>) -> Vec<(&'m Member<'m>, &'m LitStr)> {
    let of = |member: &'m Member<'m>| match &member.place {
        Place::Link(relation) | Place::Related(relation) => Some((member, relation)),
        _ => None,
    };
    model.fields.iter().filter_map(of).collect()
}

fn other_links<'m>(model: &'m Model<'_>) -> Option<&'m Member<'m>> {
    model
        .fields
        .iter()
        .find(|member| matches!(member.place, Place::Links))
}

fn embedded_fields<'m>(model: &'m Model<'_>) -> Vec<&'m Member<'m>> {
    let is = |member: &&Member<'_>| {
        matches!(
            member.place,
            Place::Embedded(_) | Place::OtherEmbedded | Place::Related(_)
        )
    };
    model.fields.iter().filter(is).collect()
}

pub(crate) fn deserialize(model: &Model<'_>) -> TokenStream {
    let name = model.name;
    let private = private(model);
    let serde_crate = serde_crate(model);
    let serde = &model.serde;
    let (_, arguments, conditions) = model.generics.split_for_impl();
    let parameters = &model.generics.params;
    let phantom = phantom(model.generics);

    let de = Lifetime::new("'__de", Span::call_site());
    let mut generics = bounded(model.generics, &quote!(__hal::serde::Deserialize<#de>));
    for param in generics.type_params_mut() {
        let has_default = |member: &Member<'_>| {
            member.serde_says(&["default", "skip", "skip_deserializing"])
                && mentions(member.field.ty.to_token_stream(), &param.ident)
        };
        if model.fields.iter().any(has_default) {
            param.bounds.push(parse_quote!(__hal::Default));
        }
    }
    let lifetimes: Vec<Lifetime> = model
        .generics
        .lifetimes()
        .map(|param| param.lifetime.clone())
        .collect();
    generics
        .params
        .insert(0, parse_quote!(#de #(: #lifetimes +)*));
    if lifetimes.is_empty() {
        generics.params[0] = parse_quote!(#de);
    }
    let (header, _, header_conditions) = generics.split_for_impl();
    // Said to serde's derive, which would not look for them in `__Embedded`.
    let bounds: Vec<String> = generics
        .type_params()
        .map(|param| {
            let (name, bounds) = (&param.ident, &param.bounds);
            quote!(#name: #bounds)
                .to_string()
                .replace(&de.to_string(), "'de")
        })
        .collect();
    let bounds = bounds.join(", ");
    let bounds = model
        .generics
        .type_params()
        .next()
        .map(|_| quote!(#[serde(bound(deserialize = #bounds))]));

    let state: Vec<_> = model.state().collect();
    let state_names: Vec<_> = state.iter().map(|member| member.name).collect();
    let state_types = state.iter().map(|member| &member.field.ty);
    let state_serde = state.iter().map(|member| &member.serde);

    // links
    let links = relation_fields(model);
    let relations: Vec<&LitStr> = links.iter().map(|(_, relation)| *relation).collect();
    let count = links.len();
    let places = 0..count;
    let has_others = other_links(model).is_some();
    let others_type = if has_others {
        quote!(__hal::Links)
    } else {
        quote!(())
    };
    let has_links = count > 0 || has_others;
    let links_member = has_links.then(|| {
        quote! {
            #[serde(rename = "_links", default)]
            __hal_links: __hal::ReadLinks<__Relations, #count>,
        }
    });
    let read_links = links
        .iter()
        .enumerate()
        .filter_map(|(at, (member, relation))| {
            let Place::Link(_) = &member.place else {
                return None;
            };
            let (field, ty) = (member.name, &member.field.ty);
            let missing = format!("_links/{}", relation.value());
            let read = quote_spanned!(ty.span()=> <#ty as __hal::LinkField>::read);
            Some(quote! {
                #field: match #read(__state.__hal_links.take(#at)) {
                    __hal::Some(links) => links,
                    __hal::None => return __hal::missing(#missing),
                },
            })
        });
    let read_others = other_links(model).map(|member| {
        let field = member.name;
        let ty = &member.field.ty;
        let others = quote_spanned!(ty.span()=> __state.__hal_links.others);
        quote!(#field: #others,)
    });

    // embedded
    let embedded = embedded_fields(model);
    let embedded_names: Vec<_> = embedded.iter().map(|member| member.name).collect();
    let embedded_members = embedded.iter().map(|member| embedded_in(model, member));
    let embedded_struct = (!embedded.is_empty()).then(|| {
        quote! {
            #[derive(__hal::serde::Deserialize)]
            #serde_crate
            #bounds
            struct __Embedded<#parameters> #conditions {
                #(#embedded_members)*
                #phantom
            }
        }
    });
    let embedded_member = (!embedded.is_empty()).then(|| {
        quote! {
            #[serde(rename = "_embedded", default = "__hal::none")]
            __hal_embedded: __hal::Option<__Embedded #arguments>,
        }
    });
    let take_embedded = (!embedded.is_empty()).then(|| {
        quote! {
            let __embedded: __Embedded #arguments = match __state.__hal_embedded {
                __hal::Some(embedded) => embedded,
                __hal::None => __hal::nothing()?,
            };
        }
    });
    let read_embedded = embedded.iter().zip(&embedded_names).map(|(member, field)| {
        match &member.place {
            Place::Related(relation) => {
                let at = relations
                    .iter()
                    .position(|known| known.value() == relation.value());
                quote!(#field: __hal::related(__embedded.#field, __state.__hal_links.take(#at)),)
            }
            _ => quote!(#field: __embedded.#field,),
        }
    });
    let mutable = has_links.then(|| quote!(mut));

    quote! {
        #[doc(hidden)]
        #[allow(
            missing_docs, missing_debug_implementations, unused_qualifications, clippy::all, clippy::pedantic,
        )]
        const _: () = {
            #private

            struct __Relations;

            impl __hal::Relations for __Relations {
                const KEEPS_OTHERS: bool = #has_others;

                type Others = #others_type;

                fn place(relation: &str) -> __hal::Option<usize> {
                    match relation {
                        #(#relations => __hal::Some(#places),)*
                        _ => __hal::None,
                    }
                }
            }

            #embedded_struct

            #[derive(__hal::serde::Deserialize)]
            #serde_crate
            #bounds
            #(#serde)*
            struct __State<#parameters> #conditions {
                #(#(#state_serde)* #state_names: #state_types,)*
                #links_member
                #embedded_member
                #phantom
            }

            #[automatically_derived]
            impl #header __hal::serde::Deserialize<#de> for #name #arguments #header_conditions {
                fn deserialize<__D: __hal::serde::Deserializer<#de>>(
                    deserializer: __D,
                ) -> __hal::Result<Self, __D::Error> {
                    let #mutable __state = <__State #arguments as __hal::serde::Deserialize>::deserialize(deserializer)?;
                    #take_embedded
                    __hal::Ok(Self {
                        #(#state_names: __state.#state_names,)*
                        #(#read_links)*
                        #(#read_embedded)*
                        #read_others
                    })
                }
            }
        };
    }
}

/// An embedded field, as it is read.
fn embedded_in(model: &Model<'_>, member: &Member<'_>) -> TokenStream {
    let (name, ty, serde) = (member.name, &member.field.ty, &member.serde);
    let custom = member.serde_says(&["with", "deserialize_with"]);
    let has_default = member.serde_says(&["default"]);
    let outer = member.outer_type();
    match &member.place {
        Place::OtherEmbedded => quote!(#[serde(flatten)] #(#serde)* #name: #ty,),
        Place::Related(relation) => {
            let read: TokenStream =
                parse_quote_spanned!(ty.span()=> <#ty as __hal::RelatedField>::Resource);
            quote!(#[serde(rename = #relation, default = "__hal::none")] #(#serde)* #name: __hal::Option<#read>,)
        }
        Place::Embedded(relation) => {
            let may_miss = matches!(outer.as_deref(), Some("Vec" | "List" | "Option"));
            let default = (may_miss && !has_default && !custom).then(|| quote!(#[serde(default)]));
            let one_or_many = (outer.as_deref() == Some("Vec") && !custom).then(|| {
                let path = path_in(model, "__private::one_or_many");
                quote!(#[serde(deserialize_with = #path)])
            });
            quote!(#[serde(rename = #relation)] #default #one_or_many #(#serde)* #name: #ty,)
        }
        Place::State | Place::Link(_) | Place::Links => TokenStream::new(),
    }
}

pub(crate) fn serialize(model: &Model<'_>) -> TokenStream {
    let name = model.name;
    let private = private(model);
    let serde_crate = serde_crate(model);
    let serde = &model.serde;
    let (_, arguments, conditions) = model.generics.split_for_impl();
    let parameters = &model.generics.params;
    let phantom = phantom(model.generics);
    let generics = bounded(model.generics, &quote!(__hal::serde::Serialize));
    let (header, _, header_conditions) = generics.split_for_impl();
    let remote = name.to_string();

    let mut borrowed = generics.clone();
    let this = Lifetime::new("'__this", Span::call_site());
    borrowed.params.insert(0, parse_quote!(#this));
    let (borrowed_header, borrowed_arguments, _) = borrowed.split_for_impl();
    let mut unbounded = model.generics.clone();
    unbounded.params.insert(0, parse_quote!(#this));
    let borrowed_parameters = &unbounded.params;

    let state: Vec<_> = model.state().collect();
    let state_names = state.iter().map(|member| member.name);
    let state_types = state.iter().map(|member| &member.field.ty);
    let state_serde = state.iter().map(|member| &member.serde);

    let written = relation_fields(model)
        .into_iter()
        .map(|(member, relation)| {
            let (field, ty) = (member.name, &member.field.ty);
            let write = match member.place {
                Place::Related(_) => {
                    quote_spanned!(ty.span()=> <#ty as __hal::RelatedField>::write_links)
                }
                _ => quote_spanned!(ty.span()=> <#ty as __hal::LinkField>::write),
            };
            quote!((#relation, #write(&self.#field)))
        });
    let others = match other_links(model) {
        Some(member) => {
            let (field, ty) = (member.name, &member.field.ty);
            let others = quote_spanned!(ty.span()=> &self.#field);
            quote!(__hal::Some(#others))
        }
        None => quote!(__hal::None),
    };

    let embedded = embedded_fields(model);
    let embedded_members = embedded.iter().map(|member| embedded_out(model, member));
    let part = |struct_name: &str| {
        let original = format_ident!("{struct_name}");
        let reference = format_ident!("{struct_name}Of");
        quote! {
            struct #reference<#borrowed_parameters>(&#this #name #arguments) #conditions;

            impl #borrowed_header __hal::serde::Serialize for #reference #borrowed_arguments #header_conditions {
                fn serialize<__S: __hal::serde::Serializer>(
                    &self,
                    serializer: __S,
                ) -> __hal::Result<__S::Ok, __S::Error> {
                    <#original #arguments>::serialize(self.0, serializer)
                }
            }
        }
    };
    let state_of = part("__State");
    let embedded_struct = (!embedded.is_empty()).then(|| {
        let embedded_of = part("__Embedded");
        quote! {
            #[derive(__hal::serde::Serialize)]
            #serde_crate
            #[serde(remote = #remote)]
            struct __Embedded<#parameters> #conditions {
                #(#embedded_members)*
                #phantom
            }

            #embedded_of
        }
    });
    let write_embedded = (!embedded.is_empty())
        .then(|| quote!(__hal::write_embedded(&mut map, &__EmbeddedOf(self))?;));

    quote! {
        #[doc(hidden)]
        #[allow(
            missing_docs, missing_debug_implementations, unused_qualifications, clippy::all, clippy::pedantic,
        )]
        const _: () = {
            #private

            #[derive(__hal::serde::Serialize)]
            #serde_crate
            #[serde(remote = #remote)]
            #(#serde)*
            struct __State<#parameters> #conditions {
                #(#(#state_serde)* #state_names: #state_types,)*
                #phantom
            }

            #state_of

            #embedded_struct

            #[automatically_derived]
            impl #header __hal::serde::Serialize for #name #arguments #header_conditions {
                fn serialize<__S: __hal::serde::Serializer>(
                    &self,
                    serializer: __S,
                ) -> __hal::Result<__S::Ok, __S::Error> {
                    let mut map = __hal::serde::Serializer::serialize_map(serializer, __hal::None)?;
                    __hal::write_links(&mut map, &[#(#written),*], #others)?;
                    __hal::write_state(&mut map, &__StateOf(self))?;
                    #write_embedded
                    __hal::serde::ser::SerializeMap::end(map)
                }
            }
        };
    }
}

/// An embedded field, as it is written.
fn embedded_out(model: &Model<'_>, member: &Member<'_>) -> TokenStream {
    let (name, ty, serde) = (member.name, &member.field.ty, &member.serde);
    let skips = member.serde_says(&["skip_serializing_if"]);
    match &member.place {
        Place::OtherEmbedded => quote!(#[serde(flatten)] #(#serde)* #name: #ty,),
        Place::Related(relation) => {
            let write = path_in(model, "__private::write_related");
            let skip = path_in(model, "__private::is_not_embedded");
            quote! {
                #[serde(rename = #relation, serialize_with = #write, skip_serializing_if = #skip)]
                #(#serde)*
                #name: #ty,
            }
        }
        Place::Embedded(relation) => {
            let skip = match member.outer_type().as_deref() {
                Some("Option") => Some(LitStr::new("__hal::Option::is_none", Span::call_site())),
                Some("List") => Some(path_in(model, "List::is_absent")),
                _ => None,
            };
            let skip = skip
                .filter(|_| !skips)
                .map(|skip| quote!(#[serde(skip_serializing_if = #skip)]));
            quote!(#[serde(rename = #relation)] #skip #(#serde)* #name: #ty,)
        }
        Place::State | Place::Link(_) | Place::Links => TokenStream::new(),
    }
}
