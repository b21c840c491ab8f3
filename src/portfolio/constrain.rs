//! Caps and floors: from the policy's bounds to the nearest portfolio that keeps them, and what binds or conflicts.

use super::{
    Decision, error,
    nearest::{Budget, Partition, Problem, ROUNDING},
    price::{Scaled, prices},
    select::{AtRow, group_of},
};
use crate::{
    check::{Bound, BoundKind, BoundTarget, SignalId},
    diagnostic::Diagnostic,
    panel::AssetId,
};
use std::collections::BTreeMap;

/// A constraint that bound at a decision.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Binding {
    /// Its number in the policy.
    pub bound: usize,
    /// How many assets or groups it held.
    pub count: usize,
    /// Its shadow price: by how much what is made least would fall for each unit that it gives; `None` where it is kept
    /// by dropping names, which has no price.
    pub price: Option<f64>,
}

/// Why no weights satisfy the bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lack {
    /// At most this can be held, less than 1.
    TooLittle(f64),
    /// At least this must be held, more than 1.
    TooMuch(f64),
    /// They contradict each other whatever the sum.
    Unmet,
}

/// A smallest set of bounds that conflict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conflict {
    /// Places among the policy's bounds.
    pub(super) bounds: Vec<usize>,
    /// How many names there are to hold.
    pub(super) names: usize,
    /// By bound of the policy: the codes of its label among them.
    pub(super) groups: Vec<Vec<u32>>,
    pub(super) lack: Lack,
}

/// Weights that keep all bounds.
pub(super) struct Constrained {
    /// By asset; each above zero.
    pub(super) weights: Vec<(AssetId, f64)>,
    pub(super) binding: Vec<Binding>,
    /// How many `floor position` dropped.
    pub(super) dropped: usize,
}

/// The nearest portfolio that keeps the bounds. The caps without `else cash` come first and hand their excess to the
/// rest; those with it then cut what is still above them. While a weight is below `floor position` the smallest is
/// dropped and the rest solved again.
pub(super) fn constrain(
    decision: Decision<'_>,
    mut assets: Vec<usize>,
    mut start: Vec<f64>,
) -> Result<Constrained, Box<Diagnostic>> {
    let bounds = &decision.policy.bounds;
    let floor = position_bound(bounds, |b| b.kind == BoundKind::Floor).fold(0.0, f64::max);
    let picked = assets.len();
    loop {
        let groups = Groups::new(decision, &assets);
        let weights = solve(bounds, &groups, &start)
            .map_err(|conflict| error::infeasible(decision, &conflict))?;
        match smallest_below(&weights, floor) {
            Some(smallest) => {
                assets.remove(smallest);
                start.remove(smallest);
                let total: f64 = start.iter().sum();
                start.iter_mut().for_each(|s| *s /= total);
            }
            None => {
                let mut binding = binding(bounds, &groups, &weights);
                set_prices(bounds, &groups, &start, &weights, &mut binding);
                let dropped = picked - assets.len();
                count_dropped(bounds, dropped, &mut binding);
                let held = assets.iter().zip(weights).filter(|(_, w)| *w > ROUNDING);
                let weights = held.map(|(&a, w)| (AssetId(a as u32), w)).collect();
                return Ok(Constrained { weights, binding, dropped });
            }
        }
    }
}

/// What caps and floors of one whole long side say against each other in so many assets, whatever else there is: by
/// arithmetic, before any solver is asked.
pub(super) fn conflict_of_bounds(
    decision: Decision<'_>,
    assets: &[usize],
) -> Option<Box<Diagnostic>> {
    let policy = decision.policy;
    let is_whole = policy.short.is_none() && policy.exposure.long == 1.0;
    if !is_whole || policy.bounds.iter().any(|b| b.active) || assets.is_empty() {
        return None;
    }
    let start = vec![1.0 / assets.len() as f64; assets.len()];
    let groups = Groups::new(decision, assets);
    let conflict = solve(&policy.bounds, &groups, &start).err()?;
    Some(error::infeasible(decision, &conflict))
}

fn position_bound(bounds: &[Bound], wanted: impl Fn(&Bound) -> bool) -> impl Iterator<Item = f64> {
    bounds.iter().filter(move |b| b.target == BoundTarget::Position && wanted(b)).map(|b| b.amount)
}

