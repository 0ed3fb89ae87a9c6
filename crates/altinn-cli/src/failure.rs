//! How a command fails: one sentence, what to do and who must, and the exit code.

use std::error::Error;
use std::fmt;

use http_transport::{Diagnosis, Remedy, Retry, Who, redact};
use serde_json::{Map, Value, json};

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// It did what it was asked for.
    Done,
    /// The server said no (4xx).
    Refused,
    /// The command line, an input, a file or a setting is wrong; nothing was sent.
    Usage,
    /// The server could not be reached, or did not answer properly.
    Unreachable,
    /// It was refused here, for safety.
    Unsafe,
    /// Some of it was done and some was not.
    Partly,
    /// It was interrupted (Ctrl-C).
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Unsafe => 4,
            Self::Partly => 5,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command did not do what it was asked for. Holds no secret; person numbers are masked.
#[derive(Clone, Debug)]
pub struct Failure(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    exit: Exit,
    sentence: String,
    diagnosis: Option<Diagnosis>,
    remedy: Option<Remedy>,
    notes: Vec<String>,
    causes: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl AsRef<str>) -> Self {
        Self(Box::new(Inner {
            exit,
            sentence: redact::text(sentence.as_ref()),
            diagnosis: None,
            remedy: None,
            notes: Vec::new(),
            causes: Vec::new(),
        }))
    }

    /// Bad usage, input, file or setting.
    pub(crate) fn usage(sentence: impl AsRef<str>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// What the person at the keyboard can do about it.
    pub(crate) fn todo(mut self, action: impl Into<String>) -> Self {
        self.0.remedy = Some(Remedy::new(Who::You, action.into()));
        self
    }

    /// Something that helps to understand it.
    pub(crate) fn note(mut self, note: impl AsRef<str>) -> Self {
        self.0.notes.push(redact::text(note.as_ref()));
        self
    }

    /// Puts what was being done before the sentence.
    pub(crate) fn while_doing(mut self, doing: impl fmt::Display) -> Self {
        self.0.sentence = redact::text(&format!("{doing}: {}", self.0.sentence));
        self
    }

    fn of(exit: Exit, error: &(dyn Error + 'static), diagnosis: Diagnosis) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = redact::text(&cause.to_string());
            let said = failure.0.sentence.contains(&text) || failure.0.causes.contains(&text);
            if !said && !text.is_empty() {
                failure.0.causes.push(text);
            }
            source = cause.source();
        }
        failure.0.remedy = diagnosis.remedy().cloned();
        failure.0.diagnosis = Some(diagnosis);
        failure
    }

    /// The exit code that it ends the command with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// What went wrong, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.0.sentence
    }

    /// What the server said, when that is more than the sentence.
    fn why(&self) -> Option<String> {
        let diagnosis = self.0.diagnosis.as_ref()?;
        let mut said = diagnosis.message().unwrap_or_default().to_owned();
        if self.0.sentence.contains(&said) {
            said.clear();
        }
        let (status, code) = (diagnosis.status(), diagnosis.code());
        let answer = match (status, code) {
            (Some(status), Some(code)) => format!("HTTP {status}, {code}"),
            (Some(status), None) => format!("HTTP {status}"),
            (None, Some(code)) => code.to_owned(),
            (None, None) => String::new(),
        };
        let why = match (said.is_empty(), answer.is_empty()) {
            (true, true) => return None,
            (true, false) => answer,
            (false, true) => said,
            (false, false) => format!("{said} ({answer})"),
        };
        (!self.0.sentence.contains(&why)).then_some(why)
    }

    /// The lines for people, without a colour.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("error", self.0.sentence.clone())];
        if let Some(diagnosis) = &self.0.diagnosis
            && !self.0.sentence.contains(diagnosis.operation())
        {
            lines.push(("while", redact::text(diagnosis.operation())));
        }
        let why = self.why();
        lines.extend(why.clone().map(|why| ("why", why)));
        for cause in &self.0.causes {
            if !why.as_ref().is_some_and(|why| why.contains(cause)) {
                lines.push(("because", cause.clone()));
            }
        }
        lines.extend(self.0.notes.iter().map(|note| ("note", note.clone())));
        if let Some(remedy) = &self.0.remedy {
            let place = remedy
                .place()
                .map(|place| format!(" ({place})"))
                .unwrap_or_default();
            lines.push(("what to do", format!("{}{place}", remedy.action())));
            lines.push(("who", remedy.who().to_string()));
        }
        if let Some(diagnosis) = &self.0.diagnosis {
            match diagnosis.retry() {
                Retry::After(time) => {
                    lines.push(("again", format!("in {} s", time.as_secs().max(1))));
                }
                Retry::Yes => lines.push(("again", "the same call may succeed later".to_owned())),
                _ => {}
            }
            if let Some(id) = diagnosis.trace_id() {
                lines.push(("trace id", redact::text(id)));
            }
        }
        // what a server or a redirect wrote must not steer the terminal
        for (_, text) in &mut lines {
            text.retain(|character| character == '\n' || !character.is_control());
        }
        lines
    }

    /// The object that `--json` writes to standard error: `{"error":{"exit":…,"message":…,…}}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("exit".into(), self.0.exit.code().into());
        error.insert("message".into(), self.0.sentence.clone().into());
        if let Some(diagnosis) = &self.0.diagnosis {
            error.insert(
                "operation".into(),
                redact::text(diagnosis.operation()).into(),
            );
            if let Some(status) = diagnosis.status() {
                error.insert("status".into(), status.into());
            }
            for (name, value) in [
                ("code", diagnosis.code()),
                ("serverMessage", diagnosis.message()),
                ("traceId", diagnosis.trace_id()),
            ] {
                if let Some(value) = value {
                    error.insert(name.into(), redact::text(value).into());
                }
            }
            let retry = match diagnosis.retry() {
                Retry::No => json!(false),
                Retry::After(time) => json!({ "afterSeconds": time.as_secs() }),
                _ => json!(true),
            };
            error.insert("retry".into(), retry);
        }
        if let Some(remedy) = &self.0.remedy {
            error.insert(
                "remedy".into(),
                json!({
                    "action": remedy.action(),
                    "who": remedy.who().to_string(),
                    "place": remedy.place(),
                }),
            );
        }
        if !self.0.causes.is_empty() {
            error.insert("causes".into(), self.0.causes.clone().into());
        }
        if !self.0.notes.is_empty() {
            error.insert("notes".into(), self.0.notes.clone().into());
        }
        json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.sentence)
    }
}

