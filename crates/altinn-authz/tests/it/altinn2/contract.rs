//! For every fixture: the request that the client sends, and what it makes of the answer.

use std::sync::Arc;

use altinn_auth::{EnterpriseUserCredentials, Environment};
use altinn_authz::Error;
use altinn_authz::altinn2::models::{
    AppRight, AppRightSource, Consent, ConsentRequest, ConsentToken, DelegationRequest,
    Organization, RightSource, Role, RoleType, ServiceMetaData, ServiceType,
};
use altinn_authz::altinn2::odata::{self, Query};
use altinn_authz::altinn2::{
    Client, ContactsQuery, Delegation, DelegationsQuery, EnterpriseUsers, Filter, Identity,
    LookupSchema, Metadata, NewRole, OrganisationsQuery, Receiver, ReporteesQuery, RightHolderId,
    RuleId, Service, ServiceOwner, Who, scopes,
};
use http_transport::{ReqwestTransport, SecretString};
use norwegian_ids::OrganisationNumber;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::contract::{Fixture, Player, altinn, outcome, unmasked};

/// Everyone who can call.
struct Clients {
    user: Client,
    users: EnterpriseUsers,
    owner: ServiceOwner,
    metadata: Metadata,
}

impl Clients {
    fn of(url: &Url) -> Self {
        let altinn = altinn(url, true);
        let user =
            EnterpriseUserCredentials::new("fjordkraft-lonn", SecretString::from("hemmelig"));
        let user = altinn.enterprise_user(user.unwrap()).scopes(scopes::GIVER);
        let us = altinn.organisation().scopes([scopes::SERVICE_OWNER]);
        let environment: &Environment = altinn.environment();
        let transport = ReqwestTransport::builder().build().unwrap();
        Self {
            user: Client::new(&user),
            users: EnterpriseUsers::new(&us),
            owner: ServiceOwner::new(&us),
            metadata: Metadata::open(environment, Arc::new(transport)),
        }
    }
}

#[tokio::test]
async fn every_exchange_is_sent_and_read_as_written_down() {
    for fixture in Fixture::all("altinn2") {
        let player = Player::play(&fixture).await;
        let result = call(&Clients::of(&player.url()), &fixture).await;
        let sent = player.sent().await;

        let first = sent
            .first()
            .unwrap_or_else(|| panic!("{}: nothing sent", fixture.name));
        // what is open is asked for as nobody
        let is_open = fixture.operation().starts_with("metadata-");
        assert_eq!(
            first.header("apikey").is_some(),
            !is_open,
            "{}",
            fixture.name
        );
        assert_eq!(first.header("authorization").is_some(), !is_open);
        assert_eq!(first.header("accept"), Some("application/hal+json"));
        // app and consent operations have no method of their own here: see `call`
        if !is_foreign(&fixture) {
            assert_eq!(first.method, fixture.request.method, "{}", fixture.name);
            let path = |path: &str| path.split('?').next().unwrap().to_owned();
            assert_eq!(path(&first.path), path(&fixture.request.path));
            assert_eq!(first.body(), fixture.request.body, "{}", fixture.name);
            let (sent, due) = (parameters(&first.path), parameters(&fixture.request.path));
            let is_added = |name: &str| ["language", "$top"].contains(&name);
            for parameter in &due {
                let is_there = is_added(&parameter.0) || sent.contains(parameter);
                assert!(is_there, "{}: {parameter:?}", fixture.name);
            }
            for parameter in &sent {
                assert!(
                    is_added(&parameter.0) || due.contains(parameter),
                    "{}: {parameter:?}",
                    fixture.name
                );
            }
            assert!(
                sent.iter().any(|(name, _)| name == "language"),
                "{}",
                fixture.name
            );
        }

        let shown = json!({
            "requests": sent.iter().map(|request| request.shown()).collect::<Vec<_>>(),
            "outcome": result,
        });
        let text = shown.to_string();
        assert!(!unmasked(&text), "{}: {text}", fixture.name);
        for secret in [
            "hemmelig",
            "c2lnbmF0dXJl",
            "5b4a0c52",
            "with the letters that occur",
        ] {
            assert!(!text.contains(secret), "{}: {text}", fixture.name);
        }
        fixture.snapshot(&shown);
    }
}

