//! What a `market.toml` can say of calendars, events, times of publication and currencies.

use decile::{
    Market, Query,
    panel::{MarketData, Rows},
};
use std::{fs, path::Path};

const HEAD: &str = "[prices]\nfile = \"prices.csv\"\nbasis = \"raw\"\n";
/// Thursday, Friday, Monday and Wednesday: there is no price on Tuesday the 7th.
const DAYS: [&str; 4] = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-08"];

fn folder(catalog: &str, more: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut prices = "symbol,date,close\n".to_owned();
    for symbol in ["AAA", "BBB"] {
        for (i, day) in DAYS.iter().enumerate() {
            prices.push_str(&format!("{symbol},{day},{}\n", 10 + i));
        }
    }
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("prices.csv", &prices);
    write("market.toml", catalog);
    more.iter().for_each(|(name, text)| write(name, text));
    folder
}

fn open(folder: &Path) -> Market {
    Market::open(folder).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(folder: &Path) -> String {
    Market::open(folder).err().unwrap_or_else(|| panic!("it was taken")).to_string()
}

fn dates(market: &Market) -> Vec<String> {
    market.calendar().dates().iter().map(ToString::to_string).collect()
}

fn evaluate(market: &Market, expression: &str, symbol: &str) -> Vec<f64> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let rows = market.calendar().len();
    let asset = market.schema().asset(symbol).unwrap_or_else(|| panic!("no {symbol}")).0 as usize;
    let values = compiled.evaluate(&Rows::all(rows)).remove(0).values;
    (0..rows as u32).map(|row| values.row(row).expect("asked for")[asset]).collect()
}

fn assert_same(found: &[f64], expected: &[f64]) {
    let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(same), "{found:?}");
}

const N: f64 = f64::NAN;

#[test]
fn every_day_can_have_a_row() {
    let folder = folder(&format!("{HEAD}[calendar]\nevery_day = true\n"), &[]);
    let market = open(folder.path());
    let calendar = market.calendar();
    assert_eq!((calendar.len(), calendar.rows_per_year()), (7, 365));
    assert_same(&evaluate(&market, "close", "AAA"), &[10.0, 11.0, N, N, 12.0, N, 13.0]);
    // The 31st of a month ends it even on a Saturday; the last row's next is the next day.
    assert_eq!(calendar.next_session(6).to_string(), "2020-01-09");
    let warned: Vec<String> = market.warnings().iter().map(|w| w.message.clone()).collect();
    assert_eq!(
        warned,
        [
            "3 dates of the calendar on which nothing has a price: 2020-01-04, 2020-01-05, 2020-01-07"
        ]
    );
}

#[test]
fn sessions_can_be_listed() {
    let sessions = "day\n2019-12-31\n2020-01-02\n2020-01-03\n2020-01-07\n2020-01-08\n2020-02-03\n";
    let catalog = format!("{HEAD}[calendar]\nfile = \"sessions.csv\"\ndate = \"day\"\n");
    let folder = folder(&catalog, &[("sessions.csv", sessions)]);
    let market = open(folder.path());
    assert_eq!(dates(&market), ["2020-01-02", "2020-01-03", "2020-01-07", "2020-01-08"]);
    assert_same(&evaluate(&market, "close", "BBB"), &[10.0, 11.0, N, 13.0]);
    // The list says that January ends with the last row.
    assert_eq!(market.calendar().next_session(3).to_string(), "2020-02-03");
    let warned: Vec<String> = market.warnings().iter().map(|w| w.message.clone()).collect();
    assert_eq!(
        warned,
        [
            "1 date with prices that the calendar does not have: left out: 2020-01-06",
            "1 date of the calendar on which nothing has a price: 2020-01-07"
        ]
    );
    // A stored market keeps it.
    let stored = folder.path().join("stored");
    market.store(&stored, &()).expect("stored");
    assert_eq!(open(&stored).calendar().next_session(3).to_string(), "2020-02-03");

    fs::write(folder.path().join("sessions.csv"), "day\n2020-01-03\n").expect("writable");
    let error = refusal(folder.path());
    assert!(error.contains("do not reach from 2020-01-02 to 2020-01-08"), "{error}");
}

