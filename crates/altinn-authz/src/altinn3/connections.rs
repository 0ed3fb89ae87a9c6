//! The single operations on connections, one method each.
//!
//! Source: `ConnectionsController.cs` of <https://github.com/Altinn/altinn-authorization-tmp>,
//! and <https://docs.altinn.studio/en/authorization/guides/system-vendor/access-management/>.

use http::Method;
use http_transport::{Remedy, Who, decode_json};
use serde::Serialize;

use crate::altinn3::client::Client;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::models::{
    AccessPackageCheck, Assignment, AssignmentPackage, Connection, ExternalResourceRight,
    PackagePermission, ResourceCheck, ResourceId, ResourcePermission, RightKey, RolePermission,
};
use crate::altinn3::receiver::{Inner, Receiver};
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::scopes;
use crate::wire::PartyUuid;
use crate::{Error, ErrorKind};

/// What a list of connections tells of each, and which it has.
///
/// ```
/// use altinn_authz::altinn3::Include;
///
/// // who is connected, and with which access packages; those who act for clients left out
/// let include = Include::parties().packages().without_client_delegations();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Include {
    packages: bool,
    resources: bool,
    instances: bool,
    client_delegations: bool,
    agents: bool,
}

impl Include {
    /// The parties and their roles.
    #[must_use]
    pub fn parties() -> Self {
        Self {
            packages: false,
            resources: false,
            instances: false,
            client_delegations: true,
            agents: true,
        }
    }

    /// Access packages, resources and instances, too.
    #[must_use]
    pub fn everything() -> Self {
        Self::parties().packages().resources().instances()
    }

    /// Access packages, too.
    #[must_use]
    pub fn packages(self) -> Self {
        Self {
            packages: true,
            ..self
        }
    }

    /// Resources, too.
    #[must_use]
    pub fn resources(self) -> Self {
        Self {
            resources: true,
            ..self
        }
    }

    /// Single instances, too.
    #[must_use]
    pub fn instances(self) -> Self {
        Self {
            instances: true,
            ..self
        }
    }

    /// Without those that come through client delegation (klientdelegering).
    #[must_use]
    pub fn without_client_delegations(self) -> Self {
        Self {
            client_delegations: false,
            ..self
        }
    }

    /// Without the agents of a provider.
    #[must_use]
    pub fn without_agents(self) -> Self {
        Self {
            agents: false,
            ..self
        }
    }

    fn in_query(self, address: crate::address::Address) -> crate::address::Address {
        let yes = |wanted: bool| wanted.then_some(true);
        let no = |wanted: bool| (!wanted).then_some(false);
        address
            .query_if("includeClientDelegations", no(self.client_delegations))
            .query_if("includeAgentConnections", no(self.agents))
            .query_if("includeAccessPackages", yes(self.packages))
            .query_if("includeResources", yes(self.resources))
            .query_if("includeInstances", yes(self.instances))
    }
}

/// Whether a connection goes when something is still given on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cascade {
    /// It stays, and the call fails (`AM.VLD-00010`).
    No,
    /// It goes with all that was given on it.
    Yes,
}

impl Cascade {
    /// What the query says of it; nothing is no.
    pub(crate) fn flag(self) -> Option<bool> {
        (self == Self::Yes).then_some(true)
    }
}

/// A person who is not connected yet: looked up by number, checked against the last name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonInput<'a> {
    person_identifier: &'a str,
    last_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RightKeys<'a> {
    direct_right_keys: &'a [RightKey],
}

impl Client {
    /// Who is connected. `GET connections`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] before anything is sent; else as the server refuses.
    pub async fn connections(
        &self,
        relation: impl Into<Relation>,
        include: Include,
    ) -> Result<Vec<Connection>, Error> {
        const OPERATION: &str = "list connections";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = include.in_query(relation.in_query(self.address("connections")));
        self.list(OPERATION, &address).await
    }

    /// Connects the receiver to the giver, so that something can be given. Doing it again changes
    /// nothing. `POST connections`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PersonNameNeeded`] when the receiver is a person who is named by UUID and not
    /// connected yet. When a person's number and name do not belong together the call is refused; it
    /// must not be made again with the same input, because two failures lock for an hour
    /// ([`ErrorKind::PersonLookupLocked`]).
    pub async fn add_connection(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: &Receiver,
    ) -> Result<Assignment, Error> {
        const OPERATION: &str = "make a connection";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self.address("connections").query("party", giver.as_ref());
        let (address, person) = to(OPERATION, address, "to", receiver)?;
        let answer = self
            .send(OPERATION, Method::POST, address.as_str(), person.as_ref())
            .await
            .map_err(|error| about_a_name(error, person.is_some()))?;
        Ok(decode_json(OPERATION, &answer)?)
    }

