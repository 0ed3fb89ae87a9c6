//! `altinn rights request`: asking for access, and answering those who ask.

use std::time::Duration;

use altinn_authz::altinn3::models::{
    AccessRequest, RequestKind, RequestParty, RequestStatus, RightKey,
};
use altinn_authz::altinn3::registry::RightsOf;
use altinn_authz::altinn3::{Client, PackageUrn, PartyUuid, RequestFilter, ResourceId, scopes};
use altinn_authz::wire::OpenEnum;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{WhatArgs, named};
use crate::args::{ScopeArgs, SystemUserArgs};
use crate::commands::party::Named;
use crate::commands::pauses::Pauses;
use crate::commands::{Report, masked, packages};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples (as in the other commands, --from gives and --to receives; the receiver asks, the giver
answers):
  altinn rights request ask --from 310753831 --to 24878123375 --package skattegrunnlag --person
      the person who logged in asks the organisation for an access package (tilgangspakke)
  altinn rights request ask --from 310753831 --to 310779253 --resource skf-skattemelding --wait
      an organisation's system user asks for rights on a resource, and waits for the answer; with
      --right read, for that right alone
  altinn rights request list --from 310753831 --status pending
      what others have asked the organisation for
  altinn rights request list --to 310779253
      what the organisation has asked others for
  altinn rights request show ID --from 310753831
  altinn rights request approve ID --from 310753831
      which gives what was asked for; with --right, these rights of it only
  altinn rights request reject ID --from 310753831
  altinn rights request withdraw ID --to 310779253
  altinn rights request confirm ID --to 310779253
      one that a service owner (tjenesteeier) drafted for the receiver

It is done as a system user (systembruker) of the party one acts for, or with --person as the one
who logged in. Scopes: altinn:accessmanagement/enduser:requests.read and .write. Requests are not
switched on in every environment: then every call is answered with 404 without a word.";

/// `altinn rights request …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum RequestCommand {
    /// Ask for an access package or for rights on a resource
    Ask(AskArgs),
    /// List requests: those that the giver has got, or those that the receiver has sent
    List(ListArgs),
    /// Show one request
    Show(OneArgs),
    /// Give what was asked for
    Approve(ApproveArgs),
    /// Refuse it
    Reject(GiverArgs),
    /// Take a request back
    Withdraw(ReceiverArgs),
    /// Confirm a request that a service owner drafted
    Confirm(ReceiverArgs),
}

#[derive(Args)]
struct AsArgs {
    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

/// Arguments of `altinn rights request ask`.
#[derive(Args)]
pub(crate) struct AskArgs {
    /// Who is asked (avgiver)
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Who asks
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// An access package (tilgangspakke), by code, URN or whole name
    #[arg(long, value_name = "CODE", required_unless_present = "resource")]
    package: Option<String>,

    /// A resource, by its id in the resource registry or its whole title
    #[arg(long, value_name = "ID", conflicts_with = "package")]
    resource: Option<String>,

    /// Only this right on the resource, such as read; may be given several times
    #[arg(long = "right", value_name = "ACTION", requires = "resource")]
    rights: Vec<String>,

    /// Wait for the answer, at most so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
    wait: Option<u64>,

    #[command(flatten)]
    who: AsArgs,
}

/// Arguments of `altinn rights request list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// What this giver has been asked for
    #[arg(long, value_name = "NUMBER", required_unless_present = "to")]
    from: Option<String>,

    /// What this receiver has asked for
    #[arg(long, value_name = "NUMBER", conflicts_with = "from")]
    to: Option<String>,

    /// Only those with this status; may be given several times
    #[arg(long = "status", value_name = "STATUS")]
    statuses: Vec<Status>,

    /// Only those for access packages, or for resources
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,

    /// Only their number
    #[arg(long)]
    count: bool,

    #[command(flatten)]
    who: AsArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    /// Drafted by a service owner, and not confirmed by the receiver
    Draft,
    /// Waits for the giver
    Pending,
    Approved,
    Rejected,
    Withdrawn,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Package,
    Resource,
}

/// Arguments of `altinn rights request show`.
#[derive(Args)]
pub(crate) struct OneArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,

    /// As this giver
    #[arg(long, value_name = "NUMBER", required_unless_present = "to")]
    from: Option<String>,

    /// As this receiver
    #[arg(long, value_name = "NUMBER", conflicts_with = "from")]
    to: Option<String>,

    #[command(flatten)]
    who: AsArgs,
}

