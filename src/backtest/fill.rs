//! Orders that wait, and how they are filled on a row: sales before purchases, within what is traded, in whole lots,
//! and never with money that is not there.

use super::{
    book::Book,
    cost::{CostModel, Deal, total},
    ledger::{ByCause, Cause, Writer},
    price::{Actions, BookPrices},
    track::Reason,
};
use crate::panel::Row;

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
    /// The row after whose close it was decided.
    pub(super) decided: Row,
    /// Why, where the weights do not say it.
    pub(super) reason: Option<Reason>,
    /// On how many rows, with this one, it is still to be worked.
    pub(super) rows_left: u32,
    /// The shares that will come to its holders.
    pub(super) actions: Actions,
}

/// An order's fill, or a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) asset: usize,
    /// Money: above zero for a purchase.
    pub(super) value: f64,
    pub(super) charges: ByCause,
    /// Units before and after.
    pub(super) before: f64,
    pub(super) after: f64,
    /// What a unit cost.
    pub(super) price: f64,
    pub(super) decided: Row,
    pub(super) reason: Option<Reason>,
}

/// The fills of a row.
#[derive(Debug, Default)]
pub(super) struct Fills {
    /// Sales, then purchases, each by asset.
    pub(super) list: Vec<Fill>,
    pub(super) bought: f64,
    pub(super) sold: f64,
    /// What could not be paid of the purchases, without its costs.
    pub(super) unpaid: f64,
}

/// Where orders are filled: the prices and rules of a row.
pub(super) struct Exchange<'e, 'm> {
    pub(super) row: Row,
    /// What a unit of an asset costs now; missing where it has no price.
    pub(super) price: &'e dyn Fn(usize) -> f64,
    /// The most money that may be traded in an asset.
    pub(super) most: &'e dyn Fn(usize) -> f64,
    /// How many shares, as they were traded on the day, a unit is.
    pub(super) shares: &'e dyn Fn(usize) -> f64,
    pub(super) lot: Option<f64>,
    pub(super) costs: CostModel<'e>,
    /// What may be borrowed, as a share of net asset value.
    pub(super) credit: f64,
    pub(super) ends: &'e dyn Fn(usize) -> Row,
    pub(super) prices: BookPrices<'m>,
}

/// A difference of units this small against the units themselves is rounding, and no trade.
const ROUNDING: f64 = 1e-12;

impl Exchange<'_, '_> {
    /// Fills what can be filled and keeps the rest of the orders. Sales come before purchases; if cash is short, all
    /// purchases shrink by one factor.
    pub(super) fn fill(
        &self,
        orders: &mut Vec<Order>,
        book: &mut Book,
        ledger: &mut Writer,
    ) -> Fills {
        let nav = book.nav();
        let (mut sales, mut purchases) = (vec![], vec![]);
        orders.retain_mut(|order| {
            let price = (self.price)(order.asset);
            if price.is_nan() {
                return true;
            }
            let before = book.units(order.asset);
            let wanted = match order.size {
                Size::Units(units) => units,
                Size::Weight(weight) => weight * nav / price,
            };
            let (after, is_done) = self.step(order, before, wanted, price);
            if !is_done {
                order.size = Size::Units(wanted);
            }
            if (after - before).abs() > ROUNDING * after.abs().max(before.abs()) {
                let fill = self.filled(order, price, before, after);
                if after < before { sales.push(fill) } else { purchases.push(fill) }
            }
            !is_done
        });
        let mut list: Vec<Fill> = vec![];
        let mut cash = book.cash;
        for sale in sales {
            let paid = total(&sale.charges);
            // A sale that brings less than its commission is not made with money that is not there.
            if cash - sale.value - paid < cash.min(0.0) {
                continue;
            }
            cash -= sale.value + paid;
            list.push(sale);
        }
        let sold = list.iter().map(|f| -f.value).sum();
        let unpaid = self.pay(&mut purchases, (cash + self.credit * nav).max(0.0));
        list.append(&mut purchases);
        for fill in &list {
            self.book(fill, book, ledger);
        }
        let least = -self.credit * nav;
        if unpaid > 0.0 && (book.cash - least).abs() <= ROUNDING * nav {
            // All there was has been spent; the rounding of the sum is no money.
            book.cash = if least == 0.0 { 0.0 } else { least };
        }
        let bought = list.iter().map(|f| f.value.max(0.0)).sum();
        Fills { list, bought, sold, unpaid }
    }

