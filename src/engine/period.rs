//! When a strategy decides, and at which rows each of its signals is wanted for that.

use crate::{
    backtest,
    check::{self, Policy},
    panel::{Calendar, Date, Row, Rows},
    plan::{LogicalPlan, NodeId, Wanted},
};
use std::sync::Arc;

/// One strategy's period and decisions.
pub(super) struct Period {
    pub(super) first: Row,
    pub(super) last: Row,
    pub(super) decisions: Vec<Row>,
    /// It holds no session at all; `last` means nothing then.
    pub(super) is_empty: bool,
}

/// The period of a strategy with its decisions.
pub(super) fn period(
    calendar: &Calendar,
    policy: &Policy,
    from: Option<Date>,
    to: Option<Date>,
) -> Period {
    let first = from.map_or(0, |d| calendar.first_at_or_after(d));
    let end =
        to.map_or(calendar.len() as Row, |d| calendar.last_at_or_before(d).map_or(0, |r| r + 1));
    let Some(last) = end.checked_sub(1).filter(|last| *last >= first) else {
        return Period { first, last: first, decisions: vec![], is_empty: true };
    };
    // With no calendar any row may be the first.
    let decisions = match policy.schedule.as_slice() {
        [] => (first..=last).collect(),
        rules => backtest::schedule::decision_rows(rules, calendar, first, last),
    };
    Period { first, last, decisions, is_empty: false }
}

/// When a signal of a strategy is wanted.
pub(super) enum SignalUse {
    /// On every row, those before the period among them.
    EveryRow,
    /// On every row of the period.
    EveryRowOfPeriod,
    /// At its decisions.
    Decisions,
}

impl SignalUse {
    pub(super) fn of(strategy: &check::Strategy, signal: usize) -> Self {
        let is_in = |list: &[check::SignalId]| list.iter().any(|id| id.0 as usize == signal);
        if is_in(&strategy.daily) {
            Self::EveryRow
        } else if is_in(&strategy.watched) {
            Self::EveryRowOfPeriod
        } else {
            Self::Decisions
        }
    }
}

/// At which rows each signal of a strategy is wanted.
pub(super) fn wanted(
    calendar: &Calendar,
    strategy: &check::Strategy,
    period: &Period,
    signals: &[NodeId],
) -> Vec<Wanted> {
    let rows = calendar.len();
    let decisions = Arc::new(Rows::new(period.decisions.clone(), rows));
    let end = period.last.saturating_add(1).min(rows as Row);
    let daily = Arc::new(Rows::new((0..end).collect(), rows));
    let watched = match strategy.watched.is_empty() {
        true => Arc::clone(&decisions),
        false => Arc::new(Rows::new((period.first.min(end)..end).collect(), rows)),
    };
    let of_signal = |(i, node): (usize, &NodeId)| {
        let wanted = match SignalUse::of(strategy, i) {
            SignalUse::EveryRow => &daily,
            SignalUse::EveryRowOfPeriod => &watched,
            SignalUse::Decisions => &decisions,
        };
        (*node, Arc::clone(wanted))
    };
    signals.iter().enumerate().map(of_signal).collect()
}

/// The rows that must lie before a strategy's first decision for all its windows to be full.
pub(super) fn lookback(
    strategy: &check::Strategy,
    signals: &[NodeId],
    logical: &LogicalPlan,
) -> u32 {
    let lookbacks = logical.lookbacks();
    let of_signals = signals.iter().map(|n| lookbacks[n.0 as usize]).max().unwrap_or(0);
    of_signals.max(strategy.policy.lookback())
}
