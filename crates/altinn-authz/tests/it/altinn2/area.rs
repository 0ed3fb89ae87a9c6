//! The rest of the area, against a script: pages and streams, names, rights on apps, what was taken
//! away, and what never goes over the wire.

use std::pin::Pin;

use altinn_authz::altinn2::models::Right;
use altinn_authz::altinn2::odata::{Filter, Query, right};
use altinn_authz::altinn2::{
    Client, Delegation, EnterpriseUsers, Metadata, NewRole, OrganisationsQuery, Receiver,
    ReporteesQuery, RightHolderId, RuleId, Service, ServiceOwner, Who,
};
use altinn_authz::{ErrorKind, Language};
use futures_core::Stream as _;
use serde_json::{Value, json};

use super::steps::Answer::{Json, Phrase};
use super::steps::{Answer, Script, list};

const RULE: &str = "d1a5c2de-0f6b-4f6e-8a55-2f4f0c5b9a01";
const OTHER_RULE: &str = "0c7d5a4e-77aa-4a0e-9a51-6d1e2b3c4d05";

fn rights(ids: std::ops::Range<i64>) -> Vec<Value> {
    ids.map(|id| json!({"RightID": id})).collect()
}

fn consents(ids: std::ops::Range<i64>, token: Option<&str>) -> Answer {
    let mut page = json!({"_links": {}, "_embedded": {"consents": rights(ids)}});
    if let Some(token) = token {
        page["continuationtoken"] = token.into();
    }
    Json(page)
}

#[tokio::test]
async fn a_list_is_a_stream_of_items_that_reads_a_page_when_it_is_needed() {
    let script = Script::new([
        (
            "GET my/authorization/rights",
            list("rights", rights(0..500)),
        ),
        (
            "GET my/authorization/rights?$skip=500",
            list("rights", rights(500..503)),
        ),
    ]);
    let mut pages = script
        .client()
        .own_rights_pages(Who::my(), &Query::new())
        .unwrap();
    assert_eq!(script.left(), 2, "nothing is read before it is asked for");
    let mut read = 0;
    while let Some(right) =
        std::future::poll_fn(|context| Pin::new(&mut pages).poll_next(context)).await
    {
        assert_eq!(right.unwrap().id.as_str(), read.to_string());
        read += 1;
        assert_eq!(script.left(), usize::from(read <= 500));
    }
    assert_eq!(read, 503);
    script.end();
}

#[tokio::test]
async fn so_many_are_read_in_that_order_and_no_more_is_asked_for() {
    let script = Script::new([
        (
            "GET my/authorization/rights?$filter=ServiceCode%20eq%20%275123%27&$orderby=RightID%20desc&$top=3&$skip=7",
            list("rights", rights(0..3)),
        ),
        (
            "GET my/authorization/rights?$top=2",
            list("rights", rights(0..2)),
        ),
        (
            "GET my/authorization/rights?$top=2&$skip=2",
            list("rights", rights(2..4)),
        ),
        (
            "GET my/authorization/rights?$top=2&$skip=4",
            list("rights", rights(4..5)),
        ),
    ]);
    let query = Query::from(right::SERVICE_CODE.eq("5123"))
        .order_by(right::ID.descending())
        .skip(7)
        .at_most(3);
    let client = script.client();
    let three = client.own_rights_pages(Who::my(), &query).unwrap();
    assert_eq!(three.all().await.unwrap().len(), 3);
    let none = Query::<Right>::new().at_most(0);
    let none = client.own_rights_pages(Who::my(), &none).unwrap();
    assert_eq!(none.all().await.unwrap(), []);
    let small = client.with_page(2).own_rights(Who::my(), None).await;
    assert_eq!(small.unwrap().len(), 5);
    script.end();
}

