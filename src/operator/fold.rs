//! Windows as folds: the one way sums, extremes, moments and weighted means over the last rows are computed.
//!
//! A window of d rows is the tail of one block of d rows and the head of the next (van Herk 1992, Gil and Werman 1993),
//! blocks being aligned to the calendar: one step a row, only additions, and the same bits from whichever date the
//! computation starts. The tail is gathered backwards from the end of its block, the head forwards from its start; the
//! head always holds at least the row itself.

use super::{WindowBlock, WindowKernel, least_present};
use std::array;

/// How many assets are carried side by side: their states stay in the first cache.
const LANES: usize = 32;

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

    /// What the first row of a part counts as.
    const FIRST: f64 = 0.0;

    /// What the row after one counts as: by default its place, 0, 1, 2, … from the border of the parts.
    fn next(place: f64, _: Self::Constants) -> f64 {
        place + 1.0
    }

    /// `state` with the row before the ones it holds, and what it counts as.
    fn push(
        state: [f64; STATE],
        inputs: [f64; INPUTS],
        place: f64,
        constants: Self::Constants,
    ) -> [f64; STATE];

    /// `state` with the row after the ones it holds; differs where the order of rows matters.
    #[inline(always)]
    fn push_newer(
        state: [f64; STATE],
        inputs: [f64; INPUTS],
        place: f64,
        constants: Self::Constants,
    ) -> [f64; STATE] {
        Self::push(state, inputs, place, constants)
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
    /// What a row after the head would count as.
    pub(super) next: f64,
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

/// Some numbers of some assets, each number side by side.
type Lanes<const NUMBERS: usize> = [[f64; LANES]; NUMBERS];

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
    // One more than there are windows: behind the last of the wanted rows the tail is empty.
    let mut tails: Vec<Lanes<STATE>> = vec![F::EMPTY.map(|x| [x; LANES]); block.wanted.len() + 1];
    let mut filled: [Vec<[f64; LANES]>; INPUTS] = array::from_fn(|_| vec![]);
    for start in (0..lanes).step_by(LANES) {
        if lanes - start < LANES {
            filled =
                array::from_fn(|i| block.inputs[i].iter().map(|row| fill(&row[start..])).collect());
        }
        let inputs = |row: usize| -> [&[f64; LANES]; INPUTS] {
            array::from_fn(|i| {
                block.inputs[i][row][start..].first_chunk().unwrap_or_else(|| &filled[i][row])
            })
        };
        // The first of the wanted rows sees most of the block before, the last the least.
        let (mut row, mut place) = (block.older, F::FIRST);
        for (i, first) in firsts.iter().enumerate().rev() {
            let (tail, shorter) = tails[i..].split_first_mut().expect("one more than windows");
            if row == *first {
                *tail = shorter[0];
                continue;
            }
            row -= 1;
            let x = inputs(row);
            for lane in 0..LANES {
                let new = F::push(numbers(&shorter[0], lane), values(x, lane), place, constants);
                set(tail, lane, new);
            }
            place = F::next(place, constants);
            while row > *first {
                row -= 1;
                let x = inputs(row);
                for lane in 0..LANES {
                    let new = F::push(numbers(tail, lane), values(x, lane), place, constants);
                    set(tail, lane, new);
                }
                place = F::next(place, constants);
            }
        }
        let mut state = F::EMPTY.map(|x| [x; LANES]);
        let (mut row, mut place) = (block.older, F::FIRST);
        for (i, (wanted, tail)) in block.wanted.iter().zip(&tails).enumerate() {
            let today = block.older + *wanted;
            while row < today {
                let x = inputs(row);
                for lane in 0..LANES {
                    let new =
                        F::push_newer(numbers(&state, lane), values(x, lane), place, constants);
                    set(&mut state, lane, new);
                }
                place = F::next(place, constants);
                row += 1;
            }
            let x = inputs(today);
            let next = F::next(place, constants);
            let parts =
                Parts { tail: (block.older - firsts[i]) as f64, head: (*wanted + 1) as f64, next };
            let mut result = [0.0; LANES];
            for lane in 0..LANES {
                let new = F::push_newer(numbers(&state, lane), values(x, lane), place, constants);
                set(&mut state, lane, new);
                result[lane] = F::finish(numbers(tail, lane), new, parts, constants);
            }
            put(&mut block.out[i][start..], &result);
            (row, place) = (today + 1, next);
        }
    }
}

/// The last assets of a row; missing beyond them.
fn fill(row: &[f64]) -> [f64; LANES] {
    array::from_fn(|lane| row.get(lane).copied().unwrap_or(f64::NAN))
}

/// Writes the results of some assets, as many as there are; eight at a time, which needs no call.
#[inline(always)]
fn put(out: &mut [f64], results: &[f64; LANES]) {
    let (eights, rest) = out.as_chunks_mut::<8>();
    for (out, results) in eights.iter_mut().zip(results.as_chunks().0) {
        *out = *results;
    }
    if eights.len() * 8 < LANES {
        rest.copy_from_slice(&results[eights.len() * 8..][..rest.len()]);
    }
}

#[inline(always)]
fn values<const N: usize>(rows: [&[f64; LANES]; N], lane: usize) -> [f64; N] {
    rows.map(|row| row[lane])
}

#[inline(always)]
fn numbers<const N: usize>(state: &Lanes<N>, lane: usize) -> [f64; N] {
    array::from_fn(|k| state[k][lane])
}

#[inline(always)]
fn set<const N: usize>(state: &mut Lanes<N>, lane: usize, numbers: [f64; N]) {
    for k in 0..N {
        state[k][lane] = numbers[k];
    }
}
