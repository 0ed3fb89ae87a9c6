//! The built `altinn` command, driven as a user would.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod altinn2;
mod batch;
mod both;
#[cfg(unix)]
mod browser;
mod commands;
mod consent;
mod demo;
mod help;
mod instances;
mod migrate;
mod mistakes;
mod offline;
mod overview;
mod people;
mod requests;
mod secrets;
mod service_owner;
mod support;
mod vendor;
