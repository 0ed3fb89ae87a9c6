//! For every fixture: the request that the client sends, and what it makes of the answer.

use altinn_authz::altinn3::{
    Cascade, Client, Include, PackageUrn, Pair, PartiesQuery, PartyUuid, Receiver, Relation,
    ResourceId, RightKey, scopes,
};
use altinn_authz::{Error, to_masked_json};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::altinn3::{end_user, more};
use crate::contract::{Fixture, Player, altinn, outcome, unmasked};

#[tokio::test]
async fn every_exchange_is_sent_and_read_as_written_down() {
    for fixture in Fixture::all("altinn3") {
        let player = Player::play(&fixture).await;
        let result = perform(&player, &fixture).await;
        let sent = player.sent().await;

        let name = &fixture.name;
        // a busy or failing server is asked again, and 401 with a new token; the same each time,
        // and only by what changes nothing
        let Some((request, again)) = sent.split_first() else {
            panic!("{name}: nothing sent")
        };
        for other in again {
            assert_eq!((&*other.method, &other.path), ("GET", &request.path));
        }
        if can_be_sent(&fixture) {
            assert_eq!(request.method, fixture.request.method, "{name}");
            assert_eq!(parts(&request.path), parts(&fixture.request.path), "{name}");
            assert_eq!(request.body(), fixture.request.body, "{name}");
        }
        // a body is announced when there is one, and only then
        let has_body = request.body().is_some();
        assert_eq!(request.header("content-type").is_some(), has_body, "{name}");
        let bearer = request.header("authorization").unwrap_or_default();
        match more::is_open(&fixture) {
            true => assert_eq!(bearer, "", "{name}: a token where none is needed"),
            false => assert!(bearer.starts_with("Bearer eyJ"), "{name}"),
        }

        let shown = json!({
            "request": request.shown(),
            "sentTimes": sent.len(),
            "outcome": result,
        });
        let text = shown.to_string();
        assert!(!unmasked(&text), "{name}: {text}");
        assert!(!text.contains("c2lnbmF0dXJl"), "{name}: {text}");
        fixture.snapshot(&shown);
    }
}

/// Calls the method that the fixture is an exchange of, with what the player answers.
pub(crate) async fn perform(player: &Player, fixture: &Fixture) -> Value {
    let session = altinn(&player.url(), false)
        .system_user("310702617".parse().unwrap())
        .scopes([
            scopes::AUTHORIZED_PARTIES,
            scopes::TO_OTHERS_READ,
            scopes::TO_OTHERS_WRITE,
            scopes::FROM_OTHERS_READ,
            scopes::FROM_OTHERS_WRITE,
            scopes::REQUESTS_READ,
            scopes::REQUESTS_WRITE,
            scopes::SUPPLIERS_READ,
            scopes::SUPPLIERS_WRITE,
            scopes::CONSUMERS_READ,
            scopes::CONSUMERS_WRITE,
            scopes::CLIENTS_READ,
            scopes::CLIENTS_WRITE,
            scopes::MY_CLIENTS_READ,
            scopes::MY_CLIENTS_WRITE,
        ]);
    match more::call(&player.url(), fixture).await {
        Some(result) => result,
        None => call(&Client::new(&session), fixture).await,
    }
}

/// Whether a client of this crate can be brought to send it: it asks in no wrong direction, and the
/// exchange, whose answers show shapes that come here too, is not its own.
fn can_be_sent(fixture: &Fixture) -> bool {
    fixture.name != "altinn3/connections-get/forbidden"
        && !fixture.request.path.starts_with("/authentication/")
}

/// The path, and the query's pairs without their order; an access package's URN is its code.
fn parts(path: &str) -> (String, Vec<(String, String)>) {
    let url = Url::parse(&format!("http://x{path}")).unwrap();
    let mut pairs: Vec<_> = url
        .query_pairs()
        .map(|(name, value)| match &*name {
            "package" | "packages" => (
                name.into_owned(),
                PackageUrn::from(&*value).code().to_owned(),
            ),
            _ => (name.into_owned(), value.into_owned()),
        })
        .collect();
    pairs.sort();
    (url.path().to_owned(), pairs)
}

