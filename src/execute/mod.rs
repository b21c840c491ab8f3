//! Execution plan × market → signals.

mod cross;
mod kept;
mod load;
mod pass;
mod predict;
mod signals;
mod spread;
mod value;

pub use kept::Kept;
pub use signals::{Signal, Signals};

use crate::{
    operator::Body,
    panel::{MarketData, Rows},
    plan::{self, ExecutionPlan, LogicalPlan, NodeId, Op, StepKind, Wanted},
};
use kept::AtHand;
use rustc_hash::FxHashMap;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use value::Value;

/// What a step took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// How long it ran.
    pub time: Duration,
    /// How many bytes its results take.
    pub bytes: usize,
}

/// Runs a plan; gives the values of `wanted`, and what each step took. `returns` are, by place in
/// the file, the daily returns of those strategies that the plan takes; empty for others.
pub fn run(
    plan: &ExecutionPlan,
    market: &dyn MarketData,
    returns: &[Vec<f64>],
    wanted: &[Wanted],
) -> (Vec<Signal>, Vec<Measure>) {
    run_rest(plan, market, returns, wanted, FxHashMap::default(), |_, _| ())
}

/// Plans and computes the values of `wanted`; what `kept` has at hand is not computed again, and what is computed is kept.
pub fn compute(
    logical: &LogicalPlan,
    market: &dyn MarketData,
    returns: &[Vec<f64>],
    wanted: &[Wanted],
    kept: Option<&Kept>,
) -> Vec<Signal> {
    let calendar = market.calendar();
    let Some(kept) = kept else {
        let plan = plan::schedule(logical, wanted, calendar);
        return run(&plan, market, returns, wanted).0;
    };
    let (plan, AtHand { ids, values }) = kept.schedule(logical, wanted, calendar);
    let keep = |node: NodeId, value: &Value<'_>| {
        if let Some(id) = ids[node.0 as usize] {
            kept.keep(id, value);
        }
    };
    run_rest(&plan, market, returns, wanted, values, keep).0
}

/// Runs a plan of what is not at hand; `keep` sees all that is computed.
fn run_rest<'m>(
    plan: &ExecutionPlan,
    market: &'m dyn MarketData,
    returns: &'m [Vec<f64>],
    wanted: &[Wanted],
    mut at_hand: FxHashMap<NodeId, Value<'m>>,
    keep: impl Fn(NodeId, &Value<'_>),
) -> (Vec<Signal>, Vec<Measure>) {
    let assets = market.schema().symbols.len();
    let mut values: Vec<Option<Value<'_>>> = Vec::with_capacity(plan.logical.len());
    for (id, node) in plan.logical.nodes() {
        values.push(match node.op {
            _ if at_hand.contains_key(&id) => at_hand.remove(&id),
            Op::Constant(bits) => Some(Value::Scalar(f64::from_bits(bits))),
            Op::Priced => {
                let close = market.prices().close.to_slice().expect("panels are row-major");
                let counts = market.is_reference().iter().map(|r| f64::from(u8::from(!r)));
                Some(Value::Priced { close, counts: counts.collect() })
            }
            _ => match node.body() {
                Some(Body::Returns) => Some(Value::Series(&returns[node.constants()[0] as usize])),
                _ => None,
            },
        });
    }
    let mut measures = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let start = Instant::now();
        let id = step.nodes[0];
        let results = match (step.kind, &plan.logical.node(id).op) {
            (StepKind::Pass, _) => pass::run(plan, step, &values, assets),
            (StepKind::Cross, _) => vec![cross::run(plan, id, &values, assets)],
            (StepKind::Load, Op::Field(field)) => vec![load::run(plan, id, *field, market)],
            (StepKind::Spread, _) => vec![spread::run(plan, id, &values, market)],
            (StepKind::Predict, _) => vec![predict::run(plan, id, &values, assets)],
            (StepKind::Load, Op::Apply { operator, .. }) => vec![match operator.0.body {
                Body::Forward => load::forward(plan, id, market),
                _ => load::reports(plan, id, market),
            }],
            (StepKind::Column, Op::Of(asset)) => {
                vec![column(plan, id, asset.0 as usize, &values, assets)]
            }
            (kind, op) => unreachable!("the scheduler makes no {kind:?} step of {op:?}"),
        };
        let bytes = results.iter().map(Value::bytes).sum();
        let outputs =
            if step.kind == StepKind::Pass { step.outputs.as_slice() } else { &step.nodes[..1] };
        for (id, value) in outputs.iter().zip(results) {
            keep(*id, &value);
            values[id.0 as usize] = Some(value);
        }
        for id in &step.frees {
            if matches!(values[id.0 as usize], Some(Value::Computed { .. })) {
                values[id.0 as usize] = None;
            }
        }
        measures.push(Measure { time: start.elapsed(), bytes });
    }
    let signals = wanted.iter().map(|(id, rows)| signal(plan, *id, rows, &values, assets));
    (signals.collect(), measures)
}

/// One asset's column of a value.
fn column<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    asset: usize,
    values: &[Option<Value<'m>>],
    assets: usize,
) -> Value<'m> {
    let rows = Arc::clone(&plan.rows[id.0 as usize]);
    let input = plan.logical.node(id).inputs[0];
    let value = values[input.0 as usize].as_ref().expect("inputs are computed first");
    let mut buffer = vec![0.0; assets];
    let data = rows
        .as_slice()
        .iter()
        .map(|row| value.row(*row, asset..asset + 1, &mut buffer)[0])
        .collect();
    Value::computed(rows, Vec::into(data), 1)
}

/// The values of a root at its rows; taken over whole where they are just those.
fn signal(
    plan: &ExecutionPlan,
    id: NodeId,
    wanted: &Arc<Rows>,
    values: &[Option<Value<'_>>],
    assets: usize,
) -> Signal {
    let value = values[id.0 as usize].as_ref().expect("roots are computed");
    if let Value::Computed { rows, data, width } = value
        && rows.as_ref() == wanted.as_ref()
    {
        let (rows, values) = (Arc::clone(rows), Arc::clone(data));
        return Signal { rows, width: *width, values, constant: false };
    }
    let width = if plan.logical.node(id).ty.shape_has_assets() { assets } else { 1 };
    let constant = value.is_constant();
    let mut buffer = vec![0.0; assets.max(1)];
    let mut data = vec![];
    let rows: &[u32] = if constant { &[0] } else { wanted.as_slice() };
    for row in rows {
        data.extend_from_slice(value.row(*row, 0..width, &mut buffer));
    }
    Signal { rows: Arc::clone(wanted), width, values: Arc::new(data.into()), constant }
}
