//! `altinn rights migrate`: from a saved listing of Altinn 2 to what corresponds on Altinn 3.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use altinn_authz::ErrorKind;
use altinn_authz::altinn2::models::RightHolder;
use altinn_authz::altinn3::PartyUuid;
use altinn_authz::correspondence::{Becomes, Finding, Row, Table};
use altinn_authz::rights::{Applied, Change, Entitlement, Party, PartyName, Plan, Rights, State};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::altinn2::named;
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
      gives it; run it again, and it does what is left

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
    /// A kind of receiver that Altinn 3 does not have.
    has_no_like: bool,
    planned: Option<Plan>,
    applied: Option<Applied>,
    failure: Option<Failure>,
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
    if let Some(from) = &args.from {
        perform(context, args, from, &mut moved).await?;
    }
    Ok(report(args, &moved))
}

/// Plans for everyone, and applies when that was asked for.
async fn perform(
    context: &Context<'_>,
    args: &MigrateArgs,
    from: &str,
    moved: &mut [Moved],
) -> Result<(), Failure> {
    let rights = check::open(context, Api::Altinn3, from).await?;
    let giver = rights.resolve(&check::giver(Api::Altinn3, from)?).await?;
    context.console.progress(match args.apply {
        true => "checking what may be given, giving it, and reading again",
        false => "checking what may be given, and what is there already",
    });
    let mut stopped = false;
    for one in moved {
        let Ok(receiver) = one.receiver.clone() else {
            continue;
        };
        if one.give.is_empty() {
            continue;
        }
        if stopped {
            one.failure = Some(
                Failure::new(Exit::Refused, format!("{}: not tried", one.shown()))
                    .todo("set right what ended the run, then run it again"),
            );
            continue;
        }
        if let Err(error) = one.go(&*rights, &giver, &receiver, args.apply).await {
            stopped = ends_the_run(error.kind());
            let shown = one.shown();
            one.failure = Some(Failure::from(error).while_doing(shown));
        } else if let Some(applied) = &one.applied {
            stopped = applied.errors().any(|error| ends_the_run(error.kind()));
        }
    }
    Ok(())
}

fn ends_the_run(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WrongName
            | ErrorKind::PersonLookupLocked
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

    async fn go(
        &mut self,
        rights: &dyn Rights,
        giver: &Party,
        receiver: &PartyName,
        apply: bool,
    ) -> Result<(), altinn_authz::Error> {
        let change = Change::new(giver, receiver).give(self.give.iter().cloned());
        let plan = rights.plan(&change).await?;
        if apply {
            self.applied = Some(rights.apply(&plan, receiver).await?);
        }
        self.planned = Some(plan);
        Ok(())
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
            "plan": self.planned,
            "applied": self.applied,
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
        let to = match row.to.parse::<PartyUuid>() {
            Ok(uuid) => To {
                name: PartyName::id(uuid.as_str()),
                masked: None,
            },
            Err(_) => {
                let identity =
                    identity("to", &row.to).map_err(|failure| failure.while_doing(&place))?;
                let masked = Some(identity.to_string());
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
                To { name, masked }
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

fn rows(file: &Path) -> Result<Vec<Row>, Failure> {
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
        let read = || -> Result<Row, altinn_authz::Error> {
            let becomes = row
                .altinn3
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<Vec<Entitlement>, _>>()?;
            for one in &becomes {
                altinn_authz::altinn3::Entitlement::try_from(one)?;
            }
            Row::new(row.altinn2.parse()?, becomes, &row.source)
        };
        rows.push(read().map_err(|error| Failure::from(error).while_doing(place()))?);
    }
    Ok(rows)
}
