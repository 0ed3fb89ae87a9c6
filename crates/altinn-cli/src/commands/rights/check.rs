//! `altinn rights check`, and what a single change would do (`--dry-run`): the same on both generations.

use altinn_authz::rights::{
    Applied, Change, Checked, Entitlement, Expected, May, PartyName, Plan, Rights, State,
};
use altinn_authz::{altinn2 as api2, altinn3 as api3};
use clap::Args;
use serde_json::json;

use super::batch::Verb;
use super::{AsArgs, ChangeArgs, ToArgs, WhatArgs, altinn2, altinn3, named};
use crate::args::Api;
use crate::commands::Report;
use crate::commands::party::{Named, identity};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  altinn rights check --from 310753831 --package skattegrunnlag --resource skf-skattemelding
  altinn rights check --from 310753831 --resource skf-skattemelding --right read --right sign
  altinn rights check --from 310753831 --role REGNA --service 1051/140619 --right Read --api altinn2

Altinn 3 is asked and gives its reasons. Altinn 2 has no such check: what its lists tell is said,
and what only shows when it is tried. Exit code 1 says that something cannot be given.";

/// Arguments of `altinn rights check`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Who gives (avgiver)
    #[arg(long, value_name = "NUMBER")]
    from: String,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    pub(super) common: AsArgs,
}

/// Whichever generation is set.
pub(super) async fn open(
    context: &Context<'_>,
    api: Api,
    from: &str,
) -> Result<Box<dyn Rights>, Failure> {
    Ok(match api {
        Api::Altinn3 => {
            let acting = Named::read("--from", from)?;
            Box::new(altinn3::client(context, &acting, &api3::scopes::GIVER).await?)
        }
        Api::Altinn2 => {
            let [reportees, read, write] = api2::scopes::GIVER;
            let scopes = [reportees, read, write, api2::scopes::RIGHTS_READ];
            Box::new(altinn2::client(context, &scopes).await?)
        }
    })
}

/// The giver, as it is named on the command line.
pub(super) fn giver(api: Api, text: &str) -> Result<PartyName, Failure> {
    match api {
        Api::Altinn3 => match Named::read("--from", text)? {
            Named::Uuid(uuid) => Ok(PartyName::id(uuid.as_str())),
            Named::SystemUser(_) => Err(altinn3::no_system_user("--from")),
            Named::Number(number) => Ok(numbered(number, None)),
        },
        Api::Altinn2 => match altinn2::who("--from", text)? {
            api2::Who::Organisation(number) => Ok(PartyName::organisation(number)),
            who => Ok(PartyName::id(who.to_string())),
        },
    }
}

fn numbered(number: api3::Identity, name: Option<&String>) -> PartyName {
    let party = match number {
        api3::Identity::Organisation(number) => PartyName::organisation(number),
        api3::Identity::Person(number) => PartyName::known_person(number),
        other => PartyName::id(other.to_string()),
    };
    match name {
        Some(name) => party.named(name),
        None => party,
    }
}

fn receiver(api: Api, to: &ToArgs) -> Result<PartyName, Failure> {
    let text = to.required()?.trim();
    if let (Api::Altinn3, Named::SystemUser(uuid)) = (api, Named::read("--to", text)?) {
        return Ok(PartyName::system_user(uuid.as_str()));
    }
    let is_id = match api {
        Api::Altinn3 => text.parse::<api3::PartyUuid>().is_ok(),
        Api::Altinn2 => text.starts_with(['r', 'u', 'R', 'U']),
    };
    if is_id {
        return Ok(PartyName::id(text));
    }
    let name = to.last_name.as_ref().or(to.name.as_ref());
    Ok(numbered(identity("--to", text)?, name))
}

async fn what(
    context: &Context<'_>,
    api: Api,
    from: &str,
    what: &WhatArgs,
) -> Result<Vec<Entitlement>, Failure> {
    Ok(match api {
        Api::Altinn3 => {
            let typed = altinn3::entitlements(&named::read(context, what).await?)?;
            typed.iter().map(Entitlement::from).collect()
        }
        Api::Altinn2 => {
            altinn2::sound(what)?;
            let client = altinn2::client(context, &api2::scopes::GIVER).await?;
            let who = altinn2::who("--from", from)?;
            let known = altinn2::known_roles(context, &client, &who, [what]).await?;
            let typed = altinn2::delegations(what, known.as_ref())?;
            typed.iter().map(Entitlement::from).collect()
        }
    })
}

