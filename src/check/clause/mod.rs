//! The clauses of a strategy to its policy. A clause that this version does not carry out is refused by name.

mod benchmark;
mod bound;
mod condition;
mod exposure;
pub(super) mod hold;
mod infeasible;
mod limit;
mod optimised;
mod period;
mod pick;
mod trade;
pub(super) mod weight;

use super::{
    amount::Measure,
    condition::Condition,
    error,
    expression::ExpressionId,
    infer::{Checker, Place, builtin},
    program::{Scope, SignalSource, Strategy},
    schedule,
    scope::FileId,
    strategy::{CashRate, Policy, SignalId},
};
use crate::{
    diagnostic::Severity,
    source::Span,
    syntax::ast::{self, ClauseKind},
    types::Kind,
};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeSet;

/// A clause of one strategy with its place.
pub(super) type Placed<'a> = (&'a ClauseKind, Span);

/// The expressions of a file's clauses see the file's names.
pub(super) const FILE: Place<'static> = Place::new(FileId::File(0), &[]);

/// The name of a clause, and whether it may stand several times.
pub(super) fn clause_name(kind: &ClauseKind) -> (&'static str, bool) {
    match kind {
        ClauseKind::From(_) => ("from", false),
        ClauseKind::To(_) => ("to", false),
        ClauseKind::Universe(_) | ClauseKind::UniverseTop { .. } => ("universe", false),
        ClauseKind::Where(_) => ("where", true),
        ClauseKind::Pick(p) if p.side == ast::Side::Short => ("short", false),
        ClauseKind::Pick(_) => ("select", false),
        ClauseKind::Hold(_) => ("hold", false),
        ClauseKind::Weight(_) => ("weight", false),
        ClauseKind::Cap { .. } => ("cap", true),
        ClauseKind::Floor { .. } => ("floor", true),
        ClauseKind::Names { .. } => ("names", false),
        ClauseKind::CapTurnover(_) => ("cap turnover", false),
        ClauseKind::CapVolume(_) => ("cap volume", false),
        ClauseKind::LimitBudget { .. } | ClauseKind::Limit { .. } => ("limit", true),
        ClauseKind::OnInfeasible { .. } => ("on infeasible", false),
        ClauseKind::Neutralize(_) => ("neutralize", false),
        ClauseKind::Exposure(_) => ("exposure", false),
        ClauseKind::TargetVolatility { .. } => ("target volatility", false),
        ClauseKind::Rebalance(_) => ("rebalance", false),
        ClauseKind::ExitWhen(_) => ("exit when", true),
        ClauseKind::TradeAt { .. } => ("trade at", false),
        ClauseKind::TradeIf(_) => ("trade if", false),
        ClauseKind::Cost(_) => ("cost", true),
        ClauseKind::Commission { .. } => ("commission", true),
        ClauseKind::Slippage(_) => ("slippage", true),
        ClauseKind::Impact(_) => ("impact", true),
        ClauseKind::Borrow(_) => ("borrow", true),
        ClauseKind::Cash(_) => ("cash", false),
        ClauseKind::Capital(_) => ("capital", false),
        ClauseKind::Lot(_) => ("lot", false),
        ClauseKind::Delisting(_) => ("delisting", false),
        ClauseKind::Benchmark(_) => ("benchmark", false),
        ClauseKind::Expect(_) => ("expect", true),
    }
}

/// How many different expressions the clauses of a strategy may look at; each is a panel while it runs.
const MOST_SIGNALS: usize = 1000;

/// Gathers the signals of one strategy while its clauses are checked.
#[derive(Default)]
pub(super) struct SignalTable {
    sources: IndexSet<SignalSource, FxBuildHasher>,
    /// Those that are wanted between decisions, too.
    watched: BTreeSet<SignalId>,
}

impl SignalTable {
    fn add(&mut self, source: SignalSource) -> SignalId {
        let place = self.sources.insert_full(source).0;
        SignalId(u16::try_from(place).unwrap_or(u16::MAX))
    }

    /// Wants the signals of a condition between decisions.
    pub(super) fn watch(&mut self, condition: &Condition) {
        self.watched.extend(condition.signals());
    }

    fn eligible(&mut self, id: ExpressionId) -> SignalId {
        self.add(SignalSource::Expression(id, Scope::Eligible))
    }
}

