//! Requests for access, client delegation and Maskinporten suppliers against the simulator, which keeps
//! state: what is asked for is there afterwards, and what cannot be is refused by what is there.

use altinn_authz::altinn3::models::{
    AccessInRole, AccessRequest, RequestId, RequestKind, RequestStatus,
};
use altinn_authz::altinn3::{
    Cascade, Client, ClientApi, Clients, Entitlement, Outcome, PackageUrn, PartyUrn, PartyUuid,
    Receiver, Relation, RequestFilter, ResourceId, RightKey, ServiceOwner, scopes,
};
use altinn_authz::{Error, ErrorKind};
use altinn_sim::{Fault, Quirks, Simulator};

use crate::altinn3::house::{House, Somebody};

const CUSTOMER: &str = "310753831";
const CUSTOMERS_MANAGER: &str = "17846430091";
const TAX: &str = "310799564";

const REQUESTS: [&str; 2] = [scopes::REQUESTS_READ, scopes::REQUESTS_WRITE];
const CLIENTS: [&str; 4] = [
    scopes::CLIENTS_READ,
    scopes::CLIENTS_WRITE,
    scopes::MY_CLIENTS_READ,
    scopes::MY_CLIENTS_WRITE,
];
const SUPPLIERS: [&str; 4] = [
    scopes::SUPPLIERS_READ,
    scopes::SUPPLIERS_WRITE,
    scopes::CONSUMERS_READ,
    scopes::CONSUMERS_WRITE,
];

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, code: &str) -> Error {
    let error = answer.unwrap_err();
    assert_eq!(error.code(), Some(code), "{error}");
    error
}

