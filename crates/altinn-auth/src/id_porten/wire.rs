//! What goes over the wire, and what is checked of it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use http_transport::{
    Diagnosis, ExposeSecret, Origin, Remedy, Retry, Transport as _, Who, decode_json, is_html,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Client, ClientAuthentication};
use crate::jwks::{Keys, Untrusted};
use crate::{Error, ErrorKind, Provider};

/// Digdir allows clocks to differ by this much.
const LEEWAY: i64 = 10;

/// Own choice: a client assertion is made for one request; 120 s is the most that is taken.
const ASSERTION: u64 = 30;

pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// 256 random bits, in 43 characters: what PKCE asks for at least.
pub(super) fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    openssl::rand::rand_bytes(&mut bytes).map_err(|error| invalid("begin a log-in", error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// PKCE's S256 (RFC 7636 §4.2).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(openssl::sha::sha256(verifier.as_bytes()))
}

/// In a time that says nothing of where two texts differ.
pub(super) fn equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one.as_bytes(), other.as_bytes())
}

pub(super) fn invalid(
    operation: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::transport(
        operation,
        http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, operation)
            .with_source(error),
    )
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) pushed_authorization_request_endpoint: Option<Url>,
    pub(super) introspection_endpoint: Option<Url>,
    pub(super) revocation_endpoint: Option<Url>,
    pub(super) end_session_endpoint: Option<Url>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Refuses a document of another issuer, or one that would have secrets go elsewhere.
    pub(super) fn check(&self, operation: &'static str, provider: &Provider) -> Result<(), Error> {
        let refused = |message: String| {
            Error::new(
                ErrorKind::IssuerMismatch,
                Diagnosis::new(operation)
                    .with_message(message)
                    .with_remedy(Remedy::new(
                        Who::You,
                        "check the provider's issuer in the settings, to the letter",
                    )),
            )
        };
        if self.issuer != provider.issuer() {
            return Err(refused(format!(
                "the metadata is of {}, and the settings name {}",
                self.issuer,
                provider.issuer()
            )));
        }
        let home: Option<Origin> = provider.issuer().parse().ok();
        let own = [
            Some(&self.token_endpoint),
            Some(&self.jwks_uri),
            self.pushed_authorization_request_endpoint.as_ref(),
            self.introspection_endpoint.as_ref(),
            self.revocation_endpoint.as_ref(),
        ];
        for endpoint in own.into_iter().flatten() {
            let origin = endpoint.as_str().parse().ok();
            if origin.is_none() || origin != home {
                return Err(refused(format!(
                    "the metadata of {} would have credentials go to {}",
                    self.issuer,
                    endpoint.host_str().unwrap_or("no host")
                )));
            }
        }
        // these are for the browser, and stand on a host of their own
        for endpoint in [
            Some(&self.authorization_endpoint),
            self.end_session_endpoint.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            let safe = endpoint
                .as_str()
                .parse()
                .is_ok_and(|origin: Origin| origin.is_secure_or_loopback());
            if !safe {
                return Err(refused(format!(
                    "the metadata of {} sends people to a page without TLS",
                    self.issuer
                )));
            }
        }
        Ok(())
    }
}

pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) keys: Keys,
}

impl Known {
    pub(super) fn new(metadata: Metadata) -> Self {
        Self {
            keys: Keys::at(metadata.jwks_uri.as_str()),
            metadata,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Pushed {
    pub(super) request_uri: String,
}

#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) expires_in: Option<u64>,
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
    pub(super) scope: Option<String>,
}

/// What the browser brought back.
#[derive(Default)]
pub(super) struct Callback {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

impl Callback {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let mut answer = Self::default();
        let mut twice = false;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let member = match &*name {
                "code" => &mut answer.code,
                "state" => &mut answer.state,
                "iss" => &mut answer.issuer,
                "error" => &mut answer.error,
                "error_description" => &mut answer.error_description,
                _ => continue,
            };
            twice |= member.replace(value.into_owned()).is_some();
        }
        // no member may be there twice (RFC 6749 §3.1): somebody has added to it
        if twice {
            answer.state = None;
        }
        answer
    }
}

/// An id_token's claims, after signature, issuer, audience and time were found right.
#[derive(Deserialize)]
pub(super) struct IdToken {
    pub(super) sub: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) acr: Option<String>,
}

/// The subject of an id_token that was validated before.
pub(super) fn subject(id_token: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<IdToken>(&payload).ok()?.sub
}