/// Arguments of `altinn rights request approve`.
#[derive(Args)]
pub(crate) struct ApproveArgs {
    /// Give only this right of what was asked for, such as read; may be given several times
    #[arg(long = "right", value_name = "ACTION")]
    rights: Vec<String>,

    #[command(flatten)]
    giver: GiverArgs,
}

/// What the giver does with a request.
#[derive(Args)]
pub(crate) struct GiverArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,

    /// Who was asked (avgiver)
    #[arg(long, value_name = "NUMBER")]
    from: String,

    #[command(flatten)]
    who: AsArgs,
}

/// What the receiver does with a request.
#[derive(Args)]
pub(crate) struct ReceiverArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,

    /// Who asks
    #[arg(long, value_name = "NUMBER")]
    to: String,

    #[command(flatten)]
    who: AsArgs,
}

impl RequestCommand {
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        let who = match self {
            Self::Ask(args) => &args.who,
            Self::List(args) => &args.who,
            Self::Show(args) => &args.who,
            Self::Approve(args) => &args.giver.who,
            Self::Reject(args) => &args.who,
            Self::Withdraw(args) | Self::Confirm(args) => &args.who,
        };
        super::given(&who.scopes, &who.system_user)
    }
}

/// Asks, lists or answers.
pub(super) async fn run(
    context: &Context<'_>,
    command: &RequestCommand,
) -> Result<Report, Failure> {
    match command {
        RequestCommand::Ask(args) => ask(context, args).await,
        RequestCommand::List(args) => list(context, args).await,
        RequestCommand::Show(args) => {
            let (flag, party) = side(args.from.as_ref(), args.to.as_ref())?;
            let (client, party) = open(context, flag, party, scopes::REQUESTS_READ).await?;
            let request = client
                .access_request(&party, &args.id.trim().into())
                .await?;
            shown(&request, "the request")
        }
        RequestCommand::Approve(args) => approve(context, args).await,
        RequestCommand::Reject(args) => {
            let write = scopes::REQUESTS_WRITE;
            let (client, party) = open(context, "--from", &args.from, write).await?;
            let request = client
                .reject_request(&party, &args.id.trim().into())
                .await?;
            shown(&request, "refused")
        }
        RequestCommand::Withdraw(args) => {
            let write = scopes::REQUESTS_WRITE;
            let (client, party) = open(context, "--to", &args.to, write).await?;
            let request = client
                .withdraw_request(&party, &args.id.trim().into())
                .await?;
            shown(&request, "taken back")
        }
        RequestCommand::Confirm(args) => {
            let write = scopes::REQUESTS_WRITE;
            let (client, party) = open(context, "--to", &args.to, write).await?;
            let request = client
                .confirm_request(&party, &args.id.trim().into())
                .await?;
            shown(&request, "confirmed: the giver sees it now")
        }
    }
}

/// Which side one is on.
fn side<'a>(
    from: Option<&'a String>,
    to: Option<&'a String>,
) -> Result<(&'static str, &'a str), Failure> {
    match (from, to) {
        (Some(giver), _) => Ok(("--from", giver)),
        (None, Some(receiver)) => Ok(("--to", receiver)),
        (None, None) => Err(Failure::usage("it is not said on whose side you are")
            .todo("name the giver (--from NUMBER) or the receiver (--to NUMBER)")),
    }
}

/// The client, and the party one acts for.
async fn open(
    context: &Context<'_>,
    flag: &str,
    acting: &str,
    scope: &'static str,
) -> Result<(Client, PartyUuid), Failure> {
    let acting = Named::read(flag, acting)?;
    let needed = [scopes::AUTHORIZED_PARTIES, scope];
    let client = super::altinn3::client(context, &acting, &needed).await?;
    let party = acting.resolve(&client).await?;
    Ok((client, party))
}

