//! However prices come, the same market comes of them.

use decile::data::{Market, Options, Sample};
use decile::panel::{Date, FieldData, MarketData, Prices};
use jiff::civil::date;
use std::{fmt::Write as _, fs, path::Path};

fn bits(prices: &Prices<'_>) -> Vec<Vec<u64>> {
    let all = [Some(prices.close), prices.open, Some(prices.total_return)];
    all.iter().flatten().map(|p| p.iter().map(|x| x.to_bits()).collect()).collect()
}

/// Missing is one value, whatever its bits.
fn assert_same_prices(a: &Market, b: &Market) {
    assert_eq!(a.schema().symbols, b.schema().symbols);
    assert_eq!(a.calendar().dates(), b.calendar().dates());
    assert_eq!(a.lifetimes(), b.lifetimes());
    assert!(bits(&a.prices()) == bits(&b.prices()), "the prices differ");
}

#[test]
fn csv_and_parquet_give_the_market_they_were_written_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let market = Sample { assets: 40, years: 2, seed: 7 }.market();
    let (csv, parquet) = (folder.path().join("p.csv"), folder.path().join("p.parquet"));
    market.write_csv(&csv).expect("writable");
    market.write_parquet(&parquet).expect("writable");
    let from_csv = Market::open(&csv).expect("it is sound");
    let from_parquet = Market::open(&parquet).expect("it is sound");
    assert_same_prices(&market, &from_csv);
    assert_same_prices(&market, &from_parquet);
    for (from, to) in [(&csv, "from_csv"), (&parquet, "from_parquet")] {
        let to = folder.path().join(to);
        Market::import(from, &to, Options::default()).expect("it can be stored");
        let stored = Market::open(&to).expect("it opens");
        assert_same_prices(&market, &stored);
        assert_eq!(stored.schema().fields.len(), from_csv.schema().fields.len());
    }
    // Packed, in any order of rows, and with quotes: the same.
    let text = fs::read_to_string(&csv).expect("readable");
    let (header, rows) = text.split_once('\n').expect("a header");
    let mut lines: Vec<&str> = rows.lines().collect();
    lines.sort_by_key(|l| blake3::hash(l.as_bytes()).to_hex().to_string());
    let shuffled = format!("{header}\n{}\n", lines.join("\n"));
    let path = folder.path().join("s.csv.gz");
    let mut packer = flate2::write::GzEncoder::new(
        fs::File::create(&path).expect("writable"),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut packer, shuffled.as_bytes()).expect("writable");
    packer.finish().expect("writable");
    assert_same_prices(&market, &Market::open(&path).expect("it is sound"));
    let to = folder.path().join("from_shuffled");
    Market::import(&path, &to, Options::default()).expect("it can be stored");
    assert_same_prices(&market, &Market::open(&to).expect("it opens"));
    let mut by_date = lines.clone();
    by_date.sort_by_key(|l| l.split(',').nth(1).map(str::to_owned));
    fs::write(&csv, format!("{header}\n{}", by_date.join("\r\n"))).expect("writable");
    assert_same_prices(&market, &Market::open(&csv).expect("it is sound"));
}

#[test]
fn pieces_of_a_large_file_fit_together() {
    // Several pieces, with line ends inside quotes wherever a piece may be cut.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.csv");
    let mut text = String::from("symbol,date,close,comment\n");
    let mut closes = vec![];
    let mut day = date(1900, 1, 1);
    for i in 0..120_000u32 {
        let close = f64::from(i % 977 + 1) / 4.0;
        let comment = if i % 3 == 0 {
            "\"a\nb, \"\"c\"\"\n\""
        } else {
            "plain and long enough to fill pieces"
        };
        let _ = writeln!(text, "\"A\nB\",{day},{close},{comment}");
        closes.push(close);
        day = day.tomorrow().expect("in range");
    }
    assert!(text.len() > 5 << 20);
    fs::write(&path, &text).expect("writable");
    let market = Market::open(&path).expect("it is sound");
    assert_eq!(market.schema().symbols.as_ref(), ["A\nB"]);
    assert!(market.prices().close.iter().zip(&closes).all(|(a, b)| a == b));
    let broken = text.replacen(
        ",plain and long enough to fill pieces\n\"A\nB\",2200",
        ",x\n\"A\nB\",no date 2200",
        1,
    );
    assert_ne!(broken, text);
    fs::write(&path, &broken).expect("writable");
    let error = Market::open(&path).expect_err("a date is broken");
    let expected = broken[..broken.find("no date").expect("it is there")].matches('\n').count();
    // The row begins a line before its date.
    assert_eq!(error.list[0].data.as_ref().and_then(|d| d.row), Some(expected as u64));
}

