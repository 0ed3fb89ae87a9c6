//! Names of the wire as Rust names.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// A field's name: snake case, with acronyms and their plurals kept together.
pub(crate) fn field(wire: &str) -> String {
    let name = settle_acronyms(wire).to_snake_case();
    match name.as_str() {
        // the keywords that cannot be raw identifiers
        "self" | "super" | "crate" => format!("{name}_"),
        _ => name,
    }
}

/// A variant's name.
pub(crate) fn variant(wire: &str) -> String {
    settle_acronyms(wire).to_upper_camel_case()
}

/// `RightIDs` as `RightIds`: heck would make it `right_i_ds`.
fn settle_acronyms(wire: &str) -> String {
    let letters: Vec<char> = wire.chars().collect();
    let mut settled = String::with_capacity(wire.len());
    let mut i = 0;
    while i < letters.len() {
        let acronym = letters[i..]
            .iter()
            .take_while(|letter| letter.is_uppercase())
            .count();
        let after = letters.get(i + acronym..).unwrap_or_default();
        let plural = acronym > 1
            && after.first() == Some(&'s')
            && !after.get(1).is_some_and(|c| c.is_lowercase());
        settled.push(letters[i]);
        for letter in letters.iter().skip(i + 1).take(acronym.saturating_sub(1)) {
            if plural {
                settled.extend(letter.to_lowercase());
            } else {
                settled.push(*letter);
            }
        }
        i += acronym.max(1);
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_become_rust_names() {
        for (wire, name) in [
            ("RightIDs", "right_ids"),
            ("RightID", "right_id"),
            ("PartyUUID", "party_uuid"),
            ("SystemResourceID", "system_resource_id"),
            ("EMailAddress", "e_mail_address"),
            ("IsXSDs", "is_xsds"),
            ("partyUuid", "party_uuid"),
            ("legacyurn ", "legacyurn"),
            ("Status", "status"),
            ("self", "self_"),
            ("mime-type", "mime_type"),
        ] {
            assert_eq!(field(wire), name, "{wire}");
        }
        assert_eq!(variant("client-delegation"), "ClientDelegation");
    }
}
