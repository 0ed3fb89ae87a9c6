//! The rights API that answers today: Altinn 3's access management (tilgangsstyring).
//!
//! ```no_run
//! use altinn_authz::altinn3::{Client, Entitlement, Receiver};
//!
//! # async fn run(session: altinn_auth::Session<altinn_auth::SystemUser>) -> Result<(), Box<dyn std::error::Error>> {
//! let rights = Client::new(&session);
//! let party = rights
//!     .parties()
//!     .await?
//!     .into_iter()
//!     .find(|party| party.organisation().is_some_and(|number| number.as_str() == "310702641"))
//!     .ok_or("no access to that organisation")?;
//!
//! let receiver = Receiver::person("26899299344".parse()?, "HEIS");
//! let report = rights.grant(&party, &receiver, [Entitlement::package("skattegrunnlag")]).await?;
//! assert!(report.is_complete(), "{report}");
//!
//! for holder in rights.held(&party, None).await?.iter() {
//!     println!("{}: {} packages", holder.name(), holder.packages().len());
//! }
//! # Ok(()) }
//! ```
//!
//! # How Altinn 3 sees it
//!
//! - Everyone is a [party UUID](PartyUuid). [`Client::parties`] gives those one acts for,
//!   [`Client::resolve`] looks for a number among these and their connections. There is no general
//!   way from a number to a UUID; a person who is not connected yet is named by number and last name
//!   ([`Receiver::person`]).
//! - A *connection* (the role `rettighetshaver`) must stand before anything can be given on it.
//!   [`Client::grant`] makes it when it is missing.
//! - What is given is an *access package* (tilgangspakke), or rights on a *resource* or on a single
//!   *instance* of one ([`Entitlement`]). Roles are not given any more; those that came from Altinn 2
//!   can be taken back.
//! - One acts as the giver or as the receiver: the [`Relation`] says which, and with it which scope is
//!   needed ([`scopes`]). Both are checked here before anything is sent, because the server answers
//!   both mistakes with the same empty 403.

mod access_lists;
mod api;
mod client;
mod clients;
mod connections;
pub mod consent;
mod entitlement;
mod grant;
mod held;
mod instances;
mod listing;
pub mod metadata;
pub mod models;
mod on;
mod pages;
mod parties;
mod party_urn;
pub mod pdp;
mod problem;
mod receiver;
pub mod registry;
mod relation;
mod requests;
mod revoke;
mod rights;
pub mod scopes;
mod service_owner;
mod suppliers;

pub use self::access_lists::{AccessLists, MembersChanged};
pub use self::client::Client;
pub use self::clients::{ClientApi, ClientWork, Clients};
pub use self::connections::{Cascade, Include};
pub use self::entitlement::{Entitlement, PackageUrn, RightName, RoleCode};
pub use self::held::{Held, HeldInstance, HeldPackage, HeldResource, HeldRight, Holder, How};
pub use self::instances::InstanceUrn;
pub use self::models::{ResourceId, RightKey};
pub use self::pages::{Listed, PageToken, Pages};
pub use self::parties::{Found, Identity, Parties, PartiesQuery, Party};
pub use self::party_urn::PartyUrn;
pub use self::problem::{Problem, Shape, Violation};
pub use self::receiver::Receiver;
pub use self::relation::{Pair, Relation};
pub use self::requests::RequestFilter;
pub use self::service_owner::{OwnerPartiesQuery, ScopeDelegationQuery, ServiceOwner, Subject};
pub use crate::report::Outcome;
pub use crate::wire::PartyUuid;

/// What a call that takes several steps did.
pub type Report = crate::report::Report<Entitlement, PartyUuid>;
/// One step of a [`Report`].
pub type Step = crate::report::Step<Entitlement>;
/// What a [`Step`] is for.
pub type What = crate::report::What<Entitlement>;
