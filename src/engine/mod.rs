//! The whole way in three calls: parse a strategy, compile it for a market, run it. The program, and whoever embeds
//! Decile, take this path and no other.

mod decide;
mod explain;
mod factors;
mod funnel;
mod load;
mod panel_file;
mod period;
mod query;
mod results;
mod returns;
mod stress;
mod why;

pub use explain::{ExplainedNode, ExplainedStep, Explanation};
pub use load::{LIBRARY, SETTING};
pub use query::{ColumnType, CompiledQuery, Evaluated, Query, session};
pub use results::{Results, Run};
pub use why::asset;

use crate::{
    backtest::{self, Simulation, Track, Trial},
    check::{self, Benchmark, Checked, Loaded},
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    execute::{self, Kept, Signal, Signals},
    panel::{AssetId, Calendar, Date, MarketData, Row},
    plan::{self, Applied, LogicalPlan, NodeId, Wanted},
    report::BenchmarkLine,
};
use period::{Period, lookback, period, wanted};
use rayon::prelude::*;
use std::{path::Path, sync::Arc};

/// A parsed strategy file: one strategy, or several that share clauses.
#[derive(Debug, Clone)]
pub struct Strategy {
    loaded: Loaded,
}

impl Strategy {
    /// Parses a text. Paths of its `use` statements are relative to the working folder.
    ///
    /// # Errors
    /// Text that does not follow the grammar; used files that cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { loaded: load::text(text, "<text>", "strategy")? })
    }

    /// Parses a text that errors show under a name, and that gives its strategy that name.
    ///
    /// # Errors
    /// As [`Strategy::parse`].
    pub fn parse_as(text: &str, shown_as: &str, name: &str) -> Result<Self> {
        Ok(Self { loaded: load::text(text, shown_as, name)? })
    }

    /// Reads and parses a file and the files it uses.
    ///
    /// # Errors
    /// As [`Strategy::parse`], and files that cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { loaded: load::file(path.as_ref())? })
    }

    /// Sets a `param` from outside; whether there is one, and in its range, is checked when it is compiled.
    ///
    /// # Errors
    /// A value that is no literal of the language.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self> {
        load::set(&mut self.loaded, name, value)?;
        Ok(self)
    }

    /// Checks the strategy against a market's names and types, and plans it.
    ///
    /// # Errors
    /// Everything that is wrong with the text, in one go.
    pub fn compile<'m>(&self, market: &'m dyn MarketData) -> Result<Compiled<'m>> {
        let checked = check::check(&self.loaded, market.schema())?;
        let (lowered, signals) = plan::lower(&checked, market.schema());
        let (logical, applied) = plan::optimize(&lowered);
        let signals = plan::by_strategy(&logical, &signals);
        Ok(Compiled {
            market,
            loaded: self.loaded.clone(),
            checked,
            lowered,
            logical,
            applied,
            signals,
            from: None,
            to: None,
            kept: None,
        })
    }
}

/// A strategy file that is checked and planned for a market.
pub struct Compiled<'m> {
    market: &'m dyn MarketData,
    loaded: Loaded,
    checked: Checked,
    lowered: LogicalPlan,
    logical: LogicalPlan,
    applied: Applied,
    /// By strategy: the node of each signal.
    signals: Vec<Vec<NodeId>>,
    from: Option<Date>,
    to: Option<Date>,
    kept: Option<Arc<Kept>>,
}

impl<'m> Compiled<'m> {
    /// Takes values that are kept there, and keeps what it computes.
    #[must_use]
    pub fn keeping(self, kept: &Arc<Kept>) -> Self {
        Self { kept: Some(Arc::clone(kept)), ..self }
    }

    /// Narrows the period of every strategy; `None` leaves what the text says.
    #[must_use]
    pub fn between(mut self, from: Option<Date>, to: Option<Date>) -> Self {
        self.from = from;
        self.to = to;
        self
    }

    /// What the reader should know of the text.
    pub fn warnings(&self) -> Diagnostics {
        Diagnostics::new(self.checked.warnings.clone(), &self.loaded.sources)
    }

