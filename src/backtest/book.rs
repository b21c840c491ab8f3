//! The book: cash and positions, how they are valued, and how orders are filled. It knows nothing of strategies.

use crate::panel::{Lifetime, Row};
use ndarray::ArrayView1;

/// So many units of an asset's total-return index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub(super) asset: usize,
    pub(super) units: f64,
    /// The index's last known value.
    pub(super) index: f64,
    /// Its last priced row, if the market goes on after it; else beyond every row.
    pub(super) ends: Row,
}

impl Position {
    pub(super) fn value(&self) -> f64 {
        self.units * self.index
    }
}

/// How large an order's position is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    /// In units, fixed at the decision.
    Units(f64),
    /// As a share of the net asset value at the fill.
    Weight(f64),
}

/// An order that waits for a price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) asset: usize,
    pub(super) size: Size,
}

/// An order's fill.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) asset: usize,
    /// Money: above zero for a purchase.
    pub(super) value: f64,
    pub(super) cost: f64,
    /// Units before and after.
    pub(super) before: f64,
    pub(super) after: f64,
}

/// The fills of a row.
#[derive(Debug, Default)]
pub(super) struct Fills {
    /// Sales, then purchases, each by asset.
    pub(super) list: Vec<Fill>,
    pub(super) bought: f64,
    pub(super) sold: f64,
    pub(super) cost: f64,
    /// What could not be paid of the purchases, without its costs.
    pub(super) unpaid: f64,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) cash: f64,
    // Invariant: sorted by asset; units are below zero where it is sold short, and never zero.
    pub(super) positions: Vec<Position>,
    /// The least `ends` of the positions.
    next_end: Row,
}

/// A difference of units this small against the units themselves is rounding, and no trade.
const ROUNDING: f64 = 1e-12;

impl Book {
    pub(super) fn new(cash: f64) -> Self {
        Self { cash, positions: vec![], next_end: Row::MAX }
    }

    pub(super) fn nav(&self) -> f64 {
        self.cash + self.positions.iter().map(Position::value).sum::<f64>()
    }

    fn place(&self, asset: usize) -> Result<usize, usize> {
        self.positions.binary_search_by_key(&asset, |p| p.asset)
    }

    pub(super) fn units(&self, asset: usize) -> f64 {
        self.place(asset).map_or(0.0, |i| self.positions[i].units)
    }

    /// Values the positions at the row's index values (missing: no price, the last stays). Gives the gains and how many
    /// had no price.
    pub(super) fn mark(&mut self, index: ArrayView1<'_, f64>) -> (f64, usize) {
        let (mut gains, mut stale) = (0.0, 0);
        for position in &mut self.positions {
            let now = index[position.asset];
            if now.is_nan() {
                stale += 1;
            } else {
                gains += position.units * (now - position.index);
                position.index = now;
            }
        }
        (gains, stale)
    }

    /// Takes out the positions that have had their last price, at that price; their value becomes cash.
    pub(super) fn settle(&mut self, row: Row) -> Vec<Position> {
        if self.next_end >= row {
            return vec![];
        }
        let (ended, alive) = self.positions.iter().partition(|p| p.ends < row);
        self.positions = alive;
        let ended: Vec<Position> = ended;
        self.cash += ended.iter().map(Position::value).sum::<f64>();
        self.find_next_end();
        ended
    }

    fn find_next_end(&mut self) {
        self.next_end = self.positions.iter().map(|p| p.ends).min().unwrap_or(Row::MAX);
    }

    /// Fills the orders whose asset has an index value now and keeps the others. Sales come before purchases; if cash is
    /// short, all purchases shrink by one factor. `cost` is a share of the value traded; `credit` is what may be borrowed,
    /// as a share of net asset value.
    pub(super) fn fill(
        &mut self,
        orders: &mut Vec<Order>,
        credit: f64,
        index: &dyn Fn(usize) -> f64,
        cost: f64,
        ends: &dyn Fn(usize) -> Row,
    ) -> Fills {
        let nav = self.nav();
        let (mut sales, mut purchases) = (vec![], vec![]);
        orders.retain(|order| {
            let now = index(order.asset);
            if now.is_nan() {
                return true;
            }
            let before = self.units(order.asset);
            let after = match order.size {
                Size::Units(units) => units,
                Size::Weight(weight) => weight * nav / now,
            };
            let (asset, value) = (order.asset, (after - before) * now);
            let fill = Fill { asset, value, cost: value.abs() * cost, before, after };
            if (after - before).abs() > ROUNDING * after.abs().max(before.abs()) {
                if after < before { sales.push(fill) } else { purchases.push(fill) }
            }
            false
        });
        let sold: f64 = sales.iter().map(|f| -f.value).sum();
        self.cash += sold - sales.iter().map(|f| f.cost).sum::<f64>();
        let unpaid = self.pay(&mut purchases, credit * nav);
        let mut list = sales;
        list.append(&mut purchases);
        for fill in &list {
            self.hold(fill, index(fill.asset), ends(fill.asset));
        }
        self.find_next_end();
        let bought = list.iter().map(|f| f.value.max(0.0)).sum();
        let cost = list.iter().map(|f| f.cost).sum();
        Fills { list, bought, sold, cost, unpaid }
    }

    /// Pays for purchases, shrinking them to the cash and the credit there are. Gives what could not be paid.
    fn pay(&mut self, purchases: &mut Vec<Fill>, credit: f64) -> f64 {
        let price: f64 = purchases.iter().map(|f| f.value + f.cost).sum();
        let available = (self.cash + credit).max(0.0);
        if price <= available {
            self.cash -= price;
            return 0.0;
        }
        let share = available / price;
        let ordered: f64 = purchases.iter().map(|f| f.value).sum();
        for fill in purchases.iter_mut() {
            fill.after = fill.before + (fill.after - fill.before) * share;
            fill.value *= share;
            fill.cost *= share;
        }
        purchases.retain(|f| f.after > f.before);
        self.cash = self.cash.min(0.0).max(self.cash - available);
        ordered * (1.0 - share)
    }

    fn hold(&mut self, fill: &Fill, index: f64, ends: Row) {
        match self.place(fill.asset) {
            Ok(i) if fill.after == 0.0 => {
                self.positions.remove(i);
            }
            Ok(i) => {
                self.positions[i].units = fill.after;
                self.positions[i].index = index;
            }
            Err(i) => {
                let position = Position { asset: fill.asset, units: fill.after, index, ends };
                self.positions.insert(i, position);
            }
        }
    }
}

/// The last priced row of an asset that stopped trading before the market's last row; else beyond every row.
pub(super) fn end_of_trading(lifetime: Lifetime, last_row: Row) -> Row {
    match lifetime {
        Some((_, last)) if last < last_row => last,
        _ => Row::MAX,
    }
}
