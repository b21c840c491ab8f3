//! The linear system of a step.

use super::{
    super::translate::Point,
    Missing,
    form::{Form, Kind},
};
use faer::{
    Mat, MatRef, Par, Side,
    linalg::{
        matmul::triangular::{self, BlockStructure},
        solvers::{Llt, Solve},
    },
};

/// Keeps the matrix regular where rows depend on each other.
const SHIFT: f64 = 1e-13;

impl Form<'_> {
    /// The linear system of a step from a point; `None` if it cannot be factored.
    pub(super) fn system(&self, point: &Point) -> Option<System<'_>> {
        let mut diagonal = self.diagonal.clone();
        let mut pairs = vec![Pair::default(); diagonal.len()];
        let mut squares = vec![0.0; self.others.len()];
        for (i, kind) in self.kinds.iter().enumerate() {
            let weight = point.z[i] / point.s[i];
            match *kind {
                Kind::Bound(v) => diagonal[v] += self.rows[i][0].1.powi(2) * weight,
                Kind::Pair(v, _) => {
                    let (first, second) = (self.rows[i][0].1, self.rows[i][1].1);
                    pairs[v] = Pair { first, second, weight };
                }
                Kind::Other(k) if i >= self.cones.zeros => squares[k] = 1.0 / weight,
                Kind::Other(_) | Kind::Hub => {}
            }
        }
        for (v, lone) in self.lone.iter().enumerate() {
            if let Some((k, value)) = lone {
                squares[*k] += value * value / diagonal[v];
            }
        }
        let mut halves: Vec<(f64, f64, f64)> = vec![];
        let mut scaled = self.dense.clone();
        let mut place = 0;
        for &(v, pair) in &self.blocks {
            let Some((w, _)) = pair else {
                halves.push((diagonal[v].sqrt(), 0.0, 0.0));
                place += 1;
                continue;
            };
            let Pair { first, second, weight } = pairs[v];
            let corner = (diagonal[v] + first * first * weight).sqrt();
            let below = first * second * weight / corner;
            let rest = pairs[v].determinant(diagonal[v], diagonal[w]).sqrt() / corner;
            halves.push((corner, below, rest));
            place += 2;
        }
        debug_assert_eq!(place, scaled.nrows());
        for mut column in scaled.col_iter_mut() {
            let mut place = 0;
            for (&(_, pair), &(first, below, second)) in self.blocks.iter().zip(&halves) {
                column[place] /= first;
                if pair.is_some() {
                    column[place + 1] = (column[place + 1] - below * column[place]) / second;
                    place += 1;
                }
                place += 1;
            }
        }
        let factored = factor(scaled.as_ref(), &squares)?;
        let mut system = System { form: self, diagonal, pairs, factored, hub: None };
        if let Some(hub) = self.hub {
            let none = vec![0.0; self.diagonal.len()];
            let (x, z) = system.without_hub(point, none, &|i| -self.ties[i]);
            let pivot = self.ties.iter().zip(&z).map(|(tie, z)| tie * z).sum::<f64>();
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            system.hub = Some(Hub { at: hub, x, z, pivot });
        }
        Some(system)
    }
}

/// A row of two variables: its coefficients, and what it weighs.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    first: f64,
    second: f64,
    weight: f64,
}

impl Pair {
    /// The determinant of the block of the two variables, from the diagonal without the row. Nothing cancels, however
    /// much the row weighs.
    fn determinant(self, a: f64, b: f64) -> f64 {
        let Self { first, second, weight } = self;
        a * b + weight * (a * second * second + b * first * first)
    }

    /// The block's inverse times two numbers.
    fn divide(self, (a, b): (f64, f64), (x, y): (f64, f64)) -> (f64, f64) {
        let Self { first, second, weight } = self;
        let across = weight * (second * x - first * y);
        let determinant = self.determinant(a, b);
        ((b * x + second * across) / determinant, (a * y - first * across) / determinant)
    }
}

