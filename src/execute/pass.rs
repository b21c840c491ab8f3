//! A pass: everything that works asset by asset, a block of assets at a time, so that what lies between two steps of it
//! stays in cache. Threads take blocks of assets.

use super::{
    value::Value,
    window::{self, Inputs},
};
use crate::{
    operator::Body,
    panel::{Row, Rows},
    plan::{ExecutionPlan, Node, NodeId, Step},
};
use ndarray::{ArrayViewMut2, Axis};
use rayon::prelude::*;
use std::{ops::Range, sync::Arc};

/// How many numbers the states of a window over one block of assets may take: what fits well into a core's cache.
const STATE_NUMBERS: usize = 40_000;

/// Computes the nodes of a pass; gives the values of its outputs.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    step: &Step,
    values: &[Option<Value<'m>>],
    width: usize,
) -> Vec<Value<'m>> {
    let width = if step.nodes.iter().all(|n| !plan.logical.node(*n).ty.shape_has_assets()) {
        1
    } else {
        width
    };
    let lanes = lanes(plan, step, width);
    let blocks: Vec<Range<usize>> =
        (0..width).step_by(lanes).map(|s| s..(s + lanes).min(width)).collect();
    let mut results: Vec<(Arc<Rows>, Vec<f64>)> = step
        .outputs
        .iter()
        .map(|id| {
            (Arc::clone(&plan.rows[id.0 as usize]), vec![0.0; rows_of(plan, *id).len() * width])
        })
        .collect();
    let mut targets: Vec<Vec<ArrayViewMut2<'_, f64>>> = blocks.iter().map(|_| vec![]).collect();
    for (id, (_, data)) in step.outputs.iter().zip(&mut results) {
        let rows = rows_of(plan, *id).len();
        let view =
            ArrayViewMut2::from_shape((rows, width), data).expect("the buffer was made for it");
        let mut rest = view;
        for (block, target) in blocks.iter().zip(&mut targets) {
            let (own, after) = rest.split_at(Axis(1), block.len());
            target.push(own);
            rest = after;
        }
    }
    let work = |(block, mut target): (&Range<usize>, Vec<ArrayViewMut2<'_, f64>>)| {
        Block { plan, step, values, lanes: block.clone() }.run(&mut target);
    };
    if blocks.len() == 1 {
        blocks.iter().zip(targets).for_each(work);
    } else {
        blocks.par_iter().zip(targets).for_each(work);
    }
    step.outputs
        .iter()
        .zip(results)
        .map(|(id, (rows, data))| {
            if plan.logical.node(*id).varies_in_time() {
                Value::Computed { rows, data, width }
            } else {
                Value::OwnedStatic(data)
            }
        })
        .collect()
}

/// The rows a node is computed for; what does not change in time has one.
fn rows_of(plan: &ExecutionPlan, id: NodeId) -> RowsOf<'_> {
    if plan.logical.node(id).varies_in_time() {
        RowsOf::Of(&plan.rows[id.0 as usize])
    } else {
        RowsOf::One
    }
}

#[derive(Clone, Copy)]
enum RowsOf<'a> {
    Of(&'a Rows),
    One,
}

impl<'a> RowsOf<'a> {
    fn len(self) -> usize {
        match self {
            Self::Of(rows) => rows.len(),
            Self::One => 1,
        }
    }

    fn as_slice(self) -> &'a [Row] {
        match self {
            Self::Of(rows) => rows.as_slice(),
            Self::One => &[0],
        }
    }

    fn position(self, row: Row) -> Option<usize> {
        match self {
            Self::Of(rows) => rows.position(row),
            Self::One => Some(0),
        }
    }
}

/// How many assets a block has: as many as keep the states of the largest window in cache, and no fewer than make a
/// row of memory worth its while.
fn lanes(plan: &ExecutionPlan, step: &Step, width: usize) -> usize {
    let state = |id: &NodeId| {
        let node = plan.logical.node(*id);
        match node.body() {
            Some(Body::Window(kernel)) => (node.lookback() as usize + 3) * kernel.planes(),
            Some(Body::Direct(_)) => node.lookback() as usize + 3,
            _ => 1,
        }
    };
    let largest = step.nodes.iter().map(state).max().unwrap_or(1);
    let by_cache = (STATE_NUMBERS / largest).clamp(64, 512) / 8 * 8;
    // At least a few blocks for the threads.
    let share = width.div_ceil(4).max(64);
    by_cache.min(share).min(width.max(1))
}

