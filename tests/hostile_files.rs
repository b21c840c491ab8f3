//! Files that were made to do harm: each ends in an error or in a market that can be read, and never in a panic.

use decile::{
    Market,
    data::{Options, Sample},
    panel::{FieldId, MarketData},
};
use proptest::prelude::*;
use std::{fs, path::Path, sync::OnceLock};

fn opened(path: &Path) -> Result<Market, String> {
    Market::open(path).map_err(|e| {
        assert!(e.about_data(), "the exit code says that it is about data");
        e.to_string()
    })
}

/// Reads something of every field.
fn look_through(market: &Market) {
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

#[test]
fn a_first_line_that_never_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("header.csv");
    fs::write(&path, vec![b'x'; 20 << 20]).expect("writable");
    let error = opened(&path).expect_err("it is no table");
    assert!(error.contains("its first line is longer than 8 MiB"), "{error}");
    assert!(error.len() < 1000);
    // A name that is long and still one is not repeated whole.
    fs::write(&path, format!("{}\n1\n", "y".repeat(100_000))).expect("writable");
    let error = opened(&path).expect_err("it has no dates");
    assert!(error.contains("yyyy…") && error.len() < 1000, "{error}");
}

#[test]
fn dates_written_in_several_ways() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dates.csv");
    let rows = ["2020-01-02,1", "20200103,2", "2020/01/06,3"].map(|r| format!("A,{r}\n")).concat();
    fs::write(&path, format!("symbol,date,close\n{rows}")).expect("writable");
    assert_eq!(opened(&path).expect("each is a date").calendar().len(), 3);
    fs::write(&path, format!("symbol,date,close\n{rows}A,01/07/2020,4\nA,8 Jan 2020,5\n"))
        .expect("writable");
    let error = opened(&path).expect_err("two are none that are known");
    for part in ["row 5", "found `01/07/2020`", "row 6", "found `8 Jan 2020`"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn numbers_that_are_not_finite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.csv");
    for text in ["inf", "-Infinity", "1e400"] {
        fs::write(&path, format!("symbol,date,close\nA,2020-01-02,{text}\n")).expect("writable");
        let error = opened(&path).expect_err("it is no price");
        assert!(error.contains(&format!("expected a number, found `{text}`")), "{error}");
    }
}

#[test]
fn a_million_symbols() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("many.csv");
    let mut text = "symbol,date,close\n".to_owned();
    for i in 0..1_000_000 {
        text += &format!("S{i},2020-01-02,1\n");
    }
    fs::write(&path, text).expect("writable");
    assert_eq!(opened(&path).expect("it is sound").schema().symbols.len(), 1_000_000);
    // The same symbols on a thousand more dates would be panels of a thousand million numbers, next to empty.
    let mut text = fs::read_to_string(&path).expect("readable");
    for day in 0..1000 {
        let (year, month, day) = (2000 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        text += &format!("S1,{year}-{month:02}-{day:02},1\nS2,{year}-{month:02}-{day:02},1\n");
    }
    fs::write(&path, text).expect("writable");
    match opened(&path) {
        Ok(market) => assert!(market.calendar().len() < 200, "sparse dates are no sessions"),
        Err(error) => assert!(error.contains("fewer than one in 200"), "{error}"),
    }
}

/// A small stored market, as names and bytes.
fn store() -> Vec<(String, Vec<u8>)> {
    static STORE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    STORE.get_or_init(made).clone()
}

fn made() -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    Sample { assets: 6, years: 1, seed: 3 }.market().store(&path, &()).expect("stored");
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).expect("readable"))
    };
    let mut files: Vec<_> =
        fs::read_dir(&path).expect("readable").map(|e| file(e.expect("readable"))).collect();
    files.sort();
    files
}

/// The manifest's text without its checksum, and a manifest with the right checksum for a text.
fn unsealed(manifest: &str) -> &str {
    let rest = manifest.split_once('\n').expect("two lines").1;
    rest.strip_suffix("\n}\n").expect("a bracket at the end")
}

