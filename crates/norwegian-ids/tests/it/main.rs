//! Tests over the public API. No number here is anybody's: months are raised by 80.

mod masking;
mod numbers;
#[cfg(feature = "serde")]
mod wire;

use norwegian_ids::{OrganisationNumber, PersonNumber, synthetic};
use proptest::prelude::{Strategy, any};

/// Fødselsnummer and D-numbers of every day from 1854 to 2039.
fn persons() -> impl Strategy<Value = PersonNumber> {
    (
        1854..=2039u16,
        1..=12u8,
        1..=31u8,
        any::<u64>(),
        any::<bool>(),
    )
        .prop_filter_map(
            "a day of the calendar",
            |(year, month, day, seed, resident)| {
                let born = (year, month, day);
                if resident {
                    synthetic::person_number(born, seed).ok()
                } else {
                    synthetic::d_number(born, seed).ok()
                }
            },
        )
}

fn organisations() -> impl Strategy<Value = OrganisationNumber> {
    any::<u64>().prop_map(synthetic::organisation_number)
}
