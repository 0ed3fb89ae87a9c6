//! One file for each command. A command takes the context and its arguments and gives a [`Report`];
//! it prints nothing itself, so that the demonstration can run it and show what it likes.

pub(crate) mod api;
pub(crate) mod clients;
pub(crate) mod consent;
pub(crate) mod demo;
pub(crate) mod enterprise_users;
pub(crate) mod explain;
pub(crate) mod hal;
pub(crate) mod login;
pub(crate) mod may;
pub(crate) mod metadata;
pub(crate) mod packages;
pub(crate) mod parties;
pub(crate) mod party;
pub(crate) mod pauses;
pub(crate) mod rights;
pub(crate) mod roles;
pub(crate) mod service_owner;
pub(crate) mod sim;
pub(crate) mod system_user;
pub(crate) mod token;

use serde_json::Value;

use crate::failure::{Exit, Failure};

/// What a command has to say.
#[derive(Debug)]
pub(crate) struct Report {
    /// What `--json` prints.
    pub(crate) json: Value,
    /// What is printed for people.
    pub(crate) text: String,
    /// The result in one line, without secrets.
    pub(crate) summary: String,
    /// How it ends: done, or partly done.
    pub(crate) exit: Exit,
    /// What could not be done, of what was asked for.
    pub(crate) failures: Vec<Failure>,
}

/// A model as `--json` prints it, with person numbers masked.
pub(crate) fn masked(value: &impl serde::Serialize) -> Result<Value, Failure> {
    altinn_authz::to_masked_json(value)
        .map_err(|error| Failure::new(Exit::Unreachable, format!("cannot be shown: {error}")))
}

impl Report {
    pub(crate) fn new(json: Value, text: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            json,
            text: text.into(),
            summary: summary.into(),
            exit: Exit::Done,
            failures: Vec::new(),
        }
    }

    /// Says of a change that was no grant or revocation, whose reports say it themselves, that it takes
    /// time.
    pub(crate) fn and_lag(mut self) -> Self {
        self.text
            .push_str("\nthe decision point (PDP) may take up to five minutes to know of it");
        self
    }
}
