//! Altinn 2's whole authorization area, as commands.

use crate::support::SimProcess;

const CUSTOMER: &str = "310753831";
const MANAGER: &str = "17846430091";

#[test]
fn what_a_service_owner_sees() {
    let (_sim, terminal) = SimProcess::start(&[]);
    for command in ["rights", "roles"] {
        let said = terminal.run(&["service-owner", command, MANAGER, "--for", CUSTOMER]);
        assert!(
            !said.out.contains(MANAGER) && !said.err.contains(MANAGER),
            "{said:#?}"
        );
    }
    terminal
        .run(&["service-owner", "rights", "17846430092", "--for", CUSTOMER])
        .ends_with(2)
        .says("NUMBER");
    terminal
        .run(&["service-owner", "roles", MANAGER, "--for", "1"])
        .ends_with(2)
        .says("--for");
}
