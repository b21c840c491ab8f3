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
