//! Fields of the market as values: opened where they lie as panels, laid out where they are records or spells.

use super::value::Value;
use crate::{
    operator::Body,
    panel::{AsOf, FieldData, FieldId, MISSING, MarketData, Numbers, Row, Rows, Spells},
    plan::{ExecutionPlan, NodeId, Op},
};
use rayon::prelude::*;
use std::sync::Arc;

/// The values of a field at the rows asked for.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    field: FieldId,
    market: &'m dyn MarketData,
) -> Value<'m> {
    let width = market.schema().symbols.len();
    let rows = &plan.rows[id.0 as usize];
    match market.field(field) {
        FieldData::Panel(view) => {
            Value::Panel { data: view.to_slice().expect("panels are row-major"), width }
        }
        FieldData::Series(data) => Value::Series(data),
        FieldData::Static(data) => Value::Static(data),
        FieldData::AsOf(records) => as_of(&records, rows, width),
        FieldData::Spells(spells) => membership(&spells, rows, width),
    }
}

fn as_of<'m>(records: &AsOf<'_>, rows: &Arc<Rows>, width: usize) -> Value<'m> {
    by_asset(rows, width, |asset, rows, out| records.latest(asset, rows, out))
}

/// A panel from what `fill` gives for an asset at some rows, by their place.
fn by_asset<'m>(
    rows: &Arc<Rows>,
    width: usize,
    fill: impl Fn(usize, &[Row], &mut dyn FnMut(usize, f64)) + Sync,
) -> Value<'m> {
    let mut data = Numbers::room(rows.len() * width);
    let list = rows.as_slice();
    // Dates are shared out rather than assets, so that each thread writes a part of its own.
    let share = list.len().div_ceil(rayon::current_num_threads()).max(16);
    data.par_chunks_mut(share * width.max(1)).zip(list.par_chunks(share)).for_each(
        |(out, rows)| {
            out.fill(MISSING);
            for asset in 0..width {
                fill(asset, rows, &mut |i, value| out[i * width + asset] = value);
            }
        },
    );
    Value::Computed { rows: Arc::clone(rows), data, width }
}

/// An operator over the reports of a field, at the rows asked for.
pub(super) fn reports<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    market: &'m dyn MarketData,
) -> Value<'m> {
    let node = plan.logical.node(id);
    let (Some(Body::Reports(kernel)), Op::Field(field)) =
        (node.body(), &plan.logical.node(node.inputs[0]).op)
    else {
        unreachable!("the checker gives such operators a field")
    };
    let FieldData::AsOf(records) = market.field(*field) else {
        unreachable!("the checker gives such operators a field of reports")
    };
    let constants = node.constants();
    by_asset(&plan.rows[id.0 as usize], market.schema().symbols.len(), |asset, rows, out| {
        records.known(asset, rows, |i, known| out(i, kernel(known, &constants)));
    })
}

/// Returns that lie ahead: from the next row's close, by which an asset can have been bought, to that of so many rows
/// later, or to its last one before.
pub(super) fn forward<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    market: &'m dyn MarketData,
) -> Value<'m> {
    let held = plan.logical.node(id).constants()[0] as usize;
    let index = market.prices().total_return;
    let of = |asset: usize, row: Row| {
        let bought = row as usize + 1;
        let sold = bought + held;
        if sold >= index.nrows() || index[[bought, asset]].is_nan() {
            return MISSING;
        }
        let end = (bought..=sold).rev().map(|r| index[[r, asset]]).find(|x| !x.is_nan());
        end.map_or(MISSING, |end| end / index[[bought, asset]] - 1.0)
    };
    by_asset(&plan.rows[id.0 as usize], market.schema().symbols.len(), |asset, rows, out| {
        rows.iter().enumerate().for_each(|(i, row)| out(i, of(asset, *row)));
    })
}

fn membership<'m>(spells: &Spells<'_>, rows: &Arc<Rows>, width: usize) -> Value<'m> {
    let mut data = Numbers::room(rows.len() * width);
    data.fill(0.0);
    let list = rows.as_slice();
    for ((asset, from), until) in spells.assets.iter().zip(spells.from).zip(spells.until) {
        let (first, last) =
            (list.partition_point(|r| r < from), list.partition_point(|r| r < until));
        for place in first..last {
            data[place * width + *asset as usize] = 1.0;
        }
    }
    Value::Computed { rows: Arc::clone(rows), data, width }
}
