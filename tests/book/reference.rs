//! The book and the metrics against figures that pandas and numpy computed once: `docs/validation`.

use crate::market::{Market, Trial, assert_near, date};
use decile::{
    backtest::schedule::decision_rows,
    check::{CalendarRule, CashRate, Every, On},
    metric::{self, METRICS, TrackRecord, Value},
    panel::Date,
};
use ndarray::Array2;
use serde_json::Value as Json;
use std::fs;

fn read(folder: &str) -> Json {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/docs/validation/{folder}/reference.json");
    let text = fs::read_to_string(path).expect("the reference is in the tree");
    serde_json::from_str(&text).expect("it is JSON")
}

fn numbers(json: &Json) -> Vec<f64> {
    let list = json.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn dates(json: &Json) -> Vec<Date> {
    let list = json.as_array().expect("a list");
    list.iter().map(|d| date(d.as_str().expect("a text"))).collect()
}

#[test]
fn a_quarterly_book_equals_the_one_of_pandas() {
    let reference = read("book");
    let days = dates(&reference["dates"]);
    let symbols: Vec<&str> = reference["symbols"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|s| s.as_str().expect("a text"))
        .collect();
    let rows = reference["prices"].as_array().expect("a list");
    let prices: Vec<f64> = rows.iter().flat_map(numbers).collect();
    let close = Array2::from_shape_vec((days.len(), symbols.len()), prices).expect("a panel");
    let market = Market::new(&symbols, days.clone(), close);
    let rules =
        [CalendarRule { every: Every::Quarter, on: On::LastDay, months: vec![], gate: None }];
    let decisions = decision_rows(&rules, &market.calendar, 0, days.len() as u32 - 1);
    let named: Vec<Date> = decisions.iter().map(|r| market.calendar.date(*r)).collect();
    assert_eq!(named, dates(&reference["decisions"]));

    let mut strategy = Trial::new(&market, &decisions);
    strategy.policy.capital = reference["capital"].as_f64().expect("a number");
    strategy.policy.costs.proportional = reference["cost"].as_f64();
    strategy.policy.cash = CashRate::Constant(reference["cash_rate"].as_f64().expect("a number"));
    let track = strategy.run();
    assert_eq!(market.calendar.date(track.first).to_string(), reference["start"]);
    assert_eq!(track.delistings.len(), 1);
    assert!(track.stale > 0);
    for (column, found) in [("nav", &track.nav), ("costs", &track.ledger.costs())] {
        let expected = numbers(&reference[column]);
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert_near(*f, e, 1e-9);
        }
    }
    for (found, expected) in track.cash.iter().zip(numbers(&reference["cash"])) {
        assert!((found - expected).abs() < 1e-9 * strategy.policy.capital);
    }
    let names: Vec<f64> = track.names.iter().map(|n| f64::from(*n)).collect();
    assert_eq!(names, numbers(&reference["names"]));
}

fn record(reference: &Json) -> TrackRecord {
    TrackRecord {
        dates: dates(&reference["dates"]),
        nav: numbers(&reference["nav"]),
        capital: reference["capital"].as_f64().expect("a number"),
        rows_per_year: reference["rows_per_year"].as_f64().expect("a number"),
        risk_free: numbers(&reference["risk_free"]),
        benchmark: numbers(&reference["benchmark"]),
        costs: numbers(&reference["costs"]),
        names: numbers(&reference["names"]).iter().map(|n| *n as u32).collect(),
        exposure: numbers(&reference["exposure"]),
        turnover: Some(numbers(&reference["turnover"])),
        effective_names: numbers(&reference["effective_names"]),
        largest_weight: reference["largest_weight"].as_f64(),
        active_share: numbers(&reference["active_share"]),
        days_to_sell: numbers(&reference["days_to_sell"]),
        capacity: numbers(&reference["capacity"]),
        trials: numbers(&reference["trials"]),
    }
}

#[test]
fn every_metric_equals_the_one_of_pandas() {
    let reference = read("metrics");
    let record = record(&reference);
    for metric in METRICS {
        let expected = &reference["expected"][metric.name];
        match (metric.compute)(&record) {
            Value::Number(found) => {
                let expected = expected.as_f64().unwrap_or_else(|| panic!("no {}", metric.name));
                assert_near(found, expected, 1e-9);
            }
            Value::Date(found) => assert_eq!(found.to_string(), *expected, "{}", metric.name),
            Value::Missing => panic!("{} is missing", metric.name),
        }
    }
    let found = metric::band(&record, 0.9).expect("it is long enough");
    for (found, expected) in found.iter().zip(numbers(&reference["band_90"])) {
        assert_near(*found, expected, 1e-9);
    }
    for (year, found) in record.yearly_returns() {
        let expected = reference["years"][year.to_string()].as_f64().expect("a number");
        assert_near(found, expected, 1e-9);
    }
}

#[test]
fn what_is_not_defined_is_missing() {
    let empty = TrackRecord { rows_per_year: 252.0, ..TrackRecord::default() };
    for metric in METRICS {
        assert_eq!((metric.compute)(&empty), Value::Missing, "{}", metric.name);
    }
    let days = ["2020-01-01", "2020-01-02", "2020-01-03"].map(date).to_vec();
    let flat = TrackRecord {
        dates: days,
        nav: vec![1.0; 3],
        capital: 1.0,
        rows_per_year: 252.0,
        benchmark: vec![1.0; 3],
        ..TrackRecord::default()
    };
    let value = |name: &str| (metric::find(name).expect("known").compute)(&flat);
    for name in ["sharpe", "sortino", "calmar", "beta", "information_ratio", "drawdown_peak"] {
        assert_eq!(value(name), Value::Missing, "{name}");
    }
    for name in ["total_return", "volatility", "max_drawdown", "tracking_error"] {
        assert_eq!(value(name), Value::Number(0.0), "{name}");
    }
}
