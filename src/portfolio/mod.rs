//! Signals at a decision → target weights: pick, weigh, constrain. Knows nothing of orders or fills.

mod select;
mod weigh;
mod constrain;
mod price;
mod error;
mod optimise;
mod volatility;
pub mod nearest;
pub mod program;
pub mod risk;

pub use constrain::Binding;
pub use select::{Incumbents, Picked, Selection, select, select_short};

use crate::{
    check::{Limit, LimitRule, Policy, Weight},
    diagnostic::Diagnostic,
    execute::Signals,
    panel::{AssetId, MarketData, Row},
};

/// How many assets were left at each stage of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Funnel {
    /// In the universe.
    pub universe: usize,
    /// Of those, left after each `where` (and those before it).
    pub filters: Vec<usize>,
    /// Eligible: in the universe, through every `where`, with a close.
    pub eligible: usize,
    /// Eligible with a score.
    pub scored: usize,
    /// How many the strategy asked for; `None` where it takes whatever there is.
    pub asked: Option<usize>,
    /// Picked.
    pub picked: usize,
    /// Picked, but left out because the number the weights are made of is missing.
    pub without_weight: usize,
    /// Picked, but left out because they have too little history for the covariance.
    #[serde(skip_serializing_if = "is_zero")]
    pub without_history: usize,
    /// Picked, but dropped by `floor position` or `names`.
    pub below_floor: usize,
    /// Of the picked, those to be sold short.
    #[serde(skip_serializing_if = "is_zero")]
    pub short: usize,
    /// In the target with a weight above zero.
    pub held: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What to hold after a decision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Target {
    /// The decision's row.
    pub row: Row,
    /// Shares of net asset value, by asset; below zero for what is sold short, never zero. Their sum is 1, or less where
    /// cash is left, or whatever the two sides come to.
    pub weights: Vec<(AssetId, f64)>,
    /// How the number of assets shrank.
    pub funnel: Funnel,
    /// The constraints that bound.
    pub binding: Vec<Binding>,
    /// The constraints that had to give.
    pub relaxed: Vec<Relaxed>,
    /// Nothing satisfied the constraints, and the holdings stay.
    pub kept_holdings: bool,
    /// What the risk model rests on, where there is one.
    pub estimate: Option<Estimate>,
    /// How much worse than without `names between` the portfolio is, as a share of what is made best.
    pub gap: Option<f64>,
    /// The factor of `target volatility`.
    pub scaled: Option<f64>,
}

/// A constraint that had to give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relaxed {
    /// Its number in the policy.
    pub constraint: usize,
    /// By how much, in its own unit.
    pub by: f64,
}

/// What a covariance rests on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// How many rows of returns.
    pub rows: usize,
    /// Whether some portfolios have no variance in it; of several optima the one of the smallest norm is taken.
    pub is_singular: bool,
    /// The yearly volatility that the target has by it.
    pub volatility: f64,
}

/// The book before a decision.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing<'a> {
    /// Shares of net asset value, by asset, below zero where it is sold short; sorted.
    pub holdings: &'a [(usize, f64)],
    /// Net asset value, in money.
    pub nav: f64,
    /// Whether a portfolio has been bought before.
    pub is_started: bool,
    /// What of them may not leave yet, by asset; long, then short.
    pub bound: [&'a [usize]; 2],
    /// What of them a `keep until` keeps no longer, by asset; long, then short.
    pub released: [&'a [usize]; 2],
    /// What may not be picked, by asset.
    pub barred: &'a [usize],
    /// What the benchmark holds, where it is a strategy that constraints are measured against: shares, by asset; sorted.
    pub benchmark: &'a [(usize, f64)],
}

impl Target {
    /// The share of net asset value in assets.
    pub fn invested(&self) -> f64 {
        self.weights.iter().map(|(_, w)| w).sum()
    }
}

/// Everything a decision looks at.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// Symbols, dates, closes.
    pub market: &'a dyn MarketData,
    /// The strategy.
    pub policy: &'a Policy,
    /// Its values.
    pub signals: &'a Signals,
    /// The row after whose close it is made.
    pub row: Row,
}

/// Who is picked, on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Picks {
    /// To be held.
    pub long: Vec<Picked>,
    /// To be sold short.
    pub short: Vec<Picked>,
    /// Filled in up to `picked`.
    pub funnel: Funnel,
}

