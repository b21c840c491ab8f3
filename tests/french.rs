//! Files of Kenneth French's data library: each block of a file that holds several, and what is said where none fits.

use decile::data::{Market, Options};
use decile::panel::MarketData;
use jiff::civil::date;
use std::{fmt::Write as _, fs, path::Path};

/// What a file of the library looks like, with rows of three kinds and a table of counts.
const FILE: &str = "This file was created by CMPT_IND_RETS using the 202201 CRSP database.
It contains returns, and more.

Missing data are indicated by -99.99 or -999.


  Average Value Weighted Returns -- Monthly
,NoDur,Durbl ,RF
202001,   1.50, -99.99,   0.13
202002,  -2.00,   3.00,   0.12

  Average Equal Weighted Returns -- Monthly
,NoDur,Durbl ,RF
202001,   7.00,   8.00,   0.13
202002,   9.00,  -999,    0.12


  Average Value Weighted Returns -- Annual
,NoDur,Durbl ,RF
  2019,  20.00,  30.00,   2.00

  Number of Firms in Portfolios
,NoDur,Durbl ,RF
202001,    50,     60,      0
202002,    51,     61,      0

Copyright 2022 Kenneth R. French
";

/// A market of one asset with a session on each day, and a file of the library.
fn folder(file: &str, series: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut prices = String::from("symbol,date,close\n");
    let mut day = date(2020, 1, 30);
    while day <= date(2020, 3, 10) {
        let _ = writeln!(prices, "A,{day},1");
        day = day.tomorrow().expect("in range");
    }
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("writable");
    };
    write("p.csv", &prices);
    write("f.csv", file);
    write("market.toml", &format!("prices = {{ file = \"p.csv\", basis = \"raw\" }}\n{series}"));
    folder
}

/// The values of a field on some days.
fn values(market: &Market, days: &[(i8, i8)]) -> Vec<f64> {
    let field = market.schema().find(None, "x")[0];
    let row = |(month, day): &(i8, i8)| {
        let dates = market.calendar().dates();
        dates.binary_search(&date(2020, *month, *day)).expect("a session") as u32
    };
    days.iter().map(|d| market.value(field, row(d), 0)).collect()
}

fn series(block: &str, column: &str) -> String {
    format!(
        "[series.f]\nfile = \"f.csv\"\nformat = \"ken_french\"\n{block}\ncolumns.x = {column}\n"
    )
}

#[test]
fn each_block_can_be_read() {
    let days = [(1, 30), (1, 31), (2, 28), (2, 29), (3, 10)];
    let nan = f64::NAN;
    let cases: [(&str, &str, [f64; 5]); 6] = [
        ("", "\"NoDur\"", [nan, 0.015, 0.015, -0.02, -0.02]),
        ("", "\"Durbl\"", [nan, nan, nan, 0.03, 0.03]),
        ("", "{ column = \"RF\", scale = 12 }", [nan, 0.0156, 0.0156, 0.0144, 0.0144]),
        ("block = \"equal weighted\"", "\"Durbl\"", [nan, 0.08, 0.08, 0.08, nan]),
        ("block = \"annual\"", "\"Durbl\"", [0.3; 5]),
        ("block = \"Number of Firms in Portfolios\"", "\"Durbl\"", [nan, 60.0, 60.0, 61.0, 61.0]),
    ];
    for (block, column, expected) in cases {
        let folder = folder(FILE, &series(block, column));
        let market = Market::open(folder.path()).unwrap_or_else(|e| panic!("{e}"));
        let found = values(&market, &days);
        let same = found.iter().zip(expected).all(|(a, b)| {
            a.to_bits() == b.to_bits() || (a - b).abs() < 1e-15 || (a.is_nan() && b.is_nan())
        });
        assert!(same, "{block} {column}: {found:?}");
    }
    let folder = folder(FILE, &series("", "\"NoDur\""));
    let market = Market::open(folder.path()).expect("it is sound");
    insta::assert_snapshot!("french_report", market.detected().join("\n"));
}

