//! The rights API of Altinn 2: reportees, delegations, roles and single rights, over HAL+JSON.
//!
//! Altinn 2 closed on 2026-06-19. This is for what still speaks it: archives of recordings, the
//! simulator, and programs on their way to `altinn3`.
//!
//! ```no_run
//! use altinn_authz::altinn2::{Client, Delegation, Identity, Receiver, Who};
//!
//! # async fn run(session: altinn_auth::Session<altinn_auth::EnterpriseUser>) -> Result<(), Box<dyn std::error::Error>> {
//! let rights = Client::new(&session);
//! // number and name → the reportee, with the id that stands for it in paths
//! let person = Identity::person("26899299344".parse()?).named("HEIS");
//! let reportee = rights.resolve(&person).await?;
//!
//! // give two rights on a service, and read again
//! let anna = Receiver::person("26899299344".parse()?, "HEIS");
//! let report = rights.grant(Who::my(), &anna, ["service:5123/1#Read,Write".parse()?]).await?;
//! assert!(report.is_complete(), "{report}");
//! // who holds what from us
//! for holder in rights.held(Who::my()).await? {
//!     println!("{holder:?}");
//! }
//! // take one back
//! rights.revoke(Who::my(), &anna, [Delegation::rights("5123", 1, ["Write"])]).await?;
//! # Ok(()) }
//! ```
//!
//! # How Altinn 2 sees it
//!
//! - `{who}` in a path is the party that gives ([`Who`]): `my`, an organisation number, a reportee id
//!   (`r50170462`), or a user name.
//! - Who receives ([`Receiver`]) is named by number *and* name when something is given, and by
//!   reportee id (`r…`, `u…`) when something is read or taken back. [`Client::resolve`] leads from
//!   the one to the other (`ReporteeConversion`).
//! - What is given is a *role* or *single rights*: actions on an edition of a service
//!   ([`Delegation`]). What is held has an id of its own, and only what was given directly can be
//!   taken back.
//! - Refusals have an empty body; the reason stands in the HTTP/1.1 reason phrase.
//!
//! Sources: <https://altinn.github.io/docs/api/rest/>, and the stored help pages of
//! `www.altinn.no/api/Help`.

mod api;
mod client;
mod delegation;
mod delegations;
mod enterprise_users;
mod grant;
mod metadata;
pub mod models;
mod names;
pub mod odata;
mod own;
mod pages;
mod problem;
mod receiver;
mod replace;
mod reportees;
mod revoke;
mod rights;
mod role_definitions;
mod saved;
pub mod scopes;
mod service_owner;
mod who;

pub use self::client::Client;
pub use self::delegation::{Delegation, Service};
pub use self::delegations::DelegationsQuery;
pub use self::enterprise_users::EnterpriseUsers;
pub use self::metadata::{LookupSchema, Metadata};
pub use self::models::{ReporteeId, RightAction, RightHolderId, RightId, RoleId, RuleId};
pub use self::names::{Roles, Services};
pub use self::odata::{Filter, Query};
pub use self::pages::{Listed, Pages};
pub use self::receiver::Receiver;
pub use self::reportees::{Identity, ReporteesQuery};
pub use self::role_definitions::NewRole;
pub use self::saved::read_right_holders;
pub use self::service_owner::{ContactsQuery, OrganisationsQuery, ServiceOwner};
pub use self::who::Who;
pub use crate::report::Outcome;

/// What a call that takes several steps did.
pub type Report = crate::report::Report<Delegation, RightHolderId>;
/// One step of a [`Report`].
pub type Step = crate::report::Step<Delegation>;
/// What a [`Step`] is for.
pub type What = crate::report::What<Delegation>;
