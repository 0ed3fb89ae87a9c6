//! The decision point (PDP): may somebody do something with a resource, for somebody?
//!
//! ```no_run
//! use altinn_auth::SecurityLevel;
//! use altinn_authz::altinn3::pdp::{Pdp, Question, Subject};
//!
//! # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
//! let us = altinn.organisation().scopes([altinn_authz::altinn3::scopes::PDP]);
//! let pdp = Pdp::new(&us);
//!
//! let anna = Subject::person(&"26899299344".parse()?);
//! let company: norwegian_ids::OrganisationNumber = "310702641".parse()?;
//! let question = Question::may(anna, "read", "skd-skattemelding").on_behalf_of(company);
//!
//! // how surely the user is known is a condition of most permits: here they logged in at level 3
//! match pdp.ask(&question).await?.at_level(SecurityLevel::THREE) {
//!     Ok(_permit) => println!("yes"),
//!     Err(refusal) => println!("no: {refusal}"),
//! }
//!
//! // many at once, in one call
//! let actions = ["read", "write", "sign"];
//! let questions = actions.map(|action| {
//!     Question::may(question.subject().clone(), action, "skd-skattemelding").on_behalf_of(company)
//! });
//! for (question, decision) in pdp.ask_all(questions).await?.iter() {
//!     println!("{question}: {decision:?}");
//! }
//! # Ok(()) }
//! ```
//!
//! - **A Permit is not called one until its obligations are met.** What the server calls `Permit` with
//!   obligations is [`Decision::PermitIf`]; a [`Permit`] comes from
//!   [`at_level`](Decision::at_level), or by [acknowledging](Conditional::acknowledge) what the caller
//!   has seen to itself.
//! - **`Indeterminate` is an error** ([`Indeterminate`](crate::ErrorKind::Indeterminate)): the
//!   server answers 200 with it where the resource is unknown or the question makes no sense.
//! - **`NotApplicable` is no permit**: no rule of the policy says anything.
//! - **It may lag.** A right that was given or taken back shows up to five minutes later here.

mod decision;
pub mod models;
mod question;

use http::Method;
use http_transport::{Diagnosis, Remedy, Who};

use altinn_auth::{ByToken, Session};

pub use self::decision::{Conditional, Decision, Denial, Obligation, Permit, Refusal, Unmet};
pub use self::models::Verdict;
pub use self::question::{Question, Subject};
use crate::altinn3::api::Api;
use crate::altinn3::scopes;
use crate::{Caller, Error, ErrorKind, Language};

/// Altinn's decision point, as somebody who may ask it about others: a service owner (tjenesteeier) or
/// another organisation with the scope [`scopes::PDP`].
///
/// The gateway before it wants a **subscription key** beside the token. The session adds it:
/// [`AltinnBuilder::product_key("authorization", …)`](altinn_auth::AltinnBuilder::product_key), or
/// [`subscription_key`](altinn_auth::AltinnBuilder::subscription_key) for one that is for all products
/// (`ALTINN_SUBSCRIPTION_KEY`).
///
/// See the [module](self) for how an answer is to be read.
#[derive(Debug, Clone)]
pub struct Pdp {
    api: Api,
}

const OPERATION: &str = "ask whether somebody may";

impl Pdp {
    /// As whoever this session is. It is mostly an [organisation's](altinn_auth::Organisation).
    #[must_use]
    pub fn new<K: ByToken>(session: &Session<K>) -> Self {
        Self::with_caller(session.clone())
    }