/// The least weight below the floor; of equal ones the last.
fn smallest_below(weights: &[f64], floor: f64) -> Option<usize> {
    let smallest = (0..weights.len()).rev().min_by(|&a, &b| weights[a].total_cmp(&weights[b]))?;
    (weights[smallest] < floor - ROUNDING).then_some(smallest)
}

/// The assets' groups for each label that a bound names.
struct Groups {
    by_label: BTreeMap<SignalId, Partition>,
    /// The code of each group.
    codes: BTreeMap<SignalId, Vec<u32>>,
}

impl Groups {
    fn new(decision: Decision<'_>, assets: &[usize]) -> Self {
        let (mut by_label, mut codes_of) = (BTreeMap::new(), BTreeMap::new());
        for bound in &decision.policy.bounds {
            let BoundTarget::Group(label) = bound.target else { continue };
            by_label.entry(label).or_insert_with(|| {
                let values = AtRow::new(decision.signals, label, decision.row);
                let codes: Vec<u32> = assets.iter().map(|&a| group_of(values.of(a))).collect();
                let mut known = codes.clone();
                known.sort_unstable();
                known.dedup();
                let place = |code: &u32| known.binary_search(code).unwrap_or_default();
                let group = codes.iter().map(place).collect();
                let count = known.len();
                codes_of.insert(label, known);
                Partition { group, lower: vec![0.0; count], upper: vec![f64::INFINITY; count] }
            });
        }
        Self { by_label, codes: codes_of }
    }

    /// The partitions with the bounds that `wanted` lets through.
    fn bounded(&self, bounds: &[Bound], wanted: &dyn Fn(usize) -> bool) -> Vec<Partition> {
        let mut partitions = self.by_label.clone();
        for (i, bound) in bounds.iter().enumerate().filter(|(i, _)| wanted(*i)) {
            let BoundTarget::Group(label) = bound.target else { continue };
            let Some(partition) = partitions.get_mut(&label) else { continue };
            match bounds[i].kind {
                BoundKind::Cap => {
                    partition.upper.iter_mut().for_each(|u| *u = u.min(bound.amount));
                }
                BoundKind::Floor => {
                    partition.lower.iter_mut().for_each(|l| *l = l.max(bound.amount));
                }
            }
        }
        let bounds_something =
            |p: &Partition| p.lower.iter().any(|l| *l > 0.0) || p.upper.iter().any(|u| *u < 1.0);
        partitions.into_values().filter(bounds_something).collect()
    }

    fn problem(
        &self,
        bounds: &[Bound],
        wanted: &dyn Fn(usize) -> bool,
        start: &[f64],
        budget: Budget,
    ) -> Problem {
        let cap = |i: &usize| {
            wanted(*i)
                && bounds[*i].kind == BoundKind::Cap
                && bounds[*i].target == BoundTarget::Position
        };
        let caps = (0..bounds.len()).filter(cap).map(|i| bounds[i].amount);
        Problem {
            start: start.to_vec(),
            position_cap: caps.fold(f64::INFINITY, f64::min),
            partitions: self.bounded(bounds, wanted),
            budget,
        }
    }
}

/// A bound that the problem itself holds; `floor position` is kept by dropping.
fn is_part_of_problem(bound: &Bound) -> bool {
    bound.kind == BoundKind::Cap || bound.target != BoundTarget::Position
}

fn solve(bounds: &[Bound], groups: &Groups, start: &[f64]) -> Result<Vec<f64>, Conflict> {
    if start.is_empty() {
        return Ok(vec![]);
    }
    let strict = |i: usize| is_part_of_problem(&bounds[i]) && !bounds[i].else_cash;
    let whole = groups.problem(bounds, &strict, start, Budget::Whole);
    let weights = whole.solve().map_err(|_| conflict(bounds, groups, start, Budget::Whole))?;
    if !bounds.iter().any(|b| b.else_cash) {
        return Ok(weights);
    }
    // What a bound took away altogether has no weight to stay near to.
    let kept: Vec<f64> = weights.iter().map(|w| w.max(1e-100)).collect();
    let all = |i: usize| is_part_of_problem(&bounds[i]);
    let part = groups.problem(bounds, &all, &kept, Budget::Part);
    part.solve().map_err(|_| conflict(bounds, groups, start, Budget::Part))
}

