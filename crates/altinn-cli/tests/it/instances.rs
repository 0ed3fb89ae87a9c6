//! Single instances, roles that came from Altinn 2, and system users who receive.

use crate::support::{SimProcess, Terminal};

const CUSTOMER: &str = "310753831";
const PERSON: &str = "24878123375";
const DIALOGUE: &str = "urn:altinn:dialog-id:0191e2a4-7c1b-7b6e-9d6a-2f3a4b5c6d7e";
const FORM: &str = "urn:altinn:instance-id:51500103/7f150524-34b9-45df-9e77-69b10f4205b4";
/// The customer's second system user.
const SYSTEM_USER: &str = "57ee05cd-e009-42c7-bebf-f20686734721";

#[test]
fn instances_are_given_listed_exported_and_taken_back() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let on = ["--resource", "Skattemelding", "--instance", DIALOGUE];
    let run = |verb: &str, more: &[&str]| {
        let pair = ["rights", verb, "--from", CUSTOMER, "--to", PERSON];
        terminal.run(&[&pair[..], more].concat())
    };
    let named = [&on[..], &["--last-name", "GRANITT"]].concat();
    run("grant", &[&named[..], &["--dry-run"]].concat())
        .ends_with(0)
        .says("give altinn3:instance:skf-skattemelding@urn:altinn:dialog-id:")
        .says("Nothing was changed");
    run("grant", &named)
        .ends_with(0)
        .says("give instance:skf-skattemelding@")
        .says("five minutes");
    let again = run("grant", &on).ends_with(0).says("already");
    assert!(!again.out.contains("five minutes"), "{again:#?}");
    let check = ["rights", "check", "--from", CUSTOMER];
    terminal
        .run(&[&check[..], &on].concat())
        .ends_with(0)
        .says("yes");

    run("revoke", &[&on[..], &["--right", "sign"]].concat()).ends_with(0);
    let listed = run("list", &[]).ends_with(0);
    let line = listed.out.lines().find(|line| line.contains(DIALOGUE));
    let line = line.unwrap_or_else(|| panic!("{listed:#?}"));
    assert!(
        line.contains("of skf-skattemelding (read, write)"),
        "{line}"
    );
    assert!(line.contains("given directly"), "{line}");
    let export = terminal.run(&["rights", "export", "--from", CUSTOMER]);
    let export = export.ends_with(0);
    let row =
        format!("instance,skf-skattemelding@{DIALOGUE},Skattemelding,write,given directly,true");
    assert!(export.out.contains(&row), "{export:#?}");

    // many at once
    let list = format!(
        "to,resource,instance,right\n{PERSON},skf-postlogg,{FORM},\n{PERSON},skf-skattemelding,{FORM},read\n"
    );
    let list = terminal.file("list.csv", list);
    let list = list.to_str().unwrap();
    let many = |verb: &str| {
        let many = ["rights", verb, "--from", CUSTOMER, "--file", list];
        terminal.run(&many)
    };
    many("grant").ends_with(0);
    run("list", &[]).ends_with(0).says(FORM);
    many("revoke").ends_with(0);
    run("revoke", &on)
        .ends_with(0)
        .says("the connection is empty now");

    for (wrong, says) in [
        (
            &[
                "--resource",
                "skf-skattemelding",
                "--instance",
                "51500103/7f15",
            ][..],
            "begin it with",
        ),
        (&["--instance", DIALOGUE], "--resource"),
        (
            &["--package", "skattegrunnlag", "--instance", DIALOGUE],
            "--resource",
        ),
    ] {
        run("grant", wrong).ends_with(2).says(says);
    }
}

#[test]
fn a_role_that_came_from_altinn_2_is_taken_back_and_never_given() {
    let seed = Terminal::empty().seed(
        r#"
        [[role_definitions]]
        id = 11
        altinn3_code = "utfyller-innsender"
        altinn3_id = "dbaae9f8-107a-4222-9afd-d9f95cd5319c"
        "#,
    );
    let (_sim, terminal) = SimProcess::start(&["--seed", seed.path()]);
    let listed = terminal.run(&["rights", "list", "--from", CUSTOMER, "--json"]);
    let listed = listed.ends_with(0).json();
    let holders = listed["held"].as_array().unwrap().iter();
    let holds = |holder: &&serde_json::Value| {
        let roles = holder["roles"].as_array().unwrap();
        roles
            .iter()
            .any(|role| role["role"] == "utfyller-innsender")
    };
    let mut holder = holders
        .filter(holds)
        .inspect(|one| assert_eq!(one["revocableRoles"][0], "utfyller-innsender"))
        .map(|one| one["party"].as_str().unwrap());
    let holder = holder.next_back().unwrap().to_owned();
    let export = terminal.run(&["rights", "export", "--from", CUSTOMER]);
    let export = export.ends_with(0);
    let rows = export.out.lines();
    let mut rows =
        rows.filter(|row| row.contains(&holder) && row.contains(",role,utfyller-innsender,"));
    let row = rows.next().unwrap();
    assert!(row.ends_with(",given directly,true"), "{row}");
    let role = |verb: &str, code: &str| {
        let pair = ["rights", verb, "--from", CUSTOMER, "--to", &holder];
        terminal.run(&[&pair[..], &["--role", code]].concat())
    };
    role("grant", "utfyller-innsender")
        .ends_with(2)
        .says("gives no roles any more")
        .says("--package");
    role("revoke", "URN:ALTINN:ROLE:utfyller-innsender")
        .ends_with(0)
        .says("take back role:utfyller-innsender: done");
    role("revoke", "utfyller-innsender")
        .ends_with(0)
        .says("already");
    role("revoke", "rettighetshaver")
        .ends_with(1)
        .says("the connection itself");
    // one of a register: the managing director's
    let director = ["rights", "revoke", "--from", CUSTOMER, "--to"];
    let listed = terminal
        .run(&["rights", "list", "--from", CUSTOMER, "--json"])
        .json();
    let holders = listed["held"].as_array().unwrap().iter();
    let director_of = holders
        .filter(|one| one["roles"].to_string().contains("daglig-leder"))
        .map(|one| one["party"].as_str().unwrap())
        .next_back()
        .unwrap();
    let refused = terminal.run(&[&director[..], &[director_of, "--role", "daglig-leder"]].concat());
    refused
        .ends_with(1)
        .says("AM-00040")
        .says("where it comes from");
}

#[test]
fn a_system_user_receives_without_a_connection() {
    let (_sim, terminal) = SimProcess::start(&[]);
    let to = format!("system-user:{SYSTEM_USER}");
    let package = ["--package", "post-og-telekommunikasjon"];
    let run = |verb: &str, more: &[&str]| {
        let pair = ["rights", verb, "--from", CUSTOMER, "--to", &to];
        terminal.run(&[&pair[..], &package, more].concat())
    };
    let planned = run("grant", &["--dry-run"]).ends_with(0);
    assert!(!planned.out.contains("connect"), "{planned:#?}");
    let given = run("grant", &[]).ends_with(0);
    assert!(!given.out.contains("connect"), "{given:#?}");
    run("grant", &[]).ends_with(0).says("already");
    run("revoke", &[]).ends_with(0).says("take back");
    terminal
        .run(&["rights", "list", "--from", &to])
        .ends_with(2)
        .says("system user");
}
