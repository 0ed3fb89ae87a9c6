//! Altinn 2 over the wire: own rights, app rights, role definitions, enterprise users, metadata, service
//! owners, releases and irregular forms.

use altinn_sim::{ActionForm, Altinn2Release, DateForm, ErrorForm, HalForms, Quirks, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_ALTINN2, Altinn, Answer, send};

const HAL: &str = "application/hal+json";
const SKF: &str = "310799564";
const EVERYTHING: &str = "altinn:rolesandrights.write altinn:roledefinitions.read \
    altinn:roledefinitions.write";

/// Somebody with a token and a key.
struct Desk {
    altinn: Altinn,
    token: String,
    key: String,
}

impl Desk {
    /// The vendor's enterprise user, who is the customer's main administrator.
    async fn open(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut quirks = Quirks::default();
        change(&mut quirks);
        let altinn = Altinn::start_with(Simulator::builder().quirks(quirks)).await;
        let scopes = format!("{ALL_ALTINN2} {EVERYTHING}");
        let token = altinn.enterprise_user("sneglebruker", &scopes).await;
        let key = altinn.api_key("vendor");
        Self { altinn, token, key }
    }

    /// The vendor itself, as an organisation.
    async fn vendor(change: impl FnOnce(&mut Quirks)) -> Self {
        let desk = Self::open(change).await;
        let scopes = "altinn:enterpriseusers.read altinn:enterpriseusers.write";
        let token = desk.altinn.organisation(scopes).await;
        Self { token, ..desk }
    }

    async fn owner(scopes: &str, change: impl FnOnce(&mut Quirks)) -> Self {
        let desk = Self::open(change).await;
        let token = desk.altinn.service_owner(SKF, scopes).await;
        let key = desk.altinn.api_key("service-owner");
        Self { token, key, ..desk }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self
            .altinn
            .altinn2(method, path)
            .bearer_auth(&self.token)
            .header("ApiKey", &self.key)
            .header("Accept", HAL);
        send(match body {
            Some(body) => request.header("Content-Type", HAL).body(body.to_string()),
            None => request,
        })
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn delete(&self, path: &str) -> (u16, Option<String>) {
        let answer = self.call(Method::DELETE, path, None).await;
        assert_eq!(answer.body, "");
        (answer.status, answer.phrase)
    }

    /// `/api/{customer}/authorization…`.
    fn at(&self, rest: &str) -> String {
        let customer = self.altinn.sim.cast().customer;
        format!("/api/{customer}/authorization{rest}")
    }

    /// Gives from the customer to somebody; 201.
    async fn give(&self, to: Value, embedded: Value) {
        let mut body = to;
        body["_embedded"] = embedded;
        let path = self.at("/Delegations");
        let answer = self.call(Method::POST, &path, Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
}

async fn ask(altinn: &Altinn, path: &str) -> Answer {
    send(altinn.altinn2(Method::GET, path).header("Accept", HAL)).await
}

fn items<'v>(list: &'v Value, key: &str) -> &'v Vec<Value> {
    let embedded = &list["_embedded"];
    embedded[key]
        .as_array()
        .unwrap_or_else(|| panic!("no {key}: {list}"))
}

fn enterprise_user(name: &str) -> Value {
    json!({ "UserName": name, "OrganizationNumber": "310742104" })
}

fn april(quirks: &mut Quirks) {
    quirks.altinn2_release = Altinn2Release::new(23, 4);
}

#[tokio::test]
async fn what_one_holds_oneself_is_given_up_and_gone() {
    let desk = Desk::open(april).await;
    let right = json!({ "ServiceCode": "1051", "ServiceEditionCode": 140619, "Action": "Read" });
    let app = json!({ "AltinnAppId": "skf/naeringsoppgave", "ResourceId": "urn:altinn:task",
                      "ResourceValue": "Task_1", "Action": "write" });
    let embedded = json!({ "Roles": [{ "RoleDefinitionId": 11 }], "Rights": [right],
                           "Apprights": [app] });
    desk.give(enterprise_user("sneglebruker"), embedded).await;

    let roles = desk.get(&desk.at("/roles")).await.json();
    let names: Vec<&Value> = items(&roles, "roles")
        .iter()
        .map(|r| &r["RoleName"])
        .collect();
    let expected = [
        "Tilgangsstyring",
        "Hovedadministrator",
        "Utfyller/Innsender",
        "Enkeltrettigheter",
    ];
    assert_eq!(names, expected);
    let english = desk.get(&desk.at("/roles?language=1033")).await.json();
    assert_eq!(items(&english, "roles")[0]["RoleName"], "Access manager");
    let rights = desk
        .get(&desk.at("/rights?$filter=RightSourceType ne 'RoleTypeRights'"))
        .await
        .json();
    let [right] = items(&rights, "rights").as_slice() else {
        panic!("{rights}")
    };
    let filter = "?$filter=RightSourceType ne 'RoleTypeRight'";
    let app_rights = desk
        .get(&desk.at(&format!("/apprights{filter}")))
        .await
        .json();
    let [app_right] = items(&app_rights, "apprights").as_slice() else {
        panic!("{app_rights}")
    };
    assert_eq!(app_right["RightSourceType"], "DirectlyDelegated");
    let delete = app_right["_links"]["delete"]["href"].as_str().unwrap();
    let host = desk.altinn.sim.altinn2_url();
    let delete = delete.strip_prefix(host).unwrap().to_owned();
    let by_role = desk.get(&desk.at("/apprights")).await.json();
    let by_role = &items(&by_role, "apprights")[0];
    assert_eq!(
        (&by_role["RuleGuid"], &by_role["RightSourceType"]),
        (&json!(""), &json!("RoleTypeRight"))
    );
    assert!(by_role.get("_links").is_none());
    // reportees are found by the app, too: the customer and its sub-unit
    let reportees = desk
        .get("/api/reportees?app=skf/naeringsoppgave")
        .await
        .json();
    assert_eq!(items(&reportees, "reportees").len(), 2);

    let id = &right["RightID"];
    assert_eq!(desk.delete(&desk.at(&format!("/rights/{id}"))).await.0, 204);
    assert_eq!(desk.delete(&desk.at(&format!("/rights/{id}"))).await.0, 404);
    assert_eq!(desk.delete(&delete).await.0, 204);
    assert_eq!(desk.delete(&delete).await.0, 404);
    let id = &items(&roles, "roles")[2]["RoleId"];
    assert_eq!(desk.delete(&desk.at(&format!("/roles/{id}"))).await.0, 204);
    let roles = desk.get(&desk.at("/roles")).await.json();
    assert_eq!(items(&roles, "roles").len(), 2);
    // the register's cannot be given up
    let manager = desk.altinn.sim.cast().manager;
    let scopes = format!("{ALL_ALTINN2} {EVERYTHING}");
    let token = desk.altinn.person(&manager, &scopes).await;
    let desk = Desk { token, ..desk };
    let answer = desk.delete(&desk.at("/roles/50000001")).await;
    assert_eq!(
        answer,
        (403, Some("The role cannot be deleted.".to_owned()))
    );
}

#[tokio::test]
async fn app_rights_are_given_listed_and_taken_back_by_path_and_by_query() {
    let desk = Desk::open(april).await;
    let person = desk.altinn.sim.cast().new_person;
    let to = json!({ "SocialSecurityNumber": person.expose(), "LastName": "GRANITT" });
    let rule = |action: &str, value: &str| {
        let kind = if value == "EndEvent_1" {
            "end-event"
        } else {
            "task"
        };
        json!({ "AltinnAppId": "skf/naeringsoppgave", "ResourceId": format!("urn:altinn:{kind}"),
                "ResourceValue": value, "Action": action })
    };
    let rules = json!({ "Apprights": [rule("read", "Task_1"), rule("read", "EndEvent_1")] });
    desk.give(to.clone(), rules).await;
    let place = desk.at("/delegations/r51600203/apprights");
    let listed = desk.get(&place).await.json();
    let guids: Vec<&str> = items(&listed, "apprights")
        .iter()
        .map(|r| r["RuleGuid"].as_str().unwrap())
        .collect();
    assert_eq!(guids.len(), 2, "{listed}");
    let holders = desk
        .get(&desk.at("/delegations?app=skf/naeringsoppgave"))
        .await
        .json();
    let holders = items(&holders, "rightholders");
    let holder = holders
        .iter()
        .find(|h| h["RightHolderId"] == "r51600203")
        .unwrap();
    assert!(holder["_links"]["apprights"]["href"].is_string());

    assert_eq!(
        desk.delete(&format!("{place}/skf/naeringsoppgave/{}", guids[0]))
            .await
            .0,
        204
    );
    let query = format!(
        "?receiverId=r51600203&org=skf&app=naeringsoppgave&ruleGuid={}",
        guids[1]
    );
    assert_eq!(
        desk.delete(&desk.at(&format!("/delegations{query}")))
            .await
            .0,
        204
    );
    let listed = desk.get(&place).await.json();
    assert!(items(&listed, "apprights").is_empty());
    for wrong in [
        rule("sign", "Task_1"),
        json!({ "RuleGuid": uuid::Uuid::new_v4() }),
    ] {
        let mut body = to.clone();
        body["_embedded"] = json!({ "Apprights": [wrong] });
        let answer = desk
            .call(Method::POST, &desk.at("/Delegations"), Some(body))
            .await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (400, Some("The app right does not exist"))
        );
    }
}

