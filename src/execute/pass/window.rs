//! The driver of window kernels: block by block of the calendar.

use super::{block::slices, source::Source};
use crate::{
    operator::{Strip, WindowBlock, WindowKernel},
    panel::Row,
};
use ndarray::{ArrayViewMut2, s};

/// How many windows follow each other at most in a block that may be of any length.
const WINDOWS: u32 = 8;

/// Computes a window operator at `rows`, each into its row of `target`.
pub(super) fn run(
    kernel: &dyn WindowKernel,
    constants: &[f64],
    rows: &[Row],
    sources: &[Source<'_>],
    mut target: ArrayViewMut2<'_, f64>,
) {
    let length = kernel.rows(constants);
    let mut laid: Vec<Vec<f64>> = vec![vec![]; sources.len()];
    let mut scratch = vec![];
    let (mut done, mut touched) = (0, 0);
    while let Some(&first) = rows.get(done) {
        let (start, count) = if kernel.depends_on_blocks() {
            let block = first / length;
            (block * length, rows[done..].partition_point(|row| row / length == block))
        } else {
            (first, meeting(&rows[done..], length))
        };
        let own = &rows[done..done + count];
        let mut target = target.slice_mut(s![done..done + count, ..]);
        done += count;
        // The oldest row that any of the windows sees; rows before the calendar are not there.
        let oldest = (first + 1).saturating_sub(length).min(start);
        let end = own[count - 1] + 1;
        for source in sources {
            source.touch(oldest.max(touched)..end);
        }
        touched = end;
        let inputs: Vec<Strip<'_>> = sources
            .iter()
            .zip(&mut laid)
            .map(|(source, laid)| source.strip(oldest..end, laid))
            .collect();
        let wanted: Vec<usize> = own.iter().map(|row| (row - start) as usize).collect();
        let mut out: Vec<&mut [f64]> = slices(&mut target).collect();
        kernel.block(&mut WindowBlock {
            inputs: &inputs,
            older: (start - oldest) as usize,
            wanted: &wanted,
            length: length as usize,
            constants,
            out: &mut out,
            scratch: &mut scratch,
        });
    }
}

/// How many of the rows, from the first on, have windows that meet, each with the one before.
fn meeting(rows: &[Row], length: u32) -> usize {
    let last = rows[0].saturating_add(length.saturating_mul(WINDOWS).clamp(64, 4096));
    let pairs = rows.iter().zip(&rows[1..]);
    1 + pairs.take_while(|(row, next)| **next < last && **next - **row <= length).count()
}
