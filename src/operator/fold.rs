//! Windows as folds: the one way sums, extremes, moments and weighted means over the last rows are computed.
//!
//! A window of d rows is the tail of one block of d rows and the head of the next (van Herk 1992, Gil and Werman 1993),
//! blocks being aligned to the calendar: one step a row, only additions, and the same bits from whichever date the
//! computation starts. The tail is gathered backwards from the end of its block, the head forwards from its start; the
//! head always holds at least the row itself.

use super::{
    Strip, WindowBlock, WindowKernel,
    lanes::Lanes,
    least_present,
    tile::{self, Tile},
};
use pulp::Simd;

/// What is gathered over the rows of a window of an asset: from `INPUTS` inputs `STATE` numbers, and `ANCHORS` that stay
/// what the first row of the part that had them said.
pub(super) trait Fold<const INPUTS: usize, const ANCHORS: usize, const STATE: usize>:
    Sync
{
    /// The call's constants, prepared.
    type Constants: Copy;

    /// Prepares the constants of a call.
    fn constants(constants: &[f64]) -> Self::Constants;

    /// The rows of the window.
    fn rows(constants: &[f64]) -> u32 {
        constants[0] as u32
    }

    /// The state of no rows. Anchors of no rows are missing.
    const EMPTY: [f64; STATE] = [0.0; STATE];

    /// What the first row of a part counts as.
    const FIRST: f64 = 0.0;

    /// What the row after one counts as: by default its place, 0, 1, 2, … from the border of the parts.
    fn next(place: f64, _: Self::Constants) -> f64 {
        place + 1.0
    }

    /// Takes in the row before those that the part holds, and what it counts as.
    fn push<S: Simd>(
        part: &mut Part<S, ANCHORS, STATE>,
        inputs: [Lanes<S>; INPUTS],
        place: f64,
        constants: Self::Constants,
    );

    /// Takes in the row after those that the part holds; differs where the order of rows matters.
    #[inline(always)]
    fn push_newer<S: Simd>(
        part: &mut Part<S, ANCHORS, STATE>,
        inputs: [Lanes<S>; INPUTS],
        place: f64,
        constants: Self::Constants,
    ) {
        Self::push(part, inputs, place, constants);
    }

    /// The result of a window whose older rows gave `tail` and whose newer rows gave `head`. The anchors of a tail without
    /// a value may be those of rows that have left it.
    fn finish<S: Simd>(
        tail: Part<S, ANCHORS, STATE>,
        head: Part<S, ANCHORS, STATE>,
        window: Window<S, INPUTS>,
        constants: Self::Constants,
    ) -> Lanes<S>;
}

/// What was gathered over some rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<S: Simd, const ANCHORS: usize, const STATE: usize> {
    pub(super) anchors: [Lanes<S>; ANCHORS],
    pub(super) state: [Lanes<S>; STATE],
}

/// What there is to know of a window beside what was gathered. Its parts are together fewer rows than it has where the
/// calendar begins in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<S: Simd, const INPUTS: usize> {
    /// Rows of the tail.
    pub(super) tail: f64,
    /// Rows of the head.
    pub(super) head: f64,
    /// What a row after the head would count as.
    pub(super) next: f64,
    /// The inputs of its last row.
    pub(super) today: [Lanes<S>; INPUTS],
}

/// How many values must be present, from the constants `d` and `min:`.
pub(super) fn least(constants: &[f64]) -> f64 {
    least_present(constants[0] as u32, constants[1])
}

/// A fold as a kernel of the operator table.
pub(super) struct Folded<F, const INPUTS: usize, const ANCHORS: usize, const STATE: usize>(
    pub(super) F,
);

impl<F, const INPUTS: usize, const ANCHORS: usize, const STATE: usize> WindowKernel
    for Folded<F, INPUTS, ANCHORS, STATE>
where
    F: Fold<INPUTS, ANCHORS, STATE>,
{
    fn rows(&self, constants: &[f64]) -> u32 {
        F::rows(constants)
    }

    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        // One addition need not wait for the one before where two registers of assets are carried side by side; for more
        // state than this there is no room.
        if STATE > 5 {
            tile::run(&Windows::<F, INPUTS, ANCHORS, STATE, 1>::of(block), block);
        } else {
            tile::run(&Windows::<F, INPUTS, ANCHORS, STATE, 2>::of(block), block);
        }
    }
}

