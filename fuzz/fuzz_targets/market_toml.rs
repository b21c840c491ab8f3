//! Any bytes are opened as a `market.toml` beside tables of every kind: a market or an error about the data.

#![no_main]

use decile::Market;
use libfuzzer_sys::fuzz_target;
use std::{fs, sync::LazyLock};
use tempfile::TempDir;

const TABLES: &[(&str, &str)] = &[
    (
        "p.csv",
        "symbol,date,open,high,low,close,volume\nA,2020-01-02,1,3,1,2,100\nA,2020-01-03,2,3,2,3,100\n\
         B,2020-01-02,5,5,5,5,10\nB,2020-01-03,5,6,4,6,\n",
    ),
    ("w.csv", "date,A,B\n2020-01-02,1,2\n2020-01-03,3,\n"),
    (
        "r.csv",
        "symbol,period_end,filed,equity,shares\nA,2019-12-31,,5,2\nB,2019-09-30,2019-12-01,7,1\n",
    ),
    ("l.csv", "symbol,sector,country\nA,Energy,US\nB,,DE\n"),
    ("m.csv", "symbol,start,end\nA,2020-01-01,2020-01-03\nB,2020-01-02,\n"),
    ("s.csv", "date,rate\n2020-01-02,0.01\n2020-01-03,0.02\n"),
];

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in TABLES {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("market.toml");
    fs::write(&path, bytes).expect("it can be written");
    if let Err(errors) = Market::open(&path) {
        assert!(errors.about_data());
        assert!(!errors.to_string().is_empty());
    }
});
