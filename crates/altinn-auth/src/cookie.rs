//! Altinn 2's cookie sessions: `POST authenticatewithpassword`, then `.ASPXAUTH`.
//!
//! <https://altinn.github.io/docs/api/rest/kom-i-gang/>. The cookie slides: any answer may carry a newer
//! one, which is taken. No other cookie is kept, and none goes to another host than Altinn 2's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_transport::{
    Diagnosis, ExposeSecret, Remedy, Retry, SecretString, Transport, Who, is_html, reason_phrase,
};
use token_cache::Clock;
use tokio::sync::Mutex;
use url::Url;

use crate::kind::PasswordCredentials;
use crate::{BuildError, Error, ErrorKind};

const NAME: &str = ".ASPXAUTH";
const LOG_IN: &str = "log in to Altinn 2 with a password";
const FLAG: &str = "ForceEIAuthentication";

/// A 401 on a session this new has another reason than the session: own choice, so that an API that
/// answers 401 to everything does not make a log-in of every call.
const NEW: Duration = Duration::from_secs(30);

/// The value of an `.ASPXAUTH` cookie that the caller got, from a browser that logged in.
#[derive(Clone)]
pub struct Cookie(HeaderValue);

impl Cookie {
    /// The cookie's value, with or without `.ASPXAUTH=` before it.
    ///
    /// # Errors
    ///
    /// When it is empty, or holds what no cookie can.
    pub fn new(value: &SecretString) -> Result<Self, BuildError> {
        let text = value.expose_secret().trim();
        let text = text
            .strip_prefix(NAME)
            .and_then(|rest| rest.strip_prefix('='))
            .unwrap_or(text);
        header(text).map(Self).ok_or_else(|| {
            BuildError::credentials(
                "the cookie is empty, or holds more than the value of .ASPXAUTH: copy that alone",
            )
        })
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie")
    }
}

/// The `Cookie` header of this value.
fn header(value: &str) -> Option<HeaderValue> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
    if value.is_empty() || !value.bytes().all(fits) {
        return None;
    }
    let mut header = HeaderValue::from_str(&format!("{NAME}={value}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The `.ASPXAUTH` that an answer sets; one that it takes away is none.
fn of_answer(headers: &HeaderMap) -> Option<HeaderValue> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case(NAME))
        .find_map(|(_, value)| header(value.trim()))
}

/// Whether the answer says that nobody is logged in: a redirect, a page, or a 401.
fn is_logged_out(answer: &http::Response<Bytes>, wants_html: bool) -> bool {
    answer.status().is_redirection()
        || answer.status() == StatusCode::UNAUTHORIZED
        || (answer.status().is_success() && !wants_html && is_html(answer))
}

/// One user's session, shared by the clones of a [`Session`](crate::Session).
pub struct Tickets {
    credentials: Option<PasswordCredentials>,
    /// Over an enterprise certificate.
    forced: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ticket: Option<Ticket>,
    /// A password that was refused is not sent again.
    refused: Option<Error>,
}

#[derive(Clone)]
struct Ticket {
    cookie: HeaderValue,
    /// Counts log-ins, so that of many calls that find the session gone one logs in.
    login: u64,
    since: Duration,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets")
            .field("forced", &self.forced)
            .finish_non_exhaustive()
    }
}

/// Where the calls go.
pub(crate) struct Host<'a> {
    pub(crate) base: &'a Url,
    pub(crate) api_key: &'a HeaderValue,
    pub(crate) transport: &'a dyn Transport,
    pub(crate) clock: &'a Arc<dyn Clock>,
}

impl Tickets {
    pub(crate) fn of_password(credentials: PasswordCredentials, forced: bool) -> Self {
        Self {
            credentials: Some(credentials),
            forced,
            state: Mutex::default(),
        }
    }

    pub(crate) fn of_cookie(cookie: Cookie) -> Self {
        let ticket = Ticket {
            cookie: cookie.0,
            login: 0,
            since: Duration::ZERO,
        };
        Self {
            credentials: None,
            forced: false,
            state: Mutex::new(State {
                ticket: Some(ticket),
                refused: None,
            }),
        }
    }

    pub(crate) fn has_password(&self) -> bool {
        self.credentials.is_some()
    }

    pub(crate) fn is_forced(&self) -> bool {
        self.forced
    }

