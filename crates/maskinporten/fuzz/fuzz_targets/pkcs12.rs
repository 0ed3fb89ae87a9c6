//! PKCS#12 files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maskinporten::Signer;

fuzz_target!(|bytes: &[u8]| {
    let _ = Signer::from_pkcs12(bytes, &"password".into());
    let _ = Signer::from_pkcs12_alias(bytes, &"password".into(), "a");
});
