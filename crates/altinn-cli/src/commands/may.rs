//! `altinn may`: whether somebody may do something, by Altinn's decision point (PDP).

use altinn_auth::SecurityLevel;
use altinn_authz::altinn3::pdp::{Decision, Obligation, Pdp, Question, Subject};
use altinn_authz::altinn3::{PartyUrn, PartyUuid, scopes};
use clap::Args;
use serde_json::{Value, json};

use crate::args::ScopeArgs;
use crate::commands::Report;
use crate::commands::party::party_urn;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  altinn may 26899299344 read skf-skattemelding for 310753831
      whether the person may read it for the organisation
  altinn may 26899299344 read,write,sign skf-skattemelding for 310753831 --level 3
      several actions in one call; they have logged in at level 3
  altinn may system-user:UUID read skf-postlogg for 310753831
  altinn may 310742104 read skf-postlogg
      an organisation, for itself

WHO is a person number, an organisation number, a party UUID, system-user:UUID, user:ID or org:CODE
(a service owner). Exit code 0: they may, all of it; 1: they may not, or only on a condition that is
not met. Most permits have one: how surely the user is known (--level).

You ask as an organisation with the scope altinn:authorization/authorize, and with a subscription
key (ALTINN_SUBSCRIPTION_KEY_AUTHORIZATION). What was given or taken back shows here up to five
minutes later. `Indeterminate`, the answer about what Altinn does not know, is neither: exit code
3.";

/// Arguments of `altinn may`.
#[derive(Args)]
#[command(after_help = EXAMPLES, override_usage = "altinn may [OPTIONS] <WHO> <ACTION[,ACTION…]> <RESOURCE> [for <WHOM>]")]
pub(crate) struct MayArgs {
    /// Who may do what, on which resource, and for whom: itself, or `for WHOM`
    #[arg(value_names = ["WHO", "ACTION", "RESOURCE"], required = true, num_args = 3..=5)]
    words: Vec<String>,

    /// The security level (sikkerhetsnivå) at which the user has logged in, 0 to 4
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=4))]
    level: Option<u8>,

    #[command(flatten)]
    scopes: ScopeArgs,
}

impl MayArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        self.scopes.given().into_iter().collect()
    }

    /// Who, the actions, the resource and for whom.
    fn read(&self) -> Result<(&str, Vec<&str>, &str, &str), Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (who, actions, resource, whom) = match words.as_slice() {
            [who, actions, resource] => (*who, *actions, *resource, *who),
            [who, actions, resource, "for", whom] => (*who, *actions, *resource, *whom),
            [who, actions, resource, whom] if *whom != "for" => (*who, *actions, *resource, *whom),
            _ => {
                return Err(Failure::usage("it is not said what is asked")
                    .todo("say WHO ACTION RESOURCE for WHOM, in this order"));
            }
        };
        let actions: Vec<&str> = actions
            .split(',')
            .map(str::trim)
            .filter(|action| !action.is_empty())
            .collect();
        if actions.is_empty() {
            return Err(Failure::usage("no action is named").todo("name one, such as read"));
        }
        Ok((who, actions, resource, whom))
    }
}

pub(crate) async fn may(context: &Context<'_>, args: &MayArgs) -> Result<Report, Failure> {
    let (who, actions, resource, whom) = args.read()?;
    let subject = subject(who)?;
    let party = party(whom)?;
    let questions: Vec<Question> = actions
        .iter()
        .map(|action| Question::may(subject.clone(), *action, resource).on_behalf_of(&party))
        .collect();
    let scopes = context.scopes(&[scopes::PDP])?;
    let session = context.altinn().await?.organisation().scopes(scopes);
    context.console.progress("asking Altinn's decision point");
    let pdp = Pdp::new(&session).with_language(context.settings.language()?);
    let level = args.level.and_then(SecurityLevel::new);
    let mut answers = Vec::new();
    for (question, decision) in pdp.ask_all(questions).await? {
        answers.push(Answer::of(&question, decision?, level));
    }
    Ok(report(&subject, &party, resource, &answers))
}

fn subject(text: &str) -> Result<Subject, Failure> {
    let uuid = |text: &str| {
        text.parse::<PartyUuid>()
            .map_err(|_| Failure::usage("WHO: this is no UUID").todo("give the system user's UUID"))
    };
    match text.split_once(':') {
        Some(("system-user", id)) => Ok(Subject::system_user(uuid(id)?)),
        Some(("user", id)) => id.parse().map(Subject::user).map_err(|_| {
            Failure::usage("WHO: user: wants Altinn's number for the user (userId)")
                .todo("give digits")
        }),
        Some(("org", code)) => Ok(Subject::service_owner(code)),
        _ => Ok(party_urn("WHO", text)?.into()),
    }
}

fn party(text: &str) -> Result<PartyUrn, Failure> {
    match text.split_once(':') {
        // for itself
        Some(_) => Err(Failure::usage("it is not said for whom")
            .todo("add for WHOM: a number or a party UUID")),
        None => party_urn("WHOM", text),
    }
}

struct Answer {
    action: String,
    may: bool,
    says: String,
    json: Value,
}

impl Answer {
    fn of(question: &Question, decision: Decision, level: Option<SecurityLevel>) -> Self {
        let mut json = json!(&decision);
        let (may, says) = match (decision, level) {
            (Decision::Permit(_), _) => (true, "yes".to_owned()),
            (Decision::PermitIf(condition), None) => {
                let conditions: Vec<_> = condition.obligations().iter().map(condition_of).collect();
                (false, format!("only if {}", conditions.join(", and ")))
            }
            (conditional @ Decision::PermitIf(_), Some(level)) => match conditional.at_level(level)
            {
                Ok(_) => (true, format!("yes, at level {level}")),
                Err(refusal) => (false, format!("no: {refusal}")),
            },
            (Decision::Deny(denial), _) => {
                let why = denial.message().map(|why| format!(": {why}"));
                (false, format!("no{}", why.unwrap_or_default()))
            }
            (Decision::NotApplicable, _) => (
                false,
                "no: no rule of the policy says anything about it".to_owned(),
            ),
        };
        json["action"] = question.action().into();
        json["may"] = may.into();
        Self {
            action: question.action().to_owned(),
            may,
            says,
            json,
        }
    }
}

fn condition_of(obligation: &Obligation) -> String {
    match obligation {
        Obligation::Level(level) => {
            format!("the user has logged in at level {level} or above (--level)")
        }
        Obligation::OrganisationLevel(level) => {
            format!("an organisation is known at level {level} or above (--level)")
        }
        Obligation::Other { category, value } => format!("{category} {value} is met"),
        _ => "an obligation is met that this version does not know".to_owned(),
    }
}

fn report(subject: &Subject, party: &PartyUrn, resource: &str, answers: &[Answer]) -> Report {
    let all = answers.iter().all(|answer| answer.may);
    let json = json!({
        "who": subject.to_string(),
        "for": party.to_string(),
        "resource": resource,
        "may": all,
        "answers": answers.iter().map(|answer| &answer.json).collect::<Vec<_>>(),
    });
    let text = match answers {
        [one] => {
            let mut says = one.says.clone();
            if let Some(first) = says.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            says
        }
        several => {
            let rows = several
                .iter()
                .map(|answer| [answer.action.clone(), answer.says.clone()])
                .collect();
            table(["ACTION", "MAY"], rows)
        }
    };
    Report {
        exit: if all { Exit::Done } else { Exit::Refused },
        ..Report::new(json, text, if all { "they may" } else { "they may not" })
    }
}
