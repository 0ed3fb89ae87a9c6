//! Which method a fixture is an exchange of, where it is not one of the end user's client.

use std::sync::Arc;

use altinn_auth::{Environment, Organisation, Session};
use altinn_authz::altinn3::consent::{
    ConsentEventKind, ConsentRequest, ConsentRight, Consents, EventsQuery,
};
use altinn_authz::altinn3::metadata::{Metadata, PackageSearch};
use altinn_authz::altinn3::pdp::{Pdp, Question, Subject};
use altinn_authz::altinn3::registry::{Registry, ResourceSearch, RightsOf};
use altinn_authz::altinn3::{
    AccessLists, OwnerPartiesQuery, PackageUrn, PartyUrn, ResourceId, RightKey,
    ScopeDelegationQuery, ServiceOwner, Subject as OwnerSubject, scopes,
};
use altinn_authz::{ErrorKind, Language};
use http_transport::ReqwestTransport;
use serde_json::{Value, json};
use url::Url;

use crate::altinn3::contract::shown;
use crate::altinn3::steps::{Answer, Script};
use crate::contract::{Fixture, altinn, wire};

/// The organisation's session, with one scope: each call needs no other.
fn organisation(url: &Url, scope: &str) -> Session<Organisation> {
    altinn(url, false).organisation().scopes([scope])
}

/// Nobody's: what is open to all.
fn open(url: &Url) -> (Environment, Arc<ReqwestTransport>) {
    let endpoint = url.join("/token").unwrap();
    let maskinporten = maskinporten::Environment::custom(url.as_str(), endpoint.as_str()).unwrap();
    let environment = Environment::custom("loopback", url.as_str(), None, maskinporten).unwrap();
    (environment, wire())
}

fn metadata(url: &Url) -> Metadata {
    let (environment, transport) = open(url);
    Metadata::open(&environment, transport)
}

fn registry(url: &Url) -> Registry {
    let (environment, transport) = open(url);
    Registry::open(&environment, transport)
}

/// Whether the exchange is one that nobody logs in for.
pub(crate) fn is_open(fixture: &Fixture) -> bool {
    let operation = fixture.operation();
    operation.starts_with("meta-") || operation.starts_with("registry-")
}

