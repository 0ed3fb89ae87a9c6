//! Consent (*samtykke*): `enterprise/consentrequests` with events, and what Maskinporten looks up (wire
//! facts, Altinn 3 §2.11).
//!
//! The one who is asked answers in the portal, which is
//! [`Simulator::answer_consent_request`](crate::Simulator::answer_consent_request) here. Not among the
//! wire facts, and so open: the body of the second answer to the same id (here the same with
//! `alreadyExisted` and without `viewUri`), the body of Maskinporten's look-up, and where the page size
//! of the events is said (here the header `X-Page-Size`).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::Entity;
use super::owner_packages::party_of_urn;
use super::problem::{Problem, Refusal};
use super::{CONSENT_FOR_ANYBODY, Call, Outcome, body_members, ok, text_member};
use crate::rights::altinn3::{Consent, ConsentEvent, ConsentStatus};
use crate::state::Shared;
use crate::world::{Resource, World};

const PATH: &str = "/accessmanagement/api/v1/enterprise/consentrequests";
const PAGE: usize = 100;
const KINDS: [ConsentStatus; 5] = [
    ConsentStatus::Rejected,
    ConsentStatus::Accepted,
    ConsentStatus::Revoked,
    ConsentStatus::Deleted,
    ConsentStatus::Used,
];

fn refused<T>(code: &'static str, text: &'static str, path: &str) -> Result<T, Refusal> {
    Err(Refusal::Validation(code, text, vec![path.to_owned()]))
}

fn urn(world: &World, id: Uuid) -> Option<String> {
    Some(match Entity::find(world, id)? {
        Entity::Organisation(o) => format!("urn:altinn:organization:identifier-no:{}", o.number),
        Entity::Person(p) => format!("urn:altinn:person:identifier-no:{}", p.number.expose()),
        Entity::SystemUser(u) => format!("urn:altinn:systemuser:uuid:{}", u.id),
    })
}

/// ConsentRequestDetailsDto.
fn details(call: &Call<'_>, consent: &Consent) -> Value {
    let world = call.world;
    let events: Vec<Value> = consent
        .events
        .iter()
        .map(|event| {
            json!({
                "consentEventID": event.id,
                "created": event.created,
                "performedBy": urn(world, event.by),
                "eventType": event.kind.name(),
                "consentRequestID": consent.id,
            })
        })
        .collect();
    json!({
        "id": consent.id,
        "from": urn(world, consent.from),
        "to": urn(world, consent.to),
        "requiredDelegator": consent.required_delegator.and_then(|id| urn(world, id)),
        "handledBy": null,
        "validTo": consent.valid_to,
        "consentRights": consent.rights,
        "requestMessage": consent.message,
        "status": consent.status(call.sim.clock.now()).name(),
        "consented": consent.consented,
        "redirectUrl": consent.redirect_url,
        "consentRequestEvents": events,
        "viewUri": format!(
            "{}/accessmanagement/ui/consent/request?id={}", call.sim.urls.platform, consent.id
        ),
        "portalViewMode": consent.portal_view_mode,
    })
}

fn party(world: &World, members: &Value, name: &str, path: &str) -> Result<Option<Uuid>, Refusal> {
    let Some(urn) = text_member(members, name)? else {
        return Ok(None);
    };
    match party_of_urn(world, &urn) {
        None => refused("AM.VLD-00001", "Invalid party URN.", path),
        Some(Some(id)) => Ok(Some(id)),
        Some(None) if urn.starts_with("urn:altinn:person:") => {
            Err(Problem::InvalidPersonIdentifier.into())
        }
        Some(None) => Err(Problem::InvalidOrganizationIdentifier.into()),
    }
}

/// One line of what is asked for: the resource must be one for consents, and all of one template.
fn resource<'w>(world: &'w World, right: &Value) -> Result<&'w Resource, Refusal> {
    let id = right["resource"][0]["value"].as_str().unwrap_or_default();
    let kind = right["resource"][0]["type"].as_str();
    world
        .resource(id)
        .filter(|r| r.resource_type == "Consent" && kind == Some("urn:altinn:resource"))
        .ok_or_else(|| Problem::InvalidConsentResource.into())
}