/// Calls the method that the fixture is an exchange of.
async fn call(client: &Client, fixture: &Fixture) -> Value {
    let party = || uuid(fixture, "party").unwrap();
    let to = || uuid(fixture, "to").unwrap();
    let resource = || ResourceId::from(fixture.parameter("resource").unwrap().as_str());
    let package = || PackageUrn::from(fixture.parameter("package").unwrap());
    match fixture.operation() {
        "authorizedparties" => shown(client.parties_with(&parties_query(fixture)).await),
        "connections-get" => {
            let asked = |name| fixture.parameter(name).is_some();
            let include = match (asked("includeResources"), asked("includeAgentConnections")) {
                (true, _) => Include::everything(),
                (false, true) => Include::parties()
                    .packages()
                    .without_agents()
                    .without_client_delegations(),
                (false, false) => Include::parties(),
            };
            shown(client.connections(relation(fixture), include).await)
        }
        "connections-post" => shown(client.add_connection(party(), &receiver(fixture)).await),
        "connections-delete" => {
            let cascade = match fixture.parameter("cascade") {
                Some(_) => Cascade::Yes,
                None => Cascade::No,
            };
            shown(client.remove_connection(pair(fixture), cascade).await)
        }
        "accesspackages-get" => shown(client.packages(relation(fixture)).await),
        "accesspackages-delegationcheck" => {
            let url = Url::parse(&format!("http://x{}", fixture.request.path)).unwrap();
            let named = url.query_pairs().filter(|(name, _)| name == "packages");
            let packages: Vec<_> = named.map(|(_, code)| PackageUrn::from(&*code)).collect();
            shown(client.package_delegation_check(party(), &packages).await)
        }
        "accesspackages-post" => shown(
            client
                .add_package(party(), &receiver(fixture), &package())
                .await,
        ),
        "accesspackages-delete" => shown(client.remove_package(pair(fixture), &package()).await),
        "roles-get" => shown(client.roles(relation(fixture)).await),
        "resources-get" => match fixture.parameter("resource") {
            Some(_) => {
                let resource = resource();
                shown(
                    client
                        .holders_of_resource(relation(fixture), &resource)
                        .await,
                )
            }
            None => shown(client.resources(relation(fixture)).await),
        },
        "resources-delete" => shown(client.remove_resource(pair(fixture), &resource()).await),
        "resources-delegationcheck" => {
            shown(client.resource_delegation_check(party(), &resource()).await)
        }
        "rights-get" => shown(client.resource_rights(pair(fixture), &resource()).await),
        "rights-post" => shown(
            client
                .add_resource_rights(party(), to(), &resource(), &keys(fixture))
                .await,
        ),
        "rights-put" => shown(
            client
                .replace_resource_rights(party(), to(), &resource(), &keys(fixture))
                .await,
        ),
        "problems" => {
            let company: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000002".parse().unwrap();
            let relation = Relation::given_by(company);
            shown(client.connections(relation, Include::parties()).await)
        }
        _ => end_user::call(client, fixture).await,
    }
}

/// The outcome, with the problem that was read.
pub(crate) fn shown<T: Serialize>(result: Result<T, Error>) -> Value {
    let mut shown = outcome(&result);
    if let Err(error) = &result {
        shown["error"]["traceId"] = json!(error.diagnosis().trace_id());
        shown["error"]["problem"] = to_masked_json(&error.problem()).unwrap();
    }
    shown
}

pub(crate) fn uuid(fixture: &Fixture, name: &str) -> Option<PartyUuid> {
    Some(fixture.parameter(name)?.parse().unwrap())
}

/// The other party, and the relation without it.
fn sides(fixture: &Fixture) -> (Relation, Option<PartyUuid>) {
    let party = uuid(fixture, "party").unwrap();
    let (from, to) = (uuid(fixture, "from"), uuid(fixture, "to"));
    if from.as_ref() == Some(&party) {
        (Relation::given_by(&party), to)
    } else {
        (Relation::received_by(&party), from)
    }
}

pub(crate) fn relation(fixture: &Fixture) -> Relation {
    match sides(fixture) {
        (relation, Some(other)) => relation.with(other).into(),
        (relation, None) => relation,
    }
}

pub(crate) fn pair(fixture: &Fixture) -> Pair {
    let (relation, other) = sides(fixture);
    relation.with(other.unwrap())
}

pub(crate) fn receiver(fixture: &Fixture) -> Receiver {
    match &fixture.request.body {
        Some(person) => Receiver::person(
            person["personIdentifier"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
            person["lastName"].as_str().unwrap(),
        ),
        None => Receiver::party(uuid(fixture, "to").unwrap()),
    }
}

fn keys(fixture: &Fixture) -> Vec<RightKey> {
    let body = fixture.request.body.as_ref().unwrap();
    let keys = body["directRightKeys"].as_array().unwrap();
    keys.iter()
        .map(|key| key.as_str().unwrap().into())
        .collect()
}

fn parties_query(fixture: &Fixture) -> PartiesQuery {
    let mut query = PartiesQuery::new();
    if fixture.parameter("includeRoles").is_some() {
        query = query.with_roles();
    }
    if fixture.parameter("includeAccessPackages").is_some() {
        query = query.with_packages();
    }
    match uuid(fixture, "partyFilter") {
        Some(party) => query.only(party),
        None => query,
    }
}
