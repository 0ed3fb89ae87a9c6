//! The clients of an agent system user, as a person of the provider assigns them.

use altinn_sim::world::Hidden;
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{Altinn, Answer, send};

const AGENT: &str = "3a0d5a3b-8a0e-4d0d-9d0a-1c5a1c3b7e10";
const NEEDY: &str = "8a3c9f7e-7b55-4b43-9b8e-5d3c1a2b4c6d";
const STANDARD: &str = "57ee05cd-e009-42c7-bebf-f20686734722";
const PROVIDER: &str = "310779253";
const CLIENT: &str = "310749745";
const BOTH: &str = "altinn:clientdelegations.read altinn:clientdelegations.write";

struct Desk {
    altinn: Altinn,
    token: String,
    client: String,
}

impl Desk {
    async fn open() -> Self {
        let altinn = Altinn::seeded(&format!(
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
        ))
        .await;
        let token = altinn.person(&Hidden::new("11826942136"), BOTH).await;
        let client = altinn.party(CLIENT);
        Self {
            altinn,
            token,
            client,
        }
    }

    async fn call(&self, token: &str, method: Method, rest: &str) -> Answer {
        let path = format!("/authentication/api/v1/enduser/systemuser/{rest}");
        send(self.altinn.platform(method, &path).bearer_auth(token)).await
    }

    async fn get(&self, rest: &str) -> Value {
        let answer = self.call(&self.token, Method::GET, rest).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Numbers of the clients in a list.
    async fn clients(&self, list: &str, agent: &str) -> Vec<String> {
        let list = self.get(&format!("{list}?agent={agent}")).await;
        assert_eq!(list["links"], json!({}));
        let about = &list["systemUserInformation"];
        assert_eq!(
            (&about["systemUserId"], &about["systemUserOwnerOrg"]),
            (&json!(agent), &json!(PROVIDER))
        );
        let data = list["data"].as_array().unwrap().iter();
        data.map(|c| c["clientOrganizationNumber"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn a_client_is_found_assigned_and_taken_away() {
    let desk = Desk::open().await;
    let agents = desk.get(&format!("agents?party={PROVIDER}")).await;
    let ids: Vec<&Value> = agents
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["id"])
        .collect();
    assert_eq!(ids, [AGENT, NEEDY], "the standard system user is no agent");
    assert_eq!(agents[0]["userType"], "agent");

    assert_eq!(desk.clients("clients/available", AGENT).await, [CLIENT]);
    assert!(desk.clients("clients/", AGENT).await.is_empty());
    let this = format!("clients/?agent={AGENT}&client={}", desk.client);
    for _ in 0..2 {
        let given = desk.call(&desk.token, Method::POST, &this).await;
        assert_eq!(
            (given.status, given.json()),
            (200, json!({ "agent": AGENT, "client": desk.client }))
        );
    }
    assert_eq!(desk.clients("clients/", AGENT).await, [CLIENT]);
    assert_eq!(
        desk.clients("clients", AGENT).await,
        [CLIENT],
        "without the slash"
    );

    // it is a client delegation as any other
    let party = desk.altinn.party(PROVIDER);
    let path = format!("/accessmanagement/api/v1/enduser/clientdelegations/agents?party={party}");
    let agents = send(
        desk.altinn
            .platform(Method::GET, &path)
            .bearer_auth(&desk.token),
    )
    .await
    .json();
    let agent = &agents["data"][0];
    assert_eq!(agent["agent"]["id"], AGENT);
    assert_eq!(agent["access"][0]["role"]["code"], "regnskapsforer");

    let taken = desk.call(&desk.token, Method::DELETE, &this).await;
    assert_eq!(
        (taken.status, taken.json()),
        (200, json!({ "agent": AGENT, "client": desk.client }))
    );
    assert!(desk.clients("clients/", AGENT).await.is_empty());
    let again = desk.call(&desk.token, Method::DELETE, &this).await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (400, &json!("AUTH-00079"))
    );
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let desk = Desk::open().await;
    let stranger = desk.altinn.party("310811548");
    let client = &desk.client;
    let validation = |answer: &Answer| {
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["code"]),
            (400, &json!("STD-00000")),
            "{body}"
        );
        let error = &body["validationErrors"][0];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&error["code"]),
            text(&error["title"]),
            text(&error["paths"][0]),
        )
    };
    for (rest, code, title, path) in [
        (
            "clients/".to_owned(),
            "AUTH.VLD-00014",
            "The agent query parameter is missing or invalid",
            "?agent",
        ),
        (
            "clients/?agent=x".to_owned(),
            "AUTH.VLD-00014",
            "The agent query parameter is missing or invalid",
            "?agent",
        ),
        (
            format!("clients/?agent={client}"),
            "AUTH.VLD-00014",
            "System user not found",
            "?agent",
        ),
        (
            format!("clients/available?agent={STANDARD}"),
            "AUTH.VLD-00015",
            "SystemUser is not a valid system user of type agent",
            "?agent",
        ),
    ] {
        let answer = desk.call(&desk.token, Method::GET, &rest).await;
        assert_eq!(
            validation(&answer),
            (code.to_owned(), title.to_owned(), path.to_owned())
        );
    }
    let rest = format!("clients/?agent={AGENT}");
    for method in [Method::POST, Method::DELETE] {
        let answer = desk.call(&desk.token, method, &rest).await;
        let (code, _, path) = validation(&answer);
        assert_eq!(
            (code.as_str(), path.as_str()),
            ("AUTH.VLD-00016", "?client")
        );
    }
    for (agent, client, code) in [
        (AGENT, &stranger, "AUTH-00079"),
        (NEEDY, client, "AUTH-00080"),
    ] {
        let rest = format!("clients/?agent={agent}&client={client}");
        let answer = desk.call(&desk.token, Method::POST, &rest).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)));
    }
    assert!(desk.clients("clients/available", NEEDY).await.is_empty());
    let unknown = desk
        .call(&desk.token, Method::GET, "agents?party=999999999")
        .await;
    assert_eq!(
        (unknown.status, &unknown.json()["title"]),
        (404, &json!("Party not found"))
    );

    // who may not, and with what one may not
    let read = "altinn:clientdelegations.read";
    let manager = Hidden::new("11826942136");
    let reader = desk.altinn.person(&manager, read).await;
    let writer = desk
        .altinn
        .person(&manager, "altinn:clientdelegations.write")
        .await;
    let other = desk
        .altinn
        .person(&desk.altinn.sim.cast().manager, BOTH)
        .await;
    let organisation = desk.altinn.organisation(BOTH).await;
    let this = format!("clients/?agent={AGENT}&client={client}");
    for (token, method, status) in [
        (&reader, Method::GET, 200),
        (&reader, Method::POST, 403),
        (&reader, Method::DELETE, 403),
        (&writer, Method::GET, 403),
        (&other, Method::GET, 403),
        (&other, Method::POST, 403),
        (&organisation, Method::GET, 401),
    ] {
        let answer = desk.call(token, method.clone(), &this).await;
        assert_eq!(answer.status, status, "{method}: {answer:?}");
    }
}
