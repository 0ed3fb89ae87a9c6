//! What Altinn 3 answers when it refuses: six shapes, one reader.

use std::fmt;

use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, Retry, Who};
use serde::Serialize;

use crate::altinn3::models;
use crate::codes;
use crate::error::{kind_of_status, retry_of};
use crate::wire::Message;
use crate::{Error, ErrorKind};

/// A lock after failed name look-ups lasts this long (`UserProfileLookupSettings`,
/// <https://github.com/Altinn/altinn-authorization-tmp>).
const LOOKUP_LOCK: std::time::Duration = std::time::Duration::from_secs(3600);

/// How much of a text that is no JSON is kept.
const TEXT_LIMIT: usize = 500;

/// What Altinn 3 answered when it refused, whatever shape it came in.
///
/// Messages are masked. A validation error is known by its code *and* by where it points: the
/// numbers of two factories in the same service collide.
///
/// ```
/// use altinn_authz::altinn3::{Problem, Shape};
/// use bytes::Bytes;
///
/// let mut answer = http::Response::new(Bytes::from_static(
///     br#"{"title":"Bad Request","status":400,"detail":"One or more validation errors occurred.",
///          "code":"STD-00000","validationErrors":[
///            {"code":"AM.VLD-00010","detail":"Assignment is active in one or more connections.","paths":["$QUERY/cascade"]}]}"#,
/// ));
/// *answer.status_mut() = http::StatusCode::BAD_REQUEST;
/// let problem = Problem::read(&answer);
/// assert_eq!(problem.shape(), Shape::DetailProblem);
/// assert_eq!(problem.code(), Some("STD-00000"));
/// assert!(problem.has_violation("AM.VLD-00010", "cascade"));
/// assert_eq!(problem.message(), Some("Assignment is active in one or more connections."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    status: u16,
    shape: Shape,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Problem>,
}

/// The shapes that a refusal comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Shape {
    /// The current library's: the message is in `title` (authentication, resource registry).
    TitleProblem,
    /// The older library's: the message is in `detail` (access management, PDP).
    DetailProblem,
    /// ASP.NET's for a request that could not be bound: `errors`, by member.
    ModelBinding,
    /// ASP.NET's bare problem, without a code.
    BareProblem,
    /// The gateway's: `statusCode` and `message`.
    Gateway,
    /// Text, or a JSON string.
    Text,
    /// Nothing at all.
    Empty,
    /// A web page: not Altinn's API that answered.
    Html,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    paths: Vec<String>,
}

impl Violation {
    /// The code. It means nothing without a path.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What the server says of it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Where: JSON pointers into the body, `$QUERY/party`, or a member's name.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The last part of each path, without the marks of a query.
    fn points_at(&self, name: &str) -> bool {
        self.paths.iter().any(|path| {
            let last = path.rsplit(['/', '?', '$']).next().unwrap_or_default();
            last.eq_ignore_ascii_case(name)
        })
    }
}

