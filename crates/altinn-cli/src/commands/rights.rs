//! `altinn rights`: steps 4 to 6.

pub(crate) mod altinn2;
mod altinn3;
mod batch;
mod check;
mod export;
mod migrate;
pub(crate) mod named;
pub(crate) mod request;

use clap::{Args, Subcommand};

use crate::args::{Api, ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Giver and receiver are named by number: nine digits for an organisation, eleven for a person. On
Altinn 3 a party UUID will do as well, and system-user:UUID names a system user that is to receive;
on Altinn 2 an r-id (r50170460) will do.

What is given:
  Altinn 3   --package CODE             an access package (tilgangspakke), or by its name
             --resource ID              all rights on a resource that may be given, or by its title
             --resource ID --right read some of them
             --resource ID --instance URN
                                        on one instance alone: a form, a message, a dialogue
             --role CODE                a role that came from Altinn 2; only to be taken back
  Altinn 2   --role REGNA               a role (rolle), by code, name or number: `altinn roles list`
             --service 4936/1 --right Access
                                        rights to a service (tjeneste), code/edition; without
                                        --right, all of them are taken back

Altinn 3 is asked as a system user (systembruker): --system-user, or else the one of the giver.
Altinn 2 is asked as an enterprise user (virksomhetsbruker) with an API key: ALTINN_USERNAME,
ALTINN_PASSWORD, ALTINN_API_KEY. It closed on 2026-06-19.";

const LIST_EXAMPLES: &str = "\
Examples:
  altinn rights list --from 310753831
      who holds what that this organisation has given
  altinn rights list --from 310753831 --to 26899299344
      one receiver, with each right on each resource
  altinn rights list --to 310753831
      seen from the other side: what this organisation holds, and from whom (Altinn 3)
  altinn rights list --from 310753831 --api altinn2 --json
  altinn rights list --from 310753831 --api altinn2 --filter \"Name eq 'LILLA TIGER'\"
  altinn rights list --from 310753831 --to r51600201 --api altinn2 \\
      --filter \"RightSourceType ne 'RoleTypeRights'\"
      only what was given as a single right; a wrong name in a filter is said before anything is
      sent";

const GRANT_EXAMPLES: &str = "\
Examples:
  altinn rights grant --from 310753831 --to 26899299344 --last-name HEIS --package skattegrunnlag
      a person who is not connected yet needs the last name; two wrong ones lock for an hour
  altinn rights grant --from 310753831 --to 26899299344 --package 'Post og telekommunikasjon'
      by the name that people know, in any of Altinn's languages: the whole of it, or it is asked
      about
  altinn rights grant --from 310753831 --to 26899299344 --resource skf-skattemelding --right read
  altinn rights grant --from 310753831 --to 26899299344 --last-name HEIS --role 11 --api altinn2
  altinn rights grant --file people.csv --dry-run
      what it would do; a single change takes --dry-run, too
  altinn rights grant --file people.csv --parallel 4
      many at once; see below

It checks first what may be given, gives what is not there yet, and reads again to see that it is
there. Exit code 5 says that some of it was done; the report says what.

Many at once: a file with one row for each thing that is given, as CSV (comma or semicolon, UTF-8)
or JSON (a list of objects, or one on each line):
  from,to,lastName,package,resource,right
  310753831,26899299344,HEIS,skattegrunnlag,,
  310753831,310779253,,,skf-skattemelding,read
Columns: from (or --from for all), to, lastName or name, and what is given: package, resource,
service, role; instance and right say which on the resource (right also on the service), several
rights with blanks between. Every row is checked before anything is sent. What came of each is
written to a results file beside the list, before and after each call: run the same command again,
and it goes on where it was ended, by Ctrl-C or by force, and does nothing twice. Rows may be
added at the end of the list meanwhile, and a row that was refused may be corrected where it
stands; no other may change. A last name that may be wrong ends the run for all, and is not tried
again until the row is corrected or --refused-again says so.";

const REVOKE_EXAMPLES: &str = "\
Examples:
  altinn rights revoke --from 310753831 --to 26899299344 --package skattegrunnlag
  altinn rights revoke --from 310753831 --to 26899299344 --resource skf-skattemelding --right write
  altinn rights revoke --from 310753831 --to 26899299344 --role utinn
      a role that came from Altinn 2: what takes its place today is given as packages
  altinn rights revoke --from 310753831 --to 26899299344 --role 11 --api altinn2
  altinn rights revoke --from 310753831 --to 26899299344 --remove-connection
      a connection that is empty; with --package and the like, only if nothing else is left on it

  altinn rights revoke --file people.csv
      many at once: `altinn rights grant --help` says how the file looks

It takes back what was given directly, that and nothing else. What somebody holds through a role of
a register, or through another party, cannot be taken back here, and the report says so.";

/// `altinn rights …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum RightsCommand {
    /// List who holds what
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Give rights
    #[command(after_help = GRANT_EXAMPLES)]
    Grant(ChangeArgs),
    /// Take rights back
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke(RevokeArgs),
    /// Altinn 2: list the rights that one holds oneself
    #[command(after_help = MINE_EXAMPLES)]
    Mine(MineArgs),
    /// Write down who holds what, as CSV or JSON
    Export(export::ExportArgs),
    /// Say what can be given, without giving it
    Check(check::CheckArgs),
    /// Ask for access, and answer those who ask (Altinn 3)
    #[command(subcommand)]
    Request(request::RequestCommand),
    /// Show, and give, what corresponds on Altinn 3 to a saved listing of Altinn 2
    Migrate(migrate::MigrateArgs),
}