#[test]
fn a_life_goes_from_the_first_close_to_the_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, to) = (folder.path().join("p.csv"), folder.path().join("store"));
    let mut text = String::from("symbol,date,close,volume\n");
    for symbol in ["A", "B"] {
        for day in 1..=20 {
            let there = symbol == "B" || (day > 2 && day < 20 && day != 10);
            let close = if there { day.to_string() } else { String::new() };
            let _ = writeln!(text, "{symbol},2020-01-{day:02},{close},1");
        }
    }
    fs::write(&path, text).expect("writable");
    Market::import(&path, &to, Options::default()).expect("it is sound");
    for market in [Market::open(&path), Market::open(&to)] {
        let market = market.expect("it is sound");
        assert_eq!(market.lifetimes(), [Some((2, 18)), Some((0, 19))]);
        assert!(market.prices().close[[9, 0]].is_nan() && market.prices().close[[8, 0]] == 9.0);
    }
}

#[test]
fn one_column_or_file_may_be_used_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("p.csv", "symbol,date,close\nA,2020-01-02,1\nB,2020-01-02,2\n");
    write("s.csv", "ticker,sector,rank\nA,Banks,1\nB,Energy,2\n");
    write("m.csv", "ticker,in\nA,2019-01-01\nGONE,2019-01-01\n");
    write(
        "market.toml",
        "prices = { file = \"p.csv\" }
labels.one = { file = \"s.csv\", columns = { sector = \"sector\", industry = \"sector\" } }
members.index = { file = \"m.csv\", start = \"in\" }
members.large = { file = \"m.csv\", start = \"in\" }
",
    );
    let market = Market::open(folder.path()).expect("it is sound");
    let schema = market.schema();
    for name in ["sector", "industry"] {
        let id = schema.find(None, name)[0];
        let labels = [0, 1].map(|asset| market.label(id, market.value(id, 0, asset)));
        assert_eq!(labels, [Some("Banks"), Some("Energy")], "{name}");
    }
    for name in ["index", "large"] {
        let id = schema.find(None, name)[0];
        assert_eq!([0, 1].map(|asset| market.value(id, 0, asset)), [1.0, 0.0], "{name}");
    }
    let warnings: Vec<&str> = market.warnings().iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        warnings,
        ["m.csv: 1 of 2 spells of membership were left out, as their symbols have no prices"]
    );
}

#[test]
fn a_catalog_puts_tables_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write(
        "p.csv",
        "symbol,date,close,volume\nBRK.B,2020-01-02,10,1\nBRK.B,2020-01-03,11,1\nBRK.B,2020-01-06,12,1\nNA,2020-01-02,5,1\nNA,2020-01-03,5,1\nNA,2020-01-06,5,1\n",
    );
    write(
        "spy.csv",
        "date,return\n2019-12-31,0.5\n2020-01-02,0.1\n2020-01-03,-0.5\n2020-01-05,1.0\n2020-01-06,0.2\n",
    );
    write(
        "r.csv",
        "ticker,end,filed,equity,income,eps\nBRK-B,2019-09-30,2020-01-02,7,3,0.5\nNA,2019-10-04,,8,-3,0.5\nGONE,2019-10-04,,8,1,1\n",
    );
    write("s.csv", "ticker,sector\nBRK-B,Banks\nNA,NA\n");
    write("m.csv", "ticker,in,out\nBRK-B,1999-01-01,2020-01-06\nNA,2020-01-03,\n");
    write("rf.csv", ",RF\n20200102,0.01\n20200103,-99\n20200106,0.02\n");
    write(
        "market.toml",
        "symbol_replace = [[\".\", \"-\"]]
[[prices]]
file = \"p.csv\"
basis = \"raw\"
[[prices]]
file = \"spy.csv\"
symbol_is = \"SPY\"
return = \"return\"
reference = true
[reports.annual]
file = \"r.csv\"
period_end = \"end\"
published = \"filed\"
lag = \"90d\"
[reports.annual.columns]
book_equity = { column = \"equity\", unit = \"money\" }
shares_outstanding = { column = \"income\", divided_by = \"eps\", unit = \"shares\", basis = \"raw\" }
[labels.gics]
file = \"s.csv\"
columns = { sector = \"sector\" }
[members.index]
file = \"m.csv\"
start = \"in\"
end = \"out\"
[series.french]
file = \"rf.csv\"
date = \"\"
missing = [\"-99\"]
columns = { risk_free = { column = \"RF\", scale = 2.52 } }
",
    );
    let market = Market::open(folder.path()).expect("it is sound");
    let schema = market.schema();
    assert_eq!(schema.symbols.as_ref(), ["BRK-B", "NA", "SPY"]);
    assert_eq!(market.calendar().dates(), [2, 3, 6].map(|d| date(2020, 1, d)));
    assert_eq!(market.is_reference(), [false, false, true]);
    let close = market.prices().close;
    // Returns of days that are no sessions are not lost.
    let spy = [150.0 * 1.1, 82.5, 198.0];
    assert!(close.column(2).iter().zip(spy).all(|(a, b)| (a - b).abs() < 1e-9), "{close}");
    let value =
        |name: &str, row: u32, asset: usize| market.value(schema.find(None, name)[0], row, asset);
    let equity: Vec<f64> = (0..3).map(|r| value("book_equity", r, 0)).collect();
    assert!(equity[0].is_nan() && equity[1] == 7.0, "known from the session after its publication");
    assert_eq!(value("shares_outstanding", 1, 0), 6.0);
    // 2019-10-04 and 90 days are 2020-01-02.
    assert!(value("book_equity", 0, 1).is_nan());
    assert_eq!(value("book_equity", 1, 1), 8.0);
    assert!(value("shares_outstanding", 1, 1).is_nan(), "a negative count is none");
    let members: Vec<f64> = (0..3).map(|r| value("index", r, 0)).collect();
    assert_eq!(members, [1.0, 1.0, 0.0]);
    assert_eq!([value("index", 0, 1), value("index", 2, 1)], [0.0, 1.0]);
    let rates: Vec<f64> = (0..3).map(|r| value("risk_free", r, 0)).collect();
    assert_eq!(rates, [0.0252, 0.0252, 0.0504]);
    let mut report = market.detected().join("\n") + "\n" + &market.notes().join("\n");
    for warning in market.warnings() {
        let _ = write!(report, "\nwarning: {}", warning.message);
    }
    insta::assert_snapshot!("catalog_report", report);
}

#[test]
fn sparse_dates_are_no_sessions() {
    let mut text = String::from("symbol,date,close\n");
    let days: Vec<Date> = (1..=28).map(|d| date(2020, 2, d)).collect();
    for day in &days {
        let assets = if day.day() == 14 { 1 } else { 20 };
        for asset in 0..assets {
            let _ = writeln!(text, "S{asset:02},{day},10");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.csv");
    fs::write(&path, text).expect("writable");
    let market = Market::open(&path).expect("it is sound");
    assert_eq!(market.calendar().len(), 27);
    assert!(!market.calendar().dates().contains(&date(2020, 2, 14)));
    insta::assert_snapshot!("sparse_session", market.warnings()[0].message);
}

#[test]
fn returns_and_adjusted_closes_make_the_total_return() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.csv");
    let total = |text: &str| {
        fs::write(&path, text).expect("writable");
        let market = Market::open(&path).expect("it is sound");
        assert!(market.schema().has_dividends);
        market.prices().total_return.column(0).to_vec()
    };
    // A split on the third day: the close halves, the return does not.
    let returns = "symbol,date,close,ret\nA,2020-01-02,10,\nA,2020-01-03,11,0.2\nA,2020-01-06,5.5,0\nA,2020-01-07,6.6,\n";
    let close = [10.0, 12.0, 12.0, 14.4];
    assert!(total(returns).iter().zip(close).all(|(a, b)| (a - b).abs() < 1e-12));
    let adjusted = "symbol,date,close,adj close\nA,2020-01-02,10,\nA,2020-01-03,11,5.5\nA,2020-01-06,12,\nA,2020-01-07,,9\n";
    let found = total(adjusted);
    assert_eq!(found[..3], [5.0, 5.5, 6.0]);
    assert!(found.get(3).is_none_or(|v| v.is_nan()), "present where the close is");
}

/// The worked examples, where their data are at hand: `DECILE_DATA_ROOT` names the folder.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn the_worked_examples_open() {
    let Some(root) = std::env::var_os("DECILE_DATA_ROOT") else {
        println!(
            "skipped: DECILE_DATA_ROOT does not name the folder with the data sets of docs/validation/markets"
        );
        return;
    };
    let markets = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation/markets");
    for (name, assets, rows) in [
        ("us_sp500", 709, 3838),
        ("us_pystock", 7072, 513),
        ("us_etf", 105, 4700),
        ("crypto", 10, 2991),
        ("us_sp500_members", 637, 1238),
        ("us_factor_etf", 6, 2264),
        ("us_20_stocks", 21, 8313),
        ("uk_ftse100", 64, 5960),
    ] {
        let options = Options { root: Some(Path::new(&root)), ..Options::default() };
        let market = Market::open_with(markets.join(name), options).expect("it opens");
        assert_eq!(
            (market.schema().symbols.len(), market.calendar().len()),
            (assets, rows),
            "{name}"
        );
        let FieldData::Panel(close) =
            market.field(market.schema().find(Some("prices"), "close")[0])
        else {
            panic!("`close` is a panel")
        };
        let priced = close.iter().filter(|c| !c.is_nan()).count();
        assert!(priced * 2 > close.len(), "{name}");
    }
}
