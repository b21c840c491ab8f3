//! All checks of the prices of a table, asset by asset.

use super::{
    bars::{Bars, CLOSE, Source},
    checks::{Check, Severity},
    days::{BATCH, Days},
    ledger::{Finding, Ledger},
    lives, moves,
    rows::{self, Declared},
};
use crate::data::progress::Progress;
use crate::panel::from_days;
use rayon::prelude::*;

/// Findings of each check that get a picture.
const PICTURES: usize = 4;
/// Rows before and after a finding that its picture shows.
const AROUND: usize = 30;

/// A finding, before its row has a place in a file.
#[derive(Debug)]
pub(super) struct Found {
    check: Check,
    severity: Severity,
    row: u32,
    day: i32,
    text: String,
}

impl Found {
    /// One at the i-th row of the bars.
    pub(super) fn at(
        bars: &Bars,
        i: usize,
        check: Check,
        severity: Severity,
        text: String,
    ) -> Self {
        Self { check, severity, row: bars.rows[i], day: bars.days[i], text }
    }
}

/// Checks every asset of a table.
pub(super) fn check(
    source: &dyn Source,
    declared: Declared,
    progress: &dyn Progress,
    ledger: &mut Ledger,
) {
    let days = Days::new(source, progress);
    let file = source.place(0).map(|(file, _)| file.display().to_string());
    for finding in &days.findings {
        ledger.add(Finding { file: file.clone(), ..finding.clone() });
    }
    progress.begin("checking", source.assets() as u64);
    for first in (0..source.assets()).step_by(BATCH) {
        let batch = first..(first + BATCH).min(source.assets());
        let found: Vec<(usize, Vec<Found>)> = batch
            .into_par_iter()
            .map(|asset| {
                let found = of_asset(source, asset, &days, declared);
                progress.advance(1);
                (asset, found)
            })
            .collect();
        for (asset, list) in found.into_iter().filter(|(_, list)| !list.is_empty()) {
            let mut bars = None;
            for found in list {
                let picture = match ledger.count(found.check) < PICTURES {
                    true => picture(bars.get_or_insert_with(|| source.bars(asset)), &found),
                    false => vec![],
                };
                let row = source.place(found.row).map(|(_, line)| line);
                ledger.add(Finding {
                    check: found.check,
                    severity: found.severity,
                    file: source.place(found.row).map(|(file, _)| file.display().to_string()),
                    row,
                    symbol: Some(source.symbol(asset).to_owned()),
                    date: from_days(found.day),
                    found: found.text,
                    picture,
                });
            }
        }
    }
}

fn of_asset(source: &dyn Source, asset: usize, days: &Days, declared: Declared) -> Vec<Found> {
    let mut bars = source.bars(asset);
    let mut found = vec![];
    rows::check(&mut bars, declared, &mut found);
    moves::check(&bars, days, &mut found);
    lives::check(&bars, days, &mut found);
    found
}

/// The closes around a finding, as they stand.
fn picture(bars: &Bars, found: &Found) -> Vec<(i32, f64)> {
    let Some(at) = bars.rows.iter().position(|row| *row == found.row) else { return vec![] };
    let rows = at.saturating_sub(AROUND)..(at + AROUND + 1).min(bars.rows.len());
    rows.map(|i| (bars.days[i], bars.value(CLOSE, i))).collect()
}