#[tokio::test]
async fn an_organisation_makes_roles_of_its_own() {
    let desk = Desk::open(april).await;
    let right = |action: &str| json!({ "ServiceCode": "1051", "ServiceEditionCode": "140619", "Action": action });
    let body = |name: &str, rights: Vec<Value>| {
        Some(
            json!({ "RoleName": name, "RoleDescription": 1, "RoleType": "service",
                     "_embedded": { "Rights": rights } }),
        )
    };
    let place = desk.at("/RoleDefinitions");
    let made = desk
        .call(Method::POST, &place, body("Mva", vec![right("Read")]))
        .await;
    assert_eq!((made.status, made.body.as_str()), (201, ""), "{made:?}");
    let location = made.header("location").to_owned();
    let path = location
        .strip_prefix(desk.altinn.sim.altinn2_url())
        .unwrap()
        .to_owned();
    assert!(path.contains("/authorization/roledefinitions/"), "{path}");
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();

    // a bare array without codes, which has all three kinds
    let list = desk.get(&place).await.json();
    let list = list.as_array().unwrap();
    let types: Vec<&str> = list
        .iter()
        .map(|r| r["RoleType"].as_str().unwrap())
        .collect();
    for kind in ["Altinn", "External", "Local"] {
        assert!(types.contains(&kind), "{types:?}");
    }
    assert!(list.iter().all(|r| r.get("RoleDefinitionCode").is_none()));
    let one = desk.get(&path).await.json();
    assert_eq!(
        (&one["RoleName"], &one["RoleDescription"]),
        (&json!("Mva"), &json!("1"))
    );
    assert_eq!(one["Rights"][0]["Action"], "Read");
    // others do not see it
    let other = desk
        .get("/api/my/authorization/roledefinitions")
        .await
        .json();
    assert!(
        other
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["RoleDefinitionId"] != id)
    );
    assert_eq!(
        desk.get(&format!("/api/my/authorization/roledefinitions/{id}"))
            .await
            .status,
        404
    );

    // it is given as the others are, and gives what it says
    let to = enterprise_user("snegllaerling");
    desk.give(to, json!({ "Roles": [{ "RoleDefinitionId": id }] }))
        .await;
    let rights = desk.at("/delegations/u20700302/rights");
    let actions = async || -> Vec<String> {
        let list = desk.get(&rights).await.json();
        let of = |r: &Value| r["Action"].as_str().unwrap().to_owned();
        items(&list, "rights").iter().map(of).collect()
    };
    assert_eq!(actions().await, ["Read"]);
    let roles = desk
        .get(&desk.at("/delegations/u20700302/roles"))
        .await
        .json();
    assert_eq!(items(&roles, "roles")[0]["RoleType"], "Local");
    let more = body("Mva", vec![right("Read"), right("Sign")]);
    let changed = desk.call(Method::PUT, &path, more).await;
    assert_eq!(
        (changed.status, changed.header("location")),
        (204, location.as_str())
    );
    assert_eq!(actions().await, ["Read", "Sign"]);

    // not one that there is not, nor Altinn's
    let phrase =
        "Role definition cannot be updated, verify that you have access to the supplied rights";
    let unknown = json!({ "ServiceCode": "1", "ServiceEditionCode": 1, "Action": "Read" });
    for (path, rights) in [
        (path.clone(), vec![unknown]),
        (desk.at("/roledefinitions/11"), vec![]),
    ] {
        let answer = desk.call(Method::PUT, &path, body("Mva", rights)).await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (403, Some(phrase))
        );
    }
    assert_eq!(desk.delete(&path).await.0, 204);
    assert_eq!(desk.get(&path).await.status, 404);
    assert!(
        actions().await.is_empty(),
        "whoever had the role has it no more"
    );
}

