//! A list of 40 000 rights in 10 MB, as the rights API sends it: decoded and encoded by this crate and
//! by its rivals, each beside the other in the same run.
//!
//! `cargo bench -p hal-json --bench list`

#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use hal::{Links, List, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[path = "shared/rights.rs"]
#[allow(dead_code, reason = "shared by the benches and a test")]
mod rights;

/// The members of a right, the same for all.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(rename = "RightID")]
    id: u64,
    right_type: String,
    service_code: String,
    service_edition_code: u32,
    action: String,
    right_source_type: String,
    is_delegatable: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Plain<L> {
    #[serde(rename = "RightID")]
    id: u64,
    right_type: String,
    service_code: String,
    service_edition_code: u32,
    action: String,
    right_source_type: String,
    is_delegatable: bool,
    #[serde(rename = "_links")]
    links: L,
}

#[cfg(feature = "derive")]
#[derive(hal::HalSerialize, hal::HalDeserialize)]
#[serde(rename_all = "PascalCase")]
struct Derived {
    #[serde(rename = "RightID")]
    id: u64,
    right_type: String,
    service_code: String,
    service_edition_code: u32,
    action: String,
    right_source_type: String,
    is_delegatable: bool,
    #[hal(link = "self")]
    itself: hal::Link,
}

#[derive(Serialize, Deserialize)]
struct PlainLink {
    href: String,
}

#[derive(Serialize, Deserialize)]
struct PlainLinks {
    #[serde(rename = "self")]
    itself: PlainLink,
}

#[derive(Serialize, Deserialize)]
struct PlainParts<T> {
    rights: Vec<T>,
}

#[derive(Serialize, Deserialize)]
struct PlainList<T> {
    #[serde(rename = "_links")]
    links: PlainLinks,
    #[serde(rename = "_embedded")]
    embedded: PlainParts<T>,
}

type Rival<'a> = (&'static str, Box<dyn FnMut() -> Duration + 'a>);

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let done = black_box(work());
    let took = start.elapsed();
    drop(done);
    took
}

fn decoding<'a, T: Deserialize<'a> + 'a>(name: &'static str, json: &'a [u8]) -> Rival<'a> {
    let decode = move || timed(|| serde_json::from_slice::<T>(black_box(json)).expect("the list"));
    (name, Box::new(decode))
}

fn reading<'a, T: Deserialize<'a> + 'a>(name: &'static str, json: &'a [u8]) -> Rival<'a> {
    let reader = hal::Reader::default();
    let decode = move || timed(|| reader.read::<T>(black_box(json)).expect("the list"));
    (name, Box::new(decode))
}

fn encoding<'a, T: Serialize + Deserialize<'a> + 'a>(
    name: &'static str,
    json: &'a [u8],
) -> Rival<'a> {
    let list: T = serde_json::from_slice(json).expect("the list");
    let mut out = Vec::with_capacity(json.len() * 2);
    let encode = move || {
        out.clear();
        timed(|| serde_json::to_writer(&mut out, black_box(&list)).expect("JSON"))
    };
    (name, Box::new(encode))
}

/// Each round runs every rival once, in an order of its own, since a rival finds the heap as the one
/// before left it, and is compared with the first in the same round.
fn race(title: &str, rounds: usize, mut rivals: Vec<Rival<'_>>) {
    // `cargo bench … -- NAME` runs those whose name has it
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    rivals.retain(|(name, _)| {
        only.is_empty()
            || only
                .iter()
                .any(|only| format!("{title} {name}").contains(only.as_str()))
    });
    if rivals.is_empty() {
        return;
    }
    let mut times = vec![Vec::with_capacity(rounds); rivals.len()];
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..rivals.len()).collect();
        for last in (1..order.len()).rev() {
            // xorshift: any order will do, as long as it is another
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            order.swap(last, (dice % (last as u64 + 1)) as usize);
        }
        for at in order {
            let took = (rivals[at].1)();
            if round > 0 {
                times[at].push(took.as_secs_f64() * 1e3);
            }
        }
    }
    println!(
        "\n{title:<60} {:>9}  {:>5}  {:>9}",
        "median", "ratio", "least"
    );
    for ((name, _), took) in rivals.iter().zip(&times) {
        // of each round by itself: what slows the machine down for a while slows both
        let ratios = took.iter().zip(&times[0]).map(|(a, b)| a / b).collect();
        let least = took.iter().copied().fold(f64::INFINITY, f64::min);
        let middle = median(took.clone());
        println!(
            "  {name:<58} {middle:>6.1} ms  {:>5.2}  {least:>6.1} ms",
            median(ratios)
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    // glibc gives large vectors pages of their own, until one of them has been freed; then they come from the heap
    // and stay in it. Which it is would differ from rival to rival: here it is as in a process that has run for a while.
    drop(black_box(vec![1_u8; 31 << 20]));
    let count = std::env::var("COUNT")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40_000);
    let json = rights::list(count);
    println!("{count} rights, {:.1} MB", json.len() as f64 / 1e6);
    type OfStructs = PlainList<Plain<PlainLinks>>;
    type OfMaps = PlainList<Plain<BTreeMap<String, PlainLink>>>;
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(31);
    race(
        "decode",
        rounds,
        vec![
            decoding::<OfStructs>(
                "plain structs, _links as a struct of the one relation",
                &json,
            ),
            decoding::<OfMaps>("plain structs, _links as a map", &json),
            #[cfg(feature = "derive")]
            reading::<List<Derived>>("hal: List<Right>, derived, with a Link for self", &json),
            reading::<List<Resource<State>>>("hal: List<Resource<Right>>", &json),
            reading::<List<Resource<State, ()>>>("hal: List<Resource<Right, ()>>", &json),
            reading::<List<Plain<Links>>>("hal: List<Right>, Links as a member", &json),
            (
                "via serde_json::Value into plain structs",
                Box::new(|| {
                    timed(|| {
                        let tree: Value = serde_json::from_slice(black_box(&json)).expect("JSON");
                        serde_json::from_value::<OfStructs>(tree).expect("the list")
                    })
                }),
            ),
        ],
    );
    race(
        "encode",
        rounds,
        vec![
            encoding::<OfStructs>(
                "plain structs, _links as a struct of the one relation",
                &json,
            ),
            encoding::<OfMaps>("plain structs, _links as a map", &json),
            #[cfg(feature = "derive")]
            encoding::<List<Derived>>("hal: List<Right>, derived, with a Link for self", &json),
            encoding::<List<Resource<State>>>("hal: List<Resource<Right>>", &json),
            encoding::<List<Plain<Links>>>("hal: List<Right>, Links as a member", &json),
        ],
    );
}
