//! Prices as they are checked: the rows of one asset after the other, from a table as it was read or from a market.

use super::super::{Market, panels, prices::Read};
use crate::panel::{FieldData, MarketData, days_since_epoch};
use rayon::prelude::*;
use std::path::Path;

/// The columns that checks look at.
pub(super) const OPEN: usize = 0;
pub(super) const HIGH: usize = 1;
pub(super) const LOW: usize = 2;
pub(super) const CLOSE: usize = 3;
pub(super) const VOLUME: usize = 4;
pub(super) const ADJUSTED: usize = 5;
pub(super) const RETURN: usize = 6;
const NAMES: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// The rows of an asset, by date; of one date in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Bars {
    /// Places in the table.
    pub(super) rows: Vec<u32>,
    /// Days since 1970-01-01.
    pub(super) days: Vec<i32>,
    /// The values of each column; none if there is no such column.
    pub(super) columns: [Vec<f64>; 7],
}

impl Bars {
    /// A value; missing where there is no such column.
    pub(super) fn value(&self, column: usize, i: usize) -> f64 {
        self.columns[column].get(i).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn has(&self, column: usize) -> bool {
        !self.columns[column].is_empty()
    }

    /// Keeps some rows.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut flags = keep.iter();
            values.retain(|_| *flags.next().unwrap_or(&true));
        }
        retain(&mut self.rows, keep);
        retain(&mut self.days, keep);
        self.columns.iter_mut().for_each(|c| retain(c, keep));
    }
}

/// Where bars come from.
pub(super) trait Source: Sync {
    fn assets(&self) -> usize;
    fn symbol(&self, asset: usize) -> &str;
    fn bars(&self, asset: usize) -> Bars;
    /// The first and last day of all.
    fn days(&self) -> Option<(i32, i32)>;
    /// The file and line of a row, where there is a file.
    fn place(&self, row: u32) -> Option<(&Path, u64)>;
}

/// A table of prices as it was read.
pub(super) struct TableSource<'a> {
    read: &'a Read,
    symbols: Vec<&'a str>,
    /// The table's rows by asset and date; those of asset `a` are `offsets[a]..offsets[a + 1]`.
    order: Vec<u32>,
    offsets: Vec<usize>,
    columns: [Option<&'a [f64]>; 7],
}

impl<'a> TableSource<'a> {
    pub(super) fn new(read: &'a Read) -> Self {
        let mut symbols: Vec<&str> = read.symbols.iter().map(String::as_str).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let ranks = panels::ranks(&read.symbols, &read.codes);
        let mut offsets = vec![0; symbols.len() + 1];
        for rank in &ranks {
            offsets[*rank as usize + 1] += 1;
        }
        for asset in 0..symbols.len() {
            offsets[asset + 1] += offsets[asset];
        }
        let order = panels::by_asset_and_day(&ranks, &read.days);
        let mut columns = [None; 7];
        for (column, name) in columns.iter_mut().zip(NAMES) {
            let field = read.fields.iter().find(|f| f.name == name);
            *column = field.map(|f| read.table.number(f.at));
        }
        columns[ADJUSTED] = read.adjusted.map(|at| read.table.number(at));
        columns[RETURN] = read.returns.map(|at| read.table.number(at));
        if columns[CLOSE].is_none() {
            columns.swap(CLOSE, ADJUSTED);
        }
        Self { read, symbols, order, offsets, columns }
    }
}

impl Source for TableSource<'_> {
    fn assets(&self) -> usize {
        self.symbols.len()
    }

    fn symbol(&self, asset: usize) -> &str {
        self.symbols[asset]
    }

    fn bars(&self, asset: usize) -> Bars {
        let rows = &self.order[self.offsets[asset]..self.offsets[asset + 1]];
        let gather = |column: &Option<&[f64]>| -> Vec<f64> {
            column.map_or_else(Vec::new, |c| rows.iter().map(|r| c[*r as usize]).collect())
        };
        let mut columns: [Vec<f64>; 7] = std::array::from_fn(|i| gather(&self.columns[i]));
        if columns[CLOSE].is_empty() {
            // A table of returns alone: an index of them stands for the closes, as it does in the market.
            let mut level = 100.0;
            let index = columns[RETURN].iter().map(|r| {
                level *= if r.is_nan() { 1.0 } else { 1.0 + r };
                if r.is_nan() { f64::NAN } else { level }
            });
            columns[CLOSE] = index.collect();
        }
        let days = rows.iter().map(|r| self.read.days[*r as usize]).collect();
        Bars { days, columns, rows: rows.to_vec() }
    }

    fn days(&self) -> Option<(i32, i32)> {
        let days = self.read.days.par_iter().copied();
        Some((days.clone().min()?, days.max()?))
    }

    fn place(&self, row: u32) -> Option<(&Path, u64)> {
        Some((&self.read.table.file, self.read.table.lines.line(row as usize)))
    }
}

/// The panels of a market, where no table is left.
pub(super) struct MarketSource<'a> {
    market: &'a Market,
    days: Vec<i32>,
}

impl<'a> MarketSource<'a> {
    pub(super) fn new(market: &'a Market) -> Self {
        let days = market.calendar().dates().iter().map(|d| days_since_epoch(*d)).collect();
        Self { market, days }
    }
}

impl Source for MarketSource<'_> {
    fn assets(&self) -> usize {
        self.market.schema().symbols.len()
    }

    fn symbol(&self, asset: usize) -> &str {
        &self.market.schema().symbols[asset]
    }

    fn bars(&self, asset: usize) -> Bars {
        let Some((first, last)) = self.market.lifetimes()[asset] else { return Bars::default() };
        let life = first as usize..last as usize + 1;
        let schema = self.market.schema();
        let mut columns: [Vec<f64>; 7] = Default::default();
        for (column, name) in columns.iter_mut().zip(NAMES) {
            if let Some(id) = schema.find(Some("prices"), name).first()
                && let FieldData::Panel(panel) = self.market.field(*id)
            {
                *column = life.clone().map(|row| panel[[row, asset]]).collect();
            }
        }
        if schema.has_dividends {
            let total = self.market.prices().total_return;
            columns[ADJUSTED] = life.clone().map(|row| total[[row, asset]]).collect();
        }
        let mut bars = Bars {
            rows: life.clone().map(|r| r as u32).collect(),
            days: self.days[life].to_vec(),
            columns,
        };
        let there: Vec<bool> = bars.columns[CLOSE].iter().map(|c| !c.is_nan()).collect();
        bars.retain(&there);
        bars
    }

    fn days(&self) -> Option<(i32, i32)> {
        Some((*self.days.first()?, *self.days.last()?))
    }

    fn place(&self, _row: u32) -> Option<(&Path, u64)> {
        None
    }
}