impl Problem {
    /// Reads a refusal. There is nothing that it does not read.
    #[must_use]
    pub fn read(response: &http::Response<Bytes>) -> Self {
        let status = response.status().as_u16();
        let body = response.body().as_ref();
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::of(status, Shape::Empty, None);
        }
        if http_transport::is_html(response) {
            return Self::of(status, Shape::Html, None);
        }
        match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(serde_json::Value::String(text)) => Self::of(status, Shape::Text, Some(&text)),
            Ok(value @ serde_json::Value::Object(_)) => {
                match serde_json::from_value::<models::Problem>(value) {
                    Ok(problem) => Self::from_body(status, &problem),
                    Err(_) => Self::text(status, body),
                }
            }
            _ => Self::text(status, body),
        }
    }

    fn text(status: u16, body: &[u8]) -> Self {
        let text: String = String::from_utf8_lossy(body)
            .chars()
            .take(TEXT_LIMIT)
            .collect();
        Self::of(status, Shape::Text, Some(&text))
    }

    fn of(status: u16, shape: Shape, message: Option<&str>) -> Self {
        Self {
            status,
            shape,
            code: None,
            message: message.and_then(said),
            trace_id: None,
            violations: Vec::new(),
            causes: Vec::new(),
        }
    }

    fn from_body(status: u16, body: &models::Problem) -> Self {
        let shape = match body {
            models::Problem {
                status_code: Some(_),
                code: None,
                ..
            } => Shape::Gateway,
            models::Problem {
                errors: Some(_), ..
            } => Shape::ModelBinding,
            models::Problem { code: None, .. } => Shape::BareProblem,
            models::Problem {
                kind: Some(kind), ..
            } if kind.starts_with("urn:altinn:error:") => Shape::TitleProblem,
            _ => Shape::DetailProblem,
        };
        let by_code = body.validation_errors.iter().map(|error| Violation {
            code: error.code.clone(),
            message: both(text(&error.title), text(&error.detail)),
            paths: error.paths.clone(),
        });
        let by_member = body
            .errors
            .iter()
            .flatten()
            .map(|(member, messages)| Violation {
                code: None,
                message: said(
                    &messages
                        .iter()
                        .map(Message::expose)
                        .collect::<Vec<_>>()
                        .join("; "),
                ),
                paths: vec![member.clone()],
            });
        let violations: Vec<_> = by_code.chain(by_member).collect();
        let causes: Vec<_> = body
            .source
            .iter()
            .map(AsRef::as_ref)
            .chain(&body.problems)
            .map(|cause| Self::from_body(status_of(cause).unwrap_or(status), cause))
            .collect();
        // one message may be said of several places, and several problems say nothing themselves
        let several = body.code.as_deref() == Some("STD-00001");
        let mut parts: Vec<&str> = Vec::new();
        let of_violations = violations.iter().filter_map(Violation::message);
        let of_causes = causes.iter().filter(|_| several).filter_map(Self::message);
        for part in of_violations.chain(of_causes) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        let message = if parts.is_empty() {
            let detail = text(&body.detail).or_else(|| text(&body.message));
            match shape {
                // `detail` adds to the title, which is the message
                Shape::TitleProblem => both(text(&body.title), detail),
                _ => detail.or_else(|| text(&body.title)).and_then(said),
            }
        } else {
            Some(parts.join("; "))
        };
        Self {
            status,
            shape,
            code: body.code.clone(),
            message,
            trace_id: body.trace_id.clone(),
            violations,
            causes,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The shape it came in.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The problem's code, such as `AM-00022`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What to tell a user, masked: the violations or the several problems, else the detail, else the
    /// title, else the text.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What Altinn's support asks for.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// What is wrong with the request, thing by thing.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The problems behind this one.
    #[must_use]
    pub fn causes(&self) -> &[Self] {
        &self.causes
    }

    /// Whether there is a violation with this code at this place (the last part of its path).
    #[must_use]
    pub fn has_violation(&self, code: &str, place: &str) -> bool {
        self.violations
            .iter()
            .any(|violation| violation.code() == Some(code) && violation.points_at(place))
    }

    /// The code that tells most: that something is invalid (`STD-00000`) says less than what it is.
    fn telling_code(&self) -> Option<&str> {
        let first = self.violations.iter().find_map(Violation::code);
        match self.code() {
            Some("STD-00000") => first.or(self.code()),
            code => code,
        }
    }

    /// What is known of it: by its code, by its first violation, or by its silence.
    fn known(&self) -> Option<&'static codes::Code> {
        let by_violation = || {
            self.violations.iter().find_map(|violation| {
                codes::validation(
                    violation.code()?,
                    violation.paths(),
                    violation.message().unwrap_or_default(),
                )
            })
        };
        match self.code() {
            Some("STD-00000") => by_violation().or_else(|| codes::problem("STD-00000")),
            Some("STD-00001") => self.causes.iter().find_map(Self::known),
            Some(code) => codes::problem(code),
            None if self.shape == Shape::Empty => codes::silent(self.status),
            None => None,
        }
    }
}

