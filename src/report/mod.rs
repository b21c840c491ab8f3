//! Track records as reports: figures side by side, and their views as text, JSON and files.

mod notes;
mod number;
mod json;
mod chart;
mod text;
mod construction;
mod files;
mod values;
mod why;
mod exposure;
mod funnel;
mod holdings;
mod labels;
mod liquidity;
mod stress;
mod tables;

pub use construction::{decisions_json, decisions_text};
pub use exposure::FactorExposure;
pub use files::{FileOptions, write as write_files};
pub use funnel::{Coverage, FunnelRow, FunnelTable, funnel_table, funnel_to_text};
pub use holdings::{holdings_to_text, line_to_text};
pub use json::{full as to_json, summary as to_summary_json};
pub use number::{exact, written};
pub use stress::{Stress, StressFigures, stress_band, stress_to_text};
pub use text::{Colors, details as details_to_text, summary as to_text};
pub use values::{
    Cell, Count, Distribution, Entry, ExpressionValues, Given, HistogramBin, Place,
    columns_to_text, given_cell, values_in_short, values_to_text,
};
pub use why::{
    Side, Station, Why, WhyField, WhyLast, WhyPick, WhyTrade, WhyValue, held, missed, why_to_text,
    without_score,
};

use crate::{
    backtest::{Holding, Track},
    check::Policy,
    metric::{self, METRICS, Metric, TrackRecord, Value},
    panel::{AssetId, Date, MarketData, Row},
    portfolio::Target,
};
use std::collections::BTreeMap;

/// What a strategy is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkLine {
    /// What it is called: `SPY`, `market_cap`, a strategy's name.
    pub name: String,
    /// Its values on the rows of the track; missing where it is not known.
    pub values: Vec<f64>,
    /// Whether it is a strategy that the report shows anyway.
    pub is_strategy: bool,
    /// What it holds, where that is decided: by row, the weights by asset.
    pub targets: Vec<(Row, Vec<(AssetId, f64)>)>,
}

/// A strategy that was run.
#[derive(Debug)]
pub struct StrategyRun<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says.
    pub policy: &'a Policy,
    /// What came of it.
    pub track: &'a Track,
    /// What it is compared with.
    pub benchmark: Option<BenchmarkLine>,
    /// How much of each factor it held, if that was asked for.
    pub factors: &'a [FactorExposure],
    /// The market's yearly risk-free rate on each row of its calendar; `None` to judge by the rate earned on cash.
    pub risk_free: Option<&'a [f64]>,
}

/// A strategy's or benchmark's figures.
#[derive(Debug)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// Its run among the report's; `None` for a benchmark.
    pub run: Option<usize>,
    /// Dates and values, and what is derived from them.
    pub record: TrackRecord,
    /// Every metric with its value, in the order of the table.
    pub metrics: Vec<(&'static Metric, Value)>,
    /// The return of each calendar year.
    pub years: Vec<(i16, f64)>,
}

impl Column {
    fn new(name: String, run: Option<usize>, record: TrackRecord) -> Self {
        let metrics = METRICS.iter().map(|m| (m, (m.compute)(&record))).collect();
        let years = record.yearly_returns();
        Self { name, run, record, metrics, years }
    }

    /// The value of a metric by its name.
    pub fn metric(&self, name: &str) -> Value {
        self.metrics.iter().find(|(m, _)| m.name == name).map_or(Value::Missing, |(_, v)| *v)
    }
}

/// Everything a view may show.
pub struct Report<'a> {
    /// Where it was run.
    pub market: &'a dyn MarketData,
    /// What was run.
    pub runs: &'a [StrategyRun<'a>],
    /// The strategies in their order, then the benchmarks.
    pub columns: Vec<Column>,
    /// What the reader must know of data and run, a sentence each.
    pub notes: Vec<String>,
}