/// What can be given.
pub(super) async fn check(context: &Context<'_>, args: &CheckArgs) -> Result<Report, Failure> {
    let api = args.common.api(context)?;
    let what = what(context, api, &args.from, &args.what).await?;
    let rights = open(context, api, &args.from).await?;
    context.console.progress("asking what can be given");
    let giver = rights.resolve(&giver(api, &args.from)?).await?;
    let checked = rights.may_give(&giver, &what).await?;
    Ok(shown(api, &checked))
}

fn shown(api: Api, checked: &[Checked]) -> Report {
    let mut failures = Vec::new();
    let rows = checked
        .iter()
        .map(|one| {
            let what = one.entitlement().to_string();
            let (can, why) = match one.may() {
                May::Yes => ("yes", String::new()),
                May::No(why) => {
                    failures.push(
                        Failure::new(
                            Exit::Refused,
                            format!("{what} cannot be given: {}", why.join("; ")),
                        )
                        .todo("choose what can be given, or ask one who may give it"),
                    );
                    ("no", why.join("; "))
                }
                May::Unknown(why) => ("perhaps", why.clone()),
                _ => ("perhaps", String::new()),
            };
            [what, can.to_owned(), why]
        })
        .collect();
    let text = table(["WHAT", "CAN BE GIVEN", "WHY"], rows);
    let exit = failures.first().map_or(Exit::Done, Failure::exit);
    let summary = format!(
        "{} of {} can be given",
        checked.len() - failures.len(),
        checked.len()
    );
    Report {
        exit,
        failures,
        ..Report::new(
            json!({ "api": api.name(), "checked": checked }),
            text,
            summary,
        )
    }
}

/// What one change would do.
pub(super) async fn planned(
    context: &Context<'_>,
    args: &ChangeArgs,
    verb: Verb,
) -> Result<Report, Failure> {
    let api = args.common.api(context)?;
    let from = args.from()?;
    let receiver = receiver(api, &args.to)?;
    let what = what(context, api, from, &args.what).await?;
    let rights = open(context, api, from).await?;
    context.console.progress("looking at what it would do");
    let giver = rights.resolve(&giver(api, from)?).await?;
    let change = Change::new(&giver, &receiver);
    let change = match verb {
        Verb::Grant => change.give(what),
        Verb::Revoke => change.take_back(what),
    };
    let plan = rights.plan(&change).await?;
    Ok(plan_shown(&plan))
}

fn plan_shown(plan: &Plan) -> Report {
    let failures: Vec<Failure> = plan
        .refused()
        .map(|step| {
            let why = match step.expected() {
                Expected::Refused(why) => why.join("; "),
                _ => String::new(),
            };
            Failure::new(
                Exit::Refused,
                format!("{} will be refused: {why}", step.act()),
            )
            .todo("choose what may be given or taken back here")
        })
        .collect();
    let summary = match (plan.changes_anything(), failures.is_empty()) {
        (true, true) => "all of it can be done",
        (true, false) => "some of it can be done",
        (false, true) => "it is so already",
        (false, false) => "nothing of it can be done",
    };
    let text = format!("{plan}\n\nNothing was changed.");
    let exit = failures.first().map_or(Exit::Done, Failure::exit);
    Report {
        exit,
        failures,
        ..Report::new(json!({ "plan": plan }), text, summary)
    }
}

/// What was not done of a plan.
pub(super) fn failures(applied: &Applied, whose: &str) -> Vec<Failure> {
    let not_good = applied
        .steps()
        .iter()
        .filter(|step| !step.state().is_good());
    not_good
        .map(|step| match (step.state(), step.error()) {
            (State::Failed, Some(error)) => {
                Failure::from(error.clone()).while_doing(format!("{whose}: {}", step.act()))
            }
            (State::Refused, _) => Failure::new(Exit::Refused, format!("{whose}: {step}"))
                .todo("choose what may be given here; nothing was changed for this one"),
            (State::StillHeld, _) => Failure::new(Exit::Partly, format!("{whose}: {step}"))
                .todo("take it away where it comes from, too"),
            (State::Outdated | State::Unexpected, _) => {
                Failure::new(Exit::Unreachable, format!("{whose}: {step}"))
                    .todo("list the rights again: somebody else has changed them")
            }
            _ => Failure::new(Exit::Partly, format!("{whose}: {step}"))
                .todo("run it again once the failure before it is out of the way"),
        })
        .collect()
}
