//! Agent system users: their clients, and what is asked of Altinn for them.

use altinn_auth::id_porten::LoginRequest;
use altinn_auth::vendor::{
    Access, AgentClients, Asked, Need, Progress, RequestStatus, System, SystemUserRequest, UserType,
};
use altinn_auth::{ErrorKind, Person, Session};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Fake, Reply, Seen, answer, builder, environment, id_porten, listen};
use crate::sim::{REDIRECT, World};

const BASE: &str = "/authentication/api/v1/enduser/systemuser";

/// Somebody who is logged in, at an Altinn whose agents are the test's.
async fn person(
    reply: impl Fn(&str, &str) -> (u16, Value) + Send + Sync + 'static,
) -> (Session<Person>, Seen, String) {
    let fake = Fake::new();
    let own = fake.clone();
    let (url, seen) = listen(move |request| {
        let uri = request.uri();
        let Some(rest) = uri.path().strip_prefix(BASE) else {
            return own.reply(request);
        };
        let route = format!("{} {rest}", request.method());
        let (status, body) = reply(&route, uri.query().unwrap_or_default());
        let mut answer = answer(status, body.to_string());
        if body.is_null() {
            *answer.body_mut() = Bytes::new();
        }
        let json = "application/json".parse().unwrap();
        answer.headers_mut().insert("content-type", json);
        Reply::Answer(answer)
    })
    .await;
    fake.at(&url, &url);
    let environment = environment(&url, &url, &url, &url);
    let client = id_porten(&environment).build().unwrap();
    let request = LoginRequest::new("http://localhost/back").scopes([
        "altinn:clientdelegations.read",
        "altinn:clientdelegations.write",
    ]);
    let pending = client.begin(request.not_pushed()).await.unwrap();
    let callback = fake.callback(pending.url());
    let login = pending.finish(&callback).await.unwrap();
    (
        builder(&environment).build().unwrap().person(login),
        seen,
        url,
    )
}

const AGENT: &str = "d06fe261-c46b-4d8b-b54d-b87aa6711f4c";
const CLIENT: &str = "cdc9c5ef-caff-4617-b4da-30f405ed373a";

/// The documents of spec altinn3 §1.9 and §1.10, with synthetic people in them.
fn as_documented(route: &str, query: &str, url: &str) -> (u16, Value) {
    let list = |links: Value, data: Value| {
        json!({
            "links": links,
            "systemUserInformation": {"systemUserId": AGENT, "systemUserOwnerOrg": "310702641"},
            "data": data,
        })
    };
    let client = |id: &str| {
        json!({
            "clientId": id, "clientOrganizationNumber": "310753831",
            "clientOrganizationName": "LILLA BLØT TIGER AS",
        })
    };
    let echo = json!({"agent": AGENT, "client": CLIENT});
    let one = format!("agent={AGENT}");
    let both = format!("{one}&client={CLIENT}");
    match (route, query) {
        ("GET /agents", "party=310702641") => (
            200,
            json!([{
                "id": AGENT, "integrationTitle": "Byrå", "systemId": "310742104_sneglebyraa",
                "systemInternalId": "6eeac941-8685-49ad-a195-e60542e72d45", "partyId": "51655537",
                "reporteeOrgNo": "310702641", "isDeleted": false, "supplierOrgno": "310742104",
                "accessPackages": [{"urn": "urn:altinn:accesspackage:regnskapsforer-lonn"}],
                "userType": "agent", "sequenceNo": 7,
            }]),
        ),
        ("GET /clients/", query) if query == one => (200, list(json!({}), json!([client(CLIENT)]))),
        ("GET /clients/available", query) if query == one => {
            let next = format!("{url}{BASE}/clients/available?agent={AGENT}&token=2");
            (200, list(json!({"next": next}), json!([client(CLIENT)])))
        }
        ("GET /clients/available", _) => (
            200,
            list(
                json!({}),
                json!([client("7a0d1f0e-0f1c-4a0e-9f5e-0c6d8d7b6a51")]),
            ),
        ),
        ("POST /clients/" | "DELETE /clients/", query) if query == both => (200, echo),
        _ => (404, Value::Null),
    }
}