#[test]
fn events_hold_on_the_row_on_which_they_are_known() {
    let events = "ticker,day,eps\nAAA,2020-01-02,1.5\nAAA,2020-01-06,2.5\nBBB,2020-01-07,0.5\nBBB,2019-06-01,9\nBBB,2020-01-08,7\nCCC,2020-01-02,1\n";
    let table = "[events.earnings]\nfile = \"events.csv\"\ndate = \"day\"\n";
    let catalog = format!("{HEAD}{table}columns = {{ surprise = \"eps\" }}\n");
    let folder = folder(&catalog, &[("events.csv", events)]);
    let market = open(folder.path());
    // What is of a day is known after it, and no row stands after the last.
    assert_same(&evaluate(&market, "earnings", "AAA"), &[0.0, 1.0, 0.0, 1.0]);
    assert_same(&evaluate(&market, "surprise", "AAA"), &[N, 1.5, N, 2.5]);
    assert_same(&evaluate(&market, "earnings", "BBB"), &[0.0, 0.0, 0.0, 1.0]);
    assert_same(&evaluate(&market, "surprise", "BBB"), &[N, N, N, 0.5]);
    let warned: Vec<String> = market.warnings().iter().map(|w| w.message.clone()).collect();
    assert_eq!(warned, ["earnings: events left out, as their symbols have no prices: 1"]);

    let known = format!("{HEAD}{table}known_on_day = true\n");
    fs::write(folder.path().join("market.toml"), known).expect("writable");
    let market = open(folder.path());
    assert_same(&evaluate(&market, "earnings", "AAA"), &[1.0, 0.0, 1.0, 0.0]);
    assert_same(&evaluate(&market, "earnings", "BBB"), &[0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn figures_are_multiplied_and_divided() {
    let events = ("events.csv", "symbol,date,new,old\nAAA,2020-01-02,3,2\nBBB,2020-01-02,3,0\n");
    let series = ("series.csv", "date,rate,base\n2020-01-02,6,4\n2020-01-06,6,\n");
    let catalog = format!(
        "{HEAD}[events.e]\nfile = \"events.csv\"\n[events.e.columns]\nshare = {{ column = \"new\", divided_by = \"old\", scale = 10 }}\nagain = \"new\"\n[series.s]\nfile = \"series.csv\"\n[series.s.columns]\nreal = {{ column = \"rate\", divided_by = \"base\", scale = 10 }}\nbase = \"base\"\n"
    );
    let folder = folder(&catalog, &[events, series]);
    let market = open(folder.path());
    assert_same(&evaluate(&market, "share", "AAA"), &[N, 15.0, N, N]);
    assert_same(&evaluate(&market, "again", "AAA"), &[N, 3.0, N, N]);
    // Divided by zero it is not known.
    assert_same(&evaluate(&market, "share", "BBB"), &[N; 4]);
    // Nor is what is divided by nothing: the last value stays.
    assert_same(&evaluate(&market, "real + 0 * close", "AAA"), &[15.0; 4]);
    assert_same(&evaluate(&market, "base + 0 * close", "AAA"), &[4.0; 4]);
}

#[test]
fn declared_returns_displace_a_column_that_was_found() {
    let catalog = HEAD.to_owned() + "return = \"gain\"\n";
    let prices =
        "symbol,date,close,adj_close,gain\nAAA,2020-01-02,10,5,0.5\nAAA,2020-01-03,11,5,0.25\n";
    let folder = folder(&catalog, &[("prices.csv", prices)]);
    let market = open(folder.path());
    assert_same(&evaluate(&market, "return(1d)", "AAA"), &[N, 0.25]);
}

#[test]
fn what_is_published_before_the_close_is_known_at_it() {
    let reports = "symbol,period,filed,income\nAAA,2019-12-31,2020-01-03T15:59:00,1\nBBB,2019-12-31,2020-01-03T16:00:00,2\n";
    let table = "[reports.company]\nfile = \"reports.csv\"\nperiod_end = \"period\"\npublished = \"filed\"\ncolumns = { net_income = \"income\" }\n";
    let close = "session_close = \"16:00 America/New_York\"\n";
    let folder = folder(&format!("{close}{HEAD}{table}"), &[("reports.csv", reports)]);
    let market = open(folder.path());
    assert_same(&evaluate(&market, "net_income", "AAA"), &[N, 1.0, 1.0, 1.0]);
    assert_same(&evaluate(&market, "net_income", "BBB"), &[N, N, 2.0, 2.0]);
    // Without a declared close nothing is taken to be known before the next session.
    fs::write(folder.path().join("market.toml"), format!("{HEAD}{table}")).expect("writable");
    assert_same(&evaluate(&open(folder.path()), "net_income", "AAA"), &[N, N, 1.0, 1.0]);

    fs::write(folder.path().join("market.toml"), format!("session_close = \"4pm\"\n{HEAD}"))
        .expect("writable");
    let error = refusal(folder.path());
    assert!(error.contains("expected a time and a zone"), "{error}");
}

#[test]
fn money_is_in_one_currency() {
    let table = "[dividends]\nfile = \"d.csv\"\namount = \"amount\"\ncurrency = \"EUR\"\n";
    let dividends = ("d.csv", "symbol,date,amount\nAAA,2020-01-03,1\n");
    let folder = folder(&format!("currency = \"USD\"\n{HEAD}{table}"), &[dividends]);
    let error = refusal(folder.path());
    assert!(error.contains("`dividends` is in EUR and the market in USD"), "{error}");
    let catalog = format!("currency = \"EUR\"\n{HEAD}{table}");
    fs::write(folder.path().join("market.toml"), catalog).expect("writable");
    assert_eq!(open(folder.path()).schema().currency.as_deref(), Some("EUR"));
}
