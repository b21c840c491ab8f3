//! Columns of long tables → panels of dates × assets.

use super::{
    buffer::Buffer,
    npy,
    prices::{PriceColumn, Read},
    table::NO_DATE,
};
use crate::panel::{Calendar, MISSING, Row, days_since_epoch};
use crate::types::Basis;
use rayon::prelude::*;
use std::{borrow::Cow, collections::BTreeSet, io, ops::Range, path::Path};

const NO_ROW: Row = Row::MAX;
/// Dates that are written at once: their rows fit the processor's page tables.
const BLOCK: usize = 256;

/// A table of which each row has found its place in the panels.
pub(super) struct Placed {
    read: Read,
    /// Of each row of the table: asset and calendar row; `NO_ROW` for dates that are no sessions.
    assets: Vec<u32>,
    rows: Vec<Row>,
    /// Stretches of rows of one asset in the order of dates; none if the table is not mostly made of such.
    runs: Option<Vec<Range<usize>>>,
}

impl std::ops::Deref for Placed {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl Placed {
    pub(super) fn new(read: Read, calendar: &Calendar, symbols: &[String]) -> Self {
        let place =
            |s: &String| symbols.binary_search(s).expect("the market has all symbols") as u32;
        let by_code: Vec<u32> = read.symbols.iter().map(place).collect();
        let assets: Vec<u32> = read.codes.par_iter().map(|c| by_code[*c as usize]).collect();
        let first = calendar.dates().first().map_or(0, |d| days_since_epoch(*d));
        let last = calendar.dates().last().map_or(-1, |d| days_since_epoch(*d));
        let mut by_day =
            vec![NO_ROW; usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0)];
        for (row, date) in calendar.dates().iter().enumerate() {
            by_day[(days_since_epoch(*date) - first) as usize] = row as Row;
        }
        let row = |day: &i32| {
            let place = usize::try_from(i64::from(*day) - i64::from(first)).ok();
            place.and_then(|p| by_day.get(p)).copied().unwrap_or(NO_ROW)
        };
        let rows: Vec<Row> = read.days.par_iter().map(row).collect();
        let runs = runs(&assets, &rows);
        Self { read, assets, rows, runs }
    }

    /// The assets that have rows.
    pub(super) fn assets(&self) -> BTreeSet<u32> {
        self.assets.iter().copied().collect()
    }

    pub(super) fn number(&self, at: usize) -> &[f64] {
        self.read.table.number(at)
    }

    /// Whether there is more than closes to tell total returns from.
    pub(super) fn has_total_return(&self) -> bool {
        let adjusted = self.read.spec.basis == Some(Basis::FullyAdjusted);
        !adjusted && (self.read.adjusted.is_some() || self.read.returns.is_some())
    }

    /// The closes: those of the table, else its adjusted closes, else an index made of its returns.
    pub(super) fn closes(&self) -> Cow<'_, [f64]> {
        if let Some(field) = self.read.fields.iter().find(|f| f.name == "close") {
            return self.number(field.at).into();
        }
        match (self.read.adjusted, self.read.returns) {
            (Some(at), _) => self.number(at).into(),
            (None, Some(at)) => self.index_of(self.number(at)).into(),
            (None, None) => unreachable!("a table of prices has one of the three"),
        }
    }

    /// An index of returns alone, which stood at 100 before the first.
    fn index_of(&self, returns: &[f64]) -> Vec<f64> {
        let mut index = vec![MISSING; returns.len()];
        let (mut asset, mut level) = (u32::MAX, 100.0);
        for row in self.order() {
            let row = row as usize;
            if self.assets[row] != asset {
                (asset, level) = (self.assets[row], 100.0);
            }
            if !returns[row].is_nan() {
                level *= 1.0 + returns[row];
                index[row] = level;
            }
        }
        index
    }

    /// The index of total return, present where the close is.
    pub(super) fn total_returns<'a>(&'a self, closes: &'a [f64]) -> Cow<'a, [f64]> {
        match (self.read.adjusted, self.read.returns) {
            _ if !self.has_total_return() => closes.into(),
            (Some(at), _) => self.adjusted(self.number(at), closes),
            (None, Some(at)) => self.cumulated(self.number(at), closes).into(),
            (None, None) => closes.into(),
        }
    }

    /// The adjusted closes; where one is missing, the close times the last ratio of the two (the next, at the start).
    fn adjusted<'a>(&self, adjusted: &'a [f64], closes: &[f64]) -> Cow<'a, [f64]> {
        let whole = |(a, c): (&f64, &f64)| a.is_nan() == c.is_nan();
        if adjusted.par_iter().zip(closes).all(whole) {
            return adjusted.into();
        }
        let mut out = vec![MISSING; closes.len()];
        let (mut asset, mut ratio) = (u32::MAX, MISSING);
        let order = self.order();
        for (i, &row) in order.iter().enumerate() {
            let row = row as usize;
            if self.assets[row] != asset {
                asset = self.assets[row];
                let own = order[i..].iter().map(|r| *r as usize);
                let mut own = own.take_while(|r| self.assets[*r] == asset);
                let known = own.find_map(|r| Some(adjusted[r] / closes[r]).filter(|x| !x.is_nan()));
                ratio = known.unwrap_or(1.0);
            }
            let here = adjusted[row] / closes[row];
            if !here.is_nan() {
                ratio = here;
                out[row] = adjusted[row];
            } else if !closes[row].is_nan() {
                out[row] = closes[row] * ratio;
            }
        }
        out.into()
    }

    /// Cumulated returns from the first close; a missing one is taken from the closes.
    fn cumulated(&self, returns: &[f64], closes: &[f64]) -> Vec<f64> {
        let mut out = vec![MISSING; closes.len()];
        let (mut asset, mut level, mut before) = (u32::MAX, MISSING, MISSING);
        for row in self.order() {
            let row = row as usize;
            let close = closes[row];
            if self.assets[row] != asset {
                (asset, level, before) = (self.assets[row], MISSING, MISSING);
            }
            if level.is_nan() {
                level = close;
            } else if !returns[row].is_nan() {
                level *= 1.0 + returns[row];
            } else if !close.is_nan() && !before.is_nan() {
                level *= close / before;
            }
            if !close.is_nan() {
                before = close;
                out[row] = if level > 0.0 { level } else { MISSING };
            }
            // After a loss of everything the index starts anew.
            if level <= 0.0 {
                level = MISSING;
            }
        }
        out
    }

    /// The table's rows by asset and date, without those that another row replaces.
    fn order(&self) -> Vec<u32> {
        let mut order = by_asset_and_day(&self.assets, &self.read.days);
        order.retain(|row| is_day(self.read.days[*row as usize]));
        order
    }
}

