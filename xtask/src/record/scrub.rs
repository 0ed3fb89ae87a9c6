//! Takes people, organisations and secrets out of an exchange, wherever they stand.
//!
//! Two passes. The first learns: every number, and every name that stands in a party's place. The
//! second writes each of them anew, the same one always the same way, so that a path, a body, a
//! `Location` and a reason phrase still speak of the same person. [`Scrubber::left`] then reads the
//! result as a stranger would, through every encoding it knows, and says where something is left.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use norwegian_ids::{OrganisationNumber, PersonNumber, mask_person_numbers, synthetic};
use serde_json::{Map, Number, Value};

const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Members whose value is a name of somebody, wherever they stand.
const NAMES: &[&str] = &[
    "firstname",
    "middlename",
    "lastname",
    "organizationname",
    "organisationname",
    "offeredbyname",
    "coveredbyname",
    "username",
    "displayname",
    "delegatedby",
    "delegator",
];
/// Members beside which a `name` is a party's. Elsewhere it is a role's, a service's or a resource's.
const PARTY: &[&str] = &[
    "socialsecuritynumber",
    "organizationnumber",
    "organisationnumber",
    "organizationidentifier",
    "personidentifier",
    "personid",
    "reporteeid",
    "rightholderid",
    "partyuuid",
    "partyid",
    "dateofbirth",
    "orgnumber",
    "unittype",
    "variant",
];
/// Members whose value is a secret, by a part of their name. A continuation token is none.
const SECRETS: &[&str] = &[
    "password",
    "secret",
    "assertion",
    "apikey",
    "token",
    "pkcs12",
    "keystore",
    "privatekey",
];
/// Words of organisations' names that say nothing about which organisation it is.
const COMMON: &[&str] = &[
    "AS", "ASA", "ANS", "DA", "ENK", "BA", "SA", "NUF", "KF", "IKS", "STI", "FLI", "OG", "I", "AV",
    "FOR", "AVD", "DE", "DEN", "THE", "OF", "AND",
];
const FIRST: &[&str] = &[
    "LILLA", "RASK", "STILLE", "MODIG", "GYLDEN", "SINDIG", "FROSSEN", "SKARP", "LETT", "MILD",
    "TAPPER", "VENNLIG", "BLANK", "RUND", "STERK", "KLOK", "DOVEN", "GRYENDE", "SNAR",
];
const SECOND: &[&str] = &[
    "TIGER", "ELG", "ODDE", "HEST", "FJORD", "KANTAREL", "BEKK", "GRANITT", "LØVE", "BJERK",
    "HYLLE", "ISBRE", "KATT", "DRAGE", "VIDDE", "SOKK", "MARMOT", "KVIST", "STORK", "TREKANT",
    "BRISK", "LERKE", "UGLE",
];

/// What stands for what.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    people: BTreeMap<String, PersonNumber>,
    organisations: BTreeMap<String, OrganisationNumber>,
    /// Upper case, of names of parties.
    words: BTreeMap<String, String>,
    /// Words of people's names, which are looked for in running text as well.
    of_people: Vec<String>,
    /// Whole names, longest first once learnt.
    names: Vec<String>,
    secrets: Vec<String>,
}

