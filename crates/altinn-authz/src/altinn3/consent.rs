//! Consent (samtykke): a data consumer asks a person or an organisation for leave to fetch data about
//! them, and gets Maskinporten tokens by that leave.
//!
//! ```no_run
//! use altinn_auth::Altinn;
//! use altinn_authz::Language;
//! use altinn_authz::altinn3::consent::{ConsentRequest, ConsentRight, Consents};
//! use altinn_authz::altinn3::{PartyUrn, scopes};
//! use maskinporten::Consent;
//!
//! # async fn run(altinn: Altinn) -> Result<(), Box<dyn std::error::Error>> {
//! let us = altinn.organisation().scopes([scopes::CONSENT_WRITE]);
//! let consents = Consents::new(&us);
//!
//! // ask
//! let anna: norwegian_ids::PersonNumber = "26899299344".parse()?;
//! let us_as_receiver: PartyUrn = "310702641".parse()?;
//! let request = ConsentRequest::new(&anna, us_as_receiver, "2027-01-01T00:00:00Z".parse()?, "https://example.no/thanks".parse()?)
//!     .right(ConsentRight::new("ske-inntekt").metadata("inntektsaar", "2026"))
//!     .message(Language::Bokmal, "Vi trenger inntekten din for å behandle lånesøknaden.");
//! let asked = consents.ask(&request).await?;
//! println!("send the person to {}", asked.view_uri.as_deref().unwrap_or("Altinn"));
//!
//! // answered? (or follow `events`)
//! let now = consents.get(asked.id).await?;
//! if now.is_accepted() {
//!     // the token by the consent: the data owner's scope, and whose consent it is
//!     let token = altinn.organisation().scopes(["skatteetaten:inntekt"]).token_request()?;
//!     let token = token.consent(Consent::of_person(now.id, anna));
//!     let token = altinn.maskinporten().ok_or("no Maskinporten client")?.token(&token).await?;
//!     println!("{} s", token.expires_in().as_secs());
//! }
//! # Ok(()) }
//! ```
//!
//! The request's id is made here and is its idempotency key: to ask again with the same
//! [`ConsentRequest`] is to ask once. After a lost answer, [`Consents::ask`] looks before it says so.

pub mod models;

use std::collections::BTreeMap;
use std::fmt;

use altinn_auth::{Organisation, Session};
use http::{Method, StatusCode};
use http_transport::decode_json;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;
use uuid::Uuid;

pub use self::models::{
    ConsentEvent, ConsentEventKind, ConsentRequestDetails, ConsentStatus, PortalViewMode,
};
use crate::altinn3::api::Api;
use crate::altinn3::client::answer_was_lost;
use crate::altinn3::models::ResourceId;
use crate::altinn3::pages::{PageToken, Pages};
use crate::altinn3::party_urn::PartyUrn;
use crate::altinn3::scopes;
use crate::wire::OpenEnum as _;
use crate::{Caller, Error, Language};

/// Consents, as the organisation that asks for them (datakonsument). The scopes are
/// [`CONSENT_READ`](scopes::CONSENT_READ), [`CONSENT_WRITE`](scopes::CONSENT_WRITE), and
/// [`CONSENT_ORG`](scopes::CONSENT_ORG) for those who ask for others.
///
/// See the [module](self) for the way from the request to the token.
#[derive(Debug, Clone)]
pub struct Consents {
    api: Api,
}

const READERS: [&str; 3] = [
    scopes::CONSENT_READ,
    scopes::CONSENT_WRITE,
    scopes::CONSENT_ORG,
];
const PATH: &str = "accessmanagement/api/v1/enterprise/consentrequests";

impl Consents {
    /// As the organisation whose session it is.
    #[must_use]
    pub fn new(session: &Session<Organisation>) -> Self {
        Self::with_caller(session.clone())
    }

