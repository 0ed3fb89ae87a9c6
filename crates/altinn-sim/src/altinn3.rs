//! Altinn 3's access management, one module per group of operations, with the policy decision point and
//! the resource registry, which answer from the same state.
//!
//! - Whom one may act for: `parties`. What one has given or been given: `connections`, and on them
//!   `packages`, `resources` and single `instances`.
//! - Asking for access: `requests`, by end users and service owners; `owner_packages`, given unasked.
//! - For others: `clients` (client delegation), `suppliers` (Maskinporten's scopes), `consents`.
//! - To know: `metadata`, `registry`, `pdp`. How it says no, and which errors no client can cause:
//!   `problem`.
//!
//! Every call is checked twice, as by the real service: the scope policy, and whether the caller
//! manages access for the party in the query. Either one failing is a 403 without a body. What it
//! must not offer is listed in [`crate::not_offered`].
//!
//! Decisions where the wire facts are silent, open until somebody has seen the real thing: a write
//! scope does not include the read scope; removing what is not there answers 204; a failed look-up of a
//! person is `AM-00023` until the lock; giving on what one does not hold is `AM-00028`; enterprise
//! users are nobody here; a main administrator may do all that is done for a party, also for its
//! clients, single instances and scopes.

mod agent_clients;
mod clients;
mod connections;
mod consents;
mod entity;
mod holdings;
mod instances;
mod metadata;
mod owner_packages;
mod packages;
mod parties;
mod pdp;
mod problem;
mod registry;
mod requests;
mod resources;
mod suppliers;

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Query, RawPathParams, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use self::entity::Entity;
use self::holdings::{Authority, Power};
use self::problem::{Problem, Refusal};
use crate::altinn2::lower_case_names;
use crate::platform::{self, CallerKind};
use crate::rights::Held;
use crate::rights::altinn3::Connections;
use crate::state::{Shared, Sim};
use crate::world::World;

const BASE: &str = "/accessmanagement/api/v1/enduser";
const SERVICE_OWNER: &str = "/accessmanagement/api/v1/serviceowner";
/// Satisfies every end-user policy; only Altinn's own portal gets it.
const PORTAL_SCOPE: &str = "altinn:portal/enduser";
const PARTIES_SCOPE: &str = "altinn:accessmanagement/authorizedparties";
const OWNER_PARTIES_SCOPE: &str = "altinn:accessmanagement/authorizedparties.resourceowner";
const ALL_PARTIES_SCOPE: &str = "altinn:accessmanagement/authorizedparties.admin";
const CONNECTIONS_SCOPE: &str = "altinn:accessmanagement/enduser:connections:";
const REQUESTS_READ: Access = Access::Party(
    "altinn:accessmanagement/enduser:requests.read",
    Power::Access,
);
const REQUESTS_WRITE: Access = Access::Party(
    "altinn:accessmanagement/enduser:requests.write",
    Power::Access,
);
const OWNER_REQUESTS_READ: Access =
    Access::Organisation(&["altinn:serviceowner/delegationrequests.read"]);
const OWNER_REQUESTS_WRITE: Access =
    Access::Organisation(&["altinn:serviceowner/delegationrequests.write"]);
const OWNER_PACKAGES: Access =
    Access::Organisation(&["altinn:serviceowner/delegations:accesspackage.write"]);
const CLIENTS_READ: Access = Access::Party("altinn:clientdelegations.read", Power::Clients);
const CLIENTS_WRITE: Access = Access::Party("altinn:clientdelegations.write", Power::Clients);
const MY_CLIENTS_READ: Access = Access::Own("altinn:clientdelegations/myclients.read");
const MY_CLIENTS_WRITE: Access = Access::Own("altinn:clientdelegations/myclients.write");
const SUPPLIERS_READ: Access = Access::Party(
    "altinn:accessmanagement/enduser:maskinportensuppliers.read",
    Power::Scopes,
);
const SUPPLIERS_WRITE: Access = Access::Party(
    "altinn:accessmanagement/enduser:maskinportensuppliers.write",
    Power::Scopes,
);
const CONSUMERS_READ: Access = Access::Party(
    "altinn:accessmanagement/enduser:maskinportenconsumers.read",
    Power::Scopes,
);
const CONSUMERS_WRITE: Access = Access::Party(
    "altinn:accessmanagement/enduser:maskinportenconsumers.write",
    Power::Scopes,
);
const DELEGATIONS_SCOPE: &str = "altinn:maskinporten/delegations";
const ALL_DELEGATIONS_SCOPE: &str = "altinn:maskinporten/delegations.admin";
const PDP: Access = Access::Anybody(&[
    "altinn:authorization/authorize",
    "altinn:authorization/authorize.admin",
]);
const CONSENT_FOR_ANYBODY: &str = "altinn:consentrequests.org";
const CONSENT_WRITE: Access =
    Access::Organisation(&["altinn:consentrequests.write", CONSENT_FOR_ANYBODY]);
