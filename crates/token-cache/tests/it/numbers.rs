//! What the `metrics` feature reports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use token_cache::FailureClass;

use crate::server::{Reply, bench, pass};

#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<BTreeMap<String, f64>>>);

struct One {
    numbers: Numbers,
    name: String,
}

impl One {
    fn add(&self, value: f64) {
        *self
            .numbers
            .0
            .lock()
            .unwrap()
            .entry(self.name.clone())
            .or_default() += value;
    }
}

impl CounterFn for One {
    fn increment(&self, value: u64) {
        self.add(f64::from(u32::try_from(value).unwrap()));
    }
    fn absolute(&self, _value: u64) {
        panic!("counters only grow")
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Numbers {
    fn one(&self, key: &Key) -> Arc<One> {
        let labels = key
            .labels()
            .map(|label| format!(" {}={}", label.key(), label.value()));
        let name = format!("{}{}", key.name(), labels.collect::<String>());
        Arc::new(One {
            numbers: self.clone(),
            name,
        })
    }
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("there are none")
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}

#[test]
fn hits_waits_fetches_by_result_and_age() {
    let numbers = Numbers::default();
    metrics::with_local_recorder(&numbers, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let bench = bench();
            bench.handle.token().await.unwrap();
            for _ in 0..300 {
                bench.handle.token().await.unwrap();
            }
            pass(70.0).await;
            bench.handle.token().await.unwrap();
            pass(1.0).await; // refreshed
            let other = bench
                .cache
                .handle(crate::server::key("b"), bench.server.clone());
            bench.server.always(Reply::Fail(FailureClass::Refused));
            assert!(other.token().await.is_err());
            let third = bench
                .cache
                .handle(crate::server::key("c"), bench.server.clone());
            bench.server.always(Reply::Fail(FailureClass::Transient));
            assert!(third.token_within(Duration::from_secs(30)).await.is_err());
        });
    });
    let numbers = numbers.0.lock().unwrap().clone();
    let age = numbers["token_cache_token_age_seconds kind=test"];
    assert!((70.0..71.0).contains(&age), "{age}");
    let counted: Vec<_> = numbers
        .iter()
        .filter(|(name, _)| name.ends_with("_total") || name.contains("_total "))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    assert_eq!(
        counted,
        [
            "token_cache_fetches_total kind=test result=failed 1",
            "token_cache_fetches_total kind=test result=fetched 2",
            "token_cache_fetches_total kind=test result=refused 1",
            "token_cache_hits_total kind=test 301",
            "token_cache_waits_total kind=test 3",
        ]
    );
}
