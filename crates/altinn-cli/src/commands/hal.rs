//! `altinn hal`: reads any JSON document as HAL.

use std::io::Read as _;
use std::path::PathBuf;

use altinn_authz::altinn2::models;
use altinn_authz::to_masked_json;
use clap::{Args, ValueEnum};
use hal::{Inspection, List, Reader, Tolerance};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::commands::Report;
use crate::console::table;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn api GET /api/my/authorization/rights | altinn hal -
      links, embedded lists, and what is irregular (Altinn 2 has isTemplated in place of templated)
  altinn hal rights.json --model Right
      the document as rights, in whatever wrapping it has: a HAL list, an array, one alone
  altinn hal rights.json --json | jq '.links[].href'

HAL (https://datatracker.ietf.org/doc/html/draft-kelly-json-hal-11) is how Altinn 2 writes JSON:
`_links` says where one can go on, `_embedded` holds the items of a list. What is irregular is said
and never changes the exit code; what is no JSON at all is exit code 2. No network is used.";

/// Arguments of `altinn hal`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HalArgs {
    /// The document; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Decode it as this model of Altinn 2, and print it; person numbers are masked
    #[arg(long, value_name = "NAME", ignore_case = true)]
    model: Option<Model>,
}

/// The models of spec/altinn2.md §7 that the library has.
#[derive(Clone, Copy, ValueEnum)]
enum Model {
    /// Someone one may act for (avgiver)
    #[value(name = "Reportee")]
    Reportee,
    /// Someone who holds roles or rights
    #[value(name = "RightHolder")]
    RightHolder,
    /// A role (rolle) that is held
    #[value(name = "Role")]
    Role,
    /// A right (rettighet) to a service
    #[value(name = "Right")]
    Right,
    /// A right to an Altinn app
    #[value(name = "AppRight")]
    AppRight,
    /// What a role is, and which rights it gives
    #[value(name = "RoleDefinition")]
    RoleDefinition,
    /// Which roles an operation of a service asks for
    #[value(name = "RoleRequirement")]
    RoleRequirement,
    /// A service (tjeneste) and its editions
    #[value(name = "ServiceMetaData")]
    ServiceMetaData,
    /// A form task and what it asks for
    #[value(name = "FormMetaData")]
    FormMetaData,
    /// A list of codes
    #[value(name = "Codelist")]
    Codelist,
    /// An organisation, as a service owner sees it
    #[value(name = "Organization")]
    Organization,
    /// An organisation's official contact point
    #[value(name = "OfficialContact")]
    OfficialContact,
    /// A person's contact point for an organisation
    #[value(name = "PersonalContact")]
    PersonalContact,
    /// A consent (samtykke) that was given
    #[value(name = "Consent")]
    Consent,
    /// A request for a consent
    #[value(name = "ConsentRequest")]
    ConsentRequest,
    /// What a consent token says
    #[value(name = "ConsentToken")]
    ConsentToken,
    /// A request for a delegation
    #[value(name = "DelegationRequest")]
    DelegationRequest,
    /// An enterprise user (virksomhetsbruker)
    #[value(name = "EnterpriseUser")]
    EnterpriseUser,
    /// Rights, as a service owner sees them
    #[value(name = "SoRights")]
    SoRights,
    /// App rights, as a service owner sees them
    #[value(name = "SoAppRights")]
    SoAppRights,
    /// The keys that tokens are signed with
    #[value(name = "JwkSet")]
    JwkSet,
    /// The token issuer's metadata
    #[value(name = "AuthorizationServerMetadata")]
    AuthorizationServerMetadata,
    /// What an error says in its body
    #[value(name = "ErrorBody")]
    ErrorBody,
}

impl Model {
    fn decode(self, bytes: &[u8]) -> Result<Report, Undecoded> {
        match self {
            Self::Reportee => decoded::<models::Reportee>(bytes),
            Self::RightHolder => decoded::<models::RightHolder>(bytes),
            Self::Role => decoded::<models::Role>(bytes),
            Self::Right => decoded::<models::Right>(bytes),
            Self::AppRight => decoded::<models::AppRight>(bytes),
            Self::RoleDefinition => decoded::<models::RoleDefinition>(bytes),
            Self::RoleRequirement => decoded::<models::RoleRequirement>(bytes),
            Self::ServiceMetaData => decoded::<models::ServiceMetaData>(bytes),
            Self::FormMetaData => decoded::<models::FormMetaData>(bytes),
            Self::Codelist => decoded::<models::Codelist>(bytes),
            Self::Organization => decoded::<models::Organization>(bytes),
            Self::OfficialContact => decoded::<models::OfficialContact>(bytes),
            Self::PersonalContact => decoded::<models::PersonalContact>(bytes),
            Self::Consent => decoded::<models::Consent>(bytes),
            Self::ConsentRequest => decoded::<models::ConsentRequest>(bytes),
            Self::ConsentToken => decoded::<models::ConsentToken>(bytes),
            Self::DelegationRequest => decoded::<models::DelegationRequest>(bytes),
            Self::EnterpriseUser => decoded::<models::EnterpriseUser>(bytes),
            Self::SoRights => decoded::<models::SoRights>(bytes),
            Self::SoAppRights => decoded::<models::SoAppRights>(bytes),
            Self::JwkSet => decoded::<models::JwkSet>(bytes),
            Self::AuthorizationServerMetadata => {
                decoded::<models::AuthorizationServerMetadata>(bytes)
            }
            Self::ErrorBody => decoded::<models::ErrorBody>(bytes),
        }
    }
}

