//! `-(-x)` and `not not x` become `x`.

use super::Rule;
use crate::plan::logical::{LogicalPlan, Node, NodeId, Op};

pub(super) struct DoubleNegation;

impl Rule for DoubleNegation {
    fn name(&self) -> &'static str {
        "double-negation"
    }

    fn summary(&self) -> &'static str {
        "`-(-x)` and `not not x` become `x`"
    }

    fn rewrite(&self, node: &Node, plan: &mut LogicalPlan) -> Option<NodeId> {
        let Op::Apply { operator, .. } = &node.op else { return None };
        if !matches!(operator.0.name, "negate" | "not") {
            return None;
        }
        let inner = plan.node(node.inputs[0]);
        match &inner.op {
            Op::Apply { operator: again, .. } if again == operator => Some(inner.inputs[0]),
            _ => None,
        }
    }
}