const CONSENT_READ: Access = Access::Organisation(&[
    "altinn:consentrequests.read",
    "altinn:consentrequests.write",
    CONSENT_FOR_ANYBODY,
]);
const LISTS_READ: Access = Access::Organisation(&[
    "altinn:resourceregistry/accesslist.read",
    "altinn:resourceregistry/accesslist.write",
]);
const LISTS_WRITE: Access = Access::Organisation(&["altinn:resourceregistry/accesslist.write"]);
const MAX_BODY: usize = 1 << 20;

pub(crate) use self::consents::answer as answer_consent;

pub(crate) fn router(sim: Sim) -> Router {
    use Access::{Instances, Organisation, Parties, Read, ToOthers, Write};
    let route = |path: &str| format!("{BASE}/{path}");
    Router::new()
        .route(
            &route("authorizedparties"),
            get(operation(Parties, parties::list)),
        )
        .route(
            &route("connections"),
            get(operation(Read, connections::list))
                .post(operation(ToOthers, connections::create))
                .delete(operation(Write, connections::remove)),
        )
        .route(
            &route("connections/accesspackages"),
            get(operation(Read, packages::list))
                .post(operation(ToOthers, packages::give))
                .delete(operation(Write, packages::take)),
        )
        .route(
            &route("connections/accesspackages/delegationcheck"),
            get(operation(ToOthers, packages::check)),
        )
        .route(
            &route("connections/roles"),
            get(operation(Read, connections::roles))
                .delete(operation(Write, connections::remove_role)),
        )
        .route(
            &route("connections/resources"),
            get(operation(Read, resources::list)).delete(operation(Write, resources::take)),
        )
        .route(
            &route("connections/resources/delegationcheck"),
            get(operation(ToOthers, resources::check)),
        )
        .route(
            &route("connections/resources/rights"),
            get(operation(Read, resources::rights))
                .post(operation(ToOthers, resources::add_rights))
                .put(operation(ToOthers, resources::replace_rights)),
        )
        .route(
            &route("connections/users"),
            get(operation(Instances, connections::users)),
        )
        .route(
            &route("connections/resources/instances"),
            get(operation(Read, instances::list)).delete(operation(Write, instances::take)),
        )
        .route(
            &route("connections/resources/instances/rights"),
            get(operation(Read, instances::rights))
                .post(operation(Instances, instances::add_rights))
                .put(operation(ToOthers, instances::replace_rights)),
        )
        .route(
            &route("connections/resources/instances/delegationcheck"),
            get(operation(Instances, instances::check)),
        )
        .route(
            &route("connections/resources/instances/users"),
            get(operation(Instances, instances::users)),
        )
        .route(
            &format!("{SERVICE_OWNER}/authorizedparties"),
            post(operation(
                Organisation(&[OWNER_PARTIES_SCOPE, ALL_PARTIES_SCOPE]),
                parties::of_subject,
            )),
        )
        .route(
            "/accessmanagement/api/v1/resourceowner/authorizedparties",
            post(operation(
                Organisation(&[OWNER_PARTIES_SCOPE, ALL_PARTIES_SCOPE]),
                parties::of_subject,
            )),
        )
        .route(
            "/authorization/api/v1/authorize",
            post(operation(PDP, pdp::authorize)),
        )
        .merge(consents_router())
        .merge(metadata_router())
        .merge(registry_router())
        .merge(suppliers_router())
        .merge(requests_router())
        .merge(agent_clients_router())
        .merge(clients_router::<false>())
        .merge(clients_router::<true>())
        .with_state(sim)
}

