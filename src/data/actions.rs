//! Corporate actions: splits, dividends and delistings as fields of the market.

use super::market::{Parts, Values};
use crate::panel::{Date, Field, Row};
use crate::types::{Shape, Type, Unit};
use std::sync::Arc;

/// Adds the field `split_factor` from splits: asset, first day on which the price is of the new shares, new shares for
/// one old.
pub(super) fn add_splits(parts: &mut Parts, mut list: Vec<(u32, Date, f64)>, note: &str) {
    list.sort_by_key(|(asset, date, _)| (*asset, *date));
    let (mut steps, mut factor, mut before) = (vec![], 1.0, None);
    for (asset, date, ratio) in list {
        if before != Some(asset) {
            (before, factor) = (Some(asset), 1.0);
        }
        factor *= ratio;
        let row = parts.calendar.first_at_or_after(date);
        if (row as usize) < parts.calendar.len() {
            steps.push((asset, row, factor));
        }
    }
    add(parts, ("splits", "split_factor", note), Unit::RATIO, steps, 1.0);
}

fn add(
    parts: &mut Parts,
    (table, name, note): (&str, &str, &str),
    unit: Unit,
    steps: Vec<(u32, Row, f64)>,
    before: f64,
) {
    let field = Field {
        reported: false,
        name: name.to_owned(),
        table: table.to_owned(),
        ty: Type::number(Shape::Panel, unit),
        labels: Arc::default(),
        note: note.to_owned(),
    };
    parts.add(field, Values::steps(parts.symbols.len(), steps, before));
}