impl<'a> Report<'a> {
    /// The report on these runs.
    pub fn new(market: &'a dyn MarketData, runs: &'a [StrategyRun<'a>]) -> Self {
        let mut records: Vec<TrackRecord> = runs.iter().map(|run| record(market, run)).collect();
        let trials: Vec<f64> = records.iter().filter_map(metric::sharpe_of_a_row).collect();
        records.iter_mut().for_each(|record| record.trials.clone_from(&trials));
        let mut columns: Vec<Column> = runs
            .iter()
            .zip(records)
            .enumerate()
            .map(|(i, (run, record))| Column::new(run.name.to_owned(), Some(i), record))
            .collect();
        columns.extend(benchmarks(market, runs));
        let notes = notes::notes(market, runs, &columns);
        Self { market, runs, columns, notes }
    }

    /// The first and last date of any column.
    pub fn period(&self) -> Option<(Date, Date)> {
        let first = self.columns.iter().filter_map(|c| c.record.dates.first()).min()?;
        let last = self.columns.iter().filter_map(|c| c.record.dates.last()).max()?;
        Some((*first, *last))
    }

    /// A row as a date.
    fn date(&self, row: Row) -> String {
        self.market.calendar().date(row).to_string()
    }
}

fn dates(market: &dyn MarketData, track: &Track) -> Vec<Date> {
    market.calendar().dates()[track.first as usize..][..track.nav.len()].to_vec()
}

/// The risk-free return since the row before, on the rows of a track.
fn risk_free(market: &dyn MarketData, run: &StrategyRun<'_>) -> Vec<f64> {
    let Some(rates) = run.risk_free else { return run.track.cash_return.clone() };
    let rows_per_year = f64::from(market.calendar().rows_per_year());
    let mut known = rates[..=run.track.first as usize]
        .iter()
        .rev()
        .find(|r| r.is_finite())
        .copied()
        .unwrap_or(0.0);
    // The rate known on a row is earned until the next.
    let mut returns = vec![0.0];
    for row in run.track.first + 1..=run.track.last() {
        returns.push(known / rows_per_year);
        let rate = rates[row as usize];
        known = if rate.is_finite() { rate } else { known };
    }
    returns
}

fn record(market: &dyn MarketData, run: &StrategyRun<'_>) -> TrackRecord {
    let track = run.track;
    let exposure = track.cash.iter().zip(&track.nav).map(|(c, v)| 1.0 - c / v).collect();
    let rebalances = track.rebalances.iter().skip(1).map(|r| r.turnover);
    let turnover = rebalances.chain([track.exit_turnover]).collect();
    let sales = liquidity::sales(market, track);
    TrackRecord {
        dates: dates(market, track),
        nav: track.nav.clone(),
        capital: track.capital,
        rows_per_year: f64::from(market.calendar().rows_per_year()),
        risk_free: risk_free(market, run),
        benchmark: run.benchmark.as_ref().map_or_else(Vec::new, |b| b.values.clone()),
        costs: track.ledger.costs(),
        names: track.names.clone(),
        exposure,
        turnover: Some(turnover),
        effective_names: effective_names(track),
        largest_weight: track.holdings.iter().map(|h| h.weight.abs()).reduce(f64::max),
        active_share: run.benchmark.as_ref().map_or_else(Vec::new, |b| active_shares(track, b)),
        days_to_sell: sales.iter().map(|sale| sale.days).collect(),
        capacity: sales.iter().map(|sale| sale.capacity).collect(),
        trials: vec![],
    }
}

/// ½Σ|w − b| at each decision of both.
fn active_shares(track: &Track, benchmark: &BenchmarkLine) -> Vec<f64> {
    let of = |target: &Target| {
        let place = benchmark.targets.binary_search_by_key(&target.row, |t| t.0).ok()?;
        let mut apart: BTreeMap<AssetId, f64> = target.weights.iter().copied().collect();
        for (asset, weight) in &benchmark.targets[place].1 {
            *apart.entry(*asset).or_default() -= weight;
        }
        Some(0.5 * apart.values().map(|w| w.abs()).sum::<f64>())
    };
    track.rebalances.iter().filter_map(|r| of(&r.target)).collect()
}

/// By row with trades: 1/Σw², w being shares of what is held, long or short.
fn effective_names(track: &Track) -> Vec<f64> {
    let rows = track.holdings.chunk_by(|a, b| a.row == b.row);
    let of_row = |row: &[Holding]| {
        let gross: f64 = row.iter().map(|h| h.weight.abs()).sum();
        let squares: f64 = row.iter().map(|h| h.weight * h.weight).sum();
        gross * gross / squares
    };
    rows.map(of_row).collect()
}

/// One column for each benchmark that is no strategy, over the longest of its lines.
fn benchmarks(market: &dyn MarketData, runs: &[StrategyRun<'_>]) -> Vec<Column> {
    let mut longest: Vec<(&BenchmarkLine, &StrategyRun<'_>)> = vec![];
    for run in runs {
        let Some(line) = run.benchmark.as_ref().filter(|b| !b.is_strategy) else { continue };
        match longest.iter_mut().find(|(l, _)| l.name == line.name) {
            Some(known) if known.0.values.len() < line.values.len() => *known = (line, run),
            Some(_) => {}
            None => longest.push((line, run)),
        }
    }
    let columns = longest.into_iter().filter_map(|(line, run)| {
        let known = |v: &&f64| v.is_finite();
        let first = line.values.iter().position(|v| known(&v))?;
        let until = line.values.iter().rposition(|v| known(&v))? + 1;
        let record = TrackRecord {
            dates: dates(market, run.track)[first..until].to_vec(),
            nav: line.values[first..until].to_vec(),
            capital: line.values[first],
            rows_per_year: f64::from(market.calendar().rows_per_year()),
            risk_free: risk_free(market, run)[first..until].to_vec(),
            ..TrackRecord::default()
        };
        Some(Column::new(line.name.clone(), None, record))
    });
    columns.collect()
}
