//! A program in the form of conic solvers, and what one of their points says of it.

use super::{Fault, Optimum, Program};
use clarabel::{
    algebra::CscMatrix,
    solver::{ExponentialConeT, SecondOrderConeT, SupportedConeT},
};

/// ½xᵀPx + qᵀx subject to b − Ax in a product of cones: first zeros, then what is not below zero, then the others.
pub(super) struct Cones {
    pub(super) p: CscMatrix<f64>,
    pub(super) q: Vec<f64>,
    pub(super) a: CscMatrix<f64>,
    pub(super) b: Vec<f64>,
    pub(super) zeros: usize,
    pub(super) nonnegatives: usize,
    pub(super) others: Vec<SupportedConeT<f64>>,
}

impl Cones {
    /// Whether all rows are linear.
    pub(super) fn is_linear(&self) -> bool {
        self.zeros + self.nonnegatives == self.b.len()
    }

    /// The rows of A: columns and coefficients.
    pub(super) fn rows(&self) -> Vec<Vec<(usize, f64)>> {
        let mut rows = vec![vec![]; self.a.m];
        for column in 0..self.a.n {
            for entry in self.a.colptr[column]..self.a.colptr[column + 1] {
                rows[self.a.rowval[entry]].push((column, self.a.nzval[entry]));
            }
        }
        rows
    }
}

/// A point with the duals and the slacks of the rows.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) x: Vec<f64>,
    pub(super) z: Vec<f64>,
    pub(super) s: Vec<f64>,
}

/// Where a row of the program stands among the cones: its place and the sign of its dual.
#[derive(Clone, Copy)]
enum Place {
    Equation(usize),
    Between(Option<usize>, Option<usize>),
}

struct Columns {
    /// The variables, then Fᵀw, then the logarithms, then the common factor.
    factors: usize,
    logarithms: usize,
    common: Option<usize>,
    count: usize,
}

/// Entries of a sparse matrix by row.
#[derive(Default)]
struct Triplets {
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
}

impl Triplets {
    fn add(&mut self, row: usize, column: usize, value: f64) {
        if value != 0.0 {
            self.rows.push(row);
            self.columns.push(column);
            self.values.push(value);
        }
    }

    fn matrix(self, rows: usize, columns: usize) -> CscMatrix<f64> {
        CscMatrix::new_from_triplets(rows, columns, self.rows, self.columns, self.values)
    }
}

/// The least risk factor, against which everything of the covariance is measured.
fn unit(program: &Program<'_>) -> f64 {
    program.covariance.map_or(1.0, |c| if c.scale() > 0.0 { c.scale() } else { 1.0 })
}

/// By how much the objective is divided, so that the solver's tolerances mean the same for each.
fn magnitude(program: &Program<'_>) -> f64 {
    if !program.logarithms.is_empty() {
        return 1.0;
    }
    if program.risk > 0.0 {
        return program.risk * unit(program);
    }
    let sum: f64 = program.diagonal.iter().sum();
    let linear = program.linear.iter().fold(0.0_f64, |m, l| m.max(l.abs()));
    if sum > 0.0 { sum / program.weights.max(1) as f64 } else { linear.max(f64::MIN_POSITIVE) }
}

/// The covariance is written out where that holds fewer elements than its factors would.
pub(super) fn is_dense(program: &Program<'_>) -> bool {
    let Some(covariance) = program.covariance else { return false };
    program.balls.is_empty()
        && !program.is_relative
        && program.weights <= 2 * covariance.factors().max(8)
        && covariance.assets() == program.weights
}

/// A program as cones.
pub(super) struct Translated {
    pub(super) cones: Cones,
    columns: Columns,
    places: Vec<Place>,
    /// The first row of each ball.
    balls: Vec<usize>,
    magnitude: f64,
}