fn consents_router() -> Router<Sim> {
    let route = |path: &str| format!("/accessmanagement/api/v1/enterprise/consentrequests{path}");
    Router::new()
        .route(&route(""), post(operation(CONSENT_WRITE, consents::create)))
        .route(
            &route("/events"),
            get(operation(CONSENT_READ, consents::events)),
        )
        .route(&route("/{id}"), get(operation(CONSENT_READ, consents::one)))
        .route(
            "/accessmanagement/api/v1/maskinporten/consent/lookup",
            post(operation(
                Access::Organisation(&["altinn:maskinporten/consent.read"]),
                consents::look_up,
            )),
        )
}

fn metadata_router() -> Router<Sim> {
    use self::metadata as meta;
    let operations: [(&str, Operation); 18] = [
        ("info/roles", meta::roles),
        ("info/roles/{id}", meta::one_role),
        ("info/roles/packages", meta::role_packages),
        ("info/roles/{id}/packages", meta::role_packages),
        ("info/roles/resources", meta::role_resources),
        ("info/roles/{id}/resources", meta::role_resources),
        ("info/accesspackages/search", meta::search),
        ("info/accesspackages/export", meta::groups),
        ("info/accesspackages/group", meta::groups),
        ("info/accesspackages/group/", meta::groups),
        ("info/accesspackages/group/{id}", meta::one_group),
        ("info/accesspackages/group/{id}/areas", meta::group_areas),
        ("info/accesspackages/area/{id}", meta::one_area),
        (
            "info/accesspackages/area/{id}/packages",
            meta::area_packages,
        ),
        ("info/accesspackages/package/{id}", meta::one_package),
        ("info/accesspackages/package/urn/{urn}", meta::one_package),
        (
            "info/accesspackages/package/{id}/resources",
            meta::package_resources,
        ),
        ("types/organization/subtypes", meta::organisation_forms),
    ];
    operations
        .into_iter()
        .fold(Router::new(), |router, (path, run)| {
            let path = format!("/accessmanagement/api/v1/meta/{path}");
            router.route(&path, get(operation(Access::Anyone, run)))
        })
}

fn registry_router() -> Router<Sim> {
    let resource = |path: &str| format!("/resourceregistry/api/v1/resource/{path}");
    let list = |path: &str| format!("/resourceregistry/api/v1/access-lists/{{owner}}{path}");
    let anyone = |run: Operation| operation(Access::Anyone, run);
    let read = |run: Operation| operation(LISTS_READ, run);
    let write = |run: Operation| operation(LISTS_WRITE, run);
    Router::new()
        .route(&resource("resourcelist"), get(anyone(registry::list)))
        .route(&resource("search"), get(anyone(registry::search)))
        // ASP.NET's routing takes both spellings
        .route(&resource("bysubjects"), post(anyone(registry::by_subjects)))
        .route(
            &resource("bysubjects/"),
            post(anyone(registry::by_subjects)),
        )
        .route(&resource("updated"), get(anyone(registry::updated)))
        .route(&resource("changes"), get(anyone(registry::changes)))
        .route(&resource("{id}"), get(anyone(registry::one)))
        .route(&resource("{id}/policy"), get(anyone(registry::policy)))
        .route(
            &resource("{id}/policy/rules"),
            get(anyone(registry::policy_rules)),
        )
        .route(
            &resource("{id}/policy/subjects"),
            get(anyone(registry::policy_subjects)),
        )
        .route(
            &resource("{id}/policy/rights"),
            get(anyone(registry::policy_rights)),
        )
        .route(
            "/resourceregistry/api/v2/resource/{id}/policy/rights",
            get(anyone(registry::policy_rights_v2)),
        )
        .route(&list(""), get(read(registry::lists)))
        .route(
            &list("/{identifier}"),
            get(read(registry::one_list))
                .put(write(registry::put_list))
                .patch(write(registry::patch_list))
                .delete(write(registry::delete_list)),
        )
        .route(
            &list("/{identifier}/members"),
            get(read(registry::members))
                .put(write(registry::replace_members))
                .post(write(registry::add_members))
                .delete(write(registry::remove_members)),
        )
        .route(
            &list("/{identifier}/resource-connections"),
            get(read(registry::list_resources)),
        )
        .route(
            &list("/{identifier}/resource-connections/{resource}"),
            put(write(registry::add_resource)).delete(write(registry::remove_resource)),
        )
}