    /// Makes a call with the cookie; logs in before, and once more when the session has run out.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        host: &Host<'_>,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let request = if self.forced {
            with_flag(operation, request)?
        } else {
            request
        };
        let wants_html = request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")));
        let ticket = self.ticket(host, None).await?;
        let answer = self.send(operation, host, &request, &ticket).await?;
        if !is_logged_out(&answer, wants_html) {
            return Ok(answer);
        }
        let is_401 = answer.status() == StatusCode::UNAUTHORIZED;
        if self.credentials.is_none() {
            return if is_401 {
                Ok(answer)
            } else {
                Err(ran_out(
                    operation,
                    &answer,
                    "the cookie's session has run out",
                    "log in once more in the browser, and take its new cookie",
                    Retry::No,
                ))
            };
        }
        let age = host.clock.now_monotonic().saturating_sub(ticket.since);
        if is_401 && age < NEW {
            return Ok(answer);
        }
        let newer = self.ticket(host, Some(ticket.login)).await?;
        if !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Err(ran_out(
                operation,
                &answer,
                "the session had run out; there is a new one, and the call was not repeated because it may change something",
                "look whether it did, and make the call again if not",
                Retry::Yes,
            ));
        }
        let answer = self.send(operation, host, &request, &newer).await?;
        if is_logged_out(&answer, wants_html) && answer.status() != StatusCode::UNAUTHORIZED {
            return Err(ran_out(
                operation,
                &answer,
                "Altinn leads to its log-in page, although the session is new",
                "check that the user may use the API, and that the path is the API's",
                Retry::No,
            ));
        }
        Ok(answer)
    }

    async fn send(
        &self,
        operation: &'static str,
        host: &Host<'_>,
        request: &http::Request<Bytes>,
        ticket: &Ticket,
    ) -> Result<http::Response<Bytes>, Error> {
        let mut request = request.clone();
        request.headers_mut().insert(COOKIE, ticket.cookie.clone());
        let answer = host
            .transport
            .send(request)
            .await
            .map_err(|error| Error::transport(operation, error))?;
        if let Some(cookie) = of_answer(answer.headers()) {
            let mut state = self.state.lock().await;
            // an answer that was long under way does not bring back a session before this one
            if let Some(held) = state
                .ticket
                .as_mut()
                .filter(|held| held.login == ticket.login)
            {
                held.cookie = cookie;
            }
        }
        Ok(answer)
    }

    /// The session; a new one when there is none, or when it is still the one that has run out.
    async fn ticket(&self, host: &Host<'_>, ran_out: Option<u64>) -> Result<Ticket, Error> {
        let mut state = self.state.lock().await;
        if let Some(held) = &state.ticket
            && ran_out != Some(held.login)
        {
            return Ok(held.clone());
        }
        if let Some(error) = &state.refused {
            return Err(error.clone());
        }
        let Some(credentials) = &self.credentials else {
            return Err(Error::new(
                ErrorKind::SessionExpired,
                Diagnosis::new(LOG_IN),
            ));
        };
        match self.log_in(host, credentials).await {
            Ok(cookie) => {
                let ticket = Ticket {
                    cookie,
                    login: state.ticket.as_ref().map_or(0, |held| held.login) + 1,
                    since: host.clock.now_monotonic(),
                };
                state.ticket = Some(ticket.clone());
                Ok(ticket)
            }
            Err(error) => {
                if error.kind() == ErrorKind::WrongCredentials {
                    state.refused = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    async fn log_in(
        &self,
        host: &Host<'_>,
        credentials: &PasswordCredentials,
    ) -> Result<HeaderValue, Error> {
        let invalid = || {
            Error::transport(
                LOG_IN,
                http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, LOG_IN),
            )
        };
        let url = host
            .base
            .join("api/authentication/authenticatewithpassword")
            .map_err(|_| invalid())?;
        let body = serde_json::json!({
            "UserName": credentials.user_name(),
            "UserPassword": credentials.password().expose_secret(),
        });
        let request = http::Request::post(url.as_str())
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/hal+json"),
            )
            .header(ACCEPT, HeaderValue::from_static("application/hal+json"))
            .header("apikey", host.api_key)
            .body(Bytes::from(body.to_string()))
            .map_err(|_| invalid())?;
        let request = if self.forced {
            with_flag(LOG_IN, request)?
        } else {
            request
        };
        let answer = host
            .transport
            .send(request)
            .await
            .map_err(|error| Error::transport(LOG_IN, error))?;
        if answer.status().is_success()
            && let Some(cookie) = of_answer(answer.headers())
        {
            return Ok(cookie);
        }
        Err(refusal(&answer, self.forced))
    }
}

fn refusal(answer: &http::Response<Bytes>, forced: bool) -> Error {
    let status = answer.status();
    let mut diagnosis = Diagnosis::new(LOG_IN).with_status(status.as_u16());
    if let Some(phrase) = reason_phrase(answer) {
        diagnosis = diagnosis.with_message(phrase);
    }
    let no_organisation = forced
        && reason_phrase(answer)
            .is_some_and(|phrase| phrase.contains("no authenticated organization number"));
    let (kind, remedy) = match status {
        StatusCode::UNAUTHORIZED if no_organisation => (
            ErrorKind::CertificateMissing,
            Remedy::new(
                Who::You,
                "show an enterprise certificate (virksomhetssertifikat) that Altinn trusts: the connection stood, and Altinn saw none on it",
            ),
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
            ErrorKind::WrongCredentials,
            Remedy::new(
                Who::You,
                "check user name, password and API key; this session does not send this password again",
            ),
        ),
        StatusCode::NOT_FOUND | StatusCode::GONE => (
            ErrorKind::PasswordLoginClosed,
            Remedy::new(
                Who::You,
                "come in as a person through ID-porten (`altinn login`), or as a system user (systembruker): Altinn 2 closed on 2026-06-19",
            ),
        ),
        status
            if status.is_server_error()
                || matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                ) =>
        {
            diagnosis = diagnosis.with_retry(crate::exchange::retry_after(answer));
            (ErrorKind::Unavailable, crate::exchange::later())
        }
        StatusCode::BAD_REQUEST => (
            ErrorKind::LoginRefused,
            Remedy::new(
                Who::You,
                "do what the message says: mostly the API key is missing",
            ),
        ),
        _ => (
            ErrorKind::InvalidAnswer,
            Remedy::new(
                Who::You,
                "check the Altinn 2 URL: a log-in page or a redirect came where the .ASPXAUTH cookie was due",
            ),
        ),
    };
    Error::new(kind, diagnosis.with_remedy(remedy))
}

