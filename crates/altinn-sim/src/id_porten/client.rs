//! Who a client is: by the registered way and no other (wire facts, Maskinporten §8.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};

use super::{Parameters, Refusal, issuer, parameter};
use crate::jws::Jws;
use crate::maskinporten;
use crate::state::Shared;
use crate::world::{Client, World};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SKEW: i64 = 10;
const LONGEST: i64 = 120;

/// A client of ID-porten's that is in use.
pub(super) fn known<'w>(world: &'w World, client_id: &str) -> Option<&'w Client> {
    let client = world.client(client_id);
    client.filter(|c| c.active && c.integration_type == "idporten")
}

pub(super) fn authenticated<'w>(
    sim: &Shared,
    world: &'w World,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<&'w Client, Refusal> {
    let refused = |text: &str| Refusal {
        status: StatusCode::UNAUTHORIZED,
        error: "invalid_client",
        text: format!("Client authentication failed. {text}"),
    };
    let basic = headers.get(header::AUTHORIZATION).and_then(basic);
    let sent = basic.as_ref().map(|(id, _)| id.as_str());
    let id = sent.or_else(|| parameter(parameters, "client_id"));
    let client = id.and_then(|id| known(world, id));
    let client = client.ok_or_else(|| refused("Client not found."))?;
    let secret = parameter(parameters, "client_secret");
    let assertion = parameter(parameters, "client_assertion");
    let right = client.client_secret.expose();
    let proven = match client.token_endpoint_auth_method.as_str() {
        "none" => basic.is_none() && secret.is_none() && assertion.is_none(),
        "client_secret_basic" => basic.is_some_and(|(_, secret)| secret == right),
        "client_secret_post" => secret == Some(right) && basic.is_none(),
        "private_key_jwt" => {
            parameter(parameters, "client_assertion_type") == Some(ASSERTION_TYPE)
                && assertion.is_some_and(|text| asserted(sim, client, text))
        }
        _ => false,
    };
    if proven {
        Ok(client)
    } else {
        Err(refused("Wrong or missing credentials."))
    }
}

/// `Basic` credentials, with their percent signs (RFC 6749 §2.3.1).
fn basic(value: &http::HeaderValue) -> Option<(String, String)> {
    let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let uri: http::Uri = format!("/?a={id}&b={secret}").parse().ok()?;
    let pairs = axum::extract::Query::<Parameters>::try_from_uri(&uri).ok()?;
    match pairs.0.as_slice() {
        [(_, id), (_, secret)] => Some((id.clone(), secret.clone())),
        _ => None,
    }
}

fn asserted(sim: &Shared, client: &Client, text: &str) -> bool {
    let Some(assertion) = Jws::parse(text) else {
        return false;
    };
    let now = sim.clock.now().as_second();
    let times = assertion.seconds("iat").zip(assertion.seconds("exp"));
    let fresh = times.is_some_and(|(iat, exp)| {
        iat <= now.saturating_add(SKEW) && exp > now && exp.saturating_sub(iat) <= LONGEST
    });
    let endpoint = format!("{}/token", issuer(sim));
    let audience = assertion.text("aud");
    let right = fresh
        && assertion.header_text("alg") == Some("RS256")
        && assertion.text("iss") == Some(&client.client_id)
        && assertion.text("sub") == Some(&client.client_id)
        && (audience == Some(issuer(sim)) || audience == Some(&endpoint))
        && maskinporten::is_signed_by_client(sim, &assertion, client);
    let Some(id) = assertion.text("jti").filter(|_| right) else {
        return false;
    };
    let id = format!("{} {id}", client.client_id);
    sim.id_porten.memory().assertions.insert(id)
}