impl Scrubber {
    /// `secrets` are values that are known to be secret: settings that the call was made with.
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let long_enough = |secret: &String| secret.len() >= 4;
        Self {
            secrets: secrets.into_iter().filter(long_enough).collect(),
            ..Self::default()
        }
    }

    /// The exchange with everything replaced.
    pub(crate) fn scrub(&mut self, exchange: &Value) -> Value {
        self.learn(exchange);
        self.names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        self.names.dedup();
        self.value(exchange)
    }

    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.learn_text(text),
            Value::Number(number) => self.learn_text(&digits_of(number)),
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(members) => {
                let is_party = members.keys().any(|name| PARTY.contains(&&*lower(name)));
                let is_person = members.keys().any(|name| {
                    [
                        "socialsecuritynumber",
                        "personidentifier",
                        "personid",
                        "dateofbirth",
                        "lastname",
                    ]
                    .contains(&&*lower(name))
                });
                for (name, value) in members {
                    let lower = lower(name);
                    let is_name = NAMES.contains(&&*lower) || (is_party && lower.ends_with("name"));
                    if let (true, Value::String(text)) = (is_name, value) {
                        self.learn_name(text, is_person || lower == "lastname");
                    }
                    self.learn(value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn learn_text(&mut self, text: &str) {
        for (_, number) in people_in(text) {
            self.person(&number);
        }
        for (_, number) in organisations_in(text) {
            self.organisation(&number);
        }
        for (_, json) in encoded_json(text) {
            self.learn(&json);
        }
        let plain = percent_decoded(text);
        if plain != text {
            self.learn_text(&plain);
        }
        if let Some((_, query)) = plain.split_once('?') {
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                if NAMES.contains(&&*lower(name)) || name.eq_ignore_ascii_case("name") {
                    self.learn_name(
                        &value.replace('+', " "),
                        name.eq_ignore_ascii_case("lastname"),
                    );
                }
            }
        }
    }

    fn learn_name(&mut self, name: &str, of_a_person: bool) {
        let name = name.trim();
        if name.is_empty() || people_in(name).next().is_some() {
            return;
        }
        self.names.push(name.to_uppercase());
        for word in words(name) {
            let word = word.to_uppercase();
            if COMMON.contains(&&*word) || word.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            if of_a_person && word.chars().count() > 2 && !self.of_people.contains(&word) {
                self.of_people.push(word.clone());
            }
            let n = self.words.len();
            // no new word may be one that is to be replaced
            let new = (n..n + FIRST.len() * SECOND.len())
                .map(|n| match n % 2 {
                    0 => SECOND[n / 2 % SECOND.len()],
                    _ => FIRST[n / 2 % FIRST.len()],
                })
                .find(|new| *new != word && !self.words.contains_key(*new));
            self.words
                .entry(word)
                .or_insert_with(|| new.unwrap_or("NAVN").to_owned());
        }
    }

    fn person(&mut self, number: &str) -> PersonNumber {
        let n = self.people.len() as u64;
        self.people
            .entry(number.to_owned())
            .or_insert_with(|| synthetic_person(n))
            .clone()
    }

    fn organisation(&mut self, number: &str) -> OrganisationNumber {
        let n = self.organisations.len() as u64;
        *self
            .organisations
            .entry(number.to_owned())
            .or_insert_with(|| synthetic::organisation_number(7_000 + n))
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Number(number) => {
                let text = self.text(&digits_of(number));
                text.parse().map_or_else(|_| text.into(), Value::Number)
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (self.text(name), self.member(name, value, members)))
                .collect(),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    fn member(&mut self, name: &str, value: &Value, beside: &Map<String, Value>) -> Value {
        let lower = lower(name);
        let secret =
            SECRETS.iter().any(|part| lower.contains(part)) && lower != "continuationtoken";
        let is_party = || {
            beside
                .keys()
                .any(|name| PARTY.contains(&&*self::lower(name)))
        };
        match value {
            Value::String(text) if secret && !is_kind(text) => "{secret}".into(),
            Value::Number(_) if secret => "{secret}".into(),
            Value::String(text) if text.trim().is_empty() => text.clone().into(),
            Value::String(text)
                if NAMES.contains(&&*lower) || (lower.ends_with("name") && is_party()) =>
            {
                self.name(text).into()
            }
            Value::String(text) if lower.contains("email") => {
                if text.contains('@') {
                    "navn@example.no".into()
                } else {
                    self.text(text).into()
                }
            }
            Value::String(text)
                if ["mobilenumber", "phonenumber", "mobile", "phone"].contains(&&*lower) =>
            {
                text.chars()
                    .map(|c| if c.is_ascii_digit() { '0' } else { c })
                    .collect::<String>()
                    .into()
            }
            Value::Number(_) if lower.contains("mobilenumber") || lower.contains("phonenumber") => {
                0.into()
            }
            Value::String(text) if lower.contains("birth") && text.len() >= 10 => {
                format!("1989-01-01{}", text.get(10..).unwrap_or_default()).into()
            }
            Value::String(_) if lower.contains("address") => "Testveien 1".into(),
            Value::String(_) if lower.contains("postalcode") => "0000".into(),
            _ => self.value(value),
        }
    }

    /// A name, word by word: who is HEIS ANNA here is HEIS there.
    fn name(&self, text: &str) -> String {
        if people_in(text).next().is_some() {
            return self.replace_numbers(text);
        }
        self.replace_words(text, |_| true)
    }

    fn text(&mut self, text: &str) -> String {
        if looks_like_a_token(text) {
            return "{token}".to_owned();
        }
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "{secret}");
        }
        text = without_tokens(&text);
        text = without_keys(&text);
        let encoded: Vec<_> = encoded_json(&text).collect();
        for (segment, json) in encoded {
            let json = self.value(&json);
            text = text.replace(&segment, &URL_SAFE.encode(json.to_string()));
        }
        // what was escaped may hide a number in the middle of an escape
        let plain = percent_decoded(&text);
        if plain != text && self.is_known_to_hide(&plain, &text) {
            text = plain;
        }
        let text = self.replace_numbers(&text);
        self.replace_names(&text)
    }

    /// Whether decoding shows a number that cannot be seen without.
    fn is_known_to_hide(&self, plain: &str, text: &str) -> bool {
        people_in(plain).count() > people_in(text).count()
            || organisations_in(plain).count() > organisations_in(text).count()
    }

    fn replace_numbers(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let found: Vec<_> = people_in(&text).collect();
        for (shown, number) in found {
            if let Some(new) = self.people.get(&number) {
                let gap = &shown[6..shown.len() - 5];
                let new = format!("{}{gap}{}", &new.expose()[..6], &new.expose()[6..]);
                text = text.replace(&shown, &new);
            }
        }
        let found: Vec<_> = masked_in(&text).collect();
        for shown in found {
            let new = self
                .people
                .iter()
                .find(|(old, _)| old.starts_with(&shown[..6]))
                .map_or_else(|| synthetic_person(99), |(_, new)| new.clone());
            text = text.replace(&shown, &format!("{}{}", &new.expose()[..6], &shown[6..]));
        }
        let found: Vec<_> = organisations_in(&text).collect();
        for (shown, number) in found {
            if let Some(new) = self.organisations.get(&number) {
                // nine digits, and the same gap twice
                let gap = &shown[3..3 + (shown.len() - 9) / 2];
                let new = new.as_str();
                text = text.replace(&shown, &[&new[..3], &new[3..6], &new[6..]].join(gap));
            }
        }
        text
    }

    /// Names in running text: whole ones, and the words of people's.
    fn replace_names(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in &self.names {
            for gap in [" ", "+", "%20", "%2520"] {
                let shown = name.replace(' ', gap);
                while let Some(at) = text.to_uppercase().find(&shown) {
                    let Some(old) = text.get(at..at + shown.len()).map(str::to_owned) else {
                        break;
                    };
                    let new = self.replace_words(&old, |_| true);
                    if new == old {
                        break;
                    }
                    text = text.replace(&old, &new);
                }
            }
        }
        self.replace_words(&text, |word| {
            self.of_people.iter().any(|known| known == word)
        })
    }

    fn replace_words(&self, text: &str, which: impl Fn(&str) -> bool) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(word) = words(rest).next() {
            let start = word.as_ptr().addr() - rest.as_ptr().addr();
            out.push_str(&rest[..start]);
            let upper = word.to_uppercase();
            match self.words.get(&upper) {
                Some(new) if which(&upper) => out.push_str(&in_the_case_of(word, new)),
                _ => out.push_str(word),
            }
            rest = &rest[start + word.len()..];
        }
        out + rest
    }

    /// Where something is left that must not be: each a place (a JSON pointer) and what, never the
    /// value.
    pub(crate) fn left(&self, exchange: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.search("", exchange, &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn search(&self, place: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.search_text(place, &digits_of(number), found),
            Value::String(text) => self.search_text(place, text, found),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.search(&format!("{place}/{n}"), item, found);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.search_text(&format!("{place} (a member's name)"), name, found);
                    let name = if people_in(name).next().is_some() {
                        "…"
                    } else {
                        name
                    };
                    self.search(&format!("{place}/{name}"), value, found);
                }
            }
        }
    }

    fn search_text(&self, place: &str, text: &str, found: &mut Vec<String>) {
        let mut report = |what: &str| found.push(format!("{place}: {what}"));
        for (_, number) in people_in(text) {
            if !self.people.values().any(|new| new.expose() == number) {
                report("a person number");
            }
        }
        for (_, number) in organisations_in(text) {
            if !self
                .organisations
                .values()
                .any(|new| new.as_str() == number)
            {
                report("an organisation number");
            }
        }
        if text.split(is_no_part_of_a_token).any(looks_like_a_token) {
            report("a token");
        }
        if self
            .secrets
            .iter()
            .any(|secret| text.contains(secret.as_str()))
        {
            report("a secret that is a setting");
        }
        if text.contains("-----BEGIN") || key_material(text).next().is_some() {
            report("a key or a certificate");
        }
        for scheme in ["Bearer ", "Basic "] {
            let after = text.split(scheme).nth(1);
            if after.is_some_and(|after| !after.starts_with('{') && after.len() > 8) {
                report("credentials");
            }
        }
        let upper = text.to_uppercase();
        if self.names.iter().any(|name| {
            name.contains(' ') && upper.contains(name.as_str()) && self.name(name) != *name
        }) {
            report("a name");
        }
        let plain = percent_decoded(text);
        if plain != text {
            self.search_text(place, &plain, found);
        }
        for (_, json) in encoded_json(text) {
            self.search(&format!("{place} (in base64)"), &json, found);
        }
        for inner in encoded_text(text) {
            self.search_text(&format!("{place} (in base64)"), &inner, found);
        }
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-', ' '], "")
}

