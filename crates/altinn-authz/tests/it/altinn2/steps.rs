//! Calls of several steps, against a script: what is sent in which order, and what the report says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use altinn_authz::altinn2::{
    Client, Delegation, Identity, Outcome, Receiver, ReporteeId, RightHolderId, What, Who, odata,
};
use altinn_authz::{Caller, Error, ErrorKind, Language};
use bytes::Bytes;
use http_transport::{BoxFuture, ReasonPhrase};
use serde_json::{Value, json};
use url::Url;

use crate::contract::unmasked;

const PERSON: &str = "14838141278";

/// What the other side does with one request.
pub(crate) enum Answer {
    Json(Value),
    /// A status and the words after it, without a body.
    Phrase(u16, &'static str),
    /// The connection breaks after the request was sent.
    Lost,
    Page,
    /// A content type and a body.
    Raw(&'static str, &'static str),
}

use Answer::{Json, Lost, Page, Phrase, Raw};

/// The requests that are due, in order, each with its answer.
#[derive(Clone)]
pub(crate) struct Script {
    host: Option<Url>,
    due: Arc<Mutex<VecDeque<(String, Answer)>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn new<const N: usize>(due: [(&str, Answer); N]) -> Self {
        Self::of(due.map(|(request, answer)| (request.to_owned(), answer)))
    }

    pub(crate) fn of(due: impl IntoIterator<Item = (String, Answer)>) -> Self {
        Self {
            host: Some("https://tt02.altinn.no".parse().unwrap()),
            due: Arc::new(Mutex::new(due.into_iter().collect())),
            bodies: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_caller(self.clone())
    }

    /// How many requests are still due.
    pub(crate) fn left(&self) -> usize {
        self.due.lock().unwrap().len()
    }

    /// The bodies that were sent; everything that was due must have come.
    pub(crate) fn end(&self) -> Vec<Value> {
        let left: Vec<_> = self
            .due
            .lock()
            .unwrap()
            .iter()
            .map(|(request, _)| request.clone())
            .collect();
        assert!(left.is_empty(), "did not come: {left:?}");
        self.bodies.lock().unwrap().clone()
    }
}

impl Caller for Script {
    fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        let uri = request.uri();
        assert_eq!(uri.host(), Some("tt02.altinn.no"));
        let sent = format!("{} {}", request.method(), uri.path_and_query().unwrap());
        // what every one of them has is left out of the script
        let sent = sent
            .replace("/api/", "")
            .replace("authorization/Delegations", "D")
            .replace("language=1044", "")
            .replace("&$top=500", "")
            .replace("?&", "?")
            .replace("&&", "&");
        let sent = sent.trim_end_matches(['?', '&']).to_owned();
        if !request.body().is_empty() {
            let body = serde_json::from_slice(request.body()).unwrap();
            self.bodies.lock().unwrap().push(body);
        }
        let next = self.due.lock().unwrap().pop_front();
        let Some((due, answer)) = next else {
            panic!("nothing more was due, but came {sent}")
        };
        assert_eq!(sent, due);
        Box::pin(async move {
            let answer = match answer {
                Json(body) => http::Response::builder()
                    .header("content-type", "application/hal+json; charset=utf-8")
                    .body(Bytes::from(body.to_string()))
                    .unwrap(),
                Phrase(status, phrase) => {
                    let mut answer = http::Response::new(Bytes::new());
                    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
                    if let Some(phrase) = ReasonPhrase::new(phrase) {
                        answer.extensions_mut().insert(phrase);
                    }
                    answer
                }
                Lost => {
                    let kind = http_transport::ErrorKind::Interrupted;
                    return Err(http_transport::Error::new(kind, operation).into());
                }
                Raw(content_type, body) => http::Response::builder()
                    .header("content-type", content_type)
                    .body(Bytes::from_static(body.as_bytes()))
                    .unwrap(),
                Page => http::Response::builder()
                    .header("content-type", "text/html")
                    .body(Bytes::from_static(b"<html>Logg inn</html>"))
                    .unwrap(),
            };
            Ok(answer)
        })
    }

    fn platform(&self) -> &Url {
        self.host.as_ref().unwrap()
    }

    fn altinn2(&self) -> Option<&Url> {
        self.host.as_ref()
    }

