//! The daily loop: interest, settlement, trades, gains, decisions, and the law that no money comes from nowhere.

use super::{
    book::{Book, Fills, Order, Position, Size, end_of_trading},
    error, hold,
    track::{Delisting, Holding, Reason, Rebalance, Track, Trade},
};
use crate::{
    check::{CashRate, PickCount, Policy, TradeAt},
    diagnostic::Diagnostic,
    execute::Signals,
    panel::{AssetId, MarketData, Prices, Row},
    portfolio::{self, Decision, Funnel, Selection, Standing, Target},
};
use ndarray::{ArrayView1, Axis};

/// A strategy with its signals, and where to run it.
#[derive(Clone, Copy)]
pub struct Simulation<'a> {
    /// Prices and dates.
    pub market: &'a dyn MarketData,
    /// The strategy.
    pub policy: &'a Policy,
    /// Its values, at least at `decisions` (and on every row for the cash rate, if that is a series).
    pub signals: &'a Signals,
    /// The rows of its decisions, sorted.
    pub decisions: &'a [Row],
    /// The first row of the period.
    pub first: Row,
    /// The last row of the period (included).
    pub last: Row,
    /// Rows that must lie before the first decision for all windows to be full.
    pub lookback: u32,
    /// The tracks of the program's strategies by their index, those that this one holds among them; the others may be
    /// empty.
    pub tracks: &'a [Track],
}

/// Runs the book from the first decision at which the strategy has as many assets with a score as it asks for.
///
/// # Errors
/// `empty-run` if there is no such decision, `bad-score` and `infeasible` from the making of a target,
/// `missing-field` for trades at an open that the market does not know, `bad-price` if values overflow.
pub fn simulate(simulation: &Simulation<'_>) -> Result<Track, Box<Diagnostic>> {
    if simulation.policy.trade == TradeAt::NextOpen && simulation.market.prices().open.is_none() {
        return Err(error::no_open_prices());
    }
    let start = first_decision(simulation)?;
    let mut run = Run::new(simulation, start);
    run.decide(start)?;
    run.record(start, Day::default())?;
    let decisions = match simulation.policy.hold.is_empty() {
        true => simulation.decisions.to_vec(),
        false => hold::decisions(simulation, start),
    };
    let mut decisions = decisions.into_iter().filter(|&d| d > start).peekable();
    for row in start + 1..=simulation.last {
        let mut day = run.open_day(row);
        run.close_day(row, &mut day);
        if decisions.next_if_eq(&row).is_some() {
            // The same row may stand twice; it is decided once.
            while decisions.next_if_eq(&row).is_some() {}
            run.decide(row)?;
        }
        run.record(row, day)?;
    }
    run.count_unfilled();
    Ok(run.track)
}

/// The row at which a run starts: the first decision at which the strategy has as many assets as it asks for.
///
/// # Errors
/// `empty-run` if there is none.
pub fn first_decision(simulation: &Simulation<'_>) -> Result<Row, Box<Diagnostic>> {
    let Simulation { market, policy, signals, first, last, lookback, .. } = *simulation;
    let needed = match policy.pick.count {
        PickCount::Top(n) | PickCount::Bottom(n) => n,
        _ => 1,
    };
    let mut best: Option<(Row, Funnel)> = None;
    let from = first.max(lookback);
    // A decision of the last row would be traded after the run.
    let end = if policy.trade == TradeAt::ThisClose { last + 1 } else { last };
    if !policy.hold.is_empty() {
        return hold::first(simulation, from, end)
            .ok_or_else(|| error::empty_run(simulation, None));
    }
    for &row in simulation.decisions.iter().filter(|r| (from..end).contains(r)) {
        let decision = Decision { market, policy, signals, row };
        let Selection { picked, funnel } = portfolio::select(decision, &[]);
        let has_long =
            funnel.scored >= needed && (funnel.picked > 0 || policy.exposure.long == 0.0);
        let has_short = || {
            let asked = match policy.short.as_ref().map(|s| s.count) {
                None => return true,
                Some(PickCount::Top(n) | PickCount::Bottom(n)) => n,
                Some(_) => 1,
            };
            portfolio::select_short(decision, &[], &picked).funnel.picked >= asked
        };
        if has_long && has_short() {
            return Ok(row);
        }
        if best.as_ref().is_none_or(|(_, b)| funnel.scored > b.scored) {
            best = Some((row, funnel));
        }
    }
    Err(error::empty_run(simulation, best))
}