fn suppliers_router() -> Router<Sim> {
    let supplier = |path: &str| format!("{BASE}/maskinportensuppliers{path}");
    let consumer = |path: &str| format!("{BASE}/maskinportenconsumers{path}");
    let for_maskinporten = get(operation(
        Access::Organisation(&[DELEGATIONS_SCOPE, ALL_DELEGATIONS_SCOPE]),
        suppliers::for_maskinporten,
    ));
    Router::new()
        .route(
            &supplier(""),
            get(operation(SUPPLIERS_READ, suppliers::list::<false>))
                .post(operation(SUPPLIERS_WRITE, suppliers::add))
                .delete(operation(SUPPLIERS_WRITE, suppliers::remove::<false>)),
        )
        .route(
            &supplier("/resources"),
            get(operation(SUPPLIERS_READ, suppliers::resources::<false>))
                .post(operation(SUPPLIERS_WRITE, suppliers::give))
                .delete(operation(SUPPLIERS_WRITE, suppliers::take::<false>)),
        )
        .route(
            &supplier("/resources/delegationcheck"),
            get(operation(SUPPLIERS_READ, suppliers::check)),
        )
        .route(
            &consumer(""),
            get(operation(CONSUMERS_READ, suppliers::list::<true>))
                .delete(operation(CONSUMERS_WRITE, suppliers::remove::<true>)),
        )
        .route(
            &consumer("/resources"),
            get(operation(CONSUMERS_READ, suppliers::resources::<true>))
                .delete(operation(CONSUMERS_WRITE, suppliers::take::<true>)),
        )
        .route(
            "/accessmanagement/api/v1/maskinporten/delegations",
            for_maskinporten.clone(),
        )
        .route(
            "/accessmanagement/api/v1/maskinporten/delegations/",
            for_maskinporten,
        )
}

fn requests_router() -> Router<Sim> {
    let route = |path: &str| format!("{BASE}/request{path}");
    let owner = |path: &str| format!("{SERVICE_OWNER}/delegationrequests{path}");
    Router::new()
        .route(&route(""), get(operation(REQUESTS_READ, requests::one)))
        .route(
            &route("/sent"),
            get(operation(REQUESTS_READ, requests::sent)),
        )
        .route(
            &route("/received"),
            get(operation(REQUESTS_READ, requests::received)),
        )
        .route(
            &route("/sent/count"),
            get(operation(REQUESTS_READ, requests::count_sent)),
        )
        .route(
            &route("/received/count"),
            get(operation(REQUESTS_READ, requests::count_received)),
        )
        .route(
            &route("/resource"),
            post(operation(REQUESTS_WRITE, requests::ask_resource)),
        )
        .route(
            &route("/package"),
            post(operation(REQUESTS_WRITE, requests::ask_package)),
        )
        .route(
            &route("/sent/withdraw"),
            put(operation(REQUESTS_WRITE, requests::withdraw)),
        )
        .route(
            &route("/received/approve"),
            put(operation(REQUESTS_WRITE, requests::approve)),
        )
        .route(
            &route("/received/reject"),
            put(operation(REQUESTS_WRITE, requests::reject)),
        )
        .route(
            &route("/draft/confirm"),
            put(operation(REQUESTS_WRITE, requests::confirm)),
        )
        .route(
            &route("/draft"),
            get(operation(Access::Portal, requests::draft)),
        )
        .route(
            &owner("/_meta/urns/party"),
            get(operation(OWNER_REQUESTS_READ, requests::party_urns)),
        )
        .route(
            &owner(""),
            post(operation(
                OWNER_REQUESTS_WRITE,
                requests::owner_asks_inverted,
            )),
        )
        .route(
            &owner("/resource"),
            post(operation(
                OWNER_REQUESTS_WRITE,
                requests::owner_asks_resource,
            )),
        )
        .route(
            &owner("/package"),
            post(operation(
                OWNER_REQUESTS_WRITE,
                requests::owner_asks_package,
            )),
        )
        .route(
            &owner("/{id}/status"),
            get(operation(OWNER_REQUESTS_READ, requests::owner_status)),
        )
        .route(
            &owner("/{id}/withdraw"),
            put(operation(OWNER_REQUESTS_WRITE, requests::owner_withdraw)),
        )
        .route(
            &format!("{SERVICE_OWNER}/connections/accesspackages"),
            post(operation(OWNER_PACKAGES, owner_packages::give)),
        )
        .route(
            &format!("{SERVICE_OWNER}/connections/accesspackages/revoke"),
            post(operation(OWNER_PACKAGES, owner_packages::revoke)),
        )
}

