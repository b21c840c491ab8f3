//! The shadow prices of caps and floors that were met in closed form, from the factors by which weights were scaled.

use super::nearest::Partition;

/// What the nearest portfolio was made of: one partition at most.
pub(super) struct Scaled<'a> {
    /// The weights before constraints.
    pub(super) start: &'a [f64],
    /// The weights.
    pub(super) weights: &'a [f64],
    /// The most of each asset.
    pub(super) cap: f64,
    /// The groups with their bounds.
    pub(super) groups: &'a Partition,
}

/// By how much Σ (w − s)²/s would fall for each unit that the position cap, all group caps and all group floors give.
/// `None` where every asset is held by a bound: then no one price is right.
pub(super) fn prices(scaled: &Scaled<'_>) -> Option<(f64, f64, f64)> {
    const NEAR: f64 = 1e-11;
    let Scaled { start, weights, cap, groups } = *scaled;
    let totals = groups.totals(weights);
    let factor = |i: usize| weights[i] / start[i];
    let is_capped = |i: usize| weights[i] >= cap - NEAR;
    // Each group's own factor: that of its uncapped members, or the greatest there is.
    let mut own = vec![(0.0_f64, false); totals.len()];
    for i in 0..start.len() {
        let (known, is_free) = &mut own[groups.group[i]];
        match (is_capped(i), *is_free) {
            (false, _) => (*known, *is_free) = (factor(i), true),
            (true, false) => *known = known.max(factor(i)),
            (true, true) => {}
        }
    }
    let at_cap = |g: usize| totals[g] >= groups.upper[g] - NEAR;
    let at_floor = |g: usize| groups.lower[g] > 0.0 && totals[g] <= groups.lower[g] + NEAR;
    let common = (0..own.len()).find(|&g| own[g].1 && !at_cap(g) && !at_floor(g))?;
    let common = own[common].0;
    let capped = (0..start.len()).filter(|&i| is_capped(i));
    let of_positions: f64 = capped.map(|i| 2.0 * (own[groups.group[i]].0 - factor(i))).sum();
    let sum = |side: f64, held: &dyn Fn(usize) -> bool| -> f64 {
        let held = (0..own.len()).filter(|&g| held(g));
        held.map(|g| (2.0 * side * (common - own[g].0)).max(0.0)).sum()
    };
    Some((of_positions, sum(1.0, &at_cap), sum(-1.0, &at_floor)))
}
