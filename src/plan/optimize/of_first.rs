//! `f(x, y) of "A"` becomes `f(x of "A", y of "A")` for what works asset by asset: one column instead of all.

use super::Rule;
use crate::{
    operator::Body,
    plan::logical::{LogicalPlan, Node, NodeId, Op},
    types::{Shape, Type},
};

pub(super) struct OfFirst;

impl Rule for OfFirst {
    fn name(&self) -> &'static str {
        "of-first"
    }

    fn summary(&self) -> &'static str {
        "`f(x, y) of \"A\"` becomes `f(x of \"A\", y of \"A\")` for what works asset by asset"
    }

    fn rewrite(&self, node: &Node, plan: &mut LogicalPlan) -> Option<NodeId> {
        let Op::Of(asset) = node.op else { return None };
        let inner = plan.node(node.inputs[0]).clone();
        match inner.body()? {
            Body::Map(_) | Body::Lag | Body::Window(_) | Body::Direct(_) => {}
            Body::Cross(_) | Body::Reduce(_) => return None,
        }
        let mut inputs = vec![];
        for input in &inner.inputs {
            inputs.push(narrow(*input, asset, plan));
        }
        Some(plan.add(Node { op: inner.op, inputs, ty: node.ty }))
    }
}

/// One asset of a value; what is the same for all assets stays as it is. Works its way down to the leaves.
fn narrow(id: NodeId, asset: crate::panel::AssetId, plan: &mut LogicalPlan) -> NodeId {
    let ty = plan.node(id).ty;
    if matches!(ty.shape, Shape::Scalar | Shape::Series) {
        return id;
    }
    plan.add(Node { op: Op::Of(asset), inputs: vec![id], ty: Type { shape: Shape::Series, ..ty } })
}
