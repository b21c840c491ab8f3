//! From an interior solution to the optimum itself: the rows that bind are taken as equations, and the linear system of
//! the optimum is solved to the last digits. Weights at a bound are then exactly there.

use super::translate::{Cones, Point};
use clarabel::{
    algebra::CscMatrix,
    qdldl::{QDLDLFactorisation, QDLDLSettings},
};

/// How often the set of binding rows may be mended.
const ROUNDS: usize = 12;

/// What may be missing for a row to count as kept, and for a dual as not negative.
const KEPT: f64 = 1e-12;

/// Keeps the system regular where binding rows depend on each other; refinement takes its effect out again.
const SHIFT: f64 = 1e-9;

/// The optimum with its duals, or `None` where the binding rows cannot be told.
pub(super) fn polish(cones: &Cones, near: &Point) -> Option<Point> {
    if !cones.is_linear() {
        return None;
    }
    let rows = cones.rows();
    // Weights at a bound are known, and leave a small system. Where rows depend on each other there, all are solved for.
    [true, false].into_iter().find_map(|fixes| settle(cones, &rows, near, fixes))
}

/// Takes rows in and out of the binding ones until all conditions of the optimum hold.
fn settle(cones: &Cones, rows: &[Vec<(usize, f64)>], near: &Point, fixes: bool) -> Option<Point> {
    let count = rows.len();
    let mut binds: Vec<bool> =
        (0..count).map(|i| i < cones.zeros || near.z[i] > near.s[i]).collect();
    for _ in 0..ROUNDS {
        let reduced = Reduced::new(cones, rows, &binds, fixes);
        let (x, mut z) = reduced.solve(near)?;
        let mut changed = false;
        for row in 0..count {
            let sum: f64 = rows[row].iter().map(|(column, value)| x[*column] * value).sum();
            if binds[row] {
                let is_kept = (cones.b[row] - sum).abs() <= 1e-12 * (1.0 + cones.b[row].abs());
                if row >= cones.zeros && z[row] < -1e-10 {
                    binds[row] = false;
                    changed = true;
                } else if !is_kept {
                    return None;
                }
            } else if cones.b[row] - sum < -KEPT * (1.0 + cones.b[row].abs()) {
                binds[row] = true;
                changed = true;
            }
        }
        if !changed {
            let sum = |row: &Vec<(usize, f64)>| row.iter().map(|(c, v)| x[*c] * v).sum::<f64>();
            for dual in &mut z[cones.zeros..] {
                *dual = dual.max(0.0);
            }
            let s = rows.iter().zip(&cones.b).map(|(row, b)| (b - sum(row)).max(0.0)).collect();
            return Some(Point { x, z, s });
        }
    }
    None
}

/// The linear system of binding rows, without the variables that one of them alone fixes.
struct Reduced<'a> {
    cones: &'a Cones,
    rows: &'a [Vec<(usize, f64)>],
    /// By variable: the row that fixes it.
    fixed: Vec<Option<usize>>,
    /// The other binding rows.
    active: Vec<usize>,
    /// The variables that are not fixed, and by variable its place among them.
    free: Vec<usize>,
    place: Vec<usize>,
}

impl<'a> Reduced<'a> {
    fn new(cones: &'a Cones, rows: &'a [Vec<(usize, f64)>], binds: &[bool], fixes: bool) -> Self {
        let n = cones.q.len();
        let (mut fixed, mut active) = (vec![None; n], vec![]);
        for row in (0..rows.len()).filter(|&i| binds[i]) {
            match *rows[row] {
                [(v, _)] if fixes && fixed[v].is_none() => fixed[v] = Some(row),
                _ => active.push(row),
            }
        }
        if fixes {
            // What fixed variables already say needs no dual.
            active.retain(|&row| rows[row].iter().any(|(v, _)| fixed[*v].is_none()));
        }
        let free: Vec<usize> = (0..n).filter(|&v| fixed[v].is_none()).collect();
        let mut place = vec![usize::MAX; n];
        free.iter().enumerate().for_each(|(at, &v)| place[v] = at);
        Self { cones, rows, fixed, active, free, place }
    }

