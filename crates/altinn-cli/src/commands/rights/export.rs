//! `altinn rights export`: who holds what for us, a row for each thing held, for spreadsheets and audits.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use altinn_authz::altinn2::models::{Right, RightHolder, RightSource, RoleType};
use altinn_authz::altinn3::{Client, Held, HeldRight, Holder, How, Relation, scopes};
use altinn_authz::wire::OpenEnum as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::args::Api;
use crate::commands::Report;
use crate::context::Context;
use crate::failure::{Exit, Failure};

use super::named::{Called, RIGHT_HOLDER};
use super::{AsArgs, altinn2, altinn3};
use crate::commands::party::Named;

const EXAMPLES: &str = "\
Examples:
  altinn rights export --from 310753831 > rights.csv
  altinn rights export --from 310753831 --output rights.csv --excel
      for Excel in Norwegian: semicolons, and a mark that says UTF-8
  altinn rights export --from 310753831 --json | jq '.rows[] | select(.direct)'
  altinn rights export --from 310753831 --api altinn2

One row for each access package, right, role and so on that somebody holds. Columns:
  readAt, source             when and from where it was read
  giver, giverNumber, giverName, receiver, receiverNumber, receiverName, receiverType
                             who gave and who holds; person numbers are masked
  through                    the party through which the receiver has access, if there is one
  kind                       package, resource, instance, role, service, or connection (nothing is
                             given on it)
  id, name, right            what it is, and what people call it (--language); of resources,
                             instances and services, a row for each right
  how                        given directly, by a role, through somebody
  direct                     whether it was given directly, so that `altinn rights revoke` can
                             take it back";

/// How many receivers are asked about at a time.
const PARALLEL: usize = 4;

/// Arguments of `altinn rights export`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// Who gives (avgiver): whose rights are held
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Write to this file, whole or not at all, readable by you alone
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// CSV, or JSON (as --json)
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,

    /// CSV as Excel in Norwegian opens it
    #[arg(long)]
    excel: bool,

    #[command(flatten)]
    pub(super) common: AsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
}

/// One thing that somebody holds. The names are the columns'.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    read_at: Timestamp,
    source: String,
    giver: String,
    giver_number: String,
    giver_name: String,
    receiver: String,
    receiver_number: String,
    receiver_name: String,
    receiver_type: String,
    through: String,
    pub(super) kind: &'static str,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) right: String,
    pub(super) how: String,
    pub(super) direct: bool,
}

pub(super) async fn export(context: &Context<'_>, args: &ExportArgs) -> Result<Report, Failure> {
    let api = args.common.api(context)?;
    let rows = match api {
        Api::Altinn3 => of_altinn3(context, args).await?,
        Api::Altinn2 => of_altinn2(context, args).await?,
    };
    let receivers: BTreeSet<_> = rows.iter().map(|row| row.receiver.as_str()).collect();
    let count = (rows.len(), receivers.len());
    let summary = format!("{} rows about {} receivers", count.0, count.1);
    let as_json = args.format == Format::Json || context.console.json();
    let json = json!({ "api": api.name(), "rows": rows });
    let text = match as_json {
        true => format!("{json:#}\n"),
        false => csv(&rows, args.excel)?,
    };
    let Some(path) = &args.output else {
        return Ok(Report::new(json, text.trim_end(), summary));
    };
    write(path, &text)?;
    Ok(Report::new(
        json!({ "api": api.name(), "file": path, "rows": count.0, "receivers": count.1 }),
        format!("{summary}, in {}", path.display()),
        summary,
    ))
}

