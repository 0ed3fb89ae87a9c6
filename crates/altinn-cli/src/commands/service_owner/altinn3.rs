//! What a service owner (tjenesteeier) does on Altinn 3.

use std::time::Duration;

use altinn_authz::altinn3::models::{RequestId, RequestStatus};
use altinn_authz::altinn3::{
    OwnerPartiesQuery, PackageUrn, PartyUrn, ResourceId, ScopeDelegationQuery, ServiceOwner,
    Subject, scopes,
};
use clap::Args;
use serde_json::json;

use crate::args::ScopeArgs;
use crate::commands::party::{Named, party_urn};
use crate::commands::pauses::Pauses;
use crate::commands::rights::request::{keys, lines, waits, what, word};
use crate::commands::rights::{WhatArgs, named};
use crate::commands::{Report, masked, parties};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

const PARTIES_EXAMPLES: &str = "\
Examples:
  altinn service-owner parties 26899299344
  altinn service-owner parties 26899299344 --for 310753831 --details
      one party only, and with what it may be acted for
  altinn service-owner parties 26899299344 --resource skf-skattemelding
      only those for whom something is held on the resource
  altinn service-owner parties system-user:5f0c1e7a-3b52-4d6e-9a41-000000000005
  altinn service-owner parties email:anna@example.no
      one who logs in to ID-porten by e-mail; also user:ID and enterprise-user:NAME

Single rights are told of your own resources. Scope:
altinn:accessmanagement/authorizedparties.resourceowner (or .admin, with --scope: of all resources).";

const DRAFT_EXAMPLES: &str = "\
Examples (as in the other commands, --from gives and --to receives):
  altinn service-owner draft --from 310753831 --to 24878123375 --package skattegrunnlag
  altinn service-owner draft --from 310753831 --to 24878123375 \\
      --resource skf-skattemelding --right read
      one of your own resources, and this right on it alone

It stays a draft until the receiver has confirmed it, at the address that is printed, or with altinn
rights request confirm. Only then does the giver see it. Follow it with
altinn service-owner status ID --wait.

Scope: altinn:serviceowner/delegationrequests.write. Requests are not switched on in every
environment: then the call is answered with 404 without a word.";

const STATUS_EXAMPLES: &str = "\
Example:
  altinn service-owner status 0197b7a8-7c1e-7e55-9d5f-7d1f2e0c5a11 --wait
      waits until it is answered; exit code 0 when it was approved, 1 when it was refused or
      withdrawn, 5 when nobody has answered yet

Scope: altinn:serviceowner/delegationrequests.read.";

const WITHDRAW_EXAMPLES: &str = "\
Example:
  altinn service-owner withdraw 0197b7a8-7c1e-7e55-9d5f-7d1f2e0c5a11

Scope: altinn:serviceowner/delegationrequests.write.";

const PACKAGE_EXAMPLES: &str = "\
Examples:
  altinn service-owner give-package --from 26899299344 --to 24878123375 \\
      --package innbygger-skatteforhold-privatpersoner
  altinn service-owner take-package --from 26899299344 --to 24878123375 \\
      --package innbygger-skatteforhold-privatpersoner

Altinn has a list of the access packages that each service owner may give between others without
being asked (AM-00034 says that this one is not on it); only what you gave can you take back
(AM-00038). Scope: altinn:serviceowner/delegations:accesspackage.write.";

const SCOPE_EXAMPLES: &str = "\
Examples:
  altinn service-owner scope-delegations skattefugl:grunnlag
  altinn service-owner scope-delegations skattefugl:grunnlag --consumer 310753831
  altinn service-owner scope-delegations skattefugl:grunnlag --supplier 310779253

Scope of the token: altinn:maskinporten/delegations (of your own scopes; .admin, with --scope: of
all).";

/// Arguments of `altinn service-owner parties`.
#[derive(Args)]
#[command(after_help = PARTIES_EXAMPLES)]
pub(crate) struct PartiesArgs {
    /// Who acts: a number, a party UUID, system-user:UUID, email:ADDRESS, user:ID or
    /// enterprise-user:NAME
    #[arg(value_name = "WHO")]
    who: String,

