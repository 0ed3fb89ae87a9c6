//! `altinn rights migrate`: from a saved listing of Altinn 2 to what corresponds on Altinn 3.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use altinn_authz::ErrorKind;
use altinn_authz::altinn2::models::RightHolder;
use altinn_authz::altinn3::PartyUuid;
use altinn_authz::batch::{self, Batch, Row};
use altinn_authz::correspondence::{Becomes, Finding, Row as Corresponds, Table};
use altinn_authz::rights::{Applied, Change, Entitlement, Party, PartyName, Plan, Rights, State};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::altinn2::named;
use super::batch::fingerprint::FingerprintKey;
use super::check;
use crate::args::{Api, ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::commands::party::identity;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  altinn rights list --from 310753831 --api altinn2 --json > old.json
      while Altinn 2 answers; later, a listing that was saved then, also Altinn's own answers
  altinn rights migrate --from-file old.json
      what was held, what corresponds on Altinn 3 and who says so; no network is used
  altinn rights migrate --from-file old.json --from 310753831 --receivers people.csv
      and what would come of it: what is there already, what will be refused; nothing is changed
  altinn rights migrate --from-file old.json --from 310753831 --receivers people.csv --apply
      gives it; what came of each receiver is written to old.json.migrate-results.jsonl, so run it
      again after whatever stopped it, and it does what is left

Nothing is given twice, even when it is killed: what it is not certain of is looked at anew. A last
name that may have been tried is not tried again by itself, since two wrong ones lock for an hour:
correct it in --receivers, or say --refused-again. With another --table it is another run: name
another file with --results.

Altinn 2 masks the numbers of people (240178*****), so the listing does not say whom to give to.
Say it for each id of the listing in a file (readable by you alone), --receivers, as CSV:
  id,to,lastName
  r50170466,26899299344,HEIS
  r50170467,5f0c1e7a-3b52-4d6e-9a41-000000000005,
`to` is a person number (with lastName), an organisation number, or a party UUID. Organisations
stand in the listing with their numbers and need no row.

What corresponds to what is a table with a source for each row, from Altinn's own import of what
was delegated. Nothing is guessed: roles that were spread over many packages, and services, have
no row. Rows of your own, such as a service owner's word, come from a file, --table, as CSV:
  altinn2,altinn3,source
  service:4936/1,altinn3:resource:skf-postlogg#read,letter of 2026-03-02
  role:UTINN,altinn3:package:skattegrunnlag altinn3:package:post-og-telekommunikasjon,our own choice";

/// Arguments of `altinn rights migrate`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MigrateArgs {
    /// The saved listing of Altinn 2 (JSON); - is standard input
    #[arg(long, value_name = "FILE")]
    from_file: PathBuf,

    /// Who gives on Altinn 3 (avgiver); without it no network is used
    #[arg(long, value_name = "NUMBER")]
    from: Option<String>,

    /// Who the people of the listing are: CSV with id,to,lastName
    #[arg(long, value_name = "FILE")]
    receivers: Option<PathBuf>,

    /// More of what corresponds to what: CSV with altinn2,altinn3,source
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,

    /// Give it; without this it is only shown
    #[arg(long, requires = "from")]
    apply: bool,

    /// Where it is written down what came of each receiver; FILE.migrate-results.jsonl unless named
    #[arg(long, value_name = "FILE", requires = "apply")]
    results: Option<PathBuf>,

    /// Try receivers again that were refused in an earlier run
    #[arg(long, requires = "apply")]
    refused_again: bool,

    #[command(flatten)]
    pub(super) scopes: ScopeArgs,

    #[command(flatten)]
    pub(super) system_user: SystemUserArgs,
}