async fn of_altinn3(context: &Context<'_>, args: &ExportArgs) -> Result<Vec<Row>, Failure> {
    let from = Named::read("--from", &args.from)?;
    let needed = [scopes::AUTHORIZED_PARTIES, scopes::TO_OTHERS_READ];
    let client = altinn3::client(context, &from, &needed).await?;
    let mut head = Row {
        source: format!("Altinn 3, {}", client.platform()),
        ..Row::default()
    };
    let giver = match &from {
        Named::Uuid(uuid) | Named::SystemUser(uuid) => uuid.clone(),
        Named::Number(number) => {
            let found = client.resolve(number).await?;
            head.giver_number = found.identity().to_string();
            found.name().clone_into(&mut head.giver_name);
            found.uuid().clone()
        }
    };
    head.giver = giver.to_string();
    context
        .console
        .progress("reading connections, access packages, resources and instances");
    let relation = Relation::given_by(&giver);
    let held = client.held_in(&relation).await?;
    let called = Called::of(context, held.iter()).await;
    let mut rows = Vec::new();
    for (read_at, holder) in in_full(context, &client, &relation, &held).await? {
        head.read_at = read_at;
        add_altinn3(&head, &holder, &called, &mut rows);
    }
    Ok(rows)
}

/// Each holder with each right on each resource, in the order of the listing.
async fn in_full(
    context: &Context<'_>,
    client: &Client,
    relation: &Relation,
    held: &Held,
) -> Result<Vec<(Timestamp, Holder)>, Failure> {
    let count = held.iter().count();
    let mut waiting = held.iter().cloned().enumerate();
    let mut running = JoinSet::new();
    let mut done: Vec<Option<(Timestamp, Holder)>> = vec![None; count];
    let mut read = 0;
    loop {
        while running.len() < PARALLEL
            && let Some((at, holder)) = waiting.next()
        {
            let (client, relation) = (client.clone(), relation.clone());
            running.spawn(async move { (at, client.with_rights(&relation, holder).await) });
        }
        let Some(ended) = running.join_next().await else {
            break;
        };
        let (at, holder) = ended
            .map_err(|error| Failure::new(Exit::Unreachable, format!("reading ended: {error}")))?;
        done[at] = Some((now(), holder?));
        read += 1;
        if read % 25 == 0 {
            let told = format!("read the rights of {read} of {count} receivers");
            context.console.progress(&told);
        }
    }
    Ok(done.into_iter().flatten().collect())
}

/// To the second.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn add_altinn3(head: &Row, holder: &Holder, called: &Called, rows: &mut Vec<Row>) {
    let person = holder.masked_person_number().unwrap_or_default();
    let head = Row {
        receiver: holder.party().to_string(),
        receiver_number: holder
            .organisation()
            .map_or_else(|| person.to_owned(), |number| number.to_string()),
        receiver_name: holder.name().to_owned(),
        receiver_type: holder
            .kind()
            .map(|kind| kind.as_wire().to_owned())
            .unwrap_or_default(),
        through: holder
            .through()
            .map(ToString::to_string)
            .unwrap_or_default(),
        ..head.clone()
    };
    let before = rows.len();
    for held in holder.packages() {
        rows.push(Row {
            kind: "package",
            id: held.package().to_string(),
            name: called
                .package(held.package())
                .unwrap_or_default()
                .to_owned(),
            how: altinn3::hows(held.how()),
            direct: held.is_direct(),
            ..head.clone()
        });
    }
    for held in holder.resources() {
        let row = Row {
            kind: "resource",
            id: held.resource().to_string(),
            name: held.name().unwrap_or_default().to_owned(),
            how: altinn3::hows(held.how()),
            ..head.clone()
        };
        add_rights(row, held.rights(), held.how(), rows);
    }
    for held in holder.instances() {
        let row = Row {
            kind: "instance",
            id: format!("{}@{}", held.resource(), held.instance()),
            name: held.name().unwrap_or_default().to_owned(),
            how: altinn3::hows(held.how()),
            ..head.clone()
        };
        add_rights(row, held.rights(), held.how(), rows);
    }
    for role in holder.roles().iter().filter(|role| *role != RIGHT_HOLDER) {
        let direct = holder.revocable_roles().contains(role);
        rows.push(Row {
            kind: "role",
            direct,
            how: if direct { "given directly" } else { "" }.to_owned(),
            id: role.clone(),
            name: called.role(role).unwrap_or_default().to_owned(),
            ..head.clone()
        });
    }
    if rows.len() == before {
        rows.push(Row {
            kind: "connection",
            ..head
        });
    }
}

