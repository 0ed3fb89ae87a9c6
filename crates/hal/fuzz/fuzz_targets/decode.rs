#![no_main]

#[path = "../../tests/it/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|json: &[u8]| targets::decode(json));