    /// As this [`Caller`].
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static) -> Self {
        Self {
            api: Api::new(caller).when_forbidden(
                "ask for consents to your own organisation, the one whose token it is, or with the scope altinn:consentrequests.org, which Digitaliseringsdirektoratet gives",
            ),
        }
    }

    /// Asks for a consent, and gives the request as it stands: a new one, or the one that has this id
    /// already. `POST enterprise/consentrequests`.
    ///
    /// When the answer is lost, the request is looked up by its id, so that an error means that it was
    /// not made, or that nobody knows.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) before anything is sent. A refusal with AM-00016:
    /// the id belongs to another request. [`Forbidden`](crate::ErrorKind::Forbidden): the receiver (`to`) is another
    /// than the organisation whose token it is, and that takes the scope
    /// [`CONSENT_ORG`](scopes::CONSENT_ORG).
    pub async fn ask(&self, request: &ConsentRequest) -> Result<ConsentRequestDetails, Error> {
        const OPERATION: &str = "ask for a consent";
        self.api
            .require_one_of(OPERATION, &[scopes::CONSENT_WRITE, scopes::CONSENT_ORG])?;
        request.check(OPERATION)?;
        let address = self.api.address(PATH);
        let sent = self
            .api
            .send(OPERATION, Method::POST, address.as_str(), Some(request))
            .await;
        match sent {
            // 200 has another document than 201: the request is read by itself
            Ok(answer) if answer.status() == StatusCode::CREATED => {
                match decode_json(OPERATION, &answer) {
                    Ok(details) => Ok(details),
                    Err(_) => self.get(request.id).await,
                }
            }
            Ok(_) => self.get(request.id).await,
            Err(error) if answer_was_lost(&error) => self.get(request.id).await.map_err(|_| error),
            Err(error) => Err(error),
        }
    }

    /// A consent request as it stands, with what happened to it. `GET enterprise/consentrequests/{id}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) (AM-00001), also for a request of somebody else's.
    pub async fn get(&self, id: Uuid) -> Result<ConsentRequestDetails, Error> {
        const OPERATION: &str = "read a consent request";
        self.api.require_one_of(OPERATION, &READERS)?;
        let address = self.api.address(PATH).segment(id.hyphenated());
        self.api.get(OPERATION, &address).await
    }

    /// What happened to the organisation's consent requests, page by page: a stream.
    /// `GET enterprise/consentrequests/events`.
    ///
    /// ```no_run
    /// # use altinn_authz::altinn3::consent::{Consents, EventsQuery};
    /// # async fn run(consents: Consents) -> Result<(), altinn_authz::Error> {
    /// let mut pages = consents.events(&EventsQuery::new())?;
    /// while let Some(page) = pages.next_page().await? {
    ///     println!("{} more; the next page is at {:?}", page.len(), pages.position());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope); each page as the server refuses.
    pub fn events(&self, query: &EventsQuery) -> Result<Pages<ConsentEvent>, Error> {
        const OPERATION: &str = "list what happened to consent requests";
        self.api.require_one_of(OPERATION, &READERS)?;
        let mut address = self
            .api
            .address(PATH)
            .segment("events")
            .query_if("continuationToken", query.from.as_ref())
            .query_if("createdAfter", query.after)
            .query_if("createdBefore", query.before);
        for kind in &query.kinds {
            address = address.query("eventType", kind);
        }
        let address = address.query_if("consentRequestId", query.about.map(Uuid::hyphenated));
        Ok(self.api.pages(OPERATION, &address))
    }
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventsQuery {
    from: Option<PageToken>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    kinds: Vec<ConsentEventKind>,
    about: Option<Uuid>,
}

impl EventsQuery {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on where a list was left ([`Pages::position`]).
    #[must_use]
    pub fn from(mut self, place: PageToken) -> Self {
        self.from = Some(place);
        self
    }

    /// Only what happened after this.
    #[must_use]
    pub fn after(mut self, time: Timestamp) -> Self {
        self.after = Some(time);
        self
    }

    /// Only what happened before this.
    #[must_use]
    pub fn before(mut self, time: Timestamp) -> Self {
        self.before = Some(time);
        self
    }