    /// The point at which the gradient is a sum of the binding rows, with their duals, by iterative refinement; `None`
    /// if it is not reached.
    fn solve(&self, near: &Point) -> Option<(Vec<f64>, Vec<f64>)> {
        let cones = self.cones;
        // Where everything is fixed there is nothing to solve for.
        let is_empty = self.free.is_empty() && self.active.is_empty();
        let mut factored = if is_empty { None } else { Some(self.factor()?) };
        let mut x = near.x.clone();
        for (v, row) in self.fixed.iter().enumerate() {
            if let Some(row) = row {
                x[v] = cones.b[*row] / self.rows[*row][0].1;
            }
        }
        let mut z = vec![0.0; self.rows.len()];
        let mut best: Option<(f64, Vec<f64>, Vec<f64>)> = None;
        for _ in 0..30 {
            let gradient = self.gradient(&x, &z);
            let mut residual = self.residual(&x, &gradient);
            let worst = residual
                .iter()
                .fold(0.0_f64, |m, r| if r.is_nan() { f64::NAN } else { m.max(r.abs()) });
            if worst.is_nan() {
                return None;
            }
            let is_better = best.as_ref().is_none_or(|(b, ..)| worst < *b);
            let is_done = best.as_ref().is_some_and(|(b, ..)| worst >= 0.5 * b) && worst < 1e-8;
            if is_better {
                best = Some((worst, x.clone(), z.clone()));
            }
            if is_done {
                break;
            }
            if let Some(factored) = &mut factored {
                factored.solve(&mut residual);
            }
            self.free.iter().zip(&residual).for_each(|(&v, step)| x[v] += step);
            let duals = &residual[self.free.len()..];
            self.active.iter().zip(duals).for_each(|(&row, step)| z[row] += step);
        }
        let (worst, x, mut z) = best?;
        if worst >= 1e-12 {
            return None;
        }
        let gradient = self.gradient(&x, &z);
        for (v, row) in self.fixed.iter().enumerate() {
            if let Some(row) = row {
                z[*row] = gradient[v] / self.rows[*row][0].1;
            }
        }
        Some((x, z))
    }

    fn factor(&self) -> Option<QDLDLFactorisation<f64>> {
        let (p, n) = (&self.cones.p, self.free.len());
        let size = n + self.active.len();
        // Upper triangle by column: P with the shift, then the active rows as columns.
        let (mut starts, mut places, mut values) = (vec![0], vec![], vec![]);
        for (at, &column) in self.free.iter().enumerate() {
            let mut has_diagonal = false;
            for entry in p.colptr[column]..p.colptr[column + 1] {
                let row = p.rowval[entry];
                if self.fixed[row].is_some() {
                    continue;
                }
                let shift = if row == column { SHIFT } else { 0.0 };
                has_diagonal |= row == column;
                places.push(self.place[row]);
                values.push(p.nzval[entry] + shift);
            }
            if !has_diagonal {
                places.push(at);
                values.push(SHIFT);
            }
            starts.push(places.len());
        }
        for (k, &row) in self.active.iter().enumerate() {
            for &(v, value) in self.rows[row].iter().filter(|(v, _)| self.fixed[*v].is_none()) {
                places.push(self.place[v]);
                values.push(value);
            }
            places.push(n + k);
            values.push(-SHIFT);
            starts.push(places.len());
        }
        let matrix = CscMatrix::new(size, size, starts, places, values);
        let signs = (0..size).map(|i| if i < n { 1 } else { -1 }).collect();
        let settings = QDLDLSettings {
            Dsigns: Some(signs),
            regularize_eps: 1e-13,
            regularize_delta: SHIFT,
            ..QDLDLSettings::default()
        };
        QDLDLFactorisation::new(&matrix, Some(settings)).ok()
    }

    /// −q − Px − Aᵀz.
    fn gradient(&self, x: &[f64], z: &[f64]) -> Vec<f64> {
        let Cones { p, q, .. } = self.cones;
        let mut gradient: Vec<f64> = q.iter().map(|q| -q).collect();
        for column in 0..q.len() {
            for entry in p.colptr[column]..p.colptr[column + 1] {
                let (row, value) = (p.rowval[entry], p.nzval[entry]);
                gradient[row] -= value * x[column];
                if row != column {
                    gradient[column] -= value * x[row];
                }
            }
        }
        for &row in &self.active {
            self.rows[row].iter().for_each(|(v, value)| gradient[*v] -= value * z[row]);
        }
        gradient
    }

    /// What is missing of the conditions: the gradient of free variables, then b − Ax of the active rows.
    fn residual(&self, x: &[f64], gradient: &[f64]) -> Vec<f64> {
        let mut residual: Vec<f64> = self.free.iter().map(|&v| gradient[v]).collect();
        residual.extend(self.active.iter().map(|&row| {
            let sum: f64 = self.rows[row].iter().map(|(v, value)| value * x[*v]).sum();
            self.cones.b[row] - sum
        }));
        residual
    }
}
