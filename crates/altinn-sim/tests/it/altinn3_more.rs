//! Access management over the wire, beyond connections, packages and rights.

use altinn_sim::world::Hidden;
use altinn_sim::{Quirks, Simulator};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_CONNECTIONS, Altinn, Answer, PARTIES, send};
use crate::altinn3::{Desk, code};
use crate::client::Grant;

const SERVICE_OWNER: &str = "310781746";
const TAX: &str = "310799564";

const CLIENTS: &str = "altinn:clientdelegations.read altinn:clientdelegations.write \
    altinn:clientdelegations/myclients.read altinn:clientdelegations/myclients.write";
const SUPPLIERS: &str = "altinn:accessmanagement/enduser:maskinportensuppliers.read \
    altinn:accessmanagement/enduser:maskinportensuppliers.write \
    altinn:accessmanagement/enduser:maskinportenconsumers.read \
    altinn:accessmanagement/enduser:maskinportenconsumers.write";

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

const REQUESTS: &str = "altinn:accessmanagement/enduser:requests.read \
    altinn:accessmanagement/enduser:requests.write \
    altinn:accessmanagement/enduser:connections:toothers.read \
    altinn:accessmanagement/enduser:connections:toothers.write";
const REQUEST: &str = "/accessmanagement/api/v1/enduser/request";

#[tokio::test]
async fn access_is_asked_for_and_granted_refused_or_withdrawn() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let asker = altinn.person_party(&cast.new_person);
    let customer = altinn.customer();
    let asking = altinn.person(&cast.new_person, REQUESTS).await;
    let granting = altinn.system_user(REQUESTS).await;
    let call = |token: &str, method: Method, path: String, body: Option<Value>| {
        let request = altinn
            .platform(method, &format!("{REQUEST}{path}"))
            .bearer_auth(token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    };
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let ask = format!("?party={asker}&to={customer}");

    // the same question twice is one question
    let path = format!("/package{ask}&package=skattegrunnlag");
    let request = call(&asking, post.clone(), path.clone(), None).await.json();
    assert_eq!(
        call(&asking, post.clone(), path, None).await.json()["id"],
        request["id"]
    );
    assert_eq!(request["status"], "Pending");
    assert_eq!(request["type"], "package");
    assert_eq!(request["from"]["id"], asker);
    assert_eq!(request["to"]["organizationIdentifier"], cast.customer);
    let id = request["id"].as_str().unwrap();
    let one = |party: &str| format!("?party={party}&id={id}");
    let waiting = format!("/received?party={customer}&status=Pending&type=package");
    assert_eq!(
        len(&call(&granting, get.clone(), waiting, None).await.json()["data"]),
        1
    );
    for (path, count) in [
        (format!("/sent/count?party={asker}&to={customer}"), 1),
        (format!("/sent/count?party={asker}&status=Rejected"), 0),
    ] {
        assert_eq!(
            call(&asking, get.clone(), path, None).await.json(),
            json!(count)
        );
    }
    let listed = call(
        &granting,
        get.clone(),
        format!("/received/count?party={customer}"),
        None,
    );
    assert_eq!(listed.await.json(), json!(1));

    // each side may do its own; the one who approves need not do it twice
    let wrong = call(
        &asking,
        put.clone(),
        format!("/received/approve{}", one(&asker)),
        None,
    )
    .await;
    assert_eq!(code(&wrong), "400 AM.VLD-00044");
    for _ in 0..2 {
        let approve = format!("/received/approve{}", one(&customer));
        let approved = call(&granting, put.clone(), approve, None).await;
        assert_eq!(approved.json()["status"], "Approved", "{approved:?}");
    }
    let held = format!(
        "{}/accesspackages?party={customer}&from={customer}&to={asker}",
        crate::altinn::CONNECTIONS
    );
    let held = send(altinn.platform(get.clone(), &held).bearer_auth(&granting)).await;
    assert_eq!(len(&held.json()["data"]), 1);
    let late = call(
        &asking,
        put.clone(),
        format!("/sent/withdraw{}", one(&asker)),
        None,
    )
    .await;
    assert_eq!(code(&late), "400 AM.VLD-00036");

    // a resource; withdrawn, and rejected
    for (side, verb, party, token, state) in [
        ("sent", "withdraw", &asker, &asking, "Withdrawn"),
        ("received", "reject", &customer, &granting, "Rejected"),
    ] {
        let path = format!("/resource{ask}&resource=skf-skattemelding");
        let request = call(&asking, post.clone(), path, None).await.json();
        let id = request["id"].as_str().unwrap();
        assert_eq!(request["resource"]["referenceId"], "skf-skattemelding");
        let path = format!("/{side}/{verb}?party={party}&id={id}");
        assert_eq!(
            call(token, put.clone(), path, None).await.json()["status"],
            state
        );
        let path = format!("?party={party}&id={id}");
        assert_eq!(
            call(token, get.clone(), path, None).await.json()["status"],
            state
        );
    }

    // what is wrong
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (method, path, body, expected) in [
        (
            post.clone(),
            format!("/package?party={asker}&to={asker}&package=skattegrunnlag"),
            None,
            "400 AM.VLD-00045",
        ),
        (
            post.clone(),
            format!("/package?party={asker}&to={nobody}&package=skattegrunnlag"),
            None,
            "400 AM-00023",
        ),
        (
            post.clone(),
            format!("/package{ask}&package=no-such-package"),
            None,
            "400 AM-00035",
        ),
        (
            post.clone(),
            format!("/package{ask}&package=innbygger-skatteforhold-privatpersoner"),
            None,
            "400 AM-00041",
        ),
        (
            post.clone(),
            format!("/resource{ask}&resource=no-such-resource"),
            None,
            "400 AM-00027",
        ),
        (
            post.clone(),
            format!("/resource{ask}&resource=skf-lukket-innsyn"),
            None,
            "400 AM-00042",
        ),
        (
            post.clone(),
            format!("/resource{ask}&resource=skf-postlogg"),
            Some(json!(["read"])),
            "400 AM-00036",
        ),
        (
            post.clone(),
            format!("/resource{ask}&resource=skf-postlogg"),
            Some(json!({})),
            "400 -",
        ),
        (
            put.clone(),
            format!("/sent/withdraw?party={asker}&id={nobody}"),
            None,
            "404 AM-00031",
        ),
        (
            get.clone(),
            format!("?party={asker}&id={nobody}"),
            None,
            "404 AM-00031",
        ),
        (
            get.clone(),
            format!("/sent?party={asker}&status=Perhaps"),
            None,
            "400 -",
        ),
    ] {
        let answer = call(&asking, method, path.clone(), body).await;
        assert_eq!(code(&answer), expected, "{path}: {}", answer.body);
    }
    let refused = call(&asking, get, format!("/draft?id={id}"), None).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
}

#[tokio::test]
async fn only_what_may_be_given_on_can_be_approved() {
    let altinn = Altinn::seeded(
        r#"
        [[system_users]]
        id = "c7a2ea20-b2f1-4c94-ae05-319acb5c7427"
        access_packages = ["tilgangsstyrer"]
        "#,
    )
    .await;
    let cast = altinn.sim.cast();
    let (asker, customer) = (altinn.person_party(&cast.new_person), altinn.customer());
    let asking = altinn.person(&cast.new_person, REQUESTS).await;
    let granting = altinn.system_user(REQUESTS).await;
    let path = format!("{REQUEST}/package?party={asker}&to={customer}&package=skattegrunnlag");
    let request = send(altinn.platform(Method::POST, &path).bearer_auth(asking))
        .await
        .json();
    let id = request["id"].as_str().unwrap();
    let path = format!("{REQUEST}/received/approve?party={customer}&id={id}");
    let refused = send(altinn.platform(Method::PUT, &path).bearer_auth(granting)).await;
    assert_eq!(code(&refused), "400 AM.VLD-00040");
}

const OWNER: &str = "/accessmanagement/api/v1/serviceowner";

#[tokio::test]
async fn a_service_owner_drafts_a_request_that_the_asker_confirms() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let scopes =
        "altinn:serviceowner/delegationrequests.read altinn:serviceowner/delegationrequests.write";
    let owner = altinn.service_owner(TAX, scopes).await;
    let other = altinn.service_owner(SERVICE_OWNER, scopes).await;
    let call = |token: &str, method: Method, path: &str, body: Option<Value>| {
        let path = format!("{OWNER}/delegationrequests{path}");
        let request = altinn.platform(method, &path).bearer_auth(token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    };
    let person = format!(
        "urn:altinn:person:identifier-no:{}",
        cast.new_person.expose()
    );
    let customer = format!("urn:altinn:organization:identifier-no:{}", cast.customer);
    let urns = call(&owner, Method::GET, "/_meta/urns/party", None).await;
    assert_eq!(len(&urns.json()), 2);

    let body = json!({ "from": person, "to": customer, "resource": "skf-skattemelding" });
    let drafted = call(&owner, Method::POST, "/resource", Some(body.clone())).await;
    assert_eq!(drafted.status, 202, "{drafted:?}");
    let request = drafted.json();
    assert_eq!(request["status"], "Draft");
    assert_eq!(request["by"]["organizationIdentifier"], TAX);
    let id = request["id"].as_str().unwrap().to_owned();
    let (asker, granter) = (altinn.person_party(&cast.new_person), altinn.customer());
    assert_eq!(request["from"]["id"], asker);
    let status = format!("/{id}/status");
    assert_eq!(
        call(&owner, Method::GET, &status, None).await.json(),
        "Draft"
    );
    assert_eq!(
        code(&call(&other, Method::GET, &status, None).await),
        "404 AM-00031"
    );

    // the receiver does not see it before the asker has confirmed it
    let asking = altinn.person(&cast.new_person, REQUESTS).await;
    let granting = altinn.system_user(REQUESTS).await;
    let received = format!("{REQUEST}/received/count?party={granter}");
    let count = || {
        send(
            altinn
                .platform(Method::GET, &received)
                .bearer_auth(&granting),
        )
    };
    assert_eq!(count().await.json(), json!(0));
    let confirm = format!("{REQUEST}/draft/confirm?party={asker}&id={id}");
    let confirmed = send(altinn.platform(Method::PUT, &confirm).bearer_auth(&asking)).await;
    assert_eq!(confirmed.json()["status"], "Pending");
    assert_eq!(count().await.json(), json!(1));
    let withdraw = format!("/{id}/withdraw");
    assert_eq!(
        call(&owner, Method::PUT, &withdraw, None).await.json(),
        "Withdrawn"
    );

    // the older form is inverted
    let old =
        json!({ "from": customer, "to": person, "package": { "referenceId": "skattegrunnlag" } });
    let request = call(&owner, Method::POST, "", Some(old)).await.json();
    assert_eq!(
        (&request["from"]["id"], &request["to"]["id"]),
        (&json!(asker), &json!(granter))
    );

    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for (token, path, body, expected) in [
        (
            &owner,
            "/resource",
            with("from", "310753831".into()),
            "400 AMSO.VLD-00001",
        ),
        (
            &owner,
            "/resource",
            with(
                "to",
                "urn:altinn:organization:identifier-no:999999999".into(),
            ),
            "400 AMSO.VLD-00002",
        ),
        (
            &owner,
            "/resource",
            with("resource", "no-such-resource".into()),
            "400 AMSO.VLD-00003",
        ),
        (
            &owner,
            "/package",
            with("package", "no-such-package".into()),
            "400 AMSO.VLD-00004",
        ),
        (
            &owner,
            "/resource",
            with("resource", Value::Null),
            "400 AMSO.VLD-00005",
        ),
        (&other, "/resource", body.clone(), "400 AMSO.VLD-00006"),
        (
            &owner,
            "/resource",
            with("to", person.clone().into()),
            "400 AM.VLD-00045",
        ),
        (
            &owner,
            "/resource",
            with("rightKeys", json!(["01"])),
            "400 AM-00036",
        ),
    ] {
        let answer = call(token, Method::POST, path, Some(body)).await;
        assert_eq!(code(&answer), expected, "{}", answer.body);
    }
    let system_user = altinn.system_user("altinn:instances.read").await;
    let refused = call(&system_user, Method::GET, "/_meta/urns/party", None).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
}

