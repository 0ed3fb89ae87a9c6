//! OData filters, as far as Altinn 2's lists understand them.

use std::fmt;

use crate::altinn2::models::{AppRightSource, RightAction, RightSource, RoleType};
use crate::wire::OpenEnum as _;

/// An OData filter (`$filter`). What is given is always escaped.
///
/// Properties have the names of the answers (`OrganizationNumber`). Mind that rights and app rights
/// call the same source differently: give the enums ([`RightSource`], [`AppRightSource`]).
///
/// Do not put numbers of people in a filter: addresses end up in logs.
///
/// ```
/// use altinn_authz::altinn2::{Filter, models::RightSource};
///
/// let filter = Filter::ne("RightSourceType", RightSource::Role)
///     .and(Filter::eq("ServiceCode", "5123").or(Filter::eq("ServiceOwner", "O'Brien")));
/// assert_eq!(
///     filter.to_string(),
///     "RightSourceType ne 'RoleTypeRights' and (ServiceCode eq '5123' or ServiceOwner eq 'O''Brien')",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    is_compound: bool,
}

impl Filter {
    /// The property has this value.
    #[must_use]
    pub fn eq(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "eq", value)
    }

    /// The property has another value.
    #[must_use]
    pub fn ne(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "ne", value)
    }

    /// The property is greater.
    #[must_use]
    pub fn gt(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "gt", value)
    }

    /// The property is greater or the same.
    #[must_use]
    pub fn ge(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "ge", value)
    }

    /// The property is less.
    #[must_use]
    pub fn lt(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "lt", value)
    }

    /// The property is less or the same.
    #[must_use]
    pub fn le(property: &str, value: impl Into<Literal>) -> Self {
        Self::compare(property, "le", value)
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join("and", other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join("or", other)
    }

    /// A property's name is letters and digits; anything else would be a filter of its own.
    fn compare(property: &str, operator: &str, value: impl Into<Literal>) -> Self {
        let property: String = property
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/'))
            .collect();
        Self {
            text: format!("{property} {operator} {}", value.into().0),
            is_compound: false,
        }
    }

    fn join(self, operator: &str, other: Self) -> Self {
        Self {
            text: format!("{} {operator} {}", self.part(), other.part()),
            is_compound: true,
        }
    }

    fn part(&self) -> String {
        if self.is_compound {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A value in a [`Filter`]: a text, a number, a truth value or a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(String);

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(format!("'{}'", text.replace('\'', "''")))
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self(value.to_string())
    }
}

impl From<jiff::civil::DateTime> for Literal {
    fn from(at: jiff::civil::DateTime) -> Self {
        Self(format!("DateTime'{}'", at.strftime("%Y-%m-%dT%H:%M:%S")))
    }
}

macro_rules! of_enums {
    ($($name:ty),*) => {$(
        impl From<$name> for Literal {
            fn from(value: $name) -> Self {
                value.as_wire().into()
            }
        }
    )*};
}

of_enums!(RightSource, AppRightSource, RightAction, RoleType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_given_ends_a_literal_or_a_name() {
        let filter = Filter::eq("Name eq '' or Name", "x' or Name ne 'y");
        assert_eq!(filter.to_string(), "NameeqorName eq 'x'' or Name ne ''y'");
    }

    #[test]
    fn literals_are_written_as_odata_wants_them() {
        let at: jiff::civil::DateTime = "2020-01-01T00:00:00".parse().unwrap();
        let filter = Filter::ge("ValidToDate", at)
            .and(Filter::eq("ServiceEditionCode", 1))
            .and(Filter::eq("IsDelegatable", true));
        assert_eq!(
            filter.to_string(),
            "(ValidToDate ge DateTime'2020-01-01T00:00:00' and ServiceEditionCode eq 1) and IsDelegatable eq true"
        );
        assert_eq!(
            Filter::ne("RightSourceType", AppRightSource::Role).to_string(),
            "RightSourceType ne 'RoleTypeRight'"
        );
    }
}
