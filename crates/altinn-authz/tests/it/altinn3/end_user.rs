//! The end user's calls beside connections: which method each fixture is an exchange of.

use altinn_authz::altinn3::models::{RequestId, RequestKind, RequestStatus};
use altinn_authz::altinn3::{
    Cascade, Client, ClientApi, InstanceUrn, PackageUrn, PartyUuid, Receiver, RequestFilter,
    ResourceId, RightKey, scopes,
};
use altinn_authz::{Caller, Error, ErrorKind};
use bytes::Bytes;
use http_transport::BoxFuture;
use serde_json::Value;
use url::Url;

use crate::altinn3::contract::{pair, receiver, relation, shown, uuid};
use crate::contract::Fixture;

/// Calls the method that the fixture is an exchange of.
pub(crate) async fn call(client: &Client, fixture: &Fixture) -> Value {
    let operation = fixture.operation();
    if operation.starts_with("instance") {
        instances(client, fixture).await
    } else if operation.starts_with("request") {
        requests(client, fixture).await
    } else if operation.starts_with("maskinporten") {
        suppliers(client, fixture).await
    } else if operation == "roles-delete" {
        let code = fixture.parameter("rolecode").unwrap();
        shown(client.remove_role(pair(fixture), &code).await)
    } else {
        clients(client, fixture).await
    }
}

fn party(fixture: &Fixture, name: &str) -> PartyUuid {
    uuid(fixture, name).unwrap_or_else(|| panic!("{}: no {name}", fixture.name))
}

fn resource(fixture: &Fixture) -> ResourceId {
    ResourceId::from(fixture.parameter("resource").unwrap().as_str())
}

fn keys(list: Option<&Value>) -> Vec<RightKey> {
    let list = list.and_then(Value::as_array);
    let keys = list.into_iter().flatten();
    keys.map(|key| key.as_str().unwrap().into()).collect()
}

fn cascade(fixture: &Fixture) -> Cascade {
    match fixture.parameter("cascade") {
        Some(_) => Cascade::Yes,
        None => Cascade::No,
    }
}

