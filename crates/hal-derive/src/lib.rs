//! The derive macros of [`hal-json`](https://docs.rs/hal-json): `hal::HalDeserialize` and
//! `hal::HalSerialize`. Use them, and read about them, there (feature `derive`).
//!
//! How it works: the struct is taken apart into its own members, its links and its embedded resources, each
//! a struct that serde's own derive reads or writes. So every attribute of serde's works on a field, and
//! nothing is buffered: `_links` and `_embedded` are two more members of the same pass.

mod expand;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Reads a struct from a HAL resource: `serde::Deserialize`, with links and embedded resources as fields.
///
/// See the documentation of `hal`, section "Structs with links".
#[proc_macro_derive(HalDeserialize, attributes(hal, serde))]
pub fn deserialize(input: TokenStream) -> TokenStream {
    derive(
        &parse_macro_input!(input as DeriveInput),
        expand::deserialize,
    )
}

/// Writes a struct as a HAL resource: `serde::Serialize`, with links and embedded resources as fields.
///
/// See the documentation of `hal`, section "Structs with links".
#[proc_macro_derive(HalSerialize, attributes(hal, serde))]
pub fn serialize(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::serialize)
}

fn derive(
    input: &DeriveInput,
    expand: fn(&model::Model<'_>) -> proc_macro2::TokenStream,
) -> TokenStream {
    match model::Model::of(input) {
        Ok(model) => expand(&model).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