#[tokio::test]
async fn what_a_release_brought_or_took_is_there_before_or_after_only() {
    type Number = Option<(u8, u8)>;
    let cases: [(Method, &str, Number, Number); 12] = [
        (Method::DELETE, "/roles/1", None, Some((23, 5))),
        (Method::DELETE, "/rights/1", None, Some((23, 5))),
        (Method::GET, "/apprights", Some((22, 3)), Some((23, 5))),
        (
            Method::DELETE,
            "/apprights/skf/app/1",
            Some((22, 3)),
            Some((23, 5)),
        ),
        (
            Method::GET,
            "/delegations/r51600201/apprights",
            Some((22, 3)),
            Some((23, 5)),
        ),
        (
            Method::DELETE,
            "/delegations/r51600201/apprights/skf/app/1",
            Some((22, 3)),
            Some((23, 5)),
        ),
        (Method::POST, "/roledefinitions", None, Some((23, 5))),
        (Method::PUT, "/roledefinitions/11", None, Some((23, 5))),
        (Method::DELETE, "/roledefinitions/11", None, Some((23, 5))),
        (Method::GET, "/roledefinitions", None, None),
        (Method::GET, "/roles", None, None),
        (Method::GET, "/rights", None, None),
    ];
    for (year, number, forbidden) in [
        (22, 2, false),
        (23, 4, false),
        (23, 5, false),
        (23, 5, true),
    ] {
        let release = Altinn2Release::new(year, number);
        let desk = Desk::open(|quirks| {
            quirks.altinn2_release = release;
            quirks.altinn2_removed_is_forbidden = forbidden;
        })
        .await;
        for (method, path, since, removed) in &cases {
            let of = |(year, number): (u8, u8)| Altinn2Release::new(year, number);
            let there = since.is_none_or(|since| of(since) <= release);
            let gone = removed.is_some_and(|removed| of(removed) <= release);
            // without a key: where there is an operation, it says that first
            let answer = send(desk.altinn.altinn2(method.clone(), &desk.at(path))).await;
            let expected = match (there, gone) {
                (true, false) => 400,
                (true, true) if forbidden => 403,
                _ => 404,
            };
            assert_eq!(answer.status, expected, "{method} {path} in {release}");
        }
    }
    // the default is as it was on the last day
    assert_eq!(Quirks::default().altinn2_release, Altinn2Release::LAST);
    // other changes
    let desk = Desk::open(|quirks| quirks.altinn2_release = Altinn2Release::new(19, 8)).await;
    let holders = desk.get(&desk.at("/delegations")).await.json();
    let number = items(&holders, "rightholders")[0]["SocialSecurityNumber"].clone();
    assert_eq!(
        number,
        desk.altinn.sim.cast().manager.expose(),
        "not masked yet"
    );
    let roles = desk.get(&desk.at("/roles")).await.json();
    assert!(
        items(&roles, "roles")[0]
            .get("RoleDefinitionCode")
            .is_none()
    );
    let conversion = "/api/reportees/ReporteeConversion";
    assert_eq!(
        desk.call(Method::POST, conversion, Some(json!({})))
            .await
            .status,
        404
    );
    let desk = Desk::open(|quirks| quirks.altinn2_release = Altinn2Release::new(21, 11)).await;
    let person = desk.altinn.sim.cast().new_person;
    let body = json!({ "SocialSecurityNumber": person.expose(), "LastName": "GRANITT" });
    let answer = desk.call(Method::POST, conversion, Some(body)).await;
    assert_eq!(answer.status, 403, "not on the caller's own list");
}

#[tokio::test]
async fn an_enterprise_user_lives_through_its_whole_life() {
    let desk = Desk::vendor(|_| {}).await;
    let place = "/api/enterpriseusers";
    let made = desk
        .call(Method::POST, place, Some(json!({ "UserName": "nysnegl" })))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let [user] = made.as_array().unwrap().as_slice() else {
        panic!("a list of one: {made}")
    };
    let secret = user["Secret"].as_str().unwrap().to_owned();
    assert!(secret.len() == 50 && secret.bytes().all(|b| b.is_ascii_graphic()));
    let created = user["Created"].as_str().unwrap();
    assert!(
        created.contains('+') && created.find('+').unwrap() == 27,
        "{created}"
    );
    let listed = desk.get(place).await.json();
    let names: Vec<&Value> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|u| &u["UserName"])
        .collect();
    assert_eq!(names, ["sneglebruker", "snegllaerling", "nysnegl"]);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|u| u.get("Secret").is_none())
    );
    let stored = listed[2]["Created"].as_str().unwrap();
    assert!(
        !stored.contains('+') && created.starts_with(&stored[..19]),
        "{stored}"
    );

    // its secret opens the exchange, and with a right it does something
    let logs_in = async |name: &str, secret: &str| -> u16 {
        let token = desk.altinn.maskinporten_token(ALL_ALTINN2).await;
        desk.altinn.exchange_as(&token, name, secret).await.status
    };
    assert_eq!(logs_in("nysnegl", &secret).await, 200);
    assert_eq!(logs_in("nysnegl", "feil").await, 401);
    let taken = |name: &str| Some(json!({ "UserName": name }));
    for (method, path) in [
        (Method::POST, place.to_owned()),
        (Method::PUT, format!("{place}/nysnegl")),
    ] {
        for name in ["SnegleBruker", "lillatiger", ""] {
            let answer = desk.call(method.clone(), &path, taken(name)).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            assert!(answer.json()["ErrorCode"].is_number(), "{answer:?}");
        }
    }
    let renamed = desk
        .call(
            Method::PUT,
            &format!("{place}/NYSNEGL"),
            taken("gammelsnegl"),
        )
        .await;
    assert_eq!(renamed.status, 200);
    let renamed = renamed.json();
    assert_eq!(renamed[0]["UserName"], "gammelsnegl");
    assert!(renamed[0].get("Secret").is_none() && renamed[0]["LastChanged"].is_string());
    assert_eq!(logs_in("nysnegl", &secret).await, 401);
    assert_eq!(logs_in("gammelsnegl", &secret).await, 200);
    let rotate = format!("{place}/gammelsnegl/rotatesecret");
    let rotated = desk.call(Method::POST, &rotate, None).await;
    assert_eq!(rotated.status, 200);
    let new = rotated.json()[0]["Secret"].as_str().unwrap().to_owned();
    assert_ne!(new, secret);
    assert_eq!(logs_in("gammelsnegl", &secret).await, 401);
    assert_eq!(logs_in("gammelsnegl", &new).await, 200);

    let token = desk.altinn.maskinporten_token(ALL_ALTINN2).await;
    let token = desk
        .altinn
        .exchange_as(&token, "gammelsnegl", &new)
        .await
        .body;
    let user = |token: &str| {
        let request = desk
            .altinn
            .altinn2(Method::GET, "/api/reportees")
            .bearer_auth(token);
        send(request.header("ApiKey", &desk.key))
    };
    assert_eq!(user(&token).await.status, 200);
    assert_eq!(desk.delete(&format!("{place}/gammelsnegl")).await.0, 204);
    assert_eq!(desk.delete(&format!("{place}/gammelsnegl")).await.0, 404);
    assert_eq!(desk.get(&format!("{place}/gammelsnegl")).await.status, 404);
    assert_eq!(logs_in("gammelsnegl", &new).await, 401);
    assert_eq!(
        user(&token).await.status,
        403,
        "a token outlives its user, and opens nothing"
    );

    // only with the scope, only before a key of one's own, and only one's own
    let token = desk
        .altinn
        .organisation("altinn:enterpriseusers.read")
        .await;
    let reader = Desk { token, ..desk };
    let answer = reader.call(Method::POST, place, taken("x")).await;
    assert_eq!(
        answer.phrase.as_deref(),
        Some("Claims Authorization failed: Missing required scope")
    );
    let token = reader
        .altinn
        .enterprise_user("sneglebruker", ALL_ALTINN2)
        .await;
    let user = Desk { token, ..reader };
    assert_eq!(user.get(place).await.status, 401);
}

