//! Private JWK and JWKS, bare or in base64.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maskinporten::Signer;

fuzz_target!(|bytes: &[u8]| {
    let _ = Signer::from_jwk(bytes);
});
