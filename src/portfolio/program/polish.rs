//! From an interior solution to the optimum itself: the rows that bind are taken as equations, and the linear system of
//! the optimum is solved to the last digits. Weights at a bound are then exactly there.

use super::conic::Cones;
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
pub(super) fn polish(
    cones: &Cones,
    x: &[f64],
    z: &[f64],
    s: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let linear = cones.zeros + cones.nonnegatives;
    if linear != cones.b.len() {
        return None;
    }
    let rows = by_row(&cones.a);
    let mut binds: Vec<bool> = (0..linear).map(|i| i < cones.zeros || z[i] > s[i]).collect();
    for _ in 0..ROUNDS {
        let active: Vec<usize> = (0..linear).filter(|&i| binds[i]).collect();
        let (values, duals) = solve(cones, &rows, &active, x)?;
        let mut changed = false;
        for (&row, dual) in active.iter().zip(&duals) {
            if row >= cones.zeros && *dual < -1e-10 {
                binds[row] = false;
                changed = true;
            }
        }
        for row in (cones.zeros..linear).filter(|&i| !binds[i]).collect::<Vec<_>>() {
            let sum: f64 = rows[row].iter().map(|(column, value)| values[*column] * value).sum();
            if cones.b[row] - sum < -KEPT * (1.0 + cones.b[row].abs()) && !active.contains(&row) {
                binds[row] = true;
                changed = true;
            }
        }
        if !changed {
            let mut all = vec![0.0; linear];
            for (&row, dual) in active.iter().zip(&duals) {
                all[row] = if row < cones.zeros { *dual } else { dual.max(0.0) };
            }
            return Some((values, all));
        }
    }
    None
}

fn by_row(matrix: &CscMatrix<f64>) -> Vec<Vec<(usize, f64)>> {
    let mut rows = vec![vec![]; matrix.m];
    for column in 0..matrix.n {
        for entry in matrix.colptr[column]..matrix.colptr[column + 1] {
            rows[matrix.rowval[entry]].push((column, matrix.nzval[entry]));
        }
    }
    rows
}

/// The point at which the gradient is a sum of the active rows, by iterative refinement; `None` if it is not reached.
fn solve(
    cones: &Cones,
    rows: &[Vec<(usize, f64)>],
    active: &[usize],
    start: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = cones.q.len();
    let size = n + active.len();
    let mut factored = factor(cones, rows, active)?;
    let mut point = vec![0.0; size];
    point[..n].copy_from_slice(start);
    let mut best: Option<(f64, Vec<f64>)> = None;
    for _ in 0..30 {
        let mut residual = residual(cones, rows, active, &point);
        let worst = residual
            .iter()
            .fold(0.0_f64, |m, r| if r.is_nan() { f64::NAN } else { m.max(r.abs()) });
        if worst.is_nan() {
            return None;
        }
        if best.as_ref().is_some_and(|(b, _)| worst >= 0.5 * b) && worst < 1e-8 {
            if best.as_ref().is_none_or(|(b, _)| worst < *b) {
                best = Some((worst, point.clone()));
            }
            break;
        }
        if best.as_ref().is_none_or(|(b, _)| worst < *b) {
            best = Some((worst, point.clone()));
        }
        factored.solve(&mut residual);
        point.iter_mut().zip(&residual).for_each(|(p, r)| *p += r);
    }
    let (worst, point) = best?;
    (worst < 1e-12).then(|| (point[..n].to_vec(), point[n..].to_vec()))
}

fn factor(
    cones: &Cones,
    rows: &[Vec<(usize, f64)>],
    active: &[usize],
) -> Option<QDLDLFactorisation<f64>> {
    let n = cones.q.len();
    let size = n + active.len();
    // Upper triangle by column: P with the shift, then the active rows as columns.
    let (mut starts, mut places, mut values) = (vec![0], vec![], vec![]);
    for column in 0..n {
        let mut has_diagonal = false;
        for entry in cones.p.colptr[column]..cones.p.colptr[column + 1] {
            let row = cones.p.rowval[entry];
            let shift = if row == column { SHIFT } else { 0.0 };
            has_diagonal |= row == column;
            places.push(row);
            values.push(cones.p.nzval[entry] + shift);
        }
        if !has_diagonal {
            places.push(column);
            values.push(SHIFT);
        }
        starts.push(places.len());
    }
    for (k, &row) in active.iter().enumerate() {
        for (column, value) in &rows[row] {
            places.push(*column);
            values.push(*value);
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

/// What is missing of the conditions: −q − Px − Aᵀz, then b − Ax of the active rows.
fn residual(
    cones: &Cones,
    rows: &[Vec<(usize, f64)>],
    active: &[usize],
    point: &[f64],
) -> Vec<f64> {
    let n = cones.q.len();
    let mut residual: Vec<f64> = cones.q.iter().map(|q| -q).collect();
    for column in 0..n {
        for entry in cones.p.colptr[column]..cones.p.colptr[column + 1] {
            let (row, value) = (cones.p.rowval[entry], cones.p.nzval[entry]);
            residual[row] -= value * point[column];
            if row != column {
                residual[column] -= value * point[row];
            }
        }
    }
    for (k, &row) in active.iter().enumerate() {
        let mut missing = cones.b[row];
        for (column, value) in &rows[row] {
            missing -= value * point[*column];
            residual[*column] -= value * point[n + k];
        }
        residual.push(missing);
    }
    residual
}
