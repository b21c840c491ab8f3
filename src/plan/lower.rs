//! Checked program → logical plan: scopes become masks, and nothing has a name any more.

use super::logical::{LogicalPlan, Node, NodeId, Op};
use crate::{
    check::{
        Checked, Expression, ExpressionId, Expressions, OperatorRef, Scope, SignalSource, Strategy,
    },
    operator::{self, Body, ResultType},
    panel::{FieldId, Schema},
    types::{Shape, Type},
};
use rustc_hash::FxHashMap;

/// The plan of all strategies, and for each strategy the node of each of its signals.
pub fn lower(checked: &Checked, schema: &Schema) -> (LogicalPlan, Vec<Vec<NodeId>>) {
    let mut lowering = Lowering::new(&checked.expressions, schema);
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
pub fn lower_expressions(
    expressions: &Expressions,
    schema: &Schema,
    ids: &[ExpressionId],
) -> LogicalPlan {
    let mut lowering = Lowering::new(expressions, schema);
    let mask = lowering.priced();
    lowering.plan.roots = ids.iter().map(|id| lowering.expression(*id, mask)).collect();
    lowering.plan
}

struct Lowering<'a> {
    expressions: &'a Expressions,
    plan: LogicalPlan,
    /// Expressions under a mask that have their node.
    known: FxHashMap<(ExpressionId, NodeId), NodeId>,
    /// The shares that one share of the first day has become, where prices are as traded.
    split_factor: Option<(FieldId, Type)>,
}

impl<'a> Lowering<'a> {
    fn new(expressions: &'a Expressions, schema: &Schema) -> Self {
        let split_factor = schema.split_factor().map(|id| (id, schema.field(id).ty));
        Self {
            expressions,
            plan: LogicalPlan::default(),
            known: FxHashMap::default(),
            split_factor,
        }
    }

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
            Expression::State(_) => {
                unreachable!("the checker parts conditions where they see the book")
            }
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
                let node = Node { op, inputs, ty };
                match operator.0.body {
                    Body::Lag | Body::Window(_) | Body::Scan(_) => self.in_shares_of_today(node),
                    _ => node,
                }
            }
        }
    }

    /// A call that looks back sees earlier prices and share counts in the shares of today: it is computed in shares of
    /// the first day, which no later split changes, and its result brought back.
    fn in_shares_of_today(&mut self, node: Node) -> Node {
        let Some(factor) = self.split_factor else { return node };
        let Op::Apply { operator, .. } = node.op else { return node };
        // By input: the power of shares, and the factor that goes with it.
        let mut scales: Vec<Option<(i8, NodeId)>> = vec![];
        for input in &node.inputs {
            let power = self.plan.node(*input).ty.unit.share_power();
            let scale = if power == 0 { None } else { self.factor_of(factor, *input) };
            scales.push(scale.map(|factor| (power, factor)));
        }
        let mut inputs = vec![];
        for (input, scale) in node.inputs.iter().zip(&scales) {
            inputs.push(match *scale {
                Some((power, factor)) => {
                    let scaled = self.scaled(*input, factor, -power);
                    self.plan.add(scaled)
                }
                None => *input,
            });
        }
        let mut result = Node { inputs, ..node };
        let parts: &[(usize, i8)] = match operator.0.result {
            ResultType::Same => &[(0, 1)],
            ResultType::Like(place) | ResultType::Joined(place) => &[(place, 1)],
            ResultType::Product => &[(0, 1), (1, 1)],
            ResultType::Quotient => &[(0, 1), (1, -1)],
            _ => &[],
        };
        for (place, sign) in parts {
            if let Some((power, factor)) = scales[*place] {
                let inner = self.plan.add(result);
                result = self.scaled(inner, factor, power * sign);
            }
        }
        result
    }

    /// A value times a power of the split factor, with its own type.
    fn scaled(&mut self, value: NodeId, factor: NodeId, power: i8) -> Node {
        let ty = self.plan.node(value).ty;
        let name = if power < 0 { "/" } else { "*" };
        let operator = OperatorRef(operator::find(name).expect("the table has it"));
        let op = Op::Apply { operator, constants: vec![], grouped: false };
        let mut node = Node { op: op.clone(), inputs: vec![value, factor], ty };
        for _ in 1..power.unsigned_abs() {
            let inner = self.plan.add(node);
            node = Node { op: op.clone(), inputs: vec![inner, factor], ty };
        }
        node
    }

    /// The split factor that goes with a value: of all assets, or of the one that a series is of. `None` for a series of
    /// several, or of none.
    fn factor_of(&mut self, (field, ty): (FieldId, Type), value: NodeId) -> Option<NodeId> {
        let all = self.plan.add(Node { op: Op::Field(field), inputs: vec![], ty });
        match self.plan.node(value).ty.shape {
            Shape::Panel => Some(all),
            Shape::Series => {
                let asset = self.plan.asset_of(value)?;
                let ty = Type { shape: Shape::Series, ..ty };
                Some(self.plan.add(Node { op: Op::Of(asset), inputs: vec![all], ty }))
            }
            Shape::Scalar | Shape::Static => None,
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