fn ran_out(
    operation: &'static str,
    answer: &http::Response<Bytes>,
    message: &str,
    action: &'static str,
    retry: Retry,
) -> Error {
    Error::new(
        ErrorKind::SessionExpired,
        Diagnosis::new(operation)
            .with_status(answer.status().as_u16())
            .with_message(message)
            .with_retry(retry)
            .with_remedy(Remedy::new(Who::You, action)),
    )
}

/// Without this flag Altinn does not look at a client certificate.
pub(crate) fn with_flag(
    operation: &'static str,
    request: http::Request<Bytes>,
) -> Result<http::Request<Bytes>, Error> {
    let query = request.uri().query().unwrap_or_default();
    let has_it = query.split('&').any(|part| {
        part.split('=')
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(FLAG))
    });
    if has_it {
        return Ok(request);
    }
    let separator = if query.is_empty() { "" } else { "&" };
    let path = request.uri().path();
    let path = format!("{path}?{query}{separator}{FLAG}");
    let (mut parts, body) = request.into_parts();
    let mut uri = parts.uri.into_parts();
    let uri = path
        .parse()
        .ok()
        .and_then(|path| {
            uri.path_and_query = Some(path);
            http::Uri::from_parts(uri).ok()
        })
        .ok_or_else(|| {
            Error::transport(
                operation,
                http_transport::Error::new(http_transport::ErrorKind::InvalidRequest, operation),
            )
        })?;
    parts.uri = uri;
    Ok(http::Request::from_parts(parts, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_there_once_however_the_query_is() {
        for (before, after) in [
            (
                "https://x.no/api/a",
                "https://x.no/api/a?ForceEIAuthentication",
            ),
            (
                "https://x.no/api/a?b=1",
                "https://x.no/api/a?b=1&ForceEIAuthentication",
            ),
            (
                "https://x.no/api/a?forceeiauthentication=true&b",
                "https://x.no/api/a?forceeiauthentication=true&b",
            ),
            (
                "https://x.no/api/a?",
                "https://x.no/api/a?ForceEIAuthentication",
            ),
        ] {
            let request = http::Request::get(before).body(Bytes::new()).unwrap();
            assert_eq!(with_flag("t", request).unwrap().uri(), after);
        }
    }

    #[test]
    fn only_aspxauth_is_taken_from_an_answer() {
        let mut headers = HeaderMap::new();
        for line in [
            "ASP.NET_SessionId=x; path=/",
            "altinnContext=.ASPXAUTH=evil",
            ".ASPXAUTH=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
            ".ASPXAUTH=AB12; domain=tt02.altinn.no; path=/; secure; HttpOnly",
        ] {
            headers.append(SET_COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(of_answer(&headers).unwrap(), ".ASPXAUTH=AB12");
        assert!(of_answer(&headers).unwrap().is_sensitive());
        headers.clear();
        assert!(of_answer(&headers).is_none());
        assert!(Cookie::new(&"a; other=b".into()).is_err());
        assert!(Cookie::new(&"  ".into()).is_err());
        assert_eq!(
            Cookie::new(&".ASPXAUTH=AB".into()).unwrap().0,
            ".ASPXAUTH=AB"
        );
    }
}
