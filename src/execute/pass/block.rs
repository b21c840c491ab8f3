//! A block of a pass: some assets over a stretch of the calendar.

use super::{
    super::value::Value,
    outline::{Input, Member, Outline, Stretch},
    source::{RowsOf, Source},
    window,
};
use crate::{operator::Body, panel::Row};
use ndarray::{ArrayViewMut2, ShapeBuilder, s};
use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// Buffers that no block of a pass uses any more. The first touch of new ones would cost more than most of what is computed
/// into them.
#[derive(Default)]
pub(super) struct Room(Mutex<Vec<Vec<f64>>>);

impl Room {
    /// A buffer of so many numbers, which are anything until they are written.
    fn take(&self, length: usize) -> Vec<f64> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<f64>| buffer.capacity() >= length;
        let place = spare
            .iter()
            .rposition(|buffer| buffer.len() == length)
            .or_else(|| spare.iter().rposition(fits));
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

pub(super) struct Block<'p, 'm> {
    pub(super) outline: &'p Outline,
    pub(super) stretch: &'p Stretch,
    pub(super) values: &'p [Option<Value<'m>>],
    pub(super) lanes: Range<usize>,
    pub(super) room: &'p Room,
}

/// By member: what was computed of it, as long as it is read.
type Locals = Vec<Option<Vec<f64>>>;

impl Block<'_, '_> {
    /// Computes all members; `targets` are the places of the outputs.
    pub(super) fn run(&self, targets: &mut [ArrayViewMut2<'_, f64>]) {
        let members = &self.outline.members;
        let mut locals: Locals = members.iter().map(|_| None).collect();
        for (place, member) in members.iter().enumerate() {
            let rows = self.rows(place);
            if member.is_only_output() {
                let output = member.output.expect("it is one");
                self.member(member, rows, &locals, targets[output].view_mut());
            } else {
                let (lanes, stride) = (self.lanes.len(), self.stride());
                let mut data = self.room.take(rows.len().max(1) * stride);
                let shape = (rows.len(), lanes).strides((stride, 1));
                let mut view = ArrayViewMut2::from_shape(shape, &mut data)
                    .expect("the buffer was made for it");
                self.member(member, rows, &locals, view.view_mut());
                if let Some(output) = member.output {
                    // The rows before those of the stretch are only read here.
                    let earlier = rows.len() - targets[output].nrows();
                    targets[output].assign(&view.slice(s![earlier.., ..]));
                }
                locals[place] = Some(data);
            }
            for input in &member.inputs {
                if let Input::Member(input) = *input
                    && members[input].last_reader == Some(place)
                    && let Some(data) = locals[input].take()
                {
                    self.room.give_back(data);
                }
            }
        }
    }

    fn rows(&self, place: usize) -> RowsOf<'_> {
        if self.outline.varies { RowsOf::Of(&self.stretch.rows[place]) } else { RowsOf::One }
    }

    /// How far a row of a buffer lies from the next: an odd number of lines of cache. With an even one, what stands below
    /// each other would compete for the same few places of the first cache.
    fn stride(&self) -> usize {
        (self.lanes.len().div_ceil(8) | 1) * 8
    }

    fn source<'s>(&'s self, input: Input, locals: &'s Locals) -> Source<'s> {
        match input {
            Input::Member(place) => Source::Local {
                data: locals[place].as_ref().expect("inputs are computed first"),
                rows: self.rows(place),
                lanes: self.lanes.len(),
                stride: self.stride(),
            },
            Input::Outside(id) => {
                let value = self.values[id.0 as usize].as_ref().expect("inputs are computed first");
                let mut buffer = vec![0.0; self.lanes.len()];
                if value.is_constant() {
                    Source::Fixed(value.row(0, self.lanes.clone(), &mut buffer).to_vec())
                } else {
                    Source::Value { value, lanes: self.lanes.clone(), buffer }
                }
            }
        }
    }

    fn member(
        &self,
        member: &Member,
        rows: RowsOf<'_>,
        locals: &Locals,
        mut target: ArrayViewMut2<'_, f64>,
    ) {
        let constants = &member.constants;
        let mut sources: Vec<Source<'_>> =
            member.inputs.iter().map(|input| self.source(*input, locals)).collect();
        let rows = rows.as_slice();
        match member.body {
            Body::Map(kernel) => {
                for (out, row) in slices(&mut target).zip(rows) {
                    with_inputs(&mut sources, *row, |inputs| kernel(inputs, constants, out));
                }
            }
            Body::Lag => {
                for (out, row) in slices(&mut target).zip(rows) {
                    match row.checked_sub(constants[0] as Row) {
                        Some(earlier) => out.copy_from_slice(sources[0].row(earlier)),
                        None => out.fill(f64::NAN),
                    }
                }
            }
            Body::Window(kernel) => window::run(kernel, constants, rows, &sources, target),
            Body::Scan(kernel) => {
                let mut state = kernel.start(constants, self.lanes.len());
                let mut passed_over = vec![0.0; self.lanes.len()];
                let mut outs: Vec<&mut [f64]> = slices(&mut target).collect();
                let mut place = 0;
                for row in 0..=rows.last().copied().unwrap_or(0) {
                    let wanted = rows.get(place) == Some(&row);
                    let out = if wanted { &mut *outs[place] } else { &mut passed_over };
                    with_inputs(&mut sources, row, |inputs| {
                        kernel.row(inputs, constants, &mut state, out);
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
