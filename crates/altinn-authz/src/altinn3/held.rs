//! Who holds what.

use std::collections::HashMap;
use std::fmt;
use std::slice;

use norwegian_ids::OrganisationNumber;
use serde::Serialize;

use crate::Error;
use crate::altinn3::client::Client;
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::{PackageUrn, action_of};
use crate::altinn3::instances::InstanceUrn;
use crate::altinn3::models::{
    AccessReason, AccessReasonName, CompactEntity, CompactRole, Connection, EntityType, Permission,
    ResourceId, RightKey, RightPermission,
};
use crate::altinn3::on::{On, RightsOn};
use crate::altinn3::parties::masked;
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::revoke::{Goes, goes};
use crate::wire::PartyUuid;

/// The role of a connection that was made here.
pub(crate) const RIGHT_HOLDER: &str = "rettighetshaver";

/// The bit of [`AccessReason::flag`] for what was given directly (`AccessReason.cs`,
/// <https://github.com/Altinn/altinn-authorization-tmp>).
const DIRECT: i64 = 1;

impl Client {
    /// Who holds what that `from` has given: connections, access packages, resources, single instances
    /// and roles in one listing. With `to`, for that receiver only, and with each right on each
    /// resource and instance.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as
    /// the server refuses.
    pub async fn held(
        &self,
        from: impl AsRef<PartyUuid>,
        to: Option<&PartyUuid>,
    ) -> Result<Held, Error> {
        let relation = Relation::given_by(from);
        match to {
            Some(to) => self.held_between(relation.with(to)).await,
            None => self.held_in(relation).await,
        }
    }

    /// As [`held`](Self::held), from either side: who holds what, or from whom one holds what.
    ///
    /// # Errors
    ///
    /// As [`held`](Self::held).
    pub async fn held_in(&self, relation: impl Into<Relation>) -> Result<Held, Error> {
        let relation = relation.into();
        let mut held = Collected::default();
        for connection in self.connections(&relation, Include::everything()).await? {
            held.add_connection(connection, None);
        }
        for found in self.packages(&relation).await? {
            let Some(urn) = found
                .package
                .as_ref()
                .and_then(|package| package.urn.as_deref())
            else {
                continue;
            };
            let package = PackageUrn::from(urn);
            for permission in &found.permissions {
                if let Some(holder) = held.holder_of(permission, &relation) {
                    holder.package(&package).how.push(How::of(permission));
                }
            }
        }
        for found in self.resources(&relation).await? {
            let Some((id, name)) = found
                .resource
                .as_ref()
                .and_then(|resource| Some((resource.ref_id.clone()?, resource.name.as_deref())))
            else {
                continue;
            };
            for permission in &found.permissions {
                if let Some(holder) = held.holder_of(permission, &relation) {
                    holder.resource(&id, name).how.push(How::of(permission));
                }
            }
        }
        for found in self.instances(&relation).await? {
            let resource = found.resource.as_ref();
            let Some((id, urn)) = resource
                .and_then(|resource| resource.ref_id.clone())
                .zip(found.instance.and_then(|instance| instance.urn))
            else {
                continue;
            };
            let name = resource.and_then(|resource| resource.name.as_deref());
            for permission in &found.permissions {
                if let Some(holder) = held.holder_of(permission, &relation) {
                    let instance = holder.instance(&id, &urn, name);
                    instance.how.push(How::of(permission));
                }
            }
        }
        // those that came from Altinn 2 are here alone
        for found in self.roles(&relation).await? {
            let code = found.role.as_ref().and_then(|role| role.code.as_deref());
            let Some(code) = code.map(crate::altinn3::parties::role_code) else {
                continue;
            };
            let goes = matches!(goes(&found), Goes::Yes);
            for permission in &found.permissions {
                let Some(holder) = held.holder_of(permission, &relation) else {
                    continue;
                };
                if !holder.roles.contains(&code) {
                    holder.roles.push(code.clone());
                }
                if goes && is_direct(permission) && !holder.revocable_roles.contains(&code) {
                    holder.revocable_roles.push(code.clone());
                }
            }
        }
        Ok(Held {
            holders: held.holders,
        })
    }

    /// As [`held_in`](Self::held_in) for one receiver, with each right on each resource and instance.
    /// That takes one call more for each of them.
    ///
    /// # Errors
    ///
    /// As [`held`](Self::held).
    pub async fn held_between(&self, pair: impl Into<Pair>) -> Result<Held, Error> {
        let pair = pair.into();
        let mut held = self.held_in(&pair).await?;
        for holder in held
            .holders
            .iter_mut()
            .filter(|holder| holder.party == *pair.other())
        {
            self.read_rights(&pair, holder).await?;
        }
        Ok(held)
    }

