//! Risk parity where nothing but the sides binds, by cyclical coordinate descent (Griveau-Billion, Richard and Roncalli
//! 2013): exact to the last digits, where the solver of cones stops earlier.

use super::super::program::{Optimum, Program, Source};

/// How often all weights are gone through at most.
const SWEEPS: usize = 2000;

/// The optimum of a program of logarithms whose rows say no more than sides and one budget; `None` for any other.
pub(super) fn closed(program: &Program<'_>) -> Option<Optimum> {
    if program.logarithms.is_empty() || !program.balls.is_empty() {
        return None;
    }
    let mut budgets = program.rows.iter().filter(|r| r.source == Source::Budget);
    let budget = budgets.next()?;
    let is_plain = budgets.next().is_none()
        && budget.low == budget.high
        && budget.terms.len() == program.weights
        && program.rows.iter().all(|r| !matches!(r.source, Source::Rule(_)))
        // A holding that may only shrink has a bound of its own.
        && program.rows.iter().all(|r| {
            r.source == Source::Budget || r.low.is_infinite() || r.high.is_infinite()
        });
    let covariance = program.covariance.filter(|_| is_plain)?;
    let n = program.weights;
    let shares: Vec<f64> = program.logarithms.iter().map(|l| l.2).collect();
    let signs: Vec<f64> = program.logarithms.iter().map(|l| l.1).collect();
    let variances = covariance.variances();
    if variances.iter().any(|v| *v <= 0.0) {
        return None;
    }
    let mut x: Vec<f64> = (0..n).map(|i| signs[i] * (shares[i] / variances[i]).sqrt()).collect();
    let mut exposures = covariance.exposures(&x);
    for _ in 0..SWEEPS {
        let mut moved = 0.0_f64;
        for i in 0..n {
            let column = |k: usize| covariance.loading(k)[i];
            let with: f64 = exposures.iter().enumerate().map(|(k, y)| column(k) * y).sum();
            let others = with + (covariance.specific()[i] - variances[i]) * x[i];
            // The sign of the asset times the positive root of v·x² + others·x − share = 0.
            let others = others * signs[i];
            let root = (others * others + 4.0 * variances[i] * shares[i]).sqrt();
            // The form that does not subtract two nearly equal numbers.
            let new = match others > 0.0 {
                true => 2.0 * shares[i] / (others + root),
                false => (root - others) / (2.0 * variances[i]),
            } * signs[i];
            let change = new - x[i];
            moved = moved.max((change / new).abs());
            exposures.iter_mut().enumerate().for_each(|(k, y)| *y += column(k) * change);
            x[i] = new;
        }
        if moved < 1e-14 {
            break;
        }
        // What rounding has added up is taken out again.
        exposures = covariance.exposures(&x);
        if moved.is_nan() {
            return None;
        }
    }
    let total: f64 = budget.terms.iter().map(|(i, c)| c * x[*i]).sum();
    let values: Vec<f64> = x.iter().map(|x| x * budget.high / total).collect();
    let mut all = values.clone();
    all.resize(program.linear.len(), 0.0);
    Some(Optimum {
        prices: vec![0.0; program.rows.len()],
        ball_prices: vec![],
        objective: program.objective(&all),
        values: all,
    })
}