#[test]
fn daily_rows_and_headers_without_titles() {
    let daily =
        ",Mkt-RF,RF\n20200130,   -0.50,   0.012\n20200131,    0.25,   0.012\n\nCopyright 2023\n";
    let with_title = folder(daily, &series("", "\"Mkt-RF\""));
    let market = Market::open(with_title.path()).expect("it is sound");
    assert_eq!(values(&market, &[(1, 30), (1, 31)]), [-0.005, 0.0025]);
    // As a spreadsheet writes it, without the comma before the names, and years below the months.
    let spread = "\nMkt-RF,RF\n202001,1,2\n,,\nAnnual Factors:,,\nJanuary-December,,\n2019,3,4\n";
    for (block, expected) in [("", 0.01), ("block = \"annual factors\"", 0.03)] {
        let folder = folder(spread, &series(block, "\"Mkt-RF\""));
        let market = Market::open(folder.path()).expect("it is sound");
        assert_eq!(values(&market, &[(1, 31)]), [expected]);
    }
}

#[test]
fn what_is_said_of_blocks_that_do_not_fit() {
    let broken = FILE.replace("   8.00", "   8.0x").replace("202002,   9.00", "202013,   9.00");
    let cases = [
        (FILE, series("block = \"weekly\"", "\"RF\"")),
        (FILE, series("block = \"monthly\"", "\"RF\"")),
        (FILE, series("", "\"SMB\"")),
        ("symbol,date\nA,1\n", series("", "\"RF\"")),
        (&broken, series("block = \"equal\"", "\"Durbl\"")),
        (FILE, series("", "\"RF\"").replace("format = \"ken_french\"", "block = \"annual\"")),
        (FILE, series("", "\"RF\"").replace("f.csv", "g.csv")),
    ];
    let mut all = String::new();
    for (file, series) in cases {
        let folder = folder(file, &series);
        let error = Market::open(folder.path()).expect_err("it does not fit");
        assert!(error.about_data());
        let said = error.to_string().replace(&folder.path().display().to_string(), "DIR");
        let _ = writeln!(all, "{series}-----\n{said}\n=====\n");
    }
    insta::assert_snapshot!("bad_french", all);
}

/// The files of the library, where they are at hand: `DECILE_DATA_ROOT` names the folder.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn the_librarys_own_files() {
    let Some(root) = std::env::var_os("DECILE_DATA_ROOT") else {
        println!("skipped: DECILE_DATA_ROOT does not name the folder that has `fama_french`");
        return;
    };
    let root = Path::new(&root);
    let folder = tempfile::tempdir().expect("a folder");
    // By file, block and column: the value on 2 January 2015, a Friday, as the file has it in percent.
    let cases = [
        ("F-F_Research_Data_5_Factors_2x3_daily.csv.gz", "", "Mkt-RF", -0.0012),
        ("F-F_Momentum_Factor_daily.csv.gz", "", "Mom", -0.0008),
        ("F-F_Research_Data_5_Factors_2x3_monthly_2023.csv", "", "Mkt-RF", -0.0006),
        ("F-F_Momentum_Factor_monthly.csv", "block = \"annual\"", "Mom", 0.0102),
        ("12_Industry_Portfolios_monthly.csv.gz", "", "NoDur", -0.0236),
        (
            "12_Industry_Portfolios_monthly.csv.gz",
            "block = \"Equal Weighted Returns -- Annual\"",
            "Money",
            0.1016,
        ),
        ("49_Industry_Portfolios_monthly.csv.gz", "block = \"Number of Firms\"", "Banks", 469.0),
        ("25_Portfolios_5x5_monthly.csv.gz", "", "SMALL LoBM", 0.058651),
    ];
    for (file, block, column, expected) in cases {
        let toml = format!(
            "prices = {{ file = \"us_etf_stooq_to_2017/etf_prices.parquet\", basis = \"fully_adjusted\" }}
[series.f]\nfile = \"fama_french/{file}\"\nformat = \"ken_french\"\n{block}\ncolumns.x = \"{column}\"\n"
        );
        let path = folder.path().join("market.toml");
        fs::write(&path, toml).expect("writable");
        let options = Options { root: Some(root), ..Options::default() };
        let market = Market::open_with(&path, options).unwrap_or_else(|e| panic!("{file}: {e}"));
        let row = market.calendar().dates().binary_search(&date(2015, 1, 2)).expect("a session");
        let found = market.value(market.schema().find(None, "x")[0], row as u32, 0);
        assert!((found - expected).abs() < 1e-12, "{file} {block}: {found}");
    }
}
