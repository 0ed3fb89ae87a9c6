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
        !number.is_multiple_of(3),
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

/// A list that is made while it is read, of at least so many bytes.
pub(crate) struct Endless {
    bytes: u64,
    given: u64,
    next: usize,
    piece: String,
    at: usize,
    ended: bool,
}

impl Endless {
    pub(crate) fn of(bytes: u64) -> Self {
        let piece = HEAD.to_owned();
        Self {
            bytes,
            given: 0,
            next: 0,
            piece,
            at: 0,
            ended: false,
        }
    }
}

impl std::io::Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let mut written = 0;
        while written < to.len() {
            if self.at == self.piece.len() {
                if self.ended {
                    break;
                }
                self.at = 0;
                self.piece.clear();
                if self.given < self.bytes {
                    write(self.next, &mut self.piece);
                    self.next += 1;
                } else {
                    self.piece.push_str(TAIL);
                    self.ended = true;
                }
            }
            let rest = &self.piece.as_bytes()[self.at..];
            let count = rest.len().min(to.len() - written);
            to[written..written + count].copy_from_slice(&rest[..count]);
            written += count;
            self.at += count;
            self.given += count as u64;
        }
        Ok(written)
    }
}
