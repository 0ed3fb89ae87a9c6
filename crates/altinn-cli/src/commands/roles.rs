//! `altinn roles`: roles of Altinn 2: those there are, one's own, a party's local ones.

use altinn_authz::altinn2::models::{Role, RoleDefinition};
use altinn_authz::altinn2::{Client, Delegation, NewRole, Roles, Who, scopes};
use altinn_authz::wire::OpenEnum as _;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::commands::metadata::open;
use crate::commands::rights::altinn2::{client, parsed, role_how, service_of, who};
use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn roles list
      Altinn's roles with number, code and name; needs no login; --language en for English names
  altinn roles list --who 310753831
      those there are for one party, its local ones (lokale roller) among them
  altinn roles show REGNA
  altinn roles mine --who 310753831
      what one holds oneself
  altinn roles create --who 310753831 --name Rapportering --description 'Alt som rapporteres' \\
      --right 'service:5123/1#Read,Write'

A role is named by its number (RoleDefinitionId), code or name. Numbers differ between TT02 and
production. Altinn 2 closed on 2026-06-19; it took local roles away in release 23.5.";

/// `altinn roles …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum RolesCommand {
    /// List the roles there are
    List(ListArgs),
    /// Show one role, with the rights in it where it is a party's
    Show(ShowArgs),
    /// List the roles that one holds for a party
    Mine(MineArgs),
    /// Make a local role of a party's
    Create(CreateArgs),
    /// Change a local role: name, description and rights are replaced
    Update(UpdateArgs),
    /// Delete a local role
    Delete(DeleteArgs),
}

/// Arguments of `altinn roles list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// The party whose roles are meant; Altinn's own without
    #[arg(long, value_name = "NUMBER")]
    who: Option<String>,
}

/// Arguments of `altinn roles show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Number, code or name
    #[arg(value_name = "ROLE")]
    role: String,

    /// The party whose role it is
    #[arg(long, value_name = "NUMBER")]
    who: Option<String>,
}

/// Arguments of `altinn roles mine`.
#[derive(Args)]
pub(crate) struct MineArgs {
    /// For which party: an organisation number, an r-id, or my
    #[arg(long, value_name = "NUMBER", default_value = "my")]
    who: String,

    /// Only those that fit this filter (OData), such as \"RoleType eq 'Altinn'\"
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Give this one up, by its RoleId
    #[arg(long, value_name = "ID", conflicts_with = "filter")]
    give_up: Option<String>,
}

/// What a local role is.
#[derive(Args)]
pub(crate) struct RoleArgs {
    /// The party whose role it is
    #[arg(long, value_name = "NUMBER")]
    who: String,

    /// Its name
    #[arg(long, value_name = "TEXT")]
    name: String,

    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    /// Rights in it: service:CODE/EDITION#ACTION,ACTION; may be given several times
    #[arg(long = "right", value_name = "RIGHT")]
    rights: Vec<String>,
}

/// Arguments of `altinn roles create`.
#[derive(Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    role: RoleArgs,
}

/// Arguments of `altinn roles update`.
#[derive(Args)]
pub(crate) struct UpdateArgs {
    /// Its number
    #[arg(value_name = "NUMBER")]
    id: i64,

    #[command(flatten)]
    role: RoleArgs,
}

/// Arguments of `altinn roles delete`.
#[derive(Args)]
pub(crate) struct DeleteArgs {
    /// Its number
    #[arg(value_name = "NUMBER")]
    id: i64,

    /// The party whose role it is
    #[arg(long, value_name = "NUMBER")]
    who: String,
}

pub(crate) async fn roles(
    context: &Context<'_>,
    command: &RolesCommand,
) -> Result<Report, Failure> {
    match command {
        RolesCommand::List(args) => list(context, args).await,
        RolesCommand::Show(args) => show(context, args).await,
        RolesCommand::Mine(args) => mine(context, args).await,
        RolesCommand::Create(args) => {
            let (who, role) = args.role.read()?;
            let id = writer(context).await?.create_role(&who, &role).await?;
            let shown = id.map(|id| format!(" {id}")).unwrap_or_default();
            let said = format!("made the role{shown} {}", args.role.name);
            Ok(Report::new(json!({ "id": id }), said.clone(), said))
        }
        RolesCommand::Update(args) => {
            let (who, role) = args.role.read()?;
            writer(context)
                .await?
                .update_role(&who, args.id, &role)
                .await?;
            let said = format!("changed the role {}", args.id);
            Ok(Report::new(json!({ "id": args.id }), said.clone(), said))
        }
        RolesCommand::Delete(args) => {
            let who = who("--who", &args.who)?;
            writer(context).await?.delete_role(&who, args.id).await?;
            let said = format!("deleted the role {}", args.id);
            Ok(Report::new(json!({ "id": args.id }), said.clone(), said))
        }
    }
}

async fn writer(context: &Context<'_>) -> Result<Client, Failure> {
    client(context, &[scopes::ROLE_DEFINITIONS_WRITE]).await
}

