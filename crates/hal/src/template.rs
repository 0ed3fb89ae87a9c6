//! URI templates (RFC 6570), all four levels.
//!
//! ```
//! use hal::template::{UriTemplate, Variable};
//!
//! let template = UriTemplate::parse("/search{/section*}{?q,lang}")?;
//! assert_eq!(template.variables().collect::<Vec<_>>(), ["section", "q", "lang"]);
//! let uri = template.expand([
//!     ("section", Variable::from(vec!["tea", "black & green"])),
//!     ("q", "Ærlig".into()),
//! ])?;
//! assert_eq!(uri, "/search/tea/black%20%26%20green?q=%C3%86rlig");
//! # Ok::<(), hal::template::TemplateError>(())
//! ```

use std::borrow::Cow;
use std::collections::HashMap;

/// The longest template that is read, in bytes; and what one expands to at most. RFC 9110 §4.1 asks
/// for URIs of 8000 bytes to work; few servers take more.
const LONGEST_TEMPLATE: usize = 8 * 1024;
const LONGEST_URI: usize = 64 * 1024;

/// Why a text is no template, or cannot be expanded. It never repeats the text or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace without its partner; the byte where it stands.
    #[error("a brace at byte {0} has no partner")]
    Brace(usize),
    /// What stands between the braces is no expression; the byte where that begins.
    #[error("what is between the braces at byte {0} is no expression")]
    Expression(usize),
    /// A prefix (`{name:3}`) of a list or map, which has none (RFC 6570 §2.4.1).
    #[error("a list or map has no prefix")]
    Prefix,
    /// The template is longer than 8 KiB, or its expansion than 64 KiB.
    #[error("the template or its expansion is too long")]
    TooLong,
}

/// The value of a variable: a text, a list, or pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variable {
    /// A text. The empty one is a value.
    Text(String),
    /// A list. The empty one counts as not given (RFC 6570 §2.3).
    List(Vec<String>),
    /// Pairs of name and value, in order. None at all counts as not given (RFC 6570 §2.3).
    Pairs(Vec<(String, String)>),
}

impl From<&str> for Variable {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Variable {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Variable {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl<T: Into<String>> From<Vec<T>> for Variable {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl<N: Into<String>, V: Into<String>, const C: usize> From<[(N, V); C]> for Variable {
    fn from(pairs: [(N, V); C]) -> Self {
        Self::Pairs(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// A template that has been read. See [the module](self).
///
/// Literal text may hold anything but braces; what no URI may hold (a blank, `å`) is percent-encoded
/// in the expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Expression {
        operator: Operator,
        variables: Vec<Spec>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Spec {
    name: String,
    modifier: Modifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modifier {
    None,
    Prefix(usize),
    Explode,
}

/// A row of the table in RFC 6570, appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    first: &'static str,
    separator: &'static str,
    named: bool,
    if_empty: &'static str,
    keep_reserved: bool,
}

impl Operator {
    const SIMPLE: Self = Self {
        first: "",
        separator: ",",
        named: false,
        if_empty: "",
        keep_reserved: false,
    };

    fn of(sign: u8) -> Option<Self> {
        let simple = Self::SIMPLE;
        Some(match sign {
            b'+' => Self {
                keep_reserved: true,
                ..simple
            },
            b'#' => Self {
                first: "#",
                keep_reserved: true,
                ..simple
            },
            b'.' => Self {
                first: ".",
                separator: ".",
                ..simple
            },
            b'/' => Self {
                first: "/",
                separator: "/",
                ..simple
            },
            b';' => Self {
                first: ";",
                separator: ";",
                named: true,
                ..simple
            },
            b'?' => Self {
                first: "?",
                separator: "&",
                named: true,
                if_empty: "=",
                ..simple
            },
            b'&' => Self {
                first: "&",
                separator: "&",
                named: true,
                if_empty: "=",
                ..simple
            },
            _ => return None,
        })
    }
}

impl UriTemplate {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Braces that do not match, expressions that RFC 6570 §2 does not know, more than 8 KiB.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        if template.len() > LONGEST_TEMPLATE {
            return Err(TemplateError::TooLong);
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while at < template.len() {
            let rest = &template[at..];
            let literal = rest.find(['{', '}']).unwrap_or(rest.len());
            if literal > 0 {
                parts.push(Part::Literal(rest[..literal].to_owned()));
                at += literal;
                continue;
            }
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let Some((expression, _)) = inside else {
                return Err(TemplateError::Brace(at));
            };
            parts.push(Self::expression(expression).ok_or(TemplateError::Expression(at))?);
            at += expression.len() + 2;
        }
        Ok(Self { parts })
    }

    fn expression(text: &str) -> Option<Part> {
        let operator = text.bytes().next().and_then(Operator::of);
        let specs = if operator.is_some() { &text[1..] } else { text };
        let variables = specs.split(',').map(Spec::parse).collect::<Option<_>>()?;
        Some(Part::Expression {
            operator: operator.unwrap_or(Operator::SIMPLE),
            variables,
        })
    }

    /// The names of its variables, in order; one that comes twice comes twice.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| {
            match part {
                Part::Literal(_) => [].iter(),
                Part::Expression { variables, .. } => variables.iter(),
            }
            .map(|spec| spec.name.as_str())
        })
    }

