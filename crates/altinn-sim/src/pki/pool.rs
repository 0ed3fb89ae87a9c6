//! RSA keys that all simulators of one process share: making them is what costs at start.
//!
//! Keys are still made while the process runs and gone with it. A simulator uses no key twice; two
//! simulators may have the same ones, so that what tells their authorities apart is the name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

type Keys = Arc<Mutex<Vec<PKey<Private>>>>;

/// The keys `first..first + count` of this size; those that are missing are made in parallel.
pub(super) fn keys(
    bits: u32,
    first: usize,
    count: usize,
) -> Result<Vec<PKey<Private>>, ErrorStack> {
    static POOL: OnceLock<Mutex<HashMap<u32, Keys>>> = OnceLock::new();
    let pool = POOL.get_or_init(Mutex::default);
    let keys = {
        let mut sizes = pool.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.entry(bits).or_default().clone()
    };
    // Whoever comes now wants the same keys, and waits for them.
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = (first + count).saturating_sub(keys.len());
    keys.extend(make(bits, missing)?);
    Ok(keys.iter().skip(first).take(count).cloned().collect())
}

fn make(bits: u32, count: usize) -> Result<Vec<PKey<Private>>, ErrorStack> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .map(|_| scope.spawn(move || PKey::from_rsa(Rsa::generate(bits)?)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(ErrorStack::get())))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_is_the_same_key_and_another_is_another() {
        let some = keys(1024, 0, 2).unwrap();
        let more = keys(1024, 1, 2).unwrap();
        assert!(some[1].public_eq(&more[0]));
        assert!(!some[0].public_eq(&some[1]) && !more[0].public_eq(&more[1]));
    }
}
