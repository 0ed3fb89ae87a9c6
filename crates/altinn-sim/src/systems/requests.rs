//! `systemuser/request/vendor`, `…/vendor/agent` and `systemuser/changerequest/vendor`: what a vendor
//! asks of a customer (wire facts, Altinn 3 §1.7 and §1.8).

use http::{HeaderValue, StatusCode, header};
use norwegian_ids::OrganisationNumber;
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::Refusal;
use super::{Asked, BASE, Call, Kind, Outcome, Status, ok, packages, packages_json, resources};
use super::{rights_json, text};
use crate::world::System;

/// Which of the three the path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Standard,
    Agent,
    Change,
}

impl Family {
    fn of(call: &Call<'_>) -> Self {
        let segment = |n: usize| call.path.get(n).map(String::as_str);
        if segment(1) == Some("changerequest") {
            Self::Change
        } else if segment(3) == Some("agent") {
            Self::Agent
        } else {
            Self::Standard
        }
    }

    fn has(self, asked: &Asked) -> bool {
        match asked.kind {
            Kind::Standard => self == Self::Standard,
            Kind::Agent => self == Self::Agent,
            Kind::Change(_) => self == Self::Change,
        }
    }

    fn not_found(self) -> Refusal {
        match self {
            Self::Agent => Refusal::AGENT_REQUEST_NOT_FOUND,
            Self::Standard | Self::Change => Refusal::REQUEST_NOT_FOUND,
        }
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let family = Family::of(call);
    let members = call.members()?;
    let required = |field: &str| {
        let message = format!("The {field} field is required.");
        Refusal::binding(field, &message)
    };
    let id = text(&members, "systemid").ok_or_else(|| required("SystemId"))?;
    let customer = text(&members, "partyorgno").ok_or_else(|| required("PartyOrgNo"))?;
    if OrganisationNumber::try_from(customer.as_str()).is_err() {
        let message = format!("The value '{customer}' is not valid.");
        return Err(Refusal::binding("PartyOrgNo", &message));
    }
    let agent = family == Family::Agent;
    let rights = if agent {
        Vec::new()
    } else {
        resources(members.get("rights"))?
    };
    let packages = packages(members.get("accesspackages"))?;
    let redirect_url = text(&members, "redirecturl");
    let system = call.system(&id)?;
    check_redirect(system, redirect_url.as_deref())?;
    if agent && packages.is_empty() {
        return Err(Refusal::NEEDS_PACKAGE);
    }
    if rights.is_empty() && packages.is_empty() {
        return Err(Refusal::NEEDS_SOMETHING);
    }
    check_wanted(call, system, &rights, &packages, agent)?;
    let asked = Asked {
        id: Uuid::new_v4(),
        kind: if agent { Kind::Agent } else { Kind::Standard },
        title: text(&members, "integrationtitle"),
        external_ref: text(&members, "externalref"),
        system: system.id.clone(),
        customer,
        rights,
        packages,
        unwanted_rights: Vec::new(),
        unwanted_packages: Vec::new(),
        redirect_url,
        status: Status::New,
        created: call.now,
    };
    // The same system, customer and reference: the one that waits is given back.
    let same = |r: &&Asked| {
        !matches!(r.kind, Kind::Change(_))
            && (&r.system, &r.customer) == (&asked.system, &asked.customer)
            && r.reference() == asked.reference()
            && !r.timed_out(call.now)
    };
    let taken = call.world.system_users.iter().any(|user| {
        user.approved
            && !user.deleted
            && (&user.system, &user.owner) == (&asked.system, &asked.customer)
            && user.reference() == asked.reference()
    });
    match call.requests.iter().find(same) {
        _ if taken => return Err(Refusal::ALREADY_ACCEPTED),
        Some(waiting) if waiting.status == Status::New => {
            return ok(StatusCode::OK, &written(call, waiting));
        }
        Some(answered) if answered.status == Status::Rejected => {
            return Err(Refusal::ALREADY_REJECTED);
        }
        _ => {}
    }
    created(call, asked)
}

fn check_redirect(system: &System, url: Option<&str>) -> Result<(), Refusal> {
    match url {
        None => Ok(()),
        Some(_) if system.redirect_urls.is_empty() => Err(Refusal::NO_REDIRECTS),
        Some(url) if system.redirect_urls.iter().any(|known| known == url) => Ok(()),
        Some(_) => Err(Refusal::REDIRECT),
    }
}

fn check_wanted(
    call: &Call<'_>,
    system: &System,
    rights: &[String],
    packages: &[String],
    agent: bool,
) -> Result<(), Refusal> {
    if rights.iter().any(|right| !system.rights.contains(right)) {
        return Err(Refusal::RIGHTS);
    }
    for code in packages {
        let package = call
            .world
            .access_package(code)
            .filter(|_| system.access_packages.contains(code))
            .ok_or(Refusal::PACKAGE_NOT_FOUND)?;
        if agent && !package.for_clients {
            return Err(Refusal::PACKAGE_NOT_FOR_CLIENTS);
        }
        if !agent && (package.for_clients || !package.delegable) {
            return Err(Refusal::PACKAGE_FOR_CLIENTS);
        }
    }
    Ok(())
}

/// 201 with `Location`.
fn created(call: &mut Call<'_>, asked: Asked) -> Outcome {
    let body = written(call, &asked);
    let kind = match asked.kind {
        Kind::Change(_) => "changerequest",
        Kind::Standard | Kind::Agent => "request",
    };
    let base = &call.sim.urls.platform;
    let place = format!("{base}{BASE}/systemuser/{kind}/{}", asked.id);
    call.requests.push(asked);
    let mut response = ok(StatusCode::CREATED, &body)?;
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The response body; what is not set is left out.
fn written(call: &Call<'_>, asked: &Asked) -> Value {
    let base = &call.sim.urls.platform;
    let page = match asked.kind {
        Kind::Standard => "request",
        Kind::Agent => "agentrequest",
        Kind::Change(_) => "changerequest",
    };
    let confirm = format!(
        "{base}/accessmanagement/ui/systemuser/{page}?id={}&DONTCHOOSEREPORTEE=true",
        asked.id
    );
    let status = asked.status(call.now);
    let mut body = json!({
        "id": asked.id,
        "externalRef": asked.reference(),
        "systemId": asked.system,
        "partyOrgNo": asked.customer,
        "status": status,
        "confirmUrl": confirm,
        "created": asked.created.to_string(),
        "timedOut": status == "Timedout",
    });
    let mut add = |name: &str, value: Value| body[name] = value;
    if let Some(title) = &asked.title {
        add("integrationTitle", title.as_str().into());
    }
    if let Some(url) = &asked.redirect_url {
        add("redirectUrl", url.as_str().into());
    }
    match asked.kind {
        Kind::Change(user) => {
            add("systemUserId", json!(user));
            add("requiredRights", rights_json(&asked.rights));
            add("unwantedRights", rights_json(&asked.unwanted_rights));
            add("requiredAccessPackages", packages_json(&asked.packages));
            add(
                "unwantedAccessPackages",
                packages_json(&asked.unwanted_packages),
            );
        }
        Kind::Agent => {
            add("escalated", false.into());
            add("accessPackages", packages_json(&asked.packages));
            add("userType", "agent".into());
        }
        Kind::Standard => {
            add("escalated", false.into());
            add("rights", rights_json(&asked.rights));
            add("accessPackages", packages_json(&asked.packages));
        }
    }
    body
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    let Some(correlation) = call.parameter("correlation-id") else {
        let text = "Missing correlation id".to_owned();
        return Err(Refusal::Text(StatusCode::BAD_REQUEST, text));
    };
    let id = |name: &str, text: &str| {
        let message = format!("The value '{text}' is not valid.");
        Uuid::parse_str(text).map_err(|_| Refusal::binding(name, &message))
    };
    let correlation = id("correlation-id", correlation)?;
    let user = call.parameter("system-user-id").unwrap_or_default();
    let user = id("system-user-id", user)?;
    let members = call.members()?;
    let known = call.requests.iter().find(|r| r.id == correlation);
    if let Some(known) = known {
        if !Family::Change.has(known) || call.system(&known.system).is_err() {
            return Err(Refusal::REQUEST_NOT_FOUND);
        }
        if known.status != Status::New {
            return Err(Refusal::CHANGE_NOT_NEW);
        }
        return ok(StatusCode::OK, &written(call, known));
    }
    let user = call.world.system_user(user);
    let user = user.filter(|u| u.approved && !u.deleted);
    let user = user.ok_or(Refusal::USER_NOT_FOUND)?;
    if user.agent {
        return Err(Refusal::STANDARD_ONLY);
    }
    let system = call.system(&user.system)?;
    let redirect_url = text(&members, "redirecturl");
    check_redirect(system, redirect_url.as_deref())?;
    let mut rights = resources(members.get("requiredrights"))?;
    let mut unwanted_rights = resources(members.get("unwantedrights"))?;
    let mut wanted = packages(members.get("requiredaccesspackages"))?;
    let mut unwanted = packages(members.get("unwantedaccesspackages"))?;
    check_wanted(call, system, &rights, &wanted, false)?;
    let owner = call.world.organisation(&user.owner).map(|o| o.party_uuid);
    let held = owner.and_then(|owner| call.held.altinn3.find(owner, user.id));
    let has_right =
        |id: &String| held.is_some_and(|c| c.rights.get(id).is_some_and(|a| !a.is_empty()));
    let has_package = |code: &String| user.access_packages.contains(code);
    rights.retain(|id| !has_right(id));
    unwanted_rights.retain(has_right);
    wanted.retain(|code| !has_package(code));
    unwanted.retain(has_package);
    let nothing =
        rights.is_empty() && unwanted_rights.is_empty() && wanted.is_empty() && unwanted.is_empty();
    let asked = Asked {
        id: correlation,
        kind: Kind::Change(user.id),
        title: None,
        external_ref: user.external_ref.clone(),
        system: system.id.clone(),
        customer: user.owner.clone(),
        rights,
        packages: wanted,
        unwanted_rights,
        unwanted_packages: unwanted,
        redirect_url,
        status: Status::New,
        created: call.now,
    };
    if nothing {
        let mut body = written(call, &asked);
        body["status"] = "NoChangeNeeded".into();
        return ok(StatusCode::OK, &body);
    }
    created(call, asked)
}

/// Whose request it is decides, too: that of another vendor is not found.
fn found<'c>(call: &'c Call<'_>, wanted: impl Fn(&Asked) -> bool) -> Result<&'c Asked, Refusal> {
    let family = Family::of(call);
    let own = |asked: &Asked| {
        let system = call.world.system(&asked.system);
        system.is_some_and(|s| s.vendor == call.vendor)
    };
    let mut requests = call.requests.iter().rev();
    requests
        .find(|r| family.has(r) && wanted(r) && own(r))
        .ok_or_else(|| family.not_found())
}

fn id_in_path(call: &Call<'_>) -> Result<Uuid, Refusal> {
    let text = call.segment(0);
    let message = format!("The value '{text}' is not valid.");
    Uuid::parse_str(text).map_err(|_| Refusal::binding("requestId", &message))
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    let id = id_in_path(call)?;
    let asked = found(call, |r| r.id == id)?;
    ok(StatusCode::OK, &written(call, asked))
}

pub(super) fn by_reference(call: &mut Call<'_>) -> Outcome {
    let (system, customer) = (call.segment(2), call.segment(1));
    let reference = call.segment(0);
    let asked = found(call, |r| {
        r.system == system && r.customer == customer && r.reference() == reference
    })?;
    ok(StatusCode::OK, &written(call, asked))
}

pub(super) fn by_system(call: &mut Call<'_>) -> Outcome {
    let family = Family::of(call);
    let system = call.system(call.segment(0))?.id.clone();
    let requests = call.requests.iter();
    let items: Vec<Value> = requests
        .filter(|r| family.has(r) && r.system == system)
        .map(|r| written(call, r))
        .collect();
    call.paged(&items)
}

/// A standard or an agent request alike, or a change request.
pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = id_in_path(call)?;
    let changes = Family::of(call) == Family::Change;
    let own = |r: &Asked| {
        let system = call.world.system(&r.system);
        matches!(r.kind, Kind::Change(_)) == changes
            && system.is_some_and(|s| s.vendor == call.vendor)
    };
    let place = call.requests.iter().position(|r| r.id == id && own(r));
    let place = place.ok_or(Refusal::REQUEST_NOT_FOUND)?;
    let removed = call.requests.remove(place);
    // One that the population was waiting for goes with its system user.
    call.world
        .system_users
        .retain(|user| user.approved || user.id != removed.id);
    let mut response = axum::response::Response::default();
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