    fn has_scope(&self, _scope: &str) -> bool {
        true
    }
}

fn ola() -> Receiver {
    Receiver::person(PERSON.parse().unwrap(), "NORDLI")
}

fn converted() -> (&'static str, Answer) {
    let reportee =
        json!({"ReporteeId": "r50170466", "Name": "NORDLI OLA", "SocialSecurityNumber": PERSON});
    ("POST reportees/ReporteeConversion", Json(reportee))
}

pub(crate) fn list(key: &str, items: impl IntoIterator<Item = Value>) -> Answer {
    let items: Vec<Value> = items.into_iter().collect();
    let embedded = serde_json::Map::from_iter([(key.to_owned(), Value::from(items))]);
    Json(json!({"_links": {"self": {"href": "https://elsewhere.example/"}}, "_embedded": embedded}))
}

fn right(id: i64, action: &str, source: &str) -> Value {
    json!({
        "RightID": id, "RightType": "Service", "ServiceCode": "5123", "ServiceEditionCode": 1,
        "Action": action, "RightSourceType": source, "IsDelegatable": true,
    })
}

fn direct(id: i64, action: &str) -> Value {
    right(id, action, "DirectlyDelegatedRights")
}

fn rights(items: impl IntoIterator<Item = Value>) -> (&'static str, Answer) {
    (RIGHTS, list("rights", items))
}

fn roles(items: impl IntoIterator<Item = Value>) -> (&'static str, Answer) {
    (ROLES, list("roles", items))
}

const RIGHTS: &str = "GET my/D/r50170466/rights?$filter=ServiceCode%20eq%20%275123%27";
const ROLES: &str = "GET my/D/r50170466/roles";
const GIVE: &str = "POST my/D";
const CREATED: Answer = Phrase(201, "");
const GONE: Answer = Phrase(204, "");

fn read_write() -> Delegation {
    Delegation::rights("5123", 1, ["Read", "Write"])
}

#[tokio::test]
async fn what_is_missing_is_given_and_seen_afterwards() {
    let script = Script::new([
        converted(),
        // held through a role is not held directly; another edition is another service
        rights([
            direct(1, "Read"),
            right(2, "Write", "RoleTypeRights"),
            json!({"RightID": 3, "ServiceCode": "5123", "ServiceEditionCode": 2, "Action": "Write",
                   "RightSourceType": "DirectlyDelegatedRights"}),
        ]),
        (GIVE, CREATED),
        rights([direct(1, "Read"), direct(4, "Write")]),
    ]);
    let report = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert_eq!(
        report.to_string(),
        "give service:5123/1#Read,Write: done\nread again service:5123/1#Read,Write: done"
    );
    assert!(report.is_complete() && report.has_changed_anything());
    assert_eq!(
        report.receiver().map(RightHolderId::as_str),
        Some("r50170466")
    );
    let bodies = script.end();
    assert_eq!(
        bodies[1],
        json!({
            "SocialSecurityNumber": PERSON, "LastName": "NORDLI",
            "_embedded": {"Rights": [{"ServiceCode": "5123", "ServiceEditionCode": 1, "Action": "Write"}]},
        })
    );
}

#[tokio::test]
async fn what_is_there_already_is_said_and_not_sent() {
    let script = Script::new([
        converted(),
        // two spellings of an action are one
        rights([direct(1, "ReadArchive")]),
        roles([json!({"RoleId": 9, "RoleType": "Altinn", "RoleDefinitionId": "3"})]),
    ]);
    let what = [
        Delegation::rights("5123", 1, ["ArchiveRead"]),
        Delegation::role(3),
    ];
    let report = script.client().grant(Who::my(), ola(), what).await.unwrap();
    assert_eq!(
        report.to_string(),
        "give service:5123/1#ArchiveRead: already\ngive role:3: already"
    );
    assert!(report.is_complete() && !report.has_changed_anything());
    script.end();
}

#[tokio::test]
async fn a_name_of_somebody_else_changes_nothing() {
    let phrase = "14838141278 is either not a valid organization number or social security number, \
                  or the provided name; NORDLI does not match the person or organizations registered name.";
    let script = Script::new([("POST reportees/ReporteeConversion", Phrase(400, phrase))]);
    let error = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.is_refusal());
    let remedy = error.diagnosis().remedy().unwrap();
    let said = format!("{error} {error:?} {} {remedy}", error.diagnosis());
    assert!(!unmasked(&said), "{said}");
    assert!(said.contains("check the number and the name"), "{said}");
    script.end();
}

