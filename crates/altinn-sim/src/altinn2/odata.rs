//! The part of OData that the Altinn 2 lists understood: `$filter`, `$orderby`, `$skip` and `$top`.
//!
//! A real parser, small: comparisons (`eq`, `ne`, `gt`, `lt`, `ge`, `le`), `and`, `or`, parentheses.
//! Names are the answer's own PascalCase names, strings stand in single quotes (doubled to escape),
//! dates are `DateTime'2020-01-01T00:00:00'`. It answers a mistake with the library's own words, as
//! the HTTP/1.1 reason phrase.

use std::cmp::Ordering;

use serde_json::Value;

use super::answer::Refusal;

/// Lists hold this many elements unless `$top` raises it (wire facts, Altinn 2 §4).
const DEFAULT_PAGE: usize = 50;
/// The largest `$top` (wire facts, Altinn 2 §4 and §5).
const MAX_TOP: u64 = 10_000;
/// Deeper parentheses than any caller writes; keeps hostile input off the stack.
const MAX_DEPTH: usize = 64;

/// What kind of value a property holds; the server knows it even when one item leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Date,
}

impl Kind {
    fn edm(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Integer => "Edm.Int32",
            Self::Boolean => "Edm.Boolean",
            Self::Date => "Edm.DateTime",
        }
    }
}

/// The properties of a model that a list can be filtered on, and its name in the server's errors.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) properties: &'static [(&'static str, Kind)],
}

impl Model {
    fn kind(&self, property: &str) -> Result<Kind, Refusal> {
        self.properties
            .iter()
            .find(|(name, _)| *name == property)
            .map(|(_, kind)| *kind)
            .ok_or_else(|| {
                Refusal::bad_request(format!(
                    "Could not find property named '{property}' on type \
                     'Altinn.SBL.AltinnWebAPI.Models.{}'",
                    self.name
                ))
            })
    }
}

/// How many elements a list has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Without `$top`.
    pub(super) page: usize,
    /// The largest `$top`.
    pub(super) top: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page: DEFAULT_PAGE,
            top: MAX_TOP,
        }
    }
}

impl Limits {
    /// Everything at once, as the role definitions come.
    pub(super) const WHOLE: Self = Self {
        page: MAX_TOP as usize,
        top: MAX_TOP,
    };
}

/// The list options of one request, parsed.
#[derive(Debug)]
pub(super) struct ListOptions {
    filter: Option<Expression>,
    order: Option<(String, bool)>,
    skip: usize,
    top: usize,
}

impl ListOptions {
    /// Reads the options out of the query (names without regard to case).
    pub(super) fn parse(query: &[(String, String)], model: &Model) -> Result<Self, Refusal> {
        Self::within(query, model, Limits::default())
    }

