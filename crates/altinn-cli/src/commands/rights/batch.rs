//! `altinn rights grant|revoke --file`: many at once, with a results file to go on from.

pub(super) mod fingerprint;
mod list;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use altinn_authz::altinn2::{self as api2, Delegation};
use altinn_authz::altinn3::{
    Client, Entitlement, Identity, Include, Outcome, PartyUuid, Receiver, Relation, scopes,
};
use altinn_authz::batch::{Batch, Ended, Row, State, Summary, name_not_tried_again};
use altinn_authz::{Error, ErrorKind, Report as Made};
use clap::Args;
use serde_json::{Value, json};

use self::fingerprint::FingerprintKey;
use self::list::Item;
use super::altinn2::To;
use super::named::Names;
use super::{ChangeArgs, altinn2, altinn3, names};
use crate::args::Api;
use crate::commands::Report;
use crate::commands::party::Named;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The group of rows that name somebody by number and name.
const NAMES: &str = "names";

/// Many at once.
#[derive(Args)]
#[command(next_help_heading = "Many at once")]
pub(super) struct ManyArgs {
    /// Take what is given or taken back from this file (CSV or JSON), a row for each; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["to", "last_name", "name", "packages", "resources", "instances", "roles", "services", "rights"]
    )]
    file: Option<PathBuf>,

    /// Where it is written down what came of each row; FILE.grant-results.jsonl (or
    /// FILE.revoke-results.jsonl) unless named
    #[arg(long, value_name = "FILE", requires = "file")]
    results: Option<PathBuf>,

    /// How many calls at a time, 1 to 16; rows that name a person by last name go one at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    parallel: u8,

    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Try rows again that were refused in an earlier run
    #[arg(long, requires = "file")]
    refused_again: bool,
}

impl ManyArgs {
    pub(super) fn is_given(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

/// What is done with each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Grant,
    Revoke,
}

/// Runs the list, or says what it would do.
pub(super) async fn run(
    context: &Context<'_>,
    args: &ChangeArgs,
    verb: Verb,
) -> Result<Report, Failure> {
    let many = &args.many;
    let Some(file) = &many.file else {
        return Err(Failure::usage("no list is given").todo("name one: --file FILE"));
    };
    let mut items = list::read(file, args.from.as_deref())?;
    match args.common.api(context)? {
        Api::Altinn3 => {
            read_names(context, file, &mut items).await?;
            let rows = checked(file, &items, |item| Row3::read(item, verb))?;
            let work = Altinn3::prepare(context, verb, rows).await?;
            if many.dry_run {
                return work.planned(context).await;
            }
            let rows = work.rows.iter().zip(&items);
            let rows = rows.map(|(row, item)| (row.label(verb), row.group(), item));
            let results = results(file, many, verb)?;
            let batch = open(context, args, &results, rows).await?;
            let uncertain: BTreeSet<usize> = batch.uncertain().collect();
            let call = |row| work.call(row, uncertain.contains(&row));
            go(context, results, batch, call).await
        }
        Api::Altinn2 => {
            // everything that needs no server first
            checked(file, &items, |item| {
                altinn2::who("from", &item.from)?;
                To::read(&item.to)?;
                altinn2::sound(&item.what)
            })?;
            let client = altinn2::client(context, &api2::scopes::GIVER).await?;
            let first = altinn2::who("from", &items[0].from)?;
            let what = items.iter().map(|item| &item.what);
            let known = altinn2::known_roles(context, &client, &first, what).await?;
            let rows = checked(file, &items, |item| Row2::read(item, known.as_ref()))?;
            let work = Altinn2 { verb, client, rows };
            if many.dry_run {
                return work.planned(context).await;
            }
            let rows = work.rows.iter().zip(&items);
            let rows = rows.map(|(row, item)| (row.label(verb), row.group(), item));
            let results = results(file, many, verb)?;
            let batch = open(context, args, &results, rows).await?;
            go(context, results, batch, |row| work.call(row)).await
        }
    }
}

/// Makes codes of the packages and resources that rows name as people do.
async fn read_names(context: &Context<'_>, file: &Path, items: &mut [Item]) -> Result<(), Failure> {
    let mut names = Names::default();
    let mut faults = Vec::new();
    for item in items.iter_mut() {
        match names.read(context, &item.what).await? {
            Ok(read) => item.what = read,
            Err(fault) => faults.push(format!("{}: {}", item.place, fault.sentence())),
        }
    }
    list::faults(file, items.len(), &faults)
}

/// Reads every row, and names all that cannot be used.
fn checked<T>(
    file: &Path,
    items: &[Item],
    read: impl Fn(&Item) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for item in items {
        match read(item) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(format!("{}: {}", item.place, fault.sentence())),
        }
    }
    list::faults(file, items.len(), &faults).map(|()| rows)
}

