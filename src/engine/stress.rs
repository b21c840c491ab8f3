//! A strategy run in other ways than its own. The values of its expressions are computed once, for all of them.

use super::{
    Compiled,
    period::{Period, lookback, wanted},
    results::risk_free,
};
use crate::{
    backtest::{self, Simulation, Track, Trial},
    check::Policy,
    diagnostic::{Diagnostic, Result},
    execute::Signals,
    panel::Row,
    report::{StrategyRun, Stress, StressFigures, stress_band},
};
use rayon::prelude::*;

/// The most rebalance days that are tried.
const MOST_DAYS: Row = 260;

/// One way to run a strategy.
struct Way {
    policy: Policy,
    decisions: Vec<Row>,
    trial: Trial,
}

impl Compiled<'_> {
    /// What becomes of every strategy of the file on other rebalance days, with other costs and a day later. The
    /// strategies that it holds, or is measured against, stay as they are.
    ///
    /// # Errors
    /// As [`Compiled::run`].
    pub fn stress(&self) -> Result<Vec<Stress>> {
        let strategies = &self.checked.strategies;
        let tracks = if strategies.iter().any(|s| s.looks_at().next().is_some()) {
            let prepared = self.prepare()?;
            self.tracks(&prepared, self.start(&prepared)?)?
        } else {
            self.all_fine(strategies.iter().map(|s| self.has_rows(s)).collect())?;
            vec![]
        };
        let returns = self.returns()?;
        (0..strategies.len()).map(|index| self.stress_of(index, &returns, &tracks)).collect()
    }

    fn stress_of(&self, index: usize, returns: &[Vec<f64>], tracks: &[Track]) -> Result<Stress> {
        let strategy = &self.checked.strategies[index];
        let policy = &strategy.policy;
        let period = self.period(strategy);
        let has_calendar = !policy.schedule.is_empty();
        let days = if has_calendar { usual_gap(&period.decisions).min(MOST_DAYS) } else { 1 };
        let shifted = |by: Row| -> Vec<Row> {
            let rows = period.decisions.iter().map(|row| row + by);
            rows.filter(|row| *row <= period.last).collect()
        };
        let mut all: Vec<Row> = (0..days).flat_map(shifted).collect();
        all.sort_unstable();
        all.dedup();
        let wide = Period { decisions: all, ..period };
        // The plan of this strategy alone.
        let wanted = wanted(self.calendar(), strategy, &wide, &self.signals[index]);
        let signals = Signals(self.compute(&wanted, returns));
        // What the strategy expects is expected of its own decisions.
        let way = |policy: Policy, by: Row, wait: Row| Way {
            policy: Policy { expectations: vec![], ..policy },
            decisions: if has_calendar { shifted(by) } else { wide.decisions.clone() },
            trial: Trial { later: by, wait },
        };
        let with_costs = |factor: f64| {
            let mut other = policy.clone();
            other.costs = policy.costs.times(factor);
            other
        };
        let mut ways =
            vec![way(with_costs(0.0), 0, 0), way(with_costs(2.0), 0, 0), way(policy.clone(), 0, 1)];
        ways.extend((0..days).map(|by| way(policy.clone(), by, 0)));
        let lookback = lookback(strategy, &self.signals[index], &self.logical);
        let run = |way: &Way| {
            backtest::simulate(&Simulation {
                market: self.market,
                policy: &way.policy,
                signals: &signals,
                decisions: &way.decisions,
                first: wide.first,
                last: wide.last,
                lookback,
                tracks,
                trial: way.trial,
            })
        };
        let tracks: Vec<Result<Track, Box<Diagnostic>>> = ways.par_iter().map(run).collect();
        let tracks = self.all_fine(tracks)?;
        let from = tracks.iter().map(|t| t.first).max().unwrap_or(wide.first);
        let runs: Vec<StrategyRun<'_>> = tracks
            .iter()
            .zip(&ways)
            .map(|(track, way)| StrategyRun {
                name: &strategy.name,
                policy: &way.policy,
                track,
                benchmark: None,
                factors: &[],
                risk_free: risk_free(self.market),
            })
            .collect();
        let figures: Vec<StressFigures> =
            runs.par_iter().map(|run| StressFigures::of(self.market, run, from)).collect();
        Ok(Stress {
            name: strategy.name.clone(),
            from: self.calendar().date(from).to_string(),
            own: figures[3],
            band: stress_band(self.market, &runs[3], from),
            costs_none: figures[0],
            costs_twice: figures[1],
            later: figures[2],
            days: if has_calendar { figures[3..].to_vec() } else { vec![] },
        })
    }
}

/// How many rows usually lie between two decisions: the median.
fn usual_gap(decisions: &[Row]) -> Row {
    let mut gaps: Vec<Row> = decisions.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(1).max(1)
}