/// Calls the method; `None` when the fixture is none of these.
pub(crate) async fn call(url: &Url, fixture: &Fixture) -> Option<Value> {
    Some(match fixture.operation() {
        "pdp-authorize" => {
            let pdp = Pdp::new(&organisation(url, scopes::PDP));
            let questions = questions(fixture);
            match questions.as_slice() {
                [one] => shown(pdp.ask(one).await),
                _ => match pdp.ask_all(questions).await {
                    Err(error) => shown::<()>(Err(error)),
                    Ok(answers) => answers
                        .into_iter()
                        .map(|(question, answer)| {
                            json!({ "question": question, "answer": shown(answer) })
                        })
                        .collect(),
                },
            }
        }
        "meta-roles" => shown(metadata(url).roles().await),
        "meta-role" => {
            let id = fixture.segments()[6].into();
            shown(metadata(url).role(&id).await)
        }
        "meta-role-packages" => {
            let form = fixture.parameter("variant");
            let (role, form) = (fixture.parameter("role").unwrap(), form.as_deref());
            let metadata = metadata(url);
            match fixture.parameter("includeResources") {
                Some(_) => shown(metadata.packages_of_role_with_resources(&role, form).await),
                None => shown(metadata.packages_of_role(&role, form).await),
            }
        }
        "meta-role-resources" => {
            let (role, metadata) = (fixture.parameter("role").unwrap(), metadata(url));
            match fixture.parameter("includePackageResources") {
                Some(_) => shown(metadata.resources_of_role_and_packages(&role, None).await),
                None => shown(metadata.resources_of_role(&role, None).await),
            }
        }
        "meta-search" => {
            let mut search = PackageSearch::new(fixture.parameter("term").unwrap());
            if let Some(provider) = fixture.parameter("resourceProviderCode") {
                search = search.of_provider(provider).in_resources();
            }
            if let Some(name) = fixture.parameter("typeName") {
                search = search.of_type(name).simple().strict();
            }
            shown(metadata(url).search_packages_scored(&search).await)
        }
        "meta-export" => shown(metadata(url).export().await),
        "meta-groups" => shown(metadata(url).area_groups().await),
        "meta-group" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).area_group(&id).await)
        }
        "meta-group-areas" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).areas_of_group(&id).await)
        }
        "meta-package-by-id" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).package_by_id(&id).await)
        }
        "meta-area" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).area(&id).await)
        }
        "meta-area-packages" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).packages_of_area(&id).await)
        }
        "meta-package" => {
            let urn = fixture.segments()[8].replace("%3A", ":");
            shown(metadata(url).package(PackageUrn::from(urn)).await)
        }
        "meta-package-resources" => {
            let id = fixture.segments()[7].into();
            shown(metadata(url).resources_of_package(&id).await)
        }
        "meta-subtypes" => shown(metadata(url).organisation_forms().await),
        "registry-list" => shown(registry(url).resources().await),
        "registry-find" => shown(registry(url).find("Skatt melding").await),
        "registry-one" => shown(registry(url).resource(&resource(fixture)).await),
        "registry-rights" => shown(registry(url).policy_rights(&resource(fixture)).await),
        "registry-subjects" => shown(registry(url).policy_subjects(&resource(fixture)).await),
        "registry-bysubjects" => {
            let subjects = ["urn:altinn:rolecode:dagl"];
            shown(registry(url).resources_of_subjects(subjects).await)
        }
        "registry-rules" => shown(registry(url).policy_rules(&resource(fixture)).await),
        "registry-policy" => shown(registry(url).policy(&resource(fixture)).await),
        "registry-rights-v2" => {
            let whose = RightsOf::end_users().and_service_owner();
            shown(registry(url).rights(&resource(fixture), whose).await)
        }
        "registry-search" => {
            let (title, kind) = (
                fixture.parameter("title"),
                fixture.parameter("resourceType"),
            );
            let search = ResourceSearch::new().title("x").title(title.unwrap());
            shown(registry(url).search(&search.kind(kind.unwrap())).await)
        }
        "registry-updated" => {
            let since = fixture.parameter("since").unwrap().parse().unwrap();
            let page = fixture.parameter("limit").unwrap().parse().unwrap();
            let changes = registry(url).updated(since, Some(page)).unwrap();
            shown(changes.all().await)
        }
        "registry-changes" => {
            let from = fixture.parameter("token").unwrap().parse().unwrap();
            shown(
                registry(url)
                    .changes(Some(&from), None)
                    .unwrap()
                    .all()
                    .await,
            )
        }
        operation if operation.starts_with("access-list") => access_lists(url, fixture).await,
        "so-authorizedparties" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::AUTHORIZED_PARTIES_OWNER));
            let body = fixture.request.body.as_ref().unwrap();
            let value = body["value"].as_str().unwrap();
            let of = match body["type"].as_str().unwrap() {
                "urn:altinn:userid" => OwnerSubject::user(value.parse().unwrap()),
                kind => party(kind, value).into(),
            };
            let mut query = OwnerPartiesQuery::new();
            if let Some(resource) = fixture.parameter("anyOfResourceIds") {
                query = query.on_resource(resource.as_str());
            }
            if let Some(code) = fixture.parameter("orgCode") {
                query = query.as_owner(code).roles(true).roles(false);
                query = query.packages(true).via_key_roles(false);
            }
            for only in body["partyFilter"].as_array().into_iter().flatten() {
                let text = |name: &str| only[name].as_str().unwrap();
                query = query.only(party(text("type"), text("value")));
            }
            shown(owner.authorized_parties_with(of, &query).await)
        }
        "so-request-resource" | "so-request-package" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::OWNER_REQUESTS_WRITE));
            let body = fixture.request.body.as_ref().unwrap();
            let party = |name: &str| body[name].as_str().unwrap().parse::<PartyUrn>().unwrap();
            let (from, to) = (party("from"), party("to"));
            match body["resource"].as_str() {
                Some(resource) => {
                    let keys = body["rightKeys"].as_array().into_iter().flatten();
                    let keys: Vec<RightKey> = keys.map(|k| k.as_str().unwrap().into()).collect();
                    shown(
                        owner
                            .draft_resource_request(&from, &to, &resource.into(), &keys)
                            .await,
                    )
                }
                None => {
                    let package = body["package"].as_str().unwrap().into();
                    shown(owner.draft_package_request(&from, &to, &package).await)
                }
            }
        }
        "so-request-status" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::OWNER_REQUESTS_READ));
            shown(owner.request_status(&fixture.segments()[5].into()).await)
        }
        "so-request-withdraw" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::OWNER_REQUESTS_WRITE));
            shown(owner.withdraw_request(&fixture.segments()[5].into()).await)
        }
        "so-request-urns" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::OWNER_REQUESTS_READ));
            shown(owner.request_party_urns().await)
        }
        "scope-delegations" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::SCOPE_DELEGATIONS));
            let query = ScopeDelegationQuery::of_scope(fixture.parameter("scope").unwrap());
            let supplier = fixture.parameter("supplierOrg").unwrap();
            let query = query.to_supplier(supplier.parse().unwrap());
            shown(owner.scope_delegations(&query).await)
        }
        "so-packages-give" | "so-packages-revoke" => {
            let owner = ServiceOwner::new(&organisation(url, scopes::OWNER_PACKAGES_WRITE));
            let body = fixture.request.body.as_ref().unwrap();
            let text = |name: &str| body[name].as_str().unwrap();
            let party = |name: &str| text(name).parse::<PartyUrn>().unwrap();
            let (from, to, package) = (party("from"), party("to"), text("packageUrn").into());
            if fixture.operation() == "so-packages-give" {
                shown(owner.give_package(&from, &to, &package).await)
            } else {
                shown(owner.take_package_back(&from, &to, &package).await)
            }
        }
        "consents-post" => {
            let consents = Consents::new(&organisation(url, scopes::CONSENT_WRITE));
            shown(consents.ask(&consent_request(fixture)).await)
        }
        "consents-get" => {
            let consents = Consents::new(&organisation(url, scopes::CONSENT_READ));
            shown(consents.get(fixture.segments()[5].parse().unwrap()).await)
        }
        "consents-events" => {
            let consents = Consents::new(&organisation(url, scopes::CONSENT_READ));
            let query = match fixture.parameter("continuationToken") {
                Some(place) => EventsQuery::new().from(place.parse().unwrap()),
                None => EventsQuery::new()
                    .after(fixture.parameter("createdAfter").unwrap().parse().unwrap())
                    .of(ConsentEventKind::Accepted)
                    .of(ConsentEventKind::Revoked),
            };
            shown(consents.events(&query).unwrap().all().await)
        }
        _ => return None,
    })
}

