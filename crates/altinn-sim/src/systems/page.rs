//! The page on which the customer answers a request, as `confirmUrl` leads there. In reality one logs
//! in first; whoever sits at the simulator is the customer.

use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use crate::html::{escaped, page};
use crate::state::Sim;

#[derive(Deserialize)]
pub(super) struct Which {
    id: Uuid,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    answer: String,
}

pub(super) async fn show(State(sim): State<Sim>, Query(Which { id }): Query<Which>) -> Response {
    let world = sim.world();
    let requests = sim.requests.lock();
    let Some(asked) = requests.iter().find(|r| r.id == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let customer = world.organisation(&asked.customer);
    let customer = customer.map_or(asked.customer.as_str(), |o| o.name.as_str());
    let system = world.system(&asked.system);
    let system = system.map_or(asked.system.as_str(), |s| s.name.as_str());
    let list = |title: &str, codes: &[String]| {
        let items = codes.iter().map(|c| format!("<li>{}</li>", escaped(c)));
        let items: String = items.collect();
        if items.is_empty() {
            items
        } else {
            format!("<p>{title}</p><ul>{items}</ul>")
        }
    };
    let body = format!(
        "<p>{} ber om tilgang for {}. Status: {}</p>{}{}{}{}\
         <form method=\"post\"><button name=\"answer\" value=\"approve\">Godkjenn</button> \
         <button name=\"answer\" value=\"reject\">Avvis</button></form>",
        escaped(system),
        escaped(customer),
        asked.status(sim.clock.now()),
        list("Tilgangspakker", &asked.packages),
        list("Enkeltrettigheter", &asked.rights),
        list("Tilgangspakker som fjernes", &asked.unwanted_packages),
        list("Enkeltrettigheter som fjernes", &asked.unwanted_rights),
    );
    Html(page("Systemtilgang", &body)).into_response()
}

pub(super) async fn answer(
    State(sim): State<Sim>,
    Query(Which { id }): Query<Which>,
    Form(Answer { answer }): Form<Answer>,
) -> Response {
    if !super::answer(&sim, id, answer == "approve") {
        return StatusCode::CONFLICT.into_response();
    }
    let requests = sim.requests.lock();
    let asked = requests.iter().find(|r| r.id == id);
    match asked.and_then(|r| r.redirect_url.clone()) {
        Some(url) => Redirect::to(&url).into_response(),
        None => Html(page("Systemtilgang", "<p>Svaret er lagret.</p>")).into_response(),
    }
}
