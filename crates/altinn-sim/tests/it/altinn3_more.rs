//! Access management over the wire, beyond connections, packages and rights.

use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_CONNECTIONS, Altinn, PARTIES, send};
use crate::altinn3::{Desk, code};

const SERVICE_OWNER: &str = "310781746";
const TAX: &str = "310799564";

fn len(list: &Value) -> usize {
    list.as_array().unwrap_or_else(|| panic!("{list}")).len()
}

#[tokio::test]
async fn a_single_instance_is_given_listed_replaced_and_taken() {
    let desk = Desk::open().await;
    let person = desk.altinn.sim.cast().new_person;
    let to = desk.altinn.person_party(&person);
    let instance = "urn:altinn:instance-id:51500103/7f150524-34b9-45df-9e77-69b10f4205b4";
    let query = format!("resource=skf-skattemelding&instance={instance}");
    let path = "/resources/instances";

    let check = desk
        .get(&desk.at("/resources/instances/delegationcheck", &query))
        .await
        .json();
    assert_eq!(check["instance"]["refId"], instance);
    let key = |action: usize| check["rights"][action]["right"]["key"].clone();
    assert_eq!(check["rights"][0]["result"], true);

    // by number and last name, which connects; then by the party
    let input = json!({ "personIdentifier": desk.number(&person), "lastName": "GRANITT" });
    let rights = desk.at("/resources/instances/rights", &query);
    let refused = desk
        .call(
            Method::POST,
            &format!("{rights}&to={to}"),
            Some(json!({ "directRightKeys": [key(0)] })),
        )
        .await;
    assert_eq!(code(&refused), "400 AM-00024");
    let body = json!({ "to": input, "directRightKeys": [key(0), key(1)] });
    for _ in 0..2 {
        let given = desk.call(Method::POST, &rights, Some(body.clone())).await;
        assert_eq!((given.status, given.body.as_str()), (201, ""));
    }
    let listed = desk.get(&desk.to(path, &to, "")).await.json();
    assert_eq!(len(&listed), 1);
    assert_eq!(listed[0]["instance"]["refId"], instance);
    assert_eq!(listed[0]["permissions"][0]["reason"]["flag"], 1);
    let held = desk.to("/resources/instances/rights", &to, &query);
    assert_eq!(len(&desk.get(&held).await.json()["directRights"]), 2);
    let smaller = Some(json!({ "directRightKeys": [key(0)] }));
    assert_eq!(desk.call(Method::PUT, &held, smaller).await.status, 200);
    assert_eq!(len(&desk.get(&held).await.json()["directRights"]), 1);
    let users = desk
        .get(&desk.at("/resources/instances/users", &query))
        .await;
    assert_eq!(users.json()["data"][0]["id"], to);
    let users = desk.get(&desk.at("/users", "")).await.json();
    // the manager, two people and two system users
    assert_eq!(len(&users["data"]), 5, "{users}");
    let all = desk
        .get(&desk.to("", &to, "includeInstances=true"))
        .await
        .json();
    assert_eq!(
        all["data"][0]["instances"][0]["resourceRefId"],
        "skf-skattemelding"
    );

    // the receiver sees it from the other side
    let token = desk
        .altinn
        .person(
            &person,
            &format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}"),
        )
        .await;
    let receiver = Desk {
        token,
        party: to.clone(),
        altinn: desk.altinn,
    };
    let parties = receiver
        .get(&format!("{PARTIES}?includeInstances=true"))
        .await
        .json();
    let found = parties["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["partyUuid"] == desk.party)
        .unwrap();
    assert_eq!(found["authorizedInstances"][0]["instanceRef"], instance);
    let dropped = format!(
        "{}{path}?party={to}&from={}&to={to}&{query}",
        crate::altinn::CONNECTIONS,
        desk.party
    );
    let mine = dropped.split("&resource").next().unwrap();
    assert_eq!(len(&receiver.get(mine).await.json()), 1);
    assert_eq!(
        receiver.call(Method::DELETE, &dropped, None).await.status,
        204
    );
    assert_eq!(receiver.get(mine).await.json(), json!([]));
    let desk = Desk {
        altinn: receiver.altinn,
        ..desk
    };

    // what is wrong
    let other = desk.altinn.party("310811548");
    let keys = || Some(json!({ "directRightKeys": [key(0)] }));
    let wrong = query.replace("urn:altinn:instance-id:", "");
    for (method, path, body, expected) in [
        (
            Method::GET,
            desk.at("/resources/instances/delegationcheck", &wrong),
            None,
            "400 AM.VLD-00029",
        ),
        (
            Method::POST,
            desk.at("/resources/instances/rights", &format!("{wrong}&to={to}")),
            keys(),
            "400 AM.VLD-00029",
        ),
        (
            Method::POST,
            desk.at(
                "/resources/instances/rights",
                &format!("{query}&to={other}"),
            ),
            keys(),
            "400 AM-00022",
        ),
        (
            Method::PUT,
            desk.at(
                "/resources/instances/rights",
                &format!("{query}&to={other}"),
            ),
            keys(),
            "400 AM-00022",
        ),
        (
            Method::POST,
            desk.at("/resources/instances/rights", &format!("{query}&to={to}")),
            Some(json!({})),
            "400 AM-00033",
        ),
        (
            Method::POST,
            desk.at("/resources/instances/rights", &format!("{query}&to={to}")),
            Some(json!({"directRightKeys": ["01"]})),
            "400 AM-00036",
        ),
        (
            Method::GET,
            desk.at(
                "/resources/instances/delegationcheck",
                &query.replace("skf-skatt", "skf-ukjent"),
            ),
            None,
            "400 AM-00027",
        ),
    ] {
        let answer = desk.call(method, &path, body).await;
        assert_eq!(code(&answer), expected, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn single_instances_need_their_own_power() {
    let altinn = Altinn::seeded(
        r#"
        [[system_users]]
        id = "c7a2ea20-b2f1-4c94-ae05-319acb5c7427"
        access_packages = ["tilgangsstyrer", "skattegrunnlag"]
        "#,
    )
    .await;
    let token = altinn.system_user(ALL_CONNECTIONS).await;
    let desk = Desk {
        party: altinn.customer(),
        token,
        altinn,
    };
    let query = "resource=skf-skattemelding&instance=urn:altinn:dialog-id:1";
    for path in [
        "/users",
        "/resources/instances/users",
        "/resources/instances/delegationcheck",
    ] {
        let answer = desk.get(&desk.at(path, query)).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{path}");
    }
}

#[tokio::test]
async fn a_service_owner_asks_about_somebody_and_sees_its_own_resources() {
    let altinn = Altinn::start().await;
    let path = "/accessmanagement/api/v1/serviceowner/authorizedparties";
    let own = altinn
        .service_owner(
            TAX,
            "altinn:accessmanagement/authorizedparties.resourceowner",
        )
        .await;
    let admin = altinn
        .service_owner(
            SERVICE_OWNER,
            "altinn:accessmanagement/authorizedparties.admin",
        )
        .await;
    let nothing = altinn.service_owner(TAX, "altinn:serviceowner").await;
    let ask = |token: &str, path: &str, body: Value| {
        send(
            altinn
                .platform(Method::POST, path)
                .bearer_auth(token)
                .json(&body),
        )
    };
    let manager = altinn.sim.cast().manager;
    let subject = json!({ "type": "urn:altinn:person:identifier-no", "value": manager.expose() });
    for (token, path) in [
        (&own, path),
        (&admin, path),
        (
            &own,
            "/accessmanagement/api/v1/resourceowner/authorizedparties",
        ),
    ] {
        let parties = ask(token, path, subject.clone()).await.json();
        assert_eq!(len(&parties), 2, "{parties}");
        let roles = parties
            .as_array()
            .unwrap()
            .iter()
            .map(|p| len(&p["authorizedRoles"]));
        assert!(roles.min() > Some(0), "{parties}");
    }
    let filtered = json!({
        "type": "urn:altinn:person:identifier-no", "value": manager.expose(),
        "partyFilter": [{ "type": "urn:altinn:organization:identifier-no", "value": "310753831" }],
    });
    assert_eq!(len(&ask(&own, path, filtered).await.json()), 1);
    let unknown = json!({ "type": "urn:altinn:partyid", "value": "1" });
    assert_eq!(ask(&own, path, unknown).await.json(), json!([]));
    let refused = ask(&nothing, path, subject.clone()).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
    for (query, body, field) in [
        (
            "",
            json!({ "type": "urn:altinn:nothing", "value": "1" }),
            "type",
        ),
        ("?orgCode=digdir", subject, "orgCode"),
        ("", json!({ "type": "urn:altinn:partyid" }), "value"),
    ] {
        let refused = ask(&own, &format!("{path}{query}"), body).await;
        assert_eq!(refused.status, 400);
        assert!(refused.json()["errors"][field].is_array(), "{refused:?}");
    }
}