/// Reads a document.
pub(crate) fn hal(args: &HalArgs) -> Result<Report, Failure> {
    let shown = args.file.display().to_string();
    let bytes = if shown == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(&args.file)
    };
    let bytes = bytes.map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .todo("check the path, or give - to read standard input")
    })?;
    let unreadable = |error: hal::Error| {
        Failure::usage(format!("{shown}: {error}"))
            .todo("give a file with one JSON document, UTF-8, as the server sent it")
    };
    let found = hal::inspect(&bytes).map_err(unreadable)?;
    let Some(model) = args.model else {
        return Ok(inspected(&found));
    };
    model.decode(&bytes)
    .map_err(|error| match error {
        Undecoded::Hal(error) => unreadable(error).todo(format!(
            "choose the model that the document has ({}), or leave --model out to see its links and lists",
            Model::value_variants()
                .iter()
                .filter_map(|model| Some(model.to_possible_value()?.get_name().to_owned()))
                .collect::<Vec<_>>()
                .join(", ")
        )),
        Undecoded::Json(error) => Failure::usage(format!("{shown}: cannot be written again: {error}")),
    })
}

enum Undecoded {
    Hal(hal::Error),
    Json(serde_json::Error),
}

fn decoded<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<Report, Undecoded> {
    let list: List<T> = Reader::new(Tolerance::Lenient)
        .read(bytes)
        .map_err(Undecoded::Hal)?;
    let alone = *list.form() == hal::Form::Single;
    let items = to_masked_json(list.items()).map_err(Undecoded::Json)?;
    let items = match (alone, items) {
        (true, Value::Array(mut items)) if items.len() == 1 => items.remove(0),
        (_, items) => items,
    };
    let (text, summary) = (format!("{items:#}"), format!("{} decoded", list.len()));
    Ok(Report::new(items, text, summary))
}

fn inspected(found: &Inspection) -> Report {
    let mut parts = Vec::new();
    if !found.links().is_empty() {
        let rows = found.links().iter().map(|link| {
            let marked = if link.is_templated() { "yes" } else { "" };
            [
                link.relation().to_owned(),
                link.href().to_owned(),
                marked.to_owned(),
                link.pointer().to_owned(),
            ]
        });
        parts.push(table(["LINK", "HREF", "TEMPLATE", "WHERE"], rows.collect()));
    }
    if !found.embedded().is_empty() {
        let rows = found.embedded().iter().map(|list| {
            let kind = if list.is_list() { "list" } else { "single" };
            [
                list.relation().to_owned(),
                list.count().to_string(),
                kind.to_owned(),
                list.pointer().to_owned(),
            ]
        });
        parts.push(table(["EMBEDDED", "ITEMS", "AS", "WHERE"], rows.collect()));
    }
    if parts.is_empty() {
        parts.push("There are no links and no embedded resources in it.".to_owned());
    }
    parts.extend(irregular(found));
    let summary = format!(
        "{} links, {} embedded lists, {} irregularities",
        found.links().len(),
        found.embedded().len(),
        found.irregularities().len()
    );
    let json = json!({
        "links": found.links().iter().map(|link| json!({
            "relation": link.relation(),
            "href": link.href(),
            "templated": link.is_templated(),
            "pointer": link.pointer(),
        })).collect::<Vec<_>>(),
        "embedded": found.embedded().iter().map(|list| json!({
            "relation": list.relation(),
            "count": list.count(),
            "list": list.is_list(),
            "pointer": list.pointer(),
        })).collect::<Vec<_>>(),
        "irregularities": found.irregularities().iter().map(|one| json!({
            "what": one.kind().to_string(),
            "forbidden": one.is_forbidden(),
            "pointer": one.pointer(),
        })).collect::<Vec<_>>(),
    });
    Report::new(json, parts.join("\n\n"), summary)
}

fn irregular(found: &Inspection) -> Option<String> {
    let rows: Vec<_> = found
        .irregularities()
        .iter()
        .map(|one| {
            let weight = if one.is_forbidden() {
                "against the format"
            } else {
                "not recommended"
            };
            [
                one.kind().to_string(),
                weight.to_owned(),
                one.pointer().to_owned(),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| table(["IRREGULAR", "", "WHERE"], rows))
}
