//! Arrow files and streams give the market that they were written from.
#![cfg(feature = "arrow")]

use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, UInt16Array,
    types::{Float64Type, Int32Type},
};
use arrow_ipc::{
    CompressionType,
    writer::{FileWriter, IpcWriteOptions, StreamWriter},
};
use decile::data::{Market, Sample};
use decile::panel::{MarketData, days_since_epoch};
use std::{fs, fs::File, path::Path, sync::Arc};

/// The prices of a market as batches of one month each.
fn batches(market: &Market) -> Vec<RecordBatch> {
    let (dates, symbols) = (market.calendar().dates(), &market.schema().symbols);
    let close = market.prices().close;
    let rows: Vec<usize> = (0..dates.len()).collect();
    let batch = |rows: &[usize]| {
        let cells = || rows.iter().flat_map(|r| (0..symbols.len()).map(move |a| (*r, a)));
        let names: DictionaryArray<Int32Type> = cells().map(|(_, a)| symbols[a].as_str()).collect();
        let day = |(r, _): (usize, usize)| i64::from(days_since_epoch(dates[r])) * 86_400_000_000;
        let days = TimestampMicrosecondArray::from_iter_values(cells().map(day));
        let value = |(r, a): (usize, usize)| Some(close[[r, a]]).filter(|v| !v.is_nan());
        let closes = Float64Array::from_iter(cells().map(value));
        let columns: [(&str, ArrayRef); 3] =
            [("symbol", Arc::new(names)), ("date", Arc::new(days)), ("close", Arc::new(closes))];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true)))
            .expect("columns of one length")
    };
    rows.chunks(21).map(batch).collect()
}

fn write(path: &Path, batches: &[RecordBatch], pack: Option<CompressionType>, stream: bool) {
    let options = IpcWriteOptions::default().try_with_compression(pack).expect("known");
    let (file, schema) = (File::create(path).expect("writable"), batches[0].schema());
    if stream {
        let mut to = StreamWriter::try_new_with_options(file, &schema, options).expect("sound");
        batches.iter().for_each(|b| to.write(b).expect("writable"));
        to.finish().expect("writable");
    } else {
        let mut to = FileWriter::try_new_with_options(file, &schema, options).expect("sound");
        batches.iter().for_each(|b| to.write(b).expect("writable"));
        to.finish().expect("writable");
    }
}

#[test]
fn files_and_streams_give_the_market_they_were_written_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let market = Sample { assets: 20, years: 1, seed: 4 }.market();
    let batches = batches(&market);
    let bits = |m: &Market| -> Vec<u64> {
        let one = |v: &f64| if v.is_nan() { 0 } else { v.to_bits() };
        m.prices().close.iter().map(one).collect()
    };
    for pack in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for (name, stream) in [("p.feather", false), ("p.arrow", true)] {
            let path = folder.path().join(name);
            // A stream has each dictionary once for all batches, or anew for each.
            write(&path, &batches, pack, true);
            if !stream {
                write(&path, &batches[..1], pack, false);
                let part = Market::open(&path).expect("it is sound");
                assert_eq!(part.calendar().len(), 21);
                continue;
            }
            let read = Market::open(&path).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(read.schema().symbols, market.schema().symbols);
            assert_eq!(read.calendar().dates(), market.calendar().dates());
            assert_eq!(bits(&read), bits(&market));
        }
    }
}