/// What the fixture does with the service owner's access lists.
async fn access_lists(url: &Url, fixture: &Fixture) -> Value {
    let lists = AccessLists::new(&organisation(url, scopes::ACCESS_LISTS_WRITE), "skd");
    let segments = fixture.segments();
    let id = || segments[5].into();
    let resource = || ResourceId::from(segments[7]);
    let body = fixture.request.body.clone().unwrap_or_default();
    let members = || {
        let members = body["data"].as_array().unwrap().iter();
        let members = members.map(|urn| urn.as_str().unwrap().parse::<PartyUrn>().unwrap());
        members.collect::<Vec<_>>()
    };
    match fixture.operation() {
        "access-lists" => match fixture.parameter("resource") {
            Some(resource) => shown(lists.of_resource(&resource.as_str().into()).await),
            None => shown(lists.all().await),
        },
        "access-list" => shown(lists.get(&id()).await),
        "access-list-put" => {
            let text = |name: &str| body[name].as_str().unwrap();
            shown(lists.save(&id(), text("name"), text("description")).await)
        }
        "access-list-delete" => shown(lists.delete(&id()).await),
        "access-list-members" => shown(lists.members(&id()).await),
        "access-list-members-add" => shown(lists.add_members(&id(), members()).await),
        "access-list-members-remove" => shown(lists.remove_members(&id(), members()).await),
        "access-list-members-replace" => shown(lists.replace_members(&id(), members()).await),
        "access-list-resources" => shown(lists.resources(&id()).await),
        "access-list-resource-put" => {
            let actions = body["actionFilters"].as_array().into_iter().flatten();
            let actions: Vec<&str> = actions.map(|action| action.as_str().unwrap()).collect();
            shown(lists.connect_resource(&id(), &resource(), &actions).await)
        }
        "access-list-resource-delete" => shown(lists.disconnect_resource(&id(), &resource()).await),
        other => panic!("no call for {other}"),
    }
}

