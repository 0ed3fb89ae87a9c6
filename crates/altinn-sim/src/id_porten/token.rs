//! `/token`, `/token/introspect`, `/token/revoke` and `/userinfo` (wire facts, Maskinporten §8.3 and
//! §8.4).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use openssl::sha::sha256;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ACCESS, AUTHORIZATION, ID_TOKEN, LEVELS, LoginFlaw, Memory, Parameters, REFRESH, Refusal,
    client, issuer, pairwise, parameter, random, refusal, short_id,
};
use crate::jws::{self, Jws, SignError};
use crate::maskinporten::form;
use crate::state::{Shared, Sim};
use crate::world::{Client, Person, World};

const INTROSPECTION: &str = "idporten:token.introspection";

/// What somebody who logged in has let a client do.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) id: Uuid,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) resource: Option<String>,
    pub(super) person: Uuid,
    pub(super) level: &'static str,
    pub(super) session: String,
    pub(super) logged_in: Timestamp,
    /// When the client was let in, which may be later.
    pub(super) granted: Timestamp,
    pub(super) flaw: Option<LoginFlaw>,
}

impl Grant {
    /// For logging in and nothing else; such a grant ends with the session.
    fn is_login_only(&self) -> bool {
        self.scopes.iter().all(|s| s == "openid" || s == "profile")
    }
}

impl Memory {
    /// Ends the session whose id token has this `jti`, for all services, and what was for logging in
    /// only.
    pub(super) fn end_session(&mut self, id_token: &str) {
        if let Some(session) = self.sessions.get(id_token) {
            let id = session.id.clone();
            self.end(&id);
        }
    }

    /// Ends the session with this `sid`.
    pub(super) fn end(&mut self, id: &str) {
        self.browsers.retain(|_, browser| browser.session != id);
        let revoked = &mut self.revoked;
        self.sessions.retain(|_, session| {
            let ended = session.id == id;
            if ended && session.login_only {
                revoked.insert(session.grant);
            }
            !ended
        });
    }
}

/// What an id token is of.
#[derive(Clone, Debug)]
pub(super) struct Session {
    grant: Uuid,
    /// For logging in and nothing else.
    login_only: bool,
    /// The single sign-on session, `sid`.
    id: String,
}

pub(super) async fn issue(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&sim, &headers, body, |sim, world, client, parameters| {
        let grant = match parameter(parameters, "grant_type") {
            Some("authorization_code") => by_code(sim, client, parameters)?,
            Some("refresh_token") => by_refresh(sim, client, parameters)?,
            Some(_) => return Err(refusal("unsupported_grant_type", "Unsupported grant type.")),
            None => return Err(refusal("invalid_request", "grant_type is missing.")),
        };
        tokens(sim, world, client, grant)
    })
    .await
}

async fn answered(
    sim: &Shared,
    headers: &HeaderMap,
    body: Bytes,
    answer: impl FnOnce(&Shared, &World, &Client, &Parameters) -> Result<Value, Refusal>,
) -> Response {
    let Some(parameters) = form(headers, body).await else {
        return refusal("invalid_request", "Not a form.").into_response();
    };
    let world = sim.world();
    sim.id_porten.memory().tidy(sim.clock.now());
    let answer = client::authenticated(sim, &world, headers, &parameters)
        .and_then(|client| answer(sim, &world, client, &parameters));
    match answer {
        Ok(Value::Null) => StatusCode::OK.into_response(),
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn by_code(sim: &Shared, client: &Client, parameters: &Parameters) -> Result<Grant, Refusal> {
    let refused = || {
        refusal(
            "invalid_grant",
            "The code is unknown, used, expired or not yours.",
        )
    };
    let code = parameter(parameters, "code").ok_or_else(refused)?;
    let mut memory = sim.id_porten.memory();
    if let Some(grant) = memory.spent.get(code).copied() {
        // Used twice: somebody has stolen it, so what it gave is taken back (RFC 6749 §4.1.2).
        memory.revoked.insert(grant);
        return Err(refused());
    }
    let (grant, _) = memory.codes.remove(code).ok_or_else(refused)?;
    memory.spent.insert(code.to_owned(), grant.id);
    let verifier = parameter(parameters, "code_verifier").unwrap_or_default();
    let proven = (43..=128).contains(&verifier.len())
        && URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())) == grant.challenge;
    if !proven {
        return Err(refusal("invalid_grant", "Wrong code_verifier."));
    }
    let same = grant.client_id == client.client_id
        && parameter(parameters, "redirect_uri") == Some(&grant.redirect_uri);
    if same { Ok(grant) } else { Err(refused()) }
}

