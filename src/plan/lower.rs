//! Checked program → logical plan: scopes become masks, and nothing has a name any more.

use super::logical::{LogicalPlan, Node, NodeId, Op};
use crate::{
    check::{
        Checked, Expression, ExpressionId, Expressions, OperatorRef, Scope, SignalSource, Strategy,
    },
    operator::{self, Body},
    types::{Shape, Type},
};
use rustc_hash::FxHashMap;

/// The plan of all strategies, and for each strategy the node of each of its signals.
pub fn lower(checked: &Checked) -> (LogicalPlan, Vec<Vec<NodeId>>) {
    let mut lowering = Lowering {
        expressions: &checked.expressions,
        plan: LogicalPlan::default(),
        known: FxHashMap::default(),
    };
    let signals: Vec<Vec<NodeId>> =
        checked.strategies.iter().map(|s| lowering.strategy(s)).collect();
    lowering.plan.roots = signals.iter().flatten().copied().collect();
    (lowering.plan, signals)
}

/// For each strategy the node of each of its signals after the plan was optimised: roots keep their order, so each
/// strategy's are its part of them.
pub fn by_strategy(optimized: &LogicalPlan, lowered: &[Vec<NodeId>]) -> Vec<Vec<NodeId>> {
    let mut roots = optimized.roots.iter().copied();
    lowered.iter().map(|signals| roots.by_ref().take(signals.len()).collect()).collect()
}

/// The plan of some expressions, seen by all priced assets that are no reference.
pub fn lower_expressions(expressions: &Expressions, ids: &[ExpressionId]) -> LogicalPlan {
    let mut lowering =
        Lowering { expressions, plan: LogicalPlan::default(), known: FxHashMap::default() };
    let mask = lowering.priced();
    lowering.plan.roots = ids.iter().map(|id| lowering.expression(*id, mask)).collect();
    lowering.plan
}

struct Lowering<'a> {
    expressions: &'a Expressions,
    plan: LogicalPlan,
    /// Expressions under a mask that have their node.
    known: FxHashMap<(ExpressionId, NodeId), NodeId>,
}

impl Lowering<'_> {
    fn strategy(&mut self, strategy: &Strategy) -> Vec<NodeId> {
        let priced = self.priced();
        let universe = match strategy.universe {
            None => priced,
            Some(id) => {
                let inside = self.expression(id, priced);
                self.and(priced, inside)
            }
        };
        let eligible = strategy.filters.iter().fold(universe, |mask, filter| {
            let passes = self.expression(*filter, universe);
            self.and(mask, passes)
        });
        let signals = strategy.signals.iter().map(|source| match source {
            SignalSource::Universe => universe,
            SignalSource::Eligible => eligible,
            SignalSource::Expression(id, Scope::Universe) => self.expression(*id, universe),
            SignalSource::Expression(id, Scope::Eligible) => self.expression(*id, eligible),
        });
        signals.collect()
    }

    fn priced(&mut self) -> NodeId {
        self.plan.add(Node { op: Op::Priced, inputs: vec![], ty: Type::boolean(Shape::Panel) })
    }

    fn and(&mut self, x: NodeId, y: NodeId) -> NodeId {
        let operator = OperatorRef(operator::find("and").expect("the table has `and`"));
        let op = Op::Apply { operator, constants: vec![], grouped: false };
        self.plan.add(Node { op, inputs: vec![x, y], ty: Type::boolean(Shape::Panel) })
    }

    /// The node of an expression whose cross-sections see the assets of `mask`. Expressions are in topological order, so
    /// a walk upwards finds every input done; no recursion, however deep the text was.
    fn expression(&mut self, root: ExpressionId, mask: NodeId) -> NodeId {
        let mut needed = std::collections::BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            for input in inputs(self.expressions.get(id)) {
                if !self.known.contains_key(&(input, mask)) && needed.insert(input) {
                    open.push(input);
                }
            }
        }
        for id in needed {
            if !self.known.contains_key(&(id, mask)) {
                let node = self.node(id, mask);
                let lowered = self.plan.add(node);
                self.known.insert((id, mask), lowered);
            }
        }
        self.known[&(root, mask)]
    }

    /// A factor portfolio, which does not see the assets of the strategy but all priced ones, or those of `over`.
    fn spread(
        &mut self,
        operator: OperatorRef,
        inputs: &[ExpressionId],
        constants: &[u64],
        within: Option<ExpressionId>,
        ty: Type,
    ) -> Node {
        let &[x, weight, over] = inputs else {
            unreachable!("the table gives a spread three inputs")
        };
        let priced = self.priced();
        let mask = match self.expressions.constant(over) {
            Some(1.0) => priced,
            _ => {
                let over = self.expression(over, priced);
                self.and(priced, over)
            }
        };
        let mut nodes = vec![self.expression(x, mask), self.expression(weight, mask), mask];
        nodes.extend(within.map(|id| self.expression(id, mask)));
        let constants = constants.to_vec();
        Node { op: Op::Apply { operator, constants, grouped: within.is_some() }, inputs: nodes, ty }
    }

    fn node(&mut self, id: ExpressionId, mask: NodeId) -> Node {
        let ty = self.expressions.ty(id);
        let expressions = self.expressions;
        let of = |id: &ExpressionId| self.known[&(*id, mask)];
        match expressions.get(id) {
            Expression::Constant(bits) => Node { op: Op::Constant(*bits), inputs: vec![], ty },
            Expression::Text(_) => {
                Node { op: Op::Constant(f64::NAN.to_bits()), inputs: vec![], ty }
            }
            Expression::Field(field) => Node { op: Op::Field(*field), inputs: vec![], ty },
            Expression::Of { value, asset } => {
                Node { op: Op::Of(*asset), inputs: vec![of(value)], ty }
            }
            Expression::Apply { operator, inputs, constants, within }
                if matches!(operator.0.body, Body::Spread) =>
            {
                self.spread(*operator, inputs, constants, *within, ty)
            }
            Expression::Apply { operator, inputs, constants, within } => {
                let mut inputs: Vec<NodeId> = inputs.iter().map(of).collect();
                if operator.0.is_cross() {
                    inputs.push(mask);
                    inputs.extend(within.as_ref().map(of));
                }
                let op = Op::Apply {
                    operator: *operator,
                    constants: constants.clone(),
                    grouped: within.is_some(),
                };
                Node { op, inputs, ty }
            }
        }
    }
}

/// The inputs that are seen under the same mask; a spread sees its own under another.
fn inputs(expression: &Expression) -> Vec<ExpressionId> {
    match expression {
        Expression::Apply { operator, .. } if matches!(operator.0.body, Body::Spread) => vec![],
        other => other.inputs(),
    }
}
