//! Which dates are sessions: those on which about as many assets as usual have a price.

use super::{panels::is_day, prices::Read};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, from_days};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How many dates before and after say what is usual.
const NEIGHBOURS: usize = 20;
/// Rows that are counted in one go.
const PART: usize = 1 << 18;

/// The sessions, and a warning if dates were left out.
pub(super) struct Sessions {
    pub(super) dates: Vec<Date>,
    /// The session after the last of them, where a calendar says so.
    pub(super) next: Option<Date>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Sessions {
    /// The days of a calendar in place of those that have prices, from the first of these to the last. Days with prices
    /// that are no sessions, and sessions without prices, are warned of.
    pub(super) fn of_calendar(self, days: &[Date]) -> Self {
        let (Some(first), Some(last)) = (self.dates.first(), self.dates.last()) else {
            return self;
        };
        let dates: Vec<Date> = days.iter().copied().filter(|d| first <= d && d <= last).collect();
        let next = days.get(days.partition_point(|d| d <= last)).copied();
        let without = |list: &[Date], other: &[Date]| -> Vec<String> {
            list.iter().filter(|d| other.binary_search(d).is_err()).map(Date::to_string).collect()
        };
        let closed = without(&self.dates, &dates);
        let empty = without(&dates, &self.dates);
        let mut warnings = self.warnings;
        warnings.extend(listed(&closed, "with prices that the calendar does not have: left out"));
        warnings.extend(listed(&empty, "of the calendar on which nothing has a price"));
        Self { dates, next, warnings }
    }
}

/// A warning that lists the first of some dates.
fn listed(dates: &[String], what: &str) -> Option<Diagnostic> {
    let count = match dates.len() {
        0 => return None,
        1 => "1 date".to_owned(),
        n => format!("{n} dates"),
    };
    let message = format!("{count} {what}: {}", shortened(dates));
    Some(Diagnostic::warning(Code::SparseSession, message))
}

fn shortened(list: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = if list.len() > SHOWN { ", …" } else { "" };
    list.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ") + more
}

/// The sessions of tables: those of the assets that can be held, or of all if all are references.
pub(super) fn find(tables: &[Read]) -> Sessions {
    let only_references = tables.iter().all(|t| t.spec.reference);
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for table in tables.iter().filter(|t| only_references || !t.spec.reference) {
        count(table, &mut counts);
    }
    let counts: Vec<(i32, usize)> = counts.into_iter().collect();
    let mut dates = vec![];
    let mut sparse = vec![];
    for (&(day, priced), usual) in counts.iter().zip(usual(&counts)) {
        let Some(date) = from_days(day) else { continue };
        if is_session(priced, usual) {
            dates.push(date);
        } else {
            sparse.push(format!("{date} ({priced} of {usual})"));
        }
    }
    Sessions { dates, next: None, warnings: warning(&sparse).into_iter().collect() }
}

/// How many assets usually have a price around each day, from those that have one on each.
pub(super) fn usual(counts: &[(i32, usize)]) -> impl Iterator<Item = usize> {
    (0..counts.len()).map(|i| {
        let around = &counts[i.saturating_sub(NEIGHBOURS)..counts.len().min(i + NEIGHBOURS + 1)];
        let mut around: Vec<usize> = around.iter().map(|(_, n)| *n).collect();
        around.sort_unstable();
        around[around.len() / 2]
    })
}

/// Whether a day on which so many assets have a price is a session.
pub(super) fn is_session(priced: usize, usual: usize) -> bool {
    priced > 0 && priced * 5 >= usual
}

fn warning(sparse: &[String]) -> Option<Diagnostic> {
    let count = match sparse.len() {
        0 => return None,
        1 => "1 date has".to_owned(),
        n => format!("{n} dates have"),
    };
    let list = shortened(sparse);
    let message =
        format!("{count} prices of under a fifth of the usual assets and are no sessions: {list}");
    Some(Diagnostic::warning(Code::SparseSession, message))
}

/// Adds the assets with a price on each day.
fn count(table: &Read, counts: &mut BTreeMap<i32, usize>) {
    let at = table.fields.iter().find(|f| f.is_close()).map(|f| f.at);
    let at =
        at.or(table.adjusted).or(table.returns).expect("a table of prices has one of the three");
    let prices = table.table.number(at);
    let days = table.days.par_iter().copied().filter(|d| is_day(*d));
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return };
    // A day's place in a flat list is found faster than in a tree.
    let length = (i64::from(last) - i64::from(first) + 1) as usize;
    let part = PART.max(length);
    let add = |mut flat: Vec<Option<usize>>, (days, prices): (&[i32], &[f64])| {
        for (day, price) in days.iter().zip(prices).filter(|(day, _)| is_day(**day)) {
            *flat[(*day - first) as usize].get_or_insert(0) += usize::from(!price.is_nan());
        }
        flat
    };
    let sum = |mut a: Vec<Option<usize>>, b: Vec<Option<usize>>| {
        for (a, b) in a.iter_mut().zip(b) {
            *a = a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        }
        a
    };
    let flat = table
        .days
        .par_chunks(part)
        .zip(prices.par_chunks(part))
        .fold(|| vec![None; length], add)
        .reduce(|| vec![None; length], sum);
    for (i, priced) in flat.into_iter().enumerate() {
        if let Some(priced) = priced {
            *counts.entry(first + i as i32).or_default() += priced;
        }
    }
}
