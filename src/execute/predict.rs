//! Scores learned walk-forward: a linear model of what the target has been, fitted to dates whose targets were known.

use super::value::Value;
use crate::{
    operator::WalkForward,
    panel::{MISSING, Numbers, Row},
    plan::{ExecutionPlan, NodeId},
};
use rayon::prelude::*;
use std::sync::Arc;

/// The scores at the rows asked for.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    id: NodeId,
    values: &[Option<Value<'m>>],
    width: usize,
) -> Value<'m> {
    let node = plan.logical.node(id);
    let inputs: Vec<&Value<'m>> = node
        .inputs
        .iter()
        .map(|input| values[input.0 as usize].as_ref().expect("inputs are computed first"))
        .collect();
    let [target, features @ .., mask] = inputs.as_slice() else {
        unreachable!("a prediction has a target, values and a mask")
    };
    let walk = plan.logical.walk_forward(node, &plan.logical.horizons());
    let job = Job { target, features, mask, walk, width };
    let rows = Arc::clone(&plan.rows[id.0 as usize]);
    let mut data = Numbers::room(rows.len() * width);
    // The rows asked for, by the fit in force, each with its part of the result.
    let mut parts: Vec<(Row, &[Row], &mut [f64])> = vec![];
    let mut rest: &mut [f64] = &mut data;
    for rows in rows.as_slice().chunk_by(|a, b| walk.fit_of(*a) == walk.fit_of(*b)) {
        let (own, after) = rest.split_at_mut(rows.len() * width);
        parts.push((walk.fit_of(rows[0]), rows, own));
        rest = after;
    }
    parts.into_par_iter().for_each(|(fit, rows, out)| match job.fit(fit) {
        Some(model) => job.predict(&model, rows, out),
        None => out.fill(MISSING),
    });
    Value::computed(rows, data, width)
}

struct Job<'v, 'm> {
    target: &'v Value<'m>,
    features: &'v [&'v Value<'m>],
    mask: &'v Value<'m>,
    walk: WalkForward,
    width: usize,
}

/// a + Σ bₖ·(xₖ − mₖ) / sₖ
struct Model {
    intercept: f64,
    /// By feature: what is subtracted, and what it is multiplied by.
    terms: Vec<(f64, f64)>,
}

/// Sums over the complete observations of some dates, by column: the features, then the target.
struct Sums {
    observations: f64,
    dates: usize,
    columns: Vec<f64>,
}

impl Job<'_, '_> {
    /// What is learned at a row; nothing where too little was known.
    fn fit(&self, row: Row) -> Option<Model> {
        let count = self.features.len();
        let origins: Vec<Row> = self.walk.origins(row).collect();
        let mut sums = Sums { observations: 0.0, dates: 0, columns: vec![0.0; count + 1] };
        let mut table = Table::new(count, self.width);
        for &origin in &origins {
            table.fill(self, origin);
            sums.observations += table.rows as f64;
            sums.dates += usize::from(table.rows > 0);
            for (sum, column) in sums.columns.iter_mut().zip(&table.columns) {
                *sum += column.iter().sum::<f64>();
            }
        }
        if sums.dates < self.walk.least || sums.observations < (count + 2) as f64 {
            return None;
        }
        let means: Vec<f64> = sums.columns.iter().map(|sum| sum / sums.observations).collect();
        // Products of what is left after the means, which loses nothing where these are large.
        let mut products = vec![0.0; (count + 1) * (count + 1)];
        for &origin in &origins {
            table.fill(self, origin);
            for (column, mean) in table.columns.iter_mut().zip(&means) {
                column.iter_mut().for_each(|x| *x -= mean);
            }
            for (i, own) in table.columns.iter().enumerate() {
                for (j, other) in table.columns[..=i].iter().enumerate() {
                    products[i * (count + 1) + j] += dot(own, other);
                }
            }
        }
        let product = |i: usize, j: usize| products[i.max(j) * (count + 1) + i.min(j)];
        let deviations: Vec<f64> = (0..count)
            .map(|i| {
                let deviation = (product(i, i) / sums.observations).sqrt();
                // What is left of a constant is rounding.
                let rounding = f64::EPSILON * sums.observations * means[i].abs();
                if deviation > rounding { deviation } else { f64::INFINITY }
            })
            .collect();
        let scaled = |i: usize, j: usize| product(i, j) / deviations[i] / deviations[j];
        let penalised =
            |i: usize, j: usize| scaled(i, j) + if i == j { self.walk.penalty } else { 0.0 };
        let row = |i: usize| (0..=i).map(|j| penalised(i, j)).collect();
        let matrix: Vec<Vec<f64>> = (0..count).map(row).collect();
        let right = (0..count).map(|i| product(count, i) / deviations[i]).collect();
        let coefficients = solve(matrix, right);
        let terms = (0..count).map(|i| (means[i], coefficients[i] / deviations[i])).collect();
        Some(Model { intercept: means[count], terms })
    }