/// One who held something, and what becomes of it.
struct Moved {
    id: String,
    name: String,
    number: String,
    findings: Vec<Finding>,
    give: Vec<Entitlement>,
    receiver: Result<PartyName, String>,
    /// The receiver by number alone, where the name would be looked up.
    connected: Option<PartyName>,
    /// The receiver as it was written, for fingerprints alone.
    raw: String,
    /// A kind of receiver that Altinn 3 does not have.
    has_no_like: bool,
    planned: Option<Plan>,
    applied: Option<Applied>,
    failure: Option<Failure>,
    /// What became of it in an earlier run.
    before: Option<batch::State>,
}

pub(super) async fn migrate(context: &Context<'_>, args: &MigrateArgs) -> Result<Report, Failure> {
    let holders = altinn_authz::altinn2::read_right_holders(&read(&args.from_file)?)
        .map_err(|error| Failure::from(error).while_doing(args.from_file.display()))?;
    let receivers = match &args.receivers {
        Some(file) => receivers(file)?,
        None => BTreeMap::new(),
    };
    if let Some(unknown) = receivers.keys().find(|id| {
        !holders
            .iter()
            .any(|holder| holder.id.as_str() == id.as_str())
    }) {
        return Err(Failure::usage(format!(
            "--receivers: nobody in the listing has the id {unknown}"
        ))
        .todo("use the ids of the listing (the column ID)"));
    }
    let mut known = Table::standard();
    if let Some(file) = &args.table {
        known = known.with(rows(file)?);
    }
    let mut moved = Vec::new();
    for holder in &holders {
        moved.push(Moved::of(
            holder,
            &known,
            receivers.get(holder.id.as_str()),
        )?);
    }
    match &args.from {
        Some(from) if args.apply => {
            let results = results(args)?;
            let ended = give(context, args, from, &results, &mut moved).await?;
            let mut report = report(args, &moved);
            report.json["results"] = json!(results);
            report.text.push_str(&format!(
                "\nWhat came of each receiver: {}",
                results.display()
            ));
            match ended {
                Ok(summary) if summary.interrupted => report.exit = Exit::Interrupted,
                Ok(_) => {}
                // what was given is told, and that it is not written down
                Err(error) => {
                    report.exit = Exit::Partly;
                    report.failures.push(Failure::from(error).note(
                        "nothing more was called; who was under way is looked at first when it is run again",
                    ));
                }
            }
            Ok(report)
        }
        Some(from) => {
            plan(context, from, &mut moved).await?;
            Ok(report(args, &moved))
        }
        None => Ok(report(args, &moved)),
    }
}

fn results(args: &MigrateArgs) -> Result<PathBuf, Failure> {
    if let Some(results) = &args.results {
        return Ok(results.clone());
    }
    if args.from_file.as_os_str() == "-" {
        return Err(Failure::usage(
            "a listing from standard input has no name to call the results by",
        )
        .todo("say where the results go: --results FILE"));
    }
    let mut name = args.from_file.as_os_str().to_owned();
    name.push(".migrate-results.jsonl");
    Ok(name.into())
}

/// Plans for everyone.
async fn plan(context: &Context<'_>, from: &str, moved: &mut [Moved]) -> Result<(), Failure> {
    let (rights, giver) = open(context, from).await?;
    context
        .console
        .progress("checking what may be given, and what is there already");
    let mut stopped = false;
    for one in moved {
        let Ok(receiver) = &one.receiver else {
            continue;
        };
        if one.give.is_empty() {
            continue;
        }
        if stopped {
            one.failure = Some(not_tried(&one.shown()));
            continue;
        }
        match rights.plan(&one.change(&giver, receiver)).await {
            Ok(plan) => one.planned = Some(plan),
            Err(error) => {
                stopped = ends_the_run(error.kind());
                let shown = one.shown();
                one.failure = Some(Failure::from(error).while_doing(shown));
            }
        }
    }
    Ok(())
}

async fn open(context: &Context<'_>, from: &str) -> Result<(Box<dyn Rights>, Party), Failure> {
    let rights = check::open(context, Api::Altinn3, from).await?;
    let giver = rights.resolve(&check::giver(Api::Altinn3, from)?).await?;
    Ok((rights, giver))
}

