//! Calls of several steps, against a script: what is sent in which order, and what the report says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use altinn_authz::altinn3::{
    Cascade, Client, Entitlement, Include, Outcome, PackageUrn, PartyUuid, Receiver, Relation,
    Report, ResourceId, scopes,
};
use altinn_authz::{Caller, Error, ErrorKind};
use bytes::Bytes;
use http_transport::{BoxFuture, Retry};
use serde_json::{Value, json};
use url::Url;

use crate::contract::unmasked;

const PERSON: &str = "14838141278";
/// Right keys, as opaque as the server's.
const READ: &str = "01aa";
const WRITE: &str = "01bb";
const SIGN: &str = "01cc";

/// What the other side does with one request.
pub(crate) enum Answer {
    Json(Value),
    Refused(u16, Value),
    /// A status without a body.
    Status(u16),
    /// The connection breaks after the request was sent.
    Lost,
    /// The answer breaks off.
    Torn,
    /// A proxy's page.
    Page(u16),
}

use Answer::{Json, Lost, Page, Refused, Status, Torn};

/// The requests that are due, in order, each with its answer.
#[derive(Clone)]
pub(crate) struct Script {
    host: Url,
    scopes: Option<Vec<&'static str>>,
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
        let due = due
            .into_iter()
            .map(|(request, answer)| (request.to_owned(), answer));
        Self {
            host: "https://platform.tt02.altinn.no".parse().unwrap(),
            scopes: None,
            due: Arc::new(Mutex::new(due.collect())),
            bodies: Arc::default(),
        }
    }

    pub(crate) fn with_scopes<const N: usize>(mut self, scopes: [&'static str; N]) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    fn client(&self) -> Client {
        Client::with_caller(self.clone())
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
        assert_eq!(uri.host(), Some("platform.tt02.altinn.no"));
        let sent = format!("{} {}", request.method(), uri.path_and_query().unwrap());
        // what every one of them has is left out of the script
        let sent = sent
            .replace("/accessmanagement/api/v1/enduser/", "")
            .replace("5f0c1e7a-3b52-4d6e-9a41-00000000000", "")
            .replace("urn%3Aaltinn%3Aaccesspackage%3A", "")
            .replace(
                "&includeAccessPackages=true&includeResources=true&includeInstances=true",
                "&all",
            )
            .replace("connections/", "C/");
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
            let (status, content_type, body) = match answer {
                Json(body) => (200, "application/json; charset=utf-8", body.to_string()),
                Refused(status, body) => (status, "application/problem+json", body.to_string()),
                Status(status) => (status, "", String::new()),
                Page(status) => (status, "text/html", "<html>Bad gateway</html>".to_owned()),
                Torn => {
                    let kind = http_transport::ErrorKind::TruncatedBody;
                    return Err(http_transport::Error::new(kind, operation).into());
                }
                Lost => {
                    let kind = http_transport::ErrorKind::Interrupted;
                    return Err(http_transport::Error::new(kind, operation).into());
                }
            };
            let mut answer = http::Response::builder().status(status);
            if !content_type.is_empty() {
                answer = answer.header("content-type", content_type);
            }
            Ok(answer.body(Bytes::from(body)).unwrap())
        })
    }

    fn platform(&self) -> &Url {
        &self.host
    }

    fn altinn2(&self) -> Option<&Url> {
        None
    }

    fn has_scope(&self, scope: &str) -> bool {
        match &self.scopes {
            // nobody but Altinn has the portal's
            None => scope.starts_with("altinn:accessmanagement/"),
            Some(scopes) => scopes.contains(&scope),
        }
    }
}

const CHECK: &str = "GET C/accesspackages/delegationcheck?party=2&packages=skattegrunnlag";
const CONNECTED: &str = "GET connections?party=2&from=2&to=6";
const EVERYTHING: &str = "GET connections?party=2&from=2&to=6&all";
const CONNECT: &str = "POST connections?party=2&to=6";
const PACKAGES: &str = "GET C/accesspackages?party=2&from=2&to=6";
const GIVE: &str = "POST C/accesspackages?party=2&to=6&package=skattegrunnlag";
const TAKE: &str = "DELETE C/accesspackages?party=2&from=2&to=6&package=skattegrunnlag";
const MAY: &str = "GET C/resources/delegationcheck?party=2&resource=skjema";
const RIGHTS: &str = "GET C/resources/rights?party=2&from=2&to=6&resource=skjema";
const GIVE_RIGHTS: &str = "POST C/resources/rights?party=2&to=6&resource=skjema";
const PUT_RIGHTS: &str = "PUT C/resources/rights?party=2&to=6&resource=skjema";
const TAKE_RESOURCE: &str = "DELETE C/resources?party=2&from=2&to=6&resource=skjema";

const DIALOGUE: &str = "urn:altinn:dialog-id:0191e2a4";
const INSTANCES: &str = "GET C/resources/instances?party=2&from=2&to=6";
const MAY_INSTANCE: &str = "GET C/resources/instances/delegationcheck?party=2&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
const INSTANCE_RIGHTS: &str = "GET C/resources/instances/rights?party=2&from=2&to=6&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
const GIVE_INSTANCE: &str = "POST C/resources/instances/rights?party=2&to=6&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
const PUT_INSTANCE: &str = "PUT C/resources/instances/rights?party=2&to=6&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
const TAKE_INSTANCE: &str = "DELETE C/resources/instances?party=2&from=2&to=6&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
const ROLES: &str = "GET C/roles?party=2&from=2&to=6";
const TAKE_ROLE: &str = "DELETE C/roles?party=2&from=2&to=6&rolecode=utinn";

fn dialogue() -> Entitlement {
    Entitlement::instance("skjema", DIALOGUE.parse().unwrap())
}

fn held_instance(permissions: &[Value]) -> Value {
    json!({
        "resource": { "id": uuid(9), "refId": "skjema", "name": "Skjema" },
        "instance": { "refId": DIALOGUE, "type": { "id": null, "name": "Dialog" } },
        "permissions": permissions,
    })
}