/// A person number that was written as a JSON number has lost its leading zero.
fn digits_of(number: &Number) -> String {
    let text = number.to_string();
    let with_zero = format!("0{text}");
    if with_zero.parse::<PersonNumber>().is_ok() {
        with_zero
    } else {
        text
    }
}

/// `"token_type": "Bearer"` and the like are words, not secrets.
fn is_kind(text: &str) -> bool {
    text.is_empty() || text.starts_with('{') || text.eq_ignore_ascii_case("bearer")
}

fn synthetic_person(n: u64) -> PersonNumber {
    let (year, month, day) = (1950 + n * 7 % 49, 1 + n % 12, 1 + n * 5 % 28);
    let born = (year.try_into().unwrap_or(1950), month as u8, day as u8);
    synthetic::person_number(born, 40 + n).unwrap_or_else(|_| unreachable!("every such day exists"))
}

fn in_the_case_of(old: &str, new: &str) -> String {
    let mut letters = old.chars().filter(|c| c.is_alphabetic());
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            let mut new = new.chars();
            new.next()
                .into_iter()
                .chain(new.flat_map(char::to_lowercase))
                .collect()
        }
        (Some(first), _) if first.is_lowercase() => new.to_lowercase(),
        _ => new.to_owned(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Every person number: as it stands, and as eleven digits. Found by the same eye that masks them.
fn people_in(text: &str) -> impl Iterator<Item = (String, String)> {
    let masked = mask_person_numbers(text).into_owned();
    let text = text.to_owned();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let stars = from + masked.get(from..)?.find("*****")?;
            from = stars + 5;
            let rest = text.get(stars..from)?;
            if rest == "*****" {
                continue; // masked by the server
            }
            let before = text.get(..stars)?;
            let gap = ["", " ", "-", "+", "%20", "\u{a0}"]
                .into_iter()
                .find(|gap| {
                    before.strip_suffix(gap).is_some_and(|date| {
                        date.len() >= 6
                            && date.as_bytes()[date.len() - 6..]
                                .iter()
                                .all(u8::is_ascii_digit)
                    })
                })?;
            let date = &before[stars - gap.len() - 6..stars - gap.len()];
            return Some((format!("{date}{gap}{rest}"), format!("{date}{rest}")));
        }
    })
}

