//! From numbers to party UUIDs, as far as there is a way.

use std::fmt;
use std::str::FromStr;
use std::{slice, vec};

use http_transport::{Diagnosis, Remedy, Who};
use norwegian_ids::{
    OrganisationNumber, PersonNumber, ReceivedOrganisationNumber, ReceivedPersonNumber,
};
use serde::Serialize;
use serde::ser::SerializeStruct as _;

use crate::altinn3::client::Client;
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::models::{AuthorizedParty, CompactEntity, Connection, ResourceId};
use crate::altinn3::relation::Relation;
use crate::altinn3::scopes;
use crate::wire::{OpenEnum as _, PartyUuid};
use crate::{Error, ErrorKind};

impl Client {
    /// The parties one may act for, sub-units among them. `GET authorizedparties`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] before anything is sent; else as the server refuses.
    pub async fn parties(&self) -> Result<Parties, Error> {
        self.parties_with(&PartiesQuery::new()).await
    }

    /// As [`parties`](Self::parties), with more told of each, or fewer of them.
    ///
    /// # Errors
    ///
    /// As [`parties`](Self::parties).
    pub async fn parties_with(&self, query: &PartiesQuery) -> Result<Parties, Error> {
        const OPERATION: &str = "list the parties one may act for";
        self.require(OPERATION, scopes::AUTHORIZED_PARTIES)?;
        let mut address = self.address("authorizedparties");
        for name in &query.include {
            address = address.query(name, true);
        }
        for (name, wanted) in &query.tri_state {
            address = address.query(name, wanted);
        }
        for party in &query.parties {
            address = address.query("partyFilter", party);
        }
        for resource in &query.resources {
            address = address.query("anyOfResourceIds", resource);
        }
        Ok(Parties::of(self.list(OPERATION, &address).await?))
    }

    /// Looks for a number among the parties one may act for, and then among their connections. It
    /// creates nothing.
    ///
    /// The connections are read in the directions that the session has scopes for, one call each
    /// for every party, until the number is found.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownParty`] when the number is none of these. Altinn 3 has no look-up from a
    /// number to a UUID beyond them; the remedy says how a party becomes visible.
    pub async fn resolve(&self, identity: &Identity) -> Result<Found, Error> {
        let parties = self.parties().await?;
        if let Some(party) = parties.iter().find(|party| party.is(identity)) {
            return Ok(Found {
                uuid: party.uuid().clone(),
                name: party.name().to_owned(),
                identity: identity.clone(),
                connected_to: None,
            });
        }
        for party in parties.iter().filter(|party| party.has_access()) {
            let relations = [Relation::given_by(party), Relation::received_by(party)];
            for relation in relations
                .iter()
                .filter(|relation| self.may(relation.read_scope()))
            {
                let connections = match self.connections(relation, Include::parties()).await {
                    Ok(connections) => connections,
                    // not everyone who may act for a party may see its connections
                    Err(error) if error.kind() == ErrorKind::Forbidden => continue,
                    Err(error) => return Err(error),
                };
                if let Some(entity) = find(&connections, identity) {
                    return Ok(Found {
                        uuid: entity.id.clone(),
                        name: entity.name.clone().unwrap_or_default(),
                        identity: identity.clone(),
                        connected_to: Some(party.uuid().clone()),
                    });
                }
            }
        }
        Err(unknown(identity))
    }
}

fn unknown(identity: &Identity) -> Error {
    let (summary, action) = match identity {
        Identity::Organisation(number) => (
            format!("{number} is none of the parties or connections that can be seen here"),
            "ask the organisation for its party UUID, or let it make you one of its parties; Altinn 3 has no look-up from an organisation number to a UUID",
        ),
        Identity::Person(number) => (
            format!(
                "{} is none of the parties or connections that can be seen here",
                number.masked()
            ),
            "to give the person something, name them by number and last name (altinn rights grant --to NUMBER --last-name NAME): that makes the connection, and its answer has the UUID",
        ),
    };
    let diagnosis = Diagnosis::new("find the party of a number")
        .with_message(&summary)
        .with_remedy(Remedy::new(Who::You, action));
    Error::new(ErrorKind::UnknownParty, summary, diagnosis)
}

fn find<'a>(connections: &'a [Connection], identity: &Identity) -> Option<&'a CompactEntity> {
    connections.iter().find_map(|connection| {
        connection
            .party
            .as_ref()
            .filter(|entity| {
                identity.is(
                    entity.organisation_number.as_ref(),
                    entity.person_number.as_ref(),
                )
            })
            .or_else(|| find(&connection.connections, identity))
    })
}

fn flatten(mut party: AuthorizedParty, parent: Option<&PartyUuid>, into: &mut Vec<Party>) {
    let subunits = std::mem::take(&mut party.subunits);
    if party.parent.is_none() {
        party.parent = parent.cloned();
    }
    let uuid = party.party_uuid.clone();
    into.push(Party(party));
    for subunit in subunits {
        flatten(subunit, Some(&uuid), into);
    }
}

