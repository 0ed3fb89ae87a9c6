#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| token_cache::fuzzing::sealed_value(bytes));