async fn instances(client: &Client, fixture: &Fixture) -> Value {
    let instance = || -> InstanceUrn { fixture.parameter("instance").unwrap().parse().unwrap() };
    let giver = party(fixture, "party");
    let body = fixture.request.body.as_ref();
    let keys = keys(body.and_then(|body| body.get("directRightKeys")));
    match fixture.operation() {
        "instance-receivers" => shown(client.instance_receivers(giver).await),
        "instances-get" => match fixture.parameter("instance") {
            Some(_) => {
                let (of, one) = (resource(fixture), instance());
                let found = client.holders_of_instances(relation(fixture), &of, Some(&one));
                shown(found.await)
            }
            None => shown(client.instances(relation(fixture)).await),
        },
        "instances-delete" => shown(
            client
                .remove_instance(pair(fixture), &resource(fixture), &instance())
                .await,
        ),
        "instance-rights-get" => shown(
            client
                .instance_rights(pair(fixture), &resource(fixture), &instance())
                .await,
        ),
        "instance-rights-post" => {
            let to = match body.and_then(|body| body.get("to")) {
                Some(person) => Receiver::person(
                    person["personIdentifier"]
                        .as_str()
                        .unwrap()
                        .parse()
                        .unwrap(),
                    person["lastName"].as_str().unwrap(),
                ),
                None => Receiver::party(party(fixture, "to")),
            };
            shown(
                client
                    .add_instance_rights(giver, &to, &resource(fixture), &instance(), &keys)
                    .await,
            )
        }
        "instance-rights-put" => {
            let to = party(fixture, "to");
            shown(
                client
                    .replace_instance_rights(giver, to, &resource(fixture), &instance(), &keys)
                    .await,
            )
        }
        "instance-delegationcheck" => shown(
            client
                .instance_delegation_check(giver, &resource(fixture), &instance())
                .await,
        ),
        "instance-users" => shown(
            client
                .instance_users(giver, &resource(fixture), &instance())
                .await,
        ),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

fn filter(fixture: &Fixture, other: &str) -> RequestFilter {
    let mut filter = RequestFilter::new();
    if let Some(other) = uuid(fixture, other) {
        filter = filter.with(other);
    }
    let url = Url::parse(&format!("http://x{}", fixture.request.path)).unwrap();
    for (_, status) in url.query_pairs().filter(|(name, _)| name == "status") {
        filter = filter.status(match &*status {
            "Pending" => RequestStatus::Pending,
            "Rejected" => RequestStatus::Rejected,
            "Withdrawn" => RequestStatus::Withdrawn,
            other => panic!("{other}"),
        });
    }
    match fixture.parameter("type").as_deref() {
        Some("package") => filter.kind(RequestKind::Package),
        Some(other) => panic!("{other}"),
        None => filter,
    }
}

async fn requests(client: &Client, fixture: &Fixture) -> Value {
    let own = party(fixture, "party");
    let id = || RequestId::from(fixture.parameter("id").unwrap().as_str());
    let keys = keys(fixture.request.body.as_ref());
    match fixture.operation() {
        "request-get" => shown(client.access_request(own, &id()).await),
        "requests-sent" => shown(client.requests_sent(own, &filter(fixture, "to")).await),
        "requests-received" => shown(
            client
                .requests_received(own, &filter(fixture, "from"))
                .await,
        ),
        "requests-sent-count" => shown(
            client
                .count_requests_sent(own, &filter(fixture, "to"))
                .await,
        ),
        "requests-received-count" => {
            let filter = filter(fixture, "from");
            shown(client.count_requests_received(own, &filter).await)
        }
        "request-resource" => {
            let (to, resource) = (party(fixture, "to"), resource(fixture));
            shown(client.ask_for_resource(own, to, &resource, &keys).await)
        }
        "request-package" => {
            let package = PackageUrn::from(fixture.parameter("package").unwrap());
            let to = party(fixture, "to");
            shown(client.ask_for_package(own, to, &package).await)
        }
        "request-withdraw" => shown(client.withdraw_request(own, &id()).await),
        "request-confirm" => shown(client.confirm_request(own, &id()).await),
        "request-approve" => shown(client.approve_request(own, &id(), &keys).await),
        "request-reject" => shown(client.reject_request(own, &id()).await),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

async fn suppliers(client: &Client, fixture: &Fixture) -> Value {
    let own = party(fixture, "party");
    let supplier = || party(fixture, "supplier");
    let consumer = || party(fixture, "consumer");
    let cascade = cascade(fixture);
    match fixture.operation() {
        "maskinportensuppliers-post" => shown(client.add_supplier(own, supplier()).await),
        "maskinportensuppliers-get" => shown(client.suppliers(own, Some(&supplier())).await),
        "maskinportensuppliers-delete" => {
            shown(client.remove_supplier(own, supplier(), cascade).await)
        }
        "maskinportensuppliers-delegationcheck" => shown(
            client
                .supplier_delegation_check(own, &resource(fixture))
                .await,
        ),
        "maskinportensuppliers-resources-post" => shown(
            client
                .add_supplier_resource(own, supplier(), &resource(fixture))
                .await,
        ),
        "maskinportensuppliers-resources-get" => shown(
            client
                .supplier_resources(own, Some(&supplier()), Some(&resource(fixture)))
                .await,
        ),
        "maskinportensuppliers-resources-delete" => shown(
            client
                .remove_supplier_resource(own, supplier(), &resource(fixture))
                .await,
        ),
        "maskinportenconsumers-get" => shown(client.consumers(own, Some(&consumer())).await),
        "maskinportenconsumers-delete" => {
            shown(client.remove_consumer(own, consumer(), cascade).await)
        }
        "maskinportenconsumers-resources-get" => shown(
            client
                .consumer_resources(own, Some(&consumer()), Some(&resource(fixture)))
                .await,
        ),
        "maskinportenconsumers-resources-delete" => shown(
            client
                .remove_consumer_resource(own, consumer(), &resource(fixture))
                .await,
        ),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

async fn clients(rights: &Client, fixture: &Fixture) -> Value {
    let (api, client, agent) = match fixture.segments()[2] {
        "v1" => (ClientApi::V1, "from", "to"),
        _ => (ClientApi::V2, "client", "agent"),
    };
    let cascade = cascade(fixture);
    let client = || party(fixture, client);
    let agent = || party(fixture, agent);
    let role = "regnskapsforer";
    let packages = [PackageUrn::from("regnskapsforer-lonn")];
    let resources = [ResourceId::from("app_ttd_fjordskjema")];
    if fixture.operation().starts_with("my-") {
        let work = rights.client_work().with_api(api);
        let provider = || party(fixture, "provider");
        return match fixture.operation() {
            "my-clients" => shown(work.clients(&[provider()]).await),
            "my-providers" => shown(work.providers().await),
            "my-providers-leave" => shown(work.leave(provider()).await),
            "my-clients-drop" => shown(work.drop_client(provider(), client(), cascade).await),
            "my-packages-drop" => shown(
                work.drop_packages(provider(), client(), role, &packages)
                    .await,
            ),
            "my-resources-drop" => shown(
                work.drop_resources(provider(), client(), role, &resources)
                    .await,
            ),
            other => panic!("{other} is a fixture without a call: add it here"),
        };
    }
    let desk = rights.clients_of(party(fixture, "party")).with_api(api);
    match fixture.operation() {
        "clients-list" => shown(desk.list(&[role], &packages).await),
        "clients-agents" => shown(desk.agents().await),
        "clients-agents-add" => {
            let agent = match fixture.request.body {
                Some(_) => receiver(fixture),
                None => Receiver::party(agent()),
            };
            shown(desk.add_agent(&agent).await)
        }
        "clients-agents-remove" => shown(desk.remove_agent(agent(), cascade).await),
        "clients-agents-clients-remove" => {
            shown(desk.remove_client(client(), agent(), cascade).await)
        }
        "clients-of-agent" => shown(desk.packages_of_agent(agent()).await),
        "clients-of-client" => shown(desk.packages_of_client(client()).await),
        "clients-packages-give" => {
            shown(desk.add_packages(client(), agent(), role, &packages).await)
        }
        "clients-packages-take" => shown(
            desk.remove_packages(client(), agent(), role, &packages)
                .await,
        ),
        "clients-resources-of-agent" => shown(desk.resources_of_agent(agent()).await),
        "clients-resources-of-client" => shown(desk.resources_of_client(client()).await),
        "clients-resources-give" => shown(
            desk.add_resources(client(), agent(), role, &resources)
                .await,
        ),
        "clients-resources-take" => shown(
            desk.remove_resources(client(), agent(), role, &resources)
                .await,
        ),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

/// Somebody with one scope, whom nothing may be sent for.
#[derive(Debug)]
struct Silent(Url, &'static str);

impl Caller for Silent {
    fn call(
        &self,
        operation: &'static str,
        _request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        panic!("{operation} was sent")
    }

    fn platform(&self) -> &Url {
        &self.0
    }

    fn altinn2(&self) -> Option<&Url> {
        None
    }

    fn has_scope(&self, scope: &str) -> bool {
        scope == self.1
    }
}

#[tokio::test]
async fn what_the_server_would_refuse_without_a_word_is_not_sent() {
    let as_ = |scope| {
        let host = "https://platform.tt02.altinn.no".parse().unwrap();
        Client::with_caller(Silent(host, scope))
    };
    let one: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000002".parse().unwrap();
    let other: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000006".parse().unwrap();
    let package = PackageUrn::from("skattegrunnlag");
    let resource = ResourceId::from("app_ttd_fjordskjema");

    let reader = as_(scopes::REQUESTS_READ);
    let asked = reader.ask_for_package(&one, &other, &package).await;
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::MissingScope);
    let writer = as_(scopes::REQUESTS_WRITE);
    let oneself = writer.ask_for_resource(&one, &one, &resource, &[]).await;
    assert_eq!(oneself.unwrap_err().kind(), ErrorKind::InvalidInput);
    let listed = writer.requests_sent(&one, &RequestFilter::new()).await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::MissingScope);

    // the supplier's scope is not the consumer's
    let supplier = as_(scopes::CONSUMERS_WRITE);
    let taken = supplier.remove_supplier_resource(&one, &other, &resource);
    assert_eq!(taken.await.unwrap_err().kind(), ErrorKind::MissingScope);

    let agent = as_(scopes::MY_CLIENTS_READ);
    let agents = agent.clients_of(&one).agents().await;
    assert_eq!(agents.unwrap_err().kind(), ErrorKind::MissingScope);
    let desk = as_(scopes::CLIENTS_WRITE).clients_of(&one);
    let resources = desk.clone().with_api(ClientApi::V1);
    let what = [resource];
    let given = resources.add_resources(&one, &other, "regnskapsforer", &what);
    assert_eq!(given.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let nothing = desk.add_packages(&one, &other, "regnskapsforer", &[]).await;
    assert_eq!(nothing.unwrap_err().kind(), ErrorKind::InvalidInput);

    // one who gives may not give up what was received
    let giver = as_(scopes::TO_OTHERS_WRITE);
    let received = altinn_authz::altinn3::Relation::received_by(&one).with(&other);
    let dropped = giver.remove_role(&received, "utinn").await;
    assert_eq!(dropped.unwrap_err().kind(), ErrorKind::MissingScope);
}