async fn open<'i>(
    context: &Context<'_>,
    args: &ChangeArgs,
    results: &Path,
    rows: impl Iterator<Item = (String, String, &'i Item)>,
) -> Result<Batch, Failure> {
    let many = &args.many;
    let key = FingerprintKey::find()?;
    let environment = context.rights_url(args.common.api(context)?).await?;
    let rows = rows.map(|(label, group, item)| {
        let row = Row::new(label).in_group(group);
        row.with_fingerprint(match &key {
            Some(key) => key.of(format!("{environment}\n{}", item.identity()).as_bytes()),
            // without a key it says nothing of the row: a person number could be found by trying all
            None => environment.clone(),
        })
    });
    let batch = Batch::open(results, rows)?.parallel(many.parallel.into());
    Ok(match many.refused_again {
        true => batch.refused_again(),
        false => batch,
    })
}

fn results(file: &Path, many: &ManyArgs, verb: Verb) -> Result<PathBuf, Failure> {
    if let Some(results) = &many.results {
        return Ok(results.clone());
    }
    if file.as_os_str() == "-" {
        return Err(Failure::usage(
            "a list from standard input has no name to call the results by",
        )
        .todo("say where the results go: --results FILE"));
    }
    let mut name = file.as_os_str().to_owned();
    // a list may serve for both
    name.push(match verb {
        Verb::Grant => ".grant-results.jsonl",
        Verb::Revoke => ".revoke-results.jsonl",
    });
    Ok(name.into())
}

/// Runs what is due, and says how it went.
async fn go<C, E, P>(
    context: &Context<'_>,
    results: PathBuf,
    batch: Batch,
    call: impl Fn(usize) -> C,
) -> Result<Report, Failure>
where
    C: Future<Output = Result<Made<E, P>, Error>>,
    E: std::fmt::Display,
    P: serde::Serialize,
{
    let due = batch.due().count();
    let before = batch.summary();
    if before.done + before.found + before.already + before.refused > 0 && due > 0 {
        context
            .console
            .note(&format!("Going on: {before}; {due} to call."));
    }
    if due == 0 {
        context.console.note(&format!(
            "Nothing is called: by {} every row was seen to in an earlier run. To run the list anew, name another file with --results.",
            results.display()
        ));
    }
    let mut progress = context.console.progress_of(due);
    let ended: RefCell<Vec<Ended>> = RefCell::default();
    let interrupted = context.console.on_interrupt();
    let console = context.console;
    let batch = batch.until(async move {
        // a sender that goes away is no Ctrl-C
        if interrupted.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let summary = batch
        .run(call, |end| {
            progress.tick(&end.to_string());
            ended.borrow_mut().push(end.clone());
        })
        .await;
    drop(progress);
    let ended = ended.into_inner();
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) if ended.is_empty() => return Err(error.into()),
        Err(error) => return Ok(cut_short(error.into(), &ended, due, results)),
    };
    if summary.interrupted {
        console.note("Interrupted: what was under way has been waited for and written down.");
    }
    Ok(shown(&summary, &ended, &results, before.refused))
}

/// The results could not be written any more: what was written down stands.
fn cut_short(failure: Failure, ended: &[Ended], due: usize, results: PathBuf) -> Report {
    let failure = failure.note(
        "nothing more was called; rows that were under way are looked at first when it is run again",
    );
    let summary = format!("{} of {due} rows were called and written down", ended.len());
    let json =
        json!({ "results": results, "rows": ended.iter().map(row_json).collect::<Vec<_>>() });
    let text = format!(
        "{summary}.\nWhat came of each row: {}\nRun the same command again to go on.",
        results.display()
    );
    Report {
        exit: Exit::Partly,
        failures: vec![failure],
        ..Report::new(json, text, summary)
    }
}

