//! The simulator through the wire, with a client of its own.

mod altinn;
mod altinn2;
mod altinn3;
mod client;
mod maskinporten;
mod mutations;
mod not_offered;
mod platform;
mod seeds;
mod server;
mod sessions;
mod settings;
mod systems;
