use std::collections::HashSet;

use norwegian_ids::{
    ActorId, IdError, OrganisationNumber, PersonNumber, ReceivedOrganisationNumber,
    ReceivedPersonNumber, synthetic,
};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use crate::{organisations, persons};

/// The text with the digit at this place raised by `by` (1 to 9).
fn with_one_digit_changed(text: &str, place: usize, by: u8) -> String {
    let changed = text.bytes().enumerate().map(|(at, b)| {
        char::from(if at == place {
            b'0' + (b - b'0' + by) % 10
        } else {
            b
        })
    });
    changed.collect()
}

/// A text with blanks of some kind between its characters.
fn spaced(text: String) -> impl Strategy<Value = String> {
    (Just(text), any::<u16>()).prop_map(|(text, places)| {
        let blank = if places % 2 == 0 { ' ' } else { '\u{a0}' };
        text.char_indices()
            .flat_map(|(at, c)| [Some(c), (places >> at & 1 == 1).then_some(blank)])
            .flatten()
            .collect()
    })
}

proptest! {
    #[test]
    fn generated_organisations_parse_and_no_slip_does(
        number in organisations(), place in 0..9usize, by in 1..=9u8,
    ) {
        prop_assert_eq!(OrganisationNumber::parse(number.as_str()), Ok(number));
        let slip = with_one_digit_changed(number.as_str(), place, by);
        prop_assert_eq!(OrganisationNumber::parse(&slip), Err(IdError::CheckDigit));
        prop_assert!(OrganisationNumber::parse_format_only(&slip).is_ok());
    }

    #[test]
    fn generated_persons_parse_and_no_slip_does(
        number in persons(), place in 0..11usize, by in 1..=9u8,
    ) {
        let parsed = PersonNumber::parse(number.expose());
        prop_assert_eq!(parsed.as_ref(), Ok(&number));
        prop_assert!(number.is_synthetic());
        let slip = with_one_digit_changed(number.expose(), place, by);
        for refused in [PersonNumber::parse(&slip), PersonNumber::parse_from_2032(&slip)] {
            prop_assert!(matches!(refused, Err(IdError::CheckDigit | IdError::Date)));
        }
    }

    #[test]
    fn blanks_do_not_matter(
        (number, text) in persons().prop_flat_map(|n| (Just(n.clone()), spaced(n.expose().into()))),
    ) {
        prop_assert_eq!(PersonNumber::parse(&text), Ok(number));
    }

    #[test]
    fn debug_never_shows_a_person(number in persons(), text in "[0-9* ]{0,14}") {
        let received = ReceivedPersonNumber::from(&number);
        for shown in [format!("{number:?}"), format!("{received:?}"), number.masked().to_string()] {
            prop_assert!(shown.contains(&number.expose()[..6]));
            prop_assert!(!shown.contains(&number.expose()[6..]), "{}", shown);
        }
        let odd = format!("{:?}", ReceivedPersonNumber::new(text));
        prop_assert!(odd.bytes().filter(u8::is_ascii_digit).count() <= 6, "{}", odd);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = (OrganisationNumber::parse(&text), PersonNumber::parse(&text));
        let _ = ActorId::new("iso6523-actorid-upis", text).organisation_number();
    }
}

#[test]
fn each_kind_of_person_number_is_known() {
    // the samples of https://github.com/navikt/fnrvalidator/issues/116, Tenor's and NAV's
    for (text, d_number) in [
        ("17912099997", false),
        ("57912075186", true),
        ("29822099635", false), // 29 February 2020
        ("15507600333", false),
        ("55507608360", true),
    ] {
        let number = PersonNumber::parse(text).expect(text);
        assert_eq!(
            (number.is_synthetic(), number.is_d_number()),
            (true, d_number),
            "{text}"
        );
    }
    // a date and check digits that nobody in a test environment has; the day does not exist in 2039
    let ordinary = PersonNumber::parse_format_only("01010112345").expect("eleven digits");
    assert!(!ordinary.is_synthetic() && !ordinary.is_d_number());
}

