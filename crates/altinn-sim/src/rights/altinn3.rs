//! Altinn 3: connections, the packages and the resource rights that hang on them, and the lock on
//! looking people up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

/// After this many failed look-ups of a person the caller is locked out (wire facts, Altinn 3 §2.5).
const FAILED_LOOKUPS: u32 = 2;
/// How long the PDP uses what it has read (wire facts, Altinn 3 §3.2).
const PDP_CACHE: SignedDuration = SignedDuration::from_mins(5);
/// How long the lock lasts (wire facts, Altinn 3 §2.5).
const LOCK: SignedDuration = SignedDuration::from_secs(3600);

/// That `to` may hold rights for `from` (*rettighetshaver*), and what it was given.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: Uuid,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    /// Codes of access packages, with the id of each assignment.
    pub(crate) packages: BTreeMap<String, Uuid>,
    /// Per resource the actions given.
    pub(crate) rights: BTreeMap<String, BTreeSet<String>>,
    /// Per instance of a resource the actions given.
    pub(crate) instances: BTreeMap<Instance, BTreeSet<String>>,
}

/// A single instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instance {
    pub(crate) resource: String,
    /// A whole URN.
    pub(crate) id: String,
}

impl Connection {
    fn new(from: Uuid, to: Uuid) -> Self {
        Self {
            id: Uuid::now_v7(),
            from,
            to,
            packages: BTreeMap::new(),
            rights: BTreeMap::new(),
            instances: BTreeMap::new(),
        }
    }

    fn is_active(&self) -> bool {
        !self.packages.is_empty() || !self.rights.is_empty() || !self.instances.is_empty()
    }
}

/// That one party has asked another for access.
#[derive(Clone, Debug)]
pub(crate) struct AccessRequest {
    pub(crate) id: Uuid,
    /// Who asks.
    pub(crate) from: Uuid,
    /// Who is to grant.
    pub(crate) to: Uuid,
    /// On whose initiative: the one who asks, or a service owner.
    pub(crate) by: Uuid,
    pub(crate) what: Requested,
    pub(crate) status: RequestStatus,
    pub(crate) updated: Timestamp,
    pub(crate) updated_by: Option<Uuid>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    Resource {
        id: String,
        actions: BTreeSet<String>,
    },
    Package(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestStatus {
    Draft,
    Pending,
    Approved,
    Rejected,
    Withdrawn,
}

impl RequestStatus {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Draft, "Draft"),
        (Self::Pending, "Pending"),
        (Self::Approved, "Approved"),
        (Self::Rejected, "Rejected"),
        (Self::Withdrawn, "Withdrawn"),
    ];

    pub(crate) fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(status, _)| *status == self)
            .map_or("None", |(_, name)| name)
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, n)| n.eq_ignore_ascii_case(name))
            .map(|(status, _)| *status)
    }
}

/// That somebody acts for a provider's clients.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    id: Uuid,
    pub(crate) provider: Uuid,
    pub(crate) agent: Uuid,
    pub(crate) added: Timestamp,
}

/// What a provider lets an agent do for a client, of what it holds in one role.
#[derive(Clone, Debug)]
pub(crate) struct ClientDelegation {
    pub(crate) provider: Uuid,
    pub(crate) client: Uuid,
    pub(crate) agent: Uuid,
    /// Altinn 3's code of the role.
    pub(crate) role: String,
    pub(crate) packages: BTreeSet<String>,
    pub(crate) resources: BTreeSet<String>,
}

/// A request for consent and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) id: Uuid,
    /// Who asked, perhaps for another receiver.
    pub(crate) by: Uuid,
    /// Who is asked.
    pub(crate) from: Uuid,
    /// Who receives.
    pub(crate) to: Uuid,
    pub(crate) required_delegator: Option<Uuid>,
    pub(crate) valid_to: Timestamp,
    pub(crate) rights: Value,
    pub(crate) message: Value,
    pub(crate) redirect_url: Option<String>,
    pub(crate) portal_view_mode: String,
    pub(crate) answered: Option<ConsentStatus>,
    pub(crate) consented: Option<Timestamp>,
    pub(crate) events: Vec<ConsentEvent>,
}

