//! The forms in which a field's values lie in a market, each as close as possible to how the data came.

use super::Row;
use ndarray::ArrayView2;

/// A field's values.
#[derive(Debug, Clone, Copy)]
pub enum FieldData<'a> {
    /// Dates × assets.
    Panel(ArrayView2<'a, f64>),
    /// By date.
    Series(&'a [f64]),
    /// By asset.
    Static(&'a [f64]),
    /// Reported figures with the rows from which they were known.
    AsOf(AsOf<'a>),
    /// Spells of membership.
    Spells(Spells<'a>),
    /// What changes on some rows only.
    Steps(Steps<'a>),
}

impl FieldData<'_> {
    /// The value at an asset and row, whatever its form; missing where there is none. For listings and explanations:
    /// reading a whole field this way is slow.
    pub fn value(&self, asset: usize, row: Row) -> f64 {
        match self {
            Self::Panel(panel) => panel[[row as usize, asset]],
            Self::Series(series) => series[row as usize],
            Self::Static(values) => values[asset],
            Self::AsOf(records) => {
                let mut value = super::MISSING;
                records.latest(asset, &[row], |_, v| value = v);
                value
            }
            Self::Spells(s) => {
                let mut spells = s.assets.iter().zip(s.from.iter().zip(s.until));
                let inside = spells.any(|(&a, (&from, &until))| {
                    a as usize == asset && (from..until).contains(&row)
                });
                f64::from(u8::from(inside))
            }
            Self::Steps(steps) => steps.value(asset, row),
        }
    }

    /// Of reports, where the value at an asset and row comes from: the row from which it was known, and the end of its
    /// fiscal period in days since 1970-01-01.
    pub fn record(&self, asset: usize, row: Row) -> Option<(Row, i32)> {
        let Self::AsOf(records) = self else { return None };
        let best = records.record(asset, row)?;
        Some((records.known_from[best], records.period_end[best]))
    }
}

/// A value of each asset that holds until it changes: a label with dates, the shares that a share has become.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    /// The changes of asset `a` are `offsets[a]..offsets[a + 1]`.
    pub offsets: &'a [u32],
    /// The row from which a value holds. Rises within an asset.
    pub from: &'a [Row],
    /// The values.
    pub values: &'a [f64],
    /// The value before the first change.
    pub before: f64,
}

impl Steps<'_> {
    /// The value of an asset at each of `rows` (sorted): `out(i, value)` is for `rows[i]`.
    pub fn at(&self, asset: usize, rows: &[Row], mut out: impl FnMut(usize, f64)) {
        let changes = self.offsets[asset] as usize..self.offsets[asset + 1] as usize;
        let (from, values) = (&self.from[changes.clone()], &self.values[changes]);
        let (mut next, mut value) = (0, self.before);
        for (i, &row) in rows.iter().enumerate() {
            while next < from.len() && from[next] <= row {
                value = values[next];
                next += 1;
            }
            out(i, value);
        }
    }

    /// Whether an asset has any change.
    pub fn changes(&self, asset: usize) -> bool {
        self.offsets[asset] < self.offsets[asset + 1]
    }

    /// What the value of an asset at a last row is of that at a row before it.
    pub fn growth(&self, asset: usize, row: Row, last: Row) -> f64 {
        // Most do not change any more.
        match self.changes_of(asset).last() {
            Some(change) if *change > row => self.value(asset, last) / self.value(asset, row),
            _ => 1.0,
        }
    }

    /// The first change of an asset after a row, by its place among those of the asset.
    pub fn first_after(&self, asset: usize, row: Row) -> u32 {
        self.changes_of(asset).partition_point(|from| *from <= row) as u32
    }

    /// As [`Steps::first_after`], from an earlier place on; quick where there are few changes between.
    pub fn pass(&self, asset: usize, place: u32, row: Row) -> u32 {
        let later = &self.changes_of(asset)[place as usize..];
        place + later.iter().take_while(|from| **from <= row).count() as u32
    }

    /// The row of a change; `None` after the last.
    pub fn change(&self, asset: usize, place: u32) -> Option<Row> {
        self.changes_of(asset).get(place as usize).copied()
    }

    /// The value of an asset before a change.
    pub fn value_at(&self, asset: usize, place: u32) -> f64 {
        match place {
            0 => self.before,
            _ => self.values[(self.offsets[asset] + place) as usize - 1],
        }
    }

    fn changes_of(&self, asset: usize) -> &[Row] {
        &self.from[self.offsets[asset] as usize..self.offsets[asset + 1] as usize]
    }

    /// The value of an asset at one row.
    pub fn value(&self, asset: usize, row: Row) -> f64 {
        self.value_at(asset, self.first_after(asset, row))
    }
}

/// One field of a table with publication dates: the records of each asset, in the order in which they became known.
#[derive(Debug, Clone, Copy)]
pub struct AsOf<'a> {
    /// The records of asset `a` are `offsets[a]..offsets[a + 1]`.
    pub offsets: &'a [u32],
    /// The first row at which the record was known. Sorted within an asset.
    pub known_from: &'a [Row],
    /// The first row at which it is too old to use.
    pub known_until: &'a [Row],
    /// The end of the fiscal period, in days since 1970-01-01.
    pub period_end: &'a [i32],
    /// The field's values.
    pub values: &'a [f64],
}

impl AsOf<'_> {
    /// The newest period known at each of `rows` (sorted), in its latest version known then; `out[i]` is for `rows[i]`.
    ///
    /// A record whose value is missing says nothing about the field. An old period that is restated does not displace a
    /// newer one. A value too old to use is missing.
    pub fn latest(&self, asset: usize, rows: &[Row], mut out: impl FnMut(usize, f64)) {
        let records = self.offsets[asset] as usize..self.offsets[asset + 1] as usize;
        let mut next = records.start;
        let mut best: Option<usize> = None;
        for (i, &row) in rows.iter().enumerate() {
            while next < records.end && self.known_from[next] <= row {
                let newer = best.is_none_or(|b| self.period_end[next] >= self.period_end[b]);
                if newer && !self.values[next].is_nan() {
                    best = Some(next);
                }
                next += 1;
            }
            out(
                i,
                best.filter(|&b| row < self.known_until[b])
                    .map_or(super::MISSING, |b| self.values[b]),
            );
        }
    }

    /// The record that [`AsOf::latest`] takes at a row.
    pub fn record(&self, asset: usize, row: Row) -> Option<usize> {
        let mut best: Option<usize> = None;
        for next in self.offsets[asset] as usize..self.offsets[asset + 1] as usize {
            let newer = best.is_none_or(|b| self.period_end[next] >= self.period_end[b]);
            if self.known_from[next] <= row && newer && !self.values[next].is_nan() {
                best = Some(next);
            }
        }
        best.filter(|&b| row < self.known_until[b])
    }

    /// What is known of an asset at each of `rows` (sorted): `out(i, known)` is for `rows[i]`. Records whose value is
    /// missing say nothing.
    pub fn known(&self, asset: usize, rows: &[Row], mut out: impl FnMut(usize, &KnownReports<'_>)) {
        let records = self.offsets[asset] as usize..self.offsets[asset + 1] as usize;
        let mut next = records.start;
        let mut periods: Vec<usize> = vec![];
        for (i, &row) in rows.iter().enumerate() {
            while next < records.end && self.known_from[next] <= row {
                if !self.values[next].is_nan() {
                    let end = self.period_end[next];
                    match periods.binary_search_by_key(&end, |p| self.period_end[*p]) {
                        Ok(place) => periods[place] = next,
                        Err(place) => periods.insert(place, next),
                    }
                }
                next += 1;
            }
            out(i, &KnownReports { records: self, start: records.start, periods: &periods, row });
        }
    }
}

/// The reports of one asset that are known at a row.
#[derive(Debug, Clone, Copy)]
pub struct KnownReports<'a> {
    records: &'a AsOf<'a>,
    /// The first record of the asset.
    start: usize,
    /// The latest version of each period, by the period's end.
    periods: &'a [usize],
    row: Row,
}