    /// Removes a connection. Either side may. `DELETE connections`.
    ///
    /// # Errors
    ///
    /// Refused with [`Cascade::No`] when packages or resources are still given on it.
    pub async fn remove_connection(
        &self,
        pair: impl Into<Pair>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "remove a connection";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().write_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections"))
            .query_if("cascade", cascade.flag());
        self.delete(OPERATION, address.as_str()).await
    }

    /// Which access packages are held, and how. `GET connections/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn packages(
        &self,
        relation: impl Into<Relation>,
    ) -> Result<Vec<PackagePermission>, Error> {
        const OPERATION: &str = "list access packages";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation.in_query(self.address("connections/accesspackages"));
        self.list(OPERATION, &address).await
    }

    /// Which of these access packages one may give on behalf of the giver; all there are when none is
    /// named. `GET connections/accesspackages/delegationcheck`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn package_delegation_check<'a>(
        &self,
        giver: impl AsRef<PartyUuid>,
        packages: impl IntoIterator<Item = &'a PackageUrn>,
    ) -> Result<Vec<AccessPackageCheck>, Error> {
        const OPERATION: &str = "check which packages may be given";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/accesspackages/delegationcheck")
            .query("party", giver.as_ref());
        let address = packages.into_iter().fold(address, |address, package| {
            address.query("packages", package.code())
        });
        self.list(OPERATION, &address).await
    }

    /// Gives an access package on a connection that stands. Doing it again changes nothing.
    /// `POST connections/accesspackages`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotConnected`] without a connection, but for system users and for a person who
    /// is named by number and last name. For those, names are as in
    /// [`add_connection`](Self::add_connection).
    pub async fn add_package(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: &Receiver,
        package: &PackageUrn,
    ) -> Result<AssignmentPackage, Error> {
        const OPERATION: &str = "give an access package";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/accesspackages")
            .query("party", giver.as_ref());
        let (address, person) = to(OPERATION, address, "to", receiver)?;
        let address = address.query("package", package);
        let answer = self
            .send(OPERATION, Method::POST, address.as_str(), person.as_ref())
            .await
            .map_err(|error| about_a_name(error, person.is_some()))?;
        Ok(decode_json(OPERATION, &answer)?)
    }

    /// Takes an access package back, or gives it up. `DELETE connections/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn remove_package(
        &self,
        pair: impl Into<Pair>,
        package: &PackageUrn,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take an access package back";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().write_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections/accesspackages"))
            .query("package", package.code());
        self.delete(OPERATION, address.as_str()).await
    }

    /// Which roles are held, and how. Roles cannot be given. `GET connections/roles`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn roles(&self, relation: impl Into<Relation>) -> Result<Vec<RolePermission>, Error> {
        const OPERATION: &str = "list roles";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation.in_query(self.address("connections/roles"));
        self.list(OPERATION, &address).await
    }

    /// Takes a role back, or gives it up, by its code (`utinn`). Only roles that came from Altinn 2
    /// can go; those of a register, and what is given today, cannot. `DELETE connections/roles`.
    ///
    /// # Errors
    ///
    /// Refused with `AM-00039` for a code that there is none of, and with `AM-00040` for a role that
    /// cannot be taken back here.
    pub async fn remove_role(&self, pair: impl Into<Pair>, code: &str) -> Result<(), Error> {
        const OPERATION: &str = "take a role back";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().write_scope())?;
        let code = code.trim();
        if code.is_empty() {
            return Err(Error::input(
                OPERATION,
                "the role has no code",
                "give the code that the list of roles shows",
            ));
        }
        let address = pair
            .relation()
            .in_query(self.address("connections/roles"))
            .query("rolecode", code);
        self.delete(OPERATION, address.as_str()).await
    }

    /// On which resources rights are held. `GET connections/resources`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn resources(
        &self,
        relation: impl Into<Relation>,
    ) -> Result<Vec<ResourcePermission>, Error> {
        const OPERATION: &str = "list resources";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation.in_query(self.address("connections/resources"));
        self.list(OPERATION, &address).await
    }

    /// As [`resources`](Self::resources), for one resource.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn holders_of_resource(
        &self,
        relation: impl Into<Relation>,
        resource: &ResourceId,
    ) -> Result<Vec<ResourcePermission>, Error> {
        const OPERATION: &str = "list who holds a resource";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation
            .in_query(self.address("connections/resources"))
            .query("resource", resource);
        self.list(OPERATION, &address).await
    }

    /// Which rights on a resource one may give on behalf of the giver, with their keys.
    /// `GET connections/resources/delegationcheck`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn resource_delegation_check(
        &self,
        giver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
    ) -> Result<ResourceCheck, Error> {
        const OPERATION: &str = "check which rights may be given";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/resources/delegationcheck")
            .query("party", giver.as_ref())
            .query("resource", resource);
        self.get(OPERATION, &address).await
    }

    /// Which rights on a resource are held: given directly, or come by in other ways.
    /// `GET connections/resources/rights`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn resource_rights(
        &self,
        pair: impl Into<Pair>,
        resource: &ResourceId,
    ) -> Result<ExternalResourceRight, Error> {
        const OPERATION: &str = "list rights on a resource";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().read_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections/resources/rights"))
            .query("resource", resource);
        self.get(OPERATION, &address).await
    }

    /// Gives rights on a resource, beside those that were given before.
    /// `POST connections/resources/rights`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] without a key; [`ErrorKind::NotConnected`] without a connection.
    pub async fn add_resource_rights(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        const OPERATION: &str = "give rights on a resource";
        let pair = Relation::given_by(giver).with(receiver);
        self.put_keys(OPERATION, Method::POST, &pair, resource, keys)
            .await
    }

    /// Makes these the rights that are given on a resource, and no others. Only the giver can.
    /// `PUT connections/resources/rights`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] without a key: to take all of them back is
    /// [`remove_resource`](Self::remove_resource).
    pub async fn replace_resource_rights(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        const OPERATION: &str = "replace the rights on a resource";
        let pair = Relation::given_by(giver).with(receiver);
        self.put_keys(OPERATION, Method::PUT, &pair, resource, keys)
            .await
    }

    async fn put_keys(
        &self,
        operation: &'static str,
        method: Method,
        pair: &Pair,
        resource: &ResourceId,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        self.require(operation, scopes::TO_OTHERS_WRITE)?;
        if keys.is_empty() {
            return Err(Error::input(
                operation,
                "no right key is given",
                "give at least one key of the resource's delegation check",
            ));
        }
        let address = self
            .address("connections/resources/rights")
            .query("party", pair.giver())
            .query("to", pair.receiver())
            .query("resource", resource);
        let body = RightKeys {
            direct_right_keys: keys,
        };
        self.send(operation, method, address.as_str(), Some(&body))
            .await
            .map(drop)
    }

    /// Takes all rights on a resource back, or gives them up. `DELETE connections/resources`.
    ///
    /// # Errors
    ///
    /// As [`connections`](Self::connections).
    pub async fn remove_resource(
        &self,
        pair: impl Into<Pair>,
        resource: &ResourceId,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take a resource back";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().write_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections/resources"))
            .query("resource", resource);
        self.delete(OPERATION, address.as_str()).await
    }

    pub(crate) async fn delete(&self, operation: &'static str, address: &str) -> Result<(), Error> {
        self.send(operation, Method::DELETE, address, None::<&()>)
            .await
            .map(drop)
    }
}

