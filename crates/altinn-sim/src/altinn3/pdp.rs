//! `POST authorization/api/v1/authorize`: the policy decision point, in XACML's JSON profile (wire
//! facts, Altinn 3 §3).
//!
//! Errors come as 200 with `Indeterminate`. What is delegated is read from a copy that lives five
//! minutes per subject and party, so a fresh delegation may not be seen yet;
//! [`Quirks::pdp_without_cache`](crate::Quirks::pdp_without_cache) sees it at once. Open until somebody
//! has seen the real thing: an unknown party is `Indeterminate`; an organisation holds nothing of itself.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::Entity;
use super::holdings::{Holding, holdings};
use super::owner_packages::party_of_urn;
use super::problem::Refusal;
use super::{Call, Outcome, ok};
use crate::altinn2::lower_case_names;
use crate::rights::altinn3::Connections;
use crate::world::{Resource, World};

const ACTION: &str = "urn:oasis:names:tc:xacml:1.0:action:action-id";
const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";

const SUBJECT_CATEGORY: &str = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject";
const ACTION_CATEGORY: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:action";
const RESOURCE_CATEGORY: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource";

/// Why there is no decision.
enum Failure {
    Processing(String),
    Syntax(&'static str),
}

enum Decision {
    Permit,
    Deny(&'static str),
    NotApplicable,
}

/// The attributes of one decision, by category.
#[derive(Default)]
struct Question<'r> {
    subject: Vec<&'r Value>,
    action: Vec<&'r Value>,
    resource: Vec<&'r Value>,
}

const CATEGORIES: [(&str, &str); 3] = [
    ("accesssubject", SUBJECT_CATEGORY),
    ("action", ACTION_CATEGORY),
    ("resource", RESOURCE_CATEGORY),
];

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

impl<'r> Question<'r> {
    fn category(&mut self, name: &str) -> &mut Vec<&'r Value> {
        match name {
            "accesssubject" => &mut self.subject,
            "action" => &mut self.action,
            _ => &mut self.resource,
        }
    }

    /// All that the request says, as one question.
    fn whole(request: &'r Value) -> Self {
        let mut question = Self::default();
        for (name, _) in CATEGORIES {
            for object in list(request, name) {
                question.category(name).extend(list(object, "attribute"));
            }
        }
        question
    }

    /// What one reference of a multi-request says.
    fn referenced(request: &'r Value, reference: &Value) -> Result<Self, Failure> {
        let mut question = Self::default();
        for id in list(reference, "referenceid") {
            let mut found = false;
            for (name, _) in CATEGORIES {
                let objects = list(request, name).iter();
                for object in objects.filter(|o| !o["id"].is_null() && &o["id"] == id) {
                    question.category(name).extend(list(object, "attribute"));
                    found = true;
                }
            }
            if !found {
                return Err(Failure::Syntax("A reference leads nowhere"));
            }
        }
        Ok(question)
    }

    /// What the one who asked wants to see again.
    fn echo(&self) -> Option<Vec<Value>> {
        let parts = [&self.subject, &self.action, &self.resource];
        let categories: Vec<Value> = parts
            .into_iter()
            .zip(CATEGORIES)
            .filter_map(|(attributes, (_, category))| {
                let shown: Vec<Value> = attributes
                    .iter()
                    .filter(|a| a["includeinresult"] == true)
                    .map(|a| {
                        json!({
                            "attributeId": a["attributeid"], "value": a["value"],
                            "dataType": a["datatype"].as_str().unwrap_or(STRING),
                            "issuer": a["issuer"], "includeInResult": false,
                        })
                    })
                    .collect();
                (!shown.is_empty()).then(|| {
                    json!({
                        "categoryId": category, "id": null, "content": null, "attribute": shown,
                    })
                })
            })
            .collect();
        (!categories.is_empty()).then_some(categories)
    }
}

fn value<'r>(attributes: &[&'r Value], id: &str) -> Option<&'r str> {
    let mut found = attributes.iter();
    found.find(|a| a["attributeid"] == id)?["value"].as_str()
}

/// Who asks to be let in.
enum Subject {
    Party(Uuid),
    ServiceOwner(String),
}