#[tokio::test]
async fn a_lost_answer_is_looked_into_before_anything_is_sent_twice() {
    // it was done
    let script = Script::new([
        converted(),
        rights([]),
        (GIVE, Lost),
        rights([direct(1, "Read"), direct(2, "Write")]),
        rights([direct(1, "Read"), direct(2, "Write")]),
    ]);
    let report = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    script.end();

    // half of it was done: the rest is sent
    let script = Script::new([
        converted(),
        rights([]),
        (GIVE, Phrase(502, "")),
        rights([direct(1, "Read")]),
        (GIVE, CREATED),
        rights([direct(1, "Read"), direct(2, "Write")]),
    ]);
    let report = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let bodies = script.end();
    let sent = &bodies[2]["_embedded"]["Rights"];
    assert_eq!(sent.as_array().unwrap().len(), 1);
    assert_eq!(sent[0]["Action"], "Write");

    // nobody can tell: that is in the report, not forgotten in an error
    let script = Script::new([converted(), rights([]), (GIVE, Lost), (RIGHTS, Lost)]);
    let report = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert_eq!(
        report.errors().next().map(Error::kind),
        Some(ErrorKind::Unreachable)
    );
    script.end();
}

#[tokio::test]
async fn a_right_that_does_not_stick_is_noticed() {
    let script = Script::new([
        converted(),
        rights([]),
        (GIVE, CREATED),
        rights([direct(1, "Read")]),
    ]);
    let report = script
        .client()
        .grant(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert!(!report.is_complete());
    assert_eq!(
        report.to_string().lines().last(),
        Some("read again service:5123/1#Read,Write: unexpected: the right Write is not there")
    );
    script.end();
}

#[tokio::test]
async fn one_refusal_does_not_stop_the_rest_and_the_report_is_exact() {
    let script = Script::new([
        converted(),
        roles([]),
        (GIVE, Phrase(403, "The role cannot be delegated.")),
        rights([]),
        (GIVE, CREATED),
        rights([direct(1, "Read"), direct(2, "Write")]),
    ]);
    let what = [Delegation::role(195), read_write()];
    let report = script.client().grant(Who::my(), ola(), what).await.unwrap();
    let steps: Vec<_> = report
        .steps()
        .iter()
        .map(|step| (step.what(), step.outcome()))
        .collect();
    assert!(matches!(
        steps[..],
        [
            (What::Give(Delegation::Role(195)), Outcome::Failed(_)),
            (What::Give(Delegation::Rights { .. }), Outcome::Done),
            (What::ReadAgain(Delegation::Rights { .. }), Outcome::Done),
        ]
    ));
    assert!(!report.is_complete() && report.has_changed_anything());
    script.end();
}

#[tokio::test]
async fn the_only_thing_asked_for_fails_with_its_own_error() {
    let script = Script::new([
        converted(),
        roles([]),
        (GIVE, Phrase(403, "The role cannot be delegated.")),
    ]);
    let error = script
        .client()
        .grant(Who::my(), ola(), [Delegation::role(195)])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.to_string(), "The role cannot be delegated (403)");
    script.end();
}

#[tokio::test]
async fn a_login_page_ends_the_run() {
    let script = Script::new([converted(), roles([]), (GIVE, Page)]);
    let what = [Delegation::role(3), read_write()];
    let report = script.client().grant(Who::my(), ola(), what).await.unwrap();
    assert_eq!(
        report.errors().next().map(Error::kind),
        Some(ErrorKind::LoginPage)
    );
    assert!(matches!(report.steps()[1].outcome(), Outcome::Skipped));
    script.end();
}