fn check_rights(world: &World, rights: &[Value]) -> Result<(), Refusal> {
    let empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    let mut templates = BTreeSet::new();
    for (i, right) in rights.iter().enumerate() {
        for list in ["action", "resource"] {
            if empty(&right[list]) {
                let path = format!("/consentRights/{i}/{list}");
                return refused("AM.VLD-00023", "The list cant be empty", &path);
            }
        }
        let resource = resource(world, right)?;
        templates.insert(&resource.consent_template);
        let given = right["metadata"].as_object();
        let given = || given.into_iter().flatten();
        let wants = |name: &str| {
            let mut all = resource.consent_metadata.iter();
            all.any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        if given().any(|(name, _)| !wants(name)) {
            return Err(Problem::UnknownConsentMetadata.into());
        }
        if given().any(|(_, value)| value.as_str().is_none_or(|v| v.trim().is_empty())) {
            return Err(Problem::MissingMetadataValue.into());
        }
        if given().count() < resource.consent_metadata.len() {
            return Err(Problem::MissingMetadata.into());
        }
    }
    if templates.len() > 1 {
        return Err(Problem::InvalidResourceCombination.into());
    }
    Ok(())
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let bad = |field: &str| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding(format!("$.{field}"), text)
    };
    let members = body_members(&call.body)?.ok_or_else(|| bad(""))?;
    let id = text_member(&members, "id")?.and_then(|id| Uuid::parse_str(&id).ok());
    let id = id.ok_or_else(|| bad("id"))?;
    let valid_to = text_member(&members, "validto")?.and_then(|t| t.parse::<Timestamp>().ok());
    let valid_to = valid_to.ok_or_else(|| bad("validTo"))?;
    let world = call.world;
    let (Some(from), Some(to)) = (
        party(world, &members, "from", "/from")?,
        party(world, &members, "to", "/to")?,
    ) else {
        return refused("AM.VLD-00001", "Invalid party URN.", "/from");
    };
    let required_delegator = party(world, &members, "requireddelegator", "/requiredDelegator")?;
    if to != call.actor.id && !call.actor.has_scope(CONSENT_FOR_ANYBODY) {
        return Err(Refusal::FORBIDDEN);
    }
    let by = call.actor.id;
    let known = call.held.altinn3.consents.iter().find(|c| c.id == id);
    if let Some(known) = known {
        if (known.from, known.to, known.by) != (from, to, by) {
            return Err(Problem::ConsentWithIdAlreadyExists.into());
        }
        let mut body = details(call, known);
        if let Some(members) = body.as_object_mut() {
            members.remove("viewUri");
            members.insert("alreadyExisted".to_owned(), true.into());
        }
        return ok(&body);
    }
    let now = call.sim.clock.now();
    if valid_to <= now {
        return refused(
            "AM.VLD-00022",
            "The time need to be in the future",
            "/validTo",
        );
    }
    let rights = members["consentrights"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if rights.is_empty() {
        return refused("AM.VLD-00023", "The list cant be empty", "/consentRights");
    }
    check_rights(world, &rights)?;
    let mut consent = Consent {
        id,
        by,
        from,
        to,
        required_delegator,
        valid_to,
        rights: rights.into(),
        message: members["requestmessage"].clone(),
        redirect_url: text_member(&members, "redirecturl")?,
        portal_view_mode: text_member(&members, "portalviewmode")?
            .unwrap_or_else(|| "Hide".to_owned()),
        answered: None,
        consented: None,
        events: Vec::new(),
    };
    let store = &mut call.held.altinn3;
    let event = store.consent_event(ConsentStatus::Created, by, now);
    consent.events.push(event);
    store.consents.push(consent.clone());
    let mut response = ok(&details(call, &consent))?;
    *response.status_mut() = StatusCode::CREATED;
    let location = format!("{}{PATH}/{id}", call.sim.urls.platform);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    let id = call.query.required_id("id")?;
    let mut consents = call.held.altinn3.consents.iter();
    let found = consents
        .find(|c| c.id == id)
        .ok_or(Problem::ConsentNotFound)?;
    if found.to != call.actor.id && found.by != call.actor.id {
        return Err(Problem::NotAuthorizedForConsentRequest.into());
    }
    ok(&details(call, found))
}

/// What has happened to the caller's requests, in pages.
pub(super) fn events(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let time = |name: &str| match query.text(name) {
        None => Ok(None),
        Some(text) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(Some(time)),
            Err(_) => Err(Refusal::not_valid(name, text)),
        },
    };
    let (after, before) = (time("createdAfter")?, time("createdBefore")?);
    let only = query.id("consentRequestId")?;
    let size = call.headers.get("x-page-size");
    let size = size.and_then(|v| v.to_str().ok()).map(str::parse::<usize>);
    let size = match size {
        None => PAGE,
        Some(Ok(size)) if (1..=1000).contains(&size) => size,
        Some(_) => {
            let text = "Page size must be between 1 and 1000.";
            return refused("AM.VLD-00050", text, "HEADER/X-Page-Size");
        }
    };
    if after
        .zip(before)
        .is_some_and(|(after, before)| after >= before)
    {
        let text = "'createdAfter' must be earlier than 'createdBefore'.";
        return refused("AM.VLD-00051", text, "QUERY/createdAfter");
    }
    let mut kinds = Vec::new();
    for text in query.all("eventType") {
        let known = KINDS.iter().find(|k| k.name().eq_ignore_ascii_case(text));
        let Some(kind) = known else {
            let text = "One or more event types are invalid. Valid values are: rejected, accepted, \
                        revoked, deleted, used.";
            return refused("AM.VLD-00052", text, "QUERY/eventType");
        };
        kinds.push(*kind);
    }
    let start = match query.text("continuationToken").map(read_token) {
        None => 0,
        Some(Some(number)) => number,
        Some(None) => {
            let text = "The continuation token is invalid.";
            return refused("AM.VLD-00053", text, "QUERY/continuationToken");
        }
    };
    let mut found: Vec<(&Consent, &ConsentEvent)> = call
        .held
        .altinn3
        .consents
        .iter()
        .filter(|c| c.to == call.actor.id || c.by == call.actor.id)
        .filter(|c| only.is_none_or(|id| id == c.id))
        .flat_map(|c| c.events.iter().map(move |e| (c, e)))
        .filter(|(_, e)| {
            KINDS.contains(&e.kind)
                && (kinds.is_empty() || kinds.contains(&e.kind))
                && after.is_none_or(|t| e.created > t)
                && before.is_none_or(|t| e.created < t)
                && e.number > start
        })
        .collect();
    found.sort_by_key(|(_, e)| e.number);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|(_, last)| {
        let token = URL_SAFE_NO_PAD.encode(format!("event {}", last.number));
        let mut link = format!(
            "{}{PATH}/events?continuationToken={token}",
            call.sim.urls.platform
        );
        for name in [
            "createdAfter",
            "createdBefore",
            "eventType",
            "consentRequestId",
        ] {
            for value in call.query.all(name) {
                link.push_str(&format!(
                    "&{name}={}",
                    value.replace('+', "%2B").replace(':', "%3A")
                ));
            }
        }
        link
    });
    let data: Vec<Value> = found
        .iter()
        .map(|(c, e)| {
            json!({
                "consentRequestId": c.id, "eventType": e.kind.name(), "changedDate": e.created,
            })
        })
        .collect();
    ok(&json!({ "links": { "next": next }, "data": data }))
}

