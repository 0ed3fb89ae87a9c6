//! Altinn 2: roles and single rights, and what follows from a role.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::world::{App, AppRule, RoleDefinition, RoleKind, Service, ServiceRight, World};

/// Ids of roles and rights that are delegated while the simulator runs begin here.
const FIRST_ROLE_ID: i64 = 60_000_001;
const FIRST_RIGHT_ID: i64 = 70_000_001;
/// Ids of roles that a register gives begin here.
const FIRST_REGISTER_ROLE_ID: i64 = 50_000_001;
/// Ids of role definitions that an organisation makes for itself begin here.
const FIRST_LOCAL_ROLE: i64 = 800_001;
/// Register roles whose holder has what the organisation has (nøkkelroller).
const KEY_ROLES: [&str; 1] = ["DAGL"];
/// Ids of the rules that make up a role begin here.
const FIRST_RULE_ID: i64 = 10_000_001;

/// A role that one party gave another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DelegatedRole {
    pub(crate) id: i64,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) definition: i64,
    pub(crate) delegator: String,
    pub(crate) at: Timestamp,
}

/// A single right that one party gave another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DelegatedRight {
    pub(crate) id: i64,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) service: String,
    pub(crate) edition: i64,
    pub(crate) action: String,
}

/// A right to an app that one party gave another.
#[derive(Clone, Debug)]
pub(crate) struct DelegatedAppRight {
    pub(crate) guid: Uuid,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) app: i64,
    pub(crate) rule: AppRule,
}

/// A right to an app as one holds it.
#[derive(Clone, Debug)]
pub(crate) struct HeldAppRight<'w> {
    /// The rule's guid, on one that was given as such, and so is deletable.
    pub(crate) guid: Option<Uuid>,
    pub(crate) app: &'w App,
    pub(crate) rule: AppRule,
}

/// A role as one holds it.
#[derive(Clone, Debug)]
pub(crate) struct HeldRole<'w> {
    /// Absent on a role that is inherited from the main unit.
    pub(crate) id: Option<i64>,
    pub(crate) definition: &'w RoleDefinition,
    /// Who gave it, on a role that was delegated.
    pub(crate) delegated: Option<(String, Timestamp)>,
}

/// A right as one holds it.
#[derive(Clone, Debug)]
pub(crate) struct HeldRight<'w> {
    pub(crate) id: i64,
    pub(crate) service: &'w Service,
    pub(crate) action: String,
    /// Given as a single right, and so deletable.
    pub(crate) direct: bool,
}

/// Why something was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRevoked {
    /// Nothing has this id.
    Unknown,
    /// It comes from a register or from a role.
    NotDelegated,
}

/// What is delegated in Altinn 2.
#[derive(Debug)]
pub(crate) struct Delegations {
    roles: Vec<DelegatedRole>,
    rights: Vec<DelegatedRight>,
    app_rights: Vec<DelegatedAppRight>,
    next_role: i64,
    next_right: i64,
    next_definition: i64,
}

impl Delegations {
    pub(super) fn new() -> Self {
        Self {
            roles: Vec::new(),
            rights: Vec::new(),
            app_rights: Vec::new(),
            next_role: FIRST_ROLE_ID,
            next_right: FIRST_RIGHT_ID,
            next_definition: FIRST_LOCAL_ROLE,
        }
    }

    pub(super) fn give_role_codes(
        &mut self,
        world: &World,
        from: Uuid,
        to: Uuid,
        codes: &[String],
        now: Timestamp,
    ) {
        for code in codes {
            if let Some(role) = world.role_definition_by_code(code) {
                self.give_role(from, to, role.id, "", now);
            }
        }
    }

    /// Gives a role; one that is held already stays as it is.
    pub(crate) fn give_role(
        &mut self,
        from: Uuid,
        to: Uuid,
        definition: i64,
        delegator: &str,
        at: Timestamp,
    ) {
        let held = |r: &DelegatedRole| r.from == from && r.to == to && r.definition == definition;
        if !self.roles.iter().any(held) {
            let id = self.next_role;
            self.next_role += 1;
            let delegator = delegator.to_owned();
            self.roles.push(DelegatedRole {
                id,
                from,
                to,
                definition,
                delegator,
                at,
            });
        }
    }

    /// Gives a single right; one that is held already stays as it is.
    pub(crate) fn give_right(&mut self, from: Uuid, to: Uuid, service: &Service, action: &str) {
        let held = |r: &DelegatedRight| {
            (r.from, r.to, r.edition) == (from, to, service.edition)
                && r.service == service.code
                && r.action == action
        };
        if !self.rights.iter().any(held) {
            let id = self.next_right;
            self.next_right += 1;
            self.rights.push(DelegatedRight {
                id,
                from,
                to,
                service: service.code.clone(),
                edition: service.edition,
                action: action.to_owned(),
            });
        }
    }

