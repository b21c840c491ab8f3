//! `hold "SPY" 60%, "TLT" 40%`: fixed shares of assets and of strategies.

use super::Placed;
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{Held, HoldItem, Pick},
    },
    diagnostic::{Code, Diagnostic},
    syntax::ast::{self, ClauseKind},
};

/// Whether a clause shapes a portfolio of picks, which a fixed one does not have.
pub(in crate::check) fn shapes_picks(kind: &ClauseKind) -> bool {
    matches!(
        kind,
        ClauseKind::Pick(_)
            | ClauseKind::Where(_)
            | ClauseKind::Weight(_)
            | ClauseKind::Cap { .. }
            | ClauseKind::Floor { .. }
            | ClauseKind::Names { .. }
            | ClauseKind::CapTurnover(_)
            | ClauseKind::LimitBudget { .. }
            | ClauseKind::Limit { .. }
            | ClauseKind::OnInfeasible { .. }
            | ClauseKind::Neutralize(_)
            | ClauseKind::Exposure(_)
            | ClauseKind::TargetVolatility { .. }
            | ClauseKind::ExitWhen(_)
    )
}

impl<'a> Checker<'a> {
    /// The items of `hold`, and what stands in for the pick of such a strategy; `Some(None)` without the clause.
    pub(super) fn hold(
        &mut self,
        own: &str,
        clauses: &[Placed<'a>],
    ) -> Option<Option<(Vec<HoldItem>, Pick)>> {
        let found = self
            .single(clauses, |k| if let ClauseKind::Hold(items) = k { Some(items) } else { None });
        let Some((items, span)) = found else { return Some(None) };
        for (kind, place) in clauses.iter().filter(|(k, _)| shapes_picks(k)) {
            let name = super::clause_name(kind).0;
            let message = format!("`{name}` does nothing beside `hold`");
            let complaint = Diagnostic::error(Code::DuplicateClause, message)
                .at(*place, "the shares of this strategy are fixed")
                .also(span, "by this")
                .help("keep one of the two");
            self.report(complaint);
        }
        let mut held: Vec<HoldItem> = vec![];
        let mut total = 0.0;
        for item in items {
            let (what, place) = match &item.what {
                ast::HoldWhat::Symbol(symbol) => {
                    let asset = self.schema.asset(&symbol.text);
                    if asset.is_none() {
                        let known = self.schema.symbols.iter().map(String::as_str);
                        self.report(error::unknown_symbol(symbol.span, &symbol.text, known));
                    }
                    (asset.map(Held::Asset), symbol.span)
                }
                ast::HoldWhat::Strategy(name) => (self.held_strategy(own, name), name.span),
            };
            let expected = "above 0% and at most 100%";
            let range = 1e-9..=1.0;
            let weight = self.amount(&item.weight, "a share", Measure::Share, range, expected)?;
            let what = what?;
            if held.iter().any(|h| h.what == what) {
                let complaint = Diagnostic::error(Code::DuplicateClause, "held twice")
                    .at(place, "again here")
                    .help("add the two shares up");
                self.report(complaint);
                return None;
            }
            total += weight;
            held.push(HoldItem { what, weight, span: place });
        }
        if total > 1.0 + 1e-9 {
            let found = format!("{:.4}%", total * 100.0);
            self.report(error::out_of_range(span, "the sum of the shares", "at most 100%", &found));
            return None;
        }
        Some(Some((held, Pick::all(span))))
    }

    fn held_strategy(&mut self, own: &str, name: &ast::Name) -> Option<Held> {
        if name.text == own {
            self.report(error::recursion(name.span, name.span, &[own], None));
            return None;
        }
        if let Some(index) = self.strategies.iter().position(|s| *s == name.text) {
            return Some(Held::Strategy(index));
        }
        let message = format!("unknown strategy `{}`", name.text);
        let complaint = Diagnostic::error(Code::UnknownName, message)
            .at(name.span, "expected a symbol in quotes, or a strategy of this file");
        let complaint = match self.schema.asset(&name.text) {
            Some(_) => {
                let quoted = format!("{:?}", name.text);
                complaint.change("a symbol stands in quotes", name.span, quoted)
            }
            None => {
                let known = self.strategies.iter().copied();
                error::did_you_mean(complaint, name.span, &name.text, known)
            }
        };
        self.report(complaint);
        None
    }
}