#[tokio::test]
async fn a_service_owner_on_the_list_gives_a_package_between_others() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let scope = "altinn:serviceowner/delegations:accesspackage.write";
    let owner = altinn.service_owner(TAX, scope).await;
    let other = altinn.service_owner(SERVICE_OWNER, scope).await;
    let path = format!("{OWNER}/connections/accesspackages");
    let revoke = format!("{path}/revoke");
    let post = |token: &str, path: &str, body: &Value| {
        send(
            altinn
                .platform(Method::POST, path)
                .bearer_auth(token)
                .json(body),
        )
    };
    let urn = |p: &Hidden| format!("urn:altinn:person:identifier-no:{}", p.expose());
    let package = "urn:altinn:accesspackage:innbygger-skatteforhold-privatpersoner";
    let body =
        json!({ "From": urn(&cast.new_person), "to": urn(&cast.manager), "packageUrn": package });
    let given = post(&owner, &path, &body).await;
    assert_eq!(given.status, 200, "{given:?}");
    assert_eq!(post(&owner, &path, &body).await.json(), given.json());
    let giver = altinn.person_party(&cast.new_person);
    let token = altinn.person(&cast.new_person, ALL_CONNECTIONS).await;
    let list = format!(
        "{}/accesspackages?party={giver}&from={giver}",
        crate::altinn::CONNECTIONS
    );
    let held = || send(altinn.platform(Method::GET, &list).bearer_auth(&token));
    assert_eq!(len(&held().await.json()["data"]), 1);
    assert_eq!(post(&owner, &revoke, &body).await.status, 204);
    assert_eq!(held().await.json()["data"], json!([]));

    // what the giver gave itself is not the service owner's to take
    let to = altinn.person_party(&cast.manager);
    let connect = format!("{}?party={giver}", crate::altinn::CONNECTIONS);
    let input = json!({ "personIdentifier": cast.manager.expose(), "lastName": "TIGER" });
    let connected = send(
        altinn
            .platform(Method::POST, &connect)
            .bearer_auth(&token)
            .json(&input),
    )
    .await;
    assert_eq!(connected.status, 200, "{connected:?}");
    let give = format!(
        "{}/accesspackages?party={giver}&to={to}&package={package}",
        crate::altinn::CONNECTIONS
    );
    let own = send(altinn.platform(Method::POST, &give).bearer_auth(&token)).await;
    assert_eq!(own.status, 200, "{own:?}");
    assert_eq!(code(&post(&owner, &revoke, &body).await), "400 AM-00038");

    let with = |name: &str, value: &str| {
        let mut body = json!({ "from": urn(&cast.new_person), "to": urn(&cast.manager), "packageUrn": package });
        body[name] = value.into();
        body
    };
    let customer = format!("urn:altinn:organization:identifier-no:{}", cast.customer);
    for (token, body, expected) in [
        (&other, with("from", &customer), "403 AM-00034"),
        (
            &owner,
            with("packageUrn", "urn:altinn:accesspackage:skattegrunnlag"),
            "403 AM-00034",
        ),
        (
            &owner,
            with("packageUrn", "no-such-package"),
            "400 AM-00035",
        ),
        (&owner, with("from", &customer), "400 AM-00037"),
        (&owner, with("from", "310753831"), "400 AM.VLD-00001"),
        (
            &owner,
            with(
                "to",
                "urn:altinn:party:uuid:00000000-0000-4000-8000-000000000000",
            ),
            "400 AM-00023",
        ),
    ] {
        let answer = post(token, &path, &body).await;
        assert_eq!(code(&answer), expected, "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_there() {
    let mut quirks = Quirks::default();
    quirks.switched_off.requests = true;
    quirks.switched_off.service_owner_requests = true;
    quirks.switched_off.suppliers = true;
    quirks.switched_off.service_owner_parties = true;
    quirks.switched_off.client_delegation_v2 = true;
    let altinn = Altinn::start_with(Simulator::builder().quirks(quirks)).await;
    let customer = altinn.customer();
    let user = altinn
        .system_user(&format!("{REQUESTS} {CLIENTS} {SUPPLIERS}"))
        .await;
    let owner = altinn
        .service_owner(TAX, "altinn:serviceowner/delegationrequests.read altinn:accessmanagement/authorizedparties.resourceowner")
        .await;
    for (token, method, path) in [
        (
            &user,
            Method::GET,
            format!("{REQUEST}/sent?party={customer}"),
        ),
        (
            &owner,
            Method::GET,
            format!("{OWNER}/delegationrequests/_meta/urns/party"),
        ),
        (&owner, Method::POST, format!("{OWNER}/authorizedparties")),
        (
            &user,
            Method::GET,
            format!("/accessmanagement/api/v1/enduser/maskinportensuppliers?party={customer}"),
        ),
        (
            &user,
            Method::GET,
            format!("/accessmanagement/api/v2/enduser/clientdelegations/agents?party={customer}"),
        ),
    ] {
        let gone = send(altinn.platform(method, &path).bearer_auth(token)).await;
        assert_eq!((gone.status, gone.body.as_str()), (404, ""), "{path}");
    }
}

const AGENT: &str = "3a0d5a3b-8a0e-4d0d-9d0a-1c5a1c3b7e10";

/// An accountant's manager, whose employer keeps the books of one client and has one agent system user.
struct Accountant {
    altinn: Altinn,
    token: String,
    party: String,
    client: String,
    base: &'static str,
    v2: bool,
}

impl Accountant {
    async fn open(v2: bool) -> Self {
        let altinn = Altinn::seeded(&format!(
            r#"
            [[system_users]]
            id = "{AGENT}"
            owner = "310779253"
            system = "310742104_sneglebyraa"
            title = "Sneglebyrå"
            agent = true
            [[system_users]]
            id = "57ee05cd-e009-42c7-bebf-f20686734722"
            owner = "310779253"
            system = "310742104_snegleregnskap"
            title = "Snegleregnskap"
            "#
        ))
        .await;
        let manager = Hidden::new("11826942136");
        let token = altinn
            .person(&manager, &format!("{CLIENTS} {ALL_CONNECTIONS}"))
            .await;
        Self {
            party: altinn.party("310779253"),
            client: altinn.party("310749745"),
            base: if v2 {
                "/accessmanagement/api/v2/enduser/clientdelegations"
            } else {
                "/accessmanagement/api/v1/enduser/clientdelegations"
            },
            token,
            altinn,
            v2,
        }
    }

    /// The two parties by the names of the version.
    fn who(&self, client: &str, agent: &str) -> String {
        if self.v2 {
            format!("client={client}&agent={agent}")
        } else {
            format!("from={client}&to={agent}")
        }
    }

    async fn as_(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("{}{path}", self.base);
        let request = self.altinn.platform(method, &path).bearer_auth(token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn call(&self, method: Method, path: &str, query: &str, body: Option<Value>) -> Answer {
        let path = format!("{path}?party={}&{query}", self.party);
        self.as_(&self.token, method, &path, body).await
    }

    async fn revoke(&self, query: &str, body: &Value) -> Answer {
        if self.v2 {
            let path = "/agents/accesspackages/delete";
            self.call(Method::POST, path, query, Some(body.clone()))
                .await
        } else {
            let path = "/agents/accesspackages";
            self.call(Method::DELETE, path, query, Some(body.clone()))
                .await
        }
    }
}

fn values(role: &str, list: &str, what: &str) -> Value {
    json!({ "values": [{ "role": role, (list): [what] }] })
}

#[tokio::test]
async fn an_agent_gets_what_the_provider_has_of_its_client() {
    for v2 in [false, true] {
        let desk = Accountant::open(v2).await;
        let person = desk.altinn.sim.cast().new_person;
        let agent = desk.altinn.person_party(&person);
        let (get, post) = (Method::GET, Method::POST);
        let both = desk.who(&desk.client, &agent);
        let package = "urn:altinn:accesspackage:regnskapsforer-lonn";
        let body = values("regnskapsforer", "packages", package);

        let clients = desk.call(get.clone(), "/clients", "", None).await.json();
        assert_eq!(clients["data"][0]["client"]["id"], desk.client);
        let access = &clients["data"][0]["access"][0];
        assert_eq!(access["role"]["code"], "regnskapsforer");
        assert_eq!(access["packages"][0]["urn"], package);
        assert_eq!(access.get("resources").is_some(), v2);
        let none = desk
            .call(get.clone(), "/clients", "roles=revisor", None)
            .await;
        assert_eq!(none.json()["data"], json!([]));

        // nobody is an agent before having been made one
        let early = desk
            .call(
                post.clone(),
                "/agents/accesspackages",
                &both,
                Some(body.clone()),
            )
            .await;
        assert_eq!(code(&early), "400 AM.VLD-00032");
        let name = if v2 { "agent" } else { "to" };
        let unconnected = desk
            .call(post.clone(), "/agents", &format!("{name}={agent}"), None)
            .await;
        assert_eq!(code(&unconnected), "400 AM-00024");
        let input = json!({ "personIdentifier": person.expose(), "lastName": "GRANITT" });
        let added = desk
            .call(post.clone(), "/agents", "", Some(input))
            .await
            .json();
        assert_eq!(added["toId"], agent);
        let again = desk
            .call(post.clone(), "/agents", &format!("{name}={agent}"), None)
            .await;
        assert_eq!(again.json(), added);
        let system = desk
            .call(post.clone(), "/agents", &format!("{name}={AGENT}"), None)
            .await;
        assert_eq!(system.status, 200, "{system:?}");
        let agents = desk.call(get.clone(), "/agents", "", None).await.json();
        assert_eq!(len(&agents["data"]), 2);
        assert!(agents["data"][0]["agentAddedAt"].is_string());

        // given twice, changed once
        for changed in [true, false] {
            let given = desk
                .call(
                    post.clone(),
                    "/agents/accesspackages",
                    &both,
                    Some(body.clone()),
                )
                .await
                .json();
            assert_eq!(given[0]["changed"], changed, "{given}");
            assert_eq!(given[0]["viaId"], desk.party);
        }
        let party = both.split('&').nth(1).unwrap();
        let listed = desk
            .call(get.clone(), "/agents/accesspackages", party, None)
            .await
            .json();
        assert_eq!(listed["data"][0]["client"]["id"], desk.client);
        let party = both.split('&').next().unwrap();
        let listed = desk
            .call(get.clone(), "/clients/accesspackages", party, None)
            .await
            .json();
        assert_eq!(listed["data"][0]["agent"]["id"], agent);

        // the agent sees it, among its clients, its parties and the client's connections
        let mine = desk
            .altinn
            .person(
                &person,
                &format!("{CLIENTS} altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}"),
            )
            .await;
        let my = desk
            .as_(&mine, get.clone(), "/my/clients", None)
            .await
            .json();
        assert_eq!(my["data"][0]["provider"]["id"], desk.party);
        assert_eq!(
            my["data"][0]["clients"][0]["access"][0]["packages"][0]["urn"],
            package
        );
        let providers = desk
            .as_(&mine, get.clone(), "/my/clientproviders", None)
            .await
            .json();
        let provider = if v2 { "provider" } else { "agent" };
        assert_eq!(providers["data"][0][provider]["id"], desk.party);
        let parties = send(
            desk.altinn
                .platform(
                    get.clone(),
                    &format!("{PARTIES}?includeAccessPackages=true"),
                )
                .bearer_auth(&mine),
        )
        .await
        .json();
        let found = parties["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["partyUuid"] == desk.client);
        assert_eq!(
            found.unwrap()["authorizedAccessPackages"],
            json!(["regnskapsforer-lonn"])
        );
        let connections = format!(
            "{}/accesspackages?party={agent}&from={}&to={agent}",
            crate::altinn::CONNECTIONS,
            desk.client
        );
        let held = send(
            desk.altinn
                .platform(get.clone(), &connections)
                .bearer_auth(&mine),
        )
        .await
        .json();
        let permission = &held["data"][0]["permissions"][0];
        assert_eq!(permission["reason"]["flag"], 2, "{held}");
        assert_eq!(permission["via"]["id"], desk.party);

        // an agent that has something is not removed by the way
        let blocked = desk
            .call(Method::DELETE, "/agents", &format!("{name}={agent}"), None)
            .await;
        assert_eq!(code(&blocked), "400 AM-00025");
        let blocked = desk
            .call(Method::DELETE, "/agents/clients", &both, None)
            .await;
        assert_eq!(code(&blocked), "400 AM.VLD-00031");
        for changed in [true, false] {
            assert_eq!(
                desk.revoke(&both, &body).await.json()[0]["changed"],
                changed
            );
        }
        desk.call(
            post.clone(),
            "/agents/accesspackages",
            &both,
            Some(body.clone()),
        )
        .await;
        let cascade = format!("{both}&cascade=true");
        assert_eq!(
            desk.call(Method::DELETE, "/agents/clients", &cascade, None)
                .await
                .status,
            204
        );
        assert_eq!(
            desk.as_(&mine, get.clone(), "/my/clients", None)
                .await
                .json()["data"],
            json!([])
        );

        // the agent drops its client, some packages, and the provider
        desk.call(
            post.clone(),
            "/agents/accesspackages",
            &both,
            Some(body.clone()),
        )
        .await;
        let client = if v2 { "client" } else { "from" };
        let one = format!("?provider={}&{client}={}", desk.party, desk.client);
        let (method, path) = if v2 {
            (post.clone(), "/my/clients/accesspackages/delete")
        } else {
            (Method::DELETE, "/my/clients/accesspackages")
        };
        let dropped = desk
            .as_(&mine, method, &format!("{path}{one}"), Some(body.clone()))
            .await;
        assert_eq!(dropped.json()[0]["changed"], true);
        desk.call(
            post.clone(),
            "/agents/accesspackages",
            &both,
            Some(body.clone()),
        )
        .await;
        let blocked = desk
            .as_(&mine, Method::DELETE, &format!("/my/clients{one}"), None)
            .await;
        assert_eq!(code(&blocked), "400 AM.VLD-00031");
        let dropped = desk
            .as_(
                &mine,
                Method::DELETE,
                &format!("/my/clients{one}&cascade=true"),
                None,
            )
            .await;
        assert_eq!(dropped.status, if v2 { 204 } else { 200 });
        desk.call(
            post.clone(),
            "/agents/accesspackages",
            &both,
            Some(body.clone()),
        )
        .await;
        let leave = format!("/my/clientproviders?provider={}", desk.party);
        assert_eq!(
            desk.as_(&mine, Method::DELETE, &leave, None).await.status,
            204
        );
        let agents = desk.call(get.clone(), "/agents", "", None).await.json();
        assert_eq!(len(&agents["data"]), 1);

        // what is wrong
        let system = desk.who(&desk.client, AGENT);
        let stranger = desk.who(&desk.altinn.party("310811548"), AGENT);
        for (query, body, expected) in [
            (
                &system,
                values("no-such-role", "packages", package),
                "400 AM.VLD-00029",
            ),
            (
                &system,
                values("regnskapsforer", "packages", "no-such-package"),
                "400 AM.VLD-00030",
            ),
            (&stranger, body.clone(), "400 AM.VLD-00032"),
            (
                &system,
                values("rettighetshaver", "packages", package),
                "400 AM.VLD-00032",
            ),
            (
                &system,
                values("regnskapsforer", "packages", "skattegrunnlag"),
                "400 AM.VLD-00033",
            ),
            (&system, json!({ "values": "all" }), "400 -"),
        ] {
            let answer = desk
                .call(post.clone(), "/agents/accesspackages", query, Some(body))
                .await;
            assert_eq!(code(&answer), expected, "{}", answer.body);
        }
        for not_allowed in [&desk.client, "57ee05cd-e009-42c7-bebf-f20686734722"] {
            let answer = desk
                .call(
                    post.clone(),
                    "/agents",
                    &format!("{name}={not_allowed}"),
                    None,
                )
                .await;
            assert_eq!(code(&answer), "400 AM.VLD-00008", "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn resources_of_a_client_are_given_in_v2_only() {
    let desk = Accountant::open(true).await;
    let both = desk.who(&desk.client, AGENT);
    let post = Method::POST;
    let agent = format!("agent={AGENT}");
    desk.call(post.clone(), "/agents", &agent, None).await;
    // the client gives the provider a package; the resource that it opens can go to the agent
    desk.altinn.sim.change_world(|world| {
        world.client_roles[0].packages.push("skattegrunnlag".into());
    });
    let body = values("regnskapsforer", "resources", "skf-skattemelding");
    for changed in [true, false] {
        let given = desk
            .call(post.clone(), "/agents/resources", &both, Some(body.clone()))
            .await;
        assert_eq!(given.json()[0]["changed"], changed, "{given:?}");
    }
    let listed = desk
        .call(Method::GET, "/agents/resources", &agent, None)
        .await
        .json();
    assert_eq!(
        listed["data"][0]["access"][0]["resources"][0]["refId"],
        "skf-skattemelding"
    );
    let client = format!("client={}", desk.client);
    let listed = desk
        .call(Method::GET, "/clients/resources", &client, None)
        .await
        .json();
    assert_eq!(listed["data"][0]["agent"]["id"], AGENT);
    let taken = desk
        .call(post.clone(), "/agents/resources/delete", &both, Some(body))
        .await;
    assert_eq!(taken.json()[0]["changed"], true);
    for (resource, expected) in [
        ("no-such-resource", "400 AM.VLD-00012"),
        ("skf-postlogg", "400 AM.VLD-00049"),
        ("skf-lukket-innsyn", "400 AM.VLD-00049"),
    ] {
        let body = values("regnskapsforer", "resources", resource);
        let answer = desk
            .call(post.clone(), "/agents/resources", &both, Some(body))
            .await;
        assert_eq!(code(&answer), expected);
    }
}

#[tokio::test]
async fn an_organisation_has_no_clients_of_its_own_and_others_administer_none() {
    let desk = Accountant::open(false).await;
    let organisation = desk.altinn.organisation(CLIENTS).await;
    let nobody = desk
        .altinn
        .person(&desk.altinn.sim.cast().new_person, CLIENTS)
        .await;
    let unscoped = desk
        .altinn
        .person(&desk.altinn.sim.cast().new_person, ALL_CONNECTIONS)
        .await;
    let clients = format!("/clients?party={}", desk.party);
    for (token, path, status) in [
        (&organisation, "/my/clients", 401),
        (&organisation, clients.as_str(), 403),
        (&nobody, clients.as_str(), 403),
        (&unscoped, "/my/clients", 403),
        (&desk.token, "/clients", 403),
    ] {
        let refused = desk.as_(token, Method::GET, path, None).await;
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (status, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_scope_that_is_delegated_opens_maskinporten_for_the_supplier() {
    let altinn = Altinn::seeded(
        r#"
        [[register_roles]]
        organisation = "310811548"
        person = "30885515084"
        role = "DAGL"
        [[scopes]]
        name = "skattefugl:grunnlag"
        granted_to = ["310749745", "310811548"]
        "#,
    )
    .await;
    let manager = Hidden::new("30885515084"); // of the consumer, and of the supplier
    let token = altinn.person(&manager, SUPPLIERS).await;
    let (consumer, supplier) = (altinn.party("310811548"), altinn.party("310742104"));
    let call = |method: Method, path: &str| {
        let path = format!("/accessmanagement/api/v1/enduser/{path}");
        send(altinn.platform(method, &path).bearer_auth(&token))
    };
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let own = format!("maskinportensuppliers?party={consumer}&supplier={supplier}");
    let own_resource = format!(
        "maskinportensuppliers/resources?party={consumer}&supplier={supplier}&resource=skf-grunnlag-api"
    );
    let mirror = format!("maskinportenconsumers/resources?party={supplier}&consumer={consumer}");
    let key_client = altinn.sim.cast().key_client;
    let grant = || {
        let grant = Grant::by_key(&altinn.sim, &key_client).scope("skattefugl:grunnlag");
        grant.claim("consumer_org", "310811548")
    };

    assert_eq!(grant().send(&altinn.sim).await.status, 403);
    assert_eq!(
        code(&call(post.clone(), &own_resource).await),
        "400 AM-00022"
    );
    let added = call(post.clone(), &own).await.json();
    assert_eq!(call(post.clone(), &own).await.json(), added);
    let check = format!(
        "maskinportensuppliers/resources/delegationcheck?party={consumer}&resource=skf-grunnlag-api"
    );
    assert_eq!(
        call(get.clone(), &check).await.json()["rights"][0]["result"],
        true
    );
    for _ in 0..2 {
        assert_eq!(call(post.clone(), &own_resource).await.json(), json!(true));
    }
    assert_eq!(
        grant().send(&altinn.sim).await.status,
        200,
        "the supplier gets a token"
    );
    let listed = call(get.clone(), &own).await.json();
    assert_eq!(listed[0]["party"]["id"], supplier);
    assert_eq!(listed[0]["resources"][0]["refId"], "skf-grunnlag-api");
    assert_eq!(len(&call(get.clone(), &own_resource).await.json()), 1);
    assert_eq!(
        call(get.clone(), &mirror).await.json()[0]["permissions"][0]["from"]["id"],
        consumer
    );

    // the owner of the scope sees who lets whom; another owner must be told which scope is its own
    let all = "/accessmanagement/api/v1/maskinporten/delegations/";
    let tax = altinn
        .service_owner(TAX, "altinn:maskinporten/delegations")
        .await;
    let admin = altinn
        .service_owner(SERVICE_OWNER, "altinn:maskinporten/delegations.admin")
        .await;
    let other = altinn
        .service_owner(SERVICE_OWNER, "altinn:maskinporten/delegations")
        .await;
    let scope = "?scope=skattefugl:grunnlag";
    for (token, query, count) in [
        (&tax, scope.to_owned(), 2),
        (
            &tax,
            format!("{scope}&supplierOrg=310742104&consumerOrg=310811548"),
            1,
        ),
        (&admin, String::new(), 2),
        (&admin, "?supplierOrg=310811548".to_owned(), 0),
    ] {
        let path = format!("{all}{query}");
        let found = send(altinn.platform(get.clone(), &path).bearer_auth(token))
            .await
            .json();
        assert_eq!(len(&found), count, "{query}: {found}");
        if count > 0 {
            assert_eq!(found[0]["scopes"], json!(["skattefugl:grunnlag"]));
        }
    }
    for (token, query, status) in [
        (&other, scope, 403),
        (&tax, "", 403),
        (&admin, "?supplierOrg=x", 400),
    ] {
        let path = format!("{all}{query}");
        let refused = send(altinn.platform(get.clone(), &path).bearer_auth(token)).await;
        assert_eq!(refused.status, status, "{query}");
    }

    // taken by the supplier, given again, and all at once by the consumer
    let take = format!("{mirror}&resource=skf-grunnlag-api");
    assert_eq!(call(delete.clone(), &take).await.status, 204);
    assert_eq!(grant().send(&altinn.sim).await.status, 403);
    call(post.clone(), &own_resource).await;
    assert_eq!(code(&call(delete.clone(), &own).await), "400 AM.VLD-00010");
    assert_eq!(
        call(delete.clone(), &format!("{own}&cascade=true"))
            .await
            .status,
        204
    );
    assert_eq!(grant().send(&altinn.sim).await.status, 403);
    assert_eq!(call(get.clone(), &own).await.json(), json!([]));

    let person = altinn.person_party(&manager);
    let nobody = "00000000-0000-4000-8000-000000000000";
    let suppliers = format!("maskinportensuppliers?party={consumer}&supplier=");
    for (path, expected) in [
        (format!("{suppliers}{person}"), "400 AM.VLD-00008"),
        (format!("{suppliers}{nobody}"), "400 AM-00023"),
        (format!("{suppliers}{consumer}"), "400 AM.VLD-00007"),
        (
            own_resource.replace("skf-grunnlag-api", "skf-postlogg"),
            "400 AM.VLD-00032",
        ),
        (
            own_resource.replace("skf-grunnlag-api", "skf-ukjent"),
            "400 AM-00027",
        ),
    ] {
        assert_eq!(code(&call(post.clone(), &path).await), expected, "{path}");
    }
    let other = altinn.customer();
    let refused = call(get, &format!("maskinportensuppliers?party={other}")).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
}

#[tokio::test]
async fn a_scope_is_not_delegated_as_a_right() {
    let desk = Desk::open().await;
    let check = desk
        .get(&desk.at("/resources/delegationcheck", "resource=skf-grunnlag-api"))
        .await
        .json();
    assert_eq!(
        check["rights"][0]["reasonCodes"],
        json!(["ResourceIsMaskinPortenSchema"])
    );
    let to = desk
        .altinn
        .person_party(&desk.altinn.sim.cast().connected_person);
    let path = desk.at(
        "/resources/rights",
        &format!("to={to}&resource=skf-grunnlag-api"),
    );
    let keys = json!({ "directRightKeys": [check["rights"][0]["right"]["key"]] });
    assert_eq!(
        code(&desk.call(Method::POST, &path, Some(keys)).await),
        "400 AM-00042"
    );
}

/// Somebody who asks the policy decision point.
struct Pdp {
    altinn: Altinn,
    token: String,
    key: String,
}

const AUTHORIZE: &str = "/authorization/api/v1/authorize";

fn attribute(id: &str, value: &str) -> Value {
    json!({ "AttributeId": id, "Value": value, "IncludeInResult": true })
}

fn object(id: &str, attributes: &[Value]) -> Value {
    json!({ "Id": id, "Attribute": attributes })
}

fn question(subject: &[Value], action: &str, resource: &[Value]) -> Value {
    let action = attribute("urn:oasis:names:tc:xacml:1.0:action:action-id", action);
    json!({ "Request": {
        "AccessSubject": [object("s1", subject)],
        "Action": [object("a1", &[action])],
        "Resource": [object("r1", resource)],
    } })
}

impl Pdp {
    async fn open(altinn: Altinn) -> Self {
        let token = altinn
            .service_owner(TAX, "altinn:authorization/authorize")
            .await;
        let key = altinn.sim.world().subscription_keys[0]
            .key
            .expose()
            .to_owned();
        Self { altinn, token, key }
    }

    async fn ask(&self, body: &Value) -> Value {
        let request = self
            .altinn
            .platform(Method::POST, AUTHORIZE)
            .bearer_auth(&self.token);
        let request = request.header("Ocp-Apim-Subscription-Key", &self.key);
        let answer = send(request.json(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["response"].clone()
    }

    async fn decision(&self, subject: &[Value], action: &str, resource: &[Value]) -> String {
        let answer = self.ask(&question(subject, action, resource)).await;
        answer[0]["decision"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_pdp_decides_by_roles_packages_rights_and_instances() {
    let pdp = Pdp::open(Altinn::start().await).await;
    let cast = pdp.altinn.sim.cast();
    let person = |p: &Hidden| attribute("urn:altinn:person:identifier-no", p.expose());
    let of = |id: &str, number: &str| {
        [
            attribute("urn:altinn:resource", id),
            attribute("urn:altinn:organization:identifier-no", number),
        ]
    };
    let manager = [person(&cast.manager)];
    let elv = [person(&cast.connected_person)];
    let system = [attribute(
        "urn:altinn:systemuser:uuid",
        "57ee05cd-e009-42c7-bebf-f20686734721",
    )];
    let uuid = |p: &Hidden| {
        [attribute(
            "urn:altinn:party:uuid",
            &pdp.altinn.person_party(p),
        )]
    };
    let tax = [attribute("urn:altinn:org", "skf")];
    let digdir = [attribute("urn:altinn:org", "digdir")];
    for (subject, action, resource, decision) in [
        (
            &manager,
            "read",
            of("skf-skattemelding", "310753831"),
            "Permit",
        ),
        (
            &manager,
            "archive",
            of("skf-skattemelding", "310753831"),
            "NotApplicable",
        ),
        (
            &manager,
            "read",
            of("skf-skattemelding", "310777269"),
            "Permit",
        ),
        (
            &manager,
            "read",
            of("skf-skattemelding", "310749745"),
            "NotApplicable",
        ),
        (&elv, "read", of("skf-postlogg", "310753831"), "Permit"),
        (
            &elv,
            "read",
            of("skf-skattemelding", "310753831"),
            "NotApplicable",
        ),
        (
            &uuid(&cast.connected_person),
            "read",
            of("skf-postlogg", "310753831"),
            "Permit",
        ),
        (
            &system,
            "read",
            of("skf-skattemelding", "310753831"),
            "Permit",
        ),
        (
            &system,
            "read",
            of("skf-postlogg", "310753831"),
            "NotApplicable",
        ),
        (&tax, "subscribe", of("skf-postlogg", "310753831"), "Permit"),
        (
            &digdir,
            "subscribe",
            of("skf-postlogg", "310753831"),
            "NotApplicable",
        ),
        // the access list: the customer is not on it
        (&manager, "read", of("skf-begrenset", "310753831"), "Deny"),
    ] {
        let found = pdp.decision(subject, action, &resource).await;
        assert_eq!(found, decision, "{subject:?} {action} {resource:?}");
    }
    let oneself = [
        attribute("urn:altinn:resource", "skf-postlogg"),
        person(&cast.new_person),
    ];
    assert_eq!(
        pdp.decision(&[person(&cast.new_person)], "read", &oneself)
            .await,
        "Permit"
    );

    // the answer: camel case, what was to be shown again, and obligations
    let answer = pdp
        .ask(&question(&tax, "read", &of("skf-begrenset", "310753831")))
        .await;
    let one = &answer[0];
    assert_eq!(
        one["status"]["statusCode"]["value"],
        "urn:oasis:names:tc:xacml:1.0:status:ok"
    );
    let assignment = &one["obligations"][0]["attributeAssignment"][0];
    assert_eq!(
        assignment["category"],
        "urn:altinn:minimum-authenticationlevel"
    );
    assert_eq!(assignment["value"], "3");
    assert_eq!(one["category"][2]["attribute"][0]["value"], "skf-begrenset");
    let denied = pdp
        .ask(&question(
            &manager,
            "read",
            &of("skf-begrenset", "310753831"),
        ))
        .await;
    assert!(denied[0]["status"]["statusMessage"].is_string());
    assert_eq!(denied[0]["obligations"], Value::Null);

    // what cannot be decided is said in 200
    let number = attribute("urn:altinn:organization:identifier-no", "310753831");
    let unknown = attribute("urn:altinn:person:identifier-no", "01010112345");
    for (subject, resource, code, text) in [
        (
            vec![person(&cast.manager)],
            of("no-such", "310753831").to_vec(),
            "processing-error",
            "Policy not found for resource no-such",
        ),
        (
            vec![person(&cast.manager)],
            vec![
                attribute("urn:altinn:org", "skf"),
                attribute("urn:altinn:app", "x"),
            ],
            "processing-error",
            "Policy not found for resource app_skf_x",
        ),
        (
            vec![unknown],
            of("skf-postlogg", "310753831").to_vec(),
            "processing-error",
            "The subject given by",
        ),
        (
            vec![person(&cast.manager), number.clone()],
            of("skf-postlogg", "310753831").to_vec(),
            "processing-error",
            "Not allowed",
        ),
        (
            vec![person(&cast.manager), attribute("urn:altinn:userid", "1")],
            of("skf-postlogg", "310753831").to_vec(),
            "processing-error",
            "Not allowed",
        ),
        (
            vec![],
            of("skf-postlogg", "310753831").to_vec(),
            "processing-error",
            "Not allowed",
        ),
        (
            vec![person(&cast.manager)],
            of("skf-postlogg", "999999999").to_vec(),
            "processing-error",
            "The party given by",
        ),
    ] {
        let answer = pdp.ask(&question(&subject, "read", &resource)).await;
        let one = &answer[0];
        assert_eq!(one["decision"], "Indeterminate", "{one}");
        assert_eq!(
            one["status"]["statusCode"]["value"],
            format!("urn:oasis:names:tc:xacml:1.0:status:{code}")
        );
        assert!(
            one["status"]["statusMessage"]
                .as_str()
                .unwrap()
                .starts_with(text),
            "{one}"
        );
    }
    let answer = pdp.ask(&json!({ "question": 1 })).await;
    assert_eq!(
        answer[0]["status"]["statusCode"]["value"],
        "urn:oasis:names:tc:xacml:1.0:status:syntax-error"
    );
}

#[tokio::test]
async fn several_questions_are_answered_in_order() {
    let pdp = Pdp::open(Altinn::start().await).await;
    let cast = pdp.altinn.sim.cast();
    let mut body = question(
        &[attribute(
            "urn:altinn:person:identifier-no",
            cast.connected_person.expose(),
        )],
        "read",
        &[
            attribute("urn:altinn:resource", "skf-postlogg"),
            attribute("urn:altinn:organization:identifier-no", "310753831"),
        ],
    );
    let second = [
        attribute("urn:altinn:resource", "skf-skattemelding"),
        attribute("urn:altinn:organization:identifier-no", "310753831"),
    ];
    body["Request"]["Resource"]
        .as_array_mut()
        .unwrap()
        .push(object("r2", &second));
    body["Request"]["MultiRequests"] = json!({ "RequestReference": [
        { "ReferenceId": ["s1", "a1", "r2"] },
        { "ReferenceId": ["s1", "a1", "r1"] },
        { "ReferenceId": ["s1", "a1", "r9"] },
    ] });
    let answer = pdp.ask(&body).await;
    let decisions: Vec<&Value> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["decision"])
        .collect();
    assert_eq!(decisions, ["NotApplicable", "Permit", "Indeterminate"]);
    assert_eq!(
        answer[1]["category"][2]["attribute"][0]["value"],
        "skf-postlogg"
    );
}

#[tokio::test]
async fn the_pdp_sees_a_delegation_five_minutes_late_where_it_has_looked_before() {
    for at_once in [false, true] {
        let mut quirks = Quirks::default();
        quirks.pdp_without_cache = at_once;
        let pdp = Pdp::open(Altinn::start_with(Simulator::builder().quirks(quirks)).await).await;
        let cast = pdp.altinn.sim.cast();
        let (customer, to) = (
            pdp.altinn.customer(),
            pdp.altinn.person_party(&cast.connected_person),
        );
        let token = pdp.altinn.system_user(ALL_CONNECTIONS).await;
        let elv = [attribute(
            "urn:altinn:person:identifier-no",
            cast.connected_person.expose(),
        )];
        let resource = [
            attribute("urn:altinn:resource", "skf-skattemelding"),
            attribute("urn:altinn:party:uuid", &customer),
        ];
        assert_eq!(pdp.decision(&elv, "read", &resource).await, "NotApplicable");
        let path = format!(
            "{}/accesspackages?party={customer}&from={customer}&to={to}&package=skattegrunnlag",
            crate::altinn::CONNECTIONS
        );
        let change = |method| send(pdp.altinn.platform(method, &path).bearer_auth(&token));
        assert_eq!(change(Method::POST).await.status, 200);
        let late = if at_once { "Permit" } else { "NotApplicable" };
        assert_eq!(pdp.decision(&elv, "read", &resource).await, late);
        pdp.altinn
            .sim
            .clock()
            .advance(SignedDuration::from_secs(301));
        assert_eq!(pdp.decision(&elv, "read", &resource).await, "Permit");
        // what is taken away is seen as late
        assert_eq!(change(Method::DELETE).await.status, 204);
        let late = if at_once { "NotApplicable" } else { "Permit" };
        assert_eq!(pdp.decision(&elv, "read", &resource).await, late);
    }
}

#[tokio::test]
async fn the_pdp_wants_a_scope_and_a_subscription() {
    let pdp = Pdp::open(Altinn::start().await).await;
    let unscoped = pdp.altinn.service_owner(TAX, "altinn:serviceowner").await;
    for (token, key, status, empty) in [
        (pdp.token.as_str(), None, 401, false),
        (&pdp.token, Some("another"), 401, false),
        (&unscoped, Some(pdp.key.as_str()), 403, true),
        ("", Some(pdp.key.as_str()), 401, true),
    ] {
        let request = pdp
            .altinn
            .platform(Method::POST, AUTHORIZE)
            .bearer_auth(token);
        let request = key
            .into_iter()
            .fold(request, |r, key| r.header("Ocp-Apim-Subscription-Key", key));
        let answer = send(request.json(&json!({}))).await;
        assert_eq!(
            (answer.status, answer.body.is_empty()),
            (status, empty),
            "{answer:?}"
        );
    }
}

const CONSENT: &str = "/accessmanagement/api/v1/enterprise/consentrequests";
const LOOK_UP: &str = "/accessmanagement/api/v1/maskinporten/consent/lookup";

struct Consents {
    altinn: Altinn,
    token: String,
    maskinporten: String,
}

impl Consents {
    async fn open() -> Self {
        let altinn = Altinn::start().await;
        let scopes = "altinn:consentrequests.read altinn:consentrequests.write";
        Self {
            token: altinn.service_owner(TAX, scopes).await,
            maskinporten: altinn
                .service_owner(SERVICE_OWNER, "altinn:maskinporten/consent.read")
                .await,
            altinn,
        }
    }

    fn body(&self, id: uuid::Uuid) -> Value {
        let person = self.altinn.sim.cast().new_person;
        let valid_to = self.altinn.sim.clock().now() + SignedDuration::from_hours(48);
        json!({
            "id": id,
            "from": format!("urn:altinn:person:identifier-no:{}", person.expose()),
            "to": format!("urn:altinn:organization:identifier-no:{TAX}"),
            "validTo": valid_to,
            "consentRights": [{
                "action": ["consent"],
                "resource": [{ "type": "urn:altinn:resource", "value": "skf-inntekt-samtykke" }],
                "metadata": { "inntektsaar": "2025" },
            }],
            "requestMessage": { "nb": "Vi vil se inntekten din" },
            "redirectUrl": "https://skattefugl.example.no/ferdig",
        })
    }

    async fn post(&self, body: &Value) -> Answer {
        send(
            self.altinn
                .platform(Method::POST, CONSENT)
                .bearer_auth(&self.token)
                .json(body),
        )
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        let path = path.trim_start_matches(self.altinn.sim.platform_url());
        send(
            self.altinn
                .platform(Method::GET, path)
                .bearer_auth(&self.token),
        )
        .await
    }

    async fn look_up(&self, id: uuid::Uuid) -> Answer {
        let body = self.body(id);
        let body = json!({ "id": id, "from": body["from"], "to": body["to"] });
        send(
            self.altinn
                .platform(Method::POST, LOOK_UP)
                .bearer_auth(&self.maskinporten)
                .json(&body),
        )
        .await
    }
}

#[tokio::test]
async fn a_consent_is_asked_for_given_used_and_taken_back() {
    let desk = Consents::open().await;
    let sim = &desk.altinn.sim;
    let id = uuid::Uuid::new_v4();
    let body = desk.body(id);
    let created = desk.post(&body).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert!(
        created
            .header("location")
            .ends_with(&format!("{CONSENT}/{id}"))
    );
    assert_eq!(created.json()["status"], "Created");
    let again = desk.post(&body).await;
    assert_eq!(
        (again.status, &again.json()["alreadyExisted"]),
        (200, &json!(true))
    );
    let one = format!("{CONSENT}/{id}");
    assert_eq!(desk.get(&one).await.json(), created.json());

    assert_eq!(code(&desk.look_up(id).await), "400 AM-00014");
    sim.answer_consent_request(id, true).unwrap();
    assert!(
        sim.answer_consent_request(id, false).is_err(),
        "answered once"
    );
    let found = desk.look_up(id).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(found.json()["consentRights"], body["consentRights"]);
    let mut other = desk.body(id);
    other["to"] = "urn:altinn:organization:identifier-no:310781746".into();
    let ask = json!({ "id": id, "from": other["from"], "to": other["to"] });
    let wrong = desk
        .altinn
        .platform(Method::POST, LOOK_UP)
        .bearer_auth(&desk.maskinporten)
        .json(&ask);
    assert_eq!(code(&send(wrong).await), "400 AM-00012");
    sim.revoke_consent(id).unwrap();
    assert_eq!(code(&desk.look_up(id).await), "400 AM-00011");
    let details = desk.get(&one).await.json();
    assert_eq!(details["status"], "Revoked");
    assert!(details["consented"].is_string());

    // rejected, and expired
    let rejected = uuid::Uuid::new_v4();
    desk.post(&desk.body(rejected)).await;
    sim.answer_consent_request(rejected, false).unwrap();
    assert_eq!(code(&desk.look_up(rejected).await), "400 AM-00014");
    let expired = uuid::Uuid::new_v4();
    let mut short = desk.body(expired);
    short["validTo"] = json!(sim.clock().now() + SignedDuration::from_mins(10));
    desk.post(&short).await;
    sim.answer_consent_request(expired, true).unwrap();

    // the events, one by one: three of the first, one of each of the others
    let events = format!("{CONSENT}/events");
    let mut kinds = Vec::new();
    let mut next = Some(events.clone());
    while let Some(path) = next {
        let path = path.trim_start_matches(sim.platform_url()).to_owned();
        let request = desk
            .altinn
            .platform(Method::GET, &path)
            .bearer_auth(&desk.token);
        let page = send(request.header("X-Page-Size", "2")).await.json();
        for event in page["data"].as_array().unwrap() {
            kinds.push(event["eventType"].as_str().unwrap().to_owned());
        }
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(
        kinds,
        ["Accepted", "Used", "Revoked", "Rejected", "Accepted"]
    );
    for (query, count) in [
        ("eventType=accepted&eventType=used".to_owned(), 3),
        (format!("consentRequestId={rejected}"), 1),
        ("createdAfter=2100-01-01T00:00:00Z".to_owned(), 0),
    ] {
        let found = desk.get(&format!("{events}?{query}")).await.json();
        assert_eq!(len(&found["data"]), count, "{query}");
    }
    for (query, expected) in [
        (
            "createdAfter=2026-02-01T00:00:00Z&createdBefore=2026-01-01T00:00:00Z",
            "400 AM.VLD-00051",
        ),
        ("eventType=created", "400 AM.VLD-00052"),
        ("continuationToken=x", "400 AM.VLD-00053"),
        ("createdAfter=yesterday", "400 -"),
    ] {
        assert_eq!(
            code(&desk.get(&format!("{events}?{query}")).await),
            expected,
            "{query}"
        );
    }
    let request = desk
        .altinn
        .platform(Method::GET, &events)
        .bearer_auth(&desk.token);
    let refused = send(request.header("X-Page-Size", "1001")).await;
    assert_eq!(code(&refused), "400 AM.VLD-00050");

    sim.clock().advance(SignedDuration::from_mins(11));
    assert_eq!(code(&desk.look_up(expired).await), "400 AM-00013");
    assert!(sim.revoke_consent(expired).is_err());
}

#[tokio::test]
async fn a_request_for_consent_that_cannot_be_says_why() {
    let desk = Consents::open().await;
    let id = uuid::Uuid::new_v4();
    desk.post(&desk.body(id)).await;
    let customer = "urn:altinn:organization:identifier-no:310753831";
    let with = |pointer: &str, value: Value| {
        let mut body = desk.body(uuid::Uuid::new_v4());
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let right = "/consentRights/0";
    let two = {
        let mut body = desk.body(uuid::Uuid::new_v4());
        let other = json!({
            "action": ["consent"],
            "resource": [{ "type": "urn:altinn:resource", "value": "skf-formue-fullmakt" }],
        });
        body["consentRights"].as_array_mut().unwrap().push(other);
        body
    };
    let mut another = desk.body(id);
    another["from"] = customer.into();
    for (body, expected) in [
        (with("/from", "310753831".into()), "400 AM.VLD-00001"),
        (
            with(
                "/from",
                "urn:altinn:organization:identifier-no:999999999".into(),
            ),
            "400 AM-00003",
        ),
        (
            with(
                "/from",
                "urn:altinn:person:identifier-no:01010112345".into(),
            ),
            "400 AM-00004",
        ),
        (
            with("/validTo", "2020-01-01T00:00:00Z".into()),
            "400 AM.VLD-00022",
        ),
        (with("/consentRights", json!([])), "400 AM.VLD-00023"),
        (
            with(&format!("{right}/action"), json!([])),
            "400 AM.VLD-00023",
        ),
        (
            with(&format!("{right}/resource/0/value"), "skf-postlogg".into()),
            "400 AM-00005",
        ),
        (
            with(
                &format!("{right}/metadata"),
                json!({ "inntektsaar": "2025", "farge": "gul" }),
            ),
            "400 AM-00006",
        ),
        (
            with(&format!("{right}/metadata"), json!({ "inntektsaar": " " })),
            "400 AM-00007",
        ),
        (
            with(&format!("{right}/metadata"), json!({})),
            "400 AM-00008",
        ),
        (two, "400 AM-00009"),
        (another, "400 AM-00016"),
        (with("/id", "one".into()), "400 -"),
    ] {
        let answer = desk.post(&body).await;
        assert_eq!(code(&answer), expected, "{body} {}", answer.body);
    }
    // for another receiver only with the scope for that
    let refused = desk.post(&with("/to", customer.into())).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
    let any = desk
        .altinn
        .service_owner(TAX, "altinn:consentrequests.org")
        .await;
    let request = desk
        .altinn
        .platform(Method::POST, CONSENT)
        .bearer_auth(&any);
    assert_eq!(
        send(request.json(&with("/to", customer.into())))
            .await
            .status,
        201
    );
    // not there, and not the caller's
    let missing = desk
        .get(&format!("{CONSENT}/{}", uuid::Uuid::new_v4()))
        .await;
    assert_eq!(code(&missing), "404 AM-00001");
    assert_eq!(
        code(&desk.look_up(uuid::Uuid::new_v4()).await),
        "404 AM-00001"
    );
    let other = desk
        .altinn
        .service_owner(SERVICE_OWNER, "altinn:consentrequests.read")
        .await;
    let path = format!("{CONSENT}/{id}");
    let refused = send(desk.altinn.platform(Method::GET, &path).bearer_auth(other)).await;
    assert_eq!(code(&refused), "403 AM-00000");
}

#[tokio::test]
async fn roles_packages_and_areas_are_for_everybody() {
    let altinn = Altinn::start().await;
    let get = async |path: &str| {
        send(altinn.platform(
            Method::GET,
            &format!("/accessmanagement/api/v1/meta/{path}"),
        ))
        .await
    };
    let roles = get("info/roles").await.json();
    let accountant = roles
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["code"] == "regnskapsforer")
        .unwrap();
    let id = accountant["id"].as_str().unwrap();
    assert_eq!(get(&format!("info/roles/{id}")).await.json(), *accountant);
    for path in [
        format!("info/roles/{id}/packages"),
        "info/roles/packages?role=regnskapsforer&variant=AS".to_owned(),
    ] {
        assert_eq!(
            get(&path).await.json()[0]["urn"],
            "urn:altinn:accesspackage:regnskapsforer-lonn"
        );
    }
    let opened = get("info/roles/resources?role=urn:altinn:role:daglig-leder")
        .await
        .json();
    assert!(
        opened
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["refId"] == "skf-skattemelding")
    );

    let found = get("info/accesspackages/search?term=skattegrunnlag")
        .await
        .json();
    let package = &found[0]["object"];
    assert_eq!(package["urn"], "urn:altinn:accesspackage:skattegrunnlag");
    assert_eq!(package["isDelegable"], true);
    let by_resource = get("info/accesspackages/search?term=postlogg&searchInResources=true")
        .await
        .json();
    assert_eq!(
        by_resource[0]["object"]["urn"],
        "urn:altinn:accesspackage:post-og-telekommunikasjon"
    );
    for query in [
        "term=postlogg",
        "term=skatt+postlogg&strict=true",
        "term=skatt&resourceProviderCode=digdir",
    ] {
        assert_eq!(
            get(&format!("info/accesspackages/search?{query}"))
                .await
                .json(),
            json!([]),
            "{query}"
        );
    }
    let people = get("info/accesspackages/search?term=skatt&typeName=Person")
        .await
        .json();
    assert_eq!(len(&people), 1);

    let groups = get("info/accesspackages/export").await.json();
    assert_eq!(get("info/accesspackages/group/").await.json(), groups);
    let (group, area) = (&groups[0], &groups[0]["areas"][0]);
    let (group_id, area_id) = (group["id"].as_str().unwrap(), area["id"].as_str().unwrap());
    let package_id = package["id"].as_str().unwrap();
    let urn = package["urn"].as_str().unwrap();
    for (path, expected) in [
        (format!("group/{group_id}"), group),
        (format!("group/{group_id}/areas"), &group["areas"]),
        (format!("area/{area_id}"), area),
        (format!("area/{area_id}/packages"), &area["packages"]),
    ] {
        assert_eq!(
            get(&format!("info/accesspackages/{path}")).await.json(),
            *expected,
            "{path}"
        );
    }
    let one = get(&format!("info/accesspackages/package/{package_id}"))
        .await
        .json();
    assert_eq!(
        get(&format!("info/accesspackages/package/urn/{urn}"))
            .await
            .json(),
        one
    );
    assert_eq!(
        get(&format!(
            "info/accesspackages/package/{package_id}/resources"
        ))
        .await
        .json(),
        one["resources"]
    );
    let forms = get("types/organization/subtypes").await.json();
    assert!(
        forms
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["name"] == "BEDR")
    );
    for path in [
        "info/roles/no-such-role",
        "info/accesspackages/package/urn/no-such-package",
    ] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_registry_tells_what_a_policy_gives() {
    let altinn = Altinn::start().await;
    let get = async |path: &str| {
        send(altinn.platform(Method::GET, &format!("/resourceregistry/api/{path}"))).await
    };
    let found = get("v1/resource/search?title=skatte&resourceType=generic")
        .await
        .json();
    assert_eq!(
        (len(&found), &found[0]["identifier"]),
        (1, &json!("skf-skattemelding"))
    );
    assert!(len(&get("v1/resource/resourcelist").await.json()) > 3);
    assert_eq!(
        get("v1/resource/skf-postlogg").await.json()["title"]["nb"],
        "Postlogg"
    );
    assert_eq!(get("v1/resource/no-such").await.status, 404);
    let rights = get("v1/resource/skf-postlogg/policy/rights").await.json();
    let v2 = get("v2/resource/skf-postlogg/policy/rights").await.json();
    assert_eq!(rights[0]["rightKey"], v2[0]["key"]);
    let desk = Desk::open().await;
    assert_eq!(v2[0]["key"], desk.key("skf-postlogg", "read").await);
    let subjects = get("v1/resource/skf-postlogg/policy/subjects").await.json();
    assert_eq!(subjects["data"][0]["value"], "post-og-telekommunikasjon");
    let urns = json!([subjects["data"][0]["urn"], "urn:altinn:role:nobody"]);
    let path = "/resourceregistry/api/v1/resource/bysubjects/";
    let by = send(altinn.platform(Method::POST, path).json(&urns))
        .await
        .json();
    assert_eq!(len(&by["data"]), 1);
    assert_eq!(by["data"][0]["resources"][0]["value"], "skf-postlogg");
}

#[tokio::test]
async fn the_registry_gives_policies_whole_and_feeds_of_changes_in_pages() {
    let altinn = Altinn::start().await;
    const BASE: &str = "/resourceregistry/api/v1/resource";
    let get = async |path: &str| send(altinn.platform(Method::GET, path)).await;

    let rules = get(&format!("{BASE}/skf-postlogg/policy/rules"))
        .await
        .json();
    let subject = json!([{
        "type": "urn:altinn:accesspackage", "value": "post-og-telekommunikasjon",
    }]);
    assert!(rules.as_array().unwrap().iter().any(|rule| {
        rule["subject"] == subject
            && rule["action"]["value"] == "read"
            && rule["resource"]
                == json!([{ "type": "urn:altinn:resource", "value": "skf-postlogg" }])
    }));
    assert_eq!(
        get(&format!("{BASE}/no-such/policy/rules")).await.status,
        404
    );

    let policy = get(&format!("{BASE}/skf-postlogg/policy")).await;
    assert_eq!(
        (policy.status, policy.header("content-type")),
        (200, "text/xml")
    );
    let policy = policy.body;
    assert!(policy.contains("<xacml:Policy ") && policy.contains(">post-og-telekommunikasjon<"));
    let missing = get(&format!("{BASE}/no-such/policy")).await;
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("Unable to find resource"));

    // each feed read by ones, by its own links, is the feed read at once
    for feed in ["updated", "changes"] {
        let whole = get(&format!("{BASE}/{feed}")).await.json();
        assert_eq!(whole["links"]["next"], Value::Null, "{feed}");
        let mut found = Vec::new();
        let mut path = format!("{BASE}/{feed}?limit=1");
        loop {
            let page = get(&path).await.json();
            assert_eq!(len(&page["data"]), 1, "{feed}");
            found.push(page["data"][0].clone());
            assert!(found.len() <= len(&whole["data"]), "{feed}: goes round");
            let Some(next) = page["links"]["next"].as_str() else {
                break;
            };
            path = next
                .strip_prefix(altinn.sim.platform_url())
                .unwrap()
                .to_owned();
        }
        assert_eq!(Value::from(found), whole["data"], "{feed}");
    }

    let all = get(&format!("{BASE}/updated")).await.json();
    let last = &all["data"][len(&all["data"]) - 1];
    let since = last["updatedAt"].as_str().unwrap();
    let rest = get(&format!("{BASE}/updated?since={since}")).await.json();
    assert!(len(&rest["data"]) < len(&all["data"]));
    assert_eq!(&rest["data"][len(&rest["data"]) - 1], last, "inclusive");

    for (feed, code, paths) in [
        ("updated", "RR.VLD-00008", json!([])),
        ("changes", "RR.VLD-00011", json!(["/$QUERY/limit"])),
    ] {
        for limit in ["0", "1001", "-1"] {
            let no = get(&format!("{BASE}/{feed}?limit={limit}")).await;
            assert_eq!(no.status, 400, "{feed} {limit}");
            let error = &no.json()["validationErrors"][0];
            assert_eq!((&error["code"], &error["paths"]), (&json!(code), &paths));
        }
        for wrong in ["limit=many", "token=%21", "token=e30"] {
            let no = get(&format!("{BASE}/{feed}?{wrong}")).await;
            assert_eq!(no.status, 400, "{feed} {wrong}");
        }
    }
}

#[tokio::test]
async fn a_service_owner_keeps_access_lists_that_the_pdp_reads() {
    let pdp = Pdp::open(Altinn::start().await).await;
    let altinn = &pdp.altinn;
    let token = altinn
        .service_owner(TAX, "altinn:resourceregistry/accesslist.write")
        .await;
    let call = |method: Method, path: &str, body: Option<Value>| {
        let path = format!("/resourceregistry/api/v1/access-lists/{path}");
        let request = altinn.platform(method, &path).bearer_auth(&token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    };
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let manager = [attribute(
        "urn:altinn:person:identifier-no",
        altinn.sim.cast().manager.expose(),
    )];
    let resource = [
        attribute("urn:altinn:resource", "skf-begrenset"),
        attribute("urn:altinn:organization:identifier-no", "310753831"),
    ];
    assert_eq!(pdp.decision(&manager, "read", &resource).await, "Deny");

    let named = Some(json!({ "name": "Nye", "description": "De som kom til" }));
    let saved = call(put.clone(), "skf/nye", named.clone()).await.json();
    assert_eq!(saved["urn"], "urn:altinn:access-list:skf:nye");
    assert_eq!(saved["identifier"], "nye");
    assert_eq!(saved["createdAt"], saved["updatedAt"]);
    let created = saved["createdAt"].as_str().unwrap();
    assert!(created.ends_with("+00:00"), "{created}");
    altinn.sim.clock().advance(SignedDuration::from_secs(60));
    // what changes nothing is no change
    assert_eq!(call(put.clone(), "skf/nye", named).await.json(), saved);
    let members = json!({ "data": ["urn:altinn:organization:identifier-no:310753831"] });
    let added = call(post.clone(), "skf/nye/members", Some(members.clone())).await;
    let customer = &altinn
        .sim
        .world()
        .organisation("310753831")
        .unwrap()
        .clone();
    let joined = &added.json()["data"][0];
    let uuid = customer.party_uuid;
    assert_eq!(joined["id"], format!("urn:altinn:party:uuid:{uuid}"));
    assert_eq!(
        joined["identifiers"],
        json!({
            "urn:altinn:party:uuid": uuid,
            "urn:altinn:party:id": customer.party_id.to_string(),
            "urn:altinn:organization:identifier-no": "310753831",
        })
    );
    let listed = call(get.clone(), "skf/nye", None).await.json();
    assert_eq!(listed["createdAt"], saved["createdAt"]);
    assert_eq!(listed["updatedAt"], joined["since"]);
    assert_ne!(listed["updatedAt"], saved["updatedAt"]);
    // who is on it already stays as before, whatever the name used
    altinn.sim.clock().advance(SignedDuration::from_secs(60));
    for urn in [
        format!("urn:altinn:party:uuid:{uuid}"),
        format!("urn:altinn:party:id:{}", customer.party_id),
    ] {
        let again = json!({ "data": [urn] });
        let again = call(post.clone(), "skf/nye/members", Some(again)).await;
        assert_eq!(again.json(), added.json());
    }
    assert_eq!(
        pdp.decision(&manager, "read", &resource).await,
        "Deny",
        "the list limits nothing yet"
    );
    let connection = "skf/nye/resource-connections/skf-begrenset";
    assert_eq!(call(put.clone(), connection, None).await.status, 400);
    // a list with filters gives those actions and no others
    let other = Some(json!({ "actionFilters": ["write"] }));
    let filtered = call(put.clone(), connection, other).await.json();
    assert_eq!(filtered["actionFilters"], json!(["write"]));
    assert_eq!(pdp.decision(&manager, "read", &resource).await, "Deny");
    altinn.sim.clock().advance(SignedDuration::from_secs(60));
    let both = Some(json!({ "actionFilters": ["write", "read"] }));
    let both = call(put.clone(), connection, both).await.json();
    assert_eq!(both["resourceIdentifier"], "skf-begrenset");
    assert_eq!(both["actionFilters"], json!(["read", "write"]));
    assert_eq!(both["createdAt"], filtered["createdAt"]);
    assert_ne!(both["updatedAt"], filtered["updatedAt"]);
    assert_eq!(pdp.decision(&manager, "read", &resource).await, "Permit");
    for (query, connections) in [
        ("include=resource-actions", json!([both])),
        ("include=resources", {
            let mut bare = both.clone();
            bare.as_object_mut().unwrap().remove("actionFilters");
            json!([bare])
        }),
        ("", Value::Null),
    ] {
        let one = call(get.clone(), &format!("skf/nye?{query}"), None).await;
        assert_eq!(one.json()["resourceConnections"], connections, "{query}");
        let path = format!("skf?{query}&resource=skf-begrenset");
        let all = call(get.clone(), &path, None).await.json();
        assert_eq!(all["data"][1]["resourceConnections"], connections, "{path}");
        // the resource chooses among the connections, not among the lists
        let path = format!("skf?{query}&resource=skf-skattemelding");
        let all = call(get.clone(), &path, None).await.json();
        let none = if connections.is_null() {
            Value::Null
        } else {
            json!([])
        };
        assert_eq!(all["data"][1]["resourceConnections"], none, "{path}");
    }
    // no filters: all actions
    let all = call(put.clone(), connection, Some(json!({}))).await.json();
    assert!(all.get("actionFilters").is_none(), "{all}");
    assert_eq!(pdp.decision(&manager, "read", &resource).await, "Permit");
    assert_eq!(len(&call(get.clone(), "skf", None).await.json()["data"]), 2);
    assert_eq!(
        len(&call(get.clone(), "skf/nye/resource-connections", None)
            .await
            .json()["data"]),
        1
    );
    let removed = call(delete.clone(), "skf/nye/members", Some(members)).await;
    assert_eq!(removed.json()["data"], json!([]));
    assert_eq!(pdp.decision(&manager, "read", &resource).await, "Deny");
    for (path, name) in [
        (connection, "resourceIdentifier"),
        ("skf/nye", "identifier"),
    ] {
        let there = call(delete.clone(), path, None).await;
        assert_eq!(there.status, 200, "{path}");
        let id = path.rsplit_once('/').unwrap().1;
        assert_eq!(there.json()[name], id);
        if path == connection {
            assert_eq!(call(delete.clone(), path, None).await.status, 204);
        }
    }
    assert_eq!(call(delete.clone(), "skf/nye", None).await.status, 204);
    assert_eq!(call(delete.clone(), connection, None).await.status, 404);
    let patch = call(Method::PATCH, "skf/godkjente", Some(json!([]))).await;
    assert_eq!(patch.status, 501);
    let unknown = call(get.clone(), "skf?include=owners", None).await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.json()["errors"]["include"].is_array());
    assert_eq!(call(get.clone(), "skf/nye", None).await.status, 404);

    let urn = "urn:altinn:organization:identifier-no:310753831";
    let many = Some(json!({ "data": vec![urn; 101] }));
    for (method, path, body, expected) in [
        (
            put.clone(),
            "skf/godkjente/members",
            many.clone(),
            "400 RR.VLD-00000",
        ),
        (
            post.clone(),
            "skf/godkjente/members",
            many,
            "400 RR.VLD-00001",
        ),
        (
            post.clone(),
            "skf/godkjente/members",
            Some(json!({ "data": ["310753831"] })),
            "400 RR.VLD-00004",
        ),
        (
            post,
            "skf/godkjente/members",
            Some(json!({ "data": ["urn:altinn:organization:identifier-no:999999999"] })),
            "400 RR-00001",
        ),
        (
            put,
            "skf/godkjente/resource-connections/no-such",
            Some(json!({})),
            "400 RR-00002",
        ),
        (
            get.clone(),
            "skf?include=resource-actions",
            None,
            "400 RR.VLD-00002",
        ),
        (get.clone(), "skf?include=members", None, "501 RR-00000"),
        (get.clone(), "nobody", None, "400 RR.VLD-00010"),
    ] {
        let answer = call(method, path, body).await;
        assert_eq!(code(&answer), expected, "{path}: {}", answer.body);
        let kind = answer.json()["type"].as_str().unwrap().to_owned();
        assert!(kind.starts_with("urn:altinn:error:"), "{kind}");
    }
    // a resource of another owner
    let other = altinn
        .service_owner(SERVICE_OWNER, "altinn:resourceregistry/accesslist.write")
        .await;
    let lists = "/resourceregistry/api/v1/access-lists/digdir/egen";
    let list = altinn.platform(Method::PUT, lists).bearer_auth(&other);
    assert_eq!(
        send(list.json(&json!({ "name": "Egen" }))).await.status,
        200
    );
    let path = format!("{lists}/resource-connections/skf-begrenset");
    let foreign = altinn.platform(Method::PUT, &path).bearer_auth(&other);
    let foreign = send(foreign.json(&json!({}))).await;
    assert_eq!(code(&foreign), "403 RR-00004");
    let refused = call(get, "digdir", None).await;
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
}

#[tokio::test]
async fn access_lists_and_what_is_on_them_come_in_pages() {
    let organisations: String = (0..101)
        .map(|n| {
            let number = norwegian_ids::synthetic::organisation_number(7000 + n);
            let uuid = format!("aaaaaaaa-0000-4000-8000-{n:012}");
            format!(
                "[[organisations]]\nnumber = \"{number}\"\nname = \"SIDE {n}\"\nform = \"AS\"\n\
                 party_uuid = \"{uuid}\"\nparty_id = {}\n",
                51_900_000 + n
            )
        })
        .collect();
    let altinn = Altinn::seeded(&organisations).await;
    let token = altinn
        .service_owner(TAX, "altinn:resourceregistry/accesslist.write")
        .await;
    let base = "/resourceregistry/api/v1/access-lists/skf";
    let call = |method: Method, path: &str, body: Option<Value>| {
        let request = altinn.platform(method, path).bearer_auth(&token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
    };
    let next = |page: &Answer| {
        let next = page.json()["links"]["next"].as_str().map(str::to_owned);
        next.map(|url| url[url.find("/resourceregistry").unwrap()..].to_owned())
    };
    // twenty lists in a page, by identifier; one is there from the start
    for n in (0..20).rev() {
        let path = format!("{base}/a{n:02}");
        let saved = call(Method::PUT, &path, Some(json!({ "name": "A" }))).await;
        assert_eq!(saved.status, 200);
    }
    let path = format!("{base}?include=resources&resource=skf-begrenset");
    let first = call(Method::GET, &path, None).await;
    assert_eq!(len(&first.json()["data"]), 20);
    assert_eq!(first.json()["data"][0]["identifier"], "a00");
    assert_eq!(first.json()["data"][0]["resourceConnections"], json!([]));
    let second = call(Method::GET, &next(&first).unwrap(), None).await;
    assert_eq!(next(&second), None);
    let last = &second.json()["data"];
    assert_eq!(
        (len(last), &last[0]["identifier"]),
        (1, &json!("godkjente"))
    );
    // the server's own link forgets what was to be included
    assert!(last[0].get("resourceConnections").is_none(), "{last}");

    // a hundred members in a page, by UUID, as long as nothing changes
    let members = format!("{base}/a00/members");
    let urns: Vec<String> = (0..101)
        .map(|n| format!("urn:altinn:party:uuid:aaaaaaaa-0000-4000-8000-{n:012}"))
        .collect();
    let few = Some(json!({ "data": urns[..100] }));
    let few = call(Method::PUT, &members, few).await;
    assert_eq!((len(&few.json()["data"]), next(&few)), (100, None));
    let one = Some(json!({ "data": urns[100..] }));
    let first = call(Method::POST, &members, one).await;
    assert_eq!(len(&first.json()["data"]), 100);
    let more = next(&first).unwrap();
    let second = call(Method::GET, &more, None).await.json();
    assert_eq!(len(&second["data"]), 1);
    assert_eq!(second["data"][0]["id"], urns[100]);
    let gone = Some(json!({ "data": urns[..1] }));
    assert_eq!(call(Method::DELETE, &members, gone).await.status, 200);
    assert_eq!(call(Method::GET, &more, None).await.status, 412);
    let wrong = format!("{members}?token=e30");
    assert_eq!(call(Method::GET, &wrong, None).await.status, 400);
}

#[tokio::test]
async fn a_package_for_people_is_not_given_to_an_organisation() {
    let desk = Desk::open().await;
    let cast = desk.altinn.sim.cast();
    let organisation = desk.altinn.party(&cast.receiving_organisation);
    let connect = desk.at("", &format!("to={organisation}"));
    assert_eq!(desk.call(Method::POST, &connect, None).await.status, 200);
    let give = |to: &str| {
        desk.at(
            "/accesspackages",
            &format!("to={to}&package=tilgangsstyring-enkeltinstanser"),
        )
    };
    let refused = desk.call(Method::POST, &give(&organisation), None).await;
    assert_eq!(code(&refused), "400 AM.VLD-00033");
    let person = desk.altinn.person_party(&cast.connected_person);
    assert_eq!(
        desk.call(Method::POST, &give(&person), None).await.status,
        200
    );
}

#[tokio::test]
async fn paging_headers_are_taken_and_change_nothing() {
    let desk = Desk::open().await;
    let path = desk.at("", &format!("from={}", desk.party));
    let all = desk.get(&path).await.json();
    let request = desk
        .altinn
        .platform(Method::GET, &path)
        .bearer_auth(&desk.token);
    let paged = request
        .header("X-Page-Size", "1")
        .header("X-Page-Number", "7");
    assert_eq!(send(paged).await.json(), all);
    assert!(len(&all["data"]) > 1);
}

#[tokio::test]
async fn a_role_that_came_from_altinn2_can_be_taken_and_no_other() {
    let altinn = Altinn::seeded(
        r#"
        [[role_definitions]]
        id = 11
        altinn3_code = "utfyller-innsender"
        altinn3_id = "dbaae9f8-107a-4222-9afd-d9f95cd5319c"
        "#,
    )
    .await;
    let token = altinn.system_user(ALL_CONNECTIONS).await;
    let desk = Desk {
        party: altinn.customer(),
        token,
        altinn,
    };
    let to = desk
        .altinn
        .person_party(&desk.altinn.sim.cast().connected_person);
    let roles = async || {
        let listed = desk.get(&desk.to("/roles", &to, "")).await.json();
        let roles = listed["data"].as_array().unwrap().iter();
        roles
            .map(|r| r["role"]["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(roles().await, ["rettighetshaver", "utfyller-innsender"]);
    let take = |code: &str| desk.to("/roles", &to, &format!("rolecode={code}"));
    let refused = desk
        .call(Method::DELETE, &take("rettighetshaver"), None)
        .await;
    assert_eq!(code(&refused), "400 AM-00040");
    assert_eq!(
        desk.call(Method::DELETE, &take("utfyller-innsender"), None)
            .await
            .status,
        204
    );
    assert_eq!(roles().await, ["rettighetshaver"]);
    let refused = desk
        .call(Method::DELETE, &take("utfyller-innsender"), None)
        .await;
    assert_eq!(code(&refused), "400 AM-00040");
}

/// Every operation with a scope of its own, and a method of it.
const GUARDED: &[(&str, &str)] = &[
    ("GET", "enduser/connections/users"),
    ("GET", "enduser/connections/resources/instances"),
    ("DELETE", "enduser/connections/resources/instances"),
    ("GET", "enduser/connections/resources/instances/rights"),
    ("POST", "enduser/connections/resources/instances/rights"),
    ("PUT", "enduser/connections/resources/instances/rights"),
    (
        "GET",
        "enduser/connections/resources/instances/delegationcheck",
    ),
    ("GET", "enduser/connections/resources/instances/users"),
    ("GET", "enduser/request"),
    ("GET", "enduser/request/sent"),
    ("GET", "enduser/request/received"),
    ("GET", "enduser/request/sent/count"),
    ("GET", "enduser/request/received/count"),
    ("POST", "enduser/request/resource"),
    ("POST", "enduser/request/package"),
    ("PUT", "enduser/request/sent/withdraw"),
    ("PUT", "enduser/request/received/approve"),
    ("PUT", "enduser/request/received/reject"),
    ("PUT", "enduser/request/draft/confirm"),
    ("GET", "enduser/request/draft"),
    ("GET", "enduser/maskinportensuppliers"),
    ("POST", "enduser/maskinportensuppliers"),
    ("DELETE", "enduser/maskinportensuppliers"),
    ("GET", "enduser/maskinportensuppliers/resources"),
    ("POST", "enduser/maskinportensuppliers/resources"),
    ("DELETE", "enduser/maskinportensuppliers/resources"),
    (
        "GET",
        "enduser/maskinportensuppliers/resources/delegationcheck",
    ),
    ("GET", "enduser/maskinportenconsumers"),
    ("DELETE", "enduser/maskinportenconsumers"),
    ("GET", "enduser/maskinportenconsumers/resources"),
    ("DELETE", "enduser/maskinportenconsumers/resources"),
    ("GET", "enduser/clientdelegations/clients"),
    ("GET", "enduser/clientdelegations/agents"),
    ("POST", "enduser/clientdelegations/agents"),
    ("DELETE", "enduser/clientdelegations/agents"),
    ("DELETE", "enduser/clientdelegations/agents/clients"),
    ("GET", "enduser/clientdelegations/agents/accesspackages"),
    ("POST", "enduser/clientdelegations/agents/accesspackages"),
    ("GET", "enduser/clientdelegations/clients/accesspackages"),
    ("GET", "enduser/clientdelegations/my/clients"),
    ("DELETE", "enduser/clientdelegations/my/clients"),
    ("GET", "enduser/clientdelegations/my/clientproviders"),
    ("DELETE", "enduser/clientdelegations/my/clientproviders"),
    ("POST", "serviceowner/authorizedparties"),
    ("POST", "serviceowner/delegationrequests"),
    ("POST", "serviceowner/delegationrequests/resource"),
    ("POST", "serviceowner/delegationrequests/package"),
    ("GET", "serviceowner/delegationrequests/_meta/urns/party"),
    ("POST", "serviceowner/connections/accesspackages"),
    ("POST", "serviceowner/connections/accesspackages/revoke"),
    ("GET", "maskinporten/delegations"),
    ("POST", "maskinporten/consent/lookup"),
    ("POST", "enterprise/consentrequests"),
    ("GET", "enterprise/consentrequests/events"),
];

#[tokio::test]
async fn nobody_gets_in_without_a_token_or_without_the_scope() {
    let altinn = Altinn::start().await;
    let customer = altinn.customer();
    let user = altinn.system_user("altinn:instances.read").await;
    let owner = altinn.service_owner(TAX, "altinn:serviceowner").await;
    for (method, path) in GUARDED {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let path = format!(
            "/accessmanagement/api/v1/{path}?party={customer}&from={customer}&to={customer}"
        );
        for (token, status) in [(None, 401), (Some(&user), 403), (Some(&owner), 403)] {
            let request = altinn.platform(method.clone(), &path);
            let request = token
                .into_iter()
                .fold(request, |r, token| r.bearer_auth(token));
            let answer = send(request).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (status, ""),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_lock_on_looking_people_up_is_one_for_all_operations() {
    let desk = Desk::open().await;
    let scopes = format!("{ALL_CONNECTIONS} {CLIENTS}");
    let token = desk.altinn.system_user(&scopes).await;
    let desk = Desk { token, ..desk };
    let person = desk.altinn.sim.cast().new_person;
    let input = |name: &str| json!({ "personIdentifier": person.expose(), "lastName": name });
    let agents = format!(
        "/accessmanagement/api/v1/enduser/clientdelegations/agents?party={}",
        desk.party
    );
    let check = desk.at("/resources/delegationcheck", "resource=skf-postlogg");
    let key = desk.get(&check).await.json()["rights"][0]["right"]["key"].clone();
    let instance = desk.at(
        "/resources/instances/rights",
        "resource=skf-postlogg&instance=urn:altinn:dialog-id:1",
    );
    let given = |name: &str| json!({ "to": input(name), "directRightKeys": [key] });
    let wrong = desk.call(Method::POST, &agents, Some(input("GRAN"))).await;
    assert_eq!(code(&wrong), "400 AM-00023");
    let wrong = desk
        .call(Method::POST, &instance, Some(given("GRAN")))
        .await;
    assert_eq!(code(&wrong), "400 AM-00023");
    for (path, body) in [
        (&agents, input("GRANITT")),
        (&instance, given("GRANITT")),
        (&desk.at("", ""), input("GRANITT")),
    ] {
        let locked = desk.call(Method::POST, path, Some(body)).await;
        assert_eq!(code(&locked), "429 AM-00026", "{path}");
    }
}
