//! The scopes of Altinn 2's end-user API (<https://altinn.github.io/docs/api/rest/>).
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
