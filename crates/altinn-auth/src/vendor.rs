//! What a vendor of systems (systemleverandør) does: it registers its system, asks customers for system
//! users (systembruker), and becomes them.
//!
//! ```no_run
//! use altinn_auth::vendor::{Access, Progress, System, SystemUserRequest};
//!
//! # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
//! let vendor = altinn.vendor();
//! // once: the system, and which Maskinporten clients act for it
//! let system = System::new("310702641_lonn", "310702641".parse()?, "Lønn")
//!     .client_id("238259d7-f0ab-4bd5-b253-0f0159375096")
//!     .access(Access::resource("ske-krav-og-betalinger"));
//! vendor.register(&system).await?;
//!
//! // for each customer: ask, wait for the approval, and be its system user
//! let ask = SystemUserRequest::new("310702641_lonn", "310753831".parse()?)
//!     .access(Access::resource("ske-krav-og-betalinger"));
//! let onboarding = vendor.onboard(ask, ["altinn:accessmanagement/authorizedparties"]);
//! match onboarding.step().await? {
//!     Progress::Ready(me) => println!("a token for {} s", me.token().await?.expires_in().as_secs()),
//!     Progress::Missing(missing) => println!("{missing}"), // what, who, where
//! }
//! # Ok(()) }
//! ```
//!
//! Source: <https://docs.altinn.studio/api/authentication/systemuserapi/>, and the server's own source
//! (Altinn/altinn-authentication), which wins where they differ.

#[cfg(feature = "openssl")]
mod agents;
mod flow;
mod models;

use std::collections::HashSet;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use http_transport::{Diagnosis, Remedy, Who, decode_json};
use norwegian_ids::OrganisationNumber;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

#[cfg(feature = "openssl")]
pub use self::agents::{AgentClients, Client, ClientList};
pub use self::flow::{Missing, Need, Onboarding, Progress};
pub use self::models::{
    Access, Asked, Change, ChangeRequest, RegisteredSystem, RequestStatus, System, SystemChange,
    SystemUser, SystemUserRequest, SystemUserRequested, Text, UserType,
};
use crate::altinn::Altinn;
use crate::kind::{Kind, Organisation};
use crate::{Error, ErrorKind, Session};

/// Registers and changes systems, and lists their system users.
pub const REGISTER_WRITE: &str = "altinn:authentication/systemregister.write";
/// Asks for system users, and looks one up.
pub const REQUEST_WRITE: &str = "altinn:authentication/systemuser.request.write";
/// Looks at requests.
pub const REQUEST_READ: &str = "altinn:authentication/systemuser.request.read";

/// No list of a vendor has more pages; a server that goes on is not believed. Own choice.
const PAGES: usize = 10_000;

/// A vendor's calls: from [`Altinn::vendor`]. Each asks for just the scope that it needs. Cheap to clone;
/// hundreds of customers can be under way at a time.
#[derive(Clone, Debug)]
pub struct Vendor {
    altinn: Altinn,
}

impl Vendor {
    pub(crate) fn new(altinn: Altinn) -> Self {
        Self { altinn }
    }

    fn with(&self, scope: &str) -> Session<Organisation> {
        self.altinn.organisation().scopes([scope])
    }

    fn url(&self, operation: &'static str, segments: &[&str]) -> Result<Url, Error> {
        url(&self.altinn, operation, segments)
    }

    /// Registers a system; Altinn's internal id of it is the answer, when it gives one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`], when it is there already or something in it is not accepted.
    pub async fn register(&self, system: &System) -> Result<Option<Uuid>, Error> {
        const OPERATION: &str = "register a system";
        let url = self.url(OPERATION, &["systemregister", "vendor"])?;
        let answer = send(
            &self.with(REGISTER_WRITE),
            OPERATION,
            Method::POST,
            &url,
            Some(system),
        )
        .await?;
        Ok(serde_json::from_slice(answer.body()).ok())
    }

    /// The vendor's systems.
    ///
    /// # Errors
    ///
    /// As every call: no token, no answer, or a refusal.
    pub async fn systems(&self) -> Result<Vec<RegisteredSystem>, Error> {
        const OPERATION: &str = "list the vendor's systems";
        let url = self.url(OPERATION, &["systemregister", "vendor"])?;
        get(&self.with(REGISTER_WRITE), OPERATION, &url).await
    }

