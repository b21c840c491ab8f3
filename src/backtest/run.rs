//! A book on its way through the rows: interest, splits and dividends, settlement, trades, marks, and the law that no
//! money comes from nowhere.

use super::{
    Simulation,
    ahead::Ahead,
    book::{Book, Position, Worth, end_of_trading},
    cost::CostModel,
    error,
    fill::{Exchange, Fill, Fills, Order, Size},
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

/// How many rows are passed at a time: what is summed for them stays in the nearest cache.
const STRETCH: Row = 128;

pub(super) struct Run<'a> {
    pub(super) simulation: &'a Simulation<'a>,
    pub(super) prices: BookPrices<'a>,
    pub(super) assets: usize,
    pub(super) start: Row,
    pub(super) last_row: Row,
    pub(super) book: Book,
    pub(super) ledger: Writer,
    pub(super) ahead: Ahead,
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
    pub(super) stale: u32,
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
            ahead: Ahead::default(),
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

    /// The row up to which nothing is to be traded or decided before its close; `decision` is the next of the calendar.
    pub(super) fn next_stop(&self, row: Row, decision: Option<Row>) -> Row {
        let Simulation { policy, last, .. } = *self.simulation;
        let is_watched = !policy.triggers.when.is_empty() || !policy.exits.is_empty();
        if is_watched || !self.orders.is_empty() || !self.later.is_empty() {
            return row;
        }
        decision.unwrap_or(last).min(last).min(row + STRETCH - 1)
    }

    /// Goes from a row to the close of another, and fills what orders there are on it; the rows before it are written
    /// down.
    pub(super) fn go(&mut self, row: Row, stop: Row) -> Result<(), Box<Diagnostic>> {
        self.split_orders(row);
        if let Some(due) = self.later.iter().position(|(from, _)| *from <= row) {
            self.orders = self.later.remove(due).1;
        }
        if self.simulation.policy.trade == TradeAt::NextOpen && !self.orders.is_empty() {
            let prices = self.prices;
            let opens: Vec<f64> = (0..self.assets).map(|a| prices.at_open(row, a)).collect();
            self.pass(row, stop, Some(&opens))?;
            let open = prices.market().open;
            self.trade(row, &|a| opens[a], &|a| open.map_or(f64::NAN, |o| o[[row as usize, a]]));
            self.stale = self.book.mark(prices.at_close(row), &mut self.ledger);
            return Ok(());
        }
        self.pass(row, stop, None)?;
        if !self.orders.is_empty() {
            self.trade_at_close(stop);
        }
        Ok(())
    }

    /// Has orders that wait follow the splits of a row.
    fn split_orders(&mut self, row: Row) {
        let Self { prices, orders, later, .. } = self;
        let waiting = orders.iter_mut().chain(later.iter_mut().flat_map(|(_, list)| list));
        for order in waiting.filter(|o| o.actions.next <= row) {
            let (ratio, _) = prices.act(order.asset, row, &mut order.actions);
            if let Size::Units(units) = &mut order.size {
                *units *= ratio;
            }
        }
    }

    /// Interest, fees, splits and dividends, proceeds of what stopped trading, and values, from a row to another; all rows
    /// but the last are written down.
    fn pass(&mut self, row: Row, until: Row, opens: Option<&[f64]>) -> Result<(), Box<Diagnostic>> {
        let shares: Vec<f64> = (row..=until).map(|row| self.borrow_share(row)).collect();
        let Self { book, prices, ledger, .. } = self;
        let (days, ended) = book.pass(row, &shares, prices, opens, ledger);
        let mut ended = ended.iter().peekable();
        self.traded = false;
        for (place, row) in (row..=until).enumerate() {
            self.pay_interest();
            self.book.cash += days.fees[place];
            self.ledger.cash(Cause::Borrow, None, days.fees[place]);
            self.book.take_dividends(days.dividends[place], &mut self.ledger);
            while let Some((_, position)) = ended.next_if(|(at, _)| *at == row) {
                self.pay_out(row, position);
            }
            self.ledger.gains(days.gains[place]);
            self.stale = days.stale[place];
            if row < until {
                self.write_down(row, days.worth(place))?;
            }
        }
        Ok(())
    }

    /// Interest on the cash of the row before.
    fn pay_interest(&mut self) {
        let calendar = self.simulation.market.calendar();
        self.cash_return = self.rate / f64::from(calendar.rows_per_year());
        let interest = self.book.cash * self.cash_return;
        let cause = if self.book.cash < 0.0 { Cause::Margin } else { Cause::Interest };
        self.book.cash += interest;
        self.ledger.cash(cause, None, interest);
    }

    /// What is paid on a row for each unit of money that is sold short.
    fn borrow_share(&self, row: Row) -> f64 {
        let Some(fee) = self.simulation.policy.costs.borrow else { return 0.0 };
        let calendar = self.simulation.market.calendar();
        let day = |row: Row| days_since_epoch(calendar.date(row));
        fee * f64::from(day(row) - day(row - 1)) / 365.0
    }

    pub(super) fn trade_at_close(&mut self, row: Row) {
        let (values, prices) = (self.prices.at_close(row), self.prices.market());
        self.trade(row, &|a| values[a], &|a| prices.close[[row as usize, a]]);
    }

    /// Pays out what has had its last price: that price, times one plus the return that the data give, or `delisting`.
    fn pay_out(&mut self, row: Row, position: &Position) {
        let Position { asset, units, ends, .. } = *position;
        self.book.take_value(position, &mut self.ledger);
        let known = self.simulation.market.delisting_returns();
        let outcome = known.map(|r| r[asset]).filter(|r| !r.is_nan());
        let assumed = self.simulation.policy.delisting.filter(|_| outcome.is_none());
        let gain = position.value() * outcome.or(assumed).unwrap_or(0.0);
        self.book.cash += gain;
        self.ledger.cash(Cause::Delisting, Some(asset), gain);
        let value = position.value() + gain;
        let id = AssetId(asset as u32);
        let track = &mut self.track;
        track.delistings.push(Delisting {
            asset: id,
            last_priced: ends,
            settled: row,
            value,
            outcome,
            assumed,
            weight: position.value() / track.nav.last().copied().unwrap_or(track.capital),
        });
        track.trades.push(Trade {
            decided: row,
            traded: row,
            asset: id,
            price: self.prices.market().close[[ends as usize, asset]],
            value: -value,
            shares: -units * self.prices.shares(ends, asset),
            charges: [0.0; CAUSES],
            reason: Reason::StoppedTrading,
        });
        self.orders.retain(|o| o.asset != asset);
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
        let trade = |f: &Fill| Trade {
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
        };
        self.track.trades.extend(fills.list.iter().map(trade));
    }

    fn note_rebalance(&mut self, row: Row, nav: f64, fills: &Fills) {
        let Some(rebalance) = self.track.rebalances.last_mut() else { return };
        if fills.list.is_empty() {
            return;
        }
        rebalance.traded.get_or_insert(row);
        rebalance.unpaid += fills.unpaid / nav;
        let exits = fills.list.iter().filter(|f| f.reason == Some(Reason::Exit));
        let (bought, sold) = exits.fold((0.0, 0.0), |(bought, sold), f| {
            (bought + f.value.max(0.0), sold - f.value.min(0.0))
        });
        let left = f64::max(bought, sold);
        rebalance.turnover += (fills.bought.max(fills.sold) - left).max(0.0) / nav;
        self.track.exit_turnover += left / nav;
    }

    /// Writes the row down as the book stands.
    pub(super) fn record(&mut self, row: Row) -> Result<(), Box<Diagnostic>> {
        self.write_down(row, self.book.worth())
    }

    /// Writes a row down, and checks that every change of value has its cause.
    fn write_down(&mut self, row: Row, worth: Worth) -> Result<(), Box<Diagnostic>> {
        let Worth { net: holdings, gross, names } = worth;
        let before = self.track.nav.last().copied().unwrap_or(self.track.capital);
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
        track.names.push(names);
        track.stale += u64::from(self.stale);
        track.holding_rows += u64::from(names);
        if self.traded {
            self.write_holdings(row, nav);
        }
        self.learn_rate(row);
        Ok(())
    }

    fn write_holdings(&mut self, row: Row, nav: f64) {
        let Self { book, prices, track, .. } = self;
        let close = prices.market().close;
        let holding = |position: &Position| {
            let (asset, value) = (position.asset, position.value());
            let shares = position.units * prices.shares(row, asset);
            let now = close[[row as usize, asset]];
            let price = if now.is_nan() { value / shares } else { now };
            let asset = AssetId(asset as u32);
            Holding { row, asset, price, shares, value, weight: value / nav }
        };
        track.holdings.extend(book.positions.iter().map(holding));
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
