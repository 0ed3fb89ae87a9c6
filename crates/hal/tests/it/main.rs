//! Tests over the public API. All documents are made up; no names or numbers are anybody's.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "derive")]
mod derive;
mod fuzz;
mod hostile;
mod irregular;
mod items;
mod list;
mod resource;
mod samples;
mod template;
