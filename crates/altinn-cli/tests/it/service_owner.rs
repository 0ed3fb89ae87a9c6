//! What a service owner does on Altinn 3.

use altinn_sim::Simulator;

use crate::consent::desk_of;
use crate::requests::as_;

const CUSTOMER: &str = "310753831";
const MANAGER: &str = "17846430091";
const PERSON: &str = "24878123375";
const OTHER: &str = "09907240530";
const PACKAGE: &str = "innbygger-skatteforhold-privatpersoner";

#[tokio::test(flavor = "multi_thread")]
async fn a_drafted_request_is_confirmed_approved_and_followed() {
    let (simulator, person, asker) = as_(Simulator::builder(), PERSON).await;
    let desk = desk_of(&simulator);
    let owner = |args: &[&str]| desk.run(&[&["service-owner"], args].concat());
    let pair = ["draft", "--from", CUSTOMER, "--to", PERSON];
    let resource = ["--resource", "skf-skattemelding", "--right", "read"];
    let asked = owner(&[&pair[..], &resource, &["--json"]].concat()).ends_with(0);
    assert!(!asked.out.contains(PERSON), "{asked:#?}");
    let json = asked.json();
    assert_eq!(json["request"]["status"], "Draft");
    let address = json["confirmAt"].as_str().unwrap();
    assert!(address.starts_with("http"), "{json:#}");
    let id = json["request"]["id"].as_str().unwrap().to_owned();
    owner(&[&pair[..], &resource].concat())
        .ends_with(0)
        .says("Who asks confirms it here: http")
        .says("resource skf-skattemelding");
    owner(&["status", &id])
        .ends_with(0)
        .says("draft")
        .says("not confirmed it yet");
    owner(&["status", &id, "--wait", "0"]).ends_with(5);

    let confirm = ["rights", "request", "confirm", &id, "--to", &asker];
    person
        .run(&[&confirm[..], &["--person"]].concat())
        .ends_with(0);
    owner(&["status", &id, "--json"])
        .ends_with(0)
        .says("Pending");
    let approve = ["rights", "request", "approve", &id, "--from", CUSTOMER];
    person
        .run(&[&approve[..], &["--system-user", CUSTOMER]].concat())
        .ends_with(0);
    owner(&["status", &id, "--wait"])
        .ends_with(0)
        .says("approved");
    owner(&["withdraw", &id]).ends_with(1).says("what to do");

    // by the name that people know, and thought better of
    let package = owner(&[&pair[..], &["--package", "SKATTEGRUNNLAG", "--json"]].concat());
    let id = package.ends_with(0).json()["request"]["id"].to_string();
    let id = id.trim_matches('"');
    owner(&["withdraw", id]).ends_with(0).says("withdrawn");
    owner(&["status", id, "--wait"]).ends_with(1);

    owner(&pair).ends_with(2).says("--package");
    owner(
        &[
            &pair[..],
            &["--resource", "skf-skattemelding", "--right", "eat"],
        ]
        .concat(),
    )
    .ends_with(2)
    .says("has no right eat");
    owner(&[&pair[..], &["--package", "no-such-package"]].concat())
        .ends_with(1)
        .says("AMSO.VLD-00004");
    let unknown = "0197b7a8-7c1e-7e55-9d5f-7d1f2e0c5a11";
    owner(&["status", unknown]).ends_with(1).says("AM-00031");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_owner_sees_whom_others_act_for_and_gives_between_them() {
    let simulator = Simulator::builder().start().await.unwrap();
    let desk = desk_of(&simulator);
    let owner = |args: &[&str]| desk.run(&[&["service-owner"], args].concat());
    let said = owner(&["parties", MANAGER, "--details"])
        .ends_with(0)
        .says(CUSTOMER)
        .says("package post-og-telekommunikasjon");
    assert!(!said.out.contains(MANAGER) && !said.err.contains(MANAGER));
    let table = owner(&["parties", MANAGER]).ends_with(0);
    assert!(!table.out.contains("HOLDS"), "{table:#?}");
    let only = owner(&["parties", MANAGER, "--for", CUSTOMER, "--json"]).ends_with(0);
    let only = only.json();
    assert_eq!(only["parties"].as_array().unwrap().len(), 1, "{only:#}");
    assert_eq!(only["parties"][0]["organisationNumber"], CUSTOMER);
    let uuid = simulator
        .world()
        .person(MANAGER)
        .unwrap()
        .party_uuid
        .to_string();
    owner(&["parties", &uuid]).ends_with(0).says(CUSTOMER);
    for wrong in [
        "email:",
        "user:anna",
        "boss:anna",
        "1784643",
        "system-user:anna",
    ] {
        owner(&["parties", wrong]).ends_with(2).says("WHO");
    }

    // where Altinn has put it on the list, and not otherwise
    let people = ["--from", MANAGER, "--to", OTHER, "--package"];
    let package = |verb: &str, code: &str, more: &[&str]| {
        owner(&[&[verb], &people[..], &[code], more].concat())
    };
    let given = package("give-package", "Skatteforhold for privatpersoner", &[])
        .ends_with(0)
        .says("five minutes");
    assert!(
        !given.out.contains(OTHER) && !given.out.contains(MANAGER),
        "{given:#?}"
    );
    package("take-package", PACKAGE, &["--json"])
        .ends_with(0)
        .says("takenBack");
    package("give-package", "skattegrunnlag", &[])
        .ends_with(1)
        .says("AM-00034");

    let scope = |of: &str, more: &[&str]| owner(&[&["scope-delegations", of], more].concat());
    let json = scope("skattefugl:grunnlag", &["--json"])
        .ends_with(0)
        .json();
    let one = &json["delegations"][0];
    assert_eq!(one["scopes"][0], "skattefugl:grunnlag", "{json:#}");
    let supplier = one["supplier_org"].as_str().unwrap();
    scope("skattefugl:grunnlag", &["--supplier", supplier])
        .ends_with(0)
        .says("SUPPLIER")
        .says(supplier);
    scope("skattefugl:grunnlag", &["--supplier", CUSTOMER])
        .ends_with(0)
        .says("Nobody");
    scope("skattefugl:grunnlag", &["--consumer", "1"])
        .ends_with(2)
        .says("--consumer");
    scope("altinn:serviceowner", &[])
        .ends_with(1)
        .says("what to do");

    // the setting is for commands that both generations have
    let old = desk.but(&[("ALTINN_GENERATION", "altinn2")]);
    old.run(&["service-owner", "parties", MANAGER])
        .ends_with(0)
        .says(CUSTOMER);
    // before anything is sent
    let bare = desk.but(&[("MASKINPORTEN_SCOPES", "altinn:serviceowner")]);
    bare.run(&[
        "service-owner",
        "parties",
        MANAGER,
        "--scope",
        "altinn:serviceowner",
    ])
    .ends_with(2)
    .says("altinn:accessmanagement/authorizedparties.resourceowner");
}
