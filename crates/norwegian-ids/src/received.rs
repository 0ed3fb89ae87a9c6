use std::fmt;

use crate::{IdError, OrganisationNumber, PersonNumber};

/// An organisation number as it arrived, whatever it looks like.
///
/// An answer with an odd number in it is still an answer: padded with blanks, a placeholder, a JSON
/// number instead of a text. The text is kept and written back as it is;
/// [`checked`](Self::checked) tells whether it is a number.
///
/// ```
/// use norwegian_ids::{IdError, ReceivedOrganisationNumber};
///
/// let padded = ReceivedOrganisationNumber::new("310702641    ");
/// assert_eq!(padded.as_str(), "310702641    ");
/// assert_eq!(padded.checked()?.as_str(), "310702641");
/// assert_eq!(ReceivedOrganisationNumber::new("00210    ").checked(), Err(IdError::Length));
/// # Ok::<(), IdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceivedOrganisationNumber(Box<str>);

/// A person number as it arrived, whatever it looks like: whole, already masked by the sender
/// (`020958*****`), or something else.
///
/// `Debug` masks it and there is no `Display`. `Serialize` writes the text as it is, because that is
/// what an answer is written back for; do not serialise it into a log.
///
/// ```
/// use norwegian_ids::{IdError, ReceivedPersonNumber};
///
/// let whole = ReceivedPersonNumber::new("26899299344");
/// assert_eq!(format!("{whole:?}"), "ReceivedPersonNumber(268992*****)");
/// assert!(whole.checked()?.is_synthetic());
///
/// let masked = ReceivedPersonNumber::new("268992*****");
/// assert!(masked.is_masked());
/// assert_eq!(masked.checked(), Err(IdError::NotDigits));
/// # Ok::<(), IdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReceivedPersonNumber(Box<str>);

macro_rules! received {
    ($received:ident, $number:ident, $expecting:literal) => {
        impl $received {
            /// Keeps the text as it is.
            #[must_use]
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text as it arrived. A JSON number arrives as its digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The number, if the text is one.
            ///
            /// # Errors
            ///
            #[doc = concat!("As [`", stringify!($number), "::parse`].")]
            pub fn checked(&self) -> Result<$number, IdError> {
                $number::parse(&self.0)
            }
        }

        impl From<&$number> for $received {
            fn from(number: &$number) -> Self {
                Self::new(number.digits())
            }
        }

        impl From<$number> for $received {
            fn from(number: $number) -> Self {
                Self::from(&number)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $received {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $received {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(crate::digits::TextOrNumber {
                    expecting: $expecting,
                    read: |text: &str| Ok(Self::new(text)),
                })
            }
        }
    };
}

received!(
    ReceivedOrganisationNumber,
    OrganisationNumber,
    "an organisation number"
);
received!(ReceivedPersonNumber, PersonNumber, "a person number");

impl OrganisationNumber {
    fn digits(&self) -> &str {
        self.as_str()
    }
}

impl PersonNumber {
    fn digits(&self) -> &str {
        self.expose()
    }
}

impl ReceivedPersonNumber {
    /// Whether the sender has masked it: six digits and five stars, a blank between them or none.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        let shown = self.0.chars().filter(|c| !c.is_whitespace());
        shown.clone().count() == 11
            && shown
                .enumerate()
                .all(|(at, c)| if at < 6 { c.is_ascii_digit() } else { c == '*' })
    }
}

impl fmt::Debug for ReceivedOrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ReceivedOrganisationNumber({:?})",
            crate::mask_person_numbers(&self.0)
        )
    }
}

impl fmt::Debug for ReceivedPersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A number with a typing error is still somebody's: only the known shapes show their date.
        match PersonNumber::parse_format_only(&self.0) {
            Ok(number) => write!(f, "ReceivedPersonNumber({})", number.masked()),
            Err(_) if self.is_masked() => write!(f, "ReceivedPersonNumber({})", self.0),
            Err(_) => write!(
                f,
                "ReceivedPersonNumber(unreadable, {} bytes)",
                self.0.len()
            ),
        }
    }
}
