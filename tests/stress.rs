//! A strategy run in other ways than its own: each is what a run of that kind gives by itself.

use decile::{
    Market, Strategy,
    backtest::Track,
    data::Sample,
    metric::{TrackRecord, band},
    panel::Date,
};

const TEXT: &str = "select top 20 by rank(value) + rank(momentum) rebalance monthly cost 20bps";

fn annual(market: &Market, text: &str, from: &str) -> f64 {
    let from: Date = from.parse().expect("a date");
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let results = strategy.compile(market).unwrap_or_else(|e| panic!("{e}")).run();
    let results = results.unwrap_or_else(|e| panic!("{e}"));
    annual_from(market, &results.runs()[0].track, from)
}

fn annual_from(market: &Market, track: &Track, from: Date) -> f64 {
    let calendar = decile::panel::MarketData::calendar(market);
    let at = calendar.first_at_or_after(from);
    let (start, end) = (track.nav_at(at).expect("it runs"), track.nav.last().expect("a row"));
    let days = decile::panel::days_since_epoch(calendar.date(track.last()))
        - decile::panel::days_since_epoch(from);
    libm::pow(end / start, 365.25 / f64::from(days)) - 1.0
}

#[test]
fn every_way_is_a_run_of_its_own() {
    let market = Sample::default().market();
    let strategy = Strategy::parse(TEXT).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let stress = &compiled.stress().unwrap_or_else(|e| panic!("{e}"))[0];
    let near = |found: Option<f64>, text: &str| {
        let expected = annual(&market, text, &stress.from);
        let found = found.expect("it is defined");
        assert!((found - expected).abs() < 1e-9, "{text}: {found} instead of {expected}");
    };
    near(stress.own.annual_return, TEXT);
    near(stress.costs_none.annual_return, &TEXT.replace("20bps", "0bps"));
    near(stress.costs_twice.annual_return, &TEXT.replace("20bps", "40bps"));
    assert_eq!(stress.days[0], stress.own);
    assert_eq!(stress.days.len(), 21);
    // Other days are other runs, and not all of them are worse.
    let returns: Vec<f64> = stress.days.iter().filter_map(|d| d.annual_return).collect();
    assert_eq!(returns.len(), 21);
    assert!(returns.iter().any(|r| *r < returns[0]) || returns.iter().any(|r| *r > returns[0]));
    assert!(stress.later.annual_return.is_some());
    let [low, high] = stress.band.expect("fourteen years are enough");
    let own = stress.own.annual_return.expect("it is defined");
    assert!(low < own && own < high, "{low} {own} {high}");
    // The same again is the same.
    assert_eq!(&compiled.stress().unwrap_or_else(|e| panic!("{e}"))[0], stress);
}

const HOLDING: &str = r#"strategy inner {
    select top 20 by rank(value) rebalance quarterly cost 20bps
}
strategy outer {
    hold inner 70%, "MARKET" 30% rebalance monthly cost 10bps
}
strategy measured {
    select top 20 by rank(momentum) weight equal cap sector 30% active benchmark inner
    rebalance monthly cost 10bps
}"#;

#[test]
fn what_a_strategy_holds_stays_as_it_is() {
    let market = Sample::default().market();
    let compile = |text: &str| {
        let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
        strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"))
    };
    let stress = compile(HOLDING).stress().unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = stress.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["inner", "outer", "measured"]);
    for (place, found) in stress.iter().enumerate().skip(1) {
        let of = |text: &str| {
            // From the date on at which all ways have begun.
            let from: Date = found.from.parse().expect("a date");
            let results = compile(text).run().unwrap_or_else(|e| panic!("{e}"));
            annual_from(&market, &results.runs()[place].track, from)
        };
        let near = |found: Option<f64>, text: &str| {
            let (found, expected) = (found.expect("it is defined"), of(text));
            assert!((found - expected).abs() < 1e-9, "{place}: {found} instead of {expected}");
        };
        near(found.own.annual_return, HOLDING);
        near(found.costs_none.annual_return, &HOLDING.replace("10bps", "0bps"));
        near(found.costs_twice.annual_return, &HOLDING.replace("10bps", "20bps"));
        assert_eq!(found.days.len(), 21);
        assert!(found.days.iter().any(|day| *day != found.own));
        assert!(found.later != found.own);
    }
}

#[test]
fn a_band_of_equal_months_is_a_point() {
    let mut day: Date = "2020-01-01".parse().expect("a date");
    let mut record = TrackRecord { rows_per_year: 252.0, capital: 1.0, ..TrackRecord::default() };
    for i in 0..300 {
        record.dates.push(day);
        record.nav.push(1.001f64.powi(i));
        day = day.tomorrow().expect("a next day");
    }
    let [low, high] = band(&record, 0.9).expect("it is long enough");
    let year = 1.001f64.powi(252) - 1.0;
    assert!((low - year).abs() < 1e-9 && (high - year).abs() < 1e-9, "{low} {high} {year}");
    record.nav.truncate(20);
    record.dates.truncate(20);
    assert_eq!(band(&record, 0.9), None);
}
