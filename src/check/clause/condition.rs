//! Conditions of `rebalance`, `exit when`, `keep until`, `trade if` and `expect`: parted into what a plan computes and
//! what the book answers.

use super::{FILE, SignalTable};
use crate::{
    check::{
        condition::{Condition, ConditionStep},
        error,
        expression::{Expression, ExpressionId},
        infer::{Checker, Place},
        state::Use,
    },
    operator::Body,
    syntax::ast,
    types::Kind,
};
use rustc_hash::FxHashMap;

impl<'a> Checker<'a> {
    /// A condition of a clause; its signals are added to those of the strategy.
    pub(in crate::check) fn condition(
        &mut self,
        e: &'a ast::Expression,
        of: Use,
        signals: &mut SignalTable,
    ) -> Option<Condition> {
        let place = Place { condition: Some(of), ..FILE };
        let id = self.infer(e, place)?;
        self.want_kind(id, Kind::Boolean, e.span)?;
        let is_series = matches!(of, Use::Decision | Use::Expectation);
        if is_series && self.ty(id).shape_has_assets() {
            self.report(error::one_answer(e.span, &self.written(e.span)));
            return None;
        }
        let mut parts = Parts { signals, steps: vec![], known: FxHashMap::default() };
        self.part(id, &mut parts)?;
        let steps = parts.steps;
        Some(Condition { steps, text: self.written(e.span), span: e.span })
    }

    /// The step of an expression.
    fn part(&mut self, id: ExpressionId, parts: &mut Parts<'_>) -> Option<usize> {
        if let Some(known) = parts.known.get(&id) {
            return Some(*known);
        }
        let step = match self.expressions.get(id).clone() {
            Expression::Constant(bits) => ConditionStep::Constant(f64::from_bits(bits)),
            Expression::State(state) => ConditionStep::State(state),
            _ if !self.sees_state(id) => ConditionStep::Signal(parts.signals.eligible(id)),
            Expression::Of { value, asset } => ConditionStep::Of(self.part(value, parts)?, asset),
            Expression::Apply { operator, inputs, constants, within: None }
                if matches!(operator.0.body, Body::Map(_) | Body::Reduce(_)) =>
            {
                let kinds: Vec<Kind> = inputs.iter().map(|i| self.ty(*i).kind).collect();
                let mut steps = vec![];
                for (input, kind) in inputs.into_iter().zip(kinds) {
                    steps.push((self.part(input, parts)?, kind));
                }
                let constants = constants.into_iter().map(f64::from_bits).collect();
                ConditionStep::Call { operator, inputs: steps, constants }
            }
            Expression::Apply { operator, .. } => {
                let span = self.expressions.span(id);
                self.report(error::state_has_no_past(span, operator.0.name));
                return None;
            }
            Expression::Text(_) | Expression::Field(_) => {
                unreachable!("these see no state")
            }
        };
        parts.steps.push(step);
        parts.known.insert(id, parts.steps.len() - 1);
        Some(parts.steps.len() - 1)
    }

    /// Whether the state of the book is anywhere in an expression.
    fn sees_state(&self, id: ExpressionId) -> bool {
        let expression = self.expressions.get(id);
        matches!(expression, Expression::State(_))
            || expression.inputs().into_iter().any(|input| self.sees_state(input))
    }
}

struct Parts<'s> {
    signals: &'s mut SignalTable,
    steps: Vec<ConditionStep>,
    known: FxHashMap<ExpressionId, usize>,
}
