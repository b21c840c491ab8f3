//! The returns that a covariance is estimated from: complete, or not taken at all.

use crate::panel::{MarketData, Row};

/// The share of a window's rows at which an asset must be priced; it must have been priced before the rest is over.
pub const LEAST_PRESENT: f64 = 0.75;

/// Returns without gaps: the same rows for every asset.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// How many rows.
    pub rows: usize,
    /// The columns (of the market) that are in it, in the order asked for.
    pub assets: Vec<usize>,
    /// Those that had too little history.
    pub left_out: Vec<usize>,
    /// By row, then asset.
    pub returns: Vec<f64>,
}

/// The returns of assets over the `window` rows that end at `row`, with dividends.
///
/// An asset must have been priced for three quarters of the rows, on the first quarter or before for the first time, and
/// at three quarters of them; one that was not is left out. The rows before the youngest asset's first price are left
/// out for all. On a day without a price in between an asset stands at its last one, as it does in the book.
pub fn history(market: &dyn MarketData, assets: &[usize], row: Row, window: usize) -> History {
    let index = market.prices().total_return;
    let end = row as usize;
    let start = end.saturating_sub(window);
    let span = end - start;
    let latest = start + (span as f64 * (1.0 - LEAST_PRESENT)).floor() as usize;
    let (mut kept, mut left_out, mut begin) = (vec![], vec![], start);
    for &asset in assets {
        let column = index.column(asset);
        let priced = |r: &usize| !column[*r].is_nan();
        let first = (start..=latest).find(priced);
        let present = (start + 1..=end).filter(priced).count();
        match first {
            Some(first) if span >= 2 && present as f64 >= LEAST_PRESENT * span as f64 => {
                begin = begin.max(first);
                kept.push(asset);
            }
            _ => left_out.push(asset),
        }
    }
    let rows = if kept.is_empty() { 0 } else { end - begin };
    let mut returns = vec![0.0; rows * kept.len()];
    for (i, &asset) in kept.iter().enumerate() {
        let column = index.column(asset);
        // The rows before `begin` hold a price of every asset.
        let mut last = (start..=begin).rev().map(|r| column[r]).find(|p| !p.is_nan());
        for r in begin + 1..=end {
            let now = column[r];
            if now.is_nan() {
                continue;
            }
            if let Some(before) = last {
                returns[(r - begin - 1) * kept.len() + i] = now / before - 1.0;
            }
            last = Some(now);
        }
    }
    History { rows, assets: kept, left_out, returns }
}

impl History {
    /// The returns of one of its assets, by row.
    pub fn of(&self, place: usize) -> impl Iterator<Item = f64> + '_ {
        self.returns.iter().skip(place).step_by(self.assets.len().max(1)).copied()
    }
}
