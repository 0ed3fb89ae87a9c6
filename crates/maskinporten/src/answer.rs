//! What the token endpoint answered.

use std::time::Duration;

use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, Retry, SecretString, Who, decode_json};
use norwegian_ids::{ActorId, OrganisationNumber};
use serde::Deserialize;
use serde_json::Value;

use crate::client::OPERATION;
use crate::codes::{self, Code};
use crate::{Claims, ClientId, Environment, Error, ErrorKind, KeyReference, Signer, TokenRequest};

/// The lifetime is taken at its word, but no longer than this: a nonsense figure must not keep a
/// token for ever.
const LONGEST_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Who asked for what: the names that an error's text needs.
pub(crate) struct Asked<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) client_id: &'a ClientId,
    /// Who owns the client, where the caller said so.
    pub(crate) owner: Option<OrganisationNumber>,
    pub(crate) signer: &'a Signer,
    pub(crate) request: &'a TokenRequest,
    /// How many seconds the server's clock is ahead of this machine's, as measured.
    pub(crate) server_ahead: i64,
}

/// A success. Holds the token: no `Debug`.
pub(crate) struct Answer {
    pub(crate) token: SecretString,
    pub(crate) lifetime: Duration,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_uri: Option<String>,
}

impl Asked<'_> {
    /// Reads the answer: a token that is the one asked for, or the reason why there is none.
    pub(crate) fn read(&self, response: &http::Response<Bytes>) -> Result<Answer, Error> {
        if !response.status().is_success() {
            return Err(self.refusal(response));
        }
        let body: TokenBody =
            decode_json(OPERATION, response).map_err(|error| Error::transport(&error, None))?;
        let token = body
            .access_token
            .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()))
            .map(SecretString::from)
            .ok_or_else(|| invalid(response, "the answer has no token that could be sent"))?;
        if body
            .token_type
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(invalid(response, "the token is not a bearer token"));
        }
        let seconds = body
            .expires_in
            .as_ref()
            .and_then(Value::as_i64)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .ok_or_else(|| invalid(response, "the answer does not say how long the token lives"))?;
        let lifetime = Duration::from_secs(seconds).min(LONGEST_LIFETIME);
        self.compare(&token)?;
        Ok(Answer { token, lifetime })
    }

    /// Whether the token is what was asked for. One that is no JWT cannot be looked into.
    fn compare(&self, token: &SecretString) -> Result<(), Error> {
        use http_transport::ExposeSecret;
        let Some(claims) = Claims::of_token(token.expose_secret()) else {
            return Ok(());
        };
        let request = self.request;
        let missing = request.scopes.without(&claims.scopes);
        if !missing.is_empty() {
            return Err(mismatch(format!(
                "the token lacks scopes that were asked for: {missing}"
            )));
        }
        self.compare_organisations(&claims)?;
        if let Some(asked) = &request.system_user {
            let Some(given) = claims.system_user() else {
                return Err(mismatch("the token is for no system user".into()));
            };
            if !is_organisation(&given.systemuser_org, asked.organisation) {
                return Err(mismatch(format!(
                    "the token's system user belongs to {} where {} was asked for",
                    given.systemuser_org.id(),
                    asked.organisation
                )));
            }
            // the documentation says that the reference does not come back; real tokens have it
            if let (Some(asked), Some(given)) = (&asked.external_ref, &given.external_ref)
                && asked != given
            {
                return Err(mismatch(
                    "the token is for another system user of the customer".into(),
                ));
            }
        }
        if let Some(asked) = &request.consent {
            let fits = claims.consent().is_some_and(|given| {
                given.id.eq_ignore_ascii_case(&asked.id.to_string())
                    && given.from == asked.from.urn()
            });
            if !fits {
                return Err(mismatch(
                    "the token is not by the consent that was asked for".into(),
                ));
            }
        }
        if let Some(asked) = &request.pid
            && claims
                .pid
                .as_ref()
                .is_none_or(|given| given.as_str() != asked.expose())
        {
            return Err(mismatch(
                "the token is not for the person that was asked for".into(),
            ));
        }
        let misses =
            |asked: &&crate::Resource| !claims.audience.iter().any(|given| given == asked.as_str());
        if let Some(missing) = request.resources.iter().find(misses) {
            return Err(mismatch(format!(
                "the token is not for the resource {missing}"
            )));
        }
        Ok(())
    }

    fn compare_organisations(&self, claims: &Claims) -> Result<(), Error> {
        let asked = self.request.consumer_org;
        let own = self.signer.organisation();
        if let Some(asked) = asked {
            let fits = claims
                .consumer
                .as_ref()
                .is_some_and(|given| is_organisation(given, asked));
            if !fits {
                return Err(mismatch(format!(
                    "the token's consumer is {} where {asked} was asked for",
                    claims.consumer.as_ref().map_or("missing", ActorId::id)
                )));
            }
        } else if claims.supplier.is_some() {
            return Err(mismatch(
                "the token is on behalf of a customer, which was not asked for".into(),
            ));
        }
        // with a certificate in the grant, the server has checked that its organisation owns the client
        let owner = if asked.is_some() {
            &claims.supplier
        } else {
            &claims.consumer
        };
        if let (Some(own), Some(owner)) =
            (own, owner.as_ref().and_then(ActorId::organisation_number))
            && own != owner
        {
            return Err(mismatch(format!(
                "the token was given to {owner} where the certificate is {own}'s"
            )));
        }
        Ok(())
    }

    fn refusal(&self, response: &http::Response<Bytes>) -> Error {
        let status = response.status().as_u16();
        let retry = retry_of(response);
        let body: ErrorBody = match decode_json(OPERATION, response) {
            Ok(body) => body,
            Err(error) => return Error::transport(&error, Some(retry)),
        };
        let description = body.error_description.unwrap_or_default();
        let (message, trace_id) = split_trace_id(&description);
        let code = codes::recognise(&body.error, message, body.error_uri.as_deref());
        let message = if message.is_empty() {
            body.error.as_str()
        } else {
            message
        };
        let mut diagnosis = Diagnosis::new(OPERATION)
            .with_status(status)
            .with_message(message)
            .with_retry(retry);
        if let Some(trace_id) = trace_id {
            diagnosis = diagnosis.with_trace_id(trace_id);
        }
        if retry != Retry::No {
            diagnosis = diagnosis
                .with_code(http_transport::redact::text(&body.error))
                .with_remedy(Remedy::new(
                    Who::You,
                    "try again; if it goes on, look at https://status.digdir.no",
                ));
            return Error::new(
                ErrorKind::Unavailable,
                "Maskinporten cannot answer now",
                diagnosis,
            );
        }
        match code {
            Some(code) => {
                let diagnosis = diagnosis
                    .with_code(if code.is_numbered() {
                        code.id
                    } else {
                        code.error
                    })
                    .with_remedy(self.remedy(code));
                let phrase = format!("Maskinporten refused the request: {}", self.phrase(code));
                Error::new(code.kind, phrase, diagnosis).with_code(code)
            }
            None => {
                let named = body
                    .error_uri
                    .as_deref()
                    .and_then(|uri| uri.trim_end_matches('/').rsplit('/').next())
                    .filter(|segment| segment.starts_with("MP-"))
                    .unwrap_or(&body.error);
                let diagnosis = diagnosis
                    .with_code(http_transport::redact::text(named))
                    .with_remedy(Remedy::new(
                        Who::You,
                        "read the server's message; Digdir's support (servicedesk@digdir.no) finds the request by its trace id",
                    ));
                Error::new(
                    ErrorKind::Refused,
                    "Maskinporten refused the request",
                    diagnosis,
                )
            }
        }
    }

    /// The cause in a few words, with the names that the reader must know.
    fn phrase(&self, code: &Code) -> String {
        let scopes = &self.request.scopes;
        match code.kind {
            ErrorKind::WrongOrganisation => match (self.signer.organisation(), self.owner) {
                (Some(own), Some(owner)) if own != owner => format!(
                    "the certificate belongs to organisation {own}, the client {} to organisation {owner}",
                    self.client_id
                ),
                (Some(own), _) => format!(
                    "the certificate belongs to organisation {own}, the client {} to another",
                    self.client_id
                ),
                (None, _) => format!(
                    "the certificate is of another organisation than the client {}",
                    self.client_id
                ),
            },
            ErrorKind::UnknownClient => format!("no active client {} here", self.client_id),
            ErrorKind::Scope => format!("the client {} may not ask for {scopes}", self.client_id),
            ErrorKind::AccessNotGranted => {
                format!("{} has not been given access to {scopes}", self.consumer())
            }
            ErrorKind::NotDelegated => {
                format!(
                    "{} has not delegated {scopes} to the supplier",
                    self.consumer()
                )
            }
            ErrorKind::CustomerSetup => match &self.request.system_user {
                Some(user) => format!(
                    "no system user of {} fits the client {}",
                    user.organisation, self.client_id
                ),
                None => "no consent fits".into(),
            },
            ErrorKind::Certificate => "the certificate is not accepted".into(),
            ErrorKind::Audience => "the grant is addressed to another environment".into(),
            ErrorKind::Replayed => "the grant was used before".into(),
            ErrorKind::Clock => "the clocks differ too much".into(),
            ErrorKind::Signature => {
                "the signature does not fit the registered key or certificate".into()
            }
            ErrorKind::Grant => "the grant cannot be read".into(),
            ErrorKind::AuthorizationDetails => {
                "the authorization details are not understood".into()
            }
            ErrorKind::OwnOrganisation => "the customer organisation is the client's own".into(),
            ErrorKind::Key => match (code.id, self.signer.key_reference()) {
                ("MP-121", Some(KeyReference::KeyId(kid))) => {
                    format!("the registered key {kid} has expired")
                }
                ("MP-121", _) => "the registered key has expired".into(),
                ("unknown-kid", Some(KeyReference::KeyId(kid))) => {
                    format!("the client {} has no key with the id {kid}", self.client_id)
                }
                ("unknown-kid", _) => "the key id is not known".into(),
                _ => format!(
                    "the client {} has registered keys and takes no certificate",
                    self.client_id
                ),
            },
            _ => code.text.into(),
        }
    }

    /// The table's remedy, with the names of this request in it, so that whoever must act can do
    /// so on the text alone.
    fn remedy(&self, code: &Code) -> Remedy {
        let Self {
            environment,
            client_id,
            request,
            ..
        } = self;
        let scopes = &request.scopes;
        let portal = environment.self_service();
        match code.id {
            "MP-122" => Remedy::new(
                Who::You,
                match (self.signer.organisation(), self.owner) {
                    (Some(own), Some(owner)) if own != owner => format!(
                        "sign with a certificate of {owner}, which owns the client {client_id}, or use a client that {own} owns"
                    ),
                    (Some(own), _) => format!(
                        "sign with a certificate of the organisation that owns the client {client_id} (self-service shows its number; this certificate is {own}'s), or use a client that {own} owns"
                    ),
                    (None, _) => format!(
                        "sign with a certificate of the organisation that owns the client {client_id} (self-service shows its number; this certificate names no organisation)"
                    ),
                },
            )
            .at(portal),
            "MP-200" => Remedy::new(
                Who::You,
                format!(
                    "add the scope to the client {client_id} (asked for: {scopes}); when it cannot be chosen there, its owner must first give your organisation access to it; a change takes effect within 15 minutes"
                ),
            )
            .at(portal),
            "MP-250" => {
                let forgot = match request.consumer_org {
                    Some(_) => "",
                    None => "; if this request was for a customer, name the customer's organisation (consumer_org) instead",
                };
                Remedy::new(
                    Who::ApiOwner,
                    format!("give {} access to {scopes} in the environment {}{forgot}", self.consumer(), environment.issuer()),
                )
                .at(portal)
            }
            "MP-251" => Remedy::new(
                Who::Customer,
                format!(
                    "delegate the API of {scopes} (API-delegering) from {} to {}, in the same environment",
                    self.consumer(),
                    self.signer.organisation().map_or_else(
                        || format!("the organisation that owns the client {client_id}"),
                        |own| own.to_string(),
                    )
                ),
            )
            .at(altinn(environment)),
            "MP-303" => match &request.system_user {
                Some(user) => Remedy::new(
                    Who::Customer,
                    format!(
                        "approve the system user as organisation {}; before asking for that, check that the system in Altinn's system register names the client {client_id}, that {} is the system user's owner and not its client, and that the external reference is right ({})",
                        user.organisation,
                        user.organisation,
                        user.external_ref.as_ref().map_or_else(
                            || "none was sent, so the owner's organisation number counts".to_owned(),
                            |reference| format!("sent: {reference}"),
                        )
                    ),
                ),
                None => Remedy::new(
                    Who::Customer,
                    "give the consent, or give it anew if it has expired or was withdrawn; check the consent's id and who gave it",
                ),
            }
            .at(altinn(environment)),
            _ if code.kind == ErrorKind::Clock && self.server_ahead != 0 => Remedy::new(
                Who::You,
                format!(
                    "set this machine's clock (NTP): it is {} s {} the server's",
                    self.server_ahead.unsigned_abs(),
                    if self.server_ahead > 0 { "behind" } else { "ahead of" }
                ),
            ),
            _ => match (code.place, code.who) {
                (Some(_), Who::You) => code.remedy().at(portal),
                _ => code.remedy(),
            },
        }
    }

    fn consumer(&self) -> String {
        match self
            .request
            .consumer_org
            .or_else(|| self.signer.organisation())
            .or(self.owner)
        {
            Some(organisation) => format!("organisation {organisation}"),
            None => format!("the organisation that owns the client {}", self.client_id),
        }
    }
}

