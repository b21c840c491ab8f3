//! The book: cash and positions, and how they are valued from row to row. It knows nothing of strategies.

use super::{
    ledger::{Cause, Writer},
    price::{Actions, BookPrices},
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
    /// The shares and the cash that will come to its holders.
    actions: Actions,
    /// Cash that came since the price was last known, for each unit.
    due: f64,
    /// What its price has brought that the ledger has not by asset.
    earned: f64,
}

impl Position {
    pub(super) fn value(&self) -> f64 {
        self.units * self.price
    }

    /// Takes the shares and the cash that come to its holders on a row; gives the cash.
    fn act(&mut self, row: Row, prices: &BookPrices<'_>, ledger: &mut Writer) -> f64 {
        let (ratio, dividend) = prices.act(self.asset, row, &mut self.actions);
        self.units *= ratio;
        self.price /= ratio;
        self.due /= ratio;
        let cash = self.units * dividend;
        if cash != 0.0 {
            // Without the dividend a share is worth so much less until the market says what it is worth.
            self.price -= dividend;
            self.due += dividend;
            self.earned -= cash;
            ledger.of_asset(Cause::Dividend, self.asset, cash);
        }
        cash
    }

    /// The fee for it where it is sold short: so much of its value, below zero.
    fn fee(&self, share: f64, ledger: &mut Writer) -> f64 {
        let paid = self.value() * share;
        ledger.of_asset(Cause::Borrow, self.asset, paid);
        paid
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

    /// Values it at the price of a row (missing: the last stays, but not below zero). Gives what that brought, and
    /// whether there was none.
    fn see(&mut self, now: f64, grows: bool) -> (f64, bool) {
        if !now.is_nan() {
            return (self.mark(now, grows), false);
        }
        (if self.price < 0.0 { self.mark(0.0, grows) } else { 0.0 }, true)
    }
}

/// What the book is worth on a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Worth {
    /// What the positions are worth, long less short.
    pub(super) net: f64,
    /// Both together.
    pub(super) gross: f64,
    /// How many positions there are.
    pub(super) names: u32,
}

/// What rows came to before anything was traded, by row.
#[derive(Debug)]
pub(super) struct Days {
    /// What prices brought.
    pub(super) gains: Vec<f64>,
    /// The fees for what is sold short, below zero.
    pub(super) fees: Vec<f64>,
    pub(super) dividends: Vec<f64>,
    net: Vec<f64>,
    gross: Vec<f64>,
    names: Vec<u32>,
    /// How many positions had no price.
    pub(super) stale: Vec<u32>,
}

impl Days {
    fn new(rows: usize) -> Self {
        let (money, count) = (vec![0.0; rows], vec![0; rows]);
        Self {
            gains: money.clone(),
            fees: money.clone(),
            dividends: money.clone(),
            net: money.clone(),
            gross: money,
            names: count.clone(),
            stale: count,
        }
    }

    pub(super) fn worth(&self, place: usize) -> Worth {
        Worth { net: self.net[place], gross: self.gross[place], names: self.names[place] }
    }

    /// A position at prices that are all there, from a place on; the bits are those of one row after the other.
    fn hold(&mut self, position: &mut Position, seen: &[f64], place: usize) {
        let units = position.units;
        let part = place..place + seen.len();
        let worth = self.net[part.clone()].iter_mut().zip(&mut self.gross[part.clone()]);
        for ((net, gross), now) in worth.zip(seen) {
            let value = units * now;
            *net += value;
            *gross += value.abs();
        }
        self.names[part.clone()].iter_mut().for_each(|names| *names += 1);
        let before = std::iter::once(&position.price).chain(seen);
        let mut earned = position.earned;
        for ((gains, now), before) in self.gains[part].iter_mut().zip(seen).zip(before) {
            let gain = units * (now - before);
            *gains += gain;
            earned += gain;
        }
        position.earned = earned;
        position.price = seen[seen.len() - 1];
        position.due = 0.0;
    }
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) cash: f64,
    // Invariant: sorted by asset.
    pub(super) positions: Vec<Position>,
    /// Whether positions know their growth.
    grows: bool,
}

impl Book {
    pub(super) fn new(cash: f64, grows: bool) -> Self {
        Self { cash, positions: vec![], grows }
    }