#[tokio::test]
async fn a_person_gives_an_agent_clients_and_takes_them_back() {
    let own = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let url = own.clone();
    let (me, seen, at) =
        person(move |route, query| as_documented(route, query, url.get().unwrap())).await;
    own.set(at).unwrap();
    // the log-in's own token is not taken there, so the exchanged one is used whatever the session does
    let clients = AgentClients::new(&me.direct());
    let agents = clients.agents("310702641".parse().unwrap()).await.unwrap();
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0].user_type.as_deref(), Some("agent"));
    assert_eq!(
        agents[0].access_packages,
        [Access::package("regnskapsforer-lonn")]
    );
    let agent = agents[0].id.unwrap();
    let had = clients.of(agent).await.unwrap();
    assert_eq!((had.agent, had.clients.len()), (Some(agent), 1));
    assert_eq!(had.owner.unwrap().as_str(), "310702641");
    let available = clients.available(agent).await.unwrap();
    assert_eq!(available.clients.len(), 2, "both pages");
    let client = available.clients[0].clone();
    assert_eq!(client.name.as_deref(), Some("LILLA BLØT TIGER AS"));
    assert_eq!(client.organisation.unwrap().as_str(), "310753831");
    clients.add(agent, client.id.unwrap()).await.unwrap();
    clients.remove(agent, client.id.unwrap()).await.unwrap();
    for request in seen.lock().unwrap().iter() {
        if request.uri().path().starts_with(BASE) {
            let token = request.headers()["authorization"].to_str().unwrap();
            assert!(token.starts_with("Bearer eyJ"), "the exchanged one");
            assert!(request.body().is_empty());
        }
    }
}

#[tokio::test]
async fn a_refusal_about_an_agent_says_what_to_do() {
    let problem = |code: &str, status: u16| {
        let error = json!({"code": code, "paths": ["?agent"], "title": "Feil"});
        let body = match code {
            "" => Value::Null,
            code if code.contains("VLD") => {
                json!({"validationErrors": [error], "code": "STD-00000"})
            }
            code => {
                json!({"code": code, "status": status, "title": "Bad Request", "detail": "Feil"})
            }
        };
        (status, body)
    };
    for (code, status, kind, word) in [
        ("AUTH-00079", 400, ErrorKind::Refused, "party UUID"),
        ("AUTH-00080", 400, ErrorKind::Refused, "klientforhold"),
        (
            "AUTH.VLD-00014",
            400,
            ErrorKind::Refused,
            "agent system user",
        ),
        (
            "AUTH.VLD-00015",
            400,
            ErrorKind::Refused,
            "agent system user",
        ),
        ("AUTH.VLD-00016", 400, ErrorKind::Refused, "party UUID"),
        (
            "",
            403,
            ErrorKind::Refused,
            "altinn:clientdelegations.write",
        ),
    ] {
        let (me, _, _) = person(move |_, _| problem(code, status)).await;
        let clients = AgentClients::new(&me);
        let (agent, client): (Uuid, Uuid) = (AGENT.parse().unwrap(), CLIENT.parse().unwrap());
        for error in [
            clients.add(agent, client).await.unwrap_err(),
            clients.remove(agent, client).await.unwrap_err(),
            clients.of(agent).await.map(drop).unwrap_err(),
            clients.available(agent).await.map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{code} {error:?}");
            let diagnosis = error.diagnosis();
            assert_eq!(diagnosis.code().unwrap_or_default(), code);
            let remedy = diagnosis.remedy().unwrap().to_string();
            assert!(remedy.contains(word), "{code}: {remedy}");
        }
    }
    let (me, _, _) = person(|_, _| (404, json!({"title": "Party not found", "status": 404}))).await;
    let clients = AgentClients::new(&me);
    let error = clients
        .agents("310702641".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.diagnosis().message(), Some("Party not found"));
}