/// The Cholesky factors of BᵀB with numbers added to its diagonal.
fn factor(columns: MatRef<'_, f64>, squares: &[f64]) -> Option<Llt<f64>> {
    let size = columns.ncols();
    let mut matrix = Mat::zeros(size, size);
    triangular::matmul(
        matrix.as_mut(),
        BlockStructure::TriangularLower,
        faer::Accum::Replace,
        columns.transpose(),
        BlockStructure::Rectangular,
        columns,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    for (k, square) in squares.iter().enumerate() {
        let own = matrix[(k, k)] + square;
        matrix[(k, k)] = own + SHIFT * own + f64::MIN_POSITIVE;
    }
    matrix.llt(Side::Lower).ok()
}

/// The linear system of a step, factored.
pub(super) struct System<'a> {
    form: &'a Form<'a>,
    /// P with the weights of bounds.
    diagonal: Vec<f64>,
    /// By the first variable.
    pairs: Vec<Pair>,
    factored: Llt<f64>,
    hub: Option<Hub>,
}

/// What a step of the hub by one makes of all else, and what holds it.
struct Hub {
    at: usize,
    x: Vec<f64>,
    z: Vec<f64>,
    pivot: f64,
}

impl System<'_> {
    /// The step that makes up for what is missing and for `products` of slacks and duals.
    pub(super) fn direction(
        &self,
        missing: &Missing,
        point: &Point,
        products: &dyn Fn(usize) -> f64,
    ) -> Point {
        let Self { form, .. } = self;
        let cones = form.cones;
        let wanted = |i: usize| match i < cones.zeros {
            true => missing.primal[i],
            false => missing.primal[i] - products(i) / point.z[i],
        };
        let (mut x, mut z) = self.without_hub(point, missing.dual.clone(), &wanted);
        if let Some(hub) = &self.hub {
            let held: f64 = form.ties.iter().zip(&z).map(|(tie, z)| tie * z).sum();
            let step = (missing.dual[hub.at] - held) / hub.pivot;
            x.iter_mut().zip(&hub.x).for_each(|(x, own)| *x += step * own);
            z.iter_mut().zip(&hub.z).for_each(|(z, own)| *z += step * own);
            x[hub.at] = step;
        }
        let mut s = vec![0.0; cones.b.len()];
        for i in cones.zeros..cones.b.len() {
            s[i] = (products(i) - point.s[i] * z[i]) / point.z[i];
        }
        Point { x, z, s }
    }

    /// Steps and duals where the hub stays: of variables for the right-hand side of P, of rows for what is `wanted`.
    fn without_hub(
        &self,
        point: &Point,
        mut right: Vec<f64>,
        wanted: &dyn Fn(usize) -> f64,
    ) -> (Vec<f64>, Vec<f64>) {
        let form = self.form;
        for (i, kind) in form.kinds.iter().enumerate() {
            if !matches!(kind, Kind::Other(_)) {
                let weight = point.z[i] / point.s[i] * wanted(i);
                form.rows[i].iter().for_each(|(v, value)| right[*v] += value * weight);
            }
        }
        let mut x = right.clone();
        self.divide(&mut x);
        let sum = |i: usize, x: &[f64]| form.rows[i].iter().map(|(v, a)| a * x[*v]).sum::<f64>();
        let of_row = |k: usize| sum(form.others[k], &x) - wanted(form.others[k]);
        let mut duals = Mat::from_fn(form.others.len(), 1, |k, _| of_row(k));
        self.factored.solve_in_place(&mut duals);
        for (k, &row) in form.others.iter().enumerate() {
            form.rows[row].iter().for_each(|(v, value)| right[*v] -= value * duals[(k, 0)]);
        }
        self.divide(&mut right);
        let x = right;
        let of = |(i, kind): (usize, &Kind)| match kind {
            Kind::Other(k) => duals[(*k, 0)],
            _ => point.z[i] / point.s[i] * (sum(i, &x) - wanted(i)),
        };
        let z = form.kinds.iter().enumerate().map(of).collect();
        (x, z)
    }

    /// Brings a right-hand side through the blocks of the diagonal.
    fn divide(&self, right: &mut [f64]) {
        for (v, value) in right.iter_mut().enumerate().filter(|(v, _)| !self.form.is_paired[*v]) {
            // The hub has no diagonal and no step of its own here.
            *value = if Some(v) == self.form.hub { 0.0 } else { *value / self.diagonal[v] };
        }
        for &(v, pair) in &self.form.blocks {
            if let Some((w, _)) = pair {
                let own = (self.diagonal[v], self.diagonal[w]);
                (right[v], right[w]) = self.pairs[v].divide(own, (right[v], right[w]));
            }
        }
    }
}