    /// One system.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn system(&self, system: &str) -> Result<RegisteredSystem, Error> {
        const OPERATION: &str = "look up a system";
        let url = self.url(OPERATION, &["systemregister", "vendor", system])?;
        get(&self.with(REGISTER_WRITE), OPERATION, &url).await
    }

    /// Replaces a system's whole registration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn update(&self, system: &System) -> Result<(), Error> {
        const OPERATION: &str = "change a system";
        let url = self.url(OPERATION, &["systemregister", "vendor", system.id()])?;
        send(
            &self.with(REGISTER_WRITE),
            OPERATION,
            Method::PUT,
            &url,
            Some(system),
        )
        .await?;
        Ok(())
    }

    /// Replaces what a system may ask customers for: both lists are set, rights and access packages, rights
    /// first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call. When the second list fails, the first is already set.
    pub async fn set_access(
        &self,
        system: &str,
        access: impl IntoIterator<Item = Access>,
    ) -> Result<(), Error> {
        const OPERATION: &str = "change what a system may ask for";
        let session = self.with(REGISTER_WRITE);
        let (rights, packages) = models::split(access);
        let url = self.url(OPERATION, &["systemregister", "vendor", system, "rights"])?;
        send(&session, OPERATION, Method::PUT, &url, Some(&rights)).await?;
        let url = self.url(
            OPERATION,
            &["systemregister", "vendor", system, "accesspackages"],
        )?;
        send(&session, OPERATION, Method::PUT, &url, Some(&packages)).await?;
        Ok(())
    }

    /// Deletes a system. Altinn keeps its record, and its id is not free again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn delete(&self, system: &str) -> Result<(), Error> {
        const OPERATION: &str = "delete a system";
        let url = self.url(OPERATION, &["systemregister", "vendor", system])?;
        send::<_, ()>(
            &self.with(REGISTER_WRITE),
            OPERATION,
            Method::DELETE,
            &url,
            None,
        )
        .await?;
        Ok(())
    }

    /// Who changed a system, when and how.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn changes(&self, system: &str) -> Result<Vec<SystemChange>, Error> {
        const OPERATION: &str = "list a system's changes";
        let url = self.url(
            OPERATION,
            &["systemregister", "vendor", system, "changelog"],
        )?;
        get(&self.with(REGISTER_WRITE), OPERATION, &url).await
    }

    /// Asks a customer for a system user. The customer approves it at
    /// [`confirm_url`](SystemUserRequested::confirm_url), within 180 days.
    ///
    /// [`Asked::Existing`] is the request that was there already for the same system, customer and
    /// reference: nothing new was asked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] with Altinn's code, and as every call.
    pub async fn request(
        &self,
        request: &SystemUserRequest,
    ) -> Result<Asked<SystemUserRequested>, Error> {
        const OPERATION: &str = "ask a customer for a system user";
        let mut segments = vec!["systemuser", "request", "vendor"];
        segments.extend(request.user_type().segment());
        let url = self.url(OPERATION, &segments)?;
        let answer = send(
            &self.with(REQUEST_WRITE),
            OPERATION,
            Method::POST,
            &url,
            Some(request),
        )
        .await?;
        asked(OPERATION, &answer)
    }

    /// A request, by its id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn requested(&self, of: UserType, id: Uuid) -> Result<SystemUserRequested, Error> {
        const OPERATION: &str = "look up a request for a system user";
        let id = id.to_string();
        let mut segments = vec!["systemuser", "request", "vendor"];
        segments.extend(of.segment());
        segments.push(&id);
        let url = self.url(OPERATION, &segments)?;
        get(&self.with(REQUEST_READ), OPERATION, &url).await
    }

    /// A request, by system, customer and reference; the reference is the customer's number when none was
    /// given.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn requested_of(
        &self,
        of: UserType,
        system: &str,
        customer: OrganisationNumber,
        reference: Option<&str>,
    ) -> Result<SystemUserRequested, Error> {
        const OPERATION: &str = "look up a request for a system user";
        let customer = customer.to_string();
        let mut segments = vec!["systemuser", "request", "vendor"];
        segments.extend(of.segment());
        segments.extend([
            "byexternalref",
            system,
            &customer,
            reference.unwrap_or(&customer),
        ]);
        let url = self.url(OPERATION, &segments)?;
        get(&self.with(REQUEST_READ), OPERATION, &url).await
    }

    /// All requests of a system, page by page to the end.
    ///
    /// # Errors
    ///
    /// As every call; a page on another host is [`ErrorKind::ForeignHost`].
    pub async fn requests(
        &self,
        of: UserType,
        system: &str,
    ) -> Result<Vec<SystemUserRequested>, Error> {
        const OPERATION: &str = "list a system's requests";
        let mut segments = vec!["systemuser", "request", "vendor"];
        segments.extend(of.segment());
        segments.extend(["bysystem", system]);
        let url = self.url(OPERATION, &segments)?;
        pages(&self.with(REQUEST_READ), OPERATION, url).await
    }

    /// Takes a request back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn withdraw(&self, id: Uuid) -> Result<(), Error> {
        const OPERATION: &str = "withdraw a request for a system user";
        let url = self.url(
            OPERATION,
            &["systemuser", "request", "vendor", &id.to_string()],
        )?;
        send::<_, ()>(
            &self.with(REQUEST_WRITE),
            OPERATION,
            Method::DELETE,
            &url,
            None,
        )
        .await?;
        Ok(())
    }

    /// Asks a customer to change what a standard system user may do. `id` is the caller's own and names
    /// the request from then on: the same id again is the same request ([`Asked::Existing`]), so that
    /// nothing is asked twice. When there is nothing to change, the answer's status is
    /// [`RequestStatus::NoChangeNeeded`], and there is no request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] with Altinn's code: AUTH-00061 when the id is of a request that is decided
    /// already.
    pub async fn change(
        &self,
        system_user: Uuid,
        id: Uuid,
        change: &Change,
    ) -> Result<Asked<ChangeRequest>, Error> {
        const OPERATION: &str = "ask a customer to change a system user";
        let mut url = self.url(OPERATION, &["systemuser", "changerequest", "vendor"])?;
        url.query_pairs_mut()
            .append_pair("correlation-id", &id.to_string())
            .append_pair("system-user-id", &system_user.to_string());
        let answer = send(
            &self.with(REQUEST_WRITE),
            OPERATION,
            Method::POST,
            &url,
            Some(change),
        )
        .await?;
        asked(OPERATION, &answer)
    }

    /// A change request, by its id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn change_requested(&self, id: Uuid) -> Result<ChangeRequest, Error> {
        const OPERATION: &str = "look up a change request";
        let url = self.url(
            OPERATION,
            &["systemuser", "changerequest", "vendor", &id.to_string()],
        )?;
        get(&self.with(REQUEST_READ), OPERATION, &url).await
    }

    /// A change request, by system, customer and reference, as [`requested_of`](Self::requested_of).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn change_requested_of(
        &self,
        system: &str,
        customer: OrganisationNumber,
        reference: Option<&str>,
    ) -> Result<ChangeRequest, Error> {
        const OPERATION: &str = "look up a change request";
        let customer = customer.to_string();
        let url = self.url(
            OPERATION,
            &[
                "systemuser",
                "changerequest",
                "vendor",
                "byexternalref",
                system,
                &customer,
                reference.unwrap_or(&customer),
            ],
        )?;
        get(&self.with(REQUEST_READ), OPERATION, &url).await
    }

    /// All change requests of a system, page by page to the end.
    ///
    /// # Errors
    ///
    /// As [`requests`](Self::requests).
    pub async fn change_requests(&self, system: &str) -> Result<Vec<ChangeRequest>, Error> {
        const OPERATION: &str = "list a system's change requests";
        let url = self.url(
            OPERATION,
            &["systemuser", "changerequest", "vendor", "bysystem", system],
        )?;
        pages(&self.with(REQUEST_READ), OPERATION, url).await
    }

    /// Takes a change request back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn withdraw_change(&self, id: Uuid) -> Result<(), Error> {
        const OPERATION: &str = "withdraw a change request";
        let url = self.url(
            OPERATION,
            &["systemuser", "changerequest", "vendor", &id.to_string()],
        )?;
        send::<_, ()>(
            &self.with(REQUEST_WRITE),
            OPERATION,
            Method::DELETE,
            &url,
            None,
        )
        .await?;
        Ok(())
    }

    /// A customer's system user of a system; the reference as in [`requested_of`](Self::requested_of).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], and as every call.
    pub async fn system_user(
        &self,
        system: &str,
        customer: OrganisationNumber,
        reference: Option<&str>,
    ) -> Result<SystemUser, Error> {
        const OPERATION: &str = "look up a system user";
        let mut url = self.url(OPERATION, &["systemuser", "vendor", "byquery"])?;
        url.query_pairs_mut()
            .append_pair("system-id", system)
            .append_pair("orgno", customer.as_str());
        if let Some(reference) = reference {
            url.query_pairs_mut().append_pair("external-ref", reference);
        }
        get(&self.with(REQUEST_WRITE), OPERATION, &url).await
    }

    /// All system users of a system, page by page to the end.
    ///
    /// # Errors
    ///
    /// As [`requests`](Self::requests).
    pub async fn system_users(&self, system: &str) -> Result<Vec<SystemUser>, Error> {
        const OPERATION: &str = "list a system's system users";
        let url = self.url(OPERATION, &["systemuser", "vendor", "bysystem", system])?;
        pages(&self.with(REGISTER_WRITE), OPERATION, url).await
    }

    /// The whole way from the request to a customer's system user, whose sessions ask for `scopes`.
    pub fn onboard<S: Into<String>>(
        &self,
        request: SystemUserRequest,
        scopes: impl IntoIterator<Item = S>,
    ) -> Onboarding {
        Onboarding::new(
            self.clone(),
            request,
            scopes.into_iter().map(Into::into).collect(),
        )
    }
}

