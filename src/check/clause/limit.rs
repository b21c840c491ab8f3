//! The constraints that are no caps or floors: `limit`, `neutralize`, `cap turnover`, `names`.

use super::{FILE, Placed, SignalTable};
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{Limit, LimitRule},
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ClauseKind},
    types::Kind,
};

impl<'a> Checker<'a> {
    pub(super) fn limits(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
        keys: &mut Vec<String>,
    ) -> Vec<Limit> {
        let mut limits = vec![];
        for (kind, span) in clauses {
            let span = *span;
            let rule = match kind {
                ClauseKind::Limit { value, low, high } => {
                    let rule = self.sum(value, low, high, signals);
                    rule.map(|rule| (rule, self.written(value.span)))
                }
                ClauseKind::LimitBudget { budget, amount } => {
                    let rule = self.budget(*budget, amount, span, signals);
                    rule.map(|rule| (rule, budget_name(*budget).to_owned()))
                }
                ClauseKind::CapTurnover(amount) => {
                    let (range, expected) = (0.0..=10.0, "from 0% to 1000%");
                    let what = "`cap turnover`";
                    let most = self.amount(amount, what, Measure::Share, range, expected);
                    most.map(|most| (LimitRule::Turnover(most), "turnover".to_owned()))
                }
                ClauseKind::Names { low, high } => {
                    self.names_between(low, high).map(|rule| (rule, "names".to_owned()))
                }
                ClauseKind::Neutralize(items) => {
                    self.neutralize(items, span, clauses, signals, &mut limits, keys);
                    None
                }
                _ => None,
            };
            if let Some((rule, key)) = rule {
                keys.push(key);
                limits.push(Limit { rule, text: self.written(span), span });
            }
        }
        limits
    }

    fn sum(
        &mut self,
        value: &'a ast::Expression,
        low: &'a ast::Expression,
        high: &'a ast::Expression,
        signals: &mut SignalTable,
    ) -> Option<LimitRule> {
        let id = self.number_of_assets(value);
        let (low_value, high_value) = (self.bound_of_sum(low), self.bound_of_sum(high));
        let (id, low_value, high_value) = (id?, low_value?, high_value?);
        if high_value < low_value {
            let expected = format!("at least {}", self.written(low.span));
            let found = self.written(high.span);
            self.report(error::out_of_range(high.span, "the upper bound", &expected, &found));
            return None;
        }
        let value = signals.eligible(id);
        Some(LimitRule::Sum { value, low: low_value, high: high_value })
    }

    /// Any constant number.
    fn bound_of_sum(&mut self, e: &'a ast::Expression) -> Option<f64> {
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Number, e.span)?;
        let value = self.constant(id).filter(|v| v.is_finite());
        if value.is_none() {
            self.report(error::not_constant(e.span, "a bound"));
        }
        value
    }

    fn budget(
        &mut self,
        budget: ast::Budget,
        amount: &'a ast::Expression,
        span: Span,
        signals: &mut SignalTable,
    ) -> Option<LimitRule> {
        let what = format!("`limit {}`", budget_name(budget));
        let (range, expected) = (1e-6..=10.0, "above 0% and at most 1000%");
        let most = self.amount(amount, &what, Measure::Share, range, expected)?;
        Some(match budget {
            ast::Budget::TrackingError => LimitRule::TrackingError(most),
            ast::Budget::Volatility => LimitRule::Volatility(most),
            ast::Budget::TradeVolume => {
                // The library's money traded a day, over a month of exchange days.
                let traded = self.money_traded(20.0, span)?;
                LimitRule::TradeVolume(most, signals.eligible(traded))
            }
        })
    }

    fn names_between(
        &mut self,
        low: &'a ast::Expression,
        high: &'a ast::Expression,
    ) -> Option<LimitRule> {
        let fewest = self.whole(low, "the fewest names", Measure::Count);
        let most = self.whole(high, "the most names", Measure::Count);
        let (fewest, most) = (fewest?, most?);
        if most < fewest {
            let expected = format!("at least {fewest}");
            let found = most.to_string();
            self.report(error::out_of_range(high.span, "the most names", &expected, &found));
            return None;
        }
        Some(LimitRule::Names(fewest, most))
    }

    fn neutralize(
        &mut self,
        items: &'a [ast::Expression],
        span: Span,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
        limits: &mut Vec<Limit>,
        keys: &mut Vec<String>,
    ) {
        let is_short =
            |k: &ClauseKind| matches!(k, ClauseKind::Pick(p) if p.side == ast::Side::Short);
        if !clauses.iter().any(|(k, _)| is_short(k)) {
            let complaint =
                Diagnostic::error(Code::MissingClause, "`neutralize` needs a short side")
                    .at(span, "only what is sold short can balance what is held")
                    .help("write for example `short top 50 by -value`");
            self.report(complaint);
        }
        for item in items {
            let Some(id) = self.infer(item, FILE) else { continue };
            let rule = if self.ty(id).kind == Kind::Label {
                let labels = self.label_texts(id);
                self.want_groups(id, item.span)
                    .map(|()| LimitRule::NeutralGroups(signals.eligible(id), labels))
            } else {
                let id = self.want_number_of_assets(id, item.span);
                id.map(|id| LimitRule::NeutralNumber(signals.eligible(id)))
            };
            if let Some(rule) = rule {
                let written = self.written(item.span);
                let text = format!("neutralize {written}");
                keys.push(written);
                limits.push(Limit { rule, text, span: item.span });
            }
        }
    }
}

fn budget_name(budget: ast::Budget) -> &'static str {
    match budget {
        ast::Budget::TradeVolume => "trade_volume",
        ast::Budget::TrackingError => "tracking_error",
        ast::Budget::Volatility => "volatility",
    }
}
