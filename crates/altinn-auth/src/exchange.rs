//! `GET /authentication/api/v1/exchange/{maskinporten|id-porten}`: another's token for an Altinn token.
//!
//! <https://docs.altinn.studio/api/authentication/spec/>, and the server's own source
//! (Altinn/altinn-authentication), which wins where they differ.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, StatusCode};
use http_transport::{
    BoxFuture, Diagnosis, ExposeSecret, Remedy, Retry, SecretString, Transport, Who, reason_phrase,
    retry,
};
use maskinporten::TokenRequest;
use token_cache::{Attempt, FailureClass, Fetched, Source, SourceError, Token, TokenHash};

use crate::altinn::Inner;
use crate::kind::EnterpriseUserCredentials;
use crate::{Claims, Error, ErrorKind};

const OPERATION: &str = "exchange the Maskinporten token for an Altinn token";
const ENTERPRISE_USER: &str = "x-altinn-enterpriseuser-authentication";

/// Gets Altinn tokens for the cache.
pub(crate) struct Exchange {
    pub(crate) altinn: Arc<Inner>,
    pub(crate) of: Of,
    pub(crate) test: bool,
    pub(crate) enterprise_user: Option<EnterpriseUserCredentials>,
}

/// What is exchanged.
pub(crate) enum Of {
    Grant(maskinporten::Client, TokenRequest),
    #[cfg(feature = "openssl")]
    Person(token_cache::Handle),
}

impl Of {
    fn provider(&self) -> &'static str {
        match self {
            Self::Grant(..) => "maskinporten",
            #[cfg(feature = "openssl")]
            Self::Person(_) => "id-porten",
        }
    }

    fn issuer<'a>(&self, altinn: &'a Inner) -> &'a str {
        match self {
            Self::Grant(..) => altinn.environment.maskinporten().issuer(),
            #[cfg(feature = "openssl")]
            Self::Person(_) => altinn.environment.id_porten().issuer(),
        }
    }

    async fn token(&self) -> Result<Token, Error> {
        match self {
            Self::Grant(client, request) => client
                .token(request)
                .await
                .map(|token| token.as_cached().clone())
                .map_err(Error::maskinporten),
            #[cfg(feature = "openssl")]
            Self::Person(handle) => handle
                .token()
                .await
                .map_err(|error| Error::from_cache(&error)),
        }
    }

    async fn newer_than(&self, token: &Token) -> Result<Option<Token>, Error> {
        let handle = match self {
            Self::Grant(client, request) => &client.handle(request).map_err(Error::maskinporten)?,
            #[cfg(feature = "openssl")]
            Self::Person(handle) => handle,
        };
        Ok(handle.newer_than(token).await.ok().flatten())
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("test", &self.test)
            .finish_non_exhaustive()
    }
}

impl Source for Exchange {
    fn fetch(&self, _attempt: Attempt) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async move { self.fetch_token().await.map_err(source_error) })
    }

    /// The password: a new one makes the token due for refresh, and clears a refusal of the old.
    fn credential(&self) -> Option<TokenHash> {
        self.enterprise_user
            .as_ref()
            .map(|user| TokenHash::of(user.pair().expose_secret()))
    }
}

pub(crate) fn source_error(error: Error) -> SourceError {
    let class = match error.kind() {
        _ if error.is_retryable() => FailureClass::Transient,
        // what others can cure is asked again soon
        ErrorKind::Maskinporten(_) | ErrorKind::ExchangeRefused => FailureClass::Curable,
        _ => FailureClass::Refused,
    };
    SourceError::new(class, error.diagnosis()).with_source(error)
}

impl Exchange {
    async fn fetch_token(&self) -> Result<Fetched, Error> {
        let token = self.of.token().await?;
        let answer = self.send(token.header_value().clone()).await?;
        // a 401 has no reason: the cached token may be it, so one newer one is tried. With an
        // enterprise user it may be the password, which is not sent twice.
        if answer.status() == StatusCode::UNAUTHORIZED
            && self.enterprise_user.is_none()
            && let Some(newer) = self.of.newer_than(&token).await?
        {
            let answer = self.send(newer.header_value().clone()).await?;
            return self.read(&answer).await;
        }
        self.read(&answer).await
    }

