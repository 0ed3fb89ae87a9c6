//! How much of the time of a grant is the signature itself: the whole way from a request to a signed
//! grant, against `EVP_PKEY_sign` on a ready digest with the same key, in turns in one process.
//!
//! ```text
//! cargo bench -p maskinporten
//! ```
//!
//! `cargo bench -p maskinporten -- --require 0.97` fails where the median is below that.

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::time::{Duration, Instant};

use http_transport::from_fn;
use maskinporten::{Client, Environment, Signer, TokenRequest};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::md::Md;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding, Rsa};
use openssl::x509::{X509, X509NameBuilder};

type Failure = Box<dyn std::error::Error>;

/// Rounds of each length: each round measures both, one after the other.
const ROUNDS: usize = 101;
/// How long each half of a round takes.
const HALF: Duration = Duration::from_millis(30);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return Ok(());
    }
    let required = arguments
        .iter()
        .position(|argument| argument == "--require")
        .and_then(|index| arguments.get(index + 1))
        .map(|ratio| ratio.parse::<f64>())
        .transpose()?;
    println!(
        "| key | `EVP_PKEY_sign` alone, per s | grant built and signed, per s | ratio, median of {ROUNDS} |"
    );
    println!("|---|---|---|---|");
    let mut least: f64 = 1.0;
    for bits in [2048, 3072, 4096] {
        least = least.min(row(bits)?);
    }
    match required {
        Some(required) if least < required => {
            Err(format!("the least ratio is {least:.3}, under {required}").into())
        }
        _ => Ok(()),
    }
}

fn row(bits: u32) -> Result<f64, Failure> {
    let key = PKey::from_rsa(Rsa::generate(bits)?)?;
    let client = client(&key)?;
    let request = TokenRequest::scopes(["difitest:test1".parse()?]);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;

    let digest = openssl::sha::sha256(b"a ready digest");
    let mut context = PkeyCtx::new(&key)?;
    context.sign_init()?;
    context.set_rsa_padding(Padding::PKCS1)?;
    context.set_signature_md(Md::sha256())?;
    let mut signature = vec![0; key.size()];

    let mut limit = || context.sign(&digest, Some(&mut signature)).map(drop);
    let grant = || runtime.block_on(client.assertion(&request)).map(drop);
    // warm caches on both sides
    rate(&mut limit)?;
    rate(grant)?;
    let (mut limits, mut grants, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // in changing order, so that neither is always the one after the other
        let (alone, whole) = if round % 2 == 0 {
            let alone = rate(&mut limit)?;
            (alone, rate(grant)?)
        } else {
            let whole = rate(grant)?;
            (rate(&mut limit)?, whole)
        };
        limits.push(alone);
        grants.push(whole);
        ratios.push(whole / alone);
    }
    let ratio = median(ratios);
    println!(
        "| {bits} | {:.0} | {:.0} | {ratio:.3} |",
        median(limits),
        median(grants)
    );
    Ok(ratio)
}

fn rate<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < HALF {
        work()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A client with a leaf and one issuer in its header.
fn client(key: &PKey<Private>) -> Result<Client, Failure> {
    let issuer_key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let issuer = certificate("Issuer", &issuer_key, "Root", &issuer_key)?;
    let leaf = certificate("TESTVIRKSOMHET AS", key, "Issuer", &issuer_key)?;
    let mut pem = key.private_key_to_pem_pkcs8()?;
    for one in [leaf, issuer] {
        pem.extend(one.to_pem()?);
    }
    let nobody = from_fn(|_: http::Request<bytes::Bytes>| async { Ok(http::Response::default()) });
    Ok(Client::builder(
        Environment::test(),
        "238259d7-f0ab-4bd5-b253-0f0159375096".parse()?,
        Signer::from_pem(&pem)?,
    )
    .transport(std::sync::Arc::new(nobody))
    .build()?)
}

fn certificate(
    subject: &str,
    key: &PKey<Private>,
    issuer: &str,
    issuer_key: &PKey<Private>,
) -> Result<X509, Failure> {
    let name = |text: &str| {
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("CN", text)?;
        name.append_entry_by_text("O", text)?;
        name.append_entry_by_text("serialNumber", "991825827")?;
        Ok::<_, Failure>(name.build())
    };
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let (serial, subject, issuer) = (BigNum::from_u32(1)?, name(subject)?, name(issuer)?);
    let serial = Asn1Integer::from_bn(&serial)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&issuer)?;
    builder.set_pubkey(key)?;
    let (from, until) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(365)?);
    builder.set_not_before(&from)?;
    builder.set_not_after(&until)?;
    builder.sign(issuer_key, MessageDigest::sha256())?;
    Ok(builder.build())
}
