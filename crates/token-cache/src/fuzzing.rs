//! What a fuzzer throws bytes at: every parser of what others may have written. `fuzz/` runs these
//! without end; the tests below run them over its corpus and seeded mutations of it.

use std::time::{Duration, UNIX_EPOCH};

use crate::key::TokenKey;
use crate::offset::ClockOffset;
use crate::store::EncryptionKey;
use crate::store::format;
use crate::store::sealed::Sealer;

/// The token file: what parses prints to what parses to the same.
pub fn token_file(bytes: &[u8]) {
    let Ok(entries) = format::parse(bytes) else {
        return;
    };
    let now = Duration::from_secs(1_767_268_800);
    let printed = format::print(&entries);
    let again = format::parse(&printed).unwrap_or_default();
    assert_eq!(again.len(), entries.len());
    for (one, other) in entries.into_iter().zip(again) {
        assert_eq!((one.name, one.hash()), (other.name, other.hash()));
        assert_eq!(one.remaining(now), other.remaining(now));
        let stored = one.at(now);
        assert!(stored.is_none_or(|stored| stored.remaining() <= stored.lifetime()));
    }
}

/// A value of the Redis store: as it stands there, and as what somebody with the key has sealed.
pub fn sealed_value(bytes: &[u8]) {
    let sealer = Sealer::new(&EncryptionKey::new([7; 32]));
    let name = sealer.name(&TokenKey::builder("fuzz").build());
    let left = Duration::from_secs(60);
    assert!(
        sealer.open(name, bytes, left).is_err(),
        "nobody has sealed that"
    );
    let head = sealer.head(crate::TokenHash::of(bytes));
    if let Some(value) = sealer.seal_bytes(name, head, bytes) {
        let opened = sealer.open(name, &value, left);
        let text = bytes.get(8..).map(std::str::from_utf8);
        assert_eq!(opened.is_ok(), matches!(text, Some(Ok(_))));
        assert!(
            opened.is_ok_and(|token| token.remaining() <= token.lifetime())
                || text.is_none()
                || matches!(text, Some(Err(_)))
        );
    }
}

/// The `Date` header of an answer, and an encryption key in the settings.
pub fn texts(bytes: &[u8]) {
    if let Ok(value) = http::HeaderValue::from_bytes(bytes) {
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::DATE, value);
        let sent = UNIX_EPOCH + Duration::from_secs(1_767_268_800);
        let offset = ClockOffset::new();
        offset.observe(&headers, sent, sent + Duration::from_secs(1));
        let bound = ClockOffset::BOUND.as_secs();
        assert!(offset.whole_seconds().unsigned_abs() <= bound);
        let corrected = offset.correct(sent);
        let difference = corrected.duration_since(sent);
        let difference = difference.unwrap_or_else(|error| error.duration());
        assert!(difference.as_secs() <= bound);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let key = text.parse::<EncryptionKey>();
        assert!(key.is_err() || text.trim().len() == 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The corpus as it is, and `rounds` mutations of each, the same in every run.
    fn run(target: &str, parse: fn(&[u8]), rounds: u32) -> Vec<Vec<u8>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        let mut corpus: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect();
        corpus.sort();
        let mut chance = fastrand::Rng::with_seed(20_261_125);
        for seed in &corpus {
            parse(seed);
            for _ in 0..rounds {
                let mut bytes = seed.clone();
                for _ in 0..=chance.usize(..4) {
                    mutate(&mut bytes, &corpus, &mut chance);
                }
                parse(&bytes);
            }
        }
        corpus
    }

    fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], chance: &mut fastrand::Rng) {
        let at = chance.usize(..=bytes.len());
        match chance.u8(..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.u8(..)),
            2 if at < bytes.len() => bytes[at] ^= 1 << chance.u8(..8),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => {
                let other = &corpus[chance.usize(..corpus.len())];
                let from = chance.usize(..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let copy = bytes[at..].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }

    #[test]
    fn token_files() {
        let corpus = run("token_file", token_file, 3000);
        let whole = corpus.iter().filter(|bytes| format::parse(bytes).is_ok());
        assert!(
            whole.count() >= 2,
            "a corpus that never gets past the checksum"
        );
        // past the checksum: mutations of what it protects, with the right one put under them
        let mut chance = fastrand::Rng::with_seed(7);
        for seed in corpus.iter().filter(|bytes| format::parse(bytes).is_ok()) {
            for _ in 0..3000 {
                let mut bytes = seed[..seed.len() - 65].to_vec();
                mutate(&mut bytes, &corpus, &mut chance);
                token_file(&format::with_checksum(&bytes));
            }
        }
    }

    #[test]
    fn sealed_values() {
        run("sealed_value", sealed_value, 1000);
    }

    #[test]
    fn dates_and_keys() {
        run("texts", texts, 5000);
    }
}
