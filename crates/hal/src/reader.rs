use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, ErrorKind};
use crate::inspect::{self, Inspection, Irregularity, Place};
use crate::{pointer, tracked};

/// What to do with a document that the format does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tolerance {
    /// Refuse what the draft forbids, wherever in the document it stands.
    Strict,
    /// Read what can be understood. [`Reader::read_reporting`] tells what was irregular.
    #[default]
    Lenient,
}

/// How much to read. Everything beyond is an error, never a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest document, in bytes. 32 MiB unless told otherwise.
    pub bytes: usize,
    /// How deep objects and arrays may stand in each other: at most (and by default) 127, which is what
    /// serde_json reads.
    pub depth: usize,
}

impl Limits {
    /// No limits are higher than these.
    const DEPTH: usize = 127;

    /// These limits with another largest size, in bytes.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// These limits with another depth.
    #[must_use]
    pub fn with_depth(self, depth: usize) -> Self {
        Self { depth, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            depth: Self::DEPTH,
        }
    }
}

/// Reads documents: with a tolerance, with limits, and with errors that say where.
///
/// ```
/// use hal::{Limits, Links, Reader, Resource};
///
/// let json = br#"{"_links":{"find":{"href":"/orders/{id}","isTemplated":true}}}"#;
///
/// let lenient = Reader::new(hal::Lenient).with_limits(Limits::default().with_depth(16));
/// let (resource, irregularities) = lenient.read_reporting::<Resource<()>>(json)?;
/// assert!(resource.links.get("find").is_some_and(|find| find.is_templated()));
/// assert_eq!(irregularities[0].pointer(), "/_links/find/isTemplated");
///
/// let refused = Reader::new(hal::Strict).read::<Resource<()>>(json).unwrap_err();
/// assert_eq!(refused.pointer(), "/_links/find/isTemplated");
/// # Ok::<(), hal::Error>(())
/// ```
///
/// A lenient reading is one pass. A strict one looks at the whole document first, as
/// [`inspect`](crate::inspect()) does; a failed one reads again, slower, to find out where and why.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader {
    tolerance: Tolerance,
    limits: Limits,
}

impl Reader {
    /// A reader with the default limits.
    #[must_use]
    pub fn new(tolerance: Tolerance) -> Self {
        Self {
            tolerance,
            limits: Limits::default(),
        }
    }

    /// The same reader with these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Reads a document into anything that serde reads: a [`Resource`](crate::Resource), a
    /// [`List`](crate::List), a struct with such members. A byte order mark and blanks around are fine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`] tells them apart: no JSON, no HAL (strict only), not what the type asked for, or a
    /// limit.
    pub fn read<'de, T: Deserialize<'de>>(&self, json: &'de [u8]) -> Result<T, Error> {
        let json = self.bounded(json)?;
        if self.tolerance == Tolerance::Strict
            && let Some(first) = inspected(json)?
                .into_irregularities()
                .into_iter()
                .find(|i| i.is_forbidden())
        {
            return Err(first.into_error());
        }
        decode(json)
    }

    /// As [`read`](Self::read), and tells what was irregular in the whole document.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_reporting<'de, T: Deserialize<'de>>(
        &self,
        json: &'de [u8],
    ) -> Result<(T, Vec<Irregularity>), Error> {
        let value = self.read(json)?;
        Ok((value, self.inspect(json)?.into_irregularities()))
    }

    pub(crate) fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether a value that stands in so many objects and arrays goes deeper than the limit.
    pub(crate) fn too_deep(&self, json: &[u8], within: usize) -> Option<Error> {
        if self.limits.depth >= Limits::DEPTH {
            return None; // serde_json's own limit holds
        }
        let limit = self.limits.depth.saturating_sub(within);
        let byte = deeper_than(limit, json)?;
        Some(too_deep(self.limits.depth, json, byte))
    }

    /// What there is to see in the document.
    pub(crate) fn inspect(&self, json: &[u8]) -> Result<Inspection, Error> {
        inspected(self.bounded(json)?)
    }

    /// The document without a byte order mark, if it keeps to the limits.
    fn bounded<'de>(&self, json: &'de [u8]) -> Result<&'de [u8], Error> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        if json.len() > self.limits.bytes {
            let expected = format!("at most {} bytes", self.limits.bytes);
            let found = format!("{} bytes", json.len());
            return Err(Error::new(ErrorKind::TooLarge, expected, found));
        }
        if json.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::new(ErrorKind::Empty, "a JSON document", "nothing"));
        }
        if self.limits.depth < Limits::DEPTH
            && let Some(byte) = deeper_than(self.limits.depth, json)
        {
            return Err(too_deep(self.limits.depth, json, byte));
        }
        Ok(json)
    }
}

/// Where an object or array begins that stands in as many others as the limit allows.
fn deeper_than(limit: usize, json: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(b) = json.get(at) {
        match b {
            b'"' => {
                at = pointer::end_of_string(json, at);
                continue;
            }
            b'{' | b'[' if depth == limit => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

fn too_deep(limit: usize, json: &[u8], byte: usize) -> Error {
    let expected = format!("at most {limit} levels of objects and arrays");
    Error::new(ErrorKind::TooDeep, expected, "more").at(pointer::of_byte(json, byte))
}

fn inspected(json: &[u8]) -> Result<Inspection, Error> {
    inspect::of_text(json, Place::Document).map_err(|error| explain::<IgnoredAny>(json, &error))
}

pub(crate) fn decode<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| explain::<T>(json, &error))
}

/// What is wrong with a document that serde_json has refused.
fn explain<'de, T: Deserialize<'de>>(json: &'de [u8], error: &serde_json::Error) -> Error {
    let byte = byte_of(json, error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            let mut again = serde_json::Deserializer::from_slice(json);
            let raised = tracked::read::<T, _>(&mut again).err();
            raised
                .and_then(tracked::Raised::into_error)
                .unwrap_or_else(|| {
                    Error::new(ErrorKind::Shape, "a value that fits its type", "another")
                        .at(pointer::of_byte(json, byte))
                })
        }
        serde_json::error::Category::Eof => {
            Error::new(ErrorKind::Truncated, "the rest of the document", "its end")
                .at(pointer::of_byte(json, json.len()))
                .line_column(error.line(), error.column())
        }
        // serde_json gives its own depth limit no category.
        _ if error.to_string().starts_with("recursion limit exceeded") => {
            too_deep(Limits::DEPTH, json, byte)
        }
        _ => Error::new(ErrorKind::NotJson, "JSON", found_instead(json, byte))
            .at(pointer::of_byte(json, byte))
            .line_column(error.line(), error.column()),
    }
}

/// The byte of a place that serde_json tells as line and column, both from 1.
fn byte_of(json: &[u8], line: usize, column: usize) -> usize {
    let before: usize = json
        .split_inclusive(|b| *b == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    before + column.saturating_sub(1)
}

/// What stands where JSON is broken, told by its first character only.
pub(crate) fn found_instead(json: &[u8], byte: usize) -> &'static str {
    if json.trim_ascii_start().starts_with(b"<") {
        return "markup such as HTML";
    }
    match json.get(byte) {
        None => "the end",
        Some(b'}' | b']') => "a closing bracket, perhaps after a comma too many",
        Some(b'/') => "a slash, perhaps of a comment",
        Some(b'"') => "a string where none can be, perhaps after a missing comma",
        Some(b'\'') => "a single quote",
        Some(b'0'..=b'9' | b'-' | b'.') => "a digit or sign where none can be",
        Some(b) if b.is_ascii_alphabetic() => "text without quotes",
        Some(_) => "something else",
    }
}
