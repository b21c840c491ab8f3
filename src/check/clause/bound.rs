//! `cap` and `floor`: of each asset, of each group. `keys` are the names by which `on infeasible` calls constraints.

use super::{Placed, SignalTable};
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{Bound, BoundKind, BoundTarget},
    },
    syntax::ast::{self, ClauseKind},
};

/// How many a strategy may have; to find those that conflict each is left out in turn.
const MOST_BOUNDS: usize = 100;

impl<'a> Checker<'a> {
    pub(super) fn bounds(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
        keys: &mut Vec<String>,
    ) -> Vec<Bound> {
        let mut bounds = vec![];
        for (clause, span) in clauses {
            let (kind, target, amount, active, else_cash) = match clause {
                ClauseKind::Cap { target, amount, active, else_cash } => {
                    (BoundKind::Cap, target, amount, *active, *else_cash)
                }
                ClauseKind::Floor { target, amount, active } => {
                    (BoundKind::Floor, target, amount, *active, false)
                }
                _ => continue,
            };
            let what = if kind == BoundKind::Cap { "`cap`" } else { "`floor`" };
            let expected = "above 0% and at most 100%";
            let amount =
                self.amount(amount, what, Measure::Share, f64::MIN_POSITIVE..=1.0, expected);
            if active && kind == BoundKind::Floor && *target == ast::BoundTarget::Position {
                self.report(error::active_floor_of_positions(*span));
            }
            let mut labels = None;
            let key = match target {
                ast::BoundTarget::Position => "position".to_owned(),
                ast::BoundTarget::Group(label) => self.written(label.span),
            };
            let target = match target {
                ast::BoundTarget::Position => Some(BoundTarget::Position),
                ast::BoundTarget::Group(label) => {
                    let id = self.label(label);
                    labels = id.map(|id| self.label_texts(id));
                    id.map(|id| BoundTarget::Group(signals.eligible(id)))
                }
            };
            if bounds.len() == MOST_BOUNDS {
                self.report(error::too_many_bounds(*span, MOST_BOUNDS));
                break;
            }
            if let (Some(amount), Some(target)) = (amount, target) {
                let text = self.written(*span);
                let labels = labels.unwrap_or_default();
                let span = *span;
                keys.push(key);
                bounds.push(Bound { kind, target, labels, amount, else_cash, active, text, span });
            }
        }
        bounds
    }
}
