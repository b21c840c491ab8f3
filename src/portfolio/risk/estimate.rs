//! Complete returns → a covariance matrix, by the method that the strategy names.

use super::{Covariance, square_root};
use crate::check::CovarianceMethod;
use faer::{
    Accum, Mat, MatRef, Par, Side,
    linalg::matmul::triangular::{self, BlockStructure},
};
use rayon::prelude::*;

/// Terms that are summed at once where a product of returns is made.
const PART: usize = 512;

/// The covariance of returns a row (not a year). `returns` is by row, then asset, without anything missing; there are at
/// least two rows.
pub fn estimate(
    method: CovarianceMethod,
    returns: &[f64],
    rows: usize,
    assets: usize,
) -> Covariance {
    match method {
        CovarianceMethod::Sample => {
            Centred::new(returns, rows, assets).weighted(|_| 1.0 / (rows as f64 - 1.0))
        }
        CovarianceMethod::LedoitWolf => ledoit_wolf(&Centred::new(returns, rows, assets)),
        CovarianceMethod::LedoitWolfConstantCorrelation => {
            constant_correlation(&Centred::new(returns, rows, assets))
        }
        CovarianceMethod::Ewma { halflife } => ewma(returns, rows, assets, halflife),
        CovarianceMethod::Factor(k) => principal(&Centred::new(returns, rows, assets), k as usize),
    }
}

/// Returns less their means.
struct Centred {
    rows: usize,
    assets: usize,
    /// By row, then asset.
    values: Vec<f64>,
}

impl Centred {
    fn new(returns: &[f64], rows: usize, assets: usize) -> Self {
        Self::weighted_by(returns, rows, assets, &vec![1.0 / rows as f64; rows])
    }

    fn weighted_by(returns: &[f64], rows: usize, assets: usize, weights: &[f64]) -> Self {
        let mut means = vec![0.0; assets];
        for (row, weight) in returns.chunks_exact(assets.max(1)).zip(weights) {
            means.iter_mut().zip(row).for_each(|(m, r)| *m += weight * r);
        }
        let centre = |row: &[f64]| row.iter().zip(&means).map(|(r, m)| r - m).collect::<Vec<_>>();
        let values = returns.chunks_exact(assets.max(1)).flat_map(centre).collect();
        Self { rows, assets, values }
    }

    fn row(&self, t: usize) -> &[f64] {
        &self.values[t * self.assets..(t + 1) * self.assets]
    }

    /// Σ w(t)·x(t)·x(t)ᵀ: each row is a column of F.
    fn loadings(&self, weight: impl Fn(usize) -> f64) -> Vec<f64> {
        let scaled = |t: usize| {
            let root = weight(t).sqrt();
            self.row(t).iter().map(move |x| x * root)
        };
        (0..self.rows).flat_map(scaled).collect()
    }

    fn weighted(&self, weight: impl Fn(usize) -> f64) -> Covariance {
        Covariance::new(self.loadings(weight), vec![0.0; self.assets])
    }

    /// Σ over the rows of the square of a sum over assets.
    fn sum_of_squares(&self, of: impl Fn(usize, f64) -> f64) -> f64 {
        let sum = |t: usize| self.row(t).iter().enumerate().map(|(i, &x)| of(i, x)).sum::<f64>();
        (0..self.rows).map(|t| sum(t) * sum(t)).sum()
    }

    fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.rows, self.assets)
    }

    /// XᵀX where there are fewer assets than rows, else XXᵀ: both have the same norm and the same eigenvalues. The parts
    /// of the sum are the same on any number of threads.
    fn smaller_product(&self) -> Mat<f64> {
        let x = if self.assets < self.rows { self.matrix() } else { self.matrix().transpose() };
        let (length, size) = (x.nrows(), x.ncols());
        let part = |start: usize| {
            let rows = x.subrows(start, PART.min(length - start));
            let mut product = Mat::zeros(size, size);
            triangular::matmul(
                product.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Replace,
                rows.transpose(),
                BlockStructure::Rectangular,
                rows,
                BlockStructure::Rectangular,
                1.0,
                Par::Seq,
            );
            product
        };
        let starts: Vec<usize> = (0..length).step_by(PART).collect();
        let parts: Vec<Mat<f64>> = starts.into_par_iter().map(part).collect();
        let below = parts.iter().fold(Mat::zeros(size, size), |sum: Mat<f64>, part| sum + part);
        Mat::from_fn(size, size, |i, j| below[(i.max(j), i.min(j))])
    }

    /// The mean of squares, by asset.
    fn variances(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.assets];
        for t in 0..self.rows {
            sums.iter_mut().zip(self.row(t)).for_each(|(s, x)| *s += x * x);
        }
        sums.iter().map(|s| s / self.rows as f64).collect()
    }
}

/// The sum of the squares of all elements.
fn norm(matrix: &Mat<f64>) -> f64 {
    matrix.col_iter().map(|c| c.iter().map(|x| x * x).sum::<f64>()).sum()
}

/// Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices: towards the mean
/// variance times the identity.
fn ledoit_wolf(x: &Centred) -> Covariance {
    let (t, n) = (x.rows as f64, x.assets as f64);
    let variances = x.variances();
    let mean = variances.iter().sum::<f64>() / n;
    let squares = norm(&x.smaller_product()) / (t * t);
    let fourth = x.sum_of_squares(|_, value| value * value);
    let error = (fourth / t - squares) / (n * t);
    let distance = (squares - 2.0 * mean * variances.iter().sum::<f64>() + n * mean * mean) / n;
    let error = error.min(distance);
    let shrinkage = if error <= 0.0 { 0.0 } else { error / distance };
    let loadings = x.loadings(|_| (1.0 - shrinkage) / t);
    Covariance::new(loadings, vec![shrinkage * mean; x.assets])
}

