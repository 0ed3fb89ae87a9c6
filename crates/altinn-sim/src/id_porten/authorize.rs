//! `/par`, `/authorize`, the page where one logs in, and `/logout` (wire facts, Maskinporten §8.2 and
//! §8.5).

use axum::body::Bytes;
use axum::extract::{Form, Query, RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::token::Grant;
use super::{
    CODE, LEVELS, LONGEST_SSO, LoginFlaw, PAR, Parameters, Refusal, SSO, client, issuer, parameter,
    random, refusal,
};
use crate::html::{escaped, page};
use crate::jws::Jws;
use crate::maskinporten::form;
use crate::state::{Shared, Sim};
use crate::world::{Client, World};

/// An authorization request that is in order and waits for somebody to log in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    client_id: String,
    redirect_uri: String,
    post: bool,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
    scopes: Vec<String>,
    level: usize,
    resource: Option<String>,
}

pub(super) async fn push(State(sim): State<Sim>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(parameters) = form(&headers, body).await else {
        return refusal("invalid_request", "Not a form.").into_response();
    };
    pushed(&sim, &headers, parameters).unwrap_or_else(IntoResponse::into_response)
}

fn pushed(sim: &Shared, headers: &HeaderMap, parameters: Parameters) -> Result<Response, Refusal> {
    let world = sim.world();
    let client = client::authenticated(sim, &world, headers, &parameters)?;
    if parameter(&parameters, "request_uri").is_some() {
        return Err(refusal(
            "invalid_request",
            "request_uri is not allowed here.",
        ));
    }
    redirect_uri(client, &parameters)
        .ok_or_else(|| refusal("invalid_request", "Unknown redirect_uri."))?;
    read(&world, client, &parameters)?;
    let request_uri = format!("urn:idporten:{}", random());
    let until = sim.clock.now() + PAR;
    let mut memory = sim.id_porten.memory();
    memory
        .pushed
        .insert(request_uri.clone(), (parameters, until));
    let body = json!({ "expires_in": PAR.as_secs(), "request_uri": request_uri });
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// The redirect address, if it is exactly a registered one.
fn redirect_uri<'p>(client: &Client, parameters: &'p Parameters) -> Option<&'p str> {
    let uri = parameter(parameters, "redirect_uri")?;
    client
        .redirect_uris
        .iter()
        .any(|known| known == uri)
        .then_some(uri)
}

/// A browser that has logged in.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    person: Uuid,
    level: usize,
    /// `sid`, which all services share.
    pub(super) session: String,
    begun: Timestamp,
    until: Timestamp,
}

const COOKIE: &str = "altinn-sim-idporten";

/// The cookie's value.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The session that stands for this request, and lives on by it.
fn standing(sim: &Shared, client: &Client, headers: &HeaderMap, level: usize) -> Option<Browser> {
    if client.sso_disabled {
        return None;
    }
    let now = sim.clock.now();
    let mut memory = sim.id_porten.memory();
    let browser = memory.browsers.get_mut(cookie(headers)?)?;
    if browser.until <= now || browser.level < level {
        return None;
    }
    browser.until = (now + SSO).min(browser.begun + LONGEST_SSO);
    Some(browser.clone())
}

pub(super) async fn begin(
    State(sim): State<Sim>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    match begun(&sim, parameters, &headers) {
        Ok(response) => response,
        Err(text) => {
            let body = format!("<p>{}</p>", escaped(text));
            (StatusCode::BAD_REQUEST, Html(page("Noe gikk galt", &body))).into_response()
        }
    }
}

/// Until it is known where the caller is to be sent back, the page says what is wrong.
fn begun(
    sim: &Shared,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Response, &'static str> {
    let world = sim.world();
    let client = parameter(&parameters, "client_id").and_then(|id| client::known(&world, id));
    let client = client.ok_or("Unknown client_id.")?;
    let parameters = match parameter(&parameters, "request_uri") {
        None => parameters,
        Some(uri) => {
            let pushed = sim.id_porten.memory().pushed.remove(uri);
            let now = sim.clock.now();
            let pushed = pushed.filter(|(parameters, until)| {
                *until > now && parameter(parameters, "client_id") == Some(&client.client_id)
            });
            pushed.ok_or("Unknown, used or expired request_uri.")?.0
        }
    };
    let place = redirect_uri(client, &parameters).ok_or("Unknown redirect_uri.")?;
    let login = match read(&world, client, &parameters) {
        Ok(login) => login,
        Err(refusal) => {
            let post = parameter(&parameters, "response_mode") == Some("form_post");
            let state = parameter(&parameters, "state");
            return Ok(sent_back(sim, place, post, state, &error(&refusal)));
        }
    };
    let prompt = parameter(&parameters, "prompt").unwrap_or_default();
    if !["login", "consent"].contains(&prompt)
        && let Some(browser) = standing(sim, client, headers, login.level)
    {
        return Ok(answered(sim, login, &browser));
    }
    if prompt == "none" {
        let refusal = refusal("login_required", "Nobody is logged in.");
        return Ok(login.back(sim, &error(&refusal)));
    }
    let transaction = Uuid::new_v4();
    let people = world.persons.iter().enumerate().map(|(index, person)| {
        format!(
            "<p><label><input type=\"radio\" name=\"person\" value=\"{}\"{}> {} {} ({})</label></p>",
            person.party_uuid,
            if index == 0 { " checked" } else { "" },
            escaped(&person.first_name),
            escaped(&person.last_name),
            escaped(&person.masked()),
        )
    });
    let body = format!(
        "<p>til {} som</p><form method=\"post\" action=\"/login\">\
         <input type=\"hidden\" name=\"transaction\" value=\"{transaction}\">{}\
         <button name=\"answer\" value=\"log_in\">Logg inn</button> \
         <button name=\"answer\" value=\"cancel\">Avbryt</button></form>",
        escaped(&client.name),
        people.collect::<String>(),
    );
    sim.id_porten.memory().logins.insert(transaction, login);
    Ok(Html(page("Logg inn", &body)).into_response())
}

