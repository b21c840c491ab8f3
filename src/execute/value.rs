//! Computed and opened values, and how a row of any of them is read.

use crate::panel::{Numbers, Row, Rows};
use std::{ops::Range, sync::Arc};

/// The values of a node.
#[derive(Debug)]
pub(super) enum Value<'m> {
    /// One number for everything.
    Scalar(f64),
    /// By asset.
    Static(&'m [f64]),
    /// By asset, computed.
    OwnedStatic(Numbers<f64>),
    /// By row of the whole calendar.
    Series(&'m [f64]),
    /// All dates × `width` assets.
    Panel { data: &'m [f64], width: usize },
    /// The rows asked for × `width` (1 for a series).
    Computed { rows: Arc<Rows>, data: Arc<Numbers<f64>>, width: usize },
    /// Whether an asset has a price and is no reference.
    Priced {
        close: &'m [f64],
        /// By asset: 0 for a reference, else 1.
        counts: Vec<f64>,
    },
}

impl Value<'_> {
    /// What was computed for some rows.
    pub(super) fn computed(rows: Arc<Rows>, data: Numbers<f64>, width: usize) -> Self {
        Self::Computed { rows, data: Arc::new(data), width }
    }

    /// Whether all rows are one.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Scalar(_) | Self::Static(_) | Self::OwnedStatic(_))
    }

    /// How many bytes it has of its own.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Computed { data, .. } => data.len() * size_of::<f64>(),
            Self::OwnedStatic(data) => data.len() * size_of::<f64>(),
            _ => 0,
        }
    }

    /// Whether a row has one number for all assets.
    pub(super) fn is_repeated(&self) -> bool {
        match self {
            Self::Scalar(_) | Self::Series(_) => true,
            Self::Computed { width, .. } => *width == 1,
            _ => false,
        }
    }

    /// The values of some assets from a row on where they lie in memory, each row so far from the next.
    pub(super) fn lying(&self, row: Row, lanes: Range<usize>) -> Option<(&[f64], usize)> {
        let (place, data, width) = match self {
            Self::Panel { data, width } => (row as usize, *data, *width),
            Self::Computed { rows, data, width } if *width > 1 => {
                (rows.position(row)?, &data[..], *width)
            }
            _ => return None,
        };
        Some((&data[place * width + lanes.start..], width))
    }

    /// The values of some assets at a row, from the value itself or laid out in `buffer`. A value with one number a row
    /// is repeated.
    #[inline]
    pub(super) fn row<'b>(
        &'b self,
        row: Row,
        lanes: Range<usize>,
        buffer: &'b mut [f64],
    ) -> &'b [f64] {
        let repeat = |x: f64, buffer: &'b mut [f64]| -> &'b [f64] {
            let out = &mut buffer[..lanes.len()];
            out.fill(x);
            out
        };
        match self {
            Self::Scalar(x) => repeat(*x, buffer),
            Self::Static(data) => &data[lanes],
            Self::OwnedStatic(data) => &data[lanes],
            Self::Series(data) => repeat(data[row as usize], buffer),
            Self::Panel { data, width } => &data[row as usize * width..][lanes],
            Self::Computed { rows, data, width } => {
                let place =
                    rows.position(row).expect("the scheduler asked for every row that is read");
                if *width == 1 {
                    repeat(data[place], buffer)
                } else {
                    &data[place * width..][lanes]
                }
            }
            Self::Priced { close, counts } => {
                let close = &close[row as usize * counts.len()..][lanes.clone()];
                let out = &mut buffer[..lanes.len()];
                priced(close, &counts[lanes], out);
                out
            }
        }
    }
}

/// What an asset counts as where it has a price, 0 elsewhere.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn priced(close: &[f64], counts: &[f64], out: &mut [f64]) {
    for ((out, close), counts) in out.iter_mut().zip(close).zip(counts) {
        *out = if close.is_nan() { 0.0 } else { *counts };
    }
}
