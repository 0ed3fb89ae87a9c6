//! Altinn 2's whole authorization area, as commands.

use crate::support::{SimProcess, Terminal};

const CUSTOMER: &str = "310753831";
const MANAGER: &str = "17846430091";
/// Owns services, and has an API key of its own.
const SERVICE_OWNER: &str = "310799564";

#[test]
fn the_order_of_work_on_altinn_2() {
    let (_sim, terminal) = SimProcess::start(&[]);
    // which role is it: without a login or a key
    let open = terminal.but(&[("ALTINN_API_KEY", ""), ("MASKINPORTEN_PKCS12", "")]);
    let roles = open.run(&["roles", "list"]).ends_with(0).says("DAGL");
    assert!(roles.out.contains("Daglig leder"), "{roles:#?}");
    let english = open
        .run(&["roles", "list", "--language", "en"])
        .ends_with(0);
    assert_ne!(roles.out, english.out);
    let role = open
        .run(&["roles", "show", "dagl", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(
        role["RoleDefinitionCode"].as_str().unwrap_or("DAGL"),
        "DAGL"
    );
    open.run(&["roles", "show", "Dagleg leiar"])
        .ends_with(2)
        .says("what to do");
    // which service, and which roles give it
    let services = open
        .run(&["metadata", "services", "--json"])
        .ends_with(0)
        .json();
    let service = &services["services"][0];
    let code = service["ServiceCode"].as_str().unwrap();
    let edition = service["ServiceEditionCode"].to_string();
    let named = format!("{code}/{}", edition.trim_matches('"'));
    open.run(&["metadata", "role-requirements", &named])
        .ends_with(0);
    open.run(&["metadata", "services", "--search", "no such service"])
        .ends_with(0)
        .says("No services");
    open.run(&["metadata", "services", "--filter", "Naem eq 'x'"])
        .ends_with(2)
        .says("--filter")
        .says("Naem");
    open.run(&["metadata", "service", "nonsense"]).ends_with(2);
    open.run(&["metadata", "codelists"]).ends_with(0);

    // a role by its name
    let change = |verb: &'static str| {
        [
            "rights",
            verb,
            "--api",
            "altinn2",
            "--from",
            CUSTOMER,
            "--to",
            "24878123375",
            "--last-name",
            "GRANITT",
            "--role",
        ]
    };
    let definitions = open.run(&["roles", "list", "--json"]).json();
    let eleven = definitions["roles"].as_array().unwrap().iter();
    let eleven = eleven
        .filter(|role| role["RoleDefinitionId"].to_string().trim_matches('"') == "11")
        .map(|role| role["RoleName"].as_str().unwrap().to_owned())
        .next()
        .unwrap();
    let by_name = [&change("grant")[..], &[&eleven]].concat();
    terminal.run(&by_name).ends_with(0).says("role:11");
    let listed = ["rights", "list", "--api", "altinn2", "--from", CUSTOMER];
    terminal.run(&listed).ends_with(0).says(&eleven);
    let filtered = [
        &listed[..],
        &["--filter", "Name eq 'GRANITT KREATIV'", "--json"],
    ]
    .concat();
    let held = terminal.run(&filtered).ends_with(0).json();
    assert_eq!(held["held"].as_array().unwrap().len(), 1, "{held:#}");
    terminal
        .run(&[&change("revoke")[..], &["Ingen slik rolle"]].concat())
        .ends_with(2)
        .says("--role");
    terminal
        .run(&[&change("revoke")[..], &["11"]].concat())
        .ends_with(0);
    // Altinn 3 has no filters
    terminal
        .run(&["rights", "list", "--from", CUSTOMER, "--filter", "x"])
        .ends_with(2)
        .says("--api altinn2");
}

#[test]
fn ones_own_roles_and_a_partys_local_ones() {
    // the standard population's enterprise user has roles that give no service
    let seed = Terminal::empty().seed(
        "[[services]]\ncode = \"9001\"\nedition = 1\nname = \"Sneglepost\"\nowner = \"310799564\"\nowner_code = \"SKF\"\nowner_name = \"Blid Skattefugl etat\"\nactions = [\"Read\", \"Write\"]\nroles = [\"HADM\"]\n",
    );
    let (_sim, terminal) = SimProcess::start(&["--seed", seed.path()]);
    terminal
        .run(&["roles", "mine", "--who", CUSTOMER])
        .ends_with(0)
        .says("NUMBER");
    let mine = ["rights", "mine", "--who", CUSTOMER];
    terminal
        .run(&mine)
        .ends_with(0)
        .says("service 9001/1 Sneglepost")
        .says("by a role");
    terminal
        .run(&[&mine[..], &["--filter", "Actoin eq 'Read'"]].concat())
        .ends_with(2)
        .says("Actoin");
    terminal
        .run(&["roles", "list", "--who", CUSTOMER])
        .ends_with(0)
        .says("Daglig leder");
    terminal
        .run(&["roles", "mine", "--who", "310753832"])
        .ends_with(2)
        .says("--who");
    terminal
        .run(&[
            "roles", "create", "--who", CUSTOMER, "--name", "Prøve", "--right", "nonsense",
        ])
        .ends_with(2)
        .says("--right");
}

#[test]
fn enterprise_users_and_their_passwords() {
    let (_sim, terminal) = SimProcess::start(&[]);
    terminal
        .run(&["enterprise-users", "list"])
        .ends_with(0)
        .says("sneglebruker");
    let out = terminal.folder.path().join("secret.txt");
    let out = out.to_str().unwrap();
    let created = ["enterprise-users", "create", "nybruker", "--out", out];
    let said = terminal.run(&created).ends_with(0);
    let secret = std::fs::read_to_string(out).unwrap();
    assert!(
        secret.len() >= 8 && !said.out.contains(&secret),
        "{said:#?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(out).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    // the file that there is is not written over
    terminal.run(&created).ends_with(2).says("is there already");
    let nowhere = [
        "enterprise-users",
        "rotate-secret",
        "nybruker",
        "--out",
        "no/such/file",
    ];
    terminal.run(&nowhere).ends_with(2).says("--out");
    let rotated = terminal
        .run(&["enterprise-users", "rotate-secret", "nybruker", "--json"])
        .ends_with(0)
        .json();
    assert_ne!(rotated["Secret"].as_str().unwrap(), secret);
    terminal
        .run(&["enterprise-users", "rename", "nybruker", "lonnskjoring"])
        .ends_with(0);
    terminal
        .run(&["enterprise-users", "show", "lonnskjoring"])
        .ends_with(0);
    terminal
        .run(&["enterprise-users", "delete", "lonnskjoring"])
        .ends_with(0);
    terminal
        .run(&["enterprise-users", "show", "lonnskjoring"])
        .ends_with(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_owner_sees() {
    let (simulator, terminal) = crate::people::simulator().await;
    let vendor = ["service-owner", "rights", MANAGER, "--for", CUSTOMER];
    terminal.run(&vendor).ends_with(1).says("API key");
    let terminal = {
        let world = simulator.world();
        let client = world
            .clients
            .iter()
            .find(|client| client.owner == SERVICE_OWNER);
        let client = &client.unwrap().client_id;
        let key = world
            .api_keys
            .iter()
            .find(|key| key.name == "service-owner");
        terminal.but(&[
            ("MASKINPORTEN_CLIENT_ID", client),
            (
                "MASKINPORTEN_CLIENT_JWK",
                simulator.client_jwk(client).unwrap().expose(),
            ),
            ("MASKINPORTEN_PKCS12", ""),
            ("MASKINPORTEN_ORGANISATION", ""),
            ("MASKINPORTEN_SCOPES", "altinn:serviceowner"),
            ("ALTINN_API_KEY", key.unwrap().key.expose()),
        ])
    };
    for (command, says) in [("rights", "1051/140619"), ("roles", "DAGL")] {
        let said = terminal.run(&["service-owner", command, MANAGER, "--for", CUSTOMER]);
        let said = said.ends_with(0).says(says);
        assert!(
            !said.out.contains(MANAGER) && !said.err.contains(MANAGER),
            "{said:#?}"
        );
    }
    terminal
        .run(&["service-owner", "reportees", MANAGER])
        .ends_with(0)
        .says(CUSTOMER);
    terminal
        .run(&["service-owner", "organisation", CUSTOMER])
        .ends_with(0)
        .says("SNILL OPPRINNELIG ELG AS");
    terminal
        .run(&["service-owner", "rights", "17846430092", "--for", CUSTOMER])
        .ends_with(2)
        .says("NUMBER");
    terminal
        .run(&["service-owner", "roles", MANAGER, "--for", "1"])
        .ends_with(2)
        .says("--for");
}