/// Gives to everyone who is due, one after the other. Each is planned right before, so that what a killed
/// run did is seen. The inner error is of the results, which could not be written any more.
async fn give(
    context: &Context<'_>,
    args: &MigrateArgs,
    from: &str,
    results: &Path,
    moved: &mut [Moved],
) -> Result<Result<batch::Summary, altinn_authz::Error>, Failure> {
    let (rights, giver) = open(context, from).await?;
    let key = FingerprintKey::find()?;
    let environment = context.rights_url(Api::Altinn3).await?;
    // all of the listing, so that each stays where it is when it becomes known who somebody is
    let rows = moved.iter().map(|one| {
        let what = join(&one.give);
        let raw = format!("{environment}\n{from}\n{}\n{what}", one.raw);
        Row::new(one.shown()).with_fingerprint(match &key {
            Some(key) => key.of(raw.as_bytes()),
            // without a key it says nothing of the receiver
            None => environment.clone(),
        })
    });
    let batch = Batch::open(results, rows)?;
    for (row, one) in moved.iter_mut().enumerate() {
        one.before = batch.state(row);
    }
    let batch = match args.refused_again {
        true => batch.refused_again(),
        false => batch,
    };
    let due: BTreeSet<usize> = batch.due().collect();
    let uncertain: BTreeSet<usize> = batch.uncertain().collect();
    context
        .console
        .progress("checking what may be given, giving it, and reading again");
    let mut progress = context.console.progress_of(due.len());
    let interrupted = context.console.on_interrupt();
    let batch = batch.until(async move {
        // a sender that goes away is no Ctrl-C
        if interrupted.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let made: RefCell<BTreeMap<usize, Applied>> = RefCell::default();
    let failed: RefCell<BTreeMap<usize, altinn_authz::Error>> = RefCell::default();
    let call = async |row: usize| {
        let one: &Moved = &moved[row];
        let applied = one.go(&*rights, &giver, uncertain.contains(&row)).await;
        match &applied {
            Ok(applied) => made.borrow_mut().insert(row, applied.clone()).map(drop),
            Err(error) => failed.borrow_mut().insert(row, error.clone()).map(drop),
        };
        applied
    };
    let summary = batch.run(call, |end| progress.tick(&end.to_string())).await;
    drop(progress);
    let (mut made, mut failed) = (made.into_inner(), failed.into_inner());
    for (row, one) in moved.iter_mut().enumerate() {
        if !one.is_to_be_given() {
            continue;
        }
        one.applied = made.remove(&row);
        let shown = one.shown();
        one.failure = match failed.remove(&row) {
            Some(error) => Some(Failure::from(error).while_doing(shown)),
            None if one.applied.is_none() && due.contains(&row) => Some(not_tried(&shown)),
            None if one.applied.is_none() && one.before == Some(batch::State::Refused) => Some(
                Failure::new(
                    Exit::Refused,
                    format!("{shown}: refused in an earlier run, and not tried again"),
                )
                .todo("correct it in --receivers, or try it once more with --refused-again"),
            ),
            None => None,
        };
    }
    Ok(summary)
}

fn not_tried(shown: &str) -> Failure {
    Failure::new(Exit::Refused, format!("{shown}: not tried"))
        .todo("set right what ended the run, then run it again")
}

fn ends_the_run(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PersonLookupLocked
            | ErrorKind::Authentication
            | ErrorKind::TooManyRequests
            | ErrorKind::Unreachable
    )
}

impl Moved {
    fn of(holder: &RightHolder, known: &Table, named_as: Option<&To>) -> Result<Self, Failure> {
        let [name, id, number] = named(holder);
        let findings = known.findings(holder);
        let mut give: Vec<Entitlement> = Vec::new();
        for finding in &findings {
            if let Becomes::Given(what) = finding.becomes() {
                for one in what {
                    if !give.contains(one) {
                        give.push(one.clone());
                    }
                }
            }
        }
        let organisation = holder.organisation_number.as_ref();
        let receiver = match (named_as, organisation) {
            (Some(to), _) => {
                to.agrees_with(&id, &number)?;
                Ok(to.name.clone())
            }
            (None, _) if holder.user_name.is_some() => Err(
                "an enterprise user (virksomhetsbruker): Altinn 3 has none; a system user (systembruker) takes its place, altinn system-user request"
                    .to_owned(),
            ),
            (None, Some(number)) => match number.checked() {
                Ok(number) => Ok(PartyName::organisation(number)),
                Err(_) => Err("its organisation number has a wrong check digit".to_owned()),
            },
            (None, None) => Err(format!(
                "the person's number is masked in the listing: give it with a row for {id} in --receivers"
            )),
        };
        Ok(Self {
            id,
            name,
            number,
            findings,
            give,
            connected: named_as.and_then(|to| to.connected.clone()),
            raw: named_as.map_or_else(
                || organisation.map_or_else(String::new, |number| number.as_str().to_owned()),
                |to| to.raw.clone(),
            ),
            before: None,
            has_no_like: receiver.is_err() && holder.user_name.is_some(),
            receiver,
            planned: None,
            applied: None,
            failure: None,
        })
    }

    fn shown(&self) -> String {
        format!("{} {}", self.id, self.name)
    }

    fn change(&self, giver: &Party, receiver: &PartyName) -> Change {
        Change::new(giver, receiver).give(self.give.iter().cloned())
    }

    /// Whether there is something to give, and a receiver to give it to.
    fn is_to_be_given(&self) -> bool {
        !self.give.is_empty() && self.receiver.is_ok()
    }

    /// Plans and gives. Of an uncertain one a call before was cut off: its last name may have been
    /// refused, so it is looked for among those who are connected.
    async fn go(
        &self,
        rights: &dyn Rights,
        giver: &Party,
        is_uncertain: bool,
    ) -> Result<Applied, altinn_authz::Error> {
        let receiver = match &self.receiver {
            Ok(_) if self.give.is_empty() => {
                return Err(batch::not_called("nothing is to be given"));
            }
            Ok(receiver) => receiver,
            Err(why) => return Err(batch::not_called(why)),
        };
        let connected = self.connected.as_ref().filter(|_| is_uncertain);
        let receiver = match connected {
            None => receiver.clone(),
            Some(connected) => match rights.resolve(connected).await {
                Ok(party) => PartyName::id(party.id()),
                Err(error) if error.kind() == ErrorKind::UnknownParty => {
                    return Err(batch::name_not_tried_again());
                }
                Err(error) => return Err(error),
            },
        };
        let plan = rights.plan(&self.change(giver, &receiver)).await?;
        rights.apply(&plan, &receiver).await
    }

    fn failures(&self, apply: bool) -> Vec<Failure> {
        let mut failures: Vec<Failure> = self.failure.iter().cloned().collect();
        if let Some(applied) = &self.applied {
            failures.extend(check::failures(applied, &self.shown()));
        }
        let is_due = apply && !self.give.is_empty() && !self.has_no_like;
        if let (Err(why), true) = (&self.receiver, is_due) {
            failures.push(
                Failure::usage(format!("{}: not given: {why}", self.shown()))
                    .todo("say who it is (--receivers FILE), then run it again"),
            );
        }
        failures
    }

    fn to_json(&self) -> Value {
        let (receiver, why_not) = match &self.receiver {
            Ok(name) => (Some(name.to_string()), None),
            Err(why) => (None, Some(why)),
        };
        json!({
            "id": self.id,
            "name": self.name,
            "number": self.number,
            "receiver": receiver,
            "receiverMissing": why_not,
            "held": self.findings,
            "give": self.give,
            "plan": self.planned.as_ref().or(self.applied.as_ref().map(Applied::plan)),
            "applied": self.applied,
            "before": self.before,
            "error": self.failure.as_ref().map(|failure| failure.to_json()["error"].clone()),
        })
    }
}

fn report(args: &MigrateArgs, moved: &[Moved]) -> Report {
    let mut lines = Vec::new();
    for one in moved {
        for finding in &one.findings {
            let (becomes, why) = match finding.becomes() {
                Becomes::Given(what) => (join(what), String::new()),
                Becomes::Otherwise { what, how } => (join(what), format!("not given here: {how}")),
                Becomes::Nothing { why } => ("-".to_owned(), why.clone()),
                _ => (String::new(), String::new()),
            };
            let was = match finding.name() {
                Some(name) => format!("{} {name}", finding.was()),
                None => finding.was().to_owned(),
            };
            let source = finding.source().unwrap_or("the listing").to_owned();
            let id = one.id.clone();
            lines.push([id, one.name.clone(), was, becomes, why, source]);
        }
    }
    let mut text = match lines.is_empty() {
        true => "Nobody held anything.".to_owned(),
        false => table(["ID", "NAME", "WAS", "BECOMES", "WHY", "SOURCE"], lines),
    };
    let (mut given, mut failures) = (0, Vec::new());
    for one in moved {
        let said = match (&one.applied, &one.planned, &one.receiver) {
            _ if one.give.is_empty() => continue,
            (Some(applied), _, _) => applied.to_string(),
            (None, Some(plan), _) => plan.to_string(),
            (None, None, Err(why)) => why.clone(),
            (None, None, Ok(receiver)) => match &one.failure {
                Some(failure) => failure.sentence().to_owned(),
                None if one.before.is_some() => {
                    given += one.give.len();
                    format!("{}: given already in an earlier run", join(&one.give))
                }
                None => format!("{} can be given to {receiver}", join(&one.give)),
            },
        };
        text.push_str(&format!(
            "\n\n{}\n  {}",
            one.shown(),
            said.replace('\n', "\n  ")
        ));
        if let Some(applied) = &one.applied {
            let good = |step: &&altinn_authz::rights::Step| {
                matches!(step.state(), State::Done | State::Already)
                    && matches!(step.act(), altinn_authz::rights::Act::Give(_))
            };
            given += applied.steps().iter().filter(good).count();
        }
        failures.extend(one.failures(args.apply));
    }
    let (mut can, mut cannot) = (0, 0);
    for finding in moved.iter().flat_map(|one| &one.findings) {
        match finding.becomes() {
            Becomes::Given(_) => can += 1,
            _ => cannot += 1,
        }
    }
    let mut summary = format!("{can} correspond to something that can be given, {cannot} do not");
    if args.apply {
        summary.push_str(&format!("; {given} are there now"));
    }
    text.push_str(&format!("\n\n{summary}."));
    if !args.apply && can > 0 {
        text.push_str("\nNothing was changed; --from NUMBER --apply gives it.");
    }
    let exit = match failures.first() {
        None => Exit::Done,
        Some(_) if given > 0 => Exit::Partly,
        Some(first) => first.exit(),
    };
    let json = json!({
        "applied": args.apply,
        "holders": moved.iter().map(Moved::to_json).collect::<Vec<_>>(),
        "corresponding": can,
        "without": cannot,
    });
    Report {
        exit,
        failures,
        ..Report::new(json, text, summary)
    }
}

fn join(what: &[Entitlement]) -> String {
    let all: Vec<String> = what.iter().map(ToString::to_string).collect();
    all.join(" ")
}

// ---- files ------------------------------------------------------------------------------------

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    read.map(|()| bytes).map_err(|error| {
        Failure::usage(format!("{}: {error}", file.display()))
            .todo("check the path, or give - to read standard input")
    })
}