/// What the windows of a block share.
struct Windows<F, const INPUTS: usize, const ANCHORS: usize, const STATE: usize, const SIDES: usize>
where
    F: Fold<INPUTS, ANCHORS, STATE>,
{
    constants: F::Constants,
    /// By wanted row: the first row that the window sees of those before the block.
    firsts: Vec<usize>,
}

impl<F, const INPUTS: usize, const ANCHORS: usize, const STATE: usize, const SIDES: usize>
    Windows<F, INPUTS, ANCHORS, STATE, SIDES>
where
    F: Fold<INPUTS, ANCHORS, STATE>,
{
    fn of(block: &mut WindowBlock<'_, '_>) -> Self {
        // By wanted row: the tails of one tile.
        block.scratch.resize(STATE * tile::WIDEST * block.wanted.len(), 0.0);
        Self {
            constants: F::constants(block.constants),
            firsts: block.wanted.iter().map(|wanted| block.first(*wanted)).collect(),
        }
    }
}

impl<F, const INPUTS: usize, const ANCHORS: usize, const STATE: usize, const SIDES: usize> Tile
    for Windows<F, INPUTS, ANCHORS, STATE, SIDES>
where
    F: Fold<INPUTS, ANCHORS, STATE>,
{
    const REGISTERS: usize = SIDES;

    #[inline(always)]
    fn tile<S: Simd>(&self, simd: S, block: &mut WindowBlock<'_, '_>, start: usize) {
        let constants = self.constants;
        let width = SIDES * S::F64_LANES;
        let inputs: &[Strip<'_>; INPUTS] =
            block.inputs.first_chunk().expect("the checker gave every argument");
        let tails = &mut block.scratch[..STATE * width * block.wanted.len()];
        let mut empty = Part {
            anchors: [Lanes::splat(simd, f64::NAN); ANCHORS],
            state: [Lanes::splat(simd, 0.0); STATE],
        };
        for k in 0..STATE {
            empty.state[k] = Lanes::splat(simd, F::EMPTY[k]);
        }
        // The first of the wanted rows sees most of the block before, the last the least.
        let mut parts = [empty; SIDES];
        let (mut row, mut place) = (block.older, F::FIRST);
        for (first, tail) in self.firsts.iter().zip(tails.chunks_exact_mut(STATE * width)).rev() {
            while row > *first {
                row -= 1;
                for side in 0..SIDES {
                    let x = read(simd, inputs, row, start, width, side);
                    F::push(&mut parts[side], x, place, constants);
                }
                place = F::next(place, constants);
            }
            for side in 0..SIDES {
                for k in 0..STATE {
                    parts[side].state[k].store(tail, side * STATE + k);
                }
            }
        }
        let older = parts;
        let mut parts = [empty; SIDES];
        let (mut row, mut place) = (block.older, F::FIRST);
        for (i, state) in tails.chunks_exact(STATE * width).enumerate() {
            let today = block.older + block.wanted[i];
            while row <= today {
                for side in 0..SIDES {
                    let x = read(simd, inputs, row, start, width, side);
                    F::push_newer(&mut parts[side], x, place, constants);
                }
                place = F::next(place, constants);
                row += 1;
            }
            for side in 0..SIDES {
                let window = Window {
                    tail: (block.older - self.firsts[i]) as f64,
                    head: (block.wanted[i] + 1) as f64,
                    next: place,
                    today: read(simd, inputs, today, start, width, side),
                };
                let mut tail = older[side];
                for k in 0..STATE {
                    tail.state[k] = Lanes::load(simd, state, side * STATE + k);
                }
                let result = F::finish(tail, parts[side], window, constants);
                result.store(&mut block.out[i][start..start + width], side);
            }
        }
    }
}

/// The inputs of some assets at a row.
#[inline(always)]
fn read<S: Simd, const INPUTS: usize>(
    simd: S,
    inputs: &[Strip<'_>; INPUTS],
    row: usize,
    start: usize,
    width: usize,
    side: usize,
) -> [Lanes<S>; INPUTS] {
    let mut x = [Lanes::splat(simd, f64::NAN); INPUTS];
    for i in 0..INPUTS {
        x[i] = Lanes::load(simd, &inputs[i].row(row, start)[..width], side);
    }
    x
}