#[tokio::test]
async fn an_enterprise_user_is_found_by_name_also_one_who_had_nothing() {
    let user = Receiver::enterprise_user("Fjordkraft-Lonn", "310702617".parse().unwrap());
    let holder = json!({"RightHolderId": "u20012345", "UserName": "fjordkraft-lonn", "OrganizationNumber": "310702617"});
    let namesake = json!({"RightHolderId": "u9", "UserName": "fjordkraft-lonn2", "OrganizationNumber": "310702617"});
    let script = Script::new([
        ("GET 310702617/D", list("rightholders", [namesake.clone()])),
        ("POST 310702617/D", CREATED),
        ("GET 310702617/D", list("rightholders", [namesake, holder])),
        (
            "GET 310702617/D/u20012345/roles",
            list("roles", [json!({"RoleId": 9, "RoleDefinitionId": 3})]),
        ),
    ]);
    let who = Who::Organisation("310702617".parse().unwrap());
    let report = script
        .client()
        .grant(&who, user, [Delegation::role(3)])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!(
        report.receiver().map(RightHolderId::as_str),
        Some("u20012345")
    );
    let bodies = script.end();
    assert_eq!(
        bodies[0],
        json!({
            "UserName": "Fjordkraft-Lonn", "OrganizationNumber": "310702617",
            "_embedded": {"Roles": [{"RoleDefinitionId": 3}]},
        })
    );
}

#[tokio::test]
async fn a_known_receiver_is_named_as_altinn_wants_it() {
    // an organisation: its number and name are read
    let script = Script::new([
        ("GET my/D/r50170465/roles", list("roles", [])),
        (
            "GET my/D/r50170465",
            Json(
                json!({"RightHolderId": "r50170465", "Name": "SUND REGNSKAP AS  ", "OrganizationNumber": "313702634"}),
            ),
        ),
        ("POST my/D", CREATED),
        (
            "GET my/D/r50170465/roles",
            list("roles", [json!({"RoleId": 9, "RoleDefinitionId": 3})]),
        ),
    ]);
    let client = script.client();
    let report = client
        .grant(Who::my(), Receiver::id("r50170465"), [Delegation::role(3)])
        .await;
    assert!(report.unwrap().is_complete());
    let bodies = script.end();
    assert_eq!(bodies[0]["OrganizationNumber"], "313702634");
    assert_eq!(bodies[0]["Name"], "SUND REGNSKAP AS");

    // a person: the number is masked, so it cannot be sent
    let script = Script::new([(
        "GET my/D/r50170466",
        Json(
            json!({"RightHolderId": "r50170466", "Name": "NORDLI OLA", "LastName": "NORDLI", "SocialSecurityNumber": "148381*****"}),
        ),
    )]);
    let client = script.client();
    let given = client
        .delegate(Who::my(), Receiver::id("r50170466"), [Delegation::role(3)])
        .await;
    assert_eq!(given.unwrap_err().kind(), ErrorKind::InvalidInput);
    script.end();
}

#[tokio::test]
async fn rights_are_taken_back_one_by_one_and_seen_to_be_gone() {
    let script = Script::new([
        converted(),
        rights([
            direct(41, "Read"),
            right(42, "Sign", "RoleTypeRights"),
            direct(43, "ArchiveRead"),
        ]),
        ("DELETE my/D/r50170466/rights/41", GONE),
        rights([
            right(42, "Sign", "RoleTypeRights"),
            direct(43, "ArchiveRead"),
        ]),
    ]);
    let what = Delegation::rights("5123", 1, ["Read", "Write", "Sign"]);
    let report = script
        .client()
        .revoke(Who::my(), ola(), [what])
        .await
        .unwrap();
    assert_eq!(
        report.to_string(),
        "take back service:5123/1#Read: done\n\
         take back service:5123/1#Write: already\n\
         take back service:5123/1#Sign: refused: held by RoleTypeRights, not given directly\n\
         read again service:5123/1#Read,Write,Sign: done"
    );
    script.end();
}

#[tokio::test]
async fn all_rights_on_a_service_are_those_that_were_given_directly() {
    let script = Script::new([
        rights([
            direct(41, "Read"),
            right(42, "Sign", "PartyRights"),
            direct(43, "Write"),
        ]),
        ("DELETE my/D/r50170466/rights/41", GONE),
        (
            "DELETE my/D/r50170466/rights/43",
            Phrase(403, "The right cannot be deleted."),
        ),
        rights([right(42, "Sign", "PartyRights"), direct(43, "Write")]),
    ]);
    let receiver = Receiver::id("r50170466");
    let report = script
        .client()
        .revoke(Who::my(), receiver, [Delegation::service("5123", 1)])
        .await
        .unwrap();
    let steps: Vec<_> = report.steps().iter().map(|step| step.outcome()).collect();
    assert!(matches!(
        steps[..],
        [Outcome::Done, Outcome::Failed(_), Outcome::Unexpected(_)]
    ));
    script.end();
}

