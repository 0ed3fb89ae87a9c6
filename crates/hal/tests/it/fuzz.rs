//! The fuzz targets of `fuzz/`, on stable and for a bounded time: with the corpus, with the samples, and with seeded
//! mutations of both. `FUZZ_ROUNDS` makes them more.

use std::path::Path;

use crate::targets;

/// xorshift: the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or(0)
    }
}

fn corpus(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in folder.read_dir().expect("the corpus") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read(path).expect("a file"))
        .collect()
}

fn mutated(corpus: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut text = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(text.len() + 1);
        match dice.below(6) {
            0 => text.truncate(at),
            1 => {
                let word = words[dice.below(words.len())];
                text.splice(at..at, word.bytes());
            }
            2 => {
                let end = (at + dice.below(9)).min(text.len());
                text.drain(at..end);
            }
            3 => {
                // a piece of another
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(60)).min(other.len());
                text.splice(at..at, other[from..to].iter().copied());
            }
            4 => {
                // a piece of itself again
                let end = (at + dice.below(40)).min(text.len());
                let again = text[at..end].to_vec();
                text.splice(at..at, again);
            }
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte = u8::try_from(dice.below(256)).unwrap_or(0);
                }
            }
        }
    }
    text
}

fn run(target: fn(&[u8]), corpus: &[Vec<u8>], words: &[&str]) {
    for text in corpus {
        target(text);
    }
    let rounds = std::env::var("FUZZ_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4000);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        let text = mutated(corpus, words, &mut dice);
        if let Err(panic) = std::panic::catch_unwind(|| target(&text)) {
            eprintln!("with {:?}", String::from_utf8_lossy(&text));
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn decoding() {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "null",
        "true",
        "1e999",
        "-0",
        "18446744073709551616",
        "\"_links\":",
        "\"_embedded\":",
        "\"href\":",
        "\"self\":",
        "\"Rel\":\"x\",",
        "\"isTemplated\":1,",
        "\\ud800",
        "\u{feff}",
        "{\"_embedded\":{\"x\":[",
    ];
    run(
        targets::decode,
        &corpus(&[
            "tests/samples",
            "tests/samples/invalid",
            "fuzz/corpus/decode",
        ]),
        &words,
    );
}

#[test]
fn template_expansion() {
    let words = [
        "{", "}", "+", "#", "/", ".", ";", "?", "&", "*", ":3", ":9999", ",", "%", "%C3%A6",
        "\u{e5}", "\n", "{x*}", "{?y,z*}",
    ];
    run(
        targets::template,
        &corpus(&["fuzz/corpus/template"]),
        &words,
    );
}
