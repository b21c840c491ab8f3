//! Convex programs over weights, as data: what is to be least, and which rows must hold. Knows nothing of strategies.

mod ball;
mod conic;
mod interior;
mod polish;
mod translate;

use super::risk::Covariance;
use translate::{Translated, is_dense};

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A constraint of the policy, by its number.
    Rule(usize),
    /// What the sides of the book must sum to.
    Budget,
    /// What variables mean: sides, definitions.
    Meaning,
}

/// `low ≤ Σ coefficient·variable ≤ high`; infinite for no bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Variable and coefficient.
    pub terms: Vec<(usize, f64)>,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// A variable that widens both bounds.
    pub slack: Option<usize>,
    /// Where it comes from.
    pub source: Source,
}

/// `√(wᵀΣw) ≤ most`, or the same of the difference from the benchmark, the last column of the covariance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ball {
    /// The most.
    pub most: f64,
    /// Whether it is of the difference from the benchmark.
    pub is_relative: bool,
    /// A variable that widens it.
    pub slack: Option<usize>,
    /// Where it comes from.
    pub source: Source,
}

/// The least of ½·risk·wᵀΣw + Σ (½·diagonal·x² + linear·x) − Σ share·ln(sign·x), subject to rows and balls. The first
/// variables are the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Program<'a> {
    /// How many weights there are.
    pub weights: usize,
    /// By variable.
    pub linear: Vec<f64>,
    /// By variable.
    pub diagonal: Vec<f64>,
    /// Of the weights, and of the benchmark as its last column where there is one.
    pub covariance: Option<&'a Covariance>,
    /// The factor of the variance; 0 where it is not part of what is to be least.
    pub risk: f64,
    /// Whether that variance is of the difference from the benchmark.
    pub is_relative: bool,
    /// Variable, sign, share.
    pub logarithms: Vec<(usize, f64, f64)>,
    /// What must hold.
    pub rows: Vec<Row>,
    /// What must hold of risks.
    pub balls: Vec<Ball>,
    /// The variables are known up to a common factor only (ratios): what the rows say is of variables over that factor.
    pub is_homogeneous: bool,
    /// Fixes the factor: this sum of unscaled variables is 1.
    pub normal: Option<Vec<(usize, f64)>>,
}

/// The optimum of a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// By variable, over the common factor where there is one.
    pub values: Vec<f64>,
    /// By row: what the optimum would fall by for each unit that the row's binding side gives; not below zero, and of
    /// either side for equations.
    pub prices: Vec<f64>,
    /// By ball.
    pub ball_prices: Vec<f64>,
    /// What was made least.
    pub objective: f64,
}

/// Why there is no optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing satisfies the rows.
    Infeasible,
    /// It can be made as small as one likes.
    Unbounded,
    /// The solver gave up.
    Stuck,
}

impl<'a> Program<'a> {
    /// A program over so many weights that asks for nothing yet.
    pub fn new(weights: usize) -> Self {
        Self {
            weights,
            linear: vec![0.0; weights],
            diagonal: vec![0.0; weights],
            covariance: None,
            risk: 0.0,
            is_relative: false,
            logarithms: vec![],
            rows: vec![],
            balls: vec![],
            is_homogeneous: false,
            normal: None,
        }
    }

    /// A further variable.
    pub fn variable(&mut self, linear: f64) -> usize {
        self.linear.push(linear);
        self.diagonal.push(0.0);
        self.linear.len() - 1
    }

    /// A further row.
    pub fn row(&mut self, terms: Vec<(usize, f64)>, low: f64, high: f64, source: Source) {
        self.rows.push(Row { terms, low, high, slack: None, source });
    }

    /// The same rows with those of some sources widened by a variable each, which is what is to be least. Gives the
    /// variables.
    pub fn relaxed(&self, sources: &[Source]) -> (Self, Vec<usize>) {
        let mut relaxed = Self {
            linear: vec![0.0; self.linear.len()],
            diagonal: vec![0.0; self.linear.len()],
            risk: 0.0,
            logarithms: vec![],
            is_homogeneous: false,
            normal: None,
            ..self.clone()
        };
        let slacks: Vec<usize> = sources.iter().map(|_| relaxed.variable(1.0)).collect();
        for (&source, &slack) in sources.iter().zip(&slacks) {
            let rows = relaxed.rows.iter_mut().filter(|r| r.source == source);
            rows.for_each(|r| r.slack = Some(slack));
            let balls = relaxed.balls.iter_mut().filter(|b| b.source == source);
            balls.for_each(|b| b.slack = Some(slack));
            relaxed.row(vec![(slack, 1.0)], 0.0, f64::INFINITY, Source::Meaning);
        }
        (relaxed, slacks)
    }

    /// The one optimum.
    ///
    /// # Errors
    /// If there is none, or it cannot be found.
    pub fn solve(&self) -> Result<Optimum, Fault> {
        let in_factors = Translated::new(self, false);
        let quick = interior::solve(&in_factors.cones);
        if let Some(point) = quick.and_then(|p| polish::polish(&in_factors.cones, &p)) {
            return in_factors.optimum(self, &point);
        }
        let dense = is_dense(self).then(|| Translated::new(self, true));
        let translated = dense.unwrap_or(in_factors);
        let (mut point, is_near) = conic::solve(&translated.cones, 1e-9)?;
        if let Some(polished) = polish::polish(&translated.cones, &point) {
            point = polished;
        } else if (!translated.cones.is_linear() || !is_near)
            && let Ok((finer, _)) = conic::solve(&translated.cones, 1e-12)
        {
            point = finer;
        }
        let optimum = translated.optimum(self, &point)?;
        Ok(ball::settle(self, &optimum).unwrap_or(optimum))
    }

    /// Whether values keep all rows and balls to within a tolerance.
    pub fn is_kept(&self, values: &[f64], tolerance: f64) -> bool {
        let kept = |row: &Row| {
            let sum: f64 = row.terms.iter().map(|(v, c)| values[*v] * c).sum();
            let slack = row.slack.map_or(0.0, |s| values[s]);
            sum >= row.low - slack - tolerance && sum <= row.high + slack + tolerance
        };
        self.rows.iter().all(kept)
            && self.balls.iter().all(|ball| {
                let slack = ball.slack.map_or(0.0, |s| values[s]);
                self.deviation(values, ball.is_relative) <= ball.most + slack + tolerance
            })
    }

    /// √(wᵀΣw), or that of the difference from the benchmark.
    pub fn deviation(&self, values: &[f64], is_relative: bool) -> f64 {
        let Some(covariance) = self.covariance else { return 0.0 };
        let mut weights = values[..self.weights].to_vec();
        let benchmark = if is_relative { -1.0 } else { 0.0 };
        weights.resize(covariance.assets(), benchmark);
        covariance.variance(&weights).max(0.0).sqrt()
    }

    /// What is to be least, at some values.
    pub fn objective(&self, values: &[f64]) -> f64 {
        let variables = self.linear.iter().zip(&self.diagonal).zip(values);
        let own: f64 = variables.map(|((l, d), x)| l * x + 0.5 * d * x * x).sum();
        let logarithms = self.logarithms.iter();
        let logarithms: f64 =
            logarithms.map(|(v, sign, share)| share * libm::log(sign * values[*v])).sum();
        let deviation =
            if self.risk > 0.0 { self.deviation(values, self.is_relative) } else { 0.0 };
        own + 0.5 * self.risk * deviation * deviation - logarithms
    }
}
