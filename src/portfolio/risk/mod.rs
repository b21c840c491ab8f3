//! Risk models: the returns that are known at a decision → a covariance matrix. Knows nothing of strategies.

mod estimate;
mod history;

pub use estimate::estimate;
pub use history::{History, LEAST_PRESENT, history};

use faer::{Mat, Side};

/// A covariance matrix as F·Fᵀ + diag(d): the form in which large problems stay sparse. It is positive semidefinite by
/// its form.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariance {
    assets: usize,
    // By factor, then asset: column `k` of F is `loadings[k * assets..(k + 1) * assets]`.
    loadings: Vec<f64>,
    // By asset, none below zero.
    specific: Vec<f64>,
}

impl Covariance {
    /// From the columns of F, one after the other, and d. More columns than assets are brought to as many as assets.
    pub fn new(loadings: Vec<f64>, specific: Vec<f64>) -> Self {
        let assets = specific.len();
        let whole = Self { assets, loadings, specific };
        if whole.factors() > assets { whole.compressed() } else { whole }
    }

    /// From all its elements, by row. What is not positive semidefinite is brought to the nearest matrix that is.
    pub fn from_dense(assets: usize, elements: &[f64]) -> Self {
        let matrix = Mat::from_fn(assets, assets, |i, j| {
            f64::midpoint(elements[i * assets + j], elements[j * assets + i])
        });
        Self { assets, loadings: square_root(&matrix), specific: vec![0.0; assets] }
    }

    fn compressed(&self) -> Self {
        let loadings = self.loadings_matrix();
        let product = &loadings * loadings.transpose();
        let loadings = square_root(&product);
        Self { loadings, ..self.clone() }
    }

    fn loadings_matrix(&self) -> Mat<f64> {
        Mat::from_fn(self.assets, self.factors(), |i, k| self.loadings[k * self.assets + i])
    }

    /// How many assets.
    pub fn assets(&self) -> usize {
        self.assets
    }

    /// How many columns F has.
    pub fn factors(&self) -> usize {
        self.loadings.len().checked_div(self.assets).unwrap_or(0)
    }

    /// Column `k` of F.
    pub fn loading(&self, k: usize) -> &[f64] {
        &self.loadings[k * self.assets..(k + 1) * self.assets]
    }

    /// d.
    pub fn specific(&self) -> &[f64] {
        &self.specific
    }

    /// The variance of each asset.
    pub fn variances(&self) -> Vec<f64> {
        let mut variances = self.specific.clone();
        for column in self.loadings.chunks_exact(self.assets.max(1)) {
            variances.iter_mut().zip(column).for_each(|(v, f)| *v += f * f);
        }
        variances
    }

    /// The mean of the variances: the scale of the matrix.
    pub fn scale(&self) -> f64 {
        self.variances().iter().sum::<f64>() / self.assets.max(1) as f64
    }

    /// Fᵀw.
    pub fn exposures(&self, weights: &[f64]) -> Vec<f64> {
        let columns = self.loadings.chunks_exact(self.assets.max(1));
        columns.map(|c| c.iter().zip(weights).map(|(f, w)| f * w).sum()).collect()
    }

    /// Σw.
    pub fn times(&self, weights: &[f64]) -> Vec<f64> {
        let mut product: Vec<f64> = self.specific.iter().zip(weights).map(|(d, w)| d * w).collect();
        let exposures = self.exposures(weights);
        for (column, y) in self.loadings.chunks_exact(self.assets.max(1)).zip(exposures) {
            product.iter_mut().zip(column).for_each(|(p, f)| *p += f * y);
        }
        product
    }

    /// wᵀΣw.
    pub fn variance(&self, weights: &[f64]) -> f64 {
        let own: f64 = self.specific.iter().zip(weights).map(|(d, w)| d * w * w).sum();
        own + self.exposures(weights).iter().map(|y| y * y).sum::<f64>()
    }

    /// All elements, by row.
    pub fn dense(&self) -> Vec<f64> {
        let n = self.assets;
        let loadings = self.loadings_matrix();
        let product = &loadings * loadings.transpose();
        let mut elements: Vec<f64> =
            (0..n * n).map(|place| product[(place / n, place % n)]).collect();
        for (i, d) in self.specific.iter().enumerate() {
            elements[i * n + i] += d;
        }
        elements
    }

    /// Whether some weights but zero have no variance: nothing is specific, and there are fewer factors than assets.
    pub fn is_singular(&self) -> bool {
        let none_specific = self.specific.iter().filter(|d| **d <= 0.0).count();
        none_specific > self.factors()
    }

    /// The matrix of some of its assets.
    pub fn of(&self, assets: &[usize]) -> Self {
        let columns = self.loadings.chunks_exact(self.assets.max(1));
        let loadings = columns.flat_map(|c| assets.iter().map(|&i| c[i])).collect();
        let specific = assets.iter().map(|&i| self.specific[i]).collect();
        Self { assets: assets.len(), loadings, specific }
    }

    /// The same for another unit: every element times a number above zero.
    #[must_use]
    pub fn scaled(mut self, by: f64) -> Self {
        let root = by.sqrt();
        self.loadings.iter_mut().for_each(|f| *f *= root);
        self.specific.iter_mut().for_each(|d| *d *= by);
        self
    }
}

/// Columns of a matrix whose product with its own transpose is the given one; eigenvalues below zero count as zero.
fn square_root(matrix: &Mat<f64>) -> Vec<f64> {
    let n = matrix.nrows();
    if let Ok(factored) = matrix.llt(Side::Lower) {
        let lower = factored.L();
        let most = (0..n).map(|i| lower[(i, i)]).fold(0.0, f64::max);
        // A pivot lost to rounding would be divided by; such a matrix is better told by its eigenvalues.
        if (0..n).all(|i| lower[(i, i)] > 1e-7 * most) {
            return (0..n).flat_map(|k| (0..n).map(move |i| (i, k))).map(|p| lower[p]).collect();
        }
    }
    let Ok(eigen) = matrix.self_adjoint_eigen(Side::Lower) else { return vec![0.0; n * n] };
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let greatest = (0..n).map(|k| values[k]).fold(0.0, f64::max);
    let kept = (0..n).rev().filter(|&k| values[k] > 1e-14 * greatest);
    kept.flat_map(|k| (0..n).map(move |i| vectors[(i, k)] * values[k].sqrt())).collect()
}
