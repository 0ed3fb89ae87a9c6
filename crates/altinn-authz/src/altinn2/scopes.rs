//! The scopes of Altinn 2 (<https://altinn.github.io/docs/api/rest/>).
//!
//! They are not checked before a call: Altinn 2 says in its reason phrase when one is missing.

/// Listing reportees, and finding them by number and name.
pub const REPORTEES: &str = "altinn:reportees";
/// Reading what a party has given to others.
pub const DELEGATIONS_READ: &str = "altinn:delegations.read";
/// Giving to others and taking back.
pub const DELEGATIONS_WRITE: &str = "altinn:delegations.write";
/// Everything that a user may do.
pub const ALL: &str = "altinn:enduser";

/// All that the six steps need of one who gives: reportees, reading, giving and taking back.
pub const GIVER: [&str; 3] = [REPORTEES, DELEGATIONS_READ, DELEGATIONS_WRITE];

/// Reading one's own roles and rights.
pub const RIGHTS_READ: &str = "altinn:rolesandrights.read";
/// Giving one's own roles and rights up.
pub const RIGHTS_WRITE: &str = "altinn:rolesandrights.write";
/// Reading a party's role definitions.
pub const ROLE_DEFINITIONS_READ: &str = "altinn:roledefinitions.read";
/// Changing a party's local roles.
pub const ROLE_DEFINITIONS_WRITE: &str = "altinn:roledefinitions.write";
/// Reading an organisation's enterprise users, as the organisation itself.
pub const ENTERPRISE_USERS_READ: &str = "altinn:enterpriseusers.read";
/// Changing an organisation's enterprise users, as the organisation itself.
pub const ENTERPRISE_USERS_WRITE: &str = "altinn:enterpriseusers.write";

/// Everything that a service owner may do.
pub const SERVICE_OWNER: &str = "altinn:serviceowner";
/// A service owner's look-up of organisations and their contacts.
pub const SERVICE_OWNER_ORGANISATIONS: &str = "altinn:serviceowner/organizations";
/// A service owner's look-up of reportees.
pub const SERVICE_OWNER_REPORTEES: &str = "altinn:serviceowner/reportees";
/// A service owner's look-up of roles and rights.
pub const SERVICE_OWNER_RIGHTS: &str = "altinn:serviceowner/rolesandrights";
