//! Takes secrets and person numbers out of text that people and logs will see.
//!
//! What goes: person numbers (masked `020958*****`), JSON web tokens, `Bearer` and `Basic` values,
//! values of members, form fields and query parameters whose names say that they are secret, and
//! the values of headers that are sensitive, by mark ([`http::HeaderValue::is_sensitive`]) or by
//! name. What this cannot know is a secret without a name and without a form.

use std::fmt::Write as _;

use http::HeaderMap;

const SECRET: &str = "[secret]";
const TOKEN: &str = "[token]";

/// Redacts free text.
///
/// ```
/// let said = http_transport::redact::text("Authorization: Bearer abc.def.ghi for 26899299344");
/// assert_eq!(said, "Authorization: Bearer [secret] for 268992*****");
/// ```
#[must_use]
pub fn text(text: &str) -> String {
    let without_tokens = mask_tokens(text);
    norwegian_ids::mask_person_numbers(&without_tokens).into_owned()
}

/// Redacts a URL: its user information, secret query parameters and person numbers.
#[must_use]
pub fn url(url: &str) -> String {
    let (before_fragment, _) = url.split_once('#').unwrap_or((url, ""));
    let (path, query) = match before_fragment.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (before_fragment, None),
    };
    let path = match (path.find("://"), path.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}{SECRET}{}", &path[..scheme + 3], &path[at..])
        }
        _ => path.to_owned(),
    };
    match query {
        None => text(&path),
        Some(query) => format!("{}?{}", text(&path), form(query)),
    }
}

/// Redacts headers: name and value, in the order they stand.
#[must_use]
pub fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let shown = if name == http::header::AUTHORIZATION {
                let scheme = value.to_str().ok().and_then(|value| value.split_once(' '));
                scheme.map_or_else(
                    || SECRET.to_owned(),
                    |(scheme, _)| format!("{scheme} {SECRET}"),
                )
            } else if value.is_sensitive() || is_secret_header(name.as_str()) {
                SECRET.to_owned()
            } else if name == http::header::LOCATION {
                url(&String::from_utf8_lossy(value.as_bytes()))
            } else {
                text(&String::from_utf8_lossy(value.as_bytes()))
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

/// Redacts a body by its content type: forms by field, JSON by member, anything else as text.
#[must_use]
pub fn body(content_type: Option<&str>, body: &[u8]) -> String {
    let Ok(body) = std::str::from_utf8(body) else {
        return format!("[{} bytes]", body.len());
    };
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        form(body)
    } else if content_type.contains("json") || body.trim_start().starts_with(['{', '[']) {
        text(&json(body))
    } else {
        text(body)
    }
}

fn form(pairs: &str) -> String {
    let mut out = String::with_capacity(pairs.len());
    for (index, pair) in pairs.split('&').enumerate() {
        if index > 0 {
            out.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                let _ = write!(out, "{name}={SECRET}");
            }
            _ => out.push_str(&text(pair)),
        }
    }
    out
}

/// Copies JSON text as it stands, but for what follows the name of a secret member, up to the next
/// member's name. It reads tokens only, so that a document that is not quite JSON is still redacted.
fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    let mut secret_member = false;
    while let Some(start) = rest.find('"') {
        let (before, from_quote) = rest.split_at(start);
        between(&mut out, before, secret_member);
        let end = string_end(from_quote);
        let (string, after) = from_quote.split_at(end);
        let is_name = after.trim_start().starts_with(':');
        if is_name {
            let name = string.trim_matches('"');
            // in forms and queries it is the authorization code; in documents, what an error or a
            // role is called, and people need to see it
            secret_member = is_secret_name(name) && !name.eq_ignore_ascii_case("code");
            out.push_str(string);
        } else if secret_member {
            let _ = write!(out, "\"{SECRET}\"");
        } else {
            out.push_str(string);
        }
        rest = after;
    }
    between(&mut out, rest, secret_member);
    out
}

/// What stands between two strings: punctuation, and values that are no strings.
fn between(out: &mut String, text: &str, secret: bool) {
    if secret {
        out.extend(
            text.chars()
                .map(|c| if c.is_ascii_alphanumeric() { '*' } else { c }),
        );
    } else {
        out.push_str(text);
    }
}

/// The length of the JSON string that `text` begins with, its quotes included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("cookie")
        || name.contains("authorization")
        || name.contains("authentication")
        || name.contains("key")
        || name.contains("secret")
        || name.contains("token")
}

