//! `altinn party`: step 3, from a number to the identity that the rights API speaks of.

use altinn_authz::altinn2;
use altinn_authz::altinn3::{Client, Identity, PartyUrn, PartyUuid, scopes};
use altinn_authz::wire::OpenEnum as _;
use clap::Args;
use serde_json::json;

use crate::args::{Api, ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::commands::token::person;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

const EXAMPLES: &str = "\
Examples:
  altinn party 310753831 --system-user 310753831
      Altinn 3: the party UUID of a customer, seen by the customer's system user (systembruker)
  altinn party 26899299344 --system-user 310753831
      a person, if the customer and the person are connected
  altinn party 310753831 --api altinn2 --name 'SNILL OPPRINNELIG ELG AS'
  altinn party 26899299344 --api altinn2 --last-name HEIS
      Altinn 2: the r-id, for anyone whose name one knows (ReporteeConversion)

Altinn 3 has no look-up from a number to a UUID: this looks among the parties that one may act for,
and among their connections, and never creates anything. A person who is not connected yet is named
by number and last name when something is given: altinn rights grant --to NUMBER --last-name NAME.";

/// Arguments of `altinn party`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PartyArgs {
    /// An organisation number (nine digits) or a person number (eleven)
    #[arg(value_name = "NUMBER")]
    number: String,

    /// The person's last name (Altinn 2 compares it)
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,

    /// The organisation's name (Altinn 2 compares it)
    #[arg(long, value_name = "NAME", conflicts_with = "last_name")]
    name: Option<String>,

    /// Which generation; altinn3 unless it is set [env: ALTINN_GENERATION]
    #[arg(long, value_name = "GENERATION")]
    api: Option<Api>,

    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

impl PartyArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        self.scopes
            .given()
            .into_iter()
            .chain(self.system_user.given())
            .collect()
    }
}

/// A number that a person gave: nine digits are an organisation's, eleven a person's.
pub(crate) fn identity(name: &str, text: &str) -> Result<Identity, Failure> {
    let digits = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .count();
    match digits {
        11 => Ok(person(name, text)?.into()),
        9 => Ok(organisation(name, text)?.into()),
        _ => Err(Failure::usage(format!(
            "{name}: this is neither an organisation number nor a person number: it has {digits} characters"
        ))
        .todo("give nine digits (organisation number) or eleven (national identity number or D-number)")),
    }
}

/// Looks a number up.
pub(crate) async fn party(context: &Context<'_>, args: &PartyArgs) -> Result<Report, Failure> {
    let identity = identity("NUMBER", &args.number)?;
    let api = match args.api {
        Some(api) => api,
        None => context.settings.generation()?,
    };
    match api {
        Api::Altinn3 => altinn3(context, &identity).await,
        Api::Altinn2 => altinn2(context, args, identity).await,
    }
}

async fn altinn3(context: &Context<'_>, identity: &Identity) -> Result<Report, Failure> {
    let itself = match identity {
        Identity::Organisation(number) => Some(*number),
        _ => None,
    };
    let needed = [scopes::AUTHORIZED_PARTIES, scopes::TO_OTHERS_READ];
    let client = context.altinn3(itself, &needed).await?;
    context
        .console
        .progress("looking among the parties one may act for, and their connections");
    let found = client.resolve(identity).await.map_err(|error| {
        let failure = Failure::from(error);
        match context.settings.system_user() {
            Ok(None)
                if failure.exit() == Exit::Refused
                    && !context.settings.is_person().unwrap_or_default() => failure.note("asked as the number's own system user, because no other was named; --system-user ORG names another"),
            _ => failure,
        }
    })?;
    let how = match found.connected_to() {
        None => "one may act for it".to_owned(),
        Some(party) => format!("connected to {party}"),
    };
    let json = json!({
        "api": "altinn3",
        "uuid": found.uuid(),
        "name": found.name(),
        "number": found.identity(),
        "connectedTo": found.connected_to(),
    });
    let text = format!(
        "{}  {}  {}  ({how})",
        found.uuid(),
        found.identity(),
        found.name()
    );
    let summary = format!(
        "{} is the party {}: {}, {how}",
        found.identity(),
        found.uuid(),
        found.name()
    );
    Ok(Report::new(json, text, summary))
}

async fn altinn2(
    context: &Context<'_>,
    args: &PartyArgs,
    identity: Identity,
) -> Result<Report, Failure> {
    let shown = identity.to_string();
    let (identity, name) = match identity {
        Identity::Organisation(number) => (altinn2::Identity::organisation(number), &args.name),
        Identity::Person(number) => (altinn2::Identity::person(number), &args.last_name),
        _ => {
            return Err(Failure::usage(
                "NUMBER: Altinn 2 does not know this kind of number",
            ));
        }
    };
    let identity = match name {
        Some(name) => identity.named(name),
        None => identity,
    };
    let session = context
        .enterprise_user(&[altinn2::scopes::REPORTEES])
        .await?;
    context
        .console
        .progress("asking Altinn 2 who has the number");
    let client = altinn2::Client::new(&session).with_language(context.settings.language()?);
    let found = client.resolve(&identity).await?;
    let (id, name) = (
        found.id.as_ref().map(ToString::to_string),
        found.name.trim(),
    );
    let json = json!({
        "api": "altinn2",
        "id": id,
        "name": name,
        "number": shown,
        "type": found.kind.as_ref().map(|kind| kind.as_wire()),
        "uuid": found.party_uuid,
    });
    let id = id.unwrap_or_default();
    let kind = found.kind.as_ref().map(|kind| kind.as_wire().to_owned());
    let kind = kind.map(|kind| format!("  ({kind})")).unwrap_or_default();
    let text = format!("{id}  {shown}  {name}{kind}");
    Ok(Report::new(
        json,
        text,
        format!("{shown} is the reportee {id}: {name}"),
    ))
}

/// A party, as a person names it.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    Uuid(PartyUuid),
    SystemUser(PartyUuid),
    Number(Identity),
}

impl Named {
    pub(crate) fn read(flag: &str, text: &str) -> Result<Self, Failure> {
        if let Some(uuid) = text.trim().strip_prefix("system-user:") {
            return uuid.parse().map(Self::SystemUser).map_err(|_| {
                Failure::usage(format!("{flag}: this is no system user's UUID"))
                    .todo("take it from `altinn system-user list` or `altinn rights list`")
            });
        }
        match text.trim().parse() {
            Ok(uuid) => Ok(Self::Uuid(uuid)),
            Err(_) => identity(flag, text).map(Self::Number),
        }
    }

    pub(crate) fn organisation(&self) -> Option<norwegian_ids::OrganisationNumber> {
        match self {
            Self::Number(Identity::Organisation(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) async fn resolve(&self, client: &Client) -> Result<PartyUuid, Failure> {
        match self {
            Self::Uuid(uuid) | Self::SystemUser(uuid) => Ok(uuid.clone()),
            Self::Number(number) => Ok(client.resolve(number).await?.uuid().clone()),
        }
    }
}

/// A party that a call names by URN: by number, or by party UUID.
pub(crate) fn party_urn(name: &str, text: &str) -> Result<PartyUrn, Failure> {
    if let Ok(uuid) = text.trim().parse::<PartyUuid>() {
        return Ok(uuid.into());
    }
    Ok(identity(name, text)?.into())
}
