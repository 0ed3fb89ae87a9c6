//! Every parser of outside bytes, on its corpus and on seeded mutations of it. The fuzz targets in
//! `fuzz/` are the same functions with more time.

use std::path::Path;
use std::sync::Arc;

use maskinporten::{Claims, Client, Environment, Metadata, TokenRequest};

use crate::support::{CLIENT_ID, with_certificate};

/// Mutations of each file.
const ROUNDS: u64 = 400;

/// xorshift64*: the same bytes on every machine.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end.max(1)
    }

    /// One to four of what files suffer: bits flipped, bytes lost, doubled, cut off, or exchanged for
    /// those that mean something.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        const MEANINGFUL: &[u8] = b"{}[]\",:.-_=\\\x00\x7f\x80\xff0\n";
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                break;
            }
            let place = self.below(bytes.len());
            match self.below(6) {
                0 => bytes[place] ^= 1 << self.below(8),
                1 => bytes[place] = MEANINGFUL[self.below(MEANINGFUL.len())],
                2 => drop(bytes.remove(place)),
                3 => bytes.truncate(place),
                4 => {
                    let end = (place + self.below(40)).min(bytes.len());
                    let piece = bytes[place..end].to_vec();
                    bytes.splice(place..place, piece);
                }
                _ => bytes.insert(place, MEANINGFUL[self.below(MEANINGFUL.len())]),
            }
        }
        bytes
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

fn survives(seeds: Vec<Vec<u8>>, parse: impl Fn(&[u8])) {
    let mut random = Seeded(0x9E37_79B9_7F4A_7C15);
    for seed in seeds {
        parse(&seed);
        for _ in 0..ROUNDS {
            parse(&random.mutate(&seed));
        }
    }
}

#[test]
fn answers_of_the_token_endpoint() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    survives(corpus("answer"), |bytes| runtime.block_on(answer(bytes)));
}

/// As `fuzz_targets/answer.rs` does it.
async fn answer(bytes: &[u8]) {
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
    let client = Client::builder(
        Environment::test(),
        CLIENT_ID.parse().unwrap(),
        with_certificate(),
    )
    .transport(Arc::new(transport))
    .build()
    .unwrap();
    let request = TokenRequest::scopes(["difitest:test1".parse().unwrap()]);
    let source = client.source(&request);
    let outcome = token_cache::Source::fetch(&source, token_cache::Attempt::first()).await;
    if let Err(error) = outcome {
        let _ = format!("{error} {error:?} {:?}", error.diagnosis());
    }
}

#[test]
fn tokens() {
    survives(corpus("claims"), |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = format!("{:?}", Claims::of_token(text));
        }
    });
}

#[test]
fn metadata_documents() {
    survives(corpus("metadata"), |bytes| {
        if let Ok(document) = serde_json::from_slice::<Metadata>(bytes) {
            let url = "https://test.maskinporten.no/.well-known/oauth-authorization-server";
            if let Ok(environment) = Environment::from_metadata(url, &document) {
                // what is trusted stays with the issuer
                let host = environment.token_endpoint().host_str();
                assert_eq!(host, Some("test.maskinporten.no"));
            }
        }
    });
}

#[cfg(feature = "openssl")]
#[test]
fn key_files() {
    use maskinporten::Signer;

    use crate::keys::made::{Leaf, PASSWORD, Pki, p12, p12_of_two, pem_of};

    let pki = Pki::new();
    let issued = pki.issue(&Leaf::default());
    let password = PASSWORD.into();
    // keys are made here and now; the corpus of the fuzz targets holds none
    let p12s = [
        corpus("pkcs12"),
        vec![
            p12(&issued.key, &issued.certificate, &[&pki.intermediate]),
            p12_of_two(("a", &issued), ("b", &issued)),
        ],
    ];
    survives(p12s.concat(), |bytes| {
        let _ = Signer::from_pkcs12_alias(bytes, &password, "a");
    });
    let pems = [
        corpus("pem"),
        vec![pem_of(&issued.key, &[&issued.certificate])],
    ];
    survives(pems.concat(), |bytes| {
        let _ = Signer::from_pem(bytes);
        let _ = Signer::from_encrypted_pem(bytes, &password);
    });
    let jwk = crate::jwk::jwk(&issued.key).to_string().into_bytes();
    survives([corpus("jwk"), vec![jwk]].concat(), |bytes| {
        let _ = Signer::from_jwk(bytes);
    });
}

#[cfg(feature = "validate")]
#[test]
fn tokens_and_key_sets_that_are_validated() {
    use maskinporten::validate::Validator;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let validate = |jwks: Vec<u8>, token: &str| {
        let jwks = bytes::Bytes::from(jwks);
        let transport = http_transport::from_fn(move |_: http::Request<bytes::Bytes>| {
            let jwks = jwks.clone();
            async move { Ok(http::Response::new(jwks)) }
        });
        let validator = Validator::builder(Environment::test())
            .transport(Arc::new(transport))
            .build()
            .unwrap();
        // nobody has signed any of these
        assert!(runtime.block_on(validator.validate(token)).is_err());
    };
    let token = String::from_utf8(corpus("claims").remove(0)).unwrap();
    survives(corpus("jwks"), |bytes| validate(bytes.to_vec(), &token));
    let jwks = corpus("jwks").remove(0);
    survives(corpus("claims"), |bytes| {
        validate(jwks.clone(), &String::from_utf8_lossy(bytes));
    });
}

#[cfg(feature = "admin")]
#[test]
fn answers_of_the_administration_api() {
    use maskinporten::admin::{Admin, AdminUrl};

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    survives(corpus("admin"), |bytes| {
        let (first, rest) = bytes.split_first().unwrap_or((&b'2', &[]));
        let status = if *first == b'4' { 400 } else { 200 };
        let body = bytes::Bytes::copy_from_slice(rest);
        let transport = http_transport::from_fn(move |request: http::Request<bytes::Bytes>| {
            let answer = if request.uri().path() == "/token" {
                crate::support::token_answer("t0ken")
            } else {
                Ok(http::Response::builder()
                    .status(status)
                    .body(body.clone())
                    .unwrap())
            };
            async move { answer }
        });
        let client = Client::builder(
            Environment::test(),
            CLIENT_ID.parse().unwrap(),
            with_certificate(),
        )
        .transport(Arc::new(transport))
        .build()
        .unwrap();
        let admin = Admin::new(AdminUrl::test(), client);
        runtime.block_on(async {
            let id = CLIENT_ID.parse().unwrap();
            let _ = format!("{:?}", admin.client(&id).await);
            let _ = format!("{:?}", admin.keys(&id).await);
            let _ = format!("{:?}", admin.scopes().await);
            let _ = format!("{:?}", admin.granted_to_us().await);
        });
    });
}
