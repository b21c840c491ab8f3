//! The dual active-set method of Goldfarb and Idnani (1983) for caps and floors of any partitions at once. Constraints of
//! single assets only take them out of the equations, so each step solves a system as large as the number of groups and
//! sums that bind.

use super::{Budget, Infeasible, Problem};

/// The nearest portfolio.
///
/// # Errors
/// If no weights satisfy the constraints.
pub fn solve(problem: &Problem) -> Result<Vec<f64>, Infeasible> {
    let total: f64 = problem.start.iter().sum();
    let (sum, scale) = match problem.budget {
        Budget::Whole => (Sum::Exactly, 1.0 / total),
        Budget::Part => (Sum::AtMost, 1.0),
    };
    let origin = problem.start.iter().map(|s| s * scale).collect();
    Method::new(problem, &problem.start, origin, sum).run()
}

/// Weights that sum to the most (or least) that the constraints but the budget allow; `None` if there are none.
///
/// The nearest weights to a point far enough along the direction of the sum have the greatest sum.
pub(super) fn extreme(problem: &Problem, greatest: bool) -> Option<Vec<f64>> {
    let n = problem.start.len();
    let start = vec![1.0 / n as f64; n];
    let far = if greatest { 1e6 } else { -1e6 };
    let origin = start.iter().map(|s| s * far).collect();
    Method::new(problem, &start, origin, Sum::Free).run().ok()
}

/// What the weights sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sum {
    Exactly,
    AtMost,
    Free,
}

/// A constraint on several assets: the sum of all, or of a group, times `sign`, is at least `sign · bound`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Coupling {
    /// Partition and group; `None` for all assets.
    group: Option<(usize, usize)>,
    sign: f64,
    bound: f64,
}

/// Any constraint.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Constraint {
    Coupling(Coupling),
    /// An asset that may not go below 0 (sign 1) or above the cap (sign −1).
    Asset(usize, f64),
}

/// The way in which weights and multipliers move to meet a violated constraint.
struct Direction {
    /// By asset; zero for those at a bound.
    primal: Vec<f64>,
    /// By active coupling.
    dual_couplings: Vec<f64>,
    /// By asset at a bound.
    dual_assets: Vec<f64>,
    /// Squared length of `primal`; zero if the constraint follows from the active ones.
    length: f64,
}

// All weights are kept divided by `root`, where the distance is the plain Euclidean one.
struct Method<'a> {
    problem: &'a Problem,
    root: Vec<f64>,
    position: Vec<f64>,
    sum: Sum,
    /// By asset: the sign of the bound it is at, or 0.
    at_bound: Vec<f64>,
    asset_multipliers: Vec<f64>,
    active: Vec<Coupling>,
    multipliers: Vec<f64>,
}

/// A constraint is met if no more than this is missing.
const MET: f64 = 5e-13;

/// A step along which no further progress could be told from rounding.
const FLAT: f64 = 1e-13;

impl<'a> Method<'a> {
    fn new(problem: &'a Problem, start: &[f64], origin: Vec<f64>, sum: Sum) -> Self {
        let root: Vec<f64> = start.iter().map(|s| s.sqrt()).collect();
        let position = origin.iter().zip(&root).map(|(w, r)| w / r).collect();
        let n = root.len();
        let mut method = Self {
            problem,
            root,
            position,
            sum,
            at_bound: vec![0.0; n],
            asset_multipliers: vec![0.0; n],
            active: vec![],
            multipliers: vec![],
        };
        if sum == Sum::Exactly {
            method.active.push(Coupling { group: None, sign: 1.0, bound: 1.0 });
            method.multipliers.push(0.0);
        }
        method
    }

    fn run(mut self) -> Result<Vec<f64>, Infeasible> {
        let groups: usize = self.problem.partitions.iter().map(|p| p.lower.len()).sum();
        // The method ends by itself; the bound is for what rounding might do to it.
        for _ in 0..10 * (self.root.len() + groups) + 1000 {
            match self.most_violated() {
                None => return Ok(self.weights()),
                Some((constraint, shortfall)) => self.meet(constraint, shortfall)?,
            }
        }
        match self.most_violated() {
            Some((_, shortfall)) if shortfall > 1e-9 => Err(Infeasible),
            _ => Ok(self.weights()),
        }
    }

