//! `altinn system-user`: from a system's registration and a request to a customer's system user
//! (systembruker).

mod change;
mod clients;
mod register;

use std::time::Duration;

use altinn_auth::vendor::{
    Access, Missing, Progress, RequestStatus, SystemUserRequest, SystemUserRequested, UserType,
    Vendor,
};
use altinn_auth::{Altinn, ErrorKind};
use altinn_authz::altinn3::scopes;
use clap::{Args, Subcommand};
use norwegian_ids::OrganisationNumber;
use serde_json::{Value, json};

use crate::args::ScopeArgs;
use crate::commands::Report;
use crate::commands::pauses::Pauses;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

const EXAMPLES: &str = "\
The way to a customer's system user:
  1  altinn system-user register     your system, with this Maskinporten client on it (once)
  2  altinn system-user request      you ask the customer
  3  the customer approves it in the browser, at the address that the request has
  4  altinn token --system-user ORG  you are the customer's system user
`altinn system-user status` says how far it is. An agent acts for the customer's own clients, whom a
person of the customer picks: altinn system-user clients.

Your client needs the scopes altinn:authentication/systemuser.request.write and .read, and
altinn:authentication/systemregister.write to register the system and to look at the register.";

const REQUEST_EXAMPLES: &str = "\
Examples:
  altinn system-user request --system 310742104_snegleregnskap --customer 310753831 \\
      --package skattegrunnlag --package tilgangsstyrer
  altinn system-user request --system 310742104_snegleregnskap --customer 310753831 --wait
      waits until the customer has answered, and then gets the first token
  altinn system-user request --system 310742104_sneglebyraa --customer 310753831 --agent \\
      --package regnskapsforer-lonn
      for the customer's own clients (klientforhold): an agent

What is asked for must be in the system's own registration. Asking again for the same system,
customer and reference asks nothing new: it shows the request that is there.";

const STATUS_EXAMPLES: &str = "\
Example:
  altinn system-user status --system 310742104_snegleregnskap --customer 310753831
      how far it is, what is missing still, and who must do it; exit code 0 when a token can be had,
      5 when somebody has something to do yet";

const LIST_EXAMPLES: &str = "\
Examples:
  altinn system-user list --system 310742104_snegleregnskap
      the requests of a system, answered or not
  altinn system-user list --system 310742104_snegleregnskap --users
      the system users that there are";

/// `altinn system-user …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum SystemUserCommand {
    /// Ask a customer for a system user
    #[command(after_help = REQUEST_EXAMPLES)]
    Request(RequestArgs),
    /// Say how far a request is, and what is missing
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// List a system's requests, or its system users
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Ask a customer to change what a system user may do
    Change(change::ChangeArgs),
    /// Take a request back
    Withdraw(change::WithdrawArgs),
    /// Say for whom an organisation's agents act, and change it
    Clients(clients::ClientsArgs),
    /// List your systems in the system register
    Systems(register::SystemsArgs),
    /// Put a system in the system register, or replace its registration
    Register(register::RegisterArgs),
    /// Delete a system from the register, for good
    Unregister(register::UnregisterArgs),
}

/// Which request.
#[derive(Args, Default)]
pub(crate) struct WhichArgs {
    /// Your system's id in the system register
    #[arg(long, value_name = "ID")]
    system: String,

    /// The customer
    #[arg(long, value_name = "ORG")]
    customer: String,

    /// Your own reference, where the customer has several system users of the system
    #[arg(long, value_name = "REF")]
    external_ref: Option<String>,

    /// An agent system user, which acts for the customer's clients (klientforhold)
    #[arg(long)]
    agent: bool,

    #[command(flatten)]
    scopes: ScopeArgs,
}

/// What it is to have.
#[derive(Args)]
pub(crate) struct AccessArgs {
    /// An access package (tilgangspakke) that it is to have; may be given several times
    #[arg(long = "package", value_name = "CODE")]
    packages: Vec<String>,

    /// A resource on which it is to have all rights; may be given several times
    #[arg(long = "resource", value_name = "ID")]
    resources: Vec<String>,
}

