//! `altinn clients`: client delegation (klientdelegering). A provider, such as an accountant, lets its
//! people and system users act for its clients.

use altinn_authz::altinn3::models::{AccessInRole, Agent, CompactEntity, ServedClient};
use altinn_authz::altinn3::{
    Cascade, Client, ClientApi, ClientWork, Clients, Entitlement, Identity, PackageUrn, PartyUuid,
    Receiver, scopes,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::args::{ScopeArgs, SystemUserArgs};
use crate::commands::party::Named;
use crate::commands::rights::{self, WhatArgs, named};
use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples, for the provider, who keeps the clients' books, audits them, or acts for them otherwise:
  altinn clients list --provider 310779253
      the clients, with the role that the provider has for each, and what comes with it
  altinn clients agents --provider 310779253
      the provider's people and system users who act for clients
  altinn clients show --provider 310779253 --client 310749745
      who of them may do what for one client; --agent NUMBER: what one of them may, for whom
  altinn clients grant --provider 310779253 --client 310749745 --to 24878123375 \\
      --last-name GRANITT --package regnskapsforer-lonn
      makes the person an agent, if need be, and gives what the provider has of the client;
      --dry-run says what can be given
  altinn clients revoke --provider 310779253 --client 310749745 --to 24878123375 \\
      --package regnskapsforer-lonn
  altinn clients revoke --provider 310779253 --client 310749745 --to 24878123375 --everything
  altinn clients remove-agent --provider 310779253 --to 24878123375

For the agent:
  altinn clients mine --person
      for whom one acts, and through which provider
  altinn clients leave --provider 310779253 --person
      acts for this provider no more; with --client, not for this client

Whoever calls administers the provider's clients (access package klientadministrator, or a role that
holds it). Scopes: altinn:clientdelegations.read and .write, for the agent
altinn:clientdelegations/myclients.read and .write. The clients of agent system users have a list of
their own at Altinn's authentication: altinn system-user clients.";

/// `altinn clients …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum ClientsCommand {
    /// List a provider's clients
    List(ListArgs),
    /// List a provider's agents
    Agents(AgentsArgs),
    /// Say who may do what for a client, or what an agent may do for whom
    Show(ShowArgs),
    /// Let an agent act for a client
    Grant(GrantArgs),
    /// Take from an agent what it may do for a client
    Revoke(RevokeArgs),
    /// Make somebody an agent, without giving anything yet
    AddAgent(AddAgentArgs),
    /// Let somebody be an agent no more
    RemoveAgent(RemoveAgentArgs),
    /// List the clients that one serves oneself
    Mine(MineArgs),
    /// Serve a client, or a provider's clients, no more oneself
    Leave(LeaveArgs),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Version {
    /// What Altinn's documentation describes: access packages only
    V1,
    /// Access packages and resources
    #[default]
    V2,
}

#[derive(Args)]
struct AsArgs {
    /// Which version of Altinn's API
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "v2",
        hide_short_help = true
    )]
    api_version: Version,

    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

#[derive(Args)]
struct ProviderArgs {
    /// Who serves the clients
    #[arg(long, value_name = "ORG")]
    provider: String,

    #[command(flatten)]
    who: AsArgs,
}

/// Arguments of `altinn clients list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only clients of whom the provider has this access package; may be given several times
    #[arg(long = "package", value_name = "CODE")]
    packages: Vec<String>,

    /// Only clients for whom the provider has this role (regnskapsforer, revisor, …); may be given
    /// several times
    #[arg(long = "role", value_name = "CODE")]
    roles: Vec<String>,

    #[command(flatten)]
    of: ProviderArgs,
}

/// Arguments of `altinn clients agents`.
#[derive(Args)]
pub(crate) struct AgentsArgs {
    #[command(flatten)]
    of: ProviderArgs,
}