fn holds_role(code: &str, revocable: Option<bool>) -> Answer {
    page([json!({
        "role": {
            "id": uuid(7), "code": code, "name": "Innsyn", "isRevocable": revocable,
            "provider": { "id": uuid(8), "name": "Enhetsregisteret" },
        },
        "permissions": [direct()],
    })])
}

/// UTINN, of which the list says that it came from Altinn 2.
fn of_altinn2(revocable: Option<bool>, permission: Value) -> Answer {
    page([json!({
        "role": {
            "id": uuid(7), "code": "utinn", "isRevocable": revocable,
            "provider": { "id": uuid(8), "name": "Altinn 2", "code": "sys-altinn2" },
        },
        "permissions": [permission],
    })])
}

fn through(name: &str) -> Value {
    let mut permission = permission("keyrole", 16, "utinn");
    permission["via"] = json!({ "id": uuid(5), "name": name });
    permission
}

fn uuid(last: u8) -> PartyUuid {
    format!("5f0c1e7a-3b52-4d6e-9a41-00000000000{last}")
        .parse()
        .unwrap()
}

fn ola() -> Receiver {
    Receiver::person(PERSON.parse().unwrap(), "NORDLI")
}

fn tax() -> Entitlement {
    Entitlement::package("skattegrunnlag")
}

fn page(items: impl IntoIterator<Item = Value>) -> Answer {
    let data: Vec<Value> = items.into_iter().collect();
    Json(json!({ "links": { "next": null }, "data": data }))
}

fn none() -> Answer {
    page([])
}

fn may_give(result: bool) -> Answer {
    let reasons = match result {
        true => json!([]),
        false => json!([{ "description": "Mangler tilgang" }]),
    };
    page([json!({
        "package": { "id": uuid(9), "urn": "urn:altinn:accesspackage:skattegrunnlag" },
        "result": result, "reasons": reasons,
    })])
}

fn role() -> Value {
    json!({ "id": "42cae370-2dc1-4fdc-9c67-c2f4b0f0f829", "code": "rettighetshaver" })
}

fn connection(packages: &[&str]) -> Value {
    let packages = packages
        .iter()
        .map(|code| json!({ "id": uuid(9), "urn": format!("urn:altinn:accesspackage:{code}") }));
    json!({
        "party": { "id": uuid(6), "name": "NORDLI OLA", "type": "Person", "personIdentifier": PERSON },
        "roles": [role()],
        "packages": packages.collect::<Vec<_>>(),
        "resources": [], "instances": [], "connections": [],
    })
}

fn connected() -> Answer {
    page([connection(&[])])
}

fn made() -> Answer {
    Json(json!({ "id": uuid(8), "roleId": uuid(7), "fromId": uuid(2), "toId": uuid(6) }))
}

fn permission(reason: &str, flag: u8, role: &str) -> Value {
    json!({
        "from": { "id": uuid(2) }, "to": { "id": uuid(6) }, "via": null,
        "role": { "id": uuid(7), "code": role },
        "reason": { "flag": flag, "items": [{ "name": reason }] },
    })
}

fn holds(permissions: &[Value]) -> Answer {
    page([json!({
        "package": { "id": uuid(9), "urn": "urn:altinn:accesspackage:skattegrunnlag" },
        "permissions": permissions,
    })])
}

fn direct() -> Value {
    permission("direct", 1, "rettighetshaver")
}

fn by_role() -> Value {
    permission("rolemap", 8, "daglig-leder")
}

fn given() -> Answer {
    Json(json!({ "id": uuid(8), "assignmentId": uuid(7), "packageId": uuid(9) }))
}

fn right(key: &str, action: &str) -> Value {
    json!({ "key": key, "name": action, "action": { "type": "action-id", "value": action } })
}

fn action(key: &str) -> &'static str {
    match key {
        READ => "read",
        WRITE => "write",
        _ => "sign",
    }
}

fn may_give_rights(rights: &[(&str, bool)]) -> Answer {
    let rights = rights.iter().map(|(key, result)| {
        let codes = if *result {
            ["PackageAccess"]
        } else {
            ["MissingRoleAccess"]
        };
        json!({ "right": right(key, action(key)), "result": result, "reasonCodes": codes })
    });
    let rights: Vec<_> = rights.collect();
    Json(json!({ "resource": { "id": uuid(9), "refId": "skjema" }, "rights": rights }))
}

fn held_rights(direct: &[&str], indirect: &[&str]) -> Answer {
    let all = |keys: &[&str]| -> Vec<Value> {
        keys.iter()
            .map(|key| json!({ "right": right(key, action(key)), "permissions": [] }))
            .collect()
    };
    Json(json!({
        "resource": { "id": uuid(9), "refId": "skjema" },
        "directRights": all(direct), "indirectRights": all(indirect),
    }))
}

fn problem(status: u16, code: &str) -> Answer {
    Refused(
        status,
        json!({ "title": "Bad Request", "status": status, "detail": "No.", "code": code }),
    )
}

/// The report's lines, without the end of those that go on after the outcome.
/// A line for each step; that a change is not known everywhere at once is said after them.
fn lines(report: &Report) -> Vec<String> {
    let text = report.to_string();
    let lag = "\nthe decision point (PDP) may take up to five minutes to know of it";
    let (text, lags) = match text.strip_suffix(lag) {
        Some(text) => (text, true),
        None => (text.as_str(), false),
    };
    assert_eq!(lags, report.has_changed_anything(), "{report}");
    assert_eq!(lags, report.decision_point_lag().is_some());
    assert!(!unmasked(text), "{text}");
    assert!(!unmasked(&serde_json::to_string(report).unwrap()));
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn giving_a_package_checks_connects_gives_and_reads_again() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, none()),
        (CONNECT, made()),
        (PACKAGES, none()),
        (GIVE, given()),
        (PACKAGES, holds(&[direct()])),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax(), tax()])
        .await;
    let report = report.unwrap();
    assert!(script.end().is_empty(), "a body without a person in it");
    assert_eq!(
        lines(&report),
        [
            "check package:skattegrunnlag: done",
            "connect: done",
            "give package:skattegrunnlag: done",
            "read again package:skattegrunnlag: done",
        ]
    );
    assert!(report.is_complete() && report.has_changed_anything());
    assert_eq!(report.receiver(), Some(&uuid(6)));
}