fn row_json(end: &Ended) -> Value {
    json!({
        "row": end.row() + 1,
        "what": end.label(),
        "state": end.state(),
        "report": end.report(),
        "error": end.error(),
    })
}

fn shown(summary: &Summary, ended: &[Ended], results: &Path, refused_before: usize) -> Report {
    let why = |end: &Ended| match (end.error(), end.report()) {
        (Some(error), _) => error.to_string(),
        (None, Some(report)) => not_done(report),
        (None, None) => String::new(),
    };
    let failed = |end: &&Ended| {
        !matches!(
            end.state(),
            State::Done | State::Found | State::Already | State::Begun
        )
    };
    let rows: Vec<[String; 4]> = ended
        .iter()
        .filter(failed)
        .map(|end| {
            [
                (end.row() + 1).to_string(),
                end.state().to_string(),
                end.label().to_owned(),
                why(end),
            ]
        })
        .collect();
    let mut text = String::new();
    if !rows.is_empty() {
        text = table(["ROW", "STATE", "WHAT", "WHY"], rows);
        text.push_str("\n\n");
    }
    text.push_str(&format!(
        "{summary}.\nWhat came of each row: {}",
        results.display()
    ));
    let mut failures = Vec::new();
    if let Some(error) = &summary.stopped {
        failures.push(
            Failure::from(error.clone())
                .note("every row that follows would have failed in the same way, or made it worse: none was called"),
        );
    }
    let unfinished = summary.left + summary.begun + summary.failed + summary.partly;
    let stopped_by = summary.stopped.as_ref().map(Error::kind);
    match stopped_by {
        // the row is due again once it is another
        Some(ErrorKind::WrongName) => text.push_str(
            "\nCheck that name, and correct it where it stands in the list; then run the same command again to go on.",
        ),
        None if unfinished > 0 => text.push_str("\nRun the same command again to go on."),
        _ => {}
    }
    if refused_before > 0 {
        text.push_str(&format!(
            "\n{refused_before} rows were refused in an earlier run and not tried again; --refused-again tries them."
        ));
    }
    let changed = summary.done + summary.found + summary.partly > 0;
    let exit = match (summary.interrupted, summary.is_complete()) {
        (true, _) => Exit::Interrupted,
        (_, true) => Exit::Done,
        _ if changed || summary.already > 0 => Exit::Partly,
        _ => failures.first().map_or(Exit::Refused, Failure::exit),
    };
    let json = json!({
        "results": results,
        "summary": {
            "done": summary.done, "found": summary.found, "already": summary.already,
            "partly": summary.partly, "refused": summary.refused, "failed": summary.failed,
            "begun": summary.begun, "left": summary.left, "interrupted": summary.interrupted,
        },
        "rows": ended.iter().map(row_json).collect::<Vec<_>>(),
    });
    Report {
        exit,
        failures,
        ..Report::new(json, text, summary.to_string())
    }
}

/// Of a report, the steps that did not reach what they were for.
fn not_done(report: &Value) -> String {
    let steps = report["steps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = steps.iter().filter_map(|step| {
        let outcome = step["outcome"].as_str()?;
        if ["done", "already"].contains(&outcome) {
            return None;
        }
        let details = step["details"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let details: Vec<String> = details.iter().map(text).collect();
        let error = text(&step["error"]["error"]);
        let why = match details.is_empty() {
            true => error,
            false => details.join("; "),
        };
        Some(match why.is_empty() {
            true => format!("{} {outcome}", text(&step["step"])),
            false => why,
        })
    });
    said.collect::<Vec<_>>().join("; ")
}

// ---- Altinn 3 ------------------------------------------------------------------------------------

struct Row3 {
    from_text: String,
    from: Named,
    to: Named,
    to_shown: String,
    last_name: Option<String>,
    what: Vec<Entitlement>,
}

