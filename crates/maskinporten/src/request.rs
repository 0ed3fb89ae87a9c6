//! What is asked for: scopes, and on whose behalf.

use norwegian_ids::{ActorId, OrganisationNumber, PersonNumber};
use serde::Serialize;
use uuid::Uuid;

use crate::kept::Kept;
use crate::{Resource, Scope, Scopes};

/// What a token is asked for. It is a value: build it once, ask with it as often as you like. Asking
/// again with the same one is the fast way, since it remembers where its token is.
///
/// ```
/// use maskinporten::{SystemUser, TokenRequest};
///
/// // for oneself
/// let plain = TokenRequest::scopes(["difitest:test1".parse()?]);
/// // as the supplier of a customer that delegated the scope (delegering)
/// let supplier = plain.clone().consumer_org("310702641".parse()?);
/// // as a customer's system user (systembruker)
/// let system_user = TokenRequest::scopes(["altinn:systembruker.demo".parse()?])
///     .system_user(SystemUser::of("310702641".parse()?).external_ref("payroll"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What has no place in it: the old `iss_onbehalfof`, which excludes `consumer_org` and is about to
/// be removed, and free claims, which the server refuses since 2025 (docs.digdir.no, "JWT grant").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    pub(crate) scopes: Scopes,
    pub(crate) resources: Vec<Resource>,
    pub(crate) consumer_org: Option<OrganisationNumber>,
    pub(crate) pid: Option<PersonNumber>,
    pub(crate) system_user: Option<SystemUser>,
    pub(crate) consent: Option<Consent>,
    /// The way to the token, once a client has found it.
    pub(crate) kept: Kept,
}

impl TokenRequest {
    /// A request for these scopes; at least one is needed. Digdir advises one scope for each token.
    pub fn scopes(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self {
            scopes: scopes.into_iter().collect(),
            resources: Vec::new(),
            consumer_org: None,
            pid: None,
            system_user: None,
            consent: None,
            kept: Kept::default(),
        }
    }

    /// Adds an API that the token is for; it becomes the token's `aud`.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.kept = Kept::default();
        if !self.resources.contains(&resource) {
            self.resources.push(resource);
            self.resources.sort();
        }
        self
    }

    /// Asks as the supplier (leverandør) of this customer, who has delegated the scopes in Altinn.
    /// It must be another organisation than one's own.
    #[must_use]
    pub fn consumer_org(mut self, organisation: OrganisationNumber) -> Self {
        self.kept = Kept::default();
        self.consumer_org = Some(organisation);
        self
    }

    /// Restricts the token to one person. The person has not logged in; the number is copied into
    /// the token.
    #[must_use]
    pub fn pid(mut self, person: PersonNumber) -> Self {
        self.kept = Kept::default();
        self.pid = Some(person);
        self
    }

    /// Asks as a system user (systembruker). One for each token: a second call replaces the first.
    #[must_use]
    pub fn system_user(mut self, system_user: SystemUser) -> Self {
        self.kept = Kept::default();
        self.system_user = Some(system_user);
        self
    }

    /// Asks by a consent (samtykke). One for each token: a second call replaces the first.
    #[must_use]
    pub fn consent(mut self, consent: Consent) -> Self {
        self.kept = Kept::default();
        self.consent = Some(consent);
        self
    }

    /// The scopes asked for.
    #[must_use]
    pub fn asked_scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The types of its `authorization_details`.
    pub(crate) fn detail_types(&self) -> impl Iterator<Item = &'static str> {
        let system_user = self.system_user.as_ref().map(|_| "urn:altinn:systemuser");
        let consent = self.consent.as_ref().map(|_| "urn:altinn:consent");
        system_user.into_iter().chain(consent)
    }

    /// The `authorization_details` (RFC 9396) of the grant.
    pub(crate) fn authorization_details(&self) -> Vec<Detail<'_>> {
        let system_user = self.system_user.as_ref().map(|user| Detail::SystemUser {
            systemuser_org: ActorId::norwegian(&user.organisation),
            external_ref: user.external_ref.as_deref(),
        });
        let consent = self.consent.as_ref().map(|consent| Detail::Consent {
            id: consent.id,
            from: consent.from.urn(),
        });
        system_user.into_iter().chain(consent).collect()
    }
}

/// A customer's system user (systembruker): the customer's organisation, and the name that the
/// vendor gave it where the customer has several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SystemUser {
    pub(crate) organisation: OrganisationNumber,
    pub(crate) external_ref: Option<String>,
}

impl SystemUser {
    /// The system user that this organisation owns. It is the owner's number also where the system
    /// user acts for that organisation's own clients.
    #[must_use]
    pub fn of(organisation: OrganisationNumber) -> Self {
        Self {
            organisation,
            external_ref: None,
        }
    }

    /// The reference that the system user was created with. Needed where it was created with one,
    /// or where the customer has several for the same system.
    #[must_use]
    pub fn external_ref(mut self, reference: impl Into<String>) -> Self {
        self.external_ref = Some(reference.into());
        self
    }

    /// The organisation that owns it.
    #[must_use]
    pub fn organisation(&self) -> OrganisationNumber {
        self.organisation
    }
}

/// A consent (samtykke) that somebody has given in Altinn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consent {
    pub(crate) id: Uuid,
    pub(crate) from: ConsentFrom,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ConsentFrom {
    Person(PersonNumber),
    Organisation(OrganisationNumber),
}

impl ConsentFrom {
    pub(crate) fn urn(&self) -> String {
        match self {
            Self::Person(number) => {
                format!("urn:altinn:person:identifier-no:{}", number.expose())
            }
            Self::Organisation(number) => {
                format!("urn:altinn:organization:identifier-no:{number}")
            }
        }
    }
}

impl Consent {
    /// The consent of a person; `id` is the consent request's.
    #[must_use]
    pub fn of_person(id: Uuid, from: PersonNumber) -> Self {
        Self {
            id,
            from: ConsentFrom::Person(from),
        }
    }

    /// The consent of an organisation; `id` is the consent request's.
    #[must_use]
    pub fn of_organisation(id: Uuid, from: OrganisationNumber) -> Self {
        Self {
            id,
            from: ConsentFrom::Organisation(from),
        }
    }
}

/// One element of `authorization_details`, spelled as the server wants it: an unknown member is
/// MP-302, so `externalRef` stays camel case among snake case. Holds person numbers: no `Debug`.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(crate) enum Detail<'a> {
    #[serde(rename = "urn:altinn:systemuser")]
    SystemUser {
        systemuser_org: ActorId,
        #[serde(rename = "externalRef", skip_serializing_if = "Option::is_none")]
        external_ref: Option<&'a str>,
    },
    #[serde(rename = "urn:altinn:consent")]
    Consent { id: Uuid, from: String },
}