#[tokio::test]
async fn where_there_is_a_token_it_leads_on_until_a_page_is_empty() {
    let path = "consents?serviceCode=5123&status[0]=Active";
    let script = Script::new([
        (
            "GET serviceowner/consents?serviceCode=5123&status[0]=Active",
            consents(0..2, Some("2020-09-14T13:30:49.737_8724")),
        ),
        (
            "GET serviceowner/consents?serviceCode=5123&status[0]=Active&continuation=2020-09-14T13%3A30%3A49.737_8724",
            consents(2..3, Some("2020-02-01T08:30:39:148_1054")),
        ),
        (
            "GET serviceowner/consents?serviceCode=5123&status[0]=Active&continuation=2020-02-01T08%3A30%3A39%3A148_1054",
            consents(0..0, None),
        ),
    ]);
    let owner = ServiceOwner::with_caller(script.clone());
    let read = owner
        .pages::<Value>(path, &Query::new())
        .unwrap()
        .all()
        .await;
    assert_eq!(read.unwrap().len(), 3);
    script.end();

    // a token that leads back to itself
    let again = |at: &'static str| (at, consents(0..1, Some("t")));
    let script = Script::new([
        again("GET serviceowner/consents"),
        again("GET serviceowner/consents?continuation=t"),
    ]);
    let owner = ServiceOwner::with_caller(script.clone());
    let read = owner
        .pages::<Value>("consents", &Query::new())
        .unwrap()
        .all()
        .await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::EndlessList);
    script.end();
}

#[tokio::test]
async fn a_link_to_the_next_page_is_followed_on_the_same_host_only() {
    let page = |next: &str, ids| {
        let items = rights(ids);
        Json(json!({"_links": {"next": {"href": next}}, "_embedded": {"messages": items}}))
    };
    let script = Script::new([
        (
            "GET my/messages",
            page("https://tt02.altinn.no/api/my/messages?page=2", 0..1),
        ),
        ("GET my/messages?page=2", list("messages", rights(1..2))),
    ]);
    let read = script
        .client()
        .pages::<Value>("my/messages", &Query::new())
        .unwrap();
    assert_eq!(read.all().await.unwrap().len(), 2);
    script.end();

    let script = Script::new([(
        "GET my/messages",
        page("https://www.altinn.no/api/my/messages?page=2", 0..1),
    )]);
    let mut read = script
        .client()
        .pages::<Value>("my/messages", &Query::new())
        .unwrap();
    assert_eq!(read.next_page().await.unwrap().unwrap().len(), 1);
    assert_eq!(
        read.next_page().await.unwrap_err().kind(),
        ErrorKind::ForeignLink
    );
    assert_eq!(
        read.next_page().await.unwrap(),
        None,
        "after an error it is at its end"
    );
    script.end();
}

#[tokio::test]
async fn a_page_that_was_given_up_on_is_not_read_twice() {
    let script = Script::new([("GET my/authorization/rights", list("rights", rights(0..3)))]);
    let mut pages = script
        .client()
        .own_rights_pages(Who::my(), &Query::new())
        .unwrap();
    {
        // asked for, and dropped before it was looked at
        let _given_up = pages.next_page();
    }
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 3);
    assert_eq!(pages.next_page().await.unwrap(), None);
    script.end();
}

#[tokio::test]
async fn of_organisations_no_more_than_a_thousand_are_asked_for_at_a_time() {
    let script = Script::new([(
        "GET serviceowner/organizations?$top=1000",
        list("organizations", []),
    )]);
    let owner = ServiceOwner::with_caller(script.clone()).with_page(20_000);
    let found = owner.organisations(&OrganisationsQuery::new()).await;
    assert_eq!(found.unwrap(), []);
    script.end();
}

fn definitions(items: impl IntoIterator<Item = Value>) -> (&'static str, Answer) {
    (
        "GET metadata/roledefinitions",
        list("roledefinitions", items),
    )
}

