//! How the demonstration shows an exchange: as lines for people, and as JSON.

use altinn_sim::Simulator;
use http_transport::{Exchange, redact};
use serde_json::{Map, Value, json};

use crate::args::Api;
use crate::jwt::{Jwt, redacted};
use crate::watch::Seen;

/// How wide a line is, without its mark.
const WIDTH: usize = 94;
/// How many lines of a body are shown.
const LINES: usize = 6;
/// Headers that say something about the protocol.
const HEADERS: [&str; 6] = [
    "accept",
    "apikey",
    "authorization",
    "content-type",
    "location",
    "x-altinn-enterpriseuser-authentication",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Maskinporten,
    Platform,
    Altinn2,
}

impl Host {
    fn name(self) -> &'static str {
        match self {
            Self::Maskinporten => "Maskinporten",
            Self::Platform => "the platform",
            Self::Altinn2 => "Altinn 2",
        }
    }
}

/// Which address is whose.
pub(super) struct Hosts([(Host, String); 3]);

impl Hosts {
    pub(super) fn of(simulator: &Simulator) -> Self {
        let base = |url: &str| url.trim_end_matches('/').to_owned();
        Self([
            (Host::Maskinporten, base(&simulator.maskinporten_issuer())),
            (Host::Platform, base(simulator.platform_url())),
            (Host::Altinn2, base(simulator.altinn2_url())),
        ])
    }

    pub(super) fn line(&self, api: Api) -> String {
        let shown = self
            .0
            .iter()
            .filter(|(host, _)| api == Api::Altinn2 || *host != Host::Altinn2);
        let all: Vec<String> = shown
            .map(|(host, url)| format!("{} is {url}", host.name()))
            .collect();
        all.join(", ")
    }

    /// Whose address it is, and the rest of it.
    fn split<'a>(&self, url: &'a str) -> (Option<Host>, &'a str) {
        for (host, base) in &self.0 {
            if let Some(rest) = url
                .strip_prefix(base.as_str())
                .filter(|rest| rest.starts_with('/'))
            {
                return (Some(*host), rest);
            }
        }
        (None, url)
    }
}

/// The command line, fit to be read and to be pasted.
pub(super) fn command_line(words: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,*".contains(c);
    let mut line = "altinn".to_owned();
    for word in words {
        line.push(' ');
        match word.chars().all(plain) && !word.is_empty() {
            true => line.push_str(word),
            false => line.push_str(&format!("'{}'", word.replace('\'', r"'\''"))),
        }
    }
    redact::text(&line)
}

/// Lines no longer than [`WIDTH`], broken at blanks, and after commas in what has no blanks.
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in text.split_inclusive([' ', ',']) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + piece.trim_end().chars().count() <= WIDTH => {
                line.push_str(piece);
            }
            _ => lines.push(piece.to_owned()),
        }
    }
    lines
        .iter_mut()
        .for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// The rows of a table, whatever its columns' widths.
pub(super) fn rows(text: &str) -> Vec<String> {
    text.lines()
        .skip(1)
        .map(|line| {
            let cells = line
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join("  ")
        })
        .collect()
}

/// The call that a step is about: the last of this kind, or else the last of all.
pub(super) fn the_call<'a>(calls: &'a [Seen], (method, end): (&str, &str)) -> Option<&'a Seen> {
    let is = |seen: &&Seen| {
        let path = seen.exchange.url().split('?').next().unwrap_or_default();
        seen.exchange.method().as_str() == method && matches(path, end)
    };
    calls.iter().rev().find(is).or(calls.last())
}

/// `*` stands for one segment of the path.
fn matches(path: &str, end: &str) -> bool {
    let (path, end): (Vec<&str>, Vec<&str>) =
        (path.rsplit('/').collect(), end.rsplit('/').collect());
    let wanted = end.len() - usize::from(end.last() == Some(&""));
    path.len() >= wanted
        && end
            .iter()
            .take(wanted)
            .zip(&path)
            .all(|(wanted, found)| *wanted == "*" || wanted.eq_ignore_ascii_case(found))
}

fn status(exchange: &Exchange) -> String {
    match exchange.status() {
        Some(status) => {
            let reason = exchange
                .reason()
                .or(status.canonical_reason())
                .unwrap_or_default();
            format!("{} {reason}", status.as_u16())
        }
        None => exchange.error().map_or_else(
            || "no answer".to_owned(),
            |error| format!("no answer: {error}"),
        ),
    }
}

fn path_of(seen: &Seen, hosts: &Hosts) -> (String, String) {
    let (host, rest) = hosts.split(seen.exchange.url());
    let to = host
        .map(|host| format!("   (to {})", host.name()))
        .unwrap_or_default();
    (format!("{} {rest}", seen.exchange.method()), to)
}

pub(super) fn in_short(seen: &Seen, hosts: &Hosts) -> String {
    let (line, to) = path_of(seen, hosts);
    let path = line.split('?').next().unwrap_or_default();
    format!("{path} → {}{to}", status(&seen.exchange))
}

