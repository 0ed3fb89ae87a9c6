use std::borrow::Cow;

use norwegian_ids::mask_person_numbers;
use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::persons;

proptest! {
    #[test]
    fn masked_text_holds_no_number(
        number in persons(),
        before in prop_oneof![
            "[^0-9]{0,12}", "(%[0-9A-F]{2}){0,3}", "(%25[0-9A-F]{2}){0,2}", r"(\\u[0-9a-f]{4}){0,2}",
            "[a-zA-Z]{0,3}=",
        ],
        after in "[^0-9]{0,12}|%[0-9A-F]{2}|\\\\u[0-9a-f]{4}",
    ) {
        let (date, rest) = number.expose().split_at(6);
        // letters in front that are digits of a longer hexadecimal number are another thing
        let before = format!("{before} ");
        for gap in ["", " ", "+", "-", "%20", "\u{a0}"] {
            let text = format!("{before}{date}{gap}{rest}{after}");
            prop_assert_eq!(
                mask_person_numbers(&text), format!("{before}{date}{gap}*****{after}"), "{}", text
            );
        }
    }

    #[test]
    fn escapes_do_not_hide_a_number(number in persons(), code in any::<u8>()) {
        let number = number.expose();
        for escape in [
            format!("%{code:02X}"), format!("%{code:02x}"), format!("%25{code:02X}"),
            format!("\\u00{code:02x}"), format!("\\u00{code:02X}"), "100%".into(), "fnr".into(),
            "pid:".into(), "&#x27;".into(),
        ] {
            let text = format!("{escape}{number}'");
            let masked = mask_person_numbers(&text);
            // the last five digits alone may stand elsewhere, such as in the date
            prop_assert!(!masked.contains(number), "{} {}", text, masked);
        }
    }

    #[test]
    fn other_text_is_lent_back(text in "[^0-9]*|([0-9]{1,5}[a-z/: ]){0,9}|[0-9]{12,40}") {
        prop_assert!(matches!(mask_person_numbers(&text), Cow::Borrowed(_)), "{}", text);
    }

    #[test]
    fn identifiers_survive(bits in any::<u128>(), number in persons(), letter in "[a-f]") {
        // the worst case: eleven digits of a last group that pass for a person
        let number = number.expose();
        let head = format!("{bits:032x}");
        let (a, b, c, d) = (&head[..8], &head[8..12], &head[12..16], &head[16..20]);
        for id in [
            format!("{a}-{b}-{c}-{d}-{number}{letter}"),
            format!("{a}-{b}-{c}-{d}-{letter}{number}"),
            format!("{letter}{a}{number}{b}"),
            head.clone() + &letter,
            format!("17{number}"), // epoch milliseconds
        ] {
            prop_assert_eq!(mask_person_numbers(&id), id.as_str());
        }
    }

    #[test]
    fn no_text_panics_and_masking_twice_changes_nothing(text in any::<String>()) {
        let once = mask_person_numbers(&text);
        prop_assert_eq!(mask_person_numbers(&once), once.as_ref());
    }
}

#[test]
fn several_numbers_in_one_text() {
    assert_eq!(
        mask_person_numbers(r#"{"a":"26899299344","b":26899299344,"c":"310702641"} 268992 99344."#),
        r#"{"a":"268992*****","b":268992*****,"c":"310702641"} 268992 *****."#,
    );
}