fn url(altinn: &Altinn, operation: &'static str, segments: &[&str]) -> Result<Url, Error> {
    let mut url = altinn.environment().platform().clone();
    // each segment is escaped: a reference may hold a slash
    let done = url.path_segments_mut().map(|mut path| {
        path.pop_if_empty()
            .extend(["authentication", "api", "v1"])
            .extend(segments);
    });
    done.map_err(|()| invalid(operation))?;
    // `.` and `..` cannot be escaped, and would name something else
    if segments
        .iter()
        .any(|segment| segment.is_empty() || *segment == "." || *segment == "..")
    {
        return Err(invalid(operation));
    }
    Ok(url)
}

fn invalid(operation: &'static str) -> Error {
    Error::transport(
        operation,
        http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, operation)
            .with_detail("an id or a reference is empty or a dot"),
    )
}

async fn send<K: Kind, B: Serialize>(
    session: &Session<K>,
    operation: &'static str,
    method: Method,
    url: &Url,
    body: Option<&B>,
) -> Result<http::Response<Bytes>, Error> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(ACCEPT, "application/json");
    let body = match body {
        Some(body) => {
            request = request.header(CONTENT_TYPE, "application/json");
            serde_json::to_vec(body).map_err(|_| invalid(operation))?
        }
        None => Vec::new(),
    };
    let request = request
        .body(Bytes::from(body))
        .map_err(|_| invalid(operation))?;
    let answer = session.call(operation, request).await?;
    if answer.status().is_success() {
        Ok(answer)
    } else {
        Err(refusal(operation, &answer))
    }
}