fn parameters(path: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://x{path}")).unwrap();
    url.query_pairs().into_owned().collect()
}

/// Errors that were recorded on operations outside the rights API: the answer is what counts, it is
/// given to the operation that is nearest.
fn is_foreign(fixture: &Fixture) -> bool {
    fixture.request.path.starts_with("/api/consentRequests")
}

/// Calls the method that the fixture is an exchange of.
async fn call(clients: &Clients, fixture: &Fixture) -> Value {
    let (client, owner) = (&clients.user, &clients.owner);
    let (users, metadata) = (&clients.users, &clients.metadata);
    let segments = fixture.segments();
    let who = || segments[1].parse::<Who>().unwrap();
    let receiver = || RightHolderId::from(segments[4]);
    let at = |index: usize| segments[index];
    let number = |index: usize| segments[index].parse::<i64>().unwrap();
    let organisation = |index: usize| segments[index].parse::<OrganisationNumber>().unwrap();
    let app = |index: usize| format!("{}/{}", segments[index], segments[index + 1]);
    let parameter = |name: &str| fixture.parameter(name).unwrap();
    let body = || fixture.request.body.as_ref().unwrap();
    let subject = || parameter("subject").parse().unwrap();
    let reportee = || parameter("reportee").parse::<Identity>().unwrap();
    let service = || Service::new(segments[3], number(4));
    let rights = || {
        Some(match fixture.parameter("$filter")?.as_str() {
            "RightSourceType ne 'RoleTypeRights'" => odata::right::SOURCE.ne(RightSource::Role),
            "ServiceCode eq '5123' and ServiceEditionCode eq 1" => {
                let edition = odata::right::SERVICE_EDITION_CODE.eq(1);
                odata::right::SERVICE_CODE.eq("5123").and(edition)
            }
            other => Filter::parse(other).unwrap(),
        })
    };
    let app_rights = || -> Option<Filter<AppRight>> {
        Some(match fixture.parameter("$filter")?.as_str() {
            "RightSourceType ne 'RoleTypeRight'" => {
                odata::app_right::SOURCE.ne(AppRightSource::Role)
            }
            other => Filter::parse(other).unwrap(),
        })
    };
    let roles = || -> Option<Filter<Role>> {
        Some(match fixture.parameter("$filter")?.as_str() {
            "RoleType ne 'External'" => odata::role::ROLE_TYPE.ne(RoleType::External),
            "RoleType eq 'Altinn' and (RoleDefinitionCode eq 'REGNA' or RoleDefinitionCode eq 'UTINN')" =>
            {
                let code = odata::role::CODE;
                let altinns = odata::role::ROLE_TYPE.eq(RoleType::Altinn);
                altinns.and(code.eq("REGNA").or(code.eq("UTINN")))
            }
            other => Filter::parse(other).unwrap(),
        })
    };
    match fixture.operation() {
        "own-roles" => shown(client.own_roles(who(), roles().as_ref()).await),
        "own-rights" => shown(client.own_rights(who(), rights().as_ref()).await),
        "own-apprights" => shown(client.own_app_rights(who(), app_rights().as_ref()).await),
        "own-role-delete" => shown(client.give_up_role(who(), &at(4).into()).await),
        "own-right-delete" => shown(client.give_up_right(who(), &at(4).into()).await),
        "own-appright-delete" => shown(
            client
                .give_up_app_right(who(), &app(4), &at(6).into())
                .await,
        ),
        "delegations-apprights" => shown(client.app_rights(who(), &receiver(), None).await),
        "delegations-list" => shown(client.delegations_with(who(), &query(fixture)).await),
        "delegations-one" => shown(client.right_holder(who(), &receiver()).await),
        "delegations-roles" => shown(client.roles(who(), &receiver()).await),
        "delegations-rights" => shown(client.rights(who(), &receiver(), rights().as_ref()).await),
        "delegations-post" => {
            let (receiver, what) = new_right_holder(body());
            shown(client.delegate(who(), receiver, what).await)
        }
        "delegations-role-delete" => {
            shown(client.remove_role(who(), &receiver(), &at(6).into()).await)
        }
        "delegations-right-delete" => {
            shown(client.remove_right(who(), &receiver(), &at(6).into()).await)
        }
        "delegations-appright-delete" => {
            let rule = RuleId::from(at(8));
            shown(
                client
                    .remove_app_right(who(), &receiver(), &app(6), &rule)
                    .await,
            )
        }
        "delegations-delete-by-query" => {
            let client = client.clone().removing_by_query();
            let receiver = RightHolderId::from(parameter("receiverId").as_str());
            let id = |name: &str| fixture.parameter(name);
            match (id("roleId"), id("authzRuleId"), id("ruleGuid")) {
                (Some(id), ..) => shown(
                    client
                        .remove_role(who(), &receiver, &id.as_str().into())
                        .await,
                ),
                (_, Some(id), _) => shown(
                    client
                        .remove_right(who(), &receiver, &id.as_str().into())
                        .await,
                ),
                (.., id) => {
                    let app = format!("{}/{}", parameter("org"), parameter("app"));
                    let rule = id.unwrap().as_str().into();
                    shown(client.remove_app_right(who(), &receiver, &app, &rule).await)
                }
            }
        }
        "roledefinitions-list" => shown(client.role_definitions(who()).await),
        "roledefinitions-one" => shown(client.role_definition(who(), number(4)).await),
        "roledefinitions-post" => shown(client.create_role(who(), &new_role(body())).await),
        "roledefinitions-put" => shown(
            client
                .update_role(who(), number(4), &new_role(body()))
                .await,
        ),
        "roledefinitions-delete" => shown(client.delete_role(who(), number(4)).await),
        "enterpriseusers-list" => shown(users.list().await),
        "enterpriseusers-one" => shown(users.get(at(2)).await),
        "enterpriseusers-post" => shown(users.create(text(body(), "UserName")).await),
        "enterpriseusers-put" => shown(users.rename(at(2), text(body(), "UserName")).await),
        "enterpriseusers-rotatesecret" => shown(users.rotate_secret(at(2)).await),
        "enterpriseusers-delete" => shown(users.delete(at(2)).await),
        "metadata-list" => {
            let owner = fixture.parameter("$filter");
            let filter: Option<Filter<ServiceMetaData>> =
                owner.map(|_| odata::service::OWNER_CODE.eq("TTD"));
            shown(metadata.services(filter.as_ref()).await)
        }
        "metadata-one" => {
            let kind = match at(2) {
                "formtask" => ServiceType::FormTask,
                "lookup" => ServiceType::Lookup,
                _ => ServiceType::Correspondence,
            };
            shown(metadata.service(&kind, &service()).await)
        }
        "metadata-form-schema" => shown(metadata.form_schema(&service(), at(6), at(7)).await),
        "metadata-attachment-schema" => {
            shown(metadata.attachment_schema(&service(), number(6)).await)
        }
        "metadata-lookup-schema" => shown(
            metadata
                .lookup_schema(&service(), LookupSchema::Request)
                .await,
        ),
        "metadata-codelists" => shown(metadata.codelists(None).await),
        "metadata-codelist" => shown(metadata.codelist(at(3), at(4).parse().ok()).await),
        "metadata-roledefinitions" => shown(metadata.role_definitions().await),
        "metadata-roledefinition" => shown(metadata.role_definition(number(3)).await),
        "metadata-rolerequirements" => match fixture.parameter("app") {
            Some(app) => shown(metadata.app_role_requirements(&app).await),
            None => {
                let edition = fixture.parameter("serviceEditionCode");
                let edition = edition.map_or(1, |edition| edition.parse().unwrap());
                let service = Service::new(parameter("serviceCode"), edition);
                shown(metadata.role_requirements(&service).await)
            }
        },
        "metadata-jwk" => shown(metadata.keys().await),
        "metadata-well-known" => shown(metadata.well_known().await),
        "so-reportees" => {
            let query = match fixture.parameter("serviceCode") {
                Some(code) => ReporteesQuery::new().with_rights_on(Service::new(code, 1)),
                None => ReporteesQuery::new(),
            };
            let found = owner.reportees(&subject(), &query).await;
            assert_eq!(
                found.as_ref().is_err_and(Error::lacks_user_profile),
                fixture.name.ends_with("no-profile")
            );
            shown(found)
        }
        "so-rights" => shown(
            owner
                .rights(&subject(), &reportee(), rights().as_ref())
                .await,
        ),
        "so-apprights" => shown(owner.app_rights(&subject(), &reportee()).await),
        "so-roles" => shown(owner.roles(&subject(), &reportee(), roles().as_ref()).await),
        "so-roledefinitions" => shown(owner.role_definitions().await),
        "so-roledefinition" => shown(owner.role_definition(number(3)).await),
        "so-organizations" => {
            let mut query = OrganisationsQuery::new();
            if let Some(email) = fixture.parameter("email") {
                query = query.email(email).with_official_contacts();
            }
            if let Some(number) = fixture.parameter("phoneNumber") {
                query = query.phone_number(number);
            }
            if fixture.parameter("$filter").is_some() {
                let sole = Query::<Organization>::from(odata::organisation::FORM.eq("ENK"));
                query = query.matching(sole.order_by(odata::organisation::NAME.ascending()));
            }
            shown(owner.organisations(&query).await)
        }
        "so-organization" => shown(owner.organisation(organisation(3)).await),
        "so-officialcontacts" => shown(owner.official_contacts(organisation(3)).await),
        "so-personalcontacts" => {
            let query = match fixture.parameter("roleDefinitionCode") {
                Some(code) => ContactsQuery::new().with_role(code),
                None => ContactsQuery::new(),
            };
            shown(owner.personal_contacts(organisation(3), &query).await)
        }
        "so-personalcontact-roles" => {
            let contact = at(5).into();
            shown(
                owner
                    .personal_contact_roles(organisation(3), &contact)
                    .await,
            )
        }
        "reportees-list" => {
            let query = match fixture.parameter("$filter") {
                Some(filter) => ReporteesQuery::new().filter(Filter::parse(&filter).unwrap()),
                None => ReporteesQuery::new(),
            };
            shown(client.reportees_with(&query).await)
        }
        "so-consents" => {
            let one = Query::new().at_most(1);
            shown(
                owner
                    .pages::<Consent>(below(fixture, 3), &one)
                    .unwrap()
                    .all()
                    .await,
            )
        }
        "so-delegationrequests" => {
            let one = Query::new().at_most(1);
            let path = below(fixture, 3);
            shown(
                owner
                    .pages::<DelegationRequest>(path, &one)
                    .unwrap()
                    .all()
                    .await,
            )
        }
        "consentrequest-one" => shown(client.read::<ConsentRequest>(below(fixture, 2)).await),
        "consent-token" => shown(client.read::<String>(below(fixture, 2)).await),
        "consent-token-claims" => shown(client.read::<ConsentToken>(below(fixture, 2)).await),
        "reportee-one" => shown(client.reportee(&at(2).into()).await),
        "reportee-of" => shown(client.reportee_of(who(), &receiver()).await),
        "organizations-list" => shown(client.organisations(None).await),
        "organizations-one" => shown(client.organisation(organisation(2)).await),
        "reportee-conversion" => shown(client.resolve(&identity(body())).await),
        "errors" if is_foreign(fixture) => {
            let person = Identity::person(text(body(), "OfferedBy").parse().unwrap());
            let person = person.named(text(body(), "OfferedByName"));
            shown(client.resolve(&person).await)
        }
        "errors" => shown(client.delegations_with(who(), &query(fixture)).await),
        other => panic!("{other} is a fixture without a call: add it here"),
    }
}

