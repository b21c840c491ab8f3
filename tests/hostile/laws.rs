//! The same signals, to the last bit, whatever the rules do and whichever strategies share the plan.

use crate::market::{ROWS, TINY};
use decile::{
    check::Checked,
    engine::Strategy,
    execute,
    panel::{MarketData, Rows},
    plan::{self, LogicalPlan},
};
use std::sync::Arc;

/// The bits of every signal of the plan's roots at every `step`th row.
fn bits(logical: &LogicalPlan, step: usize) -> Vec<Vec<u64>> {
    let rows = Arc::new(Rows::new((0..ROWS as u32).step_by(step).collect(), ROWS));
    let wanted: Vec<_> = logical.roots.iter().map(|node| (*node, Arc::clone(&rows))).collect();
    let signals = execute::compute(logical, &*TINY, &[], &wanted, None);
    let values = |signal: &execute::Signal| {
        let row = |row: &u32| {
            signal
                .row(*row)
                .expect("it was asked for")
                .iter()
                .map(|v| canonical(*v))
                .collect::<Vec<_>>()
        };
        rows.as_slice().iter().flat_map(row).collect()
    };
    signals.iter().map(values).collect()
}

/// One missing value; zero and negative zero stay apart.
fn canonical(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

/// Checks that the rules change nothing, and that neither do the dates that are asked for.
pub(crate) fn holds(checked: &Checked, text: &str) {
    let (lowered, _) = plan::lower(checked, TINY.schema());
    let (optimized, _) = plan::optimize(&lowered);
    let (plain, ruled) = (bits(&lowered, 1), bits(&optimized, 1));
    assert_eq!(plain, ruled, "with and without the rules: {text}");
    for (every, some) in bits(&optimized, 1).into_iter().zip(bits(&optimized, 7)) {
        let width = every.len() / ROWS;
        let picked: Vec<u64> = every.chunks(width).step_by(7).flatten().copied().collect();
        assert_eq!(picked, some, "at all dates and at some: {text}");
    }
}

const STRATEGIES: &[&str] = &[
    "select top 2 by ts_mean(close / lag(close, 1) - 1, 5) - (ts_mean(close / lag(close, 1) - 1, 5) of \"IDX\")",
    "select top 2 by close / lag(lag(close, 2), 3) - lag(close, 0) / close",
    "select top 2 by rank(rank(close)) + rank(rank(volume, within: sector), within: sector)",
    "select top 2 by rank(rank(close, within: sector)) + ordinal(rank(close))",
    "where not not (close > volume / 100) select top 2 by -(-close)",
    "where close < volume and close < volume select top 2 by min(close, close) + max(volume, volume)",
    "universe index where rank(close) > 0.3 select top 1 per sector by rank(close) cap sector 60%",
    "universe top 3 by book_equity select all weight inverse volatility(window: 5) cash ts_mean(risk_free, 5)",
    "select top 2 by (if sector == \"Energy\" then -(-close) else lag(lag(volume, 1), 1)) of \"A\" + close",
];

#[test]
fn rules_keep_every_bit() {
    for text in STRATEGIES {
        let strategy = Strategy::parse(text).expect("it parses");
        let compiled = strategy.compile(&*TINY).unwrap_or_else(|e| panic!("{e}"));
        holds(compiled.checked(), text);
    }
}

#[test]
fn other_strategies_change_nothing() {
    let block = |i: usize, text: &str| format!("strategy s{i} {{ {text} }}\n");
    let signals = |text: &str| {
        let strategy = Strategy::parse(text).expect("it parses");
        let compiled = strategy.compile(&*TINY).unwrap_or_else(|e| panic!("{e}"));
        let (lowered, by_strategy) = plan::lower(compiled.checked(), TINY.schema());
        let (optimized, _) = plan::optimize(&lowered);
        let mut all = bits(&optimized, 3).into_iter();
        let signals: Vec<Vec<Vec<u64>>> =
            by_strategy.iter().map(|s| all.by_ref().take(s.len()).collect()).collect();
        signals
    };
    let all: String = STRATEGIES.iter().enumerate().map(|(i, text)| block(i, text)).collect();
    let backwards: String =
        STRATEGIES.iter().enumerate().rev().map(|(i, text)| block(i, text)).collect();
    let (all, mut backwards) = (signals(&all), signals(&backwards));
    backwards.reverse();
    for (i, text) in STRATEGIES.iter().enumerate() {
        let alone = signals(&block(i, text)).remove(0);
        assert_eq!(alone, all[i], "alone and with the others: {text}");
        assert_eq!(alone, backwards[i], "whatever their order: {text}");
    }
}
