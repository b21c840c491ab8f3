//! The constraints of a policy as rows of a program.

use super::{
    super::{
        Decision, Standing,
        program::{Ball, Program, Source},
        select::{AtRow, group_of},
    },
    candidates::Candidate,
    outlook::benchmark_weights,
};
use crate::check::{Bound, BoundKind, BoundTarget, Limit, LimitRule, SignalId};
use std::collections::BTreeMap;

/// What the constraints of a decision are about.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) decision: Decision<'a>,
    pub(super) standing: Standing<'a>,
    pub(super) candidates: &'a [Candidate],
    /// Sold and bought back whatever the constraints say.
    pub(super) forced: (f64, f64),
    /// Whether the sides must be full, or may be.
    pub(super) may_hold_cash: bool,
    /// By constraint: how much wider it is than it is written.
    pub(super) widened: &'a [f64],
    /// By constraint: whether it takes part.
    pub(super) wanted: &'a dyn Fn(usize) -> bool,
}

impl Terms<'_> {
    fn widened(&self, number: usize) -> f64 {
        self.widened.get(number).copied().unwrap_or(0.0)
    }

    fn at(&self, id: SignalId) -> AtRow<'_> {
        AtRow::new(self.decision.signals, id, self.decision.row)
    }

    /// The candidates by the group of a label.
    fn groups(&self, label: SignalId) -> BTreeMap<u32, Vec<usize>> {
        let labels = self.at(label);
        let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (i, candidate) in self.candidates.iter().enumerate() {
            groups.entry(group_of(labels.of(candidate.asset))).or_default().push(i);
        }
        groups
    }

    /// The benchmark's share of each asset.
    fn benchmark(&self) -> BTreeMap<usize, f64> {
        benchmark_weights(self.decision, self.standing).into_iter().collect()
    }

    /// All rows of the policy.
    pub(super) fn fill(&self, program: &mut Program<'_>) {
        self.sides(program);
        let policy = self.decision.policy;
        for (number, bound) in policy.bounds.iter().enumerate() {
            if (self.wanted)(number) {
                self.bound(program, number, bound);
            }
        }
        for (i, limit) in policy.limits.iter().enumerate() {
            let number = policy.bounds.len() + i;
            if (self.wanted)(number) {
                self.limit(program, number, limit);
            }
        }
    }

    /// No weight changes its side, what is not picked only shrinks, and each side has its size.
    fn sides(&self, program: &mut Program<'_>) {
        let exposure = &self.decision.policy.exposure;
        for (i, candidate) in self.candidates.iter().enumerate() {
            let Candidate { side, now, is_picked, .. } = *candidate;
            let (low, high) = match (is_picked, side > 0.0) {
                (false, true) => (0.0, now),
                (false, false) => (now, 0.0),
                (true, true) => (0.0, f64::INFINITY),
                (true, false) => (f64::NEG_INFINITY, 0.0),
            };
            program.row(vec![(i, 1.0)], low, high, Source::Meaning);
        }
        for (side, size) in [(1.0, exposure.long), (-1.0, exposure.short)] {
            let members = self.candidates.iter().enumerate().filter(|(_, c)| c.side == side);
            let terms: Vec<(usize, f64)> = members.map(|(i, _)| (i, side)).collect();
            if !terms.is_empty() {
                let low = if self.may_hold_cash { 0.0 } else { size };
                program.row(terms, low, size, Source::Budget);
            }
        }
    }

    fn bound(&self, program: &mut Program<'_>, number: usize, bound: &Bound) {
        let source = Source::Rule(number);
        let wider = self.widened(number);
        let benchmark = if bound.active { self.benchmark() } else { BTreeMap::new() };
        let of_benchmark = |i: usize| {
            let share = benchmark.get(&self.candidates[i].asset);
            share.copied().unwrap_or(0.0)
        };
        match (bound.target, bound.kind) {
            // Kept by dropping what is below it.
            (BoundTarget::Position, BoundKind::Floor) => {}
            (BoundTarget::Position, BoundKind::Cap) => {
                for (i, candidate) in self.candidates.iter().enumerate() {
                    let most = bound.amount + wider + candidate.side * of_benchmark(i);
                    let terms = vec![(i, candidate.side)];
                    program.row(terms, f64::NEG_INFINITY, most, source);
                }
            }
            (BoundTarget::Group(label), kind) => {
                let labels = self.at(label);
                for (group, members) in self.groups(label) {
                    let held = |(asset, share): (&usize, &f64)| {
                        if group_of(labels.of(*asset)) == group { *share } else { 0.0 }
                    };
                    let held: f64 = benchmark.iter().map(held).sum();
                    for side in [1.0, -1.0] {
                        let on_side = |i: &&usize| self.candidates[**i].side == side;
                        let terms: Vec<(usize, f64)> =
                            members.iter().filter(on_side).map(|&i| (i, side)).collect();
                        if terms.is_empty() {
                            continue;
                        }
                        let (low, high) = match kind {
                            BoundKind::Cap => {
                                (f64::NEG_INFINITY, bound.amount + wider + side * held)
                            }
                            BoundKind::Floor if bound.active => {
                                (side * held - bound.amount - wider, f64::INFINITY)
                            }
                            BoundKind::Floor => (bound.amount - wider, f64::INFINITY),
                        };
                        program.row(terms, low, high, source);
                    }
                }
            }
        }
    }

    fn limit(&self, program: &mut Program<'_>, number: usize, limit: &Limit) {
        let source = Source::Rule(number);
        let wider = self.widened(number);
        let sum = |values: AtRow<'_>| -> Vec<(usize, f64)> {
            let candidates = self.candidates.iter().enumerate();
            candidates.map(|(i, c)| (i, values.of(c.asset))).collect()
        };
        match &limit.rule {
            LimitRule::Sum { value, low, high } => {
                program.row(sum(self.at(*value)), low - wider, high + wider, source);
            }
            LimitRule::NeutralNumber(value) => {
                program.row(sum(self.at(*value)), -wider, wider, source);
            }
            LimitRule::NeutralGroups(label, _) => {
                for members in self.groups(*label).into_values() {
                    let terms = members.into_iter().map(|i| (i, 1.0)).collect();
                    program.row(terms, -wider, wider, source);
                }
            }
            LimitRule::Turnover(most) => {
                if self.standing.is_started {
                    let trades = Trades::new(self.candidates, program);
                    let (sold, bought) = self.forced;
                    let high = most + wider + trades.bought_anyway;
                    let low = f64::NEG_INFINITY;
                    // What had to be sold may be bought anew, and the other way round.
                    program.row(trades.bought, low, high + sold, source);
                    let high = most + wider - trades.sold_anyway;
                    program.row(trades.sold, low, high + bought, source);
                }
            }
            LimitRule::TradeVolume(share, traded) => {
                let traded = self.at(*traded);
                for (i, candidate) in self.candidates.iter().enumerate() {
                    let money = traded.of(candidate.asset);
                    let money = if money.is_finite() && money > 0.0 { money } else { 0.0 };
                    let most = share * money / self.standing.nav + wider;
                    let now = candidate.now;
                    program.row(vec![(i, 1.0)], now - most, now + most, source);
                }
            }
            LimitRule::TrackingError(most) => {
                let most = most + wider;
                program.balls.push(Ball { most, is_relative: true, slack: None, source });
            }
            LimitRule::Volatility(most) => {
                let most = most + wider;
                program.balls.push(Ball { most, is_relative: false, slack: None, source });
            }
            // Kept by dropping names and by least weights.
            LimitRule::Names(..) => {}
        }
    }
}

