//! What lies ahead of a date, and who may see it: `forward_return` as the target of `predict`, and nothing else; and the
//! strategies whose returns another one takes, which form no circle.

use super::{
    error,
    expression::{Expression, ExpressionId, Expressions},
    infer::{Checker, Place},
    program::{SignalSource, Strategy},
    strategy::{Benchmark, Held},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    operator::{Accepts, Body, MODELS, Operator, Parameter, WalkForward},
    source::Span,
    syntax::ast::{self, ExpressionKind},
    types::{Shape, Type, Unit},
};
use std::collections::BTreeSet;

/// The most values a score may be learned from.
const MOST_VALUES: usize = 500;

impl<'a> Checker<'a> {
    /// The constant of an argument that is written in words of its own.
    pub(super) fn word(
        &mut self,
        parameter: &Parameter,
        e: &'a ast::Expression,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        match parameter.accepts {
            Accepts::Model => self.model(e, place),
            Accepts::Strategy => self.strategy_named(e),
            _ => self.formation(e),
        }
    }

    /// What a score is learned with, as the constant of [`Accepts::Model`].
    fn model(&mut self, e: &'a ast::Expression, place: Place<'_>) -> Option<ExpressionId> {
        let (name, arguments) = match &e.kind {
            ExpressionKind::Name(path) => (&path.name.text, &[][..]),
            ExpressionKind::Call { callee, arguments } => (&callee.name.text, arguments.as_slice()),
            _ => return self.no_model(e.span),
        };
        let Some((_, takes_penalty)) = MODELS.iter().find(|(known, _)| known == name) else {
            return self.no_model(e.span);
        };
        let penalty = match arguments {
            [] if !takes_penalty => 0.0,
            [ast::Argument { name: None, value }] if *takes_penalty => {
                let id = self.infer(value, place)?;
                match self.constant(id) {
                    Some(penalty) if penalty >= 0.0 => penalty,
                    Some(penalty) => {
                        let found = penalty.to_string();
                        self.report(error::out_of_range(
                            value.span,
                            "the penalty",
                            "at least 0",
                            &found,
                        ));
                        return None;
                    }
                    None => {
                        self.report(error::not_constant(value.span, "the penalty"));
                        return None;
                    }
                }
            }
            _ => return self.no_model(e.span),
        };
        let ty = Type::number(Shape::Scalar, Unit::Unknown);
        Some(self.add_constant(penalty, ty, e.span))
    }

    fn no_model<T>(&mut self, at: Span) -> Option<T> {
        let form = |(name, takes_penalty): &(&str, bool)| match takes_penalty {
            true => format!("`{name}(1.0)`"),
            false => format!("`{name}`"),
        };
        let forms: Vec<String> = MODELS.iter().map(form).collect();
        let expected = format!("expected {}", forms.join(" or "));
        let help = "`ridge` takes the penalty on the squared coefficients of standardised values";
        let complaint = Diagnostic::error(Code::Arguments, expected);
        self.report(complaint.at(at, "this says what the score is learned with").help(help));
        None
    }

    /// A strategy of the file, as the constant of [`Accepts::Strategy`].
    fn strategy_named(&mut self, e: &ast::Expression) -> Option<ExpressionId> {
        let name = match &e.kind {
            ExpressionKind::Name(path) if path.table.is_none() => path.name.text.as_str(),
            _ => "",
        };
        let Some(place) = self.strategies.iter().position(|s| *s == name) else {
            let complaint = Diagnostic::error(Code::UnknownName, "expected a strategy of the file")
                .at(e.span, "this is none");
            let complaint = match self.strategies.is_empty() {
                true => complaint.help("strategies are written `strategy NAME { … }`"),
                false => {
                    error::did_you_mean(complaint, e.span, name, self.strategies.iter().copied())
                }
            };
            self.report(complaint);
            return None;
        };
        let ty = Type::number(Shape::Scalar, Unit::Unknown);
        Some(self.add_constant(place as f64, ty, e.span))
    }

    /// Whether a score can be learned as the call says: from values that are known for a target that is not.
    pub(super) fn can_learn(
        &mut self,
        operator: &Operator,
        inputs: &[(ExpressionId, Span)],
        constants: &[f64],
        span: Span,
    ) -> bool {
        if !matches!(operator.body, Body::Predict) {
            return true;
        }
        let [(target, at), values @ ..] = inputs else { return true };
        let ahead = self.expressions.horizon(*target);
        if ahead == 0 {
            let help = "write what is to be foreseen, such as `forward_return(1m)`";
            let complaint = Diagnostic::error(Code::Arguments, "the target does not lie ahead");
            self.report(complaint.at(*at, "this is known on the day").help(help));
            return false;
        }
        if values.len() > MOST_VALUES {
            let (expected, found) = (format!("at most {MOST_VALUES}"), values.len().to_string());
            self.report(error::out_of_range(span, "the number of values", &expected, &found));
            return false;
        }
        let walk = WalkForward::new(constants, ahead);
        let wrong = if walk.most() == 0 {
            let expected =
                format!("at least {} rows, for a target to be known by its end", ahead + 1);
            Some(("`train` of `predict`", expected, constants[1]))
        } else if walk.least > walk.most() as usize {
            let expected = format!("at most the {} dates that `train` holds", walk.most());
            Some(("`min` of `predict`", expected, constants[3]))
        } else {
            None
        };
        if let Some((what, expected, found)) = &wrong {
            self.report(error::out_of_range(span, what, expected, &found.to_string()));
        }
        // Values that lie ahead themselves are found where all of an expression is looked at.
        wrong.is_none()
    }

    /// Complains of an expression that would see what lies ahead.
    pub(super) fn sees_nothing_ahead(&mut self, id: ExpressionId) -> bool {
        let ahead = self.expressions.calls(vec![id], false, |body| matches!(body, Body::Forward));
        if let Some((fault, _)) = ahead.first() {
            let at = self.expressions.span(*fault);
            let message = "`forward_return` lies in the future of the date";
            let complaint = Diagnostic::error(Code::LookAhead, message);
            let help = "it may stand only in the target of `predict`; what has been is `return`";
            let mut complaint = complaint.at(at, "not known when the decision is made");
            let seen = self.expressions.span(id);
            if seen != at {
                complaint = complaint.also(seen, "this would see it");
            }
            self.report(complaint.help(help));
        }
        ahead.is_empty()
    }

    /// Complains of strategies that see what lies ahead, or need each other's returns.
    pub(super) fn foresight(&mut self, strategies: &[Strategy]) {
        for id in strategies.iter().flat_map(Strategy::expressions).collect::<BTreeSet<_>>() {
            self.sees_nothing_ahead(id);
        }
        if strategies.len() < self.strategies.len() {
            return;
        }
        for start in 0..strategies.len() {
            if let Some((circle, span)) = circle(&self.expressions, strategies, start)
                && circle.iter().all(|i| *i >= start)
            {
                let names: Vec<&str> =
                    circle.iter().map(|i| strategies[*i].name.as_str()).collect();
                self.report(error::recursion(span, span, &names, None));
            }
        }
    }
}