/// Which generation, and as whom.
#[derive(Args)]
#[command(next_help_heading = "As whom")]
struct AsArgs {
    /// Which generation; altinn3 unless it is set [env: ALTINN_GENERATION]
    #[arg(long, value_name = "GENERATION")]
    api: Option<Api>,

    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

/// Arguments of `altinn rights list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Who gives (avgiver)
    #[arg(long, value_name = "NUMBER", required_unless_present = "to")]
    from: Option<String>,

    #[command(flatten)]
    to: ToArgs,

    /// Altinn 2: only what fits this filter (OData); of right holders, or with --to of rights
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    #[command(flatten)]
    common: AsArgs,
}

const MINE_EXAMPLES: &str = "\
Examples:
  altinn rights mine --who 310753831
      what one holds oneself for a party on Altinn 2; `altinn roles mine` has the roles
  altinn rights mine --who 310753831 --filter \"RightSourceType ne 'RoleTypeRights'\"
On Altinn 3 it is `altinn parties --details`.";

/// Arguments of `altinn rights mine`.
#[derive(Args)]
pub(crate) struct MineArgs {
    /// For which party: an organisation number, an r-id, or my
    #[arg(long, value_name = "NUMBER", default_value = "my")]
    who: String,

    /// Only those that fit this filter (OData)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Give this one up, by its RightID
    #[arg(long, value_name = "ID", conflicts_with = "filter")]
    give_up: Option<String>,
}

/// Arguments of `altinn rights grant` and `altinn rights revoke`.
#[derive(Args)]
pub(crate) struct ChangeArgs {
    /// Who gives (avgiver)
    #[arg(long, value_name = "NUMBER", required_unless_present = "file")]
    from: Option<String>,

    #[command(flatten)]
    to: ToArgs,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    many: batch::ManyArgs,

    #[command(flatten)]
    common: AsArgs,
}

/// Arguments of `altinn rights revoke`.
#[derive(Args)]
pub(crate) struct RevokeArgs {
    /// Altinn 3: remove the connection too, if nothing is left on it; with nothing named, remove one that
    /// is empty
    #[arg(long, display_order = 100, conflicts_with_all = ["file", "dry_run"])]
    remove_connection: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

/// The receiver.
#[derive(Args, Clone, Default)]
struct ToArgs {
    /// Who receives
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,

