//! Operators over reports: what was known when, by cases made by hand.

use decile::{
    Query,
    data::Market,
    operator::{self, Body},
    panel::{Date, MarketData, Rows, from_days},
    types::Unit,
};
use jiff::civil::date;

const FIRST: Date = date(2020, 1, 1);

/// Daily rows of 2020 to 2022, and quarterly reports of `A` and `B`, yearly ones of `C`.
fn market() -> Market {
    known_until(Date::MAX)
}

/// The same without what is published after a day.
fn known_until(last: Date) -> Market {
    let dates: Vec<Date> = (18_262..18_262 + 1_000).filter_map(from_days).collect();
    assert_eq!(dates[0], FIRST);
    let close = vec![1.0; dates.len() * 3];
    let (q1, q2, q3) = (date(2019, 3, 31), date(2019, 6, 30), date(2019, 9, 30));
    let (q4, q5) = (date(2019, 12, 31), date(2020, 3, 31));
    let revenue = [
        ("A", q1, date(2019, 5, 10), 10.0),
        ("A", q2, date(2019, 8, 10), 11.0),
        ("A", q3, date(2019, 11, 10), 12.0),
        ("A", q4, date(2020, 2, 10), 13.0),
        ("A", q5, date(2020, 5, 10), 20.0),
        // The fourth quarter is restated after the next is known.
        ("A", q4, date(2020, 6, 10), 14.0),
        // B skips its third quarter, and its years end on Saturdays.
        ("B", date(2019, 3, 30), date(2019, 5, 10), 1.0),
        ("B", date(2019, 6, 29), date(2019, 8, 10), 2.0),
        ("B", date(2019, 12, 28), date(2020, 2, 10), 4.0),
        ("B", date(2020, 3, 28), date(2020, 5, 10), 5.0),
    ];
    let assets = [
        ("C", date(2017, 12, 31), date(2018, 3, 1), 100.0),
        ("C", date(2018, 12, 31), date(2019, 3, 1), 80.0),
        ("C", date(2019, 12, 31), date(2020, 3, 1), 121.0),
    ];
    let known = |list: &[(&'static str, Date, Date, f64)]| -> Vec<(&'static str, Date, Date, f64)> {
        list.iter().copied().filter(|report| report.2 < last).collect()
    };
    let (revenue, assets) = (known(&revenue), known(&assets));
    Market::from_parts(dates, &["A", "B", "C"])
        .panel("close", &close)
        .as_of("quarters", "revenue", Unit::MONEY, &revenue)
        .as_of("years", "total_assets", Unit::MONEY, &assets)
        .build()
}

fn at(market: &Market, expression: &str, day: Date) -> Vec<f64> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let row = market.calendar().last_at_or_before(day).expect("a date of the market");
    let rows = Rows::new(vec![row], market.calendar().len());
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let values = compiled.evaluate(&rows).remove(0).values;
    values.row(row).expect("it was asked for").to_vec()
}

#[track_caller]
fn check(expression: &str, day: Date, expected: [f64; 3]) {
    let found = at(&market(), expression, day);
    let same = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12;
    assert!(found.iter().zip(&expected).all(same), "{expression}: {found:?}, not {expected:?}");
}

const N: f64 = f64::NAN;

#[test]
fn periods_are_counted_back_from_the_newest_known() {
    check("latest(revenue)", date(2020, 5, 10), [13.0, 4.0, N]);
    check("latest(revenue)", date(2020, 5, 11), [20.0, 5.0, N]);
    check("quarter(revenue, 1)", date(2020, 5, 11), [13.0, 4.0, N]);
    check("quarter(revenue, 4)", date(2020, 5, 11), [10.0, 1.0, N]);
    check("year(revenue, 1)", date(2020, 5, 11), [10.0, 1.0, N]);
    check("year(total_assets, 2)", date(2020, 5, 11), [N, N, 100.0]);
}

#[test]
fn a_skipped_quarter_is_missing() {
    check("quarter(revenue, 2)", date(2020, 5, 11), [12.0, N, N]);
    check("ttm(revenue)", date(2020, 5, 11), [11.0 + 12.0 + 13.0 + 20.0, N, N]);
}

