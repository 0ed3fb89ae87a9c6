//! Numbers for tests and simulators: valid check digits, and nobody's.
//!
//! The same arguments give the same number, today and in the next release. Persons have the month
//! raised by 80, as in Skatteetaten's test register Tenor; organisations begin with 2 or 3, as test
//! organisations do.
//!
//! ```
//! use norwegian_ids::synthetic;
//!
//! let company = synthetic::organisation_number(1);
//! let person = synthetic::person_number((1958, 9, 2), 1)?;
//! assert!(company.has_valid_check_digit());
//! assert!(person.is_synthetic());
//! assert!(person.expose().starts_with("028958"));
//! # Ok::<(), norwegian_ids::IdError>(())
//! ```

use crate::person::days_in;
use crate::{IdError, OrganisationNumber, PersonNumber};

/// The organisation number of this seed. Seeds below ten million give ten million different numbers.
#[must_use]
pub fn organisation_number(seed: u64) -> OrganisationNumber {
    // A factor without 2 and 5 permutes the seven digits, so that neighbours do not look alike.
    let body = (seed % 10_000_000) * 7_654_321 % 10_000_000;
    let with_first = |first: u64| {
        OrganisationNumber::complete(decimal((first * 10_000_000 + body).try_into().ok()?))
    };
    // At most one first digit leaves no check digit: the weight 3 moves the remainder between them.
    with_first(3)
        .or_else(|| with_first(2))
        .unwrap_or_else(|| unreachable!("one of two fits"))
}

/// The fødselsnummer of this seed for somebody born on this day: `(year, month, day)`.
///
/// Different seeds give different numbers until the day's series is used up (some 200 to 400
/// numbers), then they begin again.
///
/// # Errors
///
/// [`IdError::Date`] when there is no such day, or the year is not within 1854 to 2039, which is
/// what the series of individual numbers cover.
pub fn person_number(born: (u16, u8, u8), seed: u64) -> Result<PersonNumber, IdError> {
    generate(born, 0, seed)
}

/// The D-number of this seed for somebody born on this day; otherwise as [`person_number`].
///
/// # Errors
///
/// As [`person_number`].
pub fn d_number(born: (u16, u8, u8), seed: u64) -> Result<PersonNumber, IdError> {
    generate(born, 40, seed)
}

fn generate(
    (year, month, day): (u16, u8, u8),
    day_offset: u8,
    seed: u64,
) -> Result<PersonNumber, IdError> {
    // https://www.skatteetaten.no/en/person/national-registry/identitetsnummer/fodselsnummer/
    let series = match year {
        1854..=1899 => 500..=749,
        1900..=1999 => 0..=499,
        2000..=2039 => 500..=999,
        _ => return Err(IdError::Date),
    };
    let leap_year = year.is_multiple_of(4) && year != 1900;
    if !(1..=days_in(month, leap_year)).contains(&day) {
        return Err(IdError::Date);
    }
    let date =
        (u32::from(day + day_offset) * 100 + u32::from(month + 80)) * 100 + u32::from(year % 100);
    let numbers: Vec<_> = series
        .filter_map(|individual: u32| PersonNumber::complete(decimal(date * 1000 + individual)))
        .collect();
    let chosen = usize::try_from(seed % (numbers.len().max(1) as u64)).unwrap_or_default();
    numbers.into_iter().nth(chosen).ok_or(IdError::Date)
}

/// The last `N` decimal digits, with leading zeros.
fn decimal<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for place in digits.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
    digits
}
