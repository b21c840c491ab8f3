//! What a trade costs.

use super::ledger::{ByCause, CAUSES, Cause};
use crate::{check::Costs, execute::Signals, panel::Row};

/// The rules of a strategy, with the values they need.
#[derive(Clone, Copy)]
pub(super) struct CostModel<'a> {
    pub(super) costs: &'a Costs,
    pub(super) signals: &'a Signals,
}

/// What a trade is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    pub(super) asset: usize,
    /// Money, above zero.
    pub(super) value: f64,
    /// Shares as traded on the day, above zero; asked for only by [`CostModel::asks_shares`].
    pub(super) shares: f64,
    /// The row of its decision, at which volatility and volume are known.
    pub(super) decided: Row,
}

impl CostModel<'_> {
    /// Money by cause, above zero.
    ///
    /// Impact is the square-root law, Y·σ·√(value / average daily value) of the value (Grinold and Kahn 1999; Almgren et
    /// al. 2005), with σ the daily volatility; without either number there is none.
    pub(super) fn of(&self, deal: Deal) -> ByCause {
        let mut charges = [0.0; CAUSES];
        if deal.value == 0.0 {
            return charges;
        }
        let Costs { proportional, commission, slippage, impact, .. } = self.costs;
        charges[Cause::Fee as usize] = deal.value * proportional.unwrap_or(0.0);
        let order = |c: &crate::check::Commission| (deal.shares * c.per_share).max(c.least);
        charges[Cause::Commission as usize] = commission.iter().map(order).sum();
        charges[Cause::Slippage as usize] = deal.value * slippage.unwrap_or(0.0);
        if let Some(impact) = impact {
            let at = |id| self.signals.get(id).value(deal.decided, deal.asset);
            let (volatility, traded) = (at(impact.volatility), at(impact.traded));
            let share = volatility * (deal.value / traded).sqrt() * impact.factor;
            if share.is_finite() {
                charges[Cause::Impact as usize] = deal.value * share;
            }
        }
        charges
    }

    /// Whether any cost goes by the number of shares.
    pub(super) fn asks_shares(&self) -> bool {
        !self.costs.commission.is_empty()
    }

    /// Whether costs grow in proportion to what is traded.
    pub(super) fn is_linear(&self) -> bool {
        self.costs.impact.is_none() && self.costs.commission.iter().all(|c| c.least == 0.0)
    }
}

/// The sum of what a trade costs.
pub(super) fn total(charges: &ByCause) -> f64 {
    charges.iter().sum()
}
