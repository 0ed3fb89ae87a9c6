//! `altinn parties`: whom one may act for.

use altinn_authz::altinn3::{Parties, PartiesQuery, Party, scopes};
use altinn_authz::wire::OpenEnum as _;
use clap::Args;
use serde_json::json;

use crate::args::{ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::console::table;
use crate::context::Context;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn parties --system-user 310753831
      whom the customer's system user (systembruker) may act for, with party UUIDs
  altinn parties --system-user 310753831 --details
      and with what: access packages (tilgangspakker), roles, resources, a line for each
  altinn parties --system-user 310753831 --resource skf-skattemelding
      only those for whom something is held on the resource

Sub-units stand below their main unit. A main unit marked with - is listed for a sub-unit's sake:
one may do nothing for it.";

/// Arguments of `altinn parties`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PartiesArgs {
    /// Show the access packages, roles, resources and instances held for each
    #[arg(long)]
    details: bool,

    /// Only parties for whom something is held on this resource; given again, on any of them
    #[arg(long = "resource", value_name = "ID")]
    resources: Vec<String>,

    /// Deleted and inactive parties, too
    #[arg(long)]
    inactive: bool,

    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

impl PartiesArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        self.scopes
            .given()
            .into_iter()
            .chain(self.system_user.given())
            .collect()
    }
}

/// Lists whom one may act for.
pub(crate) async fn parties(context: &Context<'_>, args: &PartiesArgs) -> Result<Report, Failure> {
    let client = context.altinn3(None, &[scopes::AUTHORIZED_PARTIES]).await?;
    let mut query = PartiesQuery::new();
    if args.details {
        query = query
            .with_packages()
            .with_roles()
            .with_resources()
            .with_instances();
    }
    if args.inactive {
        query = query.inactive(true);
    }
    for resource in &args.resources {
        query = query.any_of_resources(resource.as_str());
    }
    context.console.progress("reading whom one may act for");
    let parties = client.parties_with(&query).await?;
    Ok(listed(&parties, args.details, "one"))
}

/// The parties that `who` may act for.
pub(crate) fn listed(parties: &Parties, details: bool, who: &str) -> Report {
    let rows: Vec<_> = parties.iter().map(|party| row(party, details)).collect();
    let summary = match rows.len() {
        0 => format!("{who} may act for nobody"),
        1 => format!("{who} may act for one party"),
        count => format!("{who} may act for {count} parties"),
    };
    let text = match (rows.is_empty(), details) {
        (true, _) => "Nobody.".to_owned(),
        (false, true) => table(["NAME", "NUMBER", "TYPE", "UUID", "HOLDS"], rows),
        (false, false) => {
            let rows = rows
                .into_iter()
                .map(|[name, number, kind, uuid, _]| [name, number, kind, uuid]);
            table(["NAME", "NUMBER", "TYPE", "UUID"], rows.collect())
        }
    };
    let json = json!({ "api": "altinn3", "parties": parties });
    Report::new(json, text, summary)
}

fn row(party: &Party, details: bool) -> [String; 5] {
    let indent = if party.parent().is_some() { "  " } else { "" };
    let mark = if party.has_access() { "" } else { "- " };
    let received = party.received();
    let kind = received.kind.as_ref().map(|kind| kind.as_wire().to_owned());
    let holds = match details {
        true => holds(party),
        false => String::new(),
    };
    [
        format!("{indent}{mark}{}", party.name()),
        party.number().unwrap_or_default(),
        received.unit_type.clone().or(kind).unwrap_or_default(),
        party.uuid().to_string(),
        holds,
    ]
}

fn holds(party: &Party) -> String {
    let received = party.received();
    let packages = party
        .packages()
        .map(|package| format!("package {}", package.code()));
    let resources = received.authorized_resources.iter();
    let resources = resources.map(|resource| format!("resource {resource}"));
    let roles = party.roles().map(|role| format!("role {role}"));
    let mut all: Vec<String> = packages.chain(resources).chain(roles).collect();
    match received.authorized_instances.len() {
        0 => {}
        count => all.push(format!("{count} single instances")),
    }
    // a line for each
    all.join("\n")
}
