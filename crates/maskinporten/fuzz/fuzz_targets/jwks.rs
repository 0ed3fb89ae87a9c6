//! The issuer's keys, and a token to validate with them: separated by a line break.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use maskinporten::{Environment, validate::Validator};

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (jwks, token) = bytes.split_at(end.unwrap_or(bytes.len()));
    let jwks = bytes::Bytes::copy_from_slice(jwks);
    let transport = http_transport::from_fn(move |_: http::Request<bytes::Bytes>| {
        let jwks = jwks.clone();
        async move { Ok(http::Response::new(jwks)) }
    });
    let validator = Validator::builder(Environment::test())
        .transport(Arc::new(transport))
        .build()
        .unwrap();
    let token = String::from_utf8_lossy(token);
    let token = if token.is_empty() { "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJkWExFV25EIn0.e30.AAAA" } else { token.trim() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = runtime.block_on(validator.validate(token));
});
