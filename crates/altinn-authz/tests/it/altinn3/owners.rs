//! What organisations call, and what anybody may: consents, the calls of service owners, access lists,
//! the decision point, the catalogues. Against the simulator, by state.

use altinn_auth::SecurityLevel;
use altinn_authz::altinn3::consent::{
    ConsentEventKind, ConsentRequest, ConsentRight, Consents, EventsQuery,
};
use altinn_authz::altinn3::metadata::{Metadata, PackageSearch};
use altinn_authz::altinn3::pdp::{Decision, Pdp, Question, Refusal, Subject};
use altinn_authz::altinn3::registry::{Registry, ResourceSearch};
use altinn_authz::altinn3::{
    AccessLists, Entitlement, OwnerPartiesQuery, PackageUrn, PartyUrn, Receiver,
    ScopeDelegationQuery, ServiceOwner, scopes,
};
use altinn_authz::{ErrorKind, Language};
use altinn_sim::Fault;
use altinn_sim::world::Hidden;
use jiff::SignedDuration;
use norwegian_ids::{OrganisationNumber, PersonNumber};

use crate::altinn3::house::{House, given};

/// The service owner with resources.
const TAX: &str = "310799564";
const DIGDIR: &str = "310781746";
const CUSTOMER: &str = "310753831";

fn organisation(number: &str) -> PartyUrn {
    number.parse::<OrganisationNumber>().unwrap().into()
}

fn person(person: &Hidden) -> PartyUrn {
    person.expose().parse::<PersonNumber>().unwrap().into()
}

#[tokio::test]
async fn a_consent_is_asked_for_answered_and_followed_by_its_events() {
    let house = House::open().await;
    let consents =
        Consents::new(&house.organisation(TAX, [scopes::CONSENT_READ, scopes::CONSENT_WRITE]));
    let cast = house.sim.cast();
    let valid_to = house.sim.clock().now() + SignedDuration::from_hours(48);
    let request = |to: &str| {
        ConsentRequest::new(
            person(&cast.new_person),
            organisation(to),
            valid_to,
            "https://skattefugl.example.no/ferdig".parse().unwrap(),
        )
        .right(ConsentRight::new("skf-inntekt-samtykke").metadata("inntektsaar", "2025"))
        .message(Language::Bokmal, "Vi vil se inntekten din")
    };

    // the answer is lost: it is looked for, and there is one request
    let first = request(TAX);
    house.fault("api/v1/enterprise", 1, Fault::ResetAfterHandling);
    house.calls("", "");
    let asked = consents.ask(&first).await.unwrap();
    assert_eq!((asked.id, asked.is_open()), (first.id(), true));
    assert!(asked.view_uri.is_some(), "{asked:?}");
    assert_eq!(house.calls("POST", "consentrequests"), 1);
    // to ask again with the same id is to ask once
    assert_eq!(consents.ask(&first).await.unwrap().id, first.id());

    // for somebody else it takes another scope
    let others = consents.ask(&request(DIGDIR)).await.unwrap_err();
    assert_eq!(others.kind(), ErrorKind::Forbidden, "{others}");
    // what the resource wants to know is not said
    let bare = ConsentRequest::new(
        person(&cast.new_person),
        organisation(TAX),
        valid_to,
        "https://skattefugl.example.no/ferdig".parse().unwrap(),
    )
    .right(ConsentRight::new("skf-inntekt-samtykke"));
    let bare = consents.ask(&bare).await.unwrap_err();
    assert_eq!(bare.kind(), ErrorKind::Refused, "{bare}");
    assert!(
        bare.code().is_some_and(|code| code.starts_with("AM")),
        "{bare}"
    );

    house.sim.answer_consent_request(first.id(), true).unwrap();
    let now = consents.get(first.id()).await.unwrap();
    assert!(now.is_accepted() && now.consented.is_some(), "{now:?}");
    house.sim.revoke_consent(first.id()).unwrap();
    let second = request(TAX);
    consents.ask(&second).await.unwrap();
    house
        .sim
        .answer_consent_request(second.id(), false)
        .unwrap();
    assert_eq!(consents.get(second.id()).await.unwrap().state(), "rejected");

    let all = consents.events(&EventsQuery::new()).unwrap();
    let all: Vec<_> = all.all().await.unwrap();
    let kinds: Vec<_> = all.iter().filter_map(|event| event.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            ConsentEventKind::Accepted,
            ConsentEventKind::Revoked,
            ConsentEventKind::Rejected
        ]
    );
    let count = async |query: EventsQuery| {
        let events = consents.events(&query).unwrap();
        events.all().await.unwrap().len()
    };
    assert_eq!(count(EventsQuery::new().about(second.id())).await, 1);
    let accepted = EventsQuery::new().of(ConsentEventKind::Accepted);
    assert_eq!(count(accepted).await, 1);
    let later = house.sim.clock().now() + SignedDuration::from_hours(1);
    assert_eq!(count(EventsQuery::new().after(later)).await, 0);

    // more than a page, read in pieces and gone on with from a kept place
    let mut more = Vec::new();
    for _ in 0..120 {
        let request = request(TAX);
        consents.ask(&request).await.unwrap();
        house
            .sim
            .answer_consent_request(request.id(), true)
            .unwrap();
        more.push(request.id());
    }
    let mut pages = consents.events(&EventsQuery::new()).unwrap();
    let page = pages.next_page().await.unwrap().unwrap();
    assert!(page.len() < 123, "one page is not all");
    let kept = pages.position().cloned().unwrap();
    let rest = consents.events(&EventsQuery::new().from(kept)).unwrap();
    let rest = rest.all().await.unwrap();
    let mut read: Vec<_> = page
        .iter()
        .chain(&rest)
        .map(|event| event.request_id)
        .collect();
    assert_eq!(read.len(), 123);
    assert_eq!(read.split_off(3), more);
}

