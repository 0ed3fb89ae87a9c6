//! What the real side does not offer, and the simulator therefore must not offer either.
//!
//! A client that works here and not in reality would be worse than no simulator. Each entry names what
//! is missing, why, and a call that would use it; a test sends every one and expects to be turned
//! away. Sources are the public repositories and pages of Altinn: the access management server
//! (<https://github.com/Altinn/altinn-authorization-tmp>), the register
//! (<https://github.com/Altinn/altinn-register>) and the documentation of Altinn 2's REST API
//! (<https://altinn.github.io/docs/api/rest/>).
//!
//! Not calls, but just as deliberately absent:
//!
//! - **An error by request**: no header or parameter makes the simulator fail. Faults are set by the
//!   one who runs it, through [`Faults`](crate::Faults).
//! - **A person without the right last name**: `PersonInput` and `ReporteeConversion` answer only when
//!   number and name belong together, and Altinn 3 locks the caller out after two failures.
//! - **A party UUID in Altinn 2's answers**, which would be a number to UUID look-up by a detour.
//! - **The full person number of a right holder** in Altinn 2: masked since 2019, whoever asks.
//!
//! ```
//! use altinn_sim::not_offered::NOT_OFFERED;
//!
//! assert!(NOT_OFFERED.iter().any(|missing| missing.what.contains("organisation number to party UUID")));
//! ```

use crate::Host;

/// Something that is not there, on purpose.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NotOffered {
    /// What one might look for.
    pub what: &'static str,
    /// Why it is not there.
    pub why: &'static str,
    /// The host that would be asked.
    pub host: Host,
    /// The HTTP method.
    pub method: &'static str,
    /// Path and query that would do it. `{customer}` stands for the party UUID (Altinn 3) or the number
    /// (Altinn 2) of the customer.
    pub path: &'static str,
    /// The statuses of which the real side gives one.
    pub refusals: &'static [u16],
}

/// Not there at all, or the method is not.
const ABSENT: &[u16] = &[404, 405];