    /// Gives a right to an app; one that is held already stays as it is.
    pub(crate) fn give_app_right(&mut self, from: Uuid, to: Uuid, app: i64, rule: AppRule) {
        let held = |r: &DelegatedAppRight| (r.from, r.to, r.app, &r.rule) == (from, to, app, &rule);
        if !self.app_rights.iter().any(held) {
            self.app_rights.push(DelegatedAppRight {
                guid: Uuid::new_v4(),
                from,
                to,
                app,
                rule,
            });
        }
    }

    /// The id of the next role definition that an organisation makes for itself.
    pub(crate) fn next_role_definition(&mut self, world: &World) -> i64 {
        while world.role_definition(self.next_definition).is_some() {
            self.next_definition += 1;
        }
        let id = self.next_definition;
        self.next_definition += 1;
        id
    }

    /// Takes back every role of a definition that is no more.
    pub(crate) fn forget_role_definition(&mut self, id: i64) {
        self.roles.retain(|role| role.definition != id);
    }

    /// Takes back everything that somebody has who is no more.
    pub(crate) fn forget_party(&mut self, party: Uuid) {
        self.roles.retain(|r| r.to != party);
        self.rights.retain(|r| r.to != party);
        self.app_rights.retain(|r| r.to != party);
    }

    /// Takes a right to an app back.
    pub(crate) fn revoke_app_right(
        &mut self,
        from: Uuid,
        to: Uuid,
        app: i64,
        guid: Uuid,
    ) -> Result<(), NotRevoked> {
        let count = self.app_rights.len();
        self.app_rights
            .retain(|r| (r.guid, r.from, r.to, r.app) != (guid, from, to, app));
        if self.app_rights.len() < count {
            Ok(())
        } else {
            Err(NotRevoked::Unknown)
        }
    }

    /// Takes a role back.
    pub(crate) fn revoke_role(
        &mut self,
        world: &World,
        from: Uuid,
        to: Uuid,
        id: i64,
    ) -> Result<(), NotRevoked> {
        let count = self.roles.len();
        self.roles
            .retain(|role| !(role.id == id && role.from == from && role.to == to));
        if self.roles.len() < count {
            Ok(())
        } else if self
            .roles_of(world, from, to)
            .iter()
            .any(|role| role.id == Some(id))
        {
            Err(NotRevoked::NotDelegated)
        } else {
            Err(NotRevoked::Unknown)
        }
    }

    /// Takes a single right back.
    pub(crate) fn revoke_right(
        &mut self,
        world: &World,
        from: Uuid,
        to: Uuid,
        id: i64,
    ) -> Result<(), NotRevoked> {
        let count = self.rights.len();
        self.rights
            .retain(|right| !(right.id == id && right.from == from && right.to == to));
        if self.rights.len() < count {
            Ok(())
        } else if self
            .rights_of(world, from, to)
            .iter()
            .any(|right| right.id == id)
        {
            Err(NotRevoked::NotDelegated)
        } else {
            Err(NotRevoked::Unknown)
        }
    }

