//! Client delegation (klientdelegering): a provider lets its agents act for its clients.
//!
//! Source: both versions of `ClientDelegationController.cs` of
//! <https://github.com/Altinn/altinn-authorization-tmp>.

use http::Method;
use http_transport::decode_json;
use serde::Serialize;

use crate::Error;
use crate::address::Address;
use crate::altinn3::client::{Client, answer_was_lost};
use crate::altinn3::connections::{Cascade, about_a_name, to};
use crate::altinn3::entitlement::{Entitlement, PackageUrn};
use crate::altinn3::grant::{is_package, stops_everything, wanted};
use crate::altinn3::held::code_of;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::{
    AccessInRole, Agent, Assignment, ClientDelegation, MyClients, MyProvider, ResourceId,
    ServedClient,
};
use crate::altinn3::receiver::{Inner, Receiver};
use crate::altinn3::scopes;
use crate::altinn3::{Outcome, Report, What};
use crate::wire::PartyUuid;

/// Which version of the API for client delegation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ClientApi {
    /// The first, which the documentation describes: access packages only.
    V1,
    /// The second: access packages and resources.
    #[default]
    V2,
}

impl ClientApi {
    fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    fn client(self) -> &'static str {
        match self {
            Self::V1 => "from",
            Self::V2 => "client",
        }
    }

    fn agent(self) -> &'static str {
        match self {
            Self::V1 => "to",
            Self::V2 => "agent",
        }
    }

    fn with_resources(self, operation: &'static str) -> Result<(), Error> {
        if self == Self::V2 {
            return Ok(());
        }
        Err(Error::input(
            operation,
            "the first version of client delegation has access packages only",
            "use the second version for resources",
        ))
    }
}

/// A provider's clients and agents: who of an accountant's employees may do what for which client.
/// [`Client::clients_of`] makes it.
///
/// Whoever calls must be able to administer clients for the provider
/// (`urn:altinn:accesspackage:klientadministrator`); reading needs [`scopes::CLIENTS_READ`], changing
/// [`scopes::CLIENTS_WRITE`].
///
/// ```no_run
/// use altinn_authz::altinn3::{Client, Entitlement, PartyUuid, Receiver};
///
/// # async fn run(rights: Client, accountant: PartyUuid, customer: PartyUuid) -> Result<(), Box<dyn std::error::Error>> {
/// let employee = Receiver::person("26899299344".parse()?, "HEIS");
/// let report = rights
///     .clients_of(&accountant)
///     .grant(&employee, &customer, [Entitlement::package("regnskapsforer-lonn")])
///     .await?;
/// assert!(report.is_complete(), "{report}");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Clients {
    client: Client,
    provider: PartyUuid,
    api: ClientApi,
}

/// The clients that one serves oneself, as an agent. [`Client::client_work`] makes it.
///
/// Whoever calls is the agent; an organisation is none. Reading needs [`scopes::MY_CLIENTS_READ`],
/// giving up [`scopes::MY_CLIENTS_WRITE`].
#[derive(Debug, Clone)]
pub struct ClientWork {
    client: Client,
    api: ClientApi,
}

#[derive(Serialize)]
struct Values<'a> {
    values: [InRole<'a>; 1],
}

/// What is given or taken in one role; the role is a code.
#[derive(Serialize)]
struct InRole<'a> {
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    packages: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a [ResourceId]>,
}

impl<'a> Values<'a> {
    fn packages(
        operation: &'static str,
        role: &'a str,
        packages: &[PackageUrn],
    ) -> Result<Self, Error> {
        some(operation, packages.is_empty())?;
        Ok(Self {
            values: [InRole {
                role,
                packages: Some(packages.iter().map(ToString::to_string).collect()),
                resources: None,
            }],
        })
    }

    fn resources(
        operation: &'static str,
        role: &'a str,
        resources: &'a [ResourceId],
    ) -> Result<Self, Error> {
        some(operation, resources.is_empty())?;
        Ok(Self {
            values: [InRole {
                role,
                packages: None,
                resources: Some(resources),
            }],
        })
    }
}