    /// One that [`held_in`](Self::held_in) listed, with each right on each resource and instance: one
    /// call more for each of them.
    ///
    /// # Errors
    ///
    /// As [`held`](Self::held).
    pub async fn with_rights(
        &self,
        relation: &Relation,
        mut holder: Holder,
    ) -> Result<Holder, Error> {
        let pair = relation.clone().with(&holder);
        self.read_rights(&pair, &mut holder).await?;
        Ok(holder)
    }

    async fn read_rights(&self, pair: &Pair, holder: &mut Holder) -> Result<(), Error> {
        for held in &mut holder.resources {
            let on = On {
                resource: held.resource.clone(),
                instance: None,
            };
            held.rights = Some(HeldRight::all(&self.rights_on(pair, &on).await?));
        }
        for held in &mut holder.instances {
            let Ok(instance) = held.instance.parse::<InstanceUrn>() else {
                continue; // a kind of instance that cannot be asked about
            };
            let on = On {
                resource: held.resource.clone(),
                instance: Some(instance),
            };
            held.rights = Some(HeldRight::all(&self.rights_on(pair, &on).await?));
        }
        Ok(())
    }
}

/// Who holds what. As JSON, person numbers are masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Held {
    holders: Vec<Holder>,
}

/// Someone, and what they hold; from the receiver's side, someone, and what one holds of theirs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    party: PartyUuid,
    name: String,
    #[serde(rename = "type")]
    kind: Option<EntityType>,
    organisation_number: Option<OrganisationNumber>,
    person_number: Option<String>,
    through: Option<PartyUuid>,
    roles: Vec<String>,
    revocable_roles: Vec<String>,
    packages: Vec<HeldPackage>,
    resources: Vec<HeldResource>,
    instances: Vec<HeldInstance>,
}

/// An access package, and how it is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldPackage {
    package: PackageUrn,
    how: Vec<How>,
}

/// A resource, and how rights on it are held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldResource {
    resource: ResourceId,
    name: Option<String>,
    how: Vec<How>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<Vec<HeldRight>>,
}

/// A single instance of a resource, and how rights on it are held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldInstance {
    resource: ResourceId,
    instance: String,
    name: Option<String>,
    how: Vec<How>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<Vec<HeldRight>>,
}

/// One right on a resource or an instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldRight {
    key: RightKey,
    name: Option<String>,
    action: Option<String>,
    direct: bool,
    how: Vec<How>,
}

/// One way in which something came to be held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct How {
    reasons: Vec<AccessReasonName>,
    role: Option<String>,
    via: Option<String>,
    #[serde(rename = "direct")]
    is_direct: bool,
}

impl Held {
    /// One by one.
    pub fn iter(&self) -> slice::Iter<'_, Holder> {
        self.holders.iter()
    }

    /// What this party holds, when it holds anything or is connected.
    #[must_use]
    pub fn by(&self, party: impl AsRef<PartyUuid>) -> Option<&Holder> {
        self.holders
            .iter()
            .find(|holder| holder.party == *party.as_ref())
    }
}

/// What the lists tell, put together by party.
#[derive(Default)]
struct Collected {
    holders: Vec<Holder>,
    at: HashMap<PartyUuid, usize>,
}

impl Collected {
    fn add_connection(&mut self, connection: Connection, through: Option<&PartyUuid>) {
        let Some(entity) = &connection.party else {
            return;
        };
        let party = entity.id.clone();
        let is_known = self.at.contains_key(&party);
        let holder = self.holder(entity);
        match through {
            None => holder.through = None,
            Some(through) if !is_known => holder.through = Some(through.clone()),
            Some(_) => {}
        }
        for role in connection.roles.iter().filter_map(code_of) {
            if !holder.roles.contains(&role) {
                holder.roles.push(role);
            }
        }
        for urn in connection
            .packages
            .iter()
            .filter_map(|package| package.urn.as_deref())
        {
            holder.package(&PackageUrn::from(urn));
        }
        for resource in &connection.resources {
            if let Some(id) = &resource.ref_id {
                holder.resource(id, resource.name.as_deref());
            }
        }
        for instance in connection.instances {
            if let Some((resource, urn)) = instance.resource_id.zip(instance.instance_id) {
                holder.instance(&resource, &urn, None);
            }
        }
        for nested in connection.connections {
            self.add_connection(nested, Some(&party));
        }
    }

    /// The other side of a permission.
    fn holder_of(&mut self, permission: &Permission, relation: &Relation) -> Option<&mut Holder> {
        let given = relation.from() == Some(relation.party());
        let other = if given {
            &permission.to
        } else {
            &permission.from
        };
        Some(self.holder(other.as_ref()?))
    }