/// What to ask for with the parties one may act for.
///
/// Whether parties come through key roles, with sub-units and with inactive ones is the user's own
/// setting unless it is given here; for system users all come.
#[derive(Debug, Clone, Default)]
pub struct PartiesQuery {
    include: Vec<&'static str>,
    tri_state: Vec<(&'static str, bool)>,
    parties: Vec<PartyUuid>,
    resources: Vec<ResourceId>,
}

impl PartiesQuery {
    /// Names and numbers of all parties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the roles that are held for each.
    #[must_use]
    pub fn with_roles(self) -> Self {
        self.including("includeRoles")
    }

    /// With the access packages that are held for each.
    #[must_use]
    pub fn with_packages(self) -> Self {
        self.including("includeAccessPackages")
    }

    /// With the resources on which single rights are held for each.
    #[must_use]
    pub fn with_resources(self) -> Self {
        self.including("includeResources")
    }

    /// With the instances on which single rights are held for each.
    #[must_use]
    pub fn with_instances(self) -> Self {
        self.including("includeInstances")
    }

    /// Whether parties that come through a key role in another organisation are listed.
    #[must_use]
    pub fn via_key_roles(mut self, wanted: bool) -> Self {
        self.tri_state.push(("includePartiesViaKeyRoles", wanted));
        self
    }

    /// Whether sub-units are listed.
    #[must_use]
    pub fn sub_units(mut self, wanted: bool) -> Self {
        self.tri_state.push(("includeSubParties", wanted));
        self
    }

    /// Whether deleted and inactive parties are listed.
    #[must_use]
    pub fn inactive(mut self, wanted: bool) -> Self {
        self.tri_state.push(("includeInactiveParties", wanted));
        self
    }

    /// This party only; given again, that one too.
    #[must_use]
    pub fn only(mut self, party: impl AsRef<PartyUuid>) -> Self {
        self.parties.push(party.as_ref().clone());
        self
    }

    /// Only parties for which something is held on this resource; given again, on any of them.
    #[must_use]
    pub fn any_of_resources(mut self, resource: impl Into<ResourceId>) -> Self {
        self.resources.push(resource.into());
        self
    }

    fn including(mut self, name: &'static str) -> Self {
        self.include.push(name);
        self
    }
}

/// The parties one may act for, main units and sub-units in one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Parties(Vec<Party>);

impl Parties {
    /// Each party of an answer, before its sub-units.
    pub(crate) fn of(found: Vec<AuthorizedParty>) -> Self {
        let mut parties = Vec::new();
        for party in found {
            flatten(party, None, &mut parties);
        }
        Self(parties)
    }

    /// One by one, each main unit before its sub-units.
    pub fn iter(&self) -> slice::Iter<'_, Party> {
        self.0.iter()
    }
}

impl IntoIterator for Parties {
    type Item = Party;
    type IntoIter = vec::IntoIter<Party>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Parties {
    type Item = &'a Party;
    type IntoIter = slice::Iter<'a, Party>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Someone one may act for (avgiver). Goes wherever a party UUID goes.
///
/// As JSON its person number is masked.
#[derive(Debug, Clone, PartialEq)]
pub struct Party(AuthorizedParty);

impl Party {
    /// The party UUID.
    #[must_use]
    pub fn uuid(&self) -> &PartyUuid {
        &self.0.party_uuid
    }

    /// The registered name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or_default()
    }

    /// The organisation number, when it is an organisation with a valid one.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationNumber> {
        self.0.organisation_number.as_ref()?.checked().ok()
    }

    /// The number of an organisation as it came, or of a person, masked.
    #[must_use]
    pub fn number(&self) -> Option<String> {
        let organisation = self.0.organisation_number.as_ref();
        organisation
            .map(|number| number.as_str().to_owned())
            .or_else(|| self.0.person_number.as_ref().map(masked))
    }

    /// Whether it has this number.
    #[must_use]
    pub fn is(&self, identity: &Identity) -> bool {
        identity.is(
            self.0.organisation_number.as_ref(),
            self.0.person_number.as_ref(),
        )
    }

    /// The main unit, when this is a sub-unit.
    #[must_use]
    pub fn parent(&self) -> Option<&PartyUuid> {
        self.0.parent.as_ref()
    }

    /// False for a main unit that is listed for the sake of a sub-unit only.
    #[must_use]
    pub fn has_access(&self) -> bool {
        self.0.only_hierarchy_element_with_no_access != Some(true)
    }

