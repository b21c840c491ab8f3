//! Tables of reports: whether their dates of publication can be true.

use super::{
    checks::{Check, Severity, limit},
    ledger::{Finding, Ledger},
};
use crate::data::{
    reports::{ReadRecord, ReadReports},
    words::grouped,
};
use crate::panel::days_since_epoch;

/// How many records of a table have a date of publication, and how many stand at a lag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Publications {
    pub(super) table: String,
    pub(super) known: usize,
    pub(super) lagged: usize,
}

impl Publications {
    pub(super) fn of(reports: &ReadReports<'_>) -> Self {
        let (mut known, mut unknown) = (0, 0);
        for record in reports.records() {
            *(if record.published.is_some() { &mut known } else { &mut unknown }) += 1;
        }
        let lagged = if reports.spec.lag.is_some() { unknown } else { 0 };
        Self { table: reports.name.to_owned(), known, lagged }
    }

    /// The share of the records that stand at a lag.
    pub(super) fn lagged_share(&self) -> f64 {
        self.lagged as f64 / (self.known + self.lagged) as f64
    }
}

/// Records that show whether figures are ever restated.
const MANY: usize = 200;

/// Adds what is to be said of a table. Symbols are by asset.
pub(super) fn check(reports: &ReadReports<'_>, symbols: &[String], ledger: &mut Ledger) {
    let records: Vec<ReadRecord> = reports.records().collect();
    let add = |ledger: &mut Ledger, finding: Finding| {
        ledger.add(Finding { file: Some(reports.file()), ..finding });
    };
    let days =
        |r: &ReadRecord| r.published.map(|d| days_since_epoch(d) - days_since_epoch(r.period_end));
    let known = records.iter().filter(|r| r.published.is_some()).count();
    let is_early = |r: &&ReadRecord| days(r).is_some_and(|d| (0..=limit::EARLY_DAYS).contains(&d));
    let early = records.iter().filter(is_early).count();
    let share = early as f64 / known.max(1) as f64;
    for record in &records {
        let Some(after) = days(record) else { continue };
        let (severity, found) = match after {
            ..0 => (Severity::Error, format!("published {} days before the period's end", -after)),
            _ if !is_early(&record) || share <= limit::EARLY_SHARE => continue,
            _ => (
                Severity::Warning,
                format!(
                    "published {after} days after the period's end, as {} of {} records ({:.1}%) are within {} days",
                    grouped(early),
                    grouped(known),
                    share * 100.0,
                    limit::EARLY_DAYS
                ),
            ),
        };
        let finding = Finding {
            row: Some(record.row),
            symbol: symbols.get(record.asset as usize).cloned(),
            date: Some(record.period_end),
            ..Finding::new(Check::EarlyPublication, severity, found)
        };
        add(ledger, finding);
    }
    let mut periods: Vec<(u32, i32)> = records
        .iter()
        .filter(|r| r.published.is_some())
        .map(|r| (r.asset, days_since_epoch(r.period_end)))
        .collect();
    periods.sort_unstable();
    if periods.len() >= MANY && periods.windows(2).all(|p| p[0] != p[1]) {
        let found =
            format!("{}: {} records, each of another period", reports.name, grouped(periods.len()));
        add(ledger, Finding::new(Check::OneVersion, Severity::Note, found));
    }
    let publications = Publications::of(reports);
    if publications.lagged > 0 {
        let found = format!(
            "{}: {} of {} records ({:.1}%)",
            reports.name,
            grouped(publications.lagged),
            grouped(publications.known + publications.lagged),
            publications.lagged_share() * 100.0
        );
        add(ledger, Finding::new(Check::LaggedPublication, Severity::Note, found));
    }
}
