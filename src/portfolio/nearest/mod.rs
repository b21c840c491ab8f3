//! The portfolio nearest to given weights under caps and floors: min Σ (w − s)²/s. It is solved in a finite number of
//! steps, without an iterative solver's tolerance: in closed form for one partition into groups, by an active-set
//! method for several that overlap.

mod active_set;
mod one_partition;

pub use active_set::solve as solve_any;
pub use one_partition::solve as solve_one;

/// What may be added up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// The weights sum to 1.
    Whole,
    /// The weights sum to 1 at most; what is not needed stays in cash.
    Part,
}

/// A division of the assets into groups with the least and the most that each may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// The group of each asset: an index into `lower` and `upper`.
    pub group: Vec<usize>,
    /// The least, by group; 0 for none.
    pub lower: Vec<f64>,
    /// The most, by group; infinite for none.
    pub upper: Vec<f64>,
}

/// Weights to come near to, and what binds them.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The weights before constraints: each above zero, their sum at most 1 (exactly 1 with `Budget::Whole`).
    pub start: Vec<f64>,
    /// The most of each asset; infinite for none.
    pub position_cap: f64,
    /// The groups.
    pub partitions: Vec<Partition>,
    /// Whether all must be invested.
    pub budget: Budget,
}

/// No weights satisfy the constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Infeasible;

/// A share of net asset value below this is rounding, not a breach.
pub const ROUNDING: f64 = 1e-12;

impl Problem {
    /// The one nearest portfolio.
    ///
    /// # Errors
    /// If no weights satisfy the constraints.
    pub fn solve(&self) -> Result<Vec<f64>, Infeasible> {
        if self.satisfied_by(&self.start) {
            return Ok(self.start.clone());
        }
        match self.partitions.as_slice() {
            [] => {
                let all = Partition {
                    group: vec![0; self.start.len()],
                    lower: vec![0.0],
                    upper: vec![f64::INFINITY],
                };
                solve_one(self, &all)
            }
            [one] => solve_one(self, one),
            _ => solve_any(self),
        }
    }

    /// The most (`greatest`) or least that can be invested, whatever the start; `None` if the constraints contradict
    /// each other.
    pub fn extreme(&self, greatest: bool) -> Option<f64> {
        active_set::extreme(self, greatest).map(|w| w.iter().sum())
    }

    /// Whether weights keep all constraints, but for rounding.
    pub fn satisfied_by(&self, weights: &[f64]) -> bool {
        let total: f64 = weights.iter().sum();
        let budget_kept = match self.budget {
            Budget::Whole => (total - 1.0).abs() <= 1e-9,
            Budget::Part => total <= 1.0 + 1e-9,
        };
        budget_kept
            && weights.iter().all(|&w| (0.0..=self.position_cap + ROUNDING).contains(&w))
            && self.partitions.iter().all(|p| p.satisfied_by(weights))
    }
}

impl Partition {
    /// The weight of each group.
    pub fn totals(&self, weights: &[f64]) -> Vec<f64> {
        let mut totals = vec![0.0; self.lower.len()];
        for (&group, &weight) in self.group.iter().zip(weights) {
            totals[group] += weight;
        }
        totals
    }

    fn satisfied_by(&self, weights: &[f64]) -> bool {
        let totals = self.totals(weights);
        totals
            .iter()
            .enumerate()
            .all(|(g, &t)| t >= self.lower[g] - ROUNDING && t <= self.upper[g] + ROUNDING)
    }
}
