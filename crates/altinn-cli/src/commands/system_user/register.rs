//! `altinn system-user systems|register|unregister`: the vendor's own systems in the system register.

use altinn_auth::ErrorKind;
use altinn_auth::vendor::{Access, RegisteredSystem, System, Text};
use clap::Args;
use serde_json::{Value, json};

use super::{AccessArgs, access_json};
use crate::commands::Report;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

const SYSTEMS_EXAMPLES: &str = "\
Example:
  altinn system-user systems
      your systems in Altinn's system register, and what each may ask customers for";

const REGISTER_EXAMPLES: &str = "\
Examples:
  altinn system-user register --system 310742104_snegleregnskap --name Snegleregnskap \\
      --package skattegrunnlag --resource skf-skattemelding
      with the Maskinporten client of the settings as the one that acts for it
  altinn system-user register --system 310742104_sneglebyraa --name Sneglebyrå --hidden \\
      --package regnskapsforer-lonn
      for agents: packages for client relations (klientforhold) want a hidden system
  altinn system-user register --system 310742104_snegleregnskap --name Snegleregnskap --replace \\
      --package skattegrunnlag --package tilgangsstyrer
      the whole registration anew: what is not named is gone from it";

const UNREGISTER_EXAMPLES: &str = "\
Example:
  altinn system-user unregister --system 310742104_snegleregnskap --yes
      its system users get no more tokens, and its id is not free again: Altinn keeps the record";

/// Arguments of `altinn system-user systems`.
#[derive(Args)]
#[command(after_help = SYSTEMS_EXAMPLES)]
pub(crate) struct SystemsArgs {}

/// Arguments of `altinn system-user register`.
#[derive(Args)]
#[command(after_help = REGISTER_EXAMPLES)]
pub(crate) struct RegisterArgs {
    /// Its id: your organisation number, _ and a name without blanks
    #[arg(long, value_name = "ID")]
    system: String,

    /// Its name, as customers see it
    #[arg(long, value_name = "TEXT")]
    name: String,

    /// What it is for; the name without
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// A Maskinporten client that acts for it; may be given several times. Without: the settings' own
    #[arg(long = "acting-client", value_name = "ID")]
    clients: Vec<String>,

    #[command(flatten)]
    access: AccessArgs,

    /// An https address to which a request may send the customer back; may be given several times
    #[arg(long = "redirect-url", value_name = "URL")]
    redirect_urls: Vec<String>,

    /// Not for customers to choose by themselves
    #[arg(long)]
    hidden: bool,

    /// Replace the registration that is there
    #[arg(long)]
    replace: bool,
}

/// Arguments of `altinn system-user unregister`.
#[derive(Args)]
#[command(after_help = UNREGISTER_EXAMPLES)]
pub(crate) struct UnregisterArgs {
    /// Its id
    #[arg(long, value_name = "ID")]
    system: String,

    /// Yes, delete it: this cannot be undone
    #[arg(long)]
    yes: bool,
}

pub(super) async fn systems(context: &Context<'_>) -> Result<Report, Failure> {
    let vendor = context.altinn().await?.vendor();
    context.console.progress("reading the system register");
    let systems = vendor.systems().await?;
    let json: Vec<Value> = systems.iter().map(document).collect();
    let rows: Vec<[String; 4]> = systems
        .iter()
        .map(|system| {
            let access: Vec<_> = system.access.iter().map(super::access_word).collect();
            [
                system.id.clone().unwrap_or_default(),
                name(system.name.as_ref()),
                match system.is_visible {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                }
                .to_owned(),
                access.join(", "),
            ]
        })
        .collect();
    let summary = format!("{} systems", rows.len());
    let text = match rows.is_empty() {
        true => "No systems. Register one: altinn system-user register".to_owned(),
        false => table(["ID", "NAME", "VISIBLE", "MAY ASK FOR"], rows),
    };
    Ok(Report::new(json!({ "systems": json }), text, summary))
}

fn document(system: &RegisteredSystem) -> Value {
    json!({
        "id": system.id,
        "vendor": system.vendor.as_ref().map(|vendor| vendor.as_str()),
        "name": name(system.name.as_ref()),
        "clients": system.client_ids,
        "visible": system.is_visible,
        "access": access_json(&system.access),
    })
}

/// In Norwegian: customers see that one first.
fn name(text: Option<&Text>) -> String {
    text.map(|text| text.nb.clone()).unwrap_or_default()
}

pub(super) async fn register(
    context: &Context<'_>,
    args: &RegisterArgs,
) -> Result<Report, Failure> {
    let owner = args.system.split_once('_').map(|(owner, _)| owner);
    let owner = owner.filter(|_| !args.system.contains(char::is_whitespace));
    let owner = owner.ok_or_else(|| {
        Failure::usage(format!("--system: {} is no system's id", args.system))
            .todo("write your organisation number, _ and a name without blanks, such as 310742104_snegleregnskap")
    })?;
    let owner = organisation("--system", owner)?;
    for url in &args.redirect_urls {
        if !url
            .parse()
            .is_ok_and(|url: url::Url| url.scheme() == "https")
        {
            return Err(
                Failure::usage(format!("--redirect-url: {url} is no https address"))
                    .todo("give an address that begins with https://"),
            );
        }
    }
    let mut system = System::new(&args.system, owner, args.name.as_str());
    if let Some(description) = &args.description {
        system = system.description(description.as_str());
    }
    let mut clients = args.clients.clone();
    if clients.is_empty() {
        clients.push(context.settings.client_id()?.to_string());
    }
    for client in &clients {
        system = system.client_id(client);
    }
    for access in args.access.all() {
        system = system.access(access);
    }
    for url in &args.redirect_urls {
        system = system.redirect_url(url);
    }
    if args.hidden {
        system = system.hidden();
    }
    let vendor = context.altinn().await?.vendor();
    let access: Vec<Access> = args.access.all().collect();
    let (outcome, said) = match args.replace {
        true => {
            context.console.progress("replacing the registration");
            vendor.update(&system).await?;
            ("replaced", "Replaced: the registration is as you gave it.")
        }
        false => {
            context.console.progress("registering the system");
            vendor.register(&system).await?;
            ("registered", "Registered.")
        }
    };
    let json = json!({
        "id": args.system,
        "outcome": outcome,
        "clients": clients,
        "access": access_json(&access),
    });
    let text = format!(
        "{said}\nNext: altinn system-user request --system {} --customer ORG",
        args.system
    );
    Ok(Report::new(json, text, outcome))
}

pub(super) async fn unregister(
    context: &Context<'_>,
    args: &UnregisterArgs,
) -> Result<Report, Failure> {
    if !args.yes {
        return Err(Failure::new(
            Exit::Unsafe,
            format!(
                "{} would be deleted for good: its system users get no more tokens, and its id is not free again",
                args.system
            ),
        )
        .todo("if that is what you want, say so: --yes"));
    }
    let vendor = context.altinn().await?.vendor();
    context.console.progress("deleting the system");
    if let Err(error) = vendor.delete(&args.system).await {
        return Err(match error.kind() {
            ErrorKind::NotFound => {
                Failure::from(error).todo("look at what you have: altinn system-user systems")
            }
            _ => error.into(),
        });
    }
    let json = json!({ "id": args.system, "outcome": "deleted" });
    Ok(Report::new(
        json,
        format!("{} is deleted.", args.system),
        "deleted",
    ))
}
