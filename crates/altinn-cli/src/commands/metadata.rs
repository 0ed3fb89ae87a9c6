//! `altinn metadata`: what there is on Altinn 2, for everybody.

use altinn_authz::altinn2::models::{ServiceMetaData, ServiceType};
use altinn_authz::altinn2::odata::Query;
use altinn_authz::altinn2::{LookupSchema, Metadata, Service};
use altinn_authz::wire::OpenEnum as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::commands::rights::altinn2::parsed;
use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn metadata services --filter \"ServiceOwnerCode eq 'SKD'\"
  altinn metadata services --search skattemelding --language en
  altinn metadata service 1051/140619
  altinn metadata role-requirements 1051/140619
      which roles give access to the service, and to what of it
  altinn metadata codelist Postnr --json
  altinn metadata schema form 1051/140619 --data-format 5800 --version 43192

Nothing here needs a login or a key. The roles are in `altinn roles list`. Altinn 2 closed on
2026-06-19; Altinn 3's counterpart is `altinn packages` and the resource registry.";

/// `altinn metadata …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum MetadataCommand {
    /// List the services there are
    Services(ServicesArgs),
    /// Show one service, with its forms, steps and attachments
    Service(ServiceArgs),
    /// Say which roles give access to a service or an app
    RoleRequirements(RequirementsArgs),
    /// List the code lists there are
    Codelists,
    /// Show a code list
    Codelist(CodelistArgs),
    /// Print the XML schema of a form, an attachment or a lookup
    #[command(subcommand)]
    Schema(SchemaCommand),
}

/// Arguments of `altinn metadata services`.
#[derive(Args)]
pub(crate) struct ServicesArgs {
    /// Only those that fit this filter (OData)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Only those with this in a name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// At most so many
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Which service.
#[derive(Args)]
pub(crate) struct ServiceArgs {
    /// Code and edition, such as 1051/140619
    #[arg(value_name = "CODE/EDITION")]
    service: String,

    /// What kind of service it is
    #[arg(long, value_name = "KIND", default_value = "form-task")]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Something to fill in
    FormTask,
    /// Messages
    Correspondence,
    /// Something to look up
    Lookup,
}

/// Arguments of `altinn metadata role-requirements`.
#[derive(Args)]
pub(crate) struct RequirementsArgs {
    /// A service's code and edition (1051/140619), or an app (ORG/APP)
    #[arg(value_name = "SERVICE")]
    service: String,
}

/// Arguments of `altinn metadata codelist`.
#[derive(Args)]
pub(crate) struct CodelistArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,

    /// A version; the newest without
    #[arg(long, value_name = "NUMBER")]
    version: Option<i64>,
}

/// `altinn metadata schema …`.
#[derive(Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum SchemaCommand {
    /// Of a form; Example: altinn metadata schema form 1051/140619 --data-format 5800 --version 43192
    Form {
        /// Code and edition
        #[arg(value_name = "CODE/EDITION")]
        service: String,
        /// The data format's id
        #[arg(long, value_name = "ID")]
        data_format: String,
        /// The data format's version
        #[arg(long, value_name = "VERSION")]
        version: String,
    },
    /// Of an attachment; Example: altinn metadata schema attachment 1051/140619 --rule 3
    Attachment {
        /// Code and edition
        #[arg(value_name = "CODE/EDITION")]
        service: String,
        /// The attachment rule's number
        #[arg(long, value_name = "NUMBER")]
        rule: i64,
    },
    /// Of a lookup; Example: altinn metadata schema lookup 1051/140619 --answer
    Lookup {
        /// Code and edition
        #[arg(value_name = "CODE/EDITION")]
        service: String,
        /// Of the answer, not of the question
        #[arg(long)]
        answer: bool,
    },
}

/// The metadata, read without a login.
pub(crate) async fn open(context: &Context<'_>) -> Result<Metadata, Failure> {
    let transport = context.transport()?;
    let environment = context.settings.altinn(&*transport).await?;
    Ok(Metadata::open(&environment, transport).with_language(context.settings.language()?))
}

