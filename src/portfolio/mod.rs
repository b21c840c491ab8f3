//! Signals at a decision → target weights: pick, weigh, constrain. Knows nothing of prices, orders or money.

mod select;
mod weigh;
mod constrain;
mod error;
pub mod nearest;

pub use constrain::Binding;
pub use select::{Picked, Selection, select};

use crate::{
    check::Policy,
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
    /// Picked, but dropped by `floor position`.
    pub below_floor: usize,
    /// In the target with a weight above zero.
    pub held: usize,
}

/// What to hold after a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The decision's row.
    pub row: Row,
    /// Shares of net asset value, by asset; each above zero. Their sum is 1, or less where cash is left.
    pub weights: Vec<(AssetId, f64)>,
    /// How the number of assets shrank.
    pub funnel: Funnel,
    /// The caps and floors that bound.
    pub binding: Vec<Binding>,
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

/// The target of a decision; `held` are the assets that the book holds at the close, sorted.
///
/// With nothing to pick the target is all cash.
///
/// # Errors
/// `bad-score` where no weights can be made of the values, `infeasible` where no weights satisfy the caps and floors.
pub fn construct(decision: Decision<'_>, held: &[usize]) -> Result<Target, Box<Diagnostic>> {
    let Selection { picked, mut funnel } = select(decision, held);
    let weighed = weigh::weigh(decision, &picked)?;
    funnel.without_weight = weighed.left_out;
    let constrained = constrain::constrain(decision, weighed.assets, weighed.weights)?;
    funnel.below_floor = constrained.dropped;
    funnel.held = constrained.weights.len();
    Ok(Target {
        row: decision.row,
        weights: constrained.weights,
        funnel,
        binding: constrained.binding,
    })
}