impl Client {
    /// Posts a form as this client, and reads a JSON answer.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        endpoint: &Url,
        form: Form,
        refresh: bool,
    ) -> Result<T, Error> {
        let answer = self.post_raw(operation, endpoint, form).await?;
        read(operation, &answer, refresh)
    }

    pub(super) async fn post_raw(
        &self,
        operation: &'static str,
        endpoint: &Url,
        mut form: Form,
    ) -> Result<http::Response<Bytes>, Error> {
        let mut basic = None;
        if !form.pairs().any(|(name, _)| name == "client_id") {
            form.add("client_id", self.client_id.as_str());
        }
        match &self.authentication {
            ClientAuthentication::PrivateKeyJwt(signer) => {
                let assertion = self.assertion(operation, signer).await?;
                form.add(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
                form.add("client_assertion", &assertion);
            }
            ClientAuthentication::SecretBasic(secret) => {
                // both are form-encoded first (RFC 6749 §2.3.1)
                let encoded = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let pair = format!(
                    "{}:{}",
                    encoded(self.client_id.as_str()),
                    encoded(secret.expose_secret())
                );
                let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
                    .map_err(|error| invalid(operation, error))?;
                value.set_sensitive(true);
                basic = Some(value);
            }
            ClientAuthentication::SecretPost(secret) => {
                form.add("client_secret", secret.expose_secret());
            }
            ClientAuthentication::None => {}
        }
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form.pairs())
            .finish();
        let mut request = http::Request::post(endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if let Some(basic) = basic {
            request = request.header(AUTHORIZATION, basic);
        }
        let request = request
            .body(Bytes::from(body))
            .map_err(|error| invalid(operation, error))?;
        self.transport
            .send(request)
            .await
            .map_err(|error| Error::transport(operation, error))
    }

    /// A new one for every request (RFC 7523 §3).
    async fn assertion(
        &self,
        operation: &'static str,
        signer: &maskinporten::Signer,
    ) -> Result<String, Error> {
        let now = seconds(self.clock.now_wall());
        let claims = serde_json::json!({
            "iss": self.client_id.as_str(),
            "sub": self.client_id.as_str(),
            "aud": self.provider.issuer(),
            "iat": now,
            "exp": now.saturating_add_unsigned(ASSERTION),
            "jti": uuid::Uuid::new_v4(),
        });
        signer
            .jws(claims.to_string().as_bytes())
            .await
            .map_err(|error| {
                Error::new(
                    ErrorKind::ClientRefused,
                    Diagnosis::new(operation)
                        .with_message(format!("the key did not sign: {error}"))
                        .with_remedy(Remedy::new(
                            Who::You,
                            "check the key, or the service that keeps it",
                        )),
                )
            })
    }

    /// Checks an id_token's signature, issuer, audience and time (OpenID Connect Core §3.1.3.7).
    pub(super) async fn validate(&self, known: &Known, id_token: &str) -> Result<IdToken, Error> {
        const OPERATION: &str = "validate the id_token";
        let refused = |message: String| {
            Error::new(
                ErrorKind::InvalidIdToken,
                Diagnosis::new(OPERATION)
                    .with_message(message)
                    .with_remedy(Remedy::new(
                        Who::You,
                        "check the provider and the client id in the settings, and this machine's clock; then log in again",
                    )),
            )
        };
        let payload = known
            .keys
            .payload(id_token, &*self.transport, &*self.clock)
            .await
            .map_err(|untrusted| match untrusted {
                Untrusted::KeysUnavailable(error) => Error::transport(OPERATION, error),
                untrusted => refused(format!("the id_token cannot be trusted: {untrusted}")),
            })?;
        if payload["iss"].as_str() != Some(self.provider.issuer()) {
            return Err(refused(format!(
                "the id_token is not of {}",
                self.provider.issuer()
            )));
        }
        let for_us = match &payload["aud"] {
            Value::String(audience) => audience == self.client_id.as_str(),
            // with others beside us, it could have been given to one of them
            Value::Array(all) => {
                matches!(all.as_slice(), [one] if one.as_str() == Some(self.client_id.as_str()))
            }
            _ => false,
        };
        if !for_us {
            return Err(refused("the id_token is for another client".to_owned()));
        }
        let now = seconds(self.clock.now_wall());
        if payload["exp"]
            .as_i64()
            .is_none_or(|end| end.saturating_add(LEEWAY) <= now)
        {
            return Err(refused("the id_token has expired".to_owned()));
        }
        if payload["iat"]
            .as_i64()
            .is_none_or(|start| start.saturating_sub(LEEWAY) > now)
        {
            return Err(refused(
                "the id_token was issued in the future: the clocks differ".to_owned(),
            ));
        }
        serde_json::from_value(payload)
            .map_err(|_| refused("the id_token's claims are not those of one".to_owned()))
    }
}

pub(super) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}

#[derive(Default, Deserialize)]
struct OauthError {
    error: Option<String>,
    error_description: Option<String>,
}

/// Reads a JSON answer, or what the provider said against it.
pub(super) fn read<T: DeserializeOwned>(
    operation: &'static str,
    answer: &http::Response<Bytes>,
    refresh: bool,
) -> Result<T, Error> {
    if answer.status().is_success() {
        return decode_json(operation, answer).map_err(|error| Error::transport(operation, error));
    }
    Err(failure(operation, answer, refresh))
}

