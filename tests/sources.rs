//! Where the rows of a market may come from besides one plain file: several files, packed ones, and files in forms of
//! their own.

use decile::data::{Market, Sample};
use decile::panel::MarketData;
use std::{fs, path::Path};

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        fs::write(path, text).expect("writable");
    }
    folder
}

fn opened(folder: &Path) -> Market {
    Market::open(folder).unwrap_or_else(|e| panic!("{e}"))
}

/// Closes by symbol and date as bits, missing ones as one value.
fn closes(market: &Market) -> (Vec<String>, Vec<u64>) {
    let bits = |v: &f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() };
    let close = market.prices().close;
    (market.schema().symbols.to_vec(), close.iter().map(bits).collect())
}

fn value(market: &Market, name: &str, row: u32, asset: usize) -> f64 {
    market.value(market.schema().find(None, name)[0], row, asset)
}

#[test]
fn files_that_fit_a_pattern_are_one_table() {
    let folder = folder(&[
        ("p/2.csv", "close,date,symbol\n3,2020-01-06,A\n30,2020-01-06,B\n"),
        ("p/10.csv", "symbol,date,close\nA,2020-01-02,1\nA,2020-01-03,2\nB,2020-01-02,10\nB,2020-01-03,20\n"),
        ("p/.hidden.csv", "nothing"),
        ("r/2018.csv", "ticker,end,filed,equity\nA,2018-12-31,2019-03-01,7\n"),
        ("r/2019.csv", "ticker,end,filed,equity\nB,2018-12-31,2019-03-02,8\n"),
        ("s/1.csv", "ticker,sector\nA,Banks\n"),
        ("s/2.csv", "ticker,sector\nB,Energy\n"),
        ("m/1.csv", "ticker,in\nA,2019-01-01\n"),
        ("m/2.csv", "ticker,in\nB,2020-01-03\n"),
        ("f/1.csv", "date,RF\n20200102,1\n"),
        ("f/2.csv", "date,RF\n20200106,2\n"),
        (
            "market.toml",
            "prices = { file = \"p/*.csv\" }
reports.r = { file = \"r/20*.csv\", period_end = \"end\", published = \"filed\", columns = { book_equity = \"equity\" } }
labels.s = { file = \"s/?.csv\", columns = { sector = \"sector\" } }
members.index = { file = \"m/[12].csv\", start = \"in\" }
series.f = { file = \"**/f/*.csv\", columns = { risk_free = \"RF\" } }
",
        ),
    ]);
    let market = opened(folder.path());
    assert_eq!(closes(&market).0, ["A", "B"]);
    let close = market.prices().close;
    assert_eq!(close.column(0).to_vec(), [1.0, 2.0, 3.0]);
    assert_eq!(close.column(1).to_vec(), [10.0, 20.0, 30.0]);
    assert_eq!([0, 1].map(|a| value(&market, "book_equity", 0, a)), [7.0, 8.0]);
    assert_eq!([0, 1].map(|a| value(&market, "index", 0, a)), [1.0, 0.0]);
    assert_eq!([0, 2].map(|row| value(&market, "risk_free", row, 0)), [1.0, 2.0]);
    insta::assert_snapshot!("pattern_report", market.detected().join("\n"));
}

#[test]
fn a_market_in_pieces_is_the_market() {
    let sample = Sample { assets: 30, years: 1, seed: 5 }.market();
    let folder = folder(&[]);
    let whole = folder.path().join("whole.csv");
    sample.write_csv(&whole).expect("writable");
    let text = fs::read_to_string(&whole).expect("readable");
    let (header, rows) = text.split_once('\n').expect("a header");
    let lines: Vec<&str> = rows.lines().collect();
    for (i, piece) in lines.chunks(1000).enumerate() {
        let path = folder.path().join(format!("piece {i}.csv"));
        fs::write(path, format!("{header}\n{}\n", piece.join("\n"))).expect("writable");
    }
    sample.write_parquet(&folder.path().join("other.parquet")).expect("writable");
    let whole = closes(&Market::open(&whole).expect("it is sound"));
    assert_eq!(whole, closes(&Market::open(folder.path().join("piece*.csv")).expect("sound")));
    // Each asset's rows in a file of its own, which does not name it.
    fs::create_dir(folder.path().join("by asset")).expect("writable");
    for symbol in sample.schema().symbols.iter() {
        let start = format!("{symbol},");
        let own = lines.iter().filter_map(|l| l.strip_prefix(&start)).collect::<Vec<_>>();
        let header = header.trim_start_matches("symbol,");
        let path = folder.path().join(format!("by asset/x_{symbol}.csv"));
        fs::write(path, format!("{header}\n{}\n", own.join("\n"))).expect("writable");
    }
    let path = folder.path().join("by asset/x_{symbol}.csv");
    assert_eq!(whole, closes(&Market::open(path).expect("sound")));
    let path = folder.path().join("*.parquet");
    assert_eq!(whole, closes(&Market::open(path).expect("sound")));
}

#[test]
fn the_name_of_a_file_or_folder_may_hold_the_symbol() {
    let wide = "Date,Close,Name\n2020-01-02,1,x\n2020-01-03,2,x\n";
    let report = "end,filed,equity\n2018-12-31,2019-03-01,7\n";
    let folder = folder(&[
        ("BRK.B/prices.csv", wide),
        ("AAPL/prices.csv", wide),
        ("r/BRK.B.csv", report),
        (
            "market.toml",
            "prices = { file = \"{symbol}/prices.csv\" }
reports.r = { file = \"r/{symbol}.csv\", period_end = \"end\", published = \"filed\", columns = { book_equity = \"equity\" } }
symbol_replace = [[\".\", \"-\"]]
",
        ),
    ]);
    let market = opened(folder.path());
    assert_eq!(market.schema().symbols.as_ref(), ["AAPL", "BRK-B"]);
    assert_eq!(market.prices().close.column(1).to_vec(), [1.0, 2.0]);
    assert_eq!(value(&market, "book_equity", 0, 1), 7.0);
    assert!(value(&market, "book_equity", 0, 0).is_nan());
    insta::assert_snapshot!("symbol_in_names", market.detected().join("\n"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).expect("memory is writable");
    packer.finish().expect("memory is writable")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory is writable")
}

/// A table of more than one block, with line ends inside quotes, or with one lone quote in the first of its rows.
fn long_table(lone_quote: bool) -> (String, usize) {
    use std::fmt::Write as _;
    let mut text = String::from("symbol,date,close,comment\n");
    let mut rows = 0;
    let mut day = jiff::civil::date(1600, 1, 1);
    let filler = "long enough to fill a block of the text ".repeat(8);
    while text.len() < 36 << 20 {
        let comment = match rows {
            0 if lone_quote => "an inch is 1\"".to_owned(),
            _ if rows % 3 == 0 && !lone_quote => format!("\"a\n{filler}, \"\"c\"\"\n\""),
            _ => filler.clone(),
        };
        let symbol = if lone_quote { "A" } else { "\"A\nB\"" };
        let _ = writeln!(text, "{symbol},{day},{},{comment}", f64::from(rows % 977 + 1) / 4.0);
        day = day.tomorrow().expect("in range");
        rows += 1;
    }
    (text, rows as usize)
}

#[test]
fn packed_tables_are_read_block_by_block() {
    let folder = folder(&[]);
    let open = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("writable");
        Market::open(&path)
    };
    let (text, rows) = long_table(false);
    let plain = closes(&open("p.csv", text.as_bytes()).expect("it is sound"));
    assert_eq!(plain.1.len(), rows);
    for (name, bytes) in [
        ("p.csv.gz", gzip(text.as_bytes())),
        ("p.csv.zst", zstd(text.as_bytes())),
        // Packed in two parts, as some programs do.
        ("q.csv.zst", [zstd(&text.as_bytes()[..1000]), zstd(&text.as_bytes()[1000..])].concat()),
        ("r.csv.gz", gzip(text.replace('\n', "\r").as_bytes())),
    ] {
        let market = open(name, &bytes).expect("it is sound");
        assert_eq!(closes(&market).1, plain.1, "{name}");
    }
    // A fault in a late block is found on its line.
    let late = text.rfind("\"A\nB\"").expect("it is there");
    let broken = format!("{}\"A\nB\",no date,1,\n", &text[..late]);
    let error = open("p.csv.zst", &zstd(broken.as_bytes())).expect_err("a date is broken");
    let line = text[..late].matches('\n').count() as u64 + 1;
    assert_eq!(error.list[0].data.as_ref().and_then(|d| d.row), Some(line));
    let (text, rows) = long_table(true);
    let market = open("l.csv.zst", &zstd(text.as_bytes())).expect("it is sound");
    assert_eq!(closes(&market).1.len(), rows);
}