pub(crate) async fn metadata(
    context: &Context<'_>,
    command: &MetadataCommand,
) -> Result<Report, Failure> {
    // what cannot be right needs no server
    match command {
        MetadataCommand::Services(args) => services(context, args).await,
        MetadataCommand::Service(args) => {
            let service = service(&args.service)?;
            let kind = match args.kind {
                Kind::FormTask => ServiceType::FormTask,
                Kind::Correspondence => ServiceType::Correspondence,
                Kind::Lookup => ServiceType::Lookup,
            };
            let found = open(context).await?.service(&kind, &service).await?;
            let text = table(SERVICE, vec![row(&found)]);
            Ok(Report::new(
                masked(&found)?,
                text,
                format!("the service {}", args.service),
            ))
        }
        MetadataCommand::RoleRequirements(args) => requirements(context, args).await,
        MetadataCommand::Codelists => {
            let lists = open(context).await?.codelists(None).await?;
            let rows: Vec<[String; 2]> = lists
                .iter()
                .map(|list| {
                    let version = list.version.as_ref().map(ToString::to_string);
                    [list.name.clone(), version.unwrap_or_default()]
                })
                .collect();
            let summary = format!("{} code lists", rows.len());
            Ok(Report::new(
                json!({ "codelists": masked(&lists)? }),
                table(["NAME", "VERSION"], rows),
                summary,
            ))
        }
        MetadataCommand::Codelist(args) => {
            let list = open(context)
                .await?
                .codelist(&args.name, args.version)
                .await?;
            let rows: Vec<[String; 4]> = list
                .codes
                .iter()
                .map(|code| {
                    [&code.code, &code.value1, &code.value2, &code.value3]
                        .map(|text| text.clone().unwrap_or_default())
                })
                .collect();
            let summary = format!("{} codes", rows.len());
            let text = table(["CODE", "VALUE 1", "VALUE 2", "VALUE 3"], rows);
            Ok(Report::new(masked(&list)?, text, summary))
        }
        MetadataCommand::Schema(command) => schema(context, command).await,
    }
}

fn service(text: &str) -> Result<Service, Failure> {
    Ok(text.parse::<Service>()?)
}

const SERVICE: [&str; 4] = ["SERVICE", "NAME", "OWNER", "KIND"];

async fn services(context: &Context<'_>, args: &ServicesArgs) -> Result<Report, Failure> {
    let filter = args.filter.as_deref().map(parsed).transpose()?;
    let mut query: Query<ServiceMetaData> = match filter {
        Some(filter) => Query::from(filter),
        None => Query::new(),
    };
    if let (Some(limit), None) = (args.limit, &args.search) {
        query = query.at_most(limit);
    }
    context.console.progress("reading the services there are");
    let mut found = open(context).await?.services_pages(&query)?.all().await?;
    if let Some(search) = &args.search {
        let search = search.to_lowercase();
        let names = |service: &ServiceMetaData| {
            let names = [&service.name, &service.edition_name, &service.app];
            names
                .into_iter()
                .flatten()
                .any(|name| name.to_lowercase().contains(&search))
        };
        found.retain(names);
    }
    found.truncate(args.limit.unwrap_or(usize::MAX));
    let rows: Vec<[String; 4]> = found.iter().map(row).collect();
    let summary = format!("{} services", rows.len());
    let text = match rows.is_empty() {
        true => "No services.".to_owned(),
        false => table(SERVICE, rows),
    };
    Ok(Report::new(
        json!({ "services": masked(&found)? }),
        text,
        summary,
    ))
}

fn row(service: &ServiceMetaData) -> [String; 4] {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let edition = service
        .edition_code
        .as_ref()
        .map(|edition| format!("/{edition}"));
    let name = match (text(&service.name), text(&service.edition_name)) {
        (name, edition) if edition.is_empty() || edition == name => name,
        (name, edition) => format!("{name}, {edition}"),
    };
    let owner = [text(&service.owner_code), text(&service.owner_name)];
    [
        format!("{}{}", service.code, edition.unwrap_or_default()),
        name,
        owner.join(" ").trim().to_owned(),
        service
            .kind
            .as_ref()
            .map(|kind| kind.as_wire().to_owned())
            .unwrap_or_default(),
    ]
}

async fn requirements(context: &Context<'_>, args: &RequirementsArgs) -> Result<Report, Failure> {
    let metadata = open(context).await?;
    let found = match args.service.parse::<Service>() {
        Ok(service) => metadata.role_requirements(&service).await?,
        Err(_) => metadata.app_role_requirements(&args.service).await?,
    };
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|role| {
            let operations = role.operations.iter().map(|operation| {
                let name = operation.name.as_ref().map(ToString::to_string);
                operation.friendly_name.clone().or(name).unwrap_or_default()
            });
            [
                role.id.to_string(),
                role.code.clone().unwrap_or_default(),
                role.name.as_deref().unwrap_or_default().trim().to_owned(),
                operations.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    let summary = format!("{} roles", rows.len());
    let text = match rows.is_empty() {
        true => "No role gives access.".to_owned(),
        false => table(["NUMBER", "CODE", "NAME", "TO DO"], rows),
    };
    Ok(Report::new(
        json!({ "roles": masked(&found)? }),
        text,
        summary,
    ))
}

async fn schema(context: &Context<'_>, command: &SchemaCommand) -> Result<Report, Failure> {
    let metadata = open(context).await?;
    let schema = match command {
        SchemaCommand::Form {
            service: of,
            data_format,
            version,
        } => {
            metadata
                .form_schema(&service(of)?, data_format, version)
                .await?
        }
        SchemaCommand::Attachment { service: of, rule } => {
            metadata.attachment_schema(&service(of)?, *rule).await?
        }
        SchemaCommand::Lookup {
            service: of,
            answer,
        } => {
            let which = match answer {
                true => LookupSchema::Response,
                false => LookupSchema::Request,
            };
            metadata.lookup_schema(&service(of)?, which).await?
        }
    };
    Ok(Report::new(json!({ "schema": schema }), schema, "a schema"))
}
