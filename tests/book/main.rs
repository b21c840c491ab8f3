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
