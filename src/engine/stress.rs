//! A strategy run in other ways than its own. The values of its expressions are computed once, for all of them.

use super::{
    Compiled,
    period::{Period, lookback, wanted},
    results::risk_free,
};
use crate::{
    backtest::{self, Simulation, Track, Trial},
    check::Policy,
    diagnostic::{Diagnostic, Diagnostics, Result},
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
    /// What becomes of every strategy of the file on other rebalance days, with other costs and a day later. Strategies
    /// that hold strategies, or are measured against one, are left out: what those hold has rebalance days of its own.
    ///
    /// # Errors
    /// As [`Compiled::run`].
    pub fn stress(&self) -> Result<Vec<Stress>> {
        let returns = self.returns()?;
        let mut list = vec![];
        for (index, strategy) in self.checked.strategies.iter().enumerate() {
            if strategy.looks_at().next().is_some() {
                continue;
            }
            self.has_rows(strategy).map_err(|fault| self.fault(*fault))?;
            list.push(self.stress_of(index, &returns)?);
        }
        Ok(list)
    }

    fn fault(&self, fault: Diagnostic) -> Diagnostics {
        Diagnostics::new(vec![fault], &self.loaded.sources)
    }

    fn stress_of(&self, index: usize, returns: &[Vec<f64>]) -> Result<Stress> {
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
                tracks: &[],
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
