//! The statistics of a track record: a table with one entry each. A figure that is not defined is missing, never zero.

mod bootstrap;
mod detail;
mod record;
mod table;

pub use bootstrap::band;
pub use record::{Drawdown, TrackRecord};
pub use table::METRICS;

use crate::panel::Date;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number in the metric's unit: a share for `Percent`.
    Number(f64),
    /// A date.
    Date(Date),
    /// Not defined for this record.
    Missing,
}

impl Value {
    /// The number, if it is one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        number.filter(|n| n.is_finite()).map_or(Self::Missing, Self::Number)
    }
}

impl From<Option<Date>> for Value {
    fn from(date: Option<Date>) -> Self {
        date.map_or(Self::Missing, Self::Date)
    }
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share, shown times 100.
    Percent,
    /// A number without a unit.
    Ratio,
    /// How many.
    Count,
    /// Currency.
    Money,
    /// A date.
    Date,
}

/// Which of two figures a reader would rather have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The greater.
    Higher,
    /// The smaller.
    Lower,
    /// Neither.
    Neither,
}

/// One entry of the table.
#[derive(Debug)]
pub struct Metric {
    /// Its name in JSON and in the language.
    pub name: &'static str,
    /// Its name in reports.
    pub title: &'static str,
    /// What it says, in one line.
    pub summary: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// How it is written.
    pub unit: Unit,
    /// Which is better.
    pub better: Better,
    /// Whether it needs a benchmark.
    pub relative: bool,
    /// Whether it stands only among the further figures.
    pub detail: bool,
    /// Computes it.
    pub compute: fn(&TrackRecord) -> Value,
}

/// The Sharpe ratio of a row of a record, not of a year.
pub fn sharpe_of_a_row(record: &TrackRecord) -> Option<f64> {
    detail::sharpe_of_a_row(record)
}

/// The metric of a name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}