impl Consent {
    pub(crate) fn status(&self, now: Timestamp) -> ConsentStatus {
        match self.answered {
            None | Some(ConsentStatus::Accepted) if self.valid_to <= now => ConsentStatus::Expired,
            Some(answer) => answer,
            None => ConsentStatus::Created,
        }
    }
}

/// Something that happened to a consent.
#[derive(Clone, Debug)]
pub(crate) struct ConsentEvent {
    /// Counted over all consents.
    pub(crate) number: u64,
    pub(crate) id: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) by: Uuid,
    pub(crate) kind: ConsentStatus,
}

/// The states of a consent, and its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentStatus {
    Created,
    Rejected,
    Accepted,
    Revoked,
    /// No call and no page deletes one here.
    Deleted,
    Expired,
    /// Only of events: Maskinporten has asked.
    Used,
}

impl ConsentStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Rejected => "Rejected",
            Self::Accepted => "Accepted",
            Self::Revoked => "Revoked",
            Self::Deleted => "Deleted",
            Self::Expired => "Expired",
            Self::Used => "Used",
        }
    }
}

/// The connection still carries packages or rights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillActive;

/// What is delegated in Altinn 3.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    connections: Vec<Connection>,
    failed_lookups: HashMap<i64, (u32, Timestamp)>,
    pub(crate) requests: Vec<AccessRequest>,
    /// Packages (from, to, code) that a service owner has given, and which.
    pub(crate) given_by_owner: BTreeMap<(Uuid, Uuid, String), Uuid>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) client_delegations: Vec<ClientDelegation>,
    /// Consumer and supplier of Maskinporten's scopes, with the id of the relation.
    pub(crate) suppliers: BTreeMap<(Uuid, Uuid), Uuid>,
    /// When a resource was delegated (consumer, supplier, resource).
    pub(crate) delegated_at: BTreeMap<(Uuid, Uuid, String), Timestamp>,
    pub(crate) consents: Vec<Consent>,
    consent_events: u64,
    pub(crate) access_lists: Vec<AccessList>,
    seen_by_pdp: HashMap<(Uuid, Vec<Uuid>), (Timestamp, Connections)>,
}

/// An access list (tilgangsliste) as the resource registry keeps it.
#[derive(Clone, Debug)]
pub(crate) struct AccessList {
    pub(crate) owner: String,
    pub(crate) identifier: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// Counts the changes.
    pub(crate) version: u64,
    /// The parties on it, and since when.
    pub(crate) members: BTreeMap<Uuid, Timestamp>,
    /// What it gives them, by the resource's id.
    pub(crate) resources: BTreeMap<String, ListedResource>,
}