    /// The roles that `to` holds for `from`: from the register, inherited from the main unit,
    /// delegated.
    pub(crate) fn roles_of<'w>(&self, world: &'w World, from: Uuid, to: Uuid) -> Vec<HeldRole<'w>> {
        let mut held = Vec::new();
        let organisation = world.organisation_by_uuid(from);
        let person = world.person_by_uuid(to);
        if let (Some(organisation), Some(person)) = (organisation, person) {
            for (index, entry) in world.register_roles.iter().enumerate() {
                let own = entry.organisation == organisation.number;
                let inherited = organisation.parent.as_ref() == Some(&entry.organisation);
                if (own || inherited)
                    && entry.person == person.number
                    && let Some(definition) = world.role_definition_by_code(&entry.role)
                {
                    let id = i64::try_from(index).unwrap_or(0) + FIRST_REGISTER_ROLE_ID;
                    held.push(HeldRole {
                        id: own.then_some(id),
                        definition,
                        delegated: None,
                    });
                }
            }
        }
        if from == to
            && person.is_some()
            && let Some(definition) = world.role_definition_by_code("PRIV")
        {
            held.push(HeldRole {
                id: None,
                definition,
                delegated: None,
            });
        }
        let parent = organisation
            .and_then(|o| o.parent.as_deref())
            .and_then(|number| world.organisation(number))
            .map(|o| o.party_uuid);
        for role in &self.roles {
            let own = role.from == from;
            if role.to == to
                && (own || parent == Some(role.from))
                && let Some(definition) = world.role_definition(role.definition)
            {
                held.push(HeldRole {
                    id: own.then_some(role.id),
                    definition,
                    delegated: own.then(|| (role.delegator.clone(), role.at)),
                });
            }
        }
        held
    }

    /// The rights that `to` holds for `from`: those that follow from roles first, then single ones.
    pub(crate) fn rights_of<'w>(
        &self,
        world: &'w World,
        from: Uuid,
        to: Uuid,
    ) -> Vec<HeldRight<'w>> {
        let mut held: Vec<HeldRight<'w>> = Vec::new();
        let mut seen = HashSet::new();
        for role in self.roles_of(world, from, to) {
            for (id, service, action) in rules(world, role.definition) {
                if seen.insert(id) {
                    held.push(HeldRight {
                        id,
                        service,
                        action: action.to_owned(),
                        direct: false,
                    });
                }
            }
        }
        for right in self
            .rights
            .iter()
            .filter(|right| right.from == from && right.to == to)
        {
            if let Some(service) = world.service(&right.service, right.edition) {
                let action = right.action.clone();
                held.push(HeldRight {
                    id: right.id,
                    service,
                    action,
                    direct: true,
                });
            }
        }
        held
    }

    /// The rights to apps that `to` holds for `from`: those that follow from roles first.
    pub(crate) fn app_rights_of<'w>(
        &self,
        world: &'w World,
        from: Uuid,
        to: Uuid,
    ) -> Vec<HeldAppRight<'w>> {
        let roles = self.roles_of(world, from, to);
        let by_role = world
            .apps
            .iter()
            .filter(|app| roles.iter().any(|r| app.roles.contains(&r.definition.code)));
        let by_role = by_role.flat_map(|app| {
            app.rules.iter().map(move |rule| HeldAppRight {
                guid: None,
                app,
                rule: rule.clone(),
            })
        });
        let direct = self
            .app_rights
            .iter()
            .filter(|right| right.from == from && right.to == to)
            .filter_map(|right| {
                Some(HeldAppRight {
                    guid: Some(right.guid),
                    app: world.apps.iter().find(|app| app.id == right.app)?,
                    rule: right.rule.clone(),
                })
            });
        by_role.chain(direct).collect()
    }

    /// Whether `to` holds single rights for `from`; they show as a pseudo role.
    pub(crate) fn has_single_rights(&self, from: Uuid, to: Uuid) -> bool {
        let rights = self.rights.iter().map(|r| (r.from, r.to));
        let app_rights = self.app_rights.iter().map(|r| (r.from, r.to));
        rights.chain(app_rights).any(|pair| pair == (from, to))
    }

    /// Those who have access to `from` through a key role in an organisation that holds something.
    pub(crate) fn key_role_holders(&self, world: &World, from: Uuid) -> Vec<Uuid> {
        let holds = |number: &str| {
            let organisation = world.organisation(number).map(|o| o.party_uuid);
            organisation.is_some_and(|to| to != from && self.holds_anything(world, from, to))
        };
        world
            .register_roles
            .iter()
            .filter(|r| KEY_ROLES.contains(&r.role.as_str()) && holds(&r.organisation))
            .filter_map(|r| world.person(r.person.expose()).map(|p| p.party_uuid))
            .collect()
    }

    /// Everyone who holds something for `from`, register roles included; itself not.
    pub(crate) fn holders(&self, world: &World, from: Uuid) -> Vec<Uuid> {
        let people = world.persons.iter().map(|p| p.party_uuid);
        let organisations = world.organisations.iter().map(|o| o.party_uuid);
        let enterprise_users = world.enterprise_users.iter().map(|u| u.party_uuid);
        people
            .chain(organisations)
            .chain(enterprise_users)
            .filter(|to| *to != from && self.holds_anything(world, from, *to))
            .collect()
    }

    /// Whether `to` holds any role or right for `from`.
    pub(crate) fn holds_anything(&self, world: &World, from: Uuid, to: Uuid) -> bool {
        self.has_single_rights(from, to) || !self.roles_of(world, from, to).is_empty()
    }
}

/// The rights that make up a role, each with its rule's id.
pub(crate) fn rules<'w>(
    world: &'w World,
    definition: &'w RoleDefinition,
) -> impl Iterator<Item = (i64, &'w Service, &'w str)> {
    let everything = definition.code == "PRIV" && definition.kind == RoleKind::External;
    let local = |service: &Service, action: &str| {
        let has = |r: &ServiceRight| {
            (r.edition, r.action.as_str()) == (service.edition, action) && r.service == service.code
        };
        definition.rights.iter().any(has)
    };
    let services = world.services.iter().enumerate();
    services.flat_map(move |(index, service)| {
        let base = FIRST_RULE_ID + definition.id * 1_000;
        // What no role gives, a private person has not got either.
        let given = (everything && !service.roles.is_empty())
            || (definition.kind != RoleKind::Local && service.roles.contains(&definition.code));
        let actions = service.actions.iter().enumerate();
        actions
            .filter(move |(_, action)| given || local(service, action))
            .map(move |(n, action)| {
                let offset = i64::try_from(index * 10 + n).unwrap_or(0);
                (base + offset, service, action.as_str())
            })
    })
}