/// Arguments of `altinn clients show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Who may do what for this client
    #[arg(long, value_name = "NUMBER", required_unless_present = "agent")]
    client: Option<String>,

    /// What this agent may do, for whom
    #[arg(long, value_name = "NUMBER", conflicts_with = "client")]
    agent: Option<String>,

    #[command(flatten)]
    of: ProviderArgs,
}

/// A client, and one who acts for it.
#[derive(Args)]
struct PairArgs {
    /// For whom
    #[arg(long, value_name = "NUMBER")]
    client: String,

    /// Who: a person's number, a party UUID, or system-user:UUID
    #[arg(long, value_name = "NUMBER")]
    to: String,

    #[command(flatten)]
    of: ProviderArgs,
}

/// Arguments of `altinn clients grant`.
#[derive(Args)]
pub(crate) struct GrantArgs {
    /// The person's last name, of one who is no agent yet; two wrong ones lock for an hour
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,

    #[command(flatten)]
    what: ClientWhatArgs,

    /// Say what can be given, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    pair: PairArgs,
}

/// Arguments of `altinn clients revoke`.
#[derive(Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    what: ClientWhatArgs,

    /// All that the agent may do for the client
    #[arg(long, conflicts_with_all = ["packages", "resources"])]
    everything: bool,

    #[command(flatten)]
    pair: PairArgs,
}

/// What of a client is delegated.
#[derive(Args)]
struct ClientWhatArgs {
    /// An access package (tilgangspakke), by code, URN or whole name; may be given several times
    #[arg(long = "package", value_name = "CODE")]
    packages: Vec<String>,

    /// A resource, by its id or its whole title; may be given several times
    #[arg(long = "resource", value_name = "ID")]
    resources: Vec<String>,
}

/// Arguments of `altinn clients add-agent`.
#[derive(Args)]
pub(crate) struct AddAgentArgs {
    /// Who: a person's number, a party UUID, or system-user:UUID
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// The person's last name; two wrong ones lock for an hour
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,

    #[command(flatten)]
    of: ProviderArgs,
}

/// Arguments of `altinn clients remove-agent`.
#[derive(Args)]
pub(crate) struct RemoveAgentArgs {
    /// Who: a person's number, a party UUID, or system-user:UUID
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// Also when the agent may still do something for a client: that goes, too
    #[arg(long)]
    cascade: bool,

    #[command(flatten)]
    of: ProviderArgs,
}

/// Arguments of `altinn clients mine`.
#[derive(Args)]
pub(crate) struct MineArgs {
    /// Only through these providers; may be given several times
    #[arg(long = "provider", value_name = "ORG")]
    providers: Vec<String>,

    #[command(flatten)]
    who: AsArgs,
}

/// Arguments of `altinn clients leave`.
#[derive(Args)]
pub(crate) struct LeaveArgs {
    /// This client only, with all that one may do for it
    #[arg(long, value_name = "NUMBER")]
    client: Option<String>,

    #[command(flatten)]
    of: ProviderArgs,
}

impl ClientsCommand {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let who = match self {
            Self::List(args) => &args.of.who,
            Self::Agents(args) => &args.of.who,
            Self::Show(args) => &args.of.who,
            Self::Grant(args) => &args.pair.of.who,
            Self::Revoke(args) => &args.pair.of.who,
            Self::AddAgent(args) => &args.of.who,
            Self::RemoveAgent(args) => &args.of.who,
            Self::Mine(args) => &args.who,
            Self::Leave(args) => &args.of.who,
        };
        let scopes = who.scopes.given().into_iter();
        scopes.chain(who.system_user.given()).collect()
    }
}

