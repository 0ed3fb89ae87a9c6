//! Single instances of a resource (one form, one message, one dialogue), one method each.
//!
//! Source: `ConnectionsController.cs` of <https://github.com/Altinn/altinn-authorization-tmp>.

use std::fmt;
use std::str::FromStr;

use http::Method;
use http_transport::{Remedy, Who};
use serde::{Serialize, Serializer};

use crate::address::Address;
use crate::altinn3::client::Client;
use crate::altinn3::connections::{PersonInput, about_a_name, to};
use crate::altinn3::models::{
    InstanceCheck, InstancePermission, InstanceRights, ResourceId, RightKey, SimplifiedConnection,
    SimplifiedParty,
};
use crate::altinn3::receiver::Receiver;
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::scopes;
use crate::wire::PartyUuid;
use crate::{Error, ErrorKind};

/// What an instance's URN begins with (`ValidationErrors.cs`, `InvalidInstanceUrn`).
const PREFIXES: [&str; 3] = [
    "urn:altinn:instance-id:",
    "urn:altinn:correspondence-id:",
    "urn:altinn:dialog-id:",
];

/// A single instance, as a URN: of an app's form, of a message in the inbox, or of a dialogue.
///
/// ```
/// use altinn_authz::altinn3::InstanceUrn;
///
/// let form: InstanceUrn =
///     "urn:altinn:instance-id:51500103/7f150524-34b9-45df-9e77-69b10f4205b4".parse()?;
/// assert!("51500103/7f150524".parse::<InstanceUrn>().is_err());
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceUrn(String);

impl InstanceUrn {
    /// The URN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceUrn {
    type Err = Error;

    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the text is none of the three kinds of URN.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let named = |prefix: &&str| text.strip_prefix(*prefix).is_some_and(|id| !id.is_empty());
        let is_one_word = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#');
        if is_one_word && PREFIXES.iter().any(named) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::input(
                "read an instance's URN",
                "the instance is not named by a URN that Altinn takes",
                "begin it with urn:altinn:instance-id:, urn:altinn:correspondence-id: or urn:altinn:dialog-id:",
            ))
        }
    }
}

impl fmt::Display for InstanceUrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for InstanceUrn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gift<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<PersonInput<'a>>,
    direct_right_keys: &'a [RightKey],
}