#[tokio::test]
async fn only_a_role_that_was_given_directly_is_taken_back() {
    let direct = || json!({"RoleId": 77, "RoleType": "Altinn", "RoleDefinitionId": 3});
    let inherited = || json!({"RoleType": "Altinn", "RoleDefinitionId": 3});
    // of the register, with an id as the register's have: not even tried
    let registered = || json!({"RoleId": 78, "RoleType": "External", "RoleDefinitionId": 3});
    let script = Script::new([
        converted(),
        roles([inherited(), direct()]),
        ("DELETE my/D/r50170466/roles/77", GONE),
        roles([inherited()]),
    ]);
    let report = script
        .client()
        .revoke(Who::my(), ola(), [Delegation::role(3)])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    script.end();

    for (held, why) in [
        (inherited(), "through another party"),
        (registered(), "Enhetsregisteret"),
    ] {
        let script = Script::new([converted(), roles([held])]);
        let report = script
            .client()
            .revoke(Who::my(), ola(), [Delegation::role(3)])
            .await
            .unwrap();
        assert!(!report.is_complete() && !report.has_changed_anything());
        assert!(report.to_string().contains(why), "{report}");
        script.end();
    }
}

#[tokio::test]
async fn what_is_gone_already_is_no_failure() {
    const DELETE: &str = "DELETE my/D/r50170466/rights/41";
    let what = || [Delegation::rights("5123", 1, ["Read"])];
    for (answer, there, outcome) in [
        // somebody else was faster
        (Phrase(404, ""), false, Ok("already")),
        // the server had done it
        (Lost, false, Ok("done")),
        (Phrase(404, ""), true, Err(ErrorKind::NotFound)),
        (
            Phrase(403, "The right cannot be deleted."),
            true,
            Err(ErrorKind::Forbidden),
        ),
    ] {
        let is_refused = matches!(answer, Phrase(403, _));
        let changed = matches!(answer, Lost);
        let left = || there.then(|| direct(41, "Read"));
        let script = Script::new([converted(), rights([direct(41, "Read")]), (DELETE, answer)]);
        for _ in 0..usize::from(!is_refused) + usize::from(changed) {
            let (request, answer) = rights(left());
            script
                .due
                .lock()
                .unwrap()
                .push_back((request.to_owned(), answer));
        }
        let report = script.client().revoke(Who::my(), ola(), what()).await;
        match (report, outcome) {
            (Ok(report), Ok(outcome)) => assert!(
                report
                    .to_string()
                    .starts_with(&format!("take back service:5123/1#Read: {outcome}")),
                "{report}"
            ),
            (Err(error), Err(kind)) => assert_eq!(error.kind(), kind),
            (report, outcome) => panic!("{report:?} instead of {outcome:?}"),
        }
        script.end();
    }

    // lost and not done: once more
    let script = Script::new([
        converted(),
        rights([direct(41, "Read")]),
        (DELETE, Lost),
        rights([direct(41, "Read")]),
        (DELETE, GONE),
        rights([]),
    ]);
    let report = script
        .client()
        .revoke(Who::my(), ola(), what())
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    script.end();
}

#[tokio::test]
async fn one_who_is_unknown_to_the_party_holds_nothing() {
    let script = Script::new([converted(), (RIGHTS, Phrase(404, ""))]);
    let report = script
        .client()
        .revoke(Who::my(), ola(), [read_write()])
        .await
        .unwrap();
    assert!(report.is_complete() && !report.has_changed_anything());
    script.end();

    let user = Receiver::enterprise_user("nobody", "310702617".parse().unwrap());
    let script = Script::new([("GET my/D", list("rightholders", []))]);
    let report = script
        .client()
        .revoke(Who::my(), user, [read_write()])
        .await
        .unwrap();
    assert!(report.is_complete() && report.receiver().is_none());
    script.end();

    // a person's user name is not in the list: not to be taken for holding nothing
    let script = Script::new([("GET my/D", list("rightholders", []))]);
    let person = Receiver::user("ola", "NORDLI");
    let error = script
        .client()
        .revoke(Who::my(), person, [read_write()])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownParty);
    script.end();
}

