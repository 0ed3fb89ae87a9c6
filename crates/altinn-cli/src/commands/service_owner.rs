//! `altinn service-owner`: what a service owner (tjenesteeier) sees and does; here what Altinn 2 had.

mod altinn3;

use altinn_authz::altinn2::models::Organization;
use altinn_authz::altinn2::odata::Query;
use altinn_authz::altinn2::{
    ContactsQuery, Identity, OrganisationsQuery, ReporteesQuery, ServiceOwner, scopes,
};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::commands::party::identity;
use crate::commands::rights::altinn2::{parsed, right_how, service_named};
use crate::commands::token::person;
use crate::commands::{Report, masked, roles};
use crate::console::table;
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::organisation;

const EXAMPLES: &str = "\
Examples:
  altinn service-owner parties 26899299344 --details
      whom a person may act for, and with what: access packages, roles, your own resources
  altinn service-owner draft --from 310753831 --to 24878123375 --resource skf-skattemelding
      drafts a request: --to asks --from; it prints the address at which --to confirms it
  altinn service-owner status ID --wait
  altinn service-owner withdraw ID
  altinn service-owner give-package --from 26899299344 --to 24878123375 \\
      --package innbygger-skatteforhold-privatpersoner
      between two others, where Altinn lets this service owner give this access package
  altinn service-owner take-package --from 26899299344 --to 24878123375 \\
      --package innbygger-skatteforhold-privatpersoner
  altinn service-owner scope-delegations skattefugl:grunnlag
      who has given whom the use of your scope (API-delegering)

Examples on Altinn 2, which closed on 2026-06-19 (with ALTINN_API_KEY):
  altinn service-owner reportees 26899299344
      whom a person may act for
  altinn service-owner rights 26899299344 --for 310753831
  altinn service-owner roles 26899299344 --for 310753831
  altinn service-owner organisations --email post@fjordkraftverk.example
  altinn service-owner organisation 310753831
      with the contacts of the organisation and of people in it

One is the service owner's organisation here, with a Maskinporten token that has the scope of the
command (each command's help names it). Every command is for the one generation that has it, so
there is no --api, and ALTINN_GENERATION changes nothing.";

/// `altinn service-owner …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum ServiceOwnerCommand {
    /// List whom somebody may act for
    Parties(altinn3::PartiesArgs),
    /// Draft a request for access, for somebody to confirm and send
    Draft(altinn3::DraftArgs),
    /// Say how far a drafted request is
    Status(altinn3::StatusArgs),
    /// Withdraw a drafted request
    Withdraw(altinn3::WithdrawArgs),
    /// Give an access package (tilgangspakke) from one party to another
    GivePackage(altinn3::PackageArgs),
    /// Take back an access package that you gave
    TakePackage(altinn3::PackageArgs),
    /// List who has given whom the use of your scope (API-delegering)
    ScopeDelegations(altinn3::ScopeDelegationsArgs),
    /// Altinn 2: list whom a person may act for
    Reportees(PersonArgs),
    /// Altinn 2: list the rights that a person has for a party
    Rights(AboutArgs),
    /// Altinn 2: list the roles that a person has for a party
    Roles(AboutArgs),
    /// Altinn 2: find organisations
    Organisations(OrganisationsArgs),
    /// Altinn 2: show one organisation with its contacts
    Organisation(OrganisationArgs),
}

impl ServiceOwnerCommand {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let scopes = match self {
            Self::Parties(args) => &args.scopes,
            Self::Draft(args) => &args.scopes,
            Self::Status(args) => &args.scopes,
            Self::Withdraw(args) => &args.scopes,
            Self::GivePackage(args) | Self::TakePackage(args) => &args.scopes,
            Self::ScopeDelegations(args) => &args.scopes,
            Self::Reportees(_)
            | Self::Rights(_)
            | Self::Roles(_)
            | Self::Organisations(_)
            | Self::Organisation(_) => return Vec::new(),
        };
        scopes.given().into_iter().collect()
    }
}

/// Which person.
#[derive(Args)]
pub(crate) struct PersonArgs {
    /// The person's number
    #[arg(value_name = "NUMBER")]
    person: String,