/// Lists, gives or takes back.
pub(crate) async fn run(
    context: &Context<'_>,
    command: &ClientsCommand,
) -> Result<Report, Failure> {
    match command {
        ClientsCommand::List(args) => list(context, args).await,
        ClientsCommand::Agents(args) => agents(context, args).await,
        ClientsCommand::Show(args) => show(context, args).await,
        ClientsCommand::Grant(args) => grant(context, args).await,
        ClientsCommand::Revoke(args) => revoke(context, args).await,
        ClientsCommand::AddAgent(args) => add_agent(context, args).await,
        ClientsCommand::RemoveAgent(args) => remove_agent(context, args).await,
        ClientsCommand::Mine(args) => mine(context, args).await,
        ClientsCommand::Leave(args) => leave(context, args).await,
    }
}

// ---- who ------------------------------------------------------------------------------------------

impl AsArgs {
    fn api(&self) -> ClientApi {
        match self.api_version {
            Version::V1 => ClientApi::V1,
            Version::V2 => ClientApi::V2,
        }
    }
}

impl ProviderArgs {
    /// The provider's desk.
    async fn open(&self, context: &Context<'_>, writes: bool) -> Result<Clients, Failure> {
        let provider = Named::read("--provider", &self.provider)?;
        let mut needed = vec![scopes::AUTHORIZED_PARTIES, scopes::CLIENTS_READ];
        if writes {
            needed.push(scopes::CLIENTS_WRITE);
        }
        let client = context.altinn3(provider.organisation(), &needed).await?;
        let provider = provider.resolve(&client).await?;
        Ok(client.clients_of(&provider).with_api(self.who.api()))
    }
}

/// A list in which somebody is looked for by number.
#[derive(Clone, Copy)]
enum Among {
    Agents,
    Clients,
    MyProviders,
    MyClients,
}

impl Among {
    fn what(self) -> &'static str {
        match self {
            Self::Agents => "agent of the provider",
            Self::Clients => "client of the provider",
            Self::MyProviders => "provider of yours",
            Self::MyClients => "client of yours",
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Agents => "altinn clients agents --provider ORG",
            Self::Clients => "altinn clients list --provider ORG",
            Self::MyProviders | Self::MyClients => "altinn clients mine",
        }
    }

    /// The party with this number among those that were listed, or the UUID that is named.
    fn find<'p>(
        self,
        flag: &str,
        named: &Named,
        parties: impl Iterator<Item = &'p CompactEntity>,
    ) -> Result<PartyUuid, Failure> {
        let number = match named {
            Named::Uuid(uuid) | Named::SystemUser(uuid) => return Ok(uuid.clone()),
            Named::Number(number) => number,
        };
        let mut found = parties.filter(|party| {
            let organisation = party
                .organisation_number
                .as_ref()
                .map(|n| n.as_str().trim());
            let person = party.person_number.as_ref().map(|n| n.as_str().trim());
            match number {
                Identity::Organisation(number) => organisation == Some(number.as_str()),
                Identity::Person(number) => person == Some(number.expose()),
                _ => false,
            }
        });
        match found.next() {
            Some(party) => Ok(party.id.clone()),
            None => Err(Failure::new(
                Exit::Refused,
                format!("{flag}: {number} is no {}", self.what()),
            )
            .todo(format!("see who is: {}", self.command()))),
        }
    }
}

/// Somebody who is to be an agent: by number and name when they are none yet.
async fn receiver(
    desk: &Clients,
    named: &Named,
    last_name: Option<&String>,
) -> Result<Receiver, Failure> {
    match (named, last_name) {
        (Named::Number(Identity::Person(number)), Some(name)) => {
            Ok(Receiver::person(number.clone(), name))
        }
        (_, Some(_)) => Err(Failure::usage(
            "--last-name belongs to a person number, and --to is none",
        )
        .todo("give the person's number (eleven digits), or leave --last-name out")),
        (Named::Uuid(uuid), None) => Ok(Receiver::party(uuid)),
        (Named::SystemUser(uuid), None) => Ok(Receiver::system_user(uuid)),
        (Named::Number(_), None) => {
            let agents = desk.agents().await?;
            let parties = agents.iter().filter_map(|agent| agent.agent.as_ref());
            let found = Among::Agents.find("--to", named, parties);
            let uuid = found.map_err(|failure| {
                failure.todo("to make a person an agent, give the last name, too: --last-name NAME; a system user is named system-user:UUID")
            })?;
            Ok(Receiver::party(&uuid))
        }
    }
}