/// The rows of a CSV file, each with its line.
fn csv<T: for<'de> Deserialize<'de>>(file: &Path, columns: &str) -> Result<Vec<(u64, T)>, Failure> {
    let bytes = read(file)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes.as_slice());
    let headers = reader.headers().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for record in reader.records() {
        // the reader's own message quotes what may be a person number
        let unreadable = |line: u64| {
            Failure::usage(format!(
                "{}, line {line}: this row cannot be read",
                file.display()
            ))
            .todo(format!("give the columns {columns}, in UTF-8"))
        };
        let record =
            record.map_err(|error| unreadable(error.position().map_or(0, csv::Position::line)))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record
            .deserialize(Some(&headers))
            .map_err(|_| unreadable(line))?;
        rows.push((line, row));
    }
    Ok(rows)
}

/// Somebody of the listing, by a number that can be used.
struct To {
    name: PartyName,
    /// The person by number alone, where `name` has the last name.
    connected: Option<PartyName>,
    raw: String,
    /// The number as the listing would show it.
    masked: Option<String>,
}

impl To {
    /// A row that was meant for somebody else is found by the digits that the listing shows.
    fn agrees_with(&self, id: &str, listed: &str) -> Result<(), Failure> {
        match &self.masked {
            Some(masked) if listed.len() == masked.len() && listed != masked => Err(Failure::new(
                Exit::Unsafe,
                format!("--receivers: {id} is {listed} in the listing, and the row says {masked}"),
            )
            .todo("check whose number belongs to the id; nothing was given")),
            _ => Ok(()),
        }
    }
}

