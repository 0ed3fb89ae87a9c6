//! `authorization_details` (RFC 9396): system users. Consents are known by type, and none is found.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Actor;
use super::refusal::Refusal;
use crate::platform::organisation_of;
use crate::world::{Client, World};

const SYSTEM_USER: &str = "urn:altinn:systemuser";
const CONSENT: &str = "urn:altinn:consent";

/// What the token says of a system user, in the order of real tokens.
#[derive(Serialize)]
pub(super) struct Granted {
    r#type: &'static str,
    systemuser_org: Actor,
    systemuser_id: [Uuid; 1],
    system_id: String,
    #[serde(rename = "externalRef", skip_serializing_if = "Option::is_none")]
    external_ref: Option<String>,
}

impl Granted {
    /// As the documentation has it, and real tokens have not.
    pub(super) fn leave_out_external_ref(&mut self) {
        self.external_ref = None;
    }
}

/// Checks the claim, which must hold exactly one entry.
pub(super) fn check(world: &World, client: &Client, value: &Value) -> Result<Granted, Refusal> {
    let Some([Value::Object(entry)]) = value.as_array().map(Vec::as_slice) else {
        return Err(Refusal::INVALID_VALUE);
    };
    let known: &[&str] = match entry.get("type").and_then(Value::as_str) {
        Some(SYSTEM_USER) => &["type", "systemuser_org", "externalRef"],
        Some(CONSENT) => &["type", "id", "from"],
        _ => return Err(Refusal::DETAILS_TYPE),
    };
    if entry.keys().any(|member| !known.contains(&member.as_str())) {
        return Err(Refusal::DETAILS_FIELDS);
    }
    if known.contains(&"id") {
        return Err(Refusal::details_value("id"));
    }
    system_user(world, client, entry)
}

/// What Altinn is asked for: client, vendor, owner and reference must all fit.
fn system_user(
    world: &World,
    client: &Client,
    entry: &Map<String, Value>,
) -> Result<Granted, Refusal> {
    let actor = entry.get("systemuser_org").and_then(Value::as_object);
    let actor = actor.ok_or_else(|| Refusal::details_value("systemuser_org"))?;
    if actor
        .keys()
        .any(|member| member != "authority" && member != "ID")
    {
        return Err(Refusal::DETAILS_FIELDS);
    }
    let owner = entry.get("systemuser_org").and_then(organisation_of);
    let owner = owner.ok_or_else(|| Refusal::details_value("systemuser_org"))?;
    let reference = match entry.get("externalRef") {
        None => owner.as_str(),
        Some(Value::String(reference)) => reference,
        Some(_) => return Err(Refusal::details_value("externalRef")),
    };
    let found = world.system_users.iter().find(|user| {
        user.owner == owner
            && user.reference() == reference
            && user.approved
            && !user.deleted
            && world.system(&user.system).is_some_and(|system| {
                !system.deleted
                    && system.vendor == client.owner
                    && system.client_ids.contains(&client.client_id)
            })
    });
    let user = found.ok_or_else(|| {
        Refusal::details_value(&format!("no system user of 0192:{owner} for this client"))
    })?;
    Ok(Granted {
        r#type: SYSTEM_USER,
        systemuser_org: Actor::organisation(&user.owner),
        systemuser_id: [user.id],
        system_id: user.system.clone(),
        external_ref: Some(user.reference().to_owned()),
    })
}
