//! What Altinn 2 answers when it refuses: a reason phrase, an object, an array, a page.

use bytes::Bytes;
use http_transport::{Diagnosis, Remedy, Who, is_html, reason_phrase};

use crate::altinn2::models::ErrorBody;
use crate::codes::{self, Code};
use crate::error::{OPEN_WAY, kind_of_status, retry_of};
use crate::wire::{Message, OneOrMany};
use crate::{Error, ErrorKind};

/// How much of a text that is no JSON is kept.
const TEXT_LIMIT: usize = 500;
/// The words by which a number and a name that do not belong together are refused. The code is not
/// always there.
const OTHER_NAME: &str = "does not match the person or organizations registered name";
const OTHER_NAME_CODE: &str = "40332";

/// What a refusal says.
#[derive(Debug, Default)]
struct Said {
    code: Option<String>,
    message: Option<String>,
    known: Option<&'static Code>,
}

/// Whether a page came, or a way to one: the answer to one whom Altinn takes for a browser, and of
/// what stands at the address today.
pub(crate) fn is_login_page(answer: &http::Response<Bytes>) -> bool {
    let status = answer.status();
    status.is_redirection() || (status.is_success() && !answer.body().is_empty() && is_html(answer))
}

pub(crate) fn login_page(operation: &'static str, answer: &http::Response<Bytes>) -> Error {
    let status = answer.status();
    let summary = if status.is_redirection() {
        format!("Altinn 2 sends to a web page instead of answering ({status})")
    } else {
        format!("a web page came where Altinn 2's answer was due ({status})")
    };
    let diagnosis = Diagnosis::new(operation)
        .with_status(status.as_u16())
        .with_message(&summary)
        .with_remedy(Remedy::new(
            Who::You,
            format!(
                "call as a user: Altinn 2 takes a call without one for a browser; Altinn 2 closed on 2026-06-19, so if no user is missing, {OPEN_WAY}"
            ),
        ));
    Error::new(ErrorKind::LoginPage, summary, diagnosis)
}

/// An error of the way there: who meets it today must hear that the way is closed.
pub(crate) fn unanswered(error: Error) -> Error {
    if !matches!(
        error.kind(),
        ErrorKind::Unreachable | ErrorKind::Unreadable | ErrorKind::Altinn2Closed
    ) {
        return error;
    }
    let remedy = match error.diagnosis().remedy() {
        Some(remedy) if remedy.action().contains(OPEN_WAY) => return error,
        Some(remedy) => {
            let action = format!(
                "{}; Altinn 2 closed on 2026-06-19, so {OPEN_WAY}",
                remedy.action()
            );
            let more = Remedy::new(remedy.who(), action);
            match remedy.place() {
                Some(place) => more.at(place.to_owned()),
                None => more,
            }
        }
        None => Remedy::new(
            Who::You,
            format!("Altinn 2 closed on 2026-06-19: {OPEN_WAY}"),
        ),
    };
    error.with_remedy(remedy)
}

/// An operation that a release of Altinn took away. What is answered since then is documented
/// nowhere, so it is sent all the same, and who is refused hears of it.
pub(crate) struct Removed {
    /// The release.
    pub(crate) release: &'static str,
    /// What to do in its place.
    pub(crate) instead: &'static str,
}

impl Removed {
    /// Says so in an error that may stem from it.
    pub(crate) fn told<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            let diagnosis = error.diagnosis();
            let says_why = diagnosis.message().is_some();
            let may_be = match (error.kind(), diagnosis.status()) {
                (ErrorKind::NotFound, _) | (_, Some(405 | 410 | 501)) => true,
                (ErrorKind::Forbidden, _) => !says_why,
                _ => false,
            };
            if !may_be {
                return error;
            }
            let release = self.release;
            error
                .with_addition(&format!(
                    "Altinn took this operation away in release {release}"
                ))
                .with_remedy(Remedy::new(Who::You, self.instead))
        })
    }
}

/// The error for an answer that is no success.
pub(crate) fn refusal(operation: &'static str, answer: &http::Response<Bytes>) -> Error {
    let status = answer.status().as_u16();
    let said = said(answer);
    let kind = match status {
        410 => ErrorKind::Altinn2Closed,
        404 if is_html(answer) => ErrorKind::Altinn2Closed,
        _ => kind_of_status(status),
    };
    let mut diagnosis = Diagnosis::new(operation)
        .with_status(status)
        .with_retry(retry_of(answer));
    if let Some(code) = &said.code {
        diagnosis = diagnosis.with_code(code.clone());
    }
    if let Some(message) = &said.message {
        diagnosis = diagnosis.with_message(message);
    }
    let remedy = said
        .known
        .map(Code::remedy)
        .unwrap_or_else(|| remedy(kind, &said));
    Error::new(
        kind,
        summary(status, kind, &said),
        diagnosis.with_remedy(remedy),
    )
}

/// The reason phrase, and what the body adds to it.
fn said(answer: &http::Response<Bytes>) -> Said {
    let phrase = reason_phrase(answer).map(str::trim);
    let body = answer.body();
    let errors = match serde_json::from_slice::<OneOrMany<ErrorBody>>(body) {
        Ok(errors) => errors,
        Err(_) => OneOrMany::Many(Vec::new()),
    };
    let code = errors
        .iter()
        .find_map(|error| error.code.as_ref())
        .map(|code| code.as_str().to_owned());
    let mut parts: Vec<&str> = phrase.into_iter().collect();
    for message in errors.iter().filter_map(|error| error.message.as_ref()) {
        let message = Message::expose(message).trim();
        if !message.is_empty() && !parts.contains(&message) {
            parts.push(message);
        }
    }
    let mut message = parts.join("; ");
    if message.is_empty() && code.is_none() && !is_html(answer) {
        message = String::from_utf8_lossy(body)
            .trim()
            .chars()
            .take(TEXT_LIMIT)
            .collect();
    }
    let known = code
        .as_deref()
        .and_then(codes::phrase)
        .or_else(|| parts.iter().find_map(|part| codes::phrase(part)))
        .or_else(|| {
            message
                .contains(OTHER_NAME)
                .then(|| codes::phrase(OTHER_NAME_CODE))?
        });
    Said {
        code,
        message: (!message.is_empty()).then_some(message),
        known,
    }
}

