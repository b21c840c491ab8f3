//! What execution gives: the values of each signal of a strategy at the rows that were asked for.

use crate::{
    check::SignalId,
    panel::{MISSING, Numbers, Row, Rows},
};
use std::sync::Arc;

/// The values of one expression at some rows: `rows × width`, width 1 for a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// At which rows.
    pub rows: Arc<Rows>,
    /// Elements a row: the number of assets, or 1.
    pub width: usize,
    /// `rows.len() × width` values.
    pub values: Arc<Numbers<f64>>,
    /// Whether one row stands for all (a static or scalar value).
    pub constant: bool,
}

impl Signal {
    /// The values at a row, or `None` if that row was not asked for.
    pub fn row(&self, row: Row) -> Option<&[f64]> {
        let place = if self.constant { 0 } else { self.rows.position(row)? };
        Some(&self.values[place * self.width..(place + 1) * self.width])
    }

    /// The value for an asset at a row; missing where it was not asked for.
    pub fn value(&self, row: Row, asset: usize) -> f64 {
        self.row(row).map_or(MISSING, |r| if self.width == 1 { r[0] } else { r[asset] })
    }
}

/// The signals of one strategy, by `SignalId`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals(pub Vec<Signal>);

impl Signals {
    /// The signal of an id of the strategy's policy.
    pub fn get(&self, id: SignalId) -> &Signal {
        &self.0[id.0 as usize]
    }
}