// ---- lists ----------------------------------------------------------------------------------------

async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    let what = WhatArgs {
        packages: args.packages.clone(),
        ..WhatArgs::default()
    };
    let what = named::read(context, &what).await?;
    let packages: Vec<PackageUrn> = what.packages.iter().map(|p| p.as_str().into()).collect();
    let roles: Vec<&str> = args.roles.iter().map(String::as_str).collect();
    let desk = args.of.open(context, false).await?;
    context.console.progress("reading the clients");
    let clients = desk.list(&roles, &packages).await?;
    let rows = clients.iter().flat_map(served).collect();
    let text = listed(["CLIENT", "NUMBER", "ROLE", "HOLDS"], rows, "No clients.");
    let summary = format!("{} clients", clients.len());
    Ok(Report::new(
        json!({ "clients": masked(&clients)? }),
        text,
        summary,
    ))
}

async fn agents(context: &Context<'_>, args: &AgentsArgs) -> Result<Report, Failure> {
    let desk = args.of.open(context, false).await?;
    context.console.progress("reading the agents");
    let agents = desk.agents().await?;
    let rows = agents
        .iter()
        .map(|agent| {
            let [name, number] = called(agent.agent.as_ref());
            let id = agent.agent.as_ref().map(|party| party.id.to_string());
            let since = agent.added_at.as_ref().map(ToString::to_string);
            [
                name,
                number,
                since.unwrap_or_default(),
                id.unwrap_or_default(),
            ]
        })
        .collect();
    let text = listed(["AGENT", "NUMBER", "SINCE", "UUID"], rows, "No agents.");
    let summary = format!("{} agents", agents.len());
    Ok(Report::new(
        json!({ "agents": masked(&agents)? }),
        text,
        summary,
    ))
}

async fn show(context: &Context<'_>, args: &ShowArgs) -> Result<Report, Failure> {
    let desk = args.of.open(context, false).await?;
    let with_resources = args.of.who.api_version == Version::V2;
    if let Some(agent) = &args.agent {
        let named = Named::read("--agent", agent)?;
        let agents = desk.agents().await?;
        let parties = agents.iter().filter_map(|agent| agent.agent.as_ref());
        let agent = Among::Agents.find("--agent", &named, parties)?;
        context.console.progress("reading what the agent may do");
        let mut held = desk.packages_of_agent(&agent).await?;
        if with_resources {
            held.extend(desk.resources_of_agent(&agent).await?);
        }
        let rows: Vec<_> = held.iter().flat_map(served).collect();
        let text = listed(["FOR", "NUMBER", "ROLE", "MAY"], rows, "Nothing.");
        let json = json!({ "agent": agent, "clients": masked(&held)? });
        return Ok(Report::new(json, text, "what the agent may do"));
    }
    let named = Named::read("--client", args.client.as_deref().unwrap_or_default())?;
    let client = client_of(&desk, &named).await?;
    context
        .console
        .progress("reading who may act for the client");
    let mut held = desk.packages_of_client(&client).await?;
    if with_resources {
        held.extend(desk.resources_of_client(&client).await?);
    }
    let rows: Vec<_> = held.iter().flat_map(serving).collect();
    let text = listed(["AGENT", "NUMBER", "ROLE", "MAY"], rows, "Nobody.");
    let json = json!({ "client": client, "agents": masked(&held)? });
    Ok(Report::new(json, text, "who may act for the client"))
}