/// Every call that must be turned away, even with all scopes and a caller who may do everything else.
pub const NOT_OFFERED: &[NotOffered] = &[
    NotOffered {
        what: "organisation number to party UUID",
        why: "the register's look-up is for Altinn's own services (platform access token)",
        host: Host::Platform,
        method: "POST",
        path: "/register/api/v1/parties/lookup",
        refusals: ABSENT,
    },
    NotOffered {
        what: "a query of parties in the register",
        why: "internal API of the register",
        host: Host::Platform,
        method: "POST",
        path: "/register/api/v2/internal/parties/query",
        refusals: ABSENT,
    },
    NotOffered {
        what: "a search for people without a relation",
        why: "a person is named by number and last name in POST connections, nothing else",
        host: Host::Platform,
        method: "GET",
        path: "/register/api/v1/persons?lastName=GRANITT",
        refusals: ABSENT,
    },
    NotOffered {
        what: "all connections of a party without naming a side",
        why: "party must equal from or to; anything else is a 403",
        host: Host::Platform,
        method: "GET",
        path: "/accessmanagement/api/v1/enduser/connections?party={customer}",
        refusals: &[403],
    },
    NotOffered {
        what: "granting a role in Altinn 3",
        why: "there is no role grant; access packages replace it",
        host: Host::Platform,
        method: "POST",
        path: "/accessmanagement/api/v1/enduser/connections/roles?party={customer}&rolecode=daglig-leder",
        refusals: ABSENT,
    },
    NotOffered {
        what: "the delegation check of roles",
        why: "exists in the server, hidden by the gateway in front",
        host: Host::Platform,
        method: "GET",
        path: "/accessmanagement/api/v1/enduser/connections/roles/delegationcheck?party={customer}",
        refusals: ABSENT,
    },
    NotOffered {
        what: "deleting one single right of a resource",
        why: "rights go all together by DELETE resources, or by PUT of the smaller set",
        host: Host::Platform,
        method: "DELETE",
        path: "/accessmanagement/api/v1/enduser/connections/resources/rights?party={customer}",
        refusals: ABSENT,
    },
    NotOffered {
        what: "authorized parties of somebody else",
        why: "the end-user API answers for the caller; only a service owner may name a subject",
        host: Host::Platform,
        method: "POST",
        path: "/accessmanagement/api/v1/enduser/authorizedparties",
        refusals: ABSENT,
    },
    NotOffered {
        what: "approving a system user request by API",
        why: "the portal's own call; the customer answers on the page that confirmUrl leads to",
        host: Host::Platform,
        method: "POST",
        path: "/authentication/api/v1/systemuser/request/51500103/4cdd2055-930d-4eaf-94f4-733f3e7d1bfb/approve",
        refusals: ABSENT,
    },
    NotOffered {
        what: "system users of any customer, without their vendor's system",
        why: "a vendor asks by its own system; the list of a party is the portal's",
        host: Host::Platform,
        method: "GET",
        path: "/authentication/api/v1/systemuser/51500103",
        refusals: ABSENT,
    },
    NotOffered {
        what: "introspection or revocation of Maskinporten's tokens",
        why: "they are self-contained and not revocable; only ID-porten has these endpoints",
        host: Host::Maskinporten,
        method: "POST",
        path: "/token/introspect",
        refusals: ABSENT,
    },
    NotOffered {
        what: "a list of Maskinporten's clients, or of who has a scope",
        why: "the administration API has its own host and its own login",
        host: Host::Maskinporten,
        method: "GET",
        path: "/clients",
        refusals: ABSENT,
    },
    NotOffered {
        what: "people by number at ID-porten",
        why: "one learns of a person by that person's login only",
        host: Host::IdPorten,
        method: "GET",
        path: "/userinfo?pid=24878123375",
        refusals: &[401],
    },
    NotOffered {
        what: "a password user's exchange under a provider of its own",
        why: "the exchange knows maskinporten, id-porten and altinnstudio",
        host: Host::Platform,
        method: "GET",
        path: "/authentication/api/v1/exchange/dev",
        refusals: &[400],
    },
    NotOffered {
        what: "reading a party without an API key's permission in Altinn 2",
        why: "representing a party comes from roles; a number alone opens nothing",
        host: Host::Altinn2,
        method: "GET",
        path: "/api/reportees/310811548",
        refusals: &[403],
    },
    NotOffered {
        what: "delegating app rights in Altinn 2",
        why: "removed in release 23.5",
        host: Host::Altinn2,
        method: "DELETE",
        path: "/api/my/authorization/Delegations/r51600202/apprights/skf/app/1",
        refusals: ABSENT,
    },
    NotOffered {
        what: "giving up one's own role in Altinn 2",
        why: "removed in release 23.5",
        host: Host::Altinn2,
        method: "DELETE",
        path: "/api/my/authorization/roles/60000001",
        refusals: ABSENT,
    },
    NotOffered {
        what: "giving up one's own single right in Altinn 2",
        why: "removed in release 23.5",
        host: Host::Altinn2,
        method: "DELETE",
        path: "/api/my/authorization/rights/70000001",
        refusals: ABSENT,
    },
    NotOffered {
        what: "reading app rights in Altinn 2",
        why: "there from release 22.3 to 23.5",
        host: Host::Altinn2,
        method: "GET",
        path: "/api/my/authorization/apprights",
        refusals: ABSENT,
    },
    NotOffered {
        what: "reading an enterprise user's secret again",
        why: "it is shown once, when it is made; a lost one is rotated",
        host: Host::Altinn2,
        method: "GET",
        path: "/api/enterpriseusers/sneglebruker/rotatesecret",
        refusals: ABSENT,
    },
    NotOffered {
        what: "a service owner's question by somebody who is none in Altinn 2",
        why: "needs an organisation's token and an API key for service owners",
        host: Host::Altinn2,
        method: "GET",
        path: "/api/serviceowner/reportees?subject=24878123375",
        refusals: &[401, 403],
    },
    NotOffered {
        what: "making role definitions in Altinn 2",
        why: "removed in release 23.5",
        host: Host::Altinn2,
        method: "POST",
        path: "/api/my/authorization/RoleDefinitions",
        refusals: ABSENT,
    },
    NotOffered {
        what: "an end user's delegation requests in Altinn 2",
        why: "removed in release 23.4",
        host: Host::Altinn2,
        method: "POST",
        path: "/api/delegationRequests",
        refusals: ABSENT,
    },
    NotOffered {
        what: "a search for people in Altinn 2",
        why: "a number is converted only together with the name",
        host: Host::Altinn2,
        method: "GET",
        path: "/api/reportees/ReporteeConversion?LastName=GRANITT",
        refusals: &[403, 404, 405],
    },
];
