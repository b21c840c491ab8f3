//! Any text is the manifest of a stored market, with the checksum that it needs to be looked at: a market of which every
//! field can be read, or an error about the data.

#![no_main]

use decile::{
    Market,
    panel::{FieldId, MarketData},
};
use libfuzzer_sys::fuzz_target;
use std::{fs, path::Path, sync::LazyLock};
use tempfile::TempDir;

static STORE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/manifest");
    Market::import(&tables, &folder.path().join("store"), Default::default())
        .expect("it can be stored");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let path = STORE.path().join("store");
    let checksum = blake3::hash(bytes).to_hex();
    let mut manifest = format!("{{\"checksum\": \"{checksum}\", \"market\":\n").into_bytes();
    manifest.extend_from_slice(bytes);
    manifest.extend_from_slice(b"\n}\n");
    fs::write(path.join("manifest.json"), manifest).expect("it can be written");
    match Market::open(&path) {
        Err(errors) => {
            assert!(errors.about_data());
            assert!(!errors.to_string().is_empty());
        }
        Ok(market) => {
            let (rows, assets) = (market.calendar().len(), market.schema().symbols.len());
            if rows == 0 || assets == 0 {
                return;
            }
            for id in 0..market.schema().fields.len() {
                for (row, asset) in [(0, 0), (rows - 1, assets - 1), (rows / 2, assets / 2)] {
                    let value = market.value(FieldId(id as u16), row as u32, asset);
                    market.label(FieldId(id as u16), value);
                }
            }
            let _ = market.prices().total_return[[rows - 1, assets - 1]];
        }
    }
});
