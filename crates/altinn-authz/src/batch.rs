//! Many grants or revocations from a list, with a journal from which a run goes on that was killed.
//!
//! ```no_run
//! use altinn_authz::altinn2::{Client, Delegation, Receiver, Who};
//! use altinn_authz::batch::Batch;
//!
//! # async fn run(rights: Client) -> Result<(), Box<dyn std::error::Error>> {
//! let people = [("26899299344", "HEIS"), ("14838141278", "NORDLI")];
//! let mut receivers = Vec::new();
//! for (number, name) in people {
//!     receivers.push(Receiver::person(number.parse()?, name));
//! }
//! let labels = receivers.iter().map(|receiver| format!("role:3 to {receiver}"));
//! let batch = Batch::open("grants.journal", labels)?.parallel(4);
//! let summary = batch
//!     .run(
//!         |row| rights.grant(Who::my(), &receivers[row], [Delegation::role(3)]),
//!         |ended| eprintln!("{ended}"),
//!     )
//!     .await?;
//! println!("{summary}");
//! # Ok(()) }
//! ```
//!
//! # Nothing is done twice
//!
//! A row is written down before its call and again after it, and each time the file is brought to the
//! disk. A row that was begun and has no end was caught by the kill somewhere between; it is called
//! again, and the calls that belong here (`grant` and `revoke` of either generation, or a
//! [plan](crate::rights::Plan) made anew and applied) read before they write: what the first call did is
//! found and not sent again.
//!
//! # The file
//!
//! JSON lines, UTF-8; person numbers are masked. The first line says what it is, each other one what
//! became of a row. Rows are counted from 1; of several lines for a row the last one holds.
//!
//! ```json
//! {"journal":"altinn-authz batch","version":1,"rows":2}
//! {"row":1,"label":"role:3 to 268992***** HEIS","state":"begun","at":"2026-11-25T05:41:00Z"}
//! {"row":1,"label":"role:3 to 268992***** HEIS","state":"done","at":"2026-11-25T05:41:01Z","report":{"steps":[]}}
//! ```
//!
//! | `state` | means | called again by the next run |
//! |---|---|---|
//! | `begun` | the call was about to be made | yes |
//! | `done` | all of it is so now, by this call | no |
//! | `found` | all of it was so when the row was called again of which a call before had no certain end (cut off by a kill, without an answer, or partly done): by that call, or before | no |
//! | `already` | all of it was so before | no |
//! | `partly` | some of it was done; `report` says exactly what | yes |
//! | `refused` | nothing was done: the server or the client said no | only when asked ([`Batch::refused_again`]) |
//! | `failed` | nothing is known to have been done: no answer, or a server's failure | yes |
//!
//! A wrong name is never tried again: two of them lock the look-up of persons for an hour. So rows that
//! name a person by number and last name are called one at a time ([`Row::in_group`]), and the
//! first name that may be wrong ([`ErrorKind::WrongName`]) ends the run for all.
//!
//! One process at a time runs a batch: the file is locked (an advisory lock, on Unix).
//!
//! Rows may be added at the end of the list, and a `refused` row may be corrected where it stands, since
//! nothing was done for it: it is another row then, and due. No other row may change.
//!
//! An end has a `report` (each step and its outcome) or an `error` (kind, phrase, status, code,
//! remedy). A last line without a line break is what the kill cut off; it is dropped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::future::{Future, poll_fn};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::Poll;

use http_transport::{Diagnosis, Remedy, Who};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::Report;
use crate::rights::{self, Applied, Step};
use crate::{Error, ErrorKind, to_masked_json};

const OPERATION: &str = "run a batch";
const JOURNAL: &str = "altinn-authz batch";
const VERSION: u32 = 1;
/// So many failures in a row (no answer, a server's failure) are no accident of single rows.
const FAILURES_IN_A_ROW: usize = 5;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// The call was about to be made, and it is not known what came of it.
    Begun,
    /// All of it is so now, by this call.
    Done,
    /// All of it was so when the row was called again, of which a call before had no certain end.
    Found,
    /// All of it was so before.
    Already,
    /// Some of it was done.
    Partly,
    /// Nothing was done: the server or the client said no.
    Refused,
    /// Nothing is known to have been done.
    Failed,
}

/// One row of the list.
#[derive(Debug, Clone)]
pub struct Row {
    label: String,
    fingerprint: Option<String>,
    group: Option<String>,
}

impl Row {
    /// A row by what it is called for people; person numbers are masked.
    pub fn new(label: impl AsRef<str>) -> Self {
        Self {
            label: http_transport::redact::text(label.as_ref()),
            fingerprint: None,
            group: None,
        }
    }

    /// Rows of one group are called one after the other: those of one receiver, who need one connection;
    /// and all that name a person by number and last name, for a wrong name must stop the next.
    #[must_use]
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// A short text that differs when the row does, for what the masked label does not show. It stands in
    /// the journal: make it with a key that does not, or a person number can be found by trying all.
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }
}

impl<T: AsRef<str>> From<T> for Row {
    fn from(label: T) -> Self {
        Self::new(label)
    }
}

