//! Giving, taking back and reading against the simulator, which knows nothing of this crate.

use altinn_authz::altinn3::{Entitlement, Outcome, Receiver, Relation, Report, What};
use altinn_authz::rights::{self, Change, PartyName, Rights, State};
use altinn_authz::{ErrorKind, altinn3};
use altinn_sim::Fault;
use norwegian_ids::PersonNumber;

use crate::altinn3::house::{House, entitlement, given, set};

const INSTANCE: &str = "urn:altinn:instance-id:51500103/7f150524-34b9-45df-9e77-69b10f4205b4";

fn instance(rights: &str) -> Entitlement {
    entitlement(&format!("instance:skf-skattemelding@{INSTANCE}{rights}"))
}

fn outcome(report: &Report, what: impl Fn(&What) -> bool) -> &Outcome {
    let step = report.steps().iter().find(|step| what(step.what()));
    step.unwrap_or_else(|| panic!("{report}")).outcome()
}

#[tokio::test]
async fn everything_is_given_and_taken_back_piece_by_piece() {
    let house = House::open().await;
    let rights = house.system_user();
    let company = house.customer();
    let new = house.sim.cast().new_person;
    let number: PersonNumber = new.expose().parse().unwrap();
    let to = house.person_party(new.expose());
    let eyes = house.person(&house.sim.cast().manager).await;

    // a new person, connected by number and name in the same call
    let receiver = Receiver::person(number.clone(), "GRANITT");
    let what = [
        Entitlement::package("skattegrunnlag"),
        Entitlement::rights("skf-skattemelding", ["read", "write"]),
        instance("#read,sign"),
        Entitlement::resource("skf-lukket-innsyn"),
    ];
    let may = rights.may_give(&company, what.clone()).await.unwrap();
    assert!(!may.is_complete() && !may.has_changed_anything(), "{may}");
    assert!(given(&eyes, &company, &to).await.is_empty());
    house.calls("", "");
    let report = rights
        .grant(&company, &receiver, what.clone())
        .await
        .unwrap();
    assert_eq!(report.receiver(), Some(&to));
    assert!(!report.is_complete(), "{report}");
    let closed = outcome(&report, |what| {
        matches!(what, What::Check(Entitlement::Resource(_)))
    });
    assert!(matches!(closed, Outcome::Refused(_)), "{report}");
    assert_eq!(report.errors().count(), 0, "{report}");
    let all = [
        "package:skattegrunnlag",
        "resource:skf-skattemelding#read",
        "resource:skf-skattemelding#write",
        &format!("instance:skf-skattemelding@{INSTANCE}#read"),
        &format!("instance:skf-skattemelding@{INSTANCE}#sign"),
    ];
    assert_eq!(given(&eyes, &company, &to).await, set(all));
    assert_eq!(house.calls("POST", "/connections"), 1);

    // the same once more writes nothing
    let again = rights
        .grant(&company, &Receiver::party(&to), what[..3].to_vec())
        .await
        .unwrap();
    assert!(
        again.is_complete() && !again.has_changed_anything(),
        "{again}"
    );
    assert_eq!(house.calls("POST", ""), 0);

    // one right of an instance, and one of a resource that is held through the package as well
    let report = rights
        .revoke(&company, &to, [instance("#sign")])
        .await
        .unwrap();
    assert!(matches!(
        outcome(&report, |w| matches!(w, What::TakeBack(_))),
        Outcome::Done
    ));
    let read_only = format!("instance:skf-skattemelding@{INSTANCE}#read");
    let mut left = set(all);
    left.remove(all[4]);
    assert_eq!(given(&eyes, &company, &to).await, left, "{read_only}");
    let write = entitlement("resource:skf-skattemelding#write");
    let report = rights.revoke(&company, &to, [write.clone()]).await.unwrap();
    let still = outcome(&report, |w| matches!(w, What::ReadAgain(_)));
    assert!(
        matches!(still, Outcome::StillHeld(ways) if !ways.is_empty()),
        "{report}"
    );
    left.remove(all[2]);
    assert_eq!(given(&eyes, &company, &to).await, left);
    let report = rights.revoke(&company, &to, [write]).await.unwrap();
    let refused = outcome(&report, |w| matches!(w, What::TakeBack(_)));
    assert!(matches!(refused, Outcome::Refused(_)), "{report}");
    assert!(!report.connection_left_empty());

    // everything: the connection is left, and said to be empty
    let report = rights
        .revoke(
            &company,
            &to,
            [
                Entitlement::package("skattegrunnlag"),
                Entitlement::resource("skf-skattemelding"),
                instance(""),
            ],
        )
        .await
        .unwrap();
    assert!(
        report.is_complete() && report.connection_left_empty(),
        "{report}"
    );
    assert!(given(&eyes, &company, &to).await.is_empty());
    let held = eyes.held(&company, Some(&to)).await.unwrap();
    assert!(held.by(&to).unwrap().is_empty_connection());

    // an organisation needs no name, and gives up what it got itself
    let bureau = house.party(&house.sim.cast().receiving_organisation);
    let report = rights
        .grant(
            &company,
            &Receiver::party(&bureau),
            [Entitlement::resource("skf-postlogg"), instance("#read")],
        )
        .await
        .unwrap();
    assert!(report.is_complete(), "{report}");
    let world = house.sim.world();
    let director = world
        .register_roles
        .iter()
        .find(|role| role.organisation == house.sim.cast().receiving_organisation)
        .map(|role| role.person.clone())
        .unwrap();
    let theirs = house.person(&director).await;
    let pair = Relation::received_by(&bureau).with(&company);
    let single = theirs
        .revoke_between(pair.clone(), [instance("#read")])
        .await
        .unwrap_err();
    assert_eq!(single.kind(), ErrorKind::InvalidInput);
    let report = theirs
        .revoke_between(pair, [Entitlement::resource("skf-postlogg"), instance("")])
        .await
        .unwrap();
    assert!(
        report.is_complete() && report.connection_left_empty(),
        "{report}"
    );
    assert!(given(&eyes, &company, &bureau).await.is_empty());
}

