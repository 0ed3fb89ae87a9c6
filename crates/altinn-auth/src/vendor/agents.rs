//! The clients of agent system users: what a person in the customer's organisation decides.

use http::Method;
use http_transport::{Remedy, Who};
use norwegian_ids::{OrganisationNumber, ReceivedOrganisationNumber};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::{SystemUser, get, send, url, walk};
use crate::{Error, ErrorKind, Person, Session};

/// Which of an organisation's clients its agent system users act for.
///
/// A person decides this, who logged in with the scopes `altinn:clientdelegations.read` and
/// `altinn:clientdelegations.write` and administers the organisation's clients (klientadministrator). No
/// other kind of session may call it.
///
/// ```no_run
/// use altinn_auth::vendor::AgentClients;
///
/// # async fn run(me: altinn_auth::Session<altinn_auth::Person>) -> Result<(), Box<dyn std::error::Error>> {
/// let clients = AgentClients::new(&me);
/// for agent in clients.agents("310702641".parse()?).await? {
///     let Some(agent) = agent.id else { continue };
///     for client in clients.available(agent).await?.clients {
///         if let Some(client) = client.id {
///             clients.add(agent, client).await?;
///         }
///     }
/// }
/// # Ok(()) }
/// ```
///
/// <https://docs.altinn.studio/api/authentication/systemuserapi/clientdelegation/>
#[derive(Clone, Debug)]
pub struct AgentClients {
    session: Session<Person>,
}

/// A client of the system user's owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Client {
    /// Its party UUID.
    #[serde(rename = "clientId")]
    pub id: Option<Uuid>,
    /// Its organisation number.
    #[serde(rename = "clientOrganizationNumber")]
    pub organisation: Option<ReceivedOrganisationNumber>,
    /// Its name.
    #[serde(rename = "clientOrganizationName")]
    pub name: Option<String>,
}

/// Clients of an agent, and whose agent it is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientList {
    /// The agent system user.
    pub agent: Option<Uuid>,
    /// The organisation that it is of.
    pub owner: Option<ReceivedOrganisationNumber>,
    /// The clients.
    pub clients: Vec<Client>,
}

impl AgentClients {
    /// As this person, with the token that Altinn gives for the log-in: the log-in's own is not taken.
    #[must_use]
    pub fn new(session: &Session<Person>) -> Self {
        Self {
            session: session.altinn().person(session.login().clone()),
        }
    }

    fn url(&self, operation: &'static str, segments: &[&str]) -> Result<Url, Error> {
        let base = ["enduser", "systemuser"];
        let segments: Vec<_> = base.iter().chain(segments).copied().collect();
        url(self.session.altinn(), operation, &segments)
    }

    /// The organisation's agent system users. `party` is its number here, where Altinn's other APIs want a
    /// UUID.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call: no token, no answer, or a
    /// refusal.
    pub async fn agents(&self, party: OrganisationNumber) -> Result<Vec<SystemUser>, Error> {
        const OPERATION: &str = "list agent system users";
        let mut url = self.url(OPERATION, &["agents"])?;
        url.query_pairs_mut().append_pair("party", party.as_str());
        get(&self.session, OPERATION, &url).await.map_err(of_person)
    }

    /// The clients that an agent acts for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] with Altinn's code when it is no agent, and as
    /// every call.
    pub async fn of(&self, agent: Uuid) -> Result<ClientList, Error> {
        const OPERATION: &str = "list an agent's clients";
        self.list(OPERATION, self.clients(OPERATION)?, agent).await
    }

    /// The clients that an agent could act for.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub async fn available(&self, agent: Uuid) -> Result<ClientList, Error> {
        const OPERATION: &str = "list the clients that an agent can get";
        let url = self.url(OPERATION, &["clients", "available"])?;
        self.list(OPERATION, url, agent).await
    }

    /// Lets an agent act for a client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`]: AUTH-00079 when the owner has no such client,
    /// AUTH-00080 when the client has not given it the access packages that the agent needs.
    pub async fn add(&self, agent: Uuid, client: Uuid) -> Result<(), Error> {
        self.set("give an agent a client", Method::POST, agent, client)
            .await
    }

    /// Lets an agent act for a client no longer.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn remove(&self, agent: Uuid, client: Uuid) -> Result<(), Error> {
        self.set("take a client from an agent", Method::DELETE, agent, client)
            .await
    }

    async fn list(
        &self,
        operation: &'static str,
        mut url: Url,
        agent: Uuid,
    ) -> Result<ClientList, Error> {
        url.query_pairs_mut()
            .append_pair("agent", &agent.to_string());
        let mut list = ClientList::default();
        walk(&self.session, operation, url, |page| {
            list.clients.extend(page.data);
            if let Some(of) = page.information {
                list.agent = of.system_user_id;
                list.owner = of.system_user_owner_org;
            }
        })
        .await
        .map_err(of_person)?;
        Ok(list)
    }

    async fn set(
        &self,
        operation: &'static str,
        method: Method,
        agent: Uuid,
        client: Uuid,
    ) -> Result<(), Error> {
        let mut url = self.clients(operation)?;
        url.query_pairs_mut()
            .append_pair("agent", &agent.to_string())
            .append_pair("client", &client.to_string());
        send::<_, ()>(&self.session, operation, method, &url, None)
            .await
            .map_err(of_person)?;
        Ok(())
    }

    /// The route of one agent's clients ends with a slash.
    fn clients(&self, operation: &'static str) -> Result<Url, Error> {
        let mut url = self.url(operation, &["clients"])?;
        url.set_path(&format!("{}/", url.path()));
        Ok(url)
    }
}

/// A refusal without a word is of a person here, and not of a vendor.
fn of_person(error: Error) -> Error {
    let is_wordless = error.kind() == ErrorKind::Refused
        && matches!(error.status(), Some(401 | 403))
        && error.diagnosis().code().is_none();
    if !is_wordless {
        return error;
    }
    Error::new(
        ErrorKind::Refused,
        error.diagnosis().with_remedy(Remedy::new(
            Who::You,
            "log in with the scopes altinn:clientdelegations.read and altinn:clientdelegations.write, as somebody who administers the clients (klientadministrator) of the organisation that owns the system user",
        )),
    )
}
