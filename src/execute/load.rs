//! Fields of the market as values: opened where they lie as panels, laid out where they are records or spells.

use super::value::Value;
use crate::{
    operator::Body,
    panel::{AsOf, FieldData, FieldId, MISSING, MarketData, Numbers, Row, Rows, Spells, Steps},
    plan::{ExecutionPlan, Node, NodeId, Op},
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
    let basis = ShareBasis::new(plan.logical.node(id), market);
    match market.field(field) {
        FieldData::Panel(view) => {
            Value::Panel { data: view.to_slice().expect("panels are row-major"), width }
        }
        FieldData::Series(data) => Value::Series(data),
        FieldData::Static(data) => Value::Static(data),
        FieldData::AsOf(records) => by_asset(rows, width, |asset, rows, out| {
            basis.of_reports(&records, asset, rows, out, |records, asset, out| {
                records.latest(asset, rows, out);
            });
        }),
        FieldData::Spells(spells) => membership(&spells, rows, width),
        FieldData::Steps(steps) => {
            by_asset(rows, width, |asset, rows, out| steps.at(asset, rows, out))
        }
    }
}

/// Brings reported counts of shares, and figures a share, to the shares of each row: they are of the day on which they
/// were published, the last one on which they were not yet known.
struct ShareBasis<'m> {
    power: i8,
    splits: Option<Steps<'m>>,
}

impl<'m> ShareBasis<'m> {
    fn new(node: &Node, market: &'m dyn MarketData) -> Self {
        let splits = market.schema().split_factor().map(|field| market.field(field));
        let splits = match splits {
            Some(FieldData::Steps(steps)) => Some(steps),
            _ => None,
        };
        Self { power: node.ty.unit.share_power(), splits }
    }

    /// What `read` makes of the reports of an asset, in the shares of each row.
    fn of_reports(
        &self,
        records: &AsOf<'_>,
        asset: usize,
        rows: &[Row],
        out: &mut dyn FnMut(usize, f64),
        read: impl Fn(&AsOf<'_>, usize, &mut dyn FnMut(usize, f64)),
    ) {
        let Some(splits) = self.splits.filter(|s| self.power != 0 && s.changes(asset)) else {
            return read(records, asset, out);
        };
        let own = records.offsets[asset] as usize..records.offsets[asset + 1] as usize;
        let known_from = &records.known_from[own.clone()];
        let factor = |row: Row, power: i8| splits.value(asset, row).powi(i32::from(power));
        let of_first_day =
            |(value, known): (&f64, &Row)| value * factor(known.saturating_sub(1), -self.power);
        let values: Vec<f64> =
            records.values[own.clone()].iter().zip(known_from).map(of_first_day).collect();
        let alone = AsOf {
            offsets: &[0, own.len() as u32],
            known_from,
            known_until: &records.known_until[own.clone()],
            period_end: &records.period_end[own],
            values: &values,
        };
        read(&alone, 0, &mut |i, value| out(i, value * factor(rows[i], self.power)));
    }
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
    Value::computed(Arc::clone(rows), data, width)
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
    let basis = ShareBasis::new(node, market);
    by_asset(&plan.rows[id.0 as usize], market.schema().symbols.len(), |asset, rows, out| {
        basis.of_reports(&records, asset, rows, out, |records, asset, out| {
            records.known(asset, rows, |i, known| out(i, kernel(known, &constants)));
        });
    })
}

/// Returns that lie ahead: from the next row's close, by which an asset can have been bought, to that of so many rows
/// later; of one that stops trading before, to its last one and what its holders got.
pub(super) fn forward<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    market: &'m dyn MarketData,
) -> Value<'m> {
    let held = plan.logical.node(id).constants()[0] as usize;
    let index = market.prices().total_return;
    let (lifetimes, outcomes) = (market.lifetimes(), market.delisting_returns());
    let outcome = |asset: usize, sold: usize| {
        let ended = lifetimes[asset].is_some_and(|(_, last)| (last as usize) < sold);
        let known = outcomes.map(|r| r[asset]).filter(|r| ended && !r.is_nan());
        1.0 + known.unwrap_or(0.0)
    };
    let of = |asset: usize, row: Row| {
        let bought = row as usize + 1;
        let sold = bought + held;
        if sold >= index.nrows() || index[[bought, asset]].is_nan() {
            return MISSING;
        }
        let end = (bought..=sold).rev().map(|r| index[[r, asset]]).find(|x| !x.is_nan());
        end.map_or(MISSING, |end| end * outcome(asset, sold) / index[[bought, asset]] - 1.0)
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
    Value::computed(Arc::clone(rows), data, width)
}
