//! The table in `fixtures/README.md`: which irregularity of Altinn 2 shows in which fixture.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use crate::fixture::Fixture;

const BEGIN: &str = "<!-- written by `cargo xtask codegen` from here -->\n";
const END: &str = "<!-- to here -->";

/// The list of the wire facts (Altinn 2 §10), in its order.
const IRREGULARITIES: [&str; 30] = [
    "`isTemplated` instead of `templated`; plain JSON `IsTemplated`",
    "`_links` an object (HAL) or an array of `{Rel, Href, …}` (plain)",
    "a list as `_embedded.<key>` or as a bare array, for the same operation",
    "embedded keys in lower case in answers, in Pascal case in requests",
    "a nested HAL object in `Roles` and `Rights`, or a bare array",
    "a one-element array where an object is due",
    "`continuationtoken`, `_links.next`; both absent on an empty list",
    "`RightID` spelt so; `RoleId` missing on inherited roles",
    "names of right sources that differ between rights and app rights",
    "names of actions: `ArchiveRead`, `ReadArchive`, `Archive-Read`, `read`",
    "numbers as strings, strings as numbers",
    "dates with 0 to 7 fractional digits, with and without offset or seconds, smallest and largest",
    "masked person numbers, with and without a blank; masked phrases",
    "trailing blanks in names and numbers, line breaks in descriptions",
    "null, missing, empty and the smallest date all mean \"not set\"",
    "a party as an object or as a string (consent)",
    "member names in Pascal, camel or mixed case (consent requests)",
    "`active` and `Active`; values that nobody knows",
    "errors as a phrase, an object, an array, camel case, HTML",
    "a JSON string as the whole body",
    "claims of the consent token",
    "JWK `n` in standard base64",
    "`IsDelegable`/`IsDelegatable`, `LocalizedRoleName`/`LocalizedRoleTypeName`, …",
    "hrefs: http and https, with and without www, other environments, blanks",
    "spelling of parameters: `serviceEdition` and `serviceEditionCode`, …",
    "the name's parameter: `LastName`, `Name`, `OrganizationName`, `OfferedByName`",
    "documented samples that are no JSON",
    "`Type` `Foretak`",
    "`ServiceCode` `AppId:64`",
    "OData literals, and their errors in the phrase",
];

/// The README with its table brought up to date.
pub(crate) fn readme(text: &str, fixtures: &[Fixture]) -> Result<String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .context("the begin mark is missing")?;
    let (_, after) = rest.split_once(END).context("the end mark is missing")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(fixtures)?))
}

fn table(fixtures: &[Fixture]) -> Result<String> {
    let mut table = String::from("| # | irregularity | fixtures |\n|---|---|---|\n");
    for (number, what) in (1..).zip(IRREGULARITIES) {
        let shown: Vec<String> = fixtures
            .iter()
            .filter(|fixture| fixture.provenance.irregularities.contains(&number))
            .map(|fixture| {
                let path = fixture
                    .path
                    .strip_prefix("fixtures")
                    .unwrap_or(&fixture.path);
                let name = path.with_extension("").display().to_string();
                format!(
                    "[{}]({})",
                    name.trim_start_matches("altinn2/"),
                    path.display()
                )
            })
            .collect();
        let shown = if shown.is_empty() {
            "not yet".to_owned()
        } else {
            shown.join(", ")
        };
        writeln!(table, "| {number} | {what} | {shown} |")?;
    }
    for fixture in fixtures {
        let numbers = &fixture.provenance.irregularities;
        ensure!(
            numbers
                .iter()
                .all(|number| (1..=IRREGULARITIES.len()).contains(&usize::from(*number))),
            "{}: the irregularities are numbered 1 to 30",
            fixture.path.display()
        );
    }
    Ok(table)
}
