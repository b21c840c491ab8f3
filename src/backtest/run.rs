//! A book on its way through the rows: interest, splits and dividends, settlement, trades, marks, decisions, and the law
//! that no money comes from nowhere.

use super::{
    Simulation,
    book::{Book, Position, end_of_trading},
    condition,
    cost::CostModel,
    error,
    fill::{Exchange, Fills, Order, Size},
    hold,
    ledger::{CAUSES, Cause, Writer},
    price::BookPrices,
    simulate::Asked,
    state::BookState,
    track::{Delisting, Exit, Holding, Reason, Rebalance, Track, Trade, Trigger},
    tranche::Sleeves,
};
use crate::{
    check::{CashRate, Condition, Pick, State, TradeAt},
    diagnostic::Diagnostic,
    panel::{AssetId, Row, days_since_epoch},
    portfolio::{self, Decision, Standing, Target},
};
use ndarray::ArrayView1;

pub(super) struct Run<'a> {
    simulation: &'a Simulation<'a>,
    prices: BookPrices<'a>,
    assets: usize,
    start: Row,
    last_row: Row,
    book: Book,
    ledger: Writer,
    orders: Vec<Order>,
    /// Orders that were decided, and may be filled from their row on.
    later: Vec<(Row, Vec<Order>)>,
    /// When the shares of `hold` were last set.
    shares_set: Row,
    /// The last known yearly rate on cash.
    rate: f64,
    /// The greatest net asset value so far.
    high: f64,
    sleeves: Option<Sleeves>,
    /// The sleeves as the target that was made last would leave them.
    renewed: Option<Sleeves>,
    cash_return: f64,
    stale: usize,
    traded: bool,
    track: Track,
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
            book: Book::new(capital),
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

    fn trade_at_close(&mut self, row: Row) {
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
            self.track.trades.push(Trade {
                decided: row,
                traded: row,
                asset: id,
                price: self.prices.last_close(row, asset),
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
        if !fills.list.is_empty() {
            rebalance.traded.get_or_insert(row);
            rebalance.turnover += fills.bought.max(fills.sold) / nav;
            rebalance.unpaid += fills.unpaid / nav;
        }
    }

    /// The book as conditions see it at a row.
    fn state<'s>(&'s self, row: Row, candidate: Option<&'s Target>) -> BookState<'s> {
        BookState {
            book: &self.book,
            row,
            assets: self.assets,
            high: self.high.max(self.book.nav()),
            target: self.track.rebalances.last().map_or(&[], |r| r.target.weights.as_slice()),
            candidate: candidate.map(|t| t.weights.as_slice()),
            is_decided: false,
        }
    }

    fn holds(&self, condition: &Condition, row: Row, candidate: Option<&Target>) -> bool {
        let state = self.state(row, candidate);
        condition::holds(condition, self.simulation.signals, row, self.assets, &state)
    }

    /// The assets of which a condition holds; of all, where it has one answer.
    fn assets_where(&self, condition: &Condition, row: Row) -> Vec<usize> {
        let state = self.state(row, None);
        let values =
            condition::values(condition, self.simulation.signals, row, self.assets, &state);
        let value = |asset: usize| if values.len() == 1 { values[0] } else { values[asset] };
        (0..self.assets).filter(|a| value(*a) == 1.0).collect()
    }

    /// Whether orders are still worked over the rows that they were given.
    fn is_working(&self) -> bool {
        self.orders.iter().any(|o| o.rows_left > 1)
    }

    /// All that is decided after the close of a row: what leaves, and a decision if the calendar or a trigger asks for
    /// one. `due` is what the calendar says, if it says anything.
    pub(super) fn decide(
        &mut self,
        row: Row,
        due: Option<Asked<'_>>,
    ) -> Result<(), Box<Diagnostic>> {
        let policy = self.simulation.policy;
        if due.is_none() && policy.triggers.when.is_empty() && policy.exits.is_empty() {
            return Ok(());
        }
        // Whoever wants the turnover to the new target wants a target first, once.
        let mut made: Option<Target> = None;
        let barred = self.barred(row);
        let mut trigger = None;
        match due {
            None => {}
            Some(Asked::Always) => trigger = Some(Trigger::Calendar),
            Some(Asked::ByHeld) => trigger = Some(Trigger::Held),
            Some(Asked::If(conditions)) => {
                for condition in conditions {
                    if self.asks(condition, row, &barred, &mut made)? {
                        trigger = Some(Trigger::Calendar);
                        break;
                    }
                }
                self.track.passed_over += usize::from(trigger.is_none());
            }
        }
        let mut restored = false;
        if trigger.is_none() && !self.is_working() {
            for (number, condition) in policy.triggers.when.iter().enumerate() {
                if self.asks(condition, row, &barred, &mut made)? {
                    trigger = Some(Trigger::When(number));
                    restored = policy.triggers.to_target;
                    break;
                }
            }
        }
        let Some(trigger) = trigger else {
            self.renewed = None;
            self.exit(row, &barred);
            return Ok(());
        };
        let target = match (restored, made) {
            (true, _) => self.restored(row, &barred),
            (false, Some(made)) => made,
            (false, None) => self.target(row, &barred, trigger != Trigger::Held)?,
        };
        self.carry_out(row, target, trigger, &barred)
    }

    /// Whether a condition of the schedule holds; `made` is the target that it may have wanted.
    fn asks(
        &mut self,
        condition: &Condition,
        row: Row,
        barred: &[(usize, usize)],
        made: &mut Option<Target>,
    ) -> Result<bool, Box<Diagnostic>> {
        if condition.asks(State::Turnover) && made.is_none() {
            *made = Some(match self.simulation.policy.triggers.to_target {
                true => self.restored(row, barred),
                false => self.target(row, barred, true)?,
            });
        }
        Ok(self.holds(condition, row, made.as_ref()))
    }

    /// What some `exit when` is about, by asset, with its number.
    fn barred(&self, row: Row) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = vec![];
        for (number, condition) in self.simulation.policy.exits.iter().enumerate() {
            found.extend(self.assets_where(condition, row).into_iter().map(|a| (a, number)));
        }
        found.sort_unstable();
        found.dedup_by_key(|(asset, _)| *asset);
        found
    }

    /// Has leave what is held of the barred assets, if it is not leaving already.
    fn exit(&mut self, row: Row, barred: &[(usize, usize)]) {
        let is_leaving = |asset: usize| {
            let later = self.later.iter().flat_map(|(_, list)| list);
            self.orders.iter().chain(later).any(|o| o.asset == asset && o.size == Size::Units(0.0))
        };
        let leaving: Vec<(usize, usize)> = barred
            .iter()
            .copied()
            .filter(|(asset, _)| self.book.position(*asset).is_some() && !is_leaving(*asset))
            .collect();
        if leaving.is_empty() {
            return;
        }
        let assets: Vec<usize> = leaving.iter().map(|(asset, _)| *asset).collect();
        if let Some(sleeves) = &mut self.sleeves {
            sleeves.leave(self.simulation.market, &assets, row);
        }
        self.note_exits(row, &leaving);
        let mut orders = std::mem::take(&mut self.orders);
        orders.retain(|o| !assets.contains(&o.asset));
        orders.extend(
            assets
                .iter()
                .map(|&asset| self.order(asset, Size::Units(0.0), row, Some(Reason::Exit))),
        );
        orders.sort_by_key(|o| o.asset);
        self.place(row, orders);
    }

    fn note_exits(&mut self, row: Row, leaving: &[(usize, usize)]) {
        let exits = leaving.iter().map(|&(asset, condition)| Exit {
            row,
            asset: AssetId(asset as u32),
            condition,
        });
        self.track.exits.extend(exits);
    }

    fn order(&self, asset: usize, size: Size, row: Row, reason: Option<Reason>) -> Order {
        let rows_left = match self.simulation.policy.trade {
            TradeAt::Over(rows) => rows,
            _ => 1,
        };
        let next_action = self.prices.next_action(asset, row);
        Order { asset, size, decided: row, reason, rows_left, next_action }
    }

    /// Has orders wait for their first row, in place of all others.
    fn place(&mut self, row: Row, orders: Vec<Order>) {
        let wait = self.simulation.trial.wait;
        if wait > 0 {
            self.later.push((row + 1 + wait, orders));
            return;
        }
        self.orders = orders;
        if self.simulation.policy.trade == TradeAt::ThisClose {
            self.trade_at_close(row);
        }
    }

    /// The last target again, of what can be had.
    fn restored(&mut self, row: Row, barred: &[(usize, usize)]) -> Target {
        let last = self.track.rebalances.last();
        let mut target = last.map_or_else(Target::default, |r| r.target.clone());
        let closes = self.prices.market().close;
        target.row = row;
        target.weights.retain(|(asset, _)| {
            let asset = asset.0 as usize;
            !closes[[row as usize, asset]].is_nan()
                && barred.binary_search_by_key(&asset, |b| b.0).is_err()
        });
        self.renewed = self.sleeves.as_ref().map(|sleeves| sleeves.restored(row));
        target
    }

    /// What is to be held after a decision; of fixed shares, those of the text, or what the strategies held have made of
    /// them.
    fn target(
        &mut self,
        row: Row,
        barred: &[(usize, usize)],
        is_own: bool,
    ) -> Result<Target, Box<Diagnostic>> {
        let Simulation { market, policy, signals, .. } = *self.simulation;
        if !policy.hold.is_empty() {
            let set = if is_own { row } else { self.shares_set };
            let is_held = |asset: usize| self.book.position(asset).is_some();
            return Ok(hold::target(self.simulation, row, set, is_held));
        }
        let decision = Decision { market, policy, signals, row };
        let nav = self.book.nav();
        let mut sleeves = self.sleeves.clone();
        if let Some(sleeves) = &mut sleeves {
            sleeves.drift(market, row);
        }
        let holdings: Vec<(usize, f64)> = match &sleeves {
            Some(sleeves) => sleeves.holdings(),
            None => self.book.positions.iter().map(|p| (p.asset, p.value() / nav)).collect(),
        };
        let barred: Vec<usize> = barred.iter().map(|b| b.0).collect();
        let young = |least: u32| -> Vec<usize> {
            let is_young = |p: &&Position| row - p.entered < least;
            let young = self.book.positions.iter().filter(is_young).map(|p| p.asset);
            young.filter(|a| barred.binary_search(a).is_err()).collect()
        };
        let released = |pick: &Pick| -> Vec<usize> {
            let conditions = pick.keep_until.iter();
            let mut list: Vec<usize> = conditions.flat_map(|c| self.assets_where(c, row)).collect();
            list.sort_unstable();
            list
        };
        let of_side = |pick: &Pick| (young(pick.hold_at_least), released(pick));
        let long = of_side(&policy.pick);
        let short = policy.short.as_ref().map(of_side).unwrap_or_default();
        let standing = Standing {
            holdings: &holdings,
            nav,
            is_started: self.track.rebalances.iter().any(|r| r.traded.is_some()),
            bound: [&long.0, &short.0],
            released: [&long.1, &short.1],
            barred: &barred,
        };
        let mut target = portfolio::construct(decision, standing)?;
        if let Some(sleeves) = &mut sleeves {
            sleeves.renew(&target.weights, row);
            target.weights = sleeves.weights(market, row);
        }
        self.renewed = sleeves;
        Ok(target)
    }

    /// Makes the orders that lead to a target; they replace those that still wait.
    fn carry_out(
        &mut self,
        row: Row,
        target: Target,
        trigger: Trigger,
        barred: &[(usize, usize)],
    ) -> Result<(), Box<Diagnostic>> {
        self.count_unfilled();
        self.expect(row, &target)?;
        if let Some(renewed) = self.renewed.take() {
            self.sleeves = Some(renewed);
        }
        if trigger != Trigger::Held {
            self.shares_set = row;
        }
        let held = |b: &(usize, usize)| self.book.position(b.0).is_some();
        let leaving: Vec<(usize, usize)> = barred.iter().copied().filter(held).collect();
        self.note_exits(row, &leaving);
        // Holdings that stay are not ordered anew; they may have no price today.
        let orders =
            if target.kept_holdings { vec![] } else { self.orders_to(&target, row, &leaving) };
        let (traded, turnover, unfilled, unpaid) = (None, 0.0, 0, 0.0);
        self.track.rebalances.push(Rebalance {
            target,
            trigger,
            traded,
            turnover,
            unfilled,
            unpaid,
        });
        self.place(row, orders);
        Ok(())
    }

    /// Every `expect` at a decision.
    fn expect(&self, row: Row, target: &Target) -> Result<(), Box<Diagnostic>> {
        let state = BookState { is_decided: true, ..self.state(row, Some(target)) };
        let signals = self.simulation.signals;
        for condition in &self.simulation.policy.expectations {
            if !condition::holds(condition, signals, row, self.assets, &state) {
                let compared = condition::compared(condition, signals, row, self.assets, &state);
                return Err(error::not_as_expected(self.simulation, row, condition, compared));
            }
        }
        Ok(())
    }

    fn count_unfilled(&mut self) {
        if let Some(rebalance) = self.track.rebalances.last_mut()
            && self.simulation.last > rebalance.target.row
        {
            rebalance.unfilled = self.orders.len();
        }
    }

    /// One order for each asset that is held or wanted, by asset, as far as its change is worth a trade.
    fn orders_to(&self, target: &Target, row: Row, leaving: &[(usize, usize)]) -> Vec<Order> {
        let policy = self.simulation.policy;
        let (nav, price) = (self.book.nav(), self.prices.at_close(row));
        let size = |asset: usize, weight: f64| match policy.sized_at_fill {
            true => Size::Weight(weight),
            false if price[asset].is_nan() => {
                Size::Units(weight * nav / self.prices.last_value(row, asset))
            }
            false => Size::Units(weight * nav / price[asset]),
        };
        let wanted = &target.weights;
        let held = self.book.positions.iter().map(|p| p.asset);
        let gone = held.filter(|&a| wanted.binary_search_by_key(&a, |w| w.0.0 as usize).is_err());
        let mut orders: Vec<Order> = gone
            .map(|asset| {
                let is_exit = leaving.binary_search_by_key(&asset, |l| l.0).is_ok();
                self.order(asset, Size::Units(0.0), row, is_exit.then_some(Reason::Exit))
            })
            .collect();
        let worth: Option<Vec<usize>> = policy.trade_if.as_ref().map(|condition| {
            let state = self.state(row, Some(target));
            let signals = self.simulation.signals;
            let values = condition::values(condition, signals, row, self.assets, &state);
            let value = |asset: usize| if values.len() == 1 { values[0] } else { values[asset] };
            (0..self.assets).filter(|a| value(*a) == 1.0).collect()
        });
        let is_worth =
            |asset: usize| worth.as_ref().is_none_or(|list| list.binary_search(&asset).is_ok());
        let changes = wanted.iter().map(|&(AssetId(asset), weight)| (asset as usize, weight));
        orders.extend(
            changes
                .filter(|(asset, _)| is_worth(*asset))
                .map(|(asset, weight)| self.order(asset, size(asset, weight), row, None)),
        );
        orders.sort_by_key(|o| o.asset);
        orders
    }

    /// Writes the row down, and checks that every change of value has its cause.
    pub(super) fn record(&mut self, row: Row) -> Result<(), Box<Diagnostic>> {
        let before = self.track.nav.last().copied().unwrap_or(self.track.capital);
        let holdings = self.book.holdings();
        let nav = self.book.cash + holdings;
        if !nav.is_finite() {
            return Err(error::not_finite(self.simulation, row));
        }
        if nav <= 0.0 {
            return Err(error::ruined(self.simulation, row));
        }
        let (cash_off, holdings_off) = self.ledger.close(self.book.cash, holdings);
        let gross: f64 = self.book.positions.iter().map(|p| p.value().abs()).sum();
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
