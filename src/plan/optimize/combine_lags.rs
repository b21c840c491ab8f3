//! `lag(lag(x, a), b)` becomes `lag(x, a + b)`, and `lag(x, 0)` becomes `x`.

use super::Rule;
use crate::operator::Body;
use crate::plan::logical::{LogicalPlan, Node, NodeId, Op};

pub(super) struct CombineLags;

impl Rule for CombineLags {
    fn name(&self) -> &'static str {
        "combine-lags"
    }

    fn summary(&self) -> &'static str {
        "`lag(lag(x, a), b)` becomes `lag(x, a + b)`, and `lag(x, 0)` becomes `x`"
    }

    fn rewrite(&self, node: &Node, plan: &mut LogicalPlan) -> Option<NodeId> {
        let rows = lag(node)?;
        let input = node.inputs[0];
        if rows == 0.0 {
            return Some(input);
        }
        let inner = plan.node(input).clone();
        let total = rows + lag(&inner)?;
        let Op::Apply { operator, .. } = node.op else { return None };
        let op = Op::Apply { operator, constants: vec![total.to_bits()], grouped: false };
        Some(plan.add(Node { op, inputs: inner.inputs, ty: node.ty }))
    }
}

fn lag(node: &Node) -> Option<f64> {
    matches!(node.body()?, Body::Lag).then(|| node.constants()[0])
}
