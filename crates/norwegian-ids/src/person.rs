use std::fmt;
use std::str::FromStr;

use crate::{IdError, digits};

/// Weights of the first check digit (digits 1 to 9) and of the second (digits 1 to 10)
/// (<https://www.skatteetaten.no/en/person/national-registry/identitetsnummer/fodselsnummer/>).
const FIRST: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const SECOND: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/// From 2032 on the first check digit may leave these remainders; until then only 0
/// (<https://skatteetaten.github.io/folkeregisteret-api-dokumentasjon/nytt-fodselsnummer-fra-2032/>).
const REMAINDERS_FROM_2032: std::ops::RangeInclusive<u32> = 0..=3;

/// A Norwegian national identity number (fødselsnummer or D-nummer): a date, an individual number
/// and two check digits, eleven digits together.
///
/// It is personal data. `Debug` shows the date part only, there is neither `Display` nor
/// `Serialize`; [`expose`](Self::expose) is the one way to the digits, for the place where they go
/// on the wire.
///
/// Read are: ordinary numbers; D-numbers, whose day is raised by 40; and the synthetic numbers of
/// test environments, whose month is raised by 80 (Skatteetaten's Tenor), 40 (NAV) or 65. Two digits
/// of a year do not tell the century, so 29 February counts as a date in every year divisible by
/// four, 00 among them.
///
/// ```
/// use norwegian_ids::PersonNumber;
///
/// let number: PersonNumber = "268992 99344".parse()?;
/// assert!(number.is_synthetic());
/// assert_eq!(format!("{number:?}"), "PersonNumber(268992*****)");
/// assert_eq!(number.masked().to_string(), "268992*****");
/// assert_eq!(number.expose(), "26899299344");
/// # Ok::<(), norwegian_ids::IdError>(())
/// ```
///
/// The digits are not wiped from memory on drop: that needs `unsafe` or a dependency, and what a
/// JSON parser or a TLS library copied would stay anyway.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonNumber([u8; 11]);

impl PersonNumber {
    /// Reads a number, checks its date and both check digits by the rule for every number issued
    /// before 2032. Blanks between the digits are allowed.
    ///
    /// # Errors
    ///
    /// Every [`IdError`] can come.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::parse_with(text, 0..=0)
    }

    /// As [`parse`](Self::parse), but takes the numbers that will be issued from 2032 as well: there
    /// the first check digit may leave a remainder of 0 to 3 instead of 0 only.
    ///
    /// Skatteetaten's synthetic register can already hand out such numbers.
    ///
    /// # Errors
    ///
    /// Every [`IdError`] can come.
    pub fn parse_from_2032(text: &str) -> Result<Self, IdError> {
        Self::parse_with(text, REMAINDERS_FROM_2032)
    }

    /// Reads eleven digits and checks neither date nor check digits.
    ///
    /// For data that somebody made up: documentation samples such as `01010112345`, old mocks, test
    /// environments filled by hand. Never for what a person typed, where the check digits are what
    /// catches the slip before it reaches somebody else's data.
    ///
    /// # Errors
    ///
    /// [`IdError::Empty`], [`Length`](IdError::Length) or [`NotDigits`](IdError::NotDigits).
    pub fn parse_format_only(text: &str) -> Result<Self, IdError> {
        digits::exactly(text).map(Self)
    }

    fn parse_with(text: &str, remainders: std::ops::RangeInclusive<u32>) -> Result<Self, IdError> {
        let number = Self::parse_format_only(text)?;
        if !begins_with_a_date(&number.0) {
            return Err(IdError::Date);
        }
        if !check_digits_fit(&number.0, remainders) {
            return Err(IdError::CheckDigit);
        }
        Ok(number)
    }

    /// The eleven digits, in clear.
    ///
    /// # Security
    ///
    /// Call it where the number goes on the wire, and nowhere else: not for a log, not for an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        digits::text(&self.0)
    }

    /// The number as people may see it: `020958*****`.
    pub fn masked(&self) -> impl fmt::Display {
        Masked(self.0)
    }

    /// Whether this is a number of a test environment, which no living person has.
    ///
    /// A month raised by 40 is also how hospitals mark local numbers (H-nummer), so a `true` from
    /// such data is no proof.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        month_offset(two(&self.0, 2)).is_some_and(|offset| offset > 0)
    }

    /// Whether this is a D-number: that of a person without residence in Norway, the day raised
    /// by 40.
    #[must_use]
    pub fn is_d_number(&self) -> bool {
        (41..=71).contains(&two(&self.0, 0))
    }

    /// Completes nine digits; `None` where no check digits exist for them.
    pub(crate) fn complete(first_nine: [u8; 9]) -> Option<Self> {
        let digit = |rest: u32| {
            u8::try_from((11 - rest) % 11)
                .ok()
                .filter(|check| *check < 10)
                .map(|check| check + b'0')
        };
        let mut all = [b'0'; 11];
        all[..9].copy_from_slice(&first_nine);
        all[9] = digit(digits::mod11(&all, &FIRST))?;
        all[10] = digit(digits::mod11(&all, &SECOND))?;
        Some(Self(all))
    }
}

/// Whether eleven ASCII digits could be anybody's number, today or after 2032.
pub(crate) fn could_be_a_person(digits: &[u8]) -> bool {
    digits.len() == 11
        && begins_with_a_date(digits)
        && check_digits_fit(digits, REMAINDERS_FROM_2032)
}

fn check_digits_fit(number: &[u8], remainders: std::ops::RangeInclusive<u32>) -> bool {
    let check = |place: usize| u32::from(number[place] - b'0');
    remainders.contains(&((digits::mod11(number, &FIRST) + check(9)) % 11))
        && (digits::mod11(number, &SECOND) + check(10)).is_multiple_of(11)
}

fn begins_with_a_date(number: &[u8]) -> bool {
    let day = two(number, 0);
    let day = if day > 40 { day - 40 } else { day };
    let month = two(number, 2);
    let Some(offset) = month_offset(month) else {
        return false;
    };
    (1..=days_in(month - offset, two(number, 4).is_multiple_of(4))).contains(&day)
}

/// How many days the month has; 0 where there is no such month.
pub(crate) fn days_in(month: u8, leap_year: bool) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap_year => 29,
        2 => 28,
        _ => 0,
    }
}

/// What has been added to the month; +40 and +80 are told apart in
/// <https://github.com/navikt/fnrvalidator/issues/116>.
fn month_offset(month: u8) -> Option<u8> {
    [0, 40, 65, 80]
        .into_iter()
        .find(|offset| (offset + 1..=offset + 12).contains(&month))
}

/// Two digits as a number.
fn two(number: &[u8], at: usize) -> u8 {
    (number[at] - b'0') * 10 + (number[at + 1] - b'0')
}

struct Masked([u8; 11]);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*****", digits::text(&self.0[..6]))
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonNumber({})", self.masked())
    }
}

impl FromStr for PersonNumber {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for PersonNumber {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PersonNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(digits::TextOrNumber {
            expecting: "a person number of eleven digits",
            read: Self::parse,
        })
    }
}