type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A list of calls and the journal of what became of them.
#[must_use = "nothing is called before it is run"]
pub struct Batch {
    /// Locked as long as it is open.
    file: File,
    path: PathBuf,
    rows: Vec<Row>,
    states: BTreeMap<usize, State>,
    /// Rows for which an earlier call may have done something, and nobody knows what.
    uncertain: BTreeSet<usize>,
    parallel: usize,
    refused_again: bool,
    stop: Option<Stop>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("path", &self.path)
            .field("rows", &self.rows.len())
            .field("parallel", &self.parallel)
            .finish_non_exhaustive()
    }
}

/// The end of one row, as it was written down.
#[derive(Debug, Clone)]
pub struct Ended {
    row: usize,
    label: String,
    state: State,
    detail: Detail,
}

#[derive(Debug, Clone)]
enum Detail {
    Report(Value),
    Error(Error),
}

/// What a call of a batch reports: the [`Report`] of a client, or an
/// [`Applied`] plan.
pub trait Reported: Serialize + sealed::Sealed {
    /// What became of the row.
    fn state(&self) -> State;

    /// The errors of the calls that failed.
    fn errors(&self) -> Vec<&Error>;
}

/// How a batch stands.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Rows of which all is so now, by this run or one before.
    pub done: usize,
    /// Rows of which all was so when they were called again after a call without a certain end.
    pub found: usize,
    /// Rows of which all was so before.
    pub already: usize,
    /// Rows of which some was done.
    pub partly: usize,
    /// Rows of which nothing was done.
    pub refused: usize,
    /// Rows of which nothing is known to have been done.
    pub failed: usize,
    /// Rows that were begun, and what came of them is not known.
    pub begun: usize,
    /// Rows that were not begun.
    pub left: usize,
    /// What ended the run before its end: going on would have failed for every row.
    pub stopped: Option<Error>,
    /// Whether it was asked to stop ([`Batch::until`]) before its end.
    pub interrupted: bool,
}

#[derive(Serialize, Deserialize)]
struct Head {
    journal: String,
    version: u32,
    rows: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    row: usize,
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    state: State,
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

impl Batch {
    /// Opens the journal, or begins it. `rows` are what is to be called, in the order of the list: each a
    /// label for people, or a [`Row`]. They tell a journal of another list from this one's. Rows may be
    /// added at the end of a list that was begun, and refused ones may be corrected.
    ///
    /// # Errors
    ///
    /// [`Journal`](ErrorKind::Journal) when the file cannot be read or written, is none of these, is
    /// the journal of another list, or is in use by another process.
    pub fn open(
        path: impl AsRef<Path>,
        rows: impl IntoIterator<Item = impl Into<Row>>,
    ) -> Result<Self, Error> {
        let path = path.as_ref().to_path_buf();
        let rows: Vec<Row> = rows.into_iter().map(Into::into).collect();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // it says who got what
            options.mode(0o600);
        }
        let mut file = options
            .open(&path)
            .map_err(|error| unusable(&path, &error))?;
        #[cfg(unix)]
        if rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .is_err_and(|error| error == rustix::io::Errno::WOULDBLOCK)
        {
            return Err(refused(
                &path,
                "another process is running this batch",
                "wait until it has ended, or end it; then run this again",
            ));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| unusable(&path, &error))?;
        // what the kill cut off
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let torn = text.split_off(whole);
        let mut batch = Self {
            file,
            path,
            rows,
            states: BTreeMap::new(),
            uncertain: BTreeSet::new(),
            parallel: 1,
            refused_again: false,
            stop: None,
        };
        if text.is_empty() {
            let head = Head {
                journal: JOURNAL.to_owned(),
                version: VERSION,
                rows: batch.rows.len(),
            };
            // somebody's file of one line is not a head that was cut off
            if !serde_json::to_string(&head).is_ok_and(|head| head.starts_with(&torn)) {
                return Err(not_a_journal(&batch.path));
            }
            batch.cut(0)?;
            batch.write(&head)?;
        } else {
            batch.read(&text)?;
            batch.cut(whole)?;
        }
        Ok(batch)
    }

    /// How many calls are made at a time; one without this.
    pub fn parallel(mut self, calls: usize) -> Self {
        self.parallel = calls.max(1);
        self
    }

