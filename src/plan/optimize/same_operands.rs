//! `x and x`, `x or x`, `min(x, x)` and `max(x, x)` become `x`.

use super::Rule;
use crate::plan::logical::{LogicalPlan, Node, NodeId, Op};

pub(super) struct SameOperands;

impl Rule for SameOperands {
    fn name(&self) -> &'static str {
        "same-operands"
    }

    fn summary(&self) -> &'static str {
        "`x and x`, `x or x`, `min(x, x)` and `max(x, x)` become `x`"
    }

    fn rewrite(&self, node: &Node, _: &mut LogicalPlan) -> Option<NodeId> {
        let Op::Apply { operator, .. } = &node.op else { return None };
        match (operator.0.name, node.inputs.as_slice()) {
            ("and" | "or" | "min" | "max", [x, y]) if x == y => Some(*x),
            _ => None,
        }
    }
}
