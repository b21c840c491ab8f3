//! Operators against figures of independent implementations, which the scripts beside them make: `tests/golden/*.py`.

use decile::{
    Query,
    data::Market,
    panel::{Date, MarketData, Rows, from_days},
    types::Unit,
};
use ndarray::{Array3, Axis, s};
use serde::Deserialize;
use std::{collections::BTreeMap, fs::File, path::PathBuf};

/// The greatest relative error.
const TOLERANCE: f64 = 1e-9;

/// A figure: what it is of, and how near the values must be.
#[derive(Deserialize)]
struct Case {
    expression: String,
    /// Ranks, counts and places must be equal.
    #[serde(default)]
    exact: bool,
    /// What rounding is measured against where the value itself may be the small rest of large ones.
    near: Option<String>,
}

fn file(name: &str) -> File {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn array(name: &str) -> Array3<f64> {
    use ndarray_npy::ReadNpyExt;
    Array3::read_npy(file(name)).expect("the script wrote an array of three axes")
}

/// The inputs `x`, `y`, `z` (numbers), `c` (true is 1) and `g` (a label; the last asset has none).
fn market() -> Market {
    let panel = array("panel.npy");
    let (rows, assets) = (panel.len_of(Axis(1)), panel.len_of(Axis(2)));
    let dates = (0..rows as i32).map(|d| from_days(18_000 + d).expect("a date")).collect();
    let symbols: Vec<String> = (0..assets).map(|a| format!("A{a:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let field = |i: usize| panel.index_axis(Axis(0), i).iter().copied().collect::<Vec<f64>>();
    let groups = panel.slice(s![4, 0, ..]).map(|g| match *g {
        g if g.is_nan() => "",
        0.0 => "a",
        1.0 => "b",
        _ => "c",
    });
    Market::from_parts(dates, &symbols)
        .panel("close", &vec![1.0; rows * assets])
        .panel("x", &field(0))
        .panel("y", &field(1))
        .panel("z", &field(2))
        .panel("c", &field(3))
        .label("g", &groups.to_vec())
        .build()
}

fn evaluate(market: &Market, expression: &str) -> Vec<f64> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let rows = market.calendar().len();
    let assets = market.schema().symbols.len();
    let result = compiled.evaluate(&Rows::all(rows)).remove(0).values;
    let row = |r: usize| {
        let row = result.row(r as u32).expect("every row was asked for");
        (0..assets).map(|a| if row.len() == 1 { row[0] } else { row[a] }).collect::<Vec<f64>>()
    };
    (0..rows).flat_map(row).collect()
}

fn family(name: &str) {
    compare(&market(), name);
}

fn compare(market: &Market, name: &str) {
    compare_at(market, name, &Vec::from_iter(0..market.calendar().len()));
}

/// Compares what the market's expressions are at some rows, of which the figures are kept.
fn compare_at(market: &Market, name: &str, rows: &[usize]) {
    let assets = market.schema().symbols.len();
    let cases: Vec<Case> = serde_json::from_reader(file(&format!("{name}.json"))).expect("cases");
    let figures = array(&format!("{name}.npy"));
    assert_eq!(cases.len(), figures.len_of(Axis(0)), "the cases and their figures differ");
    let mut wrong = vec![];
    for (case, expected) in cases.iter().zip(figures.outer_iter()) {
        let found = evaluate(market, &case.expression);
        let near = case.near.as_ref().map(|near| evaluate(market, near));
        let places = rows.iter().flat_map(|row| row * assets..(row + 1) * assets);
        assert_eq!(expected.len(), rows.len() * assets, "{}: rows and assets", case.expression);
        for (i, expected) in places.zip(&expected) {
            let found = found[i];
            let near = near.as_ref().map_or(0.0, |n| if n[i].is_nan() { 0.0 } else { n[i].abs() });
            let room = if case.exact { 0.0 } else { TOLERANCE * expected.abs().max(near) };
            let fits = found.is_nan() && expected.is_nan() || (found - expected).abs() <= room;
            if !fits {
                let (row, asset) = (i / assets, i % assets);
                wrong.push(format!(
                    "{}: row {row}, asset {asset}: {found:e}, not {expected:e}",
                    case.expression
                ));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn basic() {
    family("basic");
}

/// So many weekdays from 2018 on.
fn weekdays(count: usize) -> Vec<Date> {
    let weekday = |day: &i32| (day + 3).rem_euclid(7) < 5;
    (17_532..).filter(weekday).take(count).map(|d| from_days(d).expect("a date")).collect()
}

/// Prices, a score, a weight and a group, on which portfolios are formed; the first so many rows of them.
fn portfolios(rows: usize) -> Market {
    let inputs = array("spread.inputs.npy");
    let symbols: Vec<String> = (0..inputs.len_of(Axis(2))).map(|a| format!("A{a:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let field = |i: usize| inputs.slice(s![i, ..rows, ..]).iter().copied().collect::<Vec<f64>>();
    let group = |a: usize| if a == 14 { "" } else { ["a", "b", "c"][a % 3] };
    Market::from_parts(weekdays(rows), &symbols)
        .panel("close", &field(0))
        .panel("x", &field(1))
        .panel("w", &field(2))
        .label("g", &(0..symbols.len()).map(group).collect::<Vec<_>>())
        .build()
}

const PORTFOLIO_ROWS: usize = 522;

#[test]
fn spread() {
    compare(&portfolios(PORTFOLIO_ROWS), "spread");
}

#[test]
fn predict() {
    compare(&portfolios(PORTFOLIO_ROWS), "predict");
}

/// What is made of portfolios and of what is learned.
fn looks_far_back() -> impl Iterator<Item = Case> {
    let cases = |name| serde_json::from_reader::<_, Vec<Case>>(file(name)).expect("cases");
    cases("spread.json").into_iter().chain(cases("predict.json"))
}

#[test]
fn a_spread_and_a_prediction_see_no_later_row() {
    let whole = portfolios(PORTFOLIO_ROWS);
    for case in looks_far_back() {
        let full = evaluate(&whole, &case.expression);
        // Within a month, at its end, and where prices are missing or an asset has just traded for the last time.
        for rows in [2, 23, 130, 300, 301, 317, 390, 521] {
            let cut = evaluate(&portfolios(rows), &case.expression);
            let same = cut.iter().zip(&full).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{}: cut after {rows} rows", case.expression);
        }
    }
}

#[test]
fn a_spread_and_a_prediction_do_not_depend_on_the_dates_asked_for() {
    let market = portfolios(PORTFOLIO_ROWS);
    for case in looks_far_back() {
        let query = Query::parse(&case.expression).expect("it parses");
        let compiled = query.compile(&market).expect("it compiles");
        let values = |rows: Vec<u32>| compiled.evaluate(&Rows::new(rows, PORTFOLIO_ROWS)).remove(0);
        let full = values((0..PORTFOLIO_ROWS as u32).collect()).values;
        for rows in [vec![0], vec![22], vec![23], vec![131, 132, 400], (250..330).collect()] {
            let some = values(rows.clone()).values;
            for row in rows {
                let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                let (a, b) = (some.row(row).expect("asked for"), full.row(row).expect("all are"));
                assert_eq!(bits(a), bits(b), "{}: row {row}", case.expression);
            }
        }
    }
}

#[test]
fn factors() {
    family("factors");
}

#[test]
fn across() {
    family("across");
}

#[test]
fn time() {
    family("time");
}

/// The rows of which the figures of alphas are kept, as in `alphas.py`.
const ROWS: [u32; 20] =
    [0, 3, 7, 14, 29, 58, 80, 120, 150, 190, 205, 220, 230, 240, 248, 251, 253, 255, 257, 259];

/// Prices, volumes and shares of twelve assets in three sectors; the last has none.
fn companies() -> Market {
    let inputs = array("alphas.inputs.npy");
    let (rows, assets) = (inputs.len_of(Axis(1)), inputs.len_of(Axis(2)));
    let dates = (0..rows as i32).map(|d| from_days(18_000 + d).expect("a date")).collect();
    let symbols: Vec<String> = (0..assets).map(|a| format!("A{a:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let sector = |a: usize| if a == 11 { "" } else { ["a", "b", "c"][a % 3] };
    let names = ["open", "high", "low", "close", "volume", "shares_outstanding"];
    let fields = names.iter().zip(inputs.outer_iter());
    let market = fields.fold(Market::from_parts(dates, &symbols), |market, (name, values)| {
        market.panel(name, &values.iter().copied().collect::<Vec<_>>())
    });
    market.label("sector", &(0..assets).map(sector).collect::<Vec<_>>()).build()
}

/// The alphas of a file of `strategies/lib` at some rows.
fn compare_alphas(name: &str) {
    let market = companies();
    let assets = market.schema().symbols.len();
    let path = format!("{}/strategies/lib/{name}.decile", env!("CARGO_MANIFEST_DIR"));
    let query = Query::open(path).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let values = compiled.evaluate(&Rows::new(ROWS.to_vec(), market.calendar().len()));
    let found: BTreeMap<&str, _> =
        values.iter().map(|v| (v.column.name.as_str(), &v.values)).collect();
    let cases: Vec<Case> = serde_json::from_reader(file(&format!("{name}.json"))).expect("cases");
    let figures = array(&format!("{name}.npy"));
    assert_eq!(cases.len(), figures.len_of(Axis(0)), "the cases and their figures differ");
    let mut wrong = vec![];
    for (case, expected) in cases.iter().zip(figures.outer_iter()) {
        let near = case.near.as_ref().map(|near| evaluate(&market, near));
        let differs = |(i, expected): (usize, &f64)| {
            let (row, asset) = (ROWS[i / assets], i % assets);
            let found = found[case.expression.as_str()].row(row).expect("it was asked for")[asset];
            let near = near.as_ref().map_or(0.0, |n| n[row as usize * assets + asset].abs());
            let room = TOLERANCE * expected.abs().max(near);
            let fits = found.is_nan() && expected.is_nan() || (found - expected).abs() <= room;
            let what = &case.expression;
            (!fits)
                .then(|| format!("{what}: row {row}, asset {asset}: {found:e}, not {expected:e}"))
        };
        wrong.extend(expected.iter().enumerate().find_map(differs));
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn alpha101() {
    compare_alphas("alpha101");
}

#[test]
fn alpha158() {
    compare_alphas("alpha158");
}

#[test]
fn prices() {
    compare(&companies(), "prices");
}

/// Closes, a rate and the filings of twelve companies, as `companies.py` writes them.
fn reporting() -> Market {
    let prices = array("companies.prices.npy");
    let (rows, assets) = (prices.len_of(Axis(1)), prices.len_of(Axis(2)) - 1);
    let symbols: Vec<String> = (0..assets).map(|a| format!("A{a:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let columns = |part| prices.slice(s![0, .., part]).iter().copied().collect::<Vec<f64>>();
    let market = Market::from_parts(weekdays(rows), &symbols)
        .rows_per_year(252)
        .panel("close", &columns(ndarray::Slice::from(..assets)))
        .series("risk_free", Unit::RATIO, &columns(ndarray::Slice::from(assets..)));
    let text = std::io::read_to_string(file("companies.reports.csv")).expect("it is text");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("the names of its columns").split_off(3);
    let filings: Vec<Vec<&str>> = lines.collect();
    let date = |text: &str| text.parse::<Date>().expect("a date");
    let value =
        |text: &str| if text.is_empty() { f64::NAN } else { text.parse().expect("a number") };
    let shares = Unit::Known { money: 0, shares: 1, rows: 0, basis: None };
    let figures = names.iter().enumerate();
    let market = figures.fold(market, |market, (i, name)| {
        let figures = filings.iter().map(|f| (f[0], date(f[1]), date(f[2]), value(f[3 + i])));
        let unit = if *name == "shares_outstanding" { shares } else { Unit::MONEY };
        market.as_of("filings", name, unit, &figures.collect::<Vec<_>>())
    });
    market.build()
}

#[test]
fn companies_and_factors() {
    let market = reporting();
    let rows: Vec<usize> = (10..market.calendar().len()).step_by(11).collect();
    compare_at(&market, "companies", &rows);
}