#[test]
fn a_restated_period_counts_from_the_day_it_is_known() {
    check("quarter(revenue, 1)", date(2020, 6, 10), [13.0, 4.0, N]);
    check("quarter(revenue, 1)", date(2020, 6, 11), [14.0, 4.0, N]);
    check("ttm(revenue)", date(2020, 6, 11), [11.0 + 12.0 + 14.0 + 20.0, N, N]);
    // A year before there are two quarters only.
    check("ttm(revenue, 1)", date(2020, 6, 11), [N, N, N]);
    // It says nothing new of the newest period.
    check("latest(revenue)", date(2020, 6, 11), [20.0, 5.0, N]);
    check("age(revenue)", date(2020, 6, 11), [31.0, 31.0, N]);
}

#[test]
fn a_year_is_its_own_sum() {
    check("ttm(total_assets)", date(2020, 5, 11), [N, N, 121.0]);
    check("ttm(total_assets, 1)", date(2020, 5, 11), [N, N, 80.0]);
}

#[test]
fn growth_is_missing_from_what_is_not_positive() {
    check("yoy(revenue)", date(2020, 5, 11), [1.0, 4.0, N]);
    check("growth(total_assets, 2)", date(2020, 5, 11), [N, N, 0.1]);
    check("yoy(total_assets)", date(2020, 5, 11), [N, N, 121.0 / 80.0 - 1.0]);
}

#[test]
fn news_are_of_one_day() {
    check("if new(revenue) then 1 else 0", date(2020, 5, 10), [0.0, 0.0, 0.0]);
    check("if new(revenue) then 1 else 0", date(2020, 5, 11), [1.0, 1.0, 0.0]);
    check("if new(revenue) then 1 else 0", date(2020, 5, 12), [0.0, 0.0, 0.0]);
}

#[test]
fn what_is_too_old_is_missing() {
    // Eighteen months after the report of 2020-05-10.
    check("quarter(revenue, 1)", date(2021, 11, 10), [14.0, 4.0, N]);
    check("quarter(revenue, 1)", date(2021, 11, 12), [N, N, N]);
    check("age(revenue)", date(2021, 11, 12), [N, N, N]);
}

#[test]
fn only_reports_have_periods() {
    let wrong = Query::parse("quarter(close, 1)").expect("it parses");
    let market = market();
    let error = wrong.compile(&market).err().expect("`close` is no report").to_string();
    insta::assert_snapshot!(error);
}

#[test]
fn what_is_published_later_changes_nothing() {
    let full = market();
    for expression in [
        "latest(revenue)",
        "quarter(revenue, 1)",
        "ttm(revenue)",
        "ttm(total_assets)",
        "year(total_assets, 1)",
        "age(revenue)",
        "yoy(total_assets)",
    ] {
        for day in [date(2020, 1, 15), date(2020, 2, 11), date(2020, 3, 2), date(2020, 5, 11)] {
            let bits = |values: Vec<f64>| values.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
            let (early, late) =
                (at(&known_until(day), expression, day), at(&full, expression, day));
            assert_eq!(bits(early), bits(late), "{expression} on {day}");
        }
    }
}

