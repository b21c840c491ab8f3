//! Rewrite rules: each gives the same values, to the last bit, for less work. A rule is a file; this is the list.

mod combine_lags;
mod double_negation;
mod double_rank;
mod of_first;
mod same_operands;

use super::logical::{LogicalPlan, Node, NodeId};
use std::collections::BTreeSet;

/// A rewrite of one node.
pub trait Rule: Sync {
    /// Its name in `explain`.
    fn name(&self) -> &'static str;

    /// What becomes what, in one sentence.
    fn summary(&self) -> &'static str;

    /// What stands for the node, or `None` where the rule does not apply. The inputs of the node are rewritten already.
    fn rewrite(&self, node: &Node, plan: &mut LogicalPlan) -> Option<NodeId>;
}

/// The rules. `of_first` stands first: what it leaves is narrower for the others.
pub const RULES: &[&dyn Rule] = &[
    &of_first::OfFirst,
    &combine_lags::CombineLags,
    &double_rank::DoubleRank,
    &double_negation::DoubleNegation,
    &same_operands::SameOperands,
];

/// How often each rule was applied, in the order of `RULES`.
pub type Applied = Vec<(&'static str, usize)>;

/// The plan with every rule applied until none applies any more.
pub fn optimize(plan: &LogicalPlan) -> (LogicalPlan, Applied) {
    let mut applied: Applied = RULES.iter().map(|r| (r.name(), 0)).collect();
    let mut current = plan.clone();
    // A pass walks inputs first, so one usually suffices; only `of` moves down a level a pass.
    for _ in 0..plan.len() + 16 {
        let before: usize = applied.iter().map(|a| a.1).sum();
        current = pass(&current, &mut applied);
        if applied.iter().map(|a| a.1).sum::<usize>() == before {
            break;
        }
    }
    (current, applied)
}

fn pass(plan: &LogicalPlan, applied: &mut Applied) -> LogicalPlan {
    let mut next = LogicalPlan::default();
    let needed = plan.reachable(&BTreeSet::new());
    let mut places: Vec<Option<NodeId>> = vec![None; plan.len()];
    for (id, node) in plan.nodes() {
        if !needed[id.0 as usize] {
            continue;
        }
        let inputs =
            node.inputs.iter().map(|i| places[i.0 as usize].expect("inputs come first")).collect();
        let moved = Node { op: node.op.clone(), inputs, ty: node.ty };
        let rewritten = RULES.iter().enumerate().find_map(|(i, rule)| {
            let place = rule.rewrite(&moved, &mut next)?;
            debug_assert_eq!(
                next.node(place).ty.shape,
                moved.ty.shape,
                "{} keeps the shape",
                rule.name()
            );
            applied[i].1 += 1;
            Some(place)
        });
        places[id.0 as usize] = Some(rewritten.unwrap_or_else(|| next.add(moved)));
    }
    next.roots =
        plan.roots.iter().map(|r| places[r.0 as usize].expect("roots are reachable")).collect();
    next
}
