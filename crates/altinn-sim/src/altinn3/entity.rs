//! The parties as Altinn 3 knows them, and the compact forms in which it writes what it knows.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{AccessPackage, ClientRole, Organisation, Person, Resource, SystemUser, World};

/// A party that can give or hold something in Altinn 3.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entity<'w> {
    Organisation(&'w Organisation),
    Person(&'w Person),
    SystemUser(&'w SystemUser),
}

impl<'w> Entity<'w> {
    pub(super) fn find(world: &'w World, id: Uuid) -> Option<Self> {
        let organisation = world.organisation_by_uuid(id).map(Self::Organisation);
        organisation
            .or_else(|| world.person_by_uuid(id).map(Self::Person))
            .or_else(|| {
                world
                    .system_user(id)
                    .filter(|u| is_in_use(u))
                    .map(Self::SystemUser)
            })
    }

    /// Everyone there is.
    pub(super) fn all(world: &'w World) -> impl Iterator<Item = Self> {
        let organisations = world.organisations.iter().map(Self::Organisation);
        let people = world.persons.iter().map(Self::Person);
        let system_users = world
            .system_users
            .iter()
            .filter(|u| is_in_use(u))
            .map(Self::SystemUser);
        organisations.chain(people).chain(system_users)
    }

    pub(super) fn id(self) -> Uuid {
        match self {
            Self::Organisation(o) => o.party_uuid,
            Self::Person(p) => p.party_uuid,
            Self::SystemUser(u) => u.id,
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Organisation(o) => o.name.clone(),
            Self::Person(p) => format!("{} {}", p.first_name, p.last_name),
            Self::SystemUser(u) => u.title.clone(),
        }
    }

    /// The main unit of a sub-unit.
    pub(super) fn parent(self, world: &'w World) -> Option<&'w Organisation> {
        match self {
            Self::Organisation(o) => world.organisation(o.parent.as_deref()?),
            _ => None,
        }
    }

    fn kind_and_variant(self) -> (&'static str, &'w str) {
        match self {
            Self::Organisation(o) => ("Organisasjon", o.form.as_str()),
            Self::Person(_) => ("Person", "Person"),
            Self::SystemUser(u) if u.agent => ("Systembruker", "AgentSystem"),
            Self::SystemUser(_) => ("Systembruker", "StandardSystem"),
        }
    }

    fn organisation_number(self) -> Option<&'w str> {
        match self {
            Self::Organisation(o) => Some(&o.number),
            _ => None,
        }
    }

    /// SimplifiedPartyDto.
    pub(super) fn simplified(self) -> Value {
        let (kind, variant) = self.kind_and_variant();
        json!({
            "id": self.id(),
            "name": self.name(),
            "type": kind,
            "variant": variant,
            "organizationIdentifier": self.organisation_number(),
            "isDeleted": false,
            "deletedAt": null,
        })
    }

    /// CompactEntityDto (wire facts, Altinn 3 §2.3); nulls are written.
    pub(super) fn compact(self, world: &'w World) -> Value {
        let (kind, variant) = self.kind_and_variant();
        let person = if let Self::Person(p) = self {
            Some(p)
        } else {
            None
        };
        let organisation = if let Self::Organisation(o) = self {
            Some(o)
        } else {
            None
        };
        json!({
            "id": self.id(),
            "name": self.name(),
            "type": kind,
            "variant": variant,
            "parent": self.parent(world).map(|o| Self::Organisation(o).compact(world)),
            "children": null,
            "partyid": person.map(|p| p.party_id).or(organisation.map(|o| o.party_id)),
            "userId": person.map(|p| p.user_id),
            "username": person.and_then(|p| p.user_name.as_deref()),
            "organizationIdentifier": organisation.map(|o| o.number.as_str()),
            "personIdentifier": person.map(|p| p.number.expose()),
            "dateOfBirth": person.and_then(date_of_birth),
            "dateOfDeath": null,
            "isDeleted": false,
            "deletedAt": null,
        })
    }
}

fn is_in_use(user: &SystemUser) -> bool {
    user.approved && !user.deleted
}

/// The date of birth that a person number begins with, as `yyyy-MM-dd`.
pub(super) fn date_of_birth(person: &Person) -> Option<String> {
    let digits = person.number.expose();
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let (day, month, year, serial) = (part(0..2)?, part(2..4)?, part(4..6)?, part(6..9)?);
    let day = if day > 40 { day - 40 } else { day };
    let month = [80, 65, 40]
        .into_iter()
        .find(|shift| month > *shift)
        .map_or(month, |s| month - s);
    let century = match serial {
        500..=749 if year >= 54 => 1800,
        500..=999 if year < 40 => 2000,
        _ => 1900,
    };
    Some(format!("{:04}-{month:02}-{day:02}", century + year))
}

/// A role as Altinn 3 names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) id: Uuid,
    pub(super) code: String,
    /// Altinn 2's code of the same role, upper case.
    pub(super) legacy_code: Option<String>,
    pub(super) name: String,
    pub(super) description: String,
}

/// The id of the base relation (wire facts, Altinn 3 §2.5).
const RIGHTHOLDER: Uuid = uuid::uuid!("42cae370-2dc1-4fdc-9c67-c2f4b0f0f829");

const SUPPLIER: Uuid = uuid::uuid!("0b2c9f4e-7a5d-4b1c-8f60-3d9e2a7c4b88");
const AGENT: Uuid = uuid::uuid!("5d3f4f0a-1d0b-4a54-9c35-0b1b9b7b6f0e");

impl Role {
    /// The base relation that a connection creates (*rettighetshaver*).
    pub(super) fn rightholder() -> Self {
        Self {
            id: RIGHTHOLDER,
            code: "rettighetshaver".to_owned(),
            legacy_code: None,
            name: "Rettighetshaver".to_owned(),
            description: "Gir mulighet for å motta delegerte fullmakter for virksomheten"
                .to_owned(),
        }
    }

    /// The role that a register gives, where Altinn 3 knows it.
    pub(super) fn of_register(world: &World, code: &str) -> Option<Self> {
        let definition = world.role_definition_by_code(code)?;
        Some(Self {
            id: definition.altinn3_id?,
            code: definition.altinn3_code.clone()?,
            legacy_code: Some(definition.code.clone()),
            name: definition.name.clone(),
            description: definition.description.clone(),
        })
    }

    /// The relation of an agent to its provider. Its id is not among the wire facts.
    pub(super) fn agent() -> Self {
        Self {
            id: AGENT,
            code: "agent".to_owned(),
            legacy_code: None,
            name: "Agent".to_owned(),
            description: "Gir mulighet for å få delegert fullmakter for klienter".to_owned(),
        }
    }

    /// The relation of a supplier of Maskinporten's scopes to its consumer. How the real one is called
    /// is not among the wire facts.
    pub(super) fn supplier() -> Self {
        Self {
            id: SUPPLIER,
            code: "supplier".to_owned(),
            legacy_code: None,
            name: "Leverandør".to_owned(),
            description: "Gir mulighet for å få delegert API-tilganger".to_owned(),
        }
    }

    /// A role that a provider has for its clients by register.
    pub(super) fn of_client(role: &ClientRole) -> Self {
        Self {
            id: role.id,
            code: role.code.clone(),
            legacy_code: Some(role.legacy_code.clone()),
            name: role.name.clone(),
            description: role.description.clone(),
        }
    }

    /// The role with this code or URN, among those in which something can be held for a client.
    pub(super) fn named(world: &World, name: &str) -> Option<Self> {
        let code = name.strip_prefix("urn:altinn:role:").unwrap_or(name);
        let rightholder = Self::rightholder();
        if rightholder.code.eq_ignore_ascii_case(code) {
            return Some(rightholder);
        }
        let mut roles = world.client_roles.iter();
        let role = roles.find(|r| r.code.eq_ignore_ascii_case(code))?;
        Some(Self::of_client(role))
    }

    /// Holds everything of the party implicitly: the general manager, and each for oneself.
    pub(super) fn holds_everything(&self) -> bool {
        matches!(self.legacy_code.as_deref(), Some("DAGL" | "PRIV"))
    }

    pub(super) fn urn(&self) -> String {
        format!("urn:altinn:role:{}", self.code)
    }

    fn legacy_urn(&self) -> Option<String> {
        self.legacy_code
            .as_ref()
            .map(|code| format!("urn:altinn:rolecode:{code}"))
    }

    /// CompactRoleDto, with the server's stray blank in a member name.
    pub(super) fn compact(&self) -> Value {
        json!({
            "id": self.id,
            "code": self.code,
            "urn": self.urn(),
            "legacyurn ": self.legacy_urn(),
            "children": null,
        })
    }

    /// RoleDto.
    pub(super) fn full(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "code": self.code,
            "description": self.description,
            "isKeyRole": self.legacy_code.as_deref() == Some("DAGL"),
            "urn": self.urn(),
            "legacyRoleCode": self.legacy_code,
            "legacyUrn": self.legacy_urn(),
            "isResourcePolicyAvailable": self.legacy_code.is_some(),
            "provider": null,
        })
    }
}