    /// The URI that the template gives with these variables. A variable that is not given expands to
    /// nothing (RFC 6570 §3.2.1); compare with [`variables`](Self::variables) if that would be wrong.
    ///
    /// # Errors
    ///
    /// A prefix of a list or of pairs, more than 64 KiB.
    pub fn expand<'v, N, V>(
        &self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<String, TemplateError>
    where
        N: Into<Cow<'v, str>>,
        V: Into<Variable>,
    {
        let variables: HashMap<Cow<'v, str>, Variable> = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut uri = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => encode(text, true, &mut uri),
                Part::Expression {
                    operator,
                    variables: specs,
                } => {
                    let mut lead = operator.first;
                    for spec in specs {
                        let Some(value) = variables.get(spec.name.as_str()) else {
                            continue;
                        };
                        if spec.expand(*operator, lead, value, &mut uri)? {
                            lead = operator.separator;
                        }
                        within_limit(&uri)?;
                    }
                }
            }
            within_limit(&uri)?;
        }
        Ok(uri)
    }
}

impl std::str::FromStr for UriTemplate {
    type Err = TemplateError;

    fn from_str(template: &str) -> Result<Self, TemplateError> {
        Self::parse(template)
    }
}

fn within_limit(uri: &str) -> Result<(), TemplateError> {
    if uri.len() > LONGEST_URI {
        Err(TemplateError::TooLong)
    } else {
        Ok(())
    }
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        let (name, modifier) = if let Some(name) = text.strip_suffix('*') {
            (name, Modifier::Explode)
        } else if let Some((name, length)) = text.split_once(':') {
            // 1 to 9999, without a leading zero (RFC 6570 §2.4.1)
            let digits = length.bytes().all(|b| b.is_ascii_digit());
            if !digits || length.starts_with('0') || length.len() > 4 {
                return None;
            }
            (name, Modifier::Prefix(length.parse().ok()?))
        } else {
            (text, Modifier::None)
        };
        is_name(name).then(|| Self {
            name: name.to_owned(),
            modifier,
        })
    }

    /// Appends the expansion; says whether there was one.
    fn expand(
        &self,
        operator: Operator,
        lead: &str,
        value: &Variable,
        uri: &mut String,
    ) -> Result<bool, TemplateError> {
        let put = |text: &str, uri: &mut String| encode(text, operator.keep_reserved, uri);
        let put_name = |name: &str, is_empty: bool, uri: &mut String| {
            encode(name, true, uri);
            uri.push_str(if is_empty { operator.if_empty } else { "=" });
        };
        match (value, self.modifier) {
            (Variable::Text(text), modifier) => {
                let text = match modifier {
                    Modifier::Prefix(length) => {
                        let end = text
                            .char_indices()
                            .nth(length)
                            .map_or(text.len(), |(at, _)| at);
                        &text[..end]
                    }
                    Modifier::None | Modifier::Explode => text,
                };
                uri.push_str(lead);
                if operator.named {
                    put_name(&self.name, text.is_empty(), uri);
                }
                put(text, uri);
            }
            (Variable::List(list), _) if list.is_empty() => return Ok(false),
            (Variable::Pairs(pairs), _) if pairs.is_empty() => return Ok(false),
            (_, Modifier::Prefix(_)) => return Err(TemplateError::Prefix),
            (Variable::List(list), Modifier::Explode) => {
                for (index, item) in list.iter().enumerate() {
                    uri.push_str(if index == 0 { lead } else { operator.separator });
                    if operator.named {
                        put_name(&self.name, item.is_empty(), uri);
                    }
                    put(item, uri);
                    within_limit(uri)?;
                }
            }
            (Variable::Pairs(pairs), Modifier::Explode) => {
                for (index, (name, item)) in pairs.iter().enumerate() {
                    uri.push_str(if index == 0 { lead } else { operator.separator });
                    put(name, uri);
                    let alone = operator.named && item.is_empty();
                    uri.push_str(if alone { operator.if_empty } else { "=" });
                    put(item, uri);
                    within_limit(uri)?;
                }
            }
            (Variable::List(list), Modifier::None) => {
                uri.push_str(lead);
                if operator.named {
                    put_name(&self.name, false, uri);
                }
                for (index, item) in list.iter().enumerate() {
                    uri.push_str(if index == 0 { "" } else { "," });
                    put(item, uri);
                    within_limit(uri)?;
                }
            }
            (Variable::Pairs(pairs), Modifier::None) => {
                uri.push_str(lead);
                if operator.named {
                    put_name(&self.name, false, uri);
                }
                for (index, (name, item)) in pairs.iter().enumerate() {
                    uri.push_str(if index == 0 { "" } else { "," });
                    put(name, uri);
                    uri.push(',');
                    put(item, uri);
                    within_limit(uri)?;
                }
            }
        }
        Ok(true)
    }
}

/// `varname` of RFC 6570 §2.3: letters, digits, `_` and percent-encoded bytes, with single dots between.
fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        let mut rest = word.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = match (first, tail) {
                (b'%', [a, b, tail @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => tail,
                (b, tail) if b.is_ascii_alphanumeric() || *b == b'_' => tail,
                _ => return false,
            };
        }
        !word.is_empty()
    };
    name.split('.').all(is_word)
}

/// Appends a text, percent-encoded. Unreserved characters stay; reserved ones and what is encoded
/// already stay if asked.
fn encode(text: &str, keep_reserved: bool, uri: &mut String) {
    let bytes = text.as_bytes();
    for (at, b) in bytes.iter().enumerate() {
        let keep = match b {
            b'-' | b'.' | b'_' | b'~' => true,
            b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'('
            | b')' | b'*' | b'+' | b',' | b';' | b'=' => keep_reserved,
            b'%' => {
                let next = bytes.get(at + 1..at + 3);
                keep_reserved && next.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
            }
            b => b.is_ascii_alphanumeric(),
        };
        if keep {
            uri.push(char::from(*b));
        } else {
            const HEX: [char; 16] = [
                '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
            ];
            uri.push('%');
            uri.push(HEX[usize::from(b >> 4)]);
            uri.push(HEX[usize::from(b & 15)]);
        }
    }
}
