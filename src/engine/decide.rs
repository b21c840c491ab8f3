//! What a strategy would hold if it decided on a day, whatever its schedule.

use super::{Compiled, Period, lookback};
use crate::{
    backtest::{self, Simulation},
    check::TradeAt,
    diagnostic::{Diagnostics, Result},
    panel::Row,
    portfolio::Target,
};

impl Compiled<'_> {
    /// The target of each strategy, by name, of a decision at a row by a book that holds nothing yet.
    ///
    /// # Errors
    /// As [`Compiled::run`].
    pub fn decide(&self, row: Row) -> Result<Vec<(String, Target)>> {
        let strategies = &self.checked.strategies;
        let today = || Period { first: row, last: row, decisions: vec![row], is_empty: false };
        let periods: Vec<Period> = strategies.iter().map(|_| today()).collect();
        let (plan, wanted) = self.schedule(&periods);
        let (signals, _) = self.signals(&plan, &wanted, &self.returns()?);
        let mut targets = vec![];
        for (i, strategy) in strategies.iter().enumerate() {
            // The book must get to hold it on the day itself.
            let mut policy = strategy.policy.clone();
            policy.trade = TradeAt::ThisClose;
            let simulation = Simulation {
                market: self.market,
                policy: &policy,
                signals: &signals[i],
                decisions: &[row],
                first: row,
                last: row,
                lookback: lookback(&self.signals[i], &plan).min(row),
            };
            let track = backtest::simulate(&simulation)
                .map_err(|fault| Diagnostics::new(vec![*fault], &self.loaded.sources))?;
            let decided = track.rebalances.into_iter().map(|r| r.target);
            targets.extend(decided.map(|target| (strategy.name.clone(), target)));
        }
        Ok(targets)
    }
}