fn summary(status: u16, kind: ErrorKind, said: &Said) -> String {
    match (&said.message, &said.code) {
        (Some(message), Some(code)) => format!("{} ({code})", message.trim_end_matches('.')),
        (Some(message), None) => format!("{} ({status})", message.trim_end_matches('.')),
        (None, Some(code)) => format!("refused with {code}"),
        (None, None) => match kind {
            ErrorKind::Altinn2Closed => format!("Altinn 2 is closed ({status})"),
            ErrorKind::Authentication => "the token was not taken (401 without a word)".to_owned(),
            ErrorKind::Forbidden => "not allowed (403 without a word)".to_owned(),
            ErrorKind::NotFound => "not there (404 without a word)".to_owned(),
            ErrorKind::TooManyRequests => "too many requests (429)".to_owned(),
            ErrorKind::Server => format!("the server failed ({status})"),
            _ => format!("refused ({status} without a word)"),
        },
    }
}

fn remedy(kind: ErrorKind, said: &Said) -> Remedy {
    match kind {
        ErrorKind::Altinn2Closed => Remedy::new(
            Who::You,
            format!("Altinn 2 closed on 2026-06-19: {OPEN_WAY}"),
        ),
        ErrorKind::Authentication => Remedy::new(
            Who::You,
            "make a session anew: these operations take the token of an enterprise user (virksomhetsbruker) or of a person",
        ),
        ErrorKind::Forbidden if said.message.is_some() => Remedy::new(
            Who::Customer,
            "look at what the message says; the user must be access manager (tilgangsstyrer) or main administrator (hovedadministrator) for the party, and the former can only give what it holds itself",
        ),
        ErrorKind::Forbidden => Remedy::new(
            Who::Customer,
            "make the user access manager (tilgangsstyrer) or main administrator (hovedadministrator) for the party, if the party and the receiver are the right ones: Altinn 2 does not tell a party that is unknown from one that is closed to the user",
        ),
        ErrorKind::NotFound => Remedy::new(
            Who::You,
            format!(
                "check what was named; some operations were switched off in 2023, and Altinn 2 closed on 2026-06-19: {OPEN_WAY}"
            ),
        ),
        ErrorKind::TooManyRequests => Remedy::new(Who::You, "wait before the next call"),
        ErrorKind::Server => Remedy::new(Who::Operator, "look into it; try again later"),
        _ if said.message.is_some() => Remedy::new(Who::You, "correct what the message names"),
        _ => Remedy::new(
            Who::You,
            "check what was given; Altinn 2 did not say what is wrong with it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use http_transport::ReasonPhrase;

    use super::*;

    fn answer(status: u16, phrase: &str, body: &str) -> http::Response<Bytes> {
        let mut answer = http::Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
        if let Some(phrase) = ReasonPhrase::new(phrase) {
            answer.extensions_mut().insert(phrase);
        }
        answer
    }

    #[test]
    fn the_phrase_comes_first_and_the_body_adds_to_it() {
        let both =
            r#"[{"ErrorCode":"1","ErrorMessage":"One"},{"errorCode":2,"errorDescription":"Two"}]"#;
        let said = said(&answer(400, "Said before.", both));
        assert_eq!(said.code.as_deref(), Some("1"));
        assert_eq!(said.message.as_deref(), Some("Said before.; One; Two"));
    }

    #[test]
    fn whatever_comes_is_an_error_with_a_remedy() {
        for status in [300, 304, 400, 401, 403, 404, 409, 410, 418, 429, 500, 503] {
            for body in [
                "",
                " ",
                "{",
                "{}",
                "[]",
                "[1]",
                "null",
                "<html>",
                "Nei.",
                "\u{feff}x",
            ] {
                let error = refusal("test", &answer(status, "", body));
                assert!(error.diagnosis().remedy().is_some(), "{status} {body}");
                assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_closed_host_says_which_way_is_open() {
        for (status, body) in [
            (410, ""),
            (404, "<html>"),
            (404, ""),
            (302, ""),
            (200, "<html>"),
        ] {
            let answer = answer(status, "", body);
            let error = if is_login_page(&answer) {
                login_page("test", &answer)
            } else {
                refusal("test", &answer)
            };
            let said = error.diagnosis().remedy().unwrap().to_string();
            assert!(said.contains("--api altinn3"), "{status}: {said}");
        }
    }

    #[test]
    fn a_name_that_does_not_match_is_known_without_its_code() {
        let phrase = "26899299344 is either not a valid organization number or social security number, or the provided name; HEI does not match the person or organizations registered name.";
        let error = refusal("test", &answer(400, phrase, ""));
        let remedy = error.diagnosis().remedy().unwrap();
        let said = format!("{error} {error:?} {} {remedy}", error.diagnosis());
        assert!(
            said.contains("268992*****") && !said.contains("26899299344"),
            "{said}"
        );
        assert!(said.contains("check the number and the name"), "{said}");
    }
}
