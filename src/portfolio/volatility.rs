//! `target volatility`: the whole book is scaled so that it would have had the volatility that is asked for.

use super::{Decision, Target, error, risk};
use crate::{check::TargetVolatility, diagnostic::Diagnostic};

/// Scales the weights by the target over the volatility that they would have had in the window, at most by `max`.
pub(super) fn scale(
    decision: Decision<'_>,
    rule: TargetVolatility,
    target: &mut Target,
) -> Result<(), Box<Diagnostic>> {
    if target.weights.is_empty() {
        return Ok(());
    }
    let assets: Vec<usize> = target.weights.iter().map(|w| w.0.0 as usize).collect();
    let window = rule.window as usize;
    let history = risk::history(decision.market, &assets, decision.row, window);
    if history.rows < 2 {
        return Err(error::no_history(decision, assets.len(), window));
    }
    // What is too young to be measured moves as the rest does.
    let of = |asset: &usize| {
        let place = target.weights.binary_search_by_key(asset, |w| w.0.0 as usize);
        place.map_or(0.0, |i| target.weights[i].1)
    };
    let weights: Vec<f64> = history.assets.iter().map(of).collect();
    let gross = |list: &mut dyn Iterator<Item = f64>| list.map(f64::abs).sum::<f64>();
    let measured = gross(&mut weights.iter().copied());
    let whole = gross(&mut target.weights.iter().map(|w| w.1));
    let rows = history.returns.chunks_exact(weights.len());
    let returns: Vec<f64> =
        rows.map(|r| r.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>()).collect();
    let mean = returns.iter().sum::<f64>() / returns.len() as f64;
    let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    let rows_a_year = f64::from(decision.market.calendar().rows_per_year());
    let variance = squares / (returns.len() as f64 - 1.0) * rows_a_year;
    let volatility = variance.sqrt() * whole / measured;
    let factor = (rule.amount / volatility).min(rule.most);
    target.weights.iter_mut().for_each(|w| w.1 *= factor);
    target.scaled = Some(factor);
    Ok(())
}