    fn holder(&mut self, entity: &CompactEntity) -> &mut Holder {
        let next = self.holders.len();
        let at = *self.at.entry(entity.id.clone()).or_insert(next);
        if at == next {
            self.holders.push(Holder::new(entity));
        }
        &mut self.holders[at]
    }
}

impl<'a> IntoIterator for &'a Held {
    type Item = &'a Holder;
    type IntoIter = slice::Iter<'a, Holder>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Holder {
    fn new(entity: &CompactEntity) -> Self {
        let organisation = entity.organisation_number.as_ref();
        Self {
            party: entity.id.clone(),
            name: entity.name.clone().unwrap_or_default(),
            kind: entity.kind.clone(),
            organisation_number: organisation.and_then(|number| number.checked().ok()),
            person_number: entity.person_number.as_ref().map(masked),
            through: None,
            roles: Vec::new(),
            revocable_roles: Vec::new(),
            packages: Vec::new(),
            resources: Vec::new(),
            instances: Vec::new(),
        }
    }

    /// The party UUID.
    #[must_use]
    pub fn party(&self) -> &PartyUuid {
        &self.party
    }

    /// The registered name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of party it is.
    #[must_use]
    pub fn kind(&self) -> Option<&EntityType> {
        self.kind.as_ref()
    }

    /// The organisation number of an organisation.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        self.organisation_number
    }

    /// The person number of a person, masked.
    #[must_use]
    pub fn masked_person_number(&self) -> Option<&str> {
        self.person_number.as_deref()
    }

    /// The party through which this one has access; `None` for one that is connected itself.
    #[must_use]
    pub fn through(&self) -> Option<&PartyUuid> {
        self.through.as_ref()
    }

    /// The codes of the roles held.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The codes of those roles that came from Altinn 2 and can be taken back.
    #[must_use]
    pub fn revocable_roles(&self) -> &[String] {
        &self.revocable_roles
    }

    /// The access packages held.
    #[must_use]
    pub fn packages(&self) -> &[HeldPackage] {
        &self.packages
    }

    /// The resources on which rights are held.
    #[must_use]
    pub fn resources(&self) -> &[HeldResource] {
        &self.resources
    }

    /// The single instances on which rights are held.
    #[must_use]
    pub fn instances(&self) -> &[HeldInstance] {
        &self.instances
    }

    /// Whether it is connected and nothing is given on the connection.
    #[must_use]
    pub fn is_empty_connection(&self) -> bool {
        self.roles.iter().any(|role| role == RIGHT_HOLDER)
            && self.packages.is_empty()
            && self.resources.is_empty()
            && self.instances.is_empty()
    }

    fn package(&mut self, package: &PackageUrn) -> &mut HeldPackage {
        let at = self
            .packages
            .iter()
            .position(|held| held.package == *package);
        let at = at.unwrap_or_else(|| {
            self.packages.push(HeldPackage {
                package: package.clone(),
                how: Vec::new(),
            });
            self.packages.len() - 1
        });
        &mut self.packages[at]
    }

    fn resource(&mut self, id: &ResourceId, name: Option<&str>) -> &mut HeldResource {
        let at = self.resources.iter().position(|held| held.resource == *id);
        let at = at.unwrap_or_else(|| {
            self.resources.push(HeldResource {
                resource: id.clone(),
                name: name.map(str::to_owned),
                how: Vec::new(),
                rights: None,
            });
            self.resources.len() - 1
        });
        &mut self.resources[at]
    }

    fn instance(
        &mut self,
        resource: &ResourceId,
        urn: &str,
        name: Option<&str>,
    ) -> &mut HeldInstance {
        let at = self
            .instances
            .iter()
            .position(|held| held.resource == *resource && held.instance == urn);
        let at = at.unwrap_or_else(|| {
            self.instances.push(HeldInstance {
                resource: resource.clone(),
                instance: urn.to_owned(),
                name: None,
                how: Vec::new(),
                rights: None,
            });
            self.instances.len() - 1
        });
        let held = &mut self.instances[at];
        if held.name.is_none() {
            held.name = name.map(str::to_owned);
        }
        held
    }
}

impl AsRef<PartyUuid> for Holder {
    fn as_ref(&self) -> &PartyUuid {
        &self.party
    }
}

impl HeldPackage {
    /// The access package.
    #[must_use]
    pub fn package(&self) -> &PackageUrn {
        &self.package
    }

    /// The ways in which it is held; none when the server did not say.
    #[must_use]
    pub fn how(&self) -> &[How] {
        &self.how
    }

    /// Whether it was given directly, and so can be taken back here.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.how.iter().any(How::is_direct)
    }
}

