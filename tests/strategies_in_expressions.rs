//! `returns(STRATEGY)` and `predict` as a run and `eval` give them.

use decile::{
    Market, Query, Strategy,
    operator::WalkForward,
    panel::{Date, MarketData, Rows},
};
use proptest::prelude::*;
use std::sync::LazyLock;

static SAMPLE: LazyLock<Market> = LazyLock::new(Market::sample);

const FILE: &str = r#"
cost 10bps
rebalance monthly
strategy cheap { select top 20 by value }
strategy hedged { select top 20 by -abs(beta(return, on: returns(cheap), window: 1q)) }
strategy both { select top 20 by -abs(beta(return, on: returns(hedged), given: returns(cheap), window: 1q)) }
"#;

fn evaluate(text: &str, expression: &str) -> Vec<f64> {
    let query = Query::text(text, "file").and_then(|q| q.and(expression));
    let query = query.unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(&*SAMPLE).unwrap_or_else(|e| panic!("{e}"));
    let rows = SAMPLE.calendar().len();
    let values = compiled.evaluate(&Rows::all(rows)).remove(0).values;
    (0..rows as u32).map(|row| values.row(row).expect("every row was asked for")[0]).collect()
}

#[test]
fn returns_are_those_of_the_run() {
    let results = Strategy::parse(FILE).expect("it parses");
    let results = results.compile(&*SAMPLE).unwrap_or_else(|e| panic!("{e}")).run();
    let results = results.unwrap_or_else(|e| panic!("{e}"));
    // The file starts when its last strategy can; `both` is that one, so its returns are those of its run.
    let track = &results.runs()[2].track;
    let found = evaluate(FILE, "returns(both)");
    for row in track.first + 1..=track.last() {
        let value = |row| track.nav_at(row).expect("a row of the run");
        assert_eq!(found[row as usize], value(row) / value(row - 1) - 1.0, "row {row}");
    }
    assert!(found[..=track.first as usize].iter().all(|x| x.is_nan()));
}

#[test]
fn returns_do_not_depend_on_the_period() {
    let later = format!("from 2018-01-01 to 2019-06-30\n{FILE}");
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    for name in ["cheap", "hedged"] {
        let expression = format!("returns({name})");
        assert_eq!(bits(evaluate(FILE, &expression)), bits(evaluate(&later, &expression)));
    }
    // So a strategy that takes them picks the same on a date, wherever the run begins.
    let last_holdings = |text: &str| {
        let compiled = Strategy::parse(text).expect("it parses");
        let compiled = compiled.compile(&*SAMPLE).unwrap_or_else(|e| panic!("{e}"));
        let day = |y, m, d| Some(Date::new(y, m, d).expect("a date"));
        let results = compiled.between(None, day(2019, 6, 30)).run();
        let results = results.unwrap_or_else(|e| panic!("{e}"));
        let rebalance = results.runs()[1].track.rebalances.last().expect("there is one").clone();
        rebalance.target.weights.iter().map(|(asset, _)| *asset).collect::<Vec<_>>()
    };
    assert_eq!(last_holdings(FILE), last_holdings(&later));
}

#[test]
fn a_strategy_learns() {
    let text = "select top 30 by predict(rank(forward_return(1m)), from: [rank(value), rank(momentum)], \
                model: ridge(1.0), train: 3y, refit: 1y) rebalance quarterly";
    let results = Strategy::parse(text).expect("it parses");
    let results = results.compile(&*SAMPLE).unwrap_or_else(|e| panic!("{e}")).run();
    let results = results.unwrap_or_else(|e| panic!("{e}"));
    let track = &results.runs()[0].track;
    // Three years of training and the year of the fit lie before the first decision.
    assert!(track.first >= 4 * 252 - 2, "it starts at row {}", track.first);
    assert!(track.rebalances.iter().all(|r| r.target.weights.len() == 30));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing that a fit learns from lies outside `train`, and every target is known by then.
    #[test]
    fn a_fit_knows_its_targets(
        horizon in 1..300u32, train in 1..2000u32, refit in 1..600u32, row in 0..5000u32,
    ) {
        let walk = WalkForward::new(&[1.0, train.into(), refit.into(), f64::NAN], horizon);
        let fit = walk.fit_of(row);
        prop_assert!(fit <= row && row - fit < refit);
        let origins: Vec<u32> = walk.origins(fit).collect();
        prop_assert!(origins.len() <= walk.most() as usize);
        prop_assert!(fit < train || origins.len() == walk.most() as usize);
        for pair in origins.windows(2) {
            // One target ends before the fill of the next.
            prop_assert!(pair[0] - pair[1] >= (horizon - 1).max(1));
        }
        for origin in origins {
            prop_assert!(origin + horizon <= fit && fit - origin < train);
        }
    }
}