impl Error for Failure {}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the exchange was: nothing sent, no proper answer, or an answer that says no.
fn exit_of(error: &(dyn Error + 'static), diagnosis: &Diagnosis) -> Exit {
    use http_transport::ErrorKind as Transport;
    if let Some(transport) = find::<http_transport::Error>(error) {
        return match transport.kind() {
            Transport::ForeignHost | Transport::Insecure => Exit::Unsafe,
            Transport::InvalidRequest => Exit::Usage,
            _ => Exit::Unreachable,
        };
    }
    match diagnosis.status() {
        Some(400..=499) => Exit::Refused,
        Some(_) => Exit::Unreachable,
        None if diagnosis.retry() != Retry::No => Exit::Unreachable,
        None => Exit::Usage,
    }
}

impl From<http_transport::Error> for Failure {
    fn from(error: http_transport::Error) -> Self {
        let diagnosis = error.diagnosis();
        Self::of(exit_of(&error, &diagnosis), &error, diagnosis)
    }
}

impl From<maskinporten::Error> for Failure {
    fn from(error: maskinporten::Error) -> Self {
        let diagnosis = error.diagnosis();
        let exit = match error.kind() {
            maskinporten::ErrorKind::InvalidAnswer | maskinporten::ErrorKind::Mismatch => {
                Exit::Unreachable
            }
            _ => exit_of(&error, &diagnosis),
        };
        Self::of(exit, &error, diagnosis)
    }
}

impl From<maskinporten::BuildError> for Failure {
    fn from(error: maskinporten::BuildError) -> Self {
        let exit = match error.kind() {
            _ if find::<http_transport::Error>(&error).is_some() => Exit::Unreachable,
            maskinporten::BuildErrorKind::Metadata => Exit::Unreachable,
            _ => Exit::Usage,
        };
        Self::of(exit, &error, error.diagnosis())
    }
}

impl From<altinn_auth::BuildError> for Failure {
    fn from(error: altinn_auth::BuildError) -> Self {
        match find::<maskinporten::BuildError>(&error) {
            Some(below) => below.clone().into(),
            None => Self::of(Exit::Usage, &error, error.diagnosis()),
        }
    }
}

impl From<altinn_auth::Error> for Failure {
    fn from(error: altinn_auth::Error) -> Self {
        // what Maskinporten said is the whole of it
        if let Some(below) = find::<maskinporten::Error>(&error) {
            return below.clone().into();
        }
        let diagnosis = error.diagnosis();
        let exit = match error.kind() {
            altinn_auth::ErrorKind::InvalidAnswer => Exit::Unreachable,
            altinn_auth::ErrorKind::ForeignHost
            | altinn_auth::ErrorKind::StateMismatch
            | altinn_auth::ErrorKind::IssuerMismatch
            | altinn_auth::ErrorKind::NonceMismatch
            | altinn_auth::ErrorKind::InvalidIdToken
            | altinn_auth::ErrorKind::LevelTooLow => Exit::Unsafe,
            altinn_auth::ErrorKind::LoginRefused
            | altinn_auth::ErrorKind::LoginExpired
            | altinn_auth::ErrorKind::SessionExpired => Exit::Refused,
            _ => exit_of(&error, &diagnosis),
        };
        Self::of(exit, &error, diagnosis)
    }
}

impl From<altinn_authz::Error> for Failure {
    fn from(error: altinn_authz::Error) -> Self {
        use altinn_authz::ErrorKind as Kind;
        if let Some(below) = find::<altinn_auth::Error>(&error) {
            return below.clone().into();
        }
        let diagnosis = error.diagnosis().clone();
        let exit = match error.kind() {
            Kind::ForeignLink => Exit::Unsafe,
            Kind::EndlessList | Kind::Unreadable | Kind::Unreachable | Kind::Altinn2Closed => {
                Exit::Unreachable
            }
            Kind::UnknownParty | Kind::WrongName => Exit::Refused,
            Kind::InvalidInput | Kind::MissingScope => Exit::Usage,
            _ => exit_of(&error, &diagnosis),
        };
        Self::of(exit, &error, diagnosis)
    }
}

impl From<altinn_sim::Error> for Failure {
    fn from(error: altinn_sim::Error) -> Self {
        let diagnosis = Diagnosis::new("run the simulator");
        Self::of(Exit::Usage, &error, diagnosis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_transport::ErrorKind;

    #[test]
    fn the_exit_code_says_whose_turn_it_is() {
        let exit = |kind| Failure::from(http_transport::Error::new(kind, "read a thing")).exit();
        assert_eq!(exit(ErrorKind::Connect), Exit::Unreachable);
        assert_eq!(exit(ErrorKind::Html), Exit::Unreachable);
        assert_eq!(exit(ErrorKind::ForeignHost), Exit::Unsafe);
        assert_eq!(exit(ErrorKind::Insecure), Exit::Unsafe);
        let answered = |status| {
            let diagnosis = Diagnosis::new("read").with_status(status);
            exit_of(&fmt::Error, &diagnosis)
        };
        assert_eq!(
            (answered(403), answered(503)),
            (Exit::Refused, Exit::Unreachable)
        );
    }

    #[test]
    fn nothing_is_said_twice_and_no_person_number_at_all() {
        let error = http_transport::Error::new(ErrorKind::Connect, "look 26899299344 up")
            .with_detail("127.0.0.1:1 for 26899299344");
        let failure = Failure::from(error).note("asked for 26899299344");
        let said: Vec<String> = failure.lines().into_iter().map(|(_, text)| text).collect();
        let all = format!("{said:?} {}", failure.to_json());
        assert!(!all.contains("26899299344"), "{all}");
        assert_eq!(
            said.iter()
                .filter(|line| line.contains("could not connect"))
                .count(),
            1
        );
    }
}