/// A refresh token is good for one time.
fn by_refresh(sim: &Shared, client: &Client, parameters: &Parameters) -> Result<Grant, Refusal> {
    if !client.refresh_tokens {
        let text = "The client may not use refresh tokens.";
        return Err(refusal("unauthorized_client", text));
    }
    let refused = || {
        refusal(
            "invalid_grant",
            "The refresh token is unknown, used or expired.",
        )
    };
    let token = parameter(parameters, "refresh_token").ok_or_else(refused)?;
    let mut memory = sim.id_porten.memory();
    let mine = |(grant, _): &(Grant, Timestamp)| grant.client_id == client.client_id;
    if !memory.refresh.get(token).is_some_and(mine) {
        return Err(refused());
    }
    let (grant, _) = memory.refresh.remove(token).ok_or_else(refused)?;
    if memory.revoked.contains(&grant.id) {
        return Err(refused());
    }
    Ok(grant)
}

fn tokens(sim: &Shared, world: &World, client: &Client, grant: Grant) -> Result<Value, Refusal> {
    let failed = || Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error: "server_error",
        text: "Internal error.".to_owned(),
    };
    let person = world.person_by_uuid(grant.person).ok_or_else(failed)?;
    let now = sim.clock.now();
    let lifetime = match client.access_token_lifetime {
        0 => ACCESS,
        seconds => seconds,
    };
    let iat = now.as_second();
    let jti = short_id();
    let mut access = json!({
        "sub": pairwise(client, person),
        "acr": grant.level,
        "scope": grant.scopes.join(" "),
        "iss": issuer(sim),
        "client_amr": client.token_endpoint_auth_method,
        "pid": person.number.expose(),
        "exp": iat.saturating_add(lifetime),
        "iat": iat,
        "jti": jti,
        "client_id": client.client_id,
        "consumer": {"authority": "iso6523-actorid-upis", "ID": format!("0192:{}", client.owner)},
    });
    if let Some(resource) = &grant.resource {
        access["aud"] = resource.as_str().into();
    }
    let access = sim.id_porten.sign(&access).map_err(|_| failed())?;
    let mut body = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": lifetime.saturating_sub(1),
        "scope": grant.scopes.join(" "),
    });
    if grant.scopes.iter().any(|s| s == "openid") {
        let id_token = id_token(sim, client, person, &grant, iat).map_err(|_| failed())?;
        body["id_token"] = id_token.into();
    }
    let mut memory = sim.id_porten.memory();
    memory.access.insert(jti, grant.id);
    let session = Session {
        grant: grant.id,
        login_only: grant.is_login_only(),
        id: grant.session.clone(),
    };
    memory.sessions.insert(grant.id.to_string(), session);
    let end = grant.granted + AUTHORIZATION;
    if client.refresh_tokens && end > now {
        let token = random();
        body["refresh_token"] = token.clone().into();
        memory
            .refresh
            .insert(token, (grant, end.min(now + REFRESH)));
    }
    Ok(body)
}

