//! Execution plan × market → signals.

mod cross;
mod load;
mod pass;
mod predict;
mod signals;
mod spread;
mod value;
mod window;

pub use signals::{Signal, Signals};

use crate::{
    operator::Body,
    panel::{MarketData, Rows},
    plan::{ExecutionPlan, NodeId, Op, StepKind},
};
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

/// Runs a plan; gives the values of `wanted` (nodes with their rows), and what each step took. `returns` are, by place in
/// the file, the daily returns of those strategies that the plan takes; empty for others.
pub fn run(
    plan: &ExecutionPlan,
    market: &dyn MarketData,
    returns: &[Vec<f64>],
    wanted: &[(NodeId, Arc<Rows>)],
) -> (Vec<Signal>, Vec<Measure>) {
    let assets = market.schema().symbols.len();
    let mut values: Vec<Option<Value<'_>>> = Vec::with_capacity(plan.logical.len());
    for (_, node) in plan.logical.nodes() {
        values.push(match node.op {
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
            values[id.0 as usize] = Some(value);
        }
        for id in &step.frees {
            if matches!(values[id.0 as usize], Some(Value::Computed { .. })) {
                values[id.0 as usize] = None;
            }
        }
        measures.push(Measure { time: start.elapsed(), bytes });
    }
    let signals =
        wanted.iter().map(|(id, rows)| signal(plan, *id, rows, &mut values, wanted, assets));
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
    Value::Computed { rows, data: Vec::into(data), width: 1 }
}

/// The values of a root at its rows; taken over whole where they are just those.
fn signal(
    plan: &ExecutionPlan,
    id: NodeId,
    wanted: &Arc<Rows>,
    values: &mut [Option<Value<'_>>],
    all: &[(NodeId, Arc<Rows>)],
    assets: usize,
) -> Signal {
    let place = id.0 as usize;
    let alone = all.iter().filter(|(other, _)| *other == id).count() == 1;
    if let Some(Value::Computed { rows, .. }) = &values[place]
        && alone
        && rows.as_ref() == wanted.as_ref()
        && let Some(Value::Computed { rows, data, width }) = values[place].take()
    {
        return Signal { rows, width, values: Arc::new(data), constant: false };
    }
    let value = values[place].as_ref().expect("roots are computed");
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
