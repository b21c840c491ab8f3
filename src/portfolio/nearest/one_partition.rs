//! The closed form for a position cap and one partition: wᵢ = min(c, sᵢ·τ), each group's total held between its least and
//! its most by a factor of its own, and one τ for all other groups, found between the kinks of a piecewise linear line.

use super::{Budget, Infeasible, Partition, Problem, ROUNDING};

/// The nearest portfolio; `partition` stands in for the problem's own.
///
/// # Errors
/// If no weights satisfy the constraints.
pub fn solve(problem: &Problem, partition: &Partition) -> Result<Vec<f64>, Infeasible> {
    let groups: Vec<Group> = (0..partition.lower.len())
        .map(|g| Group::new(problem, partition, g))
        .collect::<Result<_, _>>()?;
    let unscaled: f64 = groups.iter().map(|g| g.total(1.0)).sum();
    let factor = match problem.budget {
        Budget::Part if unscaled <= 1.0 + ROUNDING => 1.0,
        _ => common_factor(&groups)?,
    };
    let factors: Vec<f64> = groups.iter().map(|g| g.own_factor(factor)).collect();
    let weights = problem.start.iter().zip(&partition.group);
    Ok(weights.map(|(&s, &g)| (s * factors[g]).min(problem.position_cap)).collect())
}

/// τ ↦ Σ min(c, sᵢ·τ) over the members of a group, clamped between its least and its most.
struct Group {
    line: Line,
    lower: f64,
    upper: f64,
    /// The factors at which the group's total reaches its least and its most.
    enters: f64,
    leaves: f64,
}

impl Group {
    fn new(problem: &Problem, partition: &Partition, g: usize) -> Result<Self, Infeasible> {
        let members = problem.start.iter().zip(&partition.group).filter(|(_, m)| **m == g);
        let line = Line::new(members.map(|(&s, _)| s).collect(), problem.position_cap);
        let most = line.most();
        let (lower, upper) = (partition.lower[g], partition.upper[g].min(most));
        if line.starts.is_empty() {
            return Ok(Self { line, lower: 0.0, upper: 0.0, enters: 0.0, leaves: f64::INFINITY });
        }
        if lower > upper + ROUNDING {
            return Err(Infeasible);
        }
        let lower = lower.min(upper);
        let (enters, leaves) = (line.factor_for(lower), line.factor_for(upper));
        Ok(Self { line, lower, upper, enters, leaves })
    }

    fn own_factor(&self, common: f64) -> f64 {
        common.max(self.enters).min(self.leaves)
    }

    fn total(&self, common: f64) -> f64 {
        if common <= self.enters {
            self.lower
        } else if common >= self.leaves {
            self.upper
        } else {
            self.line.at(common)
        }
    }
}

/// The factor at which all groups together hold 1.
fn common_factor(groups: &[Group]) -> Result<f64, Infeasible> {
    let sum = |factor: f64| groups.iter().map(|g| g.total(factor)).sum::<f64>();
    let (least, most): (f64, f64) =
        (groups.iter().map(|g| g.lower).sum(), groups.iter().map(|g| g.upper).sum());
    if most < 1.0 - ROUNDING || least > 1.0 + ROUNDING {
        return Err(Infeasible);
    }
    let mut kinks: Vec<f64> = vec![0.0];
    for group in groups {
        kinks.extend([group.enters, group.leaves]);
        kinks.extend(group.line.kinks.iter().copied());
    }
    kinks.retain(|k| k.is_finite());
    kinks.sort_by(f64::total_cmp);
    kinks.dedup();
    let after = kinks.partition_point(|&k| sum(k) < 1.0);
    let Some(before) = after.checked_sub(1) else { return Ok(kinks[0]) };
    let low = kinks[before];
    // Between two kinks the line is straight. Its slope comes from the members that still grow there, not from the
    // difference of two sums, which would lose digits.
    let inside = kinks.get(after).map_or(low * 2.0 + 1.0, |&high| low + (high - low) / 2.0);
    let slope: f64 = groups
        .iter()
        .filter(|g| g.enters < inside && inside < g.leaves)
        .map(|g| g.line.slope(inside))
        .sum();
    let factor = if slope > 0.0 { low + (1.0 - sum(low)) / slope } else { low };
    Ok(kinks.get(after).map_or(factor, |&high| factor.min(high)))
}

/// τ ↦ Σ min(c, sᵢ·τ): straight between its kinks c/sᵢ.
struct Line {
    cap: f64,
    /// Sorted, the greatest first: these reach the cap first.
    starts: Vec<f64>,
    /// Sorted: `kinks[i]` is where `starts[i]` reaches the cap.
    kinks: Vec<f64>,
    /// Sum of `starts[i..]`.
    rest: Vec<f64>,
}

impl Line {
    fn new(mut starts: Vec<f64>, cap: f64) -> Self {
        starts.sort_by(|a, b| b.total_cmp(a));
        let kinks = starts.iter().map(|s| cap / s).collect();
        let mut rest = vec![0.0; starts.len() + 1];
        for i in (0..starts.len()).rev() {
            rest[i] = rest[i + 1] + starts[i];
        }
        Self { cap, starts, kinks, rest }
    }

    fn most(&self) -> f64 {
        self.cap * self.starts.len() as f64
    }

    /// How many have reached the cap.
    fn capped(&self, factor: f64) -> usize {
        self.kinks.partition_point(|&k| k <= factor)
    }

    fn held(&self, capped: usize) -> f64 {
        if capped == 0 { 0.0 } else { self.cap * capped as f64 }
    }

    fn slope(&self, factor: f64) -> f64 {
        self.rest[self.capped(factor)]
    }

    fn at(&self, factor: f64) -> f64 {
        let capped = self.capped(factor);
        self.held(capped) + factor * self.rest[capped]
    }

    /// The least factor at which the sum is `total`; infinite if it never is.
    fn factor_for(&self, total: f64) -> f64 {
        if self.cap == f64::INFINITY {
            return total / self.rest[0];
        }
        let reached = |i: &usize| self.held(i + 1) + self.kinks[*i] * self.rest[i + 1] >= total;
        let capped = (0..self.starts.len()).find(reached);
        match capped {
            // Exactly at, or before, the point where one more reaches the cap.
            Some(capped) => {
                ((total - self.held(capped)) / self.rest[capped]).min(self.kinks[capped])
            }
            None => self.kinks.last().copied().unwrap_or(f64::INFINITY),
        }
    }
}