fn is_secret_name(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    matches!(
        name.as_str(),
        "assertion"
            | "clientassertion"
            | "code"
            | "codeverifier"
            | "apikey"
            | "ticket"
            | "accesstoken"
            | "refreshtoken"
            | "idtoken"
            | "token"
            | "d"
    ) || name.ends_with("password")
        || name.ends_with("secret")
}

/// Replaces JSON web tokens and the values after `Bearer` and `Basic`.
fn mask_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_scheme = false;
    while !rest.is_empty() {
        let word_end = rest
            .find(|c: char| !is_token_character(c))
            .unwrap_or(rest.len());
        if word_end == 0 {
            let character = rest.chars().next().unwrap_or_default();
            out.push(character);
            rest = &rest[character.len_utf8()..];
            after_scheme &= character == ' ';
            continue;
        }
        let (word, after) = rest.split_at(word_end);
        if is_json_web_token(word) {
            out.push_str(TOKEN);
        } else if after_scheme {
            out.push_str(SECRET);
        } else {
            out.push_str(word);
        }
        after_scheme = (word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic"))
            && after
                .trim_start()
                .chars()
                .next()
                .is_some_and(is_token_character)
            && looks_like_credential(after.trim_start());
        rest = after;
    }
    out
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '-' | '_' | '.' | '~' | '+' | '/' | '=')
}

/// `{"` in base64url begins `eyJ`; two dots make a JWS, four a JWE.
fn is_json_web_token(word: &str) -> bool {
    word.find("eyJ")
        .is_some_and(|start| word[start..].contains('.') && word.len() - start > 20)
}

/// "Bearer token" in a sentence is prose; what follows the scheme as a credential is longer or has
/// other characters than letters.
fn looks_like_credential(text: &str) -> bool {
    let word = text
        .split(|c: char| !is_token_character(c))
        .next()
        .unwrap_or_default();
    word.len() >= 16 || word.contains(|c: char| !c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn json_members_with_secret_names_lose_their_values() {
        let document = r#"{"access_token":"s3cret-value","expires_in":119,"nested":{"UserPassword":"p\"w","list":["a"]},"client_secret":["one","two"],"d":70707,"note":"kept","code":"AM-00022"}"#;
        let shown = body(Some("application/json"), document.as_bytes());
        for secret in ["s3cret-value", "p\\\"w", "one", "two", "70707"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for kept in [
            r#""expires_in":119"#,
            r#""list":["a"]"#,
            r#""note":"kept""#,
            r#""code":"AM-00022""#,
        ] {
            assert!(shown.contains(kept), "{kept} not in {shown}");
        }
    }

    #[test]
    fn a_quoted_token_as_the_whole_body_is_masked() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl";
        assert_eq!(
            body(Some("application/json"), format!("\"{token}\"").as_bytes()),
            "\"[token]\""
        );
        assert_eq!(body(Some("text/plain"), token.as_bytes()), "[token]");
        assert_eq!(
            text("the Bearer token is missing"),
            "the Bearer token is missing"
        );
    }

    #[test]
    fn forms_and_urls_lose_theirs() {
        let shown = body(
            Some("application/x-www-form-urlencoded"),
            b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=abc.def.ghi",
        );
        assert!(shown.ends_with("&assertion=[secret]"), "{shown}");
        assert!(shown.starts_with("grant_type=urn"), "{shown}");
        assert_eq!(
            url("https://user:pass@example.no/api/26899299344?code=abc&subject=26899299344#x"),
            "https://[secret]@example.no/api/268992*****?code=[secret]&subject=268992*****"
        );
    }

    #[test]
    fn sensitive_headers_are_not_shown() {
        let mut map = HeaderMap::new();
        map.insert("authorization", HeaderValue::from_static("Bearer abcdef"));
        map.insert("apikey", HeaderValue::from_static("f2a0e5d1"));
        map.insert(
            "set-cookie",
            HeaderValue::from_static(".TICKET=2AF7F203; path=/"),
        );
        map.insert("accept", HeaderValue::from_static("application/json"));
        let mut marked = HeaderValue::from_static("marked");
        marked.set_sensitive(true);
        map.insert("x-odd", marked);
        let shown = format!("{:?}", headers(&map));
        for secret in ["abcdef", "f2a0e5d1", "2AF7F203", "marked"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(
            shown.contains("Bearer [secret]") && shown.contains("application/json"),
            "{shown}"
        );
    }
}