#[test]
fn each_refusal_has_its_reason() {
    for (text, reason) in [
        ("", IdError::Empty),
        (" \t", IdError::Empty),
        ("2689929934", IdError::Length),
        ("268992993440", IdError::Length),
        ("268992*****", IdError::NotDigits),
        ("２６８９９２９９３４４", IdError::NotDigits), // digits, but not ASCII
        ("32899299344", IdError::Date),
        ("29829900000", IdError::Date), // no 29 February in 99
        ("26939299344", IdError::Date), // month 93: 80 and 13
        ("26899299345", IdError::CheckDigit),
    ] {
        assert_eq!(PersonNumber::parse(text), Err(reason), "{text}");
    }
    assert_eq!(
        OrganisationNumber::parse("NO310702641"),
        Err(IdError::NotDigits)
    );
    assert_eq!(OrganisationNumber::parse("31070264"), Err(IdError::Length));
}

#[test]
fn numbers_of_2032_are_read_where_asked() {
    // every remainder of the first check digit, the second fitted to it
    let first = |d: &[u32]| {
        [3, 7, 6, 1, 8, 9, 4, 5, 2]
            .iter()
            .zip(d)
            .map(|(w, d)| w * d)
            .sum::<u32>()
    };
    let second = |d: &[u32]| {
        [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
            .iter()
            .zip(d)
            .map(|(w, d)| w * d)
            .sum::<u32>()
    };
    let mut seen = 0;
    for individual in 0..50 {
        let body: Vec<u32> = format!("028132{individual:03}")
            .bytes()
            .map(|b| u32::from(b - b'0'))
            .collect();
        for check in 0..10 {
            let ten: Vec<u32> = body.iter().copied().chain([check]).collect();
            let Some(last) = (0..10).find(|last| (second(&ten) + last) % 11 == 0) else {
                continue;
            };
            let text: String = ten
                .iter()
                .chain([&last])
                .map(|d| char::from_digit(*d, 10).expect("a digit"))
                .collect();
            let remainder = (first(&body) + check) % 11;
            assert_eq!(PersonNumber::parse(&text).is_ok(), remainder == 0, "{text}");
            assert_eq!(
                PersonNumber::parse_from_2032(&text).is_ok(),
                remainder <= 3,
                "{text}"
            );
            seen += u32::from((1..=3).contains(&remainder));
        }
    }
    assert!(seen > 50, "the loop has met numbers of the new kind");
}

#[test]
fn seeds_give_different_numbers() {
    let organisations: HashSet<_> = (0..2000).map(synthetic::organisation_number).collect();
    assert_eq!(organisations.len(), 2000);
    let born = (1971, 3, 14);
    let persons: HashSet<_> = (0..200)
        .map(|seed| synthetic::person_number(born, seed).expect("a day"))
        .collect();
    assert_eq!(persons.len(), 200);
    // callers keep them in fixtures
    assert_eq!(synthetic::organisation_number(1).as_str(), "376543218");
    for no_day in [
        (1853, 1, 1),
        (2040, 1, 1),
        (1900, 2, 29),
        (2001, 13, 1),
        (2001, 4, 0),
    ] {
        assert_eq!(synthetic::person_number(no_day, 0), Err(IdError::Date));
    }
}

#[test]
fn actors_are_read_leniently() {
    let number = |id: &str| {
        ActorId::new("iso6523-actorid-upis", id)
            .organisation_number()
            .map(|n| n.to_string())
    };
    assert_eq!(number("0192:310702641").as_deref(), Some("310702641"));
    assert_eq!(number("9908:310702641").as_deref(), Some("310702641"));
    assert_eq!(
        number("0192:310702641:MP//avdeling").as_deref(),
        Some("310702641")
    );
    assert_eq!(number("0007:310702641"), None);
    assert_eq!(number("0192:310702642"), None);
    assert_eq!(number("310702641"), None);
}

#[test]
fn a_received_organisation_number_keeps_its_text() {
    let odd = ReceivedOrganisationNumber::new("00210    ");
    assert_eq!(
        (odd.as_str(), odd.checked()),
        ("00210    ", Err(IdError::Length))
    );
    // somebody's number in the wrong field is still somebody's
    let person = synthetic::person_number((1980, 1, 1), 0).expect("a day");
    let misplaced = format!("{:?}", ReceivedOrganisationNumber::new(person.expose()));
    assert!(!misplaced.contains(person.expose()), "{misplaced}");
}