async fn client_of(desk: &Clients, named: &Named) -> Result<PartyUuid, Failure> {
    let clients = match named {
        Named::Number(_) => desk.list(&[], &[]).await?,
        _ => Vec::new(),
    };
    let parties = clients.iter().filter_map(|client| client.client.as_ref());
    Among::Clients.find("--client", named, parties)
}

fn listed(head: [&str; 4], mut rows: Vec<[String; 4]>, none: &str) -> String {
    // packages and resources come in lists of their own
    rows.retain(|row| !row[3].is_empty() || head[3] != "MAY");
    match rows.is_empty() {
        true => none.to_owned(),
        false => table(head, rows),
    }
}

fn served(client: &ServedClient) -> Vec<[String; 4]> {
    lines(client.client.as_ref(), &client.access)
}

fn serving(agent: &Agent) -> Vec<[String; 4]> {
    lines(agent.agent.as_ref(), &agent.access)
}

/// A line for each role, with what comes with it.
fn lines(party: Option<&CompactEntity>, access: &[AccessInRole]) -> Vec<[String; 4]> {
    let [name, number] = called(party);
    let mut lines = Vec::new();
    for in_role in access {
        let role = in_role.role.as_ref().and_then(|role| role.code.clone());
        let packages = in_role.packages.iter().filter_map(|package| {
            let urn = package.urn.as_deref()?;
            Some(format!("package {}", PackageUrn::from(urn).code()))
        });
        let resources = in_role.resources.iter().filter_map(|resource| {
            let id = resource.ref_id.as_ref()?;
            Some(format!("resource {id}"))
        });
        let holds: Vec<String> = packages.chain(resources).collect();
        lines.push([
            name.clone(),
            number.clone(),
            role.unwrap_or_default(),
            holds.join(", "),
        ]);
    }
    if lines.is_empty() {
        lines.push([name, number, String::new(), String::new()]);
    }
    lines
}

/// Name and number, masked.
fn called(party: Option<&CompactEntity>) -> [String; 2] {
    let Some(party) = party else {
        return [String::new(), String::new()];
    };
    let person = party
        .person_number
        .as_ref()
        .map(|number| http_transport::redact::text(number.as_str()));
    let organisation = party.organisation_number.as_ref();
    let number = organisation.map(|number| number.as_str().trim().to_owned());
    [
        party.name.clone().unwrap_or_default(),
        number.or(person).unwrap_or_default(),
    ]
}

// ---- changes --------------------------------------------------------------------------------------

impl ClientWhatArgs {
    async fn read(&self, context: &Context<'_>) -> Result<Vec<Entitlement>, Failure> {
        let what = WhatArgs {
            packages: self.packages.clone(),
            resources: self.resources.clone(),
            ..WhatArgs::default()
        };
        let what = named::read(context, &what).await?;
        let packages = what.packages.iter().map(String::as_str);
        let resources = what.resources.iter().map(String::as_str);
        let all: Vec<Entitlement> = packages
            .map(Entitlement::package)
            .chain(resources.map(Entitlement::resource))
            .collect();
        match all.is_empty() {
            true => Err(Failure::usage("it is not said what is given or taken back")
                .todo("name an access package (--package CODE) or a resource (--resource ID)")),
            false => Ok(all),
        }
    }
}

async fn grant(context: &Context<'_>, args: &GrantArgs) -> Result<Report, Failure> {
    let pair = &args.pair;
    let client = Named::read("--client", &pair.client)?;
    let agent = Named::read("--to", &pair.to)?;
    let what = args.what.read(context).await?;
    let desk = pair.of.open(context, !args.dry_run).await?;
    if args.dry_run {
        return can_be_given(context, &desk, &client, &what).await;
    }
    let client = client_of(&desk, &client).await?;
    let receiver = receiver(&desk, &agent, args.last_name.as_ref()).await?;
    context
        .console
        .progress("looking what the provider has of the client, giving it, and reading again");
    let names = rights::names(&what);
    let done = desk.grant(&receiver, &client, what).await?;
    rights::changed(&done, "gave", &names)
}

