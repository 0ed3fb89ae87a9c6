//! The heap that streaming needs: lists of 10 MB and of 100 MB, made while they are read.
//!
//! `cargo bench -p hal-json --bench memory`

#![allow(clippy::print_stdout, reason = "a bench prints")]

#[cfg(feature = "stream")]
use std::io::Read;
use std::time::Instant;

use hal::{Items, Resource};
use peak_alloc::PeakAlloc;
use serde::Deserialize;

#[path = "shared/rights.rs"]
#[allow(dead_code, reason = "shared by the benches and a test")]
mod rights;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Right {
    #[serde(rename = "RightID")]
    id: u64,
    action: String,
}

fn measured(what: &str, megabytes: u64, read: impl FnOnce() -> u64) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let start = Instant::now();
    let count = read();
    let took = start.elapsed();
    let peak = HEAP.peak_usage().saturating_sub(before);
    println!(
        "  {what:<34} {megabytes:>4} MB  {count:>7} items  {:>8.1} ms  peak heap {:>6.1} KiB",
        took.as_secs_f64() * 1e3,
        peak as f64 / 1024.0
    );
    assert!(peak <= 1 << 20, "more than 1 MiB");
}

fn main() {
    for megabytes in [10, 100] {
        measured("Items over std::io::Read", megabytes, || {
            let list = rights::Endless::of(megabytes * 1_000_000);
            let mut sum = 0;
            let mut count = 0;
            for right in Items::<Resource<Right>, _>::new(list) {
                let right = right.expect("a right");
                sum += right.state.id + right.state.action.len() as u64;
                assert!(right.links.get("self").is_some());
                count += 1;
            }
            assert!(sum > 0);
            count
        });
        #[cfg(feature = "stream")]
        measured("ItemStream over pieces of 64 KiB", megabytes, || {
            let mut list = rights::Endless::of(megabytes * 1_000_000);
            let pieces = futures_util::stream::iter(std::iter::from_fn(move || {
                let mut piece = vec![0; 64 << 10];
                let count = list.read(&mut piece).expect("no failure");
                piece.truncate(count);
                (count > 0).then_some(Ok::<_, std::io::Error>(piece))
            }));
            pollster::block_on(async {
                use futures_util::StreamExt;

                let mut rights = hal::ItemStream::<Resource<Right>, _>::new(pieces);
                let mut count = 0;
                while let Some(right) = rights.next().await {
                    assert!(right.expect("a right").links.get("self").is_some());
                    count += 1;
                }
                count
            })
        });
    }
}