fn consent_request(fixture: &Fixture) -> ConsentRequest {
    let body = fixture.request.body.as_ref().unwrap();
    let text = |name: &str| body[name].as_str().unwrap();
    let party = |name: &str| text(name).parse::<PartyUrn>().unwrap();
    ConsentRequest::new(
        party("from"),
        party("to"),
        text("validTo").parse().unwrap(),
        text("redirectUrl").parse().unwrap(),
    )
    .with_id(text("id").parse().unwrap())
    .right(ConsentRight::new("ske-inntekt").metadata("inntektsaar", "2026"))
    .message(Language::Bokmal, "Vi trenger inntekten din.")
    .shown_in_portal(true)
}

/// The resource that stands in the path.
fn resource(fixture: &Fixture) -> ResourceId {
    fixture.segments()[4].into()
}

/// The questions that a request asks, in their order.
fn questions(fixture: &Fixture) -> Vec<Question> {
    let request = &fixture.request.body.as_ref().unwrap()["Request"];
    let category = |name: &str, id: &Value| {
        let all = request[name].as_array().unwrap();
        let found = all.iter().find(|category| category["Id"] == *id).unwrap();
        let attributes = found["Attribute"].as_array().unwrap();
        attributes
            .iter()
            .map(|attribute| {
                let text = |name: &str| attribute[name].as_str().unwrap().to_owned();
                (text("AttributeId"), text("Value"))
            })
            .collect::<Vec<_>>()
    };
    let references: Vec<Vec<Value>> = match request["MultiRequests"]["RequestReference"].as_array()
    {
        Some(references) => references
            .iter()
            .map(|reference| reference["ReferenceId"].as_array().unwrap().clone())
            .collect(),
        None => vec![vec![Value::Null; 3]],
    };
    references
        .iter()
        .map(|ids| {
            let subject = match &category("AccessSubject", &ids[0])[0] {
                (kind, code) if kind == "urn:altinn:org" => Subject::service_owner(code),
                (kind, id) if kind == "urn:altinn:userid" => Subject::user(id.parse().unwrap()),
                (kind, value) => party(kind, value).into(),
            };
            let action = &category("Action", &ids[1])[0].1;
            let about = category("Resource", &ids[2]);
            let value = |kind: &str| {
                let found = about.iter().find(|(found, _)| found == kind);
                found.map(|(_, value)| value.as_str())
            };
            let mut question = match value("urn:altinn:resource") {
                Some(resource) => Question::may(subject, action, resource),
                None => Question::may_in_app(
                    subject,
                    action,
                    value("urn:altinn:org").unwrap(),
                    value("urn:altinn:app").unwrap(),
                ),
            };
            for (kind, value) in &about {
                question = match kind.as_str() {
                    "urn:altinn:resource" | "urn:altinn:org" | "urn:altinn:app" => question,
                    "urn:altinn:task" => question.task(value),
                    "urn:altinn:instance-id" => {
                        let (owner, id) = value.split_once('/').unwrap();
                        question.app_instance(owner.parse().unwrap(), id.parse().unwrap())
                    }
                    _ => question.on_behalf_of(party(kind, value)),
                };
            }
            question
        })
        .collect()
}

fn party(kind: &str, value: &str) -> PartyUrn {
    format!("{kind}:{value}").parse().unwrap()
}

const CONSENT: &str = "0a7d59f8-8c62-4312-9fb4-62456664c96f";
const ASK: &str = "POST /accessmanagement/api/v1/enterprise/consentrequests";
const LOOK: &str =
    "GET /accessmanagement/api/v1/enterprise/consentrequests/0a7d59f8-8c62-4312-9fb4-62456664c96f";

