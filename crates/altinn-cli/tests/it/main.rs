//! The built `altinn` command, driven as a user would.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod commands;
mod demo;
mod help;
mod mistakes;
mod offline;
mod overview;
mod secrets;
mod support;
