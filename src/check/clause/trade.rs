//! `trade`, `cost` and `cash`: at which price, at what expense, and what the money that is left over earns.

use super::{FILE, Placed, SignalTable};
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{CashRate, TradeAt},
    },
    diagnostic::{Code, Diagnostic},
    syntax::ast::{self, ClauseKind},
    types::{Kind, Shape},
};

impl<'a> Checker<'a> {
    pub(super) fn trade(&mut self, clauses: &[Placed<'a>]) -> (TradeAt, bool) {
        let found = self.single(clauses, |k| match k {
            ClauseKind::TradeAt { when, sized_at_fill, .. } => Some((when, *sized_at_fill)),
            _ => None,
        });
        let Some(((when, sized), span)) = found else { return (TradeAt::NextClose, false) };
        let at = match when {
            ast::TradeWhen::NextOpen => {
                if self.schema.find(Some("prices"), "open").is_empty() {
                    self.report(error::no_opening_prices(span));
                }
                TradeAt::NextOpen
            }
            ast::TradeWhen::NextClose | ast::TradeWhen::Over(_) => TradeAt::NextClose,
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
        (at, sized)
    }

    pub(super) fn cost(&mut self, clauses: &[Placed<'a>]) -> Option<Option<f64>> {
        let mut total = None;
        for (kind, _) in clauses {
            if let ClauseKind::Cost(e) = kind {
                let expected = "from 0% up to 100%";
                let cost = self.amount(e, "`cost`", Measure::Share, 0.0..=1.0, expected)?;
                total = Some(total.unwrap_or(0.0) + cost);
            }
        }
        Some(total)
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
