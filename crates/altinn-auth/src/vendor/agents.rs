//! The clients of agent system users: what a person in the customer's organisation decides.

use http::Method;
use norwegian_ids::{OrganisationNumber, ReceivedOrganisationNumber};
use serde::Deserialize;
use uuid::Uuid;

use super::{SystemUser, get, models, send, url};
use crate::kind::EndUser;
use crate::{Error, Session};

/// Which of an organisation's clients its agent system users act for. A person does this, with the scopes
/// `altinn:clientdelegations.read` and `altinn:clientdelegations.write`.
///
/// <https://docs.altinn.studio/api/authentication/systemuserapi/clientdelegation/>
#[derive(Clone, Debug)]
pub struct AgentClients<K: EndUser> {
    session: Session<K>,
}

/// A client of the system user's owner.
#[derive(Clone, Debug, Default, Deserialize)]
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

impl<K: EndUser> AgentClients<K> {
    /// As this person.
    #[must_use]
    pub fn new(session: &Session<K>) -> Self {
        Self {
            session: session.clone(),
        }
    }

    fn url(&self, operation: &'static str, segments: &[&str]) -> Result<url::Url, Error> {
        let base = ["enduser", "systemuser"];
        let segments: Vec<_> = base.iter().chain(segments).copied().collect();
        url(self.session.altinn(), operation, &segments)
    }

    /// The organisation's agent system users.
    ///
    /// # Errors
    ///
    /// As every call: no token, no answer, or a refusal.
    pub async fn agents(&self, party: OrganisationNumber) -> Result<Vec<SystemUser>, Error> {
        const OPERATION: &str = "list agent system users";
        let mut url = self.url(OPERATION, &["agents"])?;
        url.query_pairs_mut().append_pair("party", party.as_str());
        get(&self.session, OPERATION, &url).await
    }

    /// The clients that an agent acts for.
    ///
    /// # Errors
    ///
    /// As every call.
    pub async fn of(&self, agent: Uuid) -> Result<Vec<Client>, Error> {
        self.list("list an agent's clients", &["clients", ""], agent)
            .await
    }

    /// The clients that an agent could act for.
    ///
    /// # Errors
    ///
    /// As every call.
    pub async fn available(&self, agent: Uuid) -> Result<Vec<Client>, Error> {
        self.list(
            "list the clients that an agent can get",
            &["clients", "available"],
            agent,
        )
        .await
    }

    /// Lets an agent act for a client.
    ///
    /// # Errors
    ///
    /// As every call.
    pub async fn add(&self, agent: Uuid, client: Uuid) -> Result<(), Error> {
        self.set("give an agent a client", Method::POST, agent, client)
            .await
    }

    /// Lets an agent act for a client no longer.
    ///
    /// # Errors
    ///
    /// As every call.
    pub async fn remove(&self, agent: Uuid, client: Uuid) -> Result<(), Error> {
        self.set("take a client from an agent", Method::DELETE, agent, client)
            .await
    }

    async fn list(
        &self,
        operation: &'static str,
        segments: &[&str],
        agent: Uuid,
    ) -> Result<Vec<Client>, Error> {
        let mut url = self.clients(operation, segments)?;
        url.query_pairs_mut()
            .append_pair("agent", &agent.to_string());
        let page: models::Page<Client> = get(&self.session, operation, &url).await?;
        Ok(page.data)
    }

    async fn set(
        &self,
        operation: &'static str,
        method: Method,
        agent: Uuid,
        client: Uuid,
    ) -> Result<(), Error> {
        let mut url = self.clients(operation, &["clients", ""])?;
        url.query_pairs_mut()
            .append_pair("agent", &agent.to_string())
            .append_pair("client", &client.to_string());
        send::<_, ()>(&self.session, operation, method, &url, None).await?;
        Ok(())
    }

    /// The route of one agent's clients ends with a slash.
    fn clients(&self, operation: &'static str, segments: &[&str]) -> Result<url::Url, Error> {
        let filled: Vec<_> = segments
            .iter()
            .copied()
            .filter(|segment| !segment.is_empty())
            .collect();
        let mut url = self.url(operation, &filled)?;
        if filled.len() < segments.len() {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }
}
