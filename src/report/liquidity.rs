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

/// By row with trades: the days that selling each holding takes, on average by value; nothing where no volume is known,
/// or is counted in other shares than prices are.
pub(super) fn days_to_sell(market: &dyn MarketData, track: &Track) -> Vec<f64> {
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
            if took.is_finite() {
                days += value * took;
                values += value;
            }
        }
        days / values
    };
    let rows = track.holdings.chunk_by(|a, b| a.row == b.row);
    rows.map(of_row).filter(|days| days.is_finite()).collect()
}
