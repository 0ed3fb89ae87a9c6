//! PEM texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maskinporten::Signer;

fuzz_target!(|bytes: &[u8]| {
    let _ = Signer::from_pem(bytes);
    let _ = Signer::from_encrypted_pem(bytes, &"password".into());
});