/// Path and query of the fixture from a segment on, without the language, which the client adds.
fn below(fixture: &Fixture, slash: usize) -> &str {
    let path = &fixture.request.path;
    let (at, _) = path.match_indices('/').nth(slash - 1).unwrap();
    path[at + 1..]
        .trim_end_matches(['?', '&'])
        .trim_end_matches("language=1044")
        .trim_end_matches(['?', '&'])
}

fn shown<T: Serialize>(result: Result<T, Error>) -> Value {
    outcome(&result)
}

fn query(fixture: &Fixture) -> DelegationsQuery {
    match fixture.parameter("serviceCode") {
        None => match fixture.parameter("app") {
            Some(app) => DelegationsQuery::new().on_app(app),
            None => DelegationsQuery::new(),
        },
        Some(code) => {
            let edition = fixture
                .parameter("serviceEdition")
                .unwrap()
                .parse()
                .unwrap();
            DelegationsQuery::new().with_rights_on(Service::new(code, edition))
        }
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn identity(body: &Value) -> Identity {
    match body.get("SocialSecurityNumber") {
        Some(_) => Identity::person(text(body, "SocialSecurityNumber").parse().unwrap())
            .named(text(body, "LastName")),
        None => Identity::organisation(text(body, "OrganizationNumber").parse().unwrap())
            .named(text(body, "OrganizationName")),
    }
}

/// What a caller would give to have this body sent.
fn new_right_holder(body: &Value) -> (Receiver, Vec<Delegation>) {
    let number = || text(body, "OrganizationNumber").parse().unwrap();
    let receiver = match (body.get("SocialSecurityNumber"), body.get("UserName")) {
        (Some(_), _) => Receiver::person(
            text(body, "SocialSecurityNumber").parse().unwrap(),
            text(body, "LastName"),
        ),
        (None, Some(_)) if body.get("LastName").is_some() => {
            Receiver::user(text(body, "UserName"), text(body, "LastName"))
        }
        (None, Some(_)) => Receiver::enterprise_user(text(body, "UserName"), number()),
        (None, None) => Receiver::organisation(number(), text(body, "Name")),
    };
    let entries = |name: &str| {
        body["_embedded"][name]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let roles = entries("Roles");
    let roles = roles
        .iter()
        .map(|role| Delegation::role(role["RoleDefinitionId"].as_i64().unwrap()));
    let rights = entries("Rights");
    let rights = rights.iter().map(|right| {
        let edition = right["ServiceEditionCode"].as_i64().unwrap();
        Delegation::rights(text(right, "ServiceCode"), edition, [text(right, "Action")])
    });
    let app_rights = entries("Apprights");
    let app_rights = app_rights
        .iter()
        .map(|right| Delegation::app_right("ttd/fjordskjema", text(right, "RuleGuid")));
    (receiver, roles.chain(rights).chain(app_rights).collect())
}

fn new_role(body: &Value) -> NewRole {
    let rights = body["_embedded"]["Rights"].as_array().unwrap();
    let rights = rights.iter().map(|right| {
        let edition = right["ServiceEditionCode"].as_i64().unwrap();
        Delegation::rights(text(right, "ServiceCode"), edition, [text(right, "Action")])
    });
    NewRole::new(text(body, "RoleName"), text(body, "RoleDescription")).with(rights)
}
