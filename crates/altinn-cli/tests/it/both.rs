//! One program, written once against the trait, on both generations: nothing in it knows which one
//! answers.

use altinn_auth::{Altinn, EnterpriseUserCredentials, Environment};
use altinn_authz::rights::{
    Act, Applied, Change, Entitlement, Expected, Generation, May, Party, PartyName, Plan, Rights,
    State,
};
use altinn_authz::{altinn2, altinn3};
use altinn_sim::Simulator;
use http_transport::SecretString;
use maskinporten::Signer;
use norwegian_ids::OrganisationNumber;

/// What the setting changes: who answers, and what things are called there.
struct Setting {
    rights: Box<dyn Rights>,
    /// Two things that can be given, and one that cannot.
    one: Entitlement,
    other: Entitlement,
    not: Entitlement,
}

fn setting(sim: &Simulator, generation: Generation) -> Setting {
    let maskinporten =
        maskinporten::Environment::custom(&sim.maskinporten_issuer(), &sim.token_endpoint())
            .unwrap();
    let environment = Environment::custom(
        "sim",
        sim.platform_url(),
        Some(sim.altinn2_url()),
        maskinporten,
    )
    .unwrap();
    let (cast, world) = (sim.cast(), sim.world());
    let (pkcs12, password) = sim.pkcs12(&cast.client).unwrap();
    let signer = Signer::from_pkcs12(&pkcs12, &SecretString::from(password.expose())).unwrap();
    let key = world.api_keys.iter().find(|key| key.name == cast.api_key);
    let altinn = Altinn::builder(environment, cast.client.parse().unwrap(), signer)
        .api_key(SecretString::from(key.unwrap().key.expose()))
        .build()
        .unwrap();
    let read = |text: &str| text.parse::<Entitlement>().unwrap();
    if generation == Generation::Altinn3 {
        let session = altinn
            .system_user(cast.customer.parse().unwrap())
            .scopes(altinn3::scopes::GIVER);
        return Setting {
            rights: Box::new(altinn3::Client::new(&session)),
            one: read("altinn3:package:post-og-telekommunikasjon"),
            other: read("altinn3:resource:skf-skattemelding#read,write"),
            not: read("altinn3:resource:skf-lukket-innsyn#read"),
        };
    }
    let user = world.enterprise_user(&cast.enterprise_user).unwrap();
    let credentials = EnterpriseUserCredentials::new(
        user.user_name.clone(),
        SecretString::from(user.password.expose()),
    )
    .unwrap();
    let session = altinn.enterprise_user(credentials).scopes(
        altinn2::scopes::GIVER
            .into_iter()
            .chain([altinn2::scopes::RIGHTS_READ]),
    );
    Setting {
        rights: Box::new(altinn2::Client::new(&session)),
        // a role that does not give the rights below
        one: read("altinn2:role:5603"),
        other: read("altinn2:service:1051/140619#Read,Write"),
        not: read("altinn2:role:195"),
    }
}

async fn states(
    rights: &dyn Rights,
    giver: &Party,
    receiver: &PartyName,
    what: &[Entitlement],
) -> Vec<bool> {
    let Ok(receiver) = rights.resolve(receiver).await else {
        return vec![false; what.len()];
    };
    let held = rights.held(giver, Some(&receiver)).await.unwrap();
    what.iter()
        .map(|one| held.iter().any(|holder| holder.holds_directly(one)))
        .collect()
}

