//! Raw prices with tables of splits, dividends, renames, delistings and dated labels.

use decile::{
    Market, Query, Strategy,
    data::Options,
    panel::{MarketData, Rows},
};
use std::{fs, path::Path};

/// Weekdays of January 2020 from the 1st on.
const DAYS: [&str; 10] = [
    "2020-01-01",
    "2020-01-02",
    "2020-01-03",
    "2020-01-06",
    "2020-01-07",
    "2020-01-08",
    "2020-01-09",
    "2020-01-10",
    "2020-01-13",
    "2020-01-14",
];

const CATALOG: &str = r#"
[prices]
file = "prices.csv"
basis = "raw"
[renames]
file = "renames.csv"
old = "from"
new = "to"
date = "day"
[splits]
file = "splits.csv"
ratio = { column = "new", divided_by = "old" }
[dividends]
file = "dividends.csv"
date = "ex"
amount = "cash"
[delistings]
file = "delistings.csv"
return = "return"
[labels.industry]
file = "sectors.csv"
start = "since"
columns = { sector = "name" }
[members.index]
file = "members.csv"
start = "in"
end = "out"
[reports.company]
file = "reports.csv"
period_end = "period"
published = "filed"
[reports.company.columns]
shares_outstanding = "shares"
"#;

/// `OLD` becomes `NEW` on the 6th and splits two for one on the 7th, on which it also pays 1 for a new share; `NEW` was
/// another company before, which ended on the 2nd. `GONE` stops on the 8th; `PAYS` pays twice.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut prices = "symbol,date,close,volume\n".to_owned();
    let mut add = |symbol: &str, day: usize, close: f64| {
        prices.push_str(&format!("{symbol},{},{close},100\n", DAYS[day]));
    };
    for (day, close) in [7.0, 6.0].iter().enumerate() {
        add("NEW", day, *close);
    }
    for (day, close) in [100.0, 102.0, 104.0].iter().enumerate() {
        add("OLD", day, *close);
    }
    for (i, close) in [106.0, 53.0, 54.0, 50.0, 51.0, 52.0, 53.0].iter().enumerate() {
        add("NEW", i + 3, *close);
    }
    for day in 0..6 {
        add("GONE", day, 10.0);
    }
    for day in 0..10 {
        add("PAYS", day, 20.0);
    }
    let files = [
        ("market.toml", CATALOG.to_owned()),
        ("prices.csv", prices),
        ("renames.csv", "from,to,day\nNEW,,2020-01-03\nOLD,NEW,2020-01-06\n".to_owned()),
        ("splits.csv", "symbol,date,new,old\nNEW,2020-01-07,2,1\n".to_owned()),
        (
            "dividends.csv",
            "symbol,ex,cash\nNEW,2020-01-07,1\nPAYS,2020-01-04,0.5\nPAYS,2020-01-07,0.2\nPAYS,2020-01-07,0.3\n"
                .to_owned(),
        ),
        ("delistings.csv", "symbol,date,return\nGONE,2020-01-09,-0.4\n".to_owned()),
        (
            "sectors.csv",
            "symbol,since,name\nOLD,2019-01-01,Mines\nNEW,2020-01-08,Banks\nGONE,2020-01-02,Shops\n"
                .to_owned(),
        ),
        ("members.csv", "symbol,in,out\nOLD,2020-01-02,2020-01-03\nNEW,2020-01-09,\n".to_owned()),
        (
            "reports.csv",
            "symbol,period,filed,shares\nOLD,2019-12-31,2020-01-02,1000\nNEW,2019-12-31,2020-01-01,5\n"
                .to_owned(),
        ),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("writable");
    }
    folder
}

fn open(folder: &Path) -> Market {
    Market::open(folder.join("market.toml")).unwrap_or_else(|e| panic!("{e}"))
}

fn evaluate(market: &Market, expression: &str, symbol: &str) -> Vec<f64> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let rows = market.calendar().len();
    let asset = market.schema().asset(symbol).unwrap_or_else(|| panic!("no {symbol}")).0 as usize;
    let values = compiled.evaluate(&Rows::all(rows)).remove(0).values;
    (0..rows as u32).map(|row| values.row(row).expect("asked for")[asset]).collect()
}

/// Equal within rounding; missing where missing is expected.
fn assert_near(found: &[f64], expected: &[f64]) {
    let near = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12;
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(near),
        "{found:?}, not {expected:?}"
    );
}

const N: f64 = f64::NAN;