    /// As this [`Caller`].
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller).when_forbidden(
                "check that the token has the scope altinn:authorization/authorize, which Digitaliseringsdirektoratet gives, and that the subscription key (ALTINN_SUBSCRIPTION_KEY) is one for authorization",
            ),
        }
    }

    /// The language of messages; bokmål without this.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.api.set_language(language);
        self
    }

    /// Asks one question. `POST authorization/api/v1/authorize`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] and [`ErrorKind::InvalidInput`] before anything is sent;
    /// [`ErrorKind::Indeterminate`] when there is no decision; [`ErrorKind::Authentication`] also where
    /// the subscription key is missing.
    pub async fn ask(&self, question: &Question) -> Result<Decision, Error> {
        let mut answers = self.send(std::slice::from_ref(question)).await?;
        answers.pop().unwrap_or_else(|| Err(miscounted(0, 1)))
    }

    /// Asks several questions in one call; no question, no call.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask), but for [`ErrorKind::Indeterminate`]: that is the answer to one question,
    /// and the others have theirs.
    pub async fn ask_all(
        &self,
        questions: impl IntoIterator<Item = Question> + Send,
    ) -> Result<Answers, Error> {
        let questions: Vec<Question> = questions.into_iter().collect();
        if questions.is_empty() {
            return Ok(Answers(Vec::new()));
        }
        let decisions = self.send(&questions).await?;
        Ok(Answers(questions.into_iter().zip(decisions).collect()))
    }

    async fn send(&self, questions: &[Question]) -> Result<Vec<Result<Decision, Error>>, Error> {
        self.api
            .require_one_of(OPERATION, &[scopes::PDP, scopes::PDP_ADMIN])?;
        for question in questions {
            question.check(OPERATION)?;
        }
        let address = self.api.address("authorization/api/v1/authorize");
        let document = question::document(questions);
        let answer: models::Answer = self
            .api
            .exchange(OPERATION, Method::POST, &address, &document)
            .await?;
        let results = question::in_order(questions, answer.response)
            .map_err(|found| miscounted(found, questions.len()))?;
        Ok(results.into_iter().map(decide).collect())
    }
}

/// Questions and their answers, in the order of asking.
#[derive(Debug, Clone)]
pub struct Answers(Vec<(Question, Result<Decision, Error>)>);

impl Answers {
    /// Each question with its answer.
    pub fn iter(&self) -> impl Iterator<Item = (&Question, &Result<Decision, Error>)> {
        self.0.iter().map(|(question, answer)| (question, answer))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Answers {
    type Item = (Question, Result<Decision, Error>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn decide(result: models::DecisionResult) -> Result<Decision, Error> {
    let status = result.status.as_ref();
    let message = status
        .and_then(|status| status.message.as_ref())
        .map(ToString::to_string);
    match result.decision {
        Verdict::Permit => Ok(Decision::permit(&result.obligations)),
        Verdict::Deny => Ok(Decision::Deny(Denial::new(message))),
        Verdict::NotApplicable => Ok(Decision::NotApplicable),
        Verdict::Indeterminate => Err(indeterminate(message, status)),
        Verdict::Other(other) => Err(unreadable(format!("the decision is {other}"))),
    }
}

fn indeterminate(message: Option<String>, status: Option<&models::Status>) -> Error {
    let said = message.as_deref().map(http_transport::redact::text);
    let summary = match &said {
        Some(said) => format!("there is no decision: {}", said.trim_end_matches('.')),
        None => "there is no decision (Indeterminate)".to_owned(),
    };
    let mut diagnosis = Diagnosis::new(OPERATION)
        .with_status(200)
        .with_message(said.as_deref().unwrap_or("Indeterminate"))
        .with_remedy(Remedy::new(
            Who::You,
            "check the resource's id, the action, and the numbers of the one who acts and the one acted for: Altinn cannot decide about what it does not know. It is no refusal, and no permit either",
        ));
    let code = status.and_then(|status| status.code.as_ref()?.value.as_deref());
    if let Some(code) = code.and_then(|code| code.rsplit(':').next()) {
        diagnosis = diagnosis.with_code(code.to_owned());
    }
    Error::new(ErrorKind::Indeterminate, summary, diagnosis)
}

fn miscounted(found: usize, due: usize) -> Error {
    unreadable(format!(
        "{due} answers were due, and {found} came or they cannot be told apart"
    ))
}

fn unreadable(detail: String) -> Error {
    let kind = http_transport::ErrorKind::UnexpectedShape;
    let error = http_transport::Error::new(kind, OPERATION)
        .with_status(200)
        .with_detail(detail);
    Error::from(error)
}
