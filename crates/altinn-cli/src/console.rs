//! The only place that prints: data on standard output, everything else on standard error.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::builder::StyledStr;
use http_transport::redact;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::commands::Report;
use crate::failure::Failure;

/// Where a command prints, and how.
pub struct Console {
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    json: bool,
    colour_out: bool,
    colour_err: bool,
    progress: AtomicBool,
    interrupt: Mutex<Option<oneshot::Sender<()>>>,
}

/// How far long work is: a bar on a terminal, else a line now and then; nothing with `--json`.
pub(crate) struct Progress<'a> {
    console: &'a Console,
    bar: Option<ProgressBar>,
    total: usize,
    done: usize,
}

impl Console {
    /// The process's standard output and standard error. Colour and progress only on a terminal;
    /// `NO_COLOR` (<https://no-color.org>) turns the colour off there too.
    #[must_use]
    pub fn standard(json: bool) -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        Self {
            out: Mutex::new(Box::new(io::stdout())),
            err: Mutex::new(Box::new(io::stderr())),
            json,
            colour_out: colour && io::stdout().is_terminal(),
            colour_err: colour && io::stderr().is_terminal(),
            progress: AtomicBool::new(io::stderr().is_terminal()),
            interrupt: Mutex::default(),
        }
    }

    /// Any two writers, without colour and progress.
    ///
    /// ```
    /// let console = altinn_cli::Console::new(Vec::new(), std::io::sink(), true);
    /// # drop(console);
    /// ```
    pub fn new(
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        json: bool,
    ) -> Self {
        Self {
            out: Mutex::new(Box::new(out)),
            err: Mutex::new(Box::new(err)),
            json,
            colour_out: false,
            colour_err: false,
            progress: AtomicBool::new(false),
            interrupt: Mutex::default(),
        }
    }

    /// Whether results are to be JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Data, with a line break at its end. A reader that has gone away (`altinn … | head`) is no
    /// failure of the command.
    pub(crate) fn data(&self, text: &str) {
        write(&self.out, text);
    }

    /// Data as JSON, indented: it is still one document, and people read it too.
    pub(crate) fn data_json(&self, value: &Value) {
        self.data(&format!("{value:#}"));
    }

    /// A heading among data.
    pub(crate) fn heading(&self, text: &str) {
        self.data(&paint(self.colour_out, BOLD, text));
    }

    /// What is the data's own comment, less bright than the data.
    pub(crate) fn aside(&self, text: &str) {
        self.data(&paint(self.colour_out, DIM, text));
    }

    /// What a command has to say, and what it could not do.
    pub(crate) fn report(&self, report: &Report) {
        if self.json {
            if !report.json.is_null() {
                self.data_json(&report.json);
            }
        } else if !report.text.is_empty() {
            self.data(&report.text);
        }
        for failure in &report.failures {
            self.failure(failure);
        }
    }

    /// What `--help` shows.
    pub(crate) fn help(&self, text: &StyledStr) {
        let text = if self.colour_out {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        self.data(text.trim_end());
    }

    /// What is wrong with a command line. It quotes it, and a person number may stand there.
    pub(crate) fn usage(&self, text: &StyledStr) {
        let text = if self.colour_err {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        self.note(text.trim_end());
    }

    /// A line about the data that is not part of it.
    pub(crate) fn note(&self, text: &str) {
        write(&self.err, &redact::text(text));
    }

    /// Something that the person should know, though the command goes on.
    pub(crate) fn warning(&self, text: &str) {
        let label = paint(self.colour_err, YELLOW, "warning");
        write(&self.err, &format!("{label}: {}", redact::text(text)));
    }

    /// What is being done, for those who wait at a terminal.
    pub(crate) fn progress(&self, text: &str) {
        if self.progress.load(Ordering::Relaxed) && !self.json {
            write(&self.err, &paint(self.colour_err, DIM, &redact::text(text)));
        }
    }

    /// How far work in so many parts is.
    pub(crate) fn progress_of(&self, total: usize) -> Progress<'_> {
        let is_shown = self.progress.load(Ordering::Relaxed) && !self.json;
        let bar = is_shown.then(|| {
            let bar = ProgressBar::new(total as u64);
            let style = "{bar:40} {pos} of {len}, {eta} left  {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Progress {
            console: self,
            bar,
            total,
            done: 0,
        }
    }

    /// Ready at the next Ctrl-C, which then does not end the command; the one after that does.
    pub(crate) fn on_interrupt(&self) -> oneshot::Receiver<()> {
        let (interrupt, interrupted) = oneshot::channel();
        *self
            .interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(interrupt);
        interrupted
    }

    /// Tells the command of a Ctrl-C, if it wants to hear of it.
    pub(crate) fn interrupt(&self) -> bool {
        let interrupt = self
            .interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        interrupt.is_some_and(|interrupt| interrupt.send(()).is_ok())
    }

    /// No more progress: what is being done is shown as data from now on.
    pub(crate) fn stop_progress(&self) {
        self.progress.store(false, Ordering::Relaxed);
    }

    /// A failure: its sentence, then what to do and who must.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            write(&self.err, &failure.to_json().to_string());
            return;
        }
        for (index, (label, text)) in failure.lines().into_iter().enumerate() {
            let line = match index {
                0 => format!("{}: {text}", paint(self.colour_err, RED, label)),
                _ => format!("  {}: {text}", paint(self.colour_err, DIM, label)),
            };
            write(&self.err, &line);
        }
    }
}

impl Progress<'_> {
    /// One part more is done.
    pub(crate) fn tick(&mut self, text: &str) {
        self.done += 1;
        let (done, total) = (self.done, self.total.max(1));
        match &self.bar {
            Some(bar) => {
                bar.set_message(redact::text(text));
                bar.inc(1);
            }
            // a line for each tenth
            None if !self.console.json && done * 10 / total > (done - 1) * 10 / total => {
                self.console.note(&format!("{done} of {total}"));
            }
            None => {}
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";

fn paint(on: bool, style: &str, text: &str) -> String {
    if on {
        format!("\u{1b}[{style}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Rust ignores SIGPIPE, so a closed pipe is an error here, and nobody is left to tell.
fn write(to: &Mutex<Box<dyn Write + Send>>, text: &str) {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = to
        .write_all(text.as_bytes())
        .and_then(|()| to.write_all(b"\n"))
        .and_then(|()| to.flush());
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// A table for people: no frame, so that `grep`, `cut` and `awk` work on it as well.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}