#[test]
fn examples_come_out() {
    for o in operator::all().filter(|o| matches!(o.body, Body::Reports(_))) {
        for example in o.examples {
            let published = example.inputs[0];
            let day = |i: usize| from_days(16_436 + i as i32).expect("a date of this century");
            let quarter = |i: usize| {
                let end = date(2010 + (i / 4) as i16, (i % 4 * 3 + 3) as i8, 1);
                end.last_of_month()
            };
            let present = published.iter().enumerate().filter(|(_, x)| !x.is_nan());
            let records: Vec<(&str, Date, Date, f64)> = present
                .enumerate()
                .map(|(i, (row, x))| ("A", quarter(i), day(row).yesterday().expect("a day"), *x))
                .collect();
            let market = Market::from_parts((0..published.len()).map(day).collect(), &["A"])
                .panel("close", &vec![1.0; published.len()])
                .as_of("reports", "f", Unit::MONEY, &records)
                .build();
            let constants: Vec<String> = example.constants.iter().map(f64::to_string).collect();
            let arguments = [vec!["f".to_owned()], constants].concat().join(", ");
            let query = Query::parse(&format!("{}({arguments})", o.name)).expect("it parses");
            let compiled = query.compile(&market).expect("it compiles");
            let result = compiled.evaluate(&Rows::all(published.len())).remove(0).values;
            let result: Vec<f64> =
                (0..published.len() as u32).map(|row| result.value(row, 0)).collect();
            let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
            assert!(result.iter().zip(example.result).all(same), "{}: {result:?}", o.name);
        }
    }
}

#[test]
fn half_years_and_a_change_to_quarters_are_no_years() {
    let dates: Vec<Date> = (18_262..18_262 + 400).filter_map(from_days).collect();
    let close = vec![1.0; dates.len() * 2];
    let revenue = [
        ("H", date(2019, 6, 30), date(2019, 8, 1), 10.0),
        ("H", date(2019, 12, 31), date(2020, 2, 1), 11.0),
        ("Y", date(2017, 12, 31), date(2018, 2, 1), 80.0),
        ("Y", date(2018, 12, 31), date(2019, 2, 1), 90.0),
        ("Y", date(2019, 12, 31), date(2020, 2, 1), 100.0),
        ("Y", date(2020, 3, 31), date(2020, 5, 1), 25.0),
        ("Y", date(2020, 6, 30), date(2020, 8, 1), 26.0),
        ("Y", date(2020, 9, 30), date(2020, 11, 1), 27.0),
        ("Y", date(2020, 12, 31), date(2021, 1, 15), 28.0),
    ];
    let market = Market::from_parts(dates, &["H", "Y"])
        .panel("close", &close)
        .as_of("reports", "revenue", Unit::MONEY, &revenue)
        .build();
    let ttm = |day| at(&market, "ttm(revenue)", day);
    assert!(ttm(date(2020, 3, 1))[0].is_nan(), "two half-years are neither a year nor quarters");
    assert_eq!(ttm(date(2020, 3, 1))[1], 100.0);
    assert!(ttm(date(2020, 6, 1))[1].is_nan(), "one quarter is no year");
    assert!(ttm(date(2020, 12, 1))[1].is_nan(), "three quarters and a year are not four quarters");
    assert_eq!(ttm(date(2021, 1, 20))[1], 106.0);
}

#[test]
fn a_restatement_leaves_what_was_first_reported() {
    let dates: Vec<Date> = (18_262..18_262 + 200).filter_map(from_days).collect();
    let close = vec![1.0; dates.len()];
    let (q4, q5) = (date(2019, 12, 31), date(2020, 3, 31));
    let figures = [
        ("A", q4, date(2020, 2, 10), 13.0),
        // Restated the same day in a second report, and again a month later.
        ("A", q4, date(2020, 2, 10), 13.5),
        ("A", q4, date(2020, 3, 10), 14.0),
        ("A", q5, date(2020, 5, 10), 20.0),
        // A restatement of the older period displaces nothing.
        ("A", q4, date(2020, 6, 1), 15.0),
    ];
    let market = Market::from_parts(dates, &["A"])
        .panel("close", &close)
        .as_of("quarters", "revenue", Unit::MONEY, &figures)
        .build();
    let cases = [
        (date(2020, 2, 10), f64::NAN, f64::NAN),
        (date(2020, 2, 11), 13.5, 13.0),
        (date(2020, 3, 11), 14.0, 13.0),
        (date(2020, 5, 11), 20.0, 20.0),
        (date(2020, 6, 2), 20.0, 20.0),
    ];
    for (day, latest, first) in cases {
        let found = [at(&market, "revenue", day)[0], at(&market, "as_reported(revenue)", day)[0]];
        let same = found.iter().zip([latest, first]).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{day}: {found:?}");
    }
}
