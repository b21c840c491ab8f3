//! Checked expressions: an arena in which equal expressions are one, so that sharing survives every expansion.

use super::state::State;
use crate::{
    operator::Operator,
    panel::{AssetId, FieldId},
    source::Span,
    types::Type,
};
use indexmap::IndexMap;
use std::hash::{Hash, Hasher};

/// A checked expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExpressionId(pub u32);

/// An operator of the table, compared by its name.
#[derive(Debug, Clone, Copy)]
pub struct OperatorRef(pub &'static Operator);

impl PartialEq for OperatorRef {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for OperatorRef {}

impl Hash for OperatorRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// What a checked expression is. Arguments are complete and in the order of the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    /// A scalar: a number, a boolean (1, 0), a label's code, or missing (as bits).
    Constant(u64),
    /// A text that has no label to belong to yet.
    Text(String),
    /// A field of the market.
    Field(FieldId),
    /// A call of an operator.
    Apply {
        /// Which.
        operator: OperatorRef,
        /// What is computed.
        inputs: Vec<ExpressionId>,
        /// What is constant (as bits).
        constants: Vec<u64>,
        /// The groups of a cross-sectional operator.
        within: Option<ExpressionId>,
    },
    /// The value of one asset.
    Of {
        /// A panel.
        value: ExpressionId,
        /// The asset.
        asset: AssetId,
    },
    /// The state of the book, which only conditions see; no plan does.
    State(State),
}

impl Expression {
    /// What it is made of.
    pub fn inputs(&self) -> Vec<ExpressionId> {
        match self {
            Self::Constant(_) | Self::Text(_) | Self::Field(_) | Self::State(_) => vec![],
            Self::Of { value, .. } => vec![*value],
            Self::Apply { inputs, within, .. } => inputs.iter().chain(within).copied().collect(),
        }
    }
}

/// All checked expressions of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expressions {
    nodes: IndexMap<(Expression, Type), Span, rustc_hash::FxBuildHasher>,
}

impl Expressions {
    /// The expression, new or known.
    pub fn add(&mut self, expression: Expression, ty: Type, span: Span) -> ExpressionId {
        let entry = self.nodes.entry((expression, ty));
        let id = ExpressionId(entry.index() as u32);
        entry.or_insert(span);
        id
    }

    /// What an id stands for.
    pub fn get(&self, id: ExpressionId) -> &Expression {
        &self.entry(id).0.0
    }

    /// Its type.
    pub fn ty(&self, id: ExpressionId) -> Type {
        self.entry(id).0.1
    }

    /// Where it was first written.
    pub fn span(&self, id: ExpressionId) -> Span {
        *self.entry(id).1
    }

    fn entry(&self, id: ExpressionId) -> (&(Expression, Type), &Span) {
        self.nodes.get_index(id.0 as usize).expect("ids come from `add`")
    }

    /// The value of a scalar.
    pub fn constant(&self, id: ExpressionId) -> Option<f64> {
        match self.get(id) {
            Expression::Constant(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
