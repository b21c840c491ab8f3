//! Portfolio, backtest, metrics and report, from signals that the tests make by hand.

mod market;
mod schedule;
mod select;
mod constrain;
mod errors;
mod simulate;
mod laws;
mod reference;
mod report;

use proptest::test_runner::{Config, RngSeed};

/// So many cases, the same every time: a test does not depend on luck.
fn fixed(cases: u32) -> Config {
    Config { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::with_cases(cases) }
}