/// Names the receiver in the query, or (a person who may not be connected) in the body.
pub(crate) fn to<'a>(
    operation: &'static str,
    address: crate::address::Address,
    parameter: &'static str,
    receiver: &'a Receiver,
) -> Result<(crate::address::Address, Option<PersonInput<'a>>), Error> {
    match &receiver.0 {
        Inner::Party(party) | Inner::SystemUser(party) => {
            Ok((address.query(parameter, party), None))
        }
        Inner::Person { last_name, .. } if last_name.is_empty() => Err(Error::input(
            operation,
            "the person's last name is missing",
            "give the last name with the number (--last-name NAME); nothing was sent, because two failed look-ups lock for an hour",
        )),
        Inner::Person { number, last_name } => {
            let person = PersonInput {
                person_identifier: number.expose(),
                last_name,
            };
            Ok((address, Some(person)))
        }
    }
}

/// A refusal that came for a number and a name says what a second try would cost.
pub(crate) fn about_a_name(error: Error, named: bool) -> Error {
    if !named || error.kind() != ErrorKind::Refused {
        return error;
    }
    let code = error.problem().and_then(|problem| problem.code());
    let may_be_the_name = match code.or(error.code()) {
        None | Some("STD-00000" | "AM-00004" | "AM-00021" | "AM-00023" | "AM-00043") => true,
        Some(_) => false,
    };
    if !may_be_the_name {
        return error;
    }
    error.with_kind(ErrorKind::WrongName).with_remedy(Remedy::new(
        Who::You,
        "check that the number and the last name belong to the same person before anything else is tried: a second failed look-up locks for an hour (AM-00026)",
    ))
}