impl AccessArgs {
    fn all(&self) -> impl Iterator<Item = Access> {
        let packages = self.packages.iter().map(Access::package);
        packages.chain(self.resources.iter().map(Access::resource))
    }
}

/// Arguments of `altinn system-user request`.
#[derive(Args)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    which: WhichArgs,

    #[command(flatten)]
    access: AccessArgs,

    /// A title that the customer sees
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Where the customer goes afterwards: one of the system's registered addresses
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,

    /// Wait until the customer has answered, at most so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
    wait: Option<u64>,
}

/// Arguments of `altinn system-user status`.
#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Arguments of `altinn system-user list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Your system's id in the system register
    #[arg(long, value_name = "ID")]
    system: String,

    /// Requests for agents
    #[arg(long, conflicts_with = "users")]
    agent: bool,

    /// The system users that there are, not the requests
    #[arg(long)]
    users: bool,
}

impl SystemUserCommand {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let scopes = match self {
            Self::Request(args) => args.which.scopes.given(),
            Self::Status(args) => args.which.scopes.given(),
            Self::Change(args) => args.which().scopes.given(),
            _ => None,
        };
        scopes.into_iter().collect()
    }
}

/// Asks, looks, or lists.
pub(crate) async fn run(
    context: &Context<'_>,
    command: &SystemUserCommand,
) -> Result<Report, Failure> {
    match command {
        SystemUserCommand::Request(args) => request(context, args).await,
        SystemUserCommand::Status(args) => status(context, args).await,
        SystemUserCommand::List(args) => list(context, args).await,
        SystemUserCommand::Change(args) => change::change(context, args).await,
        SystemUserCommand::Withdraw(args) => change::withdraw(context, args).await,
        SystemUserCommand::Clients(args) => clients::clients(context, args).await,
        SystemUserCommand::Systems(_) => register::systems(context).await,
        SystemUserCommand::Register(args) => register::register(context, args).await,
        SystemUserCommand::Unregister(args) => register::unregister(context, args).await,
    }
}

impl WhichArgs {
    fn customer(&self) -> Result<OrganisationNumber, Failure> {
        organisation("--customer", &self.customer)
    }

    fn request(&self) -> Result<SystemUserRequest, Failure> {
        let customer = self.customer()?;
        let request = match self.agent {
            true => SystemUserRequest::agent(&self.system, customer),
            false => SystemUserRequest::new(&self.system, customer),
        };
        Ok(match &self.external_ref {
            Some(reference) => request.external_ref(reference),
            None => request,
        })
    }

    /// Step 4 as it will be: the token that the first call needs.
    async fn step(
        &self,
        context: &Context<'_>,
        altinn: &Altinn,
        request: SystemUserRequest,
    ) -> Result<Option<Missing>, Failure> {
        let scopes = context.scopes(&[scopes::AUTHORIZED_PARTIES])?;
        let step = altinn.vendor().onboard(request, scopes).step().await?;
        Ok(match step {
            Progress::Ready(_) => None,
            Progress::Missing(missing) => Some(missing),
        })
    }
}

async fn request(context: &Context<'_>, args: &RequestArgs) -> Result<Report, Failure> {
    let which = &args.which;
    let mut request = which.request()?;
    if args.agent_asks_for_resources() {
        return Err(Failure::usage("an agent takes access packages only")
            .todo("leave --resource out, and name access packages: --package CODE"));
    }
    for access in args.access.all() {
        request = request.access(access);
    }
    if let Some(title) = &args.title {
        request = request.title(title);
    }
    if let Some(url) = &args.redirect_url {
        request = request.redirect_url(url);
    }
    let altinn = context.altinn().await?;
    context
        .console
        .progress("asking Altinn for a request to the customer");
    let asked = altinn.vendor().request(&request).await?;
    let is_new = asked.is_new();
    let asked = asked.into_inner();
    let said = match is_new {
        true => "Asked.",
        false => "The same was asked before, and nothing new was asked now.",
    };
    let Some(wait) = args.wait else {
        let text = format!("{said}\n{}", about(&asked, which));
        return Ok(Report::new(document(&asked, Some(is_new)), text, said));
    };
    context
        .console
        .note(&format!("{said} {}", about(&asked, which)));
    let missing = waited(context, which, &altinn, request, Duration::from_secs(wait)).await?;
    let found = found(&altinn.vendor(), which).await?.unwrap_or(asked);
    Ok(stands(&found, which, missing))
}