#[tokio::test]
async fn a_role_from_altinn_2_is_taken_back_and_one_of_a_register_is_not() {
    let house = House::seeded(
        r#"
        [[role_definitions]]
        id = 11
        altinn3_code = "utfyller-innsender"
        altinn3_id = "dbaae9f8-107a-4222-9afd-d9f95cd5319c"
        "#,
    )
    .await;
    let rights = house.system_user();
    let company = house.customer();
    let cast = house.sim.cast();
    let person = house.person_party(cast.connected_person.expose());
    let manager = house.person_party(cast.manager.expose());

    let held = rights.held(&company, Some(&person)).await.unwrap();
    let roles = held.by(&person).unwrap().revocable_roles().to_vec();
    assert_eq!(roles.len(), 1, "{held:?}");
    let role = || [Entitlement::role(roles[0].clone())];
    house.fault(
        "api/v1/enduser/connections/roles",
        2,
        Fault::ResetAfterHandling,
    );
    let report = rights.revoke(&company, &person, role()).await.unwrap();
    assert!(report.is_complete(), "the answer was lost: {report}");
    let held = rights.held(&company, Some(&person)).await.unwrap();
    assert!(held.by(&person).unwrap().revocable_roles().is_empty());
    let report = rights.revoke(&company, &person, role()).await.unwrap();
    assert!(
        report.is_complete() && !report.has_changed_anything(),
        "{report}"
    );

    // the register's role: the server knows, and refuses; the connection itself is no role to take
    let held = rights.held(&company, Some(&manager)).await.unwrap();
    let roles = held.by(&manager).unwrap().roles().to_vec();
    assert!(roles.iter().any(|role| role == "daglig-leder"), "{roles:?}");
    assert!(held.by(&manager).unwrap().revocable_roles().is_empty());
    let refused = rights
        .revoke(&company, &manager, [Entitlement::role("daglig-leder")])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("AM-00040"), "{refused}");
    assert_eq!(rights.held(&company, Some(&manager)).await.unwrap(), held);
    let report = rights
        .revoke(&company, &person, [Entitlement::role("rettighetshaver")])
        .await
        .unwrap();
    let outcome = outcome(&report, |w| matches!(w, What::TakeBack(_)));
    assert!(matches!(outcome, Outcome::Refused(_)), "{report}");
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_nothing_is_sent_twice() {
    let house = House::open().await;
    let rights = house.system_user();
    let company = house.customer();
    let new = house.sim.cast().new_person;
    let to = house.person_party(new.expose());
    let eyes = house.person(&house.sim.cast().manager).await;
    let receiver = Receiver::person(new.expose().parse().unwrap(), "GRANITT");
    let what = || {
        [
            Entitlement::package("skattegrunnlag"),
            Entitlement::rights("skf-skattemelding", ["sign"]),
            instance("#write"),
        ]
    };

    // every write is done, and every answer to one is lost
    for (path, nth) in [
        ("api/v1/enduser/connections/accesspackages", 3),
        ("api/v1/enduser/connections/resources/rights", 2),
        ("api/v1/enduser/connections/resources/instances/rights", 2),
    ] {
        house.fault(path, nth, Fault::ResetAfterHandling);
    }
    house.calls("", "");
    let report = rights.grant(&company, &receiver, what()).await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!(house.calls("POST", ""), 4, "connect, and three gifts");
    let all = set([
        "package:skattegrunnlag",
        "resource:skf-skattemelding#sign",
        &format!("instance:skf-skattemelding@{INSTANCE}#write"),
    ]);
    assert_eq!(given(&eyes, &company, &to).await, all);

    for path in [
        "api/v1/enduser/connections/accesspackages",
        "api/v1/enduser/connections/resources",
        "api/v1/enduser/connections/resources/instances",
    ] {
        // the last of these is the shortest path of its kind: the first call reads, the second takes
        let nth = 2;
        house.fault(path, nth, Fault::ResetAfterHandling);
        let what = match path.rsplit('/').next().unwrap() {
            "accesspackages" => what()[0].clone(),
            "resources" => what()[1].clone(),
            _ => what()[2].clone(),
        };
        let text = what.to_string();
        house.calls("", "");
        let report = rights.revoke(&company, &to, [what]).await.unwrap();
        assert_eq!(report.errors().count(), 0, "{report}");
        assert_eq!(house.calls("DELETE", ""), 1);
        assert!(!given(&eyes, &company, &to).await.contains(&text));
    }
    assert!(given(&eyes, &company, &to).await.is_empty());

    // what does not stick is seen
    house.sim.faults().set_right_does_not_stick(true);
    let report = rights
        .grant(&company, &Receiver::party(&to), what())
        .await
        .unwrap();
    house.sim.faults().clear();
    assert!(!report.is_complete(), "{report}");
    for step in report.steps() {
        if matches!(step.what(), What::ReadAgain(_)) {
            assert!(matches!(step.outcome(), Outcome::Unexpected(_)), "{report}");
        }
    }
    assert!(given(&eyes, &company, &to).await.is_empty());
}