/// Client delegation; what only v2 has is left out of v1, and the other way round.
/// The authentication service's own API of client delegation (§1.10).
fn agent_clients_router() -> Router<Sim> {
    let read = Access::Own("altinn:clientdelegations.read");
    let write = Access::Own("altinn:clientdelegations.write");
    let route = |path: &str| format!("/authentication/api/v1/enduser/systemuser/{path}");
    let clients = || {
        get(operation(read, agent_clients::list))
            .post(operation(write, agent_clients::assign))
            .delete(operation(write, agent_clients::remove))
    };
    Router::new()
        .route(
            &route("agents"),
            get(operation(read, agent_clients::agents)),
        )
        .route(
            &route("clients/available"),
            get(operation(read, agent_clients::available)),
        )
        .route(&route("clients"), clients())
        .route(&route("clients/"), clients())
}

fn clients_router<const V2: bool>() -> Router<Sim> {
    let version = if V2 { 2 } else { 1 };
    let route =
        |path: &str| format!("/accessmanagement/api/v{version}/enduser/clientdelegations/{path}");
    let agent_packages = get(operation(CLIENTS_READ, clients::agent_packages::<V2>))
        .post(operation(CLIENTS_WRITE, clients::give_packages::<V2>));
    let my_clients = get(operation(MY_CLIENTS_READ, clients::my_clients::<V2>));
    let router = Router::new()
        .route(
            &route("clients"),
            get(operation(CLIENTS_READ, clients::clients::<V2>)),
        )
        .route(
            &route("agents"),
            get(operation(CLIENTS_READ, clients::agents::<V2>))
                .post(operation(CLIENTS_WRITE, clients::add_agent::<V2>))
                .delete(operation(CLIENTS_WRITE, clients::remove_agent::<V2>)),
        )
        .route(
            &route("agents/clients"),
            delete(operation(CLIENTS_WRITE, clients::remove_client::<V2>)),
        )
        .route(
            &route("clients/accesspackages"),
            get(operation(CLIENTS_READ, clients::client_packages::<V2>)),
        )
        .route(
            &route("my/clientproviders"),
            get(operation(MY_CLIENTS_READ, clients::my_providers::<V2>))
                .delete(operation(MY_CLIENTS_WRITE, clients::leave_provider::<V2>)),
        );
    if !V2 {
        let take = operation(CLIENTS_WRITE, clients::take_packages::<false>);
        let drop = operation(MY_CLIENTS_WRITE, clients::drop_my_client_by_body);
        return router
            .route(&route("agents/accesspackages"), agent_packages.delete(take))
            .route(&route("my/clients"), my_clients.delete(drop))
            .route(
                &route("my/clients/accesspackages"),
                delete(operation(
                    MY_CLIENTS_WRITE,
                    clients::drop_my_packages::<false>,
                )),
            );
    }
    let drop = operation(MY_CLIENTS_WRITE, clients::drop_my_client);
    router
        .route(&route("agents/accesspackages"), agent_packages)
        .route(&route("my/clients"), my_clients.delete(drop))
        .route(
            &route("agents/accesspackages/delete"),
            post(operation(CLIENTS_WRITE, clients::take_packages::<true>)),
        )
        .route(
            &route("agents/resources"),
            get(operation(CLIENTS_READ, clients::agent_resources))
                .post(operation(CLIENTS_WRITE, clients::give_resources)),
        )
        .route(
            &route("agents/resources/delete"),
            post(operation(CLIENTS_WRITE, clients::take_resources)),
        )
        .route(
            &route("clients/resources"),
            get(operation(CLIENTS_READ, clients::client_resources)),
        )
        .route(
            &route("my/clients/accesspackages/delete"),
            post(operation(
                MY_CLIENTS_WRITE,
                clients::drop_my_packages::<true>,
            )),
        )
        .route(
            &route("my/clients/resources/delete"),
            post(operation(MY_CLIENTS_WRITE, clients::drop_my_resources)),
        )
}

