//! What `-v` and `ALTINN_LOG` show, on standard error. Everything that is written goes through the
//! redaction once more: the layers below mask what they know to be secret, and this is the net under
//! them.

use std::io::{self, IsTerminal as _, Write};

use http_transport::redact;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::failure::Failure;

const VARIABLE: &str = "ALTINN_LOG";

/// `-v` is what we do, `-vv` what the libraries below us do as well, `-vvv` everything.
fn filter(verbose: u8) -> Result<Option<EnvFilter>, Failure> {
    let given = std::env::var(VARIABLE)
        .ok()
        .filter(|text| !text.trim().is_empty());
    let directives = match (given, verbose) {
        (Some(given), _) => given,
        (None, 0) => return Ok(None),
        (None, 1) => OURS.map(|name| format!("{name}=debug")).join(","),
        (None, 2) => "debug".to_owned(),
        (None, _) => "trace".to_owned(),
    };
    EnvFilter::try_new(&directives).map(Some).map_err(|error| {
        Failure::usage(format!("{VARIABLE}: {error}")).todo(
            "write a level (error, warn, info, debug, trace), or target=level, with commas between",
        )
    })
}

const OURS: [&str; 6] = [
    "altinn_auth",
    "altinn_authz",
    "altinn_cli",
    "http_transport",
    "maskinporten",
    "token_cache",
];

pub(crate) fn start(verbose: u8) -> Result<(), Failure> {
    let Some(filter) = filter(verbose)? else {
        return Ok(());
    };
    let colour = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // another subscriber can only be there when a program calls `run` as a library; it stays
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(Redacted)
        .try_init();
    Ok(())
}

/// Standard error, redacted. The subscriber writes each event in one piece.
struct Redacted;

impl<'a> MakeWriter<'a> for Redacted {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Redacted {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(redact::text(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