fn error(refusal: &Refusal) -> [(&'static str, String); 2] {
    [
        ("error", refusal.error.to_owned()),
        ("error_description", refusal.text.clone()),
    ]
}

/// What an authorization request must say.
fn read(world: &World, client: &Client, parameters: &Parameters) -> Result<Login, Refusal> {
    let invalid = |text: &str| refusal("invalid_request", text);
    let get = |name: &str| parameter(parameters, name);
    if get("request").is_some() {
        return Err(refusal(
            "request_not_supported",
            "request is not supported.",
        ));
    }
    if get("response_type") != Some("code") {
        let text = "response_type must be code.";
        return Err(refusal("unsupported_response_type", text));
    }
    let post = match get("response_mode") {
        None | Some("query") => false,
        Some("form_post") => true,
        Some(_) => return Err(invalid("Unknown response_mode.")),
    };
    let scopes: Vec<String> = get("scope")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    let allowed = |name: &String| {
        let scope = world.scope(name);
        client.scopes.contains(name)
            && scope.is_some_and(|s| {
                s.integration_types.contains(&client.integration_type)
                    && (s.accessible_for_all || s.granted_to.contains(&client.owner))
            })
    };
    if scopes.is_empty() || !scopes.iter().all(allowed) {
        return Err(refusal("invalid_scope", "Invalid scopes for client."));
    }
    let challenge = get("code_challenge").filter(|_| get("code_challenge_method") == Some("S256"));
    let challenge = challenge
        .filter(|c| c.len() == 43)
        .ok_or_else(|| invalid("code_challenge with code_challenge_method S256 is required."))?;
    let public = client.token_endpoint_auth_method == "none";
    if public && (get("state").is_none() || get("nonce").is_none()) {
        return Err(invalid("state and nonce are required for a public client."));
    }
    let levels = get("acr_values").unwrap_or("idporten-loa-substantial");
    let level = levels
        .split_ascii_whitespace()
        .filter_map(|wanted| LEVELS.iter().position(|level| *level == wanted))
        .min()
        .ok_or_else(|| invalid("Unknown acr_values."))?;
    Ok(Login {
        client_id: client.client_id.clone(),
        redirect_uri: get("redirect_uri").unwrap_or_default().to_owned(),
        post,
        state: get("state").map(str::to_owned),
        nonce: get("nonce").map(str::to_owned),
        challenge: challenge.to_owned(),
        scopes,
        level,
        resource: get("resource").map(str::to_owned),
    })
}

#[derive(Deserialize)]
pub(super) struct Choice {
    transaction: Uuid,
    person: Uuid,
    answer: String,
}

pub(super) async fn log_in(State(sim): State<Sim>, Form(choice): Form<Choice>) -> Response {
    let world = sim.world();
    let person = world.person_by_uuid(choice.person);
    let login = sim.id_porten.memory().logins.remove(&choice.transaction);
    let (Some(login), Some(person)) = (login, person) else {
        let body = "<p>Innloggingen er brukt eller avbrutt.</p>";
        return (StatusCode::BAD_REQUEST, Html(page("Noe gikk galt", body))).into_response();
    };
    if choice.answer != "log_in" {
        let refusal = refusal("access_denied", "The user cancelled.");
        return login.back(&sim, &error(&refusal));
    }
    let now = sim.clock.now();
    let browser = Browser {
        person: person.party_uuid,
        level: login.level,
        session: random(),
        begun: now,
        until: now + SSO,
    };
    let isolated = client::known(&world, &login.client_id).is_none_or(|c| c.sso_disabled);
    let mut response = answered(&sim, login, &browser);
    if !isolated {
        let value = random();
        let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        sim.id_porten.memory().browsers.insert(value, browser);
    }
    response
}

/// Sends the browser back with a code for whoever has logged in with it.
fn answered(sim: &Shared, mut login: Login, browser: &Browser) -> Response {
    let flaw = sim.faults.take_login_flaw();
    if flaw == Some(LoginFlaw::OtherState) {
        login.state = Some(random());
    }
    let now = sim.clock.now();
    let code = random();
    let grant = Grant {
        id: Uuid::new_v4(),
        client_id: login.client_id.clone(),
        redirect_uri: login.redirect_uri.clone(),
        challenge: login.challenge.clone(),
        nonce: login.nonce.clone(),
        scopes: login.scopes.clone(),
        resource: login.resource.clone(),
        person: browser.person,
        // The page logs in at the level that was asked for, as the weakest choice that is offered.
        level: LEVELS.get(browser.level).copied().unwrap_or_default(),
        session: browser.session.clone(),
        logged_in: browser.begun,
        granted: now,
        flaw,
    };
    sim.id_porten
        .memory()
        .codes
        .insert(code.clone(), (grant, now + CODE));
    let iss = match flaw {
        Some(LoginFlaw::OtherIssuer) => "https://idporten.example.no",
        _ => issuer(sim),
    };
    let answer = [("code", code), ("iss", iss.to_owned())];
    sent_back_as_is(
        &login.redirect_uri,
        login.post,
        login.state.as_deref(),
        &answer,
    )
}

impl Login {
    fn back(&self, sim: &Shared, answer: &[(&str, String)]) -> Response {
        sent_back(
            sim,
            &self.redirect_uri,
            self.post,
            self.state.as_deref(),
            answer,
        )
    }
}

fn sent_back(
    sim: &Shared,
    place: &str,
    post: bool,
    state: Option<&str>,
    answer: &[(&str, String)],
) -> Response {
    let mut answer = answer.to_vec();
    answer.push(("iss", issuer(sim).to_owned()));
    sent_back_as_is(place, post, state, &answer)
}

fn sent_back_as_is(
    place: &str,
    post: bool,
    state: Option<&str>,
    answer: &[(&str, String)],
) -> Response {
    let state = state.map(|state| ("state", state.to_owned()));
    let fields: Vec<_> = answer.iter().cloned().chain(state).collect();
    if post {
        let inputs = fields.iter().map(|(name, value)| {
            let value = escaped(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        });
        let body = format!(
            "<form method=\"post\" action=\"{}\">{}<button>Fortsett</button></form>",
            escaped(place),
            inputs.collect::<String>(),
        );
        return Html(page("Tilbake", &body)).into_response();
    }
    redirect(place, &fields)
}

fn redirect(place: &str, fields: &[(&str, String)]) -> Response {
    let mut location = place.to_owned();
    for (name, value) in fields {
        location.push(if location.contains('?') { '&' } else { '?' });
        location.push_str(name);
        location.push('=');
        location.push_str(&percent_encoded(value));
    }
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

pub(super) async fn log_out(
    State(sim): State<Sim>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = if body.is_empty() {
        let uri = format!("/?{}", query.unwrap_or_default());
        let uri = uri.parse::<http::Uri>().ok();
        let pairs = uri.and_then(|uri| Query::try_from_uri(&uri).ok().map(|Query(pairs)| pairs));
        pairs.unwrap_or_default()
    } else {
        form(&headers, body).await.unwrap_or_default()
    };
    let world = sim.world();
    let hint = parameter(&parameters, "id_token_hint").and_then(Jws::parse);
    // A hint may be old; it must be from here.
    let hint = hint.filter(|hint| sim.id_porten.signed(hint));
    let id = parameter(&parameters, "client_id");
    let id = id.or_else(|| hint.as_ref().and_then(|hint| hint.text("aud")));
    let client = id.and_then(|id| client::known(&world, id));
    {
        let mut memory = sim.id_porten.memory();
        let browser = cookie(&headers).and_then(|cookie| memory.browsers.get(cookie));
        if let Some(session) = browser.map(|browser| browser.session.clone()) {
            memory.end(&session);
        }
    }
    if let Some(session) = hint.as_ref().and_then(|hint| hint.text("jti")) {
        sim.id_porten.memory().end_session(session);
    }
    let place = parameter(&parameters, "post_logout_redirect_uri").filter(|uri| {
        client.is_some_and(|c| c.post_logout_redirect_uris.iter().any(|known| known == uri))
    });
    match place {
        Some(place) => {
            let state = parameter(&parameters, "state");
            let state = state.filter(|s| s.bytes().all(|b| (0x20..=0x7e).contains(&b)));
            let fields: Vec<_> = state.map(|s| ("state", s.to_owned())).into_iter().collect();
            redirect(place, &fields)
        }
        None => Html(page("Logget ut", "<p>Du er logget ut.</p>")).into_response(),
    }
}

impl super::Memory {
    /// Forgets what is too old to be used.
    pub(super) fn tidy(&mut self, now: Timestamp) {
        self.pushed.retain(|_, (_, until)| *until > now);
        self.browsers.retain(|_, browser| browser.until > now);
        self.codes.retain(|_, (_, until)| *until > now);
        self.refresh.retain(|_, (_, until)| *until > now);
    }
}
