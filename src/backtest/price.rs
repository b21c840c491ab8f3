//! The prices a book is kept in, and what comes to those who hold shares over a day: new shares, and cash.

use crate::{
    panel::{FieldData, MarketData, Prices, Row, Steps},
    types::Basis,
};
use ndarray::{ArrayView1, ArrayView2, Axis, s};

/// The prices of a market as the book sees them. Where the data have a table of dividends, positions are valued at the
/// closes, and splits and dividends come on their days. Where they have not, positions are valued at the index of total
/// return: what the data know of dividends is in it.
#[derive(Clone, Copy)]
pub(super) struct BookPrices<'a> {
    prices: Prices<'a>,
    value: ArrayView2<'a, f64>,
    splits: Option<Steps<'a>>,
    dividends: Option<Steps<'a>>,
    /// Closes are of the shares of the last day; these are the shares that one of the first day has become.
    later_splits: Option<Steps<'a>>,
    last: Row,
}

impl<'a> BookPrices<'a> {
    pub(super) fn new(market: &'a dyn MarketData) -> Self {
        let schema = market.schema();
        let steps = |table: &str, name: &str| match market
            .field(schema.find(Some(table), name).first().copied()?)
        {
            FieldData::Steps(steps) => Some(steps),
            _ => None,
        };
        let prices = market.prices();
        let dividends = steps("dividends", "dividend");
        let splits = steps("splits", "split_factor");
        let raw = schema.price_basis == Basis::Raw;
        Self {
            value: prices.book,
            splits: splits.filter(|_| raw && dividends.is_some()),
            later_splits: splits.filter(|_| !raw),
            dividends,
            prices,
            last: (market.calendar().len() as Row).saturating_sub(1),
        }
    }

    /// What one unit of each asset is worth at the close of a row; missing where it has no price.
    pub(super) fn at_close(&self, row: Row) -> ArrayView1<'a, f64> {
        self.value.index_axis_move(Axis(0), row as usize)
    }

    /// What one unit of an asset is worth at the closes of so many rows; `buffer` takes what does not lie side by side.
    pub(super) fn of_asset<'b>(
        &self,
        asset: usize,
        first: Row,
        rows: usize,
        buffer: &'b mut Vec<f64>,
    ) -> &'b [f64]
    where
        'a: 'b,
    {
        let first = first as usize;
        let column = self.value.index_axis_move(Axis(1), asset);
        let column = column.slice_move(s![first..first + rows]);
        if let Some(column) = column.to_slice() {
            return column;
        }
        buffer.clear();
        buffer.extend(column);
        buffer
    }

    /// What one unit is worth at the open: missing without an open or a close.
    pub(super) fn at_open(&self, row: Row, asset: usize) -> f64 {
        let at = [row as usize, asset];
        let open = self.prices.open.map_or(f64::NAN, |o| o[at]);
        self.value[at] * (open / self.prices.close[at])
    }

    /// The last row up to this one on which an asset had a price.
    pub(super) fn last_priced(&self, row: Row, asset: usize) -> Option<Row> {
        last_known(self.value, row, asset)
    }

    /// What a unit was worth at the close of a row, or at the last one before that it had.
    pub(super) fn last_value(&self, row: Row, asset: usize) -> f64 {
        let priced = self.last_priced(row, asset);
        priced.map_or(f64::NAN, |r| self.value[[r as usize, asset]])
    }

    /// The market's prices.
    pub(super) fn market(&self) -> Prices<'a> {
        self.prices
    }

    /// How many shares, as they were traded on a row, a unit is; on one without a price, on the last that had one.
    pub(super) fn shares(&self, row: Row, asset: usize) -> f64 {
        let priced = self.last_priced(row, asset).unwrap_or(row);
        let at = [priced as usize, asset];
        let later = self.later_splits.map_or(1.0, |s| s.growth(asset, row, self.last));
        self.value[at] / (self.prices.close[at] * later)
    }

    /// What comes to the holders of an asset after a row.
    pub(super) fn actions(&self, asset: usize, after: Row) -> Actions {
        let place = |steps: &Option<Steps<'_>>| steps.map_or(0, |s| s.first_after(asset, after));
        let mut actions = Actions {
            next: Row::MAX,
            split: place(&self.splits),
            dividend: place(&self.dividends),
        };
        self.find_next(asset, &mut actions);
        actions
    }

    /// What one unit of an asset that was held until a row becomes on it: so many units, and so much cash for each of
    /// these; `actions` goes on to those after it.
    pub(super) fn act(&self, asset: usize, row: Row, actions: &mut Actions) -> (f64, f64) {
        let ratio = self.splits.map_or(1.0, |splits| {
            let before = splits.value_at(asset, actions.split);
            actions.split = splits.pass(asset, actions.split, row);
            splits.value_at(asset, actions.split) / before
        });
        let cash = self.dividends.map_or(0.0, |dividends| {
            actions.dividend = dividends.pass(asset, actions.dividend, row);
            dividends.value_at(asset, actions.dividend)
        });
        self.find_next(asset, actions);
        (ratio, if cash.is_nan() { 0.0 } else { cash })
    }

    fn find_next(&self, asset: usize, actions: &mut Actions) {
        let of = |steps: Option<Steps<'_>>, place| steps.and_then(|s| s.change(asset, place));
        let split = of(self.splits, actions.split).unwrap_or(Row::MAX);
        actions.next = split.min(of(self.dividends, actions.dividend).unwrap_or(Row::MAX));
    }
}

/// How far the splits and dividends of an asset have been followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actions {
    /// The first row on which something comes to its holders.
    pub(super) next: Row,
    /// The places of the next changes among those of the asset.
    split: u32,
    dividend: u32,
}

/// The last row up to this one on which an asset has a value.
fn last_known(panel: ArrayView2<'_, f64>, row: Row, asset: usize) -> Option<Row> {
    (0..=row).rev().find(|r| !panel[[*r as usize, asset]].is_nan())
}

/// What money in an asset has become from one row to another by total return, each taken at its last known value; 1 where
/// one is not known.
pub(super) fn growth(market: &dyn MarketData, asset: usize, from: Row, to: Row) -> f64 {
    let index = market.prices().total_return;
    let value = |row: Row| {
        last_known(index, row, asset).map_or(f64::NAN, |known| index[[known as usize, asset]])
    };
    let growth = value(to) / value(from);
    if growth.is_finite() { growth } else { 1.0 }
}
