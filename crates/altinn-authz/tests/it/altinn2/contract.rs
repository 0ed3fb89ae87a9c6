//! For every fixture: the request that the client sends, and what it makes of the answer.

use altinn_auth::EnterpriseUserCredentials;
use altinn_authz::Error;
use altinn_authz::altinn2::models::RightSource;
use altinn_authz::altinn2::{
    Client, Delegation, DelegationsQuery, Filter, Identity, Receiver, ReporteesQuery,
    RightHolderId, Service, Who, scopes,
};
use http_transport::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::contract::{Fixture, Player, altinn, outcome, unmasked};

#[tokio::test]
async fn every_exchange_is_sent_and_read_as_written_down() {
    for fixture in Fixture::all("altinn2") {
        let player = Player::play(&fixture).await;
        let user =
            EnterpriseUserCredentials::new("fjordkraft-lonn", SecretString::from("hemmelig"));
        let session = altinn(&player.url(), true)
            .enterprise_user(user.unwrap())
            .scopes(scopes::GIVER);
        let result = call(&Client::new(&session), &fixture).await;
        let sent = player.sent().await;

        let first = sent
            .first()
            .unwrap_or_else(|| panic!("{}: nothing sent", fixture.name));
        assert_eq!(first.header("apikey").map(str::len), Some(36));
        assert_eq!(first.header("accept"), Some("application/hal+json"));
        // app and consent operations have no method of their own here: see `call`
        if !is_foreign(&fixture) {
            let path = |path: &str| path.split('?').next().unwrap().to_owned();
            assert_eq!(first.method, fixture.request.method, "{}", fixture.name);
            assert_eq!(path(&first.path), path(&fixture.request.path));
            assert_eq!(first.body(), fixture.request.body, "{}", fixture.name);
        }

        let shown = json!({
            "requests": sent.iter().map(|request| request.shown()).collect::<Vec<_>>(),
            "outcome": result,
        });
        let text = shown.to_string();
        assert!(!unmasked(&text), "{}: {text}", fixture.name);
        for secret in ["hemmelig", "c2lnbmF0dXJl", "5b4a0c52"] {
            assert!(!text.contains(secret), "{}: {text}", fixture.name);
        }
        fixture.snapshot(&shown);
    }
}

/// Errors that were recorded on operations outside the rights API: the answer is what counts, it is
/// given to the operation that is nearest.
fn is_foreign(fixture: &Fixture) -> bool {
    fixture.request.path.starts_with("/api/consentRequests")
}

/// Calls the method that the fixture is an exchange of.
async fn call(client: &Client, fixture: &Fixture) -> Value {
    let segments = fixture.segments();
    let who = || segments[1].parse::<Who>().unwrap();
    let receiver = || RightHolderId::from(segments[4]);
    let id = || segments[6];
    let filter = filter(fixture);
    match fixture.operation() {
        "delegations-apprights" => shown(client.app_rights(who(), &receiver(), None).await),
        "delegations-list" => shown(client.delegations_with(who(), &query(fixture)).await),
        "delegations-one" => shown(client.right_holder(who(), &receiver()).await),
        "delegations-roles" => shown(client.roles(who(), &receiver()).await),
        "delegations-rights" => shown(client.rights(who(), &receiver(), filter.as_ref()).await),
        "delegations-post" => {
            let (receiver, what) = new_right_holder(fixture.request.body.as_ref().unwrap());
            shown(client.delegate(who(), receiver, what).await)
        }
        "delegations-role-delete" => {
            shown(client.remove_role(who(), &receiver(), &id().into()).await)
        }
        "delegations-right-delete" => {
            shown(client.remove_right(who(), &receiver(), &id().into()).await)
        }
        "reportees-list" => {
            let query = match filter {
                Some(filter) => ReporteesQuery::new().filter(filter),
                None => ReporteesQuery::new(),
            };
            shown(client.reportees_with(&query).await)
        }
        "reportee-conversion" => shown(
            client
                .resolve(&identity(fixture.request.body.as_ref().unwrap()))
                .await,
        ),
        "errors" if is_foreign(fixture) => {
            let body = fixture.request.body.as_ref().unwrap();
            let person = Identity::person(text(body, "OfferedBy").parse().unwrap());
            shown(
                client
                    .resolve(&person.named(text(body, "OfferedByName")))
                    .await,
            )
        }
        "errors" => shown(client.delegations(who()).await),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

fn shown<T: Serialize>(result: Result<T, Error>) -> Value {
    outcome(&result)
}

fn filter(fixture: &Fixture) -> Option<Filter> {
    let filter = match fixture.parameter("$filter")?.as_str() {
        "RightSourceType ne 'RoleTypeRights'" => Filter::ne("RightSourceType", RightSource::Role),
        "Type eq 'ENK'" => Filter::eq("Type", "ENK"),
        other => panic!("{other} is a filter that nobody here builds"),
    };
    Some(filter)
}

fn query(fixture: &Fixture) -> DelegationsQuery {
    match fixture.parameter("serviceCode") {
        None => DelegationsQuery::new(),
        Some(code) => {
            let edition = fixture
                .parameter("serviceEdition")
                .unwrap()
                .parse()
                .unwrap();
            DelegationsQuery::new().with_rights_on(Service::new(code, edition))
        }
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn identity(body: &Value) -> Identity {
    match body.get("SocialSecurityNumber") {
        Some(_) => Identity::person(text(body, "SocialSecurityNumber").parse().unwrap())
            .named(text(body, "LastName")),
        None => Identity::organisation(text(body, "OrganizationNumber").parse().unwrap())
            .named(text(body, "OrganizationName")),
    }
}

/// What a caller would give to have this body sent.
fn new_right_holder(body: &Value) -> (Receiver, Vec<Delegation>) {
    let number = || text(body, "OrganizationNumber").parse().unwrap();
    let receiver = match (body.get("SocialSecurityNumber"), body.get("UserName")) {
        (Some(_), _) => Receiver::person(
            text(body, "SocialSecurityNumber").parse().unwrap(),
            text(body, "LastName"),
        ),
        (None, Some(_)) => Receiver::enterprise_user(text(body, "UserName"), number()),
        (None, None) => Receiver::organisation(number(), text(body, "Name")),
    };
    let entries = |name: &str| {
        body["_embedded"][name]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let roles = entries("Roles");
    let roles = roles
        .iter()
        .map(|role| Delegation::role(role["RoleDefinitionId"].as_i64().unwrap()));
    let rights = entries("Rights");
    let rights = rights.iter().map(|right| {
        let edition = right["ServiceEditionCode"].as_i64().unwrap();
        Delegation::rights(text(right, "ServiceCode"), edition, [text(right, "Action")])
    });
    (receiver, roles.chain(rights).collect())
}
