//! Factor portfolios: formed at the end of a period, bought at that close, held in shares until the next.

use super::value::Value;
use crate::{
    panel::{MISSING, MarketData, Numbers, Row},
    plan::{ExecutionPlan, NodeId, Op},
};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// The daily returns at the rows asked for.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    values: &[Option<Value<'m>>],
    market: &'m dyn MarketData,
) -> Value<'m> {
    let node = plan.logical.node(id);
    let Op::Apply { grouped, .. } = node.op else {
        unreachable!("the scheduler makes such steps of calls")
    };
    let input =
        |i: usize| values[node.inputs[i].0 as usize].as_ref().expect("inputs are computed first");
    let constants = node.constants();
    let job = Job {
        x: input(0),
        weight: input(1),
        mask: input(2),
        group: grouped.then(|| input(3)),
        top: constants[0],
        bottom: constants[1],
        index: market.prices().total_return,
    };
    let rows = Arc::clone(&plan.rows[id.0 as usize]);
    let formations = market.calendar().period_ends(constants[2]);
    let wanted = rows.as_slice();
    // The rows asked for, by the formation before them.
    let parts: Vec<(Row, &[Row])> = formations
        .iter()
        .enumerate()
        .map(|(i, &formed)| {
            let until = formations.get(i + 1).copied().unwrap_or(Row::MAX);
            let (start, end) =
                (wanted.partition_point(|r| *r <= formed), wanted.partition_point(|r| *r <= until));
            (formed, &wanted[start..end])
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let found: Vec<Vec<f64>> =
        parts.par_iter().map(|(formed, rows)| job.period(*formed, rows)).collect();
    let before = wanted.len() - found.iter().map(Vec::len).sum::<usize>();
    let data: Numbers<f64> =
        std::iter::repeat_n(MISSING, before).chain(found.into_iter().flatten()).collect();
    Value::computed(rows, data, 1)
}

struct Job<'v, 'm> {
    x: &'v Value<'m>,
    weight: &'v Value<'m>,
    mask: &'v Value<'m>,
    group: Option<&'v Value<'m>>,
    top: f64,
    bottom: f64,
    /// Dates × assets: an index with dividends.
    index: ArrayView2<'m, f64>,
}

/// The two sides of one group, each as assets with the value that was put into them.
#[derive(Default)]
struct Sides {
    high: Vec<(usize, f64)>,
    low: Vec<(usize, f64)>,
}

impl Job<'_, '_> {
    /// The returns at `rows`, which lie after `formed` and until the next formation.
    fn period(&self, formed: Row, rows: &[Row]) -> Vec<f64> {
        let groups = self.form(formed);
        let last = *rows.last().expect("some row is asked for");
        let mut returns = vec![0.0; (last - formed) as usize];
        let mut counted = 0.0;
        // With one side asked for, that side is the portfolio.
        let (longs, shorts) = (self.top > 0.0, self.bottom > 0.0);
        for sides in &groups {
            if (longs && sides.high.is_empty()) || (shorts && sides.low.is_empty()) {
                continue;
            }
            counted += 1.0;
            self.add(&sides.high, formed, 1.0, &mut returns);
            self.add(&sides.low, formed, -1.0, &mut returns);
        }
        let at = |row: &Row| returns[(row - formed) as usize - 1] / counted;
        rows.iter().map(|row| if counted > 0.0 { at(row) } else { MISSING }).collect()
    }

    /// Who is bought on each side at a formation, by group.
    fn form(&self, row: Row) -> Vec<Sides> {
        let assets = self.index.ncols();
        let mut buffers = [(); 4].map(|()| vec![0.0; assets]);
        let [x, weight, mask, group] = &mut buffers;
        let x = self.x.row(row, 0..assets, x);
        let weight = self.weight.row(row, 0..assets, weight);
        let mask = self.mask.row(row, 0..assets, mask);
        let group = self.group.map(|g| g.row(row, 0..assets, group));
        let bought: Vec<usize> = (0..assets)
            .filter(|&i| {
                mask[i] == 1.0
                    && !x[i].is_nan()
                    && weight[i] > 0.0
                    && self.index[[row as usize, i]] > 0.0
                    && group.is_none_or(|g| !g[i].is_nan())
            })
            .collect();
        let mut sorted: Vec<f64> = bought.iter().map(|&i| x[i]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let above =
            if self.top < 1.0 { quantile(&sorted, 1.0 - self.top) } else { f64::NEG_INFINITY };
        let below =
            if self.bottom > 0.0 { quantile(&sorted, self.bottom) } else { f64::NEG_INFINITY };
        let mut groups: BTreeMap<u64, Sides> = BTreeMap::new();
        for i in bought {
            let sides = groups.entry(group.map_or(0, |g| g[i].to_bits())).or_default();
            if x[i] > above {
                sides.high.push((i, weight[i]));
            }
            if x[i] <= below {
                sides.low.push((i, weight[i]));
            }
        }
        groups.into_values().collect()
    }

    /// Adds the daily returns of one side, bought at the close of `formed`, to `returns`. What has no price stands still:
    /// whether it will ever have one again is not known on the day.
    fn add(&self, side: &[(usize, f64)], formed: Row, sign: f64, returns: &mut [f64]) {
        if side.is_empty() {
            return;
        }
        let start = |i: usize| self.index[[formed as usize, i]];
        let mut values: Vec<f64> = side.iter().map(|(_, weight)| *weight).collect();
        for (day, out) in returns.iter_mut().enumerate() {
            let row = formed + 1 + day as Row;
            let (mut before, mut after) = (0.0, 0.0);
            for ((asset, weight), value) in side.iter().zip(&mut values) {
                let index = self.index[[row as usize, *asset]];
                before += *value;
                if !index.is_nan() {
                    *value = weight * index / start(*asset);
                }
                after += *value;
            }
            if before > 0.0 {
                *out += sign * (after / before - 1.0);
            }
        }
    }
}

/// The quantile of sorted values, interpolated linearly (type 7); missing for none.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return MISSING };
    let at = p * last as f64;
    let low = sorted[at.floor() as usize];
    let high = sorted[(at.floor() as usize + 1).min(last)];
    low + (at - at.floor()) * (high - low)
}
