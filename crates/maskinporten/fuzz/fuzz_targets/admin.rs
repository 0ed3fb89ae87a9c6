//! Answers of the administration API: the first byte chooses the status.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use maskinporten::admin::{Admin, AdminUrl};
use maskinporten::{Algorithm, Client, Environment, KeyReference, Sign, SignError, Signer};

#[derive(Debug)]
struct Key;

impl Sign for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }
    fn key_reference(&self) -> Option<KeyReference> {
        "k".parse().ok().map(KeyReference::KeyId)
    }
    fn sign<'a>(&'a self, _: &'a [u8]) -> http_transport::BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async { Ok(vec![7; 256]) })
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = bytes.split_first().unwrap_or((&b'2', &[]));
    let status = if *first == b'4' { 400 } else { 200 };
    let body = bytes::Bytes::copy_from_slice(rest);
    let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
        let response = if request.uri().path() == "/token" {
            http::Response::builder().body(bytes::Bytes::from_static(
                br#"{"access_token":"t0ken","token_type":"Bearer","expires_in":119}"#,
            ))
        } else {
            http::Response::builder().status(status).body(body.clone())
        };
        async move { Ok(response.unwrap_or_default()) }
    });
    let client = Client::builder(Environment::test(), "c".parse().unwrap(), Signer::new(Key).unwrap())
        .transport(Arc::new(transport))
        .build()
        .unwrap();
    let admin = Admin::new(AdminUrl::test(), client);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let id = "c".parse().unwrap();
        let _ = format!("{:?}", admin.client(&id).await);
        let _ = format!("{:?}", admin.keys(&id).await);
        let _ = format!("{:?}", admin.scopes().await);
        let _ = format!("{:?}", admin.granted_to_us().await);
    });
});