/// A smallest set of bounds that conflict: each is left out in turn, and stays out if the others conflict without it.
fn conflict(bounds: &[Bound], groups: &Groups, start: &[f64], budget: Budget) -> Conflict {
    let takes_part = |b: &Bound| is_part_of_problem(b) && (budget == Budget::Part || !b.else_cash);
    let mut set: Vec<usize> = (0..bounds.len()).filter(|&i| takes_part(&bounds[i])).collect();
    let problem = |set: &[usize]| groups.problem(bounds, &|i| set.contains(&i), start, budget);
    for i in set.clone() {
        let without: Vec<usize> = set.iter().copied().filter(|&j| j != i).collect();
        if problem(&without).solve().is_err() {
            set = without;
        }
    }
    let last = problem(&set);
    let lack = match (last.extreme(true), last.extreme(false)) {
        (Some(most), _) if budget == Budget::Whole && most < 1.0 => Lack::TooLittle(most),
        (_, Some(least)) if least > 1.0 => Lack::TooMuch(least),
        _ => Lack::Unmet,
    };
    let codes = |b: &Bound| match b.target {
        BoundTarget::Group(label) => groups.codes.get(&label).cloned().unwrap_or_default(),
        BoundTarget::Position => vec![],
    };
    Conflict { bounds: set, names: start.len(), groups: bounds.iter().map(codes).collect(), lack }
}

/// Which bounds hold an asset or group exactly at their amount.
fn binding(bounds: &[Bound], groups: &Groups, weights: &[f64]) -> Vec<Binding> {
    let at = |amounts: &[f64], amount: f64| {
        amounts.iter().filter(|a| (**a - amount).abs() <= 1e-11).count()
    };
    let count = |bound: &Bound| match bound.target {
        BoundTarget::Group(label) => {
            groups.by_label.get(&label).map_or(0, |p| at(&p.totals(weights), bound.amount))
        }
        BoundTarget::Position if bound.kind == BoundKind::Cap => at(weights, bound.amount),
        BoundTarget::Position => 0,
    };
    let counts = bounds.iter().map(count).enumerate().filter(|(_, n)| *n > 0);
    counts.map(|(bound, count)| Binding { bound, count, price: None }).collect()
}

/// The shadow prices, where all bounds were met at once and no two labels overlap.
fn set_prices(
    bounds: &[Bound],
    groups: &Groups,
    start: &[f64],
    weights: &[f64],
    binding: &mut [Binding],
) {
    if bounds.iter().any(|b| b.else_cash) || binding.is_empty() {
        return;
    }
    let all = |i: usize| is_part_of_problem(&bounds[i]);
    let problem = groups.problem(bounds, &all, start, Budget::Whole);
    let count = start.len();
    let one = Partition { group: vec![0; count], lower: vec![0.0], upper: vec![f64::INFINITY] };
    let partition = match problem.partitions.as_slice() {
        [] => &one,
        [only] => only,
        _ => return,
    };
    let cap = problem.position_cap;
    let scaled = Scaled { start, weights, cap, groups: partition };
    let Some((positions, caps, floors)) = prices(&scaled) else { return };
    for binding in binding {
        let bound = &bounds[binding.bound];
        binding.price = match (bound.target, bound.kind) {
            (BoundTarget::Position, BoundKind::Floor) => None,
            (BoundTarget::Position, BoundKind::Cap) => Some(positions),
            (BoundTarget::Group(_), BoundKind::Cap) => Some(caps),
            (BoundTarget::Group(_), BoundKind::Floor) => Some(floors),
        };
    }
}

/// `floor position` binds by what it drops.
fn count_dropped(bounds: &[Bound], dropped: usize, binding: &mut Vec<Binding>) {
    let is_floor = |b: &Bound| b.kind == BoundKind::Floor && b.target == BoundTarget::Position;
    let strictest = (0..bounds.len())
        .filter(|&i| is_floor(&bounds[i]))
        .max_by(|&a, &b| bounds[a].amount.total_cmp(&bounds[b].amount));
    if let (Some(bound), 1..) = (strictest, dropped) {
        binding.push(Binding { bound, count: dropped, price: None });
    }
}