/// What is bought and sold, as sums over variables.
pub(super) struct Trades {
    pub(super) bought: Vec<(usize, f64)>,
    pub(super) sold: Vec<(usize, f64)>,
    /// To be taken off what is bought: Σ bought − this is the share of net asset value bought.
    bought_anyway: f64,
    /// To be added to what is sold.
    sold_anyway: f64,
}

impl Trades {
    /// Adds a variable for each candidate whose direction of trade is open: its purchase, (w − now)⁺.
    pub(super) fn new(candidates: &[Candidate], program: &mut Program<'_>) -> Self {
        let mut trades =
            Self { bought: vec![], sold: vec![], bought_anyway: 0.0, sold_anyway: 0.0 };
        for (i, candidate) in candidates.iter().enumerate() {
            let Candidate { side, now, is_picked, .. } = *candidate;
            if now == 0.0 {
                let list = if side > 0.0 { &mut trades.bought } else { &mut trades.sold };
                list.push((i, side));
            } else if !is_picked && side > 0.0 {
                trades.sold.push((i, -1.0));
                trades.sold_anyway += now;
            } else if !is_picked {
                trades.bought.push((i, 1.0));
                trades.bought_anyway += now;
            } else {
                let purchase = program.variable(0.0);
                program.row(vec![(purchase, 1.0)], 0.0, f64::INFINITY, Source::Meaning);
                let difference = vec![(purchase, 1.0), (i, -1.0)];
                program.row(difference, -now, f64::INFINITY, Source::Meaning);
                trades.bought.push((purchase, 1.0));
                trades.sold.extend([(purchase, 1.0), (i, -1.0)]);
                trades.sold_anyway += now;
            }
        }
        trades
    }
}