/// The money that moved on a row.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    gains: f64,
    interest: f64,
    cash_return: f64,
    stale: usize,
}

struct Run<'a> {
    simulation: &'a Simulation<'a>,
    prices: Prices<'a>,
    last_row: Row,
    book: Book,
    orders: Vec<Order>,
    /// When the waiting orders were decided.
    decided: Row,
    /// When the shares of `hold` were last set.
    shares_set: Row,
    /// The last known yearly rate on cash.
    rate: f64,
    /// Costs and gains of trades on the row at hand.
    costs: f64,
    traded: bool,
    track: Track,
}

impl<'a> Run<'a> {
    fn new(simulation: &'a Simulation<'a>, start: Row) -> Self {
        let capital = simulation.policy.capital;
        let mut run = Self {
            simulation,
            prices: simulation.market.prices(),
            last_row: simulation.market.calendar().len() as Row - 1,
            book: Book::new(capital),
            orders: vec![],
            decided: start,
            shares_set: start,
            rate: 0.0,
            costs: 0.0,
            traded: false,
            track: Track { first: start, capital, ..Track::default() },
        };
        // The rate known at the start may be older than the start.
        (0..start).for_each(|row| run.learn_rate(row));
        run
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

    fn index(&self, row: Row) -> ArrayView1<'a, f64> {
        self.prices.total_return.index_axis_move(Axis(0), row as usize)
    }