impl Client {
    /// On which single instances rights are held. `GET connections/resources/instances`.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn instances(
        &self,
        relation: impl Into<Relation>,
    ) -> Result<Vec<InstancePermission>, Error> {
        const OPERATION: &str = "list instances";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation.in_query(self.address("connections/resources/instances"));
        self.list(OPERATION, &address).await
    }

    /// As [`instances`](Self::instances), for the instances of one resource, or for one of them.
    ///
    /// # Errors
    ///
    /// As [`instances`](Self::instances).
    pub async fn holders_of_instances(
        &self,
        relation: impl Into<Relation>,
        resource: &ResourceId,
        instance: Option<&InstanceUrn>,
    ) -> Result<Vec<InstancePermission>, Error> {
        const OPERATION: &str = "list who holds the instances of a resource";
        let relation = relation.into();
        self.require(OPERATION, relation.read_scope())?;
        let address = relation
            .in_query(self.address("connections/resources/instances"))
            .query("resource", resource)
            .query_if("instance", instance);
        self.list(OPERATION, &address).await
    }

    /// Whom single instances can be given to without a name: those who are connected already.
    /// `GET connections/users`.
    ///
    /// # Errors
    ///
    /// As [`instance_delegation_check`](Self::instance_delegation_check), with the same scope.
    pub async fn instance_receivers(
        &self,
        giver: impl AsRef<PartyUuid>,
    ) -> Result<Vec<SimplifiedConnection>, Error> {
        const OPERATION: &str = "list whom instances can be given to";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/users")
            .query("party", giver.as_ref());
        self.list(OPERATION, &address)
            .await
            .map_err(about_the_package)
    }

    /// Which rights on an instance are held: given directly, or come by in other ways.
    /// `GET connections/resources/instances/rights`.
    ///
    /// # Errors
    ///
    /// As [`instances`](Self::instances).
    pub async fn instance_rights(
        &self,
        pair: impl Into<Pair>,
        resource: &ResourceId,
        instance: &InstanceUrn,
    ) -> Result<InstanceRights, Error> {
        const OPERATION: &str = "list rights on an instance";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().read_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections/resources/instances/rights"));
        self.get(OPERATION, &of(address, resource, instance)).await
    }

    /// Which rights on an instance one may give on behalf of the giver, with their keys.
    /// `GET connections/resources/instances/delegationcheck`.
    ///
    /// Whoever calls must be able to give single instances (`tilgangsstyring-enkeltinstanser`).
    ///
    /// # Errors
    ///
    /// As [`instances`](Self::instances).
    pub async fn instance_delegation_check(
        &self,
        giver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        instance: &InstanceUrn,
    ) -> Result<InstanceCheck, Error> {
        const OPERATION: &str = "check which rights on an instance may be given";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/resources/instances/delegationcheck")
            .query("party", giver.as_ref());
        self.get(OPERATION, &of(address, resource, instance))
            .await
            .map_err(about_the_package)
    }

    /// Who has rights on an instance. `GET connections/resources/instances/users`.
    ///
    /// # Errors
    ///
    /// As [`instance_delegation_check`](Self::instance_delegation_check), with the same scope.
    pub async fn instance_users(
        &self,
        giver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        instance: &InstanceUrn,
    ) -> Result<Vec<SimplifiedParty>, Error> {
        const OPERATION: &str = "list who has an instance";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        let address = self
            .address("connections/resources/instances/users")
            .query("party", giver.as_ref());
        self.list(OPERATION, &of(address, resource, instance))
            .await
            .map_err(about_the_package)
    }

    /// Gives rights on an instance, beside those that were given before. A person who is not
    /// connected yet is named by number and last name, and is connected by it.
    /// `POST connections/resources/instances/rights`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) without a key; for a person's name as
    /// [`add_connection`](Self::add_connection).
    pub async fn add_instance_rights(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: &Receiver,
        resource: &ResourceId,
        instance: &InstanceUrn,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        const OPERATION: &str = "give rights on an instance";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        some(OPERATION, keys)?;
        let address = self
            .address("connections/resources/instances/rights")
            .query("party", giver.as_ref());
        let (address, person) = to(OPERATION, address, "to", receiver)?;
        let address = of(address, resource, instance);
        let named = person.is_some();
        let body = Gift {
            to: person,
            direct_right_keys: keys,
        };
        self.send(OPERATION, Method::POST, address.as_str(), Some(&body))
            .await
            .map(drop)
            .map_err(|error| about_the_package(about_a_name(error, named)))
    }

    /// Makes these the rights that are given on an instance, and no others. Only the giver can.
    /// `PUT connections/resources/instances/rights`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) without a key: to take all of them back is
    /// [`remove_instance`](Self::remove_instance).
    pub async fn replace_instance_rights(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        instance: &InstanceUrn,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        const OPERATION: &str = "replace the rights on an instance";
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;
        some(OPERATION, keys)?;
        let address = self
            .address("connections/resources/instances/rights")
            .query("party", giver.as_ref())
            .query("to", receiver.as_ref());
        let address = of(address, resource, instance);
        let body = Gift {
            to: None,
            direct_right_keys: keys,
        };
        self.send(OPERATION, Method::PUT, address.as_str(), Some(&body))
            .await
            .map(drop)
    }

    /// Takes all rights on an instance back, or gives them up.
    /// `DELETE connections/resources/instances`.
    ///
    /// # Errors
    ///
    /// As [`instances`](Self::instances).
    pub async fn remove_instance(
        &self,
        pair: impl Into<Pair>,
        resource: &ResourceId,
        instance: &InstanceUrn,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take an instance back";
        let pair = pair.into();
        self.require(OPERATION, pair.relation().write_scope())?;
        let address = pair
            .relation()
            .in_query(self.address("connections/resources/instances"));
        let address = of(address, resource, instance);
        self.delete(OPERATION, address.as_str()).await
    }
}

fn of(address: Address, resource: &ResourceId, instance: &InstanceUrn) -> Address {
    address
        .query("resource", resource)
        .query("instance", instance)
}

/// An empty 403 to these calls has its own reason beside the usual ones.
fn about_the_package(error: Error) -> Error {
    if error.kind() != ErrorKind::Forbidden || error.code().is_some() {
        return error;
    }
    error.with_remedy(
        Remedy::new(
            Who::Customer,
            "give the caller the access package tilgangsstyring-enkeltinstanser for the party, or a role that holds it, such as managing director (daglig leder): single instances have an access manager of their own",
        )
        .at("Altinn, Tilganger og roller"),
    )
}

fn some(operation: &'static str, keys: &[RightKey]) -> Result<(), Error> {
    if keys.is_empty() {
        return Err(Error::input(
            operation,
            "no right key is given",
            "give at least one key of the instance's delegation check",
        ));
    }
    Ok(())
}