    /// Only events of this kind; given again, that kind too.
    #[must_use]
    pub fn of(mut self, kind: ConsentEventKind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Only about this request.
    #[must_use]
    pub fn about(mut self, request: Uuid) -> Self {
        self.about = Some(request);
        self
    }
}

/// A request for a consent (samtykkeforespørsel).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentRequest {
    id: Uuid,
    from: PartyUrn,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_delegator: Option<PartyUrn>,
    to: PartyUrn,
    valid_to: Timestamp,
    consent_rights: Vec<ConsentRight>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    request_message: BTreeMap<&'static str, String>,
    redirect_url: Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_view_mode: Option<PortalViewMode>,
}

impl ConsentRequest {
    /// `from` is asked to give `to` leave until `valid_to`, and comes back to `redirect_url`
    /// afterwards. A new id is made.
    #[must_use]
    pub fn new(
        from: impl Into<PartyUrn>,
        to: impl Into<PartyUrn>,
        valid_to: Timestamp,
        redirect_url: Url,
    ) -> Self {
        Self {
            id: Uuid::new_v4(),
            from: from.into(),
            required_delegator: None,
            to: to.into(),
            valid_to,
            consent_rights: Vec::new(),
            request_message: BTreeMap::new(),
            redirect_url,
            portal_view_mode: None,
        }
    }

    /// With an id that was written down before: the same id is the same request.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// Leave for this, too. At least one is needed.
    #[must_use]
    pub fn right(mut self, right: ConsentRight) -> Self {
        self.consent_rights.push(right);
        self
    }

    /// What is said to the one who is asked.
    #[must_use]
    pub fn message(mut self, language: Language, text: impl Into<String>) -> Self {
        self.request_message.insert(language.tag(), text.into());
        self
    }

    /// Who must give the consent on the party's behalf.
    #[must_use]
    pub fn required_delegator(mut self, person: impl Into<PartyUrn>) -> Self {
        self.required_delegator = Some(person.into());
        self
    }

    /// Whether it shows among the party's requests in Altinn.
    #[must_use]
    pub fn shown_in_portal(mut self, shown: bool) -> Self {
        self.portal_view_mode = Some(match shown {
            true => PortalViewMode::Show,
            false => PortalViewMode::Hide,
        });
        self
    }

    /// The request's id: to write down before it is sent.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    fn check(&self, operation: &'static str) -> Result<(), Error> {
        let is_empty = |right: &ConsentRight| {
            right.action.is_empty() || right.resource.iter().any(|on| on.value.trim().is_empty())
        };
        if !self.consent_rights.is_empty() && !self.consent_rights.iter().any(is_empty) {
            return Ok(());
        }
        Err(Error::input(
            operation,
            "the request does not say what it asks leave for",
            "name at least one resource that is made for consent (ConsentRight::new)",
        ))
    }
}

impl fmt::Debug for ConsentRequest {
    /// Without the metadata, which may be about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRequest")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("valid_to", &self.valid_to)
            .field("consent_rights", &self.consent_rights)
            .finish_non_exhaustive()
    }
}

/// One thing that a consent is asked for.
#[derive(Clone, Serialize)]
pub struct ConsentRight {
    action: Vec<String>,
    resource: Vec<On>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize)]
struct On {
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
}

impl ConsentRight {
    /// The action `consent` on a resource of the registry that is made for it.
    #[must_use]
    pub fn new(resource: impl Into<ResourceId>) -> Self {
        Self {
            action: vec!["consent".to_owned()],
            resource: vec![On {
                kind: "urn:altinn:resource",
                value: resource.into().to_string(),
            }],
            metadata: BTreeMap::new(),
        }
    }

    /// Another action than `consent`.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = vec![action.into()];
        self
    }

    /// What it is narrowed to, by a name that the resource has for it. Altinn wants all names that the
    /// resource has, and no others (AM-00006, AM-00007, AM-00008).
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for ConsentRight {
    /// Without the metadata, which may be about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRight")
            .field("action", &self.action)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

impl ConsentRequestDetails {
    /// Whether the consent was given. It may have run out since: see `valid_to`.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.status == Some(ConsentStatus::Accepted)
    }

    /// Whether nobody has answered yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == Some(ConsentStatus::Created)
    }

    /// What its state means, in words.
    #[must_use]
    pub fn state(&self) -> &str {
        self.status
            .as_ref()
            .map_or("unknown", |status| status.as_wire())
    }
}