    /// Only those that fit this filter (OData)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
}

/// Which person, for whom.
#[derive(Args)]
pub(crate) struct AboutArgs {
    /// The person's number
    #[arg(value_name = "NUMBER")]
    person: String,

    /// For which party
    #[arg(long = "for", value_name = "NUMBER")]
    party: String,

    /// Only those that fit this filter (OData)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
}

/// Arguments of `altinn service-owner organisations`.
#[derive(Args)]
pub(crate) struct OrganisationsArgs {
    /// Reached by this e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Reached by this mobile number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,

    /// Only those that fit this filter (OData)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
}

/// Arguments of `altinn service-owner organisation`.
#[derive(Args)]
pub(crate) struct OrganisationArgs {
    /// Its number
    #[arg(value_name = "NUMBER")]
    number: String,
}

pub(crate) async fn run(
    context: &Context<'_>,
    command: &ServiceOwnerCommand,
) -> Result<Report, Failure> {
    match command {
        ServiceOwnerCommand::Parties(args) => altinn3::parties(context, args).await,
        ServiceOwnerCommand::Draft(args) => altinn3::draft(context, args).await,
        ServiceOwnerCommand::Status(args) => altinn3::status(context, args).await,
        ServiceOwnerCommand::Withdraw(args) => altinn3::withdraw(context, args).await,
        ServiceOwnerCommand::GivePackage(args) => altinn3::give_package(context, args).await,
        ServiceOwnerCommand::TakePackage(args) => altinn3::take_package(context, args).await,
        ServiceOwnerCommand::ScopeDelegations(args) => {
            altinn3::scope_delegations(context, args).await
        }
        ServiceOwnerCommand::Reportees(args) => reportees(context, args).await,
        ServiceOwnerCommand::Rights(args) => rights(context, args).await,
        ServiceOwnerCommand::Roles(args) => held_roles(context, args).await,
        ServiceOwnerCommand::Organisations(args) => organisations(context, args).await,
        ServiceOwnerCommand::Organisation(args) => one(context, args).await,
    }
}

async fn owner(context: &Context<'_>, scope: &str) -> Result<ServiceOwner, Failure> {
    let session = context.altinn().await?.organisation();
    let session = session.scopes(context.scopes(&[scope])?);
    context.console.progress("asking Altinn 2");
    Ok(ServiceOwner::new(&session).with_language(context.settings.language()?))
}

fn party(text: &str) -> Result<Identity, Failure> {
    match identity("--for", text)? {
        altinn_authz::altinn3::Identity::Organisation(number) => Ok(Identity::organisation(number)),
        altinn_authz::altinn3::Identity::Person(number) => Ok(Identity::person(number)),
        _ => Err(Failure::usage(
            "--for: Altinn 2 does not know this kind of number",
        )),
    }
}

async fn reportees(context: &Context<'_>, args: &PersonArgs) -> Result<Report, Failure> {
    let subject = person("NUMBER", &args.person)?;
    let mut query = ReporteesQuery::new();
    if let Some(filter) = &args.filter {
        query = query.filter(parsed(filter)?);
    }
    let owner = owner(context, scopes::SERVICE_OWNER_REPORTEES).await?;
    let found = match owner.reportees(&subject, &query).await {
        // who never logged in may act for nobody else
        Err(error) if error.lacks_user_profile() => Vec::new(),
        found => found?,
    };
    let rows: Vec<[String; 2]> = found
        .iter()
        .map(|party| {
            let number = party.organisation_number.as_ref();
            let number = number.map(|number| number.as_str().trim().to_owned());
            [party.name.trim().to_owned(), number.unwrap_or_default()]
        })
        .collect();
    let summary = format!("{} parties", rows.len());
    let text = match rows.is_empty() {
        true => "Nobody.".to_owned(),
        false => table(["NAME", "NUMBER"], rows),
    };
    Ok(Report::new(
        json!({ "reportees": masked(&found)? }),
        text,
        summary,
    ))
}

