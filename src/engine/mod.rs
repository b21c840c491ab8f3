//! The whole way in three calls: parse a strategy, compile it for a market, run it. The program, and whoever embeds
//! Decile, take this path and no other.

mod decide;
mod explain;
mod load;
mod panel_file;
mod query;
mod returns;
mod stress;
mod why;

pub use explain::{ExplainedNode, ExplainedStep, Explanation};
pub use load::{LIBRARY, SETTING};
pub use query::{ColumnType, CompiledQuery, Evaluated, Query, session};
pub use why::asset;

use crate::{
    backtest::{self, Simulation, Track, Trial},
    check::{self, Benchmark, Checked, Loaded, Policy},
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    execute::{self, Measure, Signals},
    metric::Value,
    panel::{AssetId, Calendar, Date, FieldData, MarketData, Row, Rows},
    plan::{self, Applied, Demand, ExecutionPlan, LogicalPlan, NodeId},
    report::{self, BenchmarkLine, Colors, Report, StrategyRun},
    syntax,
};
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
}

/// One strategy's period and decisions.
struct Period {
    first: Row,
    last: Row,
    decisions: Vec<Row>,
    /// It holds no session at all; `last` means nothing then.
    is_empty: bool,
}

/// The period of a strategy with its decisions.
fn period(calendar: &Calendar, policy: &Policy, from: Option<Date>, to: Option<Date>) -> Period {
    let first = from.map_or(0, |d| calendar.first_at_or_after(d));
    let end =
        to.map_or(calendar.len() as Row, |d| calendar.last_at_or_before(d).map_or(0, |r| r + 1));
    let Some(last) = end.checked_sub(1).filter(|last| *last >= first) else {
        return Period { first, last: first, decisions: vec![], is_empty: true };
    };
    // With no calendar any row may be the first.
    let decisions = match policy.schedule.as_slice() {
        [] => (first..=last).collect(),
        rules => backtest::schedule::decision_rows(rules, calendar, first, last),
    };
    Period { first, last, decisions, is_empty: false }
}

/// When a signal of a strategy is wanted.
enum SignalUse {
    /// On every row, those before the period among them.
    EveryRow,
    /// On every row of the period.
    EveryRowOfPeriod,
    /// At its decisions.
    Decisions,
}

impl SignalUse {
    fn of(strategy: &check::Strategy, signal: usize) -> Self {
        let is_in = |list: &[check::SignalId]| list.iter().any(|id| id.0 as usize == signal);
        match () {
            () if is_in(&strategy.daily) => Self::EveryRow,
            () if is_in(&strategy.watched) => Self::EveryRowOfPeriod,
            () => Self::Decisions,
        }
    }
}

/// At which rows each signal of a strategy is wanted.
fn wanted(
    calendar: &Calendar,
    strategy: &check::Strategy,
    period: &Period,
    signals: &[NodeId],
) -> Vec<(NodeId, Arc<Rows>)> {
    let rows = calendar.len();
    let decisions = Arc::new(Rows::new(period.decisions.clone(), rows));
    let end = period.last.saturating_add(1).min(rows as Row);
    let daily = Arc::new(Rows::new((0..end).collect(), rows));
    let watched = match strategy.watched.is_empty() {
        true => Arc::clone(&decisions),
        false => Arc::new(Rows::new((period.first.min(end)..end).collect(), rows)),
    };
    let of_signal = |(i, node): (usize, &NodeId)| {
        let wanted = match SignalUse::of(strategy, i) {
            SignalUse::EveryRow => &daily,
            SignalUse::EveryRowOfPeriod => &watched,
            SignalUse::Decisions => &decisions,
        };
        (*node, Arc::clone(wanted))
    };
    signals.iter().enumerate().map(of_signal).collect()
}

fn demands(wanted: &[(NodeId, Arc<Rows>)]) -> Vec<Demand> {
    let demand =
        |(node, rows): &(NodeId, Arc<Rows>)| Demand { node: *node, rows: rows.as_ref().clone() };
    wanted.iter().map(demand).collect()
}

/// The rows that must lie before a strategy's first decision for all its windows to be full.
fn lookback(strategy: &check::Strategy, signals: &[NodeId], plan: &ExecutionPlan) -> u32 {
    let of_signals = signals.iter().map(|n| plan.lookbacks[n.0 as usize]).max().unwrap_or(0);
    of_signals.max(strategy.policy.lookback())
}

impl<'m> Compiled<'m> {
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

    /// The plan for all strategies at once, and at which rows each signal is wanted.
    fn schedule(&self, periods: &[Period]) -> (ExecutionPlan, Vec<(NodeId, Arc<Rows>)>) {
        let strategies = self.checked.strategies.iter().zip(periods).zip(&self.signals);
        let wanted: Vec<(NodeId, Arc<Rows>)> = strategies
            .flat_map(|((strategy, period), signals)| {
                wanted(self.calendar(), strategy, period, signals)
            })
            .collect();
        (plan::schedule(&self.logical, &demands(&wanted), self.calendar()), wanted)
    }

    /// The returns of the strategies that others take.
    fn returns(&self) -> Result<Vec<Vec<f64>>> {
        let expressions = &self.checked.expressions;
        let taken = |s: &check::Strategy| expressions.strategies_in(s.expressions());
        let wanted = self.checked.strategies.iter().flat_map(taken).map(|(s, _)| s).collect();
        let plan = (&self.logical, self.signals.as_slice());
        returns::returns(self.market, &self.checked, plan, wanted)
            .map_err(|fault| Diagnostics::new(vec![*fault], &self.loaded.sources))
    }

