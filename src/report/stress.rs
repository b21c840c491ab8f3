//! What a strategy's figures rest on: the day of its rebalances, its costs, its speed.

use super::{
    StrategyRun,
    number::{fixed, percent},
    record,
};
use crate::{
    metric::{self, TrackRecord},
    panel::{MarketData, Row},
};
use comfy_table::{CellAlignment, Table, presets};

/// The figures of one way to run a strategy; missing where they are not defined.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct StressFigures {
    /// See the metric.
    pub annual_return: Option<f64>,
    /// See the metric.
    pub volatility: Option<f64>,
    /// See the metric.
    pub sharpe: Option<f64>,
    /// See the metric.
    pub max_drawdown: Option<f64>,
}

impl StressFigures {
    /// The figures of a run from a row on; the value at that row is where it starts from.
    pub fn of(market: &dyn MarketData, run: &StrategyRun<'_>, from: Row) -> Self {
        let cut = since(market, run, from);
        let figure = |name: &str| (metric::find(name)?.compute)(&cut).number();
        Self {
            annual_return: figure("annual_return"),
            volatility: figure("volatility"),
            sharpe: figure("sharpe"),
            max_drawdown: figure("max_drawdown"),
        }
    }
}

/// The band of [`Stress::band`] of a run from a row on.
pub fn stress_band(market: &dyn MarketData, run: &StrategyRun<'_>, from: Row) -> Option<[f64; 2]> {
    metric::band(&since(market, run, from), 0.9)
}

/// A run's record from a row on.
fn since(market: &dyn MarketData, run: &StrategyRun<'_>, from: Row) -> TrackRecord {
    let whole = record(market, run);
    let skipped = from.saturating_sub(run.track.first) as usize;
    let since = |list: &[f64]| list.get(skipped..).unwrap_or_default().to_vec();
    TrackRecord {
        dates: whole.dates.get(skipped..).unwrap_or_default().to_vec(),
        nav: since(&whole.nav),
        capital: if skipped == 0 {
            whole.capital
        } else {
            whole.nav.get(skipped).copied().unwrap_or(f64::NAN)
        },
        rows_per_year: whole.rows_per_year,
        risk_free: since(&whole.risk_free),
        ..TrackRecord::default()
    }
}

/// A strategy run in other ways than its own, all from one date on.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Stress {
    /// The strategy.
    pub name: String,
    /// The first date of all runs.
    pub from: String,
    /// As it is.
    pub own: StressFigures,
    /// The yearly returns between which 90% of the records lie that are made of its own months, drawn at random.
    pub band: Option<[f64; 2]>,
    /// Without costs.
    pub costs_none: StressFigures,
    /// With twice its costs.
    pub costs_twice: StressFigures,
    /// Everything traded one row later.
    pub later: StressFigures,
    /// With its rebalances so many rows later, from 0 on; empty without a calendar.
    pub days: Vec<StressFigures>,
}

impl Stress {
    /// The runs on all rebalance days, the least return first.
    fn by_return(&self) -> Vec<StressFigures> {
        let mut list = self.days.clone();
        let key = |f: &StressFigures| f.annual_return.unwrap_or(f64::NEG_INFINITY);
        list.sort_by(|a, b| key(a).total_cmp(&key(b)));
        list
    }
}

/// A page for people.
pub fn stress_to_text(list: &[Stress]) -> String {
    list.iter().map(of_strategy).collect::<Vec<_>>().join("\n")
}

fn of_strategy(stress: &Stress) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["", "Return a year", "Volatility", "Sharpe ratio", "Maximum drawdown"]);
    for i in 1..=4 {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut row = |name: String, f: &StressFigures| {
        let share = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), percent);
        let sharpe = f.sharpe.map_or_else(|| "–".to_owned(), |x| fixed(x, 2));
        table.add_row([
            name,
            share(f.annual_return),
            share(f.volatility),
            sharpe,
            share(f.max_drawdown),
        ]);
    };
    row("as it is".to_owned(), &stress.own);
    row("without costs".to_owned(), &stress.costs_none);
    row("with twice its costs".to_owned(), &stress.costs_twice);
    row("traded a day later".to_owned(), &stress.later);
    let days = stress.by_return();
    let mut text = String::new();
    if let (Some(least), Some(most)) = (days.first(), days.last()) {
        row("worst rebalance day".to_owned(), least);
        row("middle rebalance day".to_owned(), &days[days.len() / 2]);
        row("best rebalance day".to_owned(), most);
        let own = stress.own.annual_return;
        let below = days.iter().filter(|d| d.annual_return < own).count();
        if let (Some(low), Some(high)) = (least.annual_return, most.annual_return) {
            text = format!(
                "Luck: the same strategy on {} other rebalance days makes {} to {} a year; on its own it is above {} of them.\n",
                days.len().saturating_sub(1),
                percent(low),
                percent(high),
                below,
            );
        }
    }
    if let Some([low, high]) = stress.band {
        text += &format!(
            "Chance: of records made of its own months, drawn at random, 90% make {} to {} a year.\n",
            percent(low),
            percent(high),
        );
    }
    let lines: Vec<String> = table
        .trim_fmt()
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned())
        .collect();
    format!("Stress of {} from {}\n{}\n{text}", stress.name, stress.from, lines.join("\n"))
}
