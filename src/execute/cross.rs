//! Steps across the assets of a date, in groups or all together. Threads take dates.

use super::value::Value;
use crate::{
    operator::{Body, Scratch},
    panel::{Numbers, Row},
    plan::{ExecutionPlan, NodeId, Op},
};
use rayon::prelude::*;
use std::sync::Arc;

/// Computes a cross-sectional node.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    values: &[Option<Value<'m>>],
    assets: usize,
) -> Value<'m> {
    let node = plan.logical.node(id);
    let Op::Apply { grouped, .. } = node.op else {
        unreachable!("the scheduler makes cross steps of calls")
    };
    let body = node.body().expect("a call has a body");
    let rows = Arc::clone(&plan.rows[id.0 as usize]);
    let width = if matches!(body, Body::Reduce(_)) && !grouped { 1 } else { assets };
    let input =
        |i: usize| values[node.inputs[i].0 as usize].as_ref().expect("inputs are computed first");
    let job = Job {
        body,
        constants: node.constants(),
        x: input(0),
        mask: input(1),
        group: grouped.then(|| input(2)),
        assets,
    };
    let mut data = Numbers::room(rows.len() * width);
    data.par_chunks_mut(width.max(1))
        .zip(rows.as_slice().par_iter())
        .with_min_len(4)
        .for_each_init(Buffers::default, |buffers, (out, row)| job.date(*row, buffers, out));
    Value::Computed { rows, data, width }
}

struct Job<'v, 'm> {
    body: Body,
    constants: Vec<f64>,
    x: &'v Value<'m>,
    mask: &'v Value<'m>,
    group: Option<&'v Value<'m>>,
    assets: usize,
}

/// Buffers of one thread, used again from date to date.
#[derive(Default)]
struct Buffers {
    rows: [Vec<f64>; 3],
    places: Vec<u32>,
    values: Vec<f64>,
    results: Vec<f64>,
    scratch: Scratch,
}

impl Job<'_, '_> {
    fn date(&self, row: Row, buffers: &mut Buffers, out: &mut [f64]) {
        let Buffers { rows: [x_row, mask_row, group_row], places, values, results, scratch } =
            buffers;
        for buffer in [&mut *x_row, &mut *mask_row, &mut *group_row] {
            buffer.resize(self.assets, 0.0);
        }
        let x = self.x.row(row, 0..self.assets, x_row);
        let mask = self.mask.row(row, 0..self.assets, mask_row);
        match self.group {
            None => {
                places.clear();
                values.clear();
                for (i, (x, inside)) in x.iter().zip(mask).enumerate() {
                    if *inside == 1.0 && !x.is_nan() {
                        places.push(i as u32);
                        values.push(*x);
                    }
                }
                match self.body {
                    Body::Reduce(kernel) => out[0] = kernel(values),
                    Body::Cross(kernel) => {
                        out.fill(f64::NAN);
                        if !values.is_empty() {
                            results.resize(values.len(), 0.0);
                            kernel(values, &self.constants, scratch, &mut results[..values.len()]);
                            for (place, result) in places.iter().zip(results) {
                                out[*place as usize] = *result;
                            }
                        }
                    }
                    _ => {}
                }
            }
            Some(group) => {
                let group = group.row(row, 0..self.assets, group_row);
                self.groups(x, mask, group, (places, values, results, scratch), out);
            }
        }
    }

    /// Each group for itself. A sum or count is given to every asset of the group, also to those that have no value.
    fn groups(
        &self,
        x: &[f64],
        mask: &[f64],
        group: &[f64],
        (places, values, results, scratch): (
            &mut Vec<u32>,
            &mut Vec<f64>,
            &mut Vec<f64>,
            &mut Scratch,
        ),
        out: &mut [f64],
    ) {
        out.fill(f64::NAN);
        let mut members: Vec<u32> = (0..self.assets as u32)
            .filter(|&i| mask[i as usize] == 1.0 && !group[i as usize].is_nan())
            .collect();
        members.sort_by(|a, b| group[*a as usize].total_cmp(&group[*b as usize]));
        for part in members.chunk_by(|a, b| group[*a as usize] == group[*b as usize]) {
            places.clear();
            values.clear();
            for &i in part {
                if !x[i as usize].is_nan() {
                    places.push(i);
                    values.push(x[i as usize]);
                }
            }
            match self.body {
                Body::Reduce(kernel) => {
                    let result = kernel(values);
                    for &i in part {
                        out[i as usize] = result;
                    }
                }
                Body::Cross(kernel) if !values.is_empty() => {
                    results.resize(values.len(), 0.0);
                    kernel(values, &self.constants, scratch, &mut results[..values.len()]);
                    for (place, result) in places.iter().zip(results.iter()) {
                        out[*place as usize] = *result;
                    }
                }
                _ => {}
            }
        }
    }
}