    fn weights(&self) -> Vec<f64> {
        let cap = self.problem.position_cap;
        let weights = self.position.iter().zip(&self.root).zip(&self.at_bound);
        weights
            .map(|((x, r), bound)| match bound {
                b if *b > 0.0 => 0.0,
                b if *b < 0.0 => cap,
                _ => (x * r).clamp(0.0, cap),
            })
            .collect()
    }

    /// The constraint that is farthest from being met, with by how much.
    fn most_violated(&self) -> Option<(Constraint, f64)> {
        let mut worst: Option<(Constraint, f64)> = None;
        let mut consider = |constraint: Constraint, shortfall: f64| {
            if shortfall > worst.map_or(MET, |w| w.1) {
                worst = Some((constraint, shortfall));
            }
        };
        let mut total = 0.0;
        for (i, (x, r)) in self.position.iter().zip(&self.root).enumerate() {
            let weight = x * r;
            total += weight;
            if self.at_bound[i] == 0.0 {
                consider(Constraint::Asset(i, 1.0), -weight);
                consider(Constraint::Asset(i, -1.0), weight - self.problem.position_cap);
            }
        }
        if self.sum == Sum::AtMost {
            let coupling = Coupling { group: None, sign: -1.0, bound: 1.0 };
            consider(Constraint::Coupling(coupling), total - 1.0);
        }
        let weights: Vec<f64> = self.position.iter().zip(&self.root).map(|(x, r)| x * r).collect();
        for (p, partition) in self.problem.partitions.iter().enumerate() {
            for (g, total) in partition.totals(&weights).into_iter().enumerate() {
                let coupling = |sign, bound| {
                    Constraint::Coupling(Coupling { group: Some((p, g)), sign, bound })
                };
                consider(coupling(1.0, partition.lower[g]), partition.lower[g] - total);
                consider(coupling(-1.0, partition.upper[g]), total - partition.upper[g]);
            }
        }
        worst
    }

    /// Moves until the constraint is met, dropping active ones that stand in the way.
    fn meet(&mut self, constraint: Constraint, shortfall: f64) -> Result<(), Infeasible> {
        let (mut shortfall, mut multiplier) = (self.scaled(constraint, shortfall), 0.0);
        loop {
            let direction = self.direction(constraint);
            let (until_drop, blocking) = self.first_to_drop(&direction);
            let until_met =
                if direction.length > 0.0 { shortfall / direction.length } else { f64::INFINITY };
            let step = until_drop.min(until_met);
            if step == f64::INFINITY {
                return Err(Infeasible);
            }
            if direction.length > 0.0 {
                for (x, z) in self.position.iter_mut().zip(&direction.primal) {
                    *x += step * z;
                }
                shortfall -= step * direction.length;
            }
            for (u, r) in self.multipliers.iter_mut().zip(&direction.dual_couplings) {
                *u -= step * r;
            }
            for (u, r) in self.asset_multipliers.iter_mut().zip(&direction.dual_assets) {
                *u -= step * r;
            }
            multiplier += step;
            if until_met <= until_drop {
                self.activate(constraint, multiplier);
                return Ok(());
            }
            self.drop(blocking.expect("a finite step that does not meet the constraint drops one"));
        }
    }

    /// A shortfall in the units of the constraint's scaled normal.
    fn scaled(&self, constraint: Constraint, shortfall: f64) -> f64 {
        match constraint {
            Constraint::Coupling(_) => shortfall,
            Constraint::Asset(i, _) => shortfall / self.root[i],
        }
    }

    fn belongs(&self, coupling: &Coupling, asset: usize) -> bool {
        coupling.group.is_none_or(|(p, g)| self.problem.partitions[p].group[asset] == g)
    }

    /// The element of a constraint's scaled normal for an asset.
    fn normal(&self, constraint: Constraint, asset: usize) -> f64 {
        match constraint {
            Constraint::Asset(i, sign) => f64::from(u8::from(i == asset)) * sign,
            Constraint::Coupling(c) if self.belongs(&c, asset) => c.sign * self.root[asset],
            Constraint::Coupling(_) => 0.0,
        }
    }