async fn get<K: Kind, T: DeserializeOwned>(
    session: &Session<K>,
    operation: &'static str,
    url: &Url,
) -> Result<T, Error> {
    let answer = send::<_, ()>(session, operation, Method::GET, url, None).await?;
    decode_json(operation, &answer).map_err(|error| Error::transport(operation, error))
}

/// 201 is new, 200 was there already.
fn asked<T: DeserializeOwned>(
    operation: &'static str,
    answer: &http::Response<Bytes>,
) -> Result<Asked<T>, Error> {
    let request =
        decode_json(operation, answer).map_err(|error| Error::transport(operation, error))?;
    Ok(if answer.status() == StatusCode::CREATED {
        Asked::New(request)
    } else {
        Asked::Existing(request)
    })
}

/// A list whole, page by page.
async fn pages<K: Kind, T: DeserializeOwned>(
    session: &Session<K>,
    operation: &'static str,
    first: Url,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    walk(session, operation, first, |page| all.extend(page.data)).await?;
    Ok(all)
}

/// Follows `links.next` to the end, on the environment's own hosts only.
async fn walk<K: Kind, T: DeserializeOwned>(
    session: &Session<K>,
    operation: &'static str,
    first: Url,
    mut take: impl FnMut(models::Page<T>),
) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let mut next = Some(first);
    while let Some(url) = next {
        if seen.len() >= PAGES || !seen.insert(url.clone()) {
            return Err(Error::new(
                ErrorKind::InvalidAnswer,
                Diagnosis::new(operation)
                    .with_message("the list's pages lead in a circle")
                    .with_remedy(Remedy::new(Who::Operator, "mend the list's links.next")),
            ));
        }
        let page: models::Page<T> = get(session, operation, &url).await?;
        let link = page.links.as_ref().and_then(|links| links.next.as_ref());
        next = link
            .map(|link| url.join(link).map_err(|_| invalid(operation)))
            .transpose()?;
        take(page);
    }
    Ok(())
}

