//! The text of a token file.
//!
//! ```text
//! token-cache 1
//! <name> <written at> <remaining> <lifetime> <token>
//! …
//! <SHA-256 of all before>
//! ```
//!
//! Times are milliseconds, the first of them since 1970; names and hashes are hexadecimal. A token
//! stands last in its line, since it may hold anything but a line break.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::StoredToken;
use crate::key::TokenHash;

const FIRST: &str = "token-cache 1";

/// One token of a file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: [u8; 32],
    written: Duration,
    remaining: Duration,
    lifetime: Duration,
    token: SecretString,
}

impl Entry {
    pub(crate) fn new(name: [u8; 32], now: Duration, token: &StoredToken) -> Self {
        Self {
            name,
            written: now,
            remaining: token.remaining(),
            lifetime: token.lifetime(),
            token: token.token().clone(),
        }
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(self.token.expose_secret())
    }

    /// What is left of it; nothing when it has expired, or when the clock was set back to before
    /// it was written, so that nobody knows.
    pub(crate) fn remaining(&self, now: Duration) -> Option<Duration> {
        let age = now.checked_sub(self.written)?;
        let left = self.remaining.saturating_sub(age);
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn at(self, now: Duration) -> Option<StoredToken> {
        let left = self.remaining(now)?;
        Some(StoredToken::new(self.token, self.lifetime, left))
    }
}

/// Why a file counts as empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    NoText,
    Version,
    Checksum,
    Line(usize),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoText => f.write_str("it is not text"),
            Self::Version => f.write_str("it does not begin as a token file of this version"),
            Self::Checksum => f.write_str("its checksum is wrong or missing"),
            Self::Line(number) => write!(f, "line {number} makes no sense"),
        }
    }
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, Damage> {
    let text = std::str::from_utf8(bytes).map_err(|_| Damage::NoText)?;
    let rest = text.strip_prefix(FIRST).ok_or(Damage::Version)?;
    let rest = rest.strip_prefix('\n').ok_or(Damage::Version)?;
    let body_ends = text
        .strip_suffix('\n')
        .and_then(|text| text.rfind('\n'))
        .ok_or(Damage::Checksum)?;
    let (body, sum) = text.split_at(body_ends + 1);
    if sum.trim_end_matches('\n') != hex(&Sha256::digest(body)) {
        return Err(Damage::Checksum);
    }
    let lines = rest.len() - sum.len();
    rest.get(..lines)
        .ok_or(Damage::Checksum)?
        .lines()
        .enumerate()
        .map(|(index, line)| entry(line).ok_or(Damage::Line(index + 2)))
        .collect()
}

fn entry(line: &str) -> Option<Entry> {
    let mut parts = line.splitn(5, ' ');
    let name = unhex(parts.next()?)?;
    let mut time = || {
        let text = parts.next()?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok())??;
        Some(Duration::from_millis(number))
    };
    let (written, remaining, lifetime) = (time()?, time()?, time()?);
    let token = parts.next().filter(|token| !token.is_empty())?;
    (remaining <= lifetime).then(|| Entry {
        name,
        written,
        remaining,
        lifetime,
        token: SecretString::from(token),
    })
}

pub(crate) fn print(entries: &[Entry]) -> Zeroizing<Vec<u8>> {
    let length = |entry: &Entry| entry.token.expose_secret().len() + 160;
    // room for all at once: what grows leaves copies behind
    let room = 128 + entries.iter().map(length).sum::<usize>();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    text.extend_from_slice(FIRST.as_bytes());
    text.push(b'\n');
    for entry in entries {
        let token = entry.token.expose_secret();
        // no header holds such a token; nor may it break the file
        if token.is_empty() || token.contains(['\n', '\r']) {
            continue;
        }
        let head = format!(
            "{} {} {} {} ",
            hex(&entry.name),
            entry.written.as_millis(),
            entry.remaining.as_millis(),
            entry.lifetime.as_millis(),
        );
        text.extend_from_slice(head.as_bytes());
        text.extend_from_slice(token.as_bytes());
        text.push(b'\n');
    }
    let sum = checksum(&text);
    text.extend_from_slice(&sum);
    text
}

/// The last line.
fn checksum(text: &[u8]) -> Vec<u8> {
    (hex(&Sha256::digest(text)) + "\n").into_bytes()
}

/// What a fuzzer needs to get past it.
#[cfg(test)]
pub(crate) fn with_checksum(text: &[u8]) -> Vec<u8> {
    [text, &checksum(text)].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