fn read_token(token: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix("event ")?.parse().ok()
}

/// `POST maskinporten/consent/lookup`: whether there is a consent that a token can be issued for.
pub(super) fn look_up(call: &mut Call<'_>) -> Outcome {
    let members = body_members(&call.body)?.unwrap_or_default();
    let id = text_member(&members, "id")?.and_then(|id| Uuid::parse_str(&id).ok());
    let id = id.ok_or_else(|| {
        let text = "The JSON value could not be converted to System.Guid.".to_owned();
        Refusal::Binding("$.id".to_owned(), text)
    })?;
    let world = call.world;
    let from = party(world, &members, "from", "/from")?;
    let to = party(world, &members, "to", "/to")?;
    let now = call.sim.clock.now();
    let by = call.actor.id;
    let store = &mut call.held.altinn3;
    let used = store.consent_event(ConsentStatus::Used, by, now);
    let mut consents = store.consents.iter_mut();
    let found = consents
        .find(|c| c.id == id)
        .ok_or(Problem::ConsentNotFound)?;
    if Some(found.from) != from || Some(found.to) != to {
        return Err(Problem::ConsentPartyMismatch.into());
    }
    match found.status(now) {
        ConsentStatus::Accepted => {}
        ConsentStatus::Revoked => return Err(Problem::ConsentRevoked.into()),
        ConsentStatus::Expired => return Err(Problem::ConsentExpired.into()),
        _ => return Err(Problem::ConsentNotAccepted.into()),
    }
    found.events.push(used);
    let found = found.clone();
    ok(&json!({
        "id": found.id,
        "from": urn(world, found.from),
        "to": urn(world, found.to),
        "consented": found.consented,
        "validTo": found.valid_to,
        "consentRights": found.rights,
    }))
}

/// The answer in the portal: accepted, rejected, or an accepted one revoked. False when it cannot be.
pub(crate) fn answer(sim: &Shared, id: Uuid, answer: ConsentStatus) -> bool {
    let mut held = sim.rights.lock();
    let now = sim.clock.now();
    let mut consents = held.altinn3.consents.iter();
    let Some(found) = consents.find(|c| c.id == id) else {
        return false;
    };
    let needed = match answer {
        ConsentStatus::Revoked => ConsentStatus::Accepted,
        _ => ConsentStatus::Created,
    };
    if found.status(now) != needed {
        return false;
    }
    let by = found.from;
    let event = held.altinn3.consent_event(answer, by, now);
    if let Some(found) = held.altinn3.consents.iter_mut().find(|c| c.id == id) {
        found.answered = Some(answer);
        if answer == ConsentStatus::Accepted {
            found.consented = Some(now);
        }
        found.events.push(event);
    }
    true
}
