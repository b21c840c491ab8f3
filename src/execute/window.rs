//! The driver of window kernels: tails and heads of blocks, shared where many rows of a block are wanted.

use crate::{
    operator::WindowKernel,
    panel::{Row, Rows},
};

/// Gives the inputs of a row to a function; rows come in any order.
pub(super) trait Inputs {
    /// Calls `take` with the inputs of `row`.
    fn with(&mut self, row: Row, take: &mut dyn FnMut(&[&[f64]]));
}

/// Writes the results of a row into the place it is given.
pub(super) type Finish<'f> = &'f mut dyn FnMut(&mut [f64]);

/// From how many rows of a block on the states are shared rather than gathered anew for each.
const SHARED: usize = 3;

/// Computes a window operator at `rows`; `write(i, finish)` hands the `i`-th row's output to `finish`.
pub(super) fn run(
    kernel: &dyn WindowKernel,
    constants: &[f64],
    rows: &Rows,
    lanes: usize,
    inputs: &mut dyn Inputs,
    write: &mut dyn FnMut(usize, Finish<'_>),
) {
    let length = kernel.rows(constants);
    let size = kernel.planes() * lanes;
    let mut states = States {
        size,
        empty: vec![0.0; size],
        tails: vec![],
        ping: vec![0.0; size],
        pong: vec![0.0; size],
    };
    kernel.empty(&mut states.empty);
    let list = rows.as_slice();
    let mut start = 0;
    while start < list.len() {
        let block = list[start] / length;
        let end = start + list[start..].partition_point(|r| r / length == block);
        let block_start = block * length;
        if end - start >= SHARED {
            states.shared(
                kernel,
                constants,
                &list[start..end],
                block_start,
                length,
                inputs,
                &mut |i, finish| {
                    write(start + i, finish);
                },
            );
        } else {
            for i in start..end {
                states.single(
                    kernel,
                    constants,
                    list[i],
                    block_start,
                    length,
                    inputs,
                    &mut |finish| write(i, finish),
                );
            }
        }
        start = end;
    }
}

struct States {
    size: usize,
    empty: Vec<f64>,
    /// The states of the tails of the block before, by their first row, the newest first.
    tails: Vec<f64>,
    ping: Vec<f64>,
    pong: Vec<f64>,
}

impl States {
    /// All wanted rows of one block: one walk back over the block before, one walk forward over this one.
    fn shared(
        &mut self,
        kernel: &dyn WindowKernel,
        constants: &[f64],
        wanted: &[Row],
        block_start: Row,
        length: u32,
        inputs: &mut dyn Inputs,
        write: &mut dyn FnMut(usize, Finish<'_>),
    ) {
        let size = self.size;
        // The oldest row that any of the windows sees; rows before the calendar are not there.
        let oldest = (wanted[0] + 1).saturating_sub(length).min(block_start);
        let tail_rows = (block_start - oldest) as usize;
        self.tails.resize((tail_rows + 1) * size, 0.0);
        self.tails[..size].copy_from_slice(&self.empty);
        for k in 0..tail_rows {
            let (state, next) = self.tails[k * size..(k + 2) * size].split_at_mut(size);
            inputs
                .with(block_start - 1 - k as Row, &mut |x| kernel.push(state, x, constants, next));
        }
        self.ping.copy_from_slice(&self.empty);
        let mut next_wanted = 0;
        for row in block_start..=*wanted.last().expect("some rows are wanted") {
            let (ping, pong) = (&self.ping, &mut self.pong);
            inputs.with(row, &mut |x| kernel.push_newer(ping, x, constants, pong));
            std::mem::swap(&mut self.ping, &mut self.pong);
            if wanted[next_wanted] == row {
                let first = (row + 1).saturating_sub(length).min(block_start);
                let depth = (block_start - first) as usize;
                let tail = &self.tails[depth * size..(depth + 1) * size];
                let head = &self.ping;
                write(next_wanted, &mut |out| {
                    kernel.finish(tail, head, row - block_start + 1, constants, out)
                });
                next_wanted += 1;
            }
        }
    }

    /// One row alone, by the same additions in the same order.
    fn single(
        &mut self,
        kernel: &dyn WindowKernel,
        constants: &[f64],
        row: Row,
        block_start: Row,
        length: u32,
        inputs: &mut dyn Inputs,
        write: &mut dyn FnMut(Finish<'_>),
    ) {
        let first = (row + 1).saturating_sub(length).min(block_start);
        self.ping.copy_from_slice(&self.empty);
        for older in (first..block_start).rev() {
            let (ping, pong) = (&self.ping, &mut self.pong);
            inputs.with(older, &mut |x| kernel.push(ping, x, constants, pong));
            std::mem::swap(&mut self.ping, &mut self.pong);
        }
        self.tails.resize(self.tails.len().max(self.size), 0.0);
        self.tails[..self.size].copy_from_slice(&self.ping);
        self.ping.copy_from_slice(&self.empty);
        for newer in block_start..=row {
            let (ping, pong) = (&self.ping, &mut self.pong);
            inputs.with(newer, &mut |x| kernel.push_newer(ping, x, constants, pong));
            std::mem::swap(&mut self.ping, &mut self.pong);
        }
        let (tail, head) = (&self.tails[..self.size], &self.ping);
        write(&mut |out| kernel.finish(tail, head, row - block_start + 1, constants, out));
    }
}