/// What the provider has of the client, of what is asked for.
async fn can_be_given(
    context: &Context<'_>,
    desk: &Clients,
    client: &Named,
    what: &[Entitlement],
) -> Result<Report, Failure> {
    let client = client_of(desk, client).await?;
    context
        .console
        .progress("looking what the provider has of the client");
    let clients = desk.list(&[], &[]).await?;
    let found = clients
        .iter()
        .find(|one| one.client.as_ref().is_some_and(|party| party.id == client));
    let access = found.map(|one| one.access.as_slice()).unwrap_or_default();
    let has = |what: &Entitlement| {
        access.iter().any(|in_role| match what {
            Entitlement::Package(package) => in_role.packages.iter().any(|held| {
                let urn = held.urn.as_deref();
                urn.is_some_and(|urn| PackageUrn::from(urn) == *package)
            }),
            Entitlement::Resource(resource) => {
                let mut resources = in_role.resources.iter();
                resources.any(|held| held.ref_id.as_ref() == Some(resource))
            }
            _ => false,
        })
    };
    let mut failures = Vec::new();
    let rows = what
        .iter()
        .map(|one| {
            let can = has(one);
            if !can {
                failures.push(
                    Failure::new(
                        Exit::Refused,
                        format!(
                            "{one} cannot be given: the provider does not have it of this client"
                        ),
                    )
                    .todo("choose what the provider has: altinn clients list --provider ORG"),
                );
            }
            [one.to_string(), if can { "yes" } else { "no" }.to_owned()]
        })
        .collect();
    let text = table(["WHAT", "CAN BE GIVEN"], rows);
    let summary = format!(
        "{} of {} can be given",
        what.len() - failures.len(),
        what.len()
    );
    let checked: Vec<_> = what
        .iter()
        .map(|one| json!({ "what": one.to_string(), "canBeGiven": has(one) }))
        .collect();
    Ok(Report {
        exit: failures.first().map_or(Exit::Done, Failure::exit),
        failures,
        ..Report::new(
            json!({ "checked": checked }),
            format!("{text}\n\nNothing was changed."),
            summary,
        )
    })
}

async fn revoke(context: &Context<'_>, args: &RevokeArgs) -> Result<Report, Failure> {
    let pair = &args.pair;
    let client = Named::read("--client", &pair.client)?;
    let agent = Named::read("--to", &pair.to)?;
    let what = match args.everything {
        true => Vec::new(),
        false => args.what.read(context).await?,
    };
    let desk = pair.of.open(context, true).await?;
    let client = client_of(&desk, &client).await?;
    let agents = desk.agents().await?;
    let parties = agents.iter().filter_map(|agent| agent.agent.as_ref());
    let agent = Among::Agents.find("--to", &agent, parties)?;
    context.console.progress("taking back, and reading again");
    if args.everything {
        desk.remove_client(&client, &agent, Cascade::Yes).await?;
        let json = json!({ "client": client, "agent": agent, "removed": true });
        let said = "the agent may do nothing for the client any more";
        return Ok(Report::new(json, said, said).and_lag());
    }
    let names = rights::names(&what);
    let done = desk.revoke(&agent, &client, what).await?;
    rights::changed(&done, "took back", &names)
}

async fn add_agent(context: &Context<'_>, args: &AddAgentArgs) -> Result<Report, Failure> {
    let named = Named::read("--to", &args.to)?;
    let desk = args.of.open(context, true).await?;
    let receiver = receiver(&desk, &named, args.last_name.as_ref()).await?;
    context.console.progress("making an agent");
    let made = desk.add_agent(&receiver).await?;
    let shown = receiver.to_string();
    let json = json!({ "agent": made.to });
    Ok(Report::new(
        json,
        format!("{shown} is an agent now; altinn clients grant says what of."),
        format!("{shown} is an agent"),
    ))
}