/// Ledoit and Wolf (2004), Honey, I shrunk the sample covariance matrix: towards the same correlation for all.
fn constant_correlation(x: &Centred) -> Covariance {
    let (t, n) = (x.rows as f64, x.assets as f64);
    let variances = x.variances();
    let deviations: Vec<f64> = variances.iter().map(|v| v.sqrt()).collect();
    let inverse = |i: usize| if deviations[i] > 0.0 { 1.0 / deviations[i] } else { 0.0 };
    let moving = deviations.iter().filter(|d| **d > 0.0).count() as f64;
    let pairs = moving * (moving - 1.0);
    let correlations = x.sum_of_squares(|i, value| value * inverse(i)) / t - moving;
    let correlation = if pairs > 0.0 { correlations / pairs } else { 0.0 };

    let squares = norm(&x.smaller_product()) / (t * t);
    let sum_of_variances: f64 = variances.iter().sum();
    let own_squares: f64 = variances.iter().map(|v| v * v).sum();
    let crossed = x.sum_of_squares(|i, value| value * deviations[i]) / t;

    let fourth = x.sum_of_squares(|_, value| value * value) / t;
    let spread = fourth - squares;
    let own_fourth: f64 =
        (0..x.rows).map(|r| x.row(r).iter().map(|v| v.powi(4)).sum::<f64>()).sum::<f64>() / t;
    let own_spread = own_fourth - own_squares;
    let covaried: f64 = (0..x.rows)
        .map(|r| {
            let row = x.row(r);
            let cubes: f64 = row.iter().enumerate().map(|(i, v)| v.powi(3) * inverse(i)).sum();
            let plain: f64 = row.iter().enumerate().map(|(i, v)| v * deviations[i]).sum();
            cubes * plain
        })
        .sum::<f64>()
        / t;
    let covaried = covaried - crossed - own_spread;
    let target_spread = own_spread + correlation * covaried;
    let squared_target =
        correlation * correlation * (sum_of_variances * sum_of_variances - own_squares)
            + own_squares;
    let with_target = correlation * (crossed - own_squares) + own_squares;
    let distance = squared_target - 2.0 * with_target + squares;
    let shrinkage = if distance > 0.0 {
        ((spread - target_spread) / distance / t).clamp(0.0, 1.0)
    } else {
        0.0
    };

    let mut loadings = x.loadings(|_| (1.0 - shrinkage) / t);
    if correlation >= 0.0 || n < 2.0 {
        let root = (shrinkage * correlation.max(0.0)).sqrt();
        loadings.extend(deviations.iter().map(|d| d * root));
        let own = shrinkage * (1.0 - correlation.clamp(0.0, 1.0));
        return Covariance::new(loadings, variances.iter().map(|v| v * own).collect());
    }
    // A target below zero has no root; the sum of both is dense.
    let mut elements = Covariance::new(loadings, vec![0.0; x.assets]).dense();
    for i in 0..x.assets {
        for j in 0..x.assets {
            let of_target = if i == j { 1.0 } else { correlation };
            elements[i * x.assets + j] += shrinkage * of_target * deviations[i] * deviations[j];
        }
    }
    Covariance::from_dense(x.assets, &elements)
}

/// Weights that halve every so many rows, around the mean of the same weights, without bias.
fn ewma(returns: &[f64], rows: usize, assets: usize, halflife: f64) -> Covariance {
    let decay = libm::exp2(-1.0 / halflife);
    let mut weights = vec![1.0; rows];
    for t in (0..rows.saturating_sub(1)).rev() {
        weights[t] = weights[t + 1] * decay;
    }
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    let bias = 1.0 - weights.iter().map(|w| w * w).sum::<f64>();
    Centred::weighted_by(returns, rows, assets, &weights).weighted(|t| weights[t] / bias)
}

/// The first principal components of the sample covariance; what they leave of each variance is specific.
fn principal(x: &Centred, components: usize) -> Covariance {
    let denominator = x.rows as f64 - 1.0;
    let product = x.smaller_product();
    let variances: Vec<f64> =
        x.variances().iter().map(|v| v * x.rows as f64 / denominator).collect();
    let Ok(eigen) = product.self_adjoint_eigen(Side::Lower) else {
        return Covariance::new(square_root(&product), variances);
    };
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let size = product.nrows();
    let mut loadings = vec![];
    for k in (size.saturating_sub(components)..size).rev().filter(|&k| values[k] > 0.0) {
        let column: Vec<f64> = match x.assets < x.rows {
            true => (0..size).map(|i| vectors[(i, k)] * (values[k] / denominator).sqrt()).collect(),
            // Of XXᵀ the vectors are of rows; those of assets are Xᵀu/√λ.
            false => {
                let column = x.matrix().transpose() * vectors.col(k);
                column.iter().map(|c| c / denominator.sqrt()).collect()
            }
        };
        loadings.extend(column);
    }
    let explained = Covariance { assets: x.assets, loadings, specific: vec![0.0; x.assets] };
    let rest = variances.iter().zip(explained.variances()).map(|(v, e)| (v - e).max(0.0));
    let specific = rest.collect();
    Covariance { specific, ..explained }
}