fn refusal(operation: &'static str, answer: &http::Response<Bytes>) -> Error {
    let status = answer.status();
    let mut diagnosis = Diagnosis::new(operation).with_status(status.as_u16());
    let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let first = problem["validationErrors"].get(0).unwrap_or(&Value::Null);
    let code = [&first["code"], &problem["code"]]
        .into_iter()
        .find_map(Value::as_str);
    if let Some(code) = code {
        diagnosis = diagnosis.with_code(code.to_owned());
    }
    let words = [
        &first["title"],
        &first["detail"],
        &problem["detail"],
        &problem["title"],
        &problem,
    ];
    let words = words
        .into_iter()
        .find_map(Value::as_str)
        .map(str::to_owned)
        .or_else(|| crate::exchange::message(answer));
    if let Some(words) = words {
        diagnosis = diagnosis.with_message(words);
    }
    if let Some(trace) = problem["traceId"].as_str() {
        diagnosis = diagnosis.with_trace_id(trace);
    }
    let (kind, remedy) = match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            diagnosis = diagnosis.with_retry(crate::exchange::retry_after(answer));
            (ErrorKind::Unavailable, crate::exchange::later())
        }
        status if status.is_server_error() => {
            diagnosis = diagnosis.with_retry(crate::exchange::retry_after(answer));
            (ErrorKind::Unavailable, crate::exchange::later())
        }
        StatusCode::NOT_FOUND => (ErrorKind::NotFound, of_code(code)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if code.is_none() => (
            ErrorKind::Refused,
            Remedy::new(
                Who::You,
                "check that the client has the scope at Maskinporten, and that the system is this vendor's own",
            ),
        ),
        _ => (ErrorKind::Refused, of_code(code)),
    };
    Error::new(kind, diagnosis.with_remedy(remedy))
}

/// What to do about Altinn's own codes.
fn of_code(code: Option<&str>) -> Remedy {
    let you = |action: &'static str| Remedy::new(Who::You, action);
    match code {
        Some("AUTH-00001") => you(
            "ask only for rights that the system has in the register, and that can be delegated",
        ),
        Some("AUTH-00004" | "AUTH-00006") => {
            you("use the system user that is there, or give another external reference")
        }
        Some("AUTH-00007") => you("wait for the request that is open, or withdraw it first"),
        Some("AUTH-00008" | "AUTH-00009") => Remedy::new(
            Who::Customer,
            "say why it did not approve; then the vendor withdraws the request and asks anew",
        ),
        Some("AUTH-00010") => you("check the request's id, and whether it is of an agent"),
        Some("AUTH-00011") => {
            you("register the system first, or check its id ({organisation}_{name})")
        }
        Some("AUTH-00021" | "AUTH-00026") => you(
            "use a redirect URL that the system has in the register, exactly as it stands there",
        ),
        Some("AUTH-00023") => you("ask as the vendor itself, not on behalf of another"),
        Some("AUTH-00059") => you("ask for at least one right or access package"),
        Some("AUTH-00061") => you("give a new id for a new change"),
        Some("AUTH-00063") => you("add the access package to the system in the register first"),
        Some("AUTH-00064") => {
            you("use an access package that is not for clients, or ask for an agent system user")
        }
        Some("AUTH-00065") => you(
            "use an access package that is for client relations, or ask for a standard system user",
        ),
        Some("AUTH-00079") => you(
            "choose among the clients that the agent can get: those of its owner, with their party UUID",
        ),
        Some("AUTH-00080") => Remedy::new(
            Who::Customer,
            "the client must give the owner of the system user the access packages that the agent needs (klientforhold)",
        ),
        Some("AUTH.VLD-00014" | "AUTH.VLD-00015") => {
            you("give the id of an agent system user; those of an organisation can be listed")
        }
        Some("AUTH.VLD-00018") => you(
            "hide a system whose access packages are for client relations, or leave those packages out",
        ),
        Some("AUTH.VLD-00016") => you("give the client's party UUID"),
        _ => you("correct what the message names"),
    }
}
