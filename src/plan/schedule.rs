//! Logical plan → execution plan: which dates each node is computed for, and in which steps. Demand flows from the roots
//! down before anything is computed; a step that works asset by asset takes in all its neighbours that do.

use super::logical::{LogicalPlan, Node, NodeId, Op};
use crate::{
    operator::{Body, WalkForward},
    panel::{Calendar, Row, Rows},
    types::Shape,
};
use std::{collections::BTreeSet, sync::Arc};

/// A root with the rows at which it is wanted.
pub type Wanted = (NodeId, Arc<Rows>);

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Opens a field; reported figures and memberships are laid out at the rows asked for.
    Load,
    /// Element by element and over windows, a block of assets at a time, in one pass.
    Pass,
    /// Across the assets of each date.
    Cross,
    /// The return of a factor portfolio.
    Spread,
    /// What is learned of the past.
    Predict,
    /// One asset's column.
    Column,
}

/// One step of the plan.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The nodes it computes, inputs first.
    pub nodes: Vec<NodeId>,
    /// Those of them that are wanted outside it.
    pub outputs: Vec<NodeId>,
    /// Values that nobody needs after it.
    pub frees: Vec<NodeId>,
}

/// What to compute, in order, and for which dates.
#[derive(Debug, Clone)]
pub struct ExecutionPlan {
    /// The graph the steps refer to.
    pub logical: LogicalPlan,
    /// By node: the rows asked for; none for what does not change in time.
    pub rows: Vec<Arc<Rows>>,
    /// By node: how many rows before today it sees of the market.
    pub lookbacks: Vec<u32>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// Plans the computation of what is wanted over a calendar.
pub fn schedule(logical: &LogicalPlan, wanted: &[Wanted], calendar: &Calendar) -> ExecutionPlan {
    schedule_rest(logical, wanted, calendar, |_, _| false)
}

/// Plans the computation of what is not at hand: `is_at_hand` is asked for each node once with all the rows it is wanted
/// at, users first. What is at hand is in no step, and asks for nothing.
pub fn schedule_rest(
    logical: &LogicalPlan,
    wanted: &[Wanted],
    calendar: &Calendar,
    is_at_hand: impl FnMut(NodeId, &Rows) -> bool,
) -> ExecutionPlan {
    let (rows, at_hand) = demanded_rows(logical, wanted, calendar, is_at_hand);
    let mut steps = steps(logical, &at_hand);
    let roots: Vec<NodeId> = wanted.iter().map(|(node, _)| *node).collect();
    mark_outputs(logical, &mut steps, &roots);
    mark_frees(logical, &mut steps, &roots);
    ExecutionPlan { lookbacks: logical.lookbacks(), logical: logical.clone(), rows, steps }
}

/// Turns the demand on each node into demand on its inputs, users first. Gives by node the rows asked for, and the nodes
/// that are at hand.
fn demanded_rows(
    logical: &LogicalPlan,
    wanted: &[Wanted],
    calendar: &Calendar,
    mut is_at_hand: impl FnMut(NodeId, &Rows) -> bool,
) -> (Vec<Arc<Rows>>, BTreeSet<NodeId>) {
    let mut at_hand = BTreeSet::new();
    let mut rows: Vec<Rows> = vec![Rows::none(calendar.len()); logical.len()];
    let horizons = logical.horizons();
    for (root, of_root) in wanted {
        debug_assert_eq!(horizons[root.0 as usize], 0, "a root sees nothing ahead");
        if logical.node(*root).varies_in_time() {
            let place = root.0 as usize;
            rows[place] = rows[place].union(of_root);
        }
    }
    for (id, node) in logical.nodes().rev() {
        let own = rows[id.0 as usize].clone();
        if own.is_empty() {
            continue;
        }
        if is_at_hand(id, &own) {
            at_hand.insert(id);
            continue;
        }
        let wanted = match node.body() {
            Some(Body::Spread) => formations(&node.constants(), &own, calendar),
            // The records of a field are read themselves, not its values by date.
            Some(Body::Reports(_)) => continue,
            Some(Body::Predict) => {
                // The target is wanted where it is learned from, and only there.
                let learned = training(&logical.walk_forward(node, &horizons), &own);
                let target = node.inputs[0].0 as usize;
                rows[target] = rows[target].union(&learned);
                own.union(&learned)
            }
            _ => node.rows_seen(&own),
        };
        let targets = usize::from(matches!(node.body(), Some(Body::Predict)));
        for input in &node.inputs[targets..] {
            if logical.node(*input).varies_in_time() {
                let place = input.0 as usize;
                rows[place] = rows[place].union(&wanted);
            }
        }
    }
    (rows.into_iter().map(Arc::new).collect(), at_hand)
}

/// The formations of a factor portfolio whose return is wanted at some rows.
fn formations(constants: &[f64], wanted: &Rows, calendar: &Calendar) -> Rows {
    let all = calendar.period_ends(constants[2]);
    let (Some(first), Some(last)) = (wanted.as_slice().first(), wanted.as_slice().last()) else {
        return Rows::none(calendar.len());
    };
    let start = all.partition_point(|r| r < first).saturating_sub(1);
    let end = all.partition_point(|r| r < last).max(start);
    Rows::new(all[start..end].to_vec(), calendar.len())
}

/// The rows that the fits behind some rows learn from.
fn training(walk: &WalkForward, wanted: &Rows) -> Rows {
    let mut fits: Vec<Row> = wanted.as_slice().iter().map(|row| walk.fit_of(*row)).collect();
    fits.dedup();
    let origins: BTreeSet<Row> = fits.into_iter().flat_map(|fit| walk.origins(fit)).collect();
    Rows::new(origins.into_iter().collect(), wanted.bound())
}

/// Whether a node is computed asset by asset.
fn asset_by_asset(node: &Node) -> bool {
    node.body().is_some_and(Body::works_asset_by_asset)
}

/// Groups the reachable nodes into steps. A node's stage is one more than the last stage it has to wait for; neighbours
/// of one stage and shape that work asset by asset share a pass.
fn steps(logical: &LogicalPlan, at_hand: &BTreeSet<NodeId>) -> Vec<Step> {
    let needed = logical.reachable(at_hand);
    let mut stages = vec![0u32; logical.len()];
    let mut steps: Vec<(u32, Shape, Step)> = vec![];
    for (id, node) in logical.nodes().filter(|(id, _)| needed[id.0 as usize]) {
        let joins = |input: &NodeId| {
            let other = logical.node(*input);
            asset_by_asset(node) && asset_by_asset(other) && other.ty.shape == node.ty.shape
        };
        let wait = |input: &NodeId| stages[input.0 as usize] + u32::from(!joins(input));
        let stage = node.inputs.iter().map(wait).max().unwrap_or(0);
        stages[id.0 as usize] = stage;
        let kind = match &node.op {
            Op::Constant(_) | Op::Priced => continue,
            Op::Field(_) => StepKind::Load,
            Op::Of(_) => StepKind::Column,
            Op::Apply { operator, .. } => match operator.0.body {
                // They are there before the plan runs.
                Body::Returns => continue,
                Body::Reports(_) | Body::Forward => StepKind::Load,
                Body::Spread => StepKind::Spread,
                Body::Predict => StepKind::Predict,
                Body::Cross(_) | Body::Reduce(_) => StepKind::Cross,
                Body::Map(_) | Body::Lag | Body::Window(_) | Body::Scan(_) => StepKind::Pass,
            },
        };
        let shape = node.ty.shape;
        let open = steps.iter_mut().find(|(s, sh, step)| {
            kind == StepKind::Pass && step.kind == kind && *s == stage && *sh == shape
        });
        match open {
            Some((_, _, step)) => step.nodes.push(id),
            None => steps.push((
                stage,
                shape,
                Step { kind, nodes: vec![id], outputs: vec![], frees: vec![] },
            )),
        }
    }
    steps.sort_by_key(|(stage, _, step)| (*stage, step.nodes[0]));
    steps.into_iter().map(|(_, _, step)| step).collect()
}

fn mark_outputs(logical: &LogicalPlan, steps: &mut [Step], roots: &[NodeId]) {
    let mut home = vec![usize::MAX; logical.len()];
    for (i, step) in steps.iter().enumerate() {
        for node in &step.nodes {
            home[node.0 as usize] = i;
        }
    }
    let mut outside = vec![false; logical.len()];
    for root in roots {
        outside[root.0 as usize] = true;
    }
    for (i, step) in steps.iter().enumerate() {
        for input in step.nodes.iter().flat_map(|n| &logical.node(*n).inputs) {
            outside[input.0 as usize] |= home[input.0 as usize] != i;
        }
    }
    for step in steps {
        step.outputs = step.nodes.iter().copied().filter(|n| outside[n.0 as usize]).collect();
    }
}

fn mark_frees(logical: &LogicalPlan, steps: &mut [Step], roots: &[NodeId]) {
    let mut last = vec![None; logical.len()];
    for (i, step) in steps.iter().enumerate() {
        for node in &step.nodes {
            for input in &logical.node(*node).inputs {
                last[input.0 as usize] = Some(i);
            }
        }
    }
    for root in roots {
        last[root.0 as usize] = None;
    }
    for (node, step) in last.into_iter().enumerate() {
        if let Some(step) = step {
            steps[step].frees.push(NodeId(node as u32));
        }
    }
}