async fn rights(context: &Context<'_>, args: &AboutArgs) -> Result<Report, Failure> {
    let (subject, of) = (person("NUMBER", &args.person)?, party(&args.party)?);
    let filter = args.filter.as_deref().map(parsed).transpose()?;
    let owner = owner(context, scopes::SERVICE_OWNER_RIGHTS).await?;
    let found = owner.rights(&subject, &of, filter.as_ref()).await?;
    let rows: Vec<[String; 3]> = found
        .rights
        .iter()
        .map(|right| {
            let action = right.action.as_ref().map(ToString::to_string);
            [
                service_named(right, None),
                action.unwrap_or_default(),
                right_how(right),
            ]
        })
        .collect();
    let summary = format!("{} rights", rows.len());
    let text = match rows.is_empty() {
        true => "No rights.".to_owned(),
        false => table(["ON", "RIGHT", "HOW"], rows),
    };
    Ok(Report::new(masked(&found)?, text, summary))
}

async fn held_roles(context: &Context<'_>, args: &AboutArgs) -> Result<Report, Failure> {
    let (subject, of) = (person("NUMBER", &args.person)?, party(&args.party)?);
    let filter = args.filter.as_deref().map(parsed).transpose()?;
    let owner = owner(context, scopes::SERVICE_OWNER_RIGHTS).await?;
    let found = owner.roles(&subject, &of, filter.as_ref()).await?;
    Ok(Report::new(
        json!({ "roles": masked(&found)? }),
        roles::held(&found),
        format!("{} roles", found.len()),
    ))
}

async fn organisations(context: &Context<'_>, args: &OrganisationsArgs) -> Result<Report, Failure> {
    let matching: Query<Organization> = match &args.filter {
        Some(filter) => Query::from(parsed(filter)?),
        None => Query::new(),
    };
    let mut query = OrganisationsQuery::new().matching(matching.at_most(args.limit));
    if let Some(address) = &args.email {
        query = query.email(address);
    }
    if let Some(number) = &args.phone {
        query = query.phone_number(number);
    }
    let owner = owner(context, scopes::SERVICE_OWNER_ORGANISATIONS).await?;
    let found = owner.organisations(&query).await?;
    let rows: Vec<[String; 3]> = found.iter().map(row).collect();
    let summary = format!("{} organisations", rows.len());
    let text = match rows.is_empty() {
        true => "No organisations.".to_owned(),
        false => table(["NUMBER", "NAME", "FORM"], rows),
    };
    Ok(Report::new(
        json!({ "organisations": masked(&found)? }),
        text,
        summary,
    ))
}

fn row(organisation: &Organization) -> [String; 3] {
    [
        organisation.number.as_str().trim().to_owned(),
        organisation
            .name
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        organisation.form.clone().unwrap_or_default(),
    ]
}

async fn one(context: &Context<'_>, args: &OrganisationArgs) -> Result<Report, Failure> {
    let number = organisation("NUMBER", &args.number)?;
    let owner = owner(context, scopes::SERVICE_OWNER_ORGANISATIONS).await?;
    let found = owner.organisation(number).await?;
    let official = owner.official_contacts(number).await?;
    let people = owner
        .personal_contacts(number, &ContactsQuery::new())
        .await?;
    let mut text = table(["NUMBER", "NAME", "FORM"], vec![row(&found)]);
    let shown = |number: &Option<altinn_authz::wire::IntOrText>| {
        number.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let mut rows: Vec<[String; 3]> = Vec::new();
    for contact in &official {
        rows.push([
            "the organisation".to_owned(),
            contact.email.clone().unwrap_or_default(),
            shown(&contact.mobile_number),
        ]);
    }
    for contact in &people {
        rows.push([
            contact
                .name
                .as_deref()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            contact.email.clone().unwrap_or_default(),
            shown(&contact.mobile_number),
        ]);
    }
    if !rows.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(["REACHED", "E-MAIL", "MOBILE"], rows));
    }
    let json = json!({
        "organisation": masked(&found)?,
        "officialContacts": masked(&official)?,
        "personalContacts": masked(&people)?,
    });
    Ok(Report::new(
        json,
        text,
        format!("the organisation {number}"),
    ))
}