#[tokio::test]
async fn a_new_enterprise_user_is_a_right_holder_of_its_organisation_and_receives() {
    let desk = Desk::vendor(|_| {}).await;
    let made = desk
        .call(
            Method::POST,
            "/api/enterpriseusers",
            Some(json!({ "UserName": "ny" })),
        )
        .await;
    assert_eq!(made.status, 201);
    let token = desk
        .altinn
        .enterprise_user("sneglebruker", ALL_ALTINN2)
        .await;
    let desk = Desk { token, ..desk };
    let holders = desk.get("/api/my/authorization/delegations").await.json();
    let holder = items(&holders, "rightholders")
        .iter()
        .find(|h| h["UserName"] == "ny");
    let id = holder.unwrap()["RightHolderId"].as_str().unwrap();
    desk.give(
        enterprise_user("ny"),
        json!({ "Roles": [{ "RoleDefinitionId": 6 }] }),
    )
    .await;
    let roles = desk
        .get(&desk.at(&format!("/delegations/{id}/roles")))
        .await
        .json();
    assert_eq!(items(&roles, "roles").len(), 1);
    let reportee = desk.get(&desk.at("/Reportee/r51600201")).await.json();
    assert_eq!(reportee["ReporteeId"], "r51600201");
    assert_eq!(desk.get(&desk.at("/Reportee/r51600203")).await.status, 404);
    let organizations = desk.get("/api/organizations").await.json();
    let organizations = items(&organizations, "organizations").len();
    assert_eq!(organizations, 3, "its own, the customer and the sub-unit");
    assert_eq!(
        desk.get("/api/organizations/310753831").await.json()["Type"],
        "AS"
    );
    assert_eq!(desk.get("/api/organizations/310811548").await.status, 403);
}

#[tokio::test]
async fn metadata_are_open_to_anybody() {
    let altinn = Altinn::start().await;
    let all = ask(&altinn, "/api/metadata?language=1044").await;
    assert_eq!(all.header("access-control-allow-origin"), "*");
    let all = all.json();
    let base = format!("{}/api", altinn.sim.altinn2_url());
    assert_eq!(all["_links"]["self"]["href"], format!("{base}/metadata"));
    let app = items(&all, "metadata")
        .iter()
        .find(|s| s["ServiceCode"] == "AppId:64")
        .unwrap();
    assert_eq!(
        (&app["ServiceType"], &app["AltinnAppId"]),
        (&json!("AltinnApp"), &json!("skf/naeringsoppgave"))
    );
    assert!(app["_links"].get("self").is_none() && app.get("ServiceEditionCode").is_none());
    let href = app["_links"]["rolerequirements"]["href"].as_str().unwrap();
    assert!(href.ends_with("?serviceCode=AppId%3A64"), "{href}");
    let path = |href: &str| {
        href.strip_prefix(altinn.sim.altinn2_url())
            .unwrap()
            .to_owned()
    };
    let requirements = ask(&altinn, &path(href)).await.json();
    let requirement = &items(&requirements, "rolerequirements")[0];
    assert_eq!(
        requirement["Operations"][0]["Name"], "Access",
        "{requirement}"
    );

    let filter = "$filter=ServiceType eq 'FormTask' and ValidFrom lt DateTime'2020-01-01T00:00:00'";
    let forms = ask(&altinn, &format!("/api/metadata?{filter}"))
        .await
        .json();
    let [form] = items(&forms, "metadata").as_slice() else {
        panic!("{forms}")
    };
    let page = path(form["_links"]["self"]["href"].as_str().unwrap());
    let page = ask(&altinn, &page).await.json();
    let schema = page["FormsMetaData"][0]["_links"]["schema"]["href"]
        .as_str()
        .unwrap();
    let attachment = page["AttachmentRules"][0]["_links"]["schema"]["href"]
        .as_str()
        .unwrap();
    assert!(page["FormsMetaData"][0]["DataFormatID"].is_string());
    for schema in [schema, attachment] {
        let schema = ask(&altinn, &path(schema)).await;
        assert!(schema.header("content-type").starts_with("application/xml"));
        assert!(schema.body.contains("<xs:schema"), "{schema:?}");
    }
    let lookup = ask(&altinn, "/api/metadata/lookup/4629/2").await.json();
    let schemas = lookup["_links"]["schema"].as_array().unwrap();
    assert_eq!(schemas.len(), 2, "a relation with an array of links");
    let schema = ask(&altinn, &path(schemas[1]["href"].as_str().unwrap())).await;
    assert_eq!(schema.status, 200);
    let requirements =
        "/api/metadata/rolerequirements?serviceCode=1051&serviceEditionCode=140619&language=1033";
    let requirements = ask(&altinn, requirements).await.json();
    let first = &items(&requirements, "rolerequirements")[0];
    assert_eq!(first["LocalizedRoleName"], "Reporter/sender");
    assert_eq!(
        first["Operations"][0]["AppliesTo"][0]["Name"],
        "FormFilling"
    );

    let lists = ask(&altinn, "/api/metadata/codelists?language=1033")
        .await
        .json();
    assert!(
        lists["_links"]["self"]["href"]
            .as_str()
            .unwrap()
            .ends_with("?language=1033")
    );
    let latest = ask(&altinn, "/api/metadata/codelists/asf_land/?language=1033")
        .await
        .json();
    assert_eq!(
        (&latest["Version"], &latest["Name"]),
        (&json!(2758), &json!("ASF_Land"))
    );
    assert_eq!(
        (&latest["Codes"][0]["Code"], &latest["Codes"][1]["Value1"]),
        (&json!(""), &json!("NORWAY"))
    );
    let old = ask(&altinn, "/api/metadata/codelists/ASF_Land/1")
        .await
        .json();
    assert_eq!(old["Codes"].as_array().unwrap().len(), 1);

    let roles = ask(&altinn, "/api/metadata/roledefinitions").await.json();
    let roles = items(&roles, "roledefinitions");
    assert!(
        roles
            .iter()
            .all(|r| r["RoleType"] != "Local" && r["RoleDefinitionCode"].is_string())
    );
    let one = ask(&altinn, "/api/metadata/roledefinitions/195?language=2068")
        .await
        .json();
    assert_eq!(one["RoleName"], "Dagleg leiar");

    let jwk = ask(&altinn, "/api/metadata/jwk").await;
    assert_eq!(jwk.header("cache-control"), "max-age=86400");
    let key = jwk.json()["keys"][0].clone();
    assert!(
        key["n"].as_str().unwrap().ends_with('='),
        "standard base64: {key}"
    );
    assert_eq!(
        ask(&altinn, "/api/metadata/jwk").await.json()["keys"][0],
        key
    );
    for place in [
        "/api/metadata/well-known",
        "/.well-known/oauth-authorization-server",
    ] {
        let document = ask(&altinn, place).await.json();
        assert_eq!(document["jwks_uri"], format!("{base}/metadata/jwk"));
    }
    for unknown in [
        "/api/metadata/formtask/1051/1",
        "/api/metadata/formtask/4503/2",
        "/api/metadata/formtask/1051/140619/forms/212/1/xsd",
        "/api/metadata/codelists/ukjent/1",
        "/api/metadata/codelists/ASF_Land/3",
        "/api/metadata/roledefinitions/1",
        "/api/metadata/rolerequirements?serviceCode=1&serviceEditionCode=1",
        "/api/metadata/rolerequirements?serviceCode=AppId:1",
        "/api/metadata/rolerequirements?app=skf/ukjent",
    ] {
        assert_eq!(ask(&altinn, unknown).await.status, 404, "{unknown}");
    }
    let phrase = ask(&altinn, "/api/metadata?$filter=ValidTil eq 'x'")
        .await
        .phrase;
    let expected = "Could not find property named 'ValidTil' on type 'Altinn.SBL.AltinnWebAPI.Models.ServiceMetaData'";
    assert_eq!(phrase.as_deref(), Some(expected));
}