impl<'a> Checker<'a> {
    /// One strategy from its clauses, or `None` when something was wrong and has been said.
    pub(super) fn strategy(
        &mut self,
        name: &str,
        documentation: Option<&String>,
        place: Span,
        clauses: &[Placed<'a>],
    ) -> Option<Strategy> {
        let said = self.diagnostics.len();
        let mut signals = SignalTable::default();
        let universe = self.universe(clauses);
        let filters: Vec<(ExpressionId, Span)> = clauses
            .iter()
            .filter_map(|(kind, _)| if let ClauseKind::Where(e) = kind { Some(e) } else { None })
            .filter_map(|e| Some((self.boolean(e)?, e.span)))
            .collect();
        let universe_signal = signals.add(SignalSource::Universe);
        let eligible = signals.add(SignalSource::Eligible);
        let filter_signals = filters.iter().map(|(id, span)| {
            let text = self.written(*span);
            (signals.add(SignalSource::Expression(*id, Scope::Universe)), text)
        });
        let filter_signals = filter_signals.collect();
        let hold = self.hold(name, clauses);
        let (hold, pick) = match hold {
            Some(Some((items, pick))) => (items, Some(pick)),
            Some(None) => (vec![], self.pick(name, place, clauses, &mut signals)),
            None => (vec![], None),
        };
        let short = self.short(clauses, &mut signals);
        let weight = self.weight(clauses, &mut signals);
        let mut keys = vec![];
        let bounds = self.bounds(clauses, &mut signals, &mut keys);
        let limits = self.limits(clauses, &mut signals, &mut keys);
        let exposure = self.exposure(clauses);
        let target_volatility = self.target_volatility(clauses);
        let on_infeasible = self.on_infeasible(clauses, &keys);
        let rules = schedule::rules(self, clauses, &mut signals);
        let exits = self.exits(clauses, &mut signals);
        let expectations = self.expectations(clauses, &mut signals);
        let trade = self.trade(clauses);
        let trade_if = self.trade_if(clauses, &mut signals);
        let volume_cap = self.volume_cap(clauses, &mut signals);
        let lot = self.lot(clauses);
        let costs = self.costs(clauses, &mut signals);
        let delisting = self.delisting(clauses);
        let cash = self.cash(clauses, &mut signals);
        let capital =
            self.single(clauses, |k| if let ClauseKind::Capital(e) = k { Some(e) } else { None });
        let capital = capital.map(|(e, _)| {
            let expected = "an amount of money above 0";
            self.amount(e, "`capital`", Measure::Money, 1e-6..=1e15, expected)
        });
        let (from, to) = self.period(clauses);
        let benchmark = self.benchmark(name, clauses, &mut signals);
        if let Some(benchmark) = &benchmark {
            self.want_benchmark(clauses, benchmark.as_ref());
        }
        let risk = self.risk(weight, &limits);
        if signals.sources.len() > MOST_SIGNALS {
            self.report(error::too_many_signals(place, MOST_SIGNALS));
        }
        if self.diagnostics[said..].iter().any(|d| d.severity == Severity::Error) {
            return None;
        }
        let daily = match cash? {
            CashRate::Series(id) => vec![id],
            CashRate::Constant(_) => vec![],
        };
        let (schedule, triggers) = rules?;
        let (trade, sized_at_fill) = trade?;
        let decides_any_day = !triggers.when.is_empty() && !triggers.to_target;
        let watched: Vec<SignalId> = match decides_any_day {
            true => (0..signals.sources.len() as u16).map(SignalId).collect(),
            false => signals.watched.into_iter().collect(),
        };
        Some(Strategy {
            name: name.to_owned(),
            documentation: documentation.cloned(),
            policy: Policy {
                from,
                to,
                universe: universe_signal,
                filters: filter_signals,
                eligible,
                pick: pick?,
                short: short?,
                hold,
                weight: weight?,
                bounds,
                limits,
                exposure: exposure?,
                risk,
                target_volatility: target_volatility?,
                on_infeasible: on_infeasible?,
                schedule,
                triggers,
                exits: exits?,
                expectations: expectations?,
                trade,
                sized_at_fill,
                trade_if: trade_if?,
                volume_cap: volume_cap?,
                lot: lot?,
                costs: costs?,
                cash: cash?,
                delisting: delisting?,
                capital: capital.unwrap_or(Some(1e6))?,
                benchmark: benchmark?,
            },
            universe: universe?,
            filters: filters.into_iter().map(|f| f.0).collect(),
            signals: signals.sources.into_iter().collect(),
            daily,
            watched,
        })
    }

    /// The last clause of a kind that stands once.
    fn single<T>(
        &self,
        clauses: &[Placed<'a>],
        take: impl Fn(&'a ClauseKind) -> Option<T>,
    ) -> Option<(T, Span)> {
        clauses.iter().rev().find_map(|(kind, span)| take(kind).map(|t| (t, *span)))
    }

    fn boolean(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Boolean, e.span)?;
        Some(id)
    }

    /// A number that differs between assets.
    fn number_of_assets(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_number_of_assets(id, e.span)
    }

    fn want_number_of_assets(&mut self, id: ExpressionId, span: Span) -> Option<ExpressionId> {
        self.want_kind(id, Kind::Number, span)?;
        let ty = self.ty(id);
        if !ty.shape_has_assets() {
            self.report(error::wrong_type(span, "a number of each asset", ty));
            return None;
        }
        Some(id)
    }

    /// The market's, or the text's, `market_cap`.
    fn market_cap(&mut self, span: Span) -> Option<ExpressionId> {
        let id = self.resolve("market_cap", span, FILE)?;
        self.want_number_of_assets(id, span)
    }

    /// A label of assets, for `cap`, `floor`, `per`.
    fn label(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_groups(id, e.span)?;
        Some(id)
    }

    /// The universe: `Some(None)` is every priced asset.
    fn universe(&mut self, clauses: &[Placed<'a>]) -> Option<Option<ExpressionId>> {
        let clause = clauses.iter().rev().find_map(|(kind, span)| match kind {
            ClauseKind::Universe(e) => Some((None, e, *span)),
            ClauseKind::UniverseTop { count, by } => Some((Some(count), by, *span)),
            _ => None,
        });
        let Some((count, e, span)) = clause else { return Some(None) };
        match count {
            None => self.boolean(e).map(Some),
            Some(count) => {
                let id = self.number_of_assets(e)?;
                let (n, is_share) = self.count_or_share(count, "the size of the universe")?;
                // The operator tells a share by its being under one.
                let n = if is_share && n == 1.0 { f64::from(u32::MAX) } else { n };
                Some(Some(self.apply(builtin("top"), vec![id], vec![n], None, span)))
            }
        }
    }
}