#[tokio::test]
async fn an_agent_is_asked_for_and_approved_as_other_system_users_are() {
    let world = World::start().await;
    world.sim.change_world(|world| {
        for system in &mut world.systems {
            system.client_ids.clear();
        }
    });
    let vendor = world.altinn().vendor();
    let cast = world.sim.cast();
    let id = format!("{}_byraa", cast.vendor);
    let customer = cast.customer.parse().unwrap();
    let package = || Access::package("regnskapsforer-lonn");
    let system = System::new(&id, cast.vendor.parse().unwrap(), "Byrå")
        .client_id(&cast.client)
        .access(package())
        .access(Access::package("skattegrunnlag"));
    let error = vendor.register(&system).await.unwrap_err();
    assert_eq!(error.diagnosis().code(), Some("AUTH.VLD-00018"));
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(remedy.contains("hide"), "{remedy}");
    vendor.register(&system.hidden()).await.unwrap();

    // a package of the wrong kind, either way
    let agent = SystemUserRequest::agent(&id, customer);
    let error = vendor
        .request(&agent.access(Access::package("skattegrunnlag")))
        .await;
    assert_eq!(error.unwrap_err().diagnosis().code(), Some("AUTH-00065"));
    let standard = SystemUserRequest::new(&id, customer).access(package());
    let error = vendor.request(&standard).await.unwrap_err();
    assert_eq!(error.diagnosis().code(), Some("AUTH-00064"));
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(remedy.contains("agent system user"), "{remedy}");

    let ask = SystemUserRequest::agent(&id, customer)
        .access(package())
        .external_ref("agent/1");
    let asked = vendor.request(&ask).await.unwrap();
    assert!(asked.is_new());
    let asked = asked.into_inner();
    let confirm = asked.confirm_url.clone().unwrap();
    assert!(
        confirm.contains("/systemuser/agentrequest?id="),
        "{confirm}"
    );
    let again = vendor.request(&ask).await.unwrap();
    assert!(matches!(again, Asked::Existing(_)), "{again:?}");
    // by its id, by reference, and in the list of agents' requests; it is no standard one
    let request = asked.id.unwrap();
    for of in [UserType::Agent, UserType::Standard] {
        let found = vendor.requested(of, request).await;
        let listed = vendor.requests(of, &id).await.unwrap();
        let by_reference = vendor
            .requested_of(of, &id, customer, Some("agent/1"))
            .await;
        let is_agent = of == UserType::Agent;
        assert_eq!(
            (found.is_ok(), by_reference.is_ok(), listed.len() == 1),
            (is_agent, is_agent, is_agent)
        );
    }
    let scopes = ["altinn:accessmanagement/authorizedparties"];
    let flow = vendor.onboard(ask, scopes);
    let Progress::Missing(missing) = flow.step().await.unwrap() else {
        panic!("the customer has not approved it");
    };
    assert_eq!(missing.need(), Need::Approval);
    assert_eq!(missing.at(), Some(confirm.as_str()));
    world.sim.answer_system_user_request(request, true).unwrap();
    let found = vendor.requested(UserType::Agent, request).await.unwrap();
    assert_eq!(found.status, Some(RequestStatus::Accepted));
    let Progress::Ready(me) = flow.step().await.unwrap() else {
        panic!("nothing is missing");
    };
    assert!(
        me.claims()
            .await
            .unwrap()
            .maskinporten
            .system_user()
            .is_some()
    );
    let user = vendor
        .system_user(&id, customer, Some("agent/1"))
        .await
        .unwrap();
    assert_eq!(user.user_type.as_deref(), Some("agent"));
    // a change request is for standard system users alone
    let change = altinn_auth::vendor::Change::new().require(package());
    let refused = vendor
        .change(user.id.unwrap(), Uuid::new_v4(), &change)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
}