/// What a call needs before it is looked at (wire facts, Altinn 3 §2.1 and §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// The scope of authorized parties; no party.
    Parties,
    /// `toothers.write`; the party gives.
    ToOthers,
    /// `toothers.write`, by somebody who gives single instances.
    Instances,
    /// Either direction, to read.
    Read,
    /// Either direction, to write.
    Write,
    /// This scope, by somebody who may do this for the party.
    Party(&'static str, Power),
    /// This scope, for oneself; an organisation is nobody.
    Own(&'static str),
    /// No token.
    Anyone,
    /// One of these scopes, whoever it is.
    Anybody(&'static [&'static str]),
    /// The portal's scope; no party.
    Portal,
    /// One of these scopes, and an organisation's own token.
    Organisation(&'static [&'static str]),
}

/// Who calls, when it is somebody who can.
#[derive(Clone, Debug)]
struct Actor {
    id: Uuid,
    /// System users share number 0, and with it the lock on looking people up.
    user_id: i64,
    scopes: Vec<String>,
}

impl Actor {
    fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
    }
}

/// One call that has passed its checks.
struct Call<'a> {
    sim: &'a Shared,
    world: &'a World,
    held: &'a mut Held,
    actor: Actor,
    query: Params,
    headers: HeaderMap,
    body: Bytes,
    /// What is to change in the registers, once the call has been handled.
    changes: Vec<Change>,
}

type Change = Box<dyn FnOnce(&mut World) + Send>;

type Outcome = Result<Response, Refusal>;
type Operation = fn(&mut Call<'_>) -> Outcome;
type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

fn operation(
    access: Access,
    run: Operation,
) -> impl Fn(State<Sim>, Request) -> Handling + Clone + Send + Sync + 'static {
    move |State(sim), request| {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, MAX_BODY).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            let path = RawPathParams::from_request_parts(&mut parts, &()).await;
            let query = Params::of(&parts.uri, path.ok().as_ref());
            let (outcome, changes) = handled(&sim, parts.headers, access, query, body, run);
            if !changes.is_empty() {
                let mut world = sim.world_mut();
                for change in changes {
                    change(&mut world);
                }
            }
            outcome.unwrap_or_else(IntoResponse::into_response)
        })
    }
}

fn handled(
    sim: &Shared,
    headers: HeaderMap,
    access: Access,
    query: Params,
    body: Bytes,
    run: Operation,
) -> (Outcome, Vec<Change>) {
    let world = sim.world();
    let mut held = sim.rights.lock();
    let actor = match admitted(sim, &world, &held.altinn3, &headers, access, &query) {
        Ok(actor) => actor,
        Err(refusal) => return (Err(refusal), Vec::new()),
    };
    let mut call = Call {
        sim,
        world: &world,
        held: &mut held,
        actor,
        query,
        headers,
        body,
        changes: Vec::new(),
    };
    let outcome = run(&mut call);
    (outcome, call.changes)
}