#[test]
fn values_of_every_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = |name: &str, columns: Vec<(&str, ArrayRef)>| {
        let columns = columns.into_iter().map(|(n, c)| (n, c, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("of one length");
        write(&folder.path().join(name), &[batch], None, false);
    };
    let nanoseconds = TimestampNanosecondArray::from(vec![
        1_577_923_200_000_000_001,
        1_577_923_200_000_000_000,
        1_578_009_599_999_999_999 + 86_400_000_000_000,
    ]);
    one(
        "p.arrow",
        vec![
            ("ticker", Arc::new(StringViewArray::from(vec!["A", "B", "A"]))),
            ("date", Arc::new(nanoseconds)),
            (
                "close",
                Arc::new(
                    Decimal128Array::from(vec![Some(1_250), None, Some(-1)])
                        .with_precision_and_scale(10, 3)
                        .expect("in range"),
                ),
            ),
            ("open", Arc::new(Float32Array::from(vec![Some(0.5), Some(f32::INFINITY), None]))),
            ("volume", Arc::new(UInt16Array::from(vec![1, 2, 3]))),
        ],
    );
    one(
        "s.feather",
        vec![
            ("id", Arc::new(LargeStringArray::from(vec!["A", "B"]))),
            ("sector", Arc::new(StringArray::from(vec![Some("Banks"), None]))),
        ],
    );
    one(
        "f.arrow",
        vec![
            ("date", Arc::new(Int64Array::from(vec![20_200_102, 20_200_103]))),
            ("rf", Arc::new(StringArray::from(vec!["0.5", "-99"]))),
        ],
    );
    fs::write(
        folder.path().join("market.toml"),
        "prices = { file = \"p.arrow\", nonpositive_prices = \"missing\", basis = \"raw\" }
labels.s = { file = \"s.feather\", symbol = \"id\", columns = { sector = \"sector\" } }
series.f = { file = \"f.arrow\", missing = [\"-99\"], columns = { risk_free = \"rf\" } }
",
    )
    .expect("writable");
    let market = Market::open(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let value = |name: &str, row: u32, asset: usize| {
        market.value(market.schema().find(None, name)[0], row, asset)
    };
    assert_eq!(market.calendar().dates(), [jiff::civil::date(2020, 1, 2)]);
    assert_eq!(value("close", 0, 0), 1.25);
    assert_eq!((value("open", 0, 0), value("volume", 0, 1)), (0.5, 2.0));
    assert!(value("open", 0, 1).is_nan() && value("close", 0, 1).is_nan());
    let sector = market.schema().find(None, "sector")[0];
    let labels = [0, 1].map(|a| market.label(sector, market.value(sector, 0, a)));
    assert_eq!(labels, [Some("Banks"), None]);
    assert_eq!(value("risk_free", 0, 0), 0.5);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.arrow");
    let said = |name: &str| {
        let error = Market::open(folder.path().join(name)).expect_err("it is not sound");
        assert!(error.about_data());
        error.to_string().replace(&folder.path().display().to_string(), "DIR")
    };
    let mut all = vec![];
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>([Some([Some(1.0)])]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("symbol", Arc::new(StringArray::from(vec!["A"]))),
        ("date", Arc::new(StringArray::from(vec!["2020-13-01"]))),
        ("close", Arc::new(lists)),
    ];
    let batch = |c: Vec<(&str, ArrayRef)>| RecordBatch::try_from_iter(c).expect("of one length");
    write(&path, &[batch(columns.clone())], None, false);
    all.push(said("p.arrow"));
    write(&path, &[batch(columns[..2].to_vec())], None, false);
    all.push(said("p.arrow"));
    let number: (&str, ArrayRef) = ("close", Arc::new(StringArray::from(vec!["dear"])));
    write(&path, &[batch([&columns[..2], &[number]].concat())], None, false);
    all.push(said("p.arrow"));
    fs::write(folder.path().join("old.feather"), "FEA1xxxxxxxx").expect("writable");
    all.push(said("old.feather"));
    fs::write(folder.path().join("text.arrow"), "symbol,date,close\n").expect("writable");
    all.push(said("text.arrow"));
    fs::write(folder.path().join("empty.arrow"), "").expect("writable");
    all.push(said("empty.arrow"));
    let market = Sample { assets: 5, years: 1, seed: 1 }.market();
    write(&path, &batches(&market)[..1], Some(CompressionType::LZ4_FRAME), false);
    let whole = fs::read(&path).expect("readable");
    for length in [7, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("writable");
        all.push(said("p.arrow"));
    }
    insta::assert_snapshot!("bad_arrow", all.join("\n\n"));
    // Damage anywhere in the values gives an error or a market, and never a panic.
    for at in (0..whole.len()).step_by(41) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x15;
        fs::write(&path, &damaged).expect("writable");
        let _ = Market::open(&path);
    }
}