    /// The receiver's last name, of a person who is not connected yet
    #[arg(long, value_name = "NAME", requires = "to")]
    last_name: Option<String>,

    /// The receiver's name, of an organisation (Altinn 2 compares it)
    #[arg(
        long,
        value_name = "NAME",
        requires = "to",
        conflicts_with = "last_name"
    )]
    name: Option<String>,
}

/// What is given or taken back.
#[derive(Args, Clone, Default)]
pub(crate) struct WhatArgs {
    /// An access package (tilgangspakke), by code, URN or whole name; may be given several times
    #[arg(long = "package", value_name = "CODE")]
    pub(crate) packages: Vec<String>,

    /// A resource, by its id in the resource registry or its whole title; may be given several times
    #[arg(long = "resource", value_name = "ID")]
    pub(crate) resources: Vec<String>,

    /// Only this instance of the resource, by its URN (urn:altinn:instance-id:…, urn:altinn:dialog-id:…
    /// or urn:altinn:correspondence-id:…); may be given several times
    #[arg(long = "instance", value_name = "URN", requires = "resources")]
    pub(crate) instances: Vec<String>,

    /// A role of Altinn 2 (rolle), by number (RoleDefinitionId), code or name; on Altinn 3 by code, to be
    /// taken back; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,

    /// A service of Altinn 2 (tjeneste), by code and edition; may be given several times
    #[arg(long = "service", value_name = "CODE/EDITION")]
    pub(crate) services: Vec<String>,

    /// Only this right on the resource or service, such as read; may be given several times
    #[arg(long = "right", value_name = "ACTION")]
    pub(crate) rights: Vec<String>,
}

impl WhatArgs {
    fn is_nothing(&self) -> bool {
        let Self {
            packages,
            resources,
            instances,
            roles,
            services,
            rights,
        } = self;
        let all = [packages, resources, instances, roles, services, rights];
        all.into_iter().all(Vec::is_empty)
    }
}

impl AsArgs {
    /// The generation: the flag, the environment or the profile, or else Altinn 3.
    fn api(&self, context: &Context<'_>) -> Result<Api, Failure> {
        match self.api {
            Some(api) => Ok(api),
            None => context.settings.generation(),
        }
    }
}

impl RightsCommand {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let common = match self {
            Self::List(args) => &args.common,
            Self::Grant(args) => &args.common,
            Self::Revoke(args) => &args.change.common,
            Self::Export(args) => &args.common,
            Self::Check(args) => &args.common,
            Self::Mine(_) => return Vec::new(),
            Self::Request(args) => return args.flags(),
            Self::Migrate(args) => return given(&args.scopes, &args.system_user),
        };
        given(&common.scopes, &common.system_user)
    }
}

fn given(scopes: &ScopeArgs, system_user: &SystemUserArgs) -> Vec<(&'static str, String)> {
    let scopes = scopes.given().into_iter();
    scopes.chain(system_user.given()).collect()
}