/// The program.
async fn program(setting: &Setting, customer: OrganisationNumber, anna: &PartyName) {
    let Setting {
        rights,
        one,
        other,
        not,
    } = setting;
    let rights = rights.as_ref();
    let both = [one.clone(), other.clone()];
    let giver = rights
        .resolve(&PartyName::organisation(customer))
        .await
        .unwrap();
    assert_eq!(giver.number(), Some(customer.as_str()));
    assert_eq!(states(rights, &giver, anna, &both).await, [false, false]);

    // what can be given
    let asked = [one.clone(), other.clone(), not.clone()];
    let may = rights.may_give(&giver, &asked).await.unwrap();
    assert!(!matches!(may[0].may(), May::No(_)), "{may:?}");
    assert!(!matches!(may[1].may(), May::No(_)), "{may:?}");
    assert!(
        matches!(may[2].may(), May::No(why) if !why.is_empty()),
        "{may:?}"
    );

    // a plan changes nothing, says what will be refused, and is written down and read back
    let plan = rights
        .plan(&Change::new(&giver, anna).give(asked.clone()))
        .await
        .unwrap();
    assert!(plan.changes_anything());
    assert_eq!(plan.refused().count(), 1, "{plan}");
    let written = serde_json::to_string(&plan).unwrap();
    let shown = format!("{written} {plan} {plan:?}");
    assert!(!shown.contains("24878123375"), "{shown}");
    let read: Plan = serde_json::from_str(&written).unwrap();
    assert_eq!(read, plan);
    assert_eq!(states(rights, &giver, anna, &both).await, [false, false]);

    // with a fingerprint it knows its receiver from somebody who looks the same when masked
    let marked = |mark| anna.clone().with_fingerprint(mark);
    let hers = Change::new(&giver, &marked("5d41402a")).give([one.clone()]);
    let hers = rights.plan(&hers).await.unwrap();
    for other in [anna, &marked("7d793037")] {
        let error = rights.apply(&hers, other).await.unwrap_err();
        assert!(error.is_input(), "{error}");
    }
    assert_eq!(states(rights, &giver, anna, &both).await, [false, false]);

    // apply does exactly that
    let done = rights.apply(&read, anna).await.unwrap();
    assert!(!done.is_complete() && done.has_changed_anything(), "{done}");
    for step in done.steps() {
        let due = match step.act() {
            Act::Give(what) if what == not => State::Refused,
            _ => State::Done,
        };
        assert_eq!(step.state(), due, "{done}");
    }
    assert_eq!(states(rights, &giver, anna, &both).await, [true, true]);

    // the report is written down, read back, and resumed: nothing is done twice
    let written = serde_json::to_string(&done).unwrap();
    assert!(!written.contains("24878123375"), "{written}");
    let earlier: Applied = serde_json::from_str(&written).unwrap();
    let again = rights.resume(&earlier, anna).await.unwrap();
    assert_eq!(again.steps().len(), done.steps().len());
    assert!(again.errors().next().is_none(), "{again}");
    // a new plan finds that it is so
    let plan = rights
        .plan(&Change::new(&giver, anna).give(both.clone()))
        .await
        .unwrap();
    assert!(!plan.changes_anything(), "{plan}");

    // somebody else changes the world between plan and apply
    let take = Change::new(&giver, anna).take_back(both.clone());
    let outdated = rights.plan(&take).await.unwrap();
    let partly = rights
        .plan(&Change::new(&giver, anna).take_back([other.clone()]))
        .await
        .unwrap();
    let done = rights.apply(&partly, anna).await.unwrap();
    assert!(done.is_complete(), "{done}");
    assert_eq!(states(rights, &giver, anna, &both).await, [true, false]);
    let keep = rights
        .plan(&Change::new(&giver, anna).give([one.clone()]))
        .await
        .unwrap();
    assert!(
        keep.steps()
            .iter()
            .all(|s| *s.expected() == Expected::Already)
    );
    let done = rights.apply(&outdated, anna).await.unwrap();
    assert_eq!(done.steps()[0].state(), State::Done, "{done}");
    assert_eq!(done.steps()[1].state(), State::Already, "{done}");
    assert_eq!(states(rights, &giver, anna, &both).await, [false, false]);
    // what was to be there and is gone is not given by a plan that does not say so
    let done = rights.apply(&keep, anna).await.unwrap();
    assert!(!done.has_changed_anything(), "{done}");
    assert!(
        done.steps().iter().any(|s| s.state() == State::Outdated),
        "{done}"
    );
    assert_eq!(states(rights, &giver, anna, &both).await, [false, false]);

    // a plan is for its receiver
    let other_one = PartyName::person("09907240530".parse().unwrap(), "ELV");
    let error = rights.apply(&keep, &other_one).await.unwrap_err();
    assert!(error.is_input(), "{error}");
}

#[tokio::test]
async fn one_program_passes_on_both_generations() {
    let sim = Simulator::builder().key_bits(2048).start().await.unwrap();
    let customer: OrganisationNumber = sim.cast().customer.parse().unwrap();
    let anna = PartyName::person("24878123375".parse().unwrap(), "GRANITT");
    for generation in [Generation::Altinn2, Generation::Altinn3] {
        let setting = setting(&sim, generation);
        assert_eq!(setting.rights.generation(), generation);
        program(&setting, customer, &anna).await;
    }
    // the one's plan is not the other's, nor are its things
    let (old, new) = (
        setting(&sim, Generation::Altinn2),
        setting(&sim, Generation::Altinn3),
    );
    let name = PartyName::organisation(customer);
    let giver = new.rights.resolve(&name).await.unwrap();
    let error = new
        .rights
        .may_give(&giver, std::slice::from_ref(&old.one))
        .await
        .unwrap_err();
    assert!(error.is_input(), "{error}");
    let plan = new
        .rights
        .plan(&Change::new(&giver, &anna).give([new.one.clone()]))
        .await
        .unwrap();
    let error = old.rights.apply(&plan, &anna).await.unwrap_err();
    assert!(error.is_input(), "{error}");
}
