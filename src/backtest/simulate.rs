//! Runs a strategy's book from its first decision on: what is decided on which row.

use super::{ahead::Ahead, error, hold, run::Run, schedule, track::Track};
use crate::{
    check::{CalendarRule, Condition, PickCount, Policy, TradeAt},
    diagnostic::Diagnostic,
    execute::Signals,
    panel::{MarketData, Row},
    portfolio::{self, Decision, Funnel, Incumbents, Selection},
};

/// A strategy with its signals, and where to run it.
#[derive(Clone, Copy)]
pub struct Simulation<'a> {
    /// Prices and dates.
    pub market: &'a dyn MarketData,
    /// The strategy.
    pub policy: &'a Policy,
    /// Its values, at least at `decisions` (on every row of the period for what conditions between decisions look at, and
    /// on every row for the cash rate, if that is a series).
    pub signals: &'a Signals,
    /// The rows on which the calendar asks for decisions, sorted; with no calendar in the strategy, all rows.
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
    /// What is tried rather than meant; nothing by default.
    pub trial: Trial,
}

/// A run that differs from the strategy's own, to see what its figures rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trial {
    /// `decisions` lie so many rows after those of the calendar.
    pub later: Row,
    /// Orders are filled so many rows later than the strategy says.
    pub wait: Row,
}

/// Runs the book from the first decision at which the strategy has as many assets with a score as it asks for.
///
/// # Errors
/// `empty-run` if there is no such decision, `bad-score` and `infeasible` from the making of a target,
/// `missing-field` for trades at an open that the market does not know, `bad-price` if values overflow, `expectation` if
/// an `expect` does not hold.
pub fn simulate(simulation: &Simulation<'_>) -> Result<Track, Box<Diagnostic>> {
    let policy = simulation.policy;
    if policy.trade == TradeAt::NextOpen && simulation.market.prices().open.is_none() {
        return Err(error::no_open_prices());
    }
    let start = first_decision(simulation)?;
    let calendar = Calendar::new(simulation, start);
    let mut run = Run::new(simulation, start);
    let to_come: Vec<Row> = calendar.rows.iter().copied().filter(|&d| d >= start).collect();
    run.ahead = Ahead::new(simulation, &to_come);
    run.start()?;
    let mut decisions = calendar.rows.iter().copied().filter(|&d| d > start).peekable();
    let mut row = start + 1;
    while row <= simulation.last {
        let stop = run.next_stop(row, decisions.peek().copied());
        run.go(row, stop)?;
        // The same row may stand twice; it is decided once.
        let mut is_due = false;
        while decisions.next_if_eq(&stop).is_some() {
            is_due = true;
        }
        run.decide(stop, is_due.then(|| calendar.asked(stop)))?;
        run.record(stop)?;
        row = stop + 1;
    }
    Ok(run.finish())
}

/// The rows of the schedule, and what each depends on.
struct Calendar<'a> {
    /// All of them, those of strategies that are held among them.
    rows: Vec<Row>,
    /// Those of the strategy itself.
    own: &'a [Row],
    /// For each rule with an `if`: its rows, and the condition. Empty where no rule has one.
    gates: Vec<(Vec<Row>, &'a Condition)>,
    /// The rows of the rules without; empty where no rule has an `if`.
    free: Vec<Row>,
}

/// What the schedule says of a row.
pub(super) enum Asked<'c> {
    /// A decision.
    Always,
    /// A decision because a strategy that is held has made one.
    ByHeld,
    /// A decision if one of these holds.
    If(Vec<&'c Condition>),
}

impl<'a> Calendar<'a> {
    fn new(simulation: &Simulation<'a>, start: Row) -> Self {
        let Simulation { market, policy, first, last, trial, .. } = *simulation;
        let own = if policy.schedule.is_empty() { &[] } else { simulation.decisions };
        let rows = match policy.hold.is_empty() {
            true => own.to_vec(),
            false => hold::decisions(simulation, own, start),
        };
        if policy.schedule.iter().all(|rule| rule.gate.is_none()) {
            return Self { rows, own, gates: vec![], free: vec![] };
        }
        let rows_of = |rules: &[CalendarRule]| -> Vec<Row> {
            let rows = schedule::decision_rows(rules, market.calendar(), first, last);
            rows.into_iter().map(|row| row + trial.later).collect()
        };
        let gates = policy
            .schedule
            .iter()
            .filter_map(|rule| Some((rows_of(std::slice::from_ref(rule)), rule.gate.as_ref()?)));
        let free: Vec<CalendarRule> =
            policy.schedule.iter().filter(|rule| rule.gate.is_none()).cloned().collect();
        Self { rows, own, gates: gates.collect(), free: rows_of(&free) }
    }

    fn asked(&self, row: Row) -> Asked<'a> {
        if self.own.binary_search(&row).is_err() {
            return Asked::ByHeld;
        }
        if self.gates.is_empty() || self.free.binary_search(&row).is_ok() {
            return Asked::Always;
        }
        let at_row = self.gates.iter().filter(|(rows, _)| rows.binary_search(&row).is_ok());
        Asked::If(at_row.map(|(_, condition)| *condition).collect())
    }
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
        return hold::first(simulation, from, end);
    }
    let begun = hold::benchmark_begins(simulation);
    for &row in simulation.decisions.iter().filter(|r| (from.max(begun)..end).contains(r)) {
        let decision = Decision { market, policy, signals, row };
        let nothing = Incumbents::default();
        let Selection { picked, funnel } = portfolio::select(decision, nothing);
        let has_long =
            funnel.scored >= needed && (funnel.picked > 0 || policy.exposure.long == 0.0);
        let has_short = || {
            let asked = match policy.short.as_ref().map(|s| s.count) {
                None => return true,
                Some(PickCount::Top(n) | PickCount::Bottom(n)) => n,
                Some(_) => 1,
            };
            portfolio::select_short(decision, nothing, &picked).funnel.picked >= asked
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
