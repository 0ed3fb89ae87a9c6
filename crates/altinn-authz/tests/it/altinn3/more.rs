//! Which method a fixture is an exchange of, where it is not one of the end user's client.

use altinn_auth::{Organisation, Session};
use altinn_authz::altinn3::pdp::{Pdp, Question, Subject};
use altinn_authz::altinn3::{PartyUrn, scopes};
use serde_json::{Value, json};
use url::Url;

use crate::altinn3::contract::shown;
use crate::contract::{Fixture, altinn};

/// The organisation's session, with one scope: each call needs no other.
fn organisation(url: &Url, scope: &str) -> Session<Organisation> {
    altinn(url, false).organisation().scopes([scope])
}

/// Calls the method; `None` when the fixture is none of these.
pub(crate) async fn call(url: &Url, fixture: &Fixture) -> Option<Value> {
    Some(match fixture.operation() {
        "pdp-authorize" => {
            let pdp = Pdp::new(&organisation(url, scopes::PDP));
            let questions = questions(fixture);
            match questions.as_slice() {
                [one] => shown(pdp.ask(one).await),
                _ => match pdp.ask_all(questions).await {
                    Err(error) => shown::<()>(Err(error)),
                    Ok(answers) => answers
                        .into_iter()
                        .map(|(question, answer)| {
                            json!({ "question": question, "answer": shown(answer) })
                        })
                        .collect(),
                },
            }
        }
        _ => return None,
    })
}

/// The questions that a request asks, in their order.
fn questions(fixture: &Fixture) -> Vec<Question> {
    let request = &fixture.request.body.as_ref().unwrap()["Request"];
    let category = |name: &str, id: &Value| {
        let all = request[name].as_array().unwrap();
        let found = all.iter().find(|category| category["Id"] == *id).unwrap();
        let attributes = found["Attribute"].as_array().unwrap();
        attributes
            .iter()
            .map(|attribute| {
                let text = |name: &str| attribute[name].as_str().unwrap().to_owned();
                (text("AttributeId"), text("Value"))
            })
            .collect::<Vec<_>>()
    };
    let references: Vec<Vec<Value>> = match request["MultiRequests"]["RequestReference"].as_array()
    {
        Some(references) => references
            .iter()
            .map(|reference| reference["ReferenceId"].as_array().unwrap().clone())
            .collect(),
        None => vec![vec![Value::Null; 3]],
    };
    references
        .iter()
        .map(|ids| {
            let subject = match &category("AccessSubject", &ids[0])[0] {
                (kind, code) if kind == "urn:altinn:org" => Subject::service_owner(code),
                (kind, id) if kind == "urn:altinn:userid" => Subject::user(id.parse().unwrap()),
                (kind, value) => party(kind, value).into(),
            };
            let action = &category("Action", &ids[1])[0].1;
            let about = category("Resource", &ids[2]);
            let value = |kind: &str| {
                let found = about.iter().find(|(found, _)| found == kind);
                found.map(|(_, value)| value.as_str())
            };
            let mut question = match value("urn:altinn:resource") {
                Some(resource) => Question::may(subject, action, resource),
                None => Question::may_in_app(
                    subject,
                    action,
                    value("urn:altinn:org").unwrap(),
                    value("urn:altinn:app").unwrap(),
                ),
            };
            for (kind, value) in &about {
                question = match kind.as_str() {
                    "urn:altinn:resource" | "urn:altinn:org" | "urn:altinn:app" => question,
                    "urn:altinn:task" => question.task(value),
                    "urn:altinn:instance-id" => {
                        let (owner, id) = value.split_once('/').unwrap();
                        question.app_instance(owner.parse().unwrap(), id.parse().unwrap())
                    }
                    _ => question.on_behalf_of(party(kind, value)),
                };
            }
            question
        })
        .collect()
}

fn party(kind: &str, value: &str) -> PartyUrn {
    format!("{kind}:{value}").parse().unwrap()
}