impl RequestArgs {
    fn agent_asks_for_resources(&self) -> bool {
        self.which.agent && !self.access.resources.is_empty()
    }
}

/// Looks again and again, less and less often, until the customer has answered or the time is over.
async fn waited(
    context: &Context<'_>,
    which: &WhichArgs,
    altinn: &Altinn,
    request: SystemUserRequest,
    wait: Duration,
) -> Result<Option<Missing>, Failure> {
    use altinn_auth::vendor::Need;
    let mut pauses = Pauses::at_most(wait);
    let mut said = String::new();
    loop {
        let missing = which.step(context, altinn, request.clone()).await?;
        // what nobody's answer will change is not waited for
        let waits = missing
            .as_ref()
            .is_some_and(|missing| matches!(missing.need(), Need::Approval | Need::Token));
        let sentence = missing
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        if waits && sentence != said {
            context.console.progress(&format!("waiting: {sentence}"));
            said = sentence;
        }
        if !waits || !pauses.pause().await {
            return Ok(missing);
        }
    }
}

async fn status(context: &Context<'_>, args: &StatusArgs) -> Result<Report, Failure> {
    let which = &args.which;
    which.customer()?;
    let altinn = context.altinn().await?;
    context.console.progress("looking the request up");
    let Some(found) = found(&altinn.vendor(), which).await? else {
        return Err(not_asked(which));
    };
    // looking must not ask anew
    let missing = match found.status {
        Some(RequestStatus::TimedOut) => {
            let text = format!(
                "{}\nAsk anew: altinn system-user request",
                about(&found, which)
            );
            return Ok(Report {
                exit: Exit::Partly,
                ..Report::new(document(&found, None), text, "the request ran out")
            });
        }
        _ => which.step(context, &altinn, which.request()?).await?,
    };
    Ok(stands(&found, which, missing))
}

fn not_asked(which: &WhichArgs) -> Failure {
    Failure::new(
        Exit::Refused,
        format!("{} has not been asked for this system user", which.customer),
    )
    .todo(
        "ask: altinn system-user request; or name the reference it was asked with: --external-ref",
    )
}