#[track_caller]
fn fails<T: std::fmt::Debug>(answer: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

fn nobody() -> PartyUuid {
    "00000000-0000-4000-8000-000000000000".parse().unwrap()
}

// --- requests for access

async fn keys(giver: &Client, party: &PartyUuid, resource: &ResourceId) -> Vec<(String, RightKey)> {
    let check = giver.resource_delegation_check(party, resource).await;
    let rights = check.unwrap().rights.into_iter();
    rights
        .filter_map(|check| check.right)
        .map(|right| (right.action.unwrap().value.unwrap(), right.key))
        .collect()
}

fn key_of(keys: &[(String, RightKey)], action: &str) -> RightKey {
    let found = keys.iter().find(|(name, _)| name == action);
    found.unwrap().1.clone()
}

const REQUEST: &str = "api/v1/enduser/request";

#[tokio::test]
async fn access_is_asked_for_and_answered() {
    // the customer's system user may administer, and has nothing of its own to give
    let house = House::seeded(
        r#"
        [[system_users]]
        id = "c7a2ea20-b2f1-4c94-ae05-319acb5c7427"
        access_packages = ["tilgangsstyrer"]
        "#,
    )
    .await;
    let number = house.sim.cast().new_person.expose().to_owned();
    let asking = house.somebody(&number, &REQUESTS).await;
    let connections = [scopes::TO_OTHERS_READ, scopes::TO_OTHERS_WRITE];
    let granting = house
        .somebody(CUSTOMERS_MANAGER, &[&REQUESTS[..], &connections].concat())
        .await;
    let (asks, grants) = (asking.client(), granting.client());
    let (asker, customer) = (house.person_party(&number), house.party(CUSTOMER));
    let skattemelding = ResourceId::from("skf-skattemelding");
    let keys = keys(&grants, &customer, &skattemelding).await;
    let (read, write) = (key_of(&keys, "read"), key_of(&keys, "write"));

    // two rights are asked for, and one is given
    let both = [read.clone(), write.clone()];
    let request = asks.ask_for_resource(&asker, &customer, &skattemelding, &both);
    let request = request.await.unwrap();
    assert_eq!(request.status, Some(RequestStatus::Pending));
    assert_eq!(request.kind, Some(RequestKind::Resource));
    let named = |request: &AccessRequest| {
        let party = |party: &Option<altinn_authz::altinn3::models::RequestParty>| {
            party.as_ref().and_then(|party| party.id.clone()).unwrap()
        };
        (party(&request.asker), party(&request.grantor))
    };
    assert_eq!(named(&request), (asker.clone(), customer.clone()));
    let approved = grants
        .approve_request(&customer, &request.id, std::slice::from_ref(&read))
        .await
        .unwrap();
    assert_eq!(approved.status, Some(RequestStatus::Approved));
    let pair = || Relation::given_by(&customer).with(&asker);
    let held = grants
        .resource_rights(pair(), &skattemelding)
        .await
        .unwrap();
    let held: Vec<_> = held
        .direct_rights
        .into_iter()
        .map(|held| held.right.unwrap().key)
        .collect();
    assert_eq!(held, std::slice::from_ref(&read));

    // the same question twice is one, also when the first answer was lost
    let package = PackageUrn::from("skattegrunnlag");
    house.fault(&format!("{REQUEST}/package"), 1, Fault::ResetAfterHandling);
    let ask = || asks.ask_for_package(&asker, &customer, &package);
    assert!(fails(ask().await, ErrorKind::Unreachable).is_retryable());
    let request = ask().await.unwrap();
    assert_eq!(ask().await.unwrap().id, request.id);
    assert_eq!(request.kind, Some(RequestKind::Package));
    let pending = RequestFilter::new().status(RequestStatus::Pending);
    let sent = asks.requests_sent(&asker, &pending).await.unwrap();
    assert_eq!(
        sent.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&request.id]
    );

    // both sides see it and count it, by other party, status and kind
    let all = RequestFilter::new();
    let rejected = RequestFilter::new().status(RequestStatus::Rejected);
    let answered = RequestFilter::new()
        .status(RequestStatus::Pending)
        .status(RequestStatus::Approved);
    let packages = RequestFilter::new().kind(RequestKind::Package);
    let theirs = RequestFilter::new().with(&customer);
    let ours = RequestFilter::new().with(&asker);
    let others = RequestFilter::new().with(house.party(TAX));
    for (filter, expected) in [
        (&all, 2),
        (&pending, 1),
        (&rejected, 0),
        (&answered, 2),
        (&packages, 1),
        (&theirs, 2),
        (&others, 0),
    ] {
        let listed = asks.requests_sent(&asker, filter).await.unwrap().len();
        let counted = asks.count_requests_sent(&asker, filter).await.unwrap();
        assert_eq!((listed, counted), (expected, expected as u64), "{filter:?}");
    }
    for (filter, expected) in [(&all, 2), (&packages, 1), (&ours, 2), (&others, 0)] {
        let listed = grants.requests_received(&customer, filter).await.unwrap();
        let counted = grants.count_requests_received(&customer, filter).await;
        assert_eq!(listed.len(), expected, "{filter:?}");
        assert_eq!(counted.unwrap(), expected as u64, "{filter:?}");
    }

    // each side answers for its own
    let id = &request.id;
    refused(asks.approve_request(&asker, id, &[]).await, "AM.VLD-00044");
    refused(asks.reject_request(&asker, id).await, "AM.VLD-00044");
    // one who has it not cannot give it
    let system_user = house
        .altinn(&house.sim.cast().key_client)
        .system_user(CUSTOMER.parse().unwrap())
        .scopes(REQUESTS);
    let powerless = Client::new(&system_user);
    refused(
        powerless.approve_request(&customer, id, &[]).await,
        "AM.VLD-00040",
    );
    // a lost answer to an approval: it is so, and saying it again is no error
    let path = format!("{REQUEST}/received/approve");
    house.fault(&path, 1, Fault::ResetAfterHandling);
    let approve = || grants.approve_request(&customer, id, &[]);
    fails(approve().await, ErrorKind::Unreachable);
    let seen = asks.access_request(&asker, id).await.unwrap();
    assert_eq!(seen.status, Some(RequestStatus::Approved));
    assert_eq!(
        approve().await.unwrap().status,
        Some(RequestStatus::Approved)
    );
    let held = grants.packages(pair().relation().clone()).await.unwrap();
    assert_eq!(held.len(), 1, "{held:?}");
    refused(asks.withdraw_request(&asker, id).await, "AM.VLD-00036");
    refused(grants.reject_request(&customer, id).await, "AM.VLD-00036");

    // withdrawn and rejected; after that it is asked anew
    let again = || asks.ask_for_resource(&asker, &customer, &skattemelding, &[]);
    let first = again().await.unwrap().id;
    let withdrawn = asks.withdraw_request(&asker, &first).await.unwrap();
    assert_eq!(withdrawn.status, Some(RequestStatus::Withdrawn));
    let second = again().await.unwrap().id;
    assert_ne!(second, first);
    let refusal = grants.reject_request(&customer, &second).await.unwrap();
    assert_eq!(refusal.status, Some(RequestStatus::Rejected));
    let seen = grants.access_request(&customer, &second).await.unwrap();
    assert_eq!(seen.status, Some(RequestStatus::Rejected));

    what_cannot_be_asked_for(&house, &asking, &asker, &customer).await;
}

