//! `altinn packages`: the access packages (tilgangspakker) of Altinn 3, for everybody.

use altinn_authz::ErrorKind;
use altinn_authz::altinn3::metadata::models::Package;
use altinn_authz::altinn3::metadata::{Metadata, PackageSearch};
use altinn_authz::altinn3::registry::Registry;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn packages search skatt
      access packages by name or description; --in-resources looks at what they give access to as
      well
  altinn packages show skattegrunnlag
      what a package gives access to
  altinn packages resources skattemelding
      resources by id, title or keyword: what --resource takes
  altinn packages list --language en

Nothing here needs a login or a key. A package is given with
altinn rights grant --from ORG --to NUMBER --package CODE.";

/// `altinn packages …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum PackagesCommand {
    /// Find access packages
    Search(SearchArgs),
    /// List all access packages, by area
    List,
    /// Show one, with the resources in it
    Show(ShowArgs),
    /// Find resources in the resource registry
    Resources(ResourcesArgs),
}

/// Arguments of `altinn packages search`.
#[derive(Args)]
pub(crate) struct SearchArgs {
    /// What to look for
    #[arg(value_name = "WORDS", required = true, num_args = 1..)]
    words: Vec<String>,

    /// Look at the names of the packages' resources as well
    #[arg(long)]
    in_resources: bool,

    /// Only packages with resources of this service owner, by its code; may be given several times
    #[arg(long = "provider", value_name = "CODE")]
    providers: Vec<String>,
}

/// Arguments of `altinn packages show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Its code or URN
    #[arg(value_name = "CODE")]
    package: String,
}

/// Arguments of `altinn packages resources`.
#[derive(Args)]
pub(crate) struct ResourcesArgs {
    /// Words that its id, title or keywords have, each of them
    #[arg(value_name = "WORDS", required = true, num_args = 1..)]
    words: Vec<String>,
}

/// The metadata, read without a login.
pub(crate) async fn open(context: &Context<'_>) -> Result<Metadata, Failure> {
    let transport = context.transport()?;
    let environment = context.settings.altinn(&*transport).await?;
    Ok(Metadata::open(&environment, transport).with_language(context.settings.language()?))
}

/// The resource registry.
pub(crate) async fn registry(context: &Context<'_>) -> Result<Registry, Failure> {
    let transport = context.transport()?;
    let environment = context.settings.altinn(&*transport).await?;
    Ok(Registry::open(&environment, transport))
}

pub(crate) async fn packages(
    context: &Context<'_>,
    command: &PackagesCommand,
) -> Result<Report, Failure> {
    match command {
        PackagesCommand::Search(args) => search(context, args).await,
        PackagesCommand::List => list(context).await,
        PackagesCommand::Show(args) => show(context, args).await,
        PackagesCommand::Resources(args) => resources(context, args).await,
    }
}

async fn search(context: &Context<'_>, args: &SearchArgs) -> Result<Report, Failure> {
    let mut search = PackageSearch::new(args.words.join(" "));
    if args.in_resources {
        search = search.in_resources();
    }
    for provider in &args.providers {
        search = search.of_provider(provider);
    }
    context
        .console
        .progress("looking among the access packages");
    let found = open(context).await?.search_packages(&search).await?;
    let rows: Vec<[String; 4]> = found.iter().map(row).collect();
    shown(rows, json!({ "packages": masked(&found)? }))
}

async fn list(context: &Context<'_>) -> Result<Report, Failure> {
    context
        .console
        .progress("reading the access packages there are");
    let groups = open(context).await?.export().await?;
    let mut rows = Vec::new();
    for area in groups.iter().flat_map(|group| &group.areas) {
        for package in &area.packages {
            let mut row = row(package);
            if let Some(name) = &area.name {
                row[2].clone_from(name);
            }
            rows.push(row);
        }
    }
    shown(rows, json!({ "groups": masked(&groups)? }))
}

const COLUMNS: [&str; 4] = ["CODE", "NAME", "AREA", "CAN BE GIVEN"];

fn shown(rows: Vec<[String; 4]>, json: serde_json::Value) -> Result<Report, Failure> {
    let summary = format!("{} access packages", rows.len());
    let text = match rows.is_empty() {
        true => "No access packages.".to_owned(),
        false => table(COLUMNS, rows),
    };
    Ok(Report::new(json, text, summary))
}

fn row(package: &Package) -> [String; 4] {
    let area = package.area.as_ref().and_then(|area| area.name.clone());
    let can = match package.is_delegable.and(package.is_assignable) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    [
        code(package),
        package.name.clone().unwrap_or_default(),
        area.unwrap_or_default(),
        can.to_owned(),
    ]
}

/// What `--package` takes.
fn code(package: &Package) -> String {
    let urn = package.urn.as_deref().unwrap_or_default();
    urn.rsplit(':').next().unwrap_or(urn).to_owned()
}

async fn show(context: &Context<'_>, args: &ShowArgs) -> Result<Report, Failure> {
    let metadata = open(context).await?;
    let package = metadata.package(args.package.as_str()).await;
    let package = package.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::from(error)
            .note("`altinn packages search WORDS` finds access packages by their names"),
        _ => error.into(),
    })?;
    let resources = metadata.resources_of_package(&package.id).await?;
    let mut text = table(COLUMNS, vec![row(&package)]);
    if let Some(description) = &package.description {
        text.push_str(&format!("\n\n{description}"));
    }
    if !resources.is_empty() {
        let rows = resources
            .iter()
            .map(|resource| {
                let id = resource.ref_id.as_ref().map(ToString::to_string);
                [
                    id.unwrap_or_default(),
                    resource.name.clone().unwrap_or_default(),
                ]
            })
            .collect();
        text.push_str(&format!("\n\n{}", table(["RESOURCE", "NAME"], rows)));
    }
    let json = json!({ "package": masked(&package)?, "resources": masked(&resources)? });
    Ok(Report::new(
        json,
        text,
        format!("the access package {}", code(&package)),
    ))
}

async fn resources(context: &Context<'_>, args: &ResourcesArgs) -> Result<Report, Failure> {
    let language = context.settings.language()?;
    context.console.progress("reading the resource registry");
    let words = args.words.join(" ");
    let found = registry(context).await?.find(&words).await?;
    let rows: Vec<[String; 3]> = found
        .iter()
        .map(|resource| {
            let owner = resource.owner.as_ref();
            let owner = owner.and_then(|owner| owner.code.clone());
            [
                resource.identifier.to_string(),
                resource.title(language).unwrap_or_default().to_owned(),
                owner.unwrap_or_default(),
            ]
        })
        .collect();
    let summary = format!("{} resources", rows.len());
    let text = match rows.is_empty() {
        true => "No resources.".to_owned(),
        false => table(["RESOURCE", "TITLE", "OWNER"], rows),
    };
    Ok(Report::new(
        json!({ "resources": masked(&found)? }),
        text,
        summary,
    ))
}
