//! Any bytes are opened as a Parquet file of prices: a market or an error about the data.

#![no_main]

use decile::{Market, panel::MarketData};
use libfuzzer_sys::fuzz_target;
use std::{fs, sync::Once};

/// The panics of the library that reads Parquet are told as errors.
static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    QUIET.call_once(decile::diagnostic::quiet_guarded_panics);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("prices.parquet");
    fs::write(&path, bytes).expect("it can be written");
    match Market::open(&path) {
        Err(errors) => {
            assert!(errors.about_data());
            assert!(!errors.to_string().is_empty());
        }
        Ok(market) => assert_eq!(market.prices().close.ncols(), market.schema().symbols.len()),
    }
});