#[tokio::test]
async fn a_role_is_named_by_code_or_name_and_a_service_by_name() {
    let regna = || json!({"RoleDefinitionId": 3, "RoleDefinitionCode": "REGNA", "RoleName": "Regnskapsmedarbeider"});
    let local = json!({"RoleDefinitionId": 70123, "RoleName": "Rapportering", "RoleType": "Local"});
    let service =
        json!({"ServiceCode": "5123", "ServiceEditionCode": 2, "ServiceName": "Fjordskjema"});
    let script = Script::new([
        definitions([regna()]),
        definitions([regna()]),
        // no role of Altinn's: one of the party's own
        definitions([regna()]),
        (
            "GET 310702641/authorization/roledefinitions",
            Json(json!([local.clone()])),
        ),
        ("GET metadata", list("metadata", [service.clone()])),
        ("GET metadata", list("metadata", [service])),
        definitions([regna()]),
        (
            "GET 310702641/authorization/roledefinitions",
            Json(json!([local])),
        ),
    ]);
    let client = script.client();
    let who: Who = "310702641".parse().unwrap();
    for (text, meant) in [
        // what is written in ids is not looked up
        ("role:7", "role:7"),
        ("service:5123/1#Read", "service:5123/1#Read"),
        ("role:regna", "role:3"),
        ("role:Regnskapsmedarbeider", "role:3"),
        ("role:rapportering", "role:70123"),
        ("service:fjordskjema#read,Sign", "service:5123/2#Read,Sign"),
        ("service:Fjordskjema", "service:5123/2"),
    ] {
        let found = client.delegation(&who, text).await.unwrap();
        assert_eq!(found.to_string(), meant);
    }
    let error = client
        .delegation(&who, "role:Rapportørering")
        .await
        .unwrap_err();
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(
        error.is_input() && remedy.contains("Rapportering"),
        "{error}: {remedy}"
    );
    for nonsense in [
        "role:",
        "role:-1",
        "role:0",
        "package:x",
        "service:#Read",
        "service:5123/1#",
    ] {
        assert!(
            client
                .delegation(&who, nonsense)
                .await
                .unwrap_err()
                .is_input(),
            "{nonsense}"
        );
    }
    script.end();
}

#[tokio::test]
async fn names_come_in_the_language_that_is_wished_for() {
    for (language, code) in [(Language::Nynorsk, "2068"), (Language::English, "1033")] {
        let due = format!("GET metadata/roledefinitions?language={code}");
        let role = json!({"RoleDefinitionId": 3, "RoleName": "Accounting employee"});
        let script = Script::new([(due.as_str(), list("roledefinitions", [role]))]);
        let client = Client::with_caller(script.clone()).with_language(language);
        let roles = client.metadata().roles().await.unwrap();
        assert_eq!(roles.name(3), Some("Accounting employee"));
        script.end();
    }
}

fn app_right(rule: &str, source: &str) -> Value {
    json!({
        "RuleGuid": rule, "AltinnAppId": "ttd/fjordskjema", "ResourceId": "urn:altinn:task",
        "ResourceValue": "Task_1", "Action": "read", "RightSourceType": source,
    })
}

const THEIRS: &str =
    "GET my/D/r50170466/apprights?$filter=AltinnAppId%20eq%20%27ttd%2Ffjordskjema%27";
const OWN: &str =
    "GET my/authorization/apprights?$filter=AltinnAppId%20eq%20%27ttd%2Ffjordskjema%27";

