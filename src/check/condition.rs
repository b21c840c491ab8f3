//! Conditions on the market and on the state of the book: what a plan computes is a signal, the rest is a few steps over
//! the assets of one row.

use super::{expression::OperatorRef, state::State, strategy::SignalId};
use crate::{panel::AssetId, source::Span, types::Kind};

/// A condition as steps, inputs before their users; the last is the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is computed.
    pub steps: Vec<ConditionStep>,
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One step: a value for each asset, or one for all.
#[derive(Debug, Clone, PartialEq)]
pub enum ConditionStep {
    /// A scalar.
    Constant(f64),
    /// A value of the market.
    Signal(SignalId),
    /// A value of the book.
    State(State),
    /// An operator, element by element, or over all assets to one value.
    Call {
        /// Which.
        operator: OperatorRef,
        /// The steps it takes, with their kinds.
        inputs: Vec<(usize, Kind)>,
        /// Its constants.
        constants: Vec<f64>,
    },
    /// One asset's value.
    Of(usize, AssetId),
}

impl Condition {
    /// Whether it looks at a state.
    pub fn asks(&self, state: State) -> bool {
        self.steps.iter().any(|s| matches!(s, ConditionStep::State(found) if *found == state))
    }

    /// The signals it looks at.
    pub fn signals(&self) -> impl Iterator<Item = SignalId> {
        let signal = |s: &ConditionStep| match s {
            ConditionStep::Signal(id) => Some(*id),
            _ => None,
        };
        self.steps.iter().filter_map(signal)
    }
}
