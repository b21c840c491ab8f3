//! The place of each row of a long table in the panels, and what is made of its columns by asset and date: closes and
//! the index of total return.

use super::{
    actions::Actions,
    buffer::Numbers,
    prices::{PriceColumn, Read},
    table::NO_DATE,
};
use crate::panel::{Calendar, MISSING, Row, days_since_epoch};
use crate::types::Basis;
use rayon::prelude::*;
use std::{borrow::Cow, collections::BTreeSet, ops::Range};

pub(super) const NO_ROW: Row = Row::MAX;

/// A table of which each row has found its place in the panels.
pub(super) struct Placed {
    read: Read,
    /// Of each row of the table: asset and calendar row; `NO_ROW` for dates that are no sessions.
    pub(super) assets: Numbers<u32>,
    pub(super) rows: Numbers<Row>,
    /// Stretches of rows of one asset in the order of dates; none if the table is not mostly made of such.
    pub(super) runs: Option<Vec<Range<usize>>>,
}

impl std::ops::Deref for Placed {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl Placed {
    pub(super) fn new(mut read: Read, calendar: &Calendar, symbols: &[String]) -> Self {
        let place =
            |s: &String| symbols.binary_search(s).expect("the market has all symbols") as u32;
        let by_code: Vec<u32> = read.symbols.iter().map(place).collect();
        let mut assets = std::mem::take(&mut read.codes);
        assets.par_iter_mut().for_each(|a| *a = by_code[*a as usize]);
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
        let mut rows = Numbers::zeroed(read.days.len());
        rows.par_iter_mut().zip(&*read.days).for_each(|(to, day)| *to = row(day));
        let runs = runs(&assets, &rows);
        Self { read, assets, rows, runs }
    }

    /// The assets that have rows.
    pub(super) fn assets(&self) -> BTreeSet<u32> {
        match &self.runs {
            Some(runs) => runs.iter().map(|run| self.assets[run.start]).collect(),
            None => self.assets.iter().copied().collect(),
        }
    }

    pub(super) fn number(&self, at: usize) -> &[f64] {
        self.read.table.number(at)
    }

    /// Whether there is more than closes to tell total returns from.
    pub(super) fn has_total_return(&self, actions: &Actions) -> bool {
        let adjusted = self.read.spec.basis == Some(Basis::FullyAdjusted);
        let given = self.read.adjusted.is_some() || self.read.returns.is_some();
        !adjusted && (given || !actions.is_empty())
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
    pub(super) fn total_returns<'a>(
        &'a self,
        closes: &'a [f64],
        actions: &Actions,
    ) -> Cow<'a, [f64]> {
        // A declared column of returns displaces an adjusted close that was found by its name.
        let declared = self.read.spec.total_return.is_some();
        match (self.read.adjusted.filter(|_| !declared), self.read.returns) {
            _ if !self.has_total_return(actions) => closes.into(),
            (Some(at), _) => self.adjusted(self.number(at), closes),
            (None, Some(at)) => self.cumulated(self.number(at), closes).into(),
            (None, None) => self.with_actions(closes, actions).into(),
        }
    }

    /// What one share of the first close is worth with the shares and dividends that came to it, dividends put into the
    /// asset at the next close.
    fn with_actions(&self, closes: &[f64], actions: &Actions) -> Vec<f64> {
        let basis = self.read.spec.basis.unwrap_or(Basis::Raw);
        let mut out = vec![MISSING; closes.len()];
        let (mut asset, mut level, mut before) = (u32::MAX, MISSING, (0, MISSING));
        for row in self.order() {
            let row = row as usize;
            let (close, day) = (closes[row], self.read.days[row]);
            if self.assets[row] != asset {
                (asset, level, before) = (self.assets[row], MISSING, (0, MISSING));
            }
            if close.is_nan() {
                continue;
            }
            level = if level.is_nan() {
                close
            } else {
                let (shares, money) = actions.between(asset, before.0, day, basis);
                level * ((shares * close + money) / before.1)
            };
            before = (day, close);
            out[row] = level;
        }
        out
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
    if rows.par_iter().any(|row| *row == NO_ROW) {
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
    for start in starts.into_iter().chain([rows.len()]).filter(|_| !rows.is_empty()) {
        list.push(from..start);
        from = start;
    }
    Some(list)
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