/// By how many days a period's end may differ from the day it is looked for.
const SAME_PERIOD: f64 = 20.0;

/// Days after the end of a period over which the next one is a year's.
const NINE_MONTHS: i32 = 274;

impl KnownReports<'_> {
    fn newest_record(&self) -> Option<usize> {
        let newest = *self.periods.last()?;
        (self.row < self.records.known_until[newest]).then_some(newest)
    }

    /// The figure of the newest period; missing if it is too old.
    pub fn newest(&self) -> f64 {
        self.newest_record().map_or(super::MISSING, |r| self.records.values[r])
    }

    /// The figure of the newest period as it was first published; missing if the newest is.
    pub fn first_published(&self) -> f64 {
        let Some(newest) = self.newest_record() else { return super::MISSING };
        let (end, values) = (self.records.period_end[newest], self.records.values);
        let mut versions = self.start..=newest;
        let first = versions.find(|&r| self.records.period_end[r] == end && !values[r].is_nan());
        first.map_or(super::MISSING, |r| values[r])
    }

    /// The figure of the period that ended so many years before the newest; missing if the newest is.
    pub fn before(&self, years: f64) -> f64 {
        self.place(years).map_or(super::MISSING, |place| self.records.values[self.periods[place]])
    }

    /// The sum of the four quarters up to so many years before the newest; missing where one is, or is a whole year.
    pub fn four_quarters(&self, years: f64) -> f64 {
        let quarter =
            |k| self.place(years + f64::from(k) / 4.0).filter(|place| !self.is_year(*place));
        let value = |place: usize| self.records.values[self.periods[place]];
        (0..4).map(|k| quarter(k).map_or(super::MISSING, value)).sum()
    }

    /// The place of the period that ended so many years before the newest.
    fn place(&self, years: f64) -> Option<usize> {
        let end = |place: usize| f64::from(self.records.period_end[self.periods[place]]);
        let wanted = f64::from(self.records.period_end[self.newest_record()?]) - years * 365.25;
        let distance = |place: &usize| (end(*place) - wanted).abs();
        let places = (0..self.periods.len()).rev();
        let nearest = places.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|place| distance(place) <= SAME_PERIOD)
    }

    /// Whether a period ended so long after the one known before it that it is a whole year. Quarters of which one was
    /// skipped, and half-years, lie closer together. The first does not tell.
    fn is_year(&self, place: usize) -> bool {
        let end = |place: usize| self.records.period_end[self.periods[place]];
        place > 0 && end(place) - end(place - 1) > NINE_MONTHS
    }

    /// Rows since the newest period's latest version became known; 0 if nothing is known.
    pub fn age(&self) -> f64 {
        let newest = self.newest_record();
        newest.map_or(0.0, |r| f64::from(self.row - self.records.known_from[r]))
    }

    /// Whether the reports known are of whole years: the newest period, and more than half of all, ended over nine
    /// months after the one before. One period alone does not tell.
    pub fn is_yearly(&self) -> bool {
        let followers = self.periods.len().saturating_sub(1);
        let years = (1..=followers).filter(|place| self.is_year(*place)).count();
        years * 2 > followers && self.is_year(followers)
    }
}

/// Spells of membership: a boolean panel, stored by its changes.
#[derive(Debug, Clone, Copy)]
pub struct Spells<'a> {
    /// The asset of each spell. Sorted.
    pub assets: &'a [u32],
    /// Its first row.
    pub from: &'a [Row],
    /// One past its last row.
    pub until: &'a [Row],
}
