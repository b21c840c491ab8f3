//! The seed comparison on S&P 500 names against figures that pandas and numpy computed from the raw files.

use decile::data::{Market, Options};
use decile::engine::Strategy;
use decile::metric::Value as Metric;
use decile::panel::MarketData;
use jiff::civil::date;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

const STRATEGIES: [&str; 5] =
    ["value_alone", "momentum_alone", "combined", "low_volatility_alone", "size_alone"];
const METRICS: [&str; 4] = ["annual_return", "volatility", "max_drawdown", "sharpe"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn reference() -> Value {
    let path = root().join("docs/validation/seed_comparison/us_sp500.json");
    let text = fs::read_to_string(path).expect("it lies in the tree");
    serde_json::from_str(&text).expect("it is JSON")
}

fn object(value: &Value) -> &serde_json::Map<String, Value> {
    value.as_object().expect("an object")
}

/// Within 1e-9 of the expected value.
fn assert_near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().expect("a number");
    assert!((found / expected - 1.0).abs() < 1e-9, "{what}: expected {expected}, found {found}");
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
fn the_comparison_agrees_with_pandas() {
    let Some(data) = std::env::var_os("DECILE_DATA_ROOT") else {
        println!(
            "skipped: DECILE_DATA_ROOT does not name the folder with the data sets of docs/validation/markets"
        );
        return;
    };
    let options = Options { root: Some(Path::new(&data)), ..Options::default() };
    let market = Market::open_with(root().join("docs/validation/markets/us_sp500"), options)
        .expect("the market opens");
    let results = Strategy::open(root().join("strategies/value_momentum_compare.decile"))
        .and_then(|s| s.set("against", "SPY"))
        .and_then(|s| {
            let program = s.compile(&market)?;
            program.between(Some(date(2013, 3, 29)), Some(date(2017, 12, 29))).run()
        })
        .expect("it runs");
    let reference = reference();
    assert_eq!(results.runs().iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), STRATEGIES);
    let dates = market.calendar().dates();
    let symbols = &market.schema().symbols;
    for run in results.runs() {
        let (name, track) = (&run.name, &run.track);
        let expected = &reference["strategies"][name];
        assert_eq!(dates[track.first as usize].to_string(), reference["from"], "{name}");
        assert_eq!(dates[track.last() as usize].to_string(), reference["to"], "{name}");
        let picked = object(&expected["picked"]);
        assert_eq!(track.rebalances.len(), picked.len(), "{name}");
        for rebalance in &track.rebalances {
            let day = dates[rebalance.target.row as usize].to_string();
            let found: BTreeSet<&str> =
                rebalance.target.weights.iter().map(|(a, _)| &*symbols[a.0 as usize]).collect();
            let names = picked[&day].as_str().expect("names").split(' ').collect();
            let more: Vec<_> = found.difference(&names).collect();
            let fewer: Vec<_> = names.difference(&found).collect();
            assert_eq!((more, fewer), (vec![], vec![]), "{name} on {day}: only in one of the two");
            let funnel = &rebalance.target.funnel;
            assert_eq!(funnel.scored, reference["scored"][name][&day], "{name} {day}");
            assert_eq!(funnel.eligible, reference["eligible"][&day], "{name} {day}");
        }
        for (day, value) in object(&expected["net_asset_value"]) {
            let row = dates.partition_point(|d| d.to_string() < *day) as u32;
            let found = track.nav_at(row).expect("the track has the row");
            assert_near(found, value, &format!("net asset value of {name} on {day}"));
        }
        let benchmark = run.benchmark.as_ref().expect("it has a benchmark");
        for (day, value) in object(&reference["benchmark"]["net_asset_value"]) {
            let row = dates.partition_point(|d| d.to_string() < *day);
            let found = benchmark.values[row - track.first as usize] / benchmark.values[0];
            assert_near(found, value, &format!("SPY on {day}"));
        }
    }
    for metric in METRICS {
        for (name, found) in results.metric(metric) {
            let Metric::Number(found) = found else { panic!("{metric} of {name} is a number") };
            let expected = &reference["strategies"][&name]["metrics"][metric];
            assert_near(found, expected, &format!("{metric} of {name}"));
        }
    }
}

/// A catalog that is sound fails without its data for want of the files alone.
#[test]
fn the_catalogs_of_the_markets_are_sound() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for entry in fs::read_dir(root().join("docs/validation/markets")).expect("it is in the tree") {
        let folder = entry.expect("it can be read").path();
        if !folder.is_dir() {
            continue;
        }
        let options = Options { root: Some(nowhere.path()), ..Options::default() };
        let Err(faults) = Market::open_with(&folder, options) else {
            panic!("{} opens without data", folder.display())
        };
        for fault in &faults.list {
            assert_eq!(fault.code.name(), "data-not-found", "{}: {faults}", folder.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 8);
}

/// The figures of the page are those of the reference.
#[test]
fn the_page_shows_the_reference() {
    let page = fs::read_to_string(root().join("docs/validation/seed_comparison/README.md"))
        .expect("it lies in the tree");
    let reference = reference();
    let line = |name: &str, metrics: &Value| {
        let number = |m: &str| metrics[m].as_f64().expect("a number");
        let percent = |m: &str| format!("{:.2}%", 100.0 * number(m)).replace('-', "−");
        let [first, second, third] = ["annual_return", "volatility", "max_drawdown"].map(percent);
        format!("| {name} | {first} | {second} | {third} | {:.4} |", number("sharpe"))
    };
    for name in STRATEGIES {
        let strategy = &reference["strategies"][name];
        let expected = line(&format!("`{name}`"), &strategy["metrics"]);
        assert_eq!(page.matches(&expected).count(), 2, "from both sides: {expected}");
        for (day, names) in object(&strategy["picked"]) {
            let names: BTreeSet<&str> = names.as_str().expect("names").split(' ').collect();
            assert_eq!(names.len(), 50, "{name} on {day}");
        }
    }
    let expected = line("SPY", &reference["benchmark"]["metrics"]);
    assert_eq!(page.matches(&expected).count(), 2, "from both sides: {expected}");
}
