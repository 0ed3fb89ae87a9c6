//! Altinn 2 over the wire.

use altinn_sim::{ClosedHost, Era, Fault, HalForms, Host, Quirks, Simulator};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_ALTINN2, Altinn, Answer, send};

const HAL: &str = "application/hal+json";

struct Desk {
    altinn: Altinn,
    token: String,
    key: String,
    /// The customer's number, in whose name the enterprise user acts.
    who: String,
}

impl Desk {
    async fn open() -> Self {
        Self::at(Altinn::start().await).await
    }

    async fn at(altinn: Altinn) -> Self {
        let cast = altinn.sim.cast();
        let token = altinn.enterprise_user("sneglebruker", ALL_ALTINN2).await;
        let key = altinn.api_key("vendor");
        Self {
            altinn,
            token,
            key,
            who: cast.customer,
        }
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

    fn delegations(&self, rest: &str) -> String {
        format!("/api/{}/authorization/Delegations{rest}", self.who)
    }

    fn new_person(&self) -> String {
        self.altinn.sim.cast().new_person.expose().to_owned()
    }
}

fn array(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

#[tokio::test]
async fn what_is_granted_is_listed_and_what_is_revoked_is_gone() {
    let desk = Desk::open().await;
    // a number and a name → r-id
    let body = json!({ "SocialSecurityNumber": desk.new_person(), "LastName": "Granitt" });
    let path = "/api/reportees/ReporteeConversion";
    let reportee = desk.call(Method::POST, path, Some(body)).await;
    assert_eq!(reportee.status, 200, "{reportee:?}");
    assert_eq!(
        reportee.json(),
        json!({ "ReporteeId": "r51600203", "Name": "GRANITT KREATIV", "Type": "Person",
                "SocialSecurityNumber": desk.new_person() })
    );
    let customer = json!({ "OrganizationNumber": desk.who, "OrganizationName": "snill opprinnelig elg as",
                           "SocialSecurityNumber": null, "LastName": null });
    let customer = desk.call(Method::POST, path, Some(customer)).await.json();
    assert_eq!(customer["ReporteeId"], "r51500103");
    assert!(customer.get("PartyUUID").is_none(), "no detour to a UUID");

    // nothing yet
    let holders = desk.get(&desk.delegations("")).await.json();
    let names = |holders: &Value| -> Vec<String> {
        let list = array(&holders["_embedded"]["rightholders"]).iter();
        list.map(|h| h["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&holders), ["TIGER LILLA", "ELV STOR", "sneglebruker"]);

    // rights under two spellings, and a role; twice, which changes nothing
    let grant = json!({
        "SocialSecurityNumber": desk.new_person(), "LastName": "GRANITT", "UserName": null,
        "_embedded": {
            "Roles": [{ "RoleDefinitionId": 6 }],
            "rights": [
                { "ServiceCode": "1051", "ServiceEditionCode": 140619, "Action": "Read" },
                { "ServiceCode": "1051", "ServiceEditionCode": "140619", "Action": "ReadArchive" },
            ],
        },
    });
    for _ in 0..2 {
        let created = desk
            .call(Method::POST, &desk.delegations("/"), Some(grant.clone()))
            .await;
        assert_eq!(
            (created.status, created.body.as_str()),
            (201, ""),
            "{created:?}"
        );
        assert_eq!(created.header("content-length"), "0");
    }
    assert!(
        names(&desk.get(&desk.delegations("")).await.json()).contains(&"GRANITT KREATIV".into())
    );

    let holder = desk
        .get(&desk.delegations("/r51600203?language=1044"))
        .await
        .json();
    assert_eq!(
        holder["SocialSecurityNumber"],
        format!("{}*****", &desk.new_person()[..6])
    );
    let roles = array(&holder["Roles"]["_embedded"]["roles"]);
    assert_eq!(roles.len(), 2, "{roles:?}");
    assert_eq!(roles[0]["RoleDefinitionCode"], "REGNA");
    assert_eq!(roles[0]["Delegator"], "sneglebruker");
    let time = roles[0]["DelegatedTime"].as_str().unwrap();
    assert!(!time.contains('Z') && !time.contains('+'), "{time}");
    assert_eq!(
        (&roles[1]["RoleDefinitionId"], &roles[1]["RoleName"]),
        (&json!(0), &json!("Enkeltrettigheter"))
    );
    assert!(roles[1].get("RoleId").is_none() && roles[1].get("RoleDefinitionCode").is_none());

    let direct = "RightSourceType%20ne%20'RoleTypeRights'";
    let rights = |filter: &str| desk.delegations(&format!("/r51600203/rights?%24filter={filter}"));
    let listed = desk.get(&rights(direct)).await.json();
    let listed = array(&listed["_embedded"]["rights"]).clone();
    let actions: Vec<&str> = listed
        .iter()
        .map(|r| r["Action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["Read", "ArchiveRead"]);
    let members: Vec<&String> = listed[0].as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 7, "{members:?}");
    let all = desk
        .get(&desk.delegations("/r51600203/rights"))
        .await
        .json();
    let derived = array(&all["_embedded"]["rights"])
        .iter()
        .find(|r| r["RightSourceType"] == "RoleTypeRights");
    let derived = derived.unwrap()["RightID"].clone();

    // back again; what follows from a role is not deletable by itself
    let at = |kind: &str, id: &Value| desk.delegations(&format!("/r51600203/{kind}/{id}"));
    let refused = desk
        .call(Method::DELETE, &at("rights", &derived), None)
        .await;
    assert_eq!(refused.status, 403);
    let removed = desk
        .call(Method::DELETE, &at("rights", &listed[0]["RightID"]), None)
        .await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    let again = desk
        .call(Method::DELETE, &at("rights", &listed[0]["RightID"]), None)
        .await;
    assert_eq!(again.status, 404);
    let query = format!("?receiverId=r51600203&authzRuleId={}", listed[1]["RightID"]);
    assert_eq!(
        desk.call(Method::DELETE, &desk.delegations(&query), None)
            .await
            .status,
        204
    );
    let removed = desk
        .call(Method::DELETE, &at("roles", &roles[0]["RoleId"]), None)
        .await;
    assert_eq!(removed.status, 204);
    let holder = desk.get(&desk.delegations("/r51600203")).await.json();
    assert_eq!(holder["Rights"]["_embedded"]["rights"], json!([]));
    assert_eq!(holder["Roles"]["_embedded"]["roles"], json!([]));
    assert!(
        !names(&desk.get(&desk.delegations("")).await.json()).contains(&"GRANITT KREATIV".into())
    );
}

#[tokio::test]
async fn hal_and_plain_json_are_two_shapes_of_one_list() {
    let desk = Desk::open().await;
    let base = format!("{}/api", desk.altinn.sim.altinn2_url());
    let hal = desk
        .get("/API/REPORTEES/?$FILTER=Type%20eq%20'Enterprise'")
        .await;
    assert_eq!(
        hal.header("content-type"),
        "application/hal+json; charset=utf-8"
    );
    assert!(
        hal.body.starts_with("{\"_links\""),
        "links first on a wrapper: {}",
        hal.body
    );
    let list = hal.json();
    assert_eq!(
        list["_links"],
        json!({ "find": { "href": format!("{base}/reportees/{{reporteeId}}"), "isTemplated": true },
                "self": { "href": format!("{base}/reportees") } })
    );
    let reportees = array(&list["_embedded"]["reportees"]);
    assert_eq!(
        reportees.len(),
        2,
        "its own organisation and the customer: {reportees:?}"
    );
    let customer = reportees
        .iter()
        .find(|r| r["ReporteeId"] == "r51500103")
        .unwrap();
    assert_eq!(
        customer["_links"]["self"]["href"],
        format!("{base}/reportees/r51500103")
    );
    assert!(
        customer.get("SocialSecurityNumber").is_none(),
        "nulls are left out"
    );
    assert!(hal.body.find("ReporteeId").unwrap() < hal.body.find("/messages").unwrap());
    let one = desk.get("/api/reportees/r51500103").await.json();
    assert_eq!(&one, customer);

    let roles = desk.delegations("/r51600202/roles");
    for (accept, plain) in [
        (Some(HAL), false),
        (Some("application/hal+json;charset=utf-8"), false),
        (Some("application/hal+json, application/json"), true),
        (Some("text/html,*/*"), true),
        (None, true),
    ] {
        let request = desk
            .altinn
            .altinn2(Method::GET, &roles)
            .bearer_auth(&desk.token)
            .header("apikey", &desk.key);
        let request = accept
            .iter()
            .fold(request, |r, accept| r.header("Accept", *accept));
        let answer = send(request).await;
        let body = answer.json();
        let link = |link: &Value| {
            link.as_str()
                .unwrap()
                .ends_with("/authorization/roledefinitions/11")
        };
        if plain {
            assert_eq!(
                answer.header("content-type"),
                "application/json; charset=utf-8"
            );
            let links = array(&body[0]["_links"]);
            assert!(link(&links[0]["Href"]), "{links:?}");
            assert_eq!(
                (&links[0]["Title"], &links[0]["IsTemplated"]),
                (&Value::Null, &json!(false))
            );
        } else {
            assert!(
                link(&body["_embedded"]["roles"][0]["_links"]["roledefinition"]["href"]),
                "{body}"
            );
        }
    }
    let xml = desk
        .altinn
        .altinn2(Method::GET, &roles)
        .bearer_auth(&desk.token);
    let xml = send(
        xml.header("ApiKey", &desk.key)
            .header("Accept", "application/xml"),
    )
    .await;
    assert_eq!(xml.status, 406);

    // `my` stays `my` in what links say, and an r-id stays an r-id
    let my = desk.get("/api/MY/authorization/delegations").await.json();
    let own = format!("{base}/my/authorization/delegations");
    assert_eq!(my["_links"]["self"]["href"], own);
    assert_eq!(
        my["_links"]["find"]["href"],
        format!("{own}/{{receiverId}}")
    );
    let by_id = desk
        .get("/api/r51500103/authorization/delegations?$top=1&$orderby=Name")
        .await
        .json();
    let holders = array(&by_id["_embedded"]["rightholders"]);
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0]["Name"], "ELV STOR");
    assert!(holders[0].get("Roles").is_none() && holders[0].get("Rights").is_none());
}

#[tokio::test]
async fn irregular_forms_are_switches() {
    let with = async |change: fn(&mut HalForms)| {
        let mut quirks = Quirks::default();
        change(&mut quirks.hal_forms);
        let altinn = Altinn::start_with(Simulator::builder().quirks(quirks)).await;
        let desk = Desk::at(altinn).await;
        let list = desk.get("/api/reportees").await;
        assert_eq!(
            list.header("content-type"),
            "application/hal+json; charset=utf-8"
        );
        let length: usize = list.header("content-length").parse().unwrap();
        assert_eq!(length, list.body.len());
        list
    };
    let item = |list: &Answer| list.json()["_embedded"]["reportees"][0].clone();
    let plain = with(|_| {}).await;

    let escaped = with(|forms| forms.escaped = true).await;
    assert!(escaped.body.starts_with(' ') && escaped.body.contains(r"http:\/\/127"));
    assert!(escaped.body.is_ascii());
    assert_eq!(item(&escaped)["Name"], item(&plain)["Name"]);
    let padded = with(|forms| forms.padded_names = true).await;
    assert!(item(&padded)["Name"].as_str().unwrap().ends_with("  "));
    let unknown = with(|forms| forms.unknown_members = true).await;
    assert!(item(&unknown)["SomethingNew"].is_object());
    let nulls = with(|forms| forms.explicit_nulls = true).await;
    assert!(item(&nulls).as_object().unwrap()["ParentOrganizationNumber"].is_null());
    let foreign = with(|forms| forms.foreign_hrefs = true).await;
    let href = item(&foreign)["_links"]["self"]["href"].clone();
    let start = "http://www.altinn.no/api/reportees/r";
    assert!(href.as_str().unwrap().starts_with(start), "{href}");
    let arrays = with(|forms| forms.link_arrays = true).await;
    assert!(item(&arrays)["_links"]["self"][0]["href"].is_string());
    let bare = with(|forms| forms.bare_lists = true).await;
    assert_eq!(bare.json()[0]["Name"], item(&plain)["Name"]);

    let mut quirks = Quirks::default();
    quirks.hal_forms.numbers_as_texts = true;
    let altinn = Altinn::start_with(Simulator::builder().quirks(quirks)).await;
    let desk = Desk::at(altinn).await;
    let roles = desk.get("/api/my/authorization/roles").await.json();
    assert_eq!(roles["_embedded"]["roles"][0]["RoleDefinitionId"], "4");
}

#[tokio::test]
async fn any_status_and_phrase_can_be_planned() {
    let desk = Desk::open().await;
    for (status, phrase) in [
        (500, "UserID"),
        (400, "User profile could not be found for ***********."),
    ] {
        let phrase = phrase.to_owned();
        let fault = Fault::Status {
            status,
            phrase: phrase.clone(),
        };
        desk.altinn
            .sim
            .faults()
            .on_call(Host::Altinn2, "/api/reportees", 1, fault);
        let answer = desk.get("/api/reportees").await;
        assert_eq!((answer.status, answer.phrase), (status, Some(phrase)));
    }
    assert_eq!(desk.get("/api/reportees").await.status, 200);
}

#[tokio::test]
async fn lists_are_filtered_by_service_and_by_odata() {
    let desk = Desk::open().await;
    let names = async |rest: &str| -> Vec<String> {
        let answer = desk.get(&desk.delegations(rest)).await;
        let body = answer.json();
        let list = array(&body["_embedded"]["rightholders"]).iter();
        list.map(|h| h["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names("?serviceCode=1051&serviceEdition=140619").await,
        ["TIGER LILLA", "ELV STOR"]
    );
    assert_eq!(
        names("?servicecode=4936&serviceEditionCode=1").await,
        ["TIGER LILLA"]
    );
    assert_eq!(names("?$filter=LastName eq 'ELV'").await, ["ELV STOR"]);
    assert_eq!(names("?$skip=2").await, ["sneglebruker"]);
    let mine = desk
        .get(&format!("/api/{}/authorization/roles", desk.who))
        .await
        .json();
    let codes: Vec<&Value> = array(&mine["_embedded"]["roles"])
        .iter()
        .map(|r| &r["RoleDefinitionCode"])
        .collect();
    assert_eq!(codes, [&json!("ADMAI"), &json!("HADM")]);
    let mine = desk
        .get(&format!("/api/{}/authorization/rights", desk.who))
        .await
        .json();
    assert_eq!(
        mine["_embedded"],
        json!({ "rights": [] }),
        "administering is not holding"
    );

    for (rest, phrase) in [
        (
            "?$filter=Nam eq 'X'",
            "Could not find property named 'Nam' on type 'Altinn.SBL.AltinnWebAPI.Models.RightHolder'",
        ),
        (
            "?$filter=Name neq 'ACN'",
            "Syntax error at position 8 in 'Name neq 'ACN''",
        ),
        (
            "?$top=10001",
            "The limit of '10000' for Top query has been exceeded. The value from the incoming request is '10001'",
        ),
        (
            "?serviceCode=1051",
            "Both service code and service edition code must be specified",
        ),
        (
            "?serviceCode=1051&serviceEdition=1&app=skf/x",
            "Service and app can not both be specified",
        ),
    ] {
        let answer = desk.get(&desk.delegations(rest)).await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (400, Some(phrase))
        );
        assert_eq!(
            (answer.body.as_str(), answer.header("content-length")),
            ("", "0")
        );
    }
}

#[tokio::test]
async fn admission_is_refused_in_the_reason_phrase() {
    let desk = Desk::open().await;
    let altinn = &desk.altinn;
    let list = desk.delegations("");
    let few = altinn
        .enterprise_user("sneglebruker", "altinn:reportees")
        .await;
    let reader = altinn
        .enterprise_user("sneglebruker", "altinn:delegations.read")
        .await;
    let organisation = altinn.organisation(ALL_ALTINN2).await;
    let system_user = altinn.system_user(ALL_ALTINN2).await;
    let useless = altinn.api_key("message-only");
    let (key, token) = (desk.key.as_str(), desk.token.as_str());
    let get = || Method::GET;

    for (method, key, token, status, phrase) in [
        (
            get(),
            None,
            Some(token),
            400,
            Some("Required header 'ApiKey' is missing."),
        ),
        (
            get(),
            Some(useless.as_str()),
            Some(token),
            403,
            Some("Forbidden - The API key is not authorized for this operation"),
        ),
        (
            get(),
            Some("11111111-2222-4333-8444-555555555555"),
            Some(token),
            403,
            Some("Forbidden - The API key is not authorized for this operation"),
        ),
        (get(), Some(key), Some("nonsense"), 401, None),
        (
            get(),
            Some(key),
            Some(few.as_str()),
            401,
            Some("Claims Authorization failed: Missing required scope"),
        ),
        (
            Method::POST,
            Some(key),
            Some(reader.as_str()),
            401,
            Some("Claims Authorization failed: Missing required scope"),
        ),
        (
            get(),
            Some(key),
            Some(organisation.as_str()),
            403,
            Some("Forbidden - The operation requires an authenticated user"),
        ),
        (
            get(),
            Some(key),
            Some(system_user.as_str()),
            403,
            Some("Forbidden - The operation requires an authenticated user"),
        ),
    ] {
        let request = altinn.altinn2(method, &list).header("Accept", HAL);
        let request = key.iter().fold(request, |r, key| r.header("ApiKey", *key));
        let request = token.iter().fold(request, |r, token| r.bearer_auth(token));
        let answer = send(request).await;
        assert_eq!((answer.status, answer.phrase.as_deref()), (status, phrase));
        assert_eq!(
            (answer.body.as_str(), answer.header("content-length")),
            ("", "0")
        );
    }

    // nobody at all is taken for a browser
    let answer = send(altinn.altinn2(Method::GET, &list).header("ApiKey", key)).await;
    assert_eq!(answer.status, 302);
    assert!(
        answer.header("location").contains("/ui/Authentication"),
        "{answer:?}"
    );

    altinn.sim.clock().advance(SignedDuration::from_mins(31));
    let answer = desk.get(&list).await;
    let phrase = answer.phrase.unwrap_or_default();
    assert_eq!(answer.status, 401);
    let expected = "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '";
    assert!(phrase.starts_with(expected), "{phrase}");
}

#[tokio::test]
async fn what_cannot_be_delegated_is_refused() {
    let desk = Desk::at(
        Altinn::seeded(
            r#"
            [[role_definitions]]
            id = 601
            code = "A0239"
            kind = "Altinn"
            name = "Regnskapsfører med signeringsrettighet"
            description = "Klientrolle"
            [[enterprise_users]]
            user_name = "tilgangssnegl"
            organisation = "310742104"
            party_uuid = "2b7a1a2c-55a5-4d0a-9f11-5f1c0f4f9a01"
            party_id = 51700303
            user_id = 20700303
            roles = [
              { organisation = "310753831", role = "ADMAI" },
              { organisation = "310753831", role = "UTINN" },
            ]
            "#,
        )
        .await,
    )
    .await;
    let person = desk.new_person();
    let give = |who: Value, embedded: Value| {
        let mut body = who;
        body["_embedded"] = embedded;
        Some(body)
    };
    let known = json!({ "SocialSecurityNumber": person, "LastName": "GRANITT" });
    let role = |id: i64| json!({ "Roles": [{ "RoleDefinitionId": id }] });
    let right = |code: &str, edition: i64, action: &str| json!({ "Rights": [{ "ServiceCode": code, "ServiceEditionCode": edition, "Action": action }] });
    let read = right("1051", 140_619, "Read");
    let other_name = |number: &str, name: &str| {
        format!(
            "{number} is either not a valid organization number or social security number, or the \
             provided name; {name} does not match the person or organizations registered name."
        )
    };
    for (body, status, phrase) in [
        (
            give(
                json!({ "SocialSecurityNumber": person, "LastName": "GRAN" }),
                read.clone(),
            ),
            400,
            other_name(&person, "GRAN"),
        ),
        (
            give(json!({ "SocialSecurityNumber": person }), read.clone()),
            400,
            other_name(&person, ""),
        ),
        (
            give(
                json!({ "SocialSecurityNumber": "12345678901", "LastName": "X" }),
                read.clone(),
            ),
            400,
            "12345678901 is not a valid organization number or social security number.".into(),
        ),
        (
            give(
                json!({ "OrganizationNumber": "310779253", "Name": "ET ANNET AS" }),
                read.clone(),
            ),
            400,
            other_name("310779253", "ET ANNET AS"),
        ),
        (
            give(json!({ "Name": "GRANITT" }), read.clone()),
            400,
            "The right holder is not identified".into(),
        ),
        (
            give(
                json!({ "OrganizationNumber": desk.who, "Name": "SNILL OPPRINNELIG ELG AS" }),
                read.clone(),
            ),
            400,
            "A party cannot delegate to itself".into(),
        ),
        (
            give(known.clone(), json!({})),
            400,
            "No roles or rights to delegate".into(),
        ),
        (
            give(known.clone(), json!({ "Apprights": [{ "RuleGuid": "x" }] })),
            400,
            "App rights can no longer be delegated here".into(),
        ),
        (
            give(known.clone(), role(999)),
            400,
            "The role definition does not exist".into(),
        ),
        (
            give(known.clone(), role(195)),
            403,
            "The role cannot be delegated.".into(),
        ),
        (
            give(known.clone(), role(601)),
            403,
            "Client roles can only be delegated by the client administration in the portal".into(),
        ),
        (
            give(known.clone(), right("9999", 1, "Read")),
            400,
            "The service does not exist".into(),
        ),
        (
            give(known.clone(), right("4936", 1, "Sign")),
            400,
            "The service does not have the operation".into(),
        ),
        (
            give(known.clone(), right("4752", 1, "Access")),
            403,
            "The right cannot be delegated.".into(),
        ),
    ] {
        let answer = desk.call(Method::POST, &desk.delegations(""), body).await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (status, Some(phrase.as_str()))
        );
        assert_eq!(answer.body, "");
    }

    // an access manager who is no main administrator gives what it holds, and no more
    let token = desk
        .altinn
        .enterprise_user("tilgangssnegl", ALL_ALTINN2)
        .await;
    let desk = Desk { token, ..desk };
    for (embedded, status) in [
        (role(11), 201),
        (role(6), 403),
        (read, 201),
        (right("4936", 1, "Access"), 403),
    ] {
        let answer = desk
            .call(
                Method::POST,
                &desk.delegations(""),
                give(known.clone(), embedded),
            )
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }

    // parties that are not one's own to administer, and one that does not exist
    for who in ["310779253", "r51600202", "r1", "999999999"] {
        let answer = desk
            .get(&format!("/api/{who}/authorization/Delegations"))
            .await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{who}");
    }

    // taking back
    for (rest, status, phrase) in [
        (
            "/r51600201/roles/50000001",
            403,
            Some("The role cannot be deleted."),
        ),
        ("/r51600201/roles/1", 404, None),
        ("/r51600201/rights/x", 404, None),
        ("/r1/rights/1", 404, None),
        (
            "?receiverId=r51600201",
            400,
            Some("Either roleId or authzRuleId must be specified"),
        ),
    ] {
        let answer = desk
            .call(Method::DELETE, &desk.delegations(rest), None)
            .await;
        assert_eq!(
            (answer.status, answer.phrase.as_deref()),
            (status, phrase),
            "{rest}"
        );
    }
    let answer = send(
        desk.altinn
            .altinn2(Method::POST, &desk.delegations(""))
            .bearer_auth(&desk.token)
            .header("ApiKey", &desk.key)
            .header("Content-Type", "text/plain")
            .body("{}"),
    )
    .await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn organisations_and_enterprise_users_receive_too() {
    let desk = Desk::open().await;
    let rights = json!({ "Rights": [{ "ServiceCode": "4936", "ServiceEditionCode": 1, "Action": "Access" }] });
    for (who, id) in [
        (
            json!({ "OrganizationNumber": "310779253", "Name": "VARSOM FIRKANTET HEST REGNSKAP AS" }),
            "r51500105",
        ),
        (
            json!({ "UserName": "snegllaerling", "OrganizationNumber": "310742104" }),
            "u20700302",
        ),
    ] {
        let mut body = who;
        body["_embedded"] = rights.clone();
        let answer = desk
            .call(Method::POST, &desk.delegations(""), Some(body))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let listed = desk
            .get(&desk.delegations(&format!("/{id}/rights")))
            .await
            .json();
        assert_eq!(array(&listed["_embedded"]["rights"]).len(), 1);
    }
}

#[tokio::test]
async fn a_person_sees_what_a_manager_sees() {
    let altinn = Altinn::start().await;
    let cast = altinn.sim.cast();
    let token = altinn.person(&cast.manager, ALL_ALTINN2).await;
    let desk = Desk {
        token,
        ..Desk::at(altinn).await
    };
    let reportees = desk.get("/api/reportees").await.json();
    let types: Vec<&Value> = array(&reportees["_embedded"]["reportees"])
        .iter()
        .map(|r| &r["Type"])
        .collect();
    assert_eq!(
        types,
        [&json!("Person"), &json!("Enterprise"), &json!("Business")]
    );
    let roles = desk
        .get(&format!("/api/{}/authorization/roles", desk.who))
        .await
        .json();
    let role = &roles["_embedded"]["roles"][0];
    assert_eq!(
        (&role["RoleType"], &role["RoleId"]),
        (&json!("External"), &json!(50_000_001))
    );
    // inherited by the sub-unit: no RoleId there
    let roles = desk.get("/api/310777269/authorization/roles").await.json();
    assert!(
        roles["_embedded"]["roles"][0].get("RoleId").is_none(),
        "{roles}"
    );
}

#[tokio::test]
async fn a_right_that_does_not_stick_is_answered_with_success_and_not_listed() {
    let desk = Desk::open().await;
    desk.altinn.sim.faults().set_right_does_not_stick(true);
    let body = json!({
        "SocialSecurityNumber": desk.new_person(), "LastName": "GRANITT",
        "_embedded": { "Roles": [{ "RoleDefinitionId": 11 }] },
    });
    assert_eq!(
        desk.call(Method::POST, &desk.delegations(""), Some(body))
            .await
            .status,
        201
    );
    let roles = desk.get(&desk.delegations("/r51600203/roles")).await.json();
    assert_eq!(roles["_embedded"]["roles"], json!([]));
}

#[tokio::test]
async fn a_closed_altinn2_is_not_there_in_one_of_three_ways() {
    for (closed, status, body) in [
        (ClosedHost::NotFound, 404, ""),
        (ClosedHost::Gone, 410, ""),
        (ClosedHost::Page, 200, "<!DOCTYPE html>"),
    ] {
        let mut quirks = Quirks::default();
        quirks.altinn2_closed = closed;
        let builder = Simulator::builder().era(Era::Altinn2Closed).quirks(quirks);
        let altinn = Altinn::start_with(builder).await;
        let request = altinn.altinn2(Method::GET, "/api/reportees");
        let answer = send(request.header("ApiKey", altinn.api_key("vendor"))).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.starts_with(body) && answer.body.is_empty() == body.is_empty());
        if closed == ClosedHost::NotFound {
            // and back in the days when it was open
            altinn.sim.set_era(Era::Altinn2Open);
            let desk = Desk::at(altinn).await;
            assert_eq!(desk.get("/api/reportees").await.status, 200);
        }
    }
}
