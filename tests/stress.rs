//! A strategy run in other ways than its own: each is what a run of that kind gives by itself.

use decile::{
    Market, Strategy,
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
    let track = &results.runs()[0].track;
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
