//! The book: cash and positions, and how they are valued from row to row. It knows nothing of strategies.

use super::{
    ledger::{Cause, Writer},
    price::BookPrices,
};
use crate::panel::{Lifetime, Row};
use ndarray::ArrayView1;

/// So many units of an asset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub(super) asset: usize,
    /// Below zero where it is sold short; never zero.
    pub(super) units: f64,
    /// What a unit was worth when it was last known.
    pub(super) price: f64,
    /// Its last priced row, if the market goes on after it; else beyond every row.
    pub(super) ends: Row,
    /// The row on which it was entered.
    pub(super) entered: Row,
    /// What a unit of money that was put into it on that row has become; of what is sold short, one plus what was won.
    pub(super) growth: f64,
    /// The greatest `growth` so far.
    pub(super) peak: f64,
    /// The next row on which shares or cash come to its holders.
    next_action: Row,
    /// Cash that came since the price was last known, for each unit.
    due: f64,
    /// What its price has brought that the ledger has not by asset.
    earned: f64,
}

impl Position {
    pub(super) fn value(&self) -> f64 {
        self.units * self.price
    }

    /// Values it at a price and gives what that brought; `growth` is kept only where something asks for it.
    fn mark(&mut self, now: f64, grows: bool) -> f64 {
        let gain = self.units * (now - self.price);
        if grows {
            let change = (now - self.price + self.due) / (self.price + self.due);
            self.growth *= 1.0 + if self.units < 0.0 { -change } else { change };
            self.peak = self.peak.max(self.growth);
        }
        self.earned += gain;
        self.price = now;
        self.due = 0.0;
        gain
    }
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) cash: f64,
    // Invariant: sorted by asset.
    pub(super) positions: Vec<Position>,
    /// Whether positions know their growth.
    grows: bool,
    /// The least `ends` of the positions.
    next_end: Row,
    /// The least `next_action`.
    next_action: Row,
}

impl Book {
    pub(super) fn new(cash: f64, grows: bool) -> Self {
        let (next_end, next_action) = (Row::MAX, Row::MAX);
        Self { cash, positions: vec![], grows, next_end, next_action }
    }

    /// What the positions are worth, long less short, and both together.
    pub(super) fn holdings(&self) -> (f64, f64) {
        self.positions.iter().fold((0.0, 0.0), |(net, gross), position| {
            let value = position.value();
            (net + value, gross + value.abs())
        })
    }

    pub(super) fn nav(&self) -> f64 {
        self.cash + self.holdings().0
    }

    fn place(&self, asset: usize) -> Result<usize, usize> {
        self.positions.binary_search_by_key(&asset, |p| p.asset)
    }

    pub(super) fn position(&self, asset: usize) -> Option<&Position> {
        self.place(asset).ok().map(|i| &self.positions[i])
    }

    pub(super) fn units(&self, asset: usize) -> f64 {
        self.position(asset).map_or(0.0, |p| p.units)
    }

    /// Splits and dividends of a row, for what was held over it.
    pub(super) fn act(&mut self, row: Row, prices: &BookPrices<'_>, ledger: &mut Writer) {
        if self.next_action > row {
            return;
        }
        for position in self.positions.iter_mut().filter(|p| p.next_action <= row) {
            let asset = position.asset;
            let (ratio, dividend) = prices.action(asset, row);
            position.units *= ratio;
            position.price /= ratio;
            position.due /= ratio;
            let cash = position.units * dividend;
            self.cash += cash;
            if cash != 0.0 {
                // Without the dividend a share is worth so much less until the market says what it is worth.
                position.price -= dividend;
                position.due += dividend;
                position.earned -= cash;
                ledger.gains(-cash);
                ledger.cash(Cause::Dividend, Some(asset), cash);
            }
            position.next_action = prices.next_action(asset, row);
        }
        self.find_next();
    }

    /// Values the positions at the row's prices (missing: the last stays, but not below zero). Gives how many had none.
    pub(super) fn mark(&mut self, prices: ArrayView1<'_, f64>, ledger: &mut Writer) -> usize {
        let (mut gains, mut stale) = (0.0, 0);
        for position in &mut self.positions {
            let now = prices[position.asset];
            if !now.is_nan() {
                gains += position.mark(now, self.grows);
                continue;
            }
            stale += 1;
            if position.price < 0.0 {
                gains += position.mark(0.0, self.grows);
            }
        }
        ledger.gains(gains);
        stale
    }

    /// Takes out the positions that have had their last price, at that price; their value becomes cash.
    pub(super) fn settle(&mut self, row: Row, ledger: &mut Writer) -> Vec<Position> {
        if self.next_end >= row {
            return vec![];
        }
        let (ended, alive) = self.positions.iter().partition(|p| p.ends < row);
        self.positions = alive;
        let ended: Vec<Position> = ended;
        for position in &ended {
            ledger.earned(position.asset, position.earned);
            ledger.trade(-position.value());
            self.cash += position.value();
        }
        self.find_next();
        ended
    }

    /// Makes a position one of so many units, bought or sold at a price.
    pub(super) fn hold(
        &mut self,
        asset: usize,
        (units, price): (f64, f64),
        row: Row,
        prices: &BookPrices<'_>,
        ends: Row,
        ledger: &mut Writer,
    ) {
        let place = self.place(asset);
        match place {
            Ok(i) => {
                let position = &mut self.positions[i];
                // From what it was last worth to the price of the trade.
                ledger.gains(position.mark(price, self.grows));
                let turned = units * position.units <= 0.0;
                position.units = units;
                if turned {
                    (position.entered, position.growth, position.peak) = (row, 1.0, 1.0);
                }
                if units == 0.0 {
                    ledger.earned(asset, position.earned);
                    self.positions.remove(i);
                }
            }
            Err(_) if units == 0.0 => {}
            Err(i) => {
                let next_action = prices.next_action(asset, row);
                let position = Position {
                    asset,
                    units,
                    price,
                    ends,
                    entered: row,
                    growth: 1.0,
                    peak: 1.0,
                    next_action,
                    due: 0.0,
                    earned: 0.0,
                };
                self.positions.insert(i, position);
            }
        }
    }

    /// Has the ledger take what prices have brought to each asset until now.
    pub(super) fn flush(&mut self, ledger: &mut Writer) {
        for position in &mut self.positions {
            ledger.earned(position.asset, std::mem::take(&mut position.earned));
        }
    }

    pub(super) fn find_next(&mut self) {
        self.next_end = self.positions.iter().map(|p| p.ends).min().unwrap_or(Row::MAX);
        self.next_action = self.positions.iter().map(|p| p.next_action).min().unwrap_or(Row::MAX);
    }
}

/// The last priced row of an asset that stopped trading before the market's last row; else beyond every row.
pub(super) fn end_of_trading(lifetime: Lifetime, last_row: Row) -> Row {
    match lifetime {
        Some((_, last)) if last < last_row => last,
        _ => Row::MAX,
    }
}