/// That an access list gives a resource.
#[derive(Clone, Debug)]
pub(crate) struct ListedResource {
    /// The only actions that it gives; none: all.
    pub(crate) actions: BTreeSet<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

impl AccessList {
    pub(crate) fn new(
        owner: String,
        identifier: String,
        name: String,
        description: String,
        now: Timestamp,
    ) -> Self {
        Self {
            owner,
            identifier,
            name,
            description,
            created: now,
            updated: now,
            version: 1,
            members: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    pub(crate) fn changed(&mut self, now: Timestamp) {
        self.updated = now;
        self.version = self.version.saturating_add(1);
    }

    /// Whether the party may do this with the resource, as far as this list goes.
    pub(crate) fn gives(&self, party: Uuid, resource: &str, action: &str) -> bool {
        let given = |c: &ListedResource| c.actions.is_empty() || c.actions.contains(action);
        self.members.contains_key(&party) && self.resources.get(resource).is_some_and(given)
    }
}

impl Connections {
    pub(crate) fn find(&self, from: Uuid, to: Uuid) -> Option<&Connection> {
        self.connections
            .iter()
            .find(|c| c.from == from && c.to == to)
    }

    fn find_mut(&mut self, from: Uuid, to: Uuid) -> Option<&mut Connection> {
        self.connections
            .iter_mut()
            .find(|c| c.from == from && c.to == to)
    }

    /// Connects the two; answers the connection's id, the old one if there was one.
    pub(crate) fn connect(&mut self, from: Uuid, to: Uuid) -> Uuid {
        if let Some(connection) = self.find(from, to) {
            return connection.id;
        }
        let connection = Connection::new(from, to);
        let id = connection.id;
        self.connections.push(connection);
        id
    }

    /// Ends the connection; with `cascade` also what hangs on it.
    pub(crate) fn disconnect(
        &mut self,
        from: Uuid,
        to: Uuid,
        cascade: bool,
    ) -> Result<(), StillActive> {
        if !cascade && self.find(from, to).is_some_and(Connection::is_active) {
            return Err(StillActive);
        }
        self.connections.retain(|c| !(c.from == from && c.to == to));
        Ok(())
    }

    /// Gives a package over an existing connection; answers the ids of the assignment of the
    /// package and of the connection.
    pub(crate) fn give_package(
        &mut self,
        from: Uuid,
        to: Uuid,
        code: &str,
    ) -> Option<(Uuid, Uuid)> {
        let connection = self.find_mut(from, to)?;
        let id = *connection
            .packages
            .entry(code.to_owned())
            .or_insert_with(Uuid::now_v7);
        Some((id, connection.id))
    }

    pub(crate) fn take_package(&mut self, from: Uuid, to: Uuid, code: &str) {
        if let Some(connection) = self.find_mut(from, to) {
            connection.packages.remove(code);
        }
    }

    /// Gives rights to a resource over an existing connection, beside those held (`replace`: in
    /// their place).
    pub(crate) fn give_rights(
        &mut self,
        from: Uuid,
        to: Uuid,
        resource: &str,
        actions: BTreeSet<String>,
        replace: bool,
    ) {
        if let Some(connection) = self.find_mut(from, to) {
            let held = connection.rights.entry(resource.to_owned()).or_default();
            if replace {
                *held = actions;
            } else {
                held.extend(actions);
            }
        }
    }

    pub(crate) fn take_resource(&mut self, from: Uuid, to: Uuid, resource: &str) {
        if let Some(connection) = self.find_mut(from, to) {
            connection.rights.remove(resource);
        }
    }

    /// As [`give_rights`](Self::give_rights), to one instance.
    pub(crate) fn give_instance(
        &mut self,
        from: Uuid,
        to: Uuid,
        instance: Instance,
        actions: BTreeSet<String>,
        replace: bool,
    ) {
        if let Some(connection) = self.find_mut(from, to) {
            let held = connection.instances.entry(instance).or_default();
            if replace {
                *held = actions;
            } else {
                held.extend(actions);
            }
        }
    }

    pub(crate) fn take_instance(&mut self, from: Uuid, to: Uuid, instance: &Instance) {
        if let Some(connection) = self.find_mut(from, to) {
            connection.instances.remove(instance);
        }
    }

    /// What `who`, also as one of `all`, holds of `parties` as the PDP sees it: from a copy of up to
    /// five minutes, if `cached`.
    pub(crate) fn as_seen_by_pdp(
        &mut self,
        who: Uuid,
        parties: &[Uuid],
        all: &[Uuid],
        now: Timestamp,
        cached: bool,
    ) -> Self {
        let key = (who, parties.to_vec());
        if let Some((read, seen)) = self.seen_by_pdp.get(&key).filter(|_| cached)
            && now.duration_since(*read) < PDP_CACHE
        {
            return seen.clone();
        }
        let for_clients = self.client_delegations.iter();
        let client_delegations: Vec<ClientDelegation> = for_clients
            .filter(|d| all.contains(&d.agent) && parties.contains(&d.client))
            .cloned()
            .collect();
        let holder =
            |id: &Uuid| all.contains(id) || client_delegations.iter().any(|d| d.provider == *id);
        let connections = self.connections.iter();
        let connections = connections
            .filter(|c| parties.contains(&c.from) && holder(&c.to))
            .cloned()
            .collect();
        let seen = Self {
            connections,
            client_delegations,
            ..Self::default()
        };
        self.seen_by_pdp
            .retain(|_, (read, _)| now.duration_since(*read) < PDP_CACHE);
        self.seen_by_pdp.insert(key, (now, seen.clone()));
        seen
    }

    pub(crate) fn consent_event(
        &mut self,
        kind: ConsentStatus,
        by: Uuid,
        now: Timestamp,
    ) -> ConsentEvent {
        self.consent_events += 1;
        ConsentEvent {
            number: self.consent_events,
            id: Uuid::now_v7(),
            created: now,
            by,
            kind,
        }
    }

    pub(crate) fn is_agent(&self, provider: Uuid, agent: Uuid) -> bool {
        let mut agents = self.agents.iter();
        agents.any(|a| a.provider == provider && a.agent == agent)
    }

    /// Answers the id of the relation, the old one if there was one.
    pub(crate) fn add_agent(&mut self, provider: Uuid, agent: Uuid, now: Timestamp) -> Uuid {
        let mut agents = self.agents.iter();
        if let Some(known) = agents.find(|a| a.provider == provider && a.agent == agent) {
            return known.id;
        }
        let id = Uuid::now_v7();
        self.agents.push(Agent {
            id,
            provider,
            agent,
            added: now,
        });
        id
    }

    /// Ends the relation with all that the agent was given.
    pub(crate) fn remove_agent(&mut self, provider: Uuid, agent: Uuid) {
        self.agents
            .retain(|a| !(a.provider == provider && a.agent == agent));
        self.client_delegations
            .retain(|d| !(d.provider == provider && d.agent == agent));
    }

    /// The delegation of this role, a new one if there was none.
    pub(crate) fn client_delegation(
        &mut self,
        provider: Uuid,
        client: Uuid,
        agent: Uuid,
        role: &str,
    ) -> &mut ClientDelegation {
        let this = |d: &ClientDelegation| {
            (d.provider, d.client, d.agent) == (provider, client, agent) && d.role == role
        };
        let index = match self.client_delegations.iter().position(this) {
            Some(index) => index,
            None => {
                self.client_delegations.push(ClientDelegation {
                    provider,
                    client,
                    agent,
                    role: role.to_owned(),
                    packages: BTreeSet::new(),
                    resources: BTreeSet::new(),
                });
                self.client_delegations.len() - 1
            }
        };
        &mut self.client_delegations[index]
    }

    /// Forgets client delegations of nothing.
    pub(crate) fn forget_empty(&mut self) {
        self.client_delegations
            .retain(|d| !d.packages.is_empty() || !d.resources.is_empty());
    }

    /// Whether this user may look people up now.
    pub(crate) fn may_look_up(&self, user_id: i64, now: Timestamp) -> bool {
        self.failed_lookups
            .get(&user_id)
            .is_none_or(|(failures, last)| {
                *failures < FAILED_LOOKUPS || now.duration_since(*last) >= LOCK
            })
    }

    /// Counts a look-up that found nobody of that name. Failures are forgotten after the length of
    /// the lock, not by a success.
    pub(crate) fn look_up_failed(&mut self, user_id: i64, now: Timestamp) {
        let entry = self.failed_lookups.entry(user_id).or_insert((0, now));
        if now.duration_since(entry.1) >= LOCK {
            entry.0 = 0;
        }
        *entry = (entry.0 + 1, now);
    }
}
