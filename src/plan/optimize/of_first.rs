//! `f(x, y) of "A"` becomes `f(x of "A", y of "A")` for what works asset by asset: one column instead of all.

use super::Rule;
use crate::{
    operator::Body,
    panel::AssetId,
    plan::logical::{LogicalPlan, Node, NodeId, Op},
    types::{Shape, Type},
};
use rustc_hash::FxHashMap;

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
        let root = node.inputs[0];
        if !asset_by_asset(plan.node(root)) {
            return None;
        }
        // All the way down to the leaves in one go, inputs first; no recursion, however long the chain.
        let mut narrow: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        let mut open = vec![root];
        while let Some(&id) = open.last() {
            let inner = plan.node(id).clone();
            if narrow.contains_key(&id) {
                open.pop();
                continue;
            }
            let moves = asset_by_asset(&inner) && inner.ty.shape_has_assets();
            let waiting = inner.inputs.iter().filter(|i| moves && !narrow.contains_key(i));
            let before = open.len();
            open.extend(waiting.copied());
            if open.len() > before {
                continue;
            }
            open.pop();
            narrow.insert(id, column(id, inner, moves, asset, &narrow, plan));
        }
        Some(narrow[&root])
    }
}

fn asset_by_asset(node: &Node) -> bool {
    node.body().is_some_and(Body::works_asset_by_asset)
}

/// One asset of a value whose inputs are narrow; what is the same for all assets stays as it is.
fn column(
    id: NodeId,
    node: Node,
    moves: bool,
    asset: AssetId,
    narrow: &FxHashMap<NodeId, NodeId>,
    plan: &mut LogicalPlan,
) -> NodeId {
    let ty = Type { shape: Shape::Series, ..node.ty };
    if !node.ty.shape_has_assets() {
        return id;
    }
    if moves {
        let inputs = node.inputs.iter().map(|i| narrow[i]).collect();
        return plan.add(Node { op: node.op, inputs, ty });
    }
    plan.add(Node { op: Op::Of(asset), inputs: vec![id], ty })
}