    /// Begins no row more once this is ready, and waits for the calls that are under way: for Ctrl-C.
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = Some(Box::pin(stop));
        self
    }

    /// Calls rows again that were refused.
    pub fn refused_again(mut self) -> Self {
        self.refused_again = true;
        self
    }

    /// The rows that a run would call, counted from 0.
    pub fn due(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows.len()).filter(|row| match self.states.get(row) {
            Some(State::Done | State::Found | State::Already) => false,
            Some(State::Refused) => self.refused_again,
            _ => true,
        })
    }

    /// What became of a row (counted from 0) by the journal; nothing for one that was not begun, or that
    /// was refused and is another now.
    #[must_use]
    pub fn state(&self, row: usize) -> Option<State> {
        self.states.get(&row).copied()
    }

    /// The rows for which a call of an earlier run may have done something, and nobody knows what: it
    /// was cut off by a kill, or had no answer. Counted from 0. A last name may have been looked up and
    /// refused by that call: such a row is called without looking it up again, or ended with
    /// [`name_not_tried_again`].
    pub fn uncertain(&self) -> impl Iterator<Item = usize> + '_ {
        self.uncertain.iter().copied()
    }

    /// How the batch stands by the journal.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            left: self.rows.len() - self.states.len(),
            ..Summary::default()
        };
        for state in self.states.values() {
            *match state {
                State::Begun => &mut summary.begun,
                State::Done => &mut summary.done,
                State::Found => &mut summary.found,
                State::Already => &mut summary.already,
                State::Partly => &mut summary.partly,
                State::Refused => &mut summary.refused,
                State::Failed => &mut summary.failed,
            } += 1;
        }
        summary
    }

    /// Calls what is due and writes down what comes of it. `call` gets the row, counted from 0;
    /// `ended` hears of each end, for a progress bar.
    ///
    /// A call that failed in a way that all would (no token, Altinn closed, too many requests), or
    /// several in a row without an answer, end the run: calls under way are waited for, the rest is left
    /// for the next. When the future is dropped, calls under way stay `begun`, and the next run sees to
    /// them.
    ///
    /// # Errors
    ///
    /// [`Journal`](ErrorKind::Journal) when an end cannot be written down; nothing more is called then.
    /// What became of the rows is in the summary, not in an error.
    pub async fn run<F, C, R>(
        mut self,
        call: F,
        mut ended: impl FnMut(&Ended),
    ) -> Result<Summary, Error>
    where
        F: Fn(usize) -> C,
        C: Future<Output = Result<R, Error>>,
        R: Reported,
    {
        let mut due: VecDeque<usize> = self.due().collect();
        let mut under_way: Vec<(usize, Pin<Box<C>>)> = Vec::new();
        let mut stop = self.stop.take();
        let mut stopped = None;
        let mut interrupted = false;
        let mut failures = 0;
        loop {
            while under_way.len() < self.parallel && stopped.is_none() && !interrupted {
                let group = |row: usize| self.rows[row].group.as_ref();
                let is_free = |row: &usize| {
                    group(*row).is_none_or(|own| {
                        under_way
                            .iter()
                            .all(|(other, _)| group(*other) != Some(own))
                    })
                };
                let Some(next) = due.iter().position(is_free) else {
                    break;
                };
                let Some(row) = due.remove(next) else { break };
                self.begin(row)?;
                under_way.push((row, Box::pin(call(row))));
            }
            if under_way.is_empty() {
                break;
            }
            let Some((row, result)) = first_of(&mut under_way, &mut stop).await else {
                (stop, interrupted) = (None, true);
                continue;
            };
            let end = self.end(row, &result)?;
            failures = match end.state {
                State::Failed => failures + 1,
                _ => 0,
            };
            let error = causes(&result).find(|error| stops_all(error));
            let error = match failures >= FAILURES_IN_A_ROW {
                true => error.or_else(|| causes(&result).last()),
                false => error,
            };
            if let Some(error) = error {
                stopped.get_or_insert_with(|| error.clone());
            }
            ended(&end);
        }
        let mut summary = self.summary();
        summary.stopped = stopped;
        summary.interrupted = interrupted;
        Ok(summary)
    }

    fn begin(&mut self, row: usize) -> Result<(), Error> {
        self.record(row, State::Begun, None)
    }

    fn end<R: Reported>(&mut self, row: usize, result: &Result<R, Error>) -> Result<Ended, Error> {
        let (state, detail) = match result {
            Ok(report) => {
                let shown = to_masked_json(report).unwrap_or(Value::Null);
                let state = match report.state() {
                    State::Already if self.uncertain.contains(&row) => State::Found,
                    state => state,
                };
                (state, Detail::Report(shown))
            }
            Err(error) => {
                let is_no = error.is_refusal() || error.is_input();
                let state = if is_no || error.kind() == ErrorKind::WrongName {
                    State::Refused
                } else {
                    match error.kind() {
                        ErrorKind::Unreachable | ErrorKind::Server | ErrorKind::Unreadable => {
                            State::Failed
                        }
                        ErrorKind::UnknownParty | ErrorKind::NotFound => State::Refused,
                        _ => State::Failed,
                    }
                };
                // what would fail for all is no refusal of this row; a wrong name is this row's own
                let state = if stops_all(error) && error.kind() != ErrorKind::WrongName {
                    State::Failed
                } else {
                    state
                };
                (state, Detail::Error(error.clone()))
            }
        };
        self.record(row, state, Some(&detail))?;
        Ok(Ended {
            row,
            label: self.rows[row].label.clone(),
            state,
            detail,
        })
    }

    fn record(&mut self, row: usize, state: State, detail: Option<&Detail>) -> Result<(), Error> {
        let (report, error) = match detail {
            Some(Detail::Report(report)) => (Some(report.clone()), None),
            Some(Detail::Error(error)) => (None, serde_json::to_value(error).ok()),
            None => (None, None),
        };
        self.write(&Line {
            row: row + 1,
            label: self.rows[row].label.clone(),
            fingerprint: self.rows[row].fingerprint.clone(),
            state,
            at: jiff::Timestamp::now()
                .round(jiff::Unit::Second)
                .unwrap_or_default()
                .to_string(),
            report,
            error,
        })?;
        self.states.insert(row, state);
        Ok(())
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).map_err(|error| unusable(&self.path, &error))?;
        text.push(b'\n');
        self.file
            .write_all(&text)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| unusable(&self.path, &error))
    }

    /// Whatever comes next is written after so many bytes.
    fn cut(&mut self, length: usize) -> Result<(), Error> {
        let length = length as u64;
        self.file
            .set_len(length)
            .and_then(|()| self.file.seek(SeekFrom::Start(length)))
            .map(drop)
            .map_err(|error| unusable(&self.path, &error))
    }

    fn read(&mut self, text: &str) -> Result<(), Error> {
        let mut lines = (1..).zip(text.lines());
        let head = lines
            .next()
            .and_then(|(_, line)| serde_json::from_str::<Head>(line).ok())
            .filter(|head| head.journal == JOURNAL);
        let Some(head) = head else {
            return Err(not_a_journal(&self.path));
        };
        if head.version != VERSION {
            return Err(refused(
                &self.path,
                "the journal was written by another version of this program",
                "go on with the version that began it",
            ));
        }
        // of several lines for a row the last one holds
        let mut last: BTreeMap<usize, Line> = BTreeMap::new();
        for (number, line) in lines {
            let line: Line = serde_json::from_str(line).map_err(|_| {
                refused(
                    &self.path,
                    &format!("line {number} of the journal cannot be read"),
                    "look at that line; a journal is not edited",
                )
            })?;
            let Some(row) = line.row.checked_sub(1) else {
                return Err(another_list(&self.path));
            };
            let before = last.get(&row).map(|line| line.state);
            match (before, line.state) {
                // a call was cut off, and the next one was begun
                (Some(State::Begun), State::Begun) | (_, State::Partly) => {
                    self.uncertain.insert(row);
                }
                (_, State::Failed) if !line.error.as_ref().is_some_and(did_nothing) => {
                    self.uncertain.insert(row);
                }
                // somebody looked, and it was not so
                (_, State::Refused) => {
                    self.uncertain.remove(&row);
                }
                _ => {}
            }
            last.insert(row, line);
        }
        for (row, line) in last {
            let known = self.rows.get(row);
            let is_same_label = known.is_some_and(|known| known.label == line.label);
            let is_same =
                is_same_label && known.is_some_and(|known| known.fingerprint == line.fingerprint);
            match (is_same, line.state) {
                (true, state) => {
                    if state == State::Begun {
                        self.uncertain.insert(row);
                    }
                    self.states.insert(row, state);
                }
                // corrected: nothing was done for what stood there
                (false, State::Refused) => {}
                (false, _) if is_same_label => {
                    return Err(refused(
                        &self.path,
                        &format!(
                            "row {} of the list is not the one that was called before",
                            row + 1
                        ),
                        "give the list that the run began with, as the user who began it and in the same environment (rows may be added at its end, and refused ones corrected); or name a new journal",
                    ));
                }
                (false, _) => return Err(another_list(&self.path)),
            }
        }
        Ok(())
    }
}

