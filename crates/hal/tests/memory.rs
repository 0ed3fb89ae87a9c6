//! The heap that streaming needs, whatever the length of the list. Alone in its binary, because it counts what the
//! whole process allocates; `benches/memory.rs` shows it for 10 MB and 100 MB.

use hal::{Items, Resource};
use peak_alloc::PeakAlloc;
use serde::Deserialize;

#[allow(dead_code, reason = "shared with the benches")]
#[path = "../benches/shared/rights.rs"]
mod rights;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Right {
    action: String,
}

/// The most that was allocated at a time, in bytes.
fn peak(work: impl FnOnce()) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    work();
    HEAP.peak_usage().saturating_sub(before)
}

#[test]
fn streaming_takes_constant_memory() {
    for megabytes in [1, 12] {
        let from_a_reader = peak(|| {
            let list = rights::Endless::of(megabytes * 1_000_000);
            let mut count = 0;
            for right in Items::<Resource<Right>, _>::new(list) {
                let right = right.expect("a right");
                assert!(!right.state.action.is_empty() && right.links.get("self").is_some());
                count += 1;
            }
            assert!(count > megabytes * 3000);
        });
        // 16 KiB are asked for at a time; with the vector's growth and one item that is some 50 KiB
        assert!(
            from_a_reader < 100 << 10,
            "{from_a_reader} bytes for {megabytes} MB"
        );
        #[cfg(feature = "stream")]
        {
            let from_bytes = peak(|| pollster::block_on(stream(megabytes * 1_000_000)));
            assert!(
                from_bytes < 400 << 10,
                "{from_bytes} bytes for {megabytes} MB"
            );
        }
    }
}

#[cfg(feature = "stream")]
async fn stream(bytes: u64) {
    use std::io::Read;

    use futures_util::{StreamExt, stream};

    let mut list = rights::Endless::of(bytes);
    let pieces = stream::iter(std::iter::from_fn(move || {
        let mut piece = vec![0; 64 << 10];
        let count = list.read(&mut piece).expect("no failure");
        piece.truncate(count);
        (count > 0).then_some(Ok::<_, std::io::Error>(piece))
    }));
    let mut rights = hal::ItemStream::<Resource<Right>, _>::new(pieces);
    while let Some(right) = rights.next().await {
        assert!(right.expect("a right").links.get("self").is_some());
    }
}
