//! What CI runs, one step each: `.ci/run` calls this, and so can you.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use serde::Deserialize;

use crate::{codegen, say, tidy};

/// The steps, in the order in which they run when none is named: the slow ones first build what
/// the others need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum Step {
    /// Every test: `cargo test --workspace`, the command of the README
    Test,
    /// Every step but the tests
    Checks,
    /// The tests of what the libraries' features add (Redis, tower, admin, derive, streams, …)
    TestFeatures,
    /// Formatting: `cargo fmt --all --check`
    Fmt,
    /// Lints as errors, on all targets with all features (and the tests' build of OpenSSL)
    Clippy,
    /// Documentation without a warning, for every crate
    Doc,
    /// Bans, licences and sources of dependencies, without network (needs cargo-deny)
    Deny,
    /// The checked-in models are what the fixtures give
    Codegen,
    /// The house rules that no compiler knows: layers, versions, personal data, doctests
    Tidy,
    /// No dependency asks for a newer Rust than `rust-version` promises
    Msrv,
    /// Each crate alone, without default features and with all, on the system's OpenSSL
    Features,
}

impl Step {
    const TESTS: [Self; 1] = [Self::Test];
    const CHECKS: [Self; 9] = [
        Self::TestFeatures,
        Self::Fmt,
        Self::Clippy,
        Self::Doc,
        Self::Deny,
        Self::Codegen,
        Self::Tidy,
        Self::Msrv,
        Self::Features,
    ];

    fn run(self) -> Result<()> {
        match self {
            Self::Test => cargo("test --workspace", &[]),
            Self::TestFeatures => cargo(
                "test --all-features -p norwegian-ids -p http-transport -p token-cache -p maskinporten -p hal-json \
                 -p hal-derive -p altinn-auth -p altinn-authz",
                &[],
            ),
            Self::Fmt => cargo("fmt --all --check", &[]),
            // Warnings become errors by clippy's own argument: as RUSTFLAGS they would change the
            // fingerprint of every dependency, and OpenSSL would be built once more.
            Self::Clippy => cargo(
                "clippy --workspace --all-targets --all-features -- -D warnings",
                &[],
            ),
            Self::Doc => cargo(
                "doc --workspace --no-deps --all-features",
                &[("RUSTDOCFLAGS", "-D warnings".as_ref())],
            ),
            Self::Deny => {
                // the crates of every platform that deny.toml names
                cargo("fetch --locked", &[])?;
                cargo("deny --offline check bans licenses sources", &[])
            }
            Self::Codegen => codegen::generate(true),
            Self::Tidy => tidy::check(),
            Self::Msrv => msrv(),
            Self::Features => features(),
            Self::Checks => run(Some(Self::Checks)),
        }
    }
}

/// Runs one step, or all of them, and says how long each took. Goes on after a failure, so that one
/// run shows everything.
pub(crate) fn run(step: Option<Step>) -> Result<()> {
    let steps: Vec<Step> = match step {
        None => Step::TESTS.into_iter().chain(Step::CHECKS).collect(),
        Some(Step::Checks) => Step::CHECKS.to_vec(),
        Some(one) => vec![one],
    };
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for step in steps {
        let name = format!("{step:?}").to_lowercase();
        say(&format!("\n==> {name}"));
        let start = Instant::now();
        let done = step.run();
        let word = if done.is_ok() { "ok" } else { "FAILED" };
        lines.push(format!(
            "{name:<9} {word:<7} {:>6}",
            seconds(start.elapsed())
        ));
        if let Err(error) = done {
            say(&format!("{name}: {error:#}"));
            failed.push(name);
        }
    }
    say(&format!("\n{}", lines.join("\n")));
    ensure!(
        failed.is_empty(),
        "failed: {} (run one with `cargo xtask ci <step>`)",
        failed.join(", ")
    );
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}

/// Every member by itself, as someone sees it who depends on it alone.
fn features() -> Result<()> {
    let target: PathBuf = metadata()?.target_directory.join("features");
    // A vendored OpenSSL is not built again for this: what is asked is whether our code compiles.
    let settings: [(&str, &OsStr); 3] = [
        ("OPENSSL_NO_VENDOR", "1".as_ref()),
        ("CARGO_TARGET_DIR", target.as_os_str()),
        ("RUSTFLAGS", "-D warnings".as_ref()),
    ];
    for package in metadata()?.members() {
        if package.name != "xtask" {
            cargo(
                &format!("check --package {} --no-default-features", package.name),
                &settings,
            )?;
            cargo(
                &format!("check --package {} --all-features", package.name),
                &settings,
            )?;
        }
    }
    Ok(())
}

/// With one toolchain at hand the promise cannot be compiled; that every dependency keeps it can be
/// read. (Clippy's `incompatible_msrv` watches our own use of the standard library.)
fn msrv() -> Result<()> {
    let metadata = metadata()?;
    let promise = metadata
        .members()
        .find_map(|package| package.rust_version.clone())
        .context("no member has a rust-version")?;
    let limit = version(&promise)?;
    let mut newer = Vec::new();
    for package in &metadata.packages {
        if let Some(needs) = &package.rust_version
            && version(needs)? > limit
        {
            newer.push(format!("{} needs {needs}", package.name));
        }
    }
    ensure!(
        newer.is_empty(),
        "rust-version is {promise}, but {}",
        newer.join(", ")
    );
    say(&format!("every dependency allows Rust {promise}"));
    Ok(())
}

fn version(text: &str) -> Result<(u32, u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    let mut next = || {
        parts
            .next()
            .transpose()
            .with_context(|| format!("no version: {text}"))
    };
    Ok((
        next()?.unwrap_or(0),
        next()?.unwrap_or(0),
        next()?.unwrap_or(0),
    ))
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    rust_version: Option<String>,
}

impl Metadata {
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}

fn metadata() -> Result<Metadata> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(crate::root())
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn cargo(arguments: &str, settings: &[(&str, &OsStr)]) -> Result<()> {
    say(&format!("$ cargo {arguments}"));
    let status = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .envs(settings.iter().copied())
        .current_dir(crate::root())
        .status()?;
    ensure!(status.success(), "cargo {arguments}: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("1.100").unwrap() > version("1.88.0").unwrap());
        assert_eq!(version("1.88").unwrap(), version("1.88.0").unwrap());
        assert!(version("edge").is_err());
    }
}