impl Translated {
    /// With the covariance in its factors, or written out.
    pub(super) fn new(program: &Program<'_>, dense: bool) -> Self {
        let uses_risk = program.risk > 0.0 || !program.balls.is_empty();
        let factors = match program.covariance {
            Some(c) if uses_risk && !dense => c.factors(),
            _ => 0,
        };
        let variables = program.linear.len();
        let logarithms = program.logarithms.len();
        let count = variables + factors + logarithms;
        let common = program.is_homogeneous.then_some(count);
        let columns =
            Columns { factors, logarithms, common, count: count + usize::from(common.is_some()) };
        let magnitude = magnitude(program);
        let (p, q) = objective(program, &columns, dense, magnitude);
        let mut rows = Rows {
            program,
            columns: &columns,
            triplets: Triplets::default(),
            b: vec![],
            places: vec![],
            balls: vec![],
        };
        let zeros = rows.equations();
        let nonnegatives = rows.inequalities() - zeros;
        let others = rows.others();
        let Rows { triplets, b, places, balls, .. } = rows;
        let a = triplets.matrix(b.len(), columns.count);
        let cones = Cones { p, q, a, b, zeros, nonnegatives, others };
        Self { cones, columns, places, balls, magnitude }
    }

    /// What a point says of the program.
    pub(super) fn optimum(&self, program: &Program<'_>, point: &Point) -> Result<Optimum, Fault> {
        let Point { x, z, .. } = point;
        let factor = self.columns.common.map_or(1.0, |c| x[c]);
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(Fault::Unbounded);
        }
        let values: Vec<f64> = x[..program.linear.len()].iter().map(|v| v / factor).collect();
        let price = |place: &usize| z[*place] * self.magnitude * factor;
        let prices = self.places.iter().map(|place| match place {
            Place::Equation(row) => price(row).abs(),
            Place::Between(low, high) => low.iter().chain(high).map(price).fold(0.0, f64::max),
        });
        let root = unit(program).sqrt();
        let ball_prices = self.balls.iter().map(|place| price(place) / root);
        Ok(Optimum {
            prices: prices.collect(),
            ball_prices: ball_prices.collect(),
            objective: program.objective(&values),
            values,
        })
    }
}

fn objective(
    program: &Program<'_>,
    columns: &Columns,
    dense: bool,
    magnitude: f64,
) -> (CscMatrix<f64>, Vec<f64>) {
    let variables = program.linear.len();
    let mut p = Triplets::default();
    let mut q = vec![0.0; columns.count];
    let mut diagonal = program.diagonal.clone();
    q[..variables].copy_from_slice(&program.linear);
    // Scaled as the factors of `definitions` are.
    let unit = unit(program);
    if let (Some(covariance), true) = (program.covariance, program.risk > 0.0) {
        if covariance.is_singular() {
            // Of several optima the smallest: far below what moves a weight that the covariance decides.
            let ridge = 1e-10 * program.risk * covariance.scale();
            diagonal[..program.weights].iter_mut().for_each(|d| *d += ridge);
        }
        if dense {
            let elements = covariance.dense();
            for j in 0..program.weights {
                for i in 0..=j {
                    let own = if i == j { diagonal[i] } else { 0.0 };
                    let value = program.risk * elements[i * program.weights + j] + own;
                    p.add(i, j, value / magnitude);
                }
            }
            diagonal[..program.weights].iter_mut().for_each(|d| *d = 0.0);
        } else {
            let own = diagonal.iter_mut().zip(covariance.specific()).take(program.weights);
            own.for_each(|(d, specific)| *d += program.risk * specific);
            for k in 0..columns.factors {
                let column = variables + k;
                p.add(column, column, program.risk * unit / magnitude);
                if program.is_relative {
                    q[column] =
                        -program.risk * unit.sqrt() * covariance.loading(k)[program.weights];
                }
            }
        }
    }
    for (i, d) in diagonal.iter().enumerate() {
        p.add(i, i, d / magnitude);
    }
    for (k, (_, _, share)) in program.logarithms.iter().enumerate() {
        q[variables + columns.factors + k] = -share;
    }
    q.iter_mut().for_each(|l| *l /= magnitude);
    (p.matrix(columns.count, columns.count), q)
}

struct Rows<'a, 'p> {
    program: &'a Program<'p>,
    columns: &'a Columns,
    triplets: Triplets,
    b: Vec<f64>,
    places: Vec<Place>,
    balls: Vec<usize>,
}

