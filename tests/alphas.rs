//! The alphas of `strategies/lib`: each compiles, runs and has finite values on the sample market, and on real prices
//! where they are at hand.

use decile::{
    Query, Strategy,
    data::{Market, Options},
    engine::Evaluated,
    panel::{MarketData, Rows},
};
use std::path::Path;

const FILES: [(&str, usize); 2] = [("alpha101", 101), ("alpha158", 158)];

fn query(name: &str) -> Query {
    let path = format!("{}/strategies/lib/{name}.decile", env!("CARGO_MANIFEST_DIR"));
    Query::open(path).unwrap_or_else(|e| panic!("{e}"))
}

/// The alphas of a file at some of the last dates, without the expressions that only help to define them.
fn evaluate(name: &str, market: &Market) -> Vec<Evaluated> {
    let query = query(name);
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let count = market.calendar().len();
    let last = count as u32 - 1;
    let rows = Rows::new((1..7).map(|i| last - 130 * i).collect(), count);
    let mut values = compiled.evaluate(&rows);
    values.retain(|v| is_alpha(&v.column.name));
    values
}

/// Names of alphas end in a number, or are among Qlib's nine of the day's bar.
fn is_alpha(name: &str) -> bool {
    name.ends_with(|c: char| c.is_ascii_digit())
        || ["kmid", "klen", "kup", "klow", "ksft"].contains(&name)
}

fn every_alpha_has_values(market: &Market) {
    for (name, count) in FILES {
        let values = evaluate(name, market);
        assert_eq!(values.len(), count, "{name}");
        let sparse = values.iter().filter_map(|Evaluated { column, values }| {
            let finite = values.values.iter().filter(|v| v.is_finite()).count();
            assert!(values.values.iter().all(|v| !v.is_infinite()), "{}: infinite", column.name);
            let few = finite * 20 < values.values.len();
            few.then(|| format!("{}: {finite} of {}", column.name, values.values.len()))
        });
        assert_eq!(sparse.collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[test]
fn every_alpha_has_values_on_the_sample() {
    every_alpha_has_values(&Market::sample());
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
fn every_alpha_has_values_on_real_prices() {
    let Some(root) = std::env::var_os("DECILE_DATA_ROOT") else {
        println!(
            "skipped: DECILE_DATA_ROOT does not name the folder with the data sets of docs/validation/markets"
        );
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation/markets/us_sp500");
    let options = Options { root: Some(Path::new(&root)), ..Options::default() };
    let market = Market::open_with(folder, options).expect("the market opens");
    every_alpha_has_values(&market);
}

/// Alphas that add a price to a ratio or compare it with a number do so in the paper; nothing else is warned of.
#[test]
fn warnings_are_those_of_the_formulas() {
    let market = Market::sample();
    let warnings = |name: &str| {
        let compiled = query(name).compile(&market).unwrap_or_else(|e| panic!("{e}"));
        compiled.warnings().list.len()
    };
    assert_eq!(warnings("alpha101"), 5);
    assert_eq!(warnings("alpha158"), 0);
}

/// Taken one by one the alphas are more than 2,200 nodes.
#[test]
fn common_parts_are_shared() {
    let market = Market::sample();
    let path = format!("{}/strategies/alpha101_mean.decile", env!("CARGO_MANIFEST_DIR"));
    let strategy = Strategy::open(path).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let explained = compiled.explain(false).unwrap_or_else(|e| panic!("{e}"));
    let ranks = explained.optimized.iter().filter(|line| line.contains(" = rank(")).count();
    assert!(explained.optimized.len() < 1_100, "{} nodes", explained.optimized.len());
    assert!(ranks <= 225, "{ranks} ranks");
}