fn altinn(environment: &Environment) -> &'static str {
    match environment.issuer() {
        "https://maskinporten.no/" => "https://www.altinn.no",
        "https://test.maskinporten.no/" => "https://tt02.altinn.no",
        _ => "Altinn of this environment",
    }
}

/// Whether the actor is this organisation, or a unit of it (`0192:<number>:…`).
fn is_organisation(actor: &ActorId, organisation: OrganisationNumber) -> bool {
    actor.organisation_number() == Some(organisation)
}

fn retry_of(response: &http::Response<Bytes>) -> Retry {
    use http_transport::retry::{Verdict, verdict};
    match verdict(&Ok(response.clone())) {
        Verdict::Again { after: Some(after) } => Retry::After(after),
        Verdict::Again { after: None } => Retry::Yes,
        _ => Retry::No,
    }
}

fn invalid(response: &http::Response<Bytes>, message: &'static str) -> Error {
    let diagnosis = Diagnosis::new(OPERATION)
        .with_status(response.status().as_u16())
        .with_message(message)
        .with_remedy(Remedy::new(
            Who::Operator,
            "say why the answer is not what the documentation promises",
        ));
    Error::new(ErrorKind::InvalidAnswer, message, diagnosis)
}

fn mismatch(message: String) -> Error {
    let diagnosis = Diagnosis::new(OPERATION).with_message(&message).with_remedy(Remedy::new(
        Who::You,
        "do not use this token; check client, scopes and organisations, and report it to servicedesk@digdir.no if they are right",
    ));
    Error::new(ErrorKind::Mismatch, message, diagnosis)
}

/// Takes `(trace_id: <32 hex>)`, or the older `(correlation id: <uuid>)`, off the end.
fn split_trace_id(description: &str) -> (&str, Option<&str>) {
    let description = description.trim();
    for label in ["(trace_id:", "(correlation id:"] {
        if let Some((text, rest)) = description.rsplit_once(label)
            && let Some((id, _)) = rest.split_once(')')
        {
            let id = id.trim();
            let plausible = !id.is_empty()
                && id.len() <= 64
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            return (text.trim_end(), plausible.then_some(id));
        }
    }
    (description, None)
}