/// Lists, gives or takes back.
pub(crate) async fn rights(
    context: &Context<'_>,
    command: &RightsCommand,
) -> Result<Report, Failure> {
    use batch::Verb;
    match command {
        RightsCommand::Grant(args) if args.many.is_given() => {
            batch::run(context, args, Verb::Grant).await
        }
        RightsCommand::Revoke(args) if args.change.many.is_given() => {
            batch::run(context, &args.change, Verb::Revoke).await
        }
        RightsCommand::Grant(args) if args.many.is_dry_run() => {
            check::planned(context, args, Verb::Grant).await
        }
        RightsCommand::Revoke(args) if args.change.many.is_dry_run() => {
            check::planned(context, &args.change, Verb::Revoke).await
        }
        RightsCommand::Mine(args) => altinn2::mine(context, args).await,
        RightsCommand::Export(args) => export::export(context, args).await,
        RightsCommand::Check(args) => check::check(context, args).await,
        RightsCommand::Request(args) => request::run(context, args).await,
        RightsCommand::Migrate(args) => migrate::migrate(context, args).await,
        RightsCommand::List(args) => match args.common.api(context)? {
            Api::Altinn3 => altinn3::list(context, args).await,
            Api::Altinn2 => altinn2::list(context, args).await,
        },
        RightsCommand::Grant(args) => match args.common.api(context)? {
            Api::Altinn3 => altinn3::grant(context, args).await,
            Api::Altinn2 => altinn2::grant(context, args).await,
        },
        RightsCommand::Revoke(args) => match args.change.common.api(context)? {
            Api::Altinn3 => altinn3::revoke(context, args).await,
            Api::Altinn2 if args.remove_connection => Err(Failure::usage(
                "--remove-connection is of Altinn 3: on Altinn 2 an empty connection goes by itself",
            )
            .todo("leave it out")),
            Api::Altinn2 => altinn2::revoke(context, &args.change).await,
        },
    }
}

impl ChangeArgs {
    fn from(&self) -> Result<&str, Failure> {
        self.from.as_deref().ok_or_else(|| {
            Failure::usage("the giver is missing").todo("say who gives: --from NUMBER")
        })
    }
}

impl ToArgs {
    fn required(&self) -> Result<&str, Failure> {
        self.to.as_deref().ok_or_else(|| {
            Failure::usage("the receiver is missing").todo("say who receives: --to NUMBER")
        })
    }
}

fn nothing_named(ways: &str) -> Failure {
    Failure::usage("it is not said what is to be given or taken back").todo(format!("name {ways}"))
}

/// What is given or taken back, in words.
pub(crate) fn names(what: &[impl ToString]) -> String {
    let names: Vec<String> = what.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// How a change ended: with everything, with some of it, or with nothing done.
pub(crate) fn changed<E: std::fmt::Display, P: serde::Serialize>(
    done: &altinn_authz::Report<E, P>,
    verb: &str,
    names: &str,
) -> Result<Report, Failure> {
    let json = serde_json::to_value(done)
        .map_err(|error| Failure::new(Exit::Unreachable, format!("cannot be shown: {error}")))?;
    let mut failures = Vec::new();
    for step in done.steps().iter().filter(|step| !step.outcome().is_good()) {
        use altinn_authz::Outcome;
        let failure = match step.outcome() {
            Outcome::Failed(error) => {
                Failure::from(error.clone()).while_doing(step.what().to_string())
            }
            Outcome::Refused(_) => Failure::new(Exit::Refused, step.to_string())
                .todo("choose what may be given or taken back here; nothing was changed for this one"),
            Outcome::StillHeld(_) => Failure::new(Exit::Partly, step.to_string()).todo(
                "take it away where it comes from, too: the access package, the role or the other party that is named",
            ),
            Outcome::Unexpected(_) => Failure::new(Exit::Unreachable, step.to_string()).todo(
                "list the rights again: somebody else has changed them, or the change did not stick",
            ),
            _ => Failure::new(Exit::Partly, step.to_string())
                .todo("run it again once the failure before it is out of the way"),
        };
        failures.push(failure);
    }
    let exit = match failures.first() {
        None => Exit::Done,
        Some(_) if done.has_changed_anything() => Exit::Partly,
        Some(first) => first.exit(),
    };
    let summary = match exit {
        Exit::Done if done.has_changed_anything() => format!("{verb} {names}"),
        Exit::Done => format!("{names}: it was so already"),
        Exit::Partly => format!("{names}: partly done"),
        _ => format!("{names}: not done"),
    };
    Ok(Report {
        exit,
        failures,
        ..Report::new(json, done.to_string(), summary)
    })
}