fn page(from: usize, count: usize) -> Answer {
    list(
        "roles",
        (from..from + count).map(|n| json!({"RoleDefinitionId": n})),
    )
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let read = |script: &Script| {
        let client = script.client();
        async move { client.roles(Who::my(), &"r50170466".into()).await }
    };
    // a server that heeds $top
    let script = Script::new([
        (ROLES, page(0, 500)),
        ("GET my/D/r50170466/roles?$skip=500", page(500, 500)),
        ("GET my/D/r50170466/roles?$skip=1000", page(1000, 3)),
    ]);
    assert_eq!(read(&script).await.unwrap().len(), 1003);
    script.end();

    // one that sends 50 at a time, and ends on a full page
    let script = Script::new([
        (ROLES, page(0, 50)),
        ("GET my/D/r50170466/roles?$skip=50", page(50, 50)),
        ("GET my/D/r50170466/roles?$skip=100", page(100, 0)),
    ]);
    assert_eq!(read(&script).await.unwrap().len(), 100);
    script.end();

    // one that does not heed $skip would go on for ever
    let script = Script::new([
        (ROLES, page(0, 50)),
        ("GET my/D/r50170466/roles?$skip=50", page(0, 50)),
    ]);
    assert_eq!(
        read(&script).await.unwrap_err().kind(),
        ErrorKind::EndlessList
    );
    script.end();
}

#[tokio::test]
async fn everyone_who_holds_something_with_everything() {
    let script = Script::new([
        (
            "GET r50170462/D",
            list(
                "rightholders",
                [
                    json!({"RightHolderId": "r1"}),
                    json!({"RightHolderId": "u2"}),
                ],
            ),
        ),
        (
            "GET r50170462/D/r1",
            Json(
                json!({"RightHolderId": "r1", "Roles": {"_embedded": {"roles": [{"RoleDefinitionId": 3}]}}, "Rights": []}),
            ),
        ),
        (
            "GET r50170462/D/u2",
            Json(json!({"RightHolderId": "u2", "Roles": [], "Rights": null})),
        ),
    ]);
    let held = script
        .client()
        .held(ReporteeId::from("r50170462"))
        .await
        .unwrap();
    let roles: Vec<_> = held
        .iter()
        .map(|one| one.roles.as_ref().map(|r| r.items().len()))
        .collect();
    assert_eq!(roles, [Some(1), Some(0)]);
    script.end();
}

#[tokio::test]
async fn a_number_without_a_name_is_looked_for_among_ones_reportees() {
    let company = json!({"ReporteeId": "r50170462", "Name": "FJORDKRAFTVERK AS", "OrganizationNumber": "310702617"});
    let person =
        json!({"ReporteeId": "r50170466", "Name": "NORDLI OLA", "SocialSecurityNumber": PERSON});
    let script = Script::new([
        (
            "GET reportees?includeInactiveReportees=true&$filter=OrganizationNumber%20eq%20%27310702617%27",
            list("reportees", [company.clone()]),
        ),
        // the number of a person is in no address
        (
            "GET reportees",
            list("reportees", [company.clone(), person]),
        ),
        ("GET reportees", list("reportees", [company])),
    ]);
    let client = script.client();
    let found = client.resolve(&"310702617".parse().unwrap()).await.unwrap();
    assert_eq!(found.id, Some("r50170462".into()));
    assert_eq!(Who::try_from(&found).unwrap().to_string(), "r50170462");
    let found = client.resolve(&PERSON.parse().unwrap()).await.unwrap();
    assert_eq!(found.id, Some("r50170466".into()));
    let error = client.resolve(&PERSON.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownParty);
    assert_eq!(
        error.to_string(),
        "148381***** is none of those one may act for"
    );
    script.end();
}