    /// Only this party; given again, these
    #[arg(long = "for", value_name = "NUMBER")]
    only: Vec<String>,

    /// Show the access packages, roles, resources and instances held for each
    #[arg(long)]
    details: bool,

    /// Only parties for whom something is held on this resource; given again, on any of them
    #[arg(long = "resource", value_name = "ID")]
    resources: Vec<String>,

    /// Deleted and inactive parties, too
    #[arg(long)]
    inactive: bool,

    /// As the service owner with this code (skd), where you are more than one
    #[arg(long, value_name = "CODE")]
    owner: Option<String>,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

/// Arguments of `altinn service-owner draft`.
#[derive(Args)]
#[command(after_help = DRAFT_EXAMPLES)]
pub(crate) struct DraftArgs {
    /// Who is asked (avgiver): a person or an organisation
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Who is to receive, and asks for it
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// An access package (tilgangspakke), by code, URN or whole name
    #[arg(long, value_name = "CODE", required_unless_present = "resource")]
    package: Option<String>,

    /// One of your resources, by its id or its whole title
    #[arg(long, value_name = "ID", conflicts_with = "package")]
    resource: Option<String>,

    /// Only this right on the resource, such as read; may be given several times
    #[arg(long = "right", value_name = "ACTION", requires = "resource")]
    rights: Vec<String>,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

/// Arguments of `altinn service-owner status`.
#[derive(Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(crate) struct StatusArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,

    /// Wait for the answer, at most so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
    wait: Option<u64>,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

/// Arguments of `altinn service-owner withdraw`.
#[derive(Args)]
#[command(after_help = WITHDRAW_EXAMPLES)]
pub(crate) struct WithdrawArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

/// Arguments of `altinn service-owner give-package` and `take-package`.
#[derive(Args)]
#[command(after_help = PACKAGE_EXAMPLES)]
pub(crate) struct PackageArgs {
    /// Who gives (avgiver)
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Who receives
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// The access package (tilgangspakke), by code, URN or whole name
    #[arg(long, value_name = "CODE")]
    package: String,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

/// Arguments of `altinn service-owner scope-delegations`.
#[derive(Args)]
#[command(after_help = SCOPE_EXAMPLES)]
pub(crate) struct ScopeDelegationsArgs {
    /// The scope whose use is given
    #[arg(value_name = "NAME")]
    of: String,

    /// Only to this supplier (leverandør)
    #[arg(long, value_name = "ORG")]
    supplier: Option<String>,