/// The same against the simulator, whose side of it was written from the documentation by others.
#[tokio::test]
async fn the_clients_of_an_agent_against_the_simulator() {
    const PROVIDER: &str = "310779253";
    const NEEDY: &str = "8a3c9f7e-7b55-4b43-9b8e-5d3c1a2b4c6d";
    const STANDARD: &str = "57ee05cd-e009-42c7-bebf-f20686734722";
    let users = format!(
        r#"
        [[system_users]]
        id = "{AGENT}"
        owner = "{PROVIDER}"
        system = "310742104_sneglebyraa"
        title = "Sneglebyrå"
        agent = true
        access_packages = ["regnskapsforer-lonn"]
        [[system_users]]
        id = "{NEEDY}"
        owner = "{PROVIDER}"
        system = "310742104_sneglebyraa"
        external_ref = "mer"
        title = "Sneglebyrå med mer"
        agent = true
        access_packages = ["regnskapsforer-lonn", "skattegrunnlag"]
        [[system_users]]
        id = "{STANDARD}"
        owner = "{PROVIDER}"
        system = "310742104_snegleregnskap"
        title = "Snegleregnskap"
        "#
    );
    let seed = altinn_sim::world::Seed::from_toml(&users).unwrap();
    let sim = altinn_sim::Simulator::builder().key_bits(2048).seed(seed);
    let world = World::of(sim.start().await.unwrap());
    // who administers the provider's clients, and who does not
    let stranger = world.sim.cast().manager.clone();
    let altinn = world.altinn();
    let client = world.id_porten(&world.sim.cast().login_client);
    let log_in = async |person: altinn_sim::world::Hidden, scopes: [&str; 2]| {
        world.sim.change_world(|world| world.cast.manager = person);
        let request = LoginRequest::new(REDIRECT).scopes(scopes);
        let pending = client.begin(request).await.unwrap();
        let callback = world.log_in(pending.url().as_str(), "log_in").await;
        AgentClients::new(&altinn.person(pending.finish(&callback).await.unwrap()))
    };
    let administrator = || altinn_sim::world::Hidden::new("11826942136");
    let (read, write) = (
        "altinn:clientdelegations.read",
        "altinn:clientdelegations.write",
    );
    let clients = log_in(administrator(), [read, write]).await;

    let agents = clients.agents(PROVIDER.parse().unwrap()).await.unwrap();
    let ids: Vec<_> = agents
        .iter()
        .map(|agent| agent.id.unwrap().to_string())
        .collect();
    assert_eq!(ids, [AGENT, NEEDY]);
    let agent = agents[0].id.unwrap();
    let available = clients.available(agent).await.unwrap();
    assert_eq!((available.agent, available.clients.len()), (Some(agent), 1));
    assert_eq!(available.owner.unwrap().as_str(), PROVIDER);
    assert!(clients.of(agent).await.unwrap().clients.is_empty());
    let one = available.clients[0].id.unwrap();
    for _ in 0..2 {
        clients.add(agent, one).await.unwrap(); // again is no error
    }
    assert_eq!(clients.of(agent).await.unwrap().clients, available.clients);
    clients.remove(agent, one).await.unwrap();
    assert!(clients.of(agent).await.unwrap().clients.is_empty());

    let needy = NEEDY.parse().unwrap();
    for (outcome, code) in [
        (clients.remove(agent, one).await, "AUTH-00079"),
        (clients.add(needy, one).await, "AUTH-00080"),
        (clients.of(one).await.map(drop), "AUTH.VLD-00014"),
        (
            clients.of(STANDARD.parse().unwrap()).await.map(drop),
            "AUTH.VLD-00015",
        ),
    ] {
        let error = outcome.unwrap_err();
        assert_eq!(error.diagnosis().code(), Some(code), "{error:?}");
    }
    let reader = log_in(administrator(), [read, read]).await;
    reader.of(agent).await.unwrap();
    let stranger = log_in(stranger, [read, write]).await;
    for error in [
        reader.add(agent, one).await.unwrap_err(),
        stranger.of(agent).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.status(), Some(403), "{error:?}");
        let remedy = error.diagnosis().remedy().unwrap().to_string();
        assert!(
            remedy.contains(write) && remedy.contains("klientadministrator"),
            "{remedy}"
        );
    }
}