fn some(operation: &'static str, none: bool) -> Result<(), Error> {
    if none {
        return Err(Error::input(
            operation,
            "nothing was named",
            "name an access package or a resource",
        ));
    }
    Ok(())
}

impl Client {
    /// The clients and agents of a provider, which one acts for.
    #[must_use]
    pub fn clients_of(&self, provider: impl AsRef<PartyUuid>) -> Clients {
        Clients {
            client: self.clone(),
            provider: provider.as_ref().clone(),
            api: ClientApi::default(),
        }
    }

    /// The clients that one serves oneself.
    #[must_use]
    pub fn client_work(&self) -> ClientWork {
        ClientWork {
            client: self.clone(),
            api: ClientApi::default(),
        }
    }

    async fn changes(
        &self,
        operation: &'static str,
        method: Method,
        address: &Address,
        body: &Values<'_>,
    ) -> Result<Vec<ClientDelegation>, Error> {
        let answer = self
            .send(operation, method, address.as_str(), Some(body))
            .await?;
        let list: Listing<ClientDelegation> = decode_json(operation, &answer)?;
        Ok(list.items)
    }
}

impl Clients {
    /// Calls this version of the API; the second without this.
    #[must_use]
    pub fn with_api(mut self, api: ClientApi) -> Self {
        self.api = api;
        self
    }

    fn read(&self, operation: &'static str, path: &str) -> Result<Address, Error> {
        self.client.require(operation, scopes::CLIENTS_READ)?;
        Ok(self.address(path))
    }

    fn write(&self, operation: &'static str, path: &str) -> Result<Address, Error> {
        self.client.require(operation, scopes::CLIENTS_WRITE)?;
        Ok(self.address(path))
    }

    fn address(&self, path: &str) -> Address {
        let address = self.client.clients_address(self.api.number(), path);
        address.query("party", &self.provider)
    }