async fn remove_agent(context: &Context<'_>, args: &RemoveAgentArgs) -> Result<Report, Failure> {
    let named = Named::read("--to", &args.to)?;
    let desk = args.of.open(context, true).await?;
    let agents = desk.agents().await?;
    let parties = agents.iter().filter_map(|agent| agent.agent.as_ref());
    let agent = Among::Agents.find("--to", &named, parties)?;
    context.console.progress("removing the agent");
    desk.remove_agent(&agent, cascade(args.cascade)).await?;
    let said = "no agent of the provider any more";
    let json = json!({ "agent": agent, "removed": true });
    Ok(Report::new(json, said, said).and_lag())
}

fn cascade(wanted: bool) -> Cascade {
    match wanted {
        true => Cascade::Yes,
        false => Cascade::No,
    }
}

// ---- the agent's own ------------------------------------------------------------------------------

/// As the agent: whoever is logged in, or the system user.
async fn work(
    context: &Context<'_>,
    who: &AsArgs,
    writes: bool,
) -> Result<(Client, ClientWork), Failure> {
    let mut needed = vec![scopes::MY_CLIENTS_READ];
    if writes {
        needed.push(scopes::MY_CLIENTS_WRITE);
    }
    let client = context.altinn3(None, &needed).await?;
    let work = client.client_work().with_api(who.api());
    Ok((client, work))
}

async fn mine(context: &Context<'_>, args: &MineArgs) -> Result<Report, Failure> {
    let (_, work) = work(context, &args.who, false).await?;
    context.console.progress("reading one's own clients");
    let mut providers = Vec::new();
    if !args.providers.is_empty() {
        let known = work.providers().await?;
        for text in &args.providers {
            let named = Named::read("--provider", text)?;
            let parties = known.iter().filter_map(|one| one.provider.as_ref());
            providers.push(Among::MyProviders.find("--provider", &named, parties)?);
        }
    }
    let mine = work.clients(&providers).await?;
    let mut rows = Vec::new();
    for through in &mine {
        let [provider, _] = called(through.provider.as_ref());
        for client in &through.clients {
            for [name, number, role, may] in served(client) {
                rows.push([provider.clone(), name, number, role, may]);
            }
        }
    }
    let summary = format!("{} providers", mine.len());
    let text = match rows.is_empty() {
        true => "No clients.".to_owned(),
        false => table(["THROUGH", "CLIENT", "NUMBER", "ROLE", "MAY"], rows),
    };
    Ok(Report::new(
        json!({ "providers": masked(&mine)? }),
        text,
        summary,
    ))
}

async fn leave(context: &Context<'_>, args: &LeaveArgs) -> Result<Report, Failure> {
    let provider = Named::read("--provider", &args.of.provider)?;
    let client = args
        .client
        .as_deref()
        .map(|text| Named::read("--client", text))
        .transpose()?;
    let (_, work) = work(context, &args.of.who, true).await?;
    let known = work.providers().await?;
    let parties = known.iter().filter_map(|one| one.provider.as_ref());
    let provider = Among::MyProviders.find("--provider", &provider, parties)?;
    let Some(client) = client else {
        context.console.progress("leaving the provider");
        work.leave(&provider).await?;
        let said = "no agent of this provider any more";
        let json = json!({ "provider": provider, "left": true });
        return Ok(Report::new(json, said, said).and_lag());
    };
    let mine = work.clients(std::slice::from_ref(&provider)).await?;
    let parties = mine
        .iter()
        .flat_map(|through| &through.clients)
        .filter_map(|one| one.client.as_ref());
    let client = Among::MyClients.find("--client", &client, parties)?;
    context.console.progress("giving the client up");
    work.drop_client(&provider, &client, Cascade::Yes).await?;
    let said = "this client is not served any more";
    let json = json!({ "provider": provider, "client": client, "left": true });
    Ok(Report::new(json, said, said).and_lag())
}