impl Picks {
    /// Whether a policy weighs them as it does others: by rank the places count, which go to what is held where scores
    /// are equal, and otherwise only who is picked.
    pub fn weigh_as(&self, others: &Self, policy: &Policy) -> bool {
        let list = |picks: &[Picked]| {
            let mut list: Vec<(usize, usize)> = picks.iter().map(|p| (p.asset, p.place)).collect();
            if policy.weight != Weight::Rank {
                list.iter_mut().for_each(|(_, place)| *place = 0);
            }
            list.sort_unstable();
            list
        };
        let (long, short) = (list(&self.long), list(&self.short));
        long == list(&others.long) && short == list(&others.short) && self.funnel == others.funnel
    }
}

/// The target of a decision.
///
/// With nothing to pick the target is all cash.
///
/// # Errors
/// `bad-score` where no weights can be made of the values, `infeasible` where no weights satisfy the constraints.
pub fn construct(
    decision: Decision<'_>,
    standing: Standing<'_>,
) -> Result<Target, Box<Diagnostic>> {
    weights(decision, standing, &picks(decision, standing))
}

/// Who is picked at a decision.
pub fn picks(decision: Decision<'_>, standing: Standing<'_>) -> Picks {
    let on_side = |side: f64| -> Vec<usize> {
        standing.holdings.iter().filter(|h| h.1 * side > 0.0).map(|h| h.0).collect()
    };
    let Standing { bound, released, barred, .. } = standing;
    let (held, sold) = (on_side(1.0), on_side(-1.0));
    let long = Incumbents { held: &held, bound: bound[0], released: released[0], barred };
    let Selection { picked: long, mut funnel } = select(decision, long);
    let short = Incumbents { held: &sold, bound: bound[1], released: released[1], barred };
    let short = select_short(decision, short, &long);
    funnel.picked += short.picked.len();
    funnel.short = short.picked.len();
    if let (Some(asked), Some(more)) = (funnel.asked, short.funnel.asked) {
        funnel.asked = Some(asked + more);
    }
    Picks { long, short: short.picked, funnel }
}

/// The target of a decision whose picks are made.
///
/// # Errors
/// As [`construct`].
pub fn weights(
    decision: Decision<'_>,
    standing: Standing<'_>,
    picks: &Picks,
) -> Result<Target, Box<Diagnostic>> {
    let mut target =
        Target { row: decision.row, funnel: picks.funnel.clone(), ..Target::default() };
    if is_plain(decision.policy) {
        let weighed = weigh::weigh(decision, &picks.long)?;
        target.funnel.without_weight = weighed.left_out;
        let found = constrain::constrain(decision, weighed.assets, weighed.weights)?;
        target.funnel.below_floor = found.dropped;
        target.weights = found.weights;
        target.binding = found.binding;
    } else {
        let found = optimise::construct(decision, standing, &picks.long, &picks.short)?;
        target.funnel.without_weight = found.without_weight;
        target.funnel.without_history = found.without_history;
        target.funnel.below_floor = found.dropped;
        target.weights = found.weights;
        target.binding = found.binding;
        target.relaxed = found.relaxed;
        target.kept_holdings = found.kept_holdings;
        target.estimate = found.estimate;
        target.gap = found.gap;
    }
    if let Some(rule) = decision.policy.target_volatility
        && !target.kept_holdings
    {
        volatility::scale(decision, rule, &mut target)?;
    }
    target.funnel.held = target.weights.len();
    Ok(target)
}

/// Whether weights are solved for, and of the picks alone: what is held plays no part in them.
pub fn is_solved_alone(policy: &Policy) -> bool {
    let asks_holdings =
        |limit: &Limit| matches!(limit.rule, LimitRule::Turnover(_) | LimitRule::TradeVolume(..));
    let has_price = matches!(policy.weight, Weight::Optimised(m) if m.turnover_cost > 0.0);
    let keeps = policy.on_infeasible.as_ref().is_some_and(|rule| rule.keep_holdings);
    !is_plain(policy) && !policy.limits.iter().any(asks_holdings) && !has_price && !keeps
}

/// Whether caps and floors of one long side are all there is: those have a closed form.
fn is_plain(policy: &Policy) -> bool {
    policy.short.is_none()
        && policy.exposure.long == 1.0
        && policy.exposure.short == 0.0
        && !policy.bounds.iter().any(|b| b.active)
        && policy.limits.is_empty()
        && policy.on_infeasible.is_none()
        && !matches!(policy.weight, Weight::Optimised(_))
}