fn asked() -> ConsentRequest {
    let to: PartyUrn = "310702617".parse().unwrap();
    let from: PartyUrn = "26899299344".parse().unwrap();
    let (until, back) = ("2027-01-01T00:00:00Z", "https://example.no");
    ConsentRequest::new(from, to, until.parse().unwrap(), back.parse().unwrap())
        .with_id(CONSENT.parse().unwrap())
        .right(ConsentRight::new("ske-inntekt"))
}

#[tokio::test]
async fn a_consent_is_asked_for_once_whatever_becomes_of_the_answer() {
    let stands = || Answer::Json(json!({ "id": CONSENT, "status": "created" }));
    // it was there already, and the answer is another document; it was made, and the answer is lost
    for first in [
        Answer::Json(json!({ "something": "else" })),
        Answer::Lost,
        Answer::Torn,
        Answer::Page(502),
    ] {
        let script =
            Script::new([(ASK, first), (LOOK, stands())]).with_scopes([scopes::CONSENT_WRITE]);
        let details = Consents::with_caller(script.clone())
            .ask(&asked())
            .await
            .unwrap();
        assert_eq!(details.id.to_string(), CONSENT);
        assert!(details.is_open());
        script.end();
    }
    // nobody knows: the first error is what is said
    let script = Script::new([(ASK, Answer::Lost), (LOOK, Answer::Status(404))])
        .with_scopes([scopes::CONSENT_WRITE]);
    let error = Consents::with_caller(script.clone())
        .ask(&asked())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    script.end();
}

#[tokio::test]
async fn without_the_scope_or_anything_to_ask_nothing_is_sent() {
    let nothing = || Script::new([]).with_scopes([scopes::CONSENT_READ]);
    let consents = Consents::with_caller(nothing());
    let error = consents.ask(&asked()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingScope);
    let writer = Consents::with_caller(Script::new([]).with_scopes([scopes::CONSENT_WRITE]));
    let (until, back) = ("2027-01-01T00:00:00Z", "https://example.no");
    let to: PartyUrn = "310702617".parse().unwrap();
    let empty = ConsentRequest::new(&to, &to, until.parse().unwrap(), back.parse().unwrap());
    assert!(writer.ask(&empty).await.unwrap_err().is_input());

    let question = Question::may(to, "read", "skd-skattemelding");
    let pdp = Pdp::with_caller(nothing());
    assert_eq!(
        pdp.ask(&question).await.unwrap_err().kind(),
        ErrorKind::MissingScope
    );
    assert!(pdp.ask_all([]).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_go_on_from_page_to_page_and_from_a_place_that_was_kept() {
    const EVENTS: &str = "GET /accessmanagement/api/v1/enterprise/consentrequests/events";
    let next = "https://platform.tt02.altinn.no/accessmanagement/api/v1/enterprise/consentrequests/events?continuationToken=p2";
    let event = json!({ "consentRequestId": CONSENT, "eventType": "used" });
    let second = format!("{EVENTS}?continuationToken=p2");
    let script = Script::new([
        (
            EVENTS,
            Answer::Json(json!({ "links": { "next": next }, "data": [event] })),
        ),
        (
            &second,
            Answer::Json(json!({ "links": { "next": next }, "data": [] })),
        ),
    ])
    .with_scopes([scopes::CONSENT_READ]);
    let consents = Consents::with_caller(script.clone());
    let mut pages = consents.events(&EventsQuery::new()).unwrap();
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.position().unwrap().as_str(), "p2");
    // a page that leads back to itself does not go on for ever
    let error = pages.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EndlessList);
    assert_eq!(pages.next_page().await.unwrap(), None);
    script.end();

    // a link to another host is not followed
    let foreign = json!({ "links": { "next": "https://evil.example/x" }, "data": [] });
    let script = Script::new([(EVENTS, Answer::Json(foreign))]).with_scopes([scopes::CONSENT_READ]);
    let pages = Consents::with_caller(script)
        .events(&EventsQuery::new())
        .unwrap();
    assert_eq!(
        pages.all().await.unwrap_err().kind(),
        ErrorKind::ForeignLink
    );
}

const MEMBERS: &str = "/resourceregistry/api/v1/access-lists/skd/banks/members";

fn lists(script: &Script) -> AccessLists {
    AccessLists::with_caller(script.clone(), "skd")
}

