#![no_main]

#[path = "../../tests/it/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &[u8]| targets::template(text));
