//! A book on its way through the rows: interest, splits and dividends, settlement, trades, marks, and the law that no
//! money comes from nowhere.

use super::{
    Simulation,
    book::{Book, Position, end_of_trading},
    cost::CostModel,
    error,
    fill::{Exchange, Fills, Order, Size},
    ledger::{CAUSES, Cause, Writer},
    price::BookPrices,
    track::{Delisting, Holding, Reason, Track, Trade, Trigger},
    tranche::Sleeves,
};
use crate::{
    check::{CashRate, TradeAt},
    diagnostic::Diagnostic,
    panel::{AssetId, Row, days_since_epoch},
};
use ndarray::ArrayView1;

pub(super) struct Run<'a> {
    pub(super) simulation: &'a Simulation<'a>,
    pub(super) prices: BookPrices<'a>,
    pub(super) assets: usize,
    pub(super) start: Row,
    pub(super) last_row: Row,
    pub(super) book: Book,
    pub(super) ledger: Writer,
    pub(super) orders: Vec<Order>,
    /// Orders that were decided, and may be filled from their row on.
    pub(super) later: Vec<(Row, Vec<Order>)>,
    /// When the shares of `hold` were last set.
    pub(super) shares_set: Row,
    /// The last known yearly rate on cash.
    pub(super) rate: f64,
    /// The greatest net asset value so far.
    pub(super) high: f64,
    pub(super) sleeves: Option<Sleeves>,
    /// The sleeves as the target that was made last would leave them.
    pub(super) renewed: Option<Sleeves>,
    pub(super) cash_return: f64,
    pub(super) stale: usize,
    pub(super) traded: bool,
    pub(super) track: Track,
}

impl<'a> Run<'a> {
    pub(super) fn new(simulation: &'a Simulation<'a>, start: Row) -> Self {
        let capital = simulation.policy.capital;
        let assets = simulation.market.schema().symbols.len();
        let tranches = simulation.policy.triggers.tranches;
        let mut run = Self {
            simulation,
            prices: BookPrices::new(simulation.market),
            assets,
            start,
            last_row: simulation.market.calendar().len() as Row - 1,
            book: Book::new(capital, simulation.policy.asks_growth()),
            ledger: Writer::new(capital, assets),
            orders: vec![],
            later: vec![],
            shares_set: start,
            rate: 0.0,
            high: capital,
            sleeves: (tranches > 1).then(|| Sleeves::new(tranches)),
            renewed: None,
            cash_return: 0.0,
            stale: 0,
            traded: false,
            track: Track { first: start, capital, ..Track::default() },
        };
        // The rate known at the start may be older than the start.
        (0..start).for_each(|row| run.learn_rate(row));
        run
    }

    /// The first decision, and its row.
    pub(super) fn start(&mut self) -> Result<(), Box<Diagnostic>> {
        let row = self.start;
        // What is to leave at once is not bought.
        let barred = self.barred(row);
        let target = self.target(row, &barred, true)?;
        self.carry_out(row, target, Trigger::Start, &barred)?;
        self.record(row)
    }

    fn learn_rate(&mut self, row: Row) {
        let rate = match self.simulation.policy.cash {
            CashRate::Constant(rate) => rate,
            CashRate::Series(id) => self.simulation.signals.get(id).value(row, 0),
        };
        if rate.is_finite() {
            self.rate = rate;
        }
    }

    /// What happens before and at the open: interest and fees, splits and dividends, proceeds of what stopped trading,
    /// trades at the open.
    pub(super) fn open_day(&mut self, row: Row) {
        self.traded = false;
        self.stale = 0;
        self.pay_interest(row);
        let Self { prices, book, ledger, orders, later, .. } = self;
        book.act(row, prices, ledger);
        let waiting = orders.iter_mut().chain(later.iter_mut().flat_map(|(_, list)| list));
        for order in waiting.filter(|o| o.next_action <= row) {
            let (ratio, _) = prices.action(order.asset, row);
            if let Size::Units(units) = &mut order.size {
                *units *= ratio;
            }
            order.next_action = prices.next_action(order.asset, row);
        }
        self.settle(row);
        if let Some(due) = self.later.iter().position(|(from, _)| *from <= row) {
            self.orders = self.later.remove(due).1;
        }
        if self.simulation.policy.trade == TradeAt::NextOpen && !self.orders.is_empty() {
            let prices = self.prices;
            let open = prices.market().open;
            let opens: Vec<f64> = (0..self.assets).map(|a| prices.at_open(row, a)).collect();
            self.book.mark(ArrayView1::from(&opens), &mut self.ledger);
            self.trade(row, &|a| prices.at_open(row, a), &|a| {
                open.map_or(f64::NAN, |o| o[[row as usize, a]])
            });
        }
    }

