//! `rank(rank(x))` becomes `rank(x)`, and `ordinal` or `bucket` of a rank are those of `x`: a rank keeps the order.

use super::Rule;
use crate::plan::logical::{LogicalPlan, Node, NodeId, Op};

pub(super) struct DoubleRank;

impl Rule for DoubleRank {
    fn name(&self) -> &'static str {
        "double-rank"
    }

    fn summary(&self) -> &'static str {
        "`rank(rank(x))` becomes `rank(x)`: a rank keeps the order"
    }

    fn rewrite(&self, node: &Node, plan: &mut LogicalPlan) -> Option<NodeId> {
        let by_order = |name: &str| matches!(name, "rank" | "ordinal" | "bucket");
        let Op::Apply { operator, .. } = &node.op else { return None };
        if !by_order(operator.0.name) {
            return None;
        }
        let inner = plan.node(node.inputs[0]).clone();
        let Op::Apply { operator: inner_operator, .. } = &inner.op else { return None };
        // The same mask and the same groups: otherwise the inner rank leaves out other assets.
        if inner_operator.0.name != "rank" || inner.inputs[1..] != node.inputs[1..] {
            return None;
        }
        let mut inputs = node.inputs.clone();
        inputs[0] = inner.inputs[0];
        Some(plan.add(Node { op: node.op.clone(), inputs, ty: node.ty }))
    }
}
