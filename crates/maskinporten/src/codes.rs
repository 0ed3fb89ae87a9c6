//! The server's refusals as data: what each code means, what cures it, and who must act.
//!
//! It is Digdir's published table of error codes (docs.digdir.no, Maskinporten, "Feilsøking") with the
//! refusals that have no number, and needs no network.
//!
//! ```
//! use maskinporten::codes;
//!
//! let code = codes::find("MP-251").ok_or("no such code")?;
//! assert_eq!(code.error, "forbidden");
//! println!("{}: {}\n{}", code.id, code.cause, code.remedy());
//! # Ok::<(), &str>(())
//! ```

use std::fmt;

use http_transport::{Remedy, Who};

use crate::ErrorKind;

/// One kind of refusal.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Code {
    /// The server's code, `MP-251`; for a refusal without a number, a name of ours in small letters.
    pub id: &'static str,
    /// The OAuth error code in the answer.
    pub error: &'static str,
    /// The text in the answer, with places for what varies.
    pub text: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What is wrong.
    pub cause: &'static str,
    /// What to do: a verb phrase.
    pub action: &'static str,
    /// Who must do it.
    pub who: Who,
    /// Where it is done, when there is one place.
    pub place: Option<&'static str>,
    /// Whether and when another attempt helps.
    pub retry: RetryClass,
    /// The kind of [`Error`](crate::Error) it becomes.
    pub kind: ErrorKind,
    /// Where it takes more than one hand, or may have several causes: what to do, one after the
    /// other, and who does it.
    pub steps: &'static [Step],
    /// Parts of the text by which the refusal is known when the answer has no code.
    signs: &'static [&'static str],
}

/// One step of a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Who takes it.
    pub who: Who,
    /// What to do.
    pub action: &'static str,
}

impl Step {
    const fn new(who: Who, action: &'static str) -> Self {
        Self { who, action }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.who, self.action)
    }
}

/// When another attempt helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// Not before something has been changed on one's own side.
    Never,
    /// Once somebody else has acted, which takes effect within minutes (up to 15 after a
    /// registration).
    OnceCured,
    /// At once, with a newly signed grant, one time.
    FreshGrant,
    /// At once, one time, with the time corrected by what the server's answer says.
    CorrectedClock,
}

impl fmt::Display for RetryClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never with the same input",
            Self::OnceCured => "once it has been put right; that takes effect within 15 minutes",
            Self::FreshGrant => "once, with a newly signed grant",
            Self::CorrectedClock => "once, with the corrected time",
        })
    }
}

impl Code {
    /// What to do, who must, and where.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        let remedy = Remedy::new(self.who, self.action);
        match self.place {
            Some(place) => remedy.at(place),
            None => remedy,
        }
    }

    /// Whether the code is the server's own, `MP-…`.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.id.starts_with("MP-")
    }
}

const SELF_SERVICE: &str = "Digdir's self-service (Samarbeidsportalen): https://sjolvbetjening.samarbeid.digdir.no, test: https://sjolvbetjening.test.samarbeid.digdir.no";

/// Finds a code by its id, in any case, also by its bare number.
///
/// ```
/// assert_eq!(maskinporten::codes::find("mp-121").map(|code| code.id), Some("MP-121"));
/// assert_eq!(maskinporten::codes::find("121").map(|code| code.id), Some("MP-121"));
/// assert!(maskinporten::codes::find("MP-999").is_none());
/// ```
#[must_use]
pub fn find(id: &str) -> Option<&'static Code> {
    let id = id.trim();
    ALL.iter().find(|code| {
        code.id.eq_ignore_ascii_case(id)
            || code
                .id
                .strip_prefix("MP-")
                .is_some_and(|number| number == id)
    })
}

/// Finds the refusal that an error answer is: by the code at the end of its `error_uri`, else by
/// its words.
pub(crate) fn recognise(
    error: &str,
    description: &str,
    error_uri: Option<&str>,
) -> Option<&'static Code> {
    let coded = error_uri
        .and_then(|uri| uri.split(['?', '#']).next())
        .and_then(|uri| uri.trim_end_matches('/').rsplit('/').next())
        .filter(|segment| segment.to_ascii_uppercase().starts_with("MP-"));
    if let Some(segment) = coded {
        return find(segment);
    }
    let description = description.to_lowercase();
    let said = |code: &&Code| {
        code.signs
            .iter()
            .any(|sign| description.contains(&sign.to_lowercase()))
    };
    ALL.iter().find(said).or_else(|| match error {
        "invalid_altinn_customer_configuration" => find("MP-303"),
        _ if description.ends_with("client authentication failed.")
            || description.ends_with("client authentication failed") =>
        {
            find("MP-100")
        }
        _ if description.contains("invalid assertion") => find("MP-011"),
        _ => None,
    })
}