/// The strategies on a way from one back to itself, and where the last of them asks for the returns of the first.
fn circle(
    expressions: &Expressions,
    strategies: &[Strategy],
    start: usize,
) -> Option<(Vec<usize>, Span)> {
    let mut came_from: Vec<Option<usize>> = vec![None; strategies.len()];
    let mut open = vec![start];
    while let Some(next) = open.pop() {
        for (needed, span) in strategies[next].needs(expressions) {
            if needed == start {
                let mut way = vec![next];
                while way.last() != Some(&start) {
                    way.extend(came_from[*way.last().expect("it has one")]);
                }
                way.reverse();
                return Some((way, span));
            }
            if came_from[needed].is_none() {
                came_from[needed] = Some(next);
                open.push(needed);
            }
        }
    }
    None
}

impl Strategy {
    /// Every expression it is made of.
    pub fn expressions(&self) -> impl Iterator<Item = ExpressionId> + '_ {
        let signals = self.signals.iter().filter_map(|s| match s {
            SignalSource::Expression(id, _) => Some(*id),
            SignalSource::Universe | SignalSource::Eligible => None,
        });
        self.universe.iter().chain(&self.filters).copied().chain(signals)
    }

    /// The strategies whose returns or holdings it takes, by their place in the file, with where it does.
    pub fn needs(&self, expressions: &Expressions) -> Vec<(usize, Span)> {
        let mut needs = expressions.strategies_in(self.expressions());
        needs.extend(self.looks_at());
        needs
    }

    /// The strategies whose holdings it must know, with where: those that it holds itself, and the benchmark of its
    /// constraints.
    pub fn looks_at(&self) -> impl Iterator<Item = (usize, Span)> + '_ {
        let held = self.policy.hold.iter().filter_map(|item| match item.what {
            Held::Strategy(index) => Some((index, item.span)),
            Held::Asset(_) => None,
        });
        let benchmark = match self.policy.benchmark {
            Some(Benchmark::Strategy(index)) => self.policy.against_benchmark().map(|s| (index, s)),
            _ => None,
        };
        held.chain(benchmark)
    }
}

impl Expressions {
    /// How many rows after its date must have passed for an expression to be known: 0 for all but what is made of
    /// `forward_return`.
    pub fn horizon(&self, root: ExpressionId) -> u32 {
        let ahead = self.calls(vec![root], false, |body| matches!(body, Body::Forward));
        ahead.into_iter().map(|(_, rows)| rows as u32 + 1).max().unwrap_or(0)
    }

    /// The strategies whose returns some expressions take, by their place in the file, with where they do.
    pub fn strategies_in(
        &self,
        roots: impl IntoIterator<Item = ExpressionId>,
    ) -> Vec<(usize, Span)> {
        let roots = roots.into_iter().collect();
        let found = self.calls(roots, true, |body| matches!(body, Body::Returns));
        found.into_iter().map(|(id, place)| (place as usize, self.span(id))).collect()
    }

    /// The calls of some operators among all that expressions are made of, each with its first constant; with `targets`
    /// also in those of `predict`, which lie ahead but are known by the time they are learned from.
    fn calls(
        &self,
        mut open: Vec<ExpressionId>,
        targets: bool,
        wanted: fn(Body) -> bool,
    ) -> Vec<(ExpressionId, f64)> {
        let mut seen: BTreeSet<ExpressionId> = open.iter().copied().collect();
        let mut found = vec![];
        while let Some(id) = open.pop() {
            let expression = self.get(id);
            let mut skipped = 0;
            if let Expression::Apply { operator, constants, .. } = expression {
                skipped = usize::from(!targets && matches!(operator.0.body, Body::Predict));
                if wanted(operator.0.body) {
                    found.push((id, f64::from_bits(constants[0])));
                }
            }
            let inputs = expression.inputs();
            open.extend(inputs.into_iter().skip(skipped).filter(|input| seen.insert(*input)));
        }
        found
    }
}