    /// The signals of each strategy, and what each step took.
    fn signals(
        &self,
        plan: &ExecutionPlan,
        wanted: &[(NodeId, Arc<Rows>)],
        returns: &[Vec<f64>],
    ) -> (Vec<Signals>, Vec<Measure>) {
        let (signals, measures) = execute::run(plan, self.market, returns, wanted);
        let mut signals = signals.into_iter();
        let by_strategy = self
            .signals
            .iter()
            .map(|s| Signals(signals.by_ref().take(s.len()).collect()))
            .collect();
        (by_strategy, measures)
    }

    /// Every stage of the program; with `analyze`, run once and measured.
    ///
    /// # Errors
    /// With `analyze`, a strategy whose returns another one takes and that cannot be run.
    pub fn explain(&self, analyze: bool) -> Result<Explanation> {
        let periods: Vec<Period> = self.checked.strategies.iter().map(|s| self.period(s)).collect();
        let (plan, wanted) = self.schedule(&periods);
        let returns = if analyze { Some(self.returns()?) } else { None };
        let measures = returns.map(|returns| self.signals(&plan, &wanted, &returns).1);
        let schema = self.market.schema();
        let mut roots = vec![];
        for ((strategy, period), signals) in
            self.checked.strategies.iter().zip(&periods).zip(&self.signals)
        {
            for (i, node) in signals.iter().enumerate() {
                let reason = match SignalUse::of(strategy, i) {
                    SignalUse::EveryRow => format!("every row of {}", strategy.name),
                    SignalUse::EveryRowOfPeriod => {
                        format!("every row of {} in its period", strategy.name)
                    }
                    SignalUse::Decisions => {
                        format!("the {} decisions of {}", period.decisions.len(), strategy.name)
                    }
                };
                roots.push((*node, reason));
            }
        }
        let main = self.loaded.files[0].source;
        let text = syntax::format(&self.loaded.sources, main);
        let text = text.map_err(|d| Diagnostics::new(vec![d], &self.loaded.sources))?;
        let strategies = self.checked.strategies.iter().enumerate();
        Ok(Explanation {
            market: schema.name.clone(),
            text,
            types: self
                .checked
                .named
                .iter()
                .map(|(name, id)| (name.clone(), self.checked.expressions.ty(*id).to_string()))
                .collect(),
            logical: explain::logical_lines(&self.lowered, schema),
            rules: self.applied.clone(),
            optimized: explain::logical_lines(&self.logical, schema),
            steps: explain::steps(&plan, self.market, &roots, measures.as_deref()),
            lookbacks: strategies
                .map(|(i, s)| (s.name.clone(), lookback(s, &self.signals[i], &plan)))
                .collect(),
        })
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
        let (plan, wanted) = self.schedule(&periods);
        let (signals, _) = self.signals(&plan, &wanted, &self.returns()?);
        let strategies = self.checked.strategies.iter().zip(&self.signals);
        let lookbacks = strategies.map(|(s, signals)| lookback(s, signals, &plan)).collect();
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
            })
            .collect())
    }

    /// Runs all strategies, each after those that it holds.
    fn tracks(&self, prepared: &Prepared, first: Row) -> Result<Vec<Track>> {
        let strategies = &self.checked.strategies;
        let mut tracks = vec![Track::default(); strategies.len()];
        let mut waiting: Vec<usize> = (0..strategies.len()).collect();
        while !waiting.is_empty() {
            let is_ready =
                |i: &usize| strategies[*i].holds().all(|(held, _)| !waiting.contains(&held));
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

/// The market's yearly risk-free rate by row, where it knows one.
fn risk_free(market: &dyn MarketData) -> Option<&[f64]> {
    let fields = market.schema().find(None, "risk_free");
    fields.into_iter().find_map(|id| match market.field(id) {
        FieldData::Series(values) => Some(values),
        _ => None,
    })
}

/// The signals of a program, and where it may be run.
struct Prepared {
    periods: Vec<Period>,
    signals: Vec<Signals>,
    lookbacks: Vec<u32>,
}

/// One strategy's track record and what it is compared with.
#[derive(Debug, Clone)]
pub struct Run {
    /// The strategy's name.
    pub name: String,
    /// What it says.
    pub policy: Policy,
    /// What came of it.
    pub track: Track,
    /// What it is compared with.
    pub benchmark: Option<BenchmarkLine>,
}

/// The runs of one or several strategy files on one market.
pub struct Results<'m> {
    market: &'m dyn MarketData,
    runs: Vec<Run>,
}

impl<'m> Results<'m> {
    /// The runs, in the order of the text.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Makes the report and hands it to a view.
    pub fn report<T>(&self, view: impl FnOnce(&Report<'_>) -> T) -> T {
        let risk_free = risk_free(self.market);
        let runs: Vec<StrategyRun<'_>> = self
            .runs
            .iter()
            .map(|run| StrategyRun {
                name: &run.name,
                policy: &run.policy,
                track: &run.track,
                benchmark: run.benchmark.clone(),
                risk_free,
            })
            .collect();
        view(&Report::new(self.market, &runs))
    }

    /// The value of a metric of the table (`sharpe`, `annualised_return`), by strategy.
    pub fn metric(&self, name: &str) -> Vec<(String, Value)> {
        self.report(|report| {
            let strategies = report.columns.iter().filter(|c| c.run.is_some());
            strategies.map(|c| (c.name.clone(), c.metric(name))).collect()
        })
    }
}

impl std::fmt::Display for Results<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.report(|report| report::to_text(report, Colors::No)))
    }
}
