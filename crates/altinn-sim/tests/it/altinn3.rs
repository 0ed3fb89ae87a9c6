//! Access management over the wire.

use altinn_sim::world::Hidden;
use altinn_sim::{Era, Simulator};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_CONNECTIONS, Altinn, Answer, CONNECTIONS, PARTIES, send};

/// One party and one token.
pub(crate) struct Desk {
    pub(crate) altinn: Altinn,
    pub(crate) token: String,
    pub(crate) party: String,
}

impl Desk {
    /// The customer's system user.
    pub(crate) async fn open() -> Self {
        let altinn = Altinn::start().await;
        let scopes = format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}");
        let token = altinn.system_user(&scopes).await;
        let party = altinn.customer();
        Self {
            altinn,
            token,
            party,
        }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.altinn.platform(method, path).bearer_auth(&self.token);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// `{CONNECTIONS}{path}?party=…&{query}`.
    pub(crate) fn at(&self, path: &str, query: &str) -> String {
        format!("{CONNECTIONS}{path}?party={}&{query}", self.party)
    }

    /// The same, from the party to somebody.
    pub(crate) fn to(&self, path: &str, to: &str, query: &str) -> String {
        self.at(path, &format!("from={}&to={to}&{query}", self.party))
    }

    pub(crate) async fn key(&self, resource: &str, action: &str) -> String {
        let path = self.at(
            "/resources/delegationcheck",
            &format!("resource={resource}"),
        );
        let check = self.get(&path).await.json();
        let rights = check["rights"].as_array().unwrap();
        let found = rights
            .iter()
            .find(|r| r["right"]["action"]["value"] == action)
            .unwrap();
        assert_eq!(found["result"], true, "{found}");
        found["right"]["key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn number(&self, person: &Hidden) -> String {
        person.expose().to_owned()
    }
}

pub(crate) fn code(answer: &Answer) -> String {
    let body = answer.json();
    let inner = &body["validationErrors"][0]["code"];
    let code = if inner.is_string() {
        inner
    } else {
        &body["code"]
    };
    format!("{} {}", answer.status, code.as_str().unwrap_or("-"))
}

#[tokio::test]
async fn what_is_granted_is_listed_and_what_is_revoked_is_gone() {
    let desk = Desk::open().await;
    let person = desk.altinn.sim.cast().new_person;
    let input = json!({ "personIdentifier": desk.number(&person), "lastName": " granitt " });

    // the connection: by number and last name, and the same one when asked again
    let created = desk
        .call(Method::POST, &desk.at("", ""), Some(input.clone()))
        .await;
    assert_eq!(created.status, 200, "{created:?}");
    let created = created.json();
    let to = created["toId"].as_str().unwrap().to_owned();
    assert_eq!(to, desk.altinn.person_party(&person));
    assert_eq!(created["roleId"], "42cae370-2dc1-4fdc-9c67-c2f4b0f0f829");
    let again = desk
        .call(Method::POST, &desk.at("", &format!("to={to}")), None)
        .await;
    assert_eq!(again.json(), created);

    // an access package, by code and by URN
    let path = desk.at(
        "/accesspackages",
        &format!("to={to}&package=skattegrunnlag"),
    );
    let given = desk.call(Method::POST, &path, None).await.json();
    assert_eq!(given["assignmentId"], created["id"]);
    let urn = "urn:altinn:accesspackage:skattegrunnlag";
    let path = desk.at("/accesspackages", &format!("to={to}&package={urn}"));
    assert_eq!(desk.call(Method::POST, &path, None).await.json(), given);
    let packages = desk.get(&desk.to("/accesspackages", &to, "")).await.json();
    assert_eq!(packages["links"], json!({ "next": null }));
    assert_eq!(packages["data"][0]["package"]["urn"], urn);
    let permission = &packages["data"][0]["permissions"][0];
    assert_eq!(permission["reason"]["flag"], 1);
    assert_eq!(permission["role"]["code"], "rettighetshaver");
    assert_eq!(permission["role"]["legacyurn "], Value::Null);
    assert!(
        permission["role"]
            .as_object()
            .unwrap()
            .contains_key("legacyurn ")
    );

    // two rights of three, then one of them
    let (read, write) = (
        desk.key("skf-skattemelding", "read").await,
        desk.key("skf-skattemelding", "write").await,
    );
    let path = desk.to("/resources/rights", &to, "resource=skf-skattemelding");
    let keys = json!({ "directRightKeys": [read, write] });
    let added = desk.call(Method::POST, &path, Some(keys)).await;
    assert_eq!((added.status, added.body.as_str()), (201, ""));
    let actions = |rights: &Value, list: &str| -> Vec<String> {
        let list = rights[list].as_array().unwrap().iter();
        list.map(|r| r["right"]["action"]["value"].as_str().unwrap().to_owned())
            .collect()
    };
    let rights = desk.get(&path).await.json();
    assert_eq!(actions(&rights, "directRights"), ["read", "write"]);
    assert_eq!(
        actions(&rights, "indirectRights"),
        ["read", "write", "sign"]
    );
    let replaced = desk
        .call(
            Method::PUT,
            &path,
            Some(json!({ "DirectRightKeys": [read] })),
        )
        .await;
    assert_eq!((replaced.status, replaced.body.as_str()), (200, ""));
    assert_eq!(
        actions(&desk.get(&path).await.json(), "directRights"),
        ["read"]
    );

    // everything together, seen from both sides
    let query = "includeAccessPackages=true&includeResources=true";
    let list = desk.get(&desk.to("", &to, query)).await.json();
    let party = &list["data"][0];
    assert_eq!(party["party"]["name"], "KREATIV GRANITT");
    assert_eq!(party["party"]["personIdentifier"], desk.number(&person));
    assert_eq!(party["party"]["dateOfBirth"], "1981-07-24");
    assert_eq!(party["party"]["parent"], Value::Null);
    assert_eq!(party["packages"][0]["urn"], urn);
    assert_eq!(party["resources"][0]["refId"], "skf-skattemelding");
    let short = desk.get(&desk.to("", &to, "")).await.json();
    assert_eq!(
        (
            &short["data"][0]["packages"],
            &short["data"][0]["resources"]
        ),
        (&json!([]), &json!([]))
    );
    let resources = desk.get(&desk.to("/resources", &to, "")).await.json();
    assert_eq!(resources.as_array().unwrap().len(), 1);

    // and back again, one by one; taking what is gone is no error
    let blocked = desk.call(Method::DELETE, &desk.to("", &to, ""), None).await;
    assert_eq!(code(&blocked), "400 AM.VLD-00010");
    for path in [
        desk.to("/accesspackages", &to, "package=skattegrunnlag"),
        desk.to("/resources", &to, "resource=skf-skattemelding"),
        desk.to("/resources", &to, "resource=skf-skattemelding"),
    ] {
        let gone = desk.call(Method::DELETE, &path, None).await;
        assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    }
    assert_eq!(
        desk.get(&desk.to("/accesspackages", &to, "")).await.json()["data"],
        json!([])
    );
    assert_eq!(
        desk.get(&desk.to("/resources", &to, "")).await.json(),
        json!([])
    );
    assert_eq!(
        desk.call(Method::DELETE, &desk.to("", &to, ""), None)
            .await
            .status,
        204
    );
    assert_eq!(
        desk.get(&desk.to("", &to, query)).await.json()["data"],
        json!([])
    );
}

#[tokio::test]
async fn a_cascade_takes_the_connection_with_all_that_hangs_on_it() {
    let desk = Desk::open().await;
    let to = desk
        .altinn
        .person_party(&desk.altinn.sim.cast().connected_person);
    let packages = desk.to("/accesspackages", &to, "");
    assert_eq!(
        desk.get(&packages).await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let gone = desk
        .call(Method::DELETE, &desk.to("", &to, "cascade=true"), None)
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(desk.get(&packages).await.json()["data"], json!([]));
}

#[tokio::test]
async fn authorized_parties_are_flat_with_codes_and_only_what_was_asked_for() {
    let desk = Desk::open().await;
    let all = "includeRoles=true&includeAccessPackages=true&includeResources=true";
    let parties = desk.get(&format!("{PARTIES}?{all}")).await.json();
    assert_eq!(parties["links"], json!({ "next": null }));
    let [party] = parties["data"].as_array().unwrap().as_slice() else {
        panic!("{parties}")
    };
    assert_eq!(party["partyUuid"], desk.party);
    assert_eq!(party["organizationNumber"], desk.altinn.sim.cast().customer);
    assert_eq!(party["personId"], Value::Null);
    assert_eq!(party["type"], "Organization");
    assert_eq!(party["authorizedRoles"], json!(["rettighetshaver"]));
    let packages = party["authorizedAccessPackages"].as_array().unwrap();
    assert!(packages.contains(&json!("tilgangsstyrer")), "{packages:?}");
    assert_eq!(party["subunits"][0]["unitType"], "BEDR");
    assert_eq!(party["subunits"][0]["parentId"], desk.party);

    let bare = desk
        .get(&format!("{PARTIES}?includeSubParties=false"))
        .await
        .json();
    let party = &bare["data"][0];
    for list in ["authorizedRoles", "authorizedAccessPackages", "subunits"] {
        assert_eq!(party[list], json!([]), "{list}");
    }
    for (query, count) in [
        (format!("partyFilter={}", desk.party), 1),
        (format!("partyFilter={}", desk.altinn.party("310811548")), 0),
        ("anyOfResourceIds=skf-skattemelding".to_owned(), 1),
        ("anyOfResourceIds=no-such-resource".to_owned(), 0),
    ] {
        let found = desk.get(&format!("{PARTIES}?{query}")).await.json();
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{query}");
    }
    for query in [
        "includeRoles=maybe",
        "includeSubParties=perhaps",
        "partyFilter=310753831",
    ] {
        let answer = desk.get(&format!("{PARTIES}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let name = query.split('=').next().unwrap();
        assert!(answer.json()["errors"][name][0].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_person_acts_for_oneself_and_for_whom_one_manages() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let scopes = format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}");
    let token = altinn.person(&cast.manager, &scopes).await;
    let manager = Desk {
        party: altinn.customer(),
        token,
        altinn,
    };
    let parties = manager
        .get(&format!("{PARTIES}?includeRoles=true"))
        .await
        .json();
    let roles: Vec<&Value> = parties["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["authorizedRoles"])
        .collect();
    assert!(
        roles.contains(&&json!(["dagl", "daglig-leder"])),
        "{roles:?}"
    );
    assert!(
        roles.contains(&&json!(["priv", "privatperson"])),
        "{roles:?}"
    );

    // the register's role is listed among the connections, and cannot be taken away
    let own = manager.altinn.person_party(&cast.manager);
    let held = manager.get(&manager.to("/roles", &own, "")).await.json();
    assert_eq!(held["data"][0]["role"]["legacyRoleCode"], "DAGL");
    assert!(held["data"][0]["role"].get("isRevocable").is_none());
    let removed = manager
        .call(
            Method::DELETE,
            &manager.to("/roles", &own, "rolecode=daglig-leder"),
            None,
        )
        .await;
    assert_eq!(code(&removed), "400 AM-00040");

    // a receiver drops what it received; the giver's scope does not help it
    let Desk {
        altinn,
        party: customer,
        ..
    } = manager;
    let receiver = altinn.person_party(&cast.connected_person);
    let token = altinn.person(&cast.connected_person, ALL_CONNECTIONS).await;
    let received = Desk {
        party: receiver.clone(),
        token,
        altinn,
    };
    let query = format!("from={customer}&to={receiver}");
    let list = received
        .get(&received.at("/accesspackages", &query))
        .await
        .json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let path = received.at(
        "/accesspackages",
        &format!("{query}&package=post-og-telekommunikasjon"),
    );
    assert_eq!(received.call(Method::DELETE, &path, None).await.status, 204);
    let list = received
        .get(&received.at("/accesspackages", &query))
        .await
        .json();
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn who_may_not_call_hears_so_without_a_reason() {
    let desk = Desk::open().await;
    let altinn = &desk.altinn;
    let customer = desk.party.clone();
    let other = altinn.party(&altinn.sim.cast().receiving_organisation);
    let person = altinn.person_party(&altinn.sim.cast().connected_person);
    let connections = |query: String| format!("{CONNECTIONS}?{query}");
    let good = connections(format!("party={customer}&from={customer}"));

    let everything = desk.token.as_str();
    let wanted = "altinn:accessmanagement/enduser:connections:toothers.read";
    let read_only = altinn.system_user(wanted).await;
    let write_only = altinn.system_user(&wanted.replace("read", "write")).await;
    let organisation = altinn.organisation(ALL_CONNECTIONS).await;
    let manager = altinn
        .person(&altinn.sim.cast().manager, ALL_CONNECTIONS)
        .await;
    let nobody = altinn
        .person(&altinn.sim.cast().new_person, ALL_CONNECTIONS)
        .await;
    let create = connections(format!("party={customer}&to={person}"));

    for (token, method, path, status) in [
        (Some(everything), Method::GET, good.clone(), 200),
        (Some(&read_only), Method::GET, good.clone(), 200),
        (None, Method::GET, good.clone(), 401),
        (
            Some("eyJhbGciOiJub25lIn0.e30."),
            Method::GET,
            good.clone(),
            401,
        ),
        // the scope, the direction, the party
        (Some(&write_only), Method::GET, good.clone(), 403),
        (Some(&read_only), Method::POST, create.clone(), 403),
        (
            Some(&read_only),
            Method::GET,
            connections(format!("party={customer}&to={customer}")),
            403,
        ),
        (
            Some(everything),
            Method::GET,
            connections(format!("party={customer}")),
            403,
        ),
        (
            Some(everything),
            Method::GET,
            connections(format!("party={customer}&from={other}&to={person}")),
            403,
        ),
        (
            Some(everything),
            Method::GET,
            connections(format!("from={customer}")),
            403,
        ),
        (
            Some(everything),
            Method::GET,
            connections("party=310753831&from=310753831".into()),
            403,
        ),
        (
            Some(everything),
            Method::GET,
            connections(format!("party={customer}&from={}", customer.to_uppercase())),
            403,
        ),
        // managing access for somebody else
        (
            Some(everything),
            Method::GET,
            connections(format!("party={other}&from={other}")),
            403,
        ),
        (Some(&nobody), Method::GET, good.clone(), 403),
        // what a person has received is not for others, not even for a manager
        (
            Some(&manager),
            Method::GET,
            connections(format!("party={person}&from={customer}&to={person}")),
            403,
        ),
        // an organisation has no party UUID
        (Some(&organisation), Method::GET, good.clone(), 403),
        (Some(&organisation), Method::GET, PARTIES.to_owned(), 403),
        (None, Method::GET, PARTIES.to_owned(), 401),
    ] {
        let request = altinn.platform(method, &path);
        let request = token
            .iter()
            .fold(request, |request, token| request.bearer_auth(token));
        let answer = send(request).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(status == 200 || answer.body.is_empty(), "{answer:?}");
    }

    let scope = "altinn:accessmanagement/authorizedparties";
    let organisation = altinn.organisation(scope).await;
    let answer = send(
        altinn
            .platform(Method::GET, PARTIES)
            .bearer_auth(organisation),
    )
    .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, "Unknown user type")
    );
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");

    altinn.sim.clock().advance(SignedDuration::from_mins(31));
    let answer = send(altinn.platform(Method::GET, &good).bearer_auth(everything)).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, ""),
        "30 minutes are over"
    );
}

#[tokio::test]
async fn each_problem_has_its_code() {
    let desk = Desk::open().await;
    let altinn = &desk.altinn;
    let cast = altinn.sim.cast();
    let new = altinn.person_party(&cast.new_person);
    let connected = altinn.person_party(&cast.connected_person);
    let organisation = altinn.party(&cast.receiving_organisation);
    let nobody = "00000000-0000-4000-8000-000000000000";
    let key = desk.key("skf-postlogg", "read").await;
    let closed = desk
        .get(&desk.at("/resources/delegationcheck", "resource=skf-lukket-innsyn"))
        .await
        .json();
    assert_eq!(closed["rights"][0]["result"], false);
    assert_eq!(
        closed["rights"][0]["reasonCodes"],
        json!(["ResourceNotDelegable"])
    );
    let closed_key = closed["rights"][0]["right"]["key"].clone();
    let keys = |key: &Value| Some(json!({ "directRightKeys": [key] }));
    let right = |to: &str, resource: &str| {
        desk.at("/resources/rights", &format!("to={to}&resource={resource}"))
    };
    let package = |to: &str, query: &str| desk.at("/accesspackages", &format!("to={to}&{query}"));
    let check = |query: &str| desk.at("/accesspackages/delegationcheck", query);

    for (method, path, body, expected) in [
        // connections
        (
            "POST",
            desk.at("", &format!("to={nobody}")),
            None,
            "400 AM-00023",
        ),
        (
            "POST",
            desk.at("", &format!("to={new}")),
            None,
            "400 AM-00024",
        ),
        ("POST", desk.at("", ""), None, "400 AM.VLD-00007"),
        (
            "POST",
            desk.at("", &format!("to={}", desk.party)),
            None,
            "400 AM.VLD-00007",
        ),
        (
            "POST",
            desk.at("", ""),
            Some(json!({ "lastName": "GRANITT" })),
            "400 STD.VLD-00000",
        ),
        // packages
        (
            "POST",
            package(&organisation, "package=skattegrunnlag"),
            None,
            "400 AM-00022",
        ),
        (
            "POST",
            package(&new, "package=skattegrunnlag"),
            None,
            "400 AM-00022",
        ),
        (
            "POST",
            package(&connected, "package=no-such-package"),
            None,
            "400 AM-00035",
        ),
        (
            "POST",
            package(&connected, &format!("packageId={nobody}")),
            None,
            "400 AM.VLD-00011",
        ),
        (
            "POST",
            package(&connected, "package=hovedadministrator"),
            None,
            "400 AM-00041",
        ),
        ("POST", package(&connected, ""), None, "400 AM.VLD-00007"),
        (
            "GET",
            check("packages=no-such-package"),
            None,
            "400 AM-00035",
        ),
        (
            "GET",
            check(&format!("packageIds={nobody}")),
            None,
            "400 AM.VLD-00011",
        ),
        // rights
        (
            "POST",
            right(&new, "skf-postlogg"),
            keys(&json!(key)),
            "400 AM-00022",
        ),
        (
            "POST",
            right(nobody, "skf-postlogg"),
            keys(&json!(key)),
            "400 AM-00023",
        ),
        (
            "POST",
            right(&connected, "no-such-resource"),
            keys(&json!(key)),
            "400 AM-00027",
        ),
        (
            "POST",
            right(&connected, "skf-postlogg"),
            Some(json!({})),
            "400 AM-00033",
        ),
        (
            "POST",
            right(&connected, "skf-postlogg"),
            keys(&json!("read")),
            "400 AM-00036",
        ),
        (
            "PUT",
            right(&connected, "skf-skattemelding"),
            keys(&json!(key)),
            "400 AM-00036",
        ),
        (
            "POST",
            right(&connected, "skf-lukket-innsyn"),
            keys(&closed_key),
            "400 AM-00042",
        ),
        (
            "DELETE",
            desk.to("/roles", &connected, "rolecode=no-such-role"),
            None,
            "400 AM-00039",
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = desk.call(method, &path, body).await;
        assert_eq!(code(&answer), expected, "{path}: {}", answer.body);
        let body = answer.json();
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(
            (&body["title"], &body["status"]),
            (&json!("Bad Request"), &json!(400))
        );
    }

    // what ASP.NET cannot bind
    for (method, path, body, field) in [
        ("POST", desk.at("", "to=24878123375"), None, "to"),
        (
            "DELETE",
            desk.at("", &format!("from={}", desk.party)),
            None,
            "to",
        ),
        (
            "GET",
            desk.at("/resources/delegationcheck", ""),
            None,
            "resource",
        ),
        (
            "GET",
            desk.to("", &connected, "includeResources=2"),
            None,
            "includeResources",
        ),
        ("POST", right(&connected, "skf-postlogg"), None, ""),
        ("POST", desk.at("", ""), Some(json!(["GRANITT"])), "$"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = desk.call(method, &path, body).await;
        assert_eq!(code(&answer), "400 -", "{path}: {}", answer.body);
        assert!(
            answer.json()["errors"][field][0].is_string(),
            "{path}: {}",
            answer.body
        );
        assert!(
            answer.json()["traceId"]
                .as_str()
                .unwrap()
                .starts_with("00-")
        );
    }
}

#[tokio::test]
async fn an_access_manager_gives_only_what_it_has() {
    // no main administrator: holds tilgangsstyrer and one package
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
    let to = desk
        .altinn
        .person_party(&desk.altinn.sim.cast().connected_person);

    let checks = desk
        .get(&desk.at("/accesspackages/delegationcheck", ""))
        .await
        .json();
    let results: Vec<(&str, bool)> = checks["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            (
                c["package"]["urn"].as_str().unwrap(),
                c["result"].as_bool().unwrap(),
            )
        })
        .map(|(urn, result)| (urn.rsplit(':').next().unwrap(), result))
        .collect();
    for (package, result) in [
        ("skattegrunnlag", true),
        ("post-og-telekommunikasjon", false),
        ("hovedadministrator", false),
    ] {
        assert!(results.contains(&(package, result)), "{results:?}");
    }
    let give = |package: &str| desk.at("/accesspackages", &format!("to={to}&package={package}"));
    let refused = desk
        .call(Method::POST, &give("post-og-telekommunikasjon"), None)
        .await;
    assert_eq!(code(&refused), "400 AM-00028");
    assert_eq!(
        desk.call(Method::POST, &give("skattegrunnlag"), None)
            .await
            .status,
        200
    );

    let path = desk.at("/resources/delegationcheck", "resource=skf-postlogg");
    let check = desk.get(&path).await.json();
    assert_eq!(check["rights"][0]["result"], false);
    let keys = json!({ "directRightKeys": [check["rights"][0]["right"]["key"]] });
    let path = desk.at(
        "/resources/rights",
        &format!("to={to}&resource=skf-postlogg"),
    );
    assert_eq!(
        code(&desk.call(Method::POST, &path, Some(keys)).await),
        "400 AM-00028"
    );
}

#[tokio::test]
async fn two_failed_lookups_lock_every_system_user_out_for_an_hour() {
    let desk = Desk::open().await;
    let person = desk.altinn.sim.cast().new_person;
    let path = desk.at("", "");
    let right = json!({ "personIdentifier": desk.number(&person), "lastName": "GRANITT" });
    let wrong = json!({ "personIdentifier": desk.number(&person), "lastName": "GRAN" });
    for _ in 0..2 {
        let answer = desk.call(Method::POST, &path, Some(wrong.clone())).await;
        assert_eq!(code(&answer), "400 AM-00023");
        assert!(!answer.body.contains("GRANITT"));
    }
    let locked = desk.call(Method::POST, &path, Some(right.clone())).await;
    assert_eq!(code(&locked), "429 AM-00026");

    let clock = desk.altinn.sim.clock();
    clock.advance(SignedDuration::from_secs(3590));
    let fresh = desk.altinn.system_user(ALL_CONNECTIONS).await;
    let desk = Desk {
        token: fresh,
        ..desk
    };
    assert_eq!(
        desk.call(Method::POST, &path, Some(right.clone()))
            .await
            .status,
        429
    );
    desk.altinn
        .sim
        .clock()
        .advance(SignedDuration::from_secs(20));
    assert_eq!(
        desk.call(Method::POST, &path, Some(right)).await.status,
        200
    );
}

#[tokio::test]
async fn a_right_that_does_not_stick_is_answered_with_success_and_not_listed() {
    let desk = Desk::open().await;
    let to = desk
        .altinn
        .person_party(&desk.altinn.sim.cast().connected_person);
    let key = desk.key("skf-postlogg", "read").await;
    desk.altinn.sim.faults().set_right_does_not_stick(true);
    let package = desk.at(
        "/accesspackages",
        &format!("to={to}&package=skattegrunnlag"),
    );
    assert_eq!(desk.call(Method::POST, &package, None).await.status, 200);
    let rights = desk.to("/resources/rights", &to, "resource=skf-postlogg");
    let keys = Some(json!({ "directRightKeys": [key] }));
    assert_eq!(desk.call(Method::POST, &rights, keys).await.status, 201);
    let held = desk.get(&desk.to("/accesspackages", &to, "")).await.json();
    assert_eq!(
        held["data"].as_array().unwrap().len(),
        1,
        "only what was there: {held}"
    );
    assert_eq!(desk.get(&rights).await.json()["directRights"], json!([]));
}

#[tokio::test]
async fn altinn3_answers_in_both_eras() {
    let altinn = Altinn::start_with(Simulator::builder().era(Era::Altinn2Closed)).await;
    let token = altinn
        .system_user("altinn:accessmanagement/authorizedparties")
        .await;
    let answer = send(altinn.platform(Method::GET, PARTIES).bearer_auth(token)).await;
    assert_eq!(answer.status, 200);
}
