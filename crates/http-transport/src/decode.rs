//! From an answer's bytes to a value, with each way to fail told apart.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind};

/// Whether the answer is an HTML page: by its content type, or by how its body begins.
#[must_use]
pub fn is_html(response: &http::Response<Bytes>) -> bool {
    let declared = response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if declared.starts_with("text/html") || declared.starts_with("application/xhtml") {
        return true;
    }
    let start: Vec<u8> = response
        .body()
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take(14)
        .map(u8::to_ascii_lowercase)
        .collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// Reads a JSON body.
///
/// ```
/// use bytes::Bytes;
/// use http_transport::{ErrorKind, decode_json};
///
/// let page = http::Response::new(Bytes::from_static(b"<html><body>Log in</body></html>"));
/// let error = decode_json::<Vec<u8>>("list parties", &page).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Html);
/// ```
///
/// # Errors
///
/// [`ErrorKind::Html`], [`ErrorKind::EmptyBody`], [`ErrorKind::TruncatedBody`],
/// [`ErrorKind::NotJson`] or [`ErrorKind::UnexpectedShape`]. The error says where in the document
/// and what was expected, never what the document holds.
pub fn decode_json<T: DeserializeOwned>(
    operation: &'static str,
    response: &http::Response<Bytes>,
) -> Result<T, Error> {
    let status = response.status().as_u16();
    let fail = |kind| Error::new(kind, operation).with_status(status);
    if is_html(response) {
        return Err(fail(ErrorKind::Html));
    }
    let body = response.body();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(fail(ErrorKind::EmptyBody));
    }
    serde_json::from_slice(body).map_err(|error| {
        use serde_json::error::Category;
        let kind = match error.classify() {
            Category::Eof => ErrorKind::TruncatedBody,
            Category::Syntax | Category::Io => ErrorKind::NotJson,
            Category::Data => ErrorKind::UnexpectedShape,
        };
        fail(kind).with_detail(describe(&error))
    })
}

/// serde_json's message may quote the offending value (`invalid type: string "…"`): keep the kind
/// of value and the place, leave the value out.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted => {
                out.push('…');
                quoted = false;
            }
            '"' => quoted = true,
            '\\' if quoted => {
                characters.next();
            }
            _ if quoted => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(body: &'static str) -> ErrorKind {
        let response = http::Response::new(Bytes::from_static(body.as_bytes()));
        decode_json::<Vec<u32>>("test", &response)
            .unwrap_err()
            .kind()
    }

    #[test]
    fn each_bad_body_has_its_own_kind() {
        assert_eq!(kind_of("  \n<!DOCTYPE html><p>"), ErrorKind::Html);
        assert_eq!(kind_of(" \r\n"), ErrorKind::EmptyBody);
        assert_eq!(kind_of("[1, 2"), ErrorKind::TruncatedBody);
        assert_eq!(kind_of("not json"), ErrorKind::NotJson);
        assert_eq!(kind_of(r#"{"a":1}"#), ErrorKind::UnexpectedShape);
    }

    #[test]
    fn the_error_does_not_quote_the_document() {
        let response = http::Response::new(Bytes::from_static(br#"["a\"hemmelig\"b"]"#));
        let error = decode_json::<Vec<u32>>("test", &response).unwrap_err();
        let said = format!("{error} {error:?} {}", error.diagnosis());
        assert!(!said.contains("hemmelig"), "{said}");
        assert!(said.contains("line 1"), "{said}");
    }
}