    /// Interest on the cash of the row before, and the fee for what was sold short, by calendar day.
    fn pay_interest(&mut self, row: Row) {
        let calendar = self.simulation.market.calendar();
        self.cash_return = self.rate / f64::from(calendar.rows_per_year());
        let interest = self.book.cash * self.cash_return;
        let cause = if self.book.cash < 0.0 { Cause::Margin } else { Cause::Interest };
        self.book.cash += interest;
        self.ledger.cash(cause, None, interest);
        let Some(fee) = self.simulation.policy.costs.borrow else { return };
        let day = |row: Row| days_since_epoch(calendar.date(row));
        let years = f64::from(day(row) - day(row - 1)) / 365.0;
        for position in self.book.positions.iter().filter(|p| p.units < 0.0) {
            let paid = position.value() * fee * years;
            self.book.cash += paid;
            self.ledger.cash(Cause::Borrow, Some(position.asset), paid);
        }
    }

    /// The close: new values, then trades at the close.
    pub(super) fn close_day(&mut self, row: Row) {
        let close = self.prices.at_close(row);
        self.stale = self.book.mark(close, &mut self.ledger);
        let at_close = !matches!(self.simulation.policy.trade, TradeAt::NextOpen);
        if at_close && !self.orders.is_empty() {
            self.trade_at_close(row);
        }
    }

    pub(super) fn trade_at_close(&mut self, row: Row) {
        let (values, prices) = (self.prices.at_close(row), self.prices.market());
        self.trade(row, &|a| values[a], &|a| prices.close[[row as usize, a]]);
    }

    /// Pays out what has had its last price: that price, times one plus the return that the data give, or `delisting`.
    fn settle(&mut self, row: Row) {
        let nav = self.book.nav();
        let ended = self.book.settle(row, &mut self.ledger);
        if ended.is_empty() {
            return;
        }
        let known = self.simulation.market.delisting_returns();
        let outcome = |asset: usize| known.map(|r| r[asset]).filter(|r| !r.is_nan());
        let assumed = self.simulation.policy.delisting;
        for position in &ended {
            let Position { asset, units, .. } = *position;
            let outcome = outcome(asset);
            let assumed = assumed.filter(|_| outcome.is_none());
            let gain = position.value() * outcome.or(assumed).unwrap_or(0.0);
            self.book.cash += gain;
            self.ledger.cash(Cause::Delisting, Some(asset), gain);
            let value = position.value() + gain;
            let id = AssetId(asset as u32);
            self.track.delistings.push(Delisting {
                asset: id,
                last_priced: position.ends,
                settled: row,
                value,
                outcome,
                assumed,
                weight: position.value() / nav,
            });
            let last = position.ends;
            let close = self.prices.market().close[[last as usize, asset]];
            self.track.trades.push(Trade {
                decided: row,
                traded: row,
                asset: id,
                price: close,
                value: -value,
                shares: -units * self.prices.shares(last, asset),
                charges: [0.0; CAUSES],
                reason: Reason::StoppedTrading,
            });
        }
        self.traded = true;
        self.orders.retain(|o| !ended.iter().any(|p| p.asset == o.asset));
    }

