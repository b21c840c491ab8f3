//! What a book decides after a close: what leaves, whether to rebalance, to which target, by which orders.

use super::{
    Simulation,
    book::Position,
    condition, error,
    fill::{Order, Size},
    hold,
    run::Run,
    simulate::Asked,
    state::BookState,
    track::{Exit, Reason, Rebalance, Trigger},
};
use crate::{
    check::{Condition, Pick, State, TradeAt},
    diagnostic::Diagnostic,
    panel::{AssetId, Row},
    portfolio::{self, Decision, Standing, Target},
};

impl Run<'_> {
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
        let restores = policy.triggers.to_target;
        let barred = self.barred(row);
        let mut trigger = None;
        match due {
            None => {}
            Some(Asked::Always) => trigger = Some(Trigger::Calendar),
            Some(Asked::ByHeld) => trigger = Some(Trigger::Held),
            Some(Asked::If(conditions)) => {
                for condition in conditions {
                    if self.asks(condition, row, &barred, false, &mut made)? {
                        trigger = Some(Trigger::Calendar);
                        break;
                    }
                }
                self.track.passed_over += usize::from(trigger.is_none());
            }
        }
        if trigger.is_none() && !self.is_working() {
            // The calendar picks anew; what it would have made is not what a `when` restores.
            made = made.filter(|_| !restores);
            for (number, condition) in policy.triggers.when.iter().enumerate() {
                if self.asks(condition, row, &barred, restores, &mut made)? {
                    trigger = Some(Trigger::When(number));
                    break;
                }
            }
        }
        let Some(trigger) = trigger else {
            self.renewed = None;
            self.exit(row, &barred);
            return Ok(());
        };
        let target = match (trigger, made) {
            (Trigger::When(_), _) if restores => self.restored(row, &barred),
            (_, Some(made)) => made,
            (_, None) => self.target(row, &barred, trigger != Trigger::Held)?,
        };
        self.carry_out(row, target, trigger, &barred)
    }

    /// Whether a condition of the schedule holds; `made` is the target that it may have wanted: the last one again, or a
    /// new one.
    fn asks(
        &mut self,
        condition: &Condition,
        row: Row,
        barred: &[(usize, usize)],
        restores: bool,
        made: &mut Option<Target>,
    ) -> Result<bool, Box<Diagnostic>> {
        if condition.asks(State::Turnover) && made.is_none() {
            *made = Some(match restores {
                true => self.restored(row, barred),
                false => self.target(row, barred, true)?,
            });
        }
        Ok(self.holds(condition, row, made.as_ref()))
    }

    /// What some `exit when` is about, by asset, with its number.
    pub(super) fn barred(&self, row: Row) -> Vec<(usize, usize)> {
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
        let actions = self.prices.actions(asset, row);
        Order { asset, size, decided: row, reason, rows_left, actions }
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
    pub(super) fn target(
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
        let young = |least: u32, side: f64| -> Vec<usize> {
            let is_young = |p: &&Position| p.units * side > 0.0 && row - p.entered < least;
            let young = self.book.positions.iter().filter(is_young).map(|p| p.asset);
            young.filter(|a| barred.binary_search(a).is_err()).collect()
        };
        let released = |pick: &Pick| -> Vec<usize> {
            let conditions = pick.keep_until.iter();
            let mut list: Vec<usize> = conditions.flat_map(|c| self.assets_where(c, row)).collect();
            list.sort_unstable();
            list
        };
        let of = |pick: &Pick, side: f64| (young(pick.hold_at_least, side), released(pick));
        let long = of(&policy.pick, 1.0);
        let short = policy.short.as_ref().map(|pick| of(pick, -1.0)).unwrap_or_default();
        let standing = Standing {
            holdings: &holdings,
            nav,
            is_started: self.track.rebalances.iter().any(|r| r.traded.is_some()),
            bound: [&long.0, &short.0],
            released: [&long.1, &short.1],
            barred: &barred,
            benchmark: &hold::benchmark(self.simulation, row),
        };
        let picks = portfolio::picks(decision, standing);
        let mut target = match self.ahead.take(row, &picks, policy) {
            Some(target) => target,
            None => portfolio::weights(decision, standing, &picks)?,
        };
        if let Some(sleeves) = &mut sleeves {
            sleeves.renew(&target.weights, row);
            target.weights = sleeves.weights(market, row);
        }
        self.renewed = sleeves;
        Ok(target)
    }

    /// Makes the orders that lead to a target; they replace those that still wait.
    pub(super) fn carry_out(
        &mut self,
        row: Row,
        target: Target,
        trigger: Trigger,
        barred: &[(usize, usize)],
    ) -> Result<(), Box<Diagnostic>> {
        self.count_unfilled();
        self.expect(row, &target, trigger)?;
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

    /// Every `expect` at a decision. The first purchase is exempt from those of turnover, as it is from `cap turnover`.
    fn expect(&self, row: Row, target: &Target, trigger: Trigger) -> Result<(), Box<Diagnostic>> {
        let state = BookState { is_decided: true, ..self.state(row, Some(target)) };
        let signals = self.simulation.signals;
        for condition in &self.simulation.policy.expectations {
            let is_exempt = trigger == Trigger::Start && condition.asks(State::Turnover);
            if !is_exempt && !condition::holds(condition, signals, row, self.assets, &state) {
                let compared = condition::compared(condition, signals, row, self.assets, &state);
                return Err(error::not_as_expected(self.simulation, row, condition, compared));
            }
        }
        Ok(())
    }

    pub(super) fn count_unfilled(&mut self) {
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
}