    fn filled(&self, order: &Order, price: f64, before: f64, after: f64) -> Fill {
        let Order { asset, decided, reason, .. } = *order;
        let value = (after - before) * price;
        let charges = self.charges(asset, after - before, value, decided);
        Fill { asset, value, charges, before, after, price, decided, reason }
    }

    fn charges(&self, asset: usize, units: f64, value: f64, decided: Row) -> ByCause {
        let shares = || units.abs() * (self.shares)(asset);
        let shares = if self.costs.asks_shares() { shares() } else { 0.0 };
        self.costs.of(Deal { asset, value: value.abs(), shares, decided })
    }

    /// How many units there are after this row's part of an order, and whether nothing of it is left.
    fn step(&self, order: &mut Order, before: f64, wanted: f64, price: f64) -> (f64, bool) {
        let mut after = wanted;
        let mut is_done = true;
        if order.rows_left > 1 {
            after = before + (wanted - before) / f64::from(order.rows_left);
            order.rows_left -= 1;
            is_done = false;
        }
        let most = (self.most)(order.asset);
        if (after - before).abs() * price > most {
            after = before + most / price * (wanted - before).signum();
            is_done = false;
        }
        let Some(lot) = self.lot.filter(|_| after != 0.0) else { return (after, is_done) };
        let a_lot = lot / (self.shares)(order.asset);
        // A part of an order is never more than it may be; all of it leads to whole lots, at most to what was wanted.
        let whole = match is_done {
            true => (after / a_lot * (1.0 + ROUNDING)).trunc() * a_lot,
            false => before + ((after - before) / a_lot * (1.0 + ROUNDING)).trunc() * a_lot,
        };
        let is_same_way = (whole - before) * (wanted - before) > 0.0;
        (if is_same_way { whole } else { before }, is_done)
    }

    /// Shrinks purchases to the money there is for them and their costs. Gives what could not be paid.
    fn pay(&self, purchases: &mut Vec<Fill>, available: f64) -> f64 {
        let due = |list: &[Fill]| -> f64 { list.iter().map(|f| f.value + total(&f.charges)).sum() };
        if due(purchases) <= available {
            return 0.0;
        }
        let ordered: f64 = purchases.iter().map(|f| f.value).sum();
        let shrunk = |share: f64| -> Vec<Fill> {
            let shrink = |f: &Fill| {
                let mut after = f.before + (f.after - f.before) * share;
                if let Some(lot) = self.lot {
                    let a_lot = lot / (self.shares)(f.asset);
                    after = (after / a_lot * (1.0 + ROUNDING)).floor() * a_lot;
                }
                let value = (after - f.before) * f.price;
                let charges = self.charges(f.asset, after - f.before, value, f.decided);
                Fill { after, value, charges, ..*f }
            };
            purchases.iter().map(shrink).filter(|f| f.after > f.before).collect()
        };
        let is_linear = self.costs.is_linear() && self.lot.is_none();
        let mut share = available / due(purchases);
        if !is_linear {
            // The costs of a smaller order are not a smaller share of it, so the factor is sought.
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if due(&shrunk(middle)) <= available { low = middle } else { high = middle }
            }
            share = low;
        }
        *purchases = shrunk(share);
        ordered - purchases.iter().map(|f| f.value).sum::<f64>()
    }

    /// Writes a fill into the book and the ledger.
    fn book(&self, fill: &Fill, book: &mut Book, ledger: &mut Writer) {
        let ends = (self.ends)(fill.asset);
        book.hold(fill.asset, (fill.after, fill.price), self.row, &self.prices, ends, ledger);
        book.cash -= fill.value;
        ledger.trade(fill.value);
        for cause in Cause::ALL {
            let paid = fill.charges[*cause as usize];
            if paid != 0.0 {
                book.cash -= paid;
                ledger.cash(*cause, Some(fill.asset), -paid);
            }
        }
    }
}