/// Rows by asset and day, in the order of the file where both are equal.
pub(super) fn by_asset_and_day(assets: &[u32], days: &[i32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..assets.len() as u32).collect();
    let key = |row: &u32| (assets[*row as usize], days[*row as usize]);
    if !order.is_sorted_by_key(key) {
        order.par_sort_by_key(key);
    }
    order
}

/// The rank of each row's symbol among the sorted symbols: equal for equal texts.
pub(super) fn ranks(symbols: &[String], codes: &[u32]) -> Vec<u32> {
    let sorted: BTreeSet<&String> = symbols.iter().collect();
    let sorted: Vec<&String> = sorted.into_iter().collect();
    let by_code: Vec<u32> = symbols
        .iter()
        .map(|s| sorted.binary_search(&s).expect("it is in the list") as u32)
        .collect();
    codes.iter().map(|c| by_code[*c as usize]).collect()
}

/// Cuts rows into stretches of one asset whose calendar rows rise (rows of no session stand anywhere); `None` if the
/// stretches are short.
fn runs(assets: &[u32], rows: &[Row]) -> Option<Vec<Range<usize>>> {
    if rows.contains(&NO_ROW) {
        return None;
    }
    let starts: Vec<usize> = (1..rows.len())
        .into_par_iter()
        .filter(|&i| assets[i] != assets[i - 1] || rows[i] <= rows[i - 1])
        .collect();
    if starts.len() > rows.len() / 16 {
        return None;
    }
    let mut list = vec![];
    let mut from = 0;
    for start in starts.into_iter().chain([rows.len()]) {
        list.push(from..start);
        from = start;
    }
    Some(list)
}

/// Makes the panel of one field from a column of each table (`None`: the table has not that field): in memory, or in
/// a file that is then mapped.
pub(super) fn scatter<'a>(
    tables: &[Placed],
    rows: usize,
    assets: usize,
    file: Option<&Path>,
    column: impl Fn(usize) -> Option<&'a [f64]> + Sync,
) -> io::Result<Buffer<f64>> {
    let fill = |first: usize, out: &mut [f64]| {
        out.fill(MISSING);
        for (i, table) in tables.iter().enumerate() {
            if let (Some(values), Some(runs)) = (column(i), &table.runs) {
                table.fill(runs, values, first, assets, out);
            }
        }
    };
    let sorted = |i: usize| column(i).is_none() || tables[i].runs.is_some();
    if let Some(file) = file.filter(|_| (0..tables.len()).all(sorted)) {
        return npy::write_blocks(file, [rows, assets], BLOCK, fill);
    }
    let mut panel = vec![0.0; rows * assets];
    let blocks = panel.par_chunks_mut(BLOCK * assets.max(1)).enumerate();
    blocks.for_each(|(block, out)| fill(block * BLOCK, out));
    for (i, table) in tables.iter().enumerate().filter(|(_, t)| t.runs.is_none()) {
        let Some(values) = column(i) else { continue };
        for ((row, asset), value) in table.rows.iter().zip(&table.assets).zip(values) {
            if *row != NO_ROW {
                panel[*row as usize * assets + *asset as usize] = *value;
            }
        }
    }
    Ok(panel.into())
}

impl Placed {
    /// Writes the values of a block of calendar rows that begins at `first`.
    fn fill(
        &self,
        runs: &[Range<usize>],
        values: &[f64],
        first: usize,
        assets: usize,
        out: &mut [f64],
    ) {
        let from = first as Row;
        let until = from + (out.len() / assets.max(1)) as Row;
        for run in runs {
            let own = &self.rows[run.clone()];
            let asset = self.assets[run.start] as usize;
            let start = own.partition_point(|r| *r < from);
            for (row, value) in own[start..].iter().zip(&values[run.start + start..]) {
                if *row >= until {
                    break;
                }
                out[(*row - from) as usize * assets + asset] = *value;
            }
        }
    }
}

/// Days that are dates.
pub(super) fn is_day(day: i32) -> bool {
    day != NO_DATE
}

impl PriceColumn {
    /// Whether it is a closing price.
    pub(super) fn is_close(&self) -> bool {
        self.name == "close"
    }
}