/// What the server has masked itself: `020958*****`, with or without a blank.
fn masked_in(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("*****").filter_map(move |(at, stars)| {
        let before = &text[..at];
        let gap = if before.ends_with(' ') { " " } else { "" };
        let date = before[..at - gap.len()].get((at - gap.len()).checked_sub(6)?..)?;
        date.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| format!("{date}{gap}{stars}"))
    })
}

/// Every organisation number: as it stands, and as nine digits.
fn organisations_in(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let bytes = text.as_bytes();
    let alone = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_none_or(|byte| !byte.is_ascii_alphanumeric())
    };
    (0..bytes.len()).filter_map(move |start| {
        let after_escape = start >= 3 && bytes[start - 3] == b'%';
        if !alone(start.checked_sub(1)) && !after_escape {
            return None;
        }
        ["", " ", "+", "%20"].into_iter().find_map(|gap| {
            let end = start + 9 + 2 * gap.len();
            let shown = text.get(start..end)?;
            let parts = [
                shown.get(..3)?,
                shown.get(3 + gap.len()..6 + gap.len())?,
                shown.get(6 + 2 * gap.len()..)?,
            ];
            let gaps = shown.get(3..3 + gap.len())? == gap
                && shown.get(6 + gap.len()..6 + 2 * gap.len())? == gap;
            let number = parts.concat();
            let fits = gaps
                && alone(Some(end))
                && number.bytes().all(|b| b.is_ascii_digit())
                && number.parse::<OrganisationNumber>().is_ok();
            fits.then(|| (shown.to_owned(), number))
        })
    })
}