    /// The access packages held for it, when they were asked for.
    pub fn packages(&self) -> impl Iterator<Item = PackageUrn> + '_ {
        self.0
            .authorized_access_packages
            .iter()
            .map(|package| PackageUrn::from(package.as_str()))
    }

    /// The roles held for it, when they were asked for: new and old codes side by side, in lower
    /// case and without the URN's prefix.
    pub fn roles(&self) -> impl Iterator<Item = String> + '_ {
        self.0.authorized_roles.iter().map(|role| role_code(role))
    }

    /// All that the server told.
    #[must_use]
    pub fn received(&self) -> &AuthorizedParty {
        &self.0
    }
}

/// The code of a role that is written as a code, old or new, or as a URN.
pub(crate) fn role_code(role: &str) -> String {
    let role = role.trim().to_ascii_lowercase();
    ["urn:altinn:role:", "urn:altinn:rolecode:"]
        .iter()
        .find_map(|prefix| role.strip_prefix(prefix))
        .unwrap_or(&role)
        .to_owned()
}

impl AsRef<PartyUuid> for Party {
    fn as_ref(&self) -> &PartyUuid {
        self.uuid()
    }
}

impl Serialize for Party {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let party = &self.0;
        let mut out = serializer.serialize_struct("Party", 12)?;
        out.serialize_field("uuid", self.uuid())?;
        out.serialize_field("name", self.name())?;
        out.serialize_field("type", &party.kind.as_ref().map(|kind| kind.as_wire()))?;
        out.serialize_field("organisationNumber", &party.organisation_number)?;
        out.serialize_field("personNumber", &party.person_number.as_ref().map(masked))?;
        out.serialize_field("unitType", &party.unit_type)?;
        out.serialize_field("parent", &party.parent)?;
        out.serialize_field("hasAccess", &self.has_access())?;
        out.serialize_field("isDeleted", &party.is_deleted.unwrap_or_default())?;
        out.serialize_field("packages", &self.packages().collect::<Vec<_>>())?;
        out.serialize_field("roles", &self.roles().collect::<Vec<_>>())?;
        out.serialize_field("resources", &party.authorized_resources)?;
        out.end()
    }
}

/// A person number as people may see it, whatever arrived.
pub(crate) fn masked(number: &ReceivedPersonNumber) -> String {
    match PersonNumber::parse_format_only(number.as_str()) {
        Ok(number) => number.masked().to_string(),
        Err(_) if number.is_masked() => number.as_str().to_owned(),
        Err(_) => "***********".to_owned(),
    }
}

/// A number that names an organisation or a person.
///
/// ```
/// use altinn_authz::altinn3::Identity;
///
/// let organisation: Identity = "310 702 641".parse()?;
/// let person: Identity = "26899299344".parse()?;
/// assert_eq!(organisation.to_string(), "310702641");
/// assert_eq!(person.to_string(), "268992*****");
/// assert!("26899299345".parse::<Identity>().is_err()); // a wrong check digit
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// An organisation, by organisation number.
    Organisation(OrganisationNumber),
    /// A person, by national identity number. Masked in `Debug` and `Display`.
    Person(PersonNumber),
}

impl Identity {
    fn is(
        &self,
        organisation: Option<&ReceivedOrganisationNumber>,
        person: Option<&ReceivedPersonNumber>,
    ) -> bool {
        match self {
            Self::Organisation(number) => {
                organisation.is_some_and(|found| found.as_str().trim() == number.as_str())
            }
            Self::Person(number) => {
                person.is_some_and(|found| found.as_str().trim() == number.expose())
            }
        }
    }
}

impl From<OrganisationNumber> for Identity {
    fn from(number: OrganisationNumber) -> Self {
        Self::Organisation(number)
    }
}

impl From<PersonNumber> for Identity {
    fn from(number: PersonNumber) -> Self {
        Self::Person(number)
    }
}

impl FromStr for Identity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.chars().filter(|c| !c.is_whitespace()).count();
        let read = if digits == 11 {
            text.parse().map(Self::Person)
        } else {
            text.parse().map(Self::Organisation)
        };
        read.map_err(|error: norwegian_ids::IdError| {
            Error::input(
                "read a number",
                "this is neither an organisation number nor a person number",
                "check the digits: an organisation number has nine, a person number eleven, and the last ones are check digits",
            )
            .with_source(error)
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(number) => write!(f, "{number}"),
            Self::Person(number) => write!(f, "{}", number.masked()),
        }
    }
}

impl Serialize for Identity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The party of a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    uuid: PartyUuid,
    name: String,
    identity: Identity,
    connected_to: Option<PartyUuid>,
}

impl Found {
    /// The party UUID.
    #[must_use]
    pub fn uuid(&self) -> &PartyUuid {
        &self.uuid
    }

    /// The registered name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number that was looked for.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whose connections it was found among; `None` when one may act for it oneself.
    #[must_use]
    pub fn connected_to(&self) -> Option<&PartyUuid> {
        self.connected_to.as_ref()
    }
}

impl AsRef<PartyUuid> for Found {
    fn as_ref(&self) -> &PartyUuid {
        &self.uuid
    }
}