#[tokio::test]
async fn what_cannot_be_right_is_not_sent() {
    let script = Script::new([]);
    let client = script.client();
    let known: RightHolderId = "r50170466".into();
    let nobody = Receiver::person(PERSON.parse().unwrap(), "  ");
    let errors = [
        client.delegations(Who::user_name(PERSON)).await.map(drop),
        client.delegations(Who::user_name("..")).await.map(drop),
        client
            .right_holder(Who::my(), &PERSON.into())
            .await
            .map(drop),
        client
            .right_holder(Who::my(), &"../r1".into())
            .await
            .map(drop),
        client.remove_role(Who::my(), &known, &"".into()).await,
        client
            .remove_right(Who::my(), &known, &"1/../2".into())
            .await,
        client.reportee(&PERSON.into()).await.map(drop),
        client.delegate(Who::my(), ola(), []).await,
        client
            .delegate(Who::my(), ola(), [Delegation::role(0)])
            .await,
        client
            .delegate(Who::my(), ola(), [Delegation::service("5123", 1)])
            .await,
        client
            .delegate(Who::my(), &nobody, [Delegation::role(3)])
            .await,
        client
            .grant(Who::my(), &nobody, [Delegation::role(3)])
            .await
            .map(drop),
        client.grant(Who::my(), ola(), []).await.map(drop),
        client
            .grant(Who::my(), ola(), [Delegation::service("5123", 1)])
            .await
            .map(drop),
        client.revoke(Who::my(), ola(), []).await.map(drop),
    ];
    for (at, error) in errors.into_iter().enumerate() {
        let error = error.expect_err(&at.to_string());
        assert!(error.is_input(), "{at}: {error:?}");
        assert!(
            !unmasked(&format!("{error} {error:?} {}", error.diagnosis())),
            "{at}"
        );
    }
    script.end();
}

#[tokio::test]
async fn an_environment_without_altinn_2_says_which_way_is_open() {
    let mut script = Script::new([]);
    script.host = None;
    let error = script.client().reportees().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Altinn2Closed);
    assert!(
        error
            .diagnosis()
            .remedy()
            .unwrap()
            .action()
            .contains("--api altinn3")
    );
    assert!(!error.is_refusal());
}

#[tokio::test]
async fn the_language_is_said_also_where_it_is_not_the_default() {
    let script = Script::new([(
        "GET my/D/r50170466/rights?language=2068&$filter=ServiceCode%20eq%20%27O%27%27Brien%20%26%20%C3%A6%27",
        list("rights", []),
    )]);
    let client = script.client().with_language(Language::Nynorsk);
    let filter = odata::right::SERVICE_CODE.eq("O'Brien & æ");
    client
        .rights(Who::my(), &"r50170466".into(), Some(&filter))
        .await
        .unwrap();
    script.end();
}

#[test]
fn nothing_shows_the_number_of_a_person() {
    let identity = Identity::person(PERSON.parse().unwrap()).named("NORDLI");
    let shown = format!(
        "{identity} {identity:?} {} {:?} {} {:?}",
        ola(),
        ola(),
        Receiver::user(PERSON, "NORDLI"),
        Receiver::user(PERSON, "NORDLI"),
    );
    assert!(!unmasked(&shown), "{shown}");
}