#[tokio::test]
async fn a_person_is_named_once_and_known_by_uuid_from_then_on() {
    let script = Script::new([
        (
            MAY,
            may_give_rights(&[(READ, true), (WRITE, true), (SIGN, false)]),
        ),
        ("POST connections?party=2", made()),
        (RIGHTS, held_rights(&[], &[READ])),
        (GIVE_RIGHTS, Status(201)),
        (RIGHTS, held_rights(&[READ, WRITE], &[])),
    ]);
    let what = Entitlement::rights("skjema", ["read", "WRITE"]);
    let report = script
        .client()
        .grant(uuid(2), &ola(), [what])
        .await
        .unwrap();
    assert_eq!(
        script.end(),
        [
            json!({ "personIdentifier": PERSON, "lastName": "NORDLI" }),
            json!({ "directRightKeys": [READ, WRITE] }),
        ]
    );
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.receiver(), Some(&uuid(6)));
}

#[tokio::test]
async fn of_a_whole_resource_those_rights_are_given_that_may_be() {
    let script = Script::new([
        (MAY, may_give_rights(&[(READ, true), (SIGN, false)])),
        (CONNECTED, connected()),
        (RIGHTS, held_rights(&[], &[])),
        (GIVE_RIGHTS, Status(201)),
        (RIGHTS, held_rights(&[READ], &[])),
    ]);
    let what = [Entitlement::resource("skjema")];
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, what)
        .await
        .unwrap();
    assert_eq!(script.end(), [json!({ "directRightKeys": [READ] })]);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn what_is_so_already_is_success_and_nothing_is_sent() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, connected()),
        (PACKAGES, holds(&[by_role(), direct()])),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert_eq!(
        lines(&report)[1..],
        ["connect: already", "give package:skattegrunnlag: already"]
    );
    assert!(report.is_complete() && !report.has_changed_anything());
}

#[tokio::test]
async fn a_system_user_needs_no_connection() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (PACKAGES, none()),
        (GIVE, given()),
        (PACKAGES, holds(&[direct()])),
    ]);
    let receiver = Receiver::system_user(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn what_may_not_be_given_is_refused_with_the_reasons_before_anything_changes() {
    let script = Script::new([
        (CHECK, may_give(false)),
        (MAY, may_give_rights(&[(READ, true), (SIGN, false)])),
        (MAY, may_give_rights(&[(READ, true), (SIGN, false)])),
    ]);
    let what = [
        tax(),
        Entitlement::rights("skjema", ["read", "sign"]),
        Entitlement::rights("skjema", ["fly"]),
    ];
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, what)
        .await
        .unwrap();
    script.end();
    assert_eq!(
        lines(&report),
        [
            "check package:skattegrunnlag: refused: Mangler tilgang",
            "check resource:skjema#read,sign: refused: sign: MissingRoleAccess",
            "check resource:skjema#fly: refused: fly: there is no such right on it",
        ]
    );
    assert!(!report.is_complete() && !report.has_changed_anything());
}

#[tokio::test]
async fn the_rest_is_given_when_one_thing_may_not_be() {
    let script = Script::new([
        (CHECK, may_give(false)),
        (MAY, may_give_rights(&[(READ, true)])),
        (CONNECTED, connected()),
        (RIGHTS, held_rights(&[], &[])),
        (GIVE_RIGHTS, Status(201)),
        (RIGHTS, held_rights(&[READ], &[])),
    ]);
    let what = [tax(), Entitlement::rights("skjema", ["read"])];
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, what)
        .await
        .unwrap();
    script.end();
    assert!(!report.is_complete() && report.has_changed_anything());
}

#[tokio::test]
async fn a_wrong_name_is_never_sent_twice() {
    for (answer, kind, retry, word) in [
        (
            problem(400, "AM-00023"),
            ErrorKind::WrongName,
            Retry::No,
            "a second failed look-up locks for an hour",
        ),
        (
            problem(429, "AM-00026"),
            ErrorKind::PersonLookupLocked,
            Retry::After(std::time::Duration::from_secs(3600)),
            "wait an hour",
        ),
    ] {
        let script = Script::new([
            (CHECK, may_give(true)),
            ("POST connections?party=2", answer),
        ]);
        let error = script.client().grant(uuid(2), &ola(), [tax()]).await;
        let error = error.unwrap_err();
        script.end();
        assert_eq!((error.kind(), error.diagnosis().retry()), (kind, retry));
        let remedy = error.diagnosis().remedy().unwrap().to_string();
        assert!(remedy.contains(word), "{remedy}");
    }
}

#[tokio::test]
async fn a_name_is_not_looked_up_when_it_is_missing() {
    let script = Script::new([(CHECK, may_give(true))]);
    let nameless = Receiver::person(PERSON.parse().unwrap(), " ");
    let error = script.client().grant(uuid(2), &nameless, [tax()]).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    script.end();
}