    fn close(&self, row: Row) -> ArrayView1<'a, f64> {
        self.prices.close.index_axis_move(Axis(0), row as usize)
    }

    /// The total-return index at the open of a row: missing without an open or a close.
    fn index_at_open(&self, row: Row, asset: usize) -> f64 {
        let open = self.prices.open.map_or(f64::NAN, |o| o[[row as usize, asset]]);
        self.index(row)[asset] * (open / self.close(row)[asset])
    }

    /// What happens before and at the open: interest, proceeds of what stopped trading, trades at the open.
    fn open_day(&mut self, row: Row) -> Day {
        let rows_per_year = f64::from(self.simulation.market.calendar().rows_per_year());
        let cash_return = self.rate / rows_per_year;
        let interest = self.book.cash * cash_return;
        self.book.cash += interest;
        self.costs = 0.0;
        self.traded = false;
        let gains = self.settle(row);
        let mut day = Day { gains, interest, cash_return, ..Day::default() };
        if self.simulation.policy.trade == TradeAt::NextOpen && !self.orders.is_empty() {
            let at_open: Vec<f64> =
                (0..self.index(row).len()).map(|a| self.index_at_open(row, a)).collect();
            let at_open = ArrayView1::from(&at_open);
            day.gains += self.book.mark(at_open).0;
            let open = self.prices.open;
            let price = |asset: usize| open.map_or(f64::NAN, |o| o[[row as usize, asset]]);
            self.trade(row, at_open, &price);
        }
        day
    }

    /// The close: new values, then trades at the close.
    fn close_day(&mut self, row: Row, day: &mut Day) {
        let index = self.index(row);
        let (gains, stale) = self.book.mark(index);
        day.gains += gains;
        day.stale = stale;
        if self.simulation.policy.trade == TradeAt::NextClose && !self.orders.is_empty() {
            let close = self.close(row);
            self.trade(row, index, &|asset| close[asset]);
        }
    }

    /// Pays out what has had its last price: that price, times one plus the return that the data give. Gives what was
    /// gained by it.
    fn settle(&mut self, row: Row) -> f64 {
        let ended = self.book.settle(row);
        if ended.is_empty() {
            return 0.0;
        }
        let known = self.simulation.market.delisting_returns();
        let outcome = |asset: usize| known.map(|r| r[asset]).filter(|r| !r.is_nan());
        let gain = |p: &Position| p.value() * outcome(p.asset).unwrap_or(0.0);
        let nav = self.book.nav();
        let gains: f64 = ended.iter().map(gain).sum();
        self.book.cash += gains;
        for position in &ended {
            let asset = AssetId(position.asset as u32);
            let value = position.value() + gain(position);
            self.track.delistings.push(Delisting {
                asset,
                last_priced: position.ends,
                settled: row,
                value,
                outcome: outcome(position.asset),
                weight: position.value() / nav,
            });
            self.track.trades.push(Trade {
                decided: row,
                traded: row,
                asset,
                price: self.last_close(row, position.asset),
                value: -value,
                cost: 0.0,
                reason: Reason::StoppedTrading,
            });
        }
        self.traded = true;
        self.orders.retain(|o| !ended.iter().any(|p| p.asset == o.asset));
        gains
    }

    /// The close at a row, or the last one before it.
    fn last_close(&self, row: Row, asset: usize) -> f64 {
        let closes = self.prices.close;
        let known = (0..=row as usize).rev().map(|r| closes[[r, asset]]).find(|c| !c.is_nan());
        known.unwrap_or(f64::NAN)
    }

    fn trade(&mut self, row: Row, index: ArrayView1<'_, f64>, price: &dyn Fn(usize) -> f64) {
        let (lifetimes, last_row) = (self.simulation.market.lifetimes(), self.last_row);
        let ends = |asset: usize| end_of_trading(lifetimes[asset], last_row);
        let cost = self.simulation.policy.cost.unwrap_or(0.0);
        let nav = self.book.nav();
        let credit =
            self.track.rebalances.last().map_or(0.0, |r| (r.target.invested() - 1.0).max(0.0));
        let fills = self.book.fill(&mut self.orders, credit, &|a| index[a], cost, &ends);
        self.costs += fills.cost;
        self.note_rebalance(row, nav, &fills);
        self.traded |= !fills.list.is_empty();
        self.track.trades.extend(fills.list.iter().map(|f| Trade {
            decided: self.decided,
            traded: row,
            asset: AssetId(f.asset as u32),
            price: price(f.asset),
            value: f.value,
            cost: f.cost,
            reason: match (f.before, f.after) {
                (_, 0.0) => Reason::Left,
                // From one side to the other as well.
                (before, after) if before * after <= 0.0 => Reason::Entered,
                (before, after) if after.abs() > before.abs() => Reason::Increased,
                _ => Reason::Decreased,
            },
        }));
    }

    fn note_rebalance(&mut self, row: Row, nav: f64, fills: &Fills) {
        let Some(rebalance) = self.track.rebalances.last_mut() else { return };
        if !fills.list.is_empty() {
            rebalance.traded.get_or_insert(row);
            rebalance.turnover += fills.bought.max(fills.sold) / nav;
            rebalance.unpaid += fills.unpaid / nav;
        }
    }

    /// Makes the target and the orders that lead to it; they replace those that still wait.
    fn decide(&mut self, row: Row) -> Result<(), Box<Diagnostic>> {
        self.count_unfilled();
        let Simulation { market, policy, signals, .. } = *self.simulation;
        let decision = Decision { market, policy, signals, row };
        let nav = self.book.nav();
        let holdings: Vec<(usize, f64)> =
            self.book.positions.iter().map(|p| (p.asset, p.value() / nav)).collect();
        let is_started = self.track.rebalances.iter().any(|r| r.traded.is_some());
        let standing = Standing { holdings: &holdings, nav, is_started };
        let target = if policy.hold.is_empty() {
            portfolio::construct(decision, standing)?
        } else {
            if self.simulation.decisions.binary_search(&row).is_ok() {
                self.shares_set = row;
            }
            hold::target(self.simulation, row, self.shares_set)
        };
        self.decided = row;
        // Holdings that stay are not ordered anew; they may have no price today.
        self.orders = if target.kept_holdings { vec![] } else { self.orders_to(&target, row) };
        let (traded, turnover, unfilled, unpaid) = (None, 0.0, 0, 0.0);
        self.track.rebalances.push(Rebalance { target, traded, turnover, unfilled, unpaid });
        if policy.trade == TradeAt::ThisClose {
            let (index, close) = (self.index(row), self.close(row));
            self.trade(row, index, &|asset| close[asset]);
        }
        Ok(())
    }

    fn count_unfilled(&mut self) {
        if let Some(rebalance) = self.track.rebalances.last_mut()
            && self.simulation.last > self.decided
        {
            rebalance.unfilled = self.orders.len();
        }
    }

    /// One order for each asset that is held or wanted, by asset.
    fn orders_to(&self, target: &Target, row: Row) -> Vec<Order> {
        let (nav, index) = (self.book.nav(), self.index(row));
        let sized_at_fill = self.simulation.policy.sized_at_fill;
        let size = |asset: usize, weight: f64| match sized_at_fill {
            true => Size::Weight(weight),
            false => Size::Units(weight * nav / index[asset]),
        };
        let wanted = &target.weights;
        let held = self.book.positions.iter().map(|p| p.asset);
        let leaving =
            held.filter(|&a| wanted.binary_search_by_key(&a, |w| w.0.0 as usize).is_err());
        let mut orders: Vec<Order> =
            leaving.map(|asset| Order { asset, size: Size::Units(0.0) }).collect();
        orders.extend(wanted.iter().map(|&(AssetId(asset), weight)| {
            let asset = asset as usize;
            Order { asset, size: size(asset, weight) }
        }));
        orders.sort_by_key(|o| o.asset);
        orders
    }

    /// Writes the row down, and checks that its value is the last one plus gains and interest, less costs.
    fn record(&mut self, row: Row, day: Day) -> Result<(), Box<Diagnostic>> {
        let nav = self.book.nav();
        let before = self.track.nav.last().copied().unwrap_or(self.track.capital);
        let difference = nav - (before + day.gains + day.interest - self.costs);
        if !nav.is_finite() || !day.gains.is_finite() {
            return Err(error::not_finite(self.simulation, row));
        }
        if nav <= 0.0 {
            return Err(error::ruined(self.simulation, row));
        }
        if difference.abs() > 1e-9 * nav.abs().max(before.abs()) {
            return Err(error::money_not_conserved(self.simulation, row, difference));
        }
        let track = &mut self.track;
        track.nav.push(nav);
        track.cash.push(self.book.cash);
        track.gains.push(day.gains);
        track.interest.push(day.interest);
        track.cash_return.push(day.cash_return);
        track.costs.push(self.costs);
        track.names.push(self.book.positions.len() as u32);
        track.stale += day.stale as u64;
        track.holding_rows += self.book.positions.len() as u64;
        if self.traded {
            self.write_holdings(row, nav);
        }
        self.learn_rate(row);
        Ok(())
    }

    fn write_holdings(&mut self, row: Row, nav: f64) {
        let close = self.close(row);
        for position in &self.book.positions {
            let now = close[position.asset];
            let price = if now.is_nan() { self.last_close(row, position.asset) } else { now };
            let (asset, value) = (AssetId(position.asset as u32), position.value());
            let weight = value / nav;
            self.track.holdings.push(Holding { row, asset, price, value, weight });
        }
    }
}