    /// What the book is worth as it stands.
    pub(super) fn worth(&self) -> Worth {
        let mut worth = Worth { names: self.positions.len() as u32, ..Worth::default() };
        for position in &self.positions {
            worth.net += position.value();
            worth.gross += position.value().abs();
        }
        worth
    }

    pub(super) fn nav(&self) -> f64 {
        self.cash + self.worth().net
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

    /// Takes the dividends of a row, by which the positions are worth less.
    pub(super) fn take_dividends(&mut self, cash: f64, ledger: &mut Writer) {
        self.cash += cash;
        ledger.gains(-cash);
        ledger.cash(Cause::Dividend, None, cash);
    }

    /// Values the positions at the row's prices. Gives how many had none.
    pub(super) fn mark(&mut self, prices: ArrayView1<'_, f64>, ledger: &mut Writer) -> u32 {
        let (mut gains, mut stale) = (0.0, 0);
        for position in &mut self.positions {
            let (gain, is_stale) = position.see(prices[position.asset], self.grows);
            gains += gain;
            stale += u32::from(is_stale);
        }
        ledger.gains(gains);
        stale
    }

    /// What happens to the positions over rows without trades: fees for what is sold short, each so much of its value;
    /// splits and dividends; values at the closes, or at `opens` on one row. Positions that have had their last price are
    /// given with the row after it, in order of these rows, and are in the book no more. It goes by position, whose prices
    /// lie side by side; the money of all this is still to be moved, row by row.
    pub(super) fn pass(
        &mut self,
        first: Row,
        shares: &[f64],
        prices: &BookPrices<'_>,
        opens: Option<&[f64]>,
        ledger: &mut Writer,
    ) -> (Days, Vec<(Row, Position)>) {
        let mut days = Days::new(shares.len());
        let (mut ended, mut buffer) = (vec![], vec![]);
        let has_fees = shares.iter().any(|share| *share > 0.0);
        for position in &mut self.positions {
            let seen = match opens {
                Some(opens) => &opens[position.asset..=position.asset],
                None => prices.of_asset(position.asset, first, shares.len(), &mut buffer),
            };
            let is_simple = !(self.grows || has_fees && position.units < 0.0);
            let mut place = 0;
            while place < seen.len() {
                let row = first + place as Row;
                let event = position.actions.next.min(position.ends.saturating_add(1));
                let quiet = (event.saturating_sub(row) as usize).min(seen.len() - place);
                let priced = seen[place..place + quiet].iter().take_while(|now| !now.is_nan());
                let priced = if is_simple { priced.count() } else { 0 };
                if priced > 0 {
                    days.hold(position, &seen[place..place + priced], place);
                    place += priced;
                    continue;
                }
                if position.units < 0.0 && shares[place] > 0.0 {
                    days.fees[place] += position.fee(shares[place], ledger);
                }
                if position.actions.next <= row {
                    days.dividends[place] += position.act(row, prices, ledger);
                }
                if position.ends < row {
                    ended.push((row, *position));
                    break;
                }
                let (gain, is_stale) = position.see(seen[place], self.grows);
                days.gains[place] += gain;
                days.stale[place] += u32::from(is_stale);
                days.names[place] += 1;
                days.net[place] += position.value();
                days.gross[place] += position.value().abs();
                place += 1;
            }
        }
        let until = first + shares.len() as Row;
        self.positions.retain(|p| p.ends.saturating_add(1) >= until);
        ended.sort_by_key(|(row, _)| *row);
        (days, ended)
    }

    /// Takes the value of a position that has had its last price as cash.
    pub(super) fn take_value(&mut self, position: &Position, ledger: &mut Writer) {
        ledger.of_asset(Cause::Price, position.asset, position.earned);
        ledger.trade(-position.value());
        self.cash += position.value();
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
                    ledger.of_asset(Cause::Price, asset, position.earned);
                    self.positions.remove(i);
                }
            }
            Err(_) if units == 0.0 => {}
            Err(i) => {
                let position = Position {
                    asset,
                    units,
                    price,
                    ends,
                    entered: row,
                    growth: 1.0,
                    peak: 1.0,
                    actions: prices.actions(asset, row),
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
            let earned = std::mem::take(&mut position.earned);
            ledger.of_asset(Cause::Price, position.asset, earned);
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