    /// Only from this consumer (konsument)
    #[arg(long, value_name = "ORG")]
    consumer: Option<String>,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,
}

async fn open(context: &Context<'_>, scope: &str) -> Result<ServiceOwner, Failure> {
    let session = context.altinn().await?.organisation();
    let session = session.scopes(context.scopes(&[scope])?);
    Ok(ServiceOwner::new(&session).with_language(context.settings.language()?))
}

/// Whom one asks about.
fn subject(text: &str) -> Result<Subject, Failure> {
    let text = text.trim();
    match text.split_once(':') {
        Some(("email", address)) if address.contains('@') => Ok(Subject::email(address)),
        Some(("enterprise-user", name)) if !name.is_empty() => {
            Ok(Subject::enterprise_user(name))
        }
        Some(("user", id)) => id.parse().map(Subject::user).map_err(|_| {
            Failure::usage("WHO: this is no user id of Altinn").todo("write user: and its digits")
        }),
        Some((kind, _)) if kind != "system-user" => Err(Failure::usage(
            "WHO: this is no kind of user that Altinn knows",
        )
        .todo(
            "give a number, a party UUID, system-user:UUID, email:ADDRESS, user:ID or enterprise-user:NAME",
        )),
        _ => match Named::read("WHO", text)? {
            Named::SystemUser(uuid) => Ok(Subject::system_user(uuid)),
            Named::Uuid(uuid) => Ok(PartyUrn::from(uuid).into()),
            Named::Number(number) => Ok(PartyUrn::from(number).into()),
        },
    }
}

pub(super) async fn parties(context: &Context<'_>, args: &PartiesArgs) -> Result<Report, Failure> {
    let who = subject(&args.who)?;
    let mut query = OwnerPartiesQuery::new().inactive(args.inactive);
    for party in &args.only {
        query = query.only(party_urn("--for", party)?);
    }
    if args.details {
        query = query.packages(true);
    }
    for resource in &args.resources {
        query = query.on_resource(resource.as_str());
    }
    if let Some(code) = &args.owner {
        query = query.as_owner(code);
    }
    let owner = open(context, scopes::AUTHORIZED_PARTIES_OWNER).await?;
    context.console.progress("reading whom they may act for");
    let found = owner.authorized_parties_with(who, &query).await?;
    Ok(parties::listed(&found, args.details, "they"))
}

pub(super) async fn draft(context: &Context<'_>, args: &DraftArgs) -> Result<Report, Failure> {
    let (giver, asker) = (
        party_urn("--from", &args.from)?,
        party_urn("--to", &args.to)?,
    );
    let (package, resource) = read(context, args.package.as_ref(), args.resource.as_ref()).await?;
    let owner = open(context, scopes::OWNER_REQUESTS_WRITE).await?;
    let request = match (package, resource) {
        (Some(package), _) => {
            context.console.progress("drafting the request");
            owner
                .draft_package_request(&asker, &giver, &package)
                .await?
        }
        (None, Some(resource)) => {
            let keys = keys(context, &resource, &args.rights).await?;
            context.console.progress("drafting the request");
            owner
                .draft_resource_request(&asker, &giver, &resource, &keys)
                .await?
        }
        (None, None) => {
            return Err(Failure::usage("it is not said what is asked for")
                .todo("name --package CODE or --resource ID"));
        }
    };
    let address = request
        .links
        .as_ref()
        .and_then(|links| links.details.as_deref());
    let mut text = lines(&request);
    let confirmed = match address {
        Some(address) => format!("Who asks confirms it here: {address}"),
        None => "Who asks confirms it in Altinn.".to_owned(),
    };
    if request.status == Some(RequestStatus::Draft) {
        text.push_str(&format!(
            "\n{confirmed}\nHow far it is: altinn service-owner status {} --wait",
            request.id
        ));
    }
    let summary = format!("drafted: {}", what(&request));
    Ok(Report::new(
        json!({ "request": masked(&request)?, "confirmAt": address }),
        text,
        summary,
    ))
}

/// What is named, by code.
async fn read(
    context: &Context<'_>,
    package: Option<&String>,
    resource: Option<&String>,
) -> Result<(Option<PackageUrn>, Option<ResourceId>), Failure> {
    let what = WhatArgs {
        packages: package.into_iter().cloned().collect(),
        resources: resource.into_iter().cloned().collect(),
        ..WhatArgs::default()
    };
    let what = named::read(context, &what).await?;
    let package = what
        .packages
        .first()
        .map(|code| PackageUrn::from(code.as_str()));
    let resource = what
        .resources
        .first()
        .map(|id| ResourceId::from(id.as_str()));
    Ok((package, resource))
}

pub(super) async fn status(context: &Context<'_>, args: &StatusArgs) -> Result<Report, Failure> {
    let id = RequestId::from(args.id.trim());
    let owner = open(context, scopes::OWNER_REQUESTS_READ).await?;
    let mut status = owner.request_status(&id).await?;
    let Some(wait) = args.wait else {
        return Ok(stands(&id, &status));
    };
    if waits(Some(&status)) {
        context.console.progress("waiting for the answer");
    }
    let mut pauses = Pauses::at_most(Duration::from_secs(wait));
    while waits(Some(&status)) && pauses.pause().await {
        status = owner.request_status(&id).await?;
    }
    let mut report = stands(&id, &status);
    report.exit = match status {
        RequestStatus::Approved => Exit::Done,
        RequestStatus::Rejected | RequestStatus::Withdrawn => Exit::Refused,
        _ => Exit::Partly,
    };
    Ok(report)
}

pub(super) async fn withdraw(
    context: &Context<'_>,
    args: &WithdrawArgs,
) -> Result<Report, Failure> {
    let id = RequestId::from(args.id.trim());
    let owner = open(context, scopes::OWNER_REQUESTS_WRITE).await?;
    let status = owner.withdraw_request(&id).await?;
    Ok(stands(&id, &status))
}

fn stands(id: &RequestId, status: &RequestStatus) -> Report {
    let said = match status {
        RequestStatus::Draft => "who asks has not confirmed it yet",
        RequestStatus::Pending => "it waits for who is asked",
        RequestStatus::Approved => "it is given; the decision point (PDP) may lag five minutes",
        RequestStatus::Rejected => "who was asked refused it",
        RequestStatus::Withdrawn => "it was withdrawn",
        _ => "",
    };
    let word = word(Some(status));
    let mut text = format!("{id}  {word}");
    if !said.is_empty() {
        text.push_str(&format!("\n{said}"));
    }
    Report::new(
        json!({ "id": id, "status": status }),
        text,
        format!("the request is {word}"),
    )
}

pub(super) async fn give_package(
    context: &Context<'_>,
    args: &PackageArgs,
) -> Result<Report, Failure> {
    let (from, to, package) = between(context, args).await?;
    let owner = open(context, scopes::OWNER_PACKAGES_WRITE).await?;
    context.console.progress("giving the access package");
    let given = owner.give_package(&from, &to, &package).await?;
    Ok(Report::new(
        json!({ "package": package, "outcome": "given", "given": masked(&given)? }),
        format!("gave package {} from {from} to {to}", package.code()),
        format!("gave package {}", package.code()),
    )
    .and_lag())
}

pub(super) async fn take_package(
    context: &Context<'_>,
    args: &PackageArgs,
) -> Result<Report, Failure> {
    let (from, to, package) = between(context, args).await?;
    let owner = open(context, scopes::OWNER_PACKAGES_WRITE).await?;
    context.console.progress("taking the access package back");
    owner.take_package_back(&from, &to, &package).await?;
    Ok(Report::new(
        json!({ "package": package, "outcome": "takenBack" }),
        format!(
            "took back package {} from {to}, given by {from}",
            package.code()
        ),
        format!("took back package {}", package.code()),
    )
    .and_lag())
}

async fn between(
    context: &Context<'_>,
    args: &PackageArgs,
) -> Result<(PartyUrn, PartyUrn, PackageUrn), Failure> {
    let (from, to) = (
        party_urn("--from", &args.from)?,
        party_urn("--to", &args.to)?,
    );
    match read(context, Some(&args.package), None).await? {
        (Some(package), _) => Ok((from, to, package)),
        (None, _) => Err(Failure::usage("--package: it is not said which")
            .todo("name an access package: altinn packages search")),
    }
}

pub(super) async fn scope_delegations(
    context: &Context<'_>,
    args: &ScopeDelegationsArgs,
) -> Result<Report, Failure> {
    let mut query = ScopeDelegationQuery::of_scope(args.of.trim());
    if let Some(number) = &args.supplier {
        query = query.to_supplier(organisation("--supplier", number)?);
    }
    if let Some(number) = &args.consumer {
        query = query.from_consumer(organisation("--consumer", number)?);
    }
    let owner = open(context, scopes::SCOPE_DELEGATIONS).await?;
    context.console.progress("reading who may use the scope");
    let found = owner.scope_delegations(&query).await?;
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|one| {
            let number = |number: Option<&norwegian_ids::ReceivedOrganisationNumber>| {
                number.map(|number| number.as_str().trim().to_owned())
            };
            [
                number(one.consumer.as_ref()).unwrap_or_default(),
                number(one.supplier.as_ref()).unwrap_or_default(),
                one.scopes.join(" "),
                one.created
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ]
        })
        .collect();
    let summary = format!("{} delegations", rows.len());
    let text = match rows.is_empty() {
        true => "Nobody has given the use of it to a supplier.".to_owned(),
        false => table(["CONSUMER", "SUPPLIER", "SCOPES", "SINCE"], rows),
    };
    Ok(Report::new(
        json!({ "delegations": masked(&found)? }),
        text,
        summary,
    ))
}