fn receivers(file: &Path) -> Result<BTreeMap<String, To>, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Line {
        id: String,
        to: String,
        #[serde(default)]
        last_name: String,
    }
    use altinn_authz::altinn3::Identity;
    let mut receivers = BTreeMap::new();
    for (line, row) in csv::<Line>(file, "id,to,lastName")? {
        let place = format!("{}, line {line}", file.display());
        let raw = format!("{}\n{}", row.to, row.last_name);
        let to = match row.to.parse::<PartyUuid>() {
            Ok(uuid) => To {
                name: PartyName::id(uuid.as_str()),
                connected: None,
                raw,
                masked: None,
            },
            Err(_) => {
                let identity =
                    identity("to", &row.to).map_err(|failure| failure.while_doing(&place))?;
                let masked = Some(identity.to_string());
                let connected = match &identity {
                    Identity::Person(number) if !row.last_name.is_empty() => {
                        Some(PartyName::known_person(number.clone()))
                    }
                    _ => None,
                };
                let name = match identity {
                    Identity::Organisation(number) => PartyName::organisation(number),
                    Identity::Person(number) if !row.last_name.is_empty() => {
                        PartyName::person(number, &row.last_name)
                    }
                    Identity::Person(number) => PartyName::known_person(number),
                    _ => {
                        return Err(Failure::usage(format!(
                            "{place}: an unknown kind of number"
                        )));
                    }
                };
                To {
                    name,
                    connected,
                    raw,
                    masked,
                }
            }
        };
        if receivers.insert(row.id.clone(), to).is_some() {
            return Err(
                Failure::usage(format!("{place}: {} stands there twice", row.id))
                    .todo("leave one row for each id"),
            );
        }
    }
    Ok(receivers)
}

fn rows(file: &Path) -> Result<Vec<Corresponds>, Failure> {
    #[derive(Deserialize)]
    struct Line {
        altinn2: String,
        altinn3: String,
        #[serde(default)]
        source: String,
    }
    let mut rows = Vec::new();
    for (line, row) in csv::<Line>(file, "altinn2,altinn3,source")? {
        let place = || format!("{}, line {line}", file.display());
        let read = || -> Result<Corresponds, altinn_authz::Error> {
            let becomes = row
                .altinn3
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<Vec<Entitlement>, _>>()?;
            for one in &becomes {
                altinn_authz::altinn3::Entitlement::try_from(one)?;
            }
            Corresponds::new(row.altinn2.parse()?, becomes, &row.source)
        };
        rows.push(read().map_err(|error| Failure::from(error).while_doing(place()))?);
    }
    Ok(rows)
}