struct Block<'p, 'm> {
    plan: &'p ExecutionPlan,
    step: &'p Step,
    values: &'p [Option<Value<'m>>],
    lanes: Range<usize>,
}

/// A buffer of a block: rows × lanes.
struct Local {
    node: NodeId,
    data: Vec<f64>,
}

/// Where a node's rows go.
enum Target<'t, 'd> {
    Local(&'t mut [f64], usize),
    Output(&'t mut ArrayViewMut2<'d, f64>),
}

impl Target<'_, '_> {
    #[inline]
    fn row(&mut self, i: usize) -> &mut [f64] {
        match self {
            Self::Local(data, lanes) => &mut data[i * *lanes..(i + 1) * *lanes],
            Self::Output(view) => {
                view.row_mut(i).into_slice().expect("the assets of a row lie side by side")
            }
        }
    }
}

impl Block<'_, '_> {
    fn run(&self, targets: &mut [ArrayViewMut2<'_, f64>]) {
        let lanes = self.lanes.len();
        let mut locals: Vec<Local> = vec![];
        let mut spare: Vec<Vec<f64>> = vec![];
        for (i, id) in self.step.nodes.iter().enumerate() {
            let output = self.step.outputs.iter().position(|o| o == id);
            let read_again = self.step.nodes[i + 1..]
                .iter()
                .any(|n| self.plan.logical.node(*n).inputs.contains(id));
            if let (Some(place), false) = (output, read_again) {
                self.node(*id, &locals, &mut Target::Output(&mut targets[place]));
            } else {
                let mut data = spare.pop().unwrap_or_default();
                data.resize(rows_of(self.plan, *id).len() * lanes, 0.0);
                self.node(*id, &locals, &mut Target::Local(&mut data, lanes));
                if let Some(place) = output {
                    let mut target = Target::Output(&mut targets[place]);
                    for (row, values) in data.chunks_exact(lanes).enumerate() {
                        target.row(row).copy_from_slice(values);
                    }
                }
                locals.push(Local { node: *id, data });
            }
            self.recycle(i, &mut locals, &mut spare);
        }
    }

    /// Takes back the buffers that no later node of the pass reads.
    fn recycle(&self, done: usize, locals: &mut Vec<Local>, spare: &mut Vec<Vec<f64>>) {
        let mut i = 0;
        while i < locals.len() {
            let node = locals[i].node;
            let later = &self.step.nodes[done + 1..];
            if later.iter().any(|n| self.plan.logical.node(*n).inputs.contains(&node)) {
                i += 1;
            } else {
                spare.push(locals.swap_remove(i).data);
            }
        }
    }

    fn sources<'s>(&'s self, node: &Node, locals: &'s [Local]) -> Vec<Source<'s>> {
        let sources = node.inputs.iter().map(|id| {
            let lanes = self.lanes.len();
            match locals.iter().find(|l| l.node == *id) {
                Some(local) => {
                    Source::Local { data: &local.data, rows: rows_of(self.plan, *id), lanes }
                }
                None => {
                    let value =
                        self.values[id.0 as usize].as_ref().expect("inputs are computed first");
                    let mut buffer = vec![0.0; lanes];
                    if value.is_constant() {
                        let fixed = value.row(0, self.lanes.clone(), &mut buffer).to_vec();
                        Source::Fixed(fixed)
                    } else {
                        Source::Value { value, lanes: self.lanes.clone(), buffer }
                    }
                }
            }
        });
        sources.collect()
    }

    fn node(&self, id: NodeId, locals: &[Local], target: &mut Target<'_, '_>) {
        let node = self.plan.logical.node(id);
        let constants = node.constants();
        let mut sources = self.sources(node, locals);
        let rows = rows_of(self.plan, id);
        match node.body().expect("a pass holds calls only") {
            Body::Map(kernel) => {
                for (i, row) in rows.as_slice().iter().enumerate() {
                    with_inputs(&mut sources, *row, &mut |inputs| {
                        kernel(inputs, &constants, target.row(i))
                    });
                }
            }
            Body::Lag => {
                for (i, row) in rows.as_slice().iter().enumerate() {
                    match row.checked_sub(constants[0] as Row) {
                        Some(earlier) => target.row(i).copy_from_slice(sources[0].row(earlier)),
                        None => target.row(i).fill(f64::NAN),
                    }
                }
            }
            Body::Window(kernel) => {
                let RowsOf::Of(rows) = rows else { return };
                let mut inputs = SourceInputs(&mut sources);
                window::run(
                    kernel,
                    &constants,
                    rows,
                    self.lanes.len(),
                    &mut inputs,
                    &mut |i, finish| {
                        finish(target.row(i));
                    },
                );
            }
            Body::Direct(kernel) => self.direct(kernel, &constants, rows, &mut sources[0], target),
            Body::Cross(_) | Body::Reduce(_) => {}
        }
    }

    /// Windows that are looked at as a whole; the rows of the input are laid side by side once.
    fn direct(
        &self,
        kernel: crate::operator::DirectKernel,
        constants: &[f64],
        rows: RowsOf<'_>,
        source: &mut Source<'_>,
        target: &mut Target<'_, '_>,
    ) {
        let length = constants[0] as Row;
        let lanes = self.lanes.len();
        let RowsOf::Of(rows) = rows else { return };
        let seen = rows.widened_back(length - 1);
        let mut copied = vec![];
        if !matches!(source, Source::Local { .. }) {
            copied.reserve(seen.len() * lanes);
            for row in seen.as_slice() {
                copied.extend_from_slice(source.row(*row));
            }
        }
        let (data, places): (&[f64], RowsOf<'_>) = match source {
            Source::Local { data, rows, .. } => (data, *rows),
            _ => (&copied, RowsOf::Of(&seen)),
        };
        let mut window: Vec<&[f64]> = Vec::with_capacity(length as usize);
        for (i, row) in rows.as_slice().iter().enumerate() {
            window.clear();
            let first = (row + 1).saturating_sub(length);
            let place =
                places.position(first).expect("the scheduler asked for every row of the window");
            window.extend(
                (0..=(row - first) as usize)
                    .map(|k| &data[(place + k) * lanes..(place + k + 1) * lanes]),
            );
            kernel(&window, constants, target.row(i));
        }
    }
}

/// Where an input of a node is read from.
enum Source<'s> {
    /// A node of the same pass.
    Local { data: &'s [f64], rows: RowsOf<'s>, lanes: usize },
    /// The same for every row.
    Fixed(Vec<f64>),
    /// A value from outside.
    Value { value: &'s Value<'s>, lanes: Range<usize>, buffer: Vec<f64> },
}

impl Source<'_> {
    #[inline]
    fn row(&mut self, row: Row) -> &[f64] {
        match self {
            Self::Local { data, rows, lanes } => {
                let place =
                    rows.position(row).expect("the scheduler asked for every row that is read");
                &data[place * *lanes..(place + 1) * *lanes]
            }
            Self::Fixed(values) => values,
            Self::Value { value, lanes, buffer } => value.row(row, lanes.clone(), buffer),
        }
    }
}

/// The rows of up to three sources at once.
#[inline]
fn with_inputs(sources: &mut [Source<'_>], row: Row, take: &mut dyn FnMut(&[&[f64]])) {
    match sources {
        [x] => take(&[x.row(row)]),
        [x, y] => take(&[x.row(row), y.row(row)]),
        [x, y, z] => take(&[x.row(row), y.row(row), z.row(row)]),
        many => {
            let rows: Vec<&[f64]> = many.iter_mut().map(|s| s.row(row)).collect();
            take(&rows);
        }
    }
}

struct SourceInputs<'a, 's>(&'a mut [Source<'s>]);

impl Inputs for SourceInputs<'_, '_> {
    #[inline]
    fn with(&mut self, row: Row, take: &mut dyn FnMut(&[&[f64]])) {
        with_inputs(self.0, row, take);
    }
}
