//! Prices as traded with splits: windows see earlier prices in the shares of today, and nothing of later splits.

use decile::{
    Market, Query,
    panel::{Date, MarketData, Rows},
    types::{Basis, Unit},
};
use jiff::civil::date;

const ROWS: usize = 40;
/// Two for one on row 10, one for four on row 20, three for two on row 21.
const SPLITS: [(usize, f64); 3] = [(10, 2.0), (20, 0.25), (21, 1.5)];

fn days() -> Vec<Date> {
    let mut dates = vec![];
    let mut day = date(2020, 1, 1);
    while dates.len() < ROWS {
        if day.weekday().to_monday_zero_offset() < 5 {
            dates.push(day);
        }
        day = day.tomorrow().expect("a next day");
    }
    dates
}

/// The shares that one share of the first row has become by `row`.
fn factor(row: usize) -> f64 {
    SPLITS.iter().filter(|(at, _)| *at <= row).map(|(_, ratio)| ratio).product()
}

fn in_first_shares(row: usize) -> f64 {
    100.0 + ((row * 7) % 11) as f64 + row as f64
}

/// The asset that splits beside one that does not. Its prices are made of a smooth history; `seen_from` is the row in
/// whose shares they are given, or each row's own.
fn market(rows: usize, seen_from: Option<usize>) -> Market {
    let dates: Vec<Date> = days().into_iter().take(rows).collect();
    let scale = |row: usize| factor(seen_from.unwrap_or(row));
    let prices: Vec<f64> =
        (0..rows).flat_map(|r| [in_first_shares(r) / scale(r), 50.0 + (r % 5) as f64]).collect();
    let volumes: Vec<f64> = (0..rows)
        .flat_map(|r| [1000.0 * (1 + (r * 3) % 7) as f64 * scale(r), 500.0 + (r % 3) as f64])
        .collect();
    let total: Vec<f64> =
        (0..rows).flat_map(|r| [in_first_shares(r), 50.0 + (r % 5) as f64]).collect();
    let shares = [
        ("A", date(2019, 12, 31), dates[2], 1e6 * scale(2)),
        ("B", date(2019, 12, 31), dates[2], 1e6),
    ];
    let splits: Vec<(&str, Date, f64)> = SPLITS
        .iter()
        .filter(|s| s.0 < rows)
        .map(|(row, ratio)| ("A", days()[*row], *ratio))
        .collect();
    let basis = if seen_from.is_none() { Basis::Raw } else { Basis::SplitAdjusted };
    let builder = Market::from_parts(dates, &["A", "B"])
        .basis(basis)
        .panel("close", &prices)
        .panel("volume", &volumes)
        .panel("total_return", &total)
        .as_of("reports", "shares_outstanding", Unit::shares(basis), &shares);
    if seen_from.is_none() { builder.splits(&splits).build() } else { builder.build() }
}

fn evaluate(market: &Market, expression: &str) -> Vec<f64> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let rows = market.calendar().len();
    let values = compiled.evaluate(&Rows::all(rows)).remove(0).values;
    (0..rows as u32).flat_map(|row| values.row(row).expect("asked for").to_vec()).collect()
}

/// Windows of every kind, nested, of prices, volumes, money and both; of one asset; of reported counts.
const EXPRESSIONS: [&str; 18] = [
    "close",
    "volume",
    "lag(close, 3)",
    "close - ts_mean(close, 7)",
    "ts_std(close, 5)",
    "ts_max(volume, 12)",
    "ts_mean(lag(ts_max(close, 3), 2), 6)",
    "ts_mean(ts_std(lag(volume, 1), 4), 6)",
    "ts_corr(close, volume, 8)",
    "ts_cov(close, volume, 8)",
    "beta(close, on: volume, window: 9)",
    "ts_rank(close, 9)",
    "cumulative_max(close)",
    "ema(close * volume, 5)",
    "shares_outstanding * close",
    "lag(shares_outstanding, 15)",
    "ts_mean(close of \"A\", 9)",
    "beta(close, on: close of \"A\", window: 9)",
];

#[test]
fn windows_see_earlier_prices_in_the_shares_of_today() {
    for expression in EXPRESSIONS {
        let traded = evaluate(&market(ROWS, None), expression);
        let width = traded.len() / ROWS;
        for row in 0..ROWS {
            // A market whose whole history is given in the shares of this row, as a vendor adjusts it on the day.
            let adjusted = evaluate(&market(ROWS, Some(row)), expression);
            for asset in 0..width {
                let (found, wanted) = (traded[row * width + asset], adjusted[row * width + asset]);
                let same = found.is_nan() && wanted.is_nan()
                    || (found - wanted).abs() <= 1e-12 * wanted.abs().max(1e-3);
                assert!(same, "{expression}: row {row}, asset {asset}: {found}, not {wanted}");
            }
        }
    }
}

#[test]
fn a_later_split_changes_nothing() {
    for expression in EXPRESSIONS {
        let whole = evaluate(&market(ROWS, None), expression);
        for rows in [9, 10, 11, 20, 21, 22, 39] {
            let cut = evaluate(&market(rows, None), expression);
            let same = cut.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{expression}: cut after {rows} rows");
        }
    }
}

#[test]
fn what_cannot_be_brought_to_the_shares_of_today_is_warned_of() {
    let market = market(ROWS, None);
    let warned = |expression: &str| {
        let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
        let compiled = query.compile(&market).unwrap_or_else(|e| panic!("{e}"));
        compiled.warnings().list.iter().any(|w| w.message.contains("jumps at every split"))
    };
    for expression in ["ts_std(log(close), 5)", "lag(close ^ 2 + 1, 1)", "ema(0 - sqrt(volume), 3)"]
    {
        assert!(warned(expression), "{expression}");
    }
    for expression in [
        "log(close)",
        "ts_std(log(close / lag(close)), 5)",
        "ts_mean(close > 5, 3)",
        "rank(log(close))",
    ] {
        let as_number = expression.replace("close > 5", "if close > 5 then 1 else 0");
        assert!(!warned(&as_number), "{expression}");
    }
}
