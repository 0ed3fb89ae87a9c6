//! Seeds: each list can be overridden and added to, what the seed says is what the wire shows, and a
//! seed that cannot work says which entry is wrong.

use altinn_sim::Simulator;
use altinn_sim::world::{Seed, World};
use reqwest::Method;
use serde_json::{Value, json};

use crate::altinn::{ALL_ALTINN2, ALL_CONNECTIONS, Altinn, CONNECTIONS, PARTIES, send};
use crate::client::{Grant, claims};

/// Changes an entry of every list and adds one; `{org}`, `{person}` are new numbers.
const SEED: &str = r#"
[cast]
receiving_organisation = "{org}"
new_person = "{person}"

[[organisations]]
number = "310753831"
name = "NYTT NAVN AS"
[[organisations]]
number = "{org}"
name = "NY REGNSKAPSFØRER AS"
form = "AS"
party_uuid = "0b5f5b4a-31f7-4ef5-a6ff-d2be01b9d09d"
party_id = 51599001

[[persons]]
number = "09907240530"
last_name = "FOSS"
[[persons]]
number = "{person}"
first_name = "NY"
last_name = "NORDMANN"
party_uuid = "9b1edcc6-53ef-4f44-a9ac-4a8be2e0a9a6"
party_id = 51699001
user_id = 20699001

[[register_roles]]
organisation = "{org}"
person = "{person}"
role = "DAGL"

[[connections]]
from = "310753831"
to = "09907240530"
packages = ["ny-pakke"]
roles = ["NYROL"]

[[scopes]]
name = "altinn:instances.read"
at_max_age = 77
[[scopes]]
name = "ny:scope"
owner = "{org}"
granted_to = ["310742104"]

[[clients]]
client_id = "90c192cf-d3ac-44af-8f21-ddb66cad4a26"
access_token_lifetime = 333
scopes = ["ny:scope", "skattefugl:grunnlag"]

[[delegations]]
consumer = "{org}"
supplier = "310742104"
scope = "skattefugl:grunnlag"

[[systems]]
id = "310742104_ny"
vendor = "310742104"
name = "Ny"
client_ids = ["8d116ece-1738-47d9-bd9c-172411e20b8f"]

[[system_users]]
id = "81cfa1be-2bc1-4f7b-8dbc-5fe22d5fd24a"
owner = "{org}"
system = "310742104_ny"
title = "Ny"
access_packages = ["tilgangsstyrer"]

[[enterprise_users]]
user_name = "sneglebruker"
password = "det nye passordet"

[[api_keys]]
name = "vendor"
key = "4e7d8f1c-51cf-47e0-8a75-cb3b2a9b1d0e"

[[service_owners]]
organisation = "310781746"
name = "Nytt eiernavn"

[[access_packages]]
code = "ny-pakke"
id = "0a9cbd29-1bd5-4bbd-a3ec-7ad9ec0d0b64"
name = "Ny pakke"
description = "Ny"
area = "ny"
area_name = "Ny"
area_id = "6c5a4d93-43d6-4b2e-8c76-57c2d0a0c1f5"

[[resources]]
id = "skf-postlogg"
packages = ["ny-pakke"]

[[role_definitions]]
id = 777
code = "NYROL"
kind = "Altinn"
name = "Ny rolle"
description = "Ny"

[[services]]
code = "9999"
edition = 1
name = "Ny tjeneste"
owner = "310799564"
owner_code = "SKF"
owner_name = "Blid Skattefugl etat"
actions = ["Read"]
roles = ["NYROL"]
"#;

fn new_numbers() -> (String, String) {
    let organisation = norwegian_ids::synthetic::organisation_number(9_000_001).to_string();
    let person = norwegian_ids::synthetic::person_number((1981, 3, 4), 7).unwrap();
    (organisation, person.expose().to_owned())
}

fn seed() -> String {
    let (organisation, person) = new_numbers();
    SEED.replace("{org}", &organisation)
        .replace("{person}", &person)
}

#[tokio::test]
async fn each_list_can_be_overridden_and_the_wire_shows_it() {
    let (organisation, person) = new_numbers();
    let sim = Simulator::builder().seed(Seed::from_toml(&seed()).unwrap());
    let sim = sim.start().await.unwrap();
    let cast = sim.cast();
    assert_eq!(cast.receiving_organisation, organisation);
    assert_eq!(cast.new_person.expose(), person);

    // Maskinporten: lifetime of a scope and of a client, a new scope, a new delegation, a new system
    // user.
    let short = Grant::by_certificate(&sim).send(&sim).await.json();
    assert_eq!(short["expires_in"], 76);
    let new = Grant::by_key(&sim, &cast.key_client).scope("ny:scope");
    assert_eq!(new.send(&sim).await.json()["expires_in"], 332);
    sim.change_world(|world| {
        let scope = world.scope_mut("skattefugl:grunnlag").unwrap();
        scope.granted_to.push(organisation.clone());
    });
    let delegated = Grant::by_key(&sim, &cast.key_client)
        .scope("skattefugl:grunnlag")
        .claim("consumer_org", organisation.clone());
    let consumer = format!("0192:{organisation}");
    let token = claims(&delegated.token(&sim).await);
    assert_eq!(token["consumer"]["ID"], consumer);
    let system_user = Grant::by_certificate(&sim).system_user(&organisation, None);
    let token = claims(&system_user.token(&sim).await);
    let details = &token["authorization_details"][0];
    assert_eq!(details["system_id"], "310742104_ny");
    assert_eq!(details["systemuser_org"]["ID"], consumer);
}

