//! `trade`, `cost` and `cash`: at which price, at what expense, and what the money that is left over earns.

use super::{FILE, Placed, SignalTable};
use crate::{
    check::{
        amount::Measure,
        condition::Condition,
        costs::{Commission, Costs, Impact, VolumeCap},
        error,
        expression::ExpressionId,
        infer::Checker,
        state::Use,
        strategy::{CashRate, TradeAt},
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ClauseKind},
    types::{Kind, Shape},
};

impl<'a> Checker<'a> {
    /// At which price, and whether the number of shares is fixed there.
    pub(super) fn trade(&mut self, clauses: &[Placed<'a>]) -> Option<(TradeAt, bool)> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::TradeAt { when, sized_at_fill, .. } => Some((when, *sized_at_fill)),
            _ => None,
        });
        let Some(((when, sized), span)) = found else { return Some((TradeAt::NextClose, false)) };
        let at = match when {
            ast::TradeWhen::NextOpen => {
                if self.schema.find(Some("prices"), "open").is_empty() {
                    self.report(error::no_opening_prices(span));
                }
                TradeAt::NextOpen
            }
            ast::TradeWhen::NextClose => TradeAt::NextClose,
            ast::TradeWhen::Over(e) => {
                TradeAt::Over(self.whole(e, "`trade over`", Measure::Rows)? as u32)
            }
            ast::TradeWhen::ThisClose => {
                self.report(
                    Diagnostic::warning(
                        Code::ThisClose,
                        "trades are made at the close they were decided from",
                    )
                    .at(span, "nobody knows this close before it is over")
                    .help("`trade at next close` is what can be done"),
                );
                TradeAt::ThisClose
            }
        };
        Some((at, sized))
    }

    /// `trade if change > 0.25%`, alone or behind `trade at`.
    pub(super) fn trade_if(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Option<Condition>> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::TradeIf(e) | ClauseKind::TradeAt { if_change: Some(e), .. } => Some(e),
            _ => None,
        });
        match found {
            None => Some(None),
            Some((e, _)) => self.condition(e, Use::Trade, signals).map(Some),
        }
    }

    /// Every `exit when`.
    pub(super) fn exits(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Vec<Condition>> {
        let exit = |kind: &'a ClauseKind| match kind {
            ClauseKind::ExitWhen(e) => Some(e),
            _ => None,
        };
        let found =
            self.conditions(clauses.iter().filter_map(|c| exit(c.0)), Use::Holding, signals)?;
        found.iter().for_each(|condition| signals.watch(condition));
        Some(found)
    }

    /// Every `expect`.
    pub(super) fn expectations(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Vec<Condition>> {
        let expected = |kind: &'a ClauseKind| match kind {
            ClauseKind::Expect(e) => Some(e),
            _ => None,
        };
        let list = clauses.iter().filter_map(|c| expected(c.0));
        self.conditions(list, Use::Expectation, signals)
    }

    fn conditions(
        &mut self,
        list: impl Iterator<Item = &'a ast::Expression>,
        of: Use,
        signals: &mut SignalTable,
    ) -> Option<Vec<Condition>> {
        // Every one is looked at before any of them ends it.
        let found: Vec<Option<Condition>> = list.map(|e| self.condition(e, of, signals)).collect();
        found.into_iter().collect()
    }

    /// The library's average of the money traded a day, over so many rows.
    pub(super) fn money_traded(&mut self, rows: f64, span: Span) -> Option<ExpressionId> {
        let rows = self.rows_constant(rows, span);
        let definition = self.names.in_library("adv").expect("the library defines `adv`");
        self.expand(definition, vec![rows], span)
    }

    pub(super) fn volume_cap(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Option<VolumeCap>> {
        let found =
            self.single(clauses, |k| if let ClauseKind::CapVolume(e) = k { Some(e) } else { None });
        let Some((e, span)) = found else { return Some(None) };
        let expected = "above 0% and at most 100%";
        let share = self.amount(e, "`cap volume`", Measure::Share, 1e-9..=1.0, expected)?;
        let traded = signals.eligible(self.money_traded(1.0, span)?);
        signals.watched.insert(traded);
        Some(Some(VolumeCap { share, traded }))
    }

    pub(super) fn lot(&mut self, clauses: &[Placed<'a>]) -> Option<Option<f64>> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Lot(e) = k { Some(e) } else { None });
        match found {
            None => Some(None),
            Some((e, _)) => self.whole(e, "`lot`", Measure::Count).map(|lot| Some(lot as f64)),
        }
    }

    pub(super) fn delisting(&mut self, clauses: &[Placed<'a>]) -> Option<Option<f64>> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Delisting(e) = k { Some(e) } else { None });
        let Some((e, _)) = found else { return Some(None) };
        let expected = "a return from -100% to 100%";
        self.amount(e, "`delisting`", Measure::Share, -1.0..=1.0, expected).map(Some)
    }

    /// `cost`, `commission`, `slippage`, `impact`, `borrow`: what stands several times adds up.
    pub(super) fn costs(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Costs> {
        let mut costs = Costs::default();
        let mut is_sound = true;
        for (kind, span) in clauses {
            is_sound &= self.cost(kind, *span, &mut costs, signals).is_some();
        }
        let has_short = clauses.iter().any(|(kind, _)| match kind {
            ClauseKind::Pick(pick) => pick.side == ast::Side::Short,
            ClauseKind::Hold(_) => true,
            _ => false,
        });
        if let Some((_, span)) =
            clauses.iter().find(|(kind, _)| matches!(kind, ClauseKind::Borrow(_)))
            && !has_short
        {
            self.report(
                Diagnostic::warning(Code::MissingClause, "`borrow` has nothing to be paid for")
                    .at(*span, "nothing is sold short")
                    .help("write `short bottom 10% by …`, or take `borrow` out"),
            );
        }
        is_sound.then_some(costs)
    }

    fn cost(
        &mut self,
        kind: &'a ClauseKind,
        span: Span,
        costs: &mut Costs,
        signals: &mut SignalTable,
    ) -> Option<()> {
        let share = "from 0% up to 100%";
        let add = |sum: &mut Option<f64>, more: f64| *sum = Some(sum.unwrap_or(0.0) + more);
        match kind {
            ClauseKind::Cost(e) => {
                let cost = self.amount(e, "`cost`", Measure::Share, 0.0..=1.0, share)?;
                add(&mut costs.proportional, cost);
            }
            ClauseKind::Slippage(e) => {
                let slippage = self.amount(e, "`slippage`", Measure::Share, 0.0..=1.0, share)?;
                add(&mut costs.slippage, slippage);
            }
            ClauseKind::Borrow(e) => {
                let borrow = self.amount(e, "`borrow`", Measure::Share, 0.0..=1.0, share)?;
                add(&mut costs.borrow, borrow);
            }
            ClauseKind::Commission { per_share, min } => {
                let money = "an amount of money, at least 0";
                let (range, what) = (0.0..=1e6, "`commission`");
                let per_share =
                    self.amount(per_share, what, Measure::Money, range.clone(), money)?;
                let least = match min {
                    Some(e) => self.amount(e, "`min`", Measure::Money, range, money)?,
                    None => 0.0,
                };
                costs.commission.push(Commission { per_share, least });
            }
            ClauseKind::Impact(e) => {
                let factor =
                    self.amount(e, "`impact`", Measure::Share, 0.0..=100.0, "at least 0%")?;
                let definition = self.names.in_library("volatility");
                let definition = definition.expect("the library defines `volatility`");
                let rows = self.rows_constant(20.0, span);
                let volatility = self.expand(definition, vec![rows], span)?;
                let traded = self.money_traded(20.0, span)?;
                let (volatility, traded) = (signals.eligible(volatility), signals.eligible(traded));
                // What leaves between decisions has its impact, too.
                signals.watched.extend([volatility, traded]);
                // The library's volatility is yearly.
                let a_day = 1.0 / f64::from(self.schema.rows_per_year).sqrt();
                let known = costs.impact.map_or(0.0, |i| i.factor);
                costs.impact = Some(Impact { factor: known + factor * a_day, volatility, traded });
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn cash(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<CashRate> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Cash(e) = k { Some(e) } else { None });
        let Some((e, _)) = found else {
            let field = self.schema.find(None, "risk_free").into_iter().find(|f| {
                let ty = self.schema.field(*f).ty;
                ty.kind == Kind::Number && ty.shape == Shape::Series
            });
            return Some(match field {
                Some(field) => {
                    let id = self.field(field, self.loaded.files[0].tree.span);
                    CashRate::Series(signals.eligible(id))
                }
                None => CashRate::Constant(0.0),
            });
        };
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Number, e.span)?;
        if self.constant(id).is_some() {
            let expected = "a yearly rate between -100% and 100%";
            return self
                .amount(e, "`cash`", Measure::Share, -1.0..=1.0, expected)
                .map(CashRate::Constant);
        }
        if self.ty(id).shape != Shape::Series {
            let ty = self.ty(id);
            self.report(error::wrong_type(e.span, "one rate a date", ty));
            return None;
        }
        Some(CashRate::Series(signals.eligible(id)))
    }
}