#[tokio::test]
async fn who_may_give_single_instances_gives_them_and_nothing_else() {
    let house = House::seeded(
        r#"
        [[system_users]]
        id = "c7a2ea20-b2f1-4c94-ae05-319acb5c7427"
        access_packages = ["tilgangsstyring-enkeltinstanser", "skattegrunnlag"]
        "#,
    )
    .await;
    let rights = house.system_user();
    let company = house.customer();
    let cast = house.sim.cast();
    let eyes = house.person(&cast.manager).await;
    let to = house.person_party(cast.new_person.expose());
    let receiver = Receiver::person(cast.new_person.expose().parse().unwrap(), "GRANITT");

    let package = rights
        .grant(
            &company,
            &receiver,
            [Entitlement::package("skattegrunnlag")],
        )
        .await
        .unwrap_err();
    assert_eq!(package.kind(), ErrorKind::Forbidden, "{package}");
    let report = rights
        .grant(&company, &receiver, [instance("#read")])
        .await
        .unwrap();
    assert_eq!(report.errors().count(), 0, "{report}");
    let read = format!("instance:skf-skattemelding@{INSTANCE}#read");
    assert_eq!(given(&eyes, &company, &to).await, set([&read]));
}

#[tokio::test]
async fn the_trait_plans_applies_and_resumes() {
    let house = House::open().await;
    let client: altinn3::Client = house.system_user();
    let rights: Box<dyn Rights> = Box::new(client);
    let cast = house.sim.cast();
    let company = PartyName::organisation(cast.customer.parse().unwrap());
    let company = rights.resolve(&company).await.unwrap();
    assert_eq!(company.id(), house.customer().as_str());
    let new = PartyName::person(cast.new_person.expose().parse().unwrap(), "GRANITT");
    let what: Vec<rights::Entitlement> = vec![
        Entitlement::package("skattegrunnlag").into(),
        instance("#read").into(),
    ];
    let plan = rights
        .plan(&Change::new(&company, &new).give(what.clone()))
        .await
        .unwrap();
    assert!(
        plan.changes_anything() && plan.refused().next().is_none(),
        "{plan}"
    );
    let to = house.person_party(cast.new_person.expose());
    let eyes = house.person(&cast.manager).await;
    assert!(given(&eyes, &house.customer(), &to).await.is_empty());

    // every write is refused by a gateway once; what is done at last is the plan, once
    house.fault(
        "api/v1/enduser/connections/resources/instances/rights",
        2,
        Fault::Unavailable,
    );
    let mut done = rights.apply(&plan, &new).await.unwrap();
    let mut runs = 1;
    while !done.is_complete() {
        assert!(runs < 4, "{done}");
        done = rights.resume(&done, &new).await.unwrap();
        runs += 1;
    }
    let read = format!("instance:skf-skattemelding@{INSTANCE}#read");
    assert_eq!(
        given(&eyes, &house.customer(), &to).await,
        set(["package:skattegrunnlag", &read])
    );

    // and back, in one plan
    let back = PartyName::id(to.as_str());
    let plan = rights
        .plan(&Change::new(&company, &back).take_back(what.clone()))
        .await
        .unwrap();
    let done = rights.apply(&plan, &back).await.unwrap();
    assert!(done.is_complete() && done.connection_left_empty(), "{done}");
    assert!(given(&eyes, &house.customer(), &to).await.is_empty());

    // a system user needs no connection
    let world = house.sim.world();
    let other = world
        .system_users
        .iter()
        .find(|user| user.external_ref.is_some() && user.approved)
        .map(|user| user.id.to_string())
        .unwrap();
    let system = PartyName::system_user(other.clone());
    let plan = rights
        .plan(&Change::new(&company, &system).give([what[0].clone()]))
        .await
        .unwrap();
    house.calls("", "");
    let done = rights.apply(&plan, &system).await.unwrap();
    assert!(done.is_complete(), "{done}");
    assert!(
        done.steps()
            .iter()
            .all(|step| step.state() != State::Failed)
    );
    assert_eq!(house.calls("POST", "/connections"), 0);
    let party = other.parse().unwrap();
    assert!(
        given(&eyes, &house.customer(), &party)
            .await
            .contains("package:skattegrunnlag")
    );
}
