//! What a strategy would hold if it decided on a day, whatever its schedule.

use super::{
    Compiled,
    period::{Period, lookback},
};
use crate::{
    backtest::{self, Simulation, Track, Trial},
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
        let signals = self.signals(&periods)?;
        let mut tracks = vec![Track::default(); strategies.len()];
        let mut waiting: Vec<usize> = (0..strategies.len()).collect();
        // Each after those that it looks at.
        while let Some(next) = waiting
            .iter()
            .position(|i| strategies[*i].looks_at().all(|(other, _)| !waiting.contains(&other)))
        {
            let i = waiting.remove(next);
            // The book must get to hold it on the day itself.
            let mut policy = strategies[i].policy.clone();
            policy.trade = TradeAt::ThisClose;
            let simulation = Simulation {
                market: self.market,
                policy: &policy,
                signals: &signals[i],
                decisions: &[row],
                first: row,
                last: row,
                lookback: lookback(&strategies[i], &self.signals[i], &self.logical).min(row),
                tracks: &tracks,
                trial: Trial::default(),
            };
            let track = backtest::simulate(&simulation)
                .map_err(|fault| Diagnostics::new(vec![*fault], &self.loaded.sources))?;
            tracks[i] = track;
        }
        let mut targets = vec![];
        for (strategy, track) in strategies.iter().zip(tracks) {
            let decided = track.rebalances.into_iter().map(|r| r.target);
            targets.extend(decided.map(|target| (strategy.name.clone(), target)));
        }
        Ok(targets)
    }
}
