use std::fmt;
use std::str::FromStr;

use crate::{IdError, digits};

/// Weights of the first eight digits
/// (<https://www.brreg.no/om-oss/registrene-vare/om-enhetsregisteret/organisasjonsnummeret/>).
const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];

/// A Norwegian organisation number (organisasjonsnummer): nine digits, the last a check digit.
///
/// An organisation number is public; it prints and serialises as its plain digits. The first digit
/// is not looked at: real numbers begin with 8 or 9 today, those of test organisations with 2 or 3.
///
/// ```
/// use norwegian_ids::OrganisationNumber;
///
/// let number: OrganisationNumber = "310 702 641".parse()?;
/// assert_eq!(number.as_str(), "310702641");
/// assert_eq!(number.to_string(), "310702641");
/// assert!("310702642".parse::<OrganisationNumber>().is_err());
/// # Ok::<(), norwegian_ids::IdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationNumber([u8; 9]);

impl OrganisationNumber {
    /// Reads a number and checks its check digit. Blanks between the digits are allowed.
    ///
    /// # Errors
    ///
    /// [`IdError::Empty`], [`Length`](IdError::Length), [`NotDigits`](IdError::NotDigits) or
    /// [`CheckDigit`](IdError::CheckDigit).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let number = Self::parse_format_only(text)?;
        if number.has_valid_check_digit() {
            Ok(number)
        } else {
            Err(IdError::CheckDigit)
        }
    }

    /// Reads nine digits and does not check the check digit.
    ///
    /// For data that somebody made up: documentation samples, old mocks, test environments filled
    /// by hand. Never for what a person typed, where the check digit is what catches the slip.
    ///
    /// ```
    /// use norwegian_ids::OrganisationNumber;
    ///
    /// let made_up = OrganisationNumber::parse_format_only("123456789")?;
    /// assert!(!made_up.has_valid_check_digit());
    /// # Ok::<(), norwegian_ids::IdError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IdError::Empty`], [`Length`](IdError::Length) or [`NotDigits`](IdError::NotDigits).
    pub fn parse_format_only(text: &str) -> Result<Self, IdError> {
        digits::exactly(text).map(Self)
    }

    /// Whether the last digit is the one that the first eight call for.
    #[must_use]
    pub fn has_valid_check_digit(&self) -> bool {
        (digits::mod11(&self.0, &WEIGHTS) + u32::from(self.0[8] - b'0')).is_multiple_of(11)
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        digits::text(&self.0)
    }

    /// Completes eight digits; `None` where no check digit exists for them.
    pub(crate) fn complete(first_eight: [u8; 8]) -> Option<Self> {
        let check = (11 - digits::mod11(&first_eight, &WEIGHTS)) % 11;
        let mut all = [b'0'; 9];
        all[..8].copy_from_slice(&first_eight);
        all[8] = u8::try_from(check).ok().filter(|c| *c < 10)? + b'0';
        Some(Self(all))
    }
}

impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrganisationNumber({})", self.as_str())
    }
}

impl FromStr for OrganisationNumber {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for OrganisationNumber {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for OrganisationNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for OrganisationNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(digits::TextOrNumber {
            expecting: "an organisation number of nine digits",
            read: Self::parse,
        })
    }
}