/// A row for each right, or one for all when they were not read.
fn add_rights(row: Row, rights: Option<&[HeldRight]>, how: &[How], rows: &mut Vec<Row>) {
    let rights = rights.unwrap_or_default();
    for right in rights {
        let action = right.action().or(right.name());
        rows.push(Row {
            right: action.unwrap_or_default().to_owned(),
            direct: right.is_direct(),
            how: altinn3::hows(right.how()),
            ..row.clone()
        });
    }
    if rights.is_empty() {
        rows.push(Row {
            direct: how.iter().any(How::is_direct),
            ..row
        });
    }
}

async fn of_altinn2(context: &Context<'_>, args: &ExportArgs) -> Result<Vec<Row>, Failure> {
    let who = altinn2::who("--from", &args.from)?;
    let session = context
        .enterprise_user(&[altinn_authz::altinn2::scopes::DELEGATIONS_READ])
        .await?;
    let host = session.environment().altinn2().map(ToString::to_string);
    let client =
        altinn_authz::altinn2::Client::new(&session).with_language(context.settings.language()?);
    context
        .console
        .progress("reading who holds roles and rights, one by one");
    let mut head = Row {
        source: format!("Altinn 2, {}", host.unwrap_or_default()),
        giver: who.to_string(),
        ..Row::default()
    };
    let held = client.held(&who).await?;
    head.read_at = now();
    let mut rows = Vec::new();
    for holder in &held {
        add_altinn2(&head, holder, &mut rows);
    }
    Ok(rows)
}

fn add_altinn2(head: &Row, holder: &RightHolder, rows: &mut Vec<Row>) {
    let [name, id, number] = altinn2::named(holder);
    let head = Row {
        receiver: id,
        receiver_number: number,
        receiver_name: name,
        ..head.clone()
    };
    let before = rows.len();
    for role in holder.roles.iter().flat_map(|roles| roles.items()) {
        // role 0 only stands for the single rights below
        if role.role_definition_id.as_i64() == Some(0) {
            continue;
        }
        rows.push(Row {
            kind: "role",
            id: role.role_definition_id.to_string(),
            name: role.name.as_deref().unwrap_or_default().trim().to_owned(),
            how: altinn2::role_how(role),
            direct: role.id.is_some() && role.role_type != Some(RoleType::External),
            ..head.clone()
        });
    }
    for right in holder.rights.iter().flat_map(|rights| rights.items()) {
        rows.push(Row {
            kind: "service",
            id: service_id(right),
            right: right
                .action
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            how: altinn2::right_how(right),
            direct: right.source == Some(RightSource::DirectlyDelegated),
            ..head.clone()
        });
    }
    if rows.len() == before {
        rows.push(Row {
            kind: "connection",
            ..head
        });
    }
}

/// Code and edition, or of a right that names no service its own id.
fn service_id(right: &Right) -> String {
    let text = altinn2::service_of(right);
    let id = text
        .strip_prefix("service ")
        .or(text.strip_prefix("right "));
    id.unwrap_or(&text).to_owned()
}

fn csv(rows: &[Row], excel: bool) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Unreachable,
            format!("cannot be written as CSV: {error}"),
        )
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(if excel { b';' } else { b',' })
        .from_writer(Vec::new());
    if rows.is_empty() {
        // the columns' names stand there even so
        let mut one = csv::WriterBuilder::new().from_writer(Vec::new());
        one.serialize(Row::default())
            .map_err(|error| cannot(&error))?;
        let text = one.into_inner().map_err(|error| cannot(&error))?;
        let names = String::from_utf8_lossy(&text);
        let names = names.lines().next().unwrap_or_default().split(',');
        writer.write_record(names).map_err(|error| cannot(&error))?;
    }
    for row in rows {
        writer.serialize(row).map_err(|error| cannot(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| cannot(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| cannot(&error))?;
    Ok(match excel {
        true => format!("\u{feff}{text}"),
        false => text,
    })
}

/// Whole or not at all, and for the owner only: it says who may do what.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| {
        Failure::usage(format!("{}: cannot be written: {error}", path.display()))
            .todo("name a file in a folder that exists and that you may write to")
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}