    fn direction(&self, constraint: Constraint) -> Direction {
        let (n, k) = (self.root.len(), self.active.len());
        let mut normal: Vec<f64> = (0..n).map(|i| self.normal(constraint, i)).collect();
        let mut products = vec![0.0; k * k];
        let mut right = vec![0.0; k];
        let mut members: Vec<usize> = Vec::with_capacity(k);
        let mut before = 0.0;
        for i in (0..n).filter(|&i| self.at_bound[i] == 0.0) {
            before += normal[i] * normal[i];
            members.clear();
            members.extend((0..k).filter(|&c| self.belongs(&self.active[c], i)));
            for &c in &members {
                right[c] += self.active[c].sign * self.root[i] * normal[i];
                for &d in &members {
                    let signs = self.active[c].sign * self.active[d].sign;
                    products[c * k + d] += signs * self.root[i] * self.root[i];
                }
            }
        }
        let dual_couplings = solve_symmetric(products, right);
        for (c, y) in self.active.iter().zip(&dual_couplings) {
            for i in (0..n).filter(|&i| self.belongs(c, i)) {
                normal[i] -= y * c.sign * self.root[i];
            }
        }
        let dual_assets = (0..n).map(|i| self.at_bound[i] * normal[i]).collect();
        for i in (0..n).filter(|&i| self.at_bound[i] != 0.0) {
            normal[i] = 0.0;
        }
        let length: f64 = normal.iter().map(|z| z * z).sum();
        let length = if length <= 1e-12 * before { 0.0 } else { length };
        Direction { primal: normal, dual_couplings, dual_assets, length }
    }

    /// How far one can go until a multiplier reaches zero, and whose.
    fn first_to_drop(&self, direction: &Direction) -> (f64, Option<Constraint>) {
        let mut first = (f64::INFINITY, None);
        let mut consider = |constraint: Constraint, multiplier: f64, rate: f64| {
            if rate > FLAT && multiplier.max(0.0) / rate < first.0 {
                first = (multiplier.max(0.0) / rate, Some(constraint));
            }
        };
        let equations = usize::from(self.sum == Sum::Exactly);
        for c in equations..self.active.len() {
            let constraint = Constraint::Coupling(self.active[c]);
            consider(constraint, self.multipliers[c], direction.dual_couplings[c]);
        }
        for i in (0..self.root.len()).filter(|&i| self.at_bound[i] != 0.0) {
            let constraint = Constraint::Asset(i, self.at_bound[i]);
            consider(constraint, self.asset_multipliers[i], direction.dual_assets[i]);
        }
        first
    }

    fn activate(&mut self, constraint: Constraint, multiplier: f64) {
        match constraint {
            Constraint::Asset(i, sign) => {
                self.at_bound[i] = sign;
                self.asset_multipliers[i] = multiplier;
                // Exactly on the bound, so that rounding does not add up over the steps.
                self.position[i] =
                    if sign > 0.0 { 0.0 } else { self.problem.position_cap / self.root[i] };
            }
            Constraint::Coupling(coupling) => {
                self.active.push(coupling);
                self.multipliers.push(multiplier);
            }
        }
    }

    fn drop(&mut self, constraint: Constraint) {
        match constraint {
            Constraint::Asset(i, _) => {
                self.at_bound[i] = 0.0;
                self.asset_multipliers[i] = 0.0;
            }
            Constraint::Coupling(coupling) => {
                if let Some(c) = self.active.iter().position(|a| *a == coupling) {
                    self.active.remove(c);
                    self.multipliers.remove(c);
                }
            }
        }
    }
}

/// Solves a symmetric positive definite system by Cholesky's method. The constraints it is made of are independent, so
/// the diagonal never vanishes but by rounding; what would be divided by it is then zero as well.
fn solve_symmetric(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let k = right.len();
    for j in 0..k {
        for i in j..k {
            let known: f64 = (0..j).map(|m| matrix[i * k + m] * matrix[j * k + m]).sum();
            let value = matrix[i * k + j] - known;
            matrix[i * k + j] = match i == j {
                true => value.max(0.0).sqrt(),
                false if matrix[j * k + j] > 0.0 => value / matrix[j * k + j],
                false => 0.0,
            };
        }
    }
    let divide = |x: f64, by: f64| if by > 0.0 { x / by } else { 0.0 };
    for i in 0..k {
        let known: f64 = (0..i).map(|m| matrix[i * k + m] * right[m]).sum();
        right[i] = divide(right[i] - known, matrix[i * k + i]);
    }
    for i in (0..k).rev() {
        let known: f64 = (i + 1..k).map(|m| matrix[m * k + i] * right[m]).sum();
        right[i] = divide(right[i] - known, matrix[i * k + i]);
    }
    right
}