    async fn send(&self, bearer: HeaderValue) -> Result<http::Response<Bytes>, Error> {
        let mut url = self
            .altinn
            .environment
            .platform()
            .join(&format!(
                "authentication/api/v1/exchange/{}",
                self.of.provider()
            ))
            .map_err(|_| {
                Error::transport(
                    OPERATION,
                    http_transport::Error::new(
                        http_transport::ErrorKind::InvalidRequest,
                        OPERATION,
                    ),
                )
            })?;
        if self.test {
            url.set_query(Some("test=true"));
        }
        let mut request = http::Request::get(url.as_str())
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, HeaderValue::from_static("text/plain"));
        if let Some(user) = &self.enterprise_user {
            let mut value = HeaderValue::from_str(&STANDARD.encode(user.pair().expose_secret()))
                .unwrap_or(HeaderValue::from_static(""));
            value.set_sensitive(true);
            request = request.header(ENTERPRISE_USER, value);
        }
        let request = request.body(Bytes::new()).map_err(|error| {
            Error::transport(
                OPERATION,
                http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, OPERATION)
                    .with_source(error),
            )
        })?;
        self.altinn
            .transport
            .send(request)
            .await
            .map_err(|error| Error::transport(OPERATION, error))
    }

    async fn read(&self, answer: &http::Response<Bytes>) -> Result<Fetched, Error> {
        if http_transport::is_html(answer) {
            let html = http_transport::Error::new(http_transport::ErrorKind::Html, OPERATION)
                .with_status(answer.status().as_u16());
            return Err(Error::transport(OPERATION, html));
        }
        if !answer.status().is_success() {
            return Err(self.refusal(answer));
        }
        let invalid = |message: &str| {
            Error::new(
                ErrorKind::InvalidAnswer,
                Diagnosis::new(OPERATION)
                    .with_status(answer.status().as_u16())
                    .with_message(message)
                    .with_remedy(Remedy::new(
                        Who::Operator,
                        "say why the exchange did not answer with a token",
                    )),
            )
        };
        let text = std::str::from_utf8(answer.body())
            .map_err(|_| invalid("not text"))?
            .trim();
        // text/plain gives it bare, application/json as a JSON string
        let token = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        let claims = Claims::of_token(token).ok_or_else(|| invalid("not a JSON web token"))?;
        self.of_this_altinn(&claims)?;
        #[cfg(feature = "openssl")]
        if let Some(keys) = &self.altinn.keys {
            keys.verify(token, &self.altinn).await?;
        }
        let lifetime = lifetime(&claims, SystemTime::now())
            .ok_or_else(|| invalid("a token that has expired"))?;
        Ok(Fetched::new(SecretString::from(token), lifetime))
    }

    /// Refuses a token that says it is of another environment.
    fn of_this_altinn(&self, claims: &Claims) -> Result<(), Error> {
        let host = claims
            .maskinporten
            .issuer
            .as_deref()
            .and_then(|issuer| url::Url::parse(issuer).ok())
            .and_then(|issuer| issuer.host_str().map(str::to_owned));
        match host.and_then(|host| self.altinn.environment.mix_up_with(&host)) {
            Some(sentence) => Err(Error::new(
                ErrorKind::InvalidToken,
                Diagnosis::new(OPERATION)
                    .with_message(format!("the token is of another environment: {sentence}"))
                    .with_remedy(Remedy::new(
                        Who::You,
                        "check the platform's URL: what answered there is another environment",
                    )),
            )),
            None => Ok(()),
        }
    }

    fn refusal(&self, answer: &http::Response<Bytes>) -> Error {
        let status = answer.status();
        let mut diagnosis = Diagnosis::new(OPERATION).with_status(status.as_u16());
        if let Some(message) = message(answer) {
            diagnosis = diagnosis.with_message(message);
        }
        let (kind, retry, remedy) = match status {
            StatusCode::GONE => (
                ErrorKind::EnterpriseUserClosed,
                Retry::No,
                Remedy::new(
                    Who::You,
                    "use a system user (systembruker): register the system, let the customer approve it, \
                     then ask with --system-user; enterprise users are gone since 2026-06-26",
                )
                .at("https://docs.altinn.studio/authorization/guides/system-vendor/system-user/"),
            ),
            StatusCode::UNAUTHORIZED if self.enterprise_user.is_some() => (
                ErrorKind::WrongCredentials,
                Retry::No,
                Remedy::new(
                    Who::You,
                    "check the enterprise user's name and password (ALTINN_USERNAME, ALTINN_PASSWORD), \
                     and that Maskinporten and Altinn are of the same environment",
                ),
            ),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                (ErrorKind::Unavailable, retry_after(answer), later())
            }
            status if status.is_server_error() => {
                (ErrorKind::Unavailable, retry_after(answer), later())
            }
            StatusCode::FORBIDDEN => (
                ErrorKind::ExchangeRefused,
                Retry::No,
                Remedy::new(
                    Who::You,
                    "ask for a scope that begins with altinn:, at Maskinporten or in the log-in",
                ),
            ),
            _ => (
                ErrorKind::ExchangeRefused,
                Retry::No,
                Remedy::new(
                    Who::You,
                    format!(
                        "check that the token is from the issuer of this Altinn ({} belongs to {}), \
                         and try again: the server answers the same when it cannot reach that issuer's keys",
                        self.of.issuer(&self.altinn),
                        self.altinn.environment.name(),
                    ),
                ),
            ),
        };
        Error::new(kind, diagnosis.with_retry(retry).with_remedy(remedy))
    }
}