    /// The scores of the eligible at some rows.
    fn predict(&self, model: &Model, rows: &[Row], out: &mut [f64]) {
        let mut buffer = vec![0.0; self.width];
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(self.width.max(1))) {
            let mask = self.mask.row(*row, 0..self.width, &mut buffer);
            for (out, mask) in out.iter_mut().zip(mask) {
                *out = if *mask == 1.0 { model.intercept } else { MISSING };
            }
            for (feature, (mean, coefficient)) in self.features.iter().zip(&model.terms) {
                let values = feature.row(*row, 0..self.width, &mut buffer);
                for (out, x) in out.iter_mut().zip(values) {
                    *out += coefficient * (x - mean);
                }
            }
            for out in out.iter_mut().filter(|x| x.is_infinite()) {
                *out = MISSING;
            }
        }
    }
}

/// The complete observations of one date, by column.
struct Table {
    columns: Vec<Vec<f64>>,
    rows: usize,
    buffers: Vec<Vec<f64>>,
}

impl Table {
    fn new(features: usize, width: usize) -> Self {
        Self {
            columns: vec![vec![]; features + 1],
            rows: 0,
            buffers: vec![vec![0.0; width]; features + 2],
        }
    }

    /// Those who were eligible at a date and have every value and the target.
    fn fill(&mut self, job: &Job<'_, '_>, row: Row) {
        let sources = job.features.iter().copied().chain([job.target, job.mask]);
        let lines: Vec<&[f64]> = sources
            .zip(&mut self.buffers)
            .map(|(source, buffer)| source.row(row, 0..job.width, buffer))
            .collect();
        let [values @ .., mask] = lines.as_slice() else {
            unreachable!("there is a line for the mask")
        };
        let complete = |i: &usize| mask[*i] == 1.0 && values.iter().all(|line| !line[*i].is_nan());
        let members: Vec<usize> = (0..job.width).filter(complete).collect();
        self.rows = members.len();
        for (column, line) in self.columns.iter_mut().zip(values) {
            column.clear();
            column.extend(members.iter().map(|i| line[*i]));
        }
    }
}

/// Σ xᵢ·yᵢ, in eight sums side by side.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    for (x, y) in x.iter().zip(y) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// A value of which less than this share is left after those before it says nothing of its own.
const DEFICIENT: f64 = 1e-12;

/// The solution of a positive semidefinite system (the lower triangle by rows), by Cholesky's factor; what those before it
/// determine gets 0.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    let mut stands = vec![true; count];
    for i in 0..count {
        for j in 0..i {
            let (before, after) = matrix.split_at_mut(i);
            let (other, row) = (&before[j], &mut after[0]);
            let rest = row[j] - dot(&row[..j], &other[..j]);
            row[j] = if stands[j] { rest / other[j] } else { 0.0 };
        }
        let row = &mut matrix[i];
        let rest = row[i] - dot(&row[..i], &row[..i]);
        stands[i] = rest > DEFICIENT * row[i];
        if stands[i] {
            row[i] = rest.sqrt();
        } else {
            row.fill(0.0);
            row[i] = 1.0;
            right[i] = 0.0;
        }
        right[i] = (right[i] - dot(&matrix[i][..i], &right[..i])) / matrix[i][i];
    }
    for i in (0..count).rev() {
        let known: f64 = (i + 1..count).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}
