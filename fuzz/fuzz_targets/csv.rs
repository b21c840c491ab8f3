//! Any bytes are opened as a CSV file of prices: a market or an error about the data. A market that opens is stored, and
//! opens again from there.

#![no_main]

use decile::{Market, panel::MarketData};
use libfuzzer_sys::fuzz_target;
use std::fs;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("prices.csv");
    fs::write(&path, bytes).expect("it can be written");
    match Market::open(&path) {
        Err(errors) => {
            assert!(errors.about_data());
            assert!(!errors.to_string().is_empty());
        }
        Ok(market) => {
            let store = folder.path().join("store");
            Market::import(&path, &store, Default::default()).expect("what opens can be stored");
            let stored = Market::open(&store).expect("what was stored opens");
            assert_eq!(stored.schema(), market.schema());
        }
    }
});