#[tokio::test]
async fn a_person_by_uuid_who_is_not_connected_is_refused_with_what_to_do() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, none()),
        (CONNECT, problem(400, "AM-00024")),
    ]);
    let receiver = Receiver::party(uuid(6));
    let error = script.client().grant(uuid(2), &receiver, [tax()]).await;
    script.end();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::PersonNameNeeded);
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_before_anything_is_sent_again() {
    for lost in [Lost, Torn, Status(500), Page(502)] {
        let script = Script::new([
            (CHECK, may_give(true)),
            (CONNECTED, connected()),
            (PACKAGES, none()),
            (GIVE, lost),
            // it was done: nothing more is sent but the reading again
            (PACKAGES, holds(&[direct()])),
            (PACKAGES, holds(&[direct()])),
        ]);
        let receiver = Receiver::party(uuid(6));
        let report = script
            .client()
            .grant(uuid(2), &receiver, [tax()])
            .await
            .unwrap();
        script.end();
        assert!(report.is_complete(), "{report}");
    }
    // it was not done: once more
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, connected()),
        (PACKAGES, none()),
        (GIVE, Lost),
        (PACKAGES, none()),
        (GIVE, given()),
        (PACKAGES, holds(&[direct()])),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete(), "{report}");
    // nobody knows: it is said, not tried
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, connected()),
        (PACKAGES, none()),
        (GIVE, Lost),
        (PACKAGES, Lost),
    ]);
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    let errors: Vec<_> = report.errors().map(Error::kind).collect();
    assert_eq!(errors, [ErrorKind::Unreachable]);
}

#[tokio::test]
async fn a_connection_whose_answer_was_lost_is_looked_for() {
    const ALL: &str = "GET connections?party=2&from=2";
    let by_name = "POST connections?party=2";
    for lost in [Lost, Torn] {
        let script = Script::new([
            (CHECK, may_give(true)),
            (by_name, lost),
            (ALL, connected()),
            (PACKAGES, none()),
            (GIVE, given()),
            (PACKAGES, holds(&[direct()])),
        ]);
        let report = script
            .client()
            .grant(uuid(2), &ola(), [tax()])
            .await
            .unwrap();
        script.end();
        assert!(report.is_complete(), "{report}");
        assert_eq!(report.receiver(), Some(&uuid(6)));
    }
    // a name that may have been wrong is not sent again
    for looked in [none(), Lost] {
        let script = Script::new([(CHECK, may_give(true)), (by_name, Lost), (ALL, looked)]);
        let error = script.client().grant(uuid(2), &ola(), [tax()]).await;
        script.end();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unreachable);
    }
    // a UUID may be
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, none()),
        (CONNECT, Lost),
        (CONNECTED, none()),
        (CONNECT, made()),
        (PACKAGES, none()),
        (GIVE, given()),
        (PACKAGES, holds(&[direct()])),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn a_gift_that_does_not_stick_is_reported() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECTED, connected()),
        (PACKAGES, none()),
        (GIVE, given()),
        (PACKAGES, none()),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert!(!report.is_complete());
    assert!(lines(&report)[3].ends_with("unexpected: skattegrunnlag is not there"));
}

#[tokio::test]
async fn a_refusal_of_one_thing_goes_on_and_a_refusal_of_the_caller_stops() {
    for (answer, last) in [(problem(400, "AM-00041"), "done"), (Status(401), "skipped")] {
        let mut due = vec![
            (CHECK, may_give(true)),
            (MAY, may_give_rights(&[(READ, true)])),
            (CONNECTED, connected()),
            (PACKAGES, none()),
            (GIVE, answer),
        ];
        if last == "done" {
            due.push((RIGHTS, held_rights(&[], &[])));
            due.push((GIVE_RIGHTS, Status(201)));
            due.push((RIGHTS, held_rights(&[READ], &[])));
        }
        let script = Script::new([]);
        let due = due.into_iter().map(|(at, answer)| (at.to_owned(), answer));
        script.due.lock().unwrap().extend(due);
        let what = [tax(), Entitlement::rights("skjema", ["read"])];
        let receiver = Receiver::party(uuid(6));
        let report = script
            .client()
            .grant(uuid(2), &receiver, what)
            .await
            .unwrap();
        script.end();
        assert!(!report.is_complete());
        assert!(lines(&report).last().unwrap().ends_with(last), "{report}");
    }
}

#[tokio::test]
async fn without_the_scope_to_read_giving_works_and_claims_less() {
    let script = Script::new([
        (CHECK, may_give(true)),
        (CONNECT, made()),
        (GIVE, Lost),
        (GIVE, given()),
    ])
    .with_scopes([scopes::TO_OTHERS_WRITE]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [tax()])
        .await
        .unwrap();
    script.end();
    assert_eq!(lines(&report).len(), 3, "{report}");
}