#[tokio::test]
async fn a_service_owner_asks_about_its_own_services() {
    let desk = Desk::owner("altinn:serviceowner", |_| {}).await;
    let cast = desk.altinn.sim.cast();
    let manager = cast.manager.expose();
    let reportees = desk
        .get(&format!(
            "/api/serviceowner/reportees?subject={manager}&$top=500"
        ))
        .await;
    let reportees = reportees.json();
    assert_eq!(items(&reportees, "reportees").len(), 3);
    for reportee in items(&reportees, "reportees") {
        assert!(reportee.get("ReporteeId").is_none() && reportee.get("_links").is_none());
    }
    let filter =
        "&serviceCode=4936&serviceEdition=1&$filter=Type ne 'Person' and Status eq 'Active'";
    let some = desk
        .get(&format!(
            "/api/serviceowner/reportees?subject={manager}{filter}"
        ))
        .await
        .json();
    assert_eq!(items(&some, "reportees").len(), 2);

    let pair = format!("subject={manager}&reportee={}", cast.customer);
    let rights = desk
        .get(&format!("/api/serviceowner/authorization/rights?{pair}"))
        .await
        .json();
    assert!(!rights["Rights"].as_array().unwrap().is_empty(), "{rights}");
    assert_eq!(rights["Subject"]["SocialSecurityNumber"], manager);
    assert_eq!(rights["Reportee"]["OrganizationNumber"], cast.customer);
    let place = format!("/api/serviceowner/authorization/roles?{pair}");
    let roles = desk.get(&place).await.json();
    let itself = roles["_links"]["self"]["href"].as_str().unwrap();
    assert!(itself.ends_with(&place[4..]), "the query is kept: {itself}");
    let role = &items(&roles, "roles")[0];
    let link = role["_links"]["roledefinition"]["href"].as_str().unwrap();
    assert!(
        link.ends_with("/api/metadata/roledefinitions/195"),
        "{link}"
    );
    for gone in [
        "roledefinitions",
        "roledefinitions/11",
        "authorization/apprights",
    ] {
        let path = format!("/api/serviceowner/{gone}?{pair}");
        assert_eq!(desk.get(&path).await.status, 404, "{gone}");
    }
    // another service owner has no services of that kind
    let token = desk
        .altinn
        .service_owner(&cast.service_owner, "altinn:serviceowner")
        .await;
    let other = Desk { token, ..desk };
    let rights = other
        .get(&format!("/api/serviceowner/authorization/rights?{pair}"))
        .await
        .json();
    assert_eq!(rights["Rights"], json!([]));

    let new = cast.new_person.expose();
    other.altinn.sim.change_world(|world| {
        let person = world
            .persons
            .iter_mut()
            .find(|p| p.number == cast.new_person);
        person.unwrap().without_profile = true;
    });
    for (subject, phrase) in [
        (
            "12345678901",
            "12345678901 is not a valid organization number or social security number.",
        ),
        (
            new,
            "User profile could not be found for ***********. User profile is created at first login to the Altinn.no portal",
        ),
    ] {
        let answer = other
            .get(&format!("/api/serviceowner/reportees?subject={subject}"))
            .await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (400, Some(phrase))
        );
    }
}

#[tokio::test]
async fn a_service_owner_finds_how_organisations_are_reached() {
    let desk = Desk::owner("altinn:serviceowner/organizations", |_| {}).await;
    let elk = desk.altinn.sim.cast().customer;
    let place = "/api/serviceowner/organizations";
    let found = desk
        .get(&format!(
            "{place}?email=POST@elg.example&$expand=OfficialContacts"
        ))
        .await
        .json();
    let [organisation] = items(&found, "organizations").as_slice() else {
        panic!("{found}")
    };
    assert_eq!(organisation["OrganizationNumber"], elk);
    assert!(
        organisation.as_object().unwrap()["LastConfirmed"].is_null(),
        "written as null"
    );
    assert_eq!(
        organisation["OfficialContacts"].as_array().unwrap().len(),
        2
    );
    let by_phone = desk
        .get(&format!("{place}?phoneNumber=99001002"))
        .await
        .json();
    assert_eq!(items(&by_phone, "organizations").len(), 1);
    let official = desk
        .get(&format!("{place}/{elk}/officialcontacts"))
        .await
        .json();
    let official = items(&official, "officialcontacts");
    assert_eq!(official[0]["MobileNumberChanged"], "0001-01-01T00:00:00");
    assert!(official[1].as_object().unwrap()["EMailAddressChanged"].is_null());
    let people = desk
        .get(&format!(
            "{place}/{elk}/personalcontacts?roleDefinitionCode=DAGL"
        ))
        .await
        .json();
    let [person] = items(&people, "personalcontacts").as_slice() else {
        panic!("{people}")
    };
    assert_eq!(
        person["SocialSecurityNumber"],
        desk.altinn.sim.cast().manager.expose()
    );
    let roles = person["_links"]["roles"]["href"].as_str().unwrap();
    let roles = desk
        .get(roles.strip_prefix(desk.altinn.sim.altinn2_url()).unwrap())
        .await
        .json();
    assert_eq!(items(&roles, "roles")[0]["RoleDefinitionCode"], "DAGL");
    let none = desk
        .get(&format!(
            "{place}/{elk}/personalcontacts?roleDefinitionCode=REGNA"
        ))
        .await
        .json();
    assert!(items(&none, "personalcontacts").is_empty());

    for (path, status, phrase) in [
        ("/0000000", 400, "Invalid organization number: 0000000"),
        (
            "?$top=1001",
            400,
            "The limit of '1000' for Top query has been exceeded. The value from the incoming request is '1001'",
        ),
        ("/310753831/personalcontacts/r1/roles", 404, "Not Found"),
    ] {
        let answer = desk.get(&format!("{place}{path}")).await;
        let phrase = (status != 404).then_some(phrase);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.phrase.as_deref(), phrase);
    }
}

#[tokio::test]
async fn only_service_owners_with_key_and_scope_are_let_in() {
    let desk = Desk::owner("altinn:serviceowner/reportees", |_| {}).await;
    let manager = desk.altinn.sim.cast().manager.expose().to_owned();
    let path = format!("/api/serviceowner/reportees?subject={manager}");
    assert_eq!(desk.get(&path).await.status, 200);
    let phrase = |answer: Answer| (answer.status, answer.phrase.unwrap_or_default());
    let organizations = desk.get("/api/serviceowner/organizations").await;
    let missing = "Claims Authorization failed: Missing required scope";
    assert_eq!(phrase(organizations), (401, missing.to_owned()));
    let user = desk
        .altinn
        .enterprise_user("sneglebruker", ALL_ALTINN2)
        .await;
    let vendor = desk.altinn.organisation("altinn:serviceowner").await;
    let vendor_key = desk.altinn.api_key("vendor");
    let key = desk.altinn.api_key("service-owner");
    let no_organisation =
        "Authorization failed: There is no authenticated organization number set on this request.";
    for (key, token, status, expected) in [
        (
            &vendor_key,
            &desk.token,
            403,
            "Forbidden - The API key is not authorized for this operation",
        ),
        (&key, &user, 401, no_organisation),
        (
            &key,
            &vendor,
            403,
            "Forbidden - The authenticated organization is not a service owner",
        ),
    ] {
        let request = desk.altinn.altinn2(Method::GET, &path).bearer_auth(token);
        let answer = send(request.header("ApiKey", key)).await;
        assert_eq!(phrase(answer), (status, expected.to_owned()));
    }
    let nobody = send(
        desk.altinn
            .altinn2(Method::GET, &path)
            .header("ApiKey", &key),
    )
    .await;
    assert_eq!(phrase(nobody), (401, no_organisation.to_owned()));
}

