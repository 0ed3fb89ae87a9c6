//! What was done, step by step.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use crate::Error;

/// What a call that takes several steps did, step by step.
///
/// A report is returned once something may have been changed, also when a later step failed: what
/// was done is done, and the report says exactly what. `Display` writes a line for each step.
///
/// `E` is what is given, `P` names the receiver.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound = "E: fmt::Display, P: Serialize")]
#[must_use = "a report can say that something was refused"]
pub struct Report<E, P> {
    giver: String,
    receiver: Option<P>,
    steps: Vec<Step<E>>,
    connection_left_empty: bool,
    decision_point_lag_seconds: Option<u64>,
}

/// How long Altinn 3's decision point (PDP) may not know of a change: it keeps what it read for about
/// five minutes (`DelegationContextHandler`, <https://github.com/Altinn/altinn-authorization-tmp>).
pub(crate) const DECISION_POINT_LAG: Duration = Duration::from_secs(5 * 60);

/// What a report of a change on Altinn 3 ends with.
pub(crate) const LAG_SAID: &str =
    "the decision point (PDP) may take up to five minutes to know of it";

/// One step.
#[derive(Debug, Clone)]
pub struct Step<E> {
    what: What<E>,
    outcome: Outcome,
}

/// What a step is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What<E> {
    /// Whether the giver may give it.
    Check(E),
    /// The connection that everything is given on.
    Connect,
    /// Giving.
    Give(E),
    /// Taking back.
    TakeBack(E),
    /// Reading afterwards, to see that it is so.
    ReadAgain(E),
}

/// How a step went.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was so already; nothing was sent, or what was sent changed nothing.
    Already,
    /// It may not be done, for these reasons; nothing was sent.
    Refused(Vec<String>),
    /// It was done, but what is there now is not what it should be: somebody else has changed
    /// something, or the change did not stick.
    Unexpected(Vec<String>),
    /// What was given directly is gone, and it is held in these other ways all the same.
    StillHeld(Vec<String>),
    /// The call failed.
    Failed(Error),
    /// It was not tried, because a step before it failed.
    Skipped,
}

impl Outcome {
    /// Whether the step's purpose is fulfilled.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::Refused(_) => "refused",
            Self::Unexpected(_) => "unexpected",
            Self::StillHeld(_) => "still held",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn details(&self) -> &[String] {
        match self {
            Self::Refused(details) | Self::Unexpected(details) | Self::StillHeld(details) => {
                details
            }
            _ => &[],
        }
    }
}

impl<E> Step<E> {
    /// What the step is for.
    #[must_use]
    pub fn what(&self) -> &What<E> {
        &self.what
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

impl<E, P> Report<E, P> {
    pub(crate) fn new(giver: &impl fmt::Display, receiver: Option<P>) -> Self {
        Self {
            giver: giver.to_string(),
            receiver,
            steps: Vec::new(),
            connection_left_empty: false,
            decision_point_lag_seconds: None,
        }
    }

    pub(crate) fn add(&mut self, what: What<E>, outcome: Outcome) {
        self.steps.push(Step { what, outcome });
    }

    /// The steps of another call that came after this one.
    #[cfg(feature = "altinn2")]
    pub(crate) fn append(&mut self, other: Self) {
        self.steps.extend(other.steps);
        self.connection_left_empty |= other.connection_left_empty;
    }

    pub(crate) fn set_receiver(&mut self, receiver: P) {
        self.receiver = Some(receiver);
    }

    pub(crate) fn set_connection_left_empty(&mut self) {
        self.connection_left_empty = true;
    }

    /// What was changed on Altinn 3 is not known everywhere at once.
    pub(crate) fn set_decision_point_lags(&mut self) {
        if self.has_changed_anything() {
            self.decision_point_lag_seconds = Some(DECISION_POINT_LAG.as_secs());
        }
    }

    /// How long Altinn 3's decision point (PDP), and with it the services, may not know of what was
    /// changed; `None` when nothing was. The lists of rights know it at once.
    #[must_use]
    pub fn decision_point_lag(&self) -> Option<Duration> {
        self.decision_point_lag_seconds.map(Duration::from_secs)
    }

    /// Who gives.
    #[must_use]
    pub fn giver(&self) -> &str {
        &self.giver
    }

    /// Who receives. For a person named by number and name it is known once the connection stands.
    #[must_use]
    pub fn receiver(&self) -> Option<&P> {
        self.receiver.as_ref()
    }

    /// The steps, in the order they were taken.
    #[must_use]
    pub fn steps(&self) -> &[Step<E>] {
        &self.steps
    }

    /// Whether everything that was asked for is so now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_good())
    }

    /// Whether anything was changed.
    #[must_use]
    pub fn has_changed_anything(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(step.what, What::Connect | What::Give(_) | What::TakeBack(_))
                && matches!(
                    step.outcome,
                    Outcome::Done | Outcome::Unexpected(_) | Outcome::StillHeld(_)
                )
        })
    }

    /// The errors of the calls that failed.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        })
    }

    /// Whether the connection stands but nothing is given on it any more. It is left as it is;
    /// on Altinn 3 `Client::remove_connection` removes it, on Altinn 2 it goes by itself.
    #[must_use]
    pub fn connection_left_empty(&self) -> bool {
        self.connection_left_empty
    }
}

impl<E: fmt::Display> fmt::Display for What<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(entitlement) => write!(f, "check {entitlement}"),
            Self::Connect => f.write_str("connect"),
            Self::Give(entitlement) => write!(f, "give {entitlement}"),
            Self::TakeBack(entitlement) => write!(f, "take back {entitlement}"),
            Self::ReadAgain(entitlement) => write!(f, "read again {entitlement}"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Step<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.outcome.name())?;
        if let Outcome::Failed(error) = &self.outcome {
            write!(f, ": {error}")?;
        }
        for (at, detail) in self.outcome.details().iter().enumerate() {
            write!(f, "{} {detail}", if at == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl<E: fmt::Display, P> fmt::Display for Report<E, P> {
    /// One line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{step}")?;
        }
        if self.connection_left_empty {
            f.write_str("\nthe connection is empty now and was left standing")?;
        }
        if self.decision_point_lag_seconds.is_some() {
            write!(f, "\n{LAG_SAID}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Display> Serialize for Step<E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (step, entitlement) = match &self.what {
            What::Check(entitlement) => ("check", Some(entitlement)),
            What::Connect => ("connect", None),
            What::Give(entitlement) => ("give", Some(entitlement)),
            What::TakeBack(entitlement) => ("takeBack", Some(entitlement)),
            What::ReadAgain(entitlement) => ("readAgain", Some(entitlement)),
        };
        let error = match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        };
        let mut out = serializer.serialize_struct("Step", 5)?;
        out.serialize_field("step", step)?;
        out.serialize_field("entitlement", &entitlement.map(ToString::to_string))?;
        out.serialize_field("outcome", self.outcome.name())?;
        out.serialize_field("details", self.outcome.details())?;
        out.serialize_field("error", &error)?;
        out.end()
    }
}