fn is_no_part_of_a_token(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '='))
}

/// Three or five parts with dots between them, of which the first is JSON in base64url.
fn looks_like_a_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.len() > 30 && matches!(text.matches('.').count(), 2 | 4)
}

fn without_tokens(text: &str) -> String {
    let mut out = text.to_owned();
    for part in text
        .split(is_no_part_of_a_token)
        .filter(|part| looks_like_a_token(part))
    {
        out = out.replace(part, "{token}");
    }
    for scheme in ["Bearer ", "Basic "] {
        if let Some((before, after)) = out.split_once(scheme)
            && after.len() > 8
            && !after.starts_with('{')
        {
            out = format!("{before}{scheme}{{credentials}}");
        }
    }
    out
}

/// DER of any kind in base64, also escaped as in a form: a key store, a key, a certificate.
fn key_material(text: &str) -> impl Iterator<Item = String> {
    let plain = text
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    let escaped = plain != text;
    let found: Vec<String> = plain
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')))
        .flat_map(|part| part.split('=').map(str::to_owned).collect::<Vec<_>>())
        .filter(|part| part.len() >= 120 && (part.starts_with("MII") || part.starts_with("LS0t")))
        .map(|part| match escaped {
            true => part.replace('+', "%2B").replace('/', "%2F"),
            false => part,
        })
        .collect();
    found.into_iter()
}

fn without_keys(text: &str) -> String {
    let mut out = text.to_owned();
    for part in key_material(text) {
        out = out.replace(&part, "{key}");
    }
    for padding in ["=", "%3D"] {
        while out.contains(&format!("{{key}}{padding}")) {
            out = out.replace(&format!("{{key}}{padding}"), "{key}");
        }
    }
    if let Some((before, rest)) = out.split_once("-----BEGIN") {
        let after = rest.rsplit_once("-----").map_or("", |(_, after)| after);
        out = format!("{before}{{key}}{after}");
    }
    out
}

/// JSON objects and lists in base64url, such as the payload of a token that stands alone.
fn encoded_json(text: &str) -> impl Iterator<Item = (String, Value)> + '_ {
    segments(text).filter_map(|segment| {
        let bytes = URL_SAFE.decode(segment).ok()?;
        let json: Value = serde_json::from_slice(&bytes).ok()?;
        (json.is_object() || json.is_array()).then(|| (segment.to_owned(), json))
    })
}

