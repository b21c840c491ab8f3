//! The tables that a run leaves: values, holdings, trades, the ledger, contributions.

use super::{Report, StrategyRun, labels::LabelField};
use crate::{
    backtest::{ByCause, Cause, Holding, daily},
    panel::{AssetId, Date, Row},
    table::Column,
};

/// A table of a file.
pub(super) struct RunTable<'a> {
    /// The file's name without its end.
    pub(super) name: &'static str,
    pub(super) columns: Vec<String>,
    pub(super) blocks: Vec<Vec<Column<'a>>>,
}

/// All tables of a report; those of every row's positions only if they are wanted.
pub(super) fn all<'r>(report: &'r Report<'_>, with_daily: bool) -> Vec<RunTable<'r>> {
    let mut list =
        vec![nav(report), holdings(report), trades(report), ledger(report), contributions(report)];
    list.extend(with_daily.then(|| positions(report)));
    list
}

/// Columns in the making, by name.
struct Columns<'a>(Vec<(String, Column<'a>)>);

impl<'a> Columns<'a> {
    fn table(self, name: &'static str) -> RunTable<'a> {
        let (columns, values) = self.0.into_iter().unzip();
        RunTable { name, columns, blocks: vec![values] }
    }

    fn dates(mut self, name: &str, report: &Report<'_>, rows: impl Iterator<Item = Row>) -> Self {
        let calendar = report.market.calendar();
        let dates = rows.map(|row| Some(calendar.date(row))).collect();
        self.0.push((name.to_owned(), Column::Date(dates)));
        self
    }

    fn texts(mut self, name: &str, texts: impl Iterator<Item = &'a str>) -> Self {
        self.0.push((name.to_owned(), Column::Text(texts.collect())));
        self
    }

    fn numbers(mut self, name: &str, numbers: impl Iterator<Item = f64>) -> Self {
        self.0.push((name.to_owned(), Column::Number(numbers.collect())));
        self
    }

    fn causes(mut self, charges: &[ByCause], causes: &[Cause]) -> Self {
        for cause in causes {
            self = self.numbers(cause.name(), charges.iter().map(|c| c[*cause as usize]));
        }
        self
    }
}

fn symbol<'r>(report: &'r Report<'_>, asset: AssetId) -> &'r str {
    &report.market.schema().symbols[asset.0 as usize]
}

/// By date, a column for each strategy and benchmark; missing where it has no value.
fn nav<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let mut dates: Vec<Date> =
        report.columns.iter().flat_map(|c| &c.record.dates).copied().collect();
    dates.sort_unstable();
    dates.dedup();
    let mut columns =
        Columns(vec![("date".to_owned(), Column::Date(dates.iter().map(|d| Some(*d)).collect()))]);
    for column in &report.columns {
        let name = match column.run {
            Some(_) => column.name.clone(),
            None => format!("benchmark {}", column.name),
        };
        let value = |date: &Date| {
            let place = column.record.dates.binary_search(date);
            place.map_or(f64::NAN, |i| column.record.nav[i])
        };
        columns = columns.numbers(&name, dates.iter().map(value));
    }
    columns.table("nav")
}

/// Positions with their strategies.
fn of_holdings<'r>(
    report: &'r Report<'_>,
    list: &[(&'r str, Holding)],
) -> Vec<(String, Column<'r>)> {
    let each = || list.iter();
    Columns(vec![])
        .dates("date", report, each().map(|(_, h)| h.row))
        .texts("strategy", each().map(|(name, _)| *name))
        .texts("symbol", each().map(|(_, h)| symbol(report, h.asset)))
        .numbers("shares", each().map(|(_, h)| h.shares))
        .numbers("price", each().map(|(_, h)| h.price))
        .numbers("value", each().map(|(_, h)| h.value))
        .numbers("weight", each().map(|(_, h)| h.weight))
        .0
}

/// What was held after each row with trades.
fn holdings<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let of_run = |run: &'r StrategyRun<'_>| run.track.holdings.iter().map(|h| (run.name, *h));
    let list: Vec<(&str, Holding)> = report.runs.iter().flat_map(of_run).collect();
    Columns(of_holdings(report, &list)).table("holdings")
}