#[tokio::test]
async fn a_right_on_an_app_is_given_once_and_taken_back_by_its_own_rule() {
    let receiver = || Receiver::id("r50170466");
    let on_app = || [Delegation::app_right("ttd/fjordskjema", RULE)];
    let holder = json!({"RightHolderId": "r50170466", "Name": "SUND REGNSKAP AS", "OrganizationNumber": "310702641"});
    let given = || list("apprights", [app_right(OTHER_RULE, "DirectlyDelegated")]);
    let own = || {
        (
            OWN,
            list("apprights", [app_right(RULE, "DirectlyDelegated")]),
        )
    };
    let script = Script::new([
        // what comes from a role is no direct right
        (THEIRS, list("apprights", [app_right("", "RoleTypeRight")])),
        ("GET my/D/r50170466", Json(holder)),
        ("POST my/D", Phrase(201, "")),
        // what was given has a rule of its own; it is the same right all the same
        (THEIRS, given()),
        own(),
    ]);
    let report = script
        .client()
        .grant(Who::my(), receiver(), on_app())
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let bodies = script.end();
    assert_eq!(
        bodies[0]["_embedded"],
        json!({"Apprights": [{"RuleGuid": RULE}]})
    );

    let script = Script::new([(THEIRS, given()), own()]);
    let report = script
        .client()
        .grant(Who::my(), receiver(), on_app())
        .await
        .unwrap();
    assert!(
        report.is_complete() && !report.has_changed_anything(),
        "{report}"
    );
    script.end();

    let removal = format!("DELETE my/D/r50170466/apprights/ttd/fjordskjema/{OTHER_RULE}");
    let script = Script::new([
        (THEIRS, given()),
        own(),
        (removal.as_str(), Phrase(204, "")),
        (THEIRS, list("apprights", [])),
    ]);
    let report = script
        .client()
        .revoke(Who::my(), receiver(), on_app())
        .await
        .unwrap();
    assert!(
        report.is_complete() && report.has_changed_anything(),
        "{report}"
    );
    script.end();
}

#[tokio::test]
async fn what_altinn_took_away_is_sent_and_the_refusal_says_so() {
    let role = NewRole::new("Rapportering", "").with(["service:5123/1#Read".parse().unwrap()]);
    let anna = "26899299344".parse().unwrap();
    let party = "310702641".parse().unwrap();
    for (status, says_so) in [
        (404, true),
        (403, true),
        (405, true),
        (410, true),
        (400, false),
        (503, false),
    ] {
        let (rule, receiver) = (RuleId::from(RULE), RightHolderId::from("r1"));
        let due = [
            "DELETE my/authorization/roles/1",
            "DELETE my/authorization/rights/1",
            &format!("DELETE my/authorization/apprights/ttd/app/{RULE}"),
            "GET my/authorization/apprights",
            "GET my/D/r1/apprights",
            &format!("DELETE my/D/r1/apprights/ttd/app/{RULE}"),
            "POST my/authorization/RoleDefinitions",
            "PUT my/authorization/RoleDefinitions/1",
            "DELETE my/authorization/RoleDefinitions/1",
            "GET serviceowner/roledefinitions",
            "GET serviceowner/roledefinitions/1",
            "GET serviceowner/authorization/apprights?subject=26899299344&reportee=310702641",
        ]
        .map(|due| (due.to_owned(), Phrase(status, "")));
        let script = Script::of(due);
        let client = script.client();
        let owner = ServiceOwner::with_caller(script.clone());
        let errors = [
            client
                .give_up_role(Who::my(), &"1".into())
                .await
                .unwrap_err(),
            client
                .give_up_right(Who::my(), &"1".into())
                .await
                .unwrap_err(),
            client
                .give_up_app_right(Who::my(), "ttd/app", &rule)
                .await
                .unwrap_err(),
            client.own_app_rights(Who::my(), None).await.unwrap_err(),
            client
                .app_rights(Who::my(), &receiver, None)
                .await
                .unwrap_err(),
            client
                .remove_app_right(Who::my(), &receiver, "ttd/app", &rule)
                .await
                .unwrap_err(),
            client.create_role(Who::my(), &role).await.unwrap_err(),
            client.update_role(Who::my(), 1, &role).await.unwrap_err(),
            client.delete_role(Who::my(), 1).await.unwrap_err(),
            owner.role_definitions().await.unwrap_err(),
            owner.role_definition(1).await.unwrap_err(),
            owner.app_rights(&anna, &party).await.unwrap_err(),
        ];
        for error in errors {
            let said = error
                .to_string()
                .contains("took this operation away in release 23.5");
            assert_eq!(said, says_so, "{status}: {error}");
        }
        script.end();
    }
}