impl HeldResource {
    /// The resource's id in the resource registry.
    #[must_use]
    pub fn resource(&self) -> &ResourceId {
        &self.resource
    }

    /// The resource's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The ways in which it is held; none when the server did not say.
    #[must_use]
    pub fn how(&self) -> &[How] {
        &self.how
    }

    /// Each right, when one receiver was asked about.
    #[must_use]
    pub fn rights(&self) -> Option<&[HeldRight]> {
        self.rights.as_deref()
    }
}

impl HeldInstance {
    /// The resource that it is an instance of.
    #[must_use]
    pub fn resource(&self) -> &ResourceId {
        &self.resource
    }

    /// The instance as a URN; [`InstanceUrn`] reads those that Altinn takes.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The resource's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The ways in which it is held; none when the server did not say.
    #[must_use]
    pub fn how(&self) -> &[How] {
        &self.how
    }

    /// Each right, when one receiver was asked about.
    #[must_use]
    pub fn rights(&self) -> Option<&[HeldRight]> {
        self.rights.as_deref()
    }
}

impl HeldRight {
    pub(crate) fn all(rights: &RightsOn) -> Vec<Self> {
        let read = |direct| {
            move |permission: &RightPermission| {
                let right = permission.right.as_ref()?;
                // what opens it may have been given directly; the right itself was not
                let how = permission.permissions.iter().map(|permission| How {
                    is_direct: direct,
                    ..How::of(permission)
                });
                Some(Self {
                    key: right.key.clone(),
                    name: right.name.clone(),
                    action: action_of(right).map(str::to_owned),
                    direct,
                    how: how.collect(),
                })
            }
        };
        let direct = rights.direct.iter().filter_map(read(true));
        direct
            .chain(rights.indirect.iter().filter_map(read(false)))
            .collect()
    }

    /// The opaque key.
    #[must_use]
    pub fn key(&self) -> &RightKey {
        &self.key
    }

    /// The right's name, in the client's language.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The action (`read`).
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// Whether it was given directly, and so can be taken back here.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// The ways in which it is held; none when the server did not say.
    #[must_use]
    pub fn how(&self) -> &[How] {
        &self.how
    }
}

impl fmt::Display for How {
    /// `given directly`, `through` somebody, `by` something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |reason| self.reasons.contains(&reason);
        match (self.is_direct, &self.via, self.role.as_deref()) {
            (true, _, _) => f.write_str("given directly"),
            (false, Some(via), _) => write!(f, "through {via}"),
            (false, None, Some(role)) if role != RIGHT_HOLDER => write!(f, "by the role {role}"),
            _ if has(AccessReasonName::Parent) => f.write_str("through the main unit"),
            _ if has(AccessReasonName::KeyRole) => f.write_str("by a key role"),
            _ if has(AccessReasonName::ClientDelegation) => f.write_str("by client delegation"),
            (false, None, Some(_)) => f.write_str("by an access package"),
            (false, None, None) => f.write_str("in another way"),
        }
    }
}

impl How {
    pub(crate) fn of(permission: &Permission) -> Self {
        Self {
            reasons: permission
                .reason
                .iter()
                .flat_map(|reason| &reason.items)
                .filter_map(|item| item.name.clone())
                .collect(),
            role: permission.role.as_ref().and_then(code_of),
            via: permission.via.as_ref().and_then(|via| via.name.clone()),
            is_direct: is_direct(permission),
        }
    }

    /// The server's reasons.
    #[must_use]
    pub fn reasons(&self) -> &[AccessReasonName] {
        &self.reasons
    }

    /// The code of the role that carries it; `rettighetshaver` for what was given.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The name of the party through which it is held.
    #[must_use]
    pub fn via(&self) -> Option<&str> {
        self.via.as_deref()
    }

    /// Whether it was given directly to the one who holds it.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.is_direct
    }
}

/// Given to this receiver itself. What was given directly to another party through which this one
/// holds it has the same reason and a `via`.
pub(crate) fn is_direct(permission: &Permission) -> bool {
    let says_direct = |reason: &AccessReason| {
        reason.flag.is_some_and(|flag| flag & DIRECT != 0)
            || reason
                .items
                .iter()
                .any(|item| item.name == Some(AccessReasonName::Direct))
    };
    // a permission without a reason is taken for given when no other role carries it
    let is_own = || {
        let role = permission.role.as_ref().and_then(code_of);
        role.is_none_or(|role| role == RIGHT_HOLDER)
    };
    permission.via.is_none() && permission.reason.as_ref().map_or_else(is_own, says_direct)
}

pub(crate) fn code_of(role: &CompactRole) -> Option<String> {
    let code = role.code.as_deref().or(role.urn.as_deref())?;
    Some(crate::altinn3::parties::role_code(code))
}
