//! What a token that is in the cache costs: the full request (`client.token(&request)`), and a handle
//! that is kept, beside a hit of `moka`'s future cache under the same key.
//!
//! ```text
//! cargo bench -p maskinporten --bench hit
//! ```

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_transport::from_fn;
use maskinporten::{Client, Environment, Signer, TokenRequest};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use token_cache::TokenKey;

type Failure = Box<dyn std::error::Error>;

const TURNS: usize = 101;
const CALLS: u32 = 20_000;

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _inside = runtime.enter();
    let client = client()?;
    let request = TokenRequest::scopes(["difitest:test1".parse()?]);
    runtime.block_on(client.token(&request))?;
    let handle = client.handle(&request)?;

    let moka: moka::future::Cache<TokenKey, Arc<String>> = moka::future::Cache::builder()
        .time_to_live(Duration::from_secs(3600))
        .max_capacity(10_000)
        .build();
    let key = client.token_key(&request);
    runtime.block_on(moka.insert(key, Arc::new("t".repeat(900))));

    let contenders: [(&str, &mut dyn FnMut()); 5] = [
        ("hit of a `moka` future cache, its key at hand", &mut || {
            black_box(now(moka.get(&key)));
        }),
        (
            "`client.token(&request)`, the same request again",
            &mut || {
                black_box(now(client.token(&request)).is_ok());
            },
        ),
        ("a handle that is kept (`handle.token()`)", &mut || {
            black_box(now(handle.token()).is_ok());
        }),
        ("hit of `moka`, its key made of the request", &mut || {
            black_box(now(moka.get(&client.token_key(&request))));
        }),
        (
            "`client.token(&request)`, the request made anew",
            &mut || {
                black_box(now(client.token(&request.clone())).is_ok());
            },
        ),
    ];
    let mut times = vec![Vec::new(); contenders.len()];
    for turn in 0..TURNS {
        for place in 0..contenders.len() {
            let index = (place + turn) % contenders.len();
            let start = Instant::now();
            for _ in 0..CALLS {
                (contenders[index].1)();
            }
            times[index].push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
        }
    }
    let times: Vec<f64> = times.into_iter().map(median).collect();
    println!("| what | ns, median of {TURNS} | times as fast as `moka` |");
    println!("|---|---|---|");
    for (index, (name, _)) in contenders.iter().enumerate() {
        // each beside the rival that does as much
        let rival = if index < 3 { times[0] } else { times[3] };
        println!(
            "| {name} | {:.1} | {:.1} |",
            times[index],
            rival / times[index]
        );
    }
    Ok(())
}

/// A hit is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the token is in the cache"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn client() -> Result<Client, Failure> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let signer = Signer::from_pem(&key.private_key_to_pem_pkcs8()?)?.with_kid("key-1".parse()?);
    let answering = from_fn(|_: http::Request<Bytes>| async {
        let body = format!(
            r#"{{"access_token":"{}","token_type":"Bearer","expires_in":7199}}"#,
            "t".repeat(900)
        );
        let mut response = http::Response::new(Bytes::from(body));
        response.headers_mut().insert(
            "content-type",
            http::HeaderValue::from_static("application/json"),
        );
        Ok(response)
    });
    let id = "238259d7-f0ab-4bd5-b253-0f0159375096".parse()?;
    Ok(Client::builder(Environment::test(), id, signer)
        .transport(Arc::new(answering))
        .build()?)
}