async fn ask(context: &Context<'_>, args: &AskArgs) -> Result<Report, Failure> {
    let giver = Named::read("--from", &args.from)?;
    let asker = Named::read("--to", &args.to)?;
    let what = WhatArgs {
        packages: args.package.iter().cloned().collect(),
        resources: args.resource.iter().cloned().collect(),
        ..WhatArgs::default()
    };
    let what = named::read(context, &what).await?;
    // whoever is asked by number is looked for among those one has something from
    let mut needed = vec![
        scopes::AUTHORIZED_PARTIES,
        scopes::REQUESTS_READ,
        scopes::REQUESTS_WRITE,
    ];
    if !matches!(giver, Named::Uuid(_)) {
        needed.push(scopes::FROM_OTHERS_READ);
    }
    let client = super::altinn3::client(context, &asker, &needed).await?;
    context.console.progress("asking");
    let (asker, giver) = (asker.resolve(&client).await?, giver.resolve(&client).await?);
    let mut request = match (what.packages.first(), what.resources.first()) {
        (Some(package), _) => {
            let package = PackageUrn::from(package.as_str());
            client.ask_for_package(&asker, &giver, &package).await?
        }
        (None, Some(resource)) => {
            let resource = ResourceId::from(resource.as_str());
            let keys = keys(context, &resource, &args.rights).await?;
            client
                .ask_for_resource(&asker, &giver, &resource, &keys)
                .await?
        }
        (None, None) => return Err(super::nothing_named("--package CODE or --resource ID")),
    };
    let Some(wait) = args.wait else {
        return shown(&request, "asked");
    };
    let said = format!("asked, as {}; waiting for the answer", request.id);
    // also where there is no terminal: whoever stops waiting can look for it by its id
    context.console.note(&said);
    let mut pauses = Pauses::at_most(Duration::from_secs(wait));
    while waits(request.status.as_ref()) && pauses.pause().await {
        request = client.access_request(&asker, &request.id).await?;
    }
    let mut report = shown(&request, "asked")?;
    report.exit = match request.status {
        Some(RequestStatus::Approved) => Exit::Done,
        Some(RequestStatus::Rejected | RequestStatus::Withdrawn) => Exit::Refused,
        _ => Exit::Partly,
    };
    Ok(report)
}

pub(crate) fn waits(status: Option<&RequestStatus>) -> bool {
    matches!(
        status,
        None | Some(RequestStatus::Pending | RequestStatus::Draft | RequestStatus::Unspecified)
    )
}

/// The keys of the rights with these actions, from the resource registry.
pub(crate) async fn keys(
    context: &Context<'_>,
    resource: &ResourceId,
    actions: &[String],
) -> Result<Vec<RightKey>, Failure> {
    if actions.is_empty() {
        return Ok(Vec::new());
    }
    let registry = packages::registry(context).await?;
    let rights = registry.rights(resource, RightsOf::end_users()).await?;
    let action = |right: &altinn_authz::altinn3::models::Right| {
        right
            .action
            .as_ref()
            .and_then(|action| action.value.clone())
    };
    let mut keys = Vec::new();
    for wanted in actions {
        let before = keys.len();
        let of_action = rights
            .iter()
            .filter(|right| action(right).is_some_and(|found| found.eq_ignore_ascii_case(wanted)));
        keys.extend(of_action.map(|right| right.key.clone()));
        if keys.len() == before {
            let there: Vec<String> = rights.iter().filter_map(action).collect();
            return Err(
                Failure::usage(format!("--right: {resource} has no right {wanted}"))
                    .todo(format!("name one of {}", there.join(", "))),
            );
        }
    }
    Ok(keys)
}

