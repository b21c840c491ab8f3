//! Where the nodes of a pass read from.

use super::super::value::Value;
use crate::{
    operator::Strip,
    panel::{Row, Rows},
};
use std::ops::Range;

/// The rows a node is computed for; what does not change in time has one.
#[derive(Clone, Copy)]
pub(super) enum RowsOf<'a> {
    Of(&'a Rows),
    One,
}

impl<'a> RowsOf<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Of(rows) => rows.len(),
            Self::One => 1,
        }
    }

    pub(super) fn as_slice(self) -> &'a [Row] {
        match self {
            Self::Of(rows) => rows.as_slice(),
            Self::One => &[0],
        }
    }

    pub(super) fn place(self, row: Row) -> usize {
        match self {
            Self::Of(rows) => {
                rows.position(row).expect("the scheduler asked for every row that is read")
            }
            Self::One => 0,
        }
    }
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
    pub(super) fn row(&mut self, row: Row) -> &[f64] {
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