/// The error for an answer that is no success.
pub(crate) fn refusal(operation: &'static str, response: &http::Response<Bytes>) -> Error {
    let problem = Problem::read(response);
    let (status, known) = (problem.status, problem.known());
    let kind = match (problem.code(), problem.shape) {
        (Some("AM-00022" | "AM-00020"), _) => ErrorKind::NotConnected,
        (Some("AM-00024"), _) => ErrorKind::PersonNameNeeded,
        (Some("AM-00026"), _) => ErrorKind::PersonLookupLocked,
        (_, Shape::Html) => ErrorKind::Unreadable,
        _ if response.status().is_redirection() => ErrorKind::Unreadable,
        _ => kind_of_status(status),
    };
    let mut diagnosis = Diagnosis::new(operation)
        .with_status(status)
        .with_retry(match kind {
            ErrorKind::PersonLookupLocked => match retry_of(response) {
                Retry::After(told) => Retry::After(told.max(LOOKUP_LOCK)),
                _ => Retry::After(LOOKUP_LOCK),
            },
            _ => retry_of(response),
        });
    if let Some(code) = problem.telling_code() {
        diagnosis = diagnosis.with_code(code.to_owned());
    }
    if let Some(message) = problem.message() {
        diagnosis = diagnosis.with_message(message);
    }
    if let Some(trace_id) = problem.trace_id() {
        diagnosis = diagnosis.with_trace_id(trace_id);
    }
    if let Some(remedy) = known
        .map(codes::Code::remedy)
        .or_else(|| remedy(kind, &problem))
    {
        diagnosis = diagnosis.with_remedy(remedy);
    }
    Error::new(kind, summary(&problem, known), diagnosis).with_problem(problem)
}

fn summary(problem: &Problem, known: Option<&codes::Code>) -> String {
    let status = problem.status;
    match (problem.shape, problem.message(), problem.telling_code()) {
        (Shape::Html, ..) => format!("a web page came where the API's answer was due ({status})"),
        (_, Some(message), Some(code)) => {
            format!("{} ({code})", message.trim_end_matches('.'))
        }
        (_, Some(message), None) => format!("{} ({status})", message.trim_end_matches('.')),
        (_, None, Some(code)) => match known {
            Some(known) => format!("{} ({code})", known.message().trim_end_matches('.')),
            None => format!("refused with {code}"),
        },
        (_, None, None) => match status {
            401 => "the token was not taken (401 without a word)".to_owned(),
            403 => "not allowed (403 without a word)".to_owned(),
            404 => "not switched on, or unknown (404 without a word)".to_owned(),
            429 => "too many requests (429)".to_owned(),
            500.. => format!("the server failed ({status})"),
            _ => format!("refused ({status} without a word)"),
        },
    }
}

fn remedy(kind: ErrorKind, problem: &Problem) -> Option<Remedy> {
    Some(match kind {
        ErrorKind::Authentication if problem.message() == Some("Unknown user type") => Remedy::new(
            Who::You,
            "call as a system user or as a person through ID-porten: the token of an organisation has no party",
        ),
        ErrorKind::Authentication if problem.shape == Shape::Gateway => Remedy::new(
            Who::You,
            "give the API's subscription key (ALTINN_SUBSCRIPTION_KEY)",
        ),
        ErrorKind::TooManyRequests => Remedy::new(Who::You, "wait before the next call"),
        ErrorKind::Server => Remedy::new(
            Who::Operator,
            "look into it with the trace id; try again later",
        ),
        ErrorKind::Unreadable => Remedy::new(
            Who::You,
            "check that the platform's URL is the API's and not a web site's; a gateway or a proxy also answers so when the service is down",
        ),
        _ if !problem.violations.is_empty() => {
            Remedy::new(Who::You, "correct the values that the violations name")
        }
        _ => codes::silent(problem.status)?.remedy(),
    })
}

fn status_of(problem: &models::Problem) -> Option<u16> {
    u16::try_from(problem.status?).ok()
}

fn both(title: Option<&str>, detail: Option<&str>) -> Option<String> {
    match (title.and_then(said), detail.and_then(said)) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => title.or(detail),
    }
}

fn text(message: &Option<Message>) -> Option<&str> {
    message.as_ref().map(Message::expose)
}