fn id_token(
    sim: &Shared,
    client: &Client,
    person: &Person,
    grant: &Grant,
    iat: i64,
) -> Result<String, SignError> {
    let mut claims = json!({
        "sub": pairwise(client, person),
        "amr": ["TestID"],
        "iss": issuer(sim),
        "pid": person.number.expose(),
        "locale": "nb",
        "aud": client.client_id,
        "acr": grant.level,
        "auth_time": grant.logged_in.as_second(),
        "exp": iat + ID_TOKEN,
        "iat": iat,
        // The session is found by it again when the token is shown at logout.
        "jti": grant.id,
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    if client.session_in_id_token {
        claims["sid"] = grant.session.as_str().into();
    }
    match grant.flaw {
        Some(LoginFlaw::OtherNonce) => claims["nonce"] = random().into(),
        Some(LoginFlaw::OtherAudience) => claims["aud"] = "somebody-else".into(),
        Some(LoginFlaw::LowLevel) => claims["acr"] = LEVELS[0].into(),
        Some(LoginFlaw::Expired) => {
            claims["iat"] = (iat - 2 * ID_TOKEN).into();
            claims["exp"] = (iat - ID_TOKEN).into();
        }
        Some(LoginFlaw::ForeignKey) => {
            let header = json!({ "kid": "altinn-sim--cert0", "alg": "RS256" });
            return jws::sign(&header, &claims, &sim.pki.tls.key);
        }
        Some(LoginFlaw::OtherState | LoginFlaw::OtherIssuer) | None => {}
    }
    sim.id_porten.sign(&claims)
}

/// The access token, if it is one of these, not too old and not revoked.
fn active(sim: &Shared, text: &str) -> Option<Jws> {
    let token = Jws::parse(text).filter(|token| sim.id_porten.issued(sim, token))?;
    let now = sim.clock.now().as_second();
    let memory = sim.id_porten.memory();
    let grant = memory.access.get(token.text("jti")?);
    let revoked = grant.is_some_and(|grant| memory.revoked.contains(grant));
    (token.seconds("exp")? > now && !revoked).then_some(token)
}

pub(super) async fn introspect(
    State(sim): State<Sim>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&sim, &headers, body, |sim, _, client, parameters| {
        if !client.scopes.iter().any(|s| s == INTROSPECTION) {
            return Err(Refusal {
                status: StatusCode::FORBIDDEN,
                error: "access_denied",
                text: format!("The scope {INTROSPECTION} is required."),
            });
        }
        let token = parameter(parameters, "token").and_then(|text| active(sim, text));
        let Some(token) = token else {
            return Ok(json!({ "active": false }));
        };
        let exp = token.seconds("exp").unwrap_or_default();
        Ok(json!({
            "active": true,
            "token_type": "Bearer",
            "expires_in": exp.saturating_sub(sim.clock.now().as_second()),
            "exp": exp,
            "iat": token.seconds("iat"),
            "scope": token.text("scope"),
            "client_id": token.text("client_id"),
        }))
    })
    .await
}

/// All tokens of the grant go; the session stays (RFC 7009: an unknown token is no error).
pub(super) async fn revoke(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&sim, &headers, body, |sim, _, client, parameters| {
        let token = parameter(parameters, "token")
            .ok_or_else(|| refusal("invalid_request", "token is missing."))?;
        let access = Jws::parse(token).filter(|t| t.text("client_id") == Some(&client.client_id));
        let mut memory = sim.id_porten.memory();
        let grant = match access {
            Some(access) => access
                .text("jti")
                .and_then(|jti| memory.access.get(jti))
                .copied(),
            None => {
                let known = memory.refresh.get(token).map(|(grant, _)| grant);
                known
                    .filter(|g| g.client_id == client.client_id)
                    .map(|g| g.id)
            }
        };
        memory.revoked.extend(grant);
        Ok(Value::Null)
    })
    .await
}

pub(super) async fn userinfo(State(sim): State<Sim>, headers: HeaderMap) -> Response {
    let value = headers.get(header::AUTHORIZATION);
    let text = value.and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    match text.and_then(|text| active(&sim, text)) {
        Some(token) => axum::Json(json!({
            "sub": token.text("sub"), "pid": token.text("pid"), "locale": "nb",
        }))
        .into_response(),
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        }
    }
}