fn admitted(
    sim: &Shared,
    world: &World,
    connections: &Connections,
    headers: &HeaderMap,
    access: Access,
    query: &Params,
) -> Result<Actor, Refusal> {
    if access == Access::Anyone {
        return Ok(Actor {
            id: Uuid::nil(),
            user_id: 0,
            scopes: Vec::new(),
        });
    }
    let caller = platform::authenticate(sim, headers).map_err(|_| Refusal::UNAUTHORIZED)?;
    let scope = |name: &str| caller.has_scope(PORTAL_SCOPE) || caller.has_scope(name);
    let connection_scope = |suffix: &str| scope(&format!("{CONNECTIONS_SCOPE}{suffix}"));
    let actor = |id: Uuid, user_id: i64| Actor {
        id,
        user_id,
        scopes: caller.scopes.clone(),
    };
    let organisation = match &caller.kind {
        CallerKind::Organisation { number } => world.organisation(number),
        _ => None,
    };
    let somebody = match &caller.kind {
        CallerKind::Person {
            party_uuid,
            user_id,
            ..
        } => Some(actor(*party_uuid, *user_id)),
        CallerKind::SystemUser { id, .. } => Some(actor(*id, 0)),
        CallerKind::Organisation { .. } | CallerKind::EnterpriseUser { .. } => None,
    };
    let party = query.text("party").unwrap_or_default();
    // the real policy compares the texts: another spelling of the same UUID is another party
    let directed = |action: &str| {
        query.text("from") == Some(party) && connection_scope(&format!("toothers.{action}"))
            || query.text("to") == Some(party) && connection_scope(&format!("fromothers.{action}"))
    };
    let (allowed, power) = match access {
        Access::Parties => {
            if !scope(PARTIES_SCOPE) {
                return Err(Refusal::FORBIDDEN);
            }
            return somebody.ok_or(Refusal::Text(StatusCode::UNAUTHORIZED, "Unknown user type"));
        }
        Access::Organisation(scopes) => {
            return organisation
                .filter(|_| scopes.iter().any(|s| caller.has_scope(s)))
                .map(|o| actor(o.party_uuid, 0))
                .ok_or(Refusal::FORBIDDEN);
        }
        // answered above
        Access::Anyone => return Err(Refusal::FORBIDDEN),
        Access::Anybody(scopes) => {
            if !scopes.iter().any(|s| caller.has_scope(s)) {
                return Err(Refusal::FORBIDDEN);
            }
            let organisation = organisation.map(|o| actor(o.party_uuid, 0));
            return Ok(somebody
                .or(organisation)
                .unwrap_or_else(|| actor(Uuid::nil(), 0)));
        }
        Access::Own(name) => {
            if !scope(name) {
                return Err(Refusal::FORBIDDEN);
            }
            return somebody.ok_or(Refusal::UNAUTHORIZED);
        }
        Access::Portal => {
            let portal = caller.has_scope(PORTAL_SCOPE);
            return somebody.filter(|_| portal).ok_or(Refusal::FORBIDDEN);
        }
        Access::Party(name, power) => (scope(name), power),
        Access::ToOthers => (connection_scope("toothers.write"), Power::Access),
        Access::Instances => (connection_scope("toothers.write"), Power::Instances),
        Access::Read => (directed("read"), Power::Access),
        Access::Write => (directed("write"), Power::Access),
    };
    let actor = somebody.filter(|_| allowed).ok_or(Refusal::FORBIDDEN)?;
    let party = Uuid::parse_str(party).map_err(|_| Refusal::FORBIDDEN)?;
    if !Authority::of(world, connections, actor.id, party).has(power) {
        return Err(Refusal::FORBIDDEN);
    }
    // what a person has received is for that person alone
    let receives = query.text("to") == query.text("party") && access == Access::Read;
    if receives && world.person_by_uuid(party).is_some() && actor.id != party {
        return Err(Refusal::FORBIDDEN);
    }
    Ok(actor)
}

/// The parameters of a call, those of its path first, bound as ASP.NET would.
struct Params(Vec<(String, String)>);

impl Params {
    fn of(uri: &http::Uri, path: Option<&RawPathParams>) -> Self {
        let path = path.into_iter().flatten();
        let mut pairs: Vec<(String, String)> = path
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if let Ok(Query::<Vec<(String, String)>>(query)) = Query::try_from_uri(uri) {
            pairs.extend(query);
        }
        Self(pairs)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::required(name))
    }

    fn id(&self, name: &str) -> Result<Option<Uuid>, Refusal> {
        self.text(name).map(|text| parse_id(name, text)).transpose()
    }

    fn ids(&self, name: &str) -> Result<Vec<Uuid>, Refusal> {
        self.all(name).map(|text| parse_id(name, text)).collect()
    }

    fn required_id(&self, name: &str) -> Result<Uuid, Refusal> {
        self.id(name)?.ok_or_else(|| Refusal::required(name))
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(Refusal::not_valid(name, text)),
        }
    }
}

fn parse_id(name: &str, text: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(text).map_err(|_| Refusal::not_valid(name, text))
}

/// A person named by number and last name, whom the caller cannot name by UUID.
struct PersonInput {
    person_identifier: Option<String>,
    last_name: Option<String>,
}

impl PersonInput {
    fn of(members: &Value) -> Result<Self, Refusal> {
        Ok(Self {
            person_identifier: text_member(members, "personidentifier")?,
            last_name: text_member(members, "lastname")?,
        })
    }
}

