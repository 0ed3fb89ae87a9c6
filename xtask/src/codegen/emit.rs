//! Writes models as Rust.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    infer::{Field, Model, Ty, with_first},
    manifest::{Case, Enum, Generation, Id, Member},
    names,
};

/// The widest line of a document, with room for indentation and slashes.
const DOC_WIDTH: usize = 92;

/// The text of a whole model file.
pub(crate) fn file(generation: &Generation, models: &[Model<'_>]) -> Result<String> {
    let mut uses = Uses::new(generation);
    let direct = direct_edges(models);
    let mut items = Vec::new();
    for model in models {
        items.push(
            structure(generation, model, &direct, &mut uses)
                .with_context(|| model.ty.name.clone())?,
        );
    }
    if !generation.enums.is_empty() {
        uses.name("crate::wire::OpenEnum")?;
    }
    if !generation.id.is_empty() {
        uses.name("crate::wire::IntOrText")?;
    }
    uses.wire |= !generation.enums.is_empty() || !generation.id.is_empty();
    for choice in &generation.enums {
        items.push(enumeration(choice).with_context(|| choice.name.clone())?);
    }
    items.extend(generation.id.iter().map(identifier));

    let doc = documentation(&generation.doc);
    let doc = doc.iter().map(|line| quote!(#![doc = #line]));
    let imports = uses.imports()?;
    let tokens = quote! {
        #(#doc)*
        #(#imports)*
        #(#items)*
    };
    let file = syn::parse2(tokens).context("the generated code does not parse")?;
    Ok(format!(
        "// Written by `cargo xtask codegen` from fixtures/; edit the fixtures or {} instead.\n\n{}",
        generation.file,
        spaced(&prettyplease::unparse(&file))
    ))
}

/// A blank line before every document or attribute that starts an item: prettyplease leaves none.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 20);
    let mut previous = "";
    for line in text.lines() {
        let starts_item = !line.starts_with([' ', '}', ')']) && !line.is_empty();
        let ends_item = !previous.starts_with(' ') && previous.ends_with(['}', ';']);
        let same_block = match (import_block(previous), import_block(line)) {
            (Some(above), Some(below)) => above == below,
            _ => false,
        };
        let after_module_doc = previous.starts_with("//!") && !line.starts_with("//!");
        if (starts_item && ends_item && !same_block) || after_module_doc {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        previous = line;
    }
    out
}

/// Imports stand in three blocks: the standard library, the world, ours.
fn import_block(line: &str) -> Option<u8> {
    let path = line.strip_prefix("use ")?;
    Some(match path.split("::").next() {
        Some("std") => 0,
        Some("crate") => 2,
        _ => 1,
    })
}

fn structure(
    generation: &Generation,
    model: &Model<'_>,
    direct: &Edges<'_>,
    uses: &mut Uses,
) -> Result<TokenStream> {
    let name = ident(&model.ty.name)?;
    let mut doc = documentation(&model.ty.doc);
    doc.push(String::new());
    doc.push(format!(" Seen in {}.", count(model.samples, "sample")));
    let case = match generation.case {
        Case::Camel => "camelCase",
        Case::Pascal => "PascalCase",
    };
    let mut names = BTreeSet::new();
    let mut fields = Vec::new();
    for field in &model.fields {
        let token = field_tokens(generation, model, field, direct, uses)
            .with_context(|| format!("member {}", field.member.wire))?;
        ensure!(
            names.insert(token.0.clone()),
            "two members become the field {}",
            token.0
        );
        fields.push(token.1);
    }
    Ok(quote! {
        #(#[doc = #doc])*
        #[non_exhaustive]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = #case)]
        pub struct #name { #(#fields)* }
    })
}

fn field_tokens(
    generation: &Generation,
    model: &Model<'_>,
    field: &Field<'_>,
    direct: &Edges<'_>,
    uses: &mut Uses,
) -> Result<(String, TokenStream)> {
    let member = &*field.member;
    let text = member
        .name
        .clone()
        .unwrap_or_else(|| names::field(&member.wire));
    let name = ident(&text)?;
    let boxed = matches!(&field.ty, Ty::Model(inner) if reaches(direct, inner, &model.ty.name));
    let inner = match field.ty {
        Ty::String if model.ty.compact => quote!(Box<str>),
        _ => type_tokens(&field.ty, uses)?,
    };
    let inner = if boxed { quote!(Box<#inner>) } else { inner };

    let required = member.required.is_some();
    let is_vec = matches!(field.ty, Ty::Vec(_));
    let ty = if required || is_vec {
        inner
    } else {
        quote!(Option<#inner>)
    };

    let mut serde = Vec::new();
    if renamed(&text, generation.case) != member.wire {
        let wire = &member.wire;
        serde.push(quote!(rename = #wire));
    }
    let mut spellings: Vec<&str> = vec![&member.wire];
    spellings.extend(member.aliases.iter().map(String::as_str));
    let mut aliases = member.aliases.clone();
    if generation.any_case {
        for spelling in spellings {
            let pascal = with_first(spelling, char::to_ascii_uppercase);
            if pascal != member.wire && !aliases.contains(&pascal) {
                aliases.push(pascal);
            }
        }
    }
    serde.extend(aliases.iter().map(|alias| quote!(alias = #alias)));
    if !required {
        if is_vec {
            serde.push(quote!(default));
            serde.push(quote!(deserialize_with = "wire::list"));
            uses.wire = true;
        } else {
            let read = match field.ty {
                Ty::String | Ty::Scalar(_) => Some("wire::set"),
                Ty::Int if generation.quoted_numbers => Some("wire::int"),
                Ty::Map(_) => Some("wire::table"),
                _ => None,
            };
            if let Some(read) = read {
                serde.push(quote!(default));
                serde.push(quote!(deserialize_with = #read));
                uses.wire = true;
            }
            serde.push(quote!(skip_serializing_if = "Option::is_none"));
        }
    }
    let serde = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));

    let mut doc = documentation(member.doc.as_deref().unwrap_or_default());
    if !doc.is_empty() {
        doc.push(String::new());
    }
    doc.extend(wrap(&note(member, field.seen, model.samples)));
    Ok((text, quote! { #(#[doc = #doc])* #serde pub #name: #ty, }))
}

/// What serde's `rename_all` makes of a field.
fn renamed(field: &str, case: Case) -> String {
    let mut upper = case == Case::Pascal;
    let mut name = String::new();
    for letter in field.chars() {
        match letter {
            '_' => {}
            _ if upper => name.extend(letter.to_uppercase()),
            _ => name.push(letter),
        }
        upper = letter == '_';
    }
    name
}

/// Where a field comes from: its name on the wire and how often it was there.
fn note(member: &Member, seen: usize, samples: usize) -> String {
    let mut note = format!("`{}` on the wire", member.wire);
    if !member.aliases.is_empty() {
        let aliases: Vec<_> = member
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        note += &format!(" (also {})", aliases.join(", "));
    }
    match &member.required {
        Some(section) => note += &format!("; always there ({section})."),
        None => note += &format!("; in {seen} of {}.", count(samples, "sample")),
    }
    note
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn type_tokens(ty: &Ty, uses: &mut Uses) -> Result<TokenStream> {
    Ok(match ty {
        Ty::Bool => quote!(bool),
        Ty::Int => quote!(i64),
        Ty::Float => quote!(f64),
        Ty::String => quote!(String),
        Ty::Scalar(path) => uses.name(path)?,
        Ty::Links => uses.name("hal::Links")?,
        Ty::Model(path) if path.contains("::") => uses.name(path)?,
        Ty::Model(name) => {
            let name = ident(name)?;
            quote!(#name)
        }
        Ty::Vec(item) => {
            let item = type_tokens(item, uses)?;
            quote!(Vec<#item>)
        }
        Ty::HalList(item) => {
            let list = uses.name("hal::List")?;
            let item = type_tokens(item, uses)?;
            quote!(#list<#item>)
        }
        Ty::OneOrMany(item) => {
            let list = uses.name("crate::wire::OneOrMany")?;
            let item = type_tokens(item, uses)?;
            quote!(#list<#item>)
        }
        Ty::Map(value) => {
            let map = uses.name("std::collections::BTreeMap")?;
            let value = type_tokens(value, uses)?;
            quote!(#map<String, #value>)
        }
        Ty::Any => uses.name("serde_json::Value")?,
    })
}

fn enumeration(choice: &Enum) -> Result<TokenStream> {
    let name = ident(&choice.name)?;
    let doc = documentation(&choice.doc);
    let (mut variants, mut read, mut write) = (Vec::new(), Vec::new(), Vec::new());
    for value in &choice.values {
        let wire = &value.wire;
        let aliases = &value.aliases;
        let variant = value.name.clone().unwrap_or_else(|| names::variant(wire));
        ensure!(
            variant != "Other",
            "`Other` is the variant of unknown values"
        );
        let variant = ident(&variant)?;
        let mut doc = documentation(&value.doc);
        doc.push(String::new());
        let spelt: Vec<_> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let also = match spelt.is_empty() {
            true => String::new(),
            false => format!(" (also {})", spelt.join(", ")),
        };
        doc.extend(wrap(&format!("`{wire}` on the wire{also}.")));
        variants.push(quote! { #(#[doc = #doc])* #variant, });
        read.push(quote! { #wire #(| #aliases)* => Self::#variant, });
        write.push(quote! { Self::#variant => #wire, });
    }
    Ok(quote! {
        #(#[doc = #doc])*
        #[non_exhaustive]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum #name {
            #(#variants)*
            /// A value this version does not know, as it arrived.
            Other(Box<str>),
        }

        impl OpenEnum for #name {
            fn from_wire(text: &str) -> Self {
                match text {
                    #(#read)*
                    _ => Self::Other(text.into()),
                }
            }

            fn as_wire(&self) -> &str {
                match self {
                    #(#write)*
                    Self::Other(text) => text,
                }
            }

            fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        wire::open_enum!(#name);
    })
}

fn identifier(id: &Id) -> TokenStream {
    let name = format_ident!("{}", id.name);
    let doc = documentation(&id.doc);
    quote! {
        #(#[doc = #doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct #name(IntOrText);

        wire::text_id!(#name);
    }
}

/// Paths of the manifest and of the inference, as imports at the top and short names below.
struct Uses {
    local: BTreeSet<String>,
    paths: BTreeMap<String, String>,
    wire: bool,
}

impl Uses {
    fn new(generation: &Generation) -> Self {
        let ids = generation.id.iter().map(|id| &id.name);
        let enums = generation.enums.iter().map(|choice| &choice.name);
        let types = generation.types.iter().map(|ty| &ty.name);
        Self {
            local: ids.chain(enums).chain(types).cloned().collect(),
            paths: BTreeMap::new(),
            wire: false,
        }
    }

    fn name(&mut self, path: &str) -> Result<TokenStream> {
        let name = path.rsplit("::").next().unwrap_or(path);
        let token = ident(name)?;
        if path == name {
            ensure!(
                self.local.contains(name),
                "no [[id]], [[enum]] or [[type]] is called {name}"
            );
        } else {
            ensure!(
                !self.local.contains(name),
                "{path} has the name of a generated type"
            );
            let known = self
                .paths
                .entry(name.to_owned())
                .or_insert_with(|| path.to_owned());
            ensure!(known == path, "{path} and {known} have the same name");
        }
        Ok(quote!(#token))
    }

    fn imports(&self) -> Result<Vec<TokenStream>> {
        let mut paths: BTreeSet<String> = self.paths.values().cloned().collect();
        paths.insert("serde::Deserialize".into());
        paths.insert("serde::Serialize".into());
        if self.wire {
            paths.insert("crate::wire::self".into());
        }
        let mut modules: BTreeMap<(u8, String), Vec<String>> = BTreeMap::new();
        for path in &paths {
            let (module, name) = path
                .rsplit_once("::")
                .context("an import without a module")?;
            let block = import_block(&format!("use {module}")).unwrap_or_default();
            modules
                .entry((block, module.to_owned()))
                .or_default()
                .push(name.to_owned());
        }
        modules
            .into_iter()
            .map(|((_, module), names)| {
                let text = match names.as_slice() {
                    [one] if one == "self" => format!("use {module};"),
                    [one] => format!("use {module}::{one};"),
                    _ => format!("use {module}::{{{}}};", names.join(", ")),
                };
                text.parse::<TokenStream>()
                    .map_err(|error| anyhow::anyhow!("{text}: {error}"))
            })
            .collect()
    }
}

type Edges<'m> = BTreeMap<&'m str, BTreeSet<&'m str>>;

/// Which type holds which without a list between: a cycle of these needs a box.
fn direct_edges<'m>(models: &'m [Model<'_>]) -> Edges<'m> {
    models
        .iter()
        .map(|model| {
            let inner = model.fields.iter().filter_map(|field| match &field.ty {
                Ty::Model(name) => Some(name.as_str()),
                _ => None,
            });
            (model.ty.name.as_str(), inner.collect())
        })
        .collect()
}

fn reaches(edges: &Edges<'_>, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(edges.get(name).into_iter().flatten());
        }
    }
    false
}

fn ident(name: &str) -> Result<Ident> {
    match syn::parse_str::<Ident>(name) {
        Ok(ident) => Ok(ident),
        Err(_) => syn::parse_str::<Ident>(&format!("r#{name}"))
            .with_context(|| format!("{name:?} cannot be a Rust name")),
    }
}

/// Paragraphs as wrapped lines, each with the blank that follows the slashes. Lines that look like
/// lists, tables or code keep their breaks.
fn documentation(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut paragraph = String::new();
    let mut code = false;
    for line in text.trim().lines() {
        let fence = line.starts_with("```");
        if code || fence || line.is_empty() || line.starts_with(['|', '*', '-', '#']) {
            lines.append(&mut wrap(&std::mem::take(&mut paragraph)));
            lines.push(if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            });
        } else {
            paragraph.push_str(line);
            paragraph.push(' ');
        }
        code ^= fence;
    }
    lines.append(&mut wrap(&paragraph));
    lines
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= DOC_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!(" {word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_wrapped_but_code_and_lists_are_not() {
        let long = "word ".repeat(40);
        let text = format!("{long}\nmore\n\n* a list\n* of two\n\n```\nlet  x = 1;\n```");
        let lines = documentation(&text);
        assert!(lines.iter().all(|line| line.len() <= DOC_WIDTH));
        assert!(
            lines.contains(&" * of two".to_owned()) && lines.contains(&" let  x = 1;".to_owned())
        );
        assert!(lines.iter().any(|line| line.ends_with("word more")));
    }

    #[test]
    fn keywords_become_raw_names() {
        assert_eq!(ident("type").unwrap().to_string(), "r#type");
        assert!(ident("two words").is_err());
    }

    #[test]
    fn a_cycle_through_objects_needs_a_box_and_one_through_a_list_does_not() {
        let mut edges = Edges::new();
        edges.insert("Entity", ["Party"].into());
        edges.insert("Party", ["Entity"].into());
        assert!(reaches(&edges, "Party", "Entity"));
        assert!(!reaches(&edges, "Role", "Entity"));
    }
}
