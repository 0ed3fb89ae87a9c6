//! What is asked, as Altinn's profile of XACML in JSON writes it.

use std::fmt;

use norwegian_ids::{OrganisationNumber, PersonNumber};
use serde::Serialize;

use super::models;
use crate::Error;
use crate::altinn3::models::ResourceId;
use crate::altinn3::party_urn::PartyUrn;
use crate::wire::PartyUuid;

// Attribute ids: wire facts, Altinn 3 §3.1.
const ACTION: &str = "urn:oasis:names:tc:xacml:1.0:action:action-id";
const RESOURCE: &str = "urn:altinn:resource";
const ORG: &str = "urn:altinn:org";
const APP: &str = "urn:altinn:app";
const INSTANCE: &str = "urn:altinn:resource:instance-id";
const APP_INSTANCE: &str = "urn:altinn:instance-id";
const TASK: &str = "urn:altinn:task";
const USER_ID: &str = "urn:altinn:userid";
const SYSTEM_USER: &str = "urn:altinn:systemuser:uuid";

/// Who acts.
///
/// `Debug` and `Display` mask the number of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(Acting);

#[derive(Clone, PartialEq, Eq)]
enum Acting {
    Party(PartyUrn),
    User(u64),
    SystemUser(PartyUuid),
    ServiceOwner(Box<str>),
}

impl Subject {
    /// A person, by national identity number.
    #[must_use]
    pub fn person(number: &PersonNumber) -> Self {
        PartyUrn::of_person(number).into()
    }

    /// An organisation, by organisation number.
    #[must_use]
    pub fn organisation(number: OrganisationNumber) -> Self {
        PartyUrn::of_organisation(number).into()
    }

    /// Anyone, by party UUID.
    #[must_use]
    pub fn party(party: impl AsRef<PartyUuid>) -> Self {
        PartyUrn::of_party(party).into()
    }

    /// A person who has a user, by Altinn's number for the user (`userId`).
    #[must_use]
    pub fn user(id: u64) -> Self {
        Self(Acting::User(id))
    }

    /// A system user (systembruker).
    #[must_use]
    pub fn system_user(uuid: impl AsRef<PartyUuid>) -> Self {
        Self(Acting::SystemUser(uuid.as_ref().clone()))
    }

    /// A service owner (tjenesteeier), by its code (`ttd`).
    #[must_use]
    pub fn service_owner(code: impl Into<String>) -> Self {
        Self(Acting::ServiceOwner(code.into().trim().into()))
    }

    fn pair(&self) -> (&'static str, String) {
        match &self.0 {
            Acting::Party(party) => {
                let (kind, value) = party.pair();
                (kind, value.to_owned())
            }
            Acting::User(id) => (USER_ID, id.to_string()),
            Acting::SystemUser(uuid) => (SYSTEM_USER, uuid.to_string()),
            Acting::ServiceOwner(code) => (ORG, code.to_string()),
        }
    }
}