/// A text in a document whose names are in lower case; blank is nothing.
fn text_member(members: &Value, name: &str) -> Result<Option<String>, Refusal> {
    match &members[name] {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.trim().to_owned())),
        _ => Err(Refusal::Binding(
            format!("$.{name}"),
            "The JSON value could not be converted to System.String.".to_owned(),
        )),
    }
}

/// The body's members, names without regard to case; `None` without a body.
fn body_members(body: &[u8]) -> Result<Option<Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let bad = || {
        Refusal::Binding(
            "$".to_owned(),
            "The JSON value could not be converted.".to_owned(),
        )
    };
    match serde_json::from_slice(body).map_err(|_| bad())? {
        Value::Null => Ok(None),
        members @ Value::Object(_) => Ok(Some(lower_case_names(members))),
        _ => Err(bad()),
    }
}

impl Call<'_> {
    fn party(&self) -> Result<Uuid, Refusal> {
        self.query.required_id("party")
    }

    fn authority(&self, party: Uuid) -> Authority<'_> {
        Authority::of(self.world, &self.held.altinn3, self.actor.id, party)
    }

    fn change_world(&mut self, change: impl FnOnce(&mut World) + Send + 'static) {
        self.changes.push(Box::new(change));
    }

    /// What the real side has switched off is not there.
    fn gate(&self, switched_off: bool) -> Result<(), Refusal> {
        if switched_off {
            return Err(Refusal::Bare(StatusCode::NOT_FOUND));
        }
        Ok(())
    }

    fn sticks(&self) -> bool {
        !self.sim.faults.right_does_not_stick()
    }

    /// The receiver: a person named in the body, else the party in `to`.
    fn receiver(&mut self, party: Uuid) -> Result<Uuid, Refusal> {
        let input = self.person_input()?;
        self.receiver_by(party, input)
    }

    fn receiver_by(&mut self, party: Uuid, input: Option<PersonInput>) -> Result<Uuid, Refusal> {
        self.receiver_in("to", party, input)
    }

    fn receiver_in(
        &mut self,
        parameter: &str,
        party: Uuid,
        input: Option<PersonInput>,
    ) -> Result<Uuid, Refusal> {
        let to = self.query.id(parameter)?;
        let receiver = match input {
            Some(input) => self.look_up(&input)?,
            None => to.ok_or_else(|| Refusal::query_parameter(parameter))?,
        };
        if Entity::find(self.world, receiver).is_none() {
            return Err(Problem::PartyNotFound.into());
        }
        if receiver == party {
            Err(Refusal::query_parameter(parameter))
        } else {
            Ok(receiver)
        }
    }

    fn person_input(&self) -> Result<Option<PersonInput>, Refusal> {
        body_members(&self.body)?
            .map(|members| PersonInput::of(&members))
            .transpose()
    }

    /// Finds the person whose number (or user name) and last name these are; never one whose last
    /// name is another.
    fn look_up(&mut self, input: &PersonInput) -> Result<Uuid, Refusal> {
        let required = |path: &str| {
            Refusal::Validation(
                "STD.VLD-00000",
                "The field is required.",
                vec![path.to_owned()],
            )
        };
        let identifier = input
            .person_identifier
            .as_deref()
            .ok_or_else(|| required("/personIdentifier"))?;
        let last_name = input
            .last_name
            .as_deref()
            .ok_or_else(|| required("/lastName"))?;
        let now = self.sim.clock.now();
        let user_id = self.actor.user_id;
        if !self.held.altinn3.may_look_up(user_id, now) {
            return Err(Problem::TooManyFailedLookups.into());
        }
        let found = self.world.persons.iter().find(|person| {
            person.number.expose() == identifier
                || person
                    .user_name
                    .as_ref()
                    .is_some_and(|name| name.eq_ignore_ascii_case(identifier))
        });
        match found.filter(|p| p.last_name.to_lowercase() == last_name.to_lowercase()) {
            Some(person) => Ok(person.party_uuid),
            None => {
                self.held.altinn3.look_up_failed(user_id, now);
                Err(Problem::PartyNotFound.into())
            }
        }
    }
}

fn ok(body: &Value) -> Outcome {
    let mut response = Response::new(body.to_string().into());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    Ok(response)
}

fn paginated(data: Vec<Value>) -> Outcome {
    ok(&json!({ "links": { "next": null }, "data": data }))
}

fn status(status: StatusCode) -> Outcome {
    Ok(status.into_response())
}