fn subject(world: &World, attributes: &[&Value]) -> Result<Subject, Failure> {
    const KNOWN: &[&str] = &[
        "urn:altinn:person:identifier-no",
        "urn:altinn:organization:identifier-no",
        "urn:altinn:organizationnumber",
        "urn:altinn:userid",
        "urn:altinn:partyid",
        "urn:altinn:party:uuid",
        "urn:altinn:systemuser:uuid",
        "urn:altinn:org",
    ];
    let mut given = Vec::new();
    for attribute in attributes {
        let id = attribute["attributeid"].as_str().unwrap_or_default();
        if KNOWN.contains(&id) {
            given.push((id, attribute["value"].as_str().unwrap_or_default()));
        }
    }
    let [(id, value)] = given.as_slice() else {
        let text = "Not allowed to use this combination of subjects, or there is none";
        return Err(Failure::Processing(text.to_owned()));
    };
    let party = match *id {
        "urn:altinn:org" => return Ok(Subject::ServiceOwner((*value).to_owned())),
        "urn:altinn:organizationnumber" => world.organisation(value).map(|o| o.party_uuid),
        "urn:altinn:userid" => {
            let mut people = world.persons.iter();
            let user = value.parse::<i64>().ok();
            people
                .find(|p| Some(p.user_id) == user)
                .map(|p| p.party_uuid)
        }
        "urn:altinn:systemuser:uuid" => {
            let id = Uuid::parse_str(value).ok();
            id.filter(|id| matches!(Entity::find(world, *id), Some(Entity::SystemUser(_))))
        }
        other => party_of_urn(world, &format!("{other}:{value}")).flatten(),
    };
    let unknown = || Failure::Processing(format!("The subject given by {id} is not known"));
    party.map(Subject::Party).ok_or_else(unknown)
}

fn resource<'w>(world: &'w World, attributes: &[&Value]) -> Result<&'w Resource, Failure> {
    let id = match value(attributes, "urn:altinn:resource") {
        Some(id) => id.to_owned(),
        None => {
            let part = |id: &str| value(attributes, id).unwrap_or_default();
            format!("app_{}_{}", part("urn:altinn:org"), part("urn:altinn:app"))
        }
    };
    let missing = || Failure::Processing(format!("Policy not found for resource {id}"));
    world.resource(&id).ok_or_else(missing)
}

fn party(world: &World, attributes: &[&Value]) -> Result<Option<Uuid>, Failure> {
    for id in [
        "urn:altinn:party:uuid",
        "urn:altinn:partyid",
        "urn:altinn:organization:identifier-no",
        "urn:altinn:person:identifier-no",
    ] {
        if let Some(value) = value(attributes, id) {
            let found = party_of_urn(world, &format!("{id}:{value}")).flatten();
            let unknown = || Failure::Processing(format!("The party given by {id} is not known"));
            return found.map(Some).ok_or_else(unknown);
        }
    }
    Ok(None)
}

fn opens(holding: &Holding<'_>, resource: &Resource, action: &str, instance: Option<&str>) -> bool {
    let given = |actions: &std::collections::BTreeSet<String>| actions.contains(action);
    holding.opens(resource)
        || holding.rights.get(&resource.id).is_some_and(given)
        || holding.instances.iter().any(|(i, actions)| {
            i.resource == resource.id
                && instance.is_some_and(|id| i.id == id || i.id.ends_with(&format!(":{id}")))
                && given(actions)
        })
}

fn decide(call: &mut Call<'_>, question: &Question<'_>) -> Result<(Decision, Option<u8>), Failure> {
    let world = call.world;
    let resource = resource(world, &question.resource)?;
    let subject = subject(world, &question.subject)?;
    let party = party(world, &question.resource)?;
    let level = (resource.level > 0).then_some(resource.level);
    let Some(action) = value(&question.action, ACTION) else {
        return Ok((Decision::NotApplicable, None));
    };
    let who = match subject {
        Subject::ServiceOwner(code) if code == resource.owner => {
            return Ok((Decision::Permit, level));
        }
        Subject::ServiceOwner(_) => return Ok((Decision::NotApplicable, None)),
        Subject::Party(who) => who,
    };
    let Some(party) = party.filter(|_| resource.actions.iter().any(|a| a == action)) else {
        return Ok((Decision::NotApplicable, None));
    };
    let mut who_all = vec![who];
    // through organisations that the person manages
    who_all.extend(
        holdings(world, &Connections::default(), None, Some(who))
            .iter()
            .filter(|h| h.role.holds_everything())
            .map(|h| h.from.id()),
    );
    let mut parties = vec![party];
    let parent = Entity::find(world, party).and_then(|p| p.parent(world));
    parties.extend(parent.map(|o| o.party_uuid));
    let now = call.sim.clock.now();
    let cached = !call.sim.quirks.pdp_without_cache;
    let store = &mut call.held.altinn3;
    let seen = store.as_seen_by_pdp(who, &parties, &who_all, now, cached);
    let instance = ["urn:altinn:resource:instance-id", "urn:altinn:instance-id"]
        .into_iter()
        .find_map(|id| value(&question.resource, id));
    let oneself = who == party && world.person_by_uuid(who).is_some();
    let holds = oneself
        || who_all.iter().any(|who| {
            holdings(world, &seen, Some(party), Some(*who))
                .iter()
                .any(|h| opens(h, resource, action, instance))
        });
    if !holds {
        return Ok((Decision::NotApplicable, None));
    }
    if resource.access_list {
        let mut lists = call.held.altinn3.access_lists.iter();
        let member = lists.any(|list| list.gives(party, &resource.id, action));
        if !member {
            let text = "The party is not on the access list of the resource owner";
            return Ok((Decision::Deny(text), None));
        }
    }
    Ok((Decision::Permit, level))
}

