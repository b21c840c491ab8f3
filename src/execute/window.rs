//! The driver of window kernels: block by block of the calendar, each as long as the kernel says.

use super::pass::Source;
use crate::{
    operator::{WindowBlock, WindowKernel},
    panel::Row,
};
use std::{mem, ops::Range};

/// Computes a window operator of so many `lanes` at `rows`, each into its place of `outs`.
pub(super) fn run(
    kernel: &dyn WindowKernel,
    constants: &[f64],
    rows: &[Row],
    lanes: usize,
    sources: &mut [Source<'_>],
    outs: &mut [&mut [f64]],
) {
    let (length, step) = (kernel.rows(constants), kernel.block_rows(constants));
    let mut staged: Vec<Staged> = sources.iter().map(|_| Staged::default()).collect();
    let (mut rows, mut outs) = (rows, outs);
    while let Some(first) = rows.first() {
        let start = first / step * step;
        let here = rows.partition_point(|r| r / step == first / step);
        let (own, later) = rows.split_at(here);
        let (out, later_outs) = outs.split_at_mut(here);
        // The oldest row that any of the windows sees; rows before the calendar are not there.
        let oldest = (first + 1).saturating_sub(length).min(start);
        let end = own[here - 1] + 1;
        for (source, staged) in sources.iter_mut().zip(&mut staged) {
            staged.read(source, oldest..start, start..end);
        }
        let inputs: Vec<Vec<&[f64]>> = sources
            .iter()
            .zip(&staged)
            .map(|(source, staged)| {
                (oldest..end)
                    .map(|row| source.lying(row).unwrap_or_else(|| staged.row(row, lanes)))
                    .collect()
            })
            .collect();
        let wanted: Vec<usize> = own.iter().map(|r| (r - start) as usize).collect();
        kernel.block(&mut WindowBlock {
            inputs: &inputs,
            older: (start - oldest) as usize,
            wanted: &wanted,
            length: length as usize,
            constants,
            out,
        });
        (rows, outs) = (later, later_outs);
    }
}

/// Rows of a source from outside the pass, laid out: read as they come, row after row, they arrive from memory several
/// times faster than asset after asset. What one block laid out is the older part of the next.
#[derive(Default)]
struct Staged {
    older: Laid,
    newer: Laid,
}

#[derive(Default)]
struct Laid {
    rows: Range<Row>,
    data: Vec<f64>,
}

impl Laid {
    fn read(&mut self, source: &mut Source<'_>, rows: Range<Row>) {
        source.lay_out(rows.clone(), &mut self.data);
        self.rows = rows;
    }
}

impl Staged {
    fn read(&mut self, source: &mut Source<'_>, older: Range<Row>, newer: Range<Row>) {
        let laid = &self.newer.rows;
        if laid.start <= older.start && laid.end >= older.end {
            mem::swap(&mut self.older, &mut self.newer);
        } else {
            self.older.read(source, older);
        }
        self.newer.read(source, newer);
    }

    fn row(&self, row: Row, lanes: usize) -> &[f64] {
        let laid = if row < self.newer.rows.start { &self.older } else { &self.newer };
        let place = (row - laid.rows.start) as usize;
        &laid.data[place * lanes..(place + 1) * lanes]
    }
}