async fn what_cannot_be_asked_for(
    house: &House,
    asking: &Somebody,
    asker: &PartyUuid,
    customer: &PartyUuid,
) {
    let asks = asking.client();
    let package = |code: &str| PackageUrn::from(code);
    let unknown = nobody();
    for (to, code, expected) in [
        (&unknown, "skattegrunnlag", "AM-00023"),
        (customer, "no-such-package", "AM-00035"),
        (
            customer,
            "innbygger-skatteforhold-privatpersoner",
            "AM-00041",
        ),
    ] {
        let asked = asks.ask_for_package(asker, to, &package(code)).await;
        refused(asked, expected);
    }
    let wrong_key = [RightKey::from("read")];
    for (resource, keys, expected) in [
        ("no-such-resource", &[][..], "AM-00027"),
        ("skf-lukket-innsyn", &[], "AM-00042"),
        ("skf-postlogg", &wrong_key, "AM-00036"),
    ] {
        let resource = ResourceId::from(resource);
        let asked = asks
            .ask_for_resource(asker, customer, &resource, keys)
            .await;
        refused(asked, expected);
    }
    let id = RequestId::from("00000000-0000-4000-8000-000000000000");
    for answer in [
        asks.access_request(asker, &id).await,
        asks.withdraw_request(asker, &id).await,
        asks.confirm_request(asker, &id).await,
    ] {
        let error = refused(answer, "AM-00031");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    // what the client sees itself is not sent
    asking.sent("", "");
    let wanted = package("skattegrunnlag");
    let oneself = asks.ask_for_package(asker, asker, &wanted);
    fails(oneself.await, ErrorKind::InvalidInput);
    let blind = asking.believing(&[]);
    let all = RequestFilter::new();
    let read = blind.requests_sent(asker, &all);
    fails(read.await, ErrorKind::MissingScope);
    let write = blind.ask_for_package(asker, customer, &wanted);
    fails(write.await, ErrorKind::MissingScope);
    assert_eq!(asking.sent("", ""), 0);

    // and without it the server refuses with nothing: no scope, and another's party
    let number = house.sim.cast().new_person.expose().to_owned();
    let unscoped = house.somebody(&number, &[scopes::REQUESTS_READ]).await;
    let unscoped = unscoped.believing(&REQUESTS);
    let asked = unscoped.ask_for_package(asker, customer, &wanted);
    let error = fails(asked.await, ErrorKind::Forbidden);
    assert_eq!(error.code(), None);
    let anothers = asks.requests_received(customer, &all);
    fails(anothers.await, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_draft_waits_for_the_asker_and_not_for_the_one_who_is_asked() {
    let house = House::start(Simulator::builder()).await;
    let number = house.sim.cast().new_person.expose().to_owned();
    let asks = house.somebody(&number, &REQUESTS).await.client();
    let grants = house.somebody(CUSTOMERS_MANAGER, &REQUESTS).await.client();
    let (asker, customer) = (house.person_party(&number), house.party(CUSTOMER));
    let session = house.organisation(
        TAX,
        [scopes::OWNER_REQUESTS_READ, scopes::OWNER_REQUESTS_WRITE],
    );
    let owner = ServiceOwner::new(&session);
    let person = PartyUrn::of_person(&number.parse().unwrap());
    let organisation = PartyUrn::of_organisation(CUSTOMER.parse().unwrap());
    let resource = ResourceId::from("skf-skattemelding");
    let draft = || owner.draft_resource_request(&person, &organisation, &resource, &[]);

    let drafted = draft().await.unwrap();
    assert_eq!(drafted.status, Some(RequestStatus::Draft));
    let all = RequestFilter::new();
    let received = || grants.count_requests_received(&customer, &all);
    assert_eq!(received().await.unwrap(), 0);
    refused(
        grants.confirm_request(&customer, &drafted.id).await,
        "AM.VLD-00044",
    );
    let confirmed = asks.confirm_request(&asker, &drafted.id).await.unwrap();
    assert_eq!(confirmed.status, Some(RequestStatus::Pending));
    assert_eq!(received().await.unwrap(), 1);
    let status = owner.request_status(&drafted.id).await.unwrap();
    assert_eq!(status, RequestStatus::Pending);
    let approved = grants.approve_request(&customer, &drafted.id, &[]).await;
    assert_eq!(approved.unwrap().status, Some(RequestStatus::Approved));
    let late = asks.confirm_request(&asker, &drafted.id).await;
    refused(late, "AM.VLD-00036");
    let late = owner.withdraw_request(&drafted.id).await;
    refused(late, "AM.VLD-00036");
}

#[tokio::test]
async fn what_is_switched_off_is_not_found_and_has_no_code() {
    let mut quirks = Quirks::default();
    quirks.switched_off.requests = true;
    quirks.switched_off.suppliers = true;
    quirks.switched_off.client_delegation_v2 = true;
    let house = House::start(Simulator::builder().quirks(quirks)).await;
    let number = "11826942136";
    let everything = [&REQUESTS[..], &CLIENTS, &SUPPLIERS].concat();
    let client = house.somebody(number, &everything).await.client();
    let (own, provider) = (house.person_party(number), house.party("310779253"));
    let all = RequestFilter::new();
    let off = |error: Error| {
        assert_eq!(error.code(), None);
        assert!(error.to_string().contains("switched on"), "{error}");
    };
    off(fails(
        client.requests_sent(&own, &all).await,
        ErrorKind::NotFound,
    ));
    off(fails(
        client.suppliers(&provider, None).await,
        ErrorKind::NotFound,
    ));
    off(fails(
        client.consumers(&provider, None).await,
        ErrorKind::NotFound,
    ));
    let clients = client.clients_of(&provider);
    off(fails(clients.list(&[], &[]).await, ErrorKind::NotFound));
    let first = clients.with_api(ClientApi::V1);
    assert_eq!(first.list(&[], &[]).await.unwrap().len(), 1);
}

// --- client delegation

const PROVIDER: &str = "310779253";
const PROVIDERS_MANAGER: &str = "11826942136";
const CLIENT: &str = "310749745";
const AGENT: &str = "3a0d5a3b-8a0e-4d0d-9d0a-1c5a1c3b7e10";
const ORDINARY: &str = "57ee05cd-e009-42c7-bebf-f20686734722";
const ROLE: &str = "regnskapsforer";

/// An accountant with one client, an agent system user, and a system user that is no agent.
async fn accountant() -> House {
    House::seeded(&format!(
        r#"
        [[system_users]]
        id = "{AGENT}"
        owner = "{PROVIDER}"
        system = "310742104_sneglebyraa"
        title = "Sneglebyrå"
        agent = true
        [[system_users]]
        id = "{ORDINARY}"
        owner = "{PROVIDER}"
        system = "310742104_snegleregnskap"
        title = "Snegleregnskap"
        "#
    ))
    .await
}

fn payroll() -> PackageUrn {
    PackageUrn::from("regnskapsforer-lonn")
}

fn packages_in(access: &[AccessInRole]) -> Vec<String> {
    let packages = access.iter().flat_map(|in_role| &in_role.packages);
    packages.filter_map(|package| package.urn.clone()).collect()
}

fn base(api: ClientApi) -> &'static str {
    match api {
        ClientApi::V1 => "api/v1/enduser/clientdelegations",
        _ => "api/v2/enduser/clientdelegations",
    }
}

fn outcomes<E: std::fmt::Display, P>(report: &altinn_authz::Report<E, P>) -> Vec<String> {
    report.steps().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_agent_gets_and_loses_what_the_provider_has_of_a_client() {
    for api in [ClientApi::V1, ClientApi::V2] {
        let house = accountant().await;
        let number = house.sim.cast().new_person.expose().to_owned();
        let manager = house.somebody(PROVIDERS_MANAGER, &CLIENTS).await;
        let (provider, client) = (house.party(PROVIDER), house.party(CLIENT));
        let agent = house.person_party(&number);
        let clients = manager.client().clients_of(&provider).with_api(api);
        let work = house.somebody(&number, &CLIENTS).await.client();
        let work = work.client_work().with_api(api);
        let package = [payroll()];
        let urn = payroll().to_string();

        // the clients, and by role and package
        let served = clients.list(&[], &[]).await.unwrap();
        assert_eq!(served[0].client.as_ref().unwrap().id, client);
        assert_eq!(packages_in(&served[0].access), [urn.as_str()]);
        assert_eq!(clients.list(&[ROLE], &package).await.unwrap().len(), 1);
        assert!(clients.list(&["revisor"], &[]).await.unwrap().is_empty());

        // who is no agent gets nothing
        let early = clients.add_packages(&client, &agent, ROLE, &package);
        refused(early.await, "AM.VLD-00032");
        let unnamed = clients.add_agent(&Receiver::party(&agent)).await;
        let error = refused(unnamed, "AM-00024");
        assert_eq!(error.kind(), ErrorKind::PersonNameNeeded);
        let person = Receiver::person(number.parse().unwrap(), "GRANITT");
        let made = clients.add_agent(&person).await.unwrap();
        assert_eq!(made.to.as_ref(), Some(&agent));
        let again = clients.add_agent(&Receiver::party(&agent)).await.unwrap();
        assert_eq!(again.id, made.id);
        for not_allowed in [&client, &ORDINARY.parse().unwrap()] {
            let added = clients.add_agent(&Receiver::party(not_allowed)).await;
            refused(added, "AM.VLD-00008");
        }
        let system_user = Receiver::system_user(AGENT.parse::<PartyUuid>().unwrap());
        clients.add_agent(&system_user).await.unwrap();
        let agents = clients.agents().await.unwrap();
        assert_eq!(agents.len(), 2);
        assert!(agents.iter().all(|agent| agent.added_at.is_some()));

        // given twice, changed once; seen from all sides
        for changed in [true, false] {
            let given = clients.add_packages(&client, &agent, ROLE, &package);
            let given = given.await.unwrap();
            assert_eq!(given.len(), 1);
            assert_eq!(given[0].changed, Some(changed));
            let (from, via, to) = (&given[0].client, &given[0].provider, &given[0].agent);
            let expected = (Some(&client), Some(&provider), Some(&agent));
            assert_eq!((from.as_ref(), via.as_ref(), to.as_ref()), expected);
        }
        let of_agent = clients.packages_of_agent(&agent).await.unwrap();
        assert_eq!(of_agent[0].client.as_ref().unwrap().id, client);
        assert_eq!(packages_in(&of_agent[0].access), [urn.as_str()]);
        let of_client = clients.packages_of_client(&client).await.unwrap();
        assert_eq!(of_client[0].agent.as_ref().unwrap().id, agent);
        let mine = work.clients(&[]).await.unwrap();
        assert_eq!(mine[0].provider.as_ref().unwrap().id, provider);
        assert_eq!(packages_in(&mine[0].clients[0].access), [urn.as_str()]);
        let of_one = |party: &PartyUuid| work_clients(&work, party.clone());
        assert_eq!(of_one(&provider).await, 1);
        assert_eq!(of_one(&house.party(CUSTOMER)).await, 0);
        let providers = work.providers().await.unwrap();
        assert_eq!(providers[0].provider.as_ref().unwrap().id, provider);
        assert!(providers[0].added_at.is_some());

        // what hangs on something does not go by the way
        refused(clients.remove_agent(&agent, Cascade::No).await, "AM-00025");
        let removed = clients.remove_client(&client, &agent, Cascade::No).await;
        refused(removed, "AM.VLD-00031");
        let dropped = work.drop_client(&provider, &client, Cascade::No).await;
        refused(dropped, "AM.VLD-00031");
        for changed in [true, false] {
            let taken = clients.remove_packages(&client, &agent, ROLE, &package);
            assert_eq!(taken.await.unwrap()[0].changed, Some(changed));
        }
        let give = || clients.add_packages(&client, &agent, ROLE, &package);
        let has = async || !clients.packages_of_agent(&agent).await.unwrap().is_empty();
        give().await.unwrap();
        let removed = clients.remove_client(&client, &agent, Cascade::Yes);
        removed.await.unwrap();
        assert!(!has().await);

        // the agent gives up a package, a client, and the provider
        give().await.unwrap();
        let dropped = work.drop_packages(&provider, &client, ROLE, &package).await;
        assert_eq!(dropped.unwrap()[0].changed, Some(true));
        assert!(!has().await);
        give().await.unwrap();
        let dropped = work.drop_client(&provider, &client, Cascade::Yes).await;
        dropped.unwrap();
        assert!(!has().await);
        give().await.unwrap();
        work.leave(&provider).await.unwrap();
        assert_eq!(clients.agents().await.unwrap().len(), 1);
        assert!(work.providers().await.unwrap().is_empty());
        let system_user: PartyUuid = AGENT.parse().unwrap();
        let given = clients.add_packages(&client, &system_user, ROLE, &package);
        given.await.unwrap();
        refused(
            clients.remove_agent(&system_user, Cascade::No).await,
            "AM-00025",
        );
        what_cannot_be_given(&house, &clients, api).await;
        let removed = clients.remove_agent(&system_user, Cascade::Yes).await;
        removed.unwrap();
        assert!(clients.agents().await.unwrap().is_empty());
    }
}

async fn work_clients(work: &altinn_authz::altinn3::ClientWork, provider: PartyUuid) -> usize {
    let found = work.clients(&[provider]).await.unwrap();
    found.iter().map(|one| one.clients.len()).sum()
}

async fn what_cannot_be_given(house: &House, clients: &Clients, api: ClientApi) {
    let agent: PartyUuid = AGENT.parse().unwrap();
    let (provider, client) = (house.party(PROVIDER), house.party(CLIENT));
    let stranger = house.party("310811548");
    for (client, role, package, expected) in [
        (
            &client,
            "no-such-role",
            "regnskapsforer-lonn",
            "AM.VLD-00029",
        ),
        (&client, ROLE, "no-such-package", "AM.VLD-00030"),
        (&stranger, ROLE, "regnskapsforer-lonn", "AM.VLD-00032"),
        (
            &client,
            "rettighetshaver",
            "regnskapsforer-lonn",
            "AM.VLD-00032",
        ),
        (&client, ROLE, "skattegrunnlag", "AM.VLD-00033"),
    ] {
        let package = [PackageUrn::from(package)];
        let given = clients.add_packages(client, &agent, role, &package).await;
        refused(given, expected);
    }
    let nothing = clients.add_packages(&client, &agent, ROLE, &[]).await;
    fails(nothing, ErrorKind::InvalidInput);
    let resource = [ResourceId::from("skf-skattemelding")];
    let given = clients
        .add_resources(&client, &agent, ROLE, &resource)
        .await;
    match api {
        // the first version has no resources
        ClientApi::V1 => {
            fails(given, ErrorKind::InvalidInput);
            let listed = clients.resources_of_agent(&agent).await;
            fails(listed, ErrorKind::InvalidInput);
            let listed = clients.resources_of_client(&client).await;
            fails(listed, ErrorKind::InvalidInput);
        }
        // the provider has a package of the client that does not open it
        _ => {
            refused(given, "AM.VLD-00049");
        }
    }

    // who may not call hears so: no scope, no administrator, and nobody's agent
    let number = house.sim.cast().new_person.expose().to_owned();
    let outsider = house.somebody(&number, &CLIENTS).await;
    let outside = outsider.client().clients_of(&provider).with_api(api);
    let error = fails(outside.list(&[], &[]).await, ErrorKind::Forbidden);
    assert_eq!(error.code(), None);
    outsider.sent("", "");
    let unscoped = outsider.believing(&[scopes::CLIENTS_READ]);
    let clients = unscoped.clients_of(&provider).with_api(api);
    let removed = clients.remove_agent(&agent, Cascade::No).await;
    fails(removed, ErrorKind::MissingScope);
    let mine = unscoped.client_work().with_api(api);
    fails(mine.clients(&[]).await, ErrorKind::MissingScope);
    fails(mine.leave(&provider).await, ErrorKind::MissingScope);
    assert_eq!(outsider.sent("", ""), 0);
    let tokenless = house.somebody(&number, &[scopes::CLIENTS_READ]).await;
    let tokenless = tokenless.believing(&CLIENTS).client_work().with_api(api);
    fails(tokenless.clients(&[]).await, ErrorKind::Forbidden);
    let key_client = house.sim.cast().key_client;
    let organisation = house.altinn(&key_client).organisation().scopes(CLIENTS);
    let organisation = Client::with_caller(organisation);
    let own = organisation.client_work().with_api(api);
    fails(own.clients(&[]).await, ErrorKind::Authentication);
    let others = organisation.clients_of(&provider).with_api(api);
    fails(others.agents().await, ErrorKind::Forbidden);
}

#[tokio::test]
async fn resources_of_a_client_go_to_an_agent_in_the_second_version() {
    let house = accountant().await;
    // the client gives the provider the package that opens the resource
    house.sim.change_world(|world| {
        world.client_roles[0].packages.push("skattegrunnlag".into());
    });
    let manager = house.somebody(PROVIDERS_MANAGER, &CLIENTS).await;
    let (provider, client) = (house.party(PROVIDER), house.party(CLIENT));
    let number = house.sim.cast().new_person.expose().to_owned();
    let agent = house.person_party(&number);
    let clients = manager.client().clients_of(&provider);
    let person = Receiver::person(number.parse().unwrap(), "GRANITT");
    clients.add_agent(&person).await.unwrap();
    let resource = [ResourceId::from("skf-skattemelding")];

    for changed in [true, false] {
        let given = clients.add_resources(&client, &agent, ROLE, &resource);
        assert_eq!(given.await.unwrap()[0].changed, Some(changed));
    }
    let of_agent = clients.resources_of_agent(&agent).await.unwrap();
    let found = &of_agent[0].access[0].resources[0];
    assert_eq!(found.ref_id.as_ref(), Some(&resource[0]));
    let of_client = clients.resources_of_client(&client).await.unwrap();
    assert_eq!(of_client[0].agent.as_ref().unwrap().id, agent);
    let taken = clients.remove_resources(&client, &agent, ROLE, &resource);
    assert_eq!(taken.await.unwrap()[0].changed, Some(true));
    for (resource, expected) in [
        ("no-such-resource", "AM.VLD-00012"),
        ("skf-postlogg", "AM.VLD-00049"),
        ("skf-lukket-innsyn", "AM.VLD-00049"),
    ] {
        let one = [ResourceId::from(resource)];
        let given = clients.add_resources(&client, &agent, ROLE, &one).await;
        refused(given, expected);
    }
    let given = clients.add_resources(&client, &agent, ROLE, &resource);
    given.await.unwrap();
    let work = house
        .somebody(&number, &CLIENTS)
        .await
        .client()
        .client_work();
    let dropped = work.drop_resources(&provider, &client, ROLE, &resource);
    assert_eq!(dropped.await.unwrap()[0].changed, Some(true));
    let left = clients.resources_of_agent(&agent).await.unwrap();
    assert!(left.iter().all(|one| one.access.is_empty()), "{left:?}");
}

/// Giving and taking in one call each: a lost answer is followed by a look and not by the same again.
#[tokio::test]
async fn a_lost_answer_in_client_delegation_ends_as_wanted() {
    for api in [ClientApi::V1, ClientApi::V2] {
        let house = accountant().await;
        let number = house.sim.cast().new_person.expose().to_owned();
        let manager = house.somebody(PROVIDERS_MANAGER, &CLIENTS).await;
        let (provider, client) = (house.party(PROVIDER), house.party(CLIENT));
        let agent = house.person_party(&number);
        let clients = manager.client().clients_of(&provider).with_api(api);
        let person = Receiver::person(number.parse().unwrap(), "GRANITT");
        let what = || [Entitlement::package("regnskapsforer-lonn")];
        let give = || clients.grant(&person, &client, what());
        let take = || clients.revoke(&agent, &client, what());
        let lose = |path: &str, nth, fault| {
            house.fault(&format!("{}{path}", base(api)), nth, fault);
        };
        let taking = match api {
            ClientApi::V1 => ("DELETE", "/agents/accesspackages"),
            _ => ("POST", "/agents/accesspackages/delete"),
        };

        // the name went out and nothing is known of what became of it: it is not sent again
        lose("/agents", 2, Fault::Reset);
        let error = fails(give().await, ErrorKind::Unreachable);
        assert!(error.is_retryable());
        assert_eq!(manager.sent("POST", "/agents"), 1);
        assert!(clients.agents().await.unwrap().is_empty());

        // the agent was made, and the package given: both answers are lost
        lose("/agents", 2, Fault::ResetAfterHandling);
        lose("/agents/accesspackages", 1, Fault::ResetAfterHandling);
        manager.sent("", "");
        let report = give().await.unwrap();
        let all = manager.all_sent();
        let posts = |end: &str| {
            let wanted = |line: &&String| line.starts_with("POST") && line.ends_with(end);
            all.iter().filter(wanted).count()
        };
        assert!(report.is_complete(), "{report}");
        assert!(report.has_changed_anything());
        assert!(report.decision_point_lag().is_some());
        assert_eq!(report.receiver(), Some(&agent));
        assert_eq!((posts("/agents"), posts("/agents/accesspackages")), (1, 1));
        assert_eq!(
            outcomes(&report),
            [
                "check package:regnskapsforer-lonn: done",
                "connect: done",
                "give package:regnskapsforer-lonn: done",
                "read again package:regnskapsforer-lonn: done",
            ]
        );

        // so already: nobody is looked up, and nothing is claimed to have changed
        manager.sent("", "");
        let report = give().await.unwrap();
        assert!(report.is_complete(), "{report}");
        assert!(!report.has_changed_anything(), "{report}");
        assert!(report.decision_point_lag().is_none());
        assert_eq!(manager.sent("POST", "/agents"), 0);

        // taken, and the answer is lost
        lose(
            taking.1,
            if api == ClientApi::V1 { 2 } else { 1 },
            Fault::ResetAfterHandling,
        );
        let report = take().await.unwrap();
        assert!(report.is_complete(), "{report}");
        assert!(report.has_changed_anything(), "{report}");
        assert_eq!(manager.sent(taking.0, taking.1), 1);
        assert!(clients.packages_of_agent(&agent).await.unwrap().is_empty());
        let report = take().await.unwrap();
        assert!(matches!(report.steps()[0].outcome(), Outcome::Already));
        assert!(!report.has_changed_anything());

        // not handled at all: given the second time, after a look; taking says that it is still there
        lose("/agents/accesspackages", 1, Fault::Reset);
        manager.sent("", "");
        let report = give().await.unwrap();
        assert!(report.is_complete(), "{report}");
        assert_eq!(manager.sent("POST", "/agents/accesspackages"), 2);
        lose(
            taking.1,
            if api == ClientApi::V1 { 2 } else { 1 },
            Fault::Unavailable,
        );
        let report = take().await.unwrap();
        assert!(!report.is_complete(), "{report}");
        assert!(!report.has_changed_anything(), "{report}");
        assert_eq!(clients.packages_of_agent(&agent).await.unwrap().len(), 1);
        assert!(take().await.unwrap().is_complete());

        // what the provider does not have is refused, the rest is given
        let mixed = ["regnskapsforer-lonn", "skattegrunnlag"].map(Entitlement::package);
        let report = clients.grant(&person, &client, mixed).await.unwrap();
        assert!(!report.is_complete());
        assert_eq!(
            outcomes(&report)[1],
            "check package:skattegrunnlag: refused: the provider does not have it of this client"
        );
        assert_eq!(clients.packages_of_agent(&agent).await.unwrap().len(), 1);
        let stranger = house.party(CUSTOMER);
        let report = clients.grant(&person, &stranger, what()).await.unwrap();
        assert_eq!(
            outcomes(&report),
            ["check package:regnskapsforer-lonn: refused: the provider has no such client"]
        );
        let rights = [Entitlement::rights("skf-skattemelding", ["read"])];
        fails(
            clients.grant(&person, &client, rights).await,
            ErrorKind::InvalidInput,
        );

        // a wrong name is sent once; the second one locks, whoever it is about
        let stranger = house.sim.cast().connected_person.expose().to_owned();
        let wrong = Receiver::person(stranger.parse().unwrap(), "FEILNAVN");
        manager.sent("", "");
        let tried = clients.grant(&wrong, &client, what()).await;
        fails(tried, ErrorKind::WrongName);
        assert_eq!(manager.sent("POST", "/agents"), 1);
        let tried = clients.add_agent(&wrong).await;
        fails(tried, ErrorKind::WrongName);
        let locked = clients.add_agent(&wrong).await;
        fails(locked, ErrorKind::PersonLookupLocked);
    }
}

// --- Maskinporten suppliers and consumers

#[tokio::test]
async fn a_supplier_gets_and_loses_a_scope_from_both_sides() {
    let manager = "30885515084"; // of the consumer, and of the supplier
    let house = House::seeded(&format!(
        r#"
        [[register_roles]]
        organisation = "310811548"
        person = "{manager}"
        role = "DAGL"
        "#
    ))
    .await;
    let somebody = house.somebody(manager, &SUPPLIERS).await;
    let client = somebody.client();
    let (consumer, supplier) = (house.party("310811548"), house.party("310742104"));
    let api = ResourceId::from("skf-grunnlag-api");

    // nothing is given to who is no supplier
    let early = client.add_supplier_resource(&consumer, &supplier, &api);
    let error = refused(early.await, "AM-00022");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    assert!(client.suppliers(&consumer, None).await.unwrap().is_empty());

    // made twice, and once more after a lost answer: one and the same
    let path = "api/v1/enduser/maskinportensuppliers";
    house.fault(path, 1, Fault::ResetAfterHandling);
    let add = || client.add_supplier(&consumer, &supplier);
    fails(add().await, ErrorKind::Unreachable);
    let made = add().await.unwrap();
    assert_eq!(add().await.unwrap().id, made.id);
    assert_eq!(made.to.as_ref(), Some(&supplier));
    let check = client.supplier_delegation_check(&consumer, &api).await;
    assert_eq!(check.unwrap().rights[0].result, Some(true));
    for _ in 0..2 {
        let given = client.add_supplier_resource(&consumer, &supplier, &api);
        assert!(given.await.unwrap());
    }

    // seen from both sides, by other party and by resource
    let other = house.party(CUSTOMER);
    let listed = client.suppliers(&consumer, Some(&supplier)).await.unwrap();
    assert_eq!(listed[0].party.as_ref().unwrap().id, supplier);
    assert!(
        client
            .suppliers(&consumer, Some(&other))
            .await
            .unwrap()
            .is_empty()
    );
    let listed = client.consumers(&supplier, None).await.unwrap();
    let ours = |party: Option<&PartyUuid>| party == Some(&consumer);
    assert!(
        listed
            .iter()
            .any(|one| ours(one.party.as_ref().map(|party| &party.id)))
    );
    for (party, resource, expected) in [
        (None, None, 1),
        (Some(&supplier), Some(&api), 1),
        (Some(&other), None, 0),
    ] {
        let found = client.supplier_resources(&consumer, party, resource).await;
        assert_eq!(found.unwrap().len(), expected);
    }
    let mirror = || client.consumer_resources(&supplier, Some(&consumer), Some(&api));
    let found = mirror().await.unwrap();
    assert_eq!(found[0].permissions[0].from.as_ref().unwrap().id, consumer);

    // given up by the supplier, then all at once by each of them
    let give = || client.add_supplier_resource(&consumer, &supplier, &api);
    let given_up = client.remove_consumer_resource(&supplier, &consumer, &api);
    given_up.await.unwrap();
    assert!(mirror().await.unwrap().is_empty());
    assert!(give().await.unwrap());
    let taken = client.remove_supplier_resource(&consumer, &supplier, &api);
    taken.await.unwrap();
    assert!(mirror().await.unwrap().is_empty());
    assert!(give().await.unwrap());
    let kept = client.remove_supplier(&consumer, &supplier, Cascade::No);
    refused(kept.await, "AM.VLD-00010");
    let kept = client.remove_consumer(&supplier, &consumer, Cascade::No);
    refused(kept.await, "AM.VLD-00010");
    let removed = client.remove_consumer(&supplier, &consumer, Cascade::Yes);
    removed.await.unwrap();
    assert!(client.suppliers(&consumer, None).await.unwrap().is_empty());
    add().await.unwrap();
    assert!(give().await.unwrap());
    let removed = client.remove_supplier(&consumer, &supplier, Cascade::Yes);
    removed.await.unwrap();
    assert!(client.suppliers(&consumer, None).await.unwrap().is_empty());

    // who can be none, and what is no scope
    let person = house.person_party(manager);
    for (supplier, expected) in [
        (&person, "AM.VLD-00008"),
        (&nobody(), "AM-00023"),
        (&consumer, "AM.VLD-00007"),
    ] {
        refused(client.add_supplier(&consumer, supplier).await, expected);
    }
    add().await.unwrap();
    for (resource, expected) in [("skf-postlogg", "AM.VLD-00032"), ("skf-ukjent", "AM-00027")] {
        let resource = ResourceId::from(resource);
        let given = client.add_supplier_resource(&consumer, &supplier, &resource);
        refused(given.await, expected);
    }

    // who may not call: another's party, and no scope, here and there
    fails(client.suppliers(&other, None).await, ErrorKind::Forbidden);
    fails(client.consumers(&other, None).await, ErrorKind::Forbidden);
    somebody.sent("", "");
    let reading = somebody.believing(&[scopes::SUPPLIERS_READ]);
    let refusal = reading.add_supplier(&consumer, &supplier).await;
    fails(refusal, ErrorKind::MissingScope);
    let refusal = reading.consumers(&supplier, None).await;
    fails(refusal, ErrorKind::MissingScope);
    let refusal = reading.remove_consumer(&supplier, &consumer, Cascade::No);
    fails(refusal.await, ErrorKind::MissingScope);
    assert_eq!(somebody.sent("", ""), 0);
    let unscoped = house.somebody(manager, &[scopes::SUPPLIERS_READ]).await;
    let unscoped = unscoped.believing(&SUPPLIERS);
    let refusal = unscoped.add_supplier(&consumer, &supplier).await;
    assert_eq!(fails(refusal, ErrorKind::Forbidden).code(), None);
}
