//! A pass: everything that works asset by asset, a block of assets at a time, so that what lies between two steps of it
//! stays in cache. Threads take blocks of assets.

use super::{value::Value, window};
use crate::{
    operator::{Body, Strip},
    panel::{Numbers, Row, Rows},
    plan::{ExecutionPlan, Node, NodeId, Step},
};
use ndarray::{ArrayViewMut2, Axis, ShapeBuilder};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// How many numbers may lie between the nodes of a pass over one block of assets: what fits into a core's share of cache.
const BETWEEN_NUMBERS: usize = 1 << 19;

/// How many numbers two windows over one block of assets may take: what fits well into a core's cache.
const WINDOW_NUMBERS: usize = 1 << 17;

/// How many assets side by side make reading and writing a row of them worth its while: each row lies on another page.
const ROW_OF_MEMORY: usize = 256;

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
    let mut results: Vec<Numbers<f64>> =
        step.outputs.iter().map(|id| Numbers::room(rows_of(plan, *id).len() * width)).collect();
    let mut targets: Vec<Vec<ArrayViewMut2<'_, f64>>> = blocks.iter().map(|_| vec![]).collect();
    for (id, data) in step.outputs.iter().zip(&mut results) {
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
    let room = Room::default();
    let work = |(block, mut target): (&Range<usize>, Vec<ArrayViewMut2<'_, f64>>)| {
        Block { plan, step, values, lanes: block.clone(), room: &room }.run(&mut target);
    };
    if blocks.len() == 1 {
        blocks.iter().zip(targets).for_each(work);
    } else {
        blocks.par_iter().zip(targets).for_each(work);
    }
    step.outputs
        .iter()
        .zip(results)
        .map(|(id, data)| {
            if plan.logical.node(*id).varies_in_time() {
                let rows = Arc::clone(&plan.rows[id.0 as usize]);
                Value::computed(rows, data, width)
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
pub(super) enum RowsOf<'a> {
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

    fn place(self, row: Row) -> usize {
        match self {
            Self::Of(rows) => {
                rows.position(row).expect("the scheduler asked for every row that is read")
            }
            Self::One => 0,
        }
    }
}

/// How many assets a block has: as many as keep what lies between the nodes, and the windows, in cache, and no fewer than
/// make a row of memory worth its while, unless windows are long.
fn lanes(plan: &ExecutionPlan, step: &Step, width: usize) -> usize {
    let between = step.nodes.iter().filter(|n| is_read_within(plan, step, **n));
    let rows: usize = between.map(|n| rows_of(plan, *n).len()).sum();
    let window = step.nodes.iter().map(|n| plan.logical.node(*n).lookback()).max().unwrap_or(0);
    let by_between = (BETWEEN_NUMBERS / rows.max(1)).clamp(ROW_OF_MEMORY, 2 * ROW_OF_MEMORY);
    let by_window = (WINDOW_NUMBERS / (2 * window as usize + 2)).max(64);
    let by_cache = by_between.min(by_window) / 8 * 8;
    // At least a few blocks for each thread.
    let share = width.div_ceil(2 * rayon::current_num_threads()).max(64);
    by_cache.min(share).min(width.max(1))
}

/// How far a row of a buffer lies from the next: an odd number of lines of cache. With an even one, what stands below each
/// other would compete for the same few places of the first cache.
fn stride(lanes: usize) -> usize {
    (lanes.div_ceil(8) | 1) * 8
}

/// Whether a node of a step is read by another of it.
fn is_read_within(plan: &ExecutionPlan, step: &Step, id: NodeId) -> bool {
    step.nodes.iter().any(|n| plan.logical.node(*n).inputs.contains(&id))
}

struct Block<'p, 'm> {
    plan: &'p ExecutionPlan,
    step: &'p Step,
    values: &'p [Option<Value<'m>>],
    lanes: Range<usize>,
    room: &'p Room,
}

/// Buffers that no block of a pass uses any more. The first touch of new ones would cost more than most of what is computed
/// into them.
#[derive(Default)]
struct Room(Mutex<Vec<Vec<f64>>>);

impl Room {
    /// A buffer of so many numbers, which are anything until they are written.
    fn take(&self, length: usize) -> Vec<f64> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<f64>| buffer.capacity() >= length;
        let place = spare
            .iter()
            .position(|buffer| buffer.len() == length)
            .or_else(|| spare.iter().position(fits));
        let found = place.map(|place| spare.swap_remove(place));
        drop(spare);
        match found {
            Some(mut buffer) => {
                buffer.resize(length, 0.0);
                buffer
            }
            None => vec![0.0; length],
        }
    }

    fn give_back(&self, buffer: Vec<f64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// A buffer of a block: rows × lanes.
struct Local {
    node: NodeId,
    data: Vec<f64>,
}

impl Block<'_, '_> {
    fn run(&self, targets: &mut [ArrayViewMut2<'_, f64>]) {
        let lanes = self.lanes.len();
        let mut locals: Vec<Local> = vec![];
        for (i, id) in self.step.nodes.iter().enumerate() {
            let output = self.step.outputs.iter().position(|o| o == id);
            match output {
                Some(place) if !is_read_within(self.plan, self.step, *id) => {
                    self.node(*id, &locals, &mut targets[place]);
                }
                _ => {
                    let rows = rows_of(self.plan, *id).len();
                    let stride = stride(lanes);
                    let mut data = self.room.take(rows.max(1) * stride);
                    let shape = (rows, lanes).strides((stride, 1));
                    let mut view = ArrayViewMut2::from_shape(shape, &mut data)
                        .expect("the buffer was made for it");
                    self.node(*id, &locals, &mut view);
                    if let Some(place) = output {
                        targets[place].assign(&view);
                    }
                    locals.push(Local { node: *id, data });
                }
            }
            self.recycle(i, &mut locals);
        }
    }

    /// Takes back the buffers that no later node of the pass reads.
    fn recycle(&self, done: usize, locals: &mut Vec<Local>) {
        let mut i = 0;
        while i < locals.len() {
            let node = locals[i].node;
            let later = &self.step.nodes[done + 1..];
            if later.iter().any(|n| self.plan.logical.node(*n).inputs.contains(&node)) {
                i += 1;
            } else {
                self.room.give_back(locals.swap_remove(i).data);
            }
        }
    }

    fn sources<'s>(&'s self, node: &Node, locals: &'s [Local]) -> Vec<Source<'s>> {
        let sources = node.inputs.iter().map(|id| {
            let lanes = self.lanes.len();
            match locals.iter().find(|l| l.node == *id) {
                Some(local) => {
                    let (rows, stride) = (rows_of(self.plan, *id), stride(lanes));
                    Source::Local { data: &local.data, rows, lanes, stride }
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

    fn node(&self, id: NodeId, locals: &[Local], target: &mut ArrayViewMut2<'_, f64>) {
        let node = self.plan.logical.node(id);
        let constants = node.constants();
        let mut sources = self.sources(node, locals);
        let rows = rows_of(self.plan, id).as_slice();
        match node.body().expect("a pass holds calls only") {
            Body::Map(kernel) => {
                for (out, row) in slices(target).zip(rows) {
                    with_inputs(&mut sources, *row, |inputs| kernel(inputs, &constants, out));
                }
            }
            Body::Lag => {
                for (out, row) in slices(target).zip(rows) {
                    match row.checked_sub(constants[0] as Row) {
                        Some(earlier) => out.copy_from_slice(sources[0].row(earlier)),
                        None => out.fill(f64::NAN),
                    }
                }
            }
            Body::Window(kernel) => {
                window::run(kernel, &constants, rows, &sources, target.view_mut());
            }
            Body::Scan(kernel) => {
                let mut state = kernel.start(&constants, self.lanes.len());
                let mut passed_over = vec![0.0; self.lanes.len()];
                let mut outs: Vec<&mut [f64]> = slices(target).collect();
                let mut place = 0;
                for row in 0..=rows.last().copied().unwrap_or(0) {
                    let wanted = rows.get(place) == Some(&row);
                    let out = if wanted { &mut *outs[place] } else { &mut passed_over };
                    with_inputs(&mut sources, row, |inputs| {
                        kernel.row(inputs, &constants, &mut state, out);
                    });
                    place += usize::from(wanted);
                }
            }
            _ => unreachable!("the scheduler puts into a pass what works asset by asset"),
        }
    }
}

/// The rows of a block.
pub(super) fn slices<'v>(
    block: &'v mut ArrayViewMut2<'_, f64>,
) -> impl Iterator<Item = &'v mut [f64]> {
    let rows = block.rows_mut().into_iter();
    rows.map(|row| row.into_slice().expect("the assets of a row lie side by side"))
}

/// Where an input of a node is read from.
pub(super) enum Source<'s> {
    /// A node of the same pass, each row so far from the next.
    Local { data: &'s [f64], rows: RowsOf<'s>, lanes: usize, stride: usize },
    /// The same for every row.
    Fixed(Vec<f64>),
    /// A value from outside.
    Value { value: &'s Value<'s>, lanes: Range<usize>, buffer: Vec<f64> },
}

impl<'s> Source<'s> {
    #[inline]
    fn row(&mut self, row: Row) -> &[f64] {
        match self {
            Self::Local { data, rows, lanes, stride } => {
                &data[rows.place(row) * *stride..][..*lanes]
            }
            Self::Fixed(values) => values,
            Self::Value { value, lanes, buffer } => value.row(row, lanes.clone(), buffer),
        }
    }

    /// The values of some rows, all of which were asked for; laid out where they lie nowhere.
    pub(super) fn strip<'a>(&'a self, wanted: Range<Row>, laid: &'a mut Vec<f64>) -> Strip<'a> {
        let start = wanted.start;
        match self {
            Self::Local { data, rows, stride, .. } => {
                Strip::new(&data[rows.place(start) * stride..], *stride)
            }
            Self::Fixed(values) => Strip::new(values, 0),
            Self::Value { value, lanes, .. } => {
                if let Some((values, stride)) = value.lying(start, lanes.clone()) {
                    return Strip::new(values, stride);
                }
                laid.clear();
                if value.is_repeated() {
                    let mut buffer = [0.0; Strip::REPEATED];
                    for row in wanted {
                        laid.extend_from_slice(value.row(row, 0..Strip::REPEATED, &mut buffer));
                    }
                    return Strip::repeated(laid);
                }
                let mut buffer = vec![0.0; lanes.len()];
                for row in wanted {
                    laid.extend_from_slice(value.row(row, lanes.clone(), &mut buffer));
                }
                Strip::new(laid, lanes.len())
            }
        }
    }

    /// Brings some rows of a field into cache. Asked for in the order in which they lie, lines arrive from memory several
    /// times faster than when a computation comes by asset after asset, each row of which lies on another page.
    pub(super) fn touch(&self, wanted: Range<Row>) {
        const LINE: usize = 8;
        let Self::Value { value: Value::Panel { data, width }, lanes, .. } = self else { return };
        let rows = data.chunks(*width).skip(wanted.start as usize).take(wanted.len());
        let any = rows.fold(0, |any, row| {
            let lines = row[lanes.clone()].iter().step_by(LINE);
            lines.fold(any, |any, x| any | x.to_bits())
        });
        std::hint::black_box(any);
    }
}

/// The rows of up to three sources at once.
#[inline]
fn with_inputs(sources: &mut [Source<'_>], row: Row, take: impl FnOnce(&[&[f64]])) {
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