    /// The clients, and what the provider has of each; with roles or packages named, those only that
    /// have one of them. `GET clients`.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn list(
        &self,
        roles: &[&str],
        packages: &[PackageUrn],
    ) -> Result<Vec<ServedClient>, Error> {
        const OPERATION: &str = "list clients";
        let mut address = self.read(OPERATION, "clients")?;
        for role in roles {
            address = address.query("roles", role);
        }
        for package in packages {
            address = address.query("packages", package.code());
        }
        self.client.list(OPERATION, &address).await
    }

    /// The agents, and what each has. `GET agents`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn agents(&self) -> Result<Vec<Agent>, Error> {
        const OPERATION: &str = "list agents";
        let address = self.read(OPERATION, "agents")?;
        self.client.list(OPERATION, &address).await
    }

    /// Makes somebody an agent; doing it again changes nothing. `POST agents`.
    ///
    /// # Errors
    ///
    /// For a person's name as [`Client::add_connection`].
    pub async fn add_agent(&self, agent: &Receiver) -> Result<Assignment, Error> {
        const OPERATION: &str = "add an agent";
        let address = self.write(OPERATION, "agents")?;
        let (address, person) = to(OPERATION, address, self.api.agent(), agent)?;
        self.client
            .answered(OPERATION, Method::POST, &address, person.as_ref())
            .await
            .map_err(|error| about_a_name(error, person.is_some()))
    }

    /// Removes an agent. `DELETE agents`.
    ///
    /// # Errors
    ///
    /// Refused with [`Cascade::No`] (`AM-00025`) while the agent has something.
    pub async fn remove_agent(
        &self,
        agent: impl AsRef<PartyUuid>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "remove an agent";
        let address = self
            .write(OPERATION, "agents")?
            .query(self.api.agent(), agent.as_ref())
            .query_if("cascade", cascade.flag());
        self.client.delete(OPERATION, address.as_str()).await
    }

    /// Takes a client from an agent. `DELETE agents/clients`.
    ///
    /// # Errors
    ///
    /// Refused with [`Cascade::No`] (`AM.VLD-00031`) while the agent has something of the client.
    pub async fn remove_client(
        &self,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take a client from an agent";
        let address = self
            .write(OPERATION, "agents/clients")?
            .query(self.api.client(), client.as_ref())
            .query(self.api.agent(), agent.as_ref())
            .query_if("cascade", cascade.flag());
        self.client.delete(OPERATION, address.as_str()).await
    }

    /// What packages an agent has, by client. `GET agents/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn packages_of_agent(
        &self,
        agent: impl AsRef<PartyUuid>,
    ) -> Result<Vec<ServedClient>, Error> {
        const OPERATION: &str = "list an agent's access packages";
        let address = self
            .read(OPERATION, "agents/accesspackages")?
            .query(self.api.agent(), agent.as_ref());
        self.client.list(OPERATION, &address).await
    }

    /// What packages of a client were given, by agent. `GET clients/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn packages_of_client(
        &self,
        client: impl AsRef<PartyUuid>,
    ) -> Result<Vec<Agent>, Error> {
        const OPERATION: &str = "list who has a client's access packages";
        let address = self
            .read(OPERATION, "clients/accesspackages")?
            .query(self.api.client(), client.as_ref());
        self.client.list(OPERATION, &address).await
    }

    /// Gives an agent packages that the provider has of a client in this role (`regnskapsforer`).
    /// What was so already comes back unchanged. `POST agents/accesspackages`.
    ///
    /// # Errors
    ///
    /// Refused with `AM.VLD-00032` when the agent is none yet.
    pub async fn add_packages(
        &self,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        role: &str,
        packages: &[PackageUrn],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "give an agent a client's access packages";
        let body = Values::packages(OPERATION, role, packages)?;
        let address = self
            .write(OPERATION, "agents/accesspackages")?
            .query(self.api.client(), client.as_ref())
            .query(self.api.agent(), agent.as_ref());
        self.client
            .changes(OPERATION, Method::POST, &address, &body)
            .await
    }

    /// Takes packages of a client from an agent. `POST agents/accesspackages/delete`, in the first
    /// version `DELETE agents/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn remove_packages(
        &self,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        role: &str,
        packages: &[PackageUrn],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "take a client's access packages from an agent";
        let body = Values::packages(OPERATION, role, packages)?;
        let (method, path) = match self.api {
            ClientApi::V1 => (Method::DELETE, "agents/accesspackages"),
            ClientApi::V2 => (Method::POST, "agents/accesspackages/delete"),
        };
        let address = self
            .write(OPERATION, path)?
            .query(self.api.client(), client.as_ref())
            .query(self.api.agent(), agent.as_ref());
        self.client
            .changes(OPERATION, method, &address, &body)
            .await
    }

    /// What resources an agent has, by client. Second version only. `GET agents/resources`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list); [`InvalidInput`](crate::ErrorKind::InvalidInput) on the first version.
    pub async fn resources_of_agent(
        &self,
        agent: impl AsRef<PartyUuid>,
    ) -> Result<Vec<ServedClient>, Error> {
        const OPERATION: &str = "list an agent's resources";
        self.api.with_resources(OPERATION)?;
        let address = self
            .read(OPERATION, "agents/resources")?
            .query(self.api.agent(), agent.as_ref());
        self.client.list(OPERATION, &address).await
    }

    /// What resources of a client were given, by agent. Second version only.
    /// `GET clients/resources`.
    ///
    /// # Errors
    ///
    /// As [`resources_of_agent`](Self::resources_of_agent).
    pub async fn resources_of_client(
        &self,
        client: impl AsRef<PartyUuid>,
    ) -> Result<Vec<Agent>, Error> {
        const OPERATION: &str = "list who has a client's resources";
        self.api.with_resources(OPERATION)?;
        let address = self
            .read(OPERATION, "clients/resources")?
            .query(self.api.client(), client.as_ref());
        self.client.list(OPERATION, &address).await
    }

    /// Gives an agent resources of a client. Second version only. `POST agents/resources`.
    ///
    /// # Errors
    ///
    /// As [`add_packages`](Self::add_packages) and [`resources_of_agent`](Self::resources_of_agent).
    pub async fn add_resources(
        &self,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        role: &str,
        resources: &[ResourceId],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "give an agent a client's resources";
        self.change_resources(
            OPERATION,
            "agents/resources",
            client,
            agent,
            role,
            resources,
        )
        .await
    }

    /// Takes resources of a client from an agent. Second version only.
    /// `POST agents/resources/delete`.
    ///
    /// # Errors
    ///
    /// As [`resources_of_agent`](Self::resources_of_agent).
    pub async fn remove_resources(
        &self,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        role: &str,
        resources: &[ResourceId],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "take a client's resources from an agent";
        let path = "agents/resources/delete";
        self.change_resources(OPERATION, path, client, agent, role, resources)
            .await
    }

    async fn change_resources(
        &self,
        operation: &'static str,
        path: &str,
        client: impl AsRef<PartyUuid>,
        agent: impl AsRef<PartyUuid>,
        role: &str,
        resources: &[ResourceId],
    ) -> Result<Vec<ClientDelegation>, Error> {
        self.api.with_resources(operation)?;
        let body = Values::resources(operation, role, resources)?;
        let address = self
            .write(operation, path)?
            .query(self.api.client(), client.as_ref())
            .query(self.api.agent(), agent.as_ref());
        self.client
            .changes(operation, Method::POST, &address, &body)
            .await
    }

    /// Gives an agent access packages and resources of a client in one call: looks in which role the
    /// provider has them, makes the agent one if it is none, gives them, and reads again.
    ///
    /// What is so already is success; what the provider does not have of the client is refused before
    /// anything is changed, and the rest is given. A person is looked for among the agents before the
    /// name is sent. After a lost answer it is read before anything is sent again. The report's giver
    /// is the client, its receiver the agent. Needs both scopes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for anything but access packages and whole
    /// resources, and for resources in the first version. As long as nothing has been changed: as the
    /// single operations. After that everything is in the report.
    pub async fn grant(
        &self,
        agent: &Receiver,
        client: impl AsRef<PartyUuid>,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        const OPERATION: &str = "give an agent what a client has given";
        let client = client.as_ref();
        let wanted = self.wanted(OPERATION, what)?;
        self.client.require(OPERATION, scopes::CLIENTS_READ)?;
        self.client.require(OPERATION, scopes::CLIENTS_WRITE)?;

        let known = match &agent.0 {
            Inner::Party(party) | Inner::SystemUser(party) => Some(party.clone()),
            Inner::Person { .. } => None,
        };
        let mut report = Report::new(client, known);
        let served = self.list(&[], &[]).await?;
        let access = access_of(&served, client);
        let mut gifts = Vec::new();
        for entitlement in wanted {
            let outcome = match role_with(access, &entitlement) {
                Some(role) => {
                    gifts.push((entitlement.clone(), role));
                    Outcome::Done
                }
                None => Outcome::Refused(vec![match access {
                    Some(_) => "the provider does not have it of this client".to_owned(),
                    None => "the provider has no such client".to_owned(),
                }]),
            };
            report.add(What::Check(entitlement), outcome);
        }
        if gifts.is_empty() {
            return Ok(report);
        }
        let agent = match self.agent_uuid(agent).await? {
            Some(found) => {
                report.add(What::Connect, Outcome::Already);
                found
            }
            None => {
                let made = self.connect(agent).await?;
                report.add(What::Connect, Outcome::Done);
                made
            }
        };
        report.set_receiver(agent.clone());

        let mut given = Vec::new();
        let mut stopped = false;
        for (entitlement, role) in gifts {
            let outcome = if stopped {
                Outcome::Skipped
            } else {
                self.give_one(client, &agent, &role, &entitlement).await
            };
            stopped |= stops_everything(&outcome);
            if matches!(outcome, Outcome::Done) {
                given.push(entitlement.clone());
            }
            report.add(What::Give(entitlement), outcome);
        }
        if !stopped && !given.is_empty() {
            let found = self.held_of(&agent, client, &given).await;
            for entitlement in given {
                let outcome = match &found {
                    Ok(found) if role_with(Some(found), &entitlement).is_some() => Outcome::Done,
                    Ok(_) => Outcome::Unexpected(vec![format!("{entitlement} is not there")]),
                    Err(error) => Outcome::Failed(error.clone()),
                };
                report.add(What::ReadAgain(entitlement), outcome);
            }
        }
        report.set_decision_point_lags();
        Ok(report)
    }

    /// Takes access packages and resources of a client from an agent in one call, and reads again. The
    /// agent stays one. What it does not have is success. Needs both scopes.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant).
    pub async fn revoke(
        &self,
        agent: impl AsRef<PartyUuid>,
        client: impl AsRef<PartyUuid>,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        const OPERATION: &str = "take from an agent what a client has given";
        let (agent, client) = (agent.as_ref(), client.as_ref());
        let wanted = self.wanted(OPERATION, what)?;
        self.client.require(OPERATION, scopes::CLIENTS_READ)?;
        self.client.require(OPERATION, scopes::CLIENTS_WRITE)?;
        let mut report = Report::new(client, Some(agent.clone()));
        let held = self.held_of(agent, client, &wanted).await?;
        let mut taken = Vec::new();
        let mut stopped = false;
        for entitlement in wanted {
            let outcome = match role_with(Some(&held), &entitlement) {
                None => Outcome::Already,
                Some(_) if stopped => Outcome::Skipped,
                Some(role) => match self.take_one(client, agent, &role, &entitlement).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => Outcome::Failed(error),
                },
            };
            stopped |= stops_everything(&outcome);
            let lost = matches!(&outcome, Outcome::Failed(error) if answer_was_lost(error));
            if let Outcome::Failed(error) = &outcome
                && !lost
                && !report.has_changed_anything()
            {
                return Err(error.clone());
            }
            if matches!(outcome, Outcome::Done) || lost {
                taken.push((entitlement.clone(), outcome));
            } else {
                report.add(What::TakeBack(entitlement), outcome);
            }
        }
        if !taken.is_empty() {
            let all: Vec<_> = taken.iter().map(|(what, _)| what.clone()).collect();
            let found = self.held_of(agent, client, &all).await;
            for (entitlement, outcome) in taken {
                let is_gone = found
                    .as_ref()
                    .map(|found| role_with(Some(found), &entitlement).is_none());
                // a lost answer to what was done is no failure
                let outcome = match (outcome, &is_gone) {
                    (Outcome::Failed(_), Ok(true)) => Outcome::Done,
                    (outcome, _) => outcome,
                };
                let seen = match is_gone {
                    _ if !matches!(outcome, Outcome::Done) => None,
                    Ok(true) => Some(Outcome::Done),
                    Ok(false) => Some(Outcome::Unexpected(vec![format!(
                        "{entitlement} is still there"
                    )])),
                    Err(error) => Some(Outcome::Failed(error.clone())),
                };
                report.add(What::TakeBack(entitlement.clone()), outcome);
                if let Some(seen) = seen {
                    report.add(What::ReadAgain(entitlement), seen);
                }
            }
        }
        report.set_decision_point_lags();
        Ok(report)
    }

    /// What can be delegated, each once.
    fn wanted(
        &self,
        operation: &'static str,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Vec<Entitlement>, Error> {
        let wanted = wanted(operation, what)?;
        for entitlement in &wanted {
            match entitlement {
                Entitlement::Package(_) => {}
                Entitlement::Resource(_) => self.api.with_resources(operation)?,
                _ => {
                    return Err(Error::input(
                        operation,
                        "only access packages and whole resources of a client are delegated",
                        "name access packages or resources, without single rights",
                    ));
                }
            }
        }
        Ok(wanted)
    }

    /// What the agent has of the client, as far as these need to be looked for.
    async fn held_of(
        &self,
        agent: &PartyUuid,
        client: &PartyUuid,
        what: &[Entitlement],
    ) -> Result<Vec<AccessInRole>, Error> {
        let is_package = |one: &Entitlement| matches!(one, Entitlement::Package(_));
        let mut held = Vec::new();
        if what.iter().any(is_package) {
            let found = self.packages_of_agent(agent).await?;
            held.extend(access_of(&found, client).unwrap_or_default().to_vec());
        }
        if !what.iter().all(is_package) {
            let found = self.resources_of_agent(agent).await?;
            held.extend(access_of(&found, client).unwrap_or_default().to_vec());
        }
        Ok(held)
    }

    /// The agent's UUID, when it is one already.
    async fn agent_uuid(&self, agent: &Receiver) -> Result<Option<PartyUuid>, Error> {
        let agents = self.agents().await?;
        let mut parties = agents.into_iter().filter_map(|agent| agent.agent);
        let found = parties.find(|found| match &agent.0 {
            Inner::Party(party) | Inner::SystemUser(party) => found.id == *party,
            Inner::Person { number, .. } => found
                .person_number
                .as_ref()
                .is_some_and(|found| found.as_str() == number.expose()),
        });
        Ok(found.map(|party| party.id))
    }

    async fn connect(&self, agent: &Receiver) -> Result<PartyUuid, Error> {
        let made = match self.add_agent(agent).await {
            Ok(made) => made.to,
            // looked at before it is done again; a name is not looked up twice
            Err(error) if answer_was_lost(&error) => match (self.agent_uuid(agent).await, &agent.0)
            {
                (Ok(Some(found)), _) => Some(found),
                (Ok(None), Inner::Party(_) | Inner::SystemUser(_)) => {
                    self.add_agent(agent).await?.to
                }
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        match (made, &agent.0) {
            (Some(made), _) => Ok(made),
            (None, Inner::Party(party) | Inner::SystemUser(party)) => Ok(party.clone()),
            (None, Inner::Person { .. }) => Err(Error::from(http_transport::Error::new(
                http_transport::ErrorKind::UnexpectedShape,
                "add an agent",
            ))),
        }
    }

    async fn give_one(
        &self,
        client: &PartyUuid,
        agent: &PartyUuid,
        role: &str,
        what: &Entitlement,
    ) -> Outcome {
        let error = match self.send_one(client, agent, role, what).await {
            Ok(given)
                if !given.is_empty() && given.iter().all(|one| one.changed == Some(false)) =>
            {
                return Outcome::Already;
            }
            Ok(_) => return Outcome::Done,
            Err(error) => error,
        };
        if !answer_was_lost(&error) {
            return Outcome::Failed(error);
        }
        match self
            .held_of(agent, client, std::slice::from_ref(what))
            .await
        {
            Ok(found) if role_with(Some(&found), what).is_some() => Outcome::Done,
            Ok(_) => match self.send_one(client, agent, role, what).await {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Failed(error),
            },
            Err(_) => Outcome::Failed(error),
        }
    }

    async fn send_one(
        &self,
        client: &PartyUuid,
        agent: &PartyUuid,
        role: &str,
        what: &Entitlement,
    ) -> Result<Vec<ClientDelegation>, Error> {
        match what {
            Entitlement::Package(package) => {
                let one = [package.clone()];
                self.add_packages(client, agent, role, &one).await
            }
            Entitlement::Resource(resource) => {
                let one = [resource.clone()];
                self.add_resources(client, agent, role, &one).await
            }
            _ => Ok(Vec::new()), // `wanted` lets nothing else through
        }
    }

    async fn take_one(
        &self,
        client: &PartyUuid,
        agent: &PartyUuid,
        role: &str,
        what: &Entitlement,
    ) -> Result<(), Error> {
        match what {
            Entitlement::Package(package) => {
                let one = [package.clone()];
                self.remove_packages(client, agent, role, &one).await?;
            }
            Entitlement::Resource(resource) => {
                let one = [resource.clone()];
                self.remove_resources(client, agent, role, &one).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl ClientWork {
    /// Calls this version of the API; the second without this.
    #[must_use]
    pub fn with_api(mut self, api: ClientApi) -> Self {
        self.api = api;
        self
    }

    fn read(&self, operation: &'static str, path: &str) -> Result<Address, Error> {
        self.client.require(operation, scopes::MY_CLIENTS_READ)?;
        Ok(self.client.clients_address(self.api.number(), path))
    }

    fn write(&self, operation: &'static str, path: &str) -> Result<Address, Error> {
        self.client.require(operation, scopes::MY_CLIENTS_WRITE)?;
        Ok(self.client.clients_address(self.api.number(), path))
    }

    /// The clients, by provider; of all providers when none is named. `GET my/clients`.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn clients(&self, providers: &[PartyUuid]) -> Result<Vec<MyClients>, Error> {
        const OPERATION: &str = "list one's own clients";
        let mut address = self.read(OPERATION, "my/clients")?;
        for provider in providers {
            address = address.query("provider", provider);
        }
        self.client.list(OPERATION, &address).await
    }

    /// The providers that one is an agent of. `GET my/clientproviders`.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn providers(&self) -> Result<Vec<MyProvider>, Error> {
        const OPERATION: &str = "list one's own providers";
        let address = self.read(OPERATION, "my/clientproviders")?;
        self.client.list(OPERATION, &address).await
    }

    /// Stops being a provider's agent, and with it gives up all its clients.
    /// `DELETE my/clientproviders`.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn leave(&self, provider: impl AsRef<PartyUuid>) -> Result<(), Error> {
        const OPERATION: &str = "leave a provider";
        let address = self
            .write(OPERATION, "my/clientproviders")?
            .query("provider", provider.as_ref());
        self.client.delete(OPERATION, address.as_str()).await
    }

    /// Gives up a client. `DELETE my/clients`. The first version takes a body that nobody has described; it
    /// is sent without one here, which the simulator takes for all of the client.
    ///
    /// # Errors
    ///
    /// Refused with [`Cascade::No`] while one has something of the client.
    pub async fn drop_client(
        &self,
        provider: impl AsRef<PartyUuid>,
        client: impl AsRef<PartyUuid>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "give up a client";
        let address = self
            .write(OPERATION, "my/clients")?
            .query("provider", provider.as_ref())
            .query(self.api.client(), client.as_ref())
            .query_if("cascade", cascade.flag());
        self.client.delete(OPERATION, address.as_str()).await
    }

    /// Gives up packages of a client. `POST my/clients/accesspackages/delete`, in the first version
    /// `DELETE my/clients/accesspackages`.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients).
    pub async fn drop_packages(
        &self,
        provider: impl AsRef<PartyUuid>,
        client: impl AsRef<PartyUuid>,
        role: &str,
        packages: &[PackageUrn],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "give up a client's access packages";
        let body = Values::packages(OPERATION, role, packages)?;
        let (method, path) = match self.api {
            ClientApi::V1 => (Method::DELETE, "my/clients/accesspackages"),
            ClientApi::V2 => (Method::POST, "my/clients/accesspackages/delete"),
        };
        let address = self
            .write(OPERATION, path)?
            .query("provider", provider.as_ref())
            .query(self.api.client(), client.as_ref());
        self.client
            .changes(OPERATION, method, &address, &body)
            .await
    }

    /// Gives up resources of a client. Second version only. `POST my/clients/resources/delete`.
    ///
    /// # Errors
    ///
    /// As [`clients`](Self::clients); [`InvalidInput`](crate::ErrorKind::InvalidInput) on the first
    /// version.
    pub async fn drop_resources(
        &self,
        provider: impl AsRef<PartyUuid>,
        client: impl AsRef<PartyUuid>,
        role: &str,
        resources: &[ResourceId],
    ) -> Result<Vec<ClientDelegation>, Error> {
        const OPERATION: &str = "give up a client's resources";
        self.api.with_resources(OPERATION)?;
        let body = Values::resources(OPERATION, role, resources)?;
        let address = self
            .write(OPERATION, "my/clients/resources/delete")?
            .query("provider", provider.as_ref())
            .query(self.api.client(), client.as_ref());
        self.client
            .changes(OPERATION, Method::POST, &address, &body)
            .await
    }
}

fn access_of<'a>(served: &'a [ServedClient], client: &PartyUuid) -> Option<&'a [AccessInRole]> {
    let found = served.iter().find(|one| {
        let party = one.client.as_ref();
        party.is_some_and(|party| party.id == *client)
    })?;
    Some(&found.access)
}

/// The code of the role in which it is there.
fn role_with(access: Option<&[AccessInRole]>, what: &Entitlement) -> Option<String> {
    let found = access?.iter().find(|in_role| match what {
        Entitlement::Package(package) => {
            let mut packages = in_role.packages.iter();
            packages.any(|found| is_package(found.urn.as_deref(), package))
        }
        Entitlement::Resource(resource) => {
            let mut resources = in_role.resources.iter();
            resources.any(|found| found.ref_id.as_ref() == Some(resource))
        }
        _ => false,
    })?;
    found.role.as_ref().and_then(code_of)
}