/// A text of the server's, masked; nothing when it says nothing.
fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| http_transport::redact::text(text))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&summary(self, self.known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> http::Response<Bytes> {
        http::Response::builder()
            .status(status)
            .header("content-type", content_type)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap()
    }

    #[test]
    fn every_shape_is_told_apart_and_says_its_message() {
        use Shape::*;
        for (body, shape, code, message) in [
            (
                r#"{"type":"urn:altinn:error:AUTH-00001","title":"No such system.","detail":"x1","code":"AUTH-00001"}"#,
                TitleProblem,
                Some("AUTH-00001"),
                "No such system.: x1",
            ),
            (
                r#"{"title":"Bad Request","detail":"No connection.","code":"AM-00022"}"#,
                DetailProblem,
                Some("AM-00022"),
                "No connection.",
            ),
            (
                r#"{"title":"One or more","errors":{"to":["The value 'x' is not valid.","And more."]}}"#,
                ModelBinding,
                None,
                "The value 'x' is not valid.; And more.",
            ),
            (
                r#"{"title":"Unauthorized","status":401,"traceId":"00-1"}"#,
                BareProblem,
                None,
                "Unauthorized",
            ),
            (
                r#"{"statusCode":401,"message":"Access denied"}"#,
                Gateway,
                None,
                "Access denied",
            ),
            (
                "\u{feff}{\"title\":\"Too Many Requests\",\"code\":\"AM-00026\"}",
                DetailProblem,
                Some("AM-00026"),
                "Too Many Requests",
            ),
            (r#""Unknown user type""#, Text, None, "Unknown user type"),
            ("Unknown user type", Text, None, "Unknown user type"),
            (
                r#"{"code":{"hasValue":true}}"#,
                Text,
                None,
                r#"{"code":{"hasValue":true}}"#,
            ),
            ("[1,2]", Text, None, "[1,2]"),
        ] {
            let problem = Problem::read(&answer(400, "application/problem+json", body));
            assert_eq!(
                (problem.shape(), problem.code(), problem.message()),
                (shape, code, Some(message)),
                "{body}"
            );
        }
        assert_eq!(Problem::read(&answer(403, "", " ")).shape(), Empty);
        assert_eq!(
            Problem::read(&answer(502, "text/html", "<p>")).shape(),
            Html
        );
    }

    #[test]
    fn a_colleague_can_act_on_the_text_alone() {
        let error = |status, body: &str| refusal("test", &answer(status, "application/json", body));
        let by_code = |code: &str| {
            error(
                400,
                &format!(r#"{{"title":"Bad Request","code":"{code}","detail":"x"}}"#),
            )
        };
        for (error, kind, word) in [
            (error(403, ""), ErrorKind::Forbidden, "tilgangsstyrer"),
            (
                error(401, "Unknown user type"),
                ErrorKind::Authentication,
                "system user",
            ),
            (error(404, ""), ErrorKind::NotFound, "switched on"),
            (
                by_code("AM-00022"),
                ErrorKind::NotConnected,
                "connection first",
            ),
            (
                by_code("AM-00024"),
                ErrorKind::PersonNameNeeded,
                "last name",
            ),
            (
                by_code("AM-00026"),
                ErrorKind::PersonLookupLocked,
                "an hour",
            ),
            (
                error(
                    404,
                    r#"{"code":"AM-00031","detail":"The request was not found"}"#,
                ),
                ErrorKind::NotFound,
                "request's id",
            ),
            (
                error(
                    500,
                    r#"{"code":"STD-00001","problems":[{"code":"AM-00041","title":"x","status":400}]}"#,
                ),
                ErrorKind::Server,
                "giver's kind",
            ),
        ] {
            assert_eq!(error.kind(), kind, "{error:?}");
            let remedy = error.diagnosis().remedy().expect("a remedy").to_string();
            assert!(remedy.contains(word), "{remedy}");
        }
        let locked = by_code("AM-00026");
        assert_eq!(locked.diagnosis().retry(), Retry::After(LOOKUP_LOCK));
    }

    #[test]
    fn person_numbers_in_messages_are_masked() {
        let body = r#"{"code":"AM-00004","detail":"Unknown person 26899299344","validationErrors":[{"code":"X.VLD-00001","detail":"26899299344","paths":["/personIdentifier"]}]}"#;
        let error = refusal("test", &answer(400, "application/json", body));
        let problem = error.problem().unwrap();
        let said = format!(
            "{error} {error:?} {problem:?} {}",
            serde_json::to_string(problem).unwrap()
        );
        assert!(!said.contains("26899299344"), "{said}");
    }
}