#[tokio::test]
async fn a_service_owner_gives_lists_and_sees_who_may_use_its_scopes() {
    let house = House::open().await;
    let cast = house.sim.cast();
    let owner = ServiceOwner::new(&house.organisation(
        TAX,
        [
            scopes::AUTHORIZED_PARTIES_OWNER,
            scopes::OWNER_PACKAGES_WRITE,
            scopes::SCOPE_DELEGATIONS,
        ],
    ));
    let package = PackageUrn::from("innbygger-skatteforhold-privatpersoner");
    let (from, to) = (person(&cast.new_person), person(&cast.manager));
    let (giver, receiver) = (
        house.person_party(cast.new_person.expose()),
        house.person_party(cast.manager.expose()),
    );
    let eyes = house.person(&cast.new_person).await;
    let held = async || given(&eyes, &giver, &receiver).await.len();

    owner.give_package(&from, &to, &package).await.unwrap();
    owner.give_package(&from, &to, &package).await.unwrap();
    assert_eq!(held().await, 1);
    owner.take_package_back(&from, &to, &package).await.unwrap();
    assert_eq!(held().await, 0);

    // what the person gave is not the service owner's to take
    let manager = Receiver::person(cast.manager.expose().parse().unwrap(), "TIGER");
    let report = eyes
        .grant(&giver, &manager, [Entitlement::package(&package)])
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let refused = owner
        .take_package_back(&from, &to, &package)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("AM-00038"), "{refused}");
    assert_eq!(held().await, 1);
    let other = PackageUrn::from("skattegrunnlag");
    let refused = owner.give_package(&from, &to, &other).await.unwrap_err();
    assert_eq!(refused.code(), Some("AM-00034"), "{refused}");

    // whom the manager may act for, with what
    let ask = async |query: OwnerPartiesQuery| {
        let manager = person(&cast.manager);
        owner
            .authorized_parties_with(manager, &query)
            .await
            .unwrap()
    };
    let bare = OwnerPartiesQuery::new().roles(false).packages(false);
    let all = ask(bare.clone()).await;
    let company = house.customer();
    let of_company = |parties: &altinn_authz::altinn3::Parties| {
        parties.iter().find(|p| *p.uuid() == company).cloned()
    };
    let found = of_company(&all).unwrap();
    assert_eq!((found.roles().count(), found.packages().count()), (0, 0));
    let found = of_company(&ask(bare.clone().roles(true)).await).unwrap();
    assert!(found.roles().count() > 0);
    let found = of_company(&ask(bare.clone().packages(true)).await).unwrap();
    assert!(found.packages().count() > 0);
    let only = ask(bare.clone().only(organisation(CUSTOMER))).await;
    assert_eq!(only.iter().count(), 1);
    assert!(of_company(&only).is_some());
    let on = ask(bare
        .clone()
        .on_resource("skf-skattemelding")
        .resources(true))
    .await;
    assert!(of_company(&on).is_some());

    // delegated scopes
    let found = owner
        .scope_delegations(&ScopeDelegationQuery::of_scope("skattefugl:grunnlag"))
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let none =
        ScopeDelegationQuery::of_scope("skattefugl:grunnlag").to_supplier(TAX.parse().unwrap());
    assert!(owner.scope_delegations(&none).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_decision_point_is_asked_and_an_access_list_decides() {
    let house = House::open().await;
    let session = house.organisation(
        TAX,
        [
            scopes::PDP,
            scopes::ACCESS_LISTS_READ,
            scopes::ACCESS_LISTS_WRITE,
        ],
    );
    let pdp = Pdp::new(&session);
    let lists = AccessLists::new(&session, "skf");
    let cast = house.sim.cast();
    let manager = Subject::person(&cast.manager.expose().parse().unwrap());
    let customer = || organisation(CUSTOMER);
    let limited =
        || Question::may(manager.clone(), "read", "skf-begrenset").on_behalf_of(customer());

    // several questions in one call, each with its answer
    let answers = pdp
        .ask_all([
            Question::may(manager.clone(), "read", "skf-skattemelding").on_behalf_of(customer()),
            limited(),
            Question::may(manager.clone(), "sing", "skf-skattemelding").on_behalf_of(customer()),
            Question::may(manager.clone(), "read", "no-such-resource").on_behalf_of(customer()),
        ])
        .await
        .unwrap();
    let mut all = answers.iter().map(|(_, answer)| answer.clone());
    let permit = all.next().unwrap().unwrap();
    assert!(permit.at_level(SecurityLevel::FOUR).is_ok());
    assert!(matches!(all.next().unwrap().unwrap(), Decision::Deny(_)));
    assert_eq!(all.next().unwrap().unwrap(), Decision::NotApplicable);
    let unknown = all.next().unwrap().unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Indeterminate, "{unknown}");

    // on the list, it is a permit under an obligation
    let new = "nye".into();
    lists.save(&new, "Nye", "De som kom til").await.unwrap();
    lists.add_members(&new, [customer()]).await.unwrap();
    lists
        .connect_resource(&new, &"skf-begrenset".into(), &["read"])
        .await
        .unwrap();
    assert_eq!(lists.members(&new).await.unwrap().len(), 1);
    let on: Vec<_> = lists.of_resource(&"skf-begrenset".into()).await.unwrap();
    assert!(on.iter().any(|list| list.id == new), "{on:?}");
    let decision = pdp.ask(&limited()).await.unwrap();
    assert_eq!(decision.needed_level(), Some(SecurityLevel::THREE));
    let low = decision.clone().at_level(SecurityLevel::TWO).unwrap_err();
    assert!(matches!(low, Refusal::Unmet(_)), "{low:?}");
    assert!(decision.at_level(SecurityLevel::THREE).is_ok());

    // exactly these members, then none; then nothing is left of the list
    let changed = lists
        .set_members(&new, [organisation(TAX), organisation(DIGDIR)])
        .await
        .unwrap();
    assert_eq!((changed.added.len(), changed.removed.len()), (2, 1));
    assert!(matches!(
        pdp.ask(&limited()).await.unwrap(),
        Decision::Deny(_)
    ));
    lists
        .remove_members(&new, [organisation(TAX)])
        .await
        .unwrap();
    assert_eq!(lists.members(&new).await.unwrap().len(), 1);
    let resource = "skf-begrenset".into();
    // `..` would lead to the list itself, and delete it
    let elsewhere = lists.disconnect_resource(&new, &"..".into()).await;
    assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::InvalidInput);
    lists.disconnect_resource(&new, &resource).await.unwrap();
    assert!(lists.resources(&new).await.unwrap().is_empty());
    lists.delete(&new).await.unwrap();
    let gone = lists.get(&new).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");

    // a change is seen when five minutes are over, and not before
    let elv = Subject::person(&cast.connected_person.expose().parse().unwrap());
    let may = Question::may(elv, "read", "skf-skattemelding").on_behalf_of(customer());
    assert_eq!(pdp.ask(&may).await.unwrap(), Decision::NotApplicable);
    let to = house.person_party(cast.connected_person.expose());
    let report = house
        .system_user()
        .grant(
            house.customer(),
            &Receiver::party(&to),
            [Entitlement::package("skattegrunnlag")],
        )
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let lag = report.decision_point_lag().unwrap();
    assert_eq!(pdp.ask(&may).await.unwrap(), Decision::NotApplicable);
    house
        .sim
        .clock()
        .advance(SignedDuration::try_from(lag).unwrap() + SignedDuration::from_secs(1));
    let late = pdp.ask(&may).await.unwrap();
    assert!(late.at_level(SecurityLevel::FOUR).is_ok());
}