/// Polls until one is ready, or until it is time to stop.
async fn first_of<C: Future>(
    under_way: &mut Vec<(usize, Pin<Box<C>>)>,
    stop: &mut Option<Stop>,
) -> Option<(usize, C::Output)> {
    poll_fn(|context| {
        if let Some(Poll::Ready(())) = stop.as_mut().map(|stop| stop.as_mut().poll(context)) {
            return Poll::Ready(None);
        }
        for at in 0..under_way.len() {
            if let Poll::Ready(output) = under_way[at].1.as_mut().poll(context) {
                let (row, _) = under_way.swap_remove(at);
                return Poll::Ready(Some((row, output)));
            }
        }
        Poll::Pending
    })
    .await
}

fn state_of(complete: bool, changed: bool, failed: bool) -> State {
    match (complete, changed) {
        (true, true) => State::Done,
        (true, false) => State::Already,
        (false, true) => State::Partly,
        (false, false) if failed => State::Failed,
        (false, false) => State::Refused,
    }
}

impl<E: fmt::Display, P: Serialize> Reported for Report<E, P> {
    fn state(&self) -> State {
        let failed = Report::errors(self).any(|error| !error.is_refusal());
        state_of(self.is_complete(), self.has_changed_anything(), failed)
    }

    fn errors(&self) -> Vec<&Error> {
        Report::errors(self).collect()
    }
}

impl Reported for Applied {
    fn state(&self) -> State {
        // what has changed since it was planned is planned anew
        let outdated = |step: &Step| step.state() == rights::State::Outdated;
        let failed = self.steps().iter().any(outdated)
            || Applied::errors(self).any(|error| !error.is_refusal());
        state_of(self.is_complete(), self.has_changed_anything(), failed)
    }

