//! Rights as the rights API sends them (Altinn 2): compact, PascalCase, `_links` last.

use std::fmt::Write;

const ACTIONS: [&str; 4] = ["Read", "Write", "Sign", "ArchiveRead"];
const SOURCES: [&str; 2] = ["RoleTypeRights", "DirectlyDelegatedRights"];

/// How a list begins and ends.
pub(crate) const HEAD: &str = r#"{"_links":{"self":{"href":"https://www.altinn.no/api/310702617/authorization/delegations/r50170466/rights"}},"_embedded":{"rights":["#;
pub(crate) const TAIL: &str = "]}}";

/// Appends the right of this number.
pub(crate) fn write(number: usize, to: &mut String) {
    let id = 10_000_000 + number;
    let comma = if number == 0 { "" } else { "," };
    let _ = write!(
        to,
        r#"{comma}{{"RightID":{id},"RightType":"Service","ServiceCode":"{}","ServiceEditionCode":{},"Action":"{}","RightSourceType":"{}","IsDelegatable":{},"_links":{{"self":{{"href":"https://www.altinn.no/api/my/authorization/rights/{id}"}}}}}}"#,
        1000 + number % 5000,
        number % 200_000,
        ACTIONS[number % 4],
        SOURCES[number % 2],
        number % 3 > 0,
    );
}

/// A list of so many.
pub(crate) fn list(count: usize) -> Vec<u8> {
    let mut json = String::from(HEAD);
    for number in 0..count {
        write(number, &mut json);
    }
    json.push_str(TAIL);
    json.into_bytes()
}
