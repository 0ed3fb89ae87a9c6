//! `altinn system-user clients`: for which of an organisation's clients (klientforhold) its agents act. A
//! person decides that.

use altinn_auth::vendor::{AgentClients, Client};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::commands::Report;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

const EXAMPLES: &str = "\
Examples:
  altinn login --scope altinn:clientdelegations.read --scope altinn:clientdelegations.write
  altinn system-user clients --of 310779253
      the organisation's agents, with the clients that each acts for
  altinn system-user clients --of 310779253 --agent UUID --available
      whom this agent could act for
  altinn system-user clients --of 310779253 --agent UUID --add 310749745
  altinn system-user clients --of 310779253 --agent UUID --remove 310749745

As the person who logged in, who administers the organisation's clients (klientadministrator).";

/// Arguments of `altinn system-user clients`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClientsArgs {
    /// The organisation whose agents they are
    #[arg(long, value_name = "ORG")]
    of: String,

    /// This agent only
    #[arg(long, value_name = "UUID")]
    agent: Option<Uuid>,

    /// The clients that it could act for, in place of those that it acts for
    #[arg(long, requires = "agent", conflicts_with_all = ["add", "remove"])]
    available: bool,

    /// Let the agent act for this client; may be given several times
    #[arg(long, value_name = "ORG", requires = "agent")]
    add: Vec<String>,

    /// Let the agent act for this client no longer; may be given several times
    #[arg(long, value_name = "ORG", requires = "agent")]
    remove: Vec<String>,
}

pub(super) async fn clients(context: &Context<'_>, args: &ClientsArgs) -> Result<Report, Failure> {
    let of = organisation("--of", &args.of)?;
    for (name, numbers) in [("--add", &args.add), ("--remove", &args.remove)] {
        for number in numbers {
            organisation(name, number)?;
        }
    }
    let clients = AgentClients::new(&context.person().await?);
    context
        .console
        .progress("reading the organisation's agents");
    let mut agents = clients.agents(of).await?;
    if let Some(wanted) = args.agent {
        agents.retain(|agent| agent.id == Some(wanted));
        if agents.is_empty() {
            return Err(Failure::new(
                Exit::Refused,
                format!("{} has no agent system user {wanted}", args.of),
            )
            .todo(format!(
                "see which it has: altinn system-user clients --of {}",
                args.of
            )));
        }
    }
    if let Some(agent) = args.agent {
        set(context, &clients, agent, args).await?;
    }
    let mut json = Vec::new();
    let mut rows = Vec::new();
    for agent in &agents {
        let Some(id) = agent.id else { continue };
        let list = match args.available {
            true => clients.available(id).await?,
            false => clients.of(id).await?,
        };
        let title = agent.integration_title.clone().unwrap_or_default();
        let listed: Vec<Value> = list.clients.iter().map(document).collect();
        json.push(json!({
            "agent": id,
            "title": title,
            "system": agent.system_id,
            "clients": listed,
        }));
        let shown = |client: Option<&Client>| {
            [
                title.clone(),
                id.to_string(),
                client.map(number).unwrap_or_default(),
                client
                    .and_then(|client| client.name.clone())
                    .unwrap_or_default(),
            ]
        };
        match list.clients.is_empty() {
            true => rows.push(shown(None)),
            false => rows.extend(list.clients.iter().map(|client| shown(Some(client)))),
        }
    }
    let summary = format!("{} agents", agents.len());
    let text = match rows.is_empty() {
        true => format!("{} has no agent system users.", args.of),
        false => table(["AGENT", "ID", "CLIENT", "NAME"], rows),
    };
    let json = json!({ "agents": json, "available": args.available });
    Ok(Report::new(json, text, summary))
}

/// Gives and takes clients. People name them by number, the API by UUID: a list has both.
async fn set(
    context: &Context<'_>,
    clients: &AgentClients,
    agent: Uuid,
    args: &ClientsArgs,
) -> Result<(), Failure> {
    let find = |list: &[Client], wanted: &str, what: &str| {
        let wanted: String = wanted.split_whitespace().collect();
        let client = list.iter().find(|client| number(client) == wanted);
        client.and_then(|client| client.id).ok_or_else(|| {
            Failure::new(Exit::Refused, format!("{wanted} is {what}")).todo(
                "see which there are: altinn system-user clients, with --available or without",
            )
        })
    };
    if !args.add.is_empty() {
        let there = clients.available(agent).await?.clients;
        for wanted in &args.add {
            let client = find(&there, wanted, "no client that this agent could act for")?;
            context
                .console
                .progress(&format!("giving the agent {wanted}"));
            clients.add(agent, client).await?;
        }
    }
    if !args.remove.is_empty() {
        let there = clients.of(agent).await?.clients;
        for wanted in &args.remove {
            let client = find(&there, wanted, "no client that this agent acts for")?;
            context
                .console
                .progress(&format!("taking {wanted} from the agent"));
            clients.remove(agent, client).await?;
        }
    }
    Ok(())
}

fn number(client: &Client) -> String {
    let number = client.organisation.as_ref();
    number
        .map(|number| number.as_str().to_owned())
        .unwrap_or_default()
}

fn document(client: &Client) -> Value {
    json!({
        "id": client.id,
        "number": number(client),
        "name": client.name,
    })
}
