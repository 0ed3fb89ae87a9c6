//! Answers of the token endpoint: the first byte chooses the status.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use maskinporten::{Algorithm, Client, Environment, KeyReference, Sign, SignError, Signer, TokenRequest};
use token_cache::{Attempt, Source};

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
    let status = match first {
        b'4' => 400,
        b'3' => 403,
        _ => 200,
    };
    let body = bytes::Bytes::copy_from_slice(rest);
    let transport = http_transport::from_fn(move |_: http::Request<bytes::Bytes>| {
        let response = http::Response::builder().status(status).body(body.clone());
        async move { Ok(response.unwrap_or_default()) }
    });
    let client = Client::builder(Environment::test(), "c".parse().unwrap(), Signer::new(Key).unwrap())
        .transport(Arc::new(transport))
        .build()
        .unwrap();
    let source = client.source(&TokenRequest::scopes(["difitest:test1".parse().unwrap()]));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if let Err(error) = runtime.block_on(source.fetch(Attempt::first())) {
        let _ = format!("{error} {error:?} {:?}", error.diagnosis());
    }
});