impl Rows<'_, '_> {
    /// `sign·(Σ terms) + … ≤ sign·bound`, or the same as an equation, with the bound times the common factor if there is
    /// one.
    fn push(
        &mut self,
        terms: &[(usize, f64)],
        sign: f64,
        bound: f64,
        slack: Option<usize>,
    ) -> usize {
        let row = self.b.len();
        for (variable, coefficient) in terms {
            self.triplets.add(row, *variable, sign * coefficient);
        }
        if let Some(slack) = slack {
            self.triplets.add(row, slack, -1.0);
        }
        match self.columns.common {
            Some(common) => {
                self.triplets.add(row, common, -sign * bound);
                self.b.push(0.0);
            }
            None => self.b.push(sign * bound),
        }
        row
    }

    fn equations(&mut self) -> usize {
        let program = self.program;
        let variables = program.linear.len();
        for source in &program.rows {
            let is_equation = source.low == source.high && source.slack.is_none();
            let place = match is_equation {
                true => Place::Equation(self.push(&source.terms, 1.0, source.low, None)),
                false => Place::Between(None, None),
            };
            self.places.push(place);
        }
        if let Some(normal) = &program.normal {
            let row = self.b.len();
            normal.iter().for_each(|(v, c)| self.triplets.add(row, *v, *c));
            self.b.push(1.0);
        }
        if let Some(covariance) = program.covariance {
            let root = unit(program).sqrt();
            for k in 0..self.columns.factors {
                let row = self.b.len();
                for (i, loading) in covariance.loading(k)[..program.weights].iter().enumerate() {
                    self.triplets.add(row, i, loading / root);
                }
                self.triplets.add(row, variables + k, -1.0);
                self.b.push(0.0);
            }
        }
        self.b.len()
    }

    fn inequalities(&mut self) -> usize {
        for (number, source) in self.program.rows.iter().enumerate() {
            if matches!(self.places[number], Place::Equation(_)) {
                continue;
            }
            let low = source.low.is_finite();
            let low = low.then(|| self.push(&source.terms, -1.0, source.low, source.slack));
            let high = source.high.is_finite();
            let high = high.then(|| self.push(&source.terms, 1.0, source.high, source.slack));
            self.places[number] = Place::Between(low, high);
        }
        if let Some(common) = self.columns.common {
            let row = self.b.len();
            self.triplets.add(row, common, -1.0);
            self.b.push(0.0);
        }
        self.b.len()
    }

    /// A constant of a cone's row: itself, or times the common factor.
    fn constant(&mut self, row: usize, value: f64) {
        match self.columns.common {
            Some(common) => {
                self.triplets.add(row, common, -value);
                self.b.push(0.0);
            }
            None => self.b.push(value),
        }
    }

    fn others(&mut self) -> Vec<SupportedConeT<f64>> {
        let program = self.program;
        let variables = program.linear.len();
        let mut cones = vec![];
        let root = unit(program).sqrt();
        for ball in &program.balls {
            let Some(covariance) = program.covariance else { continue };
            let first = self.b.len();
            self.balls.push(first);
            if let Some(slack) = ball.slack {
                self.triplets.add(first, slack, -1.0 / root);
            }
            self.constant(first, ball.most / root);
            for (i, d) in covariance.specific().iter().enumerate() {
                let share = d.sqrt() / root;
                let row = self.b.len();
                match i < program.weights {
                    _ if share == 0.0 => {}
                    true => {
                        self.triplets.add(row, i, -share);
                        self.b.push(0.0);
                    }
                    false if ball.is_relative => self.constant(row, share),
                    false => {}
                }
            }
            for k in 0..self.columns.factors {
                let row = self.b.len();
                self.triplets.add(row, variables + k, -1.0);
                let benchmark = match ball.is_relative {
                    true => -covariance.loading(k)[program.weights] / root,
                    false => 0.0,
                };
                self.constant(row, benchmark);
            }
            cones.push(SecondOrderConeT(self.b.len() - first));
        }
        for (k, (variable, sign, _)) in program.logarithms.iter().enumerate() {
            let row = self.b.len();
            self.triplets.add(row, variables + self.columns.factors + k, -1.0);
            self.triplets.add(row + 2, *variable, -sign);
            self.b.extend([0.0, 1.0, 0.0]);
            cones.push(ExponentialConeT());
        }
        debug_assert_eq!(self.columns.logarithms, program.logarithms.len());
        cones
    }
}
