//! Who may be held after a decision: the picks of both sides, and the holdings that a limit on trading may keep.

use super::super::{Decision, Standing, select::AtRow};
use crate::{
    check::{LimitRule, Objective, Optimised, SignalId, Weight},
    diagnostic::Diagnostic,
    portfolio::{Picked, error, weigh},
};

/// An asset that may be held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// Its column of the market.
    pub(super) asset: usize,
    /// 1 for the long side, −1 for the short one.
    pub(super) side: f64,
    /// Its share of net asset value before the decision; below zero where it is sold short.
    pub(super) now: f64,
    /// Its weight before constraints, as a share of its side; not above zero where it is not picked.
    pub(super) start: f64,
    /// Whether it is picked; a holding that is not may only shrink.
    pub(super) is_picked: bool,
}

/// Who may be held, and what happens to the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Candidates {
    /// By asset.
    pub(super) list: Vec<Candidate>,
    /// Shares of net asset value that are sold whatever the constraints say, because their asset may not be held any
    /// more; and those that are bought back.
    pub(super) forced: (f64, f64),
    /// Picks without the number that a weight is made of or a limit is about.
    pub(super) without_weight: usize,
}

/// The candidates of a decision. `long` and `short` are the picks.
pub(super) fn candidates(
    decision: Decision<'_>,
    standing: Standing<'_>,
    long: &[Picked],
    short: &[Picked],
) -> Result<Candidates, Box<Diagnostic>> {
    let now = |asset: usize| {
        let place = standing.holdings.binary_search_by_key(&asset, |h| h.0);
        place.map_or(0.0, |i| standing.holdings[i].1)
    };
    let numbers = numbers(decision);
    let is_known = |asset: usize| numbers.iter().all(|n| n.of(asset).is_finite());
    let mut found = Candidates::default();
    for (side, picks) in [(1.0, long), (-1.0, short)] {
        let known: Vec<Picked> = picks.iter().filter(|p| is_known(p.asset)).copied().collect();
        found.without_weight += picks.len() - known.len();
        if known.is_empty() && !picks.is_empty() {
            return Err(error::no_weights(decision, picks.len(), picks.len()));
        }
        let (assets, starts) = match decision.policy.weight {
            Weight::Optimised(_) => {
                let mut assets: Vec<usize> = known.iter().map(|p| p.asset).collect();
                assets.sort_unstable();
                let starts = vec![1.0 / assets.len().max(1) as f64; assets.len()];
                (assets, starts)
            }
            _ => {
                let weighed = weigh::weigh(decision, &known)?;
                found.without_weight += weighed.left_out;
                (weighed.assets, weighed.weights)
            }
        };
        found.list.extend(assets.iter().zip(starts).map(|(&asset, start)| Candidate {
            asset,
            side,
            now: now(asset),
            start,
            is_picked: true,
        }));
    }
    found.list.sort_by_key(|c| c.asset);
    if holds_back(decision) {
        keep_holdings(decision, standing, &is_known, &mut found);
    }
    for &(asset, weight) in standing.holdings {
        if found.list.binary_search_by_key(&asset, |c| c.asset).is_err() && holds_back(decision) {
            found.forced.0 += weight.max(0.0);
            found.forced.1 += (-weight).max(0.0);
        }
    }
    Ok(found)
}

/// Whether a limit on trading may hold a position that nobody wants.
fn holds_back(decision: Decision<'_>) -> bool {
    let limits = &decision.policy.limits;
    limits.iter().any(|l| matches!(l.rule, LimitRule::Turnover(_) | LimitRule::TradeVolume(..)))
}

/// Holdings that are not picked but still eligible may stay in part.
fn keep_holdings(
    decision: Decision<'_>,
    standing: Standing<'_>,
    is_known: &dyn Fn(usize) -> bool,
    found: &mut Candidates,
) {
    let Decision { market, policy, signals, row } = decision;
    let eligible = AtRow::new(signals, policy.eligible, row);
    let closes = market.prices().close;
    for &(asset, weight) in standing.holdings {
        let may_stay =
            eligible.of(asset) == 1.0 && !closes[[row as usize, asset]].is_nan() && is_known(asset);
        if let (Err(place), true) = (found.list.binary_search_by_key(&asset, |c| c.asset), may_stay)
        {
            let side = weight.signum();
            let held = Candidate { asset, side, now: weight, start: 0.0, is_picked: false };
            found.list.insert(place, held);
        }
    }
}

/// The numbers that every candidate must have.
fn numbers(decision: Decision<'_>) -> Vec<AtRow<'_>> {
    let Decision { policy, signals, row, .. } = decision;
    let limits = policy.limits.iter().filter_map(|limit| match limit.rule {
        LimitRule::Sum { value, .. } | LimitRule::NeutralNumber(value) => Some(value),
        _ => None,
    });
    let mut ids: Vec<SignalId> = limits.collect();
    if let Weight::Optimised(Optimised {
        objective: Objective::MaxSharpe { expected } | Objective::MeanVariance { expected, .. },
        ..
    }) = policy.weight
    {
        ids.push(expected);
    }
    ids.into_iter().map(|id| AtRow::new(signals, id, row)).collect()
}
