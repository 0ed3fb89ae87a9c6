//! A token's claims, as whoever fetched it reads them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = format!("{:?}", maskinporten::Claims::of_token(text));
});