#[tokio::test]
async fn taking_a_package_back_leaves_the_connection_and_says_so() {
    let script = Script::new([
        (PACKAGES, holds(&[direct()])),
        (TAKE, Status(204)),
        (PACKAGES, none()),
        (EVERYTHING, connected()),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && report.connection_left_empty());
    assert_eq!(
        lines(&report)[2],
        "the connection is empty now and was left standing"
    );

    let script = Script::new([
        (PACKAGES, holds(&[direct()])),
        (TAKE, Lost),
        (PACKAGES, none()),
        (EVERYTHING, page([connection(&["lonn"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && !report.connection_left_empty());

    // a single instance is something, too
    let mut with_instance = connection(&[]);
    with_instance["instances"] = json!([{ "resourceId": "skjema", "instanceId": DIALOGUE }]);
    let script = Script::new([
        (PACKAGES, holds(&[direct()])),
        (TAKE, Status(204)),
        (PACKAGES, none()),
        (EVERYTHING, page([with_instance])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && !report.connection_left_empty());
}

#[tokio::test]
async fn what_was_not_given_cannot_be_taken_back() {
    let script = Script::new([(PACKAGES, none())]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [tax()])
        .await
        .unwrap();
    script.end();
    assert!(matches!(report.steps()[0].outcome(), Outcome::Already));

    // of a role it is said what takes it away
    for (roles, says) in [
        (
            holds_role("daglig-leder", Some(false)),
            "the role daglig-leder comes from Enhetsregisteret, and is changed there",
        ),
        (
            holds_role("DAGLIG-LEDER", Some(true)),
            "the role daglig-leder came from Altinn 2, and can be taken back with all that it carries (role:daglig-leder)",
        ),
        (
            Status(500),
            "a role that came from Altinn 2 can be taken back (role:daglig-leder), another is changed in its register",
        ),
    ] {
        let script = Script::new([(PACKAGES, holds(&[by_role()])), (ROLES, roles)]);
        let report = script
            .client()
            .revoke(uuid(2), uuid(6), [tax()])
            .await
            .unwrap();
        script.end();
        let held = "take back package:skattegrunnlag: refused: held by the role daglig-leder, not given directly: ";
        assert_eq!(lines(&report)[0], format!("{held}{says}"));
    }
    // rights that one role carries are told together
    let by_it = |key| json!({ "right": right(key, action(key)), "permissions": [by_role()] });
    let held = json!({ "directRights": [], "indirectRights": [by_it(READ), by_it(WRITE)] });
    let script = Script::new([
        (RIGHTS, Json(held)),
        (ROLES, holds_role("daglig-leder", Some(false))),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [Entitlement::resource("skjema")])
        .await
        .unwrap();
    script.end();
    assert_eq!(
        lines(&report)[0],
        "take back resource:skjema: refused: read, write: held by the role daglig-leder, not given directly: the role daglig-leder comes from Enhetsregisteret, and is changed there"
    );

    // both: what was given goes, and the report says what stays
    let script = Script::new([
        (PACKAGES, holds(&[direct(), by_role()])),
        (TAKE, Status(204)),
        (PACKAGES, holds(&[by_role()])),
        (ROLES, none()),
        (EVERYTHING, page([connection(&["skattegrunnlag"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.has_changed_anything() && !report.is_complete());
    assert!(lines(&report)[1].contains("still held: held by the role daglig-leder"));
}

#[tokio::test]
async fn single_rights_are_taken_back_by_giving_the_smaller_set() {
    let what = || [Entitlement::rights("skjema", ["write"])];
    let script = Script::new([
        (RIGHTS, held_rights(&[WRITE, READ], &[SIGN])),
        (PUT_RIGHTS, Status(200)),
        (RIGHTS, held_rights(&[READ], &[SIGN])),
        (EVERYTHING, page([connection(&["lonn"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), what())
        .await
        .unwrap();
    assert_eq!(script.end(), [json!({ "directRightKeys": [READ] })]);
    assert!(report.is_complete(), "{report}");

    // somebody else gave one more and took one away at the same time
    let script = Script::new([
        (RIGHTS, held_rights(&[WRITE, READ], &[])),
        (PUT_RIGHTS, Status(200)),
        (RIGHTS, held_rights(&[SIGN], &[])),
        (EVERYTHING, page([connection(&["lonn"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), what())
        .await
        .unwrap();
    script.end();
    assert!(!report.is_complete());
    assert!(
        lines(&report)[1].ends_with("unexpected: the right 01cc is there; the right 01aa is gone"),
        "{report}"
    );

    // the last one: there is no empty set to give
    let script = Script::new([
        (RIGHTS, held_rights(&[WRITE], &[WRITE])),
        (TAKE_RESOURCE, Status(204)),
        (RIGHTS, held_rights(&[], &[])),
        (EVERYTHING, connected()),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), what())
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && report.connection_left_empty());

    // held by other means only
    let script = Script::new([(RIGHTS, held_rights(&[READ], &[WRITE]))]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), what())
        .await
        .unwrap();
    script.end();
    assert!(
        lines(&report)[0].contains("refused: write: held in another way"),
        "{report}"
    );
}

#[tokio::test]
async fn a_change_that_failed_is_told_from_one_whose_answer_was_lost() {
    let what = || [Entitlement::resource("skjema")];
    let script = Script::new([
        (RIGHTS, held_rights(&[READ], &[])),
        (TAKE_RESOURCE, Lost),
        (RIGHTS, held_rights(&[READ], &[])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), what())
        .await
        .unwrap();
    script.end();
    assert_eq!(report.errors().count(), 1);
    assert!(!report.has_changed_anything());

    let script = Script::new([
        (RIGHTS, held_rights(&[READ], &[])),
        (TAKE_RESOURCE, problem(400, "AM-00042")),
    ]);
    let error = script.client().revoke(uuid(2), uuid(6), what()).await;
    script.end();
    assert_eq!(error.unwrap_err().code(), Some("AM-00042"));
}

#[tokio::test]
async fn a_receiver_can_give_up_what_it_got_but_not_single_rights() {
    let pair = Relation::received_by(uuid(6)).with(uuid(2));
    let script = Script::new([
        (
            "GET C/accesspackages?party=6&from=2&to=6",
            holds(&[direct()]),
        ),
        (
            "DELETE C/accesspackages?party=6&from=2&to=6&package=skattegrunnlag",
            Status(204),
        ),
        ("GET C/accesspackages?party=6&from=2&to=6", none()),
        ("GET connections?party=6&from=2&to=6&all", none()),
    ])
    .with_scopes([scopes::FROM_OTHERS_READ, scopes::FROM_OTHERS_WRITE]);
    let report = script
        .client()
        .revoke_between(&pair, [tax()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete(), "{report}");

    let script = Script::new([]);
    let what = [Entitlement::rights("skjema", ["read"])];
    let error = script.client().revoke_between(&pair, what).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_connection_goes_with_what_is_on_it_only_when_told_to() {
    let pair = Relation::given_by(uuid(2)).with(uuid(6));
    let in_use = json!({
        "status": 400, "code": "STD-00000", "detail": "One or more validation errors occurred.",
        "validationErrors": [{
            "code": "AM.VLD-00010", "detail": "Assignment is active in one or more connections.",
            "paths": ["$QUERY/cascade"],
        }],
    });
    let script = Script::new([
        (
            "DELETE connections?party=2&from=2&to=6",
            Refused(400, in_use),
        ),
        (
            "DELETE connections?party=2&from=2&to=6&cascade=true",
            Status(204),
        ),
    ]);
    let client = script.client();
    let error = client
        .remove_connection(&pair, Cascade::No)
        .await
        .unwrap_err();
    assert!(
        error
            .problem()
            .unwrap()
            .has_violation("AM.VLD-00010", "cascade")
    );
    client.remove_connection(&pair, Cascade::Yes).await.unwrap();
    script.end();
}

#[tokio::test]
async fn a_missing_scope_is_refused_before_anything_is_sent() {
    let (two, six) = (uuid(2), uuid(6));
    let (package, resource) = (PackageUrn::from("lonn"), ResourceId::from("skjema"));
    let given = Relation::given_by(&two).with(&six);
    let got = Relation::received_by(&six).with(&two);
    let receiver = Receiver::party(&six);
    let client = Script::new([]).with_scopes([]).client();
    let keys = [READ.into()];
    let errors = [
        (client.parties().await.err(), scopes::AUTHORIZED_PARTIES),
        (
            client.connections(&given, Include::parties()).await.err(),
            scopes::TO_OTHERS_READ,
        ),
        (
            client.connections(&got, Include::parties()).await.err(),
            scopes::FROM_OTHERS_READ,
        ),
        (client.packages(&given).await.err(), scopes::TO_OTHERS_READ),
        (client.packages(&got).await.err(), scopes::FROM_OTHERS_READ),
        (client.roles(&given).await.err(), scopes::TO_OTHERS_READ),
        (client.roles(&got).await.err(), scopes::FROM_OTHERS_READ),
        (client.resources(&given).await.err(), scopes::TO_OTHERS_READ),
        (client.resources(&got).await.err(), scopes::FROM_OTHERS_READ),
        (
            client.resource_rights(&given, &resource).await.err(),
            scopes::TO_OTHERS_READ,
        ),
        (
            client.resource_rights(&got, &resource).await.err(),
            scopes::FROM_OTHERS_READ,
        ),
        (client.held(&two, None).await.err(), scopes::TO_OTHERS_READ),
        (
            client.add_connection(&two, &receiver).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_connection(&given, Cascade::No).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_connection(&got, Cascade::No).await.err(),
            scopes::FROM_OTHERS_WRITE,
        ),
        (
            client
                .package_delegation_check(&two, [&package])
                .await
                .err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.add_package(&two, &receiver, &package).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_package(&given, &package).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_package(&got, &package).await.err(),
            scopes::FROM_OTHERS_WRITE,
        ),
        (
            client
                .resource_delegation_check(&two, &resource)
                .await
                .err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client
                .add_resource_rights(&two, &six, &resource, &keys)
                .await
                .err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client
                .replace_resource_rights(&two, &six, &resource, &keys)
                .await
                .err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_resource(&given, &resource).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.remove_resource(&got, &resource).await.err(),
            scopes::FROM_OTHERS_WRITE,
        ),
        (
            client.grant(&two, &receiver, [tax()]).await.err(),
            scopes::TO_OTHERS_WRITE,
        ),
        (
            client.revoke(&two, &six, [tax()]).await.err(),
            scopes::TO_OTHERS_READ,
        ),
        (
            client.revoke_between(&got, [tax()]).await.err(),
            scopes::FROM_OTHERS_READ,
        ),
    ];
    for (error, scope) in errors {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::MissingScope);
        assert_eq!(
            error.to_string(),
            format!("the token does not have the scope {scope}")
        );
        assert!(error.is_input());
    }
    // the portal's scope stands for all
    let script =
        Script::new([("GET authorizedparties", none())]).with_scopes(["altinn:portal/enduser"]);
    script.client().parties().await.unwrap();
    script.end();
}

#[tokio::test]
async fn nothing_is_sent_without_anything_to_give() {
    let script = Script::new([]);
    let receiver = Receiver::party(uuid(6));
    for what in [vec![], vec![Entitlement::package(" ")]] {
        let error = script.client().grant(uuid(2), &receiver, what).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let none = script
        .client()
        .add_resource_rights(uuid(2), uuid(6), &ResourceId::from("skjema"), &[])
        .await;
    assert_eq!(none.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn every_page_is_read_but_none_of_another_host() {
    let next = |link: &str, name: &str| {
        let party = json!({ "partyUuid": uuid(2), "name": name });
        Json(json!({ "links": { "next": link }, "data": [party] }))
    };
    let script = Script::new([
        (
            "GET authorizedparties",
            next(
                "https://platform.tt02.altinn.no/accessmanagement/api/v1/enduser/authorizedparties?token=a%2Fb",
                "A",
            ),
        ),
        ("GET authorizedparties?token=a%2Fb", none()),
    ]);
    assert_eq!(script.client().parties().await.unwrap().iter().count(), 1);
    script.end();

    for link in [
        "https://evil.example/authorizedparties",
        "http://platform.tt02.altinn.no/authorizedparties",
        "https://platform.tt02.altinn.no.evil.example/",
        "//evil.example/",
    ] {
        let script = Script::new([("GET authorizedparties", next(link, "A"))]);
        let error = script.client().parties().await.unwrap_err();
        script.end();
        assert_eq!(error.kind(), ErrorKind::ForeignLink, "{link}");
    }
    // back to the first page
    let script = Script::new([
        ("GET authorizedparties", next("/two", "A")),
        (
            "GET /two",
            next(
                "https://platform.tt02.altinn.no/accessmanagement/api/v1/enduser/authorizedparties",
                "B",
            ),
        ),
    ]);
    let error = script.client().parties().await.unwrap_err();
    script.end();
    assert_eq!(error.kind(), ErrorKind::EndlessList);
}

/// Always has one page more.
#[derive(Debug)]
struct Endless(Url, Arc<AtomicUsize>);

impl Caller for Endless {
    fn call(
        &self,
        _operation: &'static str,
        _request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        let page = self.1.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "links": { "next": format!("/page/{page}") }, "data": [] });
        Box::pin(async move { Ok(http::Response::new(body.to_string().into())) })
    }
    fn platform(&self) -> &Url {
        &self.0
    }
    fn altinn2(&self) -> Option<&Url> {
        None
    }
    fn has_scope(&self, _scope: &str) -> bool {
        true
    }
}

#[tokio::test]
async fn a_list_without_end_ends() {
    let asked = Arc::new(AtomicUsize::new(0));
    let host = "https://platform.tt02.altinn.no".parse().unwrap();
    let client = Client::with_caller(Endless(host, asked.clone()));
    let error = client.parties().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EndlessList);
    assert_eq!(asked.load(Ordering::Relaxed), 1_000);
}

#[tokio::test]
async fn a_number_is_looked_for_among_parties_sub_units_and_connections() {
    let parties = || {
        page([json!({
            "partyUuid": uuid(2), "name": "FJORDKRAFTVERK AS", "organizationNumber": "310702617",
            "subunits": [{ "partyUuid": uuid(3), "organizationNumber": "311702629" }],
        })])
    };
    let script = Script::new([("GET authorizedparties", parties())]);
    let found = script.client().resolve(&"311702629".parse().unwrap()).await;
    assert_eq!(found.unwrap().uuid(), &uuid(3));
    script.end();

    let person = PERSON.parse().unwrap();
    let script = Script::new([
        ("GET authorizedparties", parties()),
        // not everyone who may act for a party may see its connections
        ("GET connections?party=2&from=2", Status(403)),
        ("GET connections?party=2&to=2", none()),
        ("GET connections?party=3&from=3", connected()),
    ]);
    let found = script.client().resolve(&person).await.unwrap();
    script.end();
    assert_eq!(
        (found.uuid(), found.connected_to()),
        (&uuid(6), Some(&uuid(3)))
    );
    assert!(!unmasked(&format!(
        "{found:?} {}",
        serde_json::to_string(&found).unwrap()
    )));

    let script = Script::new([("GET authorizedparties", parties())])
        .with_scopes([scopes::AUTHORIZED_PARTIES]);
    let error = script.client().resolve(&person).await.unwrap_err();
    script.end();
    assert_eq!(error.kind(), ErrorKind::UnknownParty);
    assert!(!unmasked(&format!(
        "{error} {error:?} {}",
        error.diagnosis()
    )));
}

#[tokio::test]
async fn who_holds_what_is_one_listing() {
    let resource = json!({
        "resource": { "id": uuid(9), "refId": "skjema", "name": "Skjema" },
        "permissions": [direct()],
    });
    let script = Script::new([
        (EVERYTHING, page([connection(&["skattegrunnlag"])])),
        (PACKAGES, holds(&[direct()])),
        // bare, without the envelope
        (
            "GET C/resources?party=2&from=2&to=6",
            Json(json!([resource])),
        ),
        (INSTANCES, Json(json!([held_instance(&[direct()])]))),
        (ROLES, holds_role("UTINN", Some(true))),
        (RIGHTS, held_rights(&[READ], &[WRITE])),
        (INSTANCE_RIGHTS, held_rights(&[SIGN], &[])),
    ]);
    let held = script.client().held(uuid(2), Some(&uuid(6))).await.unwrap();
    script.end();
    let ola = held.by(uuid(6)).unwrap();
    assert_eq!(held.iter().count(), 1);
    assert_eq!(ola.masked_person_number(), Some("148381*****"));
    assert!(ola.packages()[0].is_direct() && !ola.is_empty_connection());
    let rights = ola.resources()[0].rights().unwrap();
    let rights: Vec<_> = rights.iter().map(|r| (r.action(), r.is_direct())).collect();
    assert_eq!(rights, [(Some("read"), true), (Some("write"), false)]);
    assert_eq!(ola.roles(), ["rettighetshaver", "utinn"]);
    assert_eq!(ola.revocable_roles(), ["utinn"]);
    let instance = &ola.instances()[0];
    assert_eq!(instance.instance(), DIALOGUE);
    assert_eq!(instance.resource().as_str(), "skjema");
    assert!(instance.how()[0].is_direct());
    assert_eq!(instance.rights().unwrap()[0].action(), Some("sign"));
    assert!(!unmasked(&serde_json::to_string(&held).unwrap()));
}

#[tokio::test]
async fn an_instance_is_given_and_taken_back_as_a_resource_is() {
    let script = Script::new([
        (
            MAY_INSTANCE,
            may_give_rights(&[(READ, true), (WRITE, false)]),
        ),
        (CONNECTED, none()),
        (CONNECT, made()),
        (INSTANCE_RIGHTS, held_rights(&[], &[])),
        (GIVE_INSTANCE, Lost),
        // the answer was lost, and it was done
        (INSTANCE_RIGHTS, held_rights(&[READ], &[])),
        (INSTANCE_RIGHTS, held_rights(&[READ], &[])),
    ]);
    let receiver = Receiver::party(uuid(6));
    let report = script
        .client()
        .grant(uuid(2), &receiver, [dialogue()])
        .await
        .unwrap();
    assert_eq!(script.end(), [json!({ "directRightKeys": [READ] })]);
    assert!(report.is_complete(), "{report}");
    assert_eq!(
        lines(&report)[2],
        format!("give instance:skjema@{DIALOGUE}: done")
    );

    let one_right = Entitlement::instance_rights("skjema", DIALOGUE.parse().unwrap(), ["write"]);
    let script = Script::new([
        (INSTANCE_RIGHTS, held_rights(&[WRITE, READ], &[])),
        (PUT_INSTANCE, Status(200)),
        // somebody gave one more meanwhile
        (INSTANCE_RIGHTS, held_rights(&[READ, SIGN], &[])),
        (EVERYTHING, page([connection(&["lonn"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [one_right])
        .await
        .unwrap();
    assert_eq!(script.end(), [json!({ "directRightKeys": [READ] })]);
    assert!(
        lines(&report)[1].ends_with("unexpected: the right 01cc is there"),
        "{report}"
    );

    let script = Script::new([
        (INSTANCE_RIGHTS, held_rights(&[READ], &[])),
        (TAKE_INSTANCE, Status(204)),
        (INSTANCE_RIGHTS, held_rights(&[], &[])),
        (EVERYTHING, connected()),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [dialogue()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && report.connection_left_empty());
}

#[tokio::test]
async fn who_may_give_instances_alone_gives_them_without_connecting() {
    let by_name = "POST C/resources/instances/rights?party=2&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A0191e2a4";
    let script = Script::new([
        (MAY_INSTANCE, may_give_rights(&[(READ, true)])),
        ("POST connections?party=2", Status(403)),
        (by_name, Status(201)),
    ]);
    let report = script
        .client()
        .grant(uuid(2), &ola(), [dialogue()])
        .await
        .unwrap();
    let person = json!({ "personIdentifier": PERSON, "lastName": "NORDLI" });
    assert_eq!(
        script.end(),
        [
            person.clone(),
            json!({ "to": person, "directRightKeys": [READ] })
        ]
    );
    assert!(report.is_complete(), "{report}");

    // a name that may have been looked up is not sent again, for the second instance either
    let other = Entitlement::instance("skjema", "urn:altinn:dialog-id:2".parse().unwrap());
    for (answer, kind) in [
        (Lost, ErrorKind::Unreachable),
        (
            Refused(400, json!({ "code": "AM-00023", "status": 400 })),
            ErrorKind::WrongName,
        ),
    ] {
        let may_other = "GET C/resources/instances/delegationcheck?party=2&resource=skjema&instance=urn%3Aaltinn%3Adialog-id%3A2";
        let script = Script::new([
            (MAY_INSTANCE, may_give_rights(&[(READ, true)])),
            (may_other, may_give_rights(&[(READ, true)])),
            ("POST connections?party=2", Status(403)),
            (by_name, answer),
        ]);
        let report = script
            .client()
            .grant(uuid(2), &ola(), [dialogue(), other.clone()])
            .await
            .unwrap();
        script.end();
        assert_eq!(report.errors().next().unwrap().kind(), kind);
        assert!(lines(&report)[3].ends_with("skipped"), "{report}");
    }

    // who is named by UUID gets it again, which is getting it once
    let connected = [
        (MAY_INSTANCE, may_give_rights(&[(READ, true)])),
        (CONNECTED, Status(403)),
        (GIVE_INSTANCE, Lost),
        (GIVE_INSTANCE, Status(201)),
    ];
    let script = Script::new(connected);
    let report = script
        .client()
        .grant(uuid(2), &Receiver::party(uuid(6)), [dialogue()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete(), "{report}");

    // a package needs an access manager
    let script = Script::new([
        (CHECK, may_give(true)),
        (MAY_INSTANCE, may_give_rights(&[(READ, true)])),
        ("POST connections?party=2", Status(403)),
    ]);
    let error = script
        .client()
        .grant(uuid(2), &ola(), [tax(), dialogue()])
        .await
        .unwrap_err();
    script.end();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_role_is_taken_back_when_it_can_go_and_is_never_given() {
    let role = || Entitlement::role("UTINN");
    let script = Script::new([
        (ROLES, holds_role("utinn", Some(true))),
        (TAKE_ROLE, Lost),
        (ROLES, none()),
        (EVERYTHING, connected()),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [role()])
        .await
        .unwrap();
    script.end();
    assert!(report.is_complete() && report.connection_left_empty());
    assert_eq!(lines(&report)[0], "take back role:utinn: done");

    for (held, says) in [
        (none(), "already"),
        (
            holds_role("utinn", Some(false)),
            "refused: the role utinn comes from Enhetsregisteret, and is changed there",
        ),
        (
            holds_role("utinn", None),
            "refused: the role utinn comes from Enhetsregisteret, and is changed there",
        ),
        (
            of_altinn2(Some(false), permission("rolemap", 8, "daglig-leder")),
            "refused: the role utinn follows from another role, and goes with that",
        ),
        (
            of_altinn2(None, through("FJORD AS")),
            "refused: the role utinn is held through FJORD AS, and goes with that",
        ),
    ] {
        let script = Script::new([(ROLES, held)]);
        let report = script
            .client()
            .revoke(uuid(2), uuid(6), [role()])
            .await
            .unwrap();
        script.end();
        assert!(lines(&report)[0].ends_with(says), "{report}");
    }
    // given, and held through somebody else besides
    let script = Script::new([
        (ROLES, of_altinn2(None, direct())),
        (TAKE_ROLE, Status(204)),
        (ROLES, of_altinn2(Some(false), through("FJORD AS"))),
        (EVERYTHING, page([connection(&["skattegrunnlag"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [role()])
        .await
        .unwrap();
    script.end();
    assert_eq!(
        lines(&report)[1],
        "read again role:utinn: still held: the role utinn is held through FJORD AS, and goes with that"
    );
    // it did not go
    let script = Script::new([
        (ROLES, of_altinn2(Some(true), direct())),
        (TAKE_ROLE, Status(204)),
        (ROLES, of_altinn2(Some(true), direct())),
        (EVERYTHING, page([connection(&["skattegrunnlag"])])),
    ]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [role()])
        .await
        .unwrap();
    script.end();
    assert!(lines(&report)[1].contains("unexpected: the role utinn is still there"));

    let script = Script::new([(ROLES, none())]);
    let report = script
        .client()
        .revoke(uuid(2), uuid(6), [Entitlement::role("rettighetshaver")])
        .await
        .unwrap();
    script.end();
    assert!(lines(&report)[0].contains("refused: this role is the connection itself"));

    let script = Script::new([]);
    let report = script
        .client()
        .grant(uuid(2), &ola(), [role()])
        .await
        .unwrap();
    script.end();
    assert!(lines(&report)[0].contains("refused: Altinn 3 gives no roles any more"));
}