#[tokio::test]
async fn a_browser_may_use_a_key_from_its_registered_origins() {
    let desk = Desk::open(|_| {}).await;
    desk.altinn.sim.change_world(|world| {
        let key = world
            .api_keys
            .iter_mut()
            .find(|key| key.name == "vendor")
            .unwrap();
        key.origins.push("https://app.example".to_owned());
    });
    for (origin, allowed) in [
        ("https://app.example", "https://app.example"),
        ("https://other.example", ""),
    ] {
        let request = desk
            .altinn
            .altinn2(Method::GET, "/api/reportees")
            .bearer_auth(&desk.token);
        let answer = send(request.header("ApiKey", &desk.key).header("Origin", origin)).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, allowed)
        );
    }
}

/// What a server's answer can show of wire facts, Altinn 2 §10, and what shows it.
#[tokio::test]
async fn every_irregularity_is_shown_or_is_none_of_the_servers_business() {
    let with = async |change: fn(&mut HalForms)| Desk::open(|q| change(&mut q.hal_forms)).await;
    let mut shown: Vec<u8> = Vec::new();
    let mut show = |number: u8, condition: bool, what: &str| {
        assert!(condition, "{number}: {what}");
        shown.push(number);
    };
    let plain = async |desk: &Desk, path: &str| -> Value {
        let request = desk
            .altinn
            .altinn2(Method::GET, path)
            .bearer_auth(&desk.token);
        send(
            request
                .header("ApiKey", &desk.key)
                .header("Accept", "application/json"),
        )
        .await
        .json()
    };

    // regular forms that are odd by themselves
    let desk = with(|_| {}).await;
    let holders = desk.get(&desk.at("/delegations")).await.json();
    let find = &holders["_links"]["find"];
    show(
        1,
        find["isTemplated"] == true && find.get("templated").is_none(),
        "isTemplated",
    );
    let roles = plain(&desk, &desk.at("/roles")).await;
    show(
        1,
        roles[0]["_links"][0]["IsTemplated"] == false,
        "IsTemplated",
    );
    show(2, roles[0]["_links"].is_array(), "links in an array");
    show(3, roles.is_array(), "a bare array in plain JSON");
    let definitions = desk.get(&desk.at("/roledefinitions")).await.json();
    show(3, definitions.is_array(), "a bare array under HAL");
    let lower = ["Rights", "rights"].map(|key| {
        let mut embedded = json!({});
        embedded[key] = json!([{ "ServiceCode": "1051", "ServiceEditionCode": "140619",
                                 "Action": "Archive-Read", "RightType": null, "ValidToDate": null }]);
        embedded
    });
    for embedded in lower {
        desk.give(enterprise_user("snegllaerling"), embedded).await;
    }
    show(
        4,
        holders["_embedded"]["rightholders"].is_array(),
        "lower case; requests in both",
    );
    let holder = desk.get(&desk.at("/delegations/u20700302")).await.json();
    let right = &items(&holder["Rights"], "rights")[0];
    show(5, right["RightID"].is_number(), "nested");
    show(8, right.get("RightID").is_some(), "RightID");
    show(
        10,
        right["Action"] == "ArchiveRead",
        "three spellings are taken",
    );
    show(
        9,
        right["RightSourceType"] == "DirectlyDelegatedRights",
        "plural",
    );
    let pseudo = &items(&holder["Roles"], "roles")[0];
    show(8, pseudo.get("RoleId").is_none(), "no RoleId");
    let holder = desk.get(&desk.at("/delegations/r51600202")).await.json();
    let number = holder["SocialSecurityNumber"].as_str().unwrap();
    show(
        13,
        number.ends_with("*****") && number.len() == 11,
        "masked",
    );
    let bad = desk.get("/api/reportees?$filter=Nam eq 'x'").await;
    show(
        19,
        bad.body.is_empty() && bad.phrase.is_some(),
        "in the reason phrase",
    );
    show(30, bad.phrase.unwrap().contains("'Nam'"), "OData's words");
    let jwk = ask(&desk.altinn, "/api/metadata/jwk").await.json();
    show(
        22,
        jwk["keys"][0]["n"].as_str().unwrap().ends_with('='),
        "standard base64",
    );
    let app = "/api/metadata/rolerequirements?serviceCode=";
    let both = [
        ask(&desk.altinn, &format!("{app}AppId%3A64")).await,
        ask(&desk.altinn, &format!("{app}Appid:64")).await,
    ];
    show(
        29,
        both.iter().all(|a| a.status == 200),
        "both cases, escaped or not",
    );
    let my = desk.get("/api/my/authorization/roles").await.json();
    show(
        24,
        my["_links"]["self"]["href"]
            .as_str()
            .unwrap()
            .contains("/my/"),
        "my stays my",
    );
    let edition = async |name: &str| {
        let query = format!("/delegations?serviceCode=1051&{name}=140619");
        desk.get(&desk.at(&query)).await.status
    };
    show(
        25,
        (
            edition("serviceEdition").await,
            edition("serviceEditionCode").await,
        ) == (200, 200),
        "both",
    );
    let customer = desk.altinn.sim.cast().customer;
    let name = "SNILL OPPRINNELIG ELG AS";
    let convert = async |member: &str| {
        let mut body = json!({ "OrganizationNumber": customer });
        body[member] = name.into();
        desk.call(
            Method::POST,
            "/api/reportees/ReporteeConversion",
            Some(body),
        )
        .await
        .status
    };
    show(
        26,
        (convert("OrganizationName").await, convert("Name").await) == (200, 400),
        "its own name",
    );
    let token = desk.altinn.maskinporten_token(ALL_ALTINN2).await;
    let exchange = async |accept: &str| {
        let path = "/authentication/api/v1/exchange/maskinporten";
        let request = desk.altinn.platform(Method::GET, path).bearer_auth(&token);
        send(request.header("Accept", accept)).await.body
    };
    let quoted = exchange("application/json").await;
    let bare = exchange("text/plain").await;
    show(
        20,
        quoted.starts_with('"') && bare.starts_with("ey"),
        "quoted or not",
    );

    // switches
    let desk = with(|f| f.link_arrays = true).await;
    let list = desk.get("/api/reportees").await.json();
    let first = &items(&list, "reportees")[0];
    show(
        2,
        first["_links"]["self"][0]["href"].is_string(),
        "an array",
    );
    let desk = with(|f| f.link_texts = true).await;
    let list = desk.get("/api/reportees").await.json();
    show(
        2,
        items(&list, "reportees")[0]["_links"]["self"].is_string(),
        "a text",
    );
    let desk = with(|f| f.bare_lists = true).await;
    show(
        3,
        desk.get("/api/reportees").await.json().is_array(),
        "a bare array",
    );
    let desk = with(|f| f.wrapped_role_definitions = true).await;
    let definitions = desk.get(&desk.at("/roledefinitions")).await.json();
    let first = &items(&definitions, "roledefinitions")[0];
    show(
        3,
        first["RoleDefinitionCode"].is_string(),
        "the other way round",
    );
    let one = desk.get(&desk.at("/roledefinitions/11")).await.json();
    show(
        5,
        one["Rights"]["_embedded"]["rights"].is_array(),
        "nested in a definition",
    );
    let desk = with(|f| f.bare_nested_lists = true).await;
    let holder = desk.get(&desk.at("/delegations/r51600202")).await.json();
    show(
        5,
        holder["Roles"].is_array() && holder["Rights"].is_array(),
        "bare",
    );
    for (objects, array) in [(false, true), (true, false)] {
        let desk = Desk::vendor(|q| q.hal_forms.enterprise_user_objects = objects).await;
        let one = desk.get("/api/enterpriseusers/sneglebruker").await.json();
        show(6, one.is_array() == array, "a list of one or an object");
    }
    let desk = with(|f| f.swagger_names = true).await;
    let rights = desk
        .get(&desk.at("/delegations/r51600202/rights"))
        .await
        .json();
    show(
        8,
        items(&rights, "rights")[0]["RightId"].is_number(),
        "RightId",
    );
    let requirements = ask(&desk.altinn, &format!("{app}AppId:64")).await.json();
    let first = &items(&requirements, "rolerequirements")[0];
    show(
        23,
        first["LocalizedRoleTypeName"].is_string() && first["IsDelegatable"].is_boolean(),
        "drafts",
    );
    let right = json!({ "Rights": [{ "ServiceCode": "4936", "ServiceEditionCode": 1, "Action": "Access" }] });
    desk.give(enterprise_user("snegllaerling"), right).await;
    let rights = desk
        .get(&desk.at("/delegations/u20700302/rights"))
        .await
        .json();
    show(
        9,
        items(&rights, "rights")[0]["RightSourceType"] == "DirectlyDelegated",
        "the draft's",
    );
    for (form, action) in [
        (ActionForm::Prose, "ReadArchive"),
        (ActionForm::Swagger, "Archive-Read"),
        (ActionForm::LowerCase, "archiveread"),
    ] {
        let desk = Desk::open(|q| q.hal_forms.actions = form).await;
        let rights = desk
            .get(&desk.at("/delegations/r51600202/rights"))
            .await
            .json();
        show(
            10,
            items(&rights, "rights")
                .iter()
                .any(|r| r["Action"] == action),
            action,
        );
    }
    let desk = with(|f| {
        f.numbers_as_texts = true;
        f.texts_as_numbers = true;
    })
    .await;
    let roles = desk.get(&desk.at("/roles")).await.json();
    show(
        11,
        items(&roles, "roles")[0]["RoleDefinitionId"] == "4",
        "a number as text",
    );
    let token = desk.altinn.service_owner(SKF, "altinn:serviceowner").await;
    let key = desk.altinn.api_key("service-owner");
    let owner = Desk { token, key, ..desk };
    let contacts = owner
        .get(&format!(
            "/api/serviceowner/organizations/{customer}/officialcontacts"
        ))
        .await
        .json();
    show(
        11,
        items(&contacts, "officialcontacts")[1]["MobileNumber"].is_number(),
        "a text as number",
    );
    let changed = async |form: DateForm| -> String {
        let desk = Desk::owner("altinn:serviceowner", |q| q.hal_forms.dates = form).await;
        let place = format!("/api/serviceowner/organizations/{customer}/officialcontacts");
        let contacts = desk.get(&place).await.json();
        items(&contacts, "officialcontacts")[0]["EMailAddressChanged"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (form, text) in [
        (DateForm::Stored, "2019-06-25T13:17:31.497"),
        (DateForm::SevenDigits, "2019-06-25T13:17:31.4970000+02:00"),
        (DateForm::Utc, "2019-06-25T11:17:31.497Z"),
        (DateForm::NoSeconds, "2019-06-25T11:17Z"),
        (DateForm::Unset, "0001-01-01T00:00:00"),
    ] {
        show(12, changed(form).await == text, text);
    }
    let desk = with(|f| f.spaced_masks = true).await;
    let holder = desk.get(&desk.at("/delegations/r51600202")).await.json();
    show(
        13,
        holder["SocialSecurityNumber"]
            .as_str()
            .unwrap()
            .ends_with(" *****"),
        "with a blank",
    );
    let desk = with(|f| {
        f.escaped = true;
        f.padded_names = true;
        f.padded_numbers = true;
        f.descriptions_with_line_break = true;
    })
    .await;
    let list = desk.get("/api/organizations").await;
    let first = items(&list.json(), "organizations")[0].clone();
    show(
        14,
        list.body.starts_with(' ') && list.body.contains(r"\/"),
        "escaped",
    );
    show(
        14,
        first["OrganizationNumber"]
            .as_str()
            .unwrap()
            .ends_with("    "),
        "blanks",
    );
    show(
        24,
        first["_links"]["self"]["href"]
            .as_str()
            .unwrap()
            .ends_with("    "),
        "blanks in an href",
    );
    let roles = desk.get(&desk.at("/roles")).await.json();
    show(
        14,
        items(&roles, "roles")[0]["RoleDescription"]
            .as_str()
            .unwrap()
            .ends_with("\r\n"),
        "line break",
    );
    let desk = with(|f| f.explicit_nulls = true).await;
    let roles = desk.get(&desk.at("/roles")).await.json();
    show(
        15,
        items(&roles, "roles")[0].as_object().unwrap()["UserName"].is_null(),
        "null",
    );
    let desk = with(|f| f.empty_values = true).await;
    let list = desk.get("/api/reportees").await.json();
    let first = &items(&list, "reportees")[0];
    show(
        15,
        first["UserName"] == "" && first["DelegatedTime"] == "0001-01-01T00:00:00",
        "empty",
    );
    let desk = with(|f| f.unknown_values = true).await;
    let list = desk
        .get("/api/reportees?$filter=Type eq 'Enterprise'")
        .await
        .json();
    show(
        18,
        items(&list, "reportees")[0]["Status"] == "Experimental",
        "a value nobody knows",
    );
    for (form, pointer) in [
        (ErrorForm::Object, "/ErrorMessage"),
        (ErrorForm::List, "/0/ErrorMessage"),
        (ErrorForm::CamelCase, "/errorDescription"),
    ] {
        let desk = Desk::open(|q| q.hal_forms.errors = form).await;
        let bad = desk.get("/api/reportees?$filter=Nam eq 'x'").await;
        let body = bad.json();
        show(
            19,
            bad.status == 400 && body.pointer(pointer).is_some(),
            pointer,
        );
    }
    let desk = with(|f| f.foreign_hrefs = true).await;
    let list = desk.get("/api/reportees").await.json();
    let href = list["_links"]["self"]["href"].as_str().unwrap();
    show(24, href == "http://www.altinn.no/api/reportees", href);
    let desk = with(|f| f.old_types = true).await;
    let list = desk.get("/api/reportees").await.json();
    show(
        28,
        items(&list, "reportees")
            .iter()
            .any(|r| r["Type"] == "Foretak"),
        "Foretak",
    );

    // Of consents, their tokens and delegation requests, which are not simulated: 7, 16, 17, 21. Of
    // documents that no server sent: 27.
    let elsewhere = [7, 16, 17, 21, 27];
    for number in 1..=30 {
        let here = shown.contains(&number);
        assert_ne!(here, elsewhere.contains(&number), "{number}");
    }
}

#[tokio::test]
async fn other_forms_are_switches_too() {
    let desk = Desk::open(|q| {
        april(q);
        q.hal_forms.relative_location = true;
        q.hal_forms.limit_warning = true;
    })
    .await;
    let body = json!({ "RoleName": "Tom" });
    let made = desk
        .call(Method::POST, &desk.at("/roledefinitions"), Some(body))
        .await;
    let location = made.header("location");
    assert!(
        location.starts_with("/api/310753831/authorization/roledefinitions/"),
        "{location}"
    );
    let forms: [fn(&mut HalForms); 3] = [
        |f| f.mixed_schemes = true,
        |f| f.shuffled_members = true,
        |f| f.plain_links = true,
    ];
    let mut texts = Vec::new();
    for change in forms {
        let desk = Desk::open(|q| change(&mut q.hal_forms)).await;
        let list = desk.get("/api/reportees").await;
        assert_eq!(items(&list.json(), "reportees").len(), 3);
        texts.push(list.body);
    }
    assert!(
        texts[0].contains("\"http://") && texts[0].contains("\"https://"),
        "{}",
        texts[0]
    );
    assert!(
        texts[1].starts_with("{\"_links\":{\"self\":"),
        "{}",
        texts[1]
    );
    assert!(texts[2].contains("\"Rel\":\"self\""), "{}", texts[2]);
    let cut = async |query: &str| {
        let answer = desk.get(&format!("/api/reportees{query}")).await;
        answer.header("x-warning-limitreached").to_owned()
    };
    assert_eq!(
        (cut("").await.as_str(), cut("?$top=10").await.as_str()),
        ("true", "")
    );
}

#[tokio::test]
async fn who_holds_and_receives_changed_with_releases() {
    let at =
        |year, number| move |q: &mut Quirks| q.altinn2_release = Altinn2Release::new(year, number);
    let names = async |desk: &Desk| -> Vec<String> {
        let holders = desk.get(&desk.at("/delegations")).await.json();
        let holders = items(&holders, "rightholders").iter();
        holders
            .map(|h| h["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    let accountant =
        json!({ "OrganizationNumber": "310779253", "Name": "VARSOM FIRKANTET HEST REGNSKAP AS" });
    let role = json!({ "Roles": [{ "RoleDefinitionId": 6 }] });
    for (release, listed) in [((22, 5), false), ((22, 6), true)] {
        let desk = Desk::open(at(release.0, release.1)).await;
        desk.give(accountant.clone(), role.clone()).await;
        let manager = "BJØRK LUN".to_owned();
        assert_eq!(
            names(&desk).await.contains(&manager),
            listed,
            "by a key role"
        );
    }
    for (release, status) in [((22, 4), 400), ((22, 5), 201)] {
        let desk = Desk::open(at(release.0, release.1)).await;
        let mut body = enterprise_user("snegllaerling");
        body["_embedded"] = role.clone();
        let answer = desk
            .call(Method::POST, &desk.at("/Delegations"), Some(body))
            .await;
        assert_eq!(
            answer.status, status,
            "another organisation's enterprise user: {answer:?}"
        );
    }
    for (release, status) in [((21, 6), 302), ((21, 7), 403)] {
        let desk = Desk::open(at(release.0, release.1)).await;
        let token = desk.altinn.organisation(ALL_ALTINN2).await;
        let desk = Desk { token, ..desk };
        assert_eq!(
            desk.get("/api/reportees").await.status,
            status,
            "an organisation alone"
        );
    }
    for (release, status) in [((18, 11), 201), ((18, 12), 403)] {
        let desk = Desk::open(at(release.0, release.1)).await;
        desk.altinn.sim.change_world(|world| {
            let mut client_role = world.role_definition(6).unwrap().clone();
            client_role.id = 601;
            client_role.code = "A0239".to_owned();
            world.role_definitions.push(client_role);
        });
        let mut body = accountant.clone();
        body["_embedded"] = json!({ "Roles": [{ "RoleDefinitionId": 601 }] });
        let answer = desk
            .call(Method::POST, &desk.at("/Delegations"), Some(body))
            .await;
        assert_eq!(answer.status, status, "a client role: {answer:?}");
    }
    // a private person's delegations, seen by somebody who has a role there and no more
    for (release, status) in [((20, 12), 200), ((21, 1), 403)] {
        let desk = Desk::open(at(release.0, release.1)).await;
        let manager = desk.altinn.sim.cast().manager;
        let token = desk.altinn.person(&manager, ALL_ALTINN2).await;
        let mut body = json!({ "SocialSecurityNumber": "09907240530", "LastName": "ELV" });
        body["_embedded"] = json!({ "Roles": [{ "RoleDefinitionId": 11 }] });
        let request = desk
            .altinn
            .altinn2(Method::POST, "/api/my/authorization/Delegations");
        let request = request
            .bearer_auth(token)
            .header("ApiKey", &desk.key)
            .json(&body);
        let given = send(request).await;
        assert_eq!(given.status, 201, "{given:?}");
        let other = desk.altinn.sim.cast().connected_person;
        let token = desk.altinn.person(&other, ALL_ALTINN2).await;
        let desk = Desk { token, ..desk };
        let answer = desk.get("/api/r51600201/authorization/delegations").await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    // since 20.12 role definitions are metadata, since 21.6 role requirements
    let desk = Desk::open(at(20, 11)).await;
    for path in [
        "roledefinitions",
        "rolerequirements?app=skf/naeringsoppgave",
    ] {
        assert_eq!(
            ask(&desk.altinn, &format!("/api/metadata/{path}"))
                .await
                .status,
            404
        );
    }
    let desk = Desk::vendor(at(21, 7)).await;
    assert_eq!(desk.get("/api/enterpriseusers").await.status, 404);
}

#[tokio::test]
async fn seeds_bring_local_roles_and_inactive_organisations() {
    let seed = r#"
        [[role_definitions]]
        id = 9001
        kind = "Local"
        owner = "310753831"
        name = "Mva for alle"
        description = ""
        rights = [{ service = "1051", edition = 140619, action = "Read" }]
        [[organisations]]
        number = "310777269"
        inactive = true
    "#;
    let altinn = Altinn::seeded(seed).await;
    let token = altinn
        .enterprise_user("sneglebruker", &format!("{ALL_ALTINN2} {EVERYTHING}"))
        .await;
    let key = altinn.api_key("vendor");
    let desk = Desk { altinn, token, key };
    let role = desk.get(&desk.at("/roledefinitions/9001")).await.json();
    assert_eq!(
        (&role["RoleName"], &role["Rights"][0]["Action"]),
        (&json!("Mva for alle"), &json!("Read"))
    );
    let count = async |query: &str| {
        let list = desk.get(&format!("/api/reportees{query}")).await.json();
        items(&list, "reportees").len()
    };
    assert_eq!(
        (
            count("").await,
            count("?includeInactiveReportees=true").await
        ),
        (2, 3)
    );
    let inactive = "?includeInactiveReportees=true&$filter=Status eq 'Inactive'";
    assert_eq!(count(inactive).await, 1);
    // and say what is wrong
    for (seed, wrong) in [
        (
            "[[role_definitions]]\nid = 9\nkind = \"Local\"\nname = \"x\"\ndescription = \"\"",
            "(no owner)",
        ),
        ("[[apps]]\nid = 64\nroles = [\"UKJENT\"]", "UKJENT"),
    ] {
        let seed = altinn_sim::world::Seed::from_toml(seed).unwrap();
        let error = altinn_sim::world::World::with_seeds([seed])
            .unwrap_err()
            .to_string();
        assert!(error.contains(wrong), "{error}");
    }
}
