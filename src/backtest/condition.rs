//! Conditions on one row: what the plan has computed, and what the book answers.

use crate::{
    check::{Condition, ConditionStep, State},
    execute::Signals,
    operator::{Body, Eligible, Members, Scratch},
    panel::{MISSING, Row},
};

/// A book that can be asked for its state.
pub(super) trait Stateful {
    /// A state at the row at hand: one value, or one for each asset.
    fn state(&self, state: State) -> Vec<f64>;
}

/// The values of a condition on a row: one, or one for each of `assets`.
pub(super) fn values(
    condition: &Condition,
    signals: &Signals,
    row: Row,
    assets: usize,
    book: &dyn Stateful,
) -> Vec<f64> {
    let mut all = steps(condition, signals, row, assets, book);
    all.pop().unwrap_or_default()
}

/// Whether a condition with one answer a date holds; missing is no.
pub(super) fn holds(
    condition: &Condition,
    signals: &Signals,
    row: Row,
    assets: usize,
    book: &dyn Stateful,
) -> bool {
    values(condition, signals, row, assets, book) == [1.0]
}

/// The numbers that a comparison compares, for messages; nothing where it is none of single numbers.
pub(super) fn compared(
    condition: &Condition,
    signals: &Signals,
    row: Row,
    assets: usize,
    book: &dyn Stateful,
) -> Option<(f64, f64)> {
    let all = steps(condition, signals, row, assets, book);
    let Some(ConditionStep::Call { inputs, .. }) = condition.steps.last() else { return None };
    let [(a, _), (b, _)] = inputs.as_slice() else { return None };
    match (all[*a].as_slice(), all[*b].as_slice()) {
        ([a], [b]) => Some((*a, *b)),
        _ => None,
    }
}

fn steps(
    condition: &Condition,
    signals: &Signals,
    row: Row,
    assets: usize,
    book: &dyn Stateful,
) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(condition.steps.len());
    for step in &condition.steps {
        let value = match step {
            ConditionStep::Constant(value) => vec![*value],
            ConditionStep::Signal(id) => {
                signals.get(*id).row(row).map_or_else(|| vec![MISSING], <[f64]>::to_vec)
            }
            ConditionStep::State(state) => book.state(*state),
            ConditionStep::Of(value, asset) => {
                let values = &all[*value];
                vec![if values.len() == 1 { values[0] } else { values[asset.0 as usize] }]
            }
            ConditionStep::Call { operator, inputs, constants } => {
                let widest = inputs.iter().map(|(i, _)| all[*i].len()).max().unwrap_or(1);
                let reduces = matches!(operator.0.body, Body::Reduce(_));
                let width = if reduces { assets } else { widest };
                let wide: Vec<Vec<f64>> = inputs
                    .iter()
                    .map(|(i, _)| match all[*i].as_slice() {
                        [one] => vec![*one; width],
                        many => many.to_vec(),
                    })
                    .collect();
                let slices: Vec<&[f64]> = wide.iter().map(Vec::as_slice).collect();
                match operator.0.body {
                    Body::Map(kernel) => {
                        let mut out = vec![0.0; width];
                        kernel(&slices, constants, &mut out);
                        out
                    }
                    Body::Reduce(kernel) => {
                        let kinds: Vec<_> = inputs.iter().map(|(_, kind)| *kind).collect();
                        let members = Members {
                            inputs: &slices,
                            kinds: &kinds,
                            eligible: Eligible { mask: &vec![1.0; width], members: None },
                            constants,
                        };
                        let mut out = [0.0];
                        kernel(&members, &mut Scratch::default(), &mut out);
                        out.to_vec()
                    }
                    body => unreachable!("the checker lets no {body:?} see the book"),
                }
            }
        };
        all.push(value);
    }
    all
}