/// All of them, by number, then those without one.
pub static ALL: &[Code] = &[
    Code {
        id: "MP-011",
        error: "invalid_request",
        text: "Invalid assertion. Invalid parameter value",
        status: 400,
        cause: "the grant cannot be read: a line break or a typing error in it, or a claim that Maskinporten does not document",
        action: "send the grant unchanged, with the documented claims only",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::Grant,
        steps: &[],
        signs: &["invalid parameter value"],
    },
    Code {
        id: "MP-012",
        error: "invalid_grant",
        text: "Grant is used before",
        status: 400,
        cause: "the same grant, or one with the same jti, has been used before",
        action: "sign a new grant with a new jti for every attempt",
        who: Who::You,
        place: None,
        retry: RetryClass::FreshGrant,
        kind: ErrorKind::Replayed,
        steps: &[],
        signs: &["grant is used before"],
    },
    Code {
        id: "MP-100",
        error: "invalid_grant",
        text: "Invalid assertion. Client authentication failed. / Client not found",
        status: 400,
        cause: "no active client has this client id in this environment",
        action: "check the client id, and that the client is active in this environment; test and production have their own clients",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::UnknownClient,
        steps: &[],
        signs: &["client not found"],
    },
    Code {
        id: "MP-110",
        error: "invalid_grant",
        text: "Invalid assertion. Client authentication failed. Invalid JWT claim aud",
        status: 400,
        cause: "the grant's aud is not this environment's issuer",
        action: "use the issuer of the environment that the token endpoint belongs to, to the letter: https://maskinporten.no/ or https://test.maskinporten.no/",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::Audience,
        steps: &[],
        signs: &["invalid jwt claim aud"],
    },
    Code {
        id: "MP-120",
        error: "invalid_grant",
        text: "Invalid assertion. Client authentication failed. The JWT is signed with an invalid certificate.",
        status: 400,
        cause: "the certificate has expired, is revoked, comes from an issuer that is not trusted, or is a test certificate in production or the other way round",
        action: "use a valid business certificate (virksomhetssertifikat) from Buypass or Commfides for this environment; test certificates are ordered separately",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::Certificate,
        steps: &[],
        signs: &["signed with an invalid certificate"],
    },
    Code {
        id: "MP-121",
        error: "invalid_grant",
        text: "Invalid assertion. Client authentication failed. Expired key.",
        status: 400,
        cause: "the registered key is past its time: a key lives one year from the day it was posted",
        action: "post the key to the client again, the same one or a new one",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::Key,
        steps: &[
            Step::new(
                Who::You,
                "read the client's keys with `GET /clients/{client id}/jwks` of the administration API: `exp` says when each expires",
            ),
            Step::new(
                Who::You,
                "post the set again with the same or a new key, and all others that are in use: the set is replaced whole (`POST /clients/{client id}/jwks`, or in self-service)",
            ),
            Step::new(Who::You, "wait up to 15 minutes, mostly two, and ask again"),
        ],
        signs: &["expired key"],
    },
    Code {
        id: "MP-122",
        error: "invalid_grant",
        text: "Invalid JWT. Invalid organization number for client. Does not match certificate orgno",
        status: 400,
        cause: "the certificate belongs to another organisation than the one that owns the client",
        action: "sign with a certificate of the organisation that owns the client, or use a client of the certificate's organisation",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::Never,
        kind: ErrorKind::WrongOrganisation,
        steps: &[],
        signs: &[
            "does not match certificate orgno",
            "invalid organization number for client",
        ],
    },
    Code {
        id: "MP-123",
        error: "invalid_grant",
        text: "Invalid JWT header x5c",
        status: 400,
        cause: "the certificate in the grant's header cannot be read: x5c must be an array of base64 DER certificates, leaf first",
        action: "send x5c as an array, neither url-safe nor PEM",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::Certificate,
        steps: &[],
        signs: &[
            "invalid jwt header x5c",
            "failed to extract certificate from jwt",
        ],
    },
    Code {
        id: "MP-124",
        error: "invalid_grant",
        text: "Invalid JWT signature",
        status: 400,
        cause: "the signature does not fit the key that the server knows: another private key than the registered one, an expired certificate, or the wrong environment",
        action: "check that the private key belongs to the registered key or to the certificate, and that both belong to this environment",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::Signature,
        steps: &[],
        signs: &["invalid jwt signature", "could not validate jwt signature"],
    },
    Code {
        id: "MP-130",
        error: "invalid_grant",
        text: "JWT is expired",
        status: 400,
        cause: "the grant came too late, or the clocks differ: iat must be within 10 s of the server's clock",
        action: "set this machine's clock (NTP), and use a grant at once after signing it",
        who: Who::You,
        place: None,
        retry: RetryClass::CorrectedClock,
        kind: ErrorKind::Clock,
        steps: &[],
        signs: &["jwt is expired"],
    },
    Code {
        id: "MP-200",
        error: "invalid_scope",
        text: "Token request contains invalid scopes for client, <scope>",
        status: 400,
        cause: "a scope is not registered on the client, or was misspelled",
        action: "add the scope to the client; when it cannot be chosen there, its owner must first give your organisation access to it",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::Scope,
        steps: &[
            Step::new(
                Who::You,
                "compare the scope in the server's message, letter by letter, with the API's documentation; `GET /scopes/all` of the administration API (https://api.samarbeid.digdir.no/api/v1, test: https://api.test.samarbeid.digdir.no/api/v1) lists every public scope with its owner, without a token",
            ),
            Step::new(
                Who::You,
                "check that the client is this environment's: test and production have their own clients, with scopes of their own",
            ),
            Step::new(
                Who::You,
                "add the scope to the client: in self-service, or in the client's `scopes` with `PUT /clients/{client id}` (the whole object; needs idporten:dcr.modify)",
            ),
            Step::new(
                Who::ApiOwner,
                "when the scope cannot be chosen: give the client's organisation access to it, with `PUT /scopes/access/{organisation number}?scope={scope}` (needs idporten:scopes.write) or in self-service; a scope that customers delegate in Altinn (it has a delegation_source) can be chosen by a supplier without that",
            ),
            Step::new(Who::You, "wait up to 15 minutes, mostly two, and ask again"),
        ],
        signs: &["invalid scopes for client"],
    },
    Code {
        id: "MP-201",
        error: "invalid_scope",
        text: "Token request contains scopes not allowed for maskinporten",
        status: 400,
        cause: "a scope is of another kind than the client: one for people who log in, asked for by a machine",
        action: "ask for the API's Maskinporten scope, or use a client of the integration type that the scope is for",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::Never,
        kind: ErrorKind::Scope,
        steps: &[],
        signs: &[
            "scopes not allowed for maskinporten",
            "integration types only allowed for user login",
        ],
    },
    Code {
        id: "MP-250",
        error: "forbidden",
        text: "Consumer has not been granted access to the scope <scope>",
        status: 403,
        cause: "the owner of the scope has not given the consumer access to it; or the customer organisation (consumer_org) was left out by a supplier",
        action: "give the consumer's organisation number access to the scope; a supplier's customer needs the access, not the supplier",
        who: Who::ApiOwner,
        place: Some(SELF_SERVICE),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::AccessNotGranted,
        steps: &[
            Step::new(
                Who::You,
                "find out who needs the access: the organisation that owns the client; or, when you ask on behalf of a customer, the customer (consumer_org), and never the supplier. If the request is for a customer and named none, add consumer_org and ask again",
            ),
            Step::new(
                Who::You,
                "find the owner of the scope (`owner_orgno` in `GET /scopes/all` of the administration API, no token needed) and send it: the scope, the organisation number that needs access, and the environment (test or production; each has its own access)",
            ),
            Step::new(
                Who::ApiOwner,
                "give that organisation number access: in self-service, or with `PUT /scopes/access/{organisation number}?scope={scope}` of the administration API (needs idporten:scopes.write)",
            ),
            Step::new(
                Who::ApiOwner,
                "check it: `GET /scopes/access?scope={scope}` shows the number with the state APPROVED",
            ),
            Step::new(Who::You, "wait up to 15 minutes, mostly two, and ask again"),
        ],
        signs: &["has not been granted access to the scope"],
    },
    Code {
        id: "MP-251",
        error: "forbidden",
        text: "Consumer <org> has not delegated access to the scope <scope> to supplier <org>",
        status: 403,
        cause: "the customer has not delegated the scope to the supplier in Altinn of this environment",
        action: "delegate the API that the scope belongs to (API-delegering) to the supplier; a delegation in production does not count in test",
        who: Who::Customer,
        place: Some("Altinn: https://www.altinn.no, test: https://tt02.altinn.no"),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::NotDelegated,
        steps: &[
            Step::new(
                Who::You,
                "check both numbers in the server's message: the consumer is the customer (consumer_org of the request), the supplier is the organisation that owns your client. If the customer's is wrong, correct the request; if you meant your own organisation, leave consumer_org out",
            ),
            Step::new(
                Who::You,
                "send the customer: the scope or the name of its API, your organisation number, and which Altinn: https://www.altinn.no for production, https://tt02.altinn.no for test. A delegation in one does not count in the other",
            ),
            Step::new(
                Who::Customer,
                "log in to that Altinn on behalf of the organisation and delegate the API (API-delegering) to the supplier's organisation number; whoever may administer the organisation's API delegations can do it",
            ),
            Step::new(
                Who::ApiOwner,
                "give the customer access to the scope, if the next answer is MP-250: the customer needs it, before or after the delegation",
            ),
            Step::new(
                Who::You,
                "ask again; the server looks the delegation up for each request",
            ),
        ],
        signs: &["has not delegated access to the scope"],
    },
    Code {
        id: "MP-301",
        error: "invalid_authorization_details",
        text: "Unknown authorization details type",
        status: 400,
        cause: "this environment does not know the type of authorization_details",
        action: "use a type that the environment's metadata lists under authorization_details_types_supported",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::AuthorizationDetails,
        steps: &[],
        signs: &["unknown authorization details type"],
    },
    Code {
        id: "MP-302",
        error: "invalid_authorization_details",
        text: "Unknown fields in the authorization details",
        status: 400,
        cause: "the authorization_details have a member that their type does not have; spelling and case count (externalRef)",
        action: "send the documented members only",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::AuthorizationDetails,
        steps: &[],
        signs: &["unknown fields in the authorization details"],
    },
    Code {
        id: "MP-303",
        error: "invalid_altinn_customer_configuration",
        text: "Invalid authorization details values",
        status: 400,
        cause: "Altinn finds no system user (systembruker) or consent (samtykke) that fits: the customer has not approved it, it was deleted, the system in Altinn's system register does not name this client id, the organisation is not the system user's owner, or an external reference (externalRef) is missing or another",
        action: "approve the vendor's request for a system user, or give the consent; before asking for that, the vendor checks that the system in the system register names this client id, and that organisation and external reference are those the system user was created with",
        who: Who::Customer,
        place: Some("Altinn: https://www.altinn.no, test: https://tt02.altinn.no"),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::CustomerSetup,
        steps: &[
            Step::new(
                Who::You,
                "read which value the server's message names. For a system user go on here; for a consent go to the step on consents",
            ),
            Step::new(
                Who::You,
                "check that the system in Altinn's system register names this client id: a system user is found by client id, vendor, owner and external reference together",
            ),
            Step::new(
                Who::You,
                "check systemuser_org: it is the organisation that owns the system user, also where the system user acts for that organisation's own clients (an accountant's number, not the accountant's client's)",
            ),
            Step::new(
                Who::You,
                "check externalRef: it must be the one that the system user was created with; when none is sent, the owner's organisation number counts as one, which fits only a system user that was created without",
            ),
            Step::new(
                Who::Customer,
                "approve the vendor's request for the system user in Altinn (https://www.altinn.no, test: https://tt02.altinn.no), if it was not approved yet; if it was deleted, the vendor makes a new request (scope altinn:authentication/systemuser.request.write) and the customer approves that",
            ),
            Step::new(
                Who::Customer,
                "for a consent: give it in Altinn, or give it anew when it has expired or was withdrawn. The id is the consent request's, `from` is who gives it, and it must have been given to the organisation that asks, or to the customer (consumer_org) on whose behalf it asks",
            ),
            Step::new(
                Who::You,
                "ask again; Maskinporten looks it up at Altinn for each request",
            ),
        ],
        signs: &["invalid authorization details values"],
    },
    Code {
        id: "issue-time",
        error: "invalid_grant",
        text: "Issue time is after now",
        status: 400,
        cause: "this machine's clock is ahead of the server's",
        action: "set this machine's clock (NTP)",
        who: Who::You,
        place: None,
        retry: RetryClass::CorrectedClock,
        kind: ErrorKind::Clock,
        steps: &[],
        signs: &["issue time is after now"],
    },
    Code {
        id: "unknown-kid",
        error: "invalid_grant",
        text: "Invalid assertion. Client authentication failed. Unknown key identifier (kid) for client.",
        status: 400,
        cause: "the client has no key with this id: the key id or the client id is wrong, or the key was registered a few minutes ago",
        action: "check the key id and the client id; a newly registered key is known within 15 minutes",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::OnceCured,
        kind: ErrorKind::Key,
        steps: &[],
        signs: &["unknown key identifier"],
    },
    Code {
        id: "kid-required",
        error: "invalid_grant",
        text: "Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided",
        status: 400,
        cause: "the client has registered keys, and such a client takes no certificate",
        action: "send the key id of a registered key (kid) in place of the certificate, or remove the client's keys",
        who: Who::You,
        place: Some(SELF_SERVICE),
        retry: RetryClass::Never,
        kind: ErrorKind::Key,
        steps: &[],
        signs: &["requires pre-registered jwk"],
    },
    Code {
        id: "own-consumer-org",
        error: "invalid_request",
        text: "Validation of JWT claim failed: The combination consumer_org in claim and delegation scope on client is invalid",
        status: 400,
        cause: "the customer organisation (consumer_org) is the client's own",
        action: "leave the customer organisation out: it is for acting on behalf of another",
        who: Who::You,
        place: None,
        retry: RetryClass::Never,
        kind: ErrorKind::OwnOrganisation,
        steps: &[],
        signs: &["combination consumer_org in claim"],
    },
];