/// Every line of an exchange, with its mark.
pub(super) fn in_full(seen: &Seen, hosts: &Hosts) -> Vec<(char, String)> {
    let mut lines = Vec::new();
    let exchange = &seen.exchange;
    let (line, to) = path_of(seen, hosts);
    if line.len() + to.len() <= WIDTH {
        lines.push(('>', format!("{line}{to}")));
    } else {
        let (path, query) = line.split_once('?').unwrap_or((&line, ""));
        lines.push(('>', format!("{path}{to}")));
        for (index, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            lines.push((
                '>',
                format!("    {}{pair}", if index == 0 { '?' } else { '&' }),
            ));
        }
    }
    headers(&mut lines, '>', exchange.request().headers());
    match &seen.grant {
        Some(grant) => {
            lines.push((
                '>',
                "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned(),
            ));
            lines.push((
                '>',
                "assertion=[a JWT: header, claims, signature]".to_owned(),
            ));
            token(&mut lines, '>', grant);
        }
        None => body(&mut lines, '>', exchange.request().body()),
    }
    lines.push(('<', status(exchange)));
    headers(&mut lines, '<', exchange.response().headers());
    body(&mut lines, '<', exchange.response().body());
    if let Some(found) = &seen.token {
        token(&mut lines, '<', found);
    }
    lines
}

fn headers(lines: &mut Vec<(char, String)>, mark: char, headers: &[(String, String)]) {
    for (name, value) in headers {
        if HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            lines.push((mark, format!("{name}: {value}")));
        }
    }
}

fn body(lines: &mut Vec<(char, String)>, mark: char, body: &str) {
    if body.trim().is_empty() {
        return;
    }
    let mut rest: Vec<char> = body.trim().chars().collect();
    for index in 0.. {
        if rest.is_empty() {
            return;
        }
        if index == LINES {
            lines.push((mark, format!("… {} characters more", rest.len())));
            return;
        }
        let line: String = rest.drain(..rest.len().min(WIDTH)).collect();
        lines.push((mark, line));
    }
}

/// Header and claims, a line for each.
fn token(lines: &mut Vec<(char, String)>, mark: char, token: &Jwt) {
    for (part, value) in [
        ("header", &short(&token.header)),
        ("claims", &short(&token.claims)),
    ] {
        for (name, value) in value.as_object().into_iter().flatten() {
            let value = match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            for (index, line) in wrapped(&format!("{part} {name}: {value}"))
                .iter()
                .enumerate()
            {
                let indent = if index == 0 { "    " } else { "        " };
                lines.push((mark, format!("{indent}{line}")));
            }
        }
    }
}

/// A certificate is public and long.
fn short(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(chain) = value.get_mut("x5c")
        && let Some(count) = chain.as_array().map(Vec::len)
    {
        *chain = format!("[{count} certificates]").into();
    }
    value
}

pub(super) fn call(seen: &Seen, hosts: &Hosts) -> Value {
    let (host, _) = hosts.split(seen.exchange.url());
    json!({
        "to": host.map(Host::name),
        "method": seen.exchange.method().as_str(),
        "url": seen.exchange.url(),
        "status": seen.exchange.status().map(|status| status.as_u16()),
    })
}

pub(super) fn request(words: &[String], seen: Option<&Seen>) -> Value {
    let mut json = Map::new();
    json.insert("command".into(), command_line(words).into());
    if let Some(Seen {
        exchange, grant, ..
    }) = seen
    {
        json.insert("method".into(), exchange.method().as_str().into());
        json.insert("url".into(), exchange.url().into());
        json.insert("headers".into(), header_map(exchange.request().headers()));
        json.insert("body".into(), body_value(exchange.request().body()));
        if let Some(grant) = grant {
            json.insert("grant".into(), of_token(grant));
        }
    }
    json.into()
}

pub(super) fn response(seen: Option<&Seen>) -> Value {
    let Some(Seen {
        exchange, token, ..
    }) = seen
    else {
        return json!({});
    };
    let mut json = Map::new();
    json.insert(
        "status".into(),
        exchange.status().map(|status| status.as_u16()).into(),
    );
    let reason = exchange.reason().or(exchange
        .status()
        .and_then(|status| status.canonical_reason()));
    json.insert("reason".into(), reason.into());
    json.insert("headers".into(), header_map(exchange.response().headers()));
    json.insert("body".into(), body_value(exchange.response().body()));
    if let Some(token) = token {
        json.insert("token".into(), of_token(token));
    }
    json.into()
}

fn of_token(token: &Jwt) -> Value {
    Jwt {
        header: short(&token.header),
        claims: token.claims.clone(),
    }
    .to_json()
}

fn header_map(headers: &[(String, String)]) -> Value {
    headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<Map<_, _>>()
        .into()
}

fn body_value(body: &str) -> Value {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => redacted(&value),
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => body.into(),
    }
}