    fn errors(&self) -> Vec<&Error> {
        Applied::errors(self).collect()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<E, P> Sealed for crate::report::Report<E, P> {}
    impl Sealed for crate::rights::Applied {}
}

/// The errors that a row failed with.
fn causes<R: Reported>(result: &Result<R, Error>) -> impl Iterator<Item = &Error> {
    let (report, error) = match result {
        Ok(report) => (report.errors(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    report.into_iter().chain(error)
}

/// Whether the next row would fail in the same way.
fn stops_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Altinn2Closed
            | ErrorKind::Authentication
            | ErrorKind::LoginPage
            | ErrorKind::MissingScope
            | ErrorKind::PersonLookupLocked
            | ErrorKind::TooManyRequests
            | ErrorKind::WrongName
    )
}

/// Whether a written error is of a call that the server did not even look at.
fn did_nothing(error: &Value) -> bool {
    let kinds = [
        ErrorKind::Altinn2Closed,
        ErrorKind::Authentication,
        ErrorKind::LoginPage,
        ErrorKind::MissingScope,
        ErrorKind::PersonLookupLocked,
        ErrorKind::TooManyRequests,
    ];
    let written = error["kind"].as_str();
    kinds
        .iter()
        .any(|kind| written == Some(format!("{kind:?}").as_str()))
}

/// For a row of [`Batch::uncertain`] that names a person by number and last name who is not connected:
/// the name may have been looked up and refused, and is not tried again by itself.
#[must_use]
pub fn name_not_tried_again() -> Error {
    let summary = "an earlier call with this number and last name was cut off, and the name may have been refused: it was not tried again";
    let diagnosis = Diagnosis::new("give rights")
        .with_message(summary)
        .with_remedy(Remedy::new(
            Who::You,
            "check that the number and the last name belong to the same person, and then have refused rows tried again: a second failed look-up locks for an hour (AM-00026)",
        ));
    Error::new(ErrorKind::WrongName, summary, diagnosis)
}

/// For a row that lacks something before it can be called, such as who is to receive: it is refused, and
/// due again once it is another row.
#[must_use]
pub fn not_called(why: &str) -> Error {
    let summary = format!("not called: {why}");
    let diagnosis = Diagnosis::new("give rights")
        .with_message(&summary)
        .with_remedy(Remedy::new(
            Who::You,
            "set it right where it stands, and run it again",
        ));
    Error::new(ErrorKind::InvalidInput, summary, diagnosis)
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Error {
    refused(
        path,
        &format!("the journal cannot be used: {error}"),
        "check the path, who may write there, and the space on the disk",
    )
}

fn not_a_journal(path: &Path) -> Error {
    refused(
        path,
        "the file is not the journal of a batch",
        "name a file that does not exist yet, or the journal of a run before",
    )
}

fn another_list(path: &Path) -> Error {
    refused(
        path,
        "the journal belongs to another list",
        "give the list that the run began with (rows may be added at its end, and refused ones corrected), or name a new journal",
    )
}

fn refused(path: &Path, what: &str, action: &'static str) -> Error {
    let summary = format!("{}: {what}", path.display());
    let diagnosis = Diagnosis::new(OPERATION)
        .with_message(&summary)
        .with_remedy(Remedy::new(Who::You, action));
    Error::new(ErrorKind::Journal, summary, diagnosis)
}

impl Ended {
    /// The row, counted from 0.
    #[must_use]
    pub fn row(&self) -> usize {
        self.row
    }

    /// What the row is called.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What became of it.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it was not done, when there is an error and no report.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.detail {
            Detail::Error(error) => Some(error),
            Detail::Report(_) => None,
        }
    }

    /// Every step and its outcome, as the journal has it.
    #[must_use]
    pub fn report(&self) -> Option<&Value> {
        match &self.detail {
            Detail::Report(report) => Some(report),
            Detail::Error(_) => None,
        }
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Found => "found",
            Self::Already => "already",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label, self.state)?;
        match self.error() {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl Summary {
    /// Whether everything is so now that was asked for.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.partly + self.refused + self.failed + self.begun + self.left == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.done, "done"),
            (self.found, "found done"),
            (self.already, "already so"),
            (self.partly, "partly done"),
            (self.refused, "refused"),
            (self.failed, "failed"),
            (self.begun, "begun"),
            (self.left, "left"),
        ];
        let mut is_first = true;
        for (count, name) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{}{count} {name}", if is_first { "" } else { ", " })?;
            is_first = false;
        }
        match &self.stopped {
            Some(error) => write!(f, "; stopped: {error}"),
            None if self.interrupted => f.write_str("; interrupted"),
            None if is_first => f.write_str("nothing to do"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::Outcome;
    use crate::report::What;

    type Made = Result<Report<String, String>, Error>;

    fn report(outcome: Outcome) -> Made {
        let mut report = Report::new(&"my", Some("r1".to_owned()));
        report.add(What::Give("role:3".to_owned()), outcome);
        Ok(report)
    }

    fn error(kind: ErrorKind, status: u16) -> Error {
        let diagnosis = Diagnosis::new("give rights").with_status(status);
        Error::new(kind, "it was not to be", diagnosis)
    }

    fn labels(rows: usize) -> Vec<String> {
        (1..=rows)
            .map(|row| format!("role:{row} to 26899299344 HEIS"))
            .collect()
    }

    fn journal() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grants.journal");
        (folder, path)
    }

    /// A server: who has been given, and how often something was written there.
    #[derive(Default)]
    struct Server {
        given: RefCell<BTreeSet<usize>>,
        writes: Cell<usize>,
    }

    impl Server {
        /// As `grant` does: reads before it writes.
        fn grant(&self, row: usize) -> Made {
            if !self.given.borrow_mut().insert(row) {
                return report(Outcome::Already);
            }
            self.writes.set(self.writes.get() + 1);
            report(Outcome::Done)
        }
    }

    #[tokio::test]
    async fn every_end_is_written_down_and_nothing_is_called_again() {
        let (_folder, path) = journal();
        let ends: [fn() -> Made; 6] = [
            || report(Outcome::Done),
            || report(Outcome::Already),
            || report(Outcome::Refused(vec!["14838141278 may not".to_owned()])),
            || Err(error(ErrorKind::Forbidden, 403)),
            || Err(error(ErrorKind::Unreachable, 0)),
            || {
                let mut both = report(Outcome::Done)?;
                both.add(What::Give("role:4".to_owned()), Outcome::Skipped);
                Ok(both)
            },
        ];
        let mut heard = Vec::new();
        let batch = Batch::open(&path, labels(6)).unwrap();
        let summary = batch
            .run(
                |row| async move { ends[row]() },
                |end| heard.push(end.state()),
            )
            .await
            .unwrap();
        assert_eq!(
            summary.to_string(),
            "1 done, 1 already so, 1 partly done, 2 refused, 1 failed"
        );
        use State::{Already, Done, Failed, Partly, Refused};
        assert_eq!(heard, [Done, Already, Refused, Refused, Failed, Partly]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1 + 2 * 6);
        assert!(
            !text.contains("26899299344") && !text.contains("14838141278"),
            "{text}"
        );
        assert!(text.contains("268992***** HEIS"), "{text}");

        let batch = Batch::open(&path, labels(6)).unwrap();
        assert_eq!(batch.due().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(
            batch.refused_again().due().collect::<Vec<_>>(),
            [2, 3, 4, 5]
        );
    }

    #[tokio::test]
    async fn what_was_killed_between_the_answer_and_the_journal_is_not_done_twice() {
        let (_folder, path) = journal();
        let server = Server::default();
        let batch = Batch::open(&path, labels(3)).unwrap();
        let run = batch.run(
            |row| {
                let server = &server;
                async move {
                    let made = server.grant(row);
                    if row == 1 {
                        // the server has answered; nobody will ever hear of it
                        std::future::pending::<()>().await;
                    }
                    made
                }
            },
            |_| {},
        );
        let mut run = Box::pin(run);
        poll_fn(|context| {
            assert!(run.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(run);

        let batch = Batch::open(&path, labels(3)).unwrap();
        assert_eq!(batch.summary().to_string(), "1 done, 1 begun, 1 left");
        let summary = batch
            .run(|row| std::future::ready(server.grant(row)), |_| {})
            .await
            .unwrap();
        assert!(summary.is_complete());
        assert_eq!(summary.to_string(), "2 done, 1 found done");
        assert_eq!(server.writes.get(), 3);
    }

    #[tokio::test]
    async fn wherever_the_journal_is_torn_it_is_gone_on_from() {
        let (_folder, path) = journal();
        let server = Server::default();
        let batch = Batch::open(&path, labels(2)).unwrap();
        let whole = batch
            .run(|row| std::future::ready(server.grant(row)), |_| {})
            .await
            .unwrap();
        assert!(whole.is_complete());
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let batch = Batch::open(&path, labels(2)).unwrap();
            let summary = batch
                .run(|row| std::future::ready(server.grant(row)), |_| {})
                .await
                .unwrap();
            assert!(summary.is_complete(), "{length}");
            assert_eq!(server.writes.get(), 2, "{length}");
            let again = Batch::open(&path, labels(2)).unwrap();
            assert_eq!(again.due().count(), 0, "{length}");
        }
    }

    #[tokio::test]
    async fn so_many_calls_are_under_way_and_no_more() {
        let (_folder, path) = journal();
        let (under_way, most) = (Cell::new(0_usize), Cell::new(0_usize));
        let batch = Batch::open(&path, labels(20)).unwrap().parallel(4);
        let summary = batch
            .run(
                |_| async {
                    under_way.set(under_way.get() + 1);
                    most.set(most.get().max(under_way.get()));
                    tokio::task::yield_now().await;
                    under_way.set(under_way.get() - 1);
                    report(Outcome::Done)
                },
                |_| {},
            )
            .await
            .unwrap();
        assert_eq!((summary.done, most.get()), (20, 4));
    }

    #[tokio::test]
    async fn what_would_fail_for_all_ends_the_run() {
        for (kind, status, calls) in [
            (ErrorKind::Authentication, 401, 1),
            (ErrorKind::TooManyRequests, 429, 1),
            (ErrorKind::Server, 503, FAILURES_IN_A_ROW),
        ] {
            let (_folder, path) = journal();
            let called = Cell::new(0);
            let batch = Batch::open(&path, labels(9)).unwrap();
            let summary = batch
                .run(
                    |_| {
                        called.set(called.get() + 1);
                        std::future::ready(Made::Err(error(kind, status)))
                    },
                    |_| {},
                )
                .await
                .unwrap();
            assert_eq!((called.get(), summary.failed), (calls, calls), "{kind:?}");
            assert_eq!(summary.left, 9 - calls);
            assert_eq!(summary.stopped.as_ref().map(Error::kind), Some(kind));
            // all of it is due again
            assert_eq!(Batch::open(&path, labels(9)).unwrap().due().count(), 9);
        }
    }

    #[tokio::test]
    async fn a_wrong_name_ends_the_run_and_names_are_tried_one_at_a_time() {
        let (_folder, path) = journal();
        let (named, most, called) = (Cell::new(0_usize), Cell::new(0_usize), Cell::new(0_usize));
        let rows = || {
            labels(12).into_iter().enumerate().map(|(at, label)| {
                let row = Row::new(label);
                if at % 2 == 0 {
                    row.in_group("names")
                } else {
                    row
                }
            })
        };
        let batch = Batch::open(&path, rows()).unwrap().parallel(6);
        let summary = batch
            .run(
                |row| {
                    let (named, most, called) = (&named, &most, &called);
                    async move {
                        called.set(called.get() + 1);
                        let is_named = row % 2 == 0;
                        named.set(named.get() + usize::from(is_named));
                        most.set(most.get().max(named.get()));
                        tokio::task::yield_now().await;
                        named.set(named.get() - usize::from(is_named));
                        match row {
                            2 => Err(error(ErrorKind::WrongName, 400)),
                            _ => report(Outcome::Done),
                        }
                    }
                },
                |_| {},
            )
            .await
            .unwrap();
        assert_eq!(most.get(), 1);
        assert_eq!((summary.refused, summary.failed), (1, 0));
        assert_eq!(
            summary.stopped.as_ref().map(Error::kind),
            Some(ErrorKind::WrongName)
        );
        assert!(called.get() < 12 && summary.left > 0, "{summary}");
        // by itself, the name is not tried again
        let again = Batch::open(&path, labels(12)).unwrap();
        assert!(!again.due().any(|row| row == 2));
    }

    #[tokio::test]
    async fn the_first_of_a_rows_errors_may_be_what_ends_the_run() {
        let (_folder, path) = journal();
        let batch = Batch::open(&path, labels(3)).unwrap();
        let summary = batch
            .run(
                |_| {
                    let mut made = Report::new(&"my", Some("r1".to_owned()));
                    let failed = |kind, status| Outcome::Failed(error(kind, status));
                    let role = || What::Give("role:3".to_owned());
                    made.add(role(), failed(ErrorKind::TooManyRequests, 429));
                    made.add(role(), failed(ErrorKind::Refused, 400));
                    std::future::ready(Made::Ok(made))
                },
                |_| {},
            )
            .await
            .unwrap();
        assert_eq!(summary.left, 2);
    }

    #[tokio::test]
    async fn asked_to_stop_it_waits_for_what_is_under_way_and_begins_no_more() {
        let (_folder, path) = journal();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stop = Cell::new(Some(stop));
        let batch = Batch::open(&path, labels(9))
            .unwrap()
            .parallel(2)
            .until(async {
                let _ = stopped.await;
            });
        let summary = batch
            .run(
                |row| {
                    let stop = &stop;
                    async move {
                        if row == 1 {
                            drop(stop.take());
                            tokio::task::yield_now().await;
                        }
                        report(Outcome::Done)
                    }
                },
                |_| {},
            )
            .await
            .unwrap();
        assert!(summary.interrupted, "{summary}");
        assert_eq!(summary.begun, 0);
        assert!(summary.left > 0, "{summary}");
    }

    #[tokio::test]
    async fn an_edited_row_is_noticed_and_an_added_one_is_welcome() {
        let (_folder, path) = journal();
        let row = |key: &str| Row::new("role:1 to 268992*****").with_fingerprint(key);
        let batch = Batch::open(&path, [row("a")]).unwrap();
        let done = |_| std::future::ready(report(Outcome::Done));
        assert!(batch.run(done, |_| {}).await.unwrap().is_complete());
        let error = Batch::open(&path, [row("b")]).unwrap_err();
        assert!(error.to_string().contains("row 1 of the list"), "{error}");
        let longer = Batch::open(&path, [row("a"), row("b")]).unwrap();
        assert_eq!(longer.due().collect::<Vec<_>>(), [1]);
    }

    #[tokio::test]
    async fn a_refused_row_may_be_corrected_and_is_due_then() {
        let (_folder, path) = journal();
        let rows = |second: &'static str| ["role:1 to HEIS", second];
        let batch = Batch::open(&path, rows("role:1 to FEIL")).unwrap();
        let summary = batch
            .run(
                |row| {
                    std::future::ready(match row {
                        0 => report(Outcome::Done),
                        _ => Err(error(ErrorKind::WrongName, 400)),
                    })
                },
                |_| {},
            )
            .await
            .unwrap();
        assert_eq!(
            summary.to_string().split(';').next(),
            Some("1 done, 1 refused")
        );
        let batch = Batch::open(&path, rows("role:1 to RETT")).unwrap();
        assert_eq!(batch.due().collect::<Vec<_>>(), [1]);
        let done = |_| std::future::ready(report(Outcome::Done));
        assert!(batch.run(done, |_| {}).await.unwrap().is_complete());
        // and now it stands
        assert!(Batch::open(&path, rows("role:1 to RETT")).is_ok());
        assert!(Batch::open(&path, rows("role:1 to FEIL")).is_err());
        assert!(Batch::open(&path, ["role:1 to NY", "role:1 to RETT"]).is_err());
    }

    #[tokio::test]
    async fn what_a_call_without_an_answer_may_have_done_is_found_and_not_called_old() {
        let (_folder, path) = journal();
        let batch = Batch::open(&path, labels(3)).unwrap();
        let ends: [fn() -> Made; 3] = [
            // the server did it, and its answer was lost
            || Err(error(ErrorKind::Unreachable, 0)),
            || {
                let mut both = report(Outcome::Done)?;
                both.add(What::Give("role:4".to_owned()), Outcome::Skipped);
                Ok(both)
            },
            || Err(error(ErrorKind::Forbidden, 403)),
        ];
        let first = batch
            .run(|row| std::future::ready(ends[row]()), |_| {})
            .await
            .unwrap();
        assert_eq!(first.to_string(), "1 partly done, 1 refused, 1 failed");
        let batch = Batch::open(&path, labels(3)).unwrap().refused_again();
        assert_eq!(batch.uncertain().collect::<Vec<_>>(), [0, 1]);
        let already = |_| std::future::ready(report(Outcome::Already));
        let second = batch.run(already, |_| {}).await.unwrap();
        assert_eq!(second.to_string(), "2 found done, 1 already so");
    }

    #[tokio::test]
    async fn a_name_that_may_have_been_refused_is_told_apart_until_somebody_decides() {
        let (_folder, path) = journal();
        let mut batch = Batch::open(&path, labels(2)).unwrap();
        batch.begin(0).unwrap();
        drop(batch);
        let batch = Batch::open(&path, labels(2)).unwrap();
        let uncertain: BTreeSet<usize> = batch.uncertain().collect();
        assert_eq!(uncertain, BTreeSet::from([0]));
        let not_again = |row| {
            std::future::ready(match uncertain.contains(&row) {
                true => Err(name_not_tried_again()),
                false => report(Outcome::Done),
            })
        };
        let summary = batch.run(not_again, |_| {}).await.unwrap();
        assert_eq!((summary.refused, summary.left), (1, 1));
        // now it is for the caller to say
        let batch = Batch::open(&path, labels(2)).unwrap();
        assert_eq!(batch.uncertain().count(), 0);
        assert_eq!(batch.due().collect::<Vec<_>>(), [1]);
    }

    #[cfg(unix)]
    #[test]
    fn two_processes_do_not_run_one_batch() {
        let (_folder, path) = journal();
        let first = Batch::open(&path, labels(2)).unwrap();
        let error = Batch::open(&path, labels(2)).unwrap_err();
        assert!(error.to_string().contains("another process"), "{error}");
        drop(first);
        assert_eq!(Batch::open(&path, labels(2)).unwrap().due().count(), 2);
    }

    #[test]
    fn another_lists_journal_and_other_files_are_refused() {
        let (_folder, path) = journal();
        let mut batch = Batch::open(&path, labels(2)).unwrap();
        batch.begin(1).unwrap();
        drop(batch);
        for (labels, text, why) in [
            (labels(1), None, "another list"),
            (vec!["a".to_owned(), "b".to_owned()], None, "another list"),
            (labels(2), Some("name,number\n"), "not the journal"),
            (labels(2), Some("name,number"), "not the journal"),
            (
                labels(2),
                Some("{\"journal\":\"altinn-authz batch\",\"version\":2,\"rows\":2}\n"),
                "another version",
            ),
            (
                labels(2),
                Some("{\"journal\":\"altinn-authz batch\",\"version\":1,\"rows\":2}\nx\n"),
                "line 2",
            ),
        ] {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            let before = std::fs::read(&path).unwrap();
            let error = Batch::open(&path, labels).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal);
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(
                std::fs::read(&path).unwrap(),
                before,
                "it was left as it was"
            );
        }
    }
}