    /// As [`parse`](Self::parse), with limits of its own.
    pub(super) fn within(
        query: &[(String, String)],
        model: &Model,
        limits: Limits,
    ) -> Result<Self, Refusal> {
        let option = |name: &str| {
            query
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let filter = option("$filter")
            .map(|text| Parser::parse(text, model))
            .transpose()?;
        let order = match option("$orderby") {
            None => None,
            Some(text) => {
                let mut words = text.split_whitespace();
                let property = words.next().unwrap_or_default();
                let descending = match (words.next(), words.next()) {
                    (None | Some("asc"), None) => false,
                    (Some("desc"), None) => true,
                    _ => return Err(syntax_error(text.chars().count(), text)),
                };
                model.kind(property)?;
                Some((property.to_owned(), descending))
            }
        };
        let skip = match option("$skip") {
            None => 0,
            Some(text) => count(text, "$skip")?,
        };
        let top = match option("$top") {
            None => limits.page,
            Some(text) => {
                let top = count(text, "$top")?;
                let limit = limits.top;
                if top as u64 > limit {
                    return Err(Refusal::bad_request(format!(
                        "The limit of '{limit}' for Top query has been exceeded. The value from \
                         the incoming request is '{top}'"
                    )));
                }
                top
            }
        };
        Ok(Self {
            filter,
            order,
            skip,
            top,
        })
    }

    /// Filters, orders and pages the items, in that order; each comes with the properties it shows.
    pub(super) fn apply<T>(&self, items: Vec<T>, properties: impl Fn(&T) -> Value) -> Vec<T> {
        let mut items: Vec<(Value, T)> = items
            .into_iter()
            .map(|item| (properties(&item), item))
            .filter(|(value, _)| {
                self.filter
                    .as_ref()
                    .is_none_or(|filter| filter.holds(value))
            })
            .collect();
        if let Some((property, descending)) = &self.order {
            items.sort_by(|(a, _), (b, _)| {
                let order = compare_values(&a[property], &b[property]);
                if *descending { order.reverse() } else { order }
            });
        }
        items
            .into_iter()
            .skip(self.skip)
            .take(self.top)
            .map(|(_, item)| item)
            .collect()
    }
}

fn count(text: &str, option: &str) -> Result<usize, Refusal> {
    text.trim().parse().map_err(|_| {
        Refusal::bad_request(format!(
            "Invalid value '{text}' for {option} query option found."
        ))
    })
}

fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_i64().cmp(&b.as_i64()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

fn syntax_error(position: usize, text: &str) -> Refusal {
    Refusal::bad_request(format!("Syntax error at position {position} in '{text}'"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Comparison {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    fn library_name(self) -> &'static str {
        match self {
            Self::Eq => "Equal",
            Self::Ne => "NotEqual",
            Self::Gt => "GreaterThan",
            Self::Ge => "GreaterThanOrEqual",
            Self::Lt => "LessThan",
            Self::Le => "LessThanOrEqual",
        }
    }
}

#[derive(Debug)]
enum Expression {
    Compare(Operand, Comparison, Operand),
    Truth(Operand),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
}

#[derive(Debug)]
enum Operand {
    Property(String, Kind),
    Literal(Value, Kind),
}

impl Operand {
    fn kind(&self) -> Kind {
        match self {
            Self::Property(_, kind) | Self::Literal(_, kind) => *kind,
        }
    }

    fn value<'a>(&'a self, item: &'a Value) -> &'a Value {
        match self {
            Self::Property(name, _) => item.get(name).unwrap_or(&Value::Null),
            Self::Literal(value, _) => value,
        }
    }
}

impl Expression {
    fn holds(&self, item: &Value) -> bool {
        match self {
            Self::And(a, b) => a.holds(item) && b.holds(item),
            Self::Or(a, b) => a.holds(item) || b.holds(item),
            Self::Truth(operand) => operand.value(item) == &Value::Bool(true),
            Self::Compare(left, comparison, right) => {
                let (left, right) = (left.value(item), right.value(item));
                // a member that is left out is null: equal to nothing, ordered against nothing
                let known = !left.is_null() && !right.is_null();
                match comparison {
                    Comparison::Eq => left == right,
                    Comparison::Ne => left != right,
                    Comparison::Gt => known && compare_values(left, right).is_gt(),
                    Comparison::Ge => known && compare_values(left, right).is_ge(),
                    Comparison::Lt => known && compare_values(left, right).is_lt(),
                    Comparison::Le => known && compare_values(left, right).is_le(),
                }
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Integer(i64),
    Open,
    Close,
    End,
}

struct Parser<'a> {
    text: &'a str,
    chars: Vec<char>,
    position: usize,
    token: Token,
    model: &'a Model,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn parse(text: &'a str, model: &'a Model) -> Result<Expression, Refusal> {
        let chars = text.chars().collect();
        let mut parser = Self {
            text,
            chars,
            position: 0,
            token: Token::End,
            model,
            depth: 0,
        };
        parser.advance()?;
        let expression = parser.either()?;
        if parser.token == Token::End {
            Ok(expression)
        } else {
            Err(parser.error())
        }
    }

    /// The library counts characters to the end of the token that it did not expect.
    fn error(&self) -> Refusal {
        syntax_error(self.position, self.text)
    }

    fn advance(&mut self) -> Result<(), Refusal> {
        while self
            .chars
            .get(self.position)
            .is_some_and(|c| c.is_whitespace())
        {
            self.position += 1;
        }
        self.token = match self.chars.get(self.position) {
            None => Token::End,
            Some('(') => {
                self.position += 1;
                Token::Open
            }
            Some(')') => {
                self.position += 1;
                Token::Close
            }
            Some('\'') => Token::Text(self.quoted()?),
            Some(c) if c.is_ascii_digit() || *c == '-' => {
                let number = self.take(|c| c.is_ascii_digit() || c == '-');
                Token::Integer(number.parse().map_err(|_| self.error())?)
            }
            Some(c) if c.is_alphabetic() || *c == '_' => {
                Token::Word(self.take(|c| c.is_alphanumeric() || c == '_'))
            }
            Some(_) => {
                self.position += 1;
                return Err(self.error());
            }
        };
        Ok(())
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.position;
        while self.chars.get(self.position).is_some_and(|c| wanted(*c)) {
            self.position += 1;
        }
        self.chars[start..self.position].iter().collect()
    }

    fn quoted(&mut self) -> Result<String, Refusal> {
        let mut value = String::new();
        self.position += 1;
        loop {
            match (
                self.chars.get(self.position),
                self.chars.get(self.position + 1),
            ) {
                (None, _) => return Err(self.error()),
                (Some('\''), Some('\'')) => {
                    value.push('\'');
                    self.position += 2;
                }
                (Some('\''), _) => {
                    self.position += 1;
                    return Ok(value);
                }
                (Some(c), _) => {
                    value.push(*c);
                    self.position += 1;
                }
            }
        }
    }

    fn word(&self) -> &str {
        if let Token::Word(word) = &self.token {
            word
        } else {
            ""
        }
    }

    fn either(&mut self) -> Result<Expression, Refusal> {
        let mut left = self.both()?;
        while self.word() == "or" {
            self.advance()?;
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, Refusal> {
        let mut left = self.comparison()?;
        while self.word() == "and" {
            self.advance()?;
            left = Expression::And(Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expression, Refusal> {
        if self.token == Token::Open {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.error());
            }
            self.advance()?;
            let inner = self.either()?;
            if self.token != Token::Close {
                return Err(self.error());
            }
            self.depth -= 1;
            self.advance()?;
            return Ok(inner);
        }
        let left = self.operand()?;
        let Some(comparison) = Comparison::of(self.word()) else {
            return if left.kind() == Kind::Boolean {
                Ok(Expression::Truth(left))
            } else {
                Err(self.error())
            };
        };
        self.advance()?;
        let right = self.operand()?;
        if left.kind() != right.kind() {
            return Err(Refusal::bad_request(format!(
                "A binary operator with incompatible types was detected. Found operand types '{}' \
                 and '{}' for operator kind '{}'.",
                left.kind().edm(),
                right.kind().edm(),
                comparison.library_name()
            )));
        }
        Ok(Expression::Compare(left, comparison, right))
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        let operand = match self.token.clone() {
            Token::Text(text) => Operand::Literal(Value::String(text), Kind::Text),
            Token::Integer(number) => Operand::Literal(Value::from(number), Kind::Integer),
            Token::Word(word) if word == "true" || word == "false" => {
                Operand::Literal(Value::Bool(word == "true"), Kind::Boolean)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("datetime") => {
                if self.chars.get(self.position) != Some(&'\'') {
                    return Err(self.error());
                }
                Operand::Literal(Value::String(self.quoted()?), Kind::Date)
            }
            Token::Word(word) => {
                let kind = self.model.kind(&word)?;
                Operand::Property(word, kind)
            }
            Token::Open | Token::Close | Token::End => return Err(self.error()),
        };
        self.advance()?;
        Ok(operand)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MODEL: Model = Model {
        name: "ServiceMetaData",
        properties: &[
            ("ServiceOwnerCode", Kind::Text),
            ("ServiceCode", Kind::Text),
            ("ServiceEditionCode", Kind::Integer),
            ("IsDelegatable", Kind::Boolean),
            ("ValidTo", Kind::Date),
        ],
    };

    fn items() -> Vec<Value> {
        vec![
            json!({"ServiceOwnerCode": "ACN", "ServiceCode": "4936", "ServiceEditionCode": 1,
                   "IsDelegatable": true, "ValidTo": "2019-01-01T00:00:00"}),
            json!({"ServiceOwnerCode": "O'B", "ServiceCode": "4936", "ServiceEditionCode": 2,
                   "IsDelegatable": false}),
            json!({"ServiceCode": "5100", "ServiceEditionCode": 3, "IsDelegatable": true}),
        ]
    }

    fn run(query: &[(&str, &str)]) -> Result<Vec<i64>, String> {
        let query: Vec<_> = query
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let options = ListOptions::parse(&query, &MODEL).map_err(|r| r.phrase().to_owned())?;
        Ok(options
            .apply(items(), Value::clone)
            .iter()
            .map(|item| item["ServiceEditionCode"].as_i64().unwrap())
            .collect())
    }

    #[test]
    fn filters_select_orders_and_page() {
        for (filter, expected) in [
            ("ServiceCode eq '4936' and ServiceEditionCode eq 1", vec![1]),
            ("ServiceOwnerCode eq 'O''B'", vec![2]),
            ("ServiceOwnerCode ne 'ACN'", vec![2, 3]),
            ("IsDelegatable", vec![1, 3]),
            (
                "IsDelegatable eq false or ServiceEditionCode ge 3",
                vec![2, 3],
            ),
            (
                "(ServiceEditionCode eq 1 or ServiceEditionCode eq 2) and IsDelegatable eq true",
                vec![1],
            ),
            (
                "ServiceEditionCode eq 1 or ServiceEditionCode eq 2 and IsDelegatable eq true",
                vec![1],
            ),
            ("ValidTo lt DateTime'2020-01-01T00:00:00'", vec![1]),
            ("ServiceEditionCode gt 9", vec![]),
        ] {
            assert_eq!(run(&[("$filter", filter)]), Ok(expected), "{filter}");
        }
        assert_eq!(
            run(&[("$ORDERBY", "ServiceEditionCode desc"), ("$top", "2")]),
            Ok(vec![3, 2])
        );
        assert_eq!(run(&[("$skip", "1"), ("$top", "1")]), Ok(vec![2]));
    }

    #[test]
    fn mistakes_get_the_words_of_the_server() {
        for (option, value, phrase) in [
            (
                "$top",
                "10001",
                "The limit of '10000' for Top query has been exceeded. The value from the incoming request is '10001'",
            ),
            (
                "$filter",
                "ValidTil eq 'x'",
                "Could not find property named 'ValidTil' on type 'Altinn.SBL.AltinnWebAPI.Models.ServiceMetaData'",
            ),
            (
                "$filter",
                "ServiceOwnerCode neq 'ACN'",
                "Syntax error at position 20 in 'ServiceOwnerCode neq 'ACN''",
            ),
            (
                "$filter",
                "(ServiceCode eq '1'",
                "Syntax error at position 19 in '(ServiceCode eq '1''",
            ),
            (
                "$filter",
                "ServiceCode eq '1",
                "Syntax error at position 17 in 'ServiceCode eq '1'",
            ),
            (
                "$filter",
                "ServiceCode eq 1",
                "A binary operator with incompatible types was detected. Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'.",
            ),
        ] {
            assert_eq!(run(&[(option, value)]), Err(phrase.to_owned()));
        }
        let deep = "(".repeat(100_000);
        assert!(run(&[("$filter", &deep)]).is_err());
    }
}