fn result(outcome: Result<(Decision, Option<u8>), Failure>, echo: Option<Vec<Value>>) -> Value {
    let status = |code: &str, message: Option<String>| {
        json!({
            "statusMessage": message, "statusDetails": null,
            "statusCode": {
                "value": format!("urn:oasis:names:tc:xacml:1.0:status:{code}"), "statusCode": null,
            },
        })
    };
    let (decision, status, level) = match outcome {
        Ok((Decision::Permit, level)) => ("Permit", status("ok", None), level),
        Ok((Decision::Deny(text), _)) => ("Deny", status("ok", Some(text.to_owned())), None),
        Ok((Decision::NotApplicable, _)) => ("NotApplicable", status("ok", None), None),
        Err(Failure::Processing(text)) => (
            "Indeterminate",
            status("processing-error", Some(text)),
            None,
        ),
        Err(Failure::Syntax(text)) => {
            let status = status("syntax-error", Some(text.to_owned()));
            ("Indeterminate", status, None)
        }
    };
    let obligations = level.map(|level| {
        let one = |n: u8, category: &str| {
            json!({
                "id": format!("urn:altinn:obligation:authenticationLevel{n}"),
                "attributeAssignment": [{
                    "attributeId": format!("urn:altinn:obligation-assignment:{n}"),
                    "value": level.to_string(),
                    "category": category,
                    "dataType": INTEGER,
                    "issuer": null,
                }],
            })
        };
        json!([
            one(1, "urn:altinn:minimum-authenticationlevel"),
            one(2, "urn:altinn:minimum-authenticationlevel-org"),
        ])
    });
    json!({
        "decision": decision, "status": status, "obligations": obligations,
        "associateAdvice": null, "category": echo, "policyIdentifierList": null,
    })
}

pub(super) fn authorize(call: &mut Call<'_>) -> Outcome {
    if !call.sim.quirks.pdp_without_subscription_key {
        let key = call.headers.get("ocp-apim-subscription-key");
        let key = key.and_then(|k| k.to_str().ok());
        let mut keys = call.world.subscription_keys.iter();
        if !key.is_some_and(|key| keys.any(|k| k.key.expose() == key)) {
            return Err(Refusal::Gateway(
                StatusCode::UNAUTHORIZED,
                "Access denied due to missing or invalid subscription key.",
            ));
        }
    }
    let body = serde_json::from_slice(&call.body).map(lower_case_names);
    let body: Value = body.unwrap_or_default();
    let request = &body["request"];
    if !request.is_object() {
        let failure = Failure::Syntax("The request could not be read");
        return ok(&json!({ "response": [result(Err(failure), None)] }));
    }
    let references = list(&request["multirequests"], "requestreference");
    let questions: Vec<Result<Question<'_>, Failure>> = if references.len() > 1 {
        let each = references.iter();
        each.map(|r| Question::referenced(request, r)).collect()
    } else {
        vec![Ok(Question::whole(request))]
    };
    let results: Vec<Value> = questions
        .into_iter()
        .map(|question| match question {
            Ok(question) => result(decide(call, &question), question.echo()),
            Err(failure) => result(Err(failure), None),
        })
        .collect();
    ok(&json!({ "response": results }))
}
