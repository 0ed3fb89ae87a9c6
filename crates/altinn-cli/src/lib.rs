//! The `altinn` command, as a library: `main` does nothing but call [`run`].
//!
//! ```
//! let code = altinn_cli::run(["altinn", "explain", "MP-122"]);
//! assert_eq!(code, std::process::ExitCode::SUCCESS);
//! ```
//!
//! - `args`: the command line; `settings`: flag, environment, profile.
//! - `context`: what a command works with; `commands`: one file for each command.
//! - [`Console`]: the only place that prints. [`Failure`] and [`Exit`]: how a command ends.
//!
//! What the command does is for people and scripts; programs take `maskinporten`, `altinn-auth` and
//! `altinn-authz`, which are all it is made of.

mod args;
mod commands;
mod console;
mod context;
mod failure;
mod jwt;
mod log;
mod settings;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::args::{Cli, Command, Global};
use crate::commands::Report;
use crate::context::Context;
use crate::settings::{Profile, Settings, Variables};

#[doc(hidden)]
pub use crate::commands::demo::{DemoApi, demo_with};
pub use crate::console::Console;
pub use crate::failure::{Exit, Failure};

/// Runs the command line `args`, the program's name first, and gives the exit code.
///
/// Prints on the process's standard output and standard error, and takes settings from its
/// environment.
pub fn run<T: Into<OsString>>(args: impl IntoIterator<Item = T>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let exit = match Cli::try_parse_from(&args) {
        Ok(cli) => {
            let console = Arc::new(Console::standard(cli.global.json));
            start(cli, &console)
        }
        Err(error) => {
            let json = args.iter().any(|arg| arg == "--json");
            command_line(&Console::standard(json), &error)
        }
    };
    ExitCode::from(exit.code())
}

/// The README of the workspace: its six steps compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;

/// Help and the version are what was asked for; anything else is a mistake in the command line.
fn command_line(console: &Console, error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        console.help(&error.render());
        return Exit::Done;
    }
    if console.json() {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let sentence = first.strip_prefix("error: ").unwrap_or(first);
        console.failure(&Failure::usage(sentence).todo("`--help` says how the command is used"));
    } else {
        console.usage(&error.render());
    }
    Exit::Usage
}

fn start(cli: Cli, console: &Arc<Console>) -> Exit {
    let ended = log::start(cli.global.verbose).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Unreachable, format!("cannot start: {error}")))?;
        let ended = runtime.block_on(interruptible(console, dispatch(cli, console)));
        // what goes on in the background has nobody left who waits for it
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(report) => {
            console.report(&report);
            report.exit
        }
        Err(failure) => {
            console.failure(&failure);
            failure.exit()
        }
    }
}

/// Ctrl-C drops what is being done, unless the command wants to end by itself; then the next one does.
/// Files are written whole or not at all, so none is left half done; what was sent has been sent.
async fn interruptible(
    console: &Console,
    command: impl Future<Output = Result<Report, Failure>>,
) -> Result<Report, Failure> {
    let mut command = std::pin::pin!(command);
    loop {
        tokio::select! {
            // in this order, so that there is no time at which Ctrl-C is not heard
            biased;
            Ok(()) = tokio::signal::ctrl_c() => {
                if !console.interrupt() {
                    return Err(Failure::new(Exit::Interrupted, "interrupted"));
                }
            }
            ended = &mut command => return ended,
        }
    }
}

async fn dispatch(cli: Cli, console: &Arc<Console>) -> Result<Report, Failure> {
    let Cli { global, command } = cli;
    match command {
        // these need no settings
        Command::Demo(args) => commands::demo::run(console, &args).await,
        Command::Sim(args) => commands::sim::run(Arc::clone(console), &args).await,
        Command::Hal(args) => commands::hal::hal(&args),
        Command::Explain(args) => commands::explain::explain(&args),
        command => {
            let tokens = if global.no_cache {
                None
            } else {
                context::tokens_folder()
            };
            let context = Context::new(settings(&global)?, console).keeping_tokens_in(tokens);
            command.run(&context).await
        }
    }
}

impl Command {
    /// Runs a command that works with settings; its own flags are laid over them.
    async fn run(&self, context: &Context<'_>) -> Result<Report, Failure> {
        let context = context.with_flags(match self {
            Self::Assertion(args) => args.request.flags(),
            Self::Token(args) => args.request.flags(),
            Self::Login(args) => args.flags(),
            Self::Logout(_)
            | Self::Whoami(_)
            | Self::Roles(_)
            | Self::EnterpriseUsers(_)
            | Self::Metadata(_)
            | Self::Packages(_) => Vec::new(),
            Self::ServiceOwner(args) => args.flags(),
            Self::SystemUser(args) => args.flags(),
            Self::May(args) => args.flags(),
            Self::Party(args) => args.flags(),
            Self::Parties(args) => args.flags(),
            Self::Clients(args) => args.flags(),
            Self::Consent(args) => args.flags(),
            Self::Rights(args) => args.flags(),
            Self::Api(args) => args.flags(),
            Self::Demo(_) | Self::Sim(_) | Self::Hal(_) | Self::Explain(_) => Vec::new(),
        });
        match self {
            Self::Assertion(args) => commands::token::assertion(&context, args).await,
            Self::Token(args) => commands::token::token(&context, args).await,
            Self::Login(args) => commands::login::login(&context, args).await,
            Self::Logout(args) => commands::login::logout(&context, args).await,
            Self::Whoami(_) => commands::login::whoami(&context).await,
            Self::SystemUser(args) => commands::system_user::run(&context, args).await,
            Self::May(args) => commands::may::may(&context, args).await,
            Self::Packages(args) => commands::packages::packages(&context, args).await,
            Self::Roles(args) => commands::roles::roles(&context, args).await,
            Self::EnterpriseUsers(args) => commands::enterprise_users::run(&context, args).await,
            Self::Metadata(args) => commands::metadata::metadata(&context, args).await,
            Self::ServiceOwner(args) => commands::service_owner::run(&context, args).await,
            Self::Party(args) => commands::party::party(&context, args).await,
            Self::Parties(args) => commands::parties::parties(&context, args).await,
            Self::Clients(args) => commands::clients::run(&context, args).await,
            Self::Consent(args) => commands::consent::run(&context, args).await,
            Self::Rights(args) => commands::rights::rights(&context, args).await,
            Self::Api(args) => commands::api::api(&context, args).await,
            Self::Hal(args) => commands::hal::hal(args),
            Self::Explain(args) => commands::explain::explain(args),
            Self::Demo(_) | Self::Sim(_) => Err(Failure::usage("this command runs by itself only")),
        }
    }
}

fn settings(global: &Global) -> Result<Settings, Failure> {
    let named = global.profile.clone().or_else(|| {
        std::env::var("ALTINN_PROFILE")
            .ok()
            .filter(|name| !name.trim().is_empty())
    });
    let profile = Profile::find(global.config.as_deref(), named.as_deref())?;
    let settings = Settings::new(global.settings.given(), Variables::Process, profile);
    settings.check_environment()?;
    Ok(settings)
}