impl Row3 {
    fn read(item: &Item, verb: Verb) -> Result<Self, Failure> {
        let from = Named::read("from", &item.from)?;
        let to = Named::read("to", &item.to.to.clone().unwrap_or_default())?;
        altinn3::no_organisation_name(&item.to)?;
        // who holds something is found by number: a list may serve for both
        let last_name = item.to.last_name.clone().filter(|_| verb == Verb::Grant);
        if verb == Verb::Grant {
            altinn3::no_role(&item.what)?;
        }
        if last_name.is_some() && !matches!(to, Named::Number(Identity::Person(_))) {
            return Err(altinn3::last_name_of_no_person());
        }
        let to_shown = match &to {
            Named::Uuid(uuid) | Named::SystemUser(uuid) => uuid.to_string(),
            Named::Number(number) => number.to_string(),
        };
        Ok(Self {
            from_text: item.from.clone(),
            from,
            to,
            to_shown,
            last_name,
            what: altinn3::entitlements(&item.what)?,
        })
    }

    /// Rows of one receiver share a connection, and names are tried one by one.
    fn group(&self) -> String {
        match &self.last_name {
            Some(_) => NAMES.to_owned(),
            None => format!("{} {}", self.from_text, self.to_shown),
        }
    }

    fn label(&self, verb: Verb) -> String {
        let from = match &self.from {
            Named::Uuid(uuid) | Named::SystemUser(uuid) => uuid.to_string(),
            Named::Number(number) => number.to_string(),
        };
        let name = self.last_name.as_deref().unwrap_or_default();
        labelled(
            verb,
            &names(&self.what),
            &format!("{} {name}", self.to_shown),
            &from,
        )
    }
}

fn labelled(verb: Verb, what: &str, to: &str, from: &str) -> String {
    let (to, from) = (to.trim(), from.trim());
    match verb {
        Verb::Grant => format!("give {what} to {to} for {from}"),
        Verb::Revoke => format!("take {what} back from {to} for {from}"),
    }
}

/// One giver: who asks for it, and whom it is connected to.
struct Giver {
    client: Client,
    uuid: PartyUuid,
    /// By number.
    known: HashMap<String, PartyUuid>,
}

struct Altinn3 {
    verb: Verb,
    rows: Vec<Row3>,
    givers: BTreeMap<String, Giver>,
}

impl Altinn3 {
    async fn prepare(context: &Context<'_>, verb: Verb, rows: Vec<Row3>) -> Result<Self, Failure> {
        let mut givers = BTreeMap::new();
        for row in &rows {
            if givers.contains_key(&row.from_text) {
                continue;
            }
            context
                .console
                .progress("reading the giver and those it is connected to");
            let client = altinn3::client(context, &row.from, &scopes::GIVER).await?;
            let uuid = row.from.resolve(&client).await?;
            let known = connected(&client, &uuid).await?;
            givers.insert(
                row.from_text.clone(),
                Giver {
                    client,
                    uuid,
                    known,
                },
            );
        }
        Ok(Self { verb, rows, givers })
    }

    async fn call(
        &self,
        row: usize,
        is_uncertain: bool,
    ) -> Result<altinn_authz::altinn3::Report, Error> {
        let row = &self.rows[row];
        let giver = &self.givers[&row.from_text];
        let client = &giver.client;
        match (self.verb, &row.to, &row.last_name) {
            (Verb::Grant, Named::Number(Identity::Person(number)), Some(name)) => {
                let receiver = match giver.known(&row.to) {
                    Some(known) if is_uncertain => Receiver::party(known.clone()),
                    // the call before may have had the answer that the name is wrong
                    None if is_uncertain => return Err(name_not_tried_again()),
                    _ => Receiver::person(number.clone(), name),
                };
                client.grant(&giver.uuid, &receiver, row.what.clone()).await
            }
            (Verb::Grant, to, _) => {
                let receiver = match to {
                    Named::SystemUser(uuid) => Receiver::system_user(uuid),
                    to => Receiver::party(giver.resolve(to).await?),
                };
                client.grant(&giver.uuid, &receiver, row.what.clone()).await
            }
            (Verb::Revoke, to, _) => {
                let receiver = giver.resolve(to).await?;
                client
                    .revoke(&giver.uuid, &receiver, row.what.clone())
                    .await
            }
        }
    }