/// What was held on every row, a block for each strategy; cash has no symbol and no shares.
fn positions<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let mut columns = vec![];
    let mut blocks = vec![];
    for run in report.runs {
        let mut list: Vec<(&str, Holding)> = vec![];
        let mut ends = vec![];
        daily(report.market, run.track, |row, held| {
            list.extend(held.iter().map(|h| (run.name, *h)));
            let i = (row - run.track.first) as usize;
            ends.push((list.len(), row, run.track.cash[i], run.track.nav[i]));
        });
        let named = of_holdings(report, &list);
        let cash = Columns(vec![])
            .dates("date", report, ends.iter().map(|e| e.1))
            .texts("strategy", ends.iter().map(|_| run.name))
            .texts("symbol", ends.iter().map(|_| ""))
            .numbers("shares", ends.iter().map(|_| f64::NAN))
            .numbers("price", ends.iter().map(|_| f64::NAN))
            .numbers("value", ends.iter().map(|e| e.2))
            .numbers("weight", ends.iter().map(|e| e.2 / e.3));
        columns = named.iter().map(|(name, _)| name.clone()).collect();
        blocks.push(named.into_iter().map(|c| c.1).collect());
        blocks.push(cash.0.into_iter().map(|c| c.1).collect());
    }
    RunTable { name: "positions", columns, blocks }
}

fn trades<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let of_run = |run: &'r StrategyRun<'_>| run.track.trades.iter().map(|t| (run.name, t));
    let list: Vec<_> = report.runs.iter().flat_map(of_run).collect();
    let charges: Vec<ByCause> = list.iter().map(|(_, t)| t.charges).collect();
    let each = || list.iter();
    Columns(vec![])
        .dates("decided", report, each().map(|(_, t)| t.decided))
        .dates("traded", report, each().map(|(_, t)| t.traded))
        .texts("strategy", each().map(|(name, _)| *name))
        .texts("symbol", each().map(|(_, t)| symbol(report, t.asset)))
        .numbers("shares", each().map(|(_, t)| t.shares))
        .numbers("price", each().map(|(_, t)| t.price))
        .numbers("value", each().map(|(_, t)| t.value))
        .numbers("cost", each().map(|(_, t)| t.cost()))
        .causes(&charges, &Cause::TRADING)
        .texts("reason", each().map(|(_, t)| t.reason.name()))
        .table("trades")
}

/// Every change of value: date, cause, money.
fn ledger<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let of_run = |run: &'r StrategyRun<'_>| {
        run.track.ledger.entries(run.track.first).map(|entry| (run.name, entry))
    };
    let list: Vec<_> = report.runs.iter().flat_map(of_run).collect();
    let each = || list.iter();
    Columns(vec![])
        .dates("date", report, each().map(|(_, e)| e.row))
        .texts("strategy", each().map(|(name, _)| *name))
        .texts("cause", each().map(|(_, e)| e.cause.name()))
        .numbers("money", each().map(|(_, e)| e.money))
        .table("ledger")
}

/// What each asset brought, by cause, with its labels at the end of the run.
fn contributions<'r>(report: &'r Report<'_>) -> RunTable<'r> {
    let of_run = |run: &'r StrategyRun<'_>| {
        run.track.ledger.assets.iter().map(move |(asset, causes)| (run, *asset, *causes))
    };
    let list: Vec<_> = report.runs.iter().flat_map(of_run).collect();
    let causes: Vec<ByCause> = list.iter().map(|(.., causes)| *causes).collect();
    let of_assets: Vec<Cause> = Cause::ALL
        .iter()
        .copied()
        .filter(|c| !matches!(c, Cause::Interest | Cause::Margin))
        .collect();
    let each = || list.iter();
    let mut columns = Columns(vec![])
        .texts("strategy", each().map(|(run, ..)| run.name))
        .texts("symbol", each().map(|(_, asset, _)| symbol(report, *asset)))
        .causes(&causes, &of_assets)
        .numbers("total", causes.iter().map(|c| c.iter().sum()));
    for label in LabelField::all(report.market) {
        let text = |(run, asset, _): &(&StrategyRun<'_>, AssetId, ByCause)| {
            label.text(*asset, run.track.last())
        };
        columns = columns.texts(label.name, each().map(text));
    }
    columns.table("contributions")
}