async fn found(vendor: &Vendor, which: &WhichArgs) -> Result<Option<SystemUserRequested>, Failure> {
    let of = match which.agent {
        true => UserType::Agent,
        false => UserType::Standard,
    };
    let reference = which.external_ref.as_deref();
    let found = vendor.requested_of(of, &which.system, which.customer()?, reference);
    match found.await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How far it is: a token can be had, or something is missing.
fn stands(found: &SystemUserRequested, which: &WhichArgs, missing: Option<Missing>) -> Report {
    let mut json = document(found, None);
    json["ready"] = missing.is_none().into();
    json["missing"] = missing.as_ref().map(ToString::to_string).into();
    json["who"] = missing
        .as_ref()
        .map(|missing| missing.who().to_string())
        .into();
    match missing {
        None => {
            let reference = which
                .external_ref
                .as_ref()
                .map(|reference| format!(" --external-ref {reference}"))
                .unwrap_or_default();
            let text = format!(
                "Ready: the system user is there, and gets tokens.\nBe it: altinn token --system-user {}{reference}",
                which.customer
            );
            Report::new(json, text, "the system user is ready")
        }
        Some(missing) => {
            let text = format!("Missing: {missing}.\nWho must act: {}.", missing.who());
            Report {
                exit: Exit::Partly,
                ..Report::new(json, text, "something is missing still")
            }
        }
    }
}

async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    let vendor = context.altinn().await?.vendor();
    context.console.progress("reading page by page");
    if args.users {
        let users = vendor.system_users(&args.system).await?;
        let number = |number: &Option<norwegian_ids::ReceivedOrganisationNumber>| {
            number.as_ref().map(|number| number.as_str().to_owned())
        };
        let json: Vec<Value> = users
            .iter()
            .map(|user| {
                json!({
                    "id": user.id,
                    "customer": number(&user.customer),
                    "title": user.integration_title,
                    "externalRef": user.external_ref,
                    "userType": user.user_type,
                    "created": user.created,
                    "deleted": user.is_deleted.unwrap_or_default(),
                })
            })
            .collect();
        let rows: Vec<[String; 5]> = users
            .iter()
            .map(|user| {
                [
                    number(&user.customer).unwrap_or_default(),
                    user.user_type.clone().unwrap_or_default(),
                    user.external_ref.clone().unwrap_or_default(),
                    user.id.map(|id| id.to_string()).unwrap_or_default(),
                    user.integration_title.clone().unwrap_or_default(),
                ]
            })
            .collect();
        let summary = format!("{} system users", rows.len());
        let text = match rows.is_empty() {
            true => "No system users.".to_owned(),
            false => table(["CUSTOMER", "KIND", "REFERENCE", "ID", "TITLE"], rows),
        };
        return Ok(Report::new(json!({ "systemUsers": json }), text, summary));
    }
    let of = match args.agent {
        true => UserType::Agent,
        false => UserType::Standard,
    };
    let requests = vendor.requests(of, &args.system).await?;
    let rows: Vec<[String; 5]> = requests
        .iter()
        .map(|request| {
            [
                customer(request),
                request
                    .status
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                request.external_ref.clone().unwrap_or_default(),
                request.created.clone().unwrap_or_default(),
                request.confirm_url.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let json: Vec<Value> = requests
        .iter()
        .map(|request| document(request, None))
        .collect();
    let summary = format!("{} requests", rows.len());
    let text = match rows.is_empty() {
        true => "No requests.".to_owned(),
        false => table(
            ["CUSTOMER", "STATUS", "REFERENCE", "MADE", "TO APPROVE"],
            rows,
        ),
    };
    Ok(Report::new(json!({ "requests": json }), text, summary))
}

fn customer(request: &SystemUserRequested) -> String {
    request
        .customer
        .as_ref()
        .map(|number| number.as_str().to_owned())
        .unwrap_or_default()
}

fn about(asked: &SystemUserRequested, which: &WhichArgs) -> String {
    let customer = &which.customer;
    match (&asked.status, &asked.confirm_url) {
        (Some(RequestStatus::New) | None, Some(url)) => format!(
            "{customer} approves it here, as somebody who may (tilgangsstyrer), within 180 days:\n{url}"
        ),
        (Some(status), _) => format!("The request to {customer} is {status}."),
        (None, None) => format!("The request to {customer} has no status."),
    }
}

fn document(asked: &SystemUserRequested, is_new: Option<bool>) -> Value {
    let mut json = json!({
        "id": asked.id,
        "system": asked.system_id,
        "customer": customer(asked),
        "externalRef": asked.external_ref,
        "status": asked.status.as_ref().map(ToString::to_string),
        "confirmUrl": asked.confirm_url,
        "created": asked.created,
        "access": access_json(&asked.access),
    });
    if let Some(is_new) = is_new {
        json["new"] = is_new.into();
    }
    json
}

fn access_json(access: &[Access]) -> Value {
    let one = |access: &Access| match access {
        Access::Resource { resource, action } => json!({ "resource": resource, "action": action }),
        Access::Package(urn) => json!({ "package": urn }),
        _ => Value::Null,
    };
    access.iter().map(one).collect()
}

/// As it is named on a command line.
fn access_word(access: &Access) -> String {
    match access {
        Access::Resource {
            resource,
            action: None,
        } => resource.clone(),
        Access::Resource {
            resource,
            action: Some(action),
        } => format!("{resource} ({action})"),
        Access::Package(urn) => match urn.rsplit_once(':') {
            Some((_, code)) => code.to_owned(),
            None => urn.clone(),
        },
        _ => String::new(),
    }
}