    /// What a run would do, by reading alone.
    async fn planned(&self, context: &Context<'_>) -> Result<Report, Failure> {
        let mut progress = context.console.progress_of(self.rows.len());
        let mut held = BTreeMap::new();
        for (text, giver) in &self.givers {
            held.insert(text, giver.client.held(&giver.uuid, None).await?);
        }
        let mut checked: HashMap<(String, String), Vec<String>> = HashMap::new();
        let mut rows = Vec::new();
        for row in &self.rows {
            let giver = &self.givers[&row.from_text];
            let known = giver.known(&row.to);
            let holder = known.and_then(|uuid| held[&row.from_text].by(uuid));
            let holds = |what: &Entitlement| {
                holder.is_some_and(|holder| match what {
                    Entitlement::Package(package) => holder
                        .packages()
                        .iter()
                        .any(|held| held.package() == package && held.is_direct()),
                    Entitlement::Resource(resource) | Entitlement::Rights { resource, .. } => {
                        holder
                            .resources()
                            .iter()
                            .any(|held| held.resource() == resource)
                    }
                    Entitlement::Instance {
                        resource, instance, ..
                    } => holder.instances().iter().any(|held| {
                        held.resource() == resource && held.instance() == instance.as_str()
                    }),
                    Entitlement::Role(code) => {
                        holder.roles().iter().any(|held| held == code.as_str())
                    }
                    _ => false,
                })
            };
            let mut says = Vec::new();
            for what in &row.what {
                says.push(match self.verb {
                    Verb::Revoke if holds(what) => "would take back".to_owned(),
                    Verb::Revoke => "holds nothing of it directly".to_owned(),
                    Verb::Grant if holds(what) && matches!(what, Entitlement::Package(_)) => {
                        "already so".to_owned()
                    }
                    Verb::Grant => {
                        let key = (row.from_text.clone(), what.to_string());
                        if !checked.contains_key(&key) {
                            let reasons = giver.refusals(what).await?;
                            checked.insert(key.clone(), reasons);
                        }
                        match checked[&key].as_slice() {
                            [] if known.is_none() && row.last_name.is_none() => {
                                "would be refused: the receiver is not known here, and no last name is given".to_owned()
                            }
                            [] if known.is_none() => "would connect and give".to_owned(),
                            [] => "would give".to_owned(),
                            reasons => format!("would be refused: {}", reasons.join("; ")),
                        }
                    }
                });
            }
            progress.tick("");
            rows.push((row.label(self.verb), says.join("; ")));
        }
        drop(progress);
        Ok(plan(rows))
    }
}

impl Giver {
    fn known<'a>(&'a self, named: &'a Named) -> Option<&'a PartyUuid> {
        match named {
            Named::Uuid(uuid) | Named::SystemUser(uuid) => Some(uuid),
            Named::Number(Identity::Organisation(number)) => self.known.get(number.as_str()),
            Named::Number(Identity::Person(number)) => self.known.get(number.expose()),
            Named::Number(_) => None,
        }
    }

    async fn resolve(&self, named: &Named) -> Result<PartyUuid, Error> {
        match (self.known(named), named) {
            (Some(uuid), _) | (None, Named::Uuid(uuid) | Named::SystemUser(uuid)) => {
                Ok(uuid.clone())
            }
            // says how a party becomes visible
            (None, Named::Number(number)) => Ok(self.client.resolve(number).await?.uuid().clone()),
        }
    }

    /// Why it may not be given; nothing when it may.
    async fn refusals(&self, what: &Entitlement) -> Result<Vec<String>, Error> {
        let report = self.client.may_give(&self.uuid, [what.clone()]).await?;
        let refused = report
            .steps()
            .iter()
            .filter_map(|step| match step.outcome() {
                Outcome::Refused(reasons) => Some(reasons.clone()),
                _ => None,
            });
        Ok(refused.flatten().collect())
    }
}

/// The parties that one acts for and that the giver is connected to, by number: read once for all rows.
async fn connected(
    client: &Client,
    giver: &PartyUuid,
) -> Result<HashMap<String, PartyUuid>, Failure> {
    let mut known = HashMap::new();
    for party in &client.parties().await? {
        if let Some(number) = party.organisation() {
            known.insert(number.to_string(), party.uuid().clone());
        }
    }
    let mut waiting = client
        .connections(Relation::given_by(giver), Include::parties())
        .await?;
    while let Some(connection) = waiting.pop() {
        waiting.extend(connection.connections);
        let Some(party) = connection.party else {
            continue;
        };
        let organisation = party.organisation_number.as_ref();
        let person = party.person_number.as_ref();
        let number = organisation
            .map(|number| number.as_str())
            .or(person.map(|number| number.as_str()));
        if let Some(number) = number {
            known.insert(number.trim().to_owned(), party.id);
        }
    }
    Ok(known)
}

