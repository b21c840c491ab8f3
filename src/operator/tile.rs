//! Windows of as many assets at a time as registers hold.

use super::{Strip, WindowBlock};
use pulp::{Arch, Simd, WithSimd};

/// What computes the windows of some assets. All of it must be inlined, as [`super::lanes`] says.
pub(super) trait Tile {
    /// How many registers of assets are computed side by side, at most two.
    const REGISTERS: usize;

    /// Computes the windows of the assets from `start` on.
    fn tile<S: Simd>(&self, simd: S, block: &mut WindowBlock<'_, '_>, start: usize);
}

/// How many registers of assets are computed side by side at most.
const MOST: usize = 2;

/// How many assets these are at most.
pub(super) const WIDEST: usize = 8 * MOST;

/// Computes the windows of all assets of a block, tile by tile.
pub(super) fn run<T: Tile>(tile: &T, block: &mut WindowBlock<'_, '_>) {
    Arch::new().dispatch(Run(tile, block));
}

struct Run<'t, 'b, 'a, 'o, T>(&'t T, &'b mut WindowBlock<'a, 'o>);

impl<T: Tile> WithSimd for Run<'_, '_, '_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(tile, block) = self;
        let width = T::REGISTERS * S::F64_LANES;
        let assets = block.out[0].len();
        // Fewer assets than registers hold are laid out with missing ones beside them.
        let narrow = assets < width;
        let filled: Vec<Vec<f64>>;
        let mut results = vec![];
        let mut inputs = vec![];
        if narrow {
            let rows = block.wanted.last().map_or(0, |last| block.older + last + 1);
            let fill = |x: &Strip<'_>| -> Vec<f64> {
                (0..rows).flat_map(|row| x.lanes::<WIDEST>(row, 0, assets)).collect()
            };
            filled = block.inputs.iter().map(fill).collect();
            inputs = filled.iter().map(|values| Strip::new(values, WIDEST)).collect();
            results = vec![[0.0; WIDEST]; block.wanted.len()];
        }
        let mut out: Vec<&mut [f64]> = if narrow {
            results.iter_mut().map(|row| &mut row[..]).collect()
        } else {
            block.out.iter_mut().map(|row| &mut **row).collect()
        };
        let mut tiles = WindowBlock {
            inputs: if narrow { &inputs } else { block.inputs },
            out: &mut out,
            scratch: block.scratch,
            ..*block
        };
        let last = assets.max(width) - width;
        for start in (0..assets).step_by(width) {
            // The last assets are computed together with some before them, once more.
            tile.tile(simd, &mut tiles, start.min(last));
        }
        if narrow {
            for (out, results) in block.out.iter_mut().zip(&results) {
                out.copy_from_slice(&results[..assets]);
            }
        }
    }
}