pub(super) fn failure(
    operation: &'static str,
    answer: &http::Response<Bytes>,
    refresh: bool,
) -> Error {
    let status = answer.status();
    if status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        )
    {
        return Error::new(
            ErrorKind::Unavailable,
            Diagnosis::new(operation)
                .with_status(status.as_u16())
                .with_retry(crate::exchange::retry_after(answer))
                .with_remedy(crate::exchange::later()),
        );
    }
    let said: OauthError = serde_json::from_slice(answer.body()).unwrap_or_default();
    match said.error {
        Some(error) => refusal(
            operation,
            Some(status),
            &error,
            said.error_description.as_deref(),
            refresh,
        ),
        None => {
            let kind = if is_html(answer) {
                ErrorKind::Transport(http_transport::ErrorKind::Html)
            } else {
                ErrorKind::InvalidAnswer
            };
            Error::new(
                kind,
                Diagnosis::new(operation)
                    .with_status(status.as_u16())
                    .with_message("the provider answered with neither what was asked for nor an error of OAuth; redirects are not followed")
                    .with_remedy(Remedy::new(
                        Who::You,
                        "check the provider's issuer; if it is right, look at its status page",
                    )),
            )
        }
    }
}

/// An error of OAuth (RFC 6749 §4.1.2.1 and §5.2) as one of ours.
pub(super) fn refusal(
    operation: &'static str,
    status: Option<StatusCode>,
    error: &str,
    description: Option<&str>,
    refresh: bool,
) -> Error {
    let mut diagnosis = Diagnosis::new(operation).with_code(code(error));
    if let Some(status) = status {
        diagnosis = diagnosis.with_status(status.as_u16());
    }
    if let Some(description) = description {
        diagnosis = diagnosis.with_message(description);
    }
    let of_redirect = description.is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        text.contains("redirect_uri") || text.contains("redirect uri")
    });
    let (kind, remedy) = match error {
        "invalid_redirect_uri" => (ErrorKind::RedirectRefused, REGISTER),
        "invalid_request" if of_redirect => (ErrorKind::RedirectRefused, REGISTER),
        "invalid_grant" if refresh => (
            ErrorKind::LoginExpired,
            "log in again: a refresh token works once, and not after it was idle for long or the log-in ended",
        ),
        "invalid_grant" => (
            ErrorKind::CodeRefused,
            "log in again: a code works once, soon, and for the client and redirect address it was made for",
        ),
        "invalid_client" | "unauthorized_client" => (
            ErrorKind::ClientRefused,
            "check the client id, and that the client proves itself in the way that is registered (key, certificate or secret) in Samarbeidsportalen",
        ),
        "temporarily_unavailable" | "server_error" => {
            diagnosis = diagnosis.with_retry(Retry::Yes);
            (ErrorKind::Unavailable, "try again later")
        }
        "access_denied" => (
            ErrorKind::LoginRefused,
            "log in again, and go through to the end: the person broke off",
        ),
        "invalid_scope" => (
            ErrorKind::LoginRefused,
            "ask for scopes that are registered on the client",
        ),
        _ => (ErrorKind::LoginRefused, "do what the message says"),
    };
    Error::new(kind, diagnosis.with_remedy(Remedy::new(Who::You, remedy)))
}

const REGISTER: &str =
    "register exactly this redirect address on the client, or use one that is registered";

/// A code is words and underscores; anything else came from somebody else.
fn code(error: &str) -> String {
    error
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_digdirs_own_example() {
        // https://docs.digdir.no/docs/idporten/oidc/oidc_protocol_pkce
        assert_eq!(
            challenge("xyo94uhy3zKvgB0NJwLms86SwcjtWviEOpkBnGgaLlo"),
            "b7elB7ZyxIXgFyvBznKvxl7wOB-H17Pz0a3B62NIMFI"
        );
        let verifier = random().unwrap();
        assert_eq!(verifier.len(), 43);
        assert_ne!(verifier, random().unwrap());
    }

    #[test]
    fn a_callback_is_a_url_or_a_query_and_says_nothing_twice() {
        for text in [
            "http://127.0.0.1:1/back?code=c%2B&state=s&iss=https%3A%2F%2Fi#x",
            "code=c%2B&state=s&iss=https%3A%2F%2Fi",
            "?iss=https%3A%2F%2Fi&code=c%2B&state=s",
        ] {
            let answer = Callback::parse(text);
            assert_eq!(answer.code.as_deref(), Some("c+"), "{text}");
            assert_eq!(answer.state.as_deref(), Some("s"), "{text}");
            assert_eq!(answer.issuer.as_deref(), Some("https://i"), "{text}");
        }
        assert!(Callback::parse("code=a&state=s&code=b").state.is_none());
        assert!(Callback::parse("").code.is_none());
    }
}