// ---- Altinn 2 ------------------------------------------------------------------------------------

struct Row2 {
    who: api2::Who,
    to: To,
    to_shown: String,
    what: Vec<Delegation>,
}

impl Row2 {
    fn read(item: &Item, known: Option<&api2::Roles>) -> Result<Self, Failure> {
        let number = item.to.to.clone().unwrap_or_default();
        let name = item.to.last_name.as_ref().or(item.to.name.as_ref());
        Ok(Self {
            who: altinn2::who("from", &item.from)?,
            to: To::read(&item.to)?,
            to_shown: match name {
                Some(name) => format!("{number} {name}"),
                None => number,
            },
            what: altinn2::delegations(&item.what, known)?,
        })
    }

    fn group(&self) -> String {
        match &self.to {
            To::Named(..) => NAMES.to_owned(),
            _ => format!("{} {}", self.who, self.to_shown),
        }
    }

    fn label(&self, verb: Verb) -> String {
        let from = self.who.to_string();
        labelled(verb, &names(&self.what), &self.to_shown, &from)
    }
}

struct Altinn2 {
    verb: Verb,
    client: api2::Client,
    rows: Vec<Row2>,
}

impl Altinn2 {
    async fn call(&self, row: usize) -> Result<api2::Report, Error> {
        let row = &self.rows[row];
        let receiver = row.to.of(&self.client, &row.who).await?;
        let what = row.what.iter().cloned();
        match self.verb {
            Verb::Grant => self.client.grant(&row.who, &receiver, what).await,
            Verb::Revoke => self.client.revoke(&row.who, &receiver, what).await,
        }
    }

    /// Altinn 2 has no check beforehand: it is read what is held.
    async fn planned(&self, context: &Context<'_>) -> Result<Report, Failure> {
        let mut progress = context.console.progress_of(self.rows.len());
        let mut held: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut rows = Vec::new();
        for row in &self.rows {
            let giver = row.who.to_string();
            if !held.contains_key(&giver) {
                held.insert(giver.clone(), self.client.held(&row.who).await?);
            }
            let holder = held[&giver].iter().find(|holder| row.to.is(holder));
            let holds = |what: &Delegation| {
                holder.is_some_and(|holder| match what {
                    Delegation::Role(role) => holder
                        .roles
                        .iter()
                        .flat_map(|roles| roles.items())
                        .any(|held| held.role_definition_id.as_i64() == Some(*role)),
                    Delegation::Service(service) | Delegation::Rights { service, .. } => holder
                        .rights
                        .iter()
                        .flat_map(|rights| rights.items())
                        .any(|held| held.service_code.as_deref() == Some(service.code())),
                    _ => false,
                })
            };
            let says = row.what.iter().map(|what| match (self.verb, what) {
                (Verb::Revoke, what) if holds(what) => "would take back",
                (Verb::Revoke, _) => "is not held",
                (Verb::Grant, Delegation::Role(_)) if holds(what) => "already so",
                (Verb::Grant, _) => "would give what is not held yet",
            });
            let says: Vec<&str> = says.collect();
            progress.tick("");
            rows.push((row.label(self.verb), says.join("; ")));
        }
        drop(progress);
        Ok(plan(rows))
    }
}

fn plan(rows: Vec<(String, String)>) -> Report {
    let json: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(at, (what, says))| json!({ "row": at + 1, "what": http_transport::redact::text(what), "plan": says }))
        .collect();
    let count = rows.len();
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(at, (what, says))| {
            let what = http_transport::redact::text(&what);
            [(at + 1).to_string(), what, says]
        })
        .collect();
    let text = format!(
        "{}\n\nNothing was changed. Without --dry-run it is done.",
        table(["ROW", "WHAT", "PLAN"], rows)
    );
    Report::new(
        json!({ "dryRun": true, "rows": json }),
        text,
        format!("a plan of {count} rows"),
    )
}