    /// The checked program, for whoever wants to plan it in another way.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    fn calendar(&self) -> &'m Calendar {
        self.market.calendar()
    }

    fn period(&self, strategy: &check::Strategy) -> Period {
        let policy = &strategy.policy;
        let (from, to) = (self.from.or(policy.from), self.to.or(policy.to));
        period(self.calendar(), policy, from, to)
    }

    /// At which rows each signal of each strategy is wanted.
    fn wanted(&self, periods: &[Period]) -> Vec<Wanted> {
        let strategies = self.checked.strategies.iter().zip(periods).zip(&self.signals);
        let of = |((strategy, period), signals): ((_, _), &Vec<NodeId>)| {
            wanted(self.calendar(), strategy, period, signals)
        };
        strategies.flat_map(of).collect()
    }

    /// The returns of the strategies that others take.
    fn returns(&self) -> Result<Vec<Vec<f64>>> {
        let expressions = &self.checked.expressions;
        let taken = |s: &check::Strategy| expressions.strategies_in(s.expressions());
        let wanted = self.checked.strategies.iter().flat_map(taken).map(|(s, _)| s).collect();
        let plan = (&self.logical, self.signals.as_slice());
        returns::returns(self.market, &self.checked, plan, wanted, self.kept.as_deref())
            .map_err(|fault| Diagnostics::new(vec![*fault], &self.loaded.sources))
    }

    /// The signals of each strategy.
    fn signals(&self, periods: &[Period]) -> Result<Vec<Signals>> {
        let (wanted, returns) = (self.wanted(periods), self.returns()?);
        let signals = self.compute(&wanted, &returns);
        let mut signals = signals.into_iter();
        let of = |own: &Vec<NodeId>| Signals(signals.by_ref().take(own.len()).collect());
        Ok(self.signals.iter().map(of).collect())
    }

    fn compute(&self, wanted: &[Wanted], returns: &[Vec<f64>]) -> Vec<Signal> {
        execute::compute(&self.logical, self.market, returns, wanted, self.kept.as_deref())
    }

    /// Runs every strategy of the file; see [`run_together`].
    ///
    /// # Errors
    /// No date to start at, no portfolio that satisfies the constraints, scores that make no weights.
    pub fn run(&self) -> Result<Results<'m>> {
        run_together(std::slice::from_ref(self))
    }

    /// Whether there is a row to begin with.
    fn has_rows(&self, strategy: &check::Strategy) -> Result<(), Box<Diagnostic>> {
        let dates = self.calendar().dates();
        let from = self.from.or(strategy.policy.from);
        let to = self.to.or(strategy.policy.to);
        let message = match (dates.first(), dates.last()) {
            (Some(first), Some(last)) => match (from, to) {
                (Some(from), _) if from > *last => {
                    format!("`from` is {from}, but the data end on {last}")
                }
                (_, Some(to)) if to < *first => {
                    format!("`to` is {to}, but the data begin on {first}")
                }
                (Some(from), Some(to)) if to < from => {
                    format!("`to` is {to}, before `from`, {from}")
                }
                (Some(from), Some(to)) if self.period(strategy).is_empty => {
                    format!("the market has no session from {from} to {to}")
                }
                _ => return Ok(()),
            },
            _ => "the market has no session".to_owned(),
        };
        let complaint = Diagnostic::error(Code::EmptyRun, message);
        Err(Box::new(complaint.at(strategy.policy.pick.span, "nothing is ever picked")))
    }

    /// Computes the signals of every strategy.
    fn prepare(&self) -> Result<Prepared> {
        self.all_fine(self.checked.strategies.iter().map(|s| self.has_rows(s)).collect())?;
        let periods: Vec<Period> = self.checked.strategies.iter().map(|s| self.period(s)).collect();
        let signals = self.signals(&periods)?;
        let strategies = self.checked.strategies.iter().zip(&self.signals);
        let lookbacks = strategies.map(|(s, own)| lookback(s, own, &self.logical)).collect();
        Ok(Prepared { periods, signals, lookbacks })
    }

    /// The first row at which every strategy can start.
    fn start(&self, prepared: &Prepared) -> Result<Row> {
        let starts = (0..self.checked.strategies.len()).map(|i| {
            backtest::first_decision(&self.simulation(i, prepared, prepared.periods[i].first, &[]))
        });
        let starts: Vec<Result<Row, Box<Diagnostic>>> = starts.collect();
        Ok(self.all_fine(starts)?.into_iter().max().unwrap_or(0))
    }

    fn run_from(&self, prepared: &Prepared, first: Row) -> Result<Vec<Run>> {
        let tracks = self.tracks(prepared, first)?;
        let mut benchmarks = vec![];
        for (i, strategy) in self.checked.strategies.iter().enumerate() {
            let simulation = self.simulation(i, prepared, first, &[]);
            benchmarks.push(self.benchmark(strategy, &simulation, &tracks, i));
        }
        let benchmarks = self.all_fine(benchmarks)?;
        let strategies = self.checked.strategies.iter().zip(tracks).zip(benchmarks);
        Ok(strategies
            .map(|((strategy, track), benchmark)| Run {
                name: strategy.name.clone(),
                policy: strategy.policy.clone(),
                track,
                benchmark,
                factors: vec![],
            })
            .collect())
    }

    /// Runs all strategies, each after those that it looks at.
    fn tracks(&self, prepared: &Prepared, first: Row) -> Result<Vec<Track>> {
        let strategies = &self.checked.strategies;
        let mut tracks = vec![Track::default(); strategies.len()];
        let mut waiting: Vec<usize> = (0..strategies.len()).collect();
        while !waiting.is_empty() {
            let is_ready =
                |i: &usize| strategies[*i].looks_at().all(|(other, _)| !waiting.contains(&other));
            let (ready, later): (Vec<usize>, Vec<usize>) =
                waiting.iter().copied().partition(is_ready);
            let run =
                |&i: &usize| backtest::simulate(&self.simulation(i, prepared, first, &tracks));
            let found = self.all_fine(ready.par_iter().map(run).collect())?;
            for (i, track) in ready.into_iter().zip(found) {
                tracks[i] = track;
            }
            waiting = later;
        }
        Ok(tracks)
    }

    /// All of them, or all that went wrong.
    fn all_fine<T>(&self, results: Vec<Result<T, Box<Diagnostic>>>) -> Result<Vec<T>> {
        let (mut fine, mut faults) = (vec![], vec![]);
        for result in results {
            match result {
                Ok(value) => fine.push(value),
                Err(fault) => faults.push(*fault),
            }
        }
        if faults.is_empty() {
            Ok(fine)
        } else {
            Err(Diagnostics::new(faults, &self.loaded.sources))
        }
    }

    fn simulation<'s>(
        &'s self,
        strategy: usize,
        prepared: &'s Prepared,
        first: Row,
        tracks: &'s [Track],
    ) -> Simulation<'s> {
        Simulation {
            market: self.market,
            policy: &self.checked.strategies[strategy].policy,
            signals: &prepared.signals[strategy],
            decisions: &prepared.periods[strategy].decisions,
            first,
            last: prepared.periods[strategy].last,
            lookback: prepared.lookbacks[strategy],
            tracks,
            trial: Trial::default(),
        }
    }

    /// The line a strategy is compared with, on the rows of its track.
    fn benchmark(
        &self,
        strategy: &check::Strategy,
        simulation: &Simulation<'_>,
        tracks: &[Track],
        own: usize,
    ) -> Result<Option<BenchmarkLine>, Box<Diagnostic>> {
        let track = &tracks[own];
        let (first, last) = (track.first, track.last());
        Ok(match strategy.policy.benchmark {
            None => None,
            Some(Benchmark::Asset(asset)) => Some(BenchmarkLine {
                name: self.market.schema().symbols[asset.0 as usize].clone(),
                values: backtest::benchmark::of_asset(
                    self.market,
                    asset,
                    first,
                    last,
                    track.capital,
                ),
                is_strategy: false,
                targets: vec![],
            }),
            Some(Benchmark::MarketCap(signal)) => {
                let run = backtest::benchmark::market_cap(simulation, signal, track)?;
                let values = backtest::benchmark::of_track(&run, first, last);
                Some(BenchmarkLine {
                    name: "market_cap".to_owned(),
                    values,
                    is_strategy: false,
                    targets: targets(&run),
                })
            }
            Some(Benchmark::Strategy(other)) => Some(BenchmarkLine {
                name: self.checked.strategies[other].name.clone(),
                values: backtest::benchmark::of_track(&tracks[other], first, last),
                is_strategy: true,
                targets: targets(&tracks[other]),
            }),
        })
    }
}

/// Runs strategy files side by side. All their strategies start on the first date at which every one of them can, so
/// that their figures are of one period.
///
/// # Errors
/// As [`Compiled::run`].
pub fn run_together<'m>(programs: &[Compiled<'m>]) -> Result<Results<'m>> {
    let market = programs.first().map(|p| p.market).expect("there is at least one program");
    let prepared = programs.iter().map(Compiled::prepare).collect::<Result<Vec<Prepared>>>()?;
    let mut start = 0;
    for (program, prepared) in programs.iter().zip(&prepared) {
        start = start.max(program.start(prepared)?);
    }
    let mut runs = vec![];
    for (program, prepared) in programs.iter().zip(&prepared) {
        runs.extend(program.run_from(prepared, start)?);
    }
    Ok(Results { market, runs })
}

/// What a track decided to hold, by row.
fn targets(track: &Track) -> Vec<(Row, Vec<(AssetId, f64)>)> {
    track.rebalances.iter().map(|r| (r.target.row, r.target.weights.clone())).collect()
}

/// The signals of a program, and where it may be run.
struct Prepared {
    periods: Vec<Period>,
    signals: Vec<Signals>,
    lookbacks: Vec<u32>,
}
