//! The metadata document, and what is trusted of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maskinporten::{Environment, Metadata};

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = serde_json::from_slice::<Metadata>(bytes) else {
        return;
    };
    let url = "https://test.maskinporten.no/.well-known/oauth-authorization-server";
    if let Ok(environment) = Environment::from_metadata(url, &document) {
        assert_eq!(
            environment.token_endpoint().host_str(),
            Some("test.maskinporten.no")
        );
    }
});
