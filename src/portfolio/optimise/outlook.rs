//! What a decision knows of risk: returns, covariance, and the benchmark beside the candidates.

use super::{
    super::{
        Decision, Standing, error, risk,
        risk::{Covariance, History},
        select::AtRow,
    },
    candidates::Candidates,
};
use crate::{
    check::{Benchmark, LimitRule, Objective, Optimised, Weight},
    diagnostic::Diagnostic,
};

/// Risk as it is estimated at a decision.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outlook {
    /// Of the candidates; the benchmark is the last column where it is needed.
    pub(super) history: History,
    /// Yearly.
    pub(super) covariance: Covariance,
}

/// Who is too young for the covariance is left out of the candidates and counted in `history.left_out`.
pub(super) fn outlook(
    decision: Decision<'_>,
    standing: Standing<'_>,
    candidates: &mut Candidates,
) -> Result<Option<Outlook>, Box<Diagnostic>> {
    let Decision { market, policy, row, .. } = decision;
    if !policy.risk.is_needed || candidates.list.is_empty() {
        return Ok(None);
    }
    let window = policy.risk.window as usize;
    let assets: Vec<usize> = candidates.list.iter().map(|c| c.asset).collect();
    let wanted = assets.len();
    let mut history = risk::history(market, &assets, row, window);
    if history.assets.is_empty() {
        return Err(error::no_history(decision, wanted, window));
    }
    candidates.list.retain(|c| {
        // Both are by asset.
        let stays = history.assets.binary_search(&c.asset).is_ok();
        if !stays {
            candidates.forced.0 += c.now.max(0.0);
            candidates.forced.1 += (-c.now).max(0.0);
        }
        stays
    });
    if needs_benchmark(decision) {
        let returns = benchmark_returns(decision, standing, &history)?;
        history = with_column(history, &returns);
    }
    let columns = history.returns.len() / history.rows.max(1);
    let rows_a_year = f64::from(market.calendar().rows_per_year());
    let covariance =
        risk::estimate(policy.risk.covariance, &history.returns, history.rows, columns);
    Ok(Some(Outlook { history, covariance: covariance.scaled(rows_a_year) }))
}

fn needs_benchmark(decision: Decision<'_>) -> bool {
    let policy = decision.policy;
    let tracks =
        matches!(policy.weight, Weight::Optimised(Optimised { objective: Objective::Track, .. }));
    tracks || policy.limits.iter().any(|l| matches!(l.rule, LimitRule::TrackingError(_)))
}

/// The returns of the benchmark on the rows of a history: its own, or those of what it holds at the decision.
fn benchmark_returns(
    decision: Decision<'_>,
    standing: Standing<'_>,
    history: &History,
) -> Result<Vec<f64>, Box<Diagnostic>> {
    let (market, row) = (decision.market, decision.row);
    let too_young = || error::no_benchmark_history(decision, history.rows);
    match decision.policy.benchmark {
        Some(Benchmark::Asset(asset)) => {
            let own = risk::history(market, &[asset.0 as usize], row, history.rows);
            if own.rows == history.rows { Ok(own.returns) } else { Err(too_young()) }
        }
        _ => {
            let (assets, weights): (Vec<usize>, Vec<f64>) =
                benchmark_weights(decision, standing).into_iter().unzip();
            if assets.is_empty() {
                // It is in cash.
                return Ok(vec![0.0; history.rows]);
            }
            let all = risk::history(market, &assets, row, history.rows);
            if all.rows != history.rows {
                // Someone of the universe is younger than the candidates; he is left out.
                return whole_returns(decision, history.rows, &assets, &weights)
                    .ok_or_else(too_young);
            }
            Ok(weighted_returns(&all, &assets, &weights))
        }
    }
}

/// The weighted returns of those that have a whole history of so many rows.
fn whole_returns(
    decision: Decision<'_>,
    rows: usize,
    assets: &[usize],
    weights: &[f64],
) -> Option<Vec<f64>> {
    let start = (decision.row as usize).checked_sub(rows)?;
    let index = decision.market.prices().total_return;
    let old = |a: &&usize| !index[[start, **a]].is_nan();
    let old: Vec<usize> = assets.iter().filter(old).copied().collect();
    let all = risk::history(decision.market, &old, decision.row, rows);
    (all.rows == rows).then(|| weighted_returns(&all, assets, weights))
}

fn weighted_returns(history: &History, assets: &[usize], weights: &[f64]) -> Vec<f64> {
    let share = |asset: &usize| assets.binary_search(asset).map_or(0.0, |i| weights[i]);
    let shares: Vec<f64> = history.assets.iter().map(share).collect();
    // Those that are left out are taken to have done as the others did.
    let size = |list: &[f64]| list.iter().map(|w| w.abs()).sum::<f64>();
    let factor = size(weights) / size(&shares);
    let rows = history.returns.chunks_exact(history.assets.len().max(1));
    rows.map(|r| r.iter().zip(&shares).map(|(x, s)| x * s).sum::<f64>() * factor).collect()
}

fn with_column(history: History, column: &[f64]) -> History {
    let rows = history.returns.chunks_exact(history.assets.len().max(1)).zip(column);
    let returns = rows.flat_map(|(r, own)| r.iter().copied().chain([*own])).collect();
    History { returns, ..history }
}

/// What the benchmark holds at a decision: asset and share, by asset; nothing is known of that of an asset.
pub(super) fn benchmark_weights(
    decision: Decision<'_>,
    standing: Standing<'_>,
) -> Vec<(usize, f64)> {
    let Decision { market, policy, signals, row } = decision;
    let market_cap = match policy.benchmark {
        Some(Benchmark::MarketCap(id)) => id,
        _ => return standing.benchmark.to_vec(),
    };
    let values = AtRow::new(signals, market_cap, row);
    let universe = AtRow::new(signals, policy.universe, row);
    let closes = market.prices().close;
    let assets = 0..market.schema().symbols.len();
    let held = assets.filter(|&a| universe.of(a) == 1.0 && !closes[[row as usize, a]].is_nan());
    let values = held.map(|a| (a, values.of(a))).filter(|(_, v)| v.is_finite() && *v > 0.0);
    let values: Vec<(usize, f64)> = values.collect();
    let total: f64 = values.iter().map(|v| v.1).sum();
    values.into_iter().map(|(a, v)| (a, v / total)).collect()
}