fn sealed(body: &str) -> String {
    let checksum = blake3::hash(body.as_bytes()).to_hex();
    format!("{{\"checksum\": \"{checksum}\", \"market\":\n{body}\n}}\n")
}

/// Every number and text of a manifest, by its path.
fn places(value: &serde_json::Value, path: String, list: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            map.iter()
                .for_each(|(key, v)| places(v, format!("{path}/{}", key.replace('/', "~1")), list));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| places(v, format!("{path}/{i}"), list));
        }
        _ => list.push(path),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(17), ..ProptestConfig::default() })]

    /// A manifest whose checksum is right and that lies in one place.
    #[test]
    fn a_manifest_that_lies(at in any::<prop::sample::Index>(), lie in 0..8usize) {
        let files = store();
        let manifest = files.iter().find(|(name, _)| name == "manifest.json").expect("it has one");
        let body = unsealed(std::str::from_utf8(&manifest.1).expect("a text"));
        let mut value: serde_json::Value = serde_json::from_str(body).expect("it was written");
        let mut list = vec![];
        places(&value, String::new(), &mut list);
        let lies = [
            serde_json::json!(0), serde_json::json!(1), serde_json::json!(u64::MAX), serde_json::json!(-1),
            serde_json::json!(null), serde_json::json!("../../../etc/passwd"), serde_json::json!("boolean"),
            serde_json::json!(1e300),
        ];
        *value.pointer_mut(&list[at.index(list.len())]).expect("it is there") = lies[lie].clone();
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in &files {
            fs::write(folder.path().join(name), bytes).expect("writable");
        }
        fs::write(folder.path().join("manifest.json"), sealed(&value.to_string())).expect("writable");
        if let Ok(market) = opened(folder.path()) {
            look_through(&market);
        }
    }

    /// A file of a store of which some bytes are others.
    #[test]
    fn a_store_with_other_bytes(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bytes in prop::array::uniform4(any::<u8>())) {
        let mut files = store();
        let content = &mut file.get_mut(&mut files).1;
        if content.len() >= 4 {
            let at = at.index(content.len() - 3);
            content[at..at + 4].copy_from_slice(&bytes);
        }
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in &files {
            fs::write(folder.path().join(name), bytes).expect("writable");
        }
        if let Ok(market) = opened(folder.path()) {
            look_through(&market);
        }
    }

    /// A Parquet file of which some bytes are others, the footer above all.
    #[test]
    fn a_parquet_file_that_lies(at in 0..2000usize, bytes in prop::array::uniform4(any::<u8>())) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("prices.parquet");
        Sample { assets: 3, years: 1, seed: 1 }.market().write_parquet(&path).expect("writable");
        let mut content = fs::read(&path).expect("readable");
        let start = content.len().saturating_sub(4 + at);
        content[start..start + 4].copy_from_slice(&bytes);
        fs::write(&path, content).expect("writable");
        if let Ok(market) = opened(&path) {
            look_through(&market);
        }
    }
}

#[test]
fn a_parquet_page_that_claims_more_than_there_is() {
    // Skipped by what it claims, its header would take hours.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/data/endless.parquet");
    let error = opened(&path).expect_err("it is no table");
    assert!(error.contains("endless.parquet"), "{error}");
}

#[test]
fn a_failed_import_leaves_the_old_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, store) = (folder.path().join("p.csv"), folder.path().join("store"));
    fs::write(&file, "symbol,date,close\nA,2020-01-02,1\n").expect("writable");
    Market::import(&file, &store, Options::default()).expect("stored");
    let before = fs::read(store.join("manifest.json")).expect("readable");
    fs::write(&file, "symbol,date,close\nA,2020-01-02,1\nA,2020-01-03,x\n").expect("writable");
    assert!(Market::import(&file, &store, Options::default()).is_err());
    assert_eq!(fs::read(store.join("manifest.json")).expect("readable"), before);
    let left = fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(left, 2, "nothing is left beside the file and the store");
}