/// Organisations with the right check digit.
fn organisations(count: usize) -> Vec<PartyUrn> {
    let numbers = (310_000_000..).map(|number: u32| number.to_string().parse::<PartyUrn>());
    numbers.flatten().take(count).collect()
}

#[tokio::test]
async fn members_are_changed_a_hundred_at_a_time_and_added_before_any_is_removed() {
    let (get, post, delete) = (
        format!("GET {MEMBERS}"),
        format!("POST {MEMBERS}"),
        format!("DELETE {MEMBERS}"),
    );
    let none = || Answer::Json(json!({ "links": {}, "data": [] }));
    let all = organisations(251);
    let held: Vec<Value> = all[250..]
        .iter()
        .map(|member| {
            let number = member.organisation().unwrap();
            json!({ "id": "urn:altinn:party:uuid:5f0c1e7a-3b52-4d6e-9a41-000000000002",
                "identifiers": { "urn:altinn:organization:identifier-no": number.as_str() } })
        })
        .collect();
    let script = Script::new([
        (&get, Answer::Json(json!({ "links": {}, "data": held }))),
        (&post, none()),
        (&post, none()),
        (&post, none()),
        (&delete, none()),
    ])
    .with_scopes([scopes::ACCESS_LISTS_WRITE]);
    let wanted = all[..250].iter().chain(&all[..3]).cloned();
    let changed = lists(&script)
        .set_members(&"banks".into(), wanted)
        .await
        .unwrap();
    assert_eq!(changed.added, all[..250]);
    assert_eq!(changed.removed, all[250..]);
    let sizes: Vec<usize> = script
        .end()
        .iter()
        .map(|body| body["data"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [100, 100, 50, 1]);

    // what cannot be is said before anything is sent
    let nothing = Script::new([]).with_scopes([scopes::ACCESS_LISTS_WRITE]);
    let person: PartyUrn = "26899299344".parse().unwrap();
    let (lists, banks) = (lists(&nothing), "banks".into());
    for error in [
        lists.replace_members(&banks, all).await.unwrap_err(),
        lists.add_members(&banks, [person]).await.unwrap_err(),
        lists.get(&"..".into()).await.unwrap_err(),
    ] {
        assert!(error.is_input(), "{error}");
    }
    let reader = Script::new([]).with_scopes([scopes::ACCESS_LISTS_READ]);
    let reader = AccessLists::with_caller(reader, "skd");
    let error = reader.delete(&banks).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingScope);
}

#[tokio::test]
async fn the_lists_of_a_resource_are_asked_for_page_by_page_with_the_resource() {
    let list = |id: &str, connections: Value| json!({ "identifier": id, "resourceConnections": connections });
    let of_it = json!([{ "resourceIdentifier": "skd-x", "actionFilters": ["read"] }]);
    // the link forgets what was asked, as Altinn's does
    let next = "https://platform.tt02.altinn.no/resourceregistry/api/v1/access-lists/skd?token=p2&includes=resource-actions";
    let first =
        "GET /resourceregistry/api/v1/access-lists/skd?include=resource-actions&resource=skd-x";
    let second = format!("{first}&token=p2");
    let script = Script::new([
        (
            first,
            Answer::Json(json!({ "links": { "next": next }, "data": [list("a", json!([]))] })),
        ),
        (
            &second,
            Answer::Json(json!({ "links": {}, "data": [list("b", of_it)] })),
        ),
    ])
    .with_scopes([scopes::RESOURCE_ADMIN]);
    let found = lists(&script).of_resource(&"skd-x".into()).await.unwrap();
    script.end();
    let ids: Vec<&str> = found.iter().map(|list| list.id.as_str()).collect();
    assert_eq!(ids, ["b"]);
    assert_eq!(found[0].resources[0].actions, ["read"]);

    let again = Answer::Json(json!({ "links": { "next": next }, "data": [] }));
    let script = Script::new([
        (
            first,
            Answer::Json(json!({ "links": { "next": next }, "data": [] })),
        ),
        (&second, again),
    ])
    .with_scopes([scopes::ACCESS_LISTS_READ]);
    let error = lists(&script)
        .of_resource(&"skd-x".into())
        .await
        .unwrap_err();
    script.end();
    assert_eq!(error.kind(), ErrorKind::EndlessList);
}
