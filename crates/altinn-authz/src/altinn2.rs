//! Altinn 2.
pub mod models;
