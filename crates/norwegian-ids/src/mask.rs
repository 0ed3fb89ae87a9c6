use std::borrow::Cow;
use std::iter;

use crate::person::could_be_a_person;

/// What may stand between the date and the rest of a number. A blank is how people write it; the
/// others are what a URL or a page makes of a blank, and a hyphen.
const SEPARATORS: [&str; 5] = [" ", "-", "+", "%20", "\u{a0}"];

const STARS: &str = "*****";

/// Masks every person number in a text: `26899299344` becomes `268992*****`, and
/// `268992 99344` becomes `268992 *****`.
///
/// For logs, errors and bodies of unknown shape. What is masked: eleven digits, with nothing, a
/// blank (also `+`, `%20` or a no-break space) or a hyphen after the sixth, that begin with a date and
/// whose check digits fit by today's rule or by that of 2032; D-numbers and synthetic ones too. They
/// are found next to letters and right after an escape (`%27`, `%2527`, `\u0027`), whose own
/// digits would otherwise hide them.
///
/// What stays: longer and shorter runs of digits (times in milliseconds, organisation numbers),
/// eleven digits that nobody can have (about 99 of 100 random ones), and everything in a UUID, a trace
/// or span id, or another lower- or upper-case hexadecimal number of at least 16 digits that has a
/// letter. Where in doubt it masks: an account number that passes for a person number is masked.
///
/// ```
/// use norwegian_ids::mask_person_numbers;
///
/// let line = "subject=26899299344 at 1716973845123 from 310702641";
/// assert_eq!(mask_person_numbers(line), "subject=268992***** at 1716973845123 from 310702641");
/// assert_eq!(mask_person_numbers("eq%20%2726899299344%27"), "eq%20%27268992*****%27");
/// ```
#[must_use]
pub fn mask_person_numbers(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(run) = next_run(bytes, at) {
        at = run.1;
        if let Some(hidden) = hidden_part(text, run) {
            masked.push_str(&text[copied..hidden.0]);
            masked.push_str(STARS);
            (copied, at) = (hidden.1, hidden.1);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// Start and end of the next run of digits.
fn next_run(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
    let length = bytes[start..].iter().position(|b| !b.is_ascii_digit());
    Some((start, length.map_or(bytes.len(), |length| start + length)))
}

/// The five digits to hide of a number that begins in this run, if one does.
fn hidden_part(text: &str, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if end - start < 6 || in_hexadecimal_id(bytes, start, end) {
        return None;
    }
    possible_starts(bytes, start).find_map(|start| match end.checked_sub(start)? {
        11 if could_be_a_person(&bytes[start..end]) => Some((start + 6, end)),
        6 => {
            let after = &text[end..];
            let gap = SEPARATORS
                .iter()
                .find(|gap| after.starts_with(**gap))?
                .len();
            let (rest, rest_end) = next_run(bytes, end + gap)?;
            let together = [&bytes[start..end], &bytes[rest..rest_end]].concat();
            (rest == end + gap && could_be_a_person(&together)).then_some((rest, rest_end))
        }
        _ => None,
    })
}

/// Where a number may begin in a run of digits: at its start, or after the digits that belong to
/// an escape in front of it.
fn possible_starts(bytes: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let after_escapes = (0..=3).filter_map(move |taken| {
        let origin = start.checked_sub(taken)?;
        let (head, escape) = bytes.split_at(origin);
        escape[..taken]
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(())?;
        let length = if head.ends_with(b"\\u") {
            [Some(4), None]
        } else if head.ends_with(b"%25") {
            [Some(2), None]
        } else if head.ends_with(b"%") {
            // a percent sign that was itself escaped, as in %2527, adds two more
            [Some(2), escape.starts_with(b"25").then_some(4)]
        } else {
            return None;
        };
        Some(
            length
                .into_iter()
                .flatten()
                .map(move |length| origin + length),
        )
    });
    iter::once(start).chain(after_escapes.flatten().filter(move |at| *at > start))
}

/// Whether the run is part of a UUID or of a long hexadecimal number.
fn in_hexadecimal_id(bytes: &[u8], start: usize, end: usize) -> bool {
    let hex = |b: &&u8| b.is_ascii_hexdigit();
    let first = start - bytes[..start].iter().rev().take_while(hex).count();
    let last = end + bytes[end..].iter().take_while(hex).count();
    let alone = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    if !alone(first.checked_sub(1).and_then(|at| bytes.get(at))) || !alone(bytes.get(last)) {
        return false;
    }
    let has_letter = bytes[first..last].iter().any(u8::is_ascii_alphabetic);
    (last - first >= 16 && has_letter)
        || (last - first == 12 && has_letter && first >= 24 && is_uuid(&bytes[first - 24..last]))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