async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    let (flag, party) = side(args.from.as_ref(), args.to.as_ref())?;
    let (client, party) = open(context, flag, party, scopes::REQUESTS_READ).await?;
    let mut filter = RequestFilter::new();
    for status in &args.statuses {
        filter = filter.status(match status {
            Status::Draft => RequestStatus::Draft,
            Status::Pending => RequestStatus::Pending,
            Status::Approved => RequestStatus::Approved,
            Status::Rejected => RequestStatus::Rejected,
            Status::Withdrawn => RequestStatus::Withdrawn,
        });
    }
    if let Some(kind) = args.kind {
        filter = filter.kind(match kind {
            Kind::Package => RequestKind::Package,
            Kind::Resource => RequestKind::Resource,
        });
    }
    let received = args.from.is_some();
    context.console.progress("reading requests");
    if args.count {
        let count = match received {
            true => client.count_requests_received(&party, &filter).await?,
            false => client.count_requests_sent(&party, &filter).await?,
        };
        return Ok(Report::new(
            json!({ "count": count }),
            count.to_string(),
            format!("{count} requests"),
        ));
    }
    let requests = match received {
        true => client.requests_received(&party, &filter).await?,
        false => client.requests_sent(&party, &filter).await?,
    };
    let rows: Vec<[String; 5]> = requests
        .iter()
        .map(|request| {
            let other = match received {
                true => &request.asker,
                false => &request.grantor,
            };
            [
                request.id.to_string(),
                word(request.status.as_ref()),
                what(request),
                party_name(other.as_ref()),
                request
                    .last_updated
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ]
        })
        .collect();
    let summary = format!("{} requests", rows.len());
    let heading = match received {
        true => "ASKED BY",
        false => "ASKED OF",
    };
    let text = match rows.is_empty() {
        true => "No requests.".to_owned(),
        false => table(["ID", "STATUS", "WHAT", heading, "LAST CHANGED"], rows),
    };
    Ok(Report::new(
        json!({ "requests": masked(&requests)? }),
        text,
        summary,
    ))
}

async fn approve(context: &Context<'_>, args: &ApproveArgs) -> Result<Report, Failure> {
    let acting = Named::read("--from", &args.giver.from)?;
    let needed = [
        scopes::AUTHORIZED_PARTIES,
        scopes::REQUESTS_READ,
        scopes::REQUESTS_WRITE,
    ];
    let client = super::altinn3::client(context, &acting, &needed).await?;
    let party = acting.resolve(&client).await?;
    let id = args.giver.id.trim().into();
    let request = client.access_request(&party, &id).await?;
    let keys = match (&request.resource, args.rights.is_empty()) {
        (_, true) => Vec::new(),
        (Some(resource), false) => {
            let resource = resource.reference_id.as_deref().unwrap_or_default();
            keys(context, &resource.into(), &args.rights).await?
        }
        (None, false) => {
            return Err(Failure::usage(
                "--right: an access package is asked for, and it is given whole",
            )
            .todo("leave --right out, or refuse the request: altinn rights request reject"));
        }
    };
    context.console.progress(&format!(
        "giving {} to {}",
        what(&request),
        party_name(request.asker.as_ref())
    ));
    let request = client.approve_request(&party, &id, &keys).await?;
    Ok(shown(&request, "approved")?.and_lag())
}

/// A request for people.
pub(crate) fn lines(request: &AccessRequest) -> String {
    format!(
        "{}  {}\nwhat      {}\nasked by  {}\nasked of  {}",
        request.id,
        word(request.status.as_ref()),
        what(request),
        party_name(request.asker.as_ref()),
        party_name(request.grantor.as_ref()),
    )
}

fn shown(request: &AccessRequest, said: &str) -> Result<Report, Failure> {
    let details = request
        .links
        .as_ref()
        .and_then(|links| links.details.clone());
    let mut text = lines(request);
    if let Some(address) = details.filter(|_| waits(request.status.as_ref())) {
        text.push_str(&format!("\nto see it {address}"));
    }
    let summary = format!("{said}: {}", what(request));
    Ok(Report::new(
        json!({ "request": masked(request)? }),
        text,
        summary,
    ))
}

pub(crate) fn word(status: Option<&impl OpenEnum>) -> String {
    status.map_or("", OpenEnum::as_wire).to_lowercase()
}

pub(crate) fn what(request: &AccessRequest) -> String {
    let reference = |target: &Option<altinn_authz::altinn3::models::RequestTarget>| {
        let target = target.as_ref()?;
        target.reference_id.clone().or_else(|| target.id.clone())
    };
    match (reference(&request.package), reference(&request.resource)) {
        (Some(package), _) => format!("package {}", PackageUrn::from(package).code()),
        (None, Some(resource)) => format!("resource {resource}"),
        (None, None) => "something that is not named".to_owned(),
    }
}

fn party_name(party: Option<&RequestParty>) -> String {
    let Some(party) = party else {
        return String::new();
    };
    let name = party.name.clone().unwrap_or_default();
    let number = party.organisation_number.as_ref();
    match number.map(|number| number.as_str()) {
        Some(number) => format!("{number} {name}"),
        None => name,
    }
}
