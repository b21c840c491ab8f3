//! Steps across the assets of a date, in groups or all together. Threads take dates.

use super::value::Value;
use crate::{
    operator::{Body, CrossKernel, Eligible, Members, Scratch},
    panel::{Numbers, Row},
    plan::{ExecutionPlan, NodeId, Op},
    types::Kind,
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
    let (kernel, reduces) = match node.body() {
        Some(Body::Cross(kernel)) => (kernel, false),
        Some(Body::Reduce(kernel)) => (kernel, true),
        body => unreachable!("the scheduler makes no cross step of {body:?}"),
    };
    let rows = Arc::clone(&plan.rows[id.0 as usize]);
    let width = if reduces && !grouped { 1 } else { assets };
    let value = |id: &NodeId| values[id.0 as usize].as_ref().expect("inputs are computed first");
    let own = node.inputs.len() - 1 - usize::from(grouped);
    let job = Job {
        kernel,
        reduces,
        constants: node.constants(),
        kinds: node.inputs[..own].iter().map(|i| plan.logical.node(*i).ty.kind).collect(),
        inputs: node.inputs[..own].iter().map(value).collect(),
        mask: value(&node.inputs[own]),
        group: node.inputs.get(own + 1).map(value),
        assets,
    };
    let mut data = Numbers::room(rows.len() * width);
    data.par_chunks_mut(width.max(1))
        .zip(rows.as_slice().par_iter())
        .with_min_len(4)
        .for_each_init(|| job.buffers(), |buffers, (out, row)| job.date(*row, buffers, out));
    Value::computed(rows, data, width)
}

struct Job<'v, 'm> {
    kernel: CrossKernel,
    reduces: bool,
    constants: Vec<f64>,
    kinds: Vec<Kind>,
    inputs: Vec<&'v Value<'m>>,
    mask: &'v Value<'m>,
    group: Option<&'v Value<'m>>,
    assets: usize,
}

/// Buffers of one thread, used again from date to date.
#[derive(Default)]
struct Buffers {
    rows: Vec<Vec<f64>>,
    mask: Vec<f64>,
    group: Vec<f64>,
    /// The first input where the asset is eligible.
    first: Vec<f64>,
    partition: Partition,
    gathered: Vec<Vec<f64>>,
    results: Vec<f64>,
    scratch: Scratch,
}

impl Job<'_, '_> {
    fn buffers(&self) -> Buffers {
        let row = || vec![0.0; self.assets];
        let rows = || self.inputs.iter().map(|_| row()).collect();
        Buffers {
            rows: rows(),
            mask: row(),
            group: row(),
            first: row(),
            gathered: rows(),
            results: row(),
            ..Buffers::default()
        }
    }

    fn date(&self, row: Row, buffers: &mut Buffers, out: &mut [f64]) {
        let Buffers { rows, mask, group, first, partition, gathered, results, scratch } = buffers;
        let mask = self.mask.row(row, 0..self.assets, mask);
        let mut inputs: Vec<&[f64]> = self
            .inputs
            .iter()
            .zip(rows)
            .map(|(input, buffer)| input.row(row, 0..self.assets, buffer))
            .collect();
        let Some(labels) = self.group else {
            keep_eligible(inputs[0], mask, first);
            inputs[0] = first;
            let members = Members {
                inputs: &inputs,
                kinds: &self.kinds,
                eligible: Eligible { mask, members: None },
                constants: &self.constants,
            };
            return (self.kernel)(&members, scratch, out);
        };
        // Groups that never change are sorted once.
        if !labels.is_constant() || partition.starts.is_empty() {
            partition.sort(labels.row(row, 0..self.assets, group));
        }
        let places = &partition.places;
        let (first, others) = gathered.split_first_mut().expect("there is an input");
        gather_eligible(inputs[0], mask, places, first);
        for (gathered, input) in others.iter_mut().zip(&inputs[1..]) {
            gather(input, places, gathered);
        }
        for group in partition.starts.windows(2) {
            let group = group[0] as usize..group[1] as usize;
            let inputs: Vec<&[f64]> = gathered.iter().map(|input| &input[group.clone()]).collect();
            let members = Members {
                inputs: &inputs,
                kinds: &self.kinds,
                eligible: Eligible { mask, members: Some(&partition.order[group.clone()]) },
                constants: &self.constants,
            };
            let results = &mut results[group];
            if self.reduces {
                let mut result = [f64::NAN];
                (self.kernel)(&members, scratch, &mut result);
                results.fill(result[0]);
            } else {
                (self.kernel)(&members, scratch, results);
            }
        }
        results[partition.grouped()..].fill(f64::NAN);
        if self.reduces {
            // To every eligible asset of the group, also to those that have no value.
            for ((out, place), mask) in out.iter_mut().zip(places).zip(mask) {
                *out = if *mask == 1.0 { results[*place as usize] } else { f64::NAN };
            }
        } else {
            for (out, place) in out.iter_mut().zip(places) {
                *out = results[*place as usize];
            }
        }
    }
}

/// The values where the mask is 1, missing elsewhere.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn keep_eligible(values: &[f64], mask: &[f64], out: &mut [f64]) {
    for ((out, x), eligible) in out.iter_mut().zip(values).zip(mask) {
        *out = if *eligible == 1.0 { *x } else { f64::NAN };
    }
}

/// Writes the values to their places where the mask is 1, missing elsewhere.
fn gather_eligible(values: &[f64], mask: &[f64], places: &[u32], out: &mut [f64]) {
    for ((x, mask), place) in values.iter().zip(mask).zip(places) {
        out[*place as usize] = if *mask == 1.0 { *x } else { f64::NAN };
    }
}

fn gather(values: &[f64], places: &[u32], out: &mut [f64]) {
    for (x, place) in values.iter().zip(places) {
        out[*place as usize] = *x;
    }
}

/// Where each asset lies when those of a group lie side by side; those without a group lie behind all others.
#[derive(Default)]
struct Partition {
    labels: Vec<f64>,
    order: Vec<u32>,
    /// By asset. Rows are read and written from the first asset to the last, so that only as many places as there are
    /// groups are in use at once.
    places: Vec<u32>,
    /// Where each group begins, and where the last one ends.
    starts: Vec<u32>,
}

impl Partition {
    fn sort(&mut self, labels: &[f64]) {
        // Groups seldom change from one date to the next.
        let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits();
        let known = !self.starts.is_empty() && self.labels.len() == labels.len();
        if known && self.labels.iter().zip(labels).all(|(a, b)| same(a, b)) {
            return;
        }
        self.labels.clear();
        self.labels.extend_from_slice(labels);
        self.order.clear();
        self.order.extend(0..labels.len() as u32);
        let label = |i: &u32| labels[*i as usize];
        // Those without a group last.
        self.order.sort_by(|a, b| {
            label(a).is_nan().cmp(&label(b).is_nan()).then(label(a).total_cmp(&label(b)))
        });
        self.places.resize(labels.len(), 0);
        for (place, asset) in self.order.iter().enumerate() {
            self.places[*asset as usize] = place as u32;
        }
        let grouped = self.order.partition_point(|i| !label(i).is_nan());
        self.starts.clear();
        self.starts.push(0);
        for group in self.order[..grouped].chunk_by(|a, b| label(a) == label(b)) {
            self.starts.push(self.starts[self.starts.len() - 1] + group.len() as u32);
        }
    }

    /// How many assets have a group.
    fn grouped(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }
}