#[test]
fn an_asset_keeps_its_history_through_a_new_symbol() {
    let folder = folder();
    let market = open(folder.path());
    assert_eq!(market.schema().symbols.as_ref(), ["GONE", "NEW", "NEW~2020-01-02", "PAYS"]);
    let close = |symbol| evaluate(&market, "close", symbol);
    assert_near(&close("NEW"), &[100.0, 102.0, 104.0, 106.0, 53.0, 54.0, 50.0, 51.0, 52.0, 53.0]);
    assert_near(&close("NEW~2020-01-02"), &[7.0, 6.0, N, N, N, N, N, N, N, N]);
    let member = |symbol| evaluate(&market, "if index then 1 else 0", symbol);
    assert_near(&member("NEW"), &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    // Published on the 2nd in shares of before the split; the report of the earlier owner of the symbol is its own.
    let shares = |symbol| evaluate(&market, "shares_outstanding", symbol);
    let after = [vec![N, N, 1000.0, 1000.0], vec![2000.0; 6]].concat();
    assert_near(&shares("NEW"), &after);
    assert_near(&shares("NEW~2020-01-02")[..3], &[N, 5.0, 5.0]);
}

#[test]
fn returns_go_through_splits_and_dividends() {
    let folder = folder();
    let market = open(folder.path());
    // On the 7th one share of 106 is two of 53, with 1 for each: 108 / 106.
    let new = evaluate(&market, "return", "NEW");
    assert_near(&new[1..6], &[0.02, 2.0 / 102.0, 2.0 / 104.0, 2.0 / 106.0, 1.0 / 53.0]);
    let price = evaluate(&market, "price_return", "NEW");
    assert_near(&price[3..6], &[2.0 / 104.0, 0.0, 1.0 / 53.0]);
    let mean = evaluate(&market, "ts_mean(close, 3)", "NEW");
    assert_near(&mean[3..6], &[104.0, (52.0 + 53.0 + 53.0) / 3.0, (53.0 + 53.0 + 54.0) / 3.0]);
    // A dividend of a Saturday belongs to the next session; two of one day add up.
    let pays = evaluate(&market, "return", "PAYS");
    assert_near(&pays[1..6], &[0.0, 0.0, 0.025, 0.025, 0.0]);
    let paid = evaluate(&market, "dividend", "PAYS");
    assert_near(&paid, &[0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
    // Dividends of the last four rows in the shares of today: 1 for a new share.
    let yielded = evaluate(&market, "ts_sum(dividend, 4) / close", "NEW");
    assert_near(&yielded[3..8], &[0.0, 1.0 / 53.0, 1.0 / 54.0, 1.0 / 50.0, 1.0 / 51.0]);
}

#[test]
fn labels_hold_from_their_dates_on() {
    let folder = folder();
    let market = open(folder.path());
    let is =
        |label: &str| evaluate(&market, &format!("if sector == \"{label}\" then 1 else 0"), "NEW");
    assert_near(&is("Mines"), &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_near(&is("Banks"), &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    let gone = evaluate(&market, "if sector == \"Shops\" then 1 else 0", "GONE");
    assert_near(&gone[..3], &[N, 1.0, 1.0]);
    // A group that changes: alone in `Banks`, one of nobody else in `Mines`.
    let sized = evaluate(&market, "cs_count(close, within: sector)", "NEW");
    assert_near(&sized[..7], &[1.0; 7]);
}

#[test]
fn the_book_gets_what_a_delisting_pays() {
    let folder = folder();
    let market = open(folder.path());
    let strategy =
        Strategy::parse("select bottom 1 by close where close == 10 rebalance daily cash 0%");
    let strategy = strategy.unwrap_or_else(|e| panic!("{e}"));
    let results = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}")).run();
    let results = results.unwrap_or_else(|e| panic!("{e}"));
    let track = &results.runs()[0].track;
    let [delisting] = track.delistings.as_slice() else { panic!("one company stopped trading") };
    assert_eq!(delisting.outcome, Some(-0.4));
    assert_near(&[delisting.value, *track.nav.last().expect("a row")], &[600_000.0, 600_000.0]);
}

#[test]
fn a_stored_market_holds_the_actions() {
    let folder = folder();
    let market = open(folder.path());
    let to = folder.path().join("stored");
    Market::import(folder.path().join("market.toml"), &to, Options::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let stored = Market::open(&to).unwrap_or_else(|e| panic!("{e}"));
    for expression in ["return", "split_factor", "dividend", "delisting_return", "lag(close, 2)"] {
        for symbol in ["GONE", "NEW", "NEW~2020-01-02", "PAYS"] {
            let (a, b) =
                (evaluate(&market, expression, symbol), evaluate(&stored, expression, symbol));
            assert_near(&a, &b);
        }
    }
}

#[test]
fn actions_that_make_no_sense_are_refused() {
    let mut page = String::new();
    for (file, text) in [
        ("splits.csv", "symbol,date,new,old\nNEW,2020-01-07,0,1\n"),
        ("splits.csv", "symbol,date,new,old\nNEW,2020-01-07,2,0\n"),
        ("splits.csv", "symbol,date,new,old\nNEW,2020-01-07,2,1\nNEW,2020-01-07,2,1\n"),
        ("splits.csv", "symbol,date,new\nNEW,2020-01-07,2\n"),
        ("dividends.csv", "symbol,ex,cash\nPAYS,2020-01-07,-1\n"),
        ("delistings.csv", "symbol,date,return\nGONE,2020-01-09,-1.5\n"),
        ("renames.csv", "from,to,day\nOLD,NEW,2020-01-06\nOLD,OTHER,2020-01-06\n"),
        ("market.toml", &CATALOG.replace("\"raw\"", "\"fully_adjusted\"")),
        ("market.toml", &CATALOG.replace("published = \"filed\"", "")),
    ] {
        let folder = folder();
        fs::write(folder.path().join(file), text).expect("writable");
        let error = Market::open(folder.path().join("market.toml")).expect_err("it is refused");
        let said = error.to_string().replace(&folder.path().display().to_string(), "DIR");
        page.push_str(&format!("{said}\n"));
    }
    insta::assert_snapshot!(page);
}