    fn trade(&mut self, row: Row, unit: &dyn Fn(usize) -> f64, price: &dyn Fn(usize) -> f64) {
        let Simulation { policy, signals, market, .. } = *self.simulation;
        let (lifetimes, last_row) = (market.lifetimes(), self.last_row);
        let ends = |asset: usize| end_of_trading(lifetimes[asset], last_row);
        let nav = self.book.nav();
        let credit =
            self.track.rebalances.last().map_or(0.0, |r| (r.target.invested() - 1.0).max(0.0));
        let most = |asset: usize| match policy.volume_cap {
            None => f64::INFINITY,
            // Where nothing is known to have traded, nothing is.
            Some(cap) => {
                let traded = signals.get(cap.traded).value(row, asset);
                if traded.is_nan() { 0.0 } else { cap.share * traded }
            }
        };
        let prices = self.prices;
        let shares_of = |asset: usize| prices.shares(row, asset);
        let exchange = Exchange {
            row,
            price: unit,
            most: &most,
            shares: &shares_of,
            lot: policy.lot,
            costs: CostModel { costs: &policy.costs, signals },
            credit,
            ends: &ends,
            prices,
        };
        let fills = exchange.fill(&mut self.orders, &mut self.book, &mut self.ledger);
        self.note_rebalance(row, nav, &fills);
        self.traded |= !fills.list.is_empty();
        let trades: Vec<Trade> = fills
            .list
            .iter()
            .map(|f| Trade {
                decided: f.decided,
                traded: row,
                asset: AssetId(f.asset as u32),
                price: price(f.asset),
                value: f.value,
                shares: (f.after - f.before) * prices.shares(row, f.asset),
                charges: f.charges,
                reason: f.reason.unwrap_or(match (f.before, f.after) {
                    (_, 0.0) => Reason::Left,
                    // From one side to the other as well.
                    (before, after) if before * after <= 0.0 => Reason::Entered,
                    (before, after) if after.abs() > before.abs() => Reason::Increased,
                    _ => Reason::Decreased,
                }),
            })
            .collect();
        self.track.trades.extend(trades);
    }

    fn note_rebalance(&mut self, row: Row, nav: f64, fills: &Fills) {
        let Some(rebalance) = self.track.rebalances.last_mut() else { return };
        if fills.list.is_empty() {
            return;
        }
        rebalance.traded.get_or_insert(row);
        rebalance.unpaid += fills.unpaid / nav;
        let exits = fills.list.iter().filter(|f| f.reason == Some(Reason::Exit));
        let left: f64 = exits.map(|f| f.value.abs()).sum();
        rebalance.turnover += (fills.bought.max(fills.sold) - left).max(0.0) / nav;
        self.track.exit_turnover += left / nav;
    }

    /// Writes the row down, and checks that every change of value has its cause.
    pub(super) fn record(&mut self, row: Row) -> Result<(), Box<Diagnostic>> {
        let before = self.track.nav.last().copied().unwrap_or(self.track.capital);
        let (holdings, gross) = self.book.holdings();
        let nav = self.book.cash + holdings;
        if !nav.is_finite() {
            return Err(error::not_finite(self.simulation, row));
        }
        if nav <= 0.0 {
            return Err(error::ruined(self.simulation, row));
        }
        let (cash_off, holdings_off) = self.ledger.close(self.book.cash, holdings);
        let off = cash_off.abs().max(holdings_off.abs());
        if off > 1e-9 * gross.max(nav).max(before) {
            return Err(error::money_not_conserved(self.simulation, row, off));
        }
        self.high = self.high.max(nav);
        let track = &mut self.track;
        track.nav.push(nav);
        track.cash.push(self.book.cash);
        track.cash_return.push(self.cash_return);
        track.names.push(self.book.positions.len() as u32);
        track.stale += self.stale as u64;
        track.holding_rows += self.book.positions.len() as u64;
        if self.traded {
            self.write_holdings(row, nav);
        }
        self.learn_rate(row);
        Ok(())
    }

    fn write_holdings(&mut self, row: Row, nav: f64) {
        let close = self.prices.market().close;
        let list: Vec<Holding> = self
            .book
            .positions
            .iter()
            .map(|position| {
                let (asset, value) = (position.asset, position.value());
                let shares = position.units * self.prices.shares(row, asset);
                let now = close[[row as usize, asset]];
                let price = if now.is_nan() { value / shares } else { now };
                let asset = AssetId(asset as u32);
                Holding { row, asset, price, shares, value, weight: value / nav }
            })
            .collect();
        self.track.holdings.extend(list);
    }

    /// The track, once all rows are recorded.
    pub(super) fn finish(mut self) -> Track {
        self.count_unfilled();
        let Self { mut book, mut ledger, mut track, .. } = self;
        book.flush(&mut ledger);
        track.ledger = ledger.finish();
        track
    }
}
