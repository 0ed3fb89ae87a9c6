//! From a request to the first token, with what is missing said in words.

use std::fmt;

use http_transport::Who;

use super::{RequestStatus, SystemUserRequest, SystemUserRequested, Vendor};
use crate::kind::SystemUser;
use crate::{Error, ErrorKind, Session};

/// The way to one customer's system user: from [`Vendor::onboard`]. It keeps nothing: each
/// [`step`](Self::step) looks how things stand at Altinn and does what can be done, so that a program may
/// end between two steps, and take the next one days later.
#[derive(Clone, Debug)]
pub struct Onboarding {
    vendor: Vendor,
    request: SystemUserRequest,
    scopes: Vec<String>,
}

/// How far an [`Onboarding`] is.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is a session, or there is not"
)]
pub enum Progress {
    /// The customer's system user is there, and gets tokens.
    Ready(Session<SystemUser>),
    /// Something is missing.
    Missing(Missing),
}

/// What is missing, who must do it and where; prints as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    need: Need,
    sentence: String,
    who: Who,
    at: Option<String>,
}

/// What kind of thing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// The system is not in the register.
    System,
    /// The system in the register does not name this Maskinporten client.
    ClientInSystem,
    /// The customer has not answered.
    Approval,
    /// The customer, or Altinn, said no.
    Consent,
    /// The request is approved, and Maskinporten does not give a token yet.
    Token,
}

impl Missing {
    fn new(need: Need, who: Who, sentence: String) -> Self {
        Self {
            need,
            sentence,
            who,
            at: None,
        }
    }

    /// What kind of thing is missing.
    #[must_use]
    pub fn need(&self) -> Need {
        self.need
    }

    /// Who must act.
    #[must_use]
    pub fn who(&self) -> Who {
        self.who
    }

    /// Where: the page on which the customer approves the request.
    #[must_use]
    pub fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.at.as_ref().map_or(Ok(()), |at| write!(f, ": {at}"))
    }
}

impl Onboarding {
    pub(super) fn new(vendor: Vendor, request: SystemUserRequest, scopes: Vec<String>) -> Self {
        Self {
            vendor,
            request,
            scopes,
        }
    }

    /// The customer's system user, whether it is there already or not.
    #[must_use]
    pub fn session(&self) -> Session<SystemUser> {
        let session = self
            .vendor
            .altinn
            .system_user(self.request.customer)
            .scopes(self.scopes.iter().cloned());
        match &self.request.reference {
            Some(reference) => session.external_ref(reference),
            None => session,
        }
    }

    /// Looks how things stand, asks the customer if nobody has, and gets the first token when it can.
    ///
    /// # Errors
    ///
    /// What is no step on the way: no answer, a scope that the client lacks, a request that Altinn does not
    /// take. What others have to do is no error but [`Progress::Missing`].
    pub async fn step(&self) -> Result<Progress, Error> {
        if let Some(missing) = self.missing_in_register().await? {
            return Ok(Progress::Missing(missing));
        }
        let asked = self.asked().await?;
        if let Some(missing) = self.missing_in(&asked) {
            return Ok(Progress::Missing(missing));
        }
        let session = self.session();
        match session.token().await {
            Ok(_) => Ok(Progress::Ready(session)),
            Err(error)
                if error.kind()
                    == ErrorKind::Maskinporten(maskinporten::ErrorKind::CustomerSetup) =>
            {
                Ok(Progress::Missing(Missing::new(
                    Need::Token,
                    Who::You,
                    format!(
                        "{} approved the request, and Maskinporten finds no system user for it: it may have been deleted, or the external reference ({}) is another than that of the request",
                        self.request.customer,
                        self.request.reference.as_deref().unwrap_or("none")
                    ),
                )))
            }
            Err(error) => Err(error),
        }
    }

    async fn missing_in_register(&self) -> Result<Option<Missing>, Error> {
        let system = &self.request.system;
        let registered = match self.vendor.system(system).await {
            Ok(registered) => registered,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Some(Missing::new(
                    Need::System,
                    Who::You,
                    format!("the system {system} is not in Altinn's system register: register it"),
                )));
            }
            Err(error) => return Err(error),
        };
        let client = self.vendor.altinn.0.maskinporten()?.client_id().clone();
        if registered.names_client(&client) == Some(false) {
            return Ok(Some(Missing::new(
                Need::ClientInSystem,
                Who::You,
                format!(
                    "the system {system} does not name the Maskinporten client {client}: add it to the system's clients"
                ),
            )));
        }
        Ok(None)
    }

    /// The request that there is; a new one where there is none, or where its time ran out.
    async fn asked(&self) -> Result<SystemUserRequested, Error> {
        let found = self
            .vendor
            .requested_of(
                self.request.user_type(),
                &self.request.system,
                self.request.customer,
                self.request.reference.as_deref(),
            )
            .await;
        match found {
            Ok(asked) if asked.status != Some(RequestStatus::TimedOut) => Ok(asked),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(self.vendor.request(&self.request).await?.into_inner()),
        }
    }

    fn missing_in(&self, asked: &SystemUserRequested) -> Option<Missing> {
        let customer = self.request.customer;
        let id = asked.id.map_or_else(|| "?".to_owned(), |id| id.to_string());
        Some(match asked.status.as_ref() {
            Some(RequestStatus::Accepted) => return None,
            Some(RequestStatus::New) | None => Missing {
                at: asked.confirm_url.clone(),
                ..Missing::new(
                    Need::Approval,
                    Who::Customer,
                    if asked.escalated == Some(true) {
                        format!(
                            "{customer} has passed the request on to somebody who may approve it; it must be approved within 180 days after it was made"
                        )
                    } else {
                        format!(
                            "{customer} has not approved the request yet; somebody who may (tilgangsstyrer) must do so within 180 days after it was made"
                        )
                    },
                )
            },
            Some(status) => Missing::new(
                Need::Consent,
                Who::Customer,
                format!(
                    "{customer}'s request {id} is {status}: agree with the customer, withdraw that request and ask anew"
                ),
            ),
        })
    }
}
