//! The returns of strategies that other expressions take: each strategy is run once over all the data, those that it
//! needs itself before it.

use super::period::{lookback, period, wanted};
use crate::{
    backtest::{self, Simulation, Track, Trial},
    check::{Checked, ExpressionId},
    diagnostic::Diagnostic,
    execute::{self, Kept, Signals},
    panel::{MISSING, MarketData},
    plan::{self, LogicalPlan, NodeId},
};

/// By strategy, its returns by row of the calendar; empty for those that nothing takes. `wanted` are the strategies taken
/// by place in the file, `logical` is the plan of all strategies and `signals` its nodes by strategy.
pub(super) fn returns(
    market: &dyn MarketData,
    checked: &Checked,
    (logical, signals): (&LogicalPlan, &[Vec<NodeId>]),
    wanted: Vec<usize>,
    kept: Option<&Kept>,
) -> Result<Vec<Vec<f64>>, Box<Diagnostic>> {
    let mut returns = vec![vec![]; checked.strategies.len()];
    let mut tracks = vec![Track::default(); checked.strategies.len()];
    for strategy in in_order(checked, wanted) {
        let plan = (logical, signals[strategy].as_slice());
        let track = of_strategy(market, checked, plan, strategy, &returns, &tracks, kept)?;
        let value = |row| track.nav_at(row).unwrap_or(MISSING);
        let change = |row: u32| {
            row.checked_sub(1).map_or(MISSING, |before| value(row) / value(before) - 1.0)
        };
        returns[strategy] = (0..market.calendar().len() as u32).map(change).collect();
        tracks[strategy] = track;
    }
    Ok(returns)
}

/// The returns that some expressions take.
pub(super) fn of_query(
    market: &dyn MarketData,
    checked: &Checked,
    expressions: &[ExpressionId],
) -> Result<Vec<Vec<f64>>, Box<Diagnostic>> {
    let wanted = checked.expressions.strategies_in(expressions.iter().copied());
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let (lowered, counts) = plan::lower(checked, market.schema());
    let (logical, _) = plan::optimize(&lowered);
    let signals = plan::by_strategy(&logical, &counts);
    let wanted = wanted.into_iter().map(|(strategy, _)| strategy).collect();
    returns(market, checked, (&logical, &signals), wanted, None)
}

/// The strategies and all that they need, each after those that it needs; the checker has found every circle.
fn in_order(checked: &Checked, wanted: Vec<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = vec![];
    let mut open: Vec<(usize, bool)> = wanted.into_iter().map(|s| (s, false)).collect();
    while let Some((strategy, seen)) = open.pop() {
        if order.contains(&strategy) {
            continue;
        }
        if seen {
            order.push(strategy);
            continue;
        }
        open.push((strategy, true));
        let needs = checked.strategies[strategy].needs(&checked.expressions);
        open.extend(needs.into_iter().map(|(other, _)| (other, false)));
    }
    order
}

fn of_strategy(
    market: &dyn MarketData,
    checked: &Checked,
    (logical, signals): (&LogicalPlan, &[NodeId]),
    strategy: usize,
    returns: &[Vec<f64>],
    tracks: &[Track],
    kept: Option<&Kept>,
) -> Result<Track, Box<Diagnostic>> {
    let strategy = &checked.strategies[strategy];
    let whole = period(market.calendar(), &strategy.policy, None, None);
    let wanted = wanted(market.calendar(), strategy, &whole, signals);
    let found = execute::compute(logical, market, returns, &wanted, kept);
    backtest::simulate(&Simulation {
        market,
        policy: &strategy.policy,
        signals: &Signals(found),
        decisions: &whole.decisions,
        first: whole.first,
        last: whole.last,
        lookback: lookback(strategy, signals, logical),
        tracks,
        trial: Trial::default(),
    })
}