impl<P: Into<PartyUrn>> From<P> for Subject {
    fn from(party: P) -> Self {
        Self(Acting::Party(party.into()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Acting::Party(party) => f.write_str(&party.shown()),
            Acting::User(id) => write!(f, "user {id}"),
            Acting::SystemUser(uuid) => write!(f, "system user {uuid}"),
            Acting::ServiceOwner(code) => f.write_str(code),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({self})")
    }
}

/// Whether somebody may do something with a resource, for somebody.
///
/// ```
/// use altinn_authz::altinn3::pdp::{Question, Subject};
/// use norwegian_ids::OrganisationNumber;
///
/// let company: OrganisationNumber = "310702641".parse()?;
/// let anna = Subject::person(&"26899299344".parse()?);
/// let question = Question::may(anna, "sign", "skd-skattemelding").on_behalf_of(company);
/// assert_eq!(question.to_string(), "may 268992***** sign skd-skattemelding for 310702641");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    subject: Subject,
    action: Box<str>,
    on: On,
    party: Option<PartyUrn>,
    instance: Option<(&'static str, Box<str>)>,
    task: Option<Box<str>>,
}

#[derive(Clone, PartialEq, Eq)]
enum On {
    Resource(ResourceId),
    App(Box<str>, Box<str>),
}

impl Question {
    /// May `who` do `action` (`read`, `write`, …) with this resource of the resource registry?
    #[must_use]
    pub fn may(
        who: impl Into<Subject>,
        action: impl Into<String>,
        resource: impl Into<ResourceId>,
    ) -> Self {
        Self::on(who.into(), &action.into(), On::Resource(resource.into()))
    }

    /// May `who` do `action` with an app, by the codes of its owner and of the app (`ttd`,
    /// `fjordskjema`)? It is the same as the resource `app_ttd_fjordskjema`.
    #[must_use]
    pub fn may_in_app(
        who: impl Into<Subject>,
        action: impl Into<String>,
        owner: impl Into<String>,
        app: impl Into<String>,
    ) -> Self {
        let on = On::App(owner.into().trim().into(), app.into().trim().into());
        Self::on(who.into(), &action.into(), on)
    }

    fn on(subject: Subject, action: &str, on: On) -> Self {
        Self {
            subject,
            action: action.trim().into(),
            on,
            party: None,
            instance: None,
            task: None,
        }
    }

    /// For whom: the one who owns what is acted on (avgiver).
    #[must_use]
    pub fn on_behalf_of(mut self, party: impl Into<PartyUrn>) -> Self {
        self.party = Some(party.into());
        self
    }

    /// With this instance only, as the resource names its instances.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.instance = Some((INSTANCE, id.into().trim().into()));
        self
    }

    /// With this instance of an app only: its owner's party id, and its UUID.
    #[must_use]
    pub fn app_instance(mut self, owner_party_id: u64, instance: uuid::Uuid) -> Self {
        let id = format!("{owner_party_id}/{}", instance.hyphenated());
        self.instance = Some((APP_INSTANCE, id.into()));
        self
    }

    /// In this step of an app's process (`Task_1`).
    #[must_use]
    pub fn task(mut self, task: impl Into<String>) -> Self {
        self.task = Some(task.into().trim().into());
        self
    }

    /// Who acts.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What they would do.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// With what: the resource's id.
    #[must_use]
    pub fn resource(&self) -> ResourceId {
        match &self.on {
            On::Resource(resource) => resource.clone(),
            On::App(owner, app) => ResourceId::from(format!("app_{owner}_{app}").as_str()),
        }
    }

    /// For whom.
    #[must_use]
    pub fn party(&self) -> Option<&PartyUrn> {
        self.party.as_ref()
    }

    pub(super) fn check(&self, operation: &'static str) -> Result<(), Error> {
        let names = |text: &str| !text.trim().is_empty();
        let on = match &self.on {
            On::Resource(resource) => names(resource.as_str()),
            On::App(owner, app) => names(owner) && names(app),
        };
        let (what, action) = if !on {
            (
                "the resource has no name",
                "give the resource's id in the resource registry",
            )
        } else if !names(&self.action) {
            (
                "no action is named",
                "name the action that the policy knows, such as read",
            )
        } else if !names(&self.subject.pair().1) {
            (
                "nobody is named who would act",
                "give a number, a party UUID, or a service owner's code",
            )
        } else {
            return Ok(());
        };
        Err(Error::input(operation, what, action))
    }

    fn about(&self) -> Vec<Attribute> {
        let mut about = match &self.on {
            On::Resource(resource) => vec![Attribute::new(RESOURCE, resource.as_str())],
            On::App(owner, app) => vec![Attribute::new(ORG, owner), Attribute::new(APP, app)],
        };
        if let Some(party) = &self.party {
            let (kind, value) = party.pair();
            about.push(Attribute::new(kind, value));
        }
        if let Some((kind, id)) = &self.instance {
            about.push(Attribute::new(kind, id));
        }
        if let Some(task) = &self.task {
            about.push(Attribute::new(TASK, task));
        }
        about
    }

    fn acting(&self) -> Vec<Attribute> {
        let (kind, value) = self.subject.pair();
        // who asked is known: the number need not come back
        let include_in_result = false;
        vec![Attribute {
            include_in_result,
            ..Attribute::new(kind, &value)
        }]
    }

    fn doing(&self) -> Vec<Attribute> {
        vec![Attribute::new(ACTION, &self.action)]
    }

    /// Whether what an answer repeats is of this question. What it does not repeat says nothing.
    fn fits(&self, result: &models::DecisionResult) -> bool {
        let asked: Vec<Attribute> = [self.doing(), self.about()].concat();
        repeated(result).all(|(id, value)| {
            asked
                .iter()
                .find(|asked| asked.attribute_id.eq_ignore_ascii_case(id))
                .is_none_or(|asked| asked.value.eq_ignore_ascii_case(value))
        })
    }
}

fn repeated(result: &models::DecisionResult) -> impl Iterator<Item = (&str, &str)> {
    let attributes = result.category.iter().flat_map(|part| &part.attribute);
    attributes.filter_map(|attribute| {
        Some((
            attribute.attribute_id.as_deref()?,
            attribute.value.as_ref()?.expose(),
        ))
    })
}

/// The answers in the order of the questions: as they came, unless what they repeat says otherwise. In
/// the error: how many there are.
pub(super) fn in_order(
    questions: &[Question],
    results: Vec<models::DecisionResult>,
) -> Result<Vec<models::DecisionResult>, usize> {
    let found = results.len();
    if found != questions.len() {
        return Err(found);
    }
    let pairs = questions.iter().zip(&results);
    if pairs
        .clone()
        .all(|(question, result)| question.fits(result))
    {
        return Ok(results);
    }
    let mut left = results;
    let mut ordered = Vec::new();
    for question in questions {
        let mut fitting = left
            .iter()
            .enumerate()
            .filter(|(_, result)| repeated(result).next().is_some() && question.fits(result));
        let Some((at, _)) = fitting.next() else {
            return Err(found);
        };
        ordered.push(left.remove(at));
    }
    Ok(ordered)
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "may {} {} {}",
            self.subject,
            self.action,
            self.resource()
        )?;
        if let Some((_, id)) = &self.instance {
            write!(f, " instance {}", http_transport::redact::text(id))?;
        }
        if let Some(task) = &self.task {
            write!(f, " in {task}")?;
        }
        match &self.party {
            Some(party) => write!(f, " for {}", party.shown()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({self})")
    }
}

impl Serialize for Question {
    /// As it is displayed.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    request: Request,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    return_policy_id_list: bool,
    combined_decision: bool,
    access_subject: Vec<Category>,
    action: Vec<Category>,
    resource: Vec<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_requests: Option<MultiRequests>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Category {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_id: &'static str,
    value: String,
    include_in_result: bool,
}

impl Attribute {
    fn new(attribute_id: &'static str, value: &str) -> Self {
        Self {
            attribute_id,
            value: value.to_owned(),
            include_in_result: true,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRequests {
    request_reference: Vec<Reference>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reference {
    reference_id: [String; 3],
}

/// Categories that several questions share are sent once.
fn shared(all: &mut Vec<Category>, letter: char, attribute: Vec<Attribute>) -> String {
    if let Some(known) = all.iter().find(|known| known.attribute == attribute)
        && let Some(id) = &known.id
    {
        return id.clone();
    }
    let id = format!("{letter}{}", all.len() + 1);
    all.push(Category {
        id: Some(id.clone()),
        attribute,
    });
    id
}

/// One question, or several by reference: the server heeds references only when there are two or more.
pub(super) fn document(questions: &[Question]) -> Document {
    let mut request = Request {
        return_policy_id_list: false,
        combined_decision: false,
        access_subject: Vec::new(),
        action: Vec::new(),
        resource: Vec::new(),
        multi_requests: None,
    };
    let references: Vec<Reference> = questions
        .iter()
        .map(|question| Reference {
            reference_id: [
                shared(&mut request.access_subject, 's', question.acting()),
                shared(&mut request.action, 'a', question.doing()),
                shared(&mut request.resource, 'r', question.about()),
            ],
        })
        .collect();
    if references.len() > 1 {
        request.multi_requests = Some(MultiRequests {
            request_reference: references,
        });
    } else {
        for parts in [
            &mut request.access_subject,
            &mut request.action,
            &mut request.resource,
        ] {
            parts.iter_mut().for_each(|part| part.id = None);
        }
    }
    Document { request }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn questions() -> Vec<Question> {
        let anna = Subject::person(&"26899299344".parse().unwrap());
        let company: OrganisationNumber = "310702641".parse().unwrap();
        ["read", "sign"]
            .into_iter()
            .flat_map(|action| {
                ["skd-a", "skd-b"].map(|resource| {
                    Question::may(anna.clone(), action, resource).on_behalf_of(company)
                })
            })
            .collect()
    }

    fn result(action: &str, resource: &str) -> models::DecisionResult {
        serde_json::from_value(json!({
            "decision": "Permit",
            "category": [
                { "attribute": [{ "attributeId": ACTION, "value": action }] },
                { "attribute": [{ "attributeId": RESOURCE, "value": resource }] },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn what_questions_share_is_sent_once() {
        let body = serde_json::to_value(document(&questions())).unwrap();
        let request = &body["Request"];
        let count = |name: &str| request[name].as_array().unwrap().len();
        assert_eq!(
            (count("AccessSubject"), count("Action"), count("Resource")),
            (1, 2, 2)
        );
        let references = &request["MultiRequests"]["RequestReference"];
        assert_eq!(references[3], json!({"ReferenceId": ["s1", "a2", "r2"]}));
        // one question is no multi-request
        let body = serde_json::to_value(document(&questions()[..1])).unwrap();
        assert_eq!(body["Request"]["MultiRequests"], Value::Null);
        assert_eq!(body["Request"]["Action"][0]["Id"], Value::Null);
    }

    #[test]
    fn answers_out_of_order_find_their_question_and_others_are_not_guessed() {
        let questions = questions();
        let right = [
            result("read", "skd-a"),
            result("read", "skd-b"),
            result("sign", "skd-a"),
            result("sign", "SKD-B"),
        ];
        let order = |results: Vec<models::DecisionResult>| in_order(&questions, results);
        assert_eq!(order(right.to_vec()).unwrap(), right);
        let mut turned = right.to_vec();
        turned.reverse();
        assert_eq!(order(turned).unwrap(), right);
        // silent ones are taken by their place
        let silent: models::DecisionResult =
            serde_json::from_value(json!({"Decision": "NotApplicable"})).unwrap();
        let mut some = right.to_vec();
        some[1] = silent.clone();
        assert_eq!(order(some.clone()).unwrap(), some);
        // but not when the others show that places do not hold
        some.swap(0, 3);
        assert_eq!(order(some), Err(4));
        assert_eq!(order(vec![silent]), Err(1));
        assert_eq!(order(vec![result("read", "skd-c"); 4]), Err(4));
    }

    #[test]
    fn nobody_nothing_and_no_action_are_not_asked_about() {
        let company: OrganisationNumber = "310702641".parse().unwrap();
        for question in [
            Question::may(company, " ", "skd-a"),
            Question::may(company, "read", ""),
            Question::may_in_app(company, "read", "ttd", ""),
            Question::may(Subject::service_owner(" "), "read", "skd-a"),
        ] {
            let error = question.check("test").unwrap_err();
            assert!(error.is_input(), "{question}");
        }
        let question = Question::may_in_app(company, "read", "ttd", "fjordskjema")
            .task("Task_1")
            .instance("26899299344");
        assert_eq!(
            question.to_string(),
            "may 310702641 read app_ttd_fjordskjema instance 268992***** in Task_1"
        );
    }
}
