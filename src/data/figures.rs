//! The figures of a table: columns of numbers that a catalog names, with what they are multiplied and divided by.

use super::{
    catalog::ColumnSpec,
    load::column,
    source::Source,
    table::{Table, Wanted},
};
use crate::diagnostic::{Code, Diagnostic};

/// A figure, by the places of its columns in the table that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    at: usize,
    divisor: Option<usize>,
    scale: f64,
}

impl Figure {
    /// Adds its columns to those that are wanted of a file.
    pub(super) fn place(
        file: &Source,
        spec: &ColumnSpec,
        wanted: &mut Vec<(usize, Wanted)>,
    ) -> Result<Self, Diagnostic> {
        let at = place(file, &spec.column, Wanted::Number, wanted)?;
        let divisor = match &spec.divided_by {
            Some(name) => Some(place(file, name, Wanted::Number, wanted)?),
            None => None,
        };
        Ok(Self { at, divisor, scale: spec.scale.unwrap_or(1.0) })
    }

    /// Its value in a row.
    pub(super) fn value(&self, table: &Table, row: usize) -> f64 {
        let value = table.number(self.at)[row] * self.scale;
        self.divisor.map_or(value, |divisor| value / table.number(divisor)[row])
    }
}

/// Where a column stands among those that are wanted; it is added if it does not. One column has one use.
pub(super) fn place(
    file: &Source,
    name: &str,
    what: Wanted,
    wanted: &mut Vec<(usize, Wanted)>,
) -> Result<usize, Diagnostic> {
    let at = column(file, name)?;
    match wanted.iter().position(|(c, _)| *c == at) {
        None => {
            wanted.push((at, what));
            Ok(wanted.len() - 1)
        }
        Some(before) if wanted[before].1 == what => Ok(before),
        Some(_) => {
            let message = format!("the column `{name}` is named for two uses");
            Err(Diagnostic::error(Code::BadCatalog, message).in_file(file.path()))
        }
    }
}