#[tokio::test]
async fn an_organisation_that_holds_something_is_found_by_its_number_alone() {
    let number = || "313702634".parse().unwrap();
    // the organisation's own enterprise user has the same number
    let user = json!({"RightHolderId": "u20012345", "UserName": "sund-lonn", "OrganizationNumber": "313702634"});
    let itself = json!({"RightHolderId": "r50170465", "Name": "SUND REGNSKAP AS", "OrganizationNumber": "313702634"});
    let script = Script::new([
        (
            "GET my/D",
            list("rightholders", [user.clone(), itself.clone()]),
        ),
        (
            "GET my/D/r50170465/roles",
            list("roles", [json!({"RoleId": 9, "RoleDefinitionId": 3})]),
        ),
        ("DELETE my/D/r50170465/roles/9", GONE),
        ("GET my/D/r50170465/roles", list("roles", [])),
    ]);
    let receiver = Receiver::known_organisation(number());
    let report = script
        .client()
        .revoke(Who::my(), receiver, [Delegation::role(3)])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    script.end();

    // to be given more, it is named as Altinn wants it
    let script = Script::new([
        ("GET my/D", list("rightholders", [user.clone(), itself])),
        (GIVE, CREATED),
    ]);
    let receiver = Receiver::known_organisation(number());
    script
        .client()
        .delegate(Who::my(), receiver, [Delegation::role(3)])
        .await
        .unwrap();
    assert_eq!(script.end()[0]["Name"], "SUND REGNSKAP AS");

    let script = Script::new([("GET my/D", list("rightholders", [user]))]);
    let receiver = Receiver::known_organisation(number());
    let error = script
        .client()
        .revoke(Who::my(), receiver, [Delegation::role(3)])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownParty);
    script.end();
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart_and_says_which_way_is_open() {
    for (content_type, body) in [
        ("application/hal+json", ""),
        (
            "application/hal+json",
            r#"{"_embedded":{"rights":[{"RightID":1"#,
        ),
        (
            "application/hal+json",
            r#"{"_embedded":{"rights":[{"RightID":{}}]}}"#,
        ),
        (
            "application/hal+json",
            r#"{"_embedded":{"rights":[],"roles":[]}}"#,
        ),
        ("application/hal+json", "Nei."),
        ("application/hal+xml", "<resource/>"),
    ] {
        let script = Script::new([("GET my/D/r1/rights", Raw(content_type, body))]);
        let error = script
            .client()
            .rights(Who::my(), &"r1".into(), None)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
        let remedy = error.diagnosis().remedy().unwrap().to_string();
        assert!(remedy.contains("--api altinn3"), "{body}: {remedy}");
        script.end();
    }
    // blanks before, a byte order mark, an object alone: read all the same
    for body in [
        "\r\n [{\"RightID\":1}]",
        "\u{feff}[{\"RightID\":1}]",
        "{\"RightID\":1}",
    ] {
        let script = Script::new([("GET my/D/r1/rights", Raw("application/json", body))]);
        let rights = script
            .client()
            .rights(Who::my(), &"r1".into(), None)
            .await
            .unwrap();
        assert_eq!(rights.len(), 1, "{body}");
        script.end();
    }
    // giving is not done because a page came with 200
    let script = Script::new([(GIVE, Page)]);
    let given = script
        .client()
        .delegate(Who::my(), ola(), [Delegation::role(3)])
        .await;
    assert_eq!(given.unwrap_err().kind(), ErrorKind::LoginPage);
    script.end();
}

/// Every phrase and body of the wire facts (Altinn 2 §5 and §2.5), and what a caller is told.
#[tokio::test]
async fn every_known_refusal_says_what_it_means() {
    let phrases = [
        (400, "Required header 'ApiKey' is missing."),
        (
            400,
            "14838141278 is not a valid organization number or social security number.",
        ),
        (
            400,
            "User profile could not be found for ***********. User profile is created at first login to the Altinn.no portal",
        ),
        (400, "Invalid organization number: 0000000"),
        (
            400,
            "The limit of '10000' for Top query has been exceeded. The value from the incoming request is '10001'",
        ),
        (
            400,
            "Could not find property named 'ValidTil' on type 'Altinn.SBL.AltinnWebAPI.Models.ServiceMetaData'",
        ),
        (
            400,
            "Syntax error at position 20 in 'ServiceOwnerCode neq 'ACN''",
        ),
        (
            401,
            "Authorization failed: There is no authenticated organization number set on this request.",
        ),
        (401, "Claims Authorization failed: Missing required scope"),
        (
            401,
            "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '06/14/2021 12:48:48', Current time: '06/14/2021 12:50:00'.",
        ),
        (401, ""),
        (
            403,
            "Forbidden - The API key is not authorized for this operation",
        ),
        (
            403,
            "The API key is not authorized for this operation, or the supplied authorization code is either expired or invalid.",
        ),
        (403, "The role cannot be deleted."),
        (
            403,
            "Role definition cannot be updated, verify that you have access to the supplied rights",
        ),
        (403, "Something that nobody has heard of"),
        (403, ""),
        (404, ""),
        (409, ""),
        (410, ""),
        (429, ""),
        (500, "UserID"),
        (503, ""),
    ];
    let mut told = String::new();
    for (status, phrase) in phrases {
        let script = Script::new([("GET my/D/r1/roles", Phrase(status, phrase))]);
        let error = script
            .client()
            .roles(Who::my(), &"r1".into())
            .await
            .unwrap_err();
        let diagnosis = error.diagnosis();
        told += &format!(
            "{status} {}\n  {:?}: {error}\n  retry: {:?}\n  {}\n",
            http_transport::redact::text(phrase),
            error.kind(),
            diagnosis.retry(),
            diagnosis.remedy().unwrap(),
        );
    }
    assert!(!unmasked(&told));
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("../snapshots/altinn2");
    settings.bind(|| insta::assert_snapshot!("refusals", told));
}
