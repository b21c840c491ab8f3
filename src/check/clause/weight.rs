//! `weight`: the weights before constraints.

use super::{
    FILE, Placed, SignalTable,
    optimised::{METHODS, signature},
};
use crate::{
    check::{
        error,
        expression::ExpressionId,
        infer::Checker,
        scope::{FileId, Found},
        strategy::Weight,
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ClauseKind},
    types::Kind,
};

/// The methods that are not optimised.
const PLAIN: &[&str] = &["equal", "market_cap", "score", "rank", "inverse volatility"];

/// The weight methods, each with how it is called if it takes arguments.
pub fn weight_methods() -> impl Iterator<Item = (&'static str, Option<String>)> {
    let plain = PLAIN.iter().map(|name| (*name, None));
    plain.chain(METHODS.map(|name| (name, Some(signature(name)))))
}

impl<'a> Checker<'a> {
    pub(super) fn weight(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Weight> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Weight(m) = k { Some(m) } else { None });
        let Some((method, span)) = found else { return Some(Weight::Equal) };
        let (name, arguments) = match method {
            ast::WeightMethod::By(e) => {
                return Some(Weight::By(signals.eligible(self.number_of_assets(e)?), e.span));
            }
            ast::WeightMethod::Named { name, arguments } => (name, arguments),
        };
        let weight = match name.text.as_str() {
            "equal" => Weight::Equal,
            "market_cap" => Weight::By(signals.eligible(self.market_cap(name.span)?), name.span),
            "score" => Weight::Score(span),
            "rank" => Weight::Rank,
            "inverse volatility" => {
                let id = self.volatility(name.span, arguments)?;
                return Some(Weight::InverseVolatility(signals.eligible(id), span));
            }
            other if METHODS.contains(&other) => {
                let method = self.optimised(name, arguments, signals)?;
                return Some(Weight::Optimised(method));
            }
            other => {
                let known = PLAIN.iter().copied().chain(METHODS);
                let complaint = Diagnostic::error(Code::UnknownName, format!("unknown weight method `{other}`")).at(
                    name.span,
                    "expected `equal`, `market_cap`, `by EXPR`, `score`, `rank`, `inverse volatility`, or an optimised method such as `min_variance`",
                );
                let mut complaint = error::did_you_mean(complaint, name.span, other, known);
                if !matches!(self.names.find(FileId::File(0), other, self.schema), Found::Nothing) {
                    let by = format!("by {other}");
                    complaint = complaint.change("to weigh by a number of yours", name.span, by);
                }
                self.report(complaint);
                return None;
            }
        };
        if let Some(argument) = arguments.first() {
            let what = "takes no arguments";
            self.report(error::arguments(
                argument.value.span,
                &name.text,
                &format!("weight {}", name.text),
                what,
            ));
            return None;
        }
        if matches!(weight, Weight::Score(_) | Weight::Rank) && !self.has_score(clauses) {
            self.report(
                Diagnostic::error(
                    Code::MissingClause,
                    format!("`weight {}` needs a score", name.text),
                )
                .at(name.span, "the pick has no `by`"),
            );
            return None;
        }
        Some(weight)
    }

    fn has_score(&self, clauses: &[Placed<'a>]) -> bool {
        clauses.iter().any(|(k, _)| matches!(k, ClauseKind::Pick(p) if p.by.is_some()))
    }

    /// The library's `volatility` over the `window:` of `inverse volatility`, six months by default.
    fn volatility(&mut self, span: Span, arguments: &'a [ast::Argument]) -> Option<ExpressionId> {
        let (called, signature) = ("inverse volatility", "inverse volatility(window: 6m)");
        let mut window = None;
        for argument in arguments {
            if let Some(name) = argument.name.as_ref().filter(|n| n.text != "window") {
                let known = ["window"];
                let complaint =
                    error::unknown_argument(name.span, called, signature, &name.text, known);
                self.report(complaint);
                return None;
            }
            if window.is_some() {
                let at = argument.value.span;
                self.report(error::arguments(at, called, signature, "takes one window"));
                return None;
            }
            let id = self.infer(&argument.value, FILE)?;
            let rows = self.constant(id).filter(|_| self.ty(id).kind == Kind::Number);
            if rows.is_none_or(|d| !(2.0..=1e5).contains(&d) || d.fract() != 0.0) {
                let found = &self.written(argument.value.span);
                let what = "`window` of `inverse volatility`";
                let expected = "2 to 100,000 rows";
                self.report(error::out_of_range(argument.value.span, what, expected, found));
                return None;
            }
            window = Some(id);
        }
        let half_year = f64::from(self.schema.rows_per_year) / 2.0;
        let window = match window {
            Some(id) => id,
            None => self.rows_constant(half_year.round().max(2.0), span),
        };
        let definition =
            self.names.in_library("volatility").expect("the library defines `volatility`");
        self.expand(definition, vec![window], span)
    }
}
