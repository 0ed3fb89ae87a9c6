//! Finds the items of a list in its text while that arrives, and gives each to serde_json whole.
//!
//! A state machine over bytes: it knows objects, arrays and strings as far as is needed to see where a value
//! ends. Everything it passes on or passes over is read by serde_json, so what is no JSON is found there.

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{Error, ErrorKind};
use crate::inspect::{self, Irregularity, Place};
use crate::json::Json;
use crate::list::List;
use crate::pointer;
use crate::reader::{Reader, Tolerance, decode, found_instead};
use crate::state::{EMBEDDED, LINKS};

/// How much is asked of a source at a time.
const PIECE: usize = 16 << 10;

/// What has been found.
pub(crate) enum Found<T> {
    /// An item, or why it does not fit.
    Item(Result<T, Error>),
    /// No list but one item, as [`Found::Item`].
    Single(Result<T, Error>),
    /// The end of the list's own object: everything but its items.
    Around(List<IgnoredAny>),
    /// More bytes are needed.
    More,
    End,
}

/// What has to come next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    Document,
    /// In an object: a member or its end, a member, its colon, its value, a comma or the end.
    MemberOrEnd,
    Member,
    Colon,
    Value,
    CommaOrEnd,
    /// In the array of items.
    ItemOrEnd,
    Item,
    ItemCommaOrEnd,
    /// The end of the whole text.
    End,
}

/// Whose members are being read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Within {
    List,
    Embedded,
}

/// What a value that is being scanned is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    /// A document that is neither an object nor an array.
    Scalar,
    Name,
    /// A member of the list beside its items.
    Beside,
    /// What stands in place of an object of embedded relations.
    NoRelations,
    /// An item, in an array or alone under its relation; is it wanted?
    Item(bool),
}

pub(crate) struct Scanner {
    reader: Reader,
    reports: bool,
    irregularities: Vec<Irregularity>,
    chosen: Option<String>,

    bytes: Vec<u8>,
    /// Where the value that is being scanned begins, and the byte to look at.
    start: usize,
    at: usize,
    ended: bool,
    /// Lines before the bytes that are held, and the bytes of the last of these lines.
    lines: usize,
    column: usize,

    expect: Expect,
    within: Within,
    value: Option<(Role, Ahead)>,
    /// The name of the member that is being read.
    name: String,
    /// The list's members beside its items, as text.
    beside: Vec<u8>,
    only_links: bool,
    /// Of which relation the items are, once that is known; none in an array.
    relation: Option<String>,
    /// Whether this `_embedded` has had a relation that is wanted.
    has_relation: bool,
    has_embedded: bool,
    has_links: bool,
    is_array: bool,
    /// The item that is being read or comes next.
    index: usize,
    in_items: bool,
    under_relation: bool,
}

impl Scanner {
    pub(crate) fn new(reader: &Reader) -> Self {
        Self {
            reader: *reader,
            reports: false,
            irregularities: Vec::new(),
            chosen: None,
            bytes: Vec::new(),
            start: 0,
            at: 0,
            ended: false,
            lines: 0,
            column: 0,
            expect: Expect::Document,
            within: Within::List,
            value: None,
            name: String::new(),
            beside: Vec::new(),
            only_links: true,
            relation: None,
            has_relation: false,
            has_embedded: false,
            has_links: false,
            is_array: false,
            index: 0,
            in_items: false,
            under_relation: false,
        }
    }

    pub(crate) fn choose(&mut self, relation: String) {
        self.chosen = Some(relation);
    }

    pub(crate) fn report(&mut self) {
        self.reports = true;
    }

    pub(crate) fn take_irregularities(&mut self) -> Vec<Irregularity> {
        std::mem::take(&mut self.irregularities)
    }

