//! The project's own chores: what regenerates code, and what CI runs.
//!
//! | command | does |
//! |---|---|
//! | `cargo xtask codegen [--check]` | writes the model files from `fixtures/`, or compares them |
//! | `cargo xtask record GENERATION/OPERATION/CASE METHOD PATH` | makes a call and writes it as a fixture |
//! | `cargo xtask tidy` | the house rules that no compiler knows |
//! | `cargo xtask ci [step]` | everything CI runs, or one step of it; the index is `--help` |

mod ci;
mod codegen;
mod fixture;
mod record;
mod tidy;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The project's own chores"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the model files from fixtures/ and fixtures/manifest.toml
    Codegen {
        /// Writes nothing; fails when a model file is not what the fixtures give
        #[arg(long)]
        check: bool,
    },
    /// Makes a call to a running environment, as the settings say, and writes it as a fixture, with
    /// every person, organisation, name, token and secret in it replaced
    Record(record::RecordArgs),
    /// Checks the house rules that no compiler knows (layers, versions, personal data, doctests)
    Tidy,
    /// Runs what CI runs: every step, or the one that is named
    Ci {
        #[command(subcommand)]
        step: Option<ci::Step>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Codegen { check } => codegen::generate(check),
        Command::Record(args) => record::record(&args),
        Command::Tidy => tidy::check(),
        Command::Ci { step } => ci::run(step),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The root of the checkout.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where the chores speak to a person"
)]
fn say(line: &str) {
    eprintln!("{line}");
}