#[tokio::test]
async fn what_leads_out_of_its_place_is_not_sent() {
    let script = Script::new([]);
    let client = script.client();
    let owner = ServiceOwner::with_caller(script.clone());
    for path in [
        "",
        "..",
        "../x",
        "a/../../x",
        "%2e%2E/x",
        "a//b",
        "a b",
        "a#b",
        "a\\..\\b",
        "/",
    ] {
        assert!(
            client.pages::<Value>(path, &Query::new()).is_err(),
            "{path}"
        );
        assert!(
            client.read::<Value>(path).await.unwrap_err().is_input(),
            "{path}"
        );
        assert!(owner.pages::<Value>(path, &Query::new()).is_err(), "{path}");
    }
    let users = EnterpriseUsers::with_caller(script.clone());
    for name in ["", " ", "..", "a/b", "a:b", "26899299344"] {
        let error = users.create(name).await.unwrap_err();
        assert!(error.is_input() && !format!("{error:?}").contains("26899299344"));
        assert!(users.delete(name).await.unwrap_err().is_input(), "{name}");
    }
    let metadata = Metadata::with_caller(script.clone());
    for name in ["", "..", "a/b"] {
        assert!(metadata.codelist(name, None).await.unwrap_err().is_input());
        let service = Service::new(name, 1);
        assert!(
            metadata
                .form_schema(&service, "1", "1")
                .await
                .unwrap_err()
                .is_input()
        );
    }
    for app in ["", "ttd", "ttd/a/b", "../x", "ttd/"] {
        assert!(
            metadata
                .app_role_requirements(app)
                .await
                .unwrap_err()
                .is_input(),
            "{app}"
        );
        let rule = RuleId::from(RULE);
        assert!(
            client
                .give_up_app_right(Who::my(), app, &rule)
                .await
                .unwrap_err()
                .is_input()
        );
    }
    let no_rule = RuleId::from("");
    let error = client
        .remove_app_right(Who::my(), &"r1".into(), "ttd/app", &no_rule)
        .await;
    assert!(error.unwrap_err().is_input());
    assert!(
        client
            .role_definition(Who::user_name("a/b"), 1)
            .await
            .unwrap_err()
            .is_input()
    );
    let nameless = NewRole::new(" ", "");
    assert!(
        client
            .create_role(Who::my(), &nameless)
            .await
            .unwrap_err()
            .is_input()
    );
    let role_in_role = NewRole::new("R", "").with([Delegation::role(3)]);
    assert!(
        client
            .create_role(Who::my(), &role_in_role)
            .await
            .unwrap_err()
            .is_input()
    );
    script.end();
}

#[tokio::test]
async fn a_person_who_never_logged_in_is_told_apart() {
    let phrase = "User profile could not be found for ***********. User profile is created at first login to the Altinn.no portal";
    let due = "GET serviceowner/reportees?subject=26899299344";
    let script = Script::new([(due, Phrase(400, phrase)), (due, Phrase(400, ""))]);
    let owner = ServiceOwner::with_caller(script.clone());
    let anna = "26899299344".parse().unwrap();
    let query = ReporteesQuery::new();
    let error = owner.reportees(&anna, &query).await.unwrap_err();
    assert!(error.lacks_user_profile());
    assert!(
        !owner
            .reportees(&anna, &query)
            .await
            .unwrap_err()
            .lacks_user_profile()
    );
    assert!(!format!("{owner:?} {query:?} {error:?}").contains("26899299344"));
    script.end();
}