    /// Lets a source write its next bytes to where they are needed; none means that it has ended.
    pub(crate) fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.forget();
        let held = self.bytes.len();
        self.bytes.resize(held + PIECE, 0);
        let read = read(&mut self.bytes[held..]);
        let count = read.as_ref().map_or(0, |count| (*count).min(PIECE));
        self.bytes.truncate(held + count);
        if matches!(read, Ok(0)) {
            self.ended = true;
        }
        read
    }

    #[cfg(feature = "stream")]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.forget();
        self.bytes.extend_from_slice(bytes);
    }

    #[cfg(feature = "stream")]
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Lets go of the bytes that are done with.
    fn forget(&mut self) {
        let done = if self.value.is_some() {
            self.start
        } else {
            self.at
        };
        let (lines, column) = self.place(done);
        (self.lines, self.column) = (lines - 1, column - 1);
        self.bytes.drain(..done);
        self.at -= done;
        self.start = 0;
        // one large item must not keep its room for the rest of the list
        if self.bytes.len() < PIECE && self.bytes.capacity() > 8 * PIECE {
            self.bytes.shrink_to(2 * PIECE);
        }
    }

    /// Line and column of a byte, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let lines = before.iter().filter(|b| **b == b'\n').count();
        match before.iter().rposition(|b| *b == b'\n') {
            Some(last) => (self.lines + lines + 1, at - last),
            None => (self.lines + 1, self.column + at + 1),
        }
    }

    /// Where we are, as a JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut at = String::new();
        if self.within == Within::Embedded {
            pointer::push(&mut at, EMBEDDED);
        }
        let named =
            matches!(self.expect, Expect::Value | Expect::CommaOrEnd) || self.under_relation;
        if named && !self.is_array {
            pointer::push(&mut at, &self.name);
        }
        if self.in_items {
            pointer::push(&mut at, &self.index.to_string());
        }
        at
    }

    /// Goes on to the next thing that matters.
    pub(crate) fn advance<T: DeserializeOwned>(&mut self) -> Result<Found<T>, Error> {
        loop {
            if let Some((role, mut ahead)) = self.value {
                let ends =
                    ahead.scan(&self.bytes, &mut self.at) || (self.ended && ahead.is_scalar());
                if self.at - self.start > self.reader.limits().bytes {
                    return Err(self.too_large());
                }
                self.value = Some((role, ahead));
                if !ends {
                    return self.more();
                }
                self.value = None;
                if let Some(found) = self.take(role)? {
                    return Ok(found);
                }
                continue;
            }
            if self.expect == Expect::Document && self.at == 0 {
                const MARK: &[u8] = b"\xef\xbb\xbf";
                if self.bytes.starts_with(MARK) {
                    self.at = MARK.len();
                } else if MARK.starts_with(&self.bytes) && !self.ended {
                    return Ok(Found::More);
                }
            }
            let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
            self.at += self.bytes[self.at..]
                .iter()
                .take_while(|b| blank(b))
                .count();
            let Some(byte) = self.bytes.get(self.at).copied() else {
                if self.ended && self.expect == Expect::End {
                    return Ok(Found::End);
                }
                return self.more();
            };
            if let Some(found) = self.one(byte)? {
                return Ok(found);
            }
        }
    }

    fn more<T>(&self) -> Result<Found<T>, Error> {
        if !self.ended {
            return Ok(Found::More);
        }
        if self.expect == Expect::Document && self.value.is_none() {
            return Err(Error::new(ErrorKind::Empty, "a JSON document", "nothing"));
        }
        let (line, column) = self.place(self.bytes.len());
        Err(
            Error::new(ErrorKind::Truncated, "the rest of the document", "its end")
                .at(self.pointer())
                .line_column(line, column),
        )
    }

    /// One byte between values.
    fn one<T: DeserializeOwned>(&mut self, byte: u8) -> Result<Option<Found<T>>, Error> {
        match (self.expect, byte) {
            (Expect::Document, b'{') => self.pass(Expect::MemberOrEnd),
            (Expect::Document, b'[') => {
                self.is_array = true;
                self.in_items = true;
                self.irregular(|| Json::Array(Vec::new()))?;
                self.pass(Expect::ItemOrEnd);
            }
            (Expect::Document, _) => self.scan(Role::Scalar, byte),
            (Expect::MemberOrEnd | Expect::Member, b'"') => self.scan(Role::Name, byte),
            (Expect::MemberOrEnd | Expect::CommaOrEnd, b'}') => {
                self.at += 1;
                return self.object_ends();
            }
            (Expect::Colon, b':') => self.pass(Expect::Value),
            (Expect::CommaOrEnd, b',') => self.pass(Expect::Member),
            (Expect::Value, _) => self.value(byte)?,
            (Expect::ItemOrEnd | Expect::ItemCommaOrEnd, b']') => {
                self.in_items = false;
                self.under_relation = false;
                self.pass(if self.is_array {
                    Expect::End
                } else {
                    Expect::CommaOrEnd
                });
                if self.is_array {
                    let around = List::from(Vec::new());
                    return Ok(Some(Found::Around(around)));
                }
            }
            (Expect::ItemCommaOrEnd, b',') => {
                self.index += 1;
                self.pass(Expect::Item);
            }
            (Expect::ItemOrEnd | Expect::Item, b']' | b'}' | b',' | b':') => {
                return Err(self.not_json());
            }
            (Expect::ItemOrEnd | Expect::Item, _) => self.scan(Role::Item(self.is_wanted()), byte),
            _ => return Err(self.not_json()),
        }
        Ok(None)
    }

    fn pass(&mut self, expect: Expect) {
        self.at += 1;
        self.expect = expect;
    }

    fn scan(&mut self, role: Role, first: u8) {
        self.start = self.at;
        self.value = Some((role, Ahead::of(first)));
    }

    fn is_wanted(&self) -> bool {
        self.is_array
            || self
                .chosen
                .as_deref()
                .is_none_or(|chosen| chosen == self.name)
    }

    /// The first byte of a member's value.
    fn value(&mut self, byte: u8) -> Result<(), Error> {
        if matches!(byte, b'}' | b']' | b',' | b':') {
            return Err(self.not_json());
        }
        match (self.within, byte) {
            (Within::List, b'{') if self.name == EMBEDDED => {
                self.embedded_begins()?;
                self.within = Within::Embedded;
                self.pass(Expect::MemberOrEnd);
            }
            (Within::List, _) if self.name == EMBEDDED => self.scan(Role::NoRelations, byte),
            (Within::List, _) => self.scan(Role::Beside, byte),
            (Within::Embedded, _) => {
                let wanted = self.is_wanted();
                if wanted {
                    if std::mem::replace(&mut self.has_relation, true) {
                        let expected = "an object with one embedded relation";
                        return Err(
                            Error::new(ErrorKind::Shape, expected, "2 items").at("/_embedded")
                        );
                    }
                    if self.relation.is_none() {
                        self.relation = Some(self.name.clone());
                    }
                }
                self.index = 0;
                self.under_relation = true;
                if byte == b'[' {
                    self.in_items = true;
                    self.pass(Expect::ItemOrEnd);
                } else {
                    self.scan(Role::Item(wanted), byte);
                }
            }
        }
        Ok(())
    }

    /// A value has been scanned to its end.
    fn take<T: DeserializeOwned>(&mut self, role: Role) -> Result<Option<Found<T>>, Error> {
        let text = self.start..self.at;
        match role {
            Role::Name => {
                self.name = self.read(text.clone())?;
                self.expect = Expect::Colon;
            }
            Role::Scalar => {
                let list: List<IgnoredAny> = self.read(text.clone())?;
                self.irregular(|| Json::Null)?;
                self.expect = Expect::End;
                return Ok(Some(Found::Around(list)));
            }
            Role::NoRelations => {
                let none: Option<IgnoredAny> = self.read(text.clone())?;
                if none.is_some() {
                    let found = shape(self.bytes[text.start]);
                    let expected = "an object with one embedded relation";
                    return Err(Error::new(ErrorKind::Shape, expected, found).at("/_embedded"));
                }
                self.embedded_begins()?;
                self.irregular(|| Json::Object(vec![(EMBEDDED.to_owned(), Json::Null)]))?;
                self.expect = Expect::CommaOrEnd;
            }
            Role::Beside => {
                let IgnoredAny = self.read(text.clone())?;
                if self.looks_closer() {
                    let member = (self.name.clone(), self.read(text.clone())?);
                    self.found(
                        inspect::of_tree(Json::Object(vec![member])).into_irregularities(),
                        "",
                    )?;
                }
                if self.name == LINKS && std::mem::replace(&mut self.has_links, true) {
                    self.irregular(|| twice(LINKS))?;
                }
                self.only_links &= self.name == LINKS;
                let limit = self.reader.limits().bytes;
                let grown = self.beside.len() + self.name.len() + text.len();
                if grown > limit {
                    return Err(self.too_large());
                }
                self.beside
                    .push(if self.beside.is_empty() { b'{' } else { b',' });
                self.beside
                    .extend(serde_json::to_vec(&self.name).unwrap_or_default());
                self.beside.push(b':');
                self.beside.extend_from_slice(&self.bytes[text]);
                self.expect = Expect::CommaOrEnd;
            }
            Role::Item(wanted) => {
                let alone = !self.in_items;
                let first = self.bytes[text.start];
                if alone && !matches!(first, b'{' | b'n') {
                    let error = Error::new(ErrorKind::Shape, "an array or an object", shape(first));
                    return Err(error.at(self.pointer()));
                }
                let found = if !wanted || (alone && first == b'n') {
                    let IgnoredAny = self.read(text)?;
                    None
                } else {
                    // what is no JSON will be found by reading it
                    if self.looks_closer()
                        && let Ok(seen) = inspect::of_text(&self.bytes[text.clone()], Place::Item)
                    {
                        self.found(seen.into_irregularities(), &self.pointer())?;
                    }
                    Some(Found::Item(fits(self.read(text))?))
                };
                self.expect = if alone {
                    Expect::CommaOrEnd
                } else {
                    Expect::ItemCommaOrEnd
                };
                self.under_relation &= !alone;
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The end of `_embedded`, or of the list.
    fn object_ends<T: DeserializeOwned>(&mut self) -> Result<Option<Found<T>>, Error> {
        if self.within == Within::Embedded {
            self.within = Within::List;
            EMBEDDED.clone_into(&mut self.name);
            self.expect = Expect::CommaOrEnd;
            return Ok(None);
        }
        self.expect = Expect::End;
        let mut text = std::mem::take(&mut self.beside);
        let has_members = !text.is_empty();
        let is_list = self.has_embedded || (has_members && self.only_links);
        if !is_list {
            // no list at all: one item, and everything beside
            if self.reader.tolerance() == Tolerance::Strict {
                let expected = "an object with _embedded";
                return Err(Error::new(
                    ErrorKind::NotHal,
                    expected,
                    "an object without it",
                ));
            }
            text.extend_from_slice(if has_members { b"}" } else { b"{}" });
            return Ok(Some(Found::Single(fits(
                decode(&text).map_err(Error::without_place),
            )?)));
        }
        text.extend_from_slice(if has_members {
            b",\"_embedded\":{}}"
        } else {
            b"{\"_embedded\":{}}"
        });
        let around: List<IgnoredAny> = decode(&text).map_err(Error::without_place)?;
        Ok(Some(Found::Around(
            around.with_relation(self.relation.clone()),
        )))
    }

    fn embedded_begins(&mut self) -> Result<(), Error> {
        self.has_relation = false;
        if std::mem::replace(&mut self.has_embedded, true) {
            self.irregular(|| twice(EMBEDDED))?;
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, text: std::ops::Range<usize>) -> Result<T, Error> {
        let start = text.start;
        let text = &self.bytes[text];
        if let Some(error) = self.reader.too_deep(text, self.depth()) {
            return Err(error.below(&self.pointer()));
        }
        decode(text).map_err(|error| {
            if error.kind() == ErrorKind::Truncated && self.at < self.bytes.len() {
                return self.not_json(); // the value ends, the document does not
            }
            let (line, column) = self.place(start);
            error.after(line, column).below(&self.pointer())
        })
    }

    /// In how many objects and arrays a value stands here.
    fn depth(&self) -> usize {
        1 + usize::from(self.within == Within::Embedded)
            + usize::from(self.in_items && !self.is_array)
    }

    fn looks_closer(&self) -> bool {
        self.reports || self.reader.tolerance() == Tolerance::Strict
    }

    /// Reports what is irregular in such a document, or refuses it.
    fn irregular(&mut self, tree: impl FnOnce() -> Json) -> Result<(), Error> {
        if self.looks_closer() {
            self.found(inspect::of_tree(tree()).into_irregularities(), "")?;
        }
        Ok(())
    }

    fn found(&mut self, irregularities: Vec<Irregularity>, at: &str) -> Result<(), Error> {
        for irregularity in irregularities {
            let irregularity = irregularity.below(at);
            if self.reader.tolerance() == Tolerance::Strict && irregularity.is_forbidden() {
                return Err(irregularity.into_error());
            }
            if self.reports {
                self.irregularities.push(irregularity);
            }
        }
        Ok(())
    }

    fn too_large(&self) -> Error {
        let limit = self.reader.limits().bytes;
        let expected = format!("at most {limit} bytes for an item, and beside them");
        Error::new(ErrorKind::TooLarge, expected, "more").at(self.pointer())
    }

    fn not_json(&self) -> Error {
        let (line, column) = self.place(self.at);
        Error::new(
            ErrorKind::NotJson,
            "JSON",
            found_instead(&self.bytes, self.at),
        )
        .at(self.pointer())
        .line_column(line, column)
    }
}

/// An item that does not fit is an error in its place; all others end the reading.
fn fits<T>(item: Result<T, Error>) -> Result<Result<T, Error>, Error> {
    match item {
        Err(error) if error.kind() != ErrorKind::Shape => Err(error),
        fits_or_not => Ok(fits_or_not),
    }
}

/// A document in which this member is repeated, and nothing else is irregular.
fn twice(member: &str) -> Json {
    let nothing = || (member.to_owned(), Json::Object(Vec::new()));
    Json::Object(vec![nothing(), nothing()])
}

fn shape(first: u8) -> &'static str {
    match first {
        b'"' => "a string",
        b'[' => "an array",
        b'{' => "an object",
        b't' | b'f' => "a boolean",
        _ => "a number",
    }
}

/// Looks for the end of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ahead {
    /// In so many objects and arrays; in a string there; after a backslash in it.
    Nested {
        depth: usize,
        in_string: bool,
        escaped: bool,
    },
    Scalar,
}

impl Ahead {
    fn of(first: u8) -> Self {
        match first {
            b'{' | b'[' | b'"' => Self::Nested {
                depth: 0,
                in_string: false,
                escaped: false,
            },
            _ => Self::Scalar,
        }
    }

    fn is_scalar(self) -> bool {
        self == Self::Scalar
    }

    /// Goes on; says whether the value ends at the byte before the one to look at next.
    fn scan(&mut self, bytes: &[u8], at: &mut usize) -> bool {
        let rest = &bytes[*at..];
        match self {
            Self::Scalar => {
                let ends = |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
                let length = rest.iter().position(ends);
                *at += length.unwrap_or(rest.len());
                length.is_some()
            }
            Self::Nested {
                depth,
                in_string,
                escaped,
            } => {
                for (index, byte) in rest.iter().enumerate() {
                    if *in_string {
                        match byte {
                            _ if *escaped => *escaped = false,
                            b'\\' => *escaped = true,
                            b'"' => *in_string = false,
                            _ => continue,
                        }
                        if *in_string || *depth > 0 {
                            continue;
                        }
                    } else {
                        match byte {
                            b'"' => *in_string = true,
                            b'{' | b'[' => *depth += 1,
                            b'}' | b']' => *depth = depth.saturating_sub(1),
                            _ => continue,
                        }
                        if *in_string || *depth > 0 {
                            continue;
                        }
                    }
                    *at += index + 1;
                    return true;
                }
                *at = bytes.len();
                false
            }
        }
    }
}