/// CompactPackageDto.
pub(super) fn package(package: &AccessPackage) -> Value {
    json!({ "id": package.id, "urn": package.urn(), "areaId": package.area_id })
}

/// ResourceDto.
pub(super) fn resource(world: &World, resource: &Resource) -> Value {
    let owner = world
        .service_owners
        .iter()
        .find(|owner| owner.code == resource.owner);
    let provider = owner.and_then(|owner| world.organisation(&owner.organisation));
    json!({
        "id": resource.uuid,
        "providerId": provider.map(|o| o.party_uuid),
        "typeId": RESOURCE_TYPE,
        "name": resource.name,
        "description": resource.description,
        "refId": resource.id,
        "provider": owner.zip(provider).map(|(owner, organisation)| json!({
            "id": organisation.party_uuid,
            "name": owner.name,
            "refId": organisation.number,
            "logoUrl": null,
            "code": owner.code,
            "type": null,
        })),
        "type": { "id": RESOURCE_TYPE, "name": resource.resource_type },
    })
}

const RESOURCE_TYPE: Uuid = uuid::uuid!("c2b1a0f9-e8d7-4c6b-95a4-f3e2d1c0b9a8");

/// Why somebody has access (wire facts, Altinn 3 §2.3, AccessReason).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Direct,
    ClientDelegation,
    RoleMap,
    Parent,
}

impl Reason {
    pub(super) fn dto(self) -> Value {
        let (flag, name, description) = match self {
            Self::Direct => (1, "direct", "Access is given directly"),
            Self::ClientDelegation => (
                2,
                "client-delegation",
                "Access is given by a provider for its client",
            ),
            Self::RoleMap => (8, "rolemap", "Access follows from a role"),
            Self::Parent => (16, "parent", "Access is inherited from the main unit"),
        };
        json!({ "flag": flag, "items": [{ "name": name, "description": description }] })
    }
}