#[tokio::test]
async fn an_enterprise_user_comes_alone_or_in_an_array_of_one() {
    let user = || json!({"UserName": "fjordkraft-lonn", "Secret": "}{&=+%?^#"});
    let due = "POST enterpriseusers/fjordkraft-lonn/rotatesecret";
    let script = Script::new([
        (due, Json(user())),
        (due, Json(json!([user()]))),
        (due, Json(json!([]))),
        (due, Json(json!([user(), user()]))),
    ]);
    let users = EnterpriseUsers::with_caller(script.clone());
    for _ in 0..2 {
        let user = users.rotate_secret("fjordkraft-lonn").await.unwrap();
        assert_eq!(user.secret.as_ref().unwrap().expose(), "}{&=+%?^#");
        assert!(!format!("{user:?}").contains("}{&"));
    }
    for _ in 0..2 {
        let error = users.rotate_secret("fjordkraft-lonn").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(!format!("{error:?}").contains("}{&"));
    }
    script.end();
}

#[test]
fn a_filter_that_somebody_wrote_can_be_given_too() {
    let filter = Filter::<Right>::parse("ServiceCode eq '5123'").unwrap();
    assert_eq!(filter, right::SERVICE_CODE.eq("5123"));
}

#[tokio::test]
async fn what_replaces_is_given_before_what_is_replaced_is_taken() {
    let receiver = || Receiver::id("r50170466");
    let role = |id: i64, definition: i64| json!({"RoleId": id, "RoleType": "Altinn", "RoleDefinitionId": definition});
    let roles = |held: Vec<Value>| ("GET my/D/r50170466/roles", list("roles", held));
    let holder = || {
        let holder = json!({"RightHolderId": "r50170466", "Name": "SUND REGNSKAP AS", "OrganizationNumber": "310702641"});
        ("GET my/D/r50170466", Json(holder))
    };
    let script = Script::new([
        roles(vec![role(1, 3)]),
        holder(),
        ("POST my/D", Phrase(201, "")),
        roles(vec![role(1, 3), role(2, 4)]),
        roles(vec![role(1, 3), role(2, 4)]),
        ("DELETE my/D/r50170466/roles/1", Phrase(204, "")),
        roles(vec![role(2, 4)]),
    ]);
    let (three, four) = (Delegation::role(3), Delegation::role(4));
    let replaced = script
        .client()
        .replace(Who::my(), receiver(), [four.clone()], [three.clone()])
        .await;
    assert_eq!(
        replaced.unwrap().to_string(),
        "give role:4: done\nread again role:4: done\ntake back role:3: done\nread again role:3: done"
    );
    script.end();

    // what did not stick replaces nothing
    let script = Script::new([
        roles(vec![role(1, 3)]),
        holder(),
        ("POST my/D", Phrase(201, "")),
        roles(vec![role(1, 3)]),
    ]);
    let replaced = script
        .client()
        .replace(Who::my(), receiver(), [four.clone()], [three.clone()])
        .await;
    let report = replaced.unwrap();
    assert!(!report.is_complete());
    assert!(
        report.to_string().ends_with("take back role:3: skipped"),
        "{report}"
    );
    script.end();

    // what was refused after something was given is in the report
    let script = Script::new([
        roles(vec![role(1, 3)]),
        holder(),
        ("POST my/D", Phrase(201, "")),
        roles(vec![role(1, 3), role(2, 4)]),
        roles(vec![role(1, 3), role(2, 4)]),
        (
            "DELETE my/D/r50170466/roles/1",
            Phrase(403, "The role cannot be deleted."),
        ),
    ]);
    let replaced = script
        .client()
        .replace(Who::my(), receiver(), [four], [three])
        .await;
    let report = replaced.unwrap();
    assert!(report.has_changed_anything() && !report.is_complete());
    assert_eq!(
        report.errors().next().map(altinn_authz::Error::kind),
        Some(ErrorKind::Forbidden)
    );
    script.end();

    let script = Script::new([]);
    for (give, take) in [
        ("role:3", "role:3"),
        ("service:5123/1#Read,Write", "service:5123/1#Write"),
        ("service:5123/1#Read", "service:5123/1"),
    ] {
        let (give, take) = (give.parse().unwrap(), take.parse().unwrap());
        let replaced = script
            .client()
            .replace(Who::my(), receiver(), [give], [take])
            .await;
        assert!(replaced.unwrap_err().is_input());
    }
    script.end();
}