/// Text in base64 of either alphabet.
fn encoded_text(text: &str) -> impl Iterator<Item = String> + '_ {
    segments(text).filter_map(|segment| {
        let bytes = STANDARD
            .decode(segment)
            .or_else(|_| URL_SAFE.decode(segment))
            .ok()?;
        let inner = String::from_utf8(bytes).ok()?;
        (!inner.chars().any(char::is_control)).then_some(inner)
    })
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '=')))
        .filter(|segment| segment.len() >= 12)
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Nobody's numbers, but for the scrubber as good as anybody's.
    fn anna() -> String {
        synthetic::person_number((1966, 3, 4), 3)
            .unwrap()
            .expose()
            .to_owned()
    }

    fn company() -> String {
        synthetic::organisation_number(4711).to_string()
    }

    fn scrubbed(exchange: &Value) -> (Scrubber, Value) {
        let mut scrubber = Scrubber::new(["hunter22".to_owned()]);
        let clean = scrubber.scrub(exchange);
        (scrubber, clean)
    }

    /// Scrubs, looks that nothing of what is secret is left in any form, and gives the result.
    fn check(exchange: &Value) -> Value {
        let (scrubber, clean) = scrubbed(exchange);
        assert_eq!(scrubber.left(&clean), Vec::<String>::new(), "{clean:#}");
        let text = clean.to_string();
        let blank = format!("{} {}", &anna()[..6], &anna()[6..]);
        for secret in [
            anna(),
            blank,
            company(),
            "OLAVSEN".into(),
            "hunter22".into(),
        ] {
            assert!(
                !text.to_uppercase().contains(&secret.to_uppercase()),
                "{secret} in {text}"
            );
        }
        clean
    }

    fn body(value: Value) -> Value {
        check(&json!({ "response": { "body": value } }))["response"]["body"].clone()
    }

    #[test]
    fn in_a_body_the_same_person_stays_the_same_and_valid() {
        let anna = anna();
        let clean = body(json!({
            "SocialSecurityNumber": anna, "Name": "OLAVSEN ANNA", "LastName": "Olavsen",
            "_embedded": { "roles": [{ "RoleName": "Regnskapsfører", "Name": "Signer", "By": anna }] },
            "Organization": { "OrganizationNumber": company(), "Name": "OLAVSEN RØR AS" },
            "Number": company().parse::<u32>().unwrap(),
        }));
        let new = clean["SocialSecurityNumber"].as_str().unwrap();
        let number: PersonNumber = new.parse().unwrap();
        assert!(number.is_synthetic());
        assert_eq!(clean["_embedded"]["roles"][0]["By"], new);
        assert_eq!(
            clean["_embedded"]["roles"][0]["Name"], "Signer",
            "a role is nobody"
        );
        let name = clean["Name"].as_str().unwrap();
        let last = clean["LastName"].as_str().unwrap();
        assert_eq!(name.split(' ').next().unwrap(), last.to_uppercase());
        assert!(
            clean["Organization"]["Name"]
                .as_str()
                .unwrap()
                .ends_with(" AS")
        );
        let number = clean["Organization"]["OrganizationNumber"]
            .as_str()
            .unwrap();
        assert!(number.parse::<OrganisationNumber>().is_ok());
        assert_eq!(
            clean["Number"].to_string(),
            number,
            "a number stays a number"
        );
    }

    #[test]
    fn in_a_url_a_query_and_a_location() {
        let (anna, company) = (anna(), company());
        let clean = check(&json!({
            "request": { "path": format!("/api/{company}/x?subject={anna}&LastName=Olavsen&$filter=Nr%20eq%20%27{anna}%27") },
            "response": { "headers": { "Location": format!("https://tt02.altinn.no/api/{company}/{anna}?n=ANNA+OLAVSEN") },
                          "body": { "SocialSecurityNumber": anna, "Name": "OLAVSEN ANNA" } },
        }));
        let new = clean["response"]["body"]["SocialSecurityNumber"]
            .as_str()
            .unwrap();
        let path = clean["request"]["path"].as_str().unwrap();
        assert!(path.contains(&format!("subject={new}&")), "{path}");
        assert!(path.ends_with(&format!("%27{new}%27")), "{path}");
        assert!(
            clean["response"]["headers"]["Location"]
                .as_str()
                .unwrap()
                .contains(new)
        );
    }

    #[test]
    fn in_a_number_that_is_itself_escaped() {
        let hidden: String = anna().bytes().map(|b| format!("%{b:02X}")).collect();
        check(&json!({ "request": { "path": format!("/api/x?s={hidden}") } }));
    }

    #[test]
    fn in_a_reason_phrase() {
        let anna = anna();
        let spaced = format!("{} {}", &anna[..6], &anna[6..]);
        let clean = check(&json!({ "response": {
            "reason": format!("Reportee {spaced} (Anna Olavsen) of {} not found", company()),
            "body": { "Name": "OLAVSEN ANNA", "PersonId": anna },
        }}));
        let reason = clean["response"]["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("Reportee ") && reason.ends_with(" not found"),
            "{reason}"
        );
    }

    #[test]
    fn what_the_server_masked_stays_masked_and_consistent() {
        let anna = anna();
        let masked = format!("{} *****", &anna[..6]);
        let clean = body(json!({ "a": { "SocialSecurityNumber": anna }, "b": masked }));
        let new = clean["a"]["SocialSecurityNumber"].as_str().unwrap();
        assert_eq!(clean["b"], format!("{} *****", &new[..6]));
    }

    #[test]
    fn in_the_payload_of_a_token_in_base64url() {
        let payload = json!({ "pid": anna(), "consumer": { "ID": format!("0192:{}", company()) } });
        let clean = body(json!({ "payload": URL_SAFE.encode(payload.to_string()) }));
        let bytes = URL_SAFE.decode(clean["payload"].as_str().unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(
            payload["pid"]
                .as_str()
                .unwrap()
                .parse::<PersonNumber>()
                .unwrap()
                .is_synthetic()
        );
        assert!(
            payload["consumer"]["ID"]
                .as_str()
                .unwrap()
                .starts_with("0192:")
        );
    }

    #[test]
    fn a_whole_token_goes_wherever_it_stands() {
        let part = URL_SAFE.encode(json!({ "pid": anna(), "alg": "RS256" }).to_string());
        let token = format!("{part}.{part}.c2lnbmF0dXJl");
        let clean = check(&json!({
            "request": { "headers": { "Authorization": format!("Bearer {token}") } },
            "response": { "text": format!("\"{token}\""), "body": [token.clone(), { "access_token": "opaque" }] },
        }));
        assert_eq!(
            clean["request"]["headers"]["Authorization"],
            "Bearer {token}"
        );
        assert_eq!(clean["response"]["body"][0], "{token}");
        assert_eq!(clean["response"]["body"][1]["access_token"], "{secret}");
    }

    #[test]
    fn a_key_store_in_a_form_and_a_password() {
        let store = STANDARD.encode([&[0x30, 0x82, 0x08, 0x00][..], &[7; 300]].concat());
        assert!(store.starts_with("MII"));
        let escaped = store
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        let clean = check(&json!({ "request": {
            "text": format!("pkcs12={escaped}&note=hunter22"),
            "body": { "Password": "x", "keystore": store.clone(), "attachment": store.clone() },
        }}));
        assert_eq!(clean["request"]["body"]["attachment"], "{key}");
        assert!(clean.to_string().contains("pkcs12={key}"), "{clean}");
    }

    #[test]
    fn what_is_left_is_named_by_its_place_and_not_repeated() {
        let scrubber = Scrubber::new(["hunter22".to_owned()]);
        let part = URL_SAFE.encode(json!({ "pid": anna(), "a": "b" }).to_string());
        for (value, what) in [
            (json!(anna()), "a person number"),
            (
                json!(
                    anna()
                        .bytes()
                        .map(|b| format!("%{b:02x}"))
                        .collect::<String>()
                ),
                "a person number",
            ),
            (
                json!(STANDARD.encode(format!("user={}", anna()))),
                "a person number",
            ),
            (json!(part), "a person number"),
            (json!(company()), "an organisation number"),
            (json!(format!("x {part}.{part}.sig")), "a token"),
            (json!("Bearer 0123456789"), "credentials"),
            (json!("the hunter22"), "a secret that is a setting"),
            (
                json!("-----BEGIN PRIVATE KEY-----"),
                "a key or a certificate",
            ),
        ] {
            let found = scrubber.left(&json!({ "response": { "body": [value] } }));
            let place = found.iter().find(|line| line.ends_with(what));
            assert!(
                place.is_some_and(|line| line.starts_with("/response/body/0")),
                "{what}: {found:?}"
            );
            assert!(!found.concat().contains(&anna()), "{found:?}");
        }
    }
}