#[tokio::test]
async fn a_seeded_population_is_what_both_generations_show() {
    let altinn = Altinn::seeded(&seed()).await;
    let scopes = format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}");
    let token = altinn.system_user(&scopes).await;
    let parties = send(altinn.platform(Method::GET, PARTIES).bearer_auth(&token)).await;
    assert_eq!(parties.json()["data"][0]["name"], "NYTT NAVN AS");

    let customer = altinn.customer();
    let path = format!("{CONNECTIONS}/accesspackages?party={customer}&from={customer}");
    let packages = send(altinn.platform(Method::GET, &path).bearer_auth(&token)).await;
    let packages = packages.json();
    let given = |entry: &Value| {
        let permissions = entry["permissions"].as_array().unwrap();
        entry["package"]["urn"] == "urn:altinn:accesspackage:ny-pakke"
            && permissions.iter().any(|p| p["reason"]["flag"] == 1)
    };
    let new = packages["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| given(e));
    assert!(new.is_some());
    let path =
        format!("{CONNECTIONS}/resources/delegationcheck?party={customer}&resource=skf-postlogg");
    let check = send(altinn.platform(Method::GET, &path).bearer_auth(&token)).await;
    assert_eq!(check.status, 200, "{check:?}");

    let user = altinn.enterprise_user("sneglebruker", ALL_ALTINN2).await;
    let world = altinn.sim.world();
    let known = world.enterprise_user("sneglebruker").unwrap();
    assert_eq!(known.password.expose(), "det nye passordet");
    let holder = world.person("09907240530").unwrap().reportee_id();
    let path = format!("/api/310753831/authorization/Delegations/{holder}");
    let request = altinn.altinn2(Method::GET, &path).bearer_auth(user);
    let answer = send(request.header("ApiKey", "4e7d8f1c-51cf-47e0-8a75-cb3b2a9b1d0e")).await;
    let answer = answer.json();
    assert_eq!(answer["LastName"], "FOSS", "{answer}");
    let text = answer.to_string();
    assert!(text.contains("NYROL") && text.contains("9999"), "{text}");
}

#[test]
fn a_bad_seed_names_the_entry_and_what_is_missing() {
    let reason = |toml: &str| {
        let seed = Seed::from_toml(toml).unwrap();
        World::with_seeds([seed]).unwrap_err().to_string()
    };
    for (seed, says) in [
        (
            "[[clients]]\nclient_id = \"x\"\nname = \"x\"\nowner = \"999999999\"",
            "clients: there is no organisation 999999999",
        ),
        (
            "[[clients]]\nclient_id = \"90c192cf-d3ac-44af-8f21-ddb66cad4a26\"\nscopes = [\"a:b\"]",
            "clients: there is no scope a:b",
        ),
        (
            "[[clients]]\nclient_id = \"x\"\nname = 3",
            "clients: in the entry with client_id = \"x\": ",
        ),
        (
            "[[clients]]\nclient_id = \"x\"\nnavn = \"x\"",
            "unknown field `navn`",
        ),
        (
            "[[clients]]\nclient_id = \"90c192cf-d3ac-44af-8f21-ddb66cad4a26\"\naccess_token_lifetime = -1",
            "access_token_lifetime must be 0 to",
        ),
        (
            "[[scopes]]\nname = \"altinn:reportees\"\nat_max_age = 9223372036854775807",
            "at_max_age must be 0 to",
        ),
        (
            "[[connections]]\nfrom = \"310753831\"\nto = \"24878123375\"\npackages = [\"x\"]",
            "connections: there is no access package x",
        ),
        (
            "[[connections]]\nfrom = \"310753831\"\nto = \"12345678901\"",
            "connections: a person who is not in persons",
        ),
        (
            "[[enterprise_users]]\nuser_name = \"sneglebruker\"\nroles = [{organisation = \"310742104\", role = \"X\"}]",
            "enterprise_users: there is no role definition X",
        ),
        (
            "[[organisations]]\nnumber = \"310742104\"\nparty_id = 51500102",
            "two parties have party_id 51500102",
        ),
        (
            "[[role_definitions]]\nid = 9223372036854775807\ncode = \"A\"\nkind = \"Altinn\"\nname = \"\"\ndescription = \"\"",
            "role_definitions: id must be 1 to",
        ),
        ("[cast]\napi_key = \"x\"", "cast: there is no API key x"),
        ("[cast]\nvendor = \"x\"", "cast: there is no organisation x"),
        ("[cast]\nrolle = \"x\"", "unknown field `rolle`"),
    ] {
        let reason = reason(seed);
        assert!(reason.contains(says), "{reason}");
        assert!(!reason.contains("12345678901"), "{reason}");
    }
    let error = Seed::from_json("{\"clients\": [}").unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
    let odd = Seed::from_json(&json!([1]).to_string()).unwrap();
    let error = World::with_seeds([odd]).unwrap_err().to_string();
    assert!(error.contains("must be an object of lists"), "{error}");
}