#[tokio::test]
async fn anybody_reads_the_catalogues() {
    let house = House::open().await;
    let (environment, transport) = house.anybody();
    let metadata = Metadata::open(environment, transport.clone());
    let registry = Registry::open(environment, transport);

    let package = metadata.package("skattegrunnlag").await.unwrap();
    assert_eq!(package.name.as_deref(), Some("Skattegrunnlag"));
    assert_eq!(
        metadata.package_by_id(&package.id).await.unwrap().urn,
        package.urn
    );
    let hits = metadata
        .search_packages(&PackageSearch::new("skattegrunnlag"))
        .await
        .unwrap();
    assert!(hits.iter().any(|hit| hit.id == package.id), "{hits:?}");
    let resources = metadata.resources_of_package(&package.id).await.unwrap();
    assert!(!resources.is_empty());
    let groups = metadata.area_groups().await.unwrap();
    let exported = metadata.export().await.unwrap();
    assert_eq!(groups.len(), exported.len());
    let areas = metadata.areas_of_group(&groups[0].id).await.unwrap();
    let area = metadata.area(&areas[0].id).await.unwrap();
    assert_eq!(area.name, areas[0].name);
    let mut found = false;
    for area in &areas {
        let packages = metadata.packages_of_area(&area.id).await.unwrap();
        found |= packages.iter().any(|p| p.id == package.id);
    }
    assert!(found || groups.len() > 1, "the package is in some area");
    let unknown = metadata.package("no-such-package").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
    let roles = metadata.roles().await.unwrap();
    assert!(!roles.is_empty());

    let id = "skf-skattemelding".into();
    let resource = registry.resource(&id).await.unwrap();
    assert_eq!(resource.title(Language::Bokmal), Some("Skattemelding"));
    let all = registry.resources().await.unwrap();
    assert!(all.iter().any(|one| one.identifier == id));
    let found = registry
        .search(&ResourceSearch::new().id("skattemelding"))
        .await;
    assert_eq!(found.unwrap().len(), 1);
    assert!(!registry.find("Skattemelding").await.unwrap().is_empty());
    assert!(!registry.policy_rights(&id).await.unwrap().is_empty());
    assert!(!registry.policy_rules(&id).await.unwrap().is_empty());
    assert!(registry.policy(&id).await.unwrap().contains("Policy"));
    let changes = registry.changes(None, Some(1)).unwrap();
    let changes = changes.all().await.unwrap();
    assert_eq!(changes.len(), all.len(), "each once, a page at a time");
    let subjects = registry.policy_subjects(&id).await.unwrap();
    assert!(!subjects.is_empty());
    let gives = registry
        .resources_of_subjects(["urn:altinn:accesspackage:skattegrunnlag"])
        .await
        .unwrap();
    assert!(!gives.is_empty());
    let unknown = registry
        .resource(&"no-such-resource".into())
        .await
        .unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
}
