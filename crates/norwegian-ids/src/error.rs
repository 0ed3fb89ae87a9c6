use std::fmt;

/// Why a text is no identifier.
///
/// It never holds the text itself, so that an error may be logged as it is.
///
/// ```
/// use norwegian_ids::{IdError, OrganisationNumber};
///
/// let refused = "310702642".parse::<OrganisationNumber>();
/// assert_eq!(refused, Err(IdError::CheckDigit));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdError {
    /// There is no text, or only blanks.
    Empty,
    /// There are too few or too many digits.
    Length,
    /// Something other than digits (and blanks between them) stands in the text.
    NotDigits,
    /// A check digit does not fit the others: most likely a typing error.
    CheckDigit,
    /// A person number does not begin with a date.
    Date,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the number is empty",
            Self::Length => "the number has the wrong count of digits",
            Self::NotDigits => "the number holds something other than digits",
            Self::CheckDigit => "the number's check digit is wrong",
            Self::Date => "the number does not begin with a date",
        })
    }
}

impl std::error::Error for IdError {}
