//! The simulator through the wire, with a client of its own.

#![allow(clippy::unwrap_used, reason = "a test binary")]

mod admin;
mod agent_clients;
mod altinn;
mod altinn2;
mod altinn2_more;
mod altinn3;
mod altinn3_codes;
mod altinn3_more;
mod client;
mod id_porten;
mod maskinporten;
mod mutations;
mod not_offered;
mod platform;
mod seeds;
mod server;
mod sessions;
mod settings;
mod systems;