impl RoleArgs {
    fn read(&self) -> Result<(Who, NewRole), Failure> {
        let mut rights = Vec::new();
        for right in &self.rights {
            let right: Delegation = right.parse().map_err(|error: altinn_authz::Error| {
                Failure::from(error).while_doing("--right")
            })?;
            rights.push(right);
        }
        let role = NewRole::new(&self.name, &self.description).with(rights);
        Ok((who("--who", &self.who)?, role))
    }
}

/// The roles of a party with the codes that only the metadata have, or those of Altinn.
async fn known(context: &Context<'_>, of: Option<&str>) -> Result<Vec<RoleDefinition>, Failure> {
    context.console.progress("reading the roles there are");
    let all = open(context).await?.role_definitions().await?;
    let Some(of) = of else {
        return Ok(all);
    };
    let client = client(context, &[scopes::ROLE_DEFINITIONS_READ]).await?;
    let mut own = client.role_definitions(who("--who", of)?).await?;
    for role in &mut own {
        let known = all.iter().find(|known| known.id == role.id);
        if role.code.is_none() {
            role.code = known.and_then(|known| known.code.clone());
        }
    }
    Ok(own)
}

async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    let roles = known(context, args.who.as_deref()).await?;
    let rows: Vec<[String; 4]> = roles
        .iter()
        .map(|role| {
            [
                role.id.to_string(),
                role.code.clone().unwrap_or_default(),
                text(role.name.as_deref()),
                kind(role),
            ]
        })
        .collect();
    let summary = format!("{} roles", rows.len());
    let text = match rows.is_empty() {
        true => "No roles.".to_owned(),
        false => table(["NUMBER", "CODE", "NAME", "KIND"], rows),
    };
    Ok(Report::new(
        json!({ "roles": masked(&roles)? }),
        text,
        summary,
    ))
}

fn kind(role: &RoleDefinition) -> String {
    let kind = role.role_type.as_ref();
    kind.map(|kind| kind.as_wire().to_owned())
        .unwrap_or_default()
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().trim().to_owned()
}

async fn show(context: &Context<'_>, args: &ShowArgs) -> Result<Report, Failure> {
    let all = Roles::from(known(context, args.who.as_deref()).await?);
    let mut role = all.find(&args.role)?.clone();
    if let (Some(of), Some(id)) = (&args.who, role.id.as_i64()) {
        let client = client(context, &[scopes::ROLE_DEFINITIONS_READ]).await?;
        let code = role.code.take();
        role = client.role_definition(who("--who", of)?, id).await?;
        role.code = role.code.or(code);
    }
    let mut lines = vec![format!(
        "{}  {}  {}  {}",
        role.id,
        role.code.as_deref().unwrap_or("-"),
        text(role.name.as_deref()),
        kind(&role)
    )];
    let description = text(role.description.as_deref());
    if !description.is_empty() {
        lines.push(description);
    }
    let parents: Vec<String> = role
        .parents
        .iter()
        .map(|id| {
            all.name(*id)
                .map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
        })
        .collect();
    if !parents.is_empty() {
        lines.push(format!("part of: {}", parents.join(", ")));
    }
    let rights = role.rights.iter().flat_map(|rights| rights.items());
    let rows: Vec<[String; 2]> = rights
        .map(|right| {
            let action = right.action.as_ref().map(ToString::to_string);
            [service_of(right), action.unwrap_or_default()]
        })
        .collect();
    if !rows.is_empty() {
        lines.push(format!("\n{}", table(["ON", "RIGHT"], rows)));
    }
    let summary = format!("the role {}", role.id);
    Ok(Report::new(masked(&role)?, lines.join("\n"), summary))
}

async fn mine(context: &Context<'_>, args: &MineArgs) -> Result<Report, Failure> {
    let who = who("--who", &args.who)?;
    if let Some(id) = &args.give_up {
        let client = client(context, &[scopes::RIGHTS_WRITE]).await?;
        client.give_up_role(&who, &id.as_str().into()).await?;
        let said = format!("gave the role {id} up");
        return Ok(Report::new(json!({ "id": id }), said.clone(), said));
    }
    let filter = args.filter.as_deref().map(parsed).transpose()?;
    let client = client(context, &[scopes::RIGHTS_READ]).await?;
    context.console.progress("reading one's own roles");
    let roles = client.own_roles(&who, filter.as_ref()).await?;
    Ok(Report::new(
        json!({ "roles": masked(&roles)? }),
        held(&roles),
        format!("{} roles", roles.len()),
    ))
}

/// A table of roles that somebody holds.
pub(crate) fn held(roles: &[Role]) -> String {
    if roles.is_empty() {
        return "No roles.".to_owned();
    }
    let rows = roles
        .iter()
        .map(|role| {
            [
                role.role_definition_id.to_string(),
                role.code.clone().unwrap_or_default(),
                text(role.name.as_deref()),
                role_how(role),
                role.id
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ]
        })
        .collect();
    table(["NUMBER", "CODE", "NAME", "HOW", "ROLE ID"], rows)
}
