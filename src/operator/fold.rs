//! Windows as folds: the one way sums, extremes, moments and weighted means over the last rows are computed.
//!
//! A window of d rows is the tail of one block of d rows and the head of the next (van Herk 1992, Gil and Werman 1993),
//! blocks being aligned to the calendar: one step a row, only additions, and the same bits from whichever date the
//! computation starts. The tail is gathered backwards from the end of its block, the head forwards from its start; the
//! head always holds at least the row itself.

use super::{WindowBlock, WindowKernel, least_present};
use std::array;

/// How many assets are carried side by side: their states stay in the first cache.
const LANES: usize = 64;

/// What is gathered over the rows of a window of one asset, in `STATE` numbers, from `INPUTS` inputs.
///
/// The functions are compiled into loops over assets, so they must not branch on anything but what a select can do.
pub(super) trait Fold<const INPUTS: usize, const STATE: usize>: Sync {
    /// The call's constants, prepared.
    type Constants: Copy;

    /// Prepares the constants of a call.
    fn constants(constants: &[f64]) -> Self::Constants;

    /// The rows of the window.
    fn rows(constants: &[f64]) -> u32 {
        constants[0] as u32
    }

    /// The state of no rows.
    const EMPTY: [f64; STATE] = [0.0; STATE];

    /// `state` with the row before the ones it holds.
    fn push(state: [f64; STATE], inputs: [f64; INPUTS], constants: Self::Constants)
    -> [f64; STATE];

    /// `state` with the row after the ones it holds; differs where the order of rows matters.
    #[inline(always)]
    fn push_newer(
        state: [f64; STATE],
        inputs: [f64; INPUTS],
        constants: Self::Constants,
    ) -> [f64; STATE] {
        Self::push(state, inputs, constants)
    }

    /// The result of a window whose older rows gave `tail` and whose newer rows gave `head`.
    fn finish(
        tail: [f64; STATE],
        head: [f64; STATE],
        parts: Parts,
        constants: Self::Constants,
    ) -> f64;
}

/// The rows of the two parts of a window. Together they are fewer than the window where the calendar begins in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// Rows of the tail.
    pub(super) tail: f64,
    /// Rows of the head.
    pub(super) head: f64,
}

/// How many values must be present, from the constants `d` and `min:`.
pub(super) fn least(constants: &[f64]) -> f64 {
    least_present(constants[0] as u32, constants[1])
}

/// A fold as a kernel of the operator table.
pub(super) struct Folded<F, const INPUTS: usize, const STATE: usize>(pub(super) F);

impl<F: Fold<INPUTS, STATE>, const INPUTS: usize, const STATE: usize> WindowKernel
    for Folded<F, INPUTS, STATE>
{
    fn rows(&self, constants: &[f64]) -> u32 {
        F::rows(constants)
    }

    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        run::<F, INPUTS, STATE>(block);
    }
}

/// The states of some assets, each number side by side.
type States<const STATE: usize> = [[f64; LANES]; STATE];

#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn run<F: Fold<INPUTS, STATE>, const INPUTS: usize, const STATE: usize>(
    block: &mut WindowBlock<'_, '_>,
) {
    let constants = F::constants(block.constants);
    let lanes = block.out[0].len();
    let firsts: Vec<usize> = block.wanted.iter().map(|w| block.first(*w)).collect();
    let mut tails: Vec<States<STATE>> = vec![F::EMPTY.map(|x| [x; LANES]); block.wanted.len()];
    for start in (0..lanes).step_by(LANES) {
        let n = LANES.min(lanes - start);
        let row = |place: usize| -> [&[f64]; INPUTS] {
            array::from_fn(|i| &block.inputs[i][place][start..start + n])
        };
        // The first of the wanted rows sees most of the block before, the last the least.
        let mut state = F::EMPTY.map(|x| [x; LANES]);
        let mut place = block.older;
        for (first, tail) in firsts.iter().zip(&mut tails).rev() {
            while place > *first {
                place -= 1;
                push::<F, INPUTS, STATE, false>(&mut state, row(place), constants);
            }
            for k in 0..STATE {
                tail[k][..n].copy_from_slice(&state[k][..n]);
            }
        }
        let mut state = F::EMPTY.map(|x| [x; LANES]);
        let mut place = block.older;
        for (i, (wanted, tail)) in block.wanted.iter().zip(&tails).enumerate() {
            let today = block.older + *wanted;
            while place <= today {
                push::<F, INPUTS, STATE, true>(&mut state, row(place), constants);
                place += 1;
            }
            let parts =
                Parts { tail: (block.older - firsts[i]) as f64, head: (*wanted + 1) as f64 };
            let out = &mut block.out[i][start..start + n];
            for lane in 0..n {
                let tail = array::from_fn(|k| tail[k][lane]);
                let head = array::from_fn(|k| state[k][lane]);
                out[lane] = F::finish(tail, head, parts, constants);
            }
        }
    }
}

#[inline(always)]
fn push<F: Fold<INPUTS, STATE>, const INPUTS: usize, const STATE: usize, const NEWER: bool>(
    state: &mut States<STATE>,
    inputs: [&[f64]; INPUTS],
    constants: F::Constants,
) {
    let n = inputs[0].len().min(LANES);
    let inputs = inputs.map(|x| &x[..n]);
    for lane in 0..n {
        let old = array::from_fn(|k| state[k][lane]);
        let x = array::from_fn(|i| inputs[i][lane]);
        let new = match NEWER {
            true => F::push_newer(old, x, constants),
            false => F::push(old, x, constants),
        };
        for k in 0..STATE {
            state[k][lane] = new[k];
        }
    }
}