pub(crate) fn later() -> Remedy {
    Remedy::new(
        Who::You,
        "try again later; if it goes on, look at the status page",
    )
    .at("https://status.digdir.no")
}

pub(crate) fn retry_after(answer: &http::Response<Bytes>) -> Retry {
    retry::retry_after(answer, SystemTime::now()).map_or(Retry::Yes, Retry::After)
}

/// What the server said: `detail` or `title` of a problem, a text, or the reason phrase.
pub(crate) fn message(answer: &http::Response<Bytes>) -> Option<String> {
    let body = std::str::from_utf8(answer.body())
        .ok()
        .map(str::trim)
        .filter(|body| !body.is_empty());
    match body.map(serde_json::from_str::<serde_json::Value>) {
        Some(Ok(serde_json::Value::Object(problem))) => ["detail", "title"]
            .iter()
            .find_map(|member| problem.get(*member)?.as_str().map(str::to_owned)),
        Some(Ok(serde_json::Value::String(text))) => Some(text),
        Some(_) => body.map(str::to_owned),
        None => reason_phrase(answer).map(str::to_owned),
    }
}

/// By the token's own `exp`, from when the server says it issued it: the two clocks need not agree.
fn lifetime(claims: &Claims, now: SystemTime) -> Option<Duration> {
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    let issued = claims.maskinporten.issued_at.unwrap_or(now);
    let seconds = u64::try_from(claims.maskinporten.expires_at?.checked_sub(issued)?).ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_altinn_tokens_own_times_decide() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let seconds = |issued_at, expires_at| {
            let mut claims = Claims::default();
            (
                claims.maskinporten.issued_at,
                claims.maskinporten.expires_at,
            ) = (issued_at, expires_at);
            lifetime(&claims, now).map(|time| time.as_secs())
        };
        assert_eq!(seconds(Some(5000), Some(6800)), Some(1800)); // a server far ahead
        assert_eq!(seconds(None, Some(1120)), Some(120));
        assert_eq!(seconds(None, Some(900)), None);
        assert_eq!(seconds(Some(1000), None), None);
    }
}
