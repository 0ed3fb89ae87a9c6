//! `altinn system-user change|withdraw`: what a customer is asked about a system user that is there, and
//! requests that are taken back.

use altinn_auth::ErrorKind;
use altinn_auth::vendor::{Access, Change, ChangeRequest, RequestStatus};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AccessArgs, WhichArgs, access_json, found};
use crate::commands::Report;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const CHANGE_EXAMPLES: &str = "\
Examples:
  altinn system-user change --system 310742104_snegleregnskap --customer 310753831 \\
      --resource skf-skattemelding --drop-package skattegrunnlag
      asks the customer: one thing more, another less
  altinn system-user change --system 310742104_snegleregnskap --customer 310753831 \\
      --resource skf-skattemelding --id 7f2c8f9e-2c43-4a5e-8d4b-3a6f5d1c9b20
      with an id of your own: the same id again asks nothing new, and shows how it stands

Agents cannot be changed like this: ask for another one, with a reference of its own.";

const WITHDRAW_EXAMPLES: &str = "\
Examples:
  altinn system-user withdraw --system 310742104_snegleregnskap --customer 310753831
      takes the request back
  altinn system-user withdraw --change 7f2c8f9e-2c43-4a5e-8d4b-3a6f5d1c9b20
      takes a change request back, by its id";

/// Arguments of `altinn system-user change`.
#[derive(Args)]
#[command(after_help = CHANGE_EXAMPLES)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    which: WhichArgs,

    #[command(flatten)]
    access: AccessArgs,

    /// An access package that it is to lose; may be given several times
    #[arg(long = "drop-package", value_name = "CODE")]
    drop_packages: Vec<String>,

    /// A resource that it is to lose; may be given several times
    #[arg(long = "drop-resource", value_name = "ID")]
    drop_resources: Vec<String>,

    /// Where the customer goes afterwards: one of the system's registered addresses
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,

    /// The change request's id (a UUID); a new one without
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
}

/// Arguments of `altinn system-user withdraw`.
#[derive(Args)]
#[command(after_help = WITHDRAW_EXAMPLES)]
pub(crate) struct WithdrawArgs {
    /// The change request with this id, and not a request for a system user
    #[arg(long, value_name = "UUID", conflicts_with_all = ["system", "customer", "external_ref"])]
    change: Option<Uuid>,

    /// Your system's id in the system register
    #[arg(long, value_name = "ID", required_unless_present = "change")]
    system: Option<String>,

    /// The customer
    #[arg(long, value_name = "ORG", required_unless_present = "change")]
    customer: Option<String>,

    /// The reference that the request was made with
    #[arg(long, value_name = "REF")]
    external_ref: Option<String>,
}

impl ChangeArgs {
    pub(super) fn which(&self) -> &WhichArgs {
        &self.which
    }
}

pub(super) async fn change(context: &Context<'_>, args: &ChangeArgs) -> Result<Report, Failure> {
    let which = &args.which;
    if which.agent {
        return Err(Failure::usage("an agent system user cannot be changed")
            .todo("ask for another one, with a reference of its own: altinn system-user request --agent --external-ref REF"));
    }
    let customer = which.customer()?;
    let mut change = Change::new();
    let dropped = args.drop_packages.iter().map(Access::package);
    let dropped = dropped.chain(args.drop_resources.iter().map(Access::resource));
    let (mut wanted, mut unwanted) = (0, 0);
    for access in args.access.all() {
        change = change.require(access);
        wanted += 1;
    }
    for access in dropped {
        change = change.drop(access);
        unwanted += 1;
    }
    if wanted + unwanted == 0 {
        return Err(Failure::usage("no change is named").todo(
            "name what it is to have (--package, --resource) or to lose (--drop-package, --drop-resource)",
        ));
    }
    if let Some(url) = &args.redirect_url {
        change = change.redirect_url(url);
    }
    let vendor = context.altinn().await?.vendor();
    context.console.progress("looking the system user up");
    let reference = which.external_ref.as_deref();
    let user = vendor.system_user(&which.system, customer, reference).await;
    let user = match user {
        Ok(user) => user.id,
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let user = user.ok_or_else(|| {
        Failure::new(
            Exit::Refused,
            format!("{} has no such system user", which.customer),
        )
        .todo(
            "ask for one first: altinn system-user request; or name its reference: --external-ref",
        )
    })?;
    context
        .console
        .progress("asking the customer for the change");
    let id = args.id.unwrap_or_else(Uuid::new_v4);
    let asked = vendor.change(user, id, &change).await?;
    let is_new = asked.is_new();
    let asked = asked.into_inner();
    let json = document(&asked, is_new);
    let customer = &which.customer;
    let text = match (&asked.status, &asked.confirm_url) {
        (Some(RequestStatus::NoChangeNeeded), _) => {
            "Nothing to change: the system user is like that already.".to_owned()
        }
        (Some(RequestStatus::New) | None, Some(url)) => format!(
            "{} The change request is {id}.\n{customer} approves it here, as somebody who may (tilgangsstyrer):\n{url}",
            match is_new {
                true => "Asked.",
                false => "The same was asked before, and nothing new was asked now.",
            }
        ),
        (Some(status), _) => format!("The change request {id} is {status}."),
        (None, None) => format!("The change request {id} has no status."),
    };
    Ok(Report::new(json, text, "the change was asked for"))
}

fn document(asked: &ChangeRequest, is_new: bool) -> Value {
    json!({
        "id": asked.id,
        "system": asked.system_id,
        "systemUser": asked.system_user_id,
        "customer": asked.customer.as_ref().map(|customer| customer.as_str()),
        "externalRef": asked.external_ref,
        "status": asked.status.as_ref().map(ToString::to_string),
        "confirmUrl": asked.confirm_url,
        "required": access_json(&asked.required),
        "unwanted": access_json(&asked.unwanted),
        "new": is_new,
    })
}

pub(super) async fn withdraw(
    context: &Context<'_>,
    args: &WithdrawArgs,
) -> Result<Report, Failure> {
    let done = |id: Uuid| {
        let json = json!({ "id": id, "outcome": "withdrawn" });
        Report::new(json, "Taken back.", "taken back")
    };
    let (Some(system), Some(customer)) = (&args.system, &args.customer) else {
        let id = args
            .change
            .ok_or_else(|| Failure::usage("nothing is named").todo("see --help"))?;
        let vendor = context.altinn().await?.vendor();
        vendor.withdraw_change(id).await?;
        return Ok(done(id));
    };
    let which = WhichArgs {
        system: system.clone(),
        customer: customer.clone(),
        external_ref: args.external_ref.clone(),
        ..WhichArgs::default()
    };
    which.customer()?;
    let vendor = context.altinn().await?.vendor();
    context.console.progress("looking the request up");
    let Some(id) = found(&vendor, &which).await?.and_then(|found| found.id) else {
        return Err(super::not_asked(&which));
    };
    vendor.withdraw(id).await?;
    Ok(done(id))
}
