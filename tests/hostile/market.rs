//! A market of six assets and sixty rows, with holes.

use decile::{data::Market, panel::Date, types::Unit};
use std::sync::LazyLock;

pub(crate) static TINY: LazyLock<Market> = LazyLock::new(tiny);

pub(crate) const ROWS: usize = 60;

fn tiny() -> Market {
    let first = jiff::civil::date(2020, 1, 1);
    let day = |i: i32| first.checked_add(jiff::Span::new().days(i)).expect("a date of 2020");
    let dates: Vec<Date> =
        (0..).map(day).filter(|d| d.weekday().to_monday_zero_offset() < 5).take(ROWS).collect();
    let symbols = ["A", "B", "C", "D", "E", "IDX"];
    let panel = |seed: usize, scale: f64| -> Vec<f64> {
        let value = |row: usize, asset: usize| match (row * 31 + asset * 17 + seed * 7) % 23 {
            0 => f64::NAN,
            // Ties, and repeated values over time.
            n => scale * (1.0 + (n % 9) as f64),
        };
        (0..ROWS)
            .flat_map(|r| (0..symbols.len()).map(move |a| (r, a)))
            .map(|(r, a)| value(r, a))
            .collect()
    };
    let report = |symbol, at: i32, value| (symbol, day(at - 40), day(at), value);
    Market::from_parts(dates, &symbols)
        .name("tiny")
        .rows_per_year(252)
        .panel("close", &panel(1, 10.0))
        .panel("volume", &panel(2, 1000.0))
        .label("sector", &["Energy", "Energy", "Utilities", "Utilities", "", ""])
        .label("country", &["US", "DE", "US", "DE", "US", "US"])
        .series("risk_free", Unit::RATIO, &vec![0.01; ROWS])
        .as_of(
            "reports",
            "book_equity",
            Unit::MONEY,
            &[report("A", 5, 1e3), report("B", 9, -2e3), report("C", 30, 5e3)],
        )
        .members(
            "index",
            &[("A", day(0), None), ("B", day(10), Some(day(50))), ("C", day(0), None)],
        )
        .reference("IDX")
        .build()
}
