//! How long it takes to sell what is held.

use crate::{
    backtest::{Holding, Track},
    panel::{FieldData, MarketData},
    types::Unit,
};

/// Rows over which volume is usual.
const ROWS: usize = 20;
/// The share of it that can be sold.
const SHARE: f64 = 0.1;

/// What does not trade takes this many days.
const MOST: f64 = 252.0;
/// The days that what a book is worth at its capacity takes.
const DAYS: f64 = 5.0;

/// How long it takes to sell a book.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sale {
    /// The days that selling each holding takes, on average by value.
    pub(super) days: f64,
    /// The net asset value at which it would take five.
    pub(super) capacity: f64,
}

/// By row with trades; nothing where no volume is known, or is counted in other shares than prices are.
pub(super) fn sales(market: &dyn MarketData, track: &Track) -> Vec<Sale> {
    let schema = market.schema();
    let Some(field) = schema.find(Some("prices"), "volume").first().copied() else {
        return vec![];
    };
    if schema.field(field).ty.unit != Unit::shares(schema.price_basis) {
        return vec![];
    }
    let FieldData::Panel(volume) = market.field(field) else { return vec![] };
    let close = market.prices().close;
    let usual = |holding: &Holding| {
        let (row, asset) = (holding.row as usize, holding.asset.0 as usize);
        let rows = row.saturating_sub(ROWS - 1)..=row;
        let traded = rows.map(|r| close[[r, asset]] * volume[[r, asset]]).filter(|t| !t.is_nan());
        let (sum, count) = traded.fold((0.0, 0.0), |(sum, count), t| (sum + t, count + 1.0));
        sum / count
    };
    let of_row = |row: &[Holding]| {
        let (mut days, mut values) = (0.0, 0.0);
        for holding in row {
            let value = holding.value.abs();
            let took = value / (SHARE * usual(holding));
            if !took.is_nan() {
                days += value * took.min(MOST);
                values += value;
            }
        }
        let days = days / values;
        let nav = track.nav_at(row[0].row).unwrap_or(f64::NAN);
        Sale { days, capacity: DAYS * nav / days }
    };
    let rows = track.holdings.chunk_by(|a, b| a.row == b.row);
    rows.map(of_row).filter(|sale| sale.capacity.is_finite()).collect()
}
