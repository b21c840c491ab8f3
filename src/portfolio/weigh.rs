//! The weights before constraints.

use super::{Decision, Picked, error, select::AtRow};
use crate::{
    check::{SignalId, Weight},
    diagnostic::Diagnostic,
};

/// Picked assets with weights that are above zero and sum to 1.
pub(super) struct Weighed {
    /// Their columns, sorted.
    pub(super) assets: Vec<usize>,
    /// By place in `assets`.
    pub(super) weights: Vec<f64>,
    /// How many were left out because the number their weight is made of is missing.
    pub(super) left_out: usize,
}

/// Weighs the picked. An asset whose number is missing is left out, and one whose number is zero is not held; the place
/// of either stays empty.
pub(super) fn weigh(decision: Decision<'_>, picked: &[Picked]) -> Result<Weighed, Box<Diagnostic>> {
    let mut parts: Vec<(usize, f64)> = picked
        .iter()
        .map(|p| Ok((p.asset, part(decision, p, picked.len())?)))
        .collect::<Result<_, Box<Diagnostic>>>()?;
    parts.sort_by_key(|p| p.0);
    let missing = parts.iter().filter(|p| p.1.is_nan()).count();
    // Divided by the greatest, so that no sum of finite parts is infinite.
    let greatest = parts.iter().fold(0.0_f64, |m, p| m.max(p.1));
    parts.iter_mut().for_each(|p| p.1 /= greatest);
    parts.retain(|p| p.1 > 0.0);
    if parts.is_empty() && !picked.is_empty() {
        return Err(error::no_weights(decision, picked.len(), missing));
    }
    let total: f64 = parts.iter().map(|p| p.1).sum();
    let (assets, weights) = parts.iter().map(|p| (p.0, p.1 / total)).unzip();
    Ok(Weighed { assets, weights, left_out: missing })
}

/// What an asset's weight is in proportion to: NaN where it is not known.
fn part(decision: Decision<'_>, picked: &Picked, n: usize) -> Result<f64, Box<Diagnostic>> {
    let Decision { signals, row, policy, .. } = decision;
    let number = |id: SignalId| {
        let value = AtRow::new(signals, id, row).of(picked.asset);
        if value.is_finite() { value } else { f64::NAN }
    };
    Ok(match policy.weight {
        Weight::Equal => 1.0,
        Weight::Rank => (n + 1 - picked.place) as f64,
        Weight::Score(span) if picked.score <= 0.0 => {
            return Err(error::score_not_positive(decision, picked, span));
        }
        Weight::Score(_) => picked.score,
        Weight::By(id, span) => {
            let value = number(id);
            if value < 0.0 {
                return Err(error::weight_negative(decision, picked.asset, value, span));
            }
            value
        }
        // A price that never moved has no volatility to invert: as good as missing.
        Weight::InverseVolatility(id, _) => {
            let inverse = 1.0 / number(id);
            if inverse.is_finite() && inverse > 0.0 { inverse } else { f64::NAN }
        }
        // Those are made of all of them at once.
        Weight::Optimised(_) => 1.0,
    })
}
